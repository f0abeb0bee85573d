"""The clerk's list of what is short: seen before it is ordered, ordered once, and for whom."""

from datetime import timedelta
from unittest.mock import patch

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.fields import Command

from ..common import MODULE
from .test_supply_requests import RequestCommon


class ReorderCommon(RequestCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.Level = cls.env["stock.warehouse.orderpoint"].with_user(cls.clerk)
        cls.env["stock.warehouse.orderpoint"].search([]).active = False
        cls.woolworks, cls.paperco = cls.env["res.partner"].create(
            [{"name": "Woolworks"}, {"name": "Paperco"}]
        )

    def sells(self, vendor, product, price=4.0, delay=3):
        product.seller_ids = [
            Command.create({"partner_id": vendor.id, "price": price, "delay": delay})
        ]

    def level(self, product, low, high, place=None, **values):
        return self.Level.create(
            {
                "product_id": product.id,
                "location_id": (place or self.store).id,
                "product_min_qty": low,
                "product_max_qty": high,
                **values,
            }
        )

    def short(self):
        action = self.env["ir.actions.actions"]._for_xml_id(f"{MODULE}.action_reorder")
        domain = self.env["ir.actions.act_window"].browse(action["id"]).domain
        return self.Level.search(eval(domain))  # noqa: S307 -- a literal of ours

    def preview(self, levels):
        return (
            self.env["care.reorder"]
            .with_user(self.clerk)
            .browse(levels.action_care_order()["res_id"])
        )

    def orders(self):
        return self.env["purchase.order"].search(
            [("partner_id", "in", (self.woolworks | self.paperco).ids)]
        )


class TestReorder(ReorderCommon):
    def setUp(self):
        super().setUp()
        self.sells(self.woolworks, self.blanket)
        self.sells(self.woolworks, self.slippers, 2.5)
        self.sells(self.paperco, self.ear_plugs, 0.1)
        for product in self.blanket | self.slippers | self.ear_plugs:
            self.set_stock(product, self.store, 2)
        self.levels = (
            self.level(self.blanket, 10, 20)
            | self.level(self.slippers, 10, 20)
            | self.level(self.ear_plugs, 10, 50)
        )

    def test_the_list_shows_what_is_short(self):
        enough = self.level(self.make_product("Radio"), 0, 10)
        self.put(enough.product_id, self.store, 3)
        ward = self.level(self.blanket, 4, 8, self.shelves)
        other = self.level(self.syringe, 4, 8)
        self.env.flush_all()
        short = self.short()
        self.assertEqual(short, (self.levels | ward) & short)
        self.assertEqual(len(short), 4)
        self.assertNotIn(other, short)
        blanket = self.levels[0]
        self.assertEqual(blanket.care_vendor_id, self.woolworks)
        self.assertFalse(ward.care_vendor_id, "a ward gets it from the store")
        self.assertEqual(blanket.qty_to_order, 18)
        self.assertEqual(blanket.care_on_hand, 2)
        self.assertEqual(blanket.care_on_order, 0)
        self.assertEqual(blanket.care_last_price, 4)
        today = fields.Date.context_today(blanket)
        self.assertEqual(blanket.care_expected_date, today + timedelta(days=3))
        self.assertEqual(ward.care_on_hand, 0)

    def test_what_would_be_ordered_is_seen_before_it_is(self):
        wizard = self.preview(self.levels)
        self.env.invalidate_all()
        self.assertFalse(self.orders())
        self.assertEqual(wizard.line_ids.mapped("quantity"), [48, 18, 18])
        self.assertEqual(wizard.line_ids.mapped("source"), ["Paperco", "Woolworks", "Woolworks"])
        self.assertEqual(sum(wizard.line_ids.mapped("amount")), 48 * 0.1 + 18 * 4 + 18 * 2.5)
        self.assertIn("<td>Woolworks</td><td class='text-end'>2</td>", wizard.summary)
        self.assertIn("117.00", wizard.summary)

    def test_orders_are_grouped_by_vendor(self):
        self.preview(self.levels).action_order()
        orders = self.orders().sorted("partner_id")
        self.assertEqual(len(orders), 2)
        lines = {line.product_id.name: line.product_qty for line in orders.order_line}
        self.assertEqual(lines, {"Blanket": 18, "Slippers": 18, "Ear plugs": 48})
        self.env.invalidate_all()
        self.assertFalse(self.short(), "what is ordered is no longer short")
        blanket = self.levels[0]
        self.assertEqual((blanket.care_on_order, blanket.care_unconfirmed), (0, 18))
        orders.button_confirm()
        self.env.invalidate_all()
        self.assertEqual((blanket.care_on_order, blanket.care_unconfirmed), (18, 0))

    def test_order_one_many_or_all(self):
        self.preview(self.levels[0]).action_order()
        self.assertEqual(self.orders().order_line.product_id, self.blanket)
        action = self.Level.action_care_order_all()
        wizard = self.env["care.reorder"].with_user(self.clerk).browse(action["res_id"])
        self.assertEqual(wizard.line_ids.product_id, self.slippers | self.ear_plugs)
        answer = wizard.action_order()
        self.assertEqual(answer["name"], "2 lines were ordered. Confirm the orders to vendors?")
        with self.refused(UserError, "Nothing of this is short"):
            self.Level.action_care_order_all()

    def test_the_last_price_is_what_was_paid(self):
        self.preview(self.levels[0]).action_order()
        order = self.orders()
        order.order_line.price_unit = 5
        order.button_confirm()
        self.env.invalidate_all()
        self.assertEqual(self.levels[0].care_last_price, 5)

    def test_wards_are_filled_by_transfers(self):
        ward = self.level(self.slippers, 2, 4, self.shelves)
        self.set_stock(self.slippers, self.store, 30)
        answer = self.preview(ward).action_order()
        self.assertEqual(answer["params"]["message"], "1 line was ordered.")
        move = self.env["stock.move"].search([("orderpoint_id", "=", ward.id)])
        self.assertEqual(move.product_uom_qty, 4)
        self.assertEqual(move.location_dest_id, self.shelves)
        self.assertFalse(self.orders())

    def test_another_quantity_is_ordered_as_it_was_written(self):
        wizard = self.preview(self.levels[0])
        wizard.line_ids.quantity = 24
        wizard.action_order()
        self.assertEqual(self.orders().order_line.product_qty, 24)

    def test_absurd_quantities(self):
        wizard = self.preview(self.levels)
        for quantity in (-1, 0, 0.001, 10_000_000):
            wizard.line_ids[1].quantity = quantity
            with self.refused(UserError, "order from 0.01 to 1,000,000, correct the quantity"):
                wizard.action_order()
        with self.refused(UserError, "Order: enter a number."):
            wizard.line_ids[1].write({"quantity": float("nan")})
        self.assertFalse(self.orders())

    def test_snoozed_until_a_day(self):
        level = self.levels[0]
        snooze = self.env["care.snooze"].with_user(self.clerk)
        past = snooze.create({"orderpoint_ids": [Command.set(level.ids)], "until": "2020-01-01"})
        with self.refused(UserError, "Choose a day that is still to come"):
            past.action_snooze()
        far = snooze.create({"orderpoint_ids": [Command.set(level.ids)], "until": "2099-01-01"})
        with self.refused(UserError, "choose a day within two years"):
            far.action_snooze()
        level.invalidate_recordset()
        self.assertFalse(level.care_snoozed_until)
        snooze.create({"orderpoint_ids": [Command.set(level.ids)]}).action_snooze()
        action = self.Level.action_care_order_all()
        wizard = self.env["care.reorder"].browse(action["res_id"])
        self.assertNotIn(level, wizard.line_ids.orderpoint_id)
        with self.subTest("the scheduler leaves it alone, too"):
            self.env["stock.rule"].run_scheduler(company_id=self.company.id)
            self.assertNotIn(self.blanket, self.orders().order_line.product_id)

    def test_ordered_meanwhile(self):
        first, second = self.preview(self.levels), self.preview(self.levels)
        first.action_order()
        before = self.orders().order_line.mapped("product_qty")
        self.env.invalidate_all()
        answer = second.action_order()
        self.assertEqual(answer["res_id"], second.id)
        self.assertEqual(len(second.line_ids), 3)
        self.assertEqual(
            set(second.line_ids.mapped("error")),
            {"It is no longer short: it was ordered already."},
        )
        self.assertEqual(self.orders().order_line.mapped("product_qty"), before)

    def test_partly_covered_meanwhile(self):
        wizard = self.preview(self.levels[0])
        self.set_stock(self.blanket, self.store, 8)
        self.env.invalidate_all()
        self.levels._compute_qty_to_order_computed()
        wizard.action_order()
        self.assertEqual(self.orders().order_line.product_qty, 12)

    def test_bad_lines_stay_with_their_reason_and_good_ones_go(self):
        self.env["stock.warehouse"].search([]).buy_to_resupply = True
        chair = self.make_product("Chair")
        buy = self.env["stock.rule"].search([("action", "=", "buy")]).route_id[:1]
        nobody = self.level(chair, 2, 5, route_id=buy.id)
        wizard = self.preview(self.levels | nobody)
        self.slippers.active = False
        wizard.action_order()
        errors = {line.product_id.name: line.error for line in wizard.line_ids}
        self.assertEqual(errors.keys(), {"Chair", "Slippers"})
        self.assertEqual(errors["Slippers"], "Slippers is archived.")
        self.assertIn("There is no matching vendor price", errors["Chair"])
        self.assertEqual(
            set(self.orders().order_line.product_id.mapped("name")), {"Blanket", "Ear plugs"}
        )

    def test_an_order_carries_the_requests_that_it_serves(self):
        asks = [self.send((self.blanket, 5)), self.send((self.blanket, 2), (self.slippers, 9))]
        fine = self.send((self.ear_plugs, 1))
        self.env.invalidate_all()
        self.assertEqual(self.levels[0].care_request_names, ", ".join(row.name for row in asks))
        wizard = self.preview(self.levels)
        self.assertIn(asks[0].name, wizard.line_ids.filtered("requests")[0].requests)
        wizard.action_order()
        wool, paper = (
            self.orders().filtered(lambda order, vendor=vendor: order.partner_id == vendor)
            for vendor in (self.woolworks, self.paperco)
        )
        self.assertEqual(len(wool), 1, "not one order a request")
        self.assertEqual(wool.reference_ids.care_supply_request_id, asks[0].sudo(False) | asks[1])
        self.assertNotIn(fine, paper.reference_ids.care_supply_request_id)
        wool.button_confirm()
        receipt = wool.picking_ids
        self.done(receipt)
        self.env.invalidate_all()
        self.assertEqual(asks[0].line_ids.state, "ready", "what came is kept for who waits")

    def test_a_request_that_comes_after_the_order_is_carried_too(self):
        self.preview(self.levels).action_order()
        request = self.send((self.blanket, 5))
        wool = self.orders().filtered(lambda order: order.partner_id == self.woolworks)
        self.assertIn(request, wool.reference_ids.care_supply_request_id)

    def test_the_scheduler_groups_by_vendor_too(self):
        asks = [self.send((self.blanket, 15)), self.send((self.slippers, 15))]
        self.env["stock.rule"].run_scheduler(company_id=self.company.id)
        wool = self.orders().filtered(lambda order: order.partner_id == self.woolworks)
        self.assertEqual(len(wool), 1)
        self.assertEqual(wool.reference_ids.care_supply_request_id, asks[0] | asks[1])

    def test_somebody_else_is_ordering_it_right_now(self):
        wizard = self.preview(self.levels[0])
        empty = self.env["stock.warehouse.orderpoint"].sudo()
        with patch.object(type(empty), "try_lock_for_update", lambda self, **kw: empty):
            wizard.action_order()
        self.assertEqual(wizard.line_ids.error, "Somebody else is ordering it right now.")
        self.assertFalse(self.orders())

    def test_queries_of_the_list_and_of_ordering(self):
        products = [self.make_product(f"Thing {n}") for n in range(60)]
        for product in products:
            self.sells(self.woolworks, product)
        levels = self.Level.browse()
        for product in products:
            levels |= self.level(product, 5, 10)
        columns = {
            name: {}
            for name in (
                "care_on_hand",
                "care_on_order",
                "care_last_price",
                "care_expected_date",
                "care_request_names",
                "qty_to_order",
                "care_vendor_id",
            )
        }
        counts = []
        for rows in (levels[:5], levels[:60]):
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            rows.web_read(columns)
            counts.append(self.env.cr.sql_log_count - before)
        self.assertLessEqual(counts[1], counts[0] + 3, counts)


class TestConfirm(ReorderCommon):
    """The clerk confirms orders of supplies alone, by the rules of Purchase."""

    def setUp(self):
        super().setUp()
        self.assertFalse(self.clerk.has_group("purchase.group_purchase_user"))
        self.sells(self.woolworks, self.blanket)
        self.sells(self.woolworks, self.slippers, 2.5)
        self.sells(self.paperco, self.ear_plugs, 0.1)
        self.levels = self.Level.browse()
        for product in self.blanket | self.slippers | self.ear_plugs:
            self.set_stock(product, self.store, 2)
            self.levels |= self.level(product, 10, 20)

    def order(self, levels=None):
        """Order what is short; the dialog that follows."""
        answer = self.preview(levels or self.levels).action_order()
        self.assertEqual(answer["res_model"], "care.confirm")
        return self.env["care.confirm"].with_user(self.clerk).browse(answer["res_id"])

    def vendor_order(self, vendor):
        return self.orders().filtered(lambda order: order.partner_id == vendor)

    def test_all_in_one_go(self):
        wizard = self.order()
        self.assertEqual(wizard.line_ids.mapped("vendor"), ["Paperco", "Woolworks"])
        self.assertEqual(set(wizard.line_ids.mapped("outcome")), {"Is confirmed"})
        self.assertEqual(wizard.line_ids.mapped("line_count"), [1, 2])
        self.assertEqual(set(self.orders().mapped("state")), {"draft"})
        answer = wizard.action_confirm()
        self.assertEqual(
            answer["params"]["message"], "Orders confirmed: 2, waiting for approval: 0."
        )
        self.assertEqual(set(self.orders().mapped("state")), {"purchase"})
        self.assertEqual(self.orders().picking_ids.move_ids.product_id, self.levels.product_id)
        with self.refused(UserError, "No order to a vendor is a draft"):
            self.Level.action_care_confirm()

    def test_only_what_is_ticked_or_chosen(self):
        wizard = self.order()
        wizard.line_ids[0].chosen = False
        wizard.action_confirm()
        self.assertEqual(self.vendor_order(self.woolworks).state, "purchase")
        self.assertEqual(self.vendor_order(self.paperco).state, "draft")
        with self.refused(UserError, "No order to a vendor is a draft"):
            self.levels[0].action_care_confirm()
        plugs = self.levels.filtered(lambda level: level.product_id == self.ear_plugs)
        action = plugs.action_care_confirm()
        wizard = self.env["care.confirm"].with_user(self.clerk).browse(action["res_id"])
        self.assertEqual(wizard.line_ids.vendor, "Paperco")
        wizard.line_ids.chosen = False
        with self.refused(UserError, "Nothing is ticked"):
            wizard.action_confirm()
        self.assertEqual(self.vendor_order(self.paperco).state, "draft")

    def test_over_the_limit_it_waits_for_approval(self):
        self.company.write({"po_double_validation": "two_step", "po_double_validation_amount": 50})
        wizard = self.order()
        self.assertEqual(
            wizard.line_ids.mapped("outcome"),
            ["Is confirmed", "Waits for the approval of Purchase"],
        )
        answer = wizard.action_confirm()
        self.assertEqual(
            answer["params"]["message"], "Orders confirmed: 1, waiting for approval: 1."
        )
        wool = self.vendor_order(self.woolworks)
        self.assertEqual(wool.state, "to approve")
        self.assertFalse(wool.picking_ids)
        self.env.invalidate_all()
        self.assertEqual(self.levels[0].care_unconfirmed, 18)
        self.assertEqual(self.vendor_order(self.paperco).state, "purchase")

    def test_other_things_are_for_purchase(self):
        wizard = self.order()
        wool = self.vendor_order(self.woolworks)
        line = wool.order_line[0].copy({"order_id": wool.id, "product_id": self.syringe.id})
        again = self.Level.action_care_confirm()
        again = self.env["care.confirm"].with_user(self.clerk).browse(again["res_id"])
        held = again.line_ids.filtered(lambda line: line.vendor == "Woolworks")
        self.assertEqual(held.outcome, "Holds other things too: Purchase confirms it")
        self.assertFalse(held.chosen)
        held.chosen = True
        again.action_confirm()
        self.assertEqual(held.error, "It holds other things than supplies: Purchase confirms it.")
        self.assertEqual(again.line_ids, held)
        self.assertEqual(wool.state, "draft")
        self.assertEqual(self.vendor_order(self.paperco).state, "purchase")
        line.unlink()
        wool.order_line[0].product_qty += 1
        wizard.action_confirm()
        self.assertEqual(
            set(wizard.line_ids.mapped("error")),
            {
                "It changed since it was shown: look at it again.",
                "It is no longer a draft, or somebody else confirms it right now.",
            },
        )
        self.assertEqual(wool.state, "draft")

    def test_what_purchase_refuses_keeps_its_reason(self):
        wizard = self.order()
        wool = self.vendor_order(self.woolworks)
        refuse = UserError("Not from this vendor.")
        with patch.object(type(wool), "_confirmation_error_message", autospec=True) as message:
            message.side_effect = lambda order: order == wool and str(refuse)
            answer = wizard.action_confirm()
        self.assertEqual(wizard.line_ids.error, "Not from this vendor.")
        self.assertEqual(
            answer["name"],
            "Orders confirmed: 1, waiting for approval: 0. What is below was not.",
        )
        self.assertEqual(wool.state, "draft")

    def test_mailed_when_ticked(self):
        (self.woolworks | self.paperco).email = "orders@example.com"
        mails = self.env["mail.mail"].search([])
        self.order(self.levels[0]).action_confirm()
        self.assertEqual(self.env["mail.mail"].search([]), mails)
        wizard = self.order()
        wizard.by_mail = True
        wizard.action_confirm()
        mails = self.env["mail.mail"].search([]) - mails
        wool, paper = self.vendor_order(self.woolworks)[0], self.vendor_order(self.paperco)
        self.assertEqual(set(mails.mapped("res_id")), {wool.id, paper.id})
        self.assertEqual(mails.recipient_ids, self.woolworks | self.paperco)

    def test_nobody_else_confirms(self):
        wizard = self.order()
        for login in ("nurse", "coordinator"):
            user = self.people[login]
            with self.subTest(login=login), self.assertRaises(AccessError):
                wizard.with_user(user).action_confirm()
        with self.assertRaises(AccessError):
            self.orders().with_user(self.clerk).button_confirm()
        self.assertEqual(set(self.orders().mapped("state")), {"draft"})

    def test_a_request_tells_that_its_order_is_not_confirmed(self):
        self.set_stock(self.blanket, self.store, 0)
        request = self.send((self.blanket, 5))
        wizard = self.order()
        self.env.invalidate_all()
        self.assertIn("once the order to the vendor is confirmed", request.arrival)
        self.assertIn("Order not confirmed yet, expected by", request.line_ids.arrival)
        wizard.action_confirm()
        self.env.invalidate_all()
        self.assertRegex(request.arrival, r"^Expected by [^,]*, [^,]*\.$")
        self.assertIn("On order, expected by", request.line_ids.arrival)

    def test_the_buttons_follow_purchase(self):
        view = self.env.ref(f"{MODULE}.reorder_view_list")
        arch = self.Level.get_view(view.id, "list")["arch"]
        self.assertIn("action_care_confirm", arch)
        self.assertIn("care_unconfirmed", arch)


class TestReorderWithoutPurchase(ReorderCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.without_buying()

    def test_what_is_short_comes_by_receipts(self):
        receive = self.env["stock.route"].create({"name": "Receive", "product_selectable": True})
        self.env["stock.rule"].create(
            {
                "name": "Receive",
                "action": "pull",
                "route_id": receive.id,
                "location_src_id": self.env.ref("stock.stock_location_suppliers").id,
                "location_dest_id": self.store.id,
                "picking_type_id": self.warehouse.in_type_id.id,
                "warehouse_id": self.warehouse.id,
            }
        )
        self.set_stock(self.blanket, self.store, 0)
        request = self.send((self.blanket, 5))
        level = self.level(self.blanket, 10, 20, route_id=receive.id)
        self.preview(level).action_order()
        receipt = self.env["stock.move"].search([("orderpoint_id", "=", level.id)]).picking_id
        self.assertEqual(receipt.picking_type_id, self.warehouse.in_type_id)
        self.assertEqual(receipt.move_ids.product_uom_qty, 25)
        self.assertIn(request, receipt.reference_ids.care_supply_request_id)
        self.env.invalidate_all()
        self.assertIn("Expected by", request.arrival)
        self.assertEqual(level.care_on_order, 25)
        self.done(receipt)
        self.env.invalidate_all()
        self.assertEqual(request.line_ids.state, "ready")

    def test_no_way_is_said(self):
        self.set_stock(self.blanket, self.store, 0)
        level = self.level(self.blanket, 10, 20)
        wizard = self.preview(level)
        wizard.action_order()
        self.assertIn("No rule has been found to replenish", wizard.line_ids.error)

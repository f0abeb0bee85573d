"""Ward counts: what is missing is use, what is more an adjustment, and nothing counts twice."""

from datetime import date, timedelta

from psycopg2 import IntegrityError

from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import new_test_user, tagged
from odoo.tests.common import HttpCase
from odoo.tools import mute_logger

from ..common import MODULE
from ..supply_common import SupplyCommon


class CountCommon(SupplyCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.nurse2 = new_test_user(
            cls.env, login="care_nurse2", groups=f"{MODULE}.group_ward_staff", name="Ada"
        )
        cls.ward.ward_user_ids = [Command.link(cls.nurse2.id)]
        cls.slippers.barcode = "4006381333948"
        cls.par = cls.make_par(cls.ward, cls.blanket, 5, 10, care_shelf="B", care_shelf_sequence=20)
        cls.make_par(cls.ward, cls.slippers, 2, 4, care_shelf="A", care_shelf_sequence=10)
        cls.put(cls.blanket, cls.shelves, 8)
        cls.put(cls.slippers, cls.shelves, 3)
        cls.put(cls.ear_plugs, cls.shelves, 2)

    def start(self, user=None):
        counts = self.env["care.ward.count"].with_user(user or self.nurse)
        return counts.browse(counts.care_open(self.ward.id)["res_id"])

    def line(self, count, product):
        return count.line_ids.filtered(lambda line: line.product_id == product)

    def set(self, count, product, quantity):
        return count.care_set(self.line(count, product).id, quantity)

    def top_up(self):
        with self.enter_registry_test_mode(), self.env.registry.cursor() as cr:
            self.env(cr=cr)["care.ward.count"]._cron_care_top_up()
        self.env.invalidate_all()

    def use_moves(self):
        return self.env["stock.move"].search(
            [
                ("location_id", "=", self.shelves.id),
                ("location_dest_id", "=", self.warehouse.care_use_location_id.id),
                ("state", "=", "done"),
            ]
        )


class TestWardCount(CountCommon):
    def test_shelves_in_walking_order_and_what_lies_there_without_a_level(self):
        lines = self.start().care_lines()
        self.assertEqual(
            [(line["product"], line["shelf"], line["expected"]) for line in lines],
            [("Slippers", "A", 3), ("Blanket", "B", 8), ("Ear plugs", "", 2)],
        )
        self.assertFalse(any(line["is_counted"] for line in lines))

    def test_shortage_is_use_and_surplus_an_adjustment(self):
        count = self.start()
        self.set(count, self.blanket, 6)
        self.set(count, self.slippers, 5)
        count.action_book()
        self.assertEqual(count.state, "done")
        self.assertEqual(count.done_by_id, self.nurse)
        self.assertEqual(self.on_hand(self.blanket, self.shelves), 6)
        self.assertEqual(self.on_hand(self.slippers, self.shelves), 5)
        used = self.use_moves()
        self.assertEqual((used.product_id, used.quantity), (self.blanket, 2))
        self.assertEqual(used.picking_id, count.sudo().picking_id)
        self.assertEqual(used.picking_id.state, "done")
        self.assertTrue(used.picking_id.date_done)
        self.assertEqual(used.move_line_ids.picking_id, used.picking_id)
        self.assertEqual(used.create_uid, self.nurse)
        found = self.env["stock.move"].search(
            [("product_id", "=", self.slippers.id), ("location_dest_id", "=", self.shelves.id)]
        )
        self.assertEqual(found.quantity, 2)
        self.assertTrue(found.is_inventory)
        self.assertEqual(found.location_id.usage, "inventory")
        self.assertIn(count.name, found.reference)

    def test_what_was_not_counted_stays(self):
        count = self.start()
        self.set(count, self.blanket, 8)
        count.action_book()
        self.assertFalse(self.use_moves())
        self.assertEqual(self.on_hand(self.slippers, self.shelves), 3)
        self.assertFalse(count.sudo().picking_id)

    def test_zero_counted_is_not_the_same_as_not_counted(self):
        count = self.start()
        self.set(count, self.blanket, 0)
        count.action_book()
        self.assertEqual(self.on_hand(self.blanket, self.shelves), 0)
        self.assertEqual(self.use_moves().quantity, 8)

    def test_one_transfer_a_ward_and_day(self):
        for quantity in (6, 5, 1):
            count = self.start()
            self.set(count, self.blanket, quantity)
            count.action_book()
        moves = self.use_moves()
        self.assertEqual(sum(moves.mapped("quantity")), 7)
        self.assertEqual(len(moves.picking_id), 1)
        self.assertEqual(moves.picking_id.state, "done")
        moves.picking_id.care_use_date -= timedelta(days=1)
        count = self.start()
        self.set(count, self.blanket, 0)
        count.action_book()
        self.assertEqual(len(self.use_moves().picking_id), 2)

    def test_what_is_short_is_ordered_at_once(self):
        count = self.start()
        self.set(count, self.blanket, 1)
        count.action_book()
        cron = self.env.ref(f"{MODULE}.cron_count_top_up")
        self.assertTrue(self.env["ir.cron.trigger"].search([("cron_id", "=", cron.id)]))
        self.top_up()
        self.assertFalse(count.sudo().to_top_up)
        ordered = self.env["stock.move"].search(
            [("orderpoint_id", "=", self.par.id), ("state", "!=", "done")]
        )
        self.assertEqual(ordered.product_qty, 9)
        self.assertEqual(ordered.location_dest_id, self.shelves)

    def test_what_the_clerk_put_off_is_not_ordered(self):
        self.par.care_snoozed_until = date.today()
        count = self.start()
        self.set(count, self.blanket, 1)
        count.action_book()
        self.top_up()
        self.assertFalse(self.env["stock.move"].search([("orderpoint_id", "=", self.par.id)]))
        self.assertFalse(count.sudo().to_top_up)

    def test_a_broken_route_does_not_lose_the_count(self):
        self.warehouse.care_topup_route_id.rule_ids.active = False
        self.warehouse.route_ids.rule_ids.active = False
        count = self.start()
        self.set(count, self.blanket, 1)
        count.action_book()
        self.top_up()
        self.assertEqual(count.state, "done")
        self.assertEqual(self.on_hand(self.blanket, self.shelves), 1)
        activity = self.blanket.product_tmpl_id.activity_ids
        self.assertIn("No rule has been found to replenish", activity.note)

    # ------------------------------------------------------------------
    # Scanning
    # ------------------------------------------------------------------

    def test_each_scan_adds_one_and_a_pack_its_pieces(self):
        pack = self.env.ref("uom.product_uom_pack_6")
        self.env["product.uom"].create(
            {"product_id": self.blanket.id, "uom_id": pack.id, "barcode": "PACK6"}
        )
        count = self.start()
        count.care_scan(" 4006381333931 ")
        answer = count.care_scan("4006381333931")
        self.assertEqual(answer["line_id"], self.line(count, self.blanket).id)
        self.assertEqual(self.line(count, self.blanket).counted, 2)
        count.care_scan("PACK6")
        self.assertEqual(self.line(count, self.blanket).counted, 8)

    def test_something_found_that_nobody_expected(self):
        radio = self.make_product("Radio", barcode="RADIO1")
        count = self.start()
        count.care_scan("RADIO1")
        count.action_book()
        self.assertEqual(self.on_hand(radio, self.shelves), 1)

    def test_unknown_archived_and_medical_are_refused_with_a_sentence(self):
        self.syringe.barcode = "SYRINGE"
        self.slippers.active = False
        chair = self.make_product("Wheelchair", tracking="serial", barcode="CHAIR")
        count = self.start()
        before = count.care_lines()
        for code, sentence in (
            ("0000", "No supply has the barcode 0000: check the label, or ask the store"),
            ("", "Nothing was scanned: scan again."),
            ("SYRINGE", "Syringe: turn to"),
            (self.slippers.barcode, "Slippers: archived"),
            ("CHAIR", f"{chair.name} has serial numbers"),
            ("9" * 3000, f"No supply has the barcode {'9' * 60}…: check the label"),
        ):
            with self.refused(UserError, sentence):
                count.care_scan(code)
        self.assertEqual(count.care_lines(), before)

    def test_numbers_that_no_shelf_holds(self):
        count = self.start()
        self.set(count, self.blanket, 7)
        before = count.care_lines()
        for number in (-1, 4006381333931, float("nan"), float("inf"), "lots", True):
            with self.refused(UserError, f"{number} is no number of Blanket on a shelf"):
                self.set(count, self.blanket, number)
        with self.refused(UserError, "That line is not part of this count"):
            count.care_set(0, 1)
        self.assertEqual(count.care_lines(), before)

    def test_taken_back(self):
        count = self.start()
        self.set(count, self.blanket, 7)
        self.set(count, self.blanket, False)
        self.assertFalse(self.line(count, self.blanket).is_counted)
        with self.refused(UserError, "Nothing is counted yet"):
            count.action_book()

    # ------------------------------------------------------------------
    # Interrupted, together, moved meanwhile
    # ------------------------------------------------------------------

    def test_an_interrupted_count_is_taken_up_again(self):
        count = self.start()
        self.set(count, self.blanket, 7)
        radio = self.make_product("Radio")
        self.make_par(self.ward, radio, 1, 2)
        again = self.start()
        self.assertEqual(again, count)
        self.assertEqual(self.line(again, self.blanket).counted, 7)
        self.assertEqual(self.line(again, radio).expected, 0)

    def test_two_people_work_on_one_count_and_do_not_add_up(self):
        mine, theirs = self.start(), self.start(self.nurse2)
        self.assertEqual(mine, theirs)
        for _ in range(3):
            mine.care_scan(self.blanket.barcode)
        with self.refused(UserError, "Nurse has counted Blanket already: 3. Type the number"):
            theirs.care_scan(self.blanket.barcode)
        self.assertEqual(self.line(mine, self.blanket).counted, 3)
        theirs.care_scan(self.slippers.barcode)
        self.set(theirs, self.blanket, 4)
        self.assertEqual(self.line(mine, self.blanket).counted_by_id, self.nurse2)
        mine.action_book()
        self.assertEqual(self.on_hand(self.blanket, self.shelves), 4)
        with self.refused(UserError, f"The count {mine.name} of Ward 7 is closed"):
            theirs.action_book()
        with self.refused(UserError, "is closed: start a new one"):
            theirs.care_scan(self.blanket.barcode)
        self.assertEqual(sum(self.use_moves().mapped("quantity")), 6)

    def test_one_running_count_a_ward(self):
        self.start()
        with mute_logger("odoo.sql_db"), self.refused(IntegrityError, "care_ward_count_open_uniq"):
            self.env["care.ward.count"].create({"name": "x", "department_id": self.ward.id})

    def test_stock_that_moved_since_it_was_counted(self):
        count = self.start()
        self.set(count, self.blanket, 7)
        self.set(count, self.slippers, 1)
        self.put(self.blanket, self.shelves, 2)
        [line] = [line for line in count.care_lines() if line["product"] == "Blanket"]
        self.assertEqual(line["now"], 10)
        with self.refused(UserError, "count them again: Blanket."):
            count.action_book()
        self.assertFalse(self.use_moves())
        self.assertEqual(count.state, "counting")
        self.set(count, self.blanket, 9)
        count.action_book()
        self.assertEqual(self.on_hand(self.blanket, self.shelves), 9)
        self.assertEqual(self.on_hand(self.slippers, self.shelves), 1)

    def test_stock_below_zero_is_found_again(self):
        self.put(self.blanket, self.shelves, -10)
        count = self.start()
        self.set(count, self.blanket, 3)
        count.action_book()
        self.assertEqual(self.on_hand(self.blanket, self.shelves), 3)
        self.assertFalse(self.use_moves())

    def test_lots_leave_oldest_first_and_come_back_to_the_newest(self):
        snack = self.make_product("Snack", tracking="lot")
        old, new = self.env["stock.lot"].create(
            [{"name": name, "product_id": snack.id} for name in ("old", "new")]
        )
        for lot in old, new:
            self.env["stock.quant"]._update_available_quantity(snack, self.shelves, 5, lot_id=lot)
        count = self.start()
        self.set(count, snack, 3)
        count.action_book()
        held = {quant.lot_id: quant.quantity for quant in self.shelves.quant_ids if quant.quantity}
        self.assertEqual(held.get(old, 0), 0)
        self.assertEqual(held[new], 3)
        count = self.start()
        self.set(count, snack, 4)
        count.action_book()
        self.assertEqual(self.env["stock.quant"]._get_available_quantity(snack, self.shelves), 4)

    def test_lots_that_nobody_knows(self):
        self.make_product("Snack", tracking="lot", barcode="SNACK")
        count = self.start()
        self.set(count, self.blanket, 1)
        count.care_scan("SNACK")
        with self.refused(UserError, "Snack is kept by lot and"):
            count.action_book()
        self.assertEqual(count.state, "counting")
        self.assertEqual(self.on_hand(self.blanket, self.shelves), 8)
        self.assertFalse(self.use_moves())

    def test_two_bins_are_not_counted(self):
        radio = self.make_product("Radio")
        self.put(radio, self.shelves, 4)
        self.make_par(self.ward, radio, 0, 0, care_two_bin=True, care_bin_qty=4)
        self.assertNotIn("Radio", [line["product"] for line in self.start().care_lines()])

    def test_cancelled_books_nothing(self):
        count = self.start()
        self.set(count, self.blanket, 1)
        count.action_cancel()
        self.assertEqual(self.on_hand(self.blanket, self.shelves), 8)
        self.assertNotEqual(self.start(), count)

    # ------------------------------------------------------------------
    # Wards that cannot be counted
    # ------------------------------------------------------------------

    def test_wards_that_cannot_be_counted(self):
        self.ward.ward_mode = "issue"
        with self.refused(UserError, "booked as used when it is issued: there is nothing to"):
            self.start()
        self.ward.ward_mode = "tracked"
        self.warehouse.care_use_type_id = False
        with self.refused(UserError, 'no operation to book use: run "Set up wards" again'):
            self.start()
        self.set_up(self.wards)
        self.assertTrue(self.warehouse.care_use_type_id)
        self.ward.location_id = False
        with self.refused(UserError, "Ward 7 has no shelves of its own"):
            self.start()
        self.assertFalse(self.env["care.ward.count"].search([]))

    # ------------------------------------------------------------------
    # Rights
    # ------------------------------------------------------------------

    def test_people_of_other_wards_and_roles_are_refused(self):
        count = self.start()
        stranger = new_test_user(
            self.env, login="care_stranger", groups=f"{MODULE}.group_ward_staff"
        )
        line = self.line(count, self.blanket)
        for user in (stranger, *(self.people[name] for name in ("coordinator", "employee"))):
            with self.refused(AccessError, "You do not work on Ward 7"):
                self.start(user)
            theirs = count.with_user(user)
            for call in (
                lambda theirs=theirs: theirs.care_scan("4006381333931"),
                lambda theirs=theirs: theirs.care_set(line.id, 1),
                lambda theirs=theirs: theirs.action_book(),
                lambda theirs=theirs: theirs.action_cancel(),
                lambda theirs=theirs: theirs.care_lines(),
            ):
                with self.assertRaises(AccessError):
                    call()
        self.assertFalse(line.is_counted)
        with self.refused(AccessError, "Choose a ward of your own company"):
            self.env["care.ward.count"].with_user(self.nurse).care_open(0)

    def test_nobody_writes_past_the_methods(self):
        count = self.start()
        for user in (self.nurse, self.clerk):
            theirs = count.with_user(user)
            with self.assertRaises(AccessError):
                theirs.write({"state": "done"})
            with self.assertRaises(AccessError):
                theirs.line_ids.write({"counted": 1})
            with self.assertRaises(AccessError):
                theirs.create({"name": "x", "department_id": self.other_ward.id})
            with self.assertRaises(AccessError):
                theirs.unlink()

    def test_the_clerk_counts_every_ward_without_being_manager(self):
        count = self.start(self.clerk)
        self.set(count, self.blanket, 5)
        count.action_book()
        self.assertEqual(self.on_hand(self.blanket, self.shelves), 5)
        self.assertFalse(self.clerk.has_group("stock.group_stock_manager"))

    def test_the_menu_opens_the_only_ward_or_the_choice(self):
        counts = self.env["care.ward.count"]
        action = counts.with_user(self.nurse).care_open_mine()
        self.assertEqual(action["res_model"], "care.ward.count")
        self.assertEqual(counts.browse(action["res_id"]).department_id, self.ward)
        action = counts.with_user(self.clerk).care_open_mine()
        self.assertEqual(action["res_model"], "care.department")
        self.assertTrue(set(self.wards.ids) <= set(action["domain"][0][2]))
        self.assertTrue(self.ward.with_user(self.clerk).care_count_running)
        self.assertEqual(
            self.ward.with_user(self.clerk).action_care_count()["res_model"], "care.ward.count"
        )

    def test_other_companies_are_closed(self):
        count = self.start()
        other = self.env["res.company"].create({"name": "Other hospital"})
        self.clerk.write({"company_ids": [Command.set(other.ids)], "company_id": other.id})
        self.assertFalse(self.env["care.ward.count"].with_user(self.clerk).search([]))
        with self.refused(AccessError, "Choose a ward of your own company"):
            count.with_user(self.clerk).action_book()

    # ------------------------------------------------------------------
    # Size
    # ------------------------------------------------------------------

    def shelve(self, number):
        products = self.env["product.product"].create(
            [
                {"name": f"Thing {n}", "is_storable": True, "categ_id": self.supplies.id}
                for n in range(number)
            ]
        )
        self.env["stock.warehouse.orderpoint"].create(
            [
                {
                    "product_id": product.id,
                    "location_id": self.other_ward.location_id.id,
                    "product_min_qty": 2,
                    "product_max_qty": 4,
                }
                for product in products
            ]
        )
        self.env["stock.quant"].create(
            [
                {
                    "product_id": product.id,
                    "location_id": self.other_ward.location_id.id,
                    "quantity": 10,
                }
                for product in products
            ]
        )

    def test_queries_do_not_grow_with_the_lines(self):
        self.shelve(40)
        counts = self.env["care.ward.count"].with_user(self.clerk)
        self.env.flush_all()
        self.env.invalidate_all()
        with self.assertQueryCount(40):
            count = counts._care_running(self.other_ward.with_user(self.clerk))
        line = count.line_ids[0]
        self.env.flush_all()
        self.env.invalidate_all()
        with self.assertQueryCount(40):
            count.care_set(line.id, 10)
        for line in count.line_ids:
            line.sudo()._care_set(7)
        # Odoo books each line with a handful of queries of its own; ours are the same for any.
        self.env.flush_all()
        self.env.invalidate_all()
        with self.assertQueryCount(60 + 40 * 6):
            count.action_book()


@tagged("standard", "post_install", "-at_install")
class TestWardCountHttp(HttpCase, CountCommon):
    def rpc(self, model, method, *args):
        return self.make_jsonrpc_request(
            f"/web/dataset/call_kw/{model}/{method}",
            {"model": model, "method": method, "args": list(args), "kwargs": {}},
        )

    def test_over_http(self):
        count = self.start()
        line = self.line(count, self.blanket)
        self.authenticate("care_nurse", "care_nurse")
        self.assertEqual(len(self.rpc("care.ward.count", "care_lines", count.ids)), 3)
        self.rpc("care.ward.count", "care_set", count.ids, line.id, 6)
        self.assertEqual(line.counted, 6)
        with self.assertRaisesRegex(Exception, "Access"):
            self.rpc("care.ward.count.line", "write", line.ids, {"counted": 1})
        self.authenticate("care_employee", "care_employee")
        for method, args in (("care_set", [line.id, 1]), ("action_book", []), ("care_lines", [])):
            with self.assertRaisesRegex(Exception, "Access"):
                self.rpc("care.ward.count", method, count.ids, *args)
        self.assertEqual(line.counted, 6)

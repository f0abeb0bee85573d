"""Shortages: one row and one alert each, and what they and the use of supplies add up to."""

from datetime import datetime, timedelta

from odoo.exceptions import AccessError
from odoo.fields import Command

from .test_supply_requests import RequestCommon


class ShortageCommon(RequestCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.Shortage = cls.env["care.shortage"]
        cls.clerk.email = "clerk@hospital.example"
        cls.env["stock.warehouse.orderpoint"].search([]).active = False

    def level(self, product, low, high, place=None):
        return self.env["stock.warehouse.orderpoint"].create(
            {
                "product_id": product.id,
                "location_id": (place or self.store).id,
                "product_min_qty": low,
                "product_max_qty": high,
            }
        )

    def set_stock(self, product, location, quantity):
        """As a move would: levels notice."""
        super().set_stock(product, location, quantity)
        self.env.invalidate_all()
        self.env["stock.warehouse.orderpoint"].search([])._compute_qty_to_order_computed()

    def refresh(self):
        self.Shortage._cron_care_shortages()
        self.env.invalidate_all()

    def open(self, product=None):
        domain = [("ended", "=", False)]
        if product:
            domain.append(("product_id", "=", product.id))
        return self.Shortage.search(domain)

    def inquiry_asks(self, product, quantity, **values):
        inquiry = self.make_inquiry(name="Cold at night", care_patient_id=self.patient.id)
        coordinator = self.people["coordinator"]
        return self.send((product, quantity), user=coordinator, ticket_id=inquiry.id, **values)

    def notices(self):
        return self.env["mail.message"].search(
            [("model", "=", "care.shortage"), ("subject", "ilike", "Out of stock")]
        )

    def mails(self):
        return self.env["mail.mail"].search([("subject", "ilike", "Supplies: ")])


class TestShortages(ShortageCommon):
    def test_one_row_a_shortage_from_start_to_end(self):
        self.level(self.blanket, 20, 50)
        self.refresh()
        self.assertFalse(self.open())
        self.set_stock(self.blanket, self.store, 5)
        self.refresh()
        self.refresh()
        row = self.open()
        self.assertEqual(len(row), 1)
        self.assertEqual((row.product_id, row.location_id), (self.blanket, self.store))
        self.assertEqual(row.kind, "low")
        self.assertFalse(row.out_since)
        self.assertEqual(row.product_category_id, self.supplies)
        self.set_stock(self.blanket, self.store, 0)
        self.refresh()
        self.assertEqual(self.open(), row)
        self.assertEqual(row.kind, "out")
        self.assertTrue(row.out_since)
        self.set_stock(self.blanket, self.store, 60)
        self.refresh()
        self.assertTrue(row.ended)
        self.set_stock(self.blanket, self.store, 0)
        self.refresh()
        self.assertEqual(self.Shortage.search_count([("product_id", "=", self.blanket.id)]), 2)

    def test_a_ward_that_is_filled_today_is_not_short(self):
        level = self.level(self.blanket, 5, 10, self.shelves)
        self.put(self.blanket, self.shelves, 2)
        level._procure_orderpoint_confirm()
        self.refresh()
        self.assertFalse(self.open(), "below its minimum, but the transfer is on its way")
        self.set_stock(self.blanket, self.shelves, 0)
        self.refresh()
        row = self.open()
        self.assertEqual((row.department_id, row.kind), (self.ward, "out"), "nothing there now")

    def test_other_products_are_nobodys_shortage_here(self):
        self.level(self.syringe, 5, 10)
        self.level(self.slippers, 0, 0)
        self.set_stock(self.slippers, self.store, 0)
        self.refresh()
        self.assertFalse(self.open())

    def test_a_request_that_meets_an_empty_store_makes_one_at_once(self):
        self.set_stock(self.blanket, self.store, 1)
        request = self.send((self.blanket, 5), (self.slippers, 1))
        row = self.open()
        self.assertEqual((row.product_id, row.location_id), (self.blanket, self.store))
        self.assertFalse(self.notices(), "no inquiry waits for it")
        self.set_stock(self.blanket, self.store, 50)
        self.picking(request).action_assign()
        self.refresh()
        self.assertTrue(row.ended)

    def test_clerks_hear_at_once_and_once_of_what_an_inquiry_waits_for(self):
        self.set_stock(self.blanket, self.store, 0)
        first = self.inquiry_asks(self.blanket, 2)
        notice = self.notices()
        self.assertEqual(len(notice), 1)
        self.assertIn(self.clerk.partner_id, notice.notified_partner_ids)
        self.assertNotIn(self.people["coordinator"].partner_id, notice.notified_partner_ids)
        self.assertIn(first.ticket_id.number, notice.body)
        for secret in ("Cold at night", "Okafor"):
            self.assertNotIn(secret, notice.body + notice.subject)
        second = self.inquiry_asks(self.blanket, 3)
        self.refresh()
        self.assertEqual(len(self.notices()), 1)
        row = self.open()
        self.assertEqual(row.ticket_ids, (first | second).ticket_id)
        self.assertEqual(row.inquiry_count, 2)
        self.assertIn(row, first.ticket_id.care_shortage_ids)

    def test_what_an_inquiry_waits_for_and_turns_out_later(self):
        self.set_stock(self.blanket, self.store, 1)
        self.inquiry_asks(self.blanket, 5)
        self.assertEqual(self.open().kind, "low")
        self.assertFalse(self.notices())
        self.set_stock(self.blanket, self.store, 0)
        self.env["stock.quant"].search(
            [("product_id", "=", self.blanket.id), ("location_id", "=", self.store.id)]
        ).quantity = 0
        self.refresh()
        self.assertEqual(self.open().kind, "out")
        self.assertEqual(len(self.notices()), 1)

    def test_a_digest_goes_when_there_is_news(self):
        self.level(self.blanket, 20, 50)
        self.level(self.slippers, 20, 50)
        self.Shortage._cron_care_digest()
        self.assertFalse(self.mails())
        self.set_stock(self.blanket, self.store, 5)
        self.Shortage._cron_care_digest()
        mail = self.mails()
        self.assertEqual(len(mail), 1)
        self.assertIn(self.clerk.partner_id, mail.recipient_ids)
        self.assertIn("1 new shortages, 1 open", mail.subject)
        self.assertIn("Blanket", mail.body_html)
        self.Shortage._cron_care_digest()
        self.assertEqual(self.mails(), mail, "one alert a shortage, not one a run")
        self.set_stock(self.slippers, self.store, 0)
        self.Shortage._cron_care_digest()
        mail = self.mails() - mail
        self.assertEqual(len(mail), 1)
        self.assertIn("1 new shortages, 2 open", mail.subject)
        self.assertLess(mail.body_html.index("Slippers"), mail.body_html.index("Blanket"))
        self.set_stock(self.blanket, self.store, 0)
        self.Shortage._cron_care_digest()
        self.assertEqual(len(self.mails()), 3, "low became out")
        self.set_stock(self.blanket, self.store, 5)
        self.Shortage._cron_care_digest()
        self.assertEqual(len(self.mails()), 3, "better is no news")

    def test_a_digest_tells_numbers_of_inquiries_alone(self):
        self.set_stock(self.blanket, self.store, 0)
        request = self.inquiry_asks(self.blanket, 2)
        self.Shortage._cron_care_digest()
        body = self.mails().body_html
        self.assertIn(request.ticket_id.number, body)
        self.assertNotIn("Cold at night", body)
        self.assertNotIn("Okafor", body)

    def test_each_company_hears_of_its_own(self):
        other = self.env["res.company"].create({"name": "Elsewhere"})
        warehouse = self.env["stock.warehouse"].search([("company_id", "=", other.id)], limit=1)
        self.env["stock.warehouse.orderpoint"].with_company(other).create(
            {
                "product_id": self.blanket.id,
                "warehouse_id": warehouse.id,
                "location_id": warehouse.lot_stock_id.id,
                "product_min_qty": 3,
                "product_max_qty": 5,
                "company_id": other.id,
            }
        )
        self.Shortage._cron_care_digest()
        self.assertEqual(self.open().company_id, other)
        self.assertFalse(self.mails(), "nobody works there")
        self.assertFalse(self.Shortage.with_user(self.clerk).search([]))

    def test_a_coordinator_names_the_shortage_behind_a_complaint(self):
        self.level(self.blanket, 20, 50)
        self.set_stock(self.blanket, self.store, 0)
        self.refresh()
        complaint = self.make_inquiry(care_nature_id=self.complaint.id)
        coordinator = self.people["coordinator"]
        complaint.with_user(coordinator).care_shortage_ids = [Command.link(self.open().id)]
        behind = self.Shortage.with_user(self.clerk).search([("has_inquiries", "=", True)])
        self.assertEqual(behind, self.open())
        self.assertEqual(behind.inquiry_numbers, complaint.number)
        with self.assertRaises(AccessError):
            behind.read(["ticket_ids"])
        with self.assertRaises(AccessError):
            self.Shortage.with_user(self.clerk).search([("ticket_ids.name", "ilike", "a")])

    def test_queries_do_not_grow_with_the_shortages(self):
        counts = []
        for size in (5, 25):
            products = [self.make_product(f"Thing {size} {n}") for n in range(size)]
            for product in products:
                self.level(product, 5, 10)
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self.Shortage._cron_care_shortages()
            self.env.flush_all()
            counts.append(self.env.cr.sql_log_count - before)
        self.assertLessEqual(counts[1], counts[0] + 3, counts)


class TestSupplyReport(ShortageCommon):
    def rows(self, *groupby, user=None):
        report = self.env["care.supply.report"].with_user(user or self.clerk)
        return report._read_group(
            [("product_id", "=", self.blanket.id)],
            list(groupby),
            ["used:sum", "stock_outs:sum", "inquiries:sum", "shortages:sum"],
        )

    def test_use_and_stock_outs_by_ward_and_month(self):
        self.put(self.blanket, self.shelves, 20)
        self.use(self.blanket, self.ward, 3, datetime(2026, 3, 10, 9))
        self.use(self.blanket, self.ward, 4, datetime(2026, 4, 10, 9))
        self.use(self.blanket, self.ward, 1, datetime(2026, 4, 20, 9))
        self.env.flush_all()
        months = {month.month: used for month, used, *_rest in self.rows("date:month")}
        self.assertEqual(months, {3: 3, 4: 5})
        [(ward, used, *_rest)] = self.rows("department_id")
        self.assertEqual((ward, used), (self.ward, 8))

    def test_what_comes_back_was_not_used(self):
        self.put(self.blanket, self.shelves, 20)
        self.use(self.blanket, self.ward, 3)
        back = self.env["stock.move"].create(
            {
                "product_id": self.blanket.id,
                "product_uom": self.blanket.uom_id.id,
                "product_uom_qty": 1,
                "location_id": self.warehouse.care_use_location_id.id,
                "location_dest_id": self.shelves.id,
            }
        )
        back._action_confirm()
        back.quantity = 1
        back.picked = True
        back._action_done()
        self.env.flush_all()
        [(ward, used, *_rest)] = self.rows("department_id")
        self.assertEqual((ward, used), (self.ward, 2))

    def test_units_are_those_of_the_product(self):
        self.put(self.blanket, self.shelves, 20)
        move = self.env["stock.move"].create(
            {
                "product_id": self.blanket.id,
                "product_uom": self.env.ref("uom.product_uom_dozen").id,
                "product_uom_qty": 1,
                "location_id": self.shelves.id,
                "location_dest_id": self.warehouse.care_use_location_id.id,
            }
        )
        move._action_confirm()
        move.quantity = 1
        move.picked = True
        move._action_done()
        self.env.flush_all()
        [(_ward, used, *_rest)] = self.rows("department_id")
        self.assertEqual(used, 12)

    def test_shortages_and_the_inquiries_that_they_caused(self):
        self.level(self.blanket, 5, 10)
        self.set_stock(self.blanket, self.store, 0)
        self.refresh()
        self.inquiry_asks(self.blanket, 2)
        self.open().since -= timedelta(days=2)
        self.open().out_since -= timedelta(days=2)
        self.env.flush_all()
        [(_product, used, outs, inquiries, shortages)] = self.rows("product_id")
        self.assertEqual((used, outs, inquiries, shortages), (0, 1, 1, 1))
        row = self.env["care.supply.report"].search([("product_id", "=", self.blanket.id)])
        self.assertAlmostEqual(row.days_out, 2, places=1)
        opened = row.action_care_open()
        self.assertEqual((opened["res_model"], opened["res_id"]), ("care.shortage", self.open().id))

    def test_a_row_of_use_opens_its_move(self):
        self.put(self.blanket, self.shelves, 20)
        self.use(self.blanket, self.ward, 3)
        self.env.flush_all()
        action = self.env.ref("patient_care_coordination.action_supply_report")
        self.assertIn("list", action.view_mode.split(","))
        row = self.env["care.supply.report"].search([("product_id", "=", self.blanket.id)])
        opened = row.with_user(self.clerk).action_care_open()
        record = self.env[opened["res_model"]].browse(opened["res_id"])
        move = record if record._name == "stock.move" else record.move_ids
        self.assertEqual((move.product_id, move.quantity), (self.blanket, 3))

    def test_only_clerks_and_supervisors_read_it(self):
        self.rows("product_id", user=self.people["supervisor"])
        for login in ("nurse", "coordinator", "employee"):
            with self.subTest(login=login), self.assertRaises(AccessError):
                self.rows("product_id", user=self.people[login])

"""Two bins: the label of an empty bin orders one, and only one while one is on its way."""

import re
from unittest.mock import patch

from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import new_test_user, tagged
from odoo.tests.common import HttpCase

from ..common import MODULE
from ..supply_common import SupplyCommon

REPORT = f"{MODULE}.report_bin_labels"


class BinCommon(SupplyCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.bin = cls.make_par(
            cls.ward, cls.blanket, 0, 0, care_two_bin=True, care_bin_qty=10, care_shelf="B2"
        )
        cls.put(cls.blanket, cls.shelves, 20)

    def scan(self, code=None, user=None):
        rules = self.env["stock.warehouse.orderpoint"].with_user(user or self.nurse)
        return rules.care_scan(self.bin.care_bin_code if code is None else code)

    def moves(self):
        return self.env["stock.move"].search([("orderpoint_id", "=", self.bin.id)])


class TestBins(BinCommon):
    def test_an_empty_bin_orders_one_bin_and_is_booked_as_used(self):
        answer = self.scan(f" {self.bin.care_bin_code} ")
        self.assertEqual(answer["level"], "success")
        self.assertEqual(answer["title"], "One bin ordered: Blanket, Ward 7")
        move = self.moves()
        self.assertIn("10 Units. Expected", answer["text"])
        self.assertIn(move.picking_id.name, answer["text"])
        self.assertEqual((move.product_qty, move.location_dest_id), (10, self.shelves))
        self.assertEqual(move.picking_type_id, self.warehouse.care_topup_type_id)
        self.assertEqual(move.location_id, self.store)
        self.assertEqual(self.on_hand(self.blanket, self.shelves), 10)
        self.assertTrue(self.bin.care_bin_scanned)

    def test_a_second_scan_orders_nothing_and_says_so(self):
        self.scan()
        first = self.moves()
        answer = self.scan(user=self.clerk)
        self.assertEqual(answer["level"], "warning")
        self.assertEqual(answer["title"], "On order already: Blanket, Ward 7")
        self.assertIn("Nothing more was ordered.", answer["text"])
        self.assertIn(first.picking_id.name, answer["text"])
        self.assertEqual(self.moves(), first)
        self.assertEqual(first.product_qty, 10)
        self.assertEqual(self.on_hand(self.blanket, self.shelves), 10)

    def test_once_it_has_arrived_the_next_empty_bin_orders_again(self):
        self.scan()
        first = self.moves()
        first.quantity = 10
        first.picked = True
        first._action_done()
        self.assertEqual(self.on_hand(self.blanket, self.shelves), 20)
        self.assertEqual(self.scan()["level"], "success")
        self.assertEqual(len(self.moves()), 2)

    def test_shelves_never_go_below_zero(self):
        self.set_stock(self.blanket, self.shelves, 3)
        self.scan()
        self.assertEqual(self.on_hand(self.blanket, self.shelves), 0)
        self.moves()._action_cancel()
        self.scan()
        self.assertEqual(self.on_hand(self.blanket, self.shelves), 0)

    def test_the_scheduler_does_not_order_on_top(self):
        self.bin.write({"product_min_qty": 10, "product_max_qty": 20})
        self.set_stock(self.blanket, self.shelves, 15)
        self.scan()
        self.env["stock.rule"].run_scheduler(company_id=self.company.id)
        self.assertEqual(sum(self.moves().mapped("product_qty")), 10)

    def test_a_ward_that_does_not_count_uses_what_is_issued(self):
        self.ward.ward_mode = "issue"
        self.assertEqual(self.scan()["level"], "success")
        self.assertEqual(self.on_hand(self.blanket, self.shelves), 20)

    def test_without_purchase(self):
        self.without_buying()
        self.assertEqual(self.scan()["level"], "success")
        self.assertEqual(self.moves().product_qty, 10)

    # ------------------------------------------------------------------
    # What cannot be ordered
    # ------------------------------------------------------------------

    def refuse(self, sentence, code=None):
        with self.refused(UserError, sentence):
            self.scan(code)
        self.assertFalse(self.moves())
        self.assertEqual(self.on_hand(self.blanket, self.shelves), 20)
        self.assertFalse(self.bin.care_bin_scanned)

    def test_labels_nobody_knows(self):
        self.refuse("No bin has the label 123: scan the label on the bin itself", "123")
        self.refuse("No bin has the label (empty)", " ")
        self.refuse("No bin has the label 4006381333931", self.blanket.barcode)

    def test_a_product_that_is_archived(self):
        code = self.bin.care_bin_code
        self.blanket.active = False
        self.bin.active = True
        self.refuse("Blanket: archived, choose its successor.", code)

    def test_a_bin_that_is_no_longer_used(self):
        code = self.bin.care_bin_code
        self.bin.active = False
        self.refuse("Blanket on Ward 7 is no longer kept in two bins: take the label off.", code)
        self.bin.write({"active": True, "care_two_bin": False})
        self.refuse("is no longer kept in two bins", code)

    def test_a_ward_without_shelves(self):
        self.ward.location_id = False
        self.refuse("does not belong to a ward")

    def test_a_route_that_an_administrator_broke(self):
        self.warehouse.care_topup_route_id.rule_ids.active = False
        self.refuse('"Ward top-up"')

    def test_a_rule_that_finds_no_way(self):
        self.bin.route_id = self.env["stock.route"].create({"name": "Nowhere"})
        self.warehouse.route_ids = [Command.clear()]
        self.refuse("No bin of Blanket was ordered for Ward 7. Tell the store:")

    def test_quantities_that_no_bin_holds(self):
        for quantity in (-1, 1_000_000, 0):
            with self.assertRaises(UserError):
                self.bin.care_bin_qty = quantity
                self.env.flush_all()
        self.assertEqual(self.bin.care_bin_qty, 10)

    # ------------------------------------------------------------------
    # Rights and the list
    # ------------------------------------------------------------------

    def test_people_of_other_wards_and_roles_are_refused(self):
        stranger = new_test_user(
            self.env, login="care_stranger", groups=f"{MODULE}.group_ward_staff"
        )
        for user in (stranger, self.people["coordinator"], self.people["employee"]):
            with self.refused(AccessError, "You do not work on Ward 7"):
                self.scan(user=user)
            rules = self.env["stock.warehouse.orderpoint"].with_user(user)
            self.assertEqual(rules.care_scan_overview(), [])
        self.assertFalse(self.moves())

    def test_other_companies_are_closed(self):
        other = self.env["res.company"].create({"name": "Other hospital"})
        self.clerk.write({"company_ids": [Command.set(other.ids)], "company_id": other.id})
        with self.refused(UserError, "No bin has the label"):
            self.scan(user=self.clerk)

    def test_the_list_to_tap(self):
        theirs = self.make_par(
            self.other_ward, self.slippers, 0, 0, care_two_bin=True, care_bin_qty=2
        )
        rules = self.env["stock.warehouse.orderpoint"]
        [row] = rules.with_user(self.nurse).care_scan_overview()
        self.assertEqual(
            (row["code"], row["title"], row["state"]), (self.bin.care_bin_code, "Blanket", "full")
        )
        self.scan()
        [row] = rules.with_user(self.nurse).care_scan_overview()
        self.assertEqual((row["state"], row["level"]), ("on order", "warning"))
        codes = [row["code"] for row in rules.with_user(self.clerk).care_scan_overview()]
        self.assertIn(theirs.care_bin_code, codes)

    def test_two_scans_at_once_collide_in_one_row(self):
        """Writing the rule makes PostgreSQL refuse the slower scan, which Odoo then repeats."""
        calls = []
        write = type(self.bin).write

        def note(records, vals):
            calls.append(sorted(vals))
            return write(records, vals)

        with patch.object(type(self.bin), "write", note):
            self.scan()
        self.assertIn(["care_bin_scanned"], calls)

    # ------------------------------------------------------------------
    # Labels
    # ------------------------------------------------------------------

    def html(self, rules, user=None):
        report = self.env["ir.actions.report"].with_user(user or self.clerk)
        return report._render_qweb_html(REPORT, rules.ids)[0].decode()

    def test_labels_say_what_where_how_much_and_carry_a_barcode(self):
        html = self.html(self.bin)
        text = re.sub(r"\s+", " ", re.sub("<[^>]+>", " ", html))
        for word in ("Blanket", "Ward 7", "B2", "One bin: 10 Units", self.bin.care_bin_code):
            self.assertIn(word, text)
        self.assertIn('src="data:image/svg+xml;base64,', html)
        self.assertNotIn("http", html.replace("http-equiv", ""))

    def test_labels_of_what_has_none(self):
        plain = self.make_par(self.ward, self.slippers, 1, 2)
        with self.refused(UserError, "These are not kept in two bins and have no label: Slippers."):
            self.html(self.bin + plain)


@tagged("standard", "post_install", "-at_install")
class TestBinsHttp(HttpCase, BinCommon):
    def rpc(self, method, *args):
        model = "stock.warehouse.orderpoint"
        return self.make_jsonrpc_request(
            f"/web/dataset/call_kw/{model}/{method}",
            {"model": model, "method": method, "args": list(args), "kwargs": {}},
        )

    def test_over_http(self):
        self.authenticate("care_nurse", "care_nurse")
        self.assertEqual(self.rpc("care_scan", self.bin.care_bin_code)["level"], "success")
        self.assertEqual(self.rpc("care_scan", self.bin.care_bin_code)["level"], "warning")
        self.assertEqual(len(self.moves()), 1)
        with self.assertRaisesRegex(Exception, "Access"):
            self.rpc("write", self.bin.ids, {"care_bin_qty": 1})
        page = self.url_open(f"/report/pdf/{MODULE}.bin_labels/{self.bin.id}")
        self.assertNotEqual(page.headers.get("Content-Type"), "application/pdf")
        self.authenticate("care_clerk", "care_clerk")
        page = self.url_open(f"/report/pdf/{MODULE}.bin_labels/{self.bin.id}")
        self.assertEqual(page.headers["Content-Type"], "application/pdf")
        self.assertIn(b"One bin", page.content)
        self.authenticate("care_employee", "care_employee")
        with self.assertRaisesRegex(Exception, "Access"):
            self.rpc("care_scan", self.bin.care_bin_code)

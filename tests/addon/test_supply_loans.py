"""Loans: out against an inquiry, back, cleaned, inspected, lent again; nobody's name on the way."""

import re
from datetime import date, timedelta

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import Form, tagged
from odoo.tests.common import HttpCase

from ..common import MODULE
from ..supply_common import SupplyCommon

RECEIPT = f"{MODULE}.report_loan_receipt"
TOMORROW = date.today() + timedelta(days=1)


class LoanCommon(SupplyCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.coordinator = cls.people["coordinator"]
        cls.wheelchair = cls.make_product("Wheelchair", tracking="serial")
        cls.chairs = cls.env["stock.lot"].create(
            [{"name": f"WC-{n}", "product_id": cls.wheelchair.id} for n in (1, 2)]
        )
        cls.chair = cls.chairs[0]
        for chair in cls.chairs:
            cls.env["stock.quant"]._update_available_quantity(
                cls.wheelchair, cls.store, 1, lot_id=chair
            )
        cls.ticket = cls.make_inquiry(
            name="Secret subject",
            care_patient_id=cls.patient.id,
            partner_id=cls.env["res.partner"].create({"name": "Okafor, Ben"}).id,
        )

    def lend(self, lots=None, user=None, due=TOMORROW, **values):
        wizard = (
            self.env["care.loan"]
            .with_user(user or self.coordinator)
            .create(
                {
                    "ticket_id": self.ticket.id,
                    "lot_ids": [Command.set((self.chair if lots is None else lots).ids)],
                    "due_back": due,
                    **values,
                }
            )
        )
        action = wizard.action_lend()
        return self.env["stock.picking"].browse(action["context"]["active_ids"])

    def scan(self, code="WC-1", user=None):
        """One scan, some time after the one before."""
        self.chairs.care_step_date = False
        self.env.flush_all()
        return self.env["stock.lot"].with_user(user or self.coordinator).care_scan(code)


class TestLoans(LoanCommon):
    def test_out_and_back_and_lent_again(self):
        self.assertEqual(self.chair.care_loan_state, "available")
        loan = self.lend(borrower="relative")
        self.assertEqual((loan.state, loan.care_loan_state), ("done", "lent"))
        self.assertEqual(loan.care_ticket_id, self.ticket)
        self.assertEqual(loan.picking_type_id, self.warehouse.care_loan_type_id)
        self.assertEqual(self.chair.location_id, self.warehouse.care_loan_location_id)
        self.assertEqual(self.chair.care_loan_state, "lent")
        self.assertEqual(
            (self.chair.care_ticket_id, self.chair.care_due_back), (self.ticket, TOMORROW)
        )
        self.assertEqual(self.ticket.with_user(self.coordinator).care_lent_ids, self.chair)

        answer = self.scan()
        self.assertEqual(answer["title"], "Wheelchair WC-1: To clean")
        self.assertEqual(self.chair.location_id, self.warehouse.care_cleaning_location_id)
        back = self.env["stock.picking"].search([("return_id", "=", loan.id)])
        self.assertEqual((back.state, back.care_loan_state), ("done", False))
        self.assertEqual(back.picking_type_id, self.warehouse.care_loan_return_type_id)
        self.assertEqual(back.move_ids.origin_returned_move_id, loan.move_ids)
        self.assertEqual(loan.care_loan_state, "returned")
        self.assertFalse(self.ticket.care_lent_ids)
        self.assertFalse(self.chair.care_due_back)

        with self.refused(UserError, "Wheelchair WC-1: it must be cleaned and inspected first"):
            self.lend()
        self.assertEqual(self.scan()["title"], "Wheelchair WC-1: To inspect")
        self.assertEqual(self.chair.location_id, self.warehouse.care_cleaning_location_id)
        with self.refused(UserError, "Wheelchair WC-1: it must be inspected first"):
            self.lend()
        self.assertEqual(self.scan()["title"], "Wheelchair WC-1: Available")
        self.assertEqual(self.chair.location_id, self.store)
        answer = self.scan()
        self.assertEqual((answer["level"], self.chair.care_loan_state), ("info", "available"))
        self.assertEqual(self.lend().care_loan_state, "lent")
        notes = " ".join(self.ticket.message_ids.mapped("body"))
        self.assertIn("Lent: Wheelchair WC-1. Due back", notes)
        self.assertIn(f"Back: Wheelchair WC-1, loan {loan.name}.", notes)

    def test_several_things_come_back_one_by_one(self):
        loan = self.lend(self.chairs)
        self.scan("WC-2")
        self.assertEqual(loan.care_loan_state, "lent")
        self.assertEqual(loan.care_lot_ids, self.chair)
        self.assertEqual(self.chairs[1].location_id, self.warehouse.care_cleaning_location_id)
        self.assertEqual(self.chair.location_id, self.warehouse.care_loan_location_id)
        self.scan("WC-1")
        self.assertEqual(loan.care_loan_state, "returned")

    def test_a_scanner_that_fires_twice_skips_no_step(self):
        self.lend()
        self.chair.care_step_date = False
        self.env.flush_all()
        lots = self.env["stock.lot"].with_user(self.coordinator)
        lots.care_scan("WC-1")
        answer = lots.care_scan("WC-1")
        self.assertEqual((answer["level"], self.chair.care_loan_state), ("warning", "cleaning"))

    def test_repair_and_missing(self):
        lots = self.env["stock.lot"].with_user(self.coordinator)
        self.lend()
        with self.refused(UserError, "Wheelchair WC-1 is lent: scan it as returned first."):
            lots.browse(self.chair.id).care_mark("repair")
        self.scan()
        answer = self.scan()
        repair = next(action for action in answer["actions"] if "repair" in action["args"][1])
        lots.browse(repair["args"][0]).care_mark(repair["args"][1])
        self.assertEqual(self.chair.care_loan_state, "repair")
        with self.refused(UserError, "it waits for repair"):
            self.lend()
        self.assertEqual(self.scan()["title"], "Wheelchair WC-1: To inspect")
        self.scan()
        lots.browse(self.chair.id).care_mark("missing")
        with self.refused(UserError, "it is missing"):
            self.lend()
        self.assertEqual(self.scan()["title"], "Wheelchair WC-1: To inspect")
        with self.refused(UserError, "as to repair or as missing only"):
            lots.browse(self.chair.id).care_mark("available")

    def test_what_waits_for_repair_goes_to_no_ward_that_asked(self):
        self.env["stock.lot"].with_user(self.coordinator).browse(self.chair.id).care_mark("repair")
        request = (
            self.env["care.supply.request"]
            .with_user(self.coordinator)
            .create(
                {
                    "department_id": self.ward.id,
                    "line_ids": [Command.create({"product_id": self.wheelchair.id, "quantity": 1})],
                }
            )
        )
        request.action_send()
        picking = request.sudo().picking_ids.with_user(self.people["clerk"])
        line = picking.move_line_ids
        self.assertIn(line.lot_id, self.chairs - self.chair, "what works is reserved")
        line.lot_id = self.chair
        with self.refused(UserError, "Wheelchair WC-1: it waits for repair"):
            picking.button_validate()
        self.assertEqual((picking.state, request.state), ("assigned", "ordered"))
        self.assertEqual(self.chair.location_id, self.store)
        line.lot_id = self.chairs[1]
        picking.button_validate()
        self.assertEqual(request.state, "done")
        self.assertTrue(self.chairs[1].location_id._child_of(self.ward.location_id))
        # Between wards it may move as it is.
        self.chairs[1].sudo().with_context(tracking_disable=True).care_loan_state = "repair"
        self.chairs[1].quant_ids.filtered(lambda quant: quant.quantity > 0).move_quants(
            location_dest_id=self.wards[1].location_id
        )
        self.assertTrue(self.chairs[1].location_id._child_of(self.wards[1].location_id))

    def test_nothing_is_reserved_where_nothing_works(self):
        lots = self.env["stock.lot"].with_user(self.coordinator).browse(self.chairs.ids)
        for lot in lots:
            lot.care_mark("repair")
        quants = self.env["stock.quant"]
        self.assertEqual(quants._get_available_quantity(self.wheelchair, self.store), 0)
        for lot in self.chairs:
            there = quants._get_available_quantity(self.wheelchair, self.store, lot_id=lot)
            self.assertEqual(there, 1, "whoever names a thing can move it")

    def test_missing_while_lent_and_found(self):
        loan = self.lend()
        self.env["stock.lot"].with_user(self.coordinator).browse(self.chair.id).care_mark("missing")
        self.assertEqual(loan.care_loan_state, "lent")
        self.assertEqual(self.scan()["title"], "Wheelchair WC-1: To clean")
        self.assertEqual(loan.care_loan_state, "returned")

    # ------------------------------------------------------------------
    # Other screens of Inventory
    # ------------------------------------------------------------------

    def test_no_edit_makes_a_thing_available_or_a_transfer_another_inquiry_s(self):
        self.lend(self.chair)
        loan = self.chair.care_loan_picking_id
        clerk = self.people["clerk"]
        with self.assertRaisesRegex(AccessError, "its loan state is not edited"):
            self.chair.with_user(clerk).write({"care_loan_state": "available"})
        with self.assertRaisesRegex(AccessError, "The inquiry of a transfer stays"):
            loan.with_user(clerk).write({"care_ticket_id": False})
        self.assertEqual(self.chair.care_loan_state, "lent")
        self.assertEqual(loan.care_ticket_id, self.ticket)

    def test_nothing_new_says_of_itself_what_scans_and_inquiries_say(self):
        self.lend(self.chair)
        loan = self.chair.care_loan_picking_id
        other = self.make_inquiry(name="Other subject")
        clerk = self.people["clerk"]
        lots, pickings = (self.env[name].with_user(clerk) for name in ("stock.lot", loan._name))
        product = {"name": "WC-9", "product_id": self.wheelchair.id}
        for state in ({"care_loan_state": "lent"}, {"care_loan_picking_id": loan.id}):
            with (
                self.subTest(state=state),
                self.assertRaisesRegex(AccessError, "its loan state is not edited"),
            ):
                lots.create({**product, **state})
        kind = {"picking_type_id": self.warehouse.int_type_id.id}
        for context, vals in (
            ({}, {"care_ticket_id": other.id}),
            ({"default_care_ticket_id": other.id}, {}),
        ):
            with (
                self.subTest(vals=vals),
                self.assertRaisesRegex(AccessError, "The inquiry of a transfer stays"),
                self.env.cr.savepoint(),
            ):
                pickings.with_context(**context).create({**kind, **vals})
        self.assertFalse(loan.search([("care_ticket_id", "=", other.id)]))
        self.assertFalse(lots.search([("name", "=", "WC-9")]))
        self.assertEqual(lots.create(product).care_loan_state, "available")
        self.assertEqual(loan.with_user(clerk).copy().care_ticket_id, self.ticket)

    def test_nothing_is_lent_for_ever_or_for_what_is_closed(self):
        with self.assertRaisesRegex(UserError, "Due back within 366 days"):
            self.lend(self.chair, due=TOMORROW + timedelta(days=400))
        loan = self.lend(self.chairs[1])
        for due, sentence in (
            (TOMORROW - timedelta(days=9), "Say when it is due back: today or later"),
            (TOMORROW + timedelta(days=400), "Due back within 366 days"),
            (False, "Say when it is due back: today or later"),
        ):
            with self.refused(UserError, sentence):
                loan.with_user(self.people["clerk"]).care_due_back = due
            wizard = self.env["care.loan.due"].with_user(self.coordinator)
            with self.refused(UserError, sentence):
                wizard.create(
                    {"lot_ids": self.chairs[1].ids, "due_back": due or date(2020, 1, 1)}
                ).action_change()
        loan.invalidate_recordset()
        self.assertEqual(loan.care_due_back, TOMORROW)
        self.ticket.sudo().write(
            {
                "care_answer": "At the main entrance.",
                "care_told": "Ben Okafor",
                "care_told_date": fields.Datetime.now(),
                "care_told_channel_id": self.env["helpdesk.ticket.channel"]
                ._care_by_code("phone")
                .id,
                "stage_id": self.env.ref("helpdesk_mgmt.helpdesk_ticket_stage_done").id,
            }
        )
        with self.assertRaisesRegex(UserError, "is closed: reopen it"):
            self.lend(self.chair)
        self.assertEqual(self.chair.care_loan_state, "available")

    def test_inventory_cannot_lend_what_is_not_inspected(self):
        self.lend()
        self.scan()
        chair = self.chair.with_user(self.clerk)
        with self.refused(UserError, "it must be cleaned and inspected first"):
            chair.location_id = self.warehouse.care_loan_location_id
            self.env.flush_all()
        self.assertEqual(self.chair.location_id, self.warehouse.care_cleaning_location_id)
        chair.location_id = self.store
        self.assertEqual(self.chair.care_loan_state, "cleaning")
        with self.refused(UserError, "it must be cleaned and inspected first"):
            self.lend()

    def test_the_return_wizard_of_inventory_ends_the_loan(self):
        loan = self.lend()
        wizard = (
            self.env["stock.return.picking"]
            .with_user(self.clerk)
            .with_context(active_id=loan.id, active_model="stock.picking")
            .create({})
        )
        wizard.product_return_moves.quantity = 1
        back = self.env["stock.picking"].browse(wizard._create_return().id)
        back.with_user(self.clerk).button_validate()
        self.assertEqual(back.state, "done")
        self.assertEqual(back.picking_type_id, self.warehouse.care_loan_return_type_id)
        self.assertEqual(self.chair.care_loan_state, "cleaning")
        self.assertEqual(loan.care_loan_state, "returned")

    def test_what_is_written_off_is_missing(self):
        quant = self.chair.quant_ids.filtered(lambda quant: quant.quantity > 0)
        quant.with_context(inventory_mode=True).inventory_quantity = 0
        quant.action_apply_inventory()
        self.assertEqual(self.chair.care_loan_state, "missing")

    # ------------------------------------------------------------------
    # What is refused
    # ------------------------------------------------------------------

    def test_what_cannot_be_lent(self):
        before = self.env["stock.picking"].search_count([])
        with self.refused(UserError, "Choose or scan what is lent."):
            self.lend(self.env["stock.lot"])
        with self.refused(UserError, "Say when it is due back: today or later"):
            self.lend(due=date.today() - timedelta(days=1))
        pump = self.make_product("Pump", tracking="serial", categ_id=self.syringe.categ_id.id)
        medical = self.env["stock.lot"].create({"name": "P1", "product_id": pump.id})
        with self.refused(UserError, "Pump P1: it is not a thing for loans"):
            self.lend(self.chair + medical)
        nowhere = self.env["stock.lot"].create({"name": "WC-3", "product_id": self.wheelchair.id})
        with self.refused(UserError, "Wheelchair WC-3 cannot be lent: it is in no store"):
            self.lend(self.chair + nowhere)
        with self.refused(UserError, "No inquiry has the number 999: ask the coordinator"):
            self.lend(user=self.clerk, ticket_id=False, ticket_number="999")
        self.wheelchair.active = False
        with self.refused(UserError, "Wheelchair: archived"):
            self.lend()
        self.assertEqual(self.env["stock.picking"].search_count([]), before)
        self.assertEqual(self.chair.care_loan_state, "available")
        self.assertEqual(self.chair.location_id, self.store)

    def test_lent_once(self):
        self.lend()
        with self.refused(UserError, "Wheelchair WC-1: it is lent already"):
            self.lend(self.chairs)
        self.assertEqual(self.chairs[1].care_loan_state, "available")

    def test_unknown_serial_numbers(self):
        for code in ("XX", self.wheelchair.barcode or "PRODUCT"):
            with self.refused(UserError, f"No thing for loans has the serial number {code}"):
                self.scan(code)
        with self.refused(UserError, "serial number (empty)"):
            self.scan(" ")
        other = self.make_product("Walker", tracking="serial")
        self.env["stock.lot"].create({"name": "WC-1", "product_id": other.id})
        with self.refused(UserError, "Several things have the serial number WC-1 (Wheelchair, "):
            self.scan()

    def test_a_store_that_is_not_set_up(self):
        self.warehouse.care_loan_type_id = False
        with self.refused(UserError, "it is in no store that is set up for loans"):
            self.lend()

    def test_scanning_into_the_form(self):
        wizard = self.env["care.loan"].with_user(self.coordinator).new({})
        self.assertFalse(wizard.on_barcode_scanned("WC-1"))
        self.assertEqual(wizard.lot_ids._origin, self.chair)
        warning = wizard.on_barcode_scanned("WC-9")["warning"]
        self.assertIn("has the serial number WC-9", warning["message"])
        self.lend()
        warning = wizard.on_barcode_scanned("WC-1")["warning"]
        self.assertIn("it is lent already", warning["message"])
        with Form(self.env["care.loan"].with_user(self.coordinator)) as form:
            form.serial = " WC-2 "
            self.assertFalse(form.serial)
            self.assertEqual(form.lot_ids.ids, self.chairs[1].ids)

    # ------------------------------------------------------------------
    # Overdue
    # ------------------------------------------------------------------

    def remind(self, **values):
        with self.enter_registry_test_mode(), self.env.registry.cursor() as cr:
            self.env(cr=cr)["stock.picking"]._cron_care_loans_overdue(**values)
        self.env.invalidate_all()

    def overdue(self, loan):
        loan.care_due_back = date.today() - timedelta(days=2)
        self.remind()
        return self.env["mail.activity"].search([("care_loan_id", "=", loan.id)])

    def test_overdue_is_said_once_and_forgotten_when_it_is_back(self):
        self.ticket.user_id = self.coordinator
        loan = self.lend()
        activity = self.overdue(loan)
        self.assertEqual(activity.res_model, "helpdesk.ticket")
        self.assertEqual(activity.res_id, self.ticket.id)
        self.assertEqual(activity.user_id, self.coordinator)
        self.assertIn("Wheelchair WC-1", activity.summary)
        self.assertTrue(self.chair.care_is_overdue)
        self.assertEqual(self.env["stock.lot"].search([("care_is_overdue", "=", True)]), self.chair)
        self.remind()
        self.assertEqual(
            self.env["mail.activity"].search([("care_loan_id", "=", loan.id)]), activity
        )
        self.scan()
        self.assertFalse(activity.exists())
        self.assertFalse(self.chair.care_is_overdue)

    def test_a_reminder_that_was_done_does_not_come_back(self):
        loan = self.lend()
        self.overdue(loan).action_feedback()
        self.remind()
        self.assertFalse(self.env["mail.activity"].search([("care_loan_id", "=", loan.id)]))

    def test_a_new_date_takes_the_reminder_away_and_starts_another(self):
        loan = self.lend()
        activity = self.overdue(loan)
        wizard = self.env["care.loan.due"].with_user(self.coordinator)
        wizard = wizard.with_context(active_model="stock.lot", active_ids=self.chair.ids)
        form = Form(wizard)
        form.due_back = TOMORROW
        form.save().action_change()
        self.assertEqual(loan.care_due_back, TOMORROW)
        self.assertFalse(activity.exists())
        self.assertTrue(self.overdue(loan))
        with self.refused(UserError, "Say when it is due back: today or later"):
            wizard.create({"due_back": date.today() - timedelta(days=1)}).action_change()
        with self.refused(UserError, "Only what is out on loan has a date: Wheelchair WC-2."):
            wizard.with_context(active_ids=self.chairs.ids).create(
                {"due_back": TOMORROW}
            ).action_change()

    def test_without_an_inquiry_a_clerk_is_reminded(self):
        loan = self.lend(user=self.clerk, ticket_id=False, borrower="ward")
        self.assertFalse(loan.care_ticket_id)
        activity = self.overdue(loan)
        self.assertEqual((activity.res_model, activity.user_id), ("stock.picking", self.clerk))

    def test_many_overdue_loans_in_batches(self):
        for chair in self.chairs:
            loan = self.lend(chair)
            loan.care_due_back = date.today() - timedelta(days=2)
        self.remind(batch_size=1)
        told = self.env["stock.picking"].search([("care_overdue_told", "=", True)])
        self.assertEqual(len(told), 1)

    # ------------------------------------------------------------------
    # Names
    # ------------------------------------------------------------------

    def test_no_name_reaches_stock(self):
        loan = self.lend()
        self.scan()
        back = self.env["stock.picking"].search([("return_id", "=", loan.id)])
        secrets = ("Okafor", "Secret subject", "H1001")
        for record in (loan, back, self.chair, loan.move_ids, loan.move_line_ids):
            record = record.with_user(self.clerk)
            [values] = record.read()
            text = repr(values) + repr(record.display_name)
            for secret in secrets:
                self.assertNotIn(secret, text)
        loan = loan.with_user(self.clerk)
        self.assertEqual(loan.read(["care_ticket_id"])[0]["care_ticket_id"][1], self.ticket.number)
        self.assertEqual(loan.origin, self.ticket.number)
        self.assertFalse(loan.partner_id)
        for record in (loan, self.chair):
            for message in record.message_ids:
                for secret in secrets:
                    self.assertNotIn(secret, f"{message.body}{message.record_name}")
        with self.assertRaises(AccessError):
            loan.care_ticket_id.read(["name"])

    def test_the_clerk_gives_the_number_alone(self):
        loan = self.lend(user=self.clerk, ticket_id=False, ticket_number=f" {self.ticket.number} ")
        self.assertEqual(loan.care_ticket_id, self.ticket)
        self.assertEqual(self.ticket.care_lent_ids, self.chair)

    def test_the_receipt_carries_the_number_and_no_name(self):
        loan = self.lend()
        report = self.env["ir.actions.report"].with_user(self.coordinator)
        html = report._render_qweb_html(RECEIPT, loan.ids)[0].decode()
        text = re.sub(r"\s+", " ", re.sub("<[^>]+>", " ", html))
        for word in (loan.name, self.ticket.number, "Wheelchair", "WC-1", "Patient", "Due back"):
            self.assertIn(word, text)
        for secret in ("Okafor", "Secret"):
            self.assertNotIn(secret, html)
        self.assertIn('src="data:image/svg+xml;base64,', html)
        for name in ("nurse", "employee", "responder"):
            with self.refused(AccessError, "Coordinators and supplies clerks lend things"):
                self.env["ir.actions.report"].with_user(self.people[name])._render_qweb_html(
                    RECEIPT, loan.ids
                )

    # ------------------------------------------------------------------
    # Rights
    # ------------------------------------------------------------------

    def test_roles_that_do_not_lend(self):
        self.lend()
        for name in ("nurse", "employee", "responder", "routing_admin", "privacy_officer"):
            lots = self.env["stock.lot"].with_user(self.people[name])
            for call in (
                lambda lots=lots: lots.care_scan("WC-1"),
                lambda lots=lots: lots.care_scan_overview(),
                lambda lots=lots: lots.browse(self.chair.id).care_mark("missing"),
                lambda lots=lots: lots.browse(self.chair.id).read(["name"]),
                lambda name=name: self.env["care.loan"].with_user(self.people[name]).create({}),
            ):
                with self.assertRaises(AccessError):
                    call()
        self.assertEqual(self.chair.care_loan_state, "lent")

    def test_the_form_of_a_thing_asks_coordinators_for_nothing_they_may_not_read(self):
        view = self.env.ref(f"{MODULE}.loan_thing_view_form")
        for user, chatter in ((self.coordinator, False), (self.people["clerk"], True)):
            arch = self.chair.with_user(user).get_view(view.id, "form")["arch"]
            self.assertEqual("<chatter" in arch, chatter)

    def test_coordinators_read_things_and_write_none(self):
        chair = self.chair.with_user(self.coordinator)
        self.assertEqual(chair.care_loan_state, "available")
        for call in (
            lambda: chair.write({"care_loan_state": "missing"}),
            lambda: chair.unlink(),
            lambda: self.env["stock.picking"].with_user(self.coordinator).search([]),
        ):
            with self.assertRaises(AccessError):
                call()

    def test_other_companies_are_closed(self):
        other = self.env["res.company"].create({"name": "Other hospital"})
        self.chairs.company_id = self.company
        self.clerk.write({"company_ids": [Command.set(other.ids)], "company_id": other.id})
        with self.refused(UserError, "No thing for loans has the serial number WC-1"):
            self.scan(user=self.clerk)
        with self.assertRaises(AccessError):
            self.env["stock.lot"].with_user(self.clerk).browse(self.chair.id).care_mark("missing")

    def test_the_list_to_tap(self):
        lots = self.env["stock.lot"].with_user(self.coordinator)
        self.assertEqual(lots.care_scan_overview(), [])
        loan = self.lend()
        loan.care_due_back = date.today() - timedelta(days=2)
        [row] = lots.care_scan_overview()
        self.assertEqual(
            (row["code"], row["state"], row["button"]), ("WC-1", "Overdue", "Returned")
        )
        self.assertIn(self.ticket.number, row["text"])
        labels = []
        for _ in range(2):
            self.scan()
            labels.append(lots.care_scan_overview()[0]["button"])
        self.assertEqual(labels, ["Cleaned", "Inspected"])


@tagged("standard", "post_install", "-at_install")
class TestLoansHttp(HttpCase, LoanCommon):
    def rpc(self, model, method, *args):
        return self.make_jsonrpc_request(
            f"/web/dataset/call_kw/{model}/{method}",
            {"model": model, "method": method, "args": list(args), "kwargs": {}},
        )

    def test_over_http(self):
        loan = self.lend()
        address = f"/report/pdf/{MODULE}.loan_receipt/{loan.id}"
        self.authenticate("care_coordinator", "care_coordinator")
        page = self.url_open(address)
        self.assertEqual(page.headers["Content-Type"], "application/pdf")
        self.assertIn(b"Receipt of a loan", page.content)
        self.chair.care_step_date = False
        self.env.flush_all()
        self.assertEqual(self.rpc("stock.lot", "care_scan", "WC-1")["level"], "success")
        with self.assertRaisesRegex(Exception, "Access"):
            self.rpc("stock.lot", "write", self.chair.ids, {"care_loan_state": "available"})
        for name in ("care_nurse", "care_employee"):
            self.authenticate(name, name)
            page = self.url_open(address)
            self.assertNotEqual(page.headers.get("Content-Type"), "application/pdf")
            with self.assertRaisesRegex(Exception, "Access"):
                self.rpc("stock.lot", "care_scan", "WC-1")
            with self.assertRaisesRegex(Exception, "Access"):
                self.rpc("stock.lot", "care_mark", self.chair.ids, "missing")
        self.assertEqual(self.chair.care_loan_state, "cleaning")

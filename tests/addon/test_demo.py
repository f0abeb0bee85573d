"""The demo hospital: a hundred inquiries that could be true."""

from datetime import timedelta

from odoo import fields
from odoo.fields import Command
from odoo.tests import TransactionCase, tagged

from ..common import MODULE


@tagged("standard", "post_install", "-at_install")
class TestDemo(TransactionCase):
    test_module = MODULE

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        before = cls.env["helpdesk.ticket"].search([])
        cls.env["res.company"]._care_load_demo()
        cls.tickets = cls.env["helpdesk.ticket"].search([("id", "not in", before.ids)])

    def test_a_hundred_in_all_stages(self):
        self.assertGreaterEqual(len(self.tickets), 100)
        self.assertTrue(all(self.tickets.mapped("care_is_inquiry")))
        self.assertFalse(self.tickets.filtered("care_intake_error"))
        stages = self.env["helpdesk.ticket.stage"].search([])
        self.assertEqual(self.tickets.stage_id, stages)
        for ticket in self.tickets:
            self.assertEqual(ticket.closed, bool(ticket.closed_date))
            self.assertEqual(ticket.closed, bool(ticket.care_outcome))

    def test_who_calls_fits_the_relation(self):
        own = self.tickets.filtered(lambda ticket: ticket.care_relation == "self")
        self.assertGreater(len(own), 20)
        relatives = {}
        for ticket in self.tickets:
            patient = ticket.care_patient_id
            self.assertTrue(ticket.partner_name)
            if ticket in own:
                self.assertEqual(ticket.partner_name, patient.name)
                continue
            self.assertNotEqual(ticket.partner_name, patient.name)
            relatives.setdefault((ticket.partner_name, patient), set()).add(ticket.care_relation)
        self.assertTrue(all(len(relations) == 1 for relations in relatives.values()))

    def test_outcome_fits_the_nature(self):
        judged = self.tickets.filtered(
            lambda ticket: ticket.care_outcome in ("upheld", "partly", "not_upheld")
        )
        self.assertEqual(set(judged.care_nature_id.mapped("code")), {"complaint"})
        compliments = self.tickets.filtered(
            lambda ticket: ticket.care_nature_id == self.env.ref(f"{MODULE}.nature_compliment")
        )
        self.assertEqual(set(compliments.mapped("care_outcome")) - {False}, {"answered"})

    def test_wards_are_stocked_and_have_used_things(self):
        wards = self.env["care.department"].search([("is_ward", "=", True)])
        self.assertEqual(len(wards), 8)
        products = self.env["product.product"].search([("categ_id.care_is_supply", "=", True)])
        self.assertEqual(len(products), 60)
        products._care_check_supply()
        pars = self.env["stock.warehouse.orderpoint"].search(
            [("care_department_id", "in", wards.ids)]
        )
        self.assertEqual(set(pars.mapped("care_cover")), {"out", "low", "enough", "over"})
        self.assertEqual(pars.care_department_id, wards)
        seven = pars.filtered(lambda par: par.care_department_id.name == "Ward 7")
        self.assertTrue(seven.filtered("care_two_bin"))
        walk = seven.sorted("care_shelf_sequence").mapped("care_shelf")
        self.assertEqual(walk, sorted(walk, key=lambda shelf: (shelf[0], int(shelf[1:]))))
        short = self.env["care.shortage"].search([("ended", "=", False)])
        self.assertEqual(set(short.mapped("kind")), {"low", "out"})
        self.assertGreater(len(short), 10)
        used = pars.filtered("care_use_per_day")
        self.assertGreater(len(used), len(pars) * 0.9)
        first = self.env["stock.move.line"].search([], order="date", limit=1)
        self.assertGreater((fields.Datetime.now() - first.date).days, 85)
        self.assertFalse(
            self.env["stock.quant"].search(
                [("quantity", "<", 0), ("location_id.usage", "=", "internal")]
            )
        )
        ward = self.env["res.users"].search([("login", "=", "ward")])
        self.assertEqual(wards.filtered(lambda each: ward in each.ward_user_ids).name, "Ward 7")
        wizard = self.env["care.par.suggest"].create({"department_ids": [Command.set(wards.ids)]})
        wizard.action_preview()
        self.assertGreater(len(wizard.line_ids), 50)
        self.assertFalse(wizard.short_names)

    def test_things_are_lent_wanted_and_counted(self):
        loans = self.env["stock.picking"].search([("care_due_back", "!=", False)])
        self.assertEqual(len(loans), 7)
        self.assertEqual(loans.mapped("care_loan_state").count("lent"), 5)
        overdue = loans.filtered("care_overdue_told")
        self.assertEqual(len(overdue), 2)
        self.assertEqual(set(overdue.mapped("care_borrower")), {"relative", "patient"})
        states = self.env["stock.lot"].search([]).mapped("care_loan_state")
        self.assertEqual((states.count("cleaning"), states.count("inspection")), (1, 1))
        requests = self.env["care.supply.request"].search([])
        self.assertEqual(set(requests.mapped("urgency")), {"normal", "urgent"})
        self.assertFalse(requests.filtered("problem_count"))
        self.assertTrue(requests.filtered("ticket_id").picking_ids)
        count = self.env["care.ward.count"].search([])
        self.assertEqual(count.state, "counting")
        self.assertEqual(len(count.line_ids.filtered("is_counted")), 5)
        self.assertGreater(len(count.line_ids), 20)

    def test_loading_again_adds_nothing(self):
        count = self.env["helpdesk.ticket"].search_count([])
        self.env["res.company"]._care_load_demo()
        self.assertEqual(self.env["helpdesk.ticket"].search_count([]), count)

    def test_one_improvement_in_each_state(self):
        improvements = self.env["care.improvement"].search([])
        states = [state for state, _name in improvements._fields["state"].selection]
        self.assertEqual(sorted(improvements.mapped("state")), sorted(states))
        adopted = improvements.filtered(lambda each: each.state == "adopted")
        self.assertGreater((fields.Date.today() - adopted.effective_date).days, 250)
        self.assertEqual(len(adopted._care_effect()["months"]), 13)
        late = improvements.filtered("overdue")
        self.assertEqual(late.activity_ids.user_id, late.owner_id)

    def test_fourteen_months_show_what_a_change_did(self):
        year_ago = fields.Datetime.now() - timedelta(days=365)
        old = self.tickets.filtered(lambda ticket: ticket.care_received_date < year_ago)
        self.assertGreater(len(old), 20)
        self.assertFalse(old.filtered(lambda ticket: not ticket.closed))
        adopted = self.env["care.improvement"].search([("state", "=", "adopted")])
        self.assertEqual(adopted._care_effect()["verdict"], "fewer")
        self.assertTrue(adopted.ticket_ids)
        patterns = self.env["care.pattern"].search([("state", "=", "open")])
        self.assertIn(self.env.ref(f"{MODULE}.category_waiting"), patterns.category_id)
        figures = self.env["care.kpi"]._care_measure(
            {
                "start": fields.Date.today().replace(day=1) - timedelta(days=70),
                "end": fields.Date.today(),
            }
        )
        for code in ("ack_on_time", "answer_on_time", "first_contact", "satisfied"):
            with self.subTest(code=code):
                self.assertTrue(10 < figures[code]["value"] < 95, figures[code])

"""The demo hospital: a hundred inquiries that could be true."""

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

    def test_loading_again_adds_nothing(self):
        count = self.env["helpdesk.ticket"].search_count([])
        self.env["res.company"]._care_load_demo()
        self.assertEqual(self.env["helpdesk.ticket"].search_count([]), count)

"""What became of an inquiry outside the house, noted without opening it again."""

from datetime import date, datetime

from freezegun import freeze_time

from odoo.exceptions import AccessError, ValidationError

from ..common import correct_received
from .test_clock import ClockCommon

NOW = datetime(2026, 6, 30, 9)


class TestOmbudsman(ClockCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.use("generic")
        # Received on 2 June in Auckland, where it is late on 1 June in UTC.
        cls.company.care_tz = "Pacific/Auckland"
        with freeze_time(NOW):
            cls.ticket = cls.make_inquiry(
                care_nature_id=cls.question.id,
                category_id=cls.env.ref("patient_care_coordination.category_food").id,
                care_received_date=datetime(2026, 6, 1, 20),
                care_answer="Like this.",
                care_told="Ben Okafor",
                care_told_date=datetime(2026, 6, 5, 9),
                care_told_channel_id=cls.env.ref("helpdesk_mgmt.helpdesk_ticket_channel_phone").id,
                care_outcome="answered",
                stage_id=cls.env.ref("helpdesk_mgmt.helpdesk_ticket_stage_done").id,
            ).with_user(cls.people["coordinator"])

    def note(self, referred=False, decided=False, outcome=False):
        self.ticket.write(
            {
                "care_ombudsman_date": referred,
                "care_ombudsman_decided_date": decided,
                "care_ombudsman_outcome": outcome,
            }
        )

    def test_noted_on_a_closed_inquiry(self):
        self.assertTrue(self.ticket.closed)
        with freeze_time(NOW):
            self.note("2026-06-02")
            search = self.env["helpdesk.ticket"].search
            waiting = [
                ("care_ombudsman_date", "!=", False),
                ("care_ombudsman_decided_date", "=", False),
            ]
            self.assertEqual(search(waiting), self.ticket)
            self.note("2026-06-02", "2026-06-30", "partly")
            self.assertFalse(search(waiting))
        self.assertTrue(self.ticket.closed)
        self.assertEqual(self.ticket.care_round, 1)

    def test_what_cannot_be_is_refused_and_nothing_kept(self):
        wrong = [
            (("2026-06-01",), r"referred to the ombudsman on 06/01/2026: .* from 06/02/2026, when"),
            (("2026-07-01",), "to 06/30/2026, today"),
            ((False, "2026-06-20", "upheld"), "enter when it was referred"),
            (("2026-06-20", False, "upheld"), "both what the ombudsman decided and when"),
            (("2026-06-20", "2026-06-21"), "both what the ombudsman decided and when"),
            (("2026-06-20", "2026-06-19", "settled"), "decided on inquiry .* from 06/20/2026"),
            (("2026-06-20", "2026-07-01", "settled"), "to 06/30/2026, today"),
        ]
        with freeze_time(NOW):
            self.note("2026-06-10")
            for values, sentence in wrong:
                with self.subTest(values=values):
                    with (
                        self.assertRaisesRegex(ValidationError, sentence),
                        self.env.cr.savepoint(),
                    ):
                        self.note(*values)
                    self.ticket.invalidate_recordset()
                    self.assertEqual(self.ticket.care_ombudsman_date, date(2026, 6, 10))
                    self.assertFalse(self.ticket.care_ombudsman_decided_date)
                    self.assertFalse(self.ticket.care_ombudsman_outcome)
            with self.assertRaisesRegex(ValidationError, "cannot have been referred"):
                correct_received(self.ticket, self.people["supervisor"], datetime(2026, 6, 12))

    def test_who_may_not_read_it(self):
        with freeze_time(NOW):
            self.note("2026-06-10")
        for role in ("clerk", "routing_admin", "manager", "relative"):
            with self.subTest(role=role):
                with self.assertRaises(AccessError):
                    self.ticket.with_user(self.people[role]).read(["care_ombudsman_date"])


class TestWorkingDays(ClockCommon):
    def test_until_met_by_the_calendar_of_the_policy(self):
        """Good Friday 2026 is on 3 April: Thursday to Wednesday after Easter are 2 working days."""
        self.use("england")
        self.company.care_tz = "Europe/London"
        with freeze_time("2026-04-02 15:00:00"):
            ticket = self.make_inquiry(care_nature_id=self.complaint.id)
        row = self.row(ticket, "acknowledge")
        self.assertFalse(row.met_date or row.working_days)
        met = datetime(2026, 4, 8, 9)
        with freeze_time(met):
            ticket._care_meet("acknowledge", met)
        self.assertEqual(row.working_days, 2)
        self.env.flush_all()
        [(days,)] = self.env["care.deadline.report"]._read_group(
            [("ticket_id", "=", ticket.id)], [], ["working_days:avg"]
        )
        self.assertEqual(days, 2.0)
        row._care_unmark()
        self.assertEqual(row.working_days, 0)

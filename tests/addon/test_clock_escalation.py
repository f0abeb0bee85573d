"""People are told of deadlines before and at the end: each once, whatever happens to the server."""

import contextlib
from datetime import datetime
from unittest.mock import patch

from freezegun import freeze_time
from psycopg2 import IntegrityError

from odoo.fields import Command
from odoo.tools import mute_logger

from ..common import MODULE
from .test_clock import ClockCommon


class Killed(BaseException):
    """What ends a server: nothing of ours catches it."""


class TestEscalation(ClockCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.use("queensland")
        cls.company.care_tz = "Europe/London"
        cls.lead, cls.person = cls.people["coordinator"], cls.people["responder"]
        cls.supervisor = cls.people["supervisor"]
        cls.catering.user_id = cls.lead
        cls.cron = cls.env.ref(f"{MODULE}.cron_escalate")
        with freeze_time("2026-06-01 09:00:00"):
            cls.ticket = cls._ticket()
        # Acknowledge by 6 June; answer by 6 July, due soon from 29 June, the lead from 3 July.

    @classmethod
    def _ticket(cls):
        ticket = cls.make_inquiry(care_nature_id=cls.complaint.id, name="Secret title")
        ticket.write({"team_id": cls.catering.id, "user_id": cls.person.id})
        return ticket

    def run_cron(self, when):
        with freeze_time(when), self.enter_registry_test_mode():
            self.assertIs(self.cron.method_direct_trigger(), True)
        self.env.invalidate_all()

    def told(self, ticket=None, kind="answer"):
        """Who has an activity for the deadline now, and of which type."""
        activities = self.env["mail.activity"].search(
            [("care_deadline_id", "=", self.row(ticket or self.ticket, kind).id)]
        )
        missed = self.env.ref(f"{MODULE}.activity_clock_missed")
        return {activity.user_id: activity.activity_type_id == missed for activity in activities}

    def steps(self, ticket=None, kind="answer"):
        rows = self.env["care.escalation"].search(
            [("deadline_id", "=", self.row(ticket or self.ticket, kind).id)]
        )
        return sorted(rows.mapped("step"))

    def test_person_then_lead_then_supervisors_each_once(self):
        self.ticket._care_meet("acknowledge", datetime(2026, 6, 2))
        self.run_cron("2026-06-28 20:00:00")
        self.assertFalse(self.told())
        self.run_cron("2026-06-28 23:30:00")
        self.assertEqual(self.told(), {self.person: False})
        self.run_cron("2026-06-29 23:30:00")
        self.assertEqual(self.steps(), ["person"])
        self.run_cron("2026-07-03 09:00:00")
        self.assertEqual(self.told(), {self.person: False, self.lead: False})
        self.run_cron("2026-07-06 22:59:59")
        self.assertEqual(self.steps(), ["breach", "lead", "person"])
        told = self.told()
        self.assertTrue(all(told.values()))
        self.assertLessEqual({self.person, self.lead, self.supervisor}, set(told))
        count = len(told)
        for _ in range(2):
            self.run_cron("2026-07-07 09:00:00")
        self.assertEqual(len(self.told()), count)
        self.assertEqual(self.steps(), ["breach", "lead", "person"])
        self.assertFalse(self.row(self.ticket, "answer").escalate_date)

    def test_activity_tells_the_number_alone(self):
        self.run_cron("2026-07-07 09:00:00")
        activities = self.env["mail.activity"].search(
            [("care_deadline_id", "in", self.ticket.care_deadline_ids.ids)]
        )
        self.assertTrue(activities)
        for activity in activities:
            self.assertEqual(activity.res_name, self.ticket.number)
            self.assertIn(self.ticket.number, activity.summary)
            self.assertNotIn("Secret", f"{activity.summary} {activity.note}")
        mails = self.env["mail.mail"].search([("id", ">", 0)], order="id desc", limit=20)
        self.assertFalse([mail for mail in mails if "Secret" in f"{mail.subject} {mail.body_html}"])

    def test_all_steps_at_once_when_logged_late(self):
        with freeze_time("2026-07-10 09:00:00"):
            late = self.make_inquiry(
                care_nature_id=self.complaint.id, care_received_date="2026-06-01 09:00:00"
            )
        self.run_cron("2026-07-10 09:10:00")
        self.assertEqual(self.steps(late), ["breach", "lead", "person"])
        told = self.told(late)
        self.assertTrue(told)
        self.assertTrue(all(told.values()))
        activities = self.env["mail.activity"].search(
            [("care_deadline_id", "=", self.row(late, "answer").id)]
        )
        self.assertEqual(len(activities), len(told))

    def test_done_takes_the_activities_back(self):
        self.run_cron("2026-06-29 09:00:00")
        self.assertTrue(self.told())
        with freeze_time("2026-06-29 10:00:00"):
            self.ticket._care_meet("answer")
        self.assertFalse(self.told())
        self.assertFalse(self.told(kind="acknowledge"))
        self.run_cron("2026-07-10 09:00:00")
        self.assertFalse(self.told())

    def test_extended_is_warned_of_anew(self):
        self.run_cron("2026-06-29 09:00:00")
        with freeze_time("2026-06-30 09:00:00"):
            self.ticket._care_extend(
                "answer",
                datetime(2026, 7, 20),
                "Staff on leave",
                datetime(2026, 6, 30, 8),
                "By phone",
            )
        self.assertFalse(self.told())
        self.run_cron("2026-07-05 09:00:00")
        self.assertFalse(self.told())
        self.run_cron("2026-07-13 09:00:00")
        self.assertEqual(self.told(), {self.person: False})
        self.assertEqual(self.steps(), ["person", "person"])

    def test_nobody_is_told_whom_it_is_about(self):
        self.ticket.care_about_user_ids = [Command.set(self.lead.ids)]
        self.run_cron("2026-07-07 09:00:00")
        self.assertNotIn(self.lead, self.told())
        self.assertIn(self.supervisor, self.told())

    def test_without_a_person_the_lead_is_told(self):
        self.ticket.user_id = False
        self.run_cron("2026-06-29 09:00:00")
        self.assertEqual(self.told(), {self.lead: False})

    def test_killed_in_the_middle_and_run_again(self):
        with freeze_time("2026-06-01 09:00:00"):
            tickets = self.ticket | self._ticket() | self._ticket()
        deadlines = self.env.registry["care.deadline"]
        notify, calls = deadlines._care_notify, []

        def killed(rows, told):
            calls.append(rows)
            notify(rows, told)
            if len(calls) == 2:
                # After the rows and the activities are written, before they are committed.
                rows.env.flush_all()
                raise Killed

        with freeze_time("2026-06-29 09:00:00"), self.enter_registry_test_mode():
            # Not assertRaises: it would undo what was committed before, too.
            with (
                contextlib.suppress(Killed),
                patch.object(deadlines, "_care_notify", killed),
                self.env.registry.cursor() as cr,
            ):
                env = self.env(cr=cr)
                env["care.deadline"]._cron_care_escalate(batch_size=2)
        self.assertEqual(len(calls), 2)
        rows = self.env["care.escalation"].search(
            [("deadline_id", "in", tickets.care_deadline_ids.ids)]
        )
        self.assertEqual(rows.deadline_id, calls[0].with_env(self.env))
        for _ in range(2):
            self.run_cron("2026-06-29 09:10:00")
        for ticket in tickets:
            self.assertEqual(self.steps(ticket), ["person"])
            self.assertEqual(self.steps(ticket, "acknowledge"), ["breach", "lead", "person"])
            activities = self.env["mail.activity"].search(
                [("care_deadline_id", "in", ticket.care_deadline_ids.ids)]
            )
            pairs = [(a.care_deadline_id, a.user_id) for a in activities]
            self.assertEqual(len(pairs), len(set(pairs)))
            self.assertEqual(self.told(ticket), {self.person: False})

    def test_one_that_fails_silences_no_other(self):
        with freeze_time("2026-06-01 09:00:00"):
            other = self._ticket()
        deadlines = self.env.registry["care.deadline"]
        notify, bad = deadlines._care_notify, self.row(self.ticket, "answer")

        def failing(rows, told):
            if bad in rows:
                raise ValueError("no such user")
            notify(rows, told)

        with (
            patch.object(deadlines, "_care_notify", failing),
            mute_logger("odoo.addons.patient_care_coordination.models.clock.care_deadline"),
        ):
            self.run_cron("2026-06-29 09:00:00")
        self.assertFalse(self.steps())
        self.assertEqual(self.told(other), {self.person: False})
        self.run_cron("2026-06-29 09:10:00")
        self.assertEqual(self.told(), {self.person: False})

    def test_a_step_is_one_row(self):
        row = self.row(self.ticket, "answer")
        values = {
            "deadline_id": row.id,
            "step": "person",
            "due": row.due,
            "date": row.due,
        }
        escalations = self.env["care.escalation"].sudo()
        wanted = [(row.id, "person", row.due)]
        self.assertEqual(escalations._care_record(wanted), {row.id: {"person"}})
        self.assertEqual(escalations._care_record(wanted), {})
        with self.assertRaises(IntegrityError), mute_logger("odoo.sql_db"):
            escalations.create(values)
            escalations.flush_model()

"""Deadlines of inquiries: when they start, end, are met, extended and computed anew."""

from datetime import datetime, timedelta

from freezegun import freeze_time
from psycopg2 import IntegrityError

from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import Form
from odoo.tools import mute_logger

from odoo.addons.patient_care_coordination.models.clock.calendar_math import local_day

from ..common import MODULE, CareCommon, correct_received
from ..intake import expect_intake_errors

ANSWERED = {
    "care_answer": "Every day from two to eight.",
    "care_told": "Ben Okafor",
}


class ClockCommon(CareCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.care_tz = "Europe/London"
        cls.concern = cls.env.ref(f"{MODULE}.nature_concern")
        cls.grievance = cls.env.ref(f"{MODULE}.nature_grievance")
        cls.comment = cls.env.ref(f"{MODULE}.nature_comment")
        cls.phone = cls.env["helpdesk.ticket.channel"]._care_by_code("phone")
        cls.category = cls.env.ref(f"{MODULE}.category_topic_visiting")
        cls.done = cls.env.ref("helpdesk_mgmt.helpdesk_ticket_stage_done")
        cls.progress = cls.env.ref("helpdesk_mgmt.helpdesk_ticket_stage_in_progress")

    @classmethod
    def use(cls, code):
        cls.policy = cls.env.ref(f"{MODULE}.policy_{code}")
        cls.company.care_policy_id = cls.policy
        return cls.policy

    def told(self, when):
        return {
            **ANSWERED,
            "care_told_date": when,
            "care_told_channel_id": self.phone.id,
            "category_id": self.category.id,
            "care_department_id": self.ward.id,
            "care_issue_ids": [
                Command.create({"category_id": self.category.id, "finding": "upheld"})
            ],
        }

    def close(self, ticket, when):
        ticket.write({**self.told(when), "stage_id": self.done.id})

    def row(self, ticket, kind, number=None):
        return ticket.care_deadline_ids.filtered(
            lambda row: (
                row.kind == kind
                and row.round == (number or ticket.care_round)
                and not row.void_date
            )
        )

    def dues(self, ticket):
        return {
            row.kind: row.due
            for row in ticket.care_deadline_ids
            if row.round == ticket.care_round and not row.void_date
        }


class TestStart(ClockCommon):
    def test_generic_is_the_default(self):
        company = self.env["res.company"].create({"name": "Another hospital"})
        for each in (self.company, company):
            self.assertEqual(each.care_policy_id, self.env.ref(f"{MODULE}.policy_generic"))
            self.assertTrue(each.care_tz)

    @freeze_time("2026-04-02 15:00:00")
    def test_england_over_easter(self):
        self.use("england")
        ticket = self.make_inquiry(care_nature_id=self.complaint.id)
        self.assertEqual(ticket.care_policy_id, self.policy)
        self.assertEqual(
            self.dues(ticket),
            {
                # Good Friday and Easter Monday do not count.
                "acknowledge": datetime(2026, 4, 9, 22, 59, 59),
                # In October London has the same time as in April.
                "answer": datetime(2026, 10, 1, 22, 59, 59),
            },
        )
        self.assertEqual(ticket.care_next_due, datetime(2026, 4, 9, 22, 59, 59))
        self.assertEqual(ticket.care_clock_state, "running")
        self.assertEqual(ticket.care_clock_text, "Acknowledge by 04/09/2026")

    @freeze_time("2025-12-24 15:00:00")
    def test_us_counts_calendar_days(self):
        self.use("us_cms")
        self.company.care_tz = "America/New_York"
        ticket = self.make_inquiry(care_nature_id=self.grievance.id)
        self.assertEqual(self.dues(ticket), {"answer": datetime(2026, 1, 1, 4, 59, 59)})
        self.assertEqual(self.row(ticket, "answer").due_text, "12/31/2025")

    @freeze_time("2026-06-05 09:00:00")
    def test_logged_late_runs_from_the_receipt(self):
        self.use("england")
        ticket = self.make_inquiry(
            care_nature_id=self.complaint.id, care_received_date="2026-06-01 09:00:00"
        )
        row = self.row(ticket, "acknowledge")
        self.assertEqual(row.start, datetime(2026, 6, 1, 9))
        self.assertEqual(row.due, datetime(2026, 6, 4, 22, 59, 59))
        self.assertEqual(ticket.care_clock_state, "missed")

    def test_numbers_of_the_other_policies(self):
        received = datetime(2026, 3, 2, 10)
        expected = {
            "scotland": {"acknowledge": "2026-03-05", "answer": "2026-03-30"},
            # 17 March, Easter Monday and 4 May are public holidays; the 48 hours run on.
            "ireland": {
                "contact": "2026-03-04",
                "acknowledge": "2026-03-09",
                "inform": "2026-03-31",
                "answer": "2026-04-15",
            },
            "queensland": {"acknowledge": "2026-03-07", "answer": "2026-04-06"},
            "ontario": {"acknowledge": "2026-03-09", "answer": "2026-04-01"},
            "generic": {"acknowledge": "2026-03-03", "answer": "2026-03-30"},
        }
        zones = {"queensland": "Australia/Brisbane", "ontario": "America/Toronto"}
        for code, days in expected.items():
            with self.subTest(policy=code), freeze_time("2026-03-02 12:00:00"):
                self.use(code)
                self.company.care_tz = zones.get(code, "Europe/Dublin")
                ticket = self.make_inquiry(
                    care_nature_id=self.complaint.id, care_received_date=received
                )
                rows = ticket.care_deadline_ids
                zone = self.company.care_tz
                local = {row.kind: str(local_day(row.due, zone)) for row in rows}
                self.assertEqual(local, days)
        with freeze_time("2026-03-02 12:00:00"):
            self.use("ireland")
            ticket = self.make_inquiry(
                care_nature_id=self.complaint.id, care_received_date=received
            )
            self.assertEqual(self.row(ticket, "contact").due, datetime(2026, 3, 4, 10))
            self.use("scotland")
            stage1 = self.make_inquiry(care_nature_id=self.concern.id, care_received_date=received)
            self.assertEqual(stage1.care_clock_text, "Answer by 03/09/2026")

    def test_nature_without_lines_has_no_deadline(self):
        ticket = self.make_inquiry(care_nature_id=self.comment.id)
        self.assertFalse(ticket.care_deadline_ids)
        self.assertFalse(ticket.care_clock_state)
        self.assertFalse(ticket.care_next_due)

    def test_department_comes_before_nature_before_company(self):
        england, scotland = (
            self.env.ref(f"{MODULE}.policy_{code}") for code in ("england", "scotland")
        )
        self.complaint.with_company(self.company).care_policy_id = scotland
        self.assertEqual(self.make_inquiry().care_policy_id, self.company.care_policy_id)
        ticket = self.make_inquiry(care_nature_id=self.complaint.id)
        self.assertEqual(ticket.care_policy_id, scotland)
        self.ward.care_policy_id = england
        bay = self.env["care.department"].create({"name": "Bay 2", "parent_id": self.ward.id})
        ticket = self.make_inquiry(care_nature_id=self.complaint.id, care_department_id=bay.id)
        self.assertEqual(ticket.care_policy_id, england)

    def test_first_line_of_a_kind_and_severity(self):
        self.use("generic")
        self.policy.clock_ids.filtered(lambda line: line.kind == "answer").sequence = 99
        line = self.env["care.policy.clock"].create(
            {
                "policy_id": self.policy.id,
                "kind": "answer",
                "nature_ids": [Command.set(self.complaint.ids)],
                "severity_from": "3",
                "amount": 2,
                "unit": "calendar_days",
            }
        )
        with freeze_time("2026-06-01 09:00:00"):
            ticket = self.make_inquiry(care_nature_id=self.complaint.id)
            self.assertEqual(self.row(ticket, "answer").amount, 20)
            issue = self.env["care.issue"].create(
                {"ticket_id": ticket.id, "category_id": self.category.id, "severity": "2"}
            )
            self.assertEqual(self.row(ticket, "answer").amount, 20)
            issue.severity = "3"
            row = self.row(ticket, "answer")
            self.assertEqual(row.clock_id, line)
            self.assertEqual(row.due, datetime(2026, 6, 3, 22, 59, 59))
            self.assertEqual(row.change_ids.reason, "Severity of the issues")
            # Less grave again: later it gets by an extension alone.
            issue.severity = "1"
            self.assertEqual(self.row(ticket, "answer").due, datetime(2026, 6, 3, 22, 59, 59))

    def test_plain_ticket_has_no_clocks(self):
        team = self.env["helpdesk.ticket.team"].create({"name": "IT"})
        ticket = self.env["helpdesk.ticket"].create(
            [{"name": "Printer", "description": "Toner", "team_id": team.id}]
        )
        self.assertFalse(ticket.care_policy_id)
        self.assertFalse(ticket.care_deadline_ids)
        ticket.action_care_make_inquiry()
        self.assertEqual(self.row(ticket, "answer").start, ticket.care_received_date)
        ticket.with_user(self.people["privacy_officer"]).action_care_make_plain()
        self.assertTrue(ticket.care_deadline_ids.void_date)
        self.assertFalse(ticket.care_next_due)

    def test_hundred_take_the_queries_of_one(self):
        values = {
            "name": "Cold soup",
            "description": "Cold again",
            "care_nature_id": self.complaint.id,
        }
        tickets = self.env["helpdesk.ticket"].with_context(tracking_disable=True)
        made = tickets.create([dict(values) for _ in range(101)])
        self.env.flush_all()
        made.care_deadline_ids.sudo().unlink()
        counts = []
        for batch in (made[:1], made[1:]):
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            batch._care_start_clocks()
            self.env.flush_all()
            counts.append(self.env.cr.sql_log_count - before)
            self.assertEqual(len(batch.care_deadline_ids), 2 * len(batch))
        self.assertLessEqual(counts[1], counts[0] + 3, counts)
        self.assertLess(counts[0], 30)

    def test_failure_keeps_the_inquiry_and_is_made_good(self):
        self.use("generic")
        self.policy.calendar_id.attendance_ids.unlink()
        with expect_intake_errors():
            ticket = self.make_inquiry(care_nature_id=self.complaint.id)
        self.assertIn("no working weekday", ticket.care_intake_error)
        self.assertFalse(ticket.care_deadline_ids)
        self.policy.calendar_id.attendance_ids = [
            Command.create({"name": "Monday", "dayofweek": "0", "hour_from": 8, "hour_to": 16})
        ]
        cron = self.env.ref(f"{MODULE}.cron_start_clocks")
        with self.enter_registry_test_mode():
            self.assertIs(cron.method_direct_trigger(), True)
        self.assertEqual(set(ticket.care_deadline_ids.mapped("kind")), {"acknowledge", "answer"})

    def test_inquiries_from_before_get_their_clocks_and_no_alarm(self):
        ticket = self.make_inquiry(
            care_nature_id=self.complaint.id,
            care_received_date=datetime.now().replace(microsecond=0) - timedelta(days=90),
        )
        ticket.care_deadline_ids.sudo().unlink()
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE helpdesk_ticket SET care_policy_id = NULL WHERE id = %s", (ticket.id,)
        )
        self.env.invalidate_all()
        self.env["helpdesk.ticket"].sudo().browse(ticket.id)._care_start_clocks_safely()
        self.assertEqual(ticket.care_clock_state, "missed")
        self.assertFalse(any(ticket.care_deadline_ids.mapped("escalate_date")))


class TestMeet(ClockCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.use("england")

    def test_acknowledged_then_answered(self):
        with freeze_time("2026-06-01 09:00:00"):
            ticket = self.make_inquiry(care_nature_id=self.complaint.id)
        with freeze_time("2026-06-02 09:00:00"):
            ticket._care_meet("acknowledge")
            ticket._care_meet("contact")
            row = self.row(ticket, "acknowledge")
            self.assertEqual((row.state, row.met_by), ("met", "contact"))
            self.assertEqual(ticket.care_next_due, self.row(ticket, "answer").due)
            # A second acknowledgement changes nothing.
            ticket._care_meet("acknowledge", datetime(2026, 6, 2, 10))
            self.assertEqual(row.met_date, datetime(2026, 6, 2, 9))
        with freeze_time("2026-07-01 09:00:00"):
            ticket.write({"care_told_date": "2026-06-30 10:00:00"})
            row = self.row(ticket, "answer")
            self.assertEqual((row.met_date, row.met_by), (datetime(2026, 6, 30, 10), "told"))
            self.assertEqual(ticket.care_clock_state, "met")
            self.assertFalse(ticket.care_next_due)
            # A date typed wrong is corrected, and taken back it opens the clock again.
            ticket.care_told_date = "2026-06-29 10:00:00"
            self.assertEqual(row.met_date, datetime(2026, 6, 29, 10))
            ticket.care_told_date = False
            self.assertEqual(row.state, "running")
            self.assertTrue(row.escalate_date)

    def test_hundred_are_met_with_the_queries_of_one(self):
        values = {"name": "x", "description": "x", "care_nature_id": self.complaint.id}
        made = self.env["helpdesk.ticket"].create([dict(values) for _ in range(101)])
        counts = []
        for batch in (made[:1], made[1:]):
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            batch._care_meet("acknowledge")
            self.env.flush_all()
            counts.append(self.env.cr.sql_log_count - before)
        self.assertEqual(len(made.care_deadline_ids.filtered("met_date")), 101)
        self.assertLessEqual(counts[1], counts[0] + 3, counts)

    def test_letter_that_answers_also_acknowledges(self):
        with freeze_time("2026-06-01 09:00:00"):
            ticket = self.make_inquiry(care_nature_id=self.complaint.id)
        with freeze_time("2026-06-03 09:00:00"):
            ticket._care_meet("answer", datetime(2026, 6, 2, 9))
        self.assertEqual(set(ticket.care_deadline_ids.mapped("state")), {"met"})

    def test_done_before_the_receipt_meets_nothing(self):
        with freeze_time("2026-06-01 09:00:00"):
            ticket = self.make_inquiry(care_nature_id=self.complaint.id)
            ticket._care_meet("acknowledge", datetime(2026, 5, 31, 9))
            self.assertFalse(self.row(ticket, "acknowledge").met_date)

    def test_too_late_stays_missed(self):
        with freeze_time("2026-06-01 09:00:00"):
            ticket = self.make_inquiry(care_nature_id=self.complaint.id)
        with freeze_time("2026-06-05 09:00:00"):
            self.assertEqual(ticket.care_clock_state, "missed")
            ticket._care_meet("acknowledge")
            row = self.row(ticket, "acknowledge")
            self.assertEqual(row.state, "missed")
            self.assertTrue(row.late)
            # What is open now decides on the list; the fact stays for the end.
            self.assertEqual(ticket.care_clock_state, "running")
            self.close(ticket, "2026-06-05 08:00:00")
            self.assertEqual(ticket.care_clock_state, "missed")
            self.assertEqual(ticket.care_clock_text, "Acknowledged late, 06/05/2026")

    def test_a_clock_that_was_met_says_which(self):
        with freeze_time("2026-06-01 09:00:00"):
            ticket = self.make_inquiry(care_nature_id=self.complaint.id)
            self.close(ticket, "2026-06-01 09:00:00")
            self.assertEqual(ticket.care_clock_state, "met")
            self.assertIn(", 06/01/2026", ticket.care_clock_text)
            self.assertNotIn("late", ticket.care_clock_text)

    def test_what_is_noted_after_the_end_counts_from_when_it_was_noted(self):
        with freeze_time("2026-06-01 09:00:00"):
            ticket = self.make_inquiry(care_nature_id=self.complaint.id)
        row = self.row(ticket, "acknowledge")
        with freeze_time("2026-06-08 09:00:00"):
            ticket.with_user(self.people["coordinator"])._care_meet(
                "acknowledge", datetime(2026, 6, 2, 9)
            )
            self.assertEqual((row.met_date, row.state), (datetime(2026, 6, 8, 9), "missed"))
            self.assertEqual(row.claimed_date, datetime(2026, 6, 2, 9))
            self.assertTrue(ticket.care_met_late)
            claimed = [("claimed_date", "!=", False), ("accepted", "=", False)]
            self.assertIn(row, row.search(claimed))
            for person in ("coordinator", "responder"):
                with self.assertRaisesRegex(AccessError, "Only a supervisor accepts"):
                    row.with_user(self.people[person])._care_accept("She did call.")
            mine = row.with_user(self.people["supervisor"])
            with self.assertRaisesRegex(UserError, "Say why it is accepted"):
                mine._care_accept("  ")
            self.assertEqual(row.met_date, datetime(2026, 6, 8, 9))
            action = mine.action_care_accept()
            form = Form(
                self.env[action["res_model"]]
                .with_user(mine.env.user)
                .with_context(**action["context"])
            )
            form.reason = "The list of calls of the switchboard says so."
            form.save().action_confirm()
            self.assertEqual((row.met_date, row.state), (datetime(2026, 6, 2, 9), "met"))
            self.assertTrue(row.accepted)
            change = row.change_ids
            self.assertEqual((change.what, change.user_id), ("accepted", mine.env.user))
            self.assertEqual(change.reason, "The list of calls of the switchboard says so.")
            self.assertEqual(change.told_date, datetime(2026, 6, 2, 9))
            with self.assertRaisesRegex(UserError, "nothing to accept"):
                mine._care_accept("Once more")
            with self.assertRaisesRegex(UserError, "nothing to accept"):
                self.row(ticket, "answer").with_user(mine.env.user)._care_accept("No claim")

    def test_a_short_while_for_writing_it_down_is_the_policys(self):
        with freeze_time("2026-06-01 09:00:00"):
            tickets = [self.make_inquiry(care_nature_id=self.complaint.id) for _ in range(3)]
        rows = [self.row(ticket, "acknowledge") for ticket in tickets]
        end = rows[0].due
        self.assertEqual(self.policy.late_entry_hours, 1)
        done = end - timedelta(minutes=5)
        with freeze_time(done + timedelta(hours=1)):
            tickets[0]._care_meet("acknowledge", done)
            self.assertEqual((rows[0].met_date, rows[0].state), (done, "met"))
            self.assertFalse(rows[0].claimed_date)
        with freeze_time(done + timedelta(hours=1, seconds=1)):
            tickets[1]._care_meet("acknowledge", done)
            self.assertEqual(rows[1].state, "missed")
            self.policy.late_entry_hours = 2
            tickets[2]._care_meet("acknowledge", done)
            self.assertEqual(rows[2].state, "met")
        with self.assertRaisesRegex(IntegrityError, "late_entry_short"), mute_logger("odoo.sql_db"):
            self.policy.late_entry_hours = 25
            self.policy.flush_recordset()

    def test_told_with_an_earlier_date_turns_no_clock_back(self):
        with freeze_time("2026-06-01 09:00:00"):
            ticket = self.make_inquiry(care_nature_id=self.complaint.id)
        with freeze_time("2026-06-08 09:00:00"):
            ticket.care_told_date = "2026-06-02 10:00:00"
            row, answer = self.row(ticket, "acknowledge"), self.row(ticket, "answer")
            self.assertEqual((row.met_date, row.met_by), (datetime(2026, 6, 8, 9), "told"))
            # What had not passed is met when it was done.
            self.assertEqual(answer.met_date, datetime(2026, 6, 2, 10))
        with freeze_time("2026-06-09 09:00:00"):
            # Neither another earlier date nor the closing moves it.
            ticket.care_told_date = "2026-06-02 11:00:00"
            self.assertEqual(row.met_date, datetime(2026, 6, 8, 9))
            self.assertEqual(row.claimed_date, datetime(2026, 6, 2, 11))
            self.close(ticket, "2026-06-02 11:00:00")
            self.assertEqual((row.met_date, row.state), (datetime(2026, 6, 8, 9), "missed"))
            # Noted late as done late, it was late.
            ticket.care_told_date = "2026-06-07 11:00:00"
            self.assertEqual(row.met_date, datetime(2026, 6, 7, 11))
            self.assertFalse(row.claimed_date)

    def test_what_a_new_inquiry_brings_with_it_is_no_way_around(self):
        values = {
            "care_nature_id": self.complaint.id,
            "care_received_date": "2026-06-01 09:00:00",
            **self.told("2026-06-02 09:00:00"),
            "name": "Late",
            "description": "Logged late",
        }
        inquiries = self.env["helpdesk.ticket"]
        with freeze_time("2026-06-20 09:00:00"):
            ticket = inquiries.with_user(self.people["coordinator"]).create([dict(values)])
            row = self.row(ticket.sudo(), "acknowledge")
            self.assertEqual((row.met_date, row.state), (datetime(2026, 6, 20, 9), "missed"))
            self.assertEqual(row.claimed_date, datetime(2026, 6, 2, 9))
            ticket = inquiries.with_user(self.people["supervisor"]).create([dict(values)])
            row = self.row(ticket.sudo(), "acknowledge")
            self.assertEqual((row.met_date, row.state), (datetime(2026, 6, 2, 9), "met"))
            self.assertTrue(row.accepted)
            self.assertEqual(row.change_ids.reason, "Brought in as it was done")
            self.assertEqual(row.change_ids.user_id, self.people["supervisor"])

    def test_oral_concern_settled_by_the_next_working_day(self):
        with freeze_time("2026-02-06 10:00:00"):
            tickets = [self.make_inquiry(care_nature_id=self.concern.id) for _ in range(2)]
        # Monday is the next working day after that Friday.
        for day, state in ((9, "met"), (10, "missed")):
            with freeze_time(f"2026-02-{day:02} 15:00:00"):
                ticket = tickets.pop(0)
                ticket.care_told_date = f"2026-02-{day:02} 14:00:00"
                self.assertFalse(self.row(ticket, "settle").met_date)
                self.close(ticket, f"2026-02-{day:02} 14:00:00")
                self.assertEqual(self.row(ticket, "settle").state, state)

    def test_told_in_the_future_is_refused(self):
        ticket = self.make_inquiry()
        refused = "in the future: enter when the person was told"
        with self.assertRaisesRegex(UserError, refused), self.env.cr.savepoint():
            ticket.care_told_date = datetime.now() + timedelta(days=1)
        with self.assertRaisesRegex(UserError, refused), self.env.cr.savepoint():
            self.make_inquiry(care_told_date=datetime.now() + timedelta(days=1))
        self.assertFalse(ticket.care_told_date)

    def test_told_before_the_receipt_is_refused(self):
        with freeze_time("2026-06-03 09:00:30"):
            ticket = self.make_inquiry()
            refused = "told on 06/02/2026.* before the inquiry was received on 06/03/2026"
            with self.assertRaisesRegex(UserError, refused), self.env.cr.savepoint():
                ticket.care_told_date = "2026-06-02 10:00:00"
            with self.assertRaisesRegex(UserError, refused), self.env.cr.savepoint():
                self.make_inquiry(care_told_date="2026-06-02 10:00:00")
            self.assertFalse(ticket.care_told_date)
            # Within the minute of the receipt, as a form sends it.
            ticket.care_told_date = "2026-06-03 09:00:00"
            ticket.write(
                {
                    "care_received_date": "2026-06-02 09:00:00",
                    "care_told_date": "2026-06-02 10:00:00",
                }
            )
            refused = "before the inquiry was received"
            with self.assertRaisesRegex(UserError, refused), self.env.cr.savepoint():
                ticket.care_received_date = "2026-06-02 11:00:00"
            self.assertEqual(ticket.care_received_date, datetime(2026, 6, 2, 9))

    def test_no_stage_pauses_and_consent_is_shown_beside(self):
        with freeze_time("2026-06-01 09:00:00"):
            ticket = self.make_inquiry(care_nature_id=self.complaint.id)
            before = self.dues(ticket)
            ticket.action_care_consent_asked()
        awaiting = self.env.ref("helpdesk_mgmt.helpdesk_ticket_stage_awaiting")
        ticket.write({"stage_id": awaiting.id, "care_waiting": "caller"})
        with freeze_time("2026-06-11 09:00:00"):
            ticket.invalidate_recordset(["care_consent_text", "care_clock_state"])
            self.assertEqual(ticket.care_consent_text, "Waiting 10 days for consent")
            ticket.stage_id = self.progress
            ticket.action_care_consent_came()
            self.assertEqual(ticket.care_consent_text, "Waited 10 days for consent")
            self.assertEqual(self.dues(ticket), before)
            self.assertEqual(ticket.care_clock_state, "missed")

    def test_imported_as_closed(self):
        with freeze_time("2026-06-20 09:00:00"):
            ticket = self.make_inquiry(
                care_nature_id=self.complaint.id,
                care_received_date="2026-06-01 09:00:00",
                stage_id=self.done.id,
                **self.told("2026-06-03 09:00:00"),
            )
            self.assertEqual(
                set(ticket.care_deadline_ids.mapped("met_date")), {datetime(2026, 6, 3, 9)}
            )
            self.assertEqual(ticket.care_clock_state, "met")
            # Nobody noted when the person was told, so the closing counts.
            self.question.close_needs_told = False
            question = self.make_inquiry(
                care_received_date="2026-06-01 09:00:00",
                closed_date="2026-06-18 09:00:00",
                stage_id=self.done.id,
                **self.told(False),
            )
            row = self.row(question, "answer")
            self.assertEqual((row.met_date, row.met_by), (datetime(2026, 6, 18, 9), "closed"))
            self.assertEqual(row.state, "missed")

    def test_updates_recur_until_the_answer(self):
        self.use("ireland")
        self.company.care_tz = "Europe/Dublin"
        with freeze_time("2026-06-02 09:00:00"):
            ticket = self.make_inquiry(care_nature_id=self.complaint.id)
            self.assertEqual(self.row(ticket, "inform").due, datetime(2026, 6, 30, 22, 59, 59))
        with freeze_time("2026-06-15 09:00:00"):
            ticket._care_meet("inform")
            rows = self.row(ticket, "inform")
            self.assertEqual(len(rows), 2)
            running = rows._care_open()
            self.assertEqual(running.start, datetime(2026, 6, 15, 9))
            self.assertEqual(running.due, datetime(2026, 7, 13, 22, 59, 59))
        with freeze_time("2026-07-01 09:00:00"):
            ticket._care_meet("answer")
            self.assertFalse(self.row(ticket, "inform")._care_open())
            ticket._care_meet("inform")
            self.assertEqual(len(self.row(ticket, "inform")), 2)


class TestRounds(ClockCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.use("england")

    def test_reopening_starts_a_new_round_and_keeps_the_old(self):
        with freeze_time("2026-06-01 09:00:00"):
            ticket = self.make_inquiry(care_nature_id=self.complaint.id)
        with freeze_time("2026-06-03 09:00:00"):
            self.close(ticket, "2026-06-03 08:00:00")
            self.assertEqual(ticket.closed_date, datetime(2026, 6, 3, 9))
        first = ticket.care_deadline_ids
        with freeze_time("2026-06-10 10:00:00"):
            ticket.stage_id = self.progress
            self.assertFalse(ticket.closed_date)
            self.assertEqual(ticket.care_round, 2)
            self.assertEqual(self.row(ticket, "acknowledge").start, datetime(2026, 6, 10, 10))
            self.assertEqual(self.row(ticket, "acknowledge").due, datetime(2026, 6, 15, 22, 59, 59))
            self.assertEqual(ticket.care_clock_state, "running")
        self.assertEqual(set(first.mapped("round")), {1})
        self.assertEqual(set(first.mapped("met_date")), {datetime(2026, 6, 3, 8)})
        with freeze_time("2026-06-12 09:00:00"):
            # What the person was told in the first round answers nothing in the second.
            ticket.stage_id = self.done
            row = self.row(ticket, "answer")
            self.assertEqual((row.met_date, row.met_by), (datetime(2026, 6, 12, 9), "closed"))

    def test_from_one_closed_stage_to_another_it_stays_closed_since(self):
        cancelled = self.env.ref("helpdesk_mgmt.helpdesk_ticket_stage_cancelled")
        with freeze_time("2026-06-01 09:00:00"):
            ticket = self.make_inquiry()
        with freeze_time("2026-06-03 09:00:00"):
            self.close(ticket, "2026-06-03 08:00:00")
        with freeze_time("2026-06-05 09:00:00"):
            ticket.stage_id = cancelled
        self.assertEqual(ticket.closed_date, datetime(2026, 6, 3, 9))
        self.assertEqual(ticket.care_round, 1)

    def test_upgrade_runs_from_the_first_receipt(self):
        with freeze_time("2026-06-01 09:00:00"):
            ticket = self.make_inquiry(care_nature_id=self.concern.id)
            self.assertEqual(set(self.dues(ticket)), {"settle", "answer"})
        answer, settle = self.row(ticket, "answer"), self.row(ticket, "settle")
        with freeze_time("2026-06-03 09:00:00"):
            ticket.with_user(self.people["coordinator"])._care_set_nature(
                self.complaint, "Wants a letter"
            )
        self.assertEqual(
            self.dues(ticket),
            {
                "acknowledge": datetime(2026, 6, 4, 22, 59, 59),
                "answer": datetime(2026, 11, 30, 23, 59, 59),
            },
        )
        self.assertEqual(self.row(ticket, "answer"), answer)
        self.assertTrue(settle.void_date)
        self.assertEqual(settle.state, "void")
        self.assertEqual(answer.change_ids.old_due, datetime(2026, 6, 8, 22, 59, 59))
        self.assertEqual(answer.change_ids.reason, "Nature: Concern → Complaint")

    def test_upgrade_after_an_answer_asks_for_a_new_one(self):
        with freeze_time("2026-06-01 09:00:00"):
            ticket = self.make_inquiry(care_nature_id=self.concern.id)
        with freeze_time("2026-06-02 09:00:00"):
            ticket.care_told_date = "2026-06-02 08:00:00"
        with freeze_time("2026-06-03 09:00:00"):
            ticket._care_set_nature(self.complaint, "Not satisfied")
            rows = self.row(ticket, "answer")
            self.assertEqual(len(rows), 2)
            running = rows._care_open()
            self.assertEqual(running.start, datetime(2026, 6, 1, 9))
            self.assertEqual(running.since, datetime(2026, 6, 3, 9))
            # It was acknowledged by the first answer.
            self.assertEqual(self.row(ticket, "acknowledge").met_date, datetime(2026, 6, 2, 8))

    def test_downgrade_needs_a_supervisor(self):
        ticket = self.make_inquiry(care_nature_id=self.complaint.id)
        sentence = "Only a supervisor can turn a complaint into a concern"
        coordinator, supervisor = self.people["coordinator"], self.people["supervisor"]
        with self.assertRaisesRegex(UserError, sentence):
            self.env["care.upgrade"].with_user(coordinator).create(
                {"ticket_id": ticket.id, "nature_id": self.concern.id, "reason": "Settled"}
            ).action_confirm()
        self.assertFalse(ticket.care_nature_change_ids)
        self.env["care.upgrade"].with_user(supervisor).create(
            {"ticket_id": ticket.id, "nature_id": self.concern.id, "reason": "Settled"}
        ).action_confirm()
        self.assertEqual(set(self.dues(ticket)), {"settle", "answer"})

    def test_corrected_receipt_moves_the_clocks(self):
        with freeze_time("2026-06-05 09:00:00"):
            ticket = self.make_inquiry(care_nature_id=self.complaint.id)
            ticket._care_meet("acknowledge")
            correct_received(ticket, self.people["coordinator"], datetime(2026, 6, 1, 9))
            row = self.row(ticket, "acknowledge")
            self.assertEqual(row.due, datetime(2026, 6, 4, 22, 59, 59))
            self.assertEqual(row.state, "missed")
            answer = self.row(ticket, "answer")
            self.assertEqual(answer.due, datetime(2026, 11, 30, 23, 59, 59))
            self.assertIn("Received 06/01/2026", answer.change_ids.reason)
            self.assertEqual(answer.change_ids.user_id, self.people["coordinator"])

    def test_correction_keeps_what_the_person_was_told(self):
        self.use("us_cms")
        with freeze_time("2026-06-05 09:00:00"):
            ticket = self.make_inquiry(care_nature_id=self.complaint.id)
            told = datetime(2026, 6, 5, 9)
            row = ticket._care_extend(
                "answer", datetime(2026, 6, 20), "Staff on leave", told, "By phone"
            )
            ticket.care_received_date = "2026-06-01 09:00:00"
            self.assertEqual(row.first_due, datetime(2026, 6, 8, 22, 59, 59))
            self.assertEqual(row.due, datetime(2026, 6, 20, 22, 59, 59))

    def test_department_with_its_own_policy(self):
        with freeze_time("2026-06-01 09:00:00"):
            ticket = self.make_inquiry(care_nature_id=self.complaint.id)
            self.ward.care_policy_id = self.env.ref(f"{MODULE}.policy_scotland")
            ticket.care_department_id = self.ward
        self.assertEqual(ticket.care_policy_id, self.ward.care_policy_id)
        row = self.row(ticket, "answer")
        self.assertEqual(row.due, datetime(2026, 6, 29, 22, 59, 59))
        self.assertEqual(row.change_ids.reason, "Department: – → Ward 7")

    def test_changing_the_policy_moves_nothing_until_a_supervisor_says_so(self):
        with freeze_time("2026-06-01 09:00:00"):
            ticket = self.make_inquiry(care_nature_id=self.complaint.id)
            before = self.dues(ticket)
            self.policy.clock_ids.filtered(lambda line: line.kind == "acknowledge").amount = 2
            self.assertEqual(self.dues(ticket), before)
            ticket.care_received_date = "2026-05-29 09:00:00"
            self.assertEqual(self.row(ticket, "acknowledge").due, datetime(2026, 6, 3, 22, 59, 59))
            self.use("scotland")
            self.assertNotEqual(ticket.care_policy_id, self.policy)
            for login, error in (("coordinator", AccessError), ("responder", AccessError)):
                with self.assertRaises(error):
                    ticket.with_user(self.people[login])._care_recompute("New rules")
            supervisor = self.people["supervisor"]
            with self.assertRaisesRegex(UserError, "Say why the deadlines are computed anew"):
                ticket.with_user(supervisor)._care_recompute(" ")
            self.env["care.recompute"].with_user(supervisor).with_context(
                active_model="helpdesk.ticket", active_ids=ticket.ids
            ).create({"reason": "New rules"}).action_confirm()
            self.assertEqual(ticket.care_policy_id, self.policy)
            self.assertEqual(self.row(ticket, "answer").due, datetime(2026, 6, 26, 22, 59, 59))
            self.assertIn("New rules", self.row(ticket, "answer").change_ids.mapped("reason"))

    def test_recomputing_an_answered_one_asks_for_nothing_new(self):
        ticket = self.make_inquiry(care_nature_id=self.complaint.id)
        ticket._care_meet("answer")
        ticket._care_recompute("New rules")
        self.assertFalse(ticket.care_deadline_ids._care_open())


class TestExtend(ClockCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.use("us_cms")
        with freeze_time("2026-06-01 09:00:00"):
            cls.ticket = cls.make_inquiry(care_nature_id=cls.grievance.id)

    def extend(self, **changes):
        values = {
            "kind": "answer",
            "new_due": datetime(2026, 6, 19, 9),
            "reason": "The ward needs the night staff's account",
            "told_date": datetime(2026, 6, 5, 9),
            "told_how": "By phone",
            "login": "coordinator",
        } | changes
        ticket = self.ticket.with_user(self.people[values.pop("login")])
        return ticket._care_extend(**values)

    def test_new_date_keeps_the_old_one(self):
        with freeze_time("2026-06-05 10:00:00"):
            row = self.extend()
            self.assertEqual(row.due, datetime(2026, 6, 19, 22, 59, 59))
            self.assertEqual(row.first_due, datetime(2026, 6, 8, 22, 59, 59))
            self.assertTrue(row.extended)
            change = row.change_ids
            self.assertEqual(change.old_due, datetime(2026, 6, 8, 22, 59, 59))
            self.assertEqual(change.new_due, row.due)
            self.assertEqual(change.told_date, datetime(2026, 6, 5, 9))
            self.assertEqual(change.told_how, "By phone")
            self.assertEqual(change.user_id, self.people["coordinator"])
            self.assertEqual(self.ticket.care_next_due, row.due)

    def test_refused_with_a_clear_sentence(self):
        cases = [
            ("Say why more time is needed", {"reason": " "}),
            ("enter when and how", {"told_date": False}),
            ("enter when and how", {"told_how": ""}),
            ("told only on .*so the deadline stays missed", {"told_date": datetime(2026, 6, 9)}),
            ("in the future: tell the person first", {"told_date": datetime(2026, 6, 11)}),
            ("before the clock started", {"told_date": datetime(2026, 5, 31)}),
            ("is due by .* already", {"new_due": datetime(2026, 6, 8)}),
            ("lies before the day", {"new_due": datetime(2026, 6, 4)}),
            ("no open deadline of this kind", {"kind": "settle"}),
            ("allows until 06/22/2026 at most", {"new_due": datetime(2026, 6, 23)}),
        ]
        with freeze_time("2026-06-10 09:00:00"):
            for sentence, changes in cases:
                with self.subTest(sentence), self.assertRaisesRegex(UserError, sentence):
                    self.extend(login="supervisor", **changes)
            with self.assertRaisesRegex(UserError, "recorded afterwards by a supervisor alone"):
                self.extend()
            self.assertFalse(self.ticket.care_deadline_change_ids)
            # Recorded after the old date, yet told before it.
            self.assertTrue(self.extend(login="supervisor"))
            self.assertTrue(self.extend(new_due=datetime(2026, 7, 30), agreed=True))

    def test_only_a_supervisor_corrects_the_receipt_to_a_later_day(self):
        with freeze_time("2026-06-10 09:00:00"):
            coordinator = self.people["coordinator"]
            with self.assertRaisesRegex(AccessError, "only a supervisor can set a later date"):
                correct_received(self.ticket, coordinator, datetime(2026, 6, 9))
            correct_received(self.ticket, coordinator, datetime(2026, 5, 30))
            self.assertEqual(self.ticket.care_received_date, datetime(2026, 5, 30))
            correct_received(self.ticket, self.people["supervisor"], datetime(2026, 6, 2))
            self.assertEqual(self.ticket.care_received_date, datetime(2026, 6, 2))

    def test_earlier_date_that_was_agreed(self):
        self.use("england")
        with freeze_time("2026-06-01 09:00:00"):
            ticket = self.make_inquiry(care_nature_id=self.complaint.id)
            row = ticket._care_extend(
                "answer",
                datetime(2026, 7, 1),
                "Agreed with the person",
                datetime(2026, 6, 1, 9),
                "By phone",
                agreed=True,
            )
            self.assertEqual(row.due, datetime(2026, 7, 1, 22, 59, 59))
            self.assertEqual(row.soon_date, datetime(2026, 6, 2, 23))

    def test_only_coordinators_extend(self):
        for login in ("responder", "privacy_officer", "agent"):
            with self.subTest(login), self.assertRaises(AccessError):
                self.extend(login=login)

    def test_form_proposes_the_answer(self):
        with freeze_time("2026-06-05 10:00:00"):
            wizard = Form(
                self.env["care.extend"]
                .with_user(self.people["coordinator"])
                .with_context(default_ticket_id=self.ticket.id)
            )
            self.assertEqual(wizard.deadline_id.kind, "answer")
            wizard.new_due = "2026-06-19 09:00:00"
            wizard.reason = "Staff on leave"
            wizard.told_how = "By letter"
            wizard.save().action_confirm()
        self.assertEqual(self.row(self.ticket, "answer").due, datetime(2026, 6, 19, 22, 59, 59))


class TestTimeLimit(ClockCommon):
    def test_twelve_months_in_england(self):
        self.use("england")
        for received, late in (("2026-03-01 10:00:00", False), ("2026-03-02 10:00:00", True)):
            with freeze_time(received):
                ticket = self.make_inquiry(
                    care_nature_id=self.complaint.id, care_event_date="2025-03-01"
                )
                self.assertEqual(ticket.care_out_of_time, late)
        self.assertIn("Received more than 12 months after", ticket.care_out_of_time_text)
        with freeze_time("2026-03-10 10:00:00"):
            with self.assertRaisesRegex(UserError, "looked into after the time limit"):
                self.close(ticket, "2026-03-10 09:00:00")
            ticket.care_out_of_time_reason = "The person was in hospital"
            self.close(ticket, "2026-03-10 09:00:00")
            self.assertTrue(ticket.closed)

    def test_no_limit_elsewhere(self):
        self.use("scotland")
        ticket = self.make_inquiry(care_nature_id=self.complaint.id, care_event_date="2020-03-01")
        self.assertFalse(ticket.care_out_of_time)

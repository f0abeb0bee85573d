"""Consults: who is asked what, what they see, how answers come back, who held it how long."""

import json
from datetime import datetime, timedelta
from unittest.mock import patch

from freezegun import freeze_time

from odoo import Command, fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, HttpCase, tagged

from odoo.addons.patient_care_coordination.models.common.mail_text import own_words
from odoo.addons.patient_care_coordination.models.consult.held import union_seconds
from odoo.addons.patient_care_coordination.models.inquiry.helpdesk_ticket import OURS

from ..common import MODULE, CareCommon, correct_received, make_people


class ConsultCommon(CareCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for name, user in cls.people.items():
            user.email = f"{name}@hospital.example"
        cls.company.alias_domain_id = cls.env["mail.alias.domain"].create(
            {"name": "hospital.example"}
        )
        cls.employee = cls.people["employee"]
        cls.coordinator = cls.people["coordinator"]
        cls.radiology_team = cls.env["helpdesk.ticket.team"].create(
            {
                "name": "Radiology team",
                "user_ids": [Command.set([cls.employee.id, cls.people["clerk"].id])],
            }
        )
        cls.radiology = cls.env["care.department"].create(
            {
                "name": "Radiology",
                "team_id": cls.radiology_team.id,
                "supervisor_id": cls.people["manager"].id,
            }
        )
        cls.inquiry = cls.make_inquiry(
            name="Secret title",
            description="<p>My secret story</p>",
            care_patient_id=cls.patient.id,
            partner_name="Ben Okafor",
        )

    def ask(self, inquiry=None, **values):
        if not {"department_id", "team_id", "user_id"} & values.keys():
            values["department_id"] = self.radiology.id
        return (
            self.env["care.consult"]
            .with_user(self.coordinator)
            ._care_ask(
                [
                    {
                        "ticket_id": (inquiry or self.inquiry).id,
                        "question": "How long do results take?",
                        **values,
                    }
                ]
            )
        )

    def mails(self, consult):
        return self.env["mail.message"].search(
            [("model", "=", "care.consult"), ("res_id", "in", consult.ids)], order="id"
        )

    def made_mails(self, method, *args):
        """What a call mails: the values of the mails."""
        values = []
        model = self.env.registry["mail.mail"]
        create = model.create

        def keep(mails, vals_list):
            values.extend(dict(vals) for vals in vals_list)
            return create(mails, vals_list)

        with patch.object(model, "create", keep):
            result = method(*args)
        return values, result


class TestConsult(ConsultCommon):
    def test_department_is_answered_by_its_team(self):
        mails, consult = self.made_mails(self.ask)
        self.assertEqual(consult.team_id, self.radiology_team)
        self.assertEqual(consult.lead_id, self.people["manager"])
        self.assertEqual(consult.put_to, "Radiology")
        self.assertEqual(consult.state, "asked")
        self.assertEqual(consult.asked_by_id, self.coordinator)
        [mail] = mails
        [command] = mail["recipient_ids"]
        partners = (self.employee | self.people["clerk"]).partner_id
        self.assertEqual(set(command[2]), set(partners.ids))
        self.assertEqual(self.inquiry.care_waiting, "department")

    def test_mail_has_the_question_and_nothing_else(self):
        mails, consult = self.made_mails(self.ask)
        [mail] = mails
        self.assertEqual(mail["subject"], f"Question about inquiry {self.inquiry.number} / 1")
        self.assertIn("How long do results take?", mail["body_html"])
        self.assertIn(f"/odoo/care-consults/{consult.id}", mail["body_html"])
        for secret in ("Secret", "secret", "Okafor", "H1001"):
            self.assertNotIn(secret, str(mail))
        self.assertIn("catchall@hospital.example", mail["reply_to"])
        self.assertEqual(mail["author_id"], self.coordinator.partner_id.id)
        self.assertFalse(consult.facts)
        self.assertFalse(self.inquiry.care_disclosure_ids)

    def test_chosen_facts_are_told_and_kept_as_a_disclosure(self):
        mails, consult = self.made_mails(
            lambda: self.ask(tells_patient=True, tells_number=True, tells_caller=True, tells_text=1)
        )
        facts = (
            "Patient: Okafor, Ada\nHospital number: H1001\nCaller: Ben Okafor\n"
            "Text of the inquiry:\nMy secret story"
        )
        self.assertEqual(consult.facts, facts)
        self.assertIn("My secret story", mails[0]["body_html"])
        self.assertNotIn("Okafor", mails[0]["subject"])
        told = self.inquiry.care_disclosure_ids
        self.assertEqual(set(told.mapped("recipient")), {"Employee", "Clerk"})
        self.assertEqual(set(told.mapped("what")), {facts})
        self.assertEqual(set(told.mapped("way")), {"consult"})
        self.assertEqual(told.patient_id, self.patient)
        self.assertEqual(told.user_id, self.coordinator)
        self.assertFalse(any(told.mapped("accountable")))
        self.patient.name = "Changed"
        self.assertEqual(consult.facts, facts)

    def test_one_fact_alone(self):
        self.assertEqual(self.ask(tells_number=True).facts, "Hospital number: H1001")

    def test_caller_in_confidence_is_never_told(self):
        self.inquiry.care_identity = "confidential"
        with self.assertRaisesRegex(UserError, "leave the caller out"):
            self.ask(tells_caller=True)
        self.assertFalse(self.inquiry.care_consult_ids)

    def test_person(self):
        consult = self.ask(department_id=self.radiology.id, user_id=self.employee.id)
        self.assertFalse(consult.team_id)
        self.assertEqual(consult.put_to, "Radiology")
        [activity] = consult.activity_ids
        self.assertEqual(activity.user_id, self.employee)
        self.assertEqual(activity.res_name, consult.display_name)
        consult.with_user(self.employee)._care_reply("answer", "Two days")
        self.assertFalse(consult.activity_ids)

    def test_department_without_team_asks_its_supervisor_or_the_one_around_it(self):
        inner = self.env["care.department"].create(
            {"name": "X-ray", "parent_id": self.radiology.id}
        )
        self.assertEqual(self.ask(department_id=inner.id).team_id, self.radiology_team)
        inner.supervisor_id = self.people["agent"]
        consult = self.ask(department_id=inner.id)
        self.assertEqual(consult.user_id, self.people["agent"])
        self.assertNotEqual(consult.lead_id, self.people["agent"])

    def test_nobody_answers(self):
        with self.assertRaisesRegex(UserError, "Nobody answers for Ward 7"):
            self.ask(department_id=self.ward.id)
        self.radiology_team.user_ids = [Command.clear()]
        with self.assertRaisesRegex(UserError, "Nobody answers for Radiology"):
            self.ask()
        self.assertFalse(self.inquiry.care_consult_ids)
        self.assertEqual(self.inquiry.care_waiting, "us")

    def test_people_outside_are_refused(self):
        with self.assertRaisesRegex(UserError, "not a member of staff"):
            self.ask(user_id=self.people["relative"].id)
        self.employee.active = False
        with self.assertRaisesRegex(UserError, "The account of .* is archived: ask somebody who"):
            self.ask(user_id=self.employee.id)

    def test_people_of_another_hospital_are_refused(self):
        other = self.env["res.company"].create({"name": "Second hospital"})
        self.employee.write({"company_ids": [Command.set(other.ids)], "company_id": other.id})
        with self.assertRaisesRegex(UserError, "does not work for"):
            self.ask(user_id=self.employee.id)

    def test_question_is_needed(self):
        with self.assertRaisesRegex(UserError, "Write the question"):
            self.ask(question="  ")

    def test_closed_inquiries_and_plain_tickets_are_refused(self):
        plain = self.env["helpdesk.ticket"].create([{"name": "Printer", "description": "Toner"}])
        with self.assertRaisesRegex(UserError, "about inquiries alone"):
            self.ask(plain)
        self._close(self.inquiry)
        with self.assertRaisesRegex(UserError, "reopen it before you ask"):
            self.ask()

    def _close(self, inquiry):
        email = self.env["helpdesk.ticket.channel"]._care_by_code("email")
        inquiry._care_close(
            care_answer="Answer",
            care_told="Ben",
            care_told_date=fields.Datetime.now(),
            care_told_channel_id=email.id,
        )

    def test_numbers_count_within_the_inquiry(self):
        first, second = self.ask(), self.ask()
        other = self.ask(self.make_inquiry())
        self.assertEqual(first.display_name, f"{self.inquiry.number} / 1")
        self.assertEqual(second.display_name, f"{self.inquiry.number} / 2")
        self.assertEqual(other.number, 1)

    def test_nobody_sets_the_count(self):
        self.assertFalse(self.make_inquiry(care_consult_count=7).care_consult_count)
        for context in ({}, {"care_consult": True}):
            with self.assertRaisesRegex(AccessError, "counted by themselves"):
                self.inquiry.with_context(**context).care_consult_count = 7

    # ------------------------------------------------------------------
    # Due
    # ------------------------------------------------------------------

    def _hospital_hours(self):
        """Weekdays from 8 to 16 in UTC, at the policy of the company."""
        policy = self.company.care_policy_id
        policy.calendar_id.tz = self.company.care_tz = "UTC"
        policy.calendar_id.attendance_ids = [
            Command.clear(),
            *(
                Command.create({"dayofweek": str(day), "hour_from": 8, "hour_to": 16, "name": "x"})
                for day in range(5)
            ),
        ]

    def _deadline(self, due):
        self.env.cr.execute(
            "UPDATE helpdesk_ticket SET care_next_due = %s WHERE id = %s", [due, self.inquiry.id]
        )
        self.inquiry.invalidate_recordset(["care_next_due"])

    def test_without_a_deadline_two_working_days(self):
        self._hospital_hours()
        self._deadline(None)
        # Friday: Monday and Tuesday are the two working days; so they are for the weekend.
        for now in (datetime(2026, 2, 6, 10), datetime(2026, 2, 6, 23), datetime(2026, 2, 7, 10)):
            self.assertEqual(self.inquiry._care_consult_due(now), datetime(2026, 2, 10, 23, 59))
        self._deadline(datetime(2026, 2, 6, 9))
        self.assertEqual(
            self.inquiry._care_consult_due(datetime(2026, 2, 6, 10)), datetime(2026, 2, 10, 23, 59)
        )

    def test_half_of_the_working_time_that_is_left(self):
        self._hospital_hours()
        # Friday 12:00 to Tuesday 12:00: 4 + 8 + 4 hours; half of them are over on Monday at noon.
        self._deadline(datetime(2026, 2, 10, 12))
        self.assertEqual(
            self.inquiry._care_consult_due(datetime(2026, 2, 6, 12)), datetime(2026, 2, 9, 12)
        )
        # Nobody works on Sunday.
        self._deadline(datetime(2026, 2, 8, 20))
        self.assertEqual(
            self.inquiry._care_consult_due(datetime(2026, 2, 8, 10)), datetime(2026, 2, 8, 15)
        )

    def test_never_later_than_the_nearest_deadline(self):
        complaint = self.make_inquiry(care_nature_id=self.complaint.id)
        limit = complaint.care_next_due
        self.assertTrue(limit)
        self.assertLess(self.ask(complaint).due, limit)
        self.assertTrue(self.ask(complaint, due=limit - timedelta(seconds=1)))
        with self.assertRaisesRegex(UserError, "not before the deadline of inquiry .* choose an e"):
            self.ask(complaint, due=limit)
        self.assertEqual(len(complaint.care_consult_ids), 2)
        # What is over bounds nothing.
        with freeze_time(limit + timedelta(days=1)):
            self.assertTrue(self.ask(complaint, due=limit + timedelta(days=2)))

    # A Thursday: the day before it is a working day too.
    @freeze_time("2026-06-11 09:00:00")
    def test_a_deadline_that_comes_nearer_is_shown_and_moves_nothing(self):
        complaint = self.make_inquiry(care_nature_id=self.complaint.id)
        limit = complaint.care_next_due
        due = limit - timedelta(hours=1)
        consult = self.ask(complaint, due=due)
        self.assertNotIn("too late", complaint.care_waits_text)
        # Corrected to the day before: so the deadline ends a day or more earlier.
        earlier = complaint.care_received_date - timedelta(days=1)
        correct_received(complaint, self.coordinator, earlier)
        self.assertLess(complaint.care_next_due, due)
        self.assertIn("which is too late: a deadline is now on", complaint.care_waits_text)
        self.assertIn("Ask for an earlier answer", complaint.care_waits_text)
        self.assertEqual((consult.due, consult.state), (due, "asked"))
        consult._care_reply("cancel", "Asked anew")
        self.assertTrue(self.ask(complaint).due < complaint.care_next_due)
        self.assertNotIn("too late", complaint.care_waits_text)

    def test_due_in_the_past_is_refused(self):
        with self.assertRaisesRegex(UserError, "in the past"):
            self.ask(due=fields.Datetime.now() - timedelta(minutes=1))

    # ------------------------------------------------------------------
    # Answers
    # ------------------------------------------------------------------

    def test_answer_in_the_form(self):
        consult = self.ask()
        mine = consult.with_user(self.employee)
        self.assertTrue(mine.asked_of_me)
        action = mine.action_answer()
        form = Form(
            self.env[action["res_model"]].with_user(self.employee).with_context(**action["context"])
        )
        self.assertEqual(form.question, consult.question)
        form.text = "Two days"
        mails, _result = self.made_mails(form.save().action_confirm)
        self.assertEqual(consult.state, "answered")
        self.assertEqual(consult.answer, "Two days")
        self.assertEqual(consult.answer_way, "form")
        self.assertEqual(consult.ended_by_id, self.employee)
        self.assertEqual(self.inquiry.care_waiting, "us")
        [mail] = mails
        self.assertEqual(mail["recipient_ids"], [Command.set(self.coordinator.partner_id.ids)])
        self.assertEqual(mail["subject"], f"Consult {consult.display_name}: answered")
        self.assertNotIn("Two days", str(mail))
        self.assertIn("auto-generated", mail["headers"])

    def test_decline_needs_a_reason(self):
        consult = self.ask()
        with self.assertRaisesRegex(UserError, "Give the reason"):
            consult.with_user(self.employee)._care_reply("decline", " ")
        consult.with_user(self.employee)._care_reply("decline", "Ask the ward")
        self.assertEqual((consult.state, consult.reason), ("declined", "Ask the ward"))
        self.assertFalse(consult.answer)
        with self.assertRaisesRegex(UserError, "Write the answer"):
            self.ask().with_user(self.employee)._care_reply("answer", "")

    def test_an_answer_stays_as_it_is(self):
        consult = self.ask()
        consult.with_user(self.employee)._care_reply("answer", "Two days")
        with self.assertRaisesRegex(UserError, "is answered already: put a new consult"):
            consult.with_user(self.employee)._care_reply("answer", "Three days")
        for values in ({"answer": "No"}, {"question": "?"}, {"facts": "x"}, {"state": "asked"}):
            for record in (consult.sudo(), consult.sudo().with_context(care_consult=True)):
                with self.assertRaisesRegex(UserError, "stays as it is"):
                    record.write(values)
        with self.assertRaisesRegex(UserError, "never deleted"):
            consult.sudo().unlink()
        with self.assertRaisesRegex(UserError, "through Ask"):
            self.env["care.consult"].sudo().create([{"ticket_id": self.inquiry.id}])
        self.assertEqual(consult.answer, "Two days")

    def test_told_to_us(self):
        consult = self.ask()
        consult.with_user(self.coordinator)._care_reply("answer", "Said on the phone: two days")
        self.assertEqual(consult.answer_way, "told")
        self.assertEqual(consult.ended_by_id, self.coordinator)

    def test_cancel(self):
        consult = self.ask()
        with self.assertRaises(AccessError):
            consult.with_user(self.employee)._care_reply("cancel", "No time")
        with self.assertRaisesRegex(UserError, "Give the reason"):
            consult._care_reply("cancel", "")
        mails, _result = self.made_mails(consult._care_reply, "cancel", "The caller knows")
        self.assertEqual(consult.state, "cancelled")
        self.assertEqual(len(mails), 1)
        self.assertNotIn("The caller knows", str(mails))
        self.assertEqual(self.inquiry.care_waiting, "us")

    def test_waits_until_the_last_is_answered(self):
        first, second = self.ask(), self.ask(user_id=self.people["agent"].id)
        first.with_user(self.employee)._care_reply("answer", "Two days")
        self.assertEqual(self.inquiry.care_waiting, "department")
        second.with_user(self.people["agent"])._care_reply("decline", "Not mine")
        self.assertEqual(self.inquiry.care_waiting, "us")

    def test_what_people_set_by_hand_stays(self):
        consult = self.ask()
        self.inquiry.care_waiting = "caller"
        consult.with_user(self.employee)._care_reply("answer", "Two days")
        self.assertEqual(self.inquiry.care_waiting, "caller")

    def test_answers_become_one_draft_and_overwrite_nothing(self):
        with self.assertRaisesRegex(UserError, "No consult has an answer"):
            self.inquiry.action_care_use_answers()
        self.inquiry.care_answer = "Dear Mr Okafor,"
        first, second = self.ask(), self.ask(user_id=self.people["agent"].id)
        self.ask(team_id=self.radiology_team.id)._care_reply("decline", "No")
        second.with_user(self.people["agent"])._care_reply("answer", "I was not there.")
        first.with_user(self.employee)._care_reply("answer", "Two days.")
        inquiry = self.inquiry.with_user(self.coordinator)
        self.assertEqual(inquiry.care_answers_waiting, 2)
        inquiry.action_care_use_answers()
        self.assertEqual(
            inquiry.care_answer,
            "Dear Mr Okafor,\n\nRadiology:\nTwo days.\n\nAgent:\nI was not there.",
        )
        self.assertEqual(inquiry.care_answers_waiting, 0)
        with self.assertRaisesRegex(UserError, "No consult has an answer"):
            inquiry.action_care_use_answers()
        self.assertTrue(first.used_date)

    def test_open_consults_block_closing(self):
        consult = self.ask()
        with self.assertRaisesRegex(UserError, r"the answer of Radiology \(consult .* / 1\)"):
            self._close(self.inquiry)
        self.assertFalse(self.inquiry.closed)
        consult.with_user(self.employee)._care_reply("answer", "Two days")
        self._close(self.inquiry)
        self.assertTrue(self.inquiry.closed)

    def test_reopened_with_an_open_consult_waits_for_it(self):
        self._close(self.inquiry)
        values = {"ticket_id": self.inquiry.id, "number": 1, "question": "?", "due": "2026-01-01"}
        self.env["care.consult"].with_context(care_consult=OURS).create(
            [{**values, "asked_by_id": self.coordinator.id, "asked_date": "2026-01-01"}]
        )
        self.inquiry.stage_id = self.env.ref("helpdesk_mgmt.helpdesk_ticket_stage_in_progress")
        self.assertEqual(self.inquiry.care_waiting, "department")

    # ------------------------------------------------------------------
    # Who held it
    # ------------------------------------------------------------------

    def test_who_held_it_how_long(self):
        self.inquiry.care_received_date = datetime(2026, 2, 2, 8)
        with freeze_time("2026-02-02 10:00:00"):
            first = self.ask(due=datetime(2026, 2, 3, 10))
        with freeze_time("2026-02-02 12:00:00"):
            second = self.ask(user_id=self.people["agent"].id, due=datetime(2026, 2, 3, 10))
        with freeze_time("2026-02-02 14:30:00"):
            first.with_user(self.employee)._care_reply("answer", "Two days")
        with freeze_time("2026-02-03 12:00:00"):
            self.env.invalidate_all()
            inquiry = self.inquiry.with_user(self.coordinator).with_context(tz="UTC", lang="en_US")
            self.assertEqual(first.held_hours, 4.5)
            self.assertEqual(second.held_hours, 24)
            self.assertEqual(
                inquiry.care_held_text, "Us: 2 h 0 min\nAgent: 1 d 0 h\nRadiology: 4 h 30 min"
            )
            self.assertRegex(
                inquiry.care_waits_text, "Waits for Agent since 2/2/26, 12:00.PM .1 d 0 h.; was due"
            )
            self.assertEqual(second.urgency, "missed")
            self.assertEqual(first.urgency, "met")
            self.assertEqual(second.held_text, "1 d 0 h")

    def test_overlapping_spans_count_once(self):
        day = datetime(2026, 2, 2)
        hour = [day + timedelta(hours=number) for number in range(10)]
        spans = [(hour[1], hour[4]), (hour[2], hour[3]), (hour[3], hour[6]), (hour[8], hour[7])]
        self.assertEqual(union_seconds(spans), 5 * 3600)
        self.assertEqual(union_seconds([]), 0)

    def test_urgency(self):
        with freeze_time("2026-02-02 08:00:00"):
            consult = self.ask(due=datetime(2026, 2, 2, 16))
        self.assertEqual(consult.remind_date, datetime(2026, 2, 2, 14))
        for now, urgency in (
            ("2026-02-02 13:59:00", "running"),
            ("2026-02-02 14:00:00", "due_soon"),
            ("2026-02-02 16:00:00", "missed"),
        ):
            with freeze_time(now):
                consult.invalidate_recordset(["urgency"])
                self.assertEqual(consult.urgency, urgency)

    # ------------------------------------------------------------------
    # Clocks
    # ------------------------------------------------------------------

    def _run(self, now):
        with freeze_time(now), self.enter_registry_test_mode():
            cron = self.env.ref(f"{MODULE}.cron_consult_remind")
            mails, result = self.made_mails(cron.method_direct_trigger)
            self.assertIs(result, True)
        return [mail for mail in mails if mail["model"] == "care.consult"]

    def test_reminder_and_lead_each_once(self):
        with freeze_time("2026-02-02 08:00:00"):
            self.ask(due=datetime(2026, 2, 2, 16))
        self.assertFalse(self._run("2026-02-02 13:00:00"))
        [mail] = self._run("2026-02-02 14:10:00")
        self.assertIn("Reminder", mail["subject"])
        self.assertNotIn("How long do results take?", str(mail))
        self.assertFalse(self._run("2026-02-02 14:20:00"))
        [mail] = self._run("2026-02-02 16:10:00")
        self.assertEqual(
            mail["recipient_ids"], [Command.set(self.people["manager"].partner_id.ids)]
        )
        self.assertNotIn("How long do results take?", str(mail))
        self.assertFalse(self._run("2026-02-02 16:20:00"))

    def test_after_the_due_time_no_reminder_but_the_lead(self):
        with freeze_time("2026-02-02 08:00:00"):
            self.ask(due=datetime(2026, 2, 2, 16))
        [mail] = self._run("2026-02-05 08:00:00")
        self.assertIn("No answer", mail["subject"])

    def test_ended_consults_and_closed_inquiries_rest(self):
        with freeze_time("2026-02-02 08:00:00"):
            done, closed = self.ask(due=datetime(2026, 2, 2, 16)), self.make_inquiry()
            self.ask(closed, due=datetime(2026, 2, 2, 16))
            done._care_reply("answer", "Two days")
            closed.with_user(self.people["supervisor"])._care_close_by_exception("Withdrawn")
        self.assertFalse(self._run("2026-02-05 08:00:00"))

    def test_a_failing_run_marks_nothing(self):
        with freeze_time("2026-02-02 08:00:00"):
            consult = self.ask(due=datetime(2026, 2, 2, 16))
        model = self.env.registry["care.consult"]
        with (
            freeze_time("2026-02-02 15:00:00"),
            patch.object(model, "_care_send", side_effect=ValueError("killed")),
            self.assertRaises(ValueError),
            self.env.cr.savepoint(),
        ):
            self.env["care.consult"]._care_cron_remind()
        self.env.invalidate_all()
        self.assertFalse(consult.reminded_date)
        self.assertEqual(len(self._run("2026-02-02 15:00:00")), 1)

    # ------------------------------------------------------------------
    # Batches
    # ------------------------------------------------------------------

    def _values(self, count):
        tickets = self.env["helpdesk.ticket"].create(
            [
                {"name": "x", "description": "x", "care_nature_id": self.question.id}
                for _number in range(count)
            ]
        )
        return [
            {
                "ticket_id": ticket.id,
                "question": "Why?",
                "user_id": self.employee.id,
                "tells_text": True,
            }
            for ticket in tickets
        ]

    def _queries(self, method, *args):
        self.env.flush_all()
        self.env.invalidate_all()
        before = self.env.cr.sql_log_count
        result = method(*args)
        self.env.flush_all()
        return self.env.cr.sql_log_count - before, result

    def test_asking_in_batches_adds_no_queries_for_each(self):
        consults = self.env["care.consult"].with_context(
            mail_notify_force_send=False, tracking_disable=True
        )
        self._queries(consults._care_ask, self._values(2))
        few, _asked = self._queries(consults._care_ask, self._values(5))
        many, asked = self._queries(consults._care_ask, self._values(50))
        self.assertEqual(len(asked), 50)
        # Inserts go in chunks of their own.
        self.assertLessEqual(many - few, 5)

    def test_cron_in_batches_adds_no_queries_for_each(self):
        counts = []
        consults = self.env["care.consult"].with_context(mail_notify_force_send=False)
        for size in (2, 5, 50):
            with freeze_time("2026-02-02 08:00:00"):
                consults._care_ask(self._values(size))
            with (
                freeze_time("2026-03-02 08:00:00"),
                patch.object(self.env.registry["ir.cron"], "_commit_progress", lambda *args: 1),
            ):
                counts.append(self._queries(consults._care_cron_remind)[0])
        self.assertLessEqual(counts[2] - counts[1], 5)

    def test_plain_tickets_know_nothing_of_consults(self):
        plain = self.env["helpdesk.ticket"].create([{"name": "Printer", "description": "Toner"}])
        self.assertFalse(plain.care_waits_text)
        self.assertFalse(plain.care_held_text)


class TestConsultAccess(ConsultCommon):
    def test_scope_of_each_role(self):
        consult = self.ask()
        readers = {
            "coordinator",
            "supervisor",
            "privacy_officer",
            "employee",
            "clerk",
            "manager",
        }
        for name, user in self.people.items():
            with self.subTest(role=name):
                consults = self.env["care.consult"].with_user(user)
                if user.share:
                    with self.assertRaises(AccessError):
                        consults.search([])
                    continue
                found = consults.search([("id", "=", consult.id)])
                self.assertEqual(bool(found), name in readers)
                if name not in readers:
                    with self.assertRaises(AccessError):
                        consult.with_user(user).read(["question"])

    def test_nobody_writes_directly(self):
        consult = self.ask()
        for name, user in self.people.items():
            mine = consult.with_user(user)
            with self.subTest(role=name):
                with self.assertRaises(UserError):
                    mine.write({"answer": "x"})
                with self.assertRaises(AccessError):
                    mine.check_access("write")
                with self.assertRaises(AccessError):
                    mine.check_access("unlink")
                with self.assertRaises(AccessError):
                    self.env["care.consult"].with_user(user).check_access("create")

    def test_who_may_ask(self):
        ask = {"ticket_id": self.inquiry.id, "question": "?", "user_id": self.employee.id}
        for name in ("responder", "employee", "clerk", "relative", "agent"):
            consults = self.env["care.consult"].with_user(self.people[name])
            with self.subTest(role=name), self.assertRaises(AccessError):
                consults._care_ask([ask])
        self.inquiry.team_id = self.catering
        responder = self.env["care.consult"].with_user(self.people["responder"])
        self.assertTrue(responder._care_ask([ask]))

    def test_others_answer_nothing(self):
        consult = self.ask()
        for name in ("agent", "routing_admin", "relative", "responder"):
            with (
                self.subTest(role=name),
                self.assertRaisesRegex(AccessError, "nobody else answers"),
            ):
                consult.with_user(self.people[name])._care_reply("answer", "x")

    def test_those_asked_read_nothing_of_the_inquiry(self):
        consult = self.ask(tells_number=True)
        mine = consult.with_user(self.employee)
        [shown] = mine.web_read(
            {
                "display_name": {},
                "question": {},
                "facts": {},
                "ticket_id": {"fields": {"display_name": {}}},
                "lead_id": {"fields": {"display_name": {}}},
                "put_to": {},
            }
        )
        self.assertEqual(shown["ticket_id"]["display_name"], self.inquiry.number)
        self.assertEqual(shown["facts"], "Hospital number: H1001")
        with self.assertRaises(AccessError):
            mine.web_read({"ticket_id": {"fields": {"name": {}}}})
        for operator in ("ilike", "not ilike"):
            for word in ("secret", "nothing of the kind"):
                found = mine.search([("ticket_id.description", operator, word)])
                self.assertNotIn(consult, found)
        with self.assertRaises(AccessError):
            mine.ticket_id.read(["name"])
        for message in mine.message_ids:
            self.assertNotIn("secret", message.body)

    def test_forms_of_passage_open_nothing(self):
        consult = self.ask()
        replies = self.env["care.consult.reply"].with_user(self.people["agent"])
        with self.assertRaises(AccessError):
            replies.create({"consult_id": consult.id, "kind": "answer", "text": "x"})
        reply = replies.sudo().create({"consult_id": consult.id, "kind": "answer", "text": "x"})
        reply = reply.with_env(replies.env)
        with self.assertRaises(AccessError):
            reply.read(["question"])
        with self.assertRaises(AccessError):
            reply.action_confirm()
        with self.assertRaises(AccessError):
            self.env["care.consult.ask"].with_user(self.employee).create({})
        mine = self.env["care.consult.reply"].with_user(self.employee)
        mine = mine.create({"consult_id": consult.id, "kind": "answer"})
        with self.assertRaises(AccessError):
            mine.with_user(self.people["clerk"]).read(["text"])

    def test_a_new_member_of_the_team_sees_it_and_one_who_left_does_not(self):
        consult = self.ask()
        self.radiology_team.user_ids = [Command.set(self.people["agent"].ids)]
        self.assertTrue(consult.with_user(self.people["agent"]).question)
        with self.assertRaises(AccessError):
            consult.with_user(self.employee).read(["question"])

    def test_put_to_me(self):
        consult = self.ask()
        for name, found in (("employee", True), ("manager", False), ("coordinator", False)):
            consults = self.env["care.consult"].with_user(self.people[name])
            self.assertEqual(consult in consults.search([("asked_of_me", "=", True)]), found, name)
            self.assertEqual(
                consult in consults.search([("asked_of_me", "!=", True)]),
                not found,
                name,
            )

    def test_nobody_follows_and_nothing_kept_is_mailed(self):
        consult = self.ask().sudo()
        partner = self.people["relative"].partner_id
        consult.message_subscribe(partner.ids)
        mails, _result = self.made_mails(
            lambda: consult.message_post(
                body="Kept", partner_ids=partner.ids, subtype_xmlid="mail.mt_comment"
            )
        )
        self.assertFalse(mails)
        self.assertFalse(consult.message_partner_ids)


class TestConsultAsk(ConsultCommon):
    def _form(self):
        action = self.inquiry.with_user(self.coordinator).action_care_consult_ask()
        asks = self.env[action["res_model"]].with_user(self.coordinator)
        return Form(asks.with_context(**action["context"]))

    def test_question_alone_by_default(self):
        self.inquiry.care_department_id = self.radiology
        form = self._form()
        self.assertEqual(form.department_id, self.radiology)
        self.assertTrue(form.due)
        form.question = "Why\nso long?"
        self.assertEqual(set(form.goes_to.split(", ")), {"Employee", "Clerk"})
        self.assertIn("so long?", form.preview)
        self.assertNotIn("Okafor", form.preview)
        form.tells_patient = True
        self.assertIn("Patient: Okafor, Ada", form.preview)
        form.save().action_ask()
        consult = self.inquiry.care_consult_ids
        self.assertEqual(consult.facts, "Patient: Okafor, Ada")
        self.assertEqual(consult.question, "Why\nso long?")

    def test_what_is_missing_is_said_in_a_sentence(self):
        form = self._form()
        form.department_id = self.env["care.department"]
        with self.assertRaisesRegex(UserError, "Choose who is asked: a department, a team or"):
            form.save().action_ask()
        form.department_id = self.radiology
        with self.assertRaisesRegex(UserError, "Write the question: it is all that those asked"):
            form.save().action_ask()
        self.assertFalse(self.inquiry.care_consult_ids)

    def test_a_person_or_a_team(self):
        form = self._form()
        form.to = "person"
        form.user_id = self.employee
        form.question = "?"
        self.assertEqual(form.goes_to, "Employee")
        form.to = "team"
        form.team_id = self.catering
        self.assertEqual(form.goes_to, "Responder")
        form.save().action_ask()
        self.assertEqual(self.inquiry.care_consult_ids.team_id, self.catering)
        self.assertFalse(self.inquiry.care_consult_ids.user_id)

    def test_problems_are_said_before_sending(self):
        self.inquiry.care_identity = "anonymous"
        form = self._form()
        form.department_id = self.ward
        self.assertIn("Nobody answers for Ward 7", form.goes_to)
        form.tells_caller = True
        self.assertIn("leave the caller out", form.problem)


class TestConsultMail(ConsultCommon):
    def setUp(self):
        super().setUp()
        self.consult = self.ask()
        self.asked = self.mails(self.consult)
        self.serial = 0

    def reply(self, text, sender="employee@hospital.example", headers="", html=False):
        self.serial += 1
        kind = "html" if html else "plain"
        mail = (
            f"From: Somebody <{sender}>\nTo: catchall@hospital.example\n"
            f"Subject: Re: Question\nMessage-Id: <{self.serial}-{self.consult.id}@x.example>\n"
            f"In-Reply-To: {self.asked.message_id}\nReferences: {self.asked.message_id}\n{headers}"
            f"MIME-Version: 1.0\nContent-Type: text/{kind}; charset=utf-8\n\n{text}"
        )
        return self.env["mail.thread"].message_process(False, mail)

    def test_reply_becomes_the_answer_without_the_quote(self):
        count = self.env["helpdesk.ticket"].search_count([])
        mails, thread = self.made_mails(
            self.reply,
            "Two days, three at weekends.\n\nNina\n\nOn Tue, 3 Feb 2026 at 10:00, Carla\n"
            "<c@hospital.example> wrote:\n> How long do results take?\n> Please answer\n",
        )
        self.assertEqual(thread, self.consult.id)
        self.assertEqual(self.consult.state, "answered")
        self.assertEqual(self.consult.answer, "Two days, three at weekends.\n\nNina")
        self.assertEqual(self.consult.answer_way, "mail")
        self.assertEqual(self.consult.ended_by_id, self.employee)
        self.assertEqual(self.inquiry.care_waiting, "us")
        self.assertEqual(self.env["helpdesk.ticket"].search_count([]), count)
        [mail] = mails
        self.assertIn("answered", mail["subject"])
        self.assertNotIn("weekends", str(mail))

    def test_reply_in_html(self):
        self.reply(
            '<div>Two <b>days</b>.</div><div class="gmail_quote"><div>On Tue wrote:</div>'
            "<blockquote>How long do results take?</blockquote></div>",
            html=True,
        )
        self.assertEqual(self.consult.answer.replace("*", ""), "Two days.")

    def test_automatic_mail_is_no_answer(self):
        for header in ("Auto-Submitted: auto-replied\n", "Precedence: bulk\n"):
            mails, _thread = self.made_mails(
                lambda header=header: self.reply("I am away until Monday.", headers=header)
            )
            self.assertEqual(self.consult.state, "asked")
            self.assertFalse(mails)
        self.assertIn("I am away", "".join(self.mails(self.consult).mapped("body")))

    def test_a_mail_of_others_is_kept_and_shown_but_no_answer(self):
        for sender in ("stranger@home.example", "agent@hospital.example"):
            mails, _thread = self.made_mails(lambda sender=sender: self.reply("Two days", sender))
            self.assertEqual(self.consult.state, "asked")
            [mail] = mails
            self.assertIn("a mail to look at", mail["subject"])
            self.assertNotIn("Two days", str(mail))

    def test_nobody_hands_in_the_mail_of_whom_was_asked(self):
        answer = {"body": "Two days", "author_id": self.employee.partner_id.id}
        # As the chatter posts.
        consult = self.consult.with_user(self.coordinator).sudo()
        consult.message_post(message_type="email", **answer)
        self.assertEqual(self.consult.state, "asked")
        self.env = self.env(user=self.coordinator)
        with self.assertRaisesRegex(AccessError, "taken in by the mail gateway alone"):
            self.reply("Two days")
        self.assertEqual(self.consult.state, "asked")

    def test_a_mail_without_own_words_is_no_answer(self):
        self.reply("> How long do results take?\n")
        self.assertEqual(self.consult.state, "asked")

    def test_a_second_mail_changes_no_answer(self):
        self.reply("Two days")
        mails, _thread = self.made_mails(self.reply, "No, three")
        self.assertEqual(self.consult.answer, "Two days")
        self.assertIn("a mail to look at", mails[0]["subject"])

    def test_the_lead_may_answer(self):
        self.reply("Two days", "manager@hospital.example")
        self.assertEqual(self.consult.ended_by_id, self.people["manager"])

    def test_a_bounce_changes_nothing(self):
        self.reply("Undeliverable", "MAILER-DAEMON@hospital.example")
        self.assertEqual(self.consult.state, "asked")

    def test_a_failing_answer_keeps_the_mail(self):
        model = self.env.registry["care.consult"]
        name = "odoo.addons.patient_care_coordination.models.consult.care_consult_mail"
        with (
            patch.object(model, "_care_end", side_effect=ValueError("broken")),
            self.assertLogs(name, "ERROR"),
        ):
            self.reply("Two days")
        self.assertEqual(self.consult.state, "asked")
        self.assertIn("Two days", "".join(self.mails(self.consult).mapped("body")))

    def test_own_words(self):
        cases = {
            "": "",
            "<p>Yes</p>": "Yes",
            "<p>Yes</p><p>-----Original Message-----</p><p>From: x</p>": "Yes",
            "<p>Yes</p><p>________________________________</p><p>From: x</p>": "Yes",
            "<p>Yes</p><p>From: Carla<br/>Sent: Monday<br/>To: y</p>": "Yes",
            "<p>&gt; quoted</p><p>Below</p>": "Below",
            '<div>Yes<div class="yahoo_quoted">No</div></div>': "Yes",
            "<p>Yes</p><p>-- <br/>Nina Roy<br/>Radiology</p>": "Yes",
            "<p>On Monday we wrote to the ward.</p>": "On Monday we wrote to the ward.",
        }
        for body, text in cases.items():
            with self.subTest(body=body):
                self.assertEqual(own_words(body, reply=True), text)


@tagged("standard", "post_install", "-at_install")
class TestConsultOverHttp(HttpCase):
    test_module = MODULE

    def setUp(self):
        super().setUp()
        self.people = make_people(self.env)
        question = self.env.ref(f"{MODULE}.nature_question")
        self.inquiry = self.env["helpdesk.ticket"].create(
            [{"name": "Title", "description": "Secret", "care_nature_id": question.id}]
        )
        self.consult = self.env["care.consult"]._care_ask(
            [
                {
                    "ticket_id": self.inquiry.id,
                    "question": "Why?",
                    "user_id": self.people["employee"].id,
                }
            ]
        )

    def _call(self, model, method, args, kwargs=None):
        response = self.url_open(
            f"/web/dataset/call_kw/{model}/{method}",
            data=json.dumps(
                {
                    "jsonrpc": "2.0",
                    "params": {
                        "model": model,
                        "method": method,
                        "args": args,
                        "kwargs": kwargs or {},
                    },
                }
            ),
            headers={"Content-Type": "application/json"},
        )
        return response.json()

    def test_a_member_of_staff_without_rights_reads_and_answers(self):
        self.authenticate("care_employee", "care_employee")
        views = self._call(
            "care.consult", "get_views", [[[False, "form"], [False, "list"], [False, "search"]]]
        )["result"]
        self.assertNotIn("helpdesk.ticket.team", views["views"]["search"]["arch"])
        spec = {"question": {}, "put_to": {}, "ticket_id": {"fields": {"display_name": {}}}}
        [shown] = self._call("care.consult", "web_read", [self.consult.ids, spec])["result"]
        self.assertEqual(shown["question"], "Why?")
        self.assertEqual(shown["ticket_id"]["display_name"], self.inquiry.number)
        refused = self._call("helpdesk.ticket", "web_read", [self.inquiry.ids, {"name": {}}])
        self.assertIn("error", refused)
        refused = self._call("care.consult", "write", [self.consult.ids, {"answer": "x"}])
        self.assertIn("error", refused)
        action = self._call("care.consult", "action_answer", [self.consult.ids])["result"]
        values = {"text": "Because", **{k[8:]: v for k, v in action["context"].items()}}
        [reply] = self._call("care.consult.reply", "create", [[values]])["result"]
        self._call("care.consult.reply", "action_confirm", [[reply]])
        self.assertEqual(self.consult.answer, "Because")

    def test_link_of_the_mail(self):
        self.authenticate("care_employee", "care_employee")
        response = self.url_open(f"/odoo/care-consults/{self.consult.id}")
        self.assertEqual(response.status_code, 200)
        loaded = self.url_open(
            "/web/action/load",
            data=json.dumps({"jsonrpc": "2.0", "params": {"action_id": "care-consults"}}),
            headers={"Content-Type": "application/json"},
        ).json()
        self.assertEqual(loaded["result"]["res_model"], "care.consult")

    def test_portal_reads_nothing(self):
        self.authenticate("care_relative", "care_relative")
        refused = self._call("care.consult", "web_read", [self.consult.ids, {"question": {}}])
        self.assertIn("error", refused)
        refused = self._call("care.consult", "search_read", [[], ["question"]])
        self.assertIn("error", refused)

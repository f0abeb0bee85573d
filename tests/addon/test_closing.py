"""Closing: what each nature asks for, no back door, duplicates, the exception of a supervisor."""

import json
from datetime import datetime, timedelta

from freezegun import freeze_time

from odoo import Command, fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, HttpCase, tagged

from odoo.addons.patient_care_coordination.models.inquiry.helpdesk_ticket import OURS

from ..common import MODULE, CareCommon, correct_received, make_people


class ClosingCommon(CareCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.done = cls.env.ref("helpdesk_mgmt.helpdesk_ticket_stage_done")
        cls.cancelled = cls.env.ref("helpdesk_mgmt.helpdesk_ticket_stage_cancelled")
        cls.abuse = cls.env.ref(f"{MODULE}.red_flag_abuse")
        cls.coordinator = cls.people["coordinator"]
        cls.supervisor = cls.people["supervisor"]
        cls.food = cls.env["helpdesk.ticket.category"].create({"name": "Food"})
        cls.answer = {
            "care_answer": "From 2 pm",
            "care_told": "Mrs Okafor",
            "care_told_date": fields.Datetime.now(),
            "care_told_channel_id": cls.env.ref(f"{MODULE}.channel_in_person").id,
        }

    def _complete(self, **values):
        """A complaint that lacks nothing."""
        return self.make_inquiry(
            **{
                "care_nature_id": self.complaint.id,
                "category_id": self.food.id,
                "care_department_id": self.ward.id,
                "care_issue_ids": [
                    Command.create({"category_id": self.food.id, "finding": "upheld"})
                ],
                **self.answer,
                **values,
            }
        )


class TestGates(ClosingCommon):
    def test_a_complaint_needs_everything(self):
        ticket = self.make_inquiry(
            care_nature_id=self.complaint.id, name="Letter", description="See enclosed."
        )
        ticket.with_user(self.coordinator)._care_raise_flags(self.abuse)
        with self.assertRaises(UserError) as refused:
            ticket.action_care_close()
        for part in (
            "the answer",
            "who was told",
            "when the person was told",
            "how the person was told",
            "the category",
            "the department",
            "an issue with its finding",
            "the red flag Abuse",
        ):
            with self.subTest(part=part):
                self.assertIn(part, str(refused.exception))

    def test_any_closed_complaint_has_all_and_closes(self):
        ticket = self._complete()
        ticket.with_user(self.coordinator).action_care_close()
        self.assertTrue(ticket.closed)

    def test_each_issue_needs_a_finding(self):
        ticket = self._complete()
        staff = self.env["helpdesk.ticket.category"].create({"name": "Staff"})
        ticket.care_issue_ids = [Command.create({"category_id": staff.id})]
        with self.assertRaisesRegex(UserError, "the finding of the issue Staff"):
            ticket.action_care_close()
        ticket.care_issue_ids.filtered(lambda x: not x.finding).finding = "none"
        ticket.action_care_close()
        self.assertTrue(ticket.closed)

    def test_findings_are_for_complaints_and_grievances(self):
        needing = self.env["care.nature"].search([("close_needs_finding", "=", True)])
        self.assertEqual(set(needing.mapped("code")), {"complaint", "grievance"})
        ticket = self.make_inquiry(**self.answer)
        ticket.action_care_close()
        self.assertTrue(ticket.closed)

    def test_an_open_red_flag_blocks_and_a_done_one_does_not(self):
        ticket = self._complete(description="She was abused")
        alarm = ticket.care_alarm_ids.with_user(self.coordinator)
        with self.assertRaisesRegex(UserError, "red flag Abuse.*nobody has looked"):
            ticket.action_care_close()
        alarm.action_raise()
        with self.assertRaisesRegex(UserError, "nobody has taken it"):
            ticket.action_care_close()
        alarm.action_take()
        with self.assertRaisesRegex(UserError, "taken by Coordinator, not done yet"):
            ticket.action_care_close()
        alarm._care_finish("The lead was told")
        ticket.action_care_close()
        self.assertTrue(ticket.closed)

    def test_the_state_at_the_end_stands_beside_that_at_the_start(self):
        ticket = self._complete(care_emotional_state="angry")
        ticket._care_close(care_emotional_state_end="calm")
        self.assertEqual(ticket.care_emotional_state, "angry")
        self.assertEqual(ticket.care_emotional_state_end, "calm")
        self.assertFalse(ticket.copy({}).care_emotional_state_end)


class TestNoBackDoor(ClosingCommon):
    def setUp(self):
        super().setUp()
        self.ticket = self.make_inquiry(care_patient_id=self.patient.id)

    def _check_open(self):
        self.env.invalidate_all()
        self.assertFalse(self.ticket.closed)
        self.assertFalse(self.ticket.closed_date)

    def test_stage_edit_and_kanban_drag(self):
        for name in ("coordinator", "supervisor"):
            with self.subTest(role=name), self.assertRaisesRegex(UserError, "the answer"):
                self.ticket.with_user(self.people[name]).web_save(
                    {"stage_id": self.done.id}, {"stage_id": {}}
                )
        self._check_open()

    def test_the_stage_itself(self):
        with self.assertRaisesRegex(UserError, "in use by inquiries"):
            self.ticket.stage_id.closed = True
        self._check_open()

    def test_a_team_with_closed_stages_alone(self):
        team = self.env["helpdesk.ticket.team"].create({"name": "Done at once"})
        stages = self.env["helpdesk.ticket.stage"].search([("closed", "=", False)])
        stages.team_ids = self.triage
        self.assertTrue(team._get_applicable_stages()[:1].closed)
        with self.assertRaisesRegex(UserError, "the answer"):
            self.ticket.team_id = team
        self._check_open()

    def test_a_bulk_write_closes_none(self):
        complete = self._complete()
        with self.assertRaisesRegex(UserError, self.ticket.number):
            (complete | self.ticket).write({"stage_id": self.done.id})
        self.env.invalidate_all()
        self.assertFalse(complete.closed)
        self._check_open()

    def test_keys_of_a_client_open_nothing(self):
        for key in ("care_override", "care_mark", "care_intake", "care_alarm", "care_quiet"):
            with self.subTest(key=key), self.assertRaisesRegex(UserError, "the answer"):
                self.ticket.with_context(**{key: True}).write({"stage_id": self.done.id})
        self._check_open()

    def test_the_closing_date_follows_the_stage(self):
        with self.assertRaisesRegex(UserError, "follows its stage"):
            self.ticket.closed_date = fields.Datetime.now()
        closed = self._complete()
        closed.action_care_close()
        with self.assertRaisesRegex(UserError, "follows its stage"):
            closed.closed_date = False
        closed = closed.with_user(self.people["coordinator"])
        date = closed.closed_date
        received = closed.care_received_date
        for wrong in (received - timedelta(days=1), fields.Datetime.now() + timedelta(days=1)):
            with self.assertRaisesRegex(UserError, "before it was received, or in the future"):
                closed.closed_date = wrong
            closed.invalidate_recordset()
            self.assertEqual(closed.closed_date, date)
        closed.closed_date = received
        self.assertEqual(closed.closed_date, received)
        self._check_open()

    def test_an_open_inquiry_is_not_archived(self):
        with self.assertRaisesRegex(UserError, "cannot be archived"):
            self.ticket.action_archive()
        closed = self._complete()
        closed.action_care_close()
        closed.action_archive()
        self.assertFalse(closed.active)

    def test_the_base_wizard_passes_the_gate(self):
        self.ticket.care_relation = "self"
        other = self.make_inquiry(care_patient_id=self.patient.id, care_relation="self")
        wizard = self.env["helpdesk.ticket.duplicate.wizard"].create(
            {
                "ticket_id": self.ticket.id,
                "duplicate_of_id": self.ticket.id,
                "target_stage_id": self.done.id,
            }
        )
        with self.assertRaisesRegex(UserError, "duplicate of itself"):
            wizard.action_confirm()
        self._check_open()
        wizard.duplicate_of_id = other
        wizard.action_confirm()
        self.assertTrue(self.ticket.closed)
        self.assertEqual(self.ticket.care_outcome, "duplicate")

    def test_the_base_wizard_still_marks_plain_tickets(self):
        first, second = self.env["helpdesk.ticket"].create(
            [{"name": "Printer", "description": "Toner"}] * 2
        )
        self.env["helpdesk.ticket.duplicate.wizard"].create(
            {
                "ticket_id": second.id,
                "duplicate_of_id": first.id,
                "target_stage_id": self.cancelled.id,
            }
        ).action_confirm()
        self.assertEqual(second.duplicate_id, first)
        self.assertTrue(second.closed)

    def test_a_closed_duplicate_needs_its_answer_once_it_is_none(self):
        self.ticket.care_relation = "self"
        other = self.make_inquiry(care_patient_id=self.patient.id, care_relation="self")
        self.ticket._care_close_as_duplicate(other)
        with self.assertRaisesRegex(UserError, "must keep the answer"):
            self.ticket.care_outcome = "answered"
        with self.assertRaisesRegex(UserError, "must keep the inquiry that it duplicates"):
            self.ticket.duplicate_id = False
        with self.assertRaises(UserError):
            self.ticket.write({"care_outcome": "answered", "duplicate_id": False})
        self.assertEqual(self.ticket.duplicate_id, other)

    def test_issues_of_a_closed_complaint_stay_complete(self):
        ticket = self._complete()
        ticket.action_care_close()
        issue = ticket.care_issue_ids
        with self.assertRaisesRegex(UserError, "must keep the finding"):
            issue.with_user(self.coordinator).finding = False
        with self.assertRaisesRegex(UserError, "must keep an issue"):
            issue.with_user(self.coordinator).unlink()
        with self.assertRaisesRegex(UserError, "must keep the finding"):
            issue.create({"ticket_id": ticket.id, "category_id": self.food.id})
        open_one = self.make_inquiry()
        with self.assertRaisesRegex(UserError, "must keep an issue"):
            issue.ticket_id = open_one
        issue.write({"finding": "partly", "note": "Seen again"})
        self.assertEqual(ticket.care_issue_ids.finding, "partly")

    def test_nobody_writes_an_exception_by_hand(self):
        exceptions = self.env["care.closing.exception"]
        values = {
            "ticket_id": self.ticket.id,
            "missing": "x",
            "reason": "x",
            "user_id": self.supervisor.id,
            "date": fields.Datetime.now(),
        }
        for env in (
            exceptions,
            exceptions.with_context(care_override=True),
            exceptions.with_user(self.supervisor),
        ):
            with self.assertRaises(AccessError):
                env.create([values])


class TestDuplicate(ClosingCommon):
    def setUp(self):
        super().setUp()
        self.caller = {"care_patient_id": self.patient.id, "partner_email": "ben@home.example"}
        self.first = self.make_inquiry(**self.caller)
        self.second = self.make_inquiry(**self.caller)

    def test_it_asks_for_the_link_alone_and_keeps_it_on_both(self):
        self.second.care_outcome = "duplicate"
        with self.assertRaisesRegex(UserError, "Missing: the inquiry that it duplicates.$"):
            self.second.with_user(self.coordinator).action_care_close()
        self.second.duplicate_id = self.first
        self.second.with_user(self.coordinator).action_care_close()
        self.assertTrue(self.second.closed)
        self.assertFalse(self.first.closed)
        self.assertEqual(self.first.duplicate_ids, self.second)

    def test_by_the_button_both_say_so(self):
        mine = self.second.with_user(self.coordinator)
        action = mine.action_care_close_duplicate()
        wizard = self.env[action["res_model"]].with_user(self.coordinator)
        form = Form(wizard.with_context(**action["context"]))
        form.duplicate_of_id = self.first
        form.save().action_confirm()
        self.assertTrue(self.second.closed)
        self.assertFalse(self.second.care_waiting)
        self.assertEqual(self.second.care_answered_by_id, self.coordinator)
        self.assertIn(self.second.number, self.first.message_ids[0].body)
        self.assertIn(self.first.number, self.second.message_ids.mapped("body")[0])

    def test_never_itself_nor_a_chain(self):
        with self.assertRaisesRegex(ValidationError, "duplicate of itself"):
            self.second.duplicate_id = self.second
        third = self.make_inquiry(care_patient_id=self.patient.id)
        self.second.duplicate_id = self.first
        with self.assertRaisesRegex(ValidationError, f"choose {self.first.number}"):
            third.duplicate_id = self.second
        with self.assertRaisesRegex(ValidationError, "has duplicates itself"):
            self.first.duplicate_id = self.make_inquiry(care_patient_id=self.patient.id)

    def test_the_same_patient(self):
        other = self.env["care.patient"].create({"name": "Ruiz, Marisol"})
        about = self.make_inquiry(care_patient_id=other.id)
        nobody = self.make_inquiry()
        for ticket in (about, nobody):
            with self.assertRaisesRegex(ValidationError, "not about the same patient"):
                self.second.duplicate_id = ticket

    def test_the_patient_of_neither_changes_while_they_are_linked(self):
        other = self.env["care.patient"].create({"name": "Ruiz, Marisol"})
        self.second._care_close_as_duplicate(self.first)
        supervisor = self.people["supervisor"]
        for ticket in (self.first, self.second):
            for patient in (other.id, False):
                with self.assertRaisesRegex(UserError, "linked as duplicates about one patient"):
                    ticket.with_user(supervisor).care_patient_id = patient
        with self.assertRaisesRegex(UserError, "Reopen the duplicate and take the link away"):
            (self.first | self.second).with_user(supervisor).write({"care_patient_id": other.id})
        self.assertEqual((self.first | self.second).care_patient_id, self.patient)
        self.first.care_patient_id = self.patient
        new = self.env.ref("helpdesk_mgmt.helpdesk_ticket_stage_new")
        self.second.write({"stage_id": new.id, "duplicate_id": False, "care_outcome": False})
        self.second.care_patient_id = other
        self.assertEqual(self.second.care_patient_id, other)

    def test_another_caller_is_told_first(self):
        self.second.partner_email = "lea@home.example"
        mine = self.second.with_user(self.coordinator)
        with self.assertRaisesRegex(
            UserError, f"caller, who is not the one of inquiry {self.first.number}, was told"
        ):
            mine._care_close_as_duplicate(self.first.with_user(self.coordinator))
        self.assertFalse(self.second.closed)
        self.assertFalse(self.second.duplicate_id)
        contact = {
            "ticket_id": self.second.id,
            "channel": "call",
            "direction": "out",
            "with_caller": True,
            "summary": "Told her that it is answered under the other number",
        }
        contacts = self.env["care.contact"].with_user(self.coordinator)
        contacts._care_log([{**contact, "result": "voicemail"}, {**contact, "with_caller": False}])
        with self.assertRaisesRegex(UserError, "was told: note whom, when and how"):
            mine._care_close_as_duplicate(self.first)
        contacts._care_log([contact])
        mine._care_close_as_duplicate(self.first)
        self.assertTrue(self.second.closed)
        third = self.make_inquiry(care_patient_id=self.patient.id, partner_email="sam@home.example")
        third.write({"care_told": "Sam", "care_told_date": fields.Datetime.now()})
        third._care_close_as_duplicate(self.first)
        self.assertTrue(third.closed)
        nobody = self.make_inquiry(care_patient_id=self.patient.id, care_identity="anonymous")
        nobody._care_close_as_duplicate(self.first)
        self.assertTrue(nobody.closed)

    def test_the_patient_speaking_for_herself_is_one_caller(self):
        own = {"care_patient_id": self.patient.id, "care_relation": "self"}
        one, two = self.make_inquiry(**own), self.make_inquiry(**own)
        two._care_close_as_duplicate(one)
        self.assertTrue(two.closed)

    def test_the_one_that_goes_on_takes_the_earlier_receipt(self):
        early = fields.Datetime.now() - timedelta(days=3)
        self.second.care_received_date = early
        due = self.first.care_next_due
        with self.assertRaisesRegex(ValidationError, "was received before .* start too late"):
            self.second.duplicate_id = self.first
        self.second.with_user(self.coordinator)._care_close_as_duplicate(
            self.first.with_user(self.coordinator)
        )
        self.assertEqual(self.first.care_received_date, early)
        self.assertLess(self.first.care_next_due, due)
        # Nor does a correction afterwards gain the time again.
        supervisor = self.people["supervisor"]
        with self.assertRaisesRegex(UserError, "start too late: set the date of receipt of"):
            correct_received(self.first, supervisor, early + timedelta(hours=1))
        with self.assertRaisesRegex(UserError, "start too late"):
            correct_received(self.second, supervisor, early - timedelta(hours=1))
        self.assertEqual(self.first.care_received_date, early)

    def test_its_clocks_are_superseded_not_met(self):
        complaint = self.complaint.id
        with freeze_time(fields.Datetime.now() - timedelta(days=10)):
            first = self.make_inquiry(**self.caller, care_nature_id=complaint)
            second = self.make_inquiry(**self.caller, care_nature_id=complaint)
        rows = second.care_deadline_ids
        second.write({"care_told": "Ben", "care_told_date": fields.Datetime.now()})
        answer = rows.filtered(lambda row: row.kind == "answer")
        self.assertEqual(answer.met_by, "told")
        second._care_close_as_duplicate(first)
        acknowledge = rows.filtered(lambda row: row.kind == "acknowledge")
        self.assertEqual(acknowledge.state, "missed", "what was missed stays missed")
        self.assertEqual(answer.state, "void")
        self.assertIn(f"inquiry {first.number}", answer.change_ids.reason)
        self.assertNotIn(answer, rows.search([("state", "=", "met")]))
        third = self.make_inquiry(**self.caller, care_nature_id=complaint)
        third._care_close_as_duplicate(first)
        self.assertEqual(set(third.care_deadline_ids.mapped("state")), {"void"})
        self.assertFalse(third.care_clock_state)

    def test_without_patients_the_same_caller(self):
        one, two = self.make_inquiry(), self.make_inquiry()
        with self.assertRaisesRegex(ValidationError, "not about the same patient"):
            two.duplicate_id = one
        one.partner_email, two.partner_email = "Lea@home.example", "lea@home.example "
        two.duplicate_id = one
        self.assertEqual(one.duplicate_ids, two)

    def test_a_plain_ticket_is_no_original(self):
        plain = self.env["helpdesk.ticket"].create([{"name": "Printer", "description": "Toner"}])
        with self.assertRaisesRegex(ValidationError, "is no inquiry"):
            self.second.duplicate_id = plain

    def test_a_red_flag_is_asked_for_all_the_same(self):
        self.second.with_user(self.coordinator)._care_raise_flags(self.abuse)
        with self.assertRaisesRegex(UserError, "red flag Abuse"):
            self.second._care_close_as_duplicate(self.first)
        self.assertFalse(self.second.closed)

    def test_a_refusal_leaves_no_half(self):
        wizard = self.env["helpdesk.ticket.duplicate.wizard"].create(
            {"ticket_id": self.second.id, "duplicate_of_id": self.make_inquiry().id}
        )
        with self.assertRaises(ValidationError), self.env.cr.savepoint():
            wizard.action_confirm()
        self.env.invalidate_all()
        self.assertFalse(self.second.care_outcome)
        self.assertFalse(self.second.duplicate_id)


class TestException(ClosingCommon):
    def _override(self, ticket, user, reason="The caller died"):
        return (
            self.env["care.closing.override"]
            .with_user(user)
            .create({"ticket_id": ticket.id, "reason": reason})
        )

    def test_a_supervisor_closes_with_a_reason_that_is_kept(self):
        ticket = self.make_inquiry()
        wizard = self._override(ticket, self.supervisor)
        self.assertIn("the answer", wizard.missing)
        wizard.action_close()
        self.assertTrue(ticket.closed)
        self.assertTrue(ticket.closed_date)
        exception = ticket.care_closing_exception_ids
        self.assertEqual(exception.user_id, self.supervisor)
        self.assertEqual(exception.reason, "The caller died")
        self.assertIn("the answer", exception.missing)
        self.assertIn("who was told", exception.missing)
        self.assertEqual(exception.nature_id, self.question)
        ticket.name = "Visiting hours again"
        ticket.care_answer = "None"

    def test_never_past_a_red_flag_that_nobody_has_decided(self):
        ticket = self.make_inquiry()
        alarm = ticket.with_user(self.coordinator)._care_raise_flags(self.abuse)
        suggested = self.make_inquiry(description="He was abused")
        for inquiry, words in ((ticket, "nobody has taken it"), (suggested, "nobody has looked")):
            with self.assertRaisesRegex(UserError, f"closed past the red flag Abuse.*{words}"):
                self._override(inquiry, self.supervisor).action_close()
            self.assertFalse(inquiry.closed)
            self.assertFalse(inquiry.care_closing_exception_ids)
        alarm.with_user(self.supervisor).action_take()
        with self.assertRaisesRegex(UserError, "not done yet: a person takes it and says"):
            self._override(ticket, self.supervisor).action_close()
        alarm.with_user(self.supervisor)._care_finish("Spoke to the ward: safe")
        self._override(ticket, self.supervisor).action_close()
        self.assertTrue(ticket.closed)
        self.assertNotIn("red flag", ticket.care_closing_exception_ids.missing)

    def test_nobody_else(self):
        ticket = self.make_inquiry()
        for name in ("coordinator", "responder", "privacy_officer", "manager", "employee"):
            with self.subTest(role=name), self.assertRaises(AccessError):
                self._override(ticket, self.people[name])
            with self.subTest(role=name), self.assertRaises(AccessError):
                ticket.with_user(self.people[name])._care_close_by_exception("Because")
        self.assertFalse(ticket.closed)

    def test_it_needs_a_reason_and_a_need(self):
        ticket = self.make_inquiry()
        with self.assertRaisesRegex(UserError, "Say why"):
            self._override(ticket, self.supervisor, reason="  ").action_close()
        complete = self._complete()
        with self.assertRaisesRegex(UserError, "is complete"):
            self._override(complete, self.supervisor).action_close()
        complete.action_care_close()
        with self.assertRaisesRegex(UserError, "closed already"):
            self._override(complete, self.supervisor).action_close()
        self.assertFalse(self.env["care.closing.exception"].search([]))

    def test_once_is_not_for_ever(self):
        ticket = self.make_inquiry()
        self._override(ticket, self.supervisor).action_close()
        ticket.stage_id = self.env.ref("helpdesk_mgmt.helpdesk_ticket_stage_in_progress")
        with self.assertRaisesRegex(UserError, "the answer"):
            ticket.stage_id = self.done

    def test_the_report_is_for_those_who_read_the_inquiry(self):
        ticket = self.make_inquiry()
        self._override(ticket, self.supervisor).action_close()
        exception = ticket.care_closing_exception_ids
        for name in ("coordinator", "supervisor", "privacy_officer"):
            self.assertTrue(exception.with_user(self.people[name]).read(["reason"]))
        for name in ("responder", "agent", "manager", "employee", "routing_admin"):
            with self.subTest(role=name), self.assertRaises(AccessError):
                exception.with_user(self.people[name]).read(["reason"])
        menu = self.env.ref(f"{MODULE}.menu_closing_exceptions")
        seen = self.env["ir.ui.menu"].with_user(self.supervisor).load_menus(False)
        self.assertIn(menu.id, seen)

    def test_it_is_never_edited(self):
        ticket = self.make_inquiry()
        self._override(ticket, self.supervisor).action_close()
        exception = ticket.care_closing_exception_ids.sudo().with_context(care_override=OURS)
        with self.assertRaisesRegex(UserError, "never edited or deleted"):
            exception.reason = "Other"
        with self.assertRaisesRegex(UserError, "never edited or deleted"):
            exception.unlink()


@tagged("standard", "post_install", "-at_install")
class TestClosingOverHttp(HttpCase):
    test_module = MODULE

    def setUp(self):
        super().setUp()
        self.people = make_people(self.env)
        self.done = self.env.ref("helpdesk_mgmt.helpdesk_ticket_stage_done")
        self.ticket = self.env["helpdesk.ticket"].create(
            [
                {
                    "name": "Soup",
                    "description": "Cold",
                    "care_nature_id": self.env.ref(f"{MODULE}.nature_question").id,
                    "partner_id": self.people["relative"].partner_id.id,
                }
            ]
        )

    def _call(self, user, method, **arguments):
        key = (
            self.env["res.users.apikeys"]
            .with_user(self.people[user])
            ._generate("rpc", "test", datetime.now() + timedelta(days=0.5))
        )
        return self.url_open(
            f"/json/2/helpdesk.ticket/{method}",
            data=json.dumps({"ids": self.ticket.ids, **arguments}),
            headers={"Authorization": f"bearer {key}", "Content-Type": "application/json"},
        )

    def test_no_call_closes_what_is_not_complete(self):
        for arguments in (
            {"vals": {"stage_id": self.done.id}},
            {"vals": {"stage_id": self.done.id}, "context": {"care_override": True}},
            {"vals": {"closed_date": "2026-03-01 10:00:00"}},
            {"vals": {"active": False}},
        ):
            with self.subTest(**arguments):
                response = self._call("supervisor", "write", **arguments)
                self.assertNotEqual(response.status_code, 200)
        response = self._call("supervisor", "_care_close_by_exception", reason="Because")
        self.assertNotEqual(response.status_code, 200)
        self.env.invalidate_all()
        self.assertFalse(self.ticket.closed)
        self.assertTrue(self.ticket.active)

    def test_the_portal_closes_nothing(self):
        from odoo.http import Request

        self.done.close_from_portal = True
        self.authenticate("care_relative", "care_relative")
        self.url_open(
            "/ticket/close",
            data={
                "ticket_id": self.ticket.id,
                "stage_id": self.done.id,
                "csrf_token": Request.csrf_token(self),
            },
        )
        self.env.invalidate_all()
        self.assertFalse(self.ticket.closed)

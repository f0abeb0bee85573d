"""The inquiry room: what is an inquiry, its facts, closing, deletion, changes of nature."""

from datetime import UTC, timedelta
from email.utils import format_datetime
from unittest.mock import patch

from lxml import etree

from odoo import Command, fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form
from odoo.tools import mute_logger
from odoo.tools.safe_eval import safe_eval

from odoo.addons.patient_care_coordination.models.inquiry.helpdesk_ticket_identity import CALLER

from ..common import MODULE, CareCommon

HOUR = timedelta(hours=1)


class TestInquiry(CareCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.done = cls.env.ref("helpdesk_mgmt.helpdesk_ticket_stage_done")
        cls.somebody = cls.env["res.partner"].create(
            {"name": "Lea Somebody", "email": "lea@home.example"}
        )
        cls.caller = {
            "care_identity": "confidential",
            "partner_id": cls.somebody.id,
            "partner_name": "Lea Somebody",
            "partner_email": "lea@home.example",
            "care_callback_phone": "555 0101",
        }
        cls.answer = {
            "care_answer": "From 2 pm",
            "care_told": "Mrs Okafor",
            "care_told_date": fields.Datetime.now(),
            "care_told_channel_id": cls.env.ref(f"{MODULE}.channel_in_person").id,
        }

    def test_plain_ticket_stays_plain(self):
        ticket = self.env["helpdesk.ticket"].create(
            [{"name": "Printer", "description": "No toner", "team_id": self.catering.id}]
        )
        self.assertFalse(ticket.care_is_inquiry)
        self.assertEqual(ticket.display_name, f"{ticket.number} - Printer")
        ticket.unlink()

    def test_nature_patient_or_desk_make_an_inquiry(self):
        Ticket = self.env["helpdesk.ticket"]
        common = {"name": "Food", "description": "Cold"}
        made = Ticket.create(
            [
                {**common, "care_nature_id": self.complaint.id},
                {**common, "care_patient_id": self.patient.id},
                {**common, "team_id": self.triage.id},
                common,
            ]
        )
        self.assertEqual(made.mapped("care_is_inquiry"), [True, True, True, False])
        self.assertEqual(made[1].care_nature_id, self.question)

    def test_flag_cannot_be_written(self):
        ticket = self.make_inquiry()
        with self.assertRaisesRegex(AccessError, "its own action only"):
            ticket.write({"care_is_inquiry": False})
        self.assertTrue(ticket.care_is_inquiry)

    def test_a_patient_always_has_a_name(self):
        for name in ("", "  "):
            with self.assertRaisesRegex(ValidationError, "write what is known, such as Unknown"):
                self.patient.name = name
                self.patient.flush_recordset()
        self.patient.invalidate_recordset()
        self.assertTrue(self.patient.name)

    def test_no_context_of_a_client_opens_a_door(self):
        ticket = self.make_inquiry()
        for key in ("care_mark", "care_nature", "care_team_hint", "care_intake"):
            with self.subTest(key=key):
                client = ticket.with_context(**{key: True})
                with self.assertRaises(AccessError):
                    client.write({"care_is_inquiry": False})
                with self.assertRaises(UserError):
                    client.write({"care_nature_id": self.complaint.id})

    def test_notes_of_the_intake_cannot_be_forged(self):
        ticket = self.make_inquiry(
            **{"care:errors": ["forged"], "care:decision": {"source": "rule"}, "care:human": True}
        )
        self.assertFalse(ticket.activity_ids)
        plain = self.env["helpdesk.ticket"].create(
            [{"name": "Printer", "description": "Toner", "care:errors": ["forged"]}]
        )
        self.assertFalse(plain.care_is_inquiry)

    def test_a_nature_in_the_context_decides_like_one_in_the_values(self):
        tickets = self.env["helpdesk.ticket"].with_context(default_care_nature_id=self.complaint.id)
        ticket = tickets.create([{"name": "Food", "description": "Cold"}])
        self.assertTrue(ticket.care_is_inquiry)
        self.assertEqual(ticket.care_nature_id, self.complaint)

    def test_the_form_of_a_new_inquiry_gives_it_to_nobody(self):
        coordinator = self.people["coordinator"]
        self.company.helpdesk_mgmt_ticket_auto_assign = True
        self.catering.user_ids += coordinator
        action = self.env.ref(f"{MODULE}.action_inquiries")
        context = self.env["ir.actions.actions"]._for_xml_id(action.get_external_id()[action.id])
        form = Form(
            self.env["helpdesk.ticket"]
            .with_user(coordinator)
            .with_context(**safe_eval(context["context"]))
        )
        self.assertTrue(form.care_is_inquiry)
        self.assertEqual(form.care_nature_id, self.question)
        self.assertTrue(form.care_received_date)
        self.assertFalse(form.user_id)
        form.name, form.description = "Food", "<p>Cold</p>"
        ticket = form.save()
        self.assertIn(ticket.category_id, ticket.care_category_ids)
        self.assertTrue(ticket.care_is_inquiry)
        self.assertEqual(ticket.display_name, ticket.number)
        self.assertFalse(ticket.user_id)
        self.assertEqual(ticket.care_decision_ids.source, "rule")

    def test_what_the_form_fills_in_is_nobodys_choice(self):
        coordinator = self.people["coordinator"]
        self.company.helpdesk_mgmt_ticket_auto_assign = True
        self.catering.user_ids += coordinator
        tickets = self.env["helpdesk.ticket"].with_user(coordinator)
        blank = tickets.new(tickets.default_get(["company_id", "team_id", "user_id"]))
        self.assertEqual((blank.team_id, blank.user_id), (self.catering, coordinator))
        values = {"name": "Food", "description": "Cold", "care_nature_id": self.question.id}
        filled = {"team_id": self.catering.id, "user_id": coordinator.id}
        untouched, moved, given = tickets.create(
            [
                {**values, **filled},
                {**values, **filled, "team_id": self.triage.id},
                {**values, **filled, "user_id": self.people["responder"].id},
            ]
        )
        self.assertEqual(untouched.care_decision_ids.source, "rule")
        self.assertFalse(untouched.user_id)
        self.assertEqual(moved.care_decision_ids.source, "human")
        self.assertEqual(moved.team_id, self.triage)
        self.assertFalse(moved.user_id)
        self.assertEqual(given.care_decision_ids.source, "human")
        self.assertEqual(given.user_id, self.people["responder"])

    def test_only_privacy_officer_makes_it_plain(self):
        ticket = self.make_inquiry()
        with self.assertRaisesRegex(AccessError, "privacy officer"):
            ticket.with_user(self.people["supervisor"]).action_care_make_plain()
        ticket.with_user(self.people["privacy_officer"]).action_care_make_plain()
        self.assertFalse(ticket.care_is_inquiry)

    def test_received_date_may_lie_before_creation(self):
        ticket = self.make_inquiry(care_received_date="2026-02-01 09:00:00")
        self.assertEqual(str(ticket.care_received_date), "2026-02-01 09:00:00")

    def test_received_date_never_lies_in_the_future(self):
        now = fields.Datetime.now()
        self.make_inquiry(care_received_date=now + timedelta(minutes=4))
        with self.assertRaisesRegex(UserError, "in the future"):
            self.make_inquiry(care_received_date=now + timedelta(hours=1))
        ticket = self.make_inquiry()
        with self.assertRaisesRegex(UserError, "in the future"):
            ticket.care_received_date = now + timedelta(days=1)

    def test_never_deleted(self):
        ticket = self.make_inquiry()
        for context in ({}, {"_force_unlink": True}):
            with self.subTest(context=context), self.assertRaisesRegex(UserError, "never deleted"):
                ticket.with_context(**context).unlink()
        self.assertTrue(ticket.exists())

    def test_closing_names_what_is_missing(self):
        ticket = self.make_inquiry(
            care_nature_id=self.complaint.id, name="Letter", description="See enclosed."
        )
        with self.assertRaises(UserError) as refused:
            ticket.action_care_close()
        for part in ("the answer", "who was told", "the category", "the department"):
            self.assertIn(part, str(refused.exception))
        self.assertFalse(ticket.closed)

    def test_closing_by_stage_is_refused_too(self):
        ticket = self.make_inquiry()
        with self.assertRaisesRegex(UserError, "the answer"):
            ticket.stage_id = self.env.ref("helpdesk_mgmt.helpdesk_ticket_stage_done")

    def test_reopening_clears_closed_date(self):
        ticket = self._closed()
        self.assertTrue(ticket.closed_date)
        self.assertFalse(ticket.care_waiting)
        ticket.stage_id = self.env.ref("helpdesk_mgmt.helpdesk_ticket_stage_in_progress")
        self.assertFalse(ticket.closed_date)
        self.assertEqual(ticket.care_waiting, "us")

    def test_a_refused_closing_changes_nothing(self):
        ticket = self.make_inquiry()
        try:
            ticket.write({"stage_id": self.done.id, "care_answer": "From 2 pm"})
        except UserError:
            self.env.invalidate_all()
        self.assertFalse(ticket.closed)
        self.assertFalse(ticket.care_answer)

    def test_gates_hold_at_creation(self):
        with self.assertRaisesRegex(UserError, "Visiting hours: cannot be closed yet.*the answer"):
            self.make_inquiry(stage_id=self.done.id)
        tickets = self.env["helpdesk.ticket"].with_context(default_stage_id=self.done.id)
        with self.assertRaisesRegex(UserError, "cannot be closed yet"):
            tickets.create(
                [{"name": "Soup", "description": "Cold", "care_nature_id": self.complaint.id}]
            )

    def test_an_old_inquiry_is_imported_as_closed(self):
        ticket = self.make_inquiry(stage_id=self.done.id, **self.answer)
        self.assertTrue(ticket.closed)
        self.assertTrue(ticket.closed_date)
        self.assertFalse(ticket.care_waiting)
        dated = self.make_inquiry(
            stage_id=self.done.id, closed_date="2026-03-02 10:00:00", **self.answer
        )
        self.assertEqual(str(dated.closed_date), "2026-03-02 10:00:00")

    def test_who_only_hands_in_closes_nothing(self):
        tickets = self.env["helpdesk.ticket"].with_user(self.people["relative"]).sudo()
        ticket = tickets.create(
            [
                {
                    "name": "Soup",
                    "description": "Cold",
                    "team_id": self.triage.id,
                    "stage_id": self.done.id,
                    "care_received_date": "2999-01-01 00:00:00",
                }
            ]
        )
        self.assertTrue(ticket.care_is_inquiry)
        self.assertFalse(ticket.closed)
        self.assertLessEqual(ticket.care_received_date, fields.Datetime.now())

    def test_what_is_closed_stays_complete(self):
        ticket = self._closed()
        for name in self.answer:
            with self.subTest(field=name), self.assertRaisesRegex(UserError, "must keep"):
                ticket.write({name: False})
        with self.assertRaisesRegex(UserError, "must keep who was told"):
            ticket.care_told = "  "
        ticket.care_answer = "From 2 pm, on Sundays from 1 pm"
        food = self.env["helpdesk.ticket.category"].create({"name": "Food"})
        complaint = self.make_inquiry(
            care_nature_id=self.complaint.id,
            category_id=food.id,
            care_department_id=self.ward.id,
            care_issue_ids=[Command.create({"category_id": food.id, "finding": "upheld"})],
            stage_id=self.done.id,
            **self.answer,
        )
        for name in ("category_id", "care_department_id"):
            with self.subTest(field=name), self.assertRaisesRegex(UserError, "must keep"):
                complaint.write({name: False})
        with self.assertRaisesRegex(UserError, "must keep the department"):
            ticket._care_set_nature(self.complaint, "Wants a letter")

    def test_stage_in_use_keeps_its_meaning(self):
        ticket = self._closed()
        with self.assertRaisesRegex(UserError, "in use by inquiries"):
            ticket.stage_id.closed = False

    def test_upgrade_keeps_the_reason(self):
        ticket = self.make_inquiry()
        self.env["care.upgrade"].create(
            {"ticket_id": ticket.id, "nature_id": self.complaint.id, "reason": "Wants a letter"}
        ).action_confirm()
        self.assertEqual(ticket.care_nature_id, self.complaint)
        self.assertEqual(ticket.care_nature_change_ids.reason, "Wants a letter")

    def test_nature_changes_with_a_reason_alone(self):
        ticket = self.make_inquiry()
        for nature in (self.complaint.id, False):
            with self.assertRaisesRegex(UserError, "reason"):
                ticket.write({"care_nature_id": nature})
        for reason in ("", "  ", False):
            with self.assertRaisesRegex(UserError, "reason"):
                ticket._care_set_nature(self.complaint, reason)
        ticket.write({"care_nature_id": self.question.id, "name": "Same nature"})
        self.assertEqual(ticket.care_nature_id, self.question)

    def test_a_new_main_category_takes_the_place_of_the_old(self):
        old, new, more = self.env["helpdesk.ticket.category"].create(
            [{"name": "Late tray"}, {"name": "Wrong tray"}, {"name": "Cold tray"}]
        )
        ticket = self.make_inquiry(category_id=old.id)
        ticket.care_category_ids = old | more
        ticket.category_id = new
        self.assertEqual(ticket.care_category_ids, new | more)
        ticket.write({"category_id": old.id, "care_category_ids": [(6, 0, old.ids)]})
        self.assertEqual(ticket.care_category_ids, old)

    def test_issues_from_categories(self):
        categories = self.env["helpdesk.ticket.category"].create(
            [{"name": "Late tray"}, {"name": "Wrong tray"}]
        )
        ticket = self.make_inquiry(category_id=categories[0].id)
        ticket.care_category_ids = categories
        ticket.action_care_issues_from_categories()
        ticket.action_care_issues_from_categories()
        self.assertEqual(ticket.care_issue_ids.category_id, categories)

    def test_anonymous_caller_has_no_name(self):
        partner = self.env["res.partner"].create({"name": "Somebody"})
        ticket = self.make_inquiry(partner_id=partner.id, care_identity="anonymous")
        self.assertFalse(ticket.partner_id)
        self.assertFalse(ticket.partner_name)

    def test_in_confidence_the_department_reads_no_name(self):
        ticket = self.make_inquiry(**self.caller)
        ticket.team_id = self.catering
        self._check_hidden(ticket)
        self.assertEqual(ticket.care_confidential_partner_id, self.somebody)
        named = self.make_inquiry(**(self.caller | {"care_identity": "named"}))
        named.team_id = self.catering
        named.care_identity = "confidential"
        self._check_hidden(named)
        named.care_identity = "named"
        for name in ("partner_id", "partner_name", "partner_email", "care_callback_phone"):
            self.assertEqual(named[name], self.env["helpdesk.ticket"].new(self.caller)[name], name)
        self.assertFalse(named.care_confidential_name)

    def test_in_confidence_what_is_added_later_is_hidden_too(self):
        ticket = self.make_inquiry(care_identity="confidential", partner_name="Lea")
        ticket.with_user(self.people["coordinator"]).write({"partner_id": self.somebody.id})
        self.assertFalse(ticket.partner_id)
        self.assertEqual(ticket.care_confidential_partner_id, self.somebody)
        self.assertEqual(ticket.care_confidential_name, "Lea")
        self.assertEqual(ticket.partner_name, "In confidence")

    def test_the_department_cannot_lift_a_confidence(self):
        ticket = self.make_inquiry(**self.caller)
        ticket.team_id = self.catering
        mine = ticket.with_user(self.people["responder"])
        with self.assertRaisesRegex(AccessError, "ask one"):
            mine.care_identity = "named"
        self.assertFalse(ticket.partner_id)

    def test_a_responder_hands_in_a_confidence(self):
        tickets = self.env["helpdesk.ticket"].with_user(self.people["responder"])
        ticket = tickets.create(
            [
                {
                    "name": "Food",
                    "description": "Cold",
                    "care_nature_id": self.question.id,
                    **self.caller,
                }
            ]
        ).sudo()
        self.assertEqual(ticket.partner_name, "In confidence")
        self.assertEqual(ticket.care_confidential_name, "Lea Somebody")

    def test_anonymous_forgets_who_called(self):
        for ticket in (
            self.make_inquiry(**self.caller),
            self.make_inquiry(**(self.caller | {"care_identity": "named"})),
        ):
            ticket.care_identity = "anonymous"
            for name in [*CALLER, *CALLER.values()]:
                self.assertFalse(ticket[name], name)

    def test_nothing_is_mailed_to_a_caller_in_confidence(self):
        self.done.mail_template_id = self.env.ref("helpdesk_mgmt.closed_ticket_template")
        mails = self.env["mail.mail"].search_count([])
        ticket = self.make_inquiry(**self.caller)
        ticket._care_close(**self.answer)
        self.env.flush_all()
        self.env.cr.precommit.run()
        self.assertEqual(self.env["mail.mail"].search_count([]), mails)

    def _check_hidden(self, ticket):
        mine = ticket.with_user(self.people["responder"])
        read = str(mine.read(["partner_id", "partner_name", "partner_email"]))
        read += str(mine.read(["care_callback_phone", "commercial_partner_id"]))
        for secret in ("Somebody", "lea@", "555"):
            self.assertNotIn(secret, read)
        self.assertEqual(mine.partner_name, "In confidence")
        for name in CALLER.values():
            with self.assertRaises(AccessError):
                mine.read([name])
        theirs = ticket.with_user(self.people["coordinator"])
        self.assertEqual(theirs.care_confidential_name, "Lea Somebody")
        self.assertEqual(theirs.care_confidential_email, "lea@home.example")
        self.assertEqual(theirs.care_confidential_phone, "555 0101")

    def test_a_message_of_the_caller_is_heard(self):
        ticket = self.make_inquiry()
        heard = []
        with patch.object(
            type(ticket), "_care_heard", lambda self, message: heard.append(message.id)
        ):
            staff = ticket.with_user(self.people["coordinator"]).message_post(body="A note")
            caller = ticket.message_post(
                body="Any news?",
                author_id=self.somebody.id,
                message_type="email",
                subtype_xmlid="mail.mt_comment",
            )
            stranger = ticket.message_post(
                body="Any news?", author_id=False, email_from="x@y.example", message_type="email"
            )
        self.assertNotIn(staff.id, heard)
        self.assertEqual(heard, [caller.id, stranger.id])

    @mute_logger("odoo.addons.patient_care_coordination.models.inquiry.helpdesk_ticket_mail")
    def test_a_failure_to_react_loses_no_message(self):
        ticket = self.make_inquiry()
        with patch.object(type(ticket), "_care_heard", side_effect=RuntimeError("on purpose")):
            message = ticket.message_post(
                body="Any news?", author_id=self.somebody.id, message_type="email"
            )
        self.assertIn(message, ticket.message_ids)

    def test_triage_team_stays(self):
        with self.assertRaisesRegex(UserError, "triage team"):
            self.triage.active = False

    def _closed(self):
        ticket = self.make_inquiry()
        ticket._care_close(**self.answer)
        return ticket


class TestForm(CareCommon):
    """The form as a coordinator gets it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        tickets = cls.env["helpdesk.ticket"].with_user(cls.people["coordinator"])
        cls.form = etree.fromstring(tickets.get_view(view_type="form")["arch"])

    def test_tabs_are_few_enough_to_be_seen_at_once(self):
        tabs = self.form.xpath("//notebook/page[not(@invisible='care_is_inquiry')]/@string")
        self.assertCountEqual(
            tabs,
            [
                "Description",
                "Answer",
                "Letters",
                "Clocks",
                "Contacts",
                "Consults",
                "Supplies and equipment",
                "Issues",
                "History",
            ],
        )

    def test_no_list_is_shown_empty(self):
        lists = self.form.xpath("//notebook//field[list and @readonly]")
        self.assertGreaterEqual(len(lists), 9)
        for node in lists:
            name = node.get("name")
            with self.subTest(field=name):
                hidden = node.xpath("ancestor-or-self::*/@invisible")
                self.assertIn(f"not {name}", hidden)
        told = self.form.xpath("//notebook//p[contains(@class, 'text-muted')]/@invisible")
        self.assertGreaterEqual(len(told), 9)
        for name in (*told, "care_issue_ids"):
            self.assertTrue(self.form.xpath(f"//notebook//field[@name='{name}'][list]"), name)


class TestMail(CareCommon):
    def _mail(self, sender="Nora Green <Nora.Green@home.example>", date=None, **kw):
        self.triage.alias_name = "desk-test"
        date = date or fields.Datetime.now()
        self.number = getattr(self, "number", 0) + 1
        mail = (
            f"From: {sender}\nTo: desk-test@hospital.example\nSubject: Soup\n"
            f"Message-Id: <inquiry-{self.number}@home.example>\n"
            f"Date: {format_datetime(date.replace(tzinfo=UTC))}\n\nCold again."
        )
        custom = {"team_id": self.triage.id, **kw}
        made = self.env["mail.thread"].message_process("helpdesk.ticket", mail, custom)
        return self.env["helpdesk.ticket"].browse(made)

    def test_received_is_when_the_mail_was_sent(self):
        now = fields.Datetime.now()
        sent = now - timedelta(days=3)
        self.assertEqual(self._mail(date=sent).care_received_date, sent)
        for wrong in (now + timedelta(days=3), now - timedelta(days=31)):
            with self.subTest(date=wrong):
                self.assertLess(abs(self._mail(date=wrong).care_received_date - now), HOUR)
        given = self._mail(care_received_date="2999-01-01 00:00:00")
        self.assertLess(abs(given.care_received_date - now), HOUR)

    def test_an_unknown_sender_is_taken_apart(self):
        ticket = self._mail()
        self.assertEqual(ticket.partner_name, "Nora Green")
        self.assertEqual(ticket.partner_email, "nora.green@home.example")
        self.assertFalse(ticket.partner_id)
        self.assertEqual(self._mail("nora@home.example").partner_email, "nora@home.example")

    def test_a_known_sender_keeps_the_name_of_the_contact(self):
        partner = self.env["res.partner"].create(
            {"name": "Green, Nora", "email": "nora.green@home.example"}
        )
        ticket = self._mail()
        self.assertEqual(ticket.partner_id, partner)
        self.assertEqual(ticket.partner_name, "Green, Nora")
        self.assertEqual(ticket.partner_email, "nora.green@home.example")

    def test_a_mail_to_a_plain_team_is_left_alone(self):
        ticket = self._mail(team_id=self.catering.id)
        self.assertFalse(ticket.care_is_inquiry)
        self.assertEqual(ticket.partner_email, '"Nora Green" <Nora.Green@home.example>')
        self.assertFalse(ticket.partner_name)

    @mute_logger("odoo.addons.patient_care_coordination.models.inquiry.helpdesk_ticket_mail")
    def test_a_mail_whose_head_cannot_be_read_arrives(self):
        with patch.object(
            type(self.env["helpdesk.ticket"]),
            "_care_mail_facts",
            side_effect=RuntimeError("on purpose"),
        ):
            ticket = self._mail()
        self.assertTrue(ticket.care_is_inquiry)


class TestQuickIntake(CareCommon):
    def _intake(self, **values):
        return (
            self.env["care.intake"]
            .with_user(self.people["coordinator"])
            .create({"what": "When may I visit?", "caller_name": "Mr Ruiz", **values})
        )

    def test_answer_and_close(self):
        action = self._intake(answer="From 2 pm").action_answer_and_close()
        ticket = self.env["helpdesk.ticket"].browse(action["res_id"])
        self.assertTrue(ticket.closed)
        self.assertEqual(ticket.care_told, "Mr Ruiz")
        self.assertEqual(ticket.care_answered_by_id, self.people["coordinator"])

    def test_the_title_ends_with_a_whole_word_and_the_contact_keeps_all(self):
        said = (
            "He fell out of bed on Ward 7 last night, he says, and since then nobody has come by."
        )
        action = self._intake(what=said).action_keep_open()
        ticket = self.env["helpdesk.ticket"].browse(action["res_id"]).sudo()
        self.assertEqual(
            ticket.name,
            "He fell out of bed on Ward 7 last night, he says, and since then nobody has …",
        )
        self.assertEqual(ticket.care_contact_ids.summary, said)
        action = self._intake(what="x" * 100).action_keep_open()
        ticket = self.env["helpdesk.ticket"].browse(action["res_id"])
        self.assertEqual(ticket.name, "x" * 80 + " …")

    def test_an_anonymous_caller_leaves_no_trace(self):
        intake = self._intake(
            answer="From 2 pm", identity="anonymous", phone="555 0101", email="ruiz@home.example"
        )
        action = intake.action_answer_and_close()
        ticket = self.env["helpdesk.ticket"].browse(action["res_id"])
        self.assertTrue(ticket.closed)
        stored = str(ticket.read()) + str(intake.read())
        for secret in ("Ruiz", "ruiz@", "555 0101"):
            self.assertNotIn(secret, stored)

    def test_without_a_name_the_caller_is_anonymous(self):
        action = self._intake(caller_name=False).action_keep_open()
        ticket = self.env["helpdesk.ticket"].browse(action["res_id"])
        self.assertEqual(ticket.care_identity, "anonymous")
        with self.assertRaisesRegex(UserError, "tells who called"):
            self._intake(caller_name=False, phone="555 0101").action_keep_open()

    def test_in_confidence_nobody_reads_who_was_told(self):
        action = self._intake(answer="Yes", identity="confidential").action_answer_and_close()
        ticket = self.env["helpdesk.ticket"].browse(action["res_id"])
        self.assertEqual(ticket.care_told, "The caller, in confidence")
        self.assertEqual(ticket.partner_name, "In confidence")
        self.assertEqual(ticket.care_confidential_name, "Mr Ruiz")

    def test_what_closing_lacks_is_asked_for_without_a_number(self):
        intake = self._intake(what="See letter", answer="Yes", nature_id=self.complaint.id)
        self.assertTrue(intake.needs_category)
        with self.assertRaises(UserError) as refused:
            intake.action_answer_and_close()
        self.assertIn("cannot be closed yet. Missing: the category", str(refused.exception))
        self.assertNotIn("HT", str(refused.exception))

    def test_no_answer_no_closing(self):
        with self.assertRaisesRegex(UserError, "Write the answer"):
            self._intake().action_answer_and_close()

    def test_keep_open_assigns_nobody(self):
        action = self._intake().action_keep_open()
        ticket = self.env["helpdesk.ticket"].browse(action["res_id"])
        self.assertFalse(ticket.closed)
        self.assertFalse(ticket.user_id)
        self.assertTrue(ticket.team_id)

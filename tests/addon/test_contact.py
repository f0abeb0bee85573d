"""The contact log, promises, logging a call, finding callers by number, cues for staff."""

from datetime import datetime, timedelta
from unittest.mock import patch

from freezegun import freeze_time
from lxml import etree
from psycopg2 import IntegrityError

from odoo import Command, fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, tagged
from odoo.tools import mute_logger

from odoo.addons.patient_care_coordination.models.contact.phone import phone_key, same_phone
from odoo.addons.patient_care_coordination.models.inquiry.helpdesk_ticket import OURS

from ..common import MODULE, CareCommon, correct_received

MAIL = """From: {sender}
To: kitchen-test@hospital.example
Subject: {subject}
Message-Id: <{number}@home.example>
{head}Content-Type: text/plain; charset=utf-8

When may I visit my mother?
"""


class ContactCommon(CareCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.coordinator = cls.people["coordinator"]
        cls.responder = cls.people["responder"]
        cls.relative = cls.people["relative"].partner_id
        cls.relative.write({"email": "relative@home.example", "phone": "+1 212 555 0199"})
        cls.company.country_id = cls.env.ref("base.us")
        cls.patient.write({"phone": "(212) 555-0144", "safe_to_call": "Mornings only"})
        cls.Contact = cls.env["care.contact"].with_user(cls.coordinator)
        cls.now = fields.Datetime.now().replace(second=0, microsecond=0)

    def inquiry(self, **values):
        return self.make_inquiry(
            **{
                "care_patient_id": self.patient.id,
                "partner_id": self.relative.id,
                "care_callback_phone": "212 555 0101",
                "care_safe_to_call": "After 5 pm",
                **values,
            }
        ).with_user(self.coordinator)

    def log(self, ticket, **values):
        return self.Contact._care_log(
            [
                {
                    "ticket_id": ticket.id,
                    "direction": "out",
                    "channel": "call",
                    "person_name": "Relative",
                    "summary": "Explained.",
                    "with_caller": True,
                    **values,
                }
            ]
        )

    def call(self, ticket, user=None, **values):
        """The form as it opens from the inquiry, with ``values`` typed over."""
        ticket = ticket.with_user(user or self.coordinator)
        action = ticket.action_care_call()
        form = Form(
            self.env["care.call"].with_user(ticket.env.user).with_context(action["context"])
        )
        for name, value in values.items():
            setattr(form, name, value)
        return form.save()

    def promise(self, ticket, **values):
        return (
            self.env["care.promise"]
            .with_user(self.coordinator)
            ._care_make(
                [
                    {
                        "ticket_id": ticket.id,
                        "what": "Call back",
                        "due": self.now + timedelta(hours=3),
                        **values,
                    }
                ]
            )
        )


@tagged("standard", "post_install", "-at_install")
class TestContactLog(ContactCommon):
    def test_a_row_knows_its_patient_and_company_and_who_logged(self):
        row = self.log(self.inquiry())
        self.assertEqual(row.patient_id, self.patient)
        self.assertEqual(row.company_id, self.company)
        self.assertEqual(row.user_id, self.coordinator)
        self.assertEqual(row.result, "reached")
        self.assertIn("Call made", row.kind)
        self.assertIn("Reached", row.kind)
        self.assertTrue(row.display_name.startswith("Call made, "))
        self.assertNotIn("Relative", row.display_name)

    def test_nobody_changes_or_deletes_a_row(self):
        row = self.log(self.inquiry())
        for who in (row, row.sudo(), row.with_user(self.env.ref("base.user_admin"))):
            with self.subTest(who=who.env.user.name, su=who.env.su):
                with self.assertRaises(UserError):
                    who.write({"summary": "Other"})
                with self.assertRaises(UserError):
                    who.unlink()
                with self.assertRaises(UserError):
                    who.with_context(care_anonymise=True).write({"summary": "Other"})
        with self.assertRaisesRegex(UserError, "The contact log is not changed: add a correction"):
            row.sudo().summary = "Other"
        with self.assertRaisesRegex(UserError, "Nothing is taken out of the contact log"):
            row.sudo().unlink()
        self.assertEqual(row.summary, "Explained.")

    def test_anonymisation_may(self):
        row = self.log(self.inquiry()).sudo().with_context(care_anonymise=OURS)
        row.summary = "Taken out"
        self.assertEqual(row.summary, "Taken out")

    def test_nobody_logs_by_rpc_nor_in_the_name_of_another(self):
        values = {
            "ticket_id": self.inquiry().id,
            "direction": "out",
            "channel": "call",
            "user_id": self.responder.id,
            "text": "Forged",
            "text_hash": "0",
        }
        with self.assertRaises(AccessError):
            self.Contact.create([values])
        row = self.Contact.sudo().create([values])
        self.assertEqual(row.user_id, self.coordinator)
        self.assertFalse(row.text or row.text_hash)

    def test_a_contact_is_not_in_the_future(self):
        with self.assertRaisesRegex(UserError, "in the future: enter when it was"):
            self.log(self.inquiry(), date=self.now + timedelta(hours=1))

    def test_a_contact_is_not_before_the_receipt_of_its_inquiry(self):
        ticket = self.inquiry(care_received_date=self.now)
        day_before = self.now - timedelta(days=1)
        refused = f"before inquiry {ticket.number} was received on .*: correct the date, or the"
        with self.assertRaisesRegex(UserError, refused), self.env.cr.savepoint():
            self.log(ticket, date=day_before)
        form = self.call(ticket, date=day_before, summary="Explained.")
        with self.assertRaisesRegex(UserError, refused), self.env.cr.savepoint():
            form.action_save()
        row = self.log(ticket, date=self.now)
        with self.assertRaisesRegex(UserError, refused), self.env.cr.savepoint():
            self.log(ticket, corrects_id=row.id, date=day_before)
        self.assertEqual(ticket.sudo().care_contact_ids, row)
        correct_received(ticket, self.coordinator, day_before)
        self.assertEqual(self.log(ticket, date=day_before).date, day_before)

    def test_minutes_are_not_negative(self):
        with mute_logger("odoo.sql_db"), self.assertRaises(IntegrityError):
            self.log(self.inquiry(), duration=-1)

    def test_a_correction_is_a_new_row_that_points_to_the_old(self):
        old = self.log(self.inquiry(), duration=5)
        action = old.action_correct()
        form = Form(
            self.env["care.call"].with_user(self.coordinator).with_context(action["context"])
        )
        self.assertEqual(form.summary, "Explained.")
        self.assertEqual(form.duration, 5)
        form.summary = "Explained the visiting hours."
        form.save().action_save()
        new = old.correction_ids
        self.assertEqual(new.corrects_id, old)
        self.assertEqual(new.ticket_id, old.ticket_id)
        self.assertTrue(old.corrected)
        self.assertFalse(new.corrected)
        self.assertIn("Corrected by a newer row", old.kind)
        self.assertEqual(old.summary, "Explained.")
        with mute_logger("odoo.sql_db"), self.assertRaises(IntegrityError):
            self.log(old.ticket_id, corrects_id=old.id)

    def test_newest_first(self):
        ticket = self.inquiry(care_received_date=self.now - timedelta(days=3))
        old = self.log(ticket, date=self.now - timedelta(days=2))
        new = self.log(ticket, date=self.now - timedelta(days=1))
        ticket.invalidate_recordset()
        self.assertEqual(ticket.care_contact_ids.ids, [new.id, old.id])

    def test_the_patients_timeline_joins_all_inquiries(self):
        rows = self.log(self.inquiry()) | self.log(self.inquiry())
        patient = self.patient.with_user(self.coordinator)
        self.assertEqual(patient.contact_count, 2)
        action = patient.action_open_contacts()
        self.assertEqual(self.Contact.search(action["domain"]), rows.sorted("id", reverse=True))

    def test_logging_a_hundred_takes_as_many_queries_as_ten(self):
        ticket = self.inquiry()
        values = {
            "ticket_id": ticket.id,
            "direction": "out",
            "channel": "call",
            "summary": "x",
            "with_caller": True,
            "date": self.now,
        }

        def queries(number):
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self.Contact._care_log([dict(values) for _x in range(number)])
            self.env.flush_all()
            return self.env.cr.sql_log_count - before

        queries(1)
        self.assertEqual(queries(10), queries(100))

    def test_what_is_shown_of_a_caller_in_confidence(self):
        ticket = self.inquiry(care_identity="confidential", team_id=self.catering.id)
        ticket.sudo().team_id = self.catering
        self.call(ticket, summary="Said more.").action_save()
        row = ticket.sudo().care_contact_ids
        self.assertEqual(row.person_name, "Relative")
        self.assertEqual(row.phone, "212 555 0101")
        theirs = row.with_user(self.responder)
        self.assertEqual(theirs.person, "In confidence")
        self.assertFalse(theirs.number)
        for name in ("person_name", "phone", "address", "partner_id"):
            with self.subTest(field=name), self.assertRaises(AccessError):
                theirs.read([name])
        self.assertEqual(row.with_user(self.coordinator).person, "Relative (in confidence)")

    def test_older_rows_follow_a_caller_who_asks_for_confidence(self):
        ticket = self.inquiry()
        ticket.sudo().team_id = self.catering
        row = self.log(ticket, phone="212 555 0101")
        theirs = row.with_user(self.responder)
        self.assertEqual((theirs.person, theirs.number), ("Relative", "212 555 0101"))
        ticket.care_identity = "confidential"
        self.env.invalidate_all()
        self.assertEqual((theirs.person, theirs.number), ("In confidence", False))

    def test_a_caller_who_becomes_anonymous_is_forgotten(self):
        ticket = self.inquiry()
        row = self.log(ticket, phone="212 555 0101", partner_id=self.relative.id)
        promise = self.promise(ticket, person_name="Relative", phone="212 555 0101")
        ticket.care_identity = "anonymous"
        row, promise = row.sudo(), promise.sudo()
        self.assertFalse(row.person_name or row.phone or row.partner_id)
        self.assertFalse(promise.person_name or promise.phone)
        self.assertEqual(row.person, "Anonymous")
        self.assertEqual(row.summary, "Explained.")


@tagged("standard", "post_install", "-at_install")
class TestContactAccess(ContactCommon):
    def test_who_reads_contacts_and_promises(self):
        ticket = self.inquiry()
        ticket.sudo().team_id = self.catering
        other = self.inquiry()
        mine, theirs = self.log(ticket), self.log(other)
        alone = self.Contact._care_log(
            [{"patient_id": self.patient.id, "direction": "in", "channel": "visit", "summary": "x"}]
        )
        promises = self.promise(ticket) | self.promise(other)
        every = mine | theirs | alone
        expected = {
            "coordinator": (every, promises),
            "supervisor": (every, promises),
            "privacy_officer": (every, promises),
            "responder": (mine, promises[0]),
        }
        for login, (contacts, kept) in expected.items():
            with self.subTest(role=login):
                user = self.people[login]
                found = self.env["care.contact"].with_user(user)
                self.assertEqual(
                    found.search([("id", "in", every.ids)]).sorted(), every.sorted() & contacts
                )
                found = self.env["care.promise"].with_user(user)
                self.assertEqual(found.search([("id", "in", promises.ids)]), kept)
        for login in ("clerk", "routing_admin", "manager", "agent", "employee", "relative"):
            for record in (mine, promises[0]):
                with self.subTest(role=login, model=record._name), self.assertRaises(AccessError):
                    record.with_user(self.people[login]).read(["create_date"])

    def test_a_row_without_inquiry_of_another_company_is_invisible(self):
        company = self.env["res.company"].create({"name": "Second hospital"})
        patient = self.env["care.patient"].create({"name": "Far", "company_id": company.id})
        row = self.env["care.contact"]._care_log(
            [{"patient_id": patient.id, "direction": "in", "channel": "visit"}]
        )
        self.assertEqual(row.company_id, company)
        with self.assertRaises(AccessError):
            row.with_user(self.coordinator).read(["summary"])
        officer = row.with_user(self.people["privacy_officer"])
        with self.assertRaises(AccessError):
            officer.read(["summary"])
        officer.env.user.sudo().company_ids += company
        self.assertTrue(officer.with_company(company).read(["summary"]))

    def test_nobody_logs_on_an_inquiry_they_cannot_read(self):
        ticket = self.inquiry()
        form = self.env["care.call"].with_user(self.responder).new({"ticket_id": ticket.id})
        call = (
            self.env["care.call"]
            .with_user(self.responder)
            .sudo()
            .create([{"ticket_id": ticket.id, "summary": "x"}])
        )
        with self.assertRaises(AccessError):
            call.with_user(self.responder).action_save()
        self.assertTrue(form)

    def test_nobody_keeps_a_promise_they_cannot_read(self):
        promise = self.promise(self.inquiry())
        with self.assertRaises(AccessError):
            promise.with_user(self.responder).action_kept()


@tagged("standard", "post_install", "-at_install")
class TestMailContacts(ContactCommon):
    def _mail(self, number=1, head="", sender="Relative <relative@home.example>"):
        self.catering.care_desk = True
        thread = self.env["mail.thread"].with_context(mail_channel_noautofollow=True)
        ticket_id = thread.message_process(
            "helpdesk.ticket",
            MAIL.format(sender=sender, number=number, head=head, subject="Visiting"),
            custom_values={"team_id": self.catering.id},
        )
        return self.env["helpdesk.ticket"].browse(ticket_id)

    def test_a_mail_is_logged_with_text_and_fingerprint(self):
        ticket = self._mail()
        row = ticket.care_contact_ids
        self.assertEqual((row.channel, row.direction), ("mail", "in"))
        self.assertEqual(row.summary, "Visiting")
        self.assertIn("When may I visit my mother?", row.text)
        self.assertEqual(row.person, "Relative")
        self.assertEqual(row.address, "relative@home.example")
        self.assertTrue(row.with_caller)
        self.assertFalse(row.automatic or row.user_id)
        self.assertEqual(len(row.text_hash), 64)
        self.assertEqual(row.intact, "yes")
        self.env.cr.execute(
            "UPDATE mail_message SET body = 'Forged' WHERE id = %s", [row.mail_message_id.id]
        )
        self.env.invalidate_all()
        self.assertEqual(row.intact, "no")

    def test_an_automatic_mail_is_marked(self):
        ticket = self._mail(head="Auto-Submitted: auto-replied\n")
        self.assertTrue(ticket.care_contact_ids.automatic)
        self.assertIn("Automatic", ticket.care_contact_ids.kind)

    def test_a_mail_from_the_future_is_logged_now(self):
        ticket = self._mail(head="Date: Mon, 01 Jan 2035 10:00:00 +0000\n")
        self.assertLessEqual(ticket.care_contact_ids.date, fields.Datetime.now())

    @mute_logger(f"odoo.addons.{MODULE}.models.contact.helpdesk_ticket")
    def test_a_failure_of_the_log_loses_no_mail(self):
        with patch.object(
            type(self.env["care.contact"]), "_care_log", side_effect=RuntimeError("on purpose")
        ):
            ticket = self._mail()
        self.assertIn("When may I", ticket.message_ids.filtered("email_from")[-1:].body or "")
        self.assertFalse(ticket.care_contact_ids)

    def test_a_portal_message_is_logged(self):
        ticket = self.inquiry()
        ticket.sudo().message_post(
            body="Any news?",
            author_id=self.relative.id,
            message_type="comment",
            subtype_xmlid="mail.mt_comment",
        )
        row = ticket.care_contact_ids
        self.assertEqual((row.channel, row.direction), ("portal", "in"))
        self.assertEqual(row.summary, "Any news?")

    def _answer(self, ticket, **values):
        return ticket.message_post(
            **{
                "body": "Visits from two to eight.",
                "message_type": "comment",
                "subtype_xmlid": "mail.mt_comment",
                "partner_ids": self.relative.ids,
                **values,
            }
        )

    def _may_be_mailed(self):
        self.env["care.authority"].with_user(self.coordinator).create(
            [
                {
                    "patient_id": self.patient.id,
                    "partner_id": self.relative.id,
                    "basis": "agreed",
                    "agreed_how": "oral",
                    "verified_how": "call_back",
                    "by_mail": True,
                }
            ]
        )

    def test_an_answer_of_staff_is_logged(self):
        self._may_be_mailed()
        ticket = self.inquiry()
        message = self._answer(ticket)
        row = ticket.care_contact_ids
        self.assertEqual((row.channel, row.direction), ("mail", "out"))
        self.assertEqual(row.user_id, self.coordinator)
        self.assertEqual(row.mail_message_id, message)
        self.assertEqual(row.address, "relative@home.example")
        self.assertTrue(row.with_caller)
        self.assertEqual(row.text, "Visits from two to eight.")

    def test_a_refused_answer_is_no_contact(self):
        ticket = self.inquiry()
        with self.assertRaises(UserError):
            self._answer(ticket)
        self.assertFalse(ticket.care_contact_ids)

    def test_notes_and_messages_among_staff_are_no_contacts(self):
        ticket = self.inquiry()
        ticket.message_post(body="A note", message_type="comment")
        ticket.message_post(
            body="Please look",
            message_type="comment",
            subtype_xmlid="mail.mt_comment",
            partner_ids=self.people["supervisor"].partner_id.ids,
        )
        self.assertFalse(ticket.care_contact_ids)

    def test_a_plain_ticket_logs_nothing(self):
        plain = self.env["helpdesk.ticket"].create([{"name": "Printer", "description": "Toner"}])
        plain.message_post(body="Any news?", author_id=self.relative.id, message_type="email")
        self.assertFalse(self.Contact.sudo().search([("ticket_id", "=", plain.id)]))


@tagged("standard", "post_install", "-at_install")
class TestCall(ContactCommon):
    def test_opens_with_number_hints_language_and_needs(self):
        lang = self.env.ref("base.lang_fr")
        need = self.env["care.access.need"].search([], limit=1)
        ticket = self.inquiry(care_lang_id=lang.id, care_access_need_ids=[(6, 0, need.ids)])
        call = self.call(ticket, summary="Explained.")
        self.assertEqual(call.phone, "212 555 0101")
        self.assertEqual(call.person_name, "Relative")
        self.assertEqual(call.result, "reached")
        self.assertEqual(call.safe_to_call, "After 5 pm")
        self.assertEqual(call.language, lang.name)
        self.assertEqual(call.access_needs, need.name)
        self.assertEqual(call.may_say, "no")
        self.assertIn("has no authority", call.may_say_text)

    def test_the_language_of_the_house_is_no_warning(self):
        self.company.partner_id.lang = "en_US"
        english = self.env.ref("base.lang_en")
        interpreter = self.env.ref(f"{MODULE}.access_need_interpreter")
        ticket = self.inquiry(care_lang_id=english.id)
        self.assertFalse(self.call(ticket, summary="x").language)
        ticket.care_access_need_ids = interpreter
        self.assertEqual(self.call(ticket, summary="x").language, english.name)

    def test_the_number_of_the_contact_or_the_patient_is_the_next_best(self):
        ticket = self.inquiry(care_callback_phone=False)
        self.assertEqual(self.call(ticket).phone, "+1 212 555 0199")
        own = self.inquiry(care_callback_phone=False, partner_id=False, care_relation="self")
        self.assertEqual(self.call(own).phone, "(212) 555-0144")
        self.assertIn("Mornings only", self.call(own).safe_to_call)

    def test_with_the_patient_or_somebody_else(self):
        call = self.call(self.inquiry(), who="patient")
        self.assertEqual(call.person_name, self.patient.name)
        self.assertEqual(call.phone, "(212) 555-0144")
        self.assertEqual(call.safe_to_call, "Mornings only")
        call = self.call(self.inquiry(), who="other")
        self.assertFalse(call.person_name or call.phone)

    def test_a_responder_is_not_told_who_called_in_confidence(self):
        ticket = self.inquiry(care_identity="confidential")
        ticket.sudo().team_id = self.catering
        call = self.call(ticket, user=self.responder, summary="Asked around.")
        self.assertTrue(call.in_confidence)
        self.assertFalse(call.phone)
        self.assertEqual(call.person_name, "In confidence")
        self.assertEqual(self.call(ticket).phone, "212 555 0101")

    def test_saving_logs_the_call(self):
        ticket = self.inquiry()
        self.call(ticket, summary="Explained.", duration=7).action_save()
        row = ticket.care_contact_ids
        self.assertEqual((row.channel, row.direction, row.result), ("call", "out", "reached"))
        self.assertEqual(
            (row.duration, row.phone, row.person_name), (7, "212 555 0101", "Relative")
        )
        self.assertEqual(row.partner_id, self.relative)
        self.assertTrue(row.with_caller)

    def test_what_was_said_is_needed_when_somebody_was_reached(self):
        with self.assertRaisesRegex(UserError, "Write what was said: one sentence is enough"):
            self.call(self.inquiry()).action_save()
        self.call(self.inquiry(), result="voicemail").action_save()

    def test_a_promise_is_made_with_its_reminder(self):
        ticket = self.inquiry()
        due = self.now + timedelta(hours=3)
        self.call(ticket, summary="Upset.", promised="Call back", promise_due=due).action_save()
        promise = ticket.care_promise_ids
        self.assertEqual((promise.what, promise.due), ("Call back", due))
        self.assertEqual(promise.made_by_id, self.coordinator)
        self.assertEqual(promise.contact_id, ticket.care_contact_ids)
        self.assertEqual(ticket.care_next_promise, due)
        self.assertEqual(ticket.activity_ids, promise.sudo().activity_id)
        self.assertNotIn("Call back", ticket.activity_ids.summary)

    def test_a_promise_needs_text_and_a_time_to_come(self):
        ticket = self.inquiry()
        due = self.now + timedelta(hours=3)
        call = self.call(ticket, summary="x", promised="Call", promise_due=due)
        call.promised = False
        with self.assertRaisesRegex(UserError, "A promise needs both"):
            call.action_save()
        call.write({"promised": "Call", "promise_due": self.now - timedelta(hours=1)})
        with self.assertRaisesRegex(UserError, "due in the past: enter a time to come"):
            call.action_save()
        self.assertFalse(ticket.care_contact_ids)

    def test_a_reached_call_keeps_the_promise_a_voicemail_does_not(self):
        ticket = self.inquiry()
        promise = self.promise(ticket)
        context = promise.action_call()["context"]
        model = self.env["care.call"].with_user(self.coordinator).with_context(context)
        form = Form(model)
        form.result = "voicemail"
        form.save().action_save()
        self.assertEqual(promise.state, "open")
        form = Form(model)
        form.summary = "Told."
        form.save().action_save()
        self.assertEqual(promise.state, "kept")
        self.assertEqual(promise.kept_by_id, self.coordinator)
        self.assertEqual(promise.kept_contact_id.summary, "Told.")

    def test_what_was_told_about_the_patient_is_a_disclosure(self):
        ticket = self.inquiry()
        self.call(ticket, summary="Explained.", told="She may have visits.").action_save()
        row = self.env["care.disclosure"].search([("ticket_id", "=", ticket.id)])
        self.assertEqual((row.way, row.what), ("call", "She may have visits."))
        self.assertEqual(row.partner_id, self.relative)
        self.assertEqual(row.user_id, self.coordinator)

    def test_visits_and_letters_by_the_same_form(self):
        ticket = self.inquiry()
        for channel in ("visit", "letter"):
            action = ticket.with_context(care_channel=channel).action_care_call()
            model = self.env["care.call"].with_user(self.coordinator)
            form = Form(model.with_context(action["context"]))
            form.summary = "Brought the papers."
            form.save().action_save()
        self.assertEqual(ticket.care_contact_ids.mapped("channel"), ["letter", "visit"])
        self.assertEqual(set(ticket.care_contact_ids.mapped("direction")), {"in"})
        self.assertFalse(any(ticket.care_contact_ids.mapped("result")))

    def test_a_contact_with_a_patient_without_inquiry(self):
        patient = self.patient.with_user(self.coordinator)
        context = patient.action_care_call()["context"]
        form = Form(self.env["care.call"].with_user(self.coordinator).with_context(context))
        self.assertEqual(form.phone, "(212) 555-0144")
        form.summary = "Asked for the bus."
        call = form.save()
        call.action_save()
        row = self.Contact.search([("patient_id", "=", self.patient.id)])
        self.assertFalse(row.ticket_id)
        self.assertEqual(row.person, self.patient.name)
        call.write({"promised": "x", "promise_due": self.now + timedelta(hours=1)})
        with self.assertRaisesRegex(UserError, "A promise belongs to an inquiry"):
            call.action_save()
        call.write({"promised": False, "promise_due": False, "told": "x"})
        with self.assertRaisesRegex(UserError, "is kept with an inquiry"):
            call.action_save()

    def test_a_contact_belongs_somewhere(self):
        call = self.env["care.call"].with_user(self.coordinator).create([{"summary": "x"}])
        with self.assertRaisesRegex(UserError, "A contact belongs to an inquiry or a patient"):
            call.action_save()


@tagged("standard", "post_install", "-at_install")
class TestContactMeetsClocks(ContactCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.care_policy_id = cls.env["care.policy"].search([("code", "=", "generic")])[:1]

    def _acknowledged(self, ticket):
        rows = ticket.sudo().care_deadline_ids.filtered(lambda row: row.kind == "acknowledge")
        self.assertTrue(rows)
        return bool(rows.met_date)

    def _complaint(self):
        received = self.now - timedelta(hours=2)
        return self.inquiry(care_nature_id=self.complaint.id, care_received_date=received)

    def test_what_acknowledges_and_what_does_not(self):
        cases = [
            (True, {"channel": "call", "result": "reached"}),
            (False, {"channel": "call", "result": "voicemail"}),
            (False, {"channel": "call", "result": "no_answer"}),
            (False, {"channel": "call", "result": "wrong_number"}),
            (True, {"channel": "mail"}),
            (True, {"channel": "letter"}),
            (False, {"channel": "mail", "automatic": True}),
            (False, {"channel": "mail", "direction": "in"}),
            (False, {"channel": "call", "with_caller": False}),
        ]
        for met, values in cases:
            ticket = self._complaint()
            with self.subTest(**values):
                self.log(ticket, date=self.now, **values)
                self.assertEqual(self._acknowledged(ticket), met)

    def test_a_call_of_before_turns_no_missed_deadline_back(self):
        with freeze_time(fields.Datetime.now() - timedelta(days=10)):
            ticket = self.inquiry(care_nature_id=self.complaint.id)
        said = ticket.care_received_date + timedelta(hours=3)
        self.env["care.contact"].with_user(self.coordinator)._care_log(
            [
                {
                    "ticket_id": ticket.id,
                    "channel": "call",
                    "direction": "out",
                    "with_caller": True,
                    "date": said,
                    "summary": "Told him that it arrived",
                }
            ]
        )
        self.assertEqual(ticket.care_contact_ids.date, said)
        row = ticket.sudo().care_deadline_ids.filtered(lambda row: row.kind == "acknowledge")
        self.assertEqual((row.state, row.claimed_date), ("missed", said))
        self.assertLess(fields.Datetime.now() - row.met_date, timedelta(minutes=5))

    def test_a_correction_acknowledges_nothing(self):
        ticket = self._complaint()
        old = self.log(ticket, result="no_answer")
        self.log(ticket, result="reached", corrects_id=old.id)
        self.assertFalse(self._acknowledged(ticket))

    def test_the_promise_is_proposed_by_the_policy(self):
        ticket = self._complaint()
        due = self.now + timedelta(days=1)
        with patch.object(type(ticket), "_care_promise_due", lambda self, now=None: due):
            call = self.call(ticket, summary="x", promised="Call back")
        self.assertEqual(call.promise_due, due)

    def test_a_promise_of_days_is_proposed_while_somebody_works(self):
        ticket = self._complaint()
        self.company.care_tz = "America/New_York"
        midnight = datetime(2030, 6, 12, 3, 59, 59)
        calendar = self.env["resource.calendar"].create(
            {
                "name": "Office",
                "tz": "America/New_York",
                "attendance_ids": [
                    Command.create(
                        {
                            "name": "Tuesday",
                            "dayofweek": "1",
                            "hour_from": 8,
                            "hour_to": 16.5,
                            "day_period": "morning",
                        }
                    )
                ],
            }
        )
        cases = [
            (midnight, calendar, datetime(2030, 6, 11, 20, 30)),
            # On a day without work, and without a calendar, at three.
            (midnight + timedelta(days=1), calendar, datetime(2030, 6, 12, 19, 0)),
            (midnight, self.env["resource.calendar"], datetime(2030, 6, 11, 19, 0)),
            # A clock of hours ends when it ends, without seconds.
            (datetime(2030, 6, 11, 9, 7, 31), calendar, datetime(2030, 6, 11, 9, 7)),
        ]
        for due, hours, proposed in cases:
            self.company.resource_calendar_id = hours
            with self.subTest(proposed):
                with patch.object(type(ticket), "_care_promise_due", return_value=due):
                    call = self.call(ticket, summary="x", promised="Call back")
                self.assertEqual(call.promise_due, proposed)

    def test_telling_how_it_stands_meets_that_clock(self):
        ticket = self._complaint()
        met = []
        with patch.object(
            type(ticket), "_care_meet", lambda self, kind, when=None: met.append(kind)
        ):
            self.call(ticket, summary="x").write({"informs": True})
            call = self.env["care.call"].search([], order="id desc", limit=1)
            call.with_user(self.coordinator).action_save()
        self.assertEqual(set(met), {"acknowledge", "contact", "inform"})


@tagged("standard", "post_install", "-at_install")
class TestPromise(ContactCommon):
    def test_missed_by_time_and_first_in_the_list(self):
        ticket = self.inquiry()
        later = self.promise(ticket, due=self.now + timedelta(days=1))
        missed = self.promise(ticket, due=self.now - timedelta(minutes=1))
        soon = self.promise(ticket, due=self.now + timedelta(hours=1))
        self.assertEqual(missed.state, "missed")
        promises = self.env["care.promise"].with_user(self.coordinator)
        running = promises.search([("ticket_id", "=", ticket.id), ("ended", "=", False)])
        self.assertEqual(running.ids, [missed.id, soon.id, later.id])
        mine = [("ticket_id", "=", ticket.id)]
        self.assertEqual(promises.search([*mine, ("state", "=", "missed")]), missed)
        self.assertEqual(promises.search([*mine, ("state", "!=", "missed")]), soon | later)
        self.assertEqual(ticket.care_next_promise, missed.due)
        self.assertEqual(ticket.care_promise_state, "missed")
        tickets = self.env["helpdesk.ticket"].with_user(self.coordinator)
        found = tickets.search([("care_next_promise", "<", "now"), ("id", "=", ticket.id)])
        self.assertEqual(found, ticket)
        missed.action_kept()
        self.assertTrue(missed.kept_late)
        self.assertEqual(ticket.care_next_promise, soon.due)

    def test_who_cannot_read_the_inquiry_keeps_no_promise_about_it(self):
        ticket = self.inquiry()
        clerk = self.people["clerk"]
        before = self.env["care.promise"].search_count([("ticket_id", "=", ticket.id)])
        with self.assertRaisesRegex(UserError, "cannot read inquiry .* choose somebody who works"):
            with self.env.cr.savepoint():
                self.promise(ticket, user_id=clerk.id)
        self.assertEqual(
            self.env["care.promise"].search_count([("ticket_id", "=", ticket.id)]), before
        )

    def test_a_call_keeps_the_promises_of_its_own_inquiry(self):
        promise = self.promise(self.inquiry())
        other = self.inquiry()
        call = (
            self.env["care.call"]
            .with_user(self.coordinator)
            .create({"ticket_id": other.id, "promise_id": promise.id, "summary": "Told her."})
        )
        with self.assertRaisesRegex(UserError, "made on another inquiry"):
            call.action_save()
        self.assertFalse(promise.kept_date)
        self.assertFalse(self.env["care.contact"].search([("ticket_id", "=", other.id)]))

    def test_it_is_neither_changed_nor_deleted(self):
        promise = self.promise(self.inquiry())
        with self.assertRaisesRegex(UserError, "A promise is not changed"):
            promise.sudo().due = self.now + timedelta(days=9)
        with self.assertRaisesRegex(UserError, "A promise is not deleted"):
            promise.sudo().unlink()
        with self.assertRaisesRegex(UserError, "A promise is not changed"):
            promise.with_context(care_promise=True).write({"what": "x"})

    def test_the_activity_is_only_the_reminder(self):
        ticket = self.inquiry()
        promise = self.promise(ticket)
        ticket.activity_ids.sudo().unlink()
        promise.invalidate_recordset()
        self.assertEqual(promise.state, "open")
        self.assertFalse(promise.activity_id)

    def test_kept_closes_the_reminder(self):
        ticket = self.inquiry()
        promise = self.promise(ticket)
        self.assertTrue(promise.display_name.startswith(f"{ticket.number}, "))
        promise.action_kept()
        self.assertEqual(promise.state, "kept")
        self.assertFalse(ticket.activity_ids)
        self.assertFalse(ticket.care_next_promise)
        with self.assertRaisesRegex(UserError, "is kept already"):
            promise.action_kept()

    def _change(self, action, **values):
        form = Form(
            self.env["care.promise.change"]
            .with_user(self.coordinator)
            .with_context(action["context"])
        )
        for name, value in values.items():
            setattr(form, name, value)
        return form.save()

    def test_withdrawn_with_a_reason(self):
        promise = self.promise(self.inquiry())
        self._change(promise.action_withdraw(), reason="Caller settled it.").action_confirm()
        self.assertEqual((promise.state, promise.reason), ("withdrawn", "Caller settled it."))
        self.assertEqual(promise.ended_by_id, self.coordinator)
        other = self.promise(self.inquiry())
        with self.assertRaisesRegex(UserError, "Say why the promise is withdrawn"):
            other._care_withdraw(" ")

    def test_replaced_by_a_new_one_that_keeps_the_old(self):
        ticket = self.inquiry()
        old = self.promise(ticket, person_name="Relative", phone="212 555 0101")
        due = self.now + timedelta(days=2)
        change = self._change(
            old.action_replace(), what="Call on Thursday", due=due, reason="Lab is late."
        )
        change.action_confirm()
        new = old.replaced_by_id
        self.assertEqual((old.state, old.reason), ("replaced", "Lab is late."))
        self.assertEqual((new.what, new.due, new.state), ("Call on Thursday", due, "open"))
        self.assertEqual(new.sudo().phone, "212 555 0101")
        self.assertEqual(ticket.care_next_promise, due)
        with self.assertRaisesRegex(UserError, "Say why there is a new promise"):
            new._care_replace("x", due, "")
        past = self._change(new.action_replace(), what="x", due=due, reason="x")
        past.due = self.now - timedelta(days=1)
        with self.assertRaisesRegex(UserError, "due in the past"):
            past.action_confirm()

    def test_a_number_in_confidence_is_not_shown(self):
        ticket = self.inquiry(care_identity="confidential")
        ticket.sudo().team_id = self.catering
        promise = self.promise(ticket, person_name="Relative", phone="212 555 0101")
        theirs = promise.with_user(self.responder)
        self.assertEqual((theirs.person, theirs.number), ("In confidence", False))
        with self.assertRaises(AccessError):
            theirs.read(["phone"])
        mine = promise.with_user(self.coordinator)
        self.assertEqual((mine.person, mine.number), ("Relative", "212 555 0101"))


@tagged("standard", "post_install", "-at_install")
class TestQueue(ContactCommon):
    """The order of the worklists: missed promises, what is urgent, what is due next."""

    def found(self, *tickets):
        arch = self.env["helpdesk.ticket"].get_view(
            self.env.ref(f"{MODULE}.inquiry_view_list").id, "list"
        )["arch"]
        order = etree.fromstring(arch).get("default_order")
        rows = self.env["helpdesk.ticket"].with_user(self.coordinator)
        return rows.search([("id", "in", [ticket.id for ticket in tickets])], order=order)

    def test_missed_promises_then_urgent_then_the_nearest_deadline(self):
        complaint = self.env.ref(f"{MODULE}.nature_complaint").id
        self.company.care_policy_id = self.env.ref(f"{MODULE}.policy_us_cms")
        later = self.inquiry(care_received_date=self.now, care_nature_id=complaint)
        sooner = self.inquiry(
            care_received_date=self.now - timedelta(days=2), care_nature_id=complaint
        )
        promised, urgent, flagged = self.inquiry(), self.inquiry(priority="3"), self.inquiry()
        flagged._care_raise_flags(self.env["care.red.flag"].search([], limit=1))
        self.promise(later)
        missed = self.promise(promised, due=self.now - timedelta(minutes=1))
        found = self.found(later, sooner, promised, urgent, flagged)
        self.assertEqual(found[0], promised)
        self.assertEqual(set(found[1:3].ids), {urgent.id, flagged.id})
        self.assertEqual(found[3:].ids, [sooner.id, later.id])
        self.assertEqual(
            found.mapped("care_queue"),
            ["1", "2", "2", "3", "3"],
        )
        missed.action_kept()
        urgent.priority = "1"
        self.assertEqual(promised.care_queue, "3")
        self.assertEqual(urgent.care_queue, "3")

    def test_a_promise_moves_up_when_it_is_missed(self):
        ticket = self.inquiry()
        promise = self.promise(ticket)
        self.env.flush_all()
        self.assertEqual(ticket.care_queue, "3")
        triggers = self.env["ir.cron.trigger"].search(
            [("cron_id", "=", self.env.ref(f"{MODULE}.cron_queue").id)]
        )
        self.assertIn(promise.due, triggers.mapped("call_at"))
        committed = []
        with (
            freeze_time(promise.due + timedelta(minutes=1)),
            patch.object(
                self.env.registry["ir.cron"],
                "_commit_progress",
                lambda self, done=0, **kwargs: committed.append(done) or 1,
            ),
        ):
            self.env["helpdesk.ticket"]._cron_care_queue()
        self.assertEqual(ticket.care_queue, "1")
        self.assertEqual(committed, [0, 1])

    def test_a_plain_ticket_has_no_place_in_it(self):
        ticket = self.env["helpdesk.ticket"].create(
            {"name": "Printer", "description": "It smokes.", "priority": "3"}
        )
        self.assertFalse(ticket.care_queue)


@tagged("standard", "post_install", "-at_install")
class TestPhone(ContactCommon):
    def test_one_key_for_every_way_of_writing(self):
        cases = {
            ("+1 212 555 0101", 1): "12125550101",
            ("(212) 555-0101", 1): "12125550101",
            ("212.555.0101 ext. 12", 1): "12125550101",
            ("1-212-555-0101", 1): "12125550101",
            ("0044 20 7946 0000", 1): "442079460000",
            ("+44 (0)20 7946 0000", 1): "442079460000",
            ("020 7946 0000", 44): "442079460000",
            ("06 1234 5678", 39): "390612345678",
            ("4711", 44): "4711",
            ("2125550101", 0): "2125550101",
            ("none", 1): "",
            (None, 1): "",
        }
        for (number, code), key in cases.items():
            with self.subTest(number=number):
                self.assertEqual(phone_key(number, code), key)
        self.assertTrue(same_phone("12125550101", "2125550101"))
        self.assertFalse(same_phone("12125550101", "0101"))

    def test_the_search_finds_any_formatting(self):
        ticket = self.inquiry(care_callback_phone="(212) 555-0171")
        tickets = self.env["helpdesk.ticket"].with_user(self.coordinator)
        for text in ("212-555-0171", "+1 212 555 0171", "5550171", "0171"):
            with self.subTest(text=text):
                self.assertIn(ticket, tickets.search([("care_phone_search", "ilike", text)]))
        self.assertNotIn(ticket, tickets.search([("care_phone_search", "ilike", "555 0172")]))
        self.assertFalse(tickets.search([("care_phone_search", "ilike", "x")]))
        ticket.care_callback_phone = "212 555 0172"
        self.assertIn(ticket, tickets.search([("care_phone_search", "ilike", "555 0172")]))
        self.assertIn(ticket, tickets.search([("care_phone_search", "ilike", "212.555.0144")]))
        self.assertIn(ticket, tickets.search([("care_phone_search", "ilike", "2125550199")]))

    def test_a_number_in_confidence_is_found_by_coordinators_alone(self):
        ticket = self.inquiry(care_identity="confidential", care_callback_phone="212 555 0181")
        ticket.sudo().team_id = self.catering
        domain = [("care_phone_search", "ilike", "212 555 0181")]
        tickets = self.env["helpdesk.ticket"]
        self.assertIn(ticket, tickets.with_user(self.coordinator).search(domain))
        self.assertNotIn(ticket, tickets.with_user(self.responder).search(domain))
        self.assertFalse(ticket.care_phone_key)

    def test_the_intake_shows_who_is_known_and_fills_in_on_a_click(self):
        self.inquiry()
        self.inquiry(partner_id=False, partner_name="Old Caller", care_callback_phone="2125550199")
        form = Form(self.env["care.intake"].with_user(self.coordinator))
        form.phone = "(212) 555 0199"
        labels = [form.match_ids.edit(index).label for index in range(len(form.match_ids))]
        self.assertEqual(len(labels), 2)
        self.assertRegex(labels[0], r"Relative, 1 inquiry on ")
        self.assertRegex(labels[1], r"Old Caller, 1 inquiry on ")
        self.assertFalse(form.caller_id)
        with form.match_ids.edit(0) as match:
            match.use = True
        self.assertEqual(form.caller_id, self.relative)
        self.assertEqual(form.caller_name, "Relative")
        self.assertEqual(form.email, "relative@home.example")

    def test_the_intake_finds_patients(self):
        self.inquiry()
        form = Form(self.env["care.intake"].with_user(self.coordinator))
        form.phone = "212-555-0144"
        with form.match_ids.edit(0) as match:
            self.assertIn("(patient)", match.label)
            match.use = True
        self.assertEqual(form.patient_id, self.patient)
        self.assertEqual(form.relation, "self")
        self.assertEqual(form.safe_to_call, "Mornings only")

    def test_the_intake_is_a_contact(self):
        form = Form(self.env["care.intake"].with_user(self.coordinator))
        form.caller_name, form.what, form.phone = "Lea Somebody", "Lost scarf", "212 555 0155"
        form.identity = "confidential"
        action = form.save().action_keep_open()
        row = self.env["helpdesk.ticket"].browse(action["res_id"]).sudo().care_contact_ids
        self.assertEqual((row.channel, row.direction, row.result), ("call", "in", "reached"))
        self.assertEqual(row.user_id, self.coordinator)
        self.assertEqual((row.person_name, row.phone), ("Lea Somebody", "212 555 0155"))
        row.ticket_id.team_id = self.catering
        self.assertEqual(row.with_user(self.responder).person, "In confidence")

    def test_keys_cost_no_query_at_creation(self):
        def queries(**values):
            self.env.invalidate_all()
            self.company.country_id.phone_code  # noqa: B018
            before = self.env.cr.sql_log_count
            self.make_inquiry(**values)
            self.env.flush_all()
            return self.env.cr.sql_log_count - before

        queries(care_callback_phone="1")
        phone = queries(care_callback_phone="212 555 0101")
        self.assertLessEqual(phone - queries(), 2)


@tagged("standard", "post_install", "-at_install")
class TestHandlingCues(ContactCommon):
    def test_the_card_stands_beside_the_answer(self):
        ticket = self.inquiry(care_emotional_state="grieving")
        self.assertIn("sorry for your loss", ticket.care_cue_say)
        self.assertTrue(ticket.care_cue_do and ticket.care_cue_avoid)
        ticket.care_emotional_state = "calm"
        self.assertFalse(ticket.care_cue_say or ticket.care_cue_do or ticket.care_cue_avoid)

    def test_a_card_for_each_state_but_calm(self):
        states = dict(self.env["helpdesk.ticket"]._fields["care_emotional_state"].selection)
        cards = self.env["care.handling.cue"].search([])
        self.assertEqual(set(cards.mapped("state")), set(states) - {"calm"})
        self.assertTrue(all(card.say and card.do and card.avoid for card in cards))

    def test_who_reads_and_writes_cards(self):
        card = self.env["care.handling.cue"].search([], limit=1)
        card.with_user(self.people["supervisor"]).say = "Good morning."
        self.assertTrue(card.with_user(self.responder).say)
        with self.assertRaises(AccessError):
            card.with_user(self.responder).say = "x"
        for login in ("clerk", "routing_admin", "employee", "relative"):
            with self.subTest(role=login), self.assertRaises(AccessError):
                card.with_user(self.people[login]).read(["say"])

    def test_no_template_mail_or_report_prints_a_card(self):
        words = ("care_cue", "care_emotional_state", "handling.cue")
        qweb = (
            self.env["ir.ui.view"].with_context(active_test=False).search([("type", "=", "qweb")])
        )
        printed = {view.key or view.name: view.arch_db or "" for view in qweb}
        for template in self.env["mail.template"].with_context(active_test=False).search([]):
            printed[template.name] = f"{template.subject or ''} {template.body_html or ''}"
        for word in words:
            self.assertFalse([name for name, text in printed.items() if word in text])

    def test_no_mail_carries_a_card(self):
        before = self.env["mail.mail"].sudo().search([])
        ticket = self.inquiry(care_emotional_state="angry")
        ticket.write({"user_id": self.people["supervisor"].id})
        self.env.flush_all()
        self.env.cr.precommit.run()
        mails = self.env["mail.mail"].sudo().search([]) - before
        texts = [*mails.mapped("body_html"), *ticket.sudo().message_ids.mapped("body")]
        self.assertFalse(any("I want to hear all of it" in str(text) for text in texts))

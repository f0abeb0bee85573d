"""Who may be told what: the register, the one gate, and each way out of an inquiry."""

import json
from contextlib import contextmanager
from datetime import timedelta
from unittest.mock import patch

from odoo import fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Command
from odoo.tests import HttpCase, tagged

from ..common import MODULE, CareCommon

MAIL = """From: {sender}
To: patient-relations@hospital.example
Cc: {cc}
Subject: My mother
Message-Id: <{number}@home.example>
Content-Type: text/plain; charset=utf-8

How is my mother? She is on Ward 7.
"""


class AuthorityCommon(CareCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.relative = cls.people["relative"].partner_id
        cls.relative.email = "relative@home.example"
        cls.sibling = cls.people["sibling"].partner_id
        cls.sibling.email = "sibling@home.example"
        cls.coordinator = cls.people["coordinator"]
        cls.Authority = cls.env["care.authority"].with_user(cls.coordinator)
        cls.email = cls.env["helpdesk.ticket.channel"]._care_by_code("email")
        cls.phone = cls.env["helpdesk.ticket.channel"]._care_by_code("phone")
        cls.bill = cls.env.ref(
            f"{MODULE}.category_topic_bill", raise_if_not_found=False
        ) or cls.env["helpdesk.ticket.category"].create({"name": "Bill"})
        cls.visiting = cls.env.ref(f"{MODULE}.category_topic_visiting")

    def grant(self, partner=None, **values):
        """An authority in force for the relative, unless ``values`` say otherwise."""
        return self.Authority.create(
            [
                {
                    "patient_id": self.patient.id,
                    "partner_id": (partner or self.relative).id,
                    "basis": "agreed",
                    "agreed_how": "oral",
                    "verified_how": "call_back",
                    **values,
                }
            ]
        )

    def inquiry(self, **values):
        """An inquiry of the relative about the patient, by e-mail."""
        return self.make_inquiry(
            **{
                "care_patient_id": self.patient.id,
                "partner_id": self.relative.id,
                "channel_id": self.email.id,
                "name": "A word",
                "description": "Please write to me.",
                **values,
            }
        ).with_user(self.coordinator)

    def allowed(self, ticket, partner=None):
        return ticket._care_authority(partner=partner or self.relative).allowed

    def mails_of(self, work):
        """The mails that ``work`` makes."""
        before = self.env["mail.mail"].sudo().search([]).ids
        work()
        return self.env["mail.mail"].sudo().search([("id", "not in", before)])


@tagged("standard", "post_install", "-at_install")
class TestAuthority(AuthorityCommon):
    def test_without_authority_a_relative_is_told_nothing(self):
        ticket = self.inquiry()
        verdict = ticket._care_authority(partner=self.relative)
        self.assertFalse(verdict.allowed)
        self.assertEqual(
            verdict.reason,
            "Relative has no authority for this patient. Listen, log it, give general facts; "
            "do not even say that somebody is a patient.",
        )
        self.assertEqual(ticket.care_may_say, "no")
        self.assertEqual(ticket.care_may_say_text, verdict.reason)

    def test_agreement_opens_and_says_who_verified(self):
        ticket = self.inquiry()
        row = self.grant()
        self.assertEqual(row.verified_by_id, self.coordinator)
        self.assertTrue(row.verified_date)
        self.assertEqual(row.state, "in_force")
        self.assertTrue(self.allowed(ticket))
        self.assertFalse(self.allowed(ticket, self.sibling))
        self.assertEqual(ticket.care_may_say, "yes")
        self.assertIn("Relative may be told: The patient agreed.", ticket.care_may_say_text)

    def test_who_verified_cannot_be_forged(self):
        row = self.grant(
            verified_by_id=self.people["supervisor"].id, verified_date="2020-01-01 00:00:00"
        )
        self.assertEqual(row.verified_by_id, self.coordinator)
        self.assertGreater(row.verified_date.year, 2020)

    def test_unverified_is_refused(self):
        ticket = self.inquiry()
        self.grant(verified_how=False)
        verdict = ticket._care_authority(partner=self.relative)
        self.assertFalse(verdict.allowed)
        self.assertIn("has not been verified", verdict.reason)

    def test_every_basis_but_none_opens(self):
        for basis in ("self", "representative", "parent", "executor", "professional"):
            patient = self.env["care.patient"].create({"name": basis})
            ticket = self.inquiry(care_patient_id=patient.id)
            self.grant(patient_id=patient.id, basis=basis, agreed_how=False)
            self.assertTrue(self.allowed(ticket), basis)
        patient = self.env["care.patient"].create({"name": "None"})
        ticket = self.inquiry(care_patient_id=patient.id)
        self.grant(patient_id=patient.id, basis="none", agreed_how=False)
        self.assertFalse(self.allowed(ticket))

    def test_the_patient_is_told(self):
        self.patient.partner_id = self.relative
        ticket = self.inquiry()
        self.assertEqual(ticket._care_authority(partner=self.relative).basis, "self")

    def test_an_objection_wins_over_everything(self):
        ticket = self.inquiry()
        self.grant(basis="representative", agreed_how=False)
        self.grant(objection=True, basis="none", verified_how=False)
        verdict = ticket._care_authority(partner=self.relative)
        self.assertFalse(verdict.allowed)
        self.assertIn("The patient objects to telling Relative.", verdict.reason)

    def test_an_objection_against_everybody(self):
        ticket = self.inquiry()
        self.grant()
        self.Authority.create([{"patient_id": self.patient.id, "objection": True, "basis": "none"}])
        self.assertFalse(self.allowed(ticket))
        self.patient.partner_id = self.relative
        self.assertTrue(self.allowed(ticket), "the patient's own objection is not against himself")

    def test_an_objection_about_one_topic(self):
        self.grant()
        self.grant(
            objection=True,
            basis="none",
            verified_how=False,
            topic_ids=[Command.link(self.bill.id)],
        )
        self.assertTrue(self.allowed(self.inquiry(category_id=self.visiting.id)))
        self.assertFalse(self.allowed(self.inquiry(category_id=self.bill.id)))
        vague = self.inquiry()
        vague.sudo().write({"category_id": False, "care_category_ids": [Command.clear()]})
        self.assertFalse(self.allowed(vague), "what it is about is not known: it might be that")

    def test_scope_covers_topics_and_what_lies_below(self):
        child = self.env["helpdesk.ticket.category"].create(
            {"name": "Instalments", "parent_id": self.bill.id}
        )
        self.grant(topic_ids=[Command.link(self.bill.id)])
        self.assertTrue(self.allowed(self.inquiry(category_id=self.bill.id)))
        self.assertTrue(self.allowed(self.inquiry(category_id=child.id)))
        other = self.inquiry(category_id=self.visiting.id)
        self.assertIn(
            "does not cover this topic", other._care_authority(partner=self.relative).reason
        )
        both = self.inquiry(category_id=self.bill.id)
        both.sudo().care_category_ids = [Command.link(self.visiting.id)]
        self.assertFalse(self.allowed(both), "one topic lies outside")

    def test_expiry_acts_at_once(self):
        ticket = self.inquiry()
        today = fields.Date.context_today(ticket)
        row = self.grant(date_until=today)
        self.assertTrue(self.allowed(ticket), "the last day counts")
        with patch.object(fields.Date, "context_today", lambda *_: today + timedelta(days=1)):
            row.invalidate_recordset(["state"])
            self.assertFalse(self.allowed(ticket))
            self.assertEqual(row.state, "expired")

    def test_without_a_patient_the_caller_gets_general_facts(self):
        ticket = self.inquiry(care_patient_id=False)
        self.assertEqual(ticket._care_authority(partner=self.relative).basis, "general")
        self.assertEqual(ticket.care_may_say, "general")
        self.assertEqual(ticket._care_authority(partner=self.sibling).basis, "stranger")

    def test_staff_who_read_the_inquiry_pass(self):
        ticket = self.inquiry()
        self.assertEqual(
            ticket._care_authority(partner=self.people["supervisor"].partner_id).basis, "staff"
        )
        for name in ("employee", "clerk", "routing_admin", "manager"):
            self.assertFalse(self.allowed(ticket, self.people[name].partner_id), name)

    def test_a_name_alone_has_no_authority(self):
        ticket = self.inquiry(partner_id=False, partner_name="Somebody")
        verdict = ticket._care_authority(name="Somebody")
        self.assertFalse(verdict.allowed)
        self.assertIn("Somebody is not a known contact", verdict.reason)

    def test_recording_it_from_an_inquiry_makes_the_caller_known(self):
        ticket = self.inquiry(partner_id=False, partner_name="Lea", care_relation="self")
        action = ticket.action_care_record_authority()
        self.assertEqual(action["context"]["default_basis"], "self")
        lea = self.env["res.partner"].with_user(self.coordinator).create({"name": "Lea"})
        row = self.Authority.with_context(**action["context"]).create(
            [{"partner_id": lea.id, "verified_how": "facts"}]
        )
        self.assertEqual(row.ticket_id, ticket)
        self.assertEqual(ticket.partner_id, lea)
        self.assertEqual(ticket.care_may_say, "yes")
        other = self.inquiry()
        self.Authority.with_context(**other.action_care_record_authority()["context"]).create(
            [{"partner_id": lea.id, "agreed_how": "oral", "verified_how": "facts"}]
        )
        self.assertEqual(other.partner_id, self.relative, "who called is known already")

    def test_what_is_missing_is_said(self):
        with self.assertRaisesRegex(ValidationError, "Say how the patient agreed"):
            self.grant(agreed_how=False)
        with self.assertRaisesRegex(ValidationError, "Say who the person is"):
            self.Authority.create([{"patient_id": self.patient.id, "basis": "self"}])
        ticket = self.inquiry(care_patient_id=False)
        with self.assertRaisesRegex(UserError, "Name the patient first"):
            ticket.action_care_record_authority()

    def test_rows_stay_as_they_were_recorded(self):
        row = self.grant()
        with self.assertRaisesRegex(UserError, "revoke this authority and record a new one"):
            row.basis = "self"
        with self.assertRaisesRegex(UserError, "revoke this authority and record a new one"):
            row.sudo().revoked_date = fields.Datetime.now()
        with self.assertRaisesRegex(UserError, "never deleted"):
            row.sudo().unlink()
        row.note = "She said so at the bedside."
        self.assertEqual(row.note, "She said so at the bedside.")

    def test_revoking_removes_the_follower_and_keeps_history(self):
        ticket = self.inquiry()
        row = self.grant()
        ticket.message_subscribe(self.relative.ids)
        self.assertIn(self.relative, ticket.message_partner_ids)
        ticket._care_require_authority("letter", partner=self.relative)
        wizard = self.env["care.authority.revoke"].with_user(self.coordinator)
        wizard.create({"authority_id": row.id, "reason": "The patient said so."}).action_confirm()
        self.assertNotIn(self.relative, ticket.message_partner_ids)
        with self.assertRaisesRegex(UserError, "has no authority for this patient"):
            ticket._care_require_authority("letter", partner=self.relative)
        self.assertEqual(row.state, "revoked")
        self.assertEqual(row.revoked_by_id, self.coordinator)
        self.assertEqual(ticket.care_disclosure_ids.mapped("way"), ["follower"])
        with self.assertRaisesRegex(UserError, "It was revoked already"):
            row._care_revoke("Again")
        with self.assertRaisesRegex(UserError, "Say why it is revoked"):
            self.grant()._care_revoke("  ")

    def test_an_objection_removes_the_follower(self):
        ticket = self.inquiry()
        self.grant()
        ticket.message_subscribe(self.relative.ids)
        self.grant(objection=True, basis="none", verified_how=False)
        self.assertNotIn(self.relative, ticket.message_partner_ids)

    def test_the_cron_ends_following_and_runs_twice(self):
        ticket = self.inquiry()
        today = fields.Date.context_today(ticket)
        self.grant(date_until=today)
        ticket.message_subscribe(self.relative.ids)
        with patch.object(fields.Date, "context_today", lambda *_: today + timedelta(days=1)):
            self.env.invalidate_all()
            cron = self.env.ref(f"{MODULE}.cron_authority_expire")
            for _run in range(2):
                with self.enter_registry_test_mode():
                    self.assertIs(cron.method_direct_trigger(), True)
                self.env.invalidate_all()
                self.assertNotIn(self.relative, ticket.message_partner_ids)

    def test_nobody_opens_the_gate_by_naming_another_patient(self):
        ticket = self.inquiry()
        other = self.env["care.patient"].create({"name": "Other"})
        for patient in (False, other.id):
            with self.assertRaisesRegex(AccessError, "ask a supervisor to correct it"):
                ticket.care_patient_id = patient
        ticket.with_user(self.people["supervisor"]).care_patient_id = other
        self.assertEqual(ticket.care_patient_id, other)
        mine = self.make_inquiry(team_id=self.catering.id)
        with self.assertRaises(AccessError):
            mine.with_user(self.people["responder"]).care_patient_id = self.patient

    def test_who_wrote_by_mail_is_the_caller_whatever_the_name(self):
        ticket = self.inquiry(
            care_patient_id=False,
            partner_id=False,
            partner_name="Hilde",
            partner_email="hilde@home.example",
        )
        verdict = ticket._care_authority(name="hilde@home.example", email="Hilde@home.example")
        self.assertEqual(verdict.basis, "general")

    @contextmanager
    def refused(self):
        with self.assertRaises(AccessError) as error:
            yield
        self.assertEqual(
            str(error.exception),
            "A file of an inquiry or a patient is never open to everybody.",
        )

    def test_a_file_of_an_inquiry_is_never_public(self):
        ticket = self.inquiry().sudo()
        contact = self.env["care.contact"]._care_log(
            [{"ticket_id": ticket.id, "direction": "in", "channel": "call"}]
        )
        files = self.env["ir.attachment"]
        places = [
            {"res_model": record._name, "res_id": record.id}
            for record in (ticket, self.patient, contact.sudo(), self.grant())
        ]
        for place in [*places, {"res_model": "care.authority", "res_id": 0}]:
            values = {"name": "x", "raw": b"x", **place}
            with self.subTest(place=place):
                with self.refused():
                    files.create([values | {"public": True}])
                file = files.create([values])
                with self.refused():
                    file.public = True
                with self.refused():
                    file.copy({"public": True})
                file.invalidate_recordset()
                self.assertFalse(file.public)
        leaflet = files.create([{"name": "x", "raw": b"x", "public": True}])
        with self.refused():
            leaflet.write(places[0])
        plain = self.env["helpdesk.ticket"].create([{"name": "Toner", "description": "Empty"}])
        leaflet.write({"res_model": "helpdesk.ticket", "res_id": plain.id})
        posted = files.create([{"name": "y", "raw": b"y", "public": True}])
        plain.message_post(body="See the file", attachment_ids=posted.ids)
        self.assertTrue(leaflet.public and posted.public)
        plain.with_user(self.people["supervisor"]).action_care_make_inquiry()
        self.assertFalse(leaflet.public or posted.public)

    def test_a_file_of_an_inquiry_stays_where_it_belongs(self):
        user = self.people["coordinator"]
        ticket = self.inquiry().with_user(user)
        files = self.env["ir.attachment"].with_user(user)
        for record in (ticket, self.patient.with_user(user)):
            here = {"res_model": record._name, "res_id": record.id}
            file = files.create([{"name": "x", "raw": b"x", **here}])
            file.write({"name": "y", **here})
            for there in (
                {"res_model": "res.partner", "res_id": user.partner_id.id},
                {"res_model": False, "res_id": 0},
                {"res_id": self.inquiry().id},
            ):
                with self.subTest(here=here, there=there):
                    with self.assertRaises(AccessError) as error:
                        file.write(there)
                    self.assertEqual(
                        str(error.exception),
                        "A file of an inquiry or a patient stays where it belongs.",
                    )
                    file.invalidate_recordset()
                    self.assertEqual((file.res_model, file.res_id), (record._name, record.id))
        loose = files.create([{"name": "x", "raw": b"x"}])
        loose.write({"res_model": ticket._name, "res_id": ticket.id})
        self.assertEqual(loose.res_id, ticket.id)

    def test_verdicts_of_many_inquiries_take_as_many_queries_as_of_one(self):
        self.grant()
        tickets = self.env["helpdesk.ticket"].browse()
        for _number in range(20):
            tickets |= self.inquiry().sudo()
        counts = []
        tickets._care_authorities(self.relative)
        for some in (tickets[:1], tickets):
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            some._care_authorities(self.relative)
            counts.append(self.env.cr.sql_log_count - before)
        self.assertEqual(counts[0], counts[1])


@tagged("standard", "post_install", "-at_install")
class TestWaysOut(AuthorityCommon):
    def mail(self, sender, cc="", number="gate-1"):
        ticket_id = (
            self.env["mail.thread"]
            .with_context(mail_create_nolog=True)
            .message_process(
                "helpdesk.ticket",
                MAIL.format(sender=sender, cc=cc, number=number),
                custom_values={"team_id": self.triage.id},
            )
        )
        return self.env["helpdesk.ticket"].browse(ticket_id)

    def test_a_relative_who_mails_with_cc_gets_nothing(self):
        ticket = self.mail(self.relative.email, cc=self.sibling.email)
        self.assertEqual(ticket.partner_id, self.relative)
        ticket.care_patient_id = self.patient
        outsiders = ticket.message_partner_ids.filtered("partner_share")
        self.assertFalse(outsiders)
        with self.assertRaisesRegex(UserError, "has no authority for this patient"):
            ticket.with_user(self.coordinator).message_post(
                body="She feels better.",
                message_type="comment",
                subtype_xmlid="mail.mt_comment",
                partner_ids=self.relative.ids,
            )
        for name in ("relative", "sibling"):
            user = self.people[name]
            self.assertFalse(ticket.with_user(user).has_access("read"), name)
        mails = self.mails_of(ticket.with_user(self.coordinator).action_care_neutral_reply)
        self.assertEqual(mails.subject, f"Your inquiry {ticket.number}")
        text = mails.body_html
        for word in ("mother", "Ward 7", self.patient.name, "My mother"):
            self.assertNotIn(word, text)
        self.assertFalse(ticket.sudo().care_disclosure_ids)

    def test_an_answer_to_a_person_who_wrote_goes_in_full_and_is_kept(self):
        ticket = self.inquiry(name="Ada Okafor's hip")
        self.grant()
        mails = self.mails_of(
            lambda: ticket.message_post(
                body="She walks again.",
                subject="Ada's hip",
                message_type="comment",
                subtype_xmlid="mail.mt_comment",
                partner_ids=self.relative.ids,
            )
        )
        self.assertEqual(mails.mapped("recipient_ids"), self.relative)
        self.assertIn("She walks again.", mails.body_html)
        self.assertEqual(mails.subject, f"Inquiry {ticket.number}")
        self.assertEqual(ticket.message_ids[0].subject, "Ada's hip", "the thread keeps its own")
        row = ticket.care_disclosure_ids
        self.assertEqual(
            (row.way, row.partner_id, row.address, row.what, row.user_id, row.basis),
            ("mail", self.relative, self.relative.email, "She walks again.", self.coordinator)
            + ("agreed",),
        )
        self.assertTrue(row.accountable)
        self.assertEqual(row.authority_id.partner_id, self.relative)

    def test_who_called_is_not_mailed_unless_agreed(self):
        lonely = self.env["res.partner"].create({"name": "Lea", "email": "lea@home.example"})
        ticket = self.inquiry(partner_id=lonely.id, channel_id=self.phone.id)
        row = self.grant(lonely)

        def answer():
            ticket.message_post(
                body="She walks again.",
                message_type="comment",
                subtype_xmlid="mail.mt_comment",
                partner_ids=lonely.ids,
            )

        with self.assertRaisesRegex(UserError, "Lea neither wrote by e-mail nor agreed to it"):
            answer()
        row._care_revoke("To record the agreement to e-mail")
        self.grant(lonely, by_mail=True)
        self.assertIn("She walks again.", self.mails_of(answer).body_html)

    def test_a_portal_user_who_called_gets_a_link(self):
        ticket = self.inquiry(channel_id=self.phone.id)
        self.grant()
        mails = self.mails_of(
            lambda: ticket.message_post(
                body="She walks again.",
                message_type="comment",
                subtype_xmlid="mail.mt_comment",
                partner_ids=self.relative.ids,
            )
        )
        self.assertNotIn("walks", mails.body_html)
        self.assertIn(ticket.number, mails.body_html)
        self.assertFalse(mails.attachment_ids)

    def test_copies_to_staff_tell_the_number_alone(self):
        ticket = self.inquiry()
        supervisor = self.people["supervisor"]
        ticket.message_subscribe(supervisor.partner_id.ids)
        files = self.env["ir.attachment"].with_user(self.coordinator)
        file = files.create({"name": "x-ray.txt", "raw": b"hip"})
        mails = self.mails_of(
            lambda: ticket.message_post(
                body="Her hip is broken.",
                subject="Hip",
                message_type="comment",
                subtype_xmlid="mail.mt_comment",
                attachment_ids=file.ids,
            )
        )
        self.assertEqual(mails.recipient_ids, supervisor.partner_id)
        self.assertNotIn("hip", (mails.body_html + mails.body + mails.subject).lower())
        self.assertFalse(mails.attachment_ids)
        self.assertEqual(mails.subject, f"Inquiry {ticket.number}")
        notification = ticket.message_ids[0].notification_ids
        self.assertEqual(notification.mail_mail_id, mails)
        apart = mails.mail_message_id
        mails.unlink()
        self.assertFalse(apart.exists())
        self.assertTrue(ticket.message_ids[0].attachment_ids, "the thread keeps the file")

    def test_a_colleague_without_role_is_not_written_to(self):
        ticket = self.inquiry()
        with self.assertRaisesRegex(UserError, "Employee may not read this inquiry: ask by a"):
            ticket.message_post(
                body="Do you know?",
                message_type="comment",
                subtype_xmlid="mail.mt_note",
                partner_ids=self.people["employee"].partner_id.ids,
            )

    def test_an_activity_tells_the_number_alone(self):
        ticket = self.inquiry()
        mails = self.mails_of(
            lambda: ticket.activity_schedule(
                "mail.mail_activity_data_todo",
                summary="Call about the hip",
                note="Ada Okafor broke her hip",
                user_id=self.people["supervisor"].id,
            )
        )
        self.assertTrue(mails)
        for mail in mails:
            text = f"{mail.subject} {mail.body_html} {mail.body}"
            self.assertNotIn("hip", text)
            self.assertNotIn("Okafor", text)

    def test_a_notice_about_an_inquiry_goes_its_way_whoever_sends_it(self):
        ticket = self.inquiry()
        colleague = self.people["supervisor"]
        colleague.notification_type = "email"
        people = [self.relative.id, colleague.partner_id.id]
        told = {"partner_ids": people, "subject": "Okafor", "body": "She has a fracture."}
        place = {"model": "helpdesk.ticket", "res_id": ticket.id}
        for model in ("res.partner", "mail.thread"):
            notifier = self.env[model].with_user(self.coordinator)
            mails = self.mails_of(
                lambda notifier=notifier: notifier.message_notify(**place, **told)
            )
            with self.subTest(model=model):
                self.assertEqual(mails.recipient_ids, colleague.partner_id)
                self.assertEqual(mails.subject, f"Inquiry {ticket.number}")
                self.assertNotIn("fracture", mails.body_html)
        row = ticket._care_disclose("call", "Something", "Answer", partner=self.relative)
        patient = self.mails_of(
            lambda: (
                self.env["res.partner"]
                .with_user(self.coordinator)
                .message_notify(model="care.patient", res_id=self.patient.id, **told)
            )
        )
        self.assertNotIn(self.relative, patient.recipient_ids)
        with self.assertRaises(UserError) as error:
            notifier.message_notify(model=row._name, res_id=row.id, **told)
        self.assertEqual(
            str(error.exception),
            "This would mail past the gate of the inquiries: answer in each inquiry, or write "
            "letters.",
        )
        plain = self.env["helpdesk.ticket"].create([{"name": "Toner", "description": "Empty"}])
        mails = self.mails_of(
            lambda: (
                self.env["res.partner"]
                .with_user(self.people["manager"])
                .message_notify(model="helpdesk.ticket", res_id=plain.id, **told)
            )
        )
        self.assertIn(self.relative, mails.recipient_ids)

    def test_an_internal_note_does_not_go_outside(self):
        ticket = self.inquiry()
        self.grant()
        with self.assertRaisesRegex(UserError, "An internal note does not go to Relative"):
            ticket.message_post(
                body="Between us",
                message_type="comment",
                subtype_xmlid="mail.mt_note",
                partner_ids=self.relative.ids,
            )

    def test_a_follower_whose_authority_ran_out_hears_nothing(self):
        ticket = self.inquiry()
        today = fields.Date.context_today(ticket)
        self.grant(date_until=today)
        ticket.message_subscribe(self.relative.ids)

        def news():
            ticket.message_post(
                body="News", message_type="comment", subtype_xmlid="mail.mt_comment"
            )

        mails = self.mails_of(news)
        self.assertEqual(mails.recipient_ids & self.relative, self.relative)
        self.assertNotIn("News", mails.mapped("body_html")[0])
        with patch.object(fields.Date, "context_today", lambda *_: today + timedelta(days=1)):
            self.env.invalidate_all()
            self.assertFalse(self.mails_of(news).recipient_ids & self.relative)

    def test_an_address_alone_is_refused(self):
        ticket = self.inquiry()
        with self.assertRaisesRegex(UserError, "is not a known contact"):
            ticket.message_post(
                body="News",
                message_type="comment",
                subtype_xmlid="mail.mt_comment",
                outgoing_email_to="stranger@home.example",
            )

    def test_a_mass_mail_and_a_template_do_not_go_past_the_gate(self):
        ticket = self.inquiry()
        self.grant()
        template = self.env["mail.template"].create(
            {
                "name": "Leak",
                "model_id": self.env["ir.model"]._get_id("helpdesk.ticket"),
                "subject": "{{ object.name }}",
                "body_html": "<p><t t-out='object.description'/></p>",
                "use_default_to": False,
                "email_to": "stranger@home.example",
            }
        )
        mail = self.env["mail.mail"].browse(template.send_mail(ticket.id))
        self.assertEqual((mail.email_to, mail.state), (False, "cancel"))
        self.assertNotIn("Please write", f"{mail.body_html}{mail.body}")
        template.write(
            {"email_to": False, "partner_to": str(self.people["supervisor"].partner_id.id)}
        )
        mail = self.env["mail.mail"].browse(template.send_mail(ticket.id))
        self.assertEqual(mail.recipient_ids, self.people["supervisor"].partner_id)
        self.assertEqual(mail.subject, f"Inquiry {ticket.number}")
        self.assertNotIn("Please write", f"{mail.body_html}{mail.body}")
        composer = (
            self.env["mail.compose.message"]
            .with_context(active_model="helpdesk.ticket", active_ids=ticket.ids)
            .create(
                {
                    "composition_mode": "mass_mail",
                    "model": "helpdesk.ticket",
                    "res_ids": str(ticket.ids),
                    "subject": "Hip",
                    "body": "<p>Her hip</p>",
                    "partner_ids": [Command.link(self.relative.id)],
                }
            )
        )
        with self.assertRaisesRegex(UserError, "past the gate of inquiry"):
            composer._action_send_mail()
        composer.write({"model": "care.patient", "res_ids": str(ticket.care_patient_id.ids)})
        with self.assertRaisesRegex(UserError, "past the gate of the inquiries"):
            composer._action_send_mail()

    def test_a_batch_with_a_stage_mail_arrives_and_says_the_number_alone(self):
        self.triage._get_applicable_stages()[:1].mail_template_id = self.env.ref(
            "helpdesk_mgmt.changed_stage_template"
        )

        def create():
            self.env["helpdesk.ticket"].create(
                [
                    {
                        "name": "Hip",
                        "description": "Her hip",
                        "care_nature_id": self.question.id,
                        "team_id": self.triage.id,
                        "partner_email": f"caller{number}@home.example" if number else False,
                        "care_automatic": number == 4,
                    }
                    for number in range(5)
                ]
            )
            self.env.flush_all()
            self.cr.precommit.run()

        mails = self.mails_of(create)
        self.assertEqual(len(mails.recipient_ids), 3, "not those without address, nor the machine")
        for mail in mails:
            self.assertNotIn("hip", f"{mail.subject}{mail.body_html}{mail.body}".lower())

    def test_the_composer_asks_the_gate(self):
        ticket = self.inquiry()
        composer = (
            self.env["mail.compose.message"]
            .with_user(self.coordinator)
            .create(
                {
                    "model": "helpdesk.ticket",
                    "res_ids": str(ticket.ids),
                    "body": "<p>Her hip</p>",
                    "partner_ids": [Command.link(self.relative.id)],
                }
            )
        )
        with self.assertRaisesRegex(UserError, "has no authority for this patient"):
            composer._action_send_mail()
        self.grant()
        composer._action_send_mail()
        self.assertEqual(ticket.care_disclosure_ids.way, "mail")

    def test_sharing_asks_the_gate(self):
        ticket = self.inquiry()
        share = (
            self.env["portal.share"]
            .with_user(self.coordinator)
            .create(
                {
                    "res_model": "helpdesk.ticket",
                    "res_id": ticket.id,
                    "partner_ids": [Command.link(self.relative.id)],
                }
            )
        )
        with self.assertRaisesRegex(UserError, "has no authority for this patient"):
            share.action_send_mail()
        self.grant()
        share.action_send_mail()
        self.assertIn("link", ticket.care_disclosure_ids.mapped("way"))
        self.assertNotRegex(share.share_link, r"access_token=\w")

    def test_an_export_is_for_coordinators_and_kept(self):
        tickets = self.inquiry() | self.inquiry()
        export = Command.link(self.env.ref("base.group_allow_export").id)
        (self.coordinator | self.people["responder"]).write({"group_ids": [export]})
        tickets.export_data(["number", "description"])
        rows = tickets.care_disclosure_ids
        self.assertEqual(rows.mapped("way"), ["export", "export"])
        self.assertEqual(rows[0].what, "number, description")
        self.assertFalse(rows[0].accountable)
        self.triage.user_ids = [Command.link(self.people["responder"].id)]
        with self.assertRaisesRegex(AccessError, "exported by coordinators"):
            tickets.with_user(self.people["responder"]).export_data(["number"])
        self.patient.with_user(self.coordinator).export_data(["name"])
        self.assertEqual(self.patient.disclosure_count, 3)

    def test_a_report_is_kept_and_closed_to_outsiders(self):
        ticket = self.inquiry()
        self.grant()
        view = self.env["ir.ui.view"].create(
            {
                "name": "care_test_report",
                "key": f"{MODULE}.care_test_report",
                "type": "qweb",
                "arch": "<t t-name='care_test_report'><t t-foreach='docs' t-as='doc'>"
                "<p t-out='doc.number'/></t></t>",
            }
        )
        report = self.env["ir.actions.report"].create(
            {"name": "Ticket", "model": "helpdesk.ticket", "report_name": view.key}
        )
        self.env["ir.actions.report"].with_user(self.coordinator)._render_qweb_pdf(
            report.id, ticket.ids
        )
        self.assertEqual(ticket.care_disclosure_ids.mapped("way"), ["pdf"])
        with self.assertRaisesRegex(AccessError, "printed by patient care staff"):
            self.env["ir.actions.report"].with_user(self.people["relative"])._render_qweb_html(
                report.id, ticket.ids
            )

    def test_the_patient_page_mails_nobody_outside(self):
        self.patient.message_subscribe((self.relative | self.coordinator.partner_id).ids)
        self.assertNotIn(self.relative, self.patient.message_partner_ids)
        mails = self.mails_of(
            lambda: self.patient.with_user(self.people["supervisor"]).message_post(
                body="Hip",
                message_type="comment",
                subtype_xmlid="mail.mt_comment",
                partner_ids=self.relative.ids,
            )
        )
        self.assertNotIn(self.relative, mails.recipient_ids)

    def test_disclosures_are_written_once_and_by_what_discloses(self):
        ticket = self.inquiry()
        row = ticket._care_disclose("call", "The time of the visit", "Answer", name="Lea")
        self.assertEqual(row.patient_id, self.patient)
        for change in (
            lambda: row.sudo().write({"what": "Nothing"}),
            lambda: row.sudo().unlink(),
            lambda: self.env["care.disclosure"].create({"what": "Forged"}),
            lambda: row.with_context(care_anonymise=True).sudo().write({"what": "Nothing"}),
        ):
            with self.assertRaises(UserError):
                change()
        self.assertEqual(row.what, "The time of the visit")

    def test_disclosures_do_not_tell_a_responder_who_called_in_confidence(self):
        ticket = self.inquiry()
        ticket.sudo().team_id = self.catering
        row = ticket._care_disclose("call", "Something", "Answer", partner=self.relative)
        responder = row.with_user(self.people["responder"])
        self.assertEqual(responder.recipient, self.relative.name)
        for identity in ("confidential", "anonymous"):
            ticket.care_identity = identity
            self.assertFalse(responder.search([("ticket_id", "=", ticket.id)]))
            with self.assertRaises(AccessError):
                responder.read(["recipient", "address", "partner_id"])
            kept = row.with_user(self.people["privacy_officer"])
            self.assertEqual(kept.recipient, self.relative.name, "nothing is lost")


@tagged("standard", "post_install", "-at_install")
class TestPatientNamed(AuthorityCommon):
    """A complaint without patient is no general question."""

    SENTENCE = (
        "is about somebody's care: name the patient first, or tick that no patient is concerned."
    )

    def complaint_of(self, **values):
        return self.inquiry(care_nature_id=self.complaint.id, care_patient_id=False, **values)

    def answer(self, ticket, **values):
        return ticket.message_post(
            **{
                "body": "Her hip is healing.",
                "message_type": "comment",
                "subtype_xmlid": "mail.mt_comment",
                "partner_ids": self.relative.ids,
                **values,
            }
        )

    def test_a_full_answer_waits_for_the_patient(self):
        for nature in ("concern", "complaint", "grievance"):
            ticket = self.inquiry(
                care_nature_id=self.env.ref(f"{MODULE}.nature_{nature}").id, care_patient_id=False
            )
            with self.subTest(nature=nature):
                with self.assertRaisesRegex(UserError, self.SENTENCE):
                    self.answer(ticket)
                self.assertFalse(ticket.sudo().care_disclosure_ids)
        ticket.care_no_patient = True
        mails = self.mails_of(lambda: self.answer(ticket))
        self.assertIn("healing", mails.filtered(lambda m: self.relative in m.recipient_ids).body)
        self.assertEqual(ticket.care_disclosure_ids.basis, "general")

    def test_with_the_patient_named_authority_decides(self):
        ticket = self.complaint_of()
        ticket.care_no_patient = True
        ticket.care_patient_id = self.patient
        with self.assertRaisesRegex(UserError, "has no authority for this patient"):
            self.answer(ticket)
        self.grant()
        self.answer(ticket)
        self.assertEqual(ticket.care_disclosure_ids.basis, "agreed")

    def test_words_on_the_portal_wait_too(self):
        ticket = self.complaint_of(channel_id=self.phone.id)
        with self.assertRaisesRegex(UserError, self.SENTENCE):
            self.answer(ticket, partner_ids=[])
        self.assertTrue(self.answer(ticket, partner_ids=[], subtype_xmlid="mail.mt_note"))
        self.assertTrue(self.mails_of(ticket.action_care_neutral_reply))

    def test_general_questions_are_answered_at_once(self):
        ticket = self.inquiry(care_patient_id=False, name="Parking")
        self.answer(ticket, body="Park behind the tower.")
        self.assertEqual(ticket.care_disclosure_ids.basis, "general")

    def test_a_request_for_records_waits_for_the_patient(self):
        nature = self.env.ref(f"{MODULE}.nature_records_request")
        self.assertTrue(nature.answer_needs_patient)
        ticket = self.inquiry(care_patient_id=False, care_nature_id=nature.id)
        with self.assertRaisesRegex(UserError, self.SENTENCE):
            self.answer(ticket)
        self.assertFalse(ticket.care_disclosure_ids)

    def test_the_nature_decides_by_its_data(self):
        ticket = self.complaint_of()
        self.complaint.answer_needs_patient = False
        self.answer(ticket)
        self.question.answer_needs_patient = True
        with self.assertRaisesRegex(UserError, self.SENTENCE):
            self.answer(self.inquiry(care_patient_id=False))

    def test_the_tick_is_tracked_and_for_staff(self):
        ticket = self.complaint_of()
        self.env.flush_all()
        self.cr.precommit.run()
        ticket.care_no_patient = True
        self.env.flush_all()
        self.cr.precommit.run()
        values = ticket.sudo().message_ids.tracking_value_ids
        self.assertIn("care_no_patient", values.field_id.mapped("name"))
        with self.assertRaises(AccessError):
            ticket.with_user(self.people["relative"]).write({"care_no_patient": True})


@tagged("standard", "post_install", "-at_install")
class TestMerge(AuthorityCommon):
    """Merging contacts hands no authority on and rewrites no row."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.ben, cls.eve = cls.env["res.partner"].create([{"name": "Ben"}, {"name": "Eve"}])

    def merge(self, into):
        wizard = self.env["base.partner.merge.automatic.wizard"].with_user(
            self.env.ref("base.user_admin")
        )
        wizard.create(
            {
                "partner_ids": [Command.set((self.ben | self.eve).ids)],
                "dst_partner_id": into.id,
            }
        ).action_merge()

    def check_refused(self, row):
        for into in (self.ben, self.eve):
            with self.assertRaisesRegex(
                UserError,
                "One of these contacts is named in records that stay as they were written, so "
                "they cannot be merged: archive the contact that is no longer used.",
            ):
                self.merge(into)
        self.assertEqual(row.partner_id, self.ben)
        self.assertEqual((self.ben | self.eve).exists(), self.ben | self.eve)

    def test_who_has_an_authority_is_not_merged(self):
        row = self.grant(self.ben)
        self.check_refused(row)
        row._care_revoke("Ended")
        self.check_refused(row)

    def test_to_whom_something_was_told_is_not_merged(self):
        ticket = self.inquiry(care_patient_id=False)
        row = ticket._care_disclose("call", "Something", "Answer", partner=self.ben)
        self.check_refused(row)

    def test_who_is_in_the_contact_log_is_not_merged(self):
        row = self.env["care.contact"]._care_log(
            [
                {
                    "patient_id": self.patient.id,
                    "direction": "in",
                    "channel": "call",
                    "partner_id": self.ben.id,
                }
            ]
        )
        self.check_refused(row.sudo())

    def test_the_patient_is_not_merged(self):
        self.patient.partner_id = self.ben
        self.check_refused(self.patient)

    def test_who_called_is_not_merged(self):
        ticket = self.inquiry(partner_id=self.ben.id, care_patient_id=False)
        self.check_refused(ticket)

    def test_who_called_in_confidence_is_not_merged(self):
        ticket = self.inquiry(
            partner_id=self.ben.id, care_patient_id=False, care_identity="confidential"
        ).sudo()
        self.assertFalse(ticket.partner_id)
        with self.assertRaisesRegex(UserError, "named in records that stay as they were"):
            self.merge(self.eve)
        self.assertEqual(ticket.care_confidential_partner_id, self.ben)

    def test_others_are_merged_as_ever(self):
        plain = self.env["helpdesk.ticket"].create(
            {"name": "Toner", "description": "Empty", "partner_id": self.ben.id}
        )
        self.assertFalse(plain.care_is_inquiry)
        self.merge(self.eve)
        self.assertEqual(plain.partner_id, self.eve)
        self.assertFalse(self.ben.exists())


@tagged("standard", "post_install", "-at_install")
class TestFollowersOfInquiries(AuthorityCommon):
    def followers(self, user, ticket):
        return (
            self.env["mail.followers"]
            .with_user(user)
            .search([("res_model", "=", "helpdesk.ticket"), ("res_id", "in", ticket.ids)])
        )

    def test_who_follows_is_known_to_readers_alone(self):
        ticket = self.inquiry(team_id=self.triage.id)
        plain = self.env["helpdesk.ticket"].create([{"name": "Printer", "description": "Toner"}])
        self.grant()
        for record in (ticket, plain):
            record.sudo().message_subscribe(
                (self.relative | self.people["supervisor"].partner_id).ids
            )
        partner = self.people["employee"].partner_id
        partner.message_subscribe(self.relative.ids)
        rows = ticket.sudo().message_follower_ids
        self.assertIn(self.relative, rows.partner_id)
        for name in ("employee", "agent", "manager", "clerk", "routing_admin", "responder"):
            with self.subTest(hidden=name):
                user = self.people[name]
                self.assertFalse(self.followers(user, ticket))
                self.assertFalse(rows.with_user(user)._filtered_access("read"))
                with self.assertRaises(AccessError):
                    rows.with_user(user).read(["partner_id"])
                self.assertTrue(self.followers(user, plain))
                self.assertTrue(partner.with_user(user).message_follower_ids)
        for name in ("coordinator", "supervisor", "privacy_officer"):
            with self.subTest(shown=name):
                user = self.people[name]
                self.assertEqual(self.followers(user, ticket).partner_id, rows.partner_id)
                self.assertEqual(rows.with_user(user)._filtered_access("read").ids, rows.ids)
        ticket.sudo().team_id = self.catering
        self.assertTrue(self.followers(self.people["responder"], ticket))

    def test_adding_whom_the_gate_refuses_says_so(self):
        ticket = self.inquiry()
        people = self.relative | self.people["supervisor"].partner_id

        def add():
            edit = self.env["mail.followers.edit"].with_user(self.coordinator)
            return edit.create(
                {
                    "res_model": "helpdesk.ticket",
                    "res_ids": str(ticket.ids),
                    "partner_ids": [Command.set(people.ids)],
                }
            ).edit_followers()

        with self.assertRaisesRegex(
            UserError, f"Relative may not follow inquiry {ticket.number}: those follow it who work"
        ):
            add()
        self.grant()
        self.assertEqual(add()["params"]["message"], "Followers added")
        self.assertLessEqual(people, ticket.message_partner_ids)

    def test_the_composer_suggests_no_strangers(self):
        self.triage.care_desk = True
        found = self.env["mail.thread"].message_process(
            "helpdesk.ticket",
            MAIL.format(
                sender="Relative <relative@home.example>",
                cc="sibling@home.example, stranger@home.example",
                number=77,
            ),
            custom_values={"team_id": self.triage.id},
        )
        ticket = self.env["helpdesk.ticket"].browse(found).with_user(self.coordinator)

        def suggested():
            rows = ticket._message_get_suggested_recipients(reply_discussion=True)
            return {row["email"] for row in rows}

        self.assertEqual(suggested(), {"relative@home.example"})
        ticket.care_patient_id = self.patient
        self.assertEqual(suggested(), {"relative@home.example"})
        self.grant(self.sibling)
        self.assertEqual(suggested(), {"relative@home.example", "sibling@home.example"})

    def test_a_portal_user_is_not_responsible_for_an_activity(self):
        ticket = self.inquiry()
        self.grant()
        sentence = f"Relative is not staff, .* on inquiry {ticket.number}: choose a colleague"
        todo = "mail.mail_activity_data_todo"
        with self.assertRaisesRegex(ValidationError, sentence):
            ticket.activity_schedule(todo, user_id=self.people["relative"].id)
        activity = ticket.activity_schedule(todo, user_id=self.coordinator.id)
        with self.assertRaisesRegex(ValidationError, sentence):
            activity.user_id = self.people["relative"]
        plain = self.env["helpdesk.ticket"].create([{"name": "Printer", "description": "Toner"}])
        self.assertTrue(plain.activity_schedule(todo, user_id=self.people["relative"].id))


@tagged("standard", "post_install", "-at_install")
class TestFollowersOverHttp(AuthorityCommon, HttpCase):
    def call(self, url, **params):
        return self.url_open(
            url,
            data=json.dumps({"jsonrpc": "2.0", "params": params}),
            headers={"Content-Type": "application/json"},
        ).json()

    def test_the_client_shows_followers_to_readers_alone(self):
        ticket = self.inquiry()
        ticket.message_subscribe(self.people["supervisor"].partner_id.ids)
        query = {
            "model": "mail.followers",
            "method": "search_read",
            "args": [[("res_model", "=", "helpdesk.ticket"), ("res_id", "=", ticket.id)]],
            "kwargs": {"fields": ["partner_id"]},
        }
        url = "/web/dataset/call_kw/mail.followers/search_read"
        self.authenticate("care_employee", "care_employee")
        self.assertEqual(self.call(url, **query)["result"], [])
        self.authenticate("care_coordinator", "care_coordinator")
        names = [row["partner_id"][1] for row in self.call(url, **query)["result"]]
        self.assertIn("Supervisor", names)
        ticket.message_post(body="Noted", message_type="comment")
        data = self.call(
            "/mail/thread/messages", thread_model="helpdesk.ticket", thread_id=ticket.id
        )["result"]["data"]
        self.assertTrue(data["mail.message"])
        self.assertTrue(all(row["care_kept"] for row in data["mail.message"]))


@tagged("standard", "post_install", "-at_install")
class TestRegisterAccess(AuthorityCommon):
    def test_who_reads_and_writes_the_register(self):
        row = self.grant()
        ticket = self.inquiry()
        ticket.sudo().team_id = self.catering
        told = ticket._care_disclose("call", "Something", "Answer", name="Lea")
        for name in ("coordinator", "supervisor", "privacy_officer", "responder"):
            user = self.people[name]
            self.assertTrue(row.with_user(user).has_access("read"), name)
            self.assertTrue(told.with_user(user).has_access("read"), name)
        for name in ("clerk", "routing_admin", "manager", "agent", "employee", "relative"):
            user = self.people[name]
            self.assertFalse(row.with_user(user).has_access("read"), name)
            self.assertFalse(told.with_user(user).has_access("read"), name)
        self.assertFalse(row.with_user(self.people["responder"]).has_access("write"))
        ticket.sudo().team_id = self.triage
        self.assertFalse(told.with_user(self.people["responder"]).has_access("read"))

    def test_other_companies_see_nothing(self):
        row = self.grant()
        other = self.env["res.company"].create({"name": "Elsewhere"})
        self.coordinator.write({"company_ids": [Command.link(other.id)], "company_id": other.id})
        self.assertFalse(
            row.with_user(self.coordinator)
            .with_context(allowed_company_ids=other.ids)
            .has_access("read")
        )

    def test_intake_says_it_before_anybody_speaks(self):
        intake = (
            self.env["care.intake"]
            .with_user(self.coordinator)
            .new({"caller_id": self.relative.id, "patient_id": self.patient.id})
        )
        self.assertEqual(intake.may_say, "no")
        self.grant()
        intake = (
            self.env["care.intake"]
            .with_user(self.coordinator)
            .new({"caller_id": self.relative.id, "patient_id": self.patient.id})
        )
        self.assertEqual(intake.may_say, "yes")


@tagged("standard", "post_install", "-at_install")
class TestPortalGate(AuthorityCommon, HttpCase):
    def page(self, ticket, login):
        self.authenticate(login, login)
        return self.url_open(f"/my/ticket/{ticket.id}")

    def test_the_page_opens_with_authority_alone_and_is_kept(self):
        ticket = self.inquiry(name="About her hip")
        answer = self.page(ticket, "care_relative")
        self.assertNotIn("About her hip", answer.text)
        row = self.grant()
        answer = self.page(ticket, "care_relative")
        self.assertIn("About her hip", answer.text)
        self.page(ticket, "care_relative")
        self.assertEqual(ticket.care_disclosure_ids.mapped("way"), ["portal"], "once a day")
        self.assertNotIn("About her hip", self.page(ticket, "care_sibling").text)
        row._care_revoke("She changed her mind")
        self.assertNotIn("About her hip", self.page(ticket, "care_relative").text)
        self.assertNotIn("About her hip", self.url_open("/my/tickets").text)

    def test_a_person_with_authority_reads_what_others_asked_but_not_in_confidence(self):
        ticket = self.inquiry(name="About her hip")
        hidden = self.inquiry(name="In secret", care_identity="confidential")
        self.grant(self.sibling)
        self.assertIn("About her hip", self.page(ticket, "care_sibling").text)
        self.assertNotIn("In secret", self.page(hidden, "care_sibling").text)
        self.assertFalse(
            ticket.with_user(self.people["sibling"]).has_access("write"), "reads, no more"
        )

    def test_own_inquiries_without_a_patient_stay_open(self):
        ticket = self.inquiry(care_patient_id=False, name="Where to park")
        self.assertIn("Where to park", self.page(ticket, "care_relative").text)
        self.assertNotIn("Where to park", self.page(ticket, "care_sibling").text)

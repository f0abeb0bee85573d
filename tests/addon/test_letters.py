import hashlib
import io
import json
import re
from contextlib import contextmanager, suppress
from datetime import timedelta
from unittest.mock import patch

import babel.dates

from odoo import fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Command
from odoo.tests import HttpCase
from odoo.tools import format_date, mute_logger
from odoo.tools.pdf import PdfFileReader

from odoo.addons.patient_care_coordination.models.inquiry.helpdesk_ticket import OURS

from ..common import MODULE, CareCommon

# The smallest picture there is.
PIXEL = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5Erk"
    "Jggg=="
)


def pdf_text(content):
    """The words of a PDF, blanks and line ends made alike."""
    reader = PdfFileReader(io.BytesIO(content), strict=False)
    text = " ".join(reader.getPage(n).extract_text() for n in range(reader.getNumPages()))
    return re.sub(r"\s+", " ", text)


def pages(content):
    return PdfFileReader(io.BytesIO(content), strict=False).getNumPages()


class LetterCommon(CareCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.write(
            {"phone": "+1 555 0100", "email": "desk@hospital.example", "street": "1 Hill Road"}
        )
        cls.caller = cls.env["res.partner"].create(
            {
                "name": "Ben Okafor",
                "email": "ben@home.example",
                "street": "5 Low Lane",
                "city": "Millby",
            }
        )
        cls.ticket = cls.make_inquiry(
            name="Cold lunch",
            description="<p>Her lunch was cold &amp; late.</p>",
            care_nature_id=cls.complaint.id,
            care_patient_id=cls.patient.id,
            care_department_id=cls.ward.id,
            partner_id=cls.caller.id,
            care_relation="child",
            care_desired_outcome="A warm lunch.",
            care_emotional_state="grieving",
            care_answer="The trolley was broken.",
            channel_id=cls.env["helpdesk.ticket.channel"]._care_by_code("email").id,
        )
        cls.coordinator = cls.people["coordinator"]
        cls.supervisor = cls.people["supervisor"]
        cls.letters = cls.env["care.letter"].with_user(cls.coordinator)

    @classmethod
    def kind(cls, code):
        return cls.env.ref(f"{MODULE}.letter_type_{code}")

    @classmethod
    def allow(cls, **values):
        """Let the caller be told about the patient."""
        return cls.env["care.authority"].create(
            {
                "patient_id": cls.patient.id,
                "partner_id": cls.caller.id,
                "basis": "agreed",
                "agreed_how": "oral",
                "verified_how": "call_back",
                **values,
            }
        )

    @classmethod
    def draft(cls, code, ticket=None, **values):
        ticket = (ticket or cls.ticket).with_user(cls.coordinator)
        values.setdefault("due_date", fields.Date.today() + timedelta(days=10))
        return cls.letters._care_draft(ticket, cls.kind(code), **values)

    @classmethod
    def complete(cls, letter):
        """Fill what a letter still lacks."""
        for part in letter.part_ids:
            if part.missing and part.kind == "text":
                part.text = f"Words for {part.name}."
        if letter.neutral:
            return letter
        if "signed" in letter.part_ids.mapped("kind"):
            letter.company_id.sudo().care_signer_ids = cls.supervisor
            letter.signer_id = cls.supervisor
        else:
            letter.signer_name = "Dr. Ann Moor"
        letter.write({"signer_title": "Chief Executive", "completion_date": fields.Date.today()})
        return letter

    @classmethod
    def finished(cls, code, ticket=None, **values):
        """A checked letter."""
        letter = cls.complete(cls.draft(code, ticket, **values))
        checker = cls.supervisor if letter.needs_other_checker else cls.coordinator
        letter.with_user(checker)._care_mark_checked()
        return letter

    def sent(self, code, ticket=None, **values):
        letter = self.finished(code, ticket, **values)
        letter._care_send()
        return letter


class TestLetterTexts(LetterCommon):
    def test_unknown_placeholder_is_refused_on_save(self):
        kind = self.kind("final")
        for text, named in (
            ("Dear {{ caler_name }}", "{{ caler_name }}"),
            ("{{ object.env }}", "{{ object.env }}"),
            ("Dear {{ caller_name", "{{ caller_name"),
        ):
            with (
                self.subTest(text=text),
                self.assertRaisesRegex(ValidationError, re.escape(named)),
            ):
                kind.opening = text
        part = kind.part_ids[0]
        with self.assertRaisesRegex(ValidationError, "no placeholder"):
            part.text = "{{ t-out }}"
        part.text = False
        with self.assertRaisesRegex(ValidationError, "no placeholder"):
            self.draft("final").opening = "{{ nonsense }}"

    def test_translations_are_checked_too(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        kind = self.kind("final")
        with self.assertRaisesRegex(ValidationError, "no placeholder"):
            kind.update_field_translations("opening", {"fr_FR": "Cher {{ nom }}"})
        with self.assertRaisesRegex(ValidationError, "no placeholder"):
            kind.part_ids[0].update_field_translations("text", {"fr_FR": "{{ nom }}"})

    def test_neutral_types_hold_no_facts_about_the_patient(self):
        kind = self.kind("acknowledgement")
        with self.assertRaisesRegex(ValidationError, "neutral facts only"):
            kind.opening = "About {{ patient_name }}"
        with self.assertRaisesRegex(ValidationError, "neutral facts only"):
            kind.part_ids[1].source = "answer"
        with self.assertRaisesRegex(ValidationError, "neutral facts only"):
            self.draft("acknowledgement").opening = "About {{ patient_name }}"
        final = self.kind("final")
        final.opening = "About {{ patient_name }} on {{ department }}"
        with self.assertRaisesRegex(ValidationError, "neutral facts only"):
            final.neutral = True

    def test_there_is_no_placeholder_for_the_emotional_state(self):
        with self.assertRaises(ValidationError):
            self.kind("final").opening = "{{ care_emotional_state }}"
        with self.assertRaises(ValidationError):
            self.kind("final").opening = "{{ emotional_state }}"

    def test_braces_of_a_caller_are_no_placeholders(self):
        ticket = self.make_inquiry(
            description="Please {{ number }} and {{ boom }}", partner_id=self.caller.id
        )
        letter = self.draft("oral_record", ticket)
        self.assertIn("{ { boom } }", letter._care_preview())

    def test_values_are_escaped(self):
        letter = self.draft("final", recipient_name="<b>Ben</b> & Co", recipient_address="<i>x</i>")
        preview = letter._care_preview()
        self.assertIn("&lt;b&gt;Ben&lt;/b&gt; &amp; Co", preview)
        self.assertNotIn("<b>Ben", preview)
        self.assertNotIn("<i>x", preview)
        self.assertNotIn("grieving", preview.lower())

    def test_a_placeholder_without_a_value_is_a_gap(self):
        letter = self.complete(self.draft("final"))
        letter.due_date = False
        letter.opening = "You hear from us by {{ due_date }}."
        self.assertIn("{{ due_date }}", letter.gaps)
        with self.assertRaisesRegex(UserError, "due_date"):
            letter.action_check()

    def test_language_of_the_inquiry_then_of_the_person(self):
        french = self.env["res.lang"]._activate_lang("fr_FR")
        kind = self.kind("thanks")
        kind.with_context(lang="fr_FR").write(
            {
                "subject": "Merci",
                "opening": "Bonjour {{ caller_name }}, reçu le {{ received_date }}",
            }
        )
        self.ticket.care_lang_id = french
        letter = self.draft("thanks")
        self.assertEqual(letter.subject, "Merci")
        received = babel.dates.format_date(self.ticket.care_received_date, "long", "fr_FR")
        self.assertIn(f"reçu le {received}", letter._care_preview())
        self.ticket.care_lang_id = False
        self.caller.lang = "fr_FR"
        self.assertEqual(self.draft("thanks").subject, "Merci")

    def test_a_language_that_is_not_installed_is_told(self):
        swedish = (
            self.env["res.lang"]
            .with_context(active_test=False)
            .search([("code", "=", "sv_SE"), ("active", "=", False)])
        )
        self.ticket.care_lang_id = swedish
        letter = self.draft("thanks")
        self.assertTrue(letter.lang_missing)
        self.assertEqual(letter.subject, "Thank you for your kind words")


class TestLetterParts(LetterCommon):
    def test_a_new_letter_has_the_parts_of_its_type_filled_from_the_inquiry(self):
        letter = self.draft("acknowledgement")
        by_name = {part.name: part for part in letter.part_ids}
        self.assertEqual(by_name["What we understood"].text, "Her lunch was cold & late.")
        self.assertEqual(by_name["What would put it right for you"].text, "A warm lunch.")
        self.assertIn(self.ticket.number, by_name["Number and day received"].shown)
        final = self.draft("final")
        texts = dict(final.part_ids.mapped(lambda part: (part.name, part.text)))
        self.assertEqual(texts["What we found"], "The trolley was broken.")

    def test_issues_stand_with_what_was_wanted_and_then_with_their_findings(self):
        category = self.env.ref(f"{MODULE}.category_topic_visiting")
        self.env["care.issue"].create(
            [
                {"ticket_id": self.ticket.id, "category_id": category.id, "finding": "upheld"},
                {"ticket_id": self.ticket.id, "category_id": category.id, "finding": "none"},
            ]
        )
        texts = dict(self.draft("final").part_ids.mapped(lambda part: (part.name, part.text)))
        self.assertEqual(
            texts["What you told us and what you wanted"],
            f"You told us about: {category.name}.\nYou wanted: A warm lunch.",
        )
        self.assertEqual(
            texts["What we found"],
            f"The trolley was broken.\n\n{category.name}: Upheld\n{category.name}",
        )

    def test_neither_a_heading_nor_the_signature_stands_alone_on_a_page(self):
        letter = self.draft("acknowledgement", large_print=True)
        letter.write({"signer_name": "Dr. Ann Moor", "signer_title": "Chief Executive"})
        parts = letter.part_ids.sorted("sequence")
        understood = parts.filtered(lambda part: part.name == "What we understood")
        parts[-2].text = "A long last but one paragraph. " * 12
        counts = set()
        for lines in range(1, 16):
            understood.text = "\n".join(["One line of what was told."] * lines)
            reader = PdfFileReader(io.BytesIO(letter._care_render()), strict=False)
            texts = [reader.getPage(n).extract_text().strip() for n in range(reader.getNumPages())]
            counts.add(len(texts))
            for text in texts:
                self.assertNotIn(text.splitlines()[-1].strip(), parts.mapped("name"), lines)
            self.assertLess(
                texts[-1].index(parts[-1].name), texts[-1].index("Yours sincerely"), lines
            )
            self.assertIn("Dr. Ann Moor", texts[-1])
        self.assertGreater(len(counts), 1)

    def test_a_missing_part_is_named(self):
        letter = self.draft("final")
        letter.part_ids.filtered(lambda part: part.name == "What we found").text = " "
        with self.assertRaisesRegex(UserError, "Missing: How we looked into it; What we found"):
            letter.action_check()
        self.assertIn("What we found", letter.gaps)

    def test_fields_satisfy_parts_and_are_printed(self):
        letter = self.draft("acknowledgement")
        letter.contact_phone = False
        self.assertIn("Your contact person", letter.gaps)
        letter.contact_phone = "+1 555 0199"
        letter.due_date = "2026-05-04"
        self.assertFalse(letter.gaps)
        preview = letter._care_preview()
        self.assertIn("Coordinator, +1 555 0199", preview)
        self.assertIn("May 4, 2026", preview)

    def test_nobody_leaves_a_required_part_out(self):
        letter = self.draft("final")
        with self.assertRaises(AccessError):
            letter.part_ids.filtered("required")[0].unlink()
        with self.assertRaises(AccessError):
            letter.part_ids.filtered("required")[0].required = False
        with self.assertRaises(AccessError):
            letter.part_ids = [Command.clear()]
        bare = self.letters.create(
            {"ticket_id": self.ticket.id, "type_id": letter.type_id.id, "part_ids": []}
        )
        self.assertEqual(bare.part_ids.mapped("name"), letter.part_ids.mapped("name"))
        letter.part_ids = [Command.create({"name": "One more", "text": "Words."})]
        self.assertIn("One more", letter.part_ids.mapped("name"))

    def test_start_again_takes_the_texts_of_the_language(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        self.kind("thanks").with_context(lang="fr_FR").subject = "Merci"
        letter = self.draft("thanks")
        letter.lang_id = self.env["res.lang"]._lang_get("fr_FR")
        letter.action_take_texts()
        self.assertEqual(letter.subject, "Merci")

    def test_large_print_is_chosen_from_the_access_need(self):
        need = self.env.ref(f"{MODULE}.access_need_large_print")
        self.assertFalse(self.draft("thanks").large_print)
        self.ticket.care_access_need_ids = need
        self.assertTrue(self.draft("thanks").large_print)

    def test_callers_in_confidence_and_unknown_callers(self):
        secret = self.make_inquiry(
            care_identity="confidential", partner_id=self.caller.id, team_id=self.catering.id
        )
        letter = self.draft("thanks", secret)
        self.assertEqual(letter.recipient_name, "Ben Okafor")
        responder = self.people["responder"]
        with self.assertRaisesRegex(UserError, "in confidence"):
            self.env["care.letter"].with_user(responder)._care_draft(
                secret.with_user(responder), self.kind("thanks")
            )
        self.assertFalse(letter.with_user(responder).has_access("read"))
        self.assertFalse(letter.part_ids.with_user(responder)._filtered_access("read"))
        unknown = self.make_inquiry(care_identity="anonymous")
        with self.assertRaisesRegex(UserError, "nobody to write to"):
            self.draft("thanks", unknown)

    def test_when_a_caller_becomes_unknown_drafts_forget_who(self):
        letter = self.draft("thanks")
        self.ticket.team_id = self.catering
        responder = self.people["responder"]
        self.assertTrue(letter.with_user(responder).has_access("read"))
        self.ticket.care_identity = "anonymous"
        self.assertFalse(letter.recipient_name or letter.partner_id or letter.recipient_email)
        self.assertIn("who the letter is to", letter.gaps)
        self.assertFalse(letter.with_user(responder).has_access("read"))

    def test_a_dot_is_no_part(self):
        letter = self.complete(self.draft("holding"))
        part = letter.part_ids.filtered(lambda part: part.required and part.kind == "text")[0]
        part.text = ""
        self.assertIn(part.name, letter._care_gaps())
        for text in (" . ", "aa", "aaaa aaaa aaaa", "a b c", "Done done."):
            part.text = text
            with (
                self.subTest(text=text),
                self.assertRaisesRegex(UserError, f"Missing: {part.name}, in a few words"),
            ):
                letter.action_check()
        self.assertEqual(letter.state, "draft")
        part.text = "The ward looks."
        self.assertFalse(letter._care_gaps())

    def test_a_holding_letter_names_a_day_ahead(self):
        letter = self.complete(self.draft("holding", due_date=fields.Date.today()))
        self.assertIn("a new day that lies ahead", letter._care_gaps())
        letter.due_date = fields.Date.today() + timedelta(days=2)
        self.assertNotIn("a new day that lies ahead", letter._care_gaps())

    def test_the_name_is_that_of_the_person_whom_the_gate_knows(self):
        letter = self.complete(self.draft("closure"))
        letter.recipient_name = "Daily Herald"
        gap = f"the name of {letter.partner_id.name}: the gate was asked about this person"
        self.assertIn(gap, letter._care_gaps())
        letter.recipient_name = f"Mr {letter.partner_id.name}"
        self.assertNotIn(gap, letter._care_gaps())


class TestLetterStates(LetterCommon):
    def test_draft_checked_draft_checked(self):
        letter = self.complete(self.draft("final"))
        letter.action_check()
        self.assertEqual((letter.state, letter.checked_by_id), ("checked", self.coordinator))
        with self.assertRaisesRegex(UserError, "send it back to draft"):
            letter.subject = "Other"
        with self.assertRaisesRegex(UserError, "send it back to draft"):
            letter.part_ids[0].text = "Other"
        with self.assertRaisesRegex(UserError, "Only drafts are deleted"):
            letter.unlink()
        check = self.env["care.letter.check"].with_user(self.coordinator)
        form = check.create({"letter_id": letter.id})
        with self.assertRaisesRegex(UserError, "what the writer has to change"):
            form.action_return()
        form.reason = "The date is wrong."
        form.action_return()
        self.assertEqual((letter.state, letter.checked_by_id.id), ("draft", False))
        self.assertEqual(letter.return_reason, "The date is wrong.")
        letter.subject = "Other"
        letter.unlink()

    def test_where_another_checks_the_writer_cannot(self):
        self.kind("final").needs_other_checker = True
        letter = self.complete(self.draft("final"))
        with self.assertRaisesRegex(UserError, "another person checks it"):
            letter.action_check()
        with self.assertRaisesRegex(UserError, "another person checks it"):
            letter._care_mark_checked()
        action = letter.with_user(self.supervisor).action_check()
        self.assertEqual(action["res_model"], "care.letter.check")
        check = self.env["care.letter.check"].with_user(self.supervisor)
        form = check.create({"letter_id": letter.id, "plain_words": True})
        with self.assertRaisesRegex(UserError, "Mistakes are named as mistakes"):
            form.action_checked()
        for name in ("explained", "mistakes", "complete", "facts", "delay", "apology", "meeting"):
            form[name] = True
        form.action_checked()
        self.assertEqual((letter.state, letter.checked_by_id), ("checked", self.supervisor))
        self.assertIn("Every point the person raised is answered", letter.checked_points)

    def test_who_wrote_a_word_does_not_check(self):
        self.kind("final").needs_other_checker = True
        letter = self.complete(self.draft("final"))
        letter.with_user(self.supervisor).part_ids[0].text = "A better sentence."
        self.assertEqual(letter.writer_ids, self.coordinator | self.supervisor)
        with self.assertRaisesRegex(UserError, "another person checks it"):
            letter.with_user(self.supervisor).action_check()

    def test_who_chose_the_signer_checks_but_not_who_printed_another_name(self):
        self.kind("final").needs_other_checker = True
        letter = self.complete(self.draft("final"))
        checked = letter.with_user(self.supervisor)
        checked.write({"signer_id": self.supervisor.id, "signer_name": self.supervisor.name})
        self.assertEqual(letter.writer_ids, self.coordinator)
        checked.signer_name = "Somebody Else"
        self.assertEqual(letter.writer_ids, self.coordinator | self.supervisor)

    def test_states_change_by_their_buttons_alone(self):
        letter = self.complete(self.draft("final"))
        for values in ({"state": "sent"}, {"checked_by_id": self.coordinator.id}, {"token": "x"}):
            with self.subTest(values=values), self.assertRaises(AccessError):
                letter.write(values)
            with self.subTest(values=values), self.assertRaises(AccessError):
                letter.with_context(care_letter=True).sudo().write(values)
        with self.assertRaises(AccessError):
            self.letters.create(
                {
                    "ticket_id": self.ticket.id,
                    "type_id": self.kind("final").id,
                    "state": "checked",
                }
            )
        with self.assertRaisesRegex(UserError, "must be checked before"):
            letter.action_send()
        with self.assertRaises(UserError):
            letter.copy()

    def test_roles(self):
        self.allow()
        self.ticket.team_id = self.catering
        responder = self.people["responder"]
        letter = (
            self.env["care.letter"]
            .with_user(responder)
            ._care_draft(self.ticket.with_user(responder), self.kind("thanks"))
        )
        letter.subject = "Thanks from the kitchen"
        self.assertIn(responder, letter.writer_ids)
        with self.assertRaisesRegex(AccessError, "Coordinators check"):
            letter.action_check()
        letter.with_user(self.coordinator).action_check()
        with self.assertRaisesRegex(AccessError, "Coordinators check"):
            letter.action_send()
        with self.assertRaisesRegex(AccessError, "Coordinators check"):
            letter._care_return("No")
        privacy = self.people["privacy_officer"]
        self.assertEqual(letter.with_user(privacy).subject, "Thanks from the kitchen")
        with self.assertRaises(AccessError):
            letter.with_user(privacy).write({"way": "mail"})
        for name in ("clerk", "routing_admin", "relative", "manager", "agent", "employee"):
            with self.subTest(role=name):
                user = self.people[name]
                self.assertFalse(letter.with_user(user).has_access("read"))
                with self.assertRaises(AccessError):
                    self.env["care.letter"].with_user(user).search([])
        self.ticket.team_id = self.triage
        self.assertFalse(letter.with_user(responder).has_access("read"))

    def test_set_up_is_for_supervisors(self):
        for user, allowed in ((self.coordinator, False), (self.supervisor, True)):
            for name in ("care.letter.type", "care.letter.type.part", "care.letter.requirement"):
                self.assertEqual(self.env[name].with_user(user).has_access("write"), allowed)


class TestLetterSending(LetterCommon):
    def test_what_is_printed(self):
        self.allow()
        letter = self.sent("final")
        text = pdf_text(letter.attachment_id.raw)
        for words in (
            self.company.name,
            "1 Hill Road",
            "Ben Okafor",
            "5 Low Lane",
            "Millby",
            f"Our answer to your inquiry {self.ticket.number}",
            "Dear Ben Okafor,",
            "What we found",
            "The trolley was broken.",
            "Words for How we looked into it.",
            "Coordinator, +1 555 0100",
            "Dr. Ann Moor",
            "Chief Executive",
            f"Please give the number {self.ticket.number}",
        ):
            self.assertIn(words, text)
        for feeling in ("grieving", "Grieving", "DRAFT"):
            self.assertNotIn(feeling, text)

    def test_the_file_is_frozen(self):
        self.allow()
        letter = self.sent("final")
        content = letter.attachment_id.raw
        self.assertEqual(letter.pdf_sha256, hashlib.sha256(content).hexdigest())
        self.kind("final").opening = "Something else."
        self.ticket.care_answer = "Something else."
        self.caller.name = "Somebody Else"
        report = self.env["ir.actions.report"].with_user(self.coordinator)
        again = report.with_context(force_report_rendering=True)._render_qweb_pdf(
            f"{MODULE}.report_letter", letter.ids
        )
        self.assertEqual(again[0], content)
        with self.assertRaisesRegex(UserError, "not made again"):
            report._render_qweb_html(f"{MODULE}.report_letter", letter.ids)
        for env in (self.env, self.env(user=self.coordinator)):
            file = letter.attachment_id.with_env(env)
            with self.assertRaisesRegex(UserError, "kept as it is"):
                file.write({"raw": b"%PDF forged"})
            with self.assertRaisesRegex(UserError, "kept as it is"):
                file.write({"res_id": 0})
            with self.assertRaisesRegex(UserError, "kept as it is"):
                file.write({"thumbnail": PIXEL})
            self.assertTrue(file.has_thumbnail, "no browser tries to write one")
            self.assertIn("icon.png", file._get_placeholder_filename("thumbnail"))
            for values in ({"public": True, "res_model": False, "res_id": False}, {}):
                with self.assertRaisesRegex(UserError, "neither changed nor copied"):
                    file.copy(values)
            with self.assertRaisesRegex(UserError, "kept as it is"):
                file.unlink()
            with self.assertRaisesRegex(UserError, "never changes"):
                letter.with_env(env).write({"subject": "Other"})
            with self.assertRaisesRegex(UserError, "never changes"):
                letter.with_env(env).write({"way": "mail"})
            with self.assertRaisesRegex(UserError, "never changes"):
                letter.part_ids[0].with_env(env).write({"text": "Other"})
            with self.assertRaisesRegex(UserError, "Only drafts"):
                letter.with_env(env).unlink()
        with self.assertRaisesRegex(UserError, "was sent on"):
            letter._care_send()
        self.assertEqual(letter.attachment_id.raw, content)

    def test_download_gives_the_same_bytes_to_readers_alone(self):
        self.allow()
        letter = self.sent("final")
        url = letter.action_download()["url"]
        self.assertEqual(url, f"/web/content/{letter.attachment_id.id}?download=true")
        file = letter.attachment_id
        token = file.generate_access_token()[0]
        self.assertTrue(file.with_user(self.coordinator).has_access("read"))
        for name in ("clerk", "routing_admin", "relative", "agent", "employee"):
            with self.subTest(role=name):
                mine = file.with_user(self.people[name])
                self.assertFalse(mine.has_access("read"))
                self.assertFalse(mine._has_attachments_ownership([token]))
                self.assertEqual(mine._care_closed_to_tokens(), mine)

    def test_a_correction_points_to_the_old_letter(self):
        self.allow()
        letter = self.sent("final")
        action = letter.action_correct()
        new = self.letters.browse(action["res_id"])
        self.assertEqual((new.corrects_id, new.state), (letter, "draft"))
        self.assertEqual(new.recipient_address, letter.recipient_address)
        self.assertEqual(letter.corrected_by_ids, new)
        self.assertIn(self.coordinator, new.writer_ids)
        with self.assertRaisesRegex(UserError, "change the draft"):
            new.action_correct()

    def test_the_gate_stops_what_tells_about_the_patient(self):
        letter = self.finished("final")
        self.assertIn("has no authority", letter.gate_text)
        self.assertFalse(self.draft("thanks").gate_text)
        with self.assertRaisesRegex(UserError, "has no authority"):
            letter._care_send()
        self.assertEqual((letter.state, letter.attachment_id.id), ("checked", False))
        self.assertFalse(self.ticket.care_disclosure_ids)
        authority = self.allow()
        letter._care_send()
        row = self.ticket.care_disclosure_ids
        self.assertEqual((row.way, row.partner_id, row.basis), ("letter", self.caller, "agreed"))
        self.assertIn(letter.pdf_sha256, row.what)
        contact = self.ticket.care_contact_ids.filtered(lambda row: row.channel == "letter")
        self.assertEqual(
            (contact.direction, contact.with_caller, contact.user_id, contact.partner_id),
            ("out", True, self.coordinator, self.caller),
        )
        self.assertIn(letter.display_name, contact.summary)
        self.assertEqual(row.address, "5 Low Lane, Millby")
        authority._care_revoke("She changed her mind.")
        with self.assertRaisesRegex(UserError, "has no authority"):
            self.sent("final")
        self.assertEqual(letter.state, "sent")

    def test_neutral_letters_go_to_the_caller_without_authority(self):
        for code in ("acknowledgement", "authority_request", "thanks", "oral_record"):
            with self.subTest(code=code):
                letter = self.sent(code)
                text = pdf_text(letter.attachment_id.raw)
                self.assertNotIn("Okafor, Ada", text)
                self.assertNotIn("Ward 7", text)
        self.assertEqual(set(self.ticket.care_disclosure_ids.mapped("basis")), {"general"})
        other = self.env["res.partner"].create({"name": "Neighbour"})
        letter = self.finished("thanks", partner_id=other.id, recipient_name="Neighbour")
        with self.assertRaisesRegex(UserError, "has no authority"):
            letter._care_send()
        with self.assertRaisesRegex(UserError, "the gate was asked about this person"):
            self.finished("thanks", recipient_name="Neighbour")

    def test_of_a_complaint_without_patient_only_neutral_letters_leave(self):
        ticket = self.make_inquiry(
            name="Cold lunch",
            care_nature_id=self.complaint.id,
            partner_id=self.caller.id,
            care_department_id=self.ward.id,
        )
        self.sent("authority_request", ticket)
        sentence = f"Inquiry {ticket.number} is about somebody's care: name the patient first"
        for code in ("final", "closure"):
            with self.subTest(code=code):
                letter = self.finished(code, ticket)
                self.assertIn(sentence, letter.gate_text)
                with self.assertRaisesRegex(UserError, sentence):
                    letter._care_send()
                self.assertEqual(letter.state, "checked")
                self.assertFalse(letter.attachment_id)
        ticket.with_user(self.coordinator).care_no_patient = True
        letter.invalidate_recordset(["gate_text"])
        self.assertFalse(letter.gate_text)
        letter._care_send()
        self.assertEqual(letter.state, "sent")
        question = self.make_inquiry(partner_id=self.caller.id)
        self.assertEqual(self.sent("final", question).state, "sent")

    def test_by_mail_from_the_queue_with_a_neutral_subject(self):
        self.allow()
        letter = self.finished("final", way="mail")
        with patch.object(type(self.env["mail.mail"]), "send") as send:
            letter._care_send()
        send.assert_not_called()
        mail = letter.sudo().mail_id
        self.assertEqual(mail.state, "outgoing")
        self.assertEqual(mail.subject, f"Your inquiry {self.ticket.number}")
        self.assertEqual(mail.email_to, "ben@home.example")
        self.assertEqual(mail.attachment_ids, letter.attachment_id)
        for words in ("trolley", "Okafor, Ada", "lunch"):
            self.assertNotIn(words, mail.body_html)
        self.assertEqual((mail.model, mail.res_id), ("helpdesk.ticket", self.ticket.id))
        row = self.ticket.care_disclosure_ids
        self.assertEqual((row.way, row.address), ("mail", "ben@home.example"))
        contact = self.ticket.care_contact_ids.filtered("mail_message_id")
        self.assertEqual((contact.channel, contact.intact), ("mail", "yes"))
        self.assertEqual(contact.mail_message_id, mail.mail_message_id)

    def test_no_mail_to_who_did_not_agree_to_it(self):
        authority = self.allow()
        phone = self.env["helpdesk.ticket.channel"]._care_by_code("phone")
        self.ticket.channel_id = phone
        letter = self.finished("final", way="mail")
        with self.assertRaisesRegex(UserError, "print the letter"):
            letter._care_send()
        authority._care_revoke("To be recorded anew.")
        self.allow(by_mail=True)
        letter._care_send()
        self.assertEqual(letter.state, "sent")

    def test_no_mail_to_an_address_that_is_not_the_persons_own(self):
        self.allow()
        letter = self.finished("final", way="mail", recipient_email="press@paper.example")
        with self.assertRaisesRegex(UserError, "not known as an address of Ben Okafor"):
            letter._care_send()

    def test_thanks_in_one_click(self):
        self.ticket._care_set_nature(self.env.ref(f"{MODULE}.nature_compliment"), "Praise only")
        ticket = self.ticket.with_user(self.coordinator)
        self.assertTrue(ticket.care_praise)
        action = ticket.action_care_thank()
        letter = ticket.care_letter_ids
        self.assertEqual((letter.code, letter.state), ("thanks", "sent"))
        self.assertIn(str(letter.attachment_id.id), action["url"])

    def test_large_print(self):
        large = self.sent("acknowledgement", large_print=True)
        small = self.sent("acknowledgement")
        self.assertGreaterEqual(min(sizes(large.attachment_id.raw)), 13.5)
        self.assertIn(18, {round(size) for size in sizes(large.attachment_id.raw)})
        self.assertIn(11, {round(size) for size in sizes(small.attachment_id.raw)})
        self.assertNotIn("justify", large._care_preview())

    def test_paper_of_the_company(self):
        for xmlid, width in (("base.paperformat_euro", 595), ("base.paperformat_us", 612)):
            self.company.paperformat_id = self.env.ref(xmlid)
            content = self.draft("thanks")._care_render()
            box = PdfFileReader(io.BytesIO(content)).getPage(0).mediaBox
            self.assertAlmostEqual(float(box.getWidth()), width, delta=1)

    def test_drafts_are_marked_and_pages_counted(self):
        letter = self.draft("final")
        letter.part_ids[1].text = "\n\n".join(["A long sentence about it all."] * 30)
        report = self.env["ir.actions.report"].with_user(self.coordinator)
        content = report.with_context(force_report_rendering=True)._render_qweb_pdf(
            f"{MODULE}.report_letter", (letter | self.draft("thanks")).ids
        )[0]
        text = pdf_text(content)
        self.assertIn("DRAFT", text)
        self.assertIn(f"{letter.display_name} 1 / 2", text, text[-300:])
        self.assertEqual(pages(content), 3)
        for name in ("clerk", "employee"):
            with self.assertRaises(AccessError):
                report.with_user(self.people[name]).with_context(
                    force_report_rendering=True
                )._render_qweb_pdf(f"{MODULE}.report_letter", letter.ids)

    def test_nothing_is_needed_from_header_or_footer(self):
        letter = self.draft("thanks")
        report = self.env.ref(f"{MODULE}.report_letter")
        html = report._render_qweb_html(report, letter.ids)[0]
        bodies, _ids, header, footer, arguments = report._prepare_html(html, "care.letter")
        self.assertEqual(len(bodies), 1)
        self.assertIn(self.company.name, bodies[0])
        self.assertIn("Please give the number", bodies[0])
        for part in (header, footer):
            self.assertNotIn(self.company.name, part)
        for part in (*bodies, header, footer):
            self.assertNotRegex(part, r"<(link|script)")
        self.assertIn("data-report-letter", arguments)

    def test_when_printing_fails_nothing_is_sent(self):
        letter = self.finished("thanks")
        with (
            patch.object(type(letter), "_care_render", lambda self: b"no pdf"),
            patch(f"odoo.addons.{MODULE}.models.contact.letter_pdf.stamp", lambda c, *a, **k: c),
            self.assertRaisesRegex(UserError, "could not be printed"),
        ):
            letter._care_send()

    def test_export_is_for_coordinators_and_kept(self):
        letter = self.draft("thanks")
        export = self.env.ref("base.group_allow_export")
        (self.coordinator | self.people["responder"]).group_ids = [Command.link(export.id)]
        letter.export_data(["subject"])
        self.assertEqual(self.ticket.care_disclosure_ids.way, "export")
        self.ticket.team_id = self.catering
        with self.assertRaisesRegex(AccessError, "exported by coordinators"):
            letter.with_user(self.people["responder"]).export_data(["subject"])
        with self.assertRaisesRegex(AccessError, "exported by coordinators"):
            letter.part_ids.with_user(self.people["responder"]).export_data(["text"])


def sizes(content):
    """The font sizes of the words of a PDF, in points on paper."""
    found = []

    def visit(text, matrix, text_matrix, _font, size):
        if text.strip():
            found.append(size * abs(text_matrix[3]) * abs(matrix[3]))

    reader = PdfFileReader(io.BytesIO(content), strict=False)
    for number in range(reader.getNumPages()):
        reader.getPage(number).extract_text(visitor_text=visit)
    return found


class TestLetterOverHttp(LetterCommon, HttpCase):
    @mute_logger("odoo.http")
    def test_nobody_draws_another_thumbnail_or_copies_the_file(self):
        self.allow()
        letter = self.sent("final")
        file = letter.attachment_id
        content = file.raw
        calls = {
            "/mail/attachment/update_thumbnail": {"attachment_id": file.id, "thumbnail": PIXEL},
            "/web/dataset/call_kw/ir.attachment/write": {
                "model": "ir.attachment",
                "method": "write",
                "args": [[file.id], {"raw": "Forged"}],
                "kwargs": {},
            },
            "/web/dataset/call_kw/ir.attachment/copy": {
                "model": "ir.attachment",
                "method": "copy",
                "args": [[file.id], {"public": True, "res_model": False, "res_id": False}],
                "kwargs": {},
            },
        }
        files = self.env["ir.attachment"].search_count([("checksum", "=", file.checksum)])
        for login in ("care_coordinator", "admin"):
            self.authenticate(login, login)
            for url, params in calls.items():
                with self.subTest(login=login, url=url):
                    answer = self.url_open(
                        url,
                        data=json.dumps({"jsonrpc": "2.0", "params": params}),
                        headers={"Content-Type": "application/json"},
                    ).json()
                    self.assertIn("error", answer)
        file.invalidate_recordset()
        self.assertEqual(file.raw, content)
        self.assertFalse(file.thumbnail)
        self.assertEqual(
            self.env["ir.attachment"].search_count([("checksum", "=", file.checksum)]), files
        )


class TestLetterWords(LetterCommon):
    """To whom nothing may be told, a neutral letter says what its type says."""

    TOLD = "She lies on Ward 7 with a broken hip."

    def part(self, letter):
        return letter.part_ids.filtered(lambda part: part.name == "What we understood")

    def refusal(self, letter, where):
        return (
            f"Nothing may be told to {letter.recipient_name}, so letter {letter.display_name} may "
            f"only say what its type says, but it has other words in: {where}; start again from "
            "the template, or ask a supervisor or the privacy officer who wrote nothing in it to "
            "check it."
        )

    def check_refused(self, letter, where, user=None):
        letter = letter.with_user(user or self.coordinator)
        self.assertEqual(letter.own_words, where)
        for check in (letter.action_check, letter._care_mark_checked):
            with self.assertRaises(UserError) as error:
                check()
            self.assertEqual(str(error.exception), self.refusal(letter, where))
        self.assertEqual(letter.state, "draft")
        self.assertFalse(letter.checked_by_id or letter.words_taken_by_id)

    def take(self, letter, user, reason="The mother asked us to say so."):
        form = self.env["care.letter.check"].with_user(user).create({"letter_id": letter.id})
        form.words_reason = reason
        form.action_checked()

    def test_whatever_is_printed_counts(self):
        changes = {
            "subject": "Subject",
            "opening": "Text before the parts",
            "closing": "Text after the parts",
            "contact_name": "Contact person's name",
            "contact_phone": "Contact person's phone",
            "signer_name": "Name under the signature",
            "signer_title": "Position",
        }
        for name, label in changes.items():
            letter = self.draft("acknowledgement")
            letter[name] = self.TOLD
            with self.subTest(field=name):
                self.check_refused(letter, label)
        letter = self.draft("acknowledgement")
        letter.recipient_name = "Ben Okafor, whose mother lies on Ward 7"
        self.check_refused(letter, "Name")
        letter = self.draft("acknowledgement")
        self.part(letter).text += self.TOLD
        self.check_refused(letter, "What we understood")
        letter = self.draft("acknowledgement")
        contact = letter.part_ids.filtered(lambda part: part.kind == "contact")
        contact.name = self.TOLD
        self.check_refused(letter, self.TOLD)
        letter = self.draft("acknowledgement")
        letter.write({"part_ids": [Command.create({"name": "By the way", "text": self.TOLD})]})
        self.check_refused(letter, "By the way")
        letter.action_take_texts()
        letter.action_check()
        self.assertEqual(letter.state, "checked")

    def test_what_the_type_says_passes(self):
        self.ticket.care_lang_id = self.env.ref("base.lang_en")
        letter = self.draft("acknowledgement")
        self.assertFalse(letter.own_words)
        self.part(letter).text = "  Her lunch was cold &\r\n late. ".replace("\r\n ", "\r\n")
        letter.opening = letter._care_fill(letter.opening)
        letter.part_ids.filtered(lambda part: not part.required).unlink()
        self.assertFalse(letter.own_words)
        letter.action_check()
        self.assertEqual(letter.state, "checked")

    def test_somebody_else_takes_other_words_on_with_a_reason(self):
        letter = self.draft("acknowledgement", recipient_address="Care of the ward clerk")
        self.part(letter).text = self.TOLD
        self.check_refused(letter, "What we understood")
        supervised = letter.with_user(self.supervisor)
        action = supervised.action_check()
        self.assertEqual(action["res_model"], "care.letter.check")
        for reason in (False, "  "):
            with self.assertRaises(UserError) as error:
                self.take(letter, self.supervisor, reason)
            self.assertEqual(
                str(error.exception),
                "Say why the other words may go to Ben Okafor, who may be told nothing: it is "
                "kept.",
            )
        self.assertEqual(letter.state, "draft")
        self.take(letter, self.supervisor)
        self.assertEqual((letter.state, letter.checked_by_id), ("checked", self.supervisor))
        self.assertEqual(letter.words_taken_by_id, self.supervisor)
        letter._care_send()
        row = self.ticket.care_disclosure_ids
        self.assertEqual((row.recipient, row.partner_id), ("Ben Okafor", self.caller))
        self.assertEqual(row.address, "Care of the ward clerk")
        self.assertIn(letter.pdf_sha256, row.what)
        self.assertIn("taken on by Supervisor, because: The mother asked us to say so.", row.what)
        self.assertIn(f"What we understood: {self.TOLD}", row.what)

    def test_the_disclosure_names_whom_the_letter_names(self):
        self.allow()
        letter = self.sent("acknowledgement", recipient_name="Mr Ben Okafor")
        row = self.ticket.care_disclosure_ids
        self.assertEqual((row.recipient, row.partner_id), ("Mr Ben Okafor", self.caller))
        self.assertEqual(row.address, "5 Low Lane, Millby")
        self.assertNotIn("taken on", row.what)
        self.assertIn("Mr Ben Okafor", pdf_text(letter.attachment_id.raw))

    def test_who_wrote_in_it_does_not_take_it_on(self):
        letter = self.draft("acknowledgement")
        self.part(letter).with_user(self.supervisor).text = self.TOLD
        self.check_refused(letter, "What we understood", self.supervisor)
        with self.assertRaises(UserError) as error:
            self.take(letter, self.supervisor)
        self.assertIn("has other words in: What we understood", str(error.exception))
        officer = self.people["privacy_officer"]
        self.take(letter, officer)
        self.assertEqual((letter.state, letter.words_taken_by_id), ("checked", officer))

    def test_the_privacy_officer_checks_nothing_else(self):
        officer = self.people["privacy_officer"]
        letter = self.draft("acknowledgement").with_user(officer)
        with self.assertRaisesRegex(AccessError, "Coordinators check and send letters"):
            letter.action_check()
        with self.assertRaises(AccessError):
            letter.subject = "Other"
        letter.with_user(self.coordinator).subject = self.TOLD
        self.take(letter, officer)
        with self.assertRaisesRegex(AccessError, "Coordinators check and send letters"):
            letter.action_send()
        self.assertEqual(letter.state, "checked")

    def test_with_authority_the_words_are_free_until_it_ends(self):
        authority = self.allow()
        letter = self.draft("acknowledgement")
        self.part(letter).text = self.TOLD
        self.assertFalse(letter.own_words)
        letter.action_check()
        authority._care_revoke("She changed her mind.")
        for user in (self.coordinator, self.supervisor):
            with self.assertRaises(UserError) as error:
                letter.with_user(user)._care_send()
            self.assertEqual(str(error.exception), self.refusal(letter, "What we understood"))
        self.assertEqual((letter.state, letter.attachment_id.id), ("checked", False))
        self.assertFalse(self.ticket.care_disclosure_ids)

    def test_an_objection_and_a_patient_nobody_named_count_as_nothing(self):
        self.allow()
        self.allow(objection=True, agreed_how=False)
        letter = self.draft("acknowledgement")
        self.part(letter).text = self.TOLD
        self.check_refused(letter, "What we understood")
        ticket = self.make_inquiry(
            care_nature_id=self.complaint.id, partner_id=self.caller.id, description="Cold lunch"
        )
        letter = self.draft("acknowledgement", ticket)
        self.part(letter).text = self.TOLD
        self.check_refused(letter, "What we understood")
        ticket.care_no_patient = True
        letter.invalidate_recordset(["own_words"])
        self.assertFalse(letter.own_words)

    def test_sent_back_nobody_has_taken_it_on(self):
        letter = self.draft("acknowledgement")
        self.part(letter).text = self.TOLD
        self.take(letter, self.supervisor)
        letter._care_return("Say less.")
        self.assertFalse(letter.words_taken_by_id or letter.words_reason)
        self.check_refused(letter, "What we understood")
        for values in ({"words_taken_by_id": self.supervisor.id}, {"words_reason": "x"}):
            with self.assertRaisesRegex(AccessError, "change by its buttons"):
                letter.write(values)


class TestLetterBatch(LetterCommon):
    @contextmanager
    def cron(self):
        """Count commits instead of making them: those of a test must not last."""
        commits = []
        with patch.object(
            type(self.env["ir.cron"]),
            "_commit_progress",
            lambda self, *a, **k: commits.append(k.get("remaining")) or 100,
        ):
            yield commits

    def batch(self, count):
        letters = self.letters.browse([self.finished("thanks").id for _number in range(count)])
        return letters, letters.action_print_batch()

    def test_a_batch_is_one_file_and_each_letter_is_sent_once(self):
        letters, action = self.batch(3)
        batch = self.env["care.letter.batch"].with_user(self.coordinator).browse(action["res_id"])
        self.assertEqual((batch.state, batch.total, batch.printed), ("running", 3, 0))
        with self.assertRaisesRegex(UserError, "0 of 3 letters are printed"):
            batch.action_download()
        with self.cron() as commits:
            self.env["care.letter.batch"]._cron_print_letters()
        self.assertGreaterEqual(len(commits), 4)
        self.assertEqual(set(letters.mapped("state")), {"sent"})
        self.assertEqual(letters.sent_by_id, self.coordinator)
        self.assertEqual((batch.state, batch.printed, batch.failed), ("done", 3, 0))
        self.assertEqual(pages(batch.attachment_id.raw), 3)
        self.assertIn(str(batch.attachment_id.id), batch.action_download()["url"])
        self.assertEqual(len(set(letters.mapped("token"))), 3)
        rows = self.ticket.care_disclosure_ids
        file = batch.attachment_id
        with self.cron():
            self.env["care.letter.batch"]._cron_print_letters()
        self.assertEqual(self.ticket.care_disclosure_ids, rows)
        self.assertEqual(batch.attachment_id, file)
        with self.assertRaisesRegex(UserError, "kept as it is"):
            file.unlink()

    def test_killed_in_the_middle_it_goes_on_where_it_was(self):
        letters, action = self.batch(4)
        batch = self.env["care.letter.batch"].browse(action["res_id"])
        rendered = []
        render = type(letters)._care_render

        def counted(letter):
            rendered.append(letter.id)
            return render(letter)

        class Killed(BaseException):
            """As a server that is killed, it passes every handler."""

        done = []

        def commit(_self, processed=0, **_options):
            done.append(processed)
            if sum(done) == 2:
                raise Killed
            return 100

        with (
            patch.object(type(letters), "_care_render", counted),
            patch.object(type(self.env["ir.cron"]), "_commit_progress", commit),
            # Not assertRaises: that undoes what was committed before.
            suppress(Killed),
        ):
            self.env["care.letter.batch"]._cron_print_letters()
        self.assertEqual(sum(done), 2)
        self.assertEqual(
            letters.sorted("id").mapped("state"), ["sent", "sent", "checked", "checked"]
        )
        kept = {letter.id: letter.pdf_sha256 for letter in letters if letter.state == "sent"}
        self.assertEqual(
            (batch.state, batch.printed, batch.attachment_id.id), ("running", 2, False)
        )
        with patch.object(type(letters), "_care_render", counted), self.cron():
            self.env["care.letter.batch"]._cron_print_letters()
        self.assertEqual(sorted(rendered), sorted(letters.ids))
        self.assertEqual(set(letters.mapped("state")), {"sent"})
        self.assertEqual({x: self.letters.browse(x).pdf_sha256 for x in kept}, kept)
        self.assertEqual(len(self.ticket.care_disclosure_ids), 4)
        self.assertEqual((batch.state, pages(batch.attachment_id.raw)), ("done", 4))

    def test_a_kill_while_one_letter_is_made_leaves_it_checked(self):
        letters, action = self.batch(1)

        class Killed(BaseException):
            """As a server that is killed, it passes every handler."""

        def killed(_letter, _verdict):
            raise Killed

        with self.cron(), patch.object(type(letters), "_care_sent", killed):
            with self.assertRaises(Killed), self.env.cr.savepoint():
                self.env["care.letter.batch"]._cron_print_letters()
        self.env.invalidate_all()
        self.assertEqual((letters.state, letters.attachment_id.id), ("checked", False))
        with self.cron():
            self.env["care.letter.batch"]._cron_print_letters()
        self.assertEqual(letters.state, "sent")
        self.assertEqual(self.env["care.letter.batch"].browse(action["res_id"]).state, "done")

    def test_nothing_is_printed_to_nowhere(self):
        letter = self.finished("thanks", recipient_address=" \n")
        with self.assertRaisesRegex(UserError, r"no postal address of Ben Okafor \(.*-L"):
            letter._care_send()
        fine = self.finished("thanks")
        with self.assertRaisesRegex(UserError, "no postal address of Ben Okafor"):
            (letter | fine).action_print_batch()
        self.assertEqual((letter.state, letter.attachment_id.id), ("checked", False))
        self.assertEqual(fine.state, "checked")
        self.assertFalse(self.env["care.letter.batch.line"].search([("letter_id", "=", fine.id)]))
        letter._care_return("Address")
        letter.recipient_address = "Handed over at the desk"
        letter._care_mark_checked()
        letter._care_send()
        self.assertEqual(letter.state, "sent")

    def test_what_the_gate_refuses_is_told_and_the_rest_is_printed(self):
        refused = self.finished("final")
        fine = self.finished("thanks")
        batch = self.env["care.letter.batch"].browse(
            (refused | fine).action_print_batch()["res_id"]
        )
        with self.cron():
            self.env["care.letter.batch"]._cron_print_letters()
        self.assertEqual((refused.state, fine.state), ("checked", "sent"))
        self.assertEqual((batch.printed, batch.failed, batch.state), (1, 1, "done"))
        line = batch.line_ids.filtered("error")
        self.assertIn("has no authority", line.error)
        self.allow()
        again = self.env["care.letter.batch"].browse(refused.action_print_batch()["res_id"])
        with self.cron():
            self.env["care.letter.batch"]._cron_print_letters()
        self.assertEqual((again.printed, refused.state), (1, "sent"))

    def test_through_the_real_cron(self):
        letters, action = self.batch(2)
        self.assertTrue(
            self.env["ir.cron.trigger"].search(
                [("cron_id", "=", self.env.ref(f"{MODULE}.cron_print_letters").id)]
            )
        )
        with self.enter_registry_test_mode():
            cron = self.env.ref(f"{MODULE}.cron_print_letters")
            self.assertIs(cron.method_direct_trigger(), True)
        self.env.invalidate_all()
        self.assertEqual(set(letters.mapped("state")), {"sent"})
        self.assertEqual(self.env["care.letter.batch"].browse(action["res_id"]).state, "done")

    def test_what_cannot_be_put_in_a_batch(self):
        draft = self.draft("thanks")
        with self.assertRaisesRegex(UserError, "must be checked"):
            draft.action_print_batch()
        letters, _action = self.batch(1)
        with self.assertRaisesRegex(UserError, "wait in another batch already"):
            letters.action_print_batch()
        with self.assertRaisesRegex(UserError, "Choose the letters"):
            self.letters.browse().action_print_batch()
        for model in ("care.letter.batch", "care.letter.batch.line"):
            with self.assertRaises(AccessError):
                self.env[model].create([{}])
            with self.assertRaises(AccessError):
                self.env[model].search([], limit=1).write({"state": "done"})
            with self.assertRaises(UserError):
                self.env[model].search([], limit=1).unlink()
        for name in ("responder", "clerk", "employee"):
            with self.assertRaises(AccessError):
                self.env["care.letter.batch"].with_user(self.people[name]).search([])


class TestLetterPolicies(LetterCommon):
    def under(self, code, nature=None, **values):
        """An inquiry of a hospital under this policy."""
        self.company.care_policy_id = self.env.ref(f"{MODULE}.policy_{code}")
        ticket = self.make_inquiry(
            description="<p>Nobody came.</p>",
            care_nature_id=(nature or self.complaint).id,
            care_patient_id=self.patient.id,
            care_department_id=self.ward.id,
            partner_id=self.caller.id,
            category_id=self.env.ref(f"{MODULE}.category_topic_visiting").id,
            care_answer="We were too few.",
            **values,
        )
        self.assertEqual(ticket.care_policy_id.code, code)
        return ticket

    def required(self, letter):
        return letter.part_ids.filtered("required").mapped("name")

    def test_required_parts_under_each_policy(self):
        us = self.under("us_cms")
        self.assertEqual(
            self.required(self.draft("final", us)),
            [
                "What we did to look into it",
                "What we found",
                "When we completed this",
                "Your contact person",
            ],
        )
        england = self.under("england")
        self.assertEqual(
            self.required(self.draft("final", england)),
            [
                "2. How we looked into it",
                "4. What happened, and what should have happened",
                "6. Our apology and what we do to put it right",
                "7. What has been or will be done, and when",
                "8. If you are not satisfied",
                "Signed by the responsible person",
                "Your contact person",
            ],
        )
        headings = self.draft("final", england).part_ids.mapped("name")
        self.assertEqual([name[0] for name in headings[:8]], list("12345678"))
        for code in ("scotland", "ireland", "queensland", "ontario", "generic"):
            self.assertIn("What we found", self.required(self.draft("final", self.under(code))))

    def test_us_final_answer_names_contact_steps_results_and_completion(self):
        ticket = self.under("us_cms")
        self.allow()
        letter = self.complete(self.draft("final", ticket))
        for values, part in (
            ({"completion_date": False}, "When we completed this"),
            ({"contact_name": False}, "Your contact person"),
        ):
            kept = {name: letter[name] for name in values}
            letter.write(values)
            with self.assertRaisesRegex(UserError, part):
                letter.with_user(self.supervisor).action_check()
            letter.write(kept)
        for name in ("What we did to look into it", "What we found"):
            part = letter.part_ids.filtered(lambda part, name=name: part.name == name)
            kept = part.text
            part.text = ""
            with self.assertRaisesRegex(UserError, name):
                letter.with_user(self.supervisor).action_check()
            part.text = kept
        with self.assertRaisesRegex(UserError, "another person checks it"):
            letter.action_check()
        letter.with_user(self.supervisor)._care_mark_checked()
        letter._care_send()
        text = pdf_text(letter.attachment_id.raw)
        for words in (
            "Words for What we did to look into it.",
            "We were too few.",
            "When we completed this",
            "Coordinator, +1 555 0100",
        ):
            self.assertIn(words, text)

    def test_completed_between_the_receipt_and_today(self):
        received = fields.Datetime.now() - timedelta(days=4)
        letter = self.complete(
            self.draft("final", self.under("us_cms", care_received_date=received))
        )
        today = fields.Date.context_today(letter)
        for days in (-5, 1):
            letter.completion_date = today + timedelta(days=days)
            with (
                self.subTest(days=days),
                self.assertRaisesRegex(UserError, "Missing: a day of completion from .*, today"),
            ):
                letter.with_user(self.supervisor).action_check()
        self.assertEqual(letter.state, "draft")
        for days in (-4, 0):
            letter.completion_date = today + timedelta(days=days)
            self.assertFalse(letter._care_gaps())

    def test_england_final_answer_is_signed_by_the_responsible_person(self):
        self.company.write(
            {
                "care_responsible_id": self.supervisor.id,
                "care_responsible_title": "Chief Executive",
            }
        )
        letter = self.draft("final", self.under("england"))
        self.assertEqual(
            (letter.signer_name, letter.signer_title), ("Supervisor", "Chief Executive")
        )
        letter.signer_name = False
        self.assertIn("Signed by the responsible person", letter.gaps)
        letter.signer_name = "Supervisor"
        self.assertNotIn("sign", letter.gaps)
        self.assertTrue(letter.needs_other_checker)
        self.assertFalse(self.draft("holding", self.under("england")).needs_other_checker)
        self.assertFalse(self.draft("final", self.under("generic")).needs_other_checker)

    def test_who_signs_is_a_person_who_may(self):
        self.company.care_responsible_id = False
        letter = self.draft("final", self.under("england"))
        self.assertIn("who may sign for", letter.gaps)
        self.complete(letter)
        letter.write({"signer_id": self.coordinator.id, "signer_name": "Dr. Ann Moor"})
        with self.assertRaisesRegex(UserError, "the signature of who may sign: Supervisor"):
            letter.with_user(self.supervisor)._care_mark_checked()
        letter.write({"signer_id": self.supervisor.id, "signer_name": "Dr. Ann Moor"})
        with self.assertRaisesRegex(UserError, "the name of Supervisor under the signature"):
            letter.with_user(self.supervisor)._care_mark_checked()
        self.assertEqual(letter.state, "draft")
        letter.signer_name = "Supervisor, MD"
        letter.with_user(self.supervisor)._care_mark_checked()
        self.assertEqual(letter.state, "checked")
        self.allow()
        self.company.care_signer_ids = False
        self.company.care_responsible_id = self.coordinator
        with self.assertRaisesRegex(UserError, "the signature of who may sign: Coordinator"):
            letter._care_send()
        self.assertEqual((letter.state, letter.attachment_id.id), ("checked", False))

    def test_england_offers_to_discuss_the_handling(self):
        names = self.required(self.draft("acknowledgement", self.under("england")))
        self.assertIn("How we would like to handle it", names)
        self.assertIn("What happens next", self.required(self.draft("acknowledgement")))

    def test_a_duplicate_of_a_policy_asks_the_same(self):
        england = self.env.ref(f"{MODULE}.policy_england")
        copy = england.copy({"name": "England, our trust"})
        self.assertEqual(copy.letter_part_ids, england.letter_part_ids)
        self.assertEqual(copy.letter_checker_type_ids, england.letter_checker_type_ids)
        self.assertEqual(copy.letter_requirement_ids, england.letter_requirement_ids)

    def test_parts_of_another_policy_do_not_do(self):
        ticket = self.under("generic")
        letter = self.complete(self.draft("final", ticket))
        self.assertFalse(letter.gaps)
        us = self.env.ref(f"{MODULE}.policy_us_cms")
        ticket.with_context(care_clock=OURS).care_policy_id = us
        with self.assertRaisesRegex(UserError, "start again from the template"):
            letter.action_check()
        letter.action_take_texts()
        self.assertIn("When we completed this", self.required(letter))

    def test_closing_without_the_four_item_letter_is_refused(self):
        grievance = self.env.ref(f"{MODULE}.nature_grievance")
        channels = self.env["helpdesk.ticket.channel"]
        ticket = self.under(
            "us_cms", grievance, channel_id=channels._care_by_code("email").id
        ).with_user(self.coordinator)
        ticket.care_issue_ids = [
            Command.create({"category_id": ticket.category_id.id, "finding": "upheld"})
        ]
        ticket.write(
            {
                "care_told": "Ben Okafor",
                "care_told_date": fields.Datetime.now(),
                "care_told_channel_id": channels._care_by_code("phone").id,
                "care_outcome": "upheld",
            }
        )
        self.assertEqual(ticket._care_closing_gaps()[ticket.id], ["the letter Final answer, sent"])
        with self.assertRaisesRegex(UserError, "the letter Final answer, sent"):
            ticket.action_care_close()
        self.finished("final", ticket)
        with self.assertRaisesRegex(UserError, "the letter Final answer, sent"):
            ticket.action_care_close()
        self.allow()
        self.sent("final", ticket)
        ticket.action_care_close()
        self.assertTrue(ticket.closed)
        reopened = fields.Datetime.now() + timedelta(seconds=2)
        with patch.object(fields.Datetime, "now", lambda *_: reopened):
            ticket.stage_id = self.triage._get_applicable_stages()[0]
        self.assertEqual(ticket.care_round, 2)
        self.assertIn("the letter Final answer, sent", ticket._care_closing_gaps()[ticket.id])

    def test_which_natures_and_policies_require_a_letter(self):
        question = self.under("us_cms", self.question)
        self.assertFalse(question._care_missing_letters())
        self.assertFalse(self.under("generic")._care_missing_letters())
        for code in ("us_cms", "england", "scotland", "ireland"):
            ticket = self.under(code)
            self.assertEqual(ticket._care_missing_letters(), {ticket.id: ["Final answer"]})
            ticket.care_outcome = "duplicate"
            self.assertNotIn("the letter Final answer, sent", ticket._care_missing()[ticket.id])

    def test_what_was_closed_before_it_was_entered_has_its_letter_elsewhere(self):
        done = self.env.ref("helpdesk_mgmt.helpdesk_ticket_stage_done")
        past = fields.Datetime.now() - timedelta(days=90)
        values = {
            "stage_id": done.id,
            "care_received_date": past,
            "care_told": "Ben Okafor",
            "care_told_date": past,
            "care_told_channel_id": self.env["helpdesk.ticket.channel"]._care_by_code("letter").id,
            "care_issue_ids": [
                Command.create(
                    {
                        "category_id": self.env.ref(f"{MODULE}.category_topic_visiting").id,
                        "finding": "upheld",
                    }
                )
            ],
        }
        with self.assertRaisesRegex(UserError, "the letter Final answer, sent"):
            self.under("us_cms", **values)
        self.assertTrue(self.under("us_cms", closed_date=past, **values).closed)
        own = self.env["helpdesk.ticket"].with_user(self.coordinator)
        nature = self.env.ref(f"{MODULE}.nature_complaint")
        policy = self.env["care.policy"].search([("code", "=", "us_cms")])
        self.company.care_policy_id = policy
        with self.assertRaisesRegex(UserError, "the letter Final answer, sent"):
            own.create(
                [
                    {
                        "name": "Old",
                        "description": "Old",
                        "care_nature_id": nature.id,
                        "closed_date": past,
                        **values,
                    }
                ]
            )
        issues = values.pop("care_issue_ids")
        ticket = self.under("us_cms", **(values | {"stage_id": False, "care_issue_ids": issues}))
        with self.assertRaises(UserError):
            ticket.write({"stage_id": done.id, "closed_date": past})
        with self.assertRaisesRegex(UserError, "the letter Final answer, sent"):
            ticket.write({"stage_id": done.id})

    def test_gaps_of_many_cost_the_same(self):
        one = self.under("england")
        many = one
        for _number in range(5):
            many |= self.under("england")
        counts = []
        for tickets in (one, many):
            self.env.flush_all()
            self.env.invalidate_all()
            tickets.mapped("care_nature_id.code")
            before = self.env.cr.sql_log_count
            tickets._care_missing_letters()
            counts.append(self.env.cr.sql_log_count - before)
        self.assertEqual(*counts)

    def test_letters_meet_the_clocks(self):
        ticket = self.under("england")
        self.allow()
        row = ticket.care_deadline_ids.filtered(lambda row: row.kind == "acknowledge")
        self.assertFalse(row.met_date)
        self.sent("acknowledgement", ticket)
        self.assertTrue(row.met_date)
        answer = ticket.care_deadline_ids.filtered(lambda row: row.kind == "answer")
        self.assertFalse(answer.met_date)
        self.sent("final", ticket)
        self.assertTrue(answer.met_date)
        self.assertEqual(ticket.care_told, "Ben Okafor")
        self.assertEqual(ticket.care_told_channel_id.care_code, "letter")
        self.assertTrue(ticket.care_told_date)

    def test_a_holding_letter_extends_the_answer(self):
        ticket = self.under("us_cms")
        self.allow()
        answer = ticket.care_deadline_ids.filtered(lambda row: row.kind == "answer")
        old = answer.due
        day = fields.Date.today() + timedelta(days=14)
        letter = self.draft("holding", ticket, due_date=day)
        self.assertIn("within 14 days from the day of this letter", letter._care_preview())
        letter = self.complete(letter)
        letter._care_mark_checked()
        letter._care_send()
        self.assertFalse(letter.extension_note)
        self.assertGreater(answer.due, old)
        self.assertEqual(letter._care_day(answer.due), day)
        change = answer.change_ids.filtered("told_how")
        self.assertIn(letter.display_name, change.told_how)
        self.assertEqual(change.reason, "Words for Why it takes longer.")
        self.assertFalse(self.draft("holding", ticket, due_date=False).due_date)

    def test_a_holding_letter_beyond_the_limit_is_refused_before_it_is_sent(self):
        ticket = self.under("us_cms")
        self.allow()
        answer = ticket.care_deadline_ids.filtered(lambda row: row.kind == "answer")
        due, line = answer.due, answer.clock_id
        self.assertTrue(line.cap_amount)
        letter = self.complete(self.draft("holding", ticket))
        last = letter._care_day(ticket._care_latest_extension("answer"))
        letter.due_date = last + timedelta(days=1)
        words = f"a new day not after {format_date(self.env, last)}"
        self.assertIn(words, letter.gaps)
        with self.assertRaisesRegex(UserError, f"{words}, the last that .* allows"):
            letter._care_mark_checked()
        letter.due_date = last
        letter._care_mark_checked()
        letter.with_context(care_letter=OURS).due_date = last + timedelta(days=1)
        with self.assertRaisesRegex(UserError, words):
            letter._care_send()
        self.assertEqual((letter.state, letter.attachment_id.id), ("checked", False))
        self.assertEqual(answer.due, due)
        # What the person agreed to may be written, too.
        agreed = fields.Datetime.now() + timedelta(days=80)
        ticket.with_user(self.coordinator)._care_extend(
            "answer", agreed, "Both want it", fields.Datetime.now(), "By phone", agreed=True
        )
        letter.with_context(care_letter=OURS).due_date = letter._care_day(answer.due)
        letter._care_send()
        self.assertEqual(letter.state, "sent")
        # Generic sets no limit to move.
        self.assertFalse(
            self.under("us_cms", nature=self.question)._care_latest_extension("answer")
        )

    def test_a_late_holding_letter_goes_out_and_moves_nothing(self):
        ticket = self.under("us_cms")
        ticket.care_received_date = fields.Datetime.now() - timedelta(days=20)
        self.allow()
        answer = ticket.care_deadline_ids.filtered(lambda row: row.kind == "answer")
        old = answer.due
        letter = self.sent("holding", ticket)
        self.assertEqual(answer.due, old)
        self.assertTrue(letter.extension_note)
        self.assertEqual(letter.state, "sent")

    def test_the_expected_day_is_that_of_the_deadline(self):
        ticket = self.under("us_cms")
        letter = self.letters._care_draft(
            ticket.with_user(self.coordinator), self.kind("acknowledgement")
        )
        answer = ticket.care_deadline_ids.filtered(lambda row: row.kind == "answer")
        self.assertEqual(letter.due_date, letter._care_day(answer.due))

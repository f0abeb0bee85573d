"""How long texts and searches are, at every door: a sentence, or the rest as a file."""

from unittest.mock import patch

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Domain
from odoo.tools import SQL, mute_logger

from odoo.addons.patient_care_coordination.models.common import limits

from ..common import CareCommon

LONG = "word " * 300_000


class TestLimits(CareCommon):
    def test_a_form_is_told_to_shorten(self):
        coordinator = self.people["coordinator"]
        tickets = self.env["helpdesk.ticket"].with_user(coordinator)
        patients = self.env["care.patient"].with_user(coordinator)
        good = {"name": "Chair", "description": "x", "care_nature_id": self.question.id}
        for create, words in (
            (lambda: tickets.create([{**good, "name": "x" * 501}]), "shorten it to 500"),
            (lambda: tickets.create([{**good, "description": LONG}]), "shorten it to 1,000,000"),
            (lambda: tickets.create([{**good, "partner_name": "x" * 201}]), "shorten it to 200"),
            (lambda: patients.create([{"name": "x" * 201}]), "shorten it to 200"),
        ):
            with self.subTest(words), self.assertRaisesRegex(ValidationError, words):
                create()
        ticket = tickets.create([good])
        with self.assertRaisesRegex(ValidationError, "Title: 501 characters are too long"):
            ticket.name = "x" * 501
        ticket.name = "x" * 500

    def test_a_line_comes_with_the_form_around_it(self):
        parts = self.env["care.letter.part"].with_user(self.people["coordinator"])
        for around in ({"id": False, "recipient_name": "Ada"}, {"recipient_name": "Ada"}):
            answer = parts.onchange({"letter_id": around, "text": "Soup"}, ["text"], {"text": {}})
            self.assertIn("value", answer)
        for wrong in ({"id": [1]}, {"id": False, "recipient_name": ["Ada"]}):
            with self.assertRaises(ValidationError):
                parts.onchange({"letter_id": wrong, "text": "Soup"}, ["text"], {"text": {}})

    def test_plain_tickets_are_left_alone(self):
        agent = self.people["agent"]
        plain = self.env["helpdesk.ticket"].with_user(agent)
        ticket = plain.create([{"name": "x" * 600, "description": "Toner"}])
        ticket.name = "y" * 600
        self.assertEqual(len(ticket.name), 600)

    def test_the_rest_of_a_mail_is_a_file(self):
        tickets = self.env["helpdesk.ticket"]
        custom = {"team_id": self.triage.id, "care_nature_id": self.question.id}
        ticket = tickets.message_new(
            {"subject": "s" * 3000, "body": f"<p>{LONG}</p>", "email_from": "Ada <a@example.com>"},
            custom,
        )
        self.assertEqual(len(ticket.name), 500)
        self.assertLess(len(ticket.description), 1_000_100)
        self.assertFalse(ticket.care_intake_error)
        files = self.env["ir.attachment"].search(
            [("res_model", "=", ticket._name), ("res_id", "=", ticket.id)]
        )
        texts = {file.raw.decode() for file in files}
        self.assertIn("s" * 3000, texts)
        self.assertTrue(any(LONG.strip() in text for text in texts))
        self.assertEqual(set(files.mapped("mimetype")), {"text/plain"})

    def test_an_import_keeps_what_is_too_long_and_names_the_row_that_cannot_be(self):
        coordinator = self.people["coordinator"]
        tickets = self.env["helpdesk.ticket"].with_user(coordinator).with_context(import_file=True)
        result = tickets.load(
            ["name", "description", "care_nature_id/.id"],
            [["n" * 600, "Where is it?", str(self.question.id)]],
        )
        self.assertTrue(result["ids"], result["messages"])
        ticket = self.env["helpdesk.ticket"].browse(result["ids"])
        self.assertEqual(len(ticket.name), 500)
        patients = self.env["care.patient"].with_user(coordinator).with_context(import_file=True)
        result = patients.load(["name", "hospital_number"], [["Good", "N1"], ["n" * 200_000, "N2"]])
        problems = {
            message["rows"]["from"]: message["message"] for message in result["messages"][1:]
        }
        self.assertEqual(list(problems), [1], "Odoo repeats the first problem before all others")
        self.assertIn("shorten it to 200", problems[1])

    def test_unusable_characters_are_left_out(self):
        coordinator = self.people["coordinator"]
        intake = self.env["care.intake"].with_user(coordinator)
        values = {
            "caller_name": "Ada\x00",
            "what": "My \x00chair\ud800 is\x0blost",
            "phone": "1\x00",
        }
        intake.onchange(values, ["what"], {"what": {}, "match_ids": {}})
        made = intake.create([values])
        self.assertEqual(made.what, "My chair is\nlost")
        made.action_keep_open()
        ticket = self.env["helpdesk.ticket"].search([], order="id desc", limit=1)
        self.assertEqual(ticket.partner_name, "Ada")

    def test_a_search_ends(self):
        patients = self.env["care.patient"].with_user(self.people["coordinator"])
        with self.assertRaisesRegex(UserError, "at most 200"):
            patients.search([("name", "ilike", "x" * 1_000_000)])
        with self.assertRaisesRegex(UserError, "at most 200"):
            self.env["helpdesk.ticket"].search([("care_patient_id.name", "ilike", "x" * 201)])
        slow = Domain("name", "ilike", "a") & Domain.custom(
            to_sql=lambda *_args: SQL("pg_sleep(5) IS NOT NULL")
        )
        with (
            patch.object(limits, "SEARCH_SECONDS", 0.05),
            mute_logger("odoo.sql_db"),
            self.assertRaisesRegex(UserError, "took too long"),
            self.env.cr.savepoint(),
        ):
            self.env["care.patient"].search(slow)
        self.env.cr.execute("SHOW statement_timeout")
        self.assertEqual(self.env.cr.fetchone()[0], "0")
        self.assertTrue(self.env["care.patient"].search([("name", "ilike", "okafor")]))
        self.env.cr.execute("SHOW statement_timeout")
        self.assertEqual(self.env.cr.fetchone()[0], "0")

    def test_a_responder_copies_an_inquiry_or_is_told_why_not(self):
        ticket = self.make_inquiry(
            name="Cold soup",
            care_patient_id=self.patient.id,
            category_id=self.env["helpdesk.ticket.category"].search([], limit=1).id,
        )
        ticket.team_id = self.catering
        responder = self.people["responder"]
        mine = ticket.with_user(responder)
        try:
            copied = mine.copy()
        except (AccessError, UserError) as error:
            self.assertNotRegex(str(error), "care_|helpdesk\\.ticket|fields|Operation")
        else:
            self.assertNotEqual(copied.sudo().number, ticket.number)
            self.assertTrue(copied.sudo().care_is_inquiry)

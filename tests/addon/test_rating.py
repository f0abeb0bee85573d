"""Satisfaction: asked by mail after the closing, given on a page, or noted from a call."""

from datetime import timedelta

from freezegun import freeze_time

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import HttpCase, tagged

from ..common import MODULE, CareCommon, make_people


class RatingCommon(CareCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.done = cls.env.ref("helpdesk_mgmt.helpdesk_ticket_stage_done")
        cls.done.mail_template_id = False
        cls.somebody = cls.env["res.partner"].create(
            {"name": "Lea Somebody", "email": "lea@home.example"}
        )
        cls.answer = {
            "care_answer": "From 2 pm",
            "care_told": "Mrs Okafor",
            "care_told_channel_id": cls.env.ref(f"{MODULE}.channel_in_person").id,
        }
        cls.env["helpdesk.ticket"].search([]).care_rating_asked_date = fields.Datetime.now()

    def _closed(self, hours=30, **values):
        with freeze_time(fields.Datetime.now() - timedelta(hours=hours)):
            ticket = self.make_inquiry(
                **{
                    "name": "Okafor waits",
                    "care_patient_id": self.patient.id,
                    "partner_id": self.somebody.id,
                    **values,
                }
            )
            ticket._care_close(**self.answer, care_told_date=fields.Datetime.now())
            self.env.flush_all()
        return ticket

    def _ask(self):
        before = self.env["mail.mail"].search([])
        with self.enter_registry_test_mode():
            cron = self.env.ref(f"{MODULE}.cron_rating")
            self.assertIs(cron.method_direct_trigger(), True)
        self.env.invalidate_all()
        return self.env["mail.mail"].search([("id", "not in", before.ids)])


class TestAsking(RatingCommon):
    def test_the_question_waits_in_the_queue_and_tells_the_number_alone(self):
        ticket = self._closed()
        mail = self._ask()
        self.assertEqual(len(mail), 1)
        self.assertEqual(mail.state, "outgoing")
        self.assertEqual(mail.recipient_ids, self.somebody)
        self.assertEqual(mail.subject, f"Your inquiry {ticket.number}")
        self.assertIn(ticket.number, mail.body_html)
        rating = ticket.rating_ids
        for score in (1, 3, 5):
            self.assertIn(f"/rate/{rating.access_token}/{score}", mail.body_html)
        for secret in ("Okafor", "waits", "Somebody"):
            self.assertNotIn(secret, mail.subject + mail.body_html)
        self.assertFalse(mail.res_id, "its links stand in nobody's chatter")
        self.assertNotIn(rating.access_token, str(ticket.message_ids.mapped("body")))

    def test_closing_itself_mails_nothing(self):
        before = self.env["mail.mail"].search_count([])
        self._closed()
        self.assertEqual(self.env["mail.mail"].search_count([]), before)

    def test_once_for_each_closing(self):
        ticket = self._closed()
        self.assertEqual(len(self._ask()), 1)
        self.assertFalse(self._ask())
        ticket.stage_id = self.env.ref("helpdesk_mgmt.helpdesk_ticket_stage_in_progress")
        self.assertFalse(ticket.care_rating_asked_date)
        with freeze_time(fields.Datetime.now() - timedelta(hours=26)):
            ticket._care_close()
            self.env.flush_all()
        self.assertEqual(len(self._ask()), 1)

    def test_an_address_without_a_contact_is_asked(self):
        ticket = self._closed(partner_id=False, partner_email="nora@home.example")
        mail = self._ask()
        self.assertEqual(mail.email_to, "nora@home.example")
        self.assertFalse(ticket.rating_ids.partner_id)

    def test_who_is_never_asked(self):
        self._closed(care_identity="anonymous")
        self._closed(care_identity="confidential")
        self._closed(care_automatic=True)
        self._closed(partner_id=False)
        self._closed(hours=23)
        self._closed(hours=24 * 40)
        first = self.make_inquiry(care_patient_id=self.patient.id, partner_id=self.somebody.id)
        with freeze_time(fields.Datetime.now() - timedelta(hours=30)):
            twin = self.make_inquiry(care_patient_id=self.patient.id, partner_id=self.somebody.id)
            twin._care_close_as_duplicate(first)
            self.env.flush_all()
        self.assertFalse(self._ask())

    def test_a_company_decides_whether_and_when(self):
        self._closed()
        self.company.care_rating_delay = 48
        self.assertFalse(self._ask())
        self.company.care_rating_delay = 24
        self.company.care_rating_ask = False
        self.assertFalse(self._ask())
        self.company.care_rating_ask = True
        self.assertEqual(len(self._ask()), 1)

    def test_plain_tickets_are_not_asked(self):
        ticket = self.env["helpdesk.ticket"].create(
            [{"name": "Printer", "description": "Toner", "partner_id": self.somebody.id}]
        )
        ticket.write({"stage_id": self.done.id, "closed_date": "2026-01-01 10:00:00"})
        self.assertFalse(self._ask())


class TestNoting(RatingCommon):
    def _note(self, ticket, user="coordinator", **values):
        self.env["care.rating.note"].with_user(self.people[user]).create(
            {"ticket_id": ticket.id, "score": "5", "words": "Very kind", **values}
        ).action_confirm()

    def test_staff_note_what_was_said_on_the_phone(self):
        ticket = self._closed()
        self._note(ticket)
        self.assertEqual(ticket.rating_last_value, 5)
        self.assertEqual(ticket.rating_last_feedback, "Very kind")
        self.assertEqual(ticket.rating_ids.rating_text, "top")
        self.assertEqual(ticket.message_ids[0].author_id, self.people["coordinator"].partner_id)
        self.assertIn("from a call: Happy: Very kind", ticket.message_ids[0].body)
        self.assertFalse(self._ask(), "nobody is asked twice")
        self._note(ticket, score="3", words=False)
        self.assertIn("from a call: Neutral<", ticket.message_ids[0].body)

    def test_what_the_caller_said_is_chosen(self):
        ticket = self._closed()
        self.assertFalse(self.env["care.rating.note"].default_get(["score"]))
        with self.assertRaisesRegex(UserError, "Choose how satisfied the caller said to be"):
            self._note(ticket, score=False)
        self.assertFalse(ticket.rating_ids)

    def test_only_after_the_closing_by_those_who_work_it(self):
        ticket = self.make_inquiry()
        with self.assertRaisesRegex(UserError, "close it first"):
            self._note(ticket)
        closed = self._closed()
        for name in ("responder", "agent", "manager", "employee"):
            with self.subTest(role=name), self.assertRaises(AccessError):
                self._note(closed, name)

    def test_ratings_are_read_where_the_inquiry_is_read(self):
        ticket = self._closed()
        self._note(ticket)
        rating = ticket.rating_ids
        self.assertEqual(rating.res_name, ticket.number)
        self.assertEqual(rating.care_ticket_id, ticket)
        for name in ("coordinator", "supervisor", "privacy_officer"):
            self.assertTrue(rating.with_user(self.people[name]).read(["feedback"]))
        for name in ("responder", "agent", "manager", "clerk", "employee"):
            ratings = self.env["rating.rating"].with_user(self.people[name])
            with self.subTest(role=name), self.assertRaises(AccessError):
                rating.with_user(self.people[name]).read(["feedback"])
            self.assertNotIn(rating.id, ratings.search([]).ids)

    def test_nobody_writes_one_by_hand(self):
        ticket = self._closed()
        self._note(ticket)
        for name in ("coordinator", "supervisor", "employee"):
            ratings = self.env["rating.rating"].with_user(self.people[name])
            with self.subTest(role=name), self.assertRaises(AccessError):
                ticket.rating_ids.with_user(self.people[name]).rating = 1
            with self.subTest(role=name), self.assertRaises(AccessError):
                ratings.create(
                    {
                        "res_model_id": self.env["ir.model"]._get_id("helpdesk.ticket"),
                        "res_id": ticket.id,
                        "rating": 5,
                        "consumed": True,
                    }
                )

    def test_ratings_of_other_things_are_left_alone(self):
        partner_model = self.env["ir.model"]._get_id("res.partner")
        plain = self.env["helpdesk.ticket"].create([{"name": "Printer", "description": "Toner"}])
        ratings = self.env["rating.rating"].with_user(self.people["employee"])
        made = ratings.create(
            [
                {"res_model_id": partner_model, "res_id": self.somebody.id, "rating": 3},
                {
                    "res_model_id": self.env["ir.model"]._get_id("helpdesk.ticket"),
                    "res_id": plain.id,
                    "rating": 3,
                },
            ]
        )
        self.assertEqual(made.mapped("rating"), [3, 3])
        self.assertEqual(made.mapped("care_ticket_id"), plain)
        made.write({"rating": 1})

    def test_a_new_ticket_costs_no_query_for_its_rating(self):
        field = self.env["helpdesk.ticket"]._fields["rating_last_value"]
        self.assertFalse(field.store)


@tagged("standard", "post_install", "-at_install")
class TestRatingPage(HttpCase):
    test_module = MODULE

    def setUp(self):
        super().setUp()
        self.people = make_people(self.env)
        patient = self.env["care.patient"].create({"name": "Okafor, Ada"})
        self.ticket = self.env["helpdesk.ticket"].create(
            [
                {
                    "name": "Secret title",
                    "description": "Secret text",
                    "care_nature_id": self.env.ref(f"{MODULE}.nature_question").id,
                    "care_patient_id": patient.id,
                    "partner_id": self.people["relative"].partner_id.id,
                }
            ]
        )
        self.token = self.ticket._rating_get_access_token()

    def _check_neutral(self, text):
        for secret in ("Secret", "Okafor", "Relative"):
            self.assertNotIn(secret, text)

    def test_the_page_shows_nothing_of_the_inquiry(self):
        for login in (None, "sibling", "employee"):
            self.authenticate(*(f"care_{login}",) * 2 if login else (None, None))
            page = self.url_open(f"/rate/{self.token}/5")
            self.assertEqual(page.status_code, 200)
            text = page.text.replace("Sibling", "").replace("Employee", "")
            self._check_neutral(text)

    def test_what_is_given_there_is_a_note_for_staff(self):
        from odoo.http import Request

        self.authenticate(None, None)
        self.url_open(f"/rate/{self.token}/5")
        response = self.url_open(
            f"/rate/{self.token}/submit_feedback",
            data={"rate": "1", "feedback": "Too slow", "csrf_token": Request.csrf_token(self)},
        )
        self.assertEqual(response.status_code, 200)
        self._check_neutral(response.text)
        self.env.invalidate_all()
        self.assertEqual(self.ticket.rating_last_value, 1)
        self.assertEqual(self.ticket.rating_last_feedback, "Too slow")
        message = self.ticket.message_ids[0]
        self.assertTrue(message.subtype_id.internal)
        self.assertFalse(self.ticket.closed_date)

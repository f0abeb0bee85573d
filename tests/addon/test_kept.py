from datetime import timedelta

import psycopg2

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from ..common import CareCommon, RpcCase, correct_received, make_people

STAFF = ("coordinator", "supervisor", "responder", "privacy_officer")


class TestKept(CareCommon):
    """What was said stays as it was said, for every role."""

    def setUp(self):
        super().setUp()
        self.ticket = self.make_inquiry(team_id=self.catering.id)
        self.ticket.team_id = self.catering

    def test_nobody_rewrites_what_arrived(self):
        before = self.ticket.read(["description", "number", "care_received_date"])
        for role in STAFF:
            ticket = self.ticket.with_user(self.people[role])
            for name, value in (
                ("description", "Something else"),
                ("number", "HT99999"),
                ("care_received_date", fields.Datetime.now() - timedelta(days=3)),
                ("care_answered_by_id", self.people[role].id),
                ("care_intake_error", "Mine"),
            ):
                with self.subTest(role=role, name=name), self.assertRaises(AccessError):
                    ticket.write({name: value})
        after = self.ticket.read(["description", "number", "care_received_date"])
        self.assertEqual(before, after)
        self.assertFalse(self.ticket.care_answered_by_id)

    def test_a_form_that_sends_back_what_it_holds_changes_nothing(self):
        ticket = self.ticket.with_user(self.people["responder"])
        ticket.write({"description": self.ticket.description, "number": self.ticket.number})
        self.assertTrue(ticket.exists())

    def test_who_answered_is_not_handed_in(self):
        ticket = (
            self.env["helpdesk.ticket"]
            .with_user(self.people["coordinator"])
            .create(
                [
                    {
                        "name": "Soup",
                        "description": "Cold",
                        "care_nature_id": self.question.id,
                        "care_answered_by_id": self.people["supervisor"].id,
                    }
                ]
            )
        )
        self.assertFalse(ticket.care_answered_by_id)

    def test_correction_stands_beside_the_words(self):
        said = self.ticket.description
        row = (
            self.env["care.correction"]
            .with_user(self.people["responder"])
            .create(
                [
                    {
                        "ticket_id": self.ticket.id,
                        "text": "It was Ward 8",
                        "reason": "The caller rang again",
                        "user_id": self.people["supervisor"].id,
                        "date": "2020-01-01",
                    }
                ]
            )
        )
        self.assertEqual(self.ticket.description, said)
        self.assertEqual(row.user_id, self.people["responder"])
        self.assertGreater(row.date.year, 2020)
        for change in (lambda: row.sudo().write({"text": "x"}), lambda: row.sudo().unlink()):
            with self.assertRaisesRegex(UserError, "never edited or deleted"):
                change()

    def test_correction_asks_for_words_and_reason(self):
        corrections = self.env["care.correction"].with_user(self.people["coordinator"])
        for values, sentence in (
            ({"text": "x", "reason": "  "}, "Give the reason"),
            ({"text": " ", "reason": "x"}, "Write what is correct"),
            ({"kind": "received", "reason": "x"}, "Enter the date and time"),
        ):
            with self.assertRaisesRegex(UserError, sentence):
                corrections.create([{"ticket_id": self.ticket.id, **values}])

    def test_nobody_corrects_what_is_not_theirs(self):
        other = self.make_inquiry()
        for role in ("responder", "clerk", "agent", "employee", "relative", "routing_admin"):
            with self.subTest(role=role), self.assertRaises(AccessError):
                self.env["care.correction"].with_user(self.people[role]).create(
                    [{"ticket_id": other.id, "text": "x", "reason": "x"}]
                )

    def test_receipt_changes_with_a_reason_that_is_kept(self):
        earlier = fields.Datetime.now().replace(microsecond=0) - timedelta(days=2)
        before = self.ticket.care_received_date
        row = correct_received(self.ticket, self.people["responder"], earlier, "Found in the post")
        self.assertEqual(self.ticket.care_received_date, earlier)
        self.assertEqual(row.old_received, before)
        self.assertIn("Found in the post", "".join(self.ticket.message_ids.mapped("body")))

    def test_anonymising_is_possible(self):
        self.env["care.correction"].create(
            [{"ticket_id": self.ticket.id, "text": "She is Ada", "reason": "Ada said so"}]
        )
        self.ticket._care_anonymise_words("Anonymised")
        self.assertIn("Anonymised", self.ticket.description)
        self.assertNotIn("Ada", self.ticket.care_correction_ids.reason)
        self.assertFalse(self.ticket.care_correction_ids.text)

    @mute_logger("odoo.sql_db")
    def test_numbers_are_unique_by_the_database(self):
        other = self.make_inquiry()
        with self.assertRaises(psycopg2.IntegrityError), self.env.cr.savepoint():
            self.env.cr.execute(
                "UPDATE helpdesk_ticket SET number = %s WHERE id = %s",
                [self.ticket.number, other.id],
            )
        values = {"name": "x", "description": "x", "care_nature_id": self.question.id}
        with self.assertRaisesRegex(UserError, "belongs to another inquiry"):
            self.env["helpdesk.ticket"].create([{**values, "number": self.ticket.number}])

    def test_a_number_in_use_is_not_drawn_again(self):
        sequence = self.env["ir.sequence"].search(
            [("code", "=", "helpdesk.ticket.sequence")], limit=1
        )
        number = self.ticket.number
        sequence.number_next_actual -= 1
        again = self.make_inquiry()
        self.assertNotEqual(again.number, number)

    def test_plain_tickets_may_share_a_number(self):
        tickets = self.env["helpdesk.ticket"].create(
            [{"name": "Toner", "description": "x", "number": "T1"}] * 2
        )
        self.assertEqual(tickets.mapped("number"), ["T1", "T1"])
        tickets.action_care_make_inquiry()
        self.assertEqual(len(set(tickets.mapped("number"))), 2)


@tagged("standard", "post_install", "-at_install")
class TestKeptOverRpc(RpcCase):
    """The same over RPC, as a form saves."""

    def test_no_role_rewrites_what_arrived(self):
        people = make_people(self.env)
        ticket = self.env["helpdesk.ticket"].create(
            [
                {
                    "name": "Soup",
                    "description": "Cold",
                    "care_nature_id": self.env.ref("patient_care_coordination.nature_question").id,
                }
            ]
        )
        for role in ("coordinator", "responder", "agent", "relative"):
            for name, value in (
                ("description", "Something else"),
                ("number", "HT99999"),
                ("care_received_date", "2026-01-01 09:00:00"),
                ("care_answered_by_id", people[role].id),
            ):
                with self.subTest(role=role, name=name):
                    answer = self.call(
                        people[role].login, "helpdesk.ticket", "write", [ticket.id], {name: value}
                    )
                    self.assertIn("AccessError", str(answer.get("error")))
        self.assertIn("Cold", ticket.description)

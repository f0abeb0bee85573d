"""One inquiry's file: who gets it, what it holds, and that each print is a disclosure."""

import base64
from datetime import datetime, timedelta

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import HttpCase, tagged

from ..common import MODULE, make_people
from .test_letters import LetterCommon
from .test_packs import pdf_text


class TestInquiryFile(LetterCommon):
    def setUp(self):
        super().setUp()
        self.disclosures = self.ticket.care_disclosure_ids

    def file(self, who=None, **values):
        """The wizard of a person."""
        return (
            self.env["care.inquiry.file"]
            .with_user(who or self.supervisor)
            .create([{"ticket_id": self.ticket.id, "purpose": "Review of 3 March", **values}])
        )

    def printed(self, wizard):
        wizard.action_print()
        content = base64.b64decode(wizard.pdf)
        self.assertTrue(content.startswith(b"%PDF"))
        return pdf_text(content)

    def new_disclosures(self):
        self.ticket.invalidate_recordset()
        return self.ticket.care_disclosure_ids - self.disclosures

    def body(self, **values):
        return {
            "recipient_kind": "body",
            "body_name": "The Ombudsman",
            "body_address": "1 Long Road",
            "legal_basis": "Letter of 1 March",
            **values,
        }

    def test_an_ombudsman_gets_the_whole_file(self):
        self.allow()
        self.sent("final")
        self.env["care.contact"].with_user(self.coordinator)._care_log(
            [
                {
                    "ticket_id": self.ticket.id,
                    "channel": "call",
                    "direction": "out",
                    "with_caller": True,
                    "person_name": "Ben Okafor",
                    "summary": "Told that the trolley is repaired.",
                }
            ]
        )
        self.ticket.write(
            {
                "care_ombudsman_date": fields.Date.today(),
                "care_ombudsman_decided_date": fields.Date.today(),
                "care_ombudsman_outcome": "not_taken",
            }
        )
        self.disclosures = self.ticket.care_disclosure_ids
        text = self.printed(self.file(**self.body()))
        for words in (
            "Referred to the ombudsman",
            "Not taken up",
            f"File of inquiry {self.ticket.number}",
            "Given to The Ombudsman",
            "Review of 3 March",
            "Letter of 1 March",
            "Okafor, Ada",
            "H1001",
            "Her lunch was cold & late.",
            "The trolley was broken.",
            "Told that the trolley is repaired.",
            "Call made",
            "Routing",
            "Letters sent",
            "Dear",
        ):
            self.assertIn(words, text)
        # A cue for staff, never printed about a person.
        self.assertNotIn("rieving", text)
        row = self.new_disclosures()
        self.assertEqual(
            (row.way, row.recipient, row.address, row.accountable, row.user_id),
            ("pdf", "The Ombudsman", "1 Long Road", True, self.supervisor),
        )
        self.assertIn("Review of 3 March (basis: Letter of 1 March)", row.purpose)
        self.assertIn("Letters as sent", row.what)

    def test_each_print_is_a_disclosure(self):
        wizard = self.file(recipient_kind="house")
        wizard.action_print()
        wizard.action_print()
        rows = self.new_disclosures()
        self.assertEqual(len(rows), 2)
        self.assertEqual(set(rows.mapped("basis")), {"staff"})
        self.assertFalse(any(rows.mapped("accountable")))

    def test_parts_that_are_left_out(self):
        self.allow()
        self.sent("final")
        text = self.printed(
            self.file(letters=False, decisions=False, contacts=False, changes=False)
        )
        self.assertNotIn("Letters sent", text)
        self.assertNotIn("Routing", text)
        self.assertNotIn("Letters as sent", self.new_disclosures()[:1].what)

    def test_a_person_needs_authority(self):
        stranger = self.env["res.partner"].create({"name": "Some Stranger"})
        wizard = self.file(self.coordinator, recipient_kind="person", partner_id=stranger.id)
        with self.assertRaisesRegex(UserError, "Some Stranger has no authority"):
            wizard.action_print()
        self.assertFalse(wizard.pdf or self.new_disclosures())
        self.allow()
        wizard.partner_id = self.caller
        self.assertIn("Given to Ben Okafor", self.printed(wizard))
        self.assertEqual(self.new_disclosures().partner_id, self.caller)
        with self.assertRaisesRegex(UserError, "Choose the person"):
            self.file(recipient_kind="person").action_print()

    def test_authorities_are_for_supervisors(self):
        with self.assertRaisesRegex(AccessError, "Supervisors give a file"):
            self.file(self.coordinator, **self.body()).action_print()
        self.assertFalse(self.new_disclosures())

    def test_what_an_authority_needs(self):
        with self.assertRaisesRegex(UserError, "Enter for the authority or court: Address, Legal"):
            self.file(**self.body(body_address=False, legal_basis=" ")).action_print()
        with self.assertRaisesRegex(UserError, "Enter why"):
            self.file(**self.body(purpose=" ")).action_print()
        self.assertFalse(self.new_disclosures())

    def test_a_colleague_who_may_not_read_it(self):
        wizard = self.file(user_id=self.people["agent"].id)
        with self.assertRaisesRegex(UserError, "may not read inquiry"):
            wizard.action_print()
        self.assertFalse(self.new_disclosures())

    def test_who_prints(self):
        for login in ("responder", "privacy_officer", "clerk", "employee", "routing_admin"):
            with self.subTest(role=login), self.assertRaises(AccessError):
                self.file(self.people[login])
        wizard = self.file()
        with self.assertRaises(AccessError):
            wizard.with_user(self.coordinator).read(["purpose"])

    def test_a_caller_in_confidence_stays_so(self):
        self.ticket.care_identity = "confidential"
        self.env["care.contact"]._care_log(
            [
                {
                    "ticket_id": self.ticket.id,
                    "channel": "call",
                    "direction": "in",
                    "with_caller": True,
                    "person_name": "Ben Okafor",
                    "phone": "555 0199",
                }
            ]
        )
        text = self.printed(self.file(letters=False, **self.body()))
        self.assertIn("In confidence", text)
        self.assertNotIn("Ben", text)
        self.assertNotIn("0199", text)

    def test_texts_are_escaped(self):
        self.ticket.write({"name": "<b>Bold</b>", "care_answer": "<script>x</script>"})
        text = self.printed(self.file(purpose="<i>why</i>"))
        self.assertIn("<b>Bold</b>", text)
        self.assertIn("<script>x</script>", text)
        self.assertIn("<i>why</i>", text)

    def test_the_chronology_is_in_order(self):
        early = fields.Datetime.now() - timedelta(days=3)
        self.ticket.care_received_date = early
        self.env["care.contact"]._care_log(
            [
                {
                    "ticket_id": self.ticket.id,
                    "channel": "letter",
                    "direction": "in",
                    "date": early + timedelta(days=1),
                }
            ]
        )
        wizard = self.file()
        names = [what for _when, what, _text in wizard._care_events()]
        self.assertEqual(names[0], "Received")
        self.assertLess(names.index("Letter received"), names.index("Routing"))


@tagged("standard", "post_install", "-at_install")
class TestInquiryFileOverHttp(HttpCase):
    test_module = MODULE

    def test_only_who_printed_it_downloads_it(self):
        people = make_people(self.env)
        ticket = self.env["helpdesk.ticket"].create(
            [
                {
                    "name": "Title",
                    "description": "Text",
                    "care_nature_id": self.env.ref(f"{MODULE}.nature_question").id,
                    "care_received_date": datetime(2026, 3, 1),
                }
            ]
        )
        wizard = (
            self.env["care.inquiry.file"]
            .with_user(people["coordinator"])
            .create([{"ticket_id": ticket.id, "purpose": "Review"}])
        )
        url = wizard.action_print()["url"]
        people["coordinator"].group_ids = [Command.link(self.env.ref("base.group_user").id)]
        for login, mine in (("coordinator", True), ("supervisor", False), ("employee", False)):
            self.authenticate(f"care_{login}", f"care_{login}")
            response = self.url_open(url)
            with self.subTest(role=login):
                self.assertEqual(response.content[:4] == b"%PDF", mine)

"""Mail as it really comes: replies, machines, and what breaks other systems. Nothing is lost."""

from datetime import timedelta
from email.message import EmailMessage

from freezegun import freeze_time

from odoo import fields
from odoo.fields import Command

from ..common import CareCommon

BOUNCE = """From: MAILER-DAEMON@home.example
To: desk@hospital.example
Subject: Undelivered Mail Returned to Sender
Message-Id: <bounce-1@home.example>
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="part"

--part
Content-Type: text/plain

Nobody of this name lives here.
--part
Content-Type: message/delivery-status

Reporting-MTA: dns; home.example

Final-Recipient: rfc822; relative@home.example
Action: failed
Status: 5.1.1
--part
Content-Type: message/rfc822

Message-Id: {message_id}
Subject: Your inquiry

Until eight.
--part--
"""


class TestRealMail(CareCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.number = 0
        cls.relative = cls.people["relative"].partner_id
        cls.relative.email = "relative@home.example"
        cls.coordinator = cls.people["coordinator"]
        cls.coordinator.partner_id.email = "coordinator@hospital.example"

    def message(self, body="I have one more question.", reply_to=None, **headers):
        """A mail of the relative to the desk, or a reply on an inquiry."""
        type(self).number += 1
        mail = EmailMessage()
        mail["From"] = headers.pop("From", "Relative <relative@home.example>")
        mail["To"] = headers.pop("To", "desk@hospital.example")
        mail["Subject"] = headers.pop("Subject", "A question")
        mail["Message-Id"] = f"<real-{self.number}@home.example>"
        if reply_to:
            mail["References"] = mail["In-Reply-To"] = reply_to.message_ids[-1].message_id
        for name, value in headers.items():
            mail[name.replace("_", "-")] = value
        mail.set_content(body)
        return mail

    def process(self, mail):
        """What the gateway makes of a mail: the inquiry."""
        raw = mail if isinstance(mail, bytes) else mail.as_bytes()
        before = self.env["helpdesk.ticket"].search([], order="id desc", limit=1).id or 0
        found = self.env["mail.thread"].message_process(
            "helpdesk.ticket", raw, custom_values={"team_id": self.triage.id}
        )
        new = self.env["helpdesk.ticket"].search([("id", ">", before)])
        return new or self.env["helpdesk.ticket"].browse(found)

    def closed_inquiry(self, days=1):
        ticket = self.process(self.message())
        ticket.with_user(self.coordinator)._care_close(
            care_answer="Until eight.",
            care_told="Relative",
            care_told_date=fields.Datetime.now(),
            care_told_channel_id=self.env["helpdesk.ticket.channel"]._care_by_code("email").id,
        )
        ticket.closed_date = fields.Datetime.now() - timedelta(days=days)
        return ticket

    def mails_since(self, last):
        return self.env["mail.mail"].sudo().search([("id", ">", last)])

    def last_mail(self):
        return self.env["mail.mail"].sudo().search([], order="id desc", limit=1).id or 0

    def test_a_reply_reopens_and_asks_to_read(self):
        ticket = self.closed_inquiry()
        self.process(self.message(reply_to=ticket))
        self.assertFalse(ticket.closed)
        self.assertFalse(ticket.closed_date)
        self.assertEqual(ticket.care_waiting, "us")
        self.assertIn("Reopened by a reply", ticket.activity_ids[0].summary)
        self.assertIn("one more question", str(ticket.message_ids[0].body))

    def test_who_turns_to_us_again_is_told_again_before_it_closes(self):
        ticket = self.closed_inquiry()
        with freeze_time(fields.Datetime.now() + timedelta(hours=1)):
            self.process(self.message(reply_to=ticket))
            gaps = ticket._care_missing()[ticket.id]
            self.assertEqual(len([gap for gap in gaps if "turned to us again on" in gap]), 1)
            ticket.sudo().care_told_date = fields.Datetime.now()
            self.assertNotIn("turned to us again", str(ticket._care_missing()))

    def test_what_is_reopened_to_be_corrected_closes_with_what_was_told(self):
        ticket = self.closed_inquiry()
        stages = self.triage._get_applicable_stages()
        with freeze_time(fields.Datetime.now() + timedelta(hours=1)):
            ticket.stage_id = stages.filtered(lambda stage: not stage.closed)[:1]
            self.assertEqual(ticket.care_round, 2)
            self.assertNotIn("turned to us again", str(ticket._care_missing()))

    def test_a_late_reply_is_asked_about(self):
        self.company.care_reopen_days = 30
        ticket = self.closed_inquiry(days=31)
        self.process(self.message(reply_to=ticket))
        self.assertTrue(ticket.closed)
        self.assertIn("decide whether to reopen", ticket.activity_ids[0].summary)
        self.assertIn("one more question", str(ticket.message_ids[0].body))
        early = self.closed_inquiry(days=29)
        self.process(self.message(reply_to=early))
        self.assertFalse(early.closed)

    def test_a_company_may_want_to_be_asked(self):
        self.company.care_reply_rule = "ask"
        ticket = self.closed_inquiry()
        self.process(self.message(reply_to=ticket))
        self.assertTrue(ticket.closed)
        self.assertTrue(ticket.activity_ids)

    def test_machines_reopen_nothing_and_get_no_answer(self):
        for headers in (
            {"Auto_Submitted": "auto-replied"},
            {"Precedence": "bulk"},
            {"X_Autoreply": "yes"},
        ):
            ticket = self.closed_inquiry()
            last = self.last_mail()
            self.process(self.message("I am on holiday.", reply_to=ticket, **headers))
            self.assertTrue(ticket.closed, headers)
            self.assertFalse(self.mails_since(last), headers)
            self.assertIn("on holiday", str(ticket.message_ids[0].body))

    def test_a_bounce_makes_no_inquiry_and_no_answer(self):
        ticket = self.closed_inquiry()
        sent = ticket.message_ids[-1].message_id
        report = BOUNCE.format(message_id=sent).encode()
        plain = self.message(
            "Undelivered",
            From="MAILER-DAEMON@home.example",
            Subject="Undelivered Mail Returned to Sender",
            Auto_Submitted="auto-replied",
        )
        for bounce in (plain, report):
            last, before = self.last_mail(), self.env["helpdesk.ticket"].search_count([])
            self.process(bounce)
            self.assertFalse(self.mails_since(last))
            self.assertEqual(self.env["helpdesk.ticket"].search_count([]), before)
            self.assertTrue(ticket.closed)

    def test_twenty_megabytes_arrive(self):
        mail = self.message("See the film.")
        content = bytes(range(256)) * 80 * 1024
        mail.add_attachment(content, maintype="video", subtype="mp4", filename="ward.mp4")
        ticket = self.process(mail)
        self.assertTrue(ticket.care_is_inquiry)
        self.assertFalse(ticket.care_intake_error)
        file = ticket.message_ids.attachment_ids
        self.assertEqual((file.name, file.file_size), ("ward.mp4", len(content)))

    def test_broken_encoding_arrives(self):
        raw = (
            b"From: =?utf-8?B?broken?= <relative@home.example>\r\n"
            b"To: desk@hospital.example\r\nSubject: =?utf-8?Q?caf=E9_?= \xff\xfe\r\n"
            b"Message-Id: <broken-1@home.example>\r\n"
            b"Content-Type: text/plain; charset=utf-8\r\n\r\n"
            b"My father\xe9 is on Ward 7 \xff\xfe.\r\n"
        )
        ticket = self.process(raw)
        self.assertTrue(ticket.care_is_inquiry)
        self.assertFalse(ticket.care_intake_error)
        self.assertIn("is on Ward 7", str(ticket.description))
        raw = raw.replace(b"broken-1", b"broken-2").replace(b"charset=utf-8", b"charset=x-none")
        ticket = self.process(raw)
        self.assertIn("is on Ward 7", str(ticket.description))

    def test_five_hundred_recipients_neither_follow_nor_see_each_other(self):
        partners = self.env["res.partner"].create(
            [
                {"name": f"Person {number}", "email": f"p{number}@home.example"}
                for number in range(250)
            ]
        )
        others = [f"q{number}@home.example" for number in range(250)]
        people = self.env["res.partner"].search_count([])
        last = self.last_mail()
        ticket = self.process(self.message(Cc=", ".join([*partners.mapped("email"), *others])))
        self.assertTrue(ticket.care_is_inquiry)
        self.assertFalse(ticket.message_partner_ids.filtered("partner_share"))
        self.assertEqual(self.env["res.partner"].search_count([]), people)
        ticket.message_subscribe(self.coordinator.partner_id.ids)
        ticket.with_user(self.people["supervisor"]).message_post(
            body="Noted.", message_type="comment", subtype_xmlid="mail.mt_comment"
        )
        for mail in self.mails_since(last):
            text = f"{mail.headers} {mail.email_to} {mail.email_cc} {mail.body_html}"
            self.assertNotIn("p1@home.example", text)
            self.assertFalse(mail.recipient_ids & partners)

    def test_who_pretends_to_be_staff_moves_nothing_out(self):
        ticket = self.process(self.message())
        last = self.last_mail()
        forged = self.message(
            "All is well, close it.",
            reply_to=ticket,
            From="Coordinator <coordinator@hospital.example>",
            Cc="stranger@home.example",
        )
        self.process(forged)
        self.assertIn("All is well", str(ticket.message_ids[0].body))
        self.assertFalse(ticket.closed)
        self.assertFalse(ticket.care_told)
        self.assertFalse(ticket.sudo().care_disclosure_ids)
        for mail in self.mails_since(last):
            self.assertNotIn("All is well", f"{mail.body_html}{mail.body}")
            self.assertNotIn("stranger", f"{mail.email_to}{mail.email_cc}{mail.headers}")

    def test_who_pretends_to_be_staff_is_marked_and_logged(self):
        ticket = self.process(self.message())
        met = ticket.sudo().care_deadline_ids.mapped("met_date")
        self.process(
            self.message(
                "All is well.",
                reply_to=ticket,
                From="Coordinator <coordinator@hospital.example>",
                To="desk@hospital.example, relative@home.example",
            )
        )
        message = ticket.message_ids[0]
        self.assertTrue(message.care_unverified)
        self.assertTrue(message.is_internal, "the caller does not read it on the portal")
        self.assertFalse(ticket.message_ids[1:].filtered("care_unverified"))
        row = ticket.sudo().care_contact_ids.filtered(lambda row: row.mail_message_id == message)
        self.assertEqual((row.channel, row.direction), ("mail", "in"))
        self.assertEqual(row.person_name, "Coordinator (by mail, not verified)")
        self.assertEqual(row.address, "coordinator@hospital.example")
        self.assertFalse(row.partner_id or row.user_id or row.with_caller)
        self.assertEqual(row.intact, "yes")
        self.assertEqual(ticket.sudo().care_deadline_ids.mapped("met_date"), met)
        first = self.process(
            self.message("A new one", From="Coordinator <coordinator@hospital.example>")
        )
        self.assertTrue(first.message_ids.filtered("care_unverified"))
        self.assertTrue(first.sudo().care_contact_ids)
        self.assertEqual(first.care_may_say, "no")
        self.assertIn("anybody could have written it", first.care_may_say_text)
        first.with_user(self.coordinator).message_post(
            body="It was me.", message_type="comment", subtype_xmlid="mail.mt_note"
        )
        first.invalidate_recordset(["care_may_say", "care_may_say_text"])
        self.assertEqual(first.care_may_say, "yes")

    def test_what_staff_write_here_is_not_marked(self):
        ticket = self.process(self.message()).with_user(self.coordinator)
        message = ticket.message_post(
            body="Noted", message_type="comment", subtype_xmlid="mail.mt_comment"
        )
        self.assertFalse(message.care_unverified or message.is_internal)
        self.assertTrue(message.care_kept)
        plain = self.env["helpdesk.ticket"].create([{"name": "Printer", "description": "Toner"}])
        message = plain.message_post(
            body="x", message_type="email", author_id=self.coordinator.partner_id.id
        )
        self.assertFalse(message.care_unverified or message.is_internal or message.care_kept)

    def test_a_loop_of_two_machines_ends_at_once(self):
        self.triage._get_applicable_stages()[:1].mail_template_id = self.env.ref(
            "helpdesk_mgmt.changed_stage_template"
        )
        last = self.last_mail()
        for _round in range(3):
            self.process(self.message("I am away.", Auto_Submitted="auto-replied"))
            self.env.flush_all()
            self.cr.precommit.run()
        self.assertFalse(self.mails_since(last).filtered(lambda m: m.recipient_ids or m.email_to))

    def test_members_of_the_team_still_follow_their_work(self):
        self.catering.user_ids = [Command.link(self.coordinator.id)]
        ticket = self.make_inquiry(team_id=self.catering.id)
        ticket.user_id = self.coordinator
        self.assertIn(self.coordinator.partner_id, ticket.message_partner_ids)

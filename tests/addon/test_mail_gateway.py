"""The mail gateway: nothing is lost, nobody reads what is not theirs, bounces tell nobody."""

from unittest.mock import patch

from odoo import fields
from odoo.tools import mute_logger

from odoo.addons.mail.models.mail_thread import MailThread
from odoo.addons.mail.models.models import Base

from ..common import CareCommon

GATEWAY = "odoo.addons.patient_care_coordination.models.inquiry.mail_gateway"
RETURNED = """From: MAILER-DAEMON@home.example
To: {to}
Subject: Undelivered Mail Returned to Sender
Message-Id: <returned-{n}@home.example>
Content-Type: multipart/report; report-type=delivery-status; boundary="part"

--part
Content-Type: text/plain

Nobody of this name lives here.
--part
Content-Type: message/delivery-status

Reporting-MTA: dns; home.example

Final-Recipient: rfc822; {failed}
Action: {action}
Status: 5.1.1
--part
Content-Type: message/rfc822

Message-Id: {message_id}
Subject: Your inquiry

Until eight.
--part--
"""


def refusals(env):
    """What an administrator reads about mails of which nothing was made, the last first."""
    rows = env["ir.logging"].sudo()
    return rows.search([("name", "=", "patient_care_coordination.refused_mail")]).mapped("message")


class MailCase(CareCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.number = 0
        cls.domain = cls.env["mail.alias.domain"].search([], limit=1) or cls.env[
            "mail.alias.domain"
        ].create({"name": "hospital.example"})
        cls.company.alias_domain_id = cls.domain
        cls.triage.write({"alias_name": "desk-test", "alias_domain_id": cls.domain.id})
        cls.catering.write({"care_desk": True, "alias_domain_id": cls.domain.id})
        cls.it = cls.env["helpdesk.ticket.team"].create(
            {"name": "IT", "alias_name": "it-test", "alias_domain_id": cls.domain.id}
        )
        cls.desk = f"desk-test@{cls.domain.name}"
        cls.kitchen = f"kitchen-test@{cls.domain.name}"

    def mail(self, body="The soup was cold.", head="", **headers):
        """A raw mail of Pat to the desk; ``headers`` replace or add, None leaves out."""
        type(self).number += 1
        lines = {
            "From": "Pat <pat@home.example>",
            "To": self.desk,
            "Subject": "Lunch",
            "Message-Id": f"<gateway-{self.number}@home.example>",
            "Content-Type": "text/plain; charset=utf-8",
        } | {name.replace("_", "-"): value for name, value in headers.items()}
        text = "".join(f"{name}: {value}\r\n" for name, value in lines.items() if value is not None)
        body = body if isinstance(body, bytes) else body.encode()
        return f"{text}{head}\r\n".encode() + body

    def take(self, raw, model="helpdesk.ticket", **options):
        """The tickets that a mail makes."""
        tickets = self.env["helpdesk.ticket"].with_context(active_test=False)
        before = tickets.search([], order="id desc", limit=1).id or 0
        self.env["mail.thread"].message_process(model, raw, **options)
        return tickets.search([("id", ">", before)])

    def take_one(self, raw, **options):
        ticket = self.take(raw, **options)
        self.assertEqual(len(ticket), 1)
        self.assertTrue(ticket.care_is_inquiry)
        return ticket


class TestNothingIsLost(MailCase):
    def test_nul_and_line_breaks_anywhere(self):
        for headers in (
            {"Subject": "Lu\0nch"},
            {"Subject": "=?utf-8?q?Lu=00n=0D=0Ach?="},
            {"From": "P\0at <pat@home.example>"},
            {"From": "=?utf-8?q?P=00at?= <pat@home.example>"},
            {"Cc": "S\0am <sam@home.example>"},
            {"Message-Id": "<nul\0-1@home.example>"},
            {"In-Reply-To": "<nul\0-2@home.example>"},
            {"References": "<nul\0-3@home.example>"},
            {"Content-Type": 'text/plain; charset=utf-8; name="a\0b.txt"'},
            {"Content-Type": 'text/plain; name="=?utf-8?q?a=00b.txt?="'},
        ):
            with self.subTest(headers):
                ticket = self.take_one(self.mail(**headers))
                self.assertFalse(ticket.care_intake_error)
                self.assertIn("The soup was cold.", str(ticket.description))
                self.assertNotRegex(ticket.name, "[\0\r\n]")

    def test_deep_and_many_parts(self):
        deep = "".join(
            f"--b{n}\r\nContent-Type: multipart/mixed; boundary=b{n + 1}\r\n\r\n"
            for n in range(1200)
        )
        raw = self.mail(
            deep + "--b1200\r\n\r\nThe soup was cold.\r\n",
            Content_Type="multipart/mixed; boundary=b0",
        )
        ticket = self.take_one(raw)
        self.assertIn("The soup was cold.", str(ticket.description))
        self.assertIn("cut off", ticket.care_intake_error)
        self.assertEqual(ticket.team_id, self.triage)
        self.assertTrue(ticket.activity_ids)
        files = ticket.message_ids.attachment_ids.filtered(lambda f: "original" in f.name)
        self.assertEqual(files.raw, raw)
        div = self.mail("<div>" * 400 + "Cold soup" + "</div>" * 400, Content_Type="text/html")
        self.assertIn("Cold soup", str(self.take_one(div).description))

    def test_long_text_is_kept_as_a_file(self):
        ticket = self.take_one(self.mail("The soup was cold.\r\n" * 100_000))
        files = ticket.message_ids.attachment_ids.grouped("name")
        self.assertEqual(files["whole-text.txt"].file_size, 19 * 100_000)

    def test_what_odoo_cannot_digest_arrives_with_the_reason(self):
        with (
            patch.object(MailThread, "message_parse", side_effect=ValueError("on purpose")),
            mute_logger(GATEWAY),
        ):
            raw = self.mail()
            ticket = self.take_one(raw)
        self.assertEqual(ticket.team_id, self.triage)
        self.assertIn("on purpose", ticket.care_intake_error)
        self.assertIn("The soup was cold.", str(ticket.description))
        self.assertEqual(ticket.partner_email, "pat@home.example")
        self.assertEqual(ticket.message_ids.attachment_ids.raw, raw)
        self.assertTrue(ticket.activity_ids)
        with (
            patch.object(MailThread, "message_parse", side_effect=ValueError("on purpose")),
            patch.object(MailThread, "message_post", side_effect=ValueError("this too")),
            mute_logger(GATEWAY),
        ):
            ticket = self.take_one(self.mail())
        files = self.env["ir.attachment"].search(
            [("res_model", "=", "helpdesk.ticket"), ("res_id", "=", ticket.id)]
        )
        self.assertIn(b"The soup was cold.", files.raw)

    def test_mails_for_others_go_the_way_of_odoo(self):
        with (
            patch.object(MailThread, "message_parse", side_effect=ValueError("on purpose")),
            self.assertRaisesRegex(ValueError, "on purpose"),
        ):
            self.take(self.mail(To=f"it-test@{self.domain.name}"))

    def test_the_same_id_with_other_words(self):
        first = self.take_one(self.mail(Message_Id="<form@web.example>"))
        raw = self.mail("I was given the wrong medicine.", Message_Id="<form@web.example>")
        second = self.take_one(raw)
        self.assertNotEqual(first, second)
        self.assertIn("wrong medicine", str(second.description))
        self.assertFalse(self.take(raw))
        self.assertFalse(self.take(self.mail(Message_Id="<form@web.example>")))

    def test_a_mail_that_this_odoo_sent(self):
        partner = self.env["res.partner"].create({"name": "Ward", "email": "w@home.example"})
        note = partner.message_post(body="Please look at this.", message_type="comment")
        self.take_one(self.mail(Message_Id=note.message_id))

    def test_other_pages_of_wrong_charsets_are_readable(self):
        words = "café – naïve"
        for charset, data in (
            ('""', words.encode()),
            ("x-none", words.encode("cp1252")),
            ("us-ascii", words.encode()),
            ("utf-8", words.encode("cp1252")),
            ("iso-8859-1", words.encode("cp1252")),
        ):
            with self.subTest(charset):
                raw = self.mail(data, Content_Type=f"text/plain; charset={charset}")
                self.assertIn(words, str(self.take_one(raw).description))


class TestWhoseMail(MailCase):
    def test_blind_copies_tags_and_redirections_are_inquiries(self):
        tagged = self.desk.replace("@", "+ward7@")
        for headers in (
            {"To": "undisclosed-recipients:;"},
            {"To": tagged},
            {"To": "news@elsewhere.example", "X-Original-To": self.desk},
            {"To": "news@elsewhere.example", "Delivered-To": tagged},
            {"To": "news@elsewhere.example", "Envelope-To": self.desk},
            {"To": "news@elsewhere.example", "Resent-To": self.desk},
        ):
            with self.subTest(headers):
                self.assertEqual(self.take_one(self.mail(**headers)).team_id, self.triage)
        self.take_one(self.mail(To="x@elsewhere.example", Envelope_To=self.desk), model=None)

    def test_plain_tickets_stay_plain(self):
        for to in (f"it-test@{self.domain.name}", f"it-test+x@{self.domain.name}"):
            ticket = self.take(self.mail(To=to))
            self.assertEqual(len(ticket), 1)
            self.assertFalse(ticket.care_is_inquiry)
        ticket = self.take(
            self.mail(To="x@elsewhere.example"), custom_values={"team_id": self.it.id}
        )
        self.assertFalse(ticket.care_is_inquiry)

    def test_two_desks_are_one_inquiry(self):
        to = f"{self.kitchen}, {self.desk}"
        raw = self.mail("The receipt of the kiosk is missing.", To=to, Subject="Receipt")
        ticket = self.take_one(raw)
        other = (self.catering | self.triage) - ticket.team_id
        notes = ticket.message_ids.filtered(lambda message: other.name in str(message.body))
        self.assertEqual(len(notes), 1)
        self.assertTrue(notes.subtype_id.internal)
        told = ticket.activity_ids.filtered(lambda one: other.name in (one.summary or ""))
        self.assertEqual(len(told), 1)
        self.assertTrue(told.user_id._care_readable(ticket))
        self.assertFalse(self.take(raw))
        self.assertIn("it arrived before, word for word", refusals(self.env)[0])
        self.assertFalse(self.take_one(self.mail()).activity_ids)

    def test_an_answer_to_the_address_for_all_replies_is_heard(self):
        self.take_one(self.mail(To=self.domain.catchall_email))
        bounces = self.domain.bounce_email
        self.take_one(self.mail(To=bounces))
        self.take_one(self.mail(To=f"{bounces}, {self.desk}"))
        self.assertFalse(self.take(self.mail(To=bounces, Auto_Submitted="auto-replied")))
        self.assertIn("it reports on a mail that is not ours", refusals(self.env)[0])

    def test_reply_to_counts_where_nobody_reads_the_sender(self):
        answer = {"Reply-To": "Pat <pat@home.example>"}
        for sender in (f"Web <noreply@{self.domain.name}>", f"Web <{self.desk}>"):
            ticket = self.take_one(self.mail(From=sender, **answer))
            self.assertEqual(ticket.partner_email, "pat@home.example")
        ticket = self.take_one(self.mail(From="Sam <sam@home.example>", **answer))
        self.assertEqual(ticket.partner_email, "sam@home.example")

    def test_replies_are_found(self):
        ticket = self.take_one(self.mail())
        mine = ticket.message_ids[-1].message_id
        for headers in (
            {"In-Reply-To": mine},
            {"In-Reply-To": mine, "References": "<unknown@home.example>"},
            {"References": f"{mine} <unknown@home.example>"},
            {"Subject": f"Re: Inquiry {ticket.number}"},
        ):
            count = len(ticket.message_ids)
            self.assertFalse(self.take(self.mail("One more thing.", **headers)), headers)
            self.assertEqual(len(ticket.message_ids), count + 1)
        stranger = self.mail(From="sam@home.example", Subject=f"Inquiry {ticket.number}")
        self.assertNotEqual(self.take_one(stranger), ticket)

    def test_a_strangers_reply_is_not_for_the_caller(self):
        ticket = self.take_one(self.mail())
        self.assertFalse(ticket.message_ids[0].is_internal)
        mine = ticket.message_ids[-1].message_id
        self.take(self.mail("Yours.", In_Reply_To=mine))
        self.assertFalse(ticket.message_ids[0].is_internal)
        self.take(self.mail("Click here.", From="sam@home.example", In_Reply_To=mine))
        self.assertIn("Click here.", str(ticket.message_ids[0].body))
        self.assertTrue(ticket.message_ids[0].is_internal)

    def test_only_the_relay_of_the_hospital_verifies(self):
        good = (
            "Authentication-Results: mx.hospital.example; dmarc=pass header.from=home.example\r\n"
        )
        self.assertEqual(self.take_one(self.mail(head=good)).message_ids[0].care_sender, "unknown")
        self.company.care_mail_relay = "mx.hospital.example"
        for head, result in (
            ("", "unknown"),
            (good, "verified"),
            (good.replace("mx.", "evil."), "unknown"),
            (good.replace("pass", "fail"), "failed"),
            (good.replace("home.example", "evil.example"), "unknown"),
            (good.replace("pass", "fail") + good, "failed"),
        ):
            ticket = self.take_one(self.mail(head=head))
            self.assertEqual(ticket.message_ids[0].care_sender, result, head)

    def test_lists_are_persons_and_notes_are_machines(self):
        for head, reopened in (
            ("Precedence: list\r\nList-Id: <x.example>\r\n", True),
            ("X-Auto-Response-Suppress: All\r\n", False),
            ("X-Auto-Reply: yes\r\n", False),
            ("X-Mail-Autoreply: yes\r\n", False),
            ("Precedence: auto-reply\r\n", False),
        ):
            ticket = self.take_one(self.mail())
            ticket.with_user(self.people["coordinator"])._care_close(
                care_answer="Until eight.",
                care_told="Pat",
                care_told_date=fields.Datetime.now(),
                care_told_channel_id=self.env["helpdesk.ticket.channel"]._care_by_code("email").id,
            )
            reply = self.mail("Thanks", head=head, In_Reply_To=ticket.message_ids[-1].message_id)
            self.take(reply)
            self.assertEqual(not ticket.closed, reopened, head)
        self.assertTrue(self.take_one(self.mail(head="Precedence: list\r\n")).care_automatic)
        self.assertFalse(self.take_one(self.mail()).care_automatic)


class TestAnswers(MailCase):
    def answer(self, ticket, email="pat@home.example"):
        """An answer of the coordinator to an address, as *Send message* makes it."""
        ticket.sudo().care_no_patient = True
        partner = self.env["res.partner"].create({"name": email, "email": email})
        return ticket.with_user(self.people["coordinator"]).message_post(
            body="Until eight.",
            message_type="comment",
            subtype_xmlid="mail.mt_comment",
            partner_ids=partner.ids,
        )

    def test_a_stranger_who_wrote_can_be_answered(self):
        ticket = self.take_one(self.mail())
        self.assertFalse(ticket.partner_id)
        message = self.answer(ticket)
        mail = self.env["mail.mail"].sudo().search([("care_apart", "=", True)], limit=1)
        self.assertIn("Until eight.", mail.body_html)
        self.assertEqual(mail.message_id, message.message_id)
        rows = ticket._message_get_suggested_recipients(no_create=True)
        self.assertEqual([row["email"] for row in rows], ["pat@home.example"])

    def bounce(self, message, action="failed", failed="pat@home.example"):
        type(self).number += 1
        text = RETURNED.format(
            to=self.desk,
            n=self.number,
            message_id=message.message_id,
            action=action,
            failed=failed,
        )
        self.assertFalse(self.take(text.encode()))

    def test_what_came_back_told_nobody(self):
        ticket = self.take_one(self.mail())
        message = self.answer(ticket)
        self.env["mail.mail"].sudo().search([("care_apart", "=", True)]).unlink()
        row = ticket.sudo().care_contact_ids.filtered(lambda c: c.mail_message_id == message)
        self.assertTrue(row.with_caller)
        acknowledged = ticket.sudo().care_deadline_ids.filtered(
            lambda d: d.kind == "acknowledge" and d.met_date
        )
        ticket.with_user(self.people["coordinator"])._care_close(
            care_answer="Until eight.",
            care_told="Pat",
            care_told_date=fields.Datetime.now(),
            care_told_channel_id=self.env["helpdesk.ticket.channel"]._care_by_code("email").id,
        )
        self.bounce(message, action="delayed")
        self.assertTrue(ticket.closed)
        self.bounce(message)
        self.assertTrue(row.correction_ids.undelivered)
        self.assertIn("Undelivered", row.correction_ids.kind)
        self.assertIn("nobody was told", row.correction_ids.summary)
        notes = " ".join(map(str, ticket.activity_ids.mapped("note")))
        self.assertIn("It did not reach pat@home.example.", notes)
        self.assertIn("came back undelivered", " ".join(ticket.activity_ids.mapped("summary")))
        self.assertFalse(ticket.closed)
        self.assertIn("when the person was told", ticket._care_missing()[ticket.id])
        self.assertFalse(acknowledged.filtered("met_date"))
        self.assertFalse(
            ticket.sudo().care_deadline_ids.filtered(lambda d: d.kind == "answer" and d.met_date)
        )
        self.bounce(message)
        self.assertEqual(len(row.correction_ids), 1)
        self.assertIn(f"it reports on mail {message.message_id} of ours", refusals(self.env)[0])

    def test_a_server_without_reports_sends_back_the_mail_as_text(self):
        ticket = self.take_one(self.mail())
        message = self.answer(ticket)
        text = "I could not deliver it.\r\n\r\n--- Below is a copy.\r\n\r\n"
        returned = self.mail(
            f"{text}From: desk\r\nMessage-Id: {message.message_id}\r\n\r\nUntil eight.\r\n",
            From="MAILER-DAEMON@home.example",
        )
        self.assertFalse(self.take(returned))
        row = ticket.sudo().care_contact_ids.filtered(lambda c: c.mail_message_id == message)
        self.assertTrue(row.correction_ids.undelivered)

    def test_two_chips_of_one_address_are_one_recipient(self):
        ticket = self.take_one(self.mail())
        partner = self.env["res.partner"].create({"name": "Pat", "email": "Pat@home.example"})
        bare = {"name": "", "email": '"Pat" <pat@home.example>', "partner_id": False}
        known = {"name": "Pat", "email": "Pat@home.example", "partner_id": partner.id}
        other = {"name": "Sam", "email": "sam@home.example", "partner_id": False}
        with patch.object(
            Base,
            "_message_get_suggested_recipients_batch",
            side_effect=lambda *_args, **_options: {ticket.id: [bare, other, known]},
        ):
            rows = ticket._message_get_suggested_recipients(no_create=True)
        self.assertEqual(rows, [known])

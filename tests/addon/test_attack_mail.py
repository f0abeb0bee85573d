"""Mails made to break the gateway: each becomes one inquiry or one recorded refusal; none raises.

What is refused, and that it is recorded, the test knows by itself: it is refused only if the mail
was made as a machine's report, whole and with nothing beside it.
"""

import random

from odoo.tools import mute_logger

from ..attack import record, size
from .test_mail_gateway import GATEWAY, MailCase, refusals

CHARSETS = ["", '""', "utf-8", "us-ascii", "x-none", "gb2312", "utf-7", "utf-16", "rot13", "\0"]
ENCODINGS = ["", "7bit", "8bit", "base64", "quoted-printable", "x-uuencode", "nonsense"]
KINDS = [
    "text/plain",
    "text/html",
    "text/calendar; method=REQUEST",
    "image/png",
    "application/ms-tnef",
    "application/pkcs7-mime",
    "application/pgp-encrypted",
    "message/rfc822",
    "nonsense",
    "*/*",
]
MULTIPARTS = ["mixed", "alternative", "related", "signed", "encrypted", "report", "nonsense"]
TEXTS = [
    b"The soup was cold.",
    "café – naïve 午餐".encode(),
    "café – naïve".encode("cp1252"),
    b"\0\x01\xff\xfe",
    b"<p>Soup</p>" * 30,
    b"<div>" * 300 + b"deep",
    b"=?utf-8?q?=00?= --b --",
    b"",
    b"\x89PNG\r\n\x1a\nIHDR",
    b"iVBORw0KGgo",
]
WORDS = [
    "Lunch",
    "=?utf-8?q?a=00b=0D=0A?=",
    "=?x-none?b?////?=",
    "\0",
    "x" * 3000,
    "午餐",
    "(" * 300,
    "",
]
NAMES = [
    "",
    '; name="a\0b.txt"',
    "; name*=utf-8''%00a.txt",
    '; name="../../x"',
    "; name=" + "y" * 999,
]
# Whole bodies as programs make them: the kind of the mail, and its parts.
RETURNED = (
    b"Content-Type: text/rfc822-headers\r\n\r\n"
    b"Message-Id: <elsewhere@home.example>\r\nSubject: Lunch\r\n"
)
SAID = b"Content-Type: text/plain; charset=utf-8\r\n\r\nThe soup was cold.\r\n"
DELIVERY = (
    b"Content-Type: message/delivery-status\r\n\r\n"
    b"Reporting-MTA: dns; home.example\r\nArrival-Date: Mon, 2 Mar 2026 09:00:00 +0000\r\n\r\n"
    b"Final-Recipient: rfc822; sam@home.example\r\nAction: failed\r\nStatus: 5.1.1\r\n"
)
RECEIPT = (
    b"Content-Type: message/disposition-notification\r\n\r\n"
    b"Reporting-UA: home.example; Mail\r\nFinal-Recipient: rfc822; sam@home.example\r\n"
    b"Original-Message-ID: <elsewhere@home.example>\r\n"
    b"Disposition: manual-action/MDN-sent-manually; displayed\r\n"
)
ABUSE = (
    b"Content-Type: message/feedback-report\r\n\r\n"
    b"Feedback-Type: abuse\r\nUser-Agent: Home/1.0\r\nVersion: 1\r\n"
)
EVENT = (
    b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nMETHOD:REQUEST\r\nBEGIN:VEVENT\r\nUID:1@home.example\r\n"
    b"DTSTART:20260302T090000Z\r\nSUMMARY:Visit\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
)
ARMOUR = b"-----BEGIN PGP MESSAGE-----\r\n\r\nhQEMA8Vj\r\n=abcd\r\n-----END PGP MESSAGE-----\r\n"
DER = b"Content-Transfer-Encoding: base64\r\n\r\nMIIBhgYJKoZIhvcNAQcDoIIBdzCCAXMCAQAxggEf\r\n"
TNEF = b"Content-Transfer-Encoding: base64\r\n\r\neJ8+IgEQAQaQCAAEAAAAAAABAAEAAQeQBgAIAAAA\r\n"
REPORTS = [
    ("multipart/report; report-type=delivery-status", [SAID, DELIVERY, RETURNED]),
    ("multipart/report; report-type=delivery-status", [SAID, DELIVERY]),
    ("multipart/report; report-type=disposition-notification", [SAID, RECEIPT]),
    ("multipart/report; report-type=disposition-notification", [SAID, RECEIPT, RETURNED]),
    ("multipart/report; report-type=feedback-report", [SAID, ABUSE, RETURNED]),
]
BODIES = [
    # Reports with something beside them, or of nothing, and those that somebody hands on.
    ("multipart/report; report-type=delivery-status", [SAID, DELIVERY, SAID]),
    ("multipart/report; report-type=delivery-status", [SAID]),
    (
        "multipart/report; report-type=delivery-status",
        [SAID, b"Content-Type: message/delivery-status\r\n\r\nThe soup was cold.\r\n"],
    ),
    ("multipart/report", [SAID, ABUSE, b"Content-Type: application/pdf\r\n\r\n%PDF-1.4\r\n"]),
    ("multipart/mixed", [SAID, DELIVERY, RETURNED]),
    ("multipart/mixed", [SAID, RECEIPT]),
    # Invitations, and what is sealed or signed.
    ("multipart/alternative", [SAID, b"Content-Type: text/calendar\r\n\r\n" + EVENT]),
    ("text/calendar; method=REQUEST; charset=utf-8", EVENT),
    (
        'multipart/encrypted; protocol="application/pgp-encrypted"',
        [
            b"Content-Type: application/pgp-encrypted\r\n\r\nVersion: 1\r\n",
            b"Content-Type: application/octet-stream; name=encrypted.asc\r\n\r\n" + ARMOUR,
        ],
    ),
    ("text/plain", ARMOUR),
    (
        'multipart/signed; micalg=pgp-sha256; protocol="application/pgp-signature"',
        [SAID, b"Content-Type: application/pgp-signature; name=signature.asc\r\n\r\n" + ARMOUR],
    ),
    (
        "multipart/signed; micalg=sha-256; protocol=application/pkcs7-signature",
        [SAID, b"Content-Type: application/pkcs7-signature; name=smime.p7s\r\n" + DER],
    ),
    ("application/pkcs7-mime; smime-type=enveloped-data; name=smime.p7m", DER),
    ("application/x-pkcs7-mime; smime-type=signed-data; name=smime.p7m", DER),
    ("application/ms-tnef; name=winmail.dat", TNEF),
    ("multipart/mixed", [SAID, b"Content-Type: application/ms-tnef; name=winmail.dat\r\n" + TNEF]),
]


class TestAttackMail(MailCase):
    def body(self, kind, content):
        """A body as bytes, with its own headers, in the kind that a mail of this one has."""
        if isinstance(content, bytes):
            own = content if content.startswith(b"Content-") else b"\r\n" + content
            return f"Content-Type: {kind}\r\n".encode() + own
        parts = b"".join(b"--whole\r\n" + part + b"\r\n" for part in content)
        head = f'Content-Type: {kind}; boundary="whole"\r\n\r\n'.encode()
        return head + parts + b"--whole--\r\n"

    def part(self, draw, depth=0):
        """A part of a mail as bytes: its headers, an empty line, its content."""
        if depth < 6 and draw.random() < 0.4:
            boundary = draw.choice(["b", "=_1", "b'1", "a b"]) + str(depth)
            quote = draw.choice(["", '"'])
            head = f"Content-Type: multipart/{draw.choice(MULTIPARTS)}; "
            head += f"boundary={quote}{boundary}{quote}\r\n\r\n"
            parts = b"".join(
                f"--{boundary}\r\n".encode() + self.part(draw, depth + 1) + b"\r\n"
                for _number in range(draw.randrange(4))
            )
            end = f"--{boundary}--\r\n" if draw.random() < 0.8 else ""
            return head.encode() + parts + end.encode()
        head = f"Content-Type: {draw.choice(KINDS)}{draw.choice(NAMES)}"
        head += f"; charset={draw.choice(CHARSETS)}\r\n" if draw.random() < 0.7 else "\r\n"
        head += f"Content-Transfer-Encoding: {draw.choice(ENCODINGS)}\r\n"
        if draw.random() < 0.3:
            head += "Content-Disposition: attachment\r\n"
        return head.encode() + b"\r\n" + draw.choice(TEXTS) * draw.choice([1, 1, 50])

    def attack(self, draw, number):
        lines = [
            f"From: {draw.choice(WORDS)} <pat{number}@home.example>",
            f"To: {self.desk}",
            f"Subject: {draw.choice(WORDS)}",
            f"Message-Id: <attack-{number}@home.example>",
        ]
        for name in (
            "Cc",
            "References",
            "In-Reply-To",
            "Date",
            "Reply-To",
            "X-Odd",
            "Delivered-To",
        ):
            if draw.random() < 0.3:
                lines.append(f"{name}: {draw.choice(WORDS)}")
        draw.shuffle(lines)
        end = draw.choice(["\r\n", "\n"])
        head = end.join([*lines, ""]).encode()
        dice = draw.random()
        if dice < 0.1:
            return head + self.body(*draw.choice(REPORTS)), True
        raw = head + (self.body(*draw.choice(BODIES)) if dice < 0.4 else self.part(draw))
        return (raw[: draw.randrange(200, 2000)] if draw.random() < 0.1 else raw), False

    def test_every_mail_arrives_once(self):
        count, lost, raised = size(short=100, whole=5000), [], []
        refused = 0
        tickets = self.env["helpdesk.ticket"]
        for number in range(count):
            raw, is_report = self.attack(random.Random(number), number)
            with mute_logger(GATEWAY, "odoo.addons.mail"), self.env.cr.savepoint() as point:
                last = tickets.search([], order="id desc", limit=1).id or 0
                recorded = len(refusals(self.env))
                try:
                    self.env["mail.thread"].message_process("helpdesk.ticket", raw)
                except Exception as error:
                    raised.append((number, repr(error)))
                else:
                    made = tickets.search([("id", ">", last)])
                    recorded = len(refusals(self.env)) - recorded
                    if (len(made), recorded) != ((0, 1) if is_report else (1, 0)):
                        lost.append(number)
                    elif made and not made.care_is_inquiry:
                        lost.append(number)
                    refused += recorded
                point.rollback()
                self.env.invalidate_all()
        record(tried=count, refused=refused, lost=len(lost), tracebacks=len(raised))
        self.assertFalse(raised[:5])
        self.assertFalse(lost[:20])
        self.assertTrue(refused)

    def test_whole_bodies(self):
        """Every body as programs make it, in a mail with nothing else wrong."""
        for bodies, made in ((REPORTS, 0), (BODIES, 1)):
            for kind, content in bodies:
                with self.subTest(kind, parts=len(content)):
                    raw = self.mail(b"", Content_Type=None).rstrip(b"\r\n") + b"\r\n"
                    recorded = len(refusals(self.env))
                    tickets = self.take(raw + self.body(kind, content))
                    self.assertEqual(len(tickets), made)
                    self.assertEqual(len(refusals(self.env)) - recorded, 1 - made)
                    self.assertFalse(tickets.filtered("care_intake_error"))
                    if tickets and SAID in content:
                        self.assertIn("The soup was cold.", str(tickets.description))
                    record(tried=1, refused=1 - made)

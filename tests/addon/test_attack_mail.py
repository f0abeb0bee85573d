"""Mails made to break the gateway: each becomes one inquiry or one message; none raises."""

import random

from odoo.tools import mute_logger

from ..attack import record, size
from .test_mail_gateway import GATEWAY, MailCase

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


class TestAttackMail(MailCase):
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
        raw = end.join([*lines, ""]).encode() + self.part(draw)
        return raw[: draw.randrange(200, 2000)] if draw.random() < 0.1 else raw

    def test_every_mail_arrives_once(self):
        count, lost, raised = size(short=100, whole=5000), [], []
        refused = 0
        tickets = self.env["helpdesk.ticket"]
        for number in range(count):
            draw = random.Random(number)
            raw = self.attack(draw, number)
            with mute_logger(GATEWAY, "odoo.addons.mail"), self.env.cr.savepoint() as point:
                last = tickets.search([], order="id desc", limit=1).id or 0
                try:
                    self.env["mail.thread"].message_process("helpdesk.ticket", raw)
                except Exception as error:
                    raised.append((number, repr(error)))
                else:
                    made = tickets.search([("id", ">", last)])
                    # A report of a machine is none; see the unit tests of what is one.
                    if b"multipart/report" in raw and not made:
                        refused += 1
                    elif len(made) != 1 or not made.care_is_inquiry:
                        lost.append(number)
                point.rollback()
                self.env.invalidate_all()
        record(tried=count, refused=refused, lost=len(lost), tracebacks=len(raised))
        self.assertFalse(raised[:5])
        self.assertFalse(lost[:20])

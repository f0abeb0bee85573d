"""What the hospital said before chooses nothing; what the writer says does, wherever it stands."""

from .test_consult import ConsultCommon
from .test_mail_gateway import MailCase

QUOTED = "We heard that you were abused and that the soup was cold."
OWN = "I was abused and the soup was cold."
# Mails that only quote ``QUOTED``: (content type, body).
ANSWERS = {
    "marks": ("plain", f"Thank you.\n\nOn Mon, 2 Nov 2026 at 09:00, Desk wrote:\n> {QUOTED}\n"),
    "head on two lines": (
        "plain",
        f"Thank you.\n\nOn Mon, 2 Nov 2026 at 09:00, Desk\n<desk@h.example> wrote:\n\n> {QUOTED}\n",
    ),
    "original message": (
        "plain",
        "Thank you.\n\n-----Original Message-----\nFrom: Desk <desk@h.example>\n"
        f"Sent: Monday, 2 November 2026 09:00\nTo: Pat\nSubject: Lunch\n\n{QUOTED}\n",
    ),
    "German header": (
        "plain",
        "Danke.\n\nVon: Desk <desk@h.example>\nGesendet: Montag, 2. November 2026 09:00\n"
        f"An: Pat\nBetreff: Lunch\n\n{QUOTED}\n",
    ),
    "Gmail": (
        "html",
        '<div>Thank you.</div><div class="gmail_quote"><div class="gmail_attr">On Mon, 2 Nov 2026 '
        'at 09:00, Desk &lt;desk@h.example&gt; wrote:</div><blockquote class="gmail_quote">'
        f"{QUOTED}</blockquote></div>",
    ),
    "Apple": (
        "html",
        f'<p>Thank you.</p><blockquote type="cite"><div>{QUOTED}</div></blockquote>',
    ),
    "Outlook": (
        "html",
        "<p>Thank you.</p><hr><div><b>From:</b> Desk &lt;desk@h.example&gt;<br><b>Sent:</b> Monday,"
        " 2 November 2026 09:00<br><b>To:</b> Pat<br><b>Subject:</b> Lunch</div>"
        f"<p>{QUOTED}</p>",
    ),
}
# Mails in which the writer says ``OWN``: (content type, subject, body).
OWN_WORDS = {
    "alone": ("plain", "Lunch", OWN),
    "blockquote": ("html", "Lunch", f"<p>This happened:</p><blockquote><p>{OWN}</p></blockquote>"),
    "below the quote": (
        "plain",
        "Re: Lunch",
        f"On Mon, 2 Nov 2026 at 09:00, Desk <desk@h.example> wrote:\n> How was it?\n\n{OWN}\n",
    ),
    "between quotes": ("plain", "Re: Lunch", f"> How was it?\n{OWN}\n> And the bed?\nFine.\n"),
    "form with underscores": (
        "plain",
        "Contact form",
        f"Website contact form\n{'_' * 32}\nName: Pat\nEmail: pat@home.example\nMessage: {OWN}\n",
    ),
    "forward": (
        "plain",
        "Fwd: Lunch",
        "Please see below.\n\n---------- Forwarded message ---------\nFrom: Mum <mum@h.example>\n"
        f"Date: Mon, 2 Nov 2026 at 09:00\nSubject: Lunch\nTo: Pat <pat@h.example>\n\n{OWN}\n",
    ),
    "forward that is quoted": (
        "html",
        "WG: Lunch",
        f'<p>Zur Info</p><blockquote type="cite"><div>{OWN}</div></blockquote>',
    ),
}


class TestReading(MailCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.live_rules(
            {
                "name": "Food",
                "team_id": cls.catering.id,
                "lines": [{"field": "text", "keywords": "soup"}],
            }
        )

    def arrive(self, kind, subject, body):
        content = f"text/{kind}; charset=utf-8"
        return self.take_one(self.mail(body, Subject=subject, Content_Type=content))

    def test_what_the_hospital_said_raises_no_flag_and_chooses_no_team(self):
        for name, (kind, body) in ANSWERS.items():
            with self.subTest(name):
                ticket = self.arrive(kind, "Re: Lunch", body)
                self.assertEqual(ticket.team_id, self.triage)
                self.assertFalse(ticket.care_alarm_ids)
                self.assertIn(QUOTED, str(ticket.description), "what came is kept whole")

    def test_own_words_raise_the_flag_and_choose_the_team(self):
        for name, mail in OWN_WORDS.items():
            with self.subTest(name):
                ticket = self.arrive(*mail)
                self.assertEqual(ticket.team_id, self.catering)
                self.assertEqual(ticket.care_alarm_ids.mapped("words"), ["abused"])

    def test_later_mails_are_read_alike(self):
        for name, (kind, body) in ANSWERS.items():
            for said in (False, True):
                with self.subTest(name, said=said):
                    ticket = self.arrive("plain", "Visit", "When may I come?")
                    mail = self.mail(
                        body.replace("Thank you.", OWN).replace("Danke.", OWN) if said else body,
                        Subject="Re: Visit",
                        Content_Type=f"text/{kind}; charset=utf-8",
                        In_Reply_To=ticket.message_ids[-1:].message_id,
                    )
                    self.assertFalse(self.take(mail), "it joins its inquiry")
                    self.assertEqual(bool(ticket.care_alarm_ids), said)

    def test_traces_of_decisions_read_before_stay_as_they_were(self):
        """Version 1 read quotes too; its text is kept, and so is what followed from it."""
        ticket = self.arrive("plain", "Re: Lunch", ANSWERS["marks"][1])
        decision = ticket.care_decision_ids
        self.assertEqual(decision.sudo().normaliser_version, 2)
        self.assertNotIn("soup", decision.sudo().text)
        now = {row["rule"]: row["matched"] for row in decision._care_trace()}
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE care_decision SET normaliser_version = 1, text = %s WHERE id = %s",
            ["re lunch thank you we heard that the soup was cold", decision.id],
        )
        self.env.invalidate_all()
        then = {row["rule"]: row["matched"] for row in decision._care_trace()}
        food = ticket.care_decision_ids.ruleset_id.rule_ids.filtered(
            lambda rule: rule.name == "Food"
        )
        self.assertEqual((now[food.id], then[food.id]), (False, True))
        ticket.with_context(mail_notrack=True).description = "<p>nothing</p>"
        self.assertEqual({row["rule"]: row["matched"] for row in decision._care_trace()}, then)


class TestConsultReading(ConsultCommon):
    def test_a_reply_keeps_its_own_words(self):
        for number, (name, (kind, body)) in enumerate(ANSWERS.items()):
            with self.subTest(name):
                consult = self.ask()
                asked = self.mails(consult).message_id
                self.env["mail.thread"].message_process(
                    False,
                    "From: Somebody <employee@hospital.example>\nTo: catchall@hospital.example\n"
                    f"Subject: Re: Question\nMessage-Id: <reading-{number}@x.example>\n"
                    f"In-Reply-To: {asked}\nReferences: {asked}\nMIME-Version: 1.0\n"
                    f"Content-Type: text/{kind}; charset=utf-8\n\n"
                    f"{body.replace('Danke.', 'Thank you.')}",
                )
                self.assertEqual((consult.state, consult.answer), ("answered", "Thank you."))

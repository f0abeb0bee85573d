from datetime import timedelta

from odoo import fields, models

WORDS = {
    "How we looked into it": "We asked the ward and the people on duty, and read the notes of that "
    "day. We also compared what they told us with what you told us.",
    "What we do about it": "We apologise that nobody told you. From next month the ward calls the "
    "family before such a change.",
    "Why it takes longer": "A nurse whose account we need is back from leave next week.",
    "What we have done and still do": "We have read the notes and spoken with the ward. The "
    "account of that nurse is still open.",
}


class ResCompany(models.Model):
    """The part of the demo hospital that shows letters in each state."""

    _inherit = "res.company"

    def _care_demo_ready(self, env, users):
        result = super()._care_demo_ready(env, users)
        self.write(
            {
                "care_responsible_id": users["supervisor"].id,
                "care_responsible_title": "Director of patient relations",
                "phone": self.phone or "+1 212 555 0100",
            }
        )
        self._care_demo_letters(env, users)
        return result

    def _care_demo_letters(self, env, users):
        """Drafts, checked and sent letters; sent ones only where they can be printed."""
        tickets = env["helpdesk.ticket"].search(
            [
                ("care_is_inquiry", "=", True),
                ("care_patient_id", "!=", False),
                ("partner_id", "!=", False),
                ("closed_date", "=", False),
            ],
            order="care_received_date, id",
            limit=6,
        )
        prints = env["ir.actions.report"].get_wkhtmltopdf_state() in ("ok", "workers")
        # Type, and how far each letter is.
        steps = [
            ("acknowledgement", "sent"),
            ("holding", "draft"),
            ("acknowledgement", "checked"),
            ("authority_request", "sent"),
            ("final", "draft"),
            ("oral_record", "checked"),
        ]
        for ticket, (code, state) in zip(tickets, steps, strict=False):
            letter = self._care_demo_letter(env, users, ticket, code)
            if state != "draft":
                letter._care_mark_checked()
            if state == "sent" and prints:
                letter._care_send()

    def _care_demo_letter(self, env, users, ticket, code):
        """A draft by the coordinator with nothing missing."""
        writer = users["coordinator"]
        kind = env.ref(f"patient_care_coordination.letter_type_{code}")
        letter = writer._care_as(env["care.letter"])._care_draft(
            writer._care_as(ticket),
            kind,
            recipient_address="14 Orchard Street\nSpringfield",
            due_date=fields.Date.today() + timedelta(days=14),
        )
        for part in letter.part_ids.filtered(lambda part: part.kind == "text" and not part.text):
            if part.name in WORDS:
                part.text = WORDS[part.name]
        return letter

from datetime import timedelta

from odoo import fields, models

PHONES = ["+1 212 555 0101", "+1 212 555 0102", "+1 212 555 0103", "+1 212 555 0104"]
# Channel, direction, result, minutes, days ago, summary.
CONTACTS = [
    ("call", "out", "no_answer", 1, 6, "Rang for ten tones."),
    ("call", "out", "voicemail", 1, 5, "Left our number only, as the hint says."),
    ("call", "out", "reached", 9, 4, "Explained who looks into it and by when. Relieved."),
    ("visit", "in", False, 20, 3, "Came to the desk with the papers; copies made."),
    ("letter", "in", False, 0, 2, "Sent the bus tickets of the missed day."),
    ("call", "in", "reached", 4, 1, "Asked whether there is news."),
]


class ResCompany(models.Model):
    """The part of the demo hospital that shows calls, visits and promises."""

    _inherit = "res.company"

    def _care_demo_ready(self, env, users):
        result = super()._care_demo_ready(env, users)
        tickets = env["helpdesk.ticket"].search(
            [
                ("care_is_inquiry", "=", True),
                ("care_patient_id", "!=", False),
                ("user_id", "=", users["coordinator"].id),
                ("closed_date", "=", False),
            ],
            order="care_received_date, id",
            limit=4,
        )
        for ticket, phone in zip(tickets, PHONES, strict=False):
            ticket.write(
                {"care_callback_phone": phone, "care_safe_to_call": "After 5 pm; no message"}
            )
        self._care_demo_contacts(env, users, tickets)
        self._care_demo_promises(env, users, tickets)
        return result

    def _care_demo_contacts(self, env, users, tickets):
        now = fields.Datetime.now()
        env["care.contact"]._care_log(
            [
                {
                    "ticket_id": ticket.id,
                    "channel": channel,
                    "direction": direction,
                    "result": result,
                    "duration": minutes,
                    "date": now - timedelta(days=days, hours=2 + number),
                    "summary": summary,
                    "with_caller": True,
                    "partner_id": ticket.partner_id.id,
                    "person_name": ticket.partner_name,
                    "phone": ticket.care_callback_phone if channel == "call" else False,
                    "user_id": users["coordinator"].id,
                }
                for number, ticket in enumerate(tickets)
                for channel, direction, result, minutes, days, summary in CONTACTS
            ]
        )

    def _care_demo_promises(self, env, users, tickets):
        """One missed, one due today, one later, one kept."""
        now = fields.Datetime.now().replace(second=0, microsecond=0)
        dues = [
            (now - timedelta(hours=20), "Call back with what the ward found."),
            (now + timedelta(minutes=45), "Call back with the name of the nurse in charge."),
            (now + timedelta(days=2), "Send the parking form."),
            (now - timedelta(days=3), "Call back about the appointment."),
        ]
        promises = (
            users["coordinator"]
            ._care_as(env["care.promise"])
            ._care_make(
                [
                    {
                        "ticket_id": ticket.id,
                        "what": what,
                        "due": due,
                        "person_name": ticket.partner_name,
                        "phone": ticket.care_callback_phone,
                    }
                    for ticket, (due, what) in zip(tickets, dues, strict=False)
                ]
            )
        )
        promises[3:]._care_keep(now - timedelta(days=3, hours=1))

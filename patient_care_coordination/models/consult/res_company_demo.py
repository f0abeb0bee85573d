from datetime import timedelta

from odoo import fields, models

from ..inquiry.helpdesk_ticket import OURS

# Who is asked, what, what is told beside it, hours since, hours until due from then, end.
CONSULTS = [
    ("department", "Radiology", "How long does a result take at present?", (), 3, 20, None),
    ("department", "Ward 7", "When are meals handed out, and who checks them?", (), 30, 24, None),
    (
        "department",
        "Ward 4",
        "Were things found when the room was cleared last week?",
        ("tells_text",),
        22,
        28,
        None,
    ),
    (
        "department",
        "Emergency department",
        "How long was the wait on that evening, and why?",
        (),
        50,
        48,
        ("answered", "Six hours at most: two of five doctors were ill. We called in help at nine."),
    ),
    (
        "team",
        "Housekeeping",
        "Who cleaned the toilets on the ward at the weekend?",
        (),
        40,
        48,
        ("answered", "Nobody: the agency cancelled on Friday. It has been changed since."),
    ),
    (
        "person",
        "clerk",
        "Are there blankets in stock for the ward?",
        (),
        26,
        48,
        ("declined", "The laundry keeps them, please ask Facilities."),
    ),
]


class ResCompany(models.Model):
    """The part of the demo hospital that shows consults: open, late, answered, declined."""

    _inherit = "res.company"

    def _care_demo_ready(self, env, users):
        result = super()._care_demo_ready(env, users)
        self._care_demo_consults(env, users)
        return result

    def _care_demo_consults(self, env, users):
        tickets = env["helpdesk.ticket"].search(
            [("care_waiting", "=", "department"), ("company_id", "=", self.id)],
            limit=len(CONSULTS) - 1,
            order="id",
        )
        # The last two are about one inquiry.
        tickets = [*tickets, *tickets[-1:]]
        now = fields.Datetime.now()
        asking = users["coordinator"]._care_as(env["care.consult"])
        asking = asking.with_context(mail_notify_force_send=False)
        consults = asking._care_ask(
            [
                {
                    "ticket_id": ticket.id,
                    "question": question,
                    "due": now + timedelta(hours=24),
                    **self._care_demo_addressee(env, users, to, name),
                    **dict.fromkeys(tells, True),
                }
                for ticket, (to, name, question, tells, *_rest) in zip(
                    tickets, CONSULTS, strict=True
                )
            ]
        )
        for consult, (*_what, since, length, end) in zip(consults.sudo(), CONSULTS, strict=True):
            asked = now - timedelta(hours=since)
            due = asked + timedelta(hours=length)
            consult.with_context(care_consult=OURS).write(
                {
                    "asked_date": asked,
                    "due": due,
                    "remind_date": due - timedelta(hours=length / 4),
                    "reminded_date": now,
                    "escalated_date": now,
                }
            )
            if end:
                state, text = end
                author = consult._care_answerers()[:1]
                consult._care_end(state, text, author, "form")
                consult.with_context(care_consult=OURS).write(
                    {"ended_date": asked + timedelta(hours=length / 2)}
                )
        # Nobody in the demo hospital has a mailbox.
        env["mail.mail"].sudo().search(
            [("model", "=", "care.consult"), ("state", "=", "outgoing")]
        ).cancel()

    def _care_demo_addressee(self, env, users, to, name):
        if to == "person":
            return {"user_id": users[name].id}
        field, model = {
            "department": ("department_id", "care.department"),
            "team": ("team_id", "helpdesk.ticket.team"),
        }[to]
        found = env[model].search([("name", "=", name), ("company_id", "=", self.id)], limit=1)
        return {field: found.id}

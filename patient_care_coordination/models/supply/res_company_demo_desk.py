from datetime import timedelta

from odoo import Command, fields, models

# Product, whom it is lent to, days until it is due back (before today: overdue), steps after it.
LENT = [
    ("Wheelchair", "patient", 4, 0),
    ("Wheelchair", "relative", -3, 0),
    ("Walking frame", "patient", -1, 0),
    ("Interpreter tablet", "ward", 0, 0),
    ("Folding bed", "relative", 1, 0),
    ("Wheelchair", "patient", 2, 1),
    ("Transfer chair", "ward", 2, 2),
]


class ResCompany(models.Model):
    """The part of the demo hospital that shows requests, a count, and what is lent."""

    _inherit = "res.company"

    def _care_demo_ready(self, env, users):
        result = super()._care_demo_ready(env, users)
        env = env(context={**env.context, "mail_notify_force_send": False})
        inquiries = env["helpdesk.ticket"].search(
            [
                ("care_is_inquiry", "=", True),
                ("company_id", "=", self.id),
                ("closed_date", "=", False),
                ("care_patient_id", "!=", False),
            ],
            limit=4,
        )
        ward = env["care.department"].search(
            [("name", "=", "Ward 7"), ("company_id", "=", self.id)], limit=1
        )
        self._care_demo_loans(env, users, inquiries)
        self._care_demo_requests(env, users, ward, inquiries)
        self._care_demo_count(env, users, ward)
        # A server for a demo runs no scheduled work.
        env["care.shortage"].sudo()._care_refresh()
        return result

    def _care_demo_loans(self, env, users, inquiries):
        """Seven loans: two overdue, one thing to be cleaned, one to be inspected."""
        lots = users["coordinator"]._care_as(env["stock.lot"])
        today = fields.Date.context_today(self)
        for number, (name, borrower, days, steps) in enumerate(LENT):
            lot = lots.search(
                [
                    ("product_id.name", "=", name),
                    ("care_loan_state", "=", "available"),
                    ("company_id", "=", self.id),
                ],
                order="name",
                limit=1,
            )
            ticket = inquiries[number % len(inquiries)] if borrower != "ward" else None
            loan = lot._care_lend(today + timedelta(days=max(days, 0)), ticket, borrower)
            if days < 0:
                # Nothing is lent until yesterday; a week ago it was until a day that has passed.
                loan.sudo().write({"care_due_back": today + timedelta(days=days)})
                loan.sudo()._care_remind()
            for _step in range(steps):
                lot.sudo()._care_next_step()

    def _care_demo_requests(self, env, users, ward, inquiries):
        """One request of a ward, and one for a patient in a hurry."""
        blanket, slippers, kit = (
            env["product.product"].search([("name", "=", name)], limit=1).id
            for name in ("Blanket, fleece", "Slippers, large", "Toiletry kit")
        )
        wanted = [
            ("ward", False, "normal", "Bay 2", [(slippers, 6), (kit, 10)]),
            ("coordinator", inquiries[:1].id, "urgent", "Bed 12", [(blanket, 2), (kit, 1)]),
        ]
        for login, ticket, urgency, place, lines in wanted:
            request = (
                users[login]
                ._care_as(env["care.supply.request"])
                .create(
                    {
                        "department_id": ward.id,
                        "ticket_id": ticket,
                        "urgency": urgency,
                        "place": place,
                        "needed_by": fields.Datetime.now() + timedelta(hours=6),
                        "line_ids": [
                            Command.create({"product_id": product, "quantity": quantity})
                            for product, quantity in lines
                        ],
                    }
                )
            )
            request.action_send()

    def _care_demo_count(self, env, users, ward):
        """A count that somebody was called away from."""
        counts = users["ward"]._care_as(env["care.ward.count"])
        count = counts._care_running(users["ward"]._care_as(ward))
        for line in count.line_ids[:5]:
            count.care_set(line.id, line.expected)

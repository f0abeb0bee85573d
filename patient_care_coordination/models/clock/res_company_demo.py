from datetime import timedelta

from odoo import fields, models


class ResCompany(models.Model):
    """The part of the demo hospital that shows clocks: met, due soon, missed and extended."""

    _inherit = "res.company"

    def _care_demo_ready(self, env, users):
        result = super()._care_demo_ready(env, users)
        coordinator = users["coordinator"]
        open_ones = env["helpdesk.ticket"].search(
            [("care_is_inquiry", "=", True), ("closed_date", "=", False)],
            order="care_received_date desc, id",
        )
        now = fields.Datetime.now()
        acknowledged = open_ones.filtered(
            lambda ticket: ticket.care_received_date < now - timedelta(days=2)
        )
        for ticket in acknowledged:
            ticket._care_meet("acknowledge", ticket.care_received_date + timedelta(hours=5))
        running = open_ones.filtered(
            lambda ticket: ticket.care_next_due and ticket.care_next_due > now
        )
        ticket = running.sorted("care_next_due")[:1]
        if ticket:
            coordinator._care_as(ticket)._care_extend(
                "answer",
                now + timedelta(days=12),
                "The ward needs the night staff's account.",
                now,
                "By phone",
            )
        return result

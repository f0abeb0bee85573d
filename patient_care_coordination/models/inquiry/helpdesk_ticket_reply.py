from datetime import timedelta

from odoo import fields, models


class HelpdeskTicket(models.Model):
    """A word from outside on an inquiry that is closed."""

    _inherit = "helpdesk.ticket"

    def _care_heard(self, message):
        """Reopen a closed inquiry on a reply, by the rule of its company.

        What a machine sent reopens nothing: an absence note would keep inquiries open for ever.
        """
        result = super()._care_heard(message)
        if self.env.context.get("care_automatic"):
            return result
        now = fields.Datetime.now()
        for ticket in self.sudo().filtered("closed"):
            company = ticket.company_id
            limit = timedelta(days=company.care_reopen_days)
            since = ticket.closed_date or now
            if company.care_reply_rule == "reopen" and (not limit or now - since <= limit):
                ticket._care_reopen_by_reply()
            else:
                ticket.activity_schedule(
                    "mail.mail_activity_data_todo",
                    summary=self.env._("Reply on a closed inquiry: decide whether to reopen"),
                    user_id=(ticket.user_id or ticket._care_lead()).id,
                )
        return result

    def _care_reopen_by_reply(self):
        """Put a closed inquiry back into the first open stage of its team."""
        self.ensure_one()
        stage = self.team_id._get_applicable_stages().filtered(lambda stage: not stage.closed)[:1]
        if stage:
            self.write({"stage_id": stage.id, "care_waiting": "us"})
        self.activity_schedule(
            "mail.mail_activity_data_todo",
            summary=self.env._("Reopened by a reply: please read it"),
            user_id=(self.user_id or self._care_lead()).id,
        )

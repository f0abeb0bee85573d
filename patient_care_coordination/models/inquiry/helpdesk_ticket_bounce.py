from datetime import timedelta

from odoo import models
from odoo.tools import email_normalize

from .helpdesk_ticket import OURS


class HelpdeskTicket(models.Model):
    """A mail of ours that came back."""

    _inherit = "helpdesk.ticket"

    def _care_bounced(self, message, emails):
        """React to a report that ``message`` did not reach these normalised addresses.

        Whoever is in charge is told. If it was to tell the caller, nobody has been told.
        """
        self.ensure_one()
        ticket = self.sudo()
        ticket.activity_schedule(
            "mail.mail_activity_data_todo",
            summary=self.env._("A mail came back undelivered: tell the person another way"),
            note=self.env._("It did not reach %s.", ", ".join(sorted(emails))),
            user_id=(ticket.user_id or ticket._care_lead()).id,
        )
        if not ticket._care_was_told_by(message, emails):
            return
        values = {"care_told": False, "care_told_date": False}
        if ticket.closed:
            stages = ticket.team_id._get_applicable_stages()
            stage = stages.filtered(lambda stage: not stage.closed)[:1]
            if not stage:
                # A team that never opens anything: the reminder has to do.
                return
            values |= {"stage_id": stage.id, "care_waiting": "us"}
        ticket.with_context(care_bounced=OURS).write(values)

    def _care_was_told_by(self, message, emails):
        """Whether the caller counts as told because of this message, which these did not get."""
        ticket = self.sudo()
        known = {email_normalize(ticket.partner_email or ""), ticket.partner_id.email_normalized}
        return bool(
            ticket.care_told_date
            and ticket.care_told_channel_id.care_code == "email"
            and emails & (known - {False})
            # Staff enter by hand when the person was told: by the day, not by the minute.
            and ticket.care_told_date >= message.date - timedelta(days=1)
        )

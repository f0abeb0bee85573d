from odoo import models
from odoo.exceptions import UserError

from .helpdesk_ticket import OURS


class MailComposeMessage(models.TransientModel):
    _inherit = "mail.compose.message"

    def _action_send_mail_mass_mail(self, res_ids, auto_commit=False):
        """One text to many inquiries, or to rows of them, passes no gate, so it is refused."""
        ours = self.env.context.get("care_mail") is OURS
        if (self.model or "").startswith("care.") and not ours:
            raise UserError(
                self.env._(
                    "This would mail past the gate of the inquiries: answer in each inquiry, or "
                    "write letters."
                )
            )
        if self.model == "helpdesk.ticket" and not ours:
            tickets = self.env[self.model].sudo().browse(res_ids)
            inquiry = tickets.filtered("care_is_inquiry")[:1]
            # What tracking sends runs while inquiries are created: that becomes a notice.
            if inquiry and self.message_type != "auto_comment":
                raise UserError(
                    self.env._(
                        "This would mail past the gate of inquiry %s: answer in each inquiry, or "
                        "write letters.",
                        inquiry.number,
                    )
                )
        return super()._action_send_mail_mass_mail(res_ids, auto_commit=auto_commit)

from odoo import models


class MailMail(models.Model):
    _inherit = "mail.mail"

    def unlink(self):
        """A mail that is cleared away after sending leaves its message to the inquiry."""
        kept = self.mail_message_id._care_of_inquiries()
        if kept:
            mails = self.filtered(lambda mail: mail.mail_message_id in kept)
            mails.filtered(lambda mail: not mail.is_notification).is_notification = True
        return super().unlink()

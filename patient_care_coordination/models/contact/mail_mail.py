from odoo import models


class MailMail(models.Model):
    _inherit = "mail.mail"

    def unlink(self):
        """A mail that is cleared away after sending leaves its message to the inquiry."""
        own = self.filtered(lambda mail: not mail.is_notification and not mail.care_apart)
        kept = own.mail_message_id._care_of_inquiries()
        own.filtered(lambda mail: mail.mail_message_id in kept).is_notification = True
        return super().unlink()

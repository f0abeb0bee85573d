from odoo import models

from ..inquiry.helpdesk_ticket import OURS


class MailMail(models.Model):
    _inherit = "mail.mail"

    def _send(self, auto_commit=False, **options):
        """Tell the preparation of each mail whether the mail queue commits after it."""
        mails = self.with_context(care_commit=OURS if auto_commit is True else None)
        return super(MailMail, mails)._send(auto_commit=auto_commit, **options)

    def _prepare_outgoing_list(self, **options):
        """Give a letter to the mail server once, also if ours is killed in that moment.

        The queue has just marked the mail as failed, and marks it as sent when the server took it.
        Committed in between, a mail of which nobody knows whether it left stays failed and is
        shown with its letter, instead of going out twice.
        """
        ours = self.env.context.get("care_commit") is OURS
        if ours and any("X-Care-Letter" in (mail.headers or "") for mail in self):
            self.write(
                {
                    "failure_reason": self.env._(
                        "The server stopped while this was being sent, so it may have arrived: "
                        "ask the person before you send it again."
                    )
                }
            )
            # pylint: disable=invalid-commit
            self.env.cr.commit()
        return super()._prepare_outgoing_list(**options)

    def unlink(self):
        """A mail that is cleared away after sending leaves its message to the inquiry."""
        own = self.filtered(lambda mail: not mail.is_notification and not mail.care_apart)
        kept = own.mail_message_id._care_of_inquiries()
        own.filtered(lambda mail: mail.mail_message_id in kept).is_notification = True
        return super().unlink()

from odoo import api, models
from odoo.exceptions import UserError

from ..inquiry.helpdesk_ticket import OURS

# What a message says, to whom, and where it stands. Reactions, stars, what has been read, the
# state of its delivery and what Odoo notes for sending are free.
SAID = {
    "attachment_ids",
    "author_guest_id",
    "author_id",
    "body",
    "date",
    "email_from",
    "incoming_email_cc",
    "incoming_email_to",
    "is_internal",
    "message_type",
    "model",
    "outgoing_email_to",
    "parent_id",
    "partner_ids",
    "res_id",
    "subject",
    "subtype_id",
    "tracking_value_ids",
}

# Finishing an activity posts first and then hangs on the files; the mail gateway first takes a
# mail in and then notes whom it went to.
ADDED_WHILE_POSTING = {"attachment_ids", "partner_ids"}


class MailMessage(models.Model):
    """Messages of inquiries are part of the file: nobody edits or deletes them."""

    _inherit = "mail.message"

    def write(self, vals):
        said = SAID & vals.keys()
        kept = self._care_of_inquiries() if said else self.browse()
        if not kept:
            return super().write(vals)
        if said - ADDED_WHILE_POSTING or not kept._care_being_posted():
            kept._care_refuse_change()
        before = {(message.id, name): message[name] for message in kept.sudo() for name in said}
        result = super().write(vals)
        messages = kept.sudo()
        if any(before[message.id, name] - message[name] for message in messages for name in said):
            kept._care_refuse_change()
        return result

    def unlink(self):
        self._care_check_never_deleted()
        return super().unlink()

    def _care_check_never_deleted(self):
        if self._care_of_inquiries():
            raise UserError(
                self.env._(
                    "Messages of inquiries are not deleted: write a new message that puts it right."
                )
            )

    def _care_of_inquiries(self):
        """Those of these messages that nobody changes."""
        if self.env.context.get("care_anonymise") is OURS:
            return self.browse()
        messages = self.sudo().filtered(lambda x: x.model == "helpdesk.ticket" and x.res_id)
        if not messages:
            return self.browse()
        tickets = self.env["helpdesk.ticket"].sudo().browse(messages.mapped("res_id")).exists()
        inquiries = set(tickets.filtered("care_is_inquiry").ids)
        return self.browse(messages.filtered(lambda x: x.res_id in inquiries).ids)

    def _care_being_posted(self):
        """Whether these messages are as new as the transaction, which may still add to them."""
        now = self.env.cr.now().replace(microsecond=0)
        return all(
            message.create_date and message.create_date.replace(microsecond=0) >= now
            for message in self.sudo()
        )

    @api.model
    def _care_refuse_change(self):
        raise UserError(
            self.env._(
                "Messages of inquiries are not changed: write a new message that puts it right."
            )
        )

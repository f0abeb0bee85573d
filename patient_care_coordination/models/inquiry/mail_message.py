from odoo import api, fields, models

from .helpdesk_ticket_identity import COORDINATORS


class MailMessage(models.Model):
    _inherit = "mail.message"

    care_author_id = fields.Many2one(
        "res.partner",
        string="Author, in confidence",
        readonly=True,
        groups=COORDINATORS,
        help="Who wrote it, where the caller does not want that known.",
    )
    care_author_email = fields.Char("Email, in confidence", readonly=True, groups=COORDINATORS)
    care_kept = fields.Boolean(
        compute="_compute_care_kept", help="On an inquiry, so nobody edits or deletes it."
    )
    care_unverified = fields.Boolean(
        compute="_compute_care_kept",
        help="A mail with the address of a colleague: anybody outside could have written it.",
    )

    @api.depends("model", "res_id", "message_type", "author_id")
    def _compute_care_kept(self):
        messages = self.sudo()
        ids = {message.res_id for message in messages if message.model == "helpdesk.ticket"}
        tickets = self.env["helpdesk.ticket"].sudo().browse(ids - {False}).exists()
        inquiries = tickets.filtered("care_is_inquiry")._ids
        for message, known in zip(self, messages, strict=True):
            kept = known.model == "helpdesk.ticket" and known.res_id in inquiries
            author = known.author_id
            message.care_kept = kept
            message.care_unverified = (
                kept and known.message_type == "email" and bool(author) and not author.partner_share
            )

    def _to_store_defaults(self, target):
        return [*super()._to_store_defaults(target), "care_kept", "care_unverified"]

from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError

from odoo.addons.mail.tools.discuss import Store

from ..common.guard import OURS
from .helpdesk_ticket_identity import COORDINATORS


class MailMessage(models.Model):
    _inherit = "mail.message"

    care_author_id = fields.Many2one(
        "res.partner",
        string="Author, in confidence",
        readonly=True,
        copy=False,
        groups=COORDINATORS,
        help="Who wrote it, where the caller does not want that known.",
    )
    care_author_email = fields.Char(
        "Email, in confidence", readonly=True, copy=False, groups=COORDINATORS
    )
    care_kept = fields.Boolean(
        compute="_compute_care_kept", help="On an inquiry, so nobody edits or deletes it."
    )
    care_unverified = fields.Boolean(
        compute="_compute_care_kept",
        help="A mail with the address of a colleague: anybody outside could have written it.",
    )

    care_sender = fields.Selection(
        [("verified", "Verified"), ("unknown", "Not verified"), ("failed", "Failed")],
        string="Sender of the mail",
        readonly=True,
        copy=False,
        help="What the hospital's own mail relay found; without one, no sender is verified.",
    )
    care_digest = fields.Char(
        "Fingerprint of the mail",
        readonly=True,
        copy=False,
        prefetch=False,
        help="Tells a mail that came twice from another one with the same Message-Id.",
    )

    @api.model_create_multi
    def create(self, vals_list):
        messages = super().create(vals_list)
        if not self.env.su:
            messages._care_check_own()
        with_files = [bool(vals.get("attachment_ids")) for vals in vals_list]
        if any(with_files):
            files = (
                self.browse(
                    message.id for message, some in zip(messages, with_files, strict=True) if some
                )
                .sudo()
                .attachment_ids
            )
            files._care_check_not_public()
        return messages

    def _care_check_own(self):
        """Refuse messages of inquiries that somebody writes in another name or for another day.

        What our own code and the mail gateway write comes as the superuser.
        """
        tickets = self.env["helpdesk.ticket"]
        person, now = self.env.user.partner_id, fields.Datetime.now()
        for message in self.sudo().filtered("care_kept"):
            if message.message_type == "email":
                tickets._care_check_gateway()
            if (
                message.author_id != person
                or abs(message.date - now) > timedelta(minutes=1)
                or message.care_author_id
                or message.care_author_email
            ) and not tickets._care_speaks():
                raise AccessError(
                    self.env._(
                        "A message of an inquiry is written in your own name and as of now: log "
                        "what was said before as a contact."
                    )
                )
            # Odoo writes these rows of a new message as the superuser.
            if message.tracking_value_ids and self.env.context.get("care_tracking") is not OURS:
                raise AccessError(
                    self.env._(
                        "What changed on an inquiry is noted by the server alone: write it as text."
                    )
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
        # Of tickets alone: what the web client gets of other messages is what Odoo sends.
        return [
            *super()._to_store_defaults(target),
            *(
                Store.Attr(name, predicate=lambda message: message.model == "helpdesk.ticket")
                for name in ("care_kept", "care_unverified", "care_sender")
            ),
        ]

from odoo import fields, models

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

from odoo import fields, models


class ResCompany(models.Model):
    _inherit = "res.company"

    care_responsible_id = fields.Many2one(
        "res.users",
        string="Signs formal answers",
        domain="[('share', '=', False)]",
        help="The responsible person who signs formal answers to complaints (SI 2009/309 reg. 14).",
    )
    care_signer_ids = fields.Many2many(
        "res.users",
        "care_company_signer_rel",
        "company_id",
        "user_id",
        string="May sign for that person",
        domain="[('share', '=', False)]",
        help="Others who were given the right to sign formal answers.",
    )
    care_responsible_title = fields.Char(
        "Position of who signs", translate=True, help="Chief Executive, for instance."
    )

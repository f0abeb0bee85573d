from odoo import fields, models


class ResCompany(models.Model):
    _inherit = "res.company"

    care_responsible_id = fields.Many2one(
        "res.users",
        string="Signs formal answers",
        domain="[('share', '=', False)]",
        help="The responsible person who signs formal answers to complaints (SI 2009/309 reg. 14).",
    )
    care_responsible_title = fields.Char(
        "Position of who signs", translate=True, help="Chief Executive, for instance."
    )

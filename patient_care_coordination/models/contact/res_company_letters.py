from odoo import fields, models
from odoo.tools.image import image_data_uri


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

    def _care_letterhead(self):
        """What the head of a letter, a report or a file shows."""
        self.ensure_one()
        address = self.partner_id._display_address(without_company=True)
        return {
            "company": self,
            "logo": not self.uses_default_logo and self.logo and image_data_uri(self.logo),
            "company_lines": [line.strip() for line in address.splitlines() if line.strip()],
        }

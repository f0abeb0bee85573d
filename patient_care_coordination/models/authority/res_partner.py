from odoo import api, models
from odoo.exceptions import UserError


class ResPartner(models.Model):
    _inherit = "res.partner"

    @api.ondelete(at_uninstall=False)
    def _care_unlink_except_named(self):
        """Keep contacts that inquiries or rows of patient care name."""
        if self.env["base.partner.merge.automatic.wizard"]._care_is_named(self.ids):
            # It does not say who, nor where: whoever deletes contacts may not know of inquiries.
            raise UserError(
                self.env._(
                    "One of these contacts is named in records that stay as they were written, so "
                    "it cannot be deleted: archive it. If the person asks to be forgotten, ask the "
                    "privacy officer."
                )
            )

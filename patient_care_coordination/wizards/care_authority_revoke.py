from odoo import fields, models

from ..models.common.from_page import from_page


class CareAuthorityRevoke(models.TransientModel):
    """End an authority at once, with the reason."""

    _name = "care.authority.revoke"
    _description = "Revoke an Authority"
    _inherit = ["care.checked.links"]

    authority_id = fields.Many2one("care.authority", required=True)
    reason = fields.Char(required=True)

    @from_page(one=True)
    def action_confirm(self):
        """Revoke it: followers go, the next letter is refused, the history stays."""
        self.ensure_one()
        self.authority_id._care_revoke(self.reason)
        return {"type": "ir.actions.act_window_close"}

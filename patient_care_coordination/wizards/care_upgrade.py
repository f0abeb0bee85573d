from odoo import fields, models
from odoo.exceptions import UserError

from ..models.common.from_page import from_page


class CareUpgrade(models.TransientModel):
    """Change the nature of an inquiry in place, with the reason."""

    _name = "care.upgrade"
    _description = "Change the Nature of an Inquiry"
    _inherit = ["care.checked.links"]

    ticket_id = fields.Many2one("helpdesk.ticket", string="Inquiry", required=True)
    old_nature_id = fields.Many2one(
        related="ticket_id.care_nature_id", string="It is now", related_sudo=False
    )
    nature_id = fields.Many2one("care.nature", string="It becomes", required=True)
    reason = fields.Text(required=True)

    @from_page(one=True)
    def action_confirm(self):
        """Apply the change; raises UserError when nothing would change, or without a reason."""
        self.ensure_one()
        if self.nature_id == self.old_nature_id:
            raise UserError(self.env._("The inquiry is a %s already.", self.nature_id.name.lower()))
        self.ticket_id._care_set_nature(self.nature_id, self.reason)
        return {"type": "ir.actions.act_window_close"}

from odoo import fields, models

from ..models.common.from_page import from_page


class CareRecompute(models.TransientModel):
    """Compute the deadlines of open inquiries by the policies as they are now."""

    _name = "care.recompute"
    _description = "Recompute Deadlines"
    _inherit = ["care.checked.links"]

    ticket_ids = fields.Many2many(
        "helpdesk.ticket",
        string="Inquiries",
        required=True,
        domain="[('care_is_inquiry', '=', True), ('closed_date', '=', False)]",
        default=lambda self: (
            self.env.context.get("active_ids")
            if self.env.context.get("active_model") == "helpdesk.ticket"
            else False
        ),
    )
    reason = fields.Text(required=True)

    @from_page()
    def action_confirm(self):
        """Compute them anew; for supervisors."""
        self.ticket_ids._care_recompute(self.reason)
        return {"type": "ir.actions.act_window_close"}

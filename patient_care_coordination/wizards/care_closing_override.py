from odoo import api, fields, models

from ..models.common.from_page import from_page


class CareClosingOverride(models.TransientModel):
    """Close an inquiry that is not complete: a supervisor, with a reason that is kept."""

    _name = "care.closing.override"
    _description = "Close with a Reason"
    _inherit = ["care.checked.links"]

    ticket_id = fields.Many2one("helpdesk.ticket", string="Inquiry", required=True)
    missing = fields.Text("What is missing", compute="_compute_missing")
    reason = fields.Text(required=True)

    @api.depends("ticket_id")
    def _compute_missing(self):
        for wizard in self:
            ticket = wizard.ticket_id
            gaps = ticket._care_missing().get(ticket.id, []) if ticket else []
            wizard.missing = "\n".join(gaps)

    @from_page(one=True)
    def action_close(self):
        """Close it; the exception is kept and reported."""
        self.ensure_one()
        self.ticket_id._care_close_by_exception(self.reason)
        return {"type": "ir.actions.act_window_close"}

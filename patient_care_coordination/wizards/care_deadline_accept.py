from odoo import fields, models

from ..models.common.from_page import from_page


class CareDeadlineAccept(models.TransientModel):
    """Accept that something was done in time though it was noted too late: by a supervisor."""

    _name = "care.deadline.accept"
    _description = "Accept What Was Noted Too Late"
    _inherit = ["care.checked.links"]

    deadline_id = fields.Many2one("care.deadline", required=True, readonly=True)
    ticket_id = fields.Many2one(related="deadline_id.ticket_id", related_sudo=False)
    kind = fields.Selection(related="deadline_id.kind", related_sudo=False)
    due_text = fields.Char(related="deadline_id.due_text", related_sudo=False)
    claimed_date = fields.Datetime(related="deadline_id.claimed_date", related_sudo=False)
    noted_date = fields.Datetime(related="deadline_id.met_date", string="Noted", related_sudo=False)
    reason = fields.Text(required=True)

    @from_page(one=True)
    def action_confirm(self):
        """Accept it; the reason is kept in the history of the deadline."""
        self.ensure_one()
        self.deadline_id._care_accept(self.reason)
        return {"type": "ir.actions.act_window_close"}

from odoo import fields, models

from ..models.common.from_page import from_page


class CareImprovementReason(models.TransientModel):
    """Why improvements are rejected or reopened, or patterns dismissed."""

    _name = "care.improvement.reason"
    _description = "Reason of a Decision on Improvements"
    _inherit = ["care.checked.links"]

    what = fields.Selection(
        [("reject", "Reject"), ("reopen", "Reopen"), ("dismiss", "Dismiss")],
        required=True,
        readonly=True,
    )
    improvement_ids = fields.Many2many("care.improvement", readonly=True)
    pattern_ids = fields.Many2many("care.pattern", readonly=True)
    reason = fields.Text(required=True)

    @from_page(one=True)
    def action_done(self):
        """Carry it out; the models check who may, and whether it fits their states."""
        self.ensure_one()
        if self.what == "dismiss":
            self.pattern_ids._care_dismiss(self.reason)
        else:
            state = "rejected" if self.what == "reject" else "review"
            self.improvement_ids._care_move(state, self.reason)
        return {"type": "ir.actions.act_window_close"}

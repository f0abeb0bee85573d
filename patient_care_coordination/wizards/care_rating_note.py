from odoo import fields, models
from odoo.exceptions import UserError

from ..models.common.from_page import from_page


class CareRatingNote(models.TransientModel):
    """How satisfied a caller said to be, noted by staff from a call."""

    _name = "care.rating.note"
    _description = "Note Satisfaction from a Call"
    _inherit = ["care.checked.links"]

    ticket_id = fields.Many2one("helpdesk.ticket", string="Inquiry", required=True)
    # Nothing is chosen before: what is kept unread would count as what the caller said.
    score = fields.Selection([("5", "Happy"), ("3", "Neutral"), ("1", "Unhappy")])
    words = fields.Text("In the caller's words")

    @from_page(one=True)
    def action_confirm(self):
        """Keep it with the inquiry."""
        self.ensure_one()
        if not self.score:
            raise UserError(self.env._("Choose how satisfied the caller said to be."))
        self.ticket_id._care_note_rating(int(self.score), self.words)
        return {"type": "ir.actions.act_window_close"}

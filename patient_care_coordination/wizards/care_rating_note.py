from odoo import fields, models


class CareRatingNote(models.TransientModel):
    """How satisfied a caller said to be, noted by staff from a call."""

    _name = "care.rating.note"
    _description = "Note Satisfaction from a Call"

    ticket_id = fields.Many2one("helpdesk.ticket", string="Inquiry", required=True)
    score = fields.Selection(
        [("5", "Happy"), ("3", "Neutral"), ("1", "Unhappy")], required=True, default="3"
    )
    words = fields.Text("In the caller's words")

    def action_confirm(self):
        """Keep it with the inquiry."""
        self.ensure_one()
        self.ticket_id._care_note_rating(int(self.score), self.words)
        return {"type": "ir.actions.act_window_close"}

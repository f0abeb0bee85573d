from odoo import fields, models


class CareReplaySelection(models.Model):
    """Inquiries that somebody who may read them put together for replays.

    Who replays sees numbers and outcomes of them, nothing else.
    """

    _name = "care.replay.selection"
    _description = "Saved Selection for Replays"
    _order = "name, id"

    name = fields.Char(required=True)
    company_id = fields.Many2one(
        "res.company", required=True, index=True, default=lambda self: self.env.company
    )
    ticket_ids = fields.Many2many(
        "helpdesk.ticket",
        "care_replay_selection_ticket_rel",
        "selection_id",
        "ticket_id",
        string="Inquiries",
        groups="patient_care_coordination.group_care_staff",
        domain="[('care_is_inquiry', '=', True)]",
    )
    ticket_count = fields.Integer("Inquiries in it", compute="_compute_ticket_count")

    def _compute_ticket_count(self):
        for selection in self:
            selection.ticket_count = len(selection.sudo().ticket_ids)

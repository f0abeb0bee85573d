from odoo import api, fields, models
from odoo.exceptions import UserError

from ..common.guard import OURS, as_server


class CareDeadlineChange(models.Model):
    """One change of a deadline, with what it was before and why; never edited."""

    _name = "care.deadline.change"
    _description = "Change of a Deadline"
    _order = "date desc, id desc"
    _rec_name = "deadline_id"

    deadline_id = fields.Many2one("care.deadline", required=True, index=True, ondelete="restrict")
    ticket_id = fields.Many2one(
        "helpdesk.ticket", string="Inquiry", required=True, index=True, ondelete="restrict"
    )
    kind = fields.Selection(related="deadline_id.kind", string="Deadline of")
    what = fields.Selection(
        [
            ("extended", "New date, told to the person"),
            ("recomputed", "Recomputed"),
            ("void", "No longer needed"),
            ("accepted", "Noted too late, accepted as done in time"),
        ],
        string="Change",
        required=True,
    )
    old_due = fields.Datetime("Was due", required=True)
    new_due = fields.Datetime("Is due")
    reason = fields.Text(required=True)
    told_date = fields.Datetime("Person told on")
    told_how = fields.Char("Told how")
    agreed = fields.Boolean("The person agreed")
    user_id = fields.Many2one("res.users", string="Changed by", required=True)
    date = fields.Datetime(required=True, default=fields.Datetime.now)

    @api.model
    def _care_note(self, rows):
        """Keep changes: ``[(deadline, what, old due, new due, reason, more values), ...]``."""
        return as_server(self).create(
            [
                {
                    "deadline_id": deadline.id,
                    "ticket_id": deadline.ticket_id.id,
                    "what": what,
                    "old_due": old_due,
                    "new_due": new_due,
                    "reason": reason,
                    "user_id": self.env.user.id,
                    **more,
                }
                for deadline, what, old_due, new_due, reason, more in rows
            ]
        )

    def write(self, vals):
        self._care_check_kept()
        return super().write(vals)

    def unlink(self):
        self._care_check_kept()
        return super().unlink()

    def _care_check_kept(self):
        if self.env.context.get("care_anonymise") is not OURS:
            raise UserError(
                self.env._("The history of a deadline is never changed: add a new entry instead.")
            )

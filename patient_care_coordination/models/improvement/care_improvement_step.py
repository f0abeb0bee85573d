from odoo import fields, models
from odoo.exceptions import UserError

from .care_improvement import STATES


class CareImprovementStep(models.Model):
    """One state an improvement came into: when, by whom, and why. Rows are only added."""

    _name = "care.improvement.step"
    _description = "State of an Improvement"
    _order = "id"
    _rec_name = "state"

    improvement_id = fields.Many2one(
        "care.improvement", required=True, index=True, ondelete="restrict"
    )
    state = fields.Selection(STATES, required=True)
    date = fields.Datetime(required=True, default=fields.Datetime.now)
    user_id = fields.Many2one("res.users", string="By", required=True, ondelete="restrict")
    reason = fields.Text()

    def write(self, vals):  # pylint: disable=method-required-super
        raise UserError(self.env._("How an improvement was decided is never edited."))

    def unlink(self):
        # Not ``ondelete``: that check is skipped for whoever sends the context of an uninstall.
        self._care_check_never_deleted()
        return super().unlink()

    def _care_check_never_deleted(self):
        if self:
            raise UserError(self.env._("How an improvement was decided is never deleted."))

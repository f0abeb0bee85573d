from odoo import fields, models
from odoo.exceptions import UserError

from ..models.common.from_page import from_page


class CarePromiseChange(models.TransientModel):
    """Withdraw a promise, or replace it by a new one; the reason is kept."""

    _name = "care.promise.change"
    _description = "Change of a Promise"
    _inherit = ["care.checked.links"]

    promise_id = fields.Many2one("care.promise", required=True, readonly=True)
    ending = fields.Selection(
        [("withdrawn", "Withdraw"), ("replaced", "Replace")], required=True, readonly=True
    )
    old_what = fields.Text("Was promised", related="promise_id.what", related_sudo=False)
    old_due = fields.Datetime("Was due", related="promise_id.due", related_sudo=False)
    what = fields.Text("New promise")
    due = fields.Datetime("New due date")
    reason = fields.Text(required=True, help="Kept with the promise.")

    @from_page(one=True)
    def action_confirm(self):
        """Apply the change; raises UserError with what is missing."""
        self.ensure_one()
        if self.ending == "withdrawn":
            self.promise_id._care_withdraw(self.reason)
        else:
            if not (self.what or "").strip() or not self.due:
                raise UserError(self.env._("Write the new promise and when it is due."))
            if self.due <= fields.Datetime.now():
                raise UserError(self.env._("The promise is due in the past: enter a time to come."))
            self.promise_id._care_replace(self.what, self.due, self.reason)
        return {"type": "ir.actions.client", "tag": "soft_reload"}

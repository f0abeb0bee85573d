from odoo import fields, models
from odoo.exceptions import UserError

from ..models.common.from_page import from_page


class CareSnooze(models.TransientModel):
    """Put off what is short until a day."""

    _name = "care.snooze"
    _description = "Put Off Reordering"
    _inherit = ["care.checked.links"]

    orderpoint_ids = fields.Many2many("stock.warehouse.orderpoint", required=True)
    until = fields.Date(
        required=True,
        default=lambda self: fields.Date.add(fields.Date.context_today(self), days=7),
    )

    @from_page(one=True)
    def action_snooze(self):
        self.ensure_one()
        if self.until < fields.Date.context_today(self):
            raise UserError(self.env._("Choose a day that is still to come."))
        self.orderpoint_ids.care_snoozed_until = self.until
        return {"type": "ir.actions.client", "tag": "soft_reload"}

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from .helpdesk_ticket import OURS


class CareClosingException(models.Model):
    """One inquiry that a supervisor closed though something was missing; never edited."""

    _name = "care.closing.exception"
    _description = "Closing by Exception"
    _order = "date desc, id desc"
    _rec_name = "ticket_id"

    ticket_id = fields.Many2one(
        "helpdesk.ticket", string="Inquiry", required=True, index=True, ondelete="restrict"
    )
    company_id = fields.Many2one(related="ticket_id.company_id", store=True, index=True)
    nature_id = fields.Many2one("care.nature", index=True, ondelete="restrict")
    missing = fields.Text("What was missing", required=True)
    reason = fields.Text(required=True)
    user_id = fields.Many2one("res.users", string="Closed by", required=True)
    date = fields.Datetime(required=True, index=True)

    @api.model_create_multi
    def create(self, vals_list):
        if self.env.context.get("care_override") is not OURS:
            raise AccessError(
                self.env._("A closing by exception is kept by Close with a reason only.")
            )
        return super().create(vals_list)

    def write(self, vals):
        self._care_check_never_changed()
        return super().write(vals)

    def unlink(self):
        self._care_check_never_changed()
        return super().unlink()

    def _care_check_never_changed(self):
        if self:
            raise UserError(self.env._("A closing by exception is never edited or deleted."))

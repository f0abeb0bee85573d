from odoo import fields, models

from ..models.common.from_page import from_page


class CareFlagEnding(models.TransientModel):
    """End a red flag: say what was done, or why it is none."""

    _name = "care.flag.ending"
    _description = "End a Red Flag"
    _inherit = ["care.checked.links"]

    alarm_id = fields.Many2one("care.flag.alarm", string="Red flag", required=True)
    mode = fields.Selection([("done", "Done"), ("dismiss", "Not a flag")], required=True)
    text = fields.Text(required=True)

    @from_page(one=True)
    def action_confirm(self):
        """End the flag with the words given; they are kept with who wrote them."""
        self.ensure_one()
        if self.mode == "done":
            self.alarm_id._care_finish(self.text)
        else:
            self.alarm_id._care_dismiss(self.text)
        return {"type": "ir.actions.act_window_close"}

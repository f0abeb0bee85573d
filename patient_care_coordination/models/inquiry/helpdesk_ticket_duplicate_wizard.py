from odoo import models

from ..common.from_page import from_page


class HelpdeskTicketDuplicateWizard(models.TransientModel):
    """The form of the helpdesk that marks a duplicate; an inquiry passes its gate here too."""

    _name = "helpdesk.ticket.duplicate.wizard"
    _inherit = ["care.checked.links", "helpdesk.ticket.duplicate.wizard"]

    @from_page(one=True)
    def action_confirm(self):
        if not self.ticket_id.care_is_inquiry:
            return super().action_confirm()
        self.ensure_one()
        self.ticket_id._care_close_as_duplicate(self.duplicate_of_id, self.target_stage_id)
        return {"type": "ir.actions.act_window_close"}

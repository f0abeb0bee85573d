from odoo import fields, models


class CareAnalysis(models.AbstractModel):
    """What the rows of every analysis share: they belong to an inquiry and open it."""

    _name = "care.analysis"
    _description = "Analysis of Inquiries"

    ticket_id = fields.Many2one("helpdesk.ticket", string="Inquiry", readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)

    def action_care_open(self):
        """Open the inquiry of this row."""
        self.ensure_one()
        self.ticket_id.check_access("read")
        return {
            "type": "ir.actions.act_window",
            "res_model": "helpdesk.ticket",
            "res_id": self.ticket_id.id,
            "views": [(False, "form")],
        }

from odoo import fields, models

from ..common.from_page import from_page


class HelpdeskTicket(models.Model):
    """What is out on loan for an inquiry."""

    _inherit = "helpdesk.ticket"

    care_lent_ids = fields.One2many(
        "stock.lot",
        "care_ticket_id",
        string="Out on loan",
        groups="patient_care_coordination.group_coordinator",
        copy=False,
        readonly=True,
    )

    @from_page(one=True)
    def action_care_lend(self):
        """Open the form that lends things for this inquiry."""
        self.ensure_one()
        self.check_access("write")
        action = self.env["ir.actions.actions"]._for_xml_id(
            "patient_care_coordination.action_care_loan"
        )
        return action | {"context": {"default_ticket_id": self.id}}

from odoo import fields, models

from ..common.from_page import from_page
from ..common.guard import as_server
from ..inquiry.helpdesk_ticket import STAFF


class HelpdeskTicket(models.Model):
    """The faults that an inquiry is about."""

    _inherit = "helpdesk.ticket"

    care_fault_ids = fields.One2many(
        "care.fault", "ticket_id", string="Faults", readonly=True, copy=False, groups=STAFF
    )

    @from_page(one=True)
    def action_care_report_fault(self):
        """Open the form that reports a fault for this inquiry."""
        self.ensure_one()
        action = self.env["ir.actions.actions"]._for_xml_id(
            "patient_care_coordination.action_care_fault_report"
        )
        return action | {
            "context": {
                "default_ticket_id": self.id,
                "default_department_id": self.care_department_id.id,
            }
        }

    def _care_equipment_note(self, text, tell=False):
        """Note on the inquiry what happens to equipment; ``tell`` whoever works on it, too."""
        self.ensure_one()
        ticket = as_server(self)
        people = ticket.user_id.partner_id if tell else self.env["res.partner"]
        ticket.message_post(
            body=text,
            message_type="notification",
            subtype_xmlid="mail.mt_note",
            partner_ids=people.ids,
        )

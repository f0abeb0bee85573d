from odoo import api, fields, models
from odoo.exceptions import UserError

from ..common.from_page import from_page
from ..inquiry.helpdesk_ticket import STAFF


class HelpdeskTicket(models.Model):
    """What an inquiry asked of the store, and which shortages lie behind it."""

    _inherit = "helpdesk.ticket"

    care_supply_request_ids = fields.One2many(
        "care.supply.request", "ticket_id", string="Supply requests", groups=STAFF, copy=False
    )
    care_supply_text = fields.Text("Supplies", compute="_compute_care_supply_text", groups=STAFF)
    care_shortage_ids = fields.Many2many(
        "care.shortage",
        "care_shortage_ticket_rel",
        "ticket_id",
        "shortage_id",
        string="Shortages behind it",
        groups=STAFF,
        copy=False,
        help="What was short and made people ask or complain.",
    )

    @api.depends("care_supply_request_ids.arrival", "care_supply_request_ids.state")
    @api.depends_context("lang", "tz")
    def _compute_care_supply_text(self):
        for ticket in self:
            requests = ticket.care_supply_request_ids.filtered(
                lambda request: request.state not in ("draft", "cancelled")
            )
            ticket.care_supply_text = "\n".join(
                f"{request.name}: {request._care_what()}. {request.arrival}"
                for request in requests.sorted("id")
            )

    @from_page(one=True)
    def action_care_ask_store(self):
        """Open the small form that asks the store for what this inquiry needs."""
        self.ensure_one()
        if not self.care_is_inquiry:
            raise UserError(self.env._("The store is asked for inquiries alone."))
        if self.closed:
            raise UserError(
                self.env._("Inquiry %s is closed: reopen it before you ask.", self.number)
            )
        department = self.care_department_id
        action = self.env["ir.actions.actions"]._for_xml_id(
            "patient_care_coordination.action_supply_ask"
        )
        return action | {
            "context": {
                "default_ticket_id": self.id,
                "default_department_id": department.id if department.is_ward else False,
            }
        }

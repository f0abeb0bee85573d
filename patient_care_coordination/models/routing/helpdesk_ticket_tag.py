from odoo import models


class HelpdeskTicketTag(models.Model):
    _name = "helpdesk.ticket.tag"
    _inherit = ["helpdesk.ticket.tag", "care.routing.reference"]

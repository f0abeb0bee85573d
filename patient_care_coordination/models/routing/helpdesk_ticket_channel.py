from odoo import models


class HelpdeskTicketChannel(models.Model):
    _name = "helpdesk.ticket.channel"
    _inherit = ["helpdesk.ticket.channel", "care.routing.reference"]

from odoo import models


class HelpdeskTicketCategory(models.Model):
    _inherit = "helpdesk.ticket.category"

    def _care_lies_in(self, topic):
        """Whether this category is the topic or lies below it."""
        return (self.parent_path or "").startswith(topic.parent_path or f"{topic.id}/")

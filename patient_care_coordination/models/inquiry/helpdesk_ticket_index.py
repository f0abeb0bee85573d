from odoo import models


class HelpdeskTicket(models.Model):
    """The indexes behind the orders and filters of the worklists."""

    _inherit = "helpdesk.ticket"

    _care_worklist_idx = models.Index(
        "(user_id, care_received_date) WHERE care_is_inquiry AND closed_date IS NULL"
    )
    _care_team_worklist_idx = models.Index(
        "(team_id, care_received_date) WHERE care_is_inquiry AND closed_date IS NULL"
    )
    _care_waiting_idx = models.Index(
        "(care_waiting, care_received_date) WHERE care_is_inquiry AND closed_date IS NULL"
    )
    _care_closed_idx = models.Index("(closed_date) WHERE care_is_inquiry")

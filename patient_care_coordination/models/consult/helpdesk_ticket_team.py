from odoo import models


class HelpdeskTicketTeam(models.Model):
    _inherit = "helpdesk.ticket.team"

    def _care_consult_members(self, company):
        """Members of staff of a company who answer for this team."""
        return self.sudo().user_ids.filtered(
            lambda user: user.active and not user.share and company in user.company_ids
        )

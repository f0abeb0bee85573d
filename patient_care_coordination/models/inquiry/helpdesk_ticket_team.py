from odoo import fields, models
from odoo.exceptions import UserError


class HelpdeskTicketTeam(models.Model):
    _inherit = "helpdesk.ticket.team"

    care_desk = fields.Boolean(
        "Patient care desk",
        help="What arrives through this team's alias, portal or form is an inquiry.",
    )

    def write(self, vals):
        if vals.get("active") is False or vals.get("care_desk") is False:
            self._care_check_not_triage()
        return super().write(vals)

    def unlink(self):
        self._care_check_not_triage()
        return super().unlink()

    def _care_check_not_triage(self):
        """A triage team is where inquiries land that no rule wants: it must stay."""
        company = self.env["res.company"].sudo().search([("care_triage_team_id", "in", self.ids)])
        if company:
            raise UserError(
                self.env._(
                    "%(team)s is the triage team of %(company)s: choose another triage team in "
                    "the settings of the company first.",
                    team=company[0].care_triage_team_id.name,
                    company=company[0].name,
                )
            )

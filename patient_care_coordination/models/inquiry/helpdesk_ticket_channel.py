from odoo import api, fields, models


class HelpdeskTicketChannel(models.Model):
    _inherit = "helpdesk.ticket.channel"

    care_code = fields.Selection(
        [
            ("phone", "Phone"),
            ("letter", "Letter"),
            ("email", "E-mail"),
            ("in_person", "In person"),
            ("portal", "Portal"),
            ("form", "Form"),
        ],
        string="Kind",
        help="What rules, clocks and reports take this channel for.",
    )

    @api.model
    def _care_by_code(self, code, company=None):
        """The first channel of a kind that a company, else the current ones, may use, or none."""
        companies = company or self.env.companies
        return self.sudo().search(
            [("care_code", "=", code), ("company_id", "in", [False, *companies.ids])], limit=1
        )

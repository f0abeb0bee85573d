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
    def _care_by_code(self, code):
        """The first channel of a kind that the current companies may use, or none."""
        return self.sudo().search(
            [("care_code", "=", code), ("company_id", "in", [False, *self.env.companies.ids])],
            limit=1,
        )

from odoo import api, fields, models
from odoo.tools import SQL, sql


class RatingRating(models.Model):
    """Ratings of inquiries are read where the inquiry is read, and written by nobody's hand."""

    _inherit = "rating.rating"

    care_ticket_id = fields.Many2one(
        "helpdesk.ticket",
        string="Inquiry",
        compute="_compute_care_ticket_id",
        store=True,
        index="btree_not_null",
        compute_sudo=True,
    )

    def _auto_init(self):
        # Without this, an installation on a full database would compute each rating in memory.
        if not sql.column_exists(self.env.cr, self._table, "care_ticket_id"):
            sql.create_column(self.env.cr, self._table, "care_ticket_id", "int4")
            self.env.cr.execute(
                SQL(
                    """
                    UPDATE rating_rating SET care_ticket_id = ticket.id
                      FROM helpdesk_ticket ticket
                     WHERE rating_rating.res_model = 'helpdesk.ticket'
                       AND rating_rating.res_id = ticket.id
                    """
                )
            )
        return super()._auto_init()

    @api.depends("res_model", "res_id")
    def _compute_care_ticket_id(self):
        mine = self.filtered(lambda rating: rating.res_model == "helpdesk.ticket")
        tickets = self.env["helpdesk.ticket"].browse(mine.mapped("res_id")).exists()
        for rating in self:
            ticket = tickets.browse(rating.res_id if rating in mine else [])
            rating.care_ticket_id = ticket & tickets

from odoo import fields, models
from odoo.tools import SQL

from ..common.from_page import from_page


class CareAnalysis(models.AbstractModel):
    """What the rows of every analysis share: the facts of their inquiry, which they open.

    What is joined to a row is one row at most, so that PostgreSQL leaves out a join of which no
    column is asked for: a pivot costs what it shows.
    """

    _name = "care.analysis"
    _description = "Analysis of Inquiries"
    _depends = {
        "helpdesk.ticket": [
            "care_is_inquiry",
            "care_received_date",
            "care_nature_id",
            "care_department_id",
            "category_id",
            "channel_id",
            "company_id",
            "team_id",
            "user_id",
        ],
        "helpdesk.ticket.category": ["parent_path"],
    }

    ticket_id = fields.Many2one("helpdesk.ticket", string="Inquiry", readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    received_date = fields.Datetime("Received", readonly=True)
    nature_id = fields.Many2one("care.nature", readonly=True)
    channel_id = fields.Many2one("helpdesk.ticket.channel", string="Came by", readonly=True)
    category_id = fields.Many2one("helpdesk.ticket.category", readonly=True)
    theme_id = fields.Many2one(
        "helpdesk.ticket.category",
        readonly=True,
        help="The category below its domain; sub-categories count with theirs.",
    )
    category_main_id = fields.Many2one("helpdesk.ticket.category", "Domain", readonly=True)
    department_id = fields.Many2one("care.department", readonly=True)
    team_id = fields.Many2one("helpdesk.ticket.team", readonly=True)
    user_id = fields.Many2one("res.users", string="Person", readonly=True)

    def _care_shared(self, category="ticket.category_id", department="ticket.care_department_id"):
        """``(columns, joins)`` of what is said above, for a row that is joined as ``ticket``.

        :param category: what the row is about, where that is not what its inquiry is about
        """
        columns = SQL(
            """
            ticket.id AS ticket_id,
            ticket.care_received_date AS received_date,
            ticket.care_nature_id AS nature_id,
            ticket.channel_id,
            %(category)s AS category_id,
            split_part(category.parent_path, '/', 1)::integer AS category_main_id,
            COALESCE(NULLIF(split_part(category.parent_path, '/', 2), ''),
                     split_part(category.parent_path, '/', 1))::integer AS theme_id,
            %(department)s AS department_id,
            ticket.team_id,
            ticket.user_id
            """,
            category=SQL(category),
            department=SQL(department),
        )
        joins = SQL(
            "LEFT JOIN helpdesk_ticket_category category ON category.id = %s", SQL(category)
        )
        return columns, joins

    @from_page(one=True)
    def action_care_open(self):
        """Open the inquiry of this row."""
        self.ensure_one()
        self.ticket_id.check_access("read")
        return {
            "type": "ir.actions.act_window",
            "res_model": "helpdesk.ticket",
            "res_id": self.ticket_id.id,
            "views": [(False, "form")],
        }

    @from_page()
    def action_care_propose(self):
        """Propose an improvement with the inquiries of these rows as its evidence."""
        return self.env["care.improvement"]._care_propose(self.ticket_id)

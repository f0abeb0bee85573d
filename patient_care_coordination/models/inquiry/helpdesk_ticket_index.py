from odoo import fields, models

from ..common.columns import add_empty_columns


class HelpdeskTicket(models.Model):
    """An index for each order, filter and search of the worklists.

    PostgreSQL takes a partial index only when the query repeats its condition: the ORM writes
    ``care_is_inquiry IS TRUE``, so the conditions here do too. The few open inquiries get their
    own small indexes; the many closed ones weigh nothing on the daily lists.
    """

    _inherit = "helpdesk.ticket"

    # The search box finds a part of a word. Without the extension pg_trgm Odoo leaves these out.
    number = fields.Char(index="trigram")
    name = fields.Char(index="trigram")
    partner_name = fields.Char(index="trigram")
    partner_email = fields.Char(index="trigram")
    category_id = fields.Many2one(index="btree_not_null")
    # Both sides of a duplicate are looked up.
    duplicate_id = fields.Many2one(index="btree_not_null")
    channel_id = fields.Many2one(index="btree_not_null")

    _care_open_idx = models.Index(
        "(care_received_date, id) WHERE care_is_inquiry IS TRUE AND closed_date IS NULL"
    )
    _care_worklist_idx = models.Index(
        "(user_id, care_received_date, id) WHERE care_is_inquiry IS TRUE AND closed_date IS NULL"
    )
    _care_team_worklist_idx = models.Index(
        "(team_id, care_received_date, id) WHERE care_is_inquiry IS TRUE AND closed_date IS NULL"
    )
    _care_waiting_idx = models.Index(
        "(care_waiting, care_received_date, id)"
        " WHERE care_is_inquiry IS TRUE AND closed_date IS NULL"
    )
    _care_closed_idx = models.Index(
        "(closed_date) WHERE care_is_inquiry IS TRUE AND closed_date IS NOT NULL"
    )
    _care_urgent_idx = models.Index(
        "(care_received_date, id) WHERE care_is_inquiry IS TRUE AND priority IN ('2', '3')"
    )
    _care_problem_idx = models.Index(
        "(care_received_date, id) WHERE care_is_inquiry IS TRUE AND care_intake_error IS NOT NULL"
    )
    _care_archived_idx = models.Index(
        "(care_received_date, id) WHERE care_is_inquiry IS TRUE AND active IS NOT TRUE"
    )

    def _auto_init(self):
        # The plain tickets that are there already keep the day on which they were changed last.
        add_empty_columns(self, ("care_", "rating_"))
        return super()._auto_init()

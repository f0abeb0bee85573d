from odoo import fields, models
from odoo.tools import SQL

from ..clock.care_policy_clock import KINDS


class CareDeadlineReport(models.Model):
    """Deadlines of inquiries, a row each, without those no longer needed.

    ``due_count`` and ``met_count`` are denominator and numerator of the percentage; ``open_count``
    are those that run and are not due yet.
    """

    _name = "care.deadline.report"
    _description = "Deadline Analysis"
    _inherit = ["care.analysis"]
    _auto = False
    _order = "due desc, id desc"
    _rec_name = "ticket_id"
    _depends = {
        "care.deadline": [
            "ticket_id",
            "company_id",
            "policy_id",
            "kind",
            "round",
            "start",
            "due",
            "extended",
            "met_date",
            "accepted",
            "void_date",
            "working_days",
        ],
    }

    kind = fields.Selection(KINDS, string="What", readonly=True)
    policy_id = fields.Many2one("care.policy", readonly=True)
    round = fields.Integer(readonly=True, aggregator=None)
    due = fields.Datetime(readonly=True)
    met_date = fields.Datetime("Met", readonly=True)
    state = fields.Selection(
        [("met", "Met in time"), ("late", "Met too late"), ("missed", "Missed"), ("open", "Runs")],
        readonly=True,
    )
    extended = fields.Integer("Extended ones", readonly=True)
    accepted = fields.Integer("Accepted afterwards", readonly=True)
    due_count = fields.Integer("Were due", readonly=True)
    met_count = fields.Integer("In time", readonly=True)
    open_count = fields.Integer("Not due yet", readonly=True)
    met_rate = fields.Float("In time (%)", readonly=True, aggregator="avg")
    days_taken = fields.Float(
        "Mean days until met", readonly=True, aggregator="avg", help="Of those that are met."
    )
    working_days = fields.Float(
        "Mean working days until met",
        readonly=True,
        aggregator="avg",
        help="By the calendar of the policy, of those that are met.",
    )
    days_late = fields.Float(
        "Mean days late",
        readonly=True,
        aggregator="avg",
        help="Of those missed or met too late, until now where nothing was done.",
    )

    @property
    def _table_query(self):
        shared, joins = self._care_shared()
        return SQL(
            """
            SELECT deadline.id, deadline.company_id, deadline.kind, deadline.policy_id,
                   deadline.round, deadline.due, deadline.met_date,
                   CASE WHEN deadline.met_date > deadline.due THEN 'late'
                        WHEN deadline.met_date IS NOT NULL THEN 'met'
                        WHEN deadline.due < %(now)s THEN 'missed'
                        ELSE 'open' END AS state,
                   deadline.extended::integer AS extended,
                   deadline.accepted::integer AS accepted,
                   (deadline.met_date IS NOT NULL OR deadline.due < %(now)s)::integer AS due_count,
                   ((deadline.met_date <= deadline.due) IS TRUE)::integer AS met_count,
                   (deadline.met_date IS NULL AND deadline.due >= %(now)s)::integer AS open_count,
                   CASE WHEN deadline.met_date IS NOT NULL THEN
                            100.0::float * (deadline.met_date <= deadline.due)::integer
                        WHEN deadline.due < %(now)s THEN 0.0 END AS met_rate,
                   (EXTRACT(EPOCH FROM deadline.met_date - deadline.start) / 86400)::float
                       AS days_taken,
                   CASE WHEN deadline.met_date IS NOT NULL
                        THEN deadline.working_days::float END AS working_days,
                   CASE WHEN COALESCE(deadline.met_date, %(now)s) > deadline.due THEN
                       (EXTRACT(EPOCH FROM COALESCE(deadline.met_date, %(now)s) - deadline.due)
                        / 86400)::float END AS days_late,
                   %(shared)s
              FROM care_deadline deadline
              LEFT JOIN helpdesk_ticket ticket ON ticket.id = deadline.ticket_id
              %(joins)s
             WHERE deadline.void_date IS NULL
            """,
            now=fields.Datetime.now(),
            shared=shared,
            joins=joins,
        )

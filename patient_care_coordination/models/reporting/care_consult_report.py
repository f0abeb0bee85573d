from odoo import fields, models
from odoo.tools import SQL


class CareConsultReport(models.Model):
    """Consults about inquiries, a row each: who was asked, and whether the answer came in time.

    One that was cancelled has no answer to wait for: it is in neither numerator nor denominator.
    """

    _name = "care.consult.report"
    _description = "Consult Analysis"
    _inherit = ["care.analysis"]
    _auto = False
    _order = "asked_date desc, id desc"
    _rec_name = "ticket_id"
    _depends = {
        "care.consult": [
            "ticket_id",
            "company_id",
            "department_id",
            "team_id",
            "state",
            "asked_date",
            "due",
            "ended_date",
            "reminded_date",
            "escalated_date",
        ],
    }

    asked_date = fields.Datetime("Asked on", readonly=True)
    due = fields.Datetime(readonly=True)
    ended_date = fields.Datetime("Ended on", readonly=True)
    state = fields.Selection(
        lambda self: self.env["care.consult"]._fields["state"].selection, readonly=True
    )
    asked_department_id = fields.Many2one("care.department", "Department asked", readonly=True)
    asked_team_id = fields.Many2one("helpdesk.ticket.team", "Team asked", readonly=True)
    due_count = fields.Integer("Were due", readonly=True)
    met_count = fields.Integer("In time", readonly=True)
    open_count = fields.Integer("Not due yet", readonly=True)
    met_rate = fields.Float("In time (%)", readonly=True, aggregator="avg")
    declined = fields.Integer("Declined ones", readonly=True)
    reminded = fields.Integer("Reminded ones", readonly=True)
    escalated = fields.Integer("Lead told", readonly=True)
    days_held = fields.Float(
        "Mean days held",
        readonly=True,
        aggregator="avg",
        help="Until now where it is not answered.",
    )

    @property
    def _table_query(self):
        shared, joins = self._care_shared()
        return SQL(
            """
            SELECT consult.id, consult.company_id, consult.asked_date, consult.due,
                   consult.ended_date, consult.state,
                   consult.department_id AS asked_department_id,
                   consult.team_id AS asked_team_id,
                   (consult.state IN ('answered', 'declined')
                    OR consult.state = 'asked' AND consult.due < %(now)s)::integer AS due_count,
                   (consult.state IN ('answered', 'declined')
                    AND consult.ended_date <= consult.due)::integer AS met_count,
                   (consult.state = 'asked' AND consult.due >= %(now)s)::integer AS open_count,
                   CASE WHEN consult.state IN ('answered', 'declined') THEN
                            100.0::float * (consult.ended_date <= consult.due)::integer
                        WHEN consult.state = 'asked' AND consult.due < %(now)s THEN 0.0
                   END AS met_rate,
                   (consult.state = 'declined')::integer AS declined,
                   (consult.reminded_date IS NOT NULL)::integer AS reminded,
                   (consult.escalated_date IS NOT NULL)::integer AS escalated,
                   (EXTRACT(EPOCH FROM COALESCE(consult.ended_date, %(now)s) - consult.asked_date)
                    / 86400)::float AS days_held,
                   %(shared)s
              FROM care_consult consult
              LEFT JOIN helpdesk_ticket ticket ON ticket.id = consult.ticket_id
              %(joins)s
            """,
            now=fields.Datetime.now(),
            shared=shared,
            joins=joins,
        )

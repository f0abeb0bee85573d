from odoo import fields, models
from odoo.tools import SQL

from ..common.from_page import from_page
from ..improvement.care_improvement import shared


class CareIssueReport(models.Model):
    """Issues of inquiries, a row each: severity, stage of care and finding."""

    _name = "care.issue.report"
    _description = "Issue Analysis"
    _inherit = ["care.analysis"]
    _auto = False
    _order = "received_date desc, id desc"
    _rec_name = "ticket_id"
    _depends = {
        "care.issue": [
            "ticket_id",
            "company_id",
            "category_id",
            "severity",
            "stage_of_care",
            "department_id",
            "finding",
        ],
    }

    severity = fields.Selection(
        lambda self: self.env["care.issue"]._fields["severity"].selection, readonly=True
    )
    stage_of_care = fields.Selection(
        lambda self: self.env["care.issue"]._fields["stage_of_care"].selection,
        string="Stage of care",
        readonly=True,
    )
    finding = fields.Selection(
        lambda self: self.env["care.issue"]._fields["finding"].selection, readonly=True
    )
    severe = fields.Integer("Of severity 3", readonly=True)
    found = fields.Integer("With a finding", readonly=True, help="Upheld, partly or not.")
    upheld = fields.Integer("Upheld, also partly", readonly=True)
    upheld_rate = fields.Float(
        "Upheld, also partly (%)", readonly=True, aggregator="avg", help="Of those with a finding."
    )

    @property
    def _table_query(self):
        shared, joins = self._care_shared(
            category="issue.category_id",
            department="COALESCE(issue.department_id, ticket.care_department_id)",
        )
        return SQL(
            """
            SELECT issue.id, issue.company_id, issue.severity, issue.stage_of_care, issue.finding,
                   ((issue.severity = '3') IS TRUE)::integer AS severe,
                   ((issue.finding IN ('upheld', 'partly', 'not_upheld')) IS TRUE)::integer
                       AS found,
                   ((issue.finding IN ('upheld', 'partly')) IS TRUE)::integer AS upheld,
                   CASE WHEN issue.finding IN ('upheld', 'partly', 'not_upheld')
                        THEN 100.0::float * (issue.finding <> 'not_upheld')::integer
                   END AS upheld_rate,
                   %s
              FROM care_issue issue
              LEFT JOIN helpdesk_ticket ticket ON ticket.id = issue.ticket_id
              %s
            """,
            shared,
            joins,
        )

    @from_page()
    def action_care_propose(self):
        """Propose an improvement about what these issues share: an inquiry may have others."""
        action = super().action_care_propose()
        action["context"] |= {
            "default_category_id": shared(self, "category_id").id,
            "default_department_id": shared(self, "department_id").id,
        }
        return action

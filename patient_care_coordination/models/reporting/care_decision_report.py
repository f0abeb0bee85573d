from odoo import fields, models
from odoo.tools import SQL

from ..common.from_page import from_page
from ..inquiry.helpdesk_ticket import STAFF


class CareDecisionReport(models.Model):
    """Routing decisions, a row each: what brought inquiries to teams, and what moved them on.

    An arrival whose inquiry went to another team since was perhaps placed wrongly.
    """

    _name = "care.decision.report"
    _description = "Decision Analysis"
    _inherit = ["care.analysis"]
    _auto = False
    _order = "date desc, id desc"
    _rec_name = "ticket_id"
    _depends = {
        "care.decision": [
            "ticket_id",
            "company_id",
            "ruleset_id",
            "rule_id",
            "team_id",
            "source",
            "event",
            "create_date",
        ],
    }

    date = fields.Datetime("Decided on", readonly=True)
    source = fields.Selection(
        lambda self: self.env["care.decision"]._fields["source"].selection,
        string="Decided by",
        readonly=True,
    )
    event = fields.Selection(
        lambda self: self.env["care.decision"]._fields["event"].selection,
        string="Occasion",
        readonly=True,
    )
    ruleset_id = fields.Many2one("care.ruleset", string="Version", readonly=True)
    rule_id = fields.Many2one("care.rule", readonly=True)
    to_team_id = fields.Many2one("helpdesk.ticket.team", string="Given to", readonly=True)
    user_id = fields.Many2one(groups=STAFF)
    arrivals = fields.Integer(readonly=True)
    by_rule = fields.Integer("Arrivals placed by a rule", readonly=True)
    no_rule = fields.Integer("Arrivals no rule placed", readonly=True)
    moved_on = fields.Integer("Went to another team since", readonly=True)
    moved_rate = fields.Float(
        "Went to another team since (%)",
        readonly=True,
        aggregator="avg",
        help="Of the arrivals placed by a rule, an address or the catch-all.",
    )

    @property
    def _table_query(self):
        shared, joins = self._care_shared()
        return SQL(
            """
            SELECT decision.id, decision.company_id, decision.create_date AS date,
                   decision.source, decision.event, decision.ruleset_id, decision.rule_id,
                   decision.team_id AS to_team_id,
                   (decision.event = 'create')::integer AS arrivals,
                   (decision.event = 'create' AND decision.source = 'rule'
                    AND rule.catch_all IS NOT TRUE)::integer AS by_rule,
                   (decision.event = 'create' AND decision.source = 'rule'
                    AND rule.catch_all IS TRUE)::integer AS no_rule,
                   (decision.event = 'create' AND moved.ticket_id IS NOT NULL)::integer
                       AS moved_on,
                   CASE WHEN decision.event = 'create' AND decision.source IN ('rule', 'hint')
                        THEN 100.0::float * (moved.ticket_id IS NOT NULL)::integer
                   END AS moved_rate,
                   %s
              FROM care_decision decision
              LEFT JOIN helpdesk_ticket ticket ON ticket.id = decision.ticket_id
              LEFT JOIN care_rule rule ON rule.id = decision.rule_id
              LEFT JOIN (
                  SELECT ticket_id FROM care_decision
                   GROUP BY ticket_id HAVING COUNT(DISTINCT team_id) > 1
              ) moved ON moved.ticket_id = decision.ticket_id
              %s
            """,
            shared,
            joins,
        )

    @from_page(one=True)
    def action_care_open(self):
        """Open the inquiry, or where the user reads none the decision alone."""
        self.ensure_one()
        if self.ticket_id.has_access("read"):
            return super().action_care_open()
        action = self.env["ir.actions.actions"]._for_xml_id(
            "patient_care_coordination.action_decisions"
        )
        return action | {"domain": [("id", "=", self.id)], "context": {}}

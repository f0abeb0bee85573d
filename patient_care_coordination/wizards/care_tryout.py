from odoo import api, fields, models
from odoo.exceptions import UserError

from ..models.common.from_page import from_page
from ..models.inquiry.helpdesk_ticket import RELATIONS


class CareTryout(models.TransientModel):
    """Type or paste one message and see at once where a version would send it, and why."""

    _name = "care.tryout"
    _description = "Try a Rule Set on One Message"
    _inherit = ["care.checked.links"]

    ruleset_id = fields.Many2one(
        "care.ruleset",
        string="Version",
        required=True,
        default=lambda self: self.env["care.ruleset"].search(
            [("state", "=", "live"), ("company_id", "=", self.env.company.id)], limit=1
        ),
    )
    subject = fields.Char()
    text = fields.Text("Message")
    channel_id = fields.Many2one("helpdesk.ticket.channel")
    nature_id = fields.Many2one("care.nature")
    category_id = fields.Many2one("helpdesk.ticket.category", context={"care_short": True})
    department_id = fields.Many2one("care.department")
    lang_id = fields.Many2one("res.lang", string="Language", context={"active_test": False})
    relation = fields.Selection(RELATIONS, string="Caller is")
    outcome = fields.Char(readonly=True)
    prepared = fields.Char(readonly=True)
    line_ids = fields.One2many("care.tryout.line", "tryout_id", string="Rules", readonly=True)
    routing_line_ids = fields.One2many(
        "care.tryout.line",
        "tryout_id",
        string="Routing rules",
        domain=[("kind", "=", "routing")],
        readonly=True,
    )
    preparation_line_ids = fields.One2many(
        "care.tryout.line",
        "tryout_id",
        string="Preparation rules",
        domain=[("kind", "=", "preparation")],
        readonly=True,
    )

    @api.depends("ruleset_id")
    def _compute_display_name(self):
        for tryout in self:
            tryout.display_name = self.env._("Try it")

    @from_page(one=True)
    def action_try(self):
        """Show the outcome and the trace; nothing is written to any inquiry."""
        self.ensure_one()
        if not (self.subject or self.text):
            raise UserError(self.env._("Type or paste a message first."))
        tickets = self.env["helpdesk.ticket"].sudo()
        vals = {
            "company_id": self.ruleset_id.company_id.id,
            "name": self.subject or "",
            "description": self.text or "",
            "channel_id": self.channel_id.id,
            "care_nature_id": self.nature_id.id
            or self.env["care.nature"].search([("code", "=", "question")], limit=1).id,
            "care:nature_default": not self.nature_id,
            "category_id": self.category_id.id,
            "care_department_id": self.department_id.id,
            "care_lang_id": self.lang_id.id,
            "care_relation": self.relation,
        }
        shared = tickets._care_shared_facts([vals])
        plain = self.ruleset_id.sudo()._care_plain()
        shared["open"] = self.env["resource.calendar"].browse(plain["calendars"])._care_open()
        facts, truths = tickets._care_facts(vals, shared), {}
        truth = tickets._care_domain_truth(tickets._care_draft_record(vals), plain, truths)
        decision = plain["rules"].decide(facts, truth)
        self.line_ids.unlink()
        self.write(
            {
                "outcome": self._care_outcome(decision, plain),
                "prepared": self._care_prepared(decision),
                "line_ids": self.env["care.trace"]._care_lines(
                    self.ruleset_id, plain["rules"].trace(facts, truth)
                ),
            }
        )
        return True

    def _care_outcome(self, decision, plain):
        """The sentence that the inquiry would carry."""
        tickets = self.env["helpdesk.ticket"]
        record = self.env["care.decision"].new(
            {
                "source": "rule",
                "team_id": plain["targets"][decision["rule"]]["team"],
                "rule_id": decision["rule"],
                "evidence": tickets._care_evidence(decision, plain),
            }
        )
        return record._care_sentence()

    def _care_prepared(self, decision):
        """What the preparation rules would set, in words."""
        rules = self.env["care.rule"].browse([item["rule"] for item in decision["preparation"]])
        parts = [
            self.env._("rule '%(rule)s' sets %(what)s", rule=rule.name, what=rule.effect_text)
            for rule in rules
        ]
        return "; ".join(parts) or self.env._("No preparation rule matched.")


class CareTryoutLine(models.TransientModel):
    _name = "care.tryout.line"
    _inherit = "care.trace.line"
    _description = "Rule in a Try-out"

    trace_id = fields.Many2one(required=False)
    tryout_id = fields.Many2one("care.tryout", required=True, index=True, ondelete="cascade")

from odoo import api, fields, models

from ..models.inquiry.helpdesk_ticket import OURS

# What staff may read of why somebody was left out.
SHOWN_TO_ADMINISTRATORS = ("role", "skill", "capacity", "subject", "inactive")


class CareTrace(models.TransientModel):
    """Why: every rule of a version with its result for one inquiry, and who could have got it."""

    _name = "care.trace"
    _description = "Trace of a Routing Decision"
    _inherit = ["care.checked.links"]

    sentence = fields.Char("Reason", readonly=True)
    ruleset_id = fields.Many2one("care.ruleset", string="Version", readonly=True)
    decided_date = fields.Datetime("Decided", readonly=True)
    line_ids = fields.One2many("care.trace.line", "trace_id", string="Rules", readonly=True)
    routing_line_ids = fields.One2many(
        "care.trace.line",
        "trace_id",
        string="Routing rules",
        domain=[("kind", "=", "routing")],
        readonly=True,
    )
    preparation_line_ids = fields.One2many(
        "care.trace.line",
        "trace_id",
        string="Preparation rules",
        domain=[("kind", "=", "preparation")],
        readonly=True,
    )
    person_ids = fields.One2many("care.trace.person", "trace_id", string="People", readonly=True)

    @api.depends("ruleset_id")
    def _compute_display_name(self):
        for trace in self:
            trace.display_name = self.env._("Why?")

    @api.model
    def _care_of_decision(self, decision):
        """The action that shows the trace of a decision, recomputed from its version."""
        # Everybody reads why an inquiry went where it did, also who reads no rules.
        trace = self.with_context(care_links=OURS).create(
            {
                "sentence": decision.with_env(self.env).sudo().sentence,
                "ruleset_id": decision.ruleset_id.id,
                "decided_date": decision.create_date,
                "line_ids": self._care_lines(decision.ruleset_id, decision._care_trace()),
                "person_ids": self._care_people(decision),
            }
        )
        return trace._care_open()

    @api.model
    def _care_lines(self, ruleset, rows):
        """Commands for the rows of ``Compiled.trace``, with the failing line in words."""
        rules = {rule.id: rule for rule in ruleset.sudo().rule_ids}
        commands = []
        for number, row in enumerate(rows, start=1):
            rule = rules.get(row["rule"])
            if rule:
                result, detail = self._care_result(rule, row)
                commands.append(
                    fields.Command.create(
                        {
                            "sequence": number,
                            "kind": row["list"],
                            "rule_id": rule.id,
                            "result": result,
                            "detail": detail,
                        }
                    )
                )
        return commands

    @api.model
    def _care_result(self, rule, row):
        """``(result, detail)`` of one row."""
        failed = row["failed"]
        if failed is None:
            if row["reached"]:
                words = rule.with_env(self.env).sudo()
                if row["list"] == "routing":
                    return "matched", words.condition_text
                return "matched", self.env._(
                    "%(when)s: sets %(what)s", when=words.condition_text, what=words.effect_text
                )
            return "later", self.env._("it would hold too, but an earlier rule was first")
        if not row["reached"]:
            return "unreached", False
        if isinstance(failed, int):
            line = rule._care_lines()[failed].with_env(self.env).sudo()
            return "failed", self.env._("does not hold: %s", line.sentence)
        words = {
            "paused": self.env._("the rule is paused"),
            "validity": self.env._("it was not valid on that day"),
            "domain": self.env._("its advanced domain could not be read"),
            "no condition": self.env._("it has no condition"),
        }
        return "skipped", words.get(failed) or self.env._("it refers to something archived")

    @api.model
    def _care_people(self, decision):
        """Commands for the pool: who was chosen and who was left out.

        Staff read "not available" for everybody; administrators and supervisors read the kind.
        """
        user = self.env.user
        insider = user.has_group("patient_care_coordination.group_routing_admin") or user.has_group(
            "patient_care_coordination.group_supervisor"
        )
        rows = []
        how = (decision.evidence or {}).get("how")
        if decision.user_id and how:
            rows.append({"user_id": decision.user_id.id, "result": "chosen"})
        kept = decision.sudo().candidates or []
        known = self.env["res.users"].sudo().browse([user_id for user_id, _why in kept]).exists()
        for user_id, why in kept:
            if user_id not in known.ids:
                continue
            shown = why if insider and why in SHOWN_TO_ADMINISTRATORS else "unavailable"
            rows.append({"user_id": user_id, "result": shown})
        return [fields.Command.create(row) for row in rows]

    def _care_open(self):
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Why?"),
            "res_model": self._name,
            "res_id": self.id,
            "view_mode": "form",
            "target": "new",
        }


class CareTraceLine(models.TransientModel):
    _name = "care.trace.line"
    _description = "Rule in a Trace"
    _inherit = ["care.checked.links"]
    _order = "sequence, id"

    trace_id = fields.Many2one("care.trace", required=True, index=True, ondelete="cascade")
    sequence = fields.Integer("Order")
    kind = fields.Selection([("preparation", "Preparation"), ("routing", "Routing")])
    rule_id = fields.Many2one("care.rule", ondelete="cascade")
    result = fields.Selection(
        [
            ("matched", "Matched"),
            ("failed", "Did not match"),
            ("skipped", "Left out"),
            ("later", "Came too late"),
            ("unreached", "Not reached"),
        ]
    )
    detail = fields.Char()


class CareTracePerson(models.TransientModel):
    _name = "care.trace.person"
    _description = "Person in a Trace"
    _inherit = ["care.checked.links"]
    _order = "id"

    trace_id = fields.Many2one("care.trace", required=True, index=True, ondelete="cascade")
    user_id = fields.Many2one("res.users", string="Person", ondelete="cascade")
    result = fields.Selection(
        [
            ("chosen", "Chosen"),
            ("unavailable", "Not available"),
            ("role", "Has no role that reads inquiries"),
            ("skill", "Lacks a required skill or language"),
            ("capacity", "At capacity"),
            ("subject", "The inquiry is about this person"),
            ("inactive", "Archived"),
        ]
    )

from odoo import api, fields, models
from odoo.exceptions import UserError


class CareRule(models.Model):
    """One preparation or routing rule of a rule set."""

    _name = "care.rule"
    _description = "Routing Rule"
    _order = "ruleset_id, kind, catch_all, sequence, id"

    ruleset_id = fields.Many2one("care.ruleset", required=True, index=True, ondelete="cascade")
    company_id = fields.Many2one(related="ruleset_id.company_id", store=True, index=True)
    state = fields.Selection(related="ruleset_id.state")
    kind = fields.Selection(
        [("preparation", "Preparation"), ("routing", "Routing")],
        required=True,
        default="routing",
        help="Preparation rules complete the inquiry and all that match run; of the routing "
        "rules the first that matches names the team.",
    )
    sequence = fields.Integer(default=100)
    name = fields.Char(required=True)
    reason = fields.Char(
        translate=True, help="Why, in words for staff; added to the sentence on the inquiry."
    )
    catch_all = fields.Boolean(readonly=True, help="The last rule: takes what no other took.")
    line_ids = fields.One2many("care.rule.line", "rule_id", string="Conditions", copy=True)
    condition_text = fields.Char("When", compute="_compute_condition_text")
    effect_text = fields.Char("Then", compute="_compute_effect_text")
    nature_id = fields.Many2one("care.nature", ondelete="restrict")
    category_ids = fields.Many2many(
        "helpdesk.ticket.category", "care_rule_category_rel", "rule_id", "category_id"
    )
    tag_ids = fields.Many2many("helpdesk.ticket.tag", "care_rule_tag_rel", "rule_id", "tag_id")
    priority = fields.Selection([("0", "Low"), ("1", "Medium"), ("2", "High"), ("3", "Very High")])
    team_id = fields.Many2one("helpdesk.ticket.team", index="btree_not_null", ondelete="restrict")
    team_hint = fields.Char(
        "Intended team", help="What the rule file calls the team; choose yours beside it."
    )

    @api.depends("line_ids", "catch_all")
    def _compute_condition_text(self):
        for rule in self:
            if rule.catch_all:
                rule.condition_text = self.env._("Nothing else matched")
            else:
                rule.condition_text = self.env._(" and ").join(rule.line_ids.mapped("sentence"))

    @api.depends("nature_id", "category_ids", "tag_ids", "priority", "team_id", "team_hint")
    def _compute_effect_text(self):
        for rule in self:
            parts = rule.category_ids.mapped("name") + rule.tag_ids.mapped("name")
            if rule.nature_id:
                parts.append(rule.nature_id.name)
            if rule.priority:
                label = dict(rule._fields["priority"]._description_selection(self.env))
                parts.append(self.env._("priority %s", label[rule.priority]))
            if rule.kind == "routing":
                parts.append(
                    rule.team_id.name or self.env._("no team yet (%s)", rule.team_hint or "?")
                )
            rule.effect_text = ", ".join(parts)

    @api.model_create_multi
    def create(self, vals_list):
        rules = super().create(vals_list)
        rules.ruleset_id._check_draft()
        return rules

    def write(self, vals):
        self.ruleset_id._check_draft()
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_locked(self):
        self.ruleset_id._check_draft()
        if any(rule.catch_all for rule in self):
            raise UserError(
                self.env._("The catch-all stays: without it an inquiry could have no team.")
            )

    def _care_problems(self):
        """Sentences that keep this rule from going live."""
        self.ensure_one()
        problems = []
        if self.kind == "routing" and not self.team_id:
            problems.append(self.env._("choose the team"))
        if self.team_id and not self.team_id.active:
            problems.append(self.env._("the team %s is archived", self.team_id.name))
        if not self.line_ids and not self.catch_all:
            problems.append(self.env._("it has no condition"))
        for line in self.line_ids:
            problems += line._care_problems()
        return problems

    def _care_to_engine(self):
        """This rule as the plain dict that the engine takes; see ``engine.compile_rules``."""
        self.ensure_one()
        rule = {
            "id": self.id,
            "lines": [line._care_to_engine() for line in self.line_ids],
            "catch_all": self.catch_all,
        }
        if self.kind == "preparation":
            effects = {
                "nature": self.nature_id.id,
                "category": self.category_ids.ids,
                "priority": self.priority,
                "tags": self.tag_ids.ids,
            }
            rule["effects"] = {key: value for key, value in effects.items() if value}
        return rule

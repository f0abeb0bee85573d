from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import SQL

from ..common.from_page import from_page
from ..inquiry.helpdesk_ticket import OURS
from .care_rule_line import ALL

HITS_DAYS = 90


class CareRule(models.Model):
    """One preparation or routing rule of a rule set."""

    _name = "care.rule"
    _description = "Routing Rule"
    _order = "ruleset_id, kind, catch_all, sequence, id"
    _check_company_auto = True

    ruleset_id = fields.Many2one(
        "care.ruleset", string="Rule set", required=True, index=True, ondelete="cascade"
    )
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
    position = fields.Integer(
        "Place",
        compute="_compute_position",
        inverse="_inverse_position",
        help="Where it runs among the rules of its list; type another place to move it.",
    )
    name = fields.Char(required=True)
    lineage = fields.Integer(
        readonly=True, index=True, help="The same rule in every version has the same number."
    )
    reason = fields.Char(
        translate=True,
        help="Why, in words for staff: shown when no word of the text says it by itself.",
    )
    note = fields.Text(help="For administrators: where it comes from, what to watch.")
    owner_id = fields.Many2one(
        "res.users", domain=[("share", "=", False)], help="Whom to ask about this rule."
    )
    paused = fields.Boolean(help="The rule stays in its place and matches nothing.")
    valid_from = fields.Date("Valid from")
    valid_to = fields.Date("Valid until", help="The last day on which the rule counts.")
    catch_all = fields.Boolean(
        "Catch-all", readonly=True, help="The last rule: takes what no other took."
    )
    line_ids = fields.One2many("care.rule.line", "rule_id", string="Conditions", copy=True)
    condition_text = fields.Char("When", compute="_compute_condition_text")
    effect_text = fields.Char("Then", compute="_compute_effect_text")

    # What a preparation rule sets.
    nature_id = fields.Many2one("care.nature", ondelete="restrict")
    category_ids = fields.Many2many(
        "helpdesk.ticket.category",
        "care_rule_category_rel",
        "rule_id",
        "category_id",
        string="Categories",
        ondelete="restrict",
        context=ALL,
    )
    tag_ids = fields.Many2many(
        "helpdesk.ticket.tag",
        "care_rule_tag_rel",
        "rule_id",
        "tag_id",
        string="Tags",
        ondelete="restrict",
        context=ALL,
    )
    priority = fields.Selection([("0", "Low"), ("1", "Medium"), ("2", "High"), ("3", "Very High")])
    flag_ids = fields.Many2many(
        "care.red.flag",
        "care_rule_flag_rel",
        "rule_id",
        "flag_id",
        string="Red flags",
        ondelete="restrict",
        context=ALL,
        help="Raised at once: people are alerted and the inquiry becomes urgent.",
    )
    follower_ids = fields.Many2many(
        "res.users",
        "care_rule_follower_rel",
        "rule_id",
        "user_id",
        string="Followers",
        domain="[('share', '=', False)]",
        ondelete="restrict",
        context=ALL,
        help="Staff who are told of every message; only those who may read inquiries follow.",
    )
    consult_ids = fields.Many2many(
        "care.consult.template",
        "care_rule_consult_rel",
        "rule_id",
        "template_id",
        string="Consults",
        ondelete="restrict",
        context=ALL,
        check_company=True,
        help="Questions that are put to others at once; by default they get no more than the "
        "question.",
    )

    # Where a routing rule sends it.
    team_id = fields.Many2one(
        "helpdesk.ticket.team", index="btree_not_null", ondelete="restrict", check_company=True
    )
    team_hint = fields.Char(
        "Intended team", help="What the rule file calls the team; choose yours beside it."
    )
    closed_policy = fields.Selection(
        [
            ("hold", "Wait until it opens"),
            ("backup", "Send to the backup team"),
            ("on_call", "Send to the on-call team"),
        ],
        string="When the team is closed",
        required=True,
        default="hold",
    )
    backup_team_id = fields.Many2one(
        "helpdesk.ticket.team",
        string="Backup team",
        index="btree_not_null",
        ondelete="restrict",
        check_company=True,
        help="Takes over while the team is closed, as long as it is open itself.",
    )
    on_call_team_id = fields.Many2one(
        "helpdesk.ticket.team",
        string="On-call team",
        index="btree_not_null",
        ondelete="restrict",
        check_company=True,
        help="Takes over while the team is closed, at any hour.",
    )
    user_id = fields.Many2one(
        "res.users",
        string="Always to",
        domain=[("share", "=", False)],
        ondelete="restrict",
        help="This person gets it, if she is there; else it is chosen as the team does.",
    )
    skill_ids = fields.Many2many(
        "care.skill",
        "care_rule_skill_rel",
        "rule_id",
        "skill_id",
        string="Required skills",
        ondelete="restrict",
        context=ALL,
    )
    preferred_skill_ids = fields.Many2many(
        "care.skill",
        "care_rule_preferred_rel",
        "rule_id",
        "skill_id",
        string="Preferred skills",
        ondelete="restrict",
        context=ALL,
    )
    speaks_language = fields.Boolean(
        "Must speak the caller's language", help="If the language of the inquiry is known."
    )
    urgent_text = fields.Text(
        "Call this number now",
        translate=True,
        help="For urgent matters: shown to staff on the inquiry and added to automatic answers. "
        "Routing is never the only safety net.",
    )

    hit_count = fields.Integer("Hits (90 days)", compute="_compute_hits")
    last_hit = fields.Datetime("Last hit", compute="_compute_hits")
    overturned = fields.Float(
        compute="_compute_hits",
        help="Share of its inquiries of the last 90 days that a person moved elsewhere within "
        "two days.",
    )

    @api.depends("ruleset_id.rule_ids.sequence")
    def _compute_position(self):
        for rules in self.grouped(lambda rule: (rule.ruleset_id, rule.kind)).values():
            ordered = rules.ruleset_id.rule_ids.filtered(
                lambda rule, kind=rules[0].kind: rule.kind == kind
            ).sorted(lambda rule: (rule.catch_all, rule.sequence, rule._origin.id or 0))
            places = {rule: place for place, rule in enumerate(ordered, start=1)}
            for rule in rules:
                rule.position = places.get(rule, 0)

    @api.depends("line_ids.sentence", "line_ids.alternative", "catch_all")
    @api.depends_context("lang")
    def _compute_condition_text(self):
        for rule in self:
            if rule.catch_all:
                rule.condition_text = self.env._("nothing else matched")
                continue
            groups = rule._care_lines().grouped("alternative")
            texts = [
                self.env._(" and ").join(groups[number].mapped("sentence"))
                for number in sorted(groups)
            ]
            if len(texts) > 1:
                texts = [f"({text})" for text in texts]
            rule.condition_text = self.env._(" or ").join(texts)

    @api.depends(
        "kind",
        "nature_id",
        "category_ids",
        "tag_ids",
        "flag_ids",
        "priority",
        "follower_ids",
        "consult_ids",
        "team_id",
        "team_hint",
        "user_id",
        "closed_policy",
        "backup_team_id",
        "on_call_team_id",
    )
    @api.depends_context("lang")
    def _compute_effect_text(self):
        for rule in self:
            parts = rule._care_routing_parts() if rule.kind == "routing" else rule._care_set_parts()
            rule.effect_text = ", ".join(parts)

    def _care_set_parts(self):
        """What a preparation rule sets, in words."""
        parts = self.category_ids.mapped("name") + self.tag_ids.mapped("name")
        if self.nature_id:
            parts.append(self.nature_id.name)
        if self.priority:
            label = dict(self._fields["priority"]._description_selection(self.env))
            parts.append(self.env._("priority %s", label[self.priority]))
        if self.flag_ids:
            parts.append(self.env._("red flag %s", ", ".join(self.flag_ids.mapped("name"))))
        if self.follower_ids:
            parts.append(self.env._("tell %s", ", ".join(self.follower_ids.mapped("name"))))
        if self.consult_ids:
            parts.append(self.env._("ask %s", ", ".join(self.consult_ids.mapped("name"))))
        return parts

    def _care_routing_parts(self):
        """Where a routing rule sends an inquiry, in words."""
        parts = [self.team_id.name or self.env._("no team yet (%s)", self.team_hint or "?")]
        if self.user_id:
            parts.append(self.user_id.name)
        if self.closed_policy == "backup" and self.backup_team_id:
            parts.append(self.env._("%s when closed", self.backup_team_id.name))
        if self.closed_policy == "on_call" and self.on_call_team_id:
            parts.append(self.env._("%s when closed", self.on_call_team_id.name))
        return parts

    def _compute_hits(self):
        """Counts over every version of the rule, from the decisions alone."""
        self.env["care.decision"].flush_model()
        lineages = [rule.lineage for rule in self if rule.lineage]
        since = fields.Datetime.now() - timedelta(days=HITS_DAYS)
        rows = {}
        if lineages:
            query = SQL(
                """
                SELECT rule.lineage,
                       count(DISTINCT decision.ticket_id)
                           FILTER (WHERE decision.create_date >= %(since)s),
                       max(decision.create_date),
                       count(DISTINCT decision.ticket_id) FILTER (
                           WHERE decision.create_date >= %(since)s AND EXISTS (
                           SELECT FROM care_decision human
                            WHERE human.ticket_id = decision.ticket_id
                              AND human.source = 'human'
                              AND human.event = 'move'
                              AND human.id > decision.id
                              AND human.team_id IS DISTINCT FROM decision.team_id
                              AND human.create_date <= decision.create_date + interval '2 days'))
                  FROM care_decision decision
                  JOIN care_rule rule ON rule.id = decision.rule_id
                 WHERE rule.lineage IN %(lineages)s
                   AND decision.event IN ('create', 'change', 'again')
              GROUP BY rule.lineage
                """,
                since=since,
                lineages=tuple(lineages),
            )
            rows = {row[0]: row[1:] for row in self.env.execute_query(query)}
            preparing = [
                rule.lineage for rule in self if rule.kind == "preparation" and rule.lineage
            ]
            if preparing:
                rows |= self._care_preparation_hits(preparing, since)
        for rule in self:
            hits, last, overturned = rows.get(rule.lineage, (0, False, 0))
            rule.hit_count, rule.last_hit = hits, last
            rule.overturned = overturned / hits if hits else 0.0

    @api.model
    def _care_preparation_hits(self, lineages, since):
        """``{lineage: (hits, last hit, 0)}`` of preparation rules over the last 90 days."""
        query = SQL(
            """
            SELECT rule.lineage, count(DISTINCT decision.ticket_id),
                   max(decision.create_date), 0
              FROM care_decision decision
        CROSS JOIN LATERAL jsonb_array_elements(decision.evidence -> 'preparation') item
              JOIN care_rule rule ON rule.id = (item ->> 0)::int
             WHERE decision.create_date >= %(since)s
               AND decision.event = 'create'
               AND jsonb_typeof(decision.evidence -> 'preparation') = 'array'
               AND rule.lineage IN %(lineages)s
          GROUP BY rule.lineage
            """,
            since=since,
            lineages=tuple(lineages),
        )
        return {row[0]: row[1:] for row in self.env.execute_query(query)}

    def _inverse_position(self):
        for rule in self:
            place = rule.position
            others = list(rule._care_siblings() - rule)
            if place > 0 and not rule.catch_all:
                others.insert(place - 1, rule)
                rule._care_number(others)

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            self._check_unsealed(vals.get("catch_all") or vals.get("lineage"))
        rules = super().create(vals_list)
        rules.ruleset_id._check_draft()
        for rule in rules:
            if not rule.lineage:
                rule.with_context(care_seal=OURS).lineage = rule.id
        rules._care_keep_catch_all_last()
        return rules

    def write(self, vals):
        self.ruleset_id._check_draft()
        self._check_unsealed({"catch_all", "lineage"} & set(vals))
        if "kind" in vals and self.filtered("catch_all"):
            raise UserError(self.env._("The catch-all is a routing rule and stays one."))
        result = super().write(vals)
        if "ruleset_id" in vals:
            self.ruleset_id._check_draft()
        if {"sequence", "ruleset_id"} & set(vals):
            self._care_keep_catch_all_last()
        return result

    @api.model
    def _check_unsealed(self, sealed):
        """Which rule takes the rest, and which is the same in every version, is not edited."""
        if sealed and not self.env.su and self.env.context.get("care_seal") is not OURS:
            raise AccessError(self.env._("The catch-all of a version cannot be changed."))

    def _care_keep_catch_all_last(self):
        """Screens order rules by their number, so that of the catch-all is the highest."""
        for ruleset in self.ruleset_id:
            last = ruleset.rule_ids.filtered("catch_all")
            highest = max((ruleset.rule_ids - last).mapped("sequence"), default=0)
            for rule in last.filtered(lambda rule, highest=highest: rule.sequence <= highest):
                rule.sequence = highest + 1000

    @api.ondelete(at_uninstall=False)
    def _unlink_except_locked(self):
        self.ruleset_id._check_draft()
        if any(rule.catch_all for rule in self):
            raise UserError(
                self.env._("The catch-all stays: without it an inquiry could have no team.")
            )

    @from_page(one=True)
    def action_move_up(self):
        """Change places with the rule before, for those who use no mouse."""
        return self._care_move(-1)

    @from_page(one=True)
    def action_move_down(self):
        """Change places with the rule behind."""
        return self._care_move(1)

    def _care_move(self, step):
        self.ensure_one()
        order = list(self._care_siblings())
        if self not in order:
            return True
        place = order.index(self)
        if 0 <= place + step < len(order):
            order[place], order[place + step] = order[place + step], order[place]
            self._care_number(order)
        return True

    def _care_siblings(self):
        """The rules of the same list in run order, without the catch-all."""
        return self.ruleset_id._care_in_run_order().filtered(
            lambda rule: rule.kind == self.kind and not rule.catch_all
        )

    @api.model
    def _care_number(self, order):
        """Number rules so that they run in this order, writing only what changes."""
        for number, rule in enumerate(order, start=1):
            if rule.sequence != number * 10:
                rule.sequence = number * 10

    # ------------------------------------------------------------------
    # Translation to the engine
    # ------------------------------------------------------------------

    def _care_references(self):
        """The records without which this rule cannot work, one recordset for each place."""
        self.ensure_one()
        records = [
            line._care_records() for line in self.line_ids if line.field not in ("language",)
        ]
        records += [self.team_id, self.category_ids, self.skill_ids, self.nature_id]
        if self.closed_policy == "backup":
            records.append(self.backup_team_id)
        if self.closed_policy == "on_call":
            records.append(self.on_call_team_id)
        return records

    def _care_archived(self):
        """Names of what this rule refers to and is archived: such a rule is skipped."""
        self.ensure_one()
        return [
            record.display_name
            for group in self._care_references()
            for record in group
            if "active" in record._fields and not record.active
        ]

    def _care_to_engine(self, broken=None):
        """This rule as the plain dict that the engine takes; see the engine's own text."""
        self.ensure_one()
        rule = {
            "id": self.id,
            "lines": [line._care_to_engine() for line in self._care_lines()],
            "catch_all": self.catch_all,
            "broken": broken,
            "paused": self.paused,
            "valid_from": fields.Date.to_string(self.valid_from) or None,
            "valid_to": fields.Date.to_string(self.valid_to) or None,
        }
        if self.kind == "preparation":
            effects = {
                "nature": self.nature_id.id,
                "category": self.category_ids.ids,
                "priority": self.priority,
                "tags": self.tag_ids.ids,
                "flags": self.flag_ids.ids,
                "followers": self.follower_ids.ids,
                "consults": self.consult_ids.ids,
            }
            rule["effects"] = {key: value for key, value in effects.items() if value}
        return rule

    def _care_lines(self):
        """The conditions in their order, also when they were just edited."""
        return self.line_ids.sorted(
            lambda line: (line.alternative, line.sequence, line._origin.id or 0)
        )

    def _care_content(self):
        """All that this rule does and asks for, without its own number, to compare rules by."""
        plain = self._care_to_engine()
        plain.pop("id")
        for line, record in zip(plain["lines"], self._care_lines(), strict=True):
            if record.field == "domain":
                line["values"] = [record.domain]
        return [plain, self._care_target(), self.name, self.reason, self.urgent_text]

    def _care_target(self):
        """What happens to an inquiry that this rule takes, as plain values for the cache."""
        self.ensure_one()
        return {
            "team": self.team_id.id,
            "closed": self.closed_policy,
            "backup": self.backup_team_id.id,
            "on_call": self.on_call_team_id.id,
            "user": self.user_id.id,
            "skills": set(self.skill_ids.ids),
            "preferred": set(self.preferred_skill_ids.ids),
            "speaks": self.speaks_language,
            "catch_all": self.catch_all,
        }

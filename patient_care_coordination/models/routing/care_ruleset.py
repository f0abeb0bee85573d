import hashlib
import json

from odoo import api, fields, models, tools
from odoo.exceptions import AccessError, UserError

from ..common.from_page import from_page
from ..inquiry.helpdesk_ticket import OURS
from . import engine

# What tells that a version is trusted: written by our own steps alone.
SEALED = {
    "activated_by_id",
    "activated_date",
    "origin_id",
    "replayed_by_id",
    "replayed_date",
    "replayed_fingerprint",
    "replayed_summary",
    "starter_key",
    "state",
    "version",
}


class CareRuleset(models.Model):
    """One version of the ordered routing configuration of a company.

    Draft, live or retired; one is live per company, and a live one is never edited.
    """

    _name = "care.ruleset"
    _inherit = ["mail.thread", "mail.activity.mixin"]
    _description = "Routing Rule Set"
    _order = "company_id, version desc, id desc"

    name = fields.Char(compute="_compute_name")
    version = fields.Integer(required=True, readonly=True, copy=False, default=1)
    note = fields.Char(help="What this version changes, in one line.", copy=False)
    state = fields.Selection(
        [("draft", "Draft"), ("live", "Live"), ("retired", "Retired")],
        required=True,
        readonly=True,
        copy=False,
        default="draft",
    )
    company_id = fields.Many2one(
        "res.company", required=True, index=True, default=lambda self: self.env.company
    )
    starter_key = fields.Char(
        "Starter",
        readonly=True,
        copy=False,
        help="Which edition of the shipped rules this version holds.",
    )
    origin_id = fields.Many2one("care.ruleset", string="Made from", readonly=True, copy=False)
    rule_ids = fields.One2many("care.rule", "ruleset_id", string="Rules", copy=True)
    preparation_rule_ids = fields.One2many(
        "care.rule",
        "ruleset_id",
        string="Preparation rules",
        domain=[("kind", "=", "preparation")],
        copy=False,
    )
    routing_rule_ids = fields.One2many(
        "care.rule",
        "ruleset_id",
        string="Routing rules",
        domain=[("kind", "=", "routing")],
        copy=False,
    )
    activated_by_id = fields.Many2one("res.users", string="Activated by", readonly=True, copy=False)
    activated_date = fields.Datetime("Activated", readonly=True, copy=False)
    replayed_by_id = fields.Many2one(
        "res.users", string="Replay seen by", readonly=True, copy=False
    )
    replayed_date = fields.Datetime("Replay seen", readonly=True, copy=False)
    replayed_fingerprint = fields.Char("Fingerprint of the replay", readonly=True, copy=False)
    replayed_summary = fields.Char("Replay", readonly=True, copy=False)
    replay_current = fields.Boolean("Replay is current", compute="_compute_replay_current")
    decision_count = fields.Integer("Decisions", compute="_compute_decision_count")

    _one_live = models.UniqueIndex(
        "(company_id) WHERE state = 'live'", "Only one rule set can be live in a company."
    )
    _version_uniq = models.Constraint(
        "unique (company_id, version)", "This version exists already in the company."
    )

    @api.depends("version")
    @api.depends_context("lang")
    def _compute_name(self):
        for ruleset in self:
            ruleset.name = self.env._("Version %s", ruleset.version)

    def _compute_decision_count(self):
        counts = dict(
            self.env["care.decision"]._read_group(
                [("ruleset_id", "in", self.ids)], ["ruleset_id"], ["__count"]
            )
        )
        for ruleset in self:
            ruleset.decision_count = counts.get(ruleset, 0)

    @api.depends(
        "replayed_fingerprint",
        *(
            f"rule_ids.{name}"
            for name in (
                "condition_text",
                "effect_text",
                "name",
                "paused",
                "preferred_skill_ids",
                "reason",
                "sequence",
                "skill_ids",
                "speaks_language",
                "urgent_text",
                "valid_from",
                "valid_to",
            )
        ),
    )
    def _compute_replay_current(self):
        for ruleset in self:
            seen = ruleset.replayed_fingerprint
            ruleset.replay_current = bool(seen) and (
                ruleset.state != "draft" or seen == ruleset._care_fingerprint()
            )

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            self._check_unsealed(vals)
        highest = {}
        for vals in vals_list:
            company_id = vals.setdefault("company_id", self.env.company.id)
            if company_id not in highest:
                latest = self.sudo().search([("company_id", "=", company_id)], limit=1)
                highest[company_id] = latest.version
            highest[company_id] += 1
            vals["version"] = highest[company_id]
        return super().create(vals_list)

    def write(self, vals):
        self._check_unsealed(vals)
        if {"note", "company_id", "rule_ids", "preparation_rule_ids", "routing_rule_ids"} & set(
            vals
        ):
            self._check_draft()
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_used(self):
        self._check_draft()

    @api.model
    def _check_unsealed(self, vals):
        """Nobody makes a version live, or a replay seen, but by doing it."""
        if SEALED & set(vals) and not self.env.su and self.env.context.get("care_seal") is not OURS:
            raise AccessError(
                self.env._("Versions are made live by Activate, after a check and a replay.")
            )

    def _check_draft(self):
        """A live or retired version explains past decisions, so it never changes."""
        fixed = self.filtered(lambda ruleset: ruleset.state != "draft")
        if fixed:
            raise UserError(
                self.env._(
                    "%(name)s is %(state)s and cannot be edited: choose Change to open a draft.",
                    name=fixed[0].name,
                    state=fixed[0]._fields["state"].convert_to_export(fixed[0].state, fixed[0]),
                )
            )

    @from_page(one=True)
    def action_change(self):
        """Open a draft copy of this version, whether it is live or retired."""
        self.ensure_one()
        draft = self.with_context(care_seal=OURS).copy(
            {"company_id": self.company_id.id, "origin_id": self.id}
        )
        return {
            "type": "ir.actions.act_window",
            "res_model": self._name,
            "view_mode": "form",
            "res_id": draft.id,
        }

    @from_page()
    def action_activate(self):
        """Make this draft the live version; no inquiry moves.

        Raises UserError when a check finds an error or nobody has seen a replay of these very
        rules.
        """
        for ruleset in self:
            ruleset._check_draft()
            ruleset._check_activation()
            if not ruleset.replay_current:
                raise UserError(
                    self.env._(
                        "%(name)s cannot go live yet. Look at a replay of it first: what it "
                        "would have done with the inquiries of the last weeks.",
                        name=ruleset.name,
                    )
                )
            ruleset._care_activate()
        return True

    def _care_activate(self):
        """Let this version take the place of the live one, for every worker."""
        self.ensure_one()
        sealed = self.with_context(care_seal=OURS)
        live = sealed.search([("company_id", "=", self.company_id.id), ("state", "=", "live")])
        live.write({"state": "retired"})
        live.flush_recordset()
        sealed.write(
            {
                "state": "live",
                "activated_by_id": self.env.user.id,
                "activated_date": fields.Datetime.now(),
            }
        )
        self.env.registry.clear_cache()

    @from_page(one=True)
    def action_compare(self):
        """Show what this version changes, against the one it was made from or the live one."""
        self.ensure_one()
        live = self.search([("company_id", "=", self.company_id.id), ("state", "=", "live")])
        other = self.origin_id if self.state != "draft" or not live else live
        compare = self.env["care.ruleset.compare"].create(
            {"old_id": (other or live or self).id, "new_id": self.id}
        )
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Differences"),
            "res_model": "care.ruleset.compare",
            "res_id": compare.id,
            "view_mode": "form",
        }

    @from_page(one=True)
    def action_replay(self):
        """Open the replay of this draft."""
        self.ensure_one()
        replay = self.env["care.replay"].create({"ruleset_id": self.id})
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Replay"),
            "res_model": "care.replay",
            "res_id": replay.id,
            "view_mode": "form",
        }

    @from_page(one=True)
    def action_apply_to_open(self):
        """Preview what the live version would do with open inquiries nobody attended to."""
        self.ensure_one()
        if self.state != "live":
            raise UserError(self.env._("Only the live version can be applied to open inquiries."))
        self.check_access("write")
        return self.env["care.reroute"]._care_preview_open(self.company_id)._care_open()

    # ------------------------------------------------------------------
    # Translation to the engine
    # ------------------------------------------------------------------

    @api.model
    @tools.ormcache("company_id")
    def _care_live(self, company_id):
        """The live version of a company as plain values, or None.

        ``{"id", "rules" (compiled), "targets" {rule: target}, "sets" {preparation rule:
        categories}, "domains" {line: Domain}, "calendars" [ids asked for]}``. Cached until the
        registry is signalled: a live set is immutable, and what makes a rule break signals.
        """
        ruleset = self.sudo().search([("company_id", "=", company_id), ("state", "=", "live")])
        return ruleset._care_plain() if ruleset else None

    def _care_plain(self, broken=None):
        """This version as ``_care_live`` gives it.

        ``broken`` maps rule ids to why they were left out at some moment; by default it is what
        is archived now.
        """
        self.ensure_one()
        rules = self.sudo().with_context(active_test=False)._care_in_run_order()
        if broken is None:
            broken = {rule.id: "archived" for rule in rules if rule._care_archived()}
        preparation = rules.filtered(lambda rule: rule.kind == "preparation")
        routing = rules - preparation
        domains = rules.line_ids.filtered(lambda line: line.field == "domain")
        return {
            "id": self.id,
            "rules": engine.compile_rules(
                [rule._care_to_engine(broken.get(rule.id)) for rule in preparation],
                [rule._care_to_engine(broken.get(rule.id)) for rule in routing],
            ),
            "targets": {rule.id: rule._care_target() for rule in routing},
            "sets": {rule.id: rule.category_ids.ids for rule in preparation},
            "domains": {line.id: line._care_parsed_domain() for line in domains},
            "domain_texts": {line.id: line.domain for line in domains},
            "calendars": sorted(rules.line_ids.calendar_ids.ids),
        }

    def _care_in_run_order(self):
        """The rules in the order in which they run, also when they were just edited."""
        return self.rule_ids.sorted(
            lambda rule: (rule.kind, rule.catch_all, rule.sequence, rule.id)
        )

    def _care_fingerprint(self):
        """What these rules do, as a short text that changes whenever that changes."""
        self.ensure_one()
        content = [rule._care_content() for rule in self._care_in_run_order()]
        text = json.dumps(content, sort_keys=True, default=sorted)
        return hashlib.sha256(text.encode()).hexdigest()[:20]

    @api.model
    def _care_references_changed(self, records):
        """Something that rules may refer to was archived or came back.

        Workers forget their compiled rules, and whoever leads the routing is told which live
        rules are skipped from now on.
        """
        rules = self.env["care.rule"].sudo().search([("ruleset_id.state", "=", "live")])
        names = {(records._name, record.id) for record in records}
        touched = rules.filtered(
            lambda rule: any(
                (group._name, record.id) in names
                for group in rule._care_references()
                for record in group
            )
        )
        if not touched:
            return
        self.env.registry.clear_cache()
        archived = records.filtered(lambda record: not record.active)
        for ruleset, skipped in touched.grouped("ruleset_id").items():
            if archived:
                ruleset._care_alarm(
                    self.env._("Rules are skipped"),
                    self.env._(
                        "%(what)s was archived, so these rules match nothing any more: %(rules)s.",
                        what=", ".join(archived.mapped("display_name")),
                        rules=", ".join(skipped.mapped("name")),
                    ),
                )

    def _care_alarm(self, summary, note):
        """An activity on this version for each routing administrator of its company, once."""
        self.ensure_one()
        group = self.env.ref("patient_care_coordination.group_routing_admin")
        people = group.sudo().all_user_ids.filtered(
            lambda user: user.active and self.company_id in user.company_ids
        )
        known = self.sudo().activity_ids.filtered(lambda activity: activity.summary == summary)
        for user in people or people._care_administrator(self.company_id):
            mine = known.filtered(lambda activity, user=user: activity.user_id == user)
            if not mine.filtered(lambda activity: activity.note and note in activity.note):
                self.sudo().activity_schedule(
                    "mail.mail_activity_data_todo", summary=summary, note=note, user_id=user.id
                )

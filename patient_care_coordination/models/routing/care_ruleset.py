import csv
import io

from odoo import api, fields, models, tools
from odoo.exceptions import UserError
from odoo.tools.misc import file_open

from . import engine

STARTER_FILE = "patient_care_coordination/data/starter_rules.csv"


class CareRuleset(models.Model):
    """One version of the ordered routing configuration of a company.

    Draft, live or retired; one is live per company, and a live one is never edited.
    """

    _name = "care.ruleset"
    _description = "Routing Rule Set"
    _order = "company_id, version desc, id desc"

    name = fields.Char(compute="_compute_name")
    version = fields.Integer(required=True, readonly=True, copy=False, default=1)
    note = fields.Char(help="What this version changes, in one line.")
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
    rule_ids = fields.One2many("care.rule", "ruleset_id", string="Rules", copy=True)
    preparation_rule_ids = fields.One2many(
        "care.rule", "ruleset_id", domain=[("kind", "=", "preparation")], copy=False
    )
    routing_rule_ids = fields.One2many(
        "care.rule", "ruleset_id", domain=[("kind", "=", "routing")], copy=False
    )
    activated_by_id = fields.Many2one("res.users", readonly=True, copy=False)
    activated_date = fields.Datetime(readonly=True, copy=False)
    decision_count = fields.Integer(compute="_compute_decision_count")

    _one_live = models.UniqueIndex(
        "(company_id) WHERE state = 'live'", "Only one rule set can be live in a company."
    )
    _version_uniq = models.Constraint(
        "unique (company_id, version)", "This version exists already in the company."
    )

    @api.depends("version")
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

    @api.model_create_multi
    def create(self, vals_list):
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
        if set(vals) - {"state", "activated_by_id", "activated_date"}:
            self._check_draft()
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_used(self):
        self._check_draft()

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

    def action_change(self):
        """Open a draft copy of this version."""
        self.ensure_one()
        draft = self.copy({"company_id": self.company_id.id})
        return {
            "type": "ir.actions.act_window",
            "res_model": self._name,
            "view_mode": "form",
            "res_id": draft.id,
        }

    def action_activate(self):
        """Make this draft the live version; no inquiry moves."""
        for ruleset in self:
            ruleset._check_draft()
            ruleset._check_activation()
            live = self.search([("company_id", "=", ruleset.company_id.id), ("state", "=", "live")])
            live.write({"state": "retired"})
            live.flush_recordset()
            ruleset.write(
                {
                    "state": "live",
                    "activated_by_id": self.env.user.id,
                    "activated_date": fields.Datetime.now(),
                }
            )
        self.env.registry.clear_cache()
        return True

    def _check_activation(self):
        """Refuse a set that could leave an inquiry without a team."""
        self.ensure_one()
        problems = []
        for rule in self.rule_ids:
            problems += [f"{rule.name}: {problem}" for problem in rule._care_problems()]
        if not self.rule_ids.filtered("catch_all"):
            problems.append(self.env._("the catch-all rule is missing"))
        if problems:
            raise UserError(
                self.env._(
                    "%(name)s cannot go live. %(problems)s.",
                    name=self.name,
                    problems="; ".join(problems),
                )
            )

    # ------------------------------------------------------------------
    # Translation to the engine
    # ------------------------------------------------------------------

    @api.model
    @tools.ormcache("company_id")
    def _care_live(self, company_id):
        """``(rule set id, compiled rules)`` live in a company, or ``(False, None)``.

        Cached until the registry is signalled; a live set is immutable, so the cache is true.
        """
        ruleset = self.sudo().search([("company_id", "=", company_id), ("state", "=", "live")])
        return (ruleset.id, ruleset._care_compile()) if ruleset else (False, None)

    def _care_compile(self):
        """Compile this version for the engine."""
        self.ensure_one()
        rules = self.sudo().rule_ids
        preparation = rules.filtered(lambda rule: rule.kind == "preparation")
        return engine.compile_rules(
            [rule._care_to_engine() for rule in preparation],
            [rule._care_to_engine() for rule in rules - preparation],
        )

    # ------------------------------------------------------------------
    # The starter file
    # ------------------------------------------------------------------

    @api.model
    def _care_read_starter(self):
        """The shipped rules: a list of dicts with the rows of each rule, in run order."""
        rules = []
        with file_open(STARTER_FILE, "r") as stream:
            for row in csv.DictReader(io.StringIO(stream.read())):
                if row["rule"]:
                    rules.append({"head": row, "rows": []})
                rules[-1]["rows"].append(row)
        return rules

    @api.model
    def _care_install_starter(self, companies):
        """Give each company version 1 live (preparation and catch-all) and a draft with all."""
        starter = self._care_read_starter()
        for company in companies:
            if self.sudo().search_count([("company_id", "=", company.id)], limit=1):
                continue
            live = self.create({"company_id": company.id, "note": self.env._("Starter rules")})
            live._care_load(starter, with_routing=False)
            live.action_activate()
            draft = self.create(
                {
                    "company_id": company.id,
                    "note": self.env._("Starter rules with departments: map the teams"),
                }
            )
            draft._care_load(starter, with_routing=True)

    def _care_load(self, starter, with_routing):
        """Fill a draft from parsed starter rules."""
        self.ensure_one()
        lookup = self._care_starter_lookup()
        vals_list = []
        for sequence, rule in enumerate(starter, start=1):
            kind = rule["head"]["list"]
            if kind == "routing" and not with_routing:
                continue
            vals_list.append(self._care_starter_rule(rule, sequence * 10, lookup))
        self.env["care.rule"].create(vals_list)

    def _care_starter_lookup(self):
        """Records by the stable keys that rule files use."""
        return {
            "nature": {rec.code: rec.id for rec in self.env["care.nature"].search([])},
            "channel": {
                rec.care_code: rec.id
                for rec in self.env["helpdesk.ticket.channel"].search(
                    [("care_code", "!=", False), ("company_id", "in", [False, self.company_id.id])]
                )
            },
            "category": {
                rec.care_code: rec.id
                for rec in self.env["helpdesk.ticket.category"].search([("care_code", "!=", False)])
            },
            "team": {
                rec.name: rec.id
                for rec in self.env["helpdesk.ticket.team"].search(
                    [("company_id", "in", [False, self.company_id.id])]
                )
            },
        }

    def _care_starter_rule(self, rule, sequence, lookup):
        """Values of one rule from its rows in the file."""
        head = rule["head"]
        catch_all = head["list"] == "catch_all"
        values = {
            "ruleset_id": self.id,
            "kind": "preparation" if head["list"] == "preparation" else "routing",
            "sequence": 1_000_000 if catch_all else sequence,
            "name": head["rule"],
            "reason": head["reason"],
            "catch_all": catch_all,
            "line_ids": [],
            "category_ids": [],
            "tag_ids": [],
        }
        if catch_all:
            values["team_id"] = self.company_id.care_triage_team_id.id
        for row in rule["rows"]:
            if row["condition"]:
                line = self._care_starter_line(row, lookup)
                values["line_ids"].append(fields.Command.create(line))
            target, value = row["set"], (row["value"] or "").strip()
            if target == "category":
                values["category_ids"].append(fields.Command.link(lookup["category"][value]))
            elif target == "nature":
                values["nature_id"] = lookup["nature"][value]
            elif target == "priority":
                values["priority"] = value
            elif target == "tag":
                values["tag_ids"].append(fields.Command.link(self._care_tag(value).id))
            elif target == "team" and not catch_all:
                values["team_id"] = lookup["team"].get(value, False)
                values["team_hint"] = value
        return values

    def _care_tag(self, name):
        """The tag of this name, made when missing."""
        tags = self.env["helpdesk.ticket.tag"].sudo()
        return tags.search([("name", "=", name)], limit=1) or tags.create(
            {"name": name, "company_id": False}
        )

    def _care_starter_line(self, row, lookup):
        """Values of one condition line from its row in the file."""
        field = row["condition"]
        names = [value.strip() for value in row["values"].split(";") if value.strip()]
        line = {"field": field, "match": row["match"] or "any"}
        if field in ("text", "subject"):
            line["keywords"] = "\n".join(names)
        elif field == "relation":
            line["relations"] = ", ".join(names)
        elif field in ("nature", "channel", "category"):
            ids = [lookup[field][name] for name in names]
            line[f"{field}_ids"] = [fields.Command.set(ids)]
        else:
            raise UserError(
                self.env._("The rule file uses the unknown condition %(field)s.", field=field)
            )
        return line

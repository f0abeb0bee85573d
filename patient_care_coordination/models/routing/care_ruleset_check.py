from collections import Counter
from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..common.from_page import from_page
from ..common.guard import as_server
from . import checks

QUIET_DAYS = 90
LOOK_BACK_DAYS = 30
LOOK_BACK_MOST = 2000


class CareRuleset(models.Model):
    """The checks before a version goes live."""

    _inherit = "care.ruleset"

    finding_ids = fields.One2many("care.ruleset.finding", "ruleset_id", string="Checks")
    checked_date = fields.Datetime("Checked", readonly=True, copy=False)
    error_count = fields.Integer("Errors", compute="_compute_finding_counts")
    warning_count = fields.Integer("Warnings", compute="_compute_finding_counts")

    @api.depends("finding_ids.level")
    def _compute_finding_counts(self):
        for ruleset in self:
            levels = Counter(ruleset.finding_ids.mapped("level"))
            ruleset.error_count = levels["1_error"]
            ruleset.warning_count = levels["2_warning"]

    @from_page()
    def action_check(self):
        """Check these rules and keep what was found."""
        for ruleset in self:
            found = ruleset._care_findings()
            ruleset.finding_ids.sudo().unlink()
            as_server(self.env["care.ruleset.finding"]).create(
                [
                    {
                        "ruleset_id": ruleset.id,
                        "rule_id": rule.id,
                        "sequence": number,
                        "level": level,
                        "sentence": sentence,
                    }
                    for number, (level, rule, sentence) in enumerate(found)
                ]
            )
            ruleset.checked_date = fields.Datetime.now()
        return True

    def _check_activation(self):
        """Refuse a version with errors, naming each rule and what is wrong with it."""
        self.ensure_one()
        self.action_check()
        errors = self.finding_ids.filtered(lambda finding: finding.level == "1_error")
        if errors:
            shown = errors[:10].mapped("sentence")
            if len(errors) > 10:
                shown.append(self.env._("%s more", len(errors) - 10))
            raise UserError(
                self.env._(
                    "%(name)s cannot go live. %(problems)s",
                    name=self.name,
                    problems=" ".join(shown),
                )
            )

    def _care_findings(self):
        """All findings: ``[(level, rule, sentence)]``, errors first, in run order."""
        self.ensure_one()
        rules = self.with_context(active_test=False)._care_in_run_order()
        found = []
        for rule in rules:
            prefix = f"{rule.name}: "
            found += [("1_error", rule, f"{prefix}{text}.") for text in rule._care_problems()]
            found += [("2_warning", rule, f"{prefix}{text}.") for text in rule._care_doubts()]
        if not rules.filtered("catch_all"):
            none = self.env["care.rule"]
            found.append(("1_error", none, self.env._("The catch-all rule is missing.")))
        found += self._care_shadowed(rules)
        found += self._care_without_hours(rules)
        found += self._care_quiet(rules)
        return sorted(found, key=lambda item: item[0])

    def _care_without_hours(self, rules):
        """Members of teams that choose by themselves who have no working hours of their own."""
        first = {}
        for rule in rules:
            for team in rule.team_id:
                if team.care_strategy != "manual":
                    first.setdefault(team, rule)
        members = self.env["res.users"].union(*(team.user_ids for team in first))
        resources = self.env["resource.resource"].sudo()
        known = resources.search(
            [("user_id", "in", members.ids), ("calendar_id", "!=", False)]
        ).user_id
        return [
            (
                "2_warning",
                rule,
                self.env._(
                    "%(team)s: %(names)s have no working hours of their own, so those of the "
                    "team count.",
                    team=team.name,
                    names=", ".join((team.user_ids - known)[:5].mapped("name")),
                ),
            )
            for team, rule in first.items()
            if team.user_ids - known
        ]

    def _care_shadowed(self, rules):
        """Rules that can never win, and rules that never did though inquiries matched them."""
        routing = rules.filtered(lambda rule: rule.kind == "routing")
        by_id = {rule.id: rule for rule in routing}
        plain = []
        for rule in routing:
            row = rule._care_to_engine()
            row["lines"] = [line._care_to_checks() for line in rule._care_lines()]
            plain.append(row)
        ancestors = {
            "category": self.env["helpdesk.ticket.category"]._care_ancestors(),
            "department": self.env["care.department"]._care_ancestors(),
        }
        targets = {rule.id: rule.team_id.id for rule in routing}
        found, certain = [], set()
        for later, earlier, kind in checks.shadows(plain, targets, ancestors):
            certain.add(later)
            names = {
                "later": by_id[later].name,
                "earlier": by_id[earlier].name,
                "team": by_id[earlier].team_id.name,
            }
            if kind == "same":
                sentence = self.env._(
                    "%(later)s: it asks for the same as the earlier rule '%(earlier)s', which "
                    "sends it to %(team)s.",
                    **names,
                )
            else:
                sentence = self.env._(
                    "%(later)s: it never gets an inquiry, the earlier rule '%(earlier)s' takes "
                    "all of them.",
                    **names,
                )
            found.append(("1_error", by_id[later], sentence))
        return found + self._care_starved(by_id, certain)

    def _care_starved(self, by_id, certain):
        """Rules whose conditions held lately but which an earlier rule always forestalled."""
        matched, won, taken = Counter(), Counter(), {}
        plain = self._care_plain()
        for _row, facts in self.env["care.decision"]._care_replayable(
            self.company_id, LOOK_BACK_DAYS, LOOK_BACK_MOST
        ):
            order = plain["rules"].decide(facts)
            ids = plain["rules"].matching(facts, order["values"])
            for place, rule_id in enumerate(ids):
                matched[rule_id] += 1
                if not place:
                    won[rule_id] += 1
                else:
                    taken.setdefault(rule_id, Counter())[ids[0]] += 1
        return [
            (
                "2_warning",
                by_id[rule_id],
                self.env._(
                    "%(rule)s: maybe it never gets one. All %(count)s inquiries of the last "
                    "%(days)s days that fit it went to an earlier rule, mostly '%(earlier)s'.",
                    rule=by_id[rule_id].name,
                    count=count,
                    days=LOOK_BACK_DAYS,
                    earlier=by_id[taken[rule_id].most_common(1)[0][0]].name,
                ),
            )
            for rule_id, count in matched.items()
            if not won[rule_id] and rule_id not in certain and not by_id[rule_id].catch_all
        ]

    def _care_quiet(self, rules):
        """Rules that have been live for 90 days and matched nothing in them."""
        since = fields.Datetime.now() - timedelta(days=QUIET_DAYS)
        old = {
            rule.lineage
            for rule in self.env["care.rule"]
            .sudo()
            .search(
                [
                    ("lineage", "in", rules.mapped("lineage")),
                    ("ruleset_id.activated_date", "<=", since),
                ]
            )
        }
        return [
            (
                "2_warning",
                rule,
                self.env._("%(rule)s: no inquiry matched it in 90 days.", rule=rule.name),
            )
            for rule in rules
            if rule.lineage in old and not rule.catch_all and not rule.paused and not rule.hit_count
        ]

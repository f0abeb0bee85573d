from odoo import fields, models


class CareRule(models.Model):
    """What can be wrong with one rule."""

    _inherit = "care.rule"

    def _care_problems(self):
        """Clauses that keep this rule from going live."""
        self.ensure_one()
        problems = [self.env._("%s is archived", name) for name in self._care_archived()]
        if self.kind == "routing":
            problems += self._care_team_problems()
        if not self.line_ids and not self.catch_all:
            problems.append(self.env._("it has no condition"))
        if self.catch_all and (self.paused or self.valid_from or self.valid_to or self.line_ids):
            problems.append(self.env._("the catch-all takes no conditions, no dates and no pause"))
        if self.kind == "preparation" and not self._care_set_parts():
            problems.append(self.env._("it sets nothing"))
        for template in self.consult_ids:
            why = template._care_problem()
            if not template.active:
                problems.append(self.env._("%s is archived", template.name))
            elif why:
                problems.append(
                    self.env._(
                        "the question %(name)s cannot be put: %(why)s",
                        name=template.name,
                        why=why.rstrip("."),
                    )
                )
        for line in self.line_ids:
            problems += line._care_problems()
        return problems

    def _care_team_problems(self):
        """What is wrong with where a routing rule sends an inquiry."""
        problems, team = [], self.team_id
        if not team:
            return [self.env._("choose the team")]
        if not team.user_ids:
            problems.append(self.env._("the team %s has no members", team.name))
        if team.care_calendar_id and not team.care_calendar_id.attendance_ids:
            problems.append(self.env._("the opening hours of %s have no hours", team.name))
        if self.closed_policy != "hold" and not team.care_calendar_id:
            problems.append(
                self.env._("the team %s has no opening hours, so it never closes", team.name)
            )
        if self.closed_policy == "backup" and not self.backup_team_id:
            problems.append(self.env._("choose the backup team"))
        if self.closed_policy == "on_call" and not self.on_call_team_id:
            problems.append(self.env._("choose the on-call team"))
        if self.user_id and self.user_id not in team.user_ids:
            problems.append(
                self.env._(
                    "%(name)s is no member of %(team)s", name=self.user_id.name, team=team.name
                )
            )
        return problems

    def _care_doubts(self):
        """Clauses worth a look that do not block."""
        self.ensure_one()
        doubts, today = [], fields.Date.context_today(self)
        if self.valid_to and self.valid_to < today:
            doubts.append(self.env._("its validity is over"))
        return doubts

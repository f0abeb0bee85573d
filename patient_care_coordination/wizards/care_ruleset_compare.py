from bisect import bisect_left

from odoo import api, fields, models


class CareRulesetCompare(models.TransientModel):
    """The differences between two versions, rule by rule."""

    _name = "care.ruleset.compare"
    _description = "Differences between Two Versions"
    _inherit = ["care.checked.links"]

    old_id = fields.Many2one("care.ruleset", string="From", required=True)
    new_id = fields.Many2one("care.ruleset", string="To", required=True)
    company_id = fields.Many2one(related="new_id.company_id", related_sudo=False)
    line_ids = fields.One2many(
        "care.ruleset.compare.line",
        "compare_id",
        string="Differences",
        compute="_compute_line_ids",
        store=True,
    )

    @api.depends("old_id", "new_id")
    def _compute_display_name(self):
        for compare in self:
            compare.display_name = self.env._("Differences")

    @api.depends("old_id", "new_id")
    def _compute_line_ids(self):
        for compare in self:
            commands = [fields.Command.clear()]
            if compare.old_id and compare.new_id:
                commands += [
                    fields.Command.create(values)
                    for values in self._care_differences(compare.old_id, compare.new_id)
                ]
            compare.line_ids = commands

    @api.model
    def _care_differences(self, old, new):
        """Values of a line for each rule that was added, removed, changed or moved."""
        before = {rule.lineage: rule for rule in old.rule_ids}
        after = {rule.lineage: rule for rule in new.rule_ids}
        moved = self._care_moved(before, after)
        lines = []
        for lineage, rule in after.items():
            earlier = before.get(lineage)
            if not earlier:
                lines.append(("added", rule, "", self._care_words(rule)))
                continue
            was, now = self._care_words(earlier), self._care_words(rule)
            if earlier._care_content() != rule._care_content():
                lines.append(("changed", rule, was, now))
            elif lineage in moved:
                place = self.env._("place %s")
                lines.append(("moved", rule, place % earlier.position, place % rule.position))
        lines += [
            ("removed", rule, self._care_words(rule), "")
            for lineage, rule in before.items()
            if lineage not in after
        ]
        order = {"preparation": 0, "routing": 1}
        lines.sort(key=lambda line: (order[line[1].kind], line[1].position))
        return [
            {
                "change": change,
                "kind": rule.kind,
                "name": rule.name,
                "before": was,
                "after": now,
            }
            for change, rule, was, now in lines
        ]

    @api.model
    def _care_moved(self, before, after):
        """Lineages whose order among the rules in both versions differs.

        The fewest that explain it: what stays is the longest run that kept its order.
        """
        moved = set()
        for kind in ("preparation", "routing"):
            order = [
                lineage
                for lineage, rule in sorted(after.items(), key=lambda item: item[1].position)
                if lineage in before and rule.kind == kind and before[lineage].kind == kind
            ]
            places = [before[lineage].position for lineage in order]
            kept = _longest_rise(places)
            moved |= {lineage for place, lineage in enumerate(order) if place not in kept}
        return moved

    @api.model
    def _care_words(self, rule):
        """A rule in words."""
        parts = [
            self.env._("when %s", rule.condition_text),
            self.env._("then %s", rule.effect_text),
        ]
        if rule.paused:
            parts.append(self.env._("paused"))
        if rule.valid_from:
            parts.append(self.env._("from %s", rule.valid_from))
        if rule.valid_to:
            parts.append(self.env._("until %s", rule.valid_to))
        return "; ".join(parts)


def _longest_rise(numbers):
    """Positions of a longest rising run in a list of different numbers."""
    ends, before, last = [], [], []
    for place, number in enumerate(numbers):
        size = bisect_left(ends, number)
        before.append(last[size - 1] if size else None)
        ends[size:] = [number] if size == len(ends) else [number, *ends[size + 1 :]]
        last[size:] = [place] if size == len(last) else [place, *last[size + 1 :]]
    kept, place = set(), last[-1] if last else None
    while place is not None:
        kept.add(place)
        place = before[place]
    return kept


class CareRulesetCompareLine(models.TransientModel):
    _name = "care.ruleset.compare.line"
    _description = "Difference between Two Versions"
    _inherit = ["care.checked.links"]

    compare_id = fields.Many2one("care.ruleset.compare", index=True, ondelete="cascade")
    change = fields.Selection(
        [
            ("added", "Added"),
            ("removed", "Removed"),
            ("changed", "Changed"),
            ("moved", "Moved"),
        ]
    )
    kind = fields.Selection([("preparation", "Preparation"), ("routing", "Routing")])
    name = fields.Char("Rule")
    before = fields.Char()
    after = fields.Char()

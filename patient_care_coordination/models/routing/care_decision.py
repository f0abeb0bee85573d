from odoo import api, fields, models
from odoo.exceptions import UserError


class CareDecision(models.Model):
    """One recorded routing decision with its reason; never edited or deleted.

    ``facts`` are the compact facts it saw, ``evidence`` the lines and words that decided.
    """

    _name = "care.decision"
    _description = "Routing Decision"
    _order = "id desc"

    ticket_id = fields.Many2one(
        "helpdesk.ticket", string="Inquiry", required=True, index=True, ondelete="restrict"
    )
    company_id = fields.Many2one("res.company", required=True, index=True)
    ruleset_id = fields.Many2one("care.ruleset", index="btree_not_null", ondelete="restrict")
    rule_id = fields.Many2one("care.rule", index="btree_not_null", ondelete="restrict")
    team_id = fields.Many2one("helpdesk.ticket.team", index="btree_not_null", ondelete="restrict")
    source = fields.Selection(
        [("rule", "Rule"), ("human", "By hand"), ("error", "Intake problem")], required=True
    )
    facts = fields.Json()
    evidence = fields.Json()
    text = fields.Text(
        groups="base.group_system",
        help="The normalised text the inquiry was routed on; kept by its first decision alone.",
    )
    normaliser_version = fields.Integer(groups="base.group_system")
    sentence = fields.Char("Reason", compute="_compute_sentence")

    _rule_date_idx = models.Index("(rule_id, create_date)")

    @api.depends_context("lang")
    def _compute_sentence(self):
        for decision in self:
            decision.sentence = decision._care_sentence()

    def _care_sentence(self):
        """One sentence in the reader's language: the team, and why."""
        self.ensure_one()
        team = self.team_id.sudo().name or self.env._("No team")
        if self.source == "error":
            return self.env._("%(team)s, because the intake had a problem", team=team)
        if self.source == "human":
            return self.env._("%(team)s, because a person chose it", team=team)
        if not self.rule_id or self.rule_id.sudo().catch_all:
            return self.env._("%(team)s, because no rule matched", team=team)
        why = self._care_why() or self.env._("rule '%s' matched", self.rule_id.sudo().name)
        return self.env._("%(team)s, because %(why)s", team=team, why=why)

    def _care_why(self):
        """The deciding lines in words, with the words found in the text."""
        evidence = self.evidence or {}
        parts = []
        for item in evidence.get("routing", []):
            found = item.get("found") or []
            if not found:
                continue
            field = item.get("field")
            if field in ("text", "subject"):
                parts.append(self._care_says(field, found))
            elif field == "category":
                parts.append(self._care_category_words(found, evidence))
            elif field != "domain":
                parts.append(self._care_names(field, found))
        return self.env._(" and ").join(part for part in parts if part)

    def _care_says(self, field, found):
        words = ", ".join(f"'{word}'" for word in found[:3])
        if field == "subject":
            return self.env._("the subject says %s", words)
        return self.env._("the text says %s", words)

    def _care_category_words(self, found, evidence):
        """The words that gave a category, or its name when a person set it."""
        wanted = set(found)
        for item in evidence.get("preparation", []):
            if wanted & set(item.get("categories") or []) and item.get("words"):
                return self._care_says("text", item["words"])
        return self._care_names("category", found)

    def _care_names(self, field, found):
        models_by_field = {
            "category": "helpdesk.ticket.category",
            "nature": "care.nature",
            "channel": "helpdesk.ticket.channel",
            "department": "care.department",
            "language": "res.lang",
        }
        if field not in models_by_field:
            return self.env._(
                "%(field)s is %(value)s", field=field, value=", ".join(map(str, found))
            )
        records = self.env[models_by_field[field]].sudo().browse(found[:3]).exists()
        names = ", ".join(records.mapped("name"))
        label = dict(self.env["care.rule.line"]._fields["field"]._description_selection(self.env))
        return self.env._("%(field)s is %(value)s", field=label[field].lower(), value=names)

    def write(self, vals):  # pylint: disable=method-required-super
        raise UserError(self.env._("A routing decision is never edited."))

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        raise UserError(self.env._("A routing decision is never deleted."))

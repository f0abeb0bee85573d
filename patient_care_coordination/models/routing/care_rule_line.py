import ast

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.fields import Domain

REFERENCES = {
    "channel": "channel_ids",
    "nature": "nature_ids",
    "category": "category_ids",
    "department": "department_ids",
    "language": "lang_ids",
}


class CareRuleLine(models.Model):
    """One condition of a rule: a field, how to compare, and the values.

    Lines of a rule are AND-ed, values inside a line OR-ed; "none of" negates a line.
    """

    _name = "care.rule.line"
    _description = "Condition of a Routing Rule"
    _order = "rule_id, sequence, id"

    rule_id = fields.Many2one("care.rule", required=True, index=True, ondelete="cascade")
    sequence = fields.Integer(default=10)
    field = fields.Selection(
        [
            ("text", "Text"),
            ("subject", "Subject"),
            ("category", "Category"),
            ("nature", "Nature"),
            ("channel", "Channel"),
            ("department", "Department"),
            ("language", "Language"),
            ("relation", "Caller is"),
            ("domain", "Advanced domain"),
        ],
        required=True,
        default="text",
    )
    match = fields.Selection(
        [("any", "any of"), ("all", "all of"), ("none", "none of")],
        required=True,
        default="any",
    )
    keywords = fields.Text(
        help="One word or phrase a line. A star at the end of a word stands for any ending; "
        "case and accents do not matter."
    )
    channel_ids = fields.Many2many("helpdesk.ticket.channel")
    nature_ids = fields.Many2many("care.nature")
    category_ids = fields.Many2many("helpdesk.ticket.category")
    department_ids = fields.Many2many("care.department")
    lang_ids = fields.Many2many("res.lang", context={"active_test": False})
    relations = fields.Char(help="Codes of relations with a comma between, such as: parent, carer.")
    domain = fields.Char(help="A domain on the inquiry, for what no other condition can say.")
    sentence = fields.Char(compute="_compute_sentence")

    @api.depends("field", "match", "keywords", "relations", "domain", *REFERENCES.values())
    def _compute_sentence(self):
        for line in self:
            fields_get = dict(line._fields["field"]._description_selection(self.env))
            match = dict(line._fields["match"]._description_selection(self.env))
            values = line._care_value_names()
            shown = ", ".join(values[:6])
            if len(values) > 6:
                shown = self.env._("%(shown)s and %(more)s more", shown=shown, more=len(values) - 6)
            line.sentence = (
                f"{fields_get.get(line.field)}: {line.domain or ''}"
                if line.field == "domain"
                else f"{fields_get.get(line.field)} {match.get(line.match)} {shown}"
            )

    def _care_keywords(self):
        """The words and phrases of this line, as typed."""
        return [word.strip() for word in (self.keywords or "").splitlines() if word.strip()]

    def _care_value_names(self):
        """The values of this line in words."""
        self.ensure_one()
        if self.field in REFERENCES:
            return self[REFERENCES[self.field]].with_context(care_short=True).mapped("display_name")
        if self.field == "relation":
            labels = dict(
                self.env["helpdesk.ticket"]
                ._fields["care_relation"]
                ._description_selection(self.env)
            )
            return [labels.get(code, code) for code in self._care_relations()]
        return self._care_keywords()

    def _care_relations(self):
        return [code.strip() for code in (self.relations or "").split(",") if code.strip()]

    @api.constrains("relations", "field")
    def _check_relations(self):
        known = [
            code for code, _label in self.env["helpdesk.ticket"]._fields["care_relation"].selection
        ]
        for line in self:
            unknown = [code for code in line._care_relations() if code not in known]
            if unknown:
                raise ValidationError(
                    self.env._(
                        "Rule %(rule)s: %(unknown)s is no relation. Known are: %(known)s.",
                        rule=line.rule_id.name,
                        unknown=", ".join(unknown),
                        known=", ".join(known),
                    )
                )

    @api.constrains("domain", "field")
    def _check_domain(self):
        for line in self:
            if line.field != "domain":
                continue
            try:
                parsed = Domain(ast.literal_eval(line.domain or "[]"))
                parsed.validate(self.env["helpdesk.ticket"])
            except (ValueError, SyntaxError, TypeError) as error:
                raise ValidationError(
                    self.env._(
                        "Rule %(rule)s: the advanced domain is not valid (%(error)s).",
                        rule=line.rule_id.name,
                        error=error,
                    )
                ) from error

    @api.model_create_multi
    def create(self, vals_list):
        lines = super().create(vals_list)
        lines.rule_id.ruleset_id._check_draft()
        return lines

    def write(self, vals):
        self.rule_id.ruleset_id._check_draft()
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_live(self):
        self.rule_id.ruleset_id._check_draft()

    def _care_problems(self):
        """Sentences that keep this line from going live."""
        self.ensure_one()
        if self.field == "domain":
            return [] if self.domain else [self.env._("the advanced domain is empty")]
        if not self._care_value_names():
            return [self.env._("the condition on %s has no value", self.field)]
        problems = []
        if self.field in REFERENCES:
            records = self[REFERENCES[self.field]]
            if "active" in records._fields and self.field != "language":
                problems += [
                    self.env._("%s is archived", record.display_name)
                    for record in records
                    if not record.active
                ]
        for word in self._care_keywords() if self.field in ("text", "subject") else []:
            if len(word.replace("*", "").strip()) < 3:
                problems.append(self.env._("the keyword '%s' has under three letters", word))
        return problems

    def _care_to_engine(self):
        """This line as the plain dict that the engine takes."""
        self.ensure_one()
        if self.field in REFERENCES:
            values = self[REFERENCES[self.field]].ids
        elif self.field == "relation":
            values = self._care_relations()
        elif self.field == "domain":
            values = [self.id]
        else:
            values = self._care_keywords()
        return {"field": self.field, "match": self.match, "values": values}

import ast

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.fields import Domain

from . import engine

KEYWORD_FIELDS = ("text", "subject")
REFERENCES = {
    "channel": "channel_ids",
    "nature": "nature_ids",
    "category": "category_ids",
    "department": "department_ids",
    "language": "lang_ids",
    "tag": "tag_ids",
    "partner_tag": "partner_tag_ids",
    "product": "product_ids",
    "hint": "team_ids",
    "hours": "calendar_ids",
}
# A condition on something archived stays readable; the rule is skipped.
ALL = {"active_test": False}
CHOICES = ("relation", "priority", "weekday", "known")
# What an advanced domain may look at: whoever replays a domain learns what it says of inquiries
# that she may not read. Of links only what follows; of other fields those with a few values.
RELATED = {
    "care_access_need_ids": {"name"},
    "care_category_ids": {"care_code", "care_level", "complete_name", "name", "parent_id"},
    "care_department_id": {"code", "complete_name", "name", "parent_id", "team_id"},
    "care_lang_id": {"code", "name"},
    "care_nature_id": {"code", "name", "rank"},
    "category_id": {"care_code", "care_level", "complete_name", "name", "parent_id"},
    "channel_id": {"care_code", "name"},
    "company_id": {"name"},
    "product_id": {"categ_id", "default_code", "name", "product_tmpl_id"},
    "stage_id": {"closed", "name", "sequence", "unattended"},
    "tag_ids": {"name"},
    "team_id": {"care_desk", "name", "parent_id"},
}
PARTNER_PATHS = {
    "category_id": {"name"},
    "country_id": {"code", "name"},
    "is_company": set(),
    "lang": set(),
    "state_id": {"code", "name"},
}
FEW_VALUES = {"boolean", "date", "datetime", "float", "integer", "monetary", "selection"}
PERSONAL = {"care_emotional_state", "care_identity"}


class CareRuleLine(models.Model):
    """One condition of a rule: a field, how to compare, and the values.

    Lines of one alternative are AND-ed, values inside a line OR-ed; "none of" negates a line.
    """

    _name = "care.rule.line"
    _description = "Condition of a Routing Rule"
    _order = "rule_id, alternative, sequence, id"

    rule_id = fields.Many2one("care.rule", required=True, index=True, ondelete="cascade")
    alternative = fields.Integer(
        default=1,
        help="Conditions with the same number must all hold; one number that holds is enough.",
    )
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
            ("known", "Caller is known"),
            ("partner_tag", "Tag of the caller"),
            ("priority", "Priority"),
            ("tag", "Tag"),
            ("product", "Product"),
            ("hint", "Sent to the team"),
            ("hours", "Within the hours of"),
            ("weekday", "Weekday"),
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
    channel_ids = fields.Many2many(
        "helpdesk.ticket.channel", string="Channels", ondelete="restrict", context=ALL
    )
    nature_ids = fields.Many2many("care.nature", ondelete="restrict", context=ALL)
    category_ids = fields.Many2many(
        "helpdesk.ticket.category", string="Categories", ondelete="restrict", context=ALL
    )
    department_ids = fields.Many2many("care.department", ondelete="restrict", context=ALL)
    lang_ids = fields.Many2many("res.lang", ondelete="restrict", context=ALL, string="Languages")
    tag_ids = fields.Many2many(
        "helpdesk.ticket.tag", string="Tags", ondelete="restrict", context=ALL
    )
    partner_tag_ids = fields.Many2many(
        "res.partner.category", ondelete="restrict", context=ALL, string="Tags of the caller"
    )
    product_ids = fields.Many2many(
        "product.product", string="Products", ondelete="restrict", context=ALL
    )
    team_ids = fields.Many2many(
        "helpdesk.ticket.team", ondelete="restrict", context=ALL, string="Teams"
    )
    calendar_ids = fields.Many2many(
        "resource.calendar", ondelete="restrict", context=ALL, string="Hours"
    )
    choice_ids = fields.Many2many(
        "care.rule.choice", ondelete="restrict", domain="[('field', '=', field)]", string="Values"
    )
    domain = fields.Char(help="A domain on the inquiry, for what no other condition can say.")
    sentence = fields.Char("Condition", compute="_compute_sentence")

    @api.depends(
        "field", "match", "keywords", "choice_ids", "domain", *sorted(set(REFERENCES.values()))
    )
    @api.depends_context("lang")
    def _compute_sentence(self):
        for line in self:
            line.sentence = line._care_sentence()

    def _care_sentence(self):
        """This condition in words, in the reader's language."""
        self.ensure_one()
        names = self._care_value_names()
        if self.field in KEYWORD_FIELDS:
            names = [f"'{name}'" for name in names]
        shown = names[:6]
        if len(names) > 6:
            shown.append(self.env._("%s more", len(names) - 6))
        glue = self.env._(" and ") if self.match == "all" else self.env._(" or ")
        values = self.domain or "" if self.field == "domain" else glue.join(shown)
        if self.field == "known":
            values = self.choice_ids.mapped("code") == ["yes"]
        return self._care_phrase(self.field, values, self.match == "none")

    @api.model
    def _care_phrase(self, field, values, negative=False):
        """One condition in words: what of an inquiry has, or has not, these values."""
        if field == "known":
            if bool(values) != negative:
                return self.env._("the caller is known")
            return self.env._("the caller is not known")
        says = {
            "domain": (
                self.env._("the inquiry fits %s"),
                self.env._("the inquiry does not fit %s"),
            ),
            "text": (self.env._("the text says %s"), self.env._("the text does not say %s")),
            "subject": (
                self.env._("the subject says %s"),
                self.env._("the subject does not say %s"),
            ),
            "hours": (
                self.env._("it is within the hours of %s"),
                self.env._("it is outside the hours of %s"),
            ),
            "hint": (self.env._("it was sent to %s"), self.env._("it was not sent to %s")),
            "relation": (self.env._("the caller is %s"), self.env._("the caller is not %s")),
            "partner_tag": (
                self.env._("the caller has the tag %s"),
                self.env._("the caller does not have the tag %s"),
            ),
            "weekday": (self.env._("the day is %s"), self.env._("the day is not %s")),
            "tag": (self.env._("it has the tag %s"), self.env._("it does not have the tag %s")),
        }
        if field in says:
            return says[field][negative].replace("%s", str(values))
        label = dict(self._fields["field"]._description_selection(self.env)).get(field, field)
        if negative:
            return self.env._("the %(field)s is not %(values)s", field=label.lower(), values=values)
        return self.env._("the %(field)s is %(values)s", field=label.lower(), values=values)

    def _care_keywords(self):
        """The words and phrases of this line, as typed."""
        return [word.strip() for word in (self.keywords or "").splitlines() if word.strip()]

    @api.model
    def _care_reference_fields(self):
        """``{value of field: name of the field with its records}``."""
        return REFERENCES

    def _care_records(self):
        """The records this line refers to; none for keywords, fixed values and domains."""
        name = REFERENCES.get(self.field)
        return self[name] if name else self.browse()

    def _care_value_names(self):
        """The values of this line in words."""
        self.ensure_one()
        if self.field in REFERENCES:
            return self._care_records().with_context(care_short=True).mapped("display_name")
        if self.field in CHOICES:
            return self.choice_ids.mapped("name")
        return self._care_keywords()

    @api.constrains("domain", "field")
    def _check_domain(self):
        for line in self:
            if line.field != "domain":
                continue
            problem = line._care_domain_problem(line.domain or "[]")
            if problem:
                raise ValidationError(
                    self.env._(
                        "Rule %(rule)s: %(problem)s.", rule=line.rule_id.name, problem=problem
                    )
                )

    @api.model
    def _care_domain_problem(self, text):
        """Why a condition cannot have this domain, as a clause, or None."""
        try:
            domain = Domain(ast.literal_eval(text))
            domain.validate(self.env["helpdesk.ticket"])
        except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError) as error:
            return self.env._("the advanced domain is not valid (%s)", error)
        personal = self._care_personal_paths(domain)
        if personal:
            return self.env._(
                "an advanced domain may not look at %s, which tells who somebody is; use "
                "keywords for what the text says",
                ", ".join(personal),
            )
        return None

    @api.model
    def _care_personal_paths(self, domain, prefix=""):
        """The paths of a domain that reach what tells who somebody is."""
        found = set()
        for condition in domain.iter_conditions():
            path = f"{prefix}{condition.field_expr}"
            if isinstance(condition.value, Domain):
                found.update(self._care_personal_paths(condition.value, f"{path}."))
            elif not self._care_path_allowed(path.split(".")):
                found.add(path)
        return sorted(found)

    @api.model
    def _care_path_allowed(self, parts):
        """Whether an advanced domain may look at a path; see ``RELATED``."""
        first, rest = parts[0], parts[1:]
        if first in RELATED:
            return set(rest) <= RELATED[first]
        if first == "partner_id":
            known = PARTNER_PATHS.get(rest[0]) if rest else None
            return known is not None and set(rest[1:]) <= known
        field = self.env["helpdesk.ticket"]._fields.get(first)
        if rest or field is None or first in PERSONAL:
            return False
        return first == "number" or field.type in FEW_VALUES

    @api.model_create_multi
    def create(self, vals_list):
        lines = super().create(vals_list)
        lines.rule_id.ruleset_id._check_draft()
        return lines

    def write(self, vals):
        self.rule_id.ruleset_id._check_draft()
        result = super().write(vals)
        if "rule_id" in vals:
            self.rule_id.ruleset_id._check_draft()
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_live(self):
        self.rule_id.ruleset_id._check_draft()

    def _care_problems(self):
        """Clauses that keep this condition, and so its rule, from going live."""
        self.ensure_one()
        if self.field == "domain":
            if not self.domain:
                return [self.env._("the advanced domain is empty")]
            domain, tickets = self._care_parsed_domain(), self.env["helpdesk.ticket"].sudo()
            if domain is None or tickets._care_fits(tickets.new({}), domain) is None:
                return [self.env._("the advanced domain cannot be read")]
            return []
        if self.field == "product" and "product_id" not in self.env["helpdesk.ticket"]._fields:
            return [self.env._("inquiries of this database have no product")]
        if not self._care_value_names():
            label = dict(self._fields["field"]._description_selection(self.env))
            return [self.env._("the condition on %s has no value", label[self.field].lower())]
        if self.field not in ("text", "subject"):
            return []
        return [
            self.env._("the keyword '%s' has under three letters", word)
            for word in self._care_keywords()
            if len(word.replace("*", "").strip()) < 3
        ]

    def _care_to_engine(self):
        """This line as the plain dict that the engine takes."""
        self.ensure_one()
        if self.field in REFERENCES:
            values = self._care_records().ids
        elif self.field in CHOICES:
            values = self.choice_ids.mapped("code")
        elif self.field == "domain":
            values = [self.id]
        else:
            values = [word for word in self._care_keywords() if engine.normalise_keyword(word)]
        return {
            "field": self.field,
            "match": self.match,
            "values": values,
            "alternative": self.alternative,
        }

    def _care_to_checks(self):
        """This line as the static checks take it: keywords normalised, domains by their text."""
        line = self._care_to_engine()
        if self.field in KEYWORD_FIELDS:
            line["values"] = [engine.normalise_keyword(word) for word in line["values"]]
        elif self.field == "domain":
            line["key"] = self.domain
        return line

    def _care_parsed_domain(self):
        """The advanced domain as an object, or None when it cannot be read any more."""
        self.ensure_one()
        try:
            return Domain(ast.literal_eval(self.domain or ""))
        except (ValueError, SyntaxError, TypeError):
            return None

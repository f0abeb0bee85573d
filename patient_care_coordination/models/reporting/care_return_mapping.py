from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from ..common.from_page import from_page
from ..inquiry.helpdesk_ticket import RELATIONS

ASPECTS = [
    ("age", "Age of the patient"),
    ("status", "Who complains"),
    ("subject", "Subject"),
    ("service", "Service area"),
    ("profession", "Profession"),
    ("outcome", "Outcome"),
]
RESULTS = [
    ("upheld", "Upheld"),
    ("partly", "Partly upheld"),
    ("not_upheld", "Not upheld"),
    ("left_out", "Left out of the return"),
]
# What a line of an aspect needs beside its name.
NEEDS = {
    "age": (),
    "status": ("relation",),
    "subject": ("category_id",),
    "service": ("department_id",),
    "profession": (),
    "outcome": ("outcome", "result"),
}
AGES = [(0, 5), (6, 17), (18, 25), (26, 55), (56, 64), (65, 74), (75, 150)]


class CareReturnMapping(models.Model):
    """How what we record counts in a national return: one line each, first match first.

    A category or department counts for those below it too, unless they have a line of their own.
    """

    _name = "care.return.mapping"
    _description = "Mapping of the National Return"
    _order = "aspect, sequence, id"
    _check_company_auto = True

    company_id = fields.Many2one(
        "res.company", required=True, index=True, default=lambda self: self.env.company
    )
    aspect = fields.Selection(ASPECTS, required=True, default="subject")
    sequence = fields.Integer(default=10)
    name = fields.Char("Counts as", help="The box of the return.")
    category_id = fields.Many2one(
        "helpdesk.ticket.category", index="btree_not_null", ondelete="cascade"
    )
    department_id = fields.Many2one(
        "care.department", index="btree_not_null", ondelete="cascade", check_company=True
    )
    relation = fields.Selection([*RELATIONS, ("unknown", "Nothing recorded")], string="Caller is")
    age_from = fields.Integer("From age", aggregator=None)
    age_to = fields.Integer("To age", aggregator=None)
    age_unknown = fields.Boolean("Age not known")
    outcome = fields.Selection(
        lambda self: self.env["helpdesk.ticket"]._fields["care_outcome"].selection
    )
    result = fields.Selection(RESULTS)

    _ages_in_order = models.Constraint(
        "CHECK (aspect != 'age' OR age_unknown IS TRUE "
        "OR (COALESCE(age_from, 0) >= 0 AND COALESCE(age_to, 0) >= COALESCE(age_from, 0)))",
        "An age group goes from a lower to a higher age.",
    )
    _outcome_once = models.UniqueIndex(
        "(company_id, outcome) WHERE aspect = 'outcome'",
        "This outcome has a line in the return's mapping already: change that one.",
    )
    _relation_once = models.UniqueIndex(
        "(company_id, relation) WHERE aspect = 'status'",
        "Callers of this kind have a line in the return's mapping already: change that one.",
    )

    @api.constrains("aspect", "name", "category_id", "department_id", "relation", "outcome")
    def _check_complete(self):
        for line in self:
            needed = NEEDS[line.aspect] + (() if line.aspect == "outcome" else ("name",))
            missing = [
                self._fields[name]._description_string(self.env)
                for name in needed
                if not line[name]
            ]
            if line.aspect == "profession" and not (line.category_id or line.department_id):
                missing.append(self.env._("Category or Department"))
            if missing:
                raise ValidationError(
                    self.env._("A line of the return's mapping lacks: %s.", ", ".join(missing))
                )

    @api.depends("aspect", "name")
    def _compute_display_name(self):
        names = dict(self._fields["aspect"]._description_selection(self.env))
        for line in self:
            line.display_name = f"{names.get(line.aspect, '')}: {line.name or ''}"

    @from_page()
    def action_fill(self):
        """Fill in a start for the present company."""
        self.check_access("create")
        company = self.env.company
        if self.search_count([("company_id", "=", company.id)], limit=1):
            raise UserError(self.env._("%s has a mapping already: change its lines.", company.name))
        self._care_fill(company)
        return {"type": "ir.actions.client", "tag": "soft_reload"}

    @api.model
    def _care_fill(self, company):
        """A starting point for a company: words of our own, to be edited.

        Subjects are those entered on the categories. Service areas and professions are the
        hospital's to map.
        """
        statuses = {
            "self": self.env._("Patient"),
            "partner": self.env._("Partner"),
            "parent": self.env._("Parent or guardian"),
            "guardian": self.env._("Parent or guardian"),
        }
        other = self.env._("Other")
        rows = [
            {
                "aspect": "age",
                "age_from": low,
                "age_to": high,
                "name": self._care_age_name(low, high),
            }
            for low, high in AGES
        ]
        rows.append({"aspect": "age", "age_unknown": True, "name": self.env._("Not known")})
        rows += [
            {"aspect": "status", "relation": code, "name": statuses.get(code, other)}
            for code, _name in [*RELATIONS, ("unknown", "")]
        ]
        rows += [
            {"aspect": "outcome", "outcome": code, "result": code}
            for code in ("upheld", "partly", "not_upheld")
        ]
        rows += [
            {"aspect": "subject", "category_id": category.id, "name": subject.strip()}
            for category in self.env["helpdesk.ticket.category"].search(
                [("care_ko41a_code", "!=", False), ("company_id", "in", (company.id, False))]
            )
            for subject in category.care_ko41a_code.split(";")
        ]
        self.create(
            [
                {**row, "company_id": company.id, "sequence": 10 * position}
                for position, row in enumerate(rows, 1)
            ]
        )

    @api.model
    def _care_age_name(self, low, high):
        if high >= 150:
            return self.env._("%s and over", low)
        return self.env._("%(low)s to %(high)s", low=low, high=high)

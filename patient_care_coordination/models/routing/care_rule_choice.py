from odoo import fields, models

FIELDS = [
    ("relation", "Caller is"),
    ("priority", "Priority"),
    ("weekday", "Weekday"),
    ("known", "Caller is known"),
]


class CareRuleChoice(models.Model):
    """A fixed value that a condition may ask for, such as a weekday; shipped, not edited."""

    _name = "care.rule.choice"
    _description = "Fixed Value of a Condition"
    _order = "field, sequence, id"

    field = fields.Selection(FIELDS, required=True)
    code = fields.Char(required=True)
    name = fields.Char(required=True, translate=True)
    sequence = fields.Integer(default=10)

    _code_uniq = models.Constraint("unique (field, code)", "This value exists already.")

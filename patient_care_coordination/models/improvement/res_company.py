from odoo import fields, models


class ResCompany(models.Model):
    """From how much on something is a pattern worth looking at."""

    _inherit = "res.company"

    care_pattern_weeks = fields.Integer(
        "Look back (weeks)",
        default=4,
        required=True,
        help="Patterns are looked for in the inquiries of the last whole weeks.",
    )
    care_pattern_least = fields.Integer(
        "Over the usual range or misrouted, from",
        default=5,
        required=True,
        help="Inquiries of one category and department, or moved from one team to another, in "
        "these weeks.",
    )
    care_pattern_questions = fields.Integer(
        "One question answered by hand, from",
        default=8,
        required=True,
        help="Answered questions of one category in these weeks.",
    )
    care_pattern_contacts = fields.Integer(
        "Contacts of one inquiry, from",
        default=4,
        required=True,
        help="How often one caller turned to us about one inquiry in these weeks.",
    )
    care_pattern_causes = fields.Integer(
        "Stock-outs and downtime, from",
        default=3,
        required=True,
        help="Inquiries behind which lies one product that ran out, or one kind of equipment that "
        "failed in one department.",
    )

    _care_patterns_positive = models.Constraint(
        "CHECK (LEAST(care_pattern_weeks, care_pattern_least, care_pattern_questions,"
        " care_pattern_contacts, care_pattern_causes) > 0)",
        "The numbers from which patterns count must be 1 or more.",
    )

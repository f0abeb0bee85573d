from odoo import fields, models


class CarePolicy(models.Model):
    """What a policy asks of letters; a duplicate of the policy asks the same."""

    _inherit = "care.policy"

    letter_part_ids = fields.Many2many(
        "care.letter.type.part",
        "care_letter_type_part_policy_rel",
        "policy_id",
        "part_id",
        string="Parts of letters",
    )
    letter_checker_type_ids = fields.Many2many(
        "care.letter.type",
        "care_letter_type_checker_policy_rel",
        "policy_id",
        "type_id",
        string="Letters that another person checks",
    )
    letter_requirement_ids = fields.Many2many(
        "care.letter.requirement",
        "care_letter_requirement_policy_rel",
        "policy_id",
        "requirement_id",
        string="Letters required for closing",
    )

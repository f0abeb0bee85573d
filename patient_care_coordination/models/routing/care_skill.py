from odoo import fields, models


class CareSkill(models.Model):
    """What a member of staff can do that a rule may ask for, such as bereavement support."""

    _name = "care.skill"
    _inherit = "care.routing.reference"
    _description = "Skill"
    _order = "name, id"

    name = fields.Char(required=True, translate=True)
    active = fields.Boolean(default=True)
    user_ids = fields.Many2many(
        "res.users", "care_skill_user_rel", "skill_id", "user_id", string="People"
    )

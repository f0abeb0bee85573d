from odoo import fields, models


class CarePolicy(models.Model):
    """The tests by which a policy proposes the nature of an inquiry."""

    _inherit = "care.policy"

    test_ids = fields.One2many("care.policy.test", "policy_id", string="Tests", copy=True)

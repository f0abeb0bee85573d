from odoo import fields, models


class CareDepartment(models.Model):
    _inherit = "care.department"

    care_policy_id = fields.Many2one(
        "care.policy",
        string="Deadline policy",
        index="btree_not_null",
        ondelete="restrict",
        domain="[('company_id', 'in', [company_id, False])]",
        help="Only where other rules hold than for the company; also for the departments below.",
    )

    def _care_own_policy(self):
        """The policy of this department or of the nearest one above it, else none."""
        department = self
        while department and not department.care_policy_id:
            department = department.parent_id
        return department.care_policy_id

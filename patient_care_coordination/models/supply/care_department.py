from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError

from ..common.guard import as_server

# What a supplies clerk may set on a department; the rest belongs to supervisors.
CLERK_FIELDS = {
    "location_id",
    "ward_type_id",
    "ward_user_ids",
    "ward_mode",
    "topup_days",
    "request_limit",
}


class CareDepartment(models.Model):
    """A department with shelves of its own is a ward, whatever it is called."""

    _inherit = "care.department"

    ward_type_id = fields.Many2one(
        "care.ward.type", string="Ward type", index="btree_not_null", ondelete="restrict"
    )
    ward_user_ids = fields.Many2many(
        "res.users",
        "care_department_ward_user_rel",
        "department_id",
        "user_id",
        string="Ward staff",
        domain="[('share', '=', False)]",
        help="Who asks for supplies and counts the shelves of this ward.",
    )
    ward_mode = fields.Selection(
        [
            ("tracked", "Counted: used when a count finds it gone"),
            ("issue", "Not counted: used when issued"),
        ],
        string="Supplies are used",
        default="tracked",
        required=True,
    )
    topup_days = fields.Integer(
        "Days between top-ups", default=1, help="How often the shelves are filled."
    )
    request_limit = fields.Monetary(
        "Approval over",
        currency_field="currency_id",
        help="A request worth more than this needs approval. 0: none does.",
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    is_ward = fields.Boolean("Stocked ward", compute="_compute_is_ward", store=True)

    _topup_days_positive = models.Constraint(
        "CHECK (topup_days > 0)", "The days between top-ups must be at least 1."
    )
    _request_limit_not_negative = models.Constraint(
        "CHECK (request_limit >= 0)",
        "The amount over which a request needs approval cannot be negative.",
    )

    @api.depends("location_id.care_role")
    def _compute_is_ward(self):
        for department in self:
            department.is_ward = department.location_id.care_role == "ward"

    @api.constrains("location_id")
    def _check_location_id(self):
        wards = self.filtered("is_ward")
        shared = self._read_group(
            [("location_id", "in", wards.location_id.ids)],
            ["location_id"],
            having=[("__count", ">", 1)],
        )
        if shared:
            raise ValidationError(
                self.env._(
                    "%s are the shelves of another department already: each ward needs its own.",
                    shared[0][0].display_name,
                )
            )

    def write(self, vals):
        user = self.env.user
        if (
            not self.env.su
            and not CLERK_FIELDS.issuperset(vals)
            and user.has_group("patient_care_coordination.group_supplies_clerk")
            and not user.has_group("patient_care_coordination.group_supervisor")
            and not user.has_group("base.group_system")
        ):
            raise AccessError(
                self.env._(
                    "You may change the supplies of a department, and nothing else of it: ask a "
                    "supervisor."
                )
            )
        return super().write(vals)

    def _care_make_shelves(self, warehouse):
        """Give these departments shelves of their own below the wards of a warehouse."""
        shelves = as_server(self.env["stock.location"]).create(
            [
                {
                    "name": department.name,
                    "usage": "internal",
                    "care_role": "ward",
                    "location_id": warehouse.care_wards_location_id.id,
                    "company_id": warehouse.company_id.id,
                }
                for department in self
            ]
        )
        for department, location in zip(self, shelves, strict=True):
            department.location_id = location

    def _care_supply_location(self):
        """Where supplies for this ward go, after checking that they can go there.

        Its shelves, or the place of use if this ward does not count.

        :raises UserError: the ward has no shelves, or an administrator broke its route
        """
        self.ensure_one()
        shelves = self.sudo().location_id
        if not self.is_ward or not shelves.active:
            raise UserError(
                self.env._(
                    '%s has no shelves of its own: choose it in "Set up wards" first.',
                    self.name,
                )
            )
        warehouse = shelves.warehouse_id
        warehouse.with_env(self.env)._care_check_supply_route()
        return warehouse.care_use_location_id if self.ward_mode == "issue" else shelves

    def _care_supply_warehouse(self):
        """The warehouse that supplies this ward."""
        self.ensure_one()
        return self.sudo().location_id.warehouse_id

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from ..common.from_page import from_page
from ..common.guard import as_server

CLERK = "patient_care_coordination.group_supplies_clerk"
WARD = "patient_care_coordination.group_ward_staff"


class CareDepartment(models.Model):
    _inherit = "care.department"

    care_count_ids = fields.One2many("care.ward.count", "department_id", string="Ward counts")
    care_count_running = fields.Boolean(
        string="Count running", compute="_compute_care_counts", compute_sudo=True
    )
    care_count_date = fields.Datetime(
        string="Last counted", compute="_compute_care_counts", compute_sudo=True
    )

    @api.depends("care_count_ids.state")
    def _compute_care_counts(self):
        counts = self.env["care.ward.count"]
        groups = counts._read_group(
            [("department_id", "in", self.ids), ("state", "!=", "cancelled")],
            ["department_id", "state"],
            ["done_date:max"],
        )
        found = {(department, state): date for department, state, date in groups}
        for department in self:
            department.care_count_running = (department, "counting") in found
            department.care_count_date = found.get((department, "done"))

    @from_page(one=True)
    def action_care_count(self):
        """Start the count of this ward, or take up the one that runs."""
        self.ensure_one()
        return self.env["care.ward.count"].care_open(self.id)

    def _care_is_ward_user(self):
        """Whether the user works the shelves of this ward: the clerk all, ward staff their own."""
        user = self.env.user
        return user.has_group(CLERK) or (user.has_group(WARD) and user in self.sudo().ward_user_ids)

    def _care_check_ward_user(self):
        """Raise AccessError for whoever does not work on this ward."""
        if not self or self.sudo().company_id not in self.env.companies:
            raise AccessError(self.env._("Choose a ward of your own company."))
        if not self._care_is_ward_user():
            raise AccessError(
                self.env._(
                    "You do not work on %s: ask the store to add you to its staff.",
                    self.sudo().name,
                )
            )

    def _care_check_countable(self):
        """Raise UserError for a ward whose shelves cannot be counted."""
        ward = as_server(self)
        location = ward.location_id
        if not ward.is_ward or not location.active:
            raise UserError(
                self.env._(
                    '%s has no shelves of its own: choose it in "Set up wards" first.', ward.name
                )
            )
        if ward.ward_mode == "issue":
            raise UserError(
                self.env._(
                    "What %s gets is booked as used when it is issued: there is nothing to count.",
                    ward.name,
                )
            )
        if not location.warehouse_id.care_use_type_id:
            raise UserError(
                self.env._(
                    'The store of %s has no operation to book use: run "Set up wards" again.',
                    ward.name,
                )
            )

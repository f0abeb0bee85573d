from odoo import api, fields, models
from odoo.exceptions import UserError

from ..models.common.from_page import from_page


class CareWardSetup(models.TransientModel):
    """Makes departments into stocked wards; says before what it will make. Run twice, it changes
    nothing, save repairing what somebody took away since.
    """

    _name = "care.ward.setup"
    _description = "Set Up Wards"
    _inherit = ["care.checked.links"]

    company_id = fields.Many2one(
        "res.company", required=True, default=lambda self: self.env.company
    )
    warehouse_id = fields.Many2one(
        "stock.warehouse",
        string="Supplied by",
        required=True,
        domain="[('company_id', '=', company_id)]",
        default=lambda self: self.env["stock.warehouse"].search(
            [("company_id", "=", self.env.company.id)], limit=1
        ),
    )
    department_ids = fields.Many2many(
        "care.department",
        string="Departments",
        domain="[('company_id', '=', company_id)]",
        default=lambda self: self._default_departments(),
    )
    ward_type_id = fields.Many2one(
        "care.ward.type",
        string="Ward type",
        help="For those of the departments that have no type yet.",
        domain="[('company_id', 'in', [company_id, False])]",
    )
    preview = fields.Text("What will be made", compute="_compute_preview")

    @api.model
    def _default_departments(self):
        if self.env.context.get("active_model") == "care.department":
            return self.env["care.department"].browse(self.env.context.get("active_ids", []))
        return self.env["care.department"]

    def _care_sort(self):
        """The departments as ``(new, ready, elsewhere)``: without shelves, with, and supplied
        from a place that is no ward's.
        """
        ready = self.department_ids.filtered("is_ward")
        elsewhere = (self.department_ids - ready).filtered("location_id")
        return self.department_ids - ready - elsewhere, ready, elsewhere

    @api.depends("department_ids", "warehouse_id", "ward_type_id")
    def _compute_preview(self):
        for wizard in self:
            new, ready, elsewhere = wizard._care_sort()
            lines = []
            warehouse = wizard.warehouse_id
            if warehouse and not warehouse.care_topup_route_id:
                lines.append(
                    self.env._(
                        "In the warehouse %s: the places Wards, On loan, Cleaning & check and "
                        "Patient-care use, the operations Ward supply, Loans and Loan returns, and "
                        "the route Ward top-up.",
                        warehouse.name,
                    )
                )
            if new:
                lines.append(self.env._("Shelves for: %s.", ", ".join(new.mapped("name"))))
            if ready:
                lines.append(
                    self.env._("Stocked already, unchanged: %s.", ", ".join(ready.mapped("name")))
                )
            lines += [
                self.env._(
                    "Left out: %(department)s has its supplies at %(place)s. Empty its supply "
                    "location first to give it shelves.",
                    department=department.name,
                    place=department.location_id.display_name,
                )
                for department in elsewhere
            ]
            wizard.preview = "\n".join(lines) or self.env._("Nothing: choose departments.")

    @from_page(one=True)
    def action_apply(self):
        """Make the wards, and show them."""
        self.ensure_one()
        if not self.department_ids:
            raise UserError(self.env._("Choose the departments that are to be stocked wards."))
        self.warehouse_id._care_set_up_supply()
        new, ready, _elsewhere = self._care_sort()
        new._care_make_shelves(self.warehouse_id)
        if self.ward_type_id:
            untyped = (new + ready).filtered(lambda ward: not ward.ward_type_id)
            untyped.write({"ward_type_id": self.ward_type_id.id})
        return self.env["ir.actions.actions"]._for_xml_id("patient_care_coordination.action_wards")

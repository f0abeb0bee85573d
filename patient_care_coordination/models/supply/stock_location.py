from odoo import api, fields, models


class StockLocation(models.Model):
    _inherit = "stock.location"

    care_role = fields.Selection(
        [
            ("wards", "Wards"),
            ("ward", "Ward"),
            ("loan", "On loan"),
            ("cleaning", "Cleaning and check"),
            ("use", "Patient-care use"),
        ],
        string="Role in patient care",
        index="btree_not_null",
        copy=False,
        help="What the set-up of wards made this location for.",
    )
    care_department_ids = fields.One2many(
        "care.department", "location_id", string="Departments supplied here"
    )
    care_department_id = fields.Many2one(
        "care.department",
        string="Department",
        compute="_compute_care_department_id",
        store=True,
        index="btree_not_null",
        help="The ward whose shelves these are.",
    )

    @api.depends("care_department_ids")
    def _compute_care_department_id(self):
        for location in self:
            location.care_department_id = location.care_department_ids[:1]

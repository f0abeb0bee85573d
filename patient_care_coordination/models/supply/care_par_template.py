from odoo import api, fields, models

from ..common.from_page import from_page


class CareParTemplate(models.Model):
    """What wards of one type keep: the levels a new ward starts with."""

    _name = "care.par.template"
    _description = "Par Template"
    _order = "name, id"

    name = fields.Char(required=True, translate=True)
    active = fields.Boolean(default=True)
    ward_type_id = fields.Many2one(
        "care.ward.type",
        string="Ward type",
        index=True,
        ondelete="restrict",
        help="The wards it is meant for.",
    )
    company_id = fields.Many2one(
        "res.company", index="btree_not_null", help="Empty: for every company."
    )
    line_ids = fields.One2many("care.par.template.line", "template_id", copy=True)

    @from_page(one=True)
    def action_use(self):
        """Show what this template would change on its wards."""
        self.ensure_one()
        action = self.env["ir.actions.actions"]._for_xml_id(
            "patient_care_coordination.action_par_copy"
        )
        action["context"] = {"default_template_id": self.id}
        return action


class CareParTemplateLine(models.Model):
    _name = "care.par.template.line"
    _inherit = ["care.numbers"]
    _description = "Line of a Par Template"
    _order = "shelf_sequence, id"

    template_id = fields.Many2one(
        "care.par.template", required=True, index=True, ondelete="cascade"
    )
    product_id = fields.Many2one(
        "product.product",
        required=True,
        index=True,
        ondelete="cascade",
        domain=[("is_storable", "=", True), ("categ_id.care_is_supply", "=", True)],
    )
    product_min_qty = fields.Float("Min", digits="Product Unit", required=True)
    product_max_qty = fields.Float("Max", digits="Product Unit", required=True)
    shelf = fields.Char()
    shelf_sequence = fields.Integer("Order on the walk", default=10)
    two_bin = fields.Boolean("Two bins")
    bin_qty = fields.Float("One bin holds", digits="Product Unit")

    _product_uniq = models.Constraint(
        "UNIQUE (template_id, product_id)", "A template names each product once."
    )
    _levels_ordered = models.Constraint(
        "CHECK (product_min_qty >= 0 AND product_max_qty >= product_min_qty)",
        "The minimum of a template line lies between 0 and its maximum.",
    )
    _bin_filled = models.Constraint(
        "CHECK (two_bin IS NOT TRUE OR COALESCE(bin_qty, 0) > 0)",
        "Say how much one of the two bins holds.",
    )

    @api.constrains("product_id")
    def _check_product_id(self):
        self.product_id._care_check_supply()

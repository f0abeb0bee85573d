from odoo import fields, models


class ProductCategory(models.Model):
    _inherit = "product.category"

    care_needs_approval = fields.Boolean(
        "Requests need approval",
        help="A supply request for such a product waits for the supervisor of the ward.",
    )

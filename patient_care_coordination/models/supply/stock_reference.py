from odoo import fields, models


class StockReference(models.Model):
    _inherit = "stock.reference"

    care_supply_request_id = fields.Many2one(
        "care.supply.request", index="btree_not_null", readonly=True, ondelete="restrict"
    )

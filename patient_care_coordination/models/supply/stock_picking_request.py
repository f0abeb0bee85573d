from odoo import fields, models


class StockPicking(models.Model):
    _inherit = "stock.picking"

    care_supply_request_id = fields.Many2one(
        "care.supply.request",
        string="Supply request",
        index="btree_not_null",
        readonly=True,
        copy=False,
        ondelete="restrict",
    )
    care_place = fields.Char(related="care_supply_request_id.place", string="Where to")

    def _create_backorder_picking(self):
        backorder = super()._create_backorder_picking()
        backorder.care_supply_request_id = self.care_supply_request_id
        return backorder

"""Tables of Inventory that may be full when the addon is installed: nothing is lent yet."""

from odoo import models

from ..common.columns import add_empty_columns


class ProductCategory(models.Model):
    _inherit = "product.category"

    def _auto_init(self):
        add_empty_columns(self)
        return super()._auto_init()


class StockLocation(models.Model):
    _inherit = "stock.location"

    def _auto_init(self):
        add_empty_columns(self)
        return super()._auto_init()


class StockLot(models.Model):
    _inherit = "stock.lot"

    def _auto_init(self):
        add_empty_columns(self)
        return super()._auto_init()


class StockPicking(models.Model):
    _inherit = "stock.picking"

    def _auto_init(self):
        add_empty_columns(self)
        return super()._auto_init()

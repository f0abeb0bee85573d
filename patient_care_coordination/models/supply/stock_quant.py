from odoo import api, models
from odoo.fields import Domain


class StockQuant(models.Model):
    """What is reserved by itself: nothing that a ward could not use."""

    _inherit = "stock.quant"

    @api.model
    def _get_gather_domain(
        self, product_id, location_id, lot_id=None, package_id=None, owner_id=None, strict=False
    ):
        domain = super()._get_gather_domain(
            product_id, location_id, lot_id, package_id, owner_id, strict
        )
        lends = product_id.tracking == "serial" and product_id.categ_id.care_is_supply
        if strict or lot_id or not lends:
            return domain
        there = self.sudo().search([*domain, ("lot_id", "!=", False)]).lot_id
        # What is lent stands with its borrower, and comes back from there.
        unfit = there.filtered(lambda lot: lot.care_loan_state != "lent")._care_not_lendable()
        return domain & Domain("lot_id", "not in", [lot.id for lot in unfit]) if unfit else domain

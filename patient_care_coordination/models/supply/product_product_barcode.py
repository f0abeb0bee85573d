from odoo import api, models
from odoo.exceptions import UserError
from odoo.fields import Domain

from .care_numbers import shown


class ProductProduct(models.Model):
    _inherit = "product.product"

    @api.model
    def _care_from_barcode(self, code):
        """``(product, quantity)`` of a scanned barcode: one piece, or the pieces of a pack.

        Raises UserError for a barcode nobody knows, an archived product and what is no supply.
        """
        company = Domain("company_id", "in", [False, *self.env.companies.ids])
        product = (
            self.sudo()
            .with_context(active_test=False)
            .search(company & Domain("barcode", "=", code), order="active desc, id", limit=1)
        )
        quantity = 1.0
        if not product:
            pack = (
                self.env["product.uom"]
                .sudo()
                .search(company & Domain("barcode", "=", code), limit=1)
            )
            product = pack.product_id
            quantity = pack.uom_id._compute_quantity(1, product.uom_id) if pack else quantity
        if not product:
            raise UserError(
                self.env._(
                    "No supply has the barcode %s: check the label, or ask the store to enter it.",
                    shown(code),
                )
            )
        product = self.browse(product.id)
        product._care_check_supply()
        return product, quantity

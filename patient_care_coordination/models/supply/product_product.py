from odoo import api, models
from odoo.exceptions import UserError
from odoo.fields import Domain


class ProductTemplate(models.Model):
    _inherit = "product.template"

    @api.constrains("categ_id")
    def _check_care_categ_id(self):
        self.env["product.product"]._care_check_kept(
            [
                ("product_tmpl_id", "in", self.ids),
                ("product_tmpl_id.categ_id.care_is_supply", "=", False),
            ]
        )


class ProductProduct(models.Model):
    """Wards are supplied with non-medical things alone, and with nothing archived."""

    _inherit = "product.product"

    def _care_check_supply(self):
        """Refuse products that are no ward supplies; every ward flow asks this first.

        :raises UserError: naming each product, and who supplies it
        """
        refused = self.filtered(lambda product: not product.categ_id.care_is_supply)
        archived = self.filtered(lambda product: not product.active) - refused
        lines = [
            self.env._(
                "%(product)s: turn to %(place)s.",
                product=product.display_name,
                place=product.categ_id._care_turn_to()
                or self.env._("pharmacy, sterile supply or biomedical engineering"),
            )
            for product in refused
        ]
        lines += [
            self.env._("%s: archived, choose its successor.", product.display_name)
            for product in archived
        ]
        if lines:
            head = self.env._("Wards are supplied with non-medical products in use only.")
            raise UserError("\n".join([head, *lines]))

    @api.model
    def _care_check_kept(self, domain):
        """Refuse to take products out of the supplies while wards have par levels of them.

        ``domain`` selects the products that would be out.
        """
        products = self.with_context(active_test=False).search(domain)
        kept = (
            self.env["stock.warehouse.orderpoint"]
            .sudo()
            .search(
                Domain("product_id", "in", products.ids)
                & Domain("location_id.care_role", "=", "ward")
            )
        )
        if kept:
            raise UserError(
                self.env._(
                    "Wards have par levels of %s: archive these before you take the product out of "
                    "the ward supplies.",
                    ", ".join(kept.product_id.mapped("display_name")),
                )
            )

from odoo import api, fields, models


class ProductCategory(models.Model):
    _inherit = "product.category"

    care_supply = fields.Boolean(
        "Ward supplies",
        help="Products of this category and of those below it are non-medical supplies: wards "
        "keep, count and ask for them.",
    )
    care_is_supply = fields.Boolean(
        "Supplied to wards",
        compute="_compute_care_is_supply",
        store=True,
        recursive=True,
    )
    care_turn_to = fields.Char(
        "Turn to",
        translate=True,
        help='Who supplies these products instead, such as "Pharmacy, ext. 210". Also for the '
        "categories below.",
    )

    @api.depends("care_supply", "parent_id.care_is_supply")
    def _compute_care_is_supply(self):
        for category in self:
            category.care_is_supply = category.care_supply or category.parent_id.care_is_supply

    @api.constrains("care_supply", "parent_id")
    def _check_care_supply(self):
        """A category leaves the supplies only when no ward keeps its products any more."""
        lost = self.search([("id", "child_of", self.ids), ("care_is_supply", "=", False)])
        if lost:
            self.env["product.product"]._care_check_kept([("categ_id", "in", lost.ids)])

    def _care_turn_to(self):
        """Who supplies the products of this category, else nothing."""
        category = self
        while category and not category.care_turn_to:
            category = category.parent_id
        return category.care_turn_to

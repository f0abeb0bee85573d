from odoo import api, fields, models
from odoo.exceptions import UserError

# More of one thing than a hospital buys at once: somebody slipped on the keyboard.
MOST = 1_000_000


class CareReorderLine(models.TransientModel):
    """One product that would be ordered for one place."""

    _name = "care.reorder.line"
    _inherit = ["care.checked.links", "care.numbers"]
    _description = "Line of a Preview of an Order"
    _order = "source, id"

    reorder_id = fields.Many2one("care.reorder", required=True, index=True, ondelete="cascade")
    orderpoint_id = fields.Many2one(
        "stock.warehouse.orderpoint", required=True, readonly=True, ondelete="cascade"
    )
    product_id = fields.Many2one(related="orderpoint_id.product_id", related_sudo=False)
    location_id = fields.Many2one(
        related="orderpoint_id.location_id", string="For", related_sudo=False
    )
    uom_id = fields.Many2one(related="orderpoint_id.product_uom", string="Unit", related_sudo=False)
    currency_id = fields.Many2one(related="orderpoint_id.care_currency_id", related_sudo=False)
    source = fields.Char("From", readonly=True)
    needed = fields.Float("Short", readonly=True, digits="Product Unit")
    quantity = fields.Float("Order", digits="Product Unit")
    price = fields.Monetary("Last price", readonly=True)
    amount = fields.Monetary(compute="_compute_amount")
    expected_date = fields.Date("Expected", readonly=True)
    requests = fields.Char("Asked for by", readonly=True)
    error = fields.Char("Problem", readonly=True)

    @api.depends("quantity", "price")
    def _compute_amount(self):
        for line in self:
            line.amount = line.quantity * line.price

    def _care_check(self):
        """Refuse a quantity that nobody means."""
        if self.uom_id.compare(self.quantity, 0) <= 0 or self.quantity > MOST:
            raise UserError(
                self.env._(
                    "%(product)s: order from %(least)g to %(most)s, correct the quantity.",
                    product=self.product_id.display_name,
                    least=self.uom_id.rounding,
                    most=f"{MOST:,}",
                )
            )

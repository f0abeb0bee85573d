from odoo import models
from odoo.fields import Domain

# Odoo's own ways to count products. Where another module counts otherwise (by expiry, by kits), its
# word holds and nothing here is used.
KNOWN_COUNTS = {"odoo.addons.stock.models.product", "odoo.addons.purchase_stock.models.product"}
# Context keys that make Odoo count something else than all there is.
NARROWING = {
    "from_date",
    "lot_id",
    "owner_id",
    "owners",
    "package_id",
    "strict",
    "suggest_days",
    "warehouse_id",
    "search_warehouse",
    "with_expiration",
}
OPEN = ("waiting", "confirmed", "assigned", "partially_available")


class StockWarehouseOrderpoint(models.Model):
    """The same figures as Odoo's for the shelves of all wards, in a few queries instead of each.

    A move of a product makes Odoo compute the rules of that product anew, in every place. It asks
    the database place by place and looks up the route product by product: one request of twenty
    lines costs thousands of queries in a hospital with a hundred wards.
    """

    _inherit = "stock.warehouse.orderpoint"

    def _compute_rules(self):
        """All products of wards that have one parent come by the one rule of their route.

        Only where that rule takes from stock and no rule ends on the shelves themselves: then the
        routes of a product are never asked.
        """
        wards = self.filtered(
            lambda level: (
                level.location_id.care_role == "ward"
                and level.route_id
                and level.product_id
                and level.location_id.location_id
            )
        )
        ending = self.env["stock.rule"].search([("location_dest_id", "in", wards.location_id.ids)])
        wards = wards.filtered(lambda level: level.location_id not in ending.location_dest_id)
        done = self.browse()
        for (parent, route, _warehouse), levels in wards.grouped(
            lambda level: (
                level.location_id.location_id,
                level.route_id,
                level.location_id.warehouse_id,
            )
        ).items():
            rule = levels[0].product_id._get_rules_from_location(
                levels[0].location_id, route_ids=route
            )
            if (
                len(rule) == 1
                and rule.route_id == route
                and rule.location_dest_id == parent
                and rule.procure_method == "make_to_stock"
            ):
                levels.rule_ids = rule
                done |= levels
        return super(StockWarehouseOrderpoint, self - done)._compute_rules()

    def _compute_qty(self):
        levels = self._care_countable()
        super(StockWarehouseOrderpoint, self - levels)._compute_qty()
        if not levels:
            return
        ordered = levels._quantity_in_progress()
        for to_date, group in levels.grouped(
            lambda level: level._get_product_context()["to_date"]
        ).items():
            there, coming, going = group._care_quantities(to_date)
            for level in group:
                key, unit = (level.product_id.id, level.location_id.id), level.product_id.uom_id
                held = there.get(key, 0.0)
                level.qty_on_hand = unit.round(held)
                level.qty_forecast = ordered[level.id] + unit.round(
                    held + unit.round(coming.get(key, 0.0)) - unit.round(going.get(key, 0.0))
                )

    def _get_qty_to_order(self, qty_in_progress_by_orderpoint=None):
        """What is missing to the maximum by the forecast, which is there already."""
        self.ensure_one()
        if not self._care_countable():
            return super()._get_qty_to_order(qty_in_progress_by_orderpoint)
        if self.product_uom.compare(self.qty_forecast, self.product_min_qty) >= 0:
            return 0.0
        high = max(self.product_min_qty, self.product_max_qty)
        return self._get_multiple_rounded_qty(high - self.qty_forecast)

    def _care_countable(self):
        """The levels of wards whose stock is counted as Odoo alone counts it."""
        counts = {
            part.__module__
            for part in type(self.env["product.product"]).__mro__
            if "_compute_quantities_dict" in vars(part)
        }
        if counts - KNOWN_COUNTS or NARROWING & set(self.env.context):
            return self.browse()
        return self.filtered(
            lambda level: (
                level.location_id.care_role == "ward"
                and level._origin == level
                and level.product_id.type != "service"
                and level.lead_horizon_date
                and level.lead_horizon_date >= level.env.cr.now().date()
                and level._get_product_context().keys() == {"location", "to_date"}
            )
        )

    def _care_quantities(self, to_date):
        """What lies at the places of these levels, and what open moves until then bring and take.

        :return: three dicts ``{(product id, location id): quantity}``, in the product's unit
        """
        places = set(self.location_id.ids)
        below = (
            self.env["stock.location"]
            .sudo()
            .with_context(active_test=False)
            .search([("id", "child_of", self.location_id.ids)])
        )
        around = {
            location.id: places.intersection(map(int, location.parent_path.split("/")[:-1]))
            for location in below
        }
        products = Domain("product_id", "in", self.product_id.ids)
        there, coming, going = {}, {}, {}

        def add(sums, product, at, quantity):
            for place in at:
                sums[product.id, place] = sums.get((product.id, place), 0.0) + quantity

        for product, location, quantity in self.env["stock.quant"]._read_group(
            products & Domain("location_id", "in", below.ids),
            ["product_id", "location_id"],
            ["quantity:sum"],
        ):
            add(there, product, around[location.id], quantity)
        ends = ("location_id", "location_dest_id", "location_final_id")
        for product, source, dest, final, quantity in self.env["stock.move"]._read_group(
            products
            & Domain("state", "in", OPEN)
            & Domain("date", "<=", to_date)
            & Domain.OR(Domain(end, "in", below.ids) for end in ends),
            ["product_id", *ends],
            ["product_qty:sum"],
        ):
            left = around.get(source.id, set())
            reached = around.get((final or dest).id, set())
            add(coming, product, reached - left, quantity)
            add(going, product, left - reached, quantity)
        return there, coming, going

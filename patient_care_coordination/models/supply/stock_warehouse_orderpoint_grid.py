from odoo import api, models
from odoo.exceptions import UserError

from ..common.from_page import chosen_id, from_page, position, record_id, record_ids, term
from .levels import cover_word, days_of_cover

# Wards shown before somebody chooses, and the most rows of one page.
FIRST_WARDS = 8
MOST_ROWS = 500


class StockWarehouseOrderpoint(models.Model):
    """Par levels as a grid: products down, wards across; read and written by the client action."""

    _inherit = "stock.warehouse.orderpoint"

    @api.model
    @from_page(
        department_ids=record_ids,
        category_id=record_id,
        search=term,
        offset=position,
        limit=position,
    )
    def care_grid(self, department_ids=None, category_id=None, search=None, offset=0, limit=80):
        """One page of the grid, in a few queries however large it is.

        :param department_ids: the wards, in their own order; none: the first eight
        :param category_id: only products of this category and those below it
        :param search: only products whose name, code or barcode holds this
        :return: ``{"wards": [{"id", "name"}], "rows": [{"id", "name", "unit", "cells"}],
            "total": rows on all pages}``; ``cells`` by ward id, as of ``_care_cells``; no unit
            for users who work without units
        """
        wards = self.env["care.department"].search(
            [("is_ward", "=", True), *([("id", "in", department_ids)] if department_ids else [])],
            limit=None if department_ids else FIRST_WARDS,
        )
        domain = [("location_id", "in", wards.location_id.ids)]
        if category_id:
            domain.append(("product_id.categ_id", "child_of", category_id))
        if search:
            domain.append(("product_id", "ilike", search))
        [(total,)] = self._read_group(domain, [], ["product_id:count_distinct"])
        groups = self._read_group(
            domain,
            ["product_id"],
            order="product_id",
            offset=max(offset, 0),
            limit=min(max(limit, 1), MOST_ROWS),
        )
        products = self.env["product.product"].union(*(group[0] for group in groups))
        rules = self.search([*domain, ("product_id", "in", products.ids)])
        cells = rules._care_cells()
        units = self.env.user.has_group("uom.group_uom")
        rows = {
            product.id: {
                "id": product.id,
                "name": product.display_name,
                "unit": product.uom_id.name if units else "",
                "cells": {},
            }
            for product in products
        }
        ward_of = {ward.location_id.id: ward.id for ward in wards}
        for rule in rules:
            row = rows[rule.product_id.id]
            row["cells"][ward_of[rule.location_id.id]] = cells[rule.id]
        return {
            "wards": [{"id": ward.id, "name": ward.name} for ward in wards],
            "rows": list(rows.values()),
            "total": total,
        }

    def _care_cells(self):
        """What the grid shows of each rule, by its id.

        ``{"id", "min", "max", "there", "days", "word"}``: ``there`` is on hand, ``days`` of cover
        or None without use, ``word`` out, low, enough or over.
        """
        quants = self.env["stock.quant"]._read_group(
            [
                ("product_id", "in", self.product_id.ids),
                ("location_id", "child_of", self.location_id.ids),
            ],
            ["product_id", "location_id"],
            ["quantity:sum"],
        )
        there = {}
        for product, location, quantity in quants:
            for above in location.parent_path.split("/")[:-1]:
                key = (product.id, int(above))
                there[key] = there.get(key, 0) + quantity
        cells = {}
        for rule in self:
            held = there.get((rule.product_id.id, rule.location_id.id), 0)
            low, high = rule.product_min_qty, rule.product_max_qty
            days = days_of_cover(held, rule.care_use_per_day)
            cells[rule.id] = {
                "id": rule.id,
                "min": low,
                "max": high,
                "there": held,
                "days": days if days is None else round(days, 1),
                "word": cover_word(held, low, high),
            }
        return cells

    @api.model
    @from_page(department_id=chosen_id, product_id=chosen_id)
    def care_grid_set(self, department_id, product_id, low, high):
        """Set the levels of a product on a ward, new or not; returns its cell.

        :raises UserError: levels that are no numbers, cannot be, or a product that is no supply
        """
        ward = self.env["care.department"].browse(department_id)
        product = self.env["product.product"].browse(product_id)
        # True is an int in Python, and no level.
        if any(
            isinstance(level, bool) or not isinstance(level, int | float) for level in (low, high)
        ):
            raise UserError(
                self.env._(
                    "%(product)s in %(ward)s: enter numbers for its levels.",
                    product=product.display_name,
                    ward=ward.name,
                )
            )
        if low > high:
            raise UserError(
                self.env._(
                    "%(product)s in %(ward)s: the minimum %(low)s is above the maximum %(high)s, "
                    "change the other one first.",
                    product=product.display_name,
                    ward=ward.name,
                    low=f"{low:,.10g}",
                    high=f"{high:,.10g}",
                )
            )
        ward._care_supply_location()
        values = {"product_min_qty": low, "product_max_qty": high}
        rule = self.with_context(active_test=False).search(
            [("product_id", "=", product.id), ("location_id", "=", ward.location_id.id)]
        )
        if rule:
            product._care_check_supply()
            rule.write({**values, "active": True})
        else:
            rule = self.create(
                {**values, "product_id": product.id, "location_id": ward.location_id.id}
            )
        return rule._care_cells()[rule.id]

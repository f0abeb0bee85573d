from odoo import fields, models
from odoo.exceptions import UserError
from odoo.fields import Command, Domain

from ..common.guard import as_server


class StockLocation(models.Model):
    _inherit = "stock.location"

    def _care_shelf_quants(self, products=None):
        """``{product: quants}`` on the shelves of this ward, oldest first."""
        domain = Domain("location_id", "child_of", self.ids)
        if products is not None:
            domain &= Domain("product_id", "in", products.ids)
        quants = self.env["stock.quant"].sudo().search(domain, order="in_date, id")
        return quants.grouped("product_id")

    def _care_book_use(self, quantities, origin):
        """Book what left the shelves of this ward as used, in its one transfer of the day.

        ``quantities`` is ``{product: quantity in its unit}``; what the shelves do not hold is not
        booked, so that nothing goes below zero. Returns the moves, done.
        """
        self.ensure_one()
        warehouse = self.warehouse_id.sudo()
        picking_type = warehouse.care_use_type_id
        shelves = self._care_shelf_quants(self.env["product.product"].concat(*quantities))
        values = []
        for product, wanted in quantities.items():
            lines = []
            for quant in shelves.get(product, ()):
                taken = min(quant.quantity, wanted - sum(line["quantity"] for line in lines))
                if product.uom_id.compare(taken, 0) > 0:
                    lines.append(
                        {
                            "quantity": taken,
                            "location_id": quant.location_id.id,
                            "lot_id": quant.lot_id.id,
                            "package_id": quant.package_id.id,
                            "owner_id": quant.owner_id.id,
                        }
                    )
            if lines:
                values.append(
                    self._care_done_move_values(
                        product, lines, self, warehouse.care_use_location_id
                    )
                    | {"picking_type_id": picking_type.id, "origin": origin}
                )
        if not values:
            return self.env["stock.move"].sudo()
        # Odoo looks up the quants of each line by itself unless they are given.
        quants = self.env["stock.quant"].concat(*shelves.values())
        cache = quants._get_quants_by_products_locations(
            quants.product_id, quants.location_id | warehouse.care_use_location_id
        )
        moves = as_server(self.env["stock.move"]).with_context(quants_cache=cache).create(values)
        moves = moves.with_env(self.env).sudo()
        moves._action_done()
        # Attached once done: a move made inside a done transfer skips what "done" does.
        picking = self._care_use_picking(picking_type)
        moves.write({"picking_id": picking.id})
        moves.move_line_ids.write({"picking_id": picking.id})
        picking.date_done = fields.Datetime.now()
        return moves

    def _care_use_picking(self, picking_type):
        """The transfer that holds what this ward uses today; made if there is none."""
        today = fields.Date.context_today(self)
        pickings = as_server(self.env["stock.picking"])
        return pickings.search(
            [("location_id", "=", self.id), ("care_use_date", "=", today)]
        ) or pickings.create(
            {
                "picking_type_id": picking_type.id,
                "location_id": self.id,
                "location_dest_id": picking_type.default_location_dest_id.id,
                "company_id": picking_type.company_id.id,
                "care_use_date": today,
            }
        )

    def _care_done_move_values(self, product, lines, source, destination):
        """Values of a move that is ready for ``_action_done``: all its ``lines`` are picked.

        ``lines`` are dicts with the quantity and, where they differ from the move's, the location,
        lot, package or owner.
        """
        company = self.company_id or self.env.company
        common = {
            "product_id": product.id,
            "location_id": source.id,
            "location_dest_id": destination.id,
            "company_id": company.id,
        }
        return common | {
            "product_uom": product.uom_id.id,
            "product_uom_qty": sum(line["quantity"] for line in lines),
            "state": "confirmed",
            "picked": True,
            "move_line_ids": [
                Command.create(common | {"product_uom_id": product.uom_id.id} | line)
                for line in lines
            ],
        }

    def _care_book_found(self, quantities, name):
        """Book what lies on the shelves of this ward beyond its stock as inventory adjustment.

        ``quantities`` is ``{product: quantity in its unit}``. Raises UserError for a product with
        lots of which none is known here: nobody can tell which one was found.
        """
        self.ensure_one()
        shelves = self._care_shelf_quants(self.env["product.product"].concat(*quantities))
        values = []
        for product, quantity in quantities.items():
            quants = shelves.get(product, self.env["stock.quant"])
            if product.tracking != "none":
                quants = quants.filtered("lot_id")
                if not quants:
                    raise UserError(
                        self.env._(
                            "%(product)s is kept by lot and %(ward)s holds none: ask the store "
                            "to enter the lot, then count it again.",
                            product=product.display_name,
                            ward=self.display_name,
                        )
                    )
            source = product.with_company(self.company_id).property_stock_inventory
            place = quants[-1:]
            line = {"quantity": quantity, "lot_id": place.lot_id.id}
            line["location_dest_id"] = (place.location_id or self).id
            values.append(
                self._care_done_move_values(product, [line], source, self)
                | {"is_inventory": True, "inventory_name": name}
            )
        moves = as_server(self.env["stock.move"]).create(values)
        moves._action_done()
        moves._trigger_assign()
        return moves

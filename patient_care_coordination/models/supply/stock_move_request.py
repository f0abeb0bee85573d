from odoo import fields, models
from odoo.fields import Domain

from .care_supply_request_line import OPEN


class StockMove(models.Model):
    _inherit = "stock.move"

    care_supply_line_id = fields.Many2one(
        "care.supply.request.line",
        string="Line of a supply request",
        index="btree_not_null",
        readonly=True,
        copy=False,
        ondelete="set null",
    )

    def _prepare_merge_moves_distinct_fields(self):
        return [*super()._prepare_merge_moves_distinct_fields(), "care_supply_line_id"]

    def _prepare_move_split_vals(self, qty):
        """What is split off for a backorder is still asked for; a copy by hand is not."""
        vals = super()._prepare_move_split_vals(qty)
        return vals | {"care_supply_line_id": self.care_supply_line_id.id}

    def _get_new_picking_values(self):
        """Carry request and urgency to the transfer: the priority of a move comes from there."""
        vals = super()._get_new_picking_values()
        request = self.care_supply_line_id.request_id
        if len(request) == 1:
            vals["care_supply_request_id"] = request.id
            vals["care_ticket_id"] = request.ticket_id.id
            vals["priority"] = "1" if request.urgency == "urgent" else "0"
        return vals

    def _care_supply_dates(self):
        """When the store has what these moves wait for, and whether that is in a draft only.

        The next arrival at the place that each leaves, a draft order to a vendor included.

        :return: ``{move: (datetime or False, in an order that is not confirmed yet)}``
        """
        arrivals = {}
        incoming = Domain("product_id", "in", self.product_id.ids) & Domain("state", "in", OPEN)
        places = self.location_id
        if not self:
            return {}
        rows = self.env["stock.move"]._read_group(
            incoming
            & Domain("location_dest_id", "child_of", places.ids)
            & ~Domain("location_id", "child_of", places.ids),
            ["product_id", "location_dest_id"],
            ["date:min"],
        )
        for product, dest, date in rows:
            for place in places:
                if dest._child_of(place):
                    key = product, place
                    arrivals[key] = min(arrivals.get(key, (date, False)), (date, False))
        if "purchase.order.line" in self.env:
            for line in self.env["purchase.order.line"].search(
                [
                    ("product_id", "in", self.product_id.ids),
                    ("order_id.state", "in", ("draft", "sent", "to approve")),
                    ("company_id", "in", self.company_id.ids),
                ]
            ):
                for place in places:
                    if line.order_id.picking_type_id.default_location_dest_id._child_of(place):
                        key = line.product_id, place
                        date = line.date_planned or line.order_id.date_planned
                        if date:
                            arrivals[key] = min(arrivals.get(key, (date, True)), (date, True))
        return {
            move: arrivals.get((move.product_id, move.location_id), (False, False)) for move in self
        }

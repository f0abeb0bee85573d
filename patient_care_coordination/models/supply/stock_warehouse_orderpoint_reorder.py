from datetime import timedelta

from odoo import api, fields, models
from odoo.fields import Command, Domain

from ..common.from_page import from_page
from ..common.guard import as_server
from .care_supply_request_line import OPEN

# What waits for somebody to confirm or approve it, and what is ordered.
UNCONFIRMED = ("draft", "sent", "to approve")
BOUGHT = (*UNCONFIRMED, "purchase")


class StockWarehouseOrderpoint(models.Model):
    """The clerk's list of all that is short, and ordering from it."""

    _inherit = "stock.warehouse.orderpoint"

    care_vendor_id = fields.Many2one(
        "res.partner",
        string="Vendor",
        compute="_compute_care_vendor_id",
        store=True,
        index="btree_not_null",
        help="Who sells it to the store; a ward gets it from the store.",
    )
    care_on_hand = fields.Float(
        "There now", compute="_compute_care_on_hand", digits="Product Unit", compute_sudo=True
    )
    care_on_order = fields.Float(
        "On order", compute="_compute_care_on_order", digits="Product Unit", compute_sudo=True
    )
    care_unconfirmed = fields.Float(
        "Not confirmed yet",
        compute="_compute_care_on_order",
        digits="Product Unit",
        compute_sudo=True,
        help="In draft orders to vendors, which somebody still has to confirm or to approve.",
    )
    care_expected_date = fields.Date(
        "Expected",
        compute="_compute_care_on_order",
        compute_sudo=True,
        help="When the next delivery comes, or when one ordered today would.",
    )
    care_last_price = fields.Monetary(
        "Last price", compute="_compute_care_last_price", currency_field="care_currency_id"
    )
    care_currency_id = fields.Many2one(related="company_id.currency_id", string="Currency")
    care_request_names = fields.Char("Asked for by", compute="_compute_care_request_names")
    care_ordered_date = fields.Datetime(
        "Ordered last",
        readonly=True,
        copy=False,
        help="When a person ordered it from the list of what is short.",
    )

    @api.depends(
        "location_id",
        "product_id.seller_ids.partner_id",
        "product_id.seller_ids.sequence",
        "product_id.seller_ids.company_id",
    )
    def _compute_care_vendor_id(self):
        for orderpoint in self:
            orderpoint.care_vendor_id = orderpoint._care_seller().partner_id

    def _care_seller(self):
        """The first line of the vendors of its product, for the store alone."""
        self.ensure_one()
        if self.location_id.care_department_id:
            return self.env["product.supplierinfo"]
        return self.product_id.seller_ids.filtered(
            lambda seller: (
                (not seller.company_id or seller.company_id == self.company_id)
                and (not seller.product_id or seller.product_id == self.product_id)
            )
        )[:1]

    @api.depends("product_id", "location_id", "product_id.stock_move_ids.state")
    def _compute_care_on_hand(self):
        """For all at once: what Odoo computes asks once for each place."""
        rows = self.env["stock.quant"]._read_group(
            [
                ("product_id", "in", self.product_id.ids),
                ("location_id", "child_of", self.location_id.ids),
            ],
            ["product_id", "location_id"],
            ["quantity:sum"],
        )
        there = {}
        for product, place, quantity in rows:
            for above in place.parent_path.split("/")[:-1]:
                key = product.id, int(above)
                there[key] = there.get(key, 0.0) + quantity
        for orderpoint in self:
            key = orderpoint.product_id.id, orderpoint.location_id.id
            orderpoint.care_on_hand = there.get(key, 0.0)

    def _compute_care_on_order(self):
        incoming = self._care_incoming()
        today = fields.Date.context_today(self)
        for orderpoint in self:
            orderpoint.care_on_order, orderpoint.care_unconfirmed, date = incoming.get(
                orderpoint, (0.0, 0.0, False)
            )
            orderpoint.care_expected_date = date or today + timedelta(days=orderpoint._care_delay())

    def _care_incoming(self):
        """What comes to the place of each, if anything.

        :return: ``{orderpoint: (ordered, in orders not confirmed, date of the next)}``
        """
        places = self.location_id
        rows = self.env["stock.move"]._read_group(
            Domain("product_id", "in", self.product_id.ids)
            & Domain("state", "in", OPEN)
            & Domain("location_dest_id", "child_of", places.ids),
            ["product_id", "location_id", "location_dest_id"],
            ["product_qty:sum", "date:min"],
        )
        by_product = {}
        for product, source, dest, quantity, date in rows:
            coming = (source, dest, (quantity, 0.0, date.date()))
            by_product.setdefault(product, []).append(coming)
        for product, dest, quantity, date in self._care_bought():
            by_product.setdefault(product, []).append((None, dest, (0.0, quantity, date)))
        incoming = {}
        for orderpoint in self:
            place = orderpoint.location_id
            coming = [
                what
                for source, dest, what in by_product.get(orderpoint.product_id, [])
                if dest._child_of(place) and not (source and source._child_of(place))
            ]
            if coming:
                ordered, unconfirmed, dates = zip(*coming, strict=True)
                incoming[orderpoint] = sum(ordered), sum(unconfirmed), min(dates)
        return incoming

    def _care_bought(self):
        """Lines of orders to vendors that are no receipt yet: ``[(product, place, n, date)]``."""
        if "purchase.order.line" not in self.env:
            return []
        lines = self.env["purchase.order.line"].search(
            [
                ("product_id", "in", self.product_id.ids),
                ("order_id.state", "in", UNCONFIRMED),
                ("company_id", "in", self.company_id.ids),
            ]
        )
        return [
            (
                line.product_id,
                line.order_id.picking_type_id.default_location_dest_id,
                line.product_uom_id._compute_quantity(line.product_qty, line.product_id.uom_id),
                (line.date_planned or line.order_id.date_order).date(),
            )
            for line in lines
        ]

    def _care_delay(self):
        """Days from an order today until it comes."""
        if self.location_id.care_department_id:
            return sum(self.route_id.rule_ids.mapped("delay"))
        return self._care_seller().delay

    def _compute_care_last_price(self):
        bought = {}
        if "purchase.order.line" in self.env:
            lines = self.env["purchase.order.line"].sudo()
            for product, company, line_id in lines._read_group(
                [
                    ("product_id", "in", self.product_id.ids),
                    ("company_id", "in", self.company_id.ids),
                    ("order_id.state", "=", "purchase"),
                ],
                ["product_id", "company_id"],
                ["id:max"],
            ):
                bought[product, company] = lines.browse(line_id)
        today = fields.Date.context_today(self)
        for orderpoint in self:
            product, company = orderpoint.product_id, orderpoint.company_id
            line, seller = bought.get((product, company)), orderpoint._care_seller()
            if line:
                price = line.product_uom_id._compute_price(line.price_unit, product.uom_id)
                currency = line.currency_id
            elif seller:
                price = seller.product_uom_id._compute_price(seller.price, product.uom_id)
                currency = seller.currency_id
            else:
                price = product.with_company(company).standard_price
                currency = company.currency_id
            orderpoint.care_last_price = currency._convert(
                price, company.currency_id, company, today, round=False
            )

    def _compute_care_request_names(self):
        waiting = self._care_waiting_requests()
        for orderpoint in self:
            names = waiting.get(orderpoint, self.env["care.supply.request"]).mapped("name")
            orderpoint.care_request_names = ", ".join(names)

    def _care_waiting_requests(self):
        """Requests that wait for what each would bring: ``{orderpoint: requests}``."""
        moves = self.env["stock.move"].sudo()
        moves = moves.search(self.env["care.shortage"]._care_waiting_domain(self.product_id))
        by_product = moves.grouped("product_id")
        waiting = {}
        for orderpoint in self:
            for move in by_product.get(orderpoint.product_id, ()):
                if move.location_id._child_of(orderpoint.location_id):
                    request = move.care_supply_line_id.request_id
                    waiting[orderpoint] = waiting.get(orderpoint, request) | request
        return waiting

    # ------------------------------------------------------------------
    # Buttons of the list
    # ------------------------------------------------------------------

    @api.model
    def _care_short_domain(self):
        """What is short and nobody has put off."""
        today = fields.Date.context_today(self)
        return (
            Domain("product_id.categ_id.care_is_supply", "=", True)
            & (Domain("qty_to_order_computed", ">", 0) | Domain("qty_to_order_manual", ">", 0))
            & (Domain("care_snoozed_until", "=", False) | Domain("care_snoozed_until", "<", today))
        )

    @from_page()
    def action_care_order(self):
        """Show what would be ordered of the chosen rows before it is."""
        return self._care_preview(self)

    @from_page()
    def action_care_order_all(self):
        """Show what would be ordered if all that is short were."""
        return self._care_preview(self.search(self._care_short_domain()))

    @from_page()
    def action_care_confirm(self):
        """Show the draft orders to vendors of these rows, by default all, to be confirmed."""
        confirm = self.env["care.confirm"]._care_make(self.product_id if self else None)
        return confirm._care_action(self.env._("Orders to confirm"))

    @api.model
    def _get_view(self, view_id=None, view_type="form", **options):
        """Leave out what is for orders to vendors where Purchase is not installed."""
        arch, view = super()._get_view(view_id, view_type, **options)
        if "purchase.order" not in self.env:
            for node in arch.xpath("//*[@name='action_care_confirm' or @name='care_unconfirmed']"):
                node.getparent().remove(node)
        return arch, view

    @api.model
    def _care_preview(self, orderpoints):
        wizard = self.env["care.reorder"]._care_make(orderpoints)
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("What would be ordered"),
            "res_model": "care.reorder",
            "res_id": wizard.id,
            "view_mode": "form",
            "target": "new",
            "context": {"dialog_size": "extra-large"},
        }

    # ------------------------------------------------------------------
    # Ordering
    # ------------------------------------------------------------------

    def _care_order(self, wanted):
        """Order, once: of two people who order the same at once one is told so.

        The rows are locked and changed. So somebody who orders at the same time skips them, and
        somebody who read them before is sent back by the database to read them again: what is
        stored as short includes all that others ordered.

        :param wanted: ``{orderpoint: (short when it was looked at, quantity to order)}``
        :return: ``{orderpoint: sentence}`` of what was not ordered
        """
        self.check_access("write")
        rows = as_server(self)
        locked = rows.try_lock_for_update(allow_referencing=True)
        problems = {
            orderpoint: self.env._("Somebody else is ordering it right now.")
            for orderpoint in rows - locked
        }
        locked.care_ordered_date = fields.Datetime.now()
        locked.flush_recordset(["care_ordered_date"])
        locked.invalidate_recordset()
        procurements = {}
        for orderpoint in locked:
            needed, quantity = wanted[orderpoint.with_env(self.env)]
            uom, now = orderpoint.product_uom, orderpoint.qty_to_order
            if sentence := orderpoint._care_refusal(quantity):
                problems[orderpoint] = sentence
            elif uom.compare(now, 0) <= 0:
                problems[orderpoint] = self.env._("It is no longer short: it was ordered already.")
            else:
                amount = quantity if uom.compare(now, needed) == 0 else min(quantity, now)
                procurements[orderpoint] = orderpoint._care_procurement(amount)
        messages = self.env["stock.rule"].sudo()._care_run(procurements)
        problems |= {row: message.strip().splitlines()[0] for row, message in messages.items()}
        ordered = rows.browse(row.id for row in procurements if row not in messages)
        ordered._post_process_scheduler()
        ordered.qty_to_order_manual = 0
        return {row.with_env(self.env): sentence for row, sentence in problems.items()}

    def _care_refusal(self, quantity):
        """Why it cannot be ordered at all, in one sentence, or nothing."""
        self.ensure_one()
        product = self.product_id
        if self.product_uom.compare(quantity, 0) <= 0:
            return self.env._("Order more than nothing.")
        if not product.active:
            return self.env._("%s is archived.", product.display_name)
        if not self.location_id.active:
            return self.env._("%s is archived.", self.location_id.display_name)
        return False

    def _care_procurement(self, quantity):
        """As the scheduler of the base orders it, for a quantity that a person chose."""
        self.ensure_one()
        date = self._get_orderpoint_procurement_date()
        if horizon := self.get_horizon_days():
            date -= timedelta(days=int(horizon))
        return self.env["stock.rule"].Procurement(
            self.product_id,
            quantity,
            self.product_uom,
            self.location_id,
            self.name,
            self.name,
            self.company_id,
            self._prepare_procurement_values(date=date),
        )

    def _prepare_procurement_values(self, date=False):
        """Order for all in one: a reference of a request here would split orders by request.

        What was ordered is linked to the requests it serves afterwards.
        """
        values = super()._prepare_procurement_values(date=date)
        if references := values.get("reference_ids"):
            values["reference_ids"] = references.filtered(
                lambda reference: not reference.care_supply_request_id
            )
        return values

    def _post_process_scheduler(self):
        result = super()._post_process_scheduler()
        self._care_link_requests()
        return result

    def _care_link_requests(self):
        """Put the references of waiting requests on what is on order for them.

        So an order to a vendor tells which requests it serves, and what it brings is reserved for
        them first.
        """
        waiting = self._care_waiting_requests()
        if not waiting:
            return
        central = self.browse(row.id for row in waiting)
        references = {row: waiting[row].sudo().reference_ids for row in central}
        moves = (
            self.env["stock.move"]
            .sudo()
            .search(
                Domain("product_id", "in", central.product_id.ids)
                & Domain("state", "in", OPEN)
                & Domain("location_dest_id", "child_of", central.location_id.ids)
                & ~Domain("location_id", "child_of", central.location_id.ids)
            )
        )
        for row in central:
            for move in moves:
                if move.product_id == row.product_id and move.location_dest_id._child_of(
                    row.location_id
                ):
                    move.reference_ids |= references[row]
        if "purchase.order.line" not in self.env:
            return
        lines = (
            self.env["purchase.order.line"]
            .sudo()
            .search(
                [
                    ("product_id", "in", central.product_id.ids),
                    ("order_id.state", "in", BOUGHT),
                    ("company_id", "in", central.company_id.ids),
                ]
            )
        )
        for row in central:
            orders = lines.filtered(
                lambda line, row=row: (
                    line.product_id == row.product_id
                    and line.qty_received < line.product_qty
                    and line.order_id.picking_type_id.default_location_dest_id._child_of(
                        row.location_id
                    )
                )
            ).order_id
            orders.reference_ids = [Command.link(reference.id) for reference in references[row]]

from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import format_datetime

from ..common.from_page import from_page
from ..inquiry.helpdesk_ticket import OURS

# More of one thing than a ward can store: somebody slipped on the keyboard.
MOST = 10_000
OPEN = ("waiting", "confirmed", "partially_available", "assigned")


class CareSupplyRequestLine(models.Model):
    """One thing that a supply request asks for, and where it stands."""

    _name = "care.supply.request.line"
    _inherit = ["care.numbers"]
    _description = "Line of a Supply Request"
    _order = "request_id, sequence, id"
    _rec_name = "product_id"
    _check_company_auto = True

    request_id = fields.Many2one(
        "care.supply.request", required=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(related="request_id.company_id", store=True)
    department_id = fields.Many2one(related="request_id.department_id", store=True, index=True)
    sequence = fields.Integer(default=10)
    product_id = fields.Many2one(
        "product.product",
        required=True,
        index=True,
        ondelete="restrict",
        check_company=True,
        domain=[("categ_id.care_is_supply", "=", True), ("type", "=", "consu")],
    )
    uom_id = fields.Many2one(related="product_id.uom_id", string="Unit")
    quantity = fields.Float(required=True, default=1.0, digits="Product Unit")
    amount = fields.Monetary(compute="_compute_amount", compute_sudo=True)
    currency_id = fields.Many2one(related="request_id.currency_id")
    error = fields.Char("Problem", readonly=True, copy=False)
    dropped = fields.Boolean("Left out", readonly=True, copy=False)
    move_ids = fields.One2many("stock.move", "care_supply_line_id", copy=False)
    arrived_quantity = fields.Float(
        "Arrived", compute="_compute_state", store=True, digits="Product Unit"
    )
    state = fields.Selection(
        [
            ("draft", "To order"),
            ("problem", "Problem"),
            ("waiting", "Out of stock"),
            ("ready", "In the store"),
            ("partly", "Partly arrived"),
            ("done", "Arrived"),
            ("cancelled", "Cancelled"),
        ],
        compute="_compute_state",
        store=True,
    )
    arrived_date = fields.Datetime(compute="_compute_arrival", compute_sudo=True)
    expected_date = fields.Datetime("Expected by", compute="_compute_arrival", compute_sudo=True)
    is_unconfirmed = fields.Boolean(
        "Order not confirmed", compute="_compute_arrival", compute_sudo=True
    )
    arrival = fields.Char(compute="_compute_arrival", compute_sudo=True)

    @api.depends("product_id", "quantity")
    def _compute_amount(self):
        for company, lines in self.grouped("company_id").items():
            for line in lines.with_company(company):
                line.amount = line.product_id.standard_price * line.quantity

    @api.depends("error", "dropped", "quantity", "move_ids.state", "move_ids.quantity")
    def _compute_state(self):
        for line in self:
            # What comes back from a ward was there.
            moves = line.move_ids.filtered(lambda move: not move.origin_returned_move_id)
            done = moves.filtered(lambda move: move.state == "done")
            open_moves = moves.filtered(lambda move: move.state in OPEN)
            line.arrived_quantity = sum(done.mapped("quantity"))
            if line.dropped:
                line.state = "cancelled"
            elif not moves:
                line.state = "problem" if line.error else "draft"
            elif done:
                line.state = "partly" if open_moves else "done"
            elif not open_moves:
                line.state = "cancelled"
            elif all(move.state == "assigned" for move in open_moves):
                line.state = "ready"
            else:
                line.state = "waiting"

    @api.depends("state", "error", "move_ids.date", "move_ids.state")
    @api.depends_context("lang", "tz")
    def _compute_arrival(self):
        open_moves = self.move_ids.filtered(lambda move: move.state in OPEN)
        short = open_moves.filtered(lambda move: move.state != "assigned")
        supply = short._care_supply_dates()
        for line in self:
            done = line.move_ids.filtered(lambda move: move.state == "done")
            line.arrived_date = max(done.mapped("date"), default=False)
            moves = line.move_ids & open_moves
            dates = [supply[move][0] if move in supply else move.date for move in moves]
            line.is_unconfirmed = any(supply[move][1] for move in moves & short)
            known = bool(dates) and all(dates)
            line.expected_date = known and max(*dates, *moves.mapped("date"))
            line.arrival = line._care_arrival(known, bool(moves & short))

    def _care_arrival(self, known, short):
        if self.state == "problem":
            return self.error
        if self.state in ("draft", "done", "cancelled"):
            return dict(self._fields["state"]._description_selection(self.env))[self.state]
        if not known:
            return self.env._("Out of stock, not on order yet")
        values = {"date": format_datetime(self.env, self.expected_date, dt_format="short")}
        if self.is_unconfirmed:
            return self.env._("Order not confirmed yet, expected by %(date)s if it is", **values)
        if short:
            return self.env._("On order, expected by %(date)s", **values)
        return self.env._("In the store, comes by %(date)s", **values)

    # ------------------------------------------------------------------
    # What may be asked for
    # ------------------------------------------------------------------

    @api.constrains("quantity")
    def _check_quantity(self):
        for line in self:
            if line.uom_id.compare(line.quantity, 0) <= 0:
                raise ValidationError(
                    self.env._(
                        "Ask for at least %(least)g of %(product)s.",
                        least=line.uom_id.rounding,
                        product=line.product_id.display_name,
                    )
                )
            if line.quantity > MOST:
                raise ValidationError(
                    self.env._(
                        "%(quantity)s of %(product)s is more than %(most)s: talk to the store.",
                        quantity=f"{line.quantity:,.10g}",
                        most=f"{MOST:,}",
                        product=line.product_id.display_name,
                    )
                )

    @api.constrains("product_id")
    def _check_product_id(self):
        self.product_id._care_check_supply()

    @api.model_create_multi
    def create(self, vals_list):
        lines = super().create(vals_list)
        lines._care_check_draft()
        return lines

    def write(self, vals):
        if self.env.context.get("care_supply") is not OURS:
            self._care_check_draft()
        return super().write(vals)

    @from_page()
    def action_leave_out(self):
        """Do without a line that cannot be ordered."""
        self.check_access("write")
        if self.sudo().move_ids:
            raise UserError(self.env._("What is ordered is not left out: cancel the request."))
        self.sudo().with_context(care_supply=OURS).dropped = True
        return True

    @api.ondelete(at_uninstall=False)
    def _unlink_except_sent(self):
        self._care_check_draft()

    def _care_check_draft(self):
        sent = self.request_id.filtered(lambda request: request.decision != "draft")
        if sent:
            raise UserError(
                self.env._(
                    "%s was sent already and does not change: cancel it, or ask anew.",
                    ", ".join(sent.mapped("name")),
                )
            )

    # ------------------------------------------------------------------
    # Ordering
    # ------------------------------------------------------------------

    def _care_problems(self):
        """What keeps these lines from being ordered: ``{line: sentence}``."""
        refused = {}
        for product in self.product_id:
            if product.type != "consu":
                refused[product] = self.env._(
                    "%s is a service, which the store does not keep.", product.display_name
                )
                continue
            try:
                product._care_check_supply()
            except UserError as error:
                refused[product] = str(error).strip().splitlines()[-1]
        return {line: refused[line.product_id] for line in self if line.product_id in refused}

    def _care_run(self):
        """Order these lines in one run; those that the stock rules refuse are left out.

        :return: ``{line: sentence}`` of those
        """
        problems = (
            self.env["stock.rule"]
            .sudo()
            ._care_run(
                {line: line._prepare_procurement() for line in self},
                lambda lines: self.concat(*lines)._care_check_moves(),
            )
        )
        return {line: line._care_refusal(message) for line, message in problems.items()}

    def _care_refusal(self, message):
        """One sentence out of what the stock rules say."""
        return self.env._(
            "%(product)s cannot be brought to %(ward)s: %(reason)s",
            product=self.product_id.display_name,
            ward=self.department_id.name,
            reason=message.strip().splitlines()[0],
        )

    def _care_check_moves(self):
        """Refuse moves that would end elsewhere: somebody changed the operation type."""
        for department, lines in self.grouped("department_id").items():
            place = department._care_supply_location()
            for move in lines.move_ids:
                if not move.location_dest_id._child_of(place):
                    raise UserError(
                        self.env._(
                            "the route leads to %s, ask the supplies clerk to check it.",
                            move.location_dest_id.display_name,
                        )
                    )

    def _prepare_procurement(self):
        self.ensure_one()
        request, product = self.request_id, self.product_id
        return self.env["stock.rule"].Procurement(
            product,
            self.quantity,
            product.uom_id,
            request.department_id._care_supply_location(),
            request.name,
            request.name,
            request.company_id,
            self._prepare_procurement_values(),
        )

    def _prepare_procurement_values(self):
        self.ensure_one()
        request = self.request_id
        warehouse = request.department_id._care_supply_warehouse()
        now = fields.Datetime.now()
        needed = request.needed_by or (
            now if request.urgency == "urgent" else now + timedelta(days=1)
        )
        return {
            "route_ids": warehouse.care_topup_route_id,
            "warehouse_id": warehouse,
            "date_planned": needed,
            "date_deadline": request.needed_by or False,
            "priority": "1" if request.urgency == "urgent" else "0",
            "reference_ids": request.reference_ids,
            "care_supply_line_id": self.id,
        }

    def _care_note_errors(self, problems):
        """Keep why each line was not ordered, and forget what no longer holds."""
        for line in self.with_context(care_supply=OURS):
            error = problems.get(line, False)
            if line.error != error:
                line.error = error

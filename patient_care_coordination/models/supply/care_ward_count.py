from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain

from ..common.from_page import from_page, record_id, scanned
from ..common.guard import as_server
from .care_numbers import shown
from .stock_warehouse_orderpoint import LEVEL_LIMIT


class CareWardCount(models.Model):
    """One count of the shelves of a ward: a shortage is use, a surplus an adjustment of stock.

    Every scan and number is kept at once, so a count can be left and taken up again, and several
    people work on the same one. People change it through its methods alone.
    """

    _name = "care.ward.count"
    _description = "Ward Count"
    _order = "id desc"

    name = fields.Char(string="Number", required=True, readonly=True, copy=False)
    department_id = fields.Many2one(
        "care.department", string="Ward", required=True, index=True, ondelete="restrict"
    )
    company_id = fields.Many2one(related="department_id.company_id", store=True, index=True)
    state = fields.Selection(
        [("counting", "Counting"), ("done", "Booked"), ("cancelled", "Cancelled")],
        default="counting",
        required=True,
        readonly=True,
    )
    started_by_id = fields.Many2one(
        "res.users", string="Started by", default=lambda self: self.env.user, readonly=True
    )
    done_date = fields.Datetime(string="Booked on", readonly=True)
    done_by_id = fields.Many2one("res.users", string="Booked by", readonly=True)
    line_ids = fields.One2many("care.ward.count.line", "count_id", readonly=True)
    picking_id = fields.Many2one(
        "stock.picking",
        string="Use of the day",
        readonly=True,
        index="btree_not_null",
        groups="stock.group_stock_user",
    )
    to_top_up = fields.Boolean(
        readonly=True, help="Booked, and what it found short is not ordered yet."
    )
    line_count = fields.Integer(string="Products", compute="_compute_figures")
    counted_count = fields.Integer(string="Counted", compute="_compute_figures")
    short_count = fields.Integer(string="Short", compute="_compute_figures")
    over_count = fields.Integer(string="Over", compute="_compute_figures")

    _to_top_up_index = models.Index("(id) WHERE to_top_up")
    _open_uniq = models.UniqueIndex(
        "(department_id) WHERE state = 'counting'",
        "Somebody has just started to count this ward: open that count.",
    )

    @api.depends("name", "department_id.name")
    def _compute_display_name(self):
        for count in self:
            count.display_name = f"{count.department_id.name}, {count.name}"

    @api.depends("line_ids.is_counted", "line_ids.difference")
    def _compute_figures(self):
        for count in self:
            lines = count.line_ids
            count.line_count = len(lines)
            count.counted_count = len(lines.filtered("is_counted"))
            count.short_count = len(lines.filtered(lambda line: line.difference < 0))
            count.over_count = len(lines.filtered(lambda line: line.difference > 0))

    # ------------------------------------------------------------------
    # Opening
    # ------------------------------------------------------------------

    @api.model
    @api.private
    @from_page(department_id=record_id)
    def care_open(self, department_id):
        """The action that opens the running count of a ward; one is started if there is none."""
        department = self.env["care.department"].browse(department_id).exists()
        return self._care_running(department)._care_action()

    @api.model
    @from_page()
    def care_open_mine(self):
        """The action behind the menu: the count of the user's only ward, else the choice."""
        wards = self.env["stock.warehouse.orderpoint"]._care_my_wards()
        if len(wards) == 1:
            return self.care_open(wards.id)
        action = self.env["ir.actions.actions"]._for_xml_id(
            "patient_care_coordination.action_ward_choice"
        )
        return action | {"domain": [("id", "in", wards.ids)]}

    def _care_action(self):
        self.ensure_one()
        return self.env["ir.actions.actions"]._for_xml_id(
            "patient_care_coordination.action_ward_count"
        ) | {"res_id": self.id, "views": [[False, "form"]], "view_mode": "form"}

    @api.model
    def _care_running(self, department):
        """The running count of this ward, with a line for all that lies or should lie there."""
        department._care_check_ward_user()
        department._care_check_countable()
        counts = as_server(self)
        count = counts.search([("department_id", "=", department.id), ("state", "=", "counting")])
        if not count:
            count = counts.create(
                {
                    "name": counts.env["ir.sequence"]
                    .with_company(department.sudo().company_id)
                    .next_by_code("care.ward.count"),
                    "department_id": department.id,
                }
            )
        count._care_complete()
        return self.browse(count.id)

    def _care_complete(self):
        """Add what the count lacks: new par levels, and stock without a par level.

        What is kept in two bins is not counted, and things with serial numbers are followed one
        by one.
        """
        location = self.department_id.location_id
        rules = self.env["stock.warehouse.orderpoint"].search(
            [("location_id", "child_of", location.id), ("product_id.tracking", "!=", "serial")],
            order="care_shelf_sequence, id",
        )
        held = {
            product: sum(quants.mapped("quantity"))
            for product, quants in location._care_shelf_quants().items()
            if product.tracking != "serial"
        }
        bins = rules.filtered("care_two_bin")
        rules -= bins
        products = rules.product_id | self.env["product.product"].concat(
            *(product for product, quantity in held.items() if product.uom_id.compare(quantity, 0))
        )
        products -= bins.product_id
        rule_of = {rule.product_id: rule for rule in reversed(rules)}
        self.line_ids.create(
            [
                self._care_line_values(product, rule_of.get(product), held.get(product, 0))
                for product in products - self.line_ids.product_id
            ]
        )

    def _care_line_values(self, product, rule, held):
        shelf = rule and {
            "orderpoint_id": rule.id,
            "shelf": rule.care_shelf,
            "sequence": rule.care_shelf_sequence,
        }
        return {"count_id": self.id, "product_id": product.id, "expected": held} | (shelf or {})

    # ------------------------------------------------------------------
    # Counting
    # ------------------------------------------------------------------

    def _care_for_me(self):
        """This running count in the environment that may write it; raises for anybody else."""
        self.ensure_one()
        count = as_server(self)
        count.department_id.with_env(self.env)._care_check_ward_user()
        if count.state != "counting":
            raise UserError(
                self.env._(
                    "The count %(count)s of %(ward)s is closed: start a new one.",
                    count=count.name,
                    ward=count.department_id.name,
                )
            )
        return count

    @from_page(one=True)
    def care_lines(self):
        """What the counting screen shows, in the order of the shelves: dicts, one a product."""
        self.check_access("read")
        lines = self.sudo().line_ids.sorted()
        moved = lines._care_moved() if self.state == "counting" else {}
        return [
            {
                "id": line.id,
                "product": line.product_id.display_name,
                "unit": line.uom_id.name,
                "shelf": line.shelf or "",
                "expected": line.expected,
                "counted": line.counted,
                "is_counted": line.is_counted,
                "by": line.counted_by_id.name or "",
                "now": moved.get(line, False),
            }
            for line in lines
        ]

    @from_page(one=True, code=scanned)
    def care_scan(self, code):
        """Count one piece more of what was scanned, or the pieces of a pack.

        Returns ``{"line_id": id, "lines": as of care_lines}``. Raises UserError with one sentence
        for what nobody knows, what is archived or no supply, and what somebody else has counted.
        """
        count = self._care_for_me()
        code = (code or "").strip()
        if not code:
            raise UserError(self.env._("Nothing was scanned: scan again."))
        product, quantity = self.env["product.product"]._care_from_barcode(code)
        line = count._care_line_of(product)
        line._care_check_mine()
        line._care_set(line.counted + quantity if line.is_counted else quantity)
        return {"line_id": line.id, "lines": self.care_lines()}

    def _care_line_of(self, product):
        line = self.line_ids.filtered(lambda line: line.product_id == product)
        if line:
            return line
        if product.tracking == "serial":
            raise UserError(
                self.env._(
                    "%s has serial numbers: it is scanned as a loan, not counted.",
                    product.display_name,
                )
            )
        held = self.department_id.location_id._care_shelf_quants(product).get(product)
        return self.line_ids.create(
            self._care_line_values(product, None, sum(held.mapped("quantity")) if held else 0)
        )

    @from_page(one=True, line_id=record_id)
    def care_set(self, line_id, quantity):
        """Set the number counted on a line; False takes it back. Returns ``care_lines``.

        Raises UserError for a number that no shelf holds.
        """
        count = self._care_for_me()
        line = count.line_ids.filtered(lambda line: line.id == line_id)
        if not line:
            raise UserError(self.env._("That line is not part of this count: open it again."))
        line._care_set(quantity)
        return self.care_lines()

    # ------------------------------------------------------------------
    # Ending
    # ------------------------------------------------------------------

    @from_page(one=True)
    def action_book(self):
        """Book the differences of what was counted; what was not counted stays as it is.

        Raises UserError, and books nothing, if nothing was counted or stock moved meanwhile.
        """
        count = self._care_for_me()
        lines = count.line_ids.filtered("is_counted")
        if not lines:
            raise UserError(self.env._("Nothing is counted yet: scan or type a number first."))
        moved = lines._care_moved()
        if moved:
            raise UserError(
                self.env._(
                    "Stock moved since these were counted, count them again: %s.",
                    ", ".join(line.product_id.display_name for line in moved),
                )
            )
        location = count.department_id.location_id
        changed = lines.filtered(lambda line: line.uom_id.compare(line.difference, 0))
        short = changed.filtered(lambda line: line.difference < 0)
        used = location._care_book_use(
            {line.product_id: -line.difference for line in short}, count.name
        )
        location._care_book_found(
            {line.product_id: line.difference for line in changed - short}, count.name
        )
        location.last_inventory_date = fields.Date.context_today(self)
        count.write(
            {
                "state": "done",
                "done_date": fields.Datetime.now(),
                "done_by_id": self.env.uid,
                "picking_id": used.picking_id.id,
                "to_top_up": bool(changed),
            }
        )
        self.env.ref("patient_care_coordination.cron_count_top_up").sudo()._trigger()
        return True

    @api.model
    def _cron_care_top_up(self, batch_size=20):
        """Order what counts found short, at once but apart from the booking.

        So nobody waits for it, and a route that fails loses no count.
        """
        cron = self.env["ir.cron"]
        counts = self.sudo().search([("to_top_up", "=", True)], order="id")
        cron._commit_progress(remaining=len(counts))
        for count in counts[:batch_size]:
            count.line_ids.orderpoint_id._care_top_up()
            count.to_top_up = False
            if not cron._commit_progress(1):
                break

    @from_page(one=True)
    def action_cancel(self):
        """End the count without booking anything."""
        self._care_for_me().state = "cancelled"
        return True


class CareWardCountLine(models.Model):
    """One product on the shelves: what should be there, and what somebody found."""

    _name = "care.ward.count.line"
    _description = "Line of a Ward Count"
    _order = "sequence, shelf, product_id, id"

    count_id = fields.Many2one(
        "care.ward.count", required=True, index=True, ondelete="cascade", readonly=True
    )
    department_id = fields.Many2one(related="count_id.department_id", string="Ward")
    company_id = fields.Many2one(related="count_id.company_id")
    # Stored, so that booking and counting at the same moment collide instead of losing a number.
    state = fields.Selection(related="count_id.state", store=True)
    product_id = fields.Many2one("product.product", required=True, index=True, readonly=True)
    orderpoint_id = fields.Many2one(
        "stock.warehouse.orderpoint", index="btree_not_null", ondelete="set null", readonly=True
    )
    sequence = fields.Integer(default=LEVEL_LIMIT, readonly=True)
    shelf = fields.Char(readonly=True)
    uom_id = fields.Many2one(related="product_id.uom_id", string="Unit")
    expected = fields.Float(
        digits="Product Unit",
        readonly=True,
        help="What stock said when the line was counted.",
    )
    counted = fields.Float(digits="Product Unit", readonly=True)
    is_counted = fields.Boolean(readonly=True)
    counted_by_id = fields.Many2one("res.users", string="Counted by", readonly=True)
    difference = fields.Float(
        digits="Product Unit", compute="_compute_difference", store=True, readonly=True
    )

    _product_uniq = models.UniqueIndex(
        "(count_id, product_id)", "A product is counted on one line: open the count again."
    )

    @api.depends("expected", "counted", "is_counted")
    def _compute_difference(self):
        for line in self:
            line.difference = line.counted - line.expected if line.is_counted else 0

    def _care_on_hand(self):
        """``{line: quantity on its shelves now}``, with one query for all lines of one count."""
        location = self.count_id.department_id.location_id
        held = dict(
            self.env["stock.quant"]._read_group(
                Domain("location_id", "child_of", location.ids)
                & Domain("product_id", "in", self.product_id.ids),
                ["product_id"],
                ["quantity:sum"],
            )
        )
        return {line: held.get(line.product_id, 0) for line in self}

    def _care_moved(self):
        """``{line: quantity now}`` of the lines whose stock moved since they were counted."""
        counted = self.filtered("is_counted")
        return {
            line: now
            for line, now in counted._care_on_hand().items()
            if line.uom_id.compare(now, line.expected)
        }

    def _care_check_mine(self):
        """Two people who scan the same shelf must not add up; raises UserError."""
        other = self.counted_by_id - self.env.user
        if self.is_counted and other:
            raise UserError(
                self.env._(
                    "%(person)s has counted %(product)s already: %(quantity)g. "
                    "Type the number on its line if that is wrong.",
                    person=other.name,
                    product=self.product_id.display_name,
                    quantity=self.counted,
                )
            )

    def _care_set(self, quantity):
        if quantity is False or quantity is None:
            self.write({"is_counted": False, "counted": 0, "counted_by_id": False})
            return
        # True is an int in Python, and no number of things.
        number = isinstance(quantity, int | float) and not isinstance(quantity, bool)
        if not number or not 0 <= quantity <= LEVEL_LIMIT:
            raise UserError(
                self.env._(
                    "%(quantity)s is no number of %(product)s on a shelf: type 0 to %(most)s.",
                    quantity=shown(str(quantity)),
                    product=self.product_id.display_name,
                    most=f"{LEVEL_LIMIT:,}",
                )
            )
        self.write(
            {
                "counted": self.uom_id.round(quantity),
                "is_counted": True,
                "counted_by_id": self.env.uid,
                "expected": self._care_on_hand()[self],
            }
        )

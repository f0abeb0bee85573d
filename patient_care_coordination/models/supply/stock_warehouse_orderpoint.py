from collections import defaultdict
from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_date

from .care_numbers import FAR_DAYS
from .levels import cover_word, days_of_cover

# More than this of one product on one ward's shelf is a slip of the keyboard.
LEVEL_LIMIT = 100_000
# Days of use that the average looks back on.
USE_DAYS = 56


class StockWarehouseOrderpoint(models.Model):
    """A par level: what a ward keeps of a product, as a reordering rule on its shelves.

    Nothing here is computed while the scheduler runs: what ward views show beside the rule is
    stored by night or computed when it is looked at.
    """

    _name = "stock.warehouse.orderpoint"
    _inherit = ["stock.warehouse.orderpoint", "care.numbers"]

    care_department_id = fields.Many2one(
        related="location_id.care_department_id",
        string="Ward",
        store=True,
        index="btree_not_null",
    )
    care_use_per_day = fields.Float(
        "Use per day",
        digits=(16, 2),
        readonly=True,
        copy=False,
        help="Average of the last eight weeks, brought up to date each night.",
    )
    care_days_of_cover = fields.Float(
        "Days of cover",
        compute="_compute_care_cover",
        digits=(16, 1),
        help="How long what is there lasts at the average use. Empty without any use.",
    )
    care_cover = fields.Selection(
        [("out", "Out"), ("low", "Low"), ("enough", "Enough"), ("over", "Over")],
        string="Cover",
        compute="_compute_care_cover",
        help="Out: nothing there. Low: below the minimum. Over: above the maximum.",
    )
    care_shelf = fields.Char("Shelf", help="Where it lies on the ward, such as B2.")
    care_shelf_sequence = fields.Integer(
        "Order on the walk", default=10, help="The order in which the shelves are walked along."
    )
    care_snoozed_until = fields.Date(
        "Put off until", copy=False, help="Hidden from the list of what is short until this day."
    )
    care_two_bin = fields.Boolean(
        "Two bins", help="An empty bin orders one bin; nobody counts this product."
    )
    care_bin_qty = fields.Float("One bin holds", digits="Product Unit")
    care_bin_code = fields.Char(
        "Code on the bin",
        compute="_compute_care_bin_code",
        store=True,
        readonly=False,
        copy=False,
        index="btree_not_null",
    )

    _care_bin_code_uniq = models.UniqueIndex(
        "(company_id, care_bin_code) WHERE care_bin_code IS NOT NULL",
        "Another bin has this code.",
    )

    @api.depends("care_two_bin")
    def _compute_care_bin_code(self):
        for orderpoint in self:
            if orderpoint.care_two_bin and not orderpoint.care_bin_code:
                orderpoint.care_bin_code = (
                    self.env["ir.sequence"].sudo().next_by_code("care.supply.bin")
                )

    @api.depends("care_on_hand", "care_use_per_day", "product_min_qty", "product_max_qty")
    def _compute_care_cover(self):
        for orderpoint in self:
            there = orderpoint.care_on_hand
            orderpoint.care_days_of_cover = days_of_cover(there, orderpoint.care_use_per_day) or 0
            orderpoint.care_cover = cover_word(
                there, orderpoint.product_min_qty, orderpoint.product_max_qty
            )

    @api.model_create_multi
    def create(self, vals_list):
        """Par levels of wards come by the ward's route, and are never deleted as processed.

        Odoo deletes rules that the system user made with a manual trigger once nothing is to order.
        """
        Location = self.env["stock.location"]
        for vals in vals_list:
            location = Location.browse(vals.get("location_id"))
            if location.care_role == "ward":
                vals.setdefault("trigger", "auto")
                if not vals.get("route_id"):
                    vals["route_id"] = location.warehouse_id.care_topup_route_id.id
        return super().create(vals_list)

    @api.constrains("product_id", "location_id")
    def _check_care_product(self):
        self.filtered(
            lambda orderpoint: orderpoint.location_id.care_role == "ward"
        ).product_id._care_check_supply()

    @api.constrains("product_min_qty", "product_max_qty", "care_bin_qty", "care_two_bin")
    def _check_care_levels(self):
        for orderpoint in self:
            if orderpoint.location_id.care_role != "ward":
                continue
            where = {
                "product": orderpoint.product_id.display_name,
                "ward": orderpoint.location_id.name,
            }
            levels = (
                orderpoint.product_min_qty,
                orderpoint.product_max_qty,
                orderpoint.care_bin_qty,
            )
            if not all(0 <= level <= LEVEL_LIMIT for level in levels):
                raise UserError(
                    self.env._(
                        "%(product)s in %(ward)s: levels lie between 0 and %(limit)s.",
                        limit=f"{LEVEL_LIMIT:,}",
                        **where,
                    )
                )
            if orderpoint.care_two_bin and not orderpoint.care_bin_qty:
                raise UserError(
                    self.env._("%(product)s in %(ward)s: say how much one bin holds.", **where)
                )

    @api.constrains("care_snoozed_until")
    def _check_care_snoozed_until(self):
        latest = fields.Date.context_today(self) + timedelta(days=FAR_DAYS)
        for orderpoint in self:
            if orderpoint.care_snoozed_until and orderpoint.care_snoozed_until > latest:
                raise UserError(
                    self.env._(
                        "%(product)s is put off until %(date)s: choose a day within two years.",
                        product=orderpoint.product_id.display_name,
                        date=format_date(self.env, orderpoint.care_snoozed_until),
                    )
                )

    @api.model
    def _care_cron_use(self):
        """Bring the average use of all rules up to date, in batches."""
        domain = [("location_id.usage", "=", "internal")]
        total = self.search_count(domain)
        self.env["ir.cron"]._commit_progress(remaining=total)
        last = 0
        while batch := self.search([*domain, ("id", ">", last)], order="id", limit=2000):
            last = batch[-1].id
            batch._care_update_use()
            if not self.env["ir.cron"]._commit_progress(len(batch)):
                break

    def _care_update_use(self):
        """Store the average use per day of these rules; writes what has changed alone."""
        use = self._care_use(USE_DAYS)
        changed = defaultdict(self.browse)
        for orderpoint in self:
            per_day = round(max(sum(use[orderpoint.id].values()), 0) / USE_DAYS, 2)
            if per_day != orderpoint.care_use_per_day:
                changed[per_day] += orderpoint
        for per_day, orderpoints in changed.items():
            orderpoints.sudo().write({"care_use_per_day": per_day})

    def _care_use(self, days):
        """What was used at these rules on each of the last days, in the product's unit.

        From a ward's shelves: what went to use, less what came back. From other places: also what
        went to other shelves. Corrections of the stock are no use.

        :return: ``{rule id: {date: quantity}}``, days without a move left out
        """
        use = {orderpoint.id: defaultdict(float) for orderpoint in self}
        today = fields.Date.context_today(self)
        for ward, usages in ((True, ["customer"]), (False, ["customer", "internal"])):
            rules = self.filtered(
                lambda rule, ward=ward: (rule.location_id.care_role == "ward") == ward
            )
            for near, far, sign in (
                ("location_id", "location_dest_id", 1),
                ("location_dest_id", "location_id", -1),
            ):
                rows = rules._care_use_rows(near, far, usages, today - timedelta(days=days))
                for rule_id, day, quantity in rows:
                    use[rule_id][day] += sign * quantity
        return use

    def _care_use_rows(self, near, far, usages, since):
        """Done quantities between the places of these rules and others: ``(rule id, day, qty)``."""
        if not self:
            return
        rules = {(rule.product_id.id, rule.location_id.id): rule.id for rule in self}
        groups = (
            self.env["stock.move.line"]
            .sudo()
            ._read_group(
                [
                    ("state", "=", "done"),
                    ("date", ">=", since),
                    ("product_id", "in", self.product_id.ids),
                    (near, "child_of", self.location_id.ids),
                    (f"{far}.usage", "in", usages),
                ],
                ["product_id", near, far, "date:day"],
                ["quantity_product_uom:sum"],
            )
        )
        for product, place, other, day, quantity in groups:
            for above in place.parent_path.split("/")[:-1]:
                rule = rules.get((product.id, int(above)))
                if rule and f"/{above}/" not in f"/{other.parent_path}":
                    yield rule, day.date(), quantity

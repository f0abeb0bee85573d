from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_date

from odoo.addons.stock.models.stock_rule import ProcurementException

from ..common.from_page import from_page, scanned
from .care_numbers import shown


class StockWarehouseOrderpoint(models.Model):
    _inherit = "stock.warehouse.orderpoint"

    care_bin_scanned = fields.Datetime(
        string="Last empty bin",
        copy=False,
        readonly=True,
        help="When the label of an empty bin last ordered one.",
    )

    def _care_top_up(self):
        """Order what these reordering rules say now; two-bin rules wait for their empty bin."""
        if self.env["ir.config_parameter"].sudo().get_param("stock.no_auto_scheduler"):
            return
        today = fields.Date.context_today(self)
        rules = self.sudo().filtered(
            lambda rule: (
                rule.trigger == "auto"
                and not rule.care_two_bin
                and not (rule.care_snoozed_until and rule.care_snoozed_until >= today)
                and rule.product_id.active
                and rule.qty_to_order > 0
            )
        )
        # As when a clerk orders: who orders the same at once collides here.
        rules = rules.try_lock_for_update(allow_referencing=True)
        rules.care_ordered_date = fields.Datetime.now()
        rules.flush_recordset(["care_ordered_date"])
        for company, ours in rules.grouped("company_id").items():
            ours._procure_orderpoint_confirm(company_id=company, raise_user_error=False)

    # ------------------------------------------------------------------
    # Two bins
    # ------------------------------------------------------------------

    @api.model
    @from_page(code=scanned)
    def care_scan(self, code):
        """Order one bin of what the label of an empty bin says; once while one is on order.

        Returns the answer that the scanning screen shows: ``{"level", "title", "text"}``. Raises
        UserError with one sentence, and orders nothing, for labels and rules that do not work.
        """
        rule = self._care_bin_of((code or "").strip())
        if not rule.care_department_id:
            raise UserError(
                self.env._(
                    'The bin %s does not belong to a ward any more: choose the ward in "Set up '
                    'wards" first.',
                    rule.care_bin_code,
                )
            )
        rule.care_department_id.with_env(self.env)._care_check_ward_user()
        rule.care_department_id.with_env(self.env)._care_supply_location()
        rule.product_id._care_check_supply()
        names = {"product": rule.product_id.display_name, "ward": rule.care_department_id.name}
        if moves := rule._care_bin_moves():
            return {
                "level": "warning",
                "title": self.env._("On order already: %(product)s, %(ward)s", **names),
                "text": self.env._("Nothing more was ordered. %s", rule._care_bin_expected(moves)),
            }
        rule._care_order_bin()
        return {
            "level": "success",
            "title": self.env._("One bin ordered: %(product)s, %(ward)s", **names),
            "text": self.env._(
                "%(quantity)g %(unit)s. %(expected)s",
                quantity=rule.care_bin_qty,
                unit=rule.product_uom.name,
                expected=rule._care_bin_expected(rule._care_bin_moves()),
            ),
        }

    @api.model
    def _care_bin_of(self, code):
        """The two-bin rule of this label, in the environment that may read it."""
        rule = (
            self.sudo()
            .with_context(active_test=False)
            .search(
                [("care_bin_code", "=", code), ("company_id", "in", self.env.companies.ids)],
                limit=1,
            )
            if code
            else self
        )
        if not rule:
            raise UserError(
                self.env._(
                    "No bin has the label %s: scan the label on the bin itself, or ask the store "
                    "to print it again.",
                    shown(code) or self.env._("(empty)"),
                )
            )
        if not rule.active or not rule.care_two_bin:
            raise UserError(
                self.env._(
                    "%(product)s on %(ward)s is no longer kept in two bins: take the label off.",
                    product=rule.product_id.display_name,
                    ward=rule.care_department_id.name or rule.location_id.display_name,
                )
            )
        return rule

    def _care_bin_moves(self):
        """What is on its way for these rules."""
        return self.env["stock.move"].search(
            [
                ("orderpoint_id", "in", self.ids),
                ("state", "not in", ("done", "cancel")),
            ],
            order="date, id",
        )

    def _care_bin_expected(self, moves):
        """One sentence: when it is expected and on which transfer."""
        return self.env._(
            "Expected %(date)s, transfer %(transfer)s.",
            date=format_date(self.env, fields.Date.context_today(self, moves[:1].date))
            if moves
            else self.env._("soon"),
            transfer=", ".join(moves.picking_id.mapped("name")) or self.env._("to come"),
        )

    def _care_order_bin(self):
        """Order one bin through the rules of its route, and book the empty one as used."""
        # Two people who scan one label at once collide here, and the second is answered anew.
        self.care_bin_scanned = fields.Datetime.now()
        values = self._prepare_procurement_values()
        procurement = self.env["stock.rule"].Procurement(
            self.product_id,
            self.care_bin_qty,
            self.product_uom,
            self.location_id,
            self.name,
            self.care_bin_code,
            self.company_id,
            values,
        )
        try:
            self.env["stock.rule"].with_context(from_orderpoint=True).run(
                [procurement], raise_user_error=False
            )
        except ProcurementException as error:
            raise UserError(
                self.env._(
                    "No bin of %(product)s was ordered for %(ward)s. Tell the store: %(reason)s",
                    product=self.product_id.display_name,
                    ward=self.care_department_id.name,
                    reason=" ".join(reason for _, reason in error.procurement_exceptions),
                )
            ) from error
        # Ordered first: stock below the minimum would else make the scheduler order as well.
        if self.care_department_id.ward_mode != "issue":
            self.location_id._care_book_use(
                {self.product_id: self.care_bin_qty}, self.care_bin_code
            )

    @api.model
    @from_page()
    def care_scan_overview(self):
        """The bins of the user's wards for the scanning screen, to tap instead of scanning."""
        wards = self._care_my_wards()
        rules = self.sudo().search(
            [
                ("care_department_id", "in", wards.ids),
                ("care_two_bin", "=", True),
                ("care_bin_code", "!=", False),
                ("product_id.active", "=", True),
            ],
            order="care_department_id, care_shelf_sequence, id",
        )
        ordered = rules._care_bin_moves().grouped("orderpoint_id")
        return [
            {
                "code": rule.care_bin_code,
                "title": rule.product_id.display_name,
                "text": " · ".join(
                    filter(
                        None, [rule.care_department_id.name, rule.care_shelf, rule.care_bin_code]
                    )
                ),
                "state": self.env._("on order") if rule in ordered else self.env._("full"),
                "level": "warning" if rule in ordered else "muted",
                "button": self.env._("Empty"),
            }
            for rule in rules
        ]

    @api.model
    def _care_my_wards(self):
        """The wards whose shelves the user works, in the companies chosen."""
        wards = (
            self.env["care.department"]
            .sudo()
            .search(
                [
                    ("company_id", "in", self.env.companies.ids),
                    ("location_id.care_role", "=", "ward"),
                ]
            )
        )
        return wards.filtered(lambda ward: ward.with_env(self.env)._care_is_ward_user())

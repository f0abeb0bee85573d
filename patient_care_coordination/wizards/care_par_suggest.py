from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..models.common.from_page import from_page
from ..models.supply.levels import bin_quantity, suggest

# Fewer days of use say nothing about the busy ones.
ENOUGH_DAYS = 14
# A larger step than this part of today's level is looked at before it is ticked.
SMALL_STEP = 0.5


def _is_small(old, new):
    return abs(new - old) <= max(old * SMALL_STEP, 1)


class CareParSuggest(models.TransientModel):
    """Levels as the real use of wards suggests them, beside today's.

    The minimum lasts in most cases from one top-up to the next, delivery included; the maximum
    adds an average interval. Bins hold D·L·(1+S).
    """

    _name = "care.par.suggest"
    _inherit = ["care.checked.links", "care.numbers"]
    _description = "Suggest Par Levels"

    company_id = fields.Many2one(
        "res.company", required=True, default=lambda self: self.env.company
    )
    department_ids = fields.Many2many(
        "care.department",
        string="Wards",
        domain="[('is_ward', '=', True), ('company_id', '=', company_id)]",
    )
    look_back = fields.Integer("Days of use", default=90, required=True)
    percent = fields.Float(
        "Enough in",
        default=95,
        required=True,
        digits=(5, 1),
        help="In how many of a hundred cases the minimum lasts until the next top-up.",
    )
    safety = fields.Float(
        "Extra in bins",
        default=1,
        digits=(5, 2),
        help="S of the two-bin formula D·L·(1+S): 0.5 is half as much again, 1 is twice.",
    )
    line_ids = fields.One2many("care.par.suggest.line", "wizard_id")
    same_count = fields.Integer("Right as they are", readonly=True)
    short_names = fields.Char("Too short a history", readonly=True)
    previewed = fields.Boolean()

    _look_back_possible = models.Constraint(
        "CHECK (look_back BETWEEN 14 AND 730)", "Look back on 14 to 730 days of use."
    )
    _percent_possible = models.Constraint(
        "CHECK (percent > 0 AND percent <= 100)", "Enough in more than 0 and at most 100 percent."
    )
    _safety_possible = models.Constraint(
        "CHECK (safety BETWEEN 0 AND 10)", "The extra in bins lies between 0 and 10."
    )

    @from_page(one=True)
    def action_preview(self):
        """Show suggested levels that differ from today's; writes no level."""
        self.ensure_one()
        if not self.department_ids:
            raise UserError(self.env._("Choose the wards whose use is to be looked at."))
        rules = self.env["stock.warehouse.orderpoint"].search(
            [("location_id", "in", self.department_ids.location_id.ids)],
            order="care_department_id, care_shelf_sequence, id",
        )
        today = fields.Date.context_today(self)
        use = rules._care_use(self.look_back)
        first = {}
        for rule in rules:
            ward = rule.care_department_id
            first[ward] = min([*use[rule.id], first.get(ward, today)])
        lines, same = [], 0
        short = self.env["care.department"]
        for rule in rules:
            ward = rule.care_department_id
            length = (today - first[ward]).days
            if length < ENOUGH_DAYS:
                short |= ward
                continue
            daily = [
                max(use[rule.id].get(today - timedelta(days=ago), 0), 0)
                for ago in range(length, 0, -1)
            ]
            values = self._care_suggest_one(rule, daily)
            if (values["min_qty"], values["max_qty"], values["bin_qty"]) == (
                rule.product_min_qty,
                rule.product_max_qty,
                rule.care_bin_qty,
            ):
                same += 1
                continue
            lines.append(
                {
                    **values,
                    "wizard_id": self.id,
                    "department_id": ward.id,
                    "product_id": rule.product_id.id,
                    "orderpoint_id": rule.id,
                    "old_min": rule.product_min_qty,
                    "old_max": rule.product_max_qty,
                    "use_per_day": sum(daily) / len(daily),
                    # Nothing was used: perhaps it is what must be there for the one day.
                    "used": any(daily),
                    "chosen": any(daily)
                    and _is_small(rule.product_min_qty, values["min_qty"])
                    and _is_small(rule.product_max_qty, values["max_qty"]),
                }
            )
        self.line_ids.unlink()
        self.env["care.par.suggest.line"].create(lines)
        self.write(
            {
                "same_count": same,
                "short_names": ", ".join(short.mapped("name")),
                "previewed": True,
            }
        )
        return self._care_show()

    def _care_show(self):
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Suggested par levels"),
            "res_model": self._name,
            "res_id": self.id,
            "view_mode": "form",
            "target": "new",
        }

    def _care_suggest_one(self, rule, daily):
        """Suggested values of one level from the use of each day, oldest first."""
        pack = 1
        if rule.replenishment_uom_id:
            pack = rule.replenishment_uom_id._compute_quantity(1, rule.product_id.uom_id)
        interval = rule.care_department_id.topup_days
        delay = self._care_delay(rule.warehouse_id)
        if rule.care_two_bin:
            per_day = sum(daily) / len(daily)
            one = bin_quantity(per_day, interval + delay, self.safety, pack)
            return {"min_qty": one, "max_qty": 2 * one, "bin_qty": one}
        low, high = suggest(daily, interval, delay, self.percent / 100, pack)
        return {"min_qty": low, "max_qty": high, "bin_qty": rule.care_bin_qty}

    @api.model
    def _care_delay(self, warehouse):
        """Days from a top-up's order to its arrival, as the route says."""
        rules = warehouse.care_topup_route_id.rule_ids.filtered(
            lambda rule: rule.location_dest_id == warehouse.care_wards_location_id
        )
        return max(rules.mapped("delay"), default=0)

    @from_page(one=True)
    def action_tick_all(self):
        """Tick the large changes too; what was never used stays for the eye."""
        self.ensure_one()
        self.line_ids.filtered("used").chosen = True
        return self._care_show()

    @from_page(one=True)
    def action_apply(self):
        """Write what is ticked, and show the levels."""
        self.ensure_one()
        rules = self.line_ids._care_apply()
        if not rules:
            raise UserError(self.env._("Nothing is ticked: there is nothing to apply."))
        action = self.env["ir.actions.actions"]._for_xml_id(
            "patient_care_coordination.action_par_levels"
        )
        action["domain"] = [("id", "in", rules.ids)]
        return action


class CareParSuggestLine(models.TransientModel):
    _name = "care.par.suggest.line"
    _inherit = ["care.checked.links", "care.par.change"]
    _description = "Suggested Level"

    wizard_id = fields.Many2one("care.par.suggest", required=True, index=True, ondelete="cascade")
    use_per_day = fields.Float("Use per day", digits=(16, 2), readonly=True)
    bin_qty = fields.Float("One bin holds", digits="Product Unit")
    used = fields.Boolean(readonly=True)

    def _care_extra(self):
        return {"care_bin_qty": self.bin_qty}

from collections import defaultdict

from odoo import api, fields, models
from odoo.exceptions import UserError


class CareParChange(models.AbstractModel):
    """One line of a preview: the levels of a product on a ward, today's beside the new ones.

    Lines belong to a wizard; nothing is written before somebody applies what is ticked.
    """

    _name = "care.par.change"
    _inherit = ["care.numbers"]
    _description = "Change of a Par Level"
    _order = "department_id, id"

    chosen = fields.Boolean("Apply", default=True)
    department_id = fields.Many2one("care.department", string="Ward", required=True, readonly=True)
    product_id = fields.Many2one("product.product", required=True, readonly=True)
    orderpoint_id = fields.Many2one("stock.warehouse.orderpoint", readonly=True)
    old_min = fields.Float("Min today", digits="Product Unit", readonly=True)
    old_max = fields.Float("Max today", digits="Product Unit", readonly=True)
    min_qty = fields.Float("New min", digits="Product Unit")
    max_qty = fields.Float("New max", digits="Product Unit")

    @api.model
    def _care_current(self, departments, products=None):
        """Par levels of these wards, archived ones too: ``{(department id, product id): rule}``."""
        domain = [("location_id", "in", departments.location_id.ids)]
        if products is not None:
            domain.append(("product_id", "in", products.ids))
        rules = (
            self.env["stock.warehouse.orderpoint"].with_context(active_test=False).search(domain)
        )
        ward = {department.location_id.id: department.id for department in departments}
        return {(ward[rule.location_id.id], rule.product_id.id): rule for rule in rules}

    def _care_extra(self):
        """What else a new or changed level gets, as values of the reordering rule."""
        return {}

    def _care_apply(self):
        """Write the ticked lines; levels that somebody else changed since the preview stop it.

        :return: the reordering rules made or changed
        """
        lines = self.filtered("chosen")
        changed = [
            line
            for line in lines
            if line.orderpoint_id
            and (line.orderpoint_id.product_min_qty, line.orderpoint_id.product_max_qty)
            != (line.old_min, line.old_max)
        ]
        if changed:
            raise UserError(
                self.env._(
                    "Since the preview somebody changed the levels of %(product)s in %(ward)s and "
                    "%(count)s others: make the preview again.",
                    product=changed[0].product_id.display_name,
                    ward=changed[0].department_id.name,
                    count=len(changed) - 1,
                )
            )
        Rule = rules = self.env["stock.warehouse.orderpoint"]
        new, groups = [], defaultdict(Rule.browse)
        for line in lines:
            values = {
                "product_min_qty": line.min_qty,
                "product_max_qty": line.max_qty,
                **line._care_extra(),
            }
            if line.orderpoint_id:
                values["active"] = True
                groups[tuple(values.items())] += line.orderpoint_id
            else:
                location = line.department_id.location_id.id
                new.append({**values, "product_id": line.product_id.id, "location_id": location})
        for values, group in groups.items():
            group.write(dict(values))
            rules += group
        return rules + Rule.create(new)

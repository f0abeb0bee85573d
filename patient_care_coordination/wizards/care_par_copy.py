from odoo import api, fields, models
from odoo.exceptions import UserError

from ..models.common.from_page import from_page


class CareParCopy(models.TransientModel):
    """Gives wards the par levels of a template or of another ward, after a preview."""

    _name = "care.par.copy"
    _description = "Copy Par Levels"
    _inherit = ["care.checked.links"]

    company_id = fields.Many2one(
        "res.company", required=True, default=lambda self: self.env.company
    )
    template_id = fields.Many2one(
        "care.par.template", domain="[('company_id', 'in', [company_id, False])]"
    )
    source_id = fields.Many2one(
        "care.department",
        string="From ward",
        domain="[('is_ward', '=', True), ('company_id', '=', company_id)]",
    )
    department_ids = fields.Many2many(
        "care.department",
        string="To wards",
        compute="_compute_department_ids",
        store=True,
        readonly=False,
        domain="[('is_ward', '=', True), ('company_id', '=', company_id)]",
    )
    category_id = fields.Many2one(
        "product.category",
        string="Only category",
        domain=[("care_is_supply", "=", True)],
    )
    replace = fields.Boolean(
        "Change levels they have",
        help="Otherwise wards only get the products they do not keep yet.",
    )
    line_ids = fields.One2many("care.par.copy.line", "wizard_id")
    same_count = fields.Integer("Left as they are", readonly=True)
    previewed = fields.Boolean()

    @api.depends("template_id")
    def _compute_department_ids(self):
        for wizard in self:
            kind = wizard.template_id.ward_type_id
            if kind:
                wizard.department_ids = self.env["care.department"].search(
                    [
                        ("ward_type_id", "=", kind.id),
                        ("is_ward", "=", True),
                        ("company_id", "=", wizard.company_id.id),
                    ]
                )

    def _care_source(self):
        """What is copied: values of each line by product."""
        below = self.category_id and self.env["product.category"].search(
            [("id", "child_of", self.category_id.ids)]
        )

        def kept(product):
            return product.active and (not below or product.categ_id in below)

        if self.template_id:
            return {
                line.product_id: {
                    "min_qty": line.product_min_qty,
                    "max_qty": line.product_max_qty,
                    "shelf": line.shelf,
                    "shelf_sequence": line.shelf_sequence,
                    "two_bin": line.two_bin,
                    "bin_qty": line.bin_qty,
                }
                for line in self.template_id.line_ids
                if kept(line.product_id)
            }
        rules = self.env["stock.warehouse.orderpoint"].search(
            [("location_id", "=", self.source_id.location_id.id)], order="care_shelf_sequence, id"
        )
        return {
            rule.product_id: {
                "min_qty": rule.product_min_qty,
                "max_qty": rule.product_max_qty,
                "shelf": rule.care_shelf,
                "shelf_sequence": rule.care_shelf_sequence,
                "two_bin": rule.care_two_bin,
                "bin_qty": rule.care_bin_qty,
            }
            for rule in rules
            if kept(rule.product_id)
        }

    @from_page(one=True)
    def action_preview(self):
        """Show what would change, line by line; writes no level."""
        self.ensure_one()
        if bool(self.template_id) == bool(self.source_id):
            raise UserError(
                self.env._("Choose what to copy: either a template or one ward's levels.")
            )
        targets = self.department_ids - self.source_id
        if not targets:
            raise UserError(self.env._("Choose the wards that are to get these levels."))
        source = self._care_source()
        products = self.env["product.product"].union(*source)
        products._care_check_supply()
        current = self.env["care.par.change"]._care_current(targets, products)
        lines, same = [], 0
        for ward in targets:
            for product, values in source.items():
                rule = current.get((ward.id, product.id), self.env["stock.warehouse.orderpoint"])
                if rule.active and (
                    not self.replace
                    or (rule.product_min_qty, rule.product_max_qty)
                    == (values["min_qty"], values["max_qty"])
                ):
                    same += 1
                    continue
                lines.append(
                    {
                        **values,
                        "wizard_id": self.id,
                        "department_id": ward.id,
                        "product_id": product.id,
                        "orderpoint_id": rule.id,
                        "old_min": rule.product_min_qty,
                        "old_max": rule.product_max_qty,
                    }
                )
        self.line_ids.unlink()
        self.env["care.par.copy.line"].create(lines)
        self.write({"same_count": same, "previewed": True})
        return self._care_reopen()

    def _care_reopen(self):
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Copy par levels"),
            "res_model": self._name,
            "res_id": self.id,
            "view_mode": "form",
            "target": "new",
        }

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
        action["domain"] = [("care_department_id", "in", self.department_ids.ids)]
        return action


class CareParCopyLine(models.TransientModel):
    _name = "care.par.copy.line"
    _inherit = ["care.checked.links", "care.par.change"]
    _description = "Level to Copy"

    wizard_id = fields.Many2one("care.par.copy", required=True, index=True, ondelete="cascade")
    shelf = fields.Char()
    shelf_sequence = fields.Integer("Shelf order")
    two_bin = fields.Boolean("Two bins")
    bin_qty = fields.Float("One bin holds", digits="Product Unit")

    def _care_extra(self):
        """A ward that keeps the product already keeps its own shelf for it."""
        values = {"care_two_bin": self.two_bin, "care_bin_qty": self.bin_qty}
        if not self.orderpoint_id:
            values |= {"care_shelf": self.shelf, "care_shelf_sequence": self.shelf_sequence}
        return values

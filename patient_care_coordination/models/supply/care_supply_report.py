from odoo import fields, models
from odoo.tools import SQL

from ..common.from_page import from_page


class CareSupplyReport(models.Model):
    """Use and stock-outs of supplies, a row for each done move and each shortage.

    Use is what left a place of ours to where things are used up; shortages count from their start.
    """

    _name = "care.supply.report"
    _description = "Use and Stock-outs of Supplies"
    _auto = False
    _order = "date desc, id desc"
    _depends = {
        "stock.move": [
            "state",
            "date",
            "product_id",
            "location_id",
            "location_dest_id",
            "quantity",
            "product_uom",
        ],
        "stock.location": ["usage", "care_role", "care_department_id"],
        "care.shortage": ["product_id", "location_id", "since", "out_since", "ended"],
        "product.category": ["care_is_supply"],
    }

    date = fields.Datetime(readonly=True)
    product_id = fields.Many2one("product.product", readonly=True)
    product_category_id = fields.Many2one("product.category", string="Category", readonly=True)
    department_id = fields.Many2one("care.department", string="Ward", readonly=True)
    location_id = fields.Many2one("stock.location", string="Place", readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    used = fields.Float(readonly=True, digits="Product Unit")
    shortages = fields.Integer("Times short", readonly=True)
    stock_outs = fields.Integer("Stock-outs", readonly=True)
    days_out = fields.Float("Days out of stock", readonly=True)
    inquiries = fields.Integer(readonly=True, help="Inquiries that a shortage lies behind.")

    @property
    def _table_query(self):
        return SQL("%s UNION ALL %s", self._care_use(), self._care_shortages())

    def _care_use(self):
        return SQL(
            """
            SELECT 2 * move.id AS id, move.date, move.product_id,
                   template.categ_id AS product_category_id,
                   CASE WHEN dest.care_role = 'use'
                        THEN place.care_department_id ELSE dest.care_department_id
                   END AS department_id,
                   move.location_id, move.company_id,
                   CASE WHEN dest.care_role = 'use' THEN 1 ELSE -1 END
                       * move.quantity * unit.factor / own.factor AS used,
                   0 AS shortages, 0 AS stock_outs, 0.0 AS days_out, 0 AS inquiries
            FROM stock_move move
            JOIN stock_location place ON place.id = move.location_id
            JOIN stock_location dest ON dest.id = move.location_dest_id
            JOIN product_product product ON product.id = move.product_id
            JOIN product_template template ON template.id = product.product_tmpl_id
            JOIN product_category category
                ON category.id = template.categ_id AND category.care_is_supply
            JOIN uom_uom unit ON unit.id = move.product_uom
            JOIN uom_uom own ON own.id = template.uom_id
            WHERE move.state = 'done' AND 'use' IN (dest.care_role, place.care_role)
            """
        )

    def _care_shortages(self):
        return SQL(
            """
            SELECT 2 * shortage.id + 1, shortage.since, shortage.product_id,
                   shortage.product_category_id, shortage.department_id, shortage.location_id,
                   shortage.company_id, 0.0, 1,
                   CASE WHEN shortage.out_since IS NULL THEN 0 ELSE 1 END,
                   COALESCE(EXTRACT(EPOCH FROM COALESCE(shortage.ended, NOW() AT TIME ZONE 'UTC')
                       - shortage.out_since) / 86400, 0),
                   (SELECT COUNT(*) FROM care_shortage_ticket_rel rel
                    WHERE rel.shortage_id = shortage.id)
            FROM care_shortage shortage
            """
        )

    @from_page(one=True)
    def action_care_open(self):
        """Open what a row stands for: the shortage, or the transfer or move that used it."""
        self.ensure_one()
        number, is_shortage = divmod(self.id, 2)
        record = self.env["care.shortage" if is_shortage else "stock.move"].browse(number)
        record = (not is_shortage and record.picking_id) or record
        return {
            "type": "ir.actions.act_window",
            "res_model": record._name,
            "res_id": record.id,
            "views": [(False, "form")],
        }

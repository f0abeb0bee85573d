from odoo import fields, models


class StockWarehouse(models.Model):
    _inherit = "stock.warehouse"

    care_use_type_id = fields.Many2one(
        "stock.picking.type",
        string="Ward use",
        check_company=True,
        copy=False,
        help="The transfers that book as used what left the shelves of a ward.",
    )

    def _care_make_types(self):
        """Also make the operation that books what wards use."""
        result = super()._care_make_types()
        if not self.care_use_type_id:
            self.care_use_type_id = self.env["stock.picking.type"].create(
                {
                    "name": self.env._("Ward use"),
                    "code": "outgoing",
                    "sequence_code": "USE",
                    "sequence": 63,
                    "warehouse_id": self.id,
                    "company_id": self.company_id.id,
                    "default_location_src_id": self.care_wards_location_id.id,
                    "default_location_dest_id": self.care_use_location_id.id,
                    "use_create_lots": False,
                    "use_existing_lots": True,
                    "reservation_method": "manual",
                }
            )
        return result

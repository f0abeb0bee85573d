from odoo import fields, models


class StockLot(models.Model):
    """A thing of the inventory that is in the register of equipment, too."""

    _inherit = "stock.lot"

    care_equipment_ids = fields.One2many(
        "maintenance.equipment", "care_lot_id", string="Equipment", readonly=True
    )

    def _care_not_lendable(self):
        """What does not work is not lent, wherever it stands."""
        reasons = super()._care_not_lendable()
        for equipment in self.sudo().care_equipment_ids:
            if equipment.care_state in ("in_service", "restricted"):
                continue
            request = equipment.care_open_request_id
            reasons[equipment.care_lot_id] = {
                "out_of_service": self.env._(
                    "it is out of service, with maintenance as request %s", request.id
                )
                if request
                else self.env._("it is out of service"),
                "missing": self.env._("a round did not find it"),
                "retired": self.env._("it is retired"),
            }[equipment.care_state]
        return reasons

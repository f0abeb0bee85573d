from odoo import fields, models


class MaintenanceStage(models.Model):
    _inherit = "maintenance.stage"

    care_scrap = fields.Boolean(
        "Not repaired",
        help="Done, but the equipment does not work again: it is retired. As the stage Scrap.",
    )

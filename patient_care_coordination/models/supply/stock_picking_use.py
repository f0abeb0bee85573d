from odoo import fields, models


class StockPicking(models.Model):
    _inherit = "stock.picking"

    care_use_date = fields.Date(
        string="Day of use",
        copy=False,
        readonly=True,
        help="Set on the transfer that holds what a ward used on one day.",
    )

    _care_use_uniq = models.UniqueIndex(
        "(location_id, care_use_date) WHERE care_use_date IS NOT NULL",
        "The use of this ward is being booked by somebody else: try again in a moment.",
    )

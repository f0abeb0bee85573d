from odoo import models


class CareNature(models.Model):
    _name = "care.nature"
    _inherit = ["care.nature", "care.routing.reference"]

from odoo import models


class CareDepartment(models.Model):
    _name = "care.department"
    _inherit = ["care.department", "care.routing.tree"]

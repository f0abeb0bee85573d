from odoo import models


class ResCompany(models.Model):
    _inherit = "res.company"

    def _care_set_up(self):
        result = super()._care_set_up()
        self.env["care.report.template"]._care_give(self)
        return result

from odoo import models


class ResCompany(models.Model):
    _inherit = "res.company"

    def _care_set_up(self):
        result = super()._care_set_up()
        self.env["care.ruleset"]._care_install_starter(self)
        return result

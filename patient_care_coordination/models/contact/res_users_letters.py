from odoo import models


class ResUsers(models.Model):
    _inherit = "res.users"

    def _care_letter_scope(self, company_ids, path):
        """Domain of what belongs to an inquiry and tells who called.

        As the inquiry itself, without those of callers in confidence for who may not know them.
        """
        scope = self._care_inquiry_scope(company_ids, path)
        if self._care_as(self.env["helpdesk.ticket"])._care_knows_callers():
            return scope
        hidden = ("confidential", "anonymous")
        return ["&", (f"{path}.care_identity", "not in", hidden), *scope]

from odoo import models
from odoo.fields import Domain


class ResUsers(models.Model):
    _inherit = "res.users"

    def _care_contact_scope(self, company_ids):
        """Domain of the contacts a user may read.

        Those of an inquiry follow the inquiry; the others are for coordinators of the company and
        for the privacy officer.
        """
        self.ensure_one()
        module = "patient_care_coordination"
        if self.has_group(f"{module}.group_privacy_officer"):
            return [(1, "=", 1)]
        domain = Domain("ticket_id", "!=", False)
        domain &= Domain(self._care_inquiry_scope(company_ids, "ticket_id"))
        if self.has_group(f"{module}.group_coordinator"):
            domain |= Domain("ticket_id", "=", False) & Domain("company_id", "in", company_ids)
        return list(domain)

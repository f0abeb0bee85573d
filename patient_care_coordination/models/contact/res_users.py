from odoo import models
from odoo.fields import Domain


class ResUsers(models.Model):
    _inherit = "res.users"

    def _care_contact_scope(self, company_ids):
        """Domain of the contacts a user may read.

        Those of an inquiry follow the inquiry; the others are for coordinators and the privacy
        officer of the company.
        """
        self.ensure_one()
        module = "patient_care_coordination"
        domain = Domain("ticket_id", "!=", False)
        domain &= Domain(self._care_inquiry_scope(company_ids, "ticket_id"))
        if self.has_group(f"{module}.group_coordinator") or self.has_group(
            f"{module}.group_privacy_officer"
        ):
            domain |= Domain("ticket_id", "=", False) & Domain("company_id", "in", company_ids)
        return list(domain)

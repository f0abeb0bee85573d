from odoo import models


class ResUsers(models.Model):
    _inherit = "res.users"

    def _care_analysis_scope(self, company_ids):
        """Domain of the rows of analyses that a user may count: those of readable inquiries.

        As ``_care_inquiry_scope`` for the roles that have analyses, on the company of the row
        itself, so that a hundred thousand rows are not matched with their inquiries.
        """
        self.ensure_one()
        if self.has_group("patient_care_coordination.group_privacy_officer"):
            return [(1, "=", 1)]
        return [("company_id", "in", company_ids)]

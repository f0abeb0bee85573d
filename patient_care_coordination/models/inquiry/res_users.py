from odoo import models


class ResUsers(models.Model):
    _inherit = "res.users"

    def _care_inquiry_scope(self, company_ids, prefix="", writing=False):
        """Domain of the tickets a user may touch as far as patient care is concerned.

        What is no inquiry is left to the rules of the helpdesk. ``prefix`` names the link to the
        ticket for records that belong to one; ``writing`` leaves out what the user only reads: the
        privacy officer reads all and changes none. Relational paths instead of lists of ids keep
        the cached rule right when somebody joins or leaves a team.
        """
        self.ensure_one()
        path = f"{prefix}." if prefix else ""
        module = "patient_care_coordination"
        scopes = []
        if not writing and self.has_group(f"{module}.group_privacy_officer"):
            return [(1, "=", 1)]
        if self.has_group(f"{module}.group_coordinator"):
            scopes.append((f"{path}company_id", "in", company_ids))
        if self.has_group(f"{module}.group_responder"):
            scopes.append((f"{path}team_id.user_ids", "in", [self.id]))
        if self.share:
            scopes.append(self._care_portal_scope(path))
        scopes.append((f"{path}care_is_inquiry", "=", False))
        return ["|"] * (len(scopes) - 1) + scopes

    def _care_only_reads(self):
        """Whether somebody of patient care changes nothing in it: the privacy officer."""
        self.ensure_one()
        module = "patient_care_coordination"
        return self.has_group(f"{module}.group_care_staff") and not (
            self.has_group(f"{module}.group_coordinator")
            or self.has_group(f"{module}.group_responder")
        )

    def _care_portal_scope(self, path):
        """Condition on the inquiries that a portal user may read: own ones."""
        return (f"{path}partner_id", "=", self.partner_id.id)

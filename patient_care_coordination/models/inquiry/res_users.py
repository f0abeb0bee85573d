from odoo import SUPERUSER_ID, api, models


class ResUsers(models.Model):
    _inherit = "res.users"

    def _care_inquiry_scope(self, company_ids, prefix="", writing=False):
        """Domain of the tickets a user may touch as far as patient care is concerned.

        What is no inquiry is left to the rules of the helpdesk. ``prefix`` names the link to the
        ticket for records that belong to one; ``writing`` leaves out what the user only reads: the
        privacy officer reads all of her hospitals and changes none. Relational paths instead of
        lists of ids keep the cached rule right when somebody joins or leaves a team.
        """
        self.ensure_one()
        path = f"{prefix}." if prefix else ""
        module = "patient_care_coordination"
        scopes = []
        reads = not writing and self.has_group(f"{module}.group_privacy_officer")
        if reads or self.has_group(f"{module}.group_coordinator"):
            # Rows of an inquiry have no company of their own to hold back another hospital.
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

    # ------------------------------------------------------------------
    # As somebody else
    # ------------------------------------------------------------------

    def _care_as(self, records):
        """``records`` as this person has them: with their rights and in their own companies.

        The one place that changes the user. ``with_user`` alone keeps the companies which whoever
        acts has chosen in the web client; somebody who does not work in each of these may then
        read nothing at all, and the check of access fails instead of saying so.
        """
        self.ensure_one()
        if self.id == SUPERUSER_ID:
            # The robot works where it is called; it may enter every company.
            return records.with_user(self)
        user = self.sudo()
        companies = dict.fromkeys([user.company_id.id, *user._get_company_ids()])
        return records.with_user(self).with_context(allowed_company_ids=list(companies))

    def _care_readable(self, tickets):
        """Those of these inquiries that this member of staff may read; none for nobody."""
        if not self or not self.sudo().active or self.sudo().share:
            return tickets.browse()
        return tickets.browse(self._care_as(tickets)._filtered_access("read").ids)

    @api.model
    def _care_administrator(self, company):
        """The administrator to turn to where nobody of a company has the role: one of its own."""
        people = self.env.ref("base.group_system").sudo().all_user_ids
        people = people.filtered(lambda user: user.active and not user.share)
        people = people.filtered(lambda user: company in user.company_ids) or people
        first = self.env.ref("base.user_admin", raise_if_not_found=False)
        return (first and people & first) or people[:1]

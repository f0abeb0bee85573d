from odoo import models
from odoo.exceptions import UserError
from odoo.fields import Domain


class BasePartnerMergeAutomaticWizard(models.TransientModel):
    _inherit = "base.partner.merge.automatic.wizard"

    def _merge(self, partner_ids, dst_partner=None, extra_checks=True):
        """Merge contacts, save those that rows of patient care or inquiries name.

        A merge moves every link by SQL, past all rules: what one person may be told would become
        another's, and rows that are kept as they were written would name somebody else.
        """
        if self._care_is_named(partner_ids):
            # It does not say who, nor where: whoever merges contacts may not know of inquiries.
            raise UserError(
                self.env._(
                    "One of these contacts is named in records that stay as they were written, so "
                    "they cannot be merged: archive the contact that is no longer used."
                )
            )
        return super()._merge(partner_ids, dst_partner=dst_partner, extra_checks=extra_checks)

    def _care_is_named(self, partner_ids):
        """Whether an inquiry, or a row of any of our models, names one of these contacts."""
        tickets = self.env["helpdesk.ticket"].sudo().with_context(active_test=False)
        called = Domain("partner_id", "in", partner_ids)
        called |= Domain("care_confidential_partner_id", "in", partner_ids)
        if tickets.search_count(called & Domain("care_is_inquiry", "=", True), limit=1):
            return True
        return any(
            self.env[name]
            .sudo()
            .with_context(active_test=False)
            .search_count([(field.name, "in", partner_ids)], limit=1)
            for name, model in self.env.items()
            if name.startswith("care.") and model._auto and not model._transient
            for field in model._fields.values()
            if field.type == "many2one" and field.store and field.comodel_name == "res.partner"
        )

from odoo import models


class PortalShare(models.TransientModel):
    _inherit = "portal.share"

    def action_send_mail(self):
        """Share a document; an inquiry only with those who may be told about its patient."""
        record = self.resource_ref
        if record and record._name == "helpdesk.ticket" and record.sudo().care_is_inquiry:
            for partner in self.partner_ids:
                verdict = record._care_require_authority("link", partner=partner)
                record._care_disclose(
                    "link",
                    self.env._("A link to the inquiry, which opens after the login alone."),
                    self.env._("Sharing the inquiry"),
                    verdict=verdict,
                    partner=partner,
                )
        return super().action_send_mail()

from odoo import api, models


class MailTrackingValue(models.Model):
    """What changed on an inquiry stays on record: nobody adds, edits or deletes it."""

    _inherit = "mail.tracking.value"

    @api.model_create_multi
    def create(self, vals_list):
        values = super().create(vals_list)
        values._care_check_kept()
        return values

    def write(self, vals):
        self._care_check_kept()
        return super().write(vals)

    def unlink(self):
        self._care_check_kept()
        return super().unlink()

    def _care_check_kept(self):
        # Odoo itself writes them, and notes there the name of a field that goes away.
        if not self.env.su:
            kept = self.sudo().mail_message_id._care_of_inquiries()
            if kept:
                kept._care_refuse_change()

from odoo import models
from odoo.exceptions import AccessError


class IrAttachment(models.Model):
    _inherit = "ir.attachment"

    def write(self, vals):
        if vals.get("public"):
            self._care_check_not_public()
        return super().write(vals)

    def copy_data(self, default=None):
        if (default or {}).get("public"):
            self._care_check_not_public()
        return super().copy_data(default)

    def _care_check_not_public(self):
        """Files of an inquiry or a patient are never open to everybody."""
        guarded = self._care_guarded_models()
        messages = self.env["mail.message"].sudo()
        if any(file.res_model in guarded for file in self.sudo()) or messages.search_count(
            [("attachment_ids", "in", self.ids), ("model", "in", guarded)], limit=1
        ):
            raise AccessError(
                self.env._("A file of an inquiry or a patient is never open to everybody.")
            )

    def _has_attachments_ownership(self, attachment_tokens):
        """A token of a file of an inquiry is good for those alone who may read the inquiry."""
        closed = self._care_closed_to_tokens()
        if closed and attachment_tokens and len(attachment_tokens) == len(self):
            attachment_tokens = [
                None if attachment in closed else token
                for attachment, token in zip(self, attachment_tokens, strict=True)
            ]
        return super()._has_attachments_ownership(attachment_tokens)

    def _care_guarded_models(self):
        """Models whose files only their readers open; rooms add theirs."""
        return ["helpdesk.ticket", "care.patient"]

    def _care_closed_to_tokens(self):
        """Those of these files that no token may open for this user.

        They belong to an inquiry or a patient, or to a message there, that the user may not read.
        Portal users need the token all the same: they have no right on files as such.
        """
        places = {}
        for attachment in self.sudo().exists():
            place = (attachment.res_model, attachment.res_id)
            places.setdefault(place, set()).add(attachment.id)
        models_of_care = self._care_guarded_models()
        messages = self.env["mail.message"].sudo()
        for message in messages.search(
            [("attachment_ids", "in", self.ids), ("model", "in", models_of_care)]
        ):
            place = (message.model, message.res_id)
            places.setdefault(place, set()).update(message.attachment_ids.ids)
        closed = set()
        for (model, res_id), ids in places.items():
            if model not in models_of_care or not res_id:
                continue
            record = self.env[model].browse(res_id).exists()
            plain = model == "helpdesk.ticket" and not record.sudo().care_is_inquiry
            if not plain and not record.has_access("read"):
                closed |= ids
        return self.filtered(lambda attachment: attachment.id in closed)

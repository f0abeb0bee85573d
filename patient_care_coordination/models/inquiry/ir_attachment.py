from odoo import api, models
from odoo.exceptions import AccessError


class IrAttachment(models.Model):
    _inherit = "ir.attachment"

    @api.model_create_multi
    def create(self, vals_list):
        files = super().create(vals_list)
        files._care_check_not_public()
        return files

    def write(self, vals):
        if not self.env.su and not {"res_id", "res_model"}.isdisjoint(vals):
            self._care_check_stays(vals)
        result = super().write(vals)
        if not {"public", "res_id", "res_model"}.isdisjoint(vals):
            self._care_check_not_public()
        return result

    def copy_data(self, default=None):
        # The copy belongs to no message, but what is in it does.
        if (default or {}).get("public"):
            self._care_refuse_public()
        return super().copy_data(default)

    def _care_check_stays(self, vals):
        """Refuse to move a file from an inquiry, or a row of ours, to where others read it."""
        own = {(file.res_model, file.res_id) for file in self.sudo() if file.res_id}
        for place in own & self._care_places().keys():
            if place != (vals.get("res_model", place[0]), vals.get("res_id", place[1])):
                raise AccessError(
                    self.env._("A file of an inquiry or a patient stays where it belongs.")
                )

    def _care_check_not_public(self):
        """Refuse a public file of an inquiry, or of a row of ours."""
        public = self.sudo().filtered("public")
        if public:
            public._care_refuse_public()

    def _care_refuse_public(self):
        """Files of an inquiry or a patient are never open to everybody."""
        if self._care_places():
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

    def _care_places(self):
        """Where these files belong or hang on a message, as far as it is an inquiry or ours.

        :return: ``{(model, id): {file id, ...}}``; the id is 0 as long as the record is new
        """
        places = {}
        for file in self.sudo().exists():
            places.setdefault((file.res_model, file.res_id), set()).add(file.id)
        for message in self.env["mail.message"].sudo().search([("attachment_ids", "in", self.ids)]):
            place = (message.model, message.res_id)
            places.setdefault(place, set()).update(message.attachment_ids.ids)
        tickets = self.env["helpdesk.ticket"].sudo()
        tickets = tickets.browse(
            res_id for model, res_id in places if res_id and model == tickets._name
        )
        plain = tickets.exists().filtered(lambda ticket: not ticket.care_is_inquiry)
        return {
            (model, res_id): ids
            for (model, res_id), ids in places.items()
            if model == tickets._name
            and res_id not in plain._ids
            or (model or "").startswith("care.")
        }

    def _care_closed_to_tokens(self):
        """Those of these files that no token may open for this user.

        They belong to an inquiry or a row of ours, or to a message there, that the user may not
        read. Portal users need the token all the same: they have no right on files as such.
        """
        closed = set()
        for (model, res_id), ids in self._care_places().items():
            if res_id and model in self.env:
                record = self.env[model].browse(res_id).exists()
                if not record.has_access("read"):
                    closed |= ids
        return self.filtered(lambda attachment: attachment.id in closed)

from odoo import models
from odoo.exceptions import UserError

from ..inquiry.helpdesk_ticket import OURS


class IrAttachment(models.Model):
    _inherit = "ir.attachment"

    def write(self, vals):
        # A token opens nothing here, and mails ask for one.
        if vals.keys() - {"access_token"}:
            self._care_check_frozen()
        return super().write(vals)

    def copy_data(self, default=None):
        """A copy would be open to whom the letter is not, and could be changed."""
        self._care_check_frozen()
        return super().copy_data(default)

    def unlink(self):
        self._care_check_frozen()
        return super().unlink()

    def _compute_has_thumbnail(self):
        """The file of a sent letter gets none: browsers that miss it would try to write one."""
        result = super()._compute_has_thumbnail()
        self._care_frozen().has_thumbnail = True
        return result

    def _get_placeholder_filename(self, field):
        if field == "thumbnail" and self._care_frozen():
            return "patient_care_coordination/static/description/icon.png"
        return super()._get_placeholder_filename(field)

    def _care_check_frozen(self):
        """Refuse to touch the PDF of a sent letter: it stays byte for byte."""
        if self.env.context.get("care_anonymise") is not OURS and self._care_frozen():
            raise UserError(
                self.env._(
                    "The file of a sent letter is kept as it is; it is neither changed nor copied."
                )
            )

    def _care_frozen(self):
        """Those of these files that were sent as letters, alone or in a batch."""
        files = self.sudo().filtered(
            lambda file: (
                file.res_model in ("care.letter", "care.letter.batch") and not file.res_field
            )
        )
        if not files:
            return self.browse()
        kept = [
            self.env[model].sudo().search([("attachment_id", "in", files.ids)]).attachment_id.ids
            for model in ("care.letter", "care.letter.batch")
        ]
        return self.browse([*kept[0], *kept[1]])

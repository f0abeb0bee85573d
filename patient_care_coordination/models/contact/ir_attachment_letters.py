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

    def _care_check_frozen(self):
        """Refuse to touch the PDF of a sent letter: it stays byte for byte."""
        if self.env.context.get("care_anonymise") is OURS:
            return
        files = self.sudo().filtered(
            lambda file: (
                file.res_model in ("care.letter", "care.letter.batch") and not file.res_field
            )
        )
        if not files:
            return
        kept = self.env["care.letter"].sudo().search([("attachment_id", "in", files.ids)], limit=1)
        if kept or self.env["care.letter.batch"].sudo().search(
            [("attachment_id", "in", files.ids)], limit=1
        ):
            raise UserError(
                self.env._(
                    "The file of a sent letter is kept as it is; it is neither changed nor copied."
                )
            )

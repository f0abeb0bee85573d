from odoo import models
from odoo.exceptions import UserError

from ..inquiry.helpdesk_ticket import OURS

# What a file is; thumbnails, tokens and the search text are free.
CONTENT = {
    "checksum",
    "datas",
    "db_datas",
    "mimetype",
    "name",
    "raw",
    "store_fname",
    "type",
    "url",
}
# Where it belongs: settled by the transaction that posts the message.
PLACE = {"res_id", "res_model"}
# Files that Odoo makes and clears away by itself.
MACHINE = {"ir.ui.view", "ir.module.module"}


class IrAttachment(models.Model):
    """Files of messages of inquiries stay as they came or went."""

    _inherit = "ir.attachment"

    def write(self, vals):
        if (CONTENT | PLACE) & vals.keys():
            self._care_check_said(placing=not CONTENT & vals.keys())
        return super().write(vals)

    def unlink(self):
        self._care_check_said()
        return super().unlink()

    def _care_check_said(self, placing=False):
        """Refuse to change files that hang on a message of an inquiry.

        While it is being posted they may still be placed (``placing``).
        """
        if self.env.context.get("care_anonymise") is OURS:
            return
        files = self.sudo().filtered(lambda file: file.res_model not in MACHINE)
        if not files:
            return
        messages = (
            self.env["mail.message"]
            .sudo()
            .search([("attachment_ids", "in", files.ids), ("model", "=", "helpdesk.ticket")])
        )
        kept = messages._care_of_inquiries()
        if kept and not (placing and kept._care_being_posted()):
            raise UserError(
                self.env._(
                    "Files of messages of inquiries are neither changed nor deleted: "
                    "write a new message that puts it right."
                )
            )

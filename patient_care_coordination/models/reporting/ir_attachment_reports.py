from odoo import models
from odoo.exceptions import UserError

from ..inquiry.helpdesk_ticket import OURS


class IrAttachment(models.Model):
    _inherit = "ir.attachment"

    def write(self, vals):
        # A token opens nothing here, and mails ask for one.
        if vals.keys() - {"access_token"}:
            self._care_check_report()
        return super().write(vals)

    def unlink(self):
        self._care_check_report()
        return super().unlink()

    def _care_check_report(self):
        """Refuse to touch the file of a report: it stays as it was made."""
        if self.env.context.get("care_report") is OURS:
            return
        files = self.sudo().filtered(
            lambda file: file.res_model == "care.report.run" and not file.res_field
        )
        runs = self.env["care.report.run"].sudo()
        if files and runs.search_count(
            ["|", ("pdf_id", "in", files.ids), ("xlsx_id", "in", files.ids)], limit=1
        ):
            raise UserError(self.env._("The file of a report is kept as it was made."))

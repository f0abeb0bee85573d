from odoo import models
from odoo.exceptions import AccessError


class IrActionsReport(models.Model):
    _inherit = "ir.actions.report"

    def _care_check_print(self, report_ref, res_ids):
        """Let the gate of each inquiry see a report on it; raises AccessError for outsiders."""
        report = self._get_report(report_ref)
        if report.model != "helpdesk.ticket" or not res_ids:
            return
        tickets = self.env[report.model].browse(res_ids)
        inquiries = tickets.filtered(lambda ticket: ticket.sudo().care_is_inquiry)
        if not inquiries:
            return
        if not self.env.su and not self.env.user.has_group(
            "patient_care_coordination.group_care_staff"
        ):
            raise AccessError(self.env._("Inquiries are printed by patient care staff."))
        inquiries.check_access("read")
        inquiries._care_disclose_to_me("pdf", report.name, self.env._("Work of the hospital"))

    def _pre_render_qweb_pdf(self, report_ref, res_ids=None, data=None):
        ids = [res_ids] if isinstance(res_ids, int) else res_ids
        self._care_check_print(report_ref, ids)
        return super()._pre_render_qweb_pdf(report_ref, res_ids=res_ids, data=data)

    def _render_qweb_html(self, report_ref, docids, data=None):
        # A PDF comes here too, under test alone: it was seen by the gate then.
        if not (data and data.get("report_type") == "pdf"):
            self._care_check_print(report_ref, docids)
        return super()._render_qweb_html(report_ref, docids, data=data)

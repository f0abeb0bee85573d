import io

from odoo import models
from odoo.exceptions import AccessError

from ..inquiry.helpdesk_ticket import OURS, STAFF
from . import letter_pdf
from .care_letter_print import REPORT


class IrActionsReport(models.Model):
    _inherit = "ir.actions.report"

    def _get_layout(self):
        """The page of a letter brings its own style.

        It fetches nothing over the network, so a cron prints it as a person does.
        """
        if self.report_name == REPORT:
            return self.env.ref("patient_care_coordination.letter_page")
        return super()._get_layout()

    def _build_wkhtmltopdf_args(
        self,
        paperformat_id,
        landscape,
        specific_paperformat_args=None,
        set_viewport_size=False,
    ):
        """Letters run no script to wait for, and a point of their text is a point on paper."""
        args = super()._build_wkhtmltopdf_args(
            paperformat_id,
            landscape,
            specific_paperformat_args=specific_paperformat_args,
            set_viewport_size=set_viewport_size,
        )
        if "data-report-letter" in (specific_paperformat_args or {}):
            args[args.index("--javascript-delay") + 1] = "1"
            args.append("--disable-smart-shrinking")
        return args

    def _render_qweb_pdf_prepare_streams(self, report_ref, data, res_ids=None):
        """A sent letter is printed from its file; others one at a time, marked as drafts.

        wkhtmltopdf without patched Qt takes one document only.
        """
        ours = self.env.context.get("care_letter") is OURS
        if ours or not res_ids or self._get_report(report_ref).report_name != REPORT:
            return super()._render_qweb_pdf_prepare_streams(report_ref, data, res_ids=res_ids)
        if not self.env.user.has_group(STAFF):
            raise AccessError(self.env._("Letters are for patient care staff."))
        letters = self.env["care.letter"].browse(res_ids)
        letters.check_access("read")
        streams = {}
        for letter in letters:
            if letter.state == "sent":
                content = letter.sudo().attachment_id.raw
            else:
                content = letter_pdf.stamp(
                    letter._care_render(),
                    letter.display_name,
                    draft=True,
                    size=letter._care_stamp_size(),
                )
            streams[letter.id] = {"stream": io.BytesIO(content), "attachment": None}
        return streams

from odoo import api, models


class IrActionsReport(models.Model):
    _inherit = "ir.actions.report"

    @api.model
    def _care_bare(self):
        """Reports on the bare page of letters: no file over the network, for any wkhtmltopdf."""
        return {"patient_care_coordination.bin_labels", "patient_care_coordination.loan_receipt"}

    def _get_layout(self):
        if self.report_name in self._care_bare():
            return self.env.ref("patient_care_coordination.letter_page")
        return super()._get_layout()

from odoo import models

# Printed on the bare page of letters: no file over the network, one document for any wkhtmltopdf.
BARE = ("patient_care_coordination.bin_labels", "patient_care_coordination.loan_receipt")


class IrActionsReport(models.Model):
    _inherit = "ir.actions.report"

    def _get_layout(self):
        if self.report_name in BARE:
            return self.env.ref("patient_care_coordination.letter_page")
        return super()._get_layout()

from odoo import api, models

from .barcode_svg import code128


class ReportLoanReceipt(models.AbstractModel):
    """Receipts for those who lend: coordinators read no transfer, but print what they lent."""

    _name = "report.patient_care_coordination.loan_receipt"
    _description = "Receipt of a Loan"

    @api.model
    def _get_report_values(self, docids, data=None):
        self.env["stock.lot"]._care_check_lender()
        loans = (
            self.env["stock.picking"]
            .sudo()
            .search(
                [
                    ("id", "in", docids),
                    ("care_due_back", "!=", False),
                    ("company_id", "in", self.env.companies.ids),
                ]
            )
        )
        return {
            "doc_ids": loans.ids,
            "doc_model": "stock.picking",
            "docs": loans,
            "code128": code128,
        }

from odoo import api, models
from odoo.exceptions import UserError

from .barcode_svg import code128


class ReportBinLabels(models.AbstractModel):
    """Labels for bins that have one; the others are named."""

    _name = "report.patient_care_coordination.bin_labels"
    _description = "Bin Labels"

    @api.model
    def _get_report_values(self, docids, data=None):
        rules = self.env["stock.warehouse.orderpoint"].browse(docids)
        rules.check_access("read")
        without = rules.filtered(lambda rule: not rule.care_two_bin or not rule.care_bin_code)
        if without:
            raise UserError(
                self.env._(
                    "These are not kept in two bins and have no label: %s.",
                    ", ".join(without.product_id.mapped("display_name")),
                )
            )
        return {
            "doc_ids": rules.ids,
            "doc_model": rules._name,
            "docs": rules,
            "labels": [
                {
                    "title": rule.product_id.display_name,
                    "lines": [
                        " · ".join(filter(None, [rule.care_department_id.name, rule.care_shelf])),
                        self.env._(
                            "One bin: %(quantity)g %(unit)s",
                            quantity=rule.care_bin_qty,
                            unit=rule.product_uom.name,
                        ),
                    ],
                    "code": rule.care_bin_code,
                }
                for rule in rules
            ],
            "code128": code128,
        }

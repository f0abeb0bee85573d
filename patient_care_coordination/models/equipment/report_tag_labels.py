from odoo import api, models
from odoo.exceptions import UserError

from ..supply.barcode_svg import code128


class IrActionsReport(models.Model):
    _inherit = "ir.actions.report"

    @api.model
    def _care_bare(self):
        return super()._care_bare() | {"patient_care_coordination.tag_labels"}


class ReportTagLabels(models.AbstractModel):
    """Labels of equipment with what a scan finds it by: its tag, else its serial number."""

    _name = "report.patient_care_coordination.tag_labels"
    _description = "Equipment Labels"

    @api.model
    def _get_report_values(self, docids, data=None):
        items = self.env["maintenance.equipment"].browse(docids)
        items.check_access("read")
        codes = {item: item.care_tag or item.serial_no or item.care_lot_id.name for item in items}
        if without := [item.display_name for item in items if not code128(codes[item])]:
            raise UserError(
                self.env._(
                    "These have no tag or serial number of plain letters and figures, enter one "
                    "first: %s.",
                    ", ".join(without),
                )
            )
        return {
            "doc_ids": items.ids,
            "doc_model": items._name,
            "docs": items,
            "labels": [
                {
                    "title": item.name,
                    "lines": [
                        item.care_department_id.name or item.company_id.name,
                        item.care_place or item.category_id.name,
                    ],
                    "code": codes[item],
                }
                for item in items
            ],
            "code128": code128,
        }

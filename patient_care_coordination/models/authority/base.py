from odoo import models


class Base(models.AbstractModel):
    """The gate on exports of every model: columns may reach an inquiry from anywhere."""

    _inherit = "base"

    def export_data(self, fields_to_export):
        """Export; what comes from inquiries or patients is for coordinators, and kept."""
        self.env["care.export.gate"]._care_pass(self, fields_to_export)
        return super().export_data(fields_to_export)

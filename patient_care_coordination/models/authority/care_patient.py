from odoo import fields, models

from ..common.from_page import from_page


class CarePatient(models.Model):
    """Who may be told about this patient, and who was."""

    _inherit = "care.patient"

    authority_ids = fields.One2many("care.authority", "patient_id", string="Who may be told")
    disclosure_count = fields.Integer("Number of disclosures", compute="_compute_disclosure_count")

    def _compute_disclosure_count(self):
        counts = dict(
            self.env["care.disclosure"]._read_group(
                [("patient_id", "in", self.ids)], ["patient_id"], ["__count"]
            )
        )
        for patient in self:
            patient.disclosure_count = counts.get(patient, 0)

    @from_page(one=True)
    def action_open_disclosures(self):
        """Open what was told about this patient, to whom, when and why."""
        self.ensure_one()
        action = self.env["ir.actions.actions"]._for_xml_id(
            "patient_care_coordination.action_disclosures"
        )
        return action | {"domain": [("patient_id", "=", self.id)]}

    def write(self, vals):
        result = super().write(vals)
        if "partner_id" in vals:
            tickets = self.sudo().with_context(active_test=False).inquiry_ids
            tickets._care_drop_followers()
        return result

    def export_data(self, fields_to_export):
        """Each export is a disclosure: to whom, of whom, when."""
        result = super().export_data(fields_to_export)
        user = self.env.user
        self.env["care.disclosure"]._care_record(
            [
                {
                    "patient_id": patient.id,
                    "company_id": patient.company_id.id,
                    "way": "export",
                    "partner_id": user.partner_id.id,
                    "recipient": user.name,
                    "what": ", ".join(fields_to_export),
                    "purpose": self.env._("Work of the hospital"),
                    "basis": "staff",
                }
                for patient in self
            ]
        )
        return result

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

    def _care_disclose_to_me(self, way, what, purpose):
        """Keep that the user took something about these patients out; as one batch."""
        user = self.env.user
        self.env["care.disclosure"]._care_record(
            [
                {
                    "patient_id": patient.id,
                    "company_id": patient.company_id.id,
                    "way": way,
                    "partner_id": user.partner_id.id,
                    "recipient": user.name,
                    "address": user.email,
                    "what": what,
                    "purpose": purpose,
                    "basis": "staff",
                }
                for patient in self.sudo()
            ]
        )

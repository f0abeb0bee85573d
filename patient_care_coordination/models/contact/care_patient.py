from odoo import api, fields, models

from ..common.from_page import from_page
from .phone import phone_key


class CarePatient(models.Model):
    """The contacts with and about a patient, over all inquiries."""

    _inherit = "care.patient"

    phone_key = fields.Char(
        "Phone key",
        compute="_compute_phone_key",
        store=True,
        precompute=True,
        index="trigram",
        help="The phone number in the form by which callers are found.",
    )
    contact_count = fields.Integer("Number of contacts", compute="_compute_contact_count")

    @api.depends("phone", "company_id")
    def _compute_phone_key(self):
        for patient in self:
            code = patient.company_id.country_id.phone_code if patient.phone else 0
            patient.phone_key = phone_key(patient.phone, code) or False

    def _compute_contact_count(self):
        counts = dict(
            self.env["care.contact"]._read_group(
                [("patient_id", "in", self.ids)], ["patient_id"], ["__count"]
            )
        )
        for patient in self:
            patient.contact_count = counts.get(patient, 0)

    @from_page(one=True)
    def action_open_contacts(self):
        """Open the timeline: every contact about this patient, newest first."""
        self.ensure_one()
        action = self.env["ir.actions.actions"]._for_xml_id(
            "patient_care_coordination.action_contacts"
        )
        return action | {
            "display_name": self.env._("Contacts about %s", self.name),
            "domain": [("patient_id", "=", self.id)],
            "context": {},
        }

    @from_page(one=True)
    def action_care_call(self):
        """Open the form that logs a call with this patient, without an inquiry."""
        self.ensure_one()
        action = self.env["ir.actions.actions"]._for_xml_id(
            "patient_care_coordination.action_care_call"
        )
        return action | {"context": {"default_patient_id": self.id}}

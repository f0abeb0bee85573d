from odoo import fields, models


class ResCompany(models.Model):
    """The part of the demo hospital that shows who may be told what."""

    _inherit = "res.company"

    def _care_demo_ready(self, env, users):
        result = super()._care_demo_ready(env, users)
        inquiry = env["helpdesk.ticket"].search(
            [
                ("care_is_inquiry", "=", True),
                ("partner_id", "=", users["relative"].partner_id.id),
                ("care_patient_id", "!=", False),
            ],
            limit=1,
        )
        rows = users["coordinator"]._care_as(env["care.authority"]).sudo()
        rows.create(
            [
                {
                    "patient_id": inquiry.care_patient_id.id,
                    "partner_id": users["relative"].partner_id.id,
                    "basis": "agreed",
                    "agreed_how": "oral",
                    "verified_how": "call_back",
                    "date_until": fields.Date.add(fields.Date.today(), months=6),
                    "by_mail": True,
                }
            ]
        )
        other = env["helpdesk.ticket"].search(
            [
                ("care_is_inquiry", "=", True),
                ("closed_date", "=", False),
                ("partner_id", "not in", [False, users["relative"].partner_id.id]),
                ("care_patient_id", "not in", [False, inquiry.care_patient_id.id]),
            ],
            limit=1,
        )
        rows.create(
            [
                {
                    "patient_id": other.care_patient_id.id,
                    "partner_id": other.partner_id.id,
                    "objection": True,
                    "basis": "none",
                }
            ]
        )
        return result

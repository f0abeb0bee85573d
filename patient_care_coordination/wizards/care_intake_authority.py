from odoo import api, fields, models


class CareIntake(models.TransientModel):
    """What may be said to the caller, before anything is said."""

    _inherit = "care.intake"

    may_say = fields.Selection(
        [("yes", "May be told"), ("general", "General facts only"), ("no", "May not be told")],
        string="May be told",
        compute="_compute_may_say",
    )
    may_say_text = fields.Text("What may be said", compute="_compute_may_say")

    @api.depends("patient_id", "caller_id", "caller_name", "relation", "category_id")
    def _compute_may_say(self):
        for intake in self:
            intake.may_say = intake.may_say_text = False
            if not intake.patient_id:
                continue
            ticket = self.env["helpdesk.ticket"].new(
                {
                    "care_is_inquiry": True,
                    "care_patient_id": intake.patient_id.id,
                    "partner_id": intake.caller_id.id,
                    "partner_name": intake.caller_name,
                    "category_id": intake.category_id.id,
                }
            )
            verdict = ticket._care_authority(partner=intake.caller_id, name=intake.caller_name)
            intake.may_say = "yes" if verdict.allowed else "no"
            intake.may_say_text = verdict.reason

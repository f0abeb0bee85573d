from odoo import fields, models


class CareIntakeMatch(models.TransientModel):
    """Somebody who is known by the number typed in the quick intake."""

    _name = "care.intake.match"
    _description = "Known Caller"
    _inherit = ["care.checked.links"]

    intake_id = fields.Many2one("care.intake", required=True, ondelete="cascade")
    label = fields.Char("Known")
    name = fields.Char()
    partner_id = fields.Many2one("res.partner")
    patient_id = fields.Many2one("care.patient", "About")
    use = fields.Boolean("This one")

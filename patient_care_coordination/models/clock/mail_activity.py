from odoo import fields, models


class MailActivity(models.Model):
    _inherit = "mail.activity"

    care_deadline_id = fields.Many2one(
        "care.deadline",
        string="Deadline",
        index="btree_not_null",
        readonly=True,
        copy=False,
        ondelete="set null",
        groups="patient_care_coordination.group_care_staff",
    )

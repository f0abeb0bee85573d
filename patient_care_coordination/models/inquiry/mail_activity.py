from odoo import fields, models


class MailActivity(models.Model):
    _inherit = "mail.activity"

    care_alarm_id = fields.Many2one(
        "care.flag.alarm", string="Red flag", index="btree_not_null", ondelete="cascade"
    )

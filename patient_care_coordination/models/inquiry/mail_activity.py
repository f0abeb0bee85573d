from odoo import api, fields, models
from odoo.exceptions import ValidationError


class MailActivity(models.Model):
    _inherit = "mail.activity"

    care_alarm_id = fields.Many2one(
        "care.flag.alarm", string="Red flag", index="btree_not_null", ondelete="cascade"
    )

    @api.constrains("user_id", "res_id")
    def _check_care_user(self):
        """What is to be done on an inquiry is for staff: an activity tells of it."""
        outside = self.sudo().filtered(
            lambda activity: activity.res_model == "helpdesk.ticket" and activity.user_id.share
        )
        tickets = self.env["helpdesk.ticket"].sudo().browse(outside.mapped("res_id"))
        inquiries = tickets.filtered("care_is_inquiry")
        for activity in outside:
            if activity.res_id in inquiries._ids:
                raise ValidationError(
                    self.env._(
                        "%(person)s is not staff, so cannot be made responsible for an activity "
                        "on inquiry %(number)s: choose a colleague.",
                        person=activity.user_id.name,
                        number=inquiries.browse(activity.res_id).number,
                    )
                )

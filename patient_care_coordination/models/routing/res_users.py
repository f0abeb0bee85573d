from odoo import api, fields, models
from odoo.exceptions import ValidationError


class ResUsers(models.Model):
    _inherit = "res.users"

    care_capacity = fields.Integer(
        "Capacity",
        help="Routing gives no more once the load is this high; 0 means no limit. An open "
        "inquiry that waits for us adds 1 (low priority) to 4 (very high).",
    )
    care_skill_ids = fields.Many2many(
        "care.skill", "care_skill_user_rel", "user_id", "skill_id", string="Skills for routing"
    )
    care_lang_ids = fields.Many2many(
        "res.lang",
        "care_user_lang_rel",
        "user_id",
        "lang_id",
        string="Languages spoken",
        context={"active_test": False},
        help="The language of the user's own interface counts without being listed.",
    )
    care_delegate_id = fields.Many2one(
        "res.users",
        string="Delegate",
        domain="[('share', '=', False), ('id', '!=', id)]",
        help="Who is proposed for inquiries under way when this person is absent.",
    )

    @property
    def SELF_READABLE_FIELDS(self):
        return super().SELF_READABLE_FIELDS + ["care_delegate_id"]

    @property
    def SELF_WRITEABLE_FIELDS(self):
        return super().SELF_WRITEABLE_FIELDS + ["care_delegate_id"]

    @api.constrains("care_delegate_id")
    def _check_care_delegate_id(self):
        for user in self:
            if user.care_delegate_id == user or user.care_delegate_id.share:
                raise ValidationError(
                    self.env._("A delegate is another member of staff: choose somebody else.")
                )

    def _care_present_delegates(self, absent):
        """``{user: delegate}`` for each of these users, following delegates who are absent too.

        ``absent`` holds all users that are absent. A chain has three links at most and never
        comes back to somebody it passed; without a delegate who is there, nobody is proposed.
        """
        result = {}
        for user in self:
            passed, delegate = user, user.care_delegate_id
            for _link in range(3):
                if not delegate or delegate in passed:
                    delegate = self.browse()
                    break
                if delegate not in absent and delegate.active:
                    break
                passed |= delegate
                delegate = delegate.care_delegate_id
            else:
                delegate = self.browse()
            result[user] = delegate
        return result

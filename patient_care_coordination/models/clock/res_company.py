from odoo import api, fields, models
from odoo.exceptions import ValidationError

from odoo.addons.base.models.res_partner import _tz_get


class ResCompany(models.Model):
    _inherit = "res.company"

    care_policy_id = fields.Many2one(
        "care.policy",
        string="Deadline policy",
        ondelete="restrict",
        domain="[('company_id', 'in', [id, False])]",
        help="Sets the deadlines of new inquiries. Those under way keep theirs until a supervisor "
        "has them recomputed.",
    )
    care_tz = fields.Selection(
        _tz_get,
        string="Time zone of the hospital",
        help="A deadline of days ends with the local day here.",
    )

    @api.constrains("care_policy_id")
    def _check_care_policy_id(self):
        for company in self:
            owner = company.sudo().care_policy_id.company_id
            if owner and owner != company:
                raise ValidationError(
                    self.env._(
                        "%(policy)s belongs to %(owner)s: duplicate it for %(company)s.",
                        policy=company.care_policy_id.name,
                        owner=owner.name,
                        company=company.name,
                    )
                )

    def _care_set_up(self):
        result = super()._care_set_up()
        for company in self:
            if not company.care_policy_id:
                company.care_policy_id = company._care_policy()
            if not company.care_tz:
                company.care_tz = company._care_zone()
        return result

    def _care_policy(self):
        """The policy of this company; of one from before there were policies, the generic one."""
        self.ensure_one()
        return self.care_policy_id or self.env.ref("patient_care_coordination.policy_generic")

    def _care_zone(self):
        """The name of the time zone in which days of this company end."""
        self.ensure_one()
        company = self.sudo()
        return (
            company.care_tz
            or company.partner_id.tz
            or company.resource_calendar_id.tz
            or self.env.ref("base.user_admin").tz
            or "UTC"
        )

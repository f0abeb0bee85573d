from odoo import api, models


class CareIssue(models.Model):
    """The gravest issue decides on clocks that hold for some severities alone."""

    _inherit = "care.issue"

    @api.model_create_multi
    def create(self, vals_list):
        issues = super().create(vals_list)
        issues.filtered("severity").ticket_id._care_follow_severity()
        return issues

    def write(self, vals):
        result = super().write(vals)
        if "severity" in vals:
            self.ticket_id._care_follow_severity()
        return result

    def unlink(self):
        tickets = self.ticket_id
        result = super().unlink()
        tickets._care_follow_severity()
        return result

from dateutil.relativedelta import relativedelta

from odoo import api, fields, models


class CareReportPrepare(models.TransientModel):
    """A report for another period than its template's."""

    _name = "care.report.prepare"
    _description = "Prepare a Report"

    template_id = fields.Many2one("care.report.template", string="Report", required=True)
    start = fields.Date("From", required=True)
    last_day = fields.Date("To", required=True)
    problems = fields.Text(related="template_id.problems")

    @api.model
    def default_get(self, names):
        values = super().default_get(names)
        template = self.env["care.report.template"].browse(values.get("template_id") or [])
        if template:
            start, end = template._care_dates()
            values |= {"start": start, "last_day": end - relativedelta(days=1)}
        return values

    def action_prepare(self):
        """Make the report and open it."""
        self.ensure_one()
        end = self.last_day + relativedelta(days=1)
        return self.template_id._care_prepare(self.start, end)._care_open()

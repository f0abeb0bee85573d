from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.fields import Command

from ..models.common.from_page import from_page


class CareReportPrepare(models.TransientModel):
    """A report for another period, department or person than its template's."""

    _name = "care.report.prepare"
    _description = "Prepare a Report"
    _inherit = ["care.checked.links"]

    template_id = fields.Many2one("care.report.template", string="Report", required=True)
    kind = fields.Selection(related="template_id.kind", related_sudo=False)
    company_id = fields.Many2one(related="template_id.company_id", related_sudo=False)
    start = fields.Date("From", required=True)
    last_day = fields.Date("To", required=True)
    department_ids = fields.Many2many(
        "care.department",
        "care_report_prepare_department_rel",
        "wizard_id",
        "department_id",
        string="Departments",
        domain="[('company_id', '=', company_id)]",
        help="With the departments below them; none: all.",
    )
    person_ids = fields.Many2many(
        "res.users",
        "care_report_prepare_person_rel",
        "wizard_id",
        "user_id",
        string="Persons",
        domain="[('share', '=', False)]",
        help="Only inquiries these persons are responsible for.",
    )
    problems = fields.Text(related="template_id.problems", related_sudo=False)

    @api.model
    def default_get(self, names):
        values = super().default_get(names)
        template = self.env["care.report.template"].browse(values.get("template_id") or [])
        if template:
            start, end = template._care_dates()
            values |= {
                "start": start,
                "last_day": end - relativedelta(days=1),
                "department_ids": [Command.set(template.department_ids.ids)],
                "person_ids": [Command.set(template.person_ids.ids)],
            }
        return values

    @from_page(one=True)
    def action_prepare(self):
        """Make the report and open it."""
        self.ensure_one()
        end = self.last_day + relativedelta(days=1)
        chosen = {"department_ids": self.department_ids.ids, "user_ids": self.person_ids.ids}
        return self.template_id._care_prepare(self.start, end, chosen)._care_open()

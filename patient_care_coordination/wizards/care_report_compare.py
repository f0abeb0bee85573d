from odoo import api, fields, models
from odoo.exceptions import UserError


class CareReportCompare(models.TransientModel):
    """Two reports side by side: the key figures as they were printed, and what changed."""

    _name = "care.report.compare"
    _description = "Compare Reports"
    _inherit = ["care.checked.links"]

    first_id = fields.Many2one("care.report.run", string="This report", required=True)
    second_id = fields.Many2one("care.report.run", string="And this one", required=True)
    warning = fields.Text(compute="_compute_warning")
    table = fields.Html(compute="_compute_table", sanitize=False)

    @api.depends("first_id", "second_id")
    def _compute_warning(self):
        for wizard in self:
            first, second, lines = wizard.first_id, wizard.second_id, []
            if first.template_id != second.template_id:
                lines.append(self.env._("They are made from different templates."))
            elif first.template_version != second.template_version:
                lines.append(
                    self.env._(
                        "The template changed in between, from version %(first)s to %(second)s.",
                        first=first.template_version,
                        second=second.template_version,
                    )
                )
            runs = first | second
            if len({str(run._care_narrowed()) for run in runs if run.definition}) > 1:
                lines.append(self.env._("They are narrowed to different inquiries."))
            if first.user_id != second.user_id:
                lines.append(self.env._("They are made for different people."))
            if first.end and second.end:
                if (first.end - first.start).days - (second.end - second.start).days not in range(
                    -3, 4
                ):
                    lines.append(self.env._("Their periods are not equally long."))
            wizard.warning = "\n".join(lines) or False

    @api.depends("first_id", "second_id")
    def _compute_table(self):
        for wizard in self:
            wizard.table = self.env["ir.qweb"]._render(
                "patient_care_coordination.report_compare",
                {
                    "first": wizard.first_id,
                    "second": wizard.second_id,
                    "rows": wizard._care_rows(),
                },
            )

    def _care_rows(self):
        """``[(name, first value, second value, change)]`` as texts, in the order of the second."""
        self.ensure_one()
        runs = self.first_id | self.second_id
        runs.check_access("read")
        if any(run.state != "ready" for run in runs):
            raise UserError(self.env._("Only reports that are ready can be compared."))
        before = {figure["code"]: figure for figure in self.first_id.figures or []}
        after = {figure["code"]: figure for figure in self.second_id.figures or []}
        rows = []
        for code in [*after, *(code for code in before if code not in after)]:
            pair = [before.get(code), after.get(code)]
            name = next(figure["name"] for figure in reversed(pair) if figure)
            rows.append((name, *map(self._care_value, pair), self._care_change(*pair)))
        return rows

    def _care_value(self, figure):
        if not figure:
            return "–"
        value, made, _beside = self.first_id._care_show_figure(figure)
        return f"{value} ({made})" if made else value

    def _care_change(self, before, after):
        """The difference of two values, with its sign; empty where one is missing or hidden."""
        values = [figure and figure["value"] for figure in (before, after)]
        if None in values:
            return ""
        change = values[1] - values[0]
        shown = self.first_id._care_number(
            float(change) if any(isinstance(value, float) for value in values) else change
        )
        sign = "+" if change > 0 else ""
        return f"{sign}{shown}"

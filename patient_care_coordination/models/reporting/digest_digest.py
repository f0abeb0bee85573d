from odoo import fields, models
from odoo.fields import Domain

RATE = "kpi_care_answer_rate"
# A percentage that is none: a digest keeps numbers alone.
NO_DENOMINATOR = -1.0


class DigestDigest(models.Model):
    """Inquiries in Odoo's digest mail: counts, no names; for those who read analyses."""

    _inherit = "digest.digest"

    kpi_care_received = fields.Boolean("Inquiries received")
    kpi_care_received_value = fields.Integer(compute="_compute_kpi_care_received_value")
    kpi_care_answer_rate = fields.Boolean("Answers due that were in time")
    kpi_care_answer_rate_value = fields.Float(compute="_compute_kpi_care_answer_rate_value")
    kpi_care_overdue = fields.Boolean("Deadlines missed and not met since")
    kpi_care_overdue_value = fields.Integer(compute="_compute_kpi_care_overdue_value")

    def _compute_kpi_care_received_value(self):
        self.env["care.inquiry.report"].check_access("read")
        self._calculate_company_based_kpi(
            "care.inquiry.report",
            "kpi_care_received_value",
            date_field="received_date",
            additional_domain=[("is_duplicate", "=", 0)],
        )

    def _compute_kpi_care_answer_rate_value(self):
        report = self.env["care.deadline.report"]
        report.check_access("read")
        start, end, companies = self._get_kpi_compute_parameters()
        domain = Domain("company_id", "in", companies.ids) & Domain("kind", "=", "answer")
        domain &= Domain("due", ">=", start) & Domain("due", "<", end)
        rates = {
            company: NO_DENOMINATOR if rate is False else rate
            for company, rate in report._read_group(domain, ["company_id"], ["met_rate:avg"])
        }
        for digest in self:
            company = digest.company_id or self.env.company
            digest.kpi_care_answer_rate_value = rates.get(company, NO_DENOMINATOR)

    def _compute_kpi_care_overdue_value(self):
        self.env["care.deadline.report"].check_access("read")
        self._calculate_company_based_kpi(
            "care.deadline.report",
            "kpi_care_overdue_value",
            date_field="due",
            additional_domain=[("state", "=", "missed")],
        )

    def _compute_kpis(self, company, user):
        """Show the percentage as one, and where nothing was due that there is none."""
        kpis = super()._compute_kpis(company, user)
        for kpi in kpis:
            if kpi["kpi_name"] != RATE:
                continue
            for column in ("kpi_col1", "kpi_col2", "kpi_col3"):
                value = float(kpi[column]["value"])
                # A change from nothing, or of a percentage by per cent, says little.
                kpi[column] |= {
                    "value": "–" if value == NO_DENOMINATOR else f"{value:.0f} %",
                    "margin": 0.0,
                }
        return kpis

    def _compute_kpis_actions(self, company, user):
        actions = super()._compute_kpis_actions(company, user)
        figures = "patient_care_coordination.action_care_{}_report".format
        return actions | {
            "kpi_care_received": figures("inquiry"),
            RATE: figures("deadline"),
            "kpi_care_overdue": figures("deadline"),
        }

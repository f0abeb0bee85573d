from odoo import api, fields, models
from odoo.exceptions import ValidationError


class CareDenominator(models.Model):
    """Patient-days and admissions of a month, of one department or of the whole hospital.

    Inquiries are set against them as a rate. 0 means that nobody counted: no rate is shown then.
    A department is taken as entered; its parts are not added up, because one part without a
    number would make the sum too small and the rate too high.
    """

    _name = "care.denominator"
    _description = "Patient-days of a Month"
    _order = "month desc, department_id, id"
    _rec_name = "month"
    _check_company_auto = True

    company_id = fields.Many2one(
        "res.company", required=True, index=True, default=lambda self: self.env.company
    )
    department_id = fields.Many2one(
        "care.department",
        index="btree_not_null",
        ondelete="cascade",
        check_company=True,
        help="Empty: the whole hospital.",
    )
    month = fields.Date(
        required=True,
        default=lambda self: fields.Date.context_today(self).replace(day=1),
        help="Any day of the month; its first day is kept.",
    )
    patient_days = fields.Integer(
        "Patient-days", help="Patients present at midnight, added up over the month. 0: unknown."
    )
    admissions = fields.Integer(help="People admitted in the month. 0: unknown.")

    _once = models.UniqueIndex(
        "(company_id, COALESCE(department_id, 0), month)",
        "This month of this department is there already: change its row.",
    )
    _not_negative = models.Constraint(
        "CHECK (patient_days >= 0 AND admissions >= 0)",
        "Patient-days and admissions cannot be negative.",
    )

    @api.model_create_multi
    def create(self, vals_list):
        return super().create([self._care_first_day(vals) for vals in vals_list])

    def write(self, vals):
        return super().write(self._care_first_day(vals))

    @api.model
    def _care_first_day(self, vals):
        """The values with the month as its first day."""
        if vals.get("month"):
            vals = {**vals, "month": fields.Date.to_date(vals["month"]).replace(day=1)}
        return vals

    @api.constrains("month")
    def _check_month(self):
        today = fields.Date.context_today(self)
        for row in self:
            if row.month > today:
                raise ValidationError(
                    self.env._(
                        "The month %s lies in the future: enter patient-days when they are over.",
                        row.month.strftime("%Y-%m"),
                    )
                )

    @api.model
    def _care_patient_days(self, scopes, start, stop):
        """Patient-days of departments by month, as entered, in one query.

        :param scopes: ``{(company id, department id or False), ...}``
        :param start: first day of the first month
        :param stop: first day after the last month
        :return: ``{(company id, department id or False): {month: patient-days}}``, months without
            a number left out
        """
        found = {scope: {} for scope in scopes}
        rows = self.search_fetch(
            [
                ("company_id", "in", [company for company, _department in scopes]),
                ("department_id", "in", [department for _company, department in scopes]),
                ("month", ">=", start),
                ("month", "<", stop),
                ("patient_days", ">", 0),
            ],
            ["company_id", "department_id", "month", "patient_days"],
        )
        for row in rows:
            scope = (row.company_id.id, row.department_id.id)
            if scope in found:
                found[scope][row.month] = row.patient_days
        return found

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Domain

from ..common.from_page import from_page
from . import calendar_math


class CarePolicy(models.Model):
    """A named profile of deadlines, of a law or of the house: England, US-CMS, Generic.

    Every number of a deadline is a line of a policy; none is in the code.
    """

    _name = "care.policy"
    _description = "Deadline Policy"
    _order = "sequence, name, id"

    name = fields.Char(required=True, translate=True)
    code = fields.Char(copy=False, help="Stable key of the policies that come with the system.")
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    company_id = fields.Many2one(
        "res.company",
        index=True,
        help="Empty: any company may use it. To change one that several use, duplicate it first.",
    )
    calendar_id = fields.Many2one(
        "resource.calendar",
        string="Working days",
        required=True,
        ondelete="restrict",
        help="Its working hours say which weekdays are working days, its time off without a "
        "person which days are public holidays. Keep the holidays of the coming years there: a "
        "holiday that is missing makes a deadline end earlier, never later.",
    )
    description = fields.Text(translate=True)
    limit_months = fields.Integer(
        "Time limit (months)",
        help="A complaint that is received more months than this after the event is looked into "
        "only with a reason. Zero: there is no limit.",
    )
    limit_source = fields.Char("Source of the limit", translate=True)
    late_entry_hours = fields.Integer(
        "Noted within (hours)",
        default=1,
        help="What was done in time and is noted up to this many hours after it counts as done "
        "when it was, also if the deadline passed meanwhile. Noted later, it counts from when it "
        "was noted, unless a supervisor accepts it with a reason.",
    )
    clock_ids = fields.One2many("care.policy.clock", "policy_id", string="Clocks", copy=True)
    inquiry_ids = fields.One2many("helpdesk.ticket", "care_policy_id", string="Inquiries")

    _code_uniq = models.UniqueIndex(
        "(code) WHERE code IS NOT NULL", "Another policy has this code."
    )
    _limit_positive = models.Constraint(
        "CHECK (limit_months >= 0)", "A time limit is a number of months, or zero for none."
    )

    _late_entry_short = models.Constraint(
        "CHECK (late_entry_hours BETWEEN 0 AND 24)",
        "What was done is noted within 0 to 24 hours: later a supervisor accepts it.",
    )

    @api.constrains("calendar_id")
    def _check_calendar_id(self):
        working = self._care_working_days()
        for policy in self:
            if not working[policy.calendar_id.id].weekdays:
                raise ValidationError(
                    self.env._(
                        "%(calendar)s has no working hours, so it has no working days: add them, "
                        "or choose another calendar for %(policy)s.",
                        calendar=policy.calendar_id.name,
                        policy=policy.name,
                    )
                )

    @api.constrains("company_id")
    def _check_company_id(self):
        for policy in self.filtered("company_id"):
            others = (
                self.env["res.company"]
                .sudo()
                .search([("care_policy_id", "=", policy.id), ("id", "!=", policy.company_id.id)])
            )
            if others:
                raise ValidationError(
                    self.env._(
                        "%(company)s uses %(policy)s: choose another policy for it first.",
                        company=others[0].name,
                        policy=policy.name,
                    )
                )

    @api.ondelete(at_uninstall=False)
    def _unlink_except_used(self):
        used = self.env["care.deadline"].sudo().search([("policy_id", "in", self.ids)], limit=1)
        if used:
            raise UserError(
                self.env._(
                    "%s has set deadlines of inquiries and must stay: archive it instead.",
                    used.policy_id.name,
                )
            )

    def copy_data(self, default=None):
        return [
            values | {"name": self.env._("%s (copy)", policy.name)}
            for policy, values in zip(self, super().copy_data(default), strict=True)
        ]

    @from_page(one=True)
    def action_care_preview(self):
        """Open the form that shows what this policy means for an example date."""
        self.ensure_one()
        action = self.env["ir.actions.actions"]._for_xml_id(
            "patient_care_coordination.action_policy_preview"
        )
        return action | {"context": {"default_policy_id": self.id}}

    @from_page(one=True)
    def action_care_holidays(self):
        """Open the public holidays that this policy knows."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Public holidays: %s", self.calendar_id.name),
            "res_model": "resource.calendar.leaves",
            "view_mode": "list,form",
            "domain": [("calendar_id", "=", self.calendar_id.id), ("resource_id", "=", False)],
            "context": {"default_calendar_id": self.calendar_id.id},
        }

    # ------------------------------------------------------------------
    # The translation for calendar_math
    # ------------------------------------------------------------------

    def _care_due(self, received, amount, unit, company=None):
        """When a clock ends that began at ``received``.

        :param received: naive datetime in UTC
        :param unit: ``hours``, ``working_days``, ``calendar_days`` or ``months``
        :param company: whose time zone holds, by default that of the environment
        :return: naive datetime in UTC; for days and months the last second of the local day
        """
        self.ensure_one()
        company = company or self.company_id or self.env.company
        return self._care_clocks(company)[self.id, company.id].due(received, amount, unit)

    def _care_clocks(self, companies):
        """``{(policy id, company id): calendar_math.Clock}`` in a constant number of queries."""
        companies = companies.sudo()
        own, shared = self._care_leaves(companies)
        weekdays = self._care_weekdays()
        working, clocks = {}, {}
        for policy in self.sudo():
            calendar = policy.calendar_id
            for company in companies:
                key = calendar.id, company.id if shared.get(company.id) else None
                if key not in working:
                    spans = own.get(calendar.id, []) + shared.get(company.id, [])
                    working[key] = calendar_math.WorkingDays(
                        weekdays.get(calendar.id, ()),
                        calendar_math.holidays(spans, calendar.tz),
                    )
                clocks[policy.id, company.id] = calendar_math.Clock(
                    company._care_zone(), working[key]
                )
        return clocks

    def _care_working_days(self):
        """``{calendar id: calendar_math.WorkingDays}`` without what single companies take off."""
        own, _shared = self._care_leaves(self.env["res.company"])
        weekdays = self._care_weekdays()
        return {
            calendar.id: calendar_math.WorkingDays(
                weekdays.get(calendar.id, ()),
                calendar_math.holidays(own.get(calendar.id, []), calendar.tz),
            )
            for calendar in self.sudo().calendar_id
        }

    def _care_weekdays(self):
        """``{calendar id: {weekday, ...}}``; of two alternating weeks both count."""
        attendances = (
            self.env["resource.calendar.attendance"]
            .sudo()
            .search_fetch(
                [
                    ("calendar_id", "in", self.sudo().calendar_id.ids),
                    ("display_type", "=", False),
                    ("day_period", "!=", "lunch"),
                ],
                ["calendar_id", "dayofweek"],
            )
        )
        weekdays = {}
        for attendance in attendances:
            weekdays.setdefault(attendance.calendar_id.id, set()).add(int(attendance.dayofweek))
        return weekdays

    def _care_leaves(self, companies):
        """Public holidays as spans: ``{calendar id: [...]}`` and ``{company id: [...]}``.

        The second are those that a company keeps for all its calendars.
        """
        scope = Domain("calendar_id", "in", self.sudo().calendar_id.ids)
        if companies:
            scope |= Domain("calendar_id", "=", False) & Domain("company_id", "in", companies.ids)
        leaves = (
            self.env["resource.calendar.leaves"]
            .sudo()
            .search_fetch(
                scope & Domain("resource_id", "=", False) & Domain("time_type", "=", "leave"),
                ["calendar_id", "company_id", "date_from", "date_to"],
            )
        )
        own, shared = {}, {}
        for leave in leaves:
            span = leave.date_from, leave.date_to
            if leave.calendar_id:
                own.setdefault(leave.calendar_id.id, []).append(span)
            else:
                shared.setdefault(leave.company_id.id, []).append(span)
        return own, shared

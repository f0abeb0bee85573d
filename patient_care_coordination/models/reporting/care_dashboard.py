from collections import defaultdict
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import format_date
from odoo.tools.misc import formatLang

from ..common.from_page import from_page, record_id, term
from .care_inquiry_report import AGE_BANDS, SATISFIED

MONTHS = 13
# Departments and channels shown; the others are one row.
MOST_ROWS = 10
# The list that a number opens.
ACTIONS = {
    "care.inquiry.report": "action_care_inquiry_report",
    "helpdesk.ticket": "action_inquiries",
    "care.promise": "action_promises",
    "care.consult": "action_consults",
    "care.flag.alarm": "action_flag_alarms",
    "care.improvement": "action_improvements",
    "care.pattern": "action_patterns",
}


class CareDashboard(models.AbstractModel):
    """The page of the supervisor: how it stands today and how it went, each number with its list.

    A cell is ``{"value", "text", "action", "domain"}``: ``value`` is the number of records of
    ``domain`` in the list that ``action`` opens; a cell without an action is not a number of
    records.
    """

    _name = "care.dashboard"
    _description = "Dashboard"

    # ------------------------------------------------------------------
    # The page
    # ------------------------------------------------------------------

    @api.model
    @api.readonly
    @from_page(period=term, department_id=record_id)
    def care_dashboard(self, period="month", department_id=False):
        """All of the page in one call; raises AccessError for whoever has no analyses."""
        self.env["care.inquiry.report"].check_access("read")
        periods = self._care_periods()
        period = period if period in periods else "month"
        scope = {
            "start": periods[period][1],
            "end": periods[period][2],
            "department_ids": [department_id] if department_id else [],
        }
        self = self.with_context(**self.env["care.kpi"]._care_context(scope))
        return {
            "period": period,
            "periods": [{"key": key, "label": label} for key, (label, *_) in periods.items()],
            "department": department_id,
            "departments": [
                {"id": department.id, "label": department.display_name}
                for department in self.env["care.department"].search(
                    [("company_id", "in", self.env.companies.ids)]
                )
            ],
            "today": self._care_today(scope),
            "ageing": self._care_ageing(scope),
            "on_time": self._care_on_time(scope),
            "channels": self._care_table(scope, "channel_id"),
            "departments_table": self._care_table(scope, "department_id"),
            "themes": self._care_themes(scope),
            "satisfaction": self._care_satisfaction(scope),
            "improvements": self._care_improvements(scope),
        }

    @api.model
    def _care_local_day(self):
        """The day it is at the hospital."""
        zone = ZoneInfo(self.env.company._care_zone())
        now = fields.Datetime.now().replace(tzinfo=ZoneInfo("UTC"))
        return now.astimezone(zone).date()

    @api.model
    def _care_periods(self):
        """``{key: (label, first day, first day after)}``."""
        today = self._care_local_day()
        month = today.replace(day=1)
        quarter = month.replace(month=(month.month - 1) // 3 * 3 + 1)
        year = month.replace(month=1)
        after = today + timedelta(days=1)
        return {
            "month": (self.env._("This month"), month, after),
            "last_month": (self.env._("Last month"), month - relativedelta(months=1), month),
            "quarter": (self.env._("This quarter"), quarter, after),
            "year": (self.env._("This year"), year, after),
            "last_year": (self.env._("Last year"), year - relativedelta(years=1), year),
        }

    # ------------------------------------------------------------------
    # Cells
    # ------------------------------------------------------------------

    @api.model
    def _care_cell(self, model, domain, value=None):
        """A number with its list; counted here where it is not known."""
        domain = Domain(domain)
        if value is None:
            records = self.env[model].with_context(active_test=False)
            value = records.search_count(domain)
        return {
            "value": value,
            "text": formatLang(self.env, value, digits=0),
            "action": f"patient_care_coordination.{ACTIONS[model]}",
            "domain": self._care_plain(domain),
        }

    @api.model
    def _care_plain(self, domain):
        """A domain as a list that travels as JSON."""
        return [
            (*term[:2], str(term[2]))
            if not isinstance(term, str) and isinstance(term[2], datetime | date)
            else term
            for term in domain
        ]

    @api.model
    def _care_number(self, value, unit="", digits=0):
        """A figure that is no number of records, or a dash where there is none."""
        text = "–" if value is None else formatLang(self.env, value, digits=digits) + unit
        return {"value": value, "text": text}

    @api.model
    def _care_percent(self, numerator, denominator):
        value = 100 * numerator / denominator if denominator else None
        cell = self._care_number(value, " %")
        if value is None:
            cell["text"] = self.env._("no denominator")
        return cell

    # ------------------------------------------------------------------
    # Parts
    # ------------------------------------------------------------------

    @api.model
    def _care_facts(self, scope, path=""):
        """Company and department of a scope, on what belongs to a ticket."""
        names = ["company_id", f"{path}care_department_id", "", ""]
        return self.env["care.kpi"]._care_filters(scope, names)

    @api.model
    def _care_today(self, scope):
        kpi, today = self.env["care.kpi"], self._care_local_day()
        day = {"start": today, "end": today + timedelta(days=1)}
        now = fields.Datetime.now()
        night = kpi._care_midnight(day["end"], self.env.company._care_zone())
        report, ticket = kpi._care_filters(scope), self._care_facts(scope)
        rows = self._care_facts(scope, "ticket_id.")
        open_ones = ticket & Domain("care_is_inquiry", "=", True)
        open_ones &= Domain("closed_date", "=", False)
        promises = rows & Domain("ended", "=", False)
        tiles = [
            (
                self.env._("Received today"),
                "care.inquiry.report",
                report & kpi._care_period(day, "received_date"),
            ),
            (
                self.env._("Closed today"),
                "care.inquiry.report",
                report & kpi._care_period(day, "closed_date"),
            ),
            (self.env._("Open"), "helpdesk.ticket", open_ones),
            (
                self.env._("Overdue"),
                "helpdesk.ticket",
                open_ones & Domain("care_next_due", "<", now),
            ),
            (
                self.env._("Due today"),
                "helpdesk.ticket",
                open_ones
                & Domain("care_next_due", ">=", now)
                & Domain("care_next_due", "<", night),
            ),
            (
                self.env._("Red flags open"),
                "care.flag.alarm",
                rows & Domain("state", "in", ("suggested", "raised", "taken")),
            ),
            (self.env._("Promises missed"), "care.promise", promises & Domain("due", "<", now)),
            (
                self.env._("Promises due today"),
                "care.promise",
                promises & Domain("due", ">=", now) & Domain("due", "<", night),
            ),
            (
                self.env._("Consults missed"),
                "care.consult",
                rows & Domain("state", "=", "asked") & Domain("due", "<", now),
            ),
        ]
        alarming = {
            self.env._("Overdue"),
            self.env._("Promises missed"),
            self.env._("Consults missed"),
            self.env._("Red flags open"),
        }
        return [
            {"label": label, "alarm": label in alarming, **self._care_cell(model, domain)}
            for label, model, domain in tiles
        ]

    @api.model
    def _care_ageing(self, scope):
        domain = self.env["care.kpi"]._care_filters(scope) & Domain("closed_date", "=", False)
        counts = dict(
            self.env["care.inquiry.report"]._read_group(domain, ["age_band"], ["__count"])
        )
        labels = dict(
            self.env["care.inquiry.report"]._fields["age_band"]._description_selection(self.env)
        )
        return [
            {
                "label": labels[band],
                **self._care_cell(
                    "care.inquiry.report",
                    domain & Domain("age_band", "=", band),
                    counts.get(band, 0),
                ),
            }
            for band, _label in AGE_BANDS
        ]

    @api.model
    def _care_on_time(self, scope):
        """Percentages of the period, with numerator, denominator, and what is not due yet."""
        kpi, pairs = self.env["care.kpi"], ("ack", "answer", "first_contact")
        domain = kpi._care_received_domain(scope)
        names = [f"{pair}_{part}" for pair in pairs for part in ("met", "due", "open")]
        sums = kpi._care_sums("care.inquiry.report", domain, [f"{name}:sum" for name in names])
        definitions = kpi._care_definitions()
        rows = []
        for pair, code in zip(
            pairs, ("ack_on_time", "answer_on_time", "first_contact"), strict=True
        ):
            met, due, waiting = (sums[f"{pair}_{part}:sum"] or 0 for part in ("met", "due", "open"))
            cells = [
                self._care_cell(
                    "care.inquiry.report", domain & Domain(f"{pair}_{part}", "=", 1), count
                )
                for part, count in (("met", met), ("due", due), ("open", waiting))
            ]
            rows.append(
                {
                    "label": definitions[code]["name"],
                    "help": definitions[code]["definition"],
                    "percent": self._care_percent(met, due),
                    "cells": cells,
                }
            )
        return rows

    @api.model
    def _care_table(self, scope, name):
        """Inquiries of the period by channel or department, the most frequent first."""
        domain = self.env["care.kpi"]._care_received_domain(scope)
        groups = self.env["care.inquiry.report"]._read_group(
            domain,
            [name],
            ["__count", "answer_met:sum", "answer_due:sum"],
            order="__count desc",
        )
        rows = [
            (
                value.display_name if value else self.env._("Not stated"),
                domain & Domain(name, "=", value.id),
                *numbers,
            )
            for value, *numbers in groups[:MOST_ROWS]
        ]
        others = groups[MOST_ROWS:]
        if others:
            ids = [value.id for value, *_numbers in others]
            numbers = [sum(row[part] or 0 for row in others) for part in (1, 2, 3)]
            rows.append((self.env._("All others"), domain & Domain(name, "in", ids), *numbers))
        most = max((row[2] for row in rows), default=0)
        report = "care.inquiry.report"
        return [
            {
                "label": label,
                "share": round(100 * count / most),
                "count": self._care_cell(report, which, count),
                "met": self._care_cell(report, which & Domain("answer_met", "=", 1), met or 0),
                "due": self._care_cell(report, which & Domain("answer_due", "=", 1), due or 0),
                "percent": self._care_percent(met or 0, due or 0),
            }
            for label, which, count, met, due in rows
        ]

    @api.model
    def _care_themes(self, scope):
        """Inquiries by theme over 13 months, the current one last; months in our time zone."""
        kpi, zone = self.env["care.kpi"], self.env.company._care_zone()
        last = self._care_local_day().replace(day=1)
        starts = [last - relativedelta(months=MONTHS - 1 - number) for number in range(MONTHS + 1)]
        edges = [kpi._care_midnight(start, zone) for start in starts]
        base = kpi._care_filters(scope) & Domain("is_duplicate", "=", 0)
        report = self.env["care.inquiry.report"].with_context(tz=zone, care_short=True)
        counts = defaultdict(dict)
        for theme, month, count in report._read_group(
            base
            & Domain("received_date", ">=", edges[0])
            & Domain("received_date", "<", edges[-1]),
            ["theme_id", "received_date:month"],
            ["__count"],
        ):
            counts[theme][fields.Date.to_date(month)] = count
        most = max((max(months.values()) for months in counts.values()), default=0)
        rows = []
        for theme, months in sorted(counts.items(), key=lambda row: -sum(row[1].values())):
            which = base & Domain("theme_id", "=", theme.id)
            cells = []
            for number, start in enumerate(starts[:-1]):
                count = months.get(start, 0)
                domain = which & Domain("received_date", ">=", edges[number])
                domain &= Domain("received_date", "<", edges[number + 1])
                cell = self._care_cell("care.inquiry.report", domain, count)
                cells.append(cell | {"heat": round(100 * count / most) if most else 0})
            domain = which & Domain("received_date", ">=", edges[0])
            domain &= Domain("received_date", "<", edges[-1])
            rows.append(
                {
                    "label": theme.display_name if theme else self.env._("Not stated"),
                    "cells": cells,
                    "total": self._care_cell("care.inquiry.report", domain, sum(months.values())),
                }
            )
        return {
            "months": [
                {
                    "short": format_date(self.env, start, date_format="MMM"),
                    "long": format_date(self.env, start, date_format="MMMM y"),
                }
                for start in starts[:-1]
            ],
            "rows": rows,
        }

    @api.model
    def _care_satisfaction(self, scope):
        kpi, report = self.env["care.kpi"], "care.inquiry.report"
        domain = kpi._care_received_domain(scope)
        rated = domain & Domain("rated", "=", 1)
        sums = kpi._care_sums(report, domain, ["rated:sum", "satisfied:sum", "rating:avg"])
        total, happy = sums["rated:sum"] or 0, sums["satisfied:sum"] or 0
        return {
            "rated": self._care_cell(report, rated, total),
            "satisfied": self._care_cell(report, rated & Domain("satisfied", "=", 1), happy),
            "unsatisfied": self._care_cell(
                report, rated & Domain("rating", "<", SATISFIED), total - happy
            ),
            "percent": self._care_percent(happy, total),
            "mean": self._care_number(sums["rating:avg"], digits=1),
        }

    @api.model
    def _care_improvements(self, scope):
        """Improvements by state, those overdue, and what patterns wait for a decision."""
        domain = self.env["care.kpi"]._care_filters(scope)
        model = self.env["care.improvement"]
        states = model._fields["state"]._description_selection(self.env)
        counts = dict(model._read_group(domain, ["state"], ["__count"]))
        cells = [
            {
                "label": label,
                "alarm": False,
                **self._care_cell(
                    "care.improvement", domain & Domain("state", "=", state), counts.get(state, 0)
                ),
            }
            for state, label in states
        ]
        return [
            *cells,
            {
                "label": self.env._("Overdue"),
                "alarm": True,
                **self._care_cell("care.improvement", domain & Domain("overdue", "=", True)),
            },
            {
                "label": self.env._("Patterns to look at"),
                "alarm": False,
                **self._care_cell("care.pattern", domain & Domain("state", "=", "open")),
            },
        ]

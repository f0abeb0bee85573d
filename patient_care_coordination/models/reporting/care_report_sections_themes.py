from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import format_date

from .care_report_catalogue import (
    CURVES,
    MONTHS,
    MOST_CASES,
    count,
    number,
    part,
    percent,
    text,
    total,
)


class CareReportCatalogue(models.AbstractModel):
    """What inquiries were about, how serious they were, and how people felt."""

    _inherit = "care.report.catalogue"

    @api.model
    def _care_section_themes(self, scope, section):
        report = self.env["care.inquiry.report"].with_context(care_short=True)
        stages = dict(report._fields["stage_of_care"]._description_selection(self.env))
        stages[False] = self.env._("No stage noted")
        codes = list(stages)
        groups = {}
        for theme, stage, cases in report._read_group(
            self._care_received(scope), ["theme_id", "stage_of_care"], ["__count"]
        ):
            groups.setdefault(theme, [0] * (len(codes) + 1))
            groups[theme][0] += cases
            groups[theme][1 + codes.index(stage)] += cases
        rows = self._care_rows(groups, section)
        months = self._care_months(scope)
        by_month = self._care_by_month(scope, months)
        shown = [group for _label, _values, group in rows if group is not None]
        curves = [[self._care_label(theme), *by_month.get(theme, [0] * MONTHS)] for theme in shown]
        rest = [theme for theme in by_month if theme not in shown]
        if rest:
            others = [
                sum(values) for values in zip(*(by_month[each] for each in rest), strict=True)
            ]
            curves.append([self.env._("Others"), *others])
        links = {("total", len(codes) + 1): "received"}
        month_links = {}
        if months[-1] == scope["start"] and months[-1] + relativedelta(months=1) == scope["end"]:
            # In a month's report, the last month of the curve is the table above.
            for row in range(min(len(rows), len(curves))):
                links[(row, len(codes) + 1)] = month_links[(row, MONTHS)] = f"theme {row}"
        return {
            "tables": [
                {
                    "name": self.env._("Themes by stage of care"),
                    "columns": [
                        text(self.env._("Theme")),
                        *(count(stages[code]) for code in codes),
                        total(self.env._("All")),
                    ],
                    "rows": [[label, *values[1:], None] for label, values, _group in rows],
                    "totals": True,
                    "links": links,
                    "heat": True,
                },
                {
                    "name": self.env._("Themes over %s months", MONTHS),
                    "columns": [
                        text(self.env._("Theme")),
                        *(
                            count(format_date(self.env, day, date_format="MMM yy"))
                            for day in months
                        ),
                    ],
                    "rows": curves,
                    # Sums would tell of what is hidden in so many small numbers.
                    "totals": not scope["least"],
                    "links": month_links,
                    "chart": {
                        "kind": "lines",
                        "columns": list(range(1, MONTHS + 1)),
                        "rows": CURVES,
                    },
                    "spreadsheet": True,
                },
            ],
            "notes": [
                self.env._(
                    "An inquiry counts once, under its main category and the stage of its most "
                    "serious issue. The curves show the largest themes of the period, %s at most.",
                    CURVES,
                )
            ]
            if curves
            else [],
        }

    @api.model
    def _care_months(self, scope):
        """First days of the 13 months up to the last one of the period."""
        last = (scope["end"] - relativedelta(days=1)).replace(day=1)
        return [last - relativedelta(months=back) for back in range(MONTHS - 1, -1, -1)]

    @api.model
    def _care_by_month(self, scope, months):
        """``{theme: [received in each of the months]}``, months as they are in the hospital."""
        long = scope | {"start": months[0], "end": months[-1] + relativedelta(months=1)}
        report = self.env["care.inquiry.report"].with_context(care_short=True)
        found = {}
        for theme, month, cases in report._read_group(
            self._care_received(long), ["theme_id", "received_date:month"], ["__count"]
        ):
            found.setdefault(theme, [0] * MONTHS)[months.index(month.date())] += cases
        return found

    @api.model
    def _care_section_serious(self, scope, section):
        report = self.env["care.inquiry.report"]
        received = self._care_received(scope)
        words = dict(report._fields["severity"]._description_selection(self.env))
        words[False] = self.env._("Not stated")
        cases = dict(report._read_group(received, ["severity"], ["__count"]))
        alarms = self.env["care.flag.alarm"]
        kpi = self.env["care.kpi"]
        names = ["company_id"] + [
            f"ticket_id.{name}" for name in ("care_department_id", "user_id", "care_nature_id")
        ]
        raised = kpi._care_filters(scope, names) & kpi._care_period(scope, "raised_date")
        raised &= Domain("state", "in", ("raised", "taken", "done"))
        raised &= (
            Domain("ticket_id", "in", report._search(Domain(scope["domain"])))
            if scope["domain"]
            else Domain.TRUE
        )
        flags = {}
        for flag, late, found in alarms._read_group(raised, ["flag_id", "late"], ["__count"]):
            flags.setdefault(flag, [0, 0])
            flags[flag][0] += found
            flags[flag][1] += 0 if late else found
        result = {
            "tables": [
                {
                    "name": self.env._("Severity of the most serious issue"),
                    "columns": [text(self.env._("Severity")), count(self.env._("Received"))],
                    "rows": [[word, cases.get(code, 0)] for code, word in words.items()],
                    "totals": True,
                    "links": {("total", 1): "received"},
                    "same": {(row, 1): f"severity {code}" for row, code in enumerate(words)},
                },
                {
                    "name": self.env._("Red flags raised in the period"),
                    "columns": [
                        text(self.env._("Red flag")),
                        count(self.env._("Raised")),
                        part(self.env._("not over their target"), 1),
                        percent(self.env._("%"), 2, 1),
                    ],
                    "rows": [
                        [label, *values, None]
                        for label, values, _group in self._care_rows(flags, section | {"top": 0})
                    ],
                    "totals": True,
                    "same": {("total", 1): "flags_raised", ("total", 2): "flags_in_time"},
                },
            ],
            "definitions": ["severe", "red_flags", "flags_on_time"],
        }
        listed = report.search_fetch(
            received & (Domain("severity", "=", "3") | Domain("red_flags", ">", 0)),
            ["ticket_id", "received_date", "nature_id", "department_id", "severity", "red_flags"],
            limit=MOST_CASES + 1,
            order="received_date, id",
        )
        if listed:
            result["tables"].append(
                {
                    "name": self.env._("Inquiries of severity 3 or with a red flag"),
                    "cases": True,
                    "columns": [
                        text(self.env._("Inquiry")),
                        text(self.env._("Received")),
                        text(self.env._("Nature")),
                        text(self.env._("Department")),
                        number(self.env._("Severity")),
                        number(self.env._("Red flags")),
                        text(self.env._("State")),
                    ],
                    "rows": [
                        [
                            row.ticket_id.display_name,
                            format_date(self.env, self._care_day(scope, row.received_date)),
                            row.nature_id.name,
                            row.department_id.display_name or "",
                            row.severity and int(row.severity),
                            row.red_flags,
                            self.env._("Closed") if row.closed_date else self.env._("Open"),
                        ]
                        for row in listed[:MOST_CASES]
                    ],
                }
            )
            if len(listed) > MOST_CASES:
                result["notes"] = [self.env._("The first %s inquiries are listed.", MOST_CASES)]
        return result

    @api.model
    def _care_day(self, scope, moment):
        """The day of a moment in the hospital."""
        company = self.env["res.company"].browse(scope["company_ids"][0])
        zoned = self.with_context(tz=company._care_zone())
        return fields.Datetime.context_timestamp(zoned, moment).date()

    @api.model
    def _care_section_satisfaction(self, scope, section):
        report = self.env["care.inquiry.report"]
        received = self._care_received(scope)
        groups = self._care_group(
            received & Domain("rated", "=", 1),
            self._care_grouping(section),
            ["rated:sum", "satisfied:sum", "rating:sum"],
        )
        rows = self._care_rows(groups, section)
        said = sum(values[0] for _label, values, _group in rows)
        points = sum(values[2] for _label, values, _group in rows)
        words = dict(report._fields["emotion_start"]._description_selection(self.env))
        ends = {**words, False: self.env._("Not noted")}
        found = {}
        for start, end, cases in report._read_group(
            received & Domain("emotion_start", "!=", False),
            ["emotion_start", "emotion_end"],
            ["__count"],
        ):
            found.setdefault(start, dict.fromkeys(ends, 0))[end] += cases
        starts = [start for start in words if start in found]
        used = [code for code in ends if any(values[code] for values in found.values())]
        return {
            "tables": [
                {
                    "name": self.env._("What callers said, from 1 to 5"),
                    "columns": [
                        text(self._care_name(section)),
                        count(self.env._("Said how satisfied")),
                        part(self.env._("4 or 5"), 1),
                        percent(self.env._("%"), 2, 1),
                        number(self.env._("Mean"), by=1),
                    ],
                    "rows": [
                        [label, rated, satisfied, None, rating / rated if rated else None]
                        for label, (rated, satisfied, rating), _group in rows
                    ],
                    "totals": True,
                    "overall": {4: points / said if said else None},
                    "same": {("total", 1): "rated", ("total", 2): "satisfied"},
                },
                {
                    "name": self.env._("Emotional state of callers, at the start and at the end"),
                    "columns": [
                        text(self.env._("At the start")),
                        *(count(self.env._("%s at the end", ends[code])) for code in used),
                        total(self.env._("All")),
                    ],
                    "rows": [
                        [words[start], *(found[start][code] for code in used), None]
                        for start in starts
                    ],
                    "totals": True,
                    "same": {
                        (row, index): f"emotion {start} {code}"
                        for row, start in enumerate(starts)
                        for index, code in enumerate(used, start=1)
                    },
                },
            ],
            "definitions": ["satisfied", "calmer"],
        }

    @api.model
    def _care_section_access(self, scope, section):
        report = self.env["care.inquiry.report"]
        groups = {
            lang: (cases, needing or 0)
            for lang, cases, needing in report._read_group(
                self._care_received(scope), ["lang_id"], ["__count", "interpreter:sum"]
            )
        }
        return {
            "tables": [
                {
                    "name": self.env._("Of the inquiries received in the period"),
                    "columns": [
                        text(self.env._("Language")),
                        count(self.env._("Received")),
                        part(self.env._("need an interpreter or sign language"), 1),
                        percent(self.env._("%"), 2, 1),
                    ],
                    "rows": [
                        [label, *values, None]
                        for label, values, _group in self._care_rows(groups, section)
                    ],
                    "totals": True,
                    "links": {("total", 1): "received"},
                    "same": {("total", 2): "interpreter"},
                }
            ],
            "definitions": ["interpreter"],
        }

    @api.model
    def _care_section_praise(self, scope, section):
        report = self.env["care.inquiry.report"].with_context(care_short=True)
        natures = self.env["care.nature"].search(
            [("code", "in", ("compliment", "complaint", "grievance"))]
        )
        natures = natures.sorted(lambda nature: nature.code != "compliment")
        groups = {}
        for group, nature, cases in report._read_group(
            self._care_received(scope) & Domain("nature_id", "in", natures.ids),
            [self._care_fields()[self._care_grouping(section)], "nature_id"],
            ["__count"],
        ):
            values = groups.setdefault(group, [0] * len(natures))
            values[natures.ids.index(nature.id)] += cases
        rows = self._care_rows(groups, section)
        return {
            "tables": [
                {
                    "name": self.env._("Received in the period"),
                    "columns": [
                        text(self._care_name(section)),
                        *(count(nature.name) for nature in natures),
                    ],
                    "rows": [[label, *values] for label, values, _group in rows],
                    "totals": True,
                    "links": {
                        ("total", index): f"nature {nature.id}"
                        for index, nature in enumerate(natures, start=1)
                    },
                    "chart": section["chart"]
                    and {
                        "kind": "bars",
                        "columns": list(range(1, len(natures) + 1)),
                        "names": natures.mapped("name"),
                    },
                }
            ],
            "definitions": ["compliments"],
        }

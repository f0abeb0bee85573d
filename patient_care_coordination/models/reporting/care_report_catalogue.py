from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import format_date

from . import suppression

# How many cases are listed one by one.
MOST_CASES = 100
CURVES = 5
MONTHS = 13


def text(name):
    return {"name": name, "type": "text"}


def count(name):
    return {"name": name, "type": "count"}


def total(name):
    return {"name": name, "type": "total"}


def part(name, of):
    return {"name": name, "type": "part", "of": of}


def percent(name, numerator, denominator):
    return {"name": name, "type": "percent", "part": numerator, "of": denominator}


def number(name, by=None):
    column = {"name": name, "type": "number"}
    return column if by is None else column | {"by": by}


class CareReportCatalogue(models.AbstractModel):
    """The sections a report can have: each a method ``_care_section_<code>(scope, section)``.

    ``scope`` is that of ``care.kpi`` with ``domain``, the additional filter, and ``names``, whether
    people may be named. ``section`` is the plain data of ``care.report.section``. A section returns
    a dict with ``tables`` (see ``suppression.complete``, with ``name``, ``links`` and ``chart``),
    ``figures`` (see ``suppression.hide_figures``), ``notes`` and ``definitions`` (codes of key
    figures); all may be missing. It reads as the user of the environment, so that the record rules
    of whoever gets the report decide what it counts.
    """

    _name = "care.report.catalogue"
    _description = "Catalogue of Report Sections"

    @api.model
    def _care_sections(self):
        """``{code: {"name", "models", "groupings", "unfiltered"}}``, in the order of choice.

        ``models`` are what its reader must be able to read; ``groupings`` by what its table can be
        grouped, the first if nothing is chosen; ``unfiltered`` marks those that cannot be narrowed
        by an additional filter.
        """
        inquiries = ["care.inquiry.report"]
        places = ("department", "team", "nature", "channel", "theme", "person")
        return {
            "text": {"name": self.env._("Words only"), "models": []},
            "figures": {"name": self.env._("Key figures"), "models": inquiries, "unfiltered": True},
            "volumes": {
                "name": self.env._("Volumes"),
                "models": inquiries,
                "groupings": ("nature", "channel", "department", "team", "theme", "person"),
            },
            "ageing": {
                "name": self.env._("Open inquiries by age"),
                "models": inquiries,
                "groupings": places,
            },
            "on_time": {
                "name": self.env._("Acknowledged and answered on time"),
                "models": inquiries,
                "groupings": places,
            },
            "flow": {
                "name": self.env._("First contact, transfers, reopened"),
                "models": inquiries,
                "groupings": ("nature", "department", "team", "channel", "theme", "person"),
            },
            "outcomes": {"name": self.env._("Outcomes"), "models": inquiries},
            "themes": {"name": self.env._("Themes and stages of care"), "models": inquiries},
            "serious": {"name": self.env._("Severity and red flags"), "models": inquiries},
            "satisfaction": {
                "name": self.env._("Satisfaction and emotional state"),
                "models": inquiries,
                "groupings": ("department", "nature", "channel", "team"),
            },
            "access": {"name": self.env._("Languages and interpreters"), "models": inquiries},
            "praise": {
                "name": self.env._("Compliments beside complaints"),
                "models": inquiries,
                "groupings": ("department", "team", "theme"),
            },
            "causes": {
                "name": self.env._("Shortages and faults behind inquiries"),
                "models": inquiries,
                "groupings": ("department", "theme"),
            },
            "rates": {
                "name": self.env._("Inquiries per 1,000 patient-days"),
                "models": [*inquiries, "care.denominator"],
            },
            "improvements": {
                "name": self.env._("Suggested improvements and changes to protocols"),
                "models": ["care.improvement"],
                "unfiltered": True,
            },
            "supply_use": {
                "name": self.env._("Use and stock-outs of supplies"),
                "models": ["care.supply.report"],
                "groupings": ("ward", "product"),
                "unfiltered": True,
            },
            "equipment": {
                "name": self.env._("Downtime of equipment"),
                "models": ["care.equipment.report"],
                "groupings": ("equipment", "ward"),
                "unfiltered": True,
            },
        }

    @api.model
    def _care_groupings(self):
        """``{code: name}`` of what tables can be grouped by."""
        return {
            "nature": self.env._("Nature"),
            "channel": self.env._("Channel"),
            "department": self.env._("Department"),
            "team": self.env._("Team"),
            "theme": self.env._("Theme"),
            "person": self.env._("Person"),
            "ward": self.env._("Ward"),
            "product": self.env._("Product"),
            "equipment": self.env._("Kind of equipment"),
        }

    @api.model
    def _care_fields(self):
        """The fields of the inquiry analysis behind the groupings."""
        return {
            "nature": "nature_id",
            "channel": "channel_id",
            "department": "department_id",
            "team": "team_id",
            "theme": "theme_id",
            "person": "user_id",
        }

    # ------------------------------------------------------------------
    # Building
    # ------------------------------------------------------------------

    @api.model
    def _care_build(self, definition, scope, progress=None):
        """The sections of a report as plain data, small counts hidden as its definition says.

        :param definition: of the template, see ``_care_definition`` there
        :param progress: called with the number of sections done, for long reports
        """
        built, codes = [], set()
        for position, section in enumerate(definition["sections"], 1):
            # Each alone, so that what is long can commit in between.
            with self.env.cr.savepoint(flush=False):
                data = self._care_build_section(scope, section)
            # Two sections on the same thing, grouped otherwise, have the same figures: once.
            data["figures"] = [x for x in data["figures"] if x["code"] not in codes]
            codes |= {figure["code"] for figure in data["figures"]}
            built.append(data)
            if progress:
                progress(position)
        if built and all(data.get("refused") for data in built):
            raise UserError(
                self.env._("%s may not read what this report counts.", self.env.user.name)
            )
        self._care_hide(built, definition["least"])
        return built

    @api.model
    def _care_build_section(self, scope, section):
        """One section as plain data, complete; raises UserError with its title and the reason."""
        entry = self._care_sections().get(section["code"])
        if not entry:
            raise UserError(
                self.env._(
                    "Section %(section)s: there is no section %(code)s in the catalogue.",
                    section=section["title"],
                    code=section["code"],
                )
            )
        data = {"title": section["title"], "intro": section["intro"], "code": section["code"]}
        if all(self.env[model].has_access("read") for model in entry["models"]):
            try:
                data |= getattr(self, f"_care_section_{section['code']}")(scope, section)
            except UserError as error:
                raise UserError(
                    self.env._(
                        "Section %(section)s: %(reason)s", section=section["title"], reason=error
                    )
                ) from error
        else:
            data["refused"] = True
            data["notes"] = [
                self.env._("%s may not read what this section counts.", self.env.user.name)
            ]
        for name in ("tables", "figures", "notes", "blocks", "definitions"):
            data.setdefault(name, [])
        for table in data["tables"]:
            table["totals"] = bool(table.get("totals") and table["rows"])
            suppression.complete(table)
        return data

    @api.model
    def _care_hide(self, sections, least):
        """Hide small counts in all tables and figures, which a reader sees side by side."""
        figures = [figure for data in sections for figure in data["figures"]]
        for data in sections:
            # Single cases are no counts to be hidden: where counts are hidden they are not listed.
            data["tables"] = [x for x in data["tables"] if not (least and x.get("cases"))]
        tables = [table for data in sections for table in data["tables"]]
        for each in [*tables, *figures]:
            each["hidden"] = set()
        if not least:
            return
        counts = suppression.hide_tables(tables, least)
        wholes = [
            figure["numerator"]
            for figure in figures
            if figure["code"] in ("received", "closed") and figure["numerator"] >= least
        ]
        suppression.hide_figures(figures, least, wholes, counts)

    # ------------------------------------------------------------------
    # What is counted
    # ------------------------------------------------------------------

    @api.model
    def _care_received(self, scope):
        return self.env["care.kpi"]._care_received_domain(scope) & Domain(scope["domain"])

    @api.model
    def _care_closed(self, scope):
        return self.env["care.kpi"]._care_closed_domain(scope) & Domain(scope["domain"])

    @api.model
    def _care_moment(self, scope, day):
        """When a day begins in the hospital of a scope: naive datetime in UTC."""
        company = self.env["res.company"].browse(scope["company_ids"][0])
        return self.env["care.kpi"]._care_midnight(day, company._care_zone())

    @api.model
    def _care_open(self, scope):
        """The inquiries that were open at the end of the period, or are now if it goes on."""
        kpi = self.env["care.kpi"]
        end = min(self._care_moment(scope, scope["end"]), fields.Datetime.now())
        return (
            kpi._care_filters(scope)
            & Domain("is_duplicate", "=", 0)
            & Domain("received_date", "<", end)
            & (Domain("closed_date", "=", False) | Domain("closed_date", ">=", end))
            & Domain(scope["domain"])
        )

    @api.model
    def _care_group(self, domain, grouping, aggregates=("__count",)):
        """``{record or False: tuple of values}`` of the inquiry analysis, by a grouping."""
        report = self.env["care.inquiry.report"].with_context(care_short=True)
        rows = report._read_group(domain, [self._care_fields()[grouping]], list(aggregates))
        return {group: tuple(value or 0 for value in values) for group, *values in rows}

    @api.model
    def _care_grouping(self, section):
        """The grouping of a section: its own, else the first of its kind."""
        return section["grouping"] or self._care_sections()[section["code"]]["groupings"][0]

    @api.model
    def _care_label(self, group):
        return group.display_name if group else self.env._("Not stated")

    @api.model
    def _care_rows(self, groups, section):
        """``[(label, values, group)]``, the largest first; what is beyond the limit in one row.

        :param groups: ``{record or value: tuple of counts}``
        """
        rows = [(self._care_label(group), list(values), group) for group, values in groups.items()]
        rows.sort(key=lambda row: ([-value for value in row[1]], row[0]))
        top = section["top"]
        if top and len(rows) > top + 1:
            others = [sum(values) for values in zip(*(row[1] for row in rows[top:]), strict=True)]
            rows[top:] = [(self.env._("%s others", len(rows) - top), others, None)]
        return rows

    @api.model
    def _care_merge(self, *tables):
        """Several ``{group: tuple}`` side by side, zeros where one has none."""
        groups = dict.fromkeys(group for table in tables for group in table)
        widths = [len(next(iter(table.values()), (0,))) for table in tables]
        return {
            group: tuple(
                value
                for table, width in zip(tables, widths, strict=True)
                for value in table.get(group, (0,) * width)
            )
            for group in groups
        }

    @api.model
    def _care_name(self, section):
        """The heading of the first column."""
        return self._care_groupings()[self._care_grouping(section)]

    # ------------------------------------------------------------------
    # Sections
    # ------------------------------------------------------------------

    @api.model
    def _care_section_text(self, scope, section):
        return {}

    @api.model
    def _care_section_figures(self, scope, section):
        kpi = self.env["care.kpi"]
        measured = kpi._care_measure(scope)
        definitions = kpi._care_definitions()
        return {
            "figures": [
                {
                    "code": code,
                    "name": definitions[code]["name"],
                    "unit": definitions[code]["unit"],
                    "cases": definitions[code]["unit"] != "days",
                    **self._care_whole(definitions[code]["unit"], figure),
                }
                for code, figure in measured.items()
            ],
            "definitions": list(measured),
        }

    @api.model
    def _care_whole(self, unit, figure):
        """A figure whose counts are whole numbers: sums of a database come as decimals."""
        names = {"count": ("numerator", "value"), "days": ("denominator",)}
        names = names.get(unit, ("numerator", "denominator"))
        return figure | {name: int(figure[name]) for name in names if figure[name] is not None}

    @api.model
    def _care_section_volumes(self, scope, section):
        grouping = self._care_grouping(section)
        groups = self._care_merge(
            *(
                self._care_group(domain, grouping)
                for domain in (
                    self._care_received(scope),
                    self._care_closed(scope),
                    self._care_open(scope),
                )
            )
        )
        rows = self._care_rows(groups, section)
        links = {
            ("total", index): name
            for index, name in enumerate(("received", "closed", "open"), start=1)
        }
        if grouping == "nature":
            links |= {
                (row, 1): f"nature {group.id}" for row, (*_rest, group) in enumerate(rows) if group
            }
        return {
            "tables": [
                {
                    "name": self.env._("Received, closed and open at the end"),
                    "columns": [
                        text(self._care_name(section)),
                        count(self.env._("Received")),
                        count(self.env._("Closed")),
                        count(self.env._("Open at the end")),
                    ],
                    "rows": [[label, *values] for label, values, _group in rows],
                    "totals": True,
                    "links": links,
                    "chart": section["chart"] and {"kind": "bars", "columns": [1]},
                }
            ]
        }

    @api.model
    def _care_section_ageing(self, scope, section):
        grouping = self._care_grouping(section)
        today = min(scope["end"], self._care_today(scope) + relativedelta(days=1))
        edges = [today - relativedelta(days=days) for days in (8, 31, 61)]
        moments = [self._care_moment(scope, edge) for edge in edges]
        domain = self._care_open(scope)
        bands = [
            domain & Domain("received_date", ">=", moments[0]),
            domain
            & Domain("received_date", "<", moments[0])
            & Domain("received_date", ">=", moments[1]),
            domain
            & Domain("received_date", "<", moments[1])
            & Domain("received_date", ">=", moments[2]),
            domain & Domain("received_date", "<", moments[2]),
        ]
        groups = self._care_merge(*(self._care_group(band, grouping) for band in bands))
        sums = {group: (sum(values), *values) for group, values in groups.items()}
        rows = self._care_rows(sums, section)
        return {
            "tables": [
                {
                    "name": self.env._("Open at the end of the period, by days since the receipt"),
                    "columns": [
                        text(self._care_name(section)),
                        count(self.env._("0 to 7 days")),
                        count(self.env._("8 to 30 days")),
                        count(self.env._("31 to 60 days")),
                        count(self.env._("Over 60 days")),
                        total(self.env._("Open")),
                    ],
                    "rows": [[label, *values[1:], None] for label, values, _group in rows],
                    "totals": True,
                    "links": {("total", 5): "open"},
                    "chart": section["chart"] and {"kind": "totals", "columns": [1, 2, 3, 4]},
                }
            ]
        }

    @api.model
    def _care_today(self, scope):
        company = self.env["res.company"].browse(scope["company_ids"][0])
        return fields.Date.context_today(self.with_context(tz=company._care_zone()))

    @api.model
    def _care_section_on_time(self, scope, section):
        names = ("ack_due", "ack_met", "answer_due", "answer_met", "answer_open")
        groups = self._care_group(
            self._care_received(scope),
            self._care_grouping(section),
            ["__count", *(f"{name}:sum" for name in names)],
        )
        rows = self._care_rows(groups, section)
        return {
            "tables": [
                {
                    "name": self.env._("Of the inquiries received in the period"),
                    "columns": [
                        text(self._care_name(section)),
                        count(self.env._("To acknowledge")),
                        part(self.env._("in time"), 1),
                        percent(self.env._("%"), 2, 1),
                        count(self.env._("To answer")),
                        part(self.env._("in time"), 4),
                        percent(self.env._("%"), 5, 4),
                        count(self.env._("Not due yet")),
                    ],
                    "rows": [
                        [label, due, met, None, answer_due, answer_met, None, still]
                        for label, (_all, due, met, answer_due, answer_met, still), _group in rows
                    ],
                    "totals": True,
                    "chart": section["chart"]
                    and {
                        "kind": "bars",
                        "columns": [3, 6],
                        "names": [
                            self.env._("Acknowledged in time, %"),
                            self.env._("Answered in time, %"),
                        ],
                    },
                }
            ],
            "definitions": ["ack_on_time", "answer_on_time"],
        }

    @api.model
    def _care_section_flow(self, scope, section):
        names = (
            "first_contact_due",
            "first_contact_met",
            "first_contact_open",
            "transfers",
            "reopened",
            "escalated",
        )
        groups = self._care_group(
            self._care_received(scope),
            self._care_grouping(section),
            ["__count", *(f"{name}:sum" for name in names)],
        )
        return {
            "tables": [
                {
                    "name": self.env._("Of the inquiries received in the period"),
                    "columns": [
                        text(self._care_name(section)),
                        count(self.env._("Answered")),
                        part(self.env._("in the first contact"), 1),
                        percent(self.env._("%"), 2, 1),
                        count(self.env._("Not answered yet")),
                        count(self.env._("Transfers")),
                        count(self.env._("Times reopened")),
                        count(self.env._("Became formal")),
                    ],
                    "rows": [
                        [label, due, met, None, *rest]
                        for label, (_all, due, met, *rest), _group in self._care_rows(
                            groups, section
                        )
                    ],
                    "totals": True,
                }
            ],
            "definitions": ["first_contact", "transfers", "reopened", "escalated"],
        }

    @api.model
    def _care_section_outcomes(self, scope, section):
        report = self.env["care.inquiry.report"]
        words = dict(report._fields["outcome"]._description_selection(self.env))
        found = {}
        for outcome, formal, cases in report._read_group(
            self._care_closed(scope), ["outcome", "complaint"], ["__count"]
        ):
            found.setdefault(outcome, [0, 0])[0 if formal else 1] += cases
        order = [code for code in (*words, False) if code in found]
        return {
            "tables": [
                {
                    "name": self.env._("Closed in the period"),
                    "columns": [
                        text(self.env._("Outcome")),
                        count(self.env._("Complaints and grievances")),
                        count(self.env._("Other inquiries")),
                        total(self.env._("Closed")),
                    ],
                    "rows": [
                        [words.get(code, self.env._("Not stated")), *found[code], None]
                        for code in order
                    ],
                    "totals": True,
                    "links": {("total", 3): "closed"},
                    "chart": section["chart"]
                    and {
                        "kind": "bars",
                        "columns": [1, 2],
                        "names": [
                            self.env._("Complaints and grievances"),
                            self.env._("Other inquiries"),
                        ],
                    },
                }
            ],
            "definitions": ["upheld", "partly", "not_upheld"],
        }

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
                    "serious issue. The curves show the %s largest themes of the period.",
                    min(CURVES, len(curves)),
                )
            ],
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
                        for start in words
                        if start in found
                    ],
                    "totals": True,
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

    @api.model
    def _care_section_causes(self, scope, section):
        caused = self._care_received(scope) & (
            Domain("supply_caused", "=", 1) | Domain("equipment_caused", "=", 1)
        )
        groups = self._care_group(
            caused,
            self._care_grouping(section),
            ["__count", "supply_caused:sum", "equipment_caused:sum"],
        )
        tables = [
            {
                "name": self.env._("Inquiries received with a shortage or a fault behind them"),
                "columns": [
                    text(self._care_name(section)),
                    count(self.env._("A shortage")),
                    count(self.env._("A fault")),
                ],
                "rows": [
                    [label, *values[1:]]
                    for label, values, _group in self._care_rows(groups, section)
                ],
                "totals": True,
            }
        ]
        equipment = self.env["care.equipment.report"]
        if equipment.has_access("read"):
            kinds = {
                kind: (cases or 0,)
                for kind, cases in equipment._read_group(
                    self._care_month_domain(scope, "month") & Domain("inquiries", ">", 0),
                    ["category_id"],
                    ["inquiries:sum"],
                )
            }
            tables.append(
                {
                    "name": self.env._("Kinds of equipment that inquiries reported"),
                    "columns": [
                        text(self.env._("Kind of equipment")),
                        count(self.env._("Inquiries")),
                    ],
                    "rows": [
                        [label, *values]
                        for label, values, _group in self._care_rows(kinds, section)
                    ],
                    "totals": True,
                }
            )
        return {"tables": tables, "definitions": ["supply_caused", "equipment_caused"]}

    @api.model
    def _care_section_rates(self, scope, section):
        """Only whole months have patient-days, and only departments with all months a rate."""
        months, day = [], scope["start"]
        while day.day == 1 and day < scope["end"]:
            months.append(day)
            day += relativedelta(months=1)
        if not months or day != scope["end"]:
            return {
                "notes": [
                    self.env._("There are patient-days of whole months only: choose whole months.")
                ]
            }
        groups = self._care_group(self._care_received(scope), "department")
        company = scope["company_ids"][0]
        wanted = {(company, department.id) for department in groups} | {(company, False)}
        days = self.env["care.denominator"]._care_patient_days(wanted, months[0], scope["end"])
        rows = []
        for label, (cases, *_rest), department in self._care_rows(groups, section):
            known = days.get((company, department.id)) if department else {}
            stay = sum(known[month] for month in months) if self._care_full(known, months) else None
            rows.append([label, cases, stay, 1000 * cases / stay if stay else None])
        all_days = days.get((company, False))
        full = self._care_full(all_days, months) and not scope.get("department_ids")
        stay = sum(all_days[month] for month in months) if full else None
        total_cases = sum(row[1] for row in rows)
        return {
            "tables": [
                {
                    "name": self.env._("Received in the period"),
                    "columns": [
                        text(self.env._("Department")),
                        count(self.env._("Received")),
                        number(self.env._("Patient-days")),
                        number(self.env._("Per 1,000 patient-days"), by=1) | {"rate": True},
                    ],
                    "rows": rows,
                    "totals": True,
                    "overall": {2: stay, 3: 1000 * total_cases / stay if stay else None},
                    "links": {("total", 1): "received"},
                }
            ],
        }

    @api.model
    def _care_full(self, known, months):
        """Whether every month has its patient-days."""
        return bool(known) and all(known.get(month) for month in months)

    @api.model
    def _care_section_improvements(self, scope, section):
        """What is proposed or tried, what was decided since the period began, effects of a year."""
        improvements = self.env["care.improvement"]
        begin = self._care_moment(scope, scope["start"])
        recent = self._care_moment(scope, scope["start"] - relativedelta(months=MONTHS))
        domain = self._care_place_domain(scope) & (
            Domain("state", "in", ("proposed", "review", "trial"))
            | Domain("decided_date", ">=", begin)
            | (Domain("state", "=", "adopted") & Domain("decided_date", ">=", recent))
        )
        found = improvements.search(domain, order="state, due, id")
        order = [state for state, _name in improvements._fields["state"].selection]
        found = found.sorted(lambda each: order.index(each.state))
        names = dict(improvements._fields["state"]._description_selection(self.env))
        states = {state: len(each) for state, each in found.grouped("state").items()}
        effects = found._care_effects()
        return {
            "tables": [
                {
                    "name": self.env._("Improvements by state"),
                    "columns": [
                        text(self.env._("State")),
                        {"name": self.env._("Number"), "type": "number"},
                    ],
                    "rows": [[names[state], states[state]] for state in order if state in states],
                }
            ]
            if found
            else [],
            "blocks": [
                self._care_improvement_block(scope, each, names, effects[each.id]) for each in found
            ],
            "notes": [
                self.env._(
                    "As they stand on the day of the report. Effects compare months before and "
                    "after: they say what happened, not why."
                )
            ]
            if found
            else [self.env._("No improvement is proposed, under way or was decided lately.")],
        }

    @api.model
    def _care_improvement_block(self, scope, improvement, names, effect):
        """One improvement as facts; without names and small counts where those are hidden."""
        least, named = scope["least"], scope["names"]
        evidence = improvement.evidence_count
        months = improvement.evidence_months
        if least:
            months = ""
            evidence = self.env._("fewer than %s", least) if 0 < evidence < least else evidence
        decided = improvement.decided_date and format_date(
            self.env, self._care_day(scope, improvement.decided_date)
        )
        if decided and named:
            decided = self.env._(
                "%(date)s by %(person)s", date=decided, person=improvement.decided_by_id.name
            )
        verdicts = {
            "fewer": self.env._("Fewer"),
            "more": self.env._("More"),
            "same": self.env._("No clear change"),
            "early": self.env._("Too early to tell"),
        }
        facts = [
            (self.env._("State"), names[improvement.state]),
            (self.env._("Procedure or practice"), improvement.practice),
            (self.env._("Change proposed"), improvement.change),
            (
                self.env._("About"),
                self._care_join(improvement.category_id, improvement.department_id),
            ),
            (self.env._("Inquiries behind it"), f"{evidence}{months and f' ({months})'}"),
            (self.env._("What people said"), not least and improvement.quotes),
            (self.env._("Owner"), named and improvement.owner_id.name),
            (self.env._("Due"), improvement.due and format_date(self.env, improvement.due)),
            (self.env._("Decided"), decided),
            (self.env._("Reason"), named and improvement.reason),
            (
                self.env._("In force since"),
                improvement.effective_date and format_date(self.env, improvement.effective_date),
            ),
            (
                self.env._("Effect"),
                improvement.state == "adopted"
                and (verdicts.get(effect["verdict"]) if least else effect["sentence"]),
            ),
        ]
        return {
            "title": f"{improvement.number} {improvement.name}",
            "facts": [(name, value) for name, value in facts if value],
            "chart": effect["svg"] if improvement.state == "adopted" and not least else "",
        }

    @api.model
    def _care_join(self, *records):
        names = [record.with_context(care_short=True).display_name for record in records if record]
        return ", ".join(names)

    # ------------------------------------------------------------------
    # Supplies and equipment
    # ------------------------------------------------------------------

    @api.model
    def _care_place_domain(self, scope):
        domain = Domain("company_id", "in", scope["company_ids"])
        if scope.get("department_ids"):
            domain &= Domain("department_id", "child_of", scope["department_ids"])
        return domain

    @api.model
    def _care_month_domain(self, scope, name):
        """Rows of whole months, as the equipment analysis has them."""
        return (
            self._care_place_domain(scope)
            & Domain(name, ">=", scope["start"].replace(day=1))
            & Domain(name, "<", scope["end"])
        )

    @api.model
    def _care_section_supply_use(self, scope, section):
        report = self.env["care.supply.report"]
        domain = (
            self._care_place_domain(scope)
            & Domain("date", ">=", self._care_moment(scope, scope["start"]))
            & Domain("date", "<", self._care_moment(scope, scope["end"]))
        )
        by = "product_id" if self._care_grouping(section) == "product" else "department_id"
        names = ("shortages", "stock_outs", "days_out", "inquiries", "used")
        groups = {
            group: tuple(value or 0 for value in values)
            for group, *values in report._read_group(
                domain, [by], [f"{name}:sum" for name in names]
            )
        }
        rows = self._care_rows(groups, section)
        sums = [sum(values[index] for _label, values, _group in rows) for index in range(5)]
        codes = [
            ("shortages", self.env._("Shortages")),
            ("stock_outs", self.env._("Stock-outs")),
            ("days_out", self.env._("Days out of stock")),
            ("supply_inquiries", self.env._("Inquiries with a shortage behind them")),
        ]
        return {
            "tables": [
                {
                    "name": self.env._(
                        "Shortages that began in the period, and what was used in it"
                    ),
                    "columns": [
                        text(self._care_name(section)),
                        count(self.env._("Times short")),
                        count(self.env._("Stock-outs")),
                        number(self.env._("Days out of stock")),
                        count(self.env._("Inquiries")),
                        *([number(self.env._("Used"))] if by == "product_id" else []),
                    ],
                    "rows": [
                        [label, *values[: 5 if by == "product_id" else 4]]
                        for label, values, _group in rows
                    ],
                    "totals": True,
                    "overall": {3: sums[2]},
                    "chart": section["chart"]
                    and {
                        "kind": "bars",
                        "columns": [1, 2],
                        "names": [self.env._("Times short"), self.env._("Stock-outs")],
                    },
                }
            ],
            "figures": [
                self._care_plain_figure(code, name, value)
                for (code, name), value in zip(codes, sums, strict=False)
            ],
        }

    @api.model
    def _care_plain_figure(self, code, name, value):
        """A figure without a denominator, as those of ``care.kpi``."""
        whole = round(value, 1) if isinstance(value, float) else value
        return {
            "code": code,
            "name": name,
            "unit": "count",
            "numerator": whole,
            "denominator": None,
            "value": whole,
            "open": 0,
        }

    @api.model
    def _care_section_equipment(self, scope, section):
        report = self.env["care.equipment.report"]
        by = "department_id" if self._care_grouping(section) == "ward" else "category_id"
        names = (
            "failures:sum",
            "repeats:sum",
            "inquiries:sum",
            "hours:sum",
            "down_hours:sum",
            "availability:avg",
            "repair_hours:avg",
        )
        domain = self._care_month_domain(scope, "month")
        groups = {group: values for group, *values in report._read_group(domain, [by], names)}
        [overall] = report._read_group(domain, [], names)
        failures, *_rest, down, available, repair = overall
        rows = [(self._care_label(group), values) for group, values in groups.items()]
        rows.sort(key=lambda row: (-(row[1][4] or 0), row[0]))
        return {
            "tables": [
                {
                    "name": self.env._("Whole months of the period"),
                    "columns": [
                        text(self._care_name(section)),
                        count(self.env._("Failures")),
                        count(self.env._("Repeated")),
                        count(self.env._("Inquiries")),
                        number(self.env._("Hours down")),
                        number(self.env._("Available, %")),
                        number(self.env._("Hours down per failure")),
                    ],
                    "rows": [
                        [
                            label,
                            *(int(value or 0) for value in values[:3]),
                            *(None if value is False else value for value in values[4:]),
                        ]
                        for label, values in rows
                    ],
                    "totals": True,
                    "overall": {4: down, 5: available, 6: repair},
                    "chart": section["chart"] and {"kind": "bars", "columns": [4]},
                }
            ],
            "figures": [
                self._care_plain_figure("hours_down", self.env._("Hours down"), float(down or 0)),
                self._care_plain_figure("failures", self.env._("Failures"), int(failures or 0)),
            ],
            "notes": [
                self.env._(
                    "Medical devices are with the biomedical engineers: no downtime of theirs here."
                )
            ],
        }

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain

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
            "natures": {
                "name": self.env._("Findings and working days by nature"),
                "models": inquiries,
                "groupings": ("nature", "department", "team"),
            },
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
        self = self.with_context(**self.env["care.kpi"]._care_context(scope))
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
        suppression.hide_tables(tables, least)
        kpi = self.env["care.kpi"]
        for figure in figures:
            figure["facts"] = kpi._care_facts(figure)
        suppression.hide_figures(figures, tables, least, kpi._care_figure_sums())
        for each in [*tables, *figures]:
            for name in ("counts", "systems", "facts"):
                each.pop(name, None)

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

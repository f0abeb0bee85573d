from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.fields import Domain

from .care_kpi import FINDINGS
from .care_report_catalogue import count, number, part, percent, text, total


class CareReportCatalogue(models.AbstractModel):
    """What was received, how it went and how long it took."""

    _inherit = "care.report.catalogue"

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
                    "same": {
                        ("total", index): name
                        for index, name in zip((1, 2, 4, 5, 7), names, strict=True)
                    },
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
                    "same": {
                        ("total", 1): "first_contact_due",
                        ("total", 2): "first_contact_met",
                        ("total", 4): "first_contact_open",
                        ("total", 5): "transfers",
                        ("total", 7): "escalated",
                    },
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
                    "same": {(row, 3): f"outcome {code}" for row, code in enumerate(order)},
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
            "definitions": ["upheld", "partly", "not_upheld", "ombudsman", "ombudsman_upheld"],
        }

    @api.model
    def _care_section_natures(self, scope, section):
        """How each kind of inquiry ended and how long it took: per stage, where two natures are two
        stages of one procedure, as in Scotland.
        """
        report = self.env["care.inquiry.report"]
        grouping = self._care_grouping(section)
        found = {}
        for group, outcome, cases in report._read_group(
            self._care_closed(scope), [self._care_fields()[grouping], "outcome"], ["__count"]
        ):
            values = found.setdefault(group, [0] * 4)
            values[FINDINGS.index(outcome) if outcome in FINDINGS else 3] += cases
        names = ("answer_due:sum", "answer_met:sum", "extended:sum", "working_days:sum")
        groups = self._care_group(
            self._care_received(scope), grouping, ["working_days:count", *names]
        )
        rows = self._care_rows(groups, section)
        done, worked = (sum(values[index] for values in groups.values()) for index in (0, 4))
        return {
            "tables": [
                {
                    "name": self.env._("Closed in the period"),
                    "columns": [
                        text(self._care_name(section)),
                        count(self.env._("Upheld")),
                        count(self.env._("Partly upheld")),
                        count(self.env._("Not upheld")),
                        count(self.env._("Without a finding")),
                        total(self.env._("Closed")),
                    ],
                    "rows": [
                        [label, *values, None]
                        for label, values, _group in self._care_rows(found, section)
                    ],
                    "totals": True,
                    "links": {("total", 5): "closed"},
                    "same": {
                        ("total", index): f"outcome {code}"
                        for index, code in enumerate(FINDINGS, start=1)
                    },
                },
                {
                    "name": self.env._("Of the inquiries received in the period"),
                    "columns": [
                        text(self._care_name(section)),
                        count(self.env._("Answered")),
                        number(self.env._("Working days, mean"), 1),
                        count(self.env._("To answer")),
                        part(self.env._("in time"), 3),
                        percent(self.env._("%"), 4, 3),
                        count(self.env._("Given more time")),
                    ],
                    "rows": [
                        [
                            label,
                            answered,
                            days / answered if answered else None,
                            due,
                            met,
                            None,
                            extended,
                        ]
                        for label, (answered, due, met, extended, days), _group in rows
                    ],
                    "totals": True,
                    "overall": {2: worked / done if done else None},
                    "same": {
                        ("total", 3): "answer_due",
                        ("total", 4): "answer_met",
                        ("total", 6): "extended",
                    },
                },
            ],
            "definitions": [*FINDINGS, "answer_on_time", "extended"],
        }

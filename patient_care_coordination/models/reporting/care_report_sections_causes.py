from dateutil.relativedelta import relativedelta

from odoo import api, models
from odoo.fields import Domain
from odoo.tools import format_date

from .care_report_catalogue import MONTHS, count, number, text


class CareReportCatalogue(models.AbstractModel):
    """What lies behind inquiries: rates, shortages, faults, and what should change."""

    _inherit = "care.report.catalogue"

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
                "same": {("total", 1): "supply_caused", ("total", 2): "equipment_caused"},
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

from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.fields import Domain

PERCENT, COUNT, DAYS, RATIO, THOUSAND = "percent", "count", "days", "ratio", "per_1000"
PAIRS = ("ack", "answer", "first_contact", "next_day")
SUMS = (
    *(f"{pair}_{part}" for pair in PAIRS for part in ("due", "met", "open")),
    "ack_2",
    "ack_5",
    "ack_10",
    "answered",
    "complaint",
    "compliment",
    "escalated",
    "equipment_caused",
    "extended",
    "interpreter",
    "is_open",
    "rated",
    "red_flags",
    "satisfied",
    "supply_caused",
    "transfers",
)
# Up to so many days an analysis looks up what belongs to each inquiry.
FEW_DAYS = 100
FINDINGS = ("upheld", "partly", "not_upheld")
ACK_BANDS = ("ack_2", "ack_5", "ack_10")


class CareKpi(models.AbstractModel):
    """The key figures, each with its definition, its numerator and its denominator.

    A scope is a dict: ``start`` and ``end`` (dates, the end exclusive; days end in the time zone of
    each company), ``company_ids``, and as filters ``department_ids`` (with what lies below them),
    ``user_ids`` and ``nature_ids``. A filter that is missing or empty does not filter; without
    ``company_ids`` the companies of the environment count. The record rules of the user hold.
    """

    _name = "care.kpi"
    _description = "Key Figures"

    # ------------------------------------------------------------------
    # Scope
    # ------------------------------------------------------------------

    @api.model
    def _care_context(self, scope):
        """The context in which analyses of a period are fast; their rows are the same without."""
        start, end = (fields.Date.to_date(scope[name]) for name in ("start", "end"))
        return {"care_few": (end - start).days <= FEW_DAYS}

    @api.model
    def _care_companies(self, scope):
        ids = scope.get("company_ids")
        return self.env["res.company"].browse(ids) if ids else self.env.companies

    @api.model
    def _care_period(self, scope, name, company="company_id"):
        """Domain of the moments ``name`` within the days of a scope, as they are in each company.

        :param company: the path to the company
        """
        zones = self._care_companies(scope).grouped(lambda each: each._care_zone())
        return Domain.OR(
            Domain(company, "in", companies.ids)
            & Domain(name, ">=", self._care_midnight(scope["start"], zone))
            & Domain(name, "<", self._care_midnight(scope["end"], zone))
            for zone, companies in zones.items()
        )

    @api.model
    def _care_midnight(self, day, zone):
        """When a day begins in a zone: naive datetime in UTC."""
        day = fields.Date.to_date(day)
        local = datetime.combine(day, time(), tzinfo=ZoneInfo(zone))
        return local.astimezone(UTC).replace(tzinfo=None)

    @api.model
    def _care_filters(self, scope, names=None):
        """Domain of what a scope filters by beside its period.

        :param names: what company, department, person and nature are called, if not as in
            ``care.inquiry.report``
        """
        company, department, user, nature = names or (
            "company_id",
            "department_id",
            "user_id",
            "nature_id",
        )
        domain = Domain(company, "in", self._care_companies(scope).ids)
        if scope.get("department_ids"):
            domain &= Domain(department, "child_of", scope["department_ids"])
        if scope.get("user_ids"):
            domain &= Domain(user, "in", scope["user_ids"])
        if scope.get("nature_ids"):
            domain &= Domain(nature, "in", scope["nature_ids"])
        return domain

    @api.model
    def _care_received_domain(self, scope):
        """The inquiries received in a scope, on ``care.inquiry.report``."""
        return (
            self._care_filters(scope)
            & self._care_period(scope, "received_date")
            & Domain("is_duplicate", "=", 0)
        )

    @api.model
    def _care_closed_domain(self, scope):
        """The inquiries closed in a scope, on ``care.inquiry.report``."""
        return (
            self._care_filters(scope)
            & self._care_period(scope, "closed_date")
            & Domain("is_duplicate", "=", 0)
        )

    # ------------------------------------------------------------------
    # Measuring
    # ------------------------------------------------------------------

    @api.model
    def _care_measure(self, scope):
        """The figures of a scope: ``{code: {"numerator", "denominator", "value", "open"}}``.

        ``value`` is None where there is no denominator; a percentage is from 0 to 100. ``open``
        counts what is not decided yet and therefore in neither of both. Always the same number of
        queries.
        """
        self = self.with_context(**self._care_context(scope))
        figures = {}
        figures.update(self._care_measure_received(scope))
        figures.update(self._care_measure_closed(scope, figures))
        figures.update(self._care_measure_ombudsman(scope, figures["closed"]["value"]))
        figures.update(self._care_measure_rows(scope))
        figures.update(self._care_measure_improvements(scope))
        figures.update(self._care_measure_rates(scope, figures["received"]["value"]))
        return {code: figures[code] for code in self._care_definitions()}

    @api.model
    def _care_figure(self, numerator, denominator, open=0, unit=PERCENT):
        """One figure; of a count the denominator is None."""
        numerator = numerator or 0
        if unit == COUNT:
            value = numerator
        elif not denominator:
            value = None
        else:
            value = numerator / denominator * {PERCENT: 100, THOUSAND: 1000}.get(unit, 1)
        return {
            "numerator": numerator,
            "denominator": None if unit == COUNT else denominator or 0,
            "value": value,
            "open": open or 0,
        }

    @api.model
    def _care_sums(self, model, domain, aggregates):
        """One row of aggregates as ``{aggregate: value}``."""
        [row] = self.env[model]._read_group(domain, [], aggregates)
        return dict(zip(aggregates, row, strict=True))

    @api.model
    def _care_measure_received(self, scope):
        figure, received = self._care_figure, self._care_received_domain(scope)
        aggregates = [
            "__count",
            *(f"{name}:sum" for name in SUMS),
            "days_to_answer:sum",
            "median_days:avg",
            "consent_days:sum",
            "consent_days:count",
        ]
        sums = self._care_sums("care.inquiry.report", received, aggregates)
        total = sums["__count"]
        get = {name: sums[f"{name}:sum"] or 0 for name in SUMS}.get
        by_severity = dict(
            self.env["care.inquiry.report"]._read_group(
                received & Domain("severity", "!=", False), ["severity"], ["__count"]
            )
        )
        by_emotion = dict(
            self.env["care.inquiry.report"]._read_group(
                received
                & Domain("emotion_start", "not in", (False, "calm"))
                & Domain("emotion_end", "!=", False),
                ["emotion_end"],
                ["__count"],
            )
        )
        informal = self.env["care.inquiry.report"].search_count(
            received & (Domain("complaint", "=", 0) | Domain("escalated", "=", 1))
        )
        waiting = total - get("answered")
        median = figure(0, get("answered"), waiting, DAYS)
        median["value"] = sums["median_days:avg"] if get("answered") else None
        median["numerator"] = sums["days_to_answer:sum"] or 0
        return {
            "received": figure(total, None, get("is_open"), COUNT),
            "ack_on_time": figure(get("ack_met"), get("ack_due"), get("ack_open")),
            **{code: figure(get(code), get("ack_due"), get("ack_open")) for code in ACK_BANDS},
            "answer_on_time": figure(get("answer_met"), get("answer_due"), get("answer_open")),
            "extended": figure(get("extended"), get("answer_due") + get("answer_open")),
            "next_day": figure(get("next_day_met"), get("next_day_due"), get("next_day_open")),
            "days_mean": figure(sums["days_to_answer:sum"], get("answered"), waiting, DAYS),
            "days_median": median,
            "first_contact": figure(
                get("first_contact_met"), get("first_contact_due"), get("first_contact_open")
            ),
            "transfers": figure(get("transfers"), total, unit=RATIO),
            "escalated": figure(get("escalated"), informal),
            "satisfied": figure(get("satisfied"), get("rated"), total - get("rated")),
            "calmer": figure(by_emotion.get("calm"), sum(by_emotion.values())),
            "interpreter": figure(get("interpreter"), total),
            "compliments": figure(get("compliment"), get("complaint"), unit=RATIO),
            "severe": figure(by_severity.get("3"), sum(by_severity.values())),
            "red_flags": figure(get("red_flags"), None, unit=COUNT),
            "consent_days": figure(sums["consent_days:sum"], sums["consent_days:count"], unit=DAYS),
            "supply_caused": figure(get("supply_caused"), None, unit=COUNT),
            "equipment_caused": figure(get("equipment_caused"), None, unit=COUNT),
        }

    @api.model
    def _care_measure_closed(self, scope, figures):
        figure, report = self._care_figure, self.env["care.inquiry.report"]
        closed = self._care_closed_domain(scope)
        sums = self._care_sums(
            "care.inquiry.report",
            closed,
            ["__count", "by_exception:sum", "letter_due:sum", "letter_met:sum"],
        )
        total, still_open = sums["__count"], figures["received"]["open"]
        within_30 = report.search_count(closed & Domain("days_to_close", "<=", 30))
        within_60 = report.search_count(closed & Domain("days_to_close", "<=", 60))
        reopened = report.search_count(
            self._care_filters(scope)
            & self._care_period(scope, "reopened_date")
            & Domain("is_duplicate", "=", 0)
        )
        now_open = report.search_count(
            self._care_filters(scope) & Domain("closed_date", "=", False)
        )
        outcomes = dict(
            report._read_group(closed & Domain("outcome", "in", FINDINGS), ["outcome"], ["__count"])
        )
        found = sum(outcomes.values())
        return {
            "closed": figure(total, None, unit=COUNT),
            "open": figure(now_open, None, now_open, COUNT),
            "closed_30": figure(within_30, total, still_open),
            "closed_60": figure(within_60 - within_30, total, still_open),
            "reopened": figure(reopened, total),
            "capture": figure(total - (sums["by_exception:sum"] or 0), total),
            "letters": figure(sums["letter_met:sum"], sums["letter_due:sum"]),
            **{code: figure(outcomes.get(code), found) for code in FINDINGS},
        }

    @api.model
    def _care_measure_ombudsman(self, scope, closed):
        """What went on to the ombudsman, and what was decided there, by the days noted."""
        report = self.env["care.inquiry.report"]
        referred = self._care_filters(scope) & Domain("is_duplicate", "=", 0)
        referred &= Domain("ombudsman_date", "<", scope["end"])
        new = report.search_count(referred & Domain("ombudsman_date", ">=", scope["start"]))
        decided = referred & Domain("ombudsman_decided_date", ">=", scope["start"])
        decided &= Domain("ombudsman_decided_date", "<", scope["end"])
        outcomes = dict(report._read_group(decided, ["ombudsman_outcome"], ["__count"]))
        waiting = report.search_count(referred & Domain("ombudsman_decided_date", "=", False))
        return {
            "ombudsman": self._care_figure(new, closed),
            "ombudsman_upheld": self._care_figure(
                outcomes.get("upheld", 0) + outcomes.get("partly", 0),
                sum(outcomes.values()),
                waiting,
            ),
        }

    @api.model
    def _care_measure_rows(self, scope):
        """Promises, consults and red flags: rows of their own, due or raised in the period."""
        now = fields.Datetime.now()
        facts = [
            f"ticket_id.{name}" for name in ("care_department_id", "user_id", "care_nature_id")
        ]
        filters = self._care_filters(scope, ["company_id", *facts])
        promises = filters & self._care_period(scope, "due")
        promises &= Domain("ended", "not in", ("withdrawn", "replaced"))
        consults = filters & self._care_period(scope, "due") & Domain("state", "!=", "cancelled")
        alarms = filters & self._care_period(scope, "raised_date")
        alarms &= Domain("state", "in", ("raised", "taken", "done"))

        promise, consult, alarm = (
            self.env[model] for model in ("care.promise", "care.consult", "care.flag.alarm")
        )
        kept = sum(
            row.kept_date <= row.due
            for row in promise.search_fetch(
                promises & Domain("ended", "=", "kept"), ["kept_date", "due"]
            )
        )
        promise_open = promises & Domain("ended", "=", False) & Domain("due", ">=", now)
        ended = consult.search_fetch(
            consults & Domain("state", "in", ("answered", "declined")), ["ended_date", "due"]
        )
        in_time = sum(row.ended_date <= row.due for row in ended)
        consult_open = consults & Domain("state", "=", "asked") & Domain("due", ">=", now)
        waiting = alarms & Domain("state", "=", "raised")
        waiting &= Domain("late", "=", False)
        taken = alarms & Domain("state", "!=", "raised") & Domain("late", "=", False)
        counts = [
            self.env[model].search_count(domain)
            for model, domain in (
                ("care.promise", promises),
                ("care.promise", promise_open),
                ("care.consult", consults),
                ("care.consult", consult_open),
                ("care.flag.alarm", alarms),
                ("care.flag.alarm", waiting),
                ("care.flag.alarm", taken),
            )
        ]
        return {
            "promises": self._care_figure(kept, counts[0] - counts[1], counts[1]),
            "consults": self._care_figure(in_time, counts[2] - counts[3], counts[3]),
            "flags_on_time": self._care_figure(counts[6], counts[4] - counts[5], counts[5]),
        }

    @api.model
    def _care_measure_rates(self, scope, received):
        """Inquiries by patient-days and admissions; none where one month has no number."""
        sums = self._care_stays(scope)
        return {
            "rate": self._care_figure(received, sums[0], unit=THOUSAND),
            "rate_admissions": self._care_figure(received, sums[1], unit=THOUSAND),
        }

    @api.model
    def _care_stays(self, scope):
        """``(patient-days, admissions)`` of a scope, 0 where they are not all known.

        Those of a department hold its parts, so of a department and its parts only the former
        counts.
        """
        months = self._care_months(scope)
        departments = self.env["care.department"].browse(scope.get("department_ids") or [])
        inside = departments.filtered(
            lambda each: set(map(int, each.parent_path.split("/")[:-2])) & set(departments.ids)
        )
        places = [(each.company_id, each) for each in departments - inside] or [
            (company, departments) for company in self._care_companies(scope)
        ]
        rows = self.env["care.denominator"].search_fetch(
            [
                ("company_id", "in", [company.id for company, _department in places]),
                ("department_id", "in", [department.id for _company, department in places]),
                ("month", "in", months),
            ],
            ["company_id", "department_id", "month", "patient_days", "admissions"],
        )
        known = {(row.company_id, row.department_id, row.month): row for row in rows}
        wanted = [known.get((*place, month)) for place in places for month in months]
        return tuple(
            sum(row[name] for row in wanted)
            if wanted and all(row and row[name] for row in wanted)
            else 0
            for name in ("patient_days", "admissions")
        )

    @api.model
    def _care_months(self, scope):
        """The first days of the months of a period, none where it has not whole months."""
        start, end = (fields.Date.to_date(scope[name]) for name in ("start", "end"))
        months = []
        if start.day == end.day == 1:
            while start < end:
                months.append(start)
                start += relativedelta(months=1)
        return months

    @api.model
    def _care_measure_improvements(self, scope):
        """Improvements, by their owner and department: due, and in force since, in the period."""
        names = ["company_id", "department_id", "owner_id", "id"]
        filters = self._care_filters({**scope, "nature_ids": []}, names)
        improvements, today = self.env["care.improvement"], fields.Date.today()

        def within(name):
            return Domain(name, ">=", scope["start"]) & Domain(name, "<", scope["end"])

        due = improvements.search(filters & within("due") & Domain("state", "!=", "rejected"))
        in_force = due.filtered(lambda each: each.state == "adopted")
        in_time = in_force.filtered(lambda each: each.effective_date <= each.due)
        waiting = (due - in_force).filtered(lambda each: each.due >= today)
        adopted = improvements.search(
            filters & within("effective_date") & Domain("state", "=", "adopted")
        )
        verdicts = [effect["verdict"] for effect in adopted._care_effects().values()]
        early = verdicts.count("early")
        known = sum(verdict in ("fewer", "more", "same") for verdict in verdicts)
        return {
            "improvements_on_time": self._care_figure(
                len(in_time), len(due) - len(waiting), len(waiting)
            ),
            "effect_known": self._care_figure(known, len(verdicts) - early, early),
        }

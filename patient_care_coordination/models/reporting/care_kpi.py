from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.fields import Domain

from .care_inquiry_report import FORMAL

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
# What the numerator and the denominator of a figure count, and the count that the denominator is
# part of; those of a mean, a rate or an improvement that are no inquiries have no name.
FACTS = {
    "received": ("received", None, None),
    "closed": ("closed", None, None),
    "open": ("open now", None, None),
    "rate": ("received", None, None),
    "rate_admissions": ("received", None, None),
    "ack_on_time": ("ack_met", "ack_due", "received"),
    **{code: (code, "ack_due", "received") for code in ACK_BANDS},
    "answer_on_time": ("answer_met", "answer_due", "received"),
    "extended": ("extended", "timed", "received"),
    "days_mean": (None, "answered", "received"),
    "days_median": (None, "answered", "received"),
    "first_contact": ("first_contact_met", "first_contact_due", "received"),
    "next_day": ("next_day_met", "next_day_due", "received"),
    "closed_30": ("closed_30", "closed", None),
    "closed_60": ("closed_60", "closed", None),
    "transfers": ("transfers", "received", None),
    "reopened": ("reopened", "closed", None),
    "escalated": ("escalated", "informal", "received"),
    **{code: (f"outcome {code}", "found", "closed") for code in FINDINGS},
    "capture": ("complete", "closed", None),
    "letters": ("letters_sent", "letters_due", "closed"),
    "ombudsman": ("ombudsman", "closed", None),
    "ombudsman_upheld": ("ombudsman_upheld", "ombudsman_decided", None),
    "satisfied": ("satisfied", "rated", "received"),
    "calmer": ("calmer", "upset", "received"),
    "interpreter": ("interpreter", "received", None),
    "compliments": ("compliment", "formal", "received"),
    "severe": ("severity 3", "graded", "received"),
    "red_flags": ("red_flags", None, None),
    "flags_on_time": ("flags_taken", "flags_due", None),
    "promises": ("promises_kept", "promises_due", None),
    "consults": ("consults_answered", "consults_due", None),
    "consent_days": (None, "consent_asked", "received"),
    "improvements_on_time": (None, None, None),
    "effect_known": (None, None, None),
    "supply_caused": ("supply_caused", None, None),
    "equipment_caused": ("equipment_caused", None, None),
}
# Their numerator is not part of their denominator.
APART = ("transfers", "reopened", "ombudsman", "compliments")
# What is not decided yet, where several figures count the same; and those of which it makes up
# the whole, together with the denominator.
UNDECIDED = {
    **dict.fromkeys(("received", "closed_30", "closed_60"), "still open"),
    "open": "open now",
    **dict.fromkeys(("ack_on_time", *ACK_BANDS), "ack_open"),
    "answer_on_time": "answer_open",
    "first_contact": "first_contact_open",
    **dict.fromkeys(("days_mean", "days_median"), "waiting"),
}
BESIDE = (*UNDECIDED, "next_day", "satisfied")


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
    # Definitions
    # ------------------------------------------------------------------

    @api.model
    def _care_definitions(self):
        """``{code: {"name", "definition", "unit"}}`` in the reader's language, in print order.

        Units: ``percent``, ``count``, ``days``, ``ratio``, ``per_1000``.
        """
        rows = [
            (
                "received",
                COUNT,
                self.env._("Received"),
                self.env._(
                    "Inquiries received in the period, without duplicates of another inquiry."
                ),
            ),
            (
                "closed",
                COUNT,
                self.env._("Closed"),
                self.env._(
                    "Inquiries closed in the period, whenever they were received, without "
                    "duplicates."
                ),
            ),
            (
                "open",
                COUNT,
                self.env._("Open now"),
                self.env._("Inquiries that are open now, whenever they were received."),
            ),
            (
                "rate",
                THOUSAND,
                self.env._("Per 1,000 patient-days"),
                self.env._(
                    "Inquiries received in the period by its patient-days, of the same departments "
                    "and months. There is none unless each of these months has patient-days, and "
                    "the period is of whole months."
                ),
            ),
            (
                "rate_admissions",
                THOUSAND,
                self.env._("Per 1,000 admissions"),
                self.env._(
                    "Inquiries received in the period by its admissions, as for patient-days."
                ),
            ),
            (
                "ack_on_time",
                PERCENT,
                self.env._("Acknowledged on time"),
                self.env._(
                    "Of the inquiries received in the period whose acknowledgement was due: those "
                    "acknowledged in time. One inquiry counts once, however many issues it has; "
                    "duplicates, and what was answered within an hour, do not count. Beside: not "
                    "due yet."
                ),
            ),
            (
                "ack_2",
                PERCENT,
                self.env._("Acknowledged within 2 working days"),
                self.env._(
                    "Of the inquiries received in the period whose acknowledgement was due: those "
                    "acknowledged on one of the first 2 working days after the day of receipt, by "
                    "the calendar of their policy. What took over 10, or was never acknowledged, "
                    "is in none of the three bands. Beside: not due yet."
                ),
            ),
            (
                "ack_5",
                PERCENT,
                self.env._("Acknowledged in 3 to 5 working days"),
                self.env._(
                    "Of the inquiries received in the period whose acknowledgement was due: those "
                    "acknowledged on the 3rd, 4th or 5th working day after the day of receipt."
                ),
            ),
            (
                "ack_10",
                PERCENT,
                self.env._("Acknowledged in 6 to 10 working days"),
                self.env._(
                    "Of the inquiries received in the period whose acknowledgement was due: those "
                    "acknowledged on the 6th to 10th working day after the day of receipt."
                ),
            ),
            (
                "answer_on_time",
                PERCENT,
                self.env._("Answered on time"),
                self.env._(
                    "Of the inquiries received in the period whose answer was due: those answered "
                    "in time, in every round if they were reopened. An extension that was told to "
                    "the person in time counts. Beside: not due yet."
                ),
            ),
            (
                "extended",
                PERCENT,
                self.env._("Given more time"),
                self.env._(
                    "Of the inquiries received in the period that have a deadline for the answer: "
                    "those whose deadline was extended, which the person was told."
                ),
            ),
            (
                "days_mean",
                DAYS,
                self.env._("Mean days to the answer"),
                self.env._(
                    "From the receipt to the answer, of the inquiries received in the period that "
                    "are answered. Beside: not answered yet, so not in the mean."
                ),
            ),
            (
                "days_median",
                DAYS,
                self.env._("Median days to the answer"),
                self.env._(
                    "Half of the answered inquiries took longer. Beside: not answered yet, so not "
                    "in the median."
                ),
            ),
            (
                "first_contact",
                PERCENT,
                self.env._("Answered in the first contact"),
                self.env._(
                    "Of the answered inquiries received in the period: those answered within an "
                    "hour of a call or visit, or by our first message to what came in writing, "
                    "without a transfer to another team and without being reopened. Natures that "
                    "need no answer do not count. Beside: not answered yet."
                ),
            ),
            (
                "next_day",
                PERCENT,
                self.env._("Answered within one working day"),
                self.env._(
                    "Of the answered inquiries received in the period that have a deadline for the "
                    "answer: those answered on the day of receipt or the first working day after "
                    "it, by the calendar of their policy. Natures that need no answer do not "
                    "count. Beside: not answered yet."
                ),
            ),
            (
                "closed_30",
                PERCENT,
                self.env._("Closed within 30 days"),
                self.env._(
                    "Of the inquiries closed in the period: those closed at most 30 days after "
                    "they were received. An inquiry is closed when all its issues are. Beside: "
                    "received in the period and still open."
                ),
            ),
            (
                "closed_60",
                PERCENT,
                self.env._("Closed after 31 to 60 days"),
                self.env._(
                    "Of the inquiries closed in the period: those closed more than 30 and at most "
                    "60 days after they were received. Beside: received in the period and still "
                    "open."
                ),
            ),
            (
                "transfers",
                RATIO,
                self.env._("Transfers per inquiry"),
                self.env._(
                    "How often the inquiries received in the period went from one team to "
                    "another, by their number."
                ),
            ),
            (
                "reopened",
                PERCENT,
                self.env._("Reopened"),
                self.env._(
                    "Inquiries whose latest reopening was in the period, by the inquiries closed "
                    "in the period."
                ),
            ),
            (
                "escalated",
                PERCENT,
                self.env._("Became formal"),
                self.env._(
                    "Of the inquiries received in the period that were not formal at first: those "
                    "changed to a more formal nature."
                ),
            ),
            (
                "upheld",
                PERCENT,
                self.env._("Upheld"),
                self.env._("Of the inquiries closed in the period with a finding: those upheld."),
            ),
            (
                "partly",
                PERCENT,
                self.env._("Partly upheld"),
                self.env._(
                    "Of the inquiries closed in the period with a finding: those partly upheld."
                ),
            ),
            (
                "not_upheld",
                PERCENT,
                self.env._("Not upheld"),
                self.env._(
                    "Of the inquiries closed in the period with a finding: those not upheld."
                ),
            ),
            (
                "capture",
                PERCENT,
                self.env._("Complete at closing"),
                self.env._(
                    "Of the inquiries closed in the period: those closed with all that their "
                    "nature requires, not by exception."
                ),
            ),
            (
                "letters",
                PERCENT,
                self.env._("Required letters sent"),
                self.env._(
                    "Of the inquiries closed in the period whose closing needs a letter: those to "
                    "which each such letter was sent, with all the parts that its policy requires: "
                    "no letter leaves the house without them. Those closed before they were "
                    "entered here do not count."
                ),
            ),
            (
                "ombudsman",
                PERCENT,
                self.env._("Referred to the ombudsman"),
                self.env._(
                    "Inquiries referred to the ombudsman in the period, by the inquiries closed in "
                    "the period."
                ),
            ),
            (
                "ombudsman_upheld",
                PERCENT,
                self.env._("Upheld by the ombudsman"),
                self.env._(
                    "Of the inquiries on which the ombudsman decided in the period: those upheld "
                    "or partly upheld there. What was settled there or not taken up counts as not "
                    "upheld. Beside: referred before the end of the period, and not decided."
                ),
            ),
            (
                "satisfied",
                PERCENT,
                self.env._("Satisfied"),
                self.env._(
                    "Of the inquiries received in the period whose caller said how satisfied: "
                    "those with at least 4 of 5. Beside: nothing said."
                ),
            ),
            (
                "calmer",
                PERCENT,
                self.env._("Calm at the end"),
                self.env._(
                    "Of the inquiries received in the period whose caller was not calm at the "
                    "start, and whose state at the end was noted: those calm at the end."
                ),
            ),
            (
                "interpreter",
                PERCENT,
                self.env._("With an interpreter"),
                self.env._(
                    "Of the inquiries received in the period: those of people who need an "
                    "interpreter or sign language."
                ),
            ),
            (
                "compliments",
                RATIO,
                self.env._("Compliments per complaint"),
                self.env._(
                    "Compliments received in the period, by the formal ones received in it."
                ),
            ),
            (
                "severe",
                PERCENT,
                self.env._("Severity 3"),
                self.env._(
                    "Of the inquiries received in the period with a severity: those whose most "
                    "serious issue is of severity 3."
                ),
            ),
            (
                "red_flags",
                COUNT,
                self.env._("Red flags"),
                self.env._("Raised on inquiries received in the period, and not found to be none."),
            ),
            (
                "flags_on_time",
                PERCENT,
                self.env._("Red flags taken on time"),
                self.env._(
                    "Of the red flags raised in the period: those a person took within their "
                    "target. Beside: not taken, and still within it."
                ),
            ),
            (
                "promises",
                PERCENT,
                self.env._("Promises kept on time"),
                self.env._(
                    "Of the promises due in the period that were neither withdrawn nor replaced: "
                    "those kept by their time. Beside: not due yet."
                ),
            ),
            (
                "consults",
                PERCENT,
                self.env._("Consults answered on time"),
                self.env._(
                    "Of the consults due in the period that were not cancelled: those answered or "
                    "declined by their time. Beside: not due yet."
                ),
            ),
            (
                "consent_days",
                DAYS,
                self.env._("Days waiting for consent"),
                self.env._(
                    "From asking for consent to receiving it, or until now; of the inquiries "
                    "received in the period that asked. Never taken off a legal deadline."
                ),
            ),
            (
                "improvements_on_time",
                PERCENT,
                self.env._("Improvements in force on time"),
                self.env._(
                    "Of the improvements due in the period that were not rejected: those in force "
                    "by their due day. Beside: not due yet."
                ),
            ),
            (
                "effect_known",
                PERCENT,
                self.env._("Effect of improvements known"),
                self.env._(
                    "Of the improvements in force since a day of the period: those whose category "
                    "or department was measured before and after. Beside: too early to tell."
                ),
            ),
            (
                "supply_caused",
                COUNT,
                self.env._("Behind a shortage of supplies"),
                self.env._("Inquiries received in the period that a shortage lies behind."),
            ),
            (
                "equipment_caused",
                COUNT,
                self.env._("Behind a fault of equipment"),
                self.env._("Inquiries received in the period that report a fault of equipment."),
            ),
        ]
        return {
            code: {"name": name, "definition": definition, "unit": unit}
            for code, unit, name, definition in rows
        }

    # ------------------------------------------------------------------
    # What figures count
    # ------------------------------------------------------------------

    @api.model
    def _care_facts(self, figure):
        """What the numbers of a figure count, for ``suppression.hide_figures``."""
        code = figure["code"]
        numerator, denominator, within = FACTS[code]
        names = {"numerator": numerator, "denominator": denominator}
        if figure["open"] and (numerator or denominator):
            names["open"] = UNDECIDED.get(code, f"{code} open")
        return {
            "names": {part: name for part, name in names.items() if name},
            "subset": bool(numerator and denominator) and code not in APART,
            "within": within,
            "beside": code in BESIDE,
        }

    @api.model
    def _care_figure_sums(self):
        """``[(total, [parts])]`` of counts that figures and tables tell of, by their names."""
        natures = (
            self.env["care.nature"]
            .with_context(active_test=False)
            .search([("code", "in", (*FORMAL, "compliment"))])
        )

        def of_codes(codes):
            return [f"nature {nature.id}" for nature in natures if nature.code in codes]

        report = self.env["care.inquiry.report"]
        states = [code for code, _word in report._fields["emotion_start"].selection]
        upset = [code for code in states if code != "calm"]
        return [
            ("found", [f"outcome {code}" for code in FINDINGS]),
            ("ack_due", list(ACK_BANDS)),
            ("closed", ["closed_30", "closed_60"]),
            ("timed", ["answer_due", "answer_open"]),
            ("formal", of_codes(FORMAL)),
            ("compliment", of_codes(("compliment",))),
            ("graded", [f"severity {code}" for code in "0123"]),
            ("flags_raised", ["flags_due", "flags_on_time open"]),
            ("flags_in_time", ["flags_taken", "flags_on_time open"]),
            ("calmer", [f"emotion {start} calm" for start in upset]),
            ("upset", [f"emotion {start} {end}" for start in upset for end in states]),
        ]

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

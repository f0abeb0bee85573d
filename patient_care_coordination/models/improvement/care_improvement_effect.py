from collections import defaultdict
from datetime import datetime
from zoneinfo import ZoneInfo

from dateutil.relativedelta import relativedelta
from markupsafe import Markup

from odoo import api, fields, models
from odoo.tools import SQL, format_date
from odoo.tools.misc import formatLang

from . import run_chart

# Whole months: shown in the chart, compared with, and looked at after adoption. The chart thus
# always holds some months before.
SHOWN, BEFORE, AFTER = 13, 12, 9
PER = 1000
# Months without patient-days that are named one by one.
NAMED = 3
VERDICTS = [
    ("fewer", "Fewer"),
    ("more", "More"),
    ("same", "No clear change"),
    ("early", "Too early to tell"),
]


class CareImprovement(models.Model):
    """What happened after an improvement came into force: counted, never explained.

    Inquiries of its category and department, with what lies below them, by whole months of the
    hospital's time zone; duplicates are not counted. The median of up to twelve months before is
    compared with up to nine months after; the month in which it came into force is neither. Months
    up to the first inquiry of the hospital are no months before. They are rates per 1,000
    patient-days where each of these months has patient-days of the same department, else counts.
    """

    _inherit = "care.improvement"

    effect_verdict = fields.Selection(VERDICTS, string="Effect", compute="_compute_effect_verdict")
    effect_sentence = fields.Text("What happened since", compute="_compute_effect")
    effect_unit = fields.Char("Counted as", compute="_compute_effect")
    effect_chart = fields.Html("Run chart", compute="_compute_effect", sanitize=False)

    @api.depends("state", "effective_date", "category_id", "department_id", "company_id")
    def _compute_effect_verdict(self):
        """Apart from the chart, so that a list counts for the adopted ones alone."""
        adopted = self.filtered(lambda improvement: improvement.state == "adopted")
        effects = adopted._care_effects()
        for improvement in self:
            effect = effects.get(improvement.id)
            improvement.effect_verdict = effect["verdict"] if effect else False

    @api.depends("state", "effective_date", "category_id", "department_id", "company_id")
    @api.depends_context("lang")
    def _compute_effect(self):
        effects = self._care_effects()
        for improvement in self:
            effect = effects[improvement.id]
            improvement.effect_sentence = effect["sentence"]
            improvement.effect_unit = effect["unit"]
            improvement.effect_chart = Markup(effect["svg"]) or False

    def _care_effect(self):
        """The effect of one improvement.

        :return: ``{"months": [(first day, inquiries, patient-days or None), ...] as drawn, "rate":
            whether they are compared as rates, "median_before": inquiries a month or rate, or
            None, "verdict": "fewer", "more", "same", "early" or False while it is not in force,
            "sentence", "unit": as what they are counted, and why not as rates, "svg": the run
            chart, or an empty string}``
        """
        self.ensure_one()
        return self._care_effects()[self._origin.id or self.id]

    def _care_effects(self):
        """``_care_effect`` of each, by id, in a constant number of queries."""
        saved = self._origin
        spans = {improvement.id: improvement._care_span() for improvement in saved}
        measured = saved.filtered(lambda each: each.category_id or each.department_id)
        counts = measured._care_counts(spans)
        firsts = measured._care_first_months()
        days = {}
        if measured:
            days = self.env["care.denominator"]._care_patient_days(
                {(each.company_id.id, each.department_id.id) for each in measured},
                min(spans[each.id][0] for each in measured),
                max(spans[each.id][1] for each in measured),
            )
        effects = {}
        for improvement in self:
            origin = improvement._origin
            if origin in measured:
                scope = (origin.company_id.id, origin.department_id.id)
                effects[improvement.id] = origin._care_measure(
                    *spans[origin.id], counts[origin.id], days[scope], firsts.get(scope[0])
                )
            else:
                effects[improvement.id] = self._care_unmeasured()
        return effects

    @api.model
    def _care_unmeasured(self):
        return {
            "months": [],
            "rate": False,
            "median_before": None,
            "verdict": False,
            "sentence": self.env._(
                "Nothing to count: choose the category or the department it is about."
            ),
            "unit": "",
            "svg": "",
        }

    def _care_span(self):
        """First day of the first month looked at, and first day after the last whole one."""
        today = datetime.now(ZoneInfo(self.company_id._care_zone())).date()
        stop = today.replace(day=1)
        if self.state != "adopted":
            return stop - relativedelta(months=SHOWN), stop
        adopted = self.effective_date.replace(day=1)
        stop = min(stop, adopted + relativedelta(months=AFTER + 1))
        return min(adopted - relativedelta(months=BEFORE), stop - relativedelta(months=SHOWN)), stop

    def _care_counts(self, spans):
        """Inquiries by month: ``{id: {first day: number}}``, in one query.

        Whoever reads an improvement reads the inquiries of its hospital, so they are all counted.
        """
        counts = defaultdict(dict)
        parts = []
        for improvement in self.sudo():
            zone = improvement.company_id._care_zone()
            start, stop = spans[improvement.id]
            limits = [
                SQL("%s LIKE %s", below, f"{record.parent_path}%")
                for below, record in (
                    (SQL("category.parent_path"), improvement.category_id),
                    (SQL("department.parent_path"), improvement.department_id),
                )
                if record
            ]
            parts.append(
                SQL(
                    """
                    SELECT %(id)s AS id,
                           date_trunc(
                               'month',
                               ticket.care_received_date AT TIME ZONE 'UTC' AT TIME ZONE %(zone)s
                           )::date AS month,
                           COUNT(*)
                      FROM helpdesk_ticket ticket
                      LEFT JOIN helpdesk_ticket_category category
                             ON category.id = ticket.category_id
                      LEFT JOIN care_department department
                             ON department.id = ticket.care_department_id
                     WHERE ticket.care_is_inquiry IS TRUE
                       AND ticket.company_id = %(company)s
                       AND ticket.care_received_date >= %(start)s
                       AND ticket.care_received_date < %(stop)s
                       AND ticket.care_outcome IS DISTINCT FROM 'duplicate'
                       AND %(limits)s
                     GROUP BY month
                    """,
                    id=improvement.id,
                    zone=zone,
                    company=improvement.company_id.id,
                    start=utc(start, zone),
                    stop=utc(stop, zone),
                    limits=SQL(" AND ").join(limits),
                )
            )
        if parts:
            self.env["helpdesk.ticket"].flush_model()
            for key, month, number in self.env.execute_query(SQL(" UNION ALL ").join(parts)):
                counts[key][month] = number
        return counts

    def _care_first_months(self):
        """By company id, the first month in which each hospital had inquiries all month."""
        if not self:
            return {}
        rows = self.env.execute_query(
            SQL(
                """
                SELECT company.id,
                       (SELECT MIN(ticket.care_received_date)
                          FROM helpdesk_ticket ticket
                         WHERE ticket.care_is_inquiry IS TRUE
                           AND ticket.company_id = company.id)
                  FROM res_company company
                 WHERE company.id IN %s
                """,
                tuple(self.company_id.ids),
            )
        )
        return {
            company: first.date().replace(day=1) + relativedelta(months=1)
            for company, first in rows
            if first
        }

    def _care_measure(self, start, stop, counts, days, first):
        """The effect from plain values.

        :param counts: ``{month: inquiries}``
        :param days: ``{month: patient-days}``
        :param first: the first month that counts, or None
        """
        months = [start]
        while months[-1] + relativedelta(months=1) < stop:
            months.append(months[-1] + relativedelta(months=1))
        adopted = self.effective_date.replace(day=1) if self.state == "adopted" else None
        before = [
            month
            for month in months
            if first and month >= first and (not adopted or month < adopted)
        ][-BEFORE:]
        after = [month for month in months if adopted and month > adopted]
        shown = months[-SHOWN:]
        used = sorted({*before, *after, *shown})
        rate = bool(used) and all(days.get(month) for month in used)

        def value(month):
            number = counts.get(month, 0)
            return number * PER / days[month] if rate else number

        unit = 1.0
        if rate and before:
            unit = PER / run_chart.median([days[month] for month in before])
        judged = run_chart.judge(
            [value(month) for month in before], [value(month) for month in after], unit
        )
        sentence = self._care_effect_sentence(judged, rate, len(before), len(after))
        return {
            "months": [(month, counts.get(month, 0), days.get(month)) for month in shown],
            "rate": rate,
            "median_before": judged["median"],
            "verdict": judged["verdict"] if adopted else False,
            "sentence": sentence,
            "unit": self._care_effect_unit([month for month in used if not days.get(month)]),
            "svg": self._care_effect_chart(
                [(month, value(month) if first and month >= first else None) for month in shown],
                judged["median"],
                adopted,
                rate,
                sentence,
            ),
        }

    def _care_effect_unit(self, missing):
        """As what inquiries are counted, and which months stand in the way of a rate."""
        if not missing:
            return self.env._("Inquiries per 1,000 patient-days.")
        named = missing[:NAMED] if len(missing) > NAMED + 1 else missing
        months = [format_date(self.env, month, date_format="MMM y") for month in named]
        values = {
            "where": self.sudo().department_id.display_name or self.env._("the whole hospital"),
            "months": ", ".join(months),
        }
        if len(missing) > len(named):
            return self.env._(
                "Inquiries a month. There is no denominator for a rate: patient-days of %(where)s "
                "are missing for %(months)s and %(more)s more months.",
                **values,
                more=len(missing) - len(named),
            )
        return self.env._(
            "Inquiries a month. There is no denominator for a rate: patient-days of %(where)s are "
            "missing for %(months)s.",
            **values,
        )

    def _care_effect_sentence(self, judged, rate, before, after):
        """What the numbers say, by which rule, in the reader's language; nothing on the cause."""
        if self.state != "adopted":
            return self.env._("Not adopted: there is nothing to compare yet.")
        if judged["rule"] == "before":
            return self.env._(
                "Too early to tell: of the months before, %(number)s can be compared with, and "
                "%(fewest)s are needed.",
                number=before,
                fewest=run_chart.FEWEST,
            )
        if judged["rule"] == "after":
            return self.env._(
                "Too early to tell: it has been in force for %(number)s of the %(fewest)s whole "
                "months needed.",
                number=after,
                fewest=run_chart.FEWEST,
            )
        median = formatLang(self.env, judged["median"], digits=1)
        usual = (
            self.env._("%s inquiries per 1,000 patient-days", median)
            if rate
            else self.env._("%s inquiries a month", median)
        )
        values = {"usual": usual, "shift": run_chart.SHIFT, "before": before, "after": after}
        sentences = {
            ("fewer", "shift"): self.env._(
                "Fewer: %(shift)s months in a row lie below %(usual)s, the median of the "
                "%(before)s months before.",
                **values,
            ),
            ("more", "shift"): self.env._(
                "More: %(shift)s months in a row lie above %(usual)s, the median of the "
                "%(before)s months before.",
                **values,
            ),
            ("fewer", "range"): self.env._(
                "Fewer: each of the %(after)s months since lies below the usual range (three "
                "standard deviations) around %(usual)s, the median of the %(before)s months "
                "before.",
                **values,
            ),
            ("more", "range"): self.env._(
                "More: each of the %(after)s months since lies above the usual range (three "
                "standard deviations) around %(usual)s, the median of the %(before)s months "
                "before.",
                **values,
            ),
            ("same", None): self.env._(
                "No clear change: of the %(after)s months since, %(below)s lie below and "
                "%(above)s above %(usual)s, the median of the %(before)s months before; "
                "%(shift)s in a row on one side would count as a change.",
                **values,
                below=judged["below"],
                above=judged["above"],
            ),
        }
        return sentences[judged["verdict"], judged["rule"]]

    def _care_effect_chart(self, points, median, adopted, rate, sentence):
        """The run chart of the months shown, for the form and for packs."""
        months = [month for month, _value in points]
        unit = self.env._("per 1,000 patient-days") if rate else self.env._("a month")
        title = self.env._(
            "Inquiries %(unit)s: %(what)s",
            unit=unit,
            what=", ".join(
                record.with_context(care_short=True).display_name
                for record in (self.sudo().category_id, self.sudo().department_id)
                if record
            ),
        )
        centre = ""
        if median is not None:
            number = formatLang(self.env, median, digits=1)
            centre = (
                self.env._("Median before: %s", number)
                if adopted
                else self.env._("Median: %s", number)
            )
        return run_chart.draw(
            [
                (format_date(self.env, month, date_format="MMM yy"), value)
                for month, value in points
            ],
            title,
            sentence,
            median,
            centre,
            months.index(adopted) if adopted in months else None,
            self.env._("In force") if adopted else "",
        )


def utc(day, zone):
    """The moment at which a day begins in a time zone, as the database keeps moments."""
    local = datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(zone))
    return local.astimezone(ZoneInfo("UTC")).replace(tzinfo=None)

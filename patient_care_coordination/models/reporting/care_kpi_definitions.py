from odoo import api, models

from .care_kpi import COUNT, DAYS, PERCENT, RATIO, THOUSAND


class CareKpi(models.AbstractModel):
    """What each key figure is, in words, as printed behind the reports."""

    _inherit = "care.kpi"

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

from odoo import api, models

from .care_inquiry_report import FORMAL
from .care_kpi import ACK_BANDS, FINDINGS

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
    """What the numbers of key figures count, so that reports know what tells of what."""

    _inherit = "care.kpi"

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

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools import format_date

from ..inquiry.helpdesk_ticket import STAFF


class HelpdeskTicket(models.Model):
    """What became of an inquiry outside the house: the ombudsman, and what was decided there.

    Noted without reopening: the inquiry stays as it was answered until somebody works on it again.
    """

    _inherit = "helpdesk.ticket"

    care_ombudsman_date = fields.Date(
        "Referred on",
        groups=STAFF,
        tracking=True,
        copy=False,
        help="When the person went to the ombudsman, or to whoever reviews complaints from outside "
        "in your country; as the letter from there says.",
    )
    care_ombudsman_decided_date = fields.Date(
        "Decided on", groups=STAFF, tracking=True, copy=False, help="When it was decided there."
    )
    care_ombudsman_outcome = fields.Selection(
        [
            ("upheld", "Upheld"),
            ("partly", "Partly upheld"),
            ("not_upheld", "Not upheld"),
            ("settled", "Settled without a decision"),
            ("not_taken", "Not taken up"),
        ],
        string="Decision of the ombudsman",
        groups=STAFF,
        tracking=True,
        copy=False,
    )

    _care_ombudsman_idx = models.Index(
        "(care_ombudsman_date) WHERE care_ombudsman_date IS NOT NULL"
    )

    @api.constrains(
        "care_ombudsman_date",
        "care_ombudsman_decided_date",
        "care_ombudsman_outcome",
        "care_received_date",
    )
    def _check_care_ombudsman(self):
        for ticket in self.sudo():
            problem = ticket._care_ombudsman_problem()
            if problem:
                raise ValidationError(problem)

    def _care_ombudsman_problem(self):
        """What is wrong with the dates and the decision of the ombudsman, or False."""
        self.ensure_one()
        referred, decided = self.care_ombudsman_date, self.care_ombudsman_decided_date
        if not referred and not decided and not self.care_ombudsman_outcome:
            return False
        zone = self.with_context(tz=(self.company_id or self.env.company)._care_zone())
        today = fields.Date.context_today(zone)
        received = fields.Date.context_today(zone, self.care_received_date or self.create_date)
        if not referred:
            return self.env._(
                "Inquiry %s: enter when it was referred to the ombudsman before what was decided "
                "there.",
                self.number,
            )
        if not received <= referred <= today:
            return self.env._(
                "Inquiry %(number)s cannot have been referred to the ombudsman on %(date)s: enter "
                "a day from %(first)s, when it was received, to %(last)s, today.",
                number=self.number,
                date=format_date(self.env, referred),
                first=format_date(self.env, received),
                last=format_date(self.env, today),
            )
        if bool(decided) != bool(self.care_ombudsman_outcome):
            return self.env._(
                "Inquiry %s: enter both what the ombudsman decided and when, or neither yet.",
                self.number,
            )
        if decided and not referred <= decided <= today:
            return self.env._(
                "The ombudsman cannot have decided on inquiry %(number)s on %(date)s: enter a day "
                "from %(first)s, when it was referred, to %(last)s, today.",
                number=self.number,
                date=format_date(self.env, decided),
                first=format_date(self.env, referred),
                last=format_date(self.env, today),
            )
        return False

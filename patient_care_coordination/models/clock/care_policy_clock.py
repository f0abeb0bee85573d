from odoo import api, fields, models
from odoo.exceptions import UserError

KINDS = [
    ("acknowledge", "Acknowledge"),
    ("contact", "Point of contact"),
    ("settle", "Settle"),
    ("inform", "Keep informed"),
    ("answer", "Answer"),
    ("promise", "Promise"),
]
UNITS = [
    ("hours", "hours"),
    ("working_days", "working days"),
    ("calendar_days", "calendar days"),
    ("months", "months"),
    ("months_from_day", "months, the day of receipt included"),
]
SEVERITIES = [("0", "0 Not present"), ("1", "1 Low"), ("2", "2 Medium"), ("3", "3 High")]


class CarePolicyClock(models.Model):
    """One line of a policy: what is due, for which inquiries, how long after the receipt."""

    _name = "care.policy.clock"
    _description = "Clock of a Policy"
    _order = "policy_id, sequence, id"
    _rec_name = "kind"

    policy_id = fields.Many2one("care.policy", required=True, index=True, ondelete="cascade")
    company_id = fields.Many2one(related="policy_id.company_id", store=True, index=True)
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    kind = fields.Selection(
        KINDS,
        string="What",
        required=True,
        help="Acknowledge: tell the person that it arrived. Point of contact: somebody speaks to "
        "the person. Settle: it is closed. Keep informed: say how it stands. Answer: the person "
        "is told the answer. Promise: proposed as the time of a promise; starts no deadline.",
    )
    nature_ids = fields.Many2many(
        "care.nature", string="Natures", help="Empty: inquiries of every nature."
    )
    severity_from = fields.Selection(
        SEVERITIES,
        string="Severity from",
        help="The most serious issue of the inquiry is at least this. Empty: any.",
    )
    severity_to = fields.Selection(
        SEVERITIES,
        string="Severity to",
        help="The most serious issue of the inquiry is at most this. Empty: any.",
    )
    amount = fields.Integer("Within", required=True, default=1)
    unit = fields.Selection(UNITS, required=True, default="working_days")
    recurring = fields.Boolean(
        "Repeats",
        help="When it was done and the inquiry is still not answered, the clock starts anew.",
    )
    cap_amount = fields.Integer(
        "At most",
        help="How long after the receipt an extension may reach, unless the person agreed to "
        "more. Zero: no limit.",
    )
    cap_unit = fields.Selection(UNITS, string="Unit of the cap")
    warn_amount = fields.Integer(
        "Due soon before",
        default=1,
        help="How long before the end it counts as due soon, and the person responsible is told.",
    )
    lead_amount = fields.Integer(
        "Lead is told before",
        help="How long before the end the lead is told too. Zero: at the end, with the "
        "supervisors.",
    )
    warn_unit = fields.Selection(
        [pair for pair in UNITS if not pair[0].startswith("months")],
        string="Unit of warnings",
        required=True,
        default="working_days",
    )
    source = fields.Char(
        "Rule",
        translate=True,
        help="The rule it comes from. Check it against the text that holds for you: this is no "
        "legal advice.",
    )

    _amount_positive = models.Constraint(
        "CHECK (amount BETWEEN 1 AND 3660)", "A clock runs at least 1 and at most 3,660 units."
    )
    _cap_whole = models.Constraint(
        "CHECK (cap_amount = 0 OR cap_amount BETWEEN 1 AND 3660 AND cap_unit IS NOT NULL)",
        "What an extension may reach at most needs a positive number and a unit.",
    )
    _warnings_in_order = models.Constraint(
        "CHECK (lead_amount >= 0 AND warn_amount BETWEEN lead_amount AND 3660)",
        "The person responsible is told before the lead, and both before the end.",
    )
    _severities_in_order = models.Constraint(
        "CHECK (severity_from IS NULL OR severity_to IS NULL OR severity_from <= severity_to)",
        "The lowest severity of a clock cannot be above its highest.",
    )

    @api.ondelete(at_uninstall=False)
    def _unlink_except_used(self):
        used = self.env["care.deadline"].sudo().search([("clock_id", "in", self.ids)], limit=1)
        if used:
            raise UserError(
                self.env._(
                    "This line of %s has set deadlines of inquiries and must stay: archive it "
                    "instead.",
                    used.policy_id.name,
                )
            )

    def _care_holds_for(self, nature, severity):
        """Whether this line concerns an inquiry.

        :param severity: that of its gravest issue, ``False`` where none is stated
        """
        self.ensure_one()
        if self.nature_ids and nature not in self.nature_ids:
            return False
        severity = severity or "0"
        return (self.severity_from or "0") <= severity <= (self.severity_to or "3")

    def _care_times(self, clock, start, due=None):
        """What a deadline of this line stores of time, begun at ``start``.

        :param clock: ``calendar_math.Clock``
        :param due: when it was set otherwise than by the amount, as by an extension
        """
        due = due or clock.due(start, self.amount, self.unit)
        warn = clock.before(due, self.warn_amount, self.warn_unit)
        lead = clock.before(due, self.lead_amount, self.warn_unit) if self.lead_amount else due
        warn = min(max(warn, start), due)
        return {
            "due": due,
            "soon_date": warn,
            "lead_date": min(max(lead, warn), due),
            "escalate_date": warn,
        }

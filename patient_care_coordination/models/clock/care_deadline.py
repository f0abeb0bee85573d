import logging
from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Domain
from odoo.tools import format_date, format_datetime

from ..common.from_page import from_page
from ..common.guard import as_server
from . import calendar_math
from .care_policy_clock import KINDS, UNITS

_logger = logging.getLogger(__name__)
STATES = [
    ("missed", "Missed"),
    ("due_soon", "Due soon"),
    ("running", "Running"),
    ("met", "Met"),
]
# What an answer does too: nobody waits for an acknowledgement who has the answer.
MET_BY_ANSWER = ("acknowledge", "contact", "inform", "answer")


class CareDeadline(models.Model):
    """One clock of one inquiry, running, met or missed.

    Written by the methods of this room alone: nobody has the right to, so that no clock can be
    turned back by hand. Moments are in UTC.
    """

    _name = "care.deadline"
    _description = "Deadline of an Inquiry"
    _order = "round desc, due, id"

    ticket_id = fields.Many2one(
        "helpdesk.ticket",
        string="Inquiry",
        required=True,
        index=True,
        readonly=True,
        ondelete="restrict",
    )
    company_id = fields.Many2one(related="ticket_id.company_id", store=True, index=True)
    team_id = fields.Many2one(related="ticket_id.team_id", string="Team")
    user_id = fields.Many2one(related="ticket_id.user_id", string="Person")
    policy_id = fields.Many2one(
        "care.policy", required=True, index=True, readonly=True, ondelete="restrict"
    )
    clock_id = fields.Many2one(
        "care.policy.clock",
        string="Line of the policy",
        required=True,
        index=True,
        readonly=True,
        ondelete="restrict",
    )
    source = fields.Char(related="clock_id.source", string="Rule")
    kind = fields.Selection(KINDS, string="What", required=True, readonly=True)
    # As the policy said when the clock started: editing the policy moves no running clock.
    amount = fields.Integer(readonly=True)
    unit = fields.Selection(UNITS, readonly=True)
    round = fields.Integer(
        required=True, default=1, readonly=True, help="Reopening an inquiry starts a new round."
    )
    start = fields.Datetime("Clock starts", required=True, readonly=True)
    since = fields.Datetime(
        "Counts from",
        required=True,
        readonly=True,
        help="Only what was done after this meets the deadline.",
    )
    due = fields.Datetime(required=True, readonly=True)
    first_due = fields.Datetime("First due", required=True, readonly=True)
    soon_date = fields.Datetime("Due soon from", required=True, readonly=True)
    lead_date = fields.Datetime("Lead is told", required=True, readonly=True)
    extended = fields.Boolean(readonly=True)
    met_date = fields.Datetime("Met", readonly=True)
    met_by = fields.Selection(
        [
            ("told", "The person was told"),
            ("closed", "The inquiry was closed"),
            ("contact", "A contact or letter"),
        ],
        string="Met by",
        readonly=True,
    )
    late = fields.Boolean(
        "Met too late", compute="_compute_late", store=True, help="Done, but after the end."
    )
    working_days = fields.Integer(
        "Working days until met",
        compute="_compute_working_days",
        store=True,
        aggregator="avg",
        help="After the day on which the clock started, by the calendar of the policy; zero until "
        "it is met.",
    )
    claimed_date = fields.Datetime(
        "Said to be done",
        readonly=True,
        help="It was noted only after the deadline had passed that it was done in time. It counts "
        "from when it was noted, unless a supervisor accepts it.",
    )
    accepted = fields.Boolean(
        "Accepted afterwards",
        readonly=True,
        help="A supervisor accepted that it was done in time, though it was noted too late.",
    )
    void_date = fields.Datetime(
        "No longer needed", readonly=True, help="The nature of the inquiry does not ask for it."
    )
    escalate_date = fields.Datetime(
        "Next escalation", readonly=True, help="When somebody is told next; empty: nobody is."
    )
    state = fields.Selection(
        [*STATES, ("void", "No longer needed")], compute="_compute_state", search="_search_state"
    )
    due_text = fields.Char("Due by", compute="_compute_due_text")
    change_ids = fields.One2many(
        "care.deadline.change", "deadline_id", string="Changes", readonly=True
    )

    _open_idx = models.Index("(ticket_id, due) WHERE met_date IS NULL AND void_date IS NULL")
    _escalate_idx = models.Index(
        "(escalate_date, id) WHERE escalate_date IS NOT NULL"
        " AND met_date IS NULL AND void_date IS NULL"
    )

    @api.depends("kind", "due", "unit", "company_id")
    @api.depends_context("lang")
    def _compute_display_name(self):
        for deadline in self:
            deadline.display_name = self.env._(
                "%(what)s by %(date)s",
                what=deadline._care_word() if deadline.kind else "",
                date=deadline.due_text or "",
            )

    @api.depends("due", "met_date")
    def _compute_late(self):
        for deadline in self:
            deadline.late = bool(deadline.met_date and deadline.met_date > deadline.due)

    @api.depends("start", "met_date", "policy_id", "company_id")
    def _compute_working_days(self):
        met = self.filtered("met_date")
        (self - met).working_days = 0
        clocks = met.policy_id._care_clocks(met.company_id) if met else {}
        for row in met:
            clock = clocks[row.policy_id.id, row.company_id.id]
            row.working_days = clock.working_days(row.start, row.met_date)

    @api.depends("due", "soon_date", "met_date", "void_date")
    def _compute_state(self):
        """Missed is also what was done too late: the fact stays."""
        now = fields.Datetime.now()
        for deadline in self:
            if deadline.void_date:
                deadline.state = "void"
            elif (deadline.met_date or now) > deadline.due:
                deadline.state = "missed"
            elif deadline.met_date:
                deadline.state = "met"
            else:
                deadline.state = "due_soon" if deadline.soon_date <= now else "running"

    def _search_state(self, operator, value):
        if operator != "in":
            return NotImplemented
        now = fields.Datetime.now()
        real, unmet = Domain("void_date", "=", False), Domain("met_date", "=", False)
        late = Domain("late", "=", True)
        by_state = {
            "void": Domain("void_date", "!=", False),
            "met": real & ~unmet & ~late,
            "missed": real & (unmet & Domain("due", "<", now) | ~unmet & late),
            "due_soon": real & unmet & Domain("soon_date", "<=", now) & Domain("due", ">=", now),
            "running": real & unmet & Domain("soon_date", ">", now),
        }
        return Domain.OR(by_state[state] for state in value if state in by_state)

    @api.depends("due", "unit", "company_id")
    @api.depends_context("lang")
    def _compute_due_text(self):
        for deadline in self:
            deadline.due_text = deadline.due and deadline._care_text(deadline.due)

    def _care_text(self, moment):
        """A moment in the words and the time zone of the hospital: a day, or to the minute."""
        self.ensure_one()
        zone = self.company_id._care_zone()
        if self.unit != calendar_math.HOURS:
            return format_date(self.env, calendar_math.local_day(moment, zone))
        return format_datetime(self.env, moment, tz=zone, dt_format="short")

    def _care_cap(self, clock):
        """How far an extension may reach where the person did not agree to more."""
        line = self.clock_id
        return clock.due(self.start, line.cap_amount, line.cap_unit)

    def _care_open(self):
        """Those that are neither met nor void."""
        return self.filtered(lambda deadline: not deadline.met_date and not deadline.void_date)

    def _care_word(self):
        """What is due, in the reader's words."""
        self.ensure_one()
        return dict(self._fields["kind"]._description_selection(self.env))[self.kind]

    def _care_done_text(self):
        """What was done and when, in the reader's words; says so when it was late."""
        self.ensure_one()
        words = {
            "acknowledge": self.env._("Acknowledged"),
            "contact": self.env._("Point of contact given"),
            "settle": self.env._("Settled"),
            "inform": self.env._("Kept informed"),
            "answer": self.env._("Answered"),
        }
        values = {"what": words[self.kind], "date": self._care_text(self.met_date)}
        if self.late:
            return self.env._("%(what)s late, %(date)s", **values)
        return self.env._("%(what)s, %(date)s", **values)

    # ------------------------------------------------------------------
    # Changing
    # ------------------------------------------------------------------

    def _care_mark(self, when, how):
        """Note that these were done at ``when``.

        What is noted too late to be believed counts from now; see ``_care_backdated``.
        """
        if not self:
            return
        rows, now = self.sudo(), fields.Datetime.now()
        doubted = rows.filtered(
            lambda row: (row.late or not row.met_date) and row._care_backdated(when, now)
        )
        done = {"met_by": how, "escalate_date": False}
        (rows - doubted).write({**done, "met_date": when, "claimed_date": False})
        doubted.write({**done, "claimed_date": when})
        doubted.filtered(lambda row: not row.met_date).write({"met_date": now})
        self._care_drop_activities()

    def _care_backdated(self, when, now):
        """Whether "done at ``when``" would turn back a deadline that had passed before it was said.

        A short time for writing it down is the policy's to give.
        """
        self.ensure_one()
        grace = timedelta(hours=self.policy_id.late_entry_hours)
        return when <= self.due < now and now - when > grace

    def _care_doubt(self):
        """Let what new inquiries bring with them as done count from now, where it is backdated.

        A supervisor who brings in what was done is believed, by name.
        """
        now, user = fields.Datetime.now(), self.env.user
        rows = self.sudo().filtered(
            lambda row: row.met_date and row._care_backdated(row.met_date, now)
        )
        if not rows:
            return
        if user.has_group("patient_care_coordination.group_supervisor"):
            rows.write({"accepted": True})
            rows._care_note_accepted(self.env._("Brought in as it was done"), "met_date")
            return
        for when, doubted in rows.grouped("met_date").items():
            doubted.write({"claimed_date": when, "met_date": now})

    @from_page(one=True)
    def action_care_accept(self):
        """Open the form by which a supervisor accepts what was noted too late."""
        self.ensure_one()
        action = self.env["ir.actions.actions"]._for_xml_id(
            "patient_care_coordination.action_care_accept"
        )
        return action | {"context": {"default_deadline_id": self.id}}

    def _care_accept(self, reason):
        """Count these as done when they are said to be; the reason stays in their history.

        Raises AccessError unless a supervisor does it, UserError without a reason or a claim.
        """
        if not self.env.user.has_group("patient_care_coordination.group_supervisor"):
            raise AccessError(
                self.env._(
                    "Only a supervisor accepts that something was done before it was noted: ask "
                    "one."
                )
            )
        self.ticket_id.check_access("write")
        if not (reason or "").strip():
            raise UserError(self.env._("Say why it is accepted: the reason is kept and reported."))
        rows = self.sudo()
        for row in rows:
            if not row.claimed_date or row.accepted:
                raise UserError(
                    self.env._(
                        "%s: nothing was noted too late here, so there is nothing to accept.",
                        row.display_name,
                    )
                )
        for when, claimed in rows.grouped("claimed_date").items():
            claimed.write({"met_date": when, "accepted": True})
        rows._care_note_accepted(reason.strip(), "claimed_date")

    def _care_note_accepted(self, reason, name):
        self.env["care.deadline.change"]._care_note(
            [(row, "accepted", row.due, row.due, reason, {"told_date": row[name]}) for row in self]
        )

    def _care_unmark(self):
        """Open these again: what said that they were done is not there any more."""
        for moment, deadlines in self.grouped("soon_date").items():
            deadlines.sudo().write(
                {
                    "met_date": False,
                    "met_by": False,
                    "claimed_date": False,
                    "accepted": False,
                    "escalate_date": moment,
                }
            )

    def _care_again(self, when):
        """Start what recurs anew at ``when``, unless the answer is there."""
        rows = []
        for deadline in self.filtered("clock_id.recurring"):
            ticket = deadline.ticket_id
            answered = ticket._care_rows().filtered(lambda row: row.kind == "answer")
            if ticket.closed or (answered and not answered._care_open()):
                continue
            policy, company = deadline.policy_id, deadline.company_id
            clock = policy._care_clocks(company)[policy.id, company.id]
            rows.append(ticket._care_deadline_values(deadline.clock_id, clock, when))
        as_server(self.env["care.deadline"]).create(rows)

    def _care_replace(self, line, values, reason, never_later):
        """Take over what the policy now says, keep what it was; see ``_care_note``."""
        self.ensure_one()
        policy, company = line.policy_id, self.company_id
        names = ("due", "soon_date", "lead_date", "escalate_date")
        if self.start == values["start"]:
            times = {name: values[name] for name in names}
        else:
            # One that recurs started later.
            clock = policy._care_clocks(company)[policy.id, company.id]
            times = line._care_times(clock, self.start)
        was, due = self.due, times["due"]
        if never_later and due >= was:
            return []
        facts = {
            "policy_id": policy.id,
            "clock_id": line.id,
            "amount": line.amount,
            "unit": line.unit,
            "first_due": due,
            "extended": False,
        }
        if due == was:
            # Nobody is told again of what stays as it was.
            del times["escalate_date"]
        else:
            self._care_drop_activities()
        self.sudo().write(facts | times)
        return [(self, "recomputed", was, due, reason, {})] if due != was else []

    def _care_void(self, reason):
        """Note that these are no longer needed; they stay as history."""
        if not self:
            return
        now = fields.Datetime.now()
        self.sudo().write({"void_date": now, "escalate_date": False})
        self._care_drop_activities()
        self.env["care.deadline.change"]._care_note(
            [(deadline, "void", deadline.due, False, reason, {}) for deadline in self]
        )

    def _care_drop_activities(self):
        """Take back what people were told about these: it is done."""
        self.env["mail.activity"].sudo().search([("care_deadline_id", "in", self.ids)]).unlink()

    # ------------------------------------------------------------------
    # Escalation
    # ------------------------------------------------------------------

    @api.model
    def _care_escalation_domain(self):
        return (
            Domain("escalate_date", "<=", fields.Datetime.now())
            & Domain("met_date", "=", False)
            & Domain("void_date", "=", False)
        )

    @api.model
    def _cron_care_escalate(self, batch_size=100):
        """Tell people of deadlines that end soon or have ended; each step once.

        Killed at any moment it goes on where it was: what a batch told is committed with the rows
        that say so. Of two runs at once each skips what the other has locked.
        """
        cron = self.env["ir.cron"]
        domain = self._care_escalation_domain()
        deadlines = self.sudo().search(domain, order="escalate_date, id")
        cron._commit_progress(remaining=len(deadlines))
        for start in range(0, len(deadlines), batch_size):
            batch = deadlines[start : start + batch_size]
            locked = batch.try_lock_for_update(allow_referencing=True)
            # Another run may have told of it since the list was made.
            locked.invalidate_recordset()
            locked.filtered_domain(domain)._care_escalate_safely()
            if not cron._commit_progress(len(batch)):
                break

    def _care_escalate_safely(self):
        """Escalate all, or where one fails the others one by one: it must not silence them."""
        tickets = self.env["helpdesk.ticket"]
        try:
            with tickets._care_savepoint():
                self._care_escalate()
        except Exception:
            if len(self) == 1:
                _logger.exception("Escalation of deadline %s failed", self.id)
                return
            for deadline in self:
                deadline._care_escalate_safely()

    def _care_escalate(self):
        """Tell whom each step that has come concerns, and note the next one."""
        now = fields.Datetime.now()
        wanted = [
            (deadline.id, step, deadline.due)
            for deadline in self
            for step, moment in deadline._care_steps()
            if moment <= now
        ]
        told = self.env["care.escalation"]._care_record(wanted)
        self._care_notify(told)
        for moment, deadlines in self.grouped(lambda row: row._care_next_step(now)).items():
            deadlines.write({"escalate_date": moment})

    def _care_steps(self):
        return [("person", self.soon_date), ("lead", self.lead_date), ("breach", self.due)]

    def _care_next_step(self, now):
        return min((moment for _step, moment in self._care_steps() if moment > now), default=False)

    def _care_notify(self, told):
        """Give each person concerned one activity, which tells the number of the inquiry alone.

        :param told: ``{deadline id: {step, ...}}`` of what is new
        """
        deadlines = self.browse(told)
        missed = deadlines.filtered(lambda row: "breach" in told[row.id])
        # The warning gives way to the news that it came true.
        missed._care_drop_activities()
        rows = []
        model_id = self.env["ir.model"]._get_id("helpdesk.ticket")
        supervisors = self._care_supervisors()
        for deadline in deadlines:
            steps, ticket = told[deadline.id], deadline.ticket_id
            breach = "breach" in steps
            person, lead = ticket.user_id, ticket._care_lead()
            users = person or lead
            if "lead" in steps or breach:
                users |= lead
            if breach:
                users |= supervisors.filtered(
                    lambda user, company=ticket.company_id: company in user.company_ids
                )
            kind = "clock_missed" if breach else "clock_soon"
            activity_type = self.env.ref(f"patient_care_coordination.activity_{kind}")
            for user in users - ticket.care_about_user_ids:
                words = deadline.with_context(lang=user.lang)
                rows.append(
                    {
                        "activity_type_id": activity_type.id,
                        "res_model_id": model_id,
                        "res_id": ticket.id,
                        "user_id": user.id,
                        "automated": True,
                        "summary": words._care_summary(breach),
                        "date_deadline": calendar_math.local_day(
                            deadline.due, deadline.company_id._care_zone()
                        ),
                        "care_deadline_id": deadline.id,
                    }
                )
        self.env["mail.activity"].create(rows)

    def _care_summary(self, breach):
        values = {
            "number": self.ticket_id.number,
            "what": self._care_word(),
            "date": self._care_text(self.due),
        }
        if breach:
            return self.env._("%(number)s: %(what)s was due by %(date)s", **values)
        return self.env._("%(number)s: %(what)s is due by %(date)s", **values)

    def _care_supervisors(self):
        group = self.env.ref("patient_care_coordination.group_supervisor")
        return group.all_user_ids.filtered("active")

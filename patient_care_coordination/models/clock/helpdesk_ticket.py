from datetime import timedelta

from odoo import SUPERUSER_ID, api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Domain
from odoo.tools import SQL, format_date, format_datetime

from ..common.from_page import from_page
from ..inquiry.helpdesk_ticket import OURS, STAFF
from . import calendar_math
from .care_deadline import STATES

# What this room alone writes; a client that could would turn clocks back.
KEPT = {
    "care_policy_id",
    "care_round",
    "care_reopened_date",
    "care_next_due",
    "care_next_soon",
    "care_met_late",
    "care_any_met",
}


class HelpdeskTicket(models.Model):
    """How long an inquiry has: its deadlines, what they look like, and who may move them.

    Clocks run from the receipt, also when it is logged later. No stage pauses them; time spent
    waiting for consent is shown beside and never taken off.
    """

    _inherit = "helpdesk.ticket"

    care_policy_id = fields.Many2one(
        "care.policy",
        string="Deadline policy",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="restrict",
        groups=STAFF,
    )
    care_deadline_ids = fields.One2many(
        "care.deadline", "ticket_id", string="Deadlines", readonly=True, copy=False, groups=STAFF
    )
    care_deadline_change_ids = fields.One2many(
        "care.deadline.change",
        "ticket_id",
        string="Changes of deadlines",
        readonly=True,
        copy=False,
        groups=STAFF,
    )
    care_round = fields.Integer(
        "Round", default=1, readonly=True, copy=False, help="Each reopening starts a new round."
    )
    care_reopened_date = fields.Datetime("Reopened", readonly=True, copy=False)
    care_next_due = fields.Datetime(
        "Next due",
        compute="_compute_care_next_due",
        store=True,
        readonly=True,
        copy=False,
        groups=STAFF,
        help="When the nearest open deadline ends.",
    )
    care_next_soon = fields.Datetime(
        "Next due soon from",
        compute="_compute_care_next_due",
        store=True,
        readonly=True,
        copy=False,
        groups=STAFF,
    )
    care_met_late = fields.Boolean(
        "A deadline was missed",
        compute="_compute_care_next_due",
        store=True,
        readonly=True,
        copy=False,
        groups=STAFF,
        help="Of this round, something was done only after its end.",
    )
    care_any_met = fields.Boolean(
        "A deadline was met",
        compute="_compute_care_next_due",
        store=True,
        readonly=True,
        copy=False,
        groups=STAFF,
    )
    care_clock_state = fields.Selection(
        STATES,
        string="Clock",
        compute="_compute_care_clock_state",
        search="_search_care_clock_state",
        groups=STAFF,
        help="Missed: a deadline is over, or was met too late. Met: all were kept.",
    )
    care_clock_text = fields.Char(
        "Deadline",
        compute="_compute_care_clock_text",
        groups=STAFF,
        help="What is due next and when, or what was done last.",
    )
    care_consent_asked_date = fields.Datetime(
        "Consent asked on", tracking=True, copy=False, groups=STAFF
    )
    care_consent_date = fields.Datetime(
        "Consent received on", tracking=True, copy=False, groups=STAFF
    )
    care_consent_text = fields.Char(
        "Waiting for consent",
        compute="_compute_care_consent_text",
        groups=STAFF,
        help="Shown beside the deadlines; it moves none of them.",
    )
    care_event_date = fields.Date(
        "Happened on",
        copy=False,
        groups=STAFF,
        help="When it happened, or when the person came to know of it.",
    )
    care_out_of_time = fields.Boolean(
        "After the time limit", compute="_compute_care_out_of_time", groups=STAFF
    )
    care_out_of_time_text = fields.Char(
        "Time limit", compute="_compute_care_out_of_time", groups=STAFF
    )
    care_out_of_time_reason = fields.Text(
        "Why it is looked into anyway", tracking=True, copy=False, groups=STAFF
    )

    # The order by what is due next, over the few open inquiries alone.
    _care_due_idx = models.Index(
        "(care_next_due, care_received_date, id)"
        " WHERE care_is_inquiry IS TRUE AND closed_date IS NULL"
    )
    _care_clockless_idx = models.Index(
        "(id) WHERE care_is_inquiry IS TRUE AND care_policy_id IS NULL"
    )

    @api.depends(
        "care_round",
        "care_deadline_ids.round",
        "care_deadline_ids.due",
        "care_deadline_ids.soon_date",
        "care_deadline_ids.met_date",
        "care_deadline_ids.void_date",
    )
    def _compute_care_next_due(self):
        for ticket in self:
            rows = ticket.care_deadline_ids
            if rows:
                rows = rows.filtered(
                    lambda row, round=ticket.care_round: row.round == round and not row.void_date
                )
            running = rows._care_open()
            done = rows - running
            ticket.care_next_due = min(running.mapped("due"), default=False)
            ticket.care_next_soon = min(running.mapped("soon_date"), default=False)
            ticket.care_met_late = any(row.met_date > row.due for row in done)
            ticket.care_any_met = bool(done)

    @api.depends("care_next_due", "care_next_soon", "care_met_late", "care_any_met")
    def _compute_care_clock_state(self):
        now = fields.Datetime.now()
        for ticket in self:
            if ticket.care_next_due:
                soon = ticket.care_next_soon <= now
                state = "due_soon" if soon else "running"
                ticket.care_clock_state = "missed" if ticket.care_next_due < now else state
            elif ticket.care_any_met:
                ticket.care_clock_state = "missed" if ticket.care_met_late else "met"
            else:
                ticket.care_clock_state = False

    def _search_care_clock_state(self, operator, value):
        if operator != "in":
            return NotImplemented
        now = fields.Datetime.now()
        running = Domain("care_next_due", "!=", False)
        late = Domain("care_met_late", "=", True)
        done = Domain("care_next_due", "=", False) & Domain("care_any_met", "=", True)
        by_state = {
            "missed": Domain("care_next_due", "<", now) | done & late,
            "due_soon": Domain("care_next_due", ">=", now) & Domain("care_next_soon", "<=", now),
            "running": running & Domain("care_next_soon", ">", now),
            "met": done & ~late,
            False: Domain("care_next_due", "=", False) & Domain("care_any_met", "=", False),
        }
        return Domain.OR(by_state[state] for state in value if state in by_state)

    def _field_to_sql(self, alias, field_expr, query=None):
        """Group lists by the state of the clock, which changes with the hour and is not stored."""
        if field_expr != "care_clock_state":
            return super()._field_to_sql(alias, field_expr, query)
        self._check_field_access(self._fields[field_expr], "read")
        return SQL(
            "CASE WHEN %(due)s < %(now)s THEN 'missed' WHEN %(soon)s <= %(now)s THEN 'due_soon'"
            " WHEN %(due)s IS NOT NULL THEN 'running' WHEN %(late)s THEN 'missed'"
            " WHEN %(met)s THEN 'met' END",
            due=self._field_to_sql(alias, "care_next_due", query),
            soon=self._field_to_sql(alias, "care_next_soon", query),
            late=self._field_to_sql(alias, "care_met_late", query),
            met=self._field_to_sql(alias, "care_any_met", query),
            now=fields.Datetime.now(),
        )

    @api.depends("care_next_due", "care_any_met", "care_round")
    @api.depends_context("lang")
    def _compute_care_clock_text(self):
        """The nearest open deadline, else what was done last, in the hospital's time zone.

        Where something was late it is the last of those: that is what makes the clock a missed one.
        """
        texts = {}
        running = self.filtered("care_next_due")
        shown = self.filtered(lambda ticket: ticket.care_next_due or ticket.care_any_met)
        if shown:
            domain = [("ticket_id", "in", shown.ids), ("void_date", "=", False)]
            rows = self.env["care.deadline"].sudo().search(domain, order="due, id")
            opened = rows._care_open().filtered(lambda row: row.ticket_id in running)
            for row in opened:
                texts.setdefault(row.ticket_id.id, row.display_name)
            done = (rows - rows._care_open()).filtered(
                lambda row: row.ticket_id not in running and row.round == row.ticket_id.care_round
            )
            for row in done.sorted(lambda row: (row.late, row.met_date)):
                texts[row.ticket_id.id] = row._care_done_text()
        for ticket in self:
            ticket.care_clock_text = texts.get(ticket.id, False)

    @api.depends("care_consent_asked_date", "care_consent_date")
    @api.depends_context("lang")
    def _compute_care_consent_text(self):
        now = fields.Datetime.now()
        for ticket in self:
            asked, came = ticket.care_consent_asked_date, ticket.care_consent_date
            days = ((came or now) - asked).days if asked else 0
            if not asked:
                ticket.care_consent_text = False
            elif came:
                ticket.care_consent_text = self.env._("Waited %s days for consent", days)
            else:
                ticket.care_consent_text = self.env._("Waiting %s days for consent", days)

    @api.depends("care_event_date", "care_received_date", "care_policy_id", "care_nature_id")
    @api.depends_context("lang")
    def _compute_care_out_of_time(self):
        for ticket in self:
            months = ticket.sudo().care_policy_id.limit_months
            ticket.care_out_of_time = bool(
                months
                and ticket.care_event_date
                and ticket.care_received_date
                and ticket.care_nature_id.code in ("complaint", "grievance")
                and not calendar_math.within_months(
                    ticket.care_event_date,
                    calendar_math.local_day(
                        ticket.care_received_date, ticket.company_id._care_zone()
                    ),
                    months,
                )
            )
            ticket.care_out_of_time_text = ticket.care_out_of_time and self.env._(
                "Received more than %(months)s months after %(date)s: say why it is looked into "
                "all the same.",
                months=months,
                date=format_date(self.env, ticket.care_event_date),
            )

    @api.constrains("care_told_date", "care_received_date")
    def _check_told_date(self):
        """Refuse a day of telling in the future, but for clocks that differ a bit, or too early."""
        latest = fields.Datetime.now() + timedelta(minutes=5)
        for ticket in self.sudo():
            told, received = ticket.care_told_date, ticket.care_received_date
            if not told or not ticket.care_is_inquiry:
                continue
            if told > latest:
                raise ValidationError(
                    self.env._(
                        "Nobody can have been told on %(date)s, in the future: enter when the "
                        "person was told.",
                        date=format_datetime(self.env, told, dt_format="medium"),
                    )
                )
            # Told in the call that brought it, and forms show minutes alone.
            if received and told < received - timedelta(minutes=5):
                raise ValidationError(
                    self.env._(
                        "Nobody can have been told on %(told)s, before the inquiry was received "
                        "on %(received)s: correct the one that is wrong.",
                        told=format_datetime(self.env, told, dt_format="medium"),
                        received=format_datetime(self.env, received, dt_format="medium"),
                    )
                )

    # ------------------------------------------------------------------
    # Hooks of the inquiry room
    # ------------------------------------------------------------------

    @api.model
    def _care_prepare(self, vals_list):
        result = super()._care_prepare(vals_list)
        for vals in vals_list:
            for name in KEPT & vals.keys():
                del vals[name]
        return result

    def _care_created(self, notes_list):
        result = super()._care_created(notes_list)
        self._care_guard_created("clocks", self._care_start_clocks, notes_list)
        return result

    @api.model
    def _care_watched(self):
        return [
            *super()._care_watched(),
            "care_received_date",
            "care_told_date",
            "care_department_id",
        ]

    @api.model
    def _care_gate_fields(self):
        return super()._care_gate_fields() | {
            "care_event_date",
            "care_received_date",
            "care_out_of_time_reason",
        }

    def _care_closing_gaps(self):
        gaps = super()._care_closing_gaps()
        for ticket in self.sudo():
            if ticket.care_out_of_time and not (ticket.care_out_of_time_reason or "").strip():
                gaps[ticket.id].append(
                    self.env._("why it is looked into after the time limit for complaints")
                )
        return gaps

    def _care_check_changes(self, vals):
        result = super()._care_check_changes(vals)
        if KEPT & vals.keys() and self.env.context.get("care_clock") is not OURS:
            raise AccessError(
                self.env._(
                    "Clocks are never set by hand: extend the deadline, or have a supervisor "
                    "compute it anew."
                )
            )
        if "care_received_date" in vals:
            self._care_check_correction(vals["care_received_date"])
        return result

    def _care_check_correction(self, received):
        """Let supervisors alone move the date of receipt to a later day, or of what is closed.

        A later receipt would turn a missed deadline into one that was met.
        """
        supervisor = "patient_care_coordination.group_supervisor"
        if self.env.uid == SUPERUSER_ID or self.env.user.has_group(supervisor):
            return
        received = fields.Datetime.to_datetime(received)
        for ticket in self.sudo():
            known = ticket.care_received_date
            if known and received != known and (ticket.closed or not received or received > known):
                raise AccessError(
                    self.env._(
                        "Inquiry %s: only a supervisor can set a later date of receipt, or change "
                        "that of a closed inquiry. Ask one to do it.",
                        ticket.number,
                    )
                )

    def _care_changed(self, old):
        result = super()._care_changed(old)
        self._care_follow_received(old)
        self._care_follow_kind(old)
        self._care_follow_end(old)
        return result

    def _care_reopen(self, vals):
        result = super()._care_reopen(vals)
        opened = self.filtered(lambda ticket: not ticket.sudo().closed)
        if self.env.context.get("care_bounced") is OURS:
            # The person has not been told, so the clocks that ended with that were never met.
            opened._care_rows().filtered(lambda row: row.met_by == "closed")._care_unmark()
        else:
            opened._care_new_round()
        return result

    def _care_set_nature(self, nature, reason):
        self._care_check_downgrade(nature)
        return super()._care_set_nature(nature, reason)

    def _care_check_downgrade(self, nature):
        """Refuse to make an inquiry less formal, and its clocks longer, but by a supervisor."""
        lowered = self.filtered(lambda ticket: nature.rank < ticket.care_nature_id.rank)
        if not lowered or self.env.uid == SUPERUSER_ID:
            return
        if not self.env.user.has_group("patient_care_coordination.group_supervisor"):
            raise UserError(
                self.env._(
                    "Only a supervisor can turn a %(old)s into a %(new)s: it has other deadlines. "
                    "Ask one to do it.",
                    old=lowered[0].care_nature_id.name.lower(),
                    new=nature.name.lower(),
                )
            )

    # ------------------------------------------------------------------
    # Actions
    # ------------------------------------------------------------------

    @from_page()
    def action_care_make_inquiry(self):
        plain = self.filtered(lambda ticket: not ticket.care_is_inquiry)
        result = super().action_care_make_inquiry()
        plain._care_start_clocks()
        return result

    @from_page()
    def action_care_make_plain(self):
        inquiries = self.filtered("care_is_inquiry")
        result = super().action_care_make_plain()
        inquiries.sudo().care_deadline_ids._care_open()._care_void(
            self.env._("It is no inquiry any more.")
        )
        return result

    @from_page(one=True)
    def action_care_extend(self):
        """Open the form that records an extension."""
        self.ensure_one()
        action = self.env["ir.actions.actions"]._for_xml_id(
            "patient_care_coordination.action_care_extend"
        )
        return action | {"context": {"default_ticket_id": self.id}}

    @from_page()
    def action_care_recompute(self):
        """Open the form that computes the deadlines anew, with a reason."""
        action = self.env["ir.actions.actions"]._for_xml_id(
            "patient_care_coordination.action_care_recompute"
        )
        return action | {"context": {"default_ticket_ids": self.ids}}

    @from_page()
    def action_care_consent_asked(self):
        """Note that consent was asked for now; it moves no deadline."""
        self.write({"care_consent_asked_date": fields.Datetime.now(), "care_consent_date": False})
        return True

    @from_page()
    def action_care_consent_came(self):
        """Note that the consent came."""
        self.filtered("care_consent_asked_date").write({"care_consent_date": fields.Datetime.now()})
        return True

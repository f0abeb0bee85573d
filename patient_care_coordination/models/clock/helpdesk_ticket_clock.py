import logging

from odoo import SUPERUSER_ID, api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import format_datetime

from ..common.guard import OURS, as_server
from . import calendar_math
from .care_deadline import MET_BY_ANSWER

_logger = logging.getLogger(__name__)


class HelpdeskTicket(models.Model):
    """How deadlines start, are met, extended and computed anew."""

    _inherit = "helpdesk.ticket"

    # ------------------------------------------------------------------
    # Starting
    # ------------------------------------------------------------------

    def _care_policies(self):
        """``{ticket id: policy}``: of the department, else of the nature, else of the company."""
        policies = {}
        for company, tickets in self.sudo().grouped("company_id").items():
            default = company._care_policy()
            for ticket in tickets.with_company(company):
                policies[ticket.id] = (
                    ticket.care_department_id._care_own_policy()
                    or ticket.care_nature_id.care_policy_id
                    or default
                )
        return policies

    def _care_set_policies(self):
        """Store the policy that now holds for each; deadlines that run are left alone."""
        policies = self._care_policies()
        for policy, tickets in self.grouped(lambda ticket: policies[ticket.id]).items():
            tickets.sudo().with_context(care_clock=OURS).write({"care_policy_id": policy.id})

    def _care_start_clocks(self, notes_list=None):
        """Start the deadlines of inquiries that have none, in one batch.

        What arrives answered or closed, as in an import, has them met by then.
        """
        self._care_set_policies()
        rows = [row for rows in self._care_plan().values() for row in rows.values()]
        deadlines = as_server(self.env["care.deadline"]).create(rows)
        if self.env.uid != SUPERUSER_ID:
            deadlines.sudo(False)._care_doubt()

    def _care_plan(self):
        """``{ticket id: {line of the policy: values of its deadline}}`` for the present round."""
        tickets = self.sudo()
        clocks = tickets.care_policy_id._care_clocks(tickets.company_id)
        plan = {}
        for ticket in tickets:
            start, policy = ticket._care_round_start(), ticket.care_policy_id
            plan[ticket.id] = {
                line: ticket._care_deadline_values(
                    line, clocks[policy.id, ticket.company_id.id], start
                )
                for line in ticket._care_lines()
                if line.kind != "promise"
            }
        return plan

    def _care_lines(self):
        """The lines of its policy that hold for this inquiry: of each kind the first."""
        self.ensure_one()
        lines = {}
        for line in self.care_policy_id.clock_ids.sorted(lambda line: (line.sequence, line.id)):
            if line.kind in lines or not line.active:
                continue
            if line._care_holds_for(self.care_nature_id, self._care_severity(line)):
                lines[line.kind] = line
        return list(lines.values())

    def _care_deadline_values(self, line, clock, start, since=None):
        """Values of one deadline of this inquiry; see ``care.deadline``."""
        since = since or start
        times = line._care_times(clock, start)
        met_date, met_by = self._care_done(line.kind, since)
        if met_date:
            times["escalate_date"] = False
        return times | {
            "ticket_id": self.id,
            "policy_id": line.policy_id.id,
            "clock_id": line.id,
            "kind": line.kind,
            "amount": line.amount,
            "unit": line.unit,
            "round": self.care_round,
            "start": start,
            "since": since,
            "first_due": times["due"],
            "met_date": met_date,
            "met_by": met_by,
        }

    def _care_round_start(self):
        """When the clocks of the present round start: at the receipt, later at the reopening."""
        self.ensure_one()
        if self.care_round > 1 and self.care_reopened_date:
            return self.care_reopened_date
        return self.care_received_date or self.create_date

    def _care_severity(self, line):
        """The severity of the gravest issue, looked up where a line asks for it alone."""
        if not line.severity_from and not line.severity_to:
            return False
        return max((s for s in self.care_issue_ids.mapped("severity") if s), default=False)

    def _care_done(self, kind, since):
        """``(when, how)`` this inquiry shows that something was done after ``since``."""
        told = self.care_told_date
        if kind in MET_BY_ANSWER and told and since <= told <= fields.Datetime.now():
            return told, "told"
        if self.closed:
            return max(self.closed_date or fields.Datetime.now(), since), "closed"
        return False, False

    def _care_rows(self):
        """The deadlines of the present round that count."""
        return self.sudo().care_deadline_ids.filtered(
            lambda row: row.round == row.ticket_id.care_round and not row.void_date
        )

    @api.model
    def _cron_care_start_clocks(self, batch_size=200):
        """Start the clocks of inquiries that have none.

        Those from before there were clocks, and those whose intake failed at this step. Deadlines
        that were over before they were known are shown as missed; nobody is told of each.
        """
        cron = self.env["ir.cron"]
        domain = [("care_is_inquiry", "=", True), ("care_policy_id", "=", False)]
        tickets = self.sudo().with_context(active_test=False).search(domain, order="id")
        cron._commit_progress(remaining=len(tickets))
        for start in range(0, len(tickets), batch_size):
            batch = tickets[start : start + batch_size]
            locked = batch.try_lock_for_update(allow_referencing=True)
            locked.invalidate_recordset()
            locked.filtered_domain(domain)._care_start_clocks_safely()
            if not cron._commit_progress(len(batch)):
                break

    def _care_start_clocks_safely(self):
        """Start all, or where one fails the others one by one."""
        if not self:
            return
        try:
            with self._care_savepoint():
                self._care_start_clocks()
                over = self._care_rows().filtered(lambda row: row.state == "missed")
                over.write({"escalate_date": False})
        except Exception:
            if len(self) == 1:
                _logger.exception("The clocks of inquiry %s could not be started", self.id)
                return
            for ticket in self:
                ticket._care_start_clocks_safely()

    # ------------------------------------------------------------------
    # Meeting
    # ------------------------------------------------------------------

    def _care_meet(self, kind, when=None):
        """Note that what ``kind`` asks for was done at ``when`` (naive UTC, default now).

        An answer also meets an open acknowledgement. Harmless where no such deadline is open.
        """
        when = when or fields.Datetime.now()
        kinds = MET_BY_ANSWER if kind == "answer" else (kind,)
        rows = self._care_rows()._care_open()
        rows = rows.filtered(lambda row: row.kind in kinds and row.since <= when)
        rows._care_mark(when, "contact")
        if kind != "answer":
            rows._care_again(when)

    def _care_unmeet(self, kind, when):
        """Open again what ``_care_meet`` noted at ``when``: it turned out not to have been done."""
        rows = self._care_rows().filtered(
            lambda row: (
                row.kind == kind
                and row.met_by == "contact"
                and when in (row.met_date, row.claimed_date)
            )
        )
        rows._care_unmark()

    def _care_follow_end(self, old):
        """Meet, or open again, what hangs on the person being told and on the closing."""
        stages = self.env["helpdesk.ticket.stage"]
        tickets = self.sudo().filtered(
            lambda ticket: (
                "care_told_date" in old[ticket.id]
                and old[ticket.id]["care_told_date"] != ticket.care_told_date
                or ticket.closed
                and not old[ticket.id].get("stage_id", stages).closed
                and "stage_id" in old[ticket.id]
            )
        )
        duplicates = tickets.filtered(lambda t: t.closed and t.care_outcome == "duplicate")
        duplicates._care_supersede()
        marks = {}
        for row in tickets._care_rows():
            if row.met_by == "contact" or row.met_by == "closed" and row.kind == "settle":
                continue
            mark = row.ticket_id._care_done(row.kind, row.since)
            if mark != (row.claimed_date or row.met_date, row.met_by):
                marks[mark] = marks.get(mark, row.browse()) | row
        for (when, how), rows in marks.items():
            if when:
                rows._care_mark(when, how)
            else:
                rows._care_unmark()

    def _care_supersede(self):
        """End the clocks of duplicates, which the inquiry that each duplicates goes on running.

        What has been missed stays missed. An answer that is given elsewhere was given in time by
        nobody here.
        """
        now = fields.Datetime.now()
        for other, tickets in self.sudo().grouped("duplicate_id").items():
            rows = tickets._care_rows().filtered(
                lambda row: (
                    (not row.met_date and row.due >= now)
                    or (row.kind == "answer" and row.met_by == "told" and not row.late)
                )
            )
            rows._care_void(self.env._("Goes on at inquiry %s, which it duplicates", other.number))

    # ------------------------------------------------------------------
    # Extending
    # ------------------------------------------------------------------

    def _care_extend(self, kind, new_due, reason, told_date, told_how, agreed=False):
        """Set a new date for the open deadline of ``kind``, which the person was told of.

        The person must have been told before the old date passed; the old date is kept. Raises
        UserError where something is missing, and AccessError for who is no coordinator.

        :param new_due: naive UTC; of a clock of days its local day counts, to the end
        :param told_how: by letter, by phone …
        :param agreed: the person agreed to it, as some policies ask beyond their limit
        """
        self.ensure_one()
        self._care_check_may_extend()
        row = self._care_rows()._care_open().filtered(lambda row: row.kind == kind)[:1]
        if not row:
            raise UserError(
                self.env._(
                    "Inquiry %(number)s has no open deadline of this kind, so there is nothing to "
                    "extend.",
                    number=self.number,
                )
            )
        clock = row.policy_id._care_clocks(row.company_id)[row.policy_id.id, row.company_id.id]
        if row.unit != calendar_math.HOURS:
            new_due = calendar_math.end_of_day(
                calendar_math.local_day(new_due, clock.zone), clock.zone
            )
        self._care_check_extension(row, new_due, reason, told_date, told_how)
        self._care_check_cap(row, clock, new_due, agreed)
        old_due = row.due
        row._care_drop_activities()
        row.write(row.clock_id._care_times(clock, row.start, new_due) | {"extended": True})
        more = {"told_date": told_date, "told_how": told_how, "agreed": agreed}
        self.env["care.deadline.change"]._care_note(
            [(row, "extended", old_due, new_due, reason, more)]
        )
        return row

    def _care_check_may_extend(self):
        self.check_access("write")
        group = "patient_care_coordination.group_coordinator"
        if not self.env.su and not self.env.user.has_group(group):
            raise AccessError(self.env._("Only coordinators extend deadlines: ask one of them."))

    def _care_check_extension(self, row, new_due, reason, told_date, told_how):
        now = fields.Datetime.now()
        if not (reason or "").strip():
            raise UserError(self.env._("Say why more time is needed: the reason is kept."))
        if not told_date or not (told_how or "").strip():
            raise UserError(
                self.env._(
                    "A new date counts only if the person was told of it: enter when and how."
                )
            )
        if told_date > now:
            raise UserError(
                self.env._(
                    "Nobody can have been told on %(date)s, in the future: tell the person first.",
                    date=self._care_moment(told_date),
                )
            )
        if told_date > row.due:
            raise UserError(
                self.env._(
                    "%(what)s was due by %(due)s, and the person was told only on %(told)s. An "
                    "extension must be told before the time is over, so the deadline stays missed.",
                    what=row._care_word(),
                    due=row._care_text(row.due),
                    told=self._care_moment(told_date),
                )
            )
        if told_date < row.start:
            raise UserError(
                self.env._(
                    "The person cannot have been told on %(told)s, before the clock started on "
                    "%(start)s.",
                    told=self._care_moment(told_date),
                    start=self._care_moment(row.start),
                )
            )
        if new_due == row.due:
            raise UserError(
                self.env._(
                    "%(what)s is due by %(due)s already: enter another date.",
                    what=row._care_word(),
                    due=row._care_text(row.due),
                )
            )
        if new_due < told_date:
            raise UserError(
                self.env._("The new date lies before the day on which the person was told of it.")
            )
        supervisor = "patient_care_coordination.group_supervisor"
        if now > row.due and not self.env.su and not self.env.user.has_group(supervisor):
            raise UserError(
                self.env._(
                    "%(what)s was due by %(due)s. That the person was told before is recorded "
                    "afterwards by a supervisor alone: ask one.",
                    what=row._care_word(),
                    due=row._care_text(row.due),
                )
            )

    def _care_latest_extension(self, kind):
        """The last moment (naive UTC) to which a letter may yet move the deadline of ``kind``.

        False where the policy sets no limit, or where nothing runs that could be moved. What the
        person agreed to before stays allowed.
        """
        self.ensure_one()
        now = fields.Datetime.now()
        rows = self._care_rows()._care_open()
        row = rows.filtered(lambda row: row.kind == kind and row.due >= now)[:1]
        if not row.clock_id.cap_amount:
            return False
        clock = row.policy_id._care_clocks(row.company_id)[row.policy_id.id, row.company_id.id]
        return max(row._care_cap(clock), row.due)

    def _care_check_cap(self, row, clock, new_due, agreed):
        if not row.clock_id.cap_amount or agreed:
            return
        cap = row._care_cap(clock)
        if new_due > cap:
            raise UserError(
                self.env._(
                    "%(policy)s allows until %(cap)s at most, unless the person agreed to more: "
                    "choose an earlier date, or note the agreement.",
                    policy=row.policy_id.name,
                    cap=row._care_text(cap),
                )
            )

    def _care_moment(self, moment):
        """A moment in the time zone of the hospital, for a message."""
        zone = self.company_id._care_zone()
        return format_datetime(self.env, moment, tz=zone, dt_format="medium")

    # ------------------------------------------------------------------
    # Computing anew
    # ------------------------------------------------------------------

    def _care_new_round(self):
        """Start the clocks of reopened inquiries from now, and keep those of the round before."""
        if not self:
            return
        now = fields.Datetime.now()
        for number, tickets in self.sudo().grouped("care_round").items():
            tickets.with_context(care_clock=OURS).write(
                {"care_round": number + 1, "care_reopened_date": now}
            )
        rows = [row for rows in self._care_plan().values() for row in rows.values()]
        as_server(self.env["care.deadline"]).create(rows)

    def _care_follow_received(self, old):
        """Move the clocks of the first round with a corrected date of receipt.

        Also those that are met: whether in time is a fact of the true dates. What the person was
        told as a new date stays.
        """
        moved = self.sudo().filtered(
            lambda ticket: (
                "care_received_date" in old[ticket.id]
                and old[ticket.id]["care_received_date"] != ticket.care_received_date
            )
        )
        if not moved:
            return
        notes = []
        clocks = moved.care_deadline_ids.policy_id._care_clocks(moved.company_id)
        for ticket in moved:
            before, start = old[ticket.id]["care_received_date"], ticket.care_received_date
            reason = self.env._(
                "Received %(new)s, not %(old)s",
                old=ticket._care_moment(before) if before else "–",
                new=ticket._care_moment(start),
            )
            for row in ticket.care_deadline_ids:
                if row.round != 1 or row.void_date or row.start != before:
                    continue
                clock = clocks[row.policy_id.id, row.company_id.id]
                first, was = clock.due(start, row.amount, row.unit), row.due
                times = row.clock_id._care_times(
                    clock, start, max(first, row.due) if row.extended else first
                )
                if row.met_date:
                    times["escalate_date"] = False
                else:
                    row._care_drop_activities()
                since = start if row.since == before else row.since
                row.write(times | {"first_due": first, "start": start, "since": since})
                notes.append((row, "recomputed", was, row.due, reason, {}))
        self.env["care.deadline.change"]._care_note(notes)

    def _care_follow_kind(self, old):
        """Compute the clocks anew where the nature, or the department's policy, has changed."""
        groups = {}
        for ticket in self.sudo():
            change = ticket._care_kind_change(old[ticket.id])
            if change:
                groups[change] = groups.get(change, self.browse()) | ticket
        for (reason, policies, upgraded), tickets in groups.items():
            if policies:
                tickets._care_set_policies()
            tickets._care_refresh_clocks(reason, upgraded=upgraded)

    def _care_kind_change(self, before):
        """``(reason, whether another policy may hold, whether it is more formal now)`` or None."""
        ticket = self.with_company(self.company_id)
        nature, place = ticket.care_nature_id, ticket.care_department_id
        old_nature = before.get("care_nature_id", nature).with_env(ticket.env)
        old_place = before.get("care_department_id", place).with_env(ticket.env)
        own, old_own = place._care_own_policy(), old_place._care_own_policy()
        if nature != old_nature:
            reason = self.env._("Nature: %(old)s → %(new)s", old=old_nature.name, new=nature.name)
            other = own != old_own or (
                not own and nature.care_policy_id != old_nature.care_policy_id
            )
            return reason, other, nature.rank > old_nature.rank
        if own != old_own:
            reason = self.env._(
                "Department: %(old)s → %(new)s",
                old=old_place.name or "–",
                new=place.name or "–",
            )
            return reason, True, False
        return None

    def _care_follow_severity(self):
        """Compute anew where a line of the policy asks for the severity.

        A graver issue may bring a date nearer; later it gets only by an extension, or by a
        supervisor.
        """
        tickets = self.sudo().filtered(
            lambda ticket: (
                ticket.care_is_inquiry
                and any(
                    line.severity_from or line.severity_to
                    for line in ticket.care_policy_id.clock_ids
                )
            )
        )
        tickets._care_refresh_clocks(self.env._("Severity of the issues"), never_later=True)

    def _care_refresh_clocks(self, reason, never_later=False, upgraded=False):
        """Replace the open deadlines of the present round by what the policy now asks for.

        Those that are met are kept.

        :param never_later: leave those alone that would end later, or not be needed
        :param upgraded: the nature is more formal now, so an answer before that is none to it
        """
        if not self:
            return
        plan = self._care_plan()
        create, notes, now = [], [], fields.Datetime.now()
        for ticket in self.sudo():
            rows = ticket._care_rows()
            running = {row.kind: row for row in rows._care_open()}
            met = {row.kind for row in rows if row.met_date}
            for line, values in plan[ticket.id].items():
                row = running.pop(line.kind, None)
                if row:
                    notes += row._care_replace(line, values, reason, never_later)
                elif line.kind not in met:
                    create.append(values)
                elif upgraded and line.kind in ("answer", "settle") and not ticket.closed:
                    unmet = {"since": now, "met_date": False, "met_by": False}
                    create.append(values | unmet | {"escalate_date": values["soon_date"]})
            if not never_later:
                for row in running.values():
                    row._care_void(reason)
        self.env["care.deadline.change"]._care_note(notes)
        as_server(self.env["care.deadline"]).create(create)

    def _care_recompute(self, reason):
        """Apply the policies as they are now to open inquiries; for supervisors, with a reason."""
        group = "patient_care_coordination.group_supervisor"
        if not self.env.su and not self.env.user.has_group(group):
            raise AccessError(self.env._("Only a supervisor computes deadlines anew: ask one."))
        if not (reason or "").strip():
            raise UserError(self.env._("Say why the deadlines are computed anew: it is kept."))
        self.check_access("write")
        tickets = self.filtered(lambda ticket: ticket.care_is_inquiry and not ticket.sudo().closed)
        tickets._care_set_policies()
        tickets._care_refresh_clocks(reason)

    def _care_promise_due(self, now=None):
        """When the policy proposes to keep a promise made now (naive UTC), or ``False``."""
        self.ensure_one()
        ticket = self.sudo()
        for line in ticket._care_lines():
            if line.kind == "promise":
                return line.policy_id._care_due(
                    now or fields.Datetime.now(), line.amount, line.unit, ticket.company_id
                )
        return False

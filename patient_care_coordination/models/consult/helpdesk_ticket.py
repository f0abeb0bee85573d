from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import format_datetime

from ..common.from_page import from_page
from ..inquiry.helpdesk_ticket import OURS, STAFF
from .held import union_seconds

# How long others have for an answer where no deadline runs.
WORKING_DAYS = 2


class HelpdeskTicket(models.Model):
    """What others were asked about an inquiry, and who held it how long."""

    _inherit = "helpdesk.ticket"

    care_consult_ids = fields.One2many(
        "care.consult", "ticket_id", string="Consults", groups=STAFF, copy=False
    )
    care_consult_count = fields.Integer("Consults put", readonly=True, copy=False, groups=STAFF)
    care_waits_text = fields.Char(
        "What it waits for", compute="_compute_care_consults", groups=STAFF
    )
    care_held_text = fields.Text("Held by", compute="_compute_care_consults", groups=STAFF)
    care_answers_waiting = fields.Integer(
        "Answers to use", compute="_compute_care_consults", groups=STAFF
    )

    @api.depends(
        "care_consult_ids.state",
        "care_consult_ids.used_date",
        "care_next_due",
        "care_received_date",
        "closed_date",
    )
    @api.depends_context("lang", "tz")
    def _compute_care_consults(self):
        for ticket in self:
            consults = ticket.care_consult_ids.sorted("asked_date")
            open_ones = consults.filtered(lambda consult: consult.state == "asked")
            ticket.care_waits_text = " ".join(map(ticket._care_waits_for, open_ones))
            ticket.care_held_text = ticket._care_held_by(consults) if consults else False
            ticket.care_answers_waiting = len(ticket._care_answers_to_use())

    def _care_waits_for(self, consult):
        values = {
            "who": consult.put_to,
            "since": format_datetime(self.env, consult.asked_date, dt_format="short"),
            "held": self._care_duration(consult.held_hours),
            "due": format_datetime(self.env, consult.due, dt_format="short"),
        }
        if consult.urgency == "missed":
            return self.env._(
                "Waits for %(who)s since %(since)s (%(held)s); was due %(due)s.", **values
            )
        # At asking it was before every deadline; a correction can bring one nearer.
        limit = self._care_consult_limit(fields.Datetime.now())
        if limit and limit <= consult.due:
            return self.env._(
                "Waits for %(who)s since %(since)s (%(held)s); due %(due)s, which is too late: a "
                "deadline is now on %(limit)s. Ask for an earlier answer.",
                limit=format_datetime(self.env, limit, dt_format="short"),
                **values,
            )
        return self.env._("Waits for %(who)s since %(since)s (%(held)s); due %(due)s.", **values)

    def _care_held_by(self, consults):
        """A line for each who held it, longest first, and one for us: what nobody else held."""
        now = fields.Datetime.now()
        end = self.closed_date or now
        start = self.care_received_date or self.create_date or end
        spans = [
            (max(consult.asked_date, start), min(consult.ended_date or end, end))
            for consult in consults
        ]
        hours = {}
        for consult in consults:
            hours[consult.put_to] = hours.get(consult.put_to, 0) + consult.held_hours
        ours = max((end - start).total_seconds() - union_seconds(spans), 0) / 3600
        rows = [(self.env._("Us"), ours)]
        rows += sorted(hours.items(), key=lambda row: -row[1])
        return "\n".join(f"{who}: {self._care_duration(held)}" for who, held in rows)

    @api.model
    def _care_duration(self, hours):
        """Hours as days and hours, or minutes, as people say it."""
        minutes = round(hours * 60)
        days, rest = divmod(minutes, 24 * 60)
        if days:
            return self.env._("%(days)s d %(hours)s h", days=days, hours=rest // 60)
        if rest >= 60:
            return self.env._("%(hours)s h %(minutes)s min", hours=rest // 60, minutes=rest % 60)
        return self.env._("%s min", rest)

    # ------------------------------------------------------------------
    # Asking
    # ------------------------------------------------------------------

    @from_page(one=True)
    def action_care_consult_ask(self):
        """Open the small form that puts a question to somebody else."""
        self.ensure_one()
        action = self.env["ir.actions.actions"]._for_xml_id(
            "patient_care_coordination.action_care_consult_ask"
        )
        return action | {"context": {"default_ticket_id": self.id}}

    @from_page(one=True)
    def action_care_use_answers(self):
        """Add all answers not used yet to the draft of the answer: one joint answer."""
        self.ensure_one()
        self.check_access("write")
        consults = self._care_answers_to_use()
        if not consults:
            raise UserError(self.env._("No consult has an answer that is not in the draft yet."))
        parts = [f"{consult.put_to}:\n{consult.answer}" for consult in consults]
        draft = (self.care_answer or "").rstrip()
        self.care_answer = "\n\n".join([draft, *parts] if draft else parts)
        consults.sudo().with_context(care_consult=OURS).write({"used_date": fields.Datetime.now()})
        return True

    def _care_answers_to_use(self):
        return self.care_consult_ids.filtered(
            lambda consult: consult.state == "answered" and not consult.used_date
        ).sorted("number")

    def _care_check_open_to_consults(self):
        if not self.care_is_inquiry:
            raise UserError(self.env._("Consults are put about inquiries alone."))
        if self.closed:
            raise UserError(
                self.env._("Inquiry %s is closed: reopen it before you ask.", self.number)
            )

    def _care_consult_due(self, now):
        """When the answer to a consult put now is due, if nobody says otherwise (naive UTC).

        Half of the working time left until the nearest legal deadline. Without one, or when it is
        over, two working days.
        """
        self.ensure_one()
        ticket = self.sudo()
        policy = ticket.care_policy_id or ticket.company_id._care_policy()
        limit = ticket.care_next_due
        if not limit or limit <= now:
            due = policy._care_due(now, WORKING_DAYS, "working_days", ticket.company_id)
        else:
            calendar = policy.calendar_id
            hours = calendar.get_work_hours_count(now, limit, compute_leaves=True)
            half = hours and calendar.plan_hours(hours / 2, now, compute_leaves=True)
            # Between now and the limit nobody works: half of the plain time.
            due = half or now + (limit - now) / 2
        return due.replace(second=0, microsecond=0)

    def _care_consult_limit(self, now):
        """The nearest legal deadline to come (naive UTC), or False; one that is over binds none."""
        ahead = self.sudo()._care_rows()._care_open().filtered(lambda row: row.due > now)
        return min(ahead.mapped("due"), default=False)

    def _care_check_consult_due(self, due, now):
        """Refuse a due time that has passed, or that is not before the nearest legal deadline."""
        if due <= now:
            raise UserError(
                self.env._(
                    "The answer cannot be due on %s, in the past: choose a later time.",
                    format_datetime(self.env, due, dt_format="medium"),
                )
            )
        limit = self._care_consult_limit(now)
        if limit and limit <= due:
            raise UserError(
                self.env._(
                    "The answer cannot be due on %(due)s, which is not before the deadline of "
                    "inquiry %(number)s on %(limit)s: choose an earlier time.",
                    due=format_datetime(self.env, due, dt_format="medium"),
                    number=self.number,
                    limit=format_datetime(self.env, limit, dt_format="medium"),
                )
            )

    @api.model
    def _care_prepare(self, vals_list):
        result = super()._care_prepare(vals_list)
        for vals in vals_list:
            vals.pop("care_consult_count", None)
        return result

    def _care_check_changes(self, vals):
        result = super()._care_check_changes(vals)
        if "care_consult_count" in vals and self.env.context.get("care_consult") is not OURS:
            raise AccessError(self.env._("Consults are counted by themselves: use Ask."))
        return result

    # ------------------------------------------------------------------
    # Waiting and closing
    # ------------------------------------------------------------------

    def _care_consults_ended(self):
        """When the last open consult of an inquiry has ended, it is with us again."""
        tickets = self.filtered(
            lambda ticket: ticket.care_waiting == "department" and not ticket.closed_date
        )
        done = tickets - tickets._care_with_open_consults()
        if done:
            done.write({"care_waiting": "us"})

    def _care_open_consults(self):
        return (
            self.env["care.consult"]
            .sudo()
            .search([("ticket_id", "in", self.ids), ("state", "=", "asked")], order="id")
        )

    def _care_with_open_consults(self):
        return self.browse(self._care_open_consults().ticket_id.ids)

    def _care_closing_gaps(self):
        gaps = super()._care_closing_gaps()
        if gaps:
            for consult in self._care_open_consults():
                gaps[consult.ticket_id.id].append(
                    self.env._(
                        "the answer of %(who)s (consult %(consult)s)",
                        who=consult.put_to,
                        consult=consult.display_name,
                    )
                )
        return gaps

    def _care_reopen(self, vals):
        """What is still asked of others when an inquiry opens again is waited for again."""
        result = super()._care_reopen(vals)
        reopened = self.filtered(lambda ticket: not ticket.sudo().closed)
        if reopened and not vals.get("care_waiting"):
            waiting = reopened._care_with_open_consults()
            if waiting:
                waiting.write({"care_waiting": "department"})
        return result

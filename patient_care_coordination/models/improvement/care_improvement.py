from collections import Counter
from datetime import UTC
from zoneinfo import ZoneInfo

from odoo import Command, api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tools import SQL, format_date

from ..common.from_page import from_page
from ..common.guard import OURS, as_server

COORDINATOR = "patient_care_coordination.group_coordinator"
SUPERVISOR = "patient_care_coordination.group_supervisor"
OVERDUE = "patient_care_coordination.activity_improvement"
STATES = [
    ("proposed", "Proposed"),
    ("review", "Under review"),
    ("trial", "Trial"),
    ("adopted", "Adopted"),
    ("rejected", "Rejected"),
]
DECIDED = ("adopted", "rejected")
# From which states an improvement comes into another one.
MOVES = {
    "review": ("proposed",),
    "trial": ("review",),
    "adopted": ("review", "trial"),
    "rejected": ("proposed", "review", "trial"),
}
# What a decision is about. Since when it is in force and who sees to it may change later.
DECIDED_ON = {
    "name",
    "practice",
    "change",
    "company_id",
    "category_id",
    "department_id",
    "due",
    "ticket_ids",
    "quotes",
    "pattern_id",
}
# More evidence than a person reads; also what a browser can carry in an action.
MOST_EVIDENCE = 1000


class CareImprovement(models.Model):
    """A suggested change to a protocol, with its evidence, its decision and its effect.

    Texts hold no names of the people behind the evidence: packs print them.
    """

    _name = "care.improvement"
    _description = "Improvement"
    _inherit = ["care.staff.thread", "mail.activity.mixin"]
    _order = "id desc"
    _rec_names_search = ["number", "name"]
    _check_company_auto = True
    _mail_post_access = "read"

    number = fields.Char(readonly=True, copy=False, index="trigram")
    name = fields.Char("What should change", required=True, tracking=True)
    practice = fields.Char(
        "Procedure or practice",
        tracking=True,
        help="Which protocol, procedure or habit this is about.",
    )
    change = fields.Text("Change proposed", help="How it should be done from now on.")
    company_id = fields.Many2one(
        "res.company", required=True, index=True, default=lambda self: self.env.company
    )
    category_id = fields.Many2one(
        "helpdesk.ticket.category",
        index="btree_not_null",
        ondelete="restrict",
        tracking=True,
        domain="[('company_id', 'in', [company_id, False])]",
        help="Inquiries of this category, and of those below it, are counted before and after.",
    )
    department_id = fields.Many2one(
        "care.department",
        index="btree_not_null",
        ondelete="restrict",
        check_company=True,
        tracking=True,
        help="Inquiries about this department, and about its parts, are counted before and after.",
    )
    owner_id = fields.Many2one(
        "res.users",
        required=True,
        index=True,
        ondelete="restrict",
        default=lambda self: self.env.user,
        tracking=True,
        domain=lambda self: [
            ("share", "=", False),
            ("all_group_ids", "in", self.env.ref(COORDINATOR).ids),
        ],
        help="Who sees to it: a coordinator or supervisor.",
    )
    due = fields.Date(tracking=True, help="By when it should be decided and in force.")
    state = fields.Selection(
        STATES,
        required=True,
        readonly=True,
        default="proposed",
        index=True,
        copy=False,
        tracking=True,
        group_expand=True,
    )
    step_ids = fields.One2many(
        "care.improvement.step", "improvement_id", string="States", readonly=True, copy=False
    )
    decided_by_id = fields.Many2one(
        "res.users", string="Decided by", readonly=True, copy=False, ondelete="restrict"
    )
    decided_date = fields.Datetime("Decided on", readonly=True, copy=False)
    reason = fields.Text("Reason of the decision", readonly=True, copy=False)
    effective_date = fields.Date(
        "In force since",
        copy=False,
        tracking=True,
        help="From here its effect is measured: the month in which it came into force counts "
        "neither as before nor as after.",
    )
    overdue = fields.Boolean(compute="_compute_overdue", search="_search_overdue")
    ticket_ids = fields.Many2many(
        "helpdesk.ticket",
        "care_improvement_ticket_rel",
        "improvement_id",
        "ticket_id",
        string="Inquiries",
        domain="[('care_is_inquiry', '=', True), ('company_id', '=', company_id)]",
        context={"active_test": False},
        copy=False,
    )
    evidence_count = fields.Integer(
        "Number of inquiries", compute="_compute_evidence", compute_sudo=True
    )
    evidence_months = fields.Char(
        "By month", compute="_compute_evidence", compute_sudo=True, help="Inquiries by month."
    )
    quotes = fields.Text(
        help="What people said, in their words and without their names; one a line."
    )
    pattern_id = fields.Many2one(
        "care.pattern",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="set null",
        check_company=True,
    )

    @api.depends("number", "name")
    def _compute_display_name(self):
        for improvement in self:
            parts = [part for part in (improvement.number, improvement.name) if part]
            improvement.display_name = " ".join(parts) or self.env._("New")

    @api.depends("due", "state")
    def _compute_overdue(self):
        today = fields.Date.context_today(self)
        for improvement in self:
            late = improvement.due and improvement.due < today
            improvement.overdue = bool(late and improvement.state not in DECIDED)

    @api.model
    def _search_overdue(self, operator, value):
        if operator != "in":
            return NotImplemented
        late = fields.Domain("due", "<", fields.Date.context_today(self)) & fields.Domain(
            "state", "not in", DECIDED
        )
        return late if True in value else ~late

    @api.depends("ticket_ids.care_received_date", "company_id")
    @api.depends_context("lang")
    def _compute_evidence(self):
        """The number is of all inquiries, also where the reader may not open each of them."""
        dates = self._care_evidence_dates()
        for improvement in self:
            zone = ZoneInfo(improvement.company_id._care_zone())
            found = dates.get(improvement.id, [])
            months = Counter(
                date.replace(tzinfo=UTC).astimezone(zone).date().replace(day=1) for date in found
            )
            improvement.evidence_count = len(found)
            improvement.evidence_months = ", ".join(
                f"{format_date(self.env, month, date_format='MMM y')}: {months[month]}"
                for month in sorted(months)
            )

    def _care_evidence_dates(self):
        """When the inquiries were received, by id; read past what the user's cache holds."""
        dates = {
            improvement.id: improvement.ticket_ids.mapped("care_received_date")
            for improvement in self
            if not improvement._origin
        }
        saved = self._origin
        if saved:
            saved.flush_recordset(["ticket_ids"])
            rows = self.env.execute_query(
                SQL(
                    """
                    SELECT link.improvement_id, array_agg(ticket.care_received_date)
                      FROM care_improvement_ticket_rel link
                      JOIN helpdesk_ticket ticket ON ticket.id = link.ticket_id
                     WHERE link.improvement_id IN %s
                     GROUP BY link.improvement_id
                    """,
                    tuple(saved.ids),
                )
            )
            dates |= dict(rows)
        return dates

    @api.constrains("owner_id", "company_id")
    def _check_owner_id(self):
        for improvement in self.sudo():
            owner, company = improvement.owner_id, improvement.company_id
            if not owner.has_group(COORDINATOR) or company not in owner.company_ids:
                raise ValidationError(
                    self.env._(
                        "%(person)s cannot see to an improvement of %(company)s: choose a "
                        "coordinator or supervisor who works there.",
                        person=owner.name,
                        company=company.name,
                    )
                )

    @api.constrains("ticket_ids", "company_id")
    def _check_ticket_ids(self):
        for improvement in self:
            tickets = improvement.sudo().ticket_ids.with_env(self.env)
            # What one may not read, one may not point to either.
            tickets.check_access("read")
            wrong = tickets.sudo().filtered(
                lambda ticket, improvement=improvement: (
                    not ticket.care_is_inquiry or ticket.company_id != improvement.company_id
                )
            )
            if wrong:
                raise ValidationError(
                    self.env._(
                        "Evidence are inquiries of %(company)s. Take out %(numbers)s.",
                        company=improvement.company_id.name,
                        numbers=", ".join(wrong.mapped("number")),
                    )
                )

    @api.constrains("effective_date")
    def _check_effective_date(self):
        for improvement in self:
            if improvement.effective_date and improvement.state != "adopted":
                raise ValidationError(
                    self.env._(
                        "%s is not adopted, so it cannot be in force.", improvement.display_name
                    )
                )
            if improvement.state == "adopted" and not improvement.effective_date:
                raise ValidationError(
                    self.env._(
                        "%s is adopted: keep the day since which it is in force.",
                        improvement.display_name,
                    )
                )

    # ------------------------------------------------------------------
    # Changes
    # ------------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        numbers = self.env["ir.sequence"].sudo()
        values = []
        for vals in vals_list:
            self._care_check_fields(vals)
            number = numbers.next_by_code("care.improvement")
            values.append({**vals, "state": "proposed", "number": number})
        improvements = super().create(values)
        improvements._care_note_step()
        improvements.pattern_id._care_accept()
        return improvements

    def write(self, vals):
        if self.env.context.get("care_improvement") is OURS:
            return super().write(vals)
        self._care_check_fields(vals)
        final = self.filtered(lambda improvement: improvement.state in DECIDED)
        if final and DECIDED_ON & vals.keys():
            raise UserError(
                self.env._(
                    "%s is decided and stays as it was decided on: reopen it to change it.",
                    final[0].display_name,
                )
            )
        result = super().write(vals)
        if "due" in vals:
            self._care_settle_activities()
        return result

    @api.model
    def _care_check_fields(self, vals):
        """Refuse what only the buttons set: they check who decides and what is needed for it."""
        if {"step_ids", "decided_by_id", "decided_date", "reason", "number"} & vals.keys() or (
            vals.get("state", "proposed") != "proposed" or ("state" in vals and self)
        ):
            raise AccessError(
                self.env._("The state of an improvement is changed by its buttons only.")
            )

    def unlink(self):
        # Not ``ondelete``: that check is skipped for whoever sends the context of an uninstall.
        self._care_check_never_deleted()
        return super().unlink()

    def _care_check_never_deleted(self):
        if self:
            raise UserError(
                self.env._("Improvements are never deleted: reject it with a reason instead.")
            )

    # ------------------------------------------------------------------
    # Proposing
    # ------------------------------------------------------------------

    @api.model
    def _care_propose(self, tickets=None, pattern=None):
        """The action that opens a new improvement with these inquiries as its evidence.

        Category and department are filled in where all of them share one.

        :raises UserError: if there is no inquiry among them, or more than one company
        """
        self.browse().check_access("create")
        tickets = (tickets if tickets is not None else self.env["helpdesk.ticket"]).sudo(False)
        tickets.check_access("read")
        inquiries = tickets.filtered("care_is_inquiry")
        if tickets and not inquiries:
            raise UserError(self.env._("Choose inquiries: plain tickets are no evidence."))
        if len(inquiries) > MOST_EVIDENCE:
            raise UserError(
                self.env._(
                    "%(count)s inquiries are chosen; choose at most %(most)s as evidence.",
                    count=len(inquiries),
                    most=MOST_EVIDENCE,
                )
            )
        companies = inquiries.company_id
        if len(companies) > 1:
            raise UserError(
                self.env._(
                    "The inquiries belong to several hospitals (%s): choose those of one.",
                    ", ".join(companies.mapped("name")),
                )
            )
        values = {
            "default_ticket_ids": [Command.set(inquiries.ids)],
            "default_category_id": shared(inquiries, "category_id").id,
            "default_department_id": shared(inquiries, "care_department_id").id,
            "default_company_id": companies.id or self.env.company.id,
        }
        if pattern:
            values |= {
                "default_pattern_id": pattern.id,
                "default_company_id": pattern.company_id.id,
                "default_category_id": pattern.category_id.id or values["default_category_id"],
                "default_department_id": pattern.department_id.id
                or values["default_department_id"],
            }
        action = self.env["ir.actions.actions"]._for_xml_id(
            "patient_care_coordination.action_improvements"
        )
        return action | {
            "views": [(False, "form")],
            "view_mode": "form",
            "res_id": False,
            "context": values,
        }

    # ------------------------------------------------------------------
    # Deciding
    # ------------------------------------------------------------------

    @from_page()
    def action_review(self):
        """Put proposals under review."""
        return self._care_move("review")

    @from_page()
    def action_trial(self):
        """Try it out before it is decided."""
        return self._care_move("trial")

    @from_page()
    def action_adopt(self):
        """Adopt it; from today it is in force, unless another day is entered."""
        for improvement in self:
            missing = [
                self._fields[name]._description_string(self.env)
                for name in ("practice", "change")
                if not (improvement[name] or "").strip()
            ]
            if missing:
                raise UserError(
                    self.env._(
                        "%(improvement)s cannot be adopted yet. Missing: %(missing)s.",
                        improvement=improvement.display_name,
                        missing=", ".join(missing),
                    )
                )
        return self._care_move("adopted")

    @from_page()
    def action_reject(self):
        """Ask why it is rejected."""
        return self._care_ask_reason("reject")

    @from_page()
    def action_reopen(self):
        """Ask why it is reopened."""
        return self._care_ask_reason("reopen")

    def _care_ask_reason(self, what):
        self._care_check_supervisor()
        action = self.env["ir.actions.actions"]._for_xml_id(
            "patient_care_coordination.action_improvement_reason"
        )
        return action | {"context": {"default_what": what, "default_improvement_ids": self.ids}}

    def _care_check_supervisor(self):
        if not (self.env.su or self.env.user.has_group(SUPERVISOR)):
            raise AccessError(self.env._("Improvements are decided by supervisors."))

    def _care_move(self, state, reason=False):
        """Bring improvements into a state; ``review`` from a decided one is a reopening."""
        self._care_check_supervisor()
        self.check_access("write")
        names = dict(self._fields["state"]._description_selection(self.env))
        for improvement in self:
            reopening = state == "review" and improvement.state in DECIDED
            if not reopening and improvement.state not in MOVES[state]:
                raise UserError(
                    self.env._(
                        "%(improvement)s is in state '%(old)s' and cannot come into state "
                        "'%(new)s' from there.",
                        improvement=improvement.display_name,
                        old=names[improvement.state],
                        new=names[state],
                    )
                )
            if (reopening or state == "rejected") and not (reason or "").strip():
                raise UserError(self.env._("Say why: the reason is kept with the improvement."))
        decided = state in DECIDED
        self.with_context(care_improvement=OURS).write(
            {
                "state": state,
                "reason": reason if decided else False,
                "decided_by_id": self.env.uid if decided else False,
                "decided_date": fields.Datetime.now() if decided else False,
                "effective_date": fields.Date.context_today(self) if state == "adopted" else False,
            }
        )
        self._care_note_step(reason)
        self._care_settle_activities()
        return True

    def _care_note_step(self, reason=False):
        as_server(self.env["care.improvement.step"]).create(
            [
                {
                    "improvement_id": improvement.id,
                    "state": improvement.state,
                    "user_id": self.env.uid,
                    "reason": reason,
                }
                for improvement in self
            ]
        )

    # ------------------------------------------------------------------
    # What is late
    # ------------------------------------------------------------------

    @api.model
    def _cron_care_overdue(self):
        """Remind the owners of improvements that are past their day, once."""
        late = self.sudo().search([("overdue", "=", True)])
        told = self.env["mail.activity"].search(
            [
                ("res_model", "=", self._name),
                ("res_id", "in", late.ids),
                ("activity_type_id", "=", self.env.ref(OVERDUE).id),
            ]
        )
        waiting = late.filtered(lambda improvement: improvement.id not in told.mapped("res_id"))
        cron = self.env["ir.cron"]
        cron._commit_progress(remaining=len(waiting))
        for improvement in waiting:
            improvement._care_remind()
            if not cron._commit_progress(1):
                break

    def _care_remind(self):
        """One activity for the owner; for a supervisor of the company if the owner has left."""
        self.ensure_one()
        owner = self.owner_id
        if not owner.active or not owner.has_group(COORDINATOR):
            owner = self.env.ref(SUPERVISOR).all_user_ids.filtered(
                lambda user: user.active and self.company_id in user.company_ids
            )[:1]
        if not owner:
            return
        improvement = self.with_context(lang=owner.lang)
        improvement.activity_schedule(
            OVERDUE,
            user_id=owner.id,
            summary=improvement.env._("Due since %s", format_date(improvement.env, self.due)),
        )

    def _care_settle_activities(self):
        """What is decided or has more time needs no reminder any more."""
        settled = self.sudo().filtered(lambda improvement: not improvement.overdue)
        settled.activity_unlink([OVERDUE])


def shared(records, name):
    """What each of some records has in a field; nothing if they differ or one lacks it."""
    found = {record[name] for record in records}
    return found.pop() if len(found) == 1 else records[name].browse()

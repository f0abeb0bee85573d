from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import format_datetime

from ..common.from_page import from_page
from ..common.guard import OURS, as_server
from ..inquiry.helpdesk_ticket_identity import COORDINATORS
from .care_contact import HIDDEN

STATES = [
    ("missed", "Missed"),
    ("open", "Open"),
    ("kept", "Kept"),
    ("withdrawn", "Withdrawn"),
    ("replaced", "Replaced"),
]


class CarePromise(models.Model):
    """What somebody promised a caller, due to the minute.

    The activity on the inquiry only reminds of it. A promise is kept, withdrawn with a reason or
    replaced by a new one; its text and its due date never change.
    """

    _name = "care.promise"
    _description = "Promise"
    _order = "due, id"

    ticket_id = fields.Many2one("helpdesk.ticket", "Inquiry", required=True, ondelete="restrict")
    company_id = fields.Many2one("res.company", required=True, index=True)
    what = fields.Text("What was promised", required=True)
    due = fields.Datetime(required=True)
    user_id = fields.Many2one("res.users", "Who keeps it", index=True, ondelete="restrict")
    made_by_id = fields.Many2one("res.users", "Promised by", required=True, ondelete="restrict")
    person_name = fields.Char("To whom, as recorded", groups=COORDINATORS)
    phone = fields.Char("Phone as recorded", groups=COORDINATORS)
    person = fields.Char("To whom", compute="_compute_person", compute_sudo=True)
    number = fields.Char("Phone", compute="_compute_person", compute_sudo=True)
    contact_id = fields.Many2one("care.contact", "Promised in", ondelete="restrict")
    ended = fields.Selection(
        [("kept", "Kept"), ("withdrawn", "Withdrawn"), ("replaced", "Replaced")],
        readonly=True,
    )
    kept_date = fields.Datetime("Kept on", readonly=True)
    kept_by_id = fields.Many2one("res.users", "Kept by", readonly=True, ondelete="restrict")
    kept_contact_id = fields.Many2one("care.contact", "Kept in", ondelete="restrict")
    kept_late = fields.Boolean("Kept late", compute="_compute_state")
    ended_date = fields.Datetime("Withdrawn or replaced on", readonly=True)
    ended_by_id = fields.Many2one("res.users", "Withdrawn or replaced by", ondelete="restrict")
    reason = fields.Text(help="Why it was withdrawn or replaced.")
    replaced_by_id = fields.Many2one("care.promise", "Replaced by", ondelete="restrict")
    activity_id = fields.Many2one(
        "mail.activity", "Reminder", index="btree_not_null", ondelete="set null"
    )
    state = fields.Selection(STATES, compute="_compute_state", search="_search_state")

    _open_idx = models.Index("(due, id) WHERE ended IS NULL")
    _ticket_idx = models.Index("(ticket_id, due, id)")

    @api.depends("ticket_id.number", "due")
    @api.depends_context("lang", "tz")
    def _compute_display_name(self):
        """The number and the time, no more: display names reach people who may not read it."""
        for promise in self:
            due = format_datetime(self.env, promise.due, dt_format="short") if promise.due else ""
            promise.display_name = f"{promise.ticket_id.sudo().number or ''}, {due}".strip(", ")

    @api.depends("ended", "due", "kept_date")
    def _compute_state(self):
        now = fields.Datetime.now()
        for promise in self:
            late = promise.due and promise.due < now
            promise.state = promise.ended or ("missed" if late else "open")
            promise.kept_late = bool(promise.kept_date and promise.kept_date > promise.due)

    @api.model
    def _search_state(self, operator, value):
        if operator != "in":
            return NotImplemented
        now = fields.Datetime.now()
        running = Domain("ended", "=", False)
        domains = {
            "missed": running & Domain("due", "<", now),
            "open": running & Domain("due", ">=", now),
        }
        return Domain.OR(domains.get(state, Domain("ended", "=", state)) for state in value)

    @api.depends("ticket_id.care_identity", "person_name", "phone")
    @api.depends_context("uid")
    def _compute_person(self):
        knows = any(map(self.env.user.has_group, COORDINATORS.split(",")))
        words = {"confidential": self.env._("In confidence"), "anonymous": self.env._("Anonymous")}
        for promise in self:
            identity = promise.ticket_id.care_identity
            shown = identity not in HIDDEN or (knows and identity == "confidential")
            promise.person = promise.person_name if shown else words[identity]
            promise.number = promise.phone if shown else False

    # ------------------------------------------------------------------
    # Never changed, never deleted
    # ------------------------------------------------------------------

    def write(self, vals):
        context = self.env.context
        if OURS not in (context.get("care_promise"), context.get("care_anonymise")):
            raise UserError(
                self.env._(
                    "A promise is not changed: keep it, withdraw it or replace it by a new one."
                )
            )
        return super().write(vals)

    def unlink(self):
        self._care_check_never_deleted()
        return super().unlink()

    def _care_check_never_deleted(self):
        # Not ``ondelete``: that check is skipped for whoever sends the context of an uninstall.
        if self.env.context.get("care_anonymise") is not OURS:
            raise UserError(
                self.env._("A promise is not deleted: withdraw it and say why, or replace it.")
            )

    @api.model
    def _care_make(self, vals_list):
        """Make promises, each with the activity that reminds of it, and return them.

        For code of ours; the present user makes them, and keeps them unless ``user_id`` says who.
        """
        tickets = self.env["helpdesk.ticket"].sudo()
        tickets = tickets.browse({vals["ticket_id"] for vals in vals_list})
        rows = [
            {
                "user_id": self.env.uid,
                **vals,
                "made_by_id": self.env.uid,
                "company_id": tickets.browse(vals["ticket_id"]).company_id.id,
            }
            for vals in vals_list
        ]
        promises = as_server(self).create(rows)
        promises._care_check_keepers()
        promises._care_remind()
        # An inquiry moves up in the worklists when its promise is missed.
        self.env.ref("patient_care_coordination.cron_queue")._trigger(promises.mapped("due"))
        return promises.with_env(self.env)

    def _care_check_keepers(self):
        """Raise UserError where somebody is to keep a promise who cannot read its inquiry."""
        kept = self.filtered("user_id")
        for user, promises in kept.grouped("user_id").items():
            hidden = promises.ticket_id - user._care_readable(promises.ticket_id)
            if hidden:
                raise UserError(
                    self.env._(
                        "%(who)s cannot read inquiry %(number)s, so cannot keep a promise about "
                        "it: choose somebody who works on it.",
                        who=user.name,
                        number=", ".join(hidden.mapped("number")),
                    )
                )

    def _care_remind(self):
        """Schedule the activities. They tell the time alone: their words go into mails."""
        call = self.env.ref("mail.mail_activity_data_call", raise_if_not_found=False)
        model_id = self.env["ir.model"]._get_id("helpdesk.ticket")
        activities = as_server(self.env["mail.activity"])
        activities = activities.with_context(mail_activity_quick_update=True).create(
            [
                {
                    "res_model_id": model_id,
                    "res_id": promise.ticket_id.id,
                    "activity_type_id": call.id if call else False,
                    "summary": promise._care_reminder(),
                    "date_deadline": promise._care_local(promise.due).date(),
                    "user_id": promise.user_id.id or self.env.uid,
                }
                for promise in self
            ]
        )
        for promise, activity in zip(self, activities, strict=True):
            promise.with_context(care_promise=OURS).activity_id = activity

    def _care_local(self, moment):
        """``moment`` in the time zone of who keeps the promise."""
        self.ensure_one()
        user = self.user_id or self.env.user
        return fields.Datetime.context_timestamp(self.with_context(tz=user.tz or "UTC"), moment)

    def _care_reminder(self):
        self.ensure_one()
        tz = self.user_id.tz or self.env.user.tz or "UTC"
        return self.env._(
            "Promise due %(time)s",
            time=format_datetime(self.env, self.due, tz=tz, dt_format="short"),
        )

    # ------------------------------------------------------------------
    # How it ends
    # ------------------------------------------------------------------

    @from_page()
    def action_kept(self):
        """Mark promises kept, now, by the present user."""
        self._care_keep()
        return True

    @from_page(one=True)
    def action_call(self):
        """Open the form for the call that keeps this promise."""
        self.ensure_one()
        return self.ticket_id.action_care_call() | {
            "context": {"default_ticket_id": self.ticket_id.id, "default_promise_id": self.id}
        }

    @from_page(one=True)
    def action_withdraw(self):
        """Open the form that asks why the promise is withdrawn."""
        return self._care_open_change("withdrawn", self.env._("Withdraw a promise"))

    @from_page(one=True)
    def action_replace(self):
        """Open the form for the new promise that takes the place of this one."""
        return self._care_open_change("replaced", self.env._("Replace a promise"))

    def _care_open_change(self, ending, title):
        self.ensure_one()
        action = self.env["ir.actions.actions"]._for_xml_id(
            "patient_care_coordination.action_care_promise_change"
        )
        context = {"default_promise_id": self.id, "default_ending": ending}
        return action | {"name": title, "context": context}

    def _care_keep(self, when=None, contact=None):
        """Mark running promises kept at ``when`` (UTC) by the present user."""
        self._care_end(
            {
                "ended": "kept",
                "kept_date": when or fields.Datetime.now(),
                "kept_by_id": self.env.uid,
                "kept_contact_id": contact.id if contact else False,
            }
        )

    def _care_withdraw(self, reason):
        """Withdraw running promises; raises UserError without a reason."""
        if not (reason or "").strip():
            raise UserError(self.env._("Say why the promise is withdrawn: the reason is kept."))
        self._care_end({**self._care_ending(), "ended": "withdrawn", "reason": reason})

    def _care_replace(self, what, due, reason):
        """Replace one running promise by a new one, returned; raises UserError without a reason."""
        self.ensure_one()
        if not (reason or "").strip():
            raise UserError(self.env._("Say why there is a new promise: the reason is kept."))
        self._care_check_running()
        old = self.sudo()
        new = self._care_make(
            [
                {
                    "ticket_id": old.ticket_id.id,
                    "what": what,
                    "due": due,
                    "user_id": old.user_id.id,
                    "person_name": old.person_name,
                    "phone": old.phone,
                }
            ]
        )
        ending = {"ended": "replaced", "reason": reason, "replaced_by_id": new.id}
        self._care_end({**self._care_ending(), **ending})
        return new

    def _care_ending(self):
        return {"ended_date": fields.Datetime.now(), "ended_by_id": self.env.uid}

    def _care_check_running(self):
        self.check_access("read")
        self.ticket_id.check_access("write")
        ended = self.sudo().filtered("ended")
        if ended:
            promise = ended[0]
            raise UserError(
                self.env._(
                    "The promise of inquiry %(number)s due %(due)s is %(state)s already.",
                    number=promise.ticket_id.number,
                    due=format_datetime(self.env, promise.due, dt_format="short"),
                    state=dict(promise._fields["ended"]._description_selection(self.env))[
                        promise.ended
                    ].lower(),
                )
            )

    def _care_end(self, values):
        """End running promises and take away their reminders."""
        self._care_check_running()
        promises = self.sudo()
        # The activity says who set it; what became of the promise is kept on the promise itself.
        promises.activity_id.unlink()
        promises.with_context(care_promise=OURS).write(values)

    def _care_forget_people(self):
        """Take out to whom it was made: an inquiry became anonymous at the wish of its caller."""
        self.sudo().with_context(care_anonymise=OURS).write({"person_name": False, "phone": False})

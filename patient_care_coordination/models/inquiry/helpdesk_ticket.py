import contextlib
from datetime import timedelta

from odoo import Command, api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import format_datetime

from ..common.from_page import from_page
from ..common.guard import OURS, as_server, without_client_defaults

STAFF = "patient_care_coordination.group_care_staff"
RELATIONS = [
    ("self", "The patient"),
    ("partner", "Spouse or partner"),
    ("parent", "Parent"),
    ("child", "Son or daughter"),
    ("relative", "Other relative"),
    ("friend", "Friend or neighbour"),
    ("carer", "Carer"),
    ("guardian", "Guardian or legal representative"),
    ("executor", "Executor"),
    ("professional", "Professional"),
    ("staff", "Member of staff"),
    ("other", "Other or not stated"),
]
EMOTIONS = [
    ("calm", "Calm"),
    ("anxious", "Anxious"),
    ("fearful", "Fearful"),
    ("angry", "Angry"),
    ("distressed", "Distressed"),
    ("sceptical", "Sceptical"),
    ("grieving", "Grieving"),
]


class HelpdeskTicket(models.Model):
    """An inquiry is a ticket that concerns a patient's care (``care_is_inquiry``)."""

    _inherit = "helpdesk.ticket"

    team_id = fields.Many2one(tracking=True)
    category_id = fields.Many2one(tracking=True)
    priority = fields.Selection(tracking=True)

    care_is_inquiry = fields.Boolean("Inquiry", readonly=True, copy=False, index=True)
    care_nature_id = fields.Many2one(
        "care.nature", string="Nature", index="btree_not_null", tracking=True, ondelete="restrict"
    )
    care_patient_id = fields.Many2one(
        "care.patient",
        string="Patient",
        index="btree_not_null",
        copy=False,
        groups=STAFF,
        ondelete="restrict",
        check_company=True,
        tracking=True,
    )
    care_no_patient = fields.Boolean(
        "No patient is concerned",
        groups=STAFF,
        copy=False,
        tracking=True,
        help="Somebody looked: it is not about the care of a patient, though its nature says so.",
    )
    care_needs_patient = fields.Boolean(related="care_nature_id.answer_needs_patient")
    care_relation = fields.Selection(RELATIONS, string="Caller is", copy=False, groups=STAFF)
    care_department_id = fields.Many2one(
        "care.department",
        string="Department",
        index="btree_not_null",
        tracking=True,
        check_company=True,
        ondelete="restrict",
        help="What the inquiry is about: where the care happened.",
    )
    care_received_date = fields.Datetime(
        "Received",
        index=True,
        copy=False,
        tracking=True,
        help="When the hospital received it, also when it is logged later. Clocks start here.",
    )
    care_lang_id = fields.Many2one(
        "res.lang", string="Language", context={"active_test": False}, copy=False, groups=STAFF
    )
    care_access_need_ids = fields.Many2many(
        "care.access.need", string="Access needs", copy=False, groups=STAFF
    )
    care_callback_phone = fields.Char("Call back on", copy=False, groups=STAFF)
    care_safe_to_call = fields.Char(
        "Safe to call",
        copy=False,
        groups=STAFF,
        help="When and how it is safe to call, and whether a message may be left.",
    )
    care_desired_outcome = fields.Text(
        "Desired outcome", copy=False, groups=STAFF, help="What would put it right for the caller."
    )
    care_emotional_state = fields.Selection(
        EMOTIONS,
        string="Emotional state",
        copy=False,
        groups=STAFF,
        help="A cue for whoever speaks to the caller next. Never printed or mailed.",
    )
    care_emotional_state_end = fields.Selection(
        EMOTIONS,
        string="Emotional state at the end",
        groups=STAFF,
        copy=False,
        help="How the caller was when the inquiry was closed. Never printed or mailed.",
    )
    care_category_ids = fields.Many2many(
        "helpdesk.ticket.category",
        "care_ticket_category_rel",
        "ticket_id",
        "category_id",
        string="Categories",
        help="All it is about; the first one found is the main category.",
    )
    care_about_user_ids = fields.Many2many(
        "res.users",
        "care_ticket_about_user_rel",
        "ticket_id",
        "user_id",
        string="Staff it is about",
        copy=False,
        groups=STAFF,
        domain="[('share', '=', False)]",
        help="They are never given this inquiry.",
    )
    care_issue_ids = fields.One2many("care.issue", "ticket_id", string="Issues", groups=STAFF)
    care_answer = fields.Text("Answer", copy=False, groups=STAFF, tracking=True)
    care_told = fields.Char("Who was told", groups=STAFF, copy=False, tracking=True)
    care_told_date = fields.Datetime("Told on", groups=STAFF, copy=False, tracking=True)
    care_told_channel_id = fields.Many2one(
        "helpdesk.ticket.channel", string="How told", groups=STAFF, copy=False, tracking=True
    )
    care_answered_by_id = fields.Many2one(
        "res.users", string="Answered by", groups=STAFF, copy=False, readonly=True, tracking=True
    )
    care_outcome = fields.Selection(
        [
            ("answered", "Answered"),
            ("resolved", "Resolved"),
            ("upheld", "Upheld"),
            ("partly", "Partly upheld"),
            ("not_upheld", "Not upheld"),
            ("referred", "Referred elsewhere"),
            ("withdrawn", "Withdrawn"),
            ("duplicate", "Duplicate"),
        ],
        string="Outcome",
        groups=STAFF,
        tracking=True,
        copy=False,
    )
    care_waiting = fields.Selection(
        [("us", "Us"), ("caller", "The caller"), ("department", "Another department")],
        string="Waiting for",
        default="us",
        tracking=True,
        copy=False,
    )
    care_nature_change_ids = fields.One2many(
        "care.nature.change", "ticket_id", string="Changes of nature", groups=STAFF
    )
    care_intake_error = fields.Text(
        "Intake problem",
        readonly=True,
        copy=False,
        groups=STAFF,
        help="A step of the intake failed; the inquiry was kept and sent to triage.",
    )

    # ------------------------------------------------------------------
    # What is an inquiry
    # ------------------------------------------------------------------

    @api.depends("number", "care_is_inquiry")
    def _compute_display_name(self):
        """The number alone: display names reach people who may not read the record."""
        inquiries = self.filtered("care_is_inquiry")
        for inquiry in inquiries:
            inquiry.display_name = inquiry.number if inquiry.id else self.env._("New")
        return super(HelpdeskTicket, self - inquiries)._compute_display_name()

    # ------------------------------------------------------------------
    # Changes
    # ------------------------------------------------------------------

    @api.model
    def _care_watched(self):
        """Fields whose value before a write rooms ask for in ``_care_changed``."""
        return ["stage_id", "team_id", "user_id", "category_id", "care_nature_id"]

    @api.model
    def _care_gate_fields(self):
        """Fields that a closing gate looks at; rooms that add gates add theirs."""
        return {
            "care_answer",
            "care_told",
            "care_told_date",
            "care_told_channel_id",
            "category_id",
            "care_department_id",
            "care_nature_id",
            "care_issue_ids",
            "care_outcome",
            "care_patient_id",
            "duplicate_id",
        }

    def write(self, vals):
        if "care_is_inquiry" in vals and self.env.context.get("care_mark") is not OURS:
            raise AccessError(
                self.env._("Whether a ticket is an inquiry is changed by its own action only.")
            )
        inquiries = self.filtered("care_is_inquiry")
        if not inquiries:
            return super().write(vals)
        if self.env.context.get("care_unattended") is OURS:
            return self._care_write_unattended(vals)
        self, inquiries = map(without_client_defaults, (self, inquiries))
        inquiries._care_check_kept(vals)
        inquiries._care_check_sent([vals])
        vals = inquiries._care_fitting(vals)
        inquiries._care_check_changes(vals)
        watched = [name for name in self._care_watched() if name in vals]
        old = (
            {ticket.id: {name: ticket[name] for name in watched} for ticket in inquiries.sudo()}
            if watched
            else {}
        )
        identities = inquiries._care_identities(vals)
        gated = {"stage_id", "team_id", *self._care_gate_fields()} & vals.keys()
        closed = inquiries.sudo().filtered("closed") if gated else inquiries.browse()
        since = closed.grouped("closed_date") if "closed_date" not in vals else {}
        gaps = closed._care_missing()
        stage = self.env["helpdesk.ticket.stage"].browse(vals.get("stage_id") or [])
        # Whoever catches the refusal must not keep half a change.
        risky = closed or stage.closed or self._care_company_fields() & vals.keys()
        with self._care_savepoint() if risky else contextlib.nullcontext():
            result = super().write(vals)
            if stage.closed:
                # From one closed stage to another it is closed since the first.
                for date, tickets in since.items():
                    super(HelpdeskTicket, tickets).write({"closed_date": date})
            if gated:
                inquiries._care_check_gates(gaps)
            inquiries._care_check_companies(vals)
        if closed:
            inquiries.browse(closed.ids)._care_reopen(vals)
        if identities:
            inquiries._care_settle_identities(identities, vals)
        if "category_id" in vals and "care_category_ids" not in vals:
            inquiries._care_follow_category(old)
        if old:
            inquiries._care_changed(old)
        return result

    def _care_check_changes(self, vals):
        """Refuse what no plain write may do to an inquiry."""
        if vals.get("care_received_date"):
            self._care_check_received(vals)
            self._care_check_linked_received(vals)
        if "closed_date" in vals:
            self._care_check_closed_date(vals)
        if "care_patient_id" in vals:
            self._care_check_linked_patient(vals)
        if vals.get("active") is False and not all(self.sudo().mapped("closed")):
            raise UserError(
                self.env._("An open inquiry cannot be archived: close it with an outcome first.")
            )
        if "care_nature_id" in vals and self.env.context.get("care_nature") is not OURS:
            if any(ticket.care_nature_id.id != vals["care_nature_id"] for ticket in self):
                raise UserError(
                    self.env._("Use Change nature: it keeps the reason for which it changes.")
                )

    def _care_check_closed_date(self, vals):
        """Refuse a closing date on what is open, which would take it off the lists of open ones."""
        stage = self.env["helpdesk.ticket.stage"].sudo().browse(vals.get("stage_id") or [])
        for ticket in self.sudo():
            closed = stage.closed if stage else ticket.closed
            if bool(vals["closed_date"]) != closed:
                raise UserError(
                    self.env._(
                        "The closing date of inquiry %(number)s follows its stage: close or "
                        "reopen the inquiry instead.",
                        number=ticket.number,
                    )
                )
            received = ticket.care_received_date
            date = fields.Datetime.to_datetime(vals["closed_date"])
            if date and not self.env.su and not (received or date) <= date <= fields.Datetime.now():
                raise UserError(
                    self.env._(
                        "Inquiry %(number)s cannot have been closed on %(date)s: that is before "
                        "it was received, or in the future.",
                        number=ticket.number,
                        date=format_datetime(self.env, date, dt_format="medium"),
                    )
                )

    @api.model
    def _care_check_received(self, vals):
        """Refuse a date of receipt that lies in the future, but for clocks that differ a bit."""
        received = fields.Datetime.to_datetime(vals["care_received_date"])
        if received > fields.Datetime.now() + timedelta(minutes=5):
            raise UserError(
                self.env._(
                    "The inquiry cannot be received on %(date)s, in the future: "
                    "enter when it reached the hospital.",
                    date=format_datetime(self.env, received, dt_format="medium"),
                )
            )

    def _care_check_gates(self, before):
        """Refuse to close what is not complete, and to empty what is closed.

        ``before`` holds the gaps of what was closed already: those are not asked for now.
        """
        if self.env.context.get("care_override") is OURS:
            return
        closed = self.sudo().filtered("closed")
        for ticket_id, missing in closed._care_missing().items():
            missing = [part for part in missing if part not in before.get(ticket_id, [])]
            if not missing:
                continue
            ticket = closed.browse(ticket_id)
            if ticket_id in before:
                message = self.env._(
                    "Inquiry %(number)s is closed and must keep %(missing)s: reopen it first.",
                    number=ticket.number,
                    missing=", ".join(missing),
                )
            else:
                message = self.env._(
                    "Inquiry %(number)s cannot be closed yet. Missing: %(missing)s.",
                    number=ticket.number,
                    missing=", ".join(missing),
                )
            raise UserError(message)

    def _care_reopen(self, vals):
        """Clear what said that these inquiries, closed before a write, are done."""
        reopened = self.filtered(lambda ticket: not ticket.sudo().closed)
        values = {"closed_date": False}
        if not vals.get("care_waiting"):
            values["care_waiting"] = "us"
        if reopened:
            reopened.write(values)

    def _care_follow_category(self, old):
        """A new main category takes the place of the old one among all categories."""
        for before, tickets in self.grouped(lambda ticket: old[ticket.id]["category_id"]).items():
            after = tickets.category_id
            if before == after:
                continue
            # A part of the same change, which the rooms are told of once.
            tickets.with_context(care_quiet=OURS).write(
                {
                    "care_category_ids": [
                        *(Command.unlink(category.id) for category in before),
                        *(Command.link(category.id) for category in after),
                    ]
                }
            )

    def _care_changed(self, old):
        """React to a write; ``old`` maps ids to the values before (see ``_care_watched``)."""

    def _care_heard(self, message):
        """React to a message that is not by staff."""

    def _care_said(self, message, recipients):
        """React to a message by staff, after its notification.

        ``recipients`` are those outside the house who were told, as in
        ``_notify_get_recipients``; empty when nobody outside was.
        """

    def _care_closing_gaps(self):
        """What is missing before each inquiry may be closed: ``{id: [sentence, ...]}``.

        Not asked for a duplicate; see ``_care_missing``, which is what closing goes by.
        """
        gaps = self._care_flag_gaps()
        for ticket in self.sudo():
            missing, nature = gaps[ticket.id], ticket.care_nature_id
            if nature.close_needs_answer and not (ticket.care_answer or "").strip():
                missing.append(self.env._("the answer"))
            if nature.close_needs_told and not (ticket.care_told or "").strip():
                missing.append(self.env._("who was told"))
            if nature.close_needs_told and not ticket.care_told_date:
                missing.append(self.env._("when the person was told"))
            if nature.close_needs_told and not ticket.care_told_channel_id:
                missing.append(self.env._("how the person was told"))
            if nature.close_needs_category and not ticket.category_id:
                missing.append(self.env._("the category"))
            if nature.close_needs_department and not ticket.care_department_id:
                missing.append(self.env._("the department"))
            if nature.close_needs_finding:
                missing += ticket._care_finding_gaps()
        return gaps

    def unlink(self):
        # Not ``ondelete``: that check is skipped for whoever sends the context of an uninstall.
        self._care_check_never_deleted()
        return super().unlink()

    def _care_check_never_deleted(self):
        if any(ticket.care_is_inquiry for ticket in self.sudo()):
            raise UserError(
                self.env._("Inquiries are never deleted: close it with an outcome instead.")
            )

    # ------------------------------------------------------------------
    # Actions
    # ------------------------------------------------------------------

    @from_page()
    def action_care_make_inquiry(self):
        """Turn plain tickets into inquiries: a question until somebody upgrades it."""
        plain = self.filtered(lambda ticket: not ticket.care_is_inquiry)
        nature = self.env["care.nature"].search([("code", "=", "question")], limit=1)
        plain._care_settle_numbers()
        for created, tickets in plain.grouped("create_date").items():
            tickets.with_context(care_mark=OURS).write(
                {
                    "care_is_inquiry": True,
                    "care_nature_id": nature.id,
                    "care_received_date": created,
                }
            )
        plain._care_close_files()
        return True

    def _care_close_files(self):
        """Files that were open to everybody are so no longer."""
        files = self.env["ir.attachment"].sudo()
        files = files.search([("res_model", "=", self._name), ("res_id", "in", self.ids)])
        files |= self.sudo().message_ids.attachment_ids
        files.filtered("public").public = False

    @from_page()
    def action_care_make_plain(self):
        """Take a ticket out of patient care; for the privacy officer alone."""
        if not self.env.user.has_group("patient_care_coordination.group_privacy_officer"):
            raise AccessError(
                self.env._("Only the privacy officer can turn an inquiry into a plain ticket.")
            )
        self.check_access("read")
        self.sudo().with_context(care_mark=OURS).write({"care_is_inquiry": False})
        return True

    @from_page(one=True)
    def action_care_upgrade(self):
        """Open the small form that changes the nature with a reason."""
        self.ensure_one()
        action = self.env["ir.actions.actions"]._for_xml_id(
            "patient_care_coordination.action_care_upgrade"
        )
        return action | {"context": {"default_ticket_id": self.id}}

    @from_page()
    def action_care_close(self):
        """Close answered inquiries, in the first closed stage of their team."""
        for ticket in self:
            ticket._care_close()
        return True

    @from_page()
    def action_care_issues_from_categories(self):
        """Make an issue of each category that has none yet."""
        rows = []
        for ticket in self:
            known = ticket.care_issue_ids.category_id
            rows += [
                {
                    "ticket_id": ticket.id,
                    "category_id": category.id,
                    "department_id": ticket.care_department_id.id,
                }
                for category in (ticket.category_id | ticket.care_category_ids) - known
            ]
        self.env["care.issue"].create(rows)
        return True

    def _care_close(self, **values):
        """Close one inquiry with ``values``; raises UserError with what is missing."""
        self.ensure_one()
        stage = self.team_id._get_applicable_stages().filtered("closed")[:1]
        if not stage:
            raise UserError(
                self.env._(
                    "%(team)s has no stage that counts as closed: add one in the stages.",
                    team=self.team_id.name,
                )
            )
        if not self.care_answered_by_id:
            values["care_answered_by_id"] = self.env.user.id
        self.with_context(care_kept=OURS).write(
            {"care_waiting": False, **values, "stage_id": stage.id}
        )

    def _care_set_nature(self, nature, reason):
        """Change the nature in place, keep the reason as a row, retype nothing."""
        if not (reason or "").strip():
            raise UserError(self.env._("Say why the nature changes: the reason is kept."))
        changes = [
            {
                "ticket_id": ticket.id,
                "old_nature_id": ticket.care_nature_id.id,
                "new_nature_id": nature.id,
                "reason": reason,
                "user_id": self.env.user.id,
            }
            for ticket in self
            if ticket.care_nature_id != nature
        ]
        as_server(self.env["care.nature.change"]).create(changes)
        self.with_context(care_nature=OURS).write({"care_nature_id": nature.id})

import contextlib

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tools import format_datetime

from ..common.from_page import from_page
from ..common.guard import as_server
from .helpdesk_ticket import OURS, STAFF


class HelpdeskTicket(models.Model):
    """How an inquiry ends: its gates, the end as a duplicate, and the end by exception.

    The link to the inquiry it duplicates is the one of the helpdesk, ``duplicate_id``.
    """

    _inherit = "helpdesk.ticket"

    care_closing_exception_ids = fields.One2many(
        "care.closing.exception", "ticket_id", string="Closings by exception", groups=STAFF
    )

    # ------------------------------------------------------------------
    # Gates
    # ------------------------------------------------------------------

    def _care_missing(self):
        """What keeps each inquiry from being closed: ``{id: [sentence, ...]}``.

        A duplicate is answered where the other inquiry is, so only its link is asked for, and that
        its own caller knows; an open red flag is asked for always.
        """
        duplicates = self.filtered(lambda ticket: ticket.sudo().care_outcome == "duplicate")
        return (self - duplicates)._care_closing_gaps() | duplicates._care_duplicate_gaps()

    @contextlib.contextmanager
    def _care_keeps_gates(self):
        """Change what belongs to inquiries so that closed ones stay complete, or not at all."""
        closed = self.sudo().filtered(lambda ticket: ticket.care_is_inquiry and ticket.closed)
        if not closed:
            yield
            return
        gaps = closed._care_missing()
        with self._care_savepoint():
            yield
            closed.invalidate_recordset(["care_issue_ids"])
            self.browse(closed.ids)._care_check_gates(gaps)

    def _care_finding_gaps(self):
        """Of one inquiry: at least one issue, and a finding for each."""
        issues = self.care_issue_ids
        if not issues:
            return [self.env._("an issue with its finding")]
        return [
            self.env._("the finding of the issue %s", issue.category_id.name)
            for issue in issues
            if not issue.finding
        ]

    def _care_duplicate_gaps(self):
        """What an inquiry lacks to be closed as a duplicate."""
        gaps, told = self._care_flag_gaps(), self._care_caller_told()
        for ticket in self.sudo():
            other = ticket.duplicate_id
            if not other:
                gaps[ticket.id].append(self.env._("the inquiry that it duplicates"))
            elif ticket not in told and not ticket._care_same_caller(other):
                gaps[ticket.id].append(
                    self.env._(
                        "that its caller, who is not the one of inquiry %s, was told: note whom, "
                        "when and how",
                        other.number,
                    )
                )
        return gaps

    def _care_caller_told(self):
        """Those of these inquiries whose caller has heard of us, or is known to nobody."""
        return self.sudo().filtered(
            lambda ticket: (
                ticket.care_identity == "anonymous"
                or (ticket.care_told_date and (ticket.care_told or "").strip())
            )
        )

    @api.constrains("duplicate_id", "care_patient_id", "partner_id", "partner_email")
    def _check_duplicate_id(self):
        for ticket in self.sudo():
            if ticket.care_is_inquiry and ticket.duplicate_id:
                problem = ticket._care_duplicate_problem()
                if problem:
                    raise ValidationError(problem)

    def _care_duplicate_problem(self):
        """Why this inquiry cannot be a duplicate of the one it names, or False."""
        other = self.duplicate_id
        numbers = {"number": self.number, "other": other.number}
        if other == self:
            return self.env._(
                "Inquiry %(number)s cannot be a duplicate of itself: choose the other one.",
                **numbers,
            )
        if not other.care_is_inquiry:
            return self.env._(
                "Ticket %(other)s is no inquiry, so inquiry %(number)s cannot be its duplicate.",
                **numbers,
            )
        if other.duplicate_id:
            return self.env._(
                "Inquiry %(other)s is a duplicate itself: choose %(first)s, which is worked on.",
                first=other.duplicate_id.number,
                **numbers,
            )
        if self.duplicate_ids:
            return self.env._(
                "Inquiry %(number)s has duplicates itself (%(duplicates)s): it stays, and the "
                "other one is the duplicate.",
                duplicates=", ".join(self.duplicate_ids.mapped("number")),
                **numbers,
            )
        if not self._care_same_person(other):
            return self.env._(
                "Inquiries %(number)s and %(other)s are not about the same patient: set the "
                "patient on both, or answer each.",
                **numbers,
            )
        return self._care_received_problem(other, self.care_received_date, other.care_received_date)

    def _care_received_problem(self, other, received, others):
        """Why ``other``, received at ``others``, cannot go on with the clocks of this one.

        They would start too late, so that closing the earlier one would gain time.
        """
        if others <= received:
            return False
        return self.env._(
            "Inquiry %(number)s was received before %(other)s, whose clocks would start too late: "
            "set the date of receipt of %(other)s to %(received)s, or an earlier one.",
            number=self.number,
            other=other.number,
            received=format_datetime(self.env, received, dt_format="medium"),
        )

    def _care_same_person(self, other):
        """The same patient; where neither names one, the same caller."""
        if self.care_patient_id or other.care_patient_id:
            return self.care_patient_id == other.care_patient_id
        return self._care_same_caller(other)

    def _care_same_caller(self, other):
        """One contact or one address; or the patient who speaks for herself in both."""
        if self.partner_id and self.partner_id == other.partner_id:
            return True
        mine, theirs = ((ticket.partner_email or "").strip().lower() for ticket in (self, other))
        if mine and mine == theirs:
            return True
        selves = self.care_relation == other.care_relation == "self"
        return (
            selves and bool(self.care_patient_id) and self.care_patient_id == other.care_patient_id
        )

    def _care_check_linked_patient(self, vals):
        """Refuse to change whom an inquiry is about while it is linked with one about the same."""
        for ticket in self.sudo():
            linked = ticket.duplicate_id | ticket.duplicate_ids
            if linked and ticket.care_patient_id.id != vals["care_patient_id"]:
                raise UserError(
                    self.env._(
                        "Inquiries %(number)s and %(other)s are linked as duplicates about one "
                        "patient: the patient cannot change. Reopen the duplicate and take the "
                        "link away first.",
                        number=ticket.number,
                        other=", ".join(linked.mapped("number")),
                    )
                )

    def _care_check_linked_received(self, vals):
        """Refuse dates of receipt with which a duplicate came before the one that goes on."""
        received = fields.Datetime.to_datetime(vals["care_received_date"])
        for ticket in self.sudo():
            other = ticket.duplicate_id
            problems = [
                twin._care_received_problem(ticket, twin.care_received_date, received)
                for twin in ticket.duplicate_ids
            ]
            if other:
                problems.append(
                    ticket._care_received_problem(other, received, other.care_received_date)
                )
            if any(problems):
                raise UserError(next(filter(None, problems)))

    def _care_close_as_duplicate(self, other, stage=None):
        """Close one inquiry as a duplicate; the link is kept and shown on both.

        The other one takes over an earlier date of receipt, so that no time is gained.
        """
        self.ensure_one()
        received = self.care_received_date
        with self._care_savepoint():
            if other.care_is_inquiry and received < other.care_received_date:
                other.with_context(care_kept=OURS).write({"care_received_date": received})
            self.write({"duplicate_id": other.id, "care_outcome": "duplicate"})
            if stage and stage.closed:
                self.write({"care_waiting": False, "stage_id": stage.id})
            else:
                self._care_close()
        self.message_post(
            body=self.env._("Closed as a duplicate of %s, where it is answered.", other.number),
            subtype_xmlid="mail.mt_note",
        )
        other.message_post(
            body=self.env._("Inquiry %s was closed as a duplicate of this one.", self.number),
            subtype_xmlid="mail.mt_note",
        )

    @from_page(one=True)
    def action_care_close_duplicate(self):
        """Open the form of the helpdesk that names the inquiry this one duplicates."""
        self.ensure_one()
        return self.action_open_duplicate_wizard() | {"name": self.env._("Close as a duplicate")}

    # ------------------------------------------------------------------
    # Exceptions
    # ------------------------------------------------------------------

    @from_page(one=True)
    def action_care_close_exception(self):
        """Open the small form by which a supervisor closes what is not complete."""
        self.ensure_one()
        action = self.env["ir.actions.actions"]._for_xml_id(
            "patient_care_coordination.action_closing_override"
        )
        return action | {"context": {"default_ticket_id": self.id}}

    def _care_close_by_exception(self, reason, **values):
        """Close one inquiry past its gates; what was missing, why and by whom is kept.

        Raises AccessError unless a supervisor does it, UserError without a reason or a need.
        """
        self.ensure_one()
        if not self.env.user.has_group("patient_care_coordination.group_supervisor"):
            raise AccessError(
                self.env._("Only a supervisor closes an inquiry that is not complete: ask one.")
            )
        self.check_access("write")
        if not (reason or "").strip():
            raise UserError(self.env._("Say why it is closed though not complete: it is kept."))
        if self.closed:
            raise UserError(self.env._("Inquiry %s is closed already.", self.number))
        flags = self._care_flag_gaps()[self.id]
        if flags:
            raise UserError(
                self.env._(
                    "Inquiry %(number)s cannot be closed past %(flags)s: a person takes it and "
                    "says what was done, or that it is not a flag, first.",
                    number=self.number,
                    flags=", ".join(flags),
                )
            )
        missing = self._care_missing()[self.id]
        if not missing:
            raise UserError(
                self.env._("Inquiry %s is complete: close it without an exception.", self.number)
            )
        exception = (
            as_server(self.env["care.closing.exception"])
            .with_context(care_override=OURS)
            .create(
                [
                    {
                        "ticket_id": self.id,
                        "nature_id": self.care_nature_id.id,
                        "missing": "\n".join(missing),
                        "reason": reason.strip(),
                        "user_id": self.env.uid,
                        "date": fields.Datetime.now(),
                    }
                ]
            )
        )
        self.with_context(care_override=OURS)._care_close(**values)
        self.message_post(
            body=self.env._(
                "Closed by exception by %s; what was missing and why is kept.", self.env.user.name
            ),
            subtype_xmlid="mail.mt_note",
        )
        return exception.sudo(False)

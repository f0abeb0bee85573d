import contextlib

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError

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

        A duplicate is answered where the other inquiry is, so only its link is asked for; an open
        red flag is asked for always.
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
        gaps = self._care_flag_gaps()
        for ticket in self.sudo():
            if not ticket.duplicate_id:
                gaps[ticket.id].append(self.env._("the inquiry that it duplicates"))
        return gaps

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
        return False

    def _care_same_person(self, other):
        """The same patient; where neither names one, the same caller."""
        if self.care_patient_id or other.care_patient_id:
            return self.care_patient_id == other.care_patient_id
        if self.partner_id and self.partner_id == other.partner_id:
            return True
        mine, theirs = ((ticket.partner_email or "").strip().lower() for ticket in (self, other))
        return bool(mine) and mine == theirs

    def _care_close_as_duplicate(self, other, stage=None):
        """Close one inquiry as a duplicate; the link is kept and shown on both."""
        self.ensure_one()
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

    def action_care_close_duplicate(self):
        """Open the form of the helpdesk that names the inquiry this one duplicates."""
        self.ensure_one()
        return self.action_open_duplicate_wizard() | {"name": self.env._("Close as a duplicate")}

    # ------------------------------------------------------------------
    # Exceptions
    # ------------------------------------------------------------------

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
        missing = self._care_missing()[self.id]
        if not missing:
            raise UserError(
                self.env._("Inquiry %s is complete: close it without an exception.", self.number)
            )
        exception = (
            self.env["care.closing.exception"]
            .sudo()
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

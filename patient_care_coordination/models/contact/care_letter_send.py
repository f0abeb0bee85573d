import uuid
from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

from odoo import Command, api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import email_normalize

from ..common.from_page import from_page
from ..inquiry.helpdesk_ticket import OURS
from .care_letter import COORDINATOR


class CareLetter(models.Model):
    """How a checked letter leaves the house: once, with all that its leaving means."""

    _inherit = "care.letter"

    @from_page()
    def action_send(self):
        """Send checked letters the chosen way; of one that is printed, open the file."""
        for letter in self:
            letter._care_send()
        printed = self.filtered(lambda letter: letter.way == "print")
        return printed.action_download() if len(printed) == 1 else True

    @from_page(one=True)
    def action_download(self):
        """Download the PDF as it was sent."""
        self.ensure_one()
        if not self.attachment_id:
            raise UserError(self.env._("The PDF is kept when the letter is sent: preview it now."))
        return {
            "type": "ir.actions.act_url",
            "url": f"/web/content/{self.attachment_id.id}?download=true",
            # Not "download": after that the form would go on showing the letter as not sent.
            "target": "new",
        }

    @from_page()
    def action_print_batch(self):
        """Put checked letters in a batch that is printed into one file."""
        return self.env["care.letter.batch"]._care_start(self)._care_open()

    def _care_send(self):
        """Send this letter; all of it happens or nothing, and never twice.

        The row is locked and looked at again, so two who press the button at once send one letter.
        """
        self.ensure_one()
        if not self.env.user.has_group(COORDINATOR):
            raise AccessError(self.env._("Coordinators check and send letters: ask one."))
        self.check_access("write")
        if not self.try_lock_for_update():
            raise UserError(
                self.env._("Letter %s is being sent by somebody else.", self.display_name)
            )
        self.invalidate_recordset(["state", "token"])
        self._care_check_sendable()
        if self.way == "print":
            self._care_check_postable()
        verdict = self._care_pass_gate()
        self._care_freeze()
        self.with_context(care_letter=OURS).write(
            {
                "state": "sent",
                "date": self._care_day(fields.Datetime.now()),
                "sent_date": fields.Datetime.now(),
                "sent_by_id": self.env.user.id,
                "token": uuid.uuid4().hex,
            }
        )
        if self.way == "mail":
            self._care_queue_mail()
        self._care_sent(verdict)

    def _care_check_sendable(self):
        """Refuse what was not checked, was sent already, or lacks a part."""
        for letter in self:
            if letter.state == "sent":
                raise UserError(
                    self.env._(
                        "Letter %(letter)s was sent on %(date)s already.",
                        letter=letter.display_name,
                        date=letter._care_date(letter.date),
                    )
                )
            if letter.state != "checked":
                raise UserError(
                    self.env._("Letter %s must be checked before it is sent.", letter.display_name)
                )
        self._care_check_complete()

    def _care_check_postable(self):
        """Refuse to print what no postman could deliver."""
        nowhere = self.filtered(lambda letter: not (letter.recipient_address or "").strip())
        if nowhere:
            raise UserError(
                self.env._(
                    "There is no postal address of %(names)s: enter it in the letter, or write "
                    "there how it is handed over.",
                    names=", ".join(
                        f"{letter.recipient_name} ({letter.display_name})" for letter in nowhere
                    ),
                )
            )

    # ------------------------------------------------------------------
    # The gate
    # ------------------------------------------------------------------

    @api.depends("partner_id", "recipient_name", "type_id", "ticket_id")
    def _compute_gate_text(self):
        """What the gate says against the recipient, so that nobody writes in vain."""
        for letter in self:
            letter.gate_text = False
            if letter.state == "sent" or letter.neutral and letter._care_to_caller():
                continue
            if letter.recipient_name:
                verdict = letter.ticket_id._care_authority(
                    partner=letter.partner_id, name=letter.recipient_name
                )
                gap = letter.ticket_id._care_patient_gap(verdict)
                letter.gate_text = gap if verdict.allowed else verdict.reason

    def _care_pass_gate(self):
        """The verdict on the recipient; raises UserError if this letter may not go there.

        A neutral letter tells the caller nothing but what its type says and the caller's own
        words, so it goes to the caller without authority. By e-mail goes a letter only to who
        wrote so or agreed to it.
        """
        self.ensure_one()
        ticket, partner = self.ticket_id, self.partner_id
        email = email_normalize(self.recipient_email or "")
        mail = self.way == "mail"
        if mail:
            self._care_check_address(email)
        person = {
            "partner": partner,
            "name": self.recipient_name,
            "email": email if mail else None,
        }
        if self.neutral and self._care_to_caller():
            self._care_check_words()
            verdict = ticket._care_authority(**person)
            if not verdict.allowed:
                verdict = verdict._replace(allowed=True, basis="general")
        else:
            verdict = ticket._care_require_authority("mail" if mail else "letter", **person)
        if mail and not ticket._care_agreed_to_mail(partner, email, verdict):
            raise UserError(
                self.env._(
                    "%s neither wrote by e-mail nor agreed to it: print the letter instead.",
                    self.recipient_name,
                )
            )
        return verdict

    def _care_to_caller(self):
        """Whether the letter is to the person who called."""
        ticket = self.ticket_id.sudo()
        caller = ticket._care_calling_partner()
        if caller or self.partner_id:
            return caller == self.partner_id
        return self.recipient_name in self._care_caller_names()

    def _care_check_address(self, email):
        """Refuse an address that is not known as the recipient's own."""
        ticket = self.ticket_id.sudo()
        known = {self.partner_id.email_normalized}
        if self._care_to_caller():
            known |= {
                email_normalize(address or "")
                for address in (ticket.partner_email, ticket.care_confidential_email)
            }
        if not email or email not in known:
            raise UserError(
                self.env._(
                    "%(email)s is not known as an address of %(name)s: correct the contact first, "
                    "or print the letter.",
                    email=email or self.env._("An empty address"),
                    name=self.recipient_name,
                )
            )

    # ------------------------------------------------------------------
    # What follows
    # ------------------------------------------------------------------

    def _care_queue_mail(self):
        """Put the mail with the PDF in the queue: neutral subject and text, answers come back."""
        ticket = self.ticket_id.sudo()
        letter = self.sudo().with_context(lang=self._care_lang())
        company = ticket.company_id
        sender = company.email_formatted or self.env.user.email_formatted
        body = letter.env["ir.qweb"]._render(
            "patient_care_coordination.letter_mail",
            {"letter": letter, "number": ticket.number, "company": company},
            lang=self._care_lang(),
        )
        mail = (
            letter.env["mail.mail"]
            .with_context(care_mail=OURS)
            .create(
                [
                    {
                        "subject": letter.env._("Your inquiry %s", ticket.number),
                        "body_html": body,
                        "body": body,
                        "email_from": sender,
                        "reply_to": ticket._notify_get_reply_to(default=sender)[ticket.id],
                        "email_to": self.recipient_email,
                        "attachment_ids": [Command.link(self.attachment_id.id)],
                        "model": ticket._name,
                        "res_id": ticket.id,
                        "is_internal": True,
                        "auto_delete": False,
                        "author_id": self.env.user.partner_id.id,
                        "headers": repr({"X-Care-Letter": self.token}),
                    }
                ]
            )
        )
        self.with_context(care_letter=OURS).write({"mail_id": mail.id})
        self.env.ref("mail.ir_cron_mail_scheduler_action").sudo()._trigger()

    def _care_sent(self, verdict):
        """Keep what the leaving of this letter means: disclosure, contact, clocks, who was told."""
        self._care_disclose_sent(verdict)
        self._care_log_sent()
        code, ticket = self.type_id.code, self.ticket_id
        if code == "acknowledgement":
            ticket._care_meet("acknowledge")
        elif code == "holding":
            ticket._care_meet("inform")
            self._care_extend_answer()
        elif code == "final":
            ticket._care_meet("answer")
        if code in ("final", "closure"):
            self._care_note_told()

    def _care_extend_answer(self):
        """Move the deadline of the answer to the day this holding letter names.

        Where the law of the clock refuses it, as after its end, the letter goes out all the same:
        late is better than never. The deadline stays as it was, and the letter says why.
        """
        ticket = self.ticket_id
        if not ticket.sudo().care_deadline_ids.filtered(lambda row: row.kind == "answer"):
            return
        reason = next((part.shown for part in self.part_ids if part.kind == "text"), "")
        noon = datetime.combine(self.due_date, time(12), ZoneInfo(self.company_id._care_zone()))
        try:
            with ticket._care_savepoint():
                ticket._care_extend(
                    "answer",
                    noon.astimezone(UTC).replace(tzinfo=None),
                    reason,
                    fields.Datetime.now(),
                    self.env._("Letter %s", self.display_name),
                )
        except UserError as error:
            self.with_context(care_letter=OURS).write({"extension_note": str(error)})

    def _care_note_told(self):
        """Note on the inquiry that the person was told, unless somebody noted it before."""
        ticket = self.ticket_id
        if ticket.care_told_date or ticket.sudo().closed:
            return
        hidden = ticket.care_identity == "confidential"
        channels = self.env["helpdesk.ticket.channel"]
        ticket.write(
            {
                "care_told": self.env._("The caller, in confidence")
                if hidden
                else self.recipient_name,
                "care_told_date": self.sent_date,
                "care_told_channel_id": channels._care_by_code(
                    "email" if self.way == "mail" else "letter", ticket.company_id
                ).id,
            }
        )

    def _care_log_sent(self):
        """Put the letter in the contact log; of an e-mail with its text and fingerprint."""
        mail = self.way == "mail"
        ticket = self.ticket_id
        facts = ticket._care_message_facts(self.sudo().mail_id.mail_message_id) if mail else {}
        address = self.recipient_email if mail else self.recipient_address
        self.env["care.contact"]._care_log(
            [
                {
                    **facts,
                    "ticket_id": ticket.id,
                    "direction": "out",
                    "channel": "mail" if mail else "letter",
                    "date": self.sent_date,
                    "partner_id": self.partner_id.id,
                    "person_name": self.recipient_name,
                    "address": ", ".join((address or "").splitlines()),
                    "with_caller": self._care_to_caller(),
                    "summary": self.env._(
                        "%(type)s, letter %(letter)s",
                        type=self.type_id.name,
                        letter=self.display_name,
                    ),
                }
            ]
        )

    def _care_disclose_sent(self, verdict):
        """Keep what was told to whom."""
        address = self.recipient_email if self.way == "mail" else self.recipient_address
        what = self.env._(
            "%(type)s, letter %(letter)s, SHA-256 %(hash)s",
            type=self.type_id.name,
            letter=self.display_name,
            hash=self.pdf_sha256,
        )
        self.ticket_id._care_disclose(
            "mail" if self.way == "mail" else "letter",
            "\n".join(filter(None, [what, self._care_words_taken()])),
            self.env._("Answer to the inquiry"),
            verdict=verdict,
            partner=self.partner_id,
            name=self.recipient_name,
            address=", ".join((address or "").splitlines()),
        )

    @api.model
    def _care_thank(self, ticket):
        """Write, check and send thanks for praise in one step; returns the letter."""
        kind = self.env["care.letter.type"]._care_by_code("thanks")
        if not kind:
            raise UserError(self.env._("There is no letter type with the code thanks: add it."))
        letter = self._care_draft(ticket, kind)
        letter._care_mark_checked()
        letter._care_send()
        return letter

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_date

from . import letter_text


class CareLetter(models.Model):
    """What a letter still lacks, so that it cannot be finished."""

    _inherit = "care.letter"

    gaps = fields.Text("Still missing", compute="_compute_gaps")

    @api.depends(
        "subject",
        "opening",
        "closing",
        "recipient_name",
        "part_ids.missing",
        "part_ids.text",
        "due_date",
        "completion_date",
        "contact_name",
        "contact_phone",
        "signer_id",
        "signer_name",
        "lang_id",
        "policy_id",
    )
    def _compute_gaps(self):
        for letter in self:
            letter.gaps = "\n".join(letter._care_gaps()) if letter.state != "sent" else False

    def _care_names_recipient(self):
        """Whether the printed name is that of the person whom the gate is asked about."""
        names = self._care_caller_names() if self._care_to_caller() else []
        printed = self.recipient_name.casefold()
        return any(
            name and name.casefold() in printed for name in [self.partner_id.sudo().name, *names]
        )

    def _care_caller_names(self):
        """What the caller is called on the inquiry."""
        ticket = self.ticket_id.sudo()
        return [name for name in (ticket.partner_name, ticket.care_confidential_name) if name]

    def _care_gaps(self):
        """What is missing before this letter can be finished: sentences for staff."""
        self.ensure_one()
        gaps = []
        policy = self.ticket_id.sudo().care_policy_id
        if policy != self.policy_id:
            gaps.append(
                self.env._(
                    "the parts of %(policy)s, which holds for the inquiry now: start again from "
                    "the template",
                    policy=policy.name or self.env._("no policy"),
                )
            )
        if not (self.recipient_name or "").strip():
            gaps.append(self.env._("who the letter is to"))
        if not (self.subject or "").strip():
            gaps.append(self.env._("the subject"))
        if self.code == "holding" and self.due_date:
            gaps += self._care_day_gaps()
        if self.completion_date:
            gaps += self._care_completion_gaps()
        partner = self.partner_id.sudo()
        if partner and self.recipient_name and not self._care_names_recipient():
            gaps.append(
                self.env._("the name of %s: the gate was asked about this person", partner.name)
            )
        gaps += [
            self.env._("%s, in a few words", part.name) if part.shown else part.name
            for part in self.part_ids
            if part.missing
        ]
        gaps += self._care_signature_gaps()
        values = self._care_values()
        texts = [self.subject, self.opening, self.closing, *self.part_ids.mapped("text")]
        empty = {
            code
            for text in texts
            for code in letter_text.used(text)
            if values.get(code) in ("", False, None)
        }
        gaps += [
            self.env._(
                "a value for %(placeholder)s (%(meaning)s), or another text",
                placeholder=letter_text.braced(code),
                meaning=letter_text.ALL.get(code, ""),
            )
            for code in sorted(empty)
        ]
        return gaps

    def _care_day_gaps(self):
        """What is wrong with the new day of a holding letter."""
        if self.due_date <= self._care_day(fields.Datetime.now()):
            return [self.env._("a new day that lies ahead")]
        latest = self.ticket_id._care_latest_extension("answer")
        if latest and self.due_date > self._care_day(latest):
            return [
                self.env._(
                    "a new day not after %(latest)s, the last that %(policy)s allows; if the "
                    "person agreed to more, record that as the new date first",
                    latest=format_date(self.env, self._care_day(latest)),
                    policy=self.ticket_id.sudo().care_policy_id.name,
                )
            ]
        return []

    def _care_completion_gaps(self):
        """What is wrong with the day on which looking into it was completed."""
        received = self.ticket_id.sudo().care_received_date
        first, last = map(self._care_day, (received, fields.Datetime.now()))
        if first <= self.completion_date <= last:
            return []
        return [
            self.env._(
                "a day of completion from %(first)s, when it was received, to %(last)s, today",
                first=format_date(self.env, first),
                last=format_date(self.env, last),
            )
        ]

    def _care_signature_gaps(self):
        """Who signs must be a person of whom the set-up of the company says that they may."""
        if "signed" not in self.part_ids.mapped("kind"):
            return []
        company, signer = self.sudo().company_id, self.sudo().signer_id
        allowed = company.care_responsible_id | company.care_signer_ids
        if not allowed:
            return [
                self.env._(
                    "who may sign for %s: a supervisor enters it in the settings of the company",
                    company.name,
                )
            ]
        if signer not in allowed or not signer.active:
            return [
                self.env._("the signature of who may sign: %s", ", ".join(allowed.mapped("name")))
            ]
        if signer.name.casefold() not in (self.signer_name or "").casefold():
            return [self.env._("the name of %s under the signature", signer.name)]
        return []

    def _care_check_complete(self):
        """Refuse letters that lack a part; the sentence names what is missing."""
        for letter in self:
            gaps = letter._care_gaps()
            if gaps:
                raise UserError(
                    self.env._(
                        "Letter %(letter)s (%(type)s) cannot be finished. Missing: %(missing)s.",
                        letter=letter.display_name,
                        type=letter.type_id.name,
                        missing="; ".join(gaps),
                    )
                )

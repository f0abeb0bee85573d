from odoo import api, fields, models
from odoo.exceptions import UserError

from ..inquiry.helpdesk_ticket import OURS

SUPERVISOR = "patient_care_coordination.group_supervisor"
PRIVACY = "patient_care_coordination.group_privacy_officer"


class CareLetter(models.Model):
    """What a neutral letter says to a person who may be told nothing: what its type says.

    Other words might tell about the patient. They leave only if a supervisor or the privacy
    officer, who wrote none of them, takes them on with a reason.
    """

    _inherit = "care.letter"

    own_words = fields.Text("Other words in", compute="_compute_own_words")
    words_reason = fields.Char("Why these words may go out", readonly=True)
    words_taken_by_id = fields.Many2one("res.users", string="Words taken on by", readonly=True)

    @api.depends(
        "subject",
        "opening",
        "closing",
        "recipient_name",
        "partner_id",
        "part_ids.shown",
        "part_ids.name",
        "contact_name",
        "contact_phone",
        "signer_name",
        "signer_title",
        "lang_id",
        "state",
    )
    def _compute_own_words(self):
        for letter in self:
            letter.own_words = letter.state != "sent" and ", ".join(letter._care_own_words())

    def _care_own_words(self):
        """Where this letter, if nothing may be told to whom it goes, says what its type does not.

        :return: labels of its fields and headings of its parts
        """
        self.ensure_one()
        if not self._care_tells_nothing():
            return []
        letter = self.sudo()
        kind = letter.type_id.with_context(lang=self._care_lang())
        company = letter.company_id
        said = {
            **{name: [self._care_fill(kind[name])] for name in ("subject", "opening", "closing")},
            "recipient_name": [letter.partner_id.name, *self._care_caller_names()],
            "contact_name": [letter.contact_id.name],
            "contact_phone": [letter.contact_id.partner_id.phone, company.phone],
            "signer_name": [letter.signer_id.name],
            "signer_title": [company.care_responsible_title],
        }
        other = [
            letter._fields[name]._description_string(self.env)
            for name, texts in said.items()
            if not self._care_is_said(self._care_fill(letter[name]), texts)
        ]
        usual = {}
        for part in kind._care_parts(letter.policy_id):
            usual.setdefault(part.name, []).append(self._care_fill(letter._care_start(part)))
        return other + [
            part.name
            for part in letter.part_ids
            if (part.shown or "").strip()
            and (
                part.name not in usual
                or not self._care_is_said(self._care_fill(part.text), usual[part.name])
            )
        ]

    @api.model
    def _care_is_said(self, text, texts):
        """Whether ``text`` is empty or one of ``texts``; blanks and line ends do not count."""
        words = (text or "").split()
        return not words or any(words == (one or "").split() for one in texts)

    def _care_tells_nothing(self):
        """Whether it goes to the caller only because it is neutral: the gate lets nothing else."""
        self.ensure_one()
        if not (self.neutral and self.recipient_name and self._care_to_caller()):
            return False
        verdict = self.ticket_id._care_authority(partner=self.partner_id, name=self.recipient_name)
        return not verdict.allowed or bool(self.ticket_id._care_patient_gap(verdict))

    def _care_for_privacy_officer(self):
        """Whether these letters are the privacy officer's to check: for their other words alone."""
        user = self.env.user
        return user.has_group(PRIVACY) and all(letter._care_own_words() for letter in self)

    def _care_check_words(self):
        """Refuse other words to a person who may be told nothing, unless the user may take them on
        or somebody has; raises UserError.
        """
        user = self.env.user
        taker = any(user.has_group(group) for group in (SUPERVISOR, PRIVACY))
        for letter in self:
            other = not letter.words_taken_by_id and letter._care_own_words()
            may_take = taker and letter.state == "draft" and user not in letter.sudo().writer_ids
            if other and not may_take:
                raise UserError(
                    self.env._(
                        "Nothing may be told to %(name)s, so letter %(letter)s may only say what "
                        "its type says, but it has other words in: %(where)s; start again from "
                        "the template, or ask a supervisor or the privacy officer who wrote "
                        "nothing in it to check it.",
                        name=letter.recipient_name,
                        letter=letter.display_name,
                        where=", ".join(other),
                    )
                )

    def _care_take_words(self, reason):
        """Note who takes on other words than those of the type, and why.

        Raises UserError without a reason.
        """
        taken = self.filtered(lambda letter: letter._care_own_words())
        if not taken:
            return
        if not (reason or "").strip():
            raise UserError(
                self.env._(
                    "Say why the other words may go to %s, who may be told nothing: it is kept.",
                    taken[0].recipient_name,
                )
            )
        taken.sudo().with_context(care_letter=OURS).write(
            {"words_reason": reason.strip(), "words_taken_by_id": self.env.user.id}
        )

    def _care_words_taken(self):
        """What went out in other words, and who took it on, for the disclosure; or nothing."""
        self.ensure_one()
        letter = self.sudo()
        if not letter.words_taken_by_id:
            return ""
        texts = [letter.subject, letter.opening]
        texts += [f"{part.name}: {part.shown}" for part in letter.part_ids if part.shown]
        return self.env._(
            "Words taken on by %(who)s, because: %(reason)s\n%(text)s",
            who=letter.words_taken_by_id.name,
            reason=letter.words_reason,
            text="\n".join(self._care_fill(text) for text in [*texts, letter.closing] if text),
        )

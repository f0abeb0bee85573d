from odoo import api, fields, models
from odoo.exceptions import ValidationError

from . import letter_text

TEXTS = ("subject", "opening", "closing")


class CareLetterType(models.Model):
    """A kind of letter: its text, what it must contain, who checks it.

    Texts are plain, in each language, with placeholders in double braces (see ``letter_text``).
    """

    _name = "care.letter.type"
    _description = "Letter Type"
    _order = "sequence, id"

    name = fields.Char(required=True, translate=True)
    code = fields.Char(required=True, copy=False, help="Stable key used by clocks and closing.")
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    subject = fields.Char(required=True, translate=True)
    opening = fields.Text(
        "Text before the parts", translate=True, help="Starts with the salutation."
    )
    closing = fields.Text("Text after the parts", translate=True)
    neutral = fields.Boolean(
        "Neutral facts only",
        help="Tells the caller nothing about a patient beyond the caller's own words, so it may "
        "go to the caller without authority. Facts about the patient are refused in its texts.",
    )
    needs_other_checker = fields.Boolean(
        "Another person checks",
        help="Whoever wrote in it cannot check it, and the checker answers the check list.",
    )
    checker_policy_ids = fields.Many2many(
        "care.policy",
        "care_letter_type_checker_policy_rel",
        "type_id",
        "policy_id",
        string="Another person checks under",
        help="Policies under which whoever wrote in it cannot check it.",
    )
    part_ids = fields.One2many("care.letter.type.part", "type_id", string="Parts")
    placeholder_help = fields.Text("Placeholders", compute="_compute_placeholder_help")

    _code_uniq = models.Constraint("unique (code)", "Another letter type has this code.")

    @api.depends("neutral")
    def _compute_placeholder_help(self):
        for letter_type in self:
            codes = dict(letter_text.PLACEHOLDERS)
            if not letter_type.neutral:
                codes |= letter_text.PATIENT_PLACEHOLDERS
            letter_type.placeholder_help = "\n".join(
                f"{{{{ {code} }}}}  {label}" for code, label in codes.items()
            )

    @api.constrains(*TEXTS, "neutral")
    def _check_placeholders(self):
        for letter_type in self:
            for name in TEXTS:
                letter_type._care_check_text(letter_type[name], letter_type._fields[name].string)
            letter_type.part_ids._check_neutral()

    def update_field_translations(self, field_name, translations, source_lang=""):
        """Translations are checked as the text itself is."""
        result = super().update_field_translations(field_name, translations, source_lang)
        if field_name in TEXTS:
            for text in translations.values():
                self._care_check_text(text, self._fields[field_name].string)
        return result

    def _care_check_text(self, text, where):
        """Refuse a text with something in double braces that stands for nothing here."""
        self.ensure_one()
        wrong = letter_text.unknown(text)
        if wrong:
            raise ValidationError(
                self.env._(
                    "%(where)s of the letter %(type)s: %(wrong)s is no placeholder. "
                    "Use one of the list beside the text.",
                    where=where,
                    type=self.name,
                    wrong=wrong,
                )
            )
        facts = [
            code for code in letter_text.used(text) if code in letter_text.PATIENT_PLACEHOLDERS
        ]
        if self.neutral and facts:
            raise ValidationError(
                self.env._(
                    "%(where)s of the letter %(type)s: %(wrong)s is a fact about the patient, "
                    "and this letter may hold neutral facts only. Remove it.",
                    where=where,
                    type=self.name,
                    wrong=letter_text.braced(facts[0]),
                )
            )

    @api.model
    def _care_by_code(self, code):
        """The letter type with this code, or an empty recordset."""
        return self.search([("code", "=", code)], limit=1)

    def _care_parts(self, policy):
        """The parts a letter of this type has under ``policy``, in order.

        Parts that name the policy are used alone; without any, those that name no policy.
        """
        self.ensure_one()
        own = self.part_ids.filtered(lambda part: policy in part.policy_ids)
        return own or self.part_ids.filtered(lambda part: not part.policy_ids)

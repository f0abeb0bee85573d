from odoo import api, fields, models
from odoo.exceptions import ValidationError

# What a part is filled with. All but a text come from fields of the letter.
KINDS = [
    ("text", "Text"),
    ("contact", "Contact person and phone"),
    ("due", "Day an answer is expected"),
    ("completed", "Day of completion"),
    ("received", "Number and day received"),
    ("signed", "Signature"),
]
SOURCES = [
    ("default", "The text below"),
    ("description", "The caller's words"),
    ("desired_outcome", "The desired outcome"),
    ("told", "The issues and the desired outcome"),
    ("issues", "The issues with their findings"),
    ("answer", "The answer"),
    ("results", "The answer, and the issues with their findings"),
]
# Not the caller's own words.
PATIENT_SOURCES = {"told", "issues", "answer", "results"}


class CareLetterTypePart(models.Model):
    """A part that letters of a type have, under its own heading, in this order."""

    _name = "care.letter.type.part"
    _description = "Part of a Letter Type"
    _order = "type_id, sequence, id"

    type_id = fields.Many2one("care.letter.type", required=True, index=True, ondelete="cascade")
    sequence = fields.Integer(default=10)
    policy_ids = fields.Many2many(
        "care.policy",
        "care_letter_type_part_policy_rel",
        "part_id",
        "policy_id",
        string="Policies",
        help="Empty: for letters under every policy that has no parts of its own here.",
    )
    name = fields.Char("Heading", required=True, translate=True)
    kind = fields.Selection(KINDS, required=True, default="text")
    required = fields.Boolean(help="A letter without it cannot be finished.")
    source = fields.Selection(SOURCES, string="Starts with", default="default")
    text = fields.Text(translate=True, help="What it starts with; placeholders may be used.")
    hint = fields.Char(translate=True, help="For the writer; never printed.")

    @api.constrains("text", "source", "type_id")
    def _check_neutral(self):
        for part in self:
            part.type_id._care_check_text(part.text, part.name)
            if part.type_id.neutral and part.source in PATIENT_SOURCES:
                raise ValidationError(
                    self.env._(
                        "%(part)s of the letter %(type)s: it may hold the caller's own words and "
                        "neutral facts only. Let it start with another text.",
                        part=part.name,
                        type=part.type_id.name,
                    )
                )

    def update_field_translations(self, field_name, translations, source_lang=""):
        """Translations are checked as the text itself is."""
        result = super().update_field_translations(field_name, translations, source_lang)
        if field_name == "text":
            for text in translations.values():
                self.type_id._care_check_text(text, self.name)
        return result

from odoo import api, fields, models

from . import letter_text
from .care_letter_type_part import KINDS


class CareLetterPart(models.Model):
    """One part of one letter: its heading and its text, in the language of the letter."""

    _name = "care.letter.part"
    _description = "Part of a Letter"
    _order = "letter_id, sequence, id"

    letter_id = fields.Many2one("care.letter", required=True, index=True, ondelete="cascade")
    sequence = fields.Integer(default=10)
    name = fields.Char("Heading", required=True)
    kind = fields.Selection(KINDS, required=True, default="text", readonly=True)
    required = fields.Boolean(readonly=True)
    hint = fields.Char(readonly=True)
    text = fields.Text()
    shown = fields.Text("Printed", compute="_compute_shown")
    missing = fields.Boolean(compute="_compute_shown")

    @api.depends(
        "kind",
        "text",
        "required",
        "letter_id.contact_name",
        "letter_id.contact_phone",
        "letter_id.due_date",
        "letter_id.completion_date",
        "letter_id.signer_name",
        "letter_id.lang_id",
    )
    def _compute_shown(self):
        for part in self:
            letter = part.letter_id
            part.shown = letter._care_part_text(part) if letter else part.text
            says = letter_text.says_something if part.kind == "text" else letter_text.is_filled
            part.missing = part.required and not says(part.shown)

    @api.model_create_multi
    def create(self, vals_list):
        self.check_access("create")
        letters = self.env["care.letter"].browse(
            [vals["letter_id"] for vals in vals_list if vals.get("letter_id")]
        )
        letters._care_check_draft()
        for vals in vals_list:
            if vals.get("kind", "text") != "text" or vals.get("required"):
                # What a letter must contain comes from its type, not from whoever writes it.
                letters._care_check_ours()
        parts = super().create(vals_list)
        parts._check_text()
        letters._care_wrote()
        return parts

    def write(self, vals):
        self.letter_id._care_check_draft()
        if not {"letter_id", "kind", "required", "hint"}.isdisjoint(vals):
            self.letter_id._care_check_ours()
        result = super().write(vals)
        self._check_text()
        self.letter_id._care_wrote()
        return result

    def unlink(self):
        self.letter_id._care_check_draft()
        if any(part.required for part in self):
            self.letter_id._care_check_ours()
        self.letter_id._care_wrote()
        return super().unlink()

    def _check_text(self):
        for part in self:
            part.letter_id.type_id._care_check_text(part.text, part.name)

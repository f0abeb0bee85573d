from odoo import fields, models
from odoo.exceptions import UserError

from ..models.common.from_page import from_page

# Reasons for justified criticism of answers (Parliamentary and Health Service Ombudsman, 2012):
# poor explanation, no acknowledgement of mistakes, incomplete, factual errors, delay, poor apology.
POINTS = (
    "plain_words",
    "explained",
    "mistakes",
    "complete",
    "facts",
    "delay",
    "apology",
    "meeting",
)


class CareLetterCheck(models.TransientModel):
    """The check of a letter by somebody who did not write it, or its return to the writer."""

    _name = "care.letter.check"
    _description = "Check of a Letter"
    _inherit = ["care.checked.links"]

    letter_id = fields.Many2one("care.letter", required=True, ondelete="cascade")
    letter_state = fields.Selection(related="letter_id.state", related_sudo=False)
    gaps = fields.Text(related="letter_id.gaps", related_sudo=False)
    own_words = fields.Text(related="letter_id.own_words", related_sudo=False)
    needs_other_checker = fields.Boolean(
        related="letter_id.needs_other_checker", related_sudo=False
    )
    words_reason = fields.Char("Why these words may go out", help="Kept with the disclosure.")
    plain_words = fields.Boolean("Plain words; no jargon, no abbreviation left unexplained")
    explained = fields.Boolean("It explains what happened and why, and what should have happened")
    mistakes = fields.Boolean("Mistakes are named as mistakes")
    complete = fields.Boolean("Every point the person raised is answered")
    facts = fields.Boolean("Names, dates and facts agree with the records")
    delay = fields.Boolean("Any delay is explained")
    apology = fields.Boolean("Where we failed, the apology says for what; no “sorry you feel”")
    meeting = fields.Boolean("A meeting or a call is offered, and the next step is said")
    reason = fields.Char("What has to change", help="The writer reads it.")

    @from_page(one=True)
    def action_checked(self):
        """Finish the check: every point answered yes, other words taken on with a reason."""
        self.ensure_one()
        points = POINTS if self.needs_other_checker else ()
        open_points = [self._fields[name].string for name in points if not self[name]]
        if open_points:
            raise UserError(
                self.env._(
                    "Tick what you checked, or send the letter back. Open: %(points)s.",
                    points="; ".join(open_points),
                )
            )
        labels = self.fields_get(points, ["string"])
        self.letter_id._care_mark_checked(
            "\n".join(labels[name]["string"] for name in points), self.words_reason
        )
        return {"type": "ir.actions.act_window_close"}

    @from_page(one=True)
    def action_return(self):
        """Send the letter back to its writer."""
        self.ensure_one()
        self.letter_id._care_return(self.reason)
        return {"type": "ir.actions.act_window_close"}

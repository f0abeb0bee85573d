from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from ..common.from_page import from_page
from ..common.guard import OURS
from .helpdesk_ticket import STAFF


class HelpdeskTicket(models.Model):
    """What was said stays as it was said: the caller's words, number, receipt, who answered."""

    _inherit = "helpdesk.ticket"

    care_correction_ids = fields.One2many(
        "care.correction", "ticket_id", string="Corrections", groups=STAFF
    )

    # Plain tickets may share a number; nothing but a mail's luck depends on theirs.
    _care_number_uniq = models.UniqueIndex(
        "(number) WHERE care_is_inquiry IS TRUE",
        "This number belongs to another inquiry: leave the number empty, and it gets its own.",
    )

    def _care_check_kept(self, vals):
        """Refuse what no client may rewrite on these inquiries; the sentence says what to do.

        Forms send back what they hold, so a value that stays the same is no change.
        """
        context = self.env.context
        if self.env.su or context.get("care_kept") is OURS:
            return
        sentences = self._care_kept_sentences()
        for name in sentences.keys() & vals.keys():
            field = self._fields[name]
            for ticket in self.sudo():
                before = field.convert_to_write(ticket[name], ticket)
                after = field.convert_to_write(
                    field.convert_to_record(
                        field.convert_to_cache(vals[name], ticket, validate=True), ticket
                    ),
                    ticket,
                )
                if (before or False) != (after or False):
                    raise AccessError(sentences[name])

    @api.model
    def _care_kept_sentences(self):
        """Fields that a client never rewrites: ``{name: sentence that says what to do}``."""
        return {
            "number": self.env._("The number of an inquiry never changes."),
            "description": self.env._(
                "What the caller said is kept as it arrived. Use Correct the text: the correction "
                "stands beside it, with your name and reason."
            ),
            "care_received_date": self.env._(
                "Use Change date received: it keeps the reason for which the date changes."
            ),
            "care_answered_by_id": self.env._(
                "Who answered is noted when the inquiry is closed, and not written by hand."
            ),
            "care_automatic": self.env._("Whether a machine wrote the first mail is not changed."),
            "care_intake_error": self.env._("The problem of the intake is kept as it happened."),
        }

    def _care_anonymise_words(self, text):
        """Put ``text`` in the place of what the caller said; for retention alone."""
        self.sudo().with_context(care_kept=OURS, care_anonymise=OURS).write({"description": text})
        self.sudo().care_correction_ids._care_anonymise()

    # ------------------------------------------------------------------
    # Numbers
    # ------------------------------------------------------------------

    @api.model
    def _care_number(self, vals_list):
        """Give each of these values of new inquiries a number that no inquiry has, in place.

        Two companies may draw from two sequences with one prefix, and an import brings numbers
        along: a number that is in use is refused if it was handed in, else another is drawn.
        """
        drawn = []
        for vals in vals_list:
            if (vals.get("number") or "/") == "/":
                vals["number"] = self._prepare_ticket_number(vals)
                drawn.append(vals)
        numbers = [vals["number"] for vals in vals_list]
        taken = self._care_taken_numbers(numbers)
        given = [vals["number"] for vals in vals_list if not any(vals is own for own in drawn)]
        twice = next((number for number in given if number in taken or given.count(number) > 1), "")
        if twice:
            raise UserError(
                self.env._(
                    "Number %s belongs to another inquiry: leave the number empty, and the "
                    "inquiry gets its own.",
                    twice,
                )
            )
        taken |= set(given)
        for vals in drawn:
            if vals["number"] in taken:
                vals["number"] = self._care_free_number(vals["number"], vals.get("company_id"))
            taken.add(vals["number"])

    @api.model
    def _care_taken_numbers(self, numbers):
        inquiries = self.sudo().with_context(active_test=False)
        domain = [("number", "in", numbers), ("care_is_inquiry", "=", True)]
        return set(inquiries.search(domain).mapped("number"))

    @api.model
    def _care_free_number(self, number, mark):
        """A number like this one that no inquiry has: with ``mark``, and counted on if need be."""
        taken = self.sudo().with_context(active_test=False)
        domain = [("number", "=like", f"{number}-%"), ("care_is_inquiry", "=", True)]
        taken = set(taken.search(domain).mapped("number"))
        wanted, count = f"{number}-{mark or 1}", 1
        while wanted in taken:
            count += 1
            wanted = f"{number}-{mark or 1}-{count}"
        return wanted

    def _care_settle_numbers(self):
        """Give plain tickets that become inquiries a number of their own where theirs is taken."""
        taken, seen = self._care_taken_numbers(self.mapped("number")), set()
        for ticket in self:
            if ticket.number in taken | seen:
                old, new = ticket.number, self._care_free_number(ticket.number, ticket.id)
                ticket.write({"number": new})
                ticket._message_log(
                    body=self.env._(
                        "Number %(old)s belongs to another inquiry: now %(new)s.", old=old, new=new
                    )
                )
            seen.add(ticket.number)

    # ------------------------------------------------------------------
    # Corrections
    # ------------------------------------------------------------------

    @from_page(one=True)
    def action_care_correct_text(self):
        """Open the form that puts a correction beside what the caller said."""
        return self._care_open_correction("description")

    @from_page(one=True)
    def action_care_correct_received(self):
        """Open the form that changes the date received, with a reason."""
        return self._care_open_correction("received")

    def _care_open_correction(self, kind):
        self.ensure_one()
        action = self.env["ir.actions.actions"]._for_xml_id(
            "patient_care_coordination.action_care_correction"
        )
        return action | {"context": {"default_ticket_id": self.id, "default_kind": kind}}

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..common.guard import OURS

SENT = {"ticket_id", "kind", "text", "new_received", "reason"}


class CareCorrection(models.Model):
    """One correction beside what an inquiry said when it arrived; never edited.

    That of the date received also changes the date, from which the clocks run.
    """

    _name = "care.correction"
    _description = "Correction of an Inquiry"
    _order = "date desc, id desc"
    _rec_name = "ticket_id"

    ticket_id = fields.Many2one(
        "helpdesk.ticket", string="Inquiry", required=True, index=True, ondelete="restrict"
    )
    kind = fields.Selection(
        [("description", "What was said"), ("received", "Date received")],
        string="Corrected",
        required=True,
        default="description",
    )
    text = fields.Text("Correct is")
    old_received = fields.Datetime("Received, before")
    new_received = fields.Datetime("Received")
    reason = fields.Text(required=True)
    user_id = fields.Many2one("res.users", string="Corrected by", readonly=True)
    date = fields.Datetime(readonly=True)

    @api.model_create_multi
    def create(self, vals_list):
        """Keep corrections by whoever may change the inquiry; name and time are the server's."""
        vals_list = [
            {name: value for name, value in vals.items() if name in SENT}
            | {"user_id": self.env.uid, "date": fields.Datetime.now()}
            for vals in map(self._add_missing_default_values, vals_list)
        ]
        tickets = self.env["helpdesk.ticket"].browse([vals.get("ticket_id") for vals in vals_list])
        tickets.exists().check_access("write")
        for vals, ticket in zip(vals_list, tickets.sudo(), strict=True):
            vals["old_received"] = ticket.care_received_date
            self._care_check_row(vals, ticket)
        corrections = super().create(vals_list)
        for correction in corrections.filtered(lambda row: row.kind == "received"):
            correction._care_move_receipt()
        return corrections

    @api.model
    def _care_check_row(self, vals, ticket):
        if not ticket.exists().care_is_inquiry:
            raise UserError(self.env._("Corrections are kept of inquiries only: choose one."))
        if not (vals.get("reason") or "").strip():
            raise UserError(self.env._("Give the reason for the correction: it is kept."))
        if vals["kind"] == "received" and not vals.get("new_received"):
            raise UserError(
                self.env._("Enter the date and time at which the hospital received it.")
            )
        if vals["kind"] == "description" and not (vals.get("text") or "").strip():
            raise UserError(self.env._("Write what is correct; the caller's words stay above it."))

    def _care_move_receipt(self):
        """Change the date received with the rights of whoever corrects it."""
        self.ensure_one()
        ticket = self.ticket_id
        ticket.with_context(care_kept=OURS).write({"care_received_date": self.new_received})
        ticket._message_log(
            body=self.env._("Date received changed. Reason: %s", self.reason),
        )

    def write(self, vals):
        if self.env.context.get("care_anonymise") is not OURS:
            self._care_check_never_changed()
        return super().write(vals)

    def unlink(self):
        self._care_check_never_changed()
        return super().unlink()

    def _care_check_never_changed(self):
        if self:
            raise UserError(self.env._("A correction is never edited or deleted: add another one."))

    def _care_anonymise(self):
        """Take the words away; that there was a correction, by whom and when, stays."""
        self.sudo().with_context(care_anonymise=OURS).write({"text": False, "reason": "-"})

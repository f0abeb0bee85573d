from odoo import fields, models

from ..models.common.from_page import from_page


class CareConsultReply(models.TransientModel):
    """The small form in which a consult is answered, declined or cancelled."""

    _name = "care.consult.reply"
    _description = "Reply to a Consult"
    _inherit = ["care.checked.links"]

    consult_id = fields.Many2one("care.consult", required=True, readonly=True)
    kind = fields.Selection(
        [("answer", "Answer"), ("decline", "Decline"), ("cancel", "Cancel")],
        required=True,
        readonly=True,
        default="answer",
    )
    # With the rights of the user: the form of passage must not open what the consult keeps closed.
    question = fields.Text(related="consult_id.question", related_sudo=False)
    text = fields.Text()

    @from_page(one=True)
    def action_confirm(self):
        """Reply as the user; raises UserError without a text."""
        self.ensure_one()
        self.consult_id.check_access("read")
        self.consult_id._care_reply(self.kind, self.text)
        return {"type": "ir.actions.act_window_close"}

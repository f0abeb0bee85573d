from odoo import api, fields, models

from ..models.common.from_page import from_page


class CareLetterWrite(models.TransientModel):
    """Which letter to write about an inquiry, and to whom."""

    _name = "care.letter.write"
    _description = "Write a Letter"
    _inherit = ["care.checked.links"]

    ticket_id = fields.Many2one(
        "helpdesk.ticket", string="Inquiry", required=True, ondelete="cascade"
    )
    type_id = fields.Many2one("care.letter.type", string="Letter", required=True)
    neutral = fields.Boolean(related="type_id.neutral", related_sudo=False)
    partner_id = fields.Many2one(
        "res.partner", string="To", help="Empty: the letter goes to the caller."
    )

    @api.onchange("ticket_id")
    def _onchange_ticket_id(self):
        if self.ticket_id and not self.type_id:
            code = (
                "thanks"
                if self.ticket_id.care_nature_id.code == "compliment"
                else "acknowledgement"
            )
            self.type_id = self.env["care.letter.type"]._care_by_code(code)

    @from_page(one=True)
    def action_write(self):
        """Make the draft and open it."""
        self.ensure_one()
        values = {}
        if self.partner_id:
            person = self.partner_id
            lines = person._display_address(without_company=True).splitlines()
            values = {
                "partner_id": person.id,
                "recipient_name": person.name,
                "recipient_address": "\n".join(filter(None, map(str.strip, lines))),
                "recipient_email": person.email,
            }
        letter = self.env["care.letter"]._care_draft(self.ticket_id, self.type_id, **values)
        return letter.action_care_open()

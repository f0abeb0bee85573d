from odoo import SUPERUSER_ID, api, fields, models

from ..common.from_page import from_page
from ..inquiry.helpdesk_ticket import STAFF

SUPERVISOR = "patient_care_coordination.group_supervisor"


class HelpdeskTicket(models.Model):
    """The letters of an inquiry, and the one that closing asks for."""

    _inherit = "helpdesk.ticket"

    care_letter_ids = fields.One2many("care.letter", "ticket_id", string="Letters", groups=STAFF)
    care_praise = fields.Boolean("Praise", compute="_compute_care_praise", groups=STAFF)

    @api.depends("care_nature_id")
    def _compute_care_praise(self):
        for ticket in self:
            ticket.care_praise = ticket.care_nature_id.code == "compliment"

    @from_page(one=True)
    def action_care_write_letter(self):
        """Open the choice of the letter to write."""
        self.ensure_one()
        action = self.env["ir.actions.actions"]._for_xml_id(
            "patient_care_coordination.action_letter_write"
        )
        return action | {"context": {"default_ticket_id": self.id}}

    @from_page(one=True)
    def action_care_thank(self):
        """Send the letter of thanks for praise in one click."""
        self.ensure_one()
        return self.env["care.letter"]._care_thank(self).action_download()

    def _care_changed(self, old):
        result = super()._care_changed(old)
        forgotten = self.sudo().filtered(
            lambda ticket: (
                ticket.care_identity == "anonymous"
                and old[ticket.id].get("care_identity", "anonymous") != "anonymous"
            )
        )
        forgotten.care_letter_ids._care_forget_recipients()
        return result

    def _care_closing_gaps(self):
        gaps = super()._care_closing_gaps()
        for ticket_id, names in self._care_missing_letters().items():
            gaps[ticket_id] += [self.env._("the letter %s, sent", name) for name in names]
        return gaps

    def _care_missing_letters(self):
        """The required letters that were not sent: ``{id: [name, ...]}``; three queries a batch."""
        required = {}
        natures = self.sudo().care_nature_id
        rows = self.env["care.letter.requirement"].sudo()
        for row in rows.search([("nature_id", "in", natures.ids)]):
            required.setdefault(row.nature_id.id, []).append(row)
        tickets = self.sudo().filtered(
            lambda ticket: ticket.care_nature_id.id in required and not ticket._care_closed_before()
        )
        if not tickets:
            return {}
        sent = self.env["care.letter"]._care_sent_types(tickets)
        missing = {}
        for ticket in tickets:
            for row in required[ticket.care_nature_id.id]:
                if row._care_holds(ticket) and not row._care_met(ticket, sent.get(ticket.id, ())):
                    missing.setdefault(ticket.id, []).append(row.type_id.name)
        return missing

    def _care_closed_before(self):
        """Whether it was closed before it was entered here, as in an import of old inquiries.

        Its letters lie where it was worked then. Supervisors import; for others this would be a
        way around the gate.
        """
        self.ensure_one()
        user = self.env.user
        imports = self.env.uid == SUPERUSER_ID or user.has_group(SUPERVISOR)
        return bool(
            imports
            and self.closed_date
            and self.create_date
            and self.closed_date < self.create_date
        )

from odoo import fields, models
from odoo.exceptions import AccessError


class HelpdeskTicket(models.Model):
    """The gate on the other ways out: export, report, page of the portal."""

    _inherit = "helpdesk.ticket"

    def export_data(self, fields_to_export):
        """Export tickets; of inquiries for coordinators alone, and kept as a disclosure of each.

        Raises AccessError for others: an export takes what many people said out of the house.
        """
        inquiries = self.filtered("care_is_inquiry")
        if inquiries:
            if not self._care_knows_callers():
                raise AccessError(
                    self.env._("Inquiries are exported by coordinators and the privacy officer.")
                )
            inquiries._care_disclose_to_me(
                "export", ", ".join(fields_to_export), self.env._("Work of the hospital")
            )
        return super().export_data(fields_to_export)

    def _care_disclose_to_me(self, way, what, purpose):
        """Keep that the user took something out of these inquiries; as one batch."""
        user = self.env.user
        self.env["care.disclosure"]._care_record(
            [
                {
                    "ticket_id": ticket.id,
                    "way": way,
                    "partner_id": user.partner_id.id,
                    "recipient": user.name,
                    "address": user.email,
                    "what": what,
                    "purpose": purpose,
                    "basis": "staff",
                }
                for ticket in self
            ]
        )

    def _care_show_on_portal(self, user):
        """Keep, once a day, that a person read an inquiry about a patient on the portal."""
        self.ensure_one()
        ticket = self.sudo()
        if not ticket.care_is_inquiry or not user.share:
            return
        partner = user.sudo().partner_id
        today = fields.Datetime.now().replace(hour=0, minute=0, second=0, microsecond=0)
        seen = self.env["care.disclosure"].sudo()
        if seen.search_count(
            [
                ("ticket_id", "=", self.id),
                ("way", "=", "portal"),
                ("partner_id", "=", partner.id),
                ("date", ">=", today),
            ],
            limit=1,
        ):
            return
        verdict = self._care_authority(partner=partner)
        self._care_disclose(
            "portal",
            self.env._("The page of the inquiry, with its messages and files."),
            self.env._("Reading one's own matter"),
            verdict=verdict,
            partner=partner,
        )

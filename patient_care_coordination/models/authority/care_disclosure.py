from odoo import api, fields, models
from odoo.exceptions import UserError

from ..common.guard import OURS, as_server

WAYS = [
    ("mail", "E-mail"),
    ("letter", "Letter"),
    ("call", "Call"),
    ("visit", "In person"),
    ("portal", "Portal"),
    ("export", "Export"),
    ("consult", "Consult"),
    ("follower", "Follower"),
    ("link", "Link"),
    ("pdf", "PDF"),
]


class CareDisclosure(models.Model):
    """What was told to whom about a patient, when, why and by whom; kept as it was written.

    Contents as in 45 CFR 164.528: date, recipient with address, what, purpose. ``accountable``
    marks those that an accounting to the patient must list.
    """

    _name = "care.disclosure"
    _description = "Disclosure"
    _order = "date desc, id desc"

    date = fields.Datetime(required=True, readonly=True, index=True)
    company_id = fields.Many2one("res.company", required=True, readonly=True, index=True)
    ticket_id = fields.Many2one(
        "helpdesk.ticket", string="Inquiry", readonly=True, index=True, ondelete="restrict"
    )
    patient_id = fields.Many2one(
        "care.patient", readonly=True, index="btree_not_null", ondelete="restrict"
    )
    way = fields.Selection(WAYS, required=True, readonly=True)
    partner_id = fields.Many2one(
        "res.partner", readonly=True, index="btree_not_null", ondelete="restrict"
    )
    recipient = fields.Char(required=True, readonly=True)
    address = fields.Char(readonly=True)
    what = fields.Text(required=True, readonly=True)
    purpose = fields.Char(required=True, readonly=True)
    basis = fields.Char(readonly=True)
    authority_id = fields.Many2one("care.authority", readonly=True, ondelete="restrict")
    user_id = fields.Many2one("res.users", string="By", required=True, readonly=True)
    accountable = fields.Boolean(
        readonly=True, help="An accounting of disclosures to the patient must list it."
    )

    @api.depends("ticket_id.number", "date")
    def _compute_display_name(self):
        for row in self:
            row.display_name = row.ticket_id.sudo().number or self.env._("Disclosure")

    @api.model_create_multi
    def create(self, vals_list):
        if self.env.context.get("care_disclosure") is not OURS:
            raise UserError(self.env._("Disclosures are written by what discloses, never by hand."))
        return super().create(vals_list)

    def write(self, vals):
        if self.env.context.get("care_anonymise") is not OURS:
            raise UserError(self.env._("A disclosure is kept as it was written."))
        return super().write(vals)

    def unlink(self):
        self._care_check_never_deleted()
        return super().unlink()

    def _care_check_never_deleted(self):
        if self:
            raise UserError(self.env._("Disclosures are never deleted."))

    @api.model
    def _care_record(self, vals_list):
        """Keep disclosures, one row for each dict; date, user and company are filled in."""
        tickets = (
            self.env["helpdesk.ticket"]
            .sudo()
            .browse([vals["ticket_id"] for vals in vals_list if vals.get("ticket_id")])
        )
        by_id = {ticket.id: ticket for ticket in tickets}
        rows = []
        for vals in vals_list:
            ticket = by_id.get(vals.get("ticket_id"), tickets.browse())
            rows.append(
                {
                    "date": fields.Datetime.now(),
                    "user_id": self.env.user.id,
                    "company_id": (ticket.company_id or self.env.company).id,
                    "patient_id": ticket.care_patient_id.id,
                    **vals,
                }
            )
        return as_server(self).with_context(care_disclosure=OURS).create(rows)

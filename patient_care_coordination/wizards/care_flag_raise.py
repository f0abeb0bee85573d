from odoo import fields, models


class CareFlagRaise(models.TransientModel):
    """Raise a red flag: one click opens it, one on the flag raises it. Words are optional."""

    _name = "care.flag.raise"
    _description = "Raise a Red Flag"
    _inherit = ["care.checked.links"]

    ticket_id = fields.Many2one("helpdesk.ticket", string="Inquiry", required=True)
    note = fields.Text("What was said", help="In the person's own words. It is kept.")
    flag_ids = fields.Many2many(
        "care.red.flag",
        string="Red flags",
        default=lambda self: self.env["care.red.flag"].search([]),
    )

from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..models.common.from_page import from_page
from ..models.supply.care_numbers import shown

RECEIPT = "patient_care_coordination.report_loan_receipt"
# How long a loan lasts unless somebody says otherwise.
DAYS = 7


class CareLoan(models.TransientModel):
    """Lend things with serial numbers, chosen or scanned, and print the receipt."""

    _name = "care.loan"
    _description = "Lend"
    _inherit = ["care.checked.links", "barcodes.barcode_events_mixin"]

    ticket_id = fields.Many2one("helpdesk.ticket", string="Inquiry", readonly=True)
    ticket_number = fields.Char(
        string="Number of the inquiry", help="Leave it empty for a loan without an inquiry."
    )
    borrower = fields.Selection(
        selection=lambda self: (
            self.env["stock.picking"]._fields["care_borrower"]._description_selection(self.env)
        ),
        string="Lent to",
        required=True,
        default="patient",
    )
    due_back = fields.Date(
        string="Due back",
        required=True,
        default=lambda self: fields.Date.context_today(self) + timedelta(days=DAYS),
    )
    lot_ids = fields.Many2many(
        "stock.lot",
        string="Things",
        domain="[('care_loan_state', '=', 'available'), ('product_id.active', '=', True)]",
    )

    serial = fields.Char(
        string="Scan or type", store=False, help="A serial number: it is added to the things."
    )

    @api.onchange("serial")
    def _onchange_serial(self):
        """A scanner types into the field that has the focus: this one."""
        serial, self.serial = (self.serial or "").strip(), False
        return self.on_barcode_scanned(serial) if serial else None

    @api.private
    def on_barcode_scanned(self, barcode):
        """Add the thing whose serial number was scanned; say why if it cannot be lent."""
        self.env["stock.lot"]._care_check_lender()
        try:
            lot = self.env["stock.lot"]._care_of_serial(barcode)
            lot._care_check_lendable()
        except UserError as refusal:
            return {"warning": {"title": self.env._("Not lent"), "message": str(refusal)}}
        self.lot_ids += self.env["stock.lot"].browse(lot.id)

    @from_page(one=True)
    def action_lend(self):
        """Lend them, and return the action that prints the receipt."""
        self.ensure_one()
        loans = self.lot_ids._care_lend(self.due_back, self._care_ticket(), self.borrower)
        report = self.env.ref(RECEIPT)
        return report.report_action(loans.ids) | {"close_on_report_download": True}

    def _care_ticket(self):
        """The inquiry, of which a clerk knows the number alone."""
        if self.ticket_id:
            self.ticket_id.check_access("write")
            return self.ticket_id
        number = (self.ticket_number or "").strip()
        if not number:
            return self.ticket_id
        ticket = (
            self.env["helpdesk.ticket"]
            .sudo()
            .search(
                [
                    ("number", "=", number),
                    ("care_is_inquiry", "=", True),
                    ("company_id", "in", self.env.companies.ids),
                ],
                limit=1,
            )
        )
        if not ticket:
            raise UserError(
                self.env._(
                    "No inquiry has the number %s: ask the coordinator for it.", shown(number)
                )
            )
        return ticket


class CareLoanDue(models.TransientModel):
    """A new date by which things out on loan are due back."""

    _name = "care.loan.due"
    _description = "New Date of a Loan"
    _inherit = ["care.checked.links"]

    lot_ids = fields.Many2many("stock.lot", string="Things", readonly=True)
    due_back = fields.Date(string="Due back", required=True)

    @api.model
    def default_get(self, fields_list):
        defaults = super().default_get(fields_list)
        if self.env.context.get("active_model") == "stock.lot":
            defaults["lot_ids"] = [fields.Command.set(self.env.context.get("active_ids", []))]
        return defaults

    @from_page(one=True)
    def action_change(self):
        """Write the date on the loans; raises UserError for a past date and for what is in."""
        self.ensure_one()
        lots = self.lot_ids
        lots._care_check_lender()
        lots.check_access("read")
        lots = lots.sudo()
        at_home = lots.filtered(lambda lot: not lot.care_loan_picking_id)
        if at_home or not lots:
            raise UserError(
                self.env._(
                    "Only what is out on loan has a date: %s.",
                    at_home._care_names() or self.env._("nothing is chosen"),
                )
            )
        lots.care_loan_picking_id._care_check_due_back(self.due_back)
        lots.care_loan_picking_id.care_due_back = self.due_back
        return True

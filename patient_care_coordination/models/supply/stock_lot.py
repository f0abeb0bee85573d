from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import format_date

from ..common.from_page import from_page, scanned, term
from ..common.guard import as_server
from .care_numbers import shown

LENDERS = (
    "patient_care_coordination.group_coordinator",
    "patient_care_coordination.group_supplies_clerk",
)
# A scanner that fires twice must not skip a step.
BOUNCE = timedelta(seconds=2)


# What scans and transfers alone write.
STEPS = {"care_loan_state", "care_loan_picking_id", "care_step_date"}


class StockLot(models.Model):
    """A serial number that is lent: its state follows the moves that bring it out and back.

    One scan is one step: lent, back for cleaning, cleaned, inspected and available again.
    """

    _inherit = "stock.lot"

    care_loan_state = fields.Selection(
        [
            ("available", "Available"),
            ("lent", "Lent"),
            ("cleaning", "To clean"),
            ("inspection", "To inspect"),
            ("repair", "To repair"),
            ("missing", "Missing"),
        ],
        string="Loan state",
        compute="_compute_care_loan_state",
        group_expand=True,
        store=True,
        readonly=True,
        index="btree_not_null",
        tracking=True,
    )
    care_loan_picking_id = fields.Many2one(
        "stock.picking",
        string="Loan",
        readonly=True,
        copy=False,
        index="btree_not_null",
        groups="stock.group_stock_user",
        help="The loan that this thing is out on.",
    )
    care_ticket_id = fields.Many2one(
        related="care_loan_picking_id.care_ticket_id", string="Inquiry", store=True, index=True
    )
    care_due_back = fields.Date(
        related="care_loan_picking_id.care_due_back", string="Due back", store=True
    )
    care_is_overdue = fields.Boolean(
        string="Overdue", compute="_compute_care_is_overdue", search="_search_care_is_overdue"
    )
    care_step_date = fields.Datetime(string="Last step", readonly=True, copy=False)

    @api.depends("product_id.tracking", "product_id.categ_id.care_is_supply")
    def _compute_care_loan_state(self):
        for lot in self:
            product = lot.product_id
            lends = product.tracking == "serial" and product.categ_id.care_is_supply
            lot.care_loan_state = lot.care_loan_state or ("available" if lends else False)

    @api.depends("care_due_back", "care_loan_state")
    def _compute_care_is_overdue(self):
        today = fields.Date.context_today(self)
        for lot in self:
            lot.care_is_overdue = bool(
                lot.care_loan_state == "lent" and lot.care_due_back and lot.care_due_back < today
            )

    def _search_care_is_overdue(self, operator, value):
        if operator != "in" or set(value) != {True}:
            return NotImplemented
        today = fields.Date.context_today(self)
        return [("care_loan_state", "=", "lent"), ("care_due_back", "<", today)]

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            self._care_check_steps(vals)
        return super().create(vals_list)

    def write(self, vals):
        self._care_check_steps(vals)
        return super().write(vals)

    @api.model
    def _care_check_steps(self, vals):
        """A thing becomes available by its inspection, not by an edit."""
        if not self.env.su and not STEPS.isdisjoint(vals):
            raise AccessError(
                self.env._("Scan the thing for its next step: its loan state is not edited.")
            )

    # ------------------------------------------------------------------
    # What may be lent
    # ------------------------------------------------------------------

    def _care_not_lendable(self):
        """``{lot: why it may not be lent}``; other rooms add reasons of theirs."""
        reasons = {}
        for lot in self:
            if lot.care_loan_state == "available":
                continue
            reasons[lot] = {
                "lent": self.env._("it is lent already"),
                "cleaning": self.env._("it must be cleaned and inspected first"),
                "inspection": self.env._("it must be inspected first"),
                "repair": self.env._("it waits for repair"),
                "missing": self.env._("it is missing: scan it as found first"),
            }.get(lot.care_loan_state, self.env._("it is not a thing for loans"))
        return reasons

    def _care_check_lendable(self):
        """Raise UserError that names each thing that may not be lent, and why."""
        reasons = self.sudo()._care_not_lendable()
        if reasons:
            raise UserError(
                self.env._(
                    "These cannot be lent:\n%s",
                    "\n".join(
                        f"{lot.product_id.display_name} {lot.name}: {reason}"
                        for lot, reason in reasons.items()
                    ),
                )
            )

    @api.model
    def _care_check_lender(self):
        if not any(self.env.user.has_group(group) for group in LENDERS):
            raise AccessError(
                self.env._("Coordinators and supplies clerks lend things and take them back.")
            )

    # ------------------------------------------------------------------
    # Lending
    # ------------------------------------------------------------------

    def _care_lend(self, due_back, ticket, borrower):
        """Lend these things until ``due_back`` (a date); returns the loans, one a warehouse.

        The loan carries the number of the inquiry and the word patient, relative or ward; nobody's
        name. Raises UserError, and lends nothing, if one of them cannot be lent.
        """
        self._care_check_lender()
        if not self:
            raise UserError(self.env._("Choose or scan what is lent."))
        self.env["stock.picking"]._care_check_due_back(due_back)
        if ticket and ticket.sudo().closed:
            raise UserError(
                self.env._("Inquiry %s is closed: reopen it before you lend.", ticket.number)
            )
        things = as_server(self)
        things._care_check_lendable()
        things.product_id.with_env(self.env)._care_check_supply()
        loans = self.env["stock.picking"].sudo()
        for warehouse, ours in things.grouped(lambda lot: lot.location_id.warehouse_id).items():
            if not warehouse.care_loan_type_id or warehouse.company_id not in self.env.companies:
                raise UserError(
                    self.env._(
                        "%s cannot be lent: it is in no store that is set up for loans.",
                        ", ".join(f"{lot.product_id.display_name} {lot.name}" for lot in ours),
                    )
                )
            loans |= ours._care_lend_from(warehouse, due_back, ticket, borrower)
        return loans

    def _care_lend_from(self, warehouse, due_back, ticket, borrower):
        destination = warehouse.care_loan_location_id
        loan = self.env["stock.picking"].create(
            {
                "picking_type_id": warehouse.care_loan_type_id.id,
                "company_id": warehouse.company_id.id,
                "location_id": warehouse.lot_stock_id.id,
                "location_dest_id": destination.id,
                "origin": ticket.number if ticket else False,
                "care_ticket_id": ticket.id if ticket else False,
                "care_borrower": borrower,
                "care_due_back": due_back,
                "move_ids": [
                    fields.Command.create(lot._care_move_values(lot.location_id, destination))
                    for lot in self
                ],
            }
        )
        loan._care_do()
        if ticket:
            self._care_tell_inquiry(
                ticket,
                self.env._(
                    "Lent: %(things)s. Due back %(date)s, loan %(loan)s.",
                    things=self._care_names(),
                    date=format_date(self.env, due_back),
                    loan=loan.name,
                ),
            )
        return loan

    def _care_move_values(self, source, destination):
        lines = [{"quantity": 1, "lot_id": self.id}]
        return source._care_done_move_values(self.product_id, lines, source, destination)

    def _care_names(self):
        return ", ".join(f"{lot.product_id.display_name} {lot.name}" for lot in self)

    @api.model
    def _care_tell_inquiry(self, ticket, text):
        ticket.sudo().message_post(
            body=text,
            author_id=self.env.user.partner_id.id,
            subtype_xmlid="mail.mt_note",
        )

    def _care_end_loan(self, loan):
        """These things came back from a loan: to be cleaned, and nobody is reminded any more."""
        self.write(
            {
                "care_loan_state": "cleaning",
                "care_loan_picking_id": False,
                "care_step_date": fields.Datetime.now(),
            }
        )
        if loan.care_ticket_id:
            self._care_tell_inquiry(
                loan.care_ticket_id,
                self.env._(
                    "Back: %(things)s, loan %(loan)s.", things=self._care_names(), loan=loan.name
                ),
            )
        if not loan.care_lot_ids:
            loan._care_overdue_activities().unlink()

    # ------------------------------------------------------------------
    # One scan, one step
    # ------------------------------------------------------------------

    @api.model
    @from_page(code=scanned)
    def care_scan(self, code):
        """Take the thing of this serial number one step further; returns the screen's answer.

        The answer is ``{"level", "title", "text", "actions"}``; an action is a button that calls
        ``care_mark`` with its arguments. Raises UserError with one sentence for unknown numbers.
        """
        self._care_check_lender()
        lot = self._care_of_serial((code or "").strip())
        if lot.care_step_date and fields.Datetime.now() - lot.care_step_date < BOUNCE:
            return lot._care_answer(
                "warning", self.env._("Scanned a moment ago: scan it again after the next step.")
            )
        if lot.care_loan_state == "available":
            return lot._care_answer(
                "info", self.env._("Ready to lend: open the inquiry and choose Lend.")
            )
        lot._care_next_step()
        return lot._care_answer("success", lot._care_hint())

    @api.model
    def _care_of_serial(self, code):
        """The lendable thing with this serial number, in the environment that may write it."""
        lots = self.sudo().search(
            [
                ("name", "=", code),
                ("care_loan_state", "!=", False),
                ("company_id", "in", [False, *self.env.companies.ids]),
            ],
        )
        if len(lots) > 1:
            raise UserError(
                self.env._(
                    "Several things have the serial number %(code)s (%(things)s): "
                    "ask the store to give each its own.",
                    code=code,
                    things=", ".join(lots.product_id.mapped("display_name")),
                )
            )
        if not lots:
            raise UserError(
                self.env._(
                    "No thing for loans has the serial number %s: scan the label on the thing.",
                    shown(code) or self.env._("(empty)"),
                )
            )
        return lots

    def _care_next_step(self):
        """Move this thing on: back from a loan, cleaned, inspected, repaired or found."""
        self.ensure_one()
        if self.location_id.care_role == "loan":
            self._care_take_back()
        elif self.care_loan_state == "inspection":
            self._care_put_in_stock()
            self._care_step("available")
        else:
            self._care_step("inspection")

    def _care_step(self, state):
        self.write({"care_loan_state": state, "care_step_date": fields.Datetime.now()})

    def _care_take_back(self):
        """Bring it from the loan to Cleaning & check, by a return of the loan it was out on."""
        warehouse = self.location_id.warehouse_id
        source, destination = self.location_id, warehouse.care_cleaning_location_id
        loan = self.care_loan_picking_id
        lent = loan.move_ids.filtered(lambda move: self in move.lot_ids)[:1]
        picking = self.env["stock.picking"].create(
            {
                "picking_type_id": warehouse.care_loan_return_type_id.id,
                "company_id": warehouse.company_id.id,
                "location_id": source.id,
                "location_dest_id": destination.id,
                "origin": loan.origin,
                "return_id": loan.id,
                "care_ticket_id": loan.care_ticket_id.id,
                "move_ids": [
                    fields.Command.create(
                        self._care_move_values(source, destination)
                        | {"origin_returned_move_id": lent.id}
                    )
                ],
            }
        )
        picking._care_do()

    def _care_put_in_stock(self):
        warehouse = self.location_id.warehouse_id
        if not warehouse:
            raise UserError(
                self.env._(
                    "%s is in no store: ask the clerk to enter where it is, then scan it again.",
                    self._care_names(),
                )
            )
        stock = warehouse.lot_stock_id
        if not self.location_id._child_of(stock):
            quants = self.quant_ids.filtered(lambda quant: quant.quantity > 0)
            quants.move_quants(location_dest_id=stock, message=self.env._("Inspected"))

    @from_page(one=True, state=term)
    def care_mark(self, state):
        """Say that a thing waits for repair or is missing; returns the screen's answer."""
        self._care_check_lender()
        self.ensure_one()
        lot = as_server(self)
        if (lot.company_id and lot.company_id not in self.env.companies) or not lot.care_loan_state:
            raise AccessError(self.env._("Choose a thing of your own company."))
        if state not in ("repair", "missing"):
            raise UserError(self.env._("A thing is marked as to repair or as missing only."))
        if state == "repair" and lot.care_loan_state == "lent":
            raise UserError(self.env._("%s is lent: scan it as returned first.", lot._care_names()))
        lot._care_step(state)
        return lot._care_answer("warning", lot._care_hint())

    def _care_hint(self):
        """What the next scan means."""
        return {
            "cleaning": self.env._("Clean it, then scan it again."),
            "inspection": self.env._("Inspect it, then scan it again."),
            "available": self.env._("It can be lent again."),
            "repair": self.env._("Scan it again once it is repaired."),
            "missing": self.env._("Scan it again once it is found."),
        }[self.care_loan_state]

    def _care_step_label(self):
        """What the next scan says."""
        if self.location_id.care_role == "loan":
            return self.env._("Returned")
        return {
            "inspection": self.env._("Inspected"),
            "repair": self.env._("Repaired"),
            "missing": self.env._("Found"),
        }.get(self.care_loan_state, self.env._("Cleaned"))

    def _care_answer(self, level, text):
        state = dict(self._fields["care_loan_state"]._description_selection(self.env))
        actions = {"repair": self.env._("Needs repair"), "missing": self.env._("Missing")}
        if self.care_loan_state in ("repair", "lent"):
            actions.pop("repair")
        if self.care_loan_state == "missing":
            actions = {}
        return {
            "level": level,
            "title": f"{self._care_names()}: {state[self.care_loan_state]}",
            "text": f"{self.location_id.display_name or ''}. {text}".lstrip(". "),
            "actions": [
                {"label": label, "method": "care_mark", "args": [self.ids, state]}
                for state, label in actions.items()
            ],
        }

    @api.model
    @from_page()
    def care_scan_overview(self):
        """Things on their way through a loan, the overdue first, for the scanning screen."""
        self._care_check_lender()
        lots = self.sudo().search(
            [
                ("care_loan_state", "not in", (False, "available")),
                ("company_id", "in", [False, *self.env.companies.ids]),
            ],
            order="care_due_back, id",
            limit=200,
        )
        state = dict(self._fields["care_loan_state"]._description_selection(self.env))
        return [
            {
                "code": lot.name,
                "title": lot._care_names(),
                "text": " · ".join(
                    filter(
                        None,
                        [
                            lot.location_id.display_name,
                            lot.care_ticket_id.number,
                            lot.care_due_back
                            and self.env._("due %s", format_date(self.env, lot.care_due_back)),
                        ],
                    )
                ),
                "state": self.env._("Overdue")
                if lot.care_is_overdue
                else state[lot.care_loan_state],
                "level": "danger" if lot.care_is_overdue else "muted",
                "button": lot._care_step_label(),
            }
            for lot in lots
        ]

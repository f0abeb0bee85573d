from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import format_date

from .care_department_ward import CLERK

# The longest that something is lent at once.
LOAN_DAYS = 366
ACTIVITY = "patient_care_coordination.activity_loan_overdue"


class StockPicking(models.Model):
    _inherit = "stock.picking"

    care_ticket_id = fields.Many2one(
        "helpdesk.ticket",
        string="Inquiry",
        readonly=True,
        index="btree_not_null",
        ondelete="restrict",
    )
    care_due_back = fields.Date(string="Due back", copy=False, tracking=True)
    care_borrower = fields.Selection(
        [("patient", "Patient"), ("relative", "Relative"), ("ward", "Ward")],
        string="Lent to",
        copy=False,
        help="Whom it is lent to, in one word: names stay on the inquiry.",
    )
    care_lot_ids = fields.One2many("stock.lot", "care_loan_picking_id", string="Still out")
    care_loan_state = fields.Selection(
        [("lent", "Lent"), ("returned", "Returned")],
        string="Loan",
        compute="_compute_care_loan_state",
        store=True,
        index="btree_not_null",
    )
    care_overdue_told = fields.Boolean(copy=False, readonly=True)

    @api.depends("care_lot_ids", "care_due_back", "state")
    def _compute_care_loan_state(self):
        for picking in self:
            if not picking.care_due_back or picking.state != "done":
                picking.care_loan_state = False
            else:
                picking.care_loan_state = "lent" if picking.care_lot_ids else "returned"

    @api.model
    def _care_check_due_back(self, due_back):
        """Refuse a day on which nothing is due back: none, a past one or one far away."""
        today = fields.Date.context_today(self)
        if not due_back or due_back < today:
            raise UserError(
                self.env._("Say when it is due back: today or later, for the reminder to come.")
            )
        if due_back > today + timedelta(days=LOAN_DAYS):
            raise UserError(
                self.env._("Due back within %s days: later it is not a loan.", LOAN_DAYS)
            )

    def _care_do(self):
        """Do this transfer, whose moves came with all their lines."""
        self.ensure_one()
        self.move_ids.move_line_ids.picking_id = self
        self._action_done()

    @api.model_create_multi
    def create(self, vals_list):
        pickings = super().create(vals_list)
        if not self.env.su:
            pickings._care_check_ticket()
        return pickings

    def _care_check_ticket(self):
        """A backorder or a copy keeps its inquiry; nobody brings in another by hand."""
        tickets = self.care_ticket_id
        if not tickets:
            return
        others = self.sudo().search(
            [("care_ticket_id", "in", tickets.ids), ("id", "not in", self.ids)]
        )
        known = others.care_ticket_id | self.sudo().care_supply_request_id.ticket_id
        if set(tickets.ids) - set(known.ids):
            self._care_refuse_ticket()

    @api.model
    def _care_refuse_ticket(self):
        raise AccessError(
            self.env._("The inquiry of a transfer stays: lend or ask from the inquiry.")
        )

    def write(self, vals):
        """A new date for a loan starts its reminder anew; whose loan it is stays."""
        if not self.env.su and not {"care_ticket_id", "care_overdue_told"}.isdisjoint(vals):
            self._care_refuse_ticket()
        due_back = vals.get("care_due_back")
        loans = "care_due_back" in vals and (due_back or self.filtered("care_loan_state"))
        if loans and not self.env.su:
            self._care_check_due_back(fields.Date.to_date(due_back))
        if due_back:
            self.sudo()._care_overdue_activities().unlink()
            vals = {**vals, "care_overdue_told": False}
        return super().write(vals)

    # ------------------------------------------------------------------
    # Overdue
    # ------------------------------------------------------------------

    @api.model
    def _cron_care_loans_overdue(self, batch_size=100):
        """Remind one person of each loan that is overdue, once."""
        cron = self.env["ir.cron"]
        late = self.sudo().search(
            [
                ("care_loan_state", "=", "lent"),
                ("care_due_back", "<", fields.Date.context_today(self)),
                ("care_overdue_told", "=", False),
            ],
            order="care_due_back, id",
        )
        cron._commit_progress(remaining=len(late))
        for loan in late[:batch_size]:
            loan._care_remind()
            if not cron._commit_progress(1):
                break

    def _care_remind(self):
        """An activity on the inquiry for who works on it, else on the loan for a clerk."""
        ticket = self.care_ticket_id
        user = ticket and (ticket.user_id or ticket._care_lead())
        record = ticket
        if not user or not user._care_readable(ticket):
            record, user = self, self._care_clerk()
        self.env["mail.activity"].create(
            {
                "activity_type_id": self.env["ir.model.data"]._xmlid_to_res_id(ACTIVITY),
                "res_model_id": self.env["ir.model"]._get_id(record._name),
                "res_id": record.id,
                "user_id": user.id,
                "care_loan_id": self.id,
                "summary": self.env._(
                    "Overdue since %(date)s: %(things)s",
                    date=format_date(self.env, self.care_due_back),
                    things=self.care_lot_ids._care_names(),
                ),
                "date_deadline": fields.Date.context_today(self),
            }
        )
        self.care_overdue_told = True

    def _care_clerk(self):
        """The clerk who lent it, else any of the company, else the administrator."""
        clerks = self.env.ref(CLERK).all_user_ids.filtered(
            lambda user: user.active and self.company_id in user.company_ids
        )
        return (
            (clerks & self.create_uid) or clerks[:1] or clerks._care_administrator(self.company_id)
        )

    def _care_overdue_activities(self):
        return self.env["mail.activity"].search([("care_loan_id", "in", self.ids)])

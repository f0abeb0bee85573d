from odoo import api, fields, models
from odoo.exceptions import UserError

from ..models.common.from_page import from_page

ORDER_MAIL = "purchase.email_template_edi_purchase_done"


class CareConfirm(models.TransientModel):
    """Draft orders to vendors that hold supplies alone, confirmed by the clerk in one go.

    The rules of Purchase hold: over the limit of the company an order waits for approval.
    """

    _name = "care.confirm"
    _description = "Confirm Orders of Supplies"
    _inherit = ["care.checked.links"]

    line_ids = fields.One2many("care.confirm.line", "confirm_id")
    problem_count = fields.Integer(compute="_compute_problem_count")
    by_mail = fields.Boolean(
        "Mail them to the vendors", help="What waits for approval is not sent before."
    )

    @api.depends("line_ids.error")
    def _compute_problem_count(self):
        for wizard in self:
            wizard.problem_count = len(wizard.line_ids.filtered("error"))

    @api.model
    def _care_orders(self, products=None):
        """Draft orders of supplies, in the environment that may confirm them.

        :param products: only orders with one of these
        """
        if "purchase.order" not in self.env:
            return self.browse()
        wanted = (
            ("order_line.product_id.categ_id.care_is_supply", "=", True)
            if products is None
            else ("order_line.product_id", "in", products.ids)
        )
        states = ("state", "in", ("draft", "sent"))
        orders = self.env["purchase.order"].sudo()
        return orders.search([states, ("company_id", "in", self.env.companies.ids), wanted])

    @api.model
    def _care_make(self, products=None):
        """A preview of confirming the draft orders of these products, by default of all supplies.

        :raise UserError: there is none
        """
        orders = self._care_orders(products)
        if not orders:
            raise UserError(
                self.env._("No order to a vendor is a draft: there is nothing to confirm.")
            )
        wizard = self.create({})
        wizard.line_ids.create([wizard._care_line_values(order) for order in orders])
        return wizard

    def _care_line_values(self, order):
        order = order.with_company(order.company_id)
        only = self._care_only_supplies(order)
        if not only:
            outcome = self.env._("Holds other things too: Purchase confirms it")
        elif order._approval_allowed():
            outcome = self.env._("Is confirmed")
        else:
            outcome = self.env._("Waits for the approval of Purchase")
        return {
            "confirm_id": self.id,
            "order": order.id,
            "name": order.name,
            "vendor": order.partner_id.display_name,
            "email": order.partner_id.email,
            "line_count": len(order.order_line),
            "amount": order.amount_total,
            "currency_id": order.currency_id.id,
            "outcome": outcome,
            "possible": only,
            "chosen": only,
        }

    @api.model
    def _care_only_supplies(self, order):
        lines = order.order_line.filtered(lambda line: not line.display_type)
        return bool(lines) and all(line.product_id.categ_id.care_is_supply for line in lines)

    def _care_action(self, title):
        return {
            "type": "ir.actions.act_window",
            "name": title,
            "res_model": self._name,
            "res_id": self.id,
            "view_mode": "form",
            "target": "new",
            "context": {"dialog_size": "extra-large"},
        }

    @from_page(one=True)
    def action_confirm(self):
        """Confirm what is ticked; what cannot be stays, with its reason."""
        self.ensure_one()
        lines = self.line_ids.filtered("chosen")
        if not lines:
            raise UserError(self.env._("Nothing is ticked: there is nothing to confirm."))
        drafts = self._care_orders().filtered(lambda order: order.id in lines.mapped("order"))
        drafts = drafts.try_lock_for_update()
        done = drafts.browse()
        for line in lines:
            order = drafts.filtered(lambda order, line=line: order.id == line.order)
            line.error = self._care_confirm(order, line.amount)
            if not line.error:
                done |= order
        (lines - lines.filtered("error")).unlink()
        waiting = done.filtered(lambda order: order.state == "to approve")
        message = self.env._(
            "Orders confirmed: %(done)s, waiting for approval: %(waiting)s.",
            done=len(done - waiting),
            waiting=len(waiting),
        )
        if self.by_mail:
            self._care_mail(done - waiting)
        if self.problem_count:
            return self._care_action(self.env._("%s What is below was not.", message))
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "success",
                "message": message,
                "next": {"type": "ir.actions.act_window_close"},
            },
        }

    def _care_confirm(self, order, amount):
        """Confirm one order as it was seen; why it was not, in one sentence, or nothing."""
        if not order:
            return self.env._("It is no longer a draft, or somebody else confirms it right now.")
        if not self._care_only_supplies(order):
            return self.env._("It holds other things than supplies: Purchase confirms it.")
        if order.currency_id.compare_amounts(order.amount_total, amount):
            return self.env._("It changed since it was shown: look at it again.")
        try:
            with self.env.cr.savepoint():
                order.with_company(order.company_id).button_confirm()
        except UserError as error:
            return str(error).strip().splitlines()[0]
        return False

    def _care_mail(self, orders):
        template = self.env.ref(ORDER_MAIL).sudo()
        for order in orders.filtered("partner_id.email"):
            template.send_mail(order.id)


class CareConfirmLine(models.TransientModel):
    """One draft order to a vendor, and what confirming it would do."""

    _name = "care.confirm.line"
    _description = "Order of Supplies to Confirm"
    _inherit = ["care.checked.links"]
    _order = "possible desc, vendor, id"

    confirm_id = fields.Many2one(
        "care.confirm", string="Preview", required=True, index=True, ondelete="cascade"
    )
    # No many-to-one: Purchase may be missing.
    order = fields.Integer("Record", required=True, readonly=True)
    chosen = fields.Boolean("Confirm")
    possible = fields.Boolean(readonly=True)
    name = fields.Char("Order", readonly=True)
    vendor = fields.Char(readonly=True)
    email = fields.Char("Mail address", readonly=True)
    line_count = fields.Integer("Lines", readonly=True)
    amount = fields.Monetary("Total", readonly=True)
    currency_id = fields.Many2one("res.currency", readonly=True)
    outcome = fields.Char("What happens", readonly=True)
    error = fields.Char("Problem", readonly=True)

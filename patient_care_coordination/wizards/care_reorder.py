from markupsafe import Markup

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..models.common.from_page import from_page


class CareReorder(models.TransientModel):
    """What would be ordered, by vendor and amount, before it is."""

    _name = "care.reorder"
    _description = "Preview of an Order"
    _inherit = ["care.checked.links"]

    line_ids = fields.One2many("care.reorder.line", "reorder_id")
    line_count = fields.Integer(compute="_compute_summary")
    problem_count = fields.Integer(compute="_compute_summary")
    summary = fields.Html(compute="_compute_summary", sanitize=False)

    @api.depends("line_ids.quantity", "line_ids.error")
    def _compute_summary(self):
        for wizard in self:
            wizard.line_count = len(wizard.line_ids)
            wizard.problem_count = len(wizard.line_ids.filtered("error"))
            wizard.summary = wizard._care_summary()

    def _care_summary(self):
        """A table: who delivers, how many lines, for how much."""
        sources = {}
        for line in self.line_ids:
            count, amount = sources.get(line.source, (0, 0.0))
            sources[line.source] = (count + 1, amount + line.amount)
        currency = self.line_ids.currency_id[:1]
        head = (self.env._("From"), self.env._("Lines"), self.env._("Amount"))
        rows = Markup().join(
            Markup("<tr><td>%s</td><td class='text-end'>%s</td><td class='text-end'>%s</td></tr>")
            % (source, count, currency.format(amount) if currency else amount)
            for source, (count, amount) in sorted(sources.items())
        )
        return Markup(
            "<table class='table table-sm w-auto'><thead><tr><th>%s</th>"
            "<th class='text-end'>%s</th><th class='text-end'>%s</th></tr></thead>"
            "<tbody>%s</tbody></table>"
        ) % (*head, rows)

    @api.model
    def _care_make(self, orderpoints):
        """A preview of ordering what is short of these reordering rules.

        :raise UserError: nothing of them is short
        """
        short = orderpoints.filtered(lambda row: row.product_uom.compare(row.qty_to_order, 0) > 0)
        if not short:
            raise UserError(self.env._("Nothing of this is short: there is nothing to order."))
        requests = short._care_waiting_requests()
        wizard = self.create({})
        self.env["care.reorder.line"].create(
            [
                {
                    "reorder_id": wizard.id,
                    "orderpoint_id": row.id,
                    "needed": row.qty_to_order,
                    "quantity": row.qty_to_order,
                    "price": row.care_last_price,
                    "expected_date": row.care_expected_date,
                    "source": wizard._care_source(row),
                    "requests": ", ".join(requests[row].mapped("name")) if row in requests else "",
                }
                for row in short
            ]
        )
        return wizard

    def _care_source(self, orderpoint):
        if orderpoint.location_id.care_department_id:
            return self.env._("The store, by transfer")
        if orderpoint.care_vendor_id:
            return orderpoint.care_vendor_id.name
        # Without Purchase the store's own rule makes a receipt, whoever sends it.
        bought = "buy" in orderpoint.rule_ids.mapped("action")
        return self.env._("No vendor yet") if bought else self.env._("A receipt")

    @from_page(one=True)
    def action_order(self):
        """Order all lines; those that cannot be stay, with their reason."""
        self.ensure_one()
        lines = self.line_ids
        for line in lines:
            line._care_check()
        problems = lines.orderpoint_id._care_order(
            {line.orderpoint_id: (line.needed, line.quantity) for line in lines}
        )
        done = lines.filtered(lambda line: line.orderpoint_id not in problems)
        count, products = len(done), done.product_id
        done.unlink()
        for line in self.line_ids:
            line.error = problems[line.orderpoint_id]
        message = (
            self.env._("1 line was ordered.")
            if count == 1
            else self.env._("%s lines were ordered.", count)
        )
        confirm = self.env["care.confirm"]
        if not problems and confirm._care_orders(products):
            title = self.env._("%s Confirm the orders to vendors?", message)
            return confirm._care_make(products)._care_action(title)
        if not problems:
            return {
                "type": "ir.actions.client",
                "tag": "display_notification",
                "params": {
                    "type": "success",
                    "message": message,
                    "next": {"type": "ir.actions.act_window_close"},
                },
            }
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("%s What is below was not.", message),
            "res_model": self._name,
            "res_id": self.id,
            "view_mode": "form",
            "target": "new",
            "context": {"dialog_size": "extra-large"},
        }

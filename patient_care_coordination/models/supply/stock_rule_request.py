from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain

from odoo.addons.stock.models.stock_rule import ProcurementException

# Whole runs that may fail before a batch is halved: a rule that names one bad product at a time
# would otherwise have all others tried again for each.
WHOLE_RUNS = 3


class StockRule(models.Model):
    _inherit = "stock.rule"

    def _get_custom_move_fields(self):
        return [*super()._get_custom_move_fields(), "care_supply_line_id"]

    @api.model
    def _get_orderpoint_domain(self, company_id=False):
        """Leave alone what the clerk has put off."""
        today = fields.Date.context_today(self)
        return Domain(super()._get_orderpoint_domain(company_id=company_id)) & (
            Domain("care_snoozed_until", "=", False) | Domain("care_snoozed_until", "<", today)
        )

    @api.model
    def _care_run(self, procurements, check=None):
        """Run procurements in one go and leave out those that are refused.

        What is left out has written nothing.

        :param procurements: ``{key: procurement}``
        :param check: called with the keys after a run; a UserError from it undoes the run
        :return: ``{key: message}`` of those refused
        """
        problems, todo = {}, dict(procurements)
        for _attempt in range(WHOLE_RUNS):
            if not todo:
                return problems
            try:
                with self.env.cr.savepoint():
                    # So that what fails further up the chain comes back as an exception, too.
                    self.with_context(from_orderpoint=True).run(
                        list(todo.values()), raise_user_error=False
                    )
                    if check:
                        check(todo.keys())
                return problems
            except ProcurementException as error:
                messages = {id(bad): message for bad, message in error.procurement_exceptions}
                message = error.procurement_exceptions[0][1]
                bad = {
                    key: messages[id(procurement)]
                    for key, procurement in todo.items()
                    if id(procurement) in messages
                }
            except UserError as error:
                message, bad = str(error), {}
            if not bad:
                break
            problems |= bad
            todo = {key: value for key, value in todo.items() if key not in bad}
        if len(todo) == 1:
            return problems | dict.fromkeys(todo, message)
        keys = list(todo)
        for half in (keys[: len(keys) // 2], keys[len(keys) // 2 :]):
            problems |= self._care_run({key: todo[key] for key in half}, check)
        return problems

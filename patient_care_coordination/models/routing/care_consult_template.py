from odoo import models
from odoo.exceptions import UserError


class CareConsultTemplate(models.Model):
    _inherit = "care.consult.template"

    def write(self, vals):
        if vals.get("active") is False:
            self._care_check_unused()
        return super().write(vals)

    def _care_check_unused(self):
        """Refuse to archive a question that live rules put: they would go on without it."""
        rules = (
            self.env["care.rule"]
            .sudo()
            .search([("ruleset_id.state", "=", "live"), ("consult_ids", "in", self.ids)])
        )
        if rules:
            raise UserError(
                self.env._(
                    "%(names)s is put by live rules (%(rules)s): take it out of them first.",
                    names=", ".join((self & rules.consult_ids).mapped("name")),
                    rules=", ".join(rules.mapped("name")),
                )
            )

from odoo import models
from odoo.exceptions import UserError


class HelpdeskTicketStage(models.Model):
    _inherit = "helpdesk.ticket.stage"

    def write(self, vals):
        if "closed" in vals:
            self._care_check_closed_unchanged(vals["closed"])
        return super().write(vals)

    def _care_check_closed_unchanged(self, closed):
        """Refuse to reopen or close inquiries behind the back of their gates."""
        changing = self.filtered(lambda stage: stage.closed != bool(closed))
        if not changing:
            return
        used = (
            self.env["helpdesk.ticket"]
            .sudo()
            .with_context(active_test=False)
            .search([("stage_id", "in", changing.ids), ("care_is_inquiry", "=", True)], limit=1)
        )
        if used:
            raise UserError(
                self.env._(
                    "Stage %(stage)s is in use by inquiries, so whether it counts as closed "
                    "cannot change: make a new stage and move them.",
                    stage=used.stage_id.name,
                )
            )

from odoo import api, fields, models

CRON = "patient_care_coordination.cron_absences"


class ResourceCalendarLeaves(models.Model):
    """An absence that is entered after it began moves work at once, not at the next round."""

    _inherit = "resource.calendar.leaves"

    care_moved = fields.Boolean(
        "Inquiries handed over",
        readonly=True,
        copy=False,
        help="Inquiries were moved when this absence began.",
    )

    @api.model_create_multi
    def create(self, vals_list):
        leaves = super().create(vals_list)
        leaves._care_wake()
        return leaves

    def write(self, vals):
        result = super().write(vals)
        if {"date_from", "date_to", "resource_id"} & set(vals):
            self.filtered("care_moved").care_moved = False
            self._care_wake()
        return result

    def _care_wake(self):
        """Look at absences when each of these begins."""
        cron = self.env.ref(CRON, raise_if_not_found=False)
        starts = [leave.date_from for leave in self if leave.sudo().resource_id.user_id]
        if cron and starts:
            cron.sudo()._trigger(at=starts)

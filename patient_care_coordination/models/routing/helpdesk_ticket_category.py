from odoo import api, models, tools


class HelpdeskTicketCategory(models.Model):
    _inherit = "helpdesk.ticket.category"

    @api.model
    @tools.ormcache()
    def _care_ancestors(self):
        """``{id: (id, parent id, ...)}`` of all records, the record itself first."""
        rows = self.sudo().with_context(active_test=False).search_fetch([], ["parent_path"])
        return {
            row.id: tuple(int(part) for part in reversed(row.parent_path.split("/")[:-1]))
            for row in rows
        }

    @api.model_create_multi
    def create(self, vals_list):
        self.env.registry.clear_cache()
        return super().create(vals_list)

    def write(self, vals):
        if "parent_id" in vals:
            self.env.registry.clear_cache()
        return super().write(vals)

from odoo import api, models, tools


class CareRoutingReference(models.AbstractModel):
    """What rules refer to: archiving it makes them break, and somebody is told."""

    _name = "care.routing.reference"
    _description = "What Routing Rules Refer to"

    def write(self, vals):
        result = super().write(vals)
        if "active" in vals:
            self.env["care.ruleset"]._care_references_changed(self)
        return result


class CareRoutingTree(models.AbstractModel):
    """Such a thing with parents: a condition on a parent also holds for its children."""

    _name = "care.routing.tree"
    _inherit = "care.routing.reference"
    _description = "What Routing Rules Refer to, with Parents"

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

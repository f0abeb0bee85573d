from odoo import models


class ResUsers(models.Model):
    _inherit = "res.users"

    def _care_portal_scope(self, path):
        """Condition on the inquiries that a portal user may read: what the gate lets through."""
        return (f"{path}care_open_to_me", "=", True)

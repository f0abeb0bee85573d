from odoo import models
from odoo.http import request


class IrHttp(models.AbstractModel):
    _inherit = "ir.http"

    @classmethod
    def _serve_fallback(cls):
        """A path with a NUL is no page and no file: not found, where the look-up would fail."""
        if "\x00" in request.httprequest.path:
            return None
        return super()._serve_fallback()

import json

import werkzeug
from werkzeug.datastructures import FileStorage

from odoo import http
from odoo.http import request

from odoo.addons.web.controllers.pivot import TableExporter


class CareTableExporter(TableExporter):
    @http.route(readonly=False)
    def export_xlsx(self, data=None, **kw):
        """Download a pivot table; of inquiries for coordinators alone, and kept.

        Raises a bad request, with a sentence, for what is no table.
        """
        text = data.read() if isinstance(data, FileStorage) else data
        try:
            table = json.loads(text or "")
        except (ValueError, RecursionError):
            table = None
        if not isinstance(table, dict):
            raise werkzeug.exceptions.BadRequest(
                request.env._("This is no table: open the analysis again and download it there.")
            )
        measures = [str(row.get("title")) for row in table.get("measure_headers") or []]
        request.env["care.export.gate"]._care_pass_pivot(
            table.get("model"), table.get("title"), ", ".join(dict.fromkeys(measures))
        )
        return super().export_xlsx(text, **kw)

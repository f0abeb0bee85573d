import json

from werkzeug.datastructures import FileStorage

from odoo import http
from odoo.http import request

from odoo.addons.web.controllers.pivot import TableExporter


class CareTableExporter(TableExporter):
    @http.route(readonly=False)
    def export_xlsx(self, data, **kw):
        """Download a pivot table; of inquiries for coordinators alone, and kept."""
        text = data.read() if isinstance(data, FileStorage) else data
        table = json.loads(text)
        if isinstance(table, dict):
            measures = [str(row.get("title")) for row in table.get("measure_headers") or []]
            request.env["care.export.gate"]._care_pass_pivot(
                table.get("model"), table.get("title"), ", ".join(dict.fromkeys(measures))
            )
        return super().export_xlsx(text, **kw)

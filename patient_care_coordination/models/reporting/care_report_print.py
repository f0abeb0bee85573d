import io
import re

import xlsxwriter
from dateutil.relativedelta import relativedelta
from markupsafe import Markup

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_date, format_datetime

from odoo.addons.base.models.ir_actions_report import _wkhtml

from ..contact import letter_pdf, letter_text
from ..contact.care_letter_print import UNPATCHED
from . import charts

# Of a letter's page: no script to wait for, and a point of text is a point on paper.
PAPER = {
    "data-report-letter": True,
    "data-report-margin-top": 14,
    "data-report-margin-bottom": 16,
    "data-report-header-spacing": 0,
    "data-report-dpi": 96,
}
# More bars than these nobody compares; the table has all.
MOST_BARS = 15
# What has no denominator, or no number.
NOTHING = "–"
# What a sheet of a spreadsheet is not named.
NO_SHEET_NAME = re.compile(r"[\[\]:*?/\\']")


class CareReportRun(models.Model):
    """A report on paper and as a spreadsheet."""

    _inherit = "care.report.run"

    # ------------------------------------------------------------------
    # Words and numbers
    # ------------------------------------------------------------------

    def _care_text_values(self):
        """What the placeholders of texts stand for."""
        self.ensure_one()
        return {
            "hospital": self.company_id.name,
            "period": self._care_period_text(),
            "start": format_date(self.env, self.start),
            "end": format_date(self.env, self.end - relativedelta(days=1)),
            "today": format_date(self.env, fields.Date.context_today(self)),
            "report": self.name,
        }

    @api.model
    def _care_number(self, value, digits=None):
        """A number as the reader's language writes it."""
        language = self.env["res.lang"]._lang_get(self.env.lang or "en_US")
        if isinstance(value, float):
            digits = 1 if digits is None else digits
            return language.format(f"%.{digits}f", value, grouping=True)
        return language.format("%d", value, grouping=True)

    def _care_show(self, table, row, index, line):
        """A cell of a table as text: ``*`` where it is hidden."""
        column, value = table["columns"][index], line[index]
        if (row, index) in table["hidden"]:
            return charts.HIDDEN
        if row == "total" and index == 0:
            return self.env._("Total")
        if column["type"] == "text":
            return value or ""
        if value is None or value is False:
            return NOTHING
        if column["type"] == "percent":
            return self._care_number(float(value)) + " %"
        return self._care_number(value)

    def _care_show_figure(self, figure):
        """A key figure as texts: ``(value, made of, beside)``."""
        hidden = figure["hidden"]

        def shown(name):
            if name in hidden:
                return charts.HIDDEN
            value = figure[name]
            if name == "numerator" and figure["unit"] == "days":
                value = float(value)
            return self._care_number(value)

        if "value" in hidden:
            value = charts.HIDDEN
        elif figure["value"] is None:
            value = self.env._("no denominator")
        elif figure["unit"] == "percent":
            value = self._care_number(float(figure["value"])) + " %"
        elif figure["unit"] == "count":
            value = self._care_number(figure["value"])
        else:
            value = self._care_number(float(figure["value"]))
        if figure["unit"] == "count":
            made = ""
        else:
            made = self.env._(
                "%(numerator)s of %(denominator)s",
                numerator=shown("numerator"),
                denominator=shown("denominator"),
            )
            if figure["unit"] == "days":
                made = self.env._("%s inquiries", shown("denominator"))
        beside = shown("open") if figure["open"] or "open" in hidden else ""
        return value, made, beside

    # ------------------------------------------------------------------
    # PDF
    # ------------------------------------------------------------------

    def _care_pdf(self, sections):
        """The report as a PDF with page numbers; raises UserError if it cannot be printed."""
        self.ensure_one()
        values = self._care_pdf_values(sections)
        template = "patient_care_coordination.pack_document"
        return letter_pdf.stamp(self._care_print(template, values, self.name), "")

    @api.model
    def _care_print(self, template, values, label):
        """The PDF of a template of ours with the style of a pack; ``label`` names it in errors."""
        scale = 1 if _wkhtml().is_patched_qt else UNPATCHED
        body = self.env["ir.qweb"]._render(
            template,
            {
                **values,
                "style": f"font-size: {9.5 * scale:.2f}pt; padding: 0 {14 * scale:.1f}mm;",
                "svg": lambda text: Markup(self._care_scale(text, scale)),  # noqa: S704
            },
        )
        page = self.env["ir.qweb"]._render("patient_care_coordination.letter_page", {"body": body})
        content = (
            self.env["ir.actions.report"]
            .sudo()
            ._run_wkhtmltopdf([str(page)], specific_paperformat_args=PAPER)
        )
        if not content.startswith(b"%PDF"):
            raise UserError(
                self.env._(
                    "%s could not be printed: ask your administrator to look at wkhtmltopdf.", label
                )
            )
        return content

    @api.model
    def _care_scale(self, svg, scale):
        """A chart of ours in the size of the page."""
        size = 0.9 * scale

        def grow(match):
            return f'width="{float(match[1]) * size:.0f}" height="{float(match[2]) * size:.0f}"'

        return re.sub(r"""width=['"](\d+)['"] height=['"](\d+)['"]""", grow, svg, count=1)

    def _care_pdf_values(self, sections):
        words = self._care_text_values()
        codes = dict.fromkeys(code for section in sections for code in section["definitions"])
        known = self.env["care.kpi"]._care_definitions() if codes else {}
        language = self.env["res.lang"]._get_data(code=self.env.lang or "en_US")
        return {
            "run": self,
            **self.company_id._care_letterhead(),
            "direction": language.direction or "ltr",
            "period": words["period"],
            "filters": self._care_filter_lines(),
            "made": format_datetime(self.env, fields.Datetime.now(), dt_format="medium"),
            "intro": self._care_paragraphs(letter_text.fill(self.definition["intro"], words)),
            "least": self.definition["least"],
            "hides": any(table["hidden"] for section in sections for table in section["tables"])
            or any(figure["hidden"] for section in sections for figure in section["figures"]),
            "sections": [self._care_pdf_section(section, words) for section in sections],
            "definitions": [known[code] for code in codes if code in known],
        }

    @api.model
    def _care_paragraphs(self, text):
        return [line.strip() for line in (text or "").splitlines() if line.strip()]

    def _care_filter_lines(self):
        """What the report is narrowed to, in words."""
        definition, lines = self.definition, []
        for name, model, label in (
            ("department_ids", "care.department", self.env._("Departments")),
            ("nature_ids", "care.nature", self.env._("Natures")),
            ("user_ids", "res.users", self.env._("Persons")),
        ):
            ids = definition[name]
            if name == "user_ids" and self.kind == "board" and ids:
                lines.append(self.env._("Persons: %s", len(ids)))
            elif ids:
                names = self.env[model].browse(ids).exists().mapped("display_name")
                lines.append(f"{label}: {', '.join(names)}")
        if definition["filter"] not in ("", "[]"):
            lines.append(self.env._("Additional filter: %s", definition["filter"]))
        return lines

    def _care_pdf_section(self, section, words):
        return {
            "title": letter_text.fill(section["title"], words),
            "intro": self._care_paragraphs(letter_text.fill(section["intro"], words)),
            "notes": section["notes"],
            "figures": [
                (figure["name"], *self._care_show_figure(figure)) for figure in section["figures"]
            ],
            "shares": any(figure["unit"] != "count" for figure in section["figures"]),
            "tables": [self._care_pdf_table(table) for table in section["tables"]],
            "blocks": section["blocks"],
        }

    def _care_pdf_table(self, table):
        lines = list(enumerate(table["rows"]))
        if table["totals"]:
            lines.append(("total", table["totals"]))
        heat = [
            value
            for row in table["rows"]
            for value, column in zip(row, table["columns"], strict=True)
            if column["type"] == "count" and value
        ]
        highest = max(heat, default=0)
        rows = []
        for row, line in lines:
            cells = []
            for index, column in enumerate(table["columns"]):
                style = ""
                if table.get("heat") and column["type"] == "count" and row != "total":
                    style = charts.shade(line[index], highest)
                cells.append((self._care_show(table, row, index, line), column["type"], style))
            rows.append((row == "total", cells))
        others = sum(column["type"] != "text" for column in table["columns"])
        return {
            "name": table["name"],
            "columns": [(column["name"], column["type"]) for column in table["columns"]],
            "width": f"width: {min(13, 70 // max(others, 1))}%;",
            "rows": [] if table.get("spreadsheet") else rows,
            "empty": not table["rows"],
            "chart": table["rows"] and self._care_chart(table),
        }

    def _care_chart(self, table):
        """The chart of a table as SVG text, from what the table shows; "" without one."""
        chart = table.get("chart")
        if not chart:
            return ""
        labels = [str(row[0]) for row in table["rows"]]
        names = [table["columns"][index]["name"] for index in chart["columns"]]

        def value(row, line, index):
            number = line[index]
            if number is None:
                return charts.HIDDEN if (row, index) in table["hidden"] else NOTHING
            return round(number, 1) if isinstance(number, float) else number

        lines = list(enumerate(table["rows"]))
        if chart["kind"] == "totals":
            values = [value("total", table["totals"], index) for index in chart["columns"]]
            return charts.bars(table["name"], names, [values])
        if not any(line[index] for _row, line in lines for index in chart["columns"]):
            return ""
        if chart["kind"] == "lines":
            lines = lines[: chart["rows"]]
            series = [[value(*line, index) for index in chart["columns"]] for line in lines]
            return charts.lines(table["name"], names, series, labels[: chart["rows"]])
        lines = lines[:MOST_BARS]
        series = [[value(*line, index) for line in lines] for index in chart["columns"]]
        return charts.bars(table["name"], labels[:MOST_BARS], series, chart.get("names", names))

    # ------------------------------------------------------------------
    # Spreadsheet
    # ------------------------------------------------------------------

    def _care_xlsx(self, sections):
        """The report as XLSX: a sheet a section, numbers as numbers, no formula from a text."""
        self.ensure_one()
        stream = io.BytesIO()
        book = xlsxwriter.Workbook(
            stream,
            {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False},
        )
        styles = {
            "title": book.add_format({"bold": True, "font_size": 14}),
            "head": book.add_format(
                {"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"}
            ),
            "bold": book.add_format({"bold": True}),
            "text": book.add_format({"text_wrap": True, "valign": "top"}),
            "whole": book.add_format({"num_format": "#,##0"}),
            "decimal": book.add_format({"num_format": "#,##0.0"}),
            "percent": book.add_format({"num_format": "0.0%"}),
            "hidden": book.add_format({"align": "right"}),
            "start": book.add_format({"align": "left"}),
        }
        used = set()
        words = self._care_text_values()
        for section in sections:
            title = letter_text.fill(section["title"], words)
            sheet = book.add_worksheet(self._care_sheet_name(title, used))
            self._care_xlsx_section(sheet, styles, section, title)
        self._care_xlsx_about(book, styles, sections, used)
        book.close()
        return stream.getvalue()

    @api.model
    def _care_sheet_name(self, title, used):
        """A name that a sheet may have and that no other has; ``used`` is added to."""
        base = " ".join(NO_SHEET_NAME.sub(" ", title).split())[:31].strip()
        if base.lower() in ("", "history"):
            # The latter is a name that spreadsheet programs keep for themselves.
            base = self.env._("Sheet")
        name, number = base, 1
        while name.lower() in used:
            number += 1
            name = f"{base[: 30 - len(str(number))]} {number}"
        used.add(name.lower())
        return name

    def _care_xlsx_section(self, sheet, styles, section, title):
        sheet.write_string(0, 0, title, styles["title"])
        sheet.write_string(1, 0, self.display_name)
        line = 3
        for words in [*self._care_paragraphs(section["intro"]), *section["notes"]]:
            sheet.write_string(line, 0, words)
            line += 1
        if section["figures"]:
            line = self._care_xlsx_figures(sheet, styles, section["figures"], line + 1)
        for table in section["tables"]:
            line = self._care_xlsx_table(sheet, styles, table, line + 1)
        for block in section["blocks"]:
            sheet.write_string(line + 1, 0, block["title"], styles["bold"])
            line += 2
            for name, value in block["facts"]:
                sheet.write_string(line, 0, name)
                sheet.write_string(line, 1, value)
                line += 1
        sheet.set_column(0, 0, 44)
        sheet.set_column(1, 20, 13)

    def _care_xlsx_figures(self, sheet, styles, figures, line):
        heads = (
            self.env._("Figure"),
            self.env._("Value"),
            self.env._("Unit"),
            self.env._("Numerator"),
            self.env._("Denominator"),
            self.env._("Open"),
        )
        for index, head in enumerate(heads):
            sheet.write_string(line, index, head, styles["head"])
        units = {
            "percent": "%",
            "count": "",
            "days": self.env._("days"),
            "ratio": "",
            "per_1000": "",
        }
        for figure in figures:
            line += 1
            sheet.write_string(line, 0, figure["name"])
            sheet.write_string(line, 2, units.get(figure["unit"], figure["unit"]))
            for index, name in ((1, "value"), (3, "numerator"), (4, "denominator"), (5, "open")):
                if name in figure["hidden"]:
                    sheet.write_string(line, index, charts.HIDDEN, styles["hidden"])
                elif figure[name] is not None:
                    style = "decimal" if isinstance(figure[name], float) else "whole"
                    sheet.write_number(line, index, figure[name], styles[style])
                elif name == "value":
                    sheet.write_string(line, index, self.env._("no denominator"), styles["hidden"])
        return line + 1

    def _care_xlsx_table(self, sheet, styles, table, line):
        sheet.write_string(line, 0, table["name"], styles["bold"])
        line += 1
        for index, column in enumerate(table["columns"]):
            sheet.write_string(line, index, column["name"], styles["head"])
        lines = list(enumerate(table["rows"]))
        if table["totals"]:
            lines.append(("total", table["totals"]))
        if not lines:
            line += 1
            sheet.write_string(line, 0, self.env._("Nothing in this period."))
        for row, values in lines:
            line += 1
            for index, column in enumerate(table["columns"]):
                value = values[index]
                shown = isinstance(value, int | float) and not isinstance(value, bool)
                if column["type"] == "text" or not shown:
                    words = self._care_show(table, row, index, values)
                    style = "start" if column["type"] == "text" else "hidden"
                    sheet.write_string(line, index, words, styles[style])
                elif column["type"] == "percent":
                    sheet.write_number(line, index, value / 100, styles["percent"])
                else:
                    style = "decimal" if isinstance(value, float) else "whole"
                    sheet.write_number(line, index, value, styles[style])
        return line + 1

    def _care_xlsx_about(self, book, styles, sections, used):
        """The last sheet: what the report is, what is hidden, and the definitions."""
        sheet = book.add_worksheet(self._care_sheet_name(self.env._("About"), used))
        rows = [
            (self.env._("Report"), self.name),
            (self.env._("Hospital"), self.company_id.name),
            (self.env._("Period"), self._care_period_text()),
            (self.env._("Version of the template"), str(self.template_version)),
            (self.env._("Counts what this person may read"), self.user_id.name)
            if self.kind != "board"
            else (self.env._("Names"), self.env._("None")),
        ]
        rows += [(line.split(":")[0], line) for line in self._care_filter_lines()]
        if self.definition["least"]:
            rows.append(
                (
                    charts.HIDDEN,
                    self.env._(
                        "Hidden: a count below %s, or one from which it could be computed.",
                        self.definition["least"],
                    ),
                )
            )
        for line, (name, value) in enumerate(rows):
            sheet.write_string(line, 0, name, styles["bold"])
            sheet.write_string(line, 1, value, styles["text"])
        line = len(rows) + 1
        definitions = self.env["care.kpi"]._care_definitions()
        codes = dict.fromkeys(code for each in sections for code in each["definitions"])
        for code in codes:
            if code in definitions:
                sheet.write_string(line, 0, definitions[code]["name"], styles["bold"])
                sheet.write_string(line, 1, definitions[code]["definition"], styles["text"])
                line += 1
        sheet.set_column(0, 0, 34)
        sheet.set_column(1, 1, 100)

import csv
import hashlib
import io
from collections import Counter
from itertools import zip_longest

import xlsxwriter

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools.misc import file_open

from ..common.from_page import from_page
from ..inquiry.helpdesk_ticket import OURS
from .care_rule_line import ALL, CHOICES, KEYWORD_FIELDS
from .rule_file import COLUMNS, SETS, Directory, Parser, read_table

STARTER_FILE = "patient_care_coordination/data/starter_rules.csv"
WIDTHS = {"rule": 32, "reason": 40, "values": 60, "set": 16, "value": 32}
# What a cell of a workbook can hold.
CELL_LENGTH = 32_767


class CareRuleset(models.Model):
    """Rule sets out of files and into them."""

    _inherit = "care.ruleset"

    # ------------------------------------------------------------------
    # Export
    # ------------------------------------------------------------------

    @from_page(one=True)
    def action_export_csv(self):
        """Download these rules as CSV."""
        return self._care_download("csv", self._care_to_csv)

    @from_page(one=True)
    def action_export_xlsx(self):
        """Download these rules as a workbook."""
        return self._care_download("xlsx", self._care_to_xlsx)

    def _care_download(self, extension, write):
        """Put these rules into a file of the user and open it; an earlier one is replaced."""
        self.ensure_one()
        if not self.has_access("write"):
            raise AccessError(self.env._("Only routing administrators may export rules."))
        values = {
            "name": f"routing-rules-v{self.version}.{extension}",
            "res_model": self._name,
            "res_id": self.id,
        }
        attachments = self.env["ir.attachment"]
        attachment = attachments.search(
            [("create_uid", "=", self.env.uid), *((key, "=", values[key]) for key in values)],
            limit=1,
        )
        content = write(self._care_file_rows())
        if attachment:
            attachment.raw = content
        else:
            attachment = attachments.create({**values, "raw": content})
        return {
            "type": "ir.actions.act_url",
            "url": f"/web/content/{attachment.id}?download=true",
        }

    def _care_to_csv(self, rows):
        # With a byte order mark, without which Excel takes UTF-8 for something else.
        stream = io.StringIO(newline="")
        csv.writer(stream).writerows([COLUMNS, *rows])
        return stream.getvalue().encode("utf-8-sig")

    def _care_to_xlsx(self, rows):
        stream = io.BytesIO()
        with xlsxwriter.Workbook(stream, {"in_memory": True}) as book:
            sheet = book.add_worksheet(self.env._("Rules")[:31])
            text = book.add_format({"num_format": "@", "valign": "top"})
            bold = book.add_format({"num_format": "@", "bold": True})
            for column, name in enumerate(COLUMNS):
                sheet.set_column(column, column, WIDTHS.get(name, 12), text)
                sheet.write_string(0, column, name, bold)
            for number, row in enumerate(rows, start=1):
                for column, value in enumerate(row):
                    if len(value) > CELL_LENGTH:
                        raise UserError(
                            self.env._(
                                "Row %(row)s, column %(column)s: this is too long for a cell of a "
                                "workbook. Export as CSV.",
                                row=number + 1,
                                column=COLUMNS[column],
                            )
                        )
                    if value:
                        # Written as text, so that nothing becomes a formula or a link.
                        sheet.write_string(number, column, value, text)
            sheet.freeze_panes(1, 0)
            sheet.autofilter(0, 0, max(len(rows), 1), len(COLUMNS) - 1)
        return stream.getvalue()

    def _care_file_rows(self):
        """These rules as rows of a rule file, in run order, without the first row."""
        self.ensure_one()
        rules = (
            self.sudo()
            .with_context(**ALL)
            .rule_ids.sorted(lambda rule: (rule.kind, rule.catch_all, rule.sequence, rule.id))
        )
        products = rules.line_ids.product_ids
        directory = Directory(
            self.env,
            self.company_id,
            [*products.mapped("name"), *filter(None, products.mapped("default_code"))],
        )
        rows = []
        for rule in rules:
            kind = "catch_all" if rule.catch_all else rule.kind
            head = (kind, str(rule.sequence), rule.name, rule.reason or "")
            conditions = [self._care_line_cells(line, directory) for line in rule.line_ids]
            sets = self._care_set_cells(rule, kind, directory)
            pairs = zip_longest(conditions, sets) if conditions or sets else [(None, None)]
            for condition, effect in pairs:
                rows.append([*head, *(condition or [""] * 4), *(effect or [""] * 2)])
                head = ("", "", "", "")
        return rows

    @api.model
    def _care_line_cells(self, line, directory):
        """One condition as the cells alternative, condition, match and values."""
        if line.field == "domain":
            values = line.domain or ""
        elif line.field in KEYWORD_FIELDS:
            # Normalisation drops a semicolon, here it would end the keyword.
            words = (word.replace(";", " ").strip() for word in line._care_keywords())
            values = "; ".join(filter(None, words))
        elif line.field in CHOICES:
            values = "; ".join(line.choice_ids.mapped("code"))
        else:
            values = "; ".join(directory.word(record) for record in line._care_records())
        return [str(line.alternative), line.field, line.match, values]

    @api.model
    def _care_set_cells(self, rule, kind, directory):
        """``[[key, value]]`` of what differs from an empty rule."""
        cells = []
        for key, (name, lists) in SETS.items():
            field, value = rule._fields[name], rule[name]
            if kind not in lists or not value:
                continue
            if field.type in ("many2one", "many2many"):
                cells += [[key, directory.word(record)] for record in value]
            elif field.type == "boolean":
                cells.append([key, "yes"])
            elif field.type == "date":
                cells.append([key, fields.Date.to_string(value)])
            elif name != "closed_policy" or value != "hold":
                cells.append([key, value])
        return cells

    # ------------------------------------------------------------------
    # Import
    # ------------------------------------------------------------------

    @api.model
    def _care_import(self, company, content, filename=None):
        """A new draft of ``company`` from the bytes of a CSV or XLSX file.

        Raises UserError with everything that is wrong with the file, before anything is written.
        """
        parser = Parser(self.env, company)
        vals_list = parser.parse(read_table(self.env, content))
        if parser.problems:
            raise UserError(parser.message())
        self._care_add_lineage(company, vals_list)
        name = filename or self.env._("a file")
        draft = self.create(
            {"company_id": company.id, "note": self.env._("Imported from %s", name)}
        )
        draft._care_load(vals_list)
        return draft

    @api.model
    def _care_add_lineage(self, company, vals_list):
        """Let rules be the same rules as those of the same name and list in the live version."""

        def key(values):
            # There is one catch-all in a version, whatever its name.
            return (values["kind"], values["catch_all"], values["catch_all"] or values["name"])

        live = self.env["care.rule"].search(
            [("company_id", "=", company.id), ("ruleset_id.state", "=", "live")]
        )
        known = live.grouped(key)
        times = Counter(key(values) for values in vals_list)
        for values in vals_list:
            same = known.get(key(values), live.browse())
            if len(same) == 1 and times[key(values)] == 1:
                values["lineage"] = same.lineage

    def _care_load(self, vals_list):
        """Fill a draft with rules as the parser gives them."""
        self.ensure_one()
        self.env["care.rule"].with_context(care_seal=OURS).create(
            [{**values, "ruleset_id": self.id} for values in vals_list]
        )

    # ------------------------------------------------------------------
    # The starter file
    # ------------------------------------------------------------------

    @api.model
    def _care_install_starter(self, companies):
        """Give each company version 1 live (preparation and catch-all) and a draft with all."""
        table, key = self._care_starter()
        for company in companies:
            if self.sudo().search_count([("company_id", "=", company.id)], limit=1):
                continue
            live = self.create(
                {
                    "company_id": company.id,
                    "note": self.env._("Starter rules"),
                    "starter_key": key,
                }
            )
            live._care_load_starter(table, with_routing=False)
            live._care_activate()
            draft = self.create(
                {
                    "company_id": company.id,
                    "note": self.env._("Starter rules with departments: map the teams"),
                    "starter_key": key,
                }
            )
            draft._care_load_starter(table, with_routing=True)

    @api.model
    def _care_starter(self):
        """``(rows of the shipped rules, a key that changes with them)``."""
        with file_open(STARTER_FILE, "rb") as stream:
            content = stream.read()
        return read_table(self.env, content), hashlib.sha256(content).hexdigest()[:12]

    @api.model
    def _care_offer_starter(self):
        """After an upgrade that brings other shipped rules, give each company them as a draft."""
        table, key = self._care_starter()
        for company, versions in self.search([("version", ">", 0)]).grouped("company_id").items():
            if key in versions.mapped("starter_key"):
                continue
            draft = self.create(
                {
                    "company_id": company.id,
                    "note": self.env._("Newer starter rules: take over what you like"),
                    "starter_key": key,
                }
            )
            draft._care_load_starter(table, with_routing=True)

    def _care_load_starter(self, table, with_routing):
        """Fill a draft from the rows of the starter file."""
        self.ensure_one()
        parser = Parser(self.env, self.company_id, starter=True)
        vals_list = parser.parse(table)
        if parser.problems:
            raise UserError(parser.message())
        if not with_routing:
            vals_list = [
                values
                for values in vals_list
                if values["kind"] == "preparation" or values["catch_all"]
            ]
        self._care_load(vals_list)

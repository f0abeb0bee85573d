import re
from collections import defaultdict
from datetime import date

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..models.common.from_page import from_page
from .csv_file import read_rows

NUMBERS = ("patient_days", "admissions")
COLUMNS = ("month", "department", *NUMBERS)
MONTH = re.compile(r"(\d{4})-(\d{1,2})(?:-\d{1,2})?")
# What a column of PostgreSQL holds.
MOST = 2**31 - 1


class CareDenominatorImport(models.TransientModel):
    """Take over patient-days and admissions by month and department; bad rows are reported."""

    _name = "care.denominator.import"
    _description = "Import Patient-days"
    _inherit = ["care.checked.links"]

    file = fields.Binary("CSV file")
    filename = fields.Char("File name")
    result = fields.Text(readonly=True)

    @from_page(one=True)
    def action_import(self):
        """Import the good rows, and say which rows were refused and why.

        A row that is there already is brought up to date; what the file has no column for stays.
        """
        self.ensure_one()
        denominators = self.env["care.denominator"]
        denominators.check_access("create")
        if not self.file:
            raise UserError(self.env._("Choose a CSV file to import from."))
        rows, unknown = self._care_rows()
        departments = self._care_departments()
        good, lines, problems = {}, {}, []
        for line, row in rows:
            problem = None
            key, values = None, {}
            try:
                key, values = self._care_read(row, departments)
                if key in good:
                    problem = self.env._(
                        "this month and department are on line %s already", lines[key]
                    )
            except UserError as error:
                problem = str(error)
            if problem:
                problems.append(self.env._("line %(line)s: %(why)s", line=line, why=problem))
            else:
                good[key], lines[key] = values, line
        made, changed = self._care_write(good)
        self.result = "\n".join(
            [
                self.env._(
                    "%(made)s added, %(changed)s brought up to date, %(refused)s refused.",
                    made=made,
                    changed=changed,
                    refused=len(problems),
                ),
                *unknown,
                *problems,
            ]
        )
        return {
            "type": "ir.actions.act_window",
            "res_model": self._name,
            "res_id": self.id,
            "view_mode": "form",
            "target": "new",
        }

    def _care_rows(self):
        """The rows of the file, and what is to say about columns that nobody reads.

        "Patient-days", as the screen calls it, is read as well as "patient_days".
        """
        rows = [
            (line, {name and re.sub(r"[\s-]+", "_", name): text for name, text in row.items()})
            for line, row in read_rows(self.env, self.file, COLUMNS, "month")
        ]
        columns = list(rows[0][1]) if rows else []
        if rows and not set(NUMBERS) & set(columns):
            raise UserError(
                self.env._(
                    "The file has no column '%(first)s' or '%(second)s': there is nothing to take "
                    "over.",
                    first=NUMBERS[0],
                    second=NUMBERS[1],
                )
            )
        others = [name for name in columns if name and name not in COLUMNS]
        if not others:
            return rows, []
        return rows, [self.env._("Columns that are not read: %s.", ", ".join(others))]

    def _care_departments(self):
        """Departments of the company by every word a file may use: ``{word: {id, ...}}``."""
        words = defaultdict(set)
        for department in self.env["care.department"].search(
            [("company_id", "=", self.env.company.id)]
        ):
            for word in (department.code, department.name, department.complete_name):
                if word:
                    words[word.strip().casefold()].add(department.id)
        return words

    @api.model
    def _care_read(self, row, departments):
        """``((month, department id or False), values)`` of a row; UserError says what is wrong."""
        texts = {name: (row.get(name) or "").strip() for name in COLUMNS}
        if row.get(None):
            raise UserError(
                self.env._(
                    "the row has more columns than the header: put a text with a separator in "
                    "quotes"
                )
            )
        month = self._care_read_month(texts["month"])
        found = departments.get(texts["department"].casefold(), set())
        if texts["department"] and not found:
            raise UserError(self.env._("there is no department %s", texts["department"]))
        if len(found) > 1:
            raise UserError(
                self.env._("several departments are called %s: write its code", texts["department"])
            )
        values = {
            name: self._care_read_number(name, texts[name]) for name in NUMBERS if name in row
        }
        return (month, next(iter(found), False)), values

    @api.model
    def _care_read_month(self, text):
        match = MONTH.fullmatch(text)
        try:
            month = date(int(match[1]), int(match[2]), 1) if match else None
        except ValueError:
            month = None
        if not month:
            raise UserError(
                self.env._("the month '%s' is not written year-month, such as 2026-03", text)
            )
        if month > fields.Date.context_today(self):
            raise UserError(self.env._("the month %s lies in the future", text))
        return month

    @api.model
    def _care_read_number(self, name, text):
        """A whole number from 0 on; blank is 0, which means unknown."""
        if text and not (text.isascii() and text.isdigit() and int(text) <= MOST):
            raise UserError(
                self.env._(
                    "%(column)s '%(text)s' is no whole number from 0 on, written without "
                    "separators",
                    column=name,
                    text=text,
                )
            )
        return int(text or 0)

    @api.model
    def _care_write(self, good):
        """How many rows were added and how many changed."""
        denominators = self.env["care.denominator"]
        known = {
            (row.month, row.department_id.id): row
            for row in denominators.search(
                [
                    ("company_id", "=", self.env.company.id),
                    ("month", "in", [month for month, _department in good]),
                ]
            )
        }
        fresh = []
        for (month, department), values in good.items():
            row = known.get((month, department))
            if row:
                row.write(values)
            else:
                fresh.append({"month": month, "department_id": department, **values})
        denominators.create(fresh)
        return len(fresh), len(good) - len(fresh)

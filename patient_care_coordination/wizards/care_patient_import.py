import base64
import binascii
import csv
import io

from odoo import fields, models
from odoo.exceptions import UserError

COLUMNS = ("name", "hospital_number", "birth_date", "phone", "email", "language")


class CarePatientImport(models.TransientModel):
    """Take over existing patients, from a CSV file or from contacts; bad rows are reported."""

    _name = "care.patient.import"
    _description = "Import Patients"

    file = fields.Binary("CSV file")
    filename = fields.Char()
    partner_ids = fields.Many2many("res.partner", string="Contacts")
    result = fields.Text(readonly=True)

    def action_import(self):
        """Import the good rows and say which rows were refused, and why."""
        self.ensure_one()
        if not self.file and not self.partner_ids:
            raise UserError(self.env._("Choose a CSV file or contacts to import from."))
        made, known, problems = 0, 0, []
        rows = self._read_csv() if self.file else []
        rows += [
            (
                self.env._("contact %s", partner.display_name),
                {
                    "name": partner.name,
                    "phone": partner.phone,
                    "email": partner.email,
                    "partner_id": partner.id,
                },
            )
            for partner in self.partner_ids
        ]
        existing = self._known(rows)
        for place, values in rows:
            problem = values.pop("problem", None)
            key = values.get("hospital_number") or values.get("partner_id")
            if problem:
                problems.append(f"{place}: {problem}")
            elif key and key in existing:
                known += 1
            else:
                try:
                    with self.env.cr.savepoint():
                        self.env["care.patient"].create(values)
                except Exception as error:
                    problems.append(f"{place}: {error}")
                    continue
                made += 1
                if key:
                    existing.add(key)
        lines = [
            self.env._("%(made)s imported, %(known)s known already.", made=made, known=known),
            *problems,
        ]
        self.result = "\n".join(lines)
        return {
            "type": "ir.actions.act_window",
            "res_model": self._name,
            "res_id": self.id,
            "view_mode": "form",
            "target": "new",
        }

    def _known(self, rows):
        numbers = [values.get("hospital_number") for _place, values in rows]
        contacts = [values.get("partner_id") for _place, values in rows]
        patients = (
            self.env["care.patient"]
            .with_context(active_test=False)
            .search(
                [
                    ("company_id", "=", self.env.company.id),
                    "|",
                    ("hospital_number", "in", [number for number in numbers if number]),
                    ("partner_id", "in", [contact for contact in contacts if contact]),
                ]
            )
        )
        return set(patients.mapped("hospital_number")) | set(patients.partner_id.ids)

    def _read_csv(self):
        """``(place, values)`` of each row; raises UserError when the file cannot be read."""
        try:
            text = base64.b64decode(self.file).decode("utf-8-sig")
        except (UnicodeDecodeError, binascii.Error) as error:
            raise UserError(
                self.env._("The file is not UTF-8 text: save it as CSV in UTF-8.")
            ) from error
        reader = csv.DictReader(io.StringIO(text))
        if "name" not in (reader.fieldnames or []):
            raise UserError(
                self.env._("The file has no column 'name'. Known columns: %s.", ", ".join(COLUMNS))
            )
        languages = {
            lang.code: lang.id
            for lang in self.env["res.lang"].with_context(active_test=False).search([])
        }
        return [
            (self.env._("line %s", line), self._prepare_row(row, languages))
            for line, row in enumerate(reader, start=2)
        ]

    def _prepare_row(self, row, languages):
        values = {key: (row.get(key) or "").strip() or False for key in COLUMNS}
        language, birth = values.pop("language"), values["birth_date"]
        values["hospital_number"] = self.env["care.patient"]._care_clean_number(
            values["hospital_number"]
        )
        if not values["name"]:
            values["problem"] = self.env._("the name is missing")
        if birth:
            try:
                values["birth_date"] = fields.Date.to_date(birth)
            except ValueError:
                values["problem"] = self.env._("the birth date %s is not year-month-day", birth)
        if language:
            values["lang_id"] = languages.get(language, False)
            if not values["lang_id"]:
                values["problem"] = self.env._("the language %s is unknown", language)
        return values

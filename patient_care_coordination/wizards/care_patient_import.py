import re

import psycopg2

from odoo import fields, models
from odoo.exceptions import UserError

from ..models.common.from_page import from_page
from .csv_file import read_rows

COLUMNS = ("name", "hospital_number", "birth_date", "phone", "email", "language")


class CarePatientImport(models.TransientModel):
    """Take over existing patients, from a CSV file or from contacts; bad rows are reported."""

    _name = "care.patient.import"
    _description = "Import Patients"
    _inherit = ["care.checked.links"]

    file = fields.Binary("CSV file")
    filename = fields.Char("File name")
    partner_ids = fields.Many2many("res.partner", string="Contacts")
    result = fields.Text(readonly=True)

    @from_page(one=True)
    def action_import(self):
        """Import the good rows and say which rows were refused, and why."""
        self.ensure_one()
        if not self.file and not self.partner_ids:
            raise UserError(self.env._("Choose a CSV file or contacts to import from."))
        rows = (self._read_csv() if self.file else []) + self._read_contacts()
        fresh, known, problems = self._sort_out(rows)
        made, refused = self._create_patients(fresh)
        problems += refused
        lines = [
            self.env._("%(made)s imported, %(known)s known already.", made=len(made), known=known),
            *(f"{place}: {problem}" for place, problem in problems),
        ]
        unmatched = [place for place, values in made if not self._keys(values)]
        if unmatched:
            lines.append(
                self.env._(
                    "Imported without a hospital number, birth date, phone or e-mail, so importing"
                    " again would add again: %s.",
                    ", ".join(unmatched),
                )
            )
        self.result = "\n".join(lines)
        return {
            "type": "ir.actions.act_window",
            "res_model": self._name,
            "res_id": self.id,
            "view_mode": "form",
            "target": "new",
        }

    # ------------------------------------------------------------------
    # Who is known already
    # ------------------------------------------------------------------

    def _sort_out(self, rows):
        """``(rows to create, number of known ones, [(place, problem), ...])``."""
        known_people = self._known_people(rows)
        fresh, known, problems = [], 0, []
        for place, values in rows:
            problem = values.pop("problem", None)
            match = None
            if not problem:
                keys = self._keys(values)
                match = next((known_people[key] for key in keys if key in known_people), None)
                problem = match and self._contradiction(values, *match)
            if problem:
                problems.append((place, problem))
            elif match:
                known += 1
            else:
                fresh.append((place, values))
                for key in self._all_keys(values):
                    known_people.setdefault(key, (place, values))
        return fresh, known, problems

    def _known_people(self, rows):
        """``{key: (place, values)}`` of the patients in the database that rows may mean."""

        def wanted(name):
            return [values[name] for _place, values in rows if values.get(name)]

        patients = (
            self.env["care.patient"]
            .with_context(active_test=False)
            .search(
                [
                    ("company_id", "=", self.env.company.id),
                    *["|"] * 4,
                    ("hospital_number", "in", wanted("hospital_number")),
                    ("partner_id", "in", wanted("partner_id")),
                    ("birth_date", "in", wanted("birth_date")),
                    ("phone", "in", wanted("phone")),
                    ("email", "in", wanted("email")),
                ]
            )
        )
        people = {}
        for patient in patients:
            values = {
                "name": patient.name,
                "hospital_number": patient.hospital_number,
                "birth_date": patient.birth_date,
                "phone": patient.phone,
                "email": patient.email,
                "partner_id": patient.partner_id.id,
            }
            for key in self._all_keys(values):
                people.setdefault(key, (self.env._("the register"), values))
        return people

    def _keys(self, values):
        """What tells whether the person is known, strongest first.

        A hospital number stands alone; without one it is the name with the birth date, or with
        what else there is to tell two people of one name apart.
        """
        if values.get("hospital_number"):
            return [("hospital_number", values["hospital_number"])]
        keys = self._all_keys(values)
        weaker = [key for key in keys if key[0] in ("birth_date", "phone", "email")]
        return [key for key in keys if key not in weaker] + weaker[:1]

    def _all_keys(self, values):
        """All keys under which a later row may find this person."""
        name = self._words(values["name"])
        keys = [
            (field, values[field])
            for field in ("hospital_number", "partner_id")
            if values.get(field)
        ]
        if values.get("birth_date"):
            keys.append(("birth_date", name, values["birth_date"]))
        digits = re.sub(r"\D", "", values.get("phone") or "")
        if digits:
            keys.append(("phone", name, digits))
        if values.get("email"):
            keys.append(("email", name, values["email"].lower()))
        return keys

    @staticmethod
    def _words(name):
        """The words of a name in a fixed order: "Okafor, Ada" is "ada okafor"."""
        return tuple(sorted(re.findall(r"\w+", (name or "").casefold())))

    def _contradiction(self, values, place, other):
        """Why one hospital number cannot mean both people; None if it can."""
        number = values.get("hospital_number")
        births = {values.get("birth_date") or None, other.get("birth_date") or None} - {None}
        same_name = self._words(values["name"]) == self._words(other["name"])
        if not number or (same_name and len(births) < 2):
            return None
        return self.env._(
            "hospital number %(number)s is %(old)s already (see %(place)s), not %(new)s",
            number=number,
            new=self._person(values),
            old=self._person(other),
            place=place,
        )

    @staticmethod
    def _person(values):
        return (
            f"{values['name']} ({values['birth_date']})" if values["birth_date"] else values["name"]
        )

    # ------------------------------------------------------------------
    # Writing
    # ------------------------------------------------------------------

    def _create_patients(self, rows):
        """``(rows created, [(place, problem), ...])``: all at once, else one by one."""
        try:
            with self.env.cr.savepoint():
                self.env["care.patient"].create([values for _place, values in rows])
            return rows, []
        except (UserError, psycopg2.IntegrityError, psycopg2.DataError):
            made, problems = [], []
        for place, values in rows:
            try:
                with self.env.cr.savepoint():
                    self.env["care.patient"].create([values])
                made.append((place, values))
            except UserError as error:
                problems.append((place, str(error)))
            except (psycopg2.IntegrityError, psycopg2.DataError):
                # What the database says names tables and other people's data.
                problems.append((place, self.env._("the database refused this row")))
        return made, problems

    # ------------------------------------------------------------------
    # Reading
    # ------------------------------------------------------------------

    def _read_contacts(self):
        rows = []
        for partner in self.partner_ids:
            values = {
                "name": (partner.name or "").strip(),
                "phone": partner.phone,
                "email": partner.email,
                "birth_date": False,
                "partner_id": partner.id,
            }
            if not values["name"]:
                values["problem"] = self.env._("the name is missing")
            rows.append(
                (self.env._("contact %s", partner.display_name or f"#{partner.id}"), values)
            )
        return rows

    def _read_csv(self):
        """``(place, values)`` of each row; raises UserError when the file cannot be read."""
        languages = {
            lang.code: lang.id
            for lang in self.env["res.lang"].with_context(active_test=False).search([])
        }
        return [
            (self.env._("line %s", line), self._prepare_row(row, languages))
            for line, row in read_rows(self.env, self.file, COLUMNS, "name")
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
            values["birth_date"] = self._read_birth_date(birth)
            if not values["birth_date"]:
                values["problem"] = self.env._(
                    "the birth date %s is not a day up to today, written year-month-day", birth
                )
        if language:
            values["lang_id"] = languages.get(language, False)
            if not values["lang_id"]:
                values["problem"] = self.env._("the language %s is unknown", language)
        if row.get(None):
            values["problem"] = self.env._(
                "the row has more columns than the header: put a text with a separator in quotes"
            )
        return values

    def _read_birth_date(self, text):
        """The day that ``text`` names, or False when it names none that can be a birth date."""
        try:
            day = fields.Date.to_date(text)
        except ValueError:
            return False
        return day if day <= fields.Date.context_today(self) else False

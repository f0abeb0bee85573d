"""Taking over existing patients from a file or from contacts."""

import base64
from unittest.mock import patch

from odoo.exceptions import UserError

from ..common import CareCommon

HEADER = "name,hospital_number,birth_date,phone,email,language\n"


class TestPatientImport(CareCommon):
    def load(self, text="", partners=None):
        """The report's lines after an import as coordinator."""
        wizard = self.env["care.patient.import"].with_user(self.people["coordinator"])
        wizard = wizard.create(
            [
                {
                    "file": base64.b64encode(text.encode()) if text else False,
                    "partner_ids": partners.ids if partners else [],
                }
            ]
        )
        wizard.action_import()
        return wizard.result.splitlines()

    def patients(self, *names):
        return self.env["care.patient"].search([("name", "in", names)])

    def test_all_columns(self):
        lines = self.load(HEADER + "Ruiz Marisol, H 20 ,1987-06-30,555 1,m@ruiz.example,en_US\n")
        self.assertEqual(lines, ["1 imported, 0 known already."])
        patient = self.patients("Ruiz Marisol")
        self.assertEqual(
            (patient.hospital_number, str(patient.birth_date), patient.phone, patient.lang_id.code),
            ("H20", "1987-06-30", "555 1", "en_US"),
        )

    def test_semicolons(self):
        lines = self.load("Name;Hospital_Number;phone\nSilva, Teresa;H21;555\n")
        self.assertEqual(lines, ["1 imported, 0 known already."])
        self.assertEqual(self.patients("Silva, Teresa").hospital_number, "H21")

    def test_line_numbers_after_fields_and_gaps_of_several_lines(self):
        lines = self.load(
            'name,hospital_number,birth_date\n"Ada\nMaria",H30,\n\nBen,H31,yesterday\n"\n",H32,\n'
        )
        self.assertEqual(lines[0], "1 imported, 0 known already.")
        self.assertRegex(lines[1], "^line 5: the birth date yesterday is not")
        self.assertEqual(lines[2], "line 6: the name is missing")

    def test_number_of_somebody_else(self):
        self.patient.birth_date = "1958-03-02"
        lines = self.load(
            HEADER + '"Brown, Gloria",H1001,,,,\n'
            "Ada Okafor,H1001,1958-03-02,,,\n"
            "Ada Okafor,H1001,1985-03-02,,,\n"
            "Ada Okafor,H1001,,,,\n"
            "Novak,H40,2001-04-25,,,\n"
            "Nowak,H40,2001-04-25,,,\n"
        )
        self.assertEqual(
            lines,
            [
                "1 imported, 2 known already.",
                "line 2: hospital number H1001 is Okafor, Ada (1958-03-02) already"
                " (see the register), not Brown, Gloria",
                "line 4: hospital number H1001 is Okafor, Ada (1958-03-02) already"
                " (see the register), not Ada Okafor (1985-03-02)",
                "line 7: hospital number H40 is Novak (2001-04-25) already"
                " (see line 6), not Nowak (2001-04-25)",
            ],
        )

    def test_second_run_without_hospital_numbers(self):
        text = (
            HEADER + '"Haddad, Samir",,1971-01-12,555 7,,\n"Haddad, Samir",,1999-01-12,555 7,,\n'
            "Keller,,,+41 44 555,,\nKeller,,,,k@home.example,\nNobody Known,,,,,\n"
        )
        note = (
            "Imported without a hospital number, birth date, phone or e-mail, so importing again"
            " would add again: line 6."
        )
        self.assertEqual(self.load(text), ["5 imported, 0 known already.", note])
        self.assertEqual(self.load(text), ["1 imported, 4 known already.", note])
        self.assertEqual(len(self.patients("Haddad, Samir", "Keller")), 4)

    def test_contacts(self):
        partners = self.env["res.partner"].create(
            [
                {"name": "Joy Brown", "phone": "555 8"},
                {"name": False, "type": "invoice", "parent_id": self.company.partner_id.id},
            ]
        )
        lines = self.load(partners=partners)
        self.assertEqual(lines[0], "1 imported, 0 known already.")
        self.assertRegex(lines[1], "^contact .+: the name is missing$")
        self.assertEqual(self.patients("Joy Brown").partner_id, partners[0])
        self.assertEqual(self.load(partners=partners)[0], "0 imported, 1 known already.")

    def test_refused_by_the_database(self):
        """One row that the database refuses: a sentence, and the others are imported."""
        Patient = self.registry["care.patient"]
        create = Patient.create

        def create_or_refuse(patients, vals_list):
            if any(vals["name"] == "Refused" for vals in vals_list):
                patients.env.cr.execute("INSERT INTO care_patient (phone) VALUES ('1')")
            return create(patients, vals_list)

        with patch.object(Patient, "create", create_or_refuse), self.assertLogs("odoo.sql_db"):
            lines = self.load(HEADER + "First,H50,,,,\nRefused,H51,,,,\nLast,H52,,,,\n")
        self.assertEqual(
            lines, ["2 imported, 0 known already.", "line 3: the database refused this row"]
        )
        self.assertEqual(len(self.patients("First", "Last")), 2)

    def test_problems_of_rows(self):
        lines = self.load(
            HEADER + ",H60,,,,\nEva,H61,2999-01-01,,,\nEva,H62,,,,xx_XX\nSilva, Teresa,H63,,,,\n"
        )
        self.assertEqual(lines[0], "0 imported, 0 known already.")
        for line, part in zip(
            lines[1:],
            (
                "line 2: the name",
                "line 3: the birth date 2999",
                "line 4: the language",
                "line 5: the row",
            ),
            strict=True,
        ):
            self.assertTrue(line.startswith(part), line)

    def test_open_quote_imports_nothing(self):
        with self.assertRaisesRegex(UserError, "begins on line 3 .*quote"):
            self.load(HEADER + 'Eva,H70,,,,\n"Ida,H71,,,,\nUwe,H72,,,,\n')
        self.assertFalse(self.patients("Eva", "Uwe"))

    def test_number_of_queries_does_not_grow_with_known_rows(self):
        def count(rows):
            text = HEADER + "".join(f"P{i},Q{rows}-{i},1980-01-01,,,\n" for i in range(rows))
            self.load(text)
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self.load(text)
            return self.env.cr.sql_log_count - before

        count(1)
        self.assertEqual(count(2), count(60))

"""The national complaints return: its arithmetic, its mapping, and errors that name the case."""

from datetime import date, datetime

from psycopg2 import IntegrityError

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tools import mute_logger

from ..common import MODULE
from .test_packs import PackCommon

START, END = date(2025, 4, 1), date(2026, 4, 1)


class TestReturn(PackCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.mapping = cls.env["care.return.mapping"].with_user(cls.supervisor)
        cls.mapping.action_fill()
        cls.template = cls.shipped_copy("return")
        cls.delay = cls.env.ref(f"{MODULE}.category_processes")
        cls.patient.birth_date = "1958-03-02"

    def case(self, received, closed=None, outcome="upheld", **values):
        """A complaint, and when and how it ended."""
        ticket = self.received(
            received,
            **{
                "care_nature_id": self.complaint.id,
                "care_patient_id": self.patient.id,
                "care_relation": "child",
                "category_id": self.delay.id,
                "care_department_id": self.ward.id,
                **values,
            },
        )
        if closed:
            self.env.cr.execute(
                "UPDATE helpdesk_ticket SET closed_date = %s, care_outcome = %s WHERE id = %s",
                [closed, outcome, ticket.id],
            )
            ticket.invalidate_recordset()
        return ticket

    def figures(self, run):
        return {each["code"].removeprefix("return_"): each["value"] for each in run.figures}

    def boxes(self, run, aspect):
        for table in run._care_build()[0]["tables"]:
            if table["name"] == aspect:
                return {row[0]: row[1] for row in table["rows"] if row[1]}
        return None

    def refused(self, *words):
        run = self.template._care_prepare(START, END)
        if run.state == "queued":
            run._care_make()
        self.assertEqual(run.state, "failed")
        for each in words:
            self.assertIn(each, run.error)
        self.assertFalse(run.pdf_id or run.figures)
        return run

    def made(self):
        run = self.template._care_prepare(START, END)
        run._care_make()
        self.assertEqual(run.state, "ready", run.error)
        return run

    def test_arithmetic(self):
        for number in range(4):
            self.case(datetime(2025, 3, 1 + number))
        self.case(datetime(2025, 3, 9), datetime(2025, 5, 1), "partly")
        self.case(datetime(2025, 3, 10), datetime(2025, 3, 20))
        self.case(datetime(2025, 6, 1), datetime(2025, 7, 1))
        self.case(datetime(2025, 6, 2), datetime(2026, 5, 1))
        self.case(datetime(2025, 6, 3), datetime(2025, 9, 1), "not_upheld")
        self.case(datetime(2026, 4, 2))
        self.case(datetime(2025, 6, 4), care_nature_id=self.question.id)
        self.case(datetime(2025, 6, 5), datetime(2025, 6, 6), "duplicate")
        figures = self.figures(self.made())
        self.assertEqual(
            figures,
            {
                "brought": 5,
                "new": 3,
                "resolved": 3,
                "upheld": 1,
                "partly": 1,
                "not_upheld": 1,
                "carried": 5,
            },
        )

    def test_a_year_ends_at_midnight_in_the_hospital(self):
        self.case(datetime(2025, 3, 31, 21, 59))
        self.case(datetime(2025, 3, 31, 22, 0))
        self.case(datetime(2026, 3, 31, 21, 59))
        self.case(datetime(2026, 3, 31, 22, 0))
        figures = self.figures(self.made())
        self.assertEqual((figures["brought"], figures["new"], figures["carried"]), (1, 2, 3))

    def test_a_case_counts_in_each_subject_once(self):
        case = self.case(datetime(2025, 6, 1))
        topics = self.env["helpdesk.ticket.category"].search([("care_ko41a_code", "!=", False)])
        waiting = topics.filtered(lambda each: each.care_ko41a_code == "Waiting times")
        self.env["care.issue"].create(
            [
                {"ticket_id": case.id, "category_id": category.id}
                for category in (self.delay, self.delay, waiting)
            ]
        )
        self.case(datetime(2025, 6, 2))
        run = self.made()
        subject = self.delay.care_ko41a_code
        self.assertEqual(self.boxes(run, "Subject"), {subject: 2, "Waiting times": 1})
        self.assertEqual(self.boxes(run, "Age of the patient"), {"65 to 74": 2})
        self.assertEqual(self.boxes(run, "Who complains"), {"Other": 2})
        self.assertIsNone(self.boxes(run, "Service area"))
        self.assertIn("Service area, Profession", run._care_build()[0]["notes"][-1])

    def test_ages_turn_on_the_birthday(self):
        for day, box in ((1, "56 to 64"), (2, "65 to 74")):
            self.patient.birth_date = "1960-06-02"
            case = self.case(datetime(2025, 6, day, 10))
            find = self.env["care.report.catalogue"]._care_return_age(
                self.mapping.search([("aspect", "=", "age")])
            )
            self.assertEqual(find(case), {box})
        self.patient.birth_date = False
        self.assertEqual(find(case), {"Not known"})

    def test_departments_below_count_with_those_above(self):
        below = self.env["care.department"].create({"name": "Bay 2", "parent_id": self.ward.id})
        self.mapping.create(
            [{"aspect": "service", "department_id": self.ward.id, "name": "Inpatient"}]
        )
        self.case(datetime(2025, 6, 1), care_department_id=below.id)
        self.assertEqual(self.boxes(self.made(), "Service area"), {"Inpatient": 1})

    def test_errors_name_the_case(self):
        self.mapping.create(
            [{"aspect": "service", "department_id": self.ward.id, "name": "Inpatient"}]
        )
        withdrawn = self.case(datetime(2025, 6, 1), datetime(2025, 6, 5), "withdrawn")
        nowhere = self.case(datetime(2025, 6, 2), care_department_id=False)
        early = self.case(datetime(2025, 6, 3), datetime(2025, 6, 1))
        run = self.refused(
            "Section National complaints return",
            f"Resolved as 'Withdrawn', which the return does not know: {withdrawn.number}",
            f"Without a box for 'Service area': {nowhere.number}",
            f"Closed before they were received: {early.number}",
        )
        cases = withdrawn | nowhere | early
        action = run.with_user(self.supervisor).action_cases()
        self.assertEqual(
            self.env["helpdesk.ticket"].with_user(self.supervisor).search(action["domain"]),
            cases.sorted(),
        )
        self.mapping.create([{"aspect": "outcome", "outcome": "withdrawn", "result": "left_out"}])
        nowhere.care_department_id = self.ward
        early.care_received_date = datetime(2025, 5, 30)
        figures = self.figures(self.made())
        self.assertEqual((figures["new"], figures["resolved"]), (2, 1))

    def test_many_cases_are_not_all_named(self):
        for number in range(23):
            self.case(datetime(2025, 6, 1 + number), datetime(2025, 7, 1), "withdrawn")
        run = self.refused("and 3 more")
        self.assertEqual(run.error.count("HT"), 20)
        self.assertEqual(len(run.cases), 23)

    def test_what_does_not_add_up_is_said(self):
        catalogue = self.env["care.report.catalogue"]
        self.assertEqual(
            catalogue._care_return_sentences(
                [("negative", -1, 0), ("age", 6, 5), ("subject", 4, 5)]
            ),
            [
                "Carried forward would be -1, and cannot be below 0.",
                "The ages add up to 6, and must be 5, as many as are new.",
                "The subjects add up to 4; new cases are 5.",
            ],
        )

    def test_without_a_mapping(self):
        self.mapping.search([]).unlink()
        self.refused("There is no mapping yet")
        self.mapping.action_fill()
        with self.assertRaisesRegex(UserError, "has a mapping already"):
            self.mapping.action_fill()

    def test_lines_are_complete(self):
        self.mapping.search([("aspect", "in", ("status", "outcome"))]).unlink()
        for values, words in (
            ({"aspect": "subject", "name": "x"}, "lacks: Category"),
            ({"aspect": "service", "name": "x"}, "lacks: Department"),
            ({"aspect": "profession", "name": "x"}, "Category or Department"),
            ({"aspect": "status", "relation": "self"}, "lacks: Counts as"),
            ({"aspect": "outcome", "outcome": "upheld"}, "lacks: Result"),
        ):
            with self.subTest(values=values), self.assertRaisesRegex(ValidationError, words):
                self.mapping.create([values])

    def test_no_line_contradicts_another(self):
        for values, words in (
            ({"aspect": "outcome", "outcome": "upheld", "result": "left_out"}, "outcome_once"),
            ({"aspect": "status", "relation": "self", "name": "x"}, "relation_once"),
            ({"aspect": "age", "age_from": 9, "age_to": 2, "name": "x"}, "ages_in_order"),
        ):
            with (
                self.subTest(values=values),
                self.assertRaisesRegex(IntegrityError, words),
                mute_logger("odoo.sql_db"),
                self.env.cr.savepoint(),
            ):
                self.mapping.create([values])

    def test_who_maps(self):
        with self.assertRaises(AccessError):
            self.mapping.with_user(self.coordinator).search([], limit=1).write({"name": "x"})
        with self.assertRaises(AccessError):
            self.mapping.with_user(self.people["clerk"]).search([])

"""Effect of improvements and patient-days: counted a second time, by hand, on awkward data."""

import base64
from datetime import UTC
from xml.etree import ElementTree
from zoneinfo import ZoneInfo

from dateutil.relativedelta import relativedelta
from freezegun import freeze_time
from psycopg2 import IntegrityError

from odoo.exceptions import AccessError, ValidationError
from odoo.fields import Date
from odoo.tools import mute_logger

from ..common import MODULE
from .test_improvement import ImprovementCommon

ZONE = "Europe/Zurich"
# Everything here happens as if it were the middle of this month.
NOW = "2026-11-18 09:00:00"


class EffectCommon(ImprovementCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.care_tz = ZONE
        cls.meals = cls.env.ref(f"{MODULE}.category_food").parent_id
        cls.room = cls.env["care.department"].create({"name": "Room 12", "parent_id": cls.ward.id})
        cls.elsewhere = cls.env["care.department"].create({"name": "Ward 8"})
        # Long before, so that the hospital has had inquiries all the time.
        cls.received("2025-01-03 08:00:00", category_id=False)

    @classmethod
    def received(cls, *moments, **values):
        """Inquiries received at moments in UTC."""
        common = {
            "name": "Soup",
            "description": "Cold",
            "care_nature_id": cls.question.id,
            "category_id": cls.food.id,
            "care_department_id": cls.ward.id,
        }
        return cls.env["helpdesk.ticket"].create(
            [{**common, "care_received_date": moment, **values} for moment in moments]
        )

    @classmethod
    def months(cls, first, *numbers):
        """So many inquiries in each month from ``first`` on, a date."""
        moments = []
        for months, number in enumerate(numbers):
            day = first + relativedelta(months=months, days=9)
            moments += [f"{day} 10:{minute:02}:00" for minute in range(number)]
        return cls.received(*moments)

    def adopted(self, since, **values):
        improvement = self.decide(self.propose(ticket_ids=[], **values), "review", "adopted")
        improvement.with_user(self.supervisor).effective_date = since
        return improvement

    def effect(self, improvement, now=NOW):
        with freeze_time(now):
            return improvement.with_user(self.supervisor)._care_effect()


class TestEffect(EffectCommon):
    def test_counts_agree_with_counting_by_hand(self):
        company = self.env["res.company"].create({"name": "Second hospital"})
        self.received(
            "2026-03-01 08:00:00",
            # In Zurich this is the first of April, and this the last of it.
            "2026-03-31 22:00:00",
            "2026-03-31 21:59:59",
            "2026-04-30 21:59:59",
            "2026-04-30 22:00:00",
            # Winter time: the month begins an hour later in UTC.
            "2026-01-31 22:59:59",
            "2026-01-31 23:00:00",
            "2026-03-29 01:00:00",
            "2025-10-26 00:30:00",
            "2025-10-26 01:30:00",
        )
        self.received("2026-05-05 08:00:00", care_department_id=self.room.id)
        self.received("2026-05-06 08:00:00", category_id=self.meals.id)
        self.received(
            "2026-05-07 08:00:00", category_id=self.env.ref(f"{MODULE}.category_rooms").id
        )
        self.received("2026-05-08 08:00:00", care_department_id=self.elsewhere.id)
        self.received("2026-05-09 08:00:00", care_department_id=False)
        self.received(
            "2026-05-10 08:00:00",
            care_department_id=False,
            company_id=company.id,
            team_id=company.care_triage_team_id.id,
        )
        duplicate, archived = self.received("2026-05-11 08:00:00", "2026-05-12 08:00:00")
        self.env.cr.execute(
            "UPDATE helpdesk_ticket SET care_outcome = 'duplicate' WHERE id = %s", (duplicate.id,)
        )
        self.env.cr.execute(
            "UPDATE helpdesk_ticket SET active = FALSE WHERE id = %s", (archived.id,)
        )
        self.env.invalidate_all()
        for values in (
            {},
            {"category_id": self.meals.id},
            {"department_id": False},
            {"department_id": self.room.id},
            {"category_id": False, "department_id": self.ward.id},
            {"category_id": self.env.ref(f"{MODULE}.category_waiting").id},
        ):
            improvement = self.adopted("2026-06-10", **values)
            got = self.effect(improvement)["months"]
            self.assertEqual(
                [(month, number) for month, number, _days in got],
                self.by_hand(improvement, Date.to_date("2025-10-01"), 13),
                values,
            )
        self.assertEqual(sum(number for _month, number, _days in got), 0)

    def by_hand(self, improvement, first, months):
        """One ticket after the other, its chain of categories and departments walked up."""

        def chain(record):
            while record:
                yield record
                record = record.parent_id

        numbers = {first + relativedelta(months=count): 0 for count in range(months)}
        tickets = self.env["helpdesk.ticket"].with_context(active_test=False).search([])
        for ticket in tickets.filtered("care_is_inquiry"):
            if ticket.company_id != improvement.company_id or ticket.care_outcome == "duplicate":
                continue
            category, department = improvement.category_id, improvement.department_id
            if category and category not in chain(ticket.category_id):
                continue
            if department and department not in chain(ticket.care_department_id):
                continue
            local = ticket.care_received_date.replace(tzinfo=UTC).astimezone(ZoneInfo(ZONE))
            month = local.date().replace(day=1)
            if month in numbers:
                numbers[month] += 1
        return sorted(numbers.items())

    def test_fewer_by_the_shift_rule(self):
        first = Date.to_date("2025-04-01")
        # Twelve months before, the month it came into force, seven months since and the current.
        self.months(first, 9, 8, 9, 10, 9, 8, 9, 9, 8, 9, 9, 30, 5, 4, 5, 4, 5, 4, 5, 6)
        improvement = self.adopted("2026-03-20")
        effect = self.effect(improvement)
        self.assertEqual(effect["verdict"], "same")
        self.assertEqual(
            effect["sentence"],
            "No clear change: of the 7 months since, 7 lie below and 0 above 9.0 inquiries a month,"
            " the median of the 12 months before; 8 in a row on one side would count as a change.",
        )
        later = self.effect(improvement, "2026-12-02 09:00:00")
        self.assertEqual(later["verdict"], "fewer")
        self.assertEqual(
            later["sentence"],
            "Fewer: 8 months in a row lie below 9.0 inquiries a month, the median of the 12 months "
            "before.",
        )
        self.assertEqual(later["median_before"], 9)
        self.assertFalse(later["rate"])
        self.assertEqual(len(later["months"]), 13)
        self.assertEqual(str(later["months"][-1][0]), "2026-11-01")
        # Nine months after it came into force the window stands still.
        self.assertEqual(
            self.effect(improvement, "2027-01-02 09:00:00"),
            self.effect(improvement, "2028-06-02 09:00:00"),
        )

    def test_more_by_the_usual_range(self):
        self.months(Date.to_date("2025-10-01"), 2, 3, 2, 3, 2, 3, 2, 3, 5, 9, 10, 11, 1)
        improvement = self.adopted("2026-06-02")
        effect = self.effect(improvement, "2026-10-05 09:00:00")
        self.assertEqual(effect["verdict"], "more")
        self.assertEqual(
            effect["sentence"],
            "More: each of the 3 months since lies above the usual range (three standard "
            "deviations) around 2.0 inquiries a month, the median of the 12 months before.",
        )
        # One more month within the range, and it is no longer each of them.
        self.assertEqual(self.effect(improvement)["verdict"], "same")

    def test_fewer_by_the_usual_range(self):
        self.months(Date.to_date("2025-10-01"), *[20] * 8, 9, 1, 2, 1)
        effect = self.effect(self.adopted("2026-06-02"), "2026-10-05 09:00:00")
        self.assertEqual(effect["verdict"], "fewer")
        self.assertIn("below the usual range", effect["sentence"])

    def test_too_early(self):
        self.months(Date.to_date("2025-10-01"), *[3] * 13)
        effect = self.effect(self.adopted("2026-09-30"))
        self.assertEqual(effect["verdict"], "early")
        self.assertEqual(
            effect["sentence"],
            "Too early to tell: it has been in force for 1 of the 3 whole months needed.",
        )
        self.assertEqual(self.effect(self.adopted("2026-11-18"))["verdict"], "early")

    def test_too_little_before(self):
        effect = self.effect(self.adopted("2025-04-10"))
        self.assertEqual(effect["verdict"], "early")
        self.assertIn(
            "of the months before, 2 can be compared with, and 3 are needed", effect["sentence"]
        )
        self.assertEqual(effect["median_before"], 0)

    def test_nothing_to_count_and_not_adopted(self):
        improvement = self.propose(category_id=False, department_id=False, ticket_ids=[])
        effect = self.effect(improvement)
        self.assertIn("choose the category or the department", effect["sentence"])
        self.assertEqual((effect["months"], effect["svg"], effect["verdict"]), ([], "", False))
        effect = self.effect(self.propose())
        self.assertEqual(effect["sentence"], "Not adopted: there is nothing to compare yet.")
        self.assertFalse(effect["verdict"])
        self.assertEqual(len(effect["months"]), 13)
        self.assertEqual(str(effect["months"][-1][0]), "2026-10-01")

    def test_rates_where_every_month_has_patient_days(self):
        self.months(Date.to_date("2025-06-01"), *[10] * 12, 4, *[10] * 4)
        improvement = self.adopted("2026-06-02")
        rows = self.env["care.denominator"].create(
            [
                {
                    "department_id": self.ward.id,
                    "month": Date.to_date("2025-06-01") + relativedelta(months=count),
                    # Twice as many patients since, and as many inquiries.
                    "patient_days": 1000 if count < 13 else 4000,
                }
                for count in range(17)
            ]
        )
        effect = self.effect(improvement)
        self.assertTrue(effect["rate"])
        self.assertEqual(effect["median_before"], 10)
        self.assertEqual(
            [number * 1000 / days for _month, number, days in effect["months"][-4:]], [2.5] * 4
        )
        self.assertIn("10.0 inquiries per 1,000 patient-days", effect["sentence"])
        self.assertIn("per 1,000 patient-days", effect["svg"])
        self.assertEqual(effect["unit"], "Inquiries per 1,000 patient-days.")
        rows[3].patient_days = 0
        effect = self.effect(improvement)
        self.assertFalse(effect["rate"])
        self.assertEqual(
            effect["unit"],
            "Inquiries a month. There is no denominator for a rate: patient-days of Ward 7 are "
            "missing for Sep 2025.",
        )
        rows[4:8].patient_days = 0
        self.assertIn(
            "missing for Sep 2025, Oct 2025, Nov 2025 and 2 more months",
            self.effect(improvement)["unit"],
        )
        self.assertIn("10.0 inquiries a month", effect["sentence"])
        # Those of the whole hospital are no patient-days of the ward.
        rows.department_id = False
        self.assertFalse(any(days for _month, _number, days in self.effect(improvement)["months"]))
        rows.patient_days = 2000
        whole = self.effect(self.adopted("2026-06-02", department_id=False))
        self.assertTrue(whole["rate"])
        self.assertEqual(whole["median_before"], 5)

    def test_what_the_form_and_the_list_show(self):
        self.months(Date.to_date("2025-10-01"), 2, 3, 2, 3, 2, 3, 2, 3, 5, 9, 10, 11)
        improvement = self.adopted("2026-06-02").with_user(self.coordinator)
        with freeze_time("2026-10-05 09:00:00"):
            self.env.invalidate_all()
            self.assertEqual(improvement.effect_verdict, "more")
            root = ElementTree.fromstring(improvement.effect_chart)
        svg = "{http://www.w3.org/2000/svg}"
        self.assertIn("Food", root.find(f"{svg}title").text)
        self.assertIn("More: each of the 3", root.find(f"{svg}desc").text)
        self.assertEqual(len(root.findall(f"{svg}circle")), 13)
        texts = [node.text for node in root.findall(f"{svg}text")]
        self.assertIn("In force", texts)
        self.assertIn("Median before: 2.0", texts)

    def test_a_list_needs_as_many_queries_as_one(self):
        self.months(Date.to_date("2025-10-01"), *[2] * 13)
        improvements = self.adopted("2026-06-02")
        for _number in range(11):
            improvements |= self.adopted("2026-05-02", department_id=self.room.id)
        names = ["effect_verdict", "effect_sentence", "effect_chart", "evidence_count"]
        for records in (improvements[:1], improvements):
            self.env.flush_all()
            self.env.invalidate_all()
            mine = records.with_user(self.supervisor)
            with freeze_time(NOW), self.assertQueryCount(20):
                mine.read(names)


class TestDenominators(EffectCommon):
    def load(self, text, login="supervisor"):
        wizard = self.env["care.denominator.import"].with_user(self.people[login])
        wizard = wizard.create([{"file": base64.b64encode(text.encode())}])
        wizard.action_import()
        return wizard.result.splitlines()

    def rows(self):
        return [
            (str(row.month), row.department_id.name, row.patient_days, row.admissions)
            for row in self.env["care.denominator"].search([], order="month, department_id")
        ]

    def test_any_day_is_its_month_and_once(self):
        row = self.env["care.denominator"].create(
            {"department_id": self.ward.id, "month": "2026-02-17", "patient_days": 3}
        )
        self.assertEqual(str(row.month), "2026-02-01")
        row.month = "2026-03-31"
        self.assertEqual(str(row.month), "2026-03-01")
        for department in (self.ward, self.ward.browse()):
            values = {"department_id": department.id, "month": "2026-03-09"}
            if not department:
                row.create(values)
            with (
                mute_logger("odoo.sql_db"),
                self.assertRaisesRegex(IntegrityError, "care_denominator_once"),
                self.env.cr.savepoint(),
            ):
                row.create(values)

    def test_what_cannot_be(self):
        with (
            self.assertRaisesRegex(ValidationError, "2026-12 lies in the future"),
            freeze_time(NOW),
        ):
            self.env["care.denominator"].create({"month": "2026-12-01"})
        for name in ("patient_days", "admissions"):
            with (
                mute_logger("odoo.sql_db"),
                self.assertRaisesRegex(IntegrityError, "not_negative"),
                self.env.cr.savepoint(),
            ):
                self.env["care.denominator"].create({"month": "2026-01-01", name: -1})

    def test_import(self):
        lines = self.load(
            "month,department,patient_days,admissions\n"
            "2026-01,W7,900,120\n2026-02-14,ward 8,800,\n2026-01,,9000,1000\n"
        )
        self.assertEqual(lines, ["3 added, 0 brought up to date, 0 refused."])
        self.assertEqual(
            self.rows(),
            [
                ("2026-01-01", "Ward 7", 900, 120),
                ("2026-01-01", False, 9000, 1000),
                ("2026-02-01", "Ward 8", 800, 0),
            ],
        )

    def test_asking_twice_updates_what_the_file_names(self):
        self.load("month;department;patient_days;admissions\n2026-01;W7;900;120\n")
        lines = self.load("\ufeffMonth;Department;Patient_days\n2026-01;W7;910\n")
        self.assertEqual(lines, ["0 added, 1 brought up to date, 0 refused."])
        self.assertEqual(self.rows(), [("2026-01-01", "Ward 7", 910, 120)])

    def test_columns_as_the_screen_calls_them_and_others(self):
        lines = self.load("Month;Department;Patient-days;Beds\n2026-01;W7;900;30\n")
        self.assertEqual(
            lines, ["1 added, 0 brought up to date, 0 refused.", "Columns that are not read: beds."]
        )
        self.assertEqual(self.rows(), [("2026-01-01", "Ward 7", 900, 0)])
        with self.refused("no column 'patient_days' or 'admissions'"):
            self.load("month;department;days\n2026-02;W7;900\n")
        self.assertEqual(len(self.rows()), 1)

    def test_bad_rows_are_told_and_good_ones_kept(self):
        self.env["care.department"].create([{"name": "Annex"}, {"name": "Annex"}])
        with freeze_time(NOW):
            lines = self.load(
                "month,department,patient_days,admissions\n"
                "2026-01,W7,900,120\n"
                "2026-01,Ward 7,901,121\n"
                "January,W7,1,1\n"
                "2026-13,W7,1,1\n"
                ",W7,1,1\n"
                "2026-12,W7,1,1\n"
                "2026-02,Nowhere,1,1\n"
                "2026-02,Annex,1,1\n"
                "2026-02,W7,-1,1\n"
                "2026-02,W7,1.5,1\n"
                "2026-02,W7,1,many\n"
                "2026-02,W7,99999999999,1\n"
                "2026-02,W7,1,1,1\n"
                "2026-02,W7,,\n"
            )
        self.assertEqual(lines[0], "2 added, 0 brought up to date, 12 refused.")
        self.assertEqual(
            lines[1:],
            [
                "line 3: this month and department are on line 2 already",
                "line 4: the month 'January' is not written year-month, such as 2026-03",
                "line 5: the month '2026-13' is not written year-month, such as 2026-03",
                "line 6: the month '' is not written year-month, such as 2026-03",
                "line 7: the month 2026-12 lies in the future",
                "line 8: there is no department Nowhere",
                "line 9: several departments are called Annex: write its code",
                "line 10: patient_days '-1' is no whole number from 0 on, written without "
                "separators",
                "line 11: patient_days '1.5' is no whole number from 0 on, written without "
                "separators",
                "line 12: admissions 'many' is no whole number from 0 on, written without "
                "separators",
                "line 13: patient_days '99999999999' is no whole number from 0 on, written without "
                "separators",
                "line 14: the row has more columns than the header: put a text with a separator "
                "in quotes",
            ],
        )
        self.assertEqual(
            self.rows(), [("2026-01-01", "Ward 7", 900, 120), ("2026-02-01", "Ward 7", 0, 0)]
        )

    def test_files_that_cannot_be_read(self):
        wizards = self.env["care.denominator.import"].with_user(self.supervisor)
        with self.refused("Choose a CSV file to import from"):
            wizards.create([{}]).action_import()
        with self.refused("no column 'month'. Known columns: month, department"):
            self.load("department,patient_days\nW7,1\n")
        with self.refused("not UTF-8 text"):
            wizards.create([{"file": base64.b64encode(b"month\n\xff")}]).action_import()
        with self.refused("begins on line 2 cannot be read"):
            self.load('month,department\n2026-01,"W7\n')
        self.assertFalse(self.rows())

    def test_supervisors_alone_import(self):
        with self.assertRaises(AccessError):
            self.load("month\n2026-01\n", "coordinator")

    def test_a_large_file_needs_few_queries(self):
        text = "month,department,patient_days\n" + "".join(
            f"{year}-{month:02},{department},{month * 100}\n"
            for year in range(2016, 2026)
            for month in range(1, 13)
            for department in ("W7", "Ward 8", "")
        )
        with self.assertQueryCount(60):
            self.load(text)
        self.assertEqual(len(self.rows()), 360)

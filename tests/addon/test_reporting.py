"""Analyses and key figures, against a second, naive computation."""

from datetime import date, datetime, timedelta

from freezegun import freeze_time

from odoo.fields import Command

from ..common import MODULE, CareCommon

NOW = datetime(2026, 7, 15, 10, 0)


class TestInquiryReport(CareCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.report = cls.env["care.inquiry.report"]
        cls.quality = cls.env.ref(f"{MODULE}.category_quality")
        cls.food = cls.env.ref(f"{MODULE}.category_nourishment")

    def _row(self, ticket):
        self.env.flush_all()
        self.env.invalidate_all()
        return self.report.browse(ticket.id)

    def test_a_row_says_what_the_inquiry_says(self):
        with freeze_time(NOW):
            ticket = self.make_inquiry(
                category_id=self.food.id,
                care_department_id=self.ward.id,
                care_received_date=NOW - timedelta(days=8),
                care_emotional_state="angry",
                care_access_need_ids=[
                    Command.link(self.env.ref(f"{MODULE}.access_need_interpreter").id),
                    Command.link(self.env.ref(f"{MODULE}.access_need_sign_language").id),
                ],
            )
            self.env["care.issue"].create(
                [
                    {"ticket_id": ticket.id, "category_id": self.food.id, "severity": "1"},
                    {
                        "ticket_id": ticket.id,
                        "category_id": self.quality.id,
                        "severity": "3",
                        "stage_of_care": "ward",
                    },
                    {
                        "ticket_id": ticket.id,
                        "category_id": self.food.id,
                        "severity": "2",
                        "stage_of_care": "discharge",
                    },
                ]
            )
            row = self._row(ticket)
            self.assertEqual(row.ticket_id, ticket)
            self.assertEqual(row.category_id, self.food)
            self.assertEqual(row.theme_id, self.quality)
            self.assertEqual(row.category_main_id, self.env.ref(f"{MODULE}.category_clinical"))
            self.assertEqual((row.severity, row.stage_of_care), ("3", "ward"))
            self.assertEqual(row.age_band, "8_30")
            self.assertEqual(row.emotion_start, "angry")
            self.assertEqual((row.is_open, row.is_closed, row.interpreter), (1, 0, 1))
            self.assertEqual((row.answered, row.days_to_answer), (0, 0))
            self.assertEqual(
                self.report.search_count([("is_open", "=", True), ("id", "=", ticket.id)]), 1
            )
            self.assertEqual(row.action_care_open()["res_id"], ticket.id)
            figures = self.env["care.kpi"]._care_measure(
                {"start": date(2026, 7, 1), "end": date(2026, 8, 1)}
            )
            self.assertEqual(set(figures), set(self.env["care.kpi"]._care_definitions()))


class TestAnalyses(CareCommon):
    REPORTS = ("inquiry", "issue", "deadline", "contact", "consult", "decision")

    def test_every_screen_opens(self):
        supervisor = self.people["supervisor"]
        for name in self.REPORTS:
            report = self.env[f"care.{name}.report"].with_user(supervisor)
            for kind in ("pivot", "graph", "list", "search"):
                with self.subTest(report=name, view=kind):
                    report.get_view(view_type=kind)
            fields = [
                field.name for field in report._fields.values() if field.store or field.name == "id"
            ]
            report.search_read([], fields, limit=5)
            sums = [
                f"{field.name}:{field.aggregator}"
                for field in report._fields.values()
                if field.type in ("integer", "float") and field.aggregator
            ]
            groups = [
                field.name
                for field in report._fields.values()
                if field.type in ("many2one", "selection")
            ]
            for group in groups:
                report._read_group([], [group], ["__count", *sums])

"""Report templates, runs and packs: made, kept, refused, compared, and by whom."""

import io
import json
import re
from datetime import date, datetime, timedelta
from unittest.mock import patch

from openpyxl import load_workbook

from odoo import fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Command
from odoo.tests import HttpCase, tagged
from odoo.tools import mute_logger
from odoo.tools.pdf import PdfFileReader

from ..common import MODULE, CareCommon, make_people

START, END = date(2026, 3, 1), date(2026, 4, 1)


def pdf_text(content):
    """The words of a PDF, blanks and line ends made alike."""
    reader = PdfFileReader(io.BytesIO(content), strict=False)
    text = " ".join(reader.getPage(n).extract_text() for n in range(reader.getNumPages()))
    return re.sub(r"\s+", " ", text)


class PackCommon(CareCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.care_tz = "Europe/Berlin"
        cls.supervisor = cls.people["supervisor"]
        cls.coordinator = cls.people["coordinator"]
        cls.templates = cls.env["care.report.template"].with_user(cls.supervisor)
        cls.pack = cls.shipped_copy("communications")
        cls.board = cls.shipped_copy("board")

    @classmethod
    def shipped_copy(cls, name):
        """The company's copy of a shipped template, as the supervisor has it."""
        return cls.templates.search(
            [
                ("shipped_id", "=", cls.env.ref(f"{MODULE}.report_{name}").id),
                ("company_id", "=", cls.company.id),
            ]
        )

    @classmethod
    def received(cls, when, **values):
        """An inquiry received at a moment (UTC)."""
        return cls.make_inquiry(care_received_date=when, **values)

    def only(self, template, *codes, **values):
        """Leave these sections alone in a template."""
        template.section_ids = [
            Command.clear(),
            *(Command.create({"code": code, **values}) for code in codes),
        ]
        return template

    def run_for(self, template, start=START, end=END):
        run = template._care_prepare(start, end)
        self.assertEqual(run.state, "ready", run.error)
        return run

    def notices(self, record):
        """The notices that people got about a record."""
        return self.env["mail.message"].search(
            [
                ("model", "=", record._name),
                ("res_id", "in", record.ids),
                ("message_type", "=", "user_notification"),
            ]
        )

    def sheets(self, run):
        book = load_workbook(io.BytesIO(run.sudo().xlsx_id.raw))
        return {sheet.title: [list(row) for row in sheet.values] for sheet in book}


class TestPacks(PackCommon):
    def test_each_company_has_its_copies(self):
        company = self.env["res.company"].create({"name": "Second hospital"})
        shipped = self.env["care.report.template"].search([("shipped", "=", True)])
        copies = self.env["care.report.template"].search([("company_id", "=", company.id)])
        copies.invalidate_recordset()
        self.assertEqual(copies.shipped_id, shipped)
        for copy in copies:
            self.assertEqual(copy.name, copy.shipped_id.name)
            self.assertEqual(
                copy.section_ids.mapped("code"), copy.shipped_id.section_ids.mapped("code")
            )
            self.assertFalse(copy.problems)
        company._care_set_up()
        self.assertEqual(
            self.env["care.report.template"].search_count([("company_id", "=", company.id)]),
            len(copies),
        )

    def test_a_pack_counts_the_days_of_the_hospital(self):
        # Berlin is two hours before UTC from 29 March on, one hour until then.
        self.received(datetime(2026, 2, 28, 22, 59))
        self.received(datetime(2026, 2, 28, 23, 0))
        self.received(datetime(2026, 3, 31, 21, 59))
        self.received(datetime(2026, 3, 31, 22, 0))
        run = self.run_for(self.only(self.pack, "volumes", "figures"))
        figures = {figure["code"]: figure for figure in run.figures}
        self.assertEqual(figures["received"]["value"], 2)
        rows = self.sheets(run)["Volumes"]
        self.assertIn(["Total", 2, 0], [row[:3] for row in rows])

    def test_pdf_and_spreadsheet_of_all_sections(self):
        for number in range(12):
            self.received(
                datetime(2026, 3, 1 + number, 10),
                care_nature_id=(self.complaint if number % 2 else self.question).id,
                care_department_id=self.ward.id,
                care_emotional_state="angry",
            )
        run = self.run_for(self.pack)
        text = pdf_text(run.pdf_id.raw)
        self.assertIn("Communications report", text)
        self.assertIn("March 2026", text)
        self.assertIn("What patients and their relatives told", text)
        self.assertIn("Appendix: definitions", text)
        self.assertNotIn("{{", text)
        self.assertRegex(text, r"2 / \d")
        sheets = self.sheets(run)
        titles = [section._care_title()[:31] for section in self.pack.section_ids]
        self.assertEqual(list(sheets), [*titles, "About"])
        nature = [row[:3] for row in sheets["Volumes by nature"] if row[0] == "Complaint"]
        self.assertEqual(nature, [["Complaint", 6, 0]])
        self.assertEqual(run.template_version, self.pack.version)
        self.assertEqual(run.user_id, self.supervisor)

    def test_totals_of_every_table_add_up(self):
        for number in range(30):
            self.received(
                datetime(2026, 3, 1 + number, 10),
                care_nature_id=(self.complaint if number % 3 else self.question).id,
                care_department_id=self.ward.id if number % 2 else False,
            )
        run = self.run_for(self.pack)
        added = 0
        for section in run._care_build():
            for table in section["tables"]:
                if not table["totals"]:
                    continue
                for index, column in enumerate(table["columns"]):
                    if column["type"] in ("count", "part", "total"):
                        added += 1
                        self.assertEqual(
                            table["totals"][index],
                            sum(row[index] for row in table["rows"]),
                            (table["name"], column["name"]),
                        )
        self.assertGreater(added, 30)

    def test_natures_side_by_side(self):
        """Per nature: how it ended, how many working days it took, who was given more time."""
        phone = self.env.ref("helpdesk_mgmt.helpdesk_ticket_channel_phone")
        concern = self.env.ref(f"{MODULE}.nature_concern")
        # Tuesday to Friday, and to the Monday after: 3 and 4 working days.
        for day, told, outcome in ((3, 6, "upheld"), (3, 9, "not_upheld"), (10, False, False)):
            values = {"care_nature_id": concern.id, "care_department_id": self.ward.id}
            if told:
                values |= {
                    "category_id": self.env.ref(f"{MODULE}.category_food").id,
                    "care_answer": "Like this.",
                    "care_told": "Ben Okafor",
                    "care_told_date": datetime(2026, 3, told, 10),
                    "care_told_channel_id": phone.id,
                    "care_outcome": outcome,
                    "stage_id": self.env.ref("helpdesk_mgmt.helpdesk_ticket_stage_done").id,
                    "closed_date": datetime(2026, 3, told, 10),
                }
            ticket = self.received(datetime(2026, 3, day, 10), **values)
            ticket.care_deadline_ids.sudo().extended = day == 10
        ended, took = self.run_for(self.only(self.pack, "natures"))._care_build()[0]["tables"]
        self.assertEqual(ended["rows"], [["Concern", 1, 0, 1, 0, 2]])
        self.assertEqual(took["rows"][0][:3], ["Concern", 2, 3.5])
        self.assertEqual(took["rows"][0][3], 3)
        self.assertEqual((took["rows"][0][6], took["totals"][2]), (1, 3.5))

    def test_open_at_the_end_of_a_past_period(self):
        late = self.received(datetime(2026, 3, 2, 10))
        old = self.received(datetime(2026, 1, 20, 10))
        self.received(datetime(2026, 4, 1, 10))
        done = self.received(datetime(2026, 3, 3, 10))
        for ticket, closed in ((done, datetime(2026, 3, 20)), (late, datetime(2026, 4, 20))):
            ticket.with_context(tracking_disable=True).write(
                {
                    "care_answer": "Yes",
                    "care_told": "The caller",
                    "care_told_date": closed,
                    "care_told_channel_id": self.env["helpdesk.ticket.channel"]
                    ._care_by_code("phone")
                    .id,
                    "care_outcome": "answered",
                    "category_id": self.env.ref(f"{MODULE}.category_topic_visiting").id,
                    "stage_id": self.env.ref("helpdesk_mgmt.helpdesk_ticket_stage_done").id,
                }
            )
            ticket.closed_date = closed
        self.assertFalse(old.closed)
        run = self.run_for(self.only(self.pack, "ageing", grouping="nature"))
        [table] = run._care_build()[0]["tables"]
        # On 31 March: one received 29 days before, one 70 days before.
        self.assertEqual(table["totals"][1:], [0, 1, 0, 1, 2])

    def test_a_run_keeps_its_template(self):
        run = self.run_for(self.only(self.pack, "volumes"))
        version = self.pack.version
        self.only(self.pack, "outcomes")
        self.assertGreater(self.pack.version, version)
        self.assertEqual(run.template_version, version)
        self.assertEqual([x["code"] for x in run.definition["sections"]], ["volumes"])

    def test_each_change_is_one_version(self):
        version = self.pack.version
        self.pack.write(
            {"intro": "Words", "section_ids": [Command.create({"code": "text", "title": "Hello"})]}
        )
        self.assertEqual(self.pack.version, version + 1)
        self.pack.section_ids[0].top = 3
        self.assertEqual(self.pack.version, version + 2)
        self.pack.recipient_ids = self.coordinator
        self.assertEqual(self.pack.version, version + 2)
        self.pack.section_ids[0].unlink()
        self.assertEqual(self.pack.version, version + 3)

    def test_the_shipped_version_comes_back(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        shipped = self.pack.sudo().shipped_id
        shipped.with_context(lang="fr_FR").intro = "Ce que disent les patients."
        self.pack.write({"intro": "Mine", "period": "year", "recipient_ids": self.coordinator.ids})
        self.only(self.pack, "text")
        self.pack.action_restore()
        self.assertEqual(self.pack.intro, shipped.intro)
        self.assertEqual(self.pack.with_context(lang="fr_FR").intro, "Ce que disent les patients.")
        self.assertEqual(self.pack.period, "month")
        self.assertEqual(self.pack.section_ids.mapped("code"), shipped.section_ids.mapped("code"))
        self.assertEqual(self.pack.recipient_ids, self.coordinator)
        own = self.templates.create([{"name": "Own"}])
        with self.assertRaisesRegex(UserError, "no shipped version"):
            own.action_restore()

    def test_words_in_other_languages_go_with_the_others(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        shipped = self.pack.sudo().shipped_id
        for lang in ("en_US", "fr_FR"):
            with self.subTest(restored_in=lang):
                self.pack.write({"intro": "Mine", "summary": "Mine"})
                self.pack.with_context(lang="fr_FR").write({"intro": "Moi", "summary": "Moi"})
                self.pack.with_context(lang=lang).action_restore()
                for read in ("en_US", "fr_FR"):
                    pack = self.pack.with_context(lang=read)
                    self.assertEqual(
                        (pack.intro, pack.summary), (shipped.intro, shipped.summary), read
                    )

    def test_the_shipped_version_is_not_prepared(self):
        with self.assertRaisesRegex(UserError, "your hospital's copy"):
            self.pack.shipped_id.action_prepare()

    def test_the_shipped_version_is_never_changed(self):
        shipped = self.pack.shipped_id
        for change in (
            lambda: shipped.write({"name": "x"}),
            lambda: shipped.section_ids[0].write({"top": 1}),
            lambda: shipped.section_ids[0].unlink(),
            lambda: shipped.unlink(),
        ):
            with self.assertRaisesRegex((UserError, AccessError), "shipped|not allowed|rules"):
                change()
        self.assertEqual(len(shipped.section_ids), 16)

    def test_files_of_a_report_are_kept(self):
        run = self.run_for(self.only(self.pack, "volumes"))
        for change in (
            lambda: run.sudo().pdf_id.write({"raw": b"x"}),
            lambda: run.sudo().pdf_id.unlink(),
        ):
            with self.assertRaisesRegex(UserError, "kept as it was made"):
                change()
        with self.assertRaisesRegex(AccessError, "never by hand"):
            run.sudo().write({"figures": []})
        with self.assertRaisesRegex(UserError, "are kept"):
            run.sudo().unlink()
        with self.assertRaisesRegex(UserError, "archive it"):
            self.pack.unlink()
        with self.assertRaisesRegex(UserError, "prepare it again"):
            run.sudo().copy()

    def test_spreadsheets_hold_no_formula(self):
        self.ward.name = '=HYPERLINK("http://bad.example","x")'
        self.received(datetime(2026, 3, 5), care_department_id=self.ward.id)
        template = self.only(self.pack, "volumes", grouping="department", title="=1+1")
        run = self.run_for(template)
        book = load_workbook(io.BytesIO(run.sudo().xlsx_id.raw))
        types = {cell.data_type for sheet in book for row in sheet for cell in row}
        self.assertNotIn("f", types)
        self.assertIn("n", types)

    def test_sheets_have_names_that_open_and_say_when_there_is_nothing(self):
        names = self.env["care.report.run"]._care_sheet_name
        used = set()
        self.assertEqual(
            [
                names("Volumes by nature: all", used),
                names("X" * 40, used),
                names("x" * 40, used),
                names("History", used),
                names("[]", used),
            ],
            ["Volumes by nature all", "X" * 31, "x" * 29 + " 2", "Sheet", "Sheet 2"],
        )
        run = self.run_for(self.only(self.pack, "serious"))
        [sheet, _about] = self.sheets(run).values()
        rows = [row[0] for row in sheet]
        self.assertEqual(
            rows[rows.index("Red flags raised in the period") + 1 :][:2],
            ["Red flag", "Nothing in this period."],
        )

    def test_words_of_templates_are_escaped(self):
        template = self.only(self.pack, "text", title="<b>Bold</b>", intro="<i>{{ hospital }}</i>")
        run = self.run_for(template)
        text = pdf_text(run.sudo().pdf_id.raw)
        self.assertIn("<b>Bold</b>", text)
        self.assertIn(f"<i>{self.company.name}</i>", text)

    def test_texts_come_in_the_language_of_the_reader(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        self.pack.with_context(lang="fr_FR").intro = "Bonjour de {{ hospital }}."
        self.only(self.pack, "volumes")
        self.supervisor.lang = "fr_FR"
        run = self.run_for(self.pack)
        text = pdf_text(run.sudo().pdf_id.raw)
        self.assertIn(f"Bonjour de {self.company.name}.", text)
        self.assertIn("mars 2026", text)


class TestWrongTemplates(PackCommon):
    def _refused(self, words, template=None, **values):
        template = template or self.pack
        before = (template.version, template.intro, template.filter_domain)
        with self.assertRaisesRegex(ValidationError, words), self.env.cr.savepoint():
            template.write(values)
        template.invalidate_recordset()
        self.assertEqual((template.version, template.intro, template.filter_domain), before)

    def test_unknown_placeholder(self):
        self._refused(r"\{\{ hospitl \}\} is no placeholder", intro="In {{ hospitl }}")
        self._refused("not closed", intro="In {{ hospital")
        with self.assertRaisesRegex(ValidationError, "Section Key figures: .*no placeholder"):
            self.pack.section_ids[0].intro = "{{ object.env }}"

    def test_broken_translation(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        with self.assertRaisesRegex(ValidationError, r"\{\{ periode \}\}"):
            self.pack.with_context(lang="fr_FR").intro = "{{ periode }}"
        with self.assertRaisesRegex(ValidationError, r"\{\{ periode \}\}"):
            self.pack.section_ids[0].update_field_translations("title", {"fr_FR": "{{ periode }}"})

    def test_filter_of_fields_that_are_not_open(self):
        self.only(self.pack, "volumes")
        self._refused("names nonsense", filter_domain="[('nonsense', '=', 1)]")
        self._refused("names ticket_id.name", filter_domain="[('ticket_id.name', 'ilike', 'x')]")
        self._refused("looks behind", filter_domain="[('category_id.name', '=', 'x')]")
        self._refused("cannot be read", filter_domain="[('severity', '=', ")
        self._refused("cannot be read", filter_domain="[('user_id', '=', uid)]")
        self._refused("cannot be used: ", filter_domain="[('is_open', '=', 'abc')]")
        self._refused("cannot be used: ", filter_domain="[('transfers', '>', 'x')]")
        self.pack.filter_domain = "[('severity', '=', '3')]"
        self.assertFalse(self.pack.problems)

    def test_what_is_for_the_clerk_tells_of_no_inquiry(self):
        supplies = self.env["care.report.template"].search(
            [("kind", "=", "supplies"), ("company_id", "=", self.company.id)]
        )
        wrong = {"code": "serious"}
        with self.assertRaisesRegex(ValidationError, "it tells of inquiries"):
            supplies.section_ids = [Command.create(wrong)]
        self.only(self.pack, "volumes")
        with self.assertRaisesRegex(ValidationError, "it tells of inquiries"):
            self.pack.kind = "supplies"

    def test_what_coordinators_may_not_read_is_in_no_report_open_to_them(self):
        supplies = self.env["care.report.template"].search(
            [("kind", "=", "supplies"), ("company_id", "=", self.company.id)]
        )
        with self.assertRaisesRegex(ValidationError, "coordinators may not read it"):
            supplies.open_to_coordinators = True

    def test_key_figures_know_no_additional_filter(self):
        self._refused(
            "Section Key figures: it cannot be narrowed", filter_domain="[('severity', '=', '3')]"
        )

    def test_empty_periods(self):
        self._refused("Enter both dates", period="dates")
        self._refused(
            "The period is empty", period="dates", date_from="2026-03-02", date_to="2026-03-01"
        )
        with self.assertRaisesRegex(UserError, "period of the report is empty"):
            self.pack._care_prepare(START, START)
        with self.assertRaisesRegex(UserError, "in the future"):
            tomorrow = fields.Date.today() + timedelta(days=2)
            self.pack._care_prepare(tomorrow, tomorrow + timedelta(days=1))
        self.assertFalse(self.pack.run_ids)

    def test_smallest_count_below_zero(self):
        with (
            self.assertRaisesRegex(Exception, "check_least|cannot be negative|least_not_negative"),
            mute_logger("odoo.sql_db"),
        ):
            self.pack.least = -1

    def test_neither_pdf_nor_spreadsheet(self):
        self._refused("Choose a PDF", make_pdf=False, make_xlsx=False)

    def test_grouping_that_a_section_has_not(self):
        with self.assertRaisesRegex(ValidationError, "Section Outcomes: it cannot be grouped"):
            self.only(self.pack, "outcomes", grouping="product")

    def test_files_by_mail_tell_of_no_patient(self):
        self._refused("Send a link instead", send_file=True)
        self.board.send_file = True
        supplies = self.shipped_copy("supplies")
        supplies.send_file = True
        self.assertTrue(supplies._care_may_attach())

    def test_a_wrong_template_is_refused_with_section_and_reason(self):
        self.env.cr.execute(
            "UPDATE care_report_section SET code = 'gone' WHERE id = %s",
            [self.pack.section_ids[1].id],
        )
        self.pack.invalidate_recordset()
        self.pack.section_ids.invalidate_recordset()
        with self.assertRaisesRegex(ValidationError, "Section .*: there is no section gone"):
            self.pack._care_prepare(START, END)
        self.assertFalse(self.pack.run_ids)


class TestBoard(PackCommon):
    def test_suppression_cannot_be_switched_off(self):
        for least in (0, 4):
            with self.assertRaisesRegex(ValidationError, "hides counts below 5"):
                self.board.least = least
        with self.assertRaisesRegex(UserError, "A board pack stays one"):
            self.board.write({"kind": "custom", "least": 0})
        self.board.least = 10
        made = self.templates.create([{"name": "Another", "kind": "board"}])
        self.assertEqual(made.least, 5)
        self.env.cr.execute("UPDATE care_report_template SET least = 0 WHERE id = %s", [made.id])
        made.invalidate_recordset()
        self.assertEqual(made._care_definition()["least"], 5)
        with self.assertRaisesRegex(ValidationError, "names persons"):
            self.only(self.board, "volumes", grouping="person")

    def _fill(self):
        wards = self.env["care.department"].create([{"name": name} for name in "ABC"])
        for number in range(40):
            self.received(
                datetime(2026, 3, 1 + number % 30, 10),
                care_nature_id=(self.complaint if number % 9 == 0 else self.question).id,
                care_department_id=(wards[0] if number < 2 else wards[1 + number % 2]).id,
                care_patient_id=self.patient.id,
                partner_name="Ben Okafor",
                care_emotional_state="angry" if number < 3 else "calm",
            )
        return wards

    def test_small_counts_are_hidden_and_cannot_be_computed(self):
        self._fill()
        run = self.run_for(self.board)
        for section in run._care_build():
            for table in section["tables"]:
                lines = [*table["rows"], *([table["totals"]] if table["totals"] else [])]
                for line in lines:
                    for column, value in zip(table["columns"], line, strict=True):
                        if column["type"] in ("count", "part", "total") and value is not None:
                            self.assertNotIn(value, range(1, 5), (table["name"], line))
                self._check_columns(table)
            for figure in section["figures"]:
                self.assertNotIn(figure["numerator"], range(1, 5) if figure["cases"] else ())
        text = pdf_text(run.sudo().pdf_id.raw)
        self.assertIn("Counts below 5 are hidden", text)
        for sheet in self.sheets(run).values():
            for row in sheet:
                for value in row:
                    if isinstance(value, int):
                        self.assertNotIn(value, range(1, 5), row)

    def test_findings_cannot_be_had_from_the_other_findings(self):
        """Of 20 findings 10 and 7 leave 3, also where no table tells of them."""
        self.only(self.board, "figures")
        kpi, measure = self.env.registry["care.kpi"], self.env.registry["care.kpi"]._care_measure

        def measured(this, scope):
            figures = measure(this, scope)
            for code, number in (("upheld", 10), ("partly", 3), ("not_upheld", 7)):
                figures[code] = this._care_figure(number, 20)
            return figures

        with patch.object(kpi, "_care_measure", measured):
            run = self.run_for(self.board)
        found = {figure["code"]: figure["numerator"] for figure in run.figures}
        self.assertEqual(
            [found[code] for code in ("upheld", "partly", "not_upheld")], [10, None, None]
        )

    def _check_columns(self, table):
        """A column with a shown total hides no cell alone."""
        if not table["totals"]:
            return
        for index, column in enumerate(table["columns"]):
            if column["type"] == "count" and table["totals"][index] is not None:
                hidden = [row for row in table["rows"] if row[index] is None]
                self.assertNotEqual(len(hidden), 1, (table["name"], column["name"]))

    def test_it_names_nobody(self):
        wards = self._fill()
        self.board.person_ids = self.supervisor
        self.only(self.board, "volumes", "serious", "figures", "satisfaction")
        wards.flush_recordset()
        self.board.person_ids = False
        run = self.run_for(self.board)
        text = pdf_text(run.sudo().pdf_id.raw) + json.dumps(
            {name: [list(map(str, row)) for row in rows] for name, rows in self.sheets(run).items()}
        )
        for name in ("Okafor", "Ben", self.supervisor.name, self.coordinator.name):
            self.assertNotIn(name, text)
        ticket = self.env["helpdesk.ticket"].search([], order="id desc", limit=1)
        self.assertNotIn(ticket.number, text)


class TestRuns(PackCommon):
    def test_three_clicks(self):
        today = date(2026, 4, 15)
        self.received(datetime(2026, 3, 5))
        self.only(self.pack, "figures")
        with patch.object(type(self.pack), "_care_today", lambda self: today):
            action = self.pack.action_prepare()
        run = self.env["care.report.run"].browse(action["res_id"])
        self.assertEqual((run.start, run.end, run.state), (START, END, "ready"))
        self.assertEqual(run.display_name, "Communications report, March 2026")

    def test_the_inquiries_behind_a_number(self):
        self.received(datetime(2026, 2, 5))
        behind = self.received(datetime(2026, 3, 5), care_department_id=self.ward.id)
        self.received(datetime(2026, 3, 6))
        self.only(self.pack, "volumes")
        self.pack.department_ids = self.ward
        action = self.run_for(self.pack).with_user(self.coordinator).action_inquiries()
        rows = self.env["care.inquiry.report"].with_user(self.coordinator).search(action["domain"])
        self.assertEqual(rows.ticket_id, behind)

    def test_periods(self):
        for period, day, start, end in (
            ("month", date(2026, 1, 2), date(2025, 12, 1), date(2026, 1, 1)),
            ("quarter", date(2026, 2, 2), date(2025, 10, 1), date(2026, 1, 1)),
            ("quarter", date(2026, 12, 31), date(2026, 7, 1), date(2026, 10, 1)),
            ("year", date(2026, 2, 2), date(2025, 1, 1), date(2026, 1, 1)),
            ("april", date(2026, 3, 31), date(2024, 4, 1), date(2025, 4, 1)),
            ("april", date(2026, 4, 1), date(2025, 4, 1), date(2026, 4, 1)),
        ):
            with self.subTest(period=period, day=day):
                self.pack.period = period
                self.assertEqual(self.pack._care_dates(day), (start, end))

    def test_other_period(self):
        self.only(self.pack, "figures")
        wizard = (
            self.env["care.report.prepare"]
            .with_user(self.supervisor)
            .with_context(default_template_id=self.pack.id)
            .create([{"start": "2026-03-01", "last_day": "2026-03-14"}])
        )
        run = self.env["care.report.run"].browse(wizard.action_prepare()["res_id"])
        self.assertEqual((run.start, run.last_day), (date(2026, 3, 1), date(2026, 3, 14)))
        self.assertEqual(run.state, "ready")

    def test_one_department_or_person(self):
        self.only(self.pack, "figures", "volumes")
        other = self.env["care.department"].create(
            {"name": "Ward 9", "company_id": self.company.id}
        )
        for department, person in (
            (self.ward, self.coordinator),
            (self.ward, self.supervisor),
            (other, self.coordinator),
        ):
            inquiry = self.received(datetime(2026, 3, 5), care_department_id=department.id)
            inquiry.user_id = person
        before = self.run_for(self.pack, date(2026, 2, 1), START)

        def made(**values):
            prepare = self.env["care.report.prepare"].with_user(self.supervisor)
            wizard = prepare.with_context(default_template_id=self.pack.id).create(
                [{"start": START, "last_day": date(2026, 3, 31), **values}]
            )
            run = self.env["care.report.run"].browse(wizard.action_prepare()["res_id"])
            self.assertEqual(run.state, "ready", run.error)
            listed = run.with_user(self.supervisor).action_inquiries()["domain"]
            figures = {figure["code"]: figure["value"] for figure in run.figures}
            self.assertEqual(
                self.env["care.inquiry.report"].search_count(listed), figures["received"]
            )
            return run.with_user(self.supervisor), figures["received"]

        self.assertEqual(made()[1], 3)
        ward, received = made(department_ids=[Command.set(self.ward.ids)])
        self.assertEqual(received, 2)
        self.assertEqual(made(person_ids=[Command.set(self.coordinator.ids)])[1], 2)
        self.assertIn(self.ward.name, pdf_text(ward.sudo().pdf_id.raw))
        self.assertIn(self.ward.name, ward.parameters)
        again = self.env["care.report.run"].browse(ward.action_again()["res_id"])
        self.assertEqual(again._care_narrowed(), ward._care_narrowed())
        wizard = self.env["care.report.compare"].browse(ward.action_compare()["res_id"])
        self.assertEqual(wizard.first_id, before)
        self.assertIn("narrowed to different inquiries", wizard.warning)
        self.pack.department_ids = self.ward
        ward, received = made()
        self.assertEqual((received, ward.definition.get("chosen")), (2, None))

    def test_long_reports_are_made_in_the_background(self):
        self.only(self.pack, "figures")
        run = self.pack._care_prepare(date(2025, 1, 1), date(2026, 1, 1))
        self.assertEqual(run.state, "queued")
        self._cron("cron_report_runs")
        self.assertEqual((run.state, run.progress), ("ready", 100))
        notice = self.notices(run)
        self.assertEqual(notice.subject, "Your report is ready")
        self.assertEqual(notice.notified_partner_ids, self.supervisor.partner_id)
        self.assertFalse(notice.attachment_ids)

    def _cron(self, name):
        with self.enter_registry_test_mode():
            cron = self.env.ref(f"{MODULE}.{name}")
            self.assertIs(cron.method_direct_trigger(), True)

    def test_what_a_stopped_server_left_is_made_again(self):
        self.only(self.pack, "figures")
        run = self.pack._care_prepare(date(2025, 1, 1), date(2026, 1, 1))
        self.env.cr.execute("UPDATE care_report_run SET state = 'running' WHERE id = %s", [run.id])
        run.invalidate_recordset()
        self._cron("cron_report_runs")
        self.assertEqual((run.state, run.attempts), ("ready", 1))
        self.assertEqual(
            self.env["ir.attachment"].search_count(
                [("res_id", "=", run.id), ("res_model", "=", run._name)]
            ),
            2,
        )

    def test_what_stops_the_server_each_time_is_given_up(self):
        self.only(self.pack, "figures")
        run = self.pack._care_prepare(date(2025, 1, 1), date(2026, 1, 1))
        self.env.cr.execute(
            "UPDATE care_report_run SET state = 'running', attempts = 3 WHERE id = %s", [run.id]
        )
        run.invalidate_recordset()
        self._cron("cron_report_runs")
        self.assertEqual(run.state, "failed")
        self.assertIn("stopped 3 times", run.error)
        self.assertEqual(self.notices(run).subject, "A report was not made")

    def test_a_report_that_fails_says_why_and_keeps_nothing(self):
        self.only(self.pack, "figures")
        catalogue = type(self.env["care.report.catalogue"])
        with patch.object(catalogue, "_care_section_figures", side_effect=UserError("No figures.")):
            run = self.pack._care_prepare(START, END)
        self.assertEqual((run.state, run.error), ("failed", "Section Key figures: No figures."))
        self.assertFalse(run.pdf_id or run.xlsx_id or run.figures)
        with self.assertRaisesRegex(UserError, "no such file"):
            run.action_open_pdf()

    def _schedule(self, today):
        with patch.object(type(self.pack), "_care_today", lambda self: today):
            self._cron("cron_report_schedule")
            self._cron("cron_report_runs")

    def test_the_schedule_makes_one_report_a_person_and_period(self):
        self.only(self.pack, "figures")
        self.pack.write(
            {
                "scheduled": True,
                "schedule_day": 3,
                "recipient_ids": (self.supervisor | self.coordinator).ids,
            }
        )
        self._schedule(date(2026, 4, 2))
        self.assertFalse(self.pack.run_ids)
        self._schedule(date(2026, 4, 3))
        self._schedule(date(2026, 4, 4))
        runs = self.pack.run_ids
        self.assertEqual(runs.user_id, self.supervisor | self.coordinator)
        self.assertEqual(len(runs), 2)
        self.assertEqual(set(runs.mapped("start")), {START})
        self.assertEqual(set(runs.mapped("state")), {"ready"})
        for run in runs:
            notice = self.notices(run)
            self.assertEqual(notice.notified_partner_ids, run.user_id.partner_id)
            self.assertFalse(notice.attachment_ids)
        self._schedule(date(2026, 5, 3))
        self.assertEqual(len(self.pack.run_ids), 4)

    def test_a_quarter_on_a_monthly_schedule_is_made_once(self):
        self.only(self.pack, "figures")
        self.pack.write(
            {"scheduled": True, "period": "quarter", "recipient_ids": self.supervisor.ids}
        )
        for month in (4, 5, 6, 7):
            self._schedule(date(2026, month, 3))
        self.assertEqual(self.pack.run_ids.mapped("start"), [date(2026, 4, 1), date(2026, 1, 1)])

    def test_a_wrong_template_holds_up_no_other(self):
        for template in (self.pack, self.board):
            self.only(template, "figures")
            template.write({"scheduled": True, "recipient_ids": self.supervisor.ids})
        self.env.cr.execute(
            "UPDATE care_report_template SET intro = %s WHERE id = %s",
            [json.dumps({"en_US": "{{ gone }}"}), self.pack.id],
        )
        self.pack.invalidate_recordset()
        self._schedule(date(2026, 4, 3))
        self.assertFalse(self.pack.run_ids)
        self.assertEqual(self.board.run_ids.state, "ready")
        self.assertIn("{{ gone }} is no placeholder", self.pack.schedule_problem)
        notices = self.notices(self.pack)
        self.assertEqual(notices.subject, "A scheduled report was not prepared")
        self._schedule(date(2026, 4, 4))
        self.assertEqual(self.notices(self.pack), notices)
        self.pack.intro = "Right again"
        self._schedule(date(2026, 4, 5))
        self.assertFalse(self.pack.schedule_problem)
        self.assertEqual(self.pack.run_ids.state, "ready")

    def test_whoever_changed_a_template_last_hears_what_is_wrong(self):
        self.only(self.pack, "figures")
        self.pack.write({"scheduled": True, "recipient_ids": self.coordinator.ids})
        people = (self.supervisor | self.coordinator).partner_id
        for day, told in ((3, 1), (5, 2)):
            self.env.cr.execute(
                "UPDATE care_report_template SET filter_domain = 'nonsense' WHERE id = %s",
                [self.pack.id],
            )
            self.pack.invalidate_recordset()
            self._schedule(date(2026, 4, day))
            notices = self.notices(self.pack)
            self.assertEqual(len(notices), told)
            self.assertEqual(notices[0].notified_partner_ids, people)
            self.env.cr.execute(
                "UPDATE care_report_template SET filter_domain = '[]' WHERE id = %s", [self.pack.id]
            )
            self.pack.invalidate_recordset()
            self._schedule(date(2026, 4, day + 1))
            self.assertFalse(self.pack.schedule_problem)

    def test_who_schedules_for_somebody_without_rights_hears_of_it(self):
        self.only(self.board, "figures")
        clerk = self.people["clerk"]
        self.board.write({"scheduled": True, "recipient_ids": clerk.ids})
        self._schedule(date(2026, 4, 3))
        run = self.board.run_ids
        self.assertEqual(run.state, "failed")
        notices = self.notices(run)
        self.assertEqual(
            notices.notified_partner_ids, clerk.partner_id | self.supervisor.partner_id
        )

    def test_a_file_goes_along_by_what_it_hides(self):
        template = self.only(self.pack, "figures")
        template.write({"scheduled": True, "recipient_ids": self.supervisor.ids})
        run = self.env["care.report.run"]._care_queue(
            template, self.supervisor, START, END, scheduled=True
        )
        template.write({"least": 5, "send_file": True})
        self._cron("cron_report_runs")
        self.assertEqual(run.state, "ready")
        self.assertFalse(self.notices(run).attachment_ids)

    def test_the_file_goes_along_where_the_template_says_so(self):
        self.only(self.board, "figures")
        self.board.write(
            {"scheduled": True, "send_file": True, "recipient_ids": self.supervisor.ids}
        )
        self._schedule(date(2026, 4, 3))
        notice = self.notices(self.board.run_ids)
        self.assertEqual(len(notice.attachment_ids), 2)

    def test_a_recipient_who_left(self):
        self.only(self.pack, "figures")
        self.pack.write({"scheduled": True, "recipient_ids": self.coordinator.ids})
        run = self.env["care.report.run"]._care_queue(self.pack, self.coordinator, START, END)
        self.coordinator.active = False
        self._cron("cron_report_runs")
        self.assertEqual(run.state, "failed")
        self.assertIn("does not work for", run.error)

    def test_two_reports_side_by_side(self):
        self.only(self.pack, "figures")
        self.received(datetime(2026, 2, 5))
        for _number in range(3):
            self.received(datetime(2026, 3, 5))
        before = self.run_for(self.pack, date(2026, 2, 1), START)
        after = self.run_for(self.pack)
        action = after.action_compare()
        wizard = self.env["care.report.compare"].browse(action["res_id"]).with_user(self.supervisor)
        self.assertEqual((wizard.first_id, wizard.second_id), (before, after))
        rows = {row[0]: row[1:] for row in wizard._care_rows()}
        self.assertEqual(rows["Received"], ("1", "3", "+2"))
        self.assertIn("Received", wizard.table)
        self.assertFalse(wizard.warning)
        self.pack.intro = "Changed"
        wizard.second_id = self.run_for(self.pack)
        self.assertIn("The template changed in between", wizard.warning)
        with self.assertRaisesRegex(UserError, "no report of an earlier period"):
            before.action_compare()
        with self.assertRaisesRegex(UserError, "Choose two"):
            (before | after | wizard.second_id).action_compare()

    def test_a_change_to_or_from_nothing_is_said(self):
        self.only(self.pack, "figures")
        self.received(datetime(2026, 3, 5))
        runs = self.run_for(self.pack, date(2026, 2, 1), START) | self.run_for(self.pack)
        compare = self.env["care.report.compare"].with_user(self.supervisor)
        for pair, change in ((runs, "+1"), (runs[::-1], "-1")):
            wizard = compare.create([{"first_id": pair[0].id, "second_id": pair[1].id}])
            rows = {row[0]: row[1:] for row in wizard._care_rows()}
            self.assertEqual(rows["Received"][2], change)
            self.assertEqual(rows["Upheld"][2], "")

    def test_hidden_figures_stay_hidden_side_by_side(self):
        self.only(self.board, "figures")
        self.received(datetime(2026, 3, 5))
        runs = self.run_for(self.board, date(2026, 2, 1), START) | self.run_for(self.board)
        wizard = self.env["care.report.compare"].with_user(self.supervisor)
        wizard = wizard.create([{"first_id": runs[0].id, "second_id": runs[1].id}])
        rows = {row[0]: row[1:] for row in wizard._care_rows()}
        self.assertEqual(rows["Received"], ("0", "*", ""))


class TestPackAccess(PackCommon):
    def setUp(self):
        super().setUp()
        self.only(self.pack, "figures")
        self.only(self.board, "figures")
        self.supplies = self.shipped_copy("supplies")

    def _visible(self, login, records):
        return records.with_user(self.people[login]).search([("id", "in", records.ids)])

    def test_templates_of_each_role(self):
        every = self.pack | self.board | self.supplies
        expected = {
            "supervisor": every,
            "privacy_officer": every,
            "coordinator": self.pack,
            "clerk": self.supplies,
        }
        for login, templates in expected.items():
            with self.subTest(role=login):
                self.assertEqual(self._visible(login, every), templates)
        for login in ("responder", "routing_admin", "manager", "agent", "employee", "relative"):
            with self.subTest(role=login), self.assertRaises(AccessError):
                self._visible(login, every)

    def test_reports_of_each_role(self):
        runs = self.run_for(self.pack) | self.run_for(self.board) | self.run_for(self.supplies)
        expected = {
            "supervisor": runs,
            "privacy_officer": runs,
            "coordinator": runs[0],
            "clerk": runs[2],
        }
        for login, visible in expected.items():
            with self.subTest(role=login):
                self.assertEqual(self._visible(login, runs), visible)
        for login in ("responder", "routing_admin", "manager", "agent", "employee", "relative"):
            with self.subTest(role=login), self.assertRaises(AccessError):
                runs.with_user(self.people[login]).read(["name"])

    def test_only_supervisors_change_templates(self):
        for login in ("coordinator", "privacy_officer", "clerk"):
            for template in (self.pack, self.supplies):
                with self.subTest(role=login), self.assertRaises(AccessError):
                    template.with_user(self.people[login]).write({"intro": "x"})
        with self.assertRaises(AccessError):
            self.pack.with_user(self.coordinator).action_restore()

    def test_who_prepares_what(self):
        self.assertEqual(
            self.run_for(self.pack.with_user(self.coordinator)).user_id, self.coordinator
        )
        clerk = self.people["clerk"]
        self.assertEqual(self.run_for(self.supplies.with_user(clerk)).user_id, clerk)
        for login in ("coordinator", "clerk"):
            with self.subTest(role=login), self.assertRaises(AccessError):
                self.board.with_user(self.people[login])._care_prepare(START, END)
        with self.assertRaisesRegex(AccessError, "Supervisors prepare"):
            self.pack.with_user(self.people["privacy_officer"])._care_prepare(START, END)

    def test_who_is_offered_to_prepare(self):
        menu = self.env.ref(f"{MODULE}.menu_report_prepare")
        for login, offered in (("supervisor", True), ("coordinator", True), ("clerk", False)):
            with self.subTest(role=login):
                seen = self.env["ir.ui.menu"].with_user(self.people[login])._visible_menu_ids()
                self.assertEqual(menu.id in seen, offered)
        # The privacy officer reads reports and is refused to prepare them.
        seen = self.env["ir.ui.menu"].with_user(self.people["privacy_officer"])._visible_menu_ids()
        self.assertNotIn(menu.id, seen)
        self.assertIn(self.env.ref(f"{MODULE}.menu_report_runs").id, seen)

    def test_a_report_counts_what_its_reader_may_read(self):
        self.received(datetime(2026, 3, 5))
        # As if a template had come past its check: the report itself looks again.
        self.patch(self.env.registry["care.report.section"], "_care_check", lambda section: ())
        self.supplies.section_ids = [Command.create({"code": "figures"})]
        clerk = self.people["clerk"]
        run = self.run_for(self.supplies.with_user(clerk))
        refused = [section for section in run._care_build() if section.get("refused")]
        self.assertEqual([section["code"] for section in refused], ["figures"])
        self.assertIn("may not read what this section counts", pdf_text(run.sudo().pdf_id.raw))
        self.assertNotIn("received", [figure["code"] for figure in run.figures])
        self.only(self.supplies, "figures")
        run = self.supplies.with_user(clerk)._care_prepare(START, END)
        self.assertEqual(run.state, "failed")
        self.assertIn("may not read what this report counts", run.error)

    def test_other_companies_are_not_counted(self):
        company = self.env["res.company"].create({"name": "Second hospital"})
        self.supervisor.company_ids = [Command.link(company.id)]
        self.received(
            datetime(2026, 3, 5), company_id=company.id, team_id=company.care_triage_team_id.id
        )
        self.received(datetime(2026, 3, 5))
        both = self.pack.with_context(allowed_company_ids=[self.company.id, company.id])
        run = self.run_for(both)
        self.assertEqual(run.figures[0]["value"], 1)
        abroad = self.templates.sudo().search(
            [("company_id", "=", company.id), ("kind", "=", "communications")]
        )
        with self.assertRaises(AccessError):
            abroad.with_user(self.coordinator).read(["name"])

    def test_nobody_writes_reports_by_hand(self):
        run = self.run_for(self.pack)
        for login in ("supervisor", "privacy_officer"):
            with self.assertRaises(AccessError):
                run.with_user(self.people[login]).write({"state": "ready"})
            with self.assertRaises(AccessError):
                run.with_user(self.people[login]).create([{"name": "x"}])


@tagged("standard", "post_install", "-at_install")
class TestPackFiles(HttpCase):
    test_module = MODULE

    def test_files_follow_the_report(self):
        people = make_people(self.env)
        template = (
            self.env["care.report.template"]
            .with_user(people["supervisor"])
            .search([("kind", "=", "communications"), ("shipped", "=", False)], limit=1)
        )
        template.section_ids = [Command.clear(), Command.create({"code": "text", "title": "Hi"})]
        run = template._care_prepare(START, END)
        self.assertEqual(run.state, "ready", run.error)
        url = run.action_open_pdf()["url"]
        for login, code in (
            ("supervisor", 200),
            ("coordinator", 200),
            ("clerk", 404),
            ("responder", 404),
            ("employee", 404),
            ("relative", 404),
        ):
            self.authenticate(f"care_{login}", f"care_{login}")
            response = self.url_open(url)
            with self.subTest(role=login):
                self.assertEqual(response.status_code, code)
                self.assertEqual(response.content[:4] == b"%PDF", code == 200)

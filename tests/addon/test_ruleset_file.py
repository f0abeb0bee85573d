"""Rule sets as CSV and XLSX: the way out, the way in, and what a wrong file is told."""

import base64
import csv
import datetime
import io
import zipfile

import openpyxl

from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import Form
from odoo.tools.misc import file_open

from odoo.addons.patient_care_coordination.models.routing.care_ruleset_file import STARTER_FILE
from odoo.addons.patient_care_coordination.models.routing.rule_file import (
    COLUMNS,
    SETS,
    Parser,
    read_table,
)

from ..common import MODULE, CareCommon

FOOD = {
    "list": "routing",
    "rule": "Food",
    "condition": "text",
    "values": "soup",
    "set": "team",
    "value": "Kitchen",
}


def write_csv(rows, columns=COLUMNS, separator=",", encoding="utf-8"):
    """The bytes of a rule file from dicts of its rows."""
    stream = io.StringIO()
    writer = csv.DictWriter(stream, columns, restval="", extrasaction="ignore", delimiter=separator)
    writer.writeheader()
    writer.writerows(rows)
    return stream.getvalue().encode(encoding)


def write_xlsx(*rows):
    """The bytes of a workbook with these rows."""
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


class RuleFileCase(CareCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.admin = cls.people["routing_admin"]
        cls.rulesets = cls.env["care.ruleset"].with_user(cls.admin)
        cls.tag = cls.env["helpdesk.ticket.tag"].create({"name": "Diet; special"})
        cls.skill = cls.env["care.skill"].create({"name": "Bereavement"})
        cls.calendar = cls.env["resource.calendar"].create({"name": "Kitchen hours"})

    def take(self, content, filename="rules.csv"):
        """The draft that the wizard opens for this file."""
        wizard = (
            self.env["care.ruleset.import"]
            .with_user(self.admin)
            .create({"file": base64.b64encode(content), "filename": filename})
        )
        action = wizard.action_import()
        self.assertEqual(action["res_model"], "care.ruleset")
        draft = self.rulesets.browse(action["res_id"])
        self.assertEqual(wizard.ruleset_id, draft)
        return draft

    def refused(self, content):
        """What the user is told; nothing may have been written, even without a rollback."""
        counted = ("care.ruleset", "care.rule", "care.rule.line")
        before = [self.env[model].search_count([]) for model in counted]
        try:
            self.rulesets._care_import(self.company, content, "rules.csv")
        except UserError as error:
            message = str(error)
        else:
            self.fail("The file was taken.")
        self.assertEqual([self.env[model].search_count([]) for model in counted], before)
        return message

    def download(self, action):
        """The name and the bytes of the file that an export opens."""
        self.assertEqual(action["type"], "ir.actions.act_url")
        attachment = self.env["ir.attachment"].browse(int(action["url"].split("/")[3][:-14]))
        self.assertFalse(attachment.public)
        self.assertEqual(attachment.create_uid, self.admin)
        return attachment.name, attachment.raw


class TestRoundTrip(RuleFileCase):
    def full_ruleset(self):
        """A draft with every condition and everything that a rule can set."""
        ruleset = self.rulesets.create({"company_id": self.company.id, "note": "All of it"})
        category = self.env["helpdesk.ticket.category"].search([("care_code", "=", "food")])
        other = self.env["helpdesk.ticket.category"].create(
            {"name": "Own food", "parent_id": category.id}
        )
        archived = self.env["helpdesk.ticket.tag"].create({"name": "Old", "active": False})
        product = self.env["product.product"].create({"name": "Cup", "default_code": "CUP-1"})
        unnamed = self.env["product.product"].create({"name": "Straw, bent"})
        partner_tag = self.env["res.partner.category"].create({"name": "Veteran"})
        lang = self.env["res.lang"].with_context(active_test=False).search([], limit=2)
        channel = self.env["helpdesk.ticket.channel"].search(
            [("care_code", "=", "email"), ("company_id", "in", [False, self.company.id])], limit=1
        )
        values = {
            "text": {"keywords": "cold soup\nmeal*\n=1+1"},
            "subject": {"keywords": "Küche"},
            "category": {"category_ids": category + other},
            "nature": {"nature_ids": self.question + self.complaint},
            "channel": {"channel_ids": channel},
            "department": {"department_ids": self.ward},
            "language": {"lang_ids": lang},
            "partner_tag": {"partner_tag_ids": partner_tag},
            "tag": {"tag_ids": self.tag + archived},
            "product": {"product_ids": product + unnamed},
            "hint": {"team_ids": self.triage + self.catering},
            "hours": {"calendar_ids": self.calendar},
            "domain": {"domain": "[('priority', 'in', ['2', '3']), ('care_waiting', '=', 'us')]"},
        }
        for field in ("relation", "known", "priority", "weekday"):
            choices = self.env["care.rule.choice"].search([("field", "=", field)], limit=2)
            values[field] = {"choice_ids": choices}
        codes = [code for code, _label in self.env["care.rule.line"]._fields["field"].selection]
        self.assertEqual(set(values), set(codes))
        lines = []
        for number, code in enumerate(codes):
            line = {
                name: [Command.set(value.ids)] if hasattr(value, "ids") else value
                for name, value in values[code].items()
            }
            line |= {
                "field": code,
                "match": ("any", "all", "none")[number % 3],
                "alternative": 1 + number // 6,
            }
            lines.append(Command.create(line))
        responder, coordinator = self.people["responder"], self.people["coordinator"]
        question = self.env["care.consult.template"].create(
            {"name": "Found?", "code": "found", "question": "Found?", "user_id": responder.id}
        )
        common = {
            "valid_from": "2026-01-01",
            "valid_to": "2026-12-31",
            "paused": True,
            "note": 'From "the" kitchen;\nask first, then act',
            "owner_id": coordinator.id,
        }
        self.env["care.rule"].create(
            [
                {
                    "ruleset_id": ruleset.id,
                    "name": "All, of it",
                    "kind": "preparation",
                    "sequence": 7,
                    "reason": "it speaks; of food",
                    "line_ids": lines,
                    "category_ids": [Command.set((category + other).ids)],
                    "nature_id": self.complaint.id,
                    "priority": "2",
                    "tag_ids": [Command.set((self.tag + archived).ids)],
                    "flag_ids": [
                        Command.link(self.env.ref(f"{MODULE}.red_flag_abuse").id),
                        Command.link(self.env.ref(f"{MODULE}.red_flag_danger").id),
                    ],
                    "follower_ids": [Command.set((coordinator + responder).ids)],
                    "consult_ids": [Command.set(question.ids)],
                    **common,
                },
                {
                    "ruleset_id": ruleset.id,
                    "name": "Send it on",
                    "sequence": 12,
                    "team_id": self.catering.id,
                    "team_hint": "Catering",
                    "closed_policy": "backup",
                    "backup_team_id": self.triage.id,
                    "on_call_team_id": self.triage.id,
                    "user_id": responder.id,
                    "skill_ids": [Command.set(self.skill.ids)],
                    "preferred_skill_ids": [Command.set(self.skill.ids)],
                    "speaks_language": True,
                    "urgent_text": "Call 2222; now",
                    **common,
                },
                {"ruleset_id": ruleset.id, "name": "Empty yet", "sequence": 12},
                {
                    "ruleset_id": ruleset.id,
                    "name": "The rest",
                    "catch_all": True,
                    "sequence": 999,
                    "team_id": self.triage.id,
                    "note": "Last",
                },
            ]
        )
        self.env.flush_all()
        self.env.invalidate_all()
        return ruleset

    def check_same(self, ruleset, copy):
        self.env.flush_all()
        self.env.invalidate_all()
        self.assertNotEqual(ruleset, copy)
        self.assertEqual(copy.state, "draft")
        self.assertEqual(copy._care_fingerprint(), ruleset._care_fingerprint())
        compared = ["name", "reason", "kind", "sequence", "team_hint", "urgent_text", "note"]
        compared += ["owner_id", "condition_text", "effect_text"]
        read = [
            [[rule[name] for name in compared] for rule in version.rule_ids]
            for version in (ruleset, copy)
        ]
        self.assertEqual(*read)

    def test_csv(self):
        ruleset = self.full_ruleset()
        name, content = self.download(ruleset.action_export_csv())
        self.assertEqual(name, f"routing-rules-v{ruleset.version}.csv")
        self.assertTrue(content.startswith(b"\xef\xbb\xbf" + ",".join(COLUMNS).encode()))
        rows = [row for _number, row in read_table(self.env, content)]
        self.assertEqual({row["set"] for row in rows} - {""}, set(SETS))
        self.check_same(ruleset, self.take(content))

    def test_xlsx(self):
        ruleset = self.full_ruleset()
        name, content = self.download(ruleset.action_export_xlsx())
        self.assertEqual(name, f"routing-rules-v{ruleset.version}.xlsx")
        sheet = openpyxl.load_workbook(io.BytesIO(content)).active
        self.assertTrue(sheet["A1"].font.bold)
        self.assertEqual(sheet.freeze_panes, "A2")
        self.assertEqual(sheet.auto_filter.ref[:2], "A1")
        self.assertEqual({cell.data_type for row in sheet.rows for cell in row}, {"s", "n"})
        self.assertFalse([cell for row in sheet.rows for cell in row if cell.value == 2])
        self.check_same(ruleset, self.take(content, "rules.xlsx"))

    def test_nothing_becomes_a_formula(self):
        ruleset = self.take(write_csv([FOOD | {"values": "=cmd()"}]))
        _name, content = self.download(ruleset.action_export_xlsx())
        sheet = openpyxl.load_workbook(io.BytesIO(content)).active
        cell = sheet.cell(2, COLUMNS.index("values") + 1)
        self.assertEqual((cell.value, cell.data_type), ("=cmd()", "s"))

    def test_starter_draft(self):
        ruleset = self.env["care.ruleset"].search([("state", "=", "draft")], limit=1)
        self.assertIn("Catering", ruleset.rule_ids.mapped("team_hint"))
        _name, content = self.download(ruleset.with_user(self.admin).action_export_csv())
        self.check_same(ruleset, self.take(content))

    def test_the_shipped_starter_file_can_be_imported_once_its_teams_exist(self):
        with file_open(STARTER_FILE, "rb") as stream:
            content = stream.read()
        self.assertIn("there is no team 'Catering'", self.refused(content))
        names = {
            row["value"] for _n, row in read_table(self.env, content) if row["set"] == "team"
        } - set(self.env["helpdesk.ticket.team"].search([]).mapped("name"))
        self.env["helpdesk.ticket.team"].create(
            [{"name": name, "alias_name": f"starter-{n}"} for n, name in enumerate(sorted(names))]
        )
        draft = self.take(content)
        self.assertFalse(
            draft.rule_ids.filtered(lambda rule: rule.kind == "routing" and not rule.team_id)
        )

    def test_semicolon_in_a_keyword(self):
        ruleset = self.rulesets.create({"company_id": self.company.id})
        line = Command.create({"field": "text", "keywords": "hot; cold\ntea"})
        self.env["care.rule"].create(
            {"ruleset_id": ruleset.id, "name": "Tea", "line_ids": [line], "team_id": self.triage.id}
        )
        _name, content = self.download(ruleset.action_export_csv())
        self.assertIn("hot  cold; tea", content.decode("utf-8"))

    def test_one_file_for_each_user(self):
        ruleset = self.take(write_csv([FOOD]))
        first, second = ruleset.action_export_csv(), ruleset.action_export_csv()
        self.assertEqual(first, second)

    def test_a_name_that_tells_nothing_cannot_be_exported(self):
        twin = self.catering.copy({"name": "Kitchen", "alias_name": "kitchen-twin"})
        ruleset = self.rulesets.create({"company_id": self.company.id})
        self.env["care.rule"].create({"ruleset_id": ruleset.id, "name": "Food", "team_id": twin.id})
        with self.assertRaisesRegex(UserError, "the team 'Kitchen' has no code and another"):
            ruleset.action_export_csv()
        twin.parent_id = self.triage
        _name, content = self.download(ruleset.action_export_csv())
        self.assertEqual(self.take(content).rule_ids[0].team_id, twin)

    def test_too_long_for_a_workbook(self):
        ruleset = self.take(write_csv([FOOD | {"values": "soup; " * 8000}]))
        with self.assertRaisesRegex(UserError, "Row 2, column values: .* Export as CSV"):
            ruleset.action_export_xlsx()
        ruleset.action_export_csv()

    def test_only_routing_administrators(self):
        ruleset = self.take(write_csv([FOOD]))
        for name in ("coordinator", "supervisor"):
            reader = ruleset.with_user(self.people[name])
            self.assertTrue(reader.name)
            with self.assertRaisesRegex(AccessError, "Only routing administrators"):
                reader.action_export_csv()
            with self.assertRaises(AccessError):
                self.env["care.ruleset.import"].with_user(self.people[name]).create({})


class TestImport(RuleFileCase):
    def test_a_draft_of_the_company(self):
        draft = self.take(write_csv([FOOD]), "my rules.csv")
        self.assertEqual(draft.state, "draft")
        self.assertEqual(draft.company_id, self.company)
        self.assertEqual(draft.note, "Imported from my rules.csv")
        food, rest = draft.rule_ids
        self.assertEqual((food.name, food.team_id), ("Food", self.catering))
        self.assertTrue(rest.catch_all)
        self.assertEqual(rest.team_id, self.triage)

    def test_catch_all_without_a_team_goes_to_triage(self):
        draft = self.take(write_csv([FOOD, {"list": "catch_all", "rule": "Rest"}]))
        rest = draft.rule_ids.filtered("catch_all")
        self.assertEqual((rest.name, rest.team_id), ("Rest", self.triage))

    def test_a_team_may_stay_open(self):
        draft = self.take(write_csv([FOOD | {"value": ""}]))
        self.assertFalse(draft.rule_ids.filtered(lambda rule: rule.name == "Food").team_id)

    def test_optional_columns_may_be_missing(self):
        columns = [name for name in COLUMNS if name not in ("sequence", "reason", "alternative")]
        rows = [FOOD, FOOD | {"rule": "Second"}, FOOD | {"rule": "Third"}]
        draft = self.take(write_csv(rows, columns))
        self.assertEqual(draft.rule_ids.mapped("name")[:3], ["Food", "Second", "Third"])
        self.assertEqual(draft.rule_ids.mapped("sequence")[:3], [10, 20, 30])

    def test_a_rule_without_a_number_stays_in_its_place(self):
        rows = [
            FOOD | {"rule": "First", "sequence": "10"},
            FOOD | {"rule": "Second"},
            FOOD | {"rule": "Third", "sequence": "20"},
        ]
        draft = self.take(write_csv(rows))
        self.assertEqual(draft.rule_ids.mapped("name")[:3], ["First", "Second", "Third"])

    def test_byte_order_mark_and_semicolons(self):
        rows = [FOOD | {"values": "soup; cold meal"}, {"condition": "nature", "values": "QUESTION"}]
        for separator in ",;":
            for encoding in ("utf-8", "utf-8-sig"):
                with self.subTest(separator=separator, encoding=encoding):
                    draft = self.take(write_csv(rows, COLUMNS, separator, encoding))
                    lines = draft.rule_ids[0].line_ids
                    self.assertEqual(lines[0].keywords, "soup\ncold meal")
                    self.assertEqual(lines[1].nature_ids, self.question)

    def test_keys_and_names_in_any_case(self):
        rows = [
            FOOD | {"condition": "nature", "values": "formal COMPLAINT; question"},
            {"condition": "weekday", "values": "monday; 2", "set": "person"},
            {"condition": "department", "values": "w7", "set": "skill", "value": "bereavement"},
            {"condition": "tag", "values": "DIET SPECIAL"},
        ]
        self.complaint.name = "Formal complaint"
        rows[1]["value"] = self.people["responder"].login.upper()
        rule = self.take(write_csv(rows)).rule_ids[0]
        nature, weekday, department, tag = rule.line_ids
        self.assertEqual(nature.nature_ids, self.complaint + self.question)
        self.assertEqual(weekday.choice_ids.mapped("code"), ["0", "2"])
        self.assertEqual(department.department_ids, self.ward)
        self.assertEqual(tag.tag_ids, self.tag)
        self.assertEqual(rule.user_id, self.people["responder"])
        self.assertEqual(rule.skill_ids, self.skill)

    def test_names_in_another_language(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        self.tag.with_context(lang="fr_FR").name = "Régime"
        for word in ("Diet special", "régime"):
            rows = [FOOD | {"condition": "tag", "values": word}]
            self.assertEqual(self.take(write_csv(rows)).rule_ids.line_ids.tag_ids, self.tag)

    def test_what_is_archived_is_found_last(self):
        self.tag.active = False
        rows = [FOOD | {"condition": "tag", "values": "Diet special"}]
        self.assertEqual(self.take(write_csv(rows)).rule_ids.line_ids.tag_ids, self.tag)
        twin = self.env["helpdesk.ticket.tag"].create({"name": "diet special"})
        self.assertEqual(self.take(write_csv(rows)).rule_ids.line_ids.tag_ids, twin)

    def test_cells_of_a_workbook_have_types(self):
        rows = [
            ["List", "sequence", "rule", "condition", "match", "values", "set", "value"],
            ["routing", 10.0, "Food", "priority", None, 2, "valid_from"],
            [],
            [None, None, None, "known", None, True, "team", "Kitchen"],
        ]
        rows[1].append(datetime.datetime(2026, 3, 1))
        rule = self.take(write_xlsx(*rows), "rules.xlsx").rule_ids[0]
        self.assertEqual(rule.sequence, 10)
        self.assertEqual(rule.valid_from, datetime.date(2026, 3, 1))
        self.assertEqual(rule.line_ids.choice_ids.mapped("code"), ["2", "yes"])
        self.assertEqual(rule.team_id, self.catering)

    def test_lineage_is_kept(self):
        twins = [{"name": "Twin", "team_id": self.triage.id} for _number in range(2)]
        live = self.live_rules(
            {"name": "Food", "team_id": self.catering.id},
            {"name": "Food", "kind": "preparation", "priority": "2"},
            {"name": "Once", "team_id": self.triage.id},
            *twins,
        )
        rows = [
            FOOD | {"rule": name, "list": kind, "set": key, "value": value}
            for kind, name, key, value in (
                ("preparation", "Food", "priority", "1"),
                ("routing", "Food", "team", "Kitchen"),
                ("routing", "Once", "team", "Kitchen"),
                ("routing", "Once", "team", "Kitchen"),
                ("routing", "Twin", "team", "Kitchen"),
                ("routing", "New", "team", "Kitchen"),
            )
        ]
        rows.append({"list": "catch_all", "rule": "Renamed"})
        draft = self.take(write_csv(rows))
        before = {(rule.kind, rule.name): rule.lineage for rule in live.rule_ids}
        known = set(live.rule_ids.mapped("lineage"))
        prepared, food, *others, rest = draft.rule_ids
        self.assertEqual(prepared.lineage, before["preparation", "Food"])
        self.assertEqual(food.lineage, before["routing", "Food"])
        self.assertEqual(rest.lineage, before["routing", "Everything else"])
        self.assertFalse(known & {rule.lineage for rule in others})
        self.assertEqual(len({rule.lineage for rule in others}), 4)

    def test_another_company(self):
        company = self.env["res.company"].create({"name": "Second hospital"})
        self.admin.company_ids += company
        team = self.env["helpdesk.ticket.team"].create(
            {"name": "Kitchen", "alias_name": "kitchen-second", "company_id": company.id}
        )
        both = [self.company.id, company.id]
        form = Form(
            self.env["care.ruleset.import"]
            .with_user(self.admin)
            .with_context(allowed_company_ids=both)
        )
        form.file = base64.b64encode(write_csv([FOOD]))
        wizard = form.save()
        self.assertEqual(wizard.company_id, self.company)
        wizard.company_id = company
        self.catering.company_id = self.company
        draft = self.rulesets.with_context(allowed_company_ids=both).browse(
            wizard.action_import()["res_id"]
        )
        self.assertEqual(draft.company_id, company)
        self.assertEqual(draft.rule_ids[0].team_id, team)
        self.assertEqual(draft.rule_ids[1].team_id, company.care_triage_team_id)

    def test_queries_do_not_grow_with_the_rows(self):
        product = self.env["product.product"].create({"name": "Cup", "default_code": "CUP-1"})

        def content(number):
            rows = []
            for place in range(number):
                rows += [
                    FOOD | {"rule": f"Rule {place}", "values": f"word{place}; other"},
                    {"condition": "category", "values": "food; waiting", "set": "person"},
                    {"condition": "tag", "values": "Diet special", "set": "skill"},
                    {"condition": "product", "values": product.default_code, "set": "owner"},
                    {"condition": "hint", "values": "Kitchen"},
                ]
                rows[-4]["value"] = rows[-2]["value"] = self.people["responder"].login
                rows[-3]["value"] = "Bereavement"
            return write_csv(rows)

        def queries(action, *args):
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            result = action(*args)
            self.env.flush_all()
            return self.env.cr.sql_log_count - before, result

        def parse(number):
            parser = Parser(self.env(user=self.admin), self.company)
            rules = parser.parse(read_table(self.env, content(number)))
            self.assertFalse(parser.problems)
            return rules

        queries(parse, 1)
        few, rules = queries(parse, 3)
        many, rules = queries(parse, 300)
        self.assertEqual(len(rules), 301)
        self.assertEqual(few, many)
        self.assertLessEqual(many, 30)
        few, draft = queries(self.rulesets._care_import, self.company, content(100))
        many, draft = queries(self.rulesets._care_import, self.company, content(300))
        self.assertEqual(len(draft.rule_ids.line_ids), 1500)
        # The ORM inserts a hundred records with one query.
        self.assertLessEqual(many - few, 150)
        few, _action = queries(self.take(content(3)).action_export_csv)
        many, _action = queries(draft.action_export_csv)
        self.assertLessEqual(many, few + 10)


class TestMistakes(RuleFileCase):
    def check(self, rows, *sentences):
        message = self.refused(write_csv(rows))
        title, *lines = message.split("\n")
        self.assertEqual(title, "The file was not imported, and nothing was changed.")
        self.assertEqual(lines, list(sentences))

    def test_not_a_rule_file(self):
        self.assertIn("neither an XLSX workbook nor UTF-8 text", self.refused(b"\xff\xfe\x00a"))
        self.assertIn("neither an XLSX workbook", self.refused("Küche".encode("latin-1")))
        self.assertIn("neither an XLSX workbook", self.refused(b"list\0rule"))
        self.assertIn("no XLSX workbook that can be read", self.refused(b"PK\x03\x04 no zip"))
        stream = io.BytesIO()
        with zipfile.ZipFile(stream, "w") as archive:
            archive.writestr("readme.txt", "no workbook")
        self.assertIn("no XLSX workbook that can be read", self.refused(stream.getvalue()))
        self.assertIn("does not have the columns list, rule", self.refused(b""))
        self.assertIn("does not have the columns list, rule", self.refused(b"hello"))
        with self.assertRaisesRegex(UserError, "Choose a CSV or XLSX file"):
            self.env["care.ruleset.import"].with_user(self.admin).create({}).action_import()

    def test_columns(self):
        some = [name for name in COLUMNS if name not in ("match", "set", "reason")]
        self.assertIn("does not have the columns match, set.", self.refused(write_csv([], some)))
        self.assertIn(
            "unknown or there twice: alternatives.",
            self.refused(write_csv([], (*COLUMNS, "alternatives"))),
        )
        self.assertIn(
            "unknown or there twice: set.", self.refused(write_csv([], (*COLUMNS, "set")))
        )
        content = write_csv([FOOD]) + b"a,,,,,,,,,,more\n"
        self.assertIn("Row 3 has a value outside the columns", self.refused(content))

    def test_quotes(self):
        self.assertIn("cannot be read as CSV", self.refused(write_csv([FOOD]) + b'routing,1,"Open'))

    def test_size(self):
        self.assertIn("larger than 10 MB", self.refused(b"x" * (10 * 1024 * 1024 + 1)))
        many = write_csv([FOOD]) + b"routing,,Again\n" * 20_000
        self.assertIn("more than 20,000 rows", self.refused(many))
        stream = io.BytesIO()
        with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("xl/sharedStrings.xml", b"0" * (101 * 1024 * 1024))
        self.assertIn("larger than 100 MB inside", self.refused(stream.getvalue()))

    def test_no_rule(self):
        self.check([], "Row 2, column rule: the file holds no rule.")
        self.check(
            [FOOD | {"rule": ""}, FOOD | {"rule": ""}, FOOD],
            "Row 2, column rule: the first row must name its rule.",
        )

    def test_lists(self):
        self.check(
            [
                FOOD | {"list": "sorting"},
                FOOD | {"list": ""},
                {"list": "catch_all", "rule": "Rest"},
                {"list": "catch_all", "rule": "Rest again"},
                {"list": "routing", "reason": "why", "condition": "text", "values": "tea"},
            ],
            "Row 2, column list: 'sorting' is unknown: write preparation, routing or catch_all.",
            "Row 3, column list: the list is missing: write preparation, routing or catch_all.",
            "Row 5, column list: there is a catch_all in row 4 already.",
            "Row 6, column list: the row belongs to the rule above it, which says something else: "
            "leave this out or name the rule.",
            "Row 6, column reason: the row belongs to the rule above it, which says something "
            "else: leave this out or name the rule.",
            "Row 6, column condition: the catch-all takes all that is left, so it has no "
            "condition.",
        )

    def test_numbers_and_dates(self):
        self.check(
            [
                FOOD | {"sequence": "first", "alternative": "1.5"},
                {"set": "valid_from", "value": "31.12.2026", "condition": ""},
                {"set": "valid_to", "value": "2026-02-30"},
                FOOD | {"sequence": str(2**40)},
            ],
            "Row 2, column sequence: 'first' is no whole number.",
            "Row 2, column alternative: '1.5' is no whole number.",
            "Row 3, column value: '31.12.2026' is no date: write it as 2026-12-31.",
            "Row 4, column value: '2026-02-30' is no date: write it as 2026-12-31.",
            "Row 5, column sequence: '1099511627776' is no whole number.",
        )

    def test_conditions(self):
        fields = "text, subject, category, nature, channel, department, language, relation, known"
        fields += ", partner_tag, priority, tag, product, hint, hours, weekday or domain"
        self.check(
            [
                FOOD | {"condition": "body"},
                FOOD | {"match": "some"},
                FOOD | {"values": " ; "},
                FOOD | {"condition": ""},
            ],
            f"Row 2, column condition: 'body' is unknown: write {fields}.",
            "Row 3, column match: 'some' is unknown: write any, all or none.",
            "Row 4, column values: the condition has no value.",
            "Row 5, column condition: the condition is missing.",
        )

    def test_references(self):
        teams = self.env["helpdesk.ticket.team"]
        teams.create({"name": "kitchen", "alias_name": "kitchen-twin"})
        pairs = {
            "category": "category",
            "nature": "nature",
            "channel": "channel",
            "department": "department",
            "language": "language",
            "relation": "value",
            "weekday": "value",
            "partner_tag": "tag of contacts",
            "tag": "tag",
            "product": "product",
            "hours": "calendar",
        }
        rows = [
            FOOD | {"condition": field, "values": "foo; foo bar", "set": "", "value": ""}
            for field in pairs
        ]
        sentences = [
            f"Row {number}, column values: there is no {what} '{name}'."
            for number, what in enumerate(pairs.values(), start=2)
            for name in ("foo", "foo bar")
        ]
        self.check(
            [
                *rows,
                FOOD | {"condition": "hint", "values": "Kitchen"},
                {"set": "person", "value": "care_relative"},
                {"set": "skill", "value": "Cooking"},
                {"set": "backup_team", "value": "Nobody"},
            ],
            *sentences,
            "Row 13, column values: 'Kitchen' fits more than one team: rename one, or write its "
            "code or full name.",
            "Row 13, column value: 'Kitchen' fits more than one team: rename one, or write its "
            "code or full name.",
            "Row 14, column value: there is no user 'care_relative'.",
            "Row 15, column value: there is no skill 'Cooking'.",
            "Row 16, column value: there is no team 'Nobody'.",
        )

    def test_sets(self):
        keys = "category, nature, priority, tag, red_flag, follower, consult, paused"
        keys += ", valid_from, valid_to, note"
        self.check(
            [
                FOOD | {"list": "preparation"},
                {"set": "colour", "value": "red"},
                {"value": "red"},
                {"set": "priority", "value": "5"},
                {"set": "Priority", "value": "High"},
                {"set": "nature"},
                {"set": "paused", "value": "perhaps"},
                FOOD | {"set": "category", "value": "food"},
                {"set": "when_closed", "value": "sleep"},
                {"list": "catch_all", "rule": "Rest", "set": "paused", "value": "yes"},
            ],
            "Row 2, column set: 'team' is not for the list preparation.",
            f"Row 3, column set: 'colour' is unknown: write {keys} or owner.",
            "Row 4, column set: it is missing what to set.",
            "Row 5, column value: '5' is unknown: write 0, 1, 2 or 3.",
            "Row 6, column set: 'priority' is there twice in this rule.",
            "Row 7, column value: 'nature' has no value.",
            "Row 8, column value: 'perhaps' is unknown: write yes or no.",
            "Row 9, column set: 'category' is not for the list routing.",
            "Row 10, column value: 'sleep' is unknown: write hold, backup or on_call.",
            "Row 11, column set: 'paused' is not for the list catch_all.",
        )

    def test_domains(self):
        texts = [
            "[('x'",
            "[('nope', '=', 1)]",
            "len([])",
            "5",
            "'name'",
            "[5]",
            "None",
            "{}",
            "['&']",
            "[('priority', 'bad', 1)]",
            "[('create_date', '>', 'soon')]",
            "[('team_id', 'any', [('nope', '=', 1)])]",
            "[" * 200 + "]" * 200,
            "(" * 100_000,
        ]
        rows = [FOOD | {"condition": "domain", "values": text} for text in texts]
        lines = self.refused(write_csv(rows)).split("\n")[1:]
        for number, text in enumerate(texts, start=2):
            start = f"Row {number}, column values: the advanced domain is not valid ("
            self.assertTrue([line for line in lines if line.startswith(start)], text[:40])
        self.check(
            [FOOD | {"condition": "domain", "values": "[('partner_name', 'ilike', 'a')]"}],
            "Row 2, column values: an advanced domain may not look at partner_name, which tells "
            "who somebody is; use keywords for what the text says.",
        )

    def test_at_most_fifty_are_shown(self):
        rows = [FOOD | {"match": f"m{number}"} for number in range(60)]
        lines = self.refused(write_csv(rows)).split("\n")
        self.assertEqual(len(lines), 52)
        self.assertEqual(lines[-1], "and 10 more")

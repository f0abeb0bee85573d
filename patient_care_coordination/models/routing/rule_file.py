"""The rule file: one table for the starter rules, for export and for import.

A rule takes one row or more. Its first row names it; each row may hold one condition and one
thing the rule sets. Here are the columns, how a table is read from CSV or XLSX, by which words
records are written and found, and how rows become values of rules.
"""

import csv
import datetime
import io
import zipfile
from collections import defaultdict

import openpyxl

from odoo.exceptions import UserError
from odoo.fields import Command, Domain
from odoo.tools import SQL

from .care_rule_line import ALL, CHOICES, KEYWORD_FIELDS

COLUMNS = (
    "list",
    "sequence",
    "rule",
    "reason",
    "alternative",
    "condition",
    "match",
    "values",
    "set",
    "value",
)
OPTIONAL = {"sequence", "reason", "alternative"}
LISTS = ("preparation", "routing", "catch_all")
# What a rule may set: the key in the file, the field of the rule, the lists it is for.
SETS = {
    "category": ("category_ids", ("preparation",)),
    "nature": ("nature_id", ("preparation",)),
    "priority": ("priority", ("preparation",)),
    "tag": ("tag_ids", ("preparation",)),
    "red_flag": ("flag_ids", ("preparation",)),
    "follower": ("follower_ids", ("preparation",)),
    "consult": ("consult_ids", ("preparation",)),
    "team": ("team_id", ("routing", "catch_all")),
    "intended_team": ("team_hint", ("routing", "catch_all")),
    "when_closed": ("closed_policy", ("routing", "catch_all")),
    "backup_team": ("backup_team_id", ("routing", "catch_all")),
    "on_call_team": ("on_call_team_id", ("routing", "catch_all")),
    "person": ("user_id", ("routing", "catch_all")),
    "skill": ("skill_ids", ("routing", "catch_all")),
    "preferred_skill": ("preferred_skill_ids", ("routing", "catch_all")),
    "speaks_language": ("speaks_language", ("routing", "catch_all")),
    "urgent_text": ("urgent_text", ("routing", "catch_all")),
    "paused": ("paused", ("preparation", "routing")),
    "valid_from": ("valid_from", ("preparation", "routing")),
    "valid_to": ("valid_to", ("preparation", "routing")),
    "note": ("note", LISTS),
    "owner": ("owner_id", LISTS),
}
# The stable key of a model that has one; records are written by it, else by their name.
KEYS = {
    "care.consult.template": "code",
    "care.department": "code",
    "care.nature": "code",
    "care.red.flag": "code",
    "care.rule.choice": "code",
    "helpdesk.ticket.category": "care_code",
    "helpdesk.ticket.channel": "care_code",
    "product.product": "default_code",
    "res.lang": "code",
    "res.users": "login",
}
CATCH_ALL_SEQUENCE = 1_000_000
MOST_BYTES = 10 * 1024 * 1024
MOST_ROWS = 20_000
MOST_COLUMNS = 100
MOST_INTEGER = 2**31 - 1
ZIP_SIGNATURE = b"PK\x03\x04"


def fold(text):
    """A word of the file as it is compared: case, spaces and semicolons do not matter."""
    return " ".join(str(text).replace(";", " ").casefold().split())


def split_values(text):
    """The values of one cell, which stand between semicolons or on lines of their own."""
    parts = text.replace("\n", ";").replace("\r", ";").split(";")
    return [part.strip() for part in parts if part.strip()]


# ----------------------------------------------------------------------
# Reading
# ----------------------------------------------------------------------


def read_table(env, content):
    """``[(row number, {column: text})]`` of the rows that are not empty.

    Rows are numbered as a spreadsheet does. Raises UserError when the file is no such table.
    """
    if len(content) > MOST_BYTES:
        raise UserError(env._("The file is larger than 10 MB, so it is no rule file."))
    read = _read_xlsx if content.startswith(ZIP_SIGNATURE) else _read_csv
    rows = []
    for number, cells in enumerate(read(env, content), start=1):
        texts = [_cell_text(cell) for cell in cells]
        while texts and not texts[-1]:
            texts.pop()
        if texts or number == 1:
            rows.append((number, texts))
        if len(rows) > MOST_ROWS + 1:
            raise UserError(
                env._("The file has more than %s rows: split it.", f"{MOST_ROWS:,}"),
            )
    header = [fold(name) for name in rows[0][1]] if rows else []
    _check_header(env, header)
    table = []
    for number, texts in rows[1:]:
        named = [bool(name) for name in header] + [False] * len(texts)
        if any(text and not known for text, known in zip(texts, named, strict=False)):
            raise UserError(
                env._(
                    "Row %(row)s has a value outside the columns: put quotes around text that "
                    "contains the separator.",
                    row=number,
                )
            )
        row = dict.fromkeys(COLUMNS, "")
        row.update((name, text) for name, text in zip(header, texts, strict=False) if name)
        table.append((number, row))
    return table


def _check_header(env, header):
    missing = [name for name in COLUMNS if name not in header and name not in OPTIONAL]
    if missing:
        raise UserError(
            env._(
                "The first row of the file does not have the columns %(missing)s. The columns of "
                "a rule file are %(columns)s.",
                missing=", ".join(missing),
                columns=", ".join(COLUMNS),
            )
        )
    unknown = [name for name in header if name and name not in COLUMNS]
    double = sorted({name for name in header if name and header.count(name) > 1})
    if unknown or double:
        raise UserError(
            env._(
                "The first row of the file has columns that are unknown or there twice: "
                "%(names)s. The columns of a rule file are %(columns)s.",
                names=", ".join(unknown or double),
                columns=", ".join(COLUMNS),
            )
        )


def _cell_text(value):
    """A cell as text, whatever type the spreadsheet gave it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime.datetime):
        return value.date().isoformat()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip()


def _read_csv(env, content):
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = "\0"
    if "\0" in text:
        raise UserError(
            env._(
                "The file is neither an XLSX workbook nor UTF-8 text: save it as XLSX, or as CSV "
                "in UTF-8."
            )
        )
    first = text.partition("\n")[0]
    separator = ";" if first.count(";") > first.count(",") else ","
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    try:
        yield from reader
    except csv.Error as error:
        raise UserError(
            env._(
                "Line %(line)s of the file cannot be read as CSV (%(error)s): look at its quotes.",
                line=reader.line_num,
                error=error,
            )
        ) from error


def _read_xlsx(env, content):
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            size = sum(item.file_size for item in archive.infolist())
        if size > 10 * MOST_BYTES:
            raise UserError(env._("The workbook is larger than 100 MB inside: split it."))
        book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True)
        sheet = book.worksheets[0]
        # Some programs note a wrong size in the sheet, and rows would be missed.
        sheet.reset_dimensions()
        yield from sheet.iter_rows(max_col=MOST_COLUMNS, values_only=True)
    except UserError:
        raise
    except Exception as error:
        # A damaged workbook makes openpyxl raise nearly anything.
        raise UserError(
            env._("The file is no XLSX workbook that can be read: save it again as XLSX or CSV.")
        ) from error


# ----------------------------------------------------------------------
# Records by their words
# ----------------------------------------------------------------------


class Directory:
    """Records of one company by the words a file uses for them, each model read once.

    A record is found by its stable key, its name, its name with those of its parents, or its
    name in another language, in this order, and written by the first that finds it alone.
    """

    def __init__(self, env, company, products=()):
        self.env = env(context={**env.context, **ALL})
        self.company = company
        self.products = {fold(text) for text in products}
        self.tables = {}

    def find(self, model, text, field=None):
        """The records that ``text`` fits: none, one or, when it is not clear, several.

        ``field`` says to which condition a fixed value belongs.
        """
        for tier in self._tiers(model):
            found = tier.get((field, fold(text)))
            if found:
                records = self.env[model].browse(found)
                if "active" in records._fields:
                    return records.filtered("active") or records
                return records
        return self.env[model]

    def word(self, record, field=None):
        """The word for a record in a file; raises UserError when none tells it from others."""
        words = [word for word in self._words(record.with_env(self.env).sudo()) if word]
        for word in words:
            found = self.find(record._name, word, field)
            if found.ids == record.ids:
                return word.replace(";", " ")
            if not found:
                break
        else:
            raise UserError(
                self.env._(
                    "The rules cannot be written to a file, because the %(what)s '%(name)s' has "
                    "no code and another one has the same name: rename one of them.",
                    what=self.noun(record._name),
                    name=words[-1] if words else record.id,
                )
            )
        return words[0].replace(";", " ")

    def noun(self, model):
        """What a record of a model is called in a sentence."""
        nouns = {
            "care.consult.template": self.env._("question of consults"),
            "care.department": self.env._("department"),
            "care.nature": self.env._("nature"),
            "care.rule.choice": self.env._("value"),
            "care.skill": self.env._("skill"),
            "helpdesk.ticket.category": self.env._("category"),
            "helpdesk.ticket.channel": self.env._("channel"),
            "helpdesk.ticket.tag": self.env._("tag"),
            "helpdesk.ticket.team": self.env._("team"),
            "product.product": self.env._("product"),
            "res.lang": self.env._("language"),
            "res.partner.category": self.env._("tag of contacts"),
            "res.users": self.env._("user"),
            "resource.calendar": self.env._("calendar"),
        }
        return nouns.get(model) or self.env[model]._description

    def _words(self, record):
        """Key, name and full name of a record; False for what it does not have."""
        key = KEYS.get(record._name)
        path = record._parent_store and record.display_name
        return [key and record[key], record.name, path]

    def _tiers(self, model):
        if model not in self.tables:
            self.tables[model] = self._read(model)
        return self.tables[model]

    def _read(self, model):
        records = self.env[model]
        names = {KEYS.get(model), "name", "active"} & set(records._fields)
        if records._parent_store:
            names.add("parent_id")
        if model == "care.rule.choice":
            names.add("field")
        records = records.with_context(prefetch_langs=True).search_fetch(
            self._domain(records), sorted(names)
        )
        languages = [code for code, _name in self.env["res.lang"].get_installed()]
        others = [code for code in languages if code != self.env.lang]
        tiers = [defaultdict(list) for _tier in range(4)]
        for record in records.with_env(self.env).sudo():
            field = record.field if model == "care.rule.choice" else None
            for tier, word in zip(tiers, self._words(record), strict=False):
                if word:
                    tier[field, fold(word)].append(record.id)
            for word in {fold(record.with_context(lang=code).name or "") for code in others}:
                tiers[3][field, word].append(record.id)
        return tiers

    def _domain(self, records):
        domain = Domain.TRUE
        if "company_id" in records._fields:
            domain &= Domain("company_id", "in", [False, self.company.id])
        if records._name == "res.users":
            domain &= Domain("share", "=", False)
        if records._name == "product.product":
            # There may be many thousands of them: only those that the rules name.
            domain &= Domain.custom(to_sql=self._product_sql)
        return domain

    def _product_sql(self, model, alias, query):
        model = model.with_context(prefetch_langs=False)
        words = [
            SQL(
                "btrim(regexp_replace(lower(%s), '[;[:space:]]+', ' ', 'g'))",
                model._field_to_sql(alias, name, query),
            )
            for name in ("default_code", "name")
        ]
        wanted = tuple(self.products) or ("",)
        return SQL("(%s IN %s OR %s IN %s)", words[0], wanted, words[1], wanted)


# ----------------------------------------------------------------------
# From rows to rules
# ----------------------------------------------------------------------


class Parser:
    """Turns the rows of a file into values of rules and collects what is wrong with them.

    In the starter file a team that does not exist is noted as the intended one, and the
    catch-all goes to the triage team whatever the file says.
    """

    def __init__(self, env, company, starter=False):
        self.env = env
        self.company = company
        self.starter = starter
        self.problems = []
        self.rules = []
        self.directory = None
        self.rule_fields = env["care.rule"]._fields
        self.line_fields = env["care.rule.line"]._fields
        self.references = env["care.rule.line"]._care_reference_fields()

    def parse(self, table):
        """Values of the rules, in run order, without their rule set; see ``problems`` after."""
        products = [
            name
            for _number, row in table
            if fold(row["condition"]) == "product"
            for name in split_values(row["values"])
        ]
        self.directory = Directory(self.env, self.company, products)
        orphan = False
        for number, row in table:
            if row["rule"]:
                self._start(number, row)
            elif not self.rules:
                if not orphan:
                    self._note(number, "rule", self.env._("the first row must name its rule"))
                orphan = True
                continue
            else:
                self._compare_head(number, row)
            self._read_condition(number, row)
            self._read_set(number, row)
        if not self.rules and not self.problems:
            self._note(2, "rule", self.env._("the file holds no rule"))
        return self._finish()

    def _compare_head(self, number, row):
        """What describes a rule stands in its first row; further rows may repeat it."""
        for column in ("list", "sequence", "reason"):
            if row[column] and row[column] != self.rules[-1]["head"][column]:
                self._note(
                    number,
                    column,
                    self.env._(
                        "the row belongs to the rule above it, which says something else: leave "
                        "this out or name the rule"
                    ),
                )

    def message(self, most=50):
        """All problems as the text of one error."""
        lines = [
            self.env._(
                "Row %(row)s, column %(column)s: %(problem)s.",
                row=number,
                column=column,
                problem=problem,
            )
            for number, column, problem in self.problems[:most]
        ]
        if len(self.problems) > most:
            lines.append(self.env._("and %s more", len(self.problems) - most))
        title = self.env._("The file was not imported, and nothing was changed.")
        return "\n".join([title, *lines])

    def _note(self, number, column, problem):
        self.problems.append((number, column, problem))

    def _start(self, number, row):
        kind = fold(row["list"])
        if kind not in LISTS:
            self._note(
                number,
                "list",
                self._one_of(row["list"], LISTS)
                if kind
                else self.env._("the list is missing: write %s", self._or(LISTS)),
            )
            kind = None
        if kind == "catch_all":
            first = next((rule for rule in self.rules if rule["list"] == kind), None)
            if first:
                self._note(
                    number,
                    "list",
                    self.env._("there is a catch_all in row %s already", first["row"]),
                )
        self.rules.append(
            {
                "row": number,
                "head": row,
                "list": kind,
                "sequence": self._integer(number, row, "sequence"),
                "lines": [],
                "sets": {},
                "values": {"name": row["rule"], "reason": row["reason"] or False},
            }
        )

    def _finish(self):
        """Values of all rules, list by list."""
        vals_list = []
        for kind in LISTS:
            rules = [rule for rule in self.rules if rule["list"] == kind]
            numbered = any(rule["sequence"] is not None for rule in rules)
            last = 10
            for place, rule in enumerate(rules, start=1):
                if rule["sequence"] is None and kind == "catch_all":
                    rule["sequence"] = CATCH_ALL_SEQUENCE
                elif rule["sequence"] is None:
                    # Rules without a number stay where the file has them.
                    rule["sequence"] = last if numbered else place * 10
                last = rule["sequence"]
                vals_list.append(self._rule_values(rule))
        if not vals_list or not vals_list[-1]["catch_all"]:
            vals_list.append(
                {
                    "name": self.env._("Everything else"),
                    "kind": "routing",
                    "catch_all": True,
                    "sequence": CATCH_ALL_SEQUENCE,
                    "team_id": self.company.care_triage_team_id.id,
                }
            )
        return vals_list

    def _rule_values(self, rule):
        catch_all = rule["list"] == "catch_all"
        values = {
            **rule["values"],
            "kind": "preparation" if rule["list"] == "preparation" else "routing",
            "catch_all": catch_all,
            "sequence": rule["sequence"],
            "line_ids": [
                Command.create({"sequence": place * 10, **line})
                for place, line in enumerate(
                    sorted(rule["lines"], key=lambda line: line["alternative"]), start=1
                )
            ],
        }
        for name, value in rule["sets"].items():
            several = self.rule_fields[name].type == "many2many"
            values[name] = [Command.set(list(dict.fromkeys(value)))] if several else value
        if catch_all and (self.starter or not values.get("team_id")):
            values["team_id"] = self.company.care_triage_team_id.id
        return values

    # Conditions

    def _read_condition(self, number, row):
        rule, field = self.rules[-1], fold(row["condition"])
        if not field:
            if row["match"] or row["values"] or row["alternative"]:
                self._note(number, "condition", self.env._("the condition is missing"))
            return
        if rule["list"] == "catch_all":
            self._note(
                number,
                "condition",
                self.env._("the catch-all takes all that is left, so it has no condition"),
            )
            return
        fields, matches = self._codes("field"), self._codes("match")
        match = fold(row["match"]) or "any"
        if match not in matches:
            self._note(number, "match", self._one_of(row["match"], matches))
        alternative = self._integer(number, row, "alternative")
        if field not in fields:
            self._note(number, "condition", self._one_of(row["condition"], fields))
            return
        line = {
            "field": field,
            "match": match,
            "alternative": 1 if alternative is None else alternative,
        }
        rule["lines"].append(line | self._line_values(number, field, row["values"]))

    def _codes(self, name):
        """The values that a field of a condition can have."""
        return [code for code, _label in self.line_fields[name]._description_selection(self.env)]

    def _line_values(self, number, field, text):
        names = split_values(text)
        if not names:
            self._note(number, "values", self.env._("the condition has no value"))
            return {}
        if field == "domain":
            problem = self.env["care.rule.line"]._care_domain_problem(text)
            if problem:
                self._note(number, "values", problem)
            return {"domain": text}
        if field in KEYWORD_FIELDS:
            return {"keywords": "\n".join(names)}
        if field in CHOICES:
            name, kind = "choice_ids", field
        else:
            name, kind = self.references[field], None
        model = self.line_fields[name].comodel_name
        ids = [self._record(number, "values", model, value, kind) for value in names]
        return {name: [Command.set([record_id for record_id in ids if record_id])]}

    # What a rule sets

    def _read_set(self, number, row):
        rule, key, text = self.rules[-1], fold(row["set"]), row["value"]
        if not key:
            if text:
                self._note(number, "set", self.env._("it is missing what to set"))
            return
        kind = rule["list"]
        if key not in SETS:
            fitting = [name for name, (_field, lists) in SETS.items() if kind in lists]
            self._note(number, "set", self._one_of(row["set"], fitting if kind else list(SETS)))
            return
        name, lists = SETS[key]
        if kind and kind not in lists:
            self._note(
                number,
                "set",
                self.env._("'%(key)s' is not for the list %(list)s", key=key, list=kind),
            )
            return
        several = self.rule_fields[name].type == "many2many"
        if name in rule["sets"] and not several:
            self._note(number, "set", self.env._("'%s' is there twice in this rule", key))
            return
        if not text:
            if key != "team":
                self._note(number, "value", self.env._("'%s' has no value", key))
            return
        if self.starter and key == "team":
            rule["sets"]["team_hint"] = text
            rule["sets"][name] = self.directory.find("helpdesk.ticket.team", text)[:1].id
            return
        value = self._set_value(number, name, text)
        if several:
            rule["sets"].setdefault(name, []).extend([value] if value else [])
        else:
            rule["sets"][name] = value

    def _set_value(self, number, name, text):
        field = self.rule_fields[name]
        if field.type in ("many2one", "many2many"):
            return self._record(number, "value", field.comodel_name, text)
        if field.type == "selection":
            labels = dict(field._description_selection(self.env))
            words = {fold(label): code for code, label in labels.items()}
            value = words.get(fold(text)) or (fold(text) if fold(text) in labels else None)
            if not value:
                self._note(number, "value", self._one_of(text, labels))
            return value
        if field.type == "boolean":
            if fold(text) not in ("yes", "no"):
                self._note(number, "value", self._one_of(text, ("yes", "no")))
            return fold(text) == "yes"
        if field.type == "date":
            try:
                return datetime.datetime.strptime(text, "%Y-%m-%d").date()
            except ValueError:
                self._note(
                    number,
                    "value",
                    self.env._("'%s' is no date: write it as 2026-12-31", text),
                )
                return False
        return text

    # Words

    def _record(self, number, column, model, text, field=None):
        """The id of the record that ``text`` names, or None with a problem noted."""
        found = self.directory.find(model, text, field)
        if len(found) == 1:
            return found.id
        what = self.directory.noun(model)
        if found:
            problem = self.env._(
                "'%(name)s' fits more than one %(what)s: rename one, or write its code or full "
                "name",
                name=text,
                what=what,
            )
        else:
            problem = self.env._("there is no %(what)s '%(name)s'", what=what, name=text)
        self._note(number, column, problem)
        return None

    def _integer(self, number, row, column):
        """The whole number in a cell; None when it is empty or, with a problem noted, none."""
        text = row[column]
        if not text:
            return None
        try:
            value = int(text)
        except ValueError:
            value = None
        if value is None or abs(value) > MOST_INTEGER:
            self._note(number, column, self.env._("'%s' is no whole number", text))
            return None
        return value

    def _one_of(self, text, choices):
        return self.env._(
            "'%(text)s' is unknown: write %(choices)s", text=text, choices=self._or(choices)
        )

    def _or(self, choices):
        choices = list(choices)
        return self.env._("%(first)s or %(last)s", first=", ".join(choices[:-1]), last=choices[-1])

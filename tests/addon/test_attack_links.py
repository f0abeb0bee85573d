"""Attacks by links: forms and rows that name records one may not read, and what comes back."""

import datetime
import json
import traceback

import psycopg2

from odoo.exceptions import UserError
from odoo.fields import Command, Datetime
from odoo.models import BaseModel
from odoo.service.model import call_kw
from odoo.tests import new_test_user
from odoo.tools import mute_logger

from ..attack import record, size
from ..common import MODULE, CareCommon

# Words that stand in every text of the secret records, and nowhere else.
MARK = "Zyzzogeton"
BIRTH = "1931-07-19"
PHONE = "2125550197"
MARKS = (MARK, MARK.lower(), BIRTH, "07/19/1931", PHONE)
NEVER_SET = ("id", "display_name", "create_uid", "create_date", "write_uid", "write_date")
SCALARS = ("char", "text", "html", "date", "datetime", "integer", "boolean", "selection")
# What stays unread: who asks for it gets other people's words in the end.
FIRST_ROLES = ("responder", "employee", "clerk")


class Undone(Exception):
    """Ends the savepoint of an attack that went through."""


class LinkAttack(CareCommon):
    """Secrets in two companies, and a client of every role that names them."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.people["ward_staff"] = new_test_user(
            cls.env, login="care_ward_staff", groups=f"{MODULE}.group_ward_staff"
        )
        elsewhere = cls.env["res.company"].create({"name": "Second hospital"})
        # Works in the second hospital alone, and is none of the attackers.
        cls.colleague = new_test_user(
            cls.env,
            login="care_colleague_elsewhere",
            groups=f"{MODULE}.group_coordinator",
            company_id=elsewhere.id,
            company_ids=[Command.set(elsewhere.ids)],
        )
        cls.secrets = {}
        for company in (cls.company, elsewhere):
            cls.make_secrets(company)
        cls.env.flush_all()

    @classmethod
    def keep(cls, records):
        """Note records as secret."""
        known = cls.secrets.setdefault(records._name, records.sudo().browse())
        cls.secrets[records._name] = known | records.sudo()

    @classmethod
    def make_secrets(cls, company):
        """An inquiry with a row of every kind that hangs on one, all with the words of MARKS."""
        env = cls.env
        home = company == cls.company
        caller = env["res.partner"].create(
            {"name": "Benedict Caller", "email": "benedict@home.example"}
        )
        patient = env["care.patient"].create(
            {
                "name": f"{MARK}, Ada",
                "hospital_number": f"H-{company.id}",
                "birth_date": BIRTH,
                "phone": PHONE,
                "address": f"{MARK} street",
                "safe_to_call": f"{MARK} evenings",
                "company_id": company.id,
            }
        )
        ticket = env["helpdesk.ticket"].create(
            {
                "name": f"{MARK} title",
                "description": f"{MARK} story",
                "care_nature_id": cls.complaint.id,
                "care_patient_id": patient.id,
                "partner_id": caller.id,
                "care_callback_phone": PHONE,
                "care_safe_to_call": f"{MARK} mornings",
                "care_desired_outcome": f"{MARK} wish",
                "company_id": company.id,
                "team_id": company.care_triage_team_id.id,
            }
        )
        ticket.care_answer = f"{MARK} answer"
        env["care.authority"].create(
            {
                "patient_id": patient.id,
                "partner_id": caller.id,
                "basis": "agreed",
                "agreed_how": "oral",
                "verified_how": "call_back",
            }
        )
        env["care.issue"].create(
            {
                "ticket_id": ticket.id,
                "category_id": env.ref(f"{MODULE}.category_food").id,
                "note": f"{MARK} issue",
            }
        )
        contact = env["care.contact"]._care_log(
            [
                {
                    "ticket_id": ticket.id,
                    "patient_id": patient.id,
                    "direction": "in",
                    "channel": "call",
                    "with_caller": True,
                    "person_name": f"{MARK} caller",
                    "phone": PHONE,
                    "date": Datetime.now(),
                    "summary": f"{MARK} said",
                }
            ]
        )
        env["care.promise"]._care_make(
            [
                {
                    "ticket_id": ticket.id,
                    "what": f"{MARK} promise",
                    "due": Datetime.now() + datetime.timedelta(days=2),
                    "person_name": f"{MARK} caller",
                    "phone": PHONE,
                    "contact_id": contact.id,
                    "user_id": (cls.people["coordinator"] if home else cls.colleague).id,
                }
            ]
        )
        env["care.consult"]._care_ask(
            [
                {
                    "ticket_id": ticket.id,
                    "question": f"{MARK} question",
                    "user_id": (cls.people["supervisor"] if home else cls.colleague).id,
                    "due": Datetime.now() + datetime.timedelta(hours=1),
                    "tells_patient": True,
                }
            ]
        )
        ticket._care_raise_flags(env["care.red.flag"].search([], limit=1))
        ticket._care_disclose("call", f"{MARK} told", "Answer", partner=caller)
        letter_type = env["care.letter.type"].search([], limit=1)
        env["care.letter"]._care_draft(ticket, letter_type, subject=f"{MARK} letter")
        ticket.activity_schedule("mail.mail_activity_data_todo", summary=f"{MARK} activity")
        ticket.message_post(body=f"{MARK} message")
        env.flush_all()
        cls.keep(ticket)
        cls.keep(patient)
        for name, links in env["care.export.gate"]._care_fact_models().items():
            rows = env[name].sudo()
            if links:
                found = rows.browse()
                for link in links:
                    known = cls.secrets.get(rows._fields[link].comodel_name)
                    if known:
                        found |= rows.search([(link, "in", known.ids)])
                if not found and rows._auto:
                    found = cls.example(rows, company)
                cls.keep(found)

    @classmethod
    def example(cls, rows, company):
        """A row of a model, made past its own guards, that belongs to the secret inquiry."""
        values = {}
        for name, field in rows._fields.items():
            if not field.store or field.compute or field.related or name in NEVER_SET:
                continue
            if field.type in ("char", "text") and not field.translate:
                values[name] = f"{MARK} {name}"
            elif (
                field.required and field.type == "many2one" and name not in rows.default_get([name])
            ):
                comodel = rows.env[field.comodel_name]
                known = cls.secrets.get(comodel._name) or comodel.search([], limit=1)
                values[name] = (known[-1:] or cls.example(comodel, company)).id
            elif field.required and field.type in ("date", "datetime"):
                values[name] = Datetime.now()
            elif field.required and field.type == "selection":
                values[name] = field.get_values(rows.env)[0]
        return BaseModel.create(rows, [values])

    # ------------------------------------------------------------------
    # The client
    # ------------------------------------------------------------------

    def setUp(self):
        super().setUp()
        self.counts = dict.fromkeys(("tried", "refused", "leaks", "tracebacks"), 0)
        self.found, self.broken = [], []

    def call(self, who, model, method, args, kwargs=None, context=None):
        """What the server answers, as text; what it did is undone."""
        env = self.env(
            user=self.people[who].id,
            context={"allowed_company_ids": self.company.ids, **(context or {})},
        )
        env.invalidate_all()
        self.counts["tried"] += 1
        answer = None
        try:
            with mute_logger("odoo.sql_db", "odoo.models"), self.env.cr.savepoint():
                kwargs = {**(kwargs or {}), "context": dict(env.context)}
                answer = call_kw(env[model], method, args, kwargs)
                raise Undone
        except Undone:
            pass
        # The server makes a sentence of what a constraint of the database refuses.
        except (UserError, psycopg2.IntegrityError) as error:
            self.counts["refused"] += 1
            answer = str(error)
        except Exception as error:  # noqa: BLE001 - a hostile call: any error is a finding
            self.counts["tracebacks"] += 1
            place = traceback.extract_tb(error.__traceback__)[-1]
            line = f"{place.filename}:{place.lineno}"
            self.broken.append(f"{who} {model}.{method} ({line}): {error!r}"[:300])
            answer = str(error)
        env.invalidate_all()
        return json.dumps(answer, default=str)

    def look(self, where, text):
        """Note a leak if a secret word is in the text."""
        if any(mark in text for mark in MARKS):
            self.counts["leaks"] += 1
            self.found.append(f"{where}: {text[:300]}")

    def finish(self):
        record(**self.counts)
        self.assertFalse(self.found, "\n".join(self.found))
        self.assertFalse(self.broken, "\n".join(self.broken))

    def hidden(self, who, model):
        """Secret records of a model that this person may not read, one of each company."""
        records = self.secrets.get(model)
        if not records:
            return []
        mine = records.with_user(self.people[who]).with_context(
            allowed_company_ids=self.company.ids
        )
        hidden = (mine - mine._filtered_access("read")).sudo()
        if "company_id" not in hidden._fields:
            return hidden[:1].ids
        return [rows[0].id for rows in hidden.grouped("company_id").values()]

    def roles(self):
        return size(FIRST_ROLES, tuple(self.people))

    def fields_of(self, who, model):
        """The fields of a model as a view of this person could ask for them."""
        env = self.env(user=self.people[who].id)
        return env[model].fields_get(attributes=["type", "relation", "store", "required"])

    def flat(self, known):
        """A specification with every field, links by the name that is shown."""
        return {
            name: {"fields": {"display_name": {}}} if info.get("relation") else {}
            for name, info in known.items()
            if info["type"] not in ("binary", "properties", "properties_definition")
        }

    def nested(self, field, comodel):
        """A specification that asks for everything behind one link."""
        behind = {
            name: {"fields": {"display_name": {}}} if other.relational else {}
            for name, other in self.env[comodel]._fields.items()
            if other.type in SCALARS or other.type == "many2one"
        }
        return {field: {"fields": behind}}

    def filled(self, who, model, known):
        """Values for the fields that a row needs, so that creating gets as far as it can."""
        plain = {
            "char": "x",
            "text": "x",
            "html": "x",
            "date": "2030-01-01",
            "datetime": "2030-01-01 10:00:00",
            "integer": 1,
            "float": 1.0,
        }
        values = {}
        for name, info in known.items():
            field = self.env[model]._fields[name]
            if not field.required or not field.store or field.compute:
                continue
            if info["type"] == "selection":
                values[name] = field.get_values(self.env)[0]
            elif info["type"] == "many2one":
                rows = self.env[info["relation"]].with_user(self.people[who])
                if rows.has_access("read") and info["relation"] not in self.secrets:
                    values[name] = rows.search([], limit=1).id
            elif info["type"] in plain:
                values[name] = plain[info["type"]]
        return values

    def attack(self, who, model):
        """Name every hidden record in every link of a model, in every way a client can."""
        known = self.fields_of(who, model)
        if not self.env[model].with_user(self.people[who]).has_access("create"):
            return
        spec = self.flat(known)
        for name, info in known.items():
            comodel = info.get("relation")
            if not comodel or name in ("create_uid", "write_uid"):
                continue
            for target in self.hidden(who, comodel):
                one = info["type"] == "many2one"
                value = target if one else [[Command.LINK, target]]
                where = f"{who} {model}.{name} = {comodel} {target}"
                views = [spec, self.nested(name, comodel)]
                if self.deep:
                    views += [{field: part} for field, part in spec.items()]
                for view in views:
                    args = [[], {name: value}, [name], view]
                    self.look(f"onchange {where}", self.call(who, model, "onchange", args))
                    defaults = {f"default_{name}": value}
                    args = [[], {}, [], view]
                    answer = self.call(who, model, "onchange", args, context=defaults)
                    self.look(f"default {where}", answer)
                args = [list(known)]
                answer = self.call(who, model, "default_get", args, context=defaults)
                self.look(f"default_get {where}", answer)
                values = {**self.filled(who, model, known), name: value}
                for view in views[:2]:
                    answer = self.call(who, model, "web_save", [[], values, view])
                    self.look(f"create {where}", answer)

    deep = False


class TestAttackLinks(LinkAttack):
    def test_every_kind_of_row_has_a_secret_example(self):
        """The attacks below walk these: a model without an example is attacked by nobody."""
        facts = self.env["care.export.gate"]._care_fact_models()
        missing = sorted(facts.keys() - self.secrets.keys())
        self.assertEqual(missing, [])

    def test_forms_answer_nothing_about_records_one_may_not_read(self):
        self.deep = size(False, True)
        for model in self.forms():
            for who in self.roles():
                self.attack(who, model)
        self.finish()

    def forms(self):
        """All forms of ours and all forms that we extend."""
        return sorted(
            name
            for name, model in self.env.registry.items()
            if model._transient
            and not model._abstract
            and (name.startswith("care.") or any(MODULE in c.__module__ for c in model.mro()))
        )

    def test_rows_answer_nothing_about_records_one_may_not_read(self):
        for model in self.rows():
            for who in self.roles():
                self.attack(who, model)
        self.finish()

    def rows(self):
        """All models of ours, and all others with a link to a row that hangs on an inquiry."""
        facts = self.env["care.export.gate"]._care_fact_models()
        return sorted(
            name
            for name, model in self.env.registry.items()
            if not model._abstract
            and not model._transient
            and model._auto
            and (
                name.startswith("care.")
                or any(field.comodel_name in facts for field in model._fields.values())
            )
        )

    def test_display_names_tell_no_person(self):
        """Odoo shows them as superuser to everybody who sees a link."""
        roles = ("employee", "responder", "clerk", "manager", "relative")
        for model in self.secrets:
            for who in roles:
                for target in self.hidden(who, model):
                    record_ = self.env[model].with_user(self.people[who]).browse(target)
                    self.env.invalidate_all()
                    self.counts["tried"] += 1
                    self.look(f"{who} {model}", record_.sudo().display_name or "")
        self.finish()

    def test_name_search_finds_no_secret(self):
        for model in self.secrets:
            for who in self.people:
                if self.hidden(who, model):
                    answer = self.call(who, model, "name_search", [MARK])
                    self.look(f"name_search {who} {model}", self.without_own(who, model, answer))
        self.finish()

    def without_own(self, who, model, answer):
        """An answer, or nothing where all that it names may be read by this person."""
        rows = json.loads(answer)
        if not isinstance(rows, list):
            return answer
        hidden = set(self.hidden(who, model))
        return json.dumps([row for row in rows if row[0] in hidden])

    def test_forms_of_ours_read_with_the_rights_of_the_reader(self):
        """Whatever link is added to a form, its fields are not read as superuser."""
        for name in self.forms():
            if not name.startswith("care."):
                continue
            model = self.env[name]
            with self.subTest(form=name):
                self.assertIn(
                    "care.checked.links",
                    [c._name for c in type(model).mro() if hasattr(c, "_name")],
                )
                for field in model._fields.values():
                    if field.related:
                        self.assertFalse(field.compute_sudo, field.name)

    def test_a_patient_is_a_number_to_those_who_may_not_read_it(self):
        patient = self.env["care.patient"].browse(self.hidden("employee", "care.patient")[0])
        number = patient.hospital_number
        self.assertEqual(patient.with_user(self.people["employee"]).sudo().display_name, number)
        mine = patient.with_user(self.people["coordinator"])
        self.assertIn(MARK, mine.display_name)
        self.assertIn(MARK, mine.sudo().display_name)
        patient.hospital_number = False
        nameless = patient.with_user(self.people["employee"]).sudo().display_name
        self.assertEqual(nameless, f"Patient {patient.id}")

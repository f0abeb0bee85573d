"""An attack on every door through which a client sends values.

For each of our models, and each that we extend, every role tries to reach a record that it may
not read or write: with each command (0-6) in each many2one, one2many and many2many field, by
create, write, import, defaults in the context and onchange. What changes is read from the whole
database: the statistics of the transaction name the tables that an attempt touched, and their
rows are compared with those after its rollback.
"""

import random

import psycopg2

from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.models import LOG_ACCESS_COLUMNS
from odoo.tests import tagged
from odoo.tools import SQL, mute_logger

from ..attack import record, size
from ..common import MODULE, CareCommon

COMMANDS = (
    Command.CREATE,
    Command.UPDATE,
    Command.DELETE,
    Command.UNLINK,
    Command.LINK,
    Command.CLEAR,
    Command.SET,
)
WAYS = ("create", "write", "load", "default", "onchange")
RELATIONAL = ("many2one", "one2many", "many2many")
# Bookkeeping of the server itself, which says nothing that a client chose.
BOOKKEEPING = {"ir_sequence", "bus_bus", "res_users_log", "ir_cron_trigger", "ir_logging"}


@tagged("standard", "post_install", "-at_install")
class TestAttackDoors(CareCommon):
    """No role changes a record through a door that it may not change by itself."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # Attempts are refused at the database, too.
        cls.secret_partner = cls.env["res.partner"].create({"name": "Secret, Sally"})
        cls.other = cls.make_inquiry(
            name="Elsewhere",
            care_nature_id=cls.complaint.id,
            care_patient_id=cls.patient.id,
            partner_id=cls.secret_partner.id,
        )
        cls.own = cls.make_inquiry(name="Ours", team_id=cls.catering.id)
        cls.own.team_id = cls.catering
        cls.env["care.issue"].create(
            {
                "ticket_id": cls.other.id,
                "category_id": cls.env["helpdesk.ticket.category"].search([], limit=1).id,
            }
        )
        cls.env["care.contact"]._care_log(
            [
                {
                    "ticket_id": cls.other.id,
                    "direction": "in",
                    "channel": "call",
                    "person_name": "Sally",
                    "summary": "She asked",
                }
            ]
        )
        cls.env["care.authority"].create(
            {
                "patient_id": cls.patient.id,
                "partner_id": cls.secret_partner.id,
                "basis": "agreed",
                "agreed_how": "written",
            }
        )
        cls.env.flush_all()

    # ------------------------------------------------------------------
    # What there is to attack
    # ------------------------------------------------------------------

    def doors(self):
        """Fields of our models and of those we extend: ``(model name, field)``."""
        for name, model in sorted(self.env.registry.items()):
            if model._abstract or not model._auto:
                continue
            for field in model._fields.values():
                if field.type not in RELATIONAL or field.name in LOG_ACCESS_COLUMNS:
                    continue
                if name.startswith("care.") or name == "helpdesk.ticket":
                    yield name, field
                elif MODULE in field._modules and field.name.startswith("care_"):
                    yield name, field

    def target(self, comodel, person):
        """A record that the person may not read, else one that she may not write."""
        key = comodel, person.id
        if key not in self.targets:
            records = self.env[comodel].with_context(active_test=False).search([], limit=60)
            theirs = records.with_user(person)
            found = records
            for mode in ("read", "write"):
                allowed = set(theirs._filtered_access(mode).ids)
                found = records.filtered(lambda row, ids=allowed: row.id not in ids)
                if found:
                    break
            self.targets[key] = found[:1].id
        return self.targets[key]

    def value(self, field, command, target):
        """The value that attacks ``target`` through ``field``."""
        if field.type == "many2one":
            return target
        comodel = self.env[field.comodel_name]
        words = {
            name: "Attack"
            for name, found in comodel._fields.items()
            if found.type in ("char", "text") and found.store and not found.readonly
        }
        words = dict(list(words.items())[:2]) or {"create_uid": self.env.uid}
        return {
            Command.CREATE: [(0, 0, words)],
            Command.UPDATE: [(1, target, words)],
            Command.DELETE: [(2, target)],
            Command.UNLINK: [(3, target)],
            Command.LINK: [(4, target)],
            Command.CLEAR: [(5,)],
            Command.SET: [(6, 0, [target])],
        }[command]

    def needed(self, model):
        """Values for the required fields of ``model``, as far as its user may choose them."""
        if model._name == "helpdesk.ticket":
            return {
                "name": "Attack",
                "description": "Attack",
                "care_nature_id": self.question.id,
            }
        values = {}
        for name, field in model._fields.items():
            if (
                not field.required
                or not field.store
                or field.name in LOG_ACCESS_COLUMNS
                or field.compute
            ):
                continue
            if field.type == "many2one":
                key = model._name, name, model.env.uid
                if key not in self.choices:
                    readable = self.env[field.comodel_name].search([], limit=20)
                    readable = readable.with_user(model.env.uid)._filtered_access("write")
                    self.choices[key] = readable[:1].id
                values[name] = self.choices[key]
            elif field.type in ("char", "text", "html"):
                values[name] = "Attack"
            elif field.type == "selection" and not field.default:
                values[name] = field.get_values(self.env)[:1][0]
            elif field.type in ("date", "datetime") and not field.default:
                values[name] = "2026-01-05"
        return values

    # ------------------------------------------------------------------
    # One attempt
    # ------------------------------------------------------------------

    def touched(self):
        """Rows inserted, updated and deleted in this transaction so far, by table."""
        self.env.cr.execute(
            "SELECT relname, n_tup_ins, n_tup_upd + n_tup_del FROM pg_stat_xact_user_tables"
        )
        return {name: (added, changed) for name, added, changed in self.env.cr.fetchall()}

    def rows(self, table):
        """All rows of ``table`` as text, by the id or by themselves."""
        self.env.cr.execute(
            SQL("SELECT t::text, to_jsonb(t)->>'id' FROM %s t", SQL.identifier(table))
        )
        return {(key or text): text for text, key in self.env.cr.fetchall()}

    def attempt(self, name, field, person, way, command, target):
        """Try one door; returns ``"refused"`` or what changed that the person may not change."""
        model = self.env[name].with_user(person)
        value = self.value(field, command, target)
        before = self.touched()
        refused, now, linked = False, {}, False
        savepoint = self.env.cr.savepoint(flush=False)
        try:
            made = self.send(model, field, way, value)
            self.env.flush_all()
            self.env.cr.precommit.run()
            self.env.flush_all()
            if name == "helpdesk.ticket" and made and way in ("create", "write", "default", "load"):
                linked = self.reaches(made, field, person, target)
            after = self.touched()
            changed = [
                table
                for table, (_added, count) in after.items()
                if count != before.get(table, (0, 0))[1] and table not in BOOKKEEPING
            ]
            now = {table: self.rows(table) for table in changed}
        except (UserError, ValueError, TypeError, KeyError, AttributeError, psycopg2.Error):
            refused = True
        finally:
            self.env.cr.precommit.clear()
            self.env.transaction.clear()
            savepoint.rollback()
            savepoint.close(rollback=False)
        if refused:
            return "refused"
        wrong = ["a link to what she may not read"] if linked else []
        for table, rows in now.items():
            for key, text in self.rows(table).items():
                if rows.get(key) != text and not self.may_change(table, key, person):
                    wrong.append(f"{table} {key}: {text[:200]} -> {str(rows.get(key))[:200]}")
        return wrong

    def send(self, model, field, way, value):
        """Send the value through one door, as a client does; returns the records it is on."""
        if way == "create":
            return model.create([self.needed(model) | {field.name: value}])
        if way == "default":
            defaulted = model.with_context(**{f"default_{field.name}": value})
            return defaulted.create([self.needed(model)])
        if way == "onchange":
            model.with_context(**{f"default_{field.name}": value}).default_get([field.name])
            model.onchange(self.needed(model) | {field.name: value}, [field.name], {field.name: {}})
            return model
        if way == "load":
            plain = self.needed(model)
            plain = {
                f"{key}/.id" if model._fields[key].type == "many2one" else key: str(known)
                for key, known in plain.items()
            }
            target = value if isinstance(value, int) else self.current
            row = plain | {f"{field.name}/.id": str(target)}
            if field.type == "one2many":
                char = next(
                    (
                        found.name
                        for found in self.env[field.comodel_name]._fields.values()
                        if found.type in ("char", "text") and found.store and not found.readonly
                    ),
                    "id",
                )
                row[f"{field.name}/{char}"] = "Attack"
            result = model.load(list(row), [list(row.values())])
            if not result["ids"]:
                raise UserError(str(result["messages"])[:100])
            return model.browse(result["ids"])
        records = self.env[model._name].search([], limit=20).with_user(model.env.uid)
        mine = records._filtered_access("write")[:1]
        if model._name == "helpdesk.ticket":
            mine = self.own.with_user(model.env.uid)
        if not mine:
            raise UserError("nothing to write on")
        mine.write({field.name: value})
        return mine

    def reaches(self, made, field, person, target):
        """Whether an inquiry now names a record that the person may not read."""
        if not field.store and field.name != "message_partner_ids":
            return False
        named = made.sudo()[field.name]
        goal = self.env[field.comodel_name].browse(target)
        return goal in named.sudo() and not self.readable[field.comodel_name, person.id]

    def may_change(self, table, key, person):
        model = next(
            (
                found
                for found in self.env.registry.values()
                if found._table == table and found._auto
            ),
            None,
        )
        if model is None or not key.isdigit():
            return False
        return self.env[model._name].browse(int(key)).with_user(person).has_access("write")

    # ------------------------------------------------------------------
    # The attack
    # ------------------------------------------------------------------

    def attempts(self):
        """Every attempt there is, those that a role is refused beforehand left out."""
        for name, field in self.doors():
            for role, person in sorted(self.people.items()):
                model = self.env[name].with_user(person)
                creates = model.has_access("create")
                writes = model.has_access("write")
                target = self.target(field.comodel_name, person)
                if not target:
                    continue
                commands = (None,) if field.type == "many2one" else COMMANDS
                for way in WAYS:
                    if (
                        way == "write"
                        and not writes
                        or way in ("create", "load", "default")
                        and not creates
                    ):
                        continue
                    for command in commands if way != "load" else commands[:1]:
                        yield name, field, role, way, command, target

    @mute_logger("odoo.sql_db", "odoo.addons.base.models.ir_rule", "odoo.models")
    @mute_logger("odoo.addons.patient_care_coordination.models.inquiry.helpdesk_ticket_intake")
    def test_no_door_leads_past_the_rights(self):
        self.targets, self.choices, self.readable = {}, {}, {}
        found = list(self.attempts())
        tickets = [row for row in found if row[0] == "helpdesk.ticket"]
        others = [row for row in found if row[0] != "helpdesk.ticket"]
        dice = random.Random(15)
        chosen = dice.sample(tickets, min(size(80, len(tickets)), len(tickets)))
        chosen += dice.sample(others, min(size(60, len(others)), len(others)))
        refused, problems = 0, []
        for name, field, role, way, command, target in chosen:
            person = self.people[role]
            key = field.comodel_name, person.id
            if key not in self.readable:
                goal = self.env[field.comodel_name].browse(target).with_user(person)
                self.readable[key] = goal.has_access("read")
            self.current = target
            result = self.attempt(name, field, person, way, command, target)
            if result == "refused":
                refused += 1
            elif result:
                problems.append(f"{role} {way} {name}.{field.name} {command}: {result}")
        record(tried=len(chosen), refused=refused, changes=len(problems))
        self.assertFalse(problems, f"{len(problems)} of {len(chosen)}\n" + "\n".join(problems[:40]))

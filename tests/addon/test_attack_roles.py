"""Every role on every way does what ``security/access.csv`` declares, and no more."""

import io
import json
import zipfile
from collections import defaultdict
from datetime import timedelta

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.http import Request
from odoo.tests import HttpCase, TransactionCase, new_test_user, tagged

from ..access import MODULE, ROLES, WAYS, declared
from ..attack import record, size

SECRET = "Zq7Xanthippe"
# Names of links to the record that says whose a row is, best first.
OWNERS = (
    "ticket_id inquiry_id letter_id deadline_id request_id count_id round_id checklist_id "
    "template_id policy_id ruleset_id rule_id batch_id improvement_id reroute_id alarm_id "
    "department_id patient_id run_id"
).split()


def people_of(env, company, prefix, roles=ROLES):
    """One user of each of these roles, who belongs to this company alone."""
    return {
        role: env.ref("base.public_user")
        if role == "public"
        else new_test_user(
            env,
            login=f"{prefix}_{role}",
            groups=ROLES[role],
            company_id=company.id,
            company_ids=[Command.set(company.ids)],
        )
        for role in roles
    }


def path_to(env, model, field, seen=()):
    """The path from a model to a field of what its rows belong to, or None."""
    known = env[model]._fields
    if field in known and known[field].store:
        return field
    for name in OWNERS:
        link = known.get(name)
        if link is None or link.type != "many2one" or not link.store or link.comodel_name in seen:
            continue
        rest = path_to(env, link.comodel_name, field, (*seen, model))
        if rest:
            return f"{name}.{rest}"
    return None


def ours(env):
    """Names of the models that are declared, or have to be."""
    return sorted(
        name
        for name, model in env.registry.items()
        if not model._abstract and (model._original_module == MODULE or name == "helpdesk.ticket")
    )


@tagged("standard", "post_install", "-at_install")
class TestRoles(TransactionCase):
    """Through the ORM, on the demo hospital, for one's own company and for another one's staff."""

    test_module = MODULE
    # Buttons of the privacy officer that change something: what her role is for.
    MAY = {
        ("helpdesk.ticket", "action_care_make_plain"),
        ("care.flag.alarm", "action_take"),
        ("care.flag.alarm", "action_take_over"),
        ("care.letter", "action_check"),
    }

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["res.company"]._care_load_demo()
        cls.declared = declared()
        cls.people = people_of(cls.env, cls.env.company, "role")
        cls.second = cls.env["res.company"].create({"name": "Second hospital"})
        cls.others = people_of(cls.env, cls.second, "other")
        ward = cls.env["care.department"].search([("is_ward", "=", True)], limit=1)
        ward.ward_user_ids = [Command.link(cls.people["ward_staff"].id)]
        team = cls.env["helpdesk.ticket"].search([("care_is_inquiry", "=", True)], limit=1).team_id
        team.user_ids = [Command.link(cls.people["responder"].id)]
        cls.officer = cls.people["privacy_officer"]
        cls.inquiry = cls.env["helpdesk.ticket"].search(
            [("care_is_inquiry", "=", True), ("closed", "=", False)], limit=1
        )
        cls.team = cls.env["helpdesk.ticket.team"].create({"name": "Other team"})
        cls.env.flush_all()
        cls.env.invalidate_all()

    def test_each_model_is_declared(self):
        self.assertEqual(sorted(self.declared), ours(self.env))

    def test_the_rights_are_the_declared_ones(self):
        wrong = []
        for model, (_what, cells) in self.declared.items():
            for role, cell in cells.items():
                records = self.env[model].with_user(self.people[role])
                for way, (operation, _word) in WAYS.items():
                    operation = "read" if way == "x" else operation
                    if way == "x" and self.env[model]._transient:
                        continue
                    if records.browse().has_access(operation) != (way in cell.ways):
                        wrong.append(f"{role} {operation} {model}: declared {cell.ways or 'none'}")
        self.assertFalse(wrong)

    def seen(self, model, user):
        """What a user finds of a model, as superuser; empty where the model is closed."""
        try:
            found = self.env[model].with_user(user).search([], limit=size(200, None))
        except AccessError:
            return self.env[model].sudo()
        return found.sudo()

    def outside(self, model, records, scope, user):
        """Those of ``records`` that lie outside a scope."""
        companies = [*user.company_ids.ids, False]
        company = path_to(self.env, model, "company_id")
        team = "team_id" if model == "helpdesk.ticket" else path_to(self.env, model, "ticket_id")
        bad = records.browse()
        if company and scope != "everyone":
            # Asked by name, a colleague of another hospital reads the question put to him.
            if scope not in ("asked", "reported", "offered"):
                bad |= records.filtered(
                    lambda row: (
                        row.mapped(company).ids != []
                        and not set(row.mapped(company).ids) <= set(companies)
                    )
                )
        if scope == "own":
            bad |= records.filtered(lambda row: row.create_uid != user)
        elif scope == "teams" and model in ("care.patient", "care.authority"):
            # A patient is seen through any inquiry of one's team.
            path = "inquiry_ids" if model == "care.patient" else "patient_id.inquiry_ids"
            bad |= records.filtered(lambda row: user not in row.mapped(f"{path}.team_id.user_ids"))
        elif scope == "teams" and team:
            path = "team_id.user_ids" if model == "helpdesk.ticket" else f"{team}.team_id.user_ids"
            bad |= records.filtered(lambda row: user not in row.mapped(path))
        elif scope == "wards":
            ward = path_to(self.env, model, "department_id")
            bad |= records.filtered(
                lambda row: (
                    user not in row.mapped(f"{ward}.ward_user_ids")
                    and user not in row.mapped(f"{ward}.supervisor_id")
                )
            )
        elif scope == "plain":
            bad |= records.filtered("care_is_inquiry")
        elif scope == "mine":
            bad |= records.filtered(
                lambda row: row.care_is_inquiry and row.partner_id != user.partner_id
            )
        return bad

    def test_each_role_sees_its_scope_and_no_more(self):
        leaks, tried, read = [], 0, defaultdict(int)
        for people in (self.people, self.others):
            for model, (_what, cells) in self.declared.items():
                for role, cell in cells.items():
                    tried += 1
                    found = self.seen(model, people[role])
                    read[role] += len(found)
                    if found and "r" not in cell.ways:
                        leaks.append(f"{role} reads {len(found)} of {model}")
                    bad = self.outside(model, found, cell.scope, people[role])
                    if bad:
                        leaks.append(
                            f"{people[role].login} sees {len(bad)} of {model} beyond {cell.scope}"
                        )
        record(tried=tried, leaks=len(leaks))
        self.assertFalse(leaks)
        for role in ("coordinator", "responder", "privacy_officer", "supplies_clerk"):
            self.assertGreater(read[role], 50, role)

    def beside(self, records):
        """Calls that read a record without asking for it by name."""
        names = [
            name
            for name, field in records._fields.items()
            if field.type in ("char", "text", "html") and field.store and not field.groups
        ][:3]
        if not names:
            known = [name for name, field in records._fields.items() if field.store]
            names = [name for name in known if name != "id"][:1]
        domain = [("id", "in", records.ids)]
        yield lambda mine: mine.read(names)
        yield lambda mine: mine.search_read(domain, names)
        yield lambda mine: mine.web_search_read(domain, {name: {} for name in names})["records"]
        yield lambda mine: mine.web_read({name: {} for name in names})
        yield lambda mine: mine.name_search("", domain)
        yield lambda mine: mine.formatted_read_group(domain, ["id"], ["__count"])
        yield lambda mine: mine.export_data(names)["datas"]
        yield lambda mine: mine.copy_data()

    def test_no_way_beside_reads_what_is_not_declared(self):
        leaks, tried, refused = [], 0, 0
        export = self.env.ref("base.group_allow_export")
        for role, user in self.people.items():
            if role not in ("portal", "public"):
                user.group_ids = [Command.link(export.id)]
        for model, (_what, cells) in self.declared.items():
            known = self.env[model].sudo().search([], limit=3)
            if not known or self.env[model]._transient:
                continue
            for role, cell in cells.items():
                hidden = known
                if "r" in cell.ways:
                    mine = self.env[model].with_user(self.people[role])
                    hidden -= mine.search([("id", "in", known.ids)]).sudo()
                if not hidden:
                    continue
                for number, call in enumerate(self.beside(hidden)):
                    tried += 1
                    # A request starts without what another user has read.
                    self.env.invalidate_all()
                    try:
                        with self.env.cr.savepoint(flush=False):
                            rows = call(hidden.with_user(self.people[role]))
                    except (AccessError, UserError):
                        refused += 1
                        continue
                    if rows:
                        leaks.append(f"{role} gets {model} by way {number}: {str(rows)[:80]}")
        record(tried=tried, refused=refused, leaks=len(leaks))
        self.assertFalse(leaks)
        self.assertGreater(refused, 500)

    def test_nobody_changes_what_is_not_declared(self):
        changes, tried, refused = [], 0, 0
        for model, (_what, cells) in self.declared.items():
            known = self.env[model].sudo().search([], limit=1)
            if not known or not self.env[model]._auto:
                continue
            for role, cell in cells.items():
                mine = known.with_user(self.people[role])
                for way, call in (
                    ("w", lambda mine: mine.write({})),
                    ("w", lambda mine: mine.check_access("write")),
                    ("c", lambda mine: mine.create([{}])),
                    ("d", lambda mine: mine.unlink()),
                ):
                    if way in cell.ways:
                        continue
                    tried += 1
                    try:
                        with self.env.cr.savepoint():
                            call(mine)
                            raise AssertionError
                    except (AccessError, UserError):
                        refused += 1
                    except AssertionError:
                        changes.append(f"{role} may {way} {model}")
        record(tried=tried, refused=refused, changes=len(changes))
        self.assertFalse(changes)

    # The privacy officer reads all, takes inquiries out of patient care and takes on words.

    def refused(self, call):
        with self.assertRaises(UserError), self.env.cr.savepoint():
            call(self.inquiry.with_user(self.officer))

    def test_she_changes_no_inquiry(self):
        self.assertTrue(self.inquiry.with_user(self.officer).read(["care_answer"]))
        for values in (
            {"care_answer": "All is well."},
            {"team_id": self.team.id},
            {"user_id": self.officer.id},
            {"name": "Other"},
            {"active": False},
            {"care_patient_id": False},
        ):
            with self.subTest(values=values):
                self.refused(lambda mine, values=values: mine.write(values))
                self.refused(lambda mine, values=values: mine.web_save(values, {}))
        self.refused(
            lambda mine: mine.create(
                [
                    {
                        "name": "x",
                        "description": "y",
                        "care_nature_id": self.env.ref(f"{MODULE}.nature_question").id,
                    }
                ]
            )
        )

    def test_she_posts_and_schedules_nothing(self):
        later = fields.Datetime.now() + timedelta(days=1)
        todo = self.env.ref("mail.mail_activity_data_todo")
        model = self.env["ir.model"]._get("helpdesk.ticket")
        for post in (
            lambda mine: mine.message_post(body="x", message_type="comment"),
            lambda mine: mine.message_post(
                body="x", message_type="comment", subtype_xmlid="mail.mt_comment"
            ),
            lambda mine: mine.env["mail.message"].create(
                {"model": mine._name, "res_id": mine.id, "body": "x"}
            ),
            lambda mine: mine.env["mail.scheduled.message"].create(
                {"model": mine._name, "res_id": mine.id, "body": "x", "scheduled_date": later}
            ),
            lambda mine: mine.env["mail.activity"].create(
                {
                    "res_model_id": model.id,
                    "res_id": mine.id,
                    "activity_type_id": todo.id,
                    "user_id": self.officer.id,
                }
            ),
            lambda mine: mine.env["ir.attachment"].create(
                {"name": "x", "raw": b"x", "res_model": mine._name, "res_id": mine.id}
            ),
        ):
            self.refused(post)
        patient = self.env["care.patient"].search([], limit=1).with_user(self.officer)
        with self.assertRaises(AccessError):
            patient.message_post(body="x", message_type="comment")

    def test_who_has_another_role_too_works_as_that_role(self):
        self.officer.group_ids = [Command.link(self.env.ref(f"{MODULE}.group_coordinator").id)]
        mine = self.inquiry.with_user(self.officer)
        mine.care_answer = "All is well."
        self.assertTrue(mine.message_post(body="x", message_type="comment"))

    def test_she_takes_an_inquiry_out(self):
        self.inquiry.with_user(self.officer).action_care_make_plain()
        self.assertFalse(self.inquiry.care_is_inquiry)

    def fingerprint(self):
        """One number for all rows of patient care, of its messages and activities."""
        self.env.flush_all()
        tables = sorted(
            model._table
            for name, model in self.env.registry.items()
            if model._auto
            and not model._abstract
            and not model._transient
            and (
                model._original_module == MODULE
                or name
                in (
                    "helpdesk.ticket",
                    "mail.message",
                    "mail.activity",
                    "mail.followers",
                    "stock.picking",
                    "stock.move",
                    "maintenance.request",
                    "ir.attachment",
                )
            )
        )
        self.env.cr.execute(
            " UNION ALL ".join(
                f"SELECT '{table}', count(*), sum(hashtext(t::text)::bigint) FROM {table} t"
                for table in tables
            )
        )
        # Where tables are read in parallel, their rows come in any order.
        return sorted(self.env.cr.fetchall())

    def test_no_button_of_hers_changes_anything(self):
        # What the set-up still has to write is no deed of hers.
        self.env.cr.flush()
        before, changes, tried, refused = self.fingerprint(), [], 0, 0
        for name in ours(self.env):
            model = self.env[name]
            if model._transient or not model.with_user(self.officer).browse().has_access("read"):
                continue
            mine = model.with_user(self.officer).search([], limit=1)
            if name == "helpdesk.ticket":
                mine = self.inquiry.with_user(self.officer)
            methods = [
                method
                for method in dir(type(mine))
                if method.startswith(("action_", "care_")) and method not in mine._fields
            ]
            for method in methods:
                if (name, method) in self.MAY:
                    continue
                tried += 1
                savepoint = self.env.cr.savepoint(flush=False)
                try:
                    getattr(mine, method)()
                    after = self.fingerprint()
                    if after != before:
                        tables = [
                            new[0] for old, new in zip(before, after, strict=True) if old != new
                        ]
                        changes.append(f"{name}.{method}: {tables}")
                except (UserError, AssertionError, TypeError, ValueError, KeyError, AttributeError):
                    refused += 1
                finally:
                    self.env.invalidate_all(flush=False)
                    savepoint.rollback()
                    savepoint.close(rollback=True)
        record(tried=tried, refused=refused, changes=len(changes))
        self.assertFalse(changes)
        self.assertGreater(tried, 50)


@tagged("standard", "post_install", "-at_install")
class TestWaysBeside(HttpCase):
    """Over HTTP: nothing of an inquiry gets to a role that does not read it, on any way."""

    test_module = MODULE
    NOBODY = (
        "routing_admin ward_staff supplies_clerk equipment_manager helpdesk_user "
        "helpdesk_manager stock_user employee portal responder"
    ).split()

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        env = cls.env
        cls.people = people_of(env, env.company, "way")
        second = env["res.company"].create({"name": "Second hospital"})
        cls.abroad = people_of(
            env, second, "abroad", "coordinator supervisor responder privacy_officer".split()
        )
        export = env.ref("base.group_allow_export")
        for user in (*cls.people.values(), *cls.abroad.values()):
            if not user.share:
                user.group_ids = [Command.link(export.id)]
        cls.patient = env["care.patient"].create({"name": f"{SECRET}, Ada"})
        cls.inquiry = env["helpdesk.ticket"].create(
            [
                {
                    "name": f"{SECRET} title",
                    "description": f"{SECRET} text",
                    "care_nature_id": env.ref(f"{MODULE}.nature_question").id,
                    "care_patient_id": cls.patient.id,
                    "partner_name": f"{SECRET} caller",
                }
            ]
        )
        cls.message = cls.inquiry.message_post(
            body=f"{SECRET} message",
            attachments=[(f"{SECRET}.txt", b"Zq7Xanthippe file")],
        )
        cls.inquiry.activity_schedule(
            "mail.mail_activity_data_todo", summary=f"{SECRET} call", user_id=env.uid
        )
        cls.later = env["mail.scheduled.message"].create(
            {
                "model": "helpdesk.ticket",
                "res_id": cls.inquiry.id,
                "body": f"{SECRET} later",
                "author_id": env.user.partner_id.id,
                "scheduled_date": fields.Datetime.now() + timedelta(days=3),
            }
        )
        env.flush_all()

    def rpc(self, url, **params):
        return self.url_open(
            url,
            data=json.dumps({"jsonrpc": "2.0", "method": "call", "params": params}),
            headers={"Content-Type": "application/json"},
        ).text

    def kw(self, model, method, *args, **kwargs):
        return self.rpc(
            f"/web/dataset/call_kw/{model}/{method}",
            model=model,
            method=method,
            args=args,
            kwargs=kwargs,
        )

    def ways(self):
        """All that a stranger to this inquiry may ask for over HTTP, as text."""
        ids, patient = self.inquiry.ids, self.patient.ids
        attachment = self.message.attachment_ids
        thread = {"thread_model": "helpdesk.ticket", "thread_id": ids[0]}
        everything = ["messages", "followers", "attachments", "activities", "scheduledMessages"]
        link = {
            "fields": {"name": {}, "description": {}, "care_patient_id": {"fields": {"name": {}}}}
        }
        for model, domain, names in (
            ("helpdesk.ticket", [("id", "in", ids)], ["name", "description"]),
            ("care.patient", [("id", "in", patient)], ["name"]),
            ("mail.message", [("body", "ilike", SECRET)], ["body"]),
            ("mail.activity", [("summary", "ilike", SECRET)], ["summary"]),
            ("mail.scheduled.message", [("body", "ilike", SECRET)], ["body"]),
            ("ir.attachment", [("name", "ilike", SECRET)], ["name", "index_content"]),
            ("mail.followers", [("res_id", "in", ids)], ["display_name"]),
            ("care.decision", [("ticket_id", "in", ids)], ["text"]),
            ("care.contact", [("ticket_id", "in", ids)], ["display_name", "summary"]),
            ("mail.notification", [("mail_message_id.body", "ilike", SECRET)], ["display_name"]),
        ):
            yield (
                f"search_read {model}",
                lambda m=model, d=domain, n=names: self.kw(m, "search_read", d, n),
            )
            yield f"name_search {model}", lambda m=model: self.kw(m, "name_search", SECRET)
            yield (
                f"group {model}",
                lambda m=model, d=domain, n=names: self.kw(
                    m, "formatted_read_group", d, n[:1], ["__count"]
                ),
            )
            yield f"export {model}", lambda m=model, d=domain, n=names: self.export(m, d, n)
        yield "thread messages", lambda: self.rpc("/mail/thread/messages", **thread)
        yield (
            "thread search",
            lambda: self.rpc(
                "/mail/thread/messages", fetch_params={"search_term": SECRET}, **thread
            ),
        )
        yield (
            "thread data",
            lambda: self.rpc(
                "/mail/data",
                fetch_params=[
                    ["mail.thread", {**thread, "request_list": everything}],
                    "init_messaging",
                    "systray_get_activities",
                ],
            ),
        )
        yield "inbox", lambda: self.rpc("/mail/inbox/messages")
        yield "post", lambda: self.rpc("/mail/message/post", post_data={"body": "mine"}, **thread)
        yield (
            "bus",
            lambda: self.rpc(
                "/websocket/peek_notifications",
                channels=[
                    f"mail.record/helpdesk.ticket_{ids[0]}",
                    f"helpdesk.ticket_{ids[0]}",
                    f"res.partner_{self.env.user.partner_id.id}",
                ],
                last=0,
                is_first_poll=True,
            ),
        )
        yield "nested", lambda: self.kw("mail.message", "web_read", self.message.ids, {"body": {}})
        yield "nested links", lambda: self.kw("helpdesk.ticket", "web_read", ids, link["fields"])
        yield (
            "view",
            lambda: self.url_open(f"/mail/view?model=helpdesk.ticket&res_id={ids[0]}").text,
        )
        for path in (
            f"/web/content/{attachment.id}",
            f"/web/image/{attachment.id}",
            f"/web/content/helpdesk.ticket/{ids[0]}/description",
            f"/web/content/helpdesk.ticket/{ids[0]}/name",
            f"/web/image/care.patient/{patient[0]}/name",
            f"/mail/attachment/zip?file_ids={attachment.id}&zip_name=a.zip",
            f"/my/ticket/{ids[0]}",
            f"/report/html/{MODULE}.report_inquiry_file/{ids[0]}",
        ):
            yield path, lambda path=path: self.url_open(path).text

    def export(self, model, domain, names):
        """A CSV and an XLSX export of a browser, and one by a kept list of fields."""
        text = ""
        for kind in ("csv", "xlsx"):
            data = {
                "model": model,
                "fields": [{"name": name, "label": name, "type": "char"} for name in names],
                "ids": False,
                "domain": domain,
                "import_compat": False,
                "groupby": [],
            }
            answer = self.url_open(
                f"/web/export/{kind}",
                data={"data": json.dumps(data), "csrf_token": self.csrf_token()},
            )
            text += answer.content.decode("utf-8", "replace")
            if kind == "xlsx" and answer.content[:2] == b"PK":
                text += self.unpacked(answer.content)
        return text

    def unpacked(self, content):
        with zipfile.ZipFile(io.BytesIO(content)) as file:
            return "".join(file.read(name).decode("utf-8", "replace") for name in file.namelist())

    def csrf_token(self):
        return Request.csrf_token(self)

    def test_a_coordinator_gets_it_on_these_ways(self):
        """The ways work: where they tell nothing to others, it is not for a broken call."""
        login = self.people["coordinator"].login
        self.authenticate(login, login)
        told = {name for name, call in self.ways() if SECRET in call()}
        self.assertLess(
            {
                "search_read helpdesk.ticket",
                "search_read mail.message",
                "search_read mail.scheduled.message",
                "search_read ir.attachment",
                "search_read care.patient",
                "group helpdesk.ticket",
                "export helpdesk.ticket",
                "name_search care.patient",
                "thread messages",
                "thread search",
                "nested",
                "nested links",
                f"/web/content/{self.message.attachment_ids.id}",
            },
            told,
        )

    def test_nobody_else_gets_anything_on_any_way(self):
        leaks, tried = [], 0
        strangers = [self.people[role] for role in self.NOBODY]
        strangers += self.abroad.values()
        messages = len(self.inquiry.message_ids)
        for user in strangers:
            self.authenticate(user.login, user.login)
            for name, call in self.ways():
                tried += 1
                # A request that is answered with what was asked for tells nothing.
                answer = call().replace(f"search={SECRET}", "")
                if SECRET in answer:
                    leaks.append(f"{user.login}: {name}: {answer[:200]}")
        self.inquiry.invalidate_recordset()
        record(tried=tried, leaks=len(leaks))
        self.assertFalse(leaks)
        self.assertEqual(len(self.inquiry.message_ids), messages)

    def test_each_role_over_http_as_declared(self):
        wrong, tried, refused = [], 0, 0
        known = {}
        for model, (_what, cells) in declared().items():
            found = self.env[model].sudo().search([], limit=1)
            if found and not self.env[model]._transient and self.env[model]._auto:
                known[model] = (found.ids, cells)
        for number, (role, user) in enumerate(self.people.items()):
            if role == "public":
                continue
            self.authenticate(user.login, user.login)
            for place, (model, (ids, cells)) in enumerate(sorted(known.items())):
                if size((place + number) % 4, 0):
                    continue
                for way, method, args in (
                    ("r", "search_read", [[], ["display_name"]]),
                    ("r", "web_search_read", [[], {"display_name": {}}]),
                    ("w", "write", [ids, {"create_uid": 1}]),
                    ("w", "web_save", [ids, {"display_name": "x"}, {}]),
                    ("c", "create", [[{}]]),
                    ("d", "unlink", [ids]),
                    ("x", "export_data", [ids, ["create_date"]]),
                ):
                    if way in cells[role].ways:
                        continue
                    tried += 1
                    answer = json.loads(self.kw(model, method, *args))
                    if "error" in answer:
                        refused += 1
                    else:
                        wrong.append(f"{role} {method} {model}: {str(answer)[:100]}")
        record(tried=tried, refused=refused, changes=len(wrong))
        self.assertFalse(wrong)
        self.assertGreater(refused, 300)

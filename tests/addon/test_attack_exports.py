"""Attacks by exports and by reading from outside: each is for those it is for, and kept."""

import json

from odoo import http
from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import new_test_user, tagged

from ..attack import record, size
from ..common import MODULE, RpcCase, make_people
from .test_attack_links import MARK, NEVER_SET, LinkAttack

TEXTS = ("char", "text", "html", "selection", "date", "datetime")
GROUPS = (
    "base.group_system",
    "base.group_partner_manager",
    "base.group_allow_export",
    "helpdesk_mgmt.group_helpdesk_manager",
    "stock.group_stock_manager",
    "maintenance.group_equipment_manager",
)


class TestAttackExports(LinkAttack):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        groups = ",".join(GROUPS)
        cls.knower = new_test_user(
            cls.env, login="care_knower", groups=f"{groups},{MODULE}.group_supervisor"
        )
        cls.reader = new_test_user(
            cls.env, login="care_reader", groups=f"{groups},{MODULE}.group_responder"
        )
        cls.company.care_triage_team_id.user_ids = [Command.link(cls.reader.id)]
        cls.ticket = cls.secrets["helpdesk.ticket"].filtered(
            lambda ticket: ticket.company_id == cls.company
        )
        cls.facts = cls.env["care.export.gate"]._care_fact_models()

    def paths(self):
        """``(model, path to a row of facts)``: each such model, and each link and two to one."""
        for name in self.facts:
            yield name, ()
        for name, model in sorted(self.env.registry.items()):
            if model._auto and not model._abstract and not model._transient:
                if name not in self.facts and self.env["care.export.gate"]._care_refers(model):
                    yield name, ()
        models = [
            model
            for name, model in sorted(self.env.registry.items())
            if model._auto and not model._abstract and not model._transient
        ]
        links = {
            model._name: [
                field
                for field in model._fields.values()
                if field.relational and field.store or field.type == "one2many"
            ]
            for model in models
        }
        near = []
        for model in models:
            for field in links[model._name]:
                if field.comodel_name in self.facts and model._name not in self.facts:
                    near.append((model._name, field.name))
                    yield model._name, (field.name,)
        reach = {name for name, _field in near}
        for model in models:
            for field in links[model._name]:
                if model._name in self.facts or field.comodel_name not in reach:
                    continue
                for name, last in near:
                    if name == field.comodel_name:
                        yield model._name, (field.name, last)

    def rows(self, model, path):
        """A row from which the path leads to something of the secret inquiry, or nothing."""
        if not path and model not in self.facts:
            place, number = self.env["care.export.gate"]._care_refers(self.env[model])
            domain = [(place, "=", self.ticket._name), (number, "=", self.ticket.id)]
            return self.env[model].sudo().search(domain, limit=1)
        comodel = self.env[model]
        for step in path:
            comodel = self.env[comodel._fields[step].comodel_name]
        secret = self.secrets.get(comodel._name)
        if not secret:
            return self.env[model]
        if "company_id" in secret._fields:
            secret = secret.filtered(lambda row: row.company_id == self.company)
        if not path:
            return secret[:1]
        rows = self.env[model].sudo().with_context(active_test=False)
        return rows.search([(".".join(path), "in", secret.ids)], limit=1)

    def texts(self, model, path):
        """Columns with the texts at the end of a path."""
        comodel = self.env[model]
        for step in path:
            comodel = self.env[comodel._fields[step].comodel_name]
        names = [
            name
            for name, field in comodel._fields.items()
            if field.type in TEXTS and field.exportable and name not in NEVER_SET
        ]
        return ["/".join([*path, name]) for name in names]

    def test_every_path_to_an_inquiry_is_kept_and_closed_to_others(self):
        tried = refused = 0
        loose, reached = [], set()
        for model, path in list(self.paths())[: size(400, None)]:
            rows = self.rows(model, path)
            if not rows:
                continue
            for user, may in ((self.knower, True), (self.reader, False)):
                mine = self.env[model].with_user(user).browse(rows.ids)
                for column in self.texts(model, path)[: size(3, None)]:
                    self.env.invalidate_all()
                    tried += 1
                    before = self.disclosures()
                    try:
                        with self.env.cr.savepoint():
                            answer = mine.export_data([column])["datas"]
                    except (AccessError, UserError):
                        refused += 1
                        continue
                    if not any(map(any, answer)):
                        continue
                    reached.add(model)
                    if not may or self.disclosures() == before:
                        loose.append(f"{user.login} {model} {column}: {answer}"[:200])
        record(tried=tried, refused=refused, leaks=len(loose))
        self.assertFalse(loose, "\n".join(loose))
        ways = {"care.contact", "care.promise", "care.deadline", "care.decision", "res.partner"}
        ways |= {"helpdesk.ticket.team", "care.inquiry.report", "mail.message"}
        self.assertLessEqual(ways, reached)

    def disclosures(self):
        return self.env["care.disclosure"].sudo().search_count([("way", "=", "export")])

    def test_a_plain_row_is_exported_as_ever(self):
        plain = self.env["helpdesk.ticket"].create([{"name": "Printer", "description": "Toner"}])
        partner = self.env["res.partner"].create({"name": "Nobody's caller"})
        agent = self.people["agent"]
        agent.group_ids = [Command.link(self.env.ref("base.group_allow_export").id)]
        plain.team_id = self.env["helpdesk.ticket.team"].create({"name": "Computers"})
        before = self.disclosures()
        (plain.with_user(agent)).export_data(["name", "team_id/name", "partner_id/name"])
        partner.with_user(agent).export_data(
            ["name", "helpdesk_ticket_ids/name", "category_id/name"]
        )
        plain.team_id.with_user(agent).export_data(["name", "ticket_ids/name"])
        self.assertEqual(self.disclosures(), before)

    def test_a_shown_number_is_no_export_of_an_inquiry(self):
        """A clerk exports a request of supplies with the number of its inquiry."""
        gate = self.env["care.export.gate"]
        self.assertFalse(gate._care_touches("maintenance.request", ["care_ticket_id"]))
        self.assertFalse(gate._care_touches("maintenance.request", ["care_ticket_id", "id"]))
        self.assertTrue(gate._care_touches("maintenance.request", ["care_ticket_id", "name"]))
        self.assertTrue(gate._care_touches("res.partner", ["helpdesk_ticket_ids"]))


@tagged("standard", "post_install", "-at_install")
class TestAttackExportsOverHttp(RpcCase):
    test_module = MODULE

    def setUp(self):
        super().setUp()
        self.people = make_people(self.env)
        self.relative = self.people["relative"]
        self.inquiry = self.env["helpdesk.ticket"].create(
            [
                {
                    "name": f"{MARK} title",
                    "description": f"{MARK} story",
                    "care_nature_id": self.env.ref(f"{MODULE}.nature_question").id,
                    "partner_id": self.relative.partner_id.id,
                }
            ]
        )
        self.message = self.inquiry.message_post(
            body=f"{MARK} answer", subtype_xmlid="mail.mt_comment", message_type="comment"
        )
        self.env.flush_all()

    def told(self):
        return self.env["care.disclosure"].search(
            [("ticket_id", "=", self.inquiry.id), ("way", "=", "portal")]
        )

    def jsonrpc(self, login, url, params):
        self.authenticate(login, login)
        return self.url_open(
            url,
            data=json.dumps({"jsonrpc": "2.0", "method": "call", "params": params}),
            headers={"Content-Type": "application/json"},
        ).json()

    def test_each_way_of_reading_from_outside_is_kept(self):
        inquiry, tickets = self.inquiry, "helpdesk.ticket"
        mine = [("id", "=", inquiry.id)]
        spec = {"name": {}, "description": {}}
        place = {"thread_model": tickets, "thread_id": inquiry.id}
        ways = {
            "read": lambda: self.call("care_relative", tickets, "read", inquiry.ids, ["name"]),
            "web_read": lambda: self.call("care_relative", tickets, "web_read", inquiry.ids, spec),
            "search_read": lambda: self.call(
                "care_relative", tickets, "search_read", mine, ["description"]
            ),
            "web_search_read": lambda: self.call(
                "care_relative", tickets, "web_search_read", mine, spec
            ),
            "formatted_read_group": lambda: self.call(
                "care_relative", tickets, "formatted_read_group", mine, ["name"], ["__count"]
            ),
            "read_group": lambda: self.call(
                "care_relative", tickets, "read_group", mine, ["name"], ["name"]
            ),
            "chatter": lambda: self.jsonrpc("care_relative", "/mail/chatter_fetch", place),
            "messages": lambda: self.jsonrpc("care_relative", "/mail/thread/messages", place),
            "message read": lambda: self.call(
                "care_relative", "mail.message", "read", self.message.ids, ["body"]
            ),
        }
        leaks = []
        for name, way in ways.items():
            with self.subTest(way=name):
                before = self.told()
                self.env.cr.execute(
                    "UPDATE care_disclosure SET date = date - interval '2 days' WHERE id = ANY(%s)",
                    [before.ids],
                )
                self.env.invalidate_all()
                answer = way()
                self.env.invalidate_all()
                kept = len(self.told() - before)
                if MARK in json.dumps(answer):
                    if kept != 1:
                        leaks.append(f"{name}: {kept}")
                    way()
                    self.env.invalidate_all()
                    self.assertEqual(len(self.told() - before), 1, "once a day")
                else:
                    self.assertIn("error", answer)
        record(tried=len(ways), leaks=len(leaks))
        self.assertFalse(leaks)

    def test_names_alone_and_staff_are_not_kept(self):
        self.call("care_relative", "helpdesk.ticket", "read", self.inquiry.ids, ["number"])
        self.call("care_relative", "helpdesk.ticket", "name_search", "")
        self.call("care_coordinator", "helpdesk.ticket", "read", self.inquiry.ids, ["name"])
        self.call("care_sibling", "helpdesk.ticket", "read", self.inquiry.ids, ["name"])
        self.assertFalse(self.told())

    def pivot(self, login, model):
        self.authenticate(login, login)
        data = {
            "model": model,
            "title": "Inquiries",
            "measure_count": 1,
            "origin_count": 1,
            "col_group_headers": [],
            "measure_headers": [{"title": "Count", "width": 1, "height": 1, "is_bold": False}],
            "origin_headers": [],
            "rows": [{"title": "Total", "indent": 0, "values": [{"value": 3}]}],
        }
        return self.url_open(
            "/web/pivot/export_xlsx",
            data={"data": json.dumps(data), "csrf_token": http.Request.csrf_token(self)},
        )

    def test_the_download_of_a_pivot_is_kept(self):
        exports = [("way", "=", "export"), ("what", "like", "Pivot table Inquiries: Count")]
        disclosures = self.env["care.disclosure"]
        before = disclosures.search_count(exports)
        answer = self.pivot("care_coordinator", "care.inquiry.report")
        self.assertIn("spreadsheet", answer.headers["Content-Type"])
        self.assertEqual(disclosures.search_count(exports), before + 1)
        self.assertIn("spreadsheet", self.pivot("care_agent", "res.users").headers["Content-Type"])
        self.assertNotIn(
            "spreadsheet",
            self.pivot("care_responder", "care.inquiry.report").headers["Content-Type"],
        )
        self.assertEqual(disclosures.search_count(exports), before + 1)

    def test_a_file_of_a_team_with_its_inquiries_is_kept(self):
        team = self.inquiry.team_id
        export = Command.link(self.env.ref("base.group_allow_export").id)
        (self.people["coordinator"] | self.people["responder"]).write({"group_ids": [export]})
        team.user_ids = [Command.link(self.people["responder"].id)]
        self.env.flush_all()
        data = {
            "model": team._name,
            "fields": [{"name": "ticket_ids/name", "label": "Name", "type": "char"}],
            "ids": team.ids,
            "domain": [],
            "import_compat": False,
        }
        for kind in ("csv", "xlsx"):
            with self.subTest(kind=kind):
                self.authenticate("care_coordinator", "care_coordinator")
                before = self.inquiry.care_disclosure_ids
                form = {"data": json.dumps(data), "csrf_token": http.Request.csrf_token(self)}
                answer = self.url_open(f"/web/export/{kind}", data=form)
                self.assertEqual(answer.status_code, 200)
                self.env.invalidate_all()
                row = self.inquiry.care_disclosure_ids - before
                self.assertEqual((row.way, row.what), ("export", "ticket_ids/name"))

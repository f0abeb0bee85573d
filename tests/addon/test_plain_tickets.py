"""The hospital's other helpdesks: who has no role of ours works as without the addon."""

import json

from lxml import etree

from odoo.exceptions import UserError
from odoo.fields import Command, Domain
from odoo.http import Request
from odoo.tests import new_test_user, tagged

from ..common import MODULE, CareCommon, RpcCase

ROLES = {
    "own": "helpdesk_mgmt.group_helpdesk_user_own",
    "team": "helpdesk_mgmt.group_helpdesk_user_team",
    "user": "helpdesk_mgmt.group_helpdesk_user",
    "manager": "helpdesk_mgmt.group_helpdesk_manager",
    "administrator": "base.group_system,base.group_erp_manager,"
    "helpdesk_mgmt.group_helpdesk_manager",
    "responder": f"{MODULE}.group_responder",
    "coordinator": f"{MODULE}.group_coordinator",
}


@tagged("standard", "post_install", "-at_install")
class TestPlainTickets(RpcCase):
    """As the web client does it: with the fields of the form, over RPC."""

    test_module = MODULE

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.people = {
            name: new_test_user(
                cls.env, login=f"plain_{name}", groups=f"{groups},base.group_allow_export"
            )
            for name, groups in ROLES.items()
        }
        cls.team = cls.env["helpdesk.ticket.team"].create(
            {
                "name": "IT",
                "user_ids": [Command.set([user.id for user in cls.people.values()])],
            }
        )
        # The form makes a ticket for its user, so that who sees only the own ones sees it.
        cls.env.company.helpdesk_mgmt_ticket_auto_assign = True

    def ask(self, login, method, *args, model="helpdesk.ticket", **kwargs):
        answer = self.call(login, model, method, *args, **kwargs)
        self.assertNotIn("error", answer, answer.get("error", {}).get("data", {}).get("message"))
        return answer["result"]

    def form(self, login):
        """The fields of the form of a ticket, as the web client asks for them."""
        views = self.ask(login, "get_views", [[False, "form"], [False, "list"], [False, "search"]])
        arch = etree.fromstring(views["views"]["form"]["arch"])
        nested = set(arch.xpath("//field//field"))
        return {node.get("name"): {} for node in arch.xpath("//field") if node not in nested}

    def new(self, login, spec, **values):
        """Values of a new ticket: those of the form's onchange, and what is typed."""
        asked = self.ask(login, "onchange", [], {}, [], spec)
        shown = asked["value"] | {"team_id": self.team.id}
        asked = self.ask(login, "onchange", [], shown, ["team_id"], spec)
        shown |= asked["value"]
        fields = self.ask(login, "fields_get", list(spec), ["type", "readonly"])
        kept = {}
        for name, value in shown.items():
            kind = fields.get(name, {})
            if (
                name == "id"
                or kind.get("readonly")
                or kind.get("type") in ("one2many", "properties")
            ):
                continue
            if kind.get("type") == "many2many":
                continue
            kept[name] = value["id"] if isinstance(value, dict) and "id" in value else value
        return kept | values

    def test_every_helpdesk_role(self):
        for name in ROLES:
            login = f"plain_{name}"
            with self.subTest(role=name):
                spec = self.form(login)
                values = self.new(login, spec, name="Printer", description="<p>Toner</p>")
                rows = self.ask(login, "web_save", [], values, specification=spec)
                ticket_id = rows[0]["id"]
                self.assertFalse(self.env["helpdesk.ticket"].browse(ticket_id).care_is_inquiry)
                opened = self.ask(login, "web_read", [ticket_id], specification=spec)
                self.assertEqual(opened[0]["name"], "Printer")
                self.ask(login, "web_save", [ticket_id], {"name": "Scanner"}, specification=spec)
                copied = self.ask(login, "copy", [ticket_id])
                copied = copied[0] if isinstance(copied, list) else copied
                copy = self.env["helpdesk.ticket"].browse(copied)
                self.assertEqual((copy.name, copy.care_is_inquiry), ("Scanner", False))
                loaded = self.ask(
                    login,
                    "load",
                    ["name", "description", "team_id/.id", "user_id/.id"],
                    [
                        [f"Imported {name}", "Toner", str(self.team.id)]
                        + [str(self.people[name].id)]
                    ],
                )
                self.assertFalse(loaded["messages"])
                self.assertEqual(len(loaded["ids"]), 1)
                row = self.ask(login, "export_data", [ticket_id], ["number", "name"])
                self.assertEqual(row["datas"][0][1], "Scanner")
                if name in ("manager", "administrator"):
                    self.ask(login, "unlink", [ticket_id])

    def test_a_file_of_tickets(self):
        """The page of the export, which our gate of exports looks at too."""
        login = "plain_administrator"
        spec = self.form(login)
        values = self.new(login, spec, name="Cable", description="<p>Loose</p>")
        ticket_id = self.ask(login, "web_save", [], values, specification=spec)[0]["id"]
        data = {
            "model": "helpdesk.ticket",
            "fields": [{"name": "name", "label": "Title"}],
            "ids": [ticket_id],
            "domain": [],
            "import_compat": False,
        }
        self.authenticate(login, login)
        answer = self.url_open(
            "/web/export/csv",
            data={"data": json.dumps(data), "csrf_token": Request.csrf_token(self)},
        )
        self.assertEqual(answer.status_code, 200)
        self.assertIn("Cable", answer.text)


class TestOthersRecords(CareCommon):
    """Fields that we add to models of others hold back nobody who may not see them."""

    def added(self):
        """``(model, field)`` of each field that we add to a model of others."""
        for model in self.env.values():
            if model._original_module != MODULE and not model._abstract:
                for field in model._fields.values():
                    if field.name.startswith("care_"):
                        yield model, field

    def test_restricted_fields_are_neither_copied_nor_computed_at_creation(self):
        wrong = [
            str(field)
            for _model, field in self.added()
            if field.groups and (field.precompute or (field.copy and field.store))
        ]
        self.assertFalse(wrong)
        self.assertGreater(len(list(self.added())), 200)

    def test_restricted_fields_are_not_required(self):
        self.assertFalse(
            [str(field) for _model, field in self.added() if field.groups and field.required]
        )

    def test_no_label_twice(self):
        """Two fields of one name on a form or in a filter cannot be told apart."""
        # Of addons that many hospitals have and this database has not (project_hr_skills).
        elsewhere = {("res.users", "Skills"), ("hr.employee", "Skills")}
        wrong = [
            str(field) for model, field in self.added() if (model._name, field.string) in elsewhere
        ]
        for model, field in self.added():
            others = [
                other.name
                for other in model._fields.values()
                if other.string == field.string and other is not field
            ]
            if others:
                wrong.append(f"{field} and {others}")
        self.assertFalse(wrong)

    def test_an_employee_copies_messages_and_activities(self):
        employee = self.people["employee"]
        fault = self.env["maintenance.request"].with_user(employee).create({"name": "Lamp"})
        message = fault.message_post(body="Called")
        copy = message.copy({"body": "Copied"})
        self.assertEqual(copy.res_id, fault.id)
        activity = fault.activity_schedule("mail.mail_activity_data_todo", user_id=employee.id)
        self.assertTrue(activity.copy())

    def test_a_duplicate_of_an_inquiry_keeps_whom_it_is_about(self):
        ticket = self.make_inquiry(care_patient_id=self.patient.id, care_answer="At ten")
        copy = ticket.with_user(self.people["coordinator"]).copy()
        self.assertTrue(copy.care_is_inquiry)
        self.assertEqual(copy.care_patient_id, self.patient)
        self.assertFalse(copy.care_answer, "the second is not answered yet")
        ticket.team_id = self.catering
        self.assertTrue(ticket.with_user(self.people["responder"]).copy().sudo().care_is_inquiry)

    def test_no_list_of_ours_hangs_on_fields_of_others(self):
        """A list domain is a dependency: each new user would search our rules, and flush first."""
        wrong = [
            str(field)
            for model in self.env.values()
            for field in model._fields.values()
            if (model._original_module == MODULE or field.name.startswith("care_"))
            and field.type in ("one2many", "many2many")
            and not field.compute
            and isinstance(field.domain, (list, Domain))
            and list(field.domain)
            and self.env[field.comodel_name]._original_module != MODULE
        ]
        self.assertFalse(wrong, "write the domain as a string")

    def test_a_company_and_its_user_in_one_step(self):
        """Before the user is complete, nothing of ours may ask the database for users."""
        company = self.env["res.company"].create({"name": "Second hospital"})
        user = self.env["res.users"].create(
            {
                "name": "Clerk",
                "login": "clerk@second.example",
                "notification_type": "inbox",
                "company_id": company.id,
                "company_ids": [Command.set(company.ids)],
                "group_ids": [Command.link(self.env.ref("base.group_user").id)],
            }
        )
        self.env.flush_all()
        self.assertEqual(user.notification_type, "inbox")

    def test_privacy_lookup_by_an_administrator_without_a_role(self):
        administrator = new_test_user(
            self.env,
            "plain_system",
            groups="base.group_system,base.group_partner_manager",
        )
        partner = self.env["res.partner"].create({"name": "Ada Obi", "email": "ada@home.example"})
        named = self.make_inquiry(partner_id=partner.id)
        hidden = self.make_inquiry(partner_id=partner.id, care_identity="confidential")
        self.env["care.patient"].create({"name": "Obi, Ada", "partner_id": partner.id})

        def found(user):
            wizard = self.env["privacy.lookup.wizard"].with_user(user)
            wizard = wizard.create({"name": "Ada Obi", "email": "ada@home.example"})
            wizard.action_lookup()
            return {(line.res_model, line.res_id) for line in wizard.line_ids}, wizard

        rows, wizard = found(administrator)
        self.assertIn(("res.partner", partner.id), rows)
        self.assertFalse(
            {model for model, _id in rows if model.startswith("care.")},
            "an administrator learns that somebody is a patient",
        )
        self.assertNotIn(("helpdesk.ticket", named.id), rows)
        self.assertNotIn(("helpdesk.ticket", hidden.id), rows)
        self.assertIn("privacy officer", wizard.care_note)

        officer = self.people["privacy_officer"]
        officer.group_ids = [Command.link(self.env.ref("base.group_system").id)]
        rows, wizard = found(officer)
        self.assertIn(("helpdesk.ticket", named.id), rows)
        self.assertIn(("helpdesk.ticket", hidden.id), rows)
        self.assertIn("care.patient", {model for model, _id in rows})
        self.assertFalse(wizard.care_note)

    def test_whoever_deletes_a_caller_is_told_why_not(self):
        partner = self.env["res.partner"].create({"name": "Ada Obi"})
        self.make_inquiry(partner_id=partner.id)
        other = self.env["res.partner"].create({"name": "Plumber"})
        for action in (partner.unlink, (partner | other).unlink):
            with self.assertRaisesRegex(UserError, "archive it.*privacy officer"):
                action()
        other.unlink()
        self.assertTrue(partner.exists())

    def test_messages_of_others_cost_no_query_of_ours(self):
        """What we look at in each message, mail and unlink, where none is of an inquiry."""
        partners = self.env["res.partner"].create([{"name": f"P{n}"} for n in range(10)])
        messages = self.env["mail.message"].create(
            [{"model": "res.partner", "res_id": partner.id, "body": "x"} for partner in partners]
        )
        mails = self.env["mail.mail"].create(
            [{"mail_message_id": message.id, "body_html": "x"} for message in messages]
        )
        self.env.flush_all()

        def look(at):
            self.assertFalse(at.filtered("care_kept"))
            at.with_user(self.people["employee"])._care_check_own()
            values = [{"mail_message_id": message.id} for message in at]
            self.assertEqual(self.env["mail.mail"]._care_screen(values), values)
            self.assertFalse(
                mails.filtered(lambda mail: mail.mail_message_id in at).filtered("care_apart")
            )

        look(messages[0])  # who the user is, and the like, is asked for once
        with self.assertQueryCount(0):
            look(messages[1:])

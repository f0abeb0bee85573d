from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import tagged
from odoo.tools import mute_logger

from ..common import CareCommon, RpcCase, make_people


class TestDoors(CareCommon):
    """The attacks that were seen, and what must go on working."""

    def setUp(self):
        super().setUp()
        self.victim = self.env.ref("base.partner_admin")
        self.victim.email = "admin@hospital.example"
        self.other = self.make_inquiry(care_nature_id=self.complaint.id)
        self.values = {
            "name": "q",
            "description": "x",
            "care_nature_id": self.question.id,
        }

    def create(self, role, context=None, **values):
        tickets = self.env["helpdesk.ticket"].with_user(self.people[role])
        return tickets.with_context(**(context or {})).create([self.values | values])

    def commands(self):
        deadline = self.other.care_deadline_ids[:1]
        return {
            "message_partner_ids": [[1, self.victim.id, {"email": "attacker@evil.example"}]],
            "duplicate_ids": [[1, self.other.id, {"name": "Mine"}]],
            "care_deadline_ids": [[1, deadline.id, {"due": "2030-01-01"}]],
            "message_ids": [[0, 0, {"author_id": self.victim.id, "body": "I, the boss"}]],
            "care_category_ids": [
                [1, self.env["helpdesk.ticket.category"].search([], limit=1).id, {"name": "Mine"}]
            ],
            "tag_ids": [[0, 0, {"name": "Mine"}]],
            "activity_ids": [[4, self.other.activity_ids[:1].id or 1]],
            "message_follower_ids": [[0, 0, {"partner_id": self.victim.id}]],
        }

    def test_commands_never_run_as_superuser(self):
        for role in ("agent", "responder"):
            for name, value in self.commands().items():
                for context, values in (({}, {name: value}), ({f"default_{name}": value}, {})):
                    with self.subTest(role=role, name=name, context=bool(context)):
                        # What is in a form's defaults and not the user's to write is left out.
                        try:
                            with self.env.cr.savepoint():
                                self.create(role, context, **values)
                        except (AccessError, UserError):
                            continue
                        self.assertTrue(context)
        self.env.invalidate_all()
        self.assertEqual(self.victim.email, "admin@hospital.example")
        self.assertEqual(self.other.name, "Visiting hours")
        self.assertFalse(self.env["helpdesk.ticket.tag"].search([("name", "=", "Mine")]))
        self.assertFalse(self.env["helpdesk.ticket.category"].search([("name", "=", "Mine")]))

    def test_saved_defaults_are_the_user_s_too(self):
        person = self.people["agent"]
        self.env["ir.default"].create(
            {
                "field_id": self.env["ir.model.fields"]
                ._get("helpdesk.ticket", "message_partner_ids")
                .id,
                "user_id": person.id,
                "json_value": f'[[1, {self.victim.id}, {{"email": "attacker@evil.example"}}]]',
            }
        )
        # Odoo tries the value out when it is saved: here as the superuser.
        self.victim.email = "admin@hospital.example"
        with self.assertRaises(AccessError):
            self.create("agent")
        self.assertEqual(self.victim.email, "admin@hospital.example")

    def test_an_inquiry_goes_where_its_creator_does_not_read(self):
        ticket = self.create("responder")
        self.assertEqual(ticket.sudo().team_id, self.triage)
        self.assertTrue(ticket.sudo().care_is_inquiry)

    def test_lines_of_a_new_inquiry_are_the_user_s_own(self):
        category = self.env["helpdesk.ticket.category"].search([], limit=1)
        lines = [Command.create({"category_id": category.id})]
        with self.assertRaisesRegex(UserError, "goes to another team"):
            self.create("responder", care_issue_ids=lines)
        words = [{"field": "text", "keywords": "x"}]
        self.live_rules({"name": "All", "team_id": self.catering.id, "lines": words})
        ticket = self.create("responder", team_id=self.catering.id, care_issue_ids=lines)
        self.assertEqual(ticket.care_issue_ids.create_uid, self.people["responder"])

    def test_a_patient_is_named_by_who_may_read_it(self):
        with self.assertRaisesRegex(AccessError, "ask a coordinator to name the patient"):
            self.create("responder", team_id=self.catering.id, care_patient_id=self.patient.id)
        context = {"default_care_patient_id": self.patient.id}
        with self.assertRaises(AccessError):
            self.create("responder", context, team_id=self.catering.id)
        known = self.make_inquiry(care_patient_id=self.patient.id)
        known.team_id = self.catering
        ticket = self.create("responder", team_id=self.catering.id, care_patient_id=self.patient.id)
        self.assertEqual(ticket.sudo().care_patient_id, self.patient)

    def test_an_inquiry_that_one_may_not_read_is_not_named(self):
        ours = self.make_inquiry()
        ours.team_id = self.catering
        with self.assertRaises(AccessError):
            ours.with_user(self.people["responder"]).duplicate_id = self.other
        with self.assertRaises(AccessError):
            self.create("responder", duplicate_id=self.other.id)

    def test_import_is_a_door_like_the_others(self):
        tickets = self.env["helpdesk.ticket"].with_user(self.people["responder"])
        result = tickets.load(
            ["name", "description", "care_nature_id/.id", "care_patient_id/.id"],
            [["q", "x", str(self.question.id), str(self.patient.id)]],
        )
        self.assertFalse(result["ids"])

    def test_companies_are_not_mixed(self):
        company = self.env["res.company"].create({"name": "Second hospital"})
        coordinator = self.people["coordinator"]
        patient = self.env["care.patient"].create(
            {"name": "Other, Otto", "hospital_number": "H2", "company_id": company.id}
        )
        ward = self.env["care.department"].create({"name": "W", "company_id": company.id})
        team = self.env["helpdesk.ticket.team"].create({"name": "T2", "company_id": company.id})
        ours = self.make_inquiry()
        links = {
            "care_patient_id": patient.id,
            "care_department_id": ward.id,
            "team_id": team.id,
        }
        for both in (False, True):
            if both:
                coordinator.company_ids += company
            context = {"allowed_company_ids": coordinator.company_ids.ids}
            for name, value in links.items():
                with self.subTest(both=both, name=name):
                    with self.assertRaises(UserError), self.env.cr.savepoint():
                        ours.with_user(coordinator).with_context(**context).write({name: value})
                    if name == "team_id" and both:
                        # The base takes on the company of the team.
                        continue
                    with self.assertRaises(UserError), self.env.cr.savepoint():
                        self.create(
                            "coordinator", context, company_id=self.company.id, **{name: value}
                        )

    def test_plain_tickets_of_a_batch_keep_the_rights_of_their_creator(self):
        tickets = (
            self.env["helpdesk.ticket"]
            .with_user(self.people["agent"])
            .create([{"name": "Toner", "description": "x"}, self.values])
        )
        self.assertEqual(tickets.sudo().mapped("care_is_inquiry"), [False, True])
        self.assertEqual(tickets.sudo().mapped("name"), ["Toner", "q"])


class TestMailDoor(CareCommon):
    """Odoo creates as the superuser what a mail brings: with it nothing of a client comes in."""

    def setUp(self):
        super().setUp()
        self.victim = self.env.ref("base.partner_admin")
        self.victim.email = "admin@hospital.example"
        self.other = self.make_inquiry(care_nature_id=self.complaint.id)
        self.plain = self.env["helpdesk.ticket.team"].create({"name": "Computers"})
        self.number = 0

    def mail(self):
        self.number += 1
        return (
            "From: care_agent@hospital.example\nTo: nobody@hospital.example\nSubject: Mouse\n"
            f"Message-Id: <door-{self.number}@hospital.example>\n\nIt does not move."
        )

    def attacks(self):
        """Values that come with a mail: (model, values)."""
        changed = {"name": "Mine"}
        return [
            (
                "helpdesk.ticket",
                {"team_id": self.plain.id, "duplicate_ids": [[1, self.other.id, changed]]},
            ),
            (
                "helpdesk.ticket",
                {"message_partner_ids": [[1, self.victim.id, {"email": "a@evil.example"}]]},
            ),
            ("helpdesk.ticket", {"message_partner_ids": ((1, self.victim.id, changed),)}),
            ("helpdesk.ticket.team", {"name": "x", "ticket_ids": [[1, self.other.id, changed]]}),
            ("res.partner", {"name": "x", "child_ids": [[1, self.victim.id, changed]]}),
        ]

    def seen(self):
        self.env.flush_all()
        self.env.invalidate_all()
        return self.other.name, self.other.team_id, self.victim.name, self.victim.email

    @mute_logger("odoo.addons.mail.models.mail_thread")
    def test_values_beside_a_mail_change_nothing(self):
        before = self.seen()
        for role in ("employee", "agent", "manager", "responder", "coordinator", "relative"):
            gate = self.env["mail.thread"].with_user(self.people[role])
            for model, values in self.attacks():
                with self.subTest(role=role, model=model), self.assertRaises(AccessError):
                    gate.message_process(model, self.mail(), values)
        self.assertEqual(self.seen(), before)

    def test_who_hands_in_a_mail_names_no_patient(self):
        responder = self.people["responder"]
        self.plain.user_ids = responder
        gate = self.env["mail.thread"].with_user(responder)
        with self.assertRaises(AccessError):
            gate.message_process(
                "helpdesk.ticket",
                self.mail(),
                {"team_id": self.plain.id, "care_patient_id": self.patient.id},
            )

    def test_defaults_beside_a_mail_stay_outside(self):
        before = self.seen()
        for model, values in self.attacks()[:4]:
            context = {f"default_{name}": value for name, value in values.items()}
            gate = self.env["mail.thread"].with_user(self.people["agent"]).with_context(**context)
            with self.subTest(model=model):
                plain = {"team_id": self.plain.id} if model == "helpdesk.ticket" else {"name": "x"}
                self.assertTrue(gate.message_process(model, self.mail(), plain))
        self.assertEqual(self.seen(), before)

    def test_an_alias_changes_no_record(self):
        before = self.seen()
        team = self.plain.with_user(self.people["manager"])
        for values in (
            {"team_id": team.id, "duplicate_ids": [[1, self.other.id, {"name": "Mine"}]]},
            {"team_id": team.id, "tag_ids": [(0, 0, {"name": "Mine"})]},
            {"team_id": team.id, "duplicate_ids": [(2, self.other.id)]},
            {"team_id": team.id, "care_patient_id": self.patient.id},
        ):
            with self.subTest(values=values), self.assertRaises(AccessError):
                team.write({"alias_name": "computers", "alias_defaults": str(values)})
        team.write({"alias_name": "computers", "alias_defaults": str({"team_id": team.id})})
        self.assertEqual(self.seen(), before)

    def test_nobody_invents_what_changed(self):
        # What the set-up changed is noted first.
        self.env.cr.flush()
        field = self.env["ir.model.fields"]._get("helpdesk.ticket", "stage_id")
        change = [0, 0, {"field_id": field.id, "old_value_char": "New", "new_value_char": "Done"}]
        for role in ("coordinator", "supervisor"):
            mine = self.other.with_user(self.people[role])
            values = {"model": "helpdesk.ticket", "res_id": self.other.id, "body": "x"}
            messages = mine.env["mail.message"]
            ways = (
                lambda own=messages, row=values: own.create(
                    [row | {"tracking_value_ids": [change]}]
                ),
                lambda own=messages, row=values: own.with_context(
                    default_tracking_value_ids=[change]
                ).create([row]),
                lambda own=mine: own.message_post(body="x", tracking_value_ids=[change]),
                lambda own=mine: own.with_context(default_tracking_value_ids=[change]).message_post(
                    body="x"
                ),
            )
            for number, way in enumerate(ways):
                with self.subTest(role=role, way=number):
                    before = self.env["mail.tracking.value"].search_count([])
                    try:
                        with self.env.cr.savepoint():
                            way()
                            self.env.flush_all()
                    except (AccessError, ValueError):
                        pass
                    self.assertEqual(self.env["mail.tracking.value"].search_count([]), before)

    def test_a_change_is_noted_all_the_same(self):
        team = self.env["helpdesk.ticket.team"].create({"name": "Another"})
        self.env.cr.flush()
        domain = [("mail_message_id.res_id", "=", self.other.id)]
        before = self.env["mail.tracking.value"].search(domain)
        self.other.with_user(self.people["supervisor"]).team_id = team
        self.env.cr.flush()
        self.assertTrue(self.env["mail.tracking.value"].search(domain) - before)

    @mute_logger("odoo.addons.patient_care_coordination.models.inquiry.helpdesk_ticket_mail")
    def test_an_alias_from_before_changes_no_record_either(self):
        before = self.seen()
        tag = self.env["helpdesk.ticket.tag"].create({"name": "Mouse"})
        values = {
            "team_id": self.plain.id,
            "tag_ids": [(4, tag.id)],
            "duplicate_ids": [[1, self.other.id, {"name": "Mine"}]],
            "message_partner_ids": [[1, self.victim.id, {"email": "a@evil.example"}]],
        }
        # It may have been there before the addon; the gateway hands on what an alias says.
        for team in (self.plain, self.triage):
            made = self.env["mail.thread"].message_process(
                "helpdesk.ticket", self.mail(), values | {"team_id": team.id}
            )
            with self.subTest(team=team.name):
                self.assertEqual(self.env["helpdesk.ticket"].browse(made).tag_ids, tag)
        self.assertEqual(self.seen(), before)


@tagged("standard", "post_install", "-at_install")
class TestDoorsOverRpc(RpcCase):
    """The takeover that was seen, as it was sent."""

    @mute_logger("odoo.http")
    def test_nobody_takes_over_the_administrator(self):
        people = make_people(self.env)
        admin = self.env.ref("base.partner_admin")
        before = admin.email
        team = self.env.company.care_triage_team_id
        attack = [[1, admin.id, {"email": "attacker@evil.example"}]]
        values = {"name": "q", "description": "x", "team_id": team.id}
        for role in ("agent", "responder", "employee", "relative"):
            login = people[role].login
            for method, args, context in (
                ("create", [values | {"message_partner_ids": attack}], {}),
                ("web_save", [[], values | {"message_partner_ids": attack}, {}], {}),
                ("create", [values], {"default_message_partner_ids": attack}),
            ):
                kwargs = {"context": context}
                if method == "web_save":
                    kwargs["specification"] = args.pop()
                with self.subTest(role=role, method=method):
                    answer = self.call(login, "helpdesk.ticket", method, *args, **kwargs)
                    self.assertIn("AccessError", str(answer.get("error")))
        self.env.invalidate_all()
        self.assertEqual(admin.email, before)

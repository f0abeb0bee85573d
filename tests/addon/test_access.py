"""Who may read, write and find inquiries: every role, through the ORM and through HTTP."""

import json
from datetime import datetime, timedelta

from odoo.exceptions import AccessError
from odoo.fields import Command
from odoo.tests import HttpCase, tagged

from ..common import MODULE, CareCommon, make_people


class TestAccess(CareCommon):
    def setUp(self):
        super().setUp()
        self.relative = self.people["relative"].partner_id
        self.inquiry = self.make_inquiry(partner_id=self.relative.id, name="Secret title")
        self.kitchen = self.make_inquiry()
        self.kitchen.team_id = self.catering
        self.plain = self.env["helpdesk.ticket"].create(
            [{"name": "Printer", "description": "Toner"}]
        )

    def _visible(self, login):
        tickets = self.env["helpdesk.ticket"].with_user(self.people[login])
        ids = (self.inquiry | self.kitchen | self.plain).ids
        return tickets.search([("id", "in", ids)])

    def test_scope_of_each_role(self):
        both = self.inquiry | self.kitchen
        expected = {
            "coordinator": both | self.plain,
            "supervisor": both | self.plain,
            "responder": self.kitchen,
            "privacy_officer": both,
            "routing_admin": self.env["helpdesk.ticket"],
            "clerk": self.env["helpdesk.ticket"],
            "manager": self.plain,
            "agent": self.plain,
            "employee": self.env["helpdesk.ticket"],
            "relative": self.inquiry,
            "sibling": self.env["helpdesk.ticket"],
        }
        for login, tickets in expected.items():
            with self.subTest(role=login):
                self.assertEqual(self._visible(login), tickets)

    def test_reading_by_id_is_refused(self):
        for login in ("manager", "agent", "clerk", "routing_admin", "employee", "sibling"):
            with self.subTest(role=login), self.assertRaises(AccessError):
                self.inquiry.with_user(self.people[login]).read(["name"])

    def test_follower_gains_nothing(self):
        agent = self.people["agent"]
        self.inquiry.message_subscribe(agent.partner_id.ids)
        self.assertNotIn(agent.partner_id, self.inquiry.message_partner_ids)
        with self.assertRaises(AccessError):
            self.inquiry.with_user(agent).read(["name"])

    def test_one_commercial_partner_is_no_family(self):
        family = self.env["res.partner"].create({"name": "Insurer", "is_company": True})
        (self.relative | self.people["sibling"].partner_id).write({"parent_id": family.id})
        self.assertEqual(self._visible("relative"), self.inquiry)
        self.assertFalse(self._visible("sibling"))

    def test_portal_reads_no_staff_field(self):
        mine = self.inquiry.with_user(self.people["relative"])
        self.assertEqual(mine.name, "Secret title")
        for field in ("care_emotional_state", "care_patient_id", "care_answer"):
            with self.subTest(field=field), self.assertRaises(AccessError):
                mine.read([field])

    def test_display_name_tells_the_number_alone(self):
        self.assertEqual(self.inquiry.display_name, self.inquiry.number)
        self.inquiry.activity_schedule("mail.mail_activity_data_todo", summary="Call")
        self.assertEqual(self.inquiry.activity_ids.res_name, self.inquiry.number)

    def test_patients_are_for_patient_care(self):
        self.kitchen.care_patient_id = self.patient
        for login in ("coordinator", "responder", "privacy_officer"):
            self.assertEqual(self.patient.with_user(self.people[login]).name, self.patient.name)
        for login in ("manager", "clerk", "routing_admin", "employee", "relative"):
            with self.subTest(role=login), self.assertRaises(AccessError):
                self.patient.with_user(self.people[login]).read(["name"])

    def test_responder_sees_patients_of_own_inquiries_alone(self):
        other = self.env["care.patient"].create({"name": "Other"})
        with self.assertRaises(AccessError):
            other.with_user(self.people["responder"]).read(["name"])

    def test_other_company_is_invisible(self):
        company = self.env["res.company"].create({"name": "Second hospital"})
        abroad = self.make_inquiry(company_id=company.id, team_id=company.care_triage_team_id.id)
        self.assertEqual(abroad.company_id, company)
        with self.assertRaises(AccessError):
            abroad.with_user(self.people["coordinator"]).read(["name"])

    def test_routing_administrator_reads_reasons_without_text(self):
        decision = self.inquiry.care_decision_ids.with_user(self.people["routing_admin"])
        self.assertTrue(decision.sentence)
        with self.assertRaises(AccessError):
            decision.read(["text"])

    def test_public_cannot_write_stages(self):
        access = self.env.ref("helpdesk_mgmt.access_helpdesk_ticket_stage_public")
        self.assertFalse(access.perm_write)


@tagged("standard", "post_install", "-at_install")
class TestAccessOverHttp(HttpCase):
    test_module = MODULE

    def setUp(self):
        super().setUp()
        self.people = make_people(self.env)
        self.question = self.env.ref(f"{MODULE}.nature_question")
        self.done = self.env.ref("helpdesk_mgmt.helpdesk_ticket_stage_done")
        self.inquiry = self._ticket(care_nature_id=self.question.id)
        self.plain = self._ticket()

    def _ticket(self, **values):
        return self.env["helpdesk.ticket"].create(
            [
                {
                    "name": "Title",
                    "description": "Text",
                    "partner_id": self.people["relative"].partner_id.id,
                    **values,
                }
            ]
        )

    def _login(self, name):
        self.authenticate(f"care_{name}", f"care_{name}")

    def _close(self, ticket, **values):
        return self.url_open(
            "/ticket/close",
            data={
                "ticket_id": ticket.id,
                "stage_id": self.done.id,
                "csrf_token": self.csrf_token(),
                **values,
            },
            allow_redirects=False,
        )

    def csrf_token(self):
        from odoo.http import Request

        return Request.csrf_token(self)

    def test_close_needs_post(self):
        self._login("relative")
        response = self.url_open(
            f"/ticket/close?ticket_id={self.plain.id}&stage_id={self.done.id}",
            allow_redirects=False,
        )
        self.assertEqual(response.status_code, 405)
        self.assertFalse(self.plain.closed)

    def test_portal_pages_of_others(self):
        self._login("sibling")
        response = self.url_open(f"/my/ticket/{self.inquiry.id}", allow_redirects=False)
        self.assertIn(response.status_code, (302, 303))
        self._login("relative")
        response = self.url_open(f"/my/ticket/{self.inquiry.id}")
        self.assertIn("Communication history", response.text)

    def test_access_token_opens_no_inquiry(self):
        self.assertTrue(self.plain._portal_ensure_token())
        self.assertFalse(self.inquiry._portal_ensure_token())
        self.env.cr.execute(
            "UPDATE helpdesk_ticket SET access_token = 'known' WHERE id = %s", [self.inquiry.id]
        )
        self.inquiry.invalidate_recordset()
        response = self.url_open(
            f"/my/ticket/{self.inquiry.id}/known?access_token=known", allow_redirects=False
        )
        self.assertIn(response.status_code, (302, 303))
        self.assertFalse(
            self.env["helpdesk.ticket"]
            .with_user(self.env.ref("base.public_user"))
            ._get_thread_with_access(self.inquiry.id, token="known")
        )

    def test_json2_respects_the_scope(self):
        key = (
            self.env["res.users.apikeys"]
            .with_user(self.people["agent"])
            ._generate("rpc", "test", datetime.now() + timedelta(days=0.5))
        )
        response = self.url_open(
            "/json/2/helpdesk.ticket/search_read",
            data=json.dumps({"domain": [], "fields": ["display_name", "name"]}),
            headers={"Authorization": f"bearer {key}", "Content-Type": "application/json"},
        )
        found = {row["id"] for row in response.json()}
        self.assertIn(self.plain.id, found)
        self.assertNotIn(self.inquiry.id, found)

    def test_many2one_shows_the_number_alone(self):
        manager = self.people["manager"]
        self.plain.with_context(tracking_disable=True).duplicate_id = self.inquiry
        rows = self.plain.with_user(manager).read(["duplicate_id"])
        self.assertNotIn("Title", str(rows))
        self.inquiry.team_id.user_ids = [Command.link(manager.id)]
        self.assertNotIn("Title", str(self.plain.with_user(manager).read(["duplicate_id"])))

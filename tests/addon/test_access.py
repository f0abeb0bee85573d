"""Who may read, write and find inquiries: every role, through the ORM and through HTTP."""

import json
from datetime import datetime, timedelta

from lxml import etree, html

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

    def _menus(self, login):
        """Names of the menus of the helpdesk that a person sees, below the root."""
        menus = self.env["ir.ui.menu"].with_user(self.people[login]).load_menus(False)
        root = menus.get(self.env.ref("helpdesk_mgmt.helpdesk_ticket_main_menu").id)
        return root and [menus[child]["name"] for child in root["children"]]

    def test_who_enters_the_helpdesk_and_sees_what(self):
        self.assertEqual(self._menus("routing_admin"), ["Routing", "Reporting"])
        for login in ("clerk", "employee"):
            self.assertFalse(self._menus(login))
        for login in ("agent", "manager"):
            self.assertIn("Tickets", self._menus(login))
            self.assertIn("Dashboard", self._menus(login))
            self.assertNotIn("Routing", self._menus(login))
        self.assertLess({"Patient care", "Tickets"}, set(self._menus("coordinator")))


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

    def test_the_callers_page_shows_no_file_of_an_internal_note(self):
        for name, subtype in (("answer.pdf", "mail.mt_comment"), ("note.pdf", "mail.mt_note")):
            self.inquiry.message_post(
                body="x",
                attachments=[(name, b"%PDF-1.4")],
                message_type="comment",
                subtype_xmlid=subtype,
            )
        self._login("relative")
        page = self.url_open(f"/my/ticket/{self.inquiry.id}").text
        self.assertIn("answer.pdf", page)
        self.assertNotIn("note.pdf", page)

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

    def test_a_stranger_closes_nothing(self):
        self._login("sibling")
        response = self._close(self.plain)
        self.assertIn("/my", response.headers["Location"])
        self.plain.invalidate_recordset()
        self.assertFalse(self.plain.closed)

    def test_the_caller_closes_a_plain_ticket_by_the_button_of_the_page(self):
        self.done.close_from_portal = True
        self._login("relative")
        page = html.fromstring(self.url_open(f"/my/ticket/{self.plain.id}").text)
        forms = [form for form in page.forms if form.get("action") == "/ticket/close"]
        self.assertTrue(forms, [form.get("action") for form in page.forms])
        form = next(x for x in forms if x.fields["stage_id"] == str(self.done.id))
        self.assertEqual(form.method, "POST")
        self.url_open("/ticket/close", data=dict(form.fields), allow_redirects=False)
        self.plain.invalidate_recordset()
        self.assertTrue(self.plain.closed)

    def test_an_unanswered_inquiry_is_not_closed_from_the_portal(self):
        self.done.close_from_portal = True
        self._login("relative")
        page = self.url_open(f"/my/ticket/{self.inquiry.id}").text
        self.assertNotIn("/ticket/close", page)
        response = self._close(self.inquiry)
        self.assertIn("care_not_closed=1", response.headers["Location"])
        told = self.url_open(response.headers["Location"]).text
        self.assertIn("closed by the hospital once it has been answered", told)
        self.inquiry.invalidate_recordset()
        self.assertFalse(self.inquiry.closed)

    def test_closing_needs_numbers(self):
        self._login("relative")
        response = self._close(self.plain, ticket_id="seven")
        self.assertEqual(response.status_code, 400)

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

    def _file(self, ticket, **values):
        """A file of a ticket, with an access token."""
        attachment = self.env["ir.attachment"].create(
            {
                "name": "letter.txt",
                "raw": b"Only for us",
                "res_model": "helpdesk.ticket",
                "res_id": ticket.id,
                **values,
            }
        )
        attachment.generate_access_token()
        return attachment

    def _opens(self, attachment, token):
        response = self.url_open(f"/web/content/{attachment.id}?access_token={token}")
        return response.status_code == 200 and b"Only for us" in response.content

    def test_a_token_opens_no_file_of_an_inquiry(self):
        mine, plain = self._file(self.inquiry), self._file(self.plain)
        posted = self._file(self.inquiry, res_model=False, res_id=0)
        self.inquiry.message_post(body="See the file").sudo().attachment_ids = posted
        patient = self.env["care.patient"].create({"name": "Okafor, Ada"})
        of_patient = self._file(self.inquiry, res_model="care.patient", res_id=patient.id)
        private = mine | posted | of_patient
        for login in (None, "sibling"):
            self.authenticate(*(f"care_{login}",) * 2 if login else (None, None))
            for attachment in private:
                for token in (attachment.access_token, attachment._get_raw_access_token()):
                    with self.subTest(file=attachment.id, login=login):
                        self.assertFalse(self._opens(attachment, token))
            self.assertTrue(self._opens(plain, plain.access_token))
            self.assertTrue(self._opens(plain, plain._get_raw_access_token()))
        for login in ("relative", "coordinator"):
            self._login(login)
            with self.subTest(login=login):
                self.assertTrue(self._opens(mine, mine.access_token))
                self.assertTrue(self._opens(mine, mine._get_raw_access_token()))
                self.assertTrue(self._opens(posted, posted.access_token))
        self.assertTrue(self._opens(of_patient, of_patient.access_token))

    def test_a_token_gives_nobody_a_file_of_an_inquiry(self):
        mine, plain = self._file(self.inquiry), self._file(self.plain)
        public = self.env.ref("base.public_user")
        for attachment, owned in ((mine, False), (plain, True)):
            theirs = attachment.with_user(public)
            token = attachment._get_ownership_token()
            self.assertEqual(bool(theirs._has_attachments_ownership([token])), owned)

    def _submit(self, login, **values):
        self._login(login)
        response = self.url_open(
            "/submitted/ticket",
            data={
                "csrf_token": self.csrf_token(),
                "subject": "Soup",
                "description": "The soup was cold",
                **values,
            },
            allow_redirects=False,
        )
        number = int(response.headers["Location"].rsplit("/", 1)[-1])
        self.env.invalidate_all()
        return self.env["helpdesk.ticket"].browse(number)

    def test_what_a_patient_sends_through_the_portal_is_an_inquiry(self):
        ticket = self._submit("relative")
        self.assertTrue(ticket.care_is_inquiry)
        self.assertEqual(ticket.care_decision_ids.source, "rule")
        self.assertTrue(ticket.team_id)
        self.assertIn(ticket.stage_id, ticket.team_id._get_applicable_stages())
        self.assertIn("Communication history", self.url_open(f"/my/ticket/{ticket.id}").text)

    def test_a_team_chosen_in_the_portal_decides(self):
        self.env.company.helpdesk_mgmt_portal_select_team = True
        triage = self.env.company.care_triage_team_id
        computers = self.env["helpdesk.ticket.team"].create({"name": "Computers"})
        self._login("relative")
        page = self.url_open("/new/ticket").text
        self.assertIn(triage.name, page)
        self.assertFalse(self._submit("relative", team=computers.id).care_is_inquiry)
        self.assertTrue(self._submit("relative", team=triage.id).care_is_inquiry)
        self.assertTrue(self._submit("relative").care_is_inquiry)

    def test_what_staff_send_through_the_portal_stays_plain(self):
        ticket = self._submit("agent")
        self.assertFalse(ticket.care_is_inquiry)
        self.assertFalse(ticket.team_id)

    def test_without_a_triage_team_the_portal_makes_plain_tickets(self):
        self.env.company.care_triage_team_id = False
        self.assertFalse(self._submit("relative").care_is_inquiry)

    def _json2(self, name, model, method, **arguments):
        key = (
            self.env["res.users.apikeys"]
            .with_user(self.people[name])
            ._generate("rpc", "test", datetime.now() + timedelta(days=0.5))
        )
        return self.url_open(
            f"/json/2/{model}/{method}",
            data=json.dumps(arguments),
            headers={"Authorization": f"bearer {key}", "Content-Type": "application/json"},
        )

    def test_json2_respects_the_scope(self):
        ids = (self.inquiry | self.plain).ids
        expected = {
            "coordinator": ids,
            "supervisor": ids,
            "privacy_officer": self.inquiry.ids,
            "agent": self.plain.ids,
            "manager": self.plain.ids,
            "responder": [],
            "routing_admin": [],
            "clerk": [],
        }
        for name, seen in expected.items():
            with self.subTest(role=name):
                response = self._json2(
                    name,
                    "helpdesk.ticket",
                    "search_read",
                    domain=[["id", "in", ids]],
                    fields=["display_name"],
                )
                rows = response.json() if response.status_code == 200 else []
                self.assertEqual(sorted(row["id"] for row in rows), sorted(seen))

    def test_json2_neither_groups_nor_writes_beyond_the_scope(self):
        grouped = self._json2(
            "agent",
            "helpdesk.ticket",
            "read_group",
            domain=[["id", "=", self.inquiry.id]],
            fields=["__count"],
            groupby=["care_nature_id"],
        )
        self.assertFalse(grouped.json() if grouped.status_code == 200 else [])
        for name in ("agent", "manager", "clerk", "routing_admin", "responder"):
            with self.subTest(role=name):
                response = self._json2(
                    name,
                    "helpdesk.ticket",
                    "write",
                    ids=self.inquiry.ids,
                    vals={"name": "Changed"},
                )
                self.assertEqual(response.status_code, 403)
        self.inquiry.invalidate_recordset()
        self.assertEqual(self.inquiry.name, "Title")

    def test_export_gives_no_inquiry_to_others(self):
        exporting = self.env.ref("base.group_allow_export")
        for name in ("agent", "manager"):
            user = self.people[name]
            user.group_ids = [Command.link(exporting.id)]
            tickets = self.env["helpdesk.ticket"].with_user(user)
            found = tickets.search([("id", "in", (self.inquiry | self.plain).ids)])
            rows = found.export_data(["name", "number"])["datas"]
            with self.subTest(role=name):
                self.assertEqual(rows, [["Title", self.plain.number]])
                with self.assertRaises(AccessError):
                    self.inquiry.with_user(user).export_data(["name"])

    def test_many2one_shows_the_number_alone(self):
        manager = self.people["manager"]
        self.plain.with_context(tracking_disable=True).duplicate_id = self.inquiry
        rows = self.plain.with_user(manager).read(["duplicate_id"])
        self.assertNotIn("Title", str(rows))
        self.inquiry.team_id.user_ids = [Command.link(manager.id)]
        self.assertNotIn("Title", str(self.plain.with_user(manager).read(["duplicate_id"])))


class TestButtons(CareCommon):
    def test_a_button_reaches_its_method(self):
        """A browser sends the ids of the list first, which a method of the model does not take."""
        views = self.env["ir.model.data"].search(
            [("module", "=", MODULE), ("model", "=", "ir.ui.view")]
        )
        reached = 0
        for view in self.env["ir.ui.view"].browse(views.mapped("res_id")):
            if view.type == "qweb":
                continue
            buttons = etree.fromstring(view.arch_db).iterfind(".//button[@type='object']")
            for name in {button.get("name") for button in buttons}:
                method = getattr(self.env.registry[view.model], name, None)
                # Of a list inside a form, the method is another model's.
                if method:
                    reached += 1
                    with self.subTest(view=view.name, button=name):
                        self.assertFalse(getattr(method, "_api_model", False))
        self.assertGreater(reached, 100)

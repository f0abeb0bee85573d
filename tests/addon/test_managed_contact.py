"""Who is spoken to by agreement, who gives no name, who speaks in confidence."""

from datetime import timedelta

from freezegun import freeze_time

from odoo import Command, fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, new_test_user

from ..common import MODULE, CareCommon


class TestManagedContact(CareCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.coordinator = cls.people["coordinator"]
        cls.supervisor = cls.people["supervisor"]
        cls.partner = cls.env["res.partner"].create(
            {"name": "Max Mustermann", "email": "max@home.example", "phone": "+49 30 1234567"}
        )
        cls.today = fields.Date.context_today(cls.env["care.managed.contact"])

    def _contact(self, **values):
        return (
            self.env["care.managed.contact"]
            .with_user(self.coordinator)
            .create(
                {
                    "partner_id": self.partner.id,
                    "person_name": "Max Mustermann",
                    "criterion_ids": [
                        Command.link(self.env.ref(f"{MODULE}.managed_criterion_5").id)
                    ],
                    "reason": "Threatened the night staff on 3 and 5 May.",
                    "named_contact_id": self.coordinator.id,
                    "channel_ids": [Command.link(self.env.ref(f"{MODULE}.channel_letter").id)],
                    "allowed_times": "Tuesdays from 10 to 11",
                    **values,
                }
            )
        )

    def _in_force(self, **values):
        contact = self._contact(**values)
        contact.with_user(self.supervisor).action_approve()
        contact.with_user(self.supervisor).notice_date = self.today
        return contact

    def test_the_form_proposes(self):
        form = Form(self.env["care.managed.contact"].with_user(self.coordinator))
        form.partner_id = self.partner
        form.reason = "Threats"
        form.named_contact_id = self.coordinator
        form.criterion_ids.add(self.env.ref(f"{MODULE}.managed_criterion_5"))
        contact = form.save()
        self.assertEqual(contact.person_name, "Max Mustermann")
        self.assertEqual(contact.state, "proposed")
        self.assertEqual(contact.proposed_by_id, self.coordinator)
        self.assertGreater(contact.review_date, self.today + timedelta(days=170))
        self.assertFalse(contact.in_force)

    def test_another_supervisor_approves(self):
        contact = self._contact()
        with self.assertRaisesRegex(AccessError, "Only a supervisor"):
            contact.action_approve()
        own = self._contact()
        own.sudo().proposed_by_id = self.supervisor
        with self.assertRaisesRegex(UserError, "yourself"):
            own.with_user(self.supervisor).action_approve()
        blank = self._contact(reason=" ")
        with self.assertRaisesRegex(UserError, "^Say what happened, with dates, before it is"):
            blank.with_user(self.supervisor).action_approve()
        self.assertEqual(blank.state, "proposed")
        contact.with_user(self.supervisor).action_approve()
        self.assertEqual(contact.approved_by_id, self.supervisor)
        self.assertFalse(contact.in_force, "the person was not told in writing")
        contact.with_user(self.supervisor).notice_date = self.today
        self.assertTrue(contact.in_force)
        with self.assertRaisesRegex(UserError, "Only a proposal"):
            contact.with_user(self.supervisor).action_approve()

    def test_approval_needs_criteria_and_a_date_ahead(self):
        contact = self._contact()
        contact.criterion_ids = False
        with self.assertRaisesRegex(UserError, "criteria"):
            contact.with_user(self.supervisor).action_approve()
        with self.assertRaisesRegex(UserError, "lie in the future"):
            self._contact(review_date=self.today).with_user(self.supervisor).action_approve()

    def test_what_was_approved_stays(self):
        contact = self._in_force()
        for values in (
            {"reason": "Other"},
            {"review_date": self.today + timedelta(days=900)},
            {"named_contact_id": self.supervisor.id},
        ):
            with self.subTest(**values), self.assertRaisesRegex(UserError, "choose Review"):
                contact.with_user(self.supervisor).write(values)
        for values in ({"state": "approved"}, {"approved_by_id": self.supervisor.id}):
            with self.subTest(**values), self.assertRaisesRegex(AccessError, "by its buttons"):
                contact.with_user(self.supervisor).write(values)
        with self.assertRaisesRegex(AccessError, "starts as a proposal"):
            self._contact(state="approved")
        contact.appeal = "Appealed on 4 June"
        contact.with_user(self.supervisor).action_review()
        self.assertFalse(contact.in_force)
        with self.assertRaisesRegex(UserError, "yourself"):
            contact.with_user(self.supervisor).action_approve()

    def test_it_expires_by_itself_at_the_review_date(self):
        contact = self._in_force(review_date=self.today + timedelta(days=30))
        ticket = self.make_inquiry(partner_id=self.partner.id).with_user(self.coordinator)
        found = self.env["care.managed.contact"].search([("in_force", "=", True)])
        self.assertEqual(found, contact.sudo(False).with_env(found.env))
        self.assertTrue(ticket.care_managed_text)
        with freeze_time(self.today + timedelta(days=30)):
            self.env.invalidate_all()
            self.assertFalse(contact.in_force)
            self.assertFalse(ticket.care_managed_text)
            self.assertFalse(self.env["care.managed.contact"].search([("in_force", "=", True)]))

    def test_a_supervisor_ends_it_early(self):
        contact = self._in_force()
        with self.assertRaisesRegex(AccessError, "Only a supervisor"):
            contact.action_end()
        contact.with_user(self.supervisor).action_end()
        self.assertFalse(contact.in_force)

    def test_the_banner_tells_coordinators_alone(self):
        self._in_force()
        for values in (
            {"partner_id": self.partner.id},
            {"partner_email": "MAX@home.example"},
            {"care_callback_phone": "030 / 123 45 67"},
            {"partner_id": self.partner.id, "care_identity": "confidential"},
        ):
            with self.subTest(**values):
                ticket = self.make_inquiry(**values).with_user(self.coordinator)
                text = ticket.care_managed_text
                self.assertIn("Coordinator speaks to this caller", text)
                self.assertIn("Letter; Tuesdays from 10 to 11", text)
                self.assertIn("on its merits", text)
        self.assertFalse(self.make_inquiry(partner_email="x@y.example").care_managed_text)
        ticket = self.make_inquiry(partner_id=self.partner.id)
        ticket.team_id = self.catering
        with self.assertRaises(AccessError):
            ticket.with_user(self.people["responder"]).read(["care_managed_text"])

    def test_few_see_it(self):
        contact = self._in_force()
        for login in ("coordinator", "supervisor", "privacy_officer"):
            self.assertTrue(contact.with_user(self.people[login]).read(["reason"]))
        for login in ("responder", "manager", "agent", "clerk", "routing_admin", "employee"):
            with self.subTest(role=login), self.assertRaises(AccessError):
                contact.with_user(self.people[login]).read(["reason"])
        with self.assertRaises(AccessError):
            contact.with_user(self.supervisor).unlink()
        self.assertNotIn("Mustermann", contact.display_name)

    def test_a_person_is_recognisable(self):
        with self.assertRaisesRegex(ValidationError, "by which the person is recognised"):
            self._contact(partner_id=False)

    def test_the_approver_is_reminded_once(self):
        soon = self._in_force(review_date=self.today + timedelta(days=10))
        later = self._in_force(review_date=self.today + timedelta(days=100))
        for _run in range(2):
            with self.enter_registry_test_mode():
                cron = self.env.ref(f"{MODULE}.cron_managed_contact")
                self.assertIs(cron.method_direct_trigger(), True)
            self.env.invalidate_all()
        activity = soon.sudo().activity_ids
        self.assertEqual(len(activity), 1)
        self.assertEqual(activity.user_id, self.supervisor)
        self.assertEqual(activity.date_deadline, soon.review_date)
        self.assertNotIn("Mustermann", activity.res_name)
        self.assertFalse(later.sudo().activity_ids)

    def test_a_managed_person_who_reports_abuse_goes_the_full_way(self):
        self._in_force()
        ticket = self.make_inquiry(
            partner_id=self.partner.id, description="A nurse hit me on Sunday."
        )
        alarm = ticket.care_alarm_ids.with_user(self.coordinator)
        self.assertEqual(alarm.flag_id, self.env.ref(f"{MODULE}.red_flag_abuse"))
        alarm.action_raise()
        self.assertEqual(ticket.priority, "3")
        self.assertIn(self.supervisor, ticket.activity_ids.user_id)
        with self.assertRaisesRegex(UserError, "red flag Abuse"):
            ticket.action_care_close()
        alarm.with_user(self.supervisor).action_take()
        alarm.with_user(self.supervisor)._care_finish("Safeguarding was told")
        self.assertEqual(alarm.state, "done")
        self.assertTrue(ticket.with_user(self.coordinator).care_managed_text)


class TestAnonymous(CareCommon):
    def _tell(self, **values):
        return self.make_inquiry(
            care_nature_id=self.complaint.id,
            care_identity="anonymous",
            description="Something is wrong at night.",
            care_department_id=self.ward.id,
            **values,
        )

    def test_the_line_manager_is_told_to_review_the_risk(self):
        manager = new_test_user(
            self.env, login="care_line", groups=f"{MODULE}.group_coordinator", name="Line"
        )
        self.ward.parent_id = self.env["care.department"].create(
            {"name": "Medicine", "supervisor_id": manager.id}
        )
        ticket = self._tell()
        self.assertIn("night", ticket.description)
        self.assertEqual(ticket.activity_ids.user_id, manager)
        self.assertIn("review it for risk", ticket.activity_ids.summary)
        ticket.with_user(manager).action_care_risk_reviewed()
        self.assertEqual(ticket.care_risk_reviewed_by_id, manager)
        self.assertTrue(ticket.care_risk_reviewed_date)
        self.assertFalse(ticket.activity_ids)

    def test_without_a_department_the_lead_is_told(self):
        ticket = self.make_inquiry(care_nature_id=self.complaint.id, care_identity="anonymous")
        self.assertEqual(ticket.activity_ids.user_id, ticket._care_lead())

    def test_questions_of_nobody_need_no_review(self):
        self.assertFalse(self.make_inquiry(care_identity="anonymous").activity_ids)
        self.assertFalse(self.make_inquiry(care_nature_id=self.complaint.id).activity_ids)


class TestAuthors(CareCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.somebody = cls.env["res.partner"].create(
            {"name": "Lea Somebody", "email": "lea@home.example"}
        )

    def _said(self, **values):
        ticket = self.make_inquiry(partner_id=self.somebody.id, **values)
        ticket.team_id = self.catering
        message = ticket.message_post(
            body="Any news?", author_id=self.somebody.id, message_type="email"
        )
        return ticket, message

    def _read(self, ticket):
        mine = ticket.with_user(self.people["responder"])
        fields_read = ["author_id", "email_from", "reply_to", "create_uid", "record_name"]
        return str(mine.message_ids.read(fields_read)) + str(mine.read(["create_uid"]))

    def test_who_asks_for_confidence_later_leaves_the_chatter(self):
        ticket, message = self._said()
        self.assertIn("Somebody", self._read(ticket))
        ticket.with_user(self.people["coordinator"]).care_identity = "confidential"
        for secret in ("Somebody", "lea@"):
            self.assertNotIn(secret, self._read(ticket))
        contact = ticket.care_contact_ids.filtered(lambda x: x.mail_message_id == message)
        self.assertEqual(contact._care_fingerprint(message), contact.text_hash)
        theirs = message.with_user(self.people["coordinator"])
        self.assertEqual(theirs.care_author_id, self.somebody)
        with self.assertRaises(AccessError):
            message.with_user(self.people["responder"]).read(["care_author_id"])
        ticket.care_identity = "named"
        self.assertEqual(message.author_id, self.somebody)
        self.assertIn("lea@", message.email_from)

    def test_what_is_said_later_shows_no_author(self):
        ticket, _message = self._said(care_identity="confidential")
        later = ticket.message_post(
            body="Still waiting", email_from="lea@home.example", message_type="email"
        )
        for secret in ("Somebody", "lea@"):
            self.assertNotIn(secret, self._read(ticket))
        self.assertEqual(later.care_author_id, self.somebody)
        contact = ticket.care_contact_ids.filtered(lambda x: x.mail_message_id == later)
        self.assertEqual(contact._care_fingerprint(later), contact.text_hash)
        staff = ticket.with_user(self.people["responder"]).message_post(body="I look into it")
        self.assertEqual(staff.author_id, self.people["responder"].partner_id)

    def test_anonymous_keeps_no_author_anywhere(self):
        ticket, message = self._said()
        ticket.care_identity = "confidential"
        ticket.care_identity = "anonymous"
        later = ticket.message_post(
            body="Me again", email_from="lea@home.example", message_type="email"
        )
        for one in (message, later):
            self.assertFalse(one.author_id)
            self.assertFalse(one.care_author_id)
            self.assertNotIn("lea@", f"{one.email_from}{one.care_author_email}")

    def test_who_handed_in_through_the_portal_leaves_the_log(self):
        relative = self.people["relative"]
        ticket = (
            self.env["helpdesk.ticket"]
            .with_user(relative)
            .sudo()
            .create(
                [
                    {
                        "name": "Soup",
                        "description": "Cold",
                        "team_id": self.triage.id,
                        "partner_id": relative.partner_id.id,
                    }
                ]
            )
        )
        ticket = ticket.with_user(self.env.user)
        self.assertEqual(ticket.create_uid, relative)
        ticket.care_identity = "confidential"
        self.assertFalse(ticket.create_uid.share)
        self.assertFalse(ticket.message_ids.filtered(lambda x: x.create_uid.share))
        self.assertNotIn(relative.partner_id, ticket.message_ids.author_id)

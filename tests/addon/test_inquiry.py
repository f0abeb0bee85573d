"""The inquiry room: what is an inquiry, its facts, closing, deletion, changes of nature."""

from odoo.exceptions import AccessError, UserError

from ..common import MODULE, CareCommon


class TestInquiry(CareCommon):
    def test_plain_ticket_stays_plain(self):
        ticket = self.env["helpdesk.ticket"].create(
            [{"name": "Printer", "description": "No toner", "team_id": self.catering.id}]
        )
        self.assertFalse(ticket.care_is_inquiry)
        self.assertEqual(ticket.display_name, f"{ticket.number} - Printer")
        ticket.unlink()

    def test_nature_patient_or_desk_make_an_inquiry(self):
        Ticket = self.env["helpdesk.ticket"]
        common = {"name": "Food", "description": "Cold"}
        made = Ticket.create(
            [
                {**common, "care_nature_id": self.complaint.id},
                {**common, "care_patient_id": self.patient.id},
                {**common, "team_id": self.triage.id},
                common,
            ]
        )
        self.assertEqual(made.mapped("care_is_inquiry"), [True, True, True, False])
        self.assertEqual(made[1].care_nature_id, self.question)

    def test_flag_cannot_be_written(self):
        ticket = self.make_inquiry()
        with self.assertRaisesRegex(AccessError, "its own action only"):
            ticket.write({"care_is_inquiry": False})
        self.assertTrue(ticket.care_is_inquiry)

    def test_only_privacy_officer_makes_it_plain(self):
        ticket = self.make_inquiry()
        with self.assertRaisesRegex(AccessError, "privacy officer"):
            ticket.with_user(self.people["supervisor"]).action_care_make_plain()
        ticket.with_user(self.people["privacy_officer"]).action_care_make_plain()
        self.assertFalse(ticket.care_is_inquiry)

    def test_received_date_may_lie_before_creation(self):
        ticket = self.make_inquiry(care_received_date="2026-02-01 09:00:00")
        self.assertEqual(str(ticket.care_received_date), "2026-02-01 09:00:00")

    def test_never_deleted(self):
        ticket = self.make_inquiry()
        with self.assertRaisesRegex(UserError, "never deleted"):
            ticket.unlink()
        self.assertTrue(ticket.exists())

    def test_closing_names_what_is_missing(self):
        ticket = self.make_inquiry(
            care_nature_id=self.complaint.id, name="Letter", description="See enclosed."
        )
        with self.assertRaises(UserError) as refused:
            ticket.action_care_close()
        for part in ("the answer", "who was told", "the category", "the department"):
            self.assertIn(part, str(refused.exception))
        self.assertFalse(ticket.closed)

    def test_closing_by_stage_is_refused_too(self):
        ticket = self.make_inquiry()
        with self.assertRaisesRegex(UserError, "the answer"):
            ticket.stage_id = self.env.ref("helpdesk_mgmt.helpdesk_ticket_stage_done")

    def test_reopening_clears_closed_date(self):
        ticket = self._closed()
        self.assertTrue(ticket.closed_date)
        ticket.stage_id = self.env.ref("helpdesk_mgmt.helpdesk_ticket_stage_in_progress")
        self.assertFalse(ticket.closed_date)

    def test_stage_in_use_keeps_its_meaning(self):
        ticket = self._closed()
        with self.assertRaisesRegex(UserError, "in use by inquiries"):
            ticket.stage_id.closed = False

    def test_upgrade_keeps_the_reason(self):
        ticket = self.make_inquiry()
        self.env["care.upgrade"].create(
            {"ticket_id": ticket.id, "nature_id": self.complaint.id, "reason": "Wants a letter"}
        ).action_confirm()
        self.assertEqual(ticket.care_nature_id, self.complaint)
        self.assertEqual(ticket.care_nature_change_ids.reason, "Wants a letter")

    def test_issues_from_categories(self):
        categories = self.env["helpdesk.ticket.category"].create(
            [{"name": "Late tray"}, {"name": "Wrong tray"}]
        )
        ticket = self.make_inquiry(category_id=categories[0].id)
        ticket.care_category_ids = categories
        ticket.action_care_issues_from_categories()
        ticket.action_care_issues_from_categories()
        self.assertEqual(ticket.care_issue_ids.category_id, categories)

    def test_anonymous_caller_has_no_name(self):
        partner = self.env["res.partner"].create({"name": "Somebody"})
        ticket = self.make_inquiry(partner_id=partner.id, care_identity="anonymous")
        self.assertFalse(ticket.partner_id)
        self.assertFalse(ticket.partner_name)

    def test_triage_team_stays(self):
        with self.assertRaisesRegex(UserError, "triage team"):
            self.triage.active = False

    def _closed(self):
        ticket = self.make_inquiry()
        ticket._care_close(
            care_answer="From 2 pm",
            care_told="Mrs Okafor",
            care_told_date="2026-03-01 10:00:00",
            care_told_channel_id=self.env.ref(f"{MODULE}.channel_in_person").id,
        )
        return ticket


class TestQuickIntake(CareCommon):
    def _intake(self, **values):
        return (
            self.env["care.intake"]
            .with_user(self.people["coordinator"])
            .create({"what": "When may I visit?", "caller_name": "Mr Ruiz", **values})
        )

    def test_answer_and_close(self):
        action = self._intake(answer="From 2 pm").action_answer_and_close()
        ticket = self.env["helpdesk.ticket"].browse(action["res_id"])
        self.assertTrue(ticket.closed)
        self.assertEqual(ticket.care_told, "Mr Ruiz")
        self.assertEqual(ticket.care_answered_by_id, self.people["coordinator"])

    def test_no_answer_no_closing(self):
        with self.assertRaisesRegex(UserError, "Write the answer"):
            self._intake().action_answer_and_close()

    def test_keep_open_assigns_nobody(self):
        action = self._intake().action_keep_open()
        ticket = self.env["helpdesk.ticket"].browse(action["res_id"])
        self.assertFalse(ticket.closed)
        self.assertFalse(ticket.user_id)
        self.assertTrue(ticket.team_id)

"""The routing room: rule sets, decisions and their sentence, mail in, failures of the intake."""

from unittest.mock import patch

from odoo import fields
from odoo.exceptions import UserError, ValidationError

from ..common import CareCommon
from ..intake import expect_intake_errors

MAIL = """From: {sender}
To: {to}
{headers}Subject: {subject}
Message-Id: <{number}@home.example>
Date: Mon, 02 Mar 2026 09:00:00 +0000
MIME-Version: 1.0
Content-Type: text/plain; charset=utf-8

{body}
"""


class TestRules(CareCommon):
    def setUp(self):
        super().setUp()
        self.ruleset = self.live_rules(
            {
                "name": "Food",
                "team_id": self.catering.id,
                "lines": [{"field": "text", "keywords": "cold food\nmeal*"}],
            }
        )

    def test_first_match_names_the_team_and_the_words(self):
        ticket = self.make_inquiry(description="<p>The COLD food again</p>")
        self.assertEqual(ticket.team_id, self.catering)
        self.assertEqual(ticket.care_routing_reason, "Kitchen, because the text says 'cold food'")
        self.assertEqual(ticket.care_decision_ids.ruleset_id, self.ruleset)

    def test_catch_all_takes_the_rest(self):
        ticket = self.make_inquiry()
        self.assertEqual(ticket.team_id, self.triage)
        self.assertIn("no rule matched", ticket.care_routing_reason)

    def test_nobody_is_assigned_for_having_created_it(self):
        Ticket = self.env["helpdesk.ticket"].with_user(self.people["coordinator"])
        values = Ticket.default_get(["user_id", "team_id"])
        ticket = Ticket.create(
            [{"name": "Q", "description": "Q", "care_nature_id": self.question.id, **values}]
        )
        self.assertFalse(ticket.user_id)

    def test_a_human_choice_stays(self):
        ticket = (
            self.env["helpdesk.ticket"]
            .with_user(self.people["coordinator"])
            .create(
                [
                    {
                        "name": "Cold food",
                        "description": "Cold food",
                        "care_nature_id": self.question.id,
                        "team_id": self.triage.id,
                    }
                ]
            )
        )
        self.assertEqual(ticket.team_id, self.triage)
        self.assertIn("a person chose it", ticket.care_routing_reason)

    def test_a_move_is_recorded(self):
        ticket = self.make_inquiry()
        ticket.team_id = self.catering
        self.assertEqual(ticket.care_decision_ids.sorted("id").mapped("source"), ["rule", "human"])

    def test_live_version_is_never_edited(self):
        rule = self.ruleset.rule_ids[0]
        for change in (
            lambda: rule.write({"name": "Other"}),
            lambda: rule.line_ids.write({"keywords": "soup"}),
            lambda: rule.unlink(),
            lambda: self.ruleset.write({"note": "x"}),
        ):
            with self.assertRaisesRegex(UserError, "cannot be edited"):
                change()

    def test_change_opens_a_draft_copy(self):
        action = self.ruleset.action_change()
        draft = self.env["care.ruleset"].browse(action["res_id"])
        self.assertEqual(draft.state, "draft")
        self.assertEqual(len(draft.rule_ids), 2)
        draft.rule_ids.filtered(lambda rule: not rule.catch_all).line_ids.keywords = "soup"
        self.env["care.replay"].create({"ruleset_id": draft.id}).action_run()
        draft.action_activate()
        self.assertEqual(self.ruleset.state, "retired")
        self.assertEqual(self.make_inquiry(name="Soup").team_id, self.catering)

    def test_activation_names_what_is_wrong(self):
        draft = self.env["care.ruleset"].browse(self.ruleset.action_change()["res_id"])
        rule = draft.rule_ids.filtered(lambda rule: not rule.catch_all)
        rule.team_id = False
        rule.line_ids.keywords = "no"
        with self.assertRaisesRegex(UserError, "choose the team.*under three letters"):
            draft.action_activate()
        self.assertEqual(self.ruleset.state, "live")

    def test_wrong_domain_is_refused(self):
        draft = self.env["care.ruleset"].browse(self.ruleset.action_change()["res_id"])
        with self.assertRaisesRegex(ValidationError, "not valid"):
            draft.rule_ids[0].line_ids = [(0, 0, {"field": "domain", "domain": "[('x"})]

    def test_decisions_are_kept(self):
        decision = self.make_inquiry().care_decision_ids
        with self.assertRaisesRegex(UserError, "never edited"):
            decision.write({"source": "human"})
        with self.assertRaisesRegex(UserError, "never deleted"):
            decision.unlink()


class TestMail(CareCommon):
    def receive(self, number, headers="", body="When may I visit?", to=None):
        to = to or self.triage.alias_id.display_name
        return self.env["mail.thread"].message_process(
            "helpdesk.ticket",
            MAIL.format(
                sender=f"person{number}@home.example",
                to=to,
                headers=headers,
                subject="Visiting hours",
                number=number,
                body=body,
            ),
        )

    def setUp(self):
        super().setUp()
        self.domain = self.env["mail.alias.domain"].search([], limit=1) or self.env[
            "mail.alias.domain"
        ].create({"name": "hospital.example"})
        self.env.company.alias_domain_id = self.domain
        self.triage.write({"alias_name": "desk-test", "alias_domain_id": self.domain.id})

    def test_a_mail_becomes_a_routed_inquiry(self):
        ticket = self.env["helpdesk.ticket"].browse(self.receive(1))
        self.assertTrue(ticket.care_is_inquiry)
        self.assertEqual(ticket.channel_id.care_code, "email")
        self.assertFalse(ticket.user_id)
        self.assertTrue(ticket.care_decision_ids)

    def test_cc_does_not_become_a_follower(self):
        cousin = self.env["res.partner"].create({"name": "Cousin", "email": "cousin@home.example"})
        ticket = self.env["helpdesk.ticket"].browse(
            self.receive(2, headers="Cc: cousin@home.example\n")
        )
        self.assertNotIn(cousin, ticket.message_partner_ids)

    def test_one_sender_may_send_a_hundred(self):
        made = set()
        for number in range(100, 200):
            made.add(
                self.env["mail.thread"].message_process(
                    "helpdesk.ticket",
                    MAIL.format(
                        sender="ombudsman@office.example",
                        to=self.triage.alias_id.display_name,
                        headers="",
                        subject="Case",
                        number=number,
                        body="A case",
                    ),
                )
            )
        self.assertEqual(len(made), 100)
        self.assertNotIn(False, made)

    def test_automatic_mail_gets_no_automatic_answer(self):
        ticket = self.env["helpdesk.ticket"].browse(
            self.receive(3, headers="Auto-Submitted: auto-replied\n")
        )
        self.assertTrue(ticket.care_automatic)
        before = self.env["mail.mail"].search_count([])
        ticket._care_close(
            care_answer="x",
            care_told="x",
            care_told_date=fields.Datetime.now(),
            care_told_channel_id=ticket.channel_id.id,
        )
        self.flush_tracking()
        self.assertEqual(self.env["mail.mail"].search_count([]), before)

    def flush_tracking(self):
        self.env.flush_all()
        self.env.cr.precommit.run()

    def test_failing_steps_lose_nothing(self):
        Ticket = type(self.env["helpdesk.ticket"])
        for number, step in enumerate(
            ("_care_complete_facts", "_care_route", "_care_keep_decisions"), start=10
        ):
            with (
                self.subTest(step=step),
                expect_intake_errors(),
                patch.object(Ticket, step, side_effect=RuntimeError("broken")),
            ):
                ticket = self.env["helpdesk.ticket"].browse(self.receive(number))
                self.assertTrue(ticket.care_is_inquiry)
                self.assertEqual(ticket.team_id, self.triage)
                self.assertIn("broken", ticket.care_intake_error)
                self.assertTrue(ticket.activity_ids)

    def _mails(self, ticket):
        self.flush_tracking()
        return self.env["mail.mail"].search([("res_id", "=", ticket.id)], order="id")

    def test_closing_mail_greets_the_caller_with_the_number_alone(self):
        ticket = self.env["helpdesk.ticket"].browse(self.receive(4, body="My secret illness"))
        before = self._mails(ticket)
        ticket._care_close(
            care_answer="Come at ten.",
            care_told="Person 4",
            care_told_date=fields.Datetime.now(),
            care_told_channel_id=ticket.channel_id.id,
        )
        mail = self._mails(ticket) - before
        self.assertEqual(len(mail), 1)
        recipients = f"{mail.email_to or ''} {mail.recipient_ids.mapped('email')}"
        self.assertIn("person4@home.example", recipients)
        self.assertEqual(mail.subject, f"Your inquiry {ticket.number}")
        for private in ("secret", "Come at ten", "Visiting hours"):
            self.assertNotIn(private, mail.body_html)

    def test_assignment_mail_goes_to_the_person_assigned(self):
        ticket = self.env["helpdesk.ticket"].browse(self.receive(5))
        before = self._mails(ticket)
        coordinator = self.people["coordinator"]
        coordinator.email = "coordinator@hospital.example"
        stage = self.env.ref("helpdesk_mgmt.helpdesk_ticket_stage_in_progress")
        stage.mail_template_id = self.env.ref("helpdesk_mgmt.assignment_email_template")
        ticket.write({"user_id": coordinator.id, "stage_id": stage.id})
        mails = self._mails(ticket) - before
        self.assertTrue(mails)
        for mail in mails:
            recipients = f"{mail.email_to or ''} {mail.recipient_ids.mapped('email')}"
            self.assertNotIn("person5@home.example", recipients)
            self.assertNotIn("Visiting hours", f"{mail.subject} {mail.body_html}")

    def test_a_caller_without_address_gets_no_mail(self):
        ticket = self.make_inquiry(partner_name="Mrs Green")
        ticket._care_close(
            care_answer="x",
            care_told="Mrs Green",
            care_told_date=fields.Datetime.now(),
            care_told_channel_id=self.env.ref("helpdesk_mgmt.helpdesk_ticket_channel_phone").id,
        )
        self.assertFalse(self._mails(ticket))


class TestStarter(CareCommon):
    def test_version_one_is_live_and_the_departments_wait_in_a_draft(self):
        company = self.env["res.company"].create({"name": "Third hospital"})
        rulesets = self.env["care.ruleset"].search(
            [("company_id", "=", company.id)], order="version"
        )
        self.assertEqual(rulesets.mapped("state"), ["live", "draft"])
        live, draft = rulesets
        self.assertEqual(live.rule_ids.filtered("catch_all").team_id, company.care_triage_team_id)
        self.assertEqual(set(live.rule_ids.mapped("kind")), {"preparation", "routing"})
        self.assertFalse(
            live.rule_ids.filtered(lambda rule: rule.kind == "routing" and not rule.catch_all)
        )
        waiting = draft.rule_ids.filtered(lambda rule: rule.kind == "routing")
        self.assertGreater(len(waiting), 10)
        self.assertIn("Catering", waiting.mapped("team_hint"))

    def test_installing_it_again_changes_nothing(self):
        before = self.env["care.ruleset"].search_count([])
        self.env["care.ruleset"]._care_install_starter(self.env["res.company"].search([]))
        self.assertEqual(self.env["care.ruleset"].search_count([]), before)

    def test_newer_shipped_rules_arrive_as_a_draft_once(self):
        rulesets = self.env["care.ruleset"]
        before = rulesets.search_count([])
        rulesets._care_offer_starter()
        self.assertEqual(rulesets.search_count([]), before)
        self.env.cr.execute("UPDATE care_ruleset SET starter_key = 'older'")
        self.env.invalidate_all()
        rulesets._care_offer_starter()
        rulesets._care_offer_starter()
        companies = self.env["res.company"].search_count([])
        self.assertEqual(rulesets.search_count([]), before + companies)
        newest = rulesets.search([("company_id", "=", self.company.id)], limit=1)
        self.assertEqual(newest.state, "draft")
        self.assertTrue(newest.rule_ids)

    def test_categories_of_what_patients_write(self):
        self.env["care.ruleset"].search([("state", "=", "live")], limit=1)
        for text, code in (
            ("The soup was cold and the meals come late", "food"),
            ("The toilet was filthy", "cleanliness"),
            ("The taxi never came for the journey home", "transport"),
            ("Please change my appointment, it was cancelled twice", "appointments"),
            ("I was on hold and could not get through", "contacting"),
            ("We waited four hours", "waiting"),
            ("Which tablets do I take?", "medicines"),
            ("The nurse was rude", "manner"),
            ("Nobody listened to me", "listening"),
            ("You need more staff at night", "staffing"),
            ("There is nothing to do, no activities", "activities"),
            ("I would like a leaflet", "information"),
            ("What are the visiting hours?", "visiting"),
        ):
            with self.subTest(text=text):
                ticket = self.make_inquiry(name="Comment", description=text)
                self.assertIn(code, ticket.care_category_ids.mapped("care_code"))

    def test_a_category_chosen_by_hand_stays_the_main_one(self):
        category = self.env.ref("patient_care_coordination.category_rooms")
        ticket = self.make_inquiry(description="The soup was cold", category_id=category.id)
        self.assertEqual(ticket.category_id, category)
        self.assertIn("food", ticket.care_category_ids.mapped("care_code"))

    def test_a_formal_complaint_is_recognised_unless_a_person_named_the_nature(self):
        values = {"name": "Letter", "description": "This is a formal complaint.", "team_id": 0}
        ticket = self.env["helpdesk.ticket"].create([values | {"team_id": self.triage.id}])
        self.assertEqual(ticket.care_nature_id.code, "complaint")
        ticket = self.make_inquiry(description="This is a formal complaint.")
        self.assertEqual(ticket.care_nature_id.code, "question")


class TestEveryWayIn(CareCommon):
    """Form, portal, RPC and import end in the same door."""

    def setUp(self):
        super().setUp()
        self.live_rules(
            {
                "name": "Food",
                "team_id": self.catering.id,
                "lines": [{"field": "text", "keywords": "soup"}],
            }
        )

    def _values(self):
        return {
            "name": "Lunch",
            "description": "The soup was cold",
            "care_nature_id": self.question.id,
        }

    def test_rpc_as_coordinator(self):
        Ticket = self.env["helpdesk.ticket"].with_user(self.people["coordinator"])
        self.assertEqual(Ticket.create([self._values()]).sudo().team_id, self.catering)

    def test_import_of_a_file(self):
        Ticket = self.env["helpdesk.ticket"].with_user(self.people["coordinator"])
        result = Ticket.load(
            ["name", "description", "care_nature_id/.id"],
            [[f"Lunch {n}", "The soup was cold", str(self.question.id)] for n in range(3)],
        )
        self.assertFalse(result["messages"])
        self.assertEqual(Ticket.browse(result["ids"]).sudo().team_id, self.catering)

    def test_portal_form_hints_at_a_team_only(self):
        values = self._values() | {"team_id": self.triage.id}
        Ticket = self.env["helpdesk.ticket"].with_user(self.people["relative"])
        ticket = Ticket.sudo().create([values])
        self.assertEqual(ticket.team_id, self.catering)

    def test_our_queries_of_a_batch_are_constant(self):
        def queries(number, **extra):
            vals_list = [
                {"name": f"T {n}", "description": "The soup was cold", **extra}
                for n in range(number)
            ]
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self.env["helpdesk.ticket"].create(vals_list)
            self.env.flush_all()
            return self.env.cr.sql_log_count - before

        inquiry = {"care_nature_id": self.question.id}
        other_team = self.env["helpdesk.ticket.team"].create({"name": "Printers"})
        plain = {"team_id": other_team.id}
        queries(2, **plain)
        queries(2, **inquiry)
        ours = [queries(n, **inquiry) - queries(n, **plain) for n in (1, 10, 60)]
        self.assertEqual(ours[1], ours[2], ours)
        self.assertLessEqual(ours[2], 40)

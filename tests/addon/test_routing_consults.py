"""Consults that preparation rules put: asked after the inquiry is there, with a reason."""

from datetime import timedelta
from unittest.mock import patch

from psycopg2 import IntegrityError

from odoo import Command, fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import Form
from odoo.tools import mute_logger

from ..common import MODULE, CareCommon
from ..intake import expect_intake_errors


class TestRuleConsults(CareCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.security = cls.env["care.department"].create(
            {"name": "Security", "code": "SEC", "team_id": cls.catering.id}
        )
        cls.lost = cls.template(code="lost", department_id=cls.security.id)
        cls.second = cls.template(
            name="Was the ward called?", code="ward", user_id=cls.people["agent"].id
        )
        cls.people["agent"].email = "agent@hospital.example"
        cls.ruleset = cls.live_rules(
            cls.rule("Lost things", "lost", cls.lost),
            cls.rule("Glasses", "glasses", cls.lost | cls.second),
        )

    @classmethod
    def template(cls, **values):
        return cls.env["care.consult.template"].create(
            {
                "name": "Where are lost things?",
                "question": "Was something handed in?",
                "due_hours": 6,
                **values,
            }
        )

    @classmethod
    def rule(cls, name, word, templates, **values):
        return {
            "name": name,
            "kind": "preparation",
            "lines": [{"field": "text", "match": "any", "keywords": word}],
            "consult_ids": [Command.set(templates.ids)],
            **values,
        }

    def test_a_rule_asks_as_soon_as_the_inquiry_is_there(self):
        with patch.object(
            self.env.registry["mail.mail"], "send_after_commit", side_effect=AssertionError
        ):
            ticket = self.make_inquiry(
                name="Lost", description="He lost his hat", care_patient_id=self.patient.id
            )
        consult = ticket.care_consult_ids
        self.assertEqual(consult.department_id, self.security)
        self.assertEqual(consult.question, "Was something handed in?")
        self.assertEqual(consult.template_id, self.lost)
        self.assertEqual((consult.number, ticket.care_consult_count), (1, 1))
        self.assertFalse(consult.facts)
        self.assertAlmostEqual(
            consult.due, fields.Datetime.now() + timedelta(hours=6), delta=timedelta(minutes=2)
        )
        # Nobody here has looked yet.
        self.assertEqual(ticket.care_waiting, "us")
        self.assertFalse(ticket.care_intake_error)
        mail = self.env["mail.message"].search(
            [("model", "=", "care.consult"), ("res_id", "=", consult.id)]
        )
        self.assertNotIn("hat", mail.body or "")
        self.assertFalse(self.make_inquiry(description="Nothing").care_consult_ids)

    def test_two_rules_ask_one_question_once(self):
        ticket = self.make_inquiry(description="He lost his glasses")
        self.assertEqual(ticket.care_consult_ids.template_id, self.lost | self.second)
        self.assertEqual(len(ticket.care_consult_ids), 2)
        self.assertEqual(sorted(ticket.care_consult_ids.mapped("number")), [1, 2])

    def test_the_answer_comes_to_who_looks_after_it(self):
        ticket = self.make_inquiry(description="He lost his hat")
        consult = ticket.care_consult_ids
        consult.with_user(self.people["responder"])._care_reply("answer", "A brown one.")
        self.assertEqual(consult.state, "answered")
        handling = consult._care_recipients("answered")
        self.assertTrue(handling.filtered("active"))
        self.assertEqual(handling, ticket.user_id or ticket._care_lead())

    def test_the_answer_is_due_before_the_legal_deadline(self):
        self.lost.due_hours = 8000
        ticket = self.make_inquiry(description="He lost it", care_nature_id=self.complaint.id)
        consult = ticket.care_consult_ids
        self.assertLess(consult.due, ticket.care_next_due)
        self.assertGreater(consult.due, fields.Datetime.now())

    def test_what_is_told_beside_the_question_is_chosen_and_kept(self):
        self.lost.write({"tells_patient": True, "tells_text": True})
        self.people["responder"].email = "kitchen@hospital.example"
        ticket = self.make_inquiry(description="He lost a hat", care_patient_id=self.patient.id)
        self.assertIn("Okafor, Ada", ticket.care_consult_ids.facts)
        self.assertIn("He lost a hat", ticket.care_consult_ids.facts)
        self.assertEqual(ticket.care_disclosure_ids.mapped("way"), ["consult"])
        self.assertNotIn("tells_caller", self.lost._fields)

    def test_a_failure_loses_no_inquiry(self):
        def broken(_self, _pairs):
            raise RuntimeError("No consults today")

        consults = type(self.env["care.consult"])
        with (
            patch.object(consults, "_care_ask_templates", broken),
            expect_intake_errors(),
        ):
            ticket = self.make_inquiry(description="He lost his hat")
        self.assertIn("consults: RuntimeError: No consults today", ticket.care_intake_error)
        self.assertEqual(ticket.team_id, self.triage)
        self.assertTrue(ticket.care_decision_ids)

    def _left_out(self):
        kind = self.env.ref(f"{MODULE}.activity_left_out")
        return self.env["mail.activity"].search([("activity_type_id", "=", kind.id)])

    def test_what_nobody_can_answer_is_left_out_and_told_once(self):
        kitchen = self.live_rules(
            self.rule("Glasses", "glasses", self.lost | self.second),
            {
                "name": "Things",
                "lines": [{"field": "text", "match": "any", "keywords": "glasses"}],
                "team_id": self.catering.id,
            },
        )
        self.second.user_id.active = False
        why = "The account of Agent is archived"
        first, other = [self.make_inquiry(description="His glasses") for _number in range(2)]
        for ticket in first | other:
            self.assertFalse(ticket.care_intake_error)
            self.assertEqual(ticket.team_id, self.catering)
            self.assertEqual(ticket.care_decision_ids.ruleset_id, kitchen)
            self.assertEqual(ticket.care_consult_ids.template_id, self.lost)
            notes = ticket.message_ids.filtered(lambda note: why in (note.body or ""))
            self.assertIn(
                "The question Was the ward called? was not put: The account of Agent", notes.body
            )
            self.assertTrue(notes.subtype_id.internal)
        alert = self._left_out()
        self.assertEqual(len(alert), 1)
        self.assertEqual(alert.res_id, first.id)
        self.assertEqual(alert.summary, "Was the ward called?")
        self.assertIn(why, alert.note)
        self.assertTrue(alert.user_id.has_group(f"{MODULE}.group_supervisor"))
        alert.action_feedback(feedback="Asked the ward to name somebody")
        self.make_inquiry(description="His glasses")
        self.assertEqual(len(self._left_out()), 1)

    def test_a_team_that_no_mail_reaches_is_left_out(self):
        self.catering.user_ids.email = False
        ticket = self.make_inquiry(description="He lost his hat")
        self.assertFalse(ticket.care_consult_ids or ticket.care_intake_error)
        why = "Nobody of Kitchen has an e-mail address"
        self.assertIn(why, self._left_out().note)
        draft = self.env["care.ruleset"].browse(self.ruleset.action_change()["res_id"])
        draft.action_check()
        self.assertIn(why, " ".join(draft.finding_ids.mapped("sentence")))
        # A person finds it among the own activities, and answers in the form.
        self.second.user_id.email = False
        ticket = self.make_inquiry(description="His glasses")
        self.assertEqual(ticket.care_consult_ids.template_id, self.second)
        self.assertTrue(ticket.care_consult_ids.activity_ids)

    def test_nothing_is_asked_about_what_is_brought_in(self):
        done = self.env.ref("helpdesk_mgmt.helpdesk_ticket_stage_done")
        closed = self.env["helpdesk.ticket"].create(
            [
                {
                    "name": "Old",
                    "description": "He lost his hat",
                    "care_nature_id": self.env["care.nature"]
                    .search([("code", "=", "question")])
                    .id,
                    "stage_id": done.id,
                    "category_id": self.env["helpdesk.ticket.category"].search([], limit=1).id,
                    "care_department_id": self.ward.id,
                    "care_answer": "At the desk",
                    "care_told": "Ben",
                    "care_told_date": fields.Datetime.now(),
                    "care_told_channel_id": self.env["helpdesk.ticket.channel"]
                    ._care_by_code("phone")
                    .id,
                }
            ]
        )
        self.assertTrue(closed.closed)
        self.assertFalse(closed.care_consult_ids)
        skipped = (
            self.env["helpdesk.ticket"]
            .with_context(skip_routing=True)
            .create(
                [
                    {
                        "name": "Old",
                        "description": "He lost his hat",
                        "care_nature_id": self.question.id,
                    }
                ]
            )
        )
        self.assertEqual(skipped.care_decision_ids.source, "skipped")
        self.assertFalse(skipped.care_consult_ids)

    def test_notes_of_a_client_ask_nothing(self):
        ticket = self.make_inquiry(**{"care:consults": [self.lost.id]})
        self.assertFalse(ticket.care_consult_ids)

    def test_a_caller_at_the_portal_asks_nobody(self):
        ticket = self.env["helpdesk.ticket"].with_user(self.people["relative"]).sudo()
        ticket = ticket.create(
            [{"name": "x", "description": "I lost a hat", "care_nature_id": self.question.id}]
        )
        consult = ticket.care_consult_ids
        self.assertEqual(consult.template_id, self.lost)
        self.assertNotEqual(consult.asked_by_id, self.people["relative"])

    def test_many_cost_as_many_queries_as_few(self):
        values = {"name": "x", "description": "He lost it", "care_nature_id": self.question.id}
        self.make_inquiry(**values)
        counts = []
        for size in (5, 40):
            tickets = self.env["helpdesk.ticket"].create(
                [{**values, "description": "x"} for _number in range(size)]
            )
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.cr.sql_log_count
            tickets._care_put_consults([{"care:consults": [self.lost.id]}] * size)
            self.env.flush_all()
            counts.append(self.cr.sql_log_count - before)
            self.assertEqual(len(tickets.care_consult_ids), size)
        self.assertLessEqual(counts[1], counts[0] + 3, counts)

    # ------------------------------------------------------------------
    # Versions
    # ------------------------------------------------------------------

    def test_the_rule_says_what_it_asks_and_why_is_told(self):
        rule = self.ruleset.rule_ids.filtered(lambda rule: rule.name == "Glasses")
        self.assertIn("ask Was the ward called?, Where are lost things?", rule.effect_text)
        ticket = self.make_inquiry(description="He lost his glasses")
        trace = self.env["care.trace"].browse(
            ticket.care_decision_ids.with_user(self.people["supervisor"]).action_why()["res_id"]
        )
        line = trace.preparation_line_ids.filtered(lambda line: line.rule_id == rule)
        self.assertEqual(line.result, "matched")
        self.assertIn("glasses", line.detail)
        self.assertIn("ask Was the ward called?", line.detail)
        form = Form(self.env["care.tryout"].with_user(self.people["routing_admin"]))
        form.text = "He lost his hat"
        tryout = form.save()
        tryout.action_try()
        self.assertIn("rule 'Lost things' sets ask Where are lost things?", tryout.prepared)

    def test_the_replay_counts_the_questions(self):
        for text in ("lost", "glasses", "nothing"):
            self.make_inquiry(description=text)
        draft = self.env["care.ruleset"].browse(self.ruleset.action_change()["res_id"])
        rule = draft.rule_ids.filtered(lambda rule: rule.name == "Glasses")
        self.assertEqual(rule.consult_ids, self.lost | self.second)
        known = draft._care_fingerprint()
        rule.consult_ids = self.second
        self.assertNotEqual(draft._care_fingerprint(), known)
        compare = self.env["care.ruleset.compare"].browse(draft.action_compare()["res_id"])
        self.assertEqual(compare.line_ids.mapped("name"), ["Glasses"])
        selection = self.env["care.replay.selection"].create(
            {
                "name": "Three",
                "company_id": self.company.id,
                "ticket_ids": self.env["helpdesk.ticket"]
                .search([("care_is_inquiry", "=", True)], order="id desc", limit=3)
                .ids,
            }
        )
        replay = self.env["care.replay"].create(
            {"ruleset_id": draft.id, "selection_id": selection.id}
        )
        replay.action_run()
        self.assertEqual((replay.consult_before, replay.consult_after), (3, 2))
        self.assertEqual(replay.changed_count, 0)

    def test_checks_before_it_goes_live(self):
        draft = self.env["care.ruleset"].browse(self.ruleset.action_change()["res_id"])
        draft.action_check()
        self.assertFalse(draft.error_count, draft.finding_ids.mapped("sentence"))
        self.catering.user_ids = False
        draft.action_check()
        self.assertIn(
            "the question Where are lost things? cannot be put: Nobody answers for Security",
            " ".join(draft.finding_ids.mapped("sentence")),
        )
        with self.assertRaisesRegex(UserError, "Nobody answers for Security"):
            draft._check_activation()

    def test_what_live_rules_put_is_not_archived(self):
        with self.assertRaisesRegex(UserError, "Where are lost things. is put by live rules"):
            self.lost.action_archive()
        self.assertTrue(self.lost.active)
        spare = self.template(team_id=self.triage.id)
        spare.action_archive()
        self.assertFalse(spare.active)
        draft = self.env["care.ruleset"].browse(self.ruleset.action_change()["res_id"])
        rule = draft.rule_ids.filtered(lambda rule: rule.name == "Glasses")
        rule.consult_ids |= spare
        draft.action_check()
        self.assertIn(f"{spare.name} is archived", str(draft.finding_ids.mapped("sentence")))

    def test_the_file_keeps_it(self):
        rows = self.ruleset._care_file_rows()
        content = self.ruleset._care_to_csv(rows)
        self.assertIn(b"consult,lost", content)
        self.assertIn(b"consult,ward", content)
        draft = self.env["care.ruleset"]._care_import(self.company, content, "rules.csv")
        rule = draft.rule_ids.filtered(lambda rule: rule.name == "Glasses")
        self.assertEqual(rule.consult_ids, self.lost | self.second)
        for wrong, words in (
            (content.replace(b"consult,ward", b"consult,nowhere"), "no question of consults 'now"),
            (content.replace(b"team,", b"consult,lost\n,,,,,,,,team,"), "not for the list"),
        ):
            before = self.env["care.ruleset"].search_count([])
            with self.assertRaisesRegex(UserError, words):
                self.env["care.ruleset"]._care_import(self.company, wrong, "rules.csv")
            self.assertEqual(self.env["care.ruleset"].search_count([]), before)

    # ------------------------------------------------------------------
    # Set-up
    # ------------------------------------------------------------------

    def test_one_addressee_and_a_time(self):
        for values, name in (
            ({}, "one_addressee"),
            ({"team_id": self.triage.id, "user_id": self.people["agent"].id}, "one_addressee"),
            ({"team_id": self.triage.id, "due_hours": 0}, "due_positive"),
            ({"team_id": self.triage.id, "code": "lost"}, "code_uniq"),
        ):
            with (
                self.assertRaisesRegex(IntegrityError, name),
                mute_logger("odoo.sql_db"),
                self.env.cr.savepoint(),
            ):
                self.template(**values)

    def test_who_sets_questions_up(self):
        values = {"name": "x", "question": "y", "team_id": self.triage.id}
        templates = self.env["care.consult.template"]
        for name in ("routing_admin", "supervisor"):
            made = templates.with_user(self.people[name]).create([values])
            with self.assertRaises(AccessError):
                made.unlink()
        for name in ("coordinator", "responder", "clerk", "employee", "relative"):
            with self.subTest(role=name), self.assertRaises(AccessError):
                templates.with_user(self.people[name]).create([values])
        with self.assertRaises(AccessError):
            self.lost.with_user(self.people["employee"]).read(["question"])

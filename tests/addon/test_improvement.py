"""Improvements: proposing, deciding, evidence without names, reminders, access."""

import json
from datetime import timedelta
from unittest.mock import patch

from odoo import http
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Command, Date, Datetime
from odoo.tests import Form, new_test_user

from ..common import MODULE, CareCommon, RpcCase

SECRETS = ("Secret title", "secret story", "Okafor", "H1001")


class ImprovementCommon(CareCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.food = cls.env.ref(f"{MODULE}.category_food")
        cls.coordinator, cls.supervisor = cls.people["coordinator"], cls.people["supervisor"]
        cls.patient.write({"phone": "+1 212 555 0101", "email": "ada@home.example"})
        cls.inquiry = cls.make_inquiry(
            name="Secret title",
            description="secret story",
            category_id=cls.food.id,
            care_department_id=cls.ward.id,
            care_patient_id=cls.patient.id,
            partner_name="Ben O'Brien-Li",
            partner_email="ben@home.example",
            care_callback_phone="47 110",
        )

    @classmethod
    def propose(cls, login="coordinator", **values):
        return (
            cls.env["care.improvement"]
            .with_user(cls.people[login])
            .create(
                [
                    {
                        "name": "Warm the plates",
                        "practice": "Serving of meals",
                        "change": "Plates come from the warmer.",
                        "category_id": cls.food.id,
                        "department_id": cls.ward.id,
                        "ticket_ids": [Command.set(cls.inquiry.ids)],
                        **values,
                    }
                ]
            )
        )

    def decide(self, improvement, *states, reason="The ward cannot do it."):
        for state in states:
            improvement.with_user(self.supervisor)._care_move(state, reason)
        return improvement

    def refused(self, sentence, error=UserError):
        return self.assertRaisesRegex(error, sentence)


class TestProposing(ImprovementCommon):
    def save(self, action, **values):
        """What the browser does with the form that an action opens."""
        self.assertEqual(action["res_model"], "care.improvement")
        improvements = self.env["care.improvement"].with_user(self.coordinator)
        with Form(improvements.with_context(**action["context"])) as form:
            form.name = "Warm the plates"
            for name, value in values.items():
                form[name] = value
        return form.record

    def test_from_a_selection_in_a_list(self):
        other = self.make_inquiry(category_id=self.food.id)
        plain = self.env["helpdesk.ticket"].create([{"name": "Printer", "description": "Toner"}])
        action = self.env.ref(f"{MODULE}.action_propose_improvement").with_user(self.coordinator)
        tickets = self.inquiry | other | plain
        result = action.with_context(active_model=tickets._name, active_ids=tickets.ids).run()
        improvement = self.save(result)
        self.assertEqual(improvement.ticket_ids, self.inquiry | other)
        self.assertEqual(improvement.category_id, self.food)
        # One of them names no department, so nothing is known of all.
        self.assertFalse(improvement.department_id)
        self.assertEqual(improvement.state, "proposed")
        self.assertEqual(improvement.owner_id, self.coordinator)
        self.assertRegex(improvement.number, r"^IMP\d{4}$")
        self.assertEqual(improvement.display_name, f"{improvement.number} Warm the plates")
        self.assertEqual(self.inquiry.care_improvement_ids, improvement)

    def test_categories_that_differ_are_left_open(self):
        other = self.make_inquiry(category_id=self.env.ref(f"{MODULE}.category_waiting").id)
        action = (self.inquiry | other).with_user(self.coordinator).action_care_propose()
        self.assertFalse(action["context"]["default_category_id"])

    def test_plain_tickets_alone_are_refused(self):
        plain = self.env["helpdesk.ticket"].create([{"name": "Printer", "description": "Toner"}])
        with self.refused("Choose inquiries: plain tickets are no evidence"):
            plain.with_user(self.coordinator).action_care_propose()

    def test_two_hospitals_are_refused(self):
        company = self.env["res.company"].create({"name": "Second hospital"})
        abroad = self.make_inquiry(company_id=company.id, team_id=company.care_triage_team_id.id)
        self.supervisor.company_ids |= company
        both = (self.inquiry | abroad).with_user(self.supervisor)
        tickets = both.with_context(allowed_company_ids=(self.company | company).ids)
        with self.refused("several hospitals .*Second hospital.*: choose those of one"):
            tickets.action_care_propose()
        with (
            self.refused(f"Take out {abroad.number}", ValidationError),
            self.env.cr.savepoint(),
        ):
            self.propose("supervisor", ticket_ids=[Command.set((self.inquiry | abroad).ids)])
        self.env.invalidate_all()
        self.assertFalse(self.inquiry.care_improvement_ids)

    def test_too_many_are_refused(self):
        tickets = self.inquiry.with_user(self.coordinator)
        place = f"odoo.addons.{MODULE}.models.improvement.care_improvement.MOST_EVIDENCE"
        with (
            patch(place, 1),
            self.refused("2 inquiries are chosen; choose at most 1 as evidence"),
        ):
            (tickets | self.make_inquiry()).action_care_propose()

    def test_evidence_by_month(self):
        self.company.care_tz = "America/New_York"
        moments = ["2026-03-01 04:30:00", "2026-03-01 05:30:00", "2026-04-01 03:59:00"]
        tickets = self.inquiry.browse()
        for moment in moments:
            tickets |= self.make_inquiry(care_received_date=moment)
        improvement = self.propose(ticket_ids=[Command.set(tickets.ids)])
        self.assertEqual(improvement.evidence_count, 3)
        self.assertEqual(improvement.evidence_months, "Feb 2026: 1, Mar 2026: 2")

    def test_the_reader_sees_what_he_may_read_and_the_number_of_all(self):
        improvement = self.propose()
        company = self.env["res.company"].create({"name": "Second hospital"})
        self.env.cr.execute(
            "UPDATE helpdesk_ticket SET company_id = %s WHERE id = %s",
            (company.id, self.inquiry.id),
        )
        self.env.invalidate_all()
        mine = improvement.with_user(self.supervisor)
        self.assertFalse(mine.ticket_ids)
        self.assertEqual(mine.evidence_count, 1)

    def test_evidence_one_may_not_read_is_refused(self):
        company = self.env["res.company"].create({"name": "Second hospital"})
        abroad = self.make_inquiry(company_id=company.id, team_id=company.care_triage_team_id.id)
        with self.assertRaises(AccessError):
            self.propose(ticket_ids=[Command.set(abroad.ids)])

    def test_owner_must_be_able_to_read_it(self):
        with self.refused("Responder cannot see to an improvement of .*: choose", ValidationError):
            self.propose(owner_id=self.people["responder"].id)

    def test_never_deleted(self):
        improvement = self.propose()
        with self.refused("Improvements are never deleted"):
            improvement.sudo().with_context(force_delete=True).unlink()
        with self.refused("never deleted"):
            improvement.step_ids.sudo().unlink()
        with self.refused("never edited"):
            improvement.step_ids.sudo().write({"reason": "Other"})


class TestNames(ImprovementCommon):
    def test_what_tells_who_somebody_is(self):
        for field, text, found in (
            ("quotes", "Mrs Okafor got cold soup", "Okafor"),
            ("quotes", "the soup of ADA was cold", "ADA"),
            ("quotes", "Okafor's soup was cold", "Okafor's"),
            ("quotes", "Ben said so", "Ben"),
            ("quotes", "the O'Brien family", "O'Brien"),
            ("quotes", "Asked by Li, who waits", "Li"),
            ("quotes", "patient H 1001 waits", "H1001"),
            ("quotes", "patient h-1001 waits", "H1001"),
            ("quotes", "call 212-555-0101", "212-555-0101"),
            ("quotes", "extension 47 110", "47 110"),
            ("quotes", "write to ADA@home.example now", "ADA@home.example"),
            ("quotes", "write to x@y.example now", "x@y.example"),
            ("quotes", "call 0044 20 7946 0018", "0044 20 7946 0018"),
            ("name", "Warm the soup of Okafor", "Okafor"),
            ("practice", "How Ben is served", "Ben"),
            ("change", "Ask Ben first", "Ben"),
        ):
            with self.subTest(text=text):
                with self.refused(f"holds {found}, which tells who", ValidationError):
                    self.propose(**{field: text})

    def test_what_tells_nobody(self):
        for text in (
            "The soup was cold on 2026-03-02 at 12:30 and on 3.4.2026, 3 times.",
            "We waited 120 minutes, 4 of us.",
            "Adamant people, and the lieutenant.",
            "li is a word of two letters",
        ):
            with self.subTest(text=text):
                self.assertEqual(self.propose(quotes=text).quotes, text)

    def test_small_words_that_are_names(self):
        self.patient.name = "May, Will"
        self.assertTrue(self.propose(quotes="When may I come, and will it be warm?"))
        with self.refused("holds May, which tells", ValidationError):
            self.propose(quotes="May waits")

    def test_dates_of_birth(self):
        self.patient.birth_date = "1958-03-02"
        for text in (
            "born 1958-03-02",
            "born 2.3.1958",
            "born 03/02/58",
            "born on 2 March 1958",
            "born on March 2nd, 1958",
            "née le 2 mars 1958",
            "nacida el 2 de marzo de 1958",
            "1958. március 2.",
        ):
            with self.subTest(text=text):
                with self.refused(r"holds .*58.*, which tells who", ValidationError):
                    self.propose(quotes=text)
        for text in ("We came on 2 March 2026.", "Since March 1958 nothing changed; 2 of us."):
            with self.subTest(text=text):
                self.assertEqual(self.propose(quotes=text).quotes, text)

    def test_quotes_name_no_colleague(self):
        coordinator, responder = self.people["coordinator"], self.people["responder"]
        coordinator.name, responder.name = "Carla Meier", "Rui Sand"
        self.inquiry.user_id = coordinator
        for text, found in (
            ("Ask CARLA about it", "CARLA"),
            ("Nurse Meier was short with us", "Meier"),
            ("We were told so by Sand, Rui", "Rui Sand"),
        ):
            with self.subTest(text=text):
                with self.refused(f"holds {found}, which tells", ValidationError):
                    self.propose(quotes=text)
        # Of those who had nothing to do with it, half a name may be any word.
        self.assertTrue(self.propose(quotes="There was sand on the floor"))
        self.assertTrue(self.propose(change="Carla Meier warms the plates."))

    def test_people_spoken_to_and_callers_in_confidence(self):
        self.env["care.contact"]._care_log(
            [
                {
                    "ticket_id": self.inquiry.id,
                    "channel": "call",
                    "direction": "in",
                    "person_name": "Zora Quist",
                    "phone": "98 765",
                }
            ]
        )
        for text in ("Zora asked", "ring 98765"):
            with self.refused("which tells who", ValidationError):
                self.propose(quotes=text)
        secret = self.make_inquiry(
            care_identity="confidential", partner_name="Yves Roth", partner_email="y@home.example"
        )
        self.assertEqual(secret.partner_name, "In confidence")
        with self.refused("holds Yves, which tells", ValidationError):
            self.propose(quotes="Yves asked", ticket_ids=[Command.set(secret.ids)])
        kept = self.propose(quotes="I say this in confidence", ticket_ids=[Command.set(secret.ids)])
        self.assertTrue(kept)

    def test_evidence_added_later_is_checked_too(self):
        improvement = self.propose(quotes="Teresa likes it warm", ticket_ids=[])
        other = self.make_inquiry(
            care_patient_id=self.env["care.patient"].create({"name": "Silva, Teresa"}).id
        )
        with self.refused("'Quotes' holds Teresa", ValidationError), self.env.cr.savepoint():
            improvement.ticket_ids = other
        improvement.invalidate_recordset()
        self.assertFalse(improvement.ticket_ids)


class TestDeciding(ImprovementCommon):
    def test_the_way_to_adoption_with_its_dates(self):
        improvement = self.propose().with_user(self.supervisor)
        improvement.action_review()
        improvement.action_trial()
        improvement.action_adopt()
        self.assertEqual(improvement.state, "adopted")
        self.assertEqual(improvement.decided_by_id, self.supervisor)
        self.assertTrue(improvement.decided_date)
        self.assertEqual(improvement.effective_date, Date.context_today(improvement))
        self.assertEqual(
            [(step.state, step.user_id) for step in improvement.step_ids],
            [
                ("proposed", self.coordinator),
                ("review", self.supervisor),
                ("trial", self.supervisor),
                ("adopted", self.supervisor),
            ],
        )

    def test_steps_that_do_not_follow(self):
        improvement = self.propose().with_user(self.supervisor)
        for action in ("action_trial", "action_adopt"):
            with self.refused("is in state 'Proposed' and cannot come into state"):
                getattr(improvement, action)()
        improvement.action_review()
        with self.refused("'Under review' and cannot come into state 'Under review'"):
            improvement.action_review()

    def test_adopting_needs_practice_and_change(self):
        improvement = self.propose(practice=False, change=" ").with_user(self.supervisor)
        improvement.action_review()
        with self.refused("Missing: Procedure or practice, Change proposed"):
            improvement.action_adopt()
        self.assertEqual(improvement.state, "review")

    def reason(self, improvement, action, text):
        action = getattr(improvement.with_user(self.supervisor), action)()
        wizard = self.env[action["res_model"]].with_user(self.supervisor)
        wizard.with_context(**action["context"]).create([{"reason": text}]).action_done()

    def test_rejecting_and_reopening_need_a_reason(self):
        improvement = self.propose()
        for state in ("rejected",):
            with self.refused("Say why"):
                self.decide(improvement, state, reason=" ")
        self.reason(improvement, "action_reject", "There is no warmer.")
        self.assertEqual(improvement.state, "rejected")
        self.assertEqual(improvement.reason, "There is no warmer.")
        with self.refused("Say why"):
            self.decide(improvement, "review", reason=False)
        self.reason(improvement, "action_reopen", "A warmer was bought.")
        self.assertEqual(improvement.state, "review")
        self.assertFalse(improvement.reason or improvement.decided_by_id)
        self.assertEqual(
            improvement.step_ids.mapped("reason"),
            [False, "There is no warmer.", "A warmer was bought."],
        )

    def test_decided_is_final(self):
        improvement = self.decide(self.propose(), "review", "adopted")
        mine = improvement.with_user(self.supervisor)
        for values in (
            {"name": "Other"},
            {"change": "Other"},
            {"category_id": False},
            {"ticket_ids": [Command.clear()]},
            {"quotes": "Other"},
        ):
            with self.refused("is decided and stays as it was decided on: reopen it"):
                mine.write(values)
        with self.refused("cannot come into state"):
            self.decide(improvement, "rejected")
        mine.effective_date = "2026-01-15"
        self.assertEqual(str(mine.effective_date), "2026-01-15")
        with self.refused("is adopted: keep the day since which it is in force", ValidationError):
            mine.effective_date = False
        self.decide(improvement, "review")
        self.assertFalse(mine.effective_date)
        with self.refused("is not adopted, so it cannot be in force", ValidationError):
            mine.effective_date = "2026-01-15"

    def test_the_state_is_not_written(self):
        improvement = self.propose().with_user(self.supervisor)
        for values in (
            {"state": "adopted"},
            {"state": "proposed"},
            {"decided_by_id": self.supervisor.id},
            {"decided_date": Datetime.now()},
            {"reason": "No"},
            {"number": "IMP0000"},
            {"step_ids": [Command.create({"state": "adopted", "user_id": self.supervisor.id})]},
        ):
            with self.subTest(values=values):
                with self.refused("changed by its buttons only", AccessError):
                    improvement.write(values)
                with self.refused("changed by its buttons only", AccessError):
                    self.propose(**{**values, "state": "adopted"})
        with self.refused("changed by its buttons only", AccessError):
            improvement.with_context(care_improvement=True).write({"state": "adopted"})
        self.assertEqual(improvement.state, "proposed")

    def test_coordinators_decide_nothing(self):
        improvement = self.propose()
        for action in (
            "action_review",
            "action_trial",
            "action_reject",
            "action_reopen",
        ):
            with self.refused("Improvements are decided by supervisors", AccessError):
                getattr(improvement, action)()
        with self.assertRaises(AccessError):
            self.env["care.improvement.reason"].with_user(self.coordinator).create(
                [{"what": "reject", "improvement_ids": improvement.ids, "reason": "No"}]
            )


class TestReminders(ImprovementCommon):
    def late(self, improvement):
        cron = self.env.ref(f"{MODULE}.cron_improvements")
        with self.enter_registry_test_mode():
            self.assertIs(cron.method_direct_trigger(), True)
        self.env.invalidate_all()
        return improvement.sudo().activity_ids

    def test_the_owner_is_reminded_once(self):
        yesterday = Date.context_today(self.env.user) - timedelta(days=1)
        improvement = self.propose(due=yesterday)
        in_time = self.propose(due=yesterday + timedelta(days=1))
        self.assertEqual(self.env["care.improvement"].search([("overdue", "=", True)]), improvement)
        self.assertNotIn(
            improvement, self.env["care.improvement"].search([("overdue", "=", False)])
        )
        self.assertTrue(improvement.overdue)
        self.assertFalse(in_time.overdue)
        activity = self.late(improvement)
        self.assertEqual(activity.user_id, self.coordinator)
        self.assertIn("Due since", activity.summary)
        self.assertEqual(self.late(improvement), activity)
        self.assertFalse(in_time.activity_ids)
        improvement.due = yesterday + timedelta(days=30)
        self.assertFalse(improvement.activity_ids)

    def test_a_decision_ends_it(self):
        improvement = self.propose(due="2026-01-01")
        self.assertTrue(self.late(improvement))
        self.decide(improvement, "rejected")
        self.assertFalse(improvement.activity_ids)
        self.assertFalse(self.late(improvement))

    def test_of_an_owner_who_left_a_supervisor_hears(self):
        improvement = self.propose(due="2026-01-01")
        self.coordinator.active = False
        user = self.late(improvement).user_id
        self.assertTrue(user.has_group(f"{MODULE}.group_supervisor"))


class TestAccess(ImprovementCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.improvement = cls.propose()
        cls.people["nurse"] = new_test_user(
            cls.env, login="care_nurse", groups=f"{MODULE}.group_ward_staff"
        )
        cls.denominator = cls.env["care.denominator"].create(
            {"department_id": cls.ward.id, "month": "2026-01-01", "patient_days": 100}
        )
        cls.pattern = cls.env["care.pattern"].create(
            {
                "company_id": cls.company.id,
                "kind": "question",
                "key": "1",
                "category_id": cls.food.id,
                "count": 9,
            }
        )

    def test_each_role(self):
        nobody = {
            name: ""
            for name in (
                "responder",
                "routing_admin",
                "clerk",
                "nurse",
                "manager",
                "agent",
                "employee",
                "relative",
            )
        }
        for record, roles in (
            (
                self.improvement,
                {
                    "coordinator": "read write",
                    "supervisor": "read write",
                    "privacy_officer": "read",
                },
            ),
            (
                self.improvement.step_ids,
                {"coordinator": "read", "supervisor": "read", "privacy_officer": "read"},
            ),
            (
                self.pattern,
                {"coordinator": "read", "supervisor": "read", "privacy_officer": "read"},
            ),
            (
                self.denominator,
                {
                    "coordinator": "read",
                    "supervisor": "read write unlink",
                    "privacy_officer": "read",
                },
            ),
        ):
            for login, operations in {**nobody, **roles}.items():
                for operation in ("read", "write", "unlink"):
                    with self.subTest(role=login, model=record._name, operation=operation):
                        mine = record.with_user(self.people[login])
                        self.assertEqual(
                            mine.has_access(operation), operation in operations.split()
                        )

    def test_coordinators_edit_their_own_proposals_until_under_review(self):
        self.improvement.change = "Plates and cups."
        other = self.propose("supervisor").with_user(self.coordinator)
        self.assertEqual(other.name, "Warm the plates")
        with self.assertRaises(AccessError):
            other.name = "Other"
        self.decide(self.improvement, "review")
        with self.assertRaises(AccessError):
            self.improvement.change = "Other"
        self.assertTrue(self.improvement.message_post(body="The cups, too."))
        self.improvement.with_user(self.supervisor).change = "Plates, cups and trays."

    def test_another_hospital_sees_nothing(self):
        company = self.env["res.company"].create({"name": "Second hospital"})
        abroad = new_test_user(
            self.env,
            login="care_abroad",
            groups=f"{MODULE}.group_supervisor",
            company_id=company.id,
            company_ids=[Command.set(company.ids)],
        )
        for record in (
            self.improvement,
            self.improvement.step_ids,
            self.pattern,
            self.denominator,
        ):
            self.assertFalse(record.with_user(abroad).search([]), record._name)

    def test_others_neither_follow_nor_hear(self):
        agent = self.people["agent"].partner_id
        self.improvement.message_subscribe((agent | self.people["relative"].partner_id).ids)
        self.assertFalse(
            self.improvement.message_partner_ids & (agent | self.people["relative"].partner_id)
        )
        message = self.improvement.message_post(
            body="Look", partner_ids=(agent | self.supervisor.partner_id).ids
        )
        self.assertEqual(message.notified_partner_ids, self.supervisor.partner_id)

    def test_no_text_of_it_names_a_patient(self):
        for record in (self.improvement, self.pattern):
            for login in ("coordinator", "supervisor", "privacy_officer"):
                mine = record.with_user(self.people[login])
                text = str(
                    [
                        mine.read([name])
                        for name, field in mine._fields.items()
                        if mine._has_field_access(field, "read")
                    ]
                )
                for secret in SECRETS:
                    self.assertNotIn(secret, text, record._name)

    def test_an_export_of_its_inquiries_is_kept(self):
        self.coordinator.group_ids = [Command.link(self.env.ref("base.group_allow_export").id)]
        self.improvement.export_data(["name", "evidence_count"])
        self.assertFalse(self.inquiry.care_disclosure_ids)
        self.improvement.export_data(["name", "ticket_ids/description"])
        row = self.inquiry.care_disclosure_ids
        self.assertEqual((row.way, row.what), ("export", "ticket_ids/description"))
        self.pattern.ticket_id = self.inquiry
        self.pattern.with_user(self.coordinator).export_data(["ticket_id/name"])
        self.assertEqual(len(self.inquiry.care_disclosure_ids), 2)


class TestOverHttp(ImprovementCommon, RpcCase):
    def export(self, login, model, ids, names):
        self.authenticate(login, login)
        user = self.env["res.users"].search([("login", "=", login)])
        user.group_ids = [Command.link(self.env.ref("base.group_allow_export").id)]
        self.env.flush_all()
        data = {
            "model": model,
            "fields": [{"name": name, "label": name, "type": "char"} for name in names],
            "ids": ids,
            "domain": [],
            "import_compat": False,
        }
        return self.url_open(
            "/web/export/csv",
            data={"data": json.dumps(data), "csrf_token": http.Request.csrf_token(self)},
        )

    def test_export_file(self):
        improvement = self.propose()
        names = ["number", "name", "evidence_count"]
        answer = self.export("care_supervisor", improvement._name, improvement.ids, names)
        self.assertIn(improvement.number, answer.text)
        for login in ("care_responder", "care_clerk", "care_employee", "care_routing_admin"):
            answer = self.export(login, improvement._name, improvement.ids, names)
            self.assertNotIn(improvement.number, answer.text, login)
            self.assertNotIn("Warm the plates", answer.text, login)

    def test_rpc(self):
        improvement = self.propose()
        for login in ("care_coordinator", "care_supervisor"):
            answer = self.call(
                login, improvement._name, "write", improvement.ids, {"state": "adopted"}
            )
            self.assertIn("changed by its buttons only", answer["error"]["data"]["message"])
        for method in ("_care_move", "_care_propose", "_care_note_step"):
            answer = self.call("care_supervisor", improvement._name, method, improvement.ids)
            self.assertIn("error", answer)
        for login in ("care_responder", "care_clerk", "care_employee", "care_relative"):
            answer = self.call(login, improvement._name, "web_search_read", [], {"name": {}})
            self.assertIn("AccessError", answer["error"]["data"]["name"], login)
        answer = self.call("care_supervisor", improvement._name, "action_review", improvement.ids)
        self.assertTrue(answer["result"])
        improvement.invalidate_recordset()
        self.assertEqual(improvement.state, "review")

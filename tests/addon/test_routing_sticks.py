"""The routing room: human decisions stick, suggestions, routing again, learning, traces."""

import json
from datetime import timedelta
from unittest.mock import patch

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.fields import Command

from ..common import MODULE, CareCommon


class SticksCommon(CareCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.cleaning = cls.env["helpdesk.ticket.team"].create(
            {"name": "Cleaners", "user_ids": [Command.set(cls.people["responder"].ids)]}
        )
        cls.food = cls.env.ref(f"{MODULE}.category_food")
        cls.clean = cls.env.ref(f"{MODULE}.category_cleanliness")
        cls.rules = [
            {
                "name": "Food",
                "team_id": cls.catering.id,
                "lines": [{"field": "category", "category_ids": [Command.set(cls.food.ids)]}],
            },
            {
                "name": "Cleaning",
                "team_id": cls.cleaning.id,
                "lines": [{"field": "category", "category_ids": [Command.set(cls.clean.ids)]}],
            },
        ]

    def setUp(self):
        super().setUp()
        self.ruleset = self.live_rules(*(dict(rule) for rule in self.rules))
        self.progress = self.env.ref("helpdesk_mgmt.helpdesk_ticket_stage_in_progress")

    def asked(self, category, **values):
        return self.make_inquiry(category_id=category.id, **values)


class TestHumanDecisions(SticksCommon):
    def test_a_move_by_hand_is_never_undone(self):
        ticket = self.asked(self.food)
        ticket.with_user(self.people["coordinator"]).team_id = self.triage
        self.assertTrue(ticket.care_routing_locked)
        ticket.category_id = self.clean
        self.assertEqual(ticket.team_id, self.triage)
        self.assertEqual(ticket.care_suggestion, "Rule 'Cleaning' would send this to Cleaners.")

    def test_assigning_by_hand_locks_too(self):
        ticket = self.asked(self.food)
        ticket.user_id = self.people["responder"]
        self.assertTrue(ticket.care_routing_locked)
        self.assertEqual(ticket.care_decision_ids.sorted("id")[-1].source, "human")
        self.assertEqual(
            ticket.care_routing_reason,
            "Kitchen, because the category is Food and drink; Responder, chosen by hand",
        )

    def test_apply_follows_the_suggestion_and_is_a_persons_decision(self):
        ticket = self.asked(self.food)
        ticket.stage_id = self.progress
        ticket.category_id = self.clean
        self.assertEqual(ticket.team_id, self.catering)
        ticket.with_user(self.people["coordinator"]).action_care_apply_suggestion()
        self.assertEqual(ticket.team_id, self.cleaning)
        self.assertFalse(ticket.care_suggestion)
        self.assertEqual(ticket.care_decision_ids.sorted("id")[-1].source, "human")

    def test_keep_is_remembered(self):
        ticket = self.asked(self.food)
        ticket.stage_id = self.progress
        ticket.category_id = self.clean
        ticket.with_user(self.people["coordinator"]).action_care_keep_team()
        self.assertFalse(ticket.care_suggestion)
        ticket.priority = "2"
        self.assertFalse(ticket.care_suggestion)

    def test_unattended_inquiries_follow_their_facts(self):
        ticket = self.asked(self.food)
        ticket.category_id = self.clean
        self.assertEqual(ticket.team_id, self.cleaning)
        decision = ticket.care_decision_ids.sorted("id")[-1]
        self.assertEqual((decision.source, decision.event), ("rule", "change"))
        self.assertFalse(ticket.care_routing_locked)

    def test_answered_inquiries_only_get_a_suggestion(self):
        ticket = self.asked(self.food)
        ticket.with_user(self.people["coordinator"]).message_post(
            body="We look into it.", message_type="comment", subtype_xmlid="mail.mt_comment"
        )
        ticket.category_id = self.clean
        self.assertEqual(ticket.team_id, self.catering)
        self.assertTrue(ticket.care_suggestion)

    def test_back_and_forth_stops_and_asks_the_lead(self):
        ticket = self.asked(self.food)
        ticket.category_id = self.clean
        ticket.category_id = self.food
        self.assertEqual(ticket.team_id, self.cleaning)
        self.assertIn("back and forth", ticket.activity_ids.mapped("summary")[0])
        self.assertTrue(ticket.care_suggestion)

    def test_at_most_three_moves_by_itself(self):
        teams = self.env["helpdesk.ticket.team"].create(
            [{"name": f"Team {n}", "user_ids": [Command.set(self.env.user.ids)]} for n in range(5)]
        )
        categories = self.env["helpdesk.ticket.category"].create(
            [{"name": f"Category {n}"} for n in range(5)]
        )
        self.live_rules(
            *(
                {
                    "name": category.name,
                    "team_id": team.id,
                    "lines": [{"field": "category", "category_ids": [Command.set(category.ids)]}],
                }
                for team, category in zip(teams, categories, strict=True)
            )
        )
        ticket = self.asked(categories[0])
        for category in categories[1:]:
            ticket.write(
                {"category_id": category.id, "care_category_ids": [Command.set(category.ids)]}
            )
        self.assertEqual(ticket.team_id, teams[3])
        self.assertEqual(ticket.care_suggested_team_id, teams[4])

    def test_what_the_form_fills_in_is_no_choice(self):
        Ticket = self.env["helpdesk.ticket"].with_user(self.people["coordinator"])
        values = Ticket.default_get(["user_id", "team_id", "company_id"])
        ticket = Ticket.create(
            [
                {
                    "name": "Soup",
                    "description": "soup",
                    "care_nature_id": self.question.id,
                    "category_id": self.food.id,
                    **values,
                }
            ]
        ).sudo()
        self.assertEqual(ticket.team_id, self.catering)
        self.assertFalse(ticket.user_id)
        self.assertFalse(ticket.care_routing_locked)

    def test_changes_are_tracked_in_the_chatter(self):
        ticket = self.asked(self.food)
        self.env.flush_all()
        self.env.cr.precommit.run()
        ticket.write({"team_id": self.triage.id, "priority": "3", "category_id": self.clean.id})
        self.env.flush_all()
        self.env.cr.precommit.run()
        tracked = ticket.message_ids.sudo().tracking_value_ids.field_id.mapped("name")
        self.assertLessEqual({"team_id", "priority", "category_id"}, set(tracked))

    def test_an_import_can_opt_out(self):
        ticket = (
            self.env["helpdesk.ticket"]
            .with_context(skip_routing=True)
            .create(
                [
                    {
                        "name": "Old",
                        "description": "x",
                        "care_nature_id": self.question.id,
                        "category_id": self.food.id,
                        "team_id": self.triage.id,
                    }
                ]
            )
        )
        self.assertEqual(ticket.team_id, self.triage)
        self.assertEqual(ticket.care_decision_ids.source, "skipped")

    def test_a_team_keeps_what_was_sent_to_it(self):
        Ticket = self.env["helpdesk.ticket"].with_user(self.people["relative"]).sudo()
        values = {"name": "x", "description": "x", "care_nature_id": self.question.id}
        ticket = Ticket.create([values | {"team_id": self.cleaning.id}])
        self.assertEqual(ticket.team_id, self.cleaning)
        self.assertIn("because it was sent to this team", ticket.care_routing_reason)
        soup = values | {"team_id": self.cleaning.id, "category_id": self.food.id}
        self.assertEqual(Ticket.create([soup]).team_id, self.catering)
        self.cleaning.care_hint_stays = True
        self.assertEqual(Ticket.create([soup]).team_id, self.cleaning)


class TestRoutingAgain(SticksCommon):
    def draft_to_triage(self):
        draft = self.env["care.ruleset"].browse(self.ruleset.action_change()["res_id"])
        draft.rule_ids.filtered(lambda rule: rule.name == "Food").team_id = self.cleaning
        draft._care_activate()
        return draft

    def preview(self, live):
        action = live.with_user(self.people["routing_admin"]).action_apply_to_open()
        return self.env["care.reroute"].browse(action["res_id"])

    def test_preview_choose_apply_undo(self):
        fresh, busy, placed = (self.asked(self.food) for _n in range(3))
        busy.stage_id = self.progress
        placed.user_id = self.people["responder"]
        live = self.draft_to_triage()
        batch = self.preview(live)
        ours = batch.line_ids.filtered(lambda line: line.ticket_id in fresh | busy | placed)
        self.assertEqual(ours.ticket_id, fresh)
        self.assertTrue(ours.chosen)
        self.assertEqual(fresh.team_id, self.catering)
        as_admin = batch.with_user(self.people["routing_admin"])
        as_admin.action_apply()
        self.assertEqual(fresh.team_id, self.cleaning)
        self.assertEqual(fresh.care_decision_ids.sorted("id")[-1].event, "again")
        self.assertEqual(batch.state, "applied")
        as_admin.action_undo()
        self.assertEqual(fresh.team_id, self.catering)
        self.assertEqual(fresh.care_decision_ids.sorted("id")[-1].event, "undo")

    def test_what_somebody_works_on_is_not_undone(self):
        fresh = self.asked(self.food)
        batch = self.preview(self.draft_to_triage())
        batch.action_apply()
        fresh.stage_id = self.progress
        batch.action_undo()
        self.assertEqual(fresh.team_id, self.cleaning)
        line = batch.line_ids.filtered(lambda row: row.ticket_id == fresh)
        self.assertIn("somebody works on it", line.note)

    def test_what_changed_since_the_preview_is_left(self):
        fresh = self.asked(self.food)
        batch = self.preview(self.draft_to_triage())
        fresh.team_id = self.triage
        batch.action_apply()
        self.assertEqual(fresh.team_id, self.triage)
        line = batch.line_ids.filtered(lambda row: row.ticket_id == fresh)
        self.assertEqual((line.state, line.note), ("skipped", "changed in the meantime"))

    def test_nothing_ticked_is_said(self):
        self.asked(self.food)
        batch = self.preview(self.draft_to_triage())
        batch.action_choose_none()
        with self.assertRaisesRegex(UserError, "Tick the inquiries"):
            batch.action_apply()

    def test_many_go_in_chunks_in_the_background(self):
        tickets = self.env["helpdesk.ticket"].browse([self.asked(self.food).id for _n in range(5)])
        batch = self.preview(self.draft_to_triage())
        others = batch.line_ids.filtered(lambda line: line.ticket_id not in tickets)
        others.chosen = False
        with patch(f"odoo.addons.{MODULE}.models.routing.care_reroute.AT_ONCE", 2):
            batch.action_apply()
        self.assertEqual(batch.state, "running")
        self.assertEqual(tickets.team_id, self.catering)
        with self.enter_registry_test_mode():
            cron = self.env.ref(f"{MODULE}.cron_reroute")
            self.assertIs(cron.method_direct_trigger(), True)
        self.env.invalidate_all()
        self.assertEqual((batch.state, tickets.team_id), ("applied", self.cleaning))

    def test_route_again_by_hand_shows_before_it_moves(self):
        placed = self.asked(self.food)
        placed.team_id = self.triage
        action = placed.with_user(self.people["coordinator"]).action_care_route_again()
        batch = self.env["care.reroute"].browse(action["res_id"])
        self.assertEqual(batch.line_ids.to_team_id, self.catering)
        self.assertTrue(batch.line_ids.locked)
        self.assertFalse(batch.line_ids.chosen)
        batch.line_ids.chosen = True
        batch.with_user(self.people["coordinator"]).action_apply()
        self.assertEqual(placed.team_id, self.catering)
        self.assertFalse(placed.care_routing_locked)

    def test_who_may(self):
        with self.assertRaises(AccessError):
            self.ruleset.with_user(self.people["coordinator"]).action_apply_to_open()
        batch = self.preview(self.ruleset)
        for login in ("responder", "clerk", "manager"):
            with self.subTest(login=login), self.assertRaises(AccessError):
                batch.with_user(self.people[login]).action_apply()


class TestTrace(SticksCommon):
    def why(self, ticket, login="coordinator"):
        action = ticket.with_user(self.people[login]).action_care_why()
        return self.env["care.trace"].browse(action["res_id"])

    def test_one_click_opens_every_rule_and_its_result(self):
        ticket = self.asked(self.clean)
        trace = self.why(ticket)
        results = {line.rule_id.name: line.result for line in trace.routing_line_ids}
        self.assertEqual(
            results, {"Food": "failed", "Cleaning": "matched", "Everything else": "later"}
        )
        failed = trace.line_ids.filtered(lambda line: line.result == "failed")
        self.assertEqual(failed.detail, "does not hold: the category is Food and drink")

    def test_it_comes_out_the_same_after_the_world_changed(self):
        parent = self.env["helpdesk.ticket.category"].create({"name": "Meals"})
        child = self.env["helpdesk.ticket.category"].create(
            {"name": "Breakfast", "parent_id": parent.id}
        )
        vip = self.env["res.partner.category"].create({"name": "Veteran"})
        partner = self.env["res.partner"].create(
            {"name": "Mr Hall", "category_id": [Command.set(vip.ids)]}
        )
        other = self.env["helpdesk.ticket.team"].create(
            {"name": "Veterans", "user_ids": [Command.set(self.env.user.ids)]}
        )
        ruleset = self.live_rules(
            {
                "name": "Set meals",
                "kind": "preparation",
                "category_ids": [Command.set(child.ids)],
                "lines": [{"field": "text", "keywords": "porridge"}],
            },
            {
                "name": "Domain",
                "team_id": self.triage.id,
                "lines": [
                    {"field": "text", "keywords": "porridge"},
                    {"field": "domain", "domain": "[('priority', '=', '3')]"},
                ],
            },
            {
                "name": "Veterans",
                "team_id": other.id,
                "lines": [
                    {"field": "partner_tag", "partner_tag_ids": [Command.set(vip.ids)]},
                    {"field": "category", "category_ids": [Command.set(parent.ids)]},
                ],
            },
        )
        ticket = self.make_inquiry(description="<p>The porridge</p>", partner_id=partner.id)
        decision = ticket.care_decision_ids
        self.assertEqual(ticket.team_id, other)
        before = decision._care_trace()
        self.live_rules(dict(self.rules[0]))
        other.active = False
        child.parent_id = self.food
        partner.write({"category_id": [Command.clear()], "name": "Somebody"})
        ticket.with_context(mail_notrack=True).write(
            {"priority": "3", "description": "<p>nothing</p>"}
        )
        self.env.invalidate_all()
        self.assertEqual(decision._care_trace(), before)
        self.assertEqual(ruleset.state, "retired")
        action = decision.with_user(self.people["coordinator"]).action_why()
        trace = self.env["care.trace"].browse(action["res_id"])
        names = {line.rule_id.name: line.result for line in trace.line_ids}
        self.assertEqual(names["Veterans"], "matched")
        self.assertEqual(names["Domain"], "failed")

    def test_a_broken_rule_is_skipped_alarmed_and_stays_so_in_the_trace(self):
        gone = self.env["helpdesk.ticket.category"].create({"name": "Gone"})
        ruleset = self.live_rules(
            {
                "name": "Not gone",
                "team_id": self.cleaning.id,
                "lines": [
                    {
                        "field": "category",
                        "match": "none",
                        "category_ids": [Command.set(gone.ids)],
                    }
                ],
            }
        )
        self.assertEqual(self.make_inquiry().team_id, self.cleaning)
        gone.active = False
        alarm = ruleset.activity_ids
        self.assertIn("Not gone", alarm[:1].note)
        self.assertIn(self.people["routing_admin"], alarm.user_id)
        ticket = self.make_inquiry()
        self.assertEqual(ticket.team_id, self.triage)
        gone.active = True
        line = self.why(ticket).line_ids.filtered(lambda row: row.rule_id.name == "Not gone")
        self.assertEqual(line.result, "skipped")
        self.assertEqual(self.make_inquiry().team_id, self.cleaning)

    def test_staff_read_not_available_and_never_why(self):
        self.catering.care_strategy = "least_load"
        subject = self.people["responder"]
        ticket = self.asked(self.food, care_about_user_ids=[Command.set(subject.ids)])
        self.assertEqual(self.why(ticket).person_ids.result, "unavailable")
        self.assertEqual(self.why(ticket, "supervisor").person_ids.result, "subject")
        with self.assertRaises(AccessError):
            ticket.care_decision_ids.with_user(subject).read(["candidates"])

    def test_a_decision_is_small(self):
        ticket = self.asked(self.food, description="soup " * 200)
        decision = ticket.care_decision_ids
        size = len(json.dumps([decision.facts, decision.evidence, decision.candidates]))
        self.assertLess(size, 1024)

    def test_the_text_is_kept_once_and_read_by_nobody(self):
        ticket = self.asked(self.food, description="<p>Caf\u00e9 soup</p>")
        ticket.category_id = self.clean
        decisions = ticket.care_decision_ids
        self.assertEqual(len(decisions.filtered("text")), 1)
        self.assertIn("cafe soup", decisions.filtered("text").text)
        for login in ("coordinator", "routing_admin", "privacy_officer"):
            with self.subTest(login=login), self.assertRaises(AccessError):
                decisions.with_user(self.people[login]).read(["text"])

    def test_other_peoples_inquiries_have_no_trace(self):
        ticket = self.asked(self.food)
        with self.assertRaises(AccessError):
            ticket.with_user(self.people["clerk"]).action_care_why()


class TestLearning(SticksCommon):
    def moved(self, number, text, **values):
        ticket = self.make_inquiry(description=text, partner_email=f"c{number}@home.example")
        ticket.with_user(self.people["coordinator"]).team_id = self.cleaning
        return ticket

    def test_overturned_decisions_count_against_their_rule(self):
        rule = self.ruleset.rule_ids.filtered(lambda rule: rule.name == "Food")
        tickets = [self.asked(self.food) for _n in range(4)]
        tickets[0].team_id = self.triage
        tickets[1].user_id = self.people["responder"]
        self.env.invalidate_all()
        self.assertEqual((rule.hit_count, rule.overturned), (4, 0.25))
        self.assertTrue(rule.last_hit)
        tickets[2].team_id = self.triage
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE care_decision SET create_date = create_date - interval '49 hours'"
            " WHERE ticket_id = %s AND source = 'rule'",
            [tickets[2].id],
        )
        self.env.invalidate_all()
        self.assertEqual(rule.overturned, 0.25)

    def test_hits_follow_the_rule_through_versions(self):
        self.asked(self.food)
        draft = self.env["care.ruleset"].browse(self.ruleset.action_change()["res_id"])
        self.env.invalidate_all()
        self.assertEqual(draft.rule_ids.filtered(lambda rule: rule.name == "Food").hit_count, 1)

    def test_look_alike_moves_become_a_suggestion_and_a_draft_rule(self):
        for number in range(6):
            self.moved(number, f"My parking permit number {number} is lost, Mr Hall")
        self.env["care.rule.suggestion"].action_refresh()
        suggestion = self.env["care.rule.suggestion"].search(
            [("to_team_id", "=", self.cleaning.id)]
        )
        self.assertEqual(
            suggestion.sentence,
            "6 inquiries with 'parking permit number' went by hand from Patient relations to "
            "Cleaners: make a rule?",
        )
        action = suggestion.with_user(self.people["routing_admin"]).action_make_rule()
        draft = self.env["care.ruleset"].browse(action["res_id"])
        self.assertEqual(draft.state, "draft")
        rule = suggestion.rule_id
        self.assertEqual(
            draft._care_in_run_order().filtered(lambda r: r.kind == "routing")[0], rule
        )
        self.assertEqual(rule.condition_text, "the text says 'parking permit number'")
        self.env["care.rule.suggestion"].action_refresh()
        self.assertEqual(suggestion.state, "made")

    def test_names_and_single_callers_are_never_suggested(self):
        for _number in range(6):
            self.moved(1, "The zebra crossing")
        for number in range(6):
            ticket = self.moved(number, "Okafor Okafor")
            ticket.care_patient_id = self.patient
        self.env["care.rule.suggestion"].action_refresh()
        found = self.env["care.rule.suggestion"].search([]).mapped("phrase")
        self.assertFalse([phrase for phrase in found if "zebra" in phrase or "okafor" in phrase])

    def test_a_dismissed_suggestion_does_not_come_back(self):
        for number in range(5):
            self.moved(number, "the lost property office")
        self.env["care.rule.suggestion"].action_refresh()
        suggestion = self.env["care.rule.suggestion"].search(
            [("to_team_id", "=", self.cleaning.id)]
        )
        suggestion.action_dismiss()
        self.env["care.rule.suggestion"].action_refresh()
        self.assertEqual(suggestion.state, "dismissed")
        self.assertFalse(
            self.env["care.rule.suggestion"].search(
                [("to_team_id", "=", self.cleaning.id), ("state", "=", "open")]
            )
        )

    def test_old_moves_are_forgotten(self):
        for number in range(5):
            self.moved(number, "the lost property office")
        long_ago = fields.Datetime.now() - timedelta(days=91)
        self.env.flush_all()
        self.env.cr.execute("UPDATE care_decision SET create_date = %s", [long_ago])
        self.env.invalidate_all()
        self.env["care.rule.suggestion"].action_refresh()
        self.assertFalse(
            self.env["care.rule.suggestion"].search([("to_team_id", "=", self.cleaning.id)])
        )


class TestEffects(SticksCommon):
    def test_followers_tags_priority_and_urgent_text(self):
        tag = self.env["helpdesk.ticket.tag"].create({"name": "Fall"})
        ticket_user = self.people["supervisor"]
        self.live_rules(
            {
                "name": "Fall",
                "kind": "preparation",
                "tag_ids": [Command.set(tag.ids)],
                "priority": "3",
                "follower_ids": [Command.set((ticket_user | self.people["clerk"]).ids)],
                "lines": [{"field": "text", "keywords": "fell"}],
            },
            {
                "name": "Falls",
                "team_id": self.cleaning.id,
                "urgent_text": "Call 2222 now.",
                "lines": [
                    {"field": "tag", "tag_ids": [Command.set(tag.ids)]},
                    {
                        "field": "priority",
                        "choice_ids": [
                            Command.set(self.env.ref(f"{MODULE}.choice_priority_3").ids)
                        ],
                    },
                ],
            },
        )
        ticket = self.make_inquiry(description="She fell")
        self.assertEqual(ticket.tag_ids, tag)
        self.assertEqual(ticket.priority, "3")
        self.assertEqual(ticket.team_id, self.cleaning)
        self.assertEqual(ticket.care_urgent_text, "Call 2222 now.")
        self.assertIn(ticket_user.partner_id, ticket.message_partner_ids)
        self.assertNotIn(self.people["clerk"].partner_id, ticket.message_partner_ids)

    def test_the_automatic_answer_tells_whom_to_call_now(self):
        self.live_rules(
            {
                "name": "Danger",
                "team_id": self.cleaning.id,
                "urgent_text": "Call 2222 now.",
                "lines": [{"field": "text", "keywords": "danger"}],
            }
        )
        template = self.env.ref(f"{MODULE}.mail_inquiry_moved")
        urgent = self.make_inquiry(description="danger", partner_email="a@home.example")
        calm = self.make_inquiry(description="calm", partner_email="a@home.example")
        bodies = template._render_field("body_html", (urgent | calm).ids)
        self.assertIn("Call 2222 now.", bodies[urgent.id])
        self.assertNotIn("danger", bodies[urgent.id])
        self.assertNotIn("<strong", bodies[calm.id])

    def test_paused_validity_and_facts_of_the_day(self):
        today = fields.Date.today()
        weekday = self.env.ref(f"{MODULE}.choice_weekday_{today.weekday()}")
        known = self.env.ref(f"{MODULE}.choice_known_yes")
        always = self.env["resource.calendar"].create(
            {
                "name": "Round the clock",
                "tz": "UTC",
                "attendance_ids": [Command.clear()]
                + [
                    Command.create(
                        {"name": "x", "dayofweek": str(day), "hour_from": 0, "hour_to": 24}
                    )
                    for day in range(7)
                ],
            }
        )
        any_word = {"field": "text", "keywords": "hello"}
        self.company.resource_calendar_id.tz = "UTC"
        self.live_rules(
            {"name": "Paused", "team_id": self.cleaning.id, "paused": True, "lines": [any_word]},
            {
                "name": "Over",
                "team_id": self.cleaning.id,
                "valid_to": today - timedelta(days=1),
                "lines": [any_word],
            },
            {
                "name": "Today",
                "team_id": self.catering.id,
                "valid_from": today,
                "valid_to": today,
                "lines": [
                    {"field": "weekday", "choice_ids": [Command.set(weekday.ids)]},
                    {"field": "known", "choice_ids": [Command.set(known.ids)]},
                    {"field": "hours", "calendar_ids": [Command.set(always.ids)]},
                ],
            },
        )
        partner = self.env["res.partner"].create({"name": "Mr Hall"})
        self.assertEqual(
            self.make_inquiry(description="hello", partner_id=partner.id).team_id, self.catering
        )
        self.assertEqual(self.make_inquiry(description="hello").team_id, self.triage)


class TestSealed(SticksCommon):
    """What no client may do, whatever it sends."""

    def test_a_version_goes_live_by_activate_alone(self):
        admin = self.people["routing_admin"]
        live = self.ruleset.with_user(admin)
        draft = self.env["care.ruleset"].browse(live.action_change()["res_id"]).with_user(admin)
        for record, values in (
            (live, {"state": "draft"}),
            (draft, {"state": "live"}),
            (draft, {"replayed_fingerprint": draft._care_fingerprint()}),
        ):
            with self.subTest(values=values), self.assertRaisesRegex(AccessError, "by Activate"):
                record.write(values)
        with self.assertRaisesRegex(AccessError, "by Activate"):
            live.create([{"state": "live"}])
        rest = draft.rule_ids.filtered("catch_all")
        for values in ({"catch_all": False}, {"lineage": 1}):
            with self.assertRaisesRegex(AccessError, "catch-all"):
                rest.write(values)
        with self.assertRaisesRegex(UserError, "stays one"):
            rest.kind = "preparation"
        rule = draft.rule_ids.filtered(lambda rule: not rule.catch_all)[:1]
        with self.assertRaisesRegex(UserError, "cannot be edited"):
            rule.ruleset_id = live
        with self.assertRaisesRegex(UserError, "cannot be edited"):
            rule.line_ids[:1].rule_id = live.rule_ids.filtered("line_ids")[:1]

    def test_what_routing_notes_is_not_written_by_hand(self):
        ticket = self.asked(self.food).with_user(self.people["coordinator"])
        with self.assertRaisesRegex(AccessError, "not written by hand"):
            ticket.write({"care_routing_locked": True})
        with self.assertRaisesRegex(AccessError, "not written by hand"):
            ticket.with_context(care_routing=True).write({"care_suggested_rule_id": False})

    def test_lines_of_a_batch_are_ticked_and_nothing_else(self):
        ticket = self.asked(self.food)
        draft = self.env["care.ruleset"].browse(self.ruleset.action_change()["res_id"])
        draft.rule_ids.filtered(lambda rule: rule.name == "Food").team_id = self.cleaning
        draft._care_activate()
        batch = self.env["care.reroute"]._care_preview_open(self.company)
        line = batch.line_ids.filtered(lambda row: row.ticket_id == ticket)
        mine = line.with_user(self.people["routing_admin"])
        mine.chosen = False
        for values in ({"ticket_id": 1}, {"to_team_id": self.triage.id}, {"state": "applied"}):
            with self.subTest(values=values), self.assertRaisesRegex(AccessError, "ticked"):
                mine.write(values)
        with self.assertRaisesRegex(AccessError, "ticked"):
            mine.reroute_id.write({"state": "applied"})

    def test_a_preview_that_the_rules_overtook_moves_nothing(self):
        ticket = self.asked(self.food)
        for team in (self.cleaning, self.triage):
            draft = self.env["care.ruleset"].browse(self.ruleset.action_change()["res_id"])
            draft.rule_ids.filtered(lambda rule: rule.name == "Food").team_id = team
            draft._care_activate()
            if team == self.cleaning:
                batch = self.env["care.reroute"]._care_preview_open(self.company)
        batch.action_apply()
        self.assertEqual(ticket.team_id, self.catering)
        line = batch.line_ids.filtered(lambda row: row.ticket_id == ticket)
        self.assertEqual(line.note, "the rules changed in the meantime")

    def test_what_one_person_asked_is_nobody_elses_to_read(self):
        self.catering.care_strategy = "least_load"
        ticket = self.asked(self.food)
        action = ticket.with_user(self.people["supervisor"]).action_care_why()
        trace = self.env["care.trace"].browse(action["res_id"])
        self.assertTrue(trace.with_user(self.people["supervisor"]).sentence)
        for record in (trace, trace.line_ids[:1]):
            with self.assertRaises(AccessError):
                record.with_user(self.people["responder"]).read(["display_name"])

    def test_the_portal_cannot_look_for_suggestions(self):
        with self.assertRaises(AccessError):
            self.env["care.rule.suggestion"].with_user(self.people["relative"]).action_refresh()


class TestLater(SticksCommon):
    def test_an_answer_by_mail_counts_as_an_answer(self):
        ticket = self.asked(self.food)
        ticket.message_post(
            body="We look into it.",
            author_id=self.people["responder"].partner_id.id,
            message_type="email",
            subtype_xmlid="mail.mt_comment",
        )
        ticket.category_id = self.clean
        self.assertEqual(ticket.team_id, self.catering)

    def test_keep_holds_over_versions(self):
        ticket = self.asked(self.food)
        ticket.stage_id = self.progress
        ticket.category_id = self.clean
        ticket.action_care_keep_team()
        self.env["care.ruleset"].browse(self.ruleset.action_change()["res_id"])._care_activate()
        ticket.priority = "2"
        self.assertFalse(ticket.care_suggestion)

    def test_after_back_and_forth_it_stays_and_is_said_once(self):
        ticket = self.asked(self.food)
        ticket.category_id = self.clean
        ticket.category_id = self.food
        ticket.priority = "2"
        self.assertEqual(ticket.team_id, self.cleaning)
        swings = self.env.ref(f"{MODULE}.activity_swings")
        self.assertEqual(
            len(ticket.activity_ids.filtered(lambda row: row.activity_type_id == swings)), 1
        )

    def test_what_was_never_read_keeps_its_text_when_it_is_routed(self):
        plain = self.env["helpdesk.ticket"].create(
            [{"name": "Lunch", "description": "soup", "category_id": self.food.id}]
        )
        plain.action_care_make_inquiry()
        action = plain.with_user(self.people["coordinator"]).action_care_route_again()
        batch = self.env["care.reroute"].browse(action["res_id"])
        batch.line_ids.chosen = True
        batch.action_apply()
        self.assertEqual(plain.team_id, self.catering)
        decision = plain.care_decision_ids.sorted("id")[-1]
        self.assertIn("soup", decision.text)
        results = {row["rule"]: row["matched"] for row in decision._care_trace()}
        self.assertTrue(results[decision.rule_id.id])

    def test_a_person_found_later_is_one_hit(self):
        self.catering.care_strategy = "least_load"
        rule = self.ruleset.rule_ids.filtered(lambda rule: rule.name == "Food")
        self.people["responder"].out_of_office_from = fields.Datetime.now() - timedelta(hours=1)
        ticket = self.asked(self.food)
        self.people["responder"].out_of_office_from = False
        ticket._care_find_people()
        self.assertEqual(ticket.user_id, self.people["responder"])
        self.assertFalse(
            ticket.activity_ids.filtered(
                lambda row: row.activity_type_id == self.env.ref(f"{MODULE}.activity_nobody")
            )
        )
        self.env.invalidate_all()
        self.assertEqual(rule.hit_count, 1)

    def test_the_trace_outlives_a_member(self):
        self.catering.care_strategy = "least_load"
        gone = self.env["res.users"].create({"name": "Gone", "login": "care_gone"})
        self.catering.user_ids |= gone
        ticket = self.asked(self.food)
        gone.unlink()
        action = ticket.with_user(self.people["coordinator"]).action_care_why()
        self.assertTrue(self.env["care.trace"].browse(action["res_id"]).line_ids)

    def test_rules_keep_to_their_company(self):
        other = self.env["res.company"].create({"name": "Other hospital"})
        rule = self.env["care.ruleset"].browse(self.ruleset.action_change()["res_id"]).rule_ids[0]
        with self.assertRaisesRegex(UserError, "company"):
            rule.team_id = other.care_triage_team_id

    def test_a_domain_that_cannot_be_read_is_found_before_and_alarmed_later(self):
        line = {"field": "domain", "domain": "[('number', '>', 5)]"}
        live = self.live_rules({"name": "Odd", "team_id": self.catering.id, "lines": [line]})
        draft = self.env["care.ruleset"].browse(live.action_change()["res_id"])
        draft.action_check()
        self.assertIn("cannot be read", draft.finding_ids.filtered("rule_id")[:1].sentence)
        self.make_inquiry()
        self.make_inquiry()
        self.assertIn("Odd", live.activity_ids[:1].note)
        self.assertEqual(len(live.activity_ids), len(live.activity_ids.user_id))

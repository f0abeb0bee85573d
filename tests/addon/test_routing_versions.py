"""The routing room: versions, checks before going live, replay, trying out, differences."""

from datetime import timedelta

import psycopg2

from odoo import fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Command
from odoo.tools import mute_logger

from ..common import CareCommon


class VersionsCommon(CareCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.food = {
            "name": "Food",
            "team_id": cls.catering.id,
            "lines": [{"field": "text", "keywords": "cold food\nmeal*"}],
        }

    def draft_of(self, ruleset):
        return self.env["care.ruleset"].browse(ruleset.action_change()["res_id"])

    def replay(self, draft, **values):
        replay = self.env["care.replay"].create({"ruleset_id": draft.id, **values})
        replay.action_run()
        return replay

    def rule(self, draft, name):
        return draft.rule_ids.filtered(lambda rule: rule.name == name)


class TestVersions(VersionsCommon):
    def setUp(self):
        super().setUp()
        self.live = self.live_rules(dict(self.food))

    def test_going_live_asks_for_a_replay_of_these_very_rules(self):
        draft = self.draft_of(self.live)
        with self.assertRaisesRegex(UserError, "Look at a replay of it first"):
            draft.action_activate()
        self.replay(draft)
        self.assertTrue(draft.replay_current)
        self.rule(draft, "Food").line_ids.keywords = "soup"
        self.assertFalse(draft.replay_current)
        with self.assertRaisesRegex(UserError, "Look at a replay of it first"):
            draft.action_activate()
        self.assertEqual(self.live.state, "live")
        self.replay(draft)
        draft.action_activate()
        self.assertEqual((self.live.state, draft.state), ("retired", "live"))
        self.assertEqual(draft.activated_by_id, self.env.user)
        self.assertTrue(draft.activated_date)

    def test_going_live_moves_nothing(self):
        ticket = self.make_inquiry(description="cold food")
        draft = self.draft_of(self.live)
        self.rule(draft, "Food").team_id = self.triage
        self.replay(draft)
        draft.action_activate()
        self.assertEqual(ticket.team_id, self.catering)
        self.assertEqual(ticket.care_decision_ids.ruleset_id, self.live)

    def test_a_retired_version_is_restored_as_a_draft(self):
        draft = self.draft_of(self.live)
        draft._care_activate()
        restored = self.draft_of(self.live)
        self.assertEqual(restored.state, "draft")
        self.assertEqual(restored.origin_id, self.live)
        self.assertEqual(restored._care_fingerprint(), self.live._care_fingerprint())
        self.assertEqual(self.live.state, "retired")

    def test_differences_are_shown_rule_by_rule(self):
        live = self.live_rules(
            dict(self.food),
            {
                "name": "Taxi",
                "team_id": self.triage.id,
                "lines": [{"field": "text", "keywords": "taxi"}],
            },
            {
                "name": "Bill",
                "team_id": self.triage.id,
                "lines": [{"field": "text", "keywords": "bill"}],
            },
        )
        draft = self.draft_of(live)
        self.rule(draft, "Food").line_ids.keywords = "soup"
        self.rule(draft, "Bill").unlink()
        self.rule(draft, "Taxi").action_move_up()
        self.env["care.rule"].create(
            {
                "ruleset_id": draft.id,
                "name": "Noise",
                "sequence": 50,
                "team_id": self.triage.id,
                "line_ids": [Command.create({"field": "text", "keywords": "noise"})],
            }
        )
        action = draft.action_compare()
        compare = self.env["care.ruleset.compare"].browse(action["res_id"])
        self.assertEqual(compare.old_id, live)
        changes = {line.name: line.change for line in compare.line_ids}
        self.assertEqual(changes["Food"], "changed")
        self.assertEqual(changes["Bill"], "removed")
        self.assertEqual(changes["Noise"], "added")
        food = compare.line_ids.filtered(lambda line: line.name == "Food")
        self.assertIn("cold food", food.before)
        self.assertIn("soup", food.after)
        same = self.env["care.ruleset.compare"].create({"old_id": live.id, "new_id": live.id})
        self.assertFalse(same.line_ids)

    def test_a_move_alone_is_told_as_a_move(self):
        live = self.live_rules(
            *(
                {
                    "name": name,
                    "team_id": self.triage.id,
                    "lines": [{"field": "text", "keywords": name}],
                }
                for name in ("one!", "two!", "three!", "four!")
            )
        )
        draft = self.draft_of(live)
        self.rule(draft, "four!").action_move_up()
        lines = self.env["care.ruleset.compare"]._care_differences(live, draft)
        self.assertEqual([line["change"] for line in lines], ["moved"])

    def test_rules_move_by_keyboard_too(self):
        live = self.live_rules(
            dict(self.food),
            {
                "name": "Taxi",
                "team_id": self.triage.id,
                "lines": [{"field": "text", "keywords": "taxi"}],
            },
        )
        draft = self.draft_of(live)
        self.rule(draft, "Taxi").action_move_up()
        names = draft.rule_ids.sorted("position").mapped("name")
        self.assertEqual(names, ["Taxi", "Food", "Everything else"])
        self.rule(draft, "Taxi").action_move_down()
        self.assertEqual(draft.rule_ids.sorted("position")[0].name, "Food")
        with self.assertRaisesRegex(UserError, "cannot be edited"):
            self.rule(live, "Taxi").action_move_up()

    def test_rules_move_to_the_place_that_is_typed(self):
        live = self.live_rules(
            *(
                {
                    "name": name,
                    "team_id": self.triage.id,
                    "lines": [{"field": "text", "keywords": name}],
                }
                for name in ("first", "second", "third")
            )
        )
        draft = self.draft_of(live)
        self.rule(draft, "third").position = 1
        order = draft._care_in_run_order().mapped("name")
        self.assertEqual(order, ["third", "first", "second", "Everything else"])
        late = self.env["care.rule"].create(
            {
                "ruleset_id": draft.id,
                "name": "late",
                "sequence": 100_000,
                "team_id": self.triage.id,
                "line_ids": [Command.create({"field": "text", "keywords": "late"})],
            }
        )
        rest = draft.rule_ids.filtered("catch_all")
        self.assertGreater(rest.sequence, late.sequence)

    def test_only_the_routing_administrator_changes_rules(self):
        for login in ("coordinator", "supervisor", "responder", "privacy_officer"):
            with self.subTest(login=login), self.assertRaises(AccessError):
                self.live.with_user(self.people[login]).action_change()
        draft = self.live.with_user(self.people["routing_admin"]).action_change()
        self.assertTrue(draft["res_id"])


class TestChecks(VersionsCommon):
    def findings(self, *rules, **catch_all):
        live = self.live_rules(*rules)
        if catch_all:
            draft = self.draft_of(live)
            draft.rule_ids.filtered("catch_all").write(catch_all)
        else:
            draft = self.draft_of(live)
        draft.action_check()
        return {
            (finding.rule_id.name, finding.level[2:]): finding.sentence
            for finding in draft.finding_ids
        }

    def test_clean_rules_have_no_finding(self):
        self.assertEqual(self.findings(dict(self.food)), {})

    def test_a_shadowed_rule_names_the_earlier_one(self):
        later = {
            "name": "Meals on wards",
            "team_id": self.catering.id,
            "lines": [{"field": "text", "keywords": "meals"}],
        }
        found = self.findings(dict(self.food), later)
        self.assertIn("the earlier rule 'Food' takes all", found["Meals on wards", "error"])

    def test_a_parent_category_shadows_its_child(self):
        parent = self.env["helpdesk.ticket.category"].create({"name": "Meals"})
        child = self.env["helpdesk.ticket.category"].create(
            {"name": "Breakfast", "parent_id": parent.id}
        )
        rows = [
            {
                "name": name,
                "team_id": self.catering.id,
                "lines": [{"field": "category", "category_ids": [Command.set(category.ids)]}],
            }
            for name, category in (("All meals", parent), ("Breakfast only", child))
        ]
        self.assertIn(("Breakfast only", "error"), self.findings(*rows))
        self.assertEqual(
            self.findings(
                *(
                    row | {"lines": [{"field": "category", "category_ids": [Command.set(c.ids)]}]}
                    for row, c in zip(reversed(rows), (child, parent), strict=True)
                )
            ),
            {},
        )

    def test_same_conditions_with_another_target(self):
        other = dict(self.food) | {"name": "Food too", "team_id": self.triage.id}
        found = self.findings(dict(self.food), other)
        self.assertIn("asks for the same as the earlier rule 'Food'", found["Food too", "error"])

    def test_teams_that_cannot_answer(self):
        empty = self.env["helpdesk.ticket.team"].create({"name": "Nobody"})
        hours = self.env["resource.calendar"].create({"name": "Never", "attendance_ids": False})
        closed = self.env["helpdesk.ticket.team"].create(
            {
                "name": "Closed",
                "care_calendar_id": hours.id,
                "user_ids": [Command.set(self.people["responder"].ids)],
            }
        )
        gone = self.env["helpdesk.ticket.team"].create(
            {"name": "Gone", "user_ids": [Command.set(self.people["responder"].ids)]}
        )
        rows = [
            {"name": f"To {team.name}", "team_id": team.id}
            | {"lines": [{"field": "text", "keywords": f"word{team.id}"}]}
            for team in (empty, closed, gone)
        ]
        live = self.live_rules(*rows)
        gone.active = False
        draft = self.draft_of(live)
        draft.action_check()
        found = {finding.rule_id.name: finding.sentence for finding in draft.finding_ids}
        self.assertIn("has no members", found["To Nobody"])
        self.assertIn("have no hours", found["To Closed"])
        self.assertIn("Gone is archived", found["To Gone"])
        self.assertEqual(draft.error_count, 3)

    def test_archived_reference_keyword_and_validity(self):
        category = self.env["helpdesk.ticket.category"].create({"name": "Old"})
        live = self.live_rules(
            {
                "name": "Archived",
                "team_id": self.catering.id,
                "lines": [{"field": "category", "category_ids": [Command.set(category.ids)]}],
            },
            {
                "name": "Short",
                "team_id": self.catering.id,
                "lines": [{"field": "text", "keywords": "tv\ntelevision"}],
            },
            {
                "name": "Over",
                "team_id": self.catering.id,
                "valid_to": "2020-01-31",
                "lines": [{"field": "text", "keywords": "festival"}],
            },
        )
        category.active = False
        draft = self.draft_of(live)
        draft.action_check()
        found = {finding.rule_id.name: finding for finding in draft.finding_ids}
        self.assertIn("Old is archived", found["Archived"].sentence)
        self.assertIn("'tv' has under three letters", found["Short"].sentence)
        self.assertIn("validity is over", found["Over"].sentence)
        self.assertEqual(found["Over"].level, "2_warning")
        with self.assertRaisesRegex(UserError, "Old is archived.*under three letters"):
            draft.action_activate()

    def test_never_matched_in_ninety_days_is_a_warning(self):
        live = self.live_rules(dict(self.food))
        live.activated_date = fields.Datetime.now() - timedelta(days=91)
        draft = self.draft_of(live)
        draft.action_check()
        self.assertIn("no inquiry matched it in 90 days", draft.finding_ids.sentence)
        self.make_inquiry(description="cold food")
        self.env.invalidate_all()
        draft.action_check()
        self.assertFalse(draft.finding_ids)

    def test_a_rule_whose_inquiries_all_went_to_an_earlier_one(self):
        channel = self.env.ref("helpdesk_mgmt.helpdesk_ticket_channel_phone")
        self.live_rules(
            dict(self.food),
            {
                "name": "By phone",
                "team_id": self.triage.id,
                "lines": [{"field": "channel", "channel_ids": [Command.set(channel.ids)]}],
            },
        )
        self.make_inquiry(description="cold food", channel_id=channel.id)
        live = self.env["care.ruleset"].search(
            [("state", "=", "live"), ("company_id", "=", self.company.id)]
        )
        draft = self.draft_of(live)
        draft.action_check()
        self.assertIn("maybe it never gets one. All 1 inquiries", draft.finding_ids.sentence)
        self.assertEqual(draft.warning_count, 1)

    def test_a_member_without_working_hours_is_a_warning(self):
        self.catering.care_strategy = "least_load"
        found = self.findings(dict(self.food))
        self.assertIn("no working hours of their own", found["Food", "warning"])

    def test_what_live_rules_refer_to_cannot_be_deleted(self):
        category = self.env["helpdesk.ticket.category"].create({"name": "Kept"})
        self.live_rules(
            {
                "name": "Kept",
                "team_id": self.catering.id,
                "lines": [{"field": "category", "category_ids": [Command.set(category.ids)]}],
            }
        )
        with (
            self.assertRaises(psycopg2.IntegrityError),
            mute_logger("odoo.sql_db"),
            self.env.cr.savepoint(),
        ):
            category.unlink()
        self.assertTrue(category.exists())

    def test_a_domain_may_not_tell_who_somebody_is(self):
        draft = self.draft_of(self.live_rules(dict(self.food)))
        line = self.rule(draft, "Food").line_ids
        for domain in (
            "[('partner_name', 'ilike', 'smith')]",
            "[('care_patient_id.name', '=', 'Okafor')]",
            "[('partner_id.email', '=', 'x@home.example')]",
            "[('description', 'ilike', 'hiv')]",
            "[('care_decision_ids.ticket_id.partner_name', '=', 'Smith')]",
            "[('care_decision_ids', 'any', [('text', 'ilike', 'smith')])]",
            "[('team_id.ticket_ids.partner_name', '=', 'Smith')]",
            "[('partner_id.category_id.partner_ids.name', '=', 'Smith')]",
            "[('partner_id', 'any', [('name', '=', 'Smith')])]",
            "[('message_partner_ids.name', '=', 'Smith')]",
            "[('partner_id', '=', 7)]",
        ):
            with self.subTest(domain=domain), self.assertRaisesRegex(ValidationError, "may not"):
                line.write({"field": "domain", "domain": domain})
        line.write({"field": "domain", "domain": "[('partner_id.category_id.name', '=', 'VIP')]"})
        self.assertEqual(line.field, "domain")


class TestReplay(VersionsCommon):
    def setUp(self):
        super().setUp()
        self.live = self.live_rules(dict(self.food))
        self.hot = self.make_inquiry(description="cold food on Monday")
        self.soup = self.make_inquiry(description="the soup")
        self.other = self.make_inquiry(description="parking")

    def soup_draft(self):
        draft = self.draft_of(self.live)
        self.rule(draft, "Food").line_ids.keywords = "soup"
        return draft

    def test_it_tells_what_would_change_and_writes_nothing(self):
        draft = self.soup_draft()
        before = self.env["care.decision"].search_count([])
        replay = self.replay(draft)
        ours = replay.change_ids.filtered(
            lambda change: change.ticket_id in self.hot | self.soup | self.other
        )
        moves = {change.ticket_id: change for change in ours}
        self.assertEqual(set(moves), {self.hot, self.soup})
        self.assertEqual(moves[self.soup].from_team_id, self.triage)
        self.assertEqual(moves[self.soup].to_team_id, self.catering)
        self.assertEqual(moves[self.soup].words, "soup")
        self.assertEqual(moves[self.hot].to_rule_id, draft.rule_ids.filtered("catch_all"))
        self.assertEqual(replay.changed_count, len(replay.change_ids))
        self.assertGreater(replay.catch_all_before, 0)
        self.assertIn("Kitchen", replay.tables)
        self.assertEqual(self.env["care.decision"].search_count([]), before)
        self.assertEqual(self.soup.team_id, self.triage)

    def test_it_uses_the_text_of_the_day(self):
        self.soup.description = "<p>Only tea now</p>"
        self.hot.name = "Soup"
        replay = self.replay(self.soup_draft())
        self.assertIn(self.soup, replay.change_ids.ticket_id)
        self.assertIn(self.hot, replay.change_ids.ticket_id)

    def test_only_chosen_inquiries_of_a_saved_selection(self):
        action = self.soup.action_care_save_for_replays()
        selection = self.env["care.replay.selection"].search(action["domain"])
        self.assertEqual(selection.ticket_count, 1)
        replay = self.replay(self.soup_draft(), selection_id=selection.id)
        self.assertEqual(replay.inquiry_count, 1)
        self.assertEqual(replay.change_ids.ticket_id, self.soup)

    def test_a_new_advanced_domain_is_approximate(self):
        draft = self.draft_of(self.live)
        self.env["care.rule"].create(
            {
                "ruleset_id": draft.id,
                "name": "Urgent",
                "sequence": 0,
                "team_id": self.catering.id,
                "line_ids": [
                    Command.create({"field": "domain", "domain": "[('priority', '=', '3')]"})
                ],
            }
        )
        self.other.with_context(mail_notrack=True).priority = "3"
        replay = self.replay(draft)
        change = replay.change_ids.filtered(lambda change: change.ticket_id == self.other)
        self.assertEqual(change.to_team_id, self.catering)
        self.assertTrue(change.approximate)
        self.assertGreaterEqual(replay.approximate_count, 2)

    def test_an_old_domain_keeps_the_truth_of_the_day(self):
        live = self.live_rules(
            {
                "name": "Urgent",
                "team_id": self.catering.id,
                "lines": [{"field": "domain", "domain": "[('priority', '=', '3')]"}],
            }
        )
        urgent = self.make_inquiry(priority="3", description="quick")
        urgent.with_context(mail_notrack=True).priority = "1"
        draft = self.draft_of(live)
        self.rule(draft, "Urgent").team_id = self.triage
        replay = self.replay(draft)
        change = replay.change_ids.filtered(lambda change: change.ticket_id == urgent)
        self.assertEqual(change.to_team_id, self.triage)
        self.assertFalse(change.approximate)

    def test_what_people_placed_is_left_out_and_counted(self):
        ticket = (
            self.env["helpdesk.ticket"]
            .with_user(self.people["coordinator"])
            .create(
                [
                    {
                        "name": "Soup",
                        "description": "soup",
                        "care_nature_id": self.question.id,
                        "team_id": self.catering.id,
                    }
                ]
            )
        )
        replay = self.replay(self.soup_draft())
        self.assertNotIn(ticket.sudo(), replay.change_ids.ticket_id)
        self.assertEqual(replay.human_count, 1)

    def test_rules_without_a_hit_are_named(self):
        draft = self.draft_of(self.live)
        self.rule(draft, "Food").line_ids.keywords = "xylophone"
        self.assertIn("Food", str(self.replay(draft).tables).split("Rules without a hit")[1])

    def test_nothing_to_replay_is_said(self):
        company = self.env["res.company"].create({"name": "New hospital"})
        draft = self.env["care.ruleset"].search(
            [("company_id", "=", company.id), ("state", "=", "draft")]
        )
        replay = self.replay(draft)
        self.assertEqual(replay.inquiry_count, 0)
        self.assertIn("nothing to compare", replay.tables)

    def test_the_routing_administrator_sees_no_text_and_no_name(self):
        admin = self.people["routing_admin"]
        ticket = self.make_inquiry(
            description="the soup of Mrs Secret", partner_name="Mrs Secret", name="Private"
        )
        draft = self.soup_draft()
        replay = self.env["care.replay"].with_user(admin).create({"ruleset_id": draft.id})
        replay.action_run()
        shown = replay.web_read(
            {
                "tables": {},
                "change_ids": {
                    "fields": {
                        "ticket_id": {"fields": {"display_name": {}}},
                        "words": {},
                        "to_team_id": {"fields": {"display_name": {}}},
                    }
                },
            }
        )
        self.assertIn(ticket.number, str(shown))
        self.assertNotIn("Secret", str(shown))
        self.assertNotIn("Private", str(shown))
        with self.assertRaises(AccessError):
            ticket.with_user(admin).read(["description"])
        with self.assertRaises(AccessError):
            replay.with_user(self.people["coordinator"]).action_run()


class TestTryout(VersionsCommon):
    def test_one_message_at_once(self):
        live = self.live_rules(dict(self.food))
        admin = self.people["routing_admin"]
        before = self.env["helpdesk.ticket"].search_count([])
        tryout = (
            self.env["care.tryout"]
            .with_user(admin)
            .create({"ruleset_id": live.id, "text": "<p>The COLD food</p>"})
        )
        tryout.action_try()
        self.assertEqual(tryout.outcome, "Kitchen, because the text says 'cold food'")
        results = {line.rule_id.name: line.result for line in tryout.line_ids}
        self.assertEqual(results, {"Food": "matched", "Everything else": "later"})
        tryout.text = "parking"
        tryout.action_try()
        self.assertIn("no rule matched", tryout.outcome)
        failed = tryout.line_ids.filtered(lambda line: line.result == "failed")
        self.assertIn("does not hold: the text says 'cold food' or 'meal*'", failed.detail)
        self.assertEqual(self.env["helpdesk.ticket"].search_count([]), before)

    def test_an_empty_message_is_refused(self):
        live = self.live_rules(dict(self.food))
        tryout = self.env["care.tryout"].create({"ruleset_id": live.id})
        with self.assertRaisesRegex(UserError, "Type or paste a message first"):
            tryout.action_try()


class TestSentences(VersionsCommon):
    def test_conditions_read_as_a_sentence(self):
        weekday = self.env.ref("patient_care_coordination.choice_weekday_5")
        live = self.live_rules(
            {
                "name": "Mixed",
                "team_id": self.catering.id,
                "lines": [
                    {"field": "text", "match": "none", "keywords": "thanks", "alternative": 1},
                    {"field": "weekday", "choice_ids": [Command.set(weekday.ids)]},
                    {"field": "subject", "keywords": "lunch\ndinner", "alternative": 2},
                ],
            }
        )
        self.assertEqual(
            self.rule(live, "Mixed").condition_text,
            "(the text does not say 'thanks' and the day is Saturday) or "
            "(the subject says 'lunch' or 'dinner')",
        )

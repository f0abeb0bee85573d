"""The routing room: who of a team gets an inquiry, closed teams, absences and hand-over."""

from collections import Counter
from datetime import timedelta
from unittest.mock import patch

from odoo import fields
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Command
from odoo.tests import new_test_user
from odoo.tools import mute_logger

from ..common import MODULE, CareCommon


class PeopleCommon(CareCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.staff = cls.env["res.users"]
        for number in range(4):
            cls.staff |= new_test_user(
                cls.env,
                login=f"care_member{number}",
                groups=f"{MODULE}.group_responder",
                name=f"Member {number}",
            )
        cls.team = cls.env["helpdesk.ticket.team"].create(
            {"name": "Ward clerks", "user_ids": [Command.set(cls.staff.ids)]}
        )
        cls.always = cls.calendar("Always", range(7))
        cls.never = cls.calendar("Never", [])
        cls.rule_values = {
            "name": "Clerks",
            "team_id": cls.team.id,
            "lines": [{"field": "text", "keywords": "clerk*"}],
        }

    @classmethod
    def calendar(cls, name, days):
        return cls.env["resource.calendar"].create(
            {
                "name": name,
                "tz": "UTC",
                "attendance_ids": [Command.clear()]
                + [
                    Command.create(
                        {"name": name, "dayofweek": str(day), "hour_from": 0, "hour_to": 24}
                    )
                    for day in days
                ],
            }
        )

    def route(self, **rule):
        self.ruleset = self.live_rules(dict(self.rule_values) | rule)

    def ask(self, **values):
        return self.make_inquiry(description="ask the clerk", **values)

    def given(self, user, **values):
        """An inquiry that the coordinator gave to somebody by hand."""
        ticket = self.env["helpdesk.ticket"].with_user(self.people["coordinator"])
        vals = {"name": "Given", "description": "x", "care_nature_id": self.question.id}
        return ticket.create([vals | {"user_id": user.id, **values}]).sudo()

    def resource_of(self, user, calendar=None):
        resources = self.env["resource.resource"]
        return resources.search([("user_id", "=", user.id)], limit=1) or resources.create(
            {
                "name": user.name,
                "user_id": user.id,
                "calendar_id": (calendar or self.always).id,
                "tz": "UTC",
            }
        )

    def leave(self, user, start=-1, stop=24):
        now = fields.Datetime.now()
        return self.env["resource.calendar.leaves"].create(
            {
                "name": "Secret reason",
                "resource_id": self.resource_of(user).id,
                "calendar_id": self.always.id,
                "date_from": now + timedelta(hours=start),
                "date_to": now + timedelta(hours=stop),
            }
        )

    def run_cron(self, name):
        with self.enter_registry_test_mode():
            cron = self.env.ref(f"{MODULE}.{name}")
            self.assertIs(cron.method_direct_trigger(), True)
        self.env.invalidate_all()

    def out(self, ticket):
        """Who was left out of the latest choice, by user."""
        return dict(map(tuple, ticket.care_decision_ids.sorted("id")[-1].candidates))


class TestChoice(PeopleCommon):
    def test_by_hand_gives_it_to_nobody(self):
        self.route()
        ticket = self.ask()
        self.assertEqual(ticket.team_id, self.team)
        self.assertFalse(ticket.user_id)
        self.assertNotIn(";", ticket.care_routing_reason)

    def test_least_load_is_weighted_and_over_all_teams(self):
        self.team.care_strategy = "least_load"
        self.route()
        for user, priority in zip(self.staff[:3], ("3", "1", "0"), strict=True):
            self.given(user, priority=priority)
        self.given(self.staff[3], priority="2")
        ticket = self.ask()
        self.assertEqual(ticket.user_id, self.staff[2])
        self.assertIn("Member 2, least load (1) of 4", ticket.care_routing_reason)

    def test_work_that_waits_for_others_is_no_load(self):
        self.team.care_strategy = "least_load"
        self.route()
        for user in self.staff[1:]:
            self.given(user, priority="0")
        waiting = self.given(self.staff[0], priority="3")
        waiting.care_waiting = "caller"
        self.assertEqual(self.ask().user_id, self.staff[0])

    def test_ties_go_to_who_waited_longest(self):
        self.team.care_strategy = "least_load"
        self.route()
        tickets = [self.ask(priority="1") for _n in range(4)]
        self.assertEqual([ticket.user_id for ticket in tickets], list(self.staff))
        for ticket in tickets:
            ticket.with_context(mail_notrack=True).care_waiting = "caller"
        self.assertEqual(self.ask().user_id, self.staff[0])

    def test_a_hundred_in_one_batch_differ_by_at_most_one(self):
        for strategy in ("least_load", "round_robin"):
            with self.subTest(strategy=strategy):
                self.team.care_strategy = strategy
                self.route()
                tickets = self.env["helpdesk.ticket"].create(
                    [
                        {
                            "name": f"Q {n}",
                            "description": "ask the clerk",
                            "care_nature_id": self.question.id,
                        }
                        for n in range(100)
                    ]
                )
                counts = Counter(tickets.mapped("user_id.id"))
                self.assertEqual(set(tickets.user_id.ids), set(self.staff.ids))
                spread = Counter(ticket.user_id.id for ticket in tickets)
                self.assertLessEqual(max(spread.values()) - min(spread.values()), 1, counts)

    def test_turns_are_drawn_from_a_sequence_and_go_round(self):
        self.team.care_strategy = "round_robin"
        self.assertEqual(self.team.care_turn_sequence_id.implementation, "standard")
        self.route()
        order = [self.ask().user_id for _n in range(8)]
        self.assertEqual(order[:4], order[4:])
        self.assertEqual(set(order), set(self.staff))
        self.assertIn("next in turn of 4", self.ask().care_routing_reason)

    def test_filters_in_their_order(self):
        self.team.care_strategy = "least_load"
        skill = self.env["care.skill"].create({"name": "Bereavement"})
        extra = self.env["res.users"]
        for number in range(4, 9):
            extra |= new_test_user(
                self.env,
                login=f"care_member{number}",
                groups=f"{MODULE}.group_responder",
                name=f"Member {number}",
            )
        self.team.user_ids |= extra
        everybody = self.team.user_ids.sorted("id")
        everybody.care_skill_ids = skill
        away, gone, closed, outsider, unskilled, subject, full, archived, chosen = everybody
        away.write({"out_of_office_from": fields.Datetime.now() - timedelta(hours=1)})
        self.leave(gone)
        self.resource_of(closed, self.never)
        outsider.group_ids = [Command.set([self.env.ref("base.group_user").id])]
        unskilled.care_skill_ids = False
        full.care_capacity = 2
        self.given(full, priority="2")
        self.given(chosen, priority="3")
        archived.active = False
        self.route(skill_ids=[Command.set(skill.ids)])
        ticket = self.ask(care_about_user_ids=[Command.set(subject.ids)])
        self.assertEqual(ticket.user_id, chosen)
        out = self.out(ticket)
        self.assertEqual(
            {out[user.id] for user in (away, gone, closed)},
            {"unavailable"},
        )
        self.assertEqual(out[outsider.id], "role")
        self.assertEqual(out[unskilled.id], "skill")
        self.assertEqual(out[subject.id], "subject")
        self.assertEqual(out[full.id], "capacity")
        self.assertNotIn("Secret", str(ticket.care_decision_ids.candidates))

    def test_the_language_of_the_caller(self):
        self.team.care_strategy = "least_load"
        french = (
            self.env["res.lang"].with_context(active_test=False).search([("code", "=", "fr_FR")])
        )
        self.staff[2].care_lang_ids = french
        self.route(speaks_language=True)
        self.assertEqual(self.ask(care_lang_id=french.id).user_id, self.staff[2])
        self.assertEqual(self.ask().user_id, self.staff[0])

    def test_continuity_of_the_same_patient_within_thirty_days(self):
        self.team.care_strategy = "least_load"
        self.route()
        earlier = self.given(self.staff[3], care_patient_id=self.patient.id)
        ticket = self.ask(care_patient_id=self.patient.id)
        self.assertEqual(ticket.user_id, self.staff[3])
        self.assertIn("looked after this patient before", ticket.care_routing_reason)
        long_ago = fields.Datetime.now() - timedelta(days=31)
        (earlier | ticket).with_context(mail_notrack=True).care_received_date = long_ago
        self.assertEqual(self.ask(care_patient_id=self.patient.id).user_id, self.staff[0])

    def test_nobody_available_keeps_the_team_and_alerts_the_lead_once(self):
        self.team.write({"care_strategy": "least_load", "user_id": self.people["supervisor"].id})
        for user in self.staff:
            self.leave(user)
        self.route()
        tickets = self.ask() | self.ask()
        self.assertEqual(tickets.team_id, self.team)
        self.assertFalse(tickets.user_id)
        self.assertIn("nobody is available", tickets[0].care_routing_reason)
        alerts = tickets.activity_ids
        self.assertEqual(len(alerts), 1)
        self.assertEqual(alerts.user_id, self.people["supervisor"])

    def test_a_person_is_found_when_somebody_is_there(self):
        self.team.care_strategy = "least_load"
        leaves = self.env["resource.calendar.leaves"].browse(
            [self.leave(user).id for user in self.staff]
        )
        self.route()
        ticket = self.ask()
        leaves[1].unlink()
        self.run_cron("cron_find_people")
        self.assertEqual(ticket.user_id, self.staff[1])
        decision = ticket.care_decision_ids.sorted("id")[-1]
        self.assertEqual((decision.event, decision.source), ("waiting", "rule"))
        self.assertFalse(ticket.care_routing_locked)

    def test_preferred_skills_are_given_up_after_the_wait_required_ones_never(self):
        self.team.write({"care_strategy": "least_load", "care_preferred_wait": 2})
        wanted, needed = self.env["care.skill"].create([{"name": "Polish"}, {"name": "Grief"}])
        self.staff[1].care_skill_ids = needed
        self.route(
            preferred_skill_ids=[Command.set(wanted.ids)], skill_ids=[Command.set(needed.ids)]
        )
        ticket = self.ask()
        self.assertFalse(ticket.user_id)
        self.run_cron("cron_find_people")
        self.assertFalse(ticket.user_id)
        self.env.cr.execute(
            "UPDATE helpdesk_ticket SET create_date = create_date - interval '3 hours' WHERE id=%s",
            [ticket.id],
        )
        self.env.invalidate_all()
        waited = self.team._care_hours_between(ticket.create_date, fields.Datetime.now())
        self.assertAlmostEqual(waited, 3, places=1)
        self.team.care_calendar_id = self.never
        self.assertEqual(
            self.team._care_hours_between(ticket.create_date, fields.Datetime.now()), 0
        )
        self.team.care_calendar_id = False
        self.run_cron("cron_find_people")
        self.assertEqual(ticket.user_id, self.staff[1])

    def test_the_rule_may_name_the_person(self):
        self.route(user_id=self.staff[2].id)
        ticket = self.ask()
        self.assertEqual(ticket.user_id, self.staff[2])
        self.assertIn("named by the rule", ticket.care_routing_reason)
        self.leave(self.staff[2])
        self.assertFalse(self.ask().user_id)

    def test_queries_of_a_batch_do_not_grow(self):
        self.team.care_strategy = "least_load"
        self.route()
        self.leave(self.staff[0])

        def queries(number, **values):
            vals_list = [
                {"name": f"T {n}", "description": "ask the clerk", **values} for n in range(number)
            ]
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self.env["helpdesk.ticket"].create(vals_list)
            self.env.flush_all()
            return self.env.cr.sql_log_count - before

        office = self.env["helpdesk.ticket.team"].create(
            {"name": "Printers", "user_ids": [Command.set(self.staff.ids)]}
        )
        ours = {"care_nature_id": self.question.id, "care_patient_id": self.patient.id}
        plain = {"team_id": office.id, "user_id": self.staff[1].id}
        for values in (ours, plain):
            queries(2, **values)
        # The base tells each person of each ticket; what is left must not depend on their number.
        own = [queries(number, **ours) - queries(number, **plain) for number in (10, 60)]
        self.assertLessEqual(abs(own[1] - own[0]), 4, own)


class TestClosedTeams(PeopleCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.backup = cls.env["helpdesk.ticket.team"].create(
            {"name": "Backup", "user_ids": [Command.set(cls.staff.ids)]}
        )

    def test_hold_waits_for_the_team(self):
        self.team.write({"care_calendar_id": self.never.id, "care_strategy": "least_load"})
        self.route()
        ticket = self.ask()
        self.assertEqual(ticket.team_id, self.team)
        self.assertFalse(ticket.user_id)
        self.assertIn("waits for the team to open", ticket.care_routing_reason)
        self.assertFalse(ticket.activity_ids)

    def test_backup_takes_over_if_it_is_open(self):
        self.team.care_calendar_id = self.never
        self.route(closed_policy="backup", backup_team_id=self.backup.id)
        ticket = self.ask()
        self.assertEqual(ticket.team_id, self.backup)
        self.assertIn("Backup (Ward clerks is closed), because", ticket.care_routing_reason)
        self.backup.care_calendar_id = self.never
        self.assertEqual(self.ask().team_id, self.team)

    def test_on_call_takes_over_at_any_hour(self):
        self.team.care_calendar_id = self.never
        self.backup.care_calendar_id = self.never
        self.route(closed_policy="on_call", on_call_team_id=self.backup.id)
        self.assertEqual(self.ask().team_id, self.backup)

    def test_an_open_team_keeps_it(self):
        self.team.care_calendar_id = self.always
        self.route(closed_policy="backup", backup_team_id=self.backup.id)
        self.assertEqual(self.ask().team_id, self.team)


class TestAbsence(PeopleCommon):
    def setUp(self):
        super().setUp()
        self.team.write({"care_strategy": "least_load", "user_id": self.people["supervisor"].id})
        self.route()
        self.progress = self.env.ref("helpdesk_mgmt.helpdesk_ticket_stage_in_progress")

    def test_unattended_work_goes_back_and_work_under_way_is_handed_over(self):
        fresh, busy = self.ask(), self.ask()
        for ticket in fresh | busy:
            ticket.user_id = self.staff[0]
        fresh._care_write_routing({"care_routing_locked": False})
        busy.stage_id = self.progress
        self.staff[0].care_delegate_id = self.staff[2]
        leave = self.leave(self.staff[0])
        self.run_cron("cron_absences")
        self.assertTrue(leave.care_moved)
        self.assertNotEqual(fresh.user_id, self.staff[0])
        self.assertEqual(fresh.team_id, self.team)
        self.assertEqual(fresh.care_decision_ids.sorted("id")[-1].event, "absence")
        self.assertEqual(busy.user_id, self.staff[0])
        handover = self.env["care.handover"].search([("ticket_id", "=", busy.id)])
        self.assertEqual(handover.delegate_id, self.staff[2])
        self.assertEqual(handover.until, leave.date_to)
        self.assertEqual(busy.activity_ids.user_id, self.people["supervisor"])
        self.run_cron("cron_absences")
        self.assertEqual(self.env["care.handover"].search_count([("ticket_id", "=", busy.id)]), 1)
        handover.with_user(self.people["coordinator"]).action_hand_over()
        self.assertEqual(busy.user_id, self.staff[2])
        self.assertEqual(handover.state, "done")

    def test_without_a_delegate_somebody_of_the_team_is_proposed(self):
        busy = self.ask()
        busy.write({"user_id": self.staff[0].id, "stage_id": self.progress.id})
        self.leave(self.staff[0])
        self.leave(self.staff[1])
        self.run_cron("cron_absences")
        handover = self.env["care.handover"].search([("ticket_id", "=", busy.id)])
        self.assertEqual(handover.delegate_id, self.staff[2])
        handover.delegate_id = False
        with self.assertRaisesRegex(UserError, "Choose a delegate"):
            handover.action_hand_over()
        handover.action_keep()
        self.assertEqual((handover.state, busy.user_id), ("kept", self.staff[0]))

    def test_a_chain_of_delegates_is_followed_and_a_circle_ends(self):
        first, second, third, fourth = self.staff
        first.care_delegate_id, second.care_delegate_id = second, third
        third.care_delegate_id = fourth
        absent = first | second
        self.assertEqual(first._care_present_delegates(absent)[first], third)
        self.assertEqual(first._care_present_delegates(absent | third)[first], fourth)
        third.care_delegate_id = first
        self.assertFalse(first._care_present_delegates(absent | third)[first])
        third.care_delegate_id = fourth
        fourth.care_delegate_id = self.people["coordinator"]
        self.assertFalse(first._care_present_delegates(self.staff)[first])

    def test_a_future_absence_moves_nothing_yet(self):
        ticket = self.ask()
        owner = ticket.user_id
        leave = self.leave(owner, start=5)
        self.run_cron("cron_absences")
        self.assertEqual(ticket.user_id, owner)
        self.assertFalse(leave.care_moved)

    def test_a_reply_on_an_absent_persons_inquiry_wakes_the_delegate(self):
        relative = self.people["relative"].partner_id
        ticket = self.ask(partner_id=relative.id)
        ticket.write({"user_id": self.staff[0].id, "stage_id": self.progress.id})
        self.staff[0].care_delegate_id = self.staff[2]
        self.leave(self.staff[0])
        ticket.message_post(
            body="Any news?",
            author_id=relative.id,
            message_type="comment",
            subtype_xmlid="mail.mt_comment",
        )
        self.assertIn(self.staff[2], ticket.activity_ids.user_id)

    def test_a_hand_over_somebody_overtook_changes_nothing(self):
        busy = self.ask()
        busy.write({"user_id": self.staff[0].id, "stage_id": self.progress.id})
        self.leave(self.staff[0])
        self.run_cron("cron_absences")
        handover = self.env["care.handover"].search([("ticket_id", "=", busy.id)])
        busy.user_id = self.staff[3]
        handover.action_hand_over()
        self.assertEqual((busy.user_id, handover.state), (self.staff[3], "done"))

    def test_nobody_is_given_a_complaint_about_herself(self):
        self.staff[0].care_delegate_id = self.staff[2]
        busy = self.ask(care_about_user_ids=[Command.set(self.staff[2].ids)])
        busy.write({"user_id": self.staff[0].id, "stage_id": self.progress.id})
        self.leave(self.staff[0])
        self.run_cron("cron_absences")
        handover = self.env["care.handover"].search([("ticket_id", "=", busy.id)])
        self.assertNotIn(handover.delegate_id, self.staff[0] | self.staff[2])
        handover.delegate_id = self.staff[2]
        with self.assertRaisesRegex(UserError, "choose another delegate"):
            handover.action_hand_over()

    def test_a_delegate_is_another_member_of_staff(self):
        for other in (self.people["relative"], self.staff[0]):
            with self.subTest(other=other.name), self.assertRaisesRegex(ValidationError, "another"):
                self.staff[0].care_delegate_id = other

    def test_what_was_placed_by_hand_finds_somebody_after_an_absence(self):
        ticket = self.ask()
        ticket.user_id = self.staff[3]
        leaves = [self.leave(user) for user in self.staff]
        self.run_cron("cron_absences")
        self.assertFalse(ticket.user_id)
        self.assertTrue(ticket.care_routing_locked)
        self.assertIn(self.people["supervisor"], ticket.activity_ids.user_id)
        leaves[1].unlink()
        self.run_cron("cron_find_people")
        self.assertEqual(ticket.user_id, self.staff[1])
        self.assertTrue(ticket.care_routing_locked)

    def test_one_absence_that_fails_leaves_the_others(self):
        first, second = self.ask(), self.ask()
        first.user_id, second.user_id = self.staff[0], self.staff[1]
        self.leave(self.staff[0], start=-2)
        self.leave(self.staff[1])
        handovers = type(self.env["care.handover"])
        start = handovers._care_start_absence

        def fail_for_one(records, user, until):
            if user == self.staff[0]:
                raise ValueError("broken")
            return start(records, user, until)

        with (
            patch.object(handovers, "_care_start_absence", fail_for_one),
            mute_logger(f"odoo.addons.{MODULE}.models.routing.care_handover"),
        ):
            self.run_cron("cron_absences")
        self.assertEqual(first.user_id, self.staff[0])
        self.assertNotEqual(second.user_id, self.staff[1])

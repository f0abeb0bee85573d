"""Policies: who may change them, what they would mean, and what lists show of the clocks."""

from datetime import datetime

from freezegun import freeze_time
from psycopg2 import IntegrityError

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Command
from odoo.tests import Form, TransactionCase, new_test_user, tagged
from odoo.tools import SQL, mute_logger

from ..common import MODULE
from .test_clock import ClockCommon

CODES = {"generic", "us_cms", "england", "scotland", "ireland", "queensland", "ontario"}


class TestPolicies(ClockCommon):
    def test_shipped_policies_name_their_source(self):
        policies = self.env["care.policy"].search([("code", "in", list(CODES))])
        self.assertEqual(set(policies.mapped("code")), CODES)
        for line in policies.clock_ids:
            self.assertTrue(line.source, line.policy_id.name)
        self.assertFalse(policies.company_id)
        for policy in policies:
            self.assertEqual(
                policy._care_working_days()[policy.calendar_id.id].weekdays, set(range(5))
            )

    def test_bank_holidays_of_england(self):
        policy = self.env.ref(f"{MODULE}.policy_england")
        days = policy._care_working_days()[policy.calendar_id.id].holidays
        self.assertEqual(len(days), 32)
        self.assertEqual(
            sorted(str(day) for day in days if day.year == 2026),
            [
                "2026-01-01",
                "2026-04-03",
                "2026-04-06",
                "2026-05-04",
                "2026-05-25",
                "2026-08-31",
                "2026-12-25",
                "2026-12-28",
            ],
        )

    def test_holidays_of_a_company_count_there_alone(self):
        policy = self.env.ref(f"{MODULE}.policy_generic")
        other = self.env["res.company"].create({"name": "Another hospital"})
        other.care_tz = self.company.care_tz
        self.env["resource.calendar.leaves"].create(
            {
                "name": "Founder's day",
                "calendar_id": False,
                "company_id": self.company.id,
                "date_from": "2026-06-01 23:00:00",
                "date_to": "2026-06-02 22:59:59",
            }
        )
        received = datetime(2026, 6, 1, 9)
        self.assertEqual(
            policy._care_due(received, 1, "working_days", self.company),
            datetime(2026, 6, 3, 22, 59, 59),
        )
        self.assertEqual(
            policy._care_due(received, 1, "working_days", other), datetime(2026, 6, 2, 22, 59, 59)
        )

    def test_absence_of_a_person_is_no_holiday(self):
        policy = self.env.ref(f"{MODULE}.policy_generic")
        resource = self.env["resource.resource"].create(
            {"name": "Nurse", "calendar_id": policy.calendar_id.id}
        )
        self.env["resource.calendar.leaves"].create(
            {
                "name": "Leave",
                "calendar_id": policy.calendar_id.id,
                "resource_id": resource.id,
                "date_from": "2026-06-01 00:00:00",
                "date_to": "2026-06-30 23:59:59",
            }
        )
        self.assertEqual(
            policy._care_due(datetime(2026, 6, 1, 9), 1, "working_days"),
            datetime(2026, 6, 2, 22, 59, 59),
        )

    def test_promise_is_proposed_and_starts_nothing(self):
        self.use("generic")
        with freeze_time("2026-06-05 09:00:00"):
            ticket = self.make_inquiry()
            self.assertNotIn("promise", ticket.care_deadline_ids.mapped("kind"))
            self.assertEqual(ticket._care_promise_due(), datetime(2026, 6, 8, 22, 59, 59))
        self.use("england")
        self.assertFalse(self.make_inquiry()._care_promise_due())

    def test_calendar_without_working_days_is_refused(self):
        calendar = self.env["resource.calendar"].create({"name": "None", "attendance_ids": False})
        calendar.attendance_ids.unlink()
        with self.assertRaisesRegex(ValidationError, "None has no working hours"):
            self.env["care.policy"].create({"name": "Ours", "calendar_id": calendar.id})

    def test_numbers_that_cannot_be_are_refused(self):
        line = self.env.ref(f"{MODULE}.clock_generic_acknowledge")
        for values in (
            {"amount": 0},
            {"cap_amount": 3, "cap_unit": False},
            {"warn_amount": 1, "lead_amount": 2},
            {"severity_from": "3", "severity_to": "1"},
        ):
            with (
                self.subTest(values),
                self.assertRaises(IntegrityError),
                mute_logger("odoo.sql_db"),
            ):
                line.write(values)
                line.flush_recordset()

    def test_what_set_deadlines_stays(self):
        self.use("generic")
        self.make_inquiry(care_nature_id=self.complaint.id)
        with self.assertRaisesRegex(UserError, "has set deadlines .* archive it instead"):
            self.policy.unlink()
        line = self.policy.clock_ids.filtered(lambda line: line.kind == "acknowledge")
        with self.assertRaisesRegex(UserError, "archive it instead"):
            line.unlink()
        line.active = False
        ticket = self.make_inquiry(care_nature_id=self.complaint.id)
        self.assertEqual(ticket.care_deadline_ids.mapped("kind"), ["answer"])

    def test_duplicate_then_change(self):
        policy = self.env.ref(f"{MODULE}.policy_england").with_user(self.people["supervisor"])
        copy = policy.copy({"company_id": self.company.id})
        self.assertEqual(copy.name, "England (copy)")
        self.assertFalse(copy.code)
        self.assertEqual(len(copy.clock_ids), len(policy.clock_ids))
        other = self.env["res.company"].create({"name": "Another hospital"})
        with self.assertRaisesRegex(ValidationError, "duplicate it for Another hospital"):
            other.care_policy_id = copy
        other.care_policy_id = policy
        with self.assertRaisesRegex(ValidationError, "Another hospital uses England"):
            policy.sudo().company_id = self.company


class TestPreview(ClockCommon):
    def preview(self, login="supervisor"):
        return Form(self.env["care.policy.preview"].with_user(self.people[login]))

    def test_example_before_it_is_chosen(self):
        england = self.env.ref(f"{MODULE}.policy_england")
        form = self.preview()
        form.policy_id = england
        form.received_date = "2026-04-02 15:00:00"
        form.nature_id = self.complaint
        wizard = form.save()
        lines = {line.kind: line for line in wizard.line_ids}
        self.assertEqual(set(lines), {"acknowledge", "answer"})
        self.assertEqual(lines["acknowledge"].due_text, "Thu 9 Apr 2026")
        self.assertEqual(lines["acknowledge"].soon_text, "Wed 8 Apr 2026")
        self.assertIn("reg. 13(3)", lines["acknowledge"].source)
        self.assertNotEqual(self.company.care_policy_id, england)
        form = self.preview()
        form.policy_id = self.env.ref(f"{MODULE}.policy_ireland")
        form.received_date = "2026-04-02 15:00:00"
        contact = form.save().line_ids.filtered(lambda line: line.kind == "contact")
        self.assertEqual(contact.due_text, "Sat 4 Apr 2026 16:00")

    def test_supervisor_chooses(self):
        running = self.make_inquiry(care_nature_id=self.complaint.id)
        before = self.dues(running)
        form = self.preview()
        form.policy_id = self.env.ref(f"{MODULE}.policy_england")
        form.tz = "Europe/Jersey"
        form.save().action_choose()
        self.assertEqual(self.company.care_policy_id.code, "england")
        self.assertEqual(self.company.care_tz, "Europe/Jersey")
        self.assertEqual(self.dues(running), before)
        self.assertEqual(self.make_inquiry().care_policy_id.code, "england")

    def test_coordinator_looks_but_does_not_choose(self):
        wizard = self.preview("coordinator").save()
        with self.assertRaisesRegex(AccessError, "Only a supervisor chooses the policy"):
            wizard.action_choose()

    def test_company_of_others_is_not_chosen_for(self):
        other = self.env["res.company"].create({"name": "Another hospital"})
        wizard = self.preview().save()
        wizard.sudo().company_id = other
        with self.assertRaises(AccessError):
            wizard.action_choose()


class TestClockAccess(ClockCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.use("england")
        cls.ticket = cls.make_inquiry(care_nature_id=cls.complaint.id)
        cls.kitchen = cls.make_inquiry(care_nature_id=cls.complaint.id)
        cls.kitchen.team_id = cls.catering
        cls.ticket._care_recompute("For the history")

    def test_deadlines_are_as_visible_as_their_inquiry(self):
        rows = (self.ticket | self.kitchen).care_deadline_ids
        expected = {
            "coordinator": rows,
            "supervisor": rows,
            "privacy_officer": rows,
            "responder": self.kitchen.care_deadline_ids,
        }
        for login, visible in expected.items():
            with self.subTest(login):
                deadlines = self.env["care.deadline"].with_user(self.people[login])
                self.assertEqual(deadlines.search([("id", "in", rows.ids)]), visible)
        for login in ("manager", "agent", "clerk", "routing_admin", "employee", "relative"):
            with self.subTest(login), self.assertRaises(AccessError):
                self.env["care.deadline"].with_user(self.people[login]).search([])

    def test_nobody_writes_a_deadline(self):
        row = self.row(self.ticket, "answer")
        for login in ("coordinator", "supervisor", "privacy_officer"):
            mine = row.with_user(self.people[login])
            for action in (
                lambda mine=mine: mine.write({"due": "2030-01-01"}),
                mine.unlink,
                lambda mine=mine: mine.create({"ticket_id": self.ticket.id}),
            ):
                with self.subTest(login), self.assertRaises(AccessError):
                    action()

    def test_history_is_not_even_for_the_system(self):
        self.ticket.care_received_date = "2026-01-05 09:00:00"
        change = self.ticket.care_deadline_change_ids[:1]
        self.assertTrue(change)
        for action in (lambda: change.sudo().write({"reason": "x"}), change.sudo().unlink):
            with self.assertRaisesRegex(UserError, "history of a deadline is never changed"):
                action()
        client = change.sudo().with_context(care_anonymise=True)
        with self.assertRaises(UserError):
            client.write({"reason": "x"})

    def test_no_client_turns_a_clock_back(self):
        coordinator = self.ticket.with_user(self.people["coordinator"])
        for values in (
            {"care_next_due": "2030-01-01"},
            {"care_round": 7},
            {"care_met_late": False},
            {"care_policy_id": self.env.ref(f"{MODULE}.policy_scotland").id},
        ):
            for client in (coordinator, coordinator.with_context(care_clock=True)):
                with self.subTest(values), self.assertRaisesRegex(AccessError, "never set by hand"):
                    client.write(values)
        ticket = self.make_inquiry(care_round=5, care_next_due="2030-01-01")
        self.assertEqual(ticket.care_round, 1)
        self.assertNotEqual(ticket.care_next_due, datetime(2030, 1, 1))

    def test_policies_are_for_supervisors(self):
        line = self.env.ref(f"{MODULE}.clock_england_acknowledge")
        for login in ("coordinator", "responder", "privacy_officer", "routing_admin", "manager"):
            with self.subTest(login), self.assertRaises(AccessError):
                line.with_user(self.people[login]).amount = 30
        line.with_user(self.people["supervisor"]).amount = 2
        self.assertEqual(line.amount, 2)

    def test_policies_of_other_companies_are_hidden(self):
        other = self.env["res.company"].create({"name": "Another hospital"})
        policy = self.env.ref(f"{MODULE}.policy_england").copy({"company_id": other.id})
        mine = self.env["care.policy"].with_user(self.people["supervisor"])
        self.assertNotIn(policy, mine.search([]))
        with self.assertRaises(AccessError):
            policy.clock_ids[:1].with_user(self.people["supervisor"]).read(["amount"])

    def test_clocks_of_two_companies_in_one_batch(self):
        other = self.env["res.company"].create({"name": "Another hospital"})
        self.env.user.company_ids += other
        other.care_policy_id = self.env.ref(f"{MODULE}.policy_scotland")
        tickets = self.env["helpdesk.ticket"].create(
            [
                {
                    "name": "x",
                    "description": "x",
                    "care_nature_id": self.complaint.id,
                    "company_id": company.id,
                }
                for company in (self.company, other)
            ]
        )
        self.assertEqual(tickets.mapped("care_policy_id.code"), ["england", "scotland"])
        user = new_test_user(
            self.env,
            login="care_other",
            groups=f"{MODULE}.group_coordinator",
            company_id=other.id,
            company_ids=[Command.set(other.ids)],
        )
        seen = self.env["care.deadline"].with_user(user).search([])
        self.assertEqual(seen.ticket_id, tickets[1].with_user(user))


class TestLists(ClockCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.use("queensland")
        cls.tickets = cls.env["helpdesk.ticket"]
        with freeze_time("2026-06-20 09:00:00"):
            for received in ("2026-06-19", "2026-06-15", "2026-06-01", "2026-05-01"):
                cls.tickets |= cls.make_inquiry(
                    care_nature_id=cls.complaint.id, care_received_date=f"{received} 09:00:00"
                )
            # Running; acknowledgement due soon; missed; answered too late; answered in time.
            late, early = cls.tickets[3], cls.make_inquiry(care_nature_id=cls.complaint.id)
            for ticket in (cls.tickets[2], late, early):
                ticket._care_meet("answer" if ticket != cls.tickets[2] else "contact")
            cls.tickets |= early
        cls.env.flush_all()

    def test_states_as_filters_and_groups(self):
        running, soon, missed, late, met = self.tickets
        expected = {
            "running": running,
            "due_soon": soon,
            "missed": missed | late,
            "met": met,
        }
        with freeze_time("2026-06-20 10:00:00"):
            mine = self.tickets.with_user(self.people["coordinator"])
            mine.invalidate_recordset()
            for state, tickets in expected.items():
                domain = [("id", "in", mine.ids), ("care_clock_state", "=", state)]
                with self.subTest(state):
                    self.assertEqual(mine.search(domain, order="id"), tickets)
                    self.assertEqual(set(tickets.mapped("care_clock_state")), {state})
                    self.assertEqual(mine.filtered_domain(domain), tickets)
            groups = mine._read_group([("id", "in", mine.ids)], ["care_clock_state"], ["__count"])
            self.assertEqual(
                dict(groups), {state: len(tickets) for state, tickets in expected.items()}
            )
            self.assertTrue(mine.fields_get(["care_clock_state"])["care_clock_state"]["groupable"])
            negated = mine.search(
                [("id", "in", mine.ids), ("care_clock_state", "not in", ["met", "missed"])]
            )
            self.assertEqual(negated, running | soon)
            rows = self.env["care.deadline"].with_user(self.people["coordinator"])
            found = rows.search([("state", "=", "missed"), ("ticket_id", "in", mine.ids)])
            self.assertEqual(found.ticket_id, missed | late)
            for state in ("running", "due_soon", "met", "missed"):
                for row in rows.search([("state", "=", state), ("ticket_id", "in", mine.ids)]):
                    self.assertEqual(row.state, state)

    def test_states_are_for_staff(self):
        agent = self.tickets.with_user(self.people["agent"])
        with self.assertRaises(AccessError):
            agent._read_group([], ["care_clock_state"], ["__count"])
        self.assertNotIn("care_clock_state", agent.fields_get())

    def test_worklists_are_ordered_by_what_is_due_next(self):
        running, soon, missed, late, met = self.tickets
        for view in ("list", "kanban"):
            arch = self.env["helpdesk.ticket"].get_view(
                self.env.ref(f"{MODULE}.inquiry_view_{view}").id, view
            )["arch"]
            self.assertIn('care_next_due, care_received_date, id"', arch)
        found = self.env["helpdesk.ticket"].search(
            [("id", "in", self.tickets.ids)], order="care_next_due, care_received_date, id"
        )
        self.assertEqual(found, missed | soon | running | late | met)

    def test_views_show_the_clock(self):
        tickets = self.env["helpdesk.ticket"].with_user(self.people["coordinator"])
        for view in ("list", "kanban", "form"):
            arch = tickets.get_view(self.env.ref(f"{MODULE}.inquiry_view_{view}").id, view)["arch"]
            if view == "form":
                arch = tickets.get_view(view_type="form")["arch"]
            self.assertIn('name="care_clock_state" widget="care_clock_state"', arch)
        search = tickets.get_view(self.env.ref(f"{MODULE}.inquiry_view_search").id, "search")
        for name in ("clock_missed", "clock_due_soon", "clock_met", "group_clock"):
            self.assertIn(f'name="{name}"', search["arch"])

    def test_worklists_have_an_index(self):
        self.env.flush_all()
        template = self.tickets[0]
        special = {
            "number": SQL("'X' || n"),
            "closed_date": SQL("now() AT TIME ZONE 'UTC' - n * interval '8 minutes'"),
            "care_next_due": SQL("NULL"),
        }
        columns = [
            name
            for name, field in template._fields.items()
            if field.store and field.column_type and name not in ("id", "access_token")
        ]
        self.env.cr.execute(
            SQL(
                "INSERT INTO helpdesk_ticket (%s) SELECT %s FROM helpdesk_ticket"
                " CROSS JOIN generate_series(1, 20000) n WHERE id = %s",
                SQL(", ").join(map(SQL.identifier, columns)),
                SQL(", ").join(special.get(name, SQL.identifier(name)) for name in columns),
                template.id,
            )
        )
        self.env.cr.execute("ANALYZE helpdesk_ticket")
        user = self.people["coordinator"]
        opened = [("care_is_inquiry", "=", True), ("closed_date", "=", False)]
        for domain in (
            [],
            [("user_id", "=", user.id)],
            [("team_id.user_ids", "in", user.ids)],
            [("care_clock_state", "=", "missed")],
            [("care_clock_state", "=", "due_soon")],
        ):
            query = (
                self.env["helpdesk.ticket"]
                .with_user(user)
                ._search(opened + domain, order="care_next_due, care_received_date, id", limit=80)
            )
            self.env.cr.execute(SQL("EXPLAIN %s", query.select()))
            plan = "\n".join(row[0] for row in self.env.cr.fetchall())
            with self.subTest(domain):
                self.assertNotIn("Seq Scan on helpdesk_ticket ", plan + " ")


@tagged("standard", "post_install", "-at_install")
class TestDemoClocks(TransactionCase):
    test_module = MODULE

    def test_demo_shows_every_state_and_an_extension(self):
        self.env["res.company"]._care_load_demo()
        tickets = self.env["helpdesk.ticket"].search([("care_is_inquiry", "=", True)])
        states = set(tickets.mapped("care_clock_state"))
        self.assertLessEqual({"met", "missed", "running"}, states)
        self.assertTrue(tickets.care_deadline_ids.filtered("extended"))
        self.assertFalse(tickets.filtered("care_intake_error"))

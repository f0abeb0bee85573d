"""Patterns: each kind is found, nothing else is; accepting, dismissing, growing, twice a night."""

import random
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from statistics import median
from zoneinfo import ZoneInfo

from freezegun import freeze_time
from psycopg2 import IntegrityError

from odoo.exceptions import AccessError, UserError
from odoo.fields import Command, Datetime
from odoo.tests import Form
from odoo.tools import mute_logger

from ..common import MODULE
from .test_improvement import ImprovementCommon


class PatternCommon(ImprovementCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.care_tz = "UTC"
        # What is made here has the date of the real clock; the search runs in the night after.
        cls.now = datetime.now().replace(hour=12, minute=0, second=0, microsecond=0)
        cls.night = cls.now + timedelta(hours=13, minutes=30)
        cls.inquiry.category_id = cls.env.ref(f"{MODULE}.category_waiting")

    def received(self, days, **values):
        """An inquiry received so many days before the night of the search."""
        values.setdefault("category_id", self.food.id)
        values.setdefault("care_department_id", self.ward.id)
        moment = self.night - timedelta(days=days, hours=8)
        with freeze_time(self.night):
            return self.make_inquiry(care_received_date=Datetime.to_string(moment), **values)

    def scan(self, days=0):
        with freeze_time(self.night + timedelta(days=days)):
            self.env["care.pattern"]._care_scan(self.company)
        return self.env["care.pattern"].search([("company_id", "=", self.company.id)])

    def scan_for(self, kind, days=0):
        return self.scan(days).filtered(lambda pattern: pattern.kind == kind)

    def reason(self, patterns, text="Known: the kitchen is rebuilt."):
        action = patterns.with_user(self.supervisor).action_dismiss()
        wizard = self.env[action["res_model"]].with_user(self.supervisor)
        wizard.with_context(**action["context"]).create([{"reason": text}]).action_done()


class TestKinds(PatternCommon):
    def history(self, spans=8, each=1):
        """One inquiry and so many of the category in each earlier span of four weeks."""
        for span in range(1, spans + 1):
            for number in range(each):
                self.received(28 * span + 3 + number)

    def test_over_the_usual_range(self):
        self.history()
        days = [1, 2, 9, 10, 16, 17, 24]
        tickets = [self.received(day) for day in days]
        pattern = self.scan_for("usual")
        self.assertEqual(len(pattern), 1)
        self.assertEqual(pattern.category_id, self.food)
        self.assertEqual(pattern.department_id, self.ward)
        self.assertEqual(pattern.count, 7)
        self.assertEqual((pattern.expected, pattern.upper), (1, 4))
        self.assertEqual(pattern.history, [1] * 7)
        self.assertEqual(pattern.ticket_refs, sorted(ticket.id for ticket in tickets))
        self.assertEqual(
            pattern.sentence,
            "Food and drink, Ward 7: 7 inquiries in the last 4 weeks, usually 1.0 and at most 4.",
        )
        self.assertIn("<svg", pattern.chart)

    def test_within_the_usual_range(self):
        self.history(each=4)
        for day in (1, 2, 9, 10, 16, 17, 24):
            self.received(day)
        self.assertFalse(self.scan_for("usual"))

    def test_a_burst_of_one_week_is_no_pattern(self):
        self.history()
        for _number in range(9):
            self.received(3)
        self.assertFalse(self.scan_for("usual"))

    def test_a_young_hospital_has_nothing_usual_yet(self):
        self.history(spans=6)
        for day in (1, 2, 9, 10, 16, 17, 24):
            self.received(day)
        self.assertFalse(self.scan_for("usual"))

    def test_today_and_what_is_too_old_do_not_count(self):
        self.history()
        for day in (-0.3, 1, 9, 16, 28.5):
            self.received(day)
        self.assertFalse(self.scan_for("usual"))
        self.received(24)
        self.received(26)
        self.assertEqual(self.scan_for("usual").count, 5)

    def test_questions_answered_by_hand(self):
        for day in range(1, 9):
            ticket = self.received(day, care_department_id=False)
            if day < 8:
                ticket.care_answer = "From two to eight."
        self.received(2, care_nature_id=self.complaint.id).care_answer = "Sorry."
        self.assertFalse(self.scan_for("question"))
        ticket.care_answer = "From two to eight."
        pattern = self.scan_for("question")
        self.assertEqual((pattern.category_id, pattern.count), (self.food, 8))
        self.assertEqual(
            pattern.sentence,
            "Food and drink: the question was asked 8 times in the last 4 weeks and answered by "
            "hand each time.",
        )

    def contact(self, ticket, days, **values):
        moment = self.night - timedelta(days=days)
        return self.env["care.contact"]._care_log(
            [
                {
                    "ticket_id": ticket.id,
                    "channel": "call",
                    "direction": "in",
                    "with_caller": True,
                    "date": moment,
                    **values,
                }
            ]
        )

    def test_repeated_contacts(self):
        ticket = self.received(20)
        first = self.contact(ticket, 15)
        self.contact(ticket, 12)
        self.contact(ticket, 9)
        self.contact(ticket, 6, direction="out")
        self.contact(ticket, 5, with_caller=False)
        self.contact(ticket, 4, automatic=True, channel="mail")
        self.contact(ticket, 3, corrects_id=first.id)
        self.assertFalse(self.scan_for("contacts"))
        self.contact(ticket, 2)
        pattern = self.scan_for("contacts")
        self.assertEqual((pattern.ticket_id, pattern.count), (ticket, 4))
        self.assertEqual(
            pattern.sentence,
            f"Inquiry {ticket.number}: the caller turned to us 4 times in the last 4 weeks.",
        )

    def test_misroutes(self):
        self.live_rules({"name": "All", "team_id": self.triage.id})
        tickets = self.env["helpdesk.ticket"]
        for _number in range(5):
            tickets |= self.make_inquiry()
        tickets[:4].with_user(self.supervisor).team_id = self.catering
        self.assertFalse(self.scan_for("misroute"))
        tickets[4:].with_user(self.supervisor).team_id = self.catering
        pattern = self.scan_for("misroute")
        self.assertEqual(pattern.ticket_refs, sorted(tickets.ids))
        self.assertEqual(
            pattern.sentence,
            f"5 inquiries of the last 4 weeks were routed to {self.triage.name} and moved by hand "
            "to Kitchen.",
        )

    def test_stock_outs_and_downtime(self):
        product = self.env["product.product"].create({"name": "Blanket", "is_storable": True})
        tickets = self.env["helpdesk.ticket"]
        for day in (1, 2, 3):
            tickets |= self.received(day, category_id=False)
        place = self.env["stock.warehouse"].search([("company_id", "=", self.company.id)], limit=1)
        shortage = self.env["care.shortage"].create(
            {
                "product_id": product.id,
                "location_id": place.lot_stock_id.id,
                "company_id": self.company.id,
                "kind": "low",
                "since": self.now,
                "ticket_ids": [Command.set(tickets.ids)],
            }
        )
        self.assertFalse(self.scan_for("stock"))
        shortage.out_since = self.now
        self.assertEqual(
            self.scan_for("stock").sentence, "Blanket ran out: 3 inquiries of the last 4 weeks."
        )
        bells = self.env["maintenance.equipment.category"].create({"name": "Bells"})
        self.env["maintenance.team"].create({"name": "Building"})
        bell = self.env["maintenance.equipment"].create(
            {"name": "Bell", "category_id": bells.id, "care_department_id": self.ward.id}
        )
        for ticket in tickets:
            self.assertFalse(self.scan_for("downtime"))
            self.env["care.fault"]._care_report(
                [{"equipment_id": bell.id, "text": "Silent", "ticket_id": ticket.id}]
            )
        self.assertEqual(
            self.scan_for("downtime").sentence,
            "Bells out of order, Ward 7: 3 inquiries of the last 4 weeks.",
        )

    def test_other_hospitals_are_not_mixed_in(self):
        company = self.env["res.company"].create({"name": "Second hospital"})
        for day in range(1, 9):
            self.received(
                day,
                care_department_id=False,
                company_id=company.id,
                team_id=company.care_triage_team_id.id,
            ).care_answer = "Yes."
        self.assertFalse(self.scan_for("question"))

    def test_thresholds_of_the_company(self):
        self.company.care_pattern_questions = 2
        for day in (1, 2):
            self.received(day).care_answer = "Yes."
        self.assertEqual(self.scan_for("question").count, 2)
        self.company.care_pattern_weeks = 1
        self.assertIn("last 1 weeks", self.scan_for("question").sentence)


class TestDecisions(PatternCommon):
    def setUp(self):
        super().setUp()
        self.asked(8)

    def asked(self, number):
        for _number in range(number):
            self.received(2, care_department_id=False).care_answer = "From two to eight."

    def test_twice_a_night_finds_the_same(self):
        pattern = self.scan()
        found = pattern.read()
        cron = self.env.ref(f"{MODULE}.cron_patterns")
        with freeze_time(self.night), self.enter_registry_test_mode():
            self.assertIs(cron.method_direct_trigger(), True)
        self.env.invalidate_all()
        again = self.env["care.pattern"].search([("company_id", "=", self.company.id)])
        self.assertEqual(again, pattern)
        self.assertEqual(again.read(), found)

    def test_dismissed_comes_back_only_if_it_grows(self):
        pattern = self.scan()
        self.assertEqual(pattern.count, 8)
        self.reason(pattern)
        self.assertEqual(
            (pattern.state, pattern.decided_count, pattern.decided_by_id),
            ("dismissed", 8, self.supervisor),
        )
        self.assertEqual(self.scan().state, "dismissed")
        self.asked(3)
        # Three more, but not half as many again.
        self.assertEqual((self.scan().state, pattern.count), ("dismissed", 11))
        self.asked(1)
        self.assertEqual((self.scan().state, pattern.count), ("open", 12))
        self.assertEqual(pattern.reason, "Known: the kitchen is rebuilt.")

    def test_small_ones_must_grow_by_three(self):
        self.company.care_pattern_contacts = 1
        ticket = self.received(5)
        contact = {
            "ticket_id": ticket.id,
            "channel": "call",
            "direction": "in",
            "with_caller": True,
            "date": self.night - timedelta(days=2),
        }
        self.env["care.contact"]._care_log([contact] * 2)
        pattern = self.scan().filtered("ticket_id")
        self.reason(pattern)
        self.env["care.contact"]._care_log([contact] * 2)
        self.scan()
        self.assertEqual((pattern.count, pattern.state), (4, "dismissed"))
        self.env["care.contact"]._care_log([contact])
        self.scan()
        self.assertEqual((pattern.count, pattern.state), (5, "open"))

    def test_a_proposal_accepts_it(self):
        pattern = self.scan()
        action = pattern.with_user(self.coordinator).action_propose()
        self.assertEqual(pattern.state, "open")
        improvements = self.env["care.improvement"].with_user(self.coordinator)
        with Form(improvements.with_context(**action["context"])) as form:
            form.name = "Print the visiting hours"
            form.practice = "Admission letter"
            form.change = "The hours are printed."
        improvement = form.record
        self.assertEqual(improvement.pattern_id, pattern)
        self.assertEqual(improvement.category_id, self.food)
        self.assertEqual(improvement.evidence_count, 8)
        self.assertEqual(
            (pattern.state, pattern.decided_by_id, pattern.improvement_ids),
            ("accepted", self.coordinator, improvement),
        )
        self.asked(10)
        # While somebody works on it, it stays accepted.
        self.assertEqual(self.scan().state, "accepted")
        with self.assertRaisesRegex(UserError, "has an improvement: reject that one instead"):
            self.reason(pattern)
        self.decide(improvement, "rejected")
        self.assertEqual(self.scan().state, "open")

    def test_what_no_longer_holds_stays_for_as_many_weeks(self):
        pattern = self.scan()
        self.assertEqual(self.scan(days=28), pattern)
        self.assertFalse(self.scan(days=29))

    def test_decided_ones_stay(self):
        pattern = self.scan()
        self.reason(pattern)
        self.assertEqual(self.scan(days=200), pattern)

    def test_who_may(self):
        pattern = self.scan()
        mine = pattern.with_user(self.coordinator)
        for method in ("action_dismiss", "action_refresh"):
            with self.assertRaisesRegex(AccessError, "Patterns are dismissed by supervisors"):
                getattr(mine, method)()
        with self.assertRaises(AccessError):
            mine.write({"state": "dismissed"})
        with self.assertRaises(AccessError):
            pattern.with_user(self.supervisor).write({"state": "dismissed"})
        with self.assertRaisesRegex(UserError, "Say why"):
            pattern.with_user(self.supervisor)._care_dismiss(" ")
        with self.assertRaises(AccessError):
            pattern.with_user(self.people["privacy_officer"]).action_propose()
        self.assertEqual(pattern.state, "open")

    def test_its_inquiries_are_those_one_may_read(self):
        pattern = self.scan()
        domain = pattern.with_user(self.coordinator).action_inquiries()["domain"]
        tickets = self.env["helpdesk.ticket"]
        self.assertEqual(len(tickets.with_user(self.coordinator).search(domain)), 8)
        self.assertFalse(tickets.with_user(self.people["clerk"]).search(domain))

    def test_look_now(self):
        with freeze_time(self.night):
            self.assertTrue(self.env["care.pattern"].with_user(self.supervisor).action_refresh())
        self.assertEqual(self.env["care.pattern"].search([]).count, 8)

    def test_numbers_that_make_no_sense(self):
        with (
            mute_logger("odoo.sql_db"),
            self.assertRaisesRegex(IntegrityError, "care_patterns_positive"),
            self.env.cr.savepoint(),
        ):
            self.company.care_pattern_weeks = 0

    def test_few_queries_however_many(self):
        for category in self.env["helpdesk.ticket.category"].search([], limit=6):
            for _number in range(8):
                ticket = self.received(2, category_id=category.id, care_department_id=False)
                ticket.care_answer = "Yes."
        self.env.flush_all()
        with self.assertQueryCount(16):
            patterns = self.scan()
        self.assertGreater(len(patterns), 5)


class TestAgainstCountingByHand(PatternCommon):
    def test_usual_range_on_awkward_data(self):
        rng = random.Random(20)
        self.company.write({"care_tz": "Australia/Lord_Howe", "care_pattern_least": 4})
        company = self.env["res.company"].create({"name": "Second hospital"})
        other_ward = self.env["care.department"].create({"name": "Ward 8"})
        categories = [self.food.id, self.env.ref(f"{MODULE}.category_rooms").id, False]
        departments = [self.ward.id, other_ward.id, False]
        with freeze_time(self.night):
            tickets = self.env["helpdesk.ticket"].create(
                [
                    {
                        "name": "Soup",
                        "description": "Cold",
                        "care_nature_id": self.question.id,
                        "category_id": rng.choice(categories),
                        "care_department_id": rng.choice(departments),
                        "care_received_date": self.night
                        - timedelta(
                            days=rng.randrange(29) if number % 3 == 0 else rng.randrange(330),
                            hours=rng.randrange(24),
                            minutes=rng.choice([0, 29, 30, 31]),
                        ),
                    }
                    for number in range(240)
                ]
            )
        self.env.cr.execute(
            "UPDATE helpdesk_ticket SET care_outcome = 'duplicate' WHERE id IN %s",
            (tuple(rng.sample(tickets.ids, 20)),),
        )
        self.env.cr.execute(
            "UPDATE helpdesk_ticket SET company_id = %s WHERE id IN %s",
            (company.id, tuple(rng.sample(tickets.ids, 20))),
        )
        self.env.invalidate_all()
        found = {
            (row.category_id.id, row.department_id.id): (
                row.count,
                round(row.expected, 6),
                round(row.upper, 6),
                row.history,
                row.ticket_refs,
            )
            for row in self.scan_for("usual")
        }
        self.assertEqual(found, self.by_hand(tickets | self.inquiry))
        self.assertTrue(found)

    def by_hand(self, tickets):
        """Each ticket put into its four weeks, one after the other; limits from the definition."""
        zone = ZoneInfo("Australia/Lord_Howe")
        today = self.night.replace(tzinfo=UTC).astimezone(zone).date()
        tickets = tickets.filtered(lambda ticket: ticket.company_id == self.company)
        first = min(tickets.mapped("care_received_date")).date()
        spans = min((today - first).days // 28 - 1, 12)
        cells = defaultdict(lambda: defaultdict(list))
        weeks = defaultdict(set)
        for ticket in tickets.sorted("id"):
            cell = (ticket.category_id.id, ticket.care_department_id.id)
            local = ticket.care_received_date.replace(tzinfo=UTC).astimezone(zone).date()
            age = (today - local).days - 1
            if not all(cell) or ticket.care_outcome == "duplicate" or age < 0:
                continue
            cells[cell][age // 28].append(ticket.id)
            if age < 28:
                weeks[cell].add(age // 7)
        result = {}
        for cell, numbers in cells.items():
            history = [len(numbers.get(span, [])) for span in range(spans, 0, -1)]
            centre = median(history)
            spread = max(
                1.4826 * median(abs(value - centre) for value in history), max(centre, 1) ** 0.5
            )
            now = numbers.get(0, [])
            if len(now) >= 4 and len(weeks[cell]) >= 3 and len(now) > centre + 3 * spread:
                upper = round(centre + 3 * spread, 6)
                result[cell] = (len(now), centre, upper, history, now)
        return result

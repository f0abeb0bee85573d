"""Analyses and key figures, against a second, naive computation on awkward inquiries."""

import json
import random
from ast import literal_eval
from datetime import UTC, date, datetime, timedelta
from statistics import mean, median
from zoneinfo import ZoneInfo

from freezegun import freeze_time

from odoo import fields
from odoo.exceptions import AccessError
from odoo.fields import Command
from odoo.tests import new_test_user
from odoo.tools import SQL

from odoo.addons.patient_care_coordination.models.inquiry.helpdesk_ticket import OURS

from ..common import MODULE, CareCommon

NOW = datetime(2026, 4, 20, 10, 0)
MARCH = {"start": date(2026, 3, 1), "end": date(2026, 4, 1)}
REPORTS = ("inquiry", "issue", "deadline", "contact", "consult", "decision")
FINDINGS = ("upheld", "partly", "not_upheld")
# Around the ends of March in Berlin, whose clocks go forward on the 29th, and in New York.
EDGES = [
    datetime(2026, 2, 28, 22, 30),
    datetime(2026, 2, 28, 23, 30),
    datetime(2026, 3, 29, 0, 30),
    datetime(2026, 3, 29, 1, 30),
    datetime(2026, 3, 31, 21, 59, 59),
    datetime(2026, 3, 31, 22, 0),
    datetime(2026, 4, 1, 3, 59),
    datetime(2026, 4, 1, 4, 0),
    datetime(2026, 3, 1, 4, 59),
    datetime(2026, 3, 1, 5, 0),
]


def make_other_company(env):
    """Another hospital, in New York, and its desk."""
    other = env["res.company"].create({"name": "Other hospital"})
    other.care_tz = "America/New_York"
    return other


class ReportCommon(CareCommon):
    """A spring of inquiries with all that makes counting hard."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.care_tz = "Europe/Berlin"
        cls.other = make_other_company(cls.env)
        cls.report = cls.env["care.inquiry.report"]
        cls.supervisor = cls.people["supervisor"]
        cls.quality = cls.env.ref(f"{MODULE}.category_quality")
        cls.food = cls.env.ref(f"{MODULE}.category_nourishment")
        cls.bay = cls.env["care.department"].create(
            {"name": "Bay 2", "code": "W7-2", "parent_id": cls.ward.id}
        )
        cls.radiology = cls.env["care.department"].create({"name": "Radiology", "code": "RAD"})
        cls.done = cls.env.ref("helpdesk_mgmt.helpdesk_ticket_stage_done")
        cls.progress = cls.env.ref("helpdesk_mgmt.helpdesk_ticket_stage_in_progress")

    @classmethod
    def make_spring(cls, count=60, seed=5):
        """Inquiries through their states, each step at its own time."""
        rng = random.Random(seed)
        natures = cls.env["care.nature"].search([])
        channels = cls.env["helpdesk.ticket.channel"].search([("care_code", "!=", False)])
        tickets = cls.env["helpdesk.ticket"]
        for number in range(count):
            received = (
                EDGES[number]
                if number < len(EDGES)
                else datetime(2026, 2, 20) + timedelta(minutes=rng.randrange(55 * 1440))
            )
            company = cls.other if number % 6 == 5 or number in (6, 7, 8, 9) else cls.company
            with freeze_time(received):
                ticket = cls.make_inquiry(
                    company_id=company.id,
                    team_id=company.care_triage_team_id.id,
                    care_nature_id=rng.choice(natures).id,
                    channel_id=rng.choice(channels).id,
                    category_id=rng.choice((cls.quality, cls.food)).id,
                    care_received_date=received,
                    partner_name="A caller",
                    care_emotional_state=rng.choice(("calm", "angry", "anxious", False)),
                    **(
                        {"care_department_id": rng.choice((cls.ward, cls.bay, cls.radiology)).id}
                        if company == cls.company
                        else {}
                    ),
                )
                if rng.random() < 0.2:
                    ticket.care_access_need_ids = [
                        Command.link(cls.env.ref(f"{MODULE}.access_need_interpreter").id),
                        Command.link(cls.env.ref(f"{MODULE}.access_need_sign_language").id),
                    ]
                cls.env["care.issue"].create(
                    [
                        {
                            "ticket_id": ticket.id,
                            "category_id": cls.food.id,
                            "severity": rng.choice(("0", "1", "2", "3", False)),
                            "stage_of_care": rng.choice(("ward", "discharge", False)),
                            "finding": "none",
                        }
                        for _each in range(rng.randrange(4))
                    ]
                )
            tickets |= ticket
            cls.go_on(ticket, received, rng)
        with freeze_time(NOW):
            mine = tickets.filtered(lambda ticket: ticket.company_id == cls.company)
            first, second = mine.filtered(lambda ticket: not ticket.closed)[:2].sorted(
                "care_received_date"
            )
            both = first | second
            both.write({"care_patient_id": cls.patient.id, "care_relation": "self"})
            second._care_close_as_duplicate(first)
            cls.make_rows(mine, rng)
            cls.make_ends(tickets, rng)
        cls.env.flush_all()
        cls.env.invalidate_all()
        return tickets

    @classmethod
    def make_ends(cls, tickets, rng):
        """Extensions, letters that were sent, and the ombudsman."""
        letter_type = cls.env.ref(f"{MODULE}.letter_type_final")
        for deadline in tickets.care_deadline_ids.filtered(lambda row: row.kind == "answer")[::4]:
            deadline.sudo().extended = True
        closed = tickets.filtered("closed").sorted("closed_date")
        cls.env["care.letter.requirement"].create(
            [
                {
                    "nature_id": nature.id,
                    "type_id": letter_type.id,
                    "policy_ids": [Command.set(closed.care_policy_id.ids)]
                    if nature == cls.question
                    else [],
                }
                for nature in closed.care_nature_id
                if nature.code != "compliment"
            ]
        )
        for ticket in closed:
            day = ticket.closed_date.date() + timedelta(days=rng.randrange(3))
            if rng.random() < 0.4 and day < NOW.date():
                decided = day + timedelta(days=2) if rng.random() < 0.5 else False
                outcomes = ("upheld", "partly", "not_upheld", "not_taken", "settled")
                ticket.write(
                    {
                        "care_ombudsman_date": day,
                        "care_ombudsman_decided_date": decided and min(decided, NOW.date()),
                        "care_ombudsman_outcome": decided and rng.choice(outcomes),
                    }
                )
        cls.env.flush_all()
        # Only the database knows when rows are made and when letters leave the house.
        cls.env.cr.execute(
            SQL(
                "UPDATE helpdesk_ticket SET create_date = care_received_date"
                " WHERE id IN %s AND number <> %s",
                tuple(tickets.ids),
                closed[0].number,
            )
        )
        for ticket in closed:
            if rng.random() < 0.6:
                cls.env.cr.execute(
                    SQL(
                        "INSERT INTO care_letter"
                        " (ticket_id, company_id, type_id, policy_id, state, way, sent_date)"
                        " VALUES (%s, %s, %s, %s, %s, 'print', %s)",
                        ticket.id,
                        ticket.company_id.id,
                        letter_type.id,
                        rng.choice((ticket.care_policy_id.id, None)),
                        rng.choice(("sent", "sent", "checked")),
                        ticket.closed_date - timedelta(days=rng.choice((0, 1, 3))),
                    )
                )

    @classmethod
    def go_on(cls, ticket, moment, rng):
        """Move, answer, close and reopen an inquiry, or leave it where it is."""
        if rng.random() < 0.3 and ticket.company_id == cls.company:
            moment += timedelta(hours=rng.randrange(1, 30))
            with freeze_time(moment):
                ticket.team_id = cls.catering
                if rng.random() < 0.3:
                    ticket.care_department_id = cls.radiology
        if rng.random() < 0.5:
            moment += timedelta(minutes=rng.choice((5, 50, 3000)))
            with freeze_time(moment):
                ticket._care_meet("acknowledge", moment)
        if rng.random() < 0.3:
            moment += timedelta(hours=5)
            with freeze_time(moment):
                cls.env["care.contact"].create(
                    [
                        {
                            "ticket_id": ticket.id,
                            "company_id": ticket.company_id.id,
                            "direction": "out",
                            "channel": "call",
                            "result": rng.choice(("reached", "no_answer")),
                            "with_caller": True,
                            "date": moment,
                        }
                    ]
                )
        rounds = rng.choice((0, 1, 1, 1, 2))
        for _round in range(rounds):
            moment += timedelta(minutes=rng.choice((10, 45, 1500, 9000, 45000)))
            if moment > NOW:
                return
            with freeze_time(moment):
                cls.close(ticket, moment, rng)
            if _round + 1 < rounds:
                moment += timedelta(days=2)
                if moment > NOW:
                    return
                with freeze_time(moment):
                    ticket.stage_id = cls.progress
        if ticket.closed and rng.random() < 0.6:
            with freeze_time(moment + timedelta(hours=1)):
                ticket._care_note_rating(rng.choice((1, 3, 5)), "")

    @classmethod
    def close(cls, ticket, moment, rng):
        finding = rng.choice(FINDINGS)
        needs_finding = ticket.care_nature_id.close_needs_finding
        if needs_finding:
            if not ticket.care_issue_ids:
                cls.env["care.issue"].create(
                    [{"ticket_id": ticket.id, "category_id": cls.food.id, "finding": finding}]
                )
            ticket.care_issue_ids.finding = finding
        ticket.with_context(care_letters=False).write(
            {
                "care_answer": "Like this.",
                "care_told": "A caller",
                "care_told_date": moment,
                "care_told_channel_id": ticket.channel_id.id,
                "care_outcome": finding
                if ticket.care_nature_id.close_needs_finding
                else "answered",
                "care_emotional_state_end": rng.choice(("calm", "angry", False)),
            }
        )
        if ticket._care_missing()[ticket.id]:
            ticket.with_user(cls.boss(ticket))._care_close_by_exception("Enough is known.")
        else:
            ticket.write({"stage_id": cls.done.id})

    @classmethod
    def boss(cls, ticket):
        """A supervisor of the hospital of an inquiry."""
        cls.supervisor.company_ids = [Command.link(cls.other.id)]
        return cls.supervisor

    @classmethod
    def make_rows(cls, tickets, rng):
        """Promises, consults and red flags, kept, missed and open."""
        flag = cls.env["care.red.flag"].search([], limit=1)
        promises, consults, alarms = [], [], []
        for ticket in tickets[:20]:
            due = ticket.care_received_date + timedelta(hours=rng.randrange(1, 900))
            kept = due + timedelta(minutes=rng.choice((-5, 0, 5))) if rng.random() < 0.5 else False
            base = {"ticket_id": ticket.id, "company_id": ticket.company_id.id}
            promises.append(
                {
                    **base,
                    "what": "A call",
                    "due": due,
                    "made_by_id": cls.supervisor.id,
                    "ended": rng.choice(("withdrawn", "replaced"))
                    if not kept and due.hour == 3
                    else "kept"
                    if kept
                    else False,
                    "kept_date": kept,
                }
            )
            consults.append(
                {
                    "ticket_id": ticket.id,
                    "number": 7,
                    "question": "What happened?",
                    "asked_by_id": cls.supervisor.id,
                    "asked_date": ticket.care_received_date,
                    "due": due,
                    "remind_date": due,
                    "state": rng.choice(("answered", "declined"))
                    if kept
                    else rng.choice(("asked", "cancelled")),
                    "ended_date": kept,
                    "department_id": cls.ward.id,
                }
            )
            alarms.append(
                {
                    "ticket_id": ticket.id,
                    "flag_id": flag.id,
                    "source": "person",
                    "state": rng.choice(("suggested", "raised", "taken", "done", "dismissed")),
                    "raised_date": due,
                    "late": rng.random() < 0.4,
                }
            )
        cls.env["care.promise"].create(promises)
        cls.env["care.consult"].with_context(care_consult=OURS).create(consults)
        cls.env["care.flag.alarm"].with_context(care_alarm=OURS).create(alarms)


class Naive:
    """The figures again, an inquiry at a time, from its records alone."""

    def __init__(self, env, scope, tickets):
        self.env = env
        self.scope = scope
        self.now = NOW
        self.tickets = [ticket for ticket in tickets if self.wanted(ticket)]

    def wanted(self, ticket):
        scope = self.scope
        above, department = [], ticket.care_department_id
        while department:
            above.append(department.id)
            department = department.parent_id
        companies = scope.get("company_ids") or self.env.companies.ids
        return (
            ticket.company_id.id in companies
            and (not scope.get("department_ids") or set(above) & set(scope["department_ids"]))
            and (not scope.get("user_ids") or ticket.user_id.id in scope["user_ids"])
            and (not scope.get("nature_ids") or ticket.care_nature_id.id in scope["nature_ids"])
        )

    def within(self, moment, company):
        if not moment:
            return False
        local = moment.replace(tzinfo=UTC).astimezone(ZoneInfo(company.care_tz)).date()
        return self.scope["start"] <= local < self.scope["end"]

    def answered(self, ticket):
        told = ticket.care_told_date
        return bool(told) and (ticket.care_round == 1 or told >= ticket.care_reopened_date)

    def at_once(self, ticket):
        told = ticket.care_told_date
        return bool(told) and told - ticket.care_received_date <= timedelta(hours=1)

    def clock(self, ticket, kind):
        """``met``, ``missed``, ``open`` or None."""
        rows = [row for row in ticket.care_deadline_ids if row.kind == kind and not row.void_date]
        if any((row.met_date or self.now) > row.due for row in rows):
            return "missed"
        if any(not row.met_date for row in rows):
            return "open"
        return "met" if rows else None

    def rows(self, ticket, kind):
        return [row for row in ticket.care_deadline_ids if row.kind == kind and not row.void_date]

    def working_days(self, ticket, kind):
        """Counted a day at a time; of several rounds the longest, None while one is not met."""
        rows, longest = self.rows(ticket, kind), None
        if not all(row.met_date for row in rows):
            return None
        zone = ZoneInfo(ticket.company_id.care_tz)
        for row in rows:
            day, end = (
                moment.replace(tzinfo=UTC).astimezone(zone).date()
                for moment in (row.start, row.met_date)
            )
            count = 0
            while day < end:
                day += timedelta(days=1)
                count += day.weekday() < 5
            longest = max(longest or 0, count)
        return longest

    def transfers(self, ticket):
        teams = [
            decision.team_id
            for decision in self.env["care.decision"].search(
                [("ticket_id", "=", ticket.id)], order="id"
            )
        ]
        return sum(
            bool(one and two and one != two) for one, two in zip(teams, teams[1:], strict=False)
        )

    def first_contact(self, ticket):
        if self.transfers(ticket) or ticket.care_round > 1:
            return False
        if self.at_once(ticket):
            return True
        if ticket.channel_id.care_code in ("phone", "in_person"):
            return False
        limit = ticket.care_told_date - timedelta(hours=1)
        return not any(
            contact.direction == "out"
            and contact.with_caller
            and not contact.automatic
            and contact.result in (False, "reached")
            and not contact.correction_ids
            and contact.date < limit
            for contact in self.env["care.contact"].search([("ticket_id", "=", ticket.id)])
        )

    def rating(self, ticket):
        ratings = self.env["rating.rating"].search(
            [("care_ticket_id", "=", ticket.id), ("consumed", "=", True)]
        )
        return ratings.sorted(lambda rating: (rating.write_date, rating.id))[-1:].rating

    def severity(self, ticket):
        return max((issue.severity or "" for issue in ticket.care_issue_ids), default="")

    def days(self, ticket):
        return (ticket.care_told_date - ticket.care_received_date).total_seconds() / 86400

    def letters(self, closed):
        """Required letters, of what was closed after it was entered."""
        needed = sent = 0
        for ticket in closed:
            rows = self.env["care.letter.requirement"].search(
                [("nature_id", "=", ticket.care_nature_id.id)]
            )
            wanted = [
                row for row in rows if not row.policy_ids or ticket.care_policy_id in row.policy_ids
            ]
            if not wanted or ticket.closed_date < ticket.create_date:
                continue
            letters = ticket.care_letter_ids.filtered(lambda letter: letter.state == "sent")
            if ticket.care_round > 1:
                since = ticket.care_reopened_date
                letters = letters.filtered(lambda letter, since=since: letter.sent_date >= since)
            needed += 1
            sent += all(
                any(
                    letter.type_id == row.type_id
                    and (not row.policy_ids or letter.policy_id == ticket.care_policy_id)
                    for letter in letters
                )
                for row in wanted
            )
        return sent, needed, 0

    def ombudsman(self, single, closed):
        start, end = self.scope["start"], self.scope["end"]
        gone = [x for x in single if x.care_ombudsman_date and x.care_ombudsman_date < end]
        days = {x: x.care_ombudsman_decided_date for x in gone}
        decided = [x for x in gone if days[x] and start <= days[x] < end]
        return {
            "ombudsman": (sum(x.care_ombudsman_date >= start for x in gone), closed, 0),
            "ombudsman_upheld": (
                sum(x.care_ombudsman_outcome in ("upheld", "partly") for x in decided),
                len(decided),
                sum(not days[x] for x in gone),
            ),
        }

    def measure(self):
        """``{code: (numerator, denominator, open)}``; of a mean or median its value first."""
        single = [ticket for ticket in self.tickets if ticket.care_outcome != "duplicate"]
        got = [x for x in single if self.within(x.care_received_date, x.company_id)]
        closed = [x for x in single if self.within(x.closed_date, x.company_id)]
        acks = [self.clock(x, "acknowledge") for x in got if not self.at_once(x)]
        answers = [self.clock(x, "answer") for x in got]
        answered = [x for x in got if self.answered(x)]
        waiting = len(got) - len(answered)
        firsts = [x for x in answered if x.care_nature_id.close_needs_answer]
        days = [self.days(x) for x in answered]
        acked = [
            self.working_days(x, "acknowledge")
            for x in got
            if not self.at_once(x) and self.clock(x, "acknowledge") in ("met", "missed")
        ]
        timed = [x for x in got if self.rows(x, "answer") and x.care_nature_id.close_needs_answer]
        quick = [self.working_days(x, "answer") for x in timed if self.answered(x)]
        codes = [x.care_nature_id.code for x in got]
        formal = codes.count("complaint") + codes.count("grievance")
        upgraded = [
            x
            for x in got
            if any(
                change.new_nature_id.rank > change.old_nature_id.rank
                for change in x.care_nature_change_ids
            )
        ]
        ratings = [self.rating(x) for x in got]
        rated = [each for each in ratings if each]
        ends = [
            x.care_emotional_state_end
            for x in got
            if x.care_emotional_state not in (False, "calm") and x.care_emotional_state_end
        ]
        severities = [self.severity(x) for x in got]
        still = sum(not x.closed_date for x in got)
        outcomes = [x.care_outcome for x in closed]
        found = sum(map(outcomes.count, FINDINGS))
        exceptions = self.env["care.closing.exception"].search([]).ticket_id
        took = [x.closed_date - x.care_received_date for x in closed]
        rows = {
            "received": (len(got), None, still),
            "closed": (len(closed), None, 0),
            "open": (sum(not x.closed_date for x in self.tickets),) * 1
            + (None, sum(not x.closed_date for x in self.tickets)),
            "ack_on_time": (
                acks.count("met"),
                acks.count("met") + acks.count("missed"),
                acks.count("open"),
            ),
            "answer_on_time": (
                answers.count("met"),
                answers.count("met") + answers.count("missed"),
                answers.count("open"),
            ),
            **{
                f"ack_{last}": (
                    sum(each is not None and first <= each <= last for each in acked),
                    len(acked),
                    acks.count("open"),
                )
                for first, last in ((0, 2), (3, 5), (6, 10))
            },
            "extended": (
                sum(any(row.extended for row in self.rows(x, "answer")) for x in got),
                sum(bool(self.rows(x, "answer")) for x in got),
                0,
            ),
            "next_day": (
                sum(each is not None and each <= 1 for each in quick),
                len(quick),
                len(timed) - len(quick),
            ),
            "days_mean": (mean(days) if days else None, len(answered), waiting),
            "days_median": (median(days) if days else None, len(answered), waiting),
            "first_contact": (
                sum(self.first_contact(x) for x in firsts),
                len(firsts),
                sum(x.care_nature_id.close_needs_answer for x in got) - len(firsts),
            ),
            "closed_30": (sum(t <= timedelta(days=30) for t in took), len(closed), still),
            "closed_60": (
                sum(timedelta(days=30) < t <= timedelta(days=60) for t in took),
                len(closed),
                still,
            ),
            "transfers": (sum(self.transfers(x) for x in got), len(got), 0),
            "reopened": (
                sum(self.within(x.care_reopened_date, x.company_id) for x in single),
                len(closed),
                0,
            ),
            "escalated": (len(upgraded), len(got) - formal + len(upgraded), 0),
            **{
                code: (outcomes.count(code), found, 0)
                for code in ("upheld", "partly", "not_upheld")
            },
            "capture": (sum(x not in exceptions for x in closed), len(closed), 0),
            "letters": self.letters(closed),
            **self.ombudsman(single, len(closed)),
            "satisfied": (sum(each >= 4 for each in rated), len(rated), len(got) - len(rated)),
            "calmer": (ends.count("calm"), len(ends), 0),
            "interpreter": (sum(bool(x.care_access_need_ids) for x in got), len(got), 0),
            "compliments": (codes.count("compliment"), formal, 0),
            "severe": (severities.count("3"), sum(map(bool, severities)), 0),
            "red_flags": (
                sum(
                    alarm.state in ("raised", "taken", "done")
                    for x in got
                    for alarm in x.care_alarm_ids
                ),
                None,
                0,
            ),
        }
        return rows | self.measure_rows()

    def measure_rows(self):
        ids = [ticket.id for ticket in self.tickets]
        rows = {}
        for code, model, moment in (
            ("promises", "care.promise", "due"),
            ("consults", "care.consult", "due"),
            ("flags_on_time", "care.flag.alarm", "raised_date"),
        ):
            found = [
                row
                for row in self.env[model].search([("ticket_id", "in", ids)])
                if self.within(row[moment], row.company_id)
            ]
            if code == "promises":
                found = [row for row in found if row.ended not in ("withdrawn", "replaced")]
                good = [row for row in found if row.ended and row.kept_date <= row.due]
                waits = [row for row in found if not row.ended and row.due >= self.now]
            elif code == "consults":
                found = [row for row in found if row.state != "cancelled"]
                good = [row for row in found if row.ended_date and row.ended_date <= row.due]
                waits = [row for row in found if row.state == "asked" and row.due >= self.now]
            else:
                found = [row for row in found if row.state in ("raised", "taken", "done")]
                good = [row for row in found if row.state != "raised" and not row.late]
                waits = [row for row in found if row.state == "raised" and not row.late]
            rows[code] = (len(good), len(found) - len(waits), len(waits))
        return rows


class TestFigures(ReportCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.tickets = cls.make_spring()

    def _check(self, env, scope):
        figures = env["care.kpi"]._care_measure(scope)
        naive = Naive(env(su=True), scope, self.tickets.sudo()).measure()
        for code, (numerator, denominator, waiting) in naive.items():
            figure = figures[code]
            with self.subTest(figure=code):
                if code in ("days_mean", "days_median"):
                    self.assertEqual(figure["denominator"], denominator)
                    if numerator is None:
                        self.assertIsNone(figure["value"])
                    else:
                        self.assertAlmostEqual(figure["value"], numerator, 6)
                else:
                    self.assertEqual(
                        (figure["numerator"], figure["denominator"]), (numerator, denominator)
                    )
                self.assertEqual(figure["open"], waiting)
        return figures

    def test_the_spring_is_awkward(self):
        tickets = self.tickets
        self.assertGreater(len(tickets.filtered(lambda ticket: ticket.care_round > 1)), 3)
        self.assertTrue(tickets.filtered(lambda ticket: ticket.care_outcome == "duplicate"))
        self.assertGreater(len(tickets.filtered(lambda x: len(x.care_issue_ids) > 1)), 10)
        self.assertGreater(len(tickets.filtered(lambda x: x.company_id == self.other)), 8)
        self.assertGreater(len(tickets.filtered(lambda x: x.team_id == self.catering)), 5)

    def test_march_of_one_hospital(self):
        with freeze_time(NOW):
            figures = self._check(self.env, MARCH)
        for code in (
            "received",
            "ack_on_time",
            "ack_2",
            "answer_on_time",
            "extended",
            "next_day",
            "first_contact",
            "letters",
            "ombudsman",
            "ombudsman_upheld",
            "satisfied",
        ):
            self.assertGreater(figures[code]["numerator"], 0, code)

    def test_march_of_both_each_by_its_own_clock(self):
        with freeze_time(NOW):
            scope = MARCH | {"company_ids": (self.company | self.other).ids}
            env = self.env(context={"allowed_company_ids": (self.company | self.other).ids})
            both = self._check(env, scope)
            mine = self._check(env, MARCH | {"company_ids": self.company.ids})
            theirs = self._check(env, MARCH | {"company_ids": self.other.ids})
        self.assertEqual(
            both["received"]["value"], mine["received"]["value"] + theirs["received"]["value"]
        )

    def test_filters(self):
        with freeze_time(NOW):
            for more in (
                {"department_ids": self.ward.ids},
                {"department_ids": self.bay.ids},
                {"nature_ids": (self.question | self.complaint).ids},
                {"user_ids": self.supervisor.ids},
            ):
                with self.subTest(scope=more):
                    self._check(self.env, MARCH | more)

    def test_every_day_lies_in_one_month(self):
        """Days, months and quarters add up, across midnight and the change of the clocks."""
        with freeze_time(NOW):
            kpi = self.env["care.kpi"]
            days = [MARCH["start"] + timedelta(days=number) for number in range(31)]
            counts = [
                kpi._care_measure({"start": day, "end": day + timedelta(days=1)})["received"]
                for day in days
            ]
            self.assertEqual(
                sum(each["value"] for each in counts), kpi._care_measure(MARCH)["received"]["value"]
            )

    def test_nothing_measured_has_no_denominator(self):
        with freeze_time(NOW):
            kpi = self.env["care.kpi"]
            figures = kpi._care_measure({"start": date(2020, 1, 1), "end": date(2020, 2, 1)})
            for code, facts in kpi._care_definitions().items():
                with self.subTest(figure=code):
                    figure = figures[code]
                    if facts["unit"] == "count":
                        self.assertIsNone(figure["denominator"])
                    else:
                        self.assertEqual((figure["denominator"], figure["value"]), (0, None))
                    self.assertTrue(facts["definition"].endswith("."))

    def test_the_number_of_queries_is_constant(self):
        with freeze_time(NOW):
            kpi = self.env["care.kpi"].with_user(self.supervisor)

            def queries(scope):
                self.env.flush_all()
                self.env.invalidate_all()
                before = self.env.cr.sql_log_count
                kpi._care_measure(scope)
                return self.env.cr.sql_log_count - before

            few = {"start": date(2020, 1, 1), "end": date(2020, 2, 1)}
            queries(few)
            self.assertEqual(queries(MARCH), queries(MARCH | {"start": date(2026, 1, 1)}))
            self.assertLess(queries(MARCH), 55)

    def test_rate_needs_every_month(self):
        with freeze_time(NOW):
            kpi, rows = self.env["care.kpi"], self.env["care.denominator"]
            march_only = MARCH | {"company_ids": self.company.ids}
            scope = march_only | {"start": date(2026, 2, 1)}
            rows.create([{"month": date(2026, 3, 1), "patient_days": 4000, "admissions": 0}])
            self.assertIsNone(kpi._care_measure(scope)["rate"]["value"])
            march = kpi._care_measure(march_only)
            count = march["received"]["value"]
            self.assertEqual(march["rate"]["denominator"], 4000)
            self.assertAlmostEqual(march["rate"]["value"], count / 4)
            self.assertIsNone(march["rate_admissions"]["value"])
            rows.create([{"month": date(2026, 2, 1), "patient_days": 3000, "admissions": 500}])
            both = kpi._care_measure(scope)
            self.assertEqual(both["rate"]["denominator"], 7000)
            half = march_only | {"end": date(2026, 3, 15)}
            self.assertIsNone(kpi._care_measure(half)["rate"]["value"])
            ward = march_only | {"department_ids": self.ward.ids}
            self.assertIsNone(kpi._care_measure(ward)["rate"]["value"])
            rows.create(
                [
                    {"month": date(2026, 3, 1), "patient_days": days, "department_id": place.id}
                    for place, days in ((self.ward, 900), (self.bay, 300))
                ]
            )
            for places in (self.ward, self.ward | self.bay):
                figure = kpi._care_measure(march_only | {"department_ids": places.ids})["rate"]
                self.assertEqual(figure["denominator"], 900)

    def test_improvements_are_counted_by_their_days(self):
        with freeze_time(NOW):
            for due, since, state in (
                ("2026-03-10", "2026-03-09", "adopted"),
                ("2026-03-10", "2026-03-11", "adopted"),
                ("2026-03-10", False, "trial"),
                ("2026-03-10", False, "rejected"),
                ("2026-04-25", False, "review"),
                ("2026-05-02", "2025-03-02", "adopted"),
            ):
                improvement = self.env["care.improvement"].create(
                    {
                        "name": "Warm plates",
                        "category_id": self.food.id,
                        "department_id": self.ward.id,
                        "due": due,
                        "owner_id": self.supervisor.id,
                        "company_id": self.company.id,
                    }
                )
                improvement.with_context(care_improvement=OURS).write(
                    {"state": state, "effective_date": since}
                )

            def figures(start, end, **more):
                scope = {"start": start, "end": end, "company_ids": self.company.ids, **more}
                measured = self.env["care.kpi"]._care_measure(scope)
                return [
                    tuple(measured[code][part] for part in ("numerator", "denominator", "open"))
                    for code in ("improvements_on_time", "effect_known")
                ]

            self.assertEqual(figures(date(2026, 3, 1), date(2026, 4, 1)), [(1, 3, 0), (0, 0, 2)])
            self.assertEqual(figures(date(2026, 4, 1), date(2026, 5, 1)), [(0, 0, 1), (0, 0, 0)])
            year = figures(date(2025, 3, 1), date(2025, 4, 1))
            self.assertEqual(year[0], (0, 0, 0))
            self.assertEqual(sum(year[1][1:]), 1)
            elsewhere = figures(
                date(2026, 3, 1), date(2026, 4, 1), department_ids=self.radiology.ids
            )
            self.assertEqual(elsewhere, [(0, 0, 0), (0, 0, 0)])

    def test_rows_of_all_analyses_are_those_of_the_records(self):
        with freeze_time(NOW):
            mine = self.tickets
            issues = self.env["care.issue.report"].search([("ticket_id", "in", mine.ids)])
            self.assertEqual(issues.ids and set(issues.ids), set(mine.care_issue_ids.ids))
            for row in self.env["care.deadline.report"].search([("ticket_id", "in", mine.ids)]):
                deadline = self.env["care.deadline"].browse(row.id)
                late = (deadline.met_date or NOW) > deadline.due
                self.assertEqual(row.due_count, int(late or bool(deadline.met_date)))
                self.assertEqual(row.met_count, int(bool(deadline.met_date) and not late))
                self.assertEqual(row.open_count, int(not deadline.met_date and not late))
            rows = self.env["care.decision.report"].search([("ticket_id", "in", mine.ids)])
            moved = rows.filtered("moved_on").ticket_id
            naive = Naive(self.env, MARCH, mine)
            self.assertEqual(set(moved.ids), {x.id for x in mine if naive.transfers(x)})

    def test_few_and_many_inquiries_have_the_same_rows(self):
        with freeze_time(NOW):
            names = [name for name, field in self.report._fields.items() if field.column_type]
            rows = [
                self.report.with_context(care_few=few).search_read([], names, order="id")
                for few in (False, True)
            ]
            self.assertGreater(len(rows[0]), 50)
            self.assertEqual(*rows)
            kpi = self.env["care.kpi"]
            self.assertTrue(kpi._care_context(MARCH)["care_few"])
            self.assertFalse(kpi._care_context(MARCH | {"start": "2025-01-01"})["care_few"])

    def _sections(self, **scope):
        """All sections on inquiries of March, nothing hidden."""
        catalogue = self.env["care.report.catalogue"].with_context(tz=self.company.care_tz)
        definition = {
            "least": 0,
            "sections": [
                {
                    "code": code,
                    "title": code,
                    "intro": "",
                    "grouping": False,
                    "top": 0,
                    "chart": False,
                }
                for code, facts in catalogue._care_sections().items()
                if "care.inquiry.report" in facts["models"] and code != "return"
            ],
        }
        scope = MARCH | {"company_ids": self.company.ids, "domain": [], **scope}
        return catalogue._care_build(definition, scope | {"names": True, "least": 0})

    def _named(self, sections):
        """``(name, count, where it stands)`` of all that figures and tables count."""
        kpi = self.env["care.kpi"]
        for section in sections:
            for figure in section["figures"]:
                for part, name in kpi._care_facts(figure)["names"].items():
                    yield name, figure[part], figure["code"]
            for table in section["tables"]:
                lines = dict(enumerate(table["rows"])) | {"total": table["totals"]}
                for key, name in {**table.get("links", {}), **table.get("same", {})}.items():
                    row, index = key
                    if lines[row]:
                        yield name, lines[row][index], table["name"]

    def test_counts_of_one_name_are_one_count(self):
        """What board packs may hide rests on the names of counts and on the sums of names."""
        kpi, counts, places = self.env["care.kpi"], {}, {}
        with freeze_time(NOW):
            sections = self._sections()
            sums = kpi._care_figure_sums()
        for name, count, where in self._named(sections):
            places.setdefault(name, set()).add(where)
            self.assertEqual(counts.setdefault(name, count), count, (name, places[name]))
        shared = {name for name, where in places.items() if len(where) > 1}
        for name in ("received", "closed", "ack_due", "answer_met", "rated", "severity 3"):
            self.assertIn(name, shared)
        rests = {
            total: counts[total] - sum(counts.get(name, 0) for name in parts)
            for total, parts in sums
            if total in counts and counts.keys() & set(parts)
        }
        self.assertGreater(len(rests), 7)
        for total, rest in rests.items():
            if total in ("ack_due", "closed"):
                self.assertGreaterEqual(rest, 0, total)
            else:
                self.assertEqual(rest, 0, total)
        for figure in [figure for section in sections for figure in section["figures"]]:
            facts = kpi._care_facts(figure)
            if facts["subset"]:
                self.assertLessEqual(figure["numerator"], figure["denominator"], figure["code"])
            if facts["within"]:
                inside = figure["denominator"] + (figure["open"] if facts["beside"] else 0)
                self.assertLessEqual(inside, counts[facts["within"]], figure["code"])

    def test_percentages_of_groups_are_of_their_sums(self):
        with freeze_time(NOW):
            names = ["answer_met:sum", "answer_due:sum", "answer_rate:avg", "median_days:avg"]
            for nature, met, due, rate, middle in self.report._read_group([], ["nature_id"], names):
                with self.subTest(nature=nature.name):
                    self.assertAlmostEqual(rate, 100 * met / due if due else False)
                    days = [
                        row.days_to_answer
                        for row in self.report.search(
                            [("nature_id", "=", nature.id), ("answered", "=", 1)]
                        )
                    ]
                    if days:
                        self.assertAlmostEqual(middle, median(days))


class TestInquiryReport(ReportCommon):
    def _row(self, ticket):
        self.env.flush_all()
        self.env.invalidate_all()
        return self.report.browse(ticket.id)

    def test_a_row_says_what_the_inquiry_says(self):
        with freeze_time(NOW):
            ticket = self.make_inquiry(
                category_id=self.food.id,
                care_department_id=self.ward.id,
                care_received_date=NOW - timedelta(days=8),
                care_emotional_state="angry",
            )
            self.env["care.issue"].create(
                [
                    {"ticket_id": ticket.id, "category_id": category.id, "severity": severity}
                    | ({"stage_of_care": stage} if stage else {})
                    for category, severity, stage in (
                        (self.food, "1", False),
                        (self.quality, "3", "ward"),
                        (self.food, "2", "discharge"),
                    )
                ]
            )
            row = self._row(ticket)
            self.assertEqual(row.ticket_id, ticket)
            self.assertEqual(row.category_id, self.food)
            self.assertEqual(row.theme_id, self.quality)
            self.assertEqual(row.category_main_id, self.env.ref(f"{MODULE}.category_clinical"))
            self.assertEqual((row.severity, row.stage_of_care), ("3", "ward"))
            self.assertEqual(row.age_band, "8_30")
            self.assertEqual(row.emotion_start, "angry")
            self.assertEqual((row.is_open, row.is_closed, row.answered), (1, 0, 0))
            only = [("id", "=", ticket.id), ("is_open", "=", True)]
            self.assertEqual(self.report.search_count(only), 1)
            self.assertEqual(row.action_care_open()["res_id"], ticket.id)

    def test_what_did_not_happen_is_in_no_mean(self):
        with freeze_time(NOW):
            asked = self.make_inquiry(care_received_date=NOW - timedelta(days=8))
            asked.sudo().care_consent_asked_date = NOW - timedelta(days=4)
            both = asked | self.make_inquiry()
            self.env.flush_all()
            means = ["consent_days:avg", "days_to_close:avg", "days_to_answer:avg"]
            row = self.report._read_group([("id", "in", both.ids)], [], means)[0]
            self.assertEqual(row, (4.0, False, False))

    def test_age_counts_local_days(self):
        """Received at 23:30 in Berlin, it is a day old half an hour later."""
        with freeze_time(datetime(2026, 3, 9, 23, 30)):
            for received, band in (
                (datetime(2026, 3, 2, 23, 0), "0_7"),
                (datetime(2026, 3, 2, 22, 59), "8_30"),
                (datetime(2026, 2, 7, 23, 0), "8_30"),
                (datetime(2026, 2, 7, 22, 59), "31_60"),
                (datetime(2026, 1, 8, 23, 0), "31_60"),
                (datetime(2026, 1, 8, 22, 59), "over_60"),
            ):
                with self.subTest(received=received):
                    ticket = self.make_inquiry(care_received_date=received)
                    self.assertEqual(self._row(ticket).age_band, band)

    def test_what_lies_behind_it_is_said_once(self):
        with freeze_time(NOW):
            ticket = self.make_inquiry(care_department_id=self.ward.id)
            bed = self.env["maintenance.equipment"].create(
                {"name": "Bed", "care_department_id": self.ward.id}
            )
            for text in ("Squeaks", "Sinks"):
                self.env["care.fault"]._care_report(
                    [{"equipment_id": bed.id, "text": text, "ticket_id": ticket.id}]
                )
            row = self._row(ticket)
            self.assertEqual((row.equipment_caused, row.supply_caused), (1, 0))
            self.assertEqual(self.report.search_count([("ticket_id", "=", ticket.id)]), 1)

    def test_improvement_from_what_the_list_shows(self):
        tickets = self.make_inquiry() | self.make_inquiry()
        self.env.flush_all()
        rows = self.report.with_user(self.people["coordinator"]).browse(tickets.ids)
        action = rows.action_care_propose()
        self.assertEqual(action["res_model"], "care.improvement")
        self.assertIn(str(tickets[0].id), str(action["context"]))

    def test_every_analysis_of_inquiries_proposes(self):
        food, waiting = (self.env.ref(f"{MODULE}.category_{name}") for name in ("food", "waiting"))
        ticket = self.make_inquiry(category_id=waiting.id)
        issues = self.env["care.issue"].create(
            [
                {"ticket_id": ticket.id, "category_id": food.id, "department_id": self.ward.id},
                {"ticket_id": ticket.id, "category_id": waiting.id},
            ]
        )
        self.env.flush_all()
        coordinator = self.people["coordinator"]
        for name in REPORTS:
            with self.subTest(report=name):
                model = self.env["ir.model"]._get(f"care.{name}.report")
                bound = self.env["ir.actions.actions"].with_user(coordinator)
                names = [row["name"] for row in bound.get_bindings(model.model).get("action", [])]
                self.assertIn("Propose an improvement", names)
        rows = self.env["care.issue.report"].with_user(coordinator).browse(issues.ids)
        context = rows[0].action_care_propose()["context"]
        self.assertEqual(context["default_ticket_ids"], [Command.set(ticket.ids)])
        self.assertEqual(context["default_category_id"], food.id)
        self.assertEqual(context["default_department_id"], self.ward.id)
        context = rows.action_care_propose()["context"]
        self.assertFalse(context["default_category_id"] or context["default_department_id"])


class TestReportAccess(ReportCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.inquiry = cls.make_inquiry(care_department_id=cls.ward.id)
        cls.foreign = cls.make_inquiry(
            company_id=cls.other.id, team_id=cls.other.care_triage_team_id.id
        )
        cls.env.flush_all()

    def test_every_screen_opens(self):
        for name in REPORTS:
            report = self.env[f"care.{name}.report"].with_user(self.supervisor)
            for kind in ("pivot", "graph", "list", "search"):
                with self.subTest(report=name, view=kind):
                    self.assertTrue(report.get_view(view_type=kind)["arch"])
            stored = [field for field in report._fields.values() if field.store]
            report.search_read([], [field.name for field in stored], limit=5)
            sums = [
                f"{field.name}:{field.aggregator}"
                for field in stored
                if field.type in ("integer", "float") and field.aggregator
            ]
            for group in [x.name for x in stored if x.type in ("many2one", "selection")]:
                counted = report._read_group([], [group], ["__count", *sums])
                self.assertEqual(sum(row[1] for row in counted), report.search_count([]))

    def test_who_reads_which(self):
        readers = {
            "coordinator": REPORTS,
            "supervisor": REPORTS,
            "privacy_officer": REPORTS,
            "routing_admin": ("decision",),
        }
        for login, person in self.people.items():
            for name in REPORTS:
                with self.subTest(role=login, report=name):
                    report = self.env[f"care.{name}.report"].with_user(person)
                    if name in readers.get(login, ()):
                        report.search_read([], ["company_id"], limit=1)
                    else:
                        with self.assertRaises(AccessError):
                            report.search_read([], ["company_id"], limit=1)

    def test_another_hospital_is_not_counted(self):
        both = [("ticket_id", "in", (self.inquiry | self.foreign).ids)]
        for name in ("inquiry", "deadline", "decision"):
            report = self.env[f"care.{name}.report"]
            with self.subTest(report=name):
                mine = report.with_user(self.people["coordinator"]).search(both)
                self.assertEqual(mine.sudo().ticket_id, self.inquiry)
                officer = report.with_user(self.people["privacy_officer"]).search(both)
                self.assertEqual(officer.sudo().ticket_id, self.inquiry)
        person = new_test_user(
            self.env,
            login="care_both",
            groups=f"{MODULE}.group_coordinator",
            company_id=self.other.id,
            company_ids=[Command.set((self.other | self.company).ids)],
        )
        report = self.report.with_user(person)
        chosen = report.with_context(allowed_company_ids=self.other.ids).search(both)
        self.assertEqual(chosen.sudo().ticket_id, self.foreign)

    def test_rows_count_what_the_reader_may_read_as_inquiries(self):
        for login in ("coordinator", "supervisor", "privacy_officer"):
            with self.subTest(role=login):
                person = self.people[login]
                tickets = self.env["helpdesk.ticket"].with_user(person)
                self.assertEqual(
                    self.report.with_user(person).search([]).ids,
                    tickets.with_context(active_test=False)
                    .search(
                        [("care_is_inquiry", "=", True)], order="care_received_date desc, id desc"
                    )
                    .ids,
                )

    def test_routing_administrators_see_no_name_and_open_no_inquiry(self):
        report = self.env["care.decision.report"].with_user(self.people["routing_admin"])
        row = report.search([("ticket_id", "=", self.inquiry.id)], limit=1)
        self.assertTrue(row)
        self.assertNotIn("user_id", report.fields_get())
        action = row.action_care_open()
        self.assertEqual(action["res_model"], "care.decision")
        self.assertEqual(action["domain"], [("id", "=", row.id)])

    def test_figures_are_for_those_who_read_analyses(self):
        for login in ("responder", "clerk", "routing_admin", "manager", "employee", "relative"):
            with self.subTest(role=login), self.assertRaises(AccessError):
                self.env["care.kpi"].with_user(self.people[login])._care_measure(MARCH)
        for login in ("coordinator", "supervisor", "privacy_officer"):
            with self.subTest(role=login):
                figures = self.env["care.kpi"].with_user(self.people[login])._care_measure(MARCH)
                self.assertIn("received", figures)

    def test_saved_filters_work(self):
        filters = self.env["ir.filters"].search([("model_id", "like", "care.%.report")])
        self.assertGreaterEqual(len(filters), 6)
        for saved in filters:
            with self.subTest(filter=saved.name):
                report = self.env[saved.model_id].with_user(self.supervisor)
                context = literal_eval(saved.context)
                measures = [
                    name if name == "__count" else f"{name}:{report._fields[name].aggregator}"
                    for name in context["pivot_measures"]
                ]
                groups = context["pivot_row_groupby"] + context["pivot_column_groupby"]
                report._read_group(saved._get_eval_domain(), groups, measures)


class TestDigest(ReportCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.digest = cls.env.ref("digest.digest_digest_default")

    def _tiles(self, person):
        self.env.flush_all()
        tiles = self.digest._compute_kpis(self.company, person)
        return {tile["kpi_name"]: tile for tile in tiles if "care" in tile["kpi_name"]}

    def test_tiles_of_a_supervisor(self):
        before = self._tiles(self.supervisor)
        self.assertEqual(before["kpi_care_answer_rate"]["kpi_col1"]["value"], "–")
        received = fields.Datetime.now() - timedelta(hours=3)
        late = self.make_inquiry(care_received_date=received)
        self.make_inquiry(care_received_date=received - timedelta(days=3))
        met = self.make_inquiry(care_received_date=received)
        for ticket, done in ((late, False), (met, received)):
            deadline = ticket.care_deadline_ids.filtered(lambda row: row.kind == "answer")
            deadline.sudo().write({"due": received + timedelta(hours=1), "met_date": done})
        after = self._tiles(self.supervisor)
        columns = {
            name: [
                (tile[f"kpi_col{number}"]["value"], tile[f"kpi_col{number}"]["margin"])
                for number in (1, 2)
            ]
            for name, tile in after.items()
        }
        was = before["kpi_care_received"]
        self.assertEqual(
            [value for value, _margin in columns["kpi_care_received"]],
            [was["kpi_col1"]["value"] + 2, was["kpi_col2"]["value"] + 3],
        )
        self.assertEqual(columns["kpi_care_answer_rate"][0], ("50 %", 0.0))
        self.assertEqual(
            columns["kpi_care_overdue"][0][0], before["kpi_care_overdue"]["kpi_col1"]["value"] + 1
        )

    def test_others_get_no_tile(self):
        for login in ("responder", "clerk", "routing_admin", "employee"):
            with self.subTest(role=login):
                self.assertEqual(self._tiles(self.people[login]), {})


class TestDashboard(ReportCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.tickets = cls.make_spring()
        cls.dashboard = cls.env["care.dashboard"].with_user(cls.supervisor)

    def _cells(self, part):
        """All cells of a part of the page that are numbers of records."""
        if isinstance(part, dict):
            if part.get("action"):
                yield part
            for value in part.values():
                yield from self._cells(value)
        elif isinstance(part, list):
            for value in part:
                yield from self._cells(value)

    def _check(self, page):
        """Every number is that of the records it opens, as the reader finds them."""
        checked = 0
        for cell in self._cells(page):
            action = self.env["ir.actions.actions"]._for_xml_id(cell["action"])
            records = self.env[action["res_model"]].with_user(self.supervisor)
            domain = json.loads(json.dumps(cell["domain"]))
            count = records.with_context(active_test=False).search_count(domain)
            self.assertEqual(cell["value"], count, cell)
            checked += 1
        return checked

    def test_every_number_is_that_of_its_list(self):
        with freeze_time(NOW):
            for period in ("month", "last_month", "quarter", "year", "last_year"):
                page = self.dashboard.care_dashboard(period)
                with self.subTest(period=period):
                    self.assertGreater(self._check(page), 40)
                page = self.dashboard.care_dashboard(period, self.ward.id)
                with self.subTest(period=period, department="ward"):
                    self.assertGreater(self._check(page), 40)

    def test_parts_add_up(self):
        with freeze_time(NOW):
            dashboard = self.dashboard.with_context(allowed_company_ids=self.company.ids)
            page = dashboard.care_dashboard("last_month")
            figures = dashboard.env["care.kpi"]._care_measure(MARCH)
            received = figures["received"]["value"]
            for name in ("channels", "departments_table"):
                self.assertEqual(sum(row["count"]["value"] for row in page[name]), received)
                self.assertEqual(
                    sum(row["due"]["value"] for row in page[name]),
                    figures["answer_on_time"]["denominator"],
                )
            self.assertEqual(
                sum(cell["value"] for cell in page["ageing"]), figures["open"]["value"]
            )
            months = page["themes"]["months"]
            self.assertEqual(len(months), 13)
            self.assertEqual(months[-2]["long"], "March 2026")
            of_march = sum(row["cells"][-2]["value"] for row in page["themes"]["rows"])
            self.assertEqual(of_march, received)
            for row in page["themes"]["rows"]:
                self.assertEqual(row["total"]["value"], sum(cell["value"] for cell in row["cells"]))
            for row, code in zip(
                page["on_time"], ("ack_on_time", "answer_on_time", "first_contact"), strict=True
            ):
                met, due, waiting = (cell["value"] for cell in row["cells"])
                figure = figures[code]
                self.assertEqual(
                    (met, due, waiting),
                    (figure["numerator"], figure["denominator"], figure["open"]),
                )

    def test_many_departments_are_one_row(self):
        with freeze_time(NOW):
            places = self.env["care.department"].create(
                [{"name": f"Ward {number}"} for number in range(20, 34)]
            )
            for place in places:
                self.make_inquiry(care_department_id=place.id)
            self.env.flush_all()
            page = self.dashboard.care_dashboard("month")
            self.assertEqual(len(page["departments_table"]), 11)
            self.assertEqual(page["departments_table"][-1]["label"], "All others")
            self._check(page)

    def test_nothing_yet(self):
        with freeze_time(NOW):
            empty = self.env["care.department"].create({"name": "New ward"})
            page = self.dashboard.care_dashboard("month", empty.id)
            self.assertEqual(page["themes"]["rows"], [])
            self.assertEqual(page["channels"], [])
            self.assertEqual(page["satisfaction"]["percent"]["text"], "no denominator")
            self.assertEqual(page["on_time"][0]["percent"]["text"], "no denominator")

    def test_who_opens_it(self):
        for login in ("responder", "clerk", "routing_admin", "manager", "employee", "relative"):
            with self.subTest(role=login), self.assertRaises(AccessError):
                self.env["care.dashboard"].with_user(self.people[login]).care_dashboard()
        for login in ("coordinator", "privacy_officer"):
            with self.subTest(role=login):
                page = self.env["care.dashboard"].with_user(self.people[login]).care_dashboard()
                self.assertEqual(page["period"], "month")

    def test_an_unknown_period_is_this_month(self):
        self.assertEqual(self.dashboard.care_dashboard("never")["period"], "month")

    def test_the_number_of_queries_does_not_grow(self):
        with freeze_time(NOW):

            def queries(department):
                self.env.flush_all()
                self.env.invalidate_all()
                before = self.env.cr.sql_log_count
                self.dashboard.care_dashboard("year", department)
                return self.env.cr.sql_log_count - before

            queries(False)
            self.assertLess(queries(False), 60)

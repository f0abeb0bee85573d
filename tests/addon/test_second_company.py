"""The main scenarios in the first company, in a second, and in one that shares its people.

Everybody works as in the web client: with ``allowed_company_ids``, and with no more rights than
their role has.
"""

from datetime import date, datetime, timedelta
from unittest.mock import patch

from freezegun import freeze_time

from odoo import fields
from odoo.exceptions import AccessError
from odoo.fields import Command
from odoo.tests import HttpCase, new_test_user, tagged

from ..common import MODULE, CareCommon, RpcCase
from ..intake import expect_intake_errors
from ..supply_common import SupplyCommon

WORDS = "A nurse abused my mother and I feel suicidal"


class Scenarios(SupplyCommon):
    """What every company does, each step as the person who does it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for name, user in cls.people.items():
            user.email = f"{name}@hospital.example"
        cls.catering.company_id = cls.place != "shared" and cls.company.id
        cls.complaints = cls.env.ref(f"{MODULE}.nature_complaint")
        cls.abuse = cls.env.ref(f"{MODULE}.red_flag_abuse")
        cls.company.write(
            {"phone": "+1 555 0100", "email": "desk@hospital.example", "street": "1 Hill Road"}
        )
        cls.food = cls.env["helpdesk.ticket.category"].create({"name": "Food"})
        cls.live_rules(
            {
                "name": "Food",
                "team_id": cls.catering.id,
                "lines": [{"field": "text", "keywords": "cold food"}],
            }
        )

    def as_(self, name, records):
        """``records`` as somebody in the web client has them, with their company chosen there."""
        user = self.people[name]
        return records.with_user(user).with_context(allowed_company_ids=self.company.ids)

    def take_in(self, name="coordinator", **values):
        """An inquiry as the web client saves it, with all steps of the intake done."""
        values = {
            "name": "Lunch",
            "description": "It was cold food.",
            "care_nature_id": self.question.id,
            **values,
        }
        tickets = self.as_(name, self.env["helpdesk.ticket"])
        saved = tickets.web_save(values, {"number": {}, "team_id": {}})
        ticket = self.env["helpdesk.ticket"].browse(saved[0]["id"])
        self.assertEqual(ticket.company_id, self.company)
        self.assertFalse(ticket.care_intake_error)
        return ticket

    def run_crons(self, *names):
        """Scheduled actions of the addon, by default all, as the robot runs them."""
        crons = self.env["ir.cron"]
        for name in names:
            crons += self.env.ref(f"{MODULE}.{name}")
        if not names:
            data = self.env["ir.model.data"].search(
                [("module", "=", MODULE), ("model", "=", "ir.cron")]
            )
            crons = crons.browse(data.mapped("res_id")).exists()
        with self.enter_registry_test_mode():
            for cron in crons:
                with self.subTest(cron=cron.name):
                    self.assertIs(cron.method_direct_trigger(), True)
        self.env.invalidate_all()

    def test_intake_routing_and_red_flags(self):
        ticket = self.take_in(description=f"{WORDS}. It was cold food.")
        self.assertEqual(ticket.team_id, self.catering)
        self.assertEqual(ticket.care_decision_ids.company_id, self.company)
        self.assertTrue(ticket.care_deadline_ids or not ticket.care_policy_id.clock_ids)
        alarms = ticket.care_alarm_ids
        self.assertEqual(set(alarms.mapped("state")), {"suggested"})
        self.assertGreaterEqual(len(alarms), 2)
        supervisor = self.people["supervisor"]
        self.assertIn(supervisor, ticket.activity_ids.user_id)
        told = self.env["mail.message"].search(
            [("subject", "=like", f"Red flag suggested on inquiry {ticket.number}%")]
        )
        self.assertIn(supervisor.partner_id, told.notified_partner_ids)
        alarm = alarms.filtered(lambda alarm: alarm.flag_id == self.abuse)
        with freeze_time(fields.Datetime.now() - timedelta(hours=3)):
            self.as_("coordinator", alarm).action_raise()
        self.env["mail.activity"].search([("care_alarm_id", "=", alarm.id)]).unlink()
        self.run_crons("cron_flag_escalation")
        self.assertTrue(alarm.escalated_date)
        self.assertIn(supervisor, ticket.activity_ids.user_id)
        self.as_("supervisor", alarm).action_take()
        self.as_("supervisor", alarm)._care_finish("The safeguarding lead was called")
        self.assertEqual(alarm.state, "done")

    def test_responders_work_and_supervisors_move(self):
        ticket = self.take_in()
        self.assertEqual(self.as_("responder", ticket).read(["name"])[0]["name"], "Lunch")
        self.as_("responder", ticket).write({"user_id": self.people["responder"].id})
        self.as_("supervisor", ticket).write({"team_id": self.triage.id})
        self.assertEqual(ticket.team_id, self.triage)
        self.assertEqual(ticket.care_decision_ids.company_id, self.company)
        with self.assertRaises(AccessError):
            self.as_("responder", ticket).read(["name"])

    def test_consult_is_asked_and_answered(self):
        ticket = self.take_in()
        consults = self.as_("coordinator", self.env["care.consult"])
        consult = consults._care_ask(
            [{"ticket_id": ticket.id, "question": "Why cold?", "team_id": self.catering.id}]
        )
        self.assertEqual(consult.company_id, self.company)
        self.as_("responder", consult)._care_reply("answer", "The trolley broke")
        self.assertEqual(consult.state, "answered")

    def test_letter_is_sent_and_the_inquiry_closed(self):
        caller = self.env["res.partner"].create({"name": "Ben Okafor", "street": "5 Low Lane"})
        ticket = self.take_in(
            care_nature_id=self.complaints.id,
            category_id=self.food.id,
            care_department_id=self.ward.id,
            partner_id=caller.id,
        )
        mine = self.as_("coordinator", ticket)
        mine.write(
            {
                "user_id": self.people["coordinator"].id,
                "care_answer": "The trolley was broken.",
                "care_issue_ids": [
                    Command.create({"category_id": self.food.id, "finding": "upheld"})
                ],
            }
        )
        letter = self.as_("coordinator", self.env["care.letter"])._care_draft(
            mine,
            self.env.ref(f"{MODULE}.letter_type_acknowledgement"),
            due_date=date.today() + timedelta(days=10),
        )
        for part in letter.part_ids:
            if part.missing and part.kind == "text":
                part.text = "Words."
        letter.signer_name = letter.signer_name or "Dr. Ann Moor"
        letter._care_mark_checked()
        letter._care_send()
        self.assertEqual(letter.sudo().state, "sent")
        self.assertEqual(letter.sudo().company_id, self.company)
        mine.write(
            {
                "care_told": "Ben Okafor",
                "care_told_date": fields.Datetime.now(),
                "care_told_channel_id": self.env.ref(f"{MODULE}.channel_in_person").id,
            }
        )
        mine.action_care_close()
        self.assertTrue(ticket.closed)

    def test_promise_is_given_and_kept_by_a_colleague(self):
        ticket = self.take_in()
        promise = self.as_("coordinator", self.env["care.promise"])._care_make(
            [
                {
                    "ticket_id": ticket.id,
                    "what": "We will call you",
                    "due": fields.Datetime.now() + timedelta(hours=2),
                    "user_id": self.people["responder"].id,
                }
            ]
        )
        self.assertEqual(promise.sudo().company_id, self.company)
        self.assertIn(self.people["responder"], ticket.activity_ids.user_id)

    def test_ward_asks_the_store_delivers_and_a_count_is_booked(self):
        self.make_par(self.ward, self.blanket, 5, 10)
        self.put(self.blanket, self.shelves, 8)
        request = self.as_("nurse", self.env["care.supply.request"]).create(
            {
                "department_id": self.ward.id,
                "line_ids": [Command.create({"product_id": self.slippers.id, "quantity": 2})],
            }
        )
        request.action_send()
        picking = request.sudo().picking_ids
        self.assertEqual(picking.company_id, self.company)
        picking = self.as_("clerk", picking)
        picking.action_assign()
        picking.move_ids.picked = True
        picking.with_context(skip_backorder=True).button_validate()
        self.assertEqual(self.on_hand(self.slippers, self.shelves), 2)
        counts = self.as_("nurse", self.env["care.ward.count"])
        count = counts.browse(counts.care_open(self.ward.id)["res_id"])
        for line in count.care_lines():
            count.care_set(line["id"], line["expected"] - 1)
        count.action_book()
        self.assertEqual(count.sudo().state, "done")
        self.assertEqual(self.on_hand(self.blanket, self.shelves), 7)

    def test_overdue_loan_reminds_somebody_who_reads_the_inquiry(self):
        product = self.make_product("Wheelchair", tracking="serial")
        chair = self.env["stock.lot"].create({"name": "WC-1", "product_id": product.id})
        self.env["stock.quant"]._update_available_quantity(product, self.store, 1, lot_id=chair)
        ticket = self.take_in()
        wizard = self.as_("coordinator", self.env["care.loan"]).create(
            {
                "ticket_id": ticket.id,
                "lot_ids": [Command.set(chair.ids)],
                "due_back": date.today() + timedelta(days=1),
            }
        )
        wizard.action_lend()
        loan = self.env["stock.picking"].search([("care_ticket_id", "=", ticket.id)])
        self.assertEqual(loan.company_id, self.company)
        with freeze_time(datetime.now() + timedelta(days=3)):
            self.run_crons("cron_loans_overdue")
        self.assertTrue(loan.care_overdue_told)
        reminder = self.env["mail.activity"].search([("care_loan_id", "=", loan.id)])
        self.assertIn(self.company, reminder.user_id.company_ids)
        self.assertTrue(reminder.user_id._care_readable(ticket))

    def test_deadlines_escalate_to_people_of_the_company(self):
        with freeze_time(datetime.now() - timedelta(days=200)):
            ticket = self.take_in(care_nature_id=self.complaints.id)
        self.assertTrue(ticket.care_deadline_ids)
        self.run_crons()
        missed = ticket.activity_ids.filtered("care_deadline_id")
        self.assertIn(self.people["supervisor"], missed.user_id)
        for user in missed.user_id:
            self.assertTrue(user._care_readable(ticket), user.login)

    def test_reports_and_dashboard_count_this_company(self):
        elsewhere = self.env["res.company"].create({"name": "Elsewhere"})
        self.env["helpdesk.ticket"].create(
            {
                "name": "Theirs",
                "description": "x",
                "care_nature_id": self.question.id,
                "company_id": elsewhere.id,
                "team_id": elsewhere.care_triage_team_id.id,
            }
        )
        before = self.env["helpdesk.ticket"].search_count(
            [("care_is_inquiry", "=", True), ("company_id", "=", self.company.id)]
        )
        self.take_in()
        self.env.flush_all()
        report = self.as_("supervisor", self.env["care.inquiry.report"])
        self.assertEqual(report.search_count([]), before + 1)
        self.assertTrue(self.as_("supervisor", self.env["care.dashboard"]).care_dashboard())
        template = self.as_("supervisor", self.env["care.report.template"]).search(
            [("kind", "=", "communications"), ("company_id", "=", self.company.id)]
        )
        template.section_ids = [Command.clear(), Command.create({"code": "volumes"})]
        today = date.today()
        run = template._care_prepare(
            today.replace(day=1), (today.replace(day=1) + timedelta(days=32)).replace(day=1)
        )
        self.assertEqual(run.state, "ready", run.sudo().error)
        self.assertEqual(run.company_id, self.company)
        template.write(
            {
                "scheduled": True,
                "schedule_day": 1,
                "recipient_ids": [Command.set(self.people["supervisor"].ids)],
            }
        )
        self.run_crons("cron_report_schedule", "cron_report_runs")
        self.assertFalse(template.sudo().schedule_problem)
        scheduled = template.sudo().run_ids.filtered("scheduled")
        self.assertEqual(scheduled.mapped("state"), ["ready"])
        self.assertEqual(scheduled.user_id, self.people["supervisor"])


class TestFirstCompany(Scenarios):
    place = "first"


class TestSecondCompany(Scenarios):
    place = "second"


class TestSharedCompany(Scenarios):
    place = "shared"


del Scenarios


class TestSomebodyElse(CareCommon):
    """Who acts chose other companies than those in which the others work."""

    place = "second"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.elsewhere = cls.env["res.company"].create({"name": "Elsewhere"})
        cls.abuse = cls.env.ref(f"{MODULE}.red_flag_abuse")
        cls.both = new_test_user(
            cls.env,
            login="care_both",
            groups=f"{MODULE}.group_coordinator",
            company_ids=[Command.set((cls.company | cls.elsewhere).ids)],
        )
        cls.tickets = (
            cls.env["helpdesk.ticket"]
            .with_user(cls.both)
            .with_context(allowed_company_ids=(cls.elsewhere | cls.company).ids)
        )

    def take_in(self, company, **values):
        return self.tickets.create(
            {
                "name": "Mother",
                "description": WORDS,
                "care_nature_id": self.question.id,
                "company_id": company.id,
                **values,
            }
        )

    def told(self, ticket):
        """Who got a notice about it."""
        messages = self.env["mail.message"].search(
            [
                ("message_type", "=", "user_notification"),
                ("subject", "like", ticket.sudo().number),
            ]
        )
        return messages.notified_partner_ids.user_ids

    def test_people_of_one_company_are_told_by_somebody_of_two(self):
        ticket = self.take_in(self.company)
        self.assertFalse(ticket.care_intake_error)
        self.assertIn(self.people["supervisor"], ticket.sudo().activity_ids.user_id)
        self.assertIn(self.people["supervisor"], self.told(ticket))
        alarm = ticket._care_raise_flags(self.abuse)
        self.assertEqual(alarm.sudo().state, "raised")

    def test_nobody_of_the_company_is_a_supervisor(self):
        admin = self.env.ref("base.user_admin")
        admin.group_ids = [Command.unlink(self.env.ref(f"{MODULE}.group_supervisor").id)]
        ticket = self.take_in(self.elsewhere, partner_name="Ben Okafor").sudo()
        self.assertFalse(ticket.care_intake_error)
        readers = ticket.activity_ids.user_id.filtered(lambda user: user._care_readable(ticket))
        self.assertFalse(readers - self.both)
        told = self.told(ticket)
        self.assertNotIn(self.people["supervisor"], told, "works elsewhere")
        blind = ticket.activity_ids.filtered(lambda row: row.user_id not in readers)
        self.assertTrue(blind)
        self.assertEqual(blind.user_id, self.env["res.users"]._care_administrator(self.elsewhere))
        for activity in blind:
            self.assertIn(ticket.number, activity.summary)
            for secret in ("Okafor", self.abuse.name, "Mother", "suicid"):
                self.assertNotIn(secret, f"{activity.summary} {activity.note} {activity.res_name}")
        self.assertNotIn(blind.user_id.partner_id, ticket.message_partner_ids)

    def test_a_leader_who_cannot_read_it_leads_nothing(self):
        stranger = new_test_user(self.env, login="care_stranger", groups="base.group_user")
        self.triage.user_id = stranger
        ticket = self.take_in(self.company, team_id=self.triage.id).sudo()
        self.assertEqual(ticket._care_lead(), self.people["supervisor"])
        self.assertNotIn(stranger, ticket.activity_ids.user_id)

    def test_the_helper_takes_on_the_companies_of_the_other(self):
        other = self.people["coordinator"]._care_as(self.tickets)
        self.assertEqual(other.env.companies, self.company)
        self.assertEqual(self.both._care_as(other).env.companies, self.company | self.elsewhere)
        robot = self.env["res.users"].browse(1)._care_as(self.tickets)
        self.assertEqual(robot.env.company, self.elsewhere)
        self.assertFalse(self.env["res.users"]._care_readable(self.tickets))


class TestOwnData(CareCommon):
    """What a company has for itself is used for its own inquiries alone."""

    place = "second"

    def test_a_mail_gets_the_channel_of_its_company(self):
        first = self.env.ref("base.main_company")
        shared = self.env["helpdesk.ticket.channel"]._care_by_code("email")
        shared.company_id = first
        mine = shared.copy({"name": "Our mail", "company_id": self.company.id})
        robot = self.env(context={"tracking_disable": False})
        domain = self.env["mail.alias.domain"].create({"name": "second.example"})
        self.company.alias_domain_id = domain
        self.triage.write({"alias_name": "second-desk", "alias_domain_id": domain.id})
        mail = (
            f"From: Ben <ben@home.example>\nTo: second-desk@{domain.name}\nSubject: Lunch\n"
            "Message-Id: <second-1@home.example>\nContent-Type: text/plain\n\nIt was cold.\n"
        )
        ticket_id = robot["mail.thread"].message_process(None, mail.encode())
        ticket = self.env["helpdesk.ticket"].browse(int(ticket_id))
        self.assertEqual(ticket.company_id, self.company)
        self.assertEqual(ticket.channel_id, mine)


class TestFailedIntake(CareCommon):
    """A step of the intake that fails is as loud as a red flag."""

    place = "second"

    def fail(self, method="_care_open_rows", model="care.flag.alarm"):
        with (
            expect_intake_errors() as errors,
            patch.object(self.env.registry[model], method, side_effect=RuntimeError("broken")),
        ):
            ticket = self.make_inquiry(name="Okafor", description=WORDS)
        self.assertTrue(errors)
        self.assertEqual(ticket.team_id, self.triage)
        return ticket

    def test_supervisors_are_told_at_once(self):
        other = new_test_user(
            self.env, login="care_other", groups=f"{MODULE}.group_supervisor", name="Other"
        )
        ticket = self.fail()
        both = self.people["supervisor"] | other
        self.assertEqual(ticket.activity_ids.user_id, both)
        message = self.env["mail.message"].search(
            [("subject", "=", f"Intake failed for inquiry {ticket.number}")]
        )
        self.assertEqual(message.notified_partner_ids.user_ids, both)
        for secret in ("Okafor", "abused", "broken"):
            self.assertNotIn(secret, message.subject + message.body)

    def test_before_creation_too(self):
        ticket = self.fail("_care_route", "helpdesk.ticket")
        self.assertIn("routing", ticket.care_intake_error)
        self.assertEqual(ticket.activity_ids.user_id, self.people["supervisor"])

    def test_an_alarm_that_fails_loses_no_inquiry(self):
        with patch.object(
            self.env.registry["helpdesk.ticket"],
            "_care_tell_intake_failed",
            side_effect=RuntimeError("silent"),
        ):
            ticket = self.fail()
        self.assertIn("broken", ticket.care_intake_error)
        self.assertIn("alarm: RuntimeError: silent", ticket.care_intake_error)

    def test_many_make_one_message(self):
        with (
            expect_intake_errors(),
            patch.object(
                self.env.registry["care.flag.alarm"],
                "_care_open_rows",
                side_effect=RuntimeError("broken"),
            ),
        ):
            tickets = self.env["helpdesk.ticket"].create(
                [
                    {"name": str(n), "description": WORDS, "care_nature_id": self.question.id}
                    for n in range(3)
                ]
            )
        message = self.env["mail.message"].search([("subject", "like", "Intake failed for")])
        self.assertEqual(len(message), 1)
        for number in tickets.mapped("number"):
            self.assertIn(number, message.subject)
        self.assertEqual(len(tickets.activity_ids), 3)


class HttpIntake(RpcCase, CareCommon):
    """As the web client calls: over HTTP, with the companies chosen there."""

    def test_a_call_is_taken_in(self):
        context = {"allowed_company_ids": self.company.ids}
        values = {
            "name": "Mother",
            "description": f"<p>{WORDS}</p>",
            "care_nature_id": self.complaint.id,
            "care_patient_id": self.patient.id,
            "care_department_id": self.ward.id,
        }
        answer = self.call(
            "care_coordinator",
            "helpdesk.ticket",
            "web_save",
            [],
            values,
            {"number": {}},
            context={**context, "default_care_nature_id": self.complaint.id},
        )
        self.assertIn("result", answer, answer)
        ticket = self.env["helpdesk.ticket"].browse(answer["result"][0]["id"])
        self.assertEqual(ticket.company_id, self.company)
        self.assertFalse(ticket.care_intake_error)
        self.assertGreaterEqual(len(ticket.care_alarm_ids), 2)
        self.assertIn(self.people["supervisor"], ticket.activity_ids.user_id)
        self.assertTrue(ticket.care_deadline_ids)
        alarm = ticket.care_alarm_ids[0]
        for method in ("action_raise", "action_take"):
            answer = self.call(
                "care_coordinator", "care.flag.alarm", method, alarm.ids, context=context
            )
            self.assertIn("result", answer, answer)
        alarm.invalidate_recordset()
        self.assertEqual(alarm.owner_id, self.people["coordinator"])
        elsewhere = self.env["res.company"].create({"name": "Elsewhere"})
        answer = self.call(
            "care_coordinator",
            "helpdesk.ticket",
            "web_read",
            ticket.ids,
            {"number": {}},
            context={"allowed_company_ids": [*self.company.ids, elsewhere.id]},
        )
        self.assertIn("error", answer, "a company in which she does not work")


@tagged("standard", "post_install", "-at_install")
class TestHttpSecondCompany(HttpIntake, HttpCase):
    place = "second"


@tagged("standard", "post_install", "-at_install")
class TestHttpSharedCompany(HttpIntake, HttpCase):
    place = "shared"


del HttpIntake

"""Red flags: suggested by words, raised, taken, done; a person alone ends one."""

from ast import literal_eval
from datetime import timedelta
from unittest.mock import patch

from freezegun import freeze_time
from lxml import etree

from odoo import Command, fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, new_test_user
from odoo.tools import mute_logger

from odoo.addons.patient_care_coordination.models.inquiry.helpdesk_ticket import OURS

from ..common import MODULE, CareCommon
from ..intake import expect_intake_errors


class FlagCommon(CareCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.abuse = cls.env.ref(f"{MODULE}.red_flag_abuse")
        cls.self_harm = cls.env.ref(f"{MODULE}.red_flag_self_harm")
        cls.alarms = cls.env["care.flag.alarm"]
        cls.coordinator = cls.people["coordinator"]
        cls.supervisor = cls.people["supervisor"]

    def _raised(self, **values):
        ticket = self.make_inquiry(**values)
        alarm = ticket.with_user(self.coordinator)._care_raise_flags(self.abuse)
        return ticket, alarm

    def _end(self, alarm, mode, text, user=None):
        return (
            self.env["care.flag.ending"]
            .with_user(user or self.coordinator)
            .create({"alarm_id": alarm.id, "mode": mode, "text": text})
            .action_confirm()
        )


class TestSuggestion(FlagCommon):
    def test_words_of_the_text_suggest_and_raise_nothing(self):
        ticket = self.make_inquiry(description="<p>My mother was <b>abused</b> by a nurse.</p>")
        alarm = ticket.care_alarm_ids
        self.assertEqual(alarm.flag_id, self.abuse)
        self.assertEqual((alarm.state, alarm.source), ("suggested", "hint"))
        self.assertIn("abused", alarm.words)
        self.assertFalse(alarm.raised_date)
        self.assertEqual(ticket.priority, "1")
        self.assertTrue(ticket.care_flag_open)
        self.assertIn("nobody has looked", ticket.care_flag_text)

    def test_a_suggestion_asks_its_people_at_once_to_look(self):
        guard = new_test_user(
            self.env, login="care_guard", groups="base.group_user", email="g@x.example"
        )
        self.abuse.alert_user_ids = guard
        before = self.env["mail.message"].search([])
        ticket = self.make_inquiry(
            name="Okafor", description="She was abused by a nurse", partner_name="Ben Okafor"
        )
        alarm = ticket.care_alarm_ids
        message = self.env["mail.message"].search(
            [("id", "not in", before.ids), ("message_type", "=", "user_notification")]
        )
        self.assertEqual(
            message.subject, f"Red flag suggested on inquiry {ticket.number}: please look"
        )
        for secret in ("Okafor", "nurse", self.abuse.name):
            self.assertNotIn(secret, message.subject + message.body)
        told = message.notified_partner_ids.user_ids
        self.assertIn(self.supervisor, told)
        self.assertNotIn(guard, told, "cannot read it, so a supervisor is told in their place")
        self.assertIn("Supervisor", alarm.alerted)
        mine = ticket.activity_ids.filtered(lambda row: row.user_id == self.supervisor)
        self.assertEqual(mine.summary, f"Suggested red flag, please look: {self.abuse.name}")
        self.assertNotIn(guard, ticket.activity_ids.user_id)
        self.assertEqual((alarm.state, ticket.priority), ("suggested", "1"))
        alarm.with_user(self.coordinator).action_raise()
        self.assertNotIn("Suggested", " ".join(ticket.activity_ids.mapped("summary")))
        self.assertEqual(
            len(ticket.activity_ids.filtered(lambda row: row.user_id == self.supervisor)), 1
        )

    def test_a_suggestion_without_people_goes_to_the_lead(self):
        self.abuse.write(
            {"alert_group_ids": False, "alert_user_ids": False, "alert_supervisor": False}
        )
        self.abuse.alert_lead = False
        ticket = self.make_inquiry(description="She was abused")
        self.assertEqual(ticket.care_alarm_ids.alerted, ticket._care_lead().name)
        ticket.care_alarm_ids.with_user(self.coordinator)._care_dismiss("Quoted from a film")
        self.assertFalse(ticket.activity_ids)

    def test_a_suggestion_needs_attention(self):
        arch = (
            self.env["helpdesk.ticket"]
            .with_user(self.coordinator)
            .get_view(self.env.ref(f"{MODULE}.inquiry_view_search").id, "search")["arch"]
        )
        found = etree.fromstring(arch).xpath("//filter[@name='needs_attention']/@domain")
        domain = literal_eval(found[0])
        ticket = self.make_inquiry(description="She was abused")
        other = self.make_inquiry()
        tickets = self.env["helpdesk.ticket"].with_user(self.coordinator)
        both = [("id", "in", (ticket | other).ids)]
        self.assertEqual(tickets.search(both + domain), ticket)
        ticket.care_alarm_ids.with_user(self.coordinator)._care_dismiss("Quoted from a film")
        self.assertFalse(tickets.search(both + domain))

    def test_all_languages_and_the_subject_count(self):
        for name, text, flag in (
            ("Hilfe", "Er spricht von Selbstmord", self.self_harm),
            ("Ma mère", "Elle a été maltraitée", self.abuse),
            ("I want to die", "See subject", self.self_harm),
        ):
            with self.subTest(text=text):
                ticket = self.make_inquiry(name=name, description=text)
                self.assertEqual(ticket.care_alarm_ids.flag_id, flag)

    def test_relatives_speak_of_somebody_else(self):
        for text in ("He says he wants to kill himself.", "She talks of killing herself today."):
            ticket = self.make_inquiry(description=text)
            self.assertIn(self.self_harm, ticket.care_alarm_ids.flag_id, text)

    def test_ordinary_texts_suggest_nothing(self):
        for text in ("The soup was cold", "When may I visit?", "Thank you for the kind nurses"):
            self.assertFalse(self.make_inquiry(description=text).care_alarm_ids)

    def test_a_mail_suggests(self):
        mail = (
            "From: Nora <nora@home.example>\nTo: desk-test@hospital.example\nSubject: Ward 3\n"
            "Message-Id: <flag-1@home.example>\nAuto-Submitted: auto-generated\n\n"
            "They hit him at night. I am afraid."
        )
        made = self.env["mail.thread"].message_process(
            "helpdesk.ticket", mail, {"team_id": self.triage.id}
        )
        ticket = self.env["helpdesk.ticket"].browse(made)
        self.assertEqual(ticket.care_alarm_ids.flag_id, self.abuse)

    def test_a_later_message_of_the_caller_suggests_once(self):
        ticket = self.make_inquiry()

        def say(text):
            ticket.message_post(
                body=text, author_id=False, email_from="x@y.example", message_type="email"
            )

        say("Nothing new")
        self.assertFalse(ticket.care_alarm_ids)
        say("He talks of suicide")
        alarm = ticket.care_alarm_ids
        self.assertEqual((alarm.flag_id, alarm.state), (self.self_harm, "suggested"))
        self._end(alarm, "dismiss", "He spoke of a film")
        say("As I said, suicide")
        self.assertEqual(ticket.care_alarm_ids, alarm)

    def test_what_arrives_closed_suggests_nothing(self):
        ticket = self.make_inquiry(
            description="abuse",
            stage_id=self.env.ref("helpdesk_mgmt.helpdesk_ticket_stage_done").id,
            care_answer="Done",
            care_told="Mrs Okafor",
            care_told_date=fields.Datetime.now(),
            care_told_channel_id=self.env.ref(f"{MODULE}.channel_in_person").id,
        )
        self.assertFalse(ticket.care_alarm_ids)

    def test_plain_tickets_are_left_alone(self):
        ticket = self.env["helpdesk.ticket"].create([{"name": "Abuse", "description": "abuse"}])
        self.assertFalse(ticket.care_alarm_ids)

    def test_an_administrator_changes_the_words(self):
        self.abuse.with_user(self.supervisor).hints = "soup"
        ticket = self.make_inquiry(name="Soup")
        self.assertEqual(ticket.care_alarm_ids.flag_id, self.abuse)
        self.abuse.active = False
        self.assertFalse(self.make_inquiry(name="Soup").care_alarm_ids)

    @expect_intake_errors()
    def test_a_failure_loses_no_inquiry(self):
        with patch.object(type(self.alarms), "_care_open_rows", side_effect=RuntimeError("x")):
            ticket = self.make_inquiry(description="abuse")
        self.assertIn("red flags", ticket.care_intake_error)
        self.assertEqual(ticket.team_id, self.triage)

    def test_suggestions_cost_the_same_for_any_number(self):
        values = {"name": "Ward", "care_nature_id": self.question.id}
        vals = [{**values, "description": "abuse and suicide"} for _number in range(40)]
        tickets = self.env["helpdesk.ticket"].create([vals[0]])
        self.env.flush_all()
        counts = []
        for size in (5, 40):
            tickets = self.env["helpdesk.ticket"].create(
                [{**values, "description": "x"} for _number in range(size)]
            )
            tickets.write({"description": "abuse and suicide"})
            self.env.flush_all()
            before = self.cr.sql_log_count
            tickets._care_flag_intake([{}] * size)
            self.env.flush_all()
            counts.append(self.cr.sql_log_count - before)
            self.assertEqual(len(tickets.care_alarm_ids), 2 * size)
        self.assertEqual(*counts)
        self.assertLess(counts[0], 100)

    def test_a_suggestion_is_raised_or_dismissed_by_a_person(self):
        ticket = self.make_inquiry(description="abuse")
        alarm = ticket.care_alarm_ids.with_user(self.coordinator)
        with self.assertRaisesRegex(UserError, "nobody has looked"):
            alarm.action_take()
        alarm.action_raise()
        self.assertEqual(alarm.state, "raised")
        self.assertEqual(alarm.raised_by_id, self.coordinator)
        self.assertEqual(ticket.priority, "3")
        with self.assertRaisesRegex(UserError, "looked at already"):
            alarm.action_raise()


class TestRaising(FlagCommon):
    def test_raising_alerts_at_once_with_the_number_alone(self):
        self.ward.supervisor_id = self.people["responder"]
        other = new_test_user(self.env, login="care_safeguard", groups="base.group_user")
        self.abuse.alert_user_ids = other
        ticket = self.make_inquiry(
            name="Okafor was hit",
            care_patient_id=self.patient.id,
            partner_name="Ben Okafor",
            care_department_id=self.ward.id,
        )
        ticket.team_id = self.catering
        before = self.env["mail.message"].search([])
        alarm = ticket.with_user(self.coordinator)._care_raise_flags(self.abuse, "She was hit")
        self.assertEqual(ticket.priority, "3")
        self.assertEqual((alarm.state, alarm.source), ("raised", "person"))
        self.assertEqual(alarm.note, "She was hit")
        told = self.env["mail.message"].search(
            [("id", "not in", before.ids), ("message_type", "=", "user_notification")]
        )
        self.assertIn(ticket.number, told.subject)
        self.assertIn("must take it immediately: open the inquiry", told.body)
        for secret in ("Okafor", "hit", self.abuse.name):
            self.assertNotIn(secret, told.subject + told.body + told.record_name)
        self.assertLessEqual(
            {self.supervisor, self.people["responder"]},
            set(told.notified_partner_ids.user_ids),
        )
        self.assertNotIn(other.partner_id, told.notified_partner_ids, "cannot read it")
        self.assertNotIn(self.people["agent"].partner_id, told.notified_partner_ids)
        activities = ticket.activity_ids
        self.assertLessEqual({self.supervisor, self.people["responder"]}, set(activities.user_id))
        self.assertNotIn(other, activities.user_id)
        for activity in activities:
            self.assertIn(self.abuse.name, activity.summary)
            self.assertEqual(activity.res_name, ticket.number)

    def test_mail_goes_through_the_queue(self):
        self.supervisor.notification_type = "email"
        sent = []
        with patch.object(
            type(self.env["mail.mail"]), "send", lambda self, *a, **kw: sent.append(self)
        ):
            ticket, _alarm = self._raised(partner_name="Ben Okafor")
            self.env.cr.postcommit.run()
        self.assertFalse(sent)
        mail = self.env["mail.mail"].search(
            [("subject", "=", f"Red flag on inquiry {ticket.number}")], limit=1
        )
        self.assertEqual(mail.state, "outgoing")
        self.assertIn(self.supervisor.partner_id, mail.recipient_ids)
        self.assertIn("open the inquiry and choose Take it", mail.body_html)
        for secret in ("Okafor", self.abuse.name):
            self.assertNotIn(secret, mail.subject + mail.body_html)

    def test_the_author_of_an_alarm_is_never_a_caller(self):
        ticket = self.make_inquiry()
        alarm = ticket.with_user(self.people["relative"]).sudo()._care_raise_flags(self.abuse)
        told = self.env["mail.message"].search(
            [("res_id", "=", ticket.id), ("message_type", "=", "user_notification")]
        )
        self.assertEqual(told.author_id, self.env.ref("base.partner_root"))
        self.assertTrue(alarm)

    def test_the_supervisor_above_is_told(self):
        parent = self.env["care.department"].create(
            {"name": "Medicine", "supervisor_id": self.people["responder"].id}
        )
        self.ward.parent_id = parent
        self.assertEqual(self.ward._care_supervisor(), self.people["responder"])
        self.assertFalse(self.env["care.department"]._care_supervisor())

    def test_somebody_is_always_told(self):
        self.abuse.write(
            {
                "alert_group_ids": [Command.clear()],
                "alert_supervisor": False,
                "alert_lead": False,
            }
        )
        ticket, alarm = self._raised()
        self.assertEqual(alarm.alerted, ticket._care_lead().name)
        self.assertTrue(ticket.activity_ids)

    def test_raising_twice_raises_once(self):
        ticket, alarm = self._raised()
        again = ticket.with_user(self.supervisor)._care_raise_flags(self.abuse)
        self.assertEqual(again, alarm)
        self.assertEqual(len(ticket.care_alarm_ids), 1)

    def test_raising_by_hand_what_was_suggested(self):
        ticket = self.make_inquiry(description="abuse")
        alarm = ticket.with_user(self.coordinator)._care_raise_flags(self.abuse)
        self.assertEqual(alarm, ticket.care_alarm_ids)
        self.assertEqual(alarm.state, "raised")

    def test_two_clicks_raise_it(self):
        ticket = self.make_inquiry()
        action = ticket.with_user(self.coordinator).action_care_raise_flag()
        form = Form(
            self.env["care.flag.raise"]
            .with_user(self.coordinator)
            .with_context(**action["context"])
        )
        self.assertIn(self.abuse, form.save().flag_ids)
        self.abuse.with_user(self.coordinator).with_context(
            care_ticket_id=ticket.id, care_flag_note="Said on the phone"
        ).action_care_raise()
        self.assertEqual(ticket.care_alarm_ids.note, "Said on the phone")
        with self.assertRaisesRegex(UserError, "Open the inquiry"):
            self.abuse.with_user(self.coordinator).action_care_raise()

    def test_who_does_not_read_an_inquiry_raises_nothing_on_it(self):
        ticket = self.make_inquiry()
        for login in ("agent", "manager", "clerk", "routing_admin", "employee", "relative"):
            with self.subTest(role=login), self.assertRaises(AccessError):
                self.abuse.with_user(self.people[login]).with_context(
                    care_ticket_id=ticket.id
                ).action_care_raise()
        self.assertFalse(ticket.care_alarm_ids)

    def test_quick_intake_raises(self):
        intake = (
            self.env["care.intake"]
            .with_user(self.coordinator)
            .create(
                {
                    "what": "He will hurt himself",
                    "caller_name": "Mr Ruiz",
                    "answer": "Stayed on the line",
                    "flag_ids": [Command.link(self.self_harm.id)],
                }
            )
        )
        with self.assertRaisesRegex(UserError, "red flag Suicide"):
            intake.action_answer_and_close()
        action = intake.action_keep_open()
        ticket = self.env["helpdesk.ticket"].browse(action["res_id"])
        self.assertEqual(ticket.care_alarm_ids.state, "raised")
        self.assertEqual(ticket.priority, "3")

    def test_a_preparation_rule_raises(self):
        self.live_rules(
            {
                "kind": "preparation",
                "name": "Nights on Ward 3",
                "flag_ids": [Command.link(self.abuse.id)],
                "lines": [{"field": "text", "keywords": "bells"}],
            }
        )
        ticket = self.make_inquiry(description="Nobody comes when he rings")
        self.assertFalse(ticket.care_alarm_ids)
        ticket = self.make_inquiry(description="The bells ring all night")
        alarm = ticket.care_alarm_ids
        self.assertEqual((alarm.state, alarm.source), ("raised", "rule"))
        self.assertEqual(ticket.priority, "3")
        self.assertTrue(ticket.activity_ids)

    def test_notes_of_a_client_raise_nothing(self):
        ticket = self.make_inquiry(**{"care:flags": [self.abuse.id]})
        self.assertFalse(ticket.care_alarm_ids)


class TestTaking(FlagCommon):
    def test_one_click_takes_it_and_the_time_is_kept(self):
        with freeze_time("2026-03-02 10:00:00"):
            ticket, alarm = self._raised()
        with freeze_time("2026-03-02 10:07:30"):
            self.assertEqual(alarm.minutes_open, 7)
            alarm.with_user(self.supervisor).action_take()
        self.assertEqual((alarm.state, alarm.owner_id), ("taken", self.supervisor))
        self.assertEqual(alarm.minutes_to_human, 7)
        self.assertTrue(alarm.late, "the target of abuse is: immediately")
        self.assertEqual(ticket.activity_ids.user_id, self.supervisor)
        with freeze_time("2026-03-02 11:00:00"):
            alarm.invalidate_recordset()
            self.assertEqual(alarm.minutes_open, 7)
            alarm.with_user(self.supervisor).action_take()
        self.assertEqual(alarm.minutes_to_human, 7)

    def test_within_the_target_is_not_late(self):
        risk = self.env.ref(f"{MODULE}.red_flag_at_risk")
        ticket = self.make_inquiry()
        with freeze_time("2026-03-02 10:00:00"):
            alarm = ticket.with_user(self.coordinator)._care_raise_flags(risk)
        with freeze_time("2026-03-02 18:00:00"):
            alarm.action_take()
        self.assertEqual(alarm.minutes_to_human, 480)
        self.assertFalse(alarm.late)

    def test_only_one_takes_it_and_another_takes_it_over(self):
        ticket, alarm = self._raised()
        alarm.with_user(self.coordinator).action_take()
        taken = alarm.taken_date
        with self.assertRaisesRegex(UserError, "taken by Coordinator.*take it over"):
            alarm.with_user(self.supervisor).action_take()
        alarm.with_user(self.supervisor).action_take_over()
        self.assertEqual((alarm.owner_id, alarm.taken_date), (self.supervisor, taken))
        self.assertEqual(ticket.activity_ids.user_id, self.supervisor)
        self.assertIn("took over", ticket.message_ids[1].body)

    def test_done_needs_an_owner_and_words(self):
        ticket, alarm = self._raised()
        with self.assertRaisesRegex(UserError, "take it first"):
            self._end(alarm, "done", "Called the safeguarding lead")
        alarm.with_user(self.coordinator).action_take()
        with self.assertRaisesRegex(UserError, "Say what was done"):
            self._end(alarm, "done", "  ")
        self._end(alarm, "done", "Called the safeguarding lead")
        self.assertEqual((alarm.state, alarm.done_by_id), ("done", self.coordinator))
        self.assertEqual(alarm.done_note, "Called the safeguarding lead")
        self.assertFalse(ticket.activity_ids)
        self.assertFalse(ticket.care_flag_open)

    def test_not_a_flag_keeps_who_and_why(self):
        ticket = self.make_inquiry(description="abuse of the coffee machine")
        alarm = ticket.care_alarm_ids
        with self.assertRaisesRegex(UserError, "Say why"):
            self._end(alarm, "dismiss", " ")
        self._end(alarm, "dismiss", "It is about a machine")
        self.assertEqual(alarm.state, "dismissed")
        self.assertEqual(alarm.dismissed_by_id, self.coordinator)
        self.assertEqual(alarm.dismissed_reason, "It is about a machine")
        self.assertTrue(alarm.dismissed_date)
        with self.assertRaisesRegex(UserError, "closed"):
            self._end(alarm, "dismiss", "Again")

    def test_nothing_automatic_clears_one(self):
        _ticket, alarm = self._raised()
        robot = alarm.with_user(self.env.ref("base.user_root"))
        for step in (
            robot.action_take,
            lambda: robot._care_dismiss("No"),
            lambda: robot._care_finish("Done"),
            lambda: alarm.with_user(self.people["relative"]).sudo()._care_dismiss("No"),
        ):
            with self.assertRaisesRegex(AccessError, "a person does"):
                step()
        self.assertEqual(alarm.state, "raised")

    def test_rows_are_sealed_for_everybody(self):
        ticket, alarm = self._raised()
        for env in (alarm.sudo(), alarm.sudo().with_context(care_alarm=True)):
            with self.assertRaises(AccessError):
                env.write({"state": "done"})
            with self.assertRaises(AccessError):
                env.create(
                    {
                        "ticket_id": ticket.id,
                        "flag_id": self.self_harm.id,
                        "state": "raised",
                        "source": "person",
                    }
                )
        with self.assertRaisesRegex(UserError, "never deleted"):
            alarm.sudo().with_context(care_alarm=OURS).unlink()
        with self.assertRaises(AccessError):
            ticket.with_user(self.coordinator).write(
                {"care_alarm_ids": [Command.update(alarm.id, {"state": "done"})]}
            )

    def test_who_reads_red_flags(self):
        ticket, alarm = self._raised()
        ticket.team_id = self.catering
        for login in ("coordinator", "supervisor", "responder", "privacy_officer"):
            mine = alarm.with_user(self.people[login])
            self.assertEqual(mine.read(["state"])[0]["state"], "raised")
        ticket.team_id = self.triage
        for login in ("responder", "agent", "manager", "clerk", "routing_admin", "employee"):
            with self.subTest(role=login), self.assertRaises(AccessError):
                alarm.with_user(self.people[login]).read(["state"])

    def test_lists_show_and_filter_it(self):
        ticket, _alarm = self._raised()
        plain = self.make_inquiry()
        tickets = self.env["helpdesk.ticket"].with_user(self.coordinator)
        both = [("id", "in", (ticket | plain).ids)]
        self.assertEqual(tickets.search([("care_flag_open", "=", True), *both]), ticket)
        self.assertEqual(tickets.search([("care_flag_open", "=", False), *both]), plain)
        self.assertIn("nobody has taken it", ticket.care_flag_text)
        self.assertEqual(ticket.care_open_alarm_ids, ticket.care_alarm_ids)
        self.assertIn(ticket.number, ticket.care_alarm_ids.display_name)


class TestEscalation(FlagCommon):
    def _cron(self):
        with self.enter_registry_test_mode():
            cron = self.env.ref(f"{MODULE}.cron_flag_escalation")
            self.assertIs(cron.method_direct_trigger(), True)
        self.env.invalidate_all()

    def _told(self, ticket):
        return self.env["mail.message"].search(
            [("res_id", "=", ticket.id), ("subject", "like", "Nobody has taken")]
        )

    def test_untaken_past_its_target_the_supervisor_is_told_once(self):
        now = fields.Datetime.now()
        with freeze_time(now - timedelta(minutes=10)):
            ticket, alarm = self._raised()
            other = self.env.ref(f"{MODULE}.red_flag_at_risk")
            in_time = ticket.with_user(self.coordinator)._care_raise_flags(other)
        self._cron()
        self._cron()
        self.assertTrue(alarm.escalated_date)
        self.assertTrue(alarm.late)
        told = self._told(ticket)
        self.assertEqual(len(told), 1)
        self.assertIn("raised 10 minutes ago", told.body)
        self.assertNotIn(self.abuse.name, told.subject + told.body)
        self.assertIn(self.supervisor.partner_id, told.notified_partner_ids)
        self.assertFalse(in_time.escalated_date)
        self.assertIn(self.supervisor, ticket.activity_ids.user_id)

    def test_taken_in_time_nobody_is_told(self):
        with freeze_time(fields.Datetime.now() - timedelta(minutes=10)):
            ticket, alarm = self._raised()
            alarm.with_user(self.coordinator).action_take()
        suggested = self.make_inquiry(description="abuse")
        self._cron()
        self.assertFalse(alarm.escalated_date)
        self.assertFalse(self._told(ticket) | self._told(suggested))


class TestFlagData(FlagCommon):
    def test_the_flags_of_the_facts_are_there(self):
        flags = self.env["care.red.flag"].search([])
        self.assertEqual(len(flags), 12)
        for flag in flags:
            with self.subTest(flag=flag.name):
                self.assertTrue(flag.instruction)
                self.assertTrue(flag.hints)
                self.assertTrue(flag.alert_group_ids)
        immediate = flags.filtered(lambda flag: not flag.target_minutes).mapped("code")
        self.assertEqual(
            set(immediate), {"danger", "self_harm", "abuse", "device_harm", "staff_threat"}
        )

    def test_who_sets_them_up(self):
        self.abuse.with_user(self.supervisor).target_minutes = 15
        self.assertEqual(self.abuse.with_user(self.people["employee"]).target_minutes, 15)
        for login in ("coordinator", "responder", "routing_admin", "agent"):
            with self.subTest(role=login), self.assertRaises(AccessError):
                self.abuse.with_user(self.people[login]).target_minutes = 5

    def test_a_target_has_its_unit(self):
        for minutes, text in (
            (0, "Immediately"),
            (30, "30 minutes"),
            (60, "60 minutes"),
            (90, "90 minutes"),
            (720, "12 hours"),
        ):
            self.abuse.target_minutes = minutes
            self.assertEqual(self.abuse.target_text, text)
        alarm = self.make_inquiry().with_user(self.supervisor)._care_raise_flags(self.abuse)
        self.assertEqual(alarm.target_text, "12 hours")

    def test_a_target_is_never_negative(self):
        with (
            self.assertRaisesRegex(Exception, "cannot be negative|target_not_negative"),
            mute_logger("odoo.sql_db"),
        ):
            self.abuse.target_minutes = -1
            self.env.flush_all()

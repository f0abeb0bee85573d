"""The whole intake: mails under each policy, and what a batch of any size costs."""

from datetime import datetime
from email.message import EmailMessage

from freezegun import freeze_time

from odoo import Command

from ..common import MODULE, CareCommon

RECEIVED = "2026-03-02 10:00:00"
NATURES = "complaint grievance concern question records_request lost_property compliment".split()
# The day, in London, by which each is due that was received on Monday 2 March 2026.
# 17 March and 6 April are holidays in Ireland.
COMPLAINTS = {
    "generic": {"acknowledge": "03-03", "answer": "03-30"},
    "us_cms": {"answer": "03-09"},
    "england": {"acknowledge": "03-05", "answer": "09-01"},
    "scotland": {"acknowledge": "03-05", "answer": "03-30"},
    "ireland": {
        "contact": "03-04",
        "acknowledge": "03-09",
        "inform": "03-31",
        "answer": "04-15",
    },
    "queensland": {"acknowledge": "03-07", "answer": "04-06"},
    "ontario": {"acknowledge": "03-09", "answer": "04-01"},
}
CONCERNS = {
    "generic": {"acknowledge": "03-03", "answer": "03-09"},
    "england": {"settle": "03-03", "answer": "03-09"},
    "ireland": {"contact": "03-04", "answer": "03-09"},
}
RECORDS = {
    "generic": {"acknowledge": "03-03", "answer": "04-02"},
    "us_cms": {"answer": "04-01"},
    "england": {"answer": "04-02"},
    "scotland": {"answer": "04-02"},
    "ireland": {"answer": "04-02"},
}
LOST = {"generic": {"acknowledge": "03-03", "answer": "03-09"}}
QUESTION = {"answer": "03-09"}
WORDS = [
    "The soup was cold and nobody said why.",
    "My father waited three hours in the corridor; he is 84.\n\nWho can tell me more?",
    "Ärger: die Klingel ging nicht. Ça ne va pas – 没有人来。 <b>&amp;</b>",
]


def expected(policy, nature):
    """``{kind: "MM-DD"}`` of an inquiry of this nature under this policy."""
    if nature in ("complaint", "grievance"):
        return COMPLAINTS[policy]
    if nature == "concern":
        return CONCERNS.get(policy, QUESTION)
    if nature == "lost_property":
        return LOST.get(policy, QUESTION)
    return {"question": QUESTION, "records_request": RECORDS.get(policy, {})}.get(nature, {})


class TestMailsUnderEachPolicy(CareCommon):
    def receive(self, number, nature):
        """What the gateway makes of one mail to a desk that asks for this nature."""
        mail = EmailMessage()
        mail["From"] = f"Person {number} <person{number}@home.example>"
        mail["To"] = "desk@hospital.example"
        mail["Subject"] = "To the hospital"
        mail["Message-Id"] = f"<policies-{number}@home.example>"
        mail["Date"] = "Mon, 02 Mar 2026 10:00:00 +0000"
        mail.set_content(WORDS[number % len(WORDS)])
        made = self.env["mail.thread"].message_process(
            "helpdesk.ticket",
            mail.as_bytes(),
            custom_values={
                "team_id": self.triage.id,
                "care_nature_id": self.env.ref(f"{MODULE}.nature_{nature}").id,
            },
        )
        return self.env["helpdesk.ticket"].browse(made)

    @freeze_time(RECEIVED)
    def test_each_mail_has_the_deadlines_of_its_nature_and_policy(self):
        self.company.care_tz = "Europe/London"
        number = 0
        for code in COMPLAINTS:
            policy = self.env.ref(f"{MODULE}.policy_{code}")
            self.company.care_policy_id = policy
            for nature in NATURES * 3:
                number += 1
                with self.subTest(policy=code, nature=nature):
                    ticket = self.receive(number, nature)
                    self.assertTrue(ticket.care_is_inquiry)
                    self.assertFalse(ticket.care_intake_error)
                    self.assertTrue(ticket.team_id)
                    self.assertTrue(ticket.care_routing_reason)
                    self.assertEqual(ticket.care_nature_id.code, nature)
                    self.assertEqual(ticket.care_policy_id, policy)
                    self.assertEqual(ticket.care_received_date, datetime(2026, 3, 2, 10))
                    rows = ticket.care_deadline_ids
                    self.assertEqual(
                        {row.kind: f"{row.due:%m-%d}" for row in rows}, expected(code, nature)
                    )
                    self.assertEqual(len(rows), len(expected(code, nature)))


class TestBatch(CareCommon):
    def test_what_we_add_to_a_batch_does_not_grow_with_it(self):
        """Rules that prepare, routing, turns, patients, two clocks, flags suggested by words.

        The plain tickets have a person too: that each is told of an assignment is the base's.
        """
        self.company.care_policy_id = self.env.ref(f"{MODULE}.policy_england")
        pool = [self.people["responder"], self.people["coordinator"]]
        self.catering.write(
            {
                "care_strategy": "round_robin",
                "user_ids": [Command.set([user.id for user in pool])],
            }
        )
        soup = [{"field": "text", "keywords": "soup"}]
        self.live_rules(
            {
                "name": "Soup is urgent",
                "kind": "preparation",
                "priority": "3",
                "tag_ids": [
                    Command.link(self.env["helpdesk.ticket.tag"].create({"name": "Soup"}).id)
                ],
                "category_ids": [
                    Command.link(self.env.ref(f"{MODULE}.category_topic_visiting").id)
                ],
                "follower_ids": [Command.link(self.people["supervisor"].id)],
                "lines": soup,
            },
            {"name": "Soup", "team_id": self.catering.id, "lines": soup},
        )
        printers = self.env["helpdesk.ticket.team"].create({"name": "Printers"})

        def make(number, **values):
            vals_list = [
                {"name": f"T {n}", "description": "The soup was abuse.", **values}
                for n in range(number)
            ]
            if "care_nature_id" in values:
                patients = self.env["care.patient"].create(
                    [{"name": f"Person {n}"} for n in range(number)]
                )
                for vals, patient in zip(vals_list, patients, strict=True):
                    vals["care_patient_id"] = patient.id
            else:
                for n, vals in enumerate(vals_list):
                    vals["user_id"] = pool[n % 2].id
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            tickets = self.env["helpdesk.ticket"].create(vals_list)
            self.env.flush_all()
            return tickets, self.env.cr.sql_log_count - before

        inquiry = {
            "care_nature_id": self.complaint.id,
            "care_department_id": self.ward.id,
        }
        plain = {"team_id": printers.id}
        make(2, **inquiry)
        make(2, **plain)
        ours = {}
        for number in (10, 40):
            with self.assertNoLogs("odoo.addons.patient_care_coordination", "WARNING"):
                tickets, count = make(number, **inquiry)
            ours[number] = count - make(number, **plain)[1]
            self.assertFalse(any(tickets.mapped("care_intake_error")))
            self.assertEqual(tickets.team_id, self.catering)
            self.assertEqual(len(tickets.user_id), 2)
            self.assertEqual(len(tickets.care_deadline_ids), 2 * number)
            self.assertEqual(len(tickets.care_alarm_ids), number)
            self.assertEqual(set(tickets.mapped("priority")), {"3"})
        self.assertEqual(ours[10], ours[40], ours)
        self.assertLess(ours[40], 80, ours)

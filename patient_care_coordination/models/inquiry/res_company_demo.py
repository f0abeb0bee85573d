"""The demo hospital: teams, departments, people, patients and a hundred inquiries.

Loaded by the demo data alone. It is code because it spreads the inquiries over the last three
months and takes each through its states as its users would.
"""

import random
from datetime import timedelta

from odoo import Command, api, fields, models

TEAMS = {
    "Catering": "catering",
    "Housekeeping": "housekeeping",
    "Patient transport": "transport",
    "Appointments": "appointments",
    "Switchboard and contact centre": "switchboard",
    "Nursing management": "nursing",
    "Pharmacy liaison": "pharmacy",
    "Medical records": "records",
    "Facilities": "facilities",
    "Patient information": "information",
    "Interpreting and access": "interpreting",
    "Billing": "billing",
}
PEOPLE = [
    ("coordinator", "Carla Meier", "group_coordinator"),
    ("coordinator2", "Tom Adeyemi", "group_coordinator"),
    ("supervisor", "Ruth Sand", "group_supervisor"),
    ("responder", "Nils Berg", "group_responder"),
    ("routing", "Ines Roy", "group_routing_admin"),
    ("clerk", "Karl Lund", "group_supplies_clerk"),
    ("ward", "Wanda Ost", "group_ward_staff"),
    ("privacy", "Petra Voss", "group_privacy_officer"),
]
DEPARTMENTS = {
    "Medicine": ["Ward 3", "Ward 4", "Dialysis"],
    "Surgery": ["Ward 7", "Ward 8", "Day surgery"],
    "Family": ["Maternity", "Children's ward"],
    "Services": ["Radiology", "Outpatients", "Emergency department", "Main reception"],
}
# Name, hospital number, birth date, language; then who calls for the patient: name, what this
# person is to the patient, and what the patient is to this person.
PATIENTS = [
    ("Okafor, Ada", "H1001", "1958-03-02", "en_US", "Ben Okafor", "child", "mother"),
    ("Lindqvist, Per", "H1002", "1944-11-19", "sv_SE", "Anna Lindqvist", "child", "father"),
    ("Ruiz, Marisol", "H1003", "1987-06-30", "es_ES", "Luis Ruiz", "partner", "wife"),
    ("Haddad, Samir", "H1004", "1971-01-12", "ar_001", "Leila Haddad", "partner", "husband"),
    ("Brown, Gloria", "H1005", "1939-09-08", "en_US", "Joy Brown", "child", "mother"),
    ("Novak, Jan", "H1006", "2001-04-25", "cs_CZ", "Eva Novak", "parent", "son"),
    ("Silva, Teresa", "H1007", "1966-12-01", "pt_PT", "Maria Silva", "relative", "aunt"),
    ("Keller, Urs", "H1008", "1952-07-17", "de_DE", "Rosa Frei", "friend", "neighbour"),
]
# Title, text, nature, department, who may say it; "{whom}" is the patient in the caller's words.
STORIES = [
    (
        "Cold lunch on Ward 7",
        "{Whose} lunch was cold again and the soup was not warm.",
        "concern",
        "Ward 7",
        "both",
    ),
    (
        "Toilet not cleaned",
        "The toilet on Ward 3 was dirty all weekend. Nobody cleaned it.",
        "complaint",
        "Ward 3",
        "both",
    ),
    (
        "When does the transport come?",
        "The ambulance car to dialysis did not pick {whom} up.",
        "question",
        "Dialysis",
        "both",
    ),
    (
        "Change of appointment",
        "I need to rebook {whose} appointment at the clinic on Tuesday.",
        "request",
        "Outpatients",
        "both",
    ),
    (
        "Nobody answers the phone",
        "I rang the switchboard eight times and could not get through.",
        "concern",
        "Main reception",
        "both",
    ),
    (
        "Visiting hours",
        "When may I visit {whom} on Ward 4, and where do I park?",
        "question",
        "Ward 4",
        "relative",
    ),
    (
        "Copy of my records",
        "Please send me a copy of my medical records.",
        "records_request",
        "Outpatients",
        "self",
    ),
    (
        "Rude at the desk",
        "The receptionist was rude and shouted at {whom}.",
        "complaint",
        "Main reception",
        "both",
    ),
    (
        "Thank you",
        "The nurses were so kind and friendly. Thank you to everybody.",
        "compliment",
        "Ward 8",
        "both",
    ),
    (
        "Lost glasses",
        "{Whose} reading glasses went missing on the move to another ward.",
        "lost_property",
        "Ward 4",
        "both",
    ),
    (
        "Waited five hours",
        "We waited five hours in the emergency department.",
        "complaint",
        "Emergency department",
        "both",
    ),
    (
        "Bill for the room",
        "The invoice for the single room is wrong.",
        "question",
        "Ward 8",
        "both",
    ),
    (
        "Interpreter needed",
        "{Who} is deaf and needs a sign language interpreter.",
        "request",
        "Day surgery",
        "relative",
    ),
    (
        "Not enough nurses",
        "There were not enough nurses on the ward at night.",
        "concern",
        "Ward 3",
        "both",
    ),
    (
        "Tablets at home",
        "Which tablets are to be taken after discharge?",
        "question",
        "Ward 7",
        "both",
    ),
    (
        "Nothing to do",
        "A television in the day room would help, it is boring.",
        "suggestion",
        "Dialysis",
        "both",
    ),
]
# How inquiries of a nature end, and how their callers feel; else as a question.
OUTCOMES = {
    "question": ["answered"],
    "request": ["resolved", "answered"],
    "concern": ["resolved", "answered"],
    "complaint": ["upheld", "partly", "not_upheld"],
    "lost_property": ["resolved", "answered"],
    "records_request": ["resolved"],
}
EMOTIONS = {
    "question": ["calm", "anxious"],
    "concern": ["anxious", "angry", "fearful"],
    "complaint": ["angry", "distressed", "sceptical"],
    "compliment": ["calm"],
    "suggestion": ["calm"],
}
ANSWERS = {
    "question": "We found the answer and told the caller.",
    "complaint": "We looked into it and told the caller what we found.",
    "compliment": "We thanked the caller and passed it on to the ward.",
    "suggestion": "We thanked the caller and passed it on to those who decide.",
}
# A few end otherwise than done: position, stage, outcome, answer.
OTHER_ENDS = [
    (4, "cancelled", "withdrawn", "The caller withdrew it: the ward has called back."),
    (19, "cancelled", "withdrawn", "The caller no longer needs it."),
    (29, "cancelled", "withdrawn", "The caller spoke to the ward and leaves it at that."),
    (11, "rejected", "referred", "Another hospital sent the bill: the caller now writes there."),
    (27, "rejected", "referred", "Another hospital sent the bill: the caller now writes there."),
]


class ResCompany(models.Model):
    _inherit = "res.company"

    @api.model
    def _care_load_demo(self):
        """Fill the main company once; on a database that has the demo, change nothing."""
        company = self.env.ref("base.main_company")
        env = self.with_company(company).env
        if env["res.users"].search_count([("login", "=", "coordinator")]):
            return
        if not company.alias_domain_id:
            company.alias_domain_id = env["mail.alias.domain"].create({"name": "hospital.example"})
        users = company._care_demo_people(env)
        teams = company._care_demo_teams(env, users)
        departments = company._care_demo_departments(env, teams, users)
        company._care_demo_rules(env)
        company._care_demo_inquiries(env, users, departments)
        company._care_demo_flags(env, users)
        company._care_demo_ready(env, users)

    def _care_demo_ready(self, env, users):
        """The last step, for what rooms show once the inquiries are there."""

    def _care_demo_people(self, env):
        users = env["res.users"]
        for login, name, group in PEOPLE:
            users |= users.with_context(no_reset_password=True).create(
                {
                    "name": name,
                    "login": login,
                    "password": login,
                    "email": f"{login}@hospital.example",
                    "group_ids": [Command.link(env.ref(f"patient_care_coordination.{group}").id)],
                }
            )
        users |= users.with_context(no_reset_password=True).create(
            {
                "name": "Joy Brown",
                "login": "relative",
                "password": "relative",
                "email": "joy.brown@home.example",
                "group_ids": [Command.set([env.ref("base.group_portal").id])],
            }
        )
        return {user.login: user for user in users}

    def _care_demo_teams(self, env, users):
        desk = self.care_triage_team_id
        desk.write(
            {
                "alias_name": "patient-relations",
                "alias_domain_id": self.alias_domain_id.id,
                "user_id": users["supervisor"].id,
                "user_ids": [
                    Command.set(
                        [users[x].id for x in ("coordinator", "coordinator2", "supervisor")]
                    )
                ],
            }
        )
        return desk | env["helpdesk.ticket.team"].create(
            [
                {
                    "name": name,
                    "alias_name": alias,
                    "company_id": self.id,
                    "care_desk": True,
                    "show_in_portal": False,
                    "user_id": users["supervisor"].id,
                    "user_ids": [Command.set([users["responder"].id, users["coordinator"].id])],
                }
                for name, alias in TEAMS.items()
            ]
        )

    def _care_demo_departments(self, env, teams, users):
        departments = env["care.department"]
        nursing = teams.filtered(lambda team: team.name == "Nursing management")
        for parent_name, names in DEPARTMENTS.items():
            parent = departments.create(
                {
                    "name": parent_name,
                    "team_id": nursing.id,
                    "supervisor_id": users["supervisor"].id,
                }
            )
            departments |= departments.create(
                [{"name": name, "parent_id": parent.id, "team_id": nursing.id} for name in names]
            )
        return departments

    def _care_demo_rules(self, env):
        """Map the draft of the starter set to the demo's teams and make it live."""
        draft = env["care.ruleset"].search(
            [("company_id", "=", self.id), ("state", "=", "draft")], limit=1
        )
        by_name = {
            team.name: team
            for team in env["helpdesk.ticket.team"].search([("company_id", "=", self.id)])
        }
        for rule in draft.rule_ids.filtered(lambda rule: rule.kind == "routing"):
            rule.team_id = by_name.get(rule.team_hint) or self.care_triage_team_id
        draft._care_activate()

    def _care_demo_inquiries(self, env, users, departments):
        rng = random.Random(19)
        relatives = self._care_demo_relatives(env, users)
        languages = {
            lang.code: lang.id
            for lang in env["res.lang"].with_context(active_test=False).search([])
        }
        patients = env["care.patient"].create(
            [
                {
                    "name": name,
                    "hospital_number": number,
                    "birth_date": birth,
                    "lang_id": languages.get(lang),
                }
                for name, number, birth, lang, *_relative in PATIENTS
            ]
        )
        natures = {nature.code: nature.id for nature in env["care.nature"].search([])}
        places = {department.name: department.id for department in departments}
        channels = env["helpdesk.ticket.channel"].search([("care_code", "!=", False)])
        spoken = channels.filtered(lambda x: x.care_code in ("phone", "letter", "in_person"))
        now = fields.Datetime.now()
        vals_list = []
        for number in range(100):
            name, text, nature, place, callers = STORIES[number % len(STORIES)]
            index = rng.randrange(len(PATIENTS))
            by_patient = callers == "self" or callers == "both" and rng.random() < 0.4
            vals_list.append(
                {
                    "name": name,
                    "care_nature_id": natures[nature],
                    "care_patient_id": patients[index].id,
                    "care_department_id": places[place],
                    "channel_id": rng.choice(spoken if by_patient else channels).id,
                    "care_emotional_state": rng.choice(EMOTIONS.get(nature, EMOTIONS["question"])),
                    "care_received_date": now
                    - timedelta(days=90 - number * 0.9, hours=rng.randrange(8)),
                    **self._care_demo_words(text, patients[index], relatives, by_patient),
                }
            )
        tickets = env["helpdesk.ticket"].create(vals_list)
        self._care_demo_work(env, users, tickets, rng)

    def _care_demo_relatives(self, env, users):
        """The contacts of those who call for patients; one of them has a portal login."""
        known = users["relative"].partner_id
        names = [patient[4] for patient in PATIENTS if patient[4] != known.name]
        partners = known | env["res.partner"].create(
            [
                {"name": name, "email": f"{name.lower().replace(' ', '.')}@home.example"}
                for name in names
            ]
        )
        return {partner.name: partner for partner in partners}

    def _care_demo_words(self, text, patient, relatives, by_patient):
        """Who calls, and the text in the caller's words."""
        *_rest, relative, relation, word = next(row for row in PATIENTS if row[0] == patient.name)
        if by_patient:
            caller = {"partner_name": patient.name, "care_relation": "self"}
            words = {"whom": "me", "whose": "my", "Whose": "My"}
        else:
            caller = {"partner_id": relatives[relative].id, "care_relation": relation}
            words = {
                "whom": f"my {word}",
                "whose": f"my {word}'s",
                "Whose": f"My {word}'s",
                "Who": f"My {word}",
            }
        return {"description": text.format(**words), **caller}

    def _care_demo_work(self, env, users, tickets, rng):
        """Older inquiries are closed, recent ones under way, the newest untouched."""
        quiet = tickets.with_context(tracking_disable=True, mail_notrack=True)
        category = env.ref("patient_care_coordination.category_topic_visiting")
        other_ends = {position: end for position, *end in OTHER_ENDS}
        for position, ticket in enumerate(quiet[:70]):
            told = min(
                ticket.care_received_date + timedelta(days=rng.randrange(1, 12)),
                fields.Datetime.now(),
            )
            nature = ticket.care_nature_id.code
            topic = ticket.category_id or category
            stage, outcome, answer = other_ends.get(position) or (
                "done",
                rng.choice(OUTCOMES.get(nature, OUTCOMES["question"])),
                ANSWERS.get(nature, ANSWERS["question"]),
            )
            if ticket.care_nature_id.close_needs_finding:
                self._care_demo_finding(ticket, topic, outcome, rng)
            ticket.write(
                {
                    "category_id": topic.id,
                    "care_answer": answer,
                    "care_told": ticket.partner_name,
                    "care_told_date": told,
                    "care_told_channel_id": ticket.channel_id.id,
                    "care_outcome": outcome,
                    "care_answered_by_id": users["coordinator"].id,
                    "care_waiting": False,
                    "stage_id": env.ref(f"helpdesk_mgmt.helpdesk_ticket_stage_{stage}").id,
                }
            )
            ticket.closed_date = told
        progress = env.ref("helpdesk_mgmt.helpdesk_ticket_stage_in_progress")
        awaiting = env.ref("helpdesk_mgmt.helpdesk_ticket_stage_awaiting")
        quiet[70:85].write({"stage_id": progress.id, "user_id": users["coordinator"].id})
        quiet[78:85].write({"stage_id": awaiting.id, "care_waiting": "department"})

    def _care_demo_finding(self, ticket, category, outcome, rng):
        """What was looked into and found, as closing a complaint asks for."""
        ticket.env["care.issue"].create(
            {
                "ticket_id": ticket.id,
                "category_id": category.id,
                "department_id": ticket.care_department_id.id,
                "severity": rng.choice("123"),
                "finding": outcome if outcome in ("upheld", "partly", "not_upheld") else "none",
            }
        )

    def _care_demo_flags(self, env, users):
        """Red flags in each state, one closing by exception, and one agreement."""
        flag = {
            code: env.ref(f"patient_care_coordination.red_flag_{code}")
            for code in ("abuse", "device_harm", "privacy")
        }
        complaint = env.ref("patient_care_coordination.nature_complaint")
        channel = env["helpdesk.ticket.channel"]._care_by_code("phone")
        values = {"care_nature_id": complaint.id, "channel_id": channel.id}
        _suggested, raised, taken, short = env["helpdesk.ticket"].create(
            [
                {
                    **values,
                    "name": "My aunt is afraid",
                    "description": "My aunt says somebody hit her at night on Ward 3.",
                    "partner_name": "Maria Silva",
                },
                {
                    **values,
                    "name": "The bed went down by itself",
                    "description": "The bed sank and my husband hurt his hand.",
                    "partner_name": "Leila Haddad",
                },
                {
                    **values,
                    "name": "A letter that is not mine",
                    "description": "I was given the letter of another lady.",
                    "partner_name": "Eva Novak",
                },
                {
                    "name": "Call from the lobby",
                    "description": "A visitor asked for the chapel and left.",
                    "partner_name": "A visitor",
                    "channel_id": channel.id,
                    "care_nature_id": env.ref("patient_care_coordination.nature_question").id,
                },
            ]
        )
        users["coordinator"]._care_as(raised)._care_raise_flags(flag["device_harm"])
        alarm = users["coordinator2"]._care_as(taken)._care_raise_flags(flag["privacy"])
        users["coordinator"]._care_as(alarm).action_take()
        users["supervisor"]._care_as(short)._care_close_by_exception(
            "The visitor had left before anybody could answer.", care_outcome="answered"
        )
        agreement = (
            users["coordinator"]
            ._care_as(env["care.managed.contact"])
            .create(
                {
                    "person_name": "Luis Ruiz",
                    "partner_id": env["res.partner"].search([("name", "=", "Luis Ruiz")]).id,
                    "criterion_ids": [
                        Command.link(env.ref("patient_care_coordination.managed_criterion_2").id)
                    ],
                    "reason": "Called 40 times in one week about a matter that was answered.",
                    "named_contact_id": users["coordinator2"].id,
                    "channel_ids": [Command.link(channel.id)],
                    "allowed_times": "Tuesdays from 10 to 11",
                }
            )
        )
        users["supervisor"]._care_as(agreement).action_approve()
        agreement.notice_date = fields.Date.context_today(agreement)

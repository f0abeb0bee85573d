import random
from datetime import timedelta

from dateutil.relativedelta import relativedelta

from odoo import fields, models
from odoo.fields import Command
from odoo.tools import SQL

from ..inquiry.res_company_demo import ANSWERS, EMOTIONS, OUTCOMES, PATIENTS

# Category, department, nature, stage of care, inquiries of each of 14 months from the oldest, and
# what is said of it; one that falls after the change of its protocol, one that rises.
PAST = [
    (
        "category_discharge",
        "Ward 3",
        "concern",
        "discharge",
        [6, 5, 7, 6, 1, 2, 1, 0, 2, 1, 1, 0, 1, 1],
        [
            ("Long wait on the day of discharge", "We sat on packed bags until five o'clock."),
            ("No letter at discharge", "{Whose} letter for the family doctor was not ready."),
            ("Nobody told us about going home", "They said at noon that {whom} could go, at once."),
        ],
    ),
    (
        "category_waiting",
        "Emergency department",
        "complaint",
        "admission",
        [1, 0, 1, 1, 2, 1, 2, 2, 3, 2, 4, 4, 5, 6],
        [
            ("Hours in the waiting room", "We waited from noon until the evening."),
            ("No word while we waited", "Nobody said how long it would take to see {whom}."),
        ],
    ),
    (
        "category_food",
        "Ward 7",
        "concern",
        "ward",
        [3, 2, 3, 4, 2, 3, 2, 4, 3, 2, 3, 3, 2, 2],
        [
            ("Cold soup", "{Whose} soup was cold for the third day."),
            ("Wrong diet", "{Whose} tray had bread, though gluten makes {whom} ill."),
        ],
    ),
    (
        "category_contacting",
        "Main reception",
        "concern",
        "other",
        [4, 3, 5, 3, 4, 4, 3, 4, 2, 4, 3, 3, 4, 3],
        [
            ("Nobody picks up", "It rang for ten minutes, then the line went dead."),
            ("Passed on five times", "Each person gave me another number to call."),
        ],
    ),
    (
        "category_topic_appointment",
        "Outpatients",
        "question",
        False,
        [5, 6, 4, 5, 6, 5, 7, 4, 5, 6, 5, 5, 6, 4],
        [
            ("When is the appointment?", "The letter about {whose} next visit did not come."),
            ("Change of day", "Can {whose} visit be moved to the week after?"),
        ],
    ),
    (
        "category_topic_medicines",
        "Ward 8",
        "question",
        False,
        [2, 1, 3, 2, 2, 3, 1, 2, 3, 2, 2, 1, 3, 2],
        [("Two names on the box", "Is this the same medicine that {whom} had before?")],
    ),
    (
        "category_topic_bill",
        "Day surgery",
        "question",
        False,
        [1, 2, 2, 1, 3, 1, 2, 2, 1, 2, 1, 3, 1, 2],
        [("Two bills", "I got two bills for one operation of {whom}.")],
    ),
    (
        "category_cleanliness",
        "Ward 4",
        "complaint",
        "ward",
        [1, 2, 1, 0, 1, 2, 1, 1, 2, 0, 1, 1, 2, 1],
        [("Dirty floor", "The floor under {whose} bed was not washed for days.")],
    ),
    (
        "category_manner",
        "Radiology",
        "complaint",
        "examination",
        [1, 1, 0, 2, 1, 1, 0, 1, 1, 2, 0, 1, 1, 1],
        [("Spoken to like a child", "The person at the scanner snapped at {whom}.")],
    ),
    (
        "category_topic_praise",
        "Maternity",
        "compliment",
        False,
        [2, 1, 2, 3, 2, 2, 3, 1, 2, 2, 3, 2, 1, 3],
        [("Thank you all", "The night nurses took such good care of {whom}.")],
    ),
]
# Days until the answer of a complaint, and of all else.
SLOW = (4, 9, 12, 15, 18, 21, 24, 26, 36)
FAST = (0.02, 0.02, 0.02, 0.5, 1, 2, 3, 4, 5, 6, 9, 13)
# Days for which some are open.
OPEN_AGES = (33, 41, 52, 66, 83)
# Patients at midnight on an average day, by department; the empty name is the hospital.
BEDS = {"": 310, "Ward 3": 26, "Ward 4": 24, "Ward 7": 28, "Ward 8": 25, "Maternity": 18}


class ResCompany(models.Model):
    """The part of the demo hospital that shows how it went: fourteen months, and patient-days."""

    _inherit = "res.company"

    def _care_demo_inquiries(self, env, users, departments):
        result = super()._care_demo_inquiries(env, users, departments)
        rng = random.Random(14)
        vals_list = self._care_demo_past(env, users, departments, rng)
        quiet = env["helpdesk.ticket"].with_context(
            tracking_disable=True, mail_notrack=True, mail_create_nolog=True
        )
        past = quiet.create(vals_list)
        self._care_demo_date(env, past, rng)
        self._care_demo_acknowledge(env, past, rng)
        self._care_demo_ombudsman(past)
        self._care_demo_patient_days(env, departments, rng)
        return result

    def _care_demo_ready(self, env, users):
        result = super()._care_demo_ready(env, users)
        self._care_demo_believe(env)
        return result

    def _care_demo_past(self, env, users, departments, rng):
        """Values of inquiries that are closed, but for a few that wait for long."""
        now = fields.Datetime.now()
        first = now.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
        first -= relativedelta(months=13)
        ages, vals_list = list(OPEN_AGES), []
        for category, place, nature, stage, months, stories in PAST:
            category = env.ref(f"patient_care_coordination.{category}")
            nature = env["care.nature"].search([("code", "=", nature)])
            place = departments.filtered(lambda each, name=place: each.name == name)
            for number, count in enumerate(months):
                for _each in range(count):
                    received = self._care_demo_moment(first + relativedelta(months=number), rng)
                    if received > now - timedelta(hours=8):
                        continue
                    vals_list.append(
                        self._care_demo_case(env, users, rng.choice(stories), received, rng)
                        | {
                            "category_id": category.id,
                            "care_nature_id": nature.id,
                            "care_department_id": place.id,
                        }
                    )
                    self._care_demo_answer(
                        env, users, vals_list[-1], nature, category, place, stage, rng
                    )
        for vals in rng.sample(
            [vals for vals in vals_list if vals["care_received_date"] < now - timedelta(days=90)],
            len(ages),
        ):
            age = ages.pop()
            received = now - timedelta(days=age, hours=rng.randrange(1, 9))
            kept = {
                name: vals[name]
                for name in (
                    "name",
                    "description",
                    "category_id",
                    "care_nature_id",
                    "care_department_id",
                    "care_patient_id",
                    "channel_id",
                    "partner_name",
                    "care_relation",
                )
            }
            vals_list.append(kept | {"care_received_date": received})
        return vals_list

    def _care_demo_moment(self, month, rng):
        """A moment of a month at which people call or write."""
        last = (month + relativedelta(months=1) - month).days
        return month + timedelta(days=rng.randrange(last), minutes=rng.randrange(420, 1200))

    def _care_demo_case(self, env, users, story, received, rng):
        """Who says what, through which channel."""
        name, text = story
        patients = {
            patient.name: patient
            for patient in env["care.patient"].search(
                [("hospital_number", "in", [row[1] for row in PATIENTS])]
            )
        }
        patient = patients[rng.choice(PATIENTS)[0]]
        relatives = {row[4]: env["res.partner"] for row in PATIENTS}
        words = self._care_demo_words(text, patient, relatives, rng.random() < 0.6)
        relative = next(row[4] for row in PATIENTS if row[0] == patient.name)
        words.pop("partner_id", None)
        channels = env["helpdesk.ticket.channel"].search([("care_code", "!=", False)])
        return {
            "name": name,
            "partner_name": relative,
            **words,
            "care_patient_id": patient.id,
            "channel_id": rng.choice(channels).id,
            "care_received_date": received,
        }

    def _care_demo_answer(self, env, users, vals, nature, category, place, stage, rng):
        """Answer and close a case: most in time, some at once, some late."""
        code = nature.code
        took = rng.choice(SLOW if code == "complaint" else FAST)
        told = min(
            vals["care_received_date"] + timedelta(days=took, minutes=rng.randrange(40)),
            fields.Datetime.now(),
        )
        outcome = rng.choice(OUTCOMES.get(code, OUTCOMES["question"]))
        start = rng.choice(EMOTIONS.get(code, EMOTIONS["question"]))
        vals.update(
            {
                "care_answer": ANSWERS.get(code, ANSWERS["question"]),
                "care_told": vals["partner_name"],
                "care_told_date": told,
                "care_told_channel_id": vals["channel_id"],
                "care_answered_by_id": users["coordinator"].id,
                "care_outcome": outcome if code != "compliment" else "answered",
                "care_emotional_state": start,
                "care_emotional_state_end": rng.choice(("calm", "calm", start)),
                "stage_id": env.ref("helpdesk_mgmt.helpdesk_ticket_stage_done").id,
                "closed_date": told,
            }
        )
        if stage:
            vals["care_issue_ids"] = [
                Command.create(
                    {
                        "category_id": category.id,
                        "department_id": place.id,
                        "severity": rng.choice("0112223"),
                        "stage_of_care": stage,
                        "finding": outcome if code == "complaint" else "none",
                    }
                )
            ]

    def _care_demo_date(self, env, tickets, rng):
        """Let what happened be noted when it happened: decisions, acknowledgements, ratings."""
        env.flush_all()
        env.cr.execute(
            SQL(
                """
                UPDATE care_decision SET create_date = ticket.care_received_date
                  FROM helpdesk_ticket ticket
                 WHERE ticket.id = care_decision.ticket_id AND ticket.id IN %s
                """,
                tuple(tickets.ids),
            )
        )
        rows = tickets.sudo().care_deadline_ids
        # They were brought in as done; here they are to look as if noted in their time.
        env.cr.execute(
            SQL("DELETE FROM care_deadline_change WHERE ticket_id IN %s", tuple(tickets.ids))
        )
        for row in rows.filtered("met_date"):
            told = row.ticket_id.care_told_date
            row.write({"met_date": told, "claimed_date": False, "accepted": False})
        model = env["ir.model"]._get_id("helpdesk.ticket")
        rated = tickets.filtered(lambda ticket: ticket.closed and rng.random() < 0.4)
        env["rating.rating"].sudo().create(
            [
                {
                    "res_model_id": model,
                    "res_id": ticket.id,
                    "is_internal": True,
                    "rating": rng.choice((1, 3, 5) if ticket.care_issue_ids else (3, 5, 5, 5)),
                    "consumed": True,
                }
                for ticket in rated
            ]
        )
        tickets.filtered("closed").write({"care_rating_asked_date": fields.Datetime.now()})

    def _care_demo_believe(self, env):
        """Let what the demo brings in as done look as if noted in its time, but for three cases
        that a supervisor has still to accept.
        """
        rows = env["care.deadline"].search(
            [("claimed_date", "!=", False), ("company_id", "=", self.id)], order="start desc"
        )
        for row in rows - rows.filtered(lambda row: row.ticket_id in rows.ticket_id[:3]):
            row.write({"met_date": row.claimed_date, "claimed_date": False})

    def _care_demo_acknowledge(self, env, past, rng):
        """Let receipts be acknowledged, most in time, and not by the answer alone."""
        rows = env["care.deadline"].search(
            [
                ("kind", "=", "acknowledge"),
                ("met_by", "=", "told"),
                ("company_id", "=", self.id),
                "|",
                ("claimed_date", "=", False),
                ("ticket_id", "in", past.ids),
            ]
        )
        for row in rows:
            hours = rng.choice((1, 2, 4, 6, 20, 60))
            row.write({"met_date": min(row.met_date, row.start + timedelta(hours=hours))})

    def _care_demo_ombudsman(self, past):
        """Two people went on to the ombudsman; of one it is known what was decided."""
        today = fields.Date.today()
        before = fields.Datetime.now() - timedelta(days=20)
        complaints = past.filtered(
            lambda ticket: (
                ticket.care_nature_id.code == "complaint"
                and ticket.closed
                and ticket.closed_date < before
            )
        ).sorted("closed_date")
        decision = {
            "care_ombudsman_decided_date": today - timedelta(days=4),
            "care_ombudsman_outcome": "partly",
        }
        for ticket, decided in zip(complaints[-2:], (decision, {}), strict=True):
            ticket.write({"care_ombudsman_date": today - timedelta(days=12), **decided})

    def _care_demo_patient_days(self, env, departments, rng):
        """Patient-days and admissions of the months that are over."""
        places = {department.name: department.id for department in departments}
        last = fields.Date.today().replace(day=1)
        env["care.denominator"].create(
            [
                {
                    "company_id": self.id,
                    "department_id": places.get(name, False),
                    "month": month,
                    "patient_days": int(beds * 30 * rng.uniform(0.9, 1.05)),
                    "admissions": int(beds * 6 * rng.uniform(0.9, 1.05)),
                }
                for name, beds in BEDS.items()
                for month in (last - relativedelta(months=ago) for ago in range(1, 26))
            ]
        )

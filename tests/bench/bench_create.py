"""What an inquiry costs beside a plain ticket of the base: ``./dev bench create``.

On one database, in one run, side by side: a ticket of the IT helpdesk, which passes through our
addon untouched, and an inquiry with facts, routing by the starter rules, clocks and red flags. Both
end with a person, who is told: the inquiry's by routing, the plain ticket's by hand. One at a time,
a hundred at once, and, with nobody given a plain ticket by mail, as mails through the gateway.
"""

import os
import statistics
import sys
import time
from email.message import EmailMessage
from functools import partial
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

TARGETS = [
    ("single_ratio", 2, "under", "create one, inquiry over plain ticket"),
    ("batch100_ratio", 2, "under", "create 100, inquiries over plain tickets"),
    ("mail_ratio", 2, "under", "one mail, inquiry over plain ticket"),
]
# How often each is measured, and how many tickets are made at once.
SIZES = {
    "whole": {"SIZE": "whole", "MAILS": 60, "SINGLES": 120, "BATCHES": 15, "BATCH": 100},
    "small": {"SIZE": "small", "MAILS": 2, "SINGLES": 2, "BATCHES": 1, "BATCH": 10},
}
SIZE, MAILS, SINGLES, BATCHES, BATCH = SIZES["whole"].values()
TEXTS = [
    ("Lunch on Ward 4", "The soup was cold for the third time and nobody came when we asked."),
    ("Visiting", "When may I visit my father on Ward 3, and where do I park the car?"),
    ("Waiting", "We waited five hours in the emergency department and were told nothing."),
    ("Thank you", "The nurses were so kind and friendly to my mother. Thank you to everybody."),
    ("Lost glasses", "Her reading glasses went missing when she moved to another ward."),
]


def resize(size):
    """Use the numbers of ``SIZES[size]`` from now on."""
    globals().update(SIZES[size])


def make_values(team, person, nature, number):
    """Values of a ticket for a person; of an inquiry, which finds its own, if there is a nature."""
    name, text = TEXTS[number % len(TEXTS)]
    values = {"name": name, "description": f"<p>{text} ({number})</p>", "team_id": team.id}
    return values | ({"care_nature_id": nature.id} if nature else {"user_id": person.id})


def make_mail(alias, number):
    """A mail of a person to a desk or to the plain team."""
    name, text = TEXTS[number % len(TEXTS)]
    mail = EmailMessage()
    mail["From"] = f"Person {number} <person{number}@home.example>"
    mail["To"] = alias
    mail["Subject"] = name
    mail["Message-Id"] = f"<bench-{alias}-{number}@home.example>"
    mail.set_content(f"{text} ({number})")
    return mail.as_bytes()


class Maker:
    """Makes tickets of one kind, and says how long each time took."""

    def __init__(self, env, values, alias):
        self.env = env
        self.values = values
        self.alias = alias
        self.number = 0

    def create(self, count=1):
        """Seconds to create ``count`` tickets at once, with all that must reach the database."""
        rows = [self.values(self.number + each) for each in range(count)]
        self.number += count
        start = time.perf_counter()
        self.env["helpdesk.ticket"].create(rows)
        self.env.flush_all()
        return self.finish(start)

    def receive(self):
        """Seconds to take in one mail."""
        self.number += 1
        mail = make_mail(self.alias, self.number)
        start = time.perf_counter()
        self.env["mail.thread"].message_process("helpdesk.ticket", mail)
        self.env.flush_all()
        return self.finish(start)

    def finish(self, start):
        """As at the end of a request: tracking runs, then nothing stays in the cache."""
        self.env.cr.precommit.run()
        seconds = time.perf_counter() - start
        self.env.cr.commit()
        return seconds


def measure_inside(env):
    """The figures, on a database with the demo hospital."""
    from tests.bench.bench_routing import middle_ratio, race

    domain = env.company.alias_domain_id
    plain_team = env["helpdesk.ticket.team"].create(
        {"name": "IT", "alias_name": "it-bench", "alias_domain_id": domain.id}
    )
    desk = env.company.care_triage_team_id
    nature = env.ref("patient_care_coordination.nature_complaint")
    person = env["res.users"].search([("login", "=", "coordinator")])
    env.cr.commit()
    inquiry = Maker(
        env, partial(make_values, desk, None, nature), f"{desk.alias_name}@{domain.name}"
    )
    plain = Maker(env, partial(make_values, plain_team, person, None), f"it-bench@{domain.name}")
    for maker in (inquiry, plain):
        for _number in range(min(SINGLES, 5)):
            maker.create()
            maker.receive()
    mail = race(MAILS, inquiry.receive, plain.receive)
    single = race(SINGLES, inquiry.create, plain.create)
    batch = race(BATCHES, lambda: inquiry.create(BATCH), lambda: plain.create(BATCH))
    new = env["helpdesk.ticket"].search([("team_id", "=", plain_team.id)], order="id desc", limit=1)
    assert not new.care_is_inquiry, "the plain ticket became an inquiry"
    last = env["helpdesk.ticket"].search([("care_is_inquiry", "=", True)], order="id desc", limit=1)
    assert last.care_decision_ids and not last.care_intake_error, "the inquiry was not routed"
    assert last.care_deadline_ids, "the inquiry has no clocks"
    assert last.user_id and new.user_id, "somebody must have been given both"
    return {
        "single_ratio": middle_ratio(*single),
        "batch100_ratio": middle_ratio(*batch),
        "mail_ratio": middle_ratio(*mail),
        "single_ms": [statistics.median(each) * 1000 for each in single],
        "batch100_ms": [statistics.median(each) * 1000 for each in batch],
        "mail_ms": [statistics.median(each) * 1000 for each in mail],
    }


def measure():
    """Clone the template, load the demo hospital if it has none, and measure in it."""
    from tests.databases import Hospital, clone, drop

    name = f"pcc_bench_create_{os.getpid()}"
    inside = (
        f"import sys\nsys.path.insert(0, {str(ROOT)!r})\n"
        "if not env['res.users'].search([('login', '=', 'coordinator')]):\n"
        "    env['res.company']._care_load_demo()\n    env.cr.commit()\n"
        f"from tests.bench import bench_create\nbench_create.resize({SIZE!r})\n"
        "result = bench_create.measure_inside(env)\n"
    )
    try:
        clone(os.environ["CARE_TEMPLATE"], name)
        return Hospital(name).shell(inside)
    finally:
        drop(name)


if __name__ == "__main__":
    from tests.bench import report

    sys.exit(report.main(__doc__, measure, TARGETS, resize))

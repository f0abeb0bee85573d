"""Servers that are killed in the middle of a batch lose nothing and tell nobody twice."""

import email
import io
import os
import time
from collections import Counter

import pytest
from reportlab.pdfgen import canvas

from ..databases import run_sql
from .conftest import Hospital, clone, drop
from .smtp import SmtpServer

ONLY_CRON = """
env["ir.cron"].search([]).write({{"active": False}})
env.ref("{cron}").write({{"active": True, "nextcall": "2020-01-01 00:00:00"}})
env.cr.commit()
"""
ESCALATE = """
from datetime import timedelta
from odoo import fields
received = fields.Datetime.now() - timedelta(days=90)
tickets = env["helpdesk.ticket"].with_context(tracking_disable=True).create([
    {"name": "Cold soup", "description": "The soup was cold.", "care_received_date": received,
     "care_nature_id": env.ref("patient_care_coordination.nature_complaint").id}
    for _n in range(150)
])
supervisors = tickets.care_deadline_ids._care_supervisors()
expected = sorted(
    (deadline.id, user)
    for ticket in tickets for deadline in ticket.care_deadline_ids
    for user in set((ticket.user_id | ticket._care_lead() | supervisors).ids)
)
result = {"deadlines": tickets.care_deadline_ids.ids, "expected": expected}
"""
LETTERS = """
partner = env["res.partner"].create({"name": "Ben Okafor", "email": "ben@home.example"})
env.company.email = "desk@hospital.example"
tickets = env["helpdesk.ticket"].with_context(tracking_disable=True).create([
    {"name": "Thanks", "description": "Thank you.", "partner_id": partner.id,
     "care_nature_id": env.ref("patient_care_coordination.nature_compliment").id,
     "channel_id": env["helpdesk.ticket.channel"]._care_by_code("email").id}
    for _n in range(20)
])
coordinator = env["res.users"].search([("login", "=", "coordinator")])
kind = env.ref("patient_care_coordination.letter_type_thanks")
letters = env["care.letter"].with_user(coordinator)
for ticket in tickets.with_user(coordinator):
    for _n in range(10):
        letters |= letters._care_draft(ticket, kind, recipient_address="5 Low Lane")
letters._care_mark_checked()
"""
PRINT = """
batch = env["care.letter.batch"].browse(letters.action_print_batch()["res_id"])
result = {"letters": letters.ids, "tickets": tickets.ids, "batch": batch.id}
"""
PRINTED = """
batch = env["care.letter.batch"].browse({batch})
letters = env["care.letter"].browse({letters})
files = env["ir.attachment"].search(
    [("res_model", "=", "care.letter"), ("res_id", "in", letters.ids)]
)
tickets = env["helpdesk.ticket"].browse({tickets})
contacts = env["care.contact"].search([("ticket_id", "in", tickets.ids)])
import io
from odoo.tools.pdf import PdfFileReader
result = {{
    "states": sorted(set(letters.mapped("state"))),
    "tokens": len(set(letters.mapped("token"))),
    "files": len(files), "own": sorted(files.ids) == sorted(letters.attachment_id.ids),
    "disclosures": len(tickets.care_disclosure_ids),
    "contacts": len(contacts.filtered(lambda row: row.channel == "letter")),
    "batch": [batch.state, batch.total, batch.printed, batch.failed],
    "pages": len(PdfFileReader(io.BytesIO(batch.attachment_id.raw)).pages),
}}
"""
MAIL = """
env["mail.mail"].search([("state", "=", "outgoing")]).state = "cancel"
letters.write({{"way": "mail"}})
for letter in letters:
    letter._care_send()
env["ir.mail_server"].search([]).active = False
env["ir.mail_server"].create({{
    "name": "Loopback", "smtp_host": "127.0.0.1", "smtp_port": {port}, "smtp_encryption": "none",
}})
result = letters.ids
"""
MAILED = """
letters = env["care.letter"].browse({letters})
result = [[letter.token, letter.mail_state, letter.mail_id.failure_reason or ""]
          for letter in letters]
"""


@pytest.fixture
def database(demo_template):
    name = "pcc_test_killed"
    clone(demo_template, name)
    hospital = Hospital(name)
    yield hospital
    hospital.stop()
    drop(name)


@pytest.fixture
def quick_printer(tmp_path, monkeypatch):
    """A wkhtmltopdf that gives the same page at once; its log has a line for each page."""
    page = io.BytesIO()
    sheet = canvas.Canvas(page)
    sheet.drawString(72, 720, "A letter")
    sheet.save()
    (tmp_path / "page.pdf").write_bytes(page.getvalue())
    printer = tmp_path / "wkhtmltopdf"
    printer.write_text(
        "#!/bin/sh\n"
        "[ \"$1\" = --version ] && echo 'wkhtmltopdf 0.12.6 (with patched qt)' && exit\n"
        f"for last; do :; done\necho printed >> {tmp_path}/log\n"
        f'cp {tmp_path}/page.pdf "$last"\n'
    )
    printer.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    return tmp_path / "log"


def prepare(database, script, cron):
    """What the script made, committed, with this cron as the only one and due."""
    return database.shell(script + ONLY_CRON.format(cron=cron))


def work_until(database, reached, seconds=120):
    """Wake the server's cron until ``reached()``, which is asked of what is committed."""
    deadline = time.monotonic() + seconds
    while not reached():
        assert time.monotonic() < deadline, "the server does not get on"
        run_sql(f"NOTIFY cron_trigger, '{database.name}'")
        time.sleep(0.02)


def kill_at(database, count, *steps):
    """Kill a server when ``count()`` passes each of the steps; returns what was done by then."""
    done = []
    for step in steps:
        database.serve("--max-cron-threads=1")
        work_until(database, lambda step=step: count() >= step)
        database.kill()
        done.append(count())
    return done


def counter(database, statement):
    return lambda: run_sql(statement, database.name)[0][0]


def test_a_server_killed_while_it_escalates_tells_everybody_once(database):
    made = prepare(database, ESCALATE, "patient_care_coordination.cron_escalate")
    ids = ", ".join(map(str, made["deadlines"]))
    told = counter(
        database,
        "SELECT count(DISTINCT deadline_id) FROM care_escalation"
        f" WHERE step = 'breach' AND deadline_id IN ({ids})",
    )
    first, second = kill_at(database, told, 1, 101)
    total = len(made["deadlines"])
    assert 0 < first < second < total == 300
    database.serve("--max-cron-threads=1")
    work_until(database, lambda: told() == total)
    database.stop()
    steps = run_sql(
        f"SELECT deadline_id, step FROM care_escalation WHERE deadline_id IN ({ids})",
        database.name,
    )
    assert Counter(steps) == {
        (deadline, step): 1
        for deadline in made["deadlines"]
        for step in ("person", "lead", "breach")
    }
    activities = run_sql(
        "SELECT care_deadline_id, user_id FROM mail_activity"
        f" WHERE active AND care_deadline_id IN ({ids})",
        database.name,
    )
    assert sorted(map(list, activities)) == made["expected"]


def test_a_server_killed_while_it_prints_sends_each_letter_once(database, quick_printer):
    made = prepare(database, LETTERS + PRINT, "patient_care_coordination.cron_print_letters")
    printed = counter(
        database,
        f"SELECT count(*) FROM care_letter_batch_line WHERE batch_id = {made['batch']}"
        " AND state = 'done'",
    )
    first, second = kill_at(database, printed, 30, 120)
    assert 30 <= first < second < 200
    through = counter(
        database,
        f"SELECT count(*) FROM care_letter_batch WHERE id = {made['batch']} AND state = 'done'",
    )
    database.serve("--max-cron-threads=1")
    work_until(database, through)
    database.stop()
    assert database.shell(PRINTED.format(**made)) == {
        "states": ["sent"],
        "tokens": 200,
        "files": 200,
        "own": True,
        "disclosures": 200,
        "contacts": 200,
        "batch": ["done", 200, 200, 0],
        "pages": 200,
    }
    # At most the page that was being made at each kill was made again.
    assert 200 <= len(quick_printer.read_text().splitlines()) <= 202


def test_a_server_killed_while_it_mails_letters_sends_none_twice(database, quick_printer):
    def killed(number):
        if number in (40, 90):
            database.process.kill()

    with SmtpServer(killed) as server:
        letters = prepare(
            database,
            LETTERS + MAIL.format(port=server.port),
            "mail.ir_cron_mail_scheduler_action",
        )
        sent = counter(
            database,
            "SELECT count(*) FROM mail_mail mail JOIN care_letter letter"
            " ON letter.mail_id = mail.id WHERE mail.state = 'sent'"
            f" AND letter.id IN ({', '.join(map(str, letters))})",
        )
        for _kill in range(2):
            database.serve("--max-cron-threads=1")
            work_until(database, lambda: database.process.poll() is not None)
        database.serve("--max-cron-threads=1")
        work_until(database, lambda: sent() == 198)
        database.stop()
    taken = Counter(email.message_from_bytes(raw)["X-Care-Letter"] for raw in server.messages)
    states = database.shell(MAILED.format(letters=letters))
    assert taken == {token: 1 for token, _state, _reason in states}
    unknown = [reason for _token, state, reason in states if state == "exception"]
    assert len(states) == 200
    assert sum(state == "sent" for _token, state, _reason in states) == 198
    assert len(unknown) == 2
    assert all("it may have arrived" in reason for reason in unknown)

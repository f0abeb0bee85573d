"""No mail is lost: real fetchmail runs against a POP3 server, with steps of the intake broken."""

import pytest

from ..databases import run_sql
from .conftest import Hospital, clone, drop
from .pop3 import Pop3Server

MAIL = """From: Person {n} <person{n}@home.example>
To: patient-relations@hospital.example
Subject: Lunch
Message-Id: <fetch-{key}-{n}@home.example>
Date: Mon, 02 Mar 2026 09:00:00 +0000
{headers}MIME-Version: 1.0
Content-Type: text/plain; charset=utf-8

{body}
"""
FETCH = """
from unittest.mock import patch
broken = type(env[{model!r}])
server = env["fetchmail.server"].create({{
    "name": "Loopback", "server_type": "pop", "server": "127.0.0.1", "port": {port},
    "is_ssl": False, "user": "desk", "password": "x", "state": "done",
    "object_id": env["ir.model"]._get_id("helpdesk.ticket"),
}})
env.cr.commit()
step = {step!r}
acknowledge = env.ref("helpdesk_mgmt.changed_stage_template")
desk = env["helpdesk.ticket.team"].search([("name", "=", "Patient relations")])
desk._get_applicable_stages()[:1].mail_template_id = acknowledge
before = env["helpdesk.ticket"].search([], order="id desc", limit=1).id
mails = env["mail.mail"].search_count([])
if step:
    with patch.object(broken, step, side_effect=RuntimeError("broken on purpose")):
        server.fetch_mail()
else:
    server.fetch_mail()
env.invalidate_all()
new = env["helpdesk.ticket"].search([("id", ">", before)])
result = {{
    "count": len(new),
    "inquiries": len(new.filtered("care_is_inquiry")),
    "teams": sorted(set(new.mapped("team_id.name"))),
    "users": new.user_id.mapped("login"),
    "reasons": new.mapped("care_routing_reason"),
    "errors": [error or "" for error in new.mapped("care_intake_error")],
    "alarms": len(new.filtered("activity_ids")),
    "bodies": [str(body) for body in new.message_ids.mapped("body")],
    "automatic": new.mapped("care_automatic"),
    "mails": env["mail.mail"].search_count([]) - mails,
    "senders": sorted(new.mapped("partner_email")),
}}
server.unlink()
env.cr.commit()
"""


def make_mails(key, count, body="The soup was cold again.", headers="", sender=None):
    return [
        MAIL.format(
            n=sender if sender is not None else n, key=f"{key}-{n}", body=body, headers=headers
        ).encode()
        for n in range(count)
    ]


@pytest.fixture(scope="module")
def database(demo_template):
    clone(demo_template, "pcc_test_fetchmail")
    yield Hospital("pcc_test_fetchmail")
    drop("pcc_test_fetchmail")


def fetch(database, mails, step=None, model="helpdesk.ticket"):
    with Pop3Server(mails) as server:
        result = database.shell(FETCH.format(port=server.port, step=step, model=model))
        assert not server.messages, "the server still holds mails"
    return result


def forget_errors(database):
    """Take away the failed steps that a test expected: any other is found when all have run."""
    run_sql("UPDATE helpdesk_ticket SET care_intake_error = NULL", database.name)


def test_a_mail_reaches_the_team_with_a_reason(database):
    result = fetch(database, make_mails("plain", 1))
    assert result["count"] == result["inquiries"] == 1
    assert result["teams"] == ["Catering"]
    assert result["users"] == []
    assert "soup" in result["reasons"][0]


@pytest.mark.parametrize(
    "step",
    [
        "_care_complete_facts",
        "_care_complete_people",
        "_care_route",
        "_care_facts",
        "_care_apply",
        "_care_place",
        "_care_evidence",
        "_care_keep_decisions",
    ],
)
def test_a_broken_step_loses_nothing(database, step):
    result = fetch(database, make_mails(step, 1, body="Nobody must lose this."), step)
    assert result["count"] == result["inquiries"] == 1
    assert result["teams"] == ["Patient relations"]
    assert "broken on purpose" in result["errors"][0]
    assert result["alarms"] == 1
    assert any("Nobody must lose this." in body for body in result["bodies"])
    forget_errors(database)


def test_a_hundred_mails_of_one_sender_within_an_hour_all_arrive(database):
    mails = make_mails("flood", 100, sender=7)
    counts = 0
    while mails:
        part, mails = mails[:50], mails[50:]
        counts += fetch(database, part)["inquiries"]
    assert counts == 100


def test_an_automatic_reply_is_kept_and_not_acknowledged(database):
    result = fetch(database, make_mails("auto", 2, headers="Auto-Submitted: auto-replied\n"))
    assert result["inquiries"] == 2
    assert result["automatic"] == [True, True]
    assert result["mails"] == 0


def test_what_a_person_wrote_is_acknowledged(database):
    result = fetch(database, make_mails("person", 2))
    assert result["automatic"] == [False, False]
    assert result["mails"] == 2


def test_what_a_parser_cannot_digest_arrives_and_leaves_the_server(database):
    """Odoo's fetchmail deletes what raises: of these each is an inquiry, and none stays behind."""
    head = "From: Person <broken{n}@home.example>\nTo: patient-relations@hospital.example\n"
    deep = "".join(
        f"--b{n}\nContent-Type: multipart/mixed; boundary=b{n + 1}\n\n" for n in range(1200)
    )
    texts = [
        "Subject: Lu\0nch\nMessage-Id: <nul\0-1@home.example>\n\nThe soup was cold.\n",
        'Content-Type: text/plain; charset=""\n\nThe soup was cold.\n',
        f"Content-Type: multipart/mixed; boundary=b0\n\n{deep}--b1200\n\nThe soup was cold.\n",
        "Content-Type: image/png\nContent-Transfer-Encoding: base64\n\niVBORw0KGgo\n",
    ]
    mails = [(head.format(n=n) + text).encode() for n, text in enumerate(texts)]
    result = fetch(database, mails)
    assert result["count"] == result["inquiries"] == len(mails)
    assert sum("The soup was cold." in body for body in result["bodies"]) == 3
    mails = make_mails("parser", 1, body="Nobody must lose this.")
    result = fetch(database, mails, "message_parse", "mail.thread")
    assert result["inquiries"] == 1
    assert "broken on purpose" in result["errors"][0]
    assert any("Nobody must lose this." in body for body in result["bodies"])
    forget_errors(database)

"""Two server processes on one database: what one activates, the other follows; turns stay fair."""

import threading
from collections import Counter

import pytest

from .pair import Session, two_servers

PREPARE = """
from odoo.fields import Command
staff = env["res.users"].with_context(no_reset_password=True).create([
    {"name": f"Turn {n}", "login": f"turn{n}", "password": f"turn{n}",
     "group_ids": [Command.link(env.ref("patient_care_coordination.group_responder").id)]}
    for n in range(4)
])
team = env["helpdesk.ticket.team"].create({
    "name": "Turns", "care_strategy": "round_robin", "user_ids": [Command.set(staff.ids)],
})
live = env["care.ruleset"].search([("state", "=", "live")], limit=1)
draft = env["care.ruleset"].browse(live.action_change()["res_id"])
env["care.rule"].create({
    "ruleset_id": draft.id, "name": "Turns", "sequence": 0, "team_id": team.id,
    "line_ids": [Command.create({"field": "text", "keywords": "merrygoround"})],
})
for rule in draft.rule_ids:
    if rule.team_id and not rule.team_id.user_ids:
        rule.team_id.user_ids = [Command.set(staff.ids)]
env.cr.commit()
result = {"draft": draft.id, "team": team.id, "staff": staff.ids,
          "question": env.ref("patient_care_coordination.nature_question").id}
"""


@pytest.fixture(scope="module")
def pair(demo_template):
    with two_servers(demo_template, "pcc_test_pair", PREPARE) as found:
        yield found


def ask(session, facts, number):
    values = {
        "name": f"Ride {number}",
        "description": "the merrygoround",
        "care_nature_id": facts["question"],
    }
    return session.call("helpdesk.ticket", "create", [values])[0]


def test_a_rule_activated_in_one_process_routes_in_the_other(pair):
    servers, facts = pair
    first, second = (Session(server.url, "coordinator") for server in servers)
    before = ask(second, facts, "before")
    [row] = second.call("helpdesk.ticket", "read", [before], ["team_id"])
    assert row["team_id"][0] != facts["team"]
    admin = Session(servers[0].url, "routing")
    replay = admin.call("care.replay", "create", [{"ruleset_id": facts["draft"]}])[0]
    admin.call("care.replay", "action_run", [replay])
    admin.call("care.ruleset", "action_activate", [facts["draft"]])
    for session in (second, first):
        ticket = ask(session, facts, "after")
        [row] = session.call("helpdesk.ticket", "read", [ticket], ["team_id"])
        assert row["team_id"][0] == facts["team"]


def test_round_robin_stays_fair_over_processes_and_threads(pair):
    servers, facts = pair
    sessions = [Session(server.url, "coordinator") for server in servers for _n in range(2)]
    made, errors = [], []

    def work(session, start):
        try:
            for number in range(start, start + 10):
                made.append(ask(session, facts, number))
        except Exception as error:
            errors.append(error)

    threads = [
        threading.Thread(target=work, args=(session, 100 * place))
        for place, session in enumerate(sessions)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors
    assert len(made) == 40
    rows = sessions[0].call("helpdesk.ticket", "read", made, ["user_id"])
    spread = Counter(row["user_id"][0] for row in rows)
    assert set(spread) == set(facts["staff"])
    assert max(spread.values()) - min(spread.values()) <= 1, spread

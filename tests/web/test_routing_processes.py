"""Two server processes on one database: what one activates, the other follows; turns stay fair."""

import json
import threading
import urllib.request
from collections import Counter

import pytest

from .conftest import Hospital, clone, drop

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


class Session:
    """A logged-in user who calls methods of one server process."""

    def __init__(self, url, login):
        self.url, self.cookie = url, None
        self._post(
            "/web/session/authenticate",
            {"db": Session.database, "login": login, "password": login},
        )

    def _post(self, path, params):
        request = urllib.request.Request(
            self.url + path,
            json.dumps({"jsonrpc": "2.0", "method": "call", "params": params}).encode(),
            {"Content-Type": "application/json"},
        )
        if self.cookie:
            request.add_header("Cookie", self.cookie)
        with urllib.request.urlopen(request, timeout=60) as answer:
            cookie = answer.headers.get("Set-Cookie")
            if cookie and "session_id" in cookie:
                self.cookie = cookie.split(";")[0]
            body = json.loads(answer.read())
        assert "error" not in body, body["error"]
        return body["result"]

    def call(self, model, method, *args, **kwargs):
        return self._post(
            f"/web/dataset/call_kw/{model}/{method}",
            {"model": model, "method": method, "args": list(args), "kwargs": kwargs},
        )


@pytest.fixture(scope="module")
def pair(demo_template):
    name = "pcc_test_pair"
    clone(demo_template, name)
    servers = [Hospital(name), Hospital(name)]
    facts = servers[0].shell(PREPARE)
    Session.database = name
    for server in servers:
        server.serve()
    yield servers, facts
    for server in servers:
        server.stop()
    drop(name)


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

"""Two server processes on one database, and users who call them."""

import contextlib
import json
import urllib.request

from ..databases import Hospital, clone, drop


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


@contextlib.contextmanager
def two_servers(template, name, prepare):
    """Two servers of a copy of ``template``, and what the script ``prepare`` gave back."""
    clone(template, name)
    servers = [Hospital(name), Hospital(name)]
    facts = servers[0].shell(prepare)
    Session.database = name
    for server in servers:
        server.serve()
    try:
        yield servers, facts
    finally:
        for server in servers:
            server.stop()
        drop(name)

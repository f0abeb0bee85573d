"""Odoo databases for tests and benchmarks: clone, drop, run a server or a shell on them.

Needs the environment that ``./dev`` gives (see ``Workshop.server_environment``) and no pytest.
"""

import contextlib
import json
import os
import shutil
import socket
import subprocess
import time
import urllib.request
from pathlib import Path

import psycopg2


def server_command():
    """The command line of an Odoo server, without a database."""
    return json.loads(os.environ["CARE_ODOO"])


def filestore(name):
    """The folder with the files of a database."""
    return Path(os.environ["CARE_DATA"]) / "filestore" / name


@contextlib.contextmanager
def connected(database):
    """A cursor outside a transaction."""
    connection = psycopg2.connect(
        dbname=database,
        host=os.environ["PGHOST"],
        port=os.environ["PGPORT"],
        user=os.environ["PGUSER"],
        password=os.environ.get("PGPASSWORD"),
    )
    connection.autocommit = True
    try:
        yield connection.cursor()
    finally:
        connection.close()


def run_sql(statement, database="postgres"):
    """Run one statement outside a transaction, by default on the server's own database.

    Returns its rows, or None where it has none.
    """
    with connected(database) as cursor:
        cursor.execute(statement)
        return cursor.fetchall() if cursor.description else None


@contextlib.contextmanager
def locked(key, database):
    """Hold the advisory lock ``key`` of a database."""
    with connected(database) as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [key])
        yield


def intake_errors(name):
    """What failed at the intake of inquiries in a database, as it stands on them."""
    if not run_sql(f"SELECT 1 FROM pg_database WHERE datname = '{name}'"):
        return []
    column = """SELECT 1 FROM information_schema.columns
                 WHERE table_name = 'helpdesk_ticket' AND column_name = 'care_intake_error'"""
    if not run_sql(column, name):
        return []
    rows = run_sql(
        "SELECT number, care_intake_error FROM helpdesk_ticket WHERE care_intake_error <> ''", name
    )
    return [f"{number}: {error}" for number, error in rows]


def drop(name, failed_before=False):
    """Remove a database and its files, if it is there.

    Raises AssertionError afterwards where steps of the intake failed in it, which no test may
    leave behind unseen; ``failed_before`` says that this is known or left from another run.
    """
    failed = [] if failed_before else intake_errors(name)
    run_sql(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
    shutil.rmtree(filestore(name), ignore_errors=True)
    assert not failed, f"steps of the intake failed in {name}: {'; '.join(failed)}"


def clone(source, target):
    """Copy a database and its files; nobody may be connected to the source."""
    drop(target, failed_before=True)
    run_sql(f'CREATE DATABASE "{target}" TEMPLATE "{source}"')
    if filestore(source).exists():
        shutil.copytree(filestore(source), filestore(target))


class Hospital:
    """A database and the commands on it."""

    def __init__(self, name):
        self.name = name
        self.process = None
        self.url = None

    def shell(self, script):
        """Run a script in an Odoo shell; returns what it assigned to ``result``, through JSON."""
        command = [part if part != "server" else "shell" for part in server_command()]
        command += ["-d", self.name, "--no-http", "--log-level=critical"]
        script += "\nimport json\nprint('RESULT' + json.dumps(result))\n"
        done = subprocess.run(command, input=script, capture_output=True, text=True)
        for line in done.stdout.splitlines():
            if "RESULT" in line:
                return json.loads(line.split("RESULT", 1)[1])
        raise AssertionError(f"the script failed:\n{done.stdout}\n{done.stderr}")

    def run_server(self, *options):
        """Run a server until it has done what the options say; returns its log."""
        command = [*server_command(), "-d", self.name, "--stop-after-init", "--no-http", *options]
        done = subprocess.run(command, capture_output=True, text=True)
        assert not done.returncode, done.stderr[-4000:]
        return done.stdout + done.stderr

    def serve(self, *options):
        """Start a server and wait until it answers."""
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        command = [*server_command(), "-d", self.name, f"--http-port={port}", *options]
        self.process = subprocess.Popen(
            [*command, "--http-interface=127.0.0.1", "--log-level=warn"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self.url = f"http://127.0.0.1:{port}"
        deadline = time.monotonic() + 90
        while time.monotonic() < deadline:
            try:
                with urllib.request.urlopen(f"{self.url}/web/health", timeout=5):
                    return self
            except OSError:
                time.sleep(0.3)
        raise AssertionError("the server did not answer within 90 seconds")

    def stop(self):
        """End the server, if one runs."""
        if self.process:
            self.process.terminate()
            self.process.wait(30)

    def kill(self):
        """End the server at once, as when the power fails."""
        self.process.kill()
        self.process.wait(30)
        self.process = None

"""Real Odoo servers on cloned databases, and a real Chromium."""

import json
import os
import shutil
import socket
import subprocess
import time
import urllib.request
from pathlib import Path

import psycopg2
import pytest
from playwright.sync_api import sync_playwright

SERVER = json.loads(os.environ["CARE_ODOO"])
FILES = Path(os.environ["CARE_DEV"]) / "data" / "filestore"


def run_sql(statement):
    """Run one statement on the server's own database, outside a transaction."""
    connection = psycopg2.connect(
        dbname="postgres",
        host=os.environ["PGHOST"],
        port=os.environ["PGPORT"],
        user=os.environ["PGUSER"],
        password=os.environ.get("PGPASSWORD"),
    )
    connection.autocommit = True
    try:
        connection.cursor().execute(statement)
    finally:
        connection.close()


def drop(name):
    run_sql(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
    shutil.rmtree(FILES / name, ignore_errors=True)


def clone(source, target):
    drop(target)
    run_sql(f'CREATE DATABASE "{target}" TEMPLATE "{source}"')
    if (FILES / source).exists():
        shutil.copytree(FILES / source, FILES / target)


class Hospital:
    """A database and the commands on it."""

    def __init__(self, name):
        self.name = name
        self.process = None
        self.url = None

    def shell(self, script):
        """Run a script in an Odoo shell; returns what it assigned to ``result``, through JSON."""
        command = [part if part != "server" else "shell" for part in SERVER]
        command += ["-d", self.name, "--no-http", "--log-level=critical"]
        script += "\nimport json\nprint('RESULT' + json.dumps(result))\n"
        done = subprocess.run(command, input=script, capture_output=True, text=True)
        for line in done.stdout.splitlines():
            if "RESULT" in line:
                return json.loads(line.split("RESULT", 1)[1])
        raise AssertionError(f"the script failed:\n{done.stdout}\n{done.stderr}")

    def run_server(self, *options):
        """Run a server until it has done what the options say; returns its log."""
        command = [*SERVER, "-d", self.name, "--stop-after-init", "--no-http", *options]
        done = subprocess.run(command, capture_output=True, text=True)
        assert not done.returncode, done.stderr[-4000:]
        return done.stdout + done.stderr

    def serve(self):
        """Start a server and wait until it answers."""
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        command = [*SERVER, "-d", self.name, f"--http-port={port}", "--http-interface=127.0.0.1"]
        self.process = subprocess.Popen(
            [*command, "--log-level=warn"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
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
        if self.process:
            self.process.terminate()
            self.process.wait(30)


@pytest.fixture(scope="session")
def demo_template():
    """A copy of the template with the demo hospital in it."""
    name = "pcc_test_web_demo"
    clone(os.environ["CARE_TEMPLATE"], name)
    hospital = Hospital(name)
    hospital.shell("env['res.company']._care_load_demo()\nenv.cr.commit()\nresult = True")
    yield name
    drop(name)


@pytest.fixture(scope="module")
def hospital(demo_template, request):
    """A demo hospital for one module of tests, served."""
    name = f"pcc_test_{request.module.__name__.rsplit('.', 1)[-1]}"
    clone(demo_template, name)
    hospital = Hospital(name).serve()
    yield hospital
    hospital.stop()
    drop(name)


@pytest.fixture(scope="session")
def chromium():
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=os.environ["CARE_CHROMIUM"],
            args=[
                "--no-sandbox",
                "--disable-gpu",
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-sync",
            ],
        )
        yield browser
        browser.close()


@pytest.fixture
def open_page(chromium, hospital):
    """``open_page(login)``: a page of the hospital, logged in; errors of the page fail the test."""
    contexts, errors = [], []

    def open_as(login):
        context = chromium.new_context(viewport={"width": 1400, "height": 900})
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(30_000)
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(f"{hospital.url}/web/login")
        page.fill("input[name=login]", login)
        page.fill("input[name=password]", login)
        page.click("button[type=submit]")
        page.wait_for_url(lambda url: "/web/login" not in url)
        return page

    yield open_as
    folder = Path(os.environ["CARE_DEV"]) / "screenshots"
    folder.mkdir(exist_ok=True)
    for number, context in enumerate(contexts):
        context.pages[-1].screenshot(path=folder / f"last-{number}.png")
        context.close()
    assert not errors, errors

"""Real Odoo servers on cloned databases, and a real Chromium."""

import os
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright

from ..databases import Hospital, clone, drop


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

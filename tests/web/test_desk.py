"""The desk in a real browser: mail in, routed with its reason, quick intake, closed."""

import re

import pytest

MAIL = """From: Nora Green <nora.green@home.example>
To: patient-relations@hospital.example
Subject: Lunch on Ward 4
Message-Id: <walk-1@home.example>
Date: Mon, 02 Mar 2026 09:00:00 +0000
Content-Type: text/plain; charset=utf-8

The soup was cold for the third time this week.
"""


@pytest.fixture(scope="module")
def mailed(hospital):
    """The id of an inquiry that came by mail while the server runs."""
    return hospital.shell(
        f"result = int(env['mail.thread'].message_process(None, {MAIL!r}))\nenv.cr.commit()"
    )


def test_a_mail_is_answered_and_closed(hospital, mailed, open_page):
    page = open_page("coordinator")
    page.goto(f"{hospital.url}/odoo/care-inquiries")
    page.fill("input.o_searchview_input", "Lunch on Ward 4")
    page.keyboard.press("Enter")
    page.click("td[name=name] >> text=Lunch on Ward 4")
    page.wait_for_selector(".o_form_view")
    reason = page.locator("[name=care_routing_reason]").inner_text()
    assert "Catering, because the text says 'lunch', 'soup'" in reason
    page.click("button:has-text('Close')")
    dialog = page.locator(".o_error_dialog, .modal-dialog").first
    assert "Missing: the answer, who was told" in dialog.inner_text()
    dialog.locator("button:has-text('Close')").last.click()
    page.click(".nav-link:has-text('Answer')")
    page.fill(
        "[name=care_answer] textarea", "The kitchen checked the trolley; lunch is warm again."
    )
    page.fill("[name=care_told] input", "Nora Green")
    told = hospital.shell(
        f"ticket = env['helpdesk.ticket'].browse({mailed})\n"
        "result = ticket.care_received_date.strftime('%m/%d/%Y %H:%M:00')"
    )
    page.click("[name=care_told_date] button, [name=care_told_date] input")
    page.locator("[name=care_told_date] input").fill(told)
    page.keyboard.press("Tab")
    page.fill("[name=care_told_channel_id] input", "Email")
    page.click(".o-autocomplete--dropdown-item:has-text('Email')")
    page.fill("[name=care_department_id] input", "Ward 4")
    page.click(".o-autocomplete--dropdown-item:has-text('Ward 4')")
    page.click("button[name=action_care_close]")
    page.wait_for_selector(
        ".o_statusbar_status button.o_arrow_button_current:has-text('Done')", state="attached"
    )
    state = hospital.shell(
        f"t = env['helpdesk.ticket'].browse({mailed})\n"
        "result = [t.closed, bool(t.closed_date), t.care_told, t.team_id.name]"
    )
    assert state == [True, True, "Nora Green", "Catering"]


def test_quick_intake_by_keyboard_alone(hospital, open_page):
    page = open_page("coordinator")
    page.goto(f"{hospital.url}/odoo/care-intake")
    page.wait_for_selector("[name=caller_name] input")
    page.locator("[name=caller_name] input").focus()
    page.keyboard.type("Mr Hall")
    page.keyboard.press("Tab")
    page.keyboard.type("Where may I park when I visit my father?")
    page.keyboard.press("Tab")
    page.keyboard.type("Car park B, two hours free.")
    page.keyboard.press("Alt+q")
    page.wait_for_selector(
        ".o_statusbar_status button.o_arrow_button_current:has-text('Done')", state="attached"
    )
    assert re.match(r"HT\d+", page.locator("h1 [name=number]").inner_text())
    rows = hospital.shell(
        "t = env['helpdesk.ticket'].search([('partner_name', '=', 'Mr Hall')])\n"
        "result = [t.closed, t.care_answer, t.care_answered_by_id.login, t.channel_id.name]"
    )
    assert rows == [True, "Car park B, two hours free.", "coordinator", "Phone"]


def test_new_opens_the_form_of_an_inquiry(hospital, open_page):
    page = open_page("coordinator")
    page.goto(f"{hospital.url}/odoo/care-inquiries")
    page.click(".o_list_button_add >> nth=0")
    page.wait_for_selector(".o_form_view [name=care_nature_id] input")
    assert page.locator("[name=care_nature_id] input").input_value() == "Question"
    assert page.locator(".o_breadcrumb").inner_text().split() == ["Inquiries", "New"]
    page.fill("[name=name] textarea, [name=name] input", "Soup on Ward 3")
    page.click("[name=description] [contenteditable=true]")
    page.keyboard.type("The soup was cold.")
    page.fill("[name=partner_name] input", "Lea Somebody")
    page.click("[name=care_identity] input")
    page.click(".o_select_menu_item:has-text('In confidence')")
    page.click(".o_form_button_save")
    page.wait_for_selector("[name=care_routing_reason]:has-text('Catering')")
    assert page.locator("[name=care_confidential_name] input").input_value() == "Lea Somebody"
    assert "False" not in page.locator(".o_breadcrumb").inner_text()
    state = hospital.shell(
        "t = env['helpdesk.ticket'].search([('name', '=', 'Soup on Ward 3')])\n"
        "result = [t.care_is_inquiry, t.user_id.login, t.partner_name, bool(t.care_received_date)]"
    )
    assert state == [True, False, "In confidence", True]


def test_the_routing_administrator_sees_rules_and_no_inquiry(hospital, open_page):
    page = open_page("routing")
    page.click(".o_navbar_apps_menu button")
    page.click(".o-dropdown--menu .o_app:has-text('Helpdesk')")
    page.wait_for_selector(".o_list_view:has-text('Live')")
    assert page.locator(".o_menu_sections").inner_text().split() == ["Routing", "Reporting"]
    page.wait_for_selector(".o_list_view, .o_kanban_view, .o_form_view")
    page.click("td:has-text('Live')")
    page.wait_for_selector(".o_form_view")
    text = page.locator(".o_form_view").inner_text()
    assert "Catering" in text
    answer = page.request.post(
        f"{hospital.url}/web/dataset/call_kw/helpdesk.ticket/read",
        data={
            "jsonrpc": "2.0",
            "params": {
                "model": "helpdesk.ticket",
                "method": "read",
                "args": [[1], ["description"]],
                "kwargs": {},
            },
        },
    ).json()
    assert answer["error"]["data"]["name"] == "odoo.exceptions.AccessError"


def test_messages_of_an_inquiry_offer_no_edit_and_say_who_is_not_verified(hospital, open_page):
    ids = hospital.shell(
        """
user = env["res.users"].search([("login", "=", "coordinator")])
user.partner_id.email = "coordinator@hospital.example"
inquiry = env["helpdesk.ticket"].create([{
    "name": "Cold soup", "description": "Again",
    "care_nature_id": env.ref("patient_care_coordination.nature_question").id,
}])
plain = env["helpdesk.ticket"].create([{"name": "Printer", "description": "Toner"}])
inquiry.with_user(user).message_post(body="A word among us", message_type="comment")
plain.with_user(user).sudo().message_post(
    body="Toner is ordered", message_type="comment", author_id=user.partner_id.id
)
inquiry.message_post(
    body="All is well, close it.", message_type="email", author_id=user.partner_id.id
)
env.cr.commit()
result = [inquiry.id, plain.id]
"""
    )
    for login, ticket, text, offered in (
        ("coordinator", ids[0], "A word among us", False),
        ("admin", ids[1], "Toner is ordered", True),
    ):
        page = open_page(login)
        page.goto(f"{hospital.url}/odoo/helpdesk.ticket/{ticket}")
        message = page.locator(".o-mail-Message", has_text=text)
        message.hover()
        message.locator("button[title='Copy Link'], button[title='Expand']").wait_for()
        more = message.locator("button[title='Expand']")
        names = message.locator("button").evaluate_all("all => all.map(one => one.title)")
        if more.count():
            more.click()
            page.wait_for_selector(".o-dropdown-item:has-text('Copy Link')")
            names += page.locator(".o-dropdown-item").all_inner_texts()
        assert ("Edit" in names) is offered, names
        assert ("Delete" in names) is offered, names
        if not offered:
            warning = page.locator(".o_care_unverified")
            assert warning.inner_text().strip() == (
                "Came by mail from outside; the sender's identity is not verified."
            )

"""Routing in a real browser: a draft, its check and replay, going live; why, apply and keep."""

import pytest


@pytest.fixture(scope="module")
def soup(hospital):
    """An inquiry about food that is under way; its category will turn out to be another."""
    return hospital.shell(
        "nature = env.ref('patient_care_coordination.nature_question')\n"
        "t = env['helpdesk.ticket'].create([{'name': 'Walk soup', 'care_nature_id': nature.id,\n"
        "    'description': 'The soup was cold'}])\n"
        "t.stage_id = env.ref('helpdesk_mgmt.helpdesk_ticket_stage_in_progress')\n"
        "env.cr.commit()\n"
        "result = t.id"
    )


def test_the_routing_administrator_changes_checks_replays_and_activates(hospital, open_page):
    page = open_page("routing")
    page.goto(f"{hospital.url}/odoo/care-routing")
    page.click("tr.o_data_row:has(td:has-text('Live'))")
    page.click("button[name=action_change]:has-text('Change')")
    page.wait_for_selector("button[name=action_check]")
    page.click("button[name=action_check]")
    page.click(".nav-link:has-text('Checks')")
    page.wait_for_selector("[name=checked_date]:has-text(':')")
    page.click(".nav-link:has-text('Routing rules')")
    page.click("td[name=name]:text-is('Food')")
    page.click(".modal td[name=sentence]:has-text('the category is Food')")
    condition = page.locator(".modal").last
    condition.locator("[name=category_ids] input").fill("Rooms")
    page.click(".o-autocomplete--dropdown-item:has-text('Rooms and buildings')")
    condition.locator(".o_form_button_save").click()
    page.wait_for_selector(".modal td[name=sentence]:has-text('or Rooms')")
    page.locator(".modal").last.locator("footer button:has-text('Save')").click()
    page.wait_for_selector(".modal", state="detached")
    page.wait_for_selector("td[name=condition_text]:has-text('Food and drink or Rooms')")
    page.click("button[name=action_replay]")
    page.fill("[name=days] input", "120")
    page.click("button[name=action_run]")
    page.wait_for_selector("text=Load of each team")
    page.click(".o_breadcrumb a:has-text('Version 3')")
    page.click("button[name=action_activate]")
    page.click(".modal-footer button.btn-primary")
    page.wait_for_selector(".o_statusbar_status button.o_arrow_button_current:has-text('Live')")
    versions = hospital.shell(
        "r = env['care.ruleset'].search([], order='version desc', limit=1)\n"
        "result = [r.state, r.activated_by_id.login, r.replayed_by_id.login]"
    )
    assert versions == ["live", "routing", "routing"]


def test_why_and_the_banner(hospital, soup, open_page):
    page = open_page("coordinator")
    page.goto(f"{hospital.url}/odoo/care-inquiries/{soup}")
    page.click("button[name=action_care_why]")
    page.wait_for_selector(".modal td:has-text('Matched')")
    assert "does not hold: the nature is Complaint" in page.locator(".modal").inner_text()
    page.locator(".modal-footer button").click()
    page.wait_for_selector(".modal", state="detached")
    page.fill("[name=category_id] input", "Transport")
    page.click(".o-autocomplete--dropdown-item:has-text('Transport') >> nth=0")
    page.click(".o_form_button_save")
    page.wait_for_selector("text=Rule 'Transport' would send this to Patient transport.")
    page.click("button[name=action_care_keep_team]")
    page.wait_for_selector("button[name=action_care_keep_team]", state="hidden")
    state = hospital.shell(
        f"t = env['helpdesk.ticket'].browse({soup})\nresult = [t.team_id.name, t.care_suggestion]"
    )
    assert state == ["Catering", False]

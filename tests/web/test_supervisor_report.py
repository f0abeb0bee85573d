"""A supervisor prepares last month's report, changes a protocol for what it shows, and sees what
came of it: in a real browser, with time moved by data."""

import pytest

# Last month one ward had many inquiries on one theme, as in each of the eight months before.
PREPARE = """
from datetime import timedelta
from dateutil.relativedelta import relativedelta
from odoo import fields
ref = lambda name: env.ref("patient_care_coordination." + name)
ward = env["care.department"].create({"name": "Duskfall ward"})
first = fields.Datetime.now().replace(day=1, hour=12, minute=0, second=0, microsecond=0)
env["helpdesk.ticket"].create([
    {
        "name": "Cold lunch", "description": "The lunch was cold.", "partner_name": "A visitor",
        "care_nature_id": ref("nature_concern").id, "care_department_id": ward.id,
        "category_id": ref("category_food").id,
        "care_received_date": first - relativedelta(months=back) + timedelta(days=number),
    }
    for back in range(1, 9) for number in range(16)
])
env.cr.commit()
result = {"ward": ward.id, "month": (first - relativedelta(months=1)).strftime("%B %Y")}
"""
# Half a year passes: everything there is happened six months earlier, and since then hardly
# anybody complained.
LATER = """
from dateutil.relativedelta import relativedelta
from odoo import fields
ref = lambda name: env.ref("patient_care_coordination." + name)
ward = env["care.department"].browse(%(ward)s)
cr = env.cr
cr.execute(
    "UPDATE helpdesk_ticket SET care_received_date = care_received_date - interval '6 months'"
    " WHERE care_department_id = %%s", [ward.id])
cr.execute(
    "UPDATE care_improvement SET effective_date = (effective_date - interval '6 months')::date,"
    " decided_date = decided_date - interval '6 months' WHERE id = %(improvement)s")
env.invalidate_all()
first = fields.Datetime.now().replace(day=1, hour=12, minute=0, second=0, microsecond=0)
env["helpdesk.ticket"].create([
    {
        "name": "Cold lunch", "description": "The lunch was cold.", "partner_name": "A visitor",
        "care_nature_id": ref("nature_concern").id, "care_department_id": ward.id,
        "category_id": ref("category_food").id,
        "care_received_date": first - relativedelta(months=back),
    }
    for back in range(1, 6)
])
cr.commit()
result = True
"""
KEPT = """
improvement = env["care.improvement"].browse(%s)
result = {
    "state": improvement.state, "evidence": improvement.evidence_count,
    "department": improvement.department_id.id, "by": improvement.decided_by_id.login,
}
"""
PRINTED = """
import io, re
from odoo.tools.pdf import PdfFileReader
runs = env["care.report.run"].search([("kind", "=", "communications")], order="id")
reader = PdfFileReader(io.BytesIO(runs[-1].pdf_id.raw), strict=False)
text = " ".join(reader.getPage(n).extract_text() for n in range(reader.getNumPages()))
result = [runs.mapped("state"), re.sub(r"\\s+", " ", text)]
"""


@pytest.fixture(scope="module")
def month(hospital):
    return hospital.shell(PREPARE)


def test_from_the_report_to_the_effect(hospital, month, open_page):
    page = open_page("supervisor")
    page.goto(f"{hospital.url}/odoo/care-inquiries")
    page.wait_for_selector(".o_list_view")
    prepare_in_three_clicks(page, month)
    improvement = propose_from_a_theme(page)
    adopt(page)
    assert hospital.shell(KEPT % improvement) == {
        "state": "adopted",
        "evidence": 16,
        "department": month["ward"],
        "by": "supervisor",
    }
    hospital.shell(LATER % {"ward": month["ward"], "improvement": improvement})
    see_what_came_of_it(page, hospital, improvement)
    states, text = hospital.shell(PRINTED)
    assert states == ["ready", "ready"]
    assert "Serve lunch on warm plates State Adopted" in text
    assert "Effect Fewer" in text


def prepare_in_three_clicks(page, month):
    page.click(".o_menu_sections button:has-text('Reporting')")
    page.click(".o-dropdown--menu .dropdown-item:has-text('Prepare a report')")
    page.click(".o_kanban_record:has-text('Communications report') button[name=action_prepare]")
    page.wait_for_selector(".o_form_view button[name=action_open_pdf]")
    assert (
        page.locator(".o_form_view h1").inner_text() == f"Communications report, {month['month']}"
    )
    frame = page.frame_locator("iframe.o_pdfview_iframe")
    frame.locator("text=Communications report").first.wait_for()


def propose_from_a_theme(page):
    """Look behind the theme, choose the inquiries of the ward, propose; its id."""
    page.click("button[name=action_inquiries]")
    page.click(".o_group_header:has-text('Place, food and equipment')")
    row = ".o_data_row:has-text('Duskfall ward')"
    page.wait_for_selector(row)
    rows = page.locator(row)
    for number in range(rows.count()):
        rows.nth(number).locator(".o_list_record_selector input").check()
    page.click(".o_cp_action_menus button:has-text('Actions')")
    page.click(".o-dropdown--menu .o_menu_item:has-text('Propose an improvement')")
    page.fill("div[name=name] input, div[name=name] textarea", "Serve lunch on warm plates")
    page.fill("div[name=practice] input", "Serving of meals")
    page.fill("div[name=change] textarea", "Plates come from the warmer.")
    page.click(".o_form_button_save")
    page.wait_for_selector(
        ".o_form_saved, .o_form_status_indicator_buttons.invisible", state="attached"
    )
    page.wait_for_url(lambda url: url.rsplit("/", 1)[-1].isdigit())
    return int(page.url.rsplit("/", 1)[-1])


def adopt(page):
    for button, state in (("action_review", "Under review"), ("action_adopt", "Adopted")):
        page.click(f".o_form_view button[name={button}]")
        page.wait_for_selector(
            f".o_statusbar_status .o_arrow_button_current:has-text('{state}')", state="attached"
        )


def see_what_came_of_it(page, hospital, improvement):
    """On its page, and in the next report."""
    page.goto(f"{hospital.url}/odoo/care-improvements/{improvement}")
    page.click(".o_notebook .nav-link:has-text('Effect')")
    sentence = page.locator("[name=effect_sentence]")
    sentence.wait_for()
    assert sentence.inner_text().startswith("Fewer"), sentence.inner_text()
    page.wait_for_selector("[name=effect_chart] svg")
    page.goto(f"{hospital.url}/odoo/care-prepare-report")
    page.click(".o_kanban_record:has-text('Communications report') button[name=action_prepare]")
    frame = page.frame_locator("iframe.o_pdfview_iframe")
    frame.locator("text=Communications report").first.wait_for()

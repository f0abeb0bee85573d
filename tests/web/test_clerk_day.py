"""A clerk's day in a real browser: ordering, top-up, a count, a request, a loan and a repair."""

import pytest

# What the day starts with: a ward short of blankets, a store short of all, one wheelchair, one
# call bell that nobody has looked at yet, and an inquiry.
PREPARE = """
from odoo import Command
ref = lambda name: env.ref("patient_care_coordination." + name)
company = env["res.company"].search([], limit=1)
warehouse = env["stock.warehouse"].search([("company_id", "=", company.id)], limit=1)
nurse = env["res.users"].create({
    "name": "Nadia Cole", "login": "nurse", "password": "nurse",
    "group_ids": [Command.link(ref("group_ward_staff").id)],
})
ward = env["care.department"].create({"name": "Daybreak ward", "company_id": company.id})
env["care.ward.setup"].create({
    "company_id": company.id, "warehouse_id": warehouse.id,
    "department_ids": [Command.set(ward.ids)],
}).action_apply()
ward.ward_user_ids = [Command.link(nurse.id)]
store, shelf = warehouse.lot_stock_id, ward.location_id
vendor = env["res.partner"].create({"name": "Daybreak Linen", "is_company": True})
sold = [Command.create({"partner_id": vendor.id, "price": 4, "delay": 2})]
things = {"is_storable": True, "categ_id": ref("supply_category_comfort").id}
blanket, slippers = env["product.product"].create([
    {**things, "name": "Daybreak blanket", "barcode": "4006381333931", "seller_ids": sold},
    {**things, "name": "Daybreak slippers", "barcode": "4006381333948", "seller_ids": sold},
])
wheelchair = env["product.product"].create({
    "name": "Daybreak wheelchair", "is_storable": True, "tracking": "serial",
    "categ_id": ref("supply_category_mobility").id,
})
lot = env["stock.lot"].create({"name": "DAY-WC-1", "product_id": wheelchair.id})
put = env["stock.quant"]._update_available_quantity
put(blanket, store, 2)
put(blanket, shelf, 1)
put(slippers, shelf, 5)
put(wheelchair, store, 1, lot_id=lot)
Level = env["stock.warehouse.orderpoint"]
Level.create([
    {"product_id": blanket.id, "location_id": shelf.id, "product_min_qty": 6,
     "product_max_qty": 12, "care_shelf": "A1", "care_shelf_sequence": 1},
    {"product_id": slippers.id, "location_id": shelf.id, "product_min_qty": 4,
     "product_max_qty": 8, "care_shelf": "A2", "care_shelf_sequence": 2},
])
clerk = env["res.users"].search([("login", "=", "clerk")])
Level.with_user(clerk).create([
    {"product_id": product.id, "location_id": store.id, "trigger": "manual",
     "product_min_qty": 20, "product_max_qty": 40} for product in blanket + slippers
])
bells = env["maintenance.equipment.category"].create({"name": "Daybreak bells"})
bell = env["maintenance.equipment"].create({
    "name": "Daybreak bell", "category_id": bells.id, "care_department_id": ward.id,
    "care_place": "Room 5, bed 12", "care_tag": "DAYBELL1",
    "maintenance_team_id": env["maintenance.team"].create({"name": "Daybreak repairs"}).id,
})
env["care.checklist"].create({
    "name": "Bells of Daybreak ward", "department_id": ward.id, "category_id": bells.id,
    "line_ids": [Command.create({"name": "The lamp at the desk lights up"})],
})
ticket = env["helpdesk.ticket"].create({
    "name": "Cold at night", "description": "My mother is cold and cannot walk to the bathroom.",
    "partner_name": "Olive Quillfeather", "care_nature_id": ref("nature_request").id,
    "care_department_id": ward.id,
})
env.cr.commit()
result = {
    "ward": ward.id, "shelf": shelf.id, "store": store.id, "vendor": vendor.id,
    "use": warehouse.care_use_location_id.id, "loan": warehouse.care_loan_location_id.id,
    "cleaning": warehouse.care_cleaning_location_id.id, "topup": warehouse.care_topup_type_id.id,
    "blanket": blanket.id, "slippers": slippers.id, "lot": lot.id, "bell": bell.id,
    "ticket": ticket.id, "number": ticket.number, "nurse": nurse.partner_id.id,
    "scheduler": env.ref("stock.ir_cron_scheduler_action").id,
    "counted": ref("cron_count_top_up").id, "rounds": ref("cron_equipment_rounds").id,
}
"""
# A scanner is faster than fingers; how busy the machine is must not make a difference.
SCAN = """code => {
    for (const key of [...code, "Enter"]) {
        document.body.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
    }
}"""
# The screen takes a second scan of one thing within two seconds for the same one.
BOUNCE = 2200


class Desk:
    """One person at work: screens in the browser, and what this person reads behind them."""

    def __init__(self, hospital, page):
        self.url, self.page = hospital.url, page

    def call(self, model, method, *args, **options):
        """Call a method as this user; a refusal raises AssertionError with its sentence."""
        answer = self.page.request.post(
            f"{self.url}/web/dataset/call_kw/{model}/{method}",
            data={"params": {"model": model, "method": method, "args": args, "kwargs": options}},
        ).json()
        assert "error" not in answer, answer["error"]["data"]["message"]
        return answer["result"]

    def read(self, model, domain, *names):
        """What this user reads, many-to-one fields as ids."""
        rows = self.call(model, "search_read", domain, names, order="id", load=None)
        return [{name: row[name] for name in names} for row in rows]

    def on_hand(self, product, place):
        rows = self.read(
            "stock.quant", [["product_id", "=", product], ["location_id", "=", place]], "quantity"
        )
        return sum(row["quantity"] for row in rows)

    def open(self, path, wait=".o_form_view"):
        self.page.goto(f"{self.url}/odoo/{path}")
        self.page.wait_for_selector(wait)

    def press(self, button, within=".o_form_view"):
        self.page.locator(f"{within} button[name={button}]:visible").first.click()

    def tab(self, title):
        self.page.click(f".o_notebook .nav-link:has-text('{title}')")

    def choose(self, within, text):
        """Choose in a many-to-one field."""
        box = self.page.locator(f"{within} input").first
        box.click()
        box.fill(text)
        self.page.click(f".o-autocomplete--dropdown-item:has-text('{text}') >> nth=0")

    def scan(self, code):
        self.page.evaluate("document.activeElement.blur()")
        self.page.evaluate(SCAN, code)

    def wait_closed(self):
        self.page.wait_for_selector(".modal", state="detached")

    def wait_state(self, word):
        self.page.wait_for_selector(
            f".o_statusbar_status button.o_arrow_button_current:has-text('{word}')",
            state="attached",
        )

    def validate(self, picking):
        """Do a transfer on its form."""
        self.open(f"action-stock.action_picking_tree_all/{picking}")
        self.press("button_validate")
        self.wait_state("Done")


@pytest.fixture(scope="module")
def day(hospital):
    return hospital.shell(PREPARE)


def test_a_clerks_day(hospital, day, open_page):
    people = {
        name: Desk(hospital, open_page(name)) for name in ("admin", "coordinator", "nurse", "clerk")
    }
    set_levels(day, **people)
    order_what_is_short(day, **people)
    receive_it(day, **people)
    top_up_the_ward(day, **people)
    count_the_ward(day, **people)
    serve_an_inquiry(day, **people)
    lend_and_take_back(day, **people)
    find_a_fault_and_repair_it(day, **people)


def set_levels(day, clerk, **_people):
    """Type levels into the grid by keyboard alone; the word follows."""
    page = clerk.page
    clerk.open("care-par-grid", ".o_care_par_grid")
    page.fill("input[aria-label='Find a product']", "Daybreak slippers")
    page.wait_for_function("document.querySelectorAll('.o_care_par_grid tbody tr').length === 1")
    page.fill(".o_care_grid_filter .o_multi_record_selector input", "Daybreak")
    page.click(".o-autocomplete--dropdown-item:has-text('Daybreak ward')")
    page.wait_for_function("document.querySelectorAll('.o_care_par_grid thead th').length === 2")
    low = page.locator("input[aria-label='Minimum of Daybreak slippers in Daybreak ward']")
    cell = page.locator(".o_care_par_grid tbody td")
    cell.locator(".badge.text-success:has-text('Enough')").wait_for()
    low.press("Control+a")
    page.keyboard.type("6")
    page.keyboard.press("Tab")
    cell.locator(".badge.text-bg-warning:has-text('Low')").wait_for()
    shelf = [["product_id", "=", day["slippers"]], ["location_id", "=", day["shelf"]]]
    levels = ("product_min_qty", "product_max_qty")
    assert clerk.read("stock.warehouse.orderpoint", shelf, *levels) == [
        {"product_min_qty": 6, "product_max_qty": 8}
    ]
    assert page.evaluate("document.activeElement.dataset.which") == "max"
    page.keyboard.press("Shift+Tab")
    page.keyboard.type("4")
    page.keyboard.press("Tab")
    cell.locator(".badge.text-success:has-text('Enough')").wait_for()
    page.keyboard.type("x")
    page.keyboard.press("Enter")
    page.wait_for_selector(".o_notification:has-text('x is no number')")
    assert clerk.read("stock.warehouse.orderpoint", shelf, *levels) == [
        {"product_min_qty": 4, "product_max_qty": 8}
    ]


def order_what_is_short(day, clerk, admin, **_people):
    page = clerk.page
    clerk.open("care-short", ".o_list_view")
    page.click(".o_control_panel button[name=action_care_order_all]")
    page.wait_for_selector(".modal .o_data_row:has-text('Daybreak blanket')")
    page.click(".modal .btn-secondary:has-text('Discard')")
    clerk.wait_closed()
    page.fill("input.o_searchview_input", "Daybreak")
    page.click(".o_searchview_autocomplete .o-dropdown-item:has-text('Search Product for')")
    page.wait_for_selector(".o_facet_values:has-text('Daybreak')")
    rows = page.locator(".o_data_row:has-text('Daybreak')")
    rows.nth(2).wait_for()
    assert rows.count() == 3
    needed = [
        tuple(
            row.locator(f"[name={name}]").inner_text() for name in ("location_id", "qty_to_order")
        )
        for row in rows.all()
    ]
    assert sorted(needed) == [
        ("WH/Stock", "38.00"),
        ("WH/Stock", "40.00"),
        ("Wards/Daybreak ward", "11.00"),
    ]
    for row in rows.all():
        if row.locator("[name=location_id]").inner_text() == "WH/Stock":
            row.locator(".o_list_record_selector input").check()
    page.click(".o_control_panel button[name=action_care_order]:visible")
    page.wait_for_selector(".modal .o_data_row")
    preview = page.locator(".modal").inner_text()
    assert "Daybreak Linen" in preview and "312.00" in preview, preview
    orders = [["partner_id", "=", day["vendor"]]]
    assert not admin.read("purchase.order", orders, "state"), "ordered before it was agreed to"
    clerk.press("action_order", ".modal")
    page.wait_for_selector(".modal:has-text('2 lines were ordered. Confirm the orders')")
    (order,) = admin.read("purchase.order", orders, "state", "amount_untaxed")
    assert order == {"state": "draft", "amount_untaxed": 312}
    clerk.press("action_confirm", ".modal")
    clerk.wait_closed()
    (order,) = admin.read("purchase.order", orders, "state")
    assert order == {"state": "purchase"}
    page.wait_for_selector(".o_data_row:has-text('Daybreak')")
    page.wait_for_function("document.querySelectorAll('.o_list_view .o_data_row').length === 1")


def receive_it(day, clerk, **_people):
    receipts = [["partner_id", "=", day["vendor"]]]
    (receipt,) = clerk.read("stock.picking", receipts, "id", "state", "location_dest_id")
    assert receipt["state"] == "assigned"
    assert receipt["location_dest_id"] == day["store"]
    clerk.validate(receipt["id"])
    assert clerk.on_hand(day["blanket"], day["store"]) == 40
    assert clerk.on_hand(day["slippers"], day["store"]) == 40


def ward_pickings(desk, day, *states):
    return desk.read(
        "stock.picking",
        [["location_dest_id", "=", day["shelf"]], ["state", "in", states]],
        *("id", "priority", "picking_type_id", "care_supply_request_id"),
    )


def top_up_the_ward(day, clerk, admin, **_people):
    assert not ward_pickings(clerk, day, "confirmed", "assigned")
    admin.call("ir.cron", "method_direct_trigger", [day["scheduler"]])
    (picking,) = ward_pickings(clerk, day, "assigned")
    assert picking["picking_type_id"] == day["topup"]
    assert picking["priority"] == "0"
    moves = clerk.read(
        "stock.move", [["picking_id", "=", picking["id"]]], "product_id", "product_uom_qty"
    )
    assert moves == [{"product_id": day["blanket"], "product_uom_qty": 11}]
    clerk.validate(picking["id"])
    assert clerk.on_hand(day["blanket"], day["shelf"]) == 12
    assert clerk.on_hand(day["blanket"], day["store"]) == 29


def count_the_ward(day, admin, clerk, nurse, **_people):
    page = nurse.page
    nurse.open("count-shelves", ".care_ward_count")
    for number in range(1, 6):
        nurse.scan("4006381333931")
        page.wait_for_function(
            "number => document.querySelector('input[aria-label=\"Daybreak blanket\"]').value"
            " === number",
            arg=str(number),
        )
    nurse.scan("0000000000000")
    page.wait_for_selector(".care_ward_count .alert-danger:has-text('0000000000000')")
    box = page.locator("input[aria-label='Daybreak slippers']")
    box.fill("6")
    box.press("Enter")
    page.wait_for_selector(".care_ward_count:has-text('2 of 2 counted')")
    nurse.press("action_book")
    page.click(".modal .btn-primary:has-text('Book the count')")
    nurse.wait_state("Booked")
    (count,) = clerk.read(
        "care.ward.count",
        [["department_id", "=", day["ward"]]],
        *("state", "short_count", "over_count", "picking_id"),
    )
    used = clerk.read(
        "stock.move",
        [["picking_id", "=", count.pop("picking_id")]],
        *("product_id", "quantity", "location_id", "location_dest_id", "state"),
    )
    assert count == {"state": "done", "short_count": 1, "over_count": 1}
    assert used == [
        {
            "product_id": day["blanket"],
            "quantity": 7,
            "location_id": day["shelf"],
            "location_dest_id": day["use"],
            "state": "done",
        }
    ]
    assert clerk.on_hand(day["blanket"], day["shelf"]) == 5
    assert clerk.on_hand(day["slippers"], day["shelf"]) == 6
    admin.call("ir.cron", "method_direct_trigger", [day["counted"]])
    (picking,) = ward_pickings(clerk, day, "assigned")
    clerk.validate(picking["id"])
    assert clerk.on_hand(day["blanket"], day["shelf"]) == 12


def open_inquiry(day, coordinator, tab=None):
    coordinator.open(f"care-inquiries/{day['ticket']}", ".o_form_view [name=care_nature_id]")
    if tab:
        coordinator.tab(tab)


def serve_an_inquiry(day, clerk, coordinator, **_people):
    page = coordinator.page
    open_inquiry(day, coordinator)
    coordinator.press("action_care_ask_store")
    page.fill(".modal [name=place] input", "bed 12")
    page.check(".modal [name=urgency] input[data-value=urgent]")
    page.locator(".modal [name=line_ids] .o_field_x2many_list_row_add > *").first.click()
    coordinator.choose(".modal .o_selected_row [name=product_id]", "Daybreak slippers")
    page.fill(".modal .o_selected_row [name=quantity] input", "2")
    coordinator.press("action_ask", ".modal")
    coordinator.wait_closed()
    page.wait_for_selector("[name=care_supply_text]:has-text('2 Daybreak slippers. Expected by')")
    (request,) = coordinator.read(
        "care.supply.request",
        [["ticket_id", "=", day["ticket"]]],
        *("id", "state", "urgency", "department_id"),
    )
    assert request["state"] == "ordered"
    assert request["department_id"] == day["ward"]
    (picking,) = ward_pickings(clerk, day, "assigned")
    assert picking["priority"] == "1"
    assert picking["care_supply_request_id"] == request["id"]
    clerk.open(f"action-stock.action_picking_tree_all/{picking['id']}")
    shown = clerk.page.locator(".o_form_sheet").inner_text()
    assert day["number"] in shown
    assert "Quillfeather" not in shown and "Cold at night" not in shown
    clerk.validate(picking["id"])
    assert clerk.on_hand(day["slippers"], day["shelf"]) == 8
    assert clerk.on_hand(day["slippers"], day["store"]) == 38
    (request,) = coordinator.read("care.supply.request", [["id", "=", request["id"]]], "state")
    assert request["state"] == "done"
    open_inquiry(day, coordinator)
    page.wait_for_selector("[name=care_supply_text]:has-text('2 Daybreak slippers. Arrived')")


def wheelchair(desk, day):
    (lot,) = desk.read(
        "stock.lot", [["id", "=", day["lot"]]], "care_loan_state", "location_id", "care_due_back"
    )
    return [lot["care_loan_state"], lot["location_id"], lot["care_due_back"]]


def lend(day, coordinator):
    """Lend the wheelchair for the inquiry by scanning it; the receipt comes as a file."""
    page = coordinator.page
    open_inquiry(day, coordinator, "Supplies and equipment")
    coordinator.press("action_care_lend")
    page.wait_for_selector(".modal [name=lot_ids]")
    coordinator.scan("DAY-WC-1")
    page.wait_for_selector(".modal [name=lot_ids] .o_data_row:has-text('DAY-WC-1')")
    with page.expect_download() as receipt:
        coordinator.press("action_lend", ".modal")
    assert receipt.value.suggested_filename.endswith(".pdf")


def refuse_to_lend(day, coordinator, sentence):
    """Scan it for the inquiry although it is not ready: it is not lent."""
    page = coordinator.page
    open_inquiry(day, coordinator, "Supplies and equipment")
    coordinator.press("action_care_lend")
    page.wait_for_selector(".modal [name=lot_ids]")
    coordinator.scan("DAY-WC-1")
    page.wait_for_selector(f".modal:has-text('{sentence}')")
    with pytest.raises(AssertionError, match=sentence):
        loan = coordinator.call(
            "care.loan",
            "create",
            {"ticket_id": day["ticket"], "lot_ids": [[6, 0, [day["lot"]]]]},
        )
        coordinator.call("care.loan", "action_lend", [loan])


def lend_and_take_back(day, clerk, coordinator, **_people):
    due = coordinator.call("care.loan", "default_get", ["due_back"])["due_back"]
    assert wheelchair(clerk, day) == ["available", day["store"], False]
    lend(day, coordinator)
    assert wheelchair(clerk, day) == ["lent", day["loan"], due]
    steps = [
        ("To clean", "cleaning", day["cleaning"], "it must be cleaned and inspected first"),
        ("To inspect", "inspection", day["cleaning"], "it must be inspected first"),
        ("Available", "available", day["store"], None),
    ]
    for word, state, place, sentence in steps:
        clerk.open("loan-scan", ".care_scan")
        clerk.page.wait_for_timeout(BOUNCE)
        clerk.scan("DAY-WC-1")
        clerk.page.wait_for_selector(f".alert-success:has-text('DAY-WC-1: {word}')")
        assert wheelchair(clerk, day) == [state, place, False]
        if sentence:
            refuse_to_lend(day, coordinator, sentence)
    lend(day, coordinator)
    assert wheelchair(clerk, day) == ["lent", day["loan"], due]
    loans = clerk.read(
        "stock.picking",
        [["care_ticket_id", "=", day["ticket"]], ["care_due_back", "!=", False]],
        *("state", "care_loan_state", "care_borrower"),
    )
    assert loans == [
        {"state": "done", "care_loan_state": "returned", "care_borrower": "patient"},
        {"state": "done", "care_loan_state": "lent", "care_borrower": "patient"},
    ]


def bell_state(desk, day):
    (bell,) = desk.read("maintenance.equipment", [["id", "=", day["bell"]]], "care_state")
    (down,) = desk.read("care.downtime", [["equipment_id", "=", day["bell"]]], "stop")
    return [bell["care_state"], bool(down["stop"])]


def find_a_fault_and_repair_it(day, admin, clerk, coordinator, nurse, **_people):
    admin.call("ir.cron", "method_direct_trigger", [day["rounds"]])
    (walk,) = nurse.read("care.round", [["department_id", "=", day["ward"]]], "id", "state")
    assert walk["state"] == "open"
    page = nurse.page
    nurse.open(f"care-rounds/{walk['id']}")
    nurse.press("action_walk")
    page.click(".o_care_round_fault")
    page.fill("#care_round_note", "It rings, but the lamp at the desk stays dark.")
    page.click(".o_care_round_report")
    page.wait_for_selector(".o_care_round_list .badge:has-text('Fault')")
    page.click(".o_care_round_finish")
    page.wait_for_selector(".o_kanban_view")
    (walk,) = nurse.read("care.round", [["id", "=", walk["id"]]], "state")
    assert walk["state"] == "done"
    (request,) = admin.read(
        "maintenance.request", [["equipment_id", "=", day["bell"]]], "id", "care_ticket_id"
    )
    assert not request["care_ticket_id"]
    assert bell_state(clerk, day) == ["out_of_service", False]

    page = coordinator.page
    open_inquiry(day, coordinator, "Equipment")
    coordinator.press("action_care_report_fault")
    page.wait_for_selector(".modal [name=equipment_id] input")
    coordinator.choose(".modal [name=equipment_id]", "Daybreak bell")
    page.wait_for_selector(f".modal:has-text('knows of a fault already (request {request['id']})')")
    page.fill(".modal [name=text] textarea", "Nobody came when the bell was rung.")
    coordinator.press("action_report", ".modal")
    coordinator.wait_closed()
    (request,) = admin.read(
        "maintenance.request", [["equipment_id", "=", day["bell"]]], "id", "care_ticket_id"
    )
    assert request["care_ticket_id"] == day["ticket"], "one repair, for both who reported it"

    admin.open(f"action-maintenance.hr_equipment_request_action/{request['id']}")
    shown = admin.page.locator(".o_form_sheet").inner_text()
    assert "Quillfeather" not in shown and "Cold at night" not in shown
    with admin.page.expect_response(lambda answer: answer.url.endswith("/web_save")):
        admin.page.click(".o_statusbar_status button:has-text('Repaired')")
    admin.wait_state("Repaired")
    assert bell_state(clerk, day) == ["in_service", True]
    faults = coordinator.read(
        "care.fault", [["equipment_id", "=", day["bell"]]], "source", "outcome"
    )
    assert faults == [
        {"source": "round", "outcome": "works"},
        {"source": "inquiry", "outcome": "works"},
    ]
    news = f"works again (request {request['id']})"
    told = admin.read(
        "mail.notification",
        [["res_partner_id", "=", day["nurse"]], ["mail_message_id.body", "ilike", news]],
        "id",
    )
    assert len(told) == 1, "who reported it hears once that it works again"
    open_inquiry(day, coordinator)
    page.wait_for_selector(f".o-mail-Message:has-text('Daybreak bell {news}')")

"""Install on a database full of tickets and stock but without Purchase, upgrade, uninstall."""

import os
import re

import pytest

from .conftest import Hospital, clone, drop

WITHOUT_PURCHASE = """
modules = env["ir.module.module"].search([("name", "in", ("purchase", "purchase_stock"))])
modules.button_immediate_uninstall()
result = True
"""
FILL = """
# Purchase took away the rule by which a warehouse receives from vendors; Inventory makes it again.
for warehouse in env["stock.warehouse"].search([]):
    warehouse._create_or_update_route()
stage_done = env.ref("helpdesk_mgmt.helpdesk_ticket_stage_done")
team = env["helpdesk.ticket.team"].create({"name": "IT", "alias_name": "it-desk"})
category = env["helpdesk.ticket.category"].create({"name": "Printers"})
tickets = env["helpdesk.ticket"].create([
    {"name": f"Printer {n}", "description": "Toner", "team_id": team.id if n % 2 else False,
     "category_id": category.id}
    for n in range(300)
])
tickets[:100].write({"stage_id": stage_done.id})
product = env["product.product"].create([
    {"name": f"Blanket {n}", "is_storable": True} for n in range(50)
])
place = env["stock.warehouse"].search([], limit=1).lot_stock_id
env["stock.quant"].create([
    {"product_id": p.id, "location_id": place.id, "inventory_quantity": 5} for p in product
]).action_apply_inventory()
env.cr.commit()
result = tickets.ids
"""
LOOK = """
tickets = env["helpdesk.ticket"].browse({ids})
quants = env["stock.quant"].search([("location_id.usage", "=", "internal")])
result = {{
    "inquiries": len(tickets.filtered("care_is_inquiry")),
    "closed": len(tickets.filtered("closed")),
    "teams": sorted(set(tickets.mapped("team_id.name"))),
    "quantity": sum(quants.mapped("quantity")),
    "live": env["care.ruleset"].search_count([("state", "=", "live")]),
    "companies": env["res.company"].search_count([]),
    "decisions": env["care.decision"].search_count([]),
    "made": env["helpdesk.ticket"].search_count([("care_is_inquiry", "=", True)]),
    "versions": env["care.ruleset"].search_count([]),
}}
"""
ORDER = """
from odoo import Command
company = env["res.company"].search([], limit=1)
warehouse = env["stock.warehouse"].search([("company_id", "=", company.id)], limit=1)
ward = env["care.department"].create({"name": "Ward 7", "company_id": company.id})
env["care.ward.setup"].create({
    "company_id": company.id, "warehouse_id": warehouse.id,
    "department_ids": [Command.set(ward.ids)],
}).action_apply()
clerk = env["res.users"].create({
    "name": "Clerk", "login": "clerk",
    "group_ids": [Command.link(env.ref("patient_care_coordination.group_supplies_clerk").id)],
})
product = env["product.product"].create({
    "name": "Pillow", "is_storable": True,
    "categ_id": env.ref("patient_care_coordination.supply_category_comfort").id,
})
level = env["stock.warehouse.orderpoint"].with_user(clerk).create({
    "product_id": product.id, "location_id": warehouse.lot_stock_id.id, "trigger": "manual",
    "product_min_qty": 10, "product_max_qty": 20,
})
preview = env["care.reorder"].with_user(clerk).browse(level.action_care_order()["res_id"])
source = preview.line_ids.source
answer = preview.action_order()
receipt = env["stock.move"].search([("product_id", "=", product.id)]).picking_id
before = [receipt.picking_type_id.code, receipt.state, level.care_on_order, level.qty_to_order]
receipt.with_user(clerk).button_validate()
env.cr.commit()
view = env.ref("patient_care_coordination.reorder_view_list")
shown = level.get_view(view.id, "list")["arch"]
result = {
    "confirm": "confirm" in shown,
    "purchase": "purchase.order" in env, "source": source,
    "answer": answer.get("params", {}).get("message") or preview.line_ids.mapped("error"),
    "before": before, "state": receipt.state, "there": level.care_on_hand,
}
"""
MAKE = """
nature = env.ref("patient_care_coordination.nature_question")
env["helpdesk.ticket"].create([
    {"name": f"Soup {n}", "description": "The soup was cold", "care_nature_id": nature.id}
    for n in range(20)
])
env.cr.commit()
result = True
"""
UNINSTALL = """
module = env["ir.module.module"].search([("name", "=", "patient_care_coordination")])
module.button_immediate_uninstall()
result = True
"""
WORK_ON = """
team = env["helpdesk.ticket.team"].search([("name", "=", "IT")])
ticket = env["helpdesk.ticket"].create([
    {"name": "Screen", "description": "Dark", "team_id": team.id}
])
ticket.stage_id = env.ref("helpdesk_mgmt.helpdesk_ticket_stage_done")
mail = "From: a@b.example\\nTo: it-desk@h.example\\nSubject: Help\\nMessage-Id: <u1@b>\\n\\nPlease"
made = env["mail.thread"].message_process("helpdesk.ticket", mail)
access = env.ref("helpdesk_mgmt.access_helpdesk_ticket_stage_public")
fields = env["ir.model.fields"].search_count([("name", "=like", "care\\\\_%")])
result = [ticket.closed, bool(made), access.perm_write, fields,
          env["helpdesk.ticket"].search_count([("name", "like", "Printer ")])]
"""


def warnings(log):
    return [
        line
        for line in log.splitlines()
        if re.search(r" (WARNING|ERROR|CRITICAL) ", line) and "DeprecationWarning" not in line
    ]


@pytest.fixture(scope="module")
def database():
    name = "pcc_test_lifecycle"
    clone(os.environ["CARE_BASE"], name)
    yield Hospital(name)
    drop(name)


def test_install_upgrade_uninstall(database):
    database.shell(WITHOUT_PURCHASE)
    ids = database.shell(FILL)

    log = database.run_server("-i", "patient_care_coordination")
    assert not warnings(log)
    look = database.shell(LOOK.format(ids=ids))
    assert look["inquiries"] == 0
    assert look["closed"] == 100
    assert look["teams"] == ["IT"]
    assert look["quantity"] == 250
    assert look["live"] == look["companies"]

    assert database.shell(ORDER) == {
        "confirm": False,
        "purchase": False,
        "source": "A receipt",
        "answer": "1 line was ordered.",
        "before": ["incoming", "assigned", 20, 0],
        "state": "done",
        "there": 20,
    }
    look["quantity"] += 20

    database.shell(MAKE)
    log = database.run_server("-u", "patient_care_coordination")
    assert not warnings(log)
    again = database.shell(LOOK.format(ids=ids))
    assert again == look | {"decisions": look["decisions"] + 20, "made": look["made"] + 20}

    database.shell(UNINSTALL)
    closed, mailed, public_writes, fields, printers = database.shell(WORK_ON)
    assert closed
    assert mailed
    assert public_writes, "the right of the base was not given back"
    assert fields == 0
    assert printers == 300

"""Install on a database full of tickets and stock, upgrade, uninstall."""

import os
import re

import pytest

from .conftest import Hospital, clone, drop

FILL = """
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
    ids = database.shell(FILL)

    log = database.run_server("-i", "patient_care_coordination")
    assert not warnings(log)
    look = database.shell(LOOK.format(ids=ids))
    assert look["inquiries"] == 0
    assert look["closed"] == 100
    assert look["teams"] == ["IT"]
    assert look["quantity"] == 250
    assert look["live"] == look["companies"]

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

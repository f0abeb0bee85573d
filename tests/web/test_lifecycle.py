"""Install on a database full of tickets and stock but without Purchase, upgrade, uninstall."""

import os
import re

import pytest

from ..databases import Hospital, clone, drop, run_sql

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


# Rows that Odoo itself adds whenever modules come and go, or that only note that something was.
OWN_ROWS = (
    "ir_attachment",  # bundles of assets
    "ir_cron_progress",
    "ir_cron_trigger",
    "ir_logging",
    "ir_profile",
    "mail_message",
    "orm_signaling_",
)
CATALOGUE = {
    "columns": "SELECT table_name, column_name, data_type FROM information_schema.columns"
    " WHERE table_schema = 'public'",
    "indexes": "SELECT tablename, indexdef FROM pg_indexes WHERE schemaname = 'public'",
    "constraints": "SELECT conrelid::regclass::text, conname FROM pg_constraint"
    " WHERE connamespace = 'public'::regnamespace",
    "sequences": "SELECT relname::text FROM pg_class WHERE relkind = 'S'",
    "functions": "SELECT proname::text FROM pg_proc WHERE pronamespace = 'public'::regnamespace",
    "menus": "SELECT id, parent_id, sequence, active, action, name, array(SELECT gid FROM"
    " ir_ui_menu_group_rel WHERE menu_id = id ORDER BY gid) FROM ir_ui_menu",
    "channels": "SELECT id, name, company_id, active FROM helpdesk_ticket_channel",
    "rights": "SELECT id, perm_read, perm_write, perm_create, perm_unlink FROM ir_model_access",
    "rules": "SELECT id, domain_force, active FROM ir_rule",
    "groups": "SELECT gid, hid FROM res_groups_implied_rel",
    "members": "SELECT gid, uid FROM res_groups_users_rel",
    "views": "SELECT id, active, arch_db FROM ir_ui_view",
    "crons": "SELECT id, active, interval_number, interval_type FROM ir_cron",
    "calendars": "SELECT id, name, active FROM resource_calendar",
    "tickets": "SELECT id, name, team_id, category_id, stage_id, user_id FROM helpdesk_ticket",
}
# Tables whose rows an installation must not seem to have changed.
UNTOUCHED = [
    "helpdesk_ticket",
    "helpdesk_ticket_team",
    "helpdesk_ticket_category",
    "helpdesk_ticket_stage",
    "product_category",
    "product_template",
    "resource_calendar",
    "res_partner",
    "res_users",
    "stock_location",
    "stock_lot",
    "stock_picking",
    "stock_warehouse",
]
LONG_AGO = "2020-01-01 00:00:00"
USE = """
category = env.ref("patient_care_coordination.category_food")
team = env.company.care_triage_team_id
env["helpdesk.ticket"].create([
    {"name": "Canteen", "description": "Closed", "category_id": category.id},
    {"name": "Soup", "description": "Cold", "team_id": team.id},
])
env.cr.commit()
result = [category.id, team.id]
"""
COUNT = """
result = {
    "teams": env["helpdesk.ticket.team"].search_count([("name", "=", "Patient relations")]),
    "triage": env.company.care_triage_team_id.id,
    "desk": env.company.care_triage_team_id.care_desk,
    "category": env.ref("patient_care_coordination.category_food").id,
    "foods": env["helpdesk.ticket.category"].search_count([("name", "=", "Food and drink")]),
    "soup": env["helpdesk.ticket"].search([("name", "=", "Soup")]).team_id.id,
}
"""


def catalogue(name):
    """What a database is made of, and how many rows each table has."""
    found = {
        kind: {repr(row) for row in run_sql(statement, name)}
        for kind, statement in CATALOGUE.items()
    }
    tables = run_sql(
        "SELECT table_name FROM information_schema.tables"
        " WHERE table_schema = 'public' AND table_type = 'BASE TABLE'",
        name,
    )
    counts = " UNION ALL ".join(
        f"SELECT '{table}', count(*) FROM \"{table}\""
        for (table,) in tables
        if not table.startswith(OWN_ROWS)
    )
    return found | {"rows": {repr(row) for row in run_sql(counts, name)}}


@pytest.fixture
def untouched():
    """A hospital's database before the addon comes."""
    name = "pcc_test_lifecycle_back"
    clone(os.environ["CARE_BASE"], name)
    yield Hospital(name)
    drop(name)


def test_an_uninstallation_gives_everything_back(untouched):
    database, name = untouched, untouched.name
    database.shell(FILL)
    for table in UNTOUCHED:
        run_sql(f"UPDATE {table} SET write_date = '{LONG_AGO}'", name)
    newest = {
        table: run_sql(f"SELECT max(id) FROM {table}", name)[0][0] or 0 for table in UNTOUCHED
    }
    before = catalogue(name)

    database.run_server("-i", "patient_care_coordination")
    for table in UNTOUCHED:
        changed = f"SELECT count(*) FROM {table} WHERE write_date > '{LONG_AGO}' AND id <= "
        assert run_sql(changed + str(newest[table]), name)[0][0] == 0, table

    database.shell(UNINSTALL)
    after = catalogue(name)
    for kind, rows in before.items():
        assert sorted(after[kind] - rows) == [], f"{kind} that were left"
        assert sorted(rows - after[kind]) == [], f"{kind} that were lost"

    # What the hospital's tickets use stays, and a new installation takes it up again.
    database.run_server("-i", "patient_care_coordination")
    category_id, team_id = database.shell(USE)
    database.shell(UNINSTALL)
    kept = "SELECT category_id, team_id FROM helpdesk_ticket WHERE name IN ('Canteen', 'Soup')"
    used = {number for row in run_sql(kept, name) for number in row}
    assert {category_id, team_id} <= used
    database.run_server("-i", "patient_care_coordination")
    assert database.shell(COUNT) == {
        "teams": 1,
        "triage": team_id,
        "desk": True,
        "category": category_id,
        "foods": 1,
        "soup": team_id,
    }

"""Two clerks in two server processes order the same shortage at the same moment."""

import threading
import time

import pytest

from ..databases import locked, run_sql
from .pair import Session, two_servers

# Everybody who has put a line into an order to a vendor waits here before the transaction goes on.
GATE = 4711
BUILD_GATE = f"""
CREATE FUNCTION care_test_gate() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN PERFORM pg_advisory_xact_lock_shared({GATE}); RETURN NULL; END $$;
CREATE TRIGGER care_test_gate AFTER INSERT ON purchase_order_line
FOR EACH STATEMENT EXECUTE FUNCTION care_test_gate();
"""
AT_THE_GATE = (
    f"SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND objid = {GATE} AND NOT granted"
)

PREPARE = """
from odoo.fields import Command
module = "patient_care_coordination"
clerks = env["res.users"].with_context(no_reset_password=True).create([
    {"name": f"Clerk {n}", "login": f"clerk{n}", "password": f"clerk{n}",
     "group_ids": [Command.link(env.ref(f"{module}.group_supplies_clerk").id)]}
    for n in range(2)
])
warehouse = env["stock.warehouse"].search([("company_id", "=", env.company.id)], limit=1)
ward = env["care.department"].search([("name", "=", "Ward 7")], limit=1)
env["care.ward.setup"].create({
    "warehouse_id": warehouse.id, "department_ids": [Command.set(ward.ids)],
}).action_apply()
vendor = env["res.partner"].create({"name": "Race vendor"})
products = env["product.product"].create([
    {"name": f"Race {n}", "is_storable": True,
     "categ_id": env.ref(f"{module}.supply_category_comfort").id,
     "seller_ids": [Command.create({"partner_id": vendor.id, "price": 2, "delay": 1})]}
    for n in range(40)
])
levels = env["stock.warehouse.orderpoint"].with_user(clerks[0]).create([
    {"product_id": product.id, "location_id": warehouse.lot_stock_id.id,
     "product_min_qty": 5, "product_max_qty": 10}
    for product in products
])
for product in products[:20]:
    env["stock.quant"]._update_available_quantity(product, warehouse.lot_stock_id, 1)
levels._compute_qty_to_order_computed()
ward_product = env["product.product"].create({
    "name": "Ward race", "is_storable": True,
    "categ_id": env.ref(f"{module}.supply_category_comfort").id,
})
env["stock.quant"]._update_available_quantity(ward_product, warehouse.lot_stock_id, 100)
ward_level = env["stock.warehouse.orderpoint"].with_user(clerks[0]).create({
    "product_id": ward_product.id, "location_id": ward.location_id.id,
    "product_min_qty": 5, "product_max_qty": 10,
})
late = env["product.product"].create({
    "name": "Late race", "is_storable": True,
    "categ_id": env.ref(f"{module}.supply_category_comfort").id,
    "seller_ids": [Command.create({"partner_id": vendor.copy({"name": "Late vendor"}).id})],
})
late_level = env["stock.warehouse.orderpoint"].with_user(clerks[0]).create({
    "product_id": late.id, "location_id": warehouse.lot_stock_id.id,
    "product_min_qty": 5, "product_max_qty": 10,
})
env.cr.commit()
result = {
    "levels": (levels | ward_level).ids, "late": late_level.id, "clerk": clerks[0].id,
}
"""

COUNT = """
lines = env["purchase.order.line"].search([("partner_id.name", "=", "Race vendor")])
moves = env["stock.move"].search([("product_id.name", "=", "Ward race"), ("state", "!=", "cancel")])
result = {
    "products": len(lines.product_id),
    "lines": len(lines),
    "quantities": sorted(set(lines.mapped("product_qty"))),
    "orders": len(lines.order_id),
    "ward": moves.mapped("product_uom_qty"),
}
"""


# One reads what is short, another orders it, and only then the first orders, too.
LATE = """
from psycopg2.errors import SerializationFailure
level = env["stock.warehouse.orderpoint"].with_user({clerk}).browse({late})
short = level.qty_to_order
with env.registry.cursor() as cr:
    first = level.with_env(level.env(cr=cr))
    assert not first._care_order({{first: (short, short)}})
try:
    level._care_order({{level: (short, short)}})
    answer = "ordered"
except SerializationFailure:
    answer = "sent back to read anew"
env.cr.rollback()
again = level._care_order({{level: (short, short)}})
lines = env["purchase.order.line"].search([("partner_id.name", "=", "Late vendor")])
result = [answer, *again.values(), lines.mapped("product_qty")]
"""


@pytest.fixture(scope="module")
def store(demo_template):
    with two_servers(demo_template, "pcc_test_store", PREPARE) as found:
        yield found


@pytest.fixture
def gate(store):
    """``with gate():`` nobody gets past the gate; it opens at the end."""
    run_sql(BUILD_GATE, Session.database)
    return lambda: locked(GATE, Session.database)


def wait_for(seen):
    """Wait until ``seen()`` is true; whether it became so."""
    end = time.monotonic() + 30
    while not (found := seen()) and time.monotonic() < end:
        time.sleep(0.1)
    return bool(found)


def test_two_clerks_order_the_same_shortage_once(store, gate):
    servers, facts = store
    sessions = [Session(server.url, f"clerk{n}") for n, server in enumerate(servers)]
    wizards = [
        session.call("stock.warehouse.orderpoint", "action_care_order", facts["levels"])["res_id"]
        for session in sessions
    ]
    answers, errors = {}, []

    def order(number):
        try:
            answers[number] = sessions[number].call(
                "care.reorder", "action_order", [wizards[number]]
            )
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=order, args=(number,)) for number in range(2)]
    with gate():
        threads[0].start()
        assert wait_for(lambda: run_sql(AT_THE_GATE, Session.database))
        threads[1].start()
        told_at_once = wait_for(lambda: 1 in answers or errors)
        assert 0 not in answers, "the first was to be in the middle of ordering"
    for thread in threads:
        thread.join()
    assert not errors
    assert told_at_once, "the second waited for the first instead of being told"
    counted = servers[0].shell(COUNT)
    assert counted["products"] == counted["lines"] == 40
    # 40 products were short: half of them of 9, the others of 10.
    assert counted["quantities"] == [9, 10]
    assert counted["orders"] == 1
    assert counted["ward"] == [10]
    told = [
        session.call("care.reorder.line", "search_read", [["reorder_id", "=", wizard]], ["error"])
        for session, wizard in zip(sessions, wizards, strict=True)
    ]
    assert not told[0], "the first ordered everything"
    assert [line["error"] for line in told[1]] == ["Somebody else is ordering it right now."] * 41


def test_who_read_before_another_ordered_reads_anew(store):
    servers, facts = store
    assert servers[0].shell(LATE.format(**facts)) == [
        "sent back to read anew",
        "It is no longer short: it was ordered already.",
        [10],
    ]

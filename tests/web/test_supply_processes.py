"""Two clerks in two server processes order the same shortage at the same moment."""

import threading

import pytest

from .pair import Session, two_servers

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
env.cr.commit()
result = {"levels": (levels | ward_level).ids, "vendor": vendor.id, "ward": ward_product.id}
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


@pytest.fixture(scope="module")
def store(demo_template):
    with two_servers(demo_template, "pcc_test_store", PREPARE) as found:
        yield found


def test_two_clerks_order_the_same_shortage_once(store):
    servers, facts = store
    sessions = [Session(server.url, f"clerk{n}") for n, server in enumerate(servers)]
    wizards = [
        session.call("stock.warehouse.orderpoint", "action_care_order", facts["levels"])["res_id"]
        for session in sessions
    ]
    gate, answers, errors = threading.Barrier(2), {}, []

    def order(number):
        try:
            gate.wait()
            answers[number] = sessions[number].call(
                "care.reorder", "action_order", [wizards[number]]
            )
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=order, args=(number,)) for number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors
    counted = servers[0].shell(COUNT)
    assert counted["products"] == counted["lines"] == 40
    # 40 products were short: half of them of 9, the others of 10.
    assert counted["quantities"] == [9, 10]
    assert counted["orders"] == 1
    assert counted["ward"] == [10]
    told = []
    for session, wizard in zip(sessions, wizards, strict=True):
        lines = session.call(
            "care.reorder.line", "search_read", [["reorder_id", "=", wizard]], ["error"]
        )
        told += [line["error"] for line in lines]
    # Whatever one did not order, he reads why; together they ordered each once.
    assert len(told) == 41
    assert set(told) <= {
        "It is no longer short: it was ordered already.",
        "Somebody else is ordering it right now.",
    }

"""What ward supplies cost at the size of a hospital group: ``./dev bench supply``.

A hundred wards with two hundred products each; one shelf in ten is short. The top-up is timed
against Odoo's own on a clone of the same database from which the addon was uninstalled: both run
the scheduler's method on the same rules, by turns, three times each, and must make the same moves.
The screens are timed on the server, as the supplies clerk.
"""

import os
import statistics
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

SIZES = {
    "whole": {"SIZE": "whole", "WARDS": 100, "PRODUCTS": 200, "RUNS": 3},
    "small": {"SIZE": "small", "WARDS": 10, "PRODUCTS": 20, "RUNS": 1},
}
SIZE, WARDS, PRODUCTS, RUNS = SIZES["whole"].values()
TARGETS = [
    ("topup_ratio", 1.05, "at most", "top-up of all wards over Odoo's own"),
    ("reorder_list_ms", 300, "under", "list of what is short, one ward"),
    ("grid_ms", 300, "under", "grid of par levels, one ward"),
]


def resize(size):
    """Use the numbers of ``SIZES[size]`` from now on."""
    globals().update(SIZES[size])


# ---------------------------------------------------------------------------
# The hospital
# ---------------------------------------------------------------------------


def build(env):
    """Make the wards, their par levels and what lies on the shelves; returns the number of levels.

    Nothing of it refers to data of the addon, which can be uninstalled from under it.
    """
    company = env.company
    warehouse = env["stock.warehouse"].search([("company_id", "=", company.id)], limit=1)
    category = env["product.category"].create({"name": "Bench", "care_supply": True})
    departments = env["care.department"].create(
        [{"name": f"Bench ward {number:03}"} for number in range(WARDS)]
    )
    env["care.ward.setup"].create(
        {"warehouse_id": warehouse.id, "department_ids": [(6, 0, departments.ids)]}
    ).action_apply()
    vendor = env["res.partner"].create({"name": "Bench vendor"})
    things = env["product.product"].create(
        [
            {
                "name": f"Bench thing {number:03}",
                "is_storable": True,
                "categ_id": category.id,
                "seller_ids": [(0, 0, {"partner_id": vendor.id, "price": 1, "delay": 2})],
            }
            for number in range(PRODUCTS)
        ]
    )
    env.flush_all()
    env.cr.execute(
        """
        INSERT INTO stock_quant (product_id, location_id, company_id, quantity, reserved_quantity,
                                 in_date, create_uid, write_uid, create_date, write_date)
        SELECT product, location, %s, CASE
                   WHEN location = %s THEN 100000
                   WHEN (product + location) %% 10 = 0 THEN 2
                   ELSE 7 END,
               0, now() at time zone 'utc', 1, 1, now() at time zone 'utc', now() at time zone 'utc'
        FROM unnest(%s) AS product, unnest(%s) AS location
        """,
        [
            company.id,
            warehouse.lot_stock_id.id,
            things.ids,
            [warehouse.lot_stock_id.id, *departments.location_id.ids],
        ],
    )
    env.invalidate_all()
    count = 0
    for department in departments:
        count += len(
            env["stock.warehouse.orderpoint"].create(
                [
                    {
                        "product_id": thing.id,
                        "location_id": department.location_id.id,
                        "product_min_qty": 5,
                        "product_max_qty": 10,
                        "care_use_per_day": 2,
                    }
                    for thing in things
                ]
            )
        )
        env.flush_all()
        env.invalidate_all()
    env["stock.warehouse.orderpoint"].with_user(2).create(
        [
            {
                "product_id": thing.id,
                "location_id": warehouse.lot_stock_id.id,
                "product_min_qty": 200_000,
                "product_max_qty": 300_000,
                "trigger": "manual",
            }
            for thing in things
        ]
    )
    env.cr.commit()
    return count


def uninstall(env):
    """Take the addon away; its wards stay as plain locations with plain reordering rules."""
    env["ir.module.module"].search(
        [("name", "=", "patient_care_coordination")]
    ).button_immediate_uninstall()
    return True


# ---------------------------------------------------------------------------
# What is measured
# ---------------------------------------------------------------------------


def top_up(env):
    """Run the scheduler's method on all par levels: ``{"seconds", "moves"}``.

    ``moves`` says what was ordered, whatever the numbers of its records.
    """
    levels = env["stock.warehouse.orderpoint"].search(
        [
            ("trigger", "=", "auto"),
            ("product_id.active", "=", True),
            ("location_id.name", "=like", "Bench ward%"),
        ]
    )
    env.invalidate_all()
    start = time.perf_counter()
    levels.sudo()._procure_orderpoint_confirm(company_id=env.company, raise_user_error=False)
    env.flush_all()
    env.cr.precommit.run()
    env.cr.commit()
    seconds = time.perf_counter() - start
    env.cr.execute(
        """
        SELECT count(*), md5(string_agg(concat_ws(' ', place.name, move.product_id,
                   move.product_uom_qty::float, move.state, source.name, kind.sequence_code),
                   ',' ORDER BY move.location_dest_id, move.product_id))
        FROM stock_move AS move
        JOIN stock_location AS place ON place.id = move.location_dest_id
        JOIN stock_location AS source ON source.id = move.location_id
        JOIN stock_picking AS picking ON picking.id = move.picking_id
        JOIN stock_picking_type AS kind ON kind.id = picking.picking_type_id
        """
    )
    return {"levels": len(levels), "seconds": seconds, "moves": list(env.cr.fetchone())}


def middle_ms(env, call, times=15):
    """The median of milliseconds that a call takes with nothing in the cache."""
    taken = []
    for _number in range(times):
        env.flush_all()
        env.invalidate_all()
        start = time.perf_counter()
        call()
        taken.append((time.perf_counter() - start) * 1000)
    return statistics.median(taken)


def screens(env):
    """What the clerk and a nurse wait for on the server: lists in milliseconds, a count in seconds.

    The count goes from opening to booking, with one call for each of its lines, of which every
    fourth is one short; the request goes from its creation to the transfers.
    """
    from odoo.fields import Command
    from odoo.tests import new_test_user

    clerk = new_test_user(
        env, login="bench_clerk", groups="patient_care_coordination.group_supplies_clerk"
    )
    nurse = new_test_user(
        env, login="bench_nurse", groups="patient_care_coordination.group_ward_staff"
    )
    wards = env["care.department"].search([("name", "=like", "Bench ward%")], order="name")
    wards.ward_user_ids = [Command.link(nurse.id)]
    ward, counted, asking = wards[7], wards[8], wards[9]
    rules = env["stock.warehouse.orderpoint"].with_user(clerk)
    short = rules._care_short_domain()
    view = rules.get_view(env.ref("patient_care_coordination.reorder_view_list").id, "list")
    shown = {
        name: {"fields": {"display_name": {}}} if rules._fields[name].type == "many2one" else {}
        for name in view["models"]["stock.warehouse.orderpoint"]
        if name in rules._fields and f'name="{name}"' in view["arch"]
    }

    def grid():
        page = rules.care_grid(ward.ids, limit=500)
        assert len(page["rows"]) == PRODUCTS, len(page["rows"])

    def reorder(domain):
        page = rules.web_search_read(domain, shown, order="location_id, product_id", limit=80)
        assert page["records"], "nothing is short"

    figures = {
        "reorder_list_ms": middle_ms(
            env, lambda: reorder([*short, ("care_department_id", "=", ward.id)])
        ),
        "reorder_all_ms": middle_ms(env, lambda: reorder(list(short))),
        "grid_ms": middle_ms(env, grid),
    }
    env.flush_all()
    env.invalidate_all()
    start = time.perf_counter()
    counts = env["care.ward.count"].with_user(nurse)
    count = counts.browse(counts.care_open(counted.id)["res_id"])
    lines = count.care_lines()
    assert len(lines) == PRODUCTS, len(lines)
    for number, line in enumerate(lines):
        count.care_set(line["id"], line["expected"] - (number % 4 == 0))
    count.action_book()
    env.flush_all()
    figures["count_200_lines_s"] = time.perf_counter() - start
    assert count.sudo().state == "done" and count.sudo().picking_id.state == "done"
    things = env["product.product"].search([("name", "=like", "Bench thing%")], limit=20)

    def request():
        asked = (
            env["care.supply.request"]
            .with_user(nurse)
            .create(
                {
                    "department_id": asking.id,
                    "line_ids": [
                        Command.create({"product_id": thing.id, "quantity": 2}) for thing in things
                    ],
                }
            )
        )
        asked.action_send()
        env.flush_all()
        assert len(asked.sudo().line_ids.move_ids) == len(things), "not every line was ordered"

    figures["request_20_lines_ms"] = middle_ms(env, request, times=5)
    return figures


def rehearse(env):
    """All of the above in one go, small, without the clone that has no addon."""
    levels = build(env)
    figures = screens(env)
    result = top_up(env)
    assert result["levels"] == levels and result["moves"][0], result
    return {"par_lines": levels, "topup_s": result["seconds"], **figures}


def say(text):
    """Tell on standard error what is being done."""
    print(f"  {text} ...", file=sys.stderr, flush=True)


def measure():
    """All figures, in the order of the report."""
    from tests.databases import Hospital, clone, drop, run_sql

    ours, core, run = (f"pcc_bench_supply_{kind}_{os.getpid()}" for kind in ("ours", "core", "run"))
    inside = (
        f"import sys\nsys.path.insert(0, {str(ROOT)!r})\n"
        f"from tests.bench import bench_supply\nbench_supply.resize({SIZE!r})\n"
        "result = bench_supply.{}(env)\n"
    )
    taken = {ours: [], core: []}
    made = {}
    try:
        if SIZE == "small":
            clone(os.environ["CARE_TEMPLATE"], run)
            return Hospital(run).shell(inside.format("rehearse"))
        say(f"making {WARDS} wards with {PRODUCTS} products each")
        clone(os.environ["CARE_TEMPLATE"], ours)
        levels = Hospital(ours).shell(inside.format("build"))
        clone(ours, core)
        say("uninstalling the addon from a clone")
        Hospital(core).shell(inside.format("uninstall"))
        for name in (ours, core):
            run_sql("VACUUM ANALYZE", name)
        for number in range(RUNS):
            for name in (ours, core):
                say(f"top-up {number + 1} of {RUNS}, {'ours' if name == ours else 'core'}")
                clone(name, run)
                result = Hospital(run).shell(inside.format("top_up"))
                assert result["levels"] == levels, result
                taken[name].append(result["seconds"])
                made.setdefault(name, result["moves"])
                assert made[name] == result["moves"], "a repetition made other moves"
        assert made[ours] == made[core], f"not the same moves: {made}"
        say("timing the screens")
        figures = Hospital(ours).shell(inside.format("screens"))
    finally:
        for name in (ours, core, run):
            drop(name)
    topup, own = (statistics.median(taken[name]) for name in (ours, core))
    return {
        "wards": WARDS,
        "products": PRODUCTS,
        "par_lines": levels,
        "moves": made[ours][0],
        "topup_s": topup,
        "core_s": own,
        "topup_ratio": topup / own,
        **figures,
    }


if __name__ == "__main__":
    from tests.bench import report

    sys.exit(report.main(__doc__, measure, TARGETS, resize))

import math
import random
from collections import Counter
from datetime import datetime, time, timedelta

from odoo import Command, fields, models
from odoo.tools import SQL

HISTORY_DAYS = 90
# Department, type of ward, days between top-ups, how busy it is.
WARDS = [
    ("Ward 3", "nursing", 2, 1.0),
    ("Ward 4", "nursing", 2, 0.9),
    ("Ward 7", "nursing", 2, 1.2),
    ("Ward 8", "nursing", 2, 0.8),
    ("Maternity", "nursing", 2, 0.7),
    ("Children's ward", "nursing", 2, 0.6),
    ("Day surgery", "clinic", 7, 0.4),
    ("Emergency department", "emergency", 1, 1.5),
]
# Name, days of delivery.
VENDORS = {
    "Comfort & Linen Supply": 3,
    "Access Aids Direct": 10,
    "City Print Works": 5,
    "House and Kitchen Wholesale": 2,
}
# Category, vendor, shelf; then name, use of an average ward a day, price.
SUPPLIES = [
    (
        "comfort",
        "Comfort & Linen Supply",
        "A",
        [
            ("Blanket, fleece", 2.5, 6.5),
            ("Pillow, wipeable", 0.5, 8.0),
            ("Eye mask", 3.0, 0.4),
            ("Ear plugs, pair", 5.0, 0.15),
            ("Toiletry kit", 3.5, 1.9),
            ("Toothbrush", 3.0, 0.3),
            ("Slippers, medium", 2.0, 1.6),
            ("Slippers, large", 1.2, 1.6),
            ("Gown, non-sterile", 6.0, 2.2),
            ("Phone charger, USB-C", 0.15, 7.5),
            ("Remote control for television", 0.05, 12.0),
            ("Comb", 1.5, 0.2),
        ],
    ),
    (
        "access",
        "Access Aids Direct",
        "B",
        [
            ("Amplifier, pocket", 0.05, 95.0),
            ("Hearing aid batteries, size 312", 0.8, 2.4),
            ("Magnifier, hand", 0.06, 9.0),
            ("Picture board, A4", 0.08, 4.5),
            ("Reading glasses, +2.5", 0.2, 3.2),
            ("Pen grip", 0.1, 1.1),
        ],
    ),
    (
        "family",
        "House and Kitchen Wholesale",
        "C",
        [
            ("Visitor badge", 4.0, 0.25),
            ("Parking voucher", 3.0, 2.0),
            ("Meal voucher", 1.5, 6.0),
            ("Child activity kit", 0.8, 3.0),
            ("Family room linen set", 0.3, 11.0),
        ],
    ),
    (
        "information",
        "City Print Works",
        "D",
        [
            ("Leaflet: your stay, English", 4.0, 0.12),
            ("Leaflet: your stay, Spanish", 0.8, 0.12),
            ("Leaflet: your stay, Arabic", 0.4, 0.12),
            ("Leaflet: going home", 3.5, 0.12),
            ("Complaint form", 0.6, 0.08),
            ("Your rights, poster A3", 0.03, 1.2),
            ("Map of the hospital", 3.0, 0.1),
            ("Large-print pack", 0.2, 2.5),
        ],
    ),
    (
        "belongings",
        "House and Kitchen Wholesale",
        "E",
        [
            ("Property bag", 3.0, 0.35),
            ("Property bag seal", 3.0, 0.05),
            ("Lost-property tag", 0.7, 0.04),
            ("Denture box", 0.5, 0.6),
            ("Hearing aid box", 0.2, 0.7),
            ("Memory box", 0.04, 14.0),
        ],
    ),
    (
        "office",
        "City Print Works",
        "F",
        [
            ("Paper A4, ream", 0.8, 3.9),
            ("Pens, blue", 1.0, 0.2),
            ("Labels for files, sheet", 0.9, 0.3),
            ("Toner, black", 0.06, 58.0),
            ("Envelopes C5", 1.4, 0.05),
            ("Clipboard", 0.05, 2.2),
        ],
    ),
    (
        "housekeeping",
        "House and Kitchen Wholesale",
        "G",
        [
            ("Hand soap, 1 l", 1.6, 2.8),
            ("Paper towels, pack", 4.5, 1.4),
            ("Toilet paper, pack", 3.0, 2.6),
            ("Facial tissues, box", 5.0, 0.9),
            ("Bin liners, roll", 1.8, 3.1),
            ("Surface cleaner, 500 ml", 0.9, 2.3),
            ("Bed linen set", 7.0, 9.0),
        ],
    ),
    (
        "refreshment",
        "House and Kitchen Wholesale",
        "H",
        [
            ("Water, 0.5 l", 14.0, 0.3),
            ("Paper cups, sleeve", 2.0, 1.7),
            ("Snack pack", 3.0, 1.5),
            ("Tea bags, box", 0.5, 3.4),
        ],
    ),
]
# Lent by serial number: name, code of the tag, how many, price.
LOANS = [
    ("Wheelchair", "WC", 8, 320.0),
    ("Walking frame", "WF", 6, 45.0),
    ("Transfer chair", "TC", 3, 410.0),
    ("Interpreter tablet", "IT", 4, 380.0),
    ("Folding bed", "FB", 5, 130.0),
    ("Recliner", "RC", 2, 540.0),
]


class ResCompany(models.Model):
    """The part of the demo hospital that shows supplies: wards, shelves, three months of use."""

    _inherit = "res.company"

    def _care_demo_ready(self, env, users):
        result = super()._care_demo_ready(env, users)
        rng = random.Random(7)
        warehouse = env["stock.warehouse"].search([("company_id", "=", self.id)], limit=1)
        wards = self._care_demo_wards(env, users, warehouse)
        products = self._care_demo_supplies(env)
        self._care_demo_lots(env, warehouse)
        pars = self._care_demo_pars(env, wards, products, rng)
        self._care_demo_history(env, warehouse, pars, products, rng)
        self._care_demo_store(env, users, warehouse, products)
        self._care_demo_template(env)
        return result

    def _care_demo_wards(self, env, users, warehouse):
        """Eight stocked wards: ``{ward: how busy it is}``."""
        wards = {}
        for name, kind, days, busy in WARDS:
            ward = env["care.department"].search(
                [("name", "=", name), ("company_id", "=", self.id)], limit=1
            )
            ward.write(
                {
                    "ward_type_id": env.ref(f"patient_care_coordination.ward_type_{kind}").id,
                    "topup_days": days,
                    "request_limit": 500,
                }
            )
            wards[ward] = busy
        setup = env["care.ward.setup"].create(
            {
                "company_id": self.id,
                "warehouse_id": warehouse.id,
                "department_ids": [Command.set([ward.id for ward in wards])],
            }
        )
        setup.action_apply()
        for ward in wards:
            if ward.name == "Ward 7":
                ward.ward_user_ids = [Command.link(users["ward"].id)]
        return wards

    def _care_demo_supplies(self, env):
        """The consumable products: ``{product: use of an average ward a day}``."""
        vendors = {
            name: env["res.partner"].create(
                {
                    "name": name,
                    "is_company": True,
                    "email": f"orders@{name.split()[0].lower()}.example.com",
                }
            )
            for name in VENDORS
        }
        rows, use = [], []
        for category, vendor, shelf, things in SUPPLIES:
            for name, per_day, price in things:
                number = len(rows) + 1
                use.append(per_day)
                rows.append(
                    {
                        "name": name,
                        "default_code": f"{shelf}{number:02}",
                        "barcode": f"29000000{number:04}",
                        "is_storable": True,
                        "sale_ok": False,
                        "standard_price": price,
                        "categ_id": env.ref(
                            f"patient_care_coordination.supply_category_{category}"
                        ).id,
                        "seller_ids": [
                            Command.create(
                                {
                                    "partner_id": vendors[vendor].id,
                                    "price": price,
                                    "delay": VENDORS[vendor],
                                }
                            )
                        ],
                    }
                )
        return dict(zip(env["product.product"].create(rows), use, strict=True))

    def _care_demo_lots(self, env, warehouse):
        """Things that are lent, each with its serial number, in the store."""
        category = env.ref("patient_care_coordination.supply_category_mobility")
        products = env["product.product"].create(
            [
                {
                    "name": name,
                    "is_storable": True,
                    "tracking": "serial",
                    "sale_ok": False,
                    "categ_id": category.id,
                    "standard_price": price,
                }
                for name, _code, _count, price in LOANS
            ]
        )
        lots = env["stock.lot"].create(
            [
                {
                    "name": f"{code}-{number:03}",
                    "product_id": product.id,
                    "company_id": self.id,
                }
                for product, (_name, code, count, _price) in zip(products, LOANS, strict=True)
                for number in range(1, count + 1)
            ]
        )
        env["stock.quant"].sudo().create(
            [
                {
                    "product_id": lot.product_id.id,
                    "lot_id": lot.id,
                    "location_id": warehouse.lot_stock_id.id,
                    "quantity": 1,
                }
                for lot in lots
            ]
        )

    def _care_demo_pars(self, env, wards, products, rng):
        """Par levels as people guess them, and what lies on the shelves.

        :return: ``{par level: use a day}``
        """
        rows, use, there = [], [], []
        for ward, busy in wards.items():
            shelves = Counter()
            for number, (product, per_day) in enumerate(products.items()):
                if rng.random() < 0.25:
                    continue
                daily = per_day * busy * rng.uniform(0.7, 1.3)
                low = max(math.ceil(daily * ward.topup_days * rng.uniform(0.8, 2.5)), 1)
                high = low + max(math.ceil(daily * ward.topup_days * rng.uniform(1, 2)), 1)
                side = product.default_code[0]
                shelves[side] += 1
                rows.append(
                    {
                        "product_id": product.id,
                        "location_id": ward.location_id.id,
                        "product_min_qty": low,
                        "product_max_qty": high,
                        "care_shelf": f"{side}{math.ceil(shelves[side] / 3)}",
                        "care_shelf_sequence": number * 10,
                        "care_two_bin": side == "F" and (busy < 1 or ward.name == "Ward 7"),
                        "care_bin_qty": low,
                    }
                )
                use.append(daily)
                kind = rng.random()
                there.append(
                    0
                    if kind < 0.03
                    else rng.randrange(low)
                    if kind < 0.1
                    else high + rng.randrange(1, high + 1)
                    if kind > 0.95
                    else rng.randint(low, high)
                )
        pars = env["stock.warehouse.orderpoint"].create(rows)
        env["stock.quant"].sudo().create(
            [
                {
                    "product_id": par.product_id.id,
                    "location_id": par.location_id.id,
                    "quantity": quantity,
                }
                for par, quantity in zip(pars, there, strict=True)
                if quantity
            ]
        )
        return dict(zip(pars, use, strict=True))

    def _care_demo_history(self, env, warehouse, pars, products, rng):
        """Three months of receipts, top-ups and use, without what they leave behind.

        One real move of each kind is made, and its rows are copied: twenty thousand moves through
        the ORM would take minutes. The shelves are filled already.
        """
        store, use = warehouse.lot_stock_id, warehouse.care_use_location_id
        supplier = env.ref("stock.stock_location_suppliers")
        now = fields.Datetime.now()
        used, filled = [], []
        for par, daily in pars.items():
            shelf, product, every = (
                par.location_id,
                par.product_id,
                par.care_department_id.topup_days,
            )
            for ago in range(HISTORY_DAYS, 0, -every):
                quantity = _poisson(rng, daily * every)
                if not quantity:
                    continue
                day = datetime.combine(now.date() - timedelta(days=ago), time(6 + ago % 3))
                used.append((product, shelf, use, quantity, day))
                filled.append((product, store, shelf, quantity, day + timedelta(hours=4)))
        received = []
        for product, per_day in products.items():
            week = max(round(per_day * len(WARDS) * 7), 1)
            received += [
                (
                    product,
                    supplier,
                    store,
                    week,
                    datetime.combine(now.date() - timedelta(days=ago), time(10)),
                )
                for ago in range(HISTORY_DAYS - 2, 0, -7)
            ]
        incoming, topup = warehouse.in_type_id, warehouse.care_topup_type_id
        for rows, kind in ((used, False), (filled, topup), (received, incoming)):
            self._care_demo_copy_moves(env, rows, kind)
        for model in ("stock.move", "stock.move.line"):
            env[model].invalidate_model()
        env["stock.warehouse.orderpoint"].union(*pars)._care_update_use()

    def _care_demo_copy_moves(self, env, rows, kind):
        """Write done moves ``(product, from, to, quantity, moment)`` like one that was done."""
        product, source, target, *_rest = rows[0]
        move = env["stock.move"].create(
            {
                "product_id": product.id,
                "product_uom_qty": 1,
                "location_id": source.id,
                "location_dest_id": target.id,
                "picking_type_id": kind.id if kind else False,
            }
        )
        move._action_confirm()
        move.write({"quantity": 1, "picked": True})
        move._action_done()
        # What the model moved goes back.
        for location, quantity in ((source, 1), (target, -1)):
            if location.usage == "internal":
                env["stock.quant"].sudo()._update_available_quantity(product, location, quantity)
        env.flush_all()
        env.cr.execute(
            SQL(
                "CREATE TEMP TABLE care_demo_moves (id int, product_id int, uom_id int, "
                "location_id int, location_dest_id int, quantity float, date timestamp, "
                "price float) ON COMMIT DROP"
            )
        )
        env.cr.execute_values(
            "INSERT INTO care_demo_moves SELECT nextval('stock_move_id_seq'), * "
            "FROM (VALUES %s) AS rows",
            [
                (
                    product.id,
                    product.uom_id.id,
                    source.id,
                    target.id,
                    quantity,
                    moment,
                    product.standard_price,
                )
                for product, source, target, quantity, moment in rows
            ],
        )
        moved = {
            "id": "new.id",
            "product_id": "new.product_id",
            "product_uom": "new.uom_id",
            "location_id": "new.location_id",
            "location_dest_id": "new.location_dest_id",
            "product_uom_qty": "new.quantity",
            "product_qty": "new.quantity",
            "quantity": "new.quantity",
            "value": "new.quantity * new.price",
            "date": "new.date",
            "create_date": "new.date",
            "write_date": "new.date",
            "description_picking": "NULL",
        }
        self._care_demo_copy_row(env, move, moved)
        lined = {
            "id": "nextval('stock_move_line_id_seq')",
            "move_id": "new.id",
            "product_id": "new.product_id",
            "product_uom_id": "new.uom_id",
            "location_id": "new.location_id",
            "location_dest_id": "new.location_dest_id",
            "quantity": "new.quantity",
            "quantity_product_uom": "new.quantity",
            "date": "new.date",
            "create_date": "new.date",
            "write_date": "new.date",
        }
        self._care_demo_copy_row(env, move.move_line_ids, lined)
        env.cr.execute("DROP TABLE care_demo_moves")
        move.move_line_ids.flush_recordset()
        env.cr.execute(SQL("DELETE FROM stock_move_line WHERE move_id = %s", move.id))
        env.cr.execute(SQL("DELETE FROM stock_move WHERE id = %s", move.id))
        env.invalidate_all()

    def _care_demo_copy_row(self, env, record, changes):
        """Copy one row for each new move, with these columns changed, as far as they exist."""
        table = record._table
        env.cr.execute(
            SQL(
                "SELECT column_name FROM information_schema.columns WHERE table_name = %s "
                "AND table_schema = current_schema",
                table,
            )
        )
        columns = [name for (name,) in env.cr.fetchall()]
        env.cr.execute(
            SQL(
                "INSERT INTO %s (%s) SELECT %s FROM %s AS old, care_demo_moves AS new "
                "WHERE old.id = %s",
                SQL.identifier(table),
                SQL(", ").join(SQL.identifier(name) for name in columns),
                SQL(", ").join(
                    SQL(changes[name]) if name in changes else SQL.identifier("old", name)
                    for name in columns
                ),
                SQL.identifier(table),
                record.id,
            )
        )

    def _care_demo_store(self, env, users, warehouse, products):
        """Central levels, kept by the clerk; some things are short in the store, one is out."""
        store = warehouse.lot_stock_id
        rows, quants = [], []
        for number, (product, per_day) in enumerate(products.items()):
            week = max(round(per_day * len(WARDS) * 7), 2)
            rows.append(
                {
                    "product_id": product.id,
                    "location_id": store.id,
                    "product_min_qty": week,
                    "product_max_qty": week * 3,
                    "trigger": "manual",
                }
            )
            there = 0 if number % 19 == 3 else week // 2 if number % 6 == 2 else week * 2
            quants.append({"product_id": product.id, "location_id": store.id, "quantity": there})
        # As the clerk: Odoo deletes manual rules of the system user when nothing is to order.
        rules = users["clerk"]._care_as(env["stock.warehouse.orderpoint"]).create(rows)
        env["stock.quant"].sudo().create([row for row in quants if row["quantity"]])
        rules._care_update_use()

    def _care_demo_template(self, env):
        """What a nursing ward keeps, as Ward 7 does."""
        ward = env["care.department"].search(
            [("name", "=", "Ward 7"), ("company_id", "=", self.id)], limit=1
        )
        pars = env["stock.warehouse.orderpoint"].search(
            [("location_id", "=", ward.location_id.id)], order="care_shelf_sequence"
        )
        env["care.par.template"].create(
            {
                "name": "Nursing ward, 28 beds",
                "ward_type_id": ward.ward_type_id.id,
                "company_id": self.id,
                "line_ids": [
                    Command.create(
                        {
                            "product_id": par.product_id.id,
                            "product_min_qty": par.product_min_qty,
                            "product_max_qty": par.product_max_qty,
                            "shelf": par.care_shelf,
                            "shelf_sequence": par.care_shelf_sequence,
                        }
                    )
                    for par in pars
                ],
            }
        )


def _poisson(rng, mean):
    """A plausible use of one interval: counts that happen independently."""
    if mean > 30:
        return max(round(rng.gauss(mean, math.sqrt(mean))), 0)
    limit, product, count = math.exp(-mean), rng.random(), 0
    while product > limit:
        product *= rng.random()
        count += 1
    return count

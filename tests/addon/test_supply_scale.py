"""Par levels of many wards are computed in a few queries, and as Odoo computes them."""

import random
from datetime import timedelta
from unittest.mock import patch

from odoo import fields
from odoo.fields import Command

from odoo.addons.stock.models.stock_orderpoint import StockWarehouseOrderpoint as Core

from ..supply_common import SupplyCommon

FIGURES = ["qty_on_hand", "qty_forecast"]


class TestScale(SupplyCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.third = cls.env["care.department"].create({"name": "Ward 9"})
        cls.wards |= cls.third
        cls.set_up(cls.wards)
        cls.products = cls.blanket + cls.slippers + cls.ear_plugs
        cls.levels = cls.env["stock.warehouse.orderpoint"].union(
            *(cls.make_par(ward, product, 5, 10) for ward in cls.wards for product in cls.products)
        )

    def as_odoo(self, levels):
        """What Odoo's own method computes for these levels."""
        self.env.flush_all()
        self.env.invalidate_all()
        Core._compute_qty(levels)
        figures = [
            [*(level[name] for name in FIGURES), Core._get_qty_to_order(level)] for level in levels
        ]
        self.env.invalidate_all()
        return figures

    def as_here(self, levels):
        self.env.flush_all()
        self.env.invalidate_all()
        self.assertEqual(levels._care_countable(), levels)
        return [[*(level[name] for name in FIGURES), level._get_qty_to_order()] for level in levels]

    def test_same_figures_whatever_moves(self):
        rng = random.Random(5)
        dozen = self.env.ref("uom.product_uom_dozen")
        self.slippers.uom_ids = [Command.link(dozen.id)]
        self.levels[1].replenishment_uom_id = dozen
        drawer = self.env["stock.location"].create(
            {"name": "Drawer", "location_id": self.shelves.id}
        )
        places = [*self.wards.location_id, drawer, self.store]
        places += [self.warehouse.care_use_location_id, self.warehouse.care_loan_location_id]
        for _round in range(4):
            for product in self.products:
                self.put(product, rng.choice(places[:4]), rng.randrange(1, 9) / 2)
            for _number in range(25):
                source, dest = rng.sample(places, 2)
                values = {
                    "product_id": rng.choice(self.products).id,
                    "product_uom_qty": rng.randrange(1, 20) / 2,
                    "location_id": source.id,
                    "location_dest_id": dest.id,
                    "date": fields.Datetime.now() + timedelta(days=rng.choice([-3, 0, 5, 500])),
                }
                if rng.random() < 0.3:
                    values["location_final_id"] = rng.choice(places).id
                move = self.env["stock.move"].create(values)
                if rng.random() < 0.8:
                    move._action_confirm(merge=False)
                if rng.random() < 0.2:
                    move._action_cancel()
            self.assertEqual(self.as_here(self.levels), self.as_odoo(self.levels))
        self.assertGreater(len({tuple(row) for row in self.as_here(self.levels)}), 5)

    def test_what_is_on_order_counts(self):
        if "purchase.order" not in self.env:
            return
        self.env["purchase.order"].create(
            {
                "partner_id": self.env["res.partner"].create({"name": "Vendor"}).id,
                "order_line": [
                    Command.create(
                        {
                            "product_id": self.blanket.id,
                            "product_qty": 7,
                            "orderpoint_id": self.levels[0].id,
                        }
                    )
                ],
            }
        )
        here = self.as_here(self.levels)
        self.assertEqual(here, self.as_odoo(self.levels))
        self.assertEqual(here[0], [0, 7, 0])
        self.assertEqual(here[1], [0, 0, 10])

    def test_where_others_count_otherwise_their_word_holds(self):
        level = self.levels[0]
        for context in ({"owners": []}, {"strict": True}, {"warehouse_id": self.warehouse.id}):
            self.assertFalse(level.with_context(**context)._care_countable())
        with patch(
            "odoo.addons.patient_care_coordination.models.supply"
            ".stock_warehouse_orderpoint_scale.KNOWN_COUNTS",
            set(),
        ):
            self.assertFalse(self.levels._care_countable())
            self.put(self.blanket, self.shelves, 3)
            self.env.invalidate_all()
            self.assertEqual(level.qty_on_hand, 3)

    def rules_as_odoo(self):
        self.env.invalidate_all()
        Core._compute_rules(self.levels)
        return [level.rule_ids for level in self.levels]

    def rules_here(self):
        self.env.invalidate_all()
        return [level.rule_ids for level in self.levels]

    def test_same_rules_whatever_routes_there_are(self):
        self.assertEqual(self.rules_here(), self.rules_as_odoo())
        self.assertEqual(self.rules_here()[0], self.levels[0].route_id.rule_ids[0])
        route = self.env["stock.route"].create({"name": "Straight to Ward 8"})
        self.env["stock.rule"].create(
            {
                "name": "Straight",
                "route_id": route.id,
                "action": "pull",
                "location_src_id": self.store.id,
                "location_dest_id": self.other_ward.location_id.id,
                "picking_type_id": self.warehouse.care_topup_type_id.id,
            }
        )
        self.blanket.route_ids = [Command.link(route.id)]
        self.assertEqual(self.rules_here(), self.rules_as_odoo())
        self.assertEqual(len(set(self.rules_here())), 2)
        self.warehouse.care_topup_route_id.rule_ids.procure_method = "make_to_order"
        self.assertEqual(self.rules_here(), self.rules_as_odoo())
        self.warehouse.care_topup_route_id.active = False
        self.assertEqual(self.rules_here(), self.rules_as_odoo())

    def count_queries(self):
        self.env.flush_all()
        self.env.invalidate_all()
        before = self.env.cr.sql_log_count
        procurement = self.env["stock.rule"].Procurement(
            self.blanket,
            1,
            self.blanket.uom_id,
            self.shelves,
            "A blanket",
            "A blanket",
            self.company,
            {"route_ids": self.warehouse.care_topup_route_id, "warehouse_id": self.warehouse},
        )
        self.env["stock.rule"].run([procurement])
        self.env.flush_all()
        return self.env.cr.sql_log_count - before

    def test_one_move_costs_the_same_however_many_wards_there_are(self):
        self.count_queries()
        few = self.count_queries()
        more = self.env["care.department"].create([{"name": f"Ward {n}"} for n in range(20, 40)])
        self.set_up(more)
        for ward in more:
            self.make_par(ward, self.blanket, 5, 10)
        self.count_queries()
        self.assertLessEqual(self.count_queries(), few + 3)

"""Par levels of many wards at once: templates, copies, suggestions from use, the grid."""

from datetime import timedelta

from psycopg2 import IntegrityError

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tools import mute_logger

from ..common import MODULE
from ..supply_common import SupplyCommon


class TestTemplateAndCopy(SupplyCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.kind = cls.env.ref(f"{MODULE}.ward_type_nursing")
        cls.wards.ward_type_id = cls.kind
        cls.template = cls.env["care.par.template"].create(
            {
                "name": "Nursing",
                "ward_type_id": cls.kind.id,
                "line_ids": [
                    Command.create(
                        {
                            "product_id": cls.blanket.id,
                            "product_min_qty": 5,
                            "product_max_qty": 10,
                            "shelf": "A1",
                        }
                    ),
                    Command.create(
                        {
                            "product_id": cls.slippers.id,
                            "product_min_qty": 20,
                            "product_max_qty": 40,
                            "two_bin": True,
                            "bin_qty": 20,
                        }
                    ),
                ],
            }
        )

    def levels(self, ward):
        rules = self.env["stock.warehouse.orderpoint"].search(
            [("location_id", "=", ward.location_id.id)]
        )
        return {rule.product_id: (rule.product_min_qty, rule.product_max_qty) for rule in rules}

    def copy(self, **values):
        return self.env["care.par.copy"].with_user(self.clerk).create(values)

    def test_a_template_fills_the_wards_of_its_type(self):
        action = self.template.with_user(self.clerk).action_use()
        wizard = self.env["care.par.copy"].with_user(self.clerk)
        wizard = wizard.with_context(**action["context"]).create({})
        self.assertEqual(wizard.department_ids, self.wards)
        wizard.action_preview()
        self.assertEqual(len(wizard.line_ids), 4)
        self.assertFalse(self.levels(self.ward), "a preview writes no level")
        wizard.action_apply()
        for ward in self.wards:
            self.assertEqual(self.levels(ward), {self.blanket: (5, 10), self.slippers: (20, 40)})
        rule = self.env["stock.warehouse.orderpoint"].search(
            [("location_id", "=", self.shelves.id), ("product_id", "=", self.slippers.id)]
        )
        self.assertTrue(rule.care_bin_code)
        self.assertEqual(rule.care_bin_qty, 20)
        self.assertEqual(rule.route_id, self.warehouse.care_topup_route_id)

    def test_a_copy_keeps_what_wards_have_unless_told_otherwise(self):
        self.make_par(self.ward, self.blanket, 6, 12, care_shelf="B2")
        self.make_par(self.ward, self.ear_plugs, 1, 2)
        kept = self.make_par(self.other_ward, self.blanket, 1, 1, care_shelf="Z9")
        wizard = self.copy(
            source_id=self.ward.id, department_ids=[Command.set(self.other_ward.ids)]
        )
        wizard.action_preview()
        self.assertEqual(wizard.line_ids.product_id, self.ear_plugs)
        self.assertEqual(wizard.same_count, 1)
        wizard.replace = True
        wizard.action_preview()
        self.assertEqual(len(wizard.line_ids), 2)
        line = wizard.line_ids.filtered(lambda line: line.product_id == self.blanket)
        self.assertEqual((line.old_min, line.old_max, line.min_qty, line.max_qty), (1, 1, 6, 12))
        wizard.line_ids.filtered(lambda line: line.product_id == self.ear_plugs).chosen = False
        wizard.action_apply()
        self.assertEqual(self.levels(self.other_ward), {self.blanket: (6, 12)})
        self.assertEqual(kept.care_shelf, "Z9", "a ward's own shelf stays")

    def test_only_a_category(self):
        other = self.env.ref(f"{MODULE}.supply_category_office")
        pens = self.make_product("Pens", categ_id=other.id)
        self.make_par(self.ward, self.blanket, 6, 12)
        self.make_par(self.ward, pens, 6, 12)
        wizard = self.copy(
            source_id=self.ward.id,
            department_ids=[Command.set(self.other_ward.ids)],
            category_id=other.id,
        )
        wizard.action_preview()
        self.assertEqual(wizard.line_ids.product_id, pens)

    def test_levels_changed_since_the_preview_stop_it(self):
        rule = self.make_par(self.ward, self.blanket, 1, 2)
        wizard = self.copy(template_id=self.template.id, replace=True)
        wizard.action_preview()
        rule.product_max_qty = 3
        with self.refused(UserError, "the levels of Blanket in Ward 7 and 0 others"):
            wizard.action_apply()
        self.assertEqual(self.levels(self.ward), {self.blanket: (1, 3)})

    def test_what_is_missing_is_said(self):
        with self.refused(UserError, "either a template or one ward's levels"):
            self.copy(department_ids=[Command.set(self.ward.ids)]).action_preview()
        with self.refused(UserError, "Choose the wards"):
            self.copy(
                source_id=self.ward.id, department_ids=[Command.set(self.ward.ids)]
            ).action_preview()
        wizard = self.copy(template_id=self.template.id)
        wizard.action_preview()
        wizard.line_ids.chosen = False
        with self.refused(UserError, "Nothing is ticked"):
            wizard.action_apply()

    def test_a_template_holds_supplies_in_order(self):
        line = {"template_id": self.template.id, "product_min_qty": 1, "product_max_qty": 2}
        with self.refused(UserError, "Syringe: turn to"):
            self.env["care.par.template.line"].create({**line, "product_id": self.syringe.id})
        for wrong in ({"product_min_qty": 3}, {"product_min_qty": -1}, {"two_bin": True}):
            with self.assertRaises(IntegrityError), mute_logger("odoo.sql_db"):
                self.env["care.par.template.line"].create(
                    {**line, "product_id": self.ear_plugs.id, **wrong}
                )

    def test_many_lines_cost_few_queries(self):
        products = self.env["product.product"].create(
            [
                {"name": f"Thing {n}", "is_storable": True, "categ_id": self.supplies.id}
                for n in range(60)
            ]
        )
        self.template.line_ids = [
            Command.create({"product_id": p.id, "product_min_qty": 1, "product_max_qty": 2})
            for p in products
        ]
        wizard = self.copy(template_id=self.template.id)
        self.env.flush_all()
        self.env.invalidate_all()
        with self.assertQueryCount(60):
            wizard.action_preview()
            self.env.flush_all()
        self.assertEqual(len(wizard.line_ids), 124)


class TestSuggestions(SupplyCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.today = fields.Date.context_today(cls.env["res.users"])
        cls.put(cls.blanket, cls.shelves, 1000)
        cls.par = cls.make_par(cls.ward, cls.blanket, 50, 60)
        cls.quiet = cls.make_par(cls.ward, cls.slippers, 3, 4)

    def use_daily(self, amounts, product=None):
        """Use up amounts on the last days, the last one yesterday."""
        for ago, amount in enumerate(reversed(amounts), start=1):
            day = fields.Datetime.now().replace(hour=12) - timedelta(days=ago)
            self.use(product or self.blanket, self.ward, amount, date=day)

    def suggest(self, **values):
        wizard = self.env["care.par.suggest"].with_user(self.clerk)
        return wizard.create({"department_ids": [Command.set(self.ward.ids)], **values})

    def test_levels_from_use_are_shown_and_applied_when_ticked(self):
        self.use_daily([2] * 19 + [7])
        wizard = self.suggest()
        wizard.action_preview()
        line, quiet = wizard.line_ids
        self.assertEqual(line.product_id, self.blanket)
        self.assertEqual((line.old_min, line.old_max), (50, 60))
        # One day's interval, no delay: 2 covers 19 days of 20; on average 2.25 a day.
        self.assertEqual((line.min_qty, line.max_qty, line.use_per_day), (2, 5, 2.25))
        self.assertFalse(line.chosen, "a large step is looked at first")
        self.assertFalse(quiet.chosen, "what nobody used is not taken away unasked")
        with self.refused(UserError, "Nothing is ticked: there is nothing to apply."):
            wizard.action_apply()
        wizard.action_tick_all()
        self.assertTrue(line.chosen)
        self.assertFalse(quiet.chosen)
        self.assertEqual(self.par.product_min_qty, 50, "a preview writes no level")
        wizard.action_apply()
        self.assertEqual((self.par.product_min_qty, self.par.product_max_qty), (2, 5))
        self.assertEqual(self.quiet.product_max_qty, 4)

    def test_small_steps_are_ticked(self):
        self.use_daily([2] * 19 + [7])
        for low, high, ticked in ((3, 6, True), (3, 4, True), (4, 8, True), (4, 11, False)):
            self.par.write({"product_min_qty": low, "product_max_qty": high})
            wizard = self.suggest()
            wizard.action_preview()
            with self.subTest(low=low, high=high):
                self.assertEqual(wizard.line_ids[0].chosen, ticked)

    def test_interval_and_delay_count(self):
        self.use_daily([2] * 20)
        self.ward.topup_days = 3
        self.warehouse.care_topup_route_id.rule_ids.delay = 2
        wizard = self.suggest()
        wizard.action_preview()
        self.assertEqual((wizard.line_ids[0].min_qty, wizard.line_ids[0].max_qty), (10, 16))

    def test_bins_follow_the_two_bin_formula(self):
        self.use_daily([3] * 20)
        self.par.write({"care_two_bin": True, "care_bin_qty": 50})
        wizard = self.suggest(safety=0.5)
        wizard.action_preview()
        line = wizard.line_ids[0]
        self.assertEqual((line.bin_qty, line.min_qty, line.max_qty), (5, 5, 10))
        line.chosen = True
        wizard.action_apply()
        self.assertEqual(self.par.care_bin_qty, 5)

    def test_levels_come_in_packs(self):
        self.use_daily([7] * 20)
        dozen = self.env.ref("uom.product_uom_dozen")
        self.blanket.uom_ids = [Command.link(dozen.id)]
        self.par.replenishment_uom_id = dozen
        wizard = self.suggest()
        wizard.action_preview()
        self.assertEqual((wizard.line_ids[0].min_qty, wizard.line_ids[0].max_qty), (12, 24))

    def test_too_short_a_history_suggests_nothing(self):
        self.use_daily([2] * 13)
        wizard = self.suggest()
        wizard.action_preview()
        self.assertFalse(wizard.line_ids)
        self.assertEqual(wizard.short_names, "Ward 7")

    def test_what_came_back_was_not_used(self):
        self.use_daily([2] * 20)
        back = self.env["stock.move"].create(
            {
                "product_id": self.blanket.id,
                "product_uom_qty": 40,
                "location_id": self.warehouse.care_use_location_id.id,
                "location_dest_id": self.shelves.id,
            }
        )
        back._action_confirm()
        back.write({"quantity": 40, "picked": True})
        back._action_done()
        self.par._care_update_use()
        self.assertEqual(self.par.care_use_per_day, 0)

    def test_bad_settings(self):
        with self.refused(UserError, "Choose the wards"):
            self.suggest(department_ids=[]).action_preview()
        for wrong in ({"look_back": 5}, {"percent": 0}, {"safety": -1}):
            with self.assertRaises(IntegrityError), mute_logger("odoo.sql_db"):
                self.suggest(**wrong)

    def test_ward_staff_suggest_nothing(self):
        with self.assertRaises(AccessError):
            self.env["care.par.suggest"].with_user(self.nurse).create({})


class TestGrid(SupplyCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.par = cls.make_par(cls.ward, cls.blanket, 5, 10)
        cls.make_par(cls.other_ward, cls.blanket, 1, 2)
        cls.make_par(cls.other_ward, cls.slippers, 3, 4)
        cls.put(cls.blanket, cls.shelves, 4)
        cls.grid = cls.env["stock.warehouse.orderpoint"].with_user(cls.clerk)

    def test_products_by_wards(self):
        self.par.care_use_per_day = 0.8
        page = self.grid.care_grid(self.wards.ids)
        self.assertEqual([ward["name"] for ward in page["wards"]], ["Ward 7", "Ward 8"])
        self.assertEqual([row["name"] for row in page["rows"]], ["Blanket", "Slippers"])
        self.assertEqual(page["total"], 2)
        self.assertEqual(page["rows"][0]["unit"], "")
        self.clerk.group_ids = [Command.link(self.env.ref("uom.group_uom").id)]
        again = self.grid.care_grid(self.wards.ids)
        self.assertEqual(again["rows"][0]["unit"], self.blanket.uom_id.name)
        self.assertEqual(
            page["rows"][0]["cells"][self.ward.id],
            {"id": self.par.id, "min": 5, "max": 10, "there": 4, "days": 5, "word": "low"},
        )
        other = page["rows"][1]["cells"]
        self.assertEqual(list(other), [self.other_ward.id])
        self.assertEqual(other[self.other_ward.id]["word"], "out")
        self.assertIsNone(other[self.other_ward.id]["days"])

    def test_pages_search_and_category(self):
        ids = self.wards.ids
        page = self.grid.care_grid(ids, limit=1, offset=1)
        self.assertEqual([row["name"] for row in page["rows"]], ["Slippers"])
        self.assertEqual(page["total"], 2)
        page = self.grid.care_grid(ids, search="4006381333931")
        self.assertEqual([row["name"] for row in page["rows"]], ["Blanket"])
        office = self.env.ref(f"{MODULE}.supply_category_office")
        self.assertEqual(self.grid.care_grid(ids, category_id=office.id)["rows"], [])
        everything = self.env.ref(f"{MODULE}.supply_category")
        self.assertEqual(self.grid.care_grid(ids, category_id=everything.id)["total"], 2)

    def test_levels_are_set_in_a_cell(self):
        cell = self.grid.care_grid_set(self.ward.id, self.blanket.id, 6, 12)
        self.assertEqual((cell["id"], cell["min"], cell["max"]), (self.par.id, 6, 12))
        cell = self.grid.care_grid_set(self.ward.id, self.slippers.id, 1, 2)
        rule = self.env["stock.warehouse.orderpoint"].browse(cell["id"])
        self.assertEqual(rule.care_department_id, self.ward)
        self.assertEqual(rule.route_id, self.warehouse.care_topup_route_id)
        rule.active = False
        again = self.grid.care_grid_set(self.ward.id, self.slippers.id, 3, 3)
        self.assertEqual(again["id"], rule.id)
        self.assertTrue(rule.active)

    def test_what_cannot_be_set_is_said(self):
        clinic = self.env["care.department"].create({"name": "Clinic"})
        for arguments, sentence in (
            ((self.ward.id, self.blanket.id, "x", 2), "Blanket in Ward 7: enter numbers"),
            ((self.ward.id, self.blanket.id, True, 2), "Blanket in Ward 7: enter numbers"),
            ((self.ward.id, self.blanket.id, float("nan"), 2), "nan is no quantity"),
            ((self.ward.id, self.blanket.id, 1, float("inf")), "inf is no quantity"),
            ((self.ward.id, self.blanket.id, -1, 2), "levels lie between 0 and 100,000"),
            (
                (self.ward.id, self.blanket.id, 3, 2),
                "Blanket in Ward 7: the minimum 3 is above the maximum 2, change the other",
            ),
            ((self.ward.id, self.syringe.id, 1, 2), "Syringe: turn to pharmacy"),
            ((clinic.id, self.blanket.id, 1, 2), "Clinic has no shelves of its own"),
        ):
            with self.refused(UserError, sentence):
                self.grid.care_grid_set(*arguments)
        with self.refused(UserError, "One bin holds: inf is no quantity, type a number."):
            self.par.write({"care_bin_qty": float("inf")})
        self.assertEqual((self.par.product_min_qty, self.par.product_max_qty), (5, 10))

    def test_the_clerk_alone_sees_and_sets(self):
        with self.assertRaises(AccessError):
            self.grid.with_user(self.nurse).care_grid(self.wards.ids)
        with self.assertRaises(AccessError):
            self.grid.with_user(self.nurse).care_grid_set(self.ward.id, self.blanket.id, 1, 2)

    def test_queries_do_not_grow_with_the_page(self):
        products = self.env["product.product"].create(
            [
                {"name": f"Thing {n}", "is_storable": True, "categ_id": self.supplies.id}
                for n in range(50)
            ]
        )
        self.env["stock.warehouse.orderpoint"].create(
            [
                {
                    "product_id": product.id,
                    "location_id": ward.location_id.id,
                    "product_min_qty": 1,
                    "product_max_qty": 2,
                }
                for product in products
                for ward in self.wards
            ]
        )
        counts = {}
        for limit in (1, 52, 1, 52):
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            page = self.grid.care_grid(self.wards.ids, limit=limit)
            counts[limit] = self.env.cr.sql_log_count - before
            self.assertEqual(len(page["rows"]), limit)
        self.assertEqual(counts[1], counts[52])
        self.assertLess(counts[52], 25)

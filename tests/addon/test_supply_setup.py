"""Wards: set up once, repaired when broken, supplied with non-medical things alone."""

from unittest.mock import patch

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Command
from odoo.tests import new_test_user

from ..common import MODULE
from ..supply_common import SupplyCommon

COUNTED = ["stock.location", "stock.picking.type", "stock.route", "stock.rule"]


class TestWardSetup(SupplyCommon):
    def counts(self):
        return [
            self.env[model].with_context(active_test=False).search_count([]) for model in COUNTED
        ]

    def test_wards_lie_beside_the_store(self):
        self.assertEqual(self.shelves.location_id, self.warehouse.care_wards_location_id)
        self.assertFalse(self.shelves._child_of(self.store))
        self.assertEqual(self.shelves.care_department_id, self.ward)
        self.assertTrue(self.ward.is_ward)
        self.assertEqual(self.warehouse.care_use_location_id.usage, "customer")
        self.assertEqual(self.warehouse.care_use_location_id.company_id, self.company)
        self.assertFalse(self.shelves.replenish_location)
        everybody = self.env.ref("base.group_user").all_implied_ids
        for group in ("multi_locations", "adv_location", "production_lot"):
            name = "group_production_lot" if group == "production_lot" else f"group_stock_{group}"
            name = "group_adv_location" if group == "adv_location" else name
            self.assertIn(self.env.ref(f"stock.{name}"), everybody)

    def test_run_twice_changes_nothing(self):
        before, shelves = self.counts(), self.shelves
        self.set_up(self.wards)
        self.assertEqual(self.counts(), before)
        self.assertEqual(self.ward.location_id, shelves)

    def test_preview_says_what_will_be_made(self):
        lab = self.env["care.department"].create(
            {"name": "Laboratory", "location_id": self.store.id}
        )
        new = self.env["care.department"].create({"name": "Ward 9"})
        wizard = self.env["care.ward.setup"].create(
            {"department_ids": [Command.set((self.ward + lab + new).ids)]}
        )
        self.assertIn("Shelves for: Ward 9.", wizard.preview)
        self.assertIn("Stocked already, unchanged: Ward 7.", wizard.preview)
        self.assertIn("Left out: Laboratory has its supplies at", wizard.preview)
        wizard.action_apply()
        self.assertEqual(lab.location_id, self.store)
        self.assertTrue(new.is_ward)

    def test_nothing_chosen(self):
        with self.refused(UserError, "Choose the departments"):
            self.env["care.ward.setup"].create({}).action_apply()

    def test_a_clerk_sets_up_wards_without_being_inventory_manager(self):
        ward = self.env["care.department"].create({"name": "Ward 9"})
        wizard = (
            self.env["care.ward.setup"]
            .with_user(self.clerk)
            .create({"department_ids": [Command.set(ward.ids)]})
        )
        wizard.action_apply()
        self.assertTrue(ward.is_ward)
        with self.assertRaises(AccessError):
            self.env["care.ward.setup"].with_user(self.nurse).create({})

    def test_eight_wards_cost_few_queries(self):
        wards = self.env["care.department"].create([{"name": f"Ward {n}"} for n in range(20, 28)])
        wizard = self.env["care.ward.setup"].create({"department_ids": [Command.set(wards.ids)]})
        self.env.flush_all()
        with self.assertQueryCount(90):
            wizard.action_apply()
        self.assertTrue(all(wards.mapped("is_ward")))

    def test_a_broken_route_is_named_and_repaired(self):
        route = self.warehouse.care_topup_route_id
        self.assertEqual(self.ward._care_supply_location(), self.shelves)
        rule = route.rule_ids.filtered(
            lambda rule: rule.location_dest_id == self.warehouse.care_wards_location_id
        )
        for breaking in (
            lambda: route.write({"active": False}),
            lambda: rule.write({"active": False}),
            lambda: rule.write({"location_src_id": self.shelves.id}),
            lambda: rule.write({"picking_type_id": self.warehouse.int_type_id.id}),
            lambda: rule.unlink(),
        ):
            breaking()
            with self.refused(UserError, 'The route "Ward top-up" of the warehouse'):
                self.ward._care_supply_location()
            self.set_up(self.ward)
            self.assertEqual(self.ward._care_supply_location(), self.shelves)

    def test_a_department_without_shelves(self):
        clinic = self.env["care.department"].create({"name": "Clinic"})
        with self.refused(UserError, "Clinic has no shelves of its own"):
            clinic._care_supply_location()

    def test_a_ward_that_does_not_count_uses_when_issued(self):
        self.ward.ward_mode = "issue"
        use = self.warehouse.care_use_location_id
        self.assertEqual(self.ward._care_supply_location(), use)
        procurement = self.env["stock.rule"].Procurement(
            self.blanket,
            3,
            self.blanket.uom_id,
            use,
            "SUP/1",
            "SUP/1",
            self.company,
            {"warehouse_id": self.warehouse, "route_ids": self.warehouse.care_topup_route_id},
        )
        self.env["stock.rule"].run([procurement])
        move = self.env["stock.move"].search([("origin", "=", "SUP/1")])
        self.assertEqual(move.location_dest_id, use)
        self.assertEqual(move.picking_type_id, self.warehouse.care_topup_type_id)

    def test_shelves_belong_to_one_ward(self):
        with self.refused(ValidationError, "each ward needs its own"):
            self.other_ward.location_id = self.shelves

    def test_a_clerk_changes_the_supplies_of_a_department_alone(self):
        ward = self.ward.with_user(self.clerk)
        ward.write({"topup_days": 2, "ward_mode": "issue"})
        self.assertEqual(self.ward.topup_days, 2)
        with self.refused(AccessError, "nothing else of it"):
            ward.name = "Mine"
        with self.assertRaises(AccessError):
            self.ward.with_user(self.nurse).topup_days = 3
        self.ward.with_user(self.people["supervisor"]).name = "Ward 7a"

    def test_another_company_has_its_own(self):
        company = self.env["res.company"].create({"name": "Second hospital"})
        warehouse = self.env["stock.warehouse"].search([("company_id", "=", company.id)])
        warehouse._care_set_up_supply()
        self.assertEqual(warehouse.care_use_location_id.company_id, company)
        self.assertNotEqual(warehouse.care_use_location_id, self.warehouse.care_use_location_id)
        stranger = new_test_user(
            self.env,
            login="care_stranger",
            groups=f"{MODULE}.group_supplies_clerk",
            company_id=company.id,
            company_ids=[Command.set(company.ids)],
        )
        kind = self.env["care.ward.type"].create({"name": "Ours", "company_id": self.company.id})
        with self.assertRaises(AccessError):
            kind.with_user(stranger).read(["name"])


class TestNonMedical(SupplyCommon):
    def test_refused_with_where_to_turn(self):
        self.syringe._origin.categ_id.care_turn_to = False
        medicines = self.env["product.category"].create(
            {"name": "Medicines", "care_turn_to": "Pharmacy, ext. 210"}
        )
        pills = self.env["product.category"].create({"name": "Pills", "parent_id": medicines.id})
        paracetamol = self.make_product("Paracetamol", categ_id=pills.id)
        with self.assertRaises(UserError) as caught:
            (self.blanket + self.syringe + paracetamol)._care_check_supply()
        self.assertEqual(
            str(caught.exception),
            "Wards are supplied with non-medical products in use only.\n"
            "Syringe: turn to pharmacy, sterile supply or biomedical engineering.\n"
            "Paracetamol: turn to Pharmacy, ext. 210.",
        )
        self.blanket._care_check_supply()

    def test_archived_products_are_refused(self):
        self.blanket.active = False
        with self.refused(UserError, "Blanket: archived, choose its successor."):
            self.make_par(self.ward, self.blanket, 1, 2)

    def test_children_of_a_supply_category_are_supplies(self):
        child = self.env["product.category"].create(
            {"name": "Bed linen", "parent_id": self.supplies.id}
        )
        self.assertTrue(child.care_is_supply)
        child.parent_id = self.env.ref("product.product_category_goods")
        self.assertFalse(child.care_is_supply)

    def test_no_par_level_of_a_medical_product(self):
        with self.refused(UserError, "Syringe: turn to"):
            self.make_par(self.ward, self.syringe, 1, 2)

    def test_the_store_may_keep_it(self):
        rule = self.env["stock.warehouse.orderpoint"].create(
            {
                "product_id": self.syringe.id,
                "location_id": self.store.id,
                "product_min_qty": 5,
                "product_max_qty": 5,
            }
        )
        self.assertFalse(rule.care_department_id)

    def test_a_product_that_wards_keep_stays_a_supply(self):
        par = self.make_par(self.ward, self.blanket, 1, 2)
        with self.refused(UserError, "Wards have par levels of Blanket"):
            self.blanket.categ_id = self.syringe.categ_id
        with self.refused(UserError, "Wards have par levels of Blanket"):
            self.supplies.parent_id = self.syringe.categ_id
        par.active = False
        self.blanket.categ_id = self.syringe.categ_id
        self.assertEqual(self.blanket.categ_id, self.syringe.categ_id)


class TestParLevel(SupplyCommon):
    def test_a_ward_is_topped_up_from_the_store_alone(self):
        self.put(self.blanket, self.shelves, 2)
        par = self.make_par(self.ward, self.blanket, 5, 10)
        other = self.make_par(self.ward, self.slippers, 4, 4)
        self.assertEqual(par.route_id, self.warehouse.care_topup_route_id)
        self.assertEqual(par.trigger, "auto")
        self.assertEqual(par.care_department_id, self.ward)
        (par + other)._procure_orderpoint_confirm(company_id=self.company)
        moves = self.env["stock.move"].search([("orderpoint_id", "in", (par + other).ids)])
        self.assertEqual(moves.mapped("product_uom_qty"), [8, 4])
        self.assertEqual(moves.location_id, self.store)
        self.assertEqual(moves.location_dest_id, self.shelves)
        self.assertEqual(len(moves.picking_id), 1)
        self.assertEqual(moves.picking_id.picking_type_id, self.warehouse.care_topup_type_id)

    def test_made_by_the_system_it_stays_after_ordering(self):
        par = self.make_par(self.ward, self.blanket, 5, 10)
        par.action_replenish()
        self.env["stock.warehouse.orderpoint"]._unlink_processed_orderpoints()
        self.assertTrue(par.exists())

    def test_cover_has_a_word(self):
        par = self.make_par(self.ward, self.blanket, 5, 10)
        for there, word in ((0, "out"), (4, "low"), (5, "enough"), (10, "enough"), (11, "over")):
            self.set_stock(self.blanket, self.shelves, there)
            self.env.invalidate_all()
            self.assertEqual(par.care_cover, word)

    def test_levels_that_cannot_be(self):
        par = self.make_par(self.ward, self.blanket, 5, 10)
        for values in (
            {"product_min_qty": -1},
            {"product_max_qty": 100_001},
            {"care_bin_qty": -3},
        ):
            with self.refused(UserError, "Blanket in Ward 7: levels lie between 0 and 100,000."):
                par.write(values)
        self.assertEqual((par.product_min_qty, par.product_max_qty), (5, 10))

    def test_two_bins_have_a_code_each(self):
        with self.refused(UserError, "Blanket in Ward 7: say how much one bin holds"):
            self.make_par(self.ward, self.blanket, 5, 10, care_two_bin=True)
        one = self.make_par(self.ward, self.slippers, 5, 10, care_two_bin=True, care_bin_qty=5)
        two = self.make_par(self.ward, self.ear_plugs, 5, 10)
        self.assertTrue(one.care_bin_code)
        self.assertFalse(two.care_bin_code)
        two.write({"care_two_bin": True, "care_bin_qty": 3})
        self.assertNotEqual(one.care_bin_code, two.care_bin_code)

    def test_average_use_of_a_ward_and_of_the_store(self):
        par = self.make_par(self.ward, self.blanket, 5, 10)
        central = self.env["stock.warehouse.orderpoint"].create(
            {
                "product_id": self.blanket.id,
                "location_id": self.store.id,
                "product_min_qty": 5,
                "product_max_qty": 5,
            }
        )
        self.put(self.blanket, self.shelves, 100)
        self.use(self.blanket, self.ward, 28)
        self.use(self.blanket, self.ward, 28, date="2020-01-01")
        par._procure_orderpoint_confirm(company_id=self.company)
        self.env["stock.quant"]._update_available_quantity(self.blanket, self.shelves, -10)
        self.env.invalidate_all()
        (par + central)._care_update_use()
        self.assertEqual(par.care_use_per_day, 0.5)
        self.assertEqual(central.care_use_per_day, 0)
        self.assertEqual(par.care_days_of_cover, 34 / 0.5)
        move = self.env["stock.move"].create(
            {
                "product_id": self.blanket.id,
                "product_uom_qty": 14,
                "location_id": self.store.id,
                "location_dest_id": self.shelves.id,
            }
        )
        move._action_confirm()
        move.write({"quantity": 14, "picked": True})
        move._action_done()
        with patch.object(self.env.registry["ir.cron"], "_commit_progress", return_value=60):
            self.env["stock.warehouse.orderpoint"]._care_cron_use()
        self.assertEqual(central.care_use_per_day, 0.25)

    def test_a_clerk_keeps_par_levels(self):
        par = self.make_par(self.ward, self.blanket, 5, 10).with_user(self.clerk)
        par.product_max_qty = 12
        self.assertEqual(par.product_max_qty, 12)
        new = par.create(
            {
                "product_id": self.slippers.id,
                "location_id": self.shelves.id,
                "product_min_qty": 1,
                "product_max_qty": 2,
            }
        )
        self.assertEqual(new.route_id, self.warehouse.care_topup_route_id)
        with self.assertRaises(AccessError):
            par.with_user(self.nurse).read(["product_max_qty"])

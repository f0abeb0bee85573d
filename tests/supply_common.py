"""What tests of ward supplies share: two stocked wards, products, a store, ward staff."""

from contextlib import contextmanager

from odoo.fields import Command
from odoo.tests import new_test_user, tagged

from .common import MODULE, CareCommon


@tagged("standard", "post_install", "-at_install")
class SupplyCommon(CareCommon):
    """A warehouse that supplies Ward 7 and Ward 8; 100 of each of three products in the store."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.warehouse = cls.env["stock.warehouse"].search(
            [("company_id", "=", cls.company.id)], limit=1
        )
        cls.nurse = cls.people["nurse"] = new_test_user(
            cls.env, login="care_nurse", groups=f"{MODULE}.group_ward_staff", name="Nurse"
        )
        cls.clerk = cls.people["clerk"]
        cls.other_ward = cls.env["care.department"].create({"name": "Ward 8", "code": "W8"})
        cls.wards = cls.ward + cls.other_ward
        cls.set_up(cls.wards)
        cls.ward.ward_user_ids = [Command.link(cls.nurse.id)]
        cls.shelves = cls.ward.location_id
        cls.store = cls.warehouse.lot_stock_id
        cls.supplies = cls.env.ref(f"{MODULE}.supply_category_comfort")
        cls.blanket = cls.make_product("Blanket", barcode="4006381333931")
        cls.slippers = cls.make_product("Slippers")
        cls.ear_plugs = cls.make_product("Ear plugs")
        cls.syringe = cls.make_product(
            "Syringe", categ_id=cls.env.ref("product.product_category_goods").id
        )
        for product in cls.blanket + cls.slippers + cls.ear_plugs:
            cls.put(product, cls.store, 100)

    @classmethod
    def set_up(cls, departments, **values):
        """Make departments into stocked wards, by the wizard."""
        wizard = cls.env["care.ward.setup"].create(
            {
                "warehouse_id": cls.warehouse.id,
                "department_ids": [Command.set(departments.ids)],
                **values,
            }
        )
        wizard.action_apply()
        return wizard

    @classmethod
    def make_product(cls, name, **values):
        """A storable product among the supplies."""
        return cls.env["product.product"].create(
            {"name": name, "is_storable": True, "categ_id": cls.supplies.id, **values}
        )

    @classmethod
    def make_par(cls, department, product, low, high, **values):
        """A par level of a product on a ward's shelves."""
        return cls.env["stock.warehouse.orderpoint"].create(
            {
                "product_id": product.id,
                "location_id": department.location_id.id,
                "product_min_qty": low,
                "product_max_qty": high,
                **values,
            }
        )

    @classmethod
    def put(cls, product, location, quantity):
        """Set what lies in a place, beside what is there."""
        cls.env["stock.quant"]._update_available_quantity(product, location, quantity)

    @classmethod
    def set_stock(cls, product, location, quantity):
        """Make exactly this much lie in a place."""
        missing = quantity - cls.on_hand(product, location)
        if missing:
            cls.put(product, location, missing)

    @classmethod
    def on_hand(cls, product, location):
        """What lies in a place."""
        return cls.env["stock.quant"]._get_available_quantity(product, location)

    @classmethod
    def use(cls, product, department, quantity, date=None):
        """Use something up on a ward; ``date`` moves it into the past."""
        move = cls.env["stock.move"].create(
            {
                "product_id": product.id,
                "product_uom": product.uom_id.id,
                "product_uom_qty": quantity,
                "location_id": department.location_id.id,
                "location_dest_id": cls.warehouse.care_use_location_id.id,
            }
        )
        move._action_confirm()
        move.quantity = quantity
        move.picked = True
        move._action_done()
        if date:
            move.date = date
            move.move_line_ids.date = date
        return move

    @contextmanager
    def refused(self, error, sentence):
        """What runs inside is refused with this sentence; what it had written is taken back."""
        with self.assertRaises(error) as caught:
            yield
        self.assertIn(sentence, str(caught.exception))

    @classmethod
    def without_buying(cls):
        """As on a site without Purchase: the rules that buy are archived."""
        cls.env["stock.rule"].search([("action", "=", "buy")]).active = False

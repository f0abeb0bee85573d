from odoo import Command, fields, models
from odoo.exceptions import UserError

FEATURES = [
    "stock.group_stock_multi_locations",
    "stock.group_adv_location",
    "stock.group_production_lot",
]


class StockWarehouse(models.Model):
    """The places, operations and the route by which a warehouse supplies wards.

    Wards lie beside the central stock, not in it: shelves inside it would count as central stock
    and be reserved for others. They have an operation type of their own, because a move keeps the
    ward as its destination only below the default destination of its type. What is used goes to
    a place of usage *customer*: only such moves teach Odoo's forecast.
    """

    _inherit = "stock.warehouse"

    care_wards_location_id = fields.Many2one(
        "stock.location", string="Wards", check_company=True, copy=False
    )
    care_loan_location_id = fields.Many2one(
        "stock.location", string="On loan", check_company=True, copy=False
    )
    care_cleaning_location_id = fields.Many2one(
        "stock.location", string="Cleaning and check", check_company=True, copy=False
    )
    care_use_location_id = fields.Many2one(
        "stock.location", string="Patient-care use", check_company=True, copy=False
    )
    care_topup_route_id = fields.Many2one(
        "stock.route", string="Ward top-up", check_company=True, copy=False
    )
    care_topup_type_id = fields.Many2one(
        "stock.picking.type", string="Ward supply", check_company=True, copy=False
    )
    care_loan_type_id = fields.Many2one(
        "stock.picking.type", string="Loans", check_company=True, copy=False
    )
    care_loan_return_type_id = fields.Many2one(
        "stock.picking.type", string="Loan returns", check_company=True, copy=False
    )

    def _care_set_up_supply(self):
        """Make what is missing to supply wards from these warehouses; run again, nothing changes.

        Also switches on locations, routes and serial numbers for the whole database.
        """
        self._care_switch_on()
        for warehouse in self.sudo():
            warehouse._care_make_locations()
            warehouse._care_make_types()
            warehouse._care_make_route()

    def _care_switch_on(self):
        """Switch on what the settings of Inventory call locations, routes and serial numbers."""
        groups = self.env["res.groups"].sudo().union(*(self.env.ref(name) for name in FEATURES))
        everybody = self.env.ref("base.group_user").sudo()
        if groups <= everybody.all_implied_ids:
            return
        everybody.write({"implied_ids": [Command.link(group.id) for group in groups]})
        for name in ("stock_location_view_tree2_editable", "stock_location_view_form_editable"):
            view = self.env.ref(f"stock.{name}", raise_if_not_found=False)
            if view:
                # As the settings do: these views take the button New away from locations.
                view.sudo().active = False

    def _care_make_locations(self):
        self.ensure_one()
        Location = self.env["stock.location"]
        names = {
            "care_wards_location_id": (self.env._("Wards"), "view", "wards"),
            "care_loan_location_id": (self.env._("On loan"), "internal", "loan"),
            "care_cleaning_location_id": (self.env._("Cleaning & check"), "internal", "cleaning"),
        }
        for field, (name, usage, role) in names.items():
            if not self[field]:
                self[field] = Location.create(
                    {
                        "name": name,
                        "usage": usage,
                        "care_role": role,
                        "location_id": self.view_location_id.id,
                        "company_id": self.company_id.id,
                    }
                )
        if not self.care_use_location_id:
            # One in a company, whichever warehouse supplies: use is use.
            use = Location.search(
                [("care_role", "=", "use"), ("company_id", "=", self.company_id.id)], limit=1
            )
            self.care_use_location_id = use or Location.create(
                {
                    "name": self.env._("Patient-care use"),
                    "usage": "customer",
                    "care_role": "use",
                    "location_id": self._get_partner_locations()[0].id,
                    "company_id": self.company_id.id,
                }
            )

    def _care_make_types(self):
        self.ensure_one()
        stock, wards = self.lot_stock_id, self.care_wards_location_id
        loan, cleaning = self.care_loan_location_id, self.care_cleaning_location_id
        types = {
            "care_topup_type_id": (self.env._("Ward supply"), "WARD", stock, wards, 60),
            "care_loan_return_type_id": (self.env._("Loan returns"), "BACK", loan, cleaning, 62),
            "care_loan_type_id": (self.env._("Loans"), "LOAN", stock, loan, 61),
        }
        for field, (name, code, source, target, sequence) in types.items():
            if not self[field]:
                self[field] = self.env["stock.picking.type"].create(
                    {
                        "name": name,
                        "code": "internal",
                        "sequence_code": code,
                        "sequence": sequence,
                        "warehouse_id": self.id,
                        "company_id": self.company_id.id,
                        "default_location_src_id": source.id,
                        "default_location_dest_id": target.id,
                        "use_create_lots": False,
                        "use_existing_lots": True,
                    }
                )
        if not self.care_loan_type_id.return_picking_type_id:
            self.care_loan_type_id.return_picking_type_id = self.care_loan_return_type_id

    def _care_make_route(self):
        """The route with its two rules: to the shelves, and to use for wards without a count."""
        self.ensure_one()
        warehouse = self.with_context(active_test=False)
        route = warehouse.care_topup_route_id
        if not route:
            route = warehouse.care_topup_route_id = self.env["stock.route"].create(
                {
                    "name": self.env._("Ward top-up (%s)", self.code),
                    "sequence": 5,
                    "company_id": self.company_id.id,
                    "product_selectable": True,
                    "warehouse_selectable": True,
                    "warehouse_ids": [Command.link(self.id)],
                }
            )
        if not route.active:
            route.active = True
        targets = [
            (self.care_wards_location_id, self.env._("Ward top-up"), False),
            (self.care_use_location_id, self.env._("Used when issued"), True),
        ]
        for target, name, from_rule in targets:
            values = {
                "location_src_id": self.lot_stock_id.id,
                "picking_type_id": self.care_topup_type_id.id,
                "location_dest_from_rule": from_rule,
            }
            rule = route.rule_ids.filtered(
                lambda rule, target=target: (
                    rule.action == "pull" and rule.location_dest_id == target
                )
            )[:1]
            if not rule:
                self.env["stock.rule"].create(
                    {
                        "name": f"{self.code}: {name}",
                        "action": "pull",
                        "procure_method": "make_to_stock",
                        "route_id": route.id,
                        "location_dest_id": target.id,
                        "warehouse_id": self.id,
                        "company_id": self.company_id.id,
                        **values,
                    }
                )
                continue
            broken = {
                field: value
                for field, value in {**values, "active": True}.items()
                if (rule[field].id if field.endswith("_id") else rule[field]) != value
            }
            if broken:
                rule.write(broken)

    def _care_check_supply_route(self):
        """Refuse to supply wards by a route that is not as the set-up made it.

        :raises UserError: saying what is wrong and who repairs it
        """
        for warehouse in self.sudo():
            rule = warehouse.care_topup_route_id.rule_ids.filtered(
                lambda rule, warehouse=warehouse: (
                    rule.active
                    and rule.action == "pull"
                    and rule.location_dest_id == warehouse.care_wards_location_id
                )
            )
            if (
                not warehouse.care_topup_route_id.active
                or not rule
                or rule[:1].location_src_id != warehouse.lot_stock_id
                or rule[:1].picking_type_id != warehouse.care_topup_type_id
                or not warehouse.care_topup_type_id.active
            ):
                raise UserError(
                    self.env._(
                        'The route "Ward top-up" of the warehouse %s is missing or was changed: '
                        'run "Set up wards" again, it repairs the route.',
                        warehouse.name,
                    )
                )

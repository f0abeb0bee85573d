"""Who sees what of supply requests, shortages and transfers; nobody there learns of a patient."""

import json

from odoo.exceptions import AccessError
from odoo.fields import Command

from ..common import MODULE, RpcCase
from .test_supply_requests import RequestCommon

SECRETS = ("Cold at night", "Okafor", "H1001")


class SecretCommon(RequestCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.inquiry = cls.make_inquiry(
            name="Cold at night",
            description="Mrs Okafor freezes.",
            care_patient_id=cls.patient.id,
            care_department_id=cls.ward.id,
        )
        cls.set_stock(cls.blanket, cls.store, 1)
        cls.request = (
            cls.env["care.supply.request"]
            .with_user(cls.people["coordinator"])
            .create(
                {
                    "department_id": cls.ward.id,
                    "ticket_id": cls.inquiry.id,
                    "line_ids": [
                        Command.create({"product_id": cls.blanket.id, "quantity": 5}),
                        Command.create({"product_id": cls.slippers.id, "quantity": 1}),
                    ],
                }
            )
        )
        cls.request.action_send()
        cls.picking = cls.request.sudo().picking_ids
        cls.shortage = cls.env["care.shortage"].search([("product_id", "=", cls.blanket.id)])
        cls.stock_user = cls.people["stock_user"] = cls.env["res.users"].create(
            {
                "name": "Store",
                "login": "care_store",
                "password": "care_store",
                "group_ids": [Command.link(cls.env.ref("stock.group_stock_user").id)],
            }
        )
        cls.env.flush_all()


class TestSupplyAccess(SecretCommon):
    def may(self, login, record, operation):
        return record.with_user(self.people[login]).has_access(operation)

    def test_each_role(self):
        expected = {
            "nurse": "read write",
            "coordinator": "read write",
            "supervisor": "read write",
            "clerk": "read write",
            "responder": "read",
            "privacy_officer": "read",
            "routing_admin": "",
            "manager": "",
            "agent": "",
            "employee": "",
            "relative": "",
            "head": "",
            "stock_user": "",
        }
        for login, operations in expected.items():
            for record in (self.request, self.request.line_ids):
                for operation in ("read", "write"):
                    with self.subTest(role=login, model=record._name, operation=operation):
                        self.assertEqual(
                            self.may(login, record, operation), operation in operations.split()
                        )

    def test_ward_staff_see_own_wards_alone(self):
        mine = self.Request.with_user(self.nurse)
        self.assertEqual(mine.search([]), self.request)
        self.ward.ward_user_ids = [Command.clear()]
        self.other_ward.ward_user_ids = [Command.link(self.nurse.id)]
        self.env.invalidate_all()
        self.assertFalse(mine.search([]))
        with self.assertRaises(AccessError):
            self.ask((self.slippers, 1))
        other = self.ask((self.slippers, 1), department_id=self.other_ward.id)
        with self.assertRaises(AccessError):
            other.department_id = self.ward
        self.assertEqual(other.allowed_department_ids, self.other_ward)

    def test_shortages(self):
        for login in ("clerk", "coordinator", "responder", "privacy_officer"):
            with self.subTest(login=login):
                self.assertTrue(self.may(login, self.shortage, "read"))
        for login in ("nurse", "employee", "relative", "manager", "stock_user"):
            with self.subTest(login=login):
                self.assertFalse(self.may(login, self.shortage, "read"))
        for login in self.people:
            with self.subTest(login=login):
                self.assertFalse(self.may(login, self.shortage, "write"))

    def test_only_clerks_order(self):
        level = self.env["stock.warehouse.orderpoint"].create(
            {
                "product_id": self.blanket.id,
                "location_id": self.store.id,
                "product_min_qty": 10,
                "product_max_qty": 20,
            }
        )
        for login in ("nurse", "coordinator", "supervisor", "employee", "stock_user"):
            with self.subTest(login=login), self.assertRaises(AccessError):
                level.with_user(self.people[login])._care_order({level: (1, 1)})
            with self.subTest(login=login), self.assertRaises(AccessError):
                level.with_user(self.people[login]).action_care_order()

    def test_another_company_sees_nothing(self):
        other = self.env["res.company"].create({"name": "Elsewhere"})
        clerk = self.env["res.users"].create(
            {
                "name": "Far",
                "login": "care_far",
                "company_id": other.id,
                "company_ids": [Command.set(other.ids)],
                "group_ids": [Command.link(self.env.ref(f"{MODULE}.group_supplies_clerk").id)],
            }
        )
        for record in (self.request, self.request.line_ids, self.shortage):
            with self.subTest(model=record._name):
                self.assertFalse(record.with_user(clerk).search([]))
        self.assertFalse(self.env["care.supply.report"].with_user(clerk).search([]))

    def test_links_show_the_number_alone(self):
        for login, record, field in (
            ("clerk", self.picking, "care_ticket_id"),
            ("stock_user", self.picking, "care_ticket_id"),
            ("clerk", self.request, "ticket_id"),
            ("nurse", self.request, "ticket_id"),
        ):
            with self.subTest(role=login, model=record._name):
                mine = record.with_user(self.people[login])
                [row] = mine.read([field])
                self.assertEqual(row[field], (self.inquiry.id, self.inquiry.number))
                [row] = mine.web_read({field: {"fields": {"display_name": {}}}})
                self.assertEqual(row[field]["display_name"], self.inquiry.number)
                with self.assertRaises(AccessError):
                    mine.web_read({field: {"fields": {"name": {}}}})

    def test_nothing_is_found_through_a_link(self):
        for login, model, path in (
            ("clerk", "stock.picking", "care_ticket_id.name"),
            ("stock_user", "stock.picking", "care_ticket_id.care_patient_id.name"),
            ("stock_user", "stock.picking", "care_supply_request_id.ticket_id.name"),
            ("clerk", "stock.move", "care_supply_line_id.request_id.ticket_id.name"),
            ("clerk", "stock.reference", "care_supply_request_id.ticket_id.name"),
            ("clerk", "care.supply.request", "ticket_id.name"),
            ("nurse", "care.supply.request", "ticket_id.name"),
            ("clerk", "care.supply.request.line", "request_id.ticket_id.name"),
            ("clerk", "care.shortage", "ticket_ids.name"),
        ):
            with self.subTest(role=login, model=model, path=path):
                records = self.env[model].with_user(self.people[login])
                try:
                    found = records.search([(path, "ilike", "%")])
                except AccessError:
                    continue
                self.assertFalse(found)

    def test_no_text_of_stock_names_a_patient(self):
        for login, records in (
            ("clerk", self.picking | self.picking.browse()),
            ("clerk", self.picking.move_ids),
            ("clerk", self.picking.move_ids.reference_ids),
            ("clerk", self.request),
            ("nurse", self.request),
            ("nurse", self.request.line_ids),
            ("clerk", self.shortage),
        ):
            with self.subTest(role=login, model=records._name):
                mine = records.with_user(self.people[login])
                fields = [
                    name
                    for name, field in mine._fields.items()
                    if mine._has_field_access(field, "read") and field.type != "binary"
                ]
                readable = []
                for name in fields:
                    try:
                        readable.append(str(mine.read([name])))
                    except AccessError:
                        continue
                self.assertGreater(len(readable), 10)
                for secret in SECRETS:
                    self.assertNotIn(secret, " ".join(readable))


class TestSupplyOverHttp(SecretCommon, RpcCase):
    def answer(self, *arguments, **kwargs):
        """All that an answer says, as text."""
        return json.dumps(self.call(*arguments, **kwargs), ensure_ascii=False)

    def test_no_answer_names_a_patient(self):
        link = {"fields": {"display_name": {}}}
        for login, model, record, field in (
            ("care_clerk", "stock.picking", self.picking, "care_ticket_id"),
            ("care_store", "stock.picking", self.picking, "care_ticket_id"),
            ("care_clerk", "care.supply.request", self.request, "ticket_id"),
            ("care_nurse", "care.supply.request", self.request, "ticket_id"),
        ):
            with self.subTest(login=login, model=model):
                text = self.answer(login, model, "web_read", record.ids, {field: link})
                self.assertIn(self.inquiry.number, text)
                for method, args, kwargs in (
                    ("web_read", [record.ids, {field: {"fields": {"name": {}}}}], {}),
                    ("search_read", [[(f"{field}.name", "ilike", "cold")]], {"fields": ["name"]}),
                    ("read_group", [[], ["id"], [f"{field}.name"]], {}),
                    ("export_data", [record.ids, [f"{field}/name", f"{field}/description"]], {}),
                ):
                    text = self.answer(login, model, method, *args, **kwargs)
                    for secret in SECRETS:
                        self.assertNotIn(secret, text, method)

    def test_a_ward_asks_and_does_not_decide_over_http(self):
        self.supplies.care_needs_approval = True
        request = self.ask((self.slippers, 2))
        self.assertIn(
            '"result": true', self.answer("care_nurse", request._name, "action_send", request.ids)
        )
        request.invalidate_recordset()
        self.assertEqual(request.state, "to_approve")
        for method, args in (
            ("action_approve", [request.ids]),
            ("write", [request.ids, {"decision": "approved"}]),
            ("write", [request.ids, {"state": "ordered"}]),
        ):
            text = self.answer("care_nurse", request._name, method, *args)
            self.assertIn("AccessError", text)
        request.invalidate_recordset()
        self.assertEqual(request.state, "to_approve")
        for method in ("_care_order", "_care_decide", "_care_sealed"):
            self.assertIn("error", self.answer("care_nurse", request._name, method, request.ids))

    def test_others_order_nothing_over_http(self):
        level = self.env["stock.warehouse.orderpoint"].create(
            {
                "product_id": self.blanket.id,
                "location_id": self.store.id,
                "product_min_qty": 10,
                "product_max_qty": 20,
            }
        )
        for login in ("care_nurse", "care_coordinator", "care_employee", "care_store"):
            text = self.answer(login, level._name, "action_care_order", level.ids)
            self.assertIn("AccessError", text)
            text = self.answer(login, "care.reorder", "create", [{}])
            self.assertIn("AccessError", text)

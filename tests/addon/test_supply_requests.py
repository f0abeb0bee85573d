"""Supply requests: asked by wards and for inquiries, ordered in one run, seen to arrive."""

from datetime import timedelta
from unittest.mock import patch

from odoo import fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Command
from odoo.tests import new_test_user

from odoo.addons.stock.models.stock_rule import ProcurementException

from ..common import MODULE
from ..supply_common import SupplyCommon


class RequestCommon(SupplyCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.Request = cls.env["care.supply.request"]
        cls.head = cls.people["head"] = new_test_user(
            cls.env, login="care_head", groups=f"{MODULE}.group_ward_staff", name="Head"
        )

    def ask(self, *lines, user=None, **values):
        """A draft of a request: lines of (product, quantity)."""
        return self.Request.with_user(user or self.nurse).create(
            {
                "department_id": self.ward.id,
                "line_ids": [
                    Command.create({"product_id": product.id, "quantity": quantity})
                    for product, quantity in lines
                ],
                **values,
            }
        )

    def send(self, *lines, **values):
        request = self.ask(*lines, **values)
        request.action_send()
        return request

    def picking(self, request):
        return request.sudo().picking_ids

    def done(self, picking, quantities=None):
        """Validate a transfer, by default whole."""
        picking.action_assign()
        for move in picking.move_ids:
            if quantities:
                move.quantity = quantities[move.product_id]
            move.picked = True
        picking.with_context(skip_backorder=True)._action_done()


class TestRequests(RequestCommon):
    def test_a_ward_asks_without_rights_on_stock(self):
        self.assertFalse(self.nurse.has_group("stock.group_stock_user"))
        request = self.send((self.blanket, 2), (self.slippers, 3), place="bed 12")
        self.assertRegex(request.name, r"^SUP/\d{5}$")
        self.assertEqual(request.state, "ordered")
        self.assertEqual(request.line_ids.mapped("state"), ["ready", "ready"])
        picking = self.picking(request)
        self.assertEqual(len(picking), 1)
        self.assertEqual(picking.picking_type_id, self.warehouse.care_topup_type_id)
        self.assertEqual(picking.location_dest_id, self.shelves)
        self.assertEqual(picking.origin, request.name)
        self.assertEqual(picking.care_place, "bed 12")
        self.assertEqual(picking.move_ids.reference_ids.care_supply_request_id, request)
        self.assertEqual(picking.priority, "0")
        self.assertIn("Expected by", request.arrival)
        self.done(picking)
        self.assertEqual(request.state, "done")
        self.assertEqual(request.line_ids.mapped("arrived_quantity"), [2, 3])
        self.assertIn("Arrived", request.arrival)
        self.assertEqual(self.on_hand(self.blanket, self.shelves), 2)

    def test_urgency_reaches_a_transfer_of_its_own(self):
        normal = self.send((self.blanket, 2))
        urgent = self.send((self.blanket, 1), urgency="urgent")
        self.assertNotEqual(self.picking(normal), self.picking(urgent))
        self.assertEqual(self.picking(urgent).priority, "1")
        self.assertEqual(self.picking(urgent).move_ids.priority, "1")
        self.assertEqual(self.picking(normal).move_ids.priority, "0")
        normal.action_make_urgent()
        self.assertEqual(self.picking(normal).priority, "1")

    def test_all_lines_in_one_run(self):
        products = [self.make_product(f"Thing {n}") for n in range(20)]
        for product in products:
            self.put(product, self.store, 10)
        request = self.ask(*[(product, 2) for product in products])
        self.env.flush_all()
        run = type(self.env["stock.rule"]).run
        with patch.object(type(self.env["stock.rule"]), "run", autospec=True) as counted:
            counted.side_effect = run
            request.action_send()
        ours = [call for call in counted.call_args_list if call.args[1]]
        self.assertEqual(len(ours), 1)
        self.assertEqual(len(ours[0].args[1]), 20)
        self.assertEqual(len(self.picking(request).move_ids), 20)

    def test_bad_lines_keep_their_reason_and_good_ones_go(self):
        request = self.ask((self.blanket, 1), (self.slippers, 1), (self.ear_plugs, 1))
        self.slippers.active = False
        self.ear_plugs.categ_id = self.syringe.categ_id
        request.action_send()
        self.assertEqual(request.state, "ordered")
        self.assertEqual(request.line_ids.mapped("state"), ["ready", "problem", "problem"])
        errors = request.line_ids.mapped("error")
        self.assertEqual(errors[0], False)
        self.assertIn("Slippers: archived, choose its successor.", errors[1])
        self.assertIn("Ear plugs: turn to", errors[2])
        self.assertEqual(self.picking(request).move_ids.product_id, self.blanket)
        self.assertEqual(request.problem_count, 2)
        self.slippers.active = True
        request.action_retry()
        self.assertEqual(request.line_ids.mapped("state"), ["ready", "ready", "problem"])
        request.line_ids[2].action_leave_out()
        self.done(self.picking(request))
        self.assertEqual(request.state, "done")
        with self.refused(UserError, "What is ordered is not left out"):
            request.line_ids[0].action_leave_out()

    def test_what_the_rules_refuse_stays_on_its_line(self):
        run = type(self.env["stock.rule"]).run

        def refuse(rule, procurements, raise_user_error=True):
            bad = [row for row in procurements if row.product_id == self.slippers]
            if bad:
                raise ProcurementException([(bad[0], "Nobody carries slippers.\nAsk around.")])
            return run(rule, procurements, raise_user_error=raise_user_error)

        request = self.ask((self.blanket, 1), (self.slippers, 1))
        with patch.object(type(self.env["stock.rule"]), "run", refuse):
            request.action_send()
        self.assertEqual(request.line_ids.mapped("state"), ["ready", "problem"])
        self.assertEqual(
            request.line_ids[1].error,
            "Slippers cannot be brought to Ward 7: Nobody carries slippers.",
        )

    def test_a_batch_that_names_no_bad_line_is_halved(self):
        products = [self.make_product(f"Thing {n}") for n in range(9)]
        bad = products[5]
        run = type(self.env["stock.rule"]).run
        runs = []

        def refuse(rule, procurements, raise_user_error=True):
            runs.append(len(procurements))
            if any(row.product_id == bad for row in procurements):
                raise UserError("Something is wrong.")
            return run(rule, procurements, raise_user_error=raise_user_error)

        request = self.ask(*[(product, 1) for product in products])
        with patch.object(type(self.env["stock.rule"]), "run", refuse):
            request.action_send()
        self.assertEqual(request.line_ids.filtered("error").product_id.mapped("name"), ["Thing 5"])
        self.assertEqual(len(request.sudo().line_ids.move_ids), 8)
        self.assertLess(len(runs), 12)
        self.assertEqual(len(self.picking(request)), 1)

    def test_a_route_that_was_changed_orders_nothing(self):
        request = self.ask((self.blanket, 1))
        self.warehouse.care_topup_route_id.active = False
        with self.refused(UserError, 'The route "Ward top-up"'):
            request.action_send()
        self.assertEqual(request.state, "draft")
        self.assertFalse(self.picking(request))
        self.warehouse._care_set_up_supply()
        request.action_send()
        self.assertEqual(request.state, "ordered")

    def test_an_operation_that_leads_elsewhere_orders_nothing(self):
        self.warehouse.care_topup_type_id.default_location_dest_id = self.store
        request = self.send((self.blanket, 1))
        self.assertEqual(request.state, "approved")
        self.assertIn("the route leads to WH/Stock", request.line_ids.error)
        self.assertIn("Nothing could be ordered", request.arrival)
        self.assertFalse(request.sudo().line_ids.move_ids)
        request.action_draft()
        self.assertEqual(request.state, "draft")
        self.assertFalse(request.line_ids.error)

    def test_a_ward_that_does_not_count_uses_at_once(self):
        self.ward.ward_mode = "issue"
        request = self.send((self.blanket, 2))
        picking = self.picking(request)
        self.assertEqual(picking.location_dest_id, self.warehouse.care_use_location_id)
        self.done(picking)
        self.assertEqual(request.state, "done")

    def test_what_is_refused_before_anything_is_written(self):
        with self.refused(ValidationError, "Ask for at least 0.01 of Blanket."):
            self.ask((self.blanket, -1))
        for nothing in (0, 0.001):
            with self.refused(ValidationError, "Ask for at least 0.01 of Blanket."):
                self.ask((self.blanket, nothing))
        for number in (float("nan"), float("inf")):
            with self.refused(UserError, f"Quantity: {number} is no quantity, type a number."):
                self.ask((self.blanket, number))
        with self.refused(ValidationError, "1,000,000 of Blanket is more than 10,000"):
            self.ask((self.blanket, 1_000_000))
        with self.refused(UserError, "Syringe: turn to"):
            self.ask((self.blanket, 1), (self.syringe, 1))
        self.assertFalse(self.Request.search([]))
        with self.refused(UserError, "asks for nothing: add at least one line"):
            self.ask().action_send()
        past = self.ask((self.blanket, 1), needed_by="2020-01-01 10:00:00")
        with self.refused(UserError, "which has passed: choose a later time"):
            past.action_send()
        far = fields.Datetime.now() + timedelta(days=740)
        with self.refused(ValidationError, "choose a day within two years"):
            self.ask((self.blanket, 1), needed_by=far)
        with self.refused(ValidationError, "choose a day within two years"):
            past.needed_by = far
        lab = self.env["care.department"].create({"name": "Laboratory"})
        request = self.ask((self.blanket, 1), user=self.clerk, department_id=lab.id)
        with self.refused(UserError, "Laboratory has no shelves of its own"):
            request.action_send()
        self.assertFalse((past | request).sudo().line_ids.move_ids)

    def test_another_ward_is_refused_in_a_sentence(self):
        before = self.Request.search([])
        with self.refused(AccessError, "You do not work on Ward 8: choose a ward of yours"):
            self.ask((self.blanket, 1), department_id=self.other_ward.id)
        hidden = self.Request.with_user(self.nurse).with_context(
            default_department_id=self.other_ward.id
        )
        with self.refused(AccessError, "You do not work on Ward 8"):
            hidden.create({})
        self.assertEqual(self.Request.search([]), before)
        request = self.ask((self.blanket, 1))
        with self.refused(AccessError, "You do not work on Ward 8"):
            request.department_id = self.other_ward
        self.env.invalidate_all()
        self.assertEqual(request.department_id, self.ward)

    def test_needed_by_is_when_the_transfer_is_planned(self):
        needed = fields.Datetime.now().replace(microsecond=0) + timedelta(days=3)
        request = self.send((self.blanket, 1), needed_by=needed)
        picking = self.picking(request)
        self.assertEqual(picking.scheduled_date, needed)
        self.assertEqual(picking.date_deadline, needed)
        self.assertEqual(request.expected_date, needed)

    def test_partly_arrived(self):
        request = self.send((self.blanket, 5))
        self.done(self.picking(request), {self.blanket: 2})
        self.assertEqual(request.state, "partly")
        self.assertEqual(request.line_ids.arrived_quantity, 2)
        backorder = self.picking(request).filtered(lambda row: row.state != "done")
        self.assertEqual(backorder.care_supply_request_id, request)
        self.done(backorder)
        self.assertEqual(request.state, "done")
        self.assertEqual(request.line_ids.arrived_quantity, 5)

    def test_what_is_sent_does_not_change(self):
        request = self.send((self.blanket, 2))
        sentence = "was sent already and does not change"
        with self.refused(UserError, sentence):
            request.line_ids.quantity = 50
        with self.refused(UserError, sentence):
            request.line_ids = [Command.create({"product_id": self.slippers.id})]
        with self.refused(UserError, sentence):
            self.env["care.supply.request.line"].with_user(self.nurse).create(
                {"request_id": request.id, "product_id": self.slippers.id}
            )
        with self.refused(UserError, sentence):
            request.department_id = self.other_ward
        with self.refused(UserError, sentence):
            request.line_ids.unlink()
        with self.refused(UserError, "was sent already and is kept"):
            request.unlink()
        with self.refused(UserError, "it was sent already"):
            request.action_send()
        self.assertEqual(self.picking(request).move_ids.product_uom_qty, 2)
        draft = self.ask((self.blanket, 1))
        draft.unlink()
        self.assertFalse(draft.exists())

    def test_cancel_what_has_not_come(self):
        request = self.send((self.blanket, 5))
        request.action_cancel()
        self.assertEqual(request.state, "cancelled")
        self.assertEqual(self.picking(request).state, "cancel")
        request = self.send((self.blanket, 5))
        self.done(self.picking(request), {self.blanket: 2})
        request.action_cancel()
        self.assertEqual(request.state, "done")
        self.assertEqual(request.line_ids.arrived_quantity, 2)
        with self.refused(UserError, "arrived already"):
            request.action_cancel()

    def test_a_transfer_cancelled_in_the_store_shows(self):
        request = self.send((self.blanket, 5))
        self.picking(request).action_cancel()
        self.assertEqual(request.state, "cancelled")

    def test_queries_of_twenty_lines(self):
        products = [self.make_product(f"Thing {n}") for n in range(40)]
        for product in products:
            self.put(product, self.store, 10)
        self.send((self.blanket, 1))
        counts = []
        for part in (products[:1], products[1:21]):
            request = self.ask(*[(product, 2) for product in part])
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            request.action_send()
            self.env.flush_all()
            counts.append(self.env.cr.sql_log_count - before)
        one, twenty = counts
        self.assertLess((twenty - one) / 19, 16, f"one line {one}, twenty lines {twenty}")


class TestApproval(RequestCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.ward.supervisor_id = cls.head
        cls.blanket.standard_price = 30

    def test_a_category_waits_for_the_supervisor(self):
        self.supplies.care_needs_approval = True
        request = self.send((self.blanket, 2))
        self.assertEqual(request.state, "to_approve")
        self.assertEqual(request.approval_reason, "Needs approval: Blanket.")
        self.assertEqual(request.arrival, "Waits for the approval of Head.")
        self.assertEqual(request.activity_ids.user_id, self.head)
        self.assertFalse(self.picking(request))
        with self.refused(AccessError, f"{request.name} is for Head to decide"):
            request.action_approve()
        request.with_user(self.head).action_approve()
        self.assertEqual(request.state, "ordered")
        self.assertEqual(request.approver_id, self.head)
        self.assertFalse(request.activity_ids)
        self.assertTrue(self.picking(request))
        with self.refused(UserError, "it does not wait for approval"):
            request.with_user(self.head).action_approve()

    def test_an_amount_waits_for_the_supervisor(self):
        self.ward.request_limit = 100
        self.assertEqual(self.send((self.blanket, 3)).state, "ordered")
        request = self.send((self.blanket, 4))
        self.assertEqual(request.state, "to_approve")
        self.assertIn("more than the", request.approval_reason)
        self.assertIn("of Ward 7", request.approval_reason)

    def test_the_supervisor_needs_nobody(self):
        self.supplies.care_needs_approval = True
        self.assertEqual(self.send((self.blanket, 2), user=self.head).state, "ordered")

    def test_without_a_supervisor_of_the_ward_all_supervisors_decide(self):
        self.ward.supervisor_id = False
        self.supplies.care_needs_approval = True
        request = self.send((self.blanket, 2))
        self.assertIn(self.people["supervisor"], request.activity_ids.user_id)
        self.assertNotIn(self.people["coordinator"], request.activity_ids.user_id)
        request.with_user(self.people["supervisor"]).action_approve()
        self.assertEqual(request.state, "ordered")

    def test_refused_with_a_reason_that_who_asked_reads(self):
        self.supplies.care_needs_approval = True
        request = self.send((self.blanket, 2))
        boss = request.with_user(self.head)
        with self.refused(UserError, "Write the reason"):
            boss.action_refuse()
        boss.reason = "There are enough"
        boss.action_refuse()
        self.assertEqual(request.state, "refused")
        self.assertEqual(request.arrival, "Refused: There are enough")
        message = request.message_ids.filtered(lambda row: "was refused" in row.body)
        self.assertIn(self.nurse.partner_id, message.notified_partner_ids)
        self.assertFalse(self.picking(request))
        request.action_draft()
        self.assertEqual(request.state, "draft")

    def test_nobody_is_named_by_a_default(self):
        request = self.Request.with_user(self.nurse).with_context(
            default_requester_id=self.head.id,
            default_approval_reason="Agreed by phone",
            default_decision="approved",
            default_state="done",
            default_place="bed 12",
        )
        request = request.create({"department_id": self.ward.id})
        self.assertEqual(request.requester_id, self.nurse)
        self.assertFalse(request.approval_reason)
        self.assertEqual((request.decision, request.state), ("draft", "draft"))
        self.assertEqual(request.place, "bed 12")

    def test_nobody_decides_by_writing(self):
        self.supplies.care_needs_approval = True
        request = self.send((self.blanket, 2))
        for field, value in (
            ("decision", "approved"),
            ("state", "ordered"),
            ("approver_id", self.nurse.id),
        ):
            with self.subTest(field=field), self.refused(AccessError, "moves on by its buttons"):
                request.write({field: value})
        sneaky = self.ask((self.blanket, 2), decision="approved", requester_id=self.head.id)
        self.assertEqual(sneaky.decision, "draft")
        self.assertEqual(sneaky.requester_id, self.nurse)


class TestInquiryAsks(RequestCommon):
    def setUp(self):
        super().setUp()
        self.inquiry = self.make_inquiry(
            name="Cold at night", care_patient_id=self.patient.id, care_department_id=self.ward.id
        )
        self.coordinator = self.people["coordinator"]

    def ask_store(self, *lines, **values):
        """The two clicks: the button of the inquiry, then Ask."""
        inquiry = self.inquiry.with_user(self.coordinator)
        action = inquiry.action_care_ask_store()
        request = (
            self.Request.with_user(self.coordinator)
            .with_context(**action["context"])
            .create(
                {
                    "line_ids": [
                        Command.create({"product_id": product.id, "quantity": quantity})
                        for product, quantity in lines
                    ],
                    **values,
                }
            )
        )
        return request, request.action_ask()

    def test_two_clicks(self):
        request, action = self.ask_store((self.blanket, 2), place="bed 12", urgency="urgent")
        self.assertEqual(action["type"], "ir.actions.act_window_close")
        self.assertEqual(request.department_id, self.ward)
        self.assertEqual(request.ticket_id, self.inquiry)
        inquiry = self.inquiry.with_user(self.coordinator)
        self.assertIn(f"{request.name}: 2 Blanket. Expected by", inquiry.care_supply_text)
        picking = self.picking(request)
        self.assertEqual(picking.care_ticket_id, self.inquiry)
        self.assertEqual(picking.priority, "1")
        self.done(picking)
        self.env.invalidate_all()
        self.assertIn(f"{request.name}: 2 Blanket. Arrived", inquiry.care_supply_text)

    def test_problems_open_the_request(self):
        self.warehouse.care_topup_type_id.default_location_dest_id = self.store
        request, action = self.ask_store((self.blanket, 2))
        self.assertEqual(action["res_id"], request.id)
        self.assertEqual(action["res_model"], request._name)

    def test_out_of_stock_tells_when_it_comes(self):
        vendor = self.env["res.partner"].create({"name": "Woolworks"})
        self.blanket.seller_ids = [
            Command.create({"partner_id": vendor.id, "price": 4, "delay": 3})
        ]
        self.set_stock(self.blanket, self.store, 1)
        request, _action = self.ask_store((self.blanket, 5))
        self.assertEqual(request.line_ids.state, "waiting")
        self.assertEqual(request.arrival, "Out of stock and not on order yet: Blanket.")
        level = self.make_store_level(0, 20)
        level._care_order({level: (level.qty_to_order, level.qty_to_order)})
        self.env.invalidate_all()
        self.assertIn("Expected by", request.arrival)
        self.assertIn("Order not confirmed yet, expected by", request.line_ids.arrival)

    def make_store_level(self, low, high):
        return self.env["stock.warehouse.orderpoint"].create(
            {
                "product_id": self.blanket.id,
                "location_id": self.store.id,
                "product_min_qty": low,
                "product_max_qty": high,
                "trigger": "auto",
            }
        )

    def test_closed_or_plain_tickets_ask_for_nothing(self):
        plain = self.env["helpdesk.ticket"].create([{"name": "Toner", "description": "Toner"}])
        with self.refused(UserError, "is asked for inquiries alone"):
            plain.action_care_ask_store()
        with self.refused(UserError, "is no inquiry: ask without naming it"):
            self.ask((self.blanket, 1), user=self.people["coordinator"], ticket_id=plain.id)
        done = self.env.ref("helpdesk_mgmt.helpdesk_ticket_stage_done")
        self.env.cr.execute(
            "UPDATE helpdesk_ticket SET stage_id = %s WHERE id = %s",
            (done.id, self.inquiry.id),
        )
        self.inquiry.invalidate_recordset()
        before = self.Request.search([])
        with self.refused(UserError, f"Inquiry {self.inquiry.number} is closed: reopen it"):
            self.ask((self.blanket, 1), user=self.people["coordinator"], ticket_id=self.inquiry.id)
        self.assertEqual(self.Request.search([]), before)

    def test_nobody_asks_for_an_inquiry_that_he_may_not_read(self):
        for login in ("nurse", "clerk"):
            with self.subTest(login=login), self.assertRaises(AccessError):
                self.ask((self.blanket, 1), user=self.people[login], ticket_id=self.inquiry.id)
        request = self.ask((self.blanket, 1))
        with self.assertRaises(AccessError):
            request.ticket_id = self.inquiry

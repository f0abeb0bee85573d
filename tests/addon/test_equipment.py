"""Equipment: its state, faults and who hears of them, rounds, downtime, figures, access."""

import base64
import io
import json
import re
from datetime import date, datetime, timedelta
from unittest.mock import patch

from dateutil.relativedelta import relativedelta
from freezegun import freeze_time
from PIL import Image
from psycopg2 import IntegrityError

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Command, Datetime
from odoo.tests import Form, HttpCase, new_test_user, tagged
from odoo.tools import mute_logger

from ..common import MODULE, CareCommon, make_people

SECRETS = ("Secret title", "secret story", "Okafor", "H1001")


def picture():
    file = io.BytesIO()
    Image.new("RGB", (2000, 1000), "red").save(file, "PNG")
    return base64.b64encode(file.getvalue()).decode()


@tagged("standard", "post_install", "-at_install")
class EquipmentCommon(CareCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        make_hospital(cls)

    def report(self, who="nurse", **values):
        values = {"equipment_id": self.bell.id, "text": "It does not ring", **values}
        return self.env["care.fault"].with_user(self.people[who])._care_report([values]).sudo()

    def repair(self, request, stage="3"):
        technician = self.people["technician"]
        stage = self.env.ref(f"maintenance.stage_{stage}")
        request.with_user(technician).write({"stage_id": stage.id})

    def told(self, record):
        """People and texts of the notifications on a record."""
        messages = self.env["mail.message"].search(
            [
                ("model", "=", record._name),
                ("res_id", "=", record.id),
                ("notified_partner_ids", "!=", False),
            ],
            order="id",
        )
        return [(message.notified_partner_ids, message.body) for message in messages]

    def downtimes(self, equipment=None):
        return self.env["care.downtime"].search(
            [("equipment_id", "=", (equipment or self.bell).id)], order="id"
        )

    def refused(self, sentence, error=UserError):
        return self.assertRaisesRegex(error, sentence)


def make_hospital(cls):
    """A ward with a bell, a television and a pump, which is a medical device; people."""
    env = cls.env
    for name, group in (
        ("nurse", f"{MODULE}.group_ward_staff"),
        ("neighbour", f"{MODULE}.group_ward_staff"),
        ("technician", "maintenance.group_equipment_manager"),
        ("engineer", "base.group_user"),
    ):
        cls.people[name] = new_test_user(env, login=f"care_{name}", groups=group, name=name.title())
    cls.other_ward = env["care.department"].create({"name": "Ward 8", "code": "W8"})
    cls.ward.ward_user_ids = [Command.link(cls.people["nurse"].id)]
    cls.other_ward.ward_user_ids = [Command.link(cls.people["neighbour"].id)]
    cls.building, cls.biomed = env["maintenance.team"].create(
        [
            {"name": "Building"},
            {"name": "Biomed", "member_ids": [Command.link(cls.people["engineer"].id)]},
        ]
    )
    category = {"technician_user_id": False}
    cls.bells, cls.pumps = env["maintenance.equipment.category"].create(
        [
            {"name": "Bells", **category},
            {
                "name": "Pumps",
                "care_medical": True,
                "care_biomed_team_id": cls.biomed.id,
                **category,
            },
        ]
    )
    common = {
        "care_department_id": cls.ward.id,
        "maintenance_team_id": cls.building.id,
        "effective_date": date(2020, 1, 1),
        "technician_user_id": False,
    }
    cls.bell, cls.second, cls.pump, cls.far = env["maintenance.equipment"].create(
        [
            {
                "name": "Bell",
                "category_id": cls.bells.id,
                "care_tag": "EQ_1",
                "care_place": "Room 12",
                **common,
            },
            {"name": "Second bell", "category_id": cls.bells.id, "serial_no": "SN-2", **common},
            {"name": "Pump", "category_id": cls.pumps.id, "care_tag": "EQ3", **common},
            {
                "name": "Far bell",
                "category_id": cls.bells.id,
                **common,
                "care_department_id": cls.other_ward.id,
            },
        ]
    )
    cls.laptop = env["maintenance.equipment"].create({"name": "Laptop of the director"})
    cls.inquiry = cls.env["helpdesk.ticket"].create(
        [
            {
                "name": "Secret title",
                "description": "<p>secret story</p>",
                "care_nature_id": env.ref(f"{MODULE}.nature_question").id,
                "care_patient_id": cls.patient.id,
            }
        ]
    )
    cls.inquiry.user_id = cls.people["coordinator"]


class TestState(EquipmentCommon):
    def test_a_fault_takes_it_out_of_service_and_starts_the_downtime(self):
        now = datetime(2026, 3, 2, 8)
        with freeze_time(now):
            fault = self.report()
        request = fault.request_id
        self.assertEqual(self.bell.care_state, "out_of_service")
        self.assertEqual(request.name, "Fault: Bell")
        self.assertEqual(request.maintenance_team_id, self.building)
        self.assertEqual(request.maintenance_type, "corrective")
        self.assertEqual(request.priority, "3")
        self.assertIn("It does not ring", request.description)
        [downtime] = self.downtimes()
        self.assertEqual((downtime.start, downtime.stop), (now, False))
        self.assertEqual((downtime.cause, downtime.request_id), ("fault", request))
        self.assertEqual(self.bell.care_open_request_id, request)
        with freeze_time(now + timedelta(hours=30)):
            self.repair(request)
        self.assertEqual(self.bell.care_state, "in_service")
        self.assertEqual(downtime.hours, 30)
        self.assertEqual(fault.outcome, "works")
        self.assertFalse(self.bell.care_open_request_id)

    def test_usable_in_part_is_restricted_without_downtime(self):
        fault = self.report(usable=True)
        self.assertEqual(self.bell.care_state, "restricted")
        self.assertFalse(self.downtimes())
        self.report("coordinator", text="Now it is dead")
        self.assertEqual(self.bell.care_state, "out_of_service")
        self.assertEqual(self.downtimes().request_id, fault.request_id)

    def test_a_report_never_makes_the_state_better(self):
        self.bell.care_state = "out_of_service"
        fault = self.report(usable=True)
        self.assertEqual(self.bell.care_state, "out_of_service")
        self.repair(fault.request_id)
        # Taken out by hand, it comes back by hand.
        self.assertEqual(self.bell.care_state, "out_of_service")
        self.bell.care_state = "in_service"
        [downtime] = self.downtimes()
        self.assertEqual(downtime.cause, "hand")
        self.assertTrue(downtime.stop)

    def test_scrapped_is_retired_and_not_told_as_working(self):
        fault = self.report()
        self.repair(fault.request_id, "4")
        self.assertEqual(self.bell.care_state, "retired")
        self.assertTrue(self.bell.scrap_date)
        self.assertTrue(self.downtimes().stop)
        [(people, body)] = self.told(fault.request_id)
        self.assertEqual(people, self.people["nurse"].partner_id)
        self.assertIn("Bell is not repaired but retired", body)
        with self.refused("Bell is retired and not repaired any more"):
            self.report()
        self.repair(fault.request_id, "1")
        self.assertEqual(self.bell.care_state, "out_of_service")
        self.assertFalse(self.bell.scrap_date)

    def test_a_cancelled_request_ends_the_downtime(self):
        fault = self.report()
        fault.request_id.with_user(self.people["technician"]).archive_equipment_request()
        self.assertEqual(self.bell.care_state, "in_service")
        self.assertEqual(fault.outcome, "cancelled")
        [(_people, body)] = self.told(fault.request_id)
        self.assertIn("closed without a repair", body)
        fault.request_id.with_user(self.people["technician"]).reset_equipment_request()
        self.assertEqual(self.bell.care_state, "out_of_service")
        self.assertFalse(fault.outcome)
        self.assertEqual(len(self.downtimes()), 2)

    def test_one_downtime_is_open_per_item(self):
        self.report()
        with mute_logger("odoo.sql_db"), self.assertRaises(IntegrityError):
            with self.env.cr.savepoint():
                self.env["care.downtime"].create({"equipment_id": self.bell.id})

    def test_a_downtime_cannot_end_before_it_starts(self):
        with self.refused("The downtime of Bell cannot end before it starts", ValidationError):
            self.env["care.downtime"].create(
                {"equipment_id": self.bell.id, "start": "2026-03-02", "stop": "2026-03-01"}
            )

    def test_a_downtime_of_the_future_is_refused(self):
        later = Datetime.now() + timedelta(hours=1)
        for span in ({"start": later}, {"start": later - timedelta(hours=2), "stop": later}):
            with (
                self.subTest(span=span),
                self.refused("The downtime of Bell lies in the future", ValidationError),
                self.env.cr.savepoint(),
            ):
                self.env["care.downtime"].create({"equipment_id": self.bell.id, **span})
        self.assertFalse(self.downtimes())

    def test_hours_down_count_once(self):
        def span(first, last, equipment=self.bell):
            return {
                "equipment_id": equipment.id,
                "start": f"2026-03-{first:02} 08:00:00",
                "stop": last and f"2026-03-{last:02} 08:00:00",
            }

        rows = self.env["care.downtime"].with_user(self.people["clerk"])
        with freeze_time("2026-04-01"):
            kept = rows.create([span(5, 10), span(10, 12), span(5, 10, self.second)])
            for first, last in ((6, 7), (1, 6), (9, 20), (11, False)):
                with (
                    self.subTest(first=first, last=last),
                    self.refused("Bell was down from 3/.* already", ValidationError),
                    self.env.cr.savepoint(),
                ):
                    rows.create(span(first, last))
            with (
                self.refused("Bell was down from 3/10/26", ValidationError),
                self.env.cr.savepoint(),
            ):
                kept[0].stop = "2026-03-11"
            self.assertEqual(self.downtimes(), kept[:2].sudo())
            self.assertEqual(sum(self.downtimes().mapped("hours")), 7 * 24)

    def test_made_missing_it_is_down(self):
        equipment = self.env["maintenance.equipment"].create(
            {"name": "Lost bell", "care_state": "missing"}
        )
        self.assertEqual(self.downtimes(equipment).cause, "missing")
        equipment.care_state = "out_of_service"
        first, second = self.downtimes(equipment)
        self.assertTrue(first.stop)
        self.assertEqual((second.cause, second.stop), ("hand", False))

    def test_place_follows_the_serial_number(self):
        warehouse = self.env["stock.warehouse"].search([("company_id", "=", self.company.id)])[:1]
        product = self.env["product.product"].create(
            {"name": "Chair", "is_storable": True, "tracking": "serial"}
        )
        lot = self.env["stock.lot"].create({"name": "CH-1", "product_id": product.id})
        self.bell.location_id = warehouse.lot_stock_id
        self.assertEqual(self.bell.care_current_location_id, warehouse.lot_stock_id)
        place = self.env["stock.location"].create(
            {"name": "Corner", "location_id": warehouse.lot_stock_id.id}
        )
        self.bell.care_lot_id = lot
        self.assertFalse(self.bell.care_current_location_id)
        self.env["stock.quant"]._update_available_quantity(product, place, 1, lot_id=lot)
        self.bell.invalidate_recordset()
        self.assertEqual(self.bell.care_current_location_id, place)
        self.assertEqual(self.env["maintenance.equipment"]._care_by_tag("CH-1"), self.bell)
        with mute_logger("odoo.sql_db"), self.assertRaises(IntegrityError):
            with self.env.cr.savepoint():
                self.second.care_lot_id = lot
                self.second.flush_recordset()

    def test_what_does_not_work_is_not_lent(self):
        product = self.env["product.product"].create(
            {
                "name": "Chair",
                "is_storable": True,
                "tracking": "serial",
                "categ_id": self.env.ref(f"{MODULE}.supply_category_comfort").id,
            }
        )
        lot = self.env["stock.lot"].create({"name": "CH-1", "product_id": product.id})
        self.bell.care_lot_id = lot
        self.assertFalse(lot._care_not_lendable())
        self.report(usable=True)
        self.assertFalse(lot._care_not_lendable())
        request = self.report().request_id
        with self.refused(
            f"Chair CH-1: it is out of service, with maintenance as request {request.id}"
        ):
            lot._care_check_lendable()
        self.repair(request)
        self.assertFalse(lot._care_not_lendable())
        for state, reason in (
            ("out_of_service", "it is out of service"),
            ("missing", "a round did not find it"),
            ("retired", "it is retired"),
        ):
            self.bell.care_state = state
            self.assertEqual(lot._care_not_lendable(), {lot: reason})

    def test_bookable_once(self):
        clerk = self.people["clerk"]
        self.bell.with_user(clerk).action_care_make_bookable()
        resource = self.bell.care_resource_id
        self.assertEqual((resource.name, resource.resource_type), ("Bell", "material"))
        self.assertEqual(self.bell._care_resource(), resource)
        with self.assertRaises(AccessError):
            self.bell.with_user(self.people["coordinator"]).action_care_make_bookable()

    def test_tags_and_serial_numbers_find_it(self):
        equipment = self.env["maintenance.equipment"].with_user(self.people["nurse"])
        self.assertEqual(equipment._care_by_tag(" eq_1 "), self.bell)
        self.assertEqual(equipment._care_by_tag("SN-2"), self.second)
        for code in ("EQX1", "EQ%", "", "nothing"):
            with self.subTest(code=code), self.refused("No equipment has the tag"):
                equipment._care_by_tag(code)
        with mute_logger("odoo.sql_db"), self.assertRaises(IntegrityError):
            with self.env.cr.savepoint():
                self.second.care_tag = "eq_1"
                self.second.flush_recordset()
        self.assertIn(
            self.bell.id, [row[0] for row in self.env["maintenance.equipment"].name_search("EQ_1")]
        )

    def test_category_of_medical_devices_needs_its_team(self):
        with self.refused("choose the team of biomedical engineering", ValidationError):
            self.bells.care_medical = True


class TestFault(EquipmentCommon):
    def test_reporter_hears_once_when_it_works_again(self):
        fault = self.report()
        request = fault.request_id
        self.assertFalse(self.told(request))
        self.assertFalse(request.message_partner_ids)
        self.repair(request)
        [(people, body)] = self.told(request)
        self.assertEqual(people, self.people["nurse"].partner_id)
        self.assertIn(f"Bell works again (request {request.id}).", body)
        self.assertTrue(fault.told_date)
        self.repair(request, "1")
        self.repair(request)
        self.assertEqual(len(self.told(request)), 1)
        self.assertEqual(self.bell.care_state, "in_service")

    def test_reporter_hears_in_own_language(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        self.people["nurse"].lang = "fr_FR"
        fault = self.report()
        langs = []
        news = type(fault)._care_news

        def heard(faults):
            langs.append(faults.env.context.get("lang"))
            return news(faults)

        with patch.object(type(fault), "_care_news", heard):
            self.repair(fault.request_id)
        self.assertEqual(langs, ["fr_FR"])

    def test_a_second_report_joins_the_open_request(self):
        first = self.report()
        second = self.report("coordinator", ticket_id=self.inquiry.id, text="No light")
        self.report(text="Still nothing")
        self.assertEqual(second.request_id, first.request_id)
        self.assertEqual(len(self.downtimes()), 1)
        self.assertEqual(second.request_id.care_ticket_id, self.inquiry)
        self.assertEqual(second.request_id.care_reporter_id, self.people["nurse"])
        notes = first.request_id.message_ids.mapped("body")
        self.assertTrue([note for note in notes if "No light" in note])
        self.repair(first.request_id)
        people = self.env["res.partner"].union(*[who for who, _body in self.told(first.request_id)])
        self.assertEqual(people, (self.people["nurse"] | self.people["coordinator"]).partner_id)
        self.assertEqual(len(self.told(first.request_id)), 2)
        self.assertNotEqual(self.report().request_id, first.request_id)

    def test_request_made_by_hand_is_joined_too(self):
        request = self.env["maintenance.request"].create(
            {"name": "By hand", "equipment_id": self.bell.id}
        )
        self.assertEqual(self.report().request_id, request)

    def test_the_inquiry_hears(self):
        fault = self.report("coordinator", ticket_id=self.inquiry.id)
        self.assertEqual(fault.source, "inquiry")
        self.assertEqual(self.inquiry.care_fault_ids, fault)
        notes = self.inquiry.message_ids.mapped("body")
        self.assertTrue([x for x in notes if f"request {fault.request_id.id}" in x], notes)
        self.repair(fault.request_id)
        message = self.inquiry.message_ids[0]
        self.assertIn("Bell works again", message.body)
        self.assertEqual(message.subtype_id, self.env.ref("mail.mt_note"))
        self.assertEqual(message.notified_partner_ids, self.people["coordinator"].partner_id)

    def test_an_inquiry_nobody_may_read_is_not_linked(self):
        for who in ("nurse", "clerk", "technician"):
            with self.subTest(who=who), self.assertRaises(AccessError):
                self.report(who, ticket_id=self.inquiry.id)
        self.assertFalse(self.inquiry.care_fault_ids)
        self.assertFalse(self.downtimes())

    def test_technicians_read_no_title_and_no_patient(self):
        fault = self.report("coordinator", ticket_id=self.inquiry.id)
        request = fault.request_id.with_user(self.people["technician"])
        read = request.web_read(
            {
                "name": {},
                "display_name": {},
                "description": {},
                "care_ticket_id": {"fields": {"display_name": {}}},
                "care_fault_ids": {
                    "fields": {
                        "name": {},
                        "text": {},
                        "ticket_id": {"fields": {"display_name": {}}},
                    }
                },
            }
        )
        text = json.dumps(read, default=str) + " ".join(request.message_ids.mapped("body"))
        self.assertIn(self.inquiry.number, text)
        for secret in SECRETS:
            self.assertNotIn(secret, text)

    def test_nobody_points_a_request_at_an_inquiry_by_hand(self):
        fault = self.report()
        fault.request_id.with_user(self.people["technician"]).write(
            {"care_ticket_id": self.inquiry.id}
        )
        self.env.invalidate_all()
        self.assertFalse(fault.request_id.care_ticket_id)
        for who in ("nurse", "technician", "coordinator", "clerk"):
            with self.subTest(who=who), self.assertRaises(AccessError):
                fault.with_user(self.people[who]).write({"ticket_id": self.inquiry.id})

    def test_requests_of_an_inquiry_are_found(self):
        mine = self.report("coordinator", ticket_id=self.inquiry.id).request_id
        other = self.report(equipment_id=self.second.id).request_id
        requests = self.env["maintenance.request"]
        both = mine | other
        domain = [("id", "in", both.ids)]
        found = requests.search([*domain, ("care_ticket_id", "=", self.inquiry.id)])
        self.assertEqual(found, mine)
        self.assertEqual(requests.search([*domain, ("care_ticket_id", "=", False)]), other)
        self.assertEqual(
            requests.search([*domain, ("care_ticket_id", "in", [self.inquiry.id, False])]), both
        )
        typed = [*domain, ("care_ticket_id", "ilike", self.inquiry.number)]
        self.assertEqual(requests.with_user(self.people["coordinator"]).search(typed), mine)
        # Who may not read the inquiry sees its number and finds nothing by it, nor by its title.
        technician = requests.with_user(self.people["technician"])
        self.assertFalse(technician.search(typed))
        self.assertFalse(technician.search([*domain, ("care_ticket_id.name", "ilike", "Secret")]))

    def test_medical_devices_are_passed_on_and_keep_their_state(self):
        fault = self.report(equipment_id=self.pump.id)
        request = fault.request_id
        self.assertEqual(request.maintenance_team_id, self.biomed)
        self.assertEqual(self.pump.care_state, "in_service")
        self.assertFalse(self.downtimes(self.pump))
        [(people, body)] = self.told(request)
        self.assertEqual(people, self.people["engineer"].partner_id)
        self.assertIn("medical device", body)
        self.repair(request, "4")
        self.assertEqual(self.pump.care_state, "in_service")
        self.assertEqual(self.told(request)[1][0], self.people["nurse"].partner_id)

    def test_something_without_a_label(self):
        fault = self.report(
            equipment_id=False, name=" Light in the corridor ", department_id=self.ward.id
        )
        self.assertEqual(fault.name, "Light in the corridor")
        self.assertEqual(fault.request_id.name, "Fault: Light in the corridor")
        self.assertFalse(fault.request_id.equipment_id)
        self.repair(fault.request_id)
        self.assertIn("Light in the corridor works again", self.told(fault.request_id)[0][1])

    def test_several_at_once(self):
        values = [
            {"equipment_id": self.bell.id, "text": "One"},
            {"name": "Door", "text": "Two"},
            {"equipment_id": self.bell.id, "text": "Three"},
            {"name": "Window", "text": "Four"},
        ]
        faults = self.env["care.fault"].with_user(self.people["nurse"])._care_report(values)
        names = faults.sudo().request_id.mapped("name")
        self.assertEqual(names, ["Fault: Bell", "Fault: Door", "Fault: Window"])
        self.assertEqual(faults[0].request_id, faults[2].request_id)
        self.assertEqual([fault.text for fault in faults], ["One", "Two", "Three", "Four"])

    def test_what_is_refused(self):
        requests = self.env["maintenance.request"].search_count([])
        with self.refused("Scan or choose the equipment"):
            self.report(equipment_id=False)
        with self.refused("Write in a few words what is wrong"):
            self.report(text="  ")
        with self.refused("is retired"):
            self.second.active = False
            self.report("technician", equipment_id=self.second.id)
        with self.assertRaises(AccessError):
            self.report(equipment_id=self.laptop.id)
        self.assertEqual(self.env["maintenance.request"].search_count([]), requests)
        self.assertEqual(self.bell.care_state, "in_service")

    def test_without_a_team_it_says_so(self):
        company = self.env["res.company"].create({"name": "Small hospital"})
        self.env["maintenance.team"].search([("company_id", "=", False)]).company_id = self.company
        nurse = self.people["nurse"]
        nurse.company_ids = [Command.link(company.id)]
        fault = self.env["care.fault"].with_user(nurse).with_company(company)
        with self.refused("Small hospital has no maintenance team yet"):
            fault._care_report([{"name": "Door", "text": "Stuck"}])

    def test_a_reported_request_is_kept(self):
        fault = self.report()
        with self.refused("is kept: cancel the request instead"):
            fault.request_id.with_user(self.people["technician"]).unlink()
        self.assertTrue(fault.exists())

    def test_the_owner_is_nobody(self):
        # Staff modules compute the owner: nothing here may depend on it.
        self.assertFalse(self.report().request_id.owner_user_id)

    def test_ending_many_at_once(self):
        items = self.env["maintenance.equipment"].create(
            [
                {"name": f"Lamp {number}", "maintenance_team_id": self.building.id}
                for number in range(20)
            ]
        )
        items.care_department_id = self.ward
        faults = (
            self.env["care.fault"]
            .with_user(self.people["nurse"])
            ._care_report([{"equipment_id": item.id, "text": "Dark"} for item in items])
            .sudo()
        )
        self.assertEqual(set(items.mapped("care_state")), {"out_of_service"})
        faults.request_id.write({"stage_id": self.env.ref("maintenance.stage_3").id})
        self.assertEqual(set(items.mapped("care_state")), {"in_service"})
        self.assertTrue(all(faults.mapped("told_date")))


class TestFaultForm(EquipmentCommon):
    def form(self, who="nurse", **context):
        defaults = {f"default_{name}": value for name, value in context.items()}
        return Form(
            self.env["care.fault.report"].with_user(self.people[who]).with_context(**defaults),
            view=f"{MODULE}.care_fault_report_view_form",
        )

    def test_scan_say_send(self):
        form = self.form()
        self.assertFalse(form.known or form.place)
        form._barcode_scanned = "EQ_1"
        self.assertFalse(form.known)
        self.assertEqual(form.equipment_id.sudo(), self.bell)
        self.assertEqual(form.place, "Ward 7, Room 12")
        form.text = "Silent"
        form.photo = picture()
        action = form.save().action_report()
        fault = self.bell.care_fault_ids
        self.assertEqual((fault.source, fault.text), ("tag", "Silent"))
        self.assertEqual(
            action["params"]["message"],
            f"Reported as request {fault.request_id.id}. You hear when it works again.",
        )
        [file] = fault.request_id.message_ids.attachment_ids
        with Image.open(io.BytesIO(file.raw)) as kept:
            self.assertEqual(kept.size, (1600, 800))
        form = self.form("coordinator", ticket_id=self.inquiry.id)
        form.tag = "eq_1"
        self.assertIn("Maintenance knows of a fault already", form.known)
        form.text = "Silent"
        action = form.save().action_report()
        self.assertIn(f"Added to request {fault.request_id.id}", action["params"]["message"])
        self.assertEqual(fault.request_id.care_ticket_id, self.inquiry)

    def test_labels_carry_what_a_scan_finds(self):
        report = self.env["ir.actions.report"].with_user(self.people["technician"])
        labels = f"{MODULE}.tag_labels"
        html = report._render_qweb_html(labels, (self.bell | self.second).ids)[0].decode()
        text = re.sub(r"\s+", " ", re.sub("<[^>]+>", " ", html))
        for word in ("Bell Ward 7 Room 12 EQ_1", "Second bell Ward 7 Bells SN-2"):
            self.assertIn(word, text)
        self.assertEqual(html.count('src="data:image/svg+xml;base64,'), 2)
        self.assertNotIn("http", html.replace("http-equiv", ""))
        self.bell.care_tag = "Größe"
        with self.refused("enter one first: Bell, Far bell."):
            report._render_qweb_html(labels, (self.bell | self.second | self.far).ids)

    def test_unknown_tag_keeps_what_was_written(self):
        report = self.env["care.fault.report"].with_user(self.people["nurse"]).new({"text": "Loud"})
        warning = report.on_barcode_scanned("XYZ")["warning"]
        self.assertEqual(
            warning["message"],
            "No equipment has the tag XYZ: check the label, or describe the thing in words.",
        )
        self.assertEqual(report.text, "Loud")
        self.assertFalse(report.equipment_id)

    def test_medical_device_says_whom_it_goes_to(self):
        form = self.form()
        form._barcode_scanned = "EQ3"
        self.assertTrue(form.medical)
        form.text = "It flickers"
        message = form.save().action_report()["params"]["message"]
        self.assertIn("Passed on to Biomed", message)

    def test_from_the_inquiry_in_two_clicks(self):
        self.inquiry.care_department_id = self.ward
        action = self.inquiry.with_user(self.people["coordinator"]).action_care_report_fault()
        self.assertEqual(
            action["context"],
            {"default_ticket_id": self.inquiry.id, "default_department_id": self.ward.id},
        )
        self.assertEqual(action["res_model"], "care.fault.report")


class TestRound(EquipmentCommon):
    def setUp(self):
        super().setUp()
        self.checklist = self.env["care.checklist"].create(
            {
                "name": "Bells of Ward 7",
                "department_id": self.ward.id,
                "category_id": self.bells.id,
                "interval": "daily",
                "next_date": "2026-03-02",
                "line_ids": [
                    Command.create({"name": "It rings"}),
                    Command.create({"name": "Light in the corridor", "scope": "area"}),
                ],
            }
        )

    def make(self, day=None, who="nurse"):
        day = day or self.checklist._care_today()
        walk = self.checklist._care_make_rounds(day)
        return walk.with_user(self.people[who])

    def line(self, walk, equipment=None):
        equipment = equipment or self.bell
        return walk.line_ids.filtered(lambda line: line.equipment_id == equipment)

    def run_cron(self):
        cron = self.env.ref(f"{MODULE}.cron_equipment_rounds")
        with self.enter_registry_test_mode():
            self.assertIs(cron.method_direct_trigger(), True)

    def test_a_round_has_what_is_there(self):
        walk = self.make()
        self.assertEqual(
            walk.line_ids.mapped("name"), ["Light in the corridor", "Second bell", "Bell"]
        )
        self.assertEqual((walk.state, walk.total, walk.checked), ("open", 3, 0))
        self.assertEqual(self.make(), walk)
        self.second.care_state = "retired"
        tomorrow = self.make(walk.date + timedelta(days=1))
        self.assertNotIn("Second bell", tomorrow.line_ids.mapped("name"))

    def test_walk_it(self):
        walk = self.make()
        area, second, bell = walk.line_ids
        area.care_check("pass")
        self.assertEqual(walk.state, "started")
        shown = second.care_check("in_use", note=" With a patient ")
        self.assertEqual((shown["result"], shown["note"]), ("in_use", "With a patient"))
        with self.refused(r"Not checked yet \(1 of 3\): Bell \(Room 12\)\."):
            walk.care_finish()
        bell.care_check("fault", note="Silent", photo=picture())
        screen = walk.care_finish()
        self.assertEqual(screen["state"], "done")
        self.assertEqual((walk.user_id, walk.faults), (self.people["nurse"], 1))
        fault = self.bell.care_fault_ids
        self.assertEqual(fault.source, "round")
        self.assertEqual(fault.request_id.care_round_line_id, bell)
        self.assertEqual(self.bell.care_state, "out_of_service")
        self.assertEqual(len(fault.request_id.message_ids.attachment_ids), 1)
        self.assertTrue(bell.photo)
        with self.refused("This round was finished by Nurse"):
            area.care_check("fault", note="Late")
        with self.refused("This round was finished by Nurse"):
            walk.care_finish()

    def test_a_fault_needs_words_and_stays(self):
        bell = self.line(self.make())
        with self.refused("Write in a few words what is wrong"):
            bell.care_check("fault", note=" ")
        self.assertFalse(bell.result)
        with self.refused("Choose one of: Works, Fault, Not found, In use"):
            bell.care_check("broken")
        bell.care_check("fault", note="Silent", usable=True)
        self.assertEqual(self.bell.care_state, "restricted")
        request = self.bell.care_open_request_id
        with self.refused(
            rf"The fault of Bell \(Room 12\) is with maintenance as request {request.id}"
        ):
            bell.care_check("pass")
        bell.care_check("fault", note="Silent and dark", photo=picture())
        self.assertEqual(len(self.bell.care_fault_ids), 1)
        self.assertEqual(self.bell.care_fault_ids.text, "Silent and dark")
        self.assertTrue(request.message_ids.attachment_ids)

    def test_a_file_that_is_no_picture(self):
        bell = self.line(self.make())
        with self.assertRaises(UserError), self.env.cr.savepoint():
            bell.care_check("fault", note="Silent", photo=base64.b64encode(b"no picture").decode())
        self.env.invalidate_all()
        self.assertFalse(bell.result)
        self.assertFalse(self.bell.care_fault_ids)

    def test_an_area_is_never_missing(self):
        area = self.make().line_ids[0]
        with self.refused("Light in the corridor is an area: it works or it has a fault"):
            area.care_check("not_found")
        area.care_check("fault", note="Dark")
        self.assertEqual(area.fault_ids.request_id.name, "Fault: Light in the corridor")
        self.assertEqual(area.fault_ids.department_id, self.ward)

    def test_not_found_is_missing_until_found(self):
        bell = self.line(self.make())
        bell.care_check("not_found")
        self.assertEqual(self.bell.care_state, "missing")
        self.assertEqual(self.downtimes().cause, "missing")
        bell.care_check("not_found")
        self.assertEqual(len(self.downtimes()), 1)
        bell.care_check("in_use")
        self.assertEqual(self.bell.care_state, "in_service")
        self.assertTrue(self.downtimes().stop)

    def test_found_again_but_broken(self):
        self.report()
        bell = self.line(self.make())
        bell.care_check("not_found")
        self.assertEqual(self.bell.care_state, "missing")
        bell.care_check("pass")
        self.assertEqual(self.bell.care_state, "out_of_service")
        causes = self.downtimes().mapped("cause")
        self.assertEqual(causes, ["fault", "missing", "fault"])
        self.assertEqual(len(self.downtimes().filtered(lambda row: not row.stop)), 1)

    def test_medical_device_not_found_is_passed_on(self):
        self.checklist.category_id = self.pumps
        pump = self.line(self.make(), self.pump)
        pump.care_check("not_found")
        self.assertEqual(self.pump.care_state, "in_service")
        self.assertEqual(self.pump.care_fault_ids.text, "Not found on a round.")
        self.assertEqual(self.pump.care_fault_ids.request_id.maintenance_team_id, self.biomed)

    def test_a_scan_finds_its_line(self):
        walk = self.make()
        self.assertEqual(walk.care_find("eq_1"), self.line(walk).id)
        self.assertEqual(walk.care_find("SN-2"), self.line(walk, self.second).id)
        with self.refused("Pump is not on this round: it belongs to Ward 7"):
            walk.care_find("EQ3")
        with self.refused("No equipment has the tag ABC"):
            walk.care_find("ABC")

    def test_the_schedule_makes_and_misses_rounds(self):
        company = self.company
        company.care_tz = "Europe/Berlin"
        self.checklist.interval = "weekly"
        with freeze_time("2026-03-01 22:30:00"):
            # Still Sunday in Berlin.
            self.run_cron()
        self.assertFalse(self.checklist.round_ids)
        with freeze_time("2026-03-01 23:30:00"):
            self.run_cron()
            self.run_cron()
        [walk] = self.checklist.round_ids
        self.assertEqual((walk.date, walk.due_date), (date(2026, 3, 2), date(2026, 3, 8)))
        self.assertEqual(self.checklist.next_date, date(2026, 3, 9))
        with freeze_time("2026-03-08 12:00:00"):
            self.run_cron()
        self.assertEqual(walk.state, "open")
        self.line(walk).with_user(self.people["nurse"]).care_check("pass")
        with freeze_time("2026-03-30 12:00:00"):
            self.run_cron()
        self.assertEqual((walk.state, walk.checked), ("missed", 1))
        with self.refused("This round was due by 2026-03-08 and is over: walk the next one"):
            self.line(walk, self.second).with_user(self.people["nurse"]).care_check("pass")
        # After weeks without the schedule there is one round, not four.
        self.assertEqual(len(self.checklist.round_ids), 2)
        self.assertEqual(self.checklist.next_date, date(2026, 4, 6))
        self.assertEqual((self.checklist.round_count, self.checklist.missed_count), (2, 1))

    def test_months_keep_their_day(self):
        self.checklist.write({"interval": "monthly", "next_date": "2026-01-15"})
        self.make(date(2026, 1, 15))
        self.assertEqual(self.checklist.next_date, date(2026, 2, 15))
        self.assertEqual(self.checklist.round_ids.due_date, date(2026, 2, 14))

    def test_nothing_to_check(self):
        empty = self.env["care.checklist"].create(
            {"name": "Empty", "department_id": self.other_ward.id, "category_id": self.pumps.id}
        )
        self.assertFalse(empty._care_make_rounds(empty._care_today()))
        self.assertGreater(empty.next_date, empty._care_today())
        with self.refused("There is nothing to check yet"):
            empty.action_make_round()
        with self.refused("needs a department, an equipment category or both", ValidationError):
            self.env["care.checklist"].create({"name": "Nowhere"})

    def test_walk_it_now(self):
        action = self.checklist.with_user(self.people["clerk"]).action_make_round()
        self.assertEqual(action["tag"], "care_round")
        walk = self.env["care.round"].browse(action["params"]["round_id"])
        self.assertEqual(walk.state, "open")
        self.assertEqual(
            self.checklist.action_rounds()["domain"], [("checklist_id", "=", self.checklist.id)]
        )

    def test_the_screen_and_its_making_need_few_queries(self):
        self.env["maintenance.equipment"].create(
            [
                {
                    "name": f"Bell {number}",
                    "category_id": self.bells.id,
                    "care_department_id": self.ward.id,
                }
                for number in range(50)
            ]
        )
        self.env.flush_all()
        self.env.invalidate_all()
        with self.assertQueryCount(15):
            walk = self.make()
            self.env.flush_all()
        self.env.invalidate_all()
        with self.assertQueryCount(26):
            screen = walk.care_screen()
        self.assertEqual(len(screen["lines"]), 53)


class TestFigures(EquipmentCommon):
    def figures(self, by="equipment_id", domain=()):
        report = self.env["care.equipment.report"]
        return {
            key: values
            for key, *values in report._read_group(
                list(domain),
                [by],
                [
                    "availability:avg",
                    "down_hours:sum",
                    "failures:sum",
                    "repeats:sum",
                    "inquiries:sum",
                    "repair_hours:avg",
                ],
            )
        }

    def history(self, equipment, *spans):
        """Faults with their downtimes: ``(days ago, hours down)``."""
        now = Datetime.now()
        for days, hours in spans:
            fault = self.report(equipment_id=equipment.id)
            since = now - timedelta(days=days)
            self.repair(fault.request_id)
            fault.write({"reported_date": since, "ended_date": since + timedelta(hours=hours)})
            downtime = self.env["care.downtime"].search([("request_id", "=", fault.request_id.id)])
            downtime.write({"start": since, "stop": since + timedelta(hours=hours)})
        self.env.flush_all()

    def test_downtime_availability_and_repeats(self):
        start = Datetime.now() - timedelta(days=100)
        both = self.bell | self.second
        both.effective_date = start.date()
        # The second is a month and two days after the first; the third three days after that.
        self.history(self.bell, (80, 10), (40, 20), (37, 30))
        figures = self.figures(domain=[("equipment_id", "in", both.ids)])
        availability, down, failures, repeats, inquiries, repair = figures[self.bell]
        hours = (Datetime.now() - Datetime.to_datetime(start.date())).total_seconds() / 3600
        self.assertAlmostEqual(down, 60, places=3)
        self.assertAlmostEqual(availability, 100 * (1 - 60 / hours), places=1)
        self.assertEqual((failures, repeats, inquiries), (3, 1, 0))
        self.assertAlmostEqual(repair, 20, places=3)
        self.assertEqual(figures[self.second][0], 100)
        [weighed] = self.figures("category_id", [("equipment_id", "in", both.ids)]).values()
        self.assertAlmostEqual(weighed[0], 100 * (1 - 30 / hours), places=1)
        self.bell.invalidate_recordset()
        self.assertAlmostEqual(self.bell.care_down_hours, 60, places=3)
        self.assertEqual((self.bell.care_failures, self.bell.care_repeats), (3, 1))
        [department] = self.figures("department_id", [("equipment_id", "=", self.bell.id)])
        self.assertEqual(department, self.ward)

    def test_a_downtime_over_two_months_is_split(self):
        first = Datetime.now().replace(day=1, hour=0, minute=0, second=0, microsecond=0)
        first -= relativedelta(months=1)
        self.env["care.downtime"].create(
            {
                "equipment_id": self.bell.id,
                "start": first - timedelta(hours=6),
                "stop": first + timedelta(hours=4),
                "cause": "hand",
            }
        )
        self.env.flush_all()
        rows = self.env["care.equipment.report"].search([("equipment_id", "=", self.bell.id)])
        hours = {row.month: row.down_hours for row in rows if row.down_hours}
        self.assertEqual(
            {month: round(value, 3) for month, value in hours.items()},
            {first.date(): 4, (first - relativedelta(months=1)).date(): 6},
        )

    def test_inquiries_caused_are_counted_once(self):
        other = self.make_inquiry()
        for ticket in (self.inquiry, self.inquiry, other):
            self.report("coordinator", ticket_id=ticket.id)
        self.env.flush_all()
        figures = self.figures(domain=[("equipment_id", "=", self.bell.id)])[self.bell]
        self.assertEqual((figures[2], figures[4]), (1, 2))

    def test_what_was_no_fault_is_no_failure(self):
        fault = self.report()
        fault.request_id.archive_equipment_request()
        self.env.flush_all()
        self.assertEqual(self.figures()[self.bell][2], 0)

    def test_medical_devices_have_failures_but_no_downtime(self):
        self.report(equipment_id=self.pump.id)
        self.env.flush_all()
        availability, down, failures, *_rest = self.figures()[self.pump]
        self.assertFalse(availability or down)
        self.assertEqual(failures, 1)

    def test_retired_equipment_counts_until_its_end(self):
        today = Datetime.now().date()
        self.bell.write(
            {
                "effective_date": today - timedelta(days=10),
                "care_state": "retired",
                "scrap_date": today - timedelta(days=6),
            }
        )
        self.env.flush_all()
        [hours] = self.env["care.equipment.report"]._read_group(
            [("equipment_id", "=", self.bell.id)], [], ["hours:sum"]
        )[0]
        self.assertEqual(round(hours), 5 * 24)


class TestEquipmentAccess(EquipmentCommon):
    def test_who_sees_what(self):
        near = self.report().request_id
        far = self.report("neighbour", equipment_id=self.far.id).request_id
        plain = self.env["maintenance.request"].create({"name": "Laptop", "owner_user_id": False})
        both, everything = near | far, near | far | plain
        none = self.env["maintenance.request"]
        care = self.bell | self.second | self.pump | self.far
        expected = {
            "nurse": (near, care),
            "neighbour": (far, care),
            "coordinator": (both, care),
            "supervisor": (both, care),
            "responder": (none, care),
            "clerk": (everything, care | self.laptop),
            "technician": (everything, care | self.laptop),
            "privacy_officer": (none, care),
            "routing_admin": (none, self.env["maintenance.equipment"]),
            "employee": (none, self.env["maintenance.equipment"]),
        }
        for who, (requests, equipment) in expected.items():
            user = self.people[who]
            with self.subTest(who=who):
                found = requests.with_user(user).search([("id", "in", everything.ids)])
                self.assertEqual(found, requests)
                items = (care | self.laptop).ids
                found = equipment.with_user(user).search([("id", "in", items)])
                self.assertEqual(found, equipment)
                faults = self.env["care.fault"].with_user(user).search([])
                self.assertEqual(faults.sudo().request_id, requests & both)

    def test_rounds_are_those_of_own_wards(self):
        checklist = self.env["care.checklist"].create(
            {"name": "Ward 7", "department_id": self.ward.id}
        )
        walk = checklist._care_make_rounds(checklist._care_today())
        for who in ("nurse", "coordinator", "clerk", "technician"):
            self.assertEqual(walk.with_user(self.people[who]).search([]), walk)
        for who in ("neighbour",):
            self.assertFalse(walk.with_user(self.people[who]).search([]))
        for who in ("neighbour", "responder", "employee", "routing_admin"):
            mine = walk.with_user(self.people[who])
            with self.subTest(who=who):
                for call in (
                    mine.care_screen,
                    mine.care_finish,
                    lambda x=mine: x.care_find("EQ_1"),
                ):
                    with self.assertRaises(AccessError):
                        call()
                with self.assertRaises(AccessError):
                    walk.line_ids[0].with_user(self.people[who]).care_check("pass")
        for who in ("nurse", "clerk", "technician"):
            with self.subTest(who=who), self.assertRaises(AccessError):
                walk.with_user(self.people[who]).write({"state": "done"})
            with self.subTest(who=who), self.assertRaises(AccessError):
                walk.line_ids.with_user(self.people[who]).write({"result": "pass"})
        self.assertFalse(walk.line_ids.filtered("result"))

    def test_who_keeps_the_register(self):
        clerk = self.people["clerk"]
        self.assertFalse(clerk.has_group("stock.group_stock_manager"))
        self.assertFalse(clerk.has_group("maintenance.group_equipment_manager"))
        lamp = self.env["maintenance.equipment"].with_user(clerk).create({"name": "Lamp"})
        lamp.care_department_id = self.ward
        with self.assertRaises(AccessError):
            lamp.unlink()
        for who in ("nurse", "coordinator", "responder", "employee"):
            with self.subTest(who=who), self.assertRaises(AccessError):
                self.bell.with_user(self.people[who]).write({"care_state": "retired"})
        fault = self.report()
        self.repair(fault.request_id)
        fault.request_id.with_user(clerk).write({"priority": "1"})
        with self.assertRaises(AccessError):
            fault.request_id.with_user(clerk).unlink()
        for who in ("nurse", "coordinator"):
            with self.subTest(who=who), self.assertRaises(AccessError):
                fault.request_id.with_user(self.people[who]).write({"priority": "1"})

    def test_downtime_and_checklists(self):
        self.report()
        downtime = self.downtimes()
        downtime.with_user(self.people["clerk"]).note = "No spare part"
        self.assertEqual(downtime.with_user(self.people["coordinator"]).note, "No spare part")
        for who in ("nurse", "employee", "responder"):
            with self.subTest(who=who), self.assertRaises(AccessError):
                downtime.with_user(self.people[who]).read(["note"])
        values = {"name": "Mine", "department_id": self.ward.id}
        for who in ("clerk", "supervisor", "technician"):
            self.env["care.checklist"].with_user(self.people[who]).create(values)
        for who in ("nurse", "coordinator", "employee"):
            with self.subTest(who=who), self.assertRaises(AccessError):
                self.env["care.checklist"].with_user(self.people[who]).create(values)

    def test_other_companies_stay_apart(self):
        company = self.env["res.company"].create({"name": "Second hospital"})
        abroad = self.env["care.department"].create({"name": "Ward", "company_id": company.id})
        bell = self.env["maintenance.equipment"].create(
            {
                "name": "Abroad",
                "company_id": company.id,
                "care_department_id": abroad.id,
                "care_tag": "EQ_1",
                "maintenance_team_id": False,
            }
        )
        checklist = self.env["care.checklist"].create(
            {"name": "Abroad", "company_id": company.id, "department_id": abroad.id}
        )
        walk = checklist._care_make_rounds(checklist._care_today())
        self.assertEqual(walk.line_ids.equipment_id, bell)
        self.assertEqual(self.make_all("clerk"), self.bell)
        for record in (checklist, walk, walk.line_ids, bell):
            with self.subTest(model=record._name), self.assertRaises(AccessError):
                record.with_user(self.people["clerk"]).read(["display_name"])

    def make_all(self, who):
        return self.env["maintenance.equipment"].with_user(self.people[who])._care_by_tag("EQ_1")

    def test_menus(self):
        def names(who, root):
            menus = self.env["ir.ui.menu"].with_user(self.people[who]).load_menus(False)
            root = menus.get(self.env.ref(root).id)
            return [menus[child]["name"] for child in root["children"]] if root else []

        self.assertLessEqual(
            {"Report a fault", "Rounds"}, set(names("nurse", f"{MODULE}.menu_ward_root"))
        )
        self.assertFalse(names("employee", f"{MODULE}.menu_ward_root"))
        wards = set(names("clerk", f"{MODULE}.menu_care_equipment"))
        self.assertEqual(
            wards,
            {
                "Report a fault",
                "Faults",
                "Rounds",
                "Downtime",
                "Checklists",
                "Downtime and failures",
            },
        )
        self.assertFalse(names("employee", f"{MODULE}.menu_care_equipment"))


@tagged("standard", "post_install", "-at_install")
class TestEquipmentOverHttp(HttpCase):
    test_module = MODULE

    def setUp(self):
        super().setUp()
        self.people = make_people(self.env)
        self.company = self.env.company
        self.ward = self.env["care.department"].create({"name": "Ward 7"})
        self.patient = self.env["care.patient"].create(
            {"name": "Okafor, Ada", "hospital_number": "H1001"}
        )
        make_hospital(self)
        self.fault = (
            self.env["care.fault"]
            .with_user(self.people["coordinator"])
            ._care_report(
                [
                    {
                        "equipment_id": self.bell.id,
                        "text": "Silent",
                        "ticket_id": self.inquiry.id,
                    }
                ]
            )
            .sudo()
        )
        checklist = self.env["care.checklist"].create(
            {"name": "Ward 7", "department_id": self.ward.id}
        )
        self.walk = checklist._care_make_rounds(checklist._care_today())
        self.line = self.walk.line_ids.filtered(lambda row: row.equipment_id == self.second)

    def call(self, who, model, method, *args, **kwargs):
        """The raw answer to a call, and its result or error."""
        login = f"care_{who}"
        self.authenticate(login, login)
        response = self.url_open(
            f"/web/dataset/call_kw/{model}/{method}",
            data=json.dumps(
                {"params": {"model": model, "method": method, "args": args, "kwargs": kwargs}}
            ),
            headers={"Content-Type": "application/json"},
        )
        answer = response.json()
        return response.text, answer.get("result"), answer.get("error")

    def test_nobody_reads_a_patient_or_a_title(self):
        link = {"fields": {"display_name": {}}}
        fault = {"name": {}, "text": {}, "ticket_id": link, "display_name": {}}
        wanted = [
            (
                "maintenance.request",
                self.fault.request_id,
                {"care_ticket_id": link, "care_fault_ids": {"fields": fault}, "display_name": {}},
            ),
            ("care.fault", self.fault, fault),
        ]
        for who in ("clerk", "technician", "coordinator", "nurse"):
            for model, record, specification in wanted:
                text, result, error = self.call(
                    who, model, "web_read", record.ids, specification=specification
                )
                with self.subTest(who=who, model=model):
                    self.assertFalse(error)
                    self.assertTrue(result)
                    self.assertIn(self.inquiry.number, text)
                    for secret in SECRETS:
                        self.assertNotIn(secret, text)
        for who in ("clerk", "technician", "nurse"):
            _text, result, error = self.call(
                who, "helpdesk.ticket", "read", self.inquiry.ids, ["name"]
            )
            with self.subTest(who=who):
                self.assertFalse(result)
                self.assertTrue(error)

    def test_a_round_over_http(self):
        self.call("neighbour", "care.round.line", "care_check", self.line.ids, result="pass")
        self.env.invalidate_all()
        self.assertFalse(self.line.result)
        _text, result, _error = self.call("nurse", "care.round", "care_screen", self.walk.ids)
        self.assertEqual(len(result["lines"]), 3)
        _text, result, _error = self.call(
            "nurse", "care.round.line", "care_check", self.line.ids, result="fault", note="Silent"
        )
        self.assertEqual(result["result"], "fault")
        self.env.invalidate_all()
        self.assertEqual(self.second.care_state, "out_of_service")

    def test_private_ways_are_closed(self):
        for model, method, args in (
            ("care.fault", "_care_report", [[{"name": "Door", "text": "Stuck"}]]),
            ("maintenance.equipment", "_care_set_state", [self.bell.ids, "in_service"]),
            ("care.fault", "create", [[{"name": "x"}]]),
            ("care.round", "write", [self.walk.ids, {"state": "done"}]),
        ):
            with self.subTest(method=method), mute_logger("odoo.http"):
                _text, result, error = self.call("nurse", model, method, *args)
                self.assertFalse(result)
                self.assertTrue(error)
        self.env.invalidate_all()
        self.assertEqual(self.bell.care_state, "out_of_service")

from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain

from ..common.from_page import from_page
from ..common.guard import as_server
from ..supply.care_numbers import shown

STATES = [
    ("in_service", "In service"),
    ("restricted", "Restricted"),
    ("out_of_service", "Out of service"),
    ("missing", "Missing"),
    ("retired", "Retired"),
]
# In these it cannot be used.
DOWN = {"out_of_service", "missing"}
# Over how many days the figures of one item are shown.
FIGURE_DAYS = 365


class MaintenanceEquipment(models.Model):
    """Equipment as the wards see it: does it work, where does it belong, where is it now.

    Medical devices belong to biomedical engineering: their faults are passed on, their state is
    never changed by what wards report (``_care_set_state``).
    """

    _inherit = "maintenance.equipment"
    _rec_names_search = ["name", "serial_no", "care_tag"]

    care_state = fields.Selection(
        STATES, string="State", default="in_service", required=True, index=True, tracking=True
    )
    care_department_id = fields.Many2one(
        "care.department",
        string="Home department",
        index="btree_not_null",
        ondelete="restrict",
        check_company=True,
        tracking=True,
        help="Where it belongs and is looked for on rounds.",
    )
    care_place = fields.Char("Place", help="Where in the department, such as room 12, bed 2.")
    care_tag = fields.Char("Tag", copy=False, help="The barcode on the equipment.")
    care_lot_id = fields.Many2one(
        "stock.lot",
        string="Serial number in stock",
        copy=False,
        check_company=True,
        ondelete="restrict",
        help="The thing in the inventory that this is: it tells where it is now.",
    )
    care_current_location_id = fields.Many2one(
        "stock.location",
        string="Where it is now",
        compute="_compute_care_current_location_id",
        compute_sudo=True,
        help="By its serial number in stock; without one, where it is used.",
    )
    care_resource_id = fields.Many2one(
        "resource.resource",
        string="Bookable as",
        copy=False,
        index="btree_not_null",
        ondelete="restrict",
        check_company=True,
        readonly=True,
    )
    care_medical = fields.Boolean(related="category_id.care_medical", string="Medical device")
    care_fault_date = fields.Datetime("Last fault", readonly=True, copy=False)
    care_fault_ids = fields.One2many("care.fault", "equipment_id", string="Faults", copy=False)
    care_downtime_ids = fields.One2many(
        "care.downtime", "equipment_id", string="Downtimes", copy=False
    )
    care_open_request_id = fields.Many2one(
        "maintenance.request", compute="_compute_care_open_request_id", compute_sudo=True
    )
    care_availability = fields.Float(
        "Available (%)", compute="_compute_care_figures", digits=(5, 1)
    )
    care_down_hours = fields.Float("Hours down", compute="_compute_care_figures")
    care_failures = fields.Integer("Failures", compute="_compute_care_figures")
    care_repeats = fields.Integer("Repeat failures", compute="_compute_care_figures")
    care_inquiries = fields.Integer("Inquiries caused", compute="_compute_care_figures")

    _care_lot_uniq = models.UniqueIndex(
        "(care_lot_id) WHERE care_lot_id IS NOT NULL",
        "Another equipment has this serial number in stock.",
    )
    _care_tag_uniq = models.UniqueIndex(
        "(COALESCE(company_id, 0), lower(care_tag)) WHERE care_tag IS NOT NULL",
        "Another equipment of this company has this tag.",
    )

    @api.depends("care_lot_id.location_id", "location_id")
    def _compute_care_current_location_id(self):
        for equipment in self:
            lot = equipment.care_lot_id
            equipment.care_current_location_id = lot.location_id if lot else equipment.location_id

    @api.depends(
        "maintenance_ids.stage_id", "maintenance_ids.archive", "maintenance_ids.maintenance_type"
    )
    def _compute_care_open_request_id(self):
        found = self._care_open_requests()
        for equipment in self:
            equipment.care_open_request_id = found.get(equipment)

    @api.depends("care_downtime_ids.start", "care_downtime_ids.stop", "care_fault_ids.outcome")
    def _compute_care_figures(self):
        since = fields.Date.context_today(self) - timedelta(days=FIGURE_DAYS)
        report = self.env["care.equipment.report"].sudo()
        found = {
            equipment.id: figures
            for equipment, *figures in report._read_group(
                [("equipment_id", "in", self.ids), ("month", ">=", since.replace(day=1))],
                ["equipment_id"],
                [
                    "availability:avg",
                    "down_hours:sum",
                    "failures:sum",
                    "repeats:sum",
                    "inquiries:sum",
                ],
            )
        }
        for equipment in self:
            figures = found.get(equipment.id) or [0] * 5
            equipment.care_availability = figures[0]
            equipment.care_down_hours = figures[1]
            equipment.care_failures = figures[2]
            equipment.care_repeats = figures[3]
            equipment.care_inquiries = figures[4]

    # ------------------------------------------------------------------
    # State and downtime
    # ------------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        equipment = super().create(vals_list)
        equipment.filtered(lambda item: item.care_state != "in_service")._care_follow_state()
        return equipment

    def write(self, vals):
        old = {item.id: item.care_state for item in self} if "care_state" in vals else {}
        result = super().write(vals)
        if old:
            self.filtered(lambda item: item.care_state != old[item.id])._care_follow_state()
        return result

    def _care_follow_state(self):
        """Begin or end the downtime that a new state means, and date a retirement."""
        self = as_server(self)
        now = fields.Datetime.now()
        running = self._care_running_downtimes()
        ended = running.filtered(
            lambda row: (
                row.equipment_id.care_state not in DOWN
                # Lost and broken are two reasons, so two downtimes.
                or (row.cause == "missing") != (row.equipment_id.care_state == "missing")
            )
        )
        ended.write({"stop": now})
        # Before the next one begins: only one may be open.
        ended.flush_recordset()
        goes_on = (running - ended).equipment_id
        self.env["care.downtime"].create(
            [
                {
                    "equipment_id": item.id,
                    "start": now,
                    "cause": "missing" if item.care_state == "missing" else "hand",
                }
                for item in self - goes_on
                if item.care_state in DOWN
            ]
        )
        today = fields.Date.context_today(self)
        retired = self.filtered(lambda item: item.care_state == "retired")
        retired.filtered(lambda item: not item.scrap_date).scrap_date = today
        (self - retired).filtered("scrap_date").scrap_date = False

    def _care_running_downtimes(self):
        return (
            self.env["care.downtime"]
            .sudo()
            .search([("equipment_id", "in", self.ids), ("stop", "=", False)])
        )

    def _care_set_state(self, state):
        """Change the state by what was reported; medical devices keep theirs."""
        changed = self.sudo().filtered(
            lambda item: not item.care_medical and item.care_state != state
        )
        if changed:
            changed.write({"care_state": state})

    def _care_broken(self, usable):
        """A fault was reported: it never makes the state of an item better."""
        before = {"in_service", "missing"} if usable else {"in_service", "missing", "restricted"}
        self.sudo().filtered(lambda item: item.care_state in before)._care_set_state(
            "restricted" if usable else "out_of_service"
        )
        self._care_name_request()

    def _care_settle(self, states=("in_service", "restricted", "out_of_service")):
        """Set each item that is in one of these states to what its open faults leave of it.

        What somebody took out of service by hand comes back by hand.
        """
        by_hand = self._care_running_downtimes().filtered(
            lambda row: row.cause == "hand" and not row.request_id
        )
        settled = (self.sudo() - by_hand.equipment_id).filtered(
            lambda item: item.care_state in states
        )
        worst = {}
        for fault in self._care_open_faults():
            if worst.get(fault.equipment_id) != "out_of_service":
                worst[fault.equipment_id] = "restricted" if fault.usable else "out_of_service"
        for state, items in settled.grouped(lambda item: worst.get(item, "in_service")).items():
            items._care_set_state(state)
        self._care_name_request()

    def _care_name_request(self):
        """Name the request that a running downtime waits for."""
        waits_for = {
            fault.equipment_id: fault.request_id
            for fault in self._care_open_faults()
            if not fault.usable
        }
        for downtime in self._care_running_downtimes():
            request = waits_for.get(downtime.equipment_id)
            if request and downtime.cause == "hand" and not downtime.request_id:
                downtime.write({"cause": "fault", "request_id": request.id})

    def _care_open_faults(self):
        return (
            self.env["care.fault"]
            .sudo()
            .search([("equipment_id", "in", self.ids), ("outcome", "=", False)])
        )

    def _care_open_requests(self):
        """The oldest open request for a repair of each item: ``{equipment: request}``."""
        requests = (
            self.env["maintenance.request"]
            .sudo()
            .search(
                [
                    ("equipment_id", "in", self.ids),
                    ("maintenance_type", "=", "corrective"),
                    ("archive", "=", False),
                    ("stage_id.done", "=", False),
                ],
                order="id desc",
            )
        )
        return {request.equipment_id: request for request in requests}

    def _care_resource(self):
        """The resource under which this item is booked; made when first asked for."""
        self.ensure_one()
        equipment = as_server(self)
        if not equipment.care_resource_id:
            company = equipment.company_id or self.env.company
            equipment.care_resource_id = as_server(self.env["resource.resource"]).create(
                {
                    "name": equipment.display_name,
                    "resource_type": "material",
                    "company_id": company.id,
                    "tz": company._care_zone(),
                }
            )
        return equipment.care_resource_id

    # ------------------------------------------------------------------
    # Tags and buttons
    # ------------------------------------------------------------------

    @api.model
    def _care_by_tag(self, code):
        """The equipment with this tag or serial number; a sentence if there is none."""
        code = (code or "").strip()
        match = Domain("company_id", "in", [*self.env.companies.ids, False]) & (
            Domain("care_tag", "=ilike", _exact(code))
            | Domain("serial_no", "=", code)
            | Domain("care_lot_id.name", "=", code)
        )
        found = self.sudo().search(match) if code else self.browse()
        found = found.sudo(False)._filtered_access("read").sudo()
        tagged = found.filtered(lambda item: (item.care_tag or "").lower() == code.lower())
        equipment = (tagged or found)[:1]
        if not equipment:
            raise UserError(
                self.env._(
                    "No equipment has the tag %s: check the label, or describe the thing in words.",
                    shown(code),
                )
            )
        return equipment.sudo(self.env.su)

    @from_page(one=True)
    def action_care_report_fault(self):
        self.ensure_one()
        action = self.env["ir.actions.actions"]._for_xml_id(
            "patient_care_coordination.action_care_fault_report"
        )
        return action | {"context": {"default_equipment_id": self.id}}

    @from_page()
    def action_care_make_bookable(self):
        """Make the resource that appointments and needs can book."""
        self.check_access("write")
        for equipment in self:
            equipment._care_resource()
        return True

    @from_page(one=True)
    def action_care_faults(self):
        self.ensure_one()
        action = self.env["ir.actions.actions"]._for_xml_id(
            "patient_care_coordination.action_care_faults"
        )
        return action | {"domain": [("equipment_id", "=", self.id)], "context": {}}

    @from_page(one=True)
    def action_care_downtimes(self):
        self.ensure_one()
        action = self.env["ir.actions.actions"]._for_xml_id(
            "patient_care_coordination.action_care_downtimes"
        )
        return action | {
            "domain": [("equipment_id", "=", self.id)],
            "context": {"default_equipment_id": self.id},
        }


def _exact(text):
    """A pattern of ``=ilike`` that matches this text alone, in any case."""
    for sign in "\\%_":
        text = text.replace(sign, f"\\{sign}")
    return text

from base64 import b64decode

from markupsafe import Markup

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import html2plaintext, plaintext2html

from ..common.guard import as_server


class CareFault(models.Model):
    """One report that something does not work: by whom, from where, and how it ended.

    Several reports of one thing share its open maintenance request. Made by ``_care_report``
    alone. Texts here are read by technicians: a link to an inquiry shows its number, no more.
    """

    _name = "care.fault"
    _description = "Care Fault"
    _order = "reported_date desc, id desc"

    name = fields.Char("What", required=True, readonly=True)
    company_id = fields.Many2one("res.company", required=True, readonly=True, index=True)
    equipment_id = fields.Many2one(
        "maintenance.equipment", readonly=True, index="btree_not_null", ondelete="restrict"
    )
    category_id = fields.Many2one(related="equipment_id.category_id", store=True, index=True)
    department_id = fields.Many2one(
        "care.department", readonly=True, index="btree_not_null", ondelete="restrict"
    )
    text = fields.Text("What is wrong", readonly=True)
    usable = fields.Boolean("Usable in part", readonly=True)
    source = fields.Selection(
        [
            ("inquiry", "An inquiry"),
            ("round", "A round"),
            ("tag", "A scanned tag"),
            ("hand", "By hand"),
        ],
        required=True,
        readonly=True,
    )
    request_id = fields.Many2one(
        "maintenance.request",
        string="Maintenance request",
        required=True,
        readonly=True,
        index=True,
        ondelete="restrict",
    )
    stage_id = fields.Many2one(related="request_id.stage_id")
    ticket_id = fields.Many2one(
        "helpdesk.ticket",
        string="Inquiry",
        readonly=True,
        index="btree_not_null",
        ondelete="restrict",
    )
    round_line_id = fields.Many2one(
        "care.round.line", readonly=True, index="btree_not_null", ondelete="restrict"
    )
    reporter_id = fields.Many2one("res.users", required=True, readonly=True, index=True)
    reported_date = fields.Datetime("Reported", required=True, readonly=True, index=True)
    outcome = fields.Selection(
        [
            ("works", "Works again"),
            ("scrapped", "Not repaired, retired"),
            ("cancelled", "Closed without repair"),
        ],
        readonly=True,
        index=True,
    )
    ended_date = fields.Datetime("Ended", readonly=True)
    told_date = fields.Datetime("Reporter told", readonly=True)

    # ------------------------------------------------------------------
    # Reporting
    # ------------------------------------------------------------------

    @api.model
    def _care_report(self, vals_list):
        """Report faults in the name of the current user; the only way to make them.

        Each dict has ``equipment_id``, or ``name`` and ``department_id`` of what is in no
        register; ``text``; and may have ``usable``, ``ticket_id``, ``round_line_id``, ``source``
        and ``photo`` (base64). An item that is with maintenance already gets no second request.

        :raises UserError: if one of them cannot be reported; then none is
        """
        equipment = self.env["maintenance.equipment"].browse(
            [vals["equipment_id"] for vals in vals_list if vals.get("equipment_id")]
        )
        equipment.check_access("read")
        equipment = as_server(equipment)
        self._care_check_reports(vals_list, equipment)
        now = fields.Datetime.now()
        # Writing also makes of two reports at once one after the other, so that the second finds
        # the request of the first.
        equipment.write({"care_fault_date": now})
        self.env.flush_all()
        requests = equipment._care_open_requests()
        new = [
            vals
            for number, vals in enumerate(vals_list)
            if not vals.get("equipment_id")
            or (
                equipment.browse(vals["equipment_id"]) not in requests
                and vals["equipment_id"]
                not in [before.get("equipment_id") for before in vals_list[:number]]
            )
        ]
        made = self._care_make_requests(new)
        requests |= {request.equipment_id: request for request in made if request.equipment_id}
        others = iter(made.filtered(lambda request: not request.equipment_id))
        values = []
        for vals in vals_list:
            item = equipment.browse(vals.get("equipment_id") or [])
            request = requests[item] if item else next(others)
            values.append(self._care_fault_values(vals, item, request, now))
        faults = as_server(self).create(values)
        for usable, rows in faults.filtered("equipment_id").grouped("usable").items():
            rows.equipment_id._care_broken(usable)
        for fault, vals in zip(faults, vals_list, strict=True):
            fault._care_note(vals.get("photo"))
        self._care_pass_on(made)
        return faults.sudo(self.env.su)

    @api.model
    def _care_check_reports(self, vals_list, equipment):
        for item in equipment:
            if item.care_state == "retired" or not item.active:
                raise UserError(
                    self.env._(
                        "%s is retired and not repaired any more: choose what took its place.",
                        item.display_name,
                    )
                )
        for vals in vals_list:
            if not vals.get("equipment_id") and not (vals.get("name") or "").strip():
                raise UserError(
                    self.env._("Scan or choose the equipment, or write what does not work.")
                )
            if not (vals.get("text") or "").strip():
                raise UserError(self.env._("Write in a few words what is wrong."))
        tickets = self.env["helpdesk.ticket"].browse(
            [vals["ticket_id"] for vals in vals_list if vals.get("ticket_id")]
        )
        tickets.check_access("read")

    @api.model
    def _care_make_requests(self, vals_list):
        """New maintenance requests, with nobody as owner: whoever reported is told once, by us."""
        values = []
        for vals in vals_list:
            item = self.env["maintenance.equipment"].sudo().browse(vals.get("equipment_id") or [])
            company = self._care_company(vals, item)
            what = item.name or vals["name"].strip()
            values.append(
                {
                    "name": self.env._("Fault: %s", what),
                    "equipment_id": item.id,
                    "company_id": company.id,
                    "maintenance_team_id": self._care_team(item, company).id,
                    "maintenance_type": "corrective",
                    "description": plaintext2html(vals["text"].strip()),
                    "priority": "1" if vals.get("usable") else "3",
                    "owner_user_id": False,
                }
            )
            if "employee_id" in self.env["maintenance.request"]._fields:
                values[-1]["employee_id"] = False
        requests = as_server(self.env["maintenance.request"])
        return requests.with_context(mail_create_nosubscribe=True).create(values)

    @api.model
    def _care_company(self, vals, equipment):
        department = self.env["care.department"].browse(vals.get("department_id") or [])
        return equipment.company_id or department.company_id or self.env.company

    @api.model
    def _care_team(self, equipment, company):
        """Who repairs it: biomedical engineering for a medical device, else its own team."""
        if equipment.care_medical:
            return equipment.category_id.care_biomed_team_id
        team = equipment.maintenance_team_id or self.env["maintenance.team"].sudo().search(
            [("company_id", "in", [company.id, False])], order="company_id, id", limit=1
        )
        if not team:
            raise UserError(
                self.env._(
                    "%s has no maintenance team yet: ask whoever manages the equipment for one.",
                    company.name,
                )
            )
        return team

    @api.model
    def _care_fault_values(self, vals, equipment, request, now):
        if vals.get("ticket_id"):
            source = "inquiry"
        elif vals.get("round_line_id"):
            source = "round"
        else:
            source = vals.get("source") or "hand"
        return {
            "name": equipment.display_name or vals["name"].strip(),
            "company_id": request.company_id.id,
            "equipment_id": equipment.id,
            "department_id": equipment.care_department_id.id or vals.get("department_id"),
            "text": vals["text"].strip(),
            "usable": bool(vals.get("usable")),
            "source": source,
            "request_id": request.id,
            "ticket_id": vals.get("ticket_id"),
            "round_line_id": vals.get("round_line_id"),
            "reporter_id": self.env.uid,
            "reported_date": now,
        }

    def _care_note(self, photo=None):
        """Keep what was reported, and its photo, with the request and with the inquiry."""
        self.ensure_one()
        fault = as_server(self)
        place = fault.equipment_id.care_place or fault.department_id.display_name or ""
        body = self.env._(
            "Reported: %(text)s (%(what)s, %(place)s)",
            text=fault.text,
            what=fault.name,
            place=place,
        )
        files = [("photo.jpg", b64decode(photo))] if photo else []
        fault.request_id.message_post(body=body, attachments=files, subtype_xmlid="mail.mt_note")
        if fault.ticket_id:
            fault.ticket_id._care_equipment_note(
                self.env._(
                    "Reported to maintenance: %(what)s, request %(request)s.",
                    what=fault.name,
                    request=fault.request_id.id,
                )
            )

    def _care_add(self, text, photo=None):
        """Pass on what was found out about a fault that is reported already."""
        fault = as_server(self)
        if text != fault.text or photo:
            fault.text = text
            fault._care_note(photo)

    @api.model
    def _care_pass_on(self, requests):
        """Tell biomedical engineering of what is theirs."""
        for request in requests.filtered("equipment_id.care_medical"):
            people = request.maintenance_team_id.member_ids.partner_id
            if people:
                request.message_notify(
                    partner_ids=people.ids,
                    subject=request.name,
                    body=Markup("<p>%s</p><p>%s</p>")
                    % (
                        self.env._("A ward reports a fault of a medical device."),
                        html2plaintext(request.description),
                    ),
                )

    # ------------------------------------------------------------------
    # The end
    # ------------------------------------------------------------------

    def _care_end(self, outcome):
        """A request has ended: settle the equipment, and tell whoever reported, once."""
        faults = as_server(self)
        faults.write({"outcome": outcome, "ended_date": fields.Datetime.now()})
        if outcome == "scrapped":
            faults.equipment_id._care_set_state("retired")
        else:
            faults.equipment_id._care_settle()
        untold = faults.filtered(lambda fault: not fault.told_date)
        for mine in untold.grouped("request_id").values():
            mine._care_tell()

    def _care_open_again(self):
        """A request was reopened: what it was about does not work after all."""
        faults = as_server(self)
        faults.write({"outcome": False, "ended_date": False})
        faults.equipment_id._care_settle(("in_service", "restricted", "out_of_service", "retired"))

    def _care_tell(self):
        """Tell the people and the inquiries behind one request how it ended."""
        request = self.request_id.ensure_one()
        self.write({"told_date": fields.Datetime.now()})
        for user in (self.reporter_id - self.env.user).filtered("active"):
            news = self[:1].with_context(lang=user.lang)._care_news()
            request.with_context(lang=user.lang).message_notify(
                partner_ids=user.partner_id.ids, subject=news, body=news
            )
        for ticket in self.ticket_id:
            ticket._care_equipment_note(self[:1]._care_news(), tell=True)

    def _care_news(self):
        """How it ended, in one sentence."""
        values = {"what": self.name, "request": self.request_id.id}
        if self.outcome == "scrapped":
            return self.env._(
                "%(what)s is not repaired but retired (request %(request)s).", **values
            )
        if self.outcome == "cancelled":
            return self.env._(
                "The fault of %(what)s was closed without a repair (request %(request)s).", **values
            )
        return self.env._("%(what)s works again (request %(request)s).", **values)

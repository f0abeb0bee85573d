from odoo import api, fields, models
from odoo.exceptions import UserError

from ..common.from_page import flag, from_page, picture, scanned, term, text
from ..common.guard import as_server

RESULTS = [
    ("pass", "Works"),
    ("fault", "Fault"),
    ("not_found", "Not found"),
    ("in_use", "In use"),
]


class CareRound(models.Model):
    """A walk past equipment: made by the schedule of its checklist, done on a tablet.

    Whoever may read a round may walk it. A round that is not finished on its last day is missed:
    what was checked is kept, the rest waits for the next one.
    """

    _name = "care.round"
    _description = "Care Round"
    _order = "date desc, id desc"

    checklist_id = fields.Many2one(
        "care.checklist", required=True, readonly=True, index=True, ondelete="restrict"
    )
    department_id = fields.Many2one(
        "care.department", readonly=True, index="btree_not_null", ondelete="restrict"
    )
    company_id = fields.Many2one("res.company", required=True, readonly=True, index=True)
    date = fields.Date(required=True, readonly=True)
    due_date = fields.Date("Last day", required=True, readonly=True)
    state = fields.Selection(
        [("open", "To do"), ("started", "Started"), ("done", "Done"), ("missed", "Missed")],
        required=True,
        readonly=True,
        default="open",
        index=True,
    )
    user_id = fields.Many2one("res.users", string="Walked by", readonly=True)
    done_date = fields.Datetime("Finished", readonly=True)
    line_ids = fields.One2many("care.round.line", "round_id", string="Checks", readonly=True)
    total = fields.Integer("To check", compute="_compute_counts")
    checked = fields.Integer(compute="_compute_counts")
    faults = fields.Integer(compute="_compute_counts")
    not_found = fields.Integer(compute="_compute_counts")

    _one_a_day = models.UniqueIndex(
        "(checklist_id, date)", "This checklist has a round on that day already."
    )

    @api.depends("checklist_id.name", "date")
    @api.depends_context("lang")
    def _compute_display_name(self):
        for walk in self:
            walk.display_name = f"{walk.checklist_id.name}, {fields.Date.to_string(walk.date)}"

    @api.depends("line_ids.result")
    def _compute_counts(self):
        counts = {
            (walk.id, result): count
            for walk, result, count in self.env["care.round.line"]._read_group(
                [("round_id", "in", self.ids)], ["round_id", "result"], ["__count"]
            )
        }
        for walk in self:
            rows = {result: n for (key, result), n in counts.items() if key == walk.id}
            walk.total = sum(rows.values())
            walk.checked = walk.total - rows.get(False, 0)
            walk.faults = rows.get("fault", 0)
            walk.not_found = rows.get("not_found", 0)

    @from_page(one=True)
    def action_walk(self):
        """Open the screen of the round."""
        self.ensure_one()
        return {
            "type": "ir.actions.client",
            "tag": "care_round",
            "name": self.display_name,
            "params": {"round_id": self.id},
            "context": {"active_id": self.id},
        }

    @from_page(one=True)
    def care_screen(self):
        """What the screen of a round shows: see ``static/src/equipment/round.js``."""
        self.ensure_one()
        self.check_access("read")
        walk = as_server(self)
        checks = walk.checklist_id.line_ids.filtered(lambda line: line.scope == "item")
        return {
            "id": walk.id,
            "name": walk.checklist_id.name,
            "department": walk.department_id.display_name or "",
            "state": walk.state,
            "checks": checks.mapped("name"),
            "lines": [line._care_shown() for line in walk.line_ids],
        }

    @from_page(one=True, code=scanned)
    def care_find(self, code):
        """The id of the line of this round that a scanned code belongs to."""
        self.ensure_one()
        self.check_access("read")
        equipment = self.env["maintenance.equipment"]._care_by_tag(code).sudo()
        line = self.sudo().line_ids.filtered(lambda line: line.equipment_id == equipment)
        if not line:
            raise UserError(
                self.env._(
                    "%(what)s is not on this round: it belongs to %(home)s.",
                    what=equipment.display_name,
                    home=equipment.care_department_id.display_name or self.env._("no department"),
                )
            )
        return line[:1].id

    @from_page(one=True)
    def care_finish(self):
        """Finish the round once everything is checked."""
        self.ensure_one()
        self.check_access("read")
        walk = as_server(self)
        walk._care_check_open()
        left = walk.line_ids.filtered(lambda line: not line.result)
        if left:
            raise UserError(
                self.env._(
                    "Not checked yet (%(count)s of %(total)s): %(names)s.",
                    count=len(left),
                    total=len(walk.line_ids),
                    names=", ".join(line._care_what() for line in left[:5])
                    + (" …" if len(left) > 5 else ""),
                )
            )
        walk.write({"state": "done", "user_id": self.env.uid, "done_date": fields.Datetime.now()})
        return self.care_screen()

    def _care_check_open(self):
        if self.state == "done":
            raise UserError(
                self.env._(
                    "This round was finished by %s: report a new fault instead.", self.user_id.name
                )
            )
        if self.state == "missed":
            raise UserError(
                self.env._(
                    "This round was due by %s and is over: walk the next one.", self.due_date
                )
            )

    @api.model
    def _care_miss(self, company, today):
        """Mark what was not finished on its last day."""
        rounds = self.sudo().search(
            [
                ("company_id", "=", company.id),
                ("state", "in", ["open", "started"]),
                ("due_date", "<", today),
            ]
        )
        rounds.write({"state": "missed"})


class CareRoundLine(models.Model):
    """One thing of a round and what was found; written by ``care_check`` alone."""

    _name = "care.round.line"
    _description = "Care Round Line"
    _order = "sequence, id"

    round_id = fields.Many2one(
        "care.round", required=True, readonly=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(related="round_id.company_id", store=True, index=True)
    date = fields.Date(related="round_id.date", store=True)
    department_id = fields.Many2one(related="round_id.department_id", store=True, index=True)
    sequence = fields.Integer(readonly=True)
    name = fields.Char("What", required=True, readonly=True)
    equipment_id = fields.Many2one(
        "maintenance.equipment", readonly=True, index="btree_not_null", ondelete="restrict"
    )
    category_id = fields.Many2one(related="equipment_id.category_id", store=True, index=True)
    result = fields.Selection(RESULTS, readonly=True, index=True)
    note = fields.Text(readonly=True)
    photo = fields.Image(max_width=1600, max_height=1600, readonly=True)
    user_id = fields.Many2one("res.users", string="Checked by", readonly=True)
    checked_date = fields.Datetime("Checked", readonly=True)
    fault_ids = fields.One2many("care.fault", "round_line_id", readonly=True)

    @from_page(one=True, result=term, note=text, photo=picture, usable=flag)
    def care_check(self, result, note=None, photo=None, usable=False):
        """Keep what was found of one thing, and do what follows from it.

        :param str result: one of ``RESULTS``
        :param str photo: base64
        :param bool usable: of a fault: it can still be used in part
        :return: the line as the screen shows it
        """
        self.ensure_one()
        self.check_access("read")
        line = as_server(self)
        line.round_id._care_check_open()
        if result not in dict(RESULTS):
            raise UserError(
                self.env._("Choose one of: %s.", ", ".join(word for _key, word in RESULTS))
            )
        if not line.equipment_id and result not in ("pass", "fault"):
            raise UserError(
                self.env._("%s is an area: it works or it has a fault.", line._care_what())
            )
        if line.fault_ids and result != "fault":
            raise UserError(
                self.env._(
                    "The fault of %(what)s is with maintenance as request %(request)s: let them "
                    "close it if it was none.",
                    what=line._care_what(),
                    request=line.fault_ids[:1].request_id.id,
                )
            )
        note = (note or "").strip()
        if result == "fault" and not note:
            raise UserError(self.env._("Write in a few words what is wrong."))
        values = {
            "result": result,
            "note": note,
            "user_id": self.env.uid,
            "checked_date": fields.Datetime.now(),
        }
        if photo:
            values["photo"] = photo
        line.write(values)
        if line.round_id.state == "open":
            line.round_id.state = "started"
        line.sudo(False)._care_follow_result(photo and line.photo, usable)
        return line._care_shown()

    def _care_follow_result(self, photo, usable):
        line = as_server(self)
        equipment = line.equipment_id
        if line.result == "fault":
            if line.fault_ids:
                line.fault_ids[:1]._care_add(line.note, photo)
            else:
                self._care_report_fault(line.note, photo, usable)
        elif line.result == "not_found":
            if equipment.care_medical:
                self._care_report_fault(self.env._("Not found on a round."), photo, False)
            elif equipment.care_state != "missing":
                equipment._care_set_state("missing")
        elif equipment.care_state == "missing":
            equipment._care_settle(("missing",))

    def _care_report_fault(self, text, photo, usable):
        line = as_server(self)
        self.env["care.fault"]._care_report(
            [
                {
                    "equipment_id": line.equipment_id.id,
                    "name": line.name,
                    "department_id": line.department_id.id,
                    "text": text,
                    "photo": photo,
                    "usable": usable,
                    "round_line_id": line.id,
                }
            ]
        )

    def _care_what(self):
        """The name of the thing with its place."""
        place = self.equipment_id.care_place
        name = self.equipment_id.name or self.name
        return f"{name} ({place})" if place else name

    def _care_shown(self):
        equipment = self.equipment_id
        request = equipment.care_open_request_id if equipment else self.fault_ids[:1].request_id
        states = dict(equipment._fields["care_state"]._description_selection(self.env))
        return {
            "id": self.id,
            "name": equipment.name or self.name,
            "place": equipment.care_place or "",
            "department": equipment.care_department_id.name or "",
            "tag": equipment.care_tag or equipment.serial_no or "",
            "area": not equipment,
            "medical": equipment.care_medical,
            "state": equipment.care_state or "",
            "state_word": states.get(equipment.care_state, ""),
            "request": request.id or False,
            "result": self.result or "",
            "note": self.note or "",
            "photo": bool(self.photo),
            "checked_by": self.user_id.name or "",
            "reported": bool(self.fault_ids),
        }

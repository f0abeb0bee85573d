from datetime import timedelta

import pytz
from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from ..common.from_page import from_page

INTERVALS = {
    "daily": relativedelta(days=1),
    "weekly": relativedelta(weeks=1),
    "monthly": relativedelta(months=1),
}


class CareChecklist(models.Model):
    """What is checked on a round, where and how often: per department and equipment category."""

    _name = "care.checklist"
    _description = "Care Checklist"
    _order = "name, id"
    _check_company_auto = True

    name = fields.Char(required=True, translate=True)
    active = fields.Boolean(default=True)
    company_id = fields.Many2one(
        "res.company", required=True, index=True, default=lambda self: self.env.company
    )
    department_id = fields.Many2one(
        "care.department",
        index="btree_not_null",
        ondelete="restrict",
        check_company=True,
        help="With the departments below it. Empty: everywhere, for rounds of a whole category.",
    )
    category_id = fields.Many2one(
        "maintenance.equipment.category",
        string="Equipment category",
        index="btree_not_null",
        ondelete="restrict",
        help="Empty: all equipment of the department.",
    )
    interval = fields.Selection(
        [("daily", "Every day"), ("weekly", "Every week"), ("monthly", "Every month")],
        string="How often",
        required=True,
        default="weekly",
    )
    next_date = fields.Date("Next round", required=True, default=fields.Date.context_today)
    line_ids = fields.One2many("care.checklist.line", "checklist_id", string="What to check")
    round_ids = fields.One2many("care.round", "checklist_id", string="Rounds")
    round_count = fields.Integer(compute="_compute_round_count")
    missed_count = fields.Integer(compute="_compute_round_count")

    def _compute_round_count(self):
        counts = {
            (checklist.id, state): count
            for checklist, state, count in self.env["care.round"]._read_group(
                [("checklist_id", "in", self.ids)], ["checklist_id", "state"], ["__count"]
            )
        }
        for checklist in self:
            rows = {state: n for (key, state), n in counts.items() if key == checklist.id}
            checklist.round_count = sum(rows.values())
            checklist.missed_count = rows.get("missed", 0)

    @api.constrains("name", "department_id", "category_id")
    def _check_scope(self):
        for checklist in self:
            if not checklist.department_id and not checklist.category_id:
                raise ValidationError(
                    self.env._(
                        "Checklist %s needs a department, an equipment category or both.",
                        checklist.name,
                    )
                )

    @from_page(one=True)
    def action_make_round(self):
        """Make a round now, beside the schedule."""
        self.ensure_one()
        rounds = self._care_make_rounds(self._care_today())
        if not rounds:
            raise UserError(
                self.env._(
                    "There is nothing to check yet: give equipment this home department and "
                    "category, or add a check of the area itself."
                )
            )
        return rounds.action_walk()

    @from_page(one=True)
    def action_rounds(self):
        self.ensure_one()
        action = self.env["ir.actions.actions"]._for_xml_id(
            "patient_care_coordination.action_care_rounds"
        )
        return action | {"domain": [("checklist_id", "=", self.id)], "context": {}}

    def _care_today(self):
        """Today where the hospital stands."""
        zone = pytz.timezone((self.company_id[:1] or self.env.company)._care_zone())
        return pytz.utc.localize(fields.Datetime.now()).astimezone(zone).date()

    def _care_equipment(self):
        """What this round looks for, in the order of the walk."""
        self.ensure_one()
        domain = [
            ("company_id", "in", [self.company_id.id, False]),
            ("care_state", "!=", "retired"),
        ]
        if self.department_id:
            domain.append(("care_department_id", "child_of", self.department_id.id))
        if self.category_id:
            domain.append(("category_id", "=", self.category_id.id))
        equipment = self.env["maintenance.equipment"].sudo().search(domain)
        return equipment.sorted(
            lambda item: (item.care_department_id.id, item.care_place or "", item.name or "")
        )

    def _care_make_rounds(self, today):
        """One round a checklist for ``today``; the one of that day if it is there already.

        Where there is nothing to check, none is made. The schedule goes on from ``today``, so
        that after days without the schedule no heap of old rounds arrives.
        """
        rounds = self.env["care.round"].sudo()
        for checklist in self.sudo():
            step = INTERVALS[checklist.interval]
            there = rounds.search([("checklist_id", "=", checklist.id), ("date", "=", today)])
            items = there.line_ids.mapped("name") or checklist._care_lines()
            if checklist.next_date <= today:
                following = checklist.next_date + step
                checklist.next_date = following if following > today else today + step
            if items and not there:
                there = rounds.create(
                    [
                        {
                            "checklist_id": checklist.id,
                            "department_id": checklist.department_id.id,
                            "company_id": checklist.company_id.id,
                            "date": today,
                            "due_date": today + step - timedelta(days=1),
                            "line_ids": [fields.Command.create(line) for line in items],
                        }
                    ]
                )
            rounds |= there
        return rounds.sudo(self.env.su)

    def _care_lines(self):
        """Values of the lines of a new round."""
        lines = [
            {"name": line.name, "sequence": number}
            for number, line in enumerate(
                self.line_ids.filtered(lambda line: line.scope == "area"), 1
            )
        ]
        return lines + [
            {"name": item.name, "equipment_id": item.id, "sequence": number}
            for number, item in enumerate(self._care_equipment(), len(lines) + 1)
        ]

    @api.model
    def _cron_care_rounds(self):
        """Make the rounds that are due, and mark those that nobody walked in time."""
        cron = self.env["ir.cron"]
        # Also of archived checklists: their last round may still be open.
        checklists = self.with_context(active_test=False)._read_group([], ["company_id"])
        companies = self.env["res.company"].union(*(company for (company,) in checklists))
        cron._commit_progress(remaining=len(companies))
        for company in companies:
            own = self.with_company(company)
            today = own._care_today()
            self.env["care.round"]._care_miss(company, today)
            own.search(
                [("company_id", "=", company.id), ("next_date", "<=", today)]
            )._care_make_rounds(today)
            if not cron._commit_progress(1):
                break


class CareChecklistLine(models.Model):
    _name = "care.checklist.line"
    _description = "Care Checklist Line"
    _order = "sequence, id"

    checklist_id = fields.Many2one("care.checklist", required=True, index=True, ondelete="cascade")
    sequence = fields.Integer(default=10)
    name = fields.Char("What to check", required=True, translate=True)
    scope = fields.Selection(
        [("item", "Each item"), ("area", "The area itself")],
        string="Checked on",
        required=True,
        default="item",
    )

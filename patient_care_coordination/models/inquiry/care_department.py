from odoo import api, fields, models
from odoo.exceptions import ValidationError


class CareDepartment(models.Model):
    """Where care happens and what an inquiry is about: Ward 7, Radiology."""

    _name = "care.department"
    _description = "Care Department"
    _order = "sequence, name, id"
    _parent_store = True
    _rec_name = "complete_name"
    _rec_names_search = ["name", "code"]
    _check_company_auto = True

    name = fields.Char(required=True, translate=True)
    code = fields.Char(copy=False, help="Short code used on lists and imports, such as W7.")
    complete_name = fields.Char("Department", compute="_compute_complete_name", recursive=True)
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    company_id = fields.Many2one(
        "res.company", required=True, index=True, default=lambda self: self.env.company
    )
    parent_id = fields.Many2one(
        "care.department", string="Part of", index=True, ondelete="restrict", check_company=True
    )
    parent_path = fields.Char(index=True)
    child_ids = fields.One2many("care.department", "parent_id", string="Sub-departments")
    team_id = fields.Many2one(
        "helpdesk.ticket.team",
        string="Answering team",
        index="btree_not_null",
        help="The team that answers for this department.",
    )
    supervisor_id = fields.Many2one(
        "res.users", domain=[("share", "=", False)], help="Who is told when something goes wrong."
    )
    location_id = fields.Many2one(
        "stock.location",
        string="Supply location",
        check_company=True,
        index="btree_not_null",
        help="Where the supplies of this department are kept.",
    )
    phone = fields.Char()

    _code_company_uniq = models.UniqueIndex(
        "(company_id, lower(code)) WHERE code IS NOT NULL",
        "Another department of this company has this code.",
    )

    @api.depends("name", "parent_id.complete_name")
    @api.depends_context("lang")
    def _compute_complete_name(self):
        for department in self:
            parent = department.parent_id.complete_name
            department.complete_name = (
                f"{parent} / {department.name}" if parent else department.name
            )

    @api.constrains("parent_id")
    def _check_parent_id(self):
        if self._has_cycle():
            raise ValidationError(
                self.env._("A department cannot lie within itself: choose another parent.")
            )

    def _care_supervisor(self):
        """Whom to tell of this department: its supervisor, else that of the nearest one above."""
        department = self[:1]
        while department and not department.supervisor_id:
            department = department.parent_id
        return department.supervisor_id

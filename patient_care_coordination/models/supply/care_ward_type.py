from odoo import fields, models


class CareWardType(models.Model):
    """What a ward is like, as far as its shelves go: a nursing ward, a clinic, a reception."""

    _name = "care.ward.type"
    _description = "Ward Type"
    _order = "sequence, name, id"

    name = fields.Char(required=True, translate=True)
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    company_id = fields.Many2one(
        "res.company", index="btree_not_null", help="Empty: for every company."
    )

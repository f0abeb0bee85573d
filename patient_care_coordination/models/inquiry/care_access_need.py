from odoo import fields, models


class CareAccessNeed(models.Model):
    """A need that staff must meet to be understood: interpreter, large print, hearing loop."""

    _name = "care.access.need"
    _description = "Access Need"
    _order = "sequence, name, id"

    name = fields.Char(required=True, translate=True)
    sequence = fields.Integer(default=10)
    hint = fields.Char(translate=True, help="What staff do about it, in one line.")

from odoo import fields, models


class CareNatureChange(models.Model):
    """One upgrade or downgrade of an inquiry's nature, with its reason; never edited."""

    _name = "care.nature.change"
    _description = "Change of Nature"
    _order = "date desc, id desc"

    ticket_id = fields.Many2one(
        "helpdesk.ticket", string="Inquiry", required=True, index=True, ondelete="restrict"
    )
    old_nature_id = fields.Many2one(
        "care.nature", string="Old nature", required=True, ondelete="restrict"
    )
    new_nature_id = fields.Many2one(
        "care.nature", string="New nature", required=True, ondelete="restrict"
    )
    reason = fields.Text(required=True)
    user_id = fields.Many2one("res.users", string="Changed by", required=True)
    date = fields.Datetime(required=True, default=fields.Datetime.now)

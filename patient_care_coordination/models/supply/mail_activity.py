from odoo import fields, models


class MailActivity(models.Model):
    _inherit = "mail.activity"

    care_loan_id = fields.Many2one(
        "stock.picking",
        string="Overdue loan",
        index="btree_not_null",
        ondelete="cascade",
        readonly=True,
        copy=False,
        groups="base.group_system",
    )

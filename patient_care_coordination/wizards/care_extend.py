from odoo import api, fields, models

from ..models.common.from_page import from_page


class CareExtend(models.TransientModel):
    """Record that a deadline got a new date which the person was told of in time."""

    _name = "care.extend"
    _description = "New Date for a Deadline"
    _inherit = ["care.checked.links"]

    ticket_id = fields.Many2one("helpdesk.ticket", string="Inquiry", required=True)
    open_ids = fields.Many2many("care.deadline", compute="_compute_open_ids")
    deadline_id = fields.Many2one(
        "care.deadline",
        string="What",
        required=True,
        compute="_compute_deadline_id",
        store=True,
        readonly=False,
        precompute=True,
        domain="[('id', 'in', open_ids)]",
    )
    due_text = fields.Char(related="deadline_id.due_text", string="Due by", related_sudo=False)
    rule = fields.Char(related="deadline_id.source", string="Rule", related_sudo=False)
    new_due = fields.Datetime(
        "New date",
        required=True,
        help="A deadline of days ends with this day, whatever the hour.",
    )
    reason = fields.Text(required=True, help="Why more time is needed.")
    told_date = fields.Datetime("Person told on", required=True, default=fields.Datetime.now)
    told_how = fields.Char("How", required=True, help="By phone, by letter …")
    agreed = fields.Boolean(
        "The person agreed", help="Needed where the policy sets a limit that the new date passes."
    )

    @api.depends("ticket_id")
    def _compute_open_ids(self):
        for wizard in self:
            wizard.open_ids = wizard.ticket_id._care_rows()._care_open().with_env(self.env)

    @api.depends("ticket_id")
    def _compute_deadline_id(self):
        """The answer first: that is what takes longer."""
        for wizard in self:
            rows = wizard.open_ids.sorted(lambda row: (row.kind != "answer", row.due))
            wizard.deadline_id = rows[:1]

    @from_page(one=True)
    def action_confirm(self):
        """Record it; raises UserError where it does not count as an extension."""
        self.ensure_one()
        self.ticket_id._care_extend(
            self.deadline_id.kind,
            self.new_due,
            self.reason,
            self.told_date,
            self.told_how,
            self.agreed,
        )
        return {"type": "ir.actions.act_window_close"}

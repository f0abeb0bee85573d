from odoo import api, fields, models


class CareIssue(models.Model):
    """One problem inside an inquiry.

    Severity follows the scale of Gillespie and Reader (2016): 0 not present, 1 low, 2 medium,
    3 high; stages of care are those of the same tool.
    """

    _name = "care.issue"
    _description = "Issue of an Inquiry"
    _order = "ticket_id, sequence, id"
    _rec_name = "category_id"

    ticket_id = fields.Many2one(
        "helpdesk.ticket", string="Inquiry", required=True, index=True, ondelete="restrict"
    )
    company_id = fields.Many2one(related="ticket_id.company_id", store=True, index=True)
    sequence = fields.Integer(default=10)
    category_id = fields.Many2one(
        "helpdesk.ticket.category", required=True, index=True, ondelete="restrict"
    )
    severity = fields.Selection(
        [("0", "0 Not present"), ("1", "1 Low"), ("2", "2 Medium"), ("3", "3 High")]
    )
    stage_of_care = fields.Selection(
        [
            ("admission", "Admission"),
            ("examination", "Examination and diagnosis"),
            ("ward", "Care on the ward"),
            ("procedure", "Operation or procedure"),
            ("discharge", "Discharge or transfer"),
            ("other", "Other or not stated"),
        ],
        string="Stage of care",
    )
    department_id = fields.Many2one("care.department", index="btree_not_null")
    finding = fields.Selection(
        [
            ("upheld", "Upheld"),
            ("partly", "Partly upheld"),
            ("not_upheld", "Not upheld"),
            ("none", "No finding needed"),
        ]
    )
    note = fields.Text()

    @api.model_create_multi
    def create(self, vals_list):
        ids = {vals["ticket_id"] for vals in vals_list if vals.get("ticket_id")}
        with self.env["helpdesk.ticket"].browse(ids)._care_keeps_gates():
            return super().create(vals_list)

    def write(self, vals):
        tickets = self.ticket_id
        if vals.get("ticket_id"):
            tickets |= tickets.browse(vals["ticket_id"])
        with tickets._care_keeps_gates():
            return super().write(vals)

    def unlink(self):
        with self.ticket_id._care_keeps_gates():
            return super().unlink()

from odoo import fields, models


class CareNature(models.Model):
    _inherit = "care.nature"

    care_policy_id = fields.Many2one(
        "care.policy",
        string="Deadline policy",
        company_dependent=True,
        domain="[('company_id', 'in', [allowed_company_ids and allowed_company_ids[0], False])]",
        help="Only where other rules hold for this nature than for the company. Set for each "
        "company apart; a policy of the department comes first.",
    )

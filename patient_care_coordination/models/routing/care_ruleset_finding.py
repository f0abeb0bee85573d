from odoo import fields, models

from ..common.from_page import from_page


class CareRulesetFinding(models.Model):
    """What a check of a rule set found: the rule and one sentence; made anew at each check."""

    _name = "care.ruleset.finding"
    _description = "Finding about a Rule Set"
    _order = "level, sequence, id"
    _rec_name = "sentence"

    ruleset_id = fields.Many2one(
        "care.ruleset", string="Rule set", required=True, index=True, ondelete="cascade"
    )
    rule_id = fields.Many2one("care.rule", ondelete="cascade", index="btree_not_null")
    sequence = fields.Integer()
    level = fields.Selection(
        [("1_error", "Error"), ("2_warning", "Warning")],
        required=True,
        help="Errors block going live, warnings do not.",
    )
    sentence = fields.Char(required=True)

    @from_page(one=True)
    def action_open_rule(self):
        """Open the rule the finding is about."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": "care.rule",
            "res_id": self.rule_id.id,
            "view_mode": "form",
            "target": "new",
        }

from odoo import fields, models


class CareLetterRequirement(models.Model):
    """Which letter must be sent before an inquiry of a nature may be closed."""

    _name = "care.letter.requirement"
    _description = "Letter Required for Closing"
    _order = "nature_id, id"
    _rec_name = "type_id"

    nature_id = fields.Many2one("care.nature", required=True, index=True, ondelete="cascade")
    type_id = fields.Many2one(
        "care.letter.type", string="Letter", required=True, index=True, ondelete="cascade"
    )
    policy_ids = fields.Many2many(
        "care.policy",
        "care_letter_requirement_policy_rel",
        "requirement_id",
        "policy_id",
        string="Under",
        help="Empty: under every policy.",
    )
    active = fields.Boolean(default=True)

    def _care_holds(self, ticket):
        """Whether this row asks for its letter of ``ticket``."""
        self.ensure_one()
        return self.nature_id == ticket.care_nature_id and (
            not self.policy_ids or ticket.care_policy_id in self.policy_ids
        )

    def _care_met(self, ticket, sent):
        """Whether the letter is among ``sent``: pairs of a type's and a policy's id.

        Where a policy asks, the letter must have the parts of that policy.
        """
        if self.policy_ids:
            return (self.type_id.id, ticket.care_policy_id.id) in sent
        return any(type_id == self.type_id.id for type_id, _policy_id in sent)

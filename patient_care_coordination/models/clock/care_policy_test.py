from odoo import api, fields, models, tools

from . import classifier

YES_NO = [("yes", "Yes"), ("no", "No")]
ABOUT = [
    ("care", "Care"),
    ("billing", "The bill alone"),
    ("billing_care", "The bill, because of the care or of rights on billing"),
]


class CarePolicyTest(models.Model):
    """One test of a policy: which nature an inquiry has if its facts are such.

    Tests are looked at in their order and the first that holds wins. It proposes; a person
    confirms. An empty condition asks nothing.
    """

    _name = "care.policy.test"
    _description = "Test of the Nature"
    _order = "policy_id, sequence, id"
    _rec_name = "sentence"

    policy_id = fields.Many2one("care.policy", required=True, index=True, ondelete="cascade")
    company_id = fields.Many2one(related="policy_id.company_id", store=True, index=True)
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    unhappy = fields.Selection(YES_NO)
    written = fields.Selection([("yes", "Written"), ("no", "Spoken")], string="How it came")
    about = fields.Selection(ABOUT)
    formal = fields.Selection(
        YES_NO, string="Asks for a response", help="Asks for formal handling or for a response."
    )
    alleged = fields.Selection(YES_NO, string="Abuse, neglect or harm alleged")
    minor = fields.Selection(
        YES_NO, string="Small request", help="Bedding, housekeeping, food and the like."
    )
    survey = fields.Selection(YES_NO, string="Comment of a survey")
    asks_resolution = fields.Selection(
        YES_NO,
        string="Named and asks to resolve it",
        help="The person who filled in a survey gave a name and asks to have something resolved.",
    )
    after_discharge = fields.Selection(
        YES_NO,
        string="Call after discharge",
        help="A call after discharge about what staff present would have settled.",
    )
    settled = fields.Selection(
        [
            ("at_once", "By staff present"),
            ("not_at_once", "Not by staff present"),
            ("by_next_day", "By the next working day"),
            ("not_by_next_day", "Not by the next working day"),
            ("pending", "Not yet, and the next working day is not over"),
        ],
    )
    nature_id = fields.Many2one(
        "care.nature",
        ondelete="restrict",
        help="What is proposed. Empty: it stays what it is.",
    )
    sentence = fields.Text("Why", required=True, translate=True)

    @api.model_create_multi
    def create(self, vals_list):
        tests = super().create(vals_list)
        self.env.registry.clear_cache()
        return tests

    def write(self, vals):
        result = super().write(vals)
        self.env.registry.clear_cache()
        return result

    def unlink(self):
        result = super().unlink()
        self.env.registry.clear_cache()
        return result

    @api.model
    @tools.ormcache("policy_id")
    def _care_tests(self, policy_id):
        """The tests of a policy for the classifier: ids, plain conditions and ids of natures."""
        return tuple(
            classifier.Test(test.id, test._care_conditions(), test.nature_id.id)
            for test in self.sudo().search([("policy_id", "=", policy_id)])
        )

    def _care_conditions(self):
        self.ensure_one()
        return {
            fact: frozenset(classifier.SETTLED[self[fact]] if fact == "settled" else {self[fact]})
            for fact in classifier.FACTS
            if self[fact]
        }

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..models.clock import classifier
from ..models.clock.care_policy_test import ABOUT, YES_NO
from ..models.common.from_page import from_page

ASKED = [fact for fact in classifier.FACTS if fact != "settled"]


class CareClassify(models.TransientModel):
    """Propose the nature of an inquiry by the tests of its policy; a person confirms it."""

    _name = "care.classify"
    _description = "Propose the Nature"
    _inherit = ["care.checked.links"]

    ticket_id = fields.Many2one("helpdesk.ticket", string="Inquiry", required=True, readonly=True)
    old_nature_id = fields.Many2one(
        related="ticket_id.care_nature_id", string="It is now", related_sudo=False
    )
    policy_name = fields.Char(compute="_compute_proposal", string="By the tests of")
    unhappy = fields.Selection(YES_NO, string="Is the person unhappy with something?")
    written = fields.Selection([("yes", "In writing"), ("no", "Spoken")], string="How did it come?")
    about = fields.Selection(ABOUT, string="What is it about?")
    formal = fields.Selection(YES_NO, string="Does the person ask for a formal response?")
    alleged = fields.Selection(YES_NO, string="Is abuse, neglect or harm alleged?")
    minor = fields.Selection(
        YES_NO, string="Is it a small request, such as bedding, cleaning or food?"
    )
    survey = fields.Selection(YES_NO, string="Is it a comment of a survey?")
    asks_resolution = fields.Selection(
        YES_NO, string="Did the person give a name and ask to resolve it?"
    )
    after_discharge = fields.Selection(
        YES_NO, string="Is it a call after discharge that staff present would have settled?"
    )
    settled = fields.Selection(
        [("at_once", "Yes, by staff present"), ("on", "Yes, later"), ("no", "No, not yet")],
        string="Is it settled to the person's satisfaction?",
    )
    settled_date = fields.Date("Settled on")
    test_id = fields.Many2one("care.policy.test", compute="_compute_proposal")
    nature_id = fields.Many2one(
        "care.nature", compute="_compute_proposal", string="Proposed nature"
    )
    sentence = fields.Text(compute="_compute_proposal", string="Because")
    needed = fields.Char(compute="_compute_proposal")

    @api.model
    def default_get(self, fields_list):
        defaults = super().default_get(fields_list)
        ticket = self.env["helpdesk.ticket"].browse(defaults.get("ticket_id") or [])
        if ticket:
            ticket.check_access("read")
            defaults |= ticket._care_known_facts()[ticket.id]
        return defaults

    def _care_facts(self):
        """The facts as the classifier takes them."""
        self.ensure_one()
        facts = {fact: self[fact] or None for fact in ASKED}
        if self.settled == "on" and not self.settled_date:
            return facts
        if self.settled:
            facts["settled"] = self.ticket_id._care_settled(
                self.settled == "at_once", self.settled == "on" and self.settled_date or None
            )
        return facts

    @api.depends("ticket_id", "settled", "settled_date", *ASKED)
    def _compute_proposal(self):
        tests = self.env["care.policy.test"]
        for wizard in self:
            wizard.policy_name = wizard.ticket_id.care_policy_id.name
            wizard.sentence = wizard.needed = False
            proposal = classifier.Proposal(None, None, ())
            try:
                proposal = wizard.ticket_id._care_classify(wizard._care_facts())
            except UserError as problem:
                wizard.needed = str(problem)
            test = tests.browse(proposal.key or [])
            wizard.test_id = test
            if test:
                wizard.nature_id = test.nature_id or wizard.old_nature_id
                wizard.sentence = test.sentence
            else:
                wizard.nature_id = False
                if proposal.missing:
                    wizard.needed = self.env._(
                        "Answer: %s",
                        " ".join(
                            self._fields[fact]._description_string(self.env)
                            for fact in proposal.missing
                        ),
                    )
                elif not wizard.needed:
                    wizard.needed = self.env._(
                        "No test of the policy holds: choose the nature with Change nature."
                    )

    @from_page(one=True)
    def action_confirm(self):
        """Take what is proposed; raises UserError while nothing is."""
        self.ensure_one()
        if not self.test_id:
            raise UserError(self.needed)
        ticket = self.ticket_id
        if self.nature_id != self.old_nature_id:
            ticket._care_set_nature(self.nature_id, self.sentence)
        # Whatever the bare facts proposed, a person has looked now.
        ticket._care_settle_proposal()
        return {"type": "ir.actions.act_window_close"}

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..common.from_page import from_page
from ..inquiry.helpdesk_ticket import STAFF
from . import calendar_math, classifier

WRITTEN = {"letter": "yes", "email": "yes", "portal": "yes", "form": "yes"}
SPOKEN = {"phone": "no", "in_person": "no"}
# Natures that say that somebody is not content.
UNHAPPY = {"concern", "complaint", "grievance"}
# Red flags under which somebody says that a person was hurt or left in danger.
ALLEGING = {"abuse", "at_risk", "death_harm", "device_harm"}
BILL = {"topic_bill"}


class HelpdeskTicket(models.Model):
    """Which nature the policy of an inquiry proposes, and why; a person confirms it."""

    _inherit = "helpdesk.ticket"

    care_proposal_id = fields.Many2one(
        "care.policy.test",
        string="Test that proposes another nature",
        readonly=True,
        copy=False,
        ondelete="set null",
        index="btree_not_null",
        groups=STAFF,
    )
    care_proposed_nature_id = fields.Many2one(
        related="care_proposal_id.nature_id", string="Proposed nature", groups=STAFF
    )
    care_proposal_reason = fields.Text(
        related="care_proposal_id.sentence", string="Why it is proposed", groups=STAFF
    )

    # ------------------------------------------------------------------
    # Proposing
    # ------------------------------------------------------------------

    def _care_created(self, notes_list):
        result = super()._care_created(notes_list)
        self._care_guard_created("nature", self._care_propose, notes_list)
        return result

    @api.model
    def _care_watched(self):
        return [*super()._care_watched(), "channel_id"]

    def _care_changed(self, old):
        result = super()._care_changed(old)
        told = {"care_nature_id", "channel_id", "category_id"}
        moved = self.filtered(lambda ticket: told & old[ticket.id].keys())
        if moved:
            moved.sudo()._care_propose()
        return result

    def _care_propose(self, notes_list=None):
        """Propose for complaints and concerns what the facts that are known decide alone."""
        unhappy = self.sudo().filtered(
            lambda ticket: ticket.care_nature_id.code in UNHAPPY and ticket.care_policy_id
        )
        proposed = {}
        known = unhappy._care_known_facts()
        for ticket in unhappy:
            proposal = ticket._care_classify(known[ticket.id])
            if proposal.nature and proposal.nature != ticket.care_nature_id.id:
                proposed[ticket.id] = proposal.key
        for test_id, tickets in self.sudo().grouped(lambda x: proposed.get(x.id, False)).items():
            changed = tickets.filtered(lambda x, test_id=test_id: x.care_proposal_id.id != test_id)
            if changed:
                changed.write({"care_proposal_id": test_id})

    def _care_settle_proposal(self):
        """Take the proposal away: a person looked at the facts and decided."""
        self.check_access("write")
        self.sudo().write({"care_proposal_id": False})

    def _care_classify(self, facts):
        """What the policy of this inquiry proposes for these facts (``classifier.Proposal``)."""
        self.ensure_one()
        tests = self.env["care.policy.test"]._care_tests(self.sudo().care_policy_id.id)
        return classifier.classify(tests, facts)

    def _care_known_facts(self):
        """What each inquiry itself tells: ``{id: {fact: value}}``."""
        alleging = self._care_alleging()
        facts = {}
        for ticket in self.sudo():
            code = ticket.care_nature_id.code
            channel = ticket.channel_id.care_code
            categories = ticket.category_id | ticket.care_category_ids
            known = {"written": (WRITTEN | SPOKEN).get(channel)}
            if code in UNHAPPY:
                known["unhappy"] = "yes"
                # A complaint that names the bill and nothing else is about the bill.
                bill = categories and all(topic.care_code in BILL for topic in categories)
                known["about"] = "billing" if bill else "care"
                known["survey"] = "no"
            if ticket.id in alleging:
                known["alleged"] = "yes"
            facts[ticket.id] = {fact: value for fact, value in known.items() if value}
        return facts

    def _care_alleging(self):
        """Ids of the inquiries with a red flag by which abuse, neglect or harm is alleged."""
        if not self:
            return set()
        alarms = (
            self.env["care.flag.alarm"]
            .sudo()
            .search(
                [
                    ("ticket_id", "in", self.ids),
                    ("flag_id.code", "in", sorted(ALLEGING)),
                    ("state", "in", ["raised", "taken", "done"]),
                ]
            )
        )
        return set(alarms.ticket_id.ids)

    def _care_settled(self, at_once, settled_date):
        """The value of the fact "settled" for this inquiry (see ``classifier.settled_state``)."""
        self.ensure_one()
        ticket = self.sudo()
        company, policy = ticket.company_id, ticket.care_policy_id
        clock = policy._care_clocks(company)[policy.id, company.id]
        received = calendar_math.local_day(ticket.care_received_date, clock.zone)
        if settled_date and settled_date < received:
            raise UserError(
                self.env._("It cannot have been settled before it was received: correct the date.")
            )
        today = calendar_math.local_day(fields.Datetime.now(), clock.zone)
        limit = clock.working.add(received, 1)
        return classifier.settled_state(at_once, settled_date, limit, today)

    # ------------------------------------------------------------------
    # Actions
    # ------------------------------------------------------------------

    @from_page()
    def action_care_confirm_proposal(self):
        """Take the proposed nature, with the sentence of its test as the reason."""
        for ticket in self:
            if not ticket.care_proposal_id:
                raise UserError(
                    self.env._("Nothing is proposed for inquiry %s any more.", ticket.number)
                )
            ticket._care_set_nature(ticket.care_proposed_nature_id, ticket.care_proposal_reason)
        return True

    @from_page(one=True)
    def action_care_classify(self):
        """Open the small form that asks what is not known and proposes a nature."""
        self.ensure_one()
        action = self.env["ir.actions.actions"]._for_xml_id(
            "patient_care_coordination.action_care_classify"
        )
        return action | {"context": {"default_ticket_id": self.id}}

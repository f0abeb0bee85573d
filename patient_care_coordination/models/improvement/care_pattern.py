from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools.misc import formatLang

from ..common.from_page import from_page
from . import run_chart
from .care_improvement import SUPERVISOR

KINDS = [
    ("usual", "Over the usual range"),
    ("contacts", "Repeated contacts of one inquiry"),
    ("question", "One question asked often"),
    ("misroute", "Moved away from where it was routed"),
    ("stock", "Stock-outs behind inquiries"),
    ("downtime", "Downtime behind inquiries"),
]


class CarePattern(models.Model):
    """Something that many inquiries share, found at night and explained: one row a cause.

    Facts are kept as data and told in the reader's language. A person accepts it, by proposing an
    improvement, or dismisses it. A row is made and renewed by the nightly search alone.
    """

    _name = "care.pattern"
    _description = "Pattern"
    _order = "state, count desc, id desc"

    company_id = fields.Many2one("res.company", required=True, index=True, readonly=True)
    kind = fields.Selection(KINDS, required=True, readonly=True)
    key = fields.Char(required=True, readonly=True, help="What makes two findings the same.")
    category_id = fields.Many2one(
        "helpdesk.ticket.category", readonly=True, index="btree_not_null", ondelete="cascade"
    )
    department_id = fields.Many2one(
        "care.department", readonly=True, index="btree_not_null", ondelete="cascade"
    )
    ticket_id = fields.Many2one(
        "helpdesk.ticket",
        string="Inquiry",
        readonly=True,
        index="btree_not_null",
        ondelete="cascade",
    )
    from_team_id = fields.Many2one(
        "helpdesk.ticket.team", string="From", readonly=True, index=False, ondelete="cascade"
    )
    to_team_id = fields.Many2one(
        "helpdesk.ticket.team", string="To", readonly=True, index=False, ondelete="cascade"
    )
    product_id = fields.Many2one("product.product", readonly=True, index=False, ondelete="cascade")
    equipment_category_id = fields.Many2one(
        "maintenance.equipment.category",
        string="Kind of equipment",
        readonly=True,
        index=False,
        ondelete="cascade",
    )
    count = fields.Integer(readonly=True)
    expected = fields.Float("Usually", readonly=True, digits=(10, 1))
    upper = fields.Float("Usually at most", readonly=True, digits=(10, 1))
    history = fields.Json(readonly=True, help="Inquiries of earlier spans of as many weeks.")
    weeks = fields.Integer(readonly=True)
    found_date = fields.Date("First found", readonly=True)
    seen_date = fields.Date("Last found", readonly=True)
    ticket_refs = fields.Json("Inquiries behind it", readonly=True)
    sentence = fields.Char("What was found", compute="_compute_sentence", compute_sudo=True)
    chart = fields.Html("Run chart", compute="_compute_chart", sanitize=False, compute_sudo=True)
    state = fields.Selection(
        [("open", "Open"), ("accepted", "Accepted"), ("dismissed", "Dismissed")],
        required=True,
        default="open",
        readonly=True,
        index=True,
    )
    reason = fields.Text("Dismissed because", readonly=True)
    decided_by_id = fields.Many2one("res.users", string="Decided by", readonly=True)
    decided_date = fields.Datetime("Decided on", readonly=True)
    decided_count = fields.Integer("Number when decided", readonly=True)
    improvement_ids = fields.One2many(
        "care.improvement", "pattern_id", string="Improvements", readonly=True
    )

    _once = models.UniqueIndex("(company_id, kind, key)", "This pattern is there already.")

    @api.depends("kind", "count", "weeks", "expected", "upper")
    @api.depends_context("lang")
    def _compute_sentence(self):
        for pattern in self:
            pattern.sentence = pattern._care_sentence()

    @api.depends("sentence")
    def _compute_display_name(self):
        for pattern in self:
            pattern.display_name = pattern.sentence

    def _care_sentence(self):
        """What was found, in one sentence without names."""
        self.ensure_one()
        short = self.with_context(care_short=True)
        values = {
            "count": self.count,
            "weeks": self.weeks,
            "category": short.category_id.display_name,
            "department": short.department_id.display_name,
        }
        if self.kind == "usual":
            return self.env._(
                "%(category)s, %(department)s: %(count)s inquiries in the last %(weeks)s weeks, "
                "usually %(usual)s and at most %(upper)s.",
                usual=formatLang(self.env, self.expected, digits=1),
                upper=int(self.upper),
                **values,
            )
        if self.kind == "contacts":
            return self.env._(
                "Inquiry %(number)s: the caller turned to us %(count)s times in the last "
                "%(weeks)s weeks.",
                number=self.ticket_id.number,
                **values,
            )
        if self.kind == "question":
            return self.env._(
                "%(category)s: the question was asked %(count)s times in the last %(weeks)s weeks "
                "and answered by hand each time.",
                **values,
            )
        if self.kind == "misroute":
            return self.env._(
                "%(count)s inquiries of the last %(weeks)s weeks were routed to %(old)s and moved "
                "by hand to %(new)s.",
                old=self.from_team_id.display_name,
                new=self.to_team_id.display_name,
                **values,
            )
        if self.kind == "stock":
            return self.env._(
                "%(product)s ran out: %(count)s inquiries of the last %(weeks)s weeks.",
                product=self.product_id.display_name,
                **values,
            )
        return self.env._(
            "%(equipment)s out of order, %(department)s: %(count)s inquiries of the last %(weeks)s "
            "weeks.",
            equipment=self.equipment_category_id.display_name,
            **values,
        )

    @api.depends("history", "count", "expected")
    @api.depends_context("lang")
    def _compute_chart(self):
        for pattern in self:
            pattern.chart = False
            if not pattern.history:
                continue
            points = [*pattern.history, pattern.count]
            pattern.chart = run_chart.draw(
                [(str(number - len(points) + 1), value) for number, value in enumerate(points)],
                self.env._("Inquiries in spans of %s weeks; 0 is the latest", pattern.weeks),
                pattern.sentence,
                pattern.expected,
                self.env._("Median before: %s", formatLang(self.env, pattern.expected, digits=1)),
            )

    # ------------------------------------------------------------------
    # What people do with it
    # ------------------------------------------------------------------

    @from_page(one=True)
    def action_inquiries(self):
        """Open the inquiries behind it, those one may read."""
        self.ensure_one()
        action = self.env["ir.actions.actions"]._for_xml_id(
            "patient_care_coordination.action_inquiries"
        )
        return action | {
            "domain": [("id", "in", self.ticket_refs or [])],
            "context": {"active_test": False},
        }

    @from_page(one=True)
    def action_propose(self):
        """Propose an improvement from it; saved, that accepts the pattern."""
        self.ensure_one()
        self.check_access("read")
        tickets = self.env["helpdesk.ticket"].with_context(active_test=False)
        found = tickets.search([("id", "in", self.ticket_refs or [])])
        return self.env["care.improvement"]._care_propose(found, self)

    @from_page()
    def action_dismiss(self):
        """Ask why it is dismissed."""
        self._care_check_supervisor()
        action = self.env["ir.actions.actions"]._for_xml_id(
            "patient_care_coordination.action_improvement_reason"
        )
        return action | {"context": {"default_what": "dismiss", "default_pattern_ids": self.ids}}

    def _care_check_supervisor(self):
        if not (self.env.su or self.env.user.has_group(SUPERVISOR)):
            raise AccessError(self.env._("Patterns are dismissed by supervisors."))

    def _care_dismiss(self, reason):
        """Dismiss them; they come back only if they grow."""
        self._care_check_supervisor()
        self.check_access("read")
        if not (reason or "").strip():
            raise UserError(self.env._("Say why: the reason is kept with the pattern."))
        if any(pattern.state == "accepted" for pattern in self):
            raise UserError(
                self.env._("An accepted pattern has an improvement: reject that one instead.")
            )
        self._care_decide("dismissed", reason)

    def _care_accept(self):
        """Somebody proposed an improvement from these."""
        self._care_decide("accepted")

    def _care_decide(self, state, reason=False):
        for pattern in self.sudo():
            pattern.write(
                {
                    "state": state,
                    "reason": reason,
                    "decided_by_id": self.env.uid,
                    "decided_date": fields.Datetime.now(),
                    "decided_count": pattern.count,
                }
            )

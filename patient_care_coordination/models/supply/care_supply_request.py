from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Domain
from odoo.tools import format_datetime

from ..common.from_page import from_page
from ..common.guard import OURS, as_server
from .care_numbers import FAR_DAYS

# What only the buttons of a request change.
DECIDED = {"decision", "state", "approver_id", "approval_date", "approval_reason", "name"}
# What a new one says of itself, whatever values or defaults came along.
NEW = {
    "decision": "draft",
    "state": "draft",
    "approver_id": False,
    "approval_date": False,
    "approval_reason": False,
}
# What is settled once a request was sent.
SENT = {"department_id", "ticket_id", "requester_id", "place", "line_ids"}
ACTIVITY = "patient_care_coordination.activity_supply_approval"


class CareSupplyRequest(models.Model):
    """What a ward or an inquiry asks of the store; people need no rights on stock for it.

    Sent, it becomes transfers of its own, found again through the stock reference of its name.
    What cannot be ordered keeps its reason on the line, everything else goes.
    """

    _name = "care.supply.request"
    _description = "Supply Request"
    _inherit = ["mail.thread", "mail.activity.mixin"]
    _order = "id desc"
    _check_company_auto = True

    name = fields.Char(default="/", readonly=True, copy=False, index=True)
    department_id = fields.Many2one(
        "care.department",
        string="Ward",
        required=True,
        index=True,
        ondelete="restrict",
        default=lambda self: self._default_department_id(),
        tracking=True,
    )
    allowed_department_ids = fields.Many2many(
        "care.department", compute="_compute_allowed_department_ids"
    )
    company_id = fields.Many2one(related="department_id.company_id", store=True, index=True)
    currency_id = fields.Many2one(related="company_id.currency_id")
    ticket_id = fields.Many2one(
        "helpdesk.ticket",
        string="Inquiry",
        index="btree_not_null",
        ondelete="restrict",
        copy=False,
    )
    requester_id = fields.Many2one(
        "res.users",
        string="Asked by",
        required=True,
        readonly=True,
        index=True,
        ondelete="restrict",
        default=lambda self: self.env.user,
        copy=False,
    )
    needed_by = fields.Datetime("Needed by", tracking=True)
    urgency = fields.Selection(
        [("normal", "Normal"), ("urgent", "Urgent")], required=True, default="normal", tracking=True
    )
    place = fields.Char(
        "Where to",
        help="A bed, room or desk, such as bed 12. The store reads this: never the name of a "
        "patient.",
    )
    line_ids = fields.One2many("care.supply.request.line", "request_id", string="Lines", copy=True)
    problem_count = fields.Integer("Problems", compute="_compute_problem_count")
    amount = fields.Monetary(compute="_compute_amount", compute_sudo=True)
    decision = fields.Selection(
        [
            ("draft", "Draft"),
            ("to_approve", "To approve"),
            ("approved", "Approved"),
            ("refused", "Refused"),
            ("cancelled", "Cancelled"),
        ],
        required=True,
        readonly=True,
        default="draft",
        copy=False,
    )
    state = fields.Selection(
        [
            ("draft", "Draft"),
            ("to_approve", "To approve"),
            ("approved", "Not ordered yet"),
            ("ordered", "Ordered"),
            ("partly", "Partly arrived"),
            ("done", "Arrived"),
            ("refused", "Refused"),
            ("cancelled", "Cancelled"),
        ],
        compute="_compute_state",
        store=True,
        index=True,
        tracking=True,
    )
    approval_reason = fields.Char("Needs approval", readonly=True, copy=False)
    approver_id = fields.Many2one(
        "res.users", string="Decided by", readonly=True, copy=False, ondelete="restrict"
    )
    approval_date = fields.Datetime("Decided on", readonly=True, copy=False)
    can_decide = fields.Boolean(compute="_compute_can_decide")
    reason = fields.Char("Reason of a refusal", copy=False, tracking=True)
    reference_ids = fields.One2many("stock.reference", "care_supply_request_id", copy=False)
    picking_ids = fields.One2many(
        "stock.picking",
        "care_supply_request_id",
        string="Transfers",
        groups="stock.group_stock_user",
        copy=False,
    )
    picking_count = fields.Integer(
        compute="_compute_picking_count", groups="stock.group_stock_user"
    )
    expected_date = fields.Datetime("Expected by", compute="_compute_arrival", compute_sudo=True)
    arrival = fields.Char(compute="_compute_arrival", compute_sudo=True)

    # What the clerk's list shows first.
    _open_idx = models.Index(
        "(company_id, id) WHERE state IN ('to_approve', 'approved', 'ordered', 'partly')"
    )

    @api.model
    def _default_department_id(self):
        """The ward of who asks, where there is only one."""
        wards = self.env["care.department"].search(
            [("is_ward", "=", True), ("ward_user_ids", "in", self.env.uid)], limit=2
        )
        return wards if len(wards) == 1 else wards.browse()

    @api.depends_context("uid")
    def _compute_allowed_department_ids(self):
        wards = self.env["care.department"].search(self._care_ward_domain())
        self.allowed_department_ids = wards

    @api.model
    def _care_ward_domain(self):
        """The wards that the user may ask for: own ones for ward staff, else all."""
        return Domain("is_ward", "=", True) & self._care_own_domain()

    @api.model
    def _care_own_domain(self):
        if any(map(self.env.user.has_group, self._care_everywhere_groups())):
            return Domain.TRUE
        return Domain("ward_user_ids", "in", self.env.uid) | Domain(
            "supervisor_id", "=", self.env.uid
        )

    @api.model
    def _care_check_own(self, departments):
        """Refuse to ask for a ward of others, in a sentence instead of the rules on records."""
        own = departments.sudo().filtered_domain(self._care_own_domain())
        if (foreign := departments.sudo() - own) and not self.env.su:
            raise AccessError(
                self.env._(
                    "You do not work on %s: choose a ward of yours, or ask the store to add you to "
                    "its staff.",
                    ", ".join(foreign.mapped("name")),
                )
            )

    @api.model
    def _care_everywhere_groups(self):
        return [
            f"patient_care_coordination.group_{name}" for name in ("coordinator", "supplies_clerk")
        ]

    @api.depends("line_ids.error")
    def _compute_problem_count(self):
        for request in self:
            request.problem_count = len(request.line_ids.filtered("error"))

    @api.depends("line_ids.amount")
    def _compute_amount(self):
        for request in self:
            request.amount = sum(request.line_ids.mapped("amount"))

    @api.depends("decision", "line_ids.state")
    def _compute_state(self):
        for request in self:
            request.state = request._care_state()

    def _care_state(self):
        if self.decision != "approved":
            return self.decision
        states = set(self.line_ids.mapped("state"))
        if states and states <= {"cancelled"}:
            return "cancelled"
        if states & {"done", "partly"}:
            return "done" if states <= {"done", "cancelled"} else "partly"
        return "ordered" if states & {"waiting", "ready"} else "approved"

    @api.depends("department_id")
    @api.depends_context("uid")
    def _compute_can_decide(self):
        for request in self:
            request.can_decide = self.env.user in request._care_approvers()

    @api.depends("picking_ids")
    def _compute_picking_count(self):
        for request in self:
            request.picking_count = len(request.picking_ids)

    @api.depends("state", "reason", "line_ids.arrival", "line_ids.expected_date")
    @api.depends_context("lang", "tz")
    def _compute_arrival(self):
        for request in self:
            lines = request.line_ids.filtered(lambda line: line.state in ("waiting", "ready"))
            lines |= request.line_ids.filtered(lambda line: line.state == "partly")
            unknown = lines.filtered(lambda line: not line.expected_date)
            dates = lines.mapped("expected_date")
            request.expected_date = bool(dates) and not unknown and max(dates)
            request.arrival = request._care_arrival(lines, unknown)

    def _care_arrival(self, lines, unknown):
        """When it comes, in one sentence.

        :param lines: those still to come
        :param unknown: those of them of which nobody knows when
        """
        if self.state == "draft":
            return self.env._("Not sent yet.")
        if self.state == "to_approve":
            names = ", ".join(self._care_approvers().mapped("name"))
            return self.env._("Waits for the approval of %s.", names)
        if self.state == "refused":
            return self.env._("Refused: %s", self.reason)
        if self.state == "cancelled":
            return self.env._("Cancelled.")
        if self.state == "done":
            arrived = max(filter(None, self.line_ids.mapped("arrived_date")), default=False)
            return self.env._("Arrived %s.", format_datetime(self.env, arrived, dt_format="short"))
        if not lines:
            return self.env._("Nothing could be ordered: see the lines.")
        if unknown:
            return self.env._(
                "Out of stock and not on order yet: %s.",
                ", ".join(unknown.product_id.mapped("display_name")),
            )
        if any(lines.mapped("is_unconfirmed")):
            return self.env._(
                "Expected by %s, once the order to the vendor is confirmed.",
                format_datetime(self.env, self.expected_date, dt_format="short"),
            )
        return self.env._(
            "Expected by %s.", format_datetime(self.env, self.expected_date, dt_format="short")
        )

    def _care_what(self):
        """What is asked for, in words: 2 Blanket, 1 Wheelchair."""
        return ", ".join(
            f"{line.quantity:g} {line.product_id.name}"
            for line in self.line_ids
            if line.state != "cancelled"
        )

    # ------------------------------------------------------------------
    # What may change when
    # ------------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        if self.env.context.get("care_supply") is not OURS:
            for vals in vals_list:
                vals |= {**NEW, "requester_id": self.env.uid}
        for vals in vals_list:
            if "department_id" not in vals:
                vals |= self.default_get(["department_id"])
            department = self.env["care.department"].browse(vals.get("department_id") or [])
            self._care_check_own(department)
            sequence = self.env["ir.sequence"].with_company(department.company_id or None)
            vals["name"] = sequence.next_by_code("care.supply.request") or "/"
        requests = super().create(vals_list)
        requests._care_check_inquiry()
        return requests

    def write(self, vals):
        if self.env.context.get("care_supply") is not OURS:
            if DECIDED & vals.keys():
                raise AccessError(
                    self.env._("A supply request moves on by its buttons: use Send or Approve.")
                )
            sent = self.filtered(lambda request: request.decision != "draft")
            if SENT & vals.keys() and sent:
                raise UserError(
                    self.env._(
                        "%s was sent already and does not change: cancel it, or ask anew.",
                        ", ".join(sent.mapped("name")),
                    )
                )
        if "department_id" in vals:
            # The rules on records look at them before they change alone.
            self._care_check_own(self.env["care.department"].browse(vals["department_id"] or []))
        result = super().write(vals)
        if "ticket_id" in vals:
            self._care_check_inquiry()
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_sent(self):
        if sent := self.filtered(lambda request: request.decision != "draft"):
            raise UserError(
                self.env._(
                    "%s was sent already and is kept: cancel it instead.",
                    ", ".join(sent.mapped("name")),
                )
            )

    def _care_check_inquiry(self):
        """Nobody ties a request to an inquiry that he may not read."""
        tickets = self.sudo().ticket_id
        tickets.with_env(self.env).check_access("read")
        for ticket in tickets:
            if not ticket.care_is_inquiry:
                raise UserError(
                    self.env._("Ticket %s is no inquiry: ask without naming it.", ticket.number)
                )
            if ticket.closed:
                raise UserError(
                    self.env._("Inquiry %s is closed: reopen it before you ask.", ticket.number)
                )

    @api.constrains("needed_by")
    def _check_needed_by(self):
        latest = fields.Datetime.now() + timedelta(days=FAR_DAYS)
        for request in self:
            if request.needed_by and request.needed_by > latest:
                raise ValidationError(
                    self.env._(
                        "%(name)s is needed by %(date)s: choose a day within two years.",
                        name=request.name,
                        date=format_datetime(self.env, request.needed_by, dt_format="short"),
                    )
                )

    def _care_sealed(self):
        """These requests in the one environment that may write what buttons decide."""
        return self.sudo().with_context(care_supply=OURS)

    def _care_check_decision(self, decisions, sentence):
        if wrong := self.filtered(lambda request: request.decision not in decisions):
            raise UserError(
                self.env._(
                    "%(names)s: %(sentence)s",
                    names=", ".join(wrong.mapped("name")),
                    sentence=sentence,
                )
            )

    # ------------------------------------------------------------------
    # Sending and approving
    # ------------------------------------------------------------------

    @from_page()
    def action_send(self):
        """Ask: what needs approval waits for it, the rest is ordered at once."""
        self.check_access("write")
        self._care_check_decision(("draft",), self.env._("it was sent already."))
        self._care_check_complete()
        waiting = self.browse()
        for request in self:
            reason = request._care_approval_reason()
            if reason and self.env.user not in request._care_approvers():
                request._care_sealed().write({"decision": "to_approve", "approval_reason": reason})
                waiting |= request
        waiting._care_ask_approval()
        ready = self - waiting
        ready._care_sealed().write({"decision": "approved"})
        ready._care_order()
        return True

    @from_page(one=True)
    def action_ask(self):
        """Send from the small form of an inquiry: close it, or stay where something went wrong."""
        self.ensure_one()
        self.action_send()
        if not self.problem_count:
            return {"type": "ir.actions.act_window_close"}
        return {
            "type": "ir.actions.act_window",
            "res_model": self._name,
            "res_id": self.id,
            "view_mode": "form",
            "target": "current",
        }

    def _care_check_complete(self):
        """Refuse what the store could not understand."""
        now = fields.Datetime.now()
        for request in self:
            if not request.line_ids:
                raise UserError(
                    self.env._("%s asks for nothing: add at least one line.", request.name)
                )
            request.department_id._care_supply_location()
            if request.needed_by and request.needed_by < now:
                raise UserError(
                    self.env._(
                        "%(name)s is needed by %(date)s, which has passed: choose a later time.",
                        name=request.name,
                        date=format_datetime(self.env, request.needed_by, dt_format="short"),
                    )
                )

    def _care_approval_reason(self):
        """Why somebody must approve this, in one sentence, or nothing."""
        self.ensure_one()
        request = as_server(self)
        held = request.line_ids.product_id.filtered("categ_id.care_needs_approval")
        if held:
            return self.env._("Needs approval: %s.", ", ".join(held.mapped("display_name")))
        limit = request.department_id.request_limit
        if limit and request.currency_id.compare_amounts(request.amount, limit) > 0:
            return self.env._(
                "Worth %(amount)s, more than the %(limit)s of %(ward)s.",
                amount=request.currency_id.format(request.amount),
                limit=request.currency_id.format(limit),
                ward=request.department_id.name,
            )
        return False

    def _care_approvers(self):
        """Who may decide: the supervisor of the ward, else all supervisors of the company."""
        self.ensure_one()
        groups = [
            f"patient_care_coordination.group_{name}" for name in ("ward_staff", "coordinator")
        ]
        request = as_server(self)
        supervisor = request.department_id._care_supervisor()
        if supervisor and any(map(supervisor.has_group, groups)):
            return supervisor
        group = request.env.ref("patient_care_coordination.group_supervisor")
        return group.all_user_ids.filtered(
            lambda user: user.active and request.company_id in user.company_ids
        )

    def _care_ask_approval(self):
        for request in as_server(self):
            for user in request._care_approvers():
                request.activity_schedule(
                    ACTIVITY,
                    user_id=user.id,
                    summary=request.with_context(lang=user.lang).approval_reason,
                    date_deadline=fields.Date.to_date(request.needed_by or fields.Datetime.now()),
                )

    def _care_check_approver(self):
        self.check_access("read")
        for request in self:
            if self.env.user not in request._care_approvers():
                raise AccessError(
                    self.env._(
                        "%(name)s is for %(who)s to decide.",
                        name=request.name,
                        who=", ".join(request._care_approvers().mapped("name")),
                    )
                )

    @from_page()
    def action_approve(self):
        """Agree to what waits for it and order it."""
        self._care_check_decision(("to_approve",), self.env._("it does not wait for approval."))
        self._care_check_approver()
        self._care_decide("approved")
        self._care_order()
        return True

    @from_page()
    def action_refuse(self):
        """Decline what waits for approval, with the reason written on it; who asked hears of it."""
        self._care_check_decision(("to_approve",), self.env._("it does not wait for approval."))
        self._care_check_approver()
        for request in self:
            if not (request.reason or "").strip():
                raise UserError(
                    self.env._("Write the reason on %s before you refuse it.", request.name)
                )
        self._care_decide("refused")
        for request in as_server(self):
            request.message_post(
                body=self.env._(
                    "%(name)s was refused: %(reason)s", name=request.name, reason=request.reason
                ),
                partner_ids=request.requester_id.partner_id.ids,
            )
        return True

    def _care_decide(self, decision):
        self._care_sealed().write(
            {
                "decision": decision,
                "approver_id": self.env.uid,
                "approval_date": fields.Datetime.now(),
            }
        )
        self.sudo().activity_unlink([ACTIVITY])

    @from_page()
    def action_draft(self):
        """Take back what was not ordered yet, to change it."""
        self.check_access("write")
        self._care_check_decision(
            ("to_approve", "approved", "refused"), self.env._("it is still a draft, or cancelled.")
        )
        if ordered := self.filtered(lambda request: request.sudo().line_ids.move_ids):
            raise UserError(
                self.env._(
                    "%s is ordered: cancel it, or ask anew.", ", ".join(ordered.mapped("name"))
                )
            )
        self.sudo().activity_unlink([ACTIVITY])
        self._care_sealed().write({"decision": "draft", "approval_reason": False})
        self.sudo().line_ids._care_note_errors({})
        return True

    @from_page()
    def action_cancel(self):
        """Ask no longer; what has arrived stays, what is still to come does not come."""
        self.check_access("write")
        self._care_check_decision(
            ("draft", "to_approve", "approved"), self.env._("it ended already.")
        )
        self.sudo().activity_unlink([ACTIVITY])
        for request in as_server(self):
            moves = request.line_ids.move_ids.filtered(
                lambda move: move.state not in ("done", "cancel")
            )
            if not moves and request.line_ids.move_ids:
                raise UserError(self.env._("%s arrived already.", request.name))
            moves._action_cancel()
            if not any(move.state == "done" for move in request.line_ids.move_ids):
                request._care_sealed().write({"decision": "cancelled"})
        return True

    @from_page()
    def action_retry(self):
        """Order again what could not be ordered."""
        self.check_access("write")
        self._care_check_decision(("approved",), self.env._("there is nothing to try again."))
        self._care_order()
        return True

    @from_page()
    def action_make_urgent(self):
        """Make it urgent, on its transfers too."""
        self.check_access("write")
        self.urgency = "urgent"
        moves = self.sudo().line_ids.move_ids
        moves.filtered(lambda move: move.state not in ("done", "cancel")).picking_id.priority = "1"
        return True

    @from_page(one=True)
    def action_open_pickings(self):
        self.ensure_one()
        action = self.env["ir.actions.actions"]._for_xml_id("stock.action_picking_tree_all")
        return action | {
            "domain": [("care_supply_request_id", "=", self.id)],
            "context": {"create": False},
        }

    # ------------------------------------------------------------------
    # Ordering
    # ------------------------------------------------------------------

    def _care_order(self):
        """Order what these requests ask for, all lines in one run; bad ones keep their reason."""
        lines = self.sudo().line_ids.filtered(lambda line: not line.move_ids and not line.dropped)
        if not lines:
            return
        bare = lines.request_id.filtered(lambda request: not request.reference_ids)
        as_server(self.env["stock.reference"]).create(
            [{"name": request.name, "care_supply_request_id": request.id} for request in bare]
        )
        problems = lines._care_problems()
        good = lines.filtered(lambda line: line not in problems)
        problems |= good._care_run()
        lines._care_note_errors(problems)
        self.env["care.shortage"].sudo()._care_meet(good.filtered("move_ids"))

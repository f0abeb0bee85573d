from dateutil.relativedelta import relativedelta

from odoo import api, fields, models, tools
from odoo.exceptions import AccessError, UserError, ValidationError

from ..common.from_page import from_page

SUPERVISOR = "patient_care_coordination.group_supervisor"
# What a supervisor has approved; to change it, it is proposed anew.
AGREED = {
    "partner_id",
    "person_name",
    "phone",
    "email",
    "criterion_ids",
    "reason",
    "named_contact_id",
    "channel_ids",
    "allowed_times",
    "review_date",
    "company_id",
}
# What the buttons alone set.
SEALED = {"state", "proposed_by_id", "approved_by_id", "approved_date", "reminded_date"}
REMIND_DAYS = 14


class CareManagedCriterion(models.Model):
    """Why contact with a person may be managed; in own words, a site's to edit."""

    _name = "care.managed.criterion"
    _description = "Criterion for Managed Contact"
    _order = "sequence, id"

    name = fields.Char(required=True, translate=True)
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)


class CareManagedContact(models.Model):
    """An agreement on how a person is spoken to: by whom, how, when, and until when.

    It limits the way of contact, never what may be raised: new issues are judged on their merits,
    and red flags go through as for anybody. It ends by itself at the review date.
    """

    _name = "care.managed.contact"
    _description = "Managed contact"
    _inherit = ["mail.thread", "mail.activity.mixin"]
    _order = "review_date desc, id desc"
    _mail_post_access = "read"

    company_id = fields.Many2one(
        "res.company", required=True, index=True, default=lambda self: self.env.company
    )
    partner_id = fields.Many2one("res.partner", string="Contact", index="btree_not_null")
    person_name = fields.Char("Person", required=True)
    phone = fields.Char()
    email = fields.Char()
    criterion_ids = fields.Many2many("care.managed.criterion", string="Criteria", required=True)
    reason = fields.Text(required=True, help="What happened, with dates; facts, no judgement.")
    named_contact_id = fields.Many2one(
        "res.users",
        string="Named contact",
        required=True,
        domain=[("share", "=", False)],
        help="The one person who speaks to the caller.",
    )
    channel_ids = fields.Many2many(
        "helpdesk.ticket.channel",
        string="Allowed ways",
        domain="[('care_code', '!=', False)]",
        help="Empty: all ways.",
    )
    allowed_times = fields.Char("Allowed times", help="Such as: Tuesdays from 10 to 11.")
    notice_date = fields.Date(
        "Written notice sent",
        tracking=True,
        help="When the person was told in writing: what, why, until when, and how to appeal.",
    )
    review_date = fields.Date(
        "Review on",
        required=True,
        tracking=True,
        default=lambda self: fields.Date.context_today(self) + relativedelta(months=6),
        help="From this day on it is over, unless it is approved anew.",
    )
    appeal = fields.Text(help="How the person may appeal, and what came of it.")
    state = fields.Selection(
        [("proposed", "Proposed"), ("approved", "Approved"), ("ended", "Ended")],
        default="proposed",
        required=True,
        readonly=True,
        copy=False,
        tracking=True,
    )
    proposed_by_id = fields.Many2one(
        "res.users",
        string="Proposed by",
        required=True,
        readonly=True,
        copy=False,
        default=lambda self: self.env.user,
    )
    approved_by_id = fields.Many2one(
        "res.users", string="Approved by", readonly=True, copy=False, tracking=True
    )
    approved_date = fields.Date("Approved on", readonly=True, copy=False)
    reminded_date = fields.Date("Approver reminded on", readonly=True, copy=False)
    in_force = fields.Boolean(
        "In force",
        compute="_compute_in_force",
        search="_search_in_force",
        help="Approved, told in writing, and before the review date.",
    )

    @api.depends("person_name")
    def _compute_display_name(self):
        """A number: display names travel into activities and mails."""
        for contact in self:
            contact.display_name = (
                self.env._("Managed contact %s", contact.id)
                if contact.id
                else self.env._("New managed contact")
            )

    @api.depends("state", "notice_date", "review_date")
    def _compute_in_force(self):
        today = fields.Date.context_today(self)
        for contact in self:
            contact.in_force = bool(
                contact.state == "approved"
                and contact.notice_date
                and contact.notice_date <= today
                and contact.review_date
                and today < contact.review_date
            )

    @api.model
    def _search_in_force(self, operator, value):
        if operator != "in":
            return NotImplemented
        return self._care_in_force_domain()

    @api.model
    def _care_in_force_domain(self):
        today = fields.Date.context_today(self)
        return [
            ("state", "=", "approved"),
            ("notice_date", "<=", today),
            ("review_date", ">", today),
        ]

    @api.onchange("partner_id")
    def _onchange_partner_id(self):
        if self.partner_id:
            self.person_name = self.person_name or self.partner_id.name
            self.phone = self.phone or self.partner_id.phone
            self.email = self.email or self.partner_id.email

    @api.constrains("partner_id", "phone", "email")
    def _check_recognisable(self):
        for contact in self:
            if not (contact.partner_id or contact.phone or contact.email):
                raise ValidationError(
                    self.env._(
                        "Give a contact, a phone number or an e-mail address, by which the person "
                        "is recognised."
                    )
                )

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            if SEALED & vals.keys() and not self.env.su:
                raise AccessError(self.env._("A managed contact starts as a proposal."))
        return super().create(vals_list)

    def write(self, vals):
        if not self.env.su:
            self._care_check_written(vals)
        return super().write(vals)

    def _care_check_written(self, vals):
        if SEALED & vals.keys():
            raise AccessError(
                self.env._("A managed contact is approved, reviewed and ended by its buttons.")
            )
        if AGREED & vals.keys() and any(contact.state != "proposed" for contact in self):
            raise UserError(
                self.env._(
                    "This was approved as it is: choose Review, change it, and have it approved "
                    "again."
                )
            )

    # ------------------------------------------------------------------
    # Actions
    # ------------------------------------------------------------------

    @from_page()
    def action_approve(self):
        """Approve proposals: a supervisor, never the one who proposed."""
        if not self.env.user.has_group(SUPERVISOR):
            raise AccessError(self.env._("Only a supervisor approves a managed contact."))
        self.check_access("write")
        today = fields.Date.context_today(self)
        for contact in self:
            if contact.state != "proposed":
                raise UserError(self.env._("Only a proposal is approved: choose Review first."))
            if contact.proposed_by_id == self.env.user:
                raise UserError(
                    self.env._("You proposed this yourself: ask another supervisor to approve it.")
                )
            if not contact.criterion_ids:
                raise UserError(self.env._("Say which criteria are met before it is approved."))
            if not contact.reason.strip():
                raise UserError(self.env._("Say what happened, with dates, before it is approved."))
            if contact.review_date <= today:
                raise UserError(
                    self.env._("The review date must lie in the future: choose a later one.")
                )
        self.sudo().write(
            {
                "state": "approved",
                "approved_by_id": self.env.uid,
                "approved_date": today,
                "reminded_date": False,
            }
        )
        return True

    @from_page()
    def action_review(self):
        """Propose it anew, to change or prolong it; until it is approved it is not in force."""
        self.check_access("write")
        self.sudo().write(
            {
                "state": "proposed",
                "proposed_by_id": self.env.uid,
                "approved_by_id": False,
                "approved_date": False,
                "reminded_date": False,
            }
        )
        return True

    @from_page()
    def action_end(self):
        """End it before its review date: a supervisor, as after an appeal."""
        if not self.env.user.has_group(SUPERVISOR):
            raise AccessError(self.env._("Only a supervisor ends a managed contact."))
        self.check_access("write")
        self.sudo().write({"state": "ended"})
        return True

    # ------------------------------------------------------------------
    # Recognising
    # ------------------------------------------------------------------

    def _care_is_caller(self, partners, email, phone):
        """Whether one of these ways to reach somebody belongs to this person."""
        self.ensure_one()
        if self.partner_id and self.partner_id in partners:
            return True
        emails = {self.email, self.partner_id.email}
        known = {tools.email_normalize(known) for known in emails if known} - {False}
        if email and tools.email_normalize(email) in known:
            return True
        phones = {self._care_digits(known) for known in (self.phone, self.partner_id.phone)}
        return bool(phone) and self._care_digits(phone) in phones - {""}

    @api.model
    def _care_digits(self, phone):
        """The last digits of a number, whatever its prefix and blanks; empty if too few."""
        digits = "".join(char for char in phone or "" if char.isdigit())
        return digits[-8:] if len(digits) >= 6 else ""

    # ------------------------------------------------------------------
    # Reminder
    # ------------------------------------------------------------------

    @api.model
    def _cron_care_remind(self, days=REMIND_DAYS):
        """Remind whoever approved, once, before the review date."""
        limit = fields.Date.context_today(self) + relativedelta(days=days)
        domain = [
            *self._care_in_force_domain(),
            ("review_date", "<=", limit),
            ("reminded_date", "=", False),
        ]
        contacts = self.sudo().search(domain, order="review_date, id")
        cron = self.env["ir.cron"]
        cron._commit_progress(remaining=len(contacts))
        for candidate in contacts:
            contact = candidate.try_lock_for_update().filtered_domain(domain)
            if contact:
                contact._care_remind()
            if not cron._commit_progress(1):
                break

    def _care_remind(self):
        user = self.approved_by_id
        if not user.active:
            group = self.env.ref(SUPERVISOR)
            user = group.all_user_ids.filtered(
                lambda user: user.active and self.company_id in user.company_ids
            )[:1]
        self.activity_schedule(
            "mail.mail_activity_data_todo",
            date_deadline=self.review_date,
            summary=self.env._("Review the managed contact: it ends at the review date"),
            user_id=(user or user._care_administrator(self.company_id)).id,
        )
        self.write({"reminded_date": fields.Date.context_today(self)})

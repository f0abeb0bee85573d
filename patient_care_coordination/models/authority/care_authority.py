from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Domain
from odoo.tools import format_date

from ..common.from_page import from_page
from ..inquiry.helpdesk_ticket import OURS

BASES = [
    ("self", "The patient"),
    ("agreed", "The patient agreed"),
    ("representative", "Personal representative"),
    ("parent", "Parent or guardian"),
    ("executor", "Executor or next of kin"),
    ("professional", "Professional"),
    ("none", "None"),
]
# What may be added to a row afterwards; all else is a new row.
ADDED_LATER = {"document_ids", "note"}


class CareAuthority(models.Model):
    """What one person may be told about one patient: on what basis, verified how, until when.

    Rows are kept: they end by their date or by being revoked, and a correction is a new row.
    Sources: 45 CFR 164.510(b) (relevance to involvement, agreement may be oral), 164.502(g)
    (personal representative), 164.514(h) (verification); SI 2009/309 reg. 5 (representatives).
    """

    _name = "care.authority"
    _description = "Authority to Be Told"
    _order = "id desc"
    _check_company_auto = True

    patient_id = fields.Many2one(
        "care.patient", required=True, index=True, ondelete="restrict", check_company=True
    )
    company_id = fields.Many2one(related="patient_id.company_id", store=True, index=True)
    partner_id = fields.Many2one(
        "res.partner",
        string="Person",
        index="btree_not_null",
        ondelete="restrict",
        help="Who may be told. Empty for an objection against everybody.",
    )
    basis = fields.Selection(BASES, required=True, default="agreed")
    objection = fields.Boolean(
        "The patient objects",
        help="The patient does not want this person, or anybody if no person is named, to be "
        "told. It wins over every authority.",
    )
    topic_ids = fields.Many2many(
        "helpdesk.ticket.category",
        string="Topics",
        help="What it covers, sub-topics included. Empty: everything.",
    )
    agreed_how = fields.Selection(
        [("oral", "Said so"), ("written", "In writing"), ("inferred", "Did not object")],
        string="Agreed how",
    )
    verified_how = fields.Selection(
        [
            ("document", "Identity document seen"),
            ("facts", "Knew facts on file"),
            ("call_back", "Called back on the number on file"),
            ("in_person", "Known in person to staff"),
            ("court", "Order, power of attorney or will seen"),
        ],
        string="Verified how",
    )
    verified_by_id = fields.Many2one("res.users", string="Verified by", readonly=True)
    verified_date = fields.Datetime("Verified on", readonly=True)
    date_until = fields.Date("Until", help="The last day on which it holds. Empty: no end.")
    by_mail = fields.Boolean("Agreed to e-mail", help="Answers may be sent in full by e-mail.")
    document_ids = fields.Many2many("ir.attachment", string="Documents")
    note = fields.Text()
    ticket_id = fields.Many2one(
        "helpdesk.ticket",
        string="Recorded from",
        readonly=True,
        index="btree_not_null",
        ondelete="restrict",
        help="The inquiry on which it was recorded.",
    )
    revoked_date = fields.Datetime("Revoked on", readonly=True)
    revoked_by_id = fields.Many2one("res.users", string="Revoked by", readonly=True)
    revoke_reason = fields.Char("Reason for revoking", readonly=True)
    state = fields.Selection(
        [
            ("in_force", "In force"),
            ("unverified", "Not verified"),
            ("objection", "Objection"),
            ("none", "No authority"),
            ("expired", "Expired"),
            ("revoked", "Revoked"),
        ],
        compute="_compute_state",
    )

    _patient_person_idx = models.Index("(patient_id, partner_id) WHERE revoked_date IS NULL")

    @api.depends("patient_id", "partner_id")
    def _compute_display_name(self):
        """No names: display names reach people who may not read the record."""
        for authority in self:
            authority.display_name = self.env._("Authority %s", authority.id or "")

    @api.depends(
        "revoked_date", "date_until", "objection", "basis", "verified_how", "verified_date"
    )
    def _compute_state(self):
        today = fields.Date.context_today(self)
        for authority in self:
            if authority.revoked_date:
                authority.state = "revoked"
            elif authority.date_until and authority.date_until < today:
                authority.state = "expired"
            elif authority.objection:
                authority.state = "objection"
            elif authority.basis == "none":
                authority.state = "none"
            elif not authority.verified_how:
                authority.state = "unverified"
            else:
                authority.state = "in_force"

    @api.constrains("patient_id", "partner_id", "objection")
    def _check_person(self):
        for authority in self:
            if not authority.partner_id and not authority.objection:
                raise ValidationError(
                    self.env._(
                        "Say who the person is: only an objection may hold against everybody."
                    )
                )

    @api.constrains("patient_id", "basis", "agreed_how", "objection")
    def _check_agreed_how(self):
        for authority in self:
            if authority.basis == "agreed" and not authority.agreed_how and not authority.objection:
                raise ValidationError(
                    self.env._(
                        "Say how the patient agreed: orally, in writing, or by not objecting."
                    )
                )

    @api.model_create_multi
    def create(self, vals_list):
        now = fields.Datetime.now()
        for vals in vals_list:
            if self.env.context.get("care_authority") is not OURS:
                vals = self._care_strip(vals)
            if vals.get("verified_how"):
                vals["verified_by_id"] = self.env.user.id
                vals["verified_date"] = now
        rows = super().create(vals_list)
        rows._care_name_callers()
        rows._care_apply()
        return rows

    def _care_name_callers(self):
        """A caller known by name alone, whose authority is recorded, is now a known contact."""
        for row in self:
            ticket = row.ticket_id
            if (
                row.partner_id
                and ticket.care_is_inquiry
                and ticket.care_identity == "named"
                and not ticket.partner_id
                and ticket.care_patient_id == row.patient_id
            ):
                ticket.check_access("write")
                ticket.partner_id = row.partner_id

    @api.model
    def _care_strip(self, vals):
        """Take out, in place, what nobody may say of himself: who verified and revoked, when."""
        for name in (
            "verified_by_id",
            "verified_date",
            "revoked_date",
            "revoked_by_id",
            "revoke_reason",
        ):
            vals.pop(name, None)
        return vals

    def write(self, vals):
        if self.env.context.get("care_authority") is OURS:
            return super().write(vals)
        if vals.keys() - ADDED_LATER:
            raise UserError(
                self.env._(
                    "What was recorded stays as it was: revoke this authority and record a new one."
                )
            )
        return super().write(vals)

    def unlink(self):
        self._care_check_never_deleted()
        return super().unlink()

    def _care_check_never_deleted(self):
        if self:
            raise UserError(
                self.env._("Authorities are never deleted: revoke it, and its history is kept.")
            )

    @from_page(one=True)
    def action_revoke(self):
        """Open the small form that ends an authority with a reason."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": "care.authority.revoke",
            "view_mode": "form",
            "target": "new",
            "context": {"default_authority_id": self.id},
        }

    def _care_revoke(self, reason):
        """End these authorities now; raises UserError without a reason or if one ended before."""
        if not (reason or "").strip():
            raise UserError(self.env._("Say why it is revoked: the reason is kept."))
        if self.filtered("revoked_date"):
            raise UserError(self.env._("It was revoked already."))
        self.with_context(care_authority=OURS).write(
            {
                "revoked_date": fields.Datetime.now(),
                "revoked_by_id": self.env.user.id,
                "revoke_reason": reason,
            }
        )
        self._care_apply()

    def _care_apply(self):
        """Take the following of inquiries from those who may no longer be told."""
        tickets = (
            self.env["helpdesk.ticket"]
            .sudo()
            .with_context(active_test=False)
            .search(
                [("care_is_inquiry", "=", True), ("care_patient_id", "in", self.patient_id.ids)]
            )
        )
        tickets._care_drop_followers()

    def _care_covers(self, ticket):
        """Whether the topics of this row cover all categories of an inquiry."""
        self.ensure_one()
        if not self.topic_ids:
            return True
        return bool(ticket._care_topics()) and all(
            any(topic._care_lies_in(own) for own in self.topic_ids)
            for topic in ticket._care_topics()
        )

    def _care_touches(self, ticket):
        """Whether an objection concerns an inquiry; one without category might, so it does."""
        self.ensure_one()
        topics = ticket._care_topics()
        if not self.topic_ids or not topics:
            return True
        return any(topic._care_lies_in(own) for own in self.topic_ids for topic in topics)

    def _care_covered(self):
        """The inquiries that ``_care_covers`` accepts, as a domain."""
        self.ensure_one()
        if not self.topic_ids:
            return Domain.TRUE
        inside = self._care_inside()
        outside = inside.search([("id", "not in", inside.ids)]).ids
        main = Domain("category_id", "in", [False, *inside.ids])
        named = Domain("category_id", "!=", False) | Domain("care_category_ids", "!=", False)
        return named & main & ~Domain("care_category_ids", "in", outside)

    def _care_touched(self):
        """The inquiries that ``_care_touches`` accepts, as a domain."""
        self.ensure_one()
        if not self.topic_ids:
            return Domain.TRUE
        inside = self._care_inside().ids
        bare = Domain("category_id", "=", False) & Domain("care_category_ids", "=", False)
        return (
            bare | Domain("category_id", "in", inside) | Domain("care_category_ids", "in", inside)
        )

    def _care_inside(self):
        """The topics of this row with all categories below them, archived ones as well."""
        categories = self.env["helpdesk.ticket.category"].sudo().with_context(active_test=False)
        return categories.search([("id", "child_of", self.topic_ids.ids)])

    def _care_sentence(self, who):
        """What staff read before they speak: who, on what basis, about what, until when."""
        self.ensure_one()
        basis = dict(self._fields["basis"]._description_selection(self.env))[self.basis]
        parts = [
            self.env._("%(who)s may be told: %(basis)s.", who=who, basis=basis),
            self.env._("Topics: %s.", ", ".join(self.topic_ids.mapped("name")))
            if self.topic_ids
            else "",
            self.env._("Until %s.", format_date(self.env, self.date_until))
            if self.date_until
            else "",
        ]
        return " ".join(filter(None, parts))

    @api.model
    def _care_cron_expire(self):
        """Take the following from those whose authority ran out; a gate refuses them already."""
        today = fields.Date.context_today(self)
        rows = self.sudo().search([("date_until", "<", today), ("revoked_date", "=", False)])
        followers = self.env["mail.followers"].sudo()
        # Only those who still follow something: the others were dealt with in an earlier run.
        busy = followers.search(
            [
                ("res_model", "=", "helpdesk.ticket"),
                ("partner_id", "in", rows.partner_id.ids),
            ]
        ).partner_id
        rows = rows.filtered(lambda row: row.partner_id in busy)
        for company in rows.company_id:
            rows.filtered(lambda row, company=company: row.company_id == company)._care_apply()
            self.env["ir.cron"]._commit_progress(1)

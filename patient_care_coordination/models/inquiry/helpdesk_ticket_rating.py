from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..common.from_page import from_page
from ..common.guard import as_server
from .helpdesk_ticket import STAFF

TEMPLATE = "patient_care_coordination.mail_inquiry_rating"
# What was closed longer ago is not asked about: the mail would come out of the blue.
ASK_WITHIN = timedelta(days=30)


class HelpdeskTicket(models.Model):
    """How satisfied callers were: asked after the closing, by mail, or noted from a call."""

    _name = "helpdesk.ticket"
    _inherit = ["helpdesk.ticket", "rating.mixin"]

    # Stored, it would cost every new ticket a query, plain ones too; the ratings have it anyway.
    rating_last_value = fields.Float(store=False)
    care_rating_asked_date = fields.Datetime(
        "Asked for satisfaction on", readonly=True, copy=False, groups=STAFF
    )

    _care_rating_idx = models.Index(
        "(closed_date) WHERE care_is_inquiry IS TRUE AND closed_date IS NOT NULL"
        " AND care_rating_asked_date IS NULL"
    )

    def _rating_apply_get_default_subtype_id(self):
        """A rating of an inquiry is a note for staff, not a message to its followers."""
        if self.care_is_inquiry:
            return self.env["ir.model.data"]._xmlid_to_res_id("mail.mt_note")
        return super()._rating_apply_get_default_subtype_id()

    # ------------------------------------------------------------------
    # Asking
    # ------------------------------------------------------------------

    @api.model
    def _care_rating_domain(self, company, now):
        """Closed inquiries whose caller is asked now: named, reachable, not yet asked."""
        latest = now - timedelta(hours=company.care_rating_delay)
        return [
            ("care_is_inquiry", "=", True),
            ("company_id", "=", company.id),
            ("closed_date", "<=", latest),
            ("closed_date", ">=", latest - ASK_WITHIN),
            ("care_rating_asked_date", "=", False),
            ("care_identity", "=", "named"),
            ("care_automatic", "=", False),
            ("care_outcome", "!=", "duplicate"),
            "|",
            ("partner_email", "!=", False),
            ("partner_id.email", "!=", False),
        ]

    @api.model
    def _cron_care_ask_ratings(self, batch_size=50):
        """Queue the question for inquiries closed long enough ago: once for each closing."""
        now = fields.Datetime.now()
        cron = self.env["ir.cron"]
        for company in self.env["res.company"].sudo().search([("care_rating_ask", "=", True)]):
            domain = self._care_rating_domain(company, now)
            tickets = self.sudo().search(domain, order="closed_date, id")
            cron._commit_progress(remaining=len(tickets))
            for start in range(0, len(tickets), batch_size):
                batch = tickets[start : start + batch_size]
                batch.try_lock_for_update().filtered_domain(domain)._care_ask_rating()
                if not cron._commit_progress(len(batch)):
                    return

    def _care_ask_rating(self):
        """Queue the mail that asks: the number and three links, nothing else.

        The mail belongs to no record, so that its links stand in nobody's chatter.
        """
        if not self:
            return
        template = self.env.ref(TEMPLATE)
        values = template._generate_template(
            self.ids, ("subject", "body_html", "email_from", "email_to", "partner_to", "reply_to")
        )
        mails = []
        for ticket in self:
            mail = values[ticket.id]
            mails.append(
                {
                    "subject": mail["subject"],
                    "body_html": mail["body_html"],
                    "email_from": mail.get("email_from") or ticket.company_id.email_formatted,
                    "email_to": mail.get("email_to"),
                    "recipient_ids": [
                        fields.Command.link(partner) for partner in mail.get("partner_ids") or []
                    ],
                    "auto_delete": True,
                }
            )
        self.env["mail.mail"].create(mails)
        self.write({"care_rating_asked_date": fields.Datetime.now()})

    def _care_reopen(self, vals):
        result = super()._care_reopen(vals)
        reopened = self.sudo().filtered(
            lambda ticket: not ticket.closed and ticket.care_rating_asked_date
        )
        if reopened:
            reopened.write({"care_rating_asked_date": False})
        return result

    # ------------------------------------------------------------------
    # From a call
    # ------------------------------------------------------------------

    @from_page(one=True)
    def action_care_note_rating(self):
        """Open the small form that notes how satisfied the caller said to be."""
        self.ensure_one()
        action = self.env["ir.actions.actions"]._for_xml_id(
            "patient_care_coordination.action_rating_note"
        )
        return action | {"context": {"default_ticket_id": self.id}}

    def _care_note_rating(self, score, words):
        """Keep what a caller said on the phone: ``score`` 1 unhappy, 3 neutral, 5 happy."""
        self.ensure_one()
        self.check_access("write")
        if not self.closed:
            raise UserError(
                self.env._("Satisfaction is noted once the inquiry is closed: close it first.")
            )
        words = (words or "").strip()
        ticket = self.sudo()
        rating = as_server(self.env["rating.rating"]).create(
            {
                "res_model_id": self.env["ir.model"]._get_id(self._name),
                "res_id": self.id,
                "partner_id": ticket._rating_get_partner().id,
                "rated_partner_id": ticket._rating_get_operator().id,
                "is_internal": True,
            }
        )
        rating.write({"rating": score, "feedback": words, "consumed": True})
        ticket.write({"care_rating_asked_date": fields.Datetime.now()})
        labels = dict(rating._fields["rating_text"]._description_selection(self.env))
        said = ": ".join(filter(None, [labels[rating.rating_text], words]))
        self.message_post(
            body=self.env._("Satisfaction, from a call: %s", said),
            subtype_xmlid="mail.mt_note",
        )
        return rating.sudo(False)

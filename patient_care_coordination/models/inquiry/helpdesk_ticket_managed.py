from odoo import api, fields, models
from odoo.tools import format_date

from ..common.from_page import from_page
from ..common.guard import as_server
from .helpdesk_ticket_identity import COORDINATORS


class HelpdeskTicket(models.Model):
    """Who calls under an agreement, and what nobody puts a name to."""

    _inherit = "helpdesk.ticket"

    care_managed_text = fields.Char(
        "Managed contact", compute="_compute_care_managed_text", groups=COORDINATORS
    )
    care_risk_reviewed_date = fields.Datetime(
        "Risk reviewed on",
        readonly=True,
        copy=False,
        groups="patient_care_coordination.group_care_staff",
    )
    care_risk_reviewed_by_id = fields.Many2one(
        "res.users",
        string="Risk reviewed by",
        readonly=True,
        copy=False,
        groups="patient_care_coordination.group_care_staff",
    )

    @api.depends(
        "partner_id",
        "partner_email",
        "care_callback_phone",
        "care_confidential_partner_id",
        "care_confidential_email",
        "care_confidential_phone",
    )
    @api.depends_context("lang")
    def _compute_care_managed_text(self):
        contacts = self.env["care.managed.contact"].sudo()
        tickets = self.sudo().filtered("care_is_inquiry")
        known = contacts.search(
            [*contacts._care_in_force_domain(), ("company_id", "in", tickets.company_id.ids)]
            if tickets
            else [(0, "=", 1)]
        )
        self.care_managed_text = False
        for ticket in tickets if known else ():
            mine = known.filtered(
                lambda contact, ticket=ticket: (
                    contact.company_id == ticket.company_id
                    and contact._care_is_caller(
                        ticket.partner_id | ticket.care_confidential_partner_id,
                        ticket.care_confidential_email or ticket.partner_email,
                        ticket.care_confidential_phone or ticket.care_callback_phone,
                    )
                )
            )[:1]
            if mine:
                ticket.care_managed_text = ticket._care_managed_sentence(mine)

    def _care_managed_sentence(self, contact):
        """What staff need to know before they speak to this caller."""
        ways = ", ".join(contact.channel_ids.mapped("name")) or self.env._("any way")
        return self.env._(
            "%(who)s speaks to this caller (%(ways)s%(times)s) until %(date)s. Judge what is new "
            "on its merits; red flags and safeguarding go through as for anybody.",
            who=contact.named_contact_id.name,
            ways=ways,
            times=f"; {contact.allowed_times}" if contact.allowed_times else "",
            date=format_date(self.env, contact.review_date),
        )

    # ------------------------------------------------------------------
    # Anonymous
    # ------------------------------------------------------------------

    def _care_tell_of_anonymous(self, _notes_list):
        """What nobody puts a name to goes to the department's supervisor, to review the risk."""
        tickets = self.sudo().filtered(
            lambda ticket: (
                ticket.care_identity == "anonymous"
                and ticket.care_nature_id.review_anonymous
                and not ticket.closed
            )
        )
        if not tickets:
            return
        activity_type = self.env["ir.model.data"]._xmlid_to_res_id(
            "patient_care_coordination.activity_anonymous"
        )
        model = self.env["ir.model"]._get_id("helpdesk.ticket")
        leads = {}
        rows = []
        for ticket in tickets:
            key = (ticket.care_department_id, ticket.team_id, ticket.company_id)
            if key not in leads:
                leads[key] = ticket.care_department_id._care_supervisor() or ticket._care_lead()
            rows.append(
                {
                    "activity_type_id": activity_type,
                    "res_model_id": model,
                    "res_id": ticket.id,
                    "user_id": leads[key].id,
                    "summary": self.env._("Anonymous: review it for risk"),
                    "date_deadline": fields.Date.context_today(self),
                }
            )
        as_server(self.env["mail.activity"]).with_context(mail_activity_quick_update=True).create(
            rows
        )

    @from_page()
    def action_care_risk_reviewed(self):
        """Note that the user has reviewed the risk of what came without a name."""
        self.check_access("write")
        self.sudo().write(
            {
                "care_risk_reviewed_date": fields.Datetime.now(),
                "care_risk_reviewed_by_id": self.env.uid,
            }
        )
        activity_type = self.env.ref("patient_care_coordination.activity_anonymous")
        self.sudo().activity_ids.filtered(
            lambda activity: activity.activity_type_id == activity_type
        ).action_feedback()
        return True

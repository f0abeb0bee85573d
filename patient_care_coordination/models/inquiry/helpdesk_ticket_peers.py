"""What other addons of the helpdesk do to tickets and may not do to inquiries.

They are no dependencies of ours: what is not installed is not looked at.
"""

from functools import wraps

from odoo import models
from odoo.exceptions import UserError
from odoo.fields import Domain

from .helpdesk_ticket import OURS

TICKETS = "helpdesk.ticket"
# Methods by model that copy title and text of a ticket to where other people read: leads (CRM),
# nonconformities, service orders; and merging, which mixes two of them. OCA's names.
CONVERSIONS = {
    "helpdesk.ticket.create.lead": ["action_helpdesk_ticket_to_lead"],
    TICKETS: ["action_nonconformity_create", "action_create_order"],
    "helpdesk.ticket.merge": ["merge_tickets"],
}
# Closes tickets by their age alone and tells their callers so.
CLOSING = ("helpdesk.ticket.team", "close_team_inactive_tickets")


def tickets_of(records):
    """The tickets that some records are, or name in their fields."""
    if records._name == TICKETS:
        return records
    tickets = records.env[TICKETS]
    for field in records._fields.values():
        if field.comodel_name == TICKETS and field.type in ("many2one", "many2many", "one2many"):
            tickets |= records[field.name]
    return tickets


def without_inquiries(method):
    """A method that copies tickets elsewhere, and refuses inquiries."""

    @wraps(method)
    def guarded(self, *args, **kwargs):
        inquiry = tickets_of(self).sudo().filtered("care_is_inquiry")[:1]
        if inquiry:
            raise UserError(
                self.env._(
                    "%s is an inquiry: its text may not be copied to where others read it. Use "
                    "Ask a department, or write what they need to know yourself.",
                    inquiry.number,
                )
            )
        return method(self, *args, **kwargs)

    guarded.care_guarded = True
    return guarded


def plain_tickets_alone(method):
    """A method that closes tickets which it searches, and does not find inquiries."""

    @wraps(method)
    def guarded(self, *args, **kwargs):
        return method(self.with_context(care_plain_alone=OURS), *args, **kwargs)

    guarded.care_guarded = True
    return guarded


class HelpdeskTicket(models.Model):
    _inherit = "helpdesk.ticket"

    def _register_hook(self):
        super()._register_hook()
        for model, names in CONVERSIONS.items():
            for name in names:
                self._care_guard_method(model, name, without_inquiries)
        self._care_guard_method(*CLOSING, plain_tickets_alone)

    def _care_guard_method(self, model, name, guard):
        """Put a guard around a method of another addon, if it is there."""
        if model not in self.env:
            return
        registered = self.env.registry[model]
        method = getattr(registered, name, None)
        if method and not getattr(method, "care_guarded", False):
            setattr(registered, name, guard(method))

    def _search(self, domain, *args, **kwargs):
        if self.env.context.get("care_plain_alone") is OURS:
            domain = Domain("care_is_inquiry", "=", False) & Domain(domain)
        return super()._search(domain, *args, **kwargs)

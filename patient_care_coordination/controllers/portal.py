import werkzeug

from odoo import http
from odoo.exceptions import AccessError, MissingError, UserError
from odoo.http import request

from odoo.addons.helpdesk_mgmt.controllers.main import HelpdeskTicketController
from odoo.addons.helpdesk_mgmt.controllers.myaccount import CustomerPortalHelpdesk


class CareTicketController(HelpdeskTicketController):
    """Hand in and close a ticket from the portal.

    Closing is by POST, and only what the user may read.
    """

    def _prepare_submit_ticket_vals(self, **kw):
        """What a patient or relative sends goes to the chosen team, else to triage.

        Staff use this page for their computers too: theirs stays what it was.
        """
        vals = super()._prepare_submit_ticket_vals(**kw)
        if not request.env.user.share:
            return vals
        company = request.env["res.company"].sudo().browse(vals["company_id"])
        team = request.env["helpdesk.ticket.team"].sudo().browse(vals.get("team_id") or [])
        team = team or company.care_triage_team_id
        if team.care_desk:
            vals["team_id"] = team.id
            # The stage of the team that the rules choose, not of the one chosen here.
            vals.pop("stage_id", None)
        return vals

    @http.route(methods=["POST"])
    def support_ticket_close(self, **kw):
        """Close the caller's own ticket; redirects to it, or to the portal's home.

        Raises a bad request when the numbers are no numbers.
        """
        try:
            ticket_id, stage_id = int(kw["ticket_id"]), int(kw["stage_id"])
        except (KeyError, ValueError) as error:
            raise werkzeug.exceptions.BadRequest(
                "Closing a ticket needs the numbers of a ticket and a stage."
            ) from error
        ticket = request.env["helpdesk.ticket"].browse(ticket_id)
        stage = request.env["helpdesk.ticket.stage"].browse(stage_id).exists()
        try:
            ticket.check_access("read")
            if not ticket.exists() or not stage:
                return request.redirect("/my")
            if stage.close_from_portal and stage.closed:
                ticket.sudo().stage_id = stage
        except (AccessError, MissingError):
            return request.redirect("/my")
        except UserError:
            # Staff must answer first; the page tells the caller nothing about what is missing.
            return request.redirect(f"/my/ticket/{ticket_id}?care_not_closed=1")
        # Found, as the base answers, not See other: other addons and tests look at it.
        return request.redirect(f"/my/ticket/{ticket_id}", code=302)


class CarePortal(CustomerPortalHelpdesk):
    def _document_check_access(self, model_name, document_id, access_token=None):
        """An access token never opens an inquiry."""
        if model_name == "helpdesk.ticket" and access_token:
            ticket = request.env[model_name].sudo().browse(document_id).exists()
            if ticket.care_is_inquiry:
                access_token = None
        return super()._document_check_access(model_name, document_id, access_token=access_token)

    def _ticket_get_page_view_values(self, ticket, access_token, **kwargs):
        ticket._care_show_on_portal(request.env.user)
        return super()._ticket_get_page_view_values(ticket, access_token, **kwargs)

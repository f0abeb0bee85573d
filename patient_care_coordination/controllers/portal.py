import werkzeug

from odoo import fields, http
from odoo.exceptions import AccessError, MissingError, UserError
from odoo.http import request

from odoo.addons.helpdesk_mgmt.controllers.main import HelpdeskTicketController
from odoo.addons.helpdesk_mgmt.controllers.myaccount import CustomerPortalHelpdesk

from ..models.common import limits
from ..models.common.from_page import is_number


def number_of(text):
    """The number of a record that an address or a form names, or None if it names none."""
    try:
        number = int(text)
    except (TypeError, ValueError):
        return None
    return number if is_number(number) else None


class CareTicketController(HelpdeskTicketController):
    """Hand in and close a ticket from the portal.

    Both by POST; closing only what the user may read.
    """

    @http.route()
    def submit_ticket(self, **kw):
        """Take in the form; an address alone opens the empty form and makes nothing.

        Raises a bad request, with a sentence, for what the form does not send.
        """
        if request.httprequest.method != "POST":
            return request.redirect("/new/ticket")
        for file in request.httprequest.files.getlist("attachment"):
            # The end of a name says what kind of file it is.
            file.filename = limits.usable(file.filename or "")[-limits.NAME :]
        return super().submit_ticket(**self._care_form(kw))

    def _care_form(self, values):
        """What the form of a new ticket sent, fit for the base; raises a bad request."""
        subject = limits.usable(str(values.get("subject") or "")).strip()
        description = limits.usable(str(values.get("description") or ""))
        if not subject and not description.strip():
            raise werkzeug.exceptions.BadRequest(
                request.env._("Nothing was written: go back and write your message.")
            )
        if len(subject) > limits.LINE:
            raise werkzeug.exceptions.BadRequest(
                request.env._(
                    "The subject is too long: go back and shorten it to %s characters.", limits.LINE
                )
            )
        if len(description) > limits.TEXT:
            raise werkzeug.exceptions.BadRequest(
                request.env._(
                    "Your message is too long: go back, shorten it, and attach the rest as a file."
                )
            )
        form = {
            **values,
            "subject": subject or request.env._("No subject"),
            "description": description,
        }
        for name, model in (
            ("category", "helpdesk.ticket.category"),
            ("team", "helpdesk.ticket.team"),
        ):
            if not values.get(name):
                form.pop(name, None)
                continue
            number = number_of(values[name])
            if not number or not request.env[model].sudo().browse(number).exists():
                raise werkzeug.exceptions.BadRequest(
                    request.env._(
                        "The chosen topic or team does not exist any more: "
                        "go back and choose again."
                    )
                )
            form[name] = str(number)
        return form

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
        ticket_id, stage_id = number_of(kw.get("ticket_id")), number_of(kw.get("stage_id"))
        if not ticket_id or not stage_id:
            raise werkzeug.exceptions.BadRequest(
                "Closing a ticket needs the numbers of a ticket and a stage."
            )
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
    @http.route()
    def portal_my_tickets(
        self,
        page=1,
        date_begin=None,
        date_end=None,
        sortby=None,
        filterby=None,
        search=None,
        search_in=None,
        groupby=None,
        **kw,
    ):
        """The list of tickets; what its address says and the page does not offer is left out."""
        if sortby not in self._ticket_get_searchbar_sortings():
            sortby = None
        if groupby not in self._ticket_get_searchbar_groupby():
            groupby = None
        if search_in not in self._ticket_get_searchbar_inputs():
            search_in = None
        if not (self._care_is_date(date_begin) and self._care_is_date(date_end)):
            date_begin = date_end = None
        return super().portal_my_tickets(
            page=number_of(page) or 1,
            date_begin=date_begin,
            date_end=date_end,
            sortby=sortby,
            filterby=filterby,
            search=limits.usable(search)[: limits.TERM] if search else None,
            search_in=search_in,
            groupby=groupby,
            **kw,
        )

    @staticmethod
    def _care_is_date(text):
        try:
            return bool(fields.Datetime.to_datetime(text))
        except ValueError:
            return False

    def _document_check_access(self, model_name, document_id, access_token=None):
        """An access token never opens an inquiry; a number that none can have is none."""
        if model_name == "helpdesk.ticket" and not is_number(document_id):
            raise MissingError(request.env._("There is no such ticket."))
        if model_name == "helpdesk.ticket" and access_token:
            ticket = request.env[model_name].sudo().browse(document_id).exists()
            if ticket.care_is_inquiry:
                access_token = None
        return super()._document_check_access(model_name, document_id, access_token=access_token)

    def _ticket_get_page_view_values(self, ticket, access_token, **kwargs):
        ticket._care_show_on_portal(request.env.user)
        return super()._ticket_get_page_view_values(ticket, access_token, **kwargs)

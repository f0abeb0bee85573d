"""The door for mails: whatever arrives for a desk becomes an inquiry, or is added to one."""

import logging
import re
from xmlrpc import client as xmlrpclib

from markupsafe import Markup

from odoo import SUPERUSER_ID, api, models
from odoo.exceptions import AccessError
from odoo.tools import email_normalize, html_sanitize

from ..common.guard import without_client_defaults
from ..common.mail_headers import is_automatic, is_no_reply, may_answer, sender_check
from ..common.mail_mime import Mail, visible_text
from .helpdesk_ticket import OURS

_logger = logging.getLogger(__name__)

# Where a mail arrived: what is written on it, and what relays note when it is handed on.
ADDRESSED = (
    "to",
    "cc",
    "bcc",
    "delivered-to",
    "x-original-to",
    "envelope-to",
    "x-envelope-to",
    "x-forwarded-to",
    "resent-to",
    "resent-cc",
    "resent-bcc",
)
TICKET = "helpdesk.ticket"
# Under this name the log of the database keeps of which mails nothing was made.
REFUSALS = "patient_care_coordination.refused_mail"


class Arrival:
    """A mail on its way in. An object of this class in the context is ours: no client can send it.

    ``created`` and ``tickets`` are the ids of inquiries that it made, and that it was posted on.
    """

    def __init__(self, mail):
        self.mail, self.digest = mail, mail.digest()
        self.teams, self.foreign, self.replied = None, False, None
        self.sender, self.guess_team = None, True
        self.refused = ""
        self.created, self.tickets = set(), set()

    def check(self, relay):
        """What the relay says of the one in whose name the mail is kept."""
        _name, address = self.sender or self.mail.sender
        return sender_check(self.mail.get_all, relay, address)


class MailThread(models.AbstractModel):
    _inherit = "mail.thread"

    @api.model
    def _care_arrival(self):
        """The mail under way to a desk, if there is one."""
        arrival = self.env.context.get("care_arrival")
        return arrival if isinstance(arrival, Arrival) else None

    @api.model
    def message_process(
        self,
        model,
        message,
        custom_values=None,
        save_original=False,
        strip_attachments=False,
        thread_id=None,
    ):
        """Take in mails for patient care so that none is lost; all others go the way of Odoo.

        Odoo's fetchmail deletes from the server what could not be processed.
        """
        if not (self.env.su or self.env.is_system()):
            # Odoo creates as the superuser what a mail brings: nothing of a client comes with it.
            self._care_check_custom(model, custom_values)
            self = without_client_defaults(self)
        options = {
            "custom_values": custom_values,
            "save_original": save_original,
            "strip_attachments": strip_attachments,
            "thread_id": thread_id,
        }
        raw = bytes(message.data) if isinstance(message, xmlrpclib.Binary) else message
        if isinstance(raw, str):
            raw = raw.encode("utf-8", "surrogateescape")
        arrival = Arrival(Mail(raw))
        if not self._care_is_ours(arrival, model, custom_values, thread_id):
            return super().message_process(model, message, **options)
        self._care_check_taker()
        message_id = self._care_message_id(arrival)
        if not message_id:
            self._care_record_refusal(arrival, self.env._("it arrived before, word for word"))
            return False
        tickets = self.env[TICKET]
        delivered = [address for _team, address in arrival.teams]
        head = arrival.mail.head(message_id, sender=arrival.sender, delivered=delivered)
        if arrival.mail.problems:
            options["strip_attachments"] = False
        try:
            with tickets._care_savepoint():
                # A picture that is cut off cannot be made smaller; it is kept as it came.
                arriving = self.with_context(care_arrival=arrival, image_no_postprocess=True)
                result = super(MailThread, arriving).message_process(model, head, **options)
        except Exception as error:
            _logger.exception("Processing mail %s failed; it is taken in as it is", message_id)
            return self._care_take_in(arrival, message_id, error)
        if arrival.mail.problems and arrival.tickets:
            self._care_tell_of_problems(arrival)
        if len(arrival.teams) > 1 and arrival.created:
            self._care_tell_other_desks(arrival)
        if not (result or arrival.tickets):
            self._care_record_refusal(arrival, arrival.refused or self.env._("no alias takes it"))
        return result

    @api.model
    def _care_check_custom(self, model, custom_values):
        """Refuse values that change other records, or say what an inquiry is, beside a mail."""
        if custom_values and (
            not isinstance(custom_values, dict)
            or any(isinstance(value, list | tuple | dict | set) for value in custom_values.values())
        ):
            raise AccessError(
                self.env._("A mail that you hand in yourself brings no other records with it.")
            )
        if model == TICKET and any(name.startswith("care_") for name in custom_values or {}):
            self._care_check_taker()

    @api.model
    def _care_record_refusal(self, arrival, reason):
        """Keep a line about a mail of which nothing is made, for administrators, under Logging.

        It names the mail by its id alone: whom it is from or about is not theirs to read.
        """
        message_id = arrival.mail.message_id or arrival.digest[:40]
        self.env["ir.logging"].sudo().create(
            {
                "name": REFUSALS,
                "type": "server",
                "dbname": self.env.cr.dbname,
                "level": "INFO",
                "message": self.env._(
                    "Nothing was made of mail %(mail)s: %(reason)s.",
                    mail=message_id,
                    reason=reason,
                ),
                "path": "mail.thread",
                "func": "message_process",
                "line": "0",
            }
        )

    @api.model
    def _care_check_taker(self):
        if not (self.env.su or self.env.is_system()):
            raise AccessError(
                self.env._(
                    "Mails about inquiries are taken in by the mail gateway alone: forward it to "
                    "the address of the desk."
                )
            )

    # ------------------------------------------------------------------
    # Whose mail it is
    # ------------------------------------------------------------------

    @api.model
    def _care_is_ours(self, arrival, model, custom_values, thread_id):
        """Whether a mail is for patient care; notes on ``arrival`` what was found out."""
        mail = arrival.mail
        self._care_find_addressed(arrival)
        arrival.replied = self._care_find_replied(arrival)
        arrival.sender = self._care_find_sender(mail)
        if arrival.replied or arrival.teams:
            return True
        if model != TICKET or arrival.foreign:
            return False
        if thread_id:
            return self.env[TICKET].sudo().browse(thread_id).exists().care_is_inquiry
        team = self.env["helpdesk.ticket.team"].sudo().browse((custom_values or {}).get("team_id"))
        # A mail in blind copy says nowhere where it arrived: it may be for a desk.
        return team.care_desk or not team

    @api.model
    def _care_find_addressed(self, arrival):
        """The desks a mail is addressed to, also with a tag (``desk+tag@``), and whether others."""
        wanted = {}
        for _name, address in arrival.mail.addresses(*ADDRESSED)[:1000]:
            address = address.lower()
            local, _at, domain = address.partition("@")
            wanted.setdefault(address, None)
            if "+" in local:
                wanted.setdefault(f"{local.partition('+')[0]}@{domain}", None)
        locals_ = {address.partition("@")[0] for address in wanted}
        aliases = self.env["mail.alias"].sudo()
        found = aliases.search(
            [
                "|",
                ("alias_full_name", "in", list(wanted)),
                "&",
                ("alias_name", "in", list(locals_)),
                ("alias_incoming_local", "=", True),
            ]
        )
        teams = self.env["helpdesk.ticket.team"].sudo().search([("alias_id", "in", found.ids)])
        desks = teams.filtered("care_desk")
        by_name = {}
        for team in desks:
            by_name[team.alias_id.alias_full_name] = team
            if team.alias_id.alias_incoming_local:
                by_name[team.alias_id.alias_name] = team
        arrival.teams, seen = [], self.env["helpdesk.ticket.team"]
        for address in wanted:
            team = by_name.get(address) or by_name.get(address.partition("@")[0])
            if team and team not in seen:
                seen |= team
                arrival.teams.append((team, address))
        arrival.foreign = bool(found - desks.alias_id)

    @api.model
    def _care_find_replied(self, arrival):
        """The message of an inquiry, or a row of ours, that a mail answers or sends back."""
        mail = arrival.mail
        ids = [*mail.returned_ids()[:32], *mail.ids("in-reply-to")[:8], *mail.ids("references")]
        if is_no_reply(mail.sender[1]):
            ids = [*mail.quoted_ids()[:8], *ids]
        messages = self.env["mail.message"].sudo()
        ids = ids[:64]
        if ids:
            rows = messages.search([("message_id", "in", ids)], order="id desc", limit=200)
            places = {
                row: row.model == TICKET and row.res_id or (row.model or "").startswith("care.")
                for row in rows
                if row.res_id
            }
            known = self._care_inquiries_among(places)
            for message_id in ids:
                for row in rows:
                    if row.message_id == message_id and row in known:
                        return row
        return self._care_find_by_number(arrival)

    @api.model
    def _care_inquiries_among(self, rows):
        """Those of these messages that belong to an inquiry or a row of ours."""
        tickets = self.env[TICKET].sudo()
        ids = [row.res_id for row in rows if row.model == TICKET]
        inquiries = set(tickets.browse(ids).exists().filtered("care_is_inquiry").ids)
        return {
            row
            for row in rows
            if (row.model == TICKET and row.res_id in inquiries)
            or ((row.model or "").startswith("care.") and row.model in self.env)
        }

    @api.model
    def _care_find_by_number(self, arrival):
        """A message of the inquiry whose number the subject names, if its caller writes."""
        _name, address = arrival.mail.sender
        address = email_normalize(address)
        words = re.findall(r"[A-Za-z]*[-/]?\d[\w/-]{2,30}", arrival.mail.subject)[:20]
        none = self.env["mail.message"].sudo()
        if not (address and words):
            return none
        tickets = self.env[TICKET].sudo().search([("number", "in", words)], limit=20)
        for ticket in tickets.filtered("care_is_inquiry"):
            if ticket._care_is_address_of_caller(address):
                open_ones = ticket.message_ids.filtered(
                    lambda message: (
                        not (message.is_internal or message.subtype_id.internal)
                        and message.message_id
                    )
                )
                return (open_ones or ticket.message_ids)[:1]
        return none

    @api.model
    def _care_find_sender(self, mail):
        """Who asks to be answered, where a web form or one of our own addresses sent the mail."""
        _name, address = mail.sender
        answer = mail.addresses("reply-to")[:1]
        if not answer or not (is_no_reply(address) or self._care_is_own_address(address)):
            return None
        if answer[0][1].lower() == address.lower() or self._care_is_own_address(answer[0][1]):
            return None
        mail.changed = True
        return answer[0]

    @api.model
    def _care_is_own_address(self, address):
        """Whether an address is an alias of this Odoo, or that of one of its companies."""
        address = email_normalize(address)
        if not address:
            return False
        domains = self.env["mail.alias.domain"].sudo()
        companies = self.env["res.company"].sudo()
        return bool(
            domains._find_aliases([address])
            or companies.search_count([("partner_id.email_normalized", "=", address)], limit=1)
        )

    @api.model
    def _care_message_id(self, arrival):
        """Under which id a mail is kept; none if it is here already.

        A web form may send all its mails with one id, and this Odoo may have sent the mail itself:
        the same id with other words is another mail.
        """
        mail = arrival.mail
        made = f"<{arrival.digest[:40]}.care@patient-care.invalid>"
        wanted = mail.message_id or made
        rows = self.env["mail.message"].sudo().search([("message_id", "in", [wanted, made])])
        if not rows:
            return wanted
        for row in self._care_inquiries_among(rows):
            if row.message_type != "email" or row.care_digest in (False, arrival.digest):
                _logger.info(
                    "Ignored mail with Message-Id %s: it is on %s %s already",
                    wanted,
                    row.model,
                    row.res_id,
                )
                return False
        return made

    # ------------------------------------------------------------------
    # What Odoo is told of it
    # ------------------------------------------------------------------

    @api.model
    def _get_parent_message(self, msg_dict):
        arrival = self._care_arrival()
        if arrival and arrival.replied:
            return arrival.replied
        return super()._get_parent_message(msg_dict)

    @api.model
    def message_route(self, message, message_dict, model=None, thread_id=None, custom_values=None):
        """One mail is one inquiry, whatever desks it names; what may be for one is for triage."""
        arrival = self._care_arrival()
        if not arrival:
            return super().message_route(message, message_dict, model, thread_id, custom_values)
        replied = arrival.replied
        if replied and not arrival.foreign and not message_dict.get("is_bounce"):
            self._routing_reset_bounce(message, message_dict)
            route = (replied.model, replied.res_id, None, self.env.uid, None)
            route = self._routing_check_route(message, message_dict, route, raise_exception=False)
            if route and route[1]:
                return [route]
        if model == TICKET and not (thread_id or arrival.foreign):
            custom_values = dict(custom_values or {})
            if not custom_values.get("team_id"):
                custom_values["team_id"] = self._care_triage(arrival).id
        routes = super().message_route(message, message_dict, model, thread_id, custom_values)
        kept, desk = [], None
        order = [team.id for team, _address in arrival.teams]
        for route in routes:
            if route[0] != TICKET or route[1] or not self._care_is_desk_route(route):
                kept.append(route)
                continue
            place = (route[2] or {}).get("team_id")
            rank = order.index(place) if place in order else len(order)
            if desk is None or rank < desk[0]:
                desk = (rank, route)
        return [*kept, desk[1]] if desk else kept

    @api.model
    def _care_triage(self, arrival):
        """The triage team of the company that a mail is for."""
        company = arrival.teams[0][0].company_id if arrival.teams else self.env.company
        return (company or self.env.company).sudo().care_triage_team_id

    @api.model
    def _message_parse_extract_payload(self, message, message_dict, save_original=False):
        arrival = self._care_arrival()
        if not arrival:
            return super()._message_parse_extract_payload(
                message, message_dict, save_original=save_original
            )
        mail = arrival.mail
        files = [
            self._Attachment(name, content, {"cid": cid} if cid else {})
            for name, content, cid in mail.files
        ]
        if save_original or mail.changed or mail.problems:
            files.append(self._Attachment("original_email.eml", mail.raw, {}))
        body, rich = Markup(""), False
        for kind, text in mail.texts:
            if kind == "html":
                safe = html_sanitize(text, sanitize_tags=False, strip_classes=True)
                if visible_text(safe) or not visible_text(text):
                    body, rich = body + Markup(safe), True
                    continue
                text = visible_text(text)
            body += Markup("<pre>%s</pre>\n") % text
        payload = {"body": body, "attachments": files}
        if rich:
            payload = self._message_parse_extract_payload_postprocess(message, payload)
        return payload

    @api.model
    def _message_parse_extract_bounce(self, email_message, message_dict):
        arrival = self._care_arrival()
        if not arrival:
            return super()._message_parse_extract_bounce(email_message, message_dict)
        mail = arrival.mail
        message = arrival.replied or self.env["mail.message"].sudo()
        if not self._care_is_returned(arrival, email_message, message_dict):
            return {"is_bounce": False}
        if message:
            arrival.refused = self.env._("it reports on mail %s of ours", message.message_id)
        else:
            arrival.refused = self.env._("it reports on a mail that is not ours")
        failed = [email for address in mail.failed() if (email := email_normalize(address))]
        partners = self.env["res.partner"].sudo()
        if failed:
            partners = partners.search([("email_normalized", "in", failed)])
        elif not mail.reports and len(message.notification_ids.res_partner_id) == 1:
            # A server that knows no reports: its words name nobody.
            partners = message.notification_ids.res_partner_id
            failed = partners.filtered("email_normalized").mapped("email_normalized")
        return {
            "bounced_email": failed[0] if failed else False,
            "bounced_partner": partners,
            "bounced_msg_ids": mail.returned_ids(),
            "bounced_message": message,
            "is_bounce": True,
        }

    @api.model
    def _care_is_returned(self, arrival, email_message, message_dict):
        """Whether a mail only reports on another, so that nothing in it waits for an answer."""
        mail = arrival.mail
        if mail.is_report():
            about_ours = arrival.replied and arrival.replied.message_type != "email"
            return mail.is_report_alone() or bool(about_ours)
        # A person, too, may write to the address for bounces, or beside it to a desk.
        return self._detect_is_bounce(email_message, message_dict) and (
            is_automatic(mail.get_all)
            or mail.get("return-path") == "<>"
            or is_no_reply(mail.sender[1])
        )

    @api.model
    def _detect_write_to_catchall(self, msg_dict):
        """Who loses the thread and answers to the address for all replies is heard all the same."""
        if self._care_arrival():
            return False
        return super()._detect_write_to_catchall(msg_dict)

    @api.model
    def _routing_handle_bounce(self, email_message, message_dict):
        result = super()._routing_handle_bounce(email_message, message_dict)
        message, email = message_dict["bounced_message"], message_dict["bounced_email"]
        # What came in did not come back, whatever a report says.
        ours = message.message_type != "email"
        if email and ours and message.model == TICKET:
            ticket = self.env[TICKET].sudo().browse(message.res_id).exists()
            if ticket.care_is_inquiry:
                arrival = self._care_arrival()
                emails = arrival.mail.failed() if arrival else []
                emails = {email_normalize(one) for one in [email, *emails]} - {False}
                ticket.with_env(self.env(user=SUPERUSER_ID))._care_bounced(message.sudo(), emails)
        return result

    # ------------------------------------------------------------------
    # What could not be read
    # ------------------------------------------------------------------

    @api.model
    def _care_take_in(self, arrival, message_id, error):
        """Make an inquiry of a mail that could not be processed: its text, and the mail itself."""
        reason = f"mail: {type(error).__name__}: {error}"
        tickets = self.env(user=SUPERUSER_ID)[TICKET]
        try:
            with tickets._care_savepoint():
                return self._care_make_inquiry(tickets, arrival, message_id, reason)
        except Exception:
            _logger.exception("Taking in mail %s failed; it is kept as a file", message_id)
        with tickets._care_savepoint():
            return self._care_make_inquiry(tickets, arrival, message_id, reason, bare=True)

    @api.model
    def _care_make_inquiry(self, tickets, arrival, message_id, reason, bare=False):
        mail, team = arrival.mail, self._care_triage(arrival)
        name, address = arrival.sender or mail.sender
        values = {"team_id": team.id, "company_id": team.company_id.id or self.env.company.id}
        if bare:
            values |= {
                "name": self.env._("A mail that could not be read"),
                "description": self.env._("Open the attached mail."),
                "care_automatic": True,
            }
        else:
            values |= {
                "name": mail.subject or self.env._("No subject"),
                "description": Markup("<pre>%s</pre>") % (mail.plain() or mail.subject),
                "channel_id": self.env["helpdesk.ticket.channel"]._care_by_code("email").id,
                "partner_email": email_normalize(address) or False,
                "partner_name": name or False,
                "care_automatic": not may_answer(mail.get_all),
            }
        hinted = tickets.with_context(
            care_team_hint=OURS,
            care_automatic=is_automatic(mail.get_all),
            care_arrival=arrival,
            image_no_postprocess=True,
            mail_create_nosubscribe=True,
            mail_create_nolog=True,
        )
        ticket = hinted.create([values])
        arrival.created |= {ticket.id}
        raw = [("original_email.eml", mail.raw)]
        if bare:
            hinted.env["ir.attachment"].create(
                [
                    {"name": name, "raw": content, "res_model": TICKET, "res_id": ticket.id}
                    for name, content in raw
                ]
            )
        else:
            ticket.message_post(
                message_type="email",
                body=values["description"],
                subject=mail.subject,
                email_from=address or name or None,
                author_id=False,
                message_id=message_id,
                attachments=raw,
                subtype_xmlid="mail.mt_comment",
            )
        ticket._care_place_at_triage(reason)
        return ticket.id

    @api.model
    def _care_tell_of_problems(self, arrival):
        """Tell those in charge of a mail that arrived, but could not be read completely."""
        reason = "mail: " + " ".join(arrival.mail.problems[:5])
        tickets = self.env(user=SUPERUSER_ID)[TICKET]
        try:
            with tickets._care_savepoint():
                for ticket in tickets.browse(arrival.tickets).filtered("care_is_inquiry"):
                    if ticket.id in arrival.created:
                        ticket._care_place_at_triage(reason)
                    else:
                        ticket.activity_schedule(
                            "mail.mail_activity_data_todo",
                            summary=self.env._("A mail could not be read completely"),
                            note=self.env._("Open the attached mail original_email.eml."),
                            user_id=(ticket.user_id or ticket._care_lead()).id,
                        )
        except Exception:
            _logger.exception("Telling of a mail with problems failed; the mail is kept")

    @api.model
    def _care_tell_other_desks(self, arrival):
        """Tell the other desks that one mail was addressed to: it is one inquiry, at one of them.

        Their leaders are told, as far as they read it; else a supervisor, who tells them.
        """
        tickets = self.env(user=SUPERUSER_ID)[TICKET]
        try:
            with tickets._care_savepoint():
                for ticket in tickets.browse(arrival.created).filtered("care_is_inquiry"):
                    for desk, _address in arrival.teams:
                        if desk != ticket.team_id:
                            ticket._care_tell_other_desk(desk)
        except Exception:
            _logger.exception("Telling the other desks of a mail failed; the mail is kept")


class HelpdeskTicket(models.Model):
    _inherit = "helpdesk.ticket"

    def _care_tell_other_desk(self, desk):
        """Note that the mail was addressed to ``desk``, too, and remind somebody."""
        self.ensure_one()
        leader = desk.user_id
        self.message_post(
            body=self.env._("The mail was addressed to the desk %s, too.", desk.name),
            subtype_xmlid="mail.mt_note",
        )
        self.activity_schedule(
            "mail.mail_activity_data_todo",
            summary=self.env._(
                "Addressed to %s, too: see that it is answered once, by one desk", desk.name
            ),
            user_id=(leader if leader._care_readable(self) else self._care_supervisor()).id,
        )

    def _care_place_at_triage(self, reason):
        """Give an inquiry to the triage team, with what went wrong on its way in, and an alarm."""
        for ticket in self.sudo():
            values = {"care_intake_error": reason, "user_id": False}
            if ticket.company_id.care_triage_team_id:
                values["team_id"] = ticket.company_id.care_triage_team_id.id
            ticket.with_context(care_intake=OURS).write(values)
        self._care_raise_intake_alarm()

    def _care_is_address_of_caller(self, address):
        """Whether this normalised address is the one that the caller gave or wrote from."""
        ticket = self.sudo()
        known = {ticket.partner_id.email_normalized, email_normalize(ticket.partner_email or "")}
        return bool(address) and address in known

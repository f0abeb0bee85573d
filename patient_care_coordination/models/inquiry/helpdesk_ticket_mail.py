import logging
from datetime import timedelta

from odoo import SUPERUSER_ID, api, fields, models, tools
from odoo.exceptions import AccessError

from .helpdesk_ticket import OURS

_logger = logging.getLogger(__name__)
ASSIGNED_TEMPLATE = "patient_care_coordination.mail_inquiry_assigned"
# When a message was written, and who else wrote it, is not for whoever posts to say.
SERVER_SAYS = {
    "care_author_email",
    "care_author_id",
    "care_digest",
    "care_sender",
    "create_date",
    "date",
}
# What the base mails to the caller greets the assigned user, and the other way round.
BASE_TEMPLATES = {
    "helpdesk_mgmt.closed_ticket_template": "patient_care_coordination.mail_inquiry_closed",
    "helpdesk_mgmt.changed_stage_template": "patient_care_coordination.mail_inquiry_moved",
    "helpdesk_mgmt.assignment_email_template": ASSIGNED_TEMPLATE,
}


class HelpdeskTicket(models.Model):
    """Mail in and out of an inquiry."""

    _inherit = "helpdesk.ticket"

    care_automatic = fields.Boolean(
        "No automatic answers",
        readonly=True,
        copy=False,
        help="The first mail was sent by a machine or through a mailing list, so nothing automatic "
        "answers it.",
    )

    def message_subscribe(self, partner_ids=None, subtype_ids=None):
        """Only those follow an inquiry who may: To and Cc of a mail do not by themselves."""
        inquiries = self.filtered("care_is_inquiry")
        plain = self - inquiries
        if plain:
            super(HelpdeskTicket, plain).message_subscribe(partner_ids, subtype_ids)
        if inquiries and partner_ids:
            by_people = {}
            for ticket_id, people in inquiries._care_may_follow(partner_ids).items():
                by_people.setdefault(tuple(people), []).append(ticket_id)
            for people, ticket_ids in by_people.items():
                if people:
                    tickets = self.browse(ticket_ids)
                    super(HelpdeskTicket, tickets).message_subscribe(list(people), subtype_ids)
        return True

    def _care_may_follow(self, partner_ids):
        """Of these partners, who may follow each inquiry: ``{id: [partner id, ...]}``."""
        staff = self._care_staff_partners(partner_ids)
        return {ticket.id: list(staff) for ticket in self}

    @api.model
    def _care_staff_partners(self, partner_ids):
        """Of these partners, those whose user holds a role that reads inquiries."""
        group = self.env.ref("patient_care_coordination.group_care_staff")
        users = (
            self.env["res.users"]
            .sudo()
            .search([("partner_id", "in", list(partner_ids)), ("all_group_ids", "in", group.ids)])
        )
        return users.partner_id.ids

    def _track_template(self, tracking):
        """Closing, stage and assignment mails greet the person they are sent to, if there is one.

        An automatic mail gets no automatic answer (RFC 3834).
        """
        result = super()._track_template(tracking)
        inquiries = self.sudo().filtered("care_is_inquiry")
        if not inquiries or "stage_id" not in result:
            return result
        template, options = result["stage_id"]
        xmlid = BASE_TEMPLATES.get(template.get_external_id().get(template.id))
        if not inquiries._care_reachable(xmlid):
            del result["stage_id"]
        elif xmlid:
            result["stage_id"] = (self.env.ref(xmlid), options)
        return result

    def _care_reachable(self, xmlid):
        """Those of these inquiries whose automatic mail reaches somebody it may reach."""
        if xmlid == ASSIGNED_TEMPLATE:
            return self.filtered("user_id.email")
        return self.filtered(
            lambda ticket: (
                not ticket.care_automatic and (ticket.partner_email or ticket.partner_id.email)
            )
        )

    @api.model
    def message_new(self, msg_dict, custom_values=None):
        """Give an inquiry that came by mail its channel, its caller and its date of receipt."""
        custom = self._care_plain_defaults(custom_values or {})
        if not self._care_select_inquiries([custom]):
            return super().message_new(msg_dict, custom_values=custom)
        try:
            with self._care_savepoint():
                values = self._care_mail_facts(msg_dict)
        except Exception:
            _logger.exception("Reading the head of a mail failed; it is kept without")
            values = {}
        hinted = self.with_context(care_team_hint=OURS)
        ticket = super(HelpdeskTicket, hinted).message_new(msg_dict, custom_values=values | custom)
        arrival = self.env["mail.thread"]._care_arrival()
        if arrival:
            arrival.created |= {ticket.id}
        return ticket

    @api.model
    def _care_plain_defaults(self, custom_values):
        """Of what an alias sets on each ticket, the plain values and the links to what exists.

        The team's lead wrote them, and the superuser creates with them. A mail must arrive, so
        what would change other records is left out and not refused.
        """
        kept = {}
        for name, value in custom_values.items():
            field = self._fields.get(name)
            try:
                if field and value and (field.type != "many2one" or not isinstance(value, int)):
                    self._care_check_value(field, value, True, {})
            except AccessError as error:
                _logger.warning("%s of the alias of a mail is left out: %s", name, error)
                continue
            if not (field and field.type == "one2many"):
                kept[name] = value
        return kept

    @api.model
    def _care_mail_facts(self, msg_dict):
        """Channel, caller and date of receipt, from the head of a mail."""
        name, email = tools.parse_contact_from_email(
            msg_dict.get("email_from") or msg_dict.get("from")
        )
        values = {
            "channel_id": self.env["helpdesk.ticket.channel"]._care_by_code("email").id,
            "care_automatic": bool(self.env.context.get("care_no_answer")),
        }
        if email:
            values["partner_email"] = email
        if name and not msg_dict.get("author_id"):
            values["partner_name"] = name
        # A fetch may come days after the mail. Yet clocks start here: a sender whose own clock is
        # wrong must not start one in the future, or far in the past, when it would be over.
        now = fields.Datetime.now()
        sent = fields.Datetime.to_datetime(msg_dict.get("date"))
        if sent and now - timedelta(days=30) <= sent <= now:
            values["care_received_date"] = sent
        return values

    def message_post(self, *, message_type="notification", author_id=None, **kwargs):
        """What a mail says in the name of a colleague stays inside: anybody could have sent it.

        Only the gateway takes in mails, and whoever posts does so in the own name, now.
        """
        if not self.sudo().care_is_inquiry:
            return super().message_post(message_type=message_type, author_id=author_id, **kwargs)
        if message_type == "email":
            self._care_check_gateway()
            author = self.env["res.partner"].sudo().browse(author_id or [])
            kwargs |= self._care_arrived(author, kwargs.get("email_from"))
        if not (self.env.su or self._care_speaks()):
            person = self.env.user.partner_id
            author_id = person.id
            kwargs = {name: value for name, value in kwargs.items() if name not in SERVER_SAYS}
            kwargs["email_from"] = person.email_formatted
        return super().message_post(message_type=message_type, author_id=author_id, **kwargs)

    def _message_track(self, fields_iter, initial_values_dict):
        """Note changes of an inquiry as the server, which alone may say what changed."""
        noted = self.with_context(care_tracking=OURS)
        return super(HelpdeskTicket, noted)._message_track(fields_iter, initial_values_dict)

    def _mail_get_operation_for_mail_message_operation(self, message_operation):
        """Among staff, who only reads an inquiry posts nothing on it; its caller replies.

        The helpdesk lets everybody post who reads.
        """
        operations = super()._mail_get_operation_for_mail_message_operation(message_operation)
        if message_operation == "create" and not self.env.user.share:
            inquiries = self.sudo().filtered("care_is_inquiry").with_env(self.env)
            operations |= dict.fromkeys(inquiries, "write")
        return operations

    def _care_arrived(self, author, email):
        """What is kept of a mail that arrives, beside its words.

        Who knows the id of one of our mails may reply to it. A stranger's words, and those of a
        colleague, which anybody could have sent, are for staff, not for the caller to read.
        """
        self.ensure_one()
        arrival = self.env["mail.thread"]._care_arrival()
        new = arrival and self.id in arrival.created
        values = {}
        if author and not author.partner_share:
            values["is_internal"] = True
        elif arrival and not new and not self._care_may_hear(partner=author, email=email):
            values["is_internal"] = not self._care_may_hear(email=email)
        if arrival:
            arrival.tickets |= {self.id}
            relay = self.sudo().company_id.care_mail_relay or ""
            values |= {"care_digest": arrival.digest, "care_sender": arrival.check(relay)}
        return values

    @api.model
    def _care_check_gateway(self):
        """Refuse a mail that did not come through the gateway, which works as the superuser."""
        if self.env.uid != SUPERUSER_ID:
            raise AccessError(
                self.env._(
                    "Mails are taken in by the mail gateway alone: write a message, or log what "
                    "came as a contact."
                )
            )

    @api.model
    def _care_speaks(self):
        """Whether our code posts for another: a template for the hospital, an absence for who is
        away.
        """
        context = self.env.context
        return OURS in (context.get("care_speaks"), context.get("care_neutral"))

    def _notify_thread_with_out_of_office(self, *args, **kwargs):
        """The answer of who is away goes out in that colleague's name."""
        return super(
            HelpdeskTicket, self.with_context(care_speaks=OURS)
        )._notify_thread_with_out_of_office(*args, **kwargs)

    def _message_post_after_hook(self, message, msg_values):
        result = super()._message_post_after_hook(message, msg_values)
        author = message.author_id.sudo()
        if (
            self.sudo().care_is_inquiry
            and message.message_type in ("email", "comment")
            and (not author or author.partner_share)
        ):
            try:
                with self._care_savepoint():
                    self._care_suggest_from(message)
            except Exception:
                _logger.exception("Looking for hints in message %s failed", message.id)
            try:
                with self._care_savepoint():
                    self._care_heard(message)
            except Exception:
                _logger.exception("Reacting to message %s failed; it is kept", message.id)
        return result

    def _portal_ensure_token(self):
        """An access token never opens an inquiry, so none is made."""
        if self.filtered("care_is_inquiry"):
            return ""
        return super()._portal_ensure_token()

    @api.model
    def _get_thread_with_access(self, thread_id, *, hash=None, pid=None, token=None, **kwargs):
        """Neither a token nor a signed link lets anybody write to an inquiry."""
        if self.browse(thread_id).sudo().exists().care_is_inquiry:
            hash = pid = token = None
        return super()._get_thread_with_access(thread_id, hash=hash, pid=pid, token=token, **kwargs)

    def _care_portal_attachments(self):
        """Files that the page of a ticket shows to its caller.

        Of an inquiry those that came with a message the caller may read or that somebody outside
        handed in; never those of internal notes.
        """
        self.ensure_one()
        ticket = self.sudo()
        if not ticket.care_is_inquiry:
            return ticket.attachment_ids
        seen = ticket.message_ids.filtered(
            lambda message: (
                message.message_type in ("comment", "email", "email_outgoing")
                and not message.is_internal
                and not message.subtype_id.internal
            )
        ).attachment_ids
        return ticket.attachment_ids.filtered(lambda file: file in seen or file.create_uid.share)

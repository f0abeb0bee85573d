import logging

from odoo import api, fields, models, tools
from odoo.fields import Domain
from odoo.tools import format_datetime

from ..common.from_page import from_page
from ..inquiry.helpdesk_ticket import STAFF
from ..inquiry.helpdesk_ticket_identity import COORDINATORS
from .phone import phone_key, phone_tail

_logger = logging.getLogger(__name__)


class HelpdeskTicket(models.Model):
    """What was said with whom about an inquiry, and what was promised."""

    _inherit = "helpdesk.ticket"

    care_contact_ids = fields.One2many("care.contact", "ticket_id", "Contacts", groups=STAFF)
    care_promise_ids = fields.One2many("care.promise", "ticket_id", "Promises", groups=STAFF)
    care_next_promise = fields.Datetime(
        "Next promise",
        compute="_compute_care_next_promise",
        store=True,
        index="btree_not_null",
        copy=False,
        groups=STAFF,
        help="When the nearest promise that runs is due.",
    )
    care_promise_state = fields.Selection(
        [("missed", "Missed"), ("today", "Due today"), ("open", "Open")],
        "Promise",
        compute="_compute_care_promise_state",
        groups=STAFF,
    )
    care_phone_key = fields.Char(
        "Phone key",
        compute="_compute_care_phone_keys",
        store=True,
        index="trigram",
        copy=False,
        groups=STAFF,
        help="The phone number in the form by which callers are found.",
    )
    care_confidential_phone_key = fields.Char(
        "Phone key, in confidence",
        compute="_compute_care_phone_keys",
        store=True,
        index="trigram",
        copy=False,
        groups=COORDINATORS,
    )
    care_phone_search = fields.Char(
        "Phone", store=False, search="_search_care_phone_search", copy=False, groups=STAFF
    )
    care_cue_say = fields.Text("You may say", compute="_compute_care_cue", groups=STAFF)
    care_cue_do = fields.Text("Do", compute="_compute_care_cue", groups=STAFF)
    care_cue_avoid = fields.Text("Avoid", compute="_compute_care_cue", groups=STAFF)

    @api.depends("care_promise_ids.due", "care_promise_ids.ended")
    def _compute_care_next_promise(self):
        for ticket in self:
            running = ticket.care_promise_ids.filtered(lambda promise: not promise.ended)
            ticket.care_next_promise = min(running.mapped("due"), default=False)

    @api.depends("care_next_promise")
    @api.depends_context("tz")
    def _compute_care_promise_state(self):
        now = fields.Datetime.now()
        today = fields.Date.context_today(self)
        for ticket in self:
            due = ticket.care_next_promise
            if not due:
                ticket.care_promise_state = False
            elif due < now:
                ticket.care_promise_state = "missed"
            else:
                local = fields.Datetime.context_timestamp(self, due).date()
                ticket.care_promise_state = "today" if local == today else "open"

    @api.depends("care_callback_phone", "care_confidential_phone", "company_id")
    def _compute_care_phone_keys(self):
        for ticket in self:
            phone, hidden = ticket.care_callback_phone, ticket.care_confidential_phone
            code = ticket.company_id.country_id.phone_code if phone or hidden else 0
            ticket.care_phone_key = phone_key(phone, code) or False
            ticket.care_confidential_phone_key = phone_key(hidden, code) or False

    @api.model
    def _search_care_phone_search(self, operator, value):
        if operator == "in":
            return Domain.OR(self._care_phone_domain(number) for number in value)
        if operator in ("ilike", "like", "="):
            return self._care_phone_domain(value)
        return NotImplemented

    @api.model
    def _care_phone_domain(self, number):
        """Domain of the tickets with this number, whoever is called on it."""
        tail = phone_tail(phone_key(number))
        if len(tail) < 3:
            return Domain.FALSE
        like = f"%{tail}"
        domain = Domain("care_phone_key", "=like", like)
        if self._care_knows_callers():
            domain |= Domain("care_confidential_phone_key", "=like", like)
        domain |= Domain("care_patient_id.phone_key", "=like", like)
        return domain | Domain("partner_id.phone_mobile_search", "like", tail)

    @api.depends("care_emotional_state")
    @api.depends_context("lang")
    def _compute_care_cue(self):
        states = set(self.mapped("care_emotional_state")) - {False, "calm"}
        cues = self.env["care.handling.cue"].sudo()
        if states:
            cues = cues.search([("state", "in", list(states))])
        by_state = {cue.state: cue for cue in cues}
        for ticket in self:
            cue = by_state.get(ticket.care_emotional_state, cues.browse())
            ticket.care_cue_say, ticket.care_cue_do = cue.say, cue.do
            ticket.care_cue_avoid = cue.avoid

    def _care_closing_gaps(self):
        gaps = super()._care_closing_gaps()
        for ticket, date in self.sudo()._care_unanswered().items():
            gaps[ticket.id].append(
                self.env._(
                    "who was told, when and how, after the person turned to us again on %s",
                    format_datetime(self.env, date, dt_format="medium"),
                )
            )
        return gaps

    def _care_unanswered(self):
        """Reopened ones whose person turned to us after being told: ``{ticket: when}``.

        What was told before the reopening answers nothing that came after it. One query a batch.
        """
        reopened = self.filtered(
            lambda ticket: (
                ticket.care_round > 1
                and ticket.care_nature_id.close_needs_told
                and ticket.care_told_date
                and ticket.care_told_date < ticket.care_reopened_date
            )
        )
        if not reopened:
            return {}
        rows = self.env["care.contact"]._read_group(
            [
                ("ticket_id", "in", reopened.ids),
                ("direction", "=", "in"),
                ("automatic", "=", False),
                ("with_caller", "=", True),
            ],
            ["ticket_id"],
            ["date:max"],
        )
        return {ticket: date for ticket, date in rows if date > ticket.care_told_date}

    # ------------------------------------------------------------------
    # Mail and portal messages
    # ------------------------------------------------------------------

    def _care_heard(self, message):
        result = super()._care_heard(message)
        self._care_log_message(message, self._care_sender(message))
        return result

    def _care_said(self, message, recipients):
        result = super()._care_said(message, recipients)
        if message.sudo().care_unverified:
            values = self._care_sender(message)
            name = values["person_name"]
            # Not the colleague, as long as nobody knows.
            values |= {
                "partner_id": False,
                "person_name": self.env._("%s (by mail, not verified)", name),
            }
        else:
            values = self._care_recipients(message, recipients)
        if values:
            self._care_log_message(message, values)
        return result

    def _care_bounced(self, message, emails):
        result = super()._care_bounced(message, emails)
        contacts = self.env["care.contact"].sudo()
        contacts = contacts.search(
            [("mail_message_id", "=", message.id), ("direction", "=", "out")]
        )
        contacts.filtered(
            lambda contact: (
                emails & set(map(tools.email_normalize, tools.email_split(contact.address or "")))
            )
        )._care_mark_undelivered()
        return result

    def _care_log_message(self, message, values):
        """Log a message once. A failure of the log loses neither the message nor the mail."""
        self.ensure_one()
        try:
            with self._care_savepoint():
                contacts = self.env["care.contact"].sudo()
                if not contacts.search_count([("mail_message_id", "=", message.id)], limit=1):
                    contacts._care_log([values | self._care_message_facts(message)])
        except Exception:
            _logger.exception("Logging message %s as a contact failed; it is kept", message.id)

    def _care_message_facts(self, message):
        """What the log keeps of every message: its words and their fingerprint."""
        message = message.sudo()
        text = tools.html2plaintext(message.body or "").strip()
        subject = (message.subject or "").strip()
        first = next(iter(text.splitlines()), "")
        return {
            "ticket_id": self.id,
            # The clock of the sender may be wrong.
            "date": min(message.date or fields.Datetime.now(), fields.Datetime.now()),
            "summary": subject or first[:200],
            "text": text,
            "text_hash": self.env["care.contact"]._care_fingerprint(message),
            "mail_message_id": message.id,
        }

    def _care_sender(self, message):
        """Who wrote to us, as values of a contact."""
        message = message.sudo()
        name, email = tools.parse_contact_from_email(message.email_from or "")
        author = message.author_id
        return {
            "direction": "in",
            "channel": "mail" if message.message_type == "email" else "portal",
            "partner_id": author.id,
            "person_name": author.name or name or email,
            "address": email,
            "with_caller": self._care_reaches_caller(author.ids, [email]),
            "user_id": False,
            "automatic": bool(self.env.context.get("care_automatic")),
        }

    def _care_recipients(self, message, recipients):
        """To whom a message of ours went outside the house, as values of a contact; or none.

        ``recipients`` are those whom the gate let through, each with its kind of mail: who was
        told, not who should have been. A mere notice leaves the words to the page of the caller.
        """
        message = message.sudo()
        internal = message.subtype_id.internal or message.is_internal or not message.subtype_id
        automatic = message.message_type in ("auto_comment", "out_of_office")
        told = [row for row in recipients if row["care_mail"] != "notice" or not internal]
        mailed = automatic or any(row["care_mail"] == "full" for row in told)
        emails = [row["email_normalized"] for row in told if row.get("email_normalized")]
        if not told:
            return {}
        partners = self.env["res.partner"].sudo().browse([row["id"] for row in told if row["id"]])
        return {
            "direction": "out",
            "channel": "mail" if mailed else "portal",
            "partner_id": partners.id if len(partners) == 1 else False,
            "person_name": ", ".join(partners.mapped("name")) or ", ".join(emails),
            "address": ", ".join(dict.fromkeys(emails)),
            "with_caller": self._care_reaches_caller(partners.ids, emails),
            "user_id": False if automatic else self._care_writer(message).id,
            "automatic": automatic,
        }

    @api.model
    def _care_writer(self, message):
        """Who wrote a message of ours: its author may be chosen, who was logged in may not."""
        if not message.create_uid._is_superuser():
            return message.create_uid
        return message.author_id.user_ids.filtered(lambda user: not user.share)[:1]

    def _care_reaches_caller(self, partner_ids, emails):
        """Whether one of these contacts or addresses is that of the caller."""
        callers = self._care_calling_partner()
        emails = {tools.email_normalize(email) for email in emails if email}
        return bool(set(callers.ids) & set(partner_ids) or self._care_caller_emails() & emails)

    def _care_caller_emails(self):
        """The addresses of the caller, normalised."""
        ticket = self.sudo()
        callers = self._care_calling_partner()
        known = [ticket.partner_email, ticket.care_confidential_email, *callers.mapped("email")]
        return {tools.email_normalize(email) for email in known if email} - {False}

    def _message_update_content(self, message, /, *, body, strict=True, **kwargs):
        """Messages of inquiries stay as they are; who rates again adds a message."""
        if not self.care_is_inquiry:
            return super()._message_update_content(message, body=body, strict=strict, **kwargs)
        if not strict:
            return self.message_post(
                author_id=message.author_id.id or None,
                body=body,
                subtype_id=message.subtype_id.id,
            )
        return message._care_refuse_change()

    def _care_caller_told(self):
        told = super()._care_caller_told()
        groups = (
            self.env["care.contact"]
            .sudo()
            ._read_group(
                [
                    ("ticket_id", "in", (self - told).ids),
                    ("with_caller", "=", True),
                    ("automatic", "=", False),
                    ("direction", "=", "out"),
                    ("undelivered", "=", False),
                    ("correction_ids", "not any", [("undelivered", "=", True)]),
                    ("result", "in", [False, "reached"]),
                ],
                ["ticket_id"],
            )
        )
        return told.union(*(ticket for (ticket,) in groups))

    # ------------------------------------------------------------------
    # Identity
    # ------------------------------------------------------------------

    @api.model
    def _care_watched(self):
        return [*super()._care_watched(), "care_identity"]

    def _care_changed(self, old):
        result = super()._care_changed(old)
        forgotten = self.sudo().filtered(
            lambda ticket: (
                ticket.care_identity == "anonymous"
                and old[ticket.id].get("care_identity", "anonymous") != "anonymous"
            )
        )
        if forgotten:
            forgotten.care_contact_ids._care_forget_people()
            forgotten.care_promise_ids._care_forget_people()
        return result

    # ------------------------------------------------------------------
    # Actions
    # ------------------------------------------------------------------

    @from_page(one=True)
    def action_care_call(self):
        """Open the form that logs a call, with the right number on top."""
        self.ensure_one()
        action = self.env["ir.actions.actions"]._for_xml_id(
            "patient_care_coordination.action_care_call"
        )
        return action | {"context": {"default_ticket_id": self.id, **self._care_call_context()}}

    def _care_call_context(self):
        """Defaults that the button which was pressed asks for."""
        channel = self.env.context.get("care_channel")
        return {"default_channel": channel, "default_direction": "in"} if channel else {}

    @api.model
    def _care_known_callers(self, number):
        """Who is known by a phone number, as far as the user may see.

        Returns a list of dicts: ``label``, ``partner_id``, ``patient_id``, ``name``.
        """
        key = phone_key(number, self.env.company.country_id.phone_code or 0)
        tail = phone_tail(key)
        if len(tail) < 4:
            return []
        return [
            *self._care_known_partners(tail),
            *self._care_known_patients(tail),
            *self._care_known_inquiries(tail),
        ]

    @api.model
    def _care_known_partners(self, tail):
        partners = self.env["res.partner"].search(
            [("phone_mobile_search", "like", tail), ("partner_share", "=", True)], limit=5
        )
        counts = self._care_inquiry_counts("partner_id", partners)
        return [
            {
                "label": self._care_known_label(partner.name, counts.get(partner)),
                "name": partner.name,
                "partner_id": partner.id,
                "patient_id": False,
            }
            for partner in partners
        ]

    @api.model
    def _care_known_patients(self, tail):
        patients = self.env["care.patient"].search([("phone_key", "=like", f"%{tail}")], limit=5)
        counts = self._care_inquiry_counts("care_patient_id", patients)
        return [
            {
                "label": self._care_known_label(
                    self.env._("%s (patient)", patient.display_name), counts.get(patient)
                ),
                "name": patient.name,
                "partner_id": patient.partner_id.id,
                "patient_id": patient.id,
            }
            for patient in patients
        ]

    @api.model
    def _care_known_inquiries(self, tail):
        """Callers of earlier inquiries who are no contacts, with the patient they called about."""
        own = Domain("care_phone_key", "=like", f"%{tail}") & Domain("partner_id", "=", False)
        named = Domain("care_is_inquiry", "=", True) & own
        groups = self._read_group(
            named,
            ["partner_name", "care_patient_id"],
            ["__count", "care_received_date:max"],
            limit=5,
        )
        return [
            {
                "label": self._care_known_label(name, (count, last)),
                "name": name,
                "partner_id": False,
                "patient_id": patient.id,
            }
            for name, patient, count, last in groups
            if name
        ]

    @api.model
    def _care_inquiry_counts(self, name, records):
        """Number and last date of the inquiries of each record: ``{record: (n, date)}``."""
        if not records:
            return {}
        groups = self._read_group(
            [("care_is_inquiry", "=", True), (name, "in", records.ids)],
            [name],
            ["__count", "care_received_date:max"],
        )
        return {record: (count, last) for record, count, last in groups}

    @api.model
    def _care_known_label(self, name, count):
        if not count:
            return self.env._("%s, no inquiry yet", name)
        number, last = count
        date = tools.format_date(self.env, fields.Datetime.context_timestamp(self, last).date())
        if number == 1:
            return self.env._("%(name)s, 1 inquiry on %(date)s", name=name, date=date)
        return self.env._(
            "%(name)s, %(number)s inquiries, last %(date)s", name=name, number=number, date=date
        )

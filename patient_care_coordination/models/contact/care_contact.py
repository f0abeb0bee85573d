import hashlib
from datetime import timedelta

from markupsafe import Markup

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_datetime

from ..common.from_page import from_page
from ..common.guard import OURS, as_server
from ..inquiry.helpdesk_ticket_identity import COORDINATORS

CHANNELS = [
    ("call", "Call"),
    ("letter", "Letter"),
    ("mail", "Mail"),
    ("visit", "Visit"),
    ("portal", "Portal message"),
    ("other", "Other"),
]
RESULTS = [
    ("reached", "Reached"),
    ("voicemail", "Voicemail"),
    ("no_answer", "No answer"),
    ("wrong_number", "Wrong number"),
]
ICONS = {
    "call": "fa-phone",
    "letter": "fa-file-text-o",
    "mail": "fa-envelope-o",
    "visit": "fa-handshake-o",
    "portal": "fa-globe",
    "other": "fa-comment-o",
}
RESULT_ICONS = {
    "reached": "fa-check",
    "voicemail": "fa-microphone",
    "no_answer": "fa-bell-slash-o",
    "wrong_number": "fa-ban",
}
# Identities of callers of whom the department learns neither name nor number.
HIDDEN = ("confidential", "anonymous")


class CareContact(models.Model):
    """One phone call, letter, mail, visit or message with a person. Rows are only added.

    Name, number and address are for coordinators; what everybody sees of them (``person``,
    ``number``) follows the identity that the inquiry has now, so that a caller who later asks for
    confidence is not named by older rows.
    """

    _name = "care.contact"
    _description = "Contact"
    _order = "date desc, id desc"

    ticket_id = fields.Many2one("helpdesk.ticket", string="Inquiry", ondelete="restrict")
    patient_id = fields.Many2one("care.patient", ondelete="restrict")
    company_id = fields.Many2one("res.company", required=True, index=True)
    partner_id = fields.Many2one(
        "res.partner",
        string="Contact of the person",
        groups=COORDINATORS,
        index="btree_not_null",
        ondelete="set null",
    )
    person_name = fields.Char("Name", groups=COORDINATORS)
    phone = fields.Char("Phone used", groups=COORDINATORS)
    address = fields.Char("Address used", groups=COORDINATORS)
    person = fields.Char(compute="_compute_person", compute_sudo=True)
    number = fields.Char("Number or address", compute="_compute_person", compute_sudo=True)
    with_caller = fields.Boolean("With the caller", help="Not with somebody else about it.")
    direction = fields.Selection([("in", "To us"), ("out", "From us")], required=True)
    channel = fields.Selection(CHANNELS, required=True)
    result = fields.Selection(RESULTS, string="Result of the call")
    duration = fields.Integer("Minutes", aggregator="sum")
    date = fields.Datetime("When", required=True, default=fields.Datetime.now)
    user_id = fields.Many2one("res.users", string="By", ondelete="restrict")
    automatic = fields.Boolean(help="Sent by a machine: it answers and acknowledges nothing.")
    undelivered = fields.Boolean(
        help="The mail of the contact that this one corrects came back: it told nobody anything."
    )
    summary = fields.Text()
    promised = fields.Text("What was promised")
    text = fields.Text("Text of the mail", prefetch=False)
    text_hash = fields.Char(
        "Fingerprint",
        prefetch=False,
        help="SHA-256 of the mail as it came or went: sender, subject, text and files.",
    )
    intact = fields.Selection(
        [("yes", "Unchanged"), ("no", "The message differs from what was logged")],
        compute="_compute_intact",
        string="Message",
    )
    mail_message_id = fields.Many2one("mail.message", string="Logged from", ondelete="restrict")
    corrects_id = fields.Many2one("care.contact", ondelete="restrict")
    correction_ids = fields.One2many("care.contact", "corrects_id", string="Corrected by")
    corrected = fields.Boolean(compute="_compute_corrected")
    kind = fields.Html(compute="_compute_kind", sanitize=False)

    _ticket_date_idx = models.Index("(ticket_id, date DESC, id DESC) WHERE ticket_id IS NOT NULL")
    _patient_date_idx = models.Index(
        "(patient_id, date DESC, id DESC) WHERE patient_id IS NOT NULL"
    )
    _date_idx = models.Index("(date DESC, id DESC)")
    _user_date_idx = models.Index("(user_id, date DESC, id DESC) WHERE user_id IS NOT NULL")
    _message_uniq = models.UniqueIndex(
        "(mail_message_id) WHERE mail_message_id IS NOT NULL",
        "This message is in the contact log already.",
    )
    _corrects_uniq = models.UniqueIndex(
        "(corrects_id) WHERE corrects_id IS NOT NULL",
        "This contact has been corrected already: correct the newer one.",
    )
    _duration_positive = models.Constraint(
        "CHECK (duration >= 0)", "The minutes of a contact cannot be negative."
    )

    @api.depends("ticket_id.care_identity", "person_name", "partner_id", "phone", "address")
    @api.depends_context("uid")
    def _compute_person(self):
        knows = any(map(self.env.user.has_group, COORDINATORS.split(",")))
        words = {"confidential": self.env._("In confidence"), "anonymous": self.env._("Anonymous")}
        for contact in self:
            identity = contact.ticket_id.care_identity
            name = contact.person_name or contact.partner_id.name
            number = contact.phone or contact.address
            if identity in HIDDEN:
                if knows and identity == "confidential" and name and name != words[identity]:
                    name = self.env._("%s (in confidence)", name)
                else:
                    name, number = words[identity], False
            contact.person, contact.number = name, number

    @api.depends("channel", "direction", "date")
    @api.depends_context("lang", "tz")
    def _compute_display_name(self):
        """What kind and when, no more: display names reach people who may not read the record."""
        for contact in self:
            if contact.channel and contact.direction and contact.date:
                date = format_datetime(self.env, contact.date, dt_format="short")
                contact.display_name = f"{contact._care_kind_word()}, {date}"
            else:
                contact.display_name = self.env._("New")

    @api.depends("correction_ids")
    def _compute_corrected(self):
        for contact in self:
            contact.corrected = bool(contact.correction_ids)

    @api.depends(
        "channel",
        "direction",
        "result",
        "automatic",
        "undelivered",
        "correction_ids",
        "corrects_id",
    )
    def _compute_kind(self):
        results = dict(self._fields["result"]._description_selection(self.env))
        for contact in self:
            parts = [self._care_icon(ICONS[contact.channel], contact._care_kind_word())]
            if contact.result and contact.channel == "call":
                icon = RESULT_ICONS[contact.result]
                parts.append(self._care_icon(icon, results[contact.result]))
            if contact.automatic:
                parts.append(self._care_icon("fa-cog", self.env._("Automatic")))
            if contact.undelivered:
                parts.append(self._care_icon("fa-ban", self.env._("Undelivered")))
            elif contact.corrects_id:
                parts.append(self._care_icon("fa-pencil", self.env._("Correction")))
            if contact.correction_ids:
                parts.append(self._care_icon("fa-history", self.env._("Corrected by a newer row")))
            contact.kind = Markup("<br/>").join(parts)

    @api.model
    def _care_icon(self, icon, word):
        return Markup('<span class="text-nowrap"><i class="fa fa-fw %s me-1"></i>%s</span>') % (
            icon,
            word,
        )

    def _care_kind_word(self):
        """How a contact is called in a list."""
        self.ensure_one()
        words = {
            ("call", "in"): self.env._("Call received"),
            ("call", "out"): self.env._("Call made"),
            ("letter", "in"): self.env._("Letter received"),
            ("letter", "out"): self.env._("Letter sent"),
            ("mail", "in"): self.env._("Mail received"),
            ("mail", "out"): self.env._("Mail sent"),
            ("visit", "in"): self.env._("Visit to us"),
            ("visit", "out"): self.env._("Visit by us"),
            ("portal", "in"): self.env._("Portal message received"),
            ("portal", "out"): self.env._("Portal message sent"),
            ("other", "in"): self.env._("Other, to us"),
            ("other", "out"): self.env._("Other, from us"),
        }
        return words[self.channel, self.direction]

    @api.depends("text_hash", "mail_message_id")
    def _compute_intact(self):
        for contact in self.sudo():
            contact.intact = False
            if contact.mail_message_id and contact.text_hash:
                same = self._care_fingerprint(contact.mail_message_id) == contact.text_hash
                contact.intact = "yes" if same else "no"

    # ------------------------------------------------------------------
    # Append only
    # ------------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        ours = self.env.context.get("care_contact") is OURS
        vals_list = [dict(vals) for vals in vals_list]
        for vals in vals_list:
            if not ours:
                # Nobody logs in the name of another, nor hands in a mail that never was.
                vals["user_id"] = self.env.uid
                for name in ("mail_message_id", "text", "text_hash", "automatic", "undelivered"):
                    vals.pop(name, None)
            self._care_check_date(vals)
        self._care_complete(vals_list)
        contacts = super().create(vals_list)
        contacts._care_check_received()
        return contacts

    def write(self, vals):
        if self.env.context.get("care_anonymise") is not OURS:
            raise UserError(
                self.env._("The contact log is not changed: add a correction to the contact.")
            )
        return super().write(vals)

    def unlink(self):
        self._care_check_never_deleted()
        return super().unlink()

    def _care_check_never_deleted(self):
        # Not ``ondelete``: that check is skipped for whoever sends the context of an uninstall.
        if self.env.context.get("care_anonymise") is not OURS:
            raise UserError(
                self.env._("Nothing is taken out of the contact log: add a correction instead.")
            )

    @api.model
    def _care_check_date(self, vals):
        """Refuse a contact in the future, but for clocks that differ a bit."""
        date = fields.Datetime.to_datetime(vals.get("date"))
        if date and date > fields.Datetime.now() + timedelta(minutes=5):
            raise UserError(
                self.env._(
                    "The contact cannot have been on %(date)s, in the future: enter when it was.",
                    date=format_datetime(self.env, date, dt_format="medium"),
                )
            )

    def _care_check_received(self):
        """Refuse contacts before their inquiry was received; a mail is logged as it was dated."""
        for contact in self.sudo():
            received = contact.ticket_id.care_received_date
            # A call begins before its inquiry is written down, and forms show minutes alone.
            if (
                not contact.mail_message_id
                and received
                and contact.date < received - timedelta(minutes=5)
            ):
                raise UserError(
                    self.env._(
                        "The contact cannot have been on %(date)s, before inquiry %(number)s was "
                        "received on %(received)s: correct the date, or the receipt first.",
                        date=format_datetime(self.env, contact.date, dt_format="medium"),
                        number=contact.ticket_id.number,
                        received=format_datetime(self.env, received, dt_format="medium"),
                    )
                )

    @api.model
    def _care_complete(self, vals_list):
        """Fill in place what follows from the inquiry, the patient or the row corrected."""
        old = self.sudo().browse(
            {vals["corrects_id"] for vals in vals_list if vals.get("corrects_id")}
        )
        tickets = self.env["helpdesk.ticket"].sudo()
        tickets = tickets.browse({vals["ticket_id"] for vals in vals_list if vals.get("ticket_id")})
        tickets |= old.ticket_id
        patients = self.env["care.patient"].sudo()
        patients = patients.browse(
            {vals["patient_id"] for vals in vals_list if vals.get("patient_id")}
        )
        patients |= old.patient_id | tickets.care_patient_id
        for vals in vals_list:
            if vals.get("corrects_id"):
                row = old.browse(vals["corrects_id"])
                vals["ticket_id"], vals["patient_id"] = row.ticket_id.id, row.patient_id.id
            ticket = tickets.browse(vals.get("ticket_id") or [])
            if not vals.get("patient_id"):
                vals["patient_id"] = ticket.care_patient_id.id
            patient = patients.browse(vals["patient_id"] or [])
            company = ticket.company_id or patient.company_id
            vals["company_id"] = company.id or vals.get("company_id") or self.env.company.id
            if vals.get("channel") == "call":
                vals["result"] = vals.get("result") or "reached"
            else:
                vals["result"] = False

    @api.model
    def _care_log(self, vals_list):
        """Log contacts, in one batch, and return them.

        For code of ours: it may name another author (``user_id``) or a mail. Without ``user_id``
        the present user logs. Whatever ``groups`` the fields have, the user needs no right on
        them; who may log on an inquiry is decided by the caller of this method.
        """
        vals_list = [{"user_id": self.env.uid, **vals} for vals in vals_list]
        contacts = as_server(self).with_context(care_contact=OURS).create(vals_list)
        contacts._care_meet_clocks()
        return contacts.with_env(self.env)

    def _care_meet_clocks(self):
        """Tell the clocks that somebody of ours turned to the caller, or spoke with the caller.

        What a machine sent meets nothing, nor does a message left on a machine, nor a correction.
        """
        real = self.filtered(
            lambda contact: (
                contact.ticket_id
                and contact.with_caller
                and not contact.automatic
                and not contact.corrects_id
                and not contact.undelivered
                and contact.result in (False, "reached")
            )
        )
        spoken = real.filtered(lambda contact: contact.channel in ("call", "visit"))
        turned = real.filtered(lambda contact: contact.direction == "out")
        for kind, contacts in (("contact", spoken), ("acknowledge", turned)):
            for date, rows in contacts.grouped("date").items():
                rows.ticket_id._care_meet(kind, date)

    def _care_mark_undelivered(self):
        """Add to each of these mails of ours that it came back, and open what it met.

        The log is not changed: a row that points to the newest one about this mail says so.
        """
        rows = []
        for contact in self.sudo():
            newest = contact
            while newest.correction_ids:
                newest = newest.correction_ids[:1]
            if newest.undelivered:
                continue
            rows.append(
                {
                    "corrects_id": newest.id,
                    "partner_id": contact.partner_id.id,
                    "person_name": contact.person_name,
                    "address": contact.address,
                    "with_caller": contact.with_caller,
                    "direction": "out",
                    "channel": contact.channel,
                    "undelivered": True,
                    "user_id": False,
                    "automatic": True,
                    "summary": self.env._("The mail came back undelivered: nobody was told."),
                }
            )
            if contact.with_caller:
                contact.ticket_id._care_unmeet("acknowledge", contact.date)
        if rows:
            self._care_log(rows)

    @api.model
    def _care_fingerprint(self, message):
        """SHA-256, in hexadecimal, of what a message said: sender, subject, text and files."""
        message = message.sudo()
        parts = [
            message.message_id or "",
            # What the caller wants unknown is still what was said.
            message.care_author_email or message.email_from or "",
            message.subject or "",
            message.body or "",
            *sorted(message.attachment_ids.mapped(lambda file: file.checksum or "")),
        ]
        return hashlib.sha256("\n".join(map(str, parts)).encode()).hexdigest()

    def _care_forget_people(self):
        """Take out who it was: an inquiry became anonymous at the wish of its caller."""
        self.sudo().with_context(care_anonymise=OURS).write(
            {"partner_id": False, "person_name": False, "phone": False, "address": False}
        )

    # ------------------------------------------------------------------
    # Actions
    # ------------------------------------------------------------------

    @from_page(one=True)
    def action_correct(self):
        """Open the small form for the row that corrects this one."""
        self.ensure_one()
        action = self.env["ir.actions.actions"]._for_xml_id(
            "patient_care_coordination.action_care_call"
        )
        return action | {
            "name": self.env._("Correct a contact"),
            "context": {
                "default_corrects_id": self.id,
                "default_ticket_id": self.ticket_id.id,
                "default_patient_id": self.patient_id.id,
            },
        }

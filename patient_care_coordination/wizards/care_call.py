from datetime import datetime, time, timedelta, timezone
from zoneinfo import ZoneInfo

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..models.clock import calendar_math
from ..models.common.from_page import from_page
from ..models.contact.care_contact import CHANNELS, HIDDEN, RESULTS
from ..models.inquiry.helpdesk_ticket_identity import COORDINATORS


class CareCall(models.TransientModel):
    """Log a call, a visit or a letter: opens with all that must be known before dialling."""

    _name = "care.call"
    _description = "Log a Contact"
    _inherit = ["care.checked.links"]

    ticket_id = fields.Many2one("helpdesk.ticket", string="Inquiry", readonly=True)
    patient_id = fields.Many2one("care.patient", readonly=True)
    corrects_id = fields.Many2one("care.contact", readonly=True)
    promise_id = fields.Many2one("care.promise", readonly=True)
    promise_what = fields.Text("Was promised", related="promise_id.what", related_sudo=False)
    channel = fields.Selection(
        [row for row in CHANNELS if row[0] in ("call", "visit", "letter", "other")],
        "How",
        default="call",
        required=True,
    )
    direction = fields.Selection(
        [("out", "From us"), ("in", "To us")], default="out", required=True
    )
    who = fields.Selection(
        [("caller", "The caller"), ("patient", "The patient"), ("other", "Somebody else")],
        "With",
        default="caller",
        required=True,
    )
    person_name = fields.Char("Name")
    phone = fields.Char()
    in_confidence = fields.Boolean("In confidence", compute="_compute_hints")
    safe_to_call = fields.Char("Safe to call", compute="_compute_hints")
    language = fields.Char(compute="_compute_hints")
    access_needs = fields.Char("Access needs", compute="_compute_hints")
    may_say = fields.Selection(
        [("yes", "Yes"), ("general", "General facts"), ("no", "No")],
        string="May be told",
        compute="_compute_may_say",
    )
    may_say_text = fields.Char("What may be said", compute="_compute_may_say")
    result = fields.Selection(RESULTS, default="reached")
    duration = fields.Integer("Minutes")
    date = fields.Datetime("When", default=fields.Datetime.now, required=True)
    summary = fields.Text("What was said")
    told = fields.Text(
        "Told about the patient",
        help="What this person learned about the patient: it goes into the disclosures.",
    )
    informs = fields.Boolean(
        "Told how it stands", help="Meets the clock that keeps the caller informed."
    )
    asks_to_inform = fields.Boolean("Asks to be kept informed", compute="_compute_asks_to_inform")
    promised = fields.Text("What was promised")
    promise_due = fields.Datetime("Due")
    promise_user_id = fields.Many2one(
        "res.users",
        "Who keeps it",
        default=lambda self: self.env.user,
        domain="[('share', '=', False)]",
    )

    @api.model
    def default_get(self, fields):
        defaults = super().default_get(fields)
        if not defaults.get("ticket_id"):
            defaults["who"] = "patient" if defaults.get("patient_id") else "other"
        if defaults.get("corrects_id"):
            old = self.env["care.contact"].browse(defaults["corrects_id"])
            names = ["direction", "result", "duration", "date", "summary", "promised"]
            defaults |= {name: old[name] for name in names}
            if old.channel in dict(self._fields["channel"].selection):
                defaults["channel"] = old.channel
            else:
                defaults["channel"] = "other"
            defaults["who"] = "caller" if old.with_caller else "other"
            defaults |= {"person_name": old.person, "phone": old.number}
        else:
            ticket = self.env["helpdesk.ticket"].browse(defaults.get("ticket_id") or [])
            patient = self.env["care.patient"].browse(defaults.get("patient_id") or [])
            who = defaults.get("who", "caller")
            defaults |= self._person_of(ticket, patient or ticket.care_patient_id, who)
        return {name: value for name, value in defaults.items() if name in fields}

    @api.depends("ticket_id", "patient_id", "who")
    def _compute_hints(self):
        for call in self:
            ticket, patient = call.ticket_id, call.patient_id or call.ticket_id.care_patient_id
            hints = [ticket.care_safe_to_call] if call.who != "patient" else []
            if call.who == "patient" or ticket.care_relation == "self":
                hints.append(patient.safe_to_call)
            needs = ticket.care_access_need_ids
            if call.who == "patient" or ticket.care_relation == "self":
                needs |= patient.access_need_ids
            lang = patient.lang_id if call.who == "patient" else ticket.care_lang_id
            call.in_confidence = ticket.care_identity in HIDDEN and call.who == "caller"
            call.safe_to_call = "; ".join(dict.fromkeys(filter(None, hints)))
            lang = lang or patient.lang_id
            company = ticket.company_id or patient.company_id or self.env.company
            usual = company.partner_id.lang or self.env.lang
            interpreter = self.env.ref(
                "patient_care_coordination.access_need_interpreter", raise_if_not_found=False
            )
            # What everybody here speaks needs no warning.
            told = lang.code != usual or (interpreter and interpreter in needs)
            call.language = lang.name if told else False
            call.access_needs = ", ".join(needs.mapped("name"))

    @api.depends("ticket_id", "patient_id", "who", "person_name")
    def _compute_may_say(self):
        for call in self:
            verdict = call._verdict()
            call.may_say = call.may_say_text = False
            if verdict:
                general = verdict.basis == "general"
                call.may_say = ("general" if general else "yes") if verdict.allowed else "no"
                call.may_say_text = verdict.reason

    @api.depends("ticket_id")
    def _compute_asks_to_inform(self):
        for call in self:
            rows = call.ticket_id.sudo().care_deadline_ids
            call.asks_to_inform = any(row.kind == "inform" and not row.met_date for row in rows)

    @api.onchange("promised")
    def _onchange_promised(self):
        """Propose the time that the policy has for promises."""
        if self.promised and not self.promise_due and self.ticket_id:
            self.promise_due = self._propose_due()

    def _propose_due(self):
        """When to keep the promise (naive UTC): while somebody works on the last day it has.

        A clock of days ends at midnight. Proposed is when that day's work ends, at 15:00 where
        the calendar of the company does not say.
        """
        ticket = self.ticket_id.sudo()
        due, company = ticket._care_promise_due(), ticket.company_id
        if not due:
            return False
        zone = company._care_zone()
        day = calendar_math.local_day(due, zone)
        if due == calendar_math.end_of_day(day, zone):
            end = self._end_of_work(company, day, zone)
            due = end if end > fields.Datetime.now() else due
        return due.replace(second=0, microsecond=0)

    @api.model
    def _end_of_work(self, company, day, zone):
        """When work ends in ``company`` on a local ``day`` of ``zone``, as naive UTC."""
        begin = datetime.combine(day, time.min, tzinfo=ZoneInfo(zone))
        calendar, ends = company.resource_calendar_id, []
        if calendar:
            hours = calendar._work_intervals_batch(begin, begin + timedelta(days=1))
            ends = [end for _start, end, _attendance in hours[False]]
        end = max(ends, default=begin.replace(hour=15))
        return end.astimezone(timezone.utc).replace(tzinfo=None)

    @api.onchange("who")
    def _onchange_who(self):
        if not self.corrects_id:
            self.update(self._person())

    def _person(self):
        """Name and number of whom it is with, as far as the user may know them."""
        patient = self.patient_id or self.ticket_id.care_patient_id
        return self._person_of(self.ticket_id, patient, self.who)

    @api.model
    def _person_of(self, ticket, patient, who):
        if who == "other":
            return {"person_name": False, "phone": False}
        if who == "patient":
            phone = patient.phone or patient.partner_id.phone
            return {"person_name": patient.name, "phone": phone}
        if ticket.care_identity == "anonymous":
            return {"person_name": self.env._("Anonymous"), "phone": False}
        if ticket.care_identity == "confidential":
            if not any(map(self.env.user.has_group, COORDINATORS.split(","))):
                return {"person_name": self.env._("In confidence"), "phone": False}
            partner = ticket.care_confidential_partner_id
            return {
                "person_name": ticket.care_confidential_name or partner.name,
                "phone": ticket.care_confidential_phone or partner.phone,
            }
        phone = ticket.care_callback_phone or ticket.partner_id.phone
        if not phone and ticket.care_relation == "self":
            phone = patient.phone
        return {"person_name": ticket.partner_name or ticket.partner_id.name, "phone": phone}

    def _verdict(self):
        """What the person of this call may be told, or None where no inquiry asks."""
        ticket, patient = self.ticket_id, self.ticket_id.care_patient_id
        if not ticket or not patient:
            return None
        partner = {
            "caller": ticket.care_caller_id,
            "patient": patient.partner_id,
        }.get(self.who)
        if self.who == "patient" and not partner:
            return None
        return ticket._care_authority(partner=partner, name=self.person_name)

    @from_page(one=True)
    def action_save(self):
        """Log the contact and what was promised in it; a reached call keeps its promise."""
        self.ensure_one()
        place = self.ticket_id or self.patient_id
        if not place:
            raise UserError(
                self.env._(
                    "A contact belongs to an inquiry or a patient: open one and log it there."
                )
            )
        self.ticket_id.check_access("write")
        place.check_access("read")
        self.corrects_id.check_access("read")
        if self.promise_id.ticket_id not in (self.ticket_id, self.env["helpdesk.ticket"]):
            raise UserError(
                self.env._("That promise was made on another inquiry: log the call there.")
            )
        self._check_complete()
        contact = self.env["care.contact"]._care_log([self._prepare_contact()])
        if (self.promised or "").strip() and self.promise_due:
            self.env["care.promise"]._care_make([self._prepare_promise(contact)])
        if self.informs and self.who == "caller" and self._is_reached():
            self.ticket_id._care_meet("inform", self.date)
        if (self.told or "").strip():
            self._disclose()
        if self.promise_id and self._is_reached():
            self.promise_id._care_keep(self.date, contact)
        return {"type": "ir.actions.client", "tag": "soft_reload"}

    def _disclose(self):
        """Keep what was told; also what should not have been, for it was."""
        ways = {"call": "call", "letter": "letter"}
        partner = self._partner()
        if self.who == "patient":
            partner = self.ticket_id.care_patient_id.partner_id
        self.ticket_id._care_disclose(
            ways.get(self.channel, "visit"),
            self.told,
            self.env._("Answer to the inquiry"),
            verdict=self._verdict(),
            partner=partner,
            name=self.person_name,
            address=self.phone,
        )

    def _is_reached(self):
        return self.channel != "call" or self.result == "reached"

    def _check_complete(self):
        if self._is_reached() and not (self.summary or "").strip():
            raise UserError(self.env._("Write what was said: one sentence is enough."))
        if self.corrects_id:
            return
        if (self.told or "").strip() and not self.ticket_id:
            raise UserError(
                self.env._("What was told about the patient is kept with an inquiry: open one.")
            )
        promised = bool((self.promised or "").strip())
        if promised != bool(self.promise_due):
            raise UserError(
                self.env._("A promise needs both: what was promised, and when it is due.")
            )
        if promised and not self.ticket_id:
            raise UserError(
                self.env._("A promise belongs to an inquiry: make one for it, then log it there.")
            )
        if promised and self.promise_due <= fields.Datetime.now():
            raise UserError(self.env._("The promise is due in the past: enter a time to come."))

    def _prepare_contact(self):
        """Values of the contact."""
        partner = self._partner()
        return {
            "ticket_id": self.ticket_id.id,
            "patient_id": self.patient_id.id,
            "corrects_id": self.corrects_id.id,
            "channel": self.corrects_id.channel or self.channel,
            "direction": self.direction,
            "with_caller": self.who == "caller",
            "partner_id": partner.id,
            "person_name": self.person_name or partner.name,
            "phone": self.phone if self.channel == "call" else False,
            "address": False if self.channel == "call" else self.phone,
            "result": self.result,
            "duration": self.duration,
            "date": self.date,
            "summary": self.summary,
            "promised": self.promised,
        }

    def _partner(self):
        """The contact of the person, when the name was not typed over."""
        ticket = self.ticket_id.sudo()
        if self.who != "caller" or self._origin.person_name != self._person()["person_name"]:
            return self.env["res.partner"]
        return ticket.partner_id or ticket.care_confidential_partner_id

    def _prepare_promise(self, contact):
        """Values of the promise made in ``contact``."""
        return {
            "ticket_id": self.ticket_id.id,
            "what": self.promised,
            "due": self.promise_due,
            "user_id": self.promise_user_id.id or self.env.uid,
            "person_name": self.person_name,
            "phone": self.phone,
            "contact_id": contact.id,
        }

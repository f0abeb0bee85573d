from collections import namedtuple

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Domain
from odoo.tools import email_normalize

from ..common.from_page import from_page
from ..inquiry.helpdesk_ticket import STAFF

Verdict = namedtuple("Verdict", ["allowed", "basis", "reason", "authority"])


class HelpdeskTicket(models.Model):
    """The gate: what may be said about the patient of an inquiry, and to whom."""

    _inherit = "helpdesk.ticket"

    care_disclosure_ids = fields.One2many(
        "care.disclosure", "ticket_id", string="Disclosures", groups=STAFF
    )
    care_may_say = fields.Selection(
        [("yes", "May be told"), ("general", "General facts only"), ("no", "May not be told")],
        compute="_compute_care_may_say",
        groups=STAFF,
        string="Caller",
    )
    care_may_say_text = fields.Text(
        "What may be said", compute="_compute_care_may_say", groups=STAFF
    )
    care_caller_id = fields.Many2one(
        "res.partner",
        compute="_compute_care_may_say",
        groups=STAFF,
        string="Known caller",
        help="The caller's contact, for those who may know who called.",
    )

    @api.depends(
        "partner_id",
        "partner_name",
        "care_patient_id",
        "care_identity",
        "category_id",
        "care_category_ids",
    )
    @api.depends_context("uid")
    def _compute_care_may_say(self):
        for ticket in self:
            if not ticket.care_is_inquiry:
                ticket.care_may_say = ticket.care_may_say_text = False
                ticket.care_caller_id = False
                continue
            known = ticket.care_identity != "confidential" or ticket._care_knows_callers()
            partner = ticket._care_calling_partner() if known else ticket.partner_id
            verdict = ticket._care_authority(partner=partner, name=ticket.sudo().partner_name)
            ticket.care_caller_id = partner
            ticket.care_may_say_text = verdict.reason
            if verdict.basis == "staff" and ticket._care_only_pretends(partner):
                ticket.care_may_say = "no"
                ticket.care_may_say_text = self.env._(
                    "A mail in the name of %s made this inquiry, and anybody could have written "
                    "it: ask the colleague on a number that you know before you tell anything.",
                    partner.name,
                )
            elif verdict.allowed:
                ticket.care_may_say = "general" if verdict.basis == "general" else "yes"
            else:
                ticket.care_may_say = "no"

    def _care_only_pretends(self, partner):
        """Whether all that this colleague said here are mails that anybody could have sent."""
        said = self.sudo().message_ids.filtered(lambda message: message.author_id == partner)
        return bool(said) and all(said.mapped("care_unverified"))

    def _care_calling_partner(self):
        """The contact of the caller, also of one who called in confidence; for our own use."""
        ticket = self.sudo()
        return ticket.partner_id or ticket.care_confidential_partner_id

    # ------------------------------------------------------------------
    # The gate
    # ------------------------------------------------------------------

    def _care_authority(self, partner=None, name=None, email=None):
        """Whether this person may be told about the patient of this inquiry, and why.

        :return: ``Verdict(allowed, basis, reason, authority)``: ``reason`` is a sentence for staff,
            ``authority`` the row of the register that it rests on, which may be empty
        """
        self.ensure_one()
        partner = partner or self._care_find_person(email)
        ticket, wanted = self.sudo(), email_normalize(email or "")
        if not partner and wanted and wanted == email_normalize(ticket.partner_email or ""):
            # Who wrote from this address is the caller, whatever name the mail gives.
            name = ticket.partner_name or email
        return self._care_authorities(partner, name=name or email)[self.id]

    def _care_find_person(self, email):
        """The contact behind an address, if it is the one that the inquiry itself names."""
        none = self.env["res.partner"].sudo()
        wanted = email_normalize(email or "")
        if not wanted:
            return none
        partner = self._care_calling_partner()
        return partner if wanted == partner.email_normalized else none

    def _care_require_authority(self, way, partner=None, name=None, email=None):
        """The verdict on this person; raises UserError with its reason if it is a refusal."""
        verdict = self._care_authority(partner=partner, name=name, email=email)
        if not verdict.allowed:
            raise UserError(verdict.reason)
        self._care_require_patient(verdict)
        return verdict

    def _care_require_patient(self, verdict):
        """Refuse words of ours, whose patient nobody named, to a person of this verdict.

        Without a patient the gate lets the caller through, for general facts; what is about
        somebody's care would come through with them. Raises UserError.
        """
        gap = self._care_patient_gap(verdict)
        if gap:
            raise UserError(gap)

    def _care_patient_gap(self, verdict):
        """The sentence that says why this person cannot be answered yet, or False."""
        ticket = self.sudo()
        if verdict.basis != "general" or ticket.care_no_patient or not ticket.care_needs_patient:
            return False
        return self.env._(
            "Inquiry %s is about somebody's care: name the patient first, or tick that no patient "
            "is concerned.",
            ticket.number,
        )

    def _care_authorities(self, partner, name=None):
        """Verdicts on one person for many inquiries: ``{id: Verdict}``, in constant queries."""
        tickets = self.sudo()
        partner = (partner or self.env["res.partner"]).sudo()
        who = partner.name or name or self.env._("The caller")
        readers = self._care_readers(partner)
        patients = tickets.care_patient_id
        rows = (
            self.env["care.authority"]
            .sudo()
            .search(
                [
                    ("patient_id", "in", patients.ids),
                    ("partner_id", "in", [False, *partner.ids]),
                    ("revoked_date", "=", False),
                ]
            )
            if patients
            else self.env["care.authority"].sudo()
        )
        by_patient = rows.grouped("patient_id")
        return {
            ticket.id: ticket._care_verdict(
                partner,
                who,
                ticket.id in readers,
                by_patient.get(ticket.care_patient_id, rows.browse()),
            )
            for ticket in tickets
        }

    def _care_readers(self, partner):
        """Ids of these inquiries that the person reads as a member of staff."""
        users = partner.with_context(active_test=True).user_ids.filtered(
            lambda user: not user.share and user.active
        )
        return {
            ticket_id
            for user in users
            for ticket_id in user._care_readable(self).ids
            if user.has_group("patient_care_coordination.group_care_staff")
        }

    def _care_verdict(self, partner, who, reader, rows):
        """The rules of the gate for one inquiry, over the rows of one patient and person."""
        none = rows.browse()
        patient = self.care_patient_id
        if reader:
            return Verdict(True, "staff", self.env._("%s works on this inquiry.", who), none)
        if not patient:
            if self._care_is_caller(partner, who):
                reason = self.env._("No patient is named: %s may be told general facts only.", who)
                return Verdict(True, "general", reason, none)
            reason = self.env._("%s did not make this inquiry: tell nothing.", who)
            return Verdict(False, "stranger", reason, none)
        rows = rows.filtered(lambda row: row.state not in ("expired", "revoked"))
        is_patient = partner and partner == patient.partner_id
        # An objection against everybody does not hold against the patient.
        objection = rows.filtered(
            lambda row: (
                row.objection and (row.partner_id or not is_patient) and row._care_touches(self)
            )
        )[:1]
        if objection:
            return Verdict(False, "objection", self._care_refusal(who, "objection"), objection)
        if is_patient:
            reason = self.env._("%s is the patient and may be told everything.", who)
            return Verdict(True, "self", reason, none)
        given = rows.filtered(lambda row: row.partner_id and not row.objection)
        if not partner:
            return Verdict(False, "unknown", self._care_refusal(who, "unknown"), none)
        denied = given.filtered(lambda row: row.state == "none")[:1]
        if denied:
            return Verdict(False, "none", self._care_refusal(who, "none"), denied)
        valid = given.filtered(lambda row: row.state == "in_force")
        covering = valid.filtered(lambda row: row._care_covers(self))[:1]
        if covering:
            return Verdict(True, covering.basis, covering._care_sentence(who), covering)
        kind = "scope" if valid else "unverified" if given else "none"
        return Verdict(False, kind, self._care_refusal(who, kind), (valid or given)[:1])

    def _care_topics(self):
        """All that the inquiry is about."""
        return self.category_id | self.care_category_ids

    def _care_is_caller(self, partner, who):
        """Whether this is the person who made the inquiry."""
        caller = self._care_calling_partner()
        if partner and partner == caller:
            return True
        if partner:
            # The address that wrote is the caller, whatever contact has it by now. Who may log in
            # chose the own address, so that it proves nothing.
            address = partner.email_normalized
            return not partner.user_ids and self._care_is_address_of_caller(address)
        return not caller and who in {self.partner_name, self.partner_email} - {False, ""}

    def _care_refusal(self, who, kind):
        """The sentence that says why nothing may be told."""
        neutral = self.env._(
            "Listen, log it, give general facts; do not even say that somebody is a patient."
        )
        reasons = {
            "objection": self.env._("The patient objects to telling %s.", who),
            "unknown": self.env._("%s is not a known contact, so has no authority.", who),
            "none": self.env._("%s has no authority for this patient.", who),
            "unverified": self.env._("Who %s is has not been verified.", who),
            "scope": self.env._("The authority of %s does not cover this topic.", who),
        }
        return f"{reasons[kind]} {neutral}"

    def _care_drop_followers(self):
        """Let those stop following who may no longer be told; what they got stays on record."""
        followers = (
            self.env["mail.followers"]
            .sudo()
            .search([("res_model", "=", "helpdesk.ticket"), ("res_id", "in", self.ids)])
        )
        for partner, rows in followers.grouped("partner_id").items():
            if partner.partner_share:
                tickets = self.browse(rows.mapped("res_id"))
                verdicts = tickets._care_authorities(partner)
                lost = [ticket.id for ticket in tickets if not verdicts[ticket.id].allowed]
                if lost:
                    self.browse(lost).sudo().message_unsubscribe(partner.ids)

    def _care_check_changes(self, vals):
        """The patient decides on the gate, so nobody opens it by naming another, or none."""
        result = super()._care_check_changes(vals)
        if "care_patient_id" in vals:
            self._care_check_patient(vals["care_patient_id"])
        return result

    def _care_check_patient(self, patient_id):
        if self.env.su:
            return
        named = self.sudo().filtered("care_patient_id")
        changed = named.filtered(lambda ticket: ticket.care_patient_id.id != patient_id)
        group = "patient_care_coordination.group_supervisor"
        if changed and not self.env.user.has_group(group):
            raise AccessError(
                self.env._(
                    "Inquiry %s names a patient already: ask a supervisor to correct it.",
                    changed[0].number,
                )
            )
        if patient_id:
            self.env["care.patient"].browse(patient_id).check_access("read")

    # ------------------------------------------------------------------
    # Disclosures
    # ------------------------------------------------------------------

    def _care_disclose(
        self, way, what, purpose, verdict=None, partner=None, name=None, address=None
    ):
        """Keep what was told to whom about the patient of this inquiry, and why.

        :param name: what the person was called then; else the name of ``partner`` is kept
        :return: the ``care.disclosure``
        """
        return self.env["care.disclosure"]._care_record(
            [self._care_prepare_disclosure(way, what, purpose, verdict, partner, name, address)]
        )

    def _care_prepare_disclosure(
        self, way, what, purpose, verdict=None, partner=None, name=None, address=None
    ):
        """Values of one disclosure; the parameters are those of ``_care_disclose``."""
        self.ensure_one()
        partner = partner or self.env["res.partner"]
        basis = verdict.basis if verdict else False
        return {
            "ticket_id": self.id,
            "way": way,
            "partner_id": partner.id,
            "recipient": name or partner.sudo().name or self.env._("Not named"),
            "address": address or partner.sudo().email,
            "what": what,
            "purpose": purpose,
            "basis": basis,
            "authority_id": verdict.authority.id if verdict else False,
            # Exempt from the accounting: the patient and the hospital's own work.
            "accountable": basis not in ("self", "staff", "general"),
        }

    # ------------------------------------------------------------------
    # Portal
    # ------------------------------------------------------------------

    care_open_to_me = fields.Boolean(
        "Open to me", compute="_compute_care_open_to_me", search="_search_care_open_to_me"
    )

    @api.depends(
        "partner_id",
        "care_identity",
        "category_id",
        "care_category_ids",
        "care_patient_id.partner_id",
        "care_patient_id.authority_ids.revoked_date",
    )
    @api.depends_context("uid")
    def _compute_care_open_to_me(self):
        domain = Domain("id", "in", self.ids) & self._care_portal_domain(self.env.user)
        tickets = self.sudo().with_context(active_test=False).search(domain)
        if not self.env.user.share:
            tickets = tickets._care_told(self.env.user.partner_id)
        for ticket in self:
            ticket.care_open_to_me = ticket in tickets

    @api.model
    def _search_care_open_to_me(self, operator, value):
        if operator not in ("=", "in") or not (True in value if operator == "in" else value):
            return NotImplemented
        domain = self._care_portal_domain(self.env.user)
        tickets = self.sudo().with_context(active_test=False)
        if self.env.user.share:
            # A query inside the query: it costs the same however many inquiries there are.
            return [("id", "in", tickets._search(domain))]
        return [("id", "in", tickets.search(domain)._care_told(self.env.user.partner_id).ids)]

    def _care_told(self, partner):
        """Those of these inquiries about which the gate lets a person be told."""
        verdicts = self._care_authorities(partner)
        return self.filtered(lambda ticket: verdicts[ticket.id].allowed)

    @api.model
    def _care_portal_domain(self, user):
        """The inquiries that a portal user may read: own ones, and those of patients about whom
        the user may be told; a caller in confidence stays unknown.

        The rules of the gate (``_care_verdict``) as a domain. For a member of staff, whose own
        work the gate lets through as well, only the inquiries that it must be asked about.
        """
        partner = user.sudo().partner_id
        rows = (
            self.env["care.authority"]
            .sudo()
            .search([("partner_id", "=", partner.id), ("revoked_date", "=", False)])
        )
        own_file = self.env["care.patient"].sudo().search([("partner_id", "=", partner.id)])
        patients = rows.patient_id | own_file
        mine = Domain("partner_id", "=", partner.id)
        named = mine | Domain("care_identity", "=", "named")
        inquiry = Domain("care_is_inquiry", "=", True)
        if not user.share:
            return inquiry & (mine | (Domain("care_patient_id", "in", patients.ids) & named))
        everybody = rows.search(
            [
                ("patient_id", "in", patients.ids),
                ("partner_id", "=", False),
                ("revoked_date", "=", False),
            ]
        )
        by_patient = (rows | everybody).grouped("patient_id")
        alike = {}
        for patient in patients:
            given = by_patient.get(patient, rows.browse())
            topics = self._care_open_topics(given, patient in own_file)
            alike.setdefault(str(topics), (topics, []))[1].append(patient.id)
        told = Domain.OR(
            Domain("care_patient_id", "in", patient_ids) & topics
            for topics, patient_ids in alike.values()
        )
        return inquiry & ((mine & Domain("care_patient_id", "=", False)) | (named & told))

    @api.model
    def _care_open_topics(self, rows, is_patient):
        """The inquiries of one patient that these rows of the register open, as a domain.

        :param rows: those of one person, and those that hold for everybody
        """
        rows = rows.filtered(lambda row: row.state not in ("expired", "revoked"))
        domain = Domain(is_patient)
        if not is_patient and not any(row.state == "none" for row in rows if row.partner_id):
            domain = Domain.OR(
                row._care_covered() for row in rows if row.partner_id and row.state == "in_force"
            )
        for row in rows.filtered("objection"):
            if row.partner_id or not is_patient:
                domain &= ~row._care_touched()
        return domain

    # ------------------------------------------------------------------
    # Actions
    # ------------------------------------------------------------------

    @from_page(one=True)
    def action_care_record_authority(self):
        """Open the form that records what the caller may be told."""
        self.ensure_one()
        if not self.care_patient_id:
            raise UserError(self.env._("Name the patient first: authority is about a patient."))
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("What may be told"),
            "res_model": "care.authority",
            "view_mode": "form",
            "target": "new",
            "context": {
                "default_patient_id": self.care_patient_id.id,
                "default_partner_id": self._care_calling_partner().id,
                "default_basis": "self" if self.care_relation == "self" else "agreed",
                "default_ticket_id": self.id,
                "care_caller_name": self.partner_name,
                "care_caller_email": self.partner_email,
            },
        }

import base64

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import format_date, format_datetime, html2plaintext
from odoo.tools.pdf import merge_pdf

from ..models.authority.helpdesk_ticket import Verdict
from ..models.common.from_page import from_page
from ..models.contact import letter_pdf
from ..models.contact.care_contact import HIDDEN

COORDINATOR = "patient_care_coordination.group_coordinator"
SUPERVISOR = "patient_care_coordination.group_supervisor"
PARTS = ("contacts", "decisions", "letters", "consults", "changes")


class CareInquiryFile(models.TransientModel):
    """The whole file of one inquiry on paper, for somebody who has a right to it.

    Every print says to whom and why, and is kept as a disclosure before the file is made.
    """

    _name = "care.inquiry.file"
    _description = "File of an Inquiry"
    _inherit = ["care.checked.links"]

    ticket_id = fields.Many2one(
        "helpdesk.ticket", string="Inquiry", required=True, ondelete="cascade", readonly=True
    )
    recipient_kind = fields.Selection(
        [
            ("house", "A colleague, for a review"),
            ("person", "A person with authority for the patient"),
            ("body", "An ombudsman, court or supervising authority"),
        ],
        string="For",
        required=True,
        default="house",
    )
    user_id = fields.Many2one("res.users", string="Colleague", domain="[('share', '=', False)]")
    partner_id = fields.Many2one("res.partner", string="Person")
    body_name = fields.Char("Authority or court")
    body_address = fields.Char("Address")
    legal_basis = fields.Char(
        help="What entitles it to the file, such as the law or its letter of a date."
    )
    purpose = fields.Char(required=True, help="Why it is given; kept with the disclosure.")
    contacts = fields.Boolean(default=True)
    decisions = fields.Boolean("Routing decisions", default=True)
    letters = fields.Boolean("Letters as sent", default=True)
    consults = fields.Boolean("Questions to other departments", default=True)
    changes = fields.Boolean("Deadlines, red flags and changes", default=True)
    pdf = fields.Binary(attachment=False, readonly=True)
    pdf_name = fields.Char(readonly=True)

    # ------------------------------------------------------------------
    # Who may have it
    # ------------------------------------------------------------------

    @from_page(one=True)
    def action_print(self):
        """Keep the disclosure, make the file, and download it."""
        self.ensure_one()
        if not self.env.user.has_group(COORDINATOR):
            raise AccessError(self.env._("Coordinators and supervisors print the file."))
        self.ticket_id.check_access("read")
        if not self.ticket_id.sudo().care_is_inquiry:
            raise UserError(self.env._("Only inquiries have a file."))
        if not (self.purpose or "").strip():
            raise UserError(self.env._("Enter why the file is given."))
        recipient = self._care_disclose()
        content = self._care_pdf(recipient)
        name = self.env._("File %s.pdf", self.ticket_id.number)
        self.write({"pdf": content, "pdf_name": name})
        return {
            "type": "ir.actions.act_url",
            "url": f"/web/content/{self._name}/{self.id}/pdf/{name}?download=true",
            "target": "download",
            "close": True,
        }

    def _care_disclose(self):
        """Let the gate see the recipient and keep the disclosure; the recipient's name."""
        ticket, what = self.ticket_id, self._care_what()
        if self.recipient_kind == "house":
            user = self.user_id or self.env.user
            if not user._care_as(ticket).has_access("read"):
                raise UserError(
                    self.env._(
                        "%(person)s may not read inquiry %(number)s, so gets no file of it.",
                        person=user.name,
                        number=ticket.number,
                    )
                )
            verdict = Verdict(True, "staff", "", self.env["care.authority"])
            ticket._care_disclose(
                "pdf", what, self.purpose, verdict=verdict, partner=user.partner_id
            )
            return user.name
        if self.recipient_kind == "person":
            if not self.partner_id:
                raise UserError(self.env._("Choose the person who gets the file."))
            verdict = ticket._care_require_authority("pdf", partner=self.partner_id)
            ticket._care_disclose(
                "pdf", what, self.purpose, verdict=verdict, partner=self.partner_id
            )
            return self.partner_id.name
        if not self.env.user.has_group(SUPERVISOR):
            raise AccessError(
                self.env._("Supervisors give a file to an authority or a court: ask one.")
            )
        missing = [
            self._fields[name]._description_string(self.env)
            for name in ("body_name", "body_address", "legal_basis")
            if not (self[name] or "").strip()
        ]
        if missing:
            raise UserError(self.env._("Enter for the authority or court: %s.", ", ".join(missing)))
        ticket._care_disclose(
            "pdf",
            what,
            self.env._(
                "%(purpose)s (basis: %(basis)s)", purpose=self.purpose, basis=self.legal_basis
            ),
            name=self.body_name,
            address=self.body_address,
        )
        return self.body_name

    def _care_what(self):
        """What the file holds, for the disclosure."""
        names = [self._fields[name]._description_string(self.env) for name in PARTS if self[name]]
        return self.env._(
            "The file of the inquiry: %s", ", ".join([self.env._("the inquiry"), *names])
        )

    # ------------------------------------------------------------------
    # What it holds
    # ------------------------------------------------------------------

    def _care_pdf(self, recipient):
        """The file as PDF, base64; the letters follow as they were sent."""
        ticket = self.ticket_id
        company = ticket.company_id or self.env.company
        run = self.env["care.report.run"].with_context(tz=company._care_zone())
        content = run._care_print(
            "patient_care_coordination.inquiry_file",
            self.with_context(tz=company._care_zone())._care_values(recipient, company),
            ticket.number,
        )
        # The letters have page numbers of their own, where they have several pages.
        content = letter_pdf.stamp(content, ticket.number)
        files = self._care_letters().sudo().attachment_id.mapped("raw")
        return base64.b64encode(merge_pdf([content, *files]) if files else content)

    def _care_letters(self):
        """The letters that the file holds, in the order they were sent."""
        letters = self.env["care.letter"]
        if not self.letters:
            return letters
        return letters.search(
            [("ticket_id", "=", self.ticket_id.id), ("state", "=", "sent")], order="sent_date, id"
        )

    def _care_values(self, recipient, company):
        ticket = self.ticket_id
        patient = ticket.care_patient_id
        hidden = ticket.care_identity in HIDDEN
        caller = self._care_caller_words()
        facts = [
            (self.env._("Number"), ticket.number),
            (self.env._("Nature"), ticket.care_nature_id.name),
            (self.env._("Received"), self._care_moment(ticket.care_received_date)),
            (self.env._("Channel"), ticket.channel_id.name),
            (self.env._("Patient"), patient.name),
            (self.env._("Hospital number"), patient.hospital_number),
            (
                self.env._("Birth date"),
                patient.birth_date and format_date(self.env, patient.birth_date),
            ),
            (self.env._("Caller"), caller),
            (
                self.env._("Caller is"),
                not hidden and self._care_word(ticket, "care_relation"),
            ),
            (self.env._("Department"), ticket.care_department_id.display_name),
            (self.env._("Categories"), ", ".join(ticket.care_category_ids.mapped("name"))),
            (self.env._("Desired outcome"), ticket.care_desired_outcome),
            (self.env._("Answer"), ticket.care_answer),
            (self.env._("Told"), not hidden and ticket.care_told or (ticket.care_told and caller)),
            (self.env._("Told on"), self._care_moment(ticket.care_told_date)),
            (self.env._("Outcome"), self._care_word(ticket, "care_outcome")),
            (self.env._("Closed"), self._care_moment(ticket.closed_date)),
            (
                self.env._("Referred to the ombudsman"),
                self._care_day(ticket.care_ombudsman_date),
            ),
            (
                self.env._("Decision of the ombudsman"),
                self._care_join(
                    [
                        self._care_word(ticket, "care_ombudsman_outcome"),
                        self._care_day(ticket.care_ombudsman_decided_date),
                    ]
                ),
            ),
        ]
        return {
            "wizard": self,
            "ticket": ticket,
            **company._care_letterhead(),
            "direction": self.env["res.lang"]._get_data(code=self.env.lang or "en_US").direction
            or "ltr",
            "recipient": recipient,
            "made": self._care_moment(fields.Datetime.now()),
            "facts": [(name, value) for name, value in facts if value],
            "title": ticket.name,
            "text": [
                line.strip()
                for line in html2plaintext(ticket.description or "").splitlines()
                if line.strip()
            ],
            "issues": self._care_issues(),
            "events": self._care_events(),
            "letters": self._care_letter_rows(),
        }

    def _care_caller_words(self):
        """Who called, as far as somebody outside the desk may know."""
        ticket = self.ticket_id
        words = {"confidential": self.env._("In confidence"), "anonymous": self.env._("Anonymous")}
        return words.get(ticket.care_identity) or ticket.partner_name or ticket.partner_id.name

    def _care_moment(self, moment):
        return format_datetime(self.env, moment, dt_format="medium") if moment else ""

    @api.model
    def _care_day(self, day):
        return format_date(self.env, day) if day else ""

    @api.model
    def _care_word(self, record, name):
        return dict(record._fields[name]._description_selection(self.env)).get(record[name], "")

    def _care_issues(self):
        """The issues as rows: category, severity, stage, department, finding."""
        return [
            (
                issue.category_id.name,
                self._care_word(issue, "severity"),
                self._care_word(issue, "stage_of_care"),
                issue.department_id.display_name or "",
                self._care_word(issue, "finding"),
            )
            for issue in self.ticket_id.care_issue_ids
        ]

    def _care_events(self):
        """The chronology: ``[(moment as text, what, text)]``, the oldest first."""
        ticket = self.ticket_id
        events = [(ticket.care_received_date, self.env._("Received"), ticket.channel_id.name or "")]
        if self.contacts:
            events += self._care_contact_events()
        if self.decisions:
            events += [
                (row.create_date, self.env._("Routing"), row.sentence)
                for row in ticket.care_decision_ids.sorted("id")
            ]
        if self.consults:
            events += self._care_consult_events()
        if self.changes:
            events += self._care_change_events()
        if ticket.care_told_date:
            events.append((ticket.care_told_date, self.env._("The answer was told"), ""))
        if ticket.closed_date:
            events.append(
                (ticket.closed_date, self.env._("Closed"), self._care_word(ticket, "care_outcome"))
            )
        events.sort(key=lambda event: event[0])
        return [(self._care_moment(date), what, text) for date, what, text in events]

    def _care_contact_events(self):
        """Contacts; a caller who is not named stays so, also for those who know the name."""
        hidden = self.ticket_id.care_identity in HIDDEN
        contacts = self.env["care.contact"].search([("ticket_id", "=", self.ticket_id.id)])
        results = dict(contacts._fields["result"]._description_selection(self.env))
        events = []
        for contact in contacts:
            person = self._care_caller_words() if hidden else contact.person
            texts = [
                person and self.env._("with %s", person),
                contact.channel == "call" and results.get(contact.result),
                contact.summary,
                contact.promised and self.env._("Promised: %s", contact.promised),
                not hidden and contact.text,
                contact.user_id and self.env._("by %s", contact.user_id.name),
                contact.corrects_id and self.env._("corrects an earlier row"),
                contact.correction_ids and self.env._("corrected by a later row"),
            ]
            events.append((contact.date, contact._care_kind_word(), self._care_join(texts)))
        return events

    @api.model
    def _care_join(self, texts):
        return "; ".join(str(text).strip() for text in texts if text)

    def _care_consult_events(self):
        events = []
        for consult in self.env["care.consult"].search([("ticket_id", "=", self.ticket_id.id)]):
            asked = self.env._("Asked %s", consult.put_to)
            events.append((consult.asked_date, asked, consult.question))
            if consult.ended_date:
                state = self._care_word(consult, "state")
                events.append(
                    (consult.ended_date, f"{consult.put_to}: {state}", consult.answer or "")
                )
        return events

    def _care_change_events(self):
        ticket, events = self.ticket_id, []
        for change in ticket.care_nature_change_ids:
            events.append(
                (
                    change.create_date,
                    self.env._("Nature changed"),
                    self.env._(
                        "From %(old)s to %(new)s: %(reason)s",
                        old=change.old_nature_id.name,
                        new=change.new_nature_id.name,
                        reason=change.reason,
                    ),
                )
            )
        for deadline in self.env["care.deadline"].search([("ticket_id", "=", ticket.id)]):
            kind = self._care_word(deadline, "kind")
            events.append(
                (
                    deadline.due,
                    self.env._("Due: %s", kind),
                    self.env._("Met on %s", self._care_moment(deadline.met_date))
                    if deadline.met_date
                    else "",
                )
            )
        for alarm in self.env["care.flag.alarm"].search(
            [("ticket_id", "=", ticket.id), ("raised_date", "!=", False)]
        ):
            taken = alarm.taken_date and self.env._(
                "Taken on %s", self._care_moment(alarm.taken_date)
            )
            texts = [taken, alarm.done_note]
            events.append(
                (
                    alarm.raised_date,
                    self.env._("Red flag: %s", alarm.flag_id.name),
                    self._care_join(texts),
                )
            )
        for promise in self.env["care.promise"].search([("ticket_id", "=", ticket.id)]):
            kept = promise.kept_date and self.env._(
                "Kept on %s", self._care_moment(promise.kept_date)
            )
            events.append((promise.due, self.env._("Promised: %s", promise.what), kept or ""))
        return events

    def _care_letter_rows(self):
        """The letters sent, as rows; their PDFs follow the file."""
        return [
            (self._care_moment(letter.sent_date), letter.type_id.name, letter.display_name)
            for letter in self._care_letters()
        ]

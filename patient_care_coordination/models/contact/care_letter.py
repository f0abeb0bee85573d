from odoo import Command, api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import format_date, html2plaintext

from ..common.from_page import from_page
from ..inquiry.helpdesk_ticket import OURS
from . import letter_text

COORDINATOR = "patient_care_coordination.group_coordinator"
LARGE_PRINT = "patient_care_coordination.access_need_large_print"
# What only our own steps write.
GUARDED = {
    "state",
    "ticket_id",
    "type_id",
    "company_id",
    "policy_id",
    "extension_note",
    "writer_ids",
    "checked_by_id",
    "checked_date",
    "checked_points",
    "returned_by_id",
    "returned_date",
    "return_reason",
    "words_reason",
    "words_taken_by_id",
    "attachment_id",
    "pdf_sha256",
    "sent_date",
    "sent_by_id",
    "token",
    "mail_id",
    "corrects_id",
}
# The way of sending is chosen last, so it may change after the check.
AFTER_CHECK = {"way"}


class CareLetter(models.Model):
    """A letter about an inquiry, with the parts its type requires: draft, checked, sent.

    What was sent is kept as the PDF that left the house; a correction is a new letter.
    """

    _name = "care.letter"
    _description = "Letter"
    _order = "id desc"
    _check_company_auto = True

    ticket_id = fields.Many2one(
        "helpdesk.ticket", string="Inquiry", required=True, index=True, ondelete="restrict"
    )
    company_id = fields.Many2one(related="ticket_id.company_id", store=True, index=True)
    type_id = fields.Many2one(
        "care.letter.type", string="Letter", required=True, index=True, ondelete="restrict"
    )
    code = fields.Char(related="type_id.code", string="Type code")
    neutral = fields.Boolean(related="type_id.neutral")
    policy_id = fields.Many2one(
        "care.policy",
        readonly=True,
        index="btree_not_null",
        ondelete="restrict",
        help="Whose parts it has.",
    )
    state = fields.Selection(
        [("draft", "Draft"), ("checked", "Checked"), ("sent", "Sent")],
        required=True,
        default="draft",
        index=True,
        readonly=True,
    )
    date = fields.Date(readonly=True, help="The day it was sent; a draft shows today.")
    lang_id = fields.Many2one("res.lang", string="Language", context={"active_test": False})
    lang_missing = fields.Boolean("Language not installed", compute="_compute_lang_missing")
    large_print = fields.Boolean(
        "In large print", help="18 point, for people who need large print."
    )
    partner_id = fields.Many2one("res.partner", string="To", index="btree_not_null")
    recipient_name = fields.Char("Name")
    recipient_address = fields.Text("Address")
    recipient_email = fields.Char("Email")
    subject = fields.Char()
    opening = fields.Text("Text before the parts")
    closing = fields.Text("Text after the parts")
    part_ids = fields.One2many("care.letter.part", "letter_id", string="Parts")
    contact_id = fields.Many2one(
        "res.users", string="Contact person", domain="[('share', '=', False)]"
    )
    contact_name = fields.Char(
        "Contact person's name", compute="_compute_contact_name", store=True, readonly=False
    )
    contact_phone = fields.Char(
        "Contact person's phone", compute="_compute_contact_phone", store=True, readonly=False
    )
    signer_id = fields.Many2one("res.users", string="Signed by", domain="[('share', '=', False)]")
    signer_name = fields.Char(
        "Name under the signature", compute="_compute_signer", store=True, readonly=False
    )
    signer_title = fields.Char("Position", help="Printed under the name of who signs.")
    due_date = fields.Date("Answer expected by", help="In a holding letter, the new day.")
    completion_date = fields.Date("Completed on", help="When looking into it was completed.")
    way = fields.Selection(
        [("print", "Printed"), ("mail", "E-mail")], required=True, default="print"
    )
    needs_other_checker = fields.Boolean(
        "Another person checks", compute="_compute_needs_other_checker"
    )
    writer_ids = fields.Many2many(
        "res.users", "care_letter_writer_rel", "letter_id", "user_id", string="Written by"
    )
    checked_by_id = fields.Many2one("res.users", string="Checked by", readonly=True)
    checked_date = fields.Datetime("Checked on", readonly=True)
    checked_points = fields.Text("What was checked", readonly=True)
    returned_by_id = fields.Many2one("res.users", string="Sent back by", readonly=True)
    returned_date = fields.Datetime("Sent back on", readonly=True)
    return_reason = fields.Char("Sent back because", readonly=True)
    gate_text = fields.Text("Why it may not go there", compute="_compute_gate_text")
    preview_html = fields.Html("Preview", compute="_compute_preview_html", sanitize=False)
    attachment_id = fields.Many2one(
        "ir.attachment", string="PDF", readonly=True, index="btree_not_null", ondelete="restrict"
    )
    pdf_sha256 = fields.Char("SHA-256 of the PDF", readonly=True)
    pdf = fields.Binary(related="attachment_id.datas", string="PDF as sent")
    pdf_name = fields.Char("Name of the PDF", related="attachment_id.name")
    sent_date = fields.Datetime("Sent on", readonly=True, index=True)
    sent_by_id = fields.Many2one("res.users", string="Sent by", readonly=True)
    extension_note = fields.Char("Deadline", readonly=True)
    mail_id = fields.Many2one("mail.mail", readonly=True, index="btree_not_null")
    mail_state = fields.Selection(related="mail_id.state", string="E-mail")
    token = fields.Char(readonly=True, copy=False, help="Marks one sending, so none is repeated.")
    corrects_id = fields.Many2one(
        "care.letter",
        readonly=True,
        index="btree_not_null",
        ondelete="restrict",
        check_company=True,
    )
    corrected_by_ids = fields.One2many("care.letter", "corrects_id", string="Corrected by")

    _token_uniq = models.UniqueIndex("(token) WHERE token IS NOT NULL")
    _to_print_idx = models.Index("(company_id, id) WHERE state = 'checked'")

    # ------------------------------------------------------------------
    # What it says
    # ------------------------------------------------------------------

    @api.depends("ticket_id.number")
    def _compute_display_name(self):
        """The number alone: display names reach people who may not read the record."""
        for letter in self:
            number = letter.ticket_id.sudo().number or ""
            letter.display_name = f"{number}-L{letter.id}" if letter.id else self.env._("New")

    @api.depends("lang_id")
    def _compute_lang_missing(self):
        for letter in self:
            letter.lang_missing = letter.lang_id and not letter.lang_id.active

    @api.depends("contact_id")
    def _compute_contact_name(self):
        for letter in self:
            letter.contact_name = letter.contact_id.sudo().name or letter.contact_name

    @api.depends("contact_id")
    def _compute_contact_phone(self):
        for letter in self:
            person = letter.contact_id.sudo().partner_id
            letter.contact_phone = person.phone or letter.company_id.phone or letter.contact_phone

    @api.depends("signer_id")
    def _compute_signer(self):
        for letter in self:
            letter.signer_name = letter.signer_id.sudo().name or letter.signer_name

    @api.depends("type_id.needs_other_checker", "type_id.checker_policy_ids", "policy_id")
    def _compute_needs_other_checker(self):
        for letter in self:
            kind = letter.type_id
            letter.needs_other_checker = (
                kind.needs_other_checker or letter.policy_id in kind.checker_policy_ids
            )

    @api.depends(
        "subject",
        "opening",
        "closing",
        "recipient_name",
        "recipient_address",
        "part_ids",
        "part_ids.name",
        "part_ids.sequence",
        "part_ids.shown",
        "due_date",
        "completion_date",
        "contact_name",
        "contact_phone",
        "signer_name",
        "signer_title",
        "large_print",
        "lang_id",
    )
    def _compute_preview_html(self):
        for letter in self:
            # What was sent is shown as it left the house, never rendered again; before an inquiry
            # is chosen there is no letterhead to show.
            shown = letter.state != "sent" and bool(letter.company_id)
            letter.preview_html = shown and letter._care_preview()

    def _care_lang(self):
        """The code of the language the letter is printed in: an installed one."""
        self.ensure_one()
        return (
            (self.lang_id.active and self.lang_id.code)
            or self.company_id.partner_id.sudo().lang
            or self.env.lang
            or "en_US"
        )

    def _care_date(self, date):
        """A day in words: in figures, half of the readers take 8 December for 12 August."""
        if not date:
            return ""
        return format_date(self.env, date, lang_code=self._care_lang(), date_format="long")

    def _care_day(self, moment):
        """The day of ``moment`` (naive UTC) where the hospital is."""
        company = self.sudo().company_id or self.env.company
        return fields.Datetime.context_timestamp(
            self.with_context(tz=company._care_zone()), moment
        ).date()

    def _care_values(self):
        """What each placeholder stands for in this letter, as text in its language."""
        self.ensure_one()
        letter = self.sudo()
        ticket, company = letter.ticket_id, letter.company_id
        day = letter.date or self._care_day(fields.Datetime.now())
        received = self._care_day(ticket.care_received_date or fields.Datetime.now())
        return {
            "number": ticket.number,
            "caller_name": letter.recipient_name,
            "received_date": self._care_date(received),
            "today": self._care_date(day),
            "contact_person": letter.contact_name,
            # A number is not broken over two lines.
            "contact_phone": (letter.contact_phone or "").replace(" ", "\N{NO-BREAK SPACE}"),
            "due_date": self._care_date(letter.due_date),
            "due_days": (letter.due_date - day).days if letter.due_date else "",
            "completion_date": self._care_date(letter.completion_date),
            "signer": letter.signer_name,
            "hospital": company.name,
            "hospital_phone": company.phone,
            "hospital_email": company.email,
            "patient_name": ticket.care_patient_id.name,
            "department": ticket.care_department_id.name,
            "title": ticket.name,
        }

    def _care_fill(self, text):
        """``text`` with its placeholders replaced."""
        return letter_text.fill(text, self._care_values()) if "{{" in (text or "") else text or ""

    def _care_part_text(self, part):
        """What is printed under the heading of ``part``."""
        self.ensure_one()
        extra = {
            "text": "",
            "contact": ", ".join(filter(None, [self.contact_name, self.contact_phone]))
            if self.contact_name and self.contact_phone
            else "",
            "due": self._care_date(self.due_date),
            "completed": self._care_date(self.completion_date),
            "received": f"{self.ticket_id.sudo().number}, {self._care_values()['received_date']}",
            "signed": self.signer_name or "",
        }[part.kind]
        text = self._care_fill(part.text)
        if part.kind == "text" or not extra:
            return text if part.kind == "text" else ""
        return f"{extra}\n{text}" if text.strip() else extra

    # ------------------------------------------------------------------
    # Changes
    # ------------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            # The parts come from the type: whoever writes a letter cannot leave one out.
            vals.pop("part_ids", None)
            if (GUARDED - {"ticket_id", "type_id"}) & vals.keys():
                self._care_check_ours()
        letters = super().create(vals_list)
        letters._care_wrote()
        for letter, vals in zip(letters, vals_list, strict=True):
            letter._care_take_texts(keep=vals.keys())
        return letters

    def write(self, vals):
        if self.env.context.get("care_letter") is not OURS:
            if GUARDED & vals.keys():
                self._care_check_ours()
            if any(letter.state == "sent" for letter in self):
                raise UserError(
                    self.env._("A sent letter never changes: write a new one that corrects it.")
                )
            if vals.keys() - AFTER_CHECK:
                self._care_check_draft()
        result = super().write(vals)
        self._care_check_texts()
        if vals.keys() - AFTER_CHECK - GUARDED:
            self._care_wrote(vals)
        return result

    def unlink(self):
        # Not ``ondelete``: that check is skipped for whoever sends the context of an uninstall.
        self._care_check_deletable()
        return super().unlink()

    def _care_check_deletable(self):
        if any(letter.state != "draft" for letter in self):
            raise UserError(
                self.env._("Only drafts are deleted: a letter that was checked or sent is kept.")
            )

    def copy_data(self, default=None):
        """Letters are not copied: what their type requires and who wrote them would be lost."""
        self._care_refuse_copy()
        return super().copy_data(default)

    def _care_refuse_copy(self):
        raise UserError(self.env._("Letters are not copied: write a new one from its type."))

    def _care_check_ours(self):
        if self.env.context.get("care_letter") is not OURS:
            raise AccessError(
                self.env._("The state of a letter and what it must contain change by its buttons.")
            )

    def _care_check_draft(self):
        """Refuse to change the words of what was checked or sent."""
        if self.env.context.get("care_letter") is OURS:
            return
        if any(letter.state == "sent" for letter in self):
            raise UserError(
                self.env._("A sent letter never changes: write a new one that corrects it.")
            )
        if any(letter.state == "checked" for letter in self):
            raise UserError(
                self.env._("This letter was checked: send it back to draft to change it.")
            )

    def _care_check_texts(self):
        for letter in self:
            for name in ("subject", "opening", "closing"):
                letter.type_id._care_check_text(letter[name], letter._fields[name].string)

    def _care_wrote(self, vals=None):
        """Remember who wrote in these letters: who wrote cannot be the other who checks.

        To choose who signs is no writing, unless another name than theirs is to be printed:
        otherwise whoever corrects that while checking would need a third person.
        """
        if self.env.context.get("care_letter") is OURS and self.env.su:
            return
        user, letters = self.env.user, self.sudo()
        if vals and not vals.keys() - {"signer_id", "signer_name"}:
            letters = letters.filtered(lambda letter: letter.signer_name != letter.signer_id.name)
        new = letters.filtered(lambda letter: user not in letter.writer_ids)
        if new:
            new.with_context(care_letter=OURS).write({"writer_ids": [Command.link(user.id)]})

    def _care_forget_recipients(self):
        """Take out of unsent letters who called: the caller wants to be unknown.

        What was sent stays as it was, and only coordinators read it.
        """
        self.filtered(lambda letter: letter.state != "sent").with_context(care_letter=OURS).write(
            {
                "partner_id": False,
                "recipient_name": False,
                "recipient_address": False,
                "recipient_email": False,
            }
        )

    # ------------------------------------------------------------------
    # Writing
    # ------------------------------------------------------------------

    @api.model
    def _care_draft(self, ticket, letter_type, **values):
        """A new draft about ``ticket``, filled from the texts of ``letter_type``.

        ``values`` win over what the inquiry gives. The language is the inquiry's, else the
        recipient's.
        """
        values = {**self._care_recipient(ticket), **values}
        return self.create(
            [
                {
                    "ticket_id": ticket.id,
                    "type_id": letter_type.id,
                    "contact_id": (ticket.user_id or self.env.user).id,
                    "large_print": self._care_large_print(ticket),
                    "due_date": self._care_expected(ticket, letter_type),
                    **self._care_signer(ticket, letter_type),
                    **values,
                }
            ]
        )

    @api.model
    def _care_signer(self, ticket, letter_type):
        """Who signs: the responsible person where the type asks for a signature."""
        company = ticket.sudo().company_id
        policy = ticket.sudo().care_policy_id
        if "signed" in letter_type._care_parts(policy).mapped("kind"):
            return {
                "signer_id": company.care_responsible_id.id,
                "signer_title": company.care_responsible_title,
            }
        return {"signer_id": (ticket.user_id or self.env.user).id}

    @api.model
    def _care_recipient(self, ticket):
        """The caller, as far as the user may know who called."""
        ticket.ensure_one()
        known = ticket.sudo()
        partner, name, email = known.partner_id, known.partner_name, known.partner_email
        if known.care_identity == "confidential":
            if not ticket._care_knows_callers():
                raise UserError(
                    self.env._("This caller spoke in confidence: a coordinator writes the letter.")
                )
            partner, name = known.care_confidential_partner_id, known.care_confidential_name
            email = known.care_confidential_email
        elif known.care_identity == "anonymous":
            raise UserError(self.env._("Nobody knows who called, so there is nobody to write to."))
        lines = (partner._display_address(without_company=True) if partner else "").splitlines()
        codes = [lang.code for lang in known.care_lang_id] or [partner.lang]
        return {
            "partner_id": partner.id,
            "recipient_name": name or partner.name,
            "recipient_address": "\n".join(filter(None, map(str.strip, lines))),
            "recipient_email": email or partner.email,
            "lang_id": self.env["res.lang"]
            .sudo()
            .with_context(active_test=False)
            .search([("code", "=", codes[0] or "")], limit=1)
            .id,
        }

    @api.model
    def _care_large_print(self, ticket):
        need = self.env.ref(LARGE_PRINT, raise_if_not_found=False)
        known = ticket.sudo()
        return (
            bool(need)
            and need in known.care_access_need_ids | known.care_patient_id.access_need_ids
        )

    @api.model
    def _care_expected(self, ticket, letter_type):
        """The day by which ``ticket`` is to be answered, or False; a holding letter sets a new."""
        if letter_type.code == "holding":
            return False
        known = ticket.sudo()
        due = [
            row.due for row in known.care_deadline_ids if row.kind == "answer" and row._care_open()
        ]
        if not due:
            return False
        zone = known.company_id._care_zone()
        return fields.Datetime.context_timestamp(self.with_context(tz=zone), min(due)).date()

    def _care_take_texts(self, keep=()):
        """Take the texts and the parts from the type again, in the language of the letter.

        Of the texts those named in ``keep`` stay.
        """
        for letter in self:
            letter._care_check_draft()
            kind = letter.type_id.with_context(lang=letter._care_lang())
            policy = letter.ticket_id.sudo().care_policy_id
            parts = kind._care_parts(policy)
            letter.with_context(care_letter=OURS).write(
                {
                    "policy_id": policy.id,
                    **{
                        name: kind[name]
                        for name in ("subject", "opening", "closing")
                        if name not in keep
                    },
                    "part_ids": [
                        Command.clear(),
                        *(
                            Command.create(
                                {
                                    "sequence": part.sequence,
                                    "name": part.name,
                                    "kind": part.kind,
                                    "required": part.required,
                                    "hint": part.hint,
                                    "text": letter._care_start(part),
                                }
                            )
                            for part in parts
                        ),
                    ],
                }
            )

    def _care_start(self, part):
        """What a part starts with: its own text, or facts of the inquiry."""
        ticket = self.ticket_id.sudo()
        if part.source == "description":
            return letter_text.harmless(html2plaintext(ticket.description or "").strip())
        if part.source in ("desired_outcome", "answer"):
            return letter_text.harmless(ticket[f"care_{part.source}"]) or part.text
        facts = {
            "told": self._care_told,
            "issues": self._care_issues,
            "results": self._care_results,
        }.get(part.source)
        return facts and letter_text.harmless(facts(part.env)) or part.text

    def _care_told(self, env):
        """What the issues are about, and what the caller wanted; in the language of ``env``."""
        ticket = self.ticket_id.sudo()
        about = ticket.care_issue_ids.category_id.with_env(env(su=True)).mapped("name")
        lines = [env._("You told us about: %s.", "; ".join(about))] if about else []
        wanted = (ticket.care_desired_outcome or "").strip()
        return "\n".join([*lines, *([env._("You wanted: %s", wanted)] if wanted else [])])

    def _care_results(self, env):
        """The answer, then the issues with a finding; in the language of ``env``."""
        ticket = self.ticket_id.sudo()
        found = ticket.care_issue_ids.filtered(lambda issue: issue.finding != "none")
        findings = self._care_issues(env) if found else ""
        return "\n\n".join(filter(None, [ticket.care_answer, findings]))

    def _care_issues(self, env):
        """The issues, one a line, each with its finding; in the language of ``env``."""
        issues = self.ticket_id.sudo().care_issue_ids.with_env(env(su=True))
        findings = dict(issues._fields["finding"]._description_selection(env))
        lines = []
        for issue in issues:
            finding = findings.get(issue.finding) if issue.finding != "none" else None
            lines.append(
                f"{issue.category_id.name}: {finding}" if finding else issue.category_id.name
            )
        return "\n".join(lines)

    @api.model
    def _care_sent_types(self, tickets):
        """Which letters were sent for each of ``tickets``: ``{id: {(type id, policy id)}}``.

        Those of the present round alone: what was reopened is answered anew.
        """
        rows = self.sudo()._read_group(
            [("ticket_id", "in", tickets.ids), ("state", "=", "sent")],
            ["ticket_id", "type_id", "policy_id"],
            ["sent_date:max"],
        )
        sent = {}
        for ticket, letter_type, policy, last in rows:
            reopened = ticket.care_round > 1 and ticket.care_reopened_date
            if not reopened or last >= reopened:
                sent.setdefault(ticket.id, set()).add((letter_type.id, policy.id))
        return sent

    # ------------------------------------------------------------------
    # Actions
    # ------------------------------------------------------------------

    @from_page()
    def action_take_texts(self):
        """Start again from the texts of the type, after the language changed for instance."""
        self._care_take_texts()
        return True

    @from_page(one=True)
    def action_check(self):
        """Finish the check; where another person must do it, with the check list."""
        self.ensure_one()
        self._care_check_may_check()
        if self.needs_other_checker or self.own_words:
            return self._care_open_check()
        self._care_mark_checked()
        return True

    @from_page(one=True)
    def action_return(self):
        """Open the small form that sends a checked letter back with a reason."""
        self.ensure_one()
        return self._care_open_check()

    def _care_open_check(self):
        action = self.env["ir.actions.actions"]._for_xml_id(
            "patient_care_coordination.action_letter_check"
        )
        return action | {"context": {"default_letter_id": self.id}}

    @from_page(one=True)
    def action_correct(self):
        """Write a new letter that corrects a sent one."""
        self.ensure_one()
        if self.state != "sent":
            raise UserError(self.env._("Only a sent letter needs a correction: change the draft."))
        letter = self.with_context(care_letter=OURS)._care_draft(
            self.ticket_id,
            self.type_id,
            corrects_id=self.id,
            **{
                name: self[name].id if self._fields[name].relational else self[name]
                for name in (
                    "lang_id",
                    "large_print",
                    "partner_id",
                    "recipient_name",
                    "recipient_address",
                    "recipient_email",
                    "contact_id",
                    "signer_id",
                    "signer_title",
                    "due_date",
                    "completion_date",
                )
            },
        )
        return letter.action_care_open()

    @from_page(one=True)
    def action_care_open(self):
        """Open this letter."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": "care.letter",
            "res_id": self.id,
            "view_mode": "form",
            "target": "current",
        }

    def _care_check_may_check(self):
        """Refuse to check what is incomplete, or what the user wrote where another must check."""
        user = self.env.user
        if not (user.has_group(COORDINATOR) or self._care_for_privacy_officer()):
            raise AccessError(self.env._("Coordinators check and send letters: ask one."))
        for letter in self:
            if letter.state != "draft":
                raise UserError(self.env._("Letter %s is no draft any more.", letter.display_name))
            if letter.needs_other_checker and user in letter.sudo().writer_ids:
                raise UserError(
                    self.env._(
                        "You wrote in letter %s: another person checks it before it is sent.",
                        letter.display_name,
                    )
                )
        self._care_check_complete()
        self._care_check_words()

    def _care_mark_checked(self, points=False, reason=False):
        """Note that the user checked these letters.

        :param str points: the sentences answered yes
        :param str reason: why words that the type does not say may go out
        """
        self._care_check_may_check()
        # The privacy officer changes nothing else in a letter.
        self.check_access("read" if self._care_for_privacy_officer() else "write")
        self._care_take_words(reason)
        self.sudo().with_context(care_letter=OURS).write(
            {
                "state": "checked",
                "checked_by_id": self.env.user.id,
                "checked_date": fields.Datetime.now(),
                "checked_points": points,
            }
        )

    def _care_return(self, reason):
        """Send back to draft, with the reason for the writer."""
        if not self.env.user.has_group(COORDINATOR):
            raise AccessError(self.env._("Coordinators check and send letters: ask one."))
        if not (reason or "").strip():
            raise UserError(self.env._("Say what the writer has to change."))
        if any(letter.state == "sent" for letter in self):
            raise UserError(
                self.env._("A sent letter never changes: write a new one that corrects it.")
            )
        self.with_context(care_letter=OURS).write(
            {
                "state": "draft",
                "return_reason": reason,
                "returned_by_id": self.env.user.id,
                "returned_date": fields.Datetime.now(),
                "checked_by_id": False,
                "checked_date": False,
                "checked_points": False,
                "words_reason": False,
                "words_taken_by_id": False,
            }
        )

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Domain
from odoo.tools import html2plaintext

from ..common.from_page import from_page
from ..common.guard import OURS, as_server

# What a question may tell beside itself, each only when chosen.
FACTS = ("tells_patient", "tells_number", "tells_caller", "tells_text")
# What the mail thread and the activities keep on a record; all else has its own door.
FREE_PREFIXES = ("message_", "activity_")


class CareConsult(models.Model):
    """A question put to a department, a team or a person, with its own due time.

    What was sent is kept as it was sent, and what was answered as it was answered: whoever wants
    to know more asks anew. The inquiry itself stays closed to those who are asked.
    """

    _name = "care.consult"
    _description = "Consult"
    _inherit = ["mail.thread", "mail.activity.mixin"]
    _order = "asked_date desc, id desc"
    _rec_names_search = ["ticket_id.number"]
    _check_company_auto = True

    ticket_id = fields.Many2one(
        "helpdesk.ticket",
        string="Inquiry",
        required=True,
        readonly=True,
        index=True,
        ondelete="restrict",
    )
    company_id = fields.Many2one(related="ticket_id.company_id", store=True, index=True)
    number = fields.Integer(required=True, readonly=True)
    department_id = fields.Many2one(
        "care.department",
        readonly=True,
        index="btree_not_null",
        ondelete="restrict",
        check_company=True,
    )
    team_id = fields.Many2one(
        "helpdesk.ticket.team", readonly=True, index="btree_not_null", ondelete="restrict"
    )
    user_id = fields.Many2one(
        "res.users", string="Person", readonly=True, index="btree_not_null", ondelete="restrict"
    )
    lead_id = fields.Many2one(
        "res.users",
        readonly=True,
        index="btree_not_null",
        ondelete="restrict",
        help="Who is told when no answer came in time.",
    )
    put_to = fields.Char("Asked of", compute="_compute_put_to")
    question = fields.Text(required=True, readonly=True)
    facts = fields.Text(
        readonly=True, help="What was told beside the question, as it was at that time."
    )
    tells_patient = fields.Boolean("Name of the patient", readonly=True)
    tells_number = fields.Boolean("Hospital number", readonly=True)
    tells_caller = fields.Boolean("Caller", readonly=True)
    tells_text = fields.Boolean("Text of the inquiry", readonly=True)
    due = fields.Datetime(required=True, readonly=True, index=True)
    remind_date = fields.Datetime(
        "Reminder on",
        readonly=True,
        help="When those asked are reminded: a quarter of the time before the due.",
    )
    reminded_date = fields.Datetime("Reminded on", readonly=True)
    escalated_date = fields.Datetime("Lead told on", readonly=True)
    state = fields.Selection(
        [
            ("asked", "Asked"),
            ("answered", "Answered"),
            ("declined", "Declined"),
            ("cancelled", "Cancelled"),
        ],
        required=True,
        readonly=True,
        default="asked",
        index=True,
    )
    urgency = fields.Selection(
        [
            ("running", "Waiting"),
            ("due_soon", "Due soon"),
            ("missed", "Missed"),
            ("met", "Answered"),
            ("declined", "Declined"),
            ("cancelled", "Cancelled"),
        ],
        string="Status",
        compute="_compute_urgency",
    )
    asked_by_id = fields.Many2one(
        "res.users", string="Asked by", required=True, readonly=True, ondelete="restrict"
    )
    asked_date = fields.Datetime("Asked on", required=True, readonly=True, index=True)
    ended_date = fields.Datetime(
        "Ended on", readonly=True, help="When it was answered, declined or cancelled."
    )
    held_hours = fields.Float(
        "Held for (hours)",
        compute="_compute_held_hours",
        help="From the question to its answer, or until now.",
    )
    held_text = fields.Char("Held for", compute="_compute_held_hours")
    answer = fields.Text(readonly=True)
    reason = fields.Text(readonly=True, help="Why it was declined or cancelled.")
    ended_by_id = fields.Many2one(
        "res.users", string="Answered by", readonly=True, ondelete="restrict"
    )
    answer_way = fields.Selection(
        [("mail", "Mail"), ("form", "Form"), ("told", "Told to us")],
        string="Answered through",
        readonly=True,
    )
    used_date = fields.Datetime(
        "Used on", readonly=True, help="When its answer went into the draft of the inquiry."
    )
    asked_of_me = fields.Boolean(
        "Asked of me", compute="_compute_mine", search="_search_asked_of_me"
    )
    on_our_side = fields.Boolean("Asked by my side", compute="_compute_mine")

    _number_uniq = models.Constraint(
        "unique (ticket_id, number)", "Another consult of this inquiry has this number."
    )
    _remind_idx = models.Index("(remind_date) WHERE state = 'asked' AND reminded_date IS NULL")
    _escalate_idx = models.Index("(due) WHERE state = 'asked' AND escalated_date IS NULL")

    # ------------------------------------------------------------------
    # Computed
    # ------------------------------------------------------------------

    @api.depends("ticket_id.number", "number")
    def _compute_display_name(self):
        """The number alone: those who are asked may not read the inquiry."""
        for consult in self:
            number = consult.sudo().ticket_id.number
            consult.display_name = f"{number} / {consult.number}" if number else ""

    @api.depends("department_id", "team_id", "user_id")
    def _compute_put_to(self):
        # Sudo: those asked may have no rights on departments and teams.
        for consult in self.sudo():
            consult.put_to = (
                consult.department_id.name or consult.team_id.name or consult.user_id.name
            )

    @api.depends("state", "due", "remind_date")
    def _compute_urgency(self):
        now = fields.Datetime.now()
        for consult in self:
            if consult.state == "answered":
                consult.urgency = "met"
            elif consult.state != "asked":
                consult.urgency = consult.state
            elif consult.due and consult.due <= now:
                consult.urgency = "missed"
            elif consult.remind_date and consult.remind_date <= now:
                consult.urgency = "due_soon"
            else:
                consult.urgency = "running"

    @api.depends("asked_date", "ended_date")
    @api.depends_context("lang")
    def _compute_held_hours(self):
        now = fields.Datetime.now()
        for consult in self:
            end = consult.ended_date or now
            start = consult.asked_date or end
            consult.held_hours = max((end - start).total_seconds(), 0) / 3600
            consult.held_text = self.env["helpdesk.ticket"]._care_duration(consult.held_hours)

    @api.depends_context("uid")
    @api.depends("user_id", "team_id", "lead_id", "ticket_id")
    def _compute_mine(self):
        user = self.env.user
        ours = set(self.sudo().ticket_id.with_env(self.env)._filtered_access("write").ids)
        for consult in self:
            consult.asked_of_me = user in consult._care_answerers()
            consult.on_our_side = consult.sudo().ticket_id.id in ours

    @api.model
    def _search_asked_of_me(self, operator, value):
        if operator != "in":
            return NotImplemented
        # Sudo: those asked may have no rights on teams.
        user = self.env.user
        teams = self.env["helpdesk.ticket.team"].sudo().search([("user_ids", "in", user.ids)])
        mine = Domain("user_id", "=", user.id) | Domain("team_id", "in", teams.ids)
        return mine if True in value else ~mine

    # ------------------------------------------------------------------
    # The doors
    # ------------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        if self.env.context.get("care_consult") is not OURS:
            raise UserError(self.env._("A consult is put through Ask on its inquiry."))
        return super().create(vals_list)

    def write(self, vals):
        free = all(name.startswith(FREE_PREFIXES) for name in vals)
        if not free and self.env.context.get("care_consult") is not OURS:
            raise UserError(
                self.env._("What was asked and answered stays as it is: put a new consult instead.")
            )
        return super().write(vals)

    def unlink(self):
        # Not ``ondelete``: that check is skipped for whoever sends the context of an uninstall.
        self._care_check_never_deleted()
        return super().unlink()

    def _care_check_never_deleted(self):
        if self:
            raise UserError(self.env._("Consults are never deleted: cancel it with a reason."))

    # ------------------------------------------------------------------
    # Actions
    # ------------------------------------------------------------------

    @from_page(one=True)
    def action_answer(self):
        """Open the small form that takes the answer."""
        return self._care_reply_form("answer", self.env._("Answer"))

    @from_page(one=True)
    def action_decline(self):
        """Open the small form that takes the reason for not answering."""
        return self._care_reply_form("decline", self.env._("Decline"))

    @from_page(one=True)
    def action_cancel(self):
        """Open the small form that takes the reason for asking no longer."""
        return self._care_reply_form("cancel", self.env._("Cancel the consult"))

    def _care_reply_form(self, kind, title):
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": title,
            "res_model": "care.consult.reply",
            "view_mode": "form",
            "target": "new",
            "context": {"default_consult_id": self.id, "default_kind": kind},
        }

    @from_page(one=True)
    def action_open_inquiry(self):
        """Open the inquiry, for those who may read it."""
        self.ensure_one()
        return self.sudo().ticket_id.with_env(self.env).get_formview_action()

    # ------------------------------------------------------------------
    # Asking
    # ------------------------------------------------------------------

    @api.model
    def _care_ask(self, vals_list, waits=True):
        """Put questions; everybody asked gets one mail with the question and the chosen facts.

        :param vals_list: dicts with ``ticket_id``, ``question``, one of ``department_id``,
            ``team_id`` and ``user_id``, and, if wanted, ``due`` (naive UTC) and the booleans
            ``tells_patient``, ``tells_number``, ``tells_caller``, ``tells_text``; ``template_id``
            names the template of a question that nobody put by hand
        :param waits: whether the inquiries wait for others from now on
        :return: the consults
        :raises UserError: if one cannot be put; then none is
        """
        tickets = self.env["helpdesk.ticket"].browse([vals["ticket_id"] for vals in vals_list])
        tickets.check_access("write")
        now = fields.Datetime.now()
        defaults, leads = {}, {}
        numbers = {ticket: ticket.care_consult_count for ticket in tickets.sudo()}
        rows = []
        for vals, ticket in zip(vals_list, tickets.sudo(), strict=True):
            ticket._care_check_open_to_consults()
            row = self._care_addressee(vals, ticket, leads)
            row["due"] = vals.get("due")
            if row["due"]:
                row["due"] = fields.Datetime.to_datetime(row["due"])
            else:
                key = (ticket.care_policy_id, ticket.company_id, ticket.care_next_due)
                if key not in defaults:
                    defaults[key] = ticket._care_consult_due(now)
                row["due"] = defaults[key]
            ticket._care_check_consult_due(row["due"], now)
            question = (vals.get("question") or "").strip()
            if not question:
                raise UserError(self.env._("Write the question: it is all that those asked get."))
            numbers[ticket] += 1
            tells = {name: bool(vals.get(name)) for name in FACTS}
            rows.append(
                {
                    **row,
                    **tells,
                    "ticket_id": ticket.id,
                    "number": numbers[ticket],
                    "question": question,
                    "template_id": vals.get("template_id"),
                    "facts": self._care_facts(ticket, tells),
                    "remind_date": row["due"] - (row["due"] - now) / 4,
                    "asked_by_id": self.env.user.id,
                    "asked_date": now,
                }
            )
        # First of all: of two who ask at once about one inquiry, one fails here and tries again.
        for number, group in tickets.union().sudo().grouped(numbers.get).items():
            group.with_context(care_consult=OURS).write(
                {
                    "care_consult_count": number,
                    **({"care_waiting": "department"} if waits else {}),
                }
            )
        quiet = self.with_context(mail_create_nolog=True, mail_create_nosubscribe=True)
        consults = as_server(quiet).with_context(care_consult=OURS).create(rows)
        consults._care_keep_disclosures()
        consults._care_send("question")
        consults._care_plan()
        return consults.with_env(self.env)

    @api.model
    def _care_addressee(self, vals, ticket, leads=None):
        """Values that say who is asked and who leads; raises UserError if nobody answers.

        ``leads`` keeps those found for teams of inquiries over a batch.
        """
        leads = {} if leads is None else leads
        department = self.env["care.department"].sudo().browse(vals.get("department_id") or [])
        team = self.env["helpdesk.ticket.team"].sudo().browse(vals.get("team_id") or [])
        user = self.env["res.users"].sudo().browse(vals.get("user_id") or [])
        if not user and not team:
            team, user = department._care_answering()
        if user:
            self._care_check_staff(user, ticket)
            team = team.browse()
        elif not (department or team):
            raise UserError(self.env._("Choose who is asked: a department, a team or a person."))
        elif not team._care_consult_members(ticket.company_id):
            raise UserError(
                self.env._(
                    "Nobody answers for %(name)s: give it a team with members, or ask a person.",
                    name=department.name or team.name,
                )
            )
        elif not any(team._care_consult_members(ticket.company_id).mapped("email")):
            raise UserError(
                self.env._(
                    "Nobody of %(name)s has an e-mail address, so nobody would learn of the "
                    "question: enter one, or ask a person.",
                    name=team.name,
                )
            )
        lead = department.supervisor_id or team.user_id
        if not lead.active or lead == user:
            key = (ticket.team_id, ticket.company_id)
            if key not in leads:
                leads[key] = ticket._care_lead()
            lead = leads[key]
        return {
            "department_id": department.id,
            "team_id": team.id,
            "user_id": user.id,
            "lead_id": lead.id,
        }

    @api.model
    def _care_check_staff(self, user, ticket):
        if not user.active:
            raise UserError(
                self.env._(
                    "The account of %(name)s is archived: ask somebody who works here now.",
                    name=user.name,
                )
            )
        if user.share:
            raise UserError(
                self.env._(
                    "%(name)s is not a member of staff: a consult goes to staff alone. "
                    "Write a letter or call instead.",
                    name=user.name,
                )
            )
        if ticket.company_id not in user.company_ids:
            raise UserError(
                self.env._(
                    "%(name)s does not work for %(company)s: ask somebody who does.",
                    name=user.name,
                    company=ticket.company_id.name,
                )
            )

    @api.model
    def _care_facts(self, ticket, tells):
        """The chosen facts as text: lines with their names; empty if none was chosen."""
        patient = ticket.care_patient_id
        lines = []
        if tells["tells_patient"] and patient:
            lines.append(self.env._("Patient: %s", patient.name))
        if tells["tells_number"] and patient.hospital_number:
            lines.append(self.env._("Hospital number: %s", patient.hospital_number))
        if tells["tells_caller"]:
            if ticket.care_identity in ("confidential", "anonymous"):
                raise UserError(
                    self.env._(
                        "The caller of inquiry %s is not named to departments: leave the caller "
                        "out.",
                        ticket.number,
                    )
                )
            if ticket.partner_name:
                lines.append(self.env._("Caller: %s", ticket.partner_name))
        if tells["tells_text"]:
            text = html2plaintext(ticket.description or "", include_references=False).strip()
            lines.append(self.env._("Text of the inquiry:") + f"\n{text}")
        return "\n".join(lines)

    def _care_keep_disclosures(self):
        """Keep what was told beside the question, for each person who was told."""
        rows = [
            {
                "ticket_id": consult.ticket_id.id,
                "way": "consult",
                "partner_id": user.partner_id.id,
                "recipient": user.name,
                "address": user.email,
                "what": consult.facts,
                "purpose": self.env._("Answering consult %s", consult.display_name),
                # Staff: work of the hospital, exempt from an accounting.
                "basis": "staff",
            }
            for consult in self
            if consult.facts
            for user in consult._care_asked()
        ]
        if rows:
            self.env["care.disclosure"]._care_record(rows)

    def _care_plan(self):
        """Give each person asked by name the activity that keeps the consult on the desk."""
        todo = self.env.ref("mail.mail_activity_data_todo")
        model_id = self.env["ir.model"]._get_id(self._name)
        as_server(self.env["mail.activity"]).with_context(mail_activity_quick_update=True).create(
            [
                {
                    "res_model_id": model_id,
                    "res_id": consult.id,
                    # Taken away by itself when the consult ends.
                    "automated": True,
                    "activity_type_id": todo.id,
                    "summary": self.env._("Answer consult %s", consult.display_name),
                    "user_id": consult.user_id.id,
                    "date_deadline": fields.Datetime.context_timestamp(
                        self.with_context(tz=consult.user_id.tz), consult.due
                    ).date(),
                }
                for consult in self
                if consult.user_id
            ]
        )

    # ------------------------------------------------------------------
    # Answering
    # ------------------------------------------------------------------

    def _care_asked(self):
        """The users who were asked: the person, or the members of the team."""
        self.ensure_one()
        consult = self.sudo()
        return consult.user_id or consult.team_id._care_consult_members(consult.company_id)

    def _care_answerers(self):
        """Who may answer or decline: those asked and their lead."""
        return self._care_asked() | self.sudo().lead_id

    def _care_reply(self, kind, text):
        """Answer, decline or cancel as the user; raises UserError or AccessError if refused."""
        self.ensure_one()
        if kind == "cancel":
            self.sudo().ticket_id.with_env(self.env).check_access("write")
            return self._care_end("cancelled", text, self.env.user)
        if self.env.user in self._care_answerers():
            way = "form"
        elif self.sudo().ticket_id.with_env(self.env).has_access("write"):
            way = "told"
        else:
            raise AccessError(
                self.env._(
                    "Consult %(consult)s was put to %(who)s: nobody else answers it.",
                    consult=self.display_name,
                    who=self.put_to,
                )
            )
        state = "answered" if kind == "answer" else "declined"
        return self._care_end(state, text, self.env.user, way)

    def _care_end(self, state, text, user, way=False):
        """Answer, decline or cancel these consults with a text; raises UserError if refused."""
        text = (text or "").strip()
        if not text:
            if state == "answered":
                raise UserError(self.env._("Write the answer."))
            raise UserError(self.env._("Give the reason: it is kept with the consult."))
        for consult in self:
            if consult.state != "asked":
                raise UserError(
                    self.env._(
                        "Consult %(consult)s is %(state)s already: put a new consult instead.",
                        consult=consult.display_name,
                        state=dict(self._fields["state"]._description_selection(self.env))[
                            consult.state
                        ].lower(),
                    )
                )
        consults = self.sudo().with_context(care_consult=OURS)
        consults.write(
            {
                "state": state,
                "answer" if state == "answered" else "reason": text,
                "ended_by_id": user.id,
                "ended_date": fields.Datetime.now(),
                "answer_way": way,
            }
        )
        consults.activity_unlink(["mail.mail_activity_data_todo"])
        consults.ticket_id._care_consults_ended()
        consults._care_send(state)
        return True

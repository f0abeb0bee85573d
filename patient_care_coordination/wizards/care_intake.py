from odoo import Command, api, fields, models
from odoo.exceptions import UserError

from ..models.common.from_page import from_page
from ..models.inquiry.helpdesk_ticket import EMOTIONS, RELATIONS

# What the channel of an inquiry is called in the contact log.
CONTACT_CHANNELS = {
    "phone": "call",
    "letter": "letter",
    "email": "mail",
    "in_person": "visit",
    "portal": "portal",
}
# Characters of what was said that make the title; it ends with a whole word.
TITLE_SIZE = 80


class CareIntake(models.TransientModel):
    """Quick intake: who, what, answer. Three fields are enough to answer and close."""

    _name = "care.intake"
    _description = "Quick Intake"
    _inherit = ["care.checked.links"]

    caller_id = fields.Many2one("res.partner", string="Known caller")
    caller_name = fields.Char("Who", help="The name of the caller; empty for an anonymous caller.")
    phone = fields.Char()
    email = fields.Char()
    channel_id = fields.Many2one(
        "helpdesk.ticket.channel",
        required=True,
        domain=[("care_code", "!=", False)],
        default=lambda self: self.env["helpdesk.ticket.channel"]._care_by_code("phone"),
    )
    what = fields.Text("What is it about?", required=True)
    answer = fields.Text()
    nature_id = fields.Many2one(
        "care.nature",
        required=True,
        default=lambda self: self.env["care.nature"].search([("code", "=", "question")], limit=1),
    )
    needs_category = fields.Boolean(
        "Closing needs a category", related="nature_id.close_needs_category", related_sudo=False
    )
    relation = fields.Selection(RELATIONS)
    identity = fields.Selection(
        [("named", "Named"), ("confidential", "In confidence"), ("anonymous", "Anonymous")],
        default="named",
        required=True,
    )
    patient_id = fields.Many2one("care.patient")
    department_id = fields.Many2one("care.department")
    category_id = fields.Many2one("helpdesk.ticket.category")
    received_date = fields.Datetime("Received", default=fields.Datetime.now, required=True)
    emotional_state = fields.Selection(EMOTIONS, string="Emotional state")
    safe_to_call = fields.Char("Safe to call")
    desired_outcome = fields.Text("Desired outcome")
    flag_ids = fields.Many2many("care.red.flag", string="Red flags")
    match_ids = fields.One2many("care.intake.match", "intake_id", string="Known")

    @api.onchange("phone")
    def _onchange_phone(self):
        """Show who is known by this number; nothing is filled in before somebody chooses."""
        self.match_ids = [Command.clear()]
        if self.phone:
            # Odoo's own form of the number; left as typed where it cannot tell.
            self.phone = self._phone_format(number=self.phone, force_format="INTERNATIONAL") or (
                self.phone
            )
            known = self.env["helpdesk.ticket"]._care_known_callers(self.phone)
            self.match_ids = [Command.create(match) for match in known]

    @api.onchange("match_ids")
    def _onchange_match_ids(self):
        chosen = self.match_ids.filtered("use")[:1]
        if chosen:
            self.caller_id = chosen.partner_id or self.caller_id
            self.caller_name = chosen.name
            self.email = chosen.partner_id.email or self.email
            self.patient_id = chosen.patient_id or self.patient_id
            if chosen.patient_id and chosen.patient_id.name == chosen.name:
                self.relation = "self"
                self.safe_to_call = self.safe_to_call or chosen.patient_id.safe_to_call

    @api.onchange("caller_id")
    def _onchange_caller_id(self):
        if self.caller_id:
            self.caller_name = self.caller_id.name
            self.phone = self.phone or self.caller_id.phone
            self.email = self.email or self.caller_id.email

    @from_page(one=True)
    def action_answer_and_close(self):
        """Keep the inquiry with its answer and close it; says what is missing otherwise."""
        self.ensure_one()
        if not (self.answer or "").strip():
            raise UserError(self.env._("Write the answer you gave, or choose Keep open."))
        ticket = self._create_inquiry()
        answer = {
            "care_answer": self.answer,
            "care_told": self._told(),
            "care_told_date": fields.Datetime.now(),
            "care_told_channel_id": self.channel_id.id,
            "care_outcome": "answered",
        }
        ticket.write(answer)
        missing = ticket._care_missing()[ticket.id]
        if missing:
            # No number: with the refusal, the inquiry is gone and the form still holds it all.
            raise UserError(
                self.env._(
                    "This cannot be closed yet. Missing: %(missing)s. Add it, or choose Keep open.",
                    missing=", ".join(missing),
                )
            )
        member = self.env.user in ticket.team_id.user_ids
        ticket._care_close(user_id=self.env.user.id if member else False)
        return self._open(ticket)

    @from_page(one=True)
    def action_keep_open(self):
        """Keep the inquiry open where the rules send it."""
        self.ensure_one()
        return self._open(self._create_inquiry())

    def _create_inquiry(self):
        self._settle_identity()
        ticket = self.env["helpdesk.ticket"].create([self._prepare_inquiry()])
        if self.flag_ids:
            ticket._care_raise_flags(self.flag_ids)
        self.env["care.contact"]._care_log([self._prepare_contact(ticket)])
        return ticket

    def _prepare_contact(self, ticket):
        """The call, visit or letter that this inquiry came with, as values of a contact."""
        anonymous = self.identity == "anonymous"
        name = self.caller_name or self.caller_id.name
        channel = CONTACT_CHANNELS.get(self.channel_id.care_code, "other")
        return {
            "ticket_id": ticket.id,
            "direction": "in",
            "channel": channel,
            "with_caller": True,
            "partner_id": self.caller_id.id,
            "person_name": self.env._("Anonymous") if anonymous else name,
            "phone": self.phone,
            "address": self.email,
            "date": min(self.received_date, fields.Datetime.now()),
            "summary": self.what,
        }

    def _settle_identity(self):
        """Who gives no name is anonymous; of an anonymous caller this form forgets all."""
        if not (self.caller_name or "").strip() and not self.caller_id:
            if self.identity != "anonymous" and (self.phone or self.email):
                raise UserError(
                    self.env._(
                        "A phone number or an e-mail tells who called: write a name under Who, "
                        "or choose Anonymous to keep neither."
                    )
                )
            self.identity = "anonymous"
        if self.identity == "anonymous":
            self.write({"caller_id": False, "caller_name": False, "phone": False, "email": False})

    def _told(self):
        """Who was told, as far as the whole department may know."""
        if self.identity == "anonymous":
            return self.env._("Anonymous caller")
        if self.identity == "confidential":
            return self.env._("The caller, in confidence")
        return self.caller_name or self.caller_id.name

    def _prepare_inquiry(self):
        """Values of the inquiry; what is empty stays out, so that rules may fill it."""
        title = next(iter(self.what.strip().splitlines()), "")
        if len(title) > TITLE_SIZE:
            title = title[:TITLE_SIZE]
            title = f"{title.rpartition(' ')[0] or title} …"
        values = {
            "name": title or self.env._("No subject"),
            "description": self.what,
            "channel_id": self.channel_id.id,
            "partner_id": self.caller_id.id,
            "partner_name": self.caller_name,
            "partner_email": self.email,
            "category_id": self.category_id.id,
            "care_nature_id": self.nature_id.id,
            "care_relation": self.relation,
            "care_identity": self.identity,
            "care_patient_id": self.patient_id.id,
            "care_department_id": self.department_id.id,
            "care_received_date": self.received_date,
            "care_callback_phone": self.phone,
            "care_safe_to_call": self.safe_to_call,
            "care_desired_outcome": self.desired_outcome,
            "care_emotional_state": self.emotional_state,
            "care_answer": self.answer,
        }
        return {key: value for key, value in values.items() if value}

    def _open(self, ticket):
        return {
            "type": "ir.actions.act_window",
            "res_model": "helpdesk.ticket",
            "res_id": ticket.id,
            "view_mode": "form",
            "target": "current",
        }

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..models.common.from_page import from_page
from ..models.consult.care_consult import FACTS


class CareConsultAsk(models.TransientModel):
    """Put a question to a department, a team or a person, and see before what they get."""

    _name = "care.consult.ask"
    _description = "Ask"
    _inherit = ["care.checked.links"]

    ticket_id = fields.Many2one("helpdesk.ticket", string="Inquiry", required=True, readonly=True)
    company_id = fields.Many2one(related="ticket_id.company_id", related_sudo=False)
    to = fields.Selection(
        [("department", "A department"), ("team", "A team"), ("person", "A person")],
        string="Ask",
        required=True,
        default="department",
    )
    department_id = fields.Many2one("care.department")
    team_id = fields.Many2one("helpdesk.ticket.team")
    user_id = fields.Many2one("res.users", string="Person", domain=[("share", "=", False)])
    # Not required: what asks says in a sentence why it is needed.
    question = fields.Text()
    due = fields.Datetime("Answer by", required=True)
    tells_patient = fields.Boolean("Name of the patient")
    tells_number = fields.Boolean("Hospital number")
    tells_caller = fields.Boolean("Caller")
    tells_text = fields.Boolean("Text of the inquiry")
    goes_to = fields.Char(compute="_compute_goes_to", string="Goes to")
    preview = fields.Html(compute="_compute_preview", string="What they get")
    problem = fields.Char(compute="_compute_preview")

    @api.model
    def default_get(self, fields_list):
        defaults = super().default_get(fields_list)
        ticket = self.env["helpdesk.ticket"].browse(defaults.get("ticket_id") or [])
        if ticket:
            ticket.check_access("write")
            defaults.setdefault("department_id", ticket.care_department_id.id)
            defaults.setdefault("due", ticket._care_consult_due(fields.Datetime.now()))
        return defaults

    def _care_values(self):
        """What ``_care_ask`` takes."""
        self.ensure_one()
        kinds = {"department": "department_id", "team": "team_id", "person": "user_id"}
        name = kinds[self.to]
        return {
            "ticket_id": self.ticket_id.id,
            "question": self.question,
            "due": self.due,
            name: self[name].id,
            **{fact: self[fact] for fact in FACTS},
        }

    @api.depends("to", "department_id", "team_id", "user_id", "ticket_id")
    def _compute_goes_to(self):
        consults = self.env["care.consult"]
        for ask in self:
            values = ask._care_values()
            chosen = values.get("department_id") or values.get("team_id") or values.get("user_id")
            if not chosen:
                ask.goes_to = False
                continue
            try:
                row = consults._care_addressee(values, ask.ticket_id.sudo())
            except UserError as refusal:
                ask.goes_to = str(refusal)
                continue
            draft = consults.new(row | {"ticket_id": ask.ticket_id.id})
            ask.goes_to = ", ".join(draft._care_asked().sudo().mapped("name"))

    @api.depends("question", "ticket_id", *FACTS)
    def _compute_preview(self):
        consults = self.env["care.consult"]
        for ask in self:
            ask.problem = False
            facts = False
            try:
                facts = consults._care_facts(ask.ticket_id, {name: ask[name] for name in FACTS})
            except UserError as refusal:
                ask.problem = str(refusal)
            draft = consults.new({"question": ask.question or "", "facts": facts})
            ask.preview = draft._care_question_html()

    @from_page(one=True)
    def action_ask(self):
        """Put the question; raises UserError with what is wrong."""
        self.ensure_one()
        self.env["care.consult"]._care_ask([self._care_values()])
        return {"type": "ir.actions.act_window_close"}

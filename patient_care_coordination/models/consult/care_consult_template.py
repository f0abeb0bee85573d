from datetime import timedelta

from odoo import SUPERUSER_ID, api, fields, models
from odoo.exceptions import UserError

from .care_consult import FACTS

# What may be told without a person choosing it for this one inquiry; who called is not.
TOLD = [name for name in FACTS if name != "tells_caller"]


class CareConsultTemplate(models.Model):
    """A question that is put the same way again and again, to one department, team or person."""

    _name = "care.consult.template"
    _description = "Question of Consults"
    _order = "name, id"
    _check_company_auto = True

    name = fields.Char(required=True, translate=True)
    code = fields.Char(copy=False, help="Stable key used by rule files.")
    active = fields.Boolean(default=True)
    company_id = fields.Many2one(
        "res.company", required=True, index=True, default=lambda self: self.env.company
    )
    department_id = fields.Many2one("care.department", check_company=True, ondelete="restrict")
    team_id = fields.Many2one("helpdesk.ticket.team", check_company=True, ondelete="restrict")
    user_id = fields.Many2one(
        "res.users", string="Person", domain=[("share", "=", False)], ondelete="restrict"
    )
    question = fields.Text(required=True, help="All that those asked get, unless more is chosen.")
    due_hours = fields.Integer(
        "Answer within (hours)",
        required=True,
        default=24,
        help="Where a legal deadline ends before, half of the time until it.",
    )
    tells_patient = fields.Boolean("Name of the patient")
    tells_number = fields.Boolean("Hospital number")
    tells_text = fields.Boolean("Text of the inquiry")

    _code_uniq = models.UniqueIndex(
        "(company_id, code) WHERE code IS NOT NULL", "Another question has this code."
    )
    _one_addressee = models.Constraint(
        "CHECK (num_nonnulls(department_id, team_id, user_id) = 1)",
        "A question goes to one department, one team or one person.",
    )
    _due_positive = models.Constraint(
        "CHECK (due_hours BETWEEN 1 AND 8760)", "An answer is due within 1 to 8,760 hours."
    )

    def _care_values(self, ticket, now):
        """What ``care.consult._care_ask`` takes, about ``ticket``."""
        self.ensure_one()
        due, limit = now + timedelta(hours=self.due_hours), ticket._care_consult_limit(now)
        if limit and due >= limit:
            due = now + (limit - now) / 2
        return {
            "ticket_id": ticket.id,
            "template_id": self.id,
            "department_id": self.department_id.id,
            "team_id": self.team_id.id,
            "user_id": self.user_id.id,
            "question": self.question,
            "due": due,
            **{name: self[name] for name in TOLD},
        }

    def _care_problem(self):
        """Why this question cannot be put now, as a sentence, or False."""
        self.ensure_one()
        template = self.sudo()
        ticket = template.env["helpdesk.ticket"].new({"company_id": template.company_id.id})
        values = {name: template[name].id for name in ("department_id", "team_id", "user_id")}
        try:
            template.env["care.consult"]._care_addressee(values, ticket)
        except UserError as refusal:
            return str(refusal)
        return False


class CareConsult(models.Model):
    """Questions that nobody put by hand."""

    _inherit = "care.consult"

    template_id = fields.Many2one(
        "care.consult.template",
        string="Put by a rule",
        readonly=True,
        index="btree_not_null",
        ondelete="restrict",
    )

    @api.model
    def _care_ask_templates(self, pairs):
        """Put questions about inquiries that have just arrived, and return the consults.

        They still wait for us, since nobody here has looked yet. Mails leave through the queue.

        :param pairs: ``[(ticket, template), ...]``
        :raises UserError: if one cannot be put; then none is
        """
        now = fields.Datetime.now()
        rows = [
            template._care_values(ticket, now)
            for ticket, template in pairs
            if template.active and not ticket.closed
        ]
        if not rows:
            return self.browse()
        asking = (
            self.env["res.users"]
            .browse(SUPERUSER_ID)
            ._care_as(self)
            .with_context(mail_notify_force_send=False)
        )
        consults = asking._care_ask(rows, waits=False)
        self.env.ref("mail.ir_cron_mail_scheduler_action").sudo()._trigger()
        return consults.with_env(self.env)

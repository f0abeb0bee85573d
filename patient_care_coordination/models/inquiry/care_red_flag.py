from odoo import api, fields, models, tools
from odoo.exceptions import UserError

from .hints import Hints


def target_text(env, minutes):
    """A target of ``minutes`` in the reader's words."""
    if not minutes:
        return env._("Immediately")
    hours, rest = divmod(minutes, 60)
    if rest or hours < 2:
        return env._("%s minutes", minutes)
    return env._("%s hours", hours)


class CareRedFlag(models.Model):
    """What stops the filling in of forms: somebody must be told now.

    The flags, whom they go to and their targets follow section 5 of the facts of the domain; the
    minutes are a site's own to set.
    """

    _name = "care.red.flag"
    _description = "Red Flag"
    _order = "sequence, id"

    name = fields.Char(required=True, translate=True)
    code = fields.Char(required=True, copy=False, help="Stable key used by rule files and imports.")
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    hints = fields.Text(
        help="Words that suggest this flag, one or more words a line, in all languages. A star "
        "stands for any ending: suicid*. They suggest to a person; they never raise or clear it."
    )
    instruction = fields.Text(
        "Tell staff",
        translate=True,
        help="What whoever speaks to the person does now, in one or two sentences.",
    )
    target_minutes = fields.Integer(
        "Target (minutes)",
        help="How soon a person takes it, counted from raising it; 0 means immediately.",
    )
    target_text = fields.Char("Target", compute="_compute_target_text")
    alert_group_ids = fields.Many2many(
        "res.groups", "care_red_flag_group_rel", "flag_id", "group_id", string="Alert roles"
    )
    alert_user_ids = fields.Many2many(
        "res.users",
        "care_red_flag_user_rel",
        "flag_id",
        "user_id",
        string="Alert people",
        domain=[("share", "=", False)],
    )
    alert_supervisor = fields.Boolean(
        "Alert the department's supervisor",
        default=True,
        help="The supervisor of the department it is about, else of the one above it.",
    )
    alert_lead = fields.Boolean("Alert the team's lead", default=True)

    _code_uniq = models.Constraint("unique (code)", "Another red flag has this code.")
    _target_not_negative = models.Constraint(
        "CHECK (target_minutes >= 0)",
        "The target of a red flag cannot be negative: write 0 for immediately.",
    )

    @api.depends("target_minutes")
    @api.depends_context("lang")
    def _compute_target_text(self):
        for flag in self:
            flag.target_text = target_text(flag.env, flag.target_minutes)

    @api.model_create_multi
    def create(self, vals_list):
        flags = super().create(vals_list)
        self.env.registry.clear_cache()
        return flags

    def write(self, vals):
        result = super().write(vals)
        if not {"hints", "active"}.isdisjoint(vals):
            self.env.registry.clear_cache()
        return result

    def unlink(self):
        result = super().unlink()
        self.env.registry.clear_cache()
        return result

    @api.model
    @tools.ormcache()
    def _care_hints(self):
        """The hints of all flags in use, compiled once for this process."""
        return Hints({flag.id: (flag.hints or "").splitlines() for flag in self.sudo().search([])})

    def action_care_raise(self):
        """Raise this flag on the inquiry of the form it is clicked in."""
        self.ensure_one()
        context = self.env.context
        ticket = self.env["helpdesk.ticket"].browse(context.get("care_ticket_id") or []).exists()
        if not ticket:
            raise UserError(self.env._("Open the inquiry and choose Raise a red flag there."))
        ticket.check_access("write")
        ticket._care_raise_flags(self, context.get("care_flag_note"))
        return {"type": "ir.actions.act_window_close"}

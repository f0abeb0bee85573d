import csv

from odoo import api, fields, models, tools
from odoo.exceptions import UserError, ValidationError
from odoo.tools import file_open

from ..common.from_page import from_page
from ..common.phrases import read_lists
from .hints import Hints

WORD_LISTS = "patient_care_coordination/data/flag/word_lists.csv"


def target_text(env, minutes):
    """A target of ``minutes`` in the reader's words."""
    if not minutes:
        return env._("Immediately")
    hours, rest = divmod(minutes, 60)
    if rest or hours < 2:
        return env._("%s minutes", minutes)
    return env._("%s hours", hours)


def _word_lists():
    """The lists of words that hints may name; see ``read_lists``."""
    with file_open(WORD_LISTS, "r") as stream:
        return read_lists(csv.DictReader(stream))


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
        help="Words that suggest this flag, a phrase a line, in all languages. A star stands for "
        "any ending (suicid*), a stroke for another word (hit/slapped), a plus for words near each "
        "other (hit + my mother), brackets for a list of words ([person], [staff], [medicine]). "
        'A line that begins with "unless" is an exception. They only suggest: a person decides.'
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
        domain="[('share', '=', False)]",
        help="Whoever may not read an inquiry is not told of its flags: supervisors of its company "
        "are told in their place.",
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
        flags = self.sudo().search([("active", "=", True)])
        return Hints({flag.id: (flag.hints or "").splitlines() for flag in flags}, _word_lists())

    @api.constrains("hints")
    def _check_hints(self):
        for flag in self:
            try:
                Hints({flag.id: (flag.hints or "").splitlines()}, _word_lists())
            except ValueError as error:
                raise ValidationError(
                    self.env._(
                        "The words for %(flag)s name a list that does not exist: %(why)s",
                        flag=flag.name,
                        why=error,
                    )
                ) from error

    @from_page(one=True)
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

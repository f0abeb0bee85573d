from odoo import Command, api, fields, models
from odoo.exceptions import AccessError
from odoo.tools import format_date, format_datetime

from odoo.addons.base.models.res_partner import _tz_get

from ..models.clock import calendar_math
from ..models.clock.care_policy_clock import KINDS, SEVERITIES
from ..models.common.from_page import from_page


class CarePolicyPreview(models.TransientModel):
    """What a policy would mean for an example, before it is chosen for the company."""

    _name = "care.policy.preview"
    _description = "What a Policy Would Mean"
    _inherit = ["care.checked.links"]

    company_id = fields.Many2one(
        "res.company", required=True, default=lambda self: self.env.company
    )
    policy_id = fields.Many2one(
        "care.policy",
        required=True,
        default=lambda self: self.env.company._care_policy(),
        domain="[('company_id', 'in', [company_id, False])]",
    )
    current_policy_id = fields.Many2one(
        related="company_id.care_policy_id", string="The company uses", related_sudo=False
    )
    tz = fields.Selection(
        _tz_get,
        string="Time zone of the hospital",
        compute="_compute_tz",
        store=True,
        readonly=False,
        precompute=True,
        required=True,
    )
    received_date = fields.Datetime("Received", required=True, default=fields.Datetime.now)
    nature_id = fields.Many2one("care.nature", help="Empty: the lines for all natures are shown.")
    severity = fields.Selection(SEVERITIES, string="Most serious issue")
    line_ids = fields.One2many(
        "care.policy.preview.line",
        "preview_id",
        string="Deadlines",
        compute="_compute_line_ids",
        store=True,
        precompute=True,
    )
    description = fields.Text(related="policy_id.description", related_sudo=False)

    @api.depends("company_id", "policy_id")
    def _compute_tz(self):
        """That of the company; where nobody has set one, that of the policy's calendar."""
        for wizard in self:
            zone = wizard.company_id._care_zone()
            wizard.tz = wizard.policy_id.calendar_id.tz or zone if zone == "UTC" else zone

    @api.depends("policy_id", "received_date", "nature_id", "severity", "company_id", "tz")
    def _compute_line_ids(self):
        for wizard in self:
            wizard.line_ids = [
                Command.clear(),
                *(Command.create(values) for values in wizard._care_lines()),
            ]

    def _care_lines(self):
        """Values of the lines: what is due when, in the time zone of the hospital."""
        self.ensure_one()
        policy, received = self.policy_id._origin, self.received_date
        if not policy or not received or not self.tz:
            return []
        company = self.company_id._origin
        clock = policy._care_clocks(company)[policy.id, company.id]._replace(zone=self.tz)
        values = []
        for line in policy.clock_ids:
            nature = self.nature_id._origin
            if nature and not line._care_holds_for(nature, self.severity):
                continue
            times = line._care_times(clock, received)
            values.append(
                {
                    "kind": line.kind,
                    "natures": ", ".join(line.nature_ids.mapped("name")) or self.env._("All"),
                    "due_text": self._care_text(times["due"], line),
                    "soon_text": self._care_text(times["soon_date"], line),
                    "source": line.source,
                }
            )
        return values

    def _care_text(self, moment, line):
        if line.unit == calendar_math.HOURS:
            return format_datetime(self.env, moment, tz=self.tz, dt_format="EEE d MMM y HH:mm")
        day = calendar_math.local_day(moment, self.tz)
        return format_date(self.env, day, date_format="EEE d MMM y")

    @from_page(one=True)
    def action_choose(self):
        """Make the policy that of the company; running deadlines stay as they are."""
        self.ensure_one()
        if not self.env.user.has_group("patient_care_coordination.group_supervisor"):
            raise AccessError(
                self.env._("Only a supervisor chooses the policy of a company: ask one.")
            )
        self.company_id.check_access("read")
        self.policy_id.check_access("read")
        self.company_id.sudo().write({"care_policy_id": self.policy_id.id, "care_tz": self.tz})
        return {"type": "ir.actions.act_window_close"}


class CarePolicyPreviewLine(models.TransientModel):
    _name = "care.policy.preview.line"
    _description = "What a Line of a Policy Would Mean"
    _inherit = ["care.checked.links"]

    preview_id = fields.Many2one("care.policy.preview", required=True, ondelete="cascade")
    kind = fields.Selection(KINDS, string="What")
    natures = fields.Char()
    due_text = fields.Char("Due by")
    soon_text = fields.Char("Due soon from")
    source = fields.Char("Rule")

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..common.guard import as_server


class MaintenanceRequest(models.Model):
    """A repair, and the faults that were reported for it."""

    _inherit = "maintenance.request"

    care_fault_ids = fields.One2many(
        "care.fault", "request_id", string="Reported faults", readonly=True, copy=False
    )
    # Not stored, so that nobody can point a request at an inquiry by writing it.
    care_ticket_id = fields.Many2one(
        "helpdesk.ticket",
        string="Inquiry",
        compute="_compute_care_first_fault",
        search="_search_care_ticket_id",
        compute_sudo=True,
    )
    care_reporter_id = fields.Many2one(
        "res.users", string="Reported by", compute="_compute_care_first_fault", compute_sudo=True
    )
    care_round_line_id = fields.Many2one(
        "care.round.line", compute="_compute_care_first_fault", compute_sudo=True
    )
    care_medical = fields.Boolean(related="equipment_id.care_medical", string="Medical device")

    @api.depends("care_fault_ids.ticket_id", "care_fault_ids.round_line_id")
    def _compute_care_first_fault(self):
        for request in self:
            faults = request.care_fault_ids.sorted("id")
            request.care_ticket_id = faults.ticket_id[:1]
            request.care_reporter_id = faults.reporter_id[:1]
            request.care_round_line_id = faults.round_line_id[:1]

    def _search_care_ticket_id(self, operator, value):
        if operator == "any":
            return [("care_fault_ids", "any", [("ticket_id", "any", value)])]
        if operator != "in":
            return NotImplemented
        condition = ("care_fault_ids", "any", [("ticket_id", "in", [x for x in value if x])])
        if False not in value:
            return [condition]
        return ["|", condition, ("care_fault_ids", "not any", [("ticket_id", "!=", False)])]

    def write(self, vals):
        if not {"stage_id", "archive"} & vals.keys():
            return super().write(vals)
        before = self._care_outcomes()
        result = super().write(vals)
        after = self._care_outcomes()
        changed = self.filtered(lambda request: before[request] != after[request])
        for outcome, requests in changed.grouped(after.get).items():
            faults = requests.sudo().care_fault_ids
            if not faults:
                continue
            if outcome:
                faults._care_end(outcome)
            else:
                faults._care_open_again()
        return result

    def _care_outcomes(self):
        """How each request ended, as in ``care.fault.outcome``; empty while it is open."""
        outcomes = {}
        for request in self:
            if request.archive:
                outcomes[request] = "cancelled"
            elif request.stage_id.done:
                outcomes[request] = "scrapped" if request.stage_id.care_scrap else "works"
            else:
                outcomes[request] = False
        return outcomes

    @api.ondelete(at_uninstall=False)
    def _unlink_except_reported(self):
        for request in as_server(self):
            if request.care_fault_ids:
                raise UserError(
                    self.env._(
                        "A fault was reported for %s and is kept: cancel the request instead.",
                        request.name,
                    )
                )

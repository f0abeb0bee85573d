from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from ..common.from_page import from_page
from ..common.guard import as_server

AT_ONCE = 200


class CareReroute(models.Model):
    """Inquiries that are routed again together: looked at first, chosen, applied, undone.

    Only what nobody attended to can be undone.
    """

    _name = "care.reroute"
    _description = "Routing Again"
    _order = "id desc"

    name = fields.Char(compute="_compute_name")
    company_id = fields.Many2one("res.company", required=True, index=True)
    ruleset_id = fields.Many2one("care.ruleset", string="Version", readonly=True)
    by_hand = fields.Boolean("By hand", readonly=True)
    state = fields.Selection(
        [
            ("preview", "Preview"),
            ("running", "Under way"),
            ("applied", "Applied"),
            ("undone", "Undone"),
        ],
        required=True,
        default="preview",
        readonly=True,
    )
    line_ids = fields.One2many("care.reroute.line", "reroute_id", string="Inquiries")
    looked_at = fields.Integer("Inquiries looked at", readonly=True)
    line_count = fields.Integer("Found", compute="_compute_counts")
    chosen_count = fields.Integer("Chosen", compute="_compute_counts")
    applied_count = fields.Integer("Moved", compute="_compute_counts")

    @api.depends("ruleset_id", "create_date")
    @api.depends_context("lang")
    def _compute_name(self):
        for reroute in self:
            reroute.name = self.env._("Routed again with %s", reroute.ruleset_id.name)

    @api.depends("name")
    def _compute_display_name(self):
        for reroute in self:
            reroute.display_name = reroute.name

    @api.depends("line_ids.chosen", "line_ids.state")
    def _compute_counts(self):
        for reroute in self:
            reroute.line_count = len(reroute.line_ids)
            reroute.chosen_count = len(reroute.line_ids.filtered("chosen"))
            reroute.applied_count = len(
                reroute.line_ids.filtered(lambda line: line.state == "applied")
            )

    @api.model
    def _care_preview(self, tickets, by_hand=False):
        """A batch with a line for each inquiry that the live rules would send elsewhere.

        ``by_hand``: a person asked for these very inquiries, so also those placed by hand and
        attended to are shown, not chosen.
        """
        if len(tickets.company_id) > 1:
            raise UserError(self.env._("Choose inquiries of one company at a time."))
        company = tickets.company_id or self.env.company
        live = (
            self.env["care.ruleset"]
            .sudo()
            .search([("company_id", "=", company.id), ("state", "=", "live")])
        )
        evaluated = tickets._care_evaluate() if tickets else {}
        movable = tickets._care_untouched()
        lines = []
        for ticket in tickets.sudo().browse(evaluated):
            outcome = evaluated[ticket.id]
            team = outcome["target"]["team"]
            if team == ticket.team_id.id or (not by_hand and ticket not in movable):
                continue
            lines.append(
                fields.Command.create(
                    {
                        "ticket_id": ticket.id,
                        "from_team_id": ticket.team_id.id,
                        "from_user_id": ticket.user_id.id,
                        "to_team_id": team,
                        "rule_id": outcome["rule"],
                        "locked": ticket.care_routing_locked,
                        "attended": not ticket.unattended,
                        "chosen": ticket in movable and not outcome["target"]["catch_all"],
                    }
                )
            )
        return as_server(self).create(
            {
                "company_id": company.id,
                "ruleset_id": live.id,
                "by_hand": by_hand,
                "looked_at": len(tickets),
                "line_ids": lines,
            }
        )

    def write(self, vals):
        """Only which lines are ticked is written by people."""
        if set(vals) - {"line_ids"} and not self.env.su:
            raise AccessError(self.env._("Only which inquiries are ticked can be changed."))
        return super().write(vals)

    def _care_open(self):
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Route again"),
            "res_model": self._name,
            "res_id": self.id,
            "view_mode": "form",
        }

    def _care_check_role(self):
        """Who may move inquiries in bulk: coordinators, and the routing administrator."""
        module = "patient_care_coordination"
        if not self.env.su and not any(
            self.env.user.has_group(f"{module}.{group}")
            for group in ("group_coordinator", "group_routing_admin")
        ):
            raise AccessError(self.env._("Only coordinators and routing administrators do this."))
        self.check_access("write")

    @from_page()
    def action_choose_all(self):
        """Tick every line."""
        self.line_ids.write({"chosen": True})
        return True

    @from_page()
    def action_choose_none(self):
        """Untick every line."""
        self.line_ids.write({"chosen": False})
        return True

    @from_page()
    def action_apply(self):
        """Move the chosen inquiries: few at once, many in the background in chunks."""
        self._care_check_role()
        for reroute in self.filtered(lambda batch: batch.state == "preview"):
            if not reroute.chosen_count:
                raise UserError(self.env._("Tick the inquiries to move first."))
            reroute.sudo().state = "running"
            if reroute.chosen_count <= AT_ONCE:
                reroute._care_apply_chunk(AT_ONCE)
            else:
                cron = self.env.ref("patient_care_coordination.cron_reroute")
                cron.sudo()._trigger()
        return True

    def _care_pending(self):
        return self.line_ids.filtered(lambda line: line.chosen and line.state == "pending")

    def _care_apply_chunk(self, size):
        """Apply the next lines; returns how many are left."""
        self.ensure_one()
        pending = self.sudo()._care_pending()
        lines = pending[:size]
        free = lines.ticket_id.try_lock_for_update()
        mine = lines.filtered(lambda line: line.ticket_id in free)
        (lines - mine).write({"state": "skipped", "note": self.env._("in use by somebody else")})
        still = mine.filtered(lambda line: line._care_is_as_seen())
        (mine - still).write({"state": "skipped", "note": self.env._("changed in the meantime")})
        tickets = still.ticket_id
        if tickets:
            evaluated = tickets._care_evaluate()
            other = still.filtered(lambda line: line._care_target_changed(evaluated))
            other.write(
                {"state": "skipped", "note": self.env._("the rules changed in the meantime")}
            )
            still -= other
            evaluated = {ticket.id: evaluated[ticket.id] for ticket in still.ticket_id}
            tickets = still.ticket_id
            tickets.browse(evaluated)._care_move(evaluated, "again")
            tickets._care_write_routing({"care_routing_locked": False})
            for line in still:
                line.write(
                    {
                        "state": "applied",
                        "to_team_id": line.ticket_id.team_id.id,
                        "to_user_id": line.ticket_id.user_id.id,
                    }
                )
        left = len(pending) - len(lines)
        if not left:
            self.sudo().state = "applied"
        return left

    @api.model
    def _cron_care_reroute(self, size=AT_ONCE):
        """Go on with the batches that are under way."""
        cron = self.env["ir.cron"]
        running = self.search([("state", "=", "running")], order="id")
        cron._commit_progress(remaining=sum(len(batch._care_pending()) for batch in running))
        for batch in running:
            while batch.state == "running":
                before = len(batch._care_pending())
                left = batch._care_apply_chunk(size)
                if not cron._commit_progress(before - left):
                    return

    @from_page()
    def action_undo(self):
        """Put back what nobody attended to since; the rest stays and says why."""
        self._care_check_role()
        for reroute in self.sudo().filtered(lambda batch: batch.state == "applied"):
            lines = reroute.line_ids.filtered(lambda line: line.state == "applied")
            back = lines.filtered(
                lambda line: (
                    line.ticket_id.unattended
                    and line.ticket_id.team_id == line.to_team_id
                    and line.ticket_id.user_id == line.to_user_id
                )
            )
            (lines - back).write({"note": self.env._("stays: somebody works on it")})
            rows = []
            for line in back:
                line.ticket_id._care_write_routing(
                    {
                        "team_id": line.from_team_id.id,
                        "user_id": line.from_user_id.id,
                        "care_routing_locked": line.locked,
                    }
                )
                rows.append(
                    {
                        "ticket_id": line.ticket_id.id,
                        "company_id": line.ticket_id.company_id.id,
                        "team_id": line.from_team_id.id,
                        "user_id": line.from_user_id.id,
                        "source": "human",
                        "event": "undo",
                    }
                )
            as_server(self.env["care.decision"]).create(rows)
            back.write({"state": "undone"})
            reroute.state = "undone"
        return True

    @api.model
    def _care_preview_open(self, company):
        """The batch of all open inquiries that nobody attended to."""
        tickets = (
            self.env["helpdesk.ticket"]
            .sudo()
            .search(
                [
                    ("company_id", "=", company.id),
                    ("care_is_inquiry", "=", True),
                    ("closed_date", "=", False),
                    ("unattended", "=", True),
                ],
                order="care_received_date, id",
                limit=10_000,
            )
        )
        return self._care_preview(tickets)


class CareRerouteLine(models.Model):
    """One inquiry of such a batch."""

    _name = "care.reroute.line"
    _description = "Inquiry Routed Again"
    _order = "reroute_id, id"

    reroute_id = fields.Many2one("care.reroute", required=True, index=True, ondelete="cascade")
    company_id = fields.Many2one(related="reroute_id.company_id", store=True)
    batch_state = fields.Selection(related="reroute_id.state", string="State of the batch")
    ticket_id = fields.Many2one(
        "helpdesk.ticket", string="Inquiry", required=True, ondelete="restrict", readonly=True
    )
    from_team_id = fields.Many2one("helpdesk.ticket.team", string="From", readonly=True)
    from_user_id = fields.Many2one("res.users", string="From person", readonly=True)
    to_team_id = fields.Many2one("helpdesk.ticket.team", string="To", readonly=True)
    to_user_id = fields.Many2one("res.users", string="To person", readonly=True)
    rule_id = fields.Many2one("care.rule", string="By rule", readonly=True)
    locked = fields.Boolean("Placed by hand", readonly=True)
    attended = fields.Boolean("Somebody works on it", readonly=True)
    chosen = fields.Boolean("Move")
    state = fields.Selection(
        [
            ("pending", "Not yet"),
            ("applied", "Moved"),
            ("skipped", "Left"),
            ("undone", "Put back"),
        ],
        default="pending",
        required=True,
        readonly=True,
    )
    note = fields.Char(readonly=True)

    def write(self, vals):
        if set(vals) - {"chosen"} and not self.env.su:
            raise AccessError(self.env._("Only which inquiries are ticked can be changed."))
        return super().write(vals)

    def _care_target_changed(self, evaluated):
        """Whether the rules by now say something else than the preview showed."""
        self.ensure_one()
        outcome = evaluated.get(self.ticket_id.id)
        return not outcome or outcome["target"]["team"] != self.to_team_id.id

    def _care_is_as_seen(self):
        """Whether the inquiry is still as it was when the batch was looked at."""
        self.ensure_one()
        ticket = self.ticket_id
        return (
            not ticket.closed
            and ticket.team_id == self.from_team_id
            and ticket.user_id == self.from_user_id
        )

from odoo import api, fields, models

from ..common.guard import as_server


class HelpdeskTicketTeam(models.Model):
    _name = "helpdesk.ticket.team"
    _inherit = ["helpdesk.ticket.team", "care.routing.reference"]

    care_strategy = fields.Selection(
        [
            ("manual", "By hand"),
            ("least_load", "Least load"),
            ("round_robin", "Round robin"),
        ],
        string="Choice of the person",
        required=True,
        default="manual",
        help="By hand: a person takes or gives each inquiry. Least load: who has the least open "
        "work over all teams. Round robin: one after the other.",
    )
    care_calendar_id = fields.Many2one(
        "resource.calendar",
        string="Opening hours",
        help="When the team is there. Without hours it counts as always open.",
    )
    care_hint_stays = fields.Boolean(
        "Keep what is sent to this team",
        help="What arrives through this team's own alias or form stays here, whatever rules say.",
    )
    care_preferred_wait = fields.Float(
        "Wait for preferred skills (hours)",
        default=2.0,
        help="How long an inquiry waits for somebody with the preferred skills before anybody "
        "with the required ones may get it.",
    )
    care_turn_sequence_id = fields.Many2one(
        "ir.sequence", string="Turns", readonly=True, copy=False, ondelete="set null"
    )

    @api.model_create_multi
    def create(self, vals_list):
        teams = super().create(vals_list)
        teams._care_make_turns()
        return teams

    def write(self, vals):
        result = super().write(vals)
        if "care_strategy" in vals:
            self._care_make_turns()
        return result

    def unlink(self):
        sequences = self.sudo().care_turn_sequence_id
        result = super().unlink()
        sequences.unlink()
        return result

    def _care_make_turns(self):
        """Give each round robin its own PostgreSQL sequence, from which turns are drawn."""
        missing = self.filtered(
            lambda team: team.care_strategy == "round_robin" and not team.care_turn_sequence_id
        )
        sequences = as_server(self.env["ir.sequence"]).create(
            [
                {
                    "name": self.env._("Turns of %s", team.name),
                    "code": "care.turn",
                    "implementation": "standard",
                    "company_id": False,
                }
                for team in missing
            ]
        )
        for team, sequence in zip(missing, sequences, strict=True):
            team.sudo().care_turn_sequence_id = sequence

    def _care_draw_turns(self, number):
        """``number`` turns of this team: no lock, no two drawers with the same one."""
        self.ensure_one()
        self.env.cr.execute(
            "SELECT nextval(%s) FROM generate_series(1, %s)",
            [f"ir_sequence_{self.care_turn_sequence_id.id:03d}", number],
        )
        return sorted(row[0] for row in self.env.cr.fetchall())

    def _care_hours_between(self, start, stop):
        """Working hours of this team between two moments (naive UTC); all hours without any."""
        self.ensure_one()
        calendar = self.sudo().care_calendar_id
        if calendar:
            return calendar.get_work_hours_count(start, stop)
        return (stop - start).total_seconds() / 3600

    def _care_is_open(self, now=None):
        """``{team id: bool}`` by their opening hours at a moment (naive UTC, default now)."""
        teams = self.sudo()
        opened = teams.care_calendar_id._care_open(now)
        return {
            team.id: not team.care_calendar_id or team.care_calendar_id.id in opened
            for team in teams
        }

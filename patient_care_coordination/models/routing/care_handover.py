import logging

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..common.from_page import from_page
from ..common.guard import as_server

_logger = logging.getLogger(__name__)


class CareHandover(models.Model):
    """An inquiry under way whose person is absent, with the delegate proposed for it."""

    _name = "care.handover"
    _description = "Hand-over of an Inquiry"
    _order = "state desc, until, id"
    _rec_name = "ticket_id"

    ticket_id = fields.Many2one(
        "helpdesk.ticket", string="Inquiry", required=True, index=True, ondelete="restrict"
    )
    company_id = fields.Many2one(related="ticket_id.company_id", store=True, index=True)
    team_id = fields.Many2one(related="ticket_id.team_id")
    user_id = fields.Many2one("res.users", string="Absent", required=True, readonly=True)
    until = fields.Datetime("Absent until", readonly=True, help="The last moment of the absence.")
    delegate_id = fields.Many2one(
        "res.users",
        string="Proposed delegate",
        domain="[('share', '=', False), ('id', '!=', user_id)]",
    )
    state = fields.Selection(
        [("proposed", "Proposed"), ("kept", "Waits for the return"), ("done", "Handed over")],
        required=True,
        default="proposed",
        readonly=True,
    )

    _one_open = models.UniqueIndex(
        "(ticket_id, user_id) WHERE state = 'proposed'", "This hand-over is proposed already."
    )

    @from_page()
    def action_hand_over(self):
        """Give the inquiries to their delegates; raises UserError where none is chosen."""
        for handover in self.filtered(lambda row: row.state == "proposed"):
            if not handover.delegate_id:
                raise UserError(
                    self.env._("Choose a delegate for %s first.", handover.ticket_id.display_name)
                )
            ticket = handover.ticket_id
            # Somebody may have taken or closed it since it was proposed.
            if ticket.user_id == handover.user_id and not ticket.closed:
                if handover.delegate_id in ticket.sudo().care_about_user_ids:
                    raise UserError(
                        self.env._(
                            "%(inquiry)s is about %(name)s: choose another delegate.",
                            inquiry=ticket.display_name,
                            name=handover.delegate_id.name,
                        )
                    )
                ticket.write({"user_id": handover.delegate_id.id})
            handover.state = "done"
        return True

    @from_page()
    def action_keep(self):
        """Leave the inquiries with the absent person."""
        self.filtered(lambda row: row.state == "proposed").write({"state": "kept"})
        return True

    @api.model
    def _cron_care_absences(self):
        """Move work at the start of each absence: once, also when this runs twice."""
        now = fields.Datetime.now()
        leaves_model = self.env["resource.calendar.leaves"].sudo()
        domain = [
            ("care_moved", "=", False),
            ("date_from", "<=", now),
            ("date_to", ">=", now),
            ("time_type", "=", "leave"),
            ("resource_id.user_id", "!=", False),
        ]
        leaves = leaves_model.search(domain)
        cron = self.env["ir.cron"]
        cron._commit_progress(remaining=len(leaves))
        for candidate in leaves:
            leave = candidate.try_lock_for_update().filtered_domain(domain)
            try:
                with self.env.cr.savepoint():
                    self._care_start_absence(leave.resource_id.user_id, leave.date_to)
                    leave.care_moved = True
            except Exception:
                # The work of others must move all the same; this one is tried again next time.
                _logger.exception("The absence %s could not be handled", candidate.id)
            if not cron._commit_progress(1):
                break

    @api.model
    def _care_start_absence(self, user, until):
        """Send back what nobody attended to, and propose a delegate for what is under way."""
        if not user:
            return
        tickets = (
            self.env["helpdesk.ticket"]
            .sudo()
            .search(
                [
                    ("user_id", "=", user.id),
                    ("care_is_inquiry", "=", True),
                    ("closed_date", "=", False),
                ]
            )
        )
        waiting = tickets.filtered("unattended")
        if waiting:
            waiting._care_send_back()
        self._care_propose(tickets - waiting, user, until)

    @api.model
    def _care_propose(self, tickets, user, until):
        """Rows of the hand-over list, and one activity that tells the lead of each team."""
        known = self.sudo().search(
            [
                ("ticket_id", "in", tickets.ids),
                ("user_id", "=", user.id),
                ("state", "=", "proposed"),
            ]
        )
        tickets -= known.ticket_id
        if not tickets:
            return
        absent = user.browse(tickets._care_absent())
        delegate = user._care_present_delegates(absent)[user]
        as_server(self).create(
            [
                {
                    "ticket_id": ticket.id,
                    "user_id": user.id,
                    "until": until,
                    "delegate_id": ticket._care_delegate(delegate, absent).id,
                }
                for ticket in tickets
            ]
        )
        for mine in tickets.grouped("team_id").values():
            mine[0].activity_schedule(
                "mail.mail_activity_data_todo",
                summary=self.env._("Hand over inquiries"),
                note=self.env._(
                    "%(name)s is absent: %(count)s inquiries under way are in the hand-over list.",
                    name=user.name,
                    count=len(mine),
                ),
                user_id=mine[0]._care_lead().id,
            )

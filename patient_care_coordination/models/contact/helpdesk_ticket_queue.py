from odoo import api, fields, models

from ..inquiry.helpdesk_ticket import STAFF

MISSED, URGENT, IN_TURN = "1", "2", "3"


class HelpdeskTicket(models.Model):
    """The order of the worklists: broken promises, what is urgent, then what is due next.

    A promise is missed by the passing of time alone, and an index cannot ask for the time. So the
    place is stored, and a job that wakes when a promise is due moves its inquiry up.
    """

    _inherit = "helpdesk.ticket"

    care_queue = fields.Selection(
        [(MISSED, "Missed promise"), (URGENT, "Urgent"), (IN_TURN, "In turn")],
        "Queue",
        compute="_compute_care_queue",
        store=True,
        copy=False,
        groups=STAFF,
        help="Urgent: of high priority or with an open red flag.",
    )

    # The default order of the worklists, over the few open inquiries alone.
    _care_queue_idx = models.Index(
        "(care_queue, care_next_due, care_received_date, id)"
        " WHERE care_is_inquiry IS TRUE AND closed_date IS NULL"
    )
    _care_user_queue_idx = models.Index(
        "(user_id, care_queue, care_next_due, care_received_date, id)"
        " WHERE care_is_inquiry IS TRUE AND closed_date IS NULL"
    )
    _care_team_queue_idx = models.Index(
        "(team_id, care_queue, care_next_due, care_received_date, id)"
        " WHERE care_is_inquiry IS TRUE AND closed_date IS NULL"
    )

    @api.depends("care_is_inquiry", "priority", "care_next_promise", "care_alarm_ids.state")
    def _compute_care_queue(self):
        now = fields.Datetime.now()
        inquiries = self.filtered("care_is_inquiry")
        alarms = inquiries._care_open_alarms()
        (self - inquiries).care_queue = False
        for ticket in inquiries:
            if ticket.care_next_promise and ticket.care_next_promise < now:
                ticket.care_queue = MISSED
            elif ticket.priority in ("2", "3") or alarms.get(ticket.id):
                ticket.care_queue = URGENT
            else:
                ticket.care_queue = IN_TURN

    @api.model
    def _cron_care_queue(self, batch_size=500):
        """Move up the inquiries whose promise was missed since the last run."""
        missed = [
            ("care_is_inquiry", "=", True),
            ("care_next_promise", "<", fields.Datetime.now()),
            ("care_queue", "!=", MISSED),
        ]
        tickets = self.sudo().with_context(active_test=False).search(missed, order="id")
        cron = self.env["ir.cron"]
        cron._commit_progress(remaining=len(tickets))
        for start in range(0, len(tickets), batch_size):
            batch = tickets[start : start + batch_size]
            self.env.add_to_compute(self._fields["care_queue"], batch)
            self.env.flush_all()
            if not cron._commit_progress(len(batch)):
                break

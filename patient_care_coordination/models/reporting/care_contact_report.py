from odoo import fields, models
from odoo.tools import SQL

from ..contact.care_contact import CHANNELS, RESULTS


class CareContactReport(models.Model):
    """Contacts about inquiries, a row each; of one that was corrected the correction alone."""

    _name = "care.contact.report"
    _description = "Contact Analysis"
    _inherit = ["care.analysis"]
    _auto = False
    _order = "date desc, id desc"
    _rec_name = "ticket_id"
    _depends = {
        "care.contact": [
            "ticket_id",
            "company_id",
            "date",
            "direction",
            "channel",
            "result",
            "duration",
            "user_id",
            "with_caller",
            "automatic",
            "corrects_id",
        ],
    }

    date = fields.Datetime("When", readonly=True)
    channel = fields.Selection(CHANNELS, readonly=True)
    direction = fields.Selection([("in", "To us"), ("out", "From us")], readonly=True)
    result = fields.Selection(RESULTS, string="Result of the call", readonly=True)
    by_user_id = fields.Many2one("res.users", string="By", readonly=True)
    duration = fields.Integer("Minutes", readonly=True)
    calls = fields.Integer(readonly=True)
    reached = fields.Integer("Calls reached", readonly=True)
    reached_rate = fields.Float("Calls reached (%)", readonly=True, aggregator="avg")
    with_caller = fields.Integer("With the caller", readonly=True)
    automatic = fields.Integer("Sent by a machine", readonly=True)

    @property
    def _table_query(self):
        shared, joins = self._care_shared()
        return SQL(
            """
            SELECT contact.id, contact.company_id, contact.date, contact.channel,
                   contact.direction, contact.result, contact.user_id AS by_user_id,
                   contact.duration,
                   (contact.channel = 'call')::integer AS calls,
                   (contact.channel = 'call' AND contact.result = 'reached')::integer AS reached,
                   CASE WHEN contact.channel = 'call' AND contact.result IS NOT NULL
                        THEN 100.0::float * (contact.result = 'reached')::integer
                   END AS reached_rate,
                   contact.with_caller::integer AS with_caller,
                   contact.automatic::integer AS automatic,
                   %s
              FROM care_contact contact
              LEFT JOIN helpdesk_ticket ticket ON ticket.id = contact.ticket_id
              %s
             WHERE contact.ticket_id IS NOT NULL
               AND NOT EXISTS (
                   SELECT FROM care_contact newer WHERE newer.corrects_id = contact.id
               )
            """,
            shared,
            joins,
        )

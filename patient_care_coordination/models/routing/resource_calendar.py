from datetime import timedelta

import pytz

from odoo import fields, models


class ResourceCalendar(models.Model):
    _name = "resource.calendar"
    _inherit = ["resource.calendar", "care.routing.reference"]

    def _care_open(self, now=None):
        """Ids of the calendars that are open at a moment (naive UTC, default now)."""
        start = pytz.utc.localize(now or fields.Datetime.now())
        stop = start + timedelta(minutes=1)
        return {
            calendar.id
            for calendar in self.sudo()
            if calendar._work_intervals_batch(start, stop, tz=pytz.timezone(calendar.tz))[False]
        }

"""When a clock ends: the arithmetic of deadlines, without a database.

Plain values in, plain values out; nothing of Odoo and no sibling is imported. Moments are naive
datetimes in UTC with the precision of a second, days are local dates, zones are names of the tz
database. No number of any law lives here: amounts come from the lines of a policy.
"""

from bisect import bisect_right
from calendar import monthrange
from datetime import date, datetime, time, timedelta, timezone
from functools import cached_property, lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

HOURS = "hours"
WORKING_DAYS = "working_days"
CALENDAR_DAYS = "calendar_days"
MONTHS = "months"
# Months that commence on the day of receipt, and so end a day earlier.
MONTHS_FROM_DAY = "months_from_day"
UNITS = (HOURS, WORKING_DAYS, CALENDAR_DAYS, MONTHS, MONTHS_FROM_DAY)
# A leave that covers more than this of a day makes it a holiday: typed in another time zone it may
# begin an hour late, and an afternoon off is none.
HOLIDAY = timedelta(hours=12)

_zone = lru_cache(maxsize=None)(ZoneInfo)


class WorkingDays:
    """Which days are working days: some weekdays, less the holidays.

    :param weekdays: numbers of the working weekdays, Monday is 0
    :param holidays: dates on which nobody works
    """

    def __init__(self, weekdays, holidays=()):
        self.weekdays = frozenset(weekdays)
        if not self.weekdays <= frozenset(range(7)):
            raise ValueError("weekdays are the numbers from 0 (Monday) to 6 (Sunday)")
        self.holidays = frozenset(holidays)

    @cached_property
    def _lost(self):
        """Holidays that take a working day away, in order."""
        return sorted(day for day in self.holidays if day.weekday() in self.weekdays)

    def __contains__(self, day):
        return day.weekday() in self.weekdays and day not in self.holidays

    def between(self, start, end):
        """How many working days lie after ``start`` up to and with ``end``.

        Negative when ``end`` comes first, so that it undoes ``add``.
        """
        if end < start:
            return -self.between(end, start)
        weeks, rest = divmod((end - start).days, 7)
        first = start.weekday()
        days = weeks * len(self.weekdays) + sum(
            (first + step) % 7 in self.weekdays for step in range(1, rest + 1)
        )
        return days - bisect_right(self._lost, end) + bisect_right(self._lost, start)

    def add(self, day, count):
        """The last day of "not later than ``count`` working days after ``day``".

        ``day`` itself, the day of receipt, is never counted. A negative ``count`` goes back: as
        many working days lie from the answer up to the day before ``day``. Zero is ``day``.
        """
        if not count:
            return day
        if not self.weekdays:
            raise ValueError("the calendar has no working weekday: give it its working hours")
        # No more days than this are needed: all weeks, and every holiday hit.
        reach = (abs(count) + len(self._lost)) // len(self.weekdays) * 7 + 7
        if count > 0:
            return day + timedelta(self._least(reach, lambda n: self._after(day, n) >= count))
        return day - timedelta(self._least(reach, lambda n: self._before(day, n) >= -count))

    def _after(self, day, number):
        return self.between(day, day + timedelta(number))

    def _before(self, day, number):
        """Working days among the ``number`` days before ``day``."""
        eve = timedelta(1)
        return self.between(day - timedelta(number) - eve, day - eve)

    @staticmethod
    def _least(reach, enough):
        """The least number up to ``reach`` that is enough; what is enough stays enough."""
        low, high = 0, reach
        while low < high:
            middle = (low + high) // 2
            low, high = (low, middle) if enough(middle) else (middle + 1, high)
        return low


class Clock(NamedTuple):
    """Where and by whose calendar clocks run.

    :param zone: the time zone of the hospital, by name
    :param working: its ``WorkingDays``
    """

    zone: str
    working: WorkingDays

    def due(self, start, amount, unit):
        """When a clock of ``amount`` ``unit`` ends that began at ``start``.

        Hours end to the second, whatever the clocks on the wall did meanwhile. All others end
        with the last second of a local day, counted from the day after that of ``start``; months
        that commence on that day count it.
        """
        if unit == HOURS:
            return start + timedelta(hours=amount)
        return end_of_day(self.last_day(local_day(start, self.zone), amount, unit), self.zone)

    def last_day(self, day, amount, unit):
        """The day on which a clock of days or months ends that began on ``day``."""
        if unit == WORKING_DAYS:
            return self.working.add(day, amount)
        if unit == CALENDAR_DAYS:
            return day + timedelta(days=amount)
        if unit == MONTHS:
            return add_months(day, amount)
        if unit == MONTHS_FROM_DAY:
            return last_day_of_months(day, amount)
        raise ValueError(f"{unit!r} is none of {', '.join(UNITS)}")

    def working_days(self, start, end):
        """How many working days after the day of ``start`` up to the day of ``end``.

        Two moments of one local day, or of a day and the weekend after it, have none.
        """
        return self.working.between(local_day(start, self.zone), local_day(end, self.zone))

    def before(self, due, amount, unit):
        """The moment ``amount`` ``unit`` before ``due``: when a warning is given.

        Hours are taken off to the second. For days and months it is the begin of the local day.
        """
        if unit == HOURS:
            return due - timedelta(hours=amount)
        day = self.last_day(local_day(due, self.zone), -amount, unit)
        return start_of_day(day, self.zone)


def local_day(moment, zone):
    """The date on the wall of ``zone`` at a moment."""
    return moment.replace(tzinfo=timezone.utc).astimezone(_zone(zone)).date()


def start_of_day(day, zone):
    """The first moment of a local day; where the clocks skip midnight, that of the jump."""
    local = datetime.combine(day, time.min, tzinfo=_zone(zone))
    return local.astimezone(timezone.utc).replace(tzinfo=None)


def end_of_day(day, zone):
    """The last second of a local day, be it of 23, 24 or 25 hours."""
    return start_of_day(day + timedelta(days=1), zone) - timedelta(seconds=1)


def add_months(day, months):
    """The same day ``months`` later (or earlier), at most the last day of that month."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def last_day_of_months(day, months):
    """The last day of a period of ``months`` that commences on ``day``.

    That is the day before the corresponding date; where a month has none, its last day. From
    29 February 2028 six months end on 28 August, from 2 April on 1 October, from the first of a
    month with the last of one (SI 2009/309 reg. 14: "commencing on the day on which the complaint
    was received").
    """
    if not months:
        return day
    if day.day == 1:
        return add_months(day, months) - timedelta(days=1)
    first = add_months(day.replace(day=1), months)
    return first.replace(day=min(day.day - 1, monthrange(first.year, first.month)[1]))


def within_months(event, received, months):
    """Whether something was received not later than ``months`` after the day of the event."""
    return received <= add_months(event, months)


def holidays(spans, zone):
    """The local days that leaves take off.

    :param spans: pairs of moments, begin and end
    """
    days = set()
    for begin, end in spans:
        day, last = local_day(begin, zone), local_day(end, zone)
        while day <= last:
            covered = min(end, end_of_day(day, zone)) - max(begin, start_of_day(day, zone))
            # The last second of a day belongs to it.
            if covered + timedelta(seconds=1) > HOLIDAY:
                days.add(day)
            day += timedelta(days=1)
    return frozenset(days)

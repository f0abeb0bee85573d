"""The second implementation of the clocks: day by day, hour by hour.

Slow and plain, so that one sees at a glance that it is right. What a zone's time is at a moment
comes from the same time zone database as in the clocks: two databases of different age disagree
about years to come.
"""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

DAY = timedelta(days=1)


def works(day, weekdays, holidays):
    return day.weekday() in weekdays and day not in holidays


def add_working_days(day, count, weekdays, holidays):
    step = DAY if count > 0 else -DAY
    while count:
        day += step
        if works(day, weekdays, holidays):
            count -= step.days
    return day


def working_days_between(start, end, weekdays, holidays):
    if end < start:
        return -working_days_between(end, start, weekdays, holidays)
    count = 0
    while start < end:
        start += DAY
        count += works(start, weekdays, holidays)
    return count


def add_months(day, months):
    year, month = day.year, day.month
    for _ in range(abs(months)):
        month += 1 if months > 0 else -1
        if month == 13:
            year, month = year + 1, 1
        if month == 0:
            year, month = year - 1, 12
    number = day.day
    while True:
        try:
            return date(year, month, number)
        except ValueError:
            number -= 1


def local(moment, zone):
    return moment.replace(tzinfo=UTC).astimezone(ZoneInfo(zone))


def end_of_day(day, zone):
    """Walk through UTC in quarters of an hour, by the quarter on which zones change."""
    moment = datetime.combine(day, time.min) - timedelta(hours=20)
    last = None
    for _ in range(4 * 72):
        if local(moment, zone).date() <= day:
            last = moment
        moment += timedelta(minutes=15)
    while local(last + timedelta(seconds=1), zone).date() <= day:
        last += timedelta(seconds=1)
    return last


def due(start, amount, unit, zone, weekdays, holidays):
    if unit == "hours":
        for _ in range(amount):
            start += timedelta(minutes=60)
        return start
    day = local(start, zone).date()
    if unit == "working_days":
        day = add_working_days(day, amount, weekdays, holidays)
    elif unit == "calendar_days":
        for _ in range(amount):
            day += DAY
    elif unit == "months":
        day = add_months(day, amount)
    else:
        day = last_of_months(day, amount)
    return end_of_day(day, zone)


def last_of_months(day, months):
    """Go on day by day from ``day`` until that many corresponding dates would be reached."""
    if not months:
        return day
    wanted, year, month = day.day, day.year, day.month
    for _ in range(months):
        year, month = (year + 1, 1) if month == 12 else (year, month + 1)
    last = day
    while (last.year, last.month) < (year, month):
        last += DAY
    # In the last month: up to the day before the one on which it began.
    before = last - DAY
    while (last.year, last.month) == (year, month) and last.day < wanted:
        before, last = last, last + DAY
    return before


def holidays(spans, zone):
    """Count the minutes of each day that a leave of whole minutes covers."""
    days = set()
    for begin, end in spans:
        minutes = {}
        moment = begin
        while moment <= end:
            day = local(moment, zone).date()
            minutes[day] = minutes.get(day, 0) + 1
            moment += timedelta(minutes=1)
        days |= {day for day, count in minutes.items() if count > 12 * 60}
    return days

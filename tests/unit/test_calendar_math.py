"""When clocks end: worked examples, and a naive second implementation on generated calendars."""

import os
import unittest
from datetime import date, datetime, time, timedelta

from hypothesis import event, example, given, settings
from hypothesis import strategies as st

from ..pure import load
from . import naive_calendar as naive

EXAMPLES = int(os.environ.get("CARE_EXAMPLES", "1500"))


calendar_math = load("clock.calendar_math")

WEEK = frozenset(range(5))
ENGLAND_2026 = {
    date(2026, 1, 1),
    date(2026, 4, 3),
    date(2026, 4, 6),
    date(2026, 5, 4),
    date(2026, 5, 25),
    date(2026, 8, 31),
    date(2026, 12, 25),
    date(2026, 12, 28),
}
# Zones that change at midnight, by half an hour, by a whole day, never, or in the other half of
# the year.
ZONES = (
    "Europe/London",
    "UTC",
    "America/New_York",
    "America/Santiago",
    "America/Havana",
    "America/Sao_Paulo",
    "Asia/Kathmandu",
    "Australia/Brisbane",
    "Australia/Lord_Howe",
    "Pacific/Apia",
    "Asia/Beirut",
)


def clock(zone, weekdays=WEEK, holidays=()):
    return calendar_math.Clock(zone, calendar_math.WorkingDays(weekdays, holidays))


ENGLAND = clock("Europe/London", holidays=ENGLAND_2026)


class TestWorkedExamples(unittest.TestCase):
    def test_england_acknowledgement_over_easter(self):
        # Received Thursday 2 April 2026 at 16:00 in London; Good Friday and Easter Monday follow.
        due = ENGLAND.due(datetime(2026, 4, 2, 15), 3, "working_days")
        self.assertEqual(due, datetime(2026, 4, 9, 22, 59, 59))
        self.assertEqual(calendar_math.local_day(due, "Europe/London"), date(2026, 4, 9))

    def test_us_calendar_days_ignore_holidays(self):
        us = clock("America/New_York", holidays={date(2025, 12, 25)})
        due = us.due(datetime(2025, 12, 24, 15), 7, "calendar_days")
        self.assertEqual(due, datetime(2026, 1, 1, 4, 59, 59))
        self.assertEqual(calendar_math.local_day(due, us.zone), date(2025, 12, 31))

    def test_oral_and_settled_by_the_next_working_day(self):
        friday = date(2026, 2, 6)
        self.assertEqual(ENGLAND.working.between(friday, date(2026, 2, 9)), 1)
        self.assertEqual(ENGLAND.working.between(friday, date(2026, 2, 10)), 2)
        due = ENGLAND.due(datetime(2026, 2, 6, 10), 1, "working_days")
        self.assertEqual(calendar_math.local_day(due, "Europe/London"), date(2026, 2, 9))

    def test_england_limit_of_twelve_months(self):
        happened = date(2025, 3, 1)
        self.assertTrue(calendar_math.within_months(happened, date(2026, 3, 1), 12))
        self.assertFalse(calendar_math.within_months(happened, date(2026, 3, 2), 12))

    def test_summer_time_goes_on_after_2037(self):
        self.assertEqual(
            clock("Europe/London").due(datetime(2031, 1, 1), 87, "months"),
            datetime(2038, 4, 1, 22, 59, 59),
        )

    def test_received_late_in_the_evening_counts_on_the_local_day(self):
        # 23:30 on 30 June in London is 22:30 in UTC; in New York it is still the afternoon.
        late = datetime(2026, 6, 30, 22, 30)
        self.assertEqual(ENGLAND.due(late, 1, "working_days"), datetime(2026, 7, 1, 22, 59, 59))
        # After midnight in London it is the next day, though UTC has not turned.
        after = datetime(2026, 6, 30, 23, 30)
        self.assertEqual(ENGLAND.due(after, 1, "working_days"), datetime(2026, 7, 2, 22, 59, 59))

    def test_working_days_from_moment_to_moment(self):
        """Maundy Thursday at 23:30 in summer time is that day in London, and the day before it
        in UTC: Tuesday is the first working day after Easter.
        """
        evening = datetime(2026, 4, 2, 22, 30)
        for end, count in (
            (datetime(2026, 4, 2, 22, 45), 0),
            (datetime(2026, 4, 6, 22, 59), 0),
            (datetime(2026, 4, 6, 23, 0), 1),
            (datetime(2026, 4, 8, 12), 2),
        ):
            self.assertEqual(ENGLAND.working_days(evening, end), count, end)

    def test_received_on_a_day_off(self):
        # Saturday 4 April 2026: the first working day is Tuesday 7 April.
        due = ENGLAND.due(datetime(2026, 4, 4, 9), 1, "working_days")
        self.assertEqual(calendar_math.local_day(due, "Europe/London"), date(2026, 4, 7))

    def test_six_months_of_england_commence_on_the_day_of_receipt(self):
        # SI 2009/309 reg. 14(3)(a): "commencing on the day on which the complaint was received".
        for received, last in (
            (date(2026, 4, 2), date(2026, 10, 1)),
            (date(2028, 2, 29), date(2028, 8, 28)),
            (date(2026, 8, 31), date(2027, 2, 28)),
            (date(2026, 4, 1), date(2026, 9, 30)),
        ):
            due = ENGLAND.due(datetime.combine(received, time(12)), 6, "months_from_day")
            self.assertEqual(calendar_math.local_day(due, "Europe/London"), last)

    def test_six_months_are_clamped_to_the_end_of_the_month(self):
        self.assertEqual(calendar_math.add_months(date(2026, 8, 31), 6), date(2027, 2, 28))
        self.assertEqual(calendar_math.add_months(date(2027, 8, 31), 6), date(2028, 2, 29))
        self.assertEqual(calendar_math.add_months(date(2026, 3, 31), -1), date(2026, 2, 28))
        self.assertEqual(calendar_math.add_months(date(2026, 11, 30), 2), date(2027, 1, 30))

    def test_hours_take_no_notice_of_the_wall(self):
        # London goes forward in the night of 29 March 2026.
        start = datetime(2026, 3, 28, 20)
        self.assertEqual(ENGLAND.due(start, 48, "hours"), datetime(2026, 3, 30, 20))

    def test_end_of_days_of_23_and_25_hours(self):
        end, begin = calendar_math.end_of_day, calendar_math.start_of_day
        for day, hours in (
            (date(2026, 3, 29), 23),
            (date(2026, 10, 25), 25),
            (date(2026, 6, 1), 24),
        ):
            with self.subTest(day=day):
                length = end(day, "Europe/London") - begin(day, "Europe/London")
                self.assertEqual(length + timedelta(seconds=1), timedelta(hours=hours))

    def test_a_day_without_midnight(self):
        # Santiago jumps from midnight to 1:00 on 6 September 2026.
        begin = calendar_math.start_of_day(date(2026, 9, 6), "America/Santiago")
        self.assertEqual(begin, datetime(2026, 9, 6, 4))
        self.assertEqual(
            calendar_math.end_of_day(date(2026, 9, 5), "America/Santiago"),
            datetime(2026, 9, 6, 3, 59, 59),
        )

    def test_warning_days_before(self):
        # Due Thursday 9 April 2026; one working day before begins on Wednesday, three on the
        # Thursday before Easter.
        due = datetime(2026, 4, 9, 22, 59, 59)
        self.assertEqual(ENGLAND.before(due, 1, "working_days"), datetime(2026, 4, 7, 23))
        self.assertEqual(ENGLAND.before(due, 3, "working_days"), datetime(2026, 4, 1, 23))
        self.assertEqual(ENGLAND.before(due, 2, "calendar_days"), datetime(2026, 4, 6, 23))
        self.assertEqual(ENGLAND.before(due, 6, "hours"), datetime(2026, 4, 9, 16, 59, 59))

    def test_holidays_from_leaves(self):
        spans = [
            # Good Friday in London, in UTC.
            (datetime(2026, 4, 2, 23), datetime(2026, 4, 3, 22, 59, 59)),
            # An afternoon off is no holiday.
            (datetime(2026, 12, 24, 12), datetime(2026, 12, 24, 23, 59, 59)),
            # Two days in one leave, typed an hour late in another zone.
            (datetime(2026, 12, 25, 1), datetime(2026, 12, 27, 0, 59, 59)),
        ]
        self.assertEqual(
            calendar_math.holidays(spans, "Europe/London"),
            {date(2026, 4, 3), date(2026, 12, 25), date(2026, 12, 26)},
        )

    def test_what_cannot_be_is_refused(self):
        with self.assertRaisesRegex(ValueError, "no working weekday"):
            calendar_math.WorkingDays(()).add(date(2026, 1, 1), 1)
        with self.assertRaisesRegex(ValueError, "0 .Monday. to 6"):
            calendar_math.WorkingDays((7,))
        with self.assertRaisesRegex(ValueError, "none of hours"):
            ENGLAND.due(datetime(2026, 1, 1), 1, "weeks")


days = st.dates(date(2009, 1, 1), date(2031, 12, 31))
weeks = st.frozensets(st.integers(0, 6), min_size=1)
counts = st.one_of(st.integers(0, 12), st.integers(0, 130))
moments = st.datetimes(datetime(2009, 1, 1), datetime(2031, 12, 31)).map(
    lambda moment: moment.replace(microsecond=0)
)
zones = st.sampled_from(ZONES)
UNITS = st.sampled_from(calendar_math.UNITS)


@st.composite
def holidays_near(draw, day):
    """Holidays in runs and alone around a day."""
    offsets = draw(st.frozensets(st.integers(-40, 120), max_size=25))
    run = draw(st.integers(-10, 30))
    length = draw(st.integers(0, 12))
    return {day + timedelta(n) for n in (*offsets, *range(run, run + length))}


@settings(max_examples=EXAMPLES, deadline=None)
@given(st.data(), days, counts, st.sampled_from((1, -1)), weeks)
def test_working_days_equal_the_naive_ones(data, day, count, sign, weekdays):
    free = data.draw(holidays_near(day))
    working = calendar_math.WorkingDays(weekdays, free)
    end = working.add(day, sign * count)
    assert end == naive.add_working_days(day, sign * count, weekdays, free)
    between = working.between(day, end)
    assert between == naive.working_days_between(day, end, weekdays, free)
    if count and sign > 0:
        assert between == count
        assert end in working
        assert working.between(day, end - timedelta(1)) == count - 1
    event("a holiday is hit", any(d in free for d in (day + timedelta(n) for n in range(9))))


@settings(max_examples=EXAMPLES // 2, deadline=None)
@given(st.data(), days, days, weeks)
def test_counting_both_ways(data, start, end, weekdays):
    free = data.draw(holidays_near(start))
    working = calendar_math.WorkingDays(weekdays, free)
    assert working.between(start, end) == -working.between(end, start)
    if abs((end - start).days) < 900:
        assert working.between(start, end) == naive.working_days_between(start, end, weekdays, free)


@settings(max_examples=EXAMPLES // 5, deadline=None)
@given(st.data(), moments, zones, UNITS, counts, weeks)
@example(None, datetime(2011, 12, 29, 12), "Pacific/Apia", "calendar_days", 1, WEEK)
def test_due_equals_the_naive_one(data, start, zone, unit, amount, weekdays):
    free = data.draw(holidays_near(start.date())) if data else set()
    due = clock(zone, weekdays, free).due(start, amount, unit)
    assert due == naive.due(start, amount, unit, zone, weekdays, free)
    assert due >= start
    if unit != "hours":
        # The next second is another day, so nobody loses a part of the last one.
        after = calendar_math.local_day(due + timedelta(seconds=1), zone)
        assert after > calendar_math.local_day(due, zone)


@settings(max_examples=EXAMPLES, deadline=None)
@given(days, st.integers(-60, 60))
def test_months_equal_the_naive_ones(day, months):
    end = calendar_math.add_months(day, months)
    assert end == naive.add_months(day, months)
    assert end.day <= day.day


@settings(max_examples=EXAMPLES // 5, deadline=None)
@given(st.data(), moments, zones, UNITS, st.integers(1, 40))
def test_warning_comes_before_the_end(data, start, zone, unit, amount):
    free = data.draw(holidays_near(start.date()))
    running = clock(zone, WEEK, free)
    due = running.due(start, 120, "working_days")
    warning = running.before(due, amount, unit)
    assert warning < due
    if unit != "hours":
        day = calendar_math.local_day(warning, zone)
        assert calendar_math.start_of_day(day, zone) == warning
    if unit == "working_days":
        last = calendar_math.local_day(due, zone)
        assert day == naive.add_working_days(last, -amount, WEEK, free)


@settings(max_examples=max(EXAMPLES // 50, 20), deadline=None)
@given(
    zones,
    st.lists(
        st.tuples(moments, st.integers(1, 4 * 24 * 60)).map(
            lambda pair: (
                pair[0].replace(second=0),
                pair[0].replace(second=59) + timedelta(minutes=pair[1] - 1),
            )
        ),
        max_size=2,
    ),
)
def test_holidays_equal_the_naive_ones(zone, spans):
    assert calendar_math.holidays(spans, zone) == naive.holidays(spans, zone)

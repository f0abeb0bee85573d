"""How much a ward should keep: the arithmetic of par levels and bins, without a database.

Plain numbers in, plain numbers out; nothing of Odoo and no sibling is imported. Quantities are in
the product's unit, times in days. Floats are rounded up to whole steps with a tolerance, so that
0.1 + 0.2 needs three steps of 0.1 and not four.
"""

from math import ceil, isfinite
from typing import NamedTuple

# Far below what two decimals can differ by, far above what floats lose.
TOLERANCE = 1e-9


class Levels(NamedTuple):
    """The minimum that starts a top-up and the maximum it fills to."""

    low: float
    high: float


def round_up(quantity, step=1):
    """The smallest multiple of ``step`` that holds ``quantity``."""
    _check(quantity=quantity)
    if not step > 0 or not isfinite(step):
        raise ValueError("a step must be above zero")
    return max(ceil(quantity / step - TOLERANCE), 1) * step if quantity > 0 else 0


def quantile(values, share):
    """The smallest of the values that at least this share of them does not exceed.

    The nearest rank, not interpolated: an amount that really was used.

    :param share: above 0, at most 1; 0.95 is enough in 19 of 20 cases
    """
    if not values:
        raise ValueError("a quantile needs values")
    if not 0 < share <= 1:
        raise ValueError("a share lies above 0 and is at most 1")
    ordered = sorted(values)
    return ordered[max(ceil(share * len(ordered) - TOLERANCE), 1) - 1]


def windows(daily, days):
    """The use in each run of ``days`` days on end; of a shorter series its sum alone."""
    if days < 1:
        raise ValueError("a window is at least one day long")
    # Summed anew each time: a running total of floats would drift below zero.
    return [sum(daily[start : start + days]) for start in range(max(len(daily) - days, 0) + 1)]


def suggest(daily, interval, delay=0, share=0.95, step=1):
    """Levels from real use.

    The minimum lasts, in this share of cases, until the top-up after the next look: one interval
    and the delay of delivery. The maximum adds the use of one average interval, else every top-up
    would bring a single piece.

    :param daily: use of each day, oldest first, quiet days as 0
    :param interval: days between top-ups
    :param delay: days from the top-up's order until it is on the shelf
    """
    _check(delay=delay)
    for used in daily:
        _check(use=used)
    if interval < 1:
        raise ValueError("an interval is at least one day long")
    if not any(daily):
        return Levels(0, 0)
    low = round_up(quantile(windows(daily, ceil(interval + delay)), share), step)
    low = max(low, step)
    average = sum(daily) / len(daily)
    return Levels(low, low + max(round_up(average * interval, step), step))


def cards(per_day, lead, safety, container):
    """How many two-bin cards circulate: k = D·L·(1+S)/C, rounded up.

    :param per_day: D, use a day
    :param lead: L, days until a bin is back
    :param safety: S, the share on top; 0.5 is half as much again
    :param container: C, what one bin holds
    """
    _check(per_day=per_day, lead=lead, safety=safety)
    return int(round_up(per_day * lead * (1 + safety) / _above_zero(container)))


def bin_quantity(per_day, lead, safety, pack=1):
    """What one of two bins holds: D·L·(1+S), in whole packs, at least one."""
    _check(per_day=per_day, lead=lead, safety=safety)
    return max(round_up(per_day * lead * (1 + safety), pack), pack)


def days_of_cover(there, per_day):
    """How many days what is there lasts; None without any use."""
    return max(there, 0) / per_day if per_day > 0 else None


def cover_word(there, low, high):
    """How a shelf stands: ``out``, ``low``, ``enough`` or ``over``."""
    if there <= 0:
        return "out"
    if there < low:
        return "low"
    return "over" if there > high else "enough"


def _check(**amounts):
    for name, amount in amounts.items():
        if not 0 <= amount < float("inf"):
            raise ValueError(f"{name.replace('_', ' ')} cannot be {amount}")


def _above_zero(container):
    if not 0 < container < float("inf"):
        raise ValueError("a bin holds more than nothing")
    return container

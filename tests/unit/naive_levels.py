"""Par levels a second time, in exact fractions and by trying: slow and plain."""

from fractions import Fraction


def exact(number):
    """A number as it is written, not as it is stored."""
    return Fraction(str(number))


def round_up(quantity, step):
    """Count steps until they hold the quantity."""
    held = Fraction(0)
    while held < quantity:
        held += exact(step)
    return held


def quantile(values, share):
    """Try the values from below until enough of them are covered."""
    for candidate in sorted(values):
        covered = sum(1 for value in values if value <= candidate)
        if Fraction(covered, len(values)) >= exact(share):
            return candidate
    raise AssertionError("the largest value covers all")


def suggest(daily, interval, delay, share, step):
    """Levels from every window, each summed anew."""
    daily = [exact(used) for used in daily]
    if sum(daily) == 0:
        return 0, 0
    days = interval + delay
    starts = range(max(len(daily) - days, 0) + 1)
    low = round_up(quantile([sum(daily[start : start + days]) for start in starts], share), step)
    low = max(low, exact(step))
    one = round_up(sum(daily) / len(daily) * interval, step)
    return low, low + max(one, exact(step))


def cards(per_day, lead, safety, container):
    """Add cards until they hold what is used."""
    needed = exact(per_day) * exact(lead) * (1 + exact(safety))
    count = 0
    while count * exact(container) < needed:
        count += 1
    return count

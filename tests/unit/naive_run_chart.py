"""Run charts a second time: every stretch of points looked at, sums by hand, no shortcuts."""


def middle(values):
    """Take away the smallest and the largest until one or two are left."""
    left = sorted(values)
    while len(left) > 2:
        left = left[1:-1]
    return sum(left) / len(left)


def side(value, centre):
    if value == centre:
        return None
    return "above" if value > centre else "below"


def shifts(values, centre, length):
    """Try every stretch; keep those that no longer stretch of the same kind holds."""
    good = []
    for start in range(len(values)):
        for end in range(start, len(values)):
            sides = [side(value, centre) for value in values[start : end + 1]]
            real = [one for one in sides if one]
            ends_count = sides[0] and sides[-1]
            if ends_count and len(set(real)) == 1 and len(real) >= length:
                good.append((start, end, real[0]))
    return [
        (start, end, which)
        for start, end, which in good
        if not any(
            other != (start, end, which) and other[0] <= start and end <= other[1] for other in good
        )
    ]


def usual_range(values, unit):
    centre = middle(values)
    seen = 1.4826 * middle([abs(value - centre) for value in values])
    least = (unit * max(centre, unit)) ** 0.5
    deviation = seen if seen > least else least
    return max(centre - 3 * deviation, 0), centre, centre + 3 * deviation


def verdict(before, after, unit):
    if len(before) < 3 or len(after) < 3:
        return "early"
    centre = middle(before)
    runs = sorted(shifts(after, centre, 8))
    if runs:
        return {"above": "more", "below": "fewer"}[runs[-1][2]]
    lower, _centre, upper = usual_range(before, unit)
    if min(after) > upper:
        return "more"
    if max(after) < lower:
        return "fewer"
    return "same"

"""Run charts: what is usual in a series of counts or rates, whether it changed, and a drawing.

Pure: it imports nothing of Odoo and no sibling. A series is a list of numbers, one a month (or
another period of one length), oldest first: events, or events per 1,000 of something.
"""

from html import escape
from math import ceil, log10, sqrt
from statistics import median

# Points in a row on one side of the median that count as a change. Between six and eight are in
# use (Perla, Provost and Murray, BMJ Quality & Safety 2011); eight errs least.
SHIFT = 8
# Fewer months than these, before or after, are too early to judge by.
FEWEST = 3
# Makes the median absolute deviation of a normal distribution its standard deviation.
MAD = 1.4826
WIDTH, HEIGHT = 640, 240
LEFT, RIGHT, TOP, BOTTOM = 44, 12, 26, 40


def shifts(values, centre, length=SHIFT):
    """Runs of at least ``length`` points on one side of ``centre``.

    Points on the centre line are passed over: they neither count nor break a run.

    :return: ``[(index of the first point, index of the last, "above" or "below"), ...]``
    """
    runs = []
    for index, value in enumerate(values):
        if value == centre:
            continue
        side = "above" if value > centre else "below"
        if runs and runs[-1][0] == side:
            runs[-1][1].append(index)
        else:
            runs.append((side, [index]))
    return [(points[0], points[-1], side) for side, points in runs if len(points) >= length]


def usual_range(values, unit=1.0):
    """``(lower, centre, upper)``: what a series without special cause keeps within.

    The centre is the median; the limits lie three standard deviations away, as on Shewhart's
    c-chart and u-chart (Montgomery, Introduction to Statistical Quality Control, 7.3). The
    deviation is the larger of what the series shows, by its median absolute deviation, which one
    odd month does not move, and of the square root of the centre, below which counts of
    independent events do not fall.

    :param unit: what one event adds to a value: 1 for counts, 1000 / days for a rate per 1,000
    """
    centre = median(values)
    seen = MAD * median(abs(value - centre) for value in values)
    deviation = max(seen, sqrt(unit * max(centre, unit)))
    return max(centre - 3 * deviation, 0.0), centre, centre + 3 * deviation


def judge(before, after, unit=1.0):
    """Whether a series changed, and by which rule.

    :return: ``{"verdict": "fewer", "more", "same" or "early", "rule": "before" or "after" (too
        few points there), "shift", "range" or None, "median": of before or None, "below": points
        after below the median, "above": points above it}``
    """
    centre = median(before) if before else None
    result = {
        "verdict": "early",
        "rule": None,
        "median": centre,
        "below": sum(value < centre for value in after) if before else 0,
        "above": sum(value > centre for value in after) if before else 0,
    }
    if len(before) < FEWEST:
        return result | {"rule": "before"}
    if len(after) < FEWEST:
        return result | {"rule": "after"}
    found = shifts(after, centre)
    if found:
        verdict = "more" if found[-1][2] == "above" else "fewer"
        return result | {"verdict": verdict, "rule": "shift"}
    lower, _centre, upper = usual_range(before, unit)
    if all(value > upper for value in after):
        return result | {"verdict": "more", "rule": "range"}
    if all(value < lower for value in after):
        return result | {"verdict": "fewer", "rule": "range"}
    return result | {"verdict": "same"}


def ceiling(highest):
    """The top of a scale that holds ``highest``: 1, 2, 4 or 5 times a power of ten, 4 at least."""
    if highest <= 4:
        return 4
    power = 10 ** int(log10(highest))
    return next(step * power for step in (1, 2, 4, 5, 10) if step * power >= highest)


def draw(points, title, description="", centre=None, centre_label="", marker=None, marker_label=""):
    """A run chart as SVG, for a screen and for a printer that knows no style sheets.

    :param points: ``[(label, value or None), ...]``; None leaves a gap
    :param centre: value of the dashed line across, with ``centre_label``
    :param marker: index of the point at which a line goes down, with ``marker_label``
    """
    numbers = [value for _label, value in points if value is not None]
    top = ceiling(ceil(max([*numbers, centre or 0])))
    step = (WIDTH - LEFT - RIGHT) / max(len(points), 1)

    def across(index):
        return round(LEFT + step * (index + 0.5), 1)

    def down(value):
        return round(TOP + (HEIGHT - TOP - BOTTOM) * (1 - value / top), 1)

    def text(x, y, words, anchor="middle", colour="#495057"):
        return (
            f'<text x="{x}" y="{y}" text-anchor="{anchor}" fill="{colour}" '
            f'font-family="sans-serif" font-size="11">{escape(words)}</text>'
        )

    def line(start, end, colour, dashes=""):
        pattern = f' stroke-dasharray="{dashes}"' if dashes else ""
        return (
            f'<line x1="{start[0]}" y1="{start[1]}" x2="{end[0]}" y2="{end[1]}" '
            f'stroke="{colour}" stroke-width="1"{pattern}/>'
        )

    parts = []
    for value in (0, top / 2, top):
        y = down(value)
        parts.append(line((LEFT, y), (WIDTH - RIGHT, y), "#dee2e6"))
        parts.append(text(LEFT - 6, y + 4, f"{value:g}", "end"))
    if centre is not None:
        y = down(centre)
        parts.append(line((LEFT, y), (WIDTH - RIGHT, y), "#6c757d", "6 4"))
        foot = HEIGHT - 8
        parts.append(line((LEFT, foot - 4), (LEFT + 24, foot - 4), "#6c757d", "6 4"))
        parts.append(text(LEFT + 30, foot, centre_label, "start"))
    if marker is not None:
        x = across(marker)
        parts.append(line((x, TOP - 8), (x, HEIGHT - BOTTOM), "#b35900", "2 3"))
        parts.append(text(x, TOP - 12, marker_label, colour="#8a4500"))
    run = []
    for index, (_label, value) in enumerate([*points, ("", None)]):
        if value is not None:
            run.append(f"{across(index)},{down(value)}")
        elif run:
            parts.append(
                f'<polyline points="{" ".join(run)}" fill="none" stroke="#1f5fa8" '
                'stroke-width="2"/>'
            )
            run = []
    for index, (label, value) in enumerate(points):
        parts.append(text(across(index), HEIGHT - BOTTOM + 16, label))
        if value is not None:
            parts.append(
                f'<circle cx="{across(index)}" cy="{down(value)}" r="3.5" fill="#1f5fa8">'
                f"<title>{escape(f'{label}: {value:.4g}')}</title></circle>"
            )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" viewBox="0 0 {WIDTH} {HEIGHT}" '
        f'width="{WIDTH}" height="{HEIGHT}" aria-label="{escape(f"{title}. {description}")}">'
        f"<title>{escape(title)}</title><desc>{escape(description)}</desc>"
        f"{''.join(parts)}</svg>"
    )

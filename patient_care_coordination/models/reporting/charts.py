"""Charts of the packs as SVG text, drawn without a script for a browser, a PDF and a screen reader.

Pure: plain values in, text out, no import of Odoo. Sizes are in units of the view box; colours are
few and dark enough to tell apart in print. A word instead of a number, such as ``*`` for what is
hidden, gets no bar and is written as it is.
"""

from xml.sax.saxutils import escape, quoteattr

INK, GRID, MUTED = "#1f2933", "#d5dae0", "#5f6b7a"
COLORS = ("#2b5c8a", "#c8772d", "#4f8a5b", "#8a4b76", "#7a7a2e", "#596673")
FONT = "font-family='Liberation Sans, Arial, sans-serif'"
WIDTH, ROW, LABEL = 720, 24, 220
HIDDEN = "*"


def _text(x, y, words, anchor="start", size=12, color=INK, weight="normal"):
    return (
        f"<text x='{x:.1f}' y='{y:.1f}' {FONT} font-size='{size}' fill='{color}' "
        f"text-anchor='{anchor}' font-weight='{weight}'>{escape(str(words))}</text>"
    )


def _svg(height, title, description, parts):
    return (
        f"<svg xmlns='http://www.w3.org/2000/svg' role='img' viewBox='0 0 {WIDTH} {height:.0f}' "
        f"width='{WIDTH}' height='{height:.0f}' aria-label={quoteattr(title)}>"
        f"<title>{escape(title)}</title><desc>{escape(description)}</desc>{''.join(parts)}</svg>"
    )


def short(words, length):
    """``words`` cut to ``length`` characters, with a sign that something is missing."""
    words = str(words)
    return words if len(words) <= length else words[: length - 1].rstrip() + "…"


def number(value):
    """A number as in the tables: no digits behind the point that are zero."""
    return f"{value:.1f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)


def size(value):
    """How long a bar is: nothing for a word."""
    return 0 if isinstance(value, str) else value


def legend(names, left, top):
    """A coloured square and a name for each series, in as many lines as it takes; and its end."""
    parts, x, y = [], left, top
    for index, name in enumerate(names):
        wide = 30 + 6.4 * len(str(name))
        if x > left and x + wide > WIDTH:
            x, y = left, y + 17
        color = COLORS[index % len(COLORS)]
        parts.append(f"<rect x='{x:.1f}' y='{y}' width='11' height='11' fill='{color}'/>")
        parts.append(_text(x + 15, y + 10, name, size=11))
        x += wide
    return parts, y + 17


def step(highest, most=5):
    """A round distance of lines so that at most ``most`` reach ``highest``; whole if it can be."""
    size = 1
    while True:
        for factor in (1, 2, 5):
            if highest <= size * factor * most:
                return size * factor
        size *= 10


def bars(title, labels, series, names=()):
    """Lying bars: a row for each label, in it a bar for each of ``series``.

    :param series: lists of numbers, each as long as ``labels``, one colour each
    :param names: what the series are, for the legend; one without a name needs none
    """
    highest = max((size(value) for values in series for value in values), default=0)
    room = WIDTH - LABEL - 60
    thick = max(16 - 2 * len(series), 10) if len(series) > 1 else 16
    parts, words = [], []
    y = 4
    if len(series) > 1:
        parts, y = legend(names, LABEL, y)
    for row, label in enumerate(labels):
        tall = max(ROW, thick * len(series) + 8)
        parts.append(_text(LABEL - 8, y + tall / 2 + 4, short(label, 34), "end"))
        top = y + (tall - thick * len(series)) / 2
        for index, values in enumerate(series):
            value = values[row]
            long = max(room * (size(value) / highest), 1) if size(value) else 0
            parts.append(
                f"<rect x='{LABEL}' y='{top:.1f}' width='{long:.1f}' height='{thick - 1}' "
                f"fill='{COLORS[index % len(COLORS)]}'/>"
            )
            parts.append(
                _text(LABEL + long + 5, top + thick / 2 + 4, number(value), size=11, color=MUTED)
            )
            top += thick
        words.append(f"{label}: {', '.join(number(values[row]) for values in series)}")
        y += tall
    parts.append(f"<line x1='{LABEL}' y1='2' x2='{LABEL}' y2='{y}' stroke='{MUTED}'/>")
    return _svg(y + 4, title, "; ".join(words), parts)


def lines(title, labels, series, names):
    """Lines over months, for up to six series; a gap where there is a word instead of a number.

    :param labels: under the points, such as months
    """
    left, right, top = 40, 24, 14
    squares, end = legend(names, left, 238)
    height, bottom = end, end - 206
    highest = max((size(value) for values in series for value in values), default=0)
    distance = step(max(highest, 1))
    ceiling = distance * -(-max(highest, 1) // distance)
    wide, tall = WIDTH - left - right, height - top - bottom
    gap = wide / max(len(labels) - 1, 1)

    def place(column, value):
        return left + column * gap, top + tall * (1 - value / ceiling)

    parts, words = [], []
    for level in range(0, int(ceiling) + 1, distance):
        _x, y = place(0, level)
        parts.append(
            f"<line x1='{left}' y1='{y:.1f}' x2='{WIDTH - right}' y2='{y:.1f}' stroke='{GRID}'/>"
        )
        parts.append(_text(left - 6, y + 4, level, "end", 11, MUTED))
    for column, label in enumerate(labels):
        parts.append(
            _text(left + column * gap, height - bottom + 16, label, "middle", 10.5, color=MUTED)
        )
    for index, (name, values) in enumerate(zip(names, series, strict=True)):
        color = COLORS[index % len(COLORS)]
        piece = []
        for column, value in enumerate([*values, ""]):
            if not isinstance(value, str):
                piece.append(place(column, value))
                continue
            if len(piece) > 1:
                points = " ".join(f"{px:.1f},{py:.1f}" for px, py in piece)
                parts.append(
                    f"<polyline points='{points}' fill='none' stroke='{color}' stroke-width='2'/>"
                )
            parts += [
                f"<circle cx='{px:.1f}' cy='{py:.1f}' r='2.6' fill='{color}'/>" for px, py in piece
            ]
            piece = []
        words.append(f"{name}: {', '.join(number(value) for value in values)}")
    description = f"{', '.join(map(str, labels))}. {'; '.join(words)}"
    return _svg(height, title, description, [*parts, *squares])


def shade(value, highest):
    """The background and the ink of a cell of a heat table, as CSS; white for nothing."""
    if not value or not highest:
        return "background: #ffffff; color: #1f2933;"
    share = min(value / highest, 1)
    red, green, blue = (round(255 - share * (255 - end)) for end in (176, 58, 46))
    ink = "#ffffff" if share > 0.6 else "#1f2933"
    return f"background: rgb({red}, {green}, {blue}); color: {ink};"

"""How long who held an inquiry; pure, over spans of time."""


def union_seconds(spans):
    """Seconds that at least one of these spans ``(start, end)`` covers; overlaps count once."""
    total, reached = 0.0, None
    for start, end in sorted(spans):
        if reached is not None:
            start = max(start, reached)
        if end > start:
            total += (end - start).total_seconds()
            reached = end
    return total

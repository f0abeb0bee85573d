"""What the attacks on the product share: how much they try, and what they count.

The files ``test_attack_*.py`` run in every test run with a short deterministic part, and whole
under ``./dev attack``, which adds up what they record.
"""

import json
import os

WHOLE = bool(os.environ.get("CARE_ATTACK"))
COUNTS = ("tried", "refused", "leaks", "changes", "lost", "tracebacks")


def size(short, whole):
    """How many to try: ``short`` in a test run, ``whole`` under ``./dev attack``."""
    return whole if WHOLE else short


def record(**counts):
    """Add to the counts that ``./dev attack`` prints at its end; see ``COUNTS``.

    Call it before asserting, so that what a failed attack found is counted too.
    Raises ValueError for a count that is none of them.
    """
    unknown = counts.keys() - set(COUNTS)
    if unknown:
        raise ValueError(f"no such count: {', '.join(sorted(unknown))}")
    place = os.environ.get("CARE_ATTACK_COUNTS")
    if place:
        with open(place, "a", encoding="utf-8") as file:
            file.write(json.dumps(counts) + "\n")

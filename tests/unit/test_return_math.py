"""The arithmetic of the national complaints return: worked examples and a second way to count."""

import importlib.util
import os
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

PLACE = Path(__file__).parents[2] / "patient_care_coordination/models/reporting/return_math.py"
EXAMPLES = int(os.environ.get("CARE_EXAMPLES", "300"))

spec = importlib.util.spec_from_file_location("care_return_math", PLACE)
math = importlib.util.module_from_spec(spec)
spec.loader.exec_module(math)


def figures(brought, new, resolved, **more):
    return {
        "brought": brought,
        "new": new,
        "resolved": resolved,
        "carried": brought + new - resolved,
        "upheld": resolved,
        "partly": 0,
        "not_upheld": 0,
        **more,
    }


def test_the_textbook():
    assert figures(10, 5, 7)["carried"] == 8
    assert math.problems(figures(10, 5, 7), {}) == []
    assert math.problems(figures(10, 5, 16), {}) == [("negative", -1, 0)]
    assert math.problems(figures(10, 5, 7, carried=9), {}) == [("carried", 9, 8)]
    assert math.problems(figures(10, 5, 7, upheld=5, partly=1), {}) == [("outcomes", 6, 7)]


def test_sums_by_aspect():
    sums = {"age": 5, "status": 5, "subject": 9, "service": 5, "profession": 6}
    assert math.problems(figures(0, 5, 0), sums) == []
    assert math.problems(figures(0, 5, 0), sums | {"age": 6}) == [("age", 6, 5)]
    assert math.problems(figures(0, 5, 0), sums | {"status": 4}) == [("status", 4, 5)]
    assert math.problems(figures(0, 5, 0), sums | {"subject": 4}) == [("subject", 4, 5)]


@given(
    st.lists(
        st.tuples(
            st.integers(0, 30),
            st.none() | st.integers(0, 30),
            st.sampled_from(["upheld", "partly", "not_upheld"]),
            st.integers(1, 3),
        ),
        max_size=30,
    )
)
@settings(max_examples=EXAMPLES, deadline=None)
def test_cases_counted_one_by_one_always_add_up(cases):
    """Of the days 10 to 19: each case has a day of receipt, and one of closing or none."""
    cases = [
        (received, closed, outcome, subjects)
        for received, closed, outcome, subjects in cases
        if closed is None or closed >= received
    ]
    counted = dict.fromkeys(
        ("brought", "new", "resolved", "carried", "upheld", "partly", "not_upheld"), 0
    )
    mentions = 0
    for received, closed, outcome, subjects in cases:
        counted["brought"] += received < 10 and (closed is None or closed >= 10)
        counted["new"] += 10 <= received < 20
        counted["carried"] += received < 20 and (closed is None or closed >= 20)
        if closed is not None and 10 <= closed < 20:
            counted["resolved"] += 1
            counted[outcome] += 1
        if 10 <= received < 20:
            mentions += subjects
    assert math.problems(counted, {"age": counted["new"], "subject": mentions}) == []

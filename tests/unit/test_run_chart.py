"""Run charts: worked examples, a naive second implementation, and drawings that can be read."""

import importlib.util
import os
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from . import naive_run_chart as naive

PLACE = Path(__file__).parents[2] / "patient_care_coordination/models/improvement/run_chart.py"
EXAMPLES = int(os.environ.get("CARE_EXAMPLES", "500"))
SVG = "{http://www.w3.org/2000/svg}"

spec = importlib.util.spec_from_file_location("care_run_chart", PLACE)
run_chart = importlib.util.module_from_spec(spec)
spec.loader.exec_module(run_chart)

counts = st.integers(0, 12)
series = st.lists(counts, min_size=1, max_size=30)
units = st.sampled_from([1.0, 0.5, 2.0, 1000 / 900])


def test_eight_in_a_row_are_a_shift_and_seven_are_none():
    assert run_chart.shifts([5] + [3] * 8, 4) == [(1, 8, "below")]
    assert run_chart.shifts([5] + [3] * 7, 4) == []
    assert run_chart.shifts([3] * 8 + [5] * 9, 4) == [(0, 7, "below"), (8, 16, "above")]


def test_points_on_the_median_neither_count_nor_break():
    values = [3, 3, 4, 3, 3, 4, 4, 3, 3, 3, 3, 4]
    assert run_chart.shifts(values, 4) == [(0, 10, "below")]
    assert run_chart.shifts([3] * 7 + [4], 4) == []
    assert run_chart.shifts([4] * 20, 4) == []


def test_usual_range_of_counts():
    lower, centre, upper = run_chart.usual_range([4, 4, 4, 4])
    assert (lower, centre, upper) == (0, 4, 10)
    lower, centre, upper = run_chart.usual_range([100] * 5)
    assert (lower, centre, upper) == (70, 100, 130)
    # One wild month does not make the next one usual.
    assert run_chart.usual_range([4, 4, 4, 4, 400])[2] == 10
    assert run_chart.usual_range([0, 0, 0]) == (0, 0, 3)


def test_usual_range_of_rates_knows_what_one_event_weighs():
    days = 2000
    lower, centre, upper = run_chart.usual_range([8.0] * 6, unit=1000 / days)
    # Sixteen events each: three times four events, in events per thousand days.
    assert (lower, centre, upper) == pytest.approx((2, 8, 14))


def test_verdicts():
    usual = [10, 12, 11, 9, 10, 13]
    assert run_chart.judge(usual, [5, 6]) == {
        "verdict": "early",
        "rule": "after",
        "median": 10.5,
        "below": 2,
        "above": 0,
    }
    assert run_chart.judge([1, 2], [0] * 9)["rule"] == "before"
    assert run_chart.judge([], [1, 2, 3])["median"] is None
    assert run_chart.judge(usual, [8] * 8)["verdict"] == "fewer"
    assert run_chart.judge(usual, [8] * 8)["rule"] == "shift"
    assert run_chart.judge(usual, [8] * 7)["verdict"] == "same"
    assert run_chart.judge(usual, [30, 31, 40]) == {
        "verdict": "more",
        "rule": "range",
        "median": 10.5,
        "below": 0,
        "above": 3,
    }
    assert run_chart.judge(usual, [0, 0, 0])["rule"] == "range"
    assert run_chart.judge(usual, [30, 31, 11])["verdict"] == "same"


@settings(max_examples=EXAMPLES)
@given(series, counts, st.integers(1, 9))
@example([1, 2, 1], 2, 2)
def test_shifts_agree_with_trying_every_stretch(values, centre, length):
    assert run_chart.shifts(values, centre, length) == naive.shifts(values, centre, length)


@settings(max_examples=EXAMPLES)
@given(series, units)
def test_ranges_agree(values, unit):
    assert run_chart.usual_range(values, unit) == pytest.approx(naive.usual_range(values, unit))


@settings(max_examples=EXAMPLES)
@given(st.lists(counts, max_size=14), st.lists(counts, max_size=14), units)
def test_verdicts_agree(before, after, unit):
    result = run_chart.judge(before, after, unit)
    assert result["verdict"] == naive.verdict(before, after, unit)
    assert (result["rule"] is None) == (result["verdict"] == "same")
    if before:
        assert result["median"] == naive.middle(before)
        assert result["below"] + result["above"] <= len(after)


@settings(max_examples=EXAMPLES)
@given(
    st.lists(st.lists(counts, min_size=4, max_size=4).map(tuple), min_size=1, max_size=3),
    st.integers(1, 5),
)
def test_order_before_does_not_matter(chunks, seed):
    before = [value for chunk in chunks for value in chunk]
    turned = before[seed:] + before[:seed]
    after = [1, 2, 3, 9]
    assert run_chart.judge(before, after) == run_chart.judge(turned, after)


@settings(max_examples=EXAMPLES)
@given(st.floats(0, 1e7))
def test_scales_hold_what_they_show(highest):
    assert highest <= run_chart.ceiling(highest) <= max(4, highest * 10)


@settings(max_examples=EXAMPLES)
@given(
    st.lists(
        st.tuples(
            st.text(
                st.characters(exclude_categories=["Cc", "Cs"], exclude_characters="\ufffe\uffff"),
                max_size=8,
            ),
            st.one_of(st.none(), st.floats(0, 5000)),
        ),
        max_size=14,
    ),
    st.one_of(st.none(), st.floats(0, 5000)),
)
def test_drawings_are_well_formed_and_inside_the_frame(points, centre):
    marker = 0 if points else None
    words = "Food <Ward 7> & \"more\" 'still'"
    picture = run_chart.draw(points, words, words, centre, "median", marker, "adopted")
    root = ElementTree.fromstring(picture)
    assert root.find(f"{SVG}title").text == root.find(f"{SVG}desc").text == words
    dots = root.findall(f"{SVG}circle")
    values = [value for _label, value in points if value is not None]
    assert len(dots) == len(values)
    heights = [float(dot.get("cy")) for dot in dots]
    for height in heights:
        assert run_chart.TOP <= height <= run_chart.HEIGHT - run_chart.BOTTOM
    for one, height in zip(values, heights, strict=True):
        for other, other_height in zip(values, heights, strict=True):
            assert one <= other or height <= other_height
    drawn = [point for row in root.findall(f"{SVG}polyline") for point in row.get("points").split()]
    assert len(drawn) == len(values)


def test_a_gap_breaks_the_line():
    picture = run_chart.draw([("a", 1), ("b", None), ("c", 2), ("d", 3)], "t")
    root = ElementTree.fromstring(picture)
    lines = [row.get("points").split() for row in root.findall(f"{SVG}polyline")]
    assert [len(row) for row in lines] == [1, 2]

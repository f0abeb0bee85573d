"""Par levels and bins: worked examples, and a naive second implementation in fractions."""

import importlib.util
import os
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from . import naive_levels as naive

PLACE = Path(__file__).parents[2] / "patient_care_coordination/models/supply/levels.py"
EXAMPLES = int(os.environ.get("CARE_EXAMPLES", "500"))

spec = importlib.util.spec_from_file_location("care_levels", PLACE)
levels = importlib.util.module_from_spec(spec)
spec.loader.exec_module(levels)

amounts = st.integers(0, 4000).map(lambda cents: cents / 100)
steps = st.sampled_from([1, 0.1, 0.01, 0.25, 6, 12])
shares = st.integers(1, 100).map(lambda percent: percent / 100)
series = st.lists(amounts, min_size=1, max_size=40)


def test_cards_of_the_textbook():
    assert levels.cards(per_day=12, lead=0.5, safety=2, container=6) == 3
    assert levels.bin_quantity(per_day=12, lead=0.5, safety=2, pack=6) == 18
    assert levels.bin_quantity(per_day=12, lead=0.5, safety=2, pack=10) == 20
    assert levels.bin_quantity(per_day=0, lead=1, safety=0.5, pack=10) == 10
    assert levels.cards(per_day=0, lead=1, safety=1, container=5) == 0


def test_levels_of_a_week():
    # Two a day, on one day of ten five more: with a day's interval the busy day counts.
    daily = [2] * 9 + [7]
    assert levels.suggest(daily, interval=1, share=0.95) == (7, 10)
    assert levels.suggest(daily, interval=1, share=0.9) == (2, 5)
    assert levels.suggest(daily, interval=2, delay=1, share=0.95) == (11, 16)


def test_quiet_shelves_keep_nothing_and_slow_ones_a_piece():
    assert levels.suggest([0] * 60, interval=1) == (0, 0)
    assert levels.suggest([0] * 59 + [1], interval=1) == (1, 2)
    assert levels.suggest([1], interval=7) == (1, 8)


def test_floats_need_no_step_too_many():
    assert levels.round_up(0.1 + 0.2, 0.1) == pytest.approx(0.3)
    assert levels.round_up(6.000000001, 6) == 6
    assert levels.round_up(-0.0, 5) == 0


def test_quantile_is_an_amount_that_was_used():
    assert levels.quantile([5, 1, 3], 1) == 5
    assert levels.quantile([5, 1, 3], 0.01) == 1
    assert levels.quantile(list(range(1, 21)), 0.95) == 19


def test_cover():
    assert levels.days_of_cover(10, 4) == 2.5
    assert levels.days_of_cover(-3, 4) == 0
    assert levels.days_of_cover(10, 0) is None
    words = [levels.cover_word(there, 5, 10) for there in (-1, 0, 4, 5, 10, 11)]
    assert words == ["out", "out", "low", "enough", "enough", "over"]


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: levels.round_up(-1), "quantity cannot be -1"),
        (lambda: levels.round_up(1, 0), "a step must be above zero"),
        (lambda: levels.round_up(float("nan")), "quantity cannot be nan"),
        (lambda: levels.quantile([], 0.5), "a quantile needs values"),
        (lambda: levels.quantile([1], 0), "a share lies above 0 and is at most 1"),
        (lambda: levels.quantile([1], 1.1), "a share lies above 0 and is at most 1"),
        (lambda: levels.windows([1], 0), "a window is at least one day long"),
        (lambda: levels.suggest([1], 0), "an interval is at least one day long"),
        (lambda: levels.suggest([-1], 1), "use cannot be -1"),
        (lambda: levels.suggest([1], 1, delay=-1), "delay cannot be -1"),
        (lambda: levels.cards(-1, 1, 0, 1), "per day cannot be -1"),
        (lambda: levels.cards(1, 1, 0, 0), "a bin holds more than nothing"),
        (lambda: levels.bin_quantity(1, float("inf"), 0), "lead cannot be inf"),
    ],
)
def test_what_cannot_be_is_said(call, sentence):
    with pytest.raises(ValueError) as caught:
        call()
    assert str(caught.value) == sentence


@settings(max_examples=EXAMPLES, deadline=None)
@given(series, st.integers(1, 14), st.integers(0, 7), shares, steps)
@example([0.1, 0.2], 2, 0, 1.0, 0.1)
def test_suggestions_equal_the_naive_ones(daily, interval, delay, share, step):
    low, high = levels.suggest(daily, interval, delay, share, step)
    expected = naive.suggest(daily, interval, delay, share, step)
    assert (low, high) == pytest.approx([float(each) for each in expected])
    assert 0 <= low <= high


@settings(max_examples=EXAMPLES, deadline=None)
@given(amounts, amounts, st.sampled_from([0, 0.5, 1, 2]), st.integers(1, 500))
@example(0.01, 0.01, 0, 100)
@example(10.01, 9.99, 0, 100)
def test_cards_equal_the_naive_ones(per_day, lead, safety, container):
    count = levels.cards(per_day, lead, safety, container)
    assert count == naive.cards(per_day, lead, safety, container)
    full = levels.bin_quantity(per_day, lead, safety, container)
    assert full == max(count, 1) * container


@settings(max_examples=EXAMPLES, deadline=None)
@given(series, shares, shares)
def test_a_larger_share_never_keeps_less(daily, one, other):
    smaller, larger = sorted((one, other))
    assert levels.suggest(daily, 1, 1, smaller) <= levels.suggest(daily, 1, 1, larger)

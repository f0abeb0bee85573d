"""Hiding small counts: worked examples, and a naive attacker who tries every possible table."""

import importlib.util
import itertools
import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

PLACE = Path(__file__).parents[2] / "patient_care_coordination/models/reporting/suppression.py"
EXAMPLES = int(os.environ.get("CARE_EXAMPLES", "300"))

spec = importlib.util.spec_from_file_location("care_suppression", PLACE)
suppression = importlib.util.module_from_spec(spec)
spec.loader.exec_module(suppression)


def table(rows):
    """Cells and sums of a table given as lists of counts, with all its totals."""
    height, width = len(rows), len(rows[0])
    cells = {(r, c): rows[r][c] for r in range(height) for c in range(width)}
    cells |= {(r, "total"): sum(rows[r]) for r in range(height)}
    cells |= {("total", c): sum(row[c] for row in rows) for c in range(width)}
    cells["total", "total"] = sum(map(sum, rows))
    return cells, suppression.table_sums(range(height), range(width))


def column(counts):
    cells = {(row, 0): count for row, count in enumerate(counts)}
    cells["total", 0] = sum(counts)
    return cells, suppression.table_sums(range(len(counts)), [0], row_totals=False)


def pinned(cells, sums, hidden, reach=2):
    """The hidden cells that every table fitting what is shown fills alike.

    The attacker knows all sums and that what is hidden is at least 1, and tries every whole number
    within ``reach`` of the truth: less freedom than there is, so this pins at least as much.
    Parts are tried, totals follow.
    """
    totals = {total for total, _parts in sums}
    parts = sorted((key for key in hidden if key not in totals), key=str)
    seen = {key: set() for key in hidden}
    choices = [range(max(1, cells[key] - reach), cells[key] + reach + 1) for key in parts]
    for values in itertools.product(*choices):
        trial = cells | dict(zip(parts, values, strict=True))
        for total, of in sums:
            trial[total] = sum(trial[key] for key in of)
        if all(
            trial[key] == cells[key] if key not in hidden else trial[key] >= 1 for key in totals
        ):
            for key in hidden:
                seen[key].add(trial[key])
    return {key for key, values in seen.items() if len(values) < 2}


small = st.integers(0, 7)
grids = st.integers(1, 3).flatmap(
    lambda width: st.lists(st.lists(small, min_size=width, max_size=width), min_size=1, max_size=3)
)


@given(grids, st.integers(2, 6))
@settings(max_examples=EXAMPLES, deadline=None)
def test_no_hidden_cell_can_be_had_from_the_others(rows, least):
    cells, sums = table(rows)
    hidden = suppression.suppress(cells, sums, least)
    assert {key for key, count in cells.items() if 0 < count < least} <= hidden
    assert not any(cells[key] == 0 for key in hidden)
    assert not pinned(cells, sums, hidden, reach=1)


@given(st.lists(small, min_size=1, max_size=6), st.integers(2, 6))
@settings(max_examples=EXAMPLES, deadline=None)
def test_no_hidden_cell_of_a_column_can_be_had(counts, least):
    cells, sums = column(counts)
    hidden = suppression.suppress(cells, sums, least)
    assert not pinned(cells, sums, hidden)


@given(
    st.lists(small, min_size=1, max_size=5).flatmap(
        lambda counts: st.tuples(
            st.just(counts), st.integers(0, sum(counts)), st.integers(0, sum(counts))
        )
    )
)
@settings(max_examples=EXAMPLES, deadline=None)
def test_two_tables_with_one_total(drawn):
    """The total stands in both tables: what is known of one holds in the other."""
    counts, one, other = drawn
    total = sum(counts)
    second = [max(min(one, other), 0), abs(one - other), total - max(one, other)]
    tables = [column(counts), column(second)]
    key = ("total", 0)
    least = 5
    hides = [suppression.suppress(*each, least, shared=[key]) for each in tables]
    if any(key in hidden for hidden in hides):
        hides = [suppression.suppress(*each, least, hide=[key], shared=[key]) for each in tables]
    # As one attacker: both tables, their totals the same number.
    cells, sums, hidden = {}, [], set()
    for name, ((part, links), gone) in enumerate(zip(tables, hides, strict=True)):
        rename = {each: "T" if each == key else (name, *each) for each in part}
        cells |= {rename[each]: count for each, count in part.items()}
        sums += [(rename[whole], [rename[each] for each in of]) for whole, of in links]
        hidden |= {rename[each] for each in gone}
    parts = [each for each in hidden if each != "T"]
    seen = {each: set() for each in hidden}
    choices = [range(max(1, cells[each] - 1), cells[each] + 2) for each in parts]
    for values in itertools.product(*choices):
        trial = cells | dict(zip(parts, values, strict=True))
        found = {sum(trial[each] for each in of) for _whole, of in sums}
        if len(found) == 1 and ("T" in hidden or found == {cells["T"]}):
            trial["T"] = found.pop()
            for each in hidden:
                seen[each].add(trial[each])
    assert all(len(values) > 1 for values in seen.values())


def test_the_other_cells_stay():
    cells, sums = column([2, 30, 40, 0])
    assert suppression.suppress(cells, sums, 5) == {(0, 0), (1, 0)}
    cells, sums = column([30, 40])
    assert suppression.suppress(cells, sums, 5) == set()
    # Zero tells of nobody.
    cells, sums = column([0, 0])
    assert suppression.suppress(cells, sums, 5) == set()


def test_two_ones_are_no_hiding_place_for_each_other():
    """With a shown sum of 2 and nothing below 1, two hidden ones are known."""
    cells, sums = column([1, 1, 9])
    assert suppression.suppress(cells, sums, 5) == {(0, 0), (1, 0), (2, 0)}


def test_a_table_of_one_small_number_hides_its_total():
    cells, sums = table([[3]])
    assert suppression.suppress(cells, sums, 5) == set(cells)


def test_a_rectangle_of_hidden_cells():
    cells, sums = table([[1, 20, 30], [20, 6, 30], [30, 30, 30]])
    hidden = suppression.suppress(cells, sums, 5)
    assert hidden == {(0, 0), (0, 1), (1, 0), (1, 1)}


def test_sums_that_are_no_table_are_refused():
    cells = dict.fromkeys("abcd", 3)
    with pytest.raises(ValueError, match="more than two sums"):
        suppression.suppress(cells, [("a", ["d"]), ("b", ["d"]), ("c", ["d"])], 5)
    with pytest.raises(ValueError, match="rows and columns"):
        suppression.suppress(cells, [("a", ["b", "c"]), ("b", ["c", "d"])], 5)


def test_a_large_table_takes_no_time():
    rows = [[(7 * r + 3 * c) % 23 for c in range(14)] for r in range(40)]
    cells, sums = table(rows)
    hidden = suppression.suppress(cells, sums, 5)
    assert not any(0 < cells[key] < 5 for key in cells.keys() - hidden)

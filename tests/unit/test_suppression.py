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


def sheet(columns, rows, **more):
    columns = [{"type": kind} if isinstance(kind, str) else kind for kind in columns]
    return suppression.complete(
        {"columns": columns, "rows": [list(row) for row in rows], "totals": True, **more}
    )


RATE = [
    "text",
    "count",
    {"type": "part", "of": 1},
    {"type": "percent", "part": 2, "of": 1},
]


def test_totals_and_shares_are_filled_in():
    table = sheet(RATE, [["Ward 3", 20, 15, None], ["Ward 4", 0, 0, None]])
    assert table["rows"] == [["Ward 3", 20, 15, 75], ["Ward 4", 0, 0, None]]
    assert table["totals"] == [None, 20, 15, 75]
    assert repr(sheet(["text", "count"], [["a", 2.0]])["totals"]) == "[None, 2]"
    grid = sheet(["text", "count", "count", "total"], [["a", 1, 2, None], ["b", 3, 4, None]])
    assert [row[3] for row in grid["rows"]] == [3, 7]
    assert grid["totals"] == [None, 4, 6, 10]


@given(
    st.lists(
        st.integers(0, 12).flatmap(lambda due: st.tuples(st.just(due), st.integers(0, due))),
        min_size=1,
        max_size=4,
    ),
    st.integers(2, 6),
)
@settings(max_examples=EXAMPLES, deadline=None)
def test_a_share_tells_neither_its_part_nor_the_rest(pairs, least):
    table = sheet(RATE, [["x", due, met, None] for due, met in pairs])
    suppression.hide_tables([table], least)
    for line in [*table["rows"], table["totals"]]:
        due, met, share = line[1:]
        assert due is None or not 0 < due < least
        assert met is None or not 0 < met < least
        if due is not None and met is not None:
            assert not 0 < due - met < least
        assert share is None or None not in (due, met)


def test_a_count_that_two_tables_show_is_hidden_in_both():
    one = sheet(["text", "count"], [["a", 1], ["b", 1], ["c", 1], ["d", 1], ["e", 1]])
    other = sheet(["text", "count"], [["x", 5], ["y", 0]])
    for table in (one, other):
        table["links"] = {("total", 1): "received"}
    suppression.hide_tables([one, other], 5)
    assert one["totals"][1] is None
    assert other["totals"][1] is None
    assert other["rows"] == [["x", None], ["y", 0]]


def test_a_mean_of_few_is_hidden():
    table = sheet(
        ["text", "count", {"type": "number", "by": 1}],
        [["a", 2, 3.5], ["b", 20, 4.0], ["c", 30, 5.0]],
        overall={2: 4.5},
    )
    suppression.hide_tables([table], 5)
    assert table["rows"] == [["a", None, None], ["b", None, None], ["c", 30, 5.0]]
    assert table["totals"] == [None, 52, 4.5]


def test_figures_of_few_cases():
    def figure(numerator, denominator, **more):
        value = numerator if denominator is None else denominator and numerator / denominator
        return {
            "numerator": numerator,
            "denominator": denominator,
            "value": value,
            "open": 0,
            **more,
        }

    rows = [
        figure(50, None),
        figure(3, None),
        figure(20, 40),
        figure(38, 40),
        figure(0, 40),
        figure(0, 47),
        figure(9.5, 30, cases=False),
        figure(30, 44, open=2),
        figure(20, 33),
    ]
    suppression.hide_figures(rows, 5, wholes=[50], counts={33})
    hidden = [sorted(row["hidden"]) for row in rows]
    everything = ["denominator", "numerator", "value"]
    assert hidden == [
        [],
        ["numerator", "value"],
        [],
        ["numerator", "value"],
        [],
        everything,
        [],
        ["open"],
        everything,
    ]
    assert rows[3]["numerator"] is None


def test_parts_of_one_whole_cannot_be_had_from_each_other():
    def figures(whole, **parts):
        rows = [
            {"code": code, "numerator": part, "denominator": whole, "value": part, "open": 0}
            for code, part in parts.items()
        ]
        suppression.hide_figures(rows, 5, parts=[("a", "b", "c")])
        return [row["numerator"] for row in rows]

    # Of 20, 10 and 7 leave 3.
    assert figures(20, a=10, b=3, c=7) == [10, None, None]
    # Three of the 40 are in no part: who knows all parts knows them too.
    assert figures(40, a=20, b=10, c=7) == [20, 10, None]
    # What is in no part is many, so it can be anything.
    assert figures(40, a=20, b=3, c=7) == [20, None, 7]
    assert figures(20, a=10, b=0, c=10) == [10, 0, 10]
    assert figures(20, a=10, b=10) == [10, 10]
    assert figures(4, a=4, b=0, c=0) == [None, None, None]

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


def shown(tables=(), sums=(), least=5, **figures):
    """What is printed of figures beside tables: ``{code: (numerator, denominator)}``.

    :param figures: ``(numerator, denominator, within, open)`` by their code, which is the name of
        the numerator; that of the denominator is ``of_<code>`` unless it is given in ``of``
    """
    tables = list(tables)
    suppression.hide_tables(tables, least)
    rows = []
    for code, (numerator, denominator, within, still, *of) in figures.items():
        names = {"numerator": code}
        if denominator is not None:
            names["denominator"] = of[0] if of else f"of_{code}"
        if still:
            names["open"] = f"{code} open"
        rows.append(
            {
                "code": code,
                "numerator": numerator,
                "denominator": denominator,
                "value": numerator,
                "open": still,
                "facts": {
                    "names": names,
                    "subset": denominator is not None,
                    "within": within,
                    "beside": True,
                },
            }
        )
    suppression.hide_figures(rows, tables, least, sums)
    for row in rows:
        assert ("value" in row["hidden"]) == (row["numerator"] is None)
    return {row["code"]: (row["numerator"], row["denominator"]) for row in rows}


def one_column(names, counts):
    """A table of counts, one below the other, with their total."""
    return suppression.complete(
        {
            "columns": [{"type": "text"}, {"type": "count"}],
            "rows": [[name, count] for name, count in zip(names, counts, strict=True)],
            "totals": True,
            "same": {(row, 1): name for row, name in enumerate(names)},
        }
    )


def test_figures_of_few_cases():
    figures = shown(
        received=(50, None, None, 0),
        flags=(3, None, None, 0),
        half=(20, 40, None, 0),
        nearly=(38, 40, None, 0),
        none=(0, 40, None, 0),
        left_over=(0, 47, "received", 0),
        left_open=(0, 40, "received", 8),
        few=(2, 3, None, 0),
    )
    assert figures == {
        "received": (50, None),
        "flags": (None, None),
        "half": (20, 40),
        # Two are not among the 38.
        "nearly": (None, 40),
        "none": (0, 40),
        # Three of the 50 received are not among the 47, and two not among 40 and 8.
        "left_over": (None, None),
        "left_open": (0, 40),
        "few": (None, None),
    }


def test_counts_that_are_no_parts_of_each_other_are_shown():
    """Closed 63 and received 64 leave nobody over: they are other inquiries."""
    figures = shown(
        received=(64, None, None, 0),
        closed=(63, None, None, 0),
        quick=(40, 63, None, 0, "closed"),
    )
    assert figures["quick"] == (40, 63)


def test_a_number_that_a_table_hides_by_chance_is_shown():
    table = one_column(["a", "b", "c"], [3, 7, 30])
    assert shown([table], other=(7, 30, None, 0)) == {"other": (7, 30)}
    assert [row[1] for row in table["rows"]] == [None, None, 30]


def test_parts_of_one_whole_cannot_be_had_from_each_other():
    def parts(whole, *numbers):
        names = ("a", "b", "c")[: len(numbers)]
        figures = {
            name: (part, whole, None, 0, "whole") for name, part in zip(names, numbers, strict=True)
        }
        found = shown(sums=[("whole", list(names))], **figures)
        return [found[name][0] for name in names]

    # Of 20, 10 and 7 leave 3.
    assert parts(20, 10, 3, 7) == [10, None, None]
    # Three of the 40 are in no part: who knows all parts knows them too.
    assert parts(40, 20, 10, 7) == [20, 10, None]
    # What is in no part is many, so it can be anything.
    assert parts(40, 20, 3, 7) == [20, None, 7]
    assert parts(20, 10, 0, 10) == [10, 0, 10]
    assert parts(20, 10, 10) == [10, 10]
    assert parts(4, 4, 0, 0) == [None, None, None]


def test_a_figure_tells_no_row_of_a_table():
    """Complaints and grievances are 36 together: beside 33 complaints that would be 3."""
    table = one_column(["complaint", "grievance", "question", "lost"], [33, 3, 20, 6])
    sums = [("of_praise", ["complaint", "grievance"])]
    assert shown([table], sums, praise=(9, 36, None, 0)) == {"praise": (None, None)}
    assert [row[1] for row in table["rows"]] == [33, None, 20, None]


def test_a_figure_tells_no_cell_of_a_grid():
    """Of 21 upset people 17 were calm at the end: of 19 who were calm then, 2 were so before."""
    grid = suppression.complete(
        {
            "columns": [
                {"type": "text"},
                *({"type": kind} for kind in ("count", "count", "total")),
            ],
            "rows": [["calm", 2, 9, None], ["angry", 17, 14, None]],
            "totals": True,
            "same": {
                (0, 1): "calm calm",
                (0, 2): "calm angry",
                (1, 1): "angry calm",
                (1, 2): "angry angry",
            },
        }
    )
    sums = [("calmer", ["angry calm"]), ("of_calmer", ["angry calm", "angry angry"])]
    found = shown([grid], sums, calmer=(17, 31, None, 0))
    assert found["calmer"][0] is None
    assert grid["rows"][0][1] is None


def test_tables_tell_nothing_by_a_sum_of_their_names():
    """Two tables of their own, and a sum across them that no link tells of."""
    first = one_column(["a", "b", "c"], [3, 9, 30])
    second = one_column(["e", "f"], [12, 40])
    shown([first, second], [("e", ["a", "b"])])
    assert [row[1] for row in first["rows"]] == [None, None, 30]
    third = one_column(["g", "h"], [9, 40])
    again = one_column(["a", "b", "c"], [3, 9, 30])
    shown([again, third], [("g", ["b"])])
    # Whoever reads 9 in the other table would have 3 here, so 30 goes too.
    assert [row[1] for row in again["rows"]] == [None, None, None]
    assert [row[1] for row in third["rows"]] == [9, 40]


def follows(unknown, sums, counts, known, reach=2):
    """The unknowns that are alike in every solution near the truth: all are tried."""
    order = sorted(unknown, key=str)
    seen = {name: set() for name in order}
    for moves in itertools.product(range(-reach, reach + 1), repeat=len(order)):
        trial = counts | {
            name: counts[name] + move for name, move in zip(order, moves, strict=True)
        }
        if all(trial[total] == sum(trial[part] for part in parts) for total, parts in sums):
            for name in order:
                seen[name].add(trial[name])
    return {name for name, values in seen.items() if len(values) < 2}


@settings(max_examples=EXAMPLES, deadline=None)
@given(
    st.lists(st.integers(0, 9), min_size=2, max_size=4),
    st.lists(st.sets(st.integers(0, 3), min_size=1), min_size=1, max_size=2),
    st.integers(0, 6),
)
def test_what_is_shown_tells_no_small_count(counts, groups, beside):
    """Figures that are sums of rows of a table, against an attacker who tries every number."""
    names = [f"row {number}" for number in range(len(counts))]
    table = one_column(names, counts)
    truth = dict(zip(names, counts, strict=True)) | {"all": sum(counts)}
    sums, figures = [("all", names)], {}
    for number, group in enumerate(groups):
        parts = [names[each] for each in sorted(group) if each < len(names)]
        if not parts:
            continue
        name = f"figure{number}"
        truth[name] = sum(truth[part] for part in parts) + beside
        truth[f"rest {number}"] = beside
        sums.append((name, [*parts, *([f"rest {number}"] if beside else [])]))
        figures[name] = (truth[name], None, None, 0)
    table["same"] |= {("total", 1): "all"}
    wanted = [(total, [part for part in parts if part in names]) for total, parts in sums[1:]]
    found = shown([table], wanted, **figures)
    known = {name for name, (number, _of) in found.items() if number is not None}
    known |= {name for row, name in table["same"].items() if row not in table["hidden"]}
    unknown = {name for name in truth if name not in known}
    told = follows(unknown, sums, truth, known)
    assert not {name for name in told if 0 < truth[name] < 5 and ("rest" not in name or beside)}

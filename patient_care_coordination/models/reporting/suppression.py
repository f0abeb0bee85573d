"""Hiding small counts in tables that are published, so that nobody can compute them again.

Pure: plain values in, plain values out, no import of Odoo. A count from 1 to ``least`` - 1 is
hidden (zero tells of nobody and stays). Then more cells are hidden until no hidden cell can be
had from the shown ones by adding and subtracting along rows, columns and totals, even by a reader
who knows that a hidden count is at least 1. This is complementary cell suppression: L. Willenborg
and T. de Waal, "Elements of Statistical Disclosure Control" (2001), chapter 8.

A count is an arc of a network and each sum a node: in the equation of a row its cells flow in and
its total flows out. A hidden count can be something else exactly if it lies on a cycle along which
hidden counts can go up or down by one and stay at least 1, so a shortest cycle says what to hide.
"""

import heapq
from collections import Counter

# Totals are what readers look for: other cells are hidden rather than them.
TOTAL_COST = 1_000_000


def suppress(cells, sums, least, hide=(), shared=()):
    """The keys of the cells to hide.

    :param cells: ``{key: count}``, counts whole and not negative
    :param sums: ``[(key of the total, [keys of its parts])]``; a cell is in two of them at most,
        as in a table of rows and columns
    :param least: the smallest count above zero that is shown
    :param hide: keys to hide in any case, because another table hides them; zeros are not
    :param shared: keys that stand in other tables too, at most one a table. If one is hidden, hide
        it in all: each table is made so that it can be one more, so all of them can at once.
    """
    hidden = {key for key, count in cells.items() if 0 < count < least}
    hidden |= {key for key in hide if cells[key]}
    arcs = _arcs(cells, sums)
    totals = {total for total, _parts in sums}
    cost = {key: cells[key] + (TOTAL_COST if key in totals else 0) for key in cells}
    falling = {key for key in cells if cells[key] > 1 and key not in shared}
    for key in sorted(hidden, key=lambda key: (cells[key], str(key))):
        cycles = _cycles(key, cells, arcs, hidden, cost, falling)
        hidden.update(min(cycles, key=lambda cycle: cycle[0])[1])
    return hidden


def _arcs(cells, sums):
    """``{key: (from, to)}``; a side on which a cell is in no sum is the node ``None``.

    Sums are turned around where needed, so that each cell leaves one of its two and enters the
    other. Raises ValueError if the sums do not form rows and columns.
    """
    uses = {key: [] for key in cells}
    for number, (total, parts) in enumerate(sums):
        uses[total].append((number, -1))
        for part in parts:
            uses[part].append((number, 1))
    near = {number: [] for number in range(len(sums))}
    for key, places in uses.items():
        if len(places) > 2:
            raise ValueError(f"{key} is in more than two sums.")
        if len(places) == 2:
            (first, one), (second, other) = places
            # Turned alike, the signs must differ.
            near[first].append((second, -one * other))
            near[second].append((first, -one * other))
    turn = {}
    for start in near:
        if start in turn:
            continue
        turn[start] = 1
        waiting = [start]
        while waiting:
            node = waiting.pop()
            for other, factor in near[node]:
                if other not in turn:
                    turn[other] = turn[node] * factor
                    waiting.append(other)
                elif turn[other] != turn[node] * factor:
                    raise ValueError("The sums do not form rows and columns.")
    arcs = {}
    for key, places in uses.items():
        ends = {sign * turn[number]: number for number, sign in places}
        arcs[key] = (ends.get(-1), ends.get(1))
    return arcs


def _cycles(key, cells, arcs, hidden, cost, falling):
    """The cheapest cycles in which the cell ``key`` goes up, and down: ``[(cost, keys)]``."""
    start, end = arcs[key]
    found = [_path(end, start, key, cells, arcs, hidden, cost, falling)]
    if key in falling:
        found.append(_path(start, end, key, cells, arcs, hidden, cost, falling))
    return [each for each in found if each]


def _path(start, end, without, cells, arcs, hidden, cost, falling):
    """The cheapest way from node to node as ``(cost, keys)``, or None (Dijkstra).

    Cells go up along their arc, and those of ``falling`` down against it. What is hidden already
    costs nothing; zeros stay as they are.
    """
    steps = {}
    for key, (source, target) in arcs.items():
        if key == without or not cells[key]:
            continue
        price = 0 if key in hidden else cost[key]
        steps.setdefault(source, []).append((target, key, price))
        if key in falling:
            steps.setdefault(target, []).append((source, key, price))
    order = 0
    queue = [(0, order, start, ())]
    done = set()
    while queue:
        price, _order, node, keys = heapq.heappop(queue)
        if node == end:
            return price, keys
        if node in done:
            continue
        done.add(node)
        for target, key, more in steps.get(node, []):
            if target not in done:
                order += 1
                heapq.heappush(queue, (price + more, order, target, (*keys, key)))
    return None


def table_sums(rows, columns, row_totals=True, column_totals=True):
    """The sums of a table whose cells have the keys ``(row, column)``, totals at ``"total"``."""
    sums = []
    if row_totals:
        sums += [((row, "total"), [(row, column) for column in columns]) for row in rows]
        columns = [*columns, "total"]
    if column_totals:
        sums += [(("total", column), [(row, column) for row in rows]) for column in columns]
        if row_totals:
            sums.append((("total", "total"), [("total", column) for column in columns[:-1]]))
    return sums


def complete(table):
    """Fill in the totals and the shares of a table, in place, and return it.

    A table is a dict: ``rows`` (lists of values), ``columns`` (dicts with ``type``), ``totals``
    (True for a row of totals) and ``overall`` (totals of columns that do not add up: ``{column:
    value}``). Types of columns: ``text``; ``count``, which adds up; ``total``, the sum of the
    counts of its row, in a grid; ``part``, counted in the column ``of``; ``percent`` of the columns
    ``part`` and ``of``, None without a denominator; ``number``, made from the cases in column
    ``by`` if it tells of them.
    """
    columns, rows = table["columns"], table["rows"]
    counts = [index for index, column in enumerate(columns) if column["type"] == "count"]
    for row in rows:
        _fill(columns, row, counts)
    if table.get("totals"):
        adds = ("count", "part")
        overall = table.get("overall", {})
        totals = [
            sum(row[index] for row in rows) if column["type"] in adds else overall.get(index)
            for index, column in enumerate(columns)
        ]
        _fill(columns, totals, counts)
        table["totals"] = totals
    else:
        table["totals"] = None
    return table


def _fill(columns, row, counts):
    for index, column in enumerate(columns):
        if column["type"] in ("count", "part"):
            # Sums of a database come as decimals.
            row[index] = int(row[index])
    for index, column in enumerate(columns):
        if column["type"] == "total":
            row[index] = sum(row[each] for each in counts)
        elif column["type"] == "percent":
            whole = row[column["of"]]
            row[index] = 100 * row[column["part"]] / whole if whole else None


def hide_tables(tables, least):
    """Hide small counts in tables that are shown together, in place; return the counts hidden.

    ``hidden`` of each table becomes the set of its hidden places ``(row, column)``, the row of
    totals being ``"total"``; the values there become None. ``links`` of a table,
    ``{(row, column): name}``, says that two tables show the same count.
    """
    systems = [(table, *system) for table in tables for system in _systems(table)]
    # What adds up in one table alone is free to go down there.
    summed = Counter(
        name
        for table, _cells, sums in systems
        for name in {
            name
            for key, name in table.get("links", {}).items()
            if any(key == whole or key in parts for whole, parts in sums)
        }
    )
    links = set()
    while True:
        found, more = [], set()
        for table, cells, sums in systems:
            named = {key: name for key, name in table.get("links", {}).items() if key in cells}
            known = [key for key, name in named.items() if name in links]
            shared = [key for key, name in named.items() if summed[name] > 1]
            hidden = suppress(cells, sums, least, hide=known, shared=shared)
            more |= {named[key] for key in hidden if key in named} - links
            found.append(hidden)
        if not more:
            break
        links |= more
    counts = set()
    for table in tables:
        table["hidden"] = set()
    for (table, cells, _sums), hidden in zip(systems, found, strict=True):
        counts |= {cells[key] for key in hidden}
        table["hidden"] |= {key for key in hidden if not isinstance(key[1], tuple)}
    for table in tables:
        _blank(table, least)
    return counts


def _systems(table):
    """What adds up with what in a table: ``[(cells, sums)]``, one for each independent part."""
    columns = table["columns"]
    lines = dict(enumerate(table["rows"]))
    rows = list(lines)
    if table["totals"]:
        lines["total"] = table["totals"]
    kinds = [column["type"] for column in columns]
    if "total" in kinds:
        counts, whole = [i for i, kind in enumerate(kinds) if kind == "count"], kinds.index("total")
        yield _system(lines, rows, counts, whole, table["totals"])
        return
    for index, kind in enumerate(kinds):
        if kind != "count":
            continue
        parts = [
            i for i, column in enumerate(columns) if kinds[i] == "part" and column["of"] == index
        ]
        if len(parts) > 1:
            raise ValueError(f"Two columns are parts of column {index}.")
        yield _system(lines, rows, parts, index, table["totals"])


def _system(lines, rows, counts, whole, totals):
    """A grid of the columns ``counts`` with the sum ``whole``; what a lone part leaves is a column
    of its own, ``("rest", column)``: nobody sees it, anybody can compute it.
    """
    cells = {(row, index): line[index] for row, line in lines.items() for index in (*counts, whole)}
    sums = []
    inner = list(counts)
    if len(counts) == 1:
        rest = ("rest", counts[0])
        cells |= {(row, rest): line[whole] - line[counts[0]] for row, line in lines.items()}
        inner.append(rest)
    if inner:
        sums += [((row, whole), [(row, index) for index in inner]) for row in lines]
    if totals:
        each = [*inner, whole]
        sums += [(("total", index), [(row, index) for row in rows]) for index in each]
    return cells, sums


def _blank(table, least):
    """Empty the hidden cells, and what would tell of them."""
    lines = dict(enumerate(table["rows"]))
    if table["totals"]:
        lines["total"] = table["totals"]
    for row, line in lines.items():
        for index, column in enumerate(table["columns"]):
            if column["type"] == "percent":
                near = {(row, column["part"]), (row, column["of"])}
            elif column["type"] == "number" and "by" in column and line[index] is not None:
                near = {(row, column["by"])}
                if 0 < (line[column["by"]] or 0) < least:
                    table["hidden"].add((row, index))
            else:
                continue
            if near & table["hidden"]:
                table["hidden"].add((row, index))
    for row, index in table["hidden"]:
        lines[row][index] = None


def hide_figures(figures, least, wholes=(), counts=(), parts=()):
    """Hide key figures made of few cases, in place.

    A figure is a dict with ``numerator``, ``denominator`` (None for a plain count), ``value``,
    ``open`` and ``cases`` (False if the numerator is no count). ``hidden`` becomes the set of the
    names hidden.

    :param wholes: counts that are shown and that denominators are parts of
    :param counts: what tables hide: a figure that is the same number would tell it
    :param parts: groups of codes whose numerators are parts of one denominator
    """

    def small(*numbers):
        return any(0 < each < least or each in counts and each >= least for each in numbers)

    for figure in figures:
        number, whole, still = figure["numerator"], figure["denominator"], figure["open"]
        hidden = figure["hidden"] = set()
        if whole is None:
            if small(number):
                hidden |= {"numerator", "value"}
        else:
            if small(whole, *(each - whole for each in wholes if each >= whole)):
                hidden |= {"numerator", "denominator", "value"}
            if figure.get("cases", True) and small(number, whole - number):
                hidden |= {"numerator", "value"}
        if still and small(still):
            hidden.add("open")
    for codes in parts:
        _hide_parts([figure for figure in figures if figure["code"] in codes], least)
    for figure in figures:
        for name in figure["hidden"]:
            figure[name] = None


def _hide_parts(figures, least):
    """Hide more of the parts of one whole, until those hidden cannot be had from the others.

    What is in none of the parts is shown nowhere: if it is large, it covers a hidden part.
    """
    if not figures or "denominator" in figures[0]["hidden"]:
        return
    whole, named = figures[0]["denominator"], {figure["code"]: figure for figure in figures}
    cells = {code: figure["numerator"] for code, figure in named.items()}
    rest = whole - sum(cells.values())
    if rest >= least:
        return
    hide = [code for code, figure in named.items() if "numerator" in figure["hidden"]]
    cells |= {None: rest, "whole": whole}
    for code in suppress(cells, [("whole", [None, *named])], least, hide=hide):
        if code in named:
            named[code]["hidden"] |= {"numerator", "value"}

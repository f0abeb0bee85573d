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

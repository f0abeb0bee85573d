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
# Sums of a report have the factors 1 and -1: what vanishes modulo this vanishes.
PRIME = 2**61 - 1


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
    """Hide small counts in tables that are shown together, in place.

    ``hidden`` of each table becomes the set of its hidden places ``(row, column)``, the row of
    totals being ``"total"``; the values there become None. ``links`` of a table,
    ``{(row, column): name}``, says that two tables show the same count. For ``hide_figures`` each
    table keeps its ``counts`` and its ``systems`` of sums as they were.
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
    for table in tables:
        table["hidden"], table["systems"], table["counts"] = set(), [], {}
    for (table, cells, sums), hidden in zip(systems, found, strict=True):
        table["hidden"] |= {key for key in hidden if not isinstance(key[1], tuple)}
        table["systems"].append((cells, sums))
        table["counts"] |= {
            key: count for key, count in cells.items() if not isinstance(key[1], tuple)
        }
    for table in tables:
        _blank(table, least)


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


def hide_figures(figures, tables, least, sums=()):
    """Hide key figures that are small or would tell a small count, in place.

    A figure is a dict with ``numerator``, ``denominator`` (None for a plain count), ``value`` and
    ``open``. Its ``facts`` say what these count: ``names``, ``{part: name of the count}``, without
    a part that counts no cases; ``subset``, whether the numerator is part of the denominator;
    ``within``, the name of the count that the denominator is part of, together with ``open`` if
    ``beside``. Cells of a table that are the same count have the name in its ``links`` or ``same``,
    both ``{(row, column): name}``. ``hidden`` becomes the set of the parts hidden.

    Of all that is hidden, and of what is left over between two counts, a reader must not get a
    small one by adding and subtracting anything that is shown. So figures are shown one after the
    other as long as that holds; what the tables show alone is hidden further where it does not.

    :param tables: as ``hide_tables`` left them, with the counts before hiding in ``counts``
    :param sums: ``[(name of a total, [names of its parts])]`` of names beyond one table; what its
        parts leave of it is in none of them
    """
    audit = _Audit(least)
    for number, table in enumerate(tables):
        audit.add_table(number, table)
    for figure in figures:
        audit.add_figure(figure)
    for total, parts in sums:
        audit.add_sum(total, parts)
    audit.close_tables()
    for table, key in audit.hidden_places():
        table["hidden"].add(key)
    for table in tables:
        _blank(table, least)
    for figure in figures:
        facts = figure["facts"]
        hidden = figure["hidden"] = set()
        for part in ("denominator", "open", "numerator"):
            name = facts["names"].get(part)
            if part == "numerator" and "denominator" in hidden:
                hidden.add(part)
            elif name and not audit.show(name):
                hidden.add(part)
        if "numerator" in hidden:
            hidden.add("value")
        for part in hidden:
            figure[part] = None


class _Audit:
    """What a reader of a report gets by adding and subtracting: counts, and sums among them."""

    def __init__(self, least):
        self.least = least
        self.counts = {}
        self.sums = []
        self.known = set()
        self.starred = set()
        self.places = {}
        self.left = set()
        self.told_anyway = set()

    def add_table(self, number, table):
        names = {**table.get("links", {}), **table.get("same", {})}

        def name(key):
            return names.get(key, (number, key))

        for key, count in table["counts"].items():
            self.counts[name(key)] = count
            self.places.setdefault(name(key), []).append((table, key))
            (self.starred if key in table["hidden"] else self.known).add(name(key))
        for cells, sums in table["systems"]:
            for key, count in cells.items():
                self.counts.setdefault(name(key), count)
            self.sums += [(name(total), [name(key) for key in parts]) for total, parts in sums]

    def add_figure(self, figure):
        facts = figure["facts"]
        names = facts["names"]
        for part, name in names.items():
            self.counts.setdefault(name, int(figure[part] or 0))
        if facts["subset"]:
            self.add_sum(names["denominator"], [names["numerator"]])
        if facts["within"] in self.counts:
            inside = [names["denominator"]]
            if facts["beside"] and "open" in names:
                inside.append(names["open"])
            self.add_sum(facts["within"], inside)

    def add_sum(self, total, parts):
        parts = [name for name in parts if name in self.counts]
        if total not in self.counts or not parts:
            return
        rest = self.counts[total] - sum(self.counts[name] for name in parts)
        if rest:
            left = ("rest", len(self.sums))
            self.counts[left] = rest
            self.left.add(left)
            parts = [*parts, left]
        self.sums.append((total, parts))

    def close_tables(self):
        """Hide what is hidden elsewhere, and more while the tables tell a small count.

        What they leave over between two counts that stand nowhere in them is theirs to tell.
        """
        self.known -= self.starred
        self.told_anyway = {name for name in self.told() if name in self.left}
        while told := self.told():
            # One of these is shown, or nothing would be told: the least that puts an end to it,
            # else the least.
            near = sorted(self.near(told), key=lambda each: (self.counts[each], str(each)))
            name = next((each for each in near if not self.told(without=each)), near[0])
            self.known.discard(name)
            self.starred.add(name)

    def near(self, told):
        """What is shown and not zero in the sums from which the counts in ``told`` follow."""
        reached, near = set(told), set()
        waiting = [{total, *parts} for total, parts in self.sums]
        while found := [names for names in waiting if reached & names]:
            waiting = [names for names in waiting if names not in found]
            for names in found:
                reached |= names - self.known
                near |= {name for name in names & self.known if self.counts[name]}
        return near

    def hidden_places(self):
        return [
            place
            for name in self.starred
            for place in self.places.get(name, ())
            if self.counts[name]
        ]

    def show(self, name):
        """Show a count if it is not small and tells of nothing small; returns whether it is."""
        if name in self.known:
            return True
        if name not in self.starred and not 0 < self.counts[name] < self.least:
            self.known.add(name)
            if not self.told():
                return True
            self.known.discard(name)
        self.starred.add(name)
        return False

    def told(self, without=None):
        """The small counts that follow from what is shown, or would ``without`` one of it."""
        rows, told = [], set()
        known = self.known - {without}
        for total, parts in self.sums:
            row = {name: 1 for name in parts if name not in known}
            if total not in known:
                row[total] = -1
            elif row and self.starred.issuperset(row):
                # Nobody hides a zero: so many ones are all ones.
                if sum(self.counts[name] for name in row) == len(row):
                    told |= row.keys()
            if row:
                rows.append(row)
        told |= _determined(rows)
        told = {name for name in told if 0 < self.counts[name] < self.least}
        return told - self.told_anyway


def _determined(rows):
    """The unknowns that linear equations fix, by Gauss-Jordan elimination modulo a prime.

    :param rows: dicts ``{unknown: coefficient}``
    """
    pivots = {}
    for row in rows:
        row = dict(row)
        for name in [name for name in row if name in pivots]:
            _subtract(row, pivots[name], row[name])
        if not row:
            continue
        pivot = next(iter(row))
        factor = pow(row[pivot], -1, PRIME)
        row = {name: value * factor % PRIME for name, value in row.items()}
        for other in pivots.values():
            if pivot in other:
                _subtract(other, row, other[pivot])
        pivots[pivot] = row
    return {pivot for pivot, row in pivots.items() if len(row) == 1}


def _subtract(row, other, factor):
    """Take ``factor`` times another row from a row, in place."""
    for name, value in other.items():
        left = (row.get(name, 0) - factor * value) % PRIME
        if left:
            row[name] = left
        else:
            row.pop(name, None)

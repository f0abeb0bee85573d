"""Static checks of a rule set: what can be told of its rules without any inquiry.

Pure: it imports nothing of Odoo and no sibling. Rules are the dicts of the engine, in run order;
keywords are given as the engine normalises them. ``ancestors`` maps a category or department id
to its own id and those above it, because a condition on a parent also holds for its children.
"""

SINGLE_VALUED = {
    "channel",
    "nature",
    "language",
    "relation",
    "priority",
    "known",
    "product",
    "hint",
    "weekday",
}
KEYWORDS = {"text", "subject"}
TREES = ("category", "department")


def shadows(rules, targets=None, ancestors=None):
    """``[(rule id, earlier id, kind)]`` of routing rules that can never win.

    An earlier rule shadows a later one when whatever satisfies the later satisfies the earlier.
    ``kind`` is ``"same"`` when both ask for the same and ``targets`` send them to different
    places, else ``"shadowed"``. Paused and broken rules neither shadow nor are shadowed; what
    lies inside an advanced domain is told apart by its text alone, and a domain that breaks later
    can let the later rule win after all.
    """
    ancestors, targets = ancestors or {}, targets or {}
    found, earlier_rules, places = [], [], _Places(ancestors)
    for rule in rules:
        if rule.get("catch_all") or rule.get("paused") or rule.get("broken") or not rule["lines"]:
            continue
        alternatives = _alternatives(rule)
        for place in places.near(alternatives):
            earlier, others = earlier_rules[place]
            if not _covers_dates(earlier, rule):
                continue
            if _implies_all(alternatives, others, ancestors):
                same = _implies_all(others, alternatives, ancestors)
                elsewhere = targets.get(earlier["id"]) != targets.get(rule["id"])
                found.append(
                    (rule["id"], earlier["id"], "same" if same and elsewhere else "shadowed")
                )
                break
        places.add(alternatives, len(earlier_rules))
        earlier_rules.append((rule, alternatives))
    return found


class _Places:
    """Which earlier rules a rule can imply at all, so that not every pair is compared.

    An alternative with a positive condition is implied only by a rule that speaks of one of its
    values; it is filed under the values of the shortest such condition.
    """

    def __init__(self, ancestors):
        self.ancestors = ancestors
        self.always = []
        self.by_value = {}
        self.by_beginning = {}

    def add(self, alternatives, place):
        for lines in alternatives:
            positive = [
                line
                for line in lines
                if line["match"] != "none" and line["field"] != "domain" and line["values"]
            ]
            if not positive:
                self.always.append(place)
                continue
            line = min(
                positive, key=lambda line: (line["field"] not in KEYWORDS, len(line["values"]))
            )
            for value in line["values"]:
                self._file(line["field"], value, place)

    def _file(self, field, value, place):
        if field not in KEYWORDS:
            self.by_value.setdefault((field, value), []).append(place)
            return
        word = value.split()[0] if value.split() else ""
        if word.endswith("*"):
            self.by_beginning.setdefault((field, word[:-1]), []).append(place)
        else:
            self.by_value.setdefault((field, word), []).append(place)

    def near(self, alternatives):
        """Places of the earlier rules worth comparing, in run order."""
        places = set(self.always)
        for lines in alternatives:
            for line in lines:
                if line["field"] == "domain" or line["match"] == "none":
                    continue
                for value in line["values"]:
                    places.update(self._of(line["field"], value))
        return sorted(places)

    def _of(self, field, value):
        if field in TREES:
            for kept in self.ancestors.get(field, {}).get(value, (value,)):
                yield from self.by_value.get((field, kept), ())
        elif field not in KEYWORDS:
            yield from self.by_value.get((field, value), ())
        else:
            for name in ("subject", "text") if field == "subject" else ("text",):
                for word in value.split():
                    yield from self.by_value.get((name, word), ())
                    stem = word.rstrip("*")
                    for size in range(len(stem) + 1):
                        yield from self.by_beginning.get((name, stem[:size]), ())


def _alternatives(rule):
    groups = {}
    for line in rule["lines"]:
        groups.setdefault(line.get("alternative") or 0, []).append(line)
    return list(groups.values())


def _covers_dates(earlier, later):
    """Whether the earlier rule is valid whenever the later one is."""
    starts = earlier.get("valid_from") or ""
    ends = earlier.get("valid_to")
    later_starts = later.get("valid_from") or ""
    later_ends = later.get("valid_to")
    return starts <= later_starts and (not ends or bool(later_ends and later_ends <= ends))


def _implies_all(alternatives, others, ancestors):
    """Whether each alternative implies one of the others."""
    return all(any(_implies(lines, other, ancestors) for other in others) for lines in alternatives)


def _implies(lines, others, ancestors):
    return all(any(_line_implies(line, other, ancestors) for line in lines) for other in others)


def _line_implies(line, other, ancestors):
    """Whether ``line`` holding makes ``other`` hold, as far as it can be told for sure."""
    field, wanted = line["field"], other["field"]
    if field == "domain" or wanted == "domain":
        return field == wanted and line["match"] == other["match"] and _same_values(line, other)
    positive = line["match"] != "none" and line["values"]
    if not (field == wanted or (field == "subject" and wanted == "text" and positive)):
        return False
    if not other["values"]:
        return other["match"] == "none"
    if line["match"] == "none":
        return other["match"] == "none" and all(
            any(_entails(value, kept, field, ancestors) for kept in line["values"])
            for value in other["values"]
        )
    if not line["values"]:
        # Such a line never holds, so it implies whatever one likes.
        return True
    if other["match"] == "none":
        return field in SINGLE_VALUED and _excludes(line, other)
    entailed = [
        {kept for kept in other["values"] if _entails(value, kept, field, ancestors)}
        for value in line["values"]
    ]
    if line["match"] == "all" or len(line["values"]) == 1:
        together = set.union(*entailed)
        return bool(together) if other["match"] == "any" else together >= set(other["values"])
    if other["match"] == "any":
        return all(entailed)
    return set.intersection(*entailed) >= set(other["values"])


def _same_values(line, other):
    return line.get("key", line["values"]) == other.get("key", other["values"])


def _excludes(line, other):
    """Of a fact with one value: having one of ``line`` means having none of ``other``."""
    left = set(line["values"]) - set(other["values"])
    if line["match"] == "all":
        return bool(left)
    return left == set(line["values"])


def _entails(value, kept, field, ancestors):
    """Whether the presence of ``value`` means that ``kept`` is present too."""
    if field in KEYWORDS:
        return _phrase_entails(value.split(), kept.split())
    if field in TREES:
        return kept in ancestors.get(field, {}).get(value, (value,))
    return value == kept


def _phrase_entails(words, kept):
    """Whether a text with the phrase ``words`` always has the phrase ``kept`` in it."""
    return bool(kept) and any(
        all(_word_entails(word, part) for word, part in zip(words[start:], kept, strict=False))
        for start in range(len(words) - len(kept) + 1)
    )


def _word_entails(word, kept):
    if kept.endswith("*"):
        return word.rstrip("*").startswith(kept[:-1])
    return word == kept

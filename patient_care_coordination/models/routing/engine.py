"""The routing engine: plain facts and plain rules in, one decision with its evidence out.

Pure: it imports nothing of Odoo, so that it can be tested without a database and recompute a
decision years later. The models around it only translate. Keywords are phrases (see
``common/phrases.py``).

A rule is a dict: ``id``; ``lines``, a list of ``{"field", "match", "values"}`` with match one of
``any``, ``all``, ``none`` and optionally ``alternative``, a number; optionally ``catch_all``,
``broken`` (why it is skipped), ``paused``, ``valid_from`` and ``valid_to`` (ISO dates, both
included) and, for a preparation rule, ``effects`` with any of ``nature``, ``category``,
``priority``, ``tags``, ``flags``, ``followers``, ``consults``. Lines of one alternative are
AND-ed; one alternative that holds is enough. Inside an alternative, advanced domains are looked
at last.

Facts are a dict: the plain values of ``SINGLE_FACTS`` (or None), the sets of ids of ``SET_FACTS``
(ancestors of categories and departments included), ``text`` and ``subject`` (normalised),
``date`` (ISO, for the validity), ``human`` (names of single values a person has set) and
``ancestors`` (``{category: ids with ancestors}``, to extend the facts by what preparation found).
"""

from ..common.phrases import Phrases, normalise, normalise_keyword

__all__ = ["Compiled", "compile_rules", "normalise", "normalise_keyword"]
NORMALISER_VERSION = 2
SINGLE_FACTS = {
    "channel": "channel",
    "nature": "nature",
    "language": "language",
    "relation": "relation",
    "priority": "priority",
    "known": "known",
    "product": "product",
    "hint": "hint",
    "weekday": "weekday",
}
SET_FACTS = {
    "category": "categories",
    "department": "departments",
    "tag": "tags",
    "partner_tag": "partner_tags",
    "hours": "open",
}
KEYWORD_FIELDS = ("text", "subject")
SUMMED_EFFECTS = ("category", "tags", "flags", "followers", "consults")


class Compiled:
    """A rule set ready to decide; made by ``compile_rules`` and never changed."""

    def __init__(self, preparation, routing):
        self.preparation = tuple(_Rule(rule) for rule in preparation)
        self.routing = tuple(_Rule(rule) for rule in routing)
        self.broken = [
            [rule.id, rule.broken] for rule in self.preparation + self.routing if rule.broken
        ]
        self.keywords = {field: Phrases() for field in KEYWORD_FIELDS}
        for rule in self.preparation + self.routing:
            for line in rule.lines:
                if line["field"] in KEYWORD_FIELDS:
                    for keyword in line["values"]:
                        self.keywords[line["field"]].add(keyword)
        for keywords in self.keywords.values():
            keywords.seal()
        self._preparation_index = _Index(self.preparation)
        self._routing_index = _Index(self.routing)

    def decide(self, facts, domain_truth=None):
        """The decision on ``facts``: which rules prepared it, the values, the rule that routed.

        ``domain_truth(key)`` tells whether an advanced domain holds; None means it is broken.
        Returns ``{"preparation", "values", "rule", "evidence", "skipped"}``; an item of evidence
        names the position of its line in the rule, the field and what was found.
        """
        found = self._found(facts)
        skipped, prepared, values = list(self.broken), [], {}
        for rule in self._preparation_index.candidates(facts, found):
            evidence = rule.match(facts, found, domain_truth, skipped)
            if evidence is not None:
                prepared.append({"rule": rule.id, "evidence": evidence})
                _add_effects(values, rule.effects, facts)
        winner, reason = None, []
        for rule, evidence in self._routed(
            _with_values(facts, values), found, domain_truth, skipped
        ):
            winner, reason = rule.id, evidence
            break
        return {
            "preparation": prepared,
            "values": values,
            "rule": winner,
            "evidence": reason,
            "skipped": skipped,
        }

    def route(self, facts, domain_truth=None):
        """The routing rules alone, for facts that are prepared; the same dict as ``decide``."""
        skipped, winner, reason = list(self.broken), None, []
        for rule, evidence in self._routed(facts, self._found(facts), domain_truth, skipped):
            winner, reason = rule.id, evidence
            break
        return {
            "preparation": [],
            "values": {},
            "rule": winner,
            "evidence": reason,
            "skipped": skipped,
        }

    def matching(self, facts, values=None, domain_truth=None):
        """The ids of all routing rules that hold, in run order: who would have come next."""
        after = _with_values(facts, values or {})
        found = self._found(facts)
        return [rule.id for rule, _evidence in self._routed(after, found, domain_truth, [])]

    def _routed(self, facts, found, domain_truth, skipped):
        for rule in self._routing_index.candidates(facts, found):
            evidence = rule.match(facts, found, domain_truth, skipped)
            if evidence is not None:
                yield rule, evidence

    def trace(self, facts, domain_truth=None):
        """Every rule in run order: ``{"rule", "list", "reached", "matched", "failed"}``.

        ``failed`` is the position of the first line that does not hold (of the first alternative
        when there are several), or why the rule is left out: ``paused``, ``validity``,
        ``domain``, ``no condition`` or what broke it. Rules behind the one that won are not
        reached; what they would have said is told all the same.
        """
        found = self._found(facts)
        values, rows = {}, []
        for rule in self.preparation:
            failed = rule.first_failure(facts, found, domain_truth)
            rows.append(_trace_row(rule, "preparation", True, failed))
            if failed is None:
                _add_effects(values, rule.effects, facts)
        after, reached = _with_values(facts, values), True
        for rule in self.routing:
            failed = rule.first_failure(after, found, domain_truth)
            rows.append(_trace_row(rule, "routing", reached, failed))
            reached = reached and failed is not None
        return rows

    def _found(self, facts):
        """``{field: {keyword: place}}`` and, under ``tokens``, the words of each field."""
        tokens = {field: (facts.get(field) or "").split() for field in KEYWORD_FIELDS}
        found = {field: words.find(tokens[field]) for field, words in self.keywords.items()}
        return found | {"tokens": tokens}


def compile_rules(preparation, routing):
    """Compile two ordered lists of rules (the order given is the run order)."""
    return Compiled(preparation, routing)


class _Rule:
    """One rule, its lines ordered for looking at them."""

    __slots__ = (
        "id",
        "lines",
        "effects",
        "broken",
        "paused",
        "catch_all",
        "valid_from",
        "valid_to",
        "alternatives",
    )

    def __init__(self, rule):
        self.id = rule["id"]
        self.lines = tuple(rule["lines"])
        self.effects = rule.get("effects") or {}
        self.broken = rule.get("broken")
        self.paused = rule.get("paused")
        self.catch_all = rule.get("catch_all")
        self.valid_from = rule.get("valid_from")
        self.valid_to = rule.get("valid_to")
        alternatives = {}
        for position, line in enumerate(self.lines):
            alternatives.setdefault(line.get("alternative") or 0, []).append((position, line))
        self.alternatives = tuple(
            tuple(sorted(lines, key=lambda item: item[1]["field"] == "domain"))
            for _number, lines in sorted(alternatives.items())
        )

    def match(self, facts, found, domain_truth, skipped):
        """The evidence if this rule holds, else None; a broken domain is noted as skipped."""
        if self._left_out(facts):
            return None
        if not self.alternatives:
            return []
        for lines in self.alternatives:
            evidence = []
            for position, line in lines:
                holds, seen = _line_holds(line, facts, found, domain_truth)
                if holds is None:
                    skipped.append([self.id, "domain"])
                    return None
                if not holds:
                    break
                evidence.append({"line": position, "field": line["field"], "found": seen})
            else:
                return evidence
        return None

    def first_failure(self, facts, found, domain_truth):
        """None if this rule holds, else what ``Compiled.trace`` tells."""
        left_out = self._left_out(facts)
        if left_out or not self.alternatives:
            return left_out
        first = None
        for lines in self.alternatives:
            for position, line in lines:
                holds, _seen = _line_holds(line, facts, found, domain_truth)
                if holds is None:
                    return "domain"
                if not holds:
                    first = position if first is None else first
                    break
            else:
                return None
        return first

    def _left_out(self, facts):
        if self.broken or self.paused:
            return self.broken or "paused"
        date = facts.get("date")
        if date and not (self.valid_from or date) <= date <= (self.valid_to or date):
            return "validity"
        if not self.lines and not self.catch_all:
            return "no condition"
        return None


def _trace_row(rule, name, reached, failed):
    return {
        "rule": rule.id,
        "list": name,
        "reached": reached,
        "matched": failed is None,
        "failed": failed,
    }


class _Index:
    """From facts to the few rules that can match, in run order.

    Each alternative of a rule is a bit. For each field there is a number with the bits of the
    alternatives that ask for a value, and one with those that do not ask for the field; what
    agrees in every field is left. So the cost grows with the facts, not with the rules.
    """

    def __init__(self, rules):
        self.rules = rules
        self.owners = []
        asking = {}
        for position, rule in enumerate(rules):
            if rule.broken or rule.paused:
                continue
            for lines in rule.alternatives or ((),):
                bit = 1 << len(self.owners)
                self.owners.append(position)
                asked = set()
                for _position, line in lines:
                    field = line["field"]
                    positive = line["match"] != "none" and field != "domain" and line["values"]
                    if positive and field not in asked:
                        asked.add(field)
                        table = asking.setdefault(field, {})
                        for value in line["values"]:
                            table[value] = table.get(value, 0) | bit
        self.all = (1 << len(self.owners)) - 1
        self.fields = []
        for field, table in asking.items():
            asked = 0
            for bits in table.values():
                asked |= bits
            self.fields.append((field, table, self.all & ~asked))

    def candidates(self, facts, found):
        left = self.all
        for field, table, rest in self.fields:
            if field in SINGLE_FACTS:
                bits = rest | table.get(facts.get(SINGLE_FACTS[field]), 0)
            else:
                bits = rest
                values = found[field] if field in found else facts.get(SET_FACTS[field]) or ()
                for value in values:
                    more = table.get(value)
                    if more:
                        bits |= more
            left &= bits
        last = -1
        while left:
            lowest = left & -left
            position = self.owners[lowest.bit_length() - 1]
            if position != last:
                last = position
                yield self.rules[position]
            left ^= lowest


def _line_holds(line, facts, found, domain_truth):
    """``(holds, what was seen)``; ``holds`` is None when an advanced domain is broken."""
    field, values = line["field"], line["values"]
    if field == "domain":
        return _domain_holds(line, domain_truth)
    if field in KEYWORD_FIELDS:
        present = found[field]
    elif field in SET_FACTS:
        present = facts.get(SET_FACTS[field]) or ()
    else:
        value = facts.get(SINGLE_FACTS[field])
        present = () if value is None else (value,)
    seen = [value for value in values if value in present]
    if line["match"] == "none":
        return not seen, []
    holds = len(seen) == len(values) if line["match"] == "all" else bool(seen)
    if seen and field in KEYWORD_FIELDS:
        seen.sort(key=present.__getitem__)
        tokens = found["tokens"][field]
        seen = list(
            dict.fromkeys(
                " ".join(tokens[start : start + size])
                for start, size in (present[value] for value in seen)
            )
        )
    return bool(values) and holds, seen


def _domain_holds(line, domain_truth):
    truths = [domain_truth(key) if domain_truth else None for key in line["values"]]
    if not truths or None in truths:
        return None, []
    if line["match"] == "none":
        return not any(truths), []
    holds = all(truths) if line["match"] == "all" else any(truths)
    return holds, [key for key, truth in zip(line["values"], truths, strict=True) if truth]


def _add_effects(values, effects, facts):
    """Sum up what a preparation rule sets: lists add, the highest priority wins, first nature."""
    for name in SUMMED_EFFECTS:
        kept = values.setdefault(name, []) if effects.get(name) else ()
        for value in effects.get(name) or ():
            if value not in kept:
                kept.append(value)
    priority = effects.get("priority")
    if priority and "priority" not in facts.get("human", ()):
        highest = max(priority, values.get("priority") or "0", facts.get("priority") or "0")
        values["priority"] = highest
    if effects.get("nature") and "nature" not in facts.get("human", ()):
        values.setdefault("nature", effects["nature"])


def _with_values(facts, values):
    """The facts as routing rules see them, after preparation."""
    if not values:
        return facts
    ancestors = facts.get("ancestors") or {}
    categories = list(facts.get("categories") or ())
    for category in values.get("category") or ():
        for value in ancestors.get(category, (category,)):
            if value not in categories:
                categories.append(value)
    changed = dict(facts, categories=categories)
    if values.get("tags"):
        changed["tags"] = [*(facts.get("tags") or ()), *values["tags"]]
    for name in ("nature", "priority"):
        if values.get(name):
            changed[name] = values[name]
    return changed

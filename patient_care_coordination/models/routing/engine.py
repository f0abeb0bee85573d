"""The routing engine: plain facts and plain rules in, one decision with its evidence out.

Pure: it imports nothing of Odoo and no sibling, so that it can be tested without a database and
recompute a decision years later. The models around it only translate.

A rule is a dict: ``id``; ``lines``, a list of ``{"field", "match", "values"}`` with match one of
``any``, ``all``, ``none``; optionally ``catch_all``, ``broken`` (why it is skipped) and, for a
preparation rule, ``effects`` with any of ``nature``, ``category``, ``priority``, ``tags``,
``flags``, ``followers``, ``consults``. Lines are AND-ed.

Facts are a dict: ``channel``, ``nature``, ``language``, ``relation`` (plain values or None),
``categories`` and ``departments`` (ids, ancestors included), ``text`` and ``subject``
(normalised), ``priority``, ``human`` (names of single values a person has set) and ``ancestors``
(``{category: ids with ancestors}``, to extend the facts by what preparation found).
"""

import re
import unicodedata
from html.parser import HTMLParser

NORMALISER_VERSION = 1
SINGLE_FACTS = {
    "channel": "channel",
    "nature": "nature",
    "language": "language",
    "relation": "relation",
}
SET_FACTS = {"category": "categories", "department": "departments"}
KEYWORD_FIELDS = ("text", "subject")
SUMMED_EFFECTS = ("category", "tags", "flags", "followers", "consults")

_APOSTROPHES = re.compile("['\u2019\u02bc\u2018`]")
_SEPARATORS = re.compile(r"[\W_]+")
_KEYWORD_SEPARATORS = re.compile(r"[^\w*]+|_+")
_REPLY_HEAD = re.compile(
    r"^\s*(on .{5,120} wrote:|-{2,}\s*(original message|forwarded message).*|_{10,})\s*$",
    re.IGNORECASE,
)
_HIDDEN_TAGS = {"script", "style", "head", "title", "blockquote", "template", "noscript"}
_VOID_TAGS = {"br", "hr", "img", "input", "meta", "link", "area", "col", "wbr", "source", "base"}
_BLOCK_TAGS = {
    "p",
    "div",
    "br",
    "li",
    "tr",
    "td",
    "th",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "ul",
    "ol",
    "table",
}


class _TextOfHtml(HTMLParser):
    """Collects visible text; quoted replies and scripts stay out."""

    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.parts = []
        self.hidden = []

    def handle_starttag(self, tag, attrs):
        if tag in _VOID_TAGS:
            self.parts.append("\n")
            return
        quoted = any(
            name in ("class", "id")
            and value
            and ("gmail_quote" in value or "yahoo_quoted" in value)
            for name, value in attrs
        )
        if self.hidden or quoted or tag in _HIDDEN_TAGS:
            self.hidden.append(tag)
        elif tag in _BLOCK_TAGS:
            self.parts.append("\n")

    def handle_endtag(self, tag):
        if tag in self.hidden:
            while self.hidden and self.hidden.pop() != tag:
                continue
        elif tag in _BLOCK_TAGS:
            self.parts.append("\n")

    def handle_data(self, data):
        if not self.hidden:
            self.parts.append(data)


def html_to_text(html):
    """Visible text of ``html`` without scripts, styles and quoted replies; plain text passes."""
    if "<" in html:
        parser = _TextOfHtml()
        parser.feed(html)
        parser.close()
        html = "".join(parser.parts)
    kept = []
    for line in html.splitlines():
        if _REPLY_HEAD.match(line):
            break
        if not line.lstrip().startswith(">"):
            kept.append(line)
    return "\n".join(kept)


def normalise(text):
    """Words of ``text``: accents dropped, case folded, apostrophes joined, single spaces."""
    return " ".join(_SEPARATORS.sub(" ", _fold(text)).split())


def normalise_keyword(keyword):
    """A keyword as ``normalise`` gives text, with ``*`` kept at the end of words."""
    words = _KEYWORD_SEPARATORS.sub(" ", _fold(keyword)).split()
    cleaned = (word.replace("*", "") + ("*" if word.endswith("*") else "") for word in words)
    return " ".join(word for word in cleaned if word != "*")


def _fold(text):
    text = _APOSTROPHES.sub("", text).casefold()
    if not text.isascii():
        # Twice, because folding and decomposing each bring forth what the other has to take.
        for _round in range(2):
            text = unicodedata.normalize("NFKD", text).casefold()
        text = "".join(char for char in text if not unicodedata.combining(char))
    return text


class _Keywords:
    """All keywords of a rule set in one automaton over tokens."""

    def __init__(self):
        self.exact = {}
        self.prefix = {}
        self.prefix_lengths = ()

    def add(self, keyword):
        words = tuple(normalise_keyword(keyword).split())
        if not words:
            return
        head, tail = words[0], words[1:]
        table, key = (self.prefix, head[:-1]) if head.endswith("*") else (self.exact, head)
        entries = table.setdefault(key, [])
        if (tail, keyword) not in entries:
            entries.append((tail, keyword))

    def seal(self):
        self.prefix_lengths = tuple(sorted({len(key) for key in self.prefix}))

    def find(self, text):
        """``{keyword: (position, the words found)}`` of all keywords in a normalised text."""
        tokens = text.split()
        found = {}
        exact, prefix, lengths = self.exact, self.prefix, self.prefix_lengths
        for position, token in enumerate(tokens):
            entries = exact.get(token)
            if entries:
                self._collect(entries, tokens, position, found)
            size = len(token)
            for length in lengths:
                if length > size:
                    break
                entries = prefix.get(token[:length])
                if entries:
                    self._collect(entries, tokens, position, found)
        return found

    @staticmethod
    def _collect(entries, tokens, position, found):
        for tail, keyword in entries:
            if keyword in found:
                continue
            for offset, word in enumerate(tail, start=position + 1):
                if offset >= len(tokens):
                    break
                token = tokens[offset]
                if word[-1] == "*":
                    if not token.startswith(word[:-1]):
                        break
                elif token != word:
                    break
            else:
                found[keyword] = position, " ".join(tokens[position : position + 1 + len(tail)])


class Compiled:
    """A rule set ready to decide; made by ``compile_rules`` and never changed."""

    def __init__(self, preparation, routing):
        self.preparation = tuple(preparation)
        self.routing = tuple(routing)
        self.keywords = {field: _Keywords() for field in KEYWORD_FIELDS}
        for rule in self.preparation + self.routing:
            for line in rule["lines"]:
                if line["field"] in KEYWORD_FIELDS:
                    for keyword in line["values"]:
                        self.keywords[line["field"]].add(keyword)
        for keywords in self.keywords.values():
            keywords.seal()
        self.preparation_index = _Index(self.preparation)
        self.routing_index = _Index(self.routing)

    def decide(self, facts, domain_truth=None):
        """The decision on ``facts``: which rules prepared it, the values, the rule that routed.

        ``domain_truth(key)`` tells whether an advanced domain holds; None means it is broken.
        Returns ``{"preparation", "values", "rule", "evidence", "skipped"}``.
        """
        found = self._found(facts)
        skipped, prepared, values = [], [], {}
        for rule in self.preparation_index.candidates(facts, found):
            evidence = self._match(rule, facts, found, domain_truth, skipped)
            if evidence is not None:
                prepared.append({"rule": rule["id"], "evidence": evidence})
                _add_effects(values, rule.get("effects") or {}, facts)
        facts = _with_values(facts, values)
        winner, reason = None, []
        for rule in self.routing_index.candidates(facts, found):
            evidence = self._match(rule, facts, found, domain_truth, skipped)
            if evidence is not None:
                winner, reason = rule["id"], evidence
                break
        return {
            "preparation": prepared,
            "values": values,
            "rule": winner,
            "evidence": reason,
            "skipped": skipped,
        }

    def trace(self, facts, domain_truth=None):
        """Every rule with its result: ``{"rule", "list", "matched", "failed"}``.

        ``failed`` is the position of the first line that does not hold, or why a rule is broken.
        """
        found = self._found(facts)
        decision = self.decide(facts, domain_truth)
        rows = []
        after = _with_values(facts, decision["values"])
        for name, rules, seen in (
            ("preparation", self.preparation, facts),
            ("routing", self.routing, after),
        ):
            for rule in rules:
                failed = self._first_failure(rule, seen, found, domain_truth)
                rows.append(
                    {"rule": rule["id"], "list": name, "matched": failed is None, "failed": failed}
                )
        return rows

    def _found(self, facts):
        return {
            field: keywords.find(facts.get(field) or "")
            for field, keywords in self.keywords.items()
        }

    def _match(self, rule, facts, found, domain_truth, skipped):
        """The evidence of a rule that matches, else None; broken rules are noted as skipped."""
        if rule.get("broken"):
            skipped.append([rule["id"], rule["broken"]])
            return None
        if not rule["lines"]:
            return [] if rule.get("catch_all") else None
        evidence = []
        for position, line in enumerate(rule["lines"]):
            holds, seen = _line_holds(line, facts, found, domain_truth)
            if holds is None:
                skipped.append([rule["id"], "domain"])
                return None
            if not holds:
                return None
            evidence.append({"line": position, "field": line["field"], "found": seen})
        return evidence

    def _first_failure(self, rule, facts, found, domain_truth):
        if rule.get("broken"):
            return rule["broken"]
        if not rule["lines"] and not rule.get("catch_all"):
            return "no condition"
        for position, line in enumerate(rule["lines"]):
            holds, _seen = _line_holds(line, facts, found, domain_truth)
            if not holds:
                return "domain" if holds is None else position
        return None


class _Index:
    """From facts to the rules that may match, in run order.

    A rule waits at the values of its rarest positive line; what has none is always a candidate.
    """

    def __init__(self, rules):
        self.rules = rules
        self.always = []
        self.by_value = {}
        for position, rule in enumerate(rules):
            line = self._anchor(rule)
            if line is None:
                self.always.append(position)
                continue
            for value in line["values"]:
                self.by_value.setdefault((line["field"], value), []).append(position)

    @staticmethod
    def _anchor(rule):
        if rule.get("broken"):
            return None
        positive = [
            line
            for line in rule["lines"]
            if line["match"] != "none" and line["field"] != "domain" and line["values"]
        ]
        order = ("text", "subject", "category", "department")
        positive.sort(key=lambda line: order.index(line["field"]) if line["field"] in order else 9)
        return positive[0] if positive else None

    def candidates(self, facts, found):
        positions = set(self.always)
        by_value = self.by_value
        for field in KEYWORD_FIELDS:
            for keyword in found[field]:
                positions.update(by_value.get((field, keyword), ()))
        for field, name in SET_FACTS.items():
            for value in facts.get(name) or ():
                positions.update(by_value.get((field, value), ()))
        for field, name in SINGLE_FACTS.items():
            positions.update(by_value.get((field, facts.get(name)), ()))
        return [self.rules[position] for position in sorted(positions)]


def compile_rules(preparation, routing):
    """Compile two ordered lists of rules (the order given is the run order)."""
    return Compiled(preparation, routing)


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
    if field in KEYWORD_FIELDS:
        seen.sort(key=present.__getitem__)
    if line["match"] == "none":
        return not seen, []
    holds = len(seen) == len(values) if line["match"] == "all" else bool(seen)
    if field in KEYWORD_FIELDS:
        seen = list(dict.fromkeys(present[value][1] for value in seen))
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
    ancestors = facts.get("ancestors") or {}
    categories = list(facts.get("categories") or ())
    for category in values.get("category") or ():
        for value in ancestors.get(category, (category,)):
            if value not in categories:
                categories.append(value)
    changed = dict(facts, categories=categories)
    if values.get("nature"):
        changed["nature"] = values["nature"]
    return changed

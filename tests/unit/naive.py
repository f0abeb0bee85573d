"""The routing engine a second time, as plainly as can be: rule by rule, line by line, no index.

Slow on purpose, and written from the engine's description, so that the two can be compared.
"""

from .test_engine import engine

KEYWORDS = ("text", "subject")
FACTS = {
    "channel": "channel",
    "nature": "nature",
    "language": "language",
    "relation": "relation",
    "priority": "priority",
    "known": "known",
    "product": "product",
    "hint": "hint",
    "weekday": "weekday",
    "category": "categories",
    "department": "departments",
    "tag": "tags",
    "partner_tag": "partner_tags",
    "hours": "open",
}
SEVERAL = ("category", "department", "tag", "partner_tag", "hours")
LISTS = ("category", "tags", "flags", "followers", "consults")


def decide(preparation, routing, facts, truth):
    """What ``Compiled.decide`` has to give."""
    skipped = broken(preparation, routing)
    ready = [(rule, judge(rule, facts, truth)) for rule in preparation]
    skipped += [[rule["id"], "domain"] for rule, (_seen, why) in ready if why == "domain"]
    ready = [(rule, seen) for rule, (seen, _why) in ready if seen is not None]
    values = values_of([rule for rule, _seen in ready], facts)
    return {
        **first(routing, prepared(facts, values), truth, skipped),
        "preparation": [{"rule": rule["id"], "evidence": seen} for rule, seen in ready],
        "values": values,
    }


def route(preparation, routing, facts, truth):
    """What ``Compiled.route`` has to give."""
    return first(routing, facts, truth, broken(preparation, routing))


def matching(routing, facts, values, truth):
    """What ``Compiled.matching`` has to give."""
    after = prepared(facts, values or {})
    return [rule["id"] for rule in routing if judge(rule, after, truth)[0] is not None]


def trace(preparation, routing, facts, truth):
    """What ``Compiled.trace`` has to give."""
    ready = [(rule, judge(rule, facts, truth)) for rule in preparation]
    values = values_of([rule for rule, (seen, _why) in ready if seen is not None], facts)
    after = prepared(facts, values)
    sent = [(rule, judge(rule, after, truth)) for rule in routing]
    won = [seen is not None for _rule, (seen, _why) in sent]
    last = won.index(True) if True in won else len(won)
    return [row(rule, "preparation", True, verdict) for rule, verdict in ready] + [
        row(rule, "routing", place <= last, verdict) for place, (rule, verdict) in enumerate(sent)
    ]


def row(rule, name, reached, verdict):
    seen, why = verdict
    return {
        "rule": rule["id"],
        "list": name,
        "reached": reached,
        "matched": seen is not None,
        "failed": why,
    }


def broken(preparation, routing):
    return [[rule["id"], rule["broken"]] for rule in preparation + routing if rule.get("broken")]


def first(routing, facts, truth, skipped):
    """The first rule that holds, as the engine tells it."""
    decision = {"preparation": [], "values": {}, "rule": None, "evidence": [], "skipped": skipped}
    for rule in routing:
        seen, why = judge(rule, facts, truth)
        if seen is not None:
            decision.update(rule=rule["id"], evidence=seen)
            break
        if why == "domain":
            skipped.append([rule["id"], why])
    return decision


def judge(rule, facts, truth):
    """``(evidence, None)`` of a rule that holds, else ``(None, why not)``."""
    if rule.get("broken"):
        return None, rule["broken"]
    if rule.get("paused"):
        return None, "paused"
    today = facts.get("date")
    if today and rule.get("valid_from") and today < rule["valid_from"]:
        return None, "validity"
    if today and rule.get("valid_to") and today > rule["valid_to"]:
        return None, "validity"
    if not rule["lines"]:
        return ([], None) if rule.get("catch_all") else (None, "no condition")
    failures = []
    for number in sorted({line.get("alternative") or 0 for line in rule["lines"]}):
        seen, why = judge_alternative(number, rule["lines"], facts, truth)
        if why is None or why == "domain":
            return seen, why
        failures.append(why)
    return None, failures[0]


def judge_alternative(number, lines, facts, truth):
    """``(evidence, None)``, or ``(None, position that fails)``, or ``(None, "domain")``."""
    mine = [
        (position, line)
        for position, line in enumerate(lines)
        if (line.get("alternative") or 0) == number
    ]
    plain = [item for item in mine if item[1]["field"] != "domain"]
    advanced = [item for item in mine if item[1]["field"] == "domain"]
    evidence = []
    for position, line in plain + advanced:
        present = seen_of(line, facts, truth)
        if present is None:
            return None, "domain"
        if not holds(line, present):
            return None, position
        found = [] if line["match"] == "none" else words_of(line, present, facts)
        evidence.append({"line": position, "field": line["field"], "found": found})
    return evidence, None


def holds(line, present):
    if line["match"] == "none":
        return not present
    if line["match"] == "all":
        return present == line["values"] != []
    return bool(present)


def seen_of(line, facts, truth):
    """Those values of a line that the facts have; None for a domain that cannot be told."""
    field, values = line["field"], line["values"]
    if field == "domain":
        told = {key: truth(key) if truth else None for key in values}
        if not values or None in told.values():
            return None
        return [key for key in values if told[key]]
    if field in KEYWORDS:
        return [value for value in values if spot(value, facts[field])]
    fact = facts.get(FACTS[field])
    if field in SEVERAL:
        return [value for value in values if value in fact]
    return [value for value in values if value == fact]


def words_of(line, present, facts):
    """What a line shows as its reason: keywords as the text has them, in the text's order."""
    if line["field"] not in KEYWORDS:
        return present
    spots = sorted({spot(value, facts[line["field"]]) for value in present})
    return [
        words
        for place, (_start, words) in enumerate(spots)
        if words not in [earlier for _start, earlier in spots[:place]]
    ]


def spot(keyword, text):
    """``(position, words)`` of the first place where a keyword stands in a text, or None."""
    parts, words = engine.normalise_keyword(keyword).split(), text.split()
    if not parts:
        return None
    for start in range(len(words) - len(parts) + 1):
        here = words[start : start + len(parts)]
        if all(fits(part, word) for part, word in zip(parts, here, strict=True)):
            return start, " ".join(here)
    return None


def fits(part, word):
    return word.startswith(part[:-1]) if part.endswith("*") else word == part


def values_of(rules, facts):
    """What preparation rules that hold set together."""
    effects, values = [rule.get("effects") or {} for rule in rules], {}
    for name in LISTS:
        summed = [value for effect in effects for value in effect.get(name) or []]
        if summed:
            values[name] = list(dict.fromkeys(summed))
    natures = [effect["nature"] for effect in effects if effect.get("nature")]
    if natures and "nature" not in facts["human"]:
        values["nature"] = natures[0]
    priorities = [effect["priority"] for effect in effects if effect.get("priority")]
    if priorities and "priority" not in facts["human"]:
        values["priority"] = max([*priorities, facts.get("priority") or "0"])
    return values


def prepared(facts, values):
    """The facts after preparation."""
    categories, tags = set(facts["categories"]), set(facts["tags"])
    for category in values.get("category", []):
        categories.update(facts["ancestors"].get(category, [category]))
    tags.update(values.get("tags", []))
    single = {name: values[name] for name in ("nature", "priority") if name in values}
    return {**facts, **single, "categories": categories, "tags": tags}

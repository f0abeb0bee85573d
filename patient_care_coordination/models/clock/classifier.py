"""Which nature an inquiry has, by the ordered tests of a policy; without a database.

Plain values in, plain values out; nothing of Odoo and no sibling is imported. A test has
conditions on facts from a fixed list and a nature; the first test whose conditions all hold wins.
A fact may be unknown: then the proposal stands only if no answer to it could change the nature.
"""

from typing import NamedTuple

YES, NO = "yes", "no"
# The facts, and the values each may have.
FACTS = {
    "unhappy": (YES, NO),
    "written": (YES, NO),
    "about": ("care", "billing", "billing_care"),
    "formal": (YES, NO),
    "alleged": (YES, NO),
    "minor": (YES, NO),
    "survey": (YES, NO),
    "asks_resolution": (YES, NO),
    "after_discharge": (YES, NO),
    "settled": ("at_once", "next_day", "later", "pending", "no"),
}
# What a test may ask of "settled", and the values that satisfy it.
SETTLED = {
    "at_once": {"at_once"},
    "not_at_once": {"next_day", "later", "pending", "no"},
    "by_next_day": {"at_once", "next_day"},
    "not_by_next_day": {"later", "no"},
    "pending": {"pending"},
}


class Test(NamedTuple):
    """One test: ``conditions`` maps facts to the set of values that satisfy it."""

    # Not one of the tests of this addon: pytest collects by name.
    __test__ = False

    key: object
    conditions: dict
    nature: object


class Proposal(NamedTuple):
    """The test that wins, or None; then ``missing`` names the facts that would decide."""

    key: object
    nature: object
    missing: tuple


def classify(tests, facts):
    """The first of the tests that holds.

    :param tests: ``Test`` in their order
    :param facts: ``{fact: value}``; a fact that is left out or None is unknown
    :return: ``Proposal``; neither a test nor a missing fact means that no test holds
    """
    missing, doubtful = [], set()
    for test in tests:
        unknown = _unknown(test, facts)
        if unknown is None:
            continue
        if unknown:
            missing += [fact for fact in unknown if fact not in missing]
            doubtful.add(test.nature)
            continue
        if doubtful <= {test.nature}:
            return Proposal(test.key, test.nature, ())
        return Proposal(None, None, tuple(missing))
    return Proposal(None, None, tuple(missing))


def _unknown(test, facts):
    """Facts a test still needs; None if one that is known speaks against it."""
    unknown = []
    for fact, allowed in test.conditions.items():
        value = facts.get(fact)
        if value is None:
            unknown.append(fact)
        elif value not in allowed:
            return None
    return unknown


def settled_state(at_once, settled, limit, today):
    """The value of the fact "settled".

    :param at_once: whether staff present settled it
    :param settled: the date on which it was settled, or None
    :param limit: the next working day after the day of receipt
    :param today: the date now, on the wall of the hospital
    """
    if at_once:
        return "at_once"
    if settled:
        return "next_day" if settled <= limit else "later"
    return "pending" if today <= limit else "no"

"""The classifier against a naive second implementation, and the worked examples of settling."""

import importlib.util
from datetime import date
from itertools import product
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

PATH = Path(__file__).parents[2] / "patient_care_coordination/models/clock/classifier.py"
spec = importlib.util.spec_from_file_location("care_classifier", PATH)
classifier = importlib.util.module_from_spec(spec)
spec.loader.exec_module(classifier)

# Fewer facts than the real ones keep all completions countable.
SMALL = {name: classifier.FACTS[name] for name in ("written", "about", "formal", "settled")}


def subset(values):
    return st.sets(st.sampled_from(values), min_size=1).map(frozenset)


conditions = st.fixed_dictionaries({}, optional={name: subset(v) for name, v in SMALL.items()})
test_lists = st.lists(st.tuples(conditions, st.sampled_from("abc")), max_size=6).map(
    lambda rows: [
        classifier.Test(number, wanted, nature) for number, (wanted, nature) in enumerate(rows)
    ]
)
some_facts = st.fixed_dictionaries(
    {}, optional={name: st.sampled_from((None, *v)) for name, v in SMALL.items()}
)


def naive(tests, facts):
    """The first test that holds, when all facts are known."""
    for test in tests:
        if all(facts[name] in allowed for name, allowed in test.conditions.items()):
            return test
    return None


def completions(facts):
    choices = [
        (facts[name],) if facts.get(name) is not None else values for name, values in SMALL.items()
    ]
    for values in product(*choices):
        yield dict(zip(SMALL, values, strict=True))


@given(test_lists, some_facts)
def test_known_facts_give_the_first_test(tests, facts):
    for whole in completions(facts):
        proposal = classifier.classify(tests, whole)
        first = naive(tests, whole)
        assert proposal.key == (first.key if first else None)
        assert not proposal.missing


@given(test_lists, some_facts)
def test_a_proposal_stands_whatever_the_unknown_facts_are(tests, facts):
    proposal = classifier.classify(tests, facts)
    if proposal.key is None:
        return
    for whole in completions(facts):
        assert naive(tests, whole).nature == proposal.nature


@given(test_lists, some_facts)
def test_only_what_is_unknown_is_asked_and_answers_decide(tests, facts):
    facts = dict(facts)
    for _round in SMALL:
        proposal = classifier.classify(tests, facts)
        assert all(facts.get(name) is None for name in proposal.missing)
        if not proposal.missing:
            break
        facts |= {name: SMALL[name][0] for name in proposal.missing}
    assert not classifier.classify(tests, facts).missing


@pytest.mark.parametrize(
    "at_once, settled, today, state",
    [
        # Received on Friday 6 February 2026: the next working day is Monday the 9th.
        (True, None, date(2026, 2, 6), "at_once"),
        (False, date(2026, 2, 6), date(2026, 2, 12), "next_day"),
        (False, date(2026, 2, 9), date(2026, 2, 12), "next_day"),
        (False, date(2026, 2, 10), date(2026, 2, 12), "later"),
        (False, None, date(2026, 2, 9), "pending"),
        (False, None, date(2026, 2, 10), "no"),
    ],
)
def test_settled(at_once, settled, today, state):
    assert classifier.settled_state(at_once, settled, date(2026, 2, 9), today) == state
    assert state in classifier.FACTS["settled"]


def test_every_condition_on_settled_names_values():
    for values in classifier.SETTLED.values():
        assert values <= set(classifier.FACTS["settled"])


def test_no_tests_propose_nothing():
    assert classifier.classify([], {}) == classifier.Proposal(None, None, ())


def test_an_unknown_fact_that_changes_nothing_is_not_asked():
    tests = [
        classifier.Test(1, {"alleged": {"yes"}}, "grievance"),
        classifier.Test(2, {"written": {"yes"}}, "grievance"),
        classifier.Test(3, {}, "concern"),
    ]
    assert classifier.classify(tests, {"written": "yes"}).key == 2
    assert classifier.classify(tests, {"written": "no"}).missing == ("alleged",)

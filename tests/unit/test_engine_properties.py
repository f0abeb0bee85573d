"""The engine against a naive second implementation, on generated rules and facts."""

import copy

from hypothesis import event, example, given, settings
from hypothesis import strategies as st

from . import naive, strategies
from .test_engine import engine, reader

domain_truths = st.one_of(*[strategies.truths] * 5, st.none())
later_values = st.one_of(st.none(), strategies.effects)


def test_naive_implementation_knows_every_condition():
    assert naive.FACTS == engine.SINGLE_FACTS | engine.SET_FACTS
    assert set(naive.SEVERAL) == set(engine.SET_FACTS)
    assert set(naive.KEYWORDS) == set(engine.KEYWORD_FIELDS)
    assert set(naive.LISTS) == set(engine.SUMMED_EFFECTS)
    drawn = {line["field"] for line in strategies.LINES}
    assert drawn == {*naive.FACTS, *naive.KEYWORDS, "domain"}


@settings(max_examples=strategies.EXAMPLES, deadline=None)
@given(
    st.lists(strategies.preparation_rules, min_size=1, max_size=3),
    st.lists(strategies.rules, min_size=3, max_size=6),
    strategies.facts,
    domain_truths,
    later_values,
)
def test_engine_equals_the_naive_one(prepared, routed, facts, truths, values):
    preparation = strategies.numbered("p", prepared)
    routing = strategies.numbered("r", routed) + [{"id": "rest", "lines": [], "catch_all": True}]
    truth = truths.get if truths else None
    before = copy.deepcopy((preparation, routing, facts))
    rules = engine.compile_rules(preparation, routing)

    decision = rules.decide(facts, truth)
    assert decision == naive.decide(preparation, routing, facts, truth)
    rows = rules.trace(facts, truth)
    assert rows == naive.trace(preparation, routing, facts, truth)
    assert rules.route(facts, truth) == naive.route(preparation, routing, facts, truth)
    following = rules.matching(facts, decision["values"], truth)
    assert following == naive.matching(routing, facts, decision["values"], truth)
    assert following[0] == decision["rule"]
    assert rules.matching(facts, values, truth) == naive.matching(routing, facts, values, truth)
    assert rules.decide(facts, truth) == decision
    assert (preparation, routing, facts) == before

    event("won by", "the catch-all" if decision["rule"] == "rest" else "a rule")
    event("a rule behind the winner matches too", len(following) > 2)
    event("preparation sets values", bool(decision["values"]))
    event("a domain is broken", any(why == "domain" for _rule, why in decision["skipped"]))
    event("evidence of words", any(len(item["found"]) > 1 for item in decision["evidence"]))
    for row in rows:
        if not row["matched"]:
            event("fails at", row["failed"] if isinstance(row["failed"], str) else "a line")


@settings(max_examples=strategies.EXAMPLES // 3, deadline=None)
@given(st.lists(strategies.preparation_rules, min_size=1, max_size=5), strategies.facts)
def test_consults_are_asked_once_each_and_bring_no_inquiry_elsewhere(prepared, facts):
    preparation = strategies.numbered("p", prepared)
    routing = [{"id": "rest", "lines": [], "catch_all": True}]
    decision = engine.compile_rules(preparation, routing).decide(facts, lambda key: True)
    assert decision == naive.decide(preparation, routing, facts, lambda key: True)
    asked = decision["values"].get("consults", [])
    held = {item["rule"] for item in decision["preparation"]}
    wanted = [rule["effects"].get("consults", []) for rule in preparation if rule["id"] in held]
    assert asked == list(dict.fromkeys(value for values in wanted for value in values))
    silent = [{**rule, "effects": {**rule["effects"], "consults": []}} for rule in preparation]
    without = engine.compile_rules(silent, routing).decide(facts, lambda key: True)
    assert {**without, "values": None} == {**decision, "values": None}
    event("consults", len(asked))


@settings(max_examples=strategies.EXAMPLES // 3, deadline=None)
@given(st.text(max_size=60))
@example("\u0149")
@example("don\uff07t")
def test_normalising_twice_changes_nothing(text):
    once = engine.normalise(text)
    assert engine.normalise(once) == once
    assert once == " ".join(once.split())


# A star counts at the end of a word alone, so the test puts it there itself.
starless = st.text(st.characters(exclude_characters="*\uff0a\ufe61"), max_size=20)


@settings(max_examples=strategies.EXAMPLES // 3, deadline=None)
@given(st.text(max_size=20), starless, st.sampled_from(("", "*")), st.text(max_size=20))
def test_keyword_is_found_in_a_text_that_has_it(before, keyword, star, after):
    keyword += star
    once = engine.normalise_keyword(keyword)
    assert engine.normalise_keyword(once) == once
    rule = {"id": 1, "lines": [{"field": "text", "match": "any", "values": [keyword]}]}
    text = engine.normalise(f"{before} {keyword} {after}")
    decision = engine.compile_rules([], [rule]).decide({"text": text})
    assert (decision["rule"] == 1) == bool(once)


@settings(max_examples=strategies.EXAMPLES // 5, deadline=None)
@given(st.text(max_size=80))
def test_any_text_survives_the_reader_of_html(text):
    assert isinstance(reader.own_words(text), str)
    assert reader.own_words(f"<script>{text.replace('<', ' ')}</script>seen") == "seen"

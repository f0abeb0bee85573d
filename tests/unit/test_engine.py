"""The routing engine, without a database."""

import importlib.util
import unittest
from pathlib import Path

ROOM = Path(__file__).parents[2] / "patient_care_coordination/models/routing"


def load(name):
    """A pure module of the routing room; an import through the addon would need a database."""
    spec = importlib.util.spec_from_file_location(f"care_{name}", ROOM / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


engine = load("engine")
reader = load("reader")


def text_rule(number, *values, match="any", **extra):
    return {
        "id": number,
        "lines": [{"field": "text", "match": match, "values": list(values)}],
        **extra,
    }


CATCH_ALL = {"id": 99, "lines": [], "catch_all": True}


class TestNormalise(unittest.TestCase):
    def test_case_accents_and_apostrophes(self):
        self.assertEqual(engine.normalise("Don\u2019t  go, CAF\u00c9!"), "dont go cafe")

    def test_html_without_scripts_and_quotes(self):
        html = (
            "<p>Cold <b>food</b></p><script>alert('x')</script>"
            "<div class='gmail_quote'><p>old words</p></div>"
        )
        self.assertEqual(engine.normalise(reader.html_to_text(html)), "cold food")

    def test_quoted_reply_in_plain_text(self):
        text = "New words\n> old words\nOn Monday, the ward wrote:\nolder words"
        self.assertEqual(reader.html_to_text(text).strip(), "New words")


class TestDecide(unittest.TestCase):
    def decide(self, text, *rules, preparation=(), **facts):
        rules = engine.compile_rules(preparation, [*rules, CATCH_ALL])
        return rules.decide({"text": engine.normalise(text), **facts})

    def test_first_match_wins_and_says_why(self):
        decision = self.decide("The cold food", text_rule(1, "cold food"), text_rule(2, "food"))
        self.assertEqual(decision["rule"], 1)
        self.assertEqual(decision["evidence"][0]["found"], ["cold food"])

    def test_whole_words_only(self):
        self.assertEqual(self.decide("scold", text_rule(1, "cold"))["rule"], 99)

    def test_star_stands_for_any_ending(self):
        self.assertEqual(self.decide("waiting times", text_rule(1, "wait* time*"))["rule"], 1)

    def test_none_negates(self):
        rule = text_rule(1, "pain", match="none")
        self.assertEqual(self.decide("no trouble", rule)["rule"], 1)
        self.assertEqual(self.decide("pain", rule)["rule"], 99)

    def test_all_needs_all(self):
        rule = text_rule(1, "car", "late", match="all")
        self.assertEqual(self.decide("late car", rule)["rule"], 1)
        self.assertEqual(self.decide("late", rule)["rule"], 99)

    def test_preparation_adds_up_and_routing_sees_it(self):
        food = text_rule(11, "soup", effects={"category": [5], "priority": "1"})
        late = text_rule(12, "late", effects={"category": [6], "priority": "2"})
        route = {"id": 1, "lines": [{"field": "category", "match": "any", "values": [50]}]}
        decision = self.decide(
            "late soup",
            route,
            preparation=[food, late],
            ancestors={5: (5, 50), 6: (6,)},
        )
        self.assertEqual(decision["values"], {"category": [5, 6], "priority": "2"})
        self.assertEqual(decision["rule"], 1)

    def test_preparation_does_not_see_preparation(self):
        first = text_rule(11, "soup", effects={"category": [5]})
        second = {
            "id": 12,
            "lines": [{"field": "category", "match": "any", "values": [5]}],
            "effects": {"tags": [1]},
        }
        decision = self.decide("soup", preparation=[first, second])
        self.assertNotIn("tags", decision["values"])

    def test_human_nature_is_kept(self):
        rule = text_rule(11, "complain*", effects={"nature": 4})
        kept = self.decide("complaint", preparation=[rule], human={"nature"})
        self.assertNotIn("nature", kept["values"])

    def test_broken_domain_is_skipped_and_noted(self):
        rule = {"id": 1, "lines": [{"field": "domain", "match": "any", "values": ["d"]}]}
        decision = engine.compile_rules([], [rule, CATCH_ALL]).decide({}, lambda key: None)
        self.assertEqual((decision["rule"], decision["skipped"]), (99, [[1, "domain"]]))

    def test_trace_names_the_first_failing_line(self):
        rules = engine.compile_rules([], [text_rule(1, "soup"), CATCH_ALL])
        rows = rules.trace({"text": "tea"})
        self.assertEqual([row["failed"] for row in rows], [0, None])

"""The routing engine, without a database."""

import unittest

from ..pure import load

engine = load("routing.engine")
reader = load("common.mail_text")


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

    def test_wide_apostrophes_and_stars_inside_words(self):
        self.assertEqual(engine.normalise("don\uff07t"), "dont")
        self.assertEqual(engine.normalise_keyword("24*7 wait*"), "24 7 wait*")

    def test_html_without_scripts_and_quotes(self):
        html = (
            "<p>Cold <b>food</b></p><script>alert('x')</script>"
            "<div class='gmail_quote'><p>old words</p></div>"
        )
        self.assertEqual(engine.normalise(reader.own_words(html)), "cold food")

    def test_quoted_reply_in_plain_text(self):
        text = (
            "New words\n> old words\nOn 2 Nov 2026 at 9:00, Ward <w@h.example> wrote:\nolder words"
        )
        self.assertEqual(reader.own_words(text).strip(), "New words")


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

    def test_consults_of_all_rules_that_match_add_up_once_each(self):
        rules = [
            text_rule(11, "soup", effects={"consults": [7, 8]}),
            text_rule(12, "tea", effects={"consults": [9]}),
            text_rule(13, "cold", effects={"consults": [8, 6]}),
        ]
        decision = self.decide("cold soup", CATCH_ALL, preparation=rules)
        self.assertEqual(decision["values"], {"consults": [7, 8, 6]})
        self.assertEqual([item["rule"] for item in decision["preparation"]], [11, 13])

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

    def test_any_alternative_is_enough(self):
        rule = {
            "id": 1,
            "lines": [
                {"field": "text", "match": "any", "values": ["soup"], "alternative": 1},
                {"field": "channel", "match": "any", "values": [2], "alternative": 1},
                {"field": "text", "match": "any", "values": ["taxi"], "alternative": 2},
            ],
        }
        self.assertEqual(self.decide("soup", rule, channel=2)["rule"], 1)
        self.assertEqual(self.decide("soup", rule, channel=3)["rule"], 99)
        decision = self.decide("a taxi", rule)
        self.assertEqual(decision["rule"], 1)
        self.assertEqual([item["line"] for item in decision["evidence"]], [2])

    def test_alternative_that_only_denies(self):
        rule = {
            "id": 1,
            "lines": [
                {"field": "text", "match": "any", "values": ["soup"], "alternative": 1},
                {"field": "channel", "match": "none", "values": [2], "alternative": 2},
            ],
        }
        self.assertEqual(self.decide("tea", rule, channel=3)["rule"], 1)
        self.assertEqual(self.decide("tea", rule, channel=2)["rule"], 99)

    def test_domain_is_looked_at_last_and_only_when_needed(self):
        asked = []
        rule = {
            "id": 1,
            "lines": [
                {"field": "domain", "match": "any", "values": ["d"]},
                {"field": "text", "match": "any", "values": ["soup"]},
            ],
        }
        rules = engine.compile_rules([], [rule, CATCH_ALL])

        def truth(key):
            asked.append(key)
            return True

        self.assertEqual(rules.decide({"text": "tea"}, truth)["rule"], 99)
        self.assertEqual(asked, [])
        decision = rules.decide({"text": "soup"}, truth)
        self.assertEqual([item["line"] for item in decision["evidence"]], [1, 0])
        self.assertEqual(asked, ["d"])

    def test_broken_domain_takes_the_other_alternatives_with_it(self):
        domain = {"field": "domain", "match": "any", "values": ["d"], "alternative": 1}
        soup = {"field": "text", "match": "any", "values": ["soup"], "alternative": 2}
        rules = engine.compile_rules([], [{"id": 1, "lines": [domain, soup]}, CATCH_ALL])
        decision = rules.decide({"text": "soup"}, {"d": None}.get)
        self.assertEqual((decision["rule"], decision["skipped"]), (99, [[1, "domain"]]))
        self.assertEqual(rules.decide({"text": "soup"}, {"d": False}.get)["rule"], 1)

    def test_first_and_last_day_count(self):
        rule = text_rule(1, "soup", valid_from="2026-03-01", valid_to="2026-03-31")
        for date, winner in [
            ("2026-02-28", 99),
            ("2026-03-01", 1),
            ("2026-03-31", 1),
            ("2026-04-01", 99),
            (None, 1),
        ]:
            self.assertEqual(self.decide("soup", rule, date=date)["rule"], winner, date)

    def test_one_open_end(self):
        old, new = text_rule(1, "soup", valid_to="2026-03-31"), text_rule(2, "soup")
        new["valid_from"] = "2026-04-01"
        self.assertEqual(self.decide("soup", old, new, date="2026-03-31")["rule"], 1)
        self.assertEqual(self.decide("soup", old, new, date="2026-04-01")["rule"], 2)

    def test_paused_rule_matches_nothing_and_is_not_skipped(self):
        decision = self.decide("soup", text_rule(1, "soup", paused=True))
        self.assertEqual((decision["rule"], decision["skipped"]), (99, []))

    def test_broken_rule_is_skipped_and_noted(self):
        decision = self.decide("soup", text_rule(1, "soup", broken="archived"))
        self.assertEqual((decision["rule"], decision["skipped"]), (99, [[1, "archived"]]))

    def test_rule_without_conditions_matches_nothing(self):
        self.assertEqual(self.decide("soup", {"id": 1, "lines": []})["rule"], 99)

    def test_fact_of_one_value(self):
        for field, fact in engine.SINGLE_FACTS.items():
            rule = {"id": 1, "lines": [{"field": field, "match": "any", "values": ["6", "7"]}]}
            other = {"id": 2, "lines": [{"field": field, "match": "none", "values": ["6"]}]}
            for value, winner in [("6", 1), ("5", 2), (None, 2)]:
                decision = self.decide("", rule, other, **{fact: value})
                self.assertEqual(decision["rule"], winner, (field, value))

    def test_fact_of_several_values(self):
        for field, fact in engine.SET_FACTS.items():
            rule = {"id": 1, "lines": [{"field": field, "match": "all", "values": [3, 4]}]}
            other = {"id": 2, "lines": [{"field": field, "match": "any", "values": [4, 5]}]}
            for values, winner in [((4, 3), 1), ((4,), 2), ((), 99), (None, 99)]:
                decision = self.decide("", rule, other, **{fact: values})
                self.assertEqual(decision["rule"], winner, (field, values))

    def test_weekday_and_hours_together(self):
        rule = {
            "id": 1,
            "lines": [
                {"field": "weekday", "match": "any", "values": ["5", "6"]},
                {"field": "hours", "match": "none", "values": [8]},
            ],
        }
        self.assertEqual(self.decide("", rule, weekday="6", open=(7,))["rule"], 1)
        self.assertEqual(self.decide("", rule, weekday="6", open=(7, 8))["rule"], 99)
        self.assertEqual(self.decide("", rule, weekday="1", open=())["rule"], 99)

    def test_routing_sees_tags_of_preparation_and_of_the_inquiry(self):
        food = text_rule(11, "soup", effects={"tags": [5]})
        route = {"id": 1, "lines": [{"field": "tag", "match": "all", "values": [4, 5]}]}
        self.assertEqual(self.decide("soup", route, preparation=[food], tags=(4,))["rule"], 1)
        self.assertEqual(self.decide("soup", route, preparation=[food])["rule"], 99)

    def test_subject_and_text_are_told_apart(self):
        rule = {"id": 1, "lines": [{"field": "subject", "match": "any", "values": ["soup"]}]}
        self.assertEqual(self.decide("cold soup", rule, subject="soup")["rule"], 1)
        self.assertEqual(self.decide("cold soup", rule, subject="lunch")["rule"], 99)

    def test_words_are_shown_in_the_order_of_the_text(self):
        rule = text_rule(1, "food", "cold*", "cold")
        decision = self.decide("Colder food, cold tea, more food", rule)
        self.assertEqual(decision["evidence"][0]["found"], ["colder", "food", "cold"])


class TestAfterwards(unittest.TestCase):
    """What is asked about a decision: the trace, and who would have come next."""

    def test_trace_names_the_first_failing_line(self):
        rules = engine.compile_rules([], [text_rule(1, "soup"), CATCH_ALL])
        rows = rules.trace({"text": "tea"})
        self.assertEqual([row["failed"] for row in rows], [0, None])

    def test_trace_tells_which_rules_were_reached(self):
        rules = engine.compile_rules(
            [text_rule(11, "tea", effects={"tags": [1]})],
            [text_rule(1, "tea"), text_rule(2, "soup"), text_rule(3, "bread"), CATCH_ALL],
        )
        rows = rules.trace({"text": "soup"})
        self.assertEqual([row["rule"] for row in rows], [11, 1, 2, 3, 99])
        self.assertEqual([row["list"] for row in rows], ["preparation"] + ["routing"] * 4)
        self.assertEqual([row["reached"] for row in rows], [True, True, True, False, False])
        self.assertEqual([row["matched"] for row in rows], [False, False, True, False, True])

    def test_trace_tells_why_a_rule_is_left_out(self):
        domain = {"id": 5, "lines": [{"field": "domain", "match": "any", "values": ["d"]}]}
        rules = engine.compile_rules(
            [],
            [
                text_rule(1, "soup", paused=True),
                text_rule(2, "soup", valid_to="2026-02-28"),
                text_rule(3, "soup", broken="archived"),
                {"id": 4, "lines": []},
                domain,
                CATCH_ALL,
            ],
        )
        rows = rules.trace({"text": "soup", "date": "2026-03-01"}, {"d": None}.get)
        self.assertEqual(
            [row["failed"] for row in rows],
            ["paused", "validity", "archived", "no condition", "domain", None],
        )

    def test_trace_of_alternatives_tells_of_the_first(self):
        rule = text_rule(1, "soup")
        rule["lines"] += [
            {"field": "channel", "match": "any", "values": [2], "alternative": 2},
            {"field": "text", "match": "any", "values": ["bread"], "alternative": 1},
        ]
        rows = engine.compile_rules([], [rule]).trace({"text": "tea"})
        self.assertEqual(rows[0]["failed"], 0)

    def test_many_rules_keep_their_order(self):
        rules = engine.compile_rules([], [text_rule(n, f"word{n}") for n in range(1, 99)])
        facts = {"text": "word64 word33 word8 word1"}
        self.assertEqual(rules.decide(facts)["rule"], 1)
        self.assertEqual(rules.matching(facts), [1, 8, 33, 64])

    def test_matching_tells_who_would_have_come_next(self):
        rules = engine.compile_rules(
            [], [text_rule(1, "soup"), text_rule(2, "tea"), text_rule(3, "cold"), CATCH_ALL]
        )
        self.assertEqual(rules.matching({"text": "cold soup"}), [1, 3, 99])

    def test_route_leaves_preparation_out(self):
        tags = text_rule(11, "soup", effects={"tags": [5]})
        route = {"id": 1, "lines": [{"field": "tag", "match": "any", "values": [5]}]}
        rules = engine.compile_rules([tags], [route, CATCH_ALL])
        self.assertEqual(rules.decide({"text": "soup"})["rule"], 1)
        decision = rules.route({"text": "soup"})
        self.assertEqual((decision["rule"], decision["values"]), (99, {}))
        self.assertEqual(rules.matching({"text": "soup"}, {"tags": [5]}), [1, 99])

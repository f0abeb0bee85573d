"""The routing benchmark measures what it says: its rules, its messages, its domains."""

import hashlib
import json
import unittest

from ..bench import bench_routing as bench
from ..bench.report import is_met


class TestBenchRouting(unittest.TestCase):
    """The fixed workload of ``./dev bench routing``."""

    @classmethod
    def setUpClass(cls):
        cls.engine = bench.load_pure("engine")
        cls.reader = bench.load_pure("mail_text", "common")
        cls.rules = bench.make_rules()

    def facts(self, number, ward=bench.WARDS[0]):
        """The facts of one message, read from its HTML."""
        subject, words = bench.make_message(number, ward)
        subject = self.engine.normalise(subject)
        body = self.engine.normalise(self.reader.own_words(bench.make_html(words)))
        return bench.make_facts(f"{subject} {body}", subject)

    def test_rules_are_fixed(self):
        text = json.dumps([self.rules, bench.make_domains()], sort_keys=True)
        digest = hashlib.sha256(text.encode()).hexdigest()
        self.assertEqual(digest[:12], "50c542c84030")

    def test_thousand_rules_of_four_conditions_and_five_keywords(self):
        self.assertEqual(len(self.rules), 1000)
        self.assertEqual(len({rule["id"] for rule in self.rules}), 1000)
        for rule in self.rules[:-1]:
            self.assertEqual(len(rule["lines"]), 4)
            words = [
                word for line in rule["lines"] if line["field"] == "text" for word in line["values"]
            ]
            self.assertEqual(len(words), 5)
        self.assertTrue(self.rules[-1]["catch_all"])
        routing = [rule["id"] for rule in self.rules if rule["kind"] == "routing"]
        self.assertEqual(routing.index("Routing of maple"), len(routing) // 2)

    def test_all_sets_do_the_same(self):
        sets = [
            bench.compile_rules(self.engine, rules)
            for rules in (self.rules, bench.make_six_rules(), bench.make_ten_rules())
        ]
        for number in range(100):
            facts = self.facts(number)
            decisions = [compiled.decide(facts) for compiled in sets]
            self.assertEqual(decisions[0], decisions[1])
            self.assertEqual(decisions[0], decisions[2])
            self.assertEqual(len(decisions[0]["preparation"]), 5)
            self.assertEqual(decisions[0]["rule"], "Routing of maple")
            again = sets[0].matching(facts, decisions[0]["values"])
            self.assertEqual(again, ["Routing of maple", "Everything else"])

    def test_each_ward_has_its_rule(self):
        compiled = bench.compile_rules(self.engine, self.rules)
        for number, ward in enumerate(bench.WARDS):
            decision = compiled.decide(self.facts(number, ward))
            self.assertEqual(decision["rule"], f"Routing of {ward}")

    def test_messages_have_120_words_and_differ(self):
        texts = set()
        for number in range(100):
            subject, words = bench.make_message(number)
            self.assertEqual(len(subject.split()) + len(words), bench.WORDS)
            texts.add(" ".join(words))
        self.assertEqual(len(texts), 100)

    def test_one_domain_fits(self):
        domains = bench.make_domains()
        self.assertEqual(len(domains), bench.AUTOMATIONS)
        for number in range(100):
            html = bench.make_html(bench.make_message(number)[1]).lower()
            fitting = [
                place
                for place, domain in enumerate(domains)
                if any(word in html for _field, _operator, word in domain[4:])
            ]
            self.assertEqual(fitting, [bench.AUTOMATIONS // 2])

    def test_verdicts(self):
        self.assertTrue(is_met(1.10, 1.10, "at most"))
        self.assertFalse(is_met(300, 300, "under"))
        self.assertTrue(is_met(15, 15, "at least"))
        self.assertFalse(is_met(14.9, 15, "at least"))

"""The reader of mails, without a database."""

import unittest
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from ..bench import eval_replies
from . import strategies

PAIRS = Path(eval_replies.__file__).parent / "replies"
reader = eval_replies.load_reader()

words = st.lists(
    st.sampled_from("soup nurse waited cold bed father hours letter Mama nobody".split()),
    min_size=2,
    max_size=12,
).map(" ".join)
QUOTES = (
    "On Mon, 2 Nov 2026 at 09:00, Ward <w@h.example> wrote:\n> old text\n> more",
    "Am 02.11.2026 um 09:00 schrieb Klinik <k@h.example>:\n> old text",
    "From: Ward <w@h.example>\nSent: Monday 9:00\nTo: Pat\nSubject: Visit\n\nold text",
    "De : Ward <w@h.example>\nEnvoyé : lundi\nÀ : Pat\nObjet : Visite\n\nold text",
    "-----Original Message-----\nFrom: Ward\nTo: Pat\n\nold text",
    "________________________________\nVon: Ward\nGesendet: Montag\nAn: Pat\n\nold text",
)


class TestPairs(unittest.TestCase):
    def test_mails_of_all_makes(self):
        result = eval_replies.evaluate(eval_replies.read_pairs(PAIRS))
        self.assertGreaterEqual(result["mails"], 60)
        self.assertGreaterEqual(result["exact"], 0.85, result["different_in"])
        self.assertFalse(result["lost_in"])


@settings(max_examples=strategies.EXAMPLES // 3, deadline=None)
@given(st.lists(words, min_size=1, max_size=5), st.sampled_from(QUOTES))
def test_own_words_survive_any_quote_below(lines, quote):
    own = "\n".join(lines)
    assert reader.own_words(f"{own}\n\n{quote}", "Re: Visit").split() == own.split()


@settings(max_examples=strategies.EXAMPLES // 3, deadline=None)
@given(st.text(max_size=200))
def test_any_text_can_be_read(text):
    assert isinstance(reader.own_words(text), str)
    assert isinstance(reader.html_to_text(f"<div>{text}"), str)

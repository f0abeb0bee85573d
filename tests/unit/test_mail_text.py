"""The reader of mails, without a database."""

import gc
import time
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

# What makes a reader slow, if anything does: (before, what is repeated, after).
HOSTILE = [
    *(
        ("", part, "")
        for part in (
            "The soup was cold.\n",
            "> quoted\n",
            "x\n> q\n",
            "x\n\n> q:\n",
            "\n",
            "\r",
            "\t",
            " ",
            ">",
            "<",
            "<\n",
            "<a ",
            '<a x="',
            '<b=">" \'',
            "<!--",
            "<style>",
            "<br>",
            "<hr>",
            "<div>",
            "<div>soup ",
            "<div></p>",
            "<div></span>",
            "<td>x",
            "<span>",
            "<p><b>",
            "</p>",
            "x<br>",
            "<blockquote>x",
            "<blockquote type=cite>x</blockquote>y",
            "<div class='gmail_quote'>x",
            "<div class=gmail_quote>x</div>",
            "<div class='gmail_signature'>x",
            "<pre>x</pre>",
            "<div style='display:none'>x",
            "From: a\n",
            "From: a\nTo: b\n",
            "Date: x\n",
            "To: b\n",
            "To: a\nDate: b\nSubject: c\nCc: d\n",
            "To: b\n" * 24 + "From: a\n",
            "To\n",
            "Abc: x\n",
            "Message:\n",
            "-",
            "--\n",
            "-- x --\n",
            "x\n--\nA\n> q\n",
            "=" * 119 + "x\n",
            "=" * 60 + "forwarded" + "=" * 49 + "x-\n",
            "--original message" * 6 + "x\n",
            "_" * 40 + "\n",
            "---- Forwarded message ----\nFrom: x\n",
            "forwarded:\n",
            "forwarded:\nTo: x\ny@y\n",
            "a\n-----Original Message-----\nFrom: x\n> q\n",
            "On 2 Nov 2026 at 9:00\n",
            "On 2 Nov 2026 at 09:00, H <h@h.example> wrote:\n> x\n\n",
            "On x wrote:\n\n> q\n",
            "9:00 1.1.2026 wrote\n",
            "on " + "1" * 396 + "\n",
            "on 12:00 1.1.2026 " + ">wrote " * 50 + "\n",
            "on 9:00 1.1.2026 " + "x " * 50 + ":\n",
            "on 1 " + "9:" * 60 + ":\n",
            "1" + "a" * 398 + "\n",
            "1" + "a" * 128 + ":\n",
            "1\n",
            "1:\n",
            "a@",
            "a@b " * 90 + "\n",
            "Kind regards\n",
            "Kind regards\nA\nT 0123 45678\nwww.x\nB\n> q\n",
            "kind" * 14 + "x\n",
            "This message is confidential\n",
            "external ",
            "Sent from ",
            "This message is confidential. intended recipient\n\n",
            "sent from " + "gmx" * 39 + "!\n",
            "This message " + "intended recipient confidential " * 5 + "\n",
            "\u200f:\n",
            "*:\n",
            "*",
        )
    ),
    ("x\n", "\u200b", ":"),
    ("x", " ", "x"),
    ("x", "\n", "--\nA\n" * 12),
    ("<p>", " ", "x"),
    ("<p>", "&amp;", ""),
    ("<p>", "&nbsp;", ""),
    ("<p>&#", "1", ";"),
    ("<p>&#x", "f", ""),
    ("<p>", "&" + "a" * 31, ""),
    ("<pre>", "x\n", ""),
    ("<pre>", "\n", ""),
    ("<div ", "class = ", ">"),
    ("<div ", "class", ">"),
    ("<div ", 'class="x" ', ">"),
    ("<div ", "x", ">"),
    ("<div ", "class='", ">"),
    ("<div style='", "display ", "'>"),
    ("<div style='", "border-left ", "'>"),
    ("<blockquote style='border-left:", " ", "'>"),
    ("<p>", "<!", ">"),
    ("<p>", "</", ">"),
]


SIZES = (10_000, 40_000)


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


def cost(text):
    """Seconds of the processor, which other work on the machine does not count for."""
    start = time.process_time()
    reader.own_words(text, "Re: Visit")
    return time.process_time() - start


class TestTime(unittest.TestCase):
    """Whatever a stranger mails, the time grows with its length and no faster."""

    def setUp(self):
        gc.disable()
        self.addCleanup(gc.enable)

    def test_four_times_the_mail_takes_about_four_times_as_long(self):
        for before, part, after in HOSTILE:
            with self.subTest(f"{before[:20]} {part[:40]!r} {after[:20]}"):
                # The square of the length would be 16 times as long.
                short, long = (before + part * (size // len(part)) + after for size in SIZES)
                self.assertLess(cost(long), 10 * min(cost(short), cost(short)) + 0.15)

    def test_no_pattern_explodes_on_a_line(self):
        """Each as one line of every length that patterns are tried on."""
        for _before, part, _after in HOSTILE:
            line = part.replace("\n", " ")
            for length in (59, 119, 130, 199, 399, 801):
                with self.subTest(line=line[:40], length=length):
                    text = (line * (length // len(line) + 1))[:length]
                    self.assertLess(cost(f"x\n{text}\n{text}:\n> q"), 0.2)

    def test_a_mail_of_endless_lines_is_kept_whole(self):
        lines = reader._MOST_LINES + 1
        text = "> soup\nOn 2 Nov 2026 at 09:00, H <h@h.example> wrote:\n" * (lines // 2 + 1)
        self.assertEqual(reader.own_words(text).split(), text.split())

    def test_below_more_beginnings_of_quotes_than_a_person_writes_all_is_kept(self):
        text = "1: soup\n" * reader._MOST_LEADS
        quote = "On Mon, 2 Nov 2026 at 09:00, W <w@h.example> wrote:\nporridge"
        self.assertIn("porridge", reader.own_words(text + quote, "Re: x"))
        self.assertNotIn("porridge", reader.own_words(text[: len(text) // 2] + quote, "Re: x"))


class TestText(unittest.TestCase):
    """The text of HTML."""

    def test_what_is_not_shown_is_not_read(self):
        source = (
            "<html><head><title>abuse</title><style>.abuse{}</style></head><body>"
            "<p>Caf&eacute;<b>s</b></p><!-- abuse --><div style='display: none'>abuse</div>"
            "<p>shut</p><script>if (1 > 0) {abuse()}</script></body>"
        )
        for read in (reader.html_to_text, reader.own_words):
            self.assertEqual(read(source).split(), ["Cafés", "shut"])

    def test_nothing(self):
        for nothing in (None, False, "", " \n"):
            self.assertEqual(reader.html_to_text(nothing), "")
            self.assertEqual(reader.own_words(nothing), "")

    def test_signs_that_are_no_markup_stay(self):
        for text in ("a < b and b > a", "fever <38", "x & y &nosuch;", "<3 the nurses"):
            self.assertEqual(reader.html_to_text(text), text)

    def test_entities(self):
        source = "<p>&lt;b&gt; &#233;&#xe9; &quot;q&quot; &amp;amp; x&nbsp;y</p>"
        self.assertEqual(reader.html_to_text(source), '<b> éé "q" &amp; x y')
        self.assertIn("soup", reader.html_to_text(f"<p>&#{'9' * 9000}; soup</p>"))

    def test_unclosed_styles_and_comments_swallow_nothing(self):
        for start in ("<style>", "<script>", "<!-- ", "<div class='x>"):
            self.assertIn("soup", reader.html_to_text(f"<p>the</p>{start}<p>soup</p>"))

    def test_a_disclaimer_takes_no_paragraph_of_the_writer_along(self):
        own = "The information that I got about the appointment of my father was wrong. " * 3
        disclaimer = (
            "This message is confidential. If you are not the intended recipient, please delete it "
            "and notify the sender; any copying of it is prohibited by the law of this country."
        )
        text = reader.own_words(f"<p>{own}</p><p>{disclaimer}</p><p>Thank you all</p>")
        self.assertEqual(text.split(), f"{own} Thank you all".split())

"""Charts of the packs: valid, escaped, readable without eyes, and silent on what is hidden."""

import importlib.util
import os
import re
from pathlib import Path
from xml.dom import minidom

from hypothesis import given, settings
from hypothesis import strategies as st

PLACE = Path(__file__).parents[2] / "patient_care_coordination/models/reporting/charts.py"
EXAMPLES = int(os.environ.get("CARE_EXAMPLES", "100"))

spec = importlib.util.spec_from_file_location("care_charts", PLACE)
charts = importlib.util.module_from_spec(spec)
spec.loader.exec_module(charts)

values = st.just("*") | st.integers(0, 10**6) | st.floats(0, 10**6)
words = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"], exclude_characters="\ufffe\uffff")
)


def rects(svg):
    return [
        float(rect.getAttribute("width"))
        for rect in minidom.parseString(svg).getElementsByTagName("rect")
    ]


@given(st.lists(st.tuples(words, values, values), max_size=8), words)
@settings(max_examples=EXAMPLES, deadline=None)
def test_any_words_and_numbers_give_a_valid_picture(rows, title):
    labels = [row[0] for row in rows]
    series = [[row[1] for row in rows], [row[2] for row in rows]]
    for svg in (
        charts.bars(title, labels, series, [title, "b"]),
        charts.bars(title, labels, series[:1]),
        charts.lines(title, labels, series, [title, "b"]),
    ):
        root = minidom.parseString(svg).documentElement
        assert root.getElementsByTagName("title")[0].firstChild is None or title
        for rect in root.getElementsByTagName("rect"):
            assert 0 <= float(rect.getAttribute("width")) <= charts.WIDTH


def test_the_longest_bar_is_the_highest_number():
    one, two, three = rects(charts.bars("Channels", ["a", "b", "c"], [[1, 4, 2]]))
    assert two == 4 * one == 2 * three


def test_what_is_hidden_has_no_bar():
    svg = charts.bars("Channels", ["a", "b"], [["*", 40]])
    assert rects(svg)[0] == 0
    assert "a: *; b: 40" in svg


def test_a_line_breaks_where_a_value_is_hidden():
    svg = charts.lines("Months", "JFMAM", [[9, 8, "*", 7, 6]], ["Delay"])
    assert svg.count("<polyline") == 2
    assert svg.count("<circle") == 4
    assert "Delay: 9, 8, *, 7, 6" in svg


def test_a_screen_reader_hears_title_and_numbers():
    svg = charts.bars("By <channel>", ["Phone & fax"], [[3]])
    assert "<title>By &lt;channel&gt;</title>" in svg
    assert "<desc>Phone &amp; fax: 3</desc>" in svg


def test_a_legend_stays_within_the_picture():
    names = [f"A rather long theme number {number}" for number in range(6)]
    root = minidom.parseString(charts.lines("Months", "JF", [[1, 2]] * 6, names)).documentElement
    height = float(root.getAttribute("height"))
    texts = [x for x in root.getElementsByTagName("text") if x.firstChild.data in names]
    assert len(texts) == 6
    for text in texts:
        end = float(text.getAttribute("x")) + 5.5 * len(text.firstChild.data)
        assert end <= charts.WIDTH
        assert float(text.getAttribute("y")) < height


def test_steps_are_round():
    for highest in range(1, 3000):
        distance = charts.step(highest)
        assert highest / distance <= 5
        assert re.fullmatch("[125]0*", str(distance))


def test_shades_go_from_white_to_dark():
    assert "#ffffff" in charts.shade(0, 9)
    assert "#ffffff" in charts.shade(None, 9)
    assert charts.shade(9, 9).startswith("background: rgb(176, 58, 46)")

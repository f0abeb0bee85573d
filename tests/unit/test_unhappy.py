"""The judge of one question: is the writer unhappy with care or service?"""

import csv
import importlib.util
import json
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

BENCH = Path(__file__).resolve().parents[1] / "bench"


def load(name):
    sys.path.insert(0, str(BENCH))
    spec = importlib.util.spec_from_file_location(f"care_{name}", BENCH / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


evaluation = load("eval_unhappy")
JUDGE = evaluation.shipped_judge()
MODULE = evaluation.load_judge()


@pytest.mark.parametrize(
    "text",
    [
        # Politeness is no praise.
        "Thank you for listening. My aunt was left in a wet bed all night and nobody came.",
        "Many thanks in advance for finding out why her surgery was cancelled three times.",
        # A question can be a complaint.
        "Why was my mother left on the floor of the ward for an hour?",
        # What comes after the turn counts.
        "The nurses were lovely, but the doctor was rude and ignored my pain.",
        "I want to complain about the discharge of my brother.",
        "Nobody told us that he had been moved and we are very upset.",
    ],
)
def test_the_unhappy_are_heard(text):
    assert JUDGE.judge(text).unhappy


@pytest.mark.parametrize(
    "text",
    [
        "No complaints, everybody was kind.",
        "It could not be better.",
        "I was never made to feel a nuisance, the care was excellent.",
        "When are visiting hours on Sunday?",
        "Could you send me a copy of my records please?",
        "Not a single problem, thank you all.",
        "",
        "\n \t",
        "12345 !!!",
    ],
)
def test_the_content_are_not_taken_for_unhappy(text):
    assert not JUDGE.judge(text).unhappy


def test_the_words_that_spoke_are_named():
    judgement = JUDGE.judge("Thank you. My father was ignored all night.")
    assert judgement.unhappy
    assert "ignored" in judgement.words
    assert len(judgement.words) <= MODULE.SHOWN


def test_a_word_of_an_administrator_counts():
    groups, weights = MODULE.read_rows(
        [
            {"phrase": "late", "group": "trouble", "weight": ""},
            {"phrase": "flibbertigibbet", "group": "", "weight": "2.5"},
            {"phrase": "bias", "group": "", "weight": "-0.5"},
        ]
    )
    judge = MODULE.Judge(groups, weights)
    assert not judge.judge("The porter was late.").unhappy
    assert judge.judge("The porter is a Flibbertigibbet!").unhappy


@pytest.mark.parametrize(
    "row",
    [
        {"phrase": "late", "group": "", "weight": ""},
        {"phrase": "late", "group": "trouble", "weight": "1"},
        {"phrase": "", "group": "trouble", "weight": ""},
        {"phrase": "late", "group": "", "weight": "much"},
    ],
)
def test_a_row_that_says_nothing_clear_is_named(row):
    with pytest.raises(ValueError, match="Row 2: "):
        MODULE.read_rows([row])


@given(st.text(max_size=400))
def test_any_text_gets_a_judgement(text):
    judgement = JUDGE.judge(text)
    assert judgement.unhappy == (judgement.score > 0) or abs(judgement.score) < 0.001
    assert JUDGE.judge(text) == judgement


@given(st.text(max_size=60))
def test_case_and_accents_do_not_matter(text):
    assert JUDGE.judge(text) == JUDGE.judge(MODULE.fold(text))


def test_the_score_is_the_sum_of_the_weights():
    text = "The ward was dirty. Nobody listened, but the porter was kind."
    found = [JUDGE.weights[name] for name in JUDGE.features(text) if name in JUDGE.weights]
    expected = sum(found) / (len(found) + 1) ** 0.5 + JUDGE.weights["bias"]
    assert JUDGE.judge(text).score == pytest.approx(expected, abs=0.001)


def test_the_shipped_words_keep_the_examples_apart():
    comments = evaluation.read_comments(BENCH / "unhappy_examples.csv")
    figures = evaluation.evaluate(comments)
    assert figures["recall"] >= 0.95 and figures["precision"] >= 0.9


def test_learning_again_gives_the_same_weights_and_finds_a_pattern():
    learning = load("learn_unhappy")
    happy = [f"the food was nice and warm {number}" for number in range(20)]
    unhappy = [f"the food was cold again {number}" for number in range(20)]
    _rows, groups = learning.read_groups(MODULE)
    finder = MODULE.Judge(groups, {})
    texts = [finder.features(text) for text in happy + unhappy]
    labels = [False] * 20 + [True] * 20
    weights, bias = learning.learn(texts, labels)
    assert weights["cold"] > 0 > weights["nice"]
    assert (weights, bias) == learning.learn(texts, labels)


def test_evaluation_reads_both_kinds_of_labels(tmp_path, capsys):
    place = tmp_path / "comments.csv"
    with open(place, "w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["text", "sentiment"])
        writer.writerows(
            [["They ignored me and I am angry.", 5], ["Lovely staff, thank you.", 1], ["Hm", ""]]
        )
    assert evaluation.main([str(place), "--json"]) == 0
    figures = json.loads(capsys.readouterr().out)
    assert figures["comments"] == 2 and figures["f1"] == 1.0


@pytest.mark.parametrize("content", ["text\nx\n", "text,unhappy\nx,maybe\n", "text,unhappy\n"])
def test_evaluation_says_what_is_wrong_with_a_file(tmp_path, capsys, content):
    place = tmp_path / "comments.csv"
    place.write_text(content)
    assert evaluation.main([str(place)]) == 1
    assert "./dev: " in capsys.readouterr().err

"""Words that hint at a red flag, found without a database."""

import csv
import json
import time
from collections import Counter
from pathlib import Path

import pytest

from ..bench import eval_flags
from ..pure import load

hints = load("inquiry.hints")
MESSAGES = Path(__file__).parent / "data" / "flag_messages.csv"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("She was abused at night", {"abuse": ["abused"]}),
        ("no abuse at all", {}),
        ("No. Abuse at all hours", {"abuse": ["abuse"]}),
        ("not only abuse", {"abuse": ["abuse"]}),
        ("ABUSE!", {"abuse": ["abuse"]}),
        ("He is disabused of that", {}),
        ("suicidal thoughts", {"harm": ["suicid*"]}),
        ("I want to die.", {"harm": ["want to die"]}),
        ("I want to dine", {}),
        ("I want\nto  die", {"harm": ["want to die"]}),
        ("She can\u2019t breathe", {"danger": ["can't breathe"]}),
        ("Elle parle de Suicide, et d'abus", {"harm": ["suicid*"], "abuse": ["abus"]}),
        ("sexuelle Belästigung", {"abuse": ["sexuell* belastig*"]}),
        ("SJÄLVMORD", {"harm": ["sjalvmord*"]}),
        ("", {}),
    ],
)
def test_whole_words_in_all_languages(text, expected):
    known = hints.Hints(
        {
            "abuse": ["abuse", "abused", "abus", "sexuell* belastig*", "", " * "],
            "harm": ["suicid*", "want to die", "sjalvmord*"],
            "danger": ["can't breathe"],
        }
    )
    assert known.find(text) == expected


def test_one_word_may_hint_at_several_flags():
    known = hints.Hints({1: ["kill him"], 2: ["kill*"]})
    assert known.find("I will kill him") == {1: ["kill him"], 2: ["kill*"]}


def test_without_hints_nothing_is_found():
    assert not hints.Hints({1: []})
    assert hints.Hints({}).find("abuse") == {}


def test_a_hostile_mail_costs_little():
    known = hints.Hints({1: ["want to die", "w*"]})
    start = time.monotonic()
    for source in ("want to " * 400_000, "w" * 3_000_000):
        known.find(source[: hints.READ_AT_MOST])
    assert time.monotonic() - start < 3


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("A nurse hit my old mother in the face", ["nurse hit my old mother"]),
        ("My mother was hit by a nurse.", ["mother was hit by a nurse"]),
        # Not beyond the sentence, and not too far away.
        ("The nurse was kind. I hit my knee. My mother laughed.", []),
        ("The nurse one two three four five six seven eight nine hit my mother", []),
        ("The nurse never hit my mother", []),
        ("The nurse hit the nail on the head for my mother", []),
        ("The nurse hit the nail. Another nurse hit my mother", ["nurse hit my mother"]),
        ("slapped", ["slapped"]),
        # Whichever part stands in the middle, it has the others near it.
        (
            "He hit one two three four mother one two three four nurse",
            ["hit one two three four mother one two three four nurse"],
        ),
    ],
)
def test_words_near_each_other_and_exceptions(text, expected):
    known = hints.Hints(
        {1: ["hit + [relative] + nurse/doctor", "slapped/kicked", "unless hit the nail"]},
        {"relative": ["mother", "father"]},
    )
    assert known.find(text).get(1, []) == expected


def test_an_exception_counts_for_its_flag_alone():
    known = hints.Hints({1: ["attorney", "unless power of attorney"], 2: ["attorney"]}, {})
    assert known.find("my power of attorney") == {2: ["attorney"]}
    assert known.find("my attorney and my power of attorney") == {1: ["attorney"], 2: ["attorney"]}


def test_a_list_without_that_name_is_refused():
    with pytest.raises(ValueError, match="no list of words called friend"):
        hints.Hints({1: ["hit + [friend]"]}, {"relative": ["mother"]})


@pytest.mark.parametrize(
    ("text", "flag"),
    [
        ("Please help, my father has collapsed and is not breathing.", "danger"),
        ("My son says he wants to kill himself.", "self_harm"),
        ("A carer slapped my grandmother and shouted at her.", "abuse"),
        ("The boy next door is left alone at night and has bruises on his arms.", "at_risk"),
        ("They operated on the wrong hip.", "death_harm"),
        ("The nurse gave him another patient's tablets.", "device_harm"),
        ("I will come back with a gun.", "staff_threat"),
        ("I have told the newspaper and they will print my story.", "media"),
        ("You will hear from my solicitor.", "legal"),
        ("I received a letter with somebody else's results.", "privacy"),
        ("My mother was sent home too early, she cannot even stand.", "discharge"),
        ("The receptionist told us to go back to our country.", "discrimination"),
    ],
)
def test_the_shipped_hints_hear_each_flag(text, flag):
    assert flag in eval_flags.shipped_hints().find(text)


@pytest.mark.parametrize(
    "text",
    [
        "Where is the chest pain clinic?",
        "I hold a power of attorney for my uncle. Where do I send a copy?",
        "The nurses never shouted and never hit anybody.",
        "I left my newspapers on the ward.",
        "He has no thoughts of suicide any more, thank you.",
        "How do I get a copy of the death certificate?",
    ],
)
def test_the_shipped_hints_leave_the_harmless_alone(text):
    assert not eval_flags.shipped_hints().find(text)


def test_the_shipped_hints_are_measured_against_messages_as_patients_write_them():
    known = eval_flags.shipped_hints()
    messages = eval_flags.read_messages(MESSAGES, set(known.codes))
    figures = eval_flags.evaluate(messages, known)
    assert figures["recall"] >= 0.95
    assert figures["false_alarms"] <= 0.05
    expected, found = Counter(), Counter()
    for text, codes in messages:
        expected.update(codes)
        found.update(codes & set(known.find(text)))
    assert set(expected) == set(known.codes)
    deaf = {code for code in expected if found[code] < 0.8 * expected[code]}
    assert not deaf, f"These red flags are heard too rarely: {sorted(deaf)}"


def test_evaluation(tmp_path, capsys):
    place = tmp_path / "messages.csv"
    rows = [
        ["text", "flags"],
        ["A nurse hit my mother.", "abuse"],
        ["I want to sue you.", "legal;media"],
        ["When are visiting hours?", ""],
    ]
    with open(place, "w", newline="") as stream:
        csv.writer(stream).writerows(rows)
    assert eval_flags.main([str(place), "--json"]) == 0
    figures = json.loads(capsys.readouterr().out)
    assert figures == {
        "recall": 0.6667,
        "false_alarms": 0.0,
        "flagged_share": 0.6667,
        "messages": 3,
    }


@pytest.mark.parametrize("content", ["text\nx\n", "text,flags\nx,nonsense\n", "text,flags\n"])
def test_evaluation_says_what_is_wrong_with_a_file(tmp_path, capsys, content):
    place = tmp_path / "messages.csv"
    place.write_text(content)
    assert eval_flags.main([str(place)]) == 1
    assert "./dev: " in capsys.readouterr().err

"""Words that hint at a red flag, found without a database."""

import importlib.util
import time
from pathlib import Path

import pytest

PATH = Path(__file__).parents[2] / "patient_care_coordination" / "models" / "inquiry" / "hints.py"


def _load():
    spec = importlib.util.spec_from_file_location("care_hints", PATH)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


hints = _load()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("She was abused at night", {"abuse": ["abused"]}),
        ("no abuse at all", {"abuse": ["abuse"]}),
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

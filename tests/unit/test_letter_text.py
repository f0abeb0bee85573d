"""Texts of letters, without a database."""

import importlib.util
from pathlib import Path

import pytest

PATH = (
    Path(__file__).parents[2]
    / "patient_care_coordination"
    / "models"
    / "contact"
    / "letter_text.py"
)


def _load():
    spec = importlib.util.spec_from_file_location("care_letter_text", PATH)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


letter_text = _load()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (None, False),
        ("", False),
        (" . ", False),
        ("aa", False),
        ("aaaa aaaa aaaa", False),
        ("a b c", False),
        ("Done", False),
        ("Checked, checked and CHECKED", False),
        ("Done, done and done", False),
        ("We asked the ward.", True),
        ("Мы спросили отделение.", True),
        ("سألنا الجناح عن ذلك", True),
        ("我们问过病房", True),
        ("啊啊啊啊啊啊", False),
    ],
)
def test_a_text_says_something(text, expected):
    assert letter_text.says_something(text) is expected


@pytest.mark.parametrize(
    ("text", "expected"), [(None, False), ("", False), (".", False), ("x", False), ("Al", True)]
)
def test_a_name_is_filled(text, expected):
    assert letter_text.is_filled(text) is expected

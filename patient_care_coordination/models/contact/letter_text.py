"""Placeholders in the texts of letters: a fixed list, replaced as plain text, never evaluated.

Pure: plain values in, plain values out.
"""

import re

# Code -> what an administrator reads beside it.
PLACEHOLDERS = {
    "number": "Number of the inquiry",
    "caller_name": "Name of the person the letter is to",
    "received_date": "Day the inquiry was received",
    "today": "Day of the letter",
    "contact_person": "Contact person named in the letter",
    "contact_phone": "Phone of the contact person",
    "due_date": "Day by which an answer is expected; in a holding letter the new day",
    "due_days": "Days from the letter until that day",
    "completion_date": "Day on which looking into it was completed",
    "signer": "Name of the person who signs",
    "hospital": "Name of the hospital",
    "hospital_phone": "Phone of the hospital",
    "hospital_email": "E-mail address of the hospital",
}
# Facts about a patient: never in a letter of a neutral type.
PATIENT_PLACEHOLDERS = {
    "patient_name": "Name of the patient",
    "department": "Department it is about",
    "title": "Title of the inquiry",
}
ALL = PLACEHOLDERS | PATIENT_PLACEHOLDERS
_FIELD = re.compile(r"\{\{(.*?)\}\}", re.DOTALL)
# Thai to Khmer, kana and Chinese are written without spaces: there each sign counts as a word.
_WORD = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff]|\w+")


def braced(code):
    """The placeholder as it is written."""
    return "{{ " + code + " }}"


def used(text):
    """The codes that ``text`` names between double braces, in order, known or not."""
    return [match.strip() for match in _FIELD.findall(text or "")]


def unknown(text):
    """The first thing in ``text`` that looks like a placeholder and is none, or None.

    Braces that are never closed count: they would be printed.
    """
    for code in used(text):
        if code not in ALL:
            return braced(code)
    rest = _FIELD.sub("", text or "")
    position = rest.find("{{")
    return rest[position : position + 30].strip() if position >= 0 else None


def fill(text, values):
    """``text`` with the known placeholders replaced; what they stand for is not looked at again."""
    return _FIELD.sub(lambda match: str(values.get(match.group(1).strip()) or ""), text or "")


def harmless(text):
    """Words of somebody else, so that braces in them are no placeholders."""
    return (text or "").replace("{{", "{ {").replace("}}", "} }")


def is_filled(text):
    """Whether there is more than a dot, a dash or one letter."""
    return sum(map(str.isalnum, text or "")) > 1


def says_something(text):
    """Whether ``text`` has at least three different words and five different letters or figures.

    No more than that: whether it says the right thing is for whoever checks the letter.
    """
    words = set(_WORD.findall((text or "").casefold()))
    return len(words) >= 3 and len(set("".join(words))) >= 5

"""What may come in through any door: how long, and made of which characters. Pure."""

import re

# Characters. A person's or thing's name, a line of text, a search term, a text.
NAME, LINE, TERM, TEXT = 200, 500, 200, 1_000_000
# An integer column of PostgreSQL, ids included.
LARGEST = 2**31 - 1
# A search by text ends after so many seconds.
SEARCH_SECONDS = 20

# NUL and halves of characters cannot be stored; the others end PDFs and spreadsheets.
_UNUSABLE = re.compile("[\x00-\x08\x0e-\x1f\x7f\ud800-\udfff]")
# Word processors write a line break as vertical tab, and a page break as form feed.
_BREAKS = re.compile("[\x0b\x0c]")


def usable(value):
    """``value`` without the characters that no text needs, in lists and dicts as well."""
    if isinstance(value, str):
        return type(value)(_BREAKS.sub("\n", _UNUSABLE.sub("", value)))
    if isinstance(value, list | tuple):
        return type(value)(usable(item) for item in value)
    if isinstance(value, dict):
        return {key: usable(item) for key, item in value.items()}
    return value


def storable(text):
    """A scanned code without what a database cannot look for; GS1 separators stay."""
    return re.sub("[\x00\ud800-\udfff]", "", text)


def longest(name, kind):
    """How many characters the field ``name`` of type ``kind`` takes, or None."""
    if kind == "char":
        return NAME if name == "name" or name.endswith("_name") else LINE
    return TEXT if kind in ("text", "html") else None

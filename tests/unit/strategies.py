"""Small worlds for generated tests: few words and few values, so that rules often hold.

Lines are drawn whole from lists, the plainest first: fast to draw, and a failure shrinks to
something one can read.
"""

import os
from itertools import permutations

from hypothesis import strategies as st

from .test_engine import engine

# A proof wants many (CARE_EXAMPLES=10000), a run between two edits has no time for them.
EXAMPLES = int(os.environ.get("CARE_EXAMPLES", "1500"))

MATCHES = ("any", "all", "none")
SINGLE_VALUES = {
    "channel": (1, 2),
    "nature": (1, 2, 3),
    "language": (1, 2),
    "relation": ("self", "child"),
    "priority": ("0", "1", "2", "3"),
    "known": ("yes", "no"),
    "product": (1, 2),
    "hint": (1, 2),
    "weekday": ("1", "6"),
}
SET_VALUES = {
    "category": (1, 2, 3, 4),
    "department": (1, 2, 3),
    "tag": (1, 2, 3),
    "partner_tag": (1, 2),
    "hours": (1, 2),
}
DOMAINS = ("a", "b", "c")
# 2 lies under 1, and 4 under 2.
TREE = {1: (1,), 2: (2, 1), 3: (3,), 4: (4, 2, 1)}
DATES = ("2026-02-28", "2026-03-01", "2026-03-02", "2026-03-03")

WORDS = ("food", "cold", "Colder", "wait", "waiting", "long", "née", "o'clock")
KEYWORDS = ("food", "cold", "cold*", "colde*", "Cold food", "co*", "wait* long", "long wait*")
KEYWORDS += ("NÉE", "o'clock", "w*", "food cold colder", "!")


def some_of(values):
    """Lists of one and of two values, in either order, since evidence keeps a line's order."""
    return [[value] for value in values] + [list(pair) for pair in permutations(values, 2)]


def lines_of(field, values):
    return [
        {"field": field, "match": match, "values": chosen} for chosen in values for match in MATCHES
    ]


LINES = lines_of("text", some_of(KEYWORDS[:5]) + [list(KEYWORDS[5:8]), list(KEYWORDS[8:])])
LINES += lines_of("subject", some_of(KEYWORDS[:2]) + [list(KEYWORDS[2:7]), list(KEYWORDS[7:])])
for _field, _values in (SET_VALUES | SINGLE_VALUES).items():
    LINES += lines_of(_field, some_of(_values[:3]))
LINES += lines_of("domain", [*some_of(DOMAINS), list(DOMAINS)])
for _field in ("text", "category", "channel", "domain"):
    LINES += lines_of(_field, [[]])
NUMBERED_LINES = LINES + [{**line, "alternative": n} for n in (0, 1, 2) for line in LINES]

# Most rules are plain ones, or too few examples would tell anything of their lines.
LIMITS = [{}] * 16 + [
    {"lines": []},
    {"lines": [], "catch_all": True},
    {"lines": [], "catch_all": True, "paused": True},
    {"paused": True},
    {"broken": "archived"},
    {"valid_from": DATES[1]},
    {"valid_to": DATES[2]},
    {"valid_from": DATES[1], "valid_to": DATES[2]},
    {"valid_from": DATES[2], "valid_to": DATES[1]},
]


def effect(values):
    return st.sampled_from([[], *some_of(values)])


effects = st.fixed_dictionaries(
    {},
    optional={
        "category": effect(SET_VALUES["category"]),
        "tags": effect(SET_VALUES["tag"]),
        "nature": st.sampled_from(SINGLE_VALUES["nature"]),
        "priority": st.sampled_from(SINGLE_VALUES["priority"]),
        "flags": effect(("urgent", "legal")),
        "followers": effect((7, 8)),
        "consults": effect((9, 10)),
    },
)


def rules_of(lines):
    """Rules without an id whose lines are some of these."""
    return st.builds(
        lambda lines, limits: {"lines": lines, **limits},
        st.lists(st.sampled_from(lines), min_size=1, max_size=3),
        st.sampled_from(LIMITS),
    )


rules = rules_of(NUMBERED_LINES)
preparation_rules = st.builds(lambda rule, effects: {**rule, "effects": effects}, rules, effects)


def numbered(letter, drawn):
    """Drawn rules with an id each."""
    return [{"id": f"{letter}{number}", **rule} for number, rule in enumerate(drawn)]


texts = st.lists(st.sampled_from(WORDS), max_size=5).map(" ".join).map(engine.normalise)
truths = st.fixed_dictionaries(
    {key: st.sampled_from((True, False, True, False, None)) for key in DOMAINS}
)


def some_set(values):
    return st.sampled_from([(), *map(tuple, some_of(values)), tuple(values)])


def closed(values):
    """Values of a tree with all that lie above them."""
    return tuple(dict.fromkeys(above for value in values for above in TREE[value]))


PLAIN_FACTS = {
    "subject": texts,
    "body": texts,
    "date": st.sampled_from((None, *DATES)),
    "human": st.sampled_from(((), ("nature",), ("priority",), ("nature", "priority"))),
    **{field: st.sampled_from((None, *values)) for field, values in SINGLE_VALUES.items()},
    "categories": some_set(SET_VALUES["category"]),
    "departments": some_set(SET_VALUES["department"]),
    "tags": some_set(SET_VALUES["tag"]),
    "partner_tags": some_set(SET_VALUES["partner_tag"]),
    "open": some_set(SET_VALUES["hours"]),
}


def whole_facts(plain):
    """Facts that agree with each other: the subject is in the text, trees are closed."""
    facts = {
        **plain,
        "text": f"{plain['subject']} {plain['body']}".strip(),
        "categories": closed(plain["categories"]),
        "departments": closed(plain["departments"]),
        "ancestors": TREE,
    }
    del facts["body"]
    return facts


facts = st.fixed_dictionaries(PLAIN_FACTS).map(whole_facts)

"""Placeholders in the texts of reports: a fixed list, replaced as plain text, never evaluated."""

import re

from ..contact import letter_text


def placeholders(env):
    """Code -> what an administrator reads beside it."""
    return {
        "hospital": env._("Name of the hospital"),
        "period": env._("The period, such as 1 to 31 March 2026"),
        "start": env._("First day of the period"),
        "end": env._("Last day of the period"),
        "today": env._("Day the report was made"),
        "report": env._("Name of the report"),
    }


def problems(env, text):
    """What is wrong with a text, as sentences: braces that stand for nothing."""
    known = placeholders(env)
    for code in letter_text.used(text):
        if code not in known:
            yield env._(
                "%s is no placeholder. Use one of the list beside the text.",
                letter_text.braced(code),
            )
    rest = re.sub(r"\{\{.*?\}\}", "", text or "", flags=re.DOTALL)
    if "{{" in rest:
        yield env._("braces are opened and not closed in: %s", rest[rest.find("{{") :][:30])

"""What the head of a mail tells: is it automatic, may it be answered, who vouches for its sender.

Pure: it imports nothing of Odoo. ``get_all(name)`` gives the values of a header. Two questions that
are easily taken for one: a person's mail through a mailing list is no automatic mail, yet nothing
automatic answers it; and who forbids automatic answers did not thereby send one.
"""

import re

# Whatever these say, a program wrote the mail (RFC 3834, and what servers sent before it).
_MACHINE = (
    "x-autoreply",
    "x-autorespond",
    "x-auto-reply",
    "x-autoresponse",
    "x-mail-autoreply",
    "x-fc-machinegenerated",
)
_LISTS = ("list-id", "list-post", "list-unsubscribe", "mailing-list", "x-mailman-version")
_NO_REPLY = re.compile(
    r"(?:^|[._+-])(?:(?:do[._-]?)?not?[._-]?reply|donotreply|noreply|mailer-daemon|postmaster|bounces?)"
    r"(?:$|[._+-])",
    re.IGNORECASE,
)


def _first(get_all, name):
    return next((value.strip().lower() for value in get_all(name) if value.strip()), "")


def is_automatic(get_all):
    """Whether a program wrote this mail, so that nobody waits for us and nothing reopens."""
    submitted = _first(get_all, "auto-submitted").partition(";")[0].strip()
    if submitted and submitted != "no":
        return True
    precedence = _first(get_all, "precedence").replace("-", "_")
    if precedence in ("auto_reply", "junk"):
        return True
    # ``bulk`` is what mailing lists say too, of what a person wrote.
    if precedence == "bulk" and not _is_list(get_all):
        return True
    if any(_first(get_all, name) not in ("", "no", "false") for name in _MACHINE):
        return True
    suppress = {word.strip() for word in _first(get_all, "x-auto-response-suppress").split(",")}
    # Exchange marks its absence notes in no other way. ``DR`` and ``RN`` alone ask for no
    # receipts, which persons do.
    return bool(suppress & {"all", "autoreply", "oof"})


def _is_list(get_all):
    return any(_first(get_all, name) for name in _LISTS)


def may_answer(get_all):
    """Whether something automatic of ours, such as an acknowledgement, may answer this mail."""
    if is_automatic(get_all) or _is_list(get_all):
        return False
    if _first(get_all, "precedence") in ("list", "bulk", "junk"):
        return False
    return _first(get_all, "return-path") != "<>"


def is_no_reply(address):
    """Whether an address says that nobody reads it."""
    return bool(_NO_REPLY.search(address.partition("@")[0]))


def sender_check(get_all, relay, address):
    """What the hospital's own relay found of the sender: ``verified``, ``failed`` or ``unknown``.

    Only the first field in the name of ``relay`` counts (RFC 8601): those below it came with the
    mail, and anybody could have written them. A pass counts for the domain of ``address`` alone.
    """
    relay, domain = relay.strip().lower(), address.rpartition("@")[2].lower()
    if not relay or not domain:
        return "unknown"
    for value in get_all("authentication-results")[:50]:
        value = re.sub(r"\([^()]*\)", " ", value[:5000]).lower()
        name, *results = value.split(";")
        if not name.split() or name.split()[0] != relay:
            continue
        return _verdict(results, domain)
    return "unknown"


def _verdict(results, domain):
    failed = False
    for result in results:
        found = re.match(r"\s*(dmarc|dkim|spf)\s*=\s*([a-z]+)", result)
        if not found:
            continue
        method, outcome = found.groups()
        named = re.findall(
            r"(?:header\.(?:from|d|i)|smtp\.(?:mailfrom|mail))\s*=\s*\"?([^\s;\"]+)", result
        )
        own = any(_aligned(name.rpartition("@")[2], domain) for name in named)
        if outcome == "pass" and own:
            return "verified"
        failed |= method == "dmarc" and outcome in ("fail", "permerror")
        failed |= method == "spf" and outcome == "fail" and own
    return "failed" if failed else "unknown"


def _aligned(name, domain):
    return name == domain or domain.endswith(f".{name}") and "." in name

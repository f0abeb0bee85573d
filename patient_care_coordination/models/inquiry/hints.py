"""Words that hint at a red flag: texts in, the words found out.

Pure: it imports nothing of Odoo, so that it is tested without a database. Hints only suggest; a
person looks and decides. They are phrases (see ``common/phrases.py``), the same that rules look
for. A phrase right behind a plain negation ("no abuse") is none. A line that begins with "unless"
excuses what stands inside it: "unless power of attorney" keeps "attorney" quiet there and nowhere
else.
"""

import re

from ..common.phrases import STOP, Phrases, sentence_words

# A mail may weigh megabytes; what is urgent stands at its beginning.
READ_AT_MOST = 100_000

EXCUSE = "unless "
_JOINED = re.compile(r"[+/\[]")
NEGATIONS = frozenset(
    "no not never without nor neither isnt wasnt arent werent dont doesnt didnt havent hasnt hadnt "
    "wont wouldnt kein keine keinen nicht nie pas sans aucun aucune ningun ninguna nessun nessuna "
    "geen niet nao nunca".split()
)
# Words that a negation reaches across: "no thoughts of suicide", "not at all abusive".
LIGHT = frozenset(
    "a an the any at all of to been being be feeling feel thoughts thought plans plan signs sign "
    "intention intentions kind form single ever even so or and".split()
)
# "Not only did he hit me" says that he did.
NOT_NEGATED = frozenset("only just sure enough".split())


class Hints:
    """The hints of all red flags, looked for in one pass over the words of a text.

    :param by_flag: ``{flag: [line, ...]}``, a line a phrase or "unless" and a phrase
    :param lists: ``{name: words}`` that phrases may name
    """

    def __init__(self, by_flag, lists=None):
        self.phrases, self.excuses = Phrases(lists or {}), Phrases(lists or {})
        self.codes, self.flags, self.excused = list(by_flag), {}, {}
        for flag, lines in by_flag.items():
            for line in lines:
                hint = line.strip()
                if hint.casefold().startswith(EXCUSE):
                    excuse = hint[len(EXCUSE) :].strip()
                    self.excuses.add(excuse)
                    self.excused.setdefault(excuse, set()).add(flag)
                elif hint:
                    self.phrases.add(hint)
                    self.flags.setdefault(hint, []).append(flag)
        self.phrases.seal()
        self.excuses.seal()

    def __bool__(self):
        return bool(self.phrases)

    def find(self, text):
        """``{flag: [words, ...]}`` of all hints in ``text``, in the order of the text.

        A plain hint is named as it is written; of one with parts, what the text says there.
        """
        words = sentence_words(text)
        places = self.phrases.places(words)
        if not places:
            return {}
        excuses = self.excuses.places(words)
        first = []
        for hint, where in places.items():
            for flag in self.flags[hint]:
                excused = [
                    (start, start + size)
                    for excuse, spans in excuses.items()
                    if flag in self.excused[excuse]
                    for start, size, _parts in spans
                ]
                meant = [
                    (start, size)
                    for start, size, parts in where
                    if not _is_negated(words, parts[0][0])
                    and not any(
                        begin < high and low < end for begin, end in parts for low, high in excused
                    )
                ]
                if meant:
                    start, size = min(meant)
                    plain = not _JOINED.search(hint)
                    said = hint if plain else " ".join(words[start : start + size])
                    first.append((start, said, flag))
        found = {}
        for _start, said, flag in sorted(first, key=lambda item: item[0]):
            known = found.setdefault(flag, [])
            if said not in known:
                known.append(said)
        return found


def _is_negated(words, start):
    """Whether a plain negation belongs to what begins at ``start``."""
    spare = 1
    for position in range(start - 1, max(-1, start - 8), -1):
        word = words[position]
        if word == STOP:
            return False
        if word in NEGATIONS:
            return words[position + 1] not in NOT_NEGATED
        if word not in LIGHT:
            spare -= 1
            if spare < 0:
                return False
    return False

"""Words that hint at a red flag: texts in, the words found out.

Pure: it imports nothing of Odoo and no sibling, so that it is tested without a database. Hints only
suggest, so a negation ("no abuse") counts like the word itself: a person looks and decides.
"""

import re
import unicodedata

# A mail may weigh megabytes; what is urgent stands at its beginning.
READ_AT_MOST = 100_000

_APOSTROPHES = re.compile("['\u2019\u02bc\u2018`]")
_WORDS = re.compile(r"[^\W_]+")
_KEYWORDS = re.compile(r"[^\W_]+\*?")


def fold(text):
    """``text`` without accents and case, apostrophes as spaces: ``l'abus`` holds ``abus``."""
    text = _APOSTROPHES.sub(" ", text).casefold()
    if text.isascii():
        return text
    text = unicodedata.normalize("NFKD", text).casefold()
    return "".join(char for char in text if not unicodedata.combining(char))


class Hints:
    """The hints of all red flags, looked for in one pass over the words of a text.

    ``by_flag`` maps a flag to its hints; a hint is one or more words, of which each may end with a
    star that stands for any ending. Only whole words match.
    """

    def __init__(self, by_flag):
        self.exact, self.prefix = {}, {}
        for flag, hints in by_flag.items():
            for hint in hints:
                words = _KEYWORDS.findall(fold(hint))
                if not words:
                    continue
                head, tail = words[0], words[1:]
                table, key = (self.prefix, head[:-1]) if head.endswith("*") else (self.exact, head)
                table.setdefault(key, []).append((tail, flag, hint))
        self.sizes = sorted({len(key) for key in self.prefix})

    def __bool__(self):
        return bool(self.exact or self.prefix)

    def find(self, text):
        """``{flag: [hint, ...]}`` of all hints in ``text``, in the order of the text."""
        tokens = _WORDS.findall(fold(text))
        found = {}
        for position, token in enumerate(tokens):
            entries = self.exact.get(token, ())
            for size in self.sizes:
                if size > len(token):
                    break
                more = self.prefix.get(token[:size])
                if more:
                    entries = [*entries, *more]
            for tail, flag, hint in entries:
                known = found.get(flag, ())
                if hint not in known and self._follows(tail, tokens, position + 1):
                    found.setdefault(flag, []).append(hint)
        return found

    @staticmethod
    def _follows(tail, tokens, start):
        after = tokens[start : start + len(tail)]
        return len(after) == len(tail) and all(
            token.startswith(word[:-1]) if word.endswith("*") else token == word
            for word, token in zip(tail, after, strict=True)
        )

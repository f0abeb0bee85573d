"""Phrases looked for in words: one language for the conditions of rules and the hints of flags.

Pure: it imports nothing of Odoo. A phrase is written as people write it:

=========================  ===================================================================
``wet bed``                words that follow each other
``suicid*``                a star stands for any ending
``hit/slapped + him/her``  parts that stand near each other in one sentence, in any order; a
                           stroke stands between alternatives
``hit + [relative]``       a list of words that has a name, where the set has lists
=========================  ===================================================================

Texts are compared without case, accents and apostrophes, as ``normalise`` gives them. A text may
keep its sentences apart with the token "."; parts are never sought beyond it.
"""

import re
import unicodedata
from bisect import bisect_left

# Parts of a phrase are near each other when no more words than these lie from one to the next.
NEAR = 8
STOP = "."
_APOSTROPHES = re.compile("['\u2019\u02bc\u2018`]")
_SEPARATORS = re.compile(r"[\W_]+")
_KEYWORD_SEPARATORS = re.compile(r"[^\w*]+|_+")
_INNER_STARS = re.compile(r"\*+(?=\w)")
_PARTS = re.compile(r"\s\+\s")
_LIST = re.compile(r"\[([^\[\]]+)\]")
# Mails break their lines anywhere; an empty line ends a sentence.
_SENTENCES = re.compile(r"[.!?;:]+(?=\s|$)|\r?\n\s*\n")
# The French and Italian article before a vowel, which is a word of its own: "d'abus".
_ELISIONS = re.compile("\\b(?:[cdjlmnst]|qu|dell|all|sull|nell)['\u2019](?=\\w\\w)", re.IGNORECASE)


def normalise(text):
    """Words of ``text``: accents dropped, case folded, apostrophes joined, single spaces."""
    return " ".join(_SEPARATORS.sub(" ", fold(text)).split())


def normalise_keyword(keyword):
    """A keyword as ``normalise`` gives text, with ``*`` kept at the end of words."""
    words = _INNER_STARS.sub(" ", _KEYWORD_SEPARATORS.sub(" ", fold(keyword))).split()
    cleaned = (word.rstrip("*") + ("*" if word.endswith("*") else "") for word in words)
    return " ".join(word for word in cleaned if word != "*")


def fold(text):
    """``text`` without case, accents and apostrophes."""
    text = _APOSTROPHES.sub("", text).casefold()
    if not text.isascii():
        # Twice, because folding and decomposing each bring forth what the other has to take.
        for _round in range(2):
            text = unicodedata.normalize("NFKD", text).casefold()
        text = "".join(char for char in text if not unicodedata.combining(char))
        text = _APOSTROPHES.sub("", text)
    return text


def sentence_words(text):
    """The normalised words of a text in their order, with ``STOP`` between sentences."""
    words = []
    for sentence in _SENTENCES.split(_ELISIONS.sub(" ", text)):
        found = normalise(sentence).split()
        if found:
            words += [STOP, *found] if words else found
    return words


def read_lists(rows):
    """``{name: [word, ...]}`` of rows with the columns ``list`` and ``words`` (apart by ``;``)."""
    return {
        row["list"].strip(): [word.strip() for word in row["words"].split(";") if word.strip()]
        for row in rows
    }


def parts_of(phrase, lists=None):
    """The parts of a phrase: a tuple of tuples of normalised alternatives.

    Without ``lists`` a phrase without " + " is one alternative: there "24/7" stays what it says.
    Raises ValueError with a sentence for a list that has no such name.
    """
    parts = _PARTS.split(phrase)
    if len(parts) == 1 and lists is None:
        words = normalise_keyword(phrase)
        return ((words,),) if words else ()
    found = []
    for part in parts:
        words = []
        for alternative in part.split("/"):
            named = _LIST.search(alternative) if lists is not None else None
            if not named:
                words.append(alternative)
                continue
            if named[1] not in lists:
                raise ValueError(f"There is no list of words called {named[1]}.")
            words += [_LIST.sub(word, alternative, count=1) for word in lists[named[1]]]
        normal = dict.fromkeys(normalise_keyword(word) for word in words)
        found.append(tuple(word for word in normal if word))
    return tuple(part for part in found if part)


class Phrases:
    """All phrases of a set in one automaton over words: ``add`` them, ``seal`` it, ``find``.

    :param lists: ``{name: words}`` that phrases may name
    """

    def __init__(self, lists=None):
        self.lists = lists
        self.exact, self.prefix, self.heads, self.head_sizes = {}, {}, {}, ()
        self.joined, self.numbers = {}, {}

    def __bool__(self):
        return bool(self.exact or self.prefix)

    def add(self, phrase):
        parts = parts_of(phrase, self.lists)
        if not parts:
            return
        if len(parts) == 1:
            for words in parts[0]:
                self._add_words(words, phrase)
            return
        numbers = []
        for part in parts:
            # One number for the same part of many phrases: its places are looked for once.
            if part not in self.numbers:
                self.numbers[part] = len(self.numbers)
                for words in part:
                    self._add_words(words, self.numbers[part])
            numbers.append(self.numbers[part])
        rows = self.joined.setdefault(numbers[0], [])
        if (phrase, tuple(numbers)) not in rows:
            rows.append((phrase, tuple(numbers)))

    def _add_words(self, words, key):
        head, *tail = words.split()
        table, start = (self.prefix, head[:-1]) if head.endswith("*") else (self.exact, head)
        entries = table.setdefault(start, [])
        if (tuple(tail), key) not in entries:
            entries.append((tuple(tail), key))

    def seal(self):
        """Group the beginnings by their first letters, so that most words need one look."""
        lengths = {}
        for key in self.prefix:
            lengths.setdefault(key[:3], set()).add(len(key))
        self.heads = {head: tuple(sorted(sizes)) for head, sizes in lengths.items()}
        self.head_sizes = tuple(sorted({len(head) for head in self.heads}))

    def find(self, tokens):
        """``{phrase: (position, number of words)}``, of each its first place in the words."""
        return {phrase: places[0][:2] for phrase, places in self.places(tokens).items()}

    def places(self, tokens):
        """``{phrase: [(position, number of words, ((start, end) of each part, ...)), ...]}``.

        A joined phrase reaches from the first of its parts in the text to the last; its parts come
        in the order in which they are written in the phrase.
        """
        found, parts = {}, {}
        exact, prefix, heads, head_sizes = self.exact, self.prefix, self.heads, self.head_sizes
        for position, token in enumerate(tokens):
            entries = exact.get(token)
            if entries:
                _collect(entries, tokens, position, found, parts)
            for head_size in head_sizes:
                for length in heads.get(token[:head_size], ()):
                    entries = prefix.get(token[:length]) if length <= len(token) else None
                    if entries:
                        _collect(entries, tokens, position, found, parts)
        if parts:
            starts = {}
            stops = [position for position, token in enumerate(tokens) if token == STOP]
            for phrase, numbers in [row for part in parts for row in self.joined.get(part, ())]:
                if all(number in parts for number in numbers):
                    for number in numbers:
                        if number not in starts:
                            starts[number] = [place[0] for place in parts[number]]
                    places = _join([(parts[number], starts[number]) for number in numbers], stops)
                    if places:
                        found.setdefault(phrase, []).extend(places)
        return found


def _collect(entries, tokens, position, found, parts):
    for tail, key in entries:
        for offset, word in enumerate(tail, start=position + 1):
            if offset >= len(tokens):
                break
            token = tokens[offset]
            if word[-1] == "*":
                if not token.startswith(word[:-1]):
                    break
            elif token != word:
                break
        else:
            where = parts if isinstance(key, int) else found
            where.setdefault(key, []).append(
                (position, 1 + len(tail), ((position, position + 1 + len(tail)),))
            )


def _join(parts, stops):
    """Where all parts stand near each other, as in ``Phrases.places``.

    They do where one of them, whichever it is, has all others near it: "hit" between "nurse" and
    "mother" holds both, in whatever order the phrase names them. Of two parts either sees the
    other, so that one look is enough.

    :param parts: for each part its places and where they begin
    """
    joined = {}
    for anchor in range(len(parts) if len(parts) > 2 else 1):
        for place in _join_around(parts, anchor, stops):
            joined[place] = None
    return list(joined)


def _join_around(parts, anchor, stops):
    """The places whose parts are all near the part ``anchor``.

    From each place of that part the nearest place of each other one is taken, so the cost grows
    with the number of places.
    """
    others = [part for index, part in enumerate(parts) if index != anchor]
    for position, size, _position in parts[anchor][0]:
        end, sentence, spans = position + size, None, []
        for part, begins in others:
            best = None
            middle = bisect_left(begins, position)
            for index in range(max(0, middle - 2), min(len(part), middle + 3)):
                start, length, _start = part[index]
                gap = start - end if start >= position else position - start - length
                if gap >= NEAR or (start < end and position < start + length):
                    continue
                if sentence is None:
                    sentence = bisect_left(stops, position)
                if bisect_left(stops, start) == sentence and (best is None or gap < best[0]):
                    best = gap, start, length
            if best is None:
                break
            spans.append((best[1], best[1] + best[2]))
        else:
            spans.insert(anchor, (position, end))
            low, high = min(spans)[0], max(end for _start, end in spans)
            yield low, high - low, tuple(spans)

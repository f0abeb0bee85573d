"""Whether the writer of a text is unhappy with care or service; text in, a judgement out.

Pure: it imports nothing of Odoo and no sibling, so that it is tested without a database. The judge
is linear: a text has features, each feature has a weight, and what their sum says is what the judge
says. So every judgement can name the words that made it. Words and weights come from outside, as
rows of a file (see ``read_rows``).

A feature is written as people who extend the file would read it:

=================  ===========================================================================
``late``           the word; ``unaccep*`` any word that begins so; ``#`` any number
``very late``      words that follow each other, two or three
``[praise]``       any word of a group, such as praise, thanks, bad, trouble, wait, ask
``not:happy``      a word, or a group, to which a negation before it in its clause belongs
``but:late``       a word, or a group, after a turn such as "but" in its sentence
``^nothing``       the first word; ``^[verb]`` a text that begins with a demand, "Answer calls"
``[verb]``         a sentence that begins so
``[wait] [bad]``   groups that follow each other, whatever stands between
``[bad]x2``        a group at least twice, or four times
``balance:-2``     praise less blame, from -3 to 3
``length:4``       how long: the number of binary digits of the number of words, up to 6
``?`` and ``!``    the mark
=================  ===========================================================================
"""

import re
import unicodedata
from typing import NamedTuple

# Whoever is unhappy says so within the first pages.
READ_AT_MOST = 20_000
# How many words a negation reaches, within its clause.
REACH = 5
STEM = 5
SHOWN = 5
ENDINGS = ("s", "es", "ed", "ing", "ly", "d", "er")
_TOKENS = re.compile(r"[^\W\d_]+|\d+|[.,;:!?()\n]")
_APOSTROPHES = re.compile("['\u2019\u02bc\u2018`]")
_SENTENCE_ENDS = frozenset(".!?\n")
# What a word does in its sentence, beside the group that says what it means.
ROLES = ("negation", "turn", "verb", "empty")


class Judgement(NamedTuple):
    """What the judge says: ``unhappy``, the ``score`` (over 0 is unhappy), the ``words``."""

    unhappy: bool
    score: float
    words: tuple


def fold(text):
    """``text`` in lower case, without accents and apostrophes: "Didn’t" is "didnt"."""
    text = text[:READ_AT_MOST]
    if not text.isascii():
        # Unicode's canonical caseless matching, then the accents go.
        text = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
        text = "".join(char for char in text if not unicodedata.combining(char))
    return _APOSTROPHES.sub("", text).casefold()


def read_rows(rows):
    """``(groups, weights)`` of rows with the columns ``phrase``, ``group`` and ``weight``.

    A row puts a word into a group, or gives a feature its weight. The groups are
    ``{word: group}`` for meanings, and ``{word: {role, ...}}`` under the key None. Raises
    ValueError with a sentence that names the row for one that does neither or both, or whose
    weight is no number.
    """
    groups, weights = {None: {}}, {}
    for number, row in enumerate(rows, 2):
        phrase = (row.get("phrase") or "").strip()
        group, weight = (row.get("group") or "").strip(), (row.get("weight") or "").strip()
        if not phrase or bool(group) == bool(weight):
            raise ValueError(f"Row {number}: give a phrase, and either a group or a weight.")
        if group in ROLES:
            groups[None].setdefault(fold(phrase), set()).add(group)
            continue
        if group:
            groups[fold(phrase)] = group
            continue
        try:
            weights[phrase] = float(weight)
        except ValueError as error:
            raise ValueError(f"Row {number}: the weight {weight} is not a number.") from error
    return groups, weights


class Judge:
    """The judge over these words.

    :param groups: as ``read_rows`` gives them
    :param weights: ``{feature: weight}``, in the notation above
    """

    def __init__(self, groups, weights):
        self.groups, self.weights = groups, weights
        self.roles = groups[None]
        self.bias = weights.get("bias", 0.0)
        self.known = {}

    def judge(self, text):
        """The ``Judgement`` on a text; the words that spoke most for it come first."""
        features = self.features(text)
        weights = self.weights
        found = {name: weights[name] for name in features if name in weights}
        scale = (len(found) + 1) ** 0.5
        score = sum(found.values()) / scale + self.bias
        unhappy = score > 0
        return Judgement(unhappy, round(score, 3), self._spoke(features, found, unhappy))

    def _spoke(self, features, found, unhappy):
        """The words that spoke most for the judgement, those that mean something first."""
        names = [
            name
            for name, weight in found.items()
            if features[name] and weight and (weight > 0) == unhappy
        ]
        names.sort(key=lambda name: -abs(found[name]))
        telling, others = {}, {}
        for name in names:
            seen = features[name]
            if any(self._group(word) for word in seen.split()):
                telling[seen] = True
            elif len(seen) > 4:
                others[seen] = True
        return tuple(telling or others)[:SHOWN]

    def features(self, text):
        """``{feature: the words of the text that have it}``, the words empty for the whole text."""
        found, counts = {}, {}
        reach, turned, starts, words = 0, False, True, 0
        before, earlier, last = None, None, None
        for token in _TOKENS.findall(fold(text)):
            if not token.isalnum():
                reach = 0
                if token in _SENTENCE_ENDS:
                    turned, starts = False, True
                if token in "?!":
                    found[token] = ""
                earlier, before = before, "."
                continue
            word = "#" if token.isdigit() else token
            words += 1
            group, roles = self._group(word), self.roles.get(word, ())
            self._look_at(found, word, earlier, before)
            for name in (word, f"[{group}]") if group else (word,):
                found |= {f"not:{name}": f"not {word}"} if reach > 0 else {}
                found |= {f"but:{name}": f"but {word}"} if turned else {}
            if words == 1:
                found |= dict.fromkeys([f"^{word}", *(f"^[{role}]" for role in roles)], word)
            if starts and "verb" in roles:
                found["[verb]"] = word
            if group:
                name = f"not:[{group}]" if reach > 0 else f"[{group}]"
                found[name] = f"not {word}" if reach > 0 else word
                counts[name] = counts.get(name, 0) + 1
                if last:
                    found[f"{last} {name}"] = ""
                last = name
            reach -= 1
            if "negation" in roles:
                reach = REACH
            if "turn" in roles:
                turned, last = True, "[turn]"
                found["[turn]"] = ""
            starts = False
            earlier, before = before, word
        for least in (2, 4):
            found |= {f"{name}x{least}": "" for name, count in counts.items() if count >= least}
        found[f"balance:{self._balance(counts)}"] = ""
        found[f"length:{min(6, (words + 1).bit_length())}"] = ""
        return found

    @staticmethod
    def _look_at(found, word, earlier, before):
        """Add the word, its stem, and the two and three words that end with it."""
        found[word] = word
        if len(word) > STEM:
            found[word[:STEM] + "*"] = word
        if before:
            pair = f"{before} {word}"
            found[pair] = "" if before == "." else pair
            if earlier:
                found[f"{earlier} {pair}"] = "" if "." in (earlier, before) else f"{earlier} {pair}"

    def _group(self, word):
        """The group of a word, also in another form of it; None for most."""
        if word in self.known:
            return self.known[word]
        group = self.groups.get(word)
        for ending in ENDINGS if group is None else ():
            if word.endswith(ending) and len(word) > len(ending) + 2:
                group = self.groups.get(word[: -len(ending)])
                if group:
                    break
        if len(self.known) < 50_000:
            self.known[word] = group
        return group

    @staticmethod
    def _balance(counts):
        """Praise less blame, from -3 to 3."""
        praise = sum(counts.get(name, 0) for name in ("[praise]", "[thanks]"))
        praise += sum(counts.get(name, 0) for name in ("not:[bad]", "not:[trouble]"))
        blame = 2 * counts.get("[bad]", 0)
        blame += sum(counts.get(name, 0) for name in ("[trouble]", "[wait]", "not:[praise]"))
        return max(-3, min(3, praise - blame))

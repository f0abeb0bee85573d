import re

from odoo import api, models
from odoo.exceptions import ValidationError

from ..routing import engine
from ..routing.care_rule_suggestion import COMMON

TEXTS = ("name", "practice", "change", "quotes")
MAIL = re.compile(r"\S+@\S+\.\w+")
DATE = re.compile(r"\b(\d{4}-\d{1,2}-\d{1,2}|\d{1,2}[./-]\d{1,2}[./-]\d{2,4})\b")
# The numbers of a text and its words, the ending of "19th" apart; in so many lies a date.
PARTS, DATE_PARTS = re.compile(r"\d+|[^\W\d_]+"), 5
# Digits with what people write between those of a phone number.
DIGITS = re.compile(r"\+?\d(?:[\s().\-/]*\d)*")
# From here any row of digits is taken for a phone number, and a known one is looked for.
ANY_PHONE, KNOWN_PHONE = 7, 5
# Hospital numbers shorter than this count only where they stand alone.
SHORT = 5
# Small words that are names too: these count when capitalised.
SMALL = COMMON | {"may"}


class CareImprovement(models.Model):
    """No text of an improvement tells who was behind its evidence."""

    _inherit = "care.improvement"

    @api.constrains("ticket_ids", *TEXTS)
    def _check_names(self):
        for improvement in self:
            if not any(improvement[name] for name in TEXTS):
                continue
            tickets = improvement.sudo().ticket_ids
            names, *secrets = tickets._care_people()
            # A change says by whom it is made; what people said names nobody.
            quoted = names | tickets._care_staff()
            for name in TEXTS:
                text = improvement[name] or ""
                known = quoted if name == "quotes" else names
                found = self._care_find_people(text, known, *secrets)
                if not found and name == "quotes":
                    found = improvement._care_find_colleague(text)
                if found:
                    raise ValidationError(
                        self.env._(
                            "'%(field)s' holds %(found)s, which tells who somebody is: take it "
                            "out. Texts of improvements are printed and passed on.",
                            field=self._fields[name]._description_string(self.env),
                            found=found,
                        )
                    )

    def _care_find_colleague(self, text):
        """The full name of somebody who works in the hospital, where a text holds one, or False."""
        words = set(engine.normalise(text).split())
        if not words:
            return False
        colleagues = self.env["res.users"].sudo().with_context(active_test=False)
        rows = colleagues.search_fetch(
            [("share", "=", False), ("company_ids", "in", self.company_id.ids)], ["name"]
        )
        for name in rows.mapped("name"):
            parts = set(engine.normalise(name).split())
            if len(parts) > 1 and parts <= words:
                return name
        return False

    @api.model
    def _care_find_people(self, text, names, numbers, phones, births):
        """The first thing in a text that tells who somebody is, or False.

        Any e-mail address and any phone number is refused; names, hospital numbers, short phone
        numbers and dates of birth are those given, see ``_care_people``.
        """
        mail = MAIL.search(text)
        if mail:
            return mail.group()
        for found in DIGITS.findall(DATE.sub(" ", text)):
            digits = re.sub(r"\D", "", found)
            if len(digits) >= ANY_PHONE or any(phone in digits for phone in phones):
                return found
        birth = find_date(text, births)
        if birth:
            return birth
        for word in text.split():
            plain = engine.normalise(word)
            # With and without the end of "Okafor's", and both parts of "Smith-Jones".
            parts = {*plain.split(), *engine.normalise(" ".join(re.findall(r"\w+", word))).split()}
            small = word.islower() and all(part in SMALL or len(part) < 3 for part in parts & names)
            if parts & names and not small:
                return re.sub(r"^\W+|\W+$", "", word)
        packed = re.sub(r"[\W_]+", "", engine.normalise(text))
        alone = engine.normalise(text).split()
        for number in sorted(numbers):
            if number in (packed if len(number) >= SHORT else alone):
                return number.upper()
        return False


def find_date(text, dates):
    """The first of these dates in a text, as it is written there, or False.

    In digits in any order, the year also by its last two; with the month as a word of any
    language, day and year tell it: "2 de marzo de 1958", "1958 March 2".
    """
    parts = list(PARTS.finditer(text)) if dates else []
    in_digits = {
        tuple(sorted((date.day, date.month, year)))
        for date in dates
        for year in (date.year, date.year % 100)
    }
    in_words = {(date.day, date.year) for date in dates}
    for first, start in enumerate(parts):
        for last, end in enumerate(parts[first + 1 : first + DATE_PARTS], first + 1):
            if not (start[0].isdecimal() and end[0].isdecimal()):
                continue
            between = parts[first : last + 1]
            numbers = [int(part[0]) for part in between if part[0].isdecimal()]
            digits_alone = len(numbers) == len(between)
            if (
                (digits_alone and tuple(sorted(numbers)) in in_digits)
                or tuple(numbers) in in_words
                or (len(between) == 3 and tuple(numbers[::-1]) in in_words)
            ):
                return text[start.start() : end.end()]
    return False

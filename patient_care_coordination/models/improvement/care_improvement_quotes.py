import re

from odoo import api, models
from odoo.exceptions import ValidationError

from ..routing import engine
from ..routing.care_rule_suggestion import COMMON

TEXTS = ("name", "practice", "change", "quotes")
MAIL = re.compile(r"\S+@\S+\.\w+")
DATE = re.compile(r"\b(\d{4}-\d{1,2}-\d{1,2}|\d{1,2}[./-]\d{1,2}[./-]\d{2,4})\b")
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
            secrets = improvement.sudo().ticket_ids._care_people()
            for name in TEXTS:
                found = self._care_find_people(improvement[name] or "", *secrets)
                if found:
                    raise ValidationError(
                        self.env._(
                            "'%(field)s' holds %(found)s, which tells who somebody is: take it "
                            "out. Texts of improvements are printed and passed on.",
                            field=self._fields[name]._description_string(self.env),
                            found=found,
                        )
                    )

    @api.model
    def _care_find_people(self, text, names, numbers, phones):
        """The first thing in a text that tells who somebody is, or False.

        Any e-mail address and any phone number is refused; names, hospital numbers and short
        phone numbers are those given, see ``_care_people``.
        """
        mail = MAIL.search(text)
        if mail:
            return mail.group()
        for found in DIGITS.findall(DATE.sub(" ", text)):
            digits = re.sub(r"\D", "", found)
            if len(digits) >= ANY_PHONE or any(phone in digits for phone in phones):
                return found
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

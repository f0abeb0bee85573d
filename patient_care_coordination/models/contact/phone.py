"""Phone numbers, however they are written, brought to one form. Imports nothing of Odoo.

Odoo's own formatting changes nothing where its optional library is missing, so a number could be
found on one server and not on the next. What decides on finding is therefore computed here.
"""

import re

# A number written after the number itself: an extension, which is not dialled from outside.
EXTENSION = re.compile(r"(?:ext(?:ension)?|[x;#,]).*$", re.IGNORECASE)
# Countries where the leading zero belongs to the number: Italy, San Marino, Ivory Coast, Gabon.
KEEPS_ZERO = {39, 378, 225, 241}
# Below this many digits a number is an extension of the house, the same in every country.
SHORTEST = 7
# The last digits of a number name it well enough when its prefix is unknown.
TAIL = 8


def phone_key(number, country_code=0):
    """Digits of ``number`` with its country code, no plus sign; "" when it has no digit.

    ``country_code`` is the dialling code (44) of the place where the number was written down.
    """
    text = EXTENSION.sub("", (number or "").strip()).replace("(0)", "")
    international = text.lstrip(" (").startswith(("+", "00"))
    digits = re.sub(r"\D", "", text)
    if international:
        return re.sub(r"^0+", "", digits)
    if not country_code or len(digits) < SHORTEST:
        return digits
    if country_code == 1:
        return f"1{digits}" if len(digits) == 10 else digits
    if country_code not in KEEPS_ZERO and digits.startswith("0"):
        digits = digits[1:]
    return f"{country_code}{digits}"


def phone_tail(key):
    """The end of a key by which the same number is found when one of both has no prefix."""
    return key[-TAIL:]


def same_phone(one, other):
    """Whether two keys are of one number, of which one may lack the country code."""
    if not one or not other:
        return False
    shorter = min(len(one), len(other))
    return one == other or (shorter >= TAIL and (one.endswith(other) or other.endswith(one)))

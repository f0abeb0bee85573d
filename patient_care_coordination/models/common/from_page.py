"""Public methods: what a page may send, and one sentence for everything else.

A method that a view, a page or a script calls is decorated with ``from_page``; every other method
of ours is private. Whoever calls it by hand gets a sentence where the page would never fail.
"""

import functools
import inspect
import math

from odoo.exceptions import UserError
from odoo.orm.identifiers import NewId

from .limits import LARGEST, TERM, TEXT, storable, usable


def is_number(value):
    """Whether this can be the id of a record."""
    return isinstance(value, int) and not isinstance(value, bool) and 0 < value <= LARGEST


def record_id(env, value):
    """The id of one record, or nothing."""
    if value in (None, False):
        return False
    if not is_number(value):
        raise UserError(env._("This page is out of date: reload it, then choose again."))
    return value


def chosen_id(env, value):
    """The id of one record, which must be there."""
    if not record_id(env, value):
        raise UserError(env._("Nothing is chosen: choose one from the list."))
    return value


def record_ids(env, value):
    """The ids of records, each once."""
    if not value:
        return []
    if not isinstance(value, list | tuple) or not all(is_number(item) for item in value):
        raise UserError(env._("This page is out of date: reload it, then choose again."))
    return list(dict.fromkeys(value))


def position(env, value):
    """Where a page of a list starts, or how many rows it has."""
    if isinstance(value, bool) or not isinstance(value, int) or abs(value) > LARGEST:
        raise UserError(env._("This page of the list does not exist: go back to the first page."))
    return value


def amount(env, value):
    """A number that somebody typed; False takes it back."""
    if value in (None, False):
        return False
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise UserError(env._("Enter a number."))
    if abs(value) > LARGEST:
        raise UserError(env._("Enter a smaller number."))
    return value


def flag(env, value):
    """Yes or no."""
    return bool(value)


def _text(env, value, limit):
    if value in (None, False):
        return ""
    if not isinstance(value, str):
        raise UserError(env._("Enter text."))
    if len(value) > limit:
        raise UserError(
            env._(
                "The text has %(length)s characters: shorten it to %(limit)s.",
                length=f"{len(value):,}",
                limit=f"{limit:,}",
            )
        )
    return value


def scanned(env, value):
    """What a scanner read; the method itself says that nothing has this code."""
    return storable(_text(env, value, TEXT))


def term(env, value):
    """What is searched for, or one word of a list."""
    return usable(_text(env, value, TERM))


def text(env, value):
    """What somebody wrote."""
    return usable(_text(env, value, TEXT))


def picture(env, value):
    """A photo in base64, or nothing; the field itself checks what it shows."""
    if value in (None, False, ""):
        return False
    if not isinstance(value, str) or "\x00" in value:
        raise UserError(env._("The photo could not be read: take it again."))
    return value


def from_page(one=False, **kinds):
    """Decorate a method that pages call.

    :param bool one: it works on exactly one record
    :param kinds: for each argument the function of this module that checks it
    """

    def decorate(method):
        signature = inspect.signature(method)

        @functools.wraps(method)
        def checked(self, *args, **kwargs):
            self = _records(self, one)
            bound = signature.bind(self, *args, **kwargs)
            for name, kind in kinds.items():
                if name in bound.arguments:
                    bound.arguments[name] = kind(self.env, bound.arguments[name])
            return method(*bound.args, **bound.kwargs)

        checked._care_from_page = True
        return checked

    return decorate


def _records(records, one):
    """These records, each once; raises UserError for what no page sends."""
    if not all(is_number(item) or isinstance(item, NewId) for item in records._ids):
        raise UserError(records.env._("This page is out of date: reload it, then choose again."))
    if len(set(records._ids)) != len(records):
        records = records.browse(dict.fromkeys(records._ids))
    if one and len(records) != 1:
        raise UserError(
            records.env._(
                "This works on one record at a time: open the one that you mean, then try again."
            )
            if records
            else records.env._("No record is chosen: open the one that you mean, then try again.")
        )
    return records

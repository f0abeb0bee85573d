import contextlib
import math

from psycopg2 import DatabaseError
from psycopg2.errors import QueryCanceled

from odoo import api, models
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Domain
from odoo.orm.identifiers import NewId

from . import limits
from .from_page import _records

LIKE = {"like", "ilike", "not like", "not ilike", "=like", "=ilike", "not =like", "not =ilike"}

# Types whose empty value is no value.
EMPTIED = {"char", "text", "html", "many2one", "date", "datetime", "selection"}


class Base(models.AbstractModel):
    """One place for what our models take in and search for; other models are left alone."""

    _inherit = "base"

    # ------------------------------------------------------------------
    # Values
    # ------------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        if self._name.startswith("care."):
            vals_list = [self._care_fitting(vals) for vals in vals_list]
        return super().create(vals_list)

    def write(self, vals):
        if self._name.startswith("care."):
            vals = self._care_fitting(vals)
            self._care_check_filled(vals)
        return super().write(vals)

    def onchange(self, values, field_names, fields_spec):
        if self._name.startswith("care."):
            if self._ids:
                self = _records(self, one=True)
            if not isinstance(values, dict):
                raise UserError(self.env._("The form is out of date: reload the page."))
            values = self._care_fitting_form(values)
        return super().onchange(values, field_names, fields_spec)

    @api.model
    def _care_fitting_form(self, values):
        """As ``_care_fitting``, for what a form holds.

        A line of a form sends what the form around it holds, with its id, as the value of the link
        to it.
        """
        around = {
            name: value
            for name, value in values.items()
            if isinstance(value, dict)
            and name in self._fields
            and self._fields[name].type == "many2one"
        }
        fitting = self._care_fitting(
            {name: value for name, value in values.items() if name not in around}
        )
        for name, value in around.items():
            self._care_fitting({name: value.get("id")})
            comodel = self.env[self._fields[name].comodel_name]
            rest = {key: known for key, known in value.items() if key != "id"}
            if not rest.keys() <= comodel._fields.keys():
                raise ValidationError(self.env._("The form is out of date: reload the page."))
            if comodel._name.startswith("care."):
                rest = comodel._care_fitting(rest)
            fitting[name] = rest | ({"id": value["id"]} if "id" in value else {})
        return fitting

    @api.model
    def _care_fitting(self, vals):
        """A copy of these values without unusable characters; raises for what does not fit.

        :raises ValidationError: one sentence that names the field
        """
        if self.env.su:
            # Our own code: clients' values never come in as superuser.
            return limits.usable(dict(vals))
        if not isinstance(vals, dict):
            raise ValidationError(self.env._("The form is out of date: reload the page."))
        fitting = {}
        for name, value in vals.items():
            field = self._fields.get(name)
            if field is not None and not field.type.startswith("properties"):
                problem = self._care_misfit(field, value)
                if problem:
                    label = field._description_string(self.env)
                    raise ValidationError(
                        self.env._("%(field)s: %(problem)s", field=label, problem=problem)
                    )
                if field.type != "binary":
                    value = limits.usable(value)
            fitting[name] = value
        return fitting

    @api.model
    def _care_check_filled(self, vals):
        """Refuse to empty a required field, before other checks read it."""
        for name, value in vals.items():
            field = self._fields.get(name)
            if field is None or value or not (field.required and field.store):
                continue
            if field.type in EMPTIED:
                label = field._description_string(self.env)
                raise ValidationError(self.env._("%s: fill it in.", label))

    @api.model
    def _care_misfit(self, field, value):
        """What is wrong with a value for a field, as a sentence, or False."""
        if value is None or value is False or isinstance(value, models.BaseModel):
            return False
        check = {
            "char": self._care_misfit_text,
            "text": self._care_misfit_text,
            "html": self._care_misfit_text,
            "integer": self._care_misfit_number,
            "float": self._care_misfit_number,
            "monetary": self._care_misfit_number,
            "many2one": self._care_misfit_link,
            "one2many": self._care_misfit_links,
            "many2many": self._care_misfit_links,
            "date": self._care_misfit_date,
            "datetime": self._care_misfit_date,
            "selection": self._care_misfit_choice,
        }.get(field.type)
        return check(field, value) if check else False

    def _care_misfit_text(self, field, value):
        if isinstance(value, dict):
            # The languages of a translated text, as our own code writes them.
            values = list(value.values()) if field.translate else [value]
        else:
            values = [value]
        for item in values:
            if isinstance(item, list | tuple | dict | set):
                return self.env._("enter text.")
        limit = self._care_longest(field)
        length = max((len(item) for item in values if isinstance(item, str)), default=0)
        if length > limit:
            return self.env._(
                "%(length)s characters are too long: shorten it to %(limit)s.",
                length=f"{length:,}",
                limit=f"{limit:,}",
            )
        return False

    @api.model
    def _care_longest(self, field):
        """How many characters a field takes; None if it holds no text."""
        return limits.longest(field.name, field.type)

    def _care_misfit_number(self, field, value):
        try:
            number = float(value)
        except (TypeError, ValueError, OverflowError):
            return self.env._("enter a number.")
        if not math.isfinite(number):
            return self.env._("enter a number.")
        if field.type == "integer" and abs(number) > limits.LARGEST:
            return self.env._("enter a smaller number.")
        return False

    def _care_misfit_link(self, field, value):
        if isinstance(value, NewId):
            return False
        if isinstance(value, str) and self.env.context.get("import_file"):
            return False
        if not isinstance(value, int) or value is True or abs(value) > limits.LARGEST:
            return self.env._("choose one from the list.")
        return False

    def _care_misfit_links(self, field, value):
        wrong = self.env._("reload the page, then choose again.")
        if not isinstance(value, list | tuple):
            return wrong
        for item in value:
            if isinstance(item, int):
                if isinstance(item, bool) or not 0 <= item <= limits.LARGEST:
                    return wrong
                continue
            if not isinstance(item, list | tuple) or not item or item[0] not in range(7):
                return wrong
            target = item[1] if len(item) > 1 else 0
            if isinstance(target, int) and not 0 <= target <= limits.LARGEST:
                return wrong
            rest = item[2] if len(item) > 2 else None
            if item[0] in (0, 1) and not isinstance(rest, dict):
                return wrong
            if item[0] in (1, 2, 3, 4) and not isinstance(target, int | str | NewId):
                return wrong
            if item[0] == 6 and not isinstance(rest, list | tuple | models.BaseModel):
                return wrong
            if item[0] == 6 and not all(
                isinstance(one, int | NewId) and not isinstance(one, bool) for one in rest
            ):
                return wrong
        return False

    def _care_misfit_date(self, field, value):
        try:
            field.to_date(value) if field.type == "date" else field.to_datetime(value)
        except (TypeError, ValueError, AttributeError, OverflowError):
            return self.env._("enter a date.")
        return False

    def _care_misfit_choice(self, field, value):
        if not isinstance(value, str | int) or (
            not callable(field.selection)
            and not isinstance(field.selection, str)
            and value
            and value not in field.get_values(self.env)
        ):
            return self.env._("choose one from the list.")
        return False

    # ------------------------------------------------------------------
    # Searches
    # ------------------------------------------------------------------

    def _care_limits_searches(self):
        return self._name.startswith("care.") or self._name == "helpdesk.ticket"

    @api.model
    def _search(self, domain, *args, **kwargs):
        if self._care_limits_searches():
            domain = self._care_searchable(domain)
        return super()._search(domain, *args, **kwargs)

    @api.model
    @api.private
    @api.readonly
    def search_fetch(self, domain, *args, **kwargs):
        with self._care_time_limit(domain):
            return super().search_fetch(domain, *args, **kwargs)

    @api.model
    @api.readonly
    def search_count(self, domain, limit=None):
        with self._care_time_limit(domain):
            return super().search_count(domain, limit=limit)

    @api.model
    def _read_group(self, domain, *args, **kwargs):
        with self._care_time_limit(domain):
            return super()._read_group(domain, *args, **kwargs)

    @api.model
    def _care_searchable(self, domain):
        """This domain without unusable characters; raises UserError for what is too long or no
        value of its field.
        """
        domain = Domain(domain)
        rewrite = False
        for condition in domain.iter_conditions():
            value = condition.value
            field = self._fields.get(condition.field_expr)
            if isinstance(value, str):
                if condition.operator in LIKE and len(value) > limits.TERM:
                    raise UserError(
                        self.env._(
                            "The search term has %(length)s characters: search for at most "
                            "%(limit)s.",
                            length=f"{len(value):,}",
                            limit=limits.TERM,
                        )
                    )
                rewrite = rewrite or limits.usable(value) != value
            if field is not None and condition.operator in ("=", "!=", "<", ">", "<=", ">="):
                self._care_check_searched(field, value)
        if rewrite:
            domain = domain.map_conditions(
                lambda condition: (
                    Domain(condition.field_expr, condition.operator, limits.usable(condition.value))
                    if isinstance(condition.value, str)
                    else condition
                )
            )
        return domain

    @api.model
    def _care_check_searched(self, field, value):
        """Raise UserError for a value that no row can have."""
        if field.type in ("integer", "float", "monetary") and isinstance(value, str):
            problem = self._care_misfit_number(field, value) if value else False
        elif field.type in ("integer", "many2one", "id") and isinstance(value, int):
            problem = abs(value) > limits.LARGEST and self.env._("enter a smaller number.")
        else:
            return
        if problem:
            label = field._description_string(self.env)
            raise UserError(self.env._("%(field)s: %(problem)s", field=label, problem=problem))

    @contextlib.contextmanager
    def _care_time_limit(self, domain):
        """Give up a search by text after a time, instead of holding up the whole server."""
        if not self._care_limits_searches() or not self._care_is_text_search(domain):
            yield
            return
        cr = self.env.cr
        cr.execute(
            "SELECT current_setting('statement_timeout'), "
            "set_config('statement_timeout', %s, true)",
            [f"{int(limits.SEARCH_SECONDS * 1000)}ms"],
        )
        before = cr.fetchone()[0]
        alive = True
        try:
            yield
        except QueryCanceled as error:
            alive = False
            raise UserError(
                self.env._("The search took too long: search for a longer or rarer word.")
            ) from error
        except DatabaseError:
            # Until the savepoint is rolled back, which puts the setting back, nothing runs.
            alive = False
            raise
        finally:
            if alive:
                cr.execute("SELECT set_config('statement_timeout', %s, true)", [before])

    @api.model
    def _care_is_text_search(self, domain):
        return any(
            condition.operator in LIKE and isinstance(condition.value, str)
            for condition in Domain(domain).iter_conditions()
        )

from math import isfinite

from odoo import api, models
from odoo.exceptions import UserError

# The furthest day that somebody means; later it is a slip of the keyboard.
FAR_DAYS = 731
# As much of a scanned code as a sentence repeats.
CODE_SHOWN = 60


def shown(code):
    """A scanned or typed code as a sentence repeats it: a scanner may read a page of text."""
    return code if len(code) <= CODE_SHOWN else f"{code[:CODE_SHOWN]}…"


class CareNumbers(models.AbstractModel):
    """Refuses what is called a number and is none, before fields stumble over it."""

    _name = "care.numbers"
    _description = "Checked Numbers"

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            self._care_check_numbers(vals)
        return super().create(vals_list)

    def write(self, vals):
        self._care_check_numbers(vals)
        return super().write(vals)

    @api.model
    def _care_check_numbers(self, vals):
        for name, value in vals.items():
            if isinstance(value, float) and not isfinite(value):
                raise UserError(
                    self.env._(
                        "%(field)s: %(value)s is no quantity, type a number.",
                        field=self._fields[name]._description_string(self.env),
                        value=value,
                    )
                )

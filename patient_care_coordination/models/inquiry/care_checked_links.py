from odoo import api, models
from odoo.exceptions import AccessError
from odoo.fields import Command

from .helpdesk_ticket import OURS

# The column of an id holds no larger number; the database would answer with an error.
LARGEST_ID = 2**31 - 1
LINKS = ("many2one", "one2many", "many2many")


class CareCheckedLinks(models.AbstractModel):
    """A form that names records only if the person filling it in may read them.

    Fields of a form are computed from the records it names, and some of them by code that sees
    more than the person does. So each link is checked where it arrives: in create, write,
    onchange (which never reaches the database) and the defaults that a client puts in the context.
    Code of ours that names a record on purpose passes ``care_links=OURS`` in the context.
    """

    _name = "care.checked.links"
    _description = "Form with Checked Links"

    @api.model_create_multi
    def create(self, vals_list):
        self._care_check_links(vals_list)
        return super().create(vals_list)

    def write(self, vals):
        self._care_check_links([vals])
        return super().write(vals)

    def onchange(self, values, field_names, fields_spec):
        self._care_check_links([values])
        return super().onchange(values, field_names, fields_spec)

    @api.model
    def default_get(self, fields):
        defaults = super().default_get(fields)
        self._care_check_links([defaults])
        return defaults

    @api.model
    def _care_check_links(self, vals_list):
        """Raise AccessError unless the user may read every record named in these values.

        One check for each model, however many values there are. A record that does not exist gets
        the same sentence: the answer must not tell which ids are in use.
        """
        if self.env.su or self.env.context.get("care_links") is OURS:
            return
        found = {}
        for vals in vals_list:
            # What is no value of its field is refused before it is read.
            self._care_fitting(vals)
            self._care_collect_links(self, vals, found)
        for name, ids in found.items():
            named = {res_id for res_id in ids if 0 < res_id <= LARGEST_ID}
            records = self.env[name].browse(named)
            if len(records.exists()._filtered_access("read")) != len(ids):
                raise AccessError(
                    self.env._(
                        "You do not have access to a record that this form names (%(kind)s): "
                        "close the form and open it again from a record that you can open.",
                        kind=self.env[name]._description,
                    )
                )

    @api.model
    def _care_collect_links(self, model, vals, found):
        """Add the ids that ``vals`` of ``model`` name to ``found``, a dict of model to ids.

        What is no value of a link names nothing: Odoo refuses it, or takes it for empty.
        """
        if not isinstance(vals, dict):
            return
        for name, value in vals.items():
            field = model._fields.get(name)
            if not field or not value:
                continue
            if field.type == "reference" and isinstance(value, str):
                comodel, _comma, res_id = value.partition(",")
                if comodel in self.env and res_id.isdigit():
                    found.setdefault(comodel, {})[int(res_id)] = True
            elif field.type in LINKS:
                comodel = self.env[field.comodel_name]
                ids = found.setdefault(comodel._name, {})
                if field.type == "many2one":
                    self._care_collect_one(comodel, value, ids, found)
                else:
                    self._care_collect_many(comodel, value, ids, found)

    @api.model
    def _care_collect_one(self, comodel, value, ids, found):
        """Collect one record in any form in which a value may name it."""
        if isinstance(value, models.BaseModel):
            ids.update(dict.fromkeys(value.ids, True))
        elif isinstance(value, dict):
            if isinstance(value.get("id"), int):
                self._care_collect_one(comodel, value["id"], ids, found)
            self._care_collect_links(comodel, value, found)
        elif isinstance(value, list | tuple):
            self._care_collect_one(comodel, value[0] if value else None, ids, found)
        elif isinstance(value, int) and not isinstance(value, bool):
            ids[value] = True

    @api.model
    def _care_collect_many(self, comodel, value, ids, found):
        """Collect the records of a list of commands, ids or dicts."""
        if isinstance(value, models.BaseModel):
            ids.update(dict.fromkeys(value.ids, True))
            return
        for item in value if isinstance(value, list | tuple) else ():
            if not isinstance(item, list | tuple):
                self._care_collect_one(comodel, item, ids, found)
                continue
            command, res_id, rest = [*item, None, None, None][:3]
            # A new line of a form has no id, or one that the client made up as a string.
            if command in (Command.UPDATE, Command.DELETE, Command.UNLINK, Command.LINK):
                self._care_collect_one(comodel, res_id, ids, found)
            elif command == Command.SET:
                for one in rest if isinstance(rest, list | tuple) else ():
                    self._care_collect_one(comodel, one, ids, found)
            if command in (Command.CREATE, Command.UPDATE):
                self._care_collect_links(comodel, rest, found)

import logging

from odoo import SUPERUSER_ID, api, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.models import LOG_ACCESS_COLUMNS

from ..common.guard import as_server

_logger = logging.getLogger(__name__)
# What people write about an inquiry goes through its chatter, which knows who wrote it and when.
CHATTER = {"mail.message", "mail.followers", "mail.notification", "rating.rating"}
# Written by the server alone; a client that sends them with a new inquiry is not asked for them.
SERVER_SETS = {"care_answered_by_id", "care_automatic", "care_intake_error"}


class HelpdeskTicket(models.Model):
    """What a client sends stays the client's.

    Of a new inquiry the values are written by the superuser, because its creator may not read the
    team it is routed to. So they are first reduced to plain values and to links to records that
    the creator may read; whatever creates or changes other records is executed by the creator.
    """

    _inherit = "helpdesk.ticket"

    @api.model
    def _care_client_defaults(self):
        """Defaults for new inquiries that the client put in the context or saved for himself.

        Not those of fields that the user may not write: they are left out, as on a form.
        """
        if self.env.su:
            saved = {}
        else:
            saved = self.env["ir.default"]._get_model_defaults(self._name)
            everybody = as_server(self.env["ir.default"])._get_model_defaults(self._name)
            saved = {name: value for name, value in saved.items() if value != everybody.get(name)}
        prefix = "default_"
        sent = {
            key.removeprefix(prefix): value
            for key, value in self.env.context.items()
            if key.startswith(prefix)
        }
        client = self.sudo(self.env.uid == SUPERUSER_ID)
        return {
            name: value
            for name, value in {**saved, **sent}.items()
            if name in self._fields
            and name not in {"id", "care_is_inquiry", *LOG_ACCESS_COLUMNS, *SERVER_SETS}
            and client._has_field_access(self._fields[name], "write")
        }

    @api.model
    def _care_check_sent_new(self, vals_list, defaults):
        """Check what the client sends for new inquiries; take out what only the server sets."""
        if self.env.uid != SUPERUSER_ID:
            # Also where another addon creates as superuser: the context is still the client's.
            try:
                self.sudo(False)._care_check_defaults(defaults)
            except AccessError as error:
                if not self.env.su:
                    raise
                # A mail, or a page: nobody is there to correct it, and the inquiry must arrive.
                _logger.warning("Defaults for a new inquiry are left out: %s", error)
                defaults.clear()
        if self.env.su:
            return
        for vals in vals_list:
            for name in SERVER_SETS & vals.keys():
                del vals[name]
            if not self._care_knows_callers():
                # A number comes from the sequence; that of an old inquiry with an import.
                vals.pop("number", None)
        self._care_check_sent(vals_list, new=not self._care_knows_callers())

    @api.model
    def _care_check_defaults(self, defaults):
        self._care_check_sent([defaults], new=True)
        if self._care_line_commands(defaults):
            raise AccessError(
                self.env._("A new inquiry cannot start with lines from a form's defaults.")
            )

    @api.model
    def _care_check_sent(self, vals_list, new=False):
        """Refuse links to records that the user may not read, and commands that go beyond links.

        :param new: the values are those of inquiries that do not exist yet
        """
        if self.env.su:
            return
        found = {}
        for vals in vals_list:
            for name, value in vals.items():
                field = self._fields.get(name)
                if field and value:
                    self._care_check_value(field, value, new, found)
        for name, links in found.items():
            known = {res_id for res_id in links if 0 < res_id < 2**31}
            readable = self.env[name].browse(known).exists()._filtered_access("read")
            lost = links.keys() - set(readable.ids)
            if lost:
                self._care_refuse_link(links[min(lost)])

    @api.model
    def _care_refuse_link(self, field):
        label = field.get_description(self.env, ["string"])["string"]
        if field.comodel_name == "care.patient":
            raise AccessError(
                self.env._(
                    "%(field)s: you may name only patients whose inquiries you work on. Leave it "
                    "empty and ask a coordinator to name the patient.",
                    field=label,
                )
            )
        raise AccessError(
            self.env._(
                "%(field)s: you have no access to the record chosen here. Choose one from the "
                "list, or ask a coordinator.",
                field=label,
            )
        )

    @api.model
    def _care_check_value(self, field, value, new, found):
        """Check the form of one value and add the records that it links to ``found``.

        ``found`` maps a model to a dict of ids to the field that names them.
        """
        if field.type == "many2one":
            self._care_find(field, [value], found)
        elif field.type == "properties":
            self._care_check_properties(field, value)
        elif field.type in ("one2many", "many2many"):
            if field.comodel_name in CHATTER and field.name != "message_partner_ids":
                raise AccessError(
                    self.env._(
                        "Messages and followers of an inquiry are not written with the inquiry: "
                        "use its chatter."
                    )
                )
            for command in self._care_commands(field, value):
                self._care_check_command(field, command, new, found)

    @api.model
    def _care_find(self, field, values, found):
        for value in values:
            if isinstance(value, models.BaseModel):
                value = value.id
            if isinstance(value, dict):
                value = value.get("id")
            if isinstance(value, list | tuple):
                value = value[0] if value else False
            if value and isinstance(value, int) and not isinstance(value, bool):
                found.setdefault(field.comodel_name, {})[value] = field
            elif value:
                self._care_refuse_link(field)

    @api.model
    def _care_commands(self, field, value):
        """The value of a one2many or many2many as commands, whichever way it was given."""
        if isinstance(value, models.BaseModel):
            return [Command.set(value.ids)]
        if not isinstance(value, list | tuple):
            self._care_refuse_command(field)
        if any(isinstance(item, list | tuple) for item in value):
            return list(value)
        return [Command.set(list(value))]

    @api.model
    def _care_check_command(self, field, command, new, found):
        """Add the links of one command to ``found``; refuse what a new inquiry cannot do."""
        if not isinstance(command, list | tuple) or not command:
            self._care_refuse_command(field)
        kind = command[0]
        if kind == Command.LINK:
            self._care_find(field, command[1:2], found)
        elif kind == Command.SET:
            ids = command[2] if len(command) > 2 else []
            self._care_find(field, ids, found)
            command = ids or [Command.CLEAR]
        if not new or kind in (Command.UNLINK, Command.CLEAR):
            # Of an inquiry that exists, lines are changed with the rights of the user.
            return
        links = field.type == "many2many" and kind in (Command.LINK, Command.SET)
        lines = field.type == "one2many" and not field.compute and kind == Command.CREATE
        empty = kind == Command.SET and command == [Command.CLEAR]
        if not (links or lines or empty):
            self._care_refuse_command(field)

    @api.model
    def _care_refuse_command(self, field):
        raise AccessError(
            self.env._(
                "%(field)s: a new inquiry can only name records that exist already. Save it "
                "first, then change its %(field)s.",
                field=field.get_description(self.env, ["string"])["string"],
            )
        )

    @api.model
    def _care_check_properties(self, field, value):
        """Refuse to define properties, which belong to the team, along with a value."""
        rows = value if isinstance(value, list) else []
        if any(
            isinstance(row, dict)
            and (row.get("definition_changed") or row.get("definition_deleted"))
            for row in rows
        ):
            raise AccessError(
                self.env._(
                    "The properties of inquiries are defined on their team: ask who leads it."
                )
            )

    # ------------------------------------------------------------------
    # Lines of a new inquiry
    # ------------------------------------------------------------------

    @api.model
    def _care_line_commands(self, vals):
        """The fields whose value is lines of other models, which belong to a new inquiry."""
        return {
            name
            for name, value in vals.items()
            if name in self._fields and self._fields[name].type == "one2many" and value
        }

    @api.model
    def _care_take_lines(self, vals):
        """Take the lines out of the values of one new inquiry, for ``_care_add_lines``."""
        if self._care_knows_callers():
            return {}
        return {name: vals.pop(name) for name in self._care_line_commands(vals)}

    def _care_add_lines(self, commands):
        """Add lines to a new inquiry with the rights of the user, who may not read it any more."""
        commands = {
            name: [command for command in value if command[0] == Command.CREATE]
            for name, value in commands.items()
        }
        commands = {name: value for name, value in commands.items() if value}
        if not commands:
            return
        if not self.has_access("write"):
            raise UserError(
                self.env._(
                    "This inquiry goes to another team, where you cannot add to it. Save it "
                    "without %(fields)s and put that into the text.",
                    fields=", ".join(
                        self._fields[name].get_description(self.env, ["string"])["string"]
                        for name in commands
                    ),
                )
            )
        self.write(commands)

    # ------------------------------------------------------------------
    # Companies
    # ------------------------------------------------------------------

    @api.model
    def _care_company_fields(self):
        """Fields whose record belongs to the company of the inquiry, with the company itself."""
        return {"company_id", "team_id"} | {
            name
            for name, field in self._fields.items()
            if field.relational and field.store and field.check_company
        }

    def _care_check_companies(self, names):
        """Refuse records of one company on an inquiry of another.

        Odoo's own check is off for tickets, and plain tickets keep it so.
        """
        touched = self._care_company_fields() & set(names)
        if self.env.su or not touched:
            return
        if "company_id" in touched:
            touched = self._care_company_fields()
        for ticket in self.sudo():
            for name in sorted(touched - {"company_id"}):
                company = ticket[name].company_id
                if company - ticket.company_id:
                    raise UserError(
                        self.env._(
                            "%(field)s belongs to %(other)s, but the inquiry to %(company)s. "
                            "Choose one of %(company)s.",
                            field=self._fields[name].get_description(self.env, ["string"])[
                                "string"
                            ],
                            other=company[:1].name,
                            company=ticket.company_id.name,
                        )
                    )

import ast

from odoo import api, models
from odoo.exceptions import AccessError
from odoo.fields import Command

CHANGES = (Command.CREATE, Command.UPDATE, Command.DELETE)


class MailAlias(models.Model):
    """What an alias sets on new records changes no other record, and names no patient.

    Whoever leads a team writes it, and with the next mail the superuser executes it.
    """

    _inherit = "mail.alias"

    @api.constrains("alias_defaults")
    def _check_alias_defaults(self):
        super()._check_alias_defaults()
        if self.env.user.has_group("base.group_system"):
            return
        for alias in self.sudo():
            values = dict(ast.literal_eval(alias.alias_defaults))
            commands = [
                command
                for value in values.values()
                if isinstance(value, list | tuple)
                for command in value
                if isinstance(command, list | tuple) and command
            ]
            if any(command[0] in CHANGES for command in commands):
                raise AccessError(
                    self.env._(
                        "The default values of an alias can name records, but neither create "
                        "nor change them."
                    )
                )
            if alias.alias_model_id.model == "helpdesk.ticket" and "care_patient_id" in values:
                raise AccessError(
                    self.env._("An alias names no patient: whoever reads the mail does.")
                )

from odoo import api, models


class MailScheduledMessage(models.Model):
    _inherit = "mail.scheduled.message"

    @api.model
    def _check(self, values=None):
        """Who may not post now schedules nothing for later either.

        The base asks for the right that a model names for all its records. On inquiries it
        depends on the record and on who asks.
        """
        super()._check(values)
        if self.env.su:
            return
        targets = [(message.model, message.res_id) for message in self.sudo()]
        if values:
            targets.append((values["model"], values["res_id"]))
        for model, res_id in targets:
            record = self.env[model].browse(res_id)
            by_operation = record._mail_group_by_operation_for_mail_message_operation("create")
            for operation, records in by_operation.items():
                records.check_access(operation)

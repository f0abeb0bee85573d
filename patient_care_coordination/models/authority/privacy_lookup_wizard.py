from odoo import api, fields, models

TICKETS = "helpdesk.ticket"


class PrivacyLookupWizard(models.TransientModel):
    """Odoo's look-up of a person, which asks the database past all rights.

    Whoever may not read an inquiry or a patient does not learn of them here either; the privacy
    officer finds all.
    """

    _inherit = "privacy.lookup.wizard"

    care_note = fields.Char(
        "Patient care", compute="_compute_care_note", help="What this look-up does not show."
    )

    @api.depends_context("uid")
    def _compute_care_note(self):
        complete = self.env.user.has_group("patient_care_coordination.group_privacy_officer")
        self.care_note = (
            False
            if complete
            else self.env._(
                "Inquiries and patients that you may not read are not looked up: ask the privacy "
                "officer, who finds all."
            )
        )

    def _get_query(self):
        # The question names restricted fields, too: who called in confidence.
        return super(PrivacyLookupWizard, self.sudo())._get_query()

    def action_lookup(self):
        action = super().action_lookup()
        self._care_hide_lines()
        return action

    def _care_hide_lines(self):
        """Take out what the user may not read of patient care."""
        hidden = self.env["privacy.lookup.wizard.line"]
        for model, lines in self.line_ids.grouped("res_model").items():
            if model == "mail.message":
                hidden += lines._care_hidden_messages()
            elif model == TICKETS or (model or "").startswith("care."):
                records = self.env[model].browse(lines.mapped("res_id"))
                if model == TICKETS:
                    records = records.sudo().filtered("care_is_inquiry").sudo(False)
                unreadable = set((records - records._filtered_access("read")).ids)
                hidden += lines.filtered(lambda line, ids=unreadable: line.res_id in ids)
        # The user makes these rows and may not delete one; what was found is ours.
        hidden.sudo().unlink()


class PrivacyLookupWizardLine(models.TransientModel):
    _inherit = "privacy.lookup.wizard.line"

    def _care_hidden_messages(self):
        """Those of these lines that are messages of inquiries that the user may not read."""
        messages = self.env["mail.message"].sudo().browse(self.mapped("res_id"))
        about = messages.filtered(lambda message: message.model == TICKETS)
        tickets = self.env[TICKETS].sudo().browse(about.mapped("res_id")).exists()
        tickets = tickets.filtered("care_is_inquiry").sudo(False)
        hidden = set((tickets - tickets._filtered_access("read")).ids)
        ids = {message.id for message in about if message.res_id in hidden}
        return self.filtered(lambda line: line.res_id in ids)

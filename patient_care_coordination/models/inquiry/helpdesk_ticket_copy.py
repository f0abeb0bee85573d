from odoo import models
from odoo.fields import Command

# What a second inquiry about the same matter has in common with the first. Not the answer: the
# second has none yet.
CARRIED = [
    "care_patient_id",
    "care_relation",
    "care_lang_id",
    "care_access_need_ids",
    "care_callback_phone",
    "care_safe_to_call",
    "care_desired_outcome",
    "care_emotional_state",
    "care_about_user_ids",
    "care_identity",
    "care_confidential_partner_id",
    "care_confidential_name",
    "care_confidential_email",
    "care_confidential_phone",
]


class HelpdeskTicket(models.Model):
    """Duplicating: restricted fields are not copied, or nobody else could duplicate a ticket."""

    _inherit = "helpdesk.ticket"

    def copy_data(self, default=None):
        vals_list = super().copy_data(default)
        names = [
            name
            for name in CARRIED
            if name not in (default or {}) and self._has_field_access(self._fields[name], "write")
        ]
        for ticket, vals in zip(self, vals_list, strict=True):
            if vals is None or not ticket.care_is_inquiry:
                continue
            for name in names:
                field = self._fields[name]
                if field.type == "many2many":
                    vals[name] = [Command.set(ticket[name]._filtered_access("read").ids)]
                else:
                    vals[name] = field.convert_to_write(ticket[name], ticket)
        return vals_list

from odoo import api, models

from ..common import limits


class HelpdeskTicket(models.Model):
    """How long the texts of an inquiry are; what somebody sent is never lost.

    A form is told to shorten. A mail, a page of the portal and an import have nobody who could:
    what is too long is shortened, and the whole of it is a file on the inquiry.
    """

    _inherit = "helpdesk.ticket"

    @api.model
    def _care_incoming(self, vals):
        return super()._care_incoming(limits.usable(dict(vals)))

    @api.model
    def _care_longest(self, field):
        """A title is longer than a name."""
        return limits.LINE if field.name == "name" else super()._care_longest(field)

    @api.model
    def _care_check_incoming(self, vals_list):
        for vals in vals_list:
            if self._care_nobody_waits() or self.env.context.get("import_file"):
                self._care_shorten(vals)
            if not self._care_nobody_waits():
                vals.update(self._care_fitting(vals))
        return super()._care_check_incoming(vals_list)

    @api.model
    def _care_shorten(self, vals):
        """Shorten in place what is too long; the whole waits for ``_care_keep_long_texts``."""
        for name, value in list(vals.items()):
            field = self._fields.get(name)
            longest = field is not None and self._care_longest(field)
            if longest and isinstance(value, str) and len(value) > longest:
                vals.setdefault("care:long_texts", []).append((name, str(value)))
                vals[name] = value[: longest - 2] + " …"

    def _care_created(self, notes_list):
        result = super()._care_created(notes_list)
        if any("care:long_texts" in notes for notes in notes_list):
            self._care_guard_created("long texts", self._care_keep_long_texts, notes_list)
        return result

    def _care_keep_long_texts(self, notes_list):
        """Keep the whole of each text that was shortened as a file of its inquiry."""
        values = []
        for ticket, notes in zip(self, notes_list, strict=True):
            for name, whole in notes.get("care:long_texts", ()):
                label = self._fields[name]._description_string(self.env)
                values.append(
                    {
                        "name": self.env._("Whole text: %s", label) + ".txt",
                        "raw": whole.encode(),
                        "mimetype": "text/plain",
                        "res_model": ticket._name,
                        "res_id": ticket.id,
                    }
                )
        self.env["ir.attachment"].sudo().create(values)

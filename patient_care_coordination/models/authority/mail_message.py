from odoo import models


class MailMessage(models.Model):
    """What people outside read of an inquiry's messages is a disclosure, as its page is."""

    _inherit = "mail.message"

    def _read_format(self, fnames, load="_classic_read"):
        rows = super()._read_format(fnames, load=load)
        self._care_show_on_portal()
        return rows

    def _message_fetch(self, domain, **options):
        result = super()._message_fetch(domain, **options)
        result["messages"]._care_show_on_portal()
        return result

    def _care_show_on_portal(self):
        """Keep that a person outside reads these messages, once a day for each inquiry."""
        tickets = self.env["helpdesk.ticket"]
        if tickets._care_reads_outside():
            ids = {message.res_id for message in self.sudo() if message.model == tickets._name}
            tickets.browse(ids - {0}).exists()._care_show_on_portal(self.env.user)

"""Steps at which nobody sits: what we refuse there is noted, and the work goes on.

A scheduled action of another addon stops for all tickets at the first error, and a mail whose
intake raises is lost. So in both, and when a caller writes from the portal, an inquiry that cannot
be changed stays as it is and says so.
"""

from odoo import api, models
from odoo.exceptions import UserError

from .helpdesk_ticket import OURS

MODULE = "patient_care_coordination"
# What may be refused beside what the closing gates and the rooms watch.
GUARDED = {"active", "closed_date", "care_received_date"}


class IrCron(models.Model):
    _inherit = "ir.cron"

    def _callback(self, cron_name, server_action_id):
        """Mark the scheduled actions of others; ours handle what is refused themselves."""
        ours = self.get_external_id().get(self.id, "").startswith(f"{MODULE}.")
        cron = self if ours else self.with_context(care_unattended=OURS)
        return super(IrCron, cron)._callback(cron_name, server_action_id)


class MailThread(models.AbstractModel):
    _inherit = "mail.thread"

    @api.model
    def _message_route_process(self, message, message_dict, routes):
        self = self.with_context(care_unattended=OURS)
        return super()._message_route_process(message, message_dict, routes)


class HelpdeskTicket(models.Model):
    _inherit = "helpdesk.ticket"

    def message_post(self, **kwargs):
        if not (self.env.user.share and self.care_is_inquiry):
            return super().message_post(**kwargs)
        unattended = self.with_context(care_unattended=OURS)
        message = super(HelpdeskTicket, unattended).message_post(**kwargs)
        return message.with_env(self.env)

    def _care_write_unattended(self, vals):
        """Write what may be written; what is refused is noted on its inquiry. Always true."""
        tickets = self.with_context(care_unattended=None)
        refusable = {*self._care_watched(), *self._care_gate_fields(), *GUARDED}
        if refusable.isdisjoint(vals):
            return tickets.write(vals)
        plain = tickets.filtered(lambda ticket: not ticket.care_is_inquiry)
        if plain:
            plain.write(vals)
        inquiries = tickets - plain
        try:
            with inquiries._care_savepoint():
                # A copy: what one attempt adds is not for the next.
                inquiries.write(dict(vals))
        except UserError as error:
            if len(inquiries) == 1:
                inquiries._care_note_refusal(vals, error)
            else:
                for inquiry in inquiries.with_context(care_unattended=OURS):
                    inquiry._care_write_unattended(vals)
        return True

    def _care_note_refusal(self, vals, error):
        """Log on one inquiry what an automatic step wanted, once for each thing and reason."""
        self.ensure_one()
        labels = [
            self._fields[name]._description_string(self.env)
            for name in sorted(vals)
            if name in self._fields
        ]
        body = self.env._(
            "An automatic step wanted to change %(fields)s and could not: %(reason)s",
            fields=", ".join(labels),
            reason=error.args[0] if error.args else "",
        )
        note = self.env.ref("mail.mt_note")
        last = self.sudo().message_ids.filtered(
            lambda message: message.subtype_id == note and message.author_id == self._care_robot()
        )[:1]
        if not last or last.body.striptags() != body:
            # In the name of Odoo itself: the caller did not say it.
            self.sudo()._message_log(body=body, author_id=self._care_robot().id)

    @api.model
    def _care_robot(self):
        """The contact that speaks for Odoo."""
        return self.env.ref("base.partner_root").sudo()

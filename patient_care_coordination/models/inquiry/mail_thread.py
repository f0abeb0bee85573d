from odoo import api, models
from odoo.exceptions import AccessError, UserError

from ..common.mail_headers import is_automatic, may_answer


class MailThread(models.AbstractModel):
    _inherit = "mail.thread"

    @api.model
    def _detect_loop_sender(self, message, message_dict, routes):
        """Never drop a mail to a desk: ward forms and ombudsmen send many within an hour.

        Loops are stopped where they start instead: an automatic mail gets no automatic answer.
        """
        if any(self._care_is_desk_route(route) for route in routes or []):
            return False
        return super()._detect_loop_sender(message, message_dict, routes)

    @api.model
    def _care_is_desk_route(self, route):
        model, thread_id, custom_values = route[0], route[1], route[2] or {}
        if model != "helpdesk.ticket":
            return False
        if thread_id:
            return self.env[model].sudo().browse(thread_id).exists().care_is_inquiry
        team = self.env["helpdesk.ticket.team"].sudo().browse(custom_values.get("team_id") or [])
        return team.care_desk

    @api.model
    def _message_route_process(self, message, message_dict, routes):
        """Tell automatic mail (RFC 3834) from what a person wrote: context ``care_automatic``.

        A mail that somebody hands in by himself is none: it may say that anybody wrote it.
        """
        if not (self.env.su or self.env.is_system()) and any(
            self._care_is_desk_route(route) or route[0].startswith("care.")
            for route in routes or []
        ):
            raise AccessError(
                self.env._(
                    "Mails about inquiries are taken in by the mail gateway alone: forward it to "
                    "the address of the desk."
                )
            )
        arrival = self._care_arrival()
        get_all = arrival.mail.get_all if arrival else lambda name: message.get_all(name) or []
        self = self.with_context(
            care_automatic=is_automatic(get_all),
            care_no_answer=not may_answer(get_all),
        )
        return super()._message_route_process(message, message_dict, routes)

    def message_notify(self, *, model=False, res_id=False, **kwargs):
        """What is told about an inquiry, or a row of ours, goes the way of that record."""
        about = model if res_id and not self else False
        if about == "helpdesk.ticket" or (about or "").startswith("care."):
            record = self.env[about].browse(res_id)
            if about == "helpdesk.ticket" and not record.sudo().care_is_inquiry:
                return super().message_notify(model=model, res_id=res_id, **kwargs)
            if "message_ids" in record._fields:
                return record.message_notify(**kwargs)
            if not self.env.su:
                raise UserError(
                    self.env._(
                        "This would mail past the gate of the inquiries: answer in each inquiry, "
                        "or write letters."
                    )
                )
        return super().message_notify(model=model, res_id=res_id, **kwargs)

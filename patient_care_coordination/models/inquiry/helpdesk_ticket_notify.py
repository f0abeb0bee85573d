import logging

from markupsafe import Markup

from odoo import api, models

from .helpdesk_ticket import OURS

_logger = logging.getLogger(__name__)

# Messages that may leave the house; what only tells of a change does not.
SAID = {"auto_comment", "comment", "email", "email_outgoing", "out_of_office"}
# What may go with one of our templates without changing whom it says what.
TEMPLATE_OPTIONS = {
    "auto_delete_keep_log",
    "email_layout_xmlid",
    "message_type",
    "notify_author_mention",
    "subtype_id",
    "subtype_xmlid",
}


class HelpdeskTicket(models.Model):
    """What leaves an inquiry as a mail.

    Three kinds: ``neutral`` is one of our own automatic mails, that say no more than the number;
    ``notice`` is the number and a link, whatever the message says; ``full`` is an answer to a
    person who may have it. Each recipient is given one in ``_care_screen_recipients``.
    """

    _inherit = "helpdesk.ticket"

    @api.model
    def _care_neutral_templates(self):
        """Our own templates, which say no more than the number; rooms add theirs."""
        names = ["closed", "moved", "assigned"]
        return {f"patient_care_coordination.mail_inquiry_{name}" for name in names}

    def message_post_with_source(self, source_ref, **kwargs):
        """Mark what our own templates say as neutral, unless somebody slips in other words."""
        if self._care_is_neutral(source_ref, kwargs):
            self = self.with_context(care_neutral=OURS)
        return super().message_post_with_source(source_ref, **kwargs)

    def message_mail_with_source(self, source_ref, **kwargs):
        """The same for many at once, as after a batch of new inquiries."""
        if self._care_is_neutral(source_ref, kwargs):
            xmlid = source_ref.get_external_id().get(source_ref.id)
            plain = self.filtered(lambda ticket: not ticket.care_is_inquiry)
            self = plain + (self - plain).sudo()._care_reachable(xmlid).sudo(self.env.su)
            self = self.with_context(care_mail=OURS)
        return super().message_mail_with_source(source_ref, **kwargs)

    @api.model
    def _care_is_neutral(self, source, options):
        """Whether a mail is one of our own templates, and only that."""
        if not isinstance(source, models.Model) or source._name != "mail.template":
            return False
        source = source.get_external_id().get(source.id)
        return source in self._care_neutral_templates() and options.keys() <= TEMPLATE_OPTIONS

    def _notify_thread(self, message, msg_vals=False, **kwargs):
        """Tell the rooms of what staff wrote, once it is settled who gets it."""
        recipients = super()._notify_thread(message, msg_vals=msg_vals, **kwargs)
        if message.sudo().message_type not in SAID or not self.sudo().care_is_inquiry:
            return recipients
        author = message.author_id.sudo()
        later = self._is_notification_scheduled(kwargs.get("scheduled_date"))
        if author and not author.partner_share and not later:
            outside = [row for row in recipients if row["active"] and row["share"]]
            try:
                with self._care_savepoint():
                    self._care_said(message, outside)
            except Exception:
                _logger.exception("Noting message %s failed; it is kept", message.id)
        return recipients

    def _notify_get_recipients(self, message, msg_vals=False, **kwargs):
        recipients = super()._notify_get_recipients(message, msg_vals=msg_vals, **kwargs)
        if not self.sudo().care_is_inquiry:
            return recipients
        neutral = self.env.context.get("care_neutral") is OURS
        return self._care_screen_recipients(message, recipients, msg_vals or {}, neutral)

    def _care_screen_recipients(self, message, recipients, msg_vals, neutral):
        """Those who may hear of a message, each with the kind of mail under ``care_mail``.

        :param list recipients: dicts as of ``_notify_get_recipients``
        :param bool neutral: the message is one of our own automatic mails
        """
        kept = []
        for data in recipients:
            inside = data["uid"] and not data["ushare"]
            if inside or neutral:
                kept.append(data | {"care_mail": "neutral" if neutral else "notice"})
        return kept

    def _notify_thread_by_email(self, message, recipients_data, **kwargs):
        if not self.sudo().care_is_inquiry:
            return super()._notify_thread_by_email(message, recipients_data, **kwargs)
        by_kind = {}
        for data in recipients_data:
            by_kind.setdefault(data.get("care_mail", "notice"), []).append(data)
        for kind, group in by_kind.items():
            screened = self.with_context(care_mail=OURS, care_mail_kind=kind)
            super(HelpdeskTicket, screened)._notify_thread_by_email(message, group, **kwargs)
        self._care_mailed(
            message, [data for data in by_kind.get("full", []) if data["notif"] == "email"]
        )
        return True

    def _care_mailed(self, message, recipients):
        """React to an answer that leaves in full to these recipients."""

    def _care_mail_kind(self):
        """The kind of mail under way, if there is one."""
        context = self.env.context
        return context.get("care_mail_kind") if context.get("care_mail") is OURS else None

    def _notify_by_email_get_base_mail_values(
        self, message, recipients_data, additional_values=None
    ):
        values = super()._notify_by_email_get_base_mail_values(
            message, recipients_data, additional_values=additional_values
        )
        kind = self._care_mail_kind()
        if kind not in ("notice", "full"):
            return values
        # A message of its own: a mail shares subject and files with the message it belongs to.
        del values["mail_message_id"]
        message = message.sudo()
        files = message.attachment_ids.ids if kind == "full" else []
        return values | {
            "subject": self._care_neutral_subject(),
            "body": message.body if kind == "full" else self._care_notice(),
            "attachment_ids": [(6, 0, files)],
            # Delivery reports and replies name it when this mail is gone: they find the message.
            "message_id": message.message_id,
            "author_id": message.author_id.id,
            "email_from": message.email_from,
            "reply_to": message.reply_to,
            "mail_server_id": message.mail_server_id.id,
            "record_alias_domain_id": message.record_alias_domain_id.id,
            "record_company_id": message.record_company_id.id,
            "message_type": "email_outgoing",
            "is_notification": True,
            "care_apart": True,
        }

    def _care_neutral_subject(self):
        """A subject that tells nothing."""
        return self.env._("Inquiry %s", self.sudo().number)

    def _care_notice(self):
        """The body of a mail that tells nothing."""
        return Markup("<p>%s</p>") % self.env._("There is news on inquiry %s.", self.sudo().number)

    def _notify_by_email_get_headers(self, headers=None):
        headers = super()._notify_by_email_get_headers(headers=headers)
        if self.sudo().care_is_inquiry:
            # The addresses of all others who got a mail, or whom somebody put in Cc.
            headers.pop("X-Msg-To-Add", None)
        return headers

    def _notify_by_email_render_layout(
        self, message, recipients_group, msg_vals=False, render_values=None
    ):
        if self._care_mail_kind() != "notice":
            return super()._notify_by_email_render_layout(
                message, recipients_group, msg_vals=msg_vals, render_values=render_values
            )
        return self.env["ir.qweb"]._render(
            "patient_care_coordination.mail_notice",
            {**(render_values or {}), **recipients_group, "notice": self._care_notice()},
            minimal_qcontext=True,
            lang=(render_values or {}).get("lang", self.env.lang),
        )

    def _notify_by_web_push_prepare_payload(self, message, msg_vals=False, force_record_name=False):
        payload = super()._notify_by_web_push_prepare_payload(
            message, msg_vals=msg_vals, force_record_name=force_record_name
        )
        if self.sudo().care_is_inquiry:
            payload["title"] = self._care_neutral_subject()
            payload["options"]["body"] = ""
        return payload

import logging

from markupsafe import Markup

from odoo import SUPERUSER_ID, Command, api, fields, models
from odoo.tools import format_datetime, plaintext2html

from ..common.guard import OURS, as_server
from ..common.mail_text import own_words

_logger = logging.getLogger(__name__)
BATCH = 200
# What tells mail programs not to answer a mail by themselves (RFC 3834).
AUTOMATIC = repr({"Auto-Submitted": "auto-generated", "X-Auto-Response-Suppress": "OOF, AutoReply"})


class CareConsult(models.Model):
    """Mails about consults, and what comes back."""

    _inherit = "care.consult"

    # ------------------------------------------------------------------
    # Out
    # ------------------------------------------------------------------

    def message_subscribe(self, partner_ids=None, subtype_ids=None):
        """Nobody follows a consult: its mails go to whom they concern, and to nobody else."""
        return True

    def _message_subscribe(self, partner_ids=None, subtype_ids=None, customer_ids=None):
        return True

    def _notify_get_recipients(self, message, msg_vals=False, **kwargs):
        """What is kept on a consult is mailed to nobody: answers stay here."""
        return []

    def _care_send(self, kind):
        """Mail all that these consults have to tell of one kind, in a constant number of queries.

        The question goes in full to those asked; every other mail has a link and no text.
        """
        consults = self.sudo()
        reply_to = consults._notify_get_reply_to()
        values = []
        for consult in consults:
            partners = consult._care_recipients(kind).partner_id.filtered("email")
            for lang, group in partners.grouped("lang").items():
                values.append(
                    consult.with_context(lang=lang or self.env.lang)._care_mail_values(
                        kind, group, reply_to.get(consult.id)
                    )
                )
        mails = as_server(self.env["mail.mail"]).create(values)
        if mails and self.env.context.get("mail_notify_force_send", True):
            mails.send_after_commit()

    def _care_recipients(self, kind):
        """The users whom a mail of this kind concerns, but not the one who acts."""
        self.ensure_one()
        if kind == "escalation":
            return self.lead_id
        if kind in ("question", "reminder"):
            return self._care_asked()
        if kind == "cancelled":
            return self._care_asked() - self.env.user
        handling = (self.asked_by_id | self.ticket_id.user_id).filtered("active")
        return (handling or self.ticket_id._care_lead()) - self.env.user

    def _care_mail_values(self, kind, partners, reply_to):
        subject, text = self._care_words(kind)
        body = Markup("<p>%s</p>") % text
        if kind == "question":
            body = self._care_question_html() + body
        link = f"{self.get_base_url()}/odoo/care-consults/{self.id}"
        body += Markup('<p><a href="%s">%s</a></p>') % (link, self.env._("Open the consult"))
        # What a rule asks, the hospital asks.
        personal = kind == "question" and not self.template_id
        author = self.asked_by_id.partner_id if personal else self.company_id.partner_id
        return {
            "subject": subject,
            "body": body,
            "body_html": body,
            "author_id": author.id,
            "email_from": author.email_formatted or self.company_id.email_formatted,
            "reply_to": reply_to or author.email_formatted,
            "recipient_ids": [Command.set(partners.ids)],
            "model": self._name,
            "res_id": self.id,
            "message_type": "email_outgoing",
            "subtype_id": self.env["ir.model.data"]._xmlid_to_res_id("mail.mt_note"),
            "headers": False if kind == "question" else AUTOMATIC,
            # The message stays on the consult, so that a reply finds it.
            "is_notification": True,
            "auto_delete": True,
        }

    def _care_words(self, kind):
        """Subject and sentence of a mail: the number, and nothing about the inquiry."""
        # In the time of the hospital: those asked and the cron may keep another.
        zone = self.company_id._care_zone()
        name = self.display_name
        due = format_datetime(self.env, self.due, tz=zone, dt_format="medium")
        words = {
            "question": (
                self.env._("Question about inquiry %s", name),
                self.env._(
                    "Please answer by %s: reply to this mail, or open the consult to answer or "
                    "to decline.",
                    due,
                ),
            ),
            "reminder": (
                self.env._("Reminder: question about inquiry %s", name),
                self.env._("An answer to consult %(name)s is due by %(due)s.", name=name, due=due),
            ),
            "escalation": (
                self.env._("No answer: question about inquiry %s", name),
                self.env._(
                    "Consult %(name)s, put to %(who)s, was due by %(due)s and has no answer yet.",
                    name=name,
                    who=self.put_to,
                    due=due,
                ),
            ),
            "answered": (
                self.env._("Consult %s: answered", name),
                self.env._("Consult %s has been answered.", name),
            ),
            "declined": (
                self.env._("Consult %s: declined", name),
                self.env._("Consult %s has been declined.", name),
            ),
            "cancelled": (
                self.env._("Consult %s: no longer needed", name),
                self.env._("An answer to consult %s is no longer needed.", name),
            ),
            "more": (
                self.env._("Consult %s: a mail to look at", name),
                self.env._("A mail came to consult %s that was not taken as its answer.", name),
            ),
        }
        return words[kind]

    def _care_question_html(self):
        """The question and the chosen facts, as they are mailed."""
        html = plaintext2html(self.question)
        if self.facts:
            html += Markup("<hr/>") + plaintext2html(self.facts)
        return html

    # ------------------------------------------------------------------
    # In
    # ------------------------------------------------------------------

    def _message_post_after_hook(self, message, msg_values):
        result = super()._message_post_after_hook(message, msg_values)
        # The gateway posts as the superuser; nobody else hands in the answer of somebody.
        if message.message_type == "email" and self.env.uid == SUPERUSER_ID:
            try:
                with self.env.cr.savepoint():
                    self.sudo()._care_hear(message)
            except Exception:
                _logger.exception("Reacting to message %s failed; it is kept", message.id)
        return result

    def _care_hear(self, message):
        """Take a mail as the answer, if one who was asked wrote it and it says something.

        Automatic mails never count; every other mail is shown to whoever asked.
        """
        self.ensure_one()
        if self.env.context.get("care_automatic"):
            return
        author = message.author_id.user_ids & self._care_answerers()
        text = own_words(message.body, message.subject, reply=True)
        if self.state == "asked" and author and text:
            self._care_end("answered", text, author[0], "mail")
        else:
            self._care_send("more")

    # ------------------------------------------------------------------
    # Clocks
    # ------------------------------------------------------------------

    @api.model
    def _care_cron_remind(self):
        """Remind those asked before the due time, and tell the lead after it; each once.

        What was sent and that it was sent are one transaction for each batch: a kill loses no
        mail and a second run sends none twice.
        """
        now = fields.Datetime.now()
        open_ones = [("state", "=", "asked"), ("ticket_id.closed_date", "=", False)]
        rounds = [
            (
                "reminder",
                "reminded_date",
                [("remind_date", "<=", now), ("due", ">", now), ("reminded_date", "=", False)],
            ),
            ("escalation", "escalated_date", [("due", "<=", now), ("escalated_date", "=", False)]),
        ]
        for kind, mark, domain in rounds:
            while consults := self.sudo().search(open_ones + domain, limit=BATCH, order="id"):
                consults.with_context(care_consult=OURS).write({mark: now})
                consults._care_send(kind)
                self.env["ir.cron"]._commit_progress(len(consults))

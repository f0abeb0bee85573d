from odoo import api, fields, models
from odoo.tools import email_normalize, email_split

from .helpdesk_ticket import OURS


class MailMail(models.Model):
    _inherit = "mail.mail"

    care_apart = fields.Boolean(
        "With a message of its own",
        readonly=True,
        help="Made from a message of an inquiry, without sharing its subject, text or files.",
    )

    @api.model_create_multi
    def create(self, vals_list):
        if self.env.context.get("care_mail") is not OURS:
            vals_list = self._care_screen(vals_list)
        return super().create(vals_list)

    @api.model
    def _care_screen(self, vals_list):
        """The values of new mails, where those about an inquiry went through its gate.

        What comes here was made past the notification: by a template, or a composer for many.
        """
        inquiries = self._care_inquiries_of(vals_list)
        return [
            inquiry._care_screen_mail(vals) if inquiry else vals
            for vals, inquiry in zip(vals_list, inquiries, strict=True)
        ]

    @api.model
    def _care_inquiries_of(self, vals_list):
        """For each of the values the inquiry that the mail is about, or none."""
        tickets = self.env["helpdesk.ticket"].sudo()
        messages = (
            self.env["mail.message"]
            .sudo()
            .browse({vals["mail_message_id"] for vals in vals_list if vals.get("mail_message_id")})
        )
        places = {message.id: (message.model, message.res_id) for message in messages}
        ids = []
        for vals in vals_list:
            model, res_id = places.get(
                vals.get("mail_message_id"), (vals.get("model"), vals.get("res_id"))
            )
            ids.append(res_id if model == tickets._name else False)
        known = tickets.browse({res_id for res_id in ids if res_id}).exists()
        inquiries = set(known.filtered("care_is_inquiry").ids)
        return [tickets.browse(res_id if res_id in inquiries else []) for res_id in ids]

    def unlink(self):
        apart = self.filtered("care_apart").mail_message_id
        result = super().unlink()
        apart.sudo().exists().unlink()
        return result


class HelpdeskTicket(models.Model):
    _inherit = "helpdesk.ticket"

    def _care_screen_mail(self, vals):
        """The values of a mail made past the notification: a notice to those who may hear of it.

        Never an error: what sends such mails runs while an inquiry is created or moved.
        """
        self.ensure_one()
        notice = self._care_notice()
        people = self.env["res.partner"].sudo().browse(self._care_recipient_ids(vals))
        kept = people.filtered(
            lambda partner: not partner.partner_share or self._care_may_hear(partner=partner)
        )
        addresses = [
            email
            for name in ("email_to", "email_cc")
            for email in email_split(vals.get(name) or "")
            if self._care_may_hear(email=email)
        ]
        screened = {
            name: value
            for name, value in vals.items()
            if name not in ("mail_message_id", "attachment_ids", "attachments", "email_cc")
        }
        screened |= {
            "subject": self._care_neutral_subject(),
            "body": notice,
            "body_html": notice,
            "email_to": ",".join(addresses) or False,
            "recipient_ids": [(6, 0, kept.ids)],
        }
        if not kept and not addresses:
            screened["state"] = "cancel"
        return screened

    def _care_may_hear(self, partner=None, email=None):
        """Whether a person outside may hear that there is news: who made the inquiry may."""
        ticket = self.sudo()
        if partner:
            return partner == ticket.partner_id or (
                not partner.user_ids and ticket._care_is_address_of_caller(partner.email_normalized)
            )
        return ticket._care_is_address_of_caller(email_normalize(email or ""))

    def _message_get_suggested_recipients_batch(self, **kwargs):
        """Of an inquiry only who made it, who may be told about its patient, and its staff."""
        suggested = super()._message_get_suggested_recipients_batch(**kwargs)
        for ticket in self.sudo().filtered("care_is_inquiry"):
            kept = [
                row
                for row in suggested[ticket.id]
                if ticket._care_may_hear(
                    partner=self.env["res.partner"].sudo().browse(row["partner_id"] or []),
                    email=row["email"],
                )
            ]
            # One person is one recipient: the contact rather than the bare address.
            kept.sort(key=lambda row: not row["partner_id"])
            by_address = {}
            for row in kept:
                by_address.setdefault(email_normalize(row["email"] or "") or id(row), row)
            suggested[ticket.id] = list(by_address.values())
        return suggested

    @api.model
    def _care_recipient_ids(self, vals):
        """Ids of the partners in the commands of a mail's recipients."""
        ids = set()
        for command in vals.get("recipient_ids") or []:
            if isinstance(command, int):
                ids.add(command)
            elif command[0] == 4:
                ids.add(command[1])
            elif command[0] == 6:
                ids.update(command[2])
        return ids

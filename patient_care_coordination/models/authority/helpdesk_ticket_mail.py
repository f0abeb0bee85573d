from odoo import api, models
from odoo.exceptions import UserError
from odoo.tools import html2plaintext

from ..common.from_page import from_page


class HelpdeskTicket(models.Model):
    """The gate on mails and followers."""

    _inherit = "helpdesk.ticket"

    def _care_may_follow(self, partner_ids):
        """Staff, and those who may be told about the patient."""
        result = super()._care_may_follow(partner_ids)
        people = self.env["res.partner"].sudo().browse(partner_ids)
        if not any(ticket.care_patient_id for ticket in self.sudo()):
            return result
        for partner in people.filtered("partner_share"):
            for ticket_id, verdict in self._care_authorities(partner).items():
                if verdict.allowed and verdict.basis != "general":
                    result[ticket_id].append(partner.id)
                    self.browse(ticket_id)._care_disclose(
                        "follower",
                        self.env._("Notices that there is news, without its content."),
                        self.env._("Following the inquiry"),
                        verdict=verdict,
                        partner=partner,
                    )
        return result

    def _care_screen_recipients(self, message, recipients, msg_vals, neutral):
        """Let each recipient through the gate; what staff wrote to a person it refuses is an error.

        Raises UserError with what to do instead; nothing is sent then.
        """
        kept = []
        written = self._care_is_written(message, msg_vals)
        if written and not neutral and not self._care_is_note(message, msg_vals):
            self._care_check_portal()
        named = self._care_named(message, msg_vals)
        for data in recipients:
            inside = data["uid"] and not data["ushare"]
            if neutral:
                kind = "neutral"
            elif inside:
                kind = self._care_screen_colleague(data, written and data["id"] in named)
            else:
                explicit = written and (not data["id"] or data["id"] in named)
                kind = self._care_screen_outsider(message, data, written, explicit, msg_vals)
            if kind:
                kept.append(data | {"care_mail": kind})
        return kept

    def _care_check_portal(self):
        """What staff write openly, the caller reads on the portal, mailed or not."""
        caller = self.sudo().partner_id
        if caller.user_ids.filtered("share"):
            self._care_require_patient(self._care_authority(partner=caller))

    def _care_may_hear(self, partner=None, email=None):
        """Also those with authority, where who made the inquiry may hear of news."""
        if super()._care_may_hear(partner=partner, email=email):
            return True
        verdict = self._care_authority(partner=partner, email=email)
        return verdict.allowed and verdict.basis != "general"

    def _care_is_written(self, message, msg_vals):
        """Whether a member of staff wrote the message, rather than a machine or a caller."""
        author = message.sudo().author_id
        kind = msg_vals.get("message_type") or message.message_type
        return kind == "comment" and bool(author) and not author.partner_share

    def _care_named(self, message, msg_vals):
        """Ids of those whom the message is written to, rather than who just follow."""
        return set(
            msg_vals["partner_ids"] if "partner_ids" in msg_vals else message.sudo().partner_ids.ids
        )

    def _care_screen_colleague(self, data, named):
        """A colleague who may not read the inquiry gets no more than its number."""
        partner = self.env["res.partner"].sudo().browse(data["id"])
        if self.id in self._care_readers(partner):
            return "notice"
        if named:
            raise UserError(
                self.env._(
                    "%s may not read this inquiry: ask by a consult, which shows the question "
                    "alone.",
                    partner.name,
                )
            )
        if data["notif"] == "inbox":
            # The inbox would show the whole message.
            return False
        return "notice"

    def _care_screen_outsider(self, message, data, written, explicit, msg_vals):
        """The kind of mail for a person outside, or False for none."""
        partner = self.env["res.partner"].sudo().browse(data["id"] or [])
        email = data["email_normalized"]
        verdict = self._care_authority(partner=partner, name=data["name"], email=email)
        if not verdict.allowed:
            if explicit:
                raise UserError(verdict.reason)
            return False
        if not explicit:
            # Of a note there is nothing to read on the portal.
            return not self._care_is_note(message, msg_vals) and "notice"
        self._care_require_patient(verdict)
        if self._care_is_note(message, msg_vals):
            raise UserError(
                self.env._("An internal note does not go to %s: write a message.", data["name"])
            )
        if self._care_agreed_to_mail(partner, email, verdict):
            return "full"
        if data["uid"]:
            # The text is on the portal, behind the login.
            return "notice"
        raise UserError(
            self.env._(
                "%s neither wrote by e-mail nor agreed to it: send a letter, call, or record the "
                "agreement in the authority.",
                data["name"],
            )
        )

    def _care_is_note(self, message, msg_vals):
        """Whether the message is internal to staff."""
        message = message.sudo()
        return bool(message.subtype_id.internal or message.is_internal or not message.subtype_id)

    def _care_agreed_to_mail(self, partner, email, verdict):
        """Whether this person wrote by e-mail about this inquiry, or agreed to be mailed."""
        ticket = self.sudo()
        if verdict.authority.by_mail:
            return True
        is_caller = (
            partner == ticket._care_calling_partner()
            or not partner.user_ids
            and ticket._care_is_address_of_caller(partner.email_normalized)
            if partner
            else email == ticket.partner_id.email_normalized or email == ticket.partner_email
        )
        if is_caller and ticket.channel_id.care_code == "email":
            return True
        # A mail that did not come through the gateway anybody could have made up.
        return bool(partner) and any(
            message.message_type == "email"
            and message.author_id == partner
            and message.create_uid._is_superuser()
            for message in ticket.message_ids
        )

    def _care_mailed(self, message, recipients):
        """Keep the disclosure of each answer that leaves in full."""
        result = super()._care_mailed(message, recipients)
        text = html2plaintext(message.body or "").strip()
        for data in recipients:
            partner = self.env["res.partner"].browse(data["id"] or [])
            verdict = self._care_authority(
                partner=partner, name=data["name"], email=data["email_normalized"]
            )
            self._care_disclose(
                "mail",
                text or self.env._("Files: %s", ", ".join(message.attachment_ids.mapped("name"))),
                self.env._("Answer to the inquiry"),
                verdict=verdict,
                partner=partner,
                name=data["name"],
                address=data["email_normalized"],
            )
        return result

    @from_page()
    def action_care_neutral_reply(self):
        """Mail the caller that the inquiry arrived and what is needed before anything is told."""
        template = self.env.ref("patient_care_coordination.mail_inquiry_neutral")
        for ticket in self:
            reachable = ticket.sudo().partner_email or ticket.sudo().partner_id.email
            if ticket.care_identity != "named" or not reachable:
                raise UserError(
                    self.env._("There is no address to reply to: call, or write a letter.")
                )
            ticket.message_post_with_source(template, message_type="auto_comment")
        return True

    @api.model
    def _care_neutral_templates(self):
        return super()._care_neutral_templates() | {
            "patient_care_coordination.mail_inquiry_neutral"
        }

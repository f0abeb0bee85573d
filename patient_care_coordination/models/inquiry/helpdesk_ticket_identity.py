from odoo import SUPERUSER_ID, api, fields, models
from odoo.exceptions import AccessError
from odoo.tools import SQL, email_normalize, formataddr

from .helpdesk_ticket import OURS, STAFF

COORDINATORS = (
    "patient_care_coordination.group_coordinator,patient_care_coordination.group_privacy_officer"
)
# What tells who called, and where it is kept when it was told in confidence.
CALLER = {
    "partner_id": "care_confidential_partner_id",
    "partner_name": "care_confidential_name",
    "partner_email": "care_confidential_email",
    "care_callback_phone": "care_confidential_phone",
}


class HelpdeskTicket(models.Model):
    """Who called, as far as the caller wants it known."""

    _inherit = "helpdesk.ticket"

    care_identity = fields.Selection(
        [
            ("named", "Named"),
            ("confidential", "In confidence"),
            ("anonymous", "Anonymous"),
        ],
        string="Identity of the caller",
        default="named",
        copy=False,
        groups=STAFF,
        help="In confidence: coordinators know who called, the department is not told, and "
        "nothing is mailed automatically. Anonymous: nobody knows.",
    )
    care_confidential_partner_id = fields.Many2one(
        "res.partner", string="Contact, in confidence", copy=False, groups=COORDINATORS
    )
    care_confidential_name = fields.Char("Caller, in confidence", copy=False, groups=COORDINATORS)
    care_confidential_email = fields.Char("Email, in confidence", copy=False, groups=COORDINATORS)
    care_confidential_phone = fields.Char(
        "Call back on, in confidence", copy=False, groups=COORDINATORS
    )

    @api.onchange("care_confidential_partner_id")
    def _onchange_care_confidential_partner_id(self):
        if self.care_confidential_partner_id:
            self.care_confidential_name = self.care_confidential_partner_id.name
            self.care_confidential_email = self.care_confidential_partner_id.email

    @api.model
    def _care_knows_callers(self):
        """Whether the user may read who called in confidence."""
        return self.env.su or any(map(self.env.user.has_group, COORDINATORS.split(",")))

    @api.model
    def _care_hide_callers(self, vals_list):
        """Take out of the values of new inquiries, in place, what their callers want unknown."""
        for vals in vals_list:
            identity = vals.get("care_identity")
            if identity == "confidential":
                for name, kept in CALLER.items():
                    vals[kept] = vals.get(kept) or vals.get(name) or False
            if identity in ("confidential", "anonymous"):
                vals.update(self._care_hidden(identity))

    @api.model
    def _care_hidden(self, identity):
        """What everybody reads of a caller who is not named."""
        name = self.env._("In confidence") if identity == "confidential" else False
        return dict.fromkeys(CALLER, False) | {"partner_name": name}

    def _care_identities(self, vals):
        """The identities before a write that touches the caller: ``{id: identity}``."""
        settled = self.env.context.get("care_caller") is OURS
        if settled or vals.keys().isdisjoint({"care_identity", *CALLER}):
            return {}
        before = {ticket.id: ticket.care_identity for ticket in self.sudo()}
        if (
            vals.get("care_identity", "confidential") != "confidential"
            and "confidential" in before.values()
            and not self._care_knows_callers()
        ):
            raise AccessError(
                self.env._("Who called in confidence is for coordinators: ask one to change it.")
            )
        return before

    def _care_settle_identities(self, before, vals):
        """After a write, move what tells who called to where the new identity wants it."""
        for ticket in self.sudo():
            was, now = before[ticket.id], ticket.care_identity
            values = {}
            if now == "confidential":
                partner = ticket.partner_id
                for name, kept in CALLER.items():
                    if (was != now or name in vals) and ticket[name]:
                        values[kept] = partner.id if name == "partner_id" else ticket[name]
                if was != now and partner:
                    values.setdefault("care_confidential_name", partner.name)
                    values.setdefault("care_confidential_email", partner.email)
                values |= self._care_hidden(now)
            elif now == "anonymous" and was != now:
                values = self._care_hidden(now) | dict.fromkeys(CALLER.values(), False)
            elif was == "confidential" and was != now:
                for name, kept in CALLER.items():
                    source = name if vals.get(name) else kept
                    value = ticket[source]
                    values[name] = value.id if name == "partner_id" else value
                values |= dict.fromkeys(CALLER.values(), False)
            if values:
                ticket.with_context(care_caller=OURS).write(values)
            if was != now:
                ticket._care_settle_authors(now)

    # ------------------------------------------------------------------
    # Authors of messages
    # ------------------------------------------------------------------

    def message_post(self, **kwargs):
        """Of callers who want to be unknown, messages show no author either."""
        identity = self.sudo().care_identity if self.care_is_inquiry else "named"
        if identity not in ("confidential", "anonymous"):
            return super().message_post(**kwargs)
        author_id, email = self._message_compute_author(
            kwargs.get("author_id"), kwargs.get("email_from")
        )
        author = self.env["res.partner"].sudo().browse(author_id or [])
        if author and not author.partner_share:
            return super().message_post(**kwargs)
        kwargs |= {"author_id": False, "email_from": self._care_unknown_sender()}
        if identity == "confidential":
            kwargs |= {"care_author_id": author.id, "care_author_email": email}
            if not self._care_knows_callers():
                # They may keep what they may not read.
                return super(HelpdeskTicket, self.sudo()).message_post(**kwargs).sudo(False)
        return super().message_post(**kwargs)

    def _get_message_create_valid_field_names(self):
        names = super()._get_message_create_valid_field_names()
        return names | {"care_author_id", "care_author_email", "care_digest", "care_sender"}

    def _care_unknown_sender(self):
        """What stands in the place of the sender."""
        name = self.env._("The caller")
        email = email_normalize(self.sudo().company_id.email)
        return formataddr((name, email)) if email else name

    def _care_unknown_reply(self, message):
        """Where answers to a message go, without the name and address of its author."""
        answer, author = map(email_normalize, (message.reply_to, message.email_from))
        if not answer or answer == author:
            return self._care_unknown_sender()
        return answer

    def _care_settle_authors(self, identity):
        """Take the authors outside off the messages of one inquiry, or put them back.

        Coordinators keep reading them as long as they are told in confidence.
        """
        self.ensure_one()
        # Messages are not changed otherwise; taking a name off is what anonymising does, too.
        messages = self.env["mail.message"].sudo().with_context(care_anonymise=OURS)
        messages = messages.search([("model", "=", self._name), ("res_id", "=", self.id)])
        if identity == "named":
            for message in messages.filtered("care_author_email"):
                message.write(
                    {
                        "author_id": message.care_author_id.id,
                        "email_from": message.care_author_email,
                        "care_author_id": False,
                        "care_author_email": False,
                    }
                )
            return
        if identity == "anonymous":
            messages.filtered(
                lambda message: message.care_author_id or message.care_author_email
            ).write({"care_author_id": False, "care_author_email": False})
        hidden = {"author_id": False, "email_from": self._care_unknown_sender()}
        for message in messages.filtered(
            lambda message: (
                message.author_id.partner_share if message.author_id else message.email_from
            )
        ):
            if not message.author_id and message.email_from == hidden["email_from"]:
                continue
            kept = {"care_author_id": message.author_id.id, "care_author_email": message.email_from}
            message.write(
                {
                    **hidden,
                    **(kept if identity == "confidential" else {}),
                    "reply_to": self._care_unknown_reply(message),
                }
            )
        self._care_hide_creators(messages)

    def _care_hide_creators(self, messages):
        """Take who handed in through the portal out of the log columns, past the ORM."""
        self.env.flush_all()
        for records in (self, messages):
            self.env.cr.execute(
                SQL(
                    """
                    UPDATE %(table)s SET create_uid = %(robot)s
                     WHERE id IN %(ids)s
                       AND create_uid IN (SELECT id FROM res_users WHERE share)
                    """,
                    table=SQL.identifier(records._table),
                    robot=SUPERUSER_ID,
                    ids=tuple(records.ids) or (0,),
                )
            )
            records.invalidate_recordset(["create_uid"])

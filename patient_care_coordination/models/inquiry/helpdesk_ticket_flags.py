from odoo import SUPERUSER_ID, api, fields, models

from ..common.from_page import from_page
from ..common.mail_text import own_words
from .care_flag_alarm import OPEN
from .helpdesk_ticket import OURS, STAFF
from .hints import READ_AT_MOST


class HelpdeskTicket(models.Model):
    """Red flags: suggested by words, raised by people and rules, ended by people alone."""

    _inherit = "helpdesk.ticket"

    care_alarm_ids = fields.One2many(
        "care.flag.alarm", "ticket_id", string="Red flags", groups=STAFF
    )
    care_open_alarm_ids = fields.One2many(
        "care.flag.alarm",
        "ticket_id",
        string="Open red flags",
        domain=[("state", "in", OPEN)],
        groups=STAFF,
    )
    care_flag_text = fields.Char(
        "Red flag", compute="_compute_care_flag_text", groups=STAFF, help="What is open."
    )
    care_flag_open = fields.Boolean(
        "Red flag open",
        compute="_compute_care_flag_text",
        search="_search_care_flag_open",
        groups=STAFF,
    )

    @api.depends("care_alarm_ids.state", "care_alarm_ids.owner_id")
    @api.depends_context("lang", "tz")
    def _compute_care_flag_text(self):
        alarms = self._care_open_alarms()
        for ticket in self:
            mine = alarms.get(ticket.id)
            ticket.care_flag_open = bool(mine)
            ticket.care_flag_text = "; ".join(mine.mapped("sentence")) if mine else False

    @api.model
    def _search_care_flag_open(self, operator, value):
        if operator != "in":
            return NotImplemented
        return [("care_alarm_ids.state", "in", OPEN)]

    def _care_open_alarms(self):
        """``{ticket id: its open alarms, the oldest first}``."""
        alarms = (
            self.env["care.flag.alarm"]
            .sudo()
            .search([("ticket_id", "in", self.ids), ("state", "in", OPEN)], order="id")
            if self.ids
            else self.env["care.flag.alarm"].sudo()
        )
        return {ticket.id: mine for ticket, mine in alarms.grouped("ticket_id").items()}

    # ------------------------------------------------------------------
    # Intake
    # ------------------------------------------------------------------

    def _care_flag_intake(self, notes_list):
        """Raise what rules ask for (note ``care:flags``), then suggest what the words hint at."""
        raised = {
            ticket.id: notes["care:flags"]
            for ticket, notes in zip(self, notes_list, strict=True)
            if notes.get("care:flags")
        }
        self.env["care.flag.alarm"]._care_open_rows(
            [
                {"ticket_id": ticket_id, "flag_id": flag, "source": "rule"}
                for ticket_id, flags in raised.items()
                for flag in dict.fromkeys(flags)
            ],
            raised=True,
        )
        hints = self.env["care.red.flag"]._care_hints()
        rows = []
        # An import of what was closed long ago suggests nothing.
        for ticket in self.sudo().filtered(lambda ticket: not ticket.closed) if hints else ():
            text = own_words(ticket.description, ticket.name)[:READ_AT_MOST]
            found = hints.find(f"{ticket.name or ''}\n{text}")
            rows += [
                ticket._care_suggestion(flag, words)
                for flag, words in found.items()
                if flag not in raised.get(ticket.id, ())
            ]
        self.env["care.flag.alarm"]._care_open_rows(rows, raised=False)

    def _care_suggestion(self, flag, words):
        return {
            "ticket_id": self.id,
            "flag_id": flag,
            "source": "hint",
            "words": ", ".join(words[:10]),
        }

    def _care_suggest_from(self, message):
        """What a later message hints at, unless a person has looked at that flag here before."""
        hints = self.env["care.red.flag"]._care_hints()
        if not hints:
            return
        text = own_words(message.body, message.subject)[:READ_AT_MOST]
        found = hints.find(f"{message.subject or ''}\n{text}")
        if not found:
            return
        alarms = self.env["care.flag.alarm"]
        known = alarms.sudo().search([("ticket_id", "=", self.id)]).flag_id.ids
        alarms._care_open_rows(
            [
                self._care_suggestion(flag, words)
                for flag, words in found.items()
                if flag not in known
            ],
            raised=False,
        )

    # ------------------------------------------------------------------
    # Raising
    # ------------------------------------------------------------------

    def _care_raise_flags(self, flags, note=False):
        """Raise these flags on these inquiries now; what is open already is not raised twice.

        Whoever may read an inquiry may raise a flag on it. Returns the open alarms.
        """
        self.check_access("read")
        alarms = self.env["care.flag.alarm"]
        known = alarms.sudo().search(
            [
                ("ticket_id", "in", self.ids),
                ("flag_id", "in", flags.ids),
                ("state", "in", OPEN),
            ]
        )
        there = {(alarm.ticket_id.id, alarm.flag_id.id) for alarm in known}
        suggested = known.filtered(lambda alarm: alarm.state == "suggested")
        alarms.browse(suggested.ids)._care_raise_suggested(note)
        new = alarms._care_open_rows(
            [
                {
                    "ticket_id": ticket.id,
                    "flag_id": flag.id,
                    "source": "person",
                    "note": (note or "").strip() or False,
                }
                for ticket in self
                for flag in flags
                if (ticket.id, flag.id) not in there
            ],
            raised=True,
        )
        return alarms.browse(known.ids) | new

    def _care_alarm_people(self, users, subject, body):
        """A message into the inbox, or by mail through the queue, as each person wants it.

        These inquiries are of one company; the text tells no more than their numbers.
        """
        robot = self.env.user.share or self.env.uid == SUPERUSER_ID
        # Who hands in through the portal is a caller, whose name must not travel.
        author = self.env.ref("base.partner_root") if robot else self.env.user.partner_id
        # Ours says no more than the number, and reaches those who read no inquiry too.
        tickets = self.sudo()
        place = tickets if len(tickets) == 1 else self.env["mail.thread"].sudo()
        place.with_context(care_neutral=OURS).message_notify(
            partner_ids=users.partner_id.ids,
            subject=subject,
            body=body,
            author_id=author.id,
            email_from=tickets.company_id[:1].email_formatted or author.email_formatted,
            force_send=False,
        )

    @from_page(one=True)
    def action_care_raise_flag(self):
        """Open the small form that raises a red flag."""
        self.ensure_one()
        action = self.env["ir.actions.actions"]._for_xml_id(
            "patient_care_coordination.action_flag_raise"
        )
        return action | {"context": {"default_ticket_id": self.id}}

    def _care_flag_gaps(self):
        """The open red flags of these inquiries as closing gaps."""
        alarms = self._care_open_alarms()
        return {
            ticket.id: [
                self.env._("the red flag %s", alarm.with_env(self.env).sudo()._care_sentence())
                for alarm in alarms.get(ticket.id, ())
            ]
            for ticket in self
        }

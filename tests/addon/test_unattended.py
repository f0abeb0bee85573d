"""What other addons do to all tickets by night or by mail: refused for inquiries, never fatal."""

from unittest.mock import patch

from odoo.exceptions import UserError
from odoo.fields import Command

from odoo.addons.mail.models.mail_thread import MailThread
from odoo.addons.patient_care_coordination.models.inquiry import helpdesk_ticket_peers
from odoo.addons.patient_care_coordination.models.inquiry.helpdesk_ticket import OURS

from ..common import MODULE, CareCommon

MAIL = """From: Ada <ada@home.example>
To: kitchen-test@hospital.example
Subject: Re: {number}
Message-Id: <answer-1@home.example>
In-Reply-To: {reference}

It is still cold.
"""


class TestUnattended(CareCommon):
    def setUp(self):
        super().setUp()
        self.done = self.env.ref("helpdesk_mgmt.helpdesk_ticket_stage_done")
        self.plain = self.env["helpdesk.ticket"].create(
            [{"name": f"Printer {n}", "description": "Toner"} for n in range(2)]
        )
        self.open = self.make_inquiry(name="Cold soup")
        self.ready = self.make_inquiry(
            name="Visiting",
            care_answer="From ten",
            care_told="Ada",
            care_received_date="2025-12-31 10:00:00",
            care_told_date="2026-01-01 10:00:00",
            care_told_channel_id=self.env.ref("helpdesk_mgmt.helpdesk_ticket_channel_phone").id,
        )

    def notes(self, ticket):
        texts = ticket.message_ids.mapped(lambda message: message.body.striptags())
        return [text for text in texts if "automatic step" in text]

    def run_cron(self, code):
        cron = self.env["ir.cron"].create(
            {
                "name": "Close what is old",
                "model_id": self.env.ref("helpdesk_mgmt.model_helpdesk_ticket").id,
                "state": "code",
                "code": code,
            }
        )
        with patch.object(self.env.cr, "commit"):
            cron._callback(cron.name, cron.ir_actions_server_id.id)

    def test_a_scheduled_action_goes_on(self):
        tickets = self.plain | self.open | self.ready
        self.run_cron(
            f"for ticket in env['helpdesk.ticket'].browse({tickets.ids}):\n"
            f"    ticket.write({{'stage_id': {self.done.id}}})"
        )
        self.assertTrue(all(self.plain.mapped("closed")))
        self.assertTrue(self.ready.closed, "what is complete may be closed")
        self.assertFalse(self.open.closed)
        (note,) = self.notes(self.open)
        self.assertIn("Stage", note)
        self.assertIn("cannot be closed yet", note)
        self.assertFalse(self.notes(self.ready))

    def test_all_at_once_and_noted_once(self):
        tickets = self.plain | self.open | self.ready
        code = f"env['helpdesk.ticket'].browse({tickets.ids}).write({{'stage_id': {self.done.id}}})"
        self.run_cron(code)
        self.run_cron(code)
        self.assertEqual(tickets.mapped("closed"), [True, True, False, True])
        self.assertEqual(len(self.notes(self.open)), 1)

    def test_a_person_still_reads_the_refusal(self):
        with self.assertRaisesRegex(UserError, "cannot be closed yet"):
            self.open.with_user(self.people["coordinator"]).stage_id = self.done

    def test_our_own_actions_handle_their_refusals(self):
        seen = []

        def run(action):
            seen.append(action.env.context.get("care_unattended"))
            return False

        cron = self.env["ir.cron"].search([], order="id")
        ids = self.env["ir.model.data"].search([("module", "=", MODULE), ("model", "=", "ir.cron")])
        ours = cron.browse(ids[0].res_id)
        server = type(self.env["ir.actions.server"])
        with patch.object(server, "run", run), patch.object(self.env.cr, "commit"):
            for each in (ours, (cron - cron.browse(ids.mapped("res_id")))[0]):
                each._callback(each.name, each.ir_actions_server_id.id)
        self.assertEqual(seen, [None, OURS])

    def test_a_mail_arrives_where_another_addon_closes_on_replies(self):
        """As OCA's helpdesk_ticket_partner_response does, with a closed stage to go to."""
        partner = self.env["res.partner"].create({"name": "Ada", "email": "ada@home.example"})
        self.open.partner_id = partner
        sent = self.open.message_ids[-1]
        tickets, stage = self.open, self.done
        # That addon is loaded before ours, so its step runs within ours.
        handle = MailThread._message_route_process

        def closing(self, message, message_dict, routes):
            self.env["helpdesk.ticket"].sudo().browse(tickets.ids).stage_id = stage.id
            return handle(self, message, message_dict, routes)

        mail = MAIL.format(number=self.open.number, reference=sent.message_id)
        with patch.object(MailThread, "_message_route_process", closing):
            self.env["mail.thread"].message_process("helpdesk.ticket", mail)
        self.assertFalse(self.open.closed)
        self.assertTrue(self.notes(self.open))
        self.assertIn("still cold", str(self.open.message_ids.mapped("body")))

    def test_a_message_from_the_portal_arrives_too(self):
        relative = self.people["relative"]
        self.open.partner_id = relative.partner_id
        ticket_class, stage = type(self.open), self.done
        hook = ticket_class._message_post_after_hook

        def closing(self, message, msg_vals):
            self.sudo().stage_id = stage.id
            return hook(self, message, msg_vals)

        with patch.object(ticket_class, "_message_post_after_hook", closing):
            message = self.open.with_user(relative).message_post(
                body="Still cold", message_type="comment", subtype_xmlid="mail.mt_comment"
            )
        self.assertTrue(message.exists())
        self.assertNotIn("care_unattended", message.env.context)
        self.assertTrue(self.notes(self.open))


class TestConversions(CareCommon):
    """OCA's wizards are no part of this database, so methods of their names stand for them."""

    def setUp(self):
        super().setUp()
        self.plain = self.env["helpdesk.ticket"].create([{"name": "PC", "description": "Slow"}])
        self.inquiry = self.make_inquiry()

    def guarded(self, model, name, method):
        registered = type(self.env[model])
        self.assertFalse(hasattr(registered, name))
        setattr(registered, name, method)
        self.addCleanup(lambda: delattr(registered, name))
        self.env["helpdesk.ticket"]._register_hook()
        # Twice, as when a registry is set up again: one guard.
        self.env["helpdesk.ticket"]._register_hook()

    def test_an_inquiry_is_not_copied_elsewhere(self):
        self.guarded("helpdesk.ticket", "action_nonconformity_create", lambda self: self.ids)
        self.assertEqual(self.plain.action_nonconformity_create(), self.plain.ids)
        for tickets in (self.inquiry, self.plain | self.inquiry):
            with self.assertRaisesRegex(UserError, f"{self.inquiry.number} is an inquiry"):
                tickets.with_user(self.people["coordinator"]).action_nonconformity_create()

    def test_nor_by_a_wizard_that_names_it(self):
        wizard = self.env["helpdesk.ticket.duplicate.wizard"]
        method = helpdesk_ticket_peers.without_inquiries(lambda self: "copied")
        for ticket, other in ((self.plain, self.inquiry), (self.inquiry, self.plain)):
            row = wizard.create({"ticket_id": ticket.id, "duplicate_of_id": other.id})
            with self.assertRaisesRegex(UserError, "Ask a department"):
                method(row)
        second = self.plain.copy()
        row = wizard.create({"ticket_id": self.plain.id, "duplicate_of_id": second.id})
        self.assertEqual(method(row), "copied")

    def test_closing_by_age_finds_no_inquiry(self):
        found = []

        def close(teams):
            found.extend(teams.env["helpdesk.ticket"].search([("team_id", "in", teams.ids)]).ids)

        (self.plain | self.inquiry).team_id = self.triage
        self.triage.user_ids = [Command.link(self.people["supervisor"].id)]
        self.guarded("helpdesk.ticket.team", "close_team_inactive_tickets", close)
        self.triage.close_team_inactive_tickets()
        self.assertEqual(found, self.plain.ids)

"""Messages on inquiries are written in the own name and stay, with files: by ORM and by HTTP."""

import json
from datetime import timedelta

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, HttpCase, tagged
from odoo.tools import mute_logger

from odoo.addons.patient_care_coordination.models.inquiry.helpdesk_ticket import OURS

from ..common import MODULE, CareCommon, make_people

REFUSED = "Messages of inquiries are not changed: write a new message that puts it right."
FILES = "Files of messages of inquiries are neither changed nor deleted"
GATEWAY = (
    "Mails are taken in by the mail gateway alone: write a message, or log what came as a contact."
)
OWN_NAME = (
    "A message of an inquiry is written in your own name and as of now: log what was said before "
    "as a contact."
)
FORWARD = (
    "Mails about inquiries are taken in by the mail gateway alone: forward it to the address of "
    "the desk."
)


@tagged("standard", "post_install", "-at_install")
class TestMessagesStay(CareCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.coordinator = cls.people["coordinator"]
        cls.ticket = cls.make_inquiry().with_user(cls.coordinator)
        cls.message = cls.ticket.message_post(
            body="As it was",
            message_type="comment",
            subtype_xmlid="mail.mt_comment",
            attachments=[("scan.txt", b"Scan")],
        )
        cls.env.cr.execute(
            "UPDATE mail_message SET create_date = create_date - interval '1 hour' WHERE id = %s",
            [cls.message.id],
        )
        cls.message.invalidate_recordset()
        cls.note = cls.ticket.message_post(body="A note", message_type="comment")

    def everybody(self):
        admin = self.env.ref("base.user_admin")
        return {
            "author": self.message,
            "admin": self.message.with_user(admin),
            "sudo": self.message.sudo(),
            "faked context": self.message.with_context(care_anonymise=True).sudo(),
        }

    def test_nobody_edits(self):
        changes = {
            "body": "Other",
            "subject": "Other",
            "date": "2020-01-01 00:00:00",
            "author_id": self.people["supervisor"].partner_id.id,
            "email_from": "x@y.example",
            "message_type": "notification",
            "is_internal": True,
            "partner_ids": [(5,)],
            "parent_id": self.note.id,
        }
        for who, message in self.everybody().items():
            for name, value in changes.items():
                with self.subTest(who=who, field=name):
                    with self.assertRaisesRegex(UserError, "are not changed: write a new message"):
                        message.write({name: value})
        with self.assertRaisesRegex(UserError, "are not changed"):
            self.message.sudo().write({"model": False, "res_id": False})
        self.assertIn("As it was", self.message.body)

    def test_nobody_deletes(self):
        for who, message in self.everybody().items():
            with self.subTest(who=who), self.assertRaisesRegex(UserError, "are not deleted"):
                message.unlink()
        self.assertTrue(self.message.exists())

    def test_nobody_edits_through_the_thread(self):
        for who, message in self.everybody().items():
            thread = self.ticket.with_env(message.env)
            with self.subTest(who=who), self.assertRaises(UserError):
                thread._message_update_content(message, body="Other")
            with self.subTest(who=who), self.assertRaises(UserError):
                thread._message_update_content(message, body="", attachment_ids=[])
        self.assertTrue(self.message.attachment_ids.exists())

    def test_files_stay(self):
        file = self.message.attachment_ids
        admin = self.env.ref("base.user_admin")
        for who in (file, file.with_user(admin), file.sudo()):
            with self.subTest(who=who.env.user.name):
                for values in ({"raw": b"x"}, {"name": "x"}, {"res_id": 0}, {"datas": "eA=="}):
                    with self.assertRaisesRegex(UserError, FILES):
                        who.write(values)
                with self.assertRaisesRegex(UserError, FILES):
                    who.unlink()
                with self.assertRaisesRegex(UserError, FILES):
                    who._delete_and_notify(self.message)
        self.assertEqual(file.raw, b"Scan")
        file.sudo().write({"description": "Searched", "access_token": "t"})

    def test_files_are_not_taken_off_nor_hung_on_later(self):
        with self.assertRaises(UserError):
            self.message.sudo().attachment_ids = False
        other = self.env["ir.attachment"].create({"name": "later.txt", "raw": b"x"})
        with self.assertRaises(UserError):
            self.message.sudo().attachment_ids = [(4, other.id)]

    def test_a_file_of_the_inquiry_that_no_message_carries_may_go(self):
        file = self.env["ir.attachment"].create(
            {"name": "x", "raw": b"x", "res_model": "helpdesk.ticket", "res_id": self.ticket.id}
        )
        file.raw = b"y"
        file.unlink()

    def test_reactions_stars_and_reading_go_on(self):
        partner = self.coordinator.partner_id
        self.message.sudo()._message_reaction("👍", "add", partner, self.env["mail.guest"])
        self.message.toggle_message_starred()
        self.assertTrue(self.message.starred)
        self.message.set_message_done()
        self.message.sudo().write({"pinned_at": "2026-01-01 00:00:00", "message_id": "<a@b>"})

    def test_finishing_an_activity_with_a_file_goes_on(self):
        file = self.env["ir.attachment"].create(
            {"name": "x", "raw": b"x", "res_model": "mail.activity", "res_id": 0}
        )
        activity = self.ticket.activity_schedule("mail.mail_activity_data_todo")
        file.res_id = activity.id
        message = self.env["mail.message"].browse(
            activity.action_feedback(feedback="Done", attachment_ids=file.ids)
        )
        self.assertIn(file, message.attachment_ids)

    def test_tracking_and_notifications_go_on(self):
        self.env.flush_all()
        self.env.cr.precommit.run()
        self.ticket.priority = "2"
        self.ticket.user_id = self.people["supervisor"]
        self.env.flush_all()
        self.env.cr.precommit.run()
        self.assertTrue(self.ticket.sudo().message_ids.tracking_value_ids)

    def test_what_was_answered_leaves_a_trace_that_nobody_changes(self):
        email = self.env["helpdesk.ticket.channel"]._care_by_code("email")
        self.env.flush_all()
        self.env.cr.precommit.run()
        self.ticket._care_close(
            care_answer="Until eight.",
            care_told="Relative",
            care_told_date=fields.Datetime.now(),
            care_told_channel_id=email.id,
        )
        self.env.flush_all()
        self.env.cr.precommit.run()
        self.ticket.write({"care_answer": "Until nine.", "care_told": "Somebody else"})
        self.env.flush_all()
        self.env.cr.precommit.run()
        values = self.ticket.sudo().message_ids.tracking_value_ids
        rows = {(row.field_id.name, row.old_value_text or row.old_value_char) for row in values}
        self.assertLessEqual({("care_answer", "Until eight."), ("care_told", "Relative")}, rows)
        self.assertLessEqual(
            {"care_told_date", "care_told_channel_id", "care_answered_by_id"},
            set(values.field_id.mapped("name")),
        )
        row = values[0].with_user(self.env.ref("base.user_admin"))
        for change in (
            lambda: row.write({"old_value_text": "Never said"}),
            row.unlink,
            lambda: row.copy({"old_value_text": "Never said"}),
        ):
            with self.assertRaisesRegex(UserError, "are not changed"):
                change()
        self.assertTrue(row.exists())
        manager = self.env(user=self.people["manager"])
        seen = values._filter_has_field_access(manager).field_id.mapped("name")
        self.assertNotIn("care_answer", seen)

    def test_a_sent_mail_that_is_cleared_away_leaves_its_message(self):
        mails = self.env["mail.mail"].sudo()
        mail = mails.create(
            [{"model": "helpdesk.ticket", "res_id": self.ticket.id, "body_html": "x"}]
        )
        message = mail.mail_message_id
        mail.unlink()
        self.assertEqual(bool(message.exists()), message.model == "helpdesk.ticket")

    def test_a_mail_with_a_message_of_its_own_is_cleared_away(self):
        before = self.env["mail.mail"].sudo().search([])
        self.ticket.message_post(
            body="Please look",
            message_type="comment",
            subtype_xmlid="mail.mt_comment",
            partner_ids=self.people["supervisor"].partner_id.ids,
        )
        mails = self.env["mail.mail"].sudo().search([]) - before
        self.assertTrue(mails)
        mails.unlink()
        self.assertFalse(mails.exists())

    def test_anonymisation_may(self):
        message = self.message.sudo().with_context(care_anonymise=OURS)
        message.body = "Taken out"
        self.assertEqual(message.body, "<p>Taken out</p>")
        message.unlink()

    def test_plain_tickets_and_other_documents_are_untouched(self):
        plain = self.env["helpdesk.ticket"].create([{"name": "Printer", "description": "Toner"}])
        for record in (plain, self.people["relative"].partner_id):
            message = record.message_post(body="x", attachments=[("a.txt", b"a")])
            message.body = "y"
            message.attachment_ids.unlink()
            message.unlink()

    def test_rating_again_adds_a_message(self):
        count = len(self.ticket.sudo().message_ids)
        thread = self.ticket.sudo()
        thread._message_update_content(self.message.sudo(), body="Five stars", strict=False)
        self.assertEqual(len(thread.message_ids), count + 1)
        self.assertIn("As it was", self.message.body)


@tagged("standard", "post_install", "-at_install")
class TestOwnName(CareCommon):
    """Nobody but the gateway takes in mails; whoever writes does so in the own name, now."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.coordinator = cls.people["coordinator"]
        cls.relative = cls.people["relative"].partner_id
        cls.relative.email = "relative@home.example"
        cls.ticket = cls.make_inquiry(partner_id=cls.relative.id).with_user(cls.coordinator)

    def kept(self):
        self.env.invalidate_all()
        ticket = self.ticket.sudo()
        return ticket.message_ids, ticket.care_contact_ids

    def forged(self, **values):
        return {
            "model": "helpdesk.ticket",
            "res_id": self.ticket.id,
            "body": "I agree.",
            "message_type": "comment",
            **values,
        }

    def test_nobody_posts_a_mail(self):
        before = self.kept()
        for ticket in (self.ticket, self.ticket.sudo()):
            with self.assertRaises(AccessError) as error:
                ticket.message_post(
                    body="Mail me.", message_type="email", author_id=self.relative.id
                )
            self.assertEqual(str(error.exception), GATEWAY)
        self.assertEqual(self.kept(), before)

    def test_a_post_is_in_the_own_name_and_now(self):
        contacts = self.kept()[1]
        message = self.ticket.message_post(
            body="I agree.",
            message_type="comment",
            subtype_xmlid="mail.mt_note",
            author_id=self.relative.id,
            email_from="relative@home.example",
            date="2020-01-01 00:00:00",
        )
        self.assertEqual(message.author_id, self.coordinator.partner_id)
        self.assertEqual(message.email_from, self.coordinator.email_formatted)
        self.assertEqual(message.date.date(), fields.Date.today())
        self.assertEqual(self.kept()[1], contacts, "nothing was heard")

    def test_a_message_is_not_made_up_past_the_thread(self):
        before = self.kept()
        messages = self.env["mail.message"].with_user(self.coordinator)
        forgeries = (
            (OWN_NAME, {"author_id": self.relative.id}),
            (OWN_NAME, {"author_id": False, "email_from": "relative@home.example"}),
            (OWN_NAME, {"date": "2020-01-01 00:00:00"}),
            (OWN_NAME, {"care_author_id": self.relative.id}),
            (GATEWAY, {"message_type": "email", "author_id": self.relative.id}),
        )
        for sentence, values in forgeries:
            with self.subTest(values=values), self.assertRaises(AccessError) as error:
                messages.create([self.forged(**values)])
            self.assertEqual(str(error.exception), sentence)
        defaults = {
            f"default_{name}": value
            for name, value in self.forged(author_id=self.relative.id).items()
        }
        with self.assertRaises(AccessError) as error:
            messages.with_context(**defaults).create([{"body": "I agree."}])
        self.assertEqual(str(error.exception), OWN_NAME)
        own = messages.create([self.forged()])
        self.assertEqual(own.author_id, self.coordinator.partner_id)
        self.assertEqual((self.kept()[0] - before[0], self.kept()[1]), (own, before[1]))

    def test_a_mail_that_staff_made_up_is_no_consent(self):
        plain = self.env["helpdesk.ticket"].create(
            [{"name": "Bed", "description": "x", "partner_id": self.relative.id}]
        )
        plain.with_user(self.people["manager"]).sudo().message_post(
            body="Mail me.", message_type="email", author_id=self.relative.id
        )
        plain.with_user(self.people["supervisor"]).action_care_make_inquiry()
        self.assertTrue(plain.care_is_inquiry)
        verdict = plain._care_authority(partner=self.relative)
        self.assertFalse(
            plain._care_agreed_to_mail(self.relative, "relative@home.example", verdict)
        )

    def test_nobody_hands_in_a_mail_of_another(self):
        before = self.env["helpdesk.ticket"].search([])
        mail = (
            "From: Relative <relative@home.example>\nTo: desk@hospital.example\nSubject: Yes\n"
            "Message-Id: <forged-1@home.example>\n%s\nI agree."
        )
        reply = f"In-Reply-To: {self.ticket.sudo().message_ids[0].message_id}\n"
        kept = self.kept()
        thread = self.env["mail.thread"]
        desk = {"team_id": self.triage.id}
        for head in ("", reply):
            with self.subTest(head=head), self.assertRaises(AccessError) as error:
                thread.with_user(self.coordinator).message_process(
                    "helpdesk.ticket", mail % head, desk
                )
            self.assertEqual(str(error.exception), FORWARD)
        self.assertEqual(self.env["helpdesk.ticket"].search([]), before)
        self.assertEqual(self.kept(), kept)
        thread.with_user(self.env.ref("base.user_admin")).message_process(
            "helpdesk.ticket", mail % reply
        )
        self.env.invalidate_all()
        heard = self.kept()[1] - kept[1]
        self.assertEqual((heard.channel, heard.direction), ("mail", "in"))
        self.assertEqual(heard.partner_id, self.relative)
        verdict = self.ticket._care_authority(partner=self.relative)
        self.assertTrue(
            self.ticket._care_agreed_to_mail(self.relative, "relative@home.example", verdict)
        )

    def test_the_composer_posts_in_the_own_name(self):
        composer = self.env["mail.compose.message"].with_user(self.coordinator)
        composer = Form(
            composer.with_context(
                default_model="helpdesk.ticket",
                default_res_ids=self.ticket.ids,
                default_composition_mode="comment",
                default_subtype_xmlid="mail.mt_note",
            )
        )
        composer.body = "<p>Looked at it.</p>"
        composer = composer.save()
        composer.author_id = self.relative
        before = self.kept()[0]
        composer.action_send_mail()
        message = self.kept()[0] - before
        self.assertEqual(message.author_id, self.coordinator.partner_id)
        self.assertIn("Looked at it.", message.body)

    def test_a_template_still_speaks_for_the_hospital(self):
        self.company.email = "info@hospital.example"
        before = self.kept()[0]
        self.ticket.action_care_neutral_reply()
        message = self.kept()[0] - before
        self.assertEqual(message.email_from, self.company.email_formatted)

    def test_who_is_away_answers_in_the_own_name(self):
        away = self.people["supervisor"]
        away.write(
            {
                "out_of_office_from": fields.Datetime.now() - timedelta(hours=1),
                "out_of_office_to": False,
                "out_of_office_message": "<p>Away until Monday.</p>",
            }
        )
        before = self.kept()[0]
        self.ticket.message_post(
            body="Please look.",
            message_type="comment",
            subtype_xmlid="mail.mt_comment",
            partner_ids=away.partner_id.ids,
        )
        answer = (self.kept()[0] - before).filtered(
            lambda message: message.message_type == "out_of_office"
        )
        self.assertEqual(answer.author_id, away.partner_id)

    def test_plain_tickets_are_untouched(self):
        plain = self.env["helpdesk.ticket"].create([{"name": "Toner", "description": "Empty"}])
        manager = self.people["manager"]
        message = plain.with_user(manager).message_post(
            body="By phone", message_type="email", author_id=self.relative.id
        )
        self.assertEqual(message.author_id, self.relative)

    def test_no_public_file_hangs_on_a_message(self):
        file = (
            self.env["ir.attachment"]
            .with_user(self.coordinator)
            .create([{"name": "x", "raw": b"x", "public": True}])
        )
        before = self.kept()
        with self.assertRaises(AccessError) as error:
            self.ticket.message_post(body="See the file", attachment_ids=file.ids)
        self.assertIn("is never open to everybody", str(error.exception))
        self.assertEqual(self.kept(), before)


@tagged("standard", "post_install", "-at_install")
class TestMessagesStayOverHttp(HttpCase):
    test_module = MODULE

    def setUp(self):
        super().setUp()
        self.people = make_people(self.env)
        self.ticket = self.env["helpdesk.ticket"].create(
            [
                {
                    "name": "Title",
                    "description": "Text",
                    "care_nature_id": self.env.ref(f"{MODULE}.nature_question").id,
                    "partner_id": self.people["relative"].partner_id.id,
                }
            ]
        )

    def _post(self, login):
        user = self.people.get(login) or self.env.ref("base.user_admin")
        return (
            self.ticket.with_user(user)
            .sudo()
            .message_post(
                body="As it was",
                author_id=user.partner_id.id,
                message_type="comment",
                subtype_xmlid="mail.mt_comment",
                attachments=[("scan.txt", b"Scan")],
            )
        )

    def _call(self, url, **params):
        response = self.url_open(
            url,
            data=json.dumps({"jsonrpc": "2.0", "params": params}),
            headers={"Content-Type": "application/json"},
        )
        return response.json()

    def _update(self, message, **data):
        return self._call("/mail/message/update_content", message_id=message.id, update_data=data)

    @mute_logger("odoo.http")
    def test_staff_admin_and_caller_neither_edit_nor_delete(self):
        logins = {
            "coordinator": ("care_coordinator", "care_coordinator"),
            "relative": ("care_relative", "care_relative"),
            "admin": ("admin", "admin"),
        }
        for name, login in logins.items():
            message = self._post(name)
            self.authenticate(*login)
            with self.subTest(who=name):
                edited = self._update(message, body="Other")
                self.assertIn("error", edited)
                # The others do not even find the message there.
                if name == "coordinator":
                    self.assertEqual(edited["error"]["data"]["message"], REFUSED)
                # How the client deletes: it empties.
                self.assertIn("error", self._update(message, body="", attachment_ids=[]))
                gone = self._call(
                    "/mail/attachment/delete", attachment_id=message.attachment_ids.id
                )
                self.assertIn("error", gone)
                message.invalidate_recordset()
                self.assertIn("As it was", message.body)
                self.assertTrue(message.attachment_ids.exists())

    @mute_logger("odoo.http")
    def test_not_by_the_object_service_either(self):
        message = self._post("coordinator")
        self.authenticate("care_coordinator", "care_coordinator")
        for method, args in (("write", [[message.id], {"body": "x"}]), ("unlink", [[message.id]])):
            with self.subTest(method=method):
                answer = self._call(
                    f"/web/dataset/call_kw/mail.message/{method}",
                    model="mail.message",
                    method=method,
                    args=args,
                    kwargs={"context": {"care_anonymise": True}},
                )
                self.assertIn("Messages of inquiries are not", answer["error"]["data"]["message"])

    def _call_kw(self, model, method, *args, **kwargs):
        return self._call(
            f"/web/dataset/call_kw/{model}/{method}",
            model=model,
            method=method,
            args=args,
            kwargs=kwargs,
        )

    @mute_logger("odoo.http")
    def test_nobody_writes_in_the_name_of_the_caller(self):
        caller = self.people["relative"].partner_id
        before = self.ticket.message_ids
        contacts = self.ticket.care_contact_ids
        values = {"body": "I agree.", "author_id": caller.id, "date": "2020-01-01 00:00:00"}
        place = {"model": "helpdesk.ticket", "res_id": self.ticket.id}
        self.authenticate("care_coordinator", "care_coordinator")
        answers = [
            self._call_kw(
                "helpdesk.ticket", "message_post", self.ticket.ids, message_type="email", **values
            ),
            self._call_kw("mail.message", "create", [values | place | {"message_type": "email"}]),
            self._call_kw("mail.message", "create", [values | place]),
            self._call(
                "/mail/message/post",
                thread_model="helpdesk.ticket",
                thread_id=self.ticket.id,
                post_data={"body": "I agree.", "message_type": "email"},
            ),
        ]
        self.assertEqual(
            [answer["error"]["data"]["message"] for answer in answers],
            [GATEWAY, GATEWAY, OWN_NAME, GATEWAY],
        )
        self.ticket.invalidate_recordset()
        self.assertEqual(self.ticket.message_ids, before)
        answer = self._call_kw(
            "helpdesk.ticket", "message_post", self.ticket.ids, message_type="comment", **values
        )
        self.ticket.invalidate_recordset()
        message = self.ticket.message_ids - before
        self.assertEqual(answer["result"], message.ids)
        self.assertEqual(message.author_id, self.people["coordinator"].partner_id)
        self.assertEqual(message.date.date(), fields.Date.today())
        self.assertEqual(self.ticket.care_contact_ids, contacts)

    def test_chatter_and_portal_go_on(self):
        for login in ("coordinator", "relative"):
            before = self.ticket.message_ids
            self.authenticate(f"care_{login}", f"care_{login}")
            answer = self._call(
                "/mail/message/post",
                thread_model="helpdesk.ticket",
                thread_id=self.ticket.id,
                post_data={
                    "body": "Thank you.",
                    "message_type": "comment",
                    "subtype_xmlid": "mail.mt_comment",
                },
            )
            with self.subTest(who=login):
                self.ticket.invalidate_recordset()
                message = self.ticket.message_ids - before
                self.assertEqual(answer["result"]["message_id"], message.id)
                self.assertEqual(message.author_id, self.people[login].partner_id)
        heard = self.ticket.care_contact_ids.filtered(lambda row: row.mail_message_id == message)
        self.assertEqual((heard.channel, heard.direction), ("portal", "in"))

    @mute_logger("odoo.http")
    def test_an_internal_note_is_not_shown_to_the_caller_later(self):
        message = self._post("coordinator")
        self.authenticate("care_coordinator", "care_coordinator")
        answer = self._call("/mail/update_is_internal", message_id=message.id, is_internal=True)
        self.assertEqual(answer["error"]["data"]["message"], REFUSED)

    def test_reacting_goes_on(self):
        message = self._post("coordinator")
        self.authenticate("care_coordinator", "care_coordinator")
        answer = self._call(
            "/mail/message/reaction", message_id=message.id, content="👍", action="add"
        )
        self.assertNotIn("error", answer)
        self.assertTrue(message.reaction_ids)

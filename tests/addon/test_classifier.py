"""The nature that a policy proposes: its worked examples, at intake and in the small form."""

from datetime import date, datetime
from itertools import product

from freezegun import freeze_time

from odoo.exceptions import AccessError, UserError
from odoo.tests import Form

from odoo.addons.patient_care_coordination.models.clock import classifier

from ..common import MODULE, CareCommon

POLICIES = ("generic", "us_cms", "england", "scotland", "ireland", "queensland", "ontario")


class ClassifierCommon(CareCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.natures = {nature.code: nature for nature in cls.env["care.nature"].search([])}
        cls.policies = {code: cls.env.ref(f"{MODULE}.policy_{code}") for code in POLICIES}
        cls.coordinator = cls.people["coordinator"]

    def channel(self, code):
        return self.env["helpdesk.ticket.channel"]._care_by_code(code)

    def complaint_by(self, code, policy="us_cms", nature="complaint", **values):
        self.company.care_policy_id = self.policies[policy]
        return self.make_inquiry(
            care_nature_id=self.natures[nature].id,
            channel_id=self.channel(code).id,
            **{"name": "Cold soup", "description": "The soup was cold", **values},
        )

    def proposed(self, policy, **facts):
        """The code of the proposed nature, or the facts that are missing."""
        tests = self.env["care.policy.test"]._care_tests(self.policies[policy].id)
        proposal = classifier.classify(tests, {"unhappy": "yes", "survey": "no", **facts})
        if proposal.key is None:
            return proposal.missing
        return self.env["care.nature"].browse(proposal.nature or []).code or "as it is"


class TestTables(ClassifierCommon):
    """The tables of the policies, by the words of the rules."""

    def test_us_cms(self):
        base = {
            "alleged": "no",
            "formal": "no",
            "minor": "no",
            "after_discharge": "no",
            "about": "care",
            "written": "no",
        }
        cases = [
            ({"alleged": "yes"}, "grievance"),
            ({"alleged": "yes", "about": "billing"}, "grievance"),
            ({"written": "yes"}, "grievance"),
            ({"written": "yes", "settled": "at_once"}, "grievance"),
            ({"formal": "yes", "settled": "at_once"}, "grievance"),
            ({"settled": "no"}, "grievance"),
            ({"settled": "later"}, "grievance"),
            ({"settled": "at_once"}, "concern"),
            ({"about": "billing", "settled": "no"}, "complaint"),
            ({"about": "billing", "written": "yes"}, "complaint"),
            ({"about": "billing_care", "written": "yes"}, "grievance"),
            ({"survey": "yes", "asks_resolution": "no", "written": "yes"}, "comment"),
            ({"survey": "yes", "asks_resolution": "yes", "written": "yes"}, "grievance"),
            ({"after_discharge": "yes", "settled": "no"}, "concern"),
            ({"minor": "yes", "settled": "at_once"}, "request"),
            ({"minor": "yes", "settled": "no"}, "grievance"),
            ({"unhappy": "no"}, "as it is"),
        ]
        for facts, nature in cases:
            with self.subTest(facts=facts):
                self.assertEqual(self.proposed("us_cms", **{**base, **facts}), nature)

    def test_us_cms_mail_about_care_needs_no_question(self):
        self.assertEqual(self.proposed("us_cms", written="yes", about="care"), "grievance")

    def test_england(self):
        base = {"alleged": "no", "formal": "no", "written": "no"}
        cases = [
            ({"settled": "at_once"}, "concern"),
            ({"settled": "next_day"}, "concern"),
            ({"settled": "next_day", "formal": "yes"}, "concern"),
            ({"settled": "later"}, "complaint"),
            ({"settled": "no"}, "complaint"),
            ({"settled": "pending"}, "concern"),
            ({"settled": "pending", "formal": "yes"}, "complaint"),
            ({"settled": "next_day", "written": "yes"}, "complaint"),
            ({"settled": "at_once", "alleged": "yes"}, "complaint"),
            ({"unhappy": "no"}, "as it is"),
        ]
        for facts, nature in cases:
            with self.subTest(facts=facts):
                self.assertEqual(self.proposed("england", **{**base, **facts}), nature)

    def test_other_places(self):
        base = {"alleged": "no", "formal": "no", "minor": "no", "about": "care", "written": "no"}
        cases = [
            ("scotland", {"written": "yes"}, "concern"),
            ("scotland", {"formal": "yes"}, "complaint"),
            ("ireland", {"written": "yes"}, "complaint"),
            ("ireland", {"settled": "at_once"}, "concern"),
            ("ireland", {"settled": "no"}, "complaint"),
            ("queensland", {"settled": "at_once"}, "concern"),
            ("queensland", {"settled": "next_day"}, "complaint"),
            ("ontario", {"written": "yes"}, "complaint"),
            ("ontario", {"minor": "yes"}, "request"),
            ("generic", {"written": "yes"}, "complaint"),
            ("generic", {"about": "billing", "written": "yes"}, "concern"),
            ("generic", {"settled": "next_day"}, "concern"),
            ("generic", {"settled": "no"}, "complaint"),
        ]
        for policy, facts, nature in cases:
            with self.subTest(policy=policy, facts=facts):
                self.assertEqual(self.proposed(policy, **{**base, **facts}), nature)

    def test_every_policy_answers_every_combination(self):
        names = list(classifier.FACTS)
        for code in POLICIES:
            tests = self.env["care.policy.test"]._care_tests(self.policies[code].id)
            for values in product(*classifier.FACTS.values()):
                proposal = classifier.classify(tests, dict(zip(names, values, strict=True)))
                self.assertIsNotNone(proposal.key, (code, values))

    def test_every_policy_treats_what_is_alleged_as_formal(self):
        formal = {"us_cms": "grievance"}
        for code in POLICIES:
            self.assertEqual(self.proposed(code, alleged="yes"), formal.get(code, "complaint"))

    def test_conditions_of_the_model_are_those_of_the_classifier(self):
        fields = self.env["care.policy.test"]._fields
        for fact, values in classifier.FACTS.items():
            options = [value for value, _label in fields[fact].selection]
            allowed = classifier.SETTLED if fact == "settled" else values
            self.assertEqual(set(options), set(allowed), fact)


class TestIntake(ClassifierCommon):
    def test_mail_about_care_under_cms_is_proposed_at_once(self):
        for code in ("email", "letter", "portal", "form"):
            for nature in ("complaint", "concern"):
                with self.subTest(channel=code, nature=nature):
                    inquiry = self.complaint_by(code, nature=nature)
                    self.assertEqual(inquiry.care_proposed_nature_id, self.natures["grievance"])
                    self.assertIn("42 CFR 482.13", inquiry.care_proposal_reason)
                    self.assertEqual(inquiry.care_nature_id, self.natures[nature])

    def test_one_click_confirms(self):
        inquiry = self.complaint_by("email")
        reason = inquiry.care_proposal_reason
        inquiry.with_user(self.coordinator).action_care_confirm_proposal()
        self.assertEqual(inquiry.care_nature_id, self.natures["grievance"])
        [change] = inquiry.care_nature_change_ids
        self.assertEqual(change.reason, reason)
        self.assertEqual(change.user_id, self.coordinator)
        self.assertFalse(inquiry.care_proposal_id)
        with self.assertRaisesRegex(UserError, "Nothing is proposed"):
            inquiry.action_care_confirm_proposal()

    def test_nothing_is_proposed_where_a_fact_would_decide(self):
        self.assertFalse(self.complaint_by("phone").care_proposal_id)
        self.assertFalse(self.complaint_by("email", nature="question").care_proposal_id)
        self.assertFalse(self.complaint_by("email", nature="compliment").care_proposal_id)
        bill = self.env.ref(f"{MODULE}.category_topic_bill")
        inquiry = self.complaint_by("email", category_id=bill.id, care_category_ids=[])
        inquiry.care_category_ids = bill
        inquiry.category_id = bill
        self.assertFalse(inquiry.care_proposal_id)

    def test_what_is_already_right_is_not_proposed(self):
        self.assertFalse(self.complaint_by("email", policy="england").care_proposal_id)
        concern = self.complaint_by("email", policy="england", nature="concern")
        self.assertEqual(concern.care_proposed_nature_id, self.complaint)

    def test_a_changed_channel_or_nature_proposes_anew(self):
        inquiry = self.complaint_by("phone")
        inquiry.channel_id = self.channel("letter")
        self.assertEqual(inquiry.care_proposed_nature_id, self.natures["grievance"])
        inquiry.channel_id = self.channel("phone")
        self.assertFalse(inquiry.care_proposal_id)
        question = self.complaint_by("email", nature="question")
        question._care_set_nature(self.complaint, "The caller is not content.")
        self.assertEqual(question.care_proposed_nature_id, self.natures["grievance"])

    def test_a_red_flag_raised_counts_as_alleged(self):
        inquiry = self.complaint_by("phone", policy="us_cms")
        self.assertFalse(inquiry._care_known_facts()[inquiry.id].get("alleged"))
        flag = self.env["care.red.flag"].search([("code", "=", "abuse")])
        inquiry._care_raise_flags(flag, "He was hit")
        self.assertEqual(inquiry._care_known_facts()[inquiry.id]["alleged"], "yes")
        inquiry.channel_id = self.channel("in_person")
        self.assertEqual(inquiry.care_proposed_nature_id, self.natures["grievance"])
        self.assertIn("reviewed at once", inquiry.care_proposal_reason)

    def test_batches_cost_a_constant_number_of_queries(self):
        self.company.care_policy_id = self.policies["us_cms"]
        values = {
            "name": "Soup",
            "description": "Cold",
            "care_nature_id": self.complaint.id,
            "channel_id": self.channel("email").id,
        }
        tickets = self.env["helpdesk.ticket"].create([values for _number in range(40)])
        self.assertEqual(len(tickets.filtered("care_proposal_id")), 40)
        counts = []
        for size in (2, 5, 40):
            batch = tickets[:size]
            batch.sudo().write({"care_proposal_id": False})
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            batch._care_propose()
            self.env.flush_all()
            counts.append(self.env.cr.sql_log_count - before)
        self.assertEqual(counts[1], counts[2])

    def test_plain_tickets_are_left_alone(self):
        plain = self.env["helpdesk.ticket"].create(
            [{"name": "x", "description": "x", "channel_id": self.channel("email").id}]
        )
        self.assertFalse(plain.care_proposal_id)


class TestSettled(ClassifierCommon):
    """Friday 6 February 2026, spoken, in England (SI 2009/309 reg. 8)."""

    def setUp(self):
        super().setUp()
        self.inquiry = self.complaint_by(
            "phone", policy="england", care_received_date=datetime(2026, 2, 6, 10)
        )
        self.assertEqual(self.inquiry.care_policy_id, self.policies["england"])

    def _nature(self, settled):
        facts = {"written": "no", "alleged": "no", "formal": "no"}
        state = self.inquiry._care_settled(False, settled)
        return self.proposed("england", settled=state, **facts)

    def test_settled_on_monday_is_excluded_and_on_tuesday_a_complaint(self):
        self.assertEqual(self._nature(date(2026, 2, 9)), "concern")
        self.assertEqual(self._nature(date(2026, 2, 10)), "complaint")

    def test_not_settled_yet(self):
        with freeze_time("2026-02-09 20:00:00"):
            self.assertEqual(self._nature(None), "concern")
        with freeze_time("2026-02-10 08:00:00"):
            self.assertEqual(self._nature(None), "complaint")

    def test_bank_holidays_do_not_count(self):
        # Thursday before Easter 2026: the next working day is Tuesday 7 April.
        self.inquiry.with_context(tracking_disable=True).care_received_date = datetime(
            2026, 4, 2, 10
        )
        self.assertEqual(self._nature(date(2026, 4, 7)), "concern")
        self.assertEqual(self._nature(date(2026, 4, 8)), "complaint")

    def test_settled_before_it_was_received(self):
        with self.assertRaisesRegex(UserError, "before it was received"):
            self.inquiry._care_settled(False, date(2026, 2, 5))


class TestForm(ClassifierCommon):
    def _form(self, inquiry):
        action = inquiry.with_user(self.coordinator).action_care_classify()
        wizards = self.env[action["res_model"]].with_user(self.coordinator)
        return Form(wizards.with_context(**action["context"]))

    def test_known_facts_are_filled_in_and_unknown_ones_asked(self):
        form = self._form(self.complaint_by("phone"))
        self.assertEqual((form.written, form.unhappy, form.about), ("no", "yes", "care"))
        self.assertFalse(form.alleged)
        self.assertIn("Is abuse, neglect or harm alleged?", form.needed)
        self.assertFalse(form.test_id)
        form.alleged, form.formal, form.after_discharge = "no", "no", "no"
        self.assertIn("settled", form.needed)
        form.settled = "no"
        self.assertEqual(form.nature_id, self.natures["grievance"])
        self.assertIn("not settled by staff present", form.sentence)

    def test_confirming_sets_the_nature_with_the_sentence(self):
        inquiry = self.complaint_by("phone")
        form = self._form(inquiry)
        form.alleged = "yes"
        wizard = form.save()
        wizard.action_confirm()
        self.assertEqual(inquiry.care_nature_id, self.natures["grievance"])
        self.assertEqual(inquiry.care_nature_change_ids.reason, wizard.sentence)

    def test_confirming_what_it_is_takes_the_proposal_away(self):
        inquiry = self.complaint_by("email", nature="complaint")
        self.assertTrue(inquiry.care_proposal_id)
        form = self._form(inquiry)
        form.about, form.alleged, form.formal = "billing", "no", "no"
        self.assertEqual(form.nature_id, self.complaint)
        form.save().action_confirm()
        self.assertFalse(inquiry.care_proposal_id)
        self.assertFalse(inquiry.care_nature_change_ids)

    def test_nothing_is_confirmed_while_facts_are_missing(self):
        wizard = self._form(self.complaint_by("phone")).save()
        with self.assertRaisesRegex(UserError, "Answer: "):
            wizard.action_confirm()

    def test_a_date_before_the_receipt_is_said(self):
        form = self._form(self.complaint_by("phone", policy="england"))
        form.alleged = form.formal = "no"
        form.settled = "on"
        form.settled_date = date(2020, 1, 1)
        self.assertIn("before it was received", form.needed)

    def test_no_policy_test_holds(self):
        self.policies["us_cms"].test_ids.active = False
        form = self._form(self.complaint_by("phone"))
        self.assertIn("No test of the policy holds", form.needed)

    def test_downgrading_is_for_supervisors(self):
        inquiry = self.complaint_by("phone", nature="grievance")
        form = self._form(inquiry)
        form.alleged = form.formal = form.minor = form.after_discharge = "no"
        form.settled = "at_once"
        self.assertEqual(form.nature_id, self.natures["concern"])
        with self.assertRaisesRegex(UserError, "Only a supervisor"):
            form.save().action_confirm()


class TestClassifierAccess(ClassifierCommon):
    def test_who_reads_and_edits_tests(self):
        test = self.env.ref(f"{MODULE}.test_us_cms_written")
        for name, user in self.people.items():
            mine = test.with_user(user)
            with self.subTest(role=name):
                self.assertEqual(mine.has_access("read"), not user.share)
                for operation in ("write", "create", "unlink"):
                    self.assertEqual(mine.has_access(operation), name == "supervisor")

    def test_who_classifies(self):
        inquiry = self.complaint_by("email")
        for name in ("coordinator", "supervisor"):
            inquiry.with_user(self.people[name]).action_care_classify()
        wizard = self.env["care.classify"]
        for name in ("responder", "privacy_officer", "clerk", "employee", "relative", "manager"):
            with self.subTest(role=name), self.assertRaises(AccessError):
                wizard.with_user(self.people[name]).create([{"ticket_id": inquiry.id}])
        mine = wizard.with_user(self.coordinator).create([{"ticket_id": inquiry.id}])
        with self.assertRaises(AccessError):
            mine.with_user(self.people["supervisor"]).read(["formal"])

    def test_edited_tests_hold_at_once(self):
        self.assertTrue(self.complaint_by("email").care_proposal_id)
        self.env.ref(f"{MODULE}.test_us_cms_written").with_user(
            self.people["supervisor"]
        ).nature_id = self.complaint
        self.env.ref(f"{MODULE}.test_us_cms_alleged").nature_id = self.complaint
        self.assertFalse(self.complaint_by("email").care_proposal_id)

    def test_a_copied_policy_takes_its_tests_along(self):
        policy = self.policies["england"]
        self.assertEqual(len(policy.copy().test_ids), len(policy.test_ids))

"""Improvements: proposing, deciding, evidence without names, effect, reminders, access."""

from odoo.fields import Command

from ..common import CareCommon


class ImprovementCommon(CareCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.food = cls.env.ref("patient_care_coordination.category_food")
        cls.coordinator, cls.supervisor = cls.people["coordinator"], cls.people["supervisor"]
        cls.inquiry = cls.make_inquiry(
            category_id=cls.food.id,
            care_department_id=cls.ward.id,
            care_patient_id=cls.patient.id,
        )

    def propose(self, login="coordinator", **values):
        return (
            self.env["care.improvement"]
            .with_user(self.people[login])
            .create(
                [
                    {
                        "name": "Warm the plates",
                        "practice": "Serving of meals",
                        "change": "Plates come from the warmer.",
                        "category_id": self.food.id,
                        "department_id": self.ward.id,
                        "ticket_ids": [Command.set(self.inquiry.ids)],
                        **values,
                    }
                ]
            )
        )


class TestProposing(ImprovementCommon):
    def test_from_a_selection(self):
        other = self.make_inquiry(category_id=self.food.id)
        plain = self.env["helpdesk.ticket"].create([{"name": "Printer", "description": "Toner"}])
        tickets = (self.inquiry | other | plain).with_user(self.coordinator)
        action = tickets.action_care_propose()
        self.assertEqual(action["res_model"], "care.improvement")
        improvement = (
            self.env["care.improvement"]
            .with_user(self.coordinator)
            .with_context(**action["context"])
            .create([{"name": "Warm the plates"}])
        )
        self.assertEqual(improvement.ticket_ids, self.inquiry | other)
        self.assertEqual(improvement.category_id, self.food)
        self.assertEqual(improvement.department_id, self.ward)

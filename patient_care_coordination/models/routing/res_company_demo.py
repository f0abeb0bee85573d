from odoo import Command, models

PARKING = [
    "My parking permit for dialysis has run out.",
    "Where do I hand in the form for a parking permit?",
    "The parking permit you sent me has the wrong number plate.",
    "I lost my parking permit, may I have another one?",
    "How long does a parking permit take? I come every week.",
    "Please send a parking permit for my father's visits.",
]


class ResCompany(models.Model):
    """The part of the demo hospital that shows routing at work."""

    _inherit = "res.company"

    def _care_demo_ready(self, env, users):
        result = super()._care_demo_ready(env, users)
        self._care_demo_moves(env, users)
        self._care_demo_choice(env, users)
        return result

    def _care_demo_moves(self, env, users):
        """Moves by hand that look alike, so that a rule is suggested."""
        facilities = env["helpdesk.ticket.team"].search(
            [("name", "=", "Facilities"), ("company_id", "=", self.id)], limit=1
        )
        question = env.ref("patient_care_coordination.nature_question")
        channel = env["helpdesk.ticket.channel"]._care_by_code("email")
        tickets = env["helpdesk.ticket"].create(
            [
                {
                    "name": "Parking permit",
                    "description": text,
                    "care_nature_id": question.id,
                    "channel_id": channel.id,
                    "partner_name": f"Visitor {number}",
                    "partner_email": f"visitor{number}@home.example",
                }
                for number, text in enumerate(PARKING, start=1)
            ]
        )
        users["coordinator"]._care_as(tickets).write({"team_id": facilities.id})
        env["care.rule.suggestion"]._care_refresh(self)

    def _care_demo_choice(self, env, users):
        """Teams that choose the person, and what people can do."""
        self.care_triage_team_id.care_strategy = "least_load"
        nursing = env["helpdesk.ticket.team"].search(
            [("name", "=", "Nursing management"), ("company_id", "=", self.id)], limit=1
        )
        nursing.care_strategy = "round_robin"
        users["coordinator"].care_delegate_id = users["coordinator2"]
        users["coordinator2"].care_capacity = 40
        env["care.skill"].create(
            {"name": "Bereavement support", "user_ids": [Command.link(users["coordinator2"].id)]}
        )

import random
from datetime import timedelta

from dateutil.relativedelta import relativedelta

from odoo import fields, models

# Category: is it a medical device, what stands on each ward, what is wrong with it now and then.
EQUIPMENT = {
    "Call bells": (False, "Call bell", "It rings, but the lamp at the desk stays dark."),
    "Televisions": (False, "Television", "No sound; the remote control is gone."),
    "Bed controls": (False, "Bed control", "The head end does not go up."),
    "Water dispensers": (False, "Water dispenser", "It drips and stands in a puddle."),
    "Interpreter tablets": (False, "Interpreter tablet", "The battery is empty within an hour."),
    "Infusion pumps": (True, "Infusion pump", "The display flickers."),
}
WARDS = ["Ward 3", "Ward 4", "Ward 7", "Ward 8"]
CHECKS = {
    "Call bells": ["The lamp at the desk lights up", "The cord can be reached from the bed"],
    "Televisions": ["Picture and sound", "The remote control is there"],
    "Bed controls": ["Up and down", "Brakes hold"],
}
# Inquiries that a fault caused: kind of equipment, title, text.
CAUSED = [
    ("Call bells", "The bell does not ring", "I rang for half an hour and nobody could hear it."),
    ("Televisions", "Television without sound", "The television has had no sound since Friday."),
    ("Bed controls", "The bed stays flat", "The bed of my neighbour does not go up at the head."),
]
DAYS = 90


class ResCompany(models.Model):
    """The part of the demo hospital that shows equipment: faults, rounds, downtime."""

    _inherit = "res.company"

    def _care_demo_ready(self, env, users):
        result = super()._care_demo_ready(env, users)
        env = env(context={**env.context, "mail_notify_force_send": False, "mail_notrack": True})
        equipment = self._care_demo_equipment(env, users)
        self._care_demo_faults(env, users, equipment)
        self._care_demo_rounds(env, users)
        # Nobody in the demo hospital has a mailbox.
        env["mail.mail"].sudo().search(
            [("model", "=", "maintenance.request"), ("state", "=", "outgoing")]
        ).cancel()
        return result

    def _care_demo_equipment(self, env, users):
        """One of each kind on each ward, and a tag on each."""
        teams = env["maintenance.team"].create(
            [
                {"name": "Biomedical engineering", "company_id": self.id},
                {"name": "Building services", "company_id": self.id},
            ]
        )
        biomed, building = teams
        wards = env["care.department"].search(
            [("name", "in", WARDS), ("company_id", "=", self.id)], order="name"
        )
        since = fields.Date.today() - relativedelta(years=2)
        values = []
        for name, (medical, thing, _fault) in EQUIPMENT.items():
            category = env["maintenance.equipment.category"].create(
                {
                    "name": name,
                    "company_id": self.id,
                    "technician_user_id": False,
                    "care_medical": medical,
                    "care_biomed_team_id": medical and biomed.id,
                }
            )
            for room, ward in enumerate(wards, 11):
                values += [
                    {
                        "name": f"{thing} {ward.name.removeprefix('Ward ')}-{bed}",
                        "category_id": category.id,
                        "company_id": self.id,
                        "care_department_id": ward.id,
                        "care_place": f"Room {room}, bed {bed}",
                        "care_tag": f"EQ{category.id:03}{ward.id:03}{bed}",
                        "maintenance_team_id": building.id,
                        "effective_date": since,
                    }
                    for bed in (1, 2)
                ]
        return env["maintenance.equipment"].create(values)

    def _care_demo_faults(self, env, users, equipment):
        """Faults of the last three months: most repaired, a few with maintenance still."""
        rng = random.Random(7)
        repaired = env.ref("maintenance.stage_3")
        now = fields.Datetime.now()
        for number in range(24):
            item = equipment[number // 2 * 5 % len(equipment)]
            fault = (
                users["coordinator"]
                ._care_as(env["care.fault"])
                ._care_report(
                    [
                        {
                            "equipment_id": item.id,
                            "text": EQUIPMENT[item.category_id.name][2],
                            "usable": number % 5 == 4,
                        }
                    ]
                )
                .sudo()
            )
            since = now - timedelta(days=DAYS - number * 3.7, hours=rng.randrange(8))
            until = min(since + timedelta(hours=rng.randrange(5, 60)), now)
            fault.reported_date = since
            fault.request_id.request_date = since.date()
            item._care_running_downtimes().write({"start": since})
            if number < 20:
                fault.request_id.stage_id = repaired
                fault.write({"ended_date": until, "told_date": until})
                ended = env["care.downtime"].search([("request_id", "=", fault.request_id.id)])
                ended.write({"stop": until})
        self._care_demo_caused(env, users, equipment)

    def _care_demo_caused(self, env, users, equipment):
        """Inquiries about what does not work on Ward 7."""
        channel = env["helpdesk.ticket.channel"]._care_by_code("phone")
        nature = env.ref("patient_care_coordination.nature_concern")
        for kind, title, text in CAUSED:
            item = equipment.filtered(
                lambda item, kind=kind: (
                    item.category_id.name == kind
                    and item.care_department_id.name == "Ward 7"
                    and item.care_state == "in_service"
                )
            )[:1]
            ticket = env["helpdesk.ticket"].create(
                [
                    {
                        "name": title,
                        "description": text,
                        "care_nature_id": nature.id,
                        "care_department_id": item.care_department_id.id,
                        "channel_id": channel.id,
                        "partner_name": "A visitor",
                    }
                ]
            )
            users["coordinator"]._care_as(env["care.fault"])._care_report(
                [
                    {
                        "equipment_id": item.id,
                        "text": EQUIPMENT[kind][2],
                        "usable": kind == "Televisions",
                        "ticket_id": ticket.id,
                    }
                ]
            )

    def _care_demo_rounds(self, env, users):
        """A checklist of each kind for Ward 7, with rounds walked, missed and due."""
        ward = env["care.department"].search(
            [("name", "=", "Ward 7"), ("company_id", "=", self.id)], limit=1
        )
        today = env["care.checklist"]._care_today()
        for number, (name, checks) in enumerate(CHECKS.items()):
            checklist = env["care.checklist"].create(
                {
                    "name": f"{name} of Ward 7",
                    "department_id": ward.id,
                    "category_id": env["maintenance.equipment.category"]
                    .search([("name", "=", name), ("company_id", "=", self.id)], limit=1)
                    .id,
                    "interval": "weekly",
                    "next_date": today - timedelta(weeks=4),
                    "line_ids": [
                        fields.Command.create({"name": check, "sequence": row})
                        for row, check in enumerate(checks)
                    ],
                }
            )
            if not number:
                checklist.line_ids = [
                    fields.Command.create({"name": "Lights in the corridor", "scope": "area"})
                ]
            for week in range(4, 0, -1):
                walk = checklist._care_make_rounds(today - timedelta(weeks=week))
                walker = users["coordinator"]._care_as(walk)
                if (week + number) % 4:
                    for line in walker.line_ids:
                        away = line.equipment_id and line.sequence == week
                        line.care_check("in_use" if away else "pass")
                    walker.care_finish()
            checklist._care_make_rounds(today)
        env["care.round"]._care_miss(self, today)

from datetime import timedelta

from dateutil.relativedelta import relativedelta

from odoo import Command, fields, models
from odoo.tools import SQL

from ..inquiry.helpdesk_ticket import OURS

# What is adopted in the demo hospital, and how many months ago: its history shows the effect.
ADOPTED = ("category_discharge", "Ward 3")
ADOPTED_MONTHS = 9
# Title, practice, change, category, department, due in days, states after the proposal, quotes,
# reason.
IMPROVEMENTS = [
    (
        "Serve lunch on warm plates",
        "Serving of meals on wards",
        "Plates come from the warmer and the lids stay on until the bed. The ward calls the "
        "kitchen when a tray is late.",
        "category_food",
        "Ward 7",
        21,
        [],
        "The soup was not warm.\nLunch was cold again.",
        None,
    ),
    (
        "Tell people every hour how long they wait",
        "Reception of the emergency department",
        "The triage nurse says the expected time on arrival and again every hour, and writes it "
        "on the board.",
        "category_waiting",
        "Emergency department",
        -5,
        ["review"],
        "We waited five hours and nobody came.",
        None,
    ),
    (
        "Call back instead of waiting on the line",
        "Answering of the main number",
        "After two minutes the caller may leave a number and is called back within the hour.",
        "category_contacting",
        "Main reception",
        45,
        ["review", "trial"],
        "I rang eight times and could not get through.",
        None,
    ),
    (
        "Hand over the discharge letter before noon",
        "Discharge of patients",
        "The letter, the list of medicines and the transport are ready on the evening before; the "
        "nurse goes through them with the patient in the morning.",
        *ADOPTED,
        0,
        ["review", "trial", "adopted"],
        "We sat on packed bags until five.",
        None,
    ),
    (
        "A second television for the day room",
        "Fittings of day rooms",
        "A second set with headphones.",
        "category_activities",
        "Dialysis",
        10,
        ["review", "rejected"],
        False,
        "The room is rebuilt next spring and gets screens at every place.",
    ),
]


class ResCompany(models.Model):
    """The part of the demo hospital that shows improvements: one in each state."""

    _inherit = "res.company"

    def _care_demo_ready(self, env, users):
        result = super()._care_demo_ready(env, users)
        env = env(context={**env.context, "mail_notify_force_send": False, "mail_notrack": True})
        today = fields.Date.today()
        for title, practice, change, category, department, due, *rest in IMPROVEMENTS:
            states, quotes, reason = rest
            category = env.ref(f"patient_care_coordination.{category}")
            department = env["care.department"].search(
                [("name", "=", department), ("company_id", "=", self.id)]
            )
            evidence = env["helpdesk.ticket"].search(
                [
                    ("care_is_inquiry", "=", True),
                    ("category_id", "child_of", category.id),
                    ("care_department_id", "=", department.id),
                ],
                limit=12,
            )
            improvement = (
                users["coordinator"]
                ._care_as(env["care.improvement"])
                .create(
                    {
                        "name": title,
                        "practice": practice,
                        "change": change,
                        "company_id": self.id,
                        "category_id": category.id,
                        "department_id": department.id,
                        "due": today + timedelta(days=due),
                        "quotes": quotes,
                        "ticket_ids": [Command.set(evidence.ids)],
                    }
                )
            )
            for state in states:
                users["supervisor"]._care_as(improvement)._care_move(state, reason)
            if "adopted" in states:
                improvement._care_demo_long_ago()
        for late in env["care.improvement"].search([("overdue", "=", True)]):
            late._care_remind()
        env["care.pattern"].sudo()._care_scan(self)
        return result


class CareImprovement(models.Model):
    _inherit = "care.improvement"

    def _care_demo_long_ago(self):
        """Let it have been proposed, tried and adopted months ago."""
        since = fields.Date.today().replace(day=4) - relativedelta(months=ADOPTED_MONTHS)
        decided = fields.Datetime.to_datetime(since) - timedelta(days=3, hours=-9)
        self.sudo().with_context(care_improvement=OURS).write(
            {"effective_date": since, "decided_date": decided, "due": since}
        )
        for days, step in zip((70, 60, 45, 0), self.sudo().step_ids, strict=True):
            self.env.cr.execute(
                SQL(
                    "UPDATE care_improvement_step SET date = %s WHERE id = %s",
                    decided - timedelta(days=days),
                    step.id,
                )
            )
        self.sudo().step_ids.invalidate_recordset()

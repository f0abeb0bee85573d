from odoo import api, fields, models
from odoo.tools import SQL


class CareEscalation(models.Model):
    """One step of telling people about one deadline: its row is what makes it happen once."""

    _name = "care.escalation"
    _description = "Escalation of a Deadline"
    _order = "date desc, id desc"
    _rec_name = "deadline_id"

    deadline_id = fields.Many2one("care.deadline", required=True, index=True, ondelete="restrict")
    ticket_id = fields.Many2one(related="deadline_id.ticket_id")
    step = fields.Selection(
        [
            ("person", "Due soon: the person"),
            ("lead", "Due soon: the lead"),
            ("breach", "Missed: person, lead and supervisors"),
        ],
        required=True,
    )
    # An extended deadline is warned of anew.
    due = fields.Datetime(required=True)
    date = fields.Datetime(required=True)

    _once = models.UniqueIndex(
        "(deadline_id, step, due)", "People were told of this step of the deadline already."
    )

    @api.model
    def _care_record(self, wanted):
        """Note steps and say which are new; what is noted already, also by another run, is not.

        :param wanted: ``[(deadline id, step, due), ...]``
        :return: ``{deadline id: {step, ...}}``
        """
        if not wanted:
            return {}
        now = fields.Datetime.now()
        rows = self.env.execute_query(
            SQL(
                "INSERT INTO care_escalation (deadline_id, step, due, date, create_date,"
                " create_uid, write_date, write_uid) VALUES %s"
                " ON CONFLICT DO NOTHING RETURNING deadline_id, step",
                SQL(", ").join(
                    SQL("%s", (deadline, step, due, now, now, self.env.uid, now, self.env.uid))
                    for deadline, step, due in wanted
                ),
            )
        )
        told = {}
        for deadline, step in rows:
            told.setdefault(deadline, set()).add(step)
        return told

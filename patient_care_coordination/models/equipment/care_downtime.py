from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools import SQL, format_datetime


class CareDowntime(models.Model):
    """When a piece of equipment could not be used, and why. At most one is open per item."""

    _name = "care.downtime"
    _description = "Care Downtime"
    _order = "start desc, id desc"
    _rec_name = "equipment_id"

    equipment_id = fields.Many2one(
        "maintenance.equipment", required=True, index=True, ondelete="cascade"
    )
    category_id = fields.Many2one(related="equipment_id.category_id", store=True, index=True)
    department_id = fields.Many2one(
        related="equipment_id.care_department_id", string="Department", store=True, index=True
    )
    company_id = fields.Many2one(related="equipment_id.company_id", store=True, index=True)
    start = fields.Datetime("From", required=True, default=fields.Datetime.now)
    stop = fields.Datetime("Until", help="Empty while it lasts.")
    cause = fields.Selection(
        [("fault", "Fault"), ("missing", "Missing"), ("hand", "Taken out of service")],
        required=True,
        default="hand",
    )
    note = fields.Char("Reason")
    request_id = fields.Many2one(
        "maintenance.request", string="Maintenance request", index="btree_not_null"
    )
    hours = fields.Float(compute="_compute_hours", help="So far, while it lasts.")

    _one_open = models.UniqueIndex(
        "(equipment_id) WHERE stop IS NULL", "This equipment is down already."
    )

    @api.depends("start", "stop")
    def _compute_hours(self):
        now = fields.Datetime.now()
        for row in self:
            span = (row.stop or now) - row.start if row.start else now - now
            row.hours = max(span.total_seconds() / 3600, 0)

    @api.constrains("equipment_id", "start", "stop")
    def _check_span(self):
        """Hours count once, and what has not happened yet does not count."""
        now = fields.Datetime.now()
        for row in self:
            if row.stop and row.stop < row.start:
                raise ValidationError(
                    self.env._(
                        "The downtime of %s cannot end before it starts: correct the dates.",
                        row.equipment_id.display_name,
                    )
                )
            if max(row.start, row.stop or row.start) > now:
                raise ValidationError(
                    self.env._(
                        "The downtime of %s lies in the future: enter when it began, and its end "
                        "once it is over.",
                        row.equipment_id.display_name,
                    )
                )
        self._care_check_overlap()

    def _care_check_overlap(self):
        self.flush_model(["equipment_id", "start", "stop"])
        self.env.cr.execute(
            SQL(
                """
                SELECT other.id
                  FROM care_downtime row
                  JOIN care_downtime other
                    ON other.equipment_id = row.equipment_id
                   AND other.id != row.id
                   AND tsrange(other.start, other.stop) && tsrange(row.start, row.stop)
                 WHERE row.id IN %s
                 ORDER BY other.start
                 LIMIT 1
                """,
                tuple(self.ids),
            )
        )
        for (other_id,) in self.env.cr.fetchall():
            other = self.sudo().browse(other_id)
            raise ValidationError(
                self.env._(
                    "%(what)s was down from %(start)s already: correct that downtime instead.",
                    what=other.equipment_id.display_name,
                    start=format_datetime(self.env, other.start, dt_format="short"),
                )
            )

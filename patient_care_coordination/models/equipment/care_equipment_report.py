from odoo import fields, models
from odoo.tools import SQL

# A failure of one item this soon after the end of the one before is a repeat.
REPEAT_DAYS = 30
MONTHS = 24


class CareEquipmentReport(models.Model):
    """Downtime, availability, failures and inquiries caused: a row an item and month (UTC).

    Availability is 1 - downtime / time in the register, also for groups. Medical devices have no
    downtime here, so none: their failures and inquiries are counted. What was closed without a
    repair is no failure. The last ``MONTHS`` months.
    """

    _name = "care.equipment.report"
    _description = "Care Equipment Analysis"
    _auto = False
    _order = "month desc, equipment_id"
    _rec_name = "equipment_id"
    _depends = {
        "maintenance.equipment": [
            "active",
            "care_department_id",
            "care_state",
            "category_id",
            "company_id",
            "effective_date",
            "scrap_date",
        ],
        "maintenance.equipment.category": ["care_medical"],
        "care.downtime": ["equipment_id", "start", "stop"],
        "care.fault": ["equipment_id", "reported_date", "request_id", "ticket_id", "outcome"],
    }

    month = fields.Date(readonly=True)
    equipment_id = fields.Many2one("maintenance.equipment", readonly=True)
    category_id = fields.Many2one("maintenance.equipment.category", readonly=True)
    department_id = fields.Many2one("care.department", readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    hours = fields.Float("Hours in the register", readonly=True)
    down_hours = fields.Float("Hours down", readonly=True)
    availability = fields.Float("Available (%)", readonly=True, aggregator="avg")
    failures = fields.Integer(readonly=True)
    repeats = fields.Integer(
        "Repeat failures", readonly=True, help="Within 30 days of the end of the one before."
    )
    repair_hours = fields.Float("Hours down per failure", readonly=True, aggregator="avg")
    inquiries = fields.Integer("Inquiries caused", readonly=True)

    @property
    def _table_query(self):
        return SQL(
            """
            WITH months AS (
                SELECT start, LEAST(start + INTERVAL '1 month', now() AT TIME ZONE 'UTC') AS stop
                  FROM generate_series(
                           date_trunc('month', now() AT TIME ZONE 'UTC')
                           - make_interval(months => %(months)s - 1),
                           date_trunc('month', now() AT TIME ZONE 'UTC'),
                           INTERVAL '1 month'
                       ) AS start
            ),
            spans AS (
                SELECT equipment.id AS equipment_id,
                       equipment.category_id,
                       equipment.care_department_id AS department_id,
                       equipment.company_id,
                       COALESCE(category.care_medical, FALSE) AS medical,
                       months.start AS month,
                       GREATEST(months.start, equipment.effective_date::timestamp) AS start,
                       LEAST(
                           months.stop,
                           CASE WHEN equipment.care_state = 'retired'
                                THEN (equipment.scrap_date + 1)::timestamp END
                       ) AS stop
                  FROM maintenance_equipment equipment
                  LEFT JOIN maintenance_equipment_category category
                         ON category.id = equipment.category_id
                 CROSS JOIN months
                 WHERE equipment.active
            ),
            down AS (
                SELECT span.equipment_id,
                       span.month,
                       SUM(EXTRACT(EPOCH FROM
                           LEAST(span.stop, COALESCE(row.stop, span.stop))
                           - GREATEST(span.start, row.start)
                       )) / 3600 AS hours
                  FROM spans span
                  JOIN care_downtime row
                    ON row.equipment_id = span.equipment_id
                   AND row.start < span.stop
                   AND COALESCE(row.stop, span.stop) > span.start
                 WHERE span.stop > span.start
                 GROUP BY span.equipment_id, span.month
            ),
            requests AS (
                SELECT equipment_id, request_id, MIN(reported_date) AS reported,
                       MAX(ended_date) AS ended
                  FROM care_fault
                 WHERE equipment_id IS NOT NULL AND outcome IS DISTINCT FROM 'cancelled'
                 GROUP BY equipment_id, request_id
            ),
            failures AS (
                SELECT equipment_id,
                       date_trunc('month', reported) AS month,
                       COUNT(*) AS failures,
                       COUNT(*) FILTER (
                           WHERE reported <= before + make_interval(days => %(repeat)s)
                       ) AS repeats
                  FROM (
                      SELECT equipment_id, reported,
                             LAG(COALESCE(ended, reported))
                             OVER (PARTITION BY equipment_id ORDER BY reported, request_id)
                             AS before
                        FROM requests
                  ) AS failure
                 GROUP BY equipment_id, date_trunc('month', reported)
            ),
            caused AS (
                SELECT equipment_id, date_trunc('month', first) AS month, COUNT(*) AS inquiries
                  FROM (
                      SELECT equipment_id, ticket_id, MIN(reported_date) AS first
                        FROM care_fault
                       WHERE equipment_id IS NOT NULL AND ticket_id IS NOT NULL
                       GROUP BY equipment_id, ticket_id
                  ) AS inquiry
                 GROUP BY equipment_id, date_trunc('month', first)
            )
            SELECT span.equipment_id::bigint * 100000
                   + EXTRACT(YEAR FROM span.month)::integer * 12
                   + EXTRACT(MONTH FROM span.month)::integer AS id,
                   span.month::date AS month,
                   span.equipment_id,
                   span.category_id,
                   span.department_id,
                   span.company_id,
                   CASE WHEN NOT span.medical THEN
                       GREATEST(EXTRACT(EPOCH FROM span.stop - span.start), 0) / 3600
                   END AS hours,
                   CASE WHEN NOT span.medical THEN COALESCE(down.hours, 0) END AS down_hours,
                   CASE WHEN NOT span.medical AND span.stop > span.start THEN
                       100 * (1 - COALESCE(down.hours, 0) * 3600
                              / EXTRACT(EPOCH FROM span.stop - span.start))
                   END AS availability,
                   COALESCE(failures.failures, 0) AS failures,
                   COALESCE(failures.repeats, 0) AS repeats,
                   down.hours / NULLIF(failures.failures, 0) AS repair_hours,
                   COALESCE(caused.inquiries, 0) AS inquiries
              FROM spans span
              LEFT JOIN down USING (equipment_id, month)
              LEFT JOIN failures USING (equipment_id, month)
              LEFT JOIN caused USING (equipment_id, month)
             WHERE span.stop > span.start
                OR failures.failures IS NOT NULL
                OR caused.inquiries IS NOT NULL
            """,
            months=MONTHS,
            repeat=REPEAT_DAYS,
        )

    def _read_group_select(self, aggregate_spec, query):
        """Weigh the rates of a group by what they are rates of."""
        if aggregate_spec == "availability:avg":
            return SQL(
                "100 * (1 - SUM(%(down)s) / NULLIF(SUM(%(hours)s), 0))",
                down=self._field_to_sql(self._table, "down_hours", query),
                hours=self._field_to_sql(self._table, "hours", query),
            )
        if aggregate_spec == "repair_hours:avg":
            return SQL(
                "SUM(%(down)s) / NULLIF(SUM(%(failures)s), 0)",
                down=self._field_to_sql(self._table, "down_hours", query),
                failures=self._field_to_sql(self._table, "failures", query),
            )
        return super()._read_group_select(aggregate_spec, query)

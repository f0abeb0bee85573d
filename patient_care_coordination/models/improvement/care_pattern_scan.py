from collections import defaultdict
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from psycopg2.extras import Json

from odoo import api, fields, models
from odoo.tools import SQL

from ..common.from_page import from_page
from . import run_chart
from .care_improvement_effect import utc

# Earlier spans that tell what is usual, and how many of them must be there.
SPANS, FEWEST_SPANS = 12, 6
# In how many of its weeks a span must have inquiries: a burst of one week is no pattern.
WEEKS_BUSY = 3
# A decided pattern comes back when it has grown by both.
GROWTH, GROWTH_LEAST = 1.5, 3


class CarePattern(models.Model):
    """The nightly search: one query a kind and company, whatever the number of inquiries."""

    _inherit = "care.pattern"

    @from_page()
    def action_refresh(self):
        """Look for patterns now."""
        self._care_check_supervisor()
        for company in self.env.companies:
            self.sudo()._care_scan(company)
        return True

    @api.model
    def _cron_care_patterns(self):
        """Look for patterns in every company; repeated, it finds the same."""
        companies = self.env["res.company"].sudo().search([("care_triage_team_id", "!=", False)])
        cron = self.env["ir.cron"]
        cron._commit_progress(remaining=len(companies))
        for company in companies:
            self.sudo()._care_scan(company)
            if not cron._commit_progress(1):
                break

    @api.model
    def _care_scan(self, company):
        """Make the rows of a company agree with its inquiries of the last weeks.

        Open ones that no longer hold are kept for as many weeks as are looked back.
        """
        self.env.flush_all()
        zone = company._care_zone()
        today = datetime.now(ZoneInfo(zone)).date()
        start = today - timedelta(weeks=company.care_pattern_weeks)
        span = {
            "company": company.id,
            "start": utc(start, zone),
            "stop": utc(today, zone),
        }
        found = [
            *self._care_find_usual(company, today, zone),
            *self._care_find_contacts(company, span),
            *self._care_find_questions(company, span),
            *self._care_find_misroutes(company, span),
            *self._care_find_stock(company, span),
            *self._care_find_downtime(company, span),
        ]
        self._care_keep(company, found, today)
        self.search(
            [("company_id", "=", company.id), ("state", "=", "open"), ("seen_date", "<", start)]
        ).unlink()

    @api.model
    def _care_find_usual(self, company, today, zone):
        """Category x department with more inquiries than usual in the last weeks."""
        days = company.care_pattern_weeks * 7
        rows = self.env.execute_query(
            SQL(
                """
                WITH inquiry AS (
                    SELECT id, category_id, care_department_id AS department_id,
                           %(today)s - 1 - (
                               care_received_date AT TIME ZONE 'UTC' AT TIME ZONE %(zone)s
                           )::date AS age
                      FROM helpdesk_ticket
                     WHERE care_is_inquiry IS TRUE
                       AND company_id = %(company)s
                       AND care_received_date >= %(start)s
                       AND care_received_date < %(stop)s
                       AND category_id IS NOT NULL
                       AND care_department_id IS NOT NULL
                       AND care_outcome IS DISTINCT FROM 'duplicate'
                ), recent AS (
                    SELECT category_id, department_id, array_agg(id ORDER BY id) AS ids
                      FROM inquiry
                     WHERE age < %(days)s
                     GROUP BY category_id, department_id
                    HAVING COUNT(*) >= %(least)s AND COUNT(DISTINCT age / 7) >= %(busy)s
                )
                SELECT category_id, department_id, inquiry.age / %(days)s AS span, COUNT(*), ids
                  FROM inquiry
                  JOIN recent USING (category_id, department_id)
                 GROUP BY category_id, department_id, span, ids
                """,
                today=today,
                zone=zone,
                company=company.id,
                start=utc(today - timedelta(days=days * (SPANS + 1)), zone),
                stop=utc(today, zone),
                days=days,
                least=company.care_pattern_least,
                busy=min(WEEKS_BUSY, company.care_pattern_weeks),
            )
        )
        spans = self._care_spans(company, today, days)
        if spans < FEWEST_SPANS:
            return
        cells = defaultdict(dict)
        for category, department, age, number, ids in rows:
            cells[category, department, tuple(ids)][age] = number
        for (category, department, ids), numbers in cells.items():
            history = [numbers.get(age, 0) for age in range(spans, 0, -1)]
            _lower, centre, upper = run_chart.usual_range(history)
            if numbers[0] > upper:
                yield {
                    "kind": "usual",
                    "key": f"{category},{department}",
                    "category_id": category,
                    "department_id": department,
                    "count": numbers[0],
                    "expected": centre,
                    "upper": upper,
                    "history": Json(history),
                    "ticket_refs": Json(list(ids)),
                }

    @api.model
    def _care_spans(self, company, today, days):
        """How many earlier spans the hospital has had inquiries all the time, at most ``SPANS``."""
        [(first,)] = self.env.execute_query(
            SQL(
                "SELECT MIN(care_received_date) FROM helpdesk_ticket"
                " WHERE care_is_inquiry IS TRUE AND company_id = %s",
                company.id,
            )
        )
        return min((today - first.date()).days // days - 1, SPANS) if first else 0

    @api.model
    def _care_find_contacts(self, company, span):
        """Inquiries about which the caller turned to us again and again."""
        rows = self.env.execute_query(
            SQL(
                """
                SELECT contact.ticket_id, ticket.category_id, ticket.care_department_id, COUNT(*)
                  FROM care_contact contact
                  JOIN helpdesk_ticket ticket ON ticket.id = contact.ticket_id
                 WHERE contact.company_id = %(company)s
                   AND contact.date >= %(start)s
                   AND contact.date < %(stop)s
                   AND contact.direction = 'in'
                   AND contact.with_caller
                   AND contact.automatic IS NOT TRUE
                   AND contact.corrects_id IS NULL
                   AND ticket.care_is_inquiry IS TRUE
                 GROUP BY contact.ticket_id, ticket.category_id, ticket.care_department_id
                HAVING COUNT(*) >= %(least)s
                """,
                **span,
                least=company.care_pattern_contacts,
            )
        )
        for ticket, category, department, number in rows:
            yield {
                "kind": "contacts",
                "key": str(ticket),
                "ticket_id": ticket,
                "category_id": category,
                "department_id": department,
                "count": number,
                "ticket_refs": Json([ticket]),
            }

    @api.model
    def _care_find_questions(self, company, span):
        """Questions of one category that people answered, each time anew."""
        rows = self.env.execute_query(
            SQL(
                """
                SELECT ticket.category_id, COUNT(*), array_agg(ticket.id ORDER BY ticket.id)
                  FROM helpdesk_ticket ticket
                  JOIN care_nature nature
                    ON nature.id = ticket.care_nature_id AND nature.code = 'question'
                 WHERE ticket.care_is_inquiry IS TRUE
                   AND ticket.company_id = %(company)s
                   AND ticket.care_received_date >= %(start)s
                   AND ticket.care_received_date < %(stop)s
                   AND ticket.category_id IS NOT NULL
                   AND ticket.care_answer <> ''
                   AND ticket.care_outcome IS DISTINCT FROM 'duplicate'
                 GROUP BY ticket.category_id
                HAVING COUNT(*) >= %(least)s
                """,
                **span,
                least=company.care_pattern_questions,
            )
        )
        for category, number, ids in rows:
            yield {
                "kind": "question",
                "key": str(category),
                "category_id": category,
                "count": number,
                "ticket_refs": Json(ids),
            }

    @api.model
    def _care_find_misroutes(self, company, span):
        """Inquiries that rules gave to one team and people moved to another."""
        rows = self.env.execute_query(
            SQL(
                """
                SELECT first.team_id, move.team_id, COUNT(DISTINCT move.ticket_id),
                       array_agg(DISTINCT move.ticket_id)
                  FROM care_decision move
                  JOIN care_decision first
                    ON first.ticket_id = move.ticket_id
                   AND first.event = 'create'
                   AND first.source IN ('rule', 'hint')
                   AND first.team_id <> move.team_id
                 WHERE move.company_id = %(company)s
                   AND move.create_date >= %(start)s
                   AND move.create_date < %(stop)s
                   AND move.event = 'move'
                   AND move.source = 'human'
                 GROUP BY first.team_id, move.team_id
                HAVING COUNT(DISTINCT move.ticket_id) >= %(least)s
                """,
                **span,
                least=company.care_pattern_least,
            )
        )
        for source, target, number, ids in rows:
            yield {
                "kind": "misroute",
                "key": f"{source},{target}",
                "from_team_id": source,
                "to_team_id": target,
                "count": number,
                "ticket_refs": Json(ids),
            }

    @api.model
    def _care_find_stock(self, company, span):
        """Products that ran out and made people ask or complain."""
        rows = self.env.execute_query(
            SQL(
                """
                SELECT shortage.product_id, COUNT(DISTINCT ticket.id),
                       array_agg(DISTINCT ticket.id)
                  FROM care_shortage shortage
                  JOIN care_shortage_ticket_rel link ON link.shortage_id = shortage.id
                  JOIN helpdesk_ticket ticket ON ticket.id = link.ticket_id
                 WHERE shortage.company_id = %(company)s
                   AND shortage.out_since IS NOT NULL
                   AND ticket.care_received_date >= %(start)s
                   AND ticket.care_received_date < %(stop)s
                 GROUP BY shortage.product_id
                HAVING COUNT(DISTINCT ticket.id) >= %(least)s
                """,
                **span,
                least=company.care_pattern_causes,
            )
        )
        for product, number, ids in rows:
            yield {
                "kind": "stock",
                "key": str(product),
                "product_id": product,
                "count": number,
                "ticket_refs": Json(ids),
            }

    @api.model
    def _care_find_downtime(self, company, span):
        """Kinds of equipment that failed in a department and made people ask or complain."""
        rows = self.env.execute_query(
            SQL(
                """
                SELECT fault.category_id, fault.department_id, COUNT(DISTINCT ticket.id),
                       array_agg(DISTINCT ticket.id)
                  FROM care_fault fault
                  JOIN helpdesk_ticket ticket ON ticket.id = fault.ticket_id
                 WHERE fault.company_id = %(company)s
                   AND fault.category_id IS NOT NULL
                   AND fault.department_id IS NOT NULL
                   AND fault.outcome IS DISTINCT FROM 'cancelled'
                   AND ticket.care_received_date >= %(start)s
                   AND ticket.care_received_date < %(stop)s
                 GROUP BY fault.category_id, fault.department_id
                HAVING COUNT(DISTINCT ticket.id) >= %(least)s
                """,
                **span,
                least=company.care_pattern_causes,
            )
        )
        for kind, department, number, ids in rows:
            yield {
                "kind": "downtime",
                "key": f"{kind},{department}",
                "equipment_category_id": kind,
                "department_id": department,
                "count": number,
                "ticket_refs": Json(ids),
            }

    @api.model
    def _care_keep(self, company, found, today):
        """Add or renew rows in one statement; what somebody decided comes back only if it grew.

        An accepted one, besides, only once its improvements are decided.
        """
        if not found:
            return
        names = [
            "kind",
            "key",
            "category_id",
            "department_id",
            "ticket_id",
            "from_team_id",
            "to_team_id",
            "product_id",
            "equipment_category_id",
            "count",
            "expected",
            "upper",
            "history",
            "ticket_refs",
        ]
        now = fields.Datetime.now()
        fixed = {
            "company_id": company.id,
            "weeks": company.care_pattern_weeks,
            "found_date": today,
            "seen_date": today,
            "state": "open",
            "create_date": now,
            "create_uid": self.env.uid,
            "write_date": now,
            "write_uid": self.env.uid,
        }
        renewed = [name for name in names if name not in ("kind", "key")]
        renewed += ["weeks", "seen_date", "write_date"]
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO care_pattern (%(columns)s) VALUES %(rows)s
                ON CONFLICT (company_id, kind, key) DO UPDATE SET
                    %(renewed)s,
                    state = CASE
                        WHEN care_pattern.state = 'open' THEN 'open'
                        WHEN excluded.count < care_pattern.decided_count * %(growth)s
                          OR excluded.count < care_pattern.decided_count + %(growth_least)s
                          OR EXISTS (
                              SELECT FROM care_improvement improvement
                               WHERE improvement.pattern_id = care_pattern.id
                                 AND improvement.state NOT IN ('adopted', 'rejected')
                          ) THEN care_pattern.state
                        ELSE 'open'
                    END
                """,
                columns=SQL(", ").join(SQL.identifier(name) for name in [*names, *fixed]),
                rows=SQL(", ").join(
                    SQL("%s", (*(row.get(name) for name in names), *fixed.values()))
                    for row in found
                ),
                renewed=SQL(", ").join(
                    SQL("%s = excluded.%s", SQL.identifier(name), SQL.identifier(name))
                    for name in renewed
                ),
                growth=GROWTH,
                growth_least=GROWTH_LEAST,
            )
        )
        self.invalidate_model()

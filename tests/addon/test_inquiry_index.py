"""Every filter, order and search of the worklists is answered by an index."""

import re

from lxml import etree

from odoo.fields import Domain
from odoo.tools import SQL
from odoo.tools.safe_eval import safe_eval

from ..common import MODULE, CareCommon

OPEN = [("closed_date", "=", False)]
# Each over the few open inquiries alone; which one is cheapest depends on how few they are.
SMALL = (
    "care_(open|due|queue|worklist|user_queue|team_worklist|team_queue|waiting|urgent|problem)_idx"
)
EXPECTED = {
    "open": SMALL,
    "mine": SMALL,
    "unassigned": SMALL,
    "my_teams": SMALL,
    "waiting_us": SMALL,
    "waiting_others": SMALL,
    "closed_today": "care_closed_idx",
    "urgent": SMALL,
    "problems": SMALL,
    "archived": "care_archived_idx",
}
ALSO_CLOSED = {"urgent": "care_urgent_idx", "problems": "care_problem_idx"}


class TestInquiryIndex(CareCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.user = cls.people["coordinator"]
        inquiry = cls.make_inquiry(partner_name="Ada Okafor", team_id=cls.triage.id)
        cls.make_inquiry(user_id=cls.user.id)
        cls.env.flush_all()
        cls._copy_as_closed(inquiry, 20_000)

    @classmethod
    def _copy_as_closed(cls, inquiry, count):
        """Closed copies by SQL: the planner chooses an index only where there is much to skip."""
        special = {
            "number": SQL("'X' || n"),
            "name": SQL("md5(n::text)"),
            "partner_name": SQL("md5((n * 7)::text)"),
            "partner_email": SQL("md5((n * 9)::text)"),
            "priority": SQL("(CASE WHEN n %% 20 = 0 THEN '3' ELSE '1' END)"),
            "care_received_date": SQL("now() AT TIME ZONE 'UTC' - n * interval '9 minutes'"),
            # A coordinator who has worked here for years.
            "user_id": SQL("(CASE WHEN n %% 4 = 0 THEN %s END)", cls.user.id),
            "closed_date": SQL("now() AT TIME ZONE 'UTC' - n * interval '8 minutes'"),
        }
        columns = [
            name
            for name, field in inquiry._fields.items()
            if field.store and field.column_type and name not in ("id", "access_token")
        ]
        cls.env.cr.execute(
            SQL(
                "INSERT INTO helpdesk_ticket (%s) SELECT %s FROM helpdesk_ticket"
                " CROSS JOIN generate_series(1, %s) n WHERE id = %s",
                SQL(", ").join(map(SQL.identifier, columns)),
                SQL(", ").join(special.get(name, SQL.identifier(name)) for name in columns),
                count,
                inquiry.id,
            )
        )
        cls.env.cr.execute("ANALYZE helpdesk_ticket")

    def arch(self, kind):
        """A view of the inquiries with what all rooms add to it."""
        view = self.env.ref(f"{MODULE}.inquiry_view_{kind}")
        tickets = self.env["helpdesk.ticket"].with_user(self.user)
        return etree.fromstring(tickets.get_view(view.id, kind)["arch"])

    def plan(self, domain):
        """How PostgreSQL answers the list of ``domain`` in its default order."""
        domain = Domain("care_is_inquiry", "=", True) & Domain(domain)
        order = self.arch("list")
        query = (
            self.env["helpdesk.ticket"]
            .with_user(self.user)
            ._search(domain, order=order.get("default_order"), limit=80)
        )
        self.env.cr.execute(SQL("EXPLAIN %s", query.select()))
        return "\n".join(row[0] for row in self.env.cr.fetchall())

    def test_each_filter_of_the_lists_has_an_index(self):
        search = self.arch("search")
        filters = {
            node.get("name"): safe_eval(node.get("domain"), {"uid": self.user.id})
            for node in search.iter("filter")
            if node.get("domain")
        }
        self.assertLessEqual(set(EXPECTED), set(filters))
        for name, domain in filters.items():
            opened = [] if name in ("closed_today", "archived") else OPEN
            plan = self.plan(domain + opened)
            with self.subTest(name):
                self.assertNotIn("Seq Scan on helpdesk_ticket ", plan + " ")
                self.assertRegex(plan, EXPECTED.get(name, "Index"))

    def test_filters_over_closed_inquiries_too(self):
        for name, index in ALSO_CLOSED.items():
            domain = {
                "urgent": [("priority", "in", ["2", "3"])],
                "problems": [("care_intake_error", "!=", False)],
            }[name]
            with self.subTest(name):
                self.assertRegex(self.plan(domain), index)

    def test_search_by_number_title_and_caller(self):
        self.env.cr.execute("SELECT indexdef FROM pg_indexes WHERE tablename = 'helpdesk_ticket'")
        trigram = {
            match.group(1)
            for (definition,) in self.env.cr.fetchall()
            if (match := re.search(r"gin \((?:unaccent\()?\(?(\w+).*gin_trgm_ops", definition))
        }
        searched = {"number", "name", "partner_name", "partner_email"}
        self.assertEqual(searched & trigram, searched if self.registry.has_trigram else set())
        if not self.registry.has_trigram:
            return
        for name in searched:
            # What autovacuum does in its time: rows still on the pending list are read one by one.
            self.env.cr.execute(
                SQL("SELECT gin_clean_pending_list(%s)", f"helpdesk_ticket__{name}_index")
            )
        for left, right in (("number", "name"), ("partner_name", "partner_email")):
            plan = self.plan(["|", (left, "ilike", "c4ca4238a0"), (right, "ilike", "c4ca4238a0")])
            with self.subTest(left):
                self.assertIn(f"helpdesk_ticket__{left}_index", plan)
                self.assertIn(f"helpdesk_ticket__{right}_index", plan)

    def test_category_and_channel_have_an_index(self):
        self.env.cr.execute("SELECT indexname FROM pg_indexes WHERE tablename = 'helpdesk_ticket'")
        names = {name for (name,) in self.env.cr.fetchall()}
        for field in ("category_id", "channel_id"):
            self.assertIn(f"helpdesk_ticket__{field}_index", names)

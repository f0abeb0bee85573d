"""Every page of ours and of the helpdesk with addresses and forms that no browser sends."""

import re
from urllib.parse import quote

from odoo.fields import Command
from odoo.http import Request, _generate_routing_rules
from odoo.tests import HttpCase, tagged

from ..attack import record, size
from ..common import MODULE, CareCommon, make_people

MODULES = (MODULE, "helpdesk_mgmt")
# What the arguments of a page may be; not only text, so that lists and files are tried as well.
BAD = [
    "abc",
    "",
    "-1",
    "0",
    "1e9",
    "99999999999999999999",
    "9" * 5000,
    "\x00",
    "a\x00b",
    "2026-13-45",
    "' OR 1=1 --",
    "<script>alert(1)</script>",
    "\ud7ff\ufffe\u202e",
    "%s%n{0}",
    "x" * 3000,
    "../../etc/passwd",
    "[]",
    "None",
    "²",
]
ARGUMENTS = {
    "/submitted/ticket": ("category", "team", "subject", "description"),
    "/my/tickets": (
        *("page", "date_begin", "date_end", "sortby"),
        *("filterby", "search", "search_in", "groupby"),
    ),
    "/ticket/close": ("ticket_id", "stage_id"),
    "/my/ticket/": ("access_token", "pid", "hash", "message", "error", "report_type"),
    "/new/ticket": ("category", "team"),
    "/web/pivot/": ("data",),
    "/mail/view": ("model", "res_id", "access_token"),
}


@tagged("standard", "post_install", "-at_install")
class TestAttackPages(HttpCase):
    """No page answers 500, for nobody, and nothing is half made."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.people = make_people(cls.env)
        cls.relative = cls.people["relative"].partner_id
        cls.inquiry = cls.env["helpdesk.ticket"].create(
            [
                {
                    "name": "Lost dentures",
                    "description": "Where are they?",
                    "care_nature_id": cls.env.ref(f"{MODULE}.nature_question").id,
                    "partner_id": cls.relative.id,
                }
            ]
        )

    def routes(self):
        """The addresses that the two modules answer, each once, with its methods."""
        found = {}
        installed = sorted(self.env.registry._init_modules)
        for address, endpoint in _generate_routing_rules(installed, nodb_only=False):
            method = endpoint.func
            owners = [
                cls.__module__
                for cls in type(method.__self__).__mro__
                if method.__name__ in vars(cls)
            ]
            if any(name.split(".")[2:3] and name.split(".")[2] in MODULES for name in owners):
                found[address] = endpoint.routing["methods"] or ("GET", "POST")
        return found

    def csrf_token(self):
        return Request.csrf_token(self)

    def ask(self, path, method, values):
        """The status with which the server answers."""
        if method == "POST":
            csrf = self.csrf_token()
            return self.url_open(path, data={**values, "csrf_token": csrf}, allow_redirects=False)
        query = "&".join(
            f"{key}={quote(value, errors='surrogatepass')}" for key, value in values.items()
        )
        return self.url_open(f"{path}?{query}", allow_redirects=False)

    def tries(self):
        """What is asked: (path, method, values), the same in every run."""
        for rule, methods in sorted(self.routes().items()):
            names = next((ARGUMENTS[key] for key in ARGUMENTS if rule.startswith(key)), ("x",))
            holes = re.findall(r"<[^>]+>", rule)
            for number, bad in enumerate(BAD):
                path = rule
                for hole in holes:
                    filled = quote(bad[:100], errors="surrogatepass", safe="") or "0"
                    path = path.replace(hole, filled)
                good = re.sub(r"<[^>]+>", str(self.inquiry.id), rule)
                ways = [method for method in ("GET", "POST") if method in methods]
                for method in size(ways[number % len(ways) :][:1], ways):
                    if holes:
                        yield path, method, {}
                    for name in size((names[number % len(names)],), names):
                        yield good, method, {name: bad}
                    yield good, method, dict.fromkeys(names, bad)
        for bad in BAD:
            yield "/mail/view", "GET", {"model": "helpdesk.ticket", "res_id": bad}
            yield "/my/counters", "GET", {"counters": bad}

    def test_no_page_fails(self):
        self.assertIn("/my/tickets", self.routes())
        self.assertIn("/submitted/ticket", self.routes())
        failed, tried, refused = [], 0, 0
        tries = list(self.tries())
        people = size(("relative",), ("relative", "sibling", "coordinator", "agent", "employee"))
        for login in people:
            self.authenticate(f"care_{login}", f"care_{login}")
            for path, method, values in tries:
                response = self.ask(path, method, values)
                tried += 1
                refused += 400 <= response.status_code < 500
                if response.status_code >= 500:
                    failed.append(
                        (login, method, path[:60], {k: v[:20] for k, v in values.items()})
                    )
        record(tried=tried, refused=refused, tracebacks=len(failed))
        self.assertFalse(failed)
        self.assertGreater(tried, 150)

    def test_an_address_alone_hands_in_nothing(self):
        self.authenticate("care_relative", "care_relative")
        tickets = self.env["helpdesk.ticket"].search_count([])
        response = self.ask("/submitted/ticket", "GET", {"subject": "Hello", "description": "x"})
        self.assertIn(response.status_code, (302, 303))
        self.assertEqual(self.env["helpdesk.ticket"].search_count([]), tickets)

    def test_what_cannot_be_stored_is_left_out_of_what_a_patient_sends(self):
        self.authenticate("care_relative", "care_relative")
        response = self.ask(
            "/submitted/ticket", "POST", {"subject": "My\x00 chair", "description": "a\x00b"}
        )
        self.assertIn(response.status_code, (302, 303))
        ticket = self.env["helpdesk.ticket"].search([("name", "=", "My chair")])
        self.assertIn("ab", ticket.description)

    def test_a_form_too_long_is_answered_with_a_sentence(self):
        self.authenticate("care_relative", "care_relative")
        before = self.env["helpdesk.ticket"].search_count([])
        for values, words in (
            ({"subject": "x" * 501, "description": "x"}, "shorten it to 500"),
            ({"subject": "x", "description": "x" * 1_000_001}, "attach the rest as a file"),
            ({"subject": "", "description": " "}, "write your message"),
            ({"subject": "x", "description": "x", "category": "abc"}, "choose again"),
        ):
            with self.subTest(words):
                response = self.ask("/submitted/ticket", "POST", values)
                self.assertEqual(response.status_code, 400)
                self.assertIn(words, response.text)
        self.assertEqual(self.env["helpdesk.ticket"].search_count([]), before)


class TestPortalList(CareCommon):
    """The list of a person costs the same however many inquiries there are."""

    def queries(self, person):
        self.env.flush_all()
        self.env.invalidate_all()
        tickets = self.env["helpdesk.ticket"].with_user(person)
        tickets.search([], limit=20)
        self.env.invalidate_all()
        before = self.env.cr.sql_log_count
        tickets.search_count([])
        tickets.search([], limit=20)
        return self.env.cr.sql_log_count - before

    def make(self, count):
        self.env["helpdesk.ticket"].create(
            [
                {
                    "name": f"Question {number}",
                    "description": "?",
                    "care_nature_id": self.question.id,
                    "partner_id": self.people["relative"].partner_id.id,
                    "care_patient_id": number % 2 and self.patient.id,
                }
                for number in range(count)
            ]
        )

    def test_queries_do_not_grow(self):
        person = self.people["relative"]
        self.env["care.authority"].create(
            [
                {
                    "patient_id": self.patient.id,
                    "partner_id": person.partner_id.id,
                    "basis": "agreed",
                    "agreed_how": "written",
                    "verified_how": "facts",
                }
            ]
        )
        self.make(10)
        few = self.queries(person)
        self.make(size(60, 290))
        many = self.queries(person)
        self.assertEqual(few, many)
        found = self.env["helpdesk.ticket"].with_user(person).search([])
        self.assertEqual(len(found), size(70, 300))
        self.assertEqual(found.mapped("care_open_to_me"), [True] * len(found))

    def test_list_and_gate_agree(self):
        """The domain lets through what the gate lets through, for every kind of row."""
        person, stranger = self.people["relative"].partner_id, self.people["sibling"].partner_id
        categories = self.env["helpdesk.ticket.category"].create(
            [{"name": "Care"}, {"name": "Food"}]
        )
        care, food = categories
        inner = self.env["helpdesk.ticket.category"].create(
            [{"name": "Pain", "parent_id": care.id}]
        )
        common = {"basis": "agreed", "agreed_how": "written"}
        verified = {**common, "verified_how": "facts"}
        objection = {"objection": True, "basis": "agreed"}
        rows = [
            [],
            [verified],
            [common],
            [{**verified, "topic_ids": [Command.set(care.ids)]}],
            [verified, {**objection, "topic_ids": [Command.set(food.ids)]}],
            [verified, {**objection, "topic_ids": [Command.set(care.ids)]}],
            [verified, {**objection, "partner_id": False}],
            [{"basis": "none"}],
            [verified, {"basis": "none"}],
            [{**verified, "date_until": "2001-01-01", "date_from": False}],
        ]
        made = self.env["helpdesk.ticket"]
        for number, given in enumerate(rows):
            for own_file in (False, True):
                patient = self.env["care.patient"].create(
                    [{"name": f"Patient {number}", "hospital_number": f"L{number}{own_file}"}]
                )
                if own_file:
                    patient.partner_id = person
                for row in given:
                    values = {"patient_id": patient.id, "partner_id": person.id, **row}
                    values.pop("date_from", None)
                    if values.get("date_until"):
                        values.pop("date_until")
                        expired = self.env["care.authority"].create([values])
                        expired.flush_recordset()
                        self.env.cr.execute(
                            "UPDATE care_authority SET date_until = '2001-01-01' WHERE id = %s",
                            [expired.id],
                        )
                        self.env.invalidate_all()
                        continue
                    self.env["care.authority"].create([values])
                for caller in (person, stranger):
                    for main, others in (
                        (False, []),
                        (care, []),
                        (inner, [inner.id]),
                        (food, [care.id, food.id]),
                        (False, [food.id]),
                    ):
                        made |= self.make_inquiry(
                            partner_id=caller.id,
                            care_patient_id=patient.id,
                            category_id=main and main.id,
                            care_category_ids=[Command.set(others)],
                        )
        gate = made._care_authorities(person)
        expected = {ticket.id for ticket in made if gate[ticket.id].allowed}
        listed = made.with_user(self.people["relative"]).search([("id", "in", made.ids)])
        self.assertEqual(set(listed.ids), expected)
        self.assertTrue(expected)
        self.assertLess(len(expected), len(made))

"""What tests on an Odoo database share: people of every role, a desk, a patient.

``CARE_PLACE=second ./dev test tests/addon/...`` runs any of them in another company, see
``CareCommon.place``.
"""

import json
import os

from odoo.fields import Command
from odoo.tests import HttpCase, TransactionCase, new_test_user, tagged

MODULE = "patient_care_coordination"


def make_people(env):
    """Users of every role by name; all in the company of ``env``."""
    roles = {
        "coordinator": f"{MODULE}.group_coordinator",
        "supervisor": f"{MODULE}.group_supervisor",
        "responder": f"{MODULE}.group_responder",
        "routing_admin": f"{MODULE}.group_routing_admin",
        "clerk": f"{MODULE}.group_supplies_clerk",
        "privacy_officer": f"{MODULE}.group_privacy_officer",
        "manager": "helpdesk_mgmt.group_helpdesk_manager",
        "agent": "helpdesk_mgmt.group_helpdesk_user",
        "employee": "base.group_user",
        "relative": "base.group_portal",
        "sibling": "base.group_portal",
    }
    return {
        name: new_test_user(env, login=f"care_{name}", groups=groups, name=name.title())
        for name, groups in roles.items()
    }


def correct_received(ticket, user, date, reason="The letter was dated wrongly"):
    """Change the date received as this user, the one way there is."""
    values = {"ticket_id": ticket.id, "kind": "received", "new_received": date, "reason": reason}
    return ticket.env["care.correction"].with_user(user).sudo(False).create([values])


@tagged("standard", "post_install", "-at_install")
class CareCommon(TransactionCase):
    """A hospital with two teams, one patient and people of every role.

    ``place`` says where it is: ``first``, the database's own company; ``second``, another one
    with people who belong to it alone; ``shared``, one that shares its people and the kitchen
    with the first, which is their main one. In the latter two ``allowed_company_ids`` is in the
    context as the web client sends it.
    """

    test_module = MODULE
    place = os.environ.get("CARE_PLACE", "first")

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env = cls.env(context={**cls.env.context, "tracking_disable": False})
        first = cls.env.company
        if cls.place != "first":
            cls.enter_company(cls.env["res.company"].create({"name": f"{cls.place} hospital"}))
        cls.people = make_people(cls.env)
        if cls.place == "shared":
            for user in cls.people.values():
                user.write({"company_ids": [Command.link(first.id)], "company_id": first.id})
        cls.company = cls.env.company
        cls.triage = cls.company.care_triage_team_id
        cls.triage.user_ids = [Command.link(cls.people["supervisor"].id)]
        cls.catering = cls.env["helpdesk.ticket.team"].create(
            {
                "name": "Kitchen",
                "alias_name": "kitchen-test",
                "company_id": cls.place != "shared" and cls.company.id,
                "user_ids": [Command.link(cls.people["responder"].id)],
            }
        )
        cls.ward = cls.env["care.department"].create({"name": "Ward 7", "code": "W7"})
        cls.patient = cls.env["care.patient"].create(
            {"name": "Okafor, Ada", "hospital_number": "H1001"}
        )
        cls.question = cls.env.ref(f"{MODULE}.nature_question")
        cls.complaint = cls.env.ref(f"{MODULE}.nature_complaint")

    @classmethod
    def enter_company(cls, company):
        """Work in this company alone from now on, as somebody who chose it in the web client."""
        cls.env = cls.env(context={**cls.env.context, "allowed_company_ids": company.ids})
        # What Odoo gives the first company at its installation.
        company.alias_domain_id = company.alias_domain_id or cls.env["mail.alias.domain"].search(
            [], limit=1
        )

    @classmethod
    def make_inquiry(cls, **values):
        """A new inquiry at the triage team unless ``values`` say otherwise."""
        return cls.env["helpdesk.ticket"].create(
            [
                {
                    "name": "Visiting hours",
                    "description": "When may I come?",
                    "care_nature_id": cls.question.id,
                    **values,
                }
            ]
        )

    @classmethod
    def live_rules(cls, *rules):
        """Make a rule set of these rules live: dicts of rule values, catch-all added."""
        ruleset = cls.env["care.ruleset"].create({"company_id": cls.company.id})
        for sequence, rule in enumerate(rules):
            lines = [Command.create(line) for line in rule.pop("lines", [])]
            cls.env["care.rule"].create(
                {"ruleset_id": ruleset.id, "sequence": sequence, "line_ids": lines, **rule}
            )
        cls.env["care.rule"].create(
            {
                "ruleset_id": ruleset.id,
                "name": "Everything else",
                "catch_all": True,
                "sequence": 1000,
                "team_id": cls.triage.id,
            }
        )
        ruleset._care_activate()
        return ruleset


class RpcCase(HttpCase):
    """Calls of a browser, refusals included."""

    def call(self, login, model, method, *args, **kwargs):
        """What the server answers this user, as JSON: ``result`` or ``error``."""
        self.authenticate(login, login)
        params = {"model": model, "method": method, "args": args, "kwargs": kwargs}
        return self.url_open(
            f"/web/dataset/call_kw/{model}/{method}",
            data=json.dumps({"jsonrpc": "2.0", "method": "call", "params": params}),
            headers={"Content-Type": "application/json"},
        ).json()

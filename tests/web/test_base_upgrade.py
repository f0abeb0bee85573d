"""What we change in the helpdesk itself holds when the helpdesk is updated, and is given back."""

import os

import pytest

from .conftest import Hospital, clone, drop

LOOK = """
helpdesk = "helpdesk_mgmt.helpdesk_ticket"
own = env.ref("helpdesk_mgmt.group_helpdesk_user_own")
result = {
    "public_write": env.ref("helpdesk_mgmt.access_helpdesk_ticket_stage_public").perm_write,
    "root": sorted(env.ref(f"{helpdesk}_main_menu").group_ids.mapped("name")),
    "others": [
        own in env.ref(f"{helpdesk}{menu}").group_ids for menu in ("_dashboard_menu", "_menu")
    ],
}
"""
UNINSTALL = """
module = env["ir.module.module"].search([("name", "=", "patient_care_coordination")])
module.button_immediate_uninstall()
result = True
"""


@pytest.fixture(scope="module")
def database():
    name = "pcc_test_base_upgrade"
    clone(os.environ["CARE_TEMPLATE"], name)
    yield Hospital(name)
    drop(name)


def test_an_update_of_the_helpdesk_opens_nothing_and_uninstalling_gives_back(database):
    before = database.shell(LOOK)
    assert not before["public_write"]
    assert "Routing administrator" in before["root"]
    assert before["others"] == [True, True]

    database.run_server("-u", "helpdesk_mgmt")
    assert database.shell(LOOK) == before

    database.shell(UNINSTALL)
    after = database.shell(LOOK)
    assert after["public_write"]
    assert "Routing administrator" not in after["root"]
    assert after["others"] == [False, False]

"""A step of the intake that fails loses no inquiry, and no test: it fails unless it was expected.

``tests/addon/conftest.py`` watches; see ``tests/databases.py`` for servers of their own.
"""

import contextlib

from odoo.tools import mute_logger

LOGGER = "odoo.addons.patient_care_coordination.models.inquiry.helpdesk_ticket_intake"
FAILED = []


@contextlib.contextmanager
def expect_intake_errors():
    """Steps of the intake may fail in here, and at least one must; their log is muted.

    Gives the list that will hold what they kept on the inquiries.
    """
    before, expected = len(FAILED), []
    with mute_logger(LOGGER):
        yield expected
    expected += FAILED[before:]
    del FAILED[before:]
    assert expected, "no step of the intake failed here"

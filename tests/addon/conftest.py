"""Every test fails in which a step of the intake failed and nobody expected it."""

from unittest.mock import patch

import pytest

from ..intake import FAILED


@pytest.fixture(scope="session", autouse=True)
def intake_watched():
    """Note what every failed step keeps on the inquiries, also in requests to the test server."""
    from odoo.addons.patient_care_coordination.models.inquiry.helpdesk_ticket_intake import (
        HelpdeskTicket,
    )

    keep = HelpdeskTicket._care_step_failed

    def note(self, step, error, count):
        message = keep(self, step, error, count)
        FAILED.append(message)
        return message

    with patch.object(HelpdeskTicket, "_care_step_failed", note):
        yield


@pytest.fixture(autouse=True)
def no_intake_errors(intake_watched):
    """What failed in the set-up of a class shows at its first test."""
    yield
    failed = list(FAILED)
    FAILED.clear()
    assert not failed, f"steps of the intake failed: {'; '.join(failed)}"

"""Whoever acts as somebody else takes on their companies: one helper changes the user."""

import re
import unittest
from pathlib import Path

ADDON = Path(__file__).resolve().parents[2] / "patient_care_coordination"
# The helper itself, ``res.users._care_as``: once for the robot, once for everybody else.
HELPER = {"models/inquiry/res_users.py": 2}
# ``env(user=…)``: the sentinel's room becomes the superuser, who may enter every company.
OTHER_USER = re.compile(r"\.with_user\(|\benv\(\s*user\s*=(?!\s*SUPERUSER_ID)")


class TestCompanies(unittest.TestCase):
    def test_one_helper_changes_the_user(self):
        found = {}
        for path in sorted(ADDON.rglob("*.py")):
            count = len(OTHER_USER.findall(path.read_text(encoding="utf-8")))
            if count:
                found[path.relative_to(ADDON).as_posix()] = count
        self.assertEqual(found, HELPER, "use user._care_as(records)")

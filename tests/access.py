"""The one declaration of who may do what: ``security/access.csv`` read, and told as a page.

``python3 tests/access.py`` writes ``docs/access.md`` anew; a unit test says when that is due.
"""

import csv
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[1]
FILE = ROOT / "patient_care_coordination" / "security" / "access.csv"
PAGE = ROOT / "docs" / "access.md"
MODULE = "patient_care_coordination"
# Ways: the letter in the file, the operation of the ORM, the word on the page.
WAYS = {
    "r": ("read", "read"),
    "w": ("write", "change"),
    "c": ("create", "create"),
    "d": ("unlink", "delete"),
    "x": ("export", "export"),
}
ROLES = {
    "responder": f"{MODULE}.group_responder",
    "coordinator": f"{MODULE}.group_coordinator",
    "supervisor": f"{MODULE}.group_supervisor",
    "routing_admin": f"{MODULE}.group_routing_admin",
    "ward_staff": f"{MODULE}.group_ward_staff",
    "supplies_clerk": f"{MODULE}.group_supplies_clerk",
    "privacy_officer": f"{MODULE}.group_privacy_officer",
    "equipment_manager": "maintenance.group_equipment_manager",
    "helpdesk_user": "helpdesk_mgmt.group_helpdesk_user",
    "helpdesk_manager": "helpdesk_mgmt.group_helpdesk_manager",
    "stock_user": "stock.group_stock_user",
    "employee": "base.group_user",
    "portal": "base.group_portal",
    "public": "base.group_public",
}
SCOPES = {
    "everyone": "all: what the companies share",
    "company": "those of one's own companies, and those without a company",
    "teams": "those of the inquiries of one's own teams",
    "own": "windows that one opened oneself",
    "wards": "those of one's own wards",
    "asked": "questions put to oneself or to one's own teams, or asked by oneself",
    "reported": "those that one reported, repairs or follows; ward staff also those of own wards",
    "offered": "those open to the role, sent to oneself or made by oneself",
    "plain": "tickets that are no inquiries, as the helpdesk itself decides; an employee's own",
    "mine": "one's own inquiries, and those of patients about whom one may be told",
}


class Cell(NamedTuple):
    """What one role may do with one model."""

    ways: str
    scope: str


def declared():
    """The file as ``{model: (words, {role: Cell})}``; raises ValueError with what is wrong."""
    result = {}
    with FILE.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            model = row["model"]
            if model in result:
                raise ValueError(f"{model} is declared twice")
            cells = {}
            for role in ROLES:
                ways, _at, scope = row[role].partition("@")
                scope = scope or row["scope"]
                if not set(ways) <= set(WAYS) or scope not in SCOPES:
                    raise ValueError(f"{model}, {role}: {row[role]!r} is no way or scope")
                cells[role] = Cell(ways, scope)
            result[model] = (row["what"], cells)
    return result


def page():
    """The page for administrators, as Markdown."""
    lines = [
        "# Who may do what",
        "",
        "Made from `patient_care_coordination/security/access.csv` by `python3 tests/access.py`:",
        "change the file, not this page. The tests prove that the addon does what it says here, on",
        "every way in. A person with several roles may do what each of them may.",
        "",
        "Export also needs Odoo's own right *Access to export feature*.",
        "",
    ]
    for scope, words in SCOPES.items():
        lines.append(f"- **{scope}**: {words}.")
    for role in ROLES:
        rows = []
        for model, (what, cells) in sorted(declared().items()):
            cell = cells[role]
            if cell.ways:
                words = ", ".join(WAYS[way][1] for way in cell.ways)
                rows.append(f"| {what} | `{model}` | {words} | {cell.scope} |")
        title = role.replace("_", " ").capitalize()
        lines += ["", f"## {title}", ""]
        if rows:
            lines += ["| what | model | ways | which |", "|---|---|---|---|", *rows]
        else:
            lines.append("Nothing.")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text(page(), encoding="utf-8")

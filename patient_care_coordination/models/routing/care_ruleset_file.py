import csv
import io

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools.misc import file_open

STARTER_FILE = "patient_care_coordination/data/starter_rules.csv"


class CareRuleset(models.Model):
    """Rule sets out of files and into them."""

    _inherit = "care.ruleset"

    # ------------------------------------------------------------------
    # The starter file
    # ------------------------------------------------------------------

    @api.model
    def _care_read_starter(self):
        """The shipped rules: a list of dicts with the rows of each rule, in run order."""
        rules = []
        with file_open(STARTER_FILE, "r") as stream:
            for row in csv.DictReader(io.StringIO(stream.read())):
                if row["rule"]:
                    rules.append({"head": row, "rows": []})
                rules[-1]["rows"].append(row)
        return rules

    @api.model
    def _care_install_starter(self, companies):
        """Give each company version 1 live (preparation and catch-all) and a draft with all."""
        starter = self._care_read_starter()
        for company in companies:
            if self.sudo().search_count([("company_id", "=", company.id)], limit=1):
                continue
            live = self.create({"company_id": company.id, "note": self.env._("Starter rules")})
            live._care_load(starter, with_routing=False)
            live._care_activate()
            draft = self.create(
                {
                    "company_id": company.id,
                    "note": self.env._("Starter rules with departments: map the teams"),
                }
            )
            draft._care_load(starter, with_routing=True)

    def _care_load(self, starter, with_routing):
        """Fill a draft from parsed starter rules."""
        self.ensure_one()
        lookup = self._care_starter_lookup()
        vals_list = []
        for sequence, rule in enumerate(starter, start=1):
            kind = rule["head"]["list"]
            if kind == "routing" and not with_routing:
                continue
            vals_list.append(self._care_starter_rule(rule, sequence * 10, lookup))
        self.env["care.rule"].create(vals_list)

    def _care_starter_lookup(self):
        """Records by the stable keys that rule files use."""
        return {
            "nature": {rec.code: rec.id for rec in self.env["care.nature"].search([])},
            "channel": {
                rec.care_code: rec.id
                for rec in self.env["helpdesk.ticket.channel"].search(
                    [("care_code", "!=", False), ("company_id", "in", [False, self.company_id.id])]
                )
            },
            "category": {
                rec.care_code: rec.id
                for rec in self.env["helpdesk.ticket.category"].search([("care_code", "!=", False)])
            },
            "team": {
                rec.name: rec.id
                for rec in self.env["helpdesk.ticket.team"].search(
                    [("company_id", "in", [False, self.company_id.id])]
                )
            },
        }

    def _care_starter_rule(self, rule, sequence, lookup):
        """Values of one rule from its rows in the file."""
        head = rule["head"]
        catch_all = head["list"] == "catch_all"
        values = {
            "ruleset_id": self.id,
            "kind": "preparation" if head["list"] == "preparation" else "routing",
            "sequence": 1_000_000 if catch_all else sequence,
            "name": head["rule"],
            "reason": head["reason"],
            "catch_all": catch_all,
            "line_ids": [],
            "category_ids": [],
            "tag_ids": [],
        }
        if catch_all:
            values["team_id"] = self.company_id.care_triage_team_id.id
        for row in rule["rows"]:
            if row["condition"]:
                line = self._care_starter_line(row, lookup)
                values["line_ids"].append(fields.Command.create(line))
            target, value = row["set"], (row["value"] or "").strip()
            if target == "category":
                values["category_ids"].append(fields.Command.link(lookup["category"][value]))
            elif target == "nature":
                values["nature_id"] = lookup["nature"][value]
            elif target == "priority":
                values["priority"] = value
            elif target == "tag":
                values["tag_ids"].append(fields.Command.link(self._care_tag(value).id))
            elif target == "team" and not catch_all:
                values["team_id"] = lookup["team"].get(value, False)
                values["team_hint"] = value
        return values

    def _care_tag(self, name):
        """The tag of this name, made when missing."""
        tags = self.env["helpdesk.ticket.tag"].sudo()
        return tags.search([("name", "=", name)], limit=1) or tags.create(
            {"name": name, "company_id": False}
        )

    def _care_starter_line(self, row, lookup):
        """Values of one condition line from its row in the file."""
        field = row["condition"]
        names = [value.strip() for value in row["values"].split(";") if value.strip()]
        line = {"field": field, "match": row["match"] or "any"}
        if field in ("text", "subject"):
            line["keywords"] = "\n".join(names)
        elif field == "relation":
            line["relations"] = ", ".join(names)
        elif field in ("nature", "channel", "category"):
            ids = [lookup[field][name] for name in names]
            line[f"{field}_ids"] = [fields.Command.set(ids)]
        else:
            raise UserError(
                self.env._("The rule file uses the unknown condition %(field)s.", field=field)
            )
        return line

import ast

from odoo import SUPERUSER_ID, api, fields, models
from odoo.fields import Domain

from . import engine, reader


class HelpdeskTicket(models.Model):
    """Where an inquiry goes and why."""

    _inherit = "helpdesk.ticket"

    care_decision_ids = fields.One2many(
        "care.decision",
        "ticket_id",
        string="Routing decisions",
        groups="patient_care_coordination.group_care_staff",
    )
    care_routing_reason = fields.Char(
        "Why this team",
        compute="_compute_care_routing_reason",
        groups="patient_care_coordination.group_care_staff",
    )

    def _compute_care_routing_reason(self):
        latest = {}
        for decision in (
            self.env["care.decision"].sudo().search([("ticket_id", "in", self.ids)], order="id")
        ):
            latest[decision.ticket_id.id] = decision.with_env(self.env).sudo()
        for ticket in self:
            decision = latest.get(ticket.id)
            ticket.care_routing_reason = decision.sentence if decision else False

    @api.model
    def _care_prepare(self, vals_list):
        result = super()._care_prepare(vals_list)
        self._care_guard("routing", self._care_route, vals_list)
        return result

    def _care_created(self, notes_list):
        result = super()._care_created(notes_list)
        self._care_guard_created("decision", self._care_keep_decisions, notes_list)
        return result

    def _care_changed(self, old):
        result = super()._care_changed(old)
        if self.env.context.get("care_intake"):
            return result
        moved = self.filtered(
            lambda ticket: (
                "team_id" in old[ticket.id] and old[ticket.id]["team_id"] != ticket.team_id
            )
        )
        self.env["care.decision"].sudo().create(
            [
                {
                    "ticket_id": ticket.id,
                    "company_id": ticket.company_id.id,
                    "team_id": ticket.team_id.id,
                    "source": "human",
                }
                for ticket in moved
            ]
        )
        return result

    # ------------------------------------------------------------------
    # Deciding on values
    # ------------------------------------------------------------------

    @api.model
    def _care_route(self, vals_list):
        """Apply the live rules of each company to the values of new inquiries, in place."""
        self._care_mark_human_choices(vals_list)
        for vals in vals_list:
            ruleset_id, rules = self.env["care.ruleset"]._care_live(vals["company_id"])
            if rules is None:
                raise ValueError(f"company {vals['company_id']} has no live rule set")
            facts = self._care_facts(vals)
            truth = self._care_domain_truth(vals)
            decision = rules.decide(facts, truth)
            self._care_apply(vals, facts, decision, ruleset_id)

    @api.model
    def _care_facts(self, vals):
        """The plain facts the engine sees of one inquiry, from its values."""
        categories = self.env["helpdesk.ticket.category"]._care_ancestors()
        departments = self.env["care.department"]._care_ancestors()
        category = vals.get("category_id")
        department = vals.get("care_department_id")
        subject = engine.normalise(vals.get("name") or "")
        body = engine.normalise(reader.html_to_text(str(vals.get("description") or "")))
        human = {"category"} if category else set()
        if not vals.get("care:nature_default"):
            human.add("nature")
        return {
            "channel": vals.get("channel_id") or None,
            "nature": vals.get("care_nature_id"),
            "categories": categories.get(category, (category,)) if category else (),
            "departments": departments.get(department, (department,)) if department else (),
            "language": vals.get("care_lang_id") or None,
            "relation": vals.get("care_relation") or None,
            "subject": subject,
            "text": f"{subject} {body}".strip(),
            "priority": vals.get("priority") or "1",
            "human": human,
            "ancestors": categories,
        }

    @api.model
    def _care_domain_truth(self, vals):
        """A function that tells whether an advanced domain holds on the values; None if broken."""
        record = []

        def truth(line_id):
            line = self.env["care.rule.line"].sudo().browse(line_id)
            try:
                domain = Domain(ast.literal_eval(line.domain))
                if not record:
                    known = {key: value for key, value in vals.items() if key in self._fields}
                    record.append(self.sudo().new(known))
                return bool(record[0].filtered_domain(domain))
            except (ValueError, SyntaxError, TypeError, KeyError):
                return None

        return truth

    @api.model
    def _care_apply(self, vals, facts, decision, ruleset_id):
        """Write a decision of the engine into the values, and note it for the record."""
        values = decision["values"]
        if values.get("nature"):
            vals["care_nature_id"] = values["nature"]
        found = list(values.get("category") or [])
        if found:
            vals["category_id"] = vals.get("category_id") or found[0]
        chosen = (
            list(dict.fromkeys([vals["category_id"], *found])) if vals.get("category_id") else []
        )
        if chosen and "care_category_ids" not in vals:
            vals["care_category_ids"] = [fields.Command.set(chosen)]
        if values.get("priority"):
            vals["priority"] = values["priority"]
        if values.get("tags"):
            vals["tag_ids"] = [
                *(vals.get("tag_ids") or []),
                *(fields.Command.link(tag) for tag in values["tags"]),
            ]
        source = self._care_place(vals, decision)
        vals["care:decision"] = {
            "ruleset_id": ruleset_id,
            "rule_id": decision["rule"] if source == "rule" else False,
            "source": source,
            "text": facts["text"],
            "normaliser_version": engine.NORMALISER_VERSION,
            "facts": {
                "channel": facts["channel"],
                "nature": facts["nature"],
                "categories": list(facts["categories"]),
                "departments": list(facts["departments"]),
                "language": facts["language"],
                "relation": facts["relation"],
                "priority": facts["priority"],
                "skipped": decision.get("skipped") or [],
            },
            "evidence": self._care_evidence(decision),
        }

    @api.model
    def _care_place(self, vals, decision):
        """Set team and person, ``False`` included; returns who decided: rule or human."""
        team = self.env["care.rule"].sudo().browse(decision["rule"]).team_id
        if not vals.get("care:human"):
            vals["team_id"], vals["user_id"] = team.id, False
            return "rule"
        user = self.env["res.users"].sudo().browse(vals.get("user_id") or [])
        vals["team_id"] = vals.get("team_id") or user.helpdesk_team_ids[:1].id or team.id
        vals["user_id"] = user.id
        return "human"

    @api.model
    def _care_mark_human_choices(self, vals_list):
        """Note which values carry a team or person that somebody chose.

        An alias, a portal page and the robots only hint at a team, and what the form fills in by
        itself is nobody's choice.
        """
        if (
            self.env.context.get("care_team_hint")
            or self.env.user.share
            or self.env.uid == SUPERUSER_ID
        ):
            return
        defaults = self.default_get(["team_id", "user_id"])
        for vals in vals_list:
            vals["care:human"] = any(
                vals.get(name) and vals[name] != defaults.get(name)
                for name in ("team_id", "user_id")
            )

    @api.model
    def _care_evidence(self, decision):
        """The compact reason: deciding lines, and the words that gave each category."""
        rules = {
            rule.id: rule
            for rule in self.env["care.rule"]
            .sudo()
            .browse([item["rule"] for item in decision["preparation"]])
        }
        preparation = []
        for item in decision["preparation"]:
            words = [
                word
                for line in item["evidence"]
                if line["field"] in ("text", "subject")
                for word in line["found"]
            ]
            preparation.append(
                {
                    "rule": item["rule"],
                    "categories": rules[item["rule"]].category_ids.ids,
                    "words": words[:3],
                }
            )
        return {"preparation": preparation, "routing": decision["evidence"]}

    def _care_keep_decisions(self, notes_list):
        """Store the decision of each new inquiry."""
        rows = []
        for ticket, notes in zip(self, notes_list, strict=True):
            decision = notes.get("care:decision")
            if "care:errors" in notes or not decision:
                decision = {"source": "error"}
            rows.append(
                decision
                | {
                    "ticket_id": ticket.id,
                    "company_id": ticket.company_id.id,
                    "team_id": ticket.team_id.id,
                }
            )
        self.env["care.decision"].sudo().create(rows)

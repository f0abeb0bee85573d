from odoo import SUPERUSER_ID, api, fields, models

from ..common.guard import as_server
from ..inquiry.helpdesk_ticket import OURS, STAFF
from . import engine


class HelpdeskTicket(models.Model):
    """Where an inquiry goes and why, decided on its values before it is created."""

    _inherit = "helpdesk.ticket"

    care_decision_ids = fields.One2many(
        "care.decision", "ticket_id", string="Routing decisions", groups=STAFF
    )
    care_routing_reason = fields.Char(
        "Why this team", compute="_compute_care_routing_reason", groups=STAFF
    )
    care_urgent_text = fields.Text(
        "Call this number now", compute="_compute_care_routing_reason", groups=STAFF
    )

    @api.depends_context("lang")
    def _compute_care_routing_reason(self):
        histories = self._care_decision_histories()
        for ticket in self:
            history = histories.get(ticket.id)
            ticket.care_routing_reason = history._care_combined_sentence() if history else False
            ticket.care_urgent_text = history[-1].rule_id.urgent_text if history else False

    def _care_decision_histories(self):
        """``{ticket id: its decisions, the oldest first}``, read as all, in the reader's words."""
        decisions = (
            self.env["care.decision"].sudo().search([("ticket_id", "in", self.ids)], order="id")
        )
        return {ticket.id: mine for ticket, mine in decisions.grouped("ticket_id").items()}

    def _care_latest_decisions(self):
        """``{ticket id: its latest decision}``."""
        return {key: history[-1] for key, history in self._care_decision_histories().items()}

    @api.model
    def _care_prepare(self, vals_list):
        result = super()._care_prepare(vals_list)
        self._care_guard("routing", self._care_route, vals_list)
        return result

    def _care_created(self, notes_list):
        result = super()._care_created(notes_list)
        self._care_guard_created("decision", self._care_keep_decisions, notes_list)
        if any(notes.get("care:consults") for notes in notes_list):
            self._care_guard_created("consults", self._care_put_consults, notes_list)
        return result

    # ------------------------------------------------------------------
    # Deciding on values
    # ------------------------------------------------------------------

    @api.model
    def _care_route(self, vals_list):
        """Apply the live rules of each company to the values of new inquiries, in place."""
        self._care_mark_human_choices(vals_list)
        shared = self._care_shared_facts(vals_list)
        for vals in vals_list:
            live = shared["live"][vals["company_id"]]
            if live is None:
                raise ValueError(f"company {vals['company_id']} has no live rule set")
            facts, truths = self._care_facts(vals, shared), {}
            truth = self._care_domain_truth(self._care_draft_record(vals), live, truths)
            decision = live["rules"].decide(facts, truth)
            self._care_apply(vals, facts, decision, live)
            vals["care:decision"]["facts"] = self._care_kept_facts(facts, decision, truths)
        self._care_place(vals_list, shared)

    @api.model
    def _care_apply(self, vals, facts, decision, live):
        """Write what preparation found into the values, and note the decision for the record."""
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
        if values.get("flags"):
            vals["care:flags"] = values["flags"]
        if values.get("followers"):
            vals["care:followers"] = values["followers"]
        if values.get("consults"):
            vals["care:consults"] = values["consults"]
        vals["care:decision"] = {
            "ruleset_id": live["id"],
            "rule_id": decision["rule"],
            "event": "create",
            "text": facts["text"],
            "normaliser_version": engine.NORMALISER_VERSION,
            "evidence": self._care_evidence(decision, live),
        }

    @api.model
    def _care_place(self, vals_list, shared):
        """Set team and person of each, ``False`` included, and who decided."""
        requests = []
        wanted = [
            self._care_wanted_team(vals, shared["live"][vals["company_id"]]) for vals in vals_list
        ]
        opened = self._care_teams_open(target for _source, target in wanted)
        for vals, (source, target) in zip(vals_list, wanted, strict=True):
            note = vals["care:decision"]
            note["source"] = source
            if source in ("human", "skipped"):
                self._care_keep_human_choice(vals, target)
                note["rule_id"] = False
                continue
            team, via = self._care_open_team(target, opened)
            if via:
                note["evidence"] |= {"via": via, "closed": target["team"]}
            if source == "hint":
                note["rule_id"] = False
            vals["team_id"], vals["user_id"] = team, False
            requests.append(self._care_request(vals, team, target))
            note["care:request"] = requests[-1]
        self._care_choose_people(requests)
        for vals in vals_list:
            request = vals["care:decision"].pop("care:request", None)
            if request:
                vals["user_id"] = request["user"]
                self._care_note_person(vals["care:decision"], request)

    @api.model
    def _care_note_person(self, note, request):
        """Put who was chosen, and who was left out, into the values of a decision."""
        if request["how"]:
            note["evidence"] = note["evidence"] | {"how": request["how"]}
        note["candidates"] = request["pool"]

    @api.model
    def _care_wanted_team(self, vals, live):
        """``(source, target)``: who decides on the team, and what the rule says of it.

        What was sent to a team's own address stays with it when the team says so, or when no
        rule but the catch-all takes it.
        """
        target = live["targets"][vals["care:decision"]["rule_id"]]
        if vals.get("care:skip"):
            return "skipped", target
        if vals.get("care:human"):
            return "human", target
        hinted = self._care_hinted_target(vals.get("team_id"), target)
        return ("hint", hinted) if hinted else ("rule", target)

    @api.model
    def _care_hinted_target(self, team_id, target):
        """The target that the address an inquiry was sent to makes, or None where a rule wins."""
        team = self.env["helpdesk.ticket.team"].sudo().browse(team_id or [])
        if team.id == target["team"] or not team.active:
            return None
        if team.care_hint_stays or target["catch_all"]:
            return {"team": team.id, "closed": "hold", "catch_all": False}
        return None

    @api.model
    def _care_teams_open(self, targets):
        """``{team id: bool}`` of all teams that these targets may send to."""
        ids = {
            target.get(name)
            for target in targets
            if target["closed"] != "hold"
            for name in ("team", "backup")
            if target.get(name)
        }
        return self.env["helpdesk.ticket.team"].browse(ids)._care_is_open() if ids else {}

    @api.model
    def _care_open_team(self, target, opened):
        """``(team id, via)`` by what the rule says of a closed team; via None: the team itself.

        A backup team that is closed too leaves the inquiry with the team.
        """
        policy = target["closed"]
        if policy == "hold" or opened[target["team"]]:
            return target["team"], None
        if policy == "backup" and target["backup"] and opened[target["backup"]]:
            return target["backup"], "backup"
        if policy == "on_call" and target["on_call"]:
            return target["on_call"], "on_call"
        return target["team"], None

    @api.model
    def _care_request(self, vals, team, target):
        """The request for a person, from values; see ``_care_choose_people``."""
        return {
            "team": team,
            "company": vals["company_id"],
            "patient": vals.get("care_patient_id") or None,
            "priority": vals.get("priority") or "1",
            "language": vals.get("care_lang_id") or None,
            "subjects": set(self._care_linked(vals.get("care_about_user_ids"))),
            "target": target,
            "preferred": True,
        }

    @api.model
    def _care_keep_human_choice(self, vals, target):
        """A person chose team or member of staff: complete the pair, choose nobody else."""
        user = self.env["res.users"].sudo().browse(vals.get("user_id") or [])
        vals["team_id"] = vals.get("team_id") or user.helpdesk_team_ids[:1].id or target["team"]
        vals["user_id"] = user.id
        vals["care_routing_locked"] = True

    @api.model
    def _care_mark_human_choices(self, vals_list):
        """Note which values carry a team or person that somebody chose.

        An alias, a portal page and the robots only hint at a team, and what the form fills in by
        itself is nobody's choice: neither its team nor, above all, the person who opened it. The
        context ``skip_routing`` brings inquiries in as they are.
        """
        if self.env.context.get("skip_routing") and self._care_may_skip():
            for vals in vals_list:
                vals["care:skip"] = True
            return
        if (
            self.env.context.get("care_team_hint") is OURS
            or self.env.user.share
            or self.env.uid == SUPERUSER_ID
        ):
            return
        blank = self.new(self.default_get(["company_id", "team_id", "user_id"]))
        suggested = {"team_id": blank.team_id.id, "user_id": blank.user_id.id}
        for vals in vals_list:
            if vals.get("user_id") == suggested["user_id"] == self.env.uid:
                vals["user_id"] = False
            vals["care:human"] = any(
                vals.get(name) and vals[name] != suggested[name] for name in suggested
            )
            if not vals["care:human"]:
                # Nor is it where somebody sent it.
                vals["team_id"] = False

    @api.model
    def _care_may_skip(self):
        """Whether this user may bring inquiries in past the rules: supervisors, and the system."""
        user = self.env.user
        return self.env.su or any(
            user.has_group(f"patient_care_coordination.{group}")
            for group in ("group_supervisor", "group_privacy_officer")
        )

    @api.model
    def _care_evidence(self, decision, live):
        """The compact reason: deciding lines, and ``[rule, categories, words]`` of preparation."""
        preparation = []
        for item in decision["preparation"]:
            words = [
                word
                for line in item["evidence"]
                if line["field"] in ("text", "subject")
                for word in line["found"]
            ]
            preparation.append([item["rule"], live["sets"][item["rule"]], words[:2]])
        routing = [line | {"found": line["found"][:5]} for line in decision["evidence"]]
        return {"preparation": preparation, "routing": routing}

    def _care_put_consults(self, notes_list):
        """Put the questions that rules ask for; not about what was brought in without routing.

        One that nobody can answer is left out: that is no reason to keep the inquiry from its team.
        """
        templates = self.env["care.consult.template"].sudo()
        pairs = [
            (ticket, templates.browse(template))
            for ticket, notes in zip(self.sudo(), notes_list, strict=True)
            if not notes.get("care:skip")
            for template in notes.get("care:consults", ())
        ]
        asked = templates.union(*(template for _ticket, template in pairs))
        problems = {template: template._care_problem() for template in asked}
        self.env["care.consult"]._care_ask_templates(
            [(ticket, template) for ticket, template in pairs if not problems[template]]
        )
        for template, why in problems.items():
            if why:
                tickets = self.browse([ticket.id for ticket, other in pairs if other == template])
                tickets._care_leave_out(template, why)

    def _care_leave_out(self, template, why):
        """Note on these inquiries why a question was not put; one open alert a question."""
        tickets = self.sudo()
        for ticket in tickets:
            ticket.message_post(
                body=self.env._(
                    "The question %(name)s was not put: %(why)s", name=template.name, why=why
                ),
                message_type="notification",
                subtype_xmlid="mail.mt_note",
            )
        # In one language, so that the alert is found again whoever takes in the next inquiry.
        name = template.with_context(lang=None).name
        kind = "patient_care_coordination.activity_left_out"
        domain = [
            ("activity_type_id", "=", self.env.ref(kind).id),
            ("summary", "=", name),
            ("res_model", "=", "helpdesk.ticket"),
        ]
        if not tickets.env["mail.activity"].search_count(domain, limit=1):
            tickets[0].activity_schedule(
                kind,
                summary=name,
                note=self.env._(
                    "Rules put this question, and nobody can answer it: %s Its inquiries go where "
                    "they should, without it. Change the question, or take it out of the rules.",
                    why,
                ),
                user_id=tickets[0]._care_supervisor().id,
            )

    def _care_keep_decisions(self, notes_list):
        """Store the decision of each new inquiry, and do what it asks for afterwards."""
        rows, nobody, followers = [], self.browse(), {}
        for ticket, notes in zip(self, notes_list, strict=True):
            decision = notes.get("care:decision")
            if "care:errors" in notes or not decision:
                decision = {"source": "error"}
            elif ((decision["evidence"].get("how") or {}).get("why")) == "nobody":
                nobody |= ticket
            if notes.get("care:followers"):
                key = tuple(sorted(notes["care:followers"]))
                followers[key] = followers.get(key, self.browse()) | ticket
            rows.append(
                decision
                | {
                    "ticket_id": ticket.id,
                    "company_id": ticket.company_id.id,
                    "team_id": ticket.team_id.id,
                    "user_id": ticket.user_id.id,
                }
            )
        decisions = as_server(self.env["care.decision"]).create(rows)
        decisions._care_alarm_broken_domains()
        for users, tickets in followers.items():
            people = self.env["res.users"].sudo().browse(users)
            tickets.message_subscribe(people.filtered("active").partner_id.ids)
        if nobody:
            self._care_alert_nobody(nobody)

from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from ..common.from_page import from_page
from ..common.guard import as_server
from ..inquiry.helpdesk_ticket import OURS, STAFF
from . import engine

FACT_FIELDS = (
    "care_nature_id",
    "category_id",
    "care_category_ids",
    "care_department_id",
    "channel_id",
    "care_lang_id",
    "care_relation",
    "partner_id",
    "priority",
    "tag_ids",
)

ROUTING_FIELDS = {
    "care_kept_rule_id",
    "care_needs_person",
    "care_routing_locked",
    "care_suggested_rule_id",
    "care_suggested_team_id",
}
MOST_MOVES = 3
SWINGS = "patient_care_coordination.activity_swings"


class HelpdeskTicket(models.Model):
    """After arrival: a human's move sticks, later facts only suggest, work is routed again."""

    _inherit = "helpdesk.ticket"

    care_routing_locked = fields.Boolean(
        "Placed by hand",
        readonly=True,
        copy=False,
        groups=STAFF,
        help="A person chose team or member of staff: rules only suggest from then on.",
    )
    care_needs_person = fields.Boolean(
        "Needs a person",
        readonly=True,
        copy=False,
        groups=STAFF,
        help="Routing took it from somebody who is absent and found nobody yet.",
    )
    care_suggested_rule_id = fields.Many2one(
        "care.rule",
        string="Suggested rule",
        readonly=True,
        copy=False,
        groups=STAFF,
        index="btree_not_null",
    )
    care_suggested_team_id = fields.Many2one(
        "helpdesk.ticket.team", string="Suggested team", readonly=True, copy=False, groups=STAFF
    )
    care_kept_rule_id = fields.Many2one(
        "care.rule",
        string="Rule that was set aside",
        readonly=True,
        copy=False,
        groups=STAFF,
        help="The suggestion of this rule was declined and does not come back.",
    )
    care_suggestion = fields.Char("Suggestion", compute="_compute_care_suggestion", groups=STAFF)

    @api.depends("care_suggested_rule_id", "care_suggested_team_id")
    @api.depends_context("lang")
    def _compute_care_suggestion(self):
        for ticket in self:
            ticket.care_suggestion = (
                self.env._(
                    "Rule '%(rule)s' would send this to %(team)s.",
                    rule=ticket.care_suggested_rule_id.sudo().name,
                    team=ticket.care_suggested_team_id.sudo().name,
                )
                if ticket.care_suggested_team_id
                else False
            )

    # ------------------------------------------------------------------
    # Changes by people
    # ------------------------------------------------------------------

    def _care_check_changes(self, vals):
        result = super()._care_check_changes(vals)
        if ROUTING_FIELDS & set(vals) and self.env.context.get("care_routing") is not OURS:
            raise AccessError(
                self.env._("What routing notes about an inquiry is not written by hand.")
            )
        return result

    @api.model
    def _care_watched(self):
        return [*super()._care_watched(), *FACT_FIELDS]

    def _care_changed(self, old):
        result = super()._care_changed(old)
        context = self.env.context
        if context.get("care_intake") is OURS or context.get("care_routing") is OURS:
            return result
        self._care_note_human_moves(old)
        if context.get("care_quiet") is OURS:
            return result
        changed = self.filtered(
            lambda ticket: (
                not ticket.closed
                and any(
                    name in old[ticket.id] and old[ticket.id][name] != ticket.sudo()[name]
                    for name in FACT_FIELDS
                )
            )
        )
        if changed:
            changed._care_reconsider()
        return result

    def _care_note_human_moves(self, old):
        """Record who was given an inquiry by hand, and leave it there from then on."""
        moved = self.filtered(
            lambda ticket: any(
                name in old[ticket.id] and old[ticket.id][name] != ticket[name]
                for name in ("team_id", "user_id")
            )
        )
        if not moved:
            return
        as_server(self.env["care.decision"]).create(
            [
                {
                    "ticket_id": ticket.id,
                    "company_id": ticket.company_id.id,
                    "team_id": ticket.team_id.id,
                    "user_id": ticket.user_id.id,
                    "source": "human",
                    "event": "move",
                }
                for ticket in moved
            ]
        )
        moved._care_write_routing(
            {
                "care_routing_locked": True,
                "care_needs_person": False,
                "care_suggested_rule_id": False,
                "care_suggested_team_id": False,
            }
        )

    def _care_write_routing(self, values):
        """Write what routing decided; not a human's move."""
        return self.sudo().with_context(care_routing=OURS).write(values)

    # ------------------------------------------------------------------
    # Later facts
    # ------------------------------------------------------------------

    def _care_reconsider(self):
        """Look at the rules again after facts changed: move what may be moved, else suggest."""
        evaluated = self._care_evaluate()
        leaving, moves, suggested = self.browse(), self.browse(), self.browse()
        for ticket in self.sudo().browse(evaluated):
            target = evaluated[ticket.id]["target"]
            if not target["catch_all"] and target["team"] != ticket.team_id.id:
                leaving |= ticket
            elif ticket.care_suggested_team_id:
                ticket._care_suggest(False, False)
        if not leaving:
            return
        movable = leaving._care_untouched()
        swinging = movable._care_swinging(evaluated)
        for ticket in leaving:
            if ticket in movable - swinging:
                moves |= ticket
            else:
                suggested |= ticket
        rules = self.env["care.rule"].sudo()
        for ticket in suggested:
            rule = rules.browse(evaluated[ticket.id]["rule"] or [])
            if not rule.lineage or rule.lineage != ticket.care_kept_rule_id.lineage:
                ticket._care_suggest(rule.id, evaluated[ticket.id]["target"]["team"])
        if moves:
            moves._care_move(evaluated, "change")

    def _care_suggest(self, rule, team):
        self._care_write_routing({"care_suggested_rule_id": rule, "care_suggested_team_id": team})

    def _care_evaluate(self):
        """What the routing rules say of inquiries as they are now: ``{id: outcome}``.

        An outcome is the engine's decision with ``target``, ``facts`` (as kept) and
        ``ruleset``. Inquiries of a company without a live version have none.
        """
        tickets = self.sudo().filtered(
            lambda ticket: self.env["care.ruleset"]._care_live(ticket.company_id.id)
        )
        shared = self._care_shared_facts([{"company_id": t.company_id.id} for t in tickets])
        shared["partner_tags"] = {p.id: p.category_id.ids for p in tickets.partner_id}
        facts = tickets._care_current_facts(shared)
        result = {}
        for ticket in tickets:
            live = shared["live"][ticket.company_id.id]
            truths = {}
            truth = self._care_domain_truth(lambda t=ticket: t, live, truths)
            decision = live["rules"].route(facts[ticket.id], truth)
            target = live["targets"][decision["rule"]]
            hinted = self._care_hinted_target(facts[ticket.id]["hint"], target)
            result[ticket.id] = decision | {
                "rule": False if hinted else decision["rule"],
                "source": "hint" if hinted else "rule",
                "target": hinted or target,
                "facts": self._care_kept_facts(facts[ticket.id], decision, truths),
                "evidence": self._care_evidence(decision, live),
                "ruleset": live["id"],
                "text": facts[ticket.id]["fresh"] and facts[ticket.id]["text"],
            }
        return result

    def _care_untouched(self):
        """Those that routing may still move by itself.

        Nobody placed them by hand, attended to them or answered, and routing has moved them
        fewer than three times.
        """
        open_ones = self.sudo().filtered(
            lambda ticket: (
                ticket.unattended and not ticket.care_routing_locked and not ticket.care_answer
            )
        )
        answered = (
            self.env["mail.message"]
            .sudo()
            .search(
                [
                    ("model", "=", self._name),
                    ("res_id", "in", open_ones.ids),
                    ("message_type", "in", ["comment", "email", "email_outgoing"]),
                    ("subtype_id.internal", "=", False),
                    ("author_id.user_ids.share", "=", False),
                ]
            )
        )
        moves = dict(
            self.env["care.decision"]
            .sudo()
            ._read_group(
                [
                    ("ticket_id", "in", open_ones.ids),
                    ("source", "!=", "human"),
                    ("event", "=", "change"),
                ],
                ["ticket_id"],
                ["__count"],
            )
        )
        callers = {ticket.id: ticket.partner_id for ticket in open_ones}
        attended = {
            message.res_id for message in answered if message.author_id != callers[message.res_id]
        }
        stopped = set(
            self.env["mail.activity"]
            .sudo()
            .search(
                [
                    ("res_model", "=", self._name),
                    ("res_id", "in", open_ones.ids),
                    ("activity_type_id", "=", self.env.ref(SWINGS).id),
                ]
            )
            .mapped("res_id")
        )
        return open_ones.filtered(
            lambda ticket: (
                ticket.id not in attended
                and ticket.id not in stopped
                and moves.get(ticket, 0) < MOST_MOVES
            )
        )

    def _care_swinging(self, evaluated):
        """Those that would come back to a team within a day; their leads are asked instead."""
        since = fields.Datetime.now() - timedelta(days=1)
        been = {
            (ticket.id, team.id)
            for ticket, team in self.env["care.decision"]
            .sudo()
            ._read_group(
                [("ticket_id", "in", self.ids), ("create_date", ">=", since)],
                ["ticket_id", "team_id"],
            )
        }
        swinging = self.filtered(
            lambda ticket: (ticket.id, evaluated[ticket.id]["target"]["team"]) in been
        )
        for ticket in swinging:
            ticket.activity_schedule(
                SWINGS,
                summary=self.env._("Routing goes back and forth"),
                note=self.env._(
                    "Rules would send this inquiry back to a team it left within a day. It stays "
                    "where it is: please place it by hand."
                ),
                user_id=ticket._care_lead().id,
            )
        return swinging

    # ------------------------------------------------------------------
    # Moving
    # ------------------------------------------------------------------

    def _care_move(self, evaluated, event, preferred=True):
        """Move inquiries to what was evaluated, with a person, and record each decision."""
        tickets = self.sudo()
        targets = [evaluated[ticket.id]["target"] for ticket in tickets]
        opened = self._care_teams_open(targets)
        requests, notes = [], []
        for ticket, target in zip(tickets, targets, strict=True):
            outcome = evaluated[ticket.id]
            team, via = self._care_open_team(target, opened)
            note = {
                "ruleset_id": outcome["ruleset"],
                "rule_id": outcome["rule"],
                "source": outcome["source"],
                "event": event,
                "facts": outcome["facts"],
                "evidence": outcome["evidence"],
            }
            if outcome["text"]:
                note |= {
                    "text": outcome["text"],
                    "normaliser_version": engine.NORMALISER_VERSION,
                }
            if via:
                note["evidence"] |= {"via": via, "closed": target["team"]}
            notes.append(note)
            requests.append(ticket._care_own_request(team, target) | {"preferred": preferred})
        self._care_choose_people(requests)
        return tickets._care_apply_moves(requests, notes)

    def _care_own_request(self, team, target):
        """The request for a person for an inquiry that is here already."""
        self.ensure_one()
        return {
            "team": team,
            "company": self.company_id.id,
            "patient": self.care_patient_id.id or None,
            "priority": self.priority,
            "language": self.care_lang_id.id or None,
            "subjects": set(self.care_about_user_ids.ids),
            "target": target,
            "preferred": True,
        }

    def _care_apply_moves(self, requests, notes):
        """Write teams and people, and the decisions that say why."""
        rows, nobody = [], self.browse()
        for ticket, request, note in zip(self, requests, notes, strict=True):
            self._care_note_person(note, request)
            values = {"team_id": request["team"], "user_id": request["user"]}
            if ticket.care_needs_person and request["user"]:
                values["care_needs_person"] = False
            if ticket.care_suggested_rule_id:
                values |= {"care_suggested_rule_id": False, "care_suggested_team_id": False}
            ticket._care_write_routing(values)
            rows.append(
                note
                | {
                    "ticket_id": ticket.id,
                    "company_id": ticket.company_id.id,
                    "team_id": request["team"],
                    "user_id": request["user"],
                }
            )
            if (request["how"] or {}).get("why") == "nobody":
                nobody |= ticket
            if note["event"] == "absence" and not request["user"]:
                ticket._care_write_routing({"care_needs_person": True})
                # Somebody worked on it, so that the lead is told also when all is done by hand.
                nobody |= ticket
        decisions = as_server(self.env["care.decision"]).create(rows)
        if nobody:
            self._care_alert_nobody(nobody)
        return decisions

    @from_page()
    def action_care_apply_suggestion(self):
        """Send inquiries where the suggestion says; a human's decision."""
        self.check_access("write")
        waiting = self.sudo().filtered("care_suggested_team_id")
        requests, notes = [], []
        for ticket in waiting:
            rule, team = ticket.care_suggested_rule_id, ticket.care_suggested_team_id
            target = rule._care_target() if rule else {}
            requests.append(ticket._care_own_request(team.id, target))
            notes.append({"source": "human", "event": "move", "evidence": {}})
        self._care_choose_people(requests)
        waiting._care_apply_moves(requests, notes)
        waiting._care_write_routing({"care_routing_locked": True})
        return True

    @from_page()
    def action_care_keep_team(self):
        """Leave inquiries where they are; this rule does not suggest again."""
        self.check_access("write")
        for ticket in self:
            ticket._care_write_routing(
                {
                    "care_kept_rule_id": ticket.care_suggested_rule_id.id,
                    "care_suggested_rule_id": False,
                    "care_suggested_team_id": False,
                }
            )
        return True

    @from_page()
    def action_care_route_again(self):
        """Show where the live rules would send these inquiries, before anything moves."""
        self.check_access("write")
        open_ones = self.filtered(lambda ticket: ticket.care_is_inquiry and not ticket.closed)
        if not open_ones:
            raise UserError(self.env._("Only open inquiries can be routed again."))
        reroute = self.env["care.reroute"]._care_preview(open_ones, by_hand=True)
        return reroute._care_open()

    @from_page()
    def action_care_save_for_replays(self):
        """Keep these inquiries as a selection that rules can be tried on without reading them."""
        inquiries = self.filtered("care_is_inquiry")
        if not inquiries:
            raise UserError(self.env._("Choose inquiries first."))
        selection = self.env["care.replay.selection"].create(
            {
                "name": self.env._("Selection of %s", fields.Date.context_today(self).isoformat()),
                "company_id": inquiries[0].company_id.id,
                "ticket_ids": [fields.Command.set(inquiries.ids)],
            }
        )
        action = self.env["ir.actions.actions"]._for_xml_id(
            "patient_care_coordination.action_replay_selections"
        )
        return action | {"domain": [("id", "=", selection.id)]}

    @from_page(one=True)
    def action_care_why(self):
        """Open the trace of the latest routing decision."""
        self.ensure_one()
        self.check_access("read")
        decision = self.sudo().care_decision_ids.filtered("ruleset_id")[:1]
        if not decision:
            raise UserError(
                self.env._("No rule set decided on this inquiry, so there is no trace.")
            )
        return self.env["care.trace"]._care_of_decision(decision)

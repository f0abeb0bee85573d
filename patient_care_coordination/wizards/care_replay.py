from bisect import bisect_right
from collections import Counter
from datetime import timedelta

import pytz

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..models.common.from_page import from_page
from ..models.common.guard import OURS

MOST = 10_000


class CareReplay(models.TransientModel):
    """What a draft would have done with inquiries that were here, against the live version.

    Uses the facts and the text of the day and writes nothing to any inquiry.
    """

    _name = "care.replay"
    _description = "Replay of a Rule Set"
    _inherit = ["care.checked.links"]

    ruleset_id = fields.Many2one("care.ruleset", string="Draft", required=True, readonly=True)
    live_id = fields.Many2one("care.ruleset", string="Against", readonly=True)
    days = fields.Integer("Last days", default=30)
    selection_id = fields.Many2one("care.replay.selection", string="Or a saved selection")
    done = fields.Boolean(readonly=True)
    inquiry_count = fields.Integer("Inquiries", readonly=True)
    changed_count = fields.Integer("Would go elsewhere", readonly=True)
    approximate_count = fields.Integer(
        "Approximate",
        readonly=True,
        help="Advanced domains and hours that are new in the draft are looked at with today's "
        "values; so are inquiries that were never routed.",
    )
    human_count = fields.Integer("Placed by hand, left out", readonly=True)
    catch_all_before = fields.Float("Caught by the catch-all, live", readonly=True)
    catch_all_after = fields.Float("Caught by the catch-all, draft", readonly=True)
    consult_before = fields.Integer("Questions put to others, live", readonly=True)
    consult_after = fields.Integer("Questions put to others, draft", readonly=True)
    capped = fields.Boolean(readonly=True)
    tables = fields.Html(readonly=True, sanitize=False)
    change_ids = fields.One2many("care.replay.change", "replay_id", string="Changes", readonly=True)

    @api.depends("ruleset_id")
    def _compute_display_name(self):
        for replay in self:
            replay.display_name = self.env._("Replay of %s", replay.ruleset_id.name)

    @from_page(one=True)
    def action_run(self):
        """Replay and show the result; the draft notes that these very rules were looked at."""
        self.ensure_one()
        if self.days < 1 and not self.selection_id:
            raise UserError(self.env._("Choose at least one day, or a saved selection."))
        self._care_run()
        return True

    def _care_run(self):
        """Evaluate both versions on every inquiry and keep the figures and the changes."""
        draft = self.ruleset_id.sudo()
        live = draft.search([("company_id", "=", draft.company_id.id), ("state", "=", "live")])
        if not live:
            raise UserError(self.env._("There is no live version to compare with."))
        result = self._care_compare(draft, live)
        self.change_ids.unlink()
        total = result["total"]
        self.write(
            {
                "done": True,
                "live_id": live.id,
                "inquiry_count": total,
                "changed_count": len(result["changes"]),
                "approximate_count": result["approximate"],
                "human_count": self._care_placed_by_hand(draft.company_id),
                "catch_all_before": result["rest"][0] / total if total else 0.0,
                "catch_all_after": result["rest"][1] / total if total else 0.0,
                "consult_before": result["consults"][0],
                "consult_after": result["consults"][1],
                "capped": total >= MOST,
                "tables": self._care_tables(draft, result),
            }
        )
        # The rows name inquiries by their numbers, to somebody who reads none of them.
        self.env["care.replay.change"].with_context(care_links=OURS).create(
            [change | {"replay_id": self.id} for change in result["changes"]]
        )
        draft.write(
            {
                "replayed_by_id": self.env.user.id,
                "replayed_date": fields.Datetime.now(),
                "replayed_fingerprint": draft._care_fingerprint(),
                "replayed_summary": self.env._(
                    "%(changed)s of %(total)s inquiries would go elsewhere",
                    changed=len(result["changes"]),
                    total=total,
                ),
            }
        )

    def _care_compare(self, draft, live):
        """Figures and changed inquiries: see ``_care_run``."""
        plains = (live._care_plain(), draft._care_plain())
        rows = list(self._care_rows(draft.company_id))
        approximations = self._care_approximations(rows, plains)
        today = self.env["helpdesk.ticket.category"]._care_ancestors()
        teams = self.env["helpdesk.ticket.team"].sudo()
        keepers = set(teams.search([("care_hint_stays", "=", True)]).ids)
        result = {
            "total": len(rows),
            "approximate": 0,
            "rest": [0, 0],
            "consults": [0, 0],
            "matrix": Counter(),
            "load": (Counter(), Counter()),
            "hits": Counter(),
            "changes": [],
        }
        for row, facts in rows:
            facts["ancestors"] = today | facts["ancestors"]
            guessed = [row.get("approximate", False)]
            ends = []
            for side, plain in enumerate(plains):
                truth = approximations["truth"](row, plain, guessed)
                decision = approximations["decide"](row, facts, plain, truth, guessed)
                team = self._care_end(decision, plain, facts, keepers)
                ends.append((team, decision))
                result["rest"][side] += plain["targets"][decision["rule"]]["catch_all"]
                result["consults"][side] += len(decision["values"].get("consults", ()))
                result["load"][side][team, row["create_date"].date()] += 1
            result["hits"].update(item["rule"] for item in ends[1][1]["preparation"])
            result["hits"][ends[1][1]["rule"]] += 1
            result["approximate"] += guessed[0]
            result["matrix"][ends[0][0], ends[1][0]] += 1
            if ends[0][0] != ends[1][0]:
                result["changes"].append(self._care_change(row, ends, plains, guessed[0]))
        return result

    @api.model
    def _care_end(self, decision, plain, facts, keepers):
        """The team an inquiry ends with, closed hours aside; False where a rule has none yet."""
        target = plain["targets"][decision["rule"]]
        hint = facts.get("hint")
        if hint and (target["catch_all"] or hint in keepers):
            return hint
        return target["team"]

    def _care_rows(self, company):
        """``(row, facts)`` of what is replayed, at most 10,000."""
        decisions = self.env["care.decision"].sudo()
        selected = self.selection_id.sudo().ticket_ids.ids if self.selection_id else None
        count = 0
        for row, facts in decisions._care_replayable(company, self.days, MOST, selected):
            count += 1
            yield row, facts
        yield from self._care_never_routed(company, selected, MOST - count)

    def _care_never_routed(self, company, selected, most):
        """Inquiries from before there was any decision, with today's values."""
        tickets = self.env["helpdesk.ticket"].sudo()
        domain = [
            ("care_is_inquiry", "=", True),
            ("company_id", "=", company.id),
            ("care_decision_ids", "=", False),
        ]
        if selected is None:
            since = fields.Datetime.now() - timedelta(days=self.days)
            domain.append(("create_date", ">=", since))
        else:
            domain.append(("id", "in", selected))
        found = tickets.search(domain, limit=most) if most > 0 else tickets
        if not found:
            return
        shared = tickets._care_shared_facts([{"company_id": company.id}])
        shared["partner_tags"] = {p.id: p.category_id.ids for p in found.partner_id}
        facts = found._care_current_facts(shared)
        for ticket in found:
            row = {
                "id": False,
                "ticket_id": ticket.id,
                "team_id": ticket.team_id.id,
                "create_date": ticket.create_date,
                "approximate": True,
            }
            yield row, facts[ticket.id]

    def _care_placed_by_hand(self, company):
        """How many a person placed at arrival: no rule would have changed that."""
        domain = [
            ("company_id", "=", company.id),
            ("event", "=", "create"),
            ("source", "in", ["human", "skipped"]),
        ]
        if self.selection_id:
            domain.append(("ticket_id", "in", self.selection_id.sudo().ticket_ids.ids))
        else:
            since = fields.Datetime.now() - timedelta(days=self.days)
            domain.append(("create_date", ">=", since))
        return self.env["care.decision"].sudo().search_count(domain)

    # ------------------------------------------------------------------
    # What the day did not keep
    # ------------------------------------------------------------------

    def _care_approximations(self, rows, plains):
        """Functions that stand in for what the decisions of the day did not look at."""
        texts = self._care_domain_texts(rows)
        tickets = self.env["helpdesk.ticket"].sudo().browse([row["ticket_id"] for row, _f in rows])
        by_id = {ticket.id: ticket for ticket in tickets}
        openings = self._care_openings(rows, plains)

        def truth(row, plain, guessed):
            kept = texts.get(row["id"], {})

            def holds(line_id):
                text = plain["domain_texts"].get(line_id)
                if text in kept:
                    return kept[text]
                guessed[0] = True
                return self.env["helpdesk.ticket"]._care_fits(
                    by_id[row["ticket_id"]], plain["domains"].get(line_id)
                )

            return holds

        def decide(row, facts, plain, truth, guessed):
            fresh = [calendar for calendar in plain["calendars"] if calendar in openings]
            kept = list(facts.get("open") or ())
            opened = [calendar for calendar in fresh if openings[calendar](row["create_date"])]
            decision = plain["rules"].decide(facts | {"open": kept + opened}, truth)
            # Only where the hours make a difference is the outcome a guess.
            for other in ([], fresh) if fresh else ():
                if plain["rules"].decide(facts | {"open": kept + other}, truth) != decision:
                    guessed[0] = True
            return decision

        return {"truth": truth, "decide": decide}

    @api.model
    def _care_domain_texts(self, rows):
        """``{decision id: {domain text: truth}}`` that was found on the day."""
        decisions = (
            self.env["care.decision"].sudo().browse([row["id"] for row, _f in rows if row["id"]])
        )
        if not self.env["care.rule.line"].sudo().search_count([("field", "=", "domain")], limit=1):
            return {}
        kept = {decision.id: (decision.facts or {}).get("domains") or {} for decision in decisions}
        lines = (
            self.env["care.rule.line"]
            .sudo()
            .browse({int(line) for truths in kept.values() for line in truths})
            .exists()
        )
        texts = {line.id: line.domain for line in lines}
        return {
            decision: {
                texts[int(line)]: truth for line, truth in truths.items() if int(line) in texts
            }
            for decision, truths in kept.items()
        }

    @api.model
    def _care_openings(self, rows, plains):
        """``{calendar: function of a moment}`` for hours that only the draft asks for."""
        fresh = set(plains[1]["calendars"]) - set(plains[0]["calendars"])
        if not fresh or not rows:
            return {}
        moments = [row["create_date"] for row, _facts in rows]
        start = pytz.utc.localize(min(moments)) - timedelta(days=1)
        stop = pytz.utc.localize(max(moments)) + timedelta(days=1)
        openings = {}
        for calendar in self.env["resource.calendar"].sudo().browse(fresh):
            worked = calendar._work_intervals_batch(start, stop, tz=pytz.timezone(calendar.tz))[
                False
            ]
            bounds = [
                (
                    begin.astimezone(pytz.utc).replace(tzinfo=None),
                    end.astimezone(pytz.utc).replace(tzinfo=None),
                )
                for begin, end, _meta in worked
            ]
            openings[calendar.id] = self._care_opening(bounds)
        return openings

    @api.model
    def _care_opening(self, bounds):
        begins = [begin for begin, _end in bounds]

        def opened(moment):
            place = bisect_right(begins, moment) - 1
            return place >= 0 and moment < bounds[place][1]

        return opened

    # ------------------------------------------------------------------
    # Showing it
    # ------------------------------------------------------------------

    @api.model
    def _care_change(self, row, ends, plains, guessed):
        """Values of one changed inquiry: no text and no names, only the words that decided."""
        decision = ends[1][1]
        words = [
            word
            for line in decision["evidence"]
            if line["field"] in ("text", "subject")
            for word in line["found"]
        ]
        for item in decision["preparation"]:
            if plains[1]["sets"][item["rule"]]:
                words += [
                    word
                    for line in item["evidence"]
                    if line["field"] in ("text", "subject")
                    for word in line["found"]
                ]
        return {
            "decision_id": row["id"],
            "ticket_id": row["ticket_id"],
            "decided_date": row["create_date"],
            "from_team_id": ends[0][0],
            "to_team_id": ends[1][0],
            "from_rule_id": ends[0][1]["rule"],
            "to_rule_id": decision["rule"],
            "words": ", ".join(dict.fromkeys(words[:5])),
            "approximate": guessed,
        }

    def _care_tables(self, draft, result):
        """The from/to matrix, the load of each team, and the rules without a hit, as HTML."""
        ids = {team for pair in result["matrix"] for team in pair if team}
        teams = self.env["helpdesk.ticket.team"].sudo().browse(ids).sorted("name")
        names = {team.id: team.name for team in teams} | {False: self.env._("No team yet")}
        nowhere = [False] if any(False in pair for pair in result["matrix"]) else []
        everywhere = [*teams.ids, *nowhere]
        moved = {team for pair in result["matrix"] if pair[0] != pair[1] for team in pair}
        days = sorted({day for load in result["load"] for _team, day in load})
        quiet = draft.rule_ids.filtered(
            lambda rule: not rule.paused and not result["hits"][rule.id]
        )
        load = []
        for team in everywhere:
            before = [result["load"][0][team, day] for day in days]
            after = [result["load"][1][team, day] for day in days]
            members = len(self.env["helpdesk.ticket.team"].sudo().browse(team or []).user_ids)
            load.append(
                {
                    "name": names[team],
                    "before": sum(before),
                    "after": sum(after),
                    "most_before": max(before, default=0),
                    "most_after": max(after, default=0),
                    "each": sum(after) / len(days) / members if members and days else None,
                    "days": list(zip(days, before, after, strict=True)),
                }
            )
        return self.env["ir.qweb"]._render(
            "patient_care_coordination.replay_tables",
            {
                "names": names,
                "order": [team for team in everywhere if team in moved],
                "matrix": result["matrix"],
                "load": load,
                "quiet": quiet,
                "days": days,
            },
        )


class CareReplayChange(models.TransientModel):
    _name = "care.replay.change"
    _description = "Inquiry that Would Go Elsewhere"
    _inherit = ["care.checked.links"]
    _order = "decided_date desc, id"

    replay_id = fields.Many2one("care.replay", required=True, index=True, ondelete="cascade")
    decision_id = fields.Many2one("care.decision", ondelete="cascade")
    ticket_id = fields.Many2one("helpdesk.ticket", string="Inquiry", ondelete="cascade")
    decided_date = fields.Datetime("Arrived")
    from_team_id = fields.Many2one("helpdesk.ticket.team", string="Live: team", ondelete="cascade")
    to_team_id = fields.Many2one("helpdesk.ticket.team", string="Draft: team", ondelete="cascade")
    from_rule_id = fields.Many2one("care.rule", string="Live: rule", ondelete="cascade")
    to_rule_id = fields.Many2one("care.rule", string="Draft: rule", ondelete="cascade")
    words = fields.Char("Words found")
    approximate = fields.Boolean()

from collections import Counter, defaultdict
from datetime import timedelta

from odoo import Command, api, fields, models

from ..common.from_page import from_page
from . import engine

LOOK_BACK_DAYS = 90
FEWEST = 5
LONGEST_PHRASE = 3
# Words that say nothing about what a message is about.
COMMON = frozenset(
    "a about after again all also am an and any are as at be been but by can could dear did do "
    "for from get had has have he hello her hi him his how i if in is it its just know let me my "
    "no not of on one or our out please she so some thank thanks that the their them then there "
    "they this to tomorrow up us was we were what when where which who will with would you your "
    "regards kind best sincerely yours mr mrs ms dr sir madam".split()
)


class CareRuleSuggestion(models.Model):
    """Moves by hand that look alike: a rule that people follow and the rule set lacks.

    Only words that several callers used are shown, and never the names of patients or callers.
    """

    _name = "care.rule.suggestion"
    _description = "Suggested Rule"
    _order = "count desc, id"
    _rec_name = "phrase"

    company_id = fields.Many2one("res.company", required=True, index=True)
    phrase = fields.Char("Words", required=True, readonly=True)
    from_team_id = fields.Many2one("helpdesk.ticket.team", string="From", readonly=True)
    to_team_id = fields.Many2one("helpdesk.ticket.team", string="To", required=True, readonly=True)
    count = fields.Integer("Inquiries", readonly=True)
    sentence = fields.Char(compute="_compute_sentence")
    state = fields.Selection(
        [("open", "Open"), ("made", "Rule made"), ("dismissed", "Dismissed")],
        required=True,
        default="open",
        readonly=True,
    )
    rule_id = fields.Many2one("care.rule", readonly=True, ondelete="set null")

    _phrase_uniq = models.UniqueIndex(
        "(company_id, phrase, from_team_id, to_team_id)", "This suggestion exists already."
    )

    @api.depends("phrase", "count", "from_team_id", "to_team_id")
    @api.depends_context("lang")
    def _compute_sentence(self):
        for row in self:
            row.sentence = self.env._(
                "%(count)s inquiries with '%(phrase)s' went by hand from %(old)s to "
                "%(new)s: make a rule?",
                count=row.count,
                phrase=row.phrase,
                old=row.from_team_id.name,
                new=row.to_team_id.name,
            )

    @from_page()
    def action_dismiss(self):
        """Do not suggest this again."""
        self.write({"state": "dismissed"})
        return True

    @from_page(one=True)
    def action_make_rule(self):
        """Add the rule to the newest draft, or to a new one, before everything else there."""
        self.ensure_one()
        rulesets = self.env["care.ruleset"]
        company = [("company_id", "=", self.company_id.id)]
        live = rulesets.search([*company, ("state", "=", "live")])
        draft = rulesets.search(
            [*company, ("state", "=", "draft"), ("version", ">", live.version)], limit=1
        )
        if not draft:
            draft = rulesets.browse(live.action_change()["res_id"])
        first = min(
            draft.rule_ids.filtered(lambda rule: rule.kind == "routing").mapped("sequence"),
            default=10,
        )
        self.rule_id = self.env["care.rule"].create(
            {
                "ruleset_id": draft.id,
                "kind": "routing",
                "sequence": first - 1,
                "name": self.phrase.capitalize(),
                "team_id": self.to_team_id.id,
                "note": self.sentence,
                "line_ids": [Command.create({"field": "text", "keywords": self.phrase})],
            }
        )
        self.state = "made"
        return {
            "type": "ir.actions.act_window",
            "res_model": "care.ruleset",
            "res_id": draft.id,
            "view_mode": "form",
        }

    @from_page()
    def action_refresh(self):
        """Look for look-alike moves now."""
        self.browse().check_access("write")
        for company in self.env.companies:
            self.sudo()._care_refresh(company)
        return True

    @api.model
    def _cron_care_suggest(self):
        """Look for look-alike moves in every company."""
        companies = self.env["care.ruleset"].search([("state", "=", "live")]).company_id
        cron = self.env["ir.cron"]
        cron._commit_progress(remaining=len(companies))
        for company in companies:
            self._care_refresh(company)
            if not cron._commit_progress(1):
                break

    @api.model
    def _care_refresh(self, company):
        """Renew the open suggestions of a company; dismissed ones stay dismissed."""
        known = {
            (row.phrase, row.from_team_id.id, row.to_team_id.id): row
            for row in self.search([("company_id", "=", company.id)])
        }
        seen = set()
        for key, count in self._care_alike(company).items():
            seen.add(key)
            row = known.get(key)
            if row:
                row.count = count
            else:
                phrase, source, target = key
                self.create(
                    {
                        "company_id": company.id,
                        "phrase": phrase,
                        "from_team_id": source,
                        "to_team_id": target,
                        "count": count,
                    }
                )
        gone = [row.id for key, row in known.items() if key not in seen and row.state == "open"]
        self.browse(gone).unlink()

    @api.model
    def _care_alike(self, company):
        """``{(phrase, from team, to team): inquiries}`` of moves by hand that look alike.

        Of each pair of teams the phrase that most of the moved inquiries share, provided that it
        is in at least five, from five callers, and in most of those that have it the inquiry was
        moved there.
        """
        moves = self._care_moves(company)
        names = self._care_names(moves)
        having = Counter()
        for _row, facts in self.env["care.decision"]._care_replayable(
            company, LOOK_BACK_DAYS, 20_000
        ):
            having.update(self._care_phrases(facts["text"], set()))
        result = {}
        for pair, rows in moves.items():
            found = defaultdict(set)
            for ticket, text in rows:
                for phrase in self._care_phrases(text, names):
                    found[phrase].add(ticket.partner_id.id or ticket.partner_email or ticket.id)
            good = {
                phrase: len(callers)
                for phrase, callers in found.items()
                if len(callers) >= FEWEST and len(callers) * 2 > having[phrase]
            }
            if good:
                best = max(good, key=lambda phrase: (good[phrase], len(phrase), phrase))
                result[(best, *pair)] = good[best]
        return result

    @api.model
    def _care_moves(self, company):
        """``{(from, to): [(ticket, text)]}`` of rules' decisions that people overturned."""
        decisions = self.env["care.decision"].sudo()
        since = fields.Datetime.now() - timedelta(days=LOOK_BACK_DAYS)
        human = decisions.search(
            [
                ("company_id", "=", company.id),
                ("source", "=", "human"),
                ("event", "=", "move"),
                ("create_date", ">=", since),
                ("team_id", "!=", False),
            ],
            order="id",
        )
        first = {
            decision.ticket_id: decision
            for decision in decisions.search(
                [("ticket_id", "in", human.ticket_id.ids), ("event", "=", "create")]
            )
            if decision.source in ("rule", "hint")
        }
        moves = defaultdict(list)
        for decision in human:
            routed = first.get(decision.ticket_id)
            if routed and routed.team_id != decision.team_id and routed.text:
                pair = (routed.team_id.id, decision.team_id.id)
                moves[pair].append((decision.ticket_id, routed.text))
        return moves

    @api.model
    def _care_names(self, moves):
        """All words of the names of patients and callers of these inquiries, normalised."""
        words = set()
        for rows in moves.values():
            for ticket, _text in rows:
                for name in (
                    ticket.partner_name,
                    ticket.partner_id.name,
                    ticket.care_patient_id.name,
                    ticket.partner_email,
                ):
                    words.update(engine.normalise(name or "").split())
        return words

    @api.model
    def _care_phrases(self, text, names):
        """Phrases of one to three words of a text that could be a keyword."""
        tokens = text.split()
        found = set()
        for size in range(1, LONGEST_PHRASE + 1):
            for start in range(len(tokens) - size + 1):
                words = tokens[start : start + size]
                if words[0] in COMMON or words[-1] in COMMON or names.intersection(words):
                    continue
                if any(len(word) < 3 or word.isdigit() for word in words):
                    continue
                found.add(" ".join(words))
        return found

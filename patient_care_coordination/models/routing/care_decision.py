from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from ..common.from_page import from_page
from .helpdesk_ticket_facts import KEPT

SEES_POOL = (
    "patient_care_coordination.group_supervisor,patient_care_coordination.group_routing_admin"
)


class CareDecision(models.Model):
    """One recorded routing decision with its reason; never edited or deleted.

    ``facts`` are the compact facts it saw, ``evidence`` the lines and words that decided,
    ``candidates`` who of the team was left out by which filter. With the immutable version and
    the text they give the same trace again years later.
    """

    _name = "care.decision"
    _description = "Routing Decision"
    _order = "id desc"

    ticket_id = fields.Many2one(
        "helpdesk.ticket", string="Inquiry", required=True, index=True, ondelete="restrict"
    )
    company_id = fields.Many2one("res.company", required=True, index=True)
    ruleset_id = fields.Many2one(
        "care.ruleset", string="Version", index="btree_not_null", ondelete="restrict"
    )
    rule_id = fields.Many2one("care.rule", index="btree_not_null", ondelete="restrict")
    team_id = fields.Many2one("helpdesk.ticket.team", index="btree_not_null", ondelete="restrict")
    user_id = fields.Many2one("res.users", string="Person", ondelete="restrict", index=False)
    source = fields.Selection(
        [
            ("rule", "Rule"),
            ("hint", "Address it was sent to"),
            ("human", "By hand"),
            ("skipped", "Not routed"),
            ("error", "Intake problem"),
        ],
        string="Decided by",
        required=True,
        help="Who or what decided.",
    )
    event = fields.Selection(
        [
            ("create", "Arrival"),
            ("move", "Moved by hand"),
            ("change", "Facts changed"),
            ("again", "Routed again"),
            ("waiting", "Person found later"),
            ("absence", "Absence"),
            ("undo", "Undone"),
        ],
        string="Occasion",
        required=True,
        default="create",
        help="When it was decided.",
    )
    facts = fields.Json()
    evidence = fields.Json()
    candidates = fields.Json(groups=SEES_POOL)
    text = fields.Text(
        groups="base.group_system",
        help="The normalised text the inquiry was routed on; kept by its first decision alone.",
    )
    normaliser_version = fields.Integer("Version of the normaliser", groups="base.group_system")
    sentence = fields.Char("Reason", compute="_compute_sentence")

    _rule_date_idx = models.Index("(rule_id, create_date)")
    _company_date_idx = models.Index("(company_id, create_date)")
    _user_last_idx = models.Index("(user_id, id) WHERE source != 'human' AND user_id IS NOT NULL")

    @api.depends_context("lang")
    def _compute_sentence(self):
        for decision in self:
            decision.sentence = decision._care_sentence()

    def _care_sentence(self):
        """One sentence in the reader's language: the team and why, the person and why."""
        self.ensure_one()
        team, person = self._care_team_words(), self._care_person_words()
        return self.env._("%(team)s; %(person)s", team=team, person=person) if person else team

    def _care_combined_sentence(self):
        """The sentence of an inquiry with these decisions, the oldest first.

        Why it is with its team is told by the decision that brought it there, why it is with its
        person by the latest one.
        """
        latest = self[-1]
        brought = latest
        for decision in reversed(self):
            if decision.team_id != latest.team_id:
                break
            brought = decision
        team, person = brought._care_team_words(), latest._care_person_words()
        return self.env._("%(team)s; %(person)s", team=team, person=person) if person else team

    def _care_team_words(self):
        team = self.team_id.sudo().name or self.env._("No team")
        if self.source == "error":
            return self.env._("%(team)s, because the intake had a problem", team=team)
        if self.source == "human":
            return self.env._("%(team)s, because a person chose it", team=team)
        if self.source == "hint":
            return self.env._("%(team)s, because it was sent to this team", team=team)
        if self.source == "skipped":
            return self.env._("%(team)s, because it was brought in without routing", team=team)
        evidence = self.evidence or {}
        via = evidence.get("via")
        if via:
            closed = self.env["helpdesk.ticket.team"].sudo().browse(evidence["closed"]).exists()
            team = self.env._("%(team)s (%(closed)s is closed)", team=team, closed=closed.name)
        if not self.rule_id or self.rule_id.sudo().catch_all:
            return self.env._("%(team)s, because no rule matched", team=team)
        rule = self.rule_id.sudo()
        why = self._care_why() or rule.reason or self.env._("rule '%s' matched", rule.name)
        return self.env._("%(team)s, because %(why)s", team=team, why=why)

    def _care_person_words(self):
        """Who got it and why, or nothing where a person is chosen by hand."""
        how, name = (self.evidence or {}).get("how"), self.user_id.sudo().name
        if self.source == "human" and name and not how:
            return self.env._("%(name)s, chosen by hand", name=name)
        if not how:
            return False
        if how["why"] == "nobody":
            return self.env._("nobody is available")
        if how["why"] == "closed":
            return self.env._("it waits for the team to open")
        if how["why"] == "named":
            return self.env._("%(name)s, named by the rule", name=name)
        if how["why"] == "known":
            return self.env._("%(name)s, who looked after this patient before", name=name)
        if how["why"] == "turn":
            return self.env._("%(name)s, next in turn of %(count)s", name=name, count=how["of"])
        return self.env._(
            "%(name)s, least load (%(load)s) of %(count)s",
            name=name,
            load=how["load"],
            count=how["of"],
        )

    def _care_why(self):
        """The deciding lines in words, with the words found in the text."""
        evidence = self.evidence or {}
        parts = []
        for item in evidence.get("routing") or []:
            found = item.get("found") or []
            if not found:
                continue
            field = item.get("field")
            if field in ("text", "subject"):
                parts.append(self._care_says(field, found))
            elif field == "category":
                parts.append(self._care_category_words(found, evidence))
            elif field != "domain":
                parts.append(self._care_names(field, found))
        return self.env._(" and ").join(part for part in parts if part)

    def _care_says(self, field, found):
        words = ", ".join(f"'{word}'" for word in found[:3])
        if field == "subject":
            return self.env._("the subject says %s", words)
        return self.env._("the text says %s", words)

    def _care_category_words(self, found, evidence):
        """The words that gave a category, or its name when a person set it."""
        wanted = set(found)
        for _rule, categories, words in evidence.get("preparation") or []:
            if words and wanted & set(categories):
                return self._care_says("text", words)
        return self._care_names("category", found)

    def _care_names(self, field, found):
        """A condition that held, as "channel is Phone"."""
        lines = self.env["care.rule.line"]
        models_by_field = {
            name: lines._fields[reference].comodel_name
            for name, reference in lines._care_reference_fields().items()
        }
        if field in models_by_field:
            records = self.env[models_by_field[field]].sudo().browse(found[:3]).exists()
            names = records.with_context(care_short=True).mapped("display_name")
        else:
            choices = self.env["care.rule.choice"].sudo()
            names = choices.search([("field", "=", field), ("code", "in", found[:3])]).mapped(
                "name"
            )
        if field == "known":
            return lines._care_phrase(field, "yes" in found)
        return lines._care_phrase(field, self.env._(" or ").join(names))

    def write(self, vals):  # pylint: disable=method-required-super
        raise UserError(self.env._("A routing decision is never edited."))

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        raise UserError(self.env._("A routing decision is never deleted."))

    def _care_alarm_broken_domains(self):
        """Tell who leads the routing of rules whose advanced domain could not be read."""
        broken = {}
        for decision in self:
            for rule_id, why in (decision.facts or {}).get("skipped") or ():
                if why == "domain":
                    broken.setdefault(decision.ruleset_id, set()).add(rule_id)
        for ruleset, rule_ids in broken.items():
            names = self.env["care.rule"].browse(sorted(rule_ids)).mapped("name")
            ruleset._care_alarm(
                self.env._("Rules are skipped"),
                self.env._("The advanced domain of %s could not be read.", ", ".join(names)),
            )

    @from_page(one=True)
    def action_why(self):
        """Open the trace of this decision."""
        self.ensure_one()
        self.check_access("read")
        return self.env["care.trace"]._care_of_decision(self)

    # ------------------------------------------------------------------
    # The trace, years later
    # ------------------------------------------------------------------

    def _care_text(self):
        """The text each of these was routed on: ``{decision id: normalised text}``."""
        first = {}
        for decision in self.sudo().search(
            [("ticket_id", "in", self.ticket_id.ids), ("text", "!=", False)], order="id desc"
        ):
            first[decision.ticket_id.id] = decision.text
        return {decision.id: first.get(decision.ticket_id.id, "") for decision in self}

    @api.model
    def _care_facts_of(self, kept, text):
        """The facts of the engine as they were, from what a decision kept."""
        kept = kept or {}
        return {
            **{name: kept.get(name) for name in KEPT},
            "human": set(kept.get("human") or ()),
            "ancestors": {
                int(key): tuple(value) for key, value in (kept.get("ancestors") or {}).items()
            },
            "subject": " ".join(text.split()[: kept.get("subject_words") or 0]),
            "text": text,
        }

    def _care_trace(self):
        """Every rule of the version with its result, recomputed; see ``Compiled.trace``."""
        self.ensure_one()
        kept = self.sudo().facts or {}
        broken = {rule: why for rule, why in kept.get("skipped") or [] if why != "domain"}
        plain = self.ruleset_id.sudo()._care_plain(broken=broken)
        truths = kept.get("domains") or {}
        facts = self._care_facts_of(kept, self._care_text()[self.id])
        return plain["rules"].trace(facts, lambda line: truths.get(str(line)))

    @api.model
    def _care_replayable(self, company, days, most, tickets=None):
        """Facts of the inquiries that routing placed: ``[(row, facts)]``, the newest first.

        A row has ``id``, ``ticket_id``, ``team_id``, ``rule_id``, ``create_date``. ``tickets``
        limits them to some inquiries and then ``days`` does not count. Facts and text are those
        of the day.
        """
        self.flush_model()
        limits = [SQL("decision.company_id = %s", company.id)]
        if tickets is None:
            since = fields.Datetime.now() - timedelta(days=days)
            limits.append(SQL("decision.create_date >= %s", since))
        else:
            limits.append(SQL("decision.ticket_id IN %s", tuple(tickets) or (0,)))
        query = SQL(
            """
            SELECT decision.id, decision.ticket_id, decision.team_id, decision.rule_id,
                   decision.create_date, decision.facts, decision.text
              FROM care_decision decision
             WHERE decision.event = 'create'
               AND decision.source IN ('rule', 'hint')
               AND %(limits)s
          ORDER BY decision.id DESC
             LIMIT %(most)s
            """,
            limits=SQL(" AND ").join(limits),
            most=most,
        )
        for row in self.env.execute_query_dict(query):
            yield row, self._care_facts_of(row.pop("facts"), row.pop("text") or "")

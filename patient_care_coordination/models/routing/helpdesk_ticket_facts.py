from odoo import api, fields, models

from ..common import mail_text
from . import engine

KEPT = (
    "channel",
    "nature",
    "language",
    "relation",
    "priority",
    "known",
    "product",
    "hint",
    "weekday",
    "date",
    "categories",
    "departments",
    "tags",
    "partner_tags",
    "open",
)


class HelpdeskTicket(models.Model):
    """The plain facts that the engine sees of an inquiry."""

    _inherit = "helpdesk.ticket"

    @api.model
    def _care_shared_facts(self, vals_list):
        """What inquiries of one batch have in common, asked for once.

        ``{"live": {company: live version}, "now", "day": {company: local date and weekday},
        "open": calendars open now, "partner_tags": {partner: ids}, "categories", "departments":
        ancestors}``.
        """
        now = fields.Datetime.now()
        companies = self.env["res.company"].sudo().browse({v["company_id"] for v in vals_list})
        live = {
            company.id: self.env["care.ruleset"]._care_live(company.id) for company in companies
        }
        calendars = {
            calendar for version in live.values() if version for calendar in version["calendars"]
        }
        partners = (
            self.env["res.partner"]
            .sudo()
            .browse({vals["partner_id"] for vals in vals_list if vals.get("partner_id")})
        )
        return {
            "live": live,
            "now": now,
            "day": {company.id: self._care_local_day(company, now) for company in companies},
            "open": self.env["resource.calendar"].browse(calendars)._care_open(now),
            "partner_tags": {partner.id: partner.category_id.ids for partner in partners},
            "categories": self.env["helpdesk.ticket.category"]._care_ancestors(),
            "departments": self.env["care.department"]._care_ancestors(),
        }

    @api.model
    def _care_local_day(self, company, moment):
        """``(ISO date, weekday from "0" for Monday)`` where the company is."""
        zone = company.resource_calendar_id.tz or company.partner_id.tz or "UTC"
        local = fields.Datetime.context_timestamp(self.with_context(tz=zone), moment)
        return local.date().isoformat(), str(local.weekday())

    @api.model
    def _care_facts(self, vals, shared):
        """The facts of one inquiry from its values; see the engine for what they are."""
        category, department = vals.get("category_id"), vals.get("care_department_id")
        subject = engine.normalise(vals.get("name") or "")
        description = str(vals.get("description") or "")
        body = engine.normalise(mail_text.own_words(description, vals.get("name")))
        human = {"category"} if category else set()
        if not vals.get("care:nature_default"):
            human.add("nature")
        date, weekday = shared["day"][vals["company_id"]]
        partner = vals.get("partner_id")
        return {
            "channel": vals.get("channel_id") or None,
            "nature": vals.get("care_nature_id") or None,
            "categories": list(shared["categories"].get(category, ())),
            "departments": list(shared["departments"].get(department, ())),
            "language": vals.get("care_lang_id") or None,
            "relation": vals.get("care_relation") or None,
            "priority": vals.get("priority") or "1",
            "known": "yes" if partner else "no",
            "product": vals.get("product_id") or None,
            "hint": None if vals.get("care:human") else vals.get("team_id") or None,
            "weekday": weekday,
            "date": date,
            "tags": self._care_linked(vals.get("tag_ids")),
            "partner_tags": shared["partner_tags"].get(partner, []),
            "open": sorted(shared["open"]),
            "subject": subject,
            "text": f"{subject} {body}".strip(),
            "human": human,
            "ancestors": shared["categories"],
        }

    @api.model
    def _care_linked(self, commands):
        """Ids that the commands of a new record's many2many add up to."""
        ids = []
        for command in commands or ():
            if isinstance(command, int):
                ids.append(command)
            elif command[0] == fields.Command.SET:
                ids = list(command[2])
            elif command[0] == fields.Command.LINK:
                ids.append(command[1])
        return list(dict.fromkeys(ids))

    @api.model
    def _care_kept_facts(self, facts, decision, truths):
        """What a decision keeps of its facts: enough to give the same trace again."""
        kept = {name: facts[name] for name in KEPT if facts.get(name) not in (None, [], ())}
        found = decision["values"].get("category") or ()
        if found:
            kept["ancestors"] = {
                str(category): list(facts["ancestors"].get(category, (category,)))
                for category in found
            }
        if facts["human"]:
            kept["human"] = sorted(facts["human"])
        kept["subject_words"] = len(facts["subject"].split())
        if truths:
            kept["domains"] = {str(line): truth for line, truth in truths.items()}
        if decision["skipped"]:
            kept["skipped"] = decision["skipped"]
        return kept

    @api.model
    def _care_domain_truth(self, record, live, truths):
        """A function that tells whether an advanced domain holds; what it told is in ``truths``.

        ``record`` gives the inquiry when the first domain asks. A domain that cannot be read
        counts as broken.
        """

        def truth(line_id):
            if line_id not in truths:
                truths[line_id] = self._care_fits(record(), live["domains"].get(line_id))
            return truths[line_id]

        return truth

    @api.model
    def _care_fits(self, record, domain):
        if domain is None:
            return None
        try:
            return bool(record.filtered_domain(domain))
        except (ValueError, TypeError, KeyError):
            return None

    @api.model
    def _care_draft_record(self, vals):
        """A function that gives a record with these values, made when it is needed."""
        made = []

        def record():
            if not made:
                known = {key: value for key, value in vals.items() if key in self._fields}
                made.append(self.sudo().new(known))
            return made[0]

        return record

    def _care_current_vals(self):
        """The values of inquiries that are here already, as those of new ones are."""
        names = [
            "company_id",
            "channel_id",
            "care_nature_id",
            "category_id",
            "care_department_id",
            "care_lang_id",
            "partner_id",
            "care_patient_id",
        ]
        result = []
        for ticket in self.sudo():
            vals = {name: ticket[name].id for name in names}
            vals |= {
                "name": ticket.name,
                "description": ticket.description,
                "priority": ticket.priority,
                "care_relation": ticket.care_relation,
                "tag_ids": ticket.tag_ids.ids,
                "product_id": ticket.product_id.id if "product_id" in self._fields else False,
            }
            result.append(vals)
        return result

    def _care_current_facts(self, shared):
        """``{id: facts}`` of inquiries as they are now, on the text they were routed on.

        The address an inquiry was sent to stays a fact of it.
        """
        decisions = (
            self.env["care.decision"]
            .sudo()
            .search(
                [
                    ("ticket_id", "in", self.ids),
                    "|",
                    ("event", "=", "create"),
                    ("text", "!=", False),
                ],
                order="id",
            )
        )
        arrival, reading = {}, {}
        for decision in decisions:
            if decision.event == "create":
                arrival.setdefault(decision.ticket_id.id, decision)
            if decision.text:
                reading.setdefault(decision.ticket_id.id, decision)
        result = {}
        for ticket, vals in zip(self.sudo(), self._care_current_vals(), strict=True):
            decision = reading.get(ticket.id)
            if decision:
                vals |= {"name": "", "description": ""}
            facts = self._care_facts(vals, shared)
            facts["fresh"] = not decision
            for category in ticket.care_category_ids.ids:
                facts["categories"] += [
                    value
                    for value in shared["categories"].get(category, ())
                    if value not in facts["categories"]
                ]
            if decision:
                words = (decision.facts or {}).get("subject_words") or 0
                facts["text"] = decision.text
                facts["subject"] = " ".join(decision.text.split()[:words])
            if ticket.id in arrival:
                facts["hint"] = (arrival[ticket.id].facts or {}).get("hint")
            result[ticket.id] = facts
        return result

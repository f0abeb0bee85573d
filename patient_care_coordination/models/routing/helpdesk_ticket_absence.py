from odoo import api, fields, models
from odoo.fields import Domain

from ..inquiry.helpdesk_ticket import STAFF

NOBODY = "patient_care_coordination.activity_nobody"


class HelpdeskTicket(models.Model):
    """People who come and go: waiting inquiries find somebody, absences move work."""

    _inherit = "helpdesk.ticket"

    @api.model
    def _care_waiting_domain(self):
        """Inquiries of teams that choose by themselves, which have nobody yet."""
        return (
            Domain("care_is_inquiry", "=", True)
            & Domain("closed_date", "=", False)
            & Domain("user_id", "=", False)
            & Domain("unattended", "=", True)
            & (Domain("care_routing_locked", "=", False) | Domain("care_needs_person", "=", True))
            & Domain("team_id.care_strategy", "!=", "manual")
        )

    @api.model
    def _cron_care_find_people(self, batch_size=200):
        """Give waiting inquiries to people who are there by now, the oldest first."""
        cron = self.env["ir.cron"]
        tickets = self.sudo().search(self._care_waiting_domain(), order="care_received_date, id")
        cron._commit_progress(remaining=len(tickets))
        for start in range(0, len(tickets), batch_size):
            batch = tickets[start : start + batch_size].try_lock_for_update()
            batch.filtered_domain(self._care_waiting_domain())._care_find_people()
            if not cron._commit_progress(len(tickets[start : start + batch_size])):
                break

    def _care_find_people(self):
        """Choose people for these waiting inquiries; those without anybody stay as they are."""
        latest = {
            key: decision
            for key, decision in self._care_latest_decisions().items()
            if decision.source in ("rule", "hint") or decision.event in ("absence", "undo")
        }
        requests, tickets = [], self.browse()
        now = fields.Datetime.now()
        for ticket in self.filtered(lambda ticket: ticket.id in latest):
            decision = latest[ticket.id]
            target = decision.rule_id._care_target() if decision.rule_id else {}
            request = ticket._care_own_request(ticket.team_id.id, target)
            waited = ticket.team_id._care_hours_between(ticket.create_date, now)
            request["preferred"] = waited < ticket.team_id.care_preferred_wait
            requests.append(request)
            tickets |= ticket
        self._care_choose_people(requests)
        found = [
            (ticket, request)
            for ticket, request in zip(tickets, requests, strict=True)
            if request["user"]
        ]
        notes = [
            {
                "ruleset_id": latest[ticket.id].ruleset_id.id,
                "rule_id": latest[ticket.id].rule_id.id,
                "source": latest[ticket.id].source,
                "event": "waiting",
                "facts": latest[ticket.id].facts,
                "evidence": latest[ticket.id].evidence or {},
            }
            for ticket, _request in found
        ]
        served = self.browse([ticket.id for ticket, _request in found])
        served._care_apply_moves([request for _ticket, request in found], notes)
        served.activity_unlink([NOBODY])

    def _care_send_back(self):
        """Unattended inquiries of people who are absent go back to be routed again.

        What a person placed stays with its team, and somebody else of the team gets it.
        """
        evaluated = self._care_evaluate()
        for ticket in self.sudo().browse(evaluated):
            outcome = evaluated[ticket.id]
            if ticket.care_routing_locked or outcome["target"]["catch_all"]:
                outcome["target"] = {"team": ticket.team_id.id, "closed": "hold"}
                outcome["source"] = "human" if ticket.care_routing_locked else "hint"
                outcome["rule"] = False
        return self.browse(evaluated)._care_move(evaluated, "absence")

    def _care_delegate(self, delegate, absent):
        """The delegate, where she may read the inquiry and it is not about her, else a stand-in."""
        self.ensure_one()
        fits = (
            delegate
            and delegate not in self.care_about_user_ids
            and self.company_id in delegate.company_ids
            and delegate.has_group(STAFF)
        )
        return delegate if fits else self._care_stand_in(absent)

    def _care_stand_in(self, absent):
        """Of the team, who has the least open work and is not absent; nobody if none is."""
        self.ensure_one()
        people = self.team_id.user_ids - absent - self.user_id - self.care_about_user_ids
        people = people.filtered("active")
        load = self._care_load(people)
        return people.sorted(lambda user: (load.get(user.id, 0), user.id))[:1]

    def _care_heard(self, message):
        """A patient's reply on an absent person's inquiry wakes the delegate."""
        result = super()._care_heard(message)
        mine = self.sudo().filtered("user_id")
        absent = mine.user_id.browse(self._care_absent()) if mine else mine.user_id
        delegates = (mine.user_id & absent)._care_present_delegates(absent)
        for ticket in mine.filtered(lambda ticket: ticket.user_id in absent):
            delegate = ticket._care_delegate(delegates[ticket.user_id], absent)
            delegate = delegate or ticket._care_lead()
            ticket.activity_schedule(
                "mail.mail_activity_data_todo",
                summary=self.env._("Reply for somebody who is absent"),
                note=self.env._("%s is absent; please read the reply.", ticket.user_id.name),
                user_id=delegate.id,
            )
        return result

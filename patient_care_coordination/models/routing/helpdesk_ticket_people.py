from collections import defaultdict
from datetime import timedelta

import pytz

from odoo import api, fields, models
from odoo.tools import SQL

from . import pool

CONTINUITY_DAYS = 30
LATER = 10**12


class HelpdeskTicket(models.Model):
    """Who of the team gets an inquiry."""

    _inherit = "helpdesk.ticket"

    @api.model
    def _care_choose_people(self, requests):
        """Choose the person of each request, in place, with a constant number of queries.

        A request is a dict: ``team``, ``company``, ``patient``, ``priority`` (record ids or plain
        values), ``language`` (id or None), ``subjects`` (user ids), ``target`` (of the rule, see
        ``care.rule._care_target``; may be empty) and ``preferred`` (False once the wait for the
        preferred skills is over). It gets ``user`` (id or False), ``how`` (for the sentence, or
        None when the team chooses by hand) and ``pool`` (who was left out and why).
        """
        teams = self.env["helpdesk.ticket.team"].sudo().browse({row["team"] for row in requests})
        strategies = {team.id: team.care_strategy for team in teams}
        active = []
        for row in requests:
            row |= {"user": False, "how": None, "pool": []}
            if strategies[row["team"]] != "manual" or row["target"].get("user"):
                active.append(row)
        if not active:
            return
        teams = teams.browse({row["team"] for row in active})
        opened = teams._care_is_open()
        people = teams.user_ids | self.env["res.users"].sudo().browse(
            {row["target"]["user"] for row in active if row["target"].get("user")}
        )
        members = self._care_members(people)
        known = self._care_known_people(active)
        for row in active:
            row["needs"] = {
                "skills": row["target"].get("skills", set()),
                "preferred": row["target"].get("preferred", set()),
                "languages": (
                    {row["language"]} if row["target"].get("speaks") and row["language"] else set()
                ),
                "subjects": row["subjects"],
            }
            row["known"] = known.get((row["patient"], row["company"])) if row["patient"] else None
        turns = self._care_turns(active, teams, members, opened, strategies)
        for row in active:
            self._care_choose_person(
                row, teams.browse(row["team"]), members, opened, strategies, turns
            )

    @api.model
    def _care_team_members(self, row, team, members, opened):
        """The members of a team as the pool takes them, for one request."""
        return [
            members[user.id]
            | {
                "hours": opened[team.id]
                if members[user.id]["hours"] is None
                else members[user.id]["hours"],
                "role": row["company"] in members[user.id]["companies"]
                and members[user.id]["role"],
            }
            for user in team.user_ids.sorted("id")
        ]

    @api.model
    def _care_turns(self, active, teams, members, opened, strategies):
        """Draw all turns that a batch needs: ``{team: list of numbers}``."""
        wanted = defaultdict(int)
        for row in active:
            if strategies[row["team"]] != "round_robin" or row["target"].get("user"):
                continue
            team = teams.browse(row["team"])
            found, _out = pool.eligible(
                self._care_team_members(row, team, members, opened), row["needs"], row["preferred"]
            )
            if found and row["known"] not in {member["id"] for member in found}:
                wanted[team.id] += 1
        return {
            team_id: teams.browse(team_id)._care_draw_turns(number)
            for team_id, number in wanted.items()
        }

    @api.model
    def _care_choose_person(self, row, team, members, opened, strategies, turns):
        strategy, candidates = strategies[team.id], []
        if strategy != "manual":
            candidates = self._care_team_members(row, team, members, opened)
        found, row["pool"] = pool.eligible(candidates, row["needs"], row["preferred"])
        named = row["target"].get("user")
        if named:
            alone = dict(members[named])
            alone["hours"] = opened[team.id] if alone["hours"] is None else alone["hours"]
            alone["role"] = alone["role"] and row["company"] in alone["companies"]
            why = pool.excluded(alone, row["needs"], row["preferred"])
            if not why:
                self._care_take(row, members, named, {"why": "named"})
                return
            if strategy == "manual":
                row["pool"] = [[named, why]]
        if found:
            turn = None
            if strategy == "round_robin" and row["known"] not in {one["id"] for one in found}:
                # A member who reached the capacity within the batch can leave a turn short.
                drawn = turns.get(team.id) or team._care_draw_turns(1)
                turn = drawn.pop(0)
            member, why = pool.pick(found, strategy, row["known"], turn)
            how = {"why": why, "of": len(found), "load": member["load"]}
            self._care_take(row, members, member["id"], how)
        else:
            row["how"] = {"why": "nobody" if opened[team.id] else "closed"}

    @api.model
    def _care_take(self, row, members, user_id, how):
        """Note the choice, and what it adds to the work of the person for the rest of the batch."""
        member = members[user_id]
        row["user"], row["how"] = user_id, how
        member["load"] += pool.weight(row["priority"])
        # Later than every decision on record, and later than those of this batch before it.
        latest = max(other["last"] for other in members.values())
        member["last"] = max(latest, LATER) + 1

    @api.model
    def _care_members(self, users):
        """``{user id: what the filters need to know of a member}``; ``hours`` None: the team's."""
        users = users.with_context(active_test=False)
        staff = (
            self.env["res.users"]
            .sudo()
            .search(
                [
                    ("id", "in", users.ids),
                    (
                        "all_group_ids",
                        "in",
                        self.env.ref("patient_care_coordination.group_care_staff").ids,
                    ),
                ]
            )
        )
        languages = self._care_spoken(users)
        leaves, hours = self._care_absent(users), self._care_own_hours(users)
        load, last = self._care_load(users), self._care_last_choice(users)
        return {
            user.id: {
                "id": user.id,
                "active": user.active,
                "role": user in staff,
                "companies": set(user.company_ids.ids),
                "leave": user.id in leaves,
                "hours": hours.get(user.id),
                "away": user.is_out_of_office,
                "skills": set(user.care_skill_ids.ids),
                "languages": languages[user.id],
                "load": load.get(user.id, 0),
                "capacity": user.care_capacity,
                "last": last.get(user.id, 0),
            }
            for user in users
        }

    @api.model
    def _care_spoken(self, users):
        """``{user id: ids of languages}``: those listed, and that of the own interface."""
        codes = {lang.code: lang.id for lang in self.env["res.lang"].sudo().search([])}
        return {
            user.id: set(user.care_lang_ids.ids)
            | ({codes[user.lang]} if user.lang in codes else set())
            for user in users
        }

    @api.model
    def _care_absent(self, users=None):
        """``{user id: end of the absence}`` of those of ``users``, or of all, who are on leave.

        The end of an absence is part of it. Read as all: a calendar tells, nobody is told why.
        """
        now = fields.Datetime.now()
        whose = ("resource_id.user_id", "!=", False)
        if users is not None:
            whose = ("resource_id.user_id", "in", users.ids)
        leaves = (
            self.env["resource.calendar.leaves"]
            .sudo()
            .search(
                [
                    whose,
                    ("date_from", "<=", now),
                    ("date_to", ">=", now),
                    ("time_type", "=", "leave"),
                ]
            )
        )
        absent = {}
        for leave in leaves:
            user = leave.resource_id.user_id.id
            absent[user] = max(leave.date_to, absent.get(user, leave.date_to))
        return absent

    @api.model
    def _care_own_hours(self, users):
        """``{user id: within own working hours now}`` of those who have working hours."""
        resources = (
            self.env["resource.resource"]
            .sudo()
            .search([("user_id", "in", users.ids), ("calendar_id", "!=", False)], order="id desc")
        )
        start = pytz.utc.localize(fields.Datetime.now())
        stop, hours = start + timedelta(minutes=1), {}
        for calendar, mine in resources.grouped("calendar_id").items():
            worked = calendar._work_intervals_batch(start, stop, resources=mine)
            for resource in mine:
                hours[resource.user_id.id] = bool(worked[resource.id])
        return hours

    @api.model
    def _care_load(self, users):
        """``{user id: load}``: open work that waits for us, over all teams, by priority."""
        load = defaultdict(int)
        for user, priority, count in self.sudo()._read_group(
            [
                ("user_id", "in", users.ids),
                ("closed_date", "=", False),
                ("care_waiting", "=", "us"),
            ],
            ["user_id", "priority"],
            ["__count"],
        ):
            load[user.id] += pool.weight(priority) * count
        return load

    @api.model
    def _care_last_choice(self, users):
        """``{user id: number of the last decision that chose them}``, growing with time."""
        if not users:
            return {}
        self.env["care.decision"].flush_model()
        query = SQL(
            """
            SELECT person.id, last.id
              FROM unnest(%(users)s) AS person(id)
        CROSS JOIN LATERAL (
                   SELECT decision.id
                     FROM care_decision decision
                    WHERE decision.user_id = person.id AND decision.source != 'human'
                 ORDER BY decision.id DESC
                    LIMIT 1) last
            """,
            users=users.ids,
        )
        return dict(self.env.execute_query(query))

    @api.model
    def _care_known_people(self, requests):
        """``{(patient, company): user id}``: who had the patient's latest inquiry in 30 days."""
        patients = {row["patient"] for row in requests if row["patient"]}
        if not patients:
            return {}
        self.flush_model(["care_patient_id", "user_id", "care_received_date", "company_id"])
        query = SQL(
            """
            SELECT DISTINCT ON (care_patient_id, company_id) care_patient_id, company_id, user_id
              FROM helpdesk_ticket
             WHERE care_patient_id IN %(patients)s
               AND user_id IS NOT NULL
               AND care_is_inquiry
               AND care_received_date >= %(since)s
          ORDER BY care_patient_id, company_id, care_received_date DESC, id DESC
            """,
            patients=tuple(patients),
            since=fields.Datetime.now() - timedelta(days=CONTINUITY_DAYS),
        )
        return {(row[0], row[1]): row[2] for row in self.env.execute_query(query)}

    @api.model
    def _care_alert_nobody(self, tickets):
        """Tell the lead that a team has nobody for its inquiries: one open alert a team."""
        alerted = self.env.ref("patient_care_coordination.activity_nobody")
        open_alerts = (
            self.env["mail.activity"]
            .sudo()
            .search(
                [
                    ("activity_type_id", "=", alerted.id),
                    ("res_model", "=", "helpdesk.ticket"),
                ]
            )
        )
        waiting = self.sudo().browse(open_alerts.mapped("res_id")).exists().team_id
        for team, mine in tickets.sudo().grouped("team_id").items():
            if team in waiting:
                continue
            mine[0].activity_schedule(
                "patient_care_coordination.activity_nobody",
                note=self.env._(
                    "%(count)s inquiries of %(team)s wait: nobody who may take them is available.",
                    count=len(mine),
                    team=team.name,
                ),
                user_id=mine[0]._care_lead().id,
            )

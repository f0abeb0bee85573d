from odoo import SUPERUSER_ID, api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import format_datetime

from ..common.from_page import from_page
from ..common.guard import OURS, as_server
from .care_red_flag import target_text

OPEN = ("suggested", "raised", "taken")
ACTIVITY = "patient_care_coordination.activity_red_flag"


class CareFlagAlarm(models.Model):
    """One red flag of one inquiry: who was told, who took it, and how long that took.

    Rows change through their actions alone, also for the system: nothing automatic clears a flag.
    """

    _name = "care.flag.alarm"
    _description = "Red Flag of an Inquiry"
    _order = "id desc"

    ticket_id = fields.Many2one(
        "helpdesk.ticket", string="Inquiry", required=True, index=True, ondelete="restrict"
    )
    company_id = fields.Many2one(related="ticket_id.company_id", store=True, index=True)
    flag_id = fields.Many2one("care.red.flag", required=True, index=True, ondelete="restrict")
    state = fields.Selection(
        [
            ("suggested", "Suggested"),
            ("raised", "Raised"),
            ("taken", "Taken"),
            ("done", "Done"),
            ("dismissed", "Not a flag"),
        ],
        required=True,
    )
    source = fields.Selection(
        [("person", "A person"), ("rule", "A routing rule"), ("hint", "Words of the text")],
        required=True,
    )
    words = fields.Char("Words found", help="The hints that were found in the text.")
    note = fields.Text("What was said", help="What the person who raised it wrote.")
    raised_date = fields.Datetime("Raised on")
    raised_by_id = fields.Many2one("res.users", string="Raised by")
    target_minutes = fields.Integer("Target (minutes)", help="As it was when it was raised.")
    target_text = fields.Char("Target", compute="_compute_target_text")
    alerted = fields.Char("Who was told")
    escalated_date = fields.Datetime("Escalated on")
    owner_id = fields.Many2one("res.users", index="btree_not_null")
    taken_date = fields.Datetime("Taken on")
    minutes_to_human = fields.Integer(
        "Minutes to a person", aggregator="avg", help="From raising it until a person took it."
    )
    late = fields.Boolean(
        "Over target", help="A person took it later than the target, or was escalated to."
    )
    minutes_open = fields.Integer("Minutes since raised", compute="_compute_minutes_open")
    sentence = fields.Char(compute="_compute_sentence")
    instruction = fields.Text(related="flag_id.instruction")
    done_date = fields.Datetime("Done on")
    done_by_id = fields.Many2one("res.users", string="Done by")
    done_note = fields.Text("What was done")
    dismissed_date = fields.Datetime("Dismissed on")
    dismissed_by_id = fields.Many2one("res.users", string="Dismissed by")
    dismissed_reason = fields.Text("Why it is not a red flag")

    _open_uniq = models.UniqueIndex(
        "(ticket_id, flag_id) WHERE state IN ('suggested', 'raised', 'taken')",
        "This red flag is open on this inquiry already.",
    )
    _untaken_idx = models.Index("(raised_date) WHERE state = 'raised' AND escalated_date IS NULL")
    _open_idx = models.Index("(ticket_id) WHERE state IN ('suggested', 'raised', 'taken')")

    @api.depends("ticket_id.number", "flag_id.name")
    def _compute_display_name(self):
        for alarm in self:
            alarm.display_name = f"{alarm.ticket_id.sudo().number}: {alarm.flag_id.name}"

    @api.depends("target_minutes")
    @api.depends_context("lang")
    def _compute_target_text(self):
        for alarm in self:
            alarm.target_text = target_text(alarm.env, alarm.target_minutes)

    @api.depends("raised_date", "taken_date")
    def _compute_minutes_open(self):
        now = fields.Datetime.now()
        for alarm in self:
            alarm.minutes_open = alarm._care_minutes(alarm.taken_date or now)

    @api.depends("state", "flag_id", "owner_id", "raised_date")
    @api.depends_context("lang", "tz")
    def _compute_sentence(self):
        for alarm in self:
            alarm.sentence = alarm._care_sentence()

    def _care_sentence(self):
        """Where this alarm stands, in words for the banner, the list and the closing gate."""
        flag = self.flag_id.name
        if self.state == "suggested":
            return self.env._("%s: suggested, nobody has looked", flag)
        if self.state == "raised":
            return self.env._(
                "%(flag)s: raised %(when)s, nobody has taken it",
                flag=flag,
                when=format_datetime(self.env, self.raised_date, dt_format="short"),
            )
        if self.state == "taken":
            return self.env._(
                "%(flag)s: taken by %(owner)s, not done yet",
                flag=flag,
                owner=self.owner_id.sudo().name,
            )
        if self.state == "done":
            return self.env._("%s: done", flag)
        return self.env._("%s: looked at, not a flag", flag)

    def _care_minutes(self, moment):
        """Whole minutes from raising to ``moment``."""
        self.ensure_one()
        if not self.raised_date:
            return 0
        return int((moment - self.raised_date).total_seconds() // 60)

    # ------------------------------------------------------------------
    # Sealed
    # ------------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        self._care_check_ours()
        return super().create(vals_list)

    def write(self, vals):
        self._care_check_ours()
        return super().write(vals)

    def unlink(self):
        self._care_check_never_deleted()
        return super().unlink()

    def _care_check_never_deleted(self):
        if self:
            raise UserError(
                self.env._("Red flags are never deleted: say that it is not a flag, and why.")
            )

    @api.model
    def _care_check_ours(self):
        if self.env.context.get("care_alarm") is not OURS:
            raise AccessError(
                self.env._("A red flag is raised, taken, done and dismissed by its buttons only.")
            )

    def _care_sealed(self):
        """These alarms in the one environment that may write them."""
        return self.sudo().with_context(care_alarm=OURS)

    def _care_check_person(self):
        """Only somebody who works on the inquiry takes, ends or dismisses a flag, or who reads it
        and belongs to a group that the flag alerts; no robot does.
        """
        if self.env.uid == SUPERUSER_ID or self.env.user.share:
            raise AccessError(self.env._("Nothing automatic clears a red flag: a person does."))
        groups = self.env.user.all_group_ids
        alerted = self.filtered(lambda alarm: alarm.sudo().flag_id.alert_group_ids & groups)
        alerted.ticket_id.check_access("read")
        (self - alerted).ticket_id.check_access("write")

    # ------------------------------------------------------------------
    # Actions
    # ------------------------------------------------------------------

    @from_page()
    def action_take(self):
        """Make the user the owner of raised flags, and note how long that took."""
        self._care_check_person()
        now = fields.Datetime.now()
        for alarm in self:
            if alarm.state == "taken" and alarm.owner_id == self.env.user:
                continue
            alarm._care_check_state("raised", self.env._("take it over on the inquiry"))
            minutes = alarm._care_minutes(now)
            alarm._care_sealed().write(
                {
                    "state": "taken",
                    "owner_id": self.env.uid,
                    "taken_date": now,
                    "minutes_to_human": minutes,
                    "late": minutes > max(alarm.target_minutes, 1),
                }
            )
            alarm._care_hand_activities_to_owner()
        return True

    @from_page()
    def action_take_over(self):
        """Become the owner of a flag that somebody else has taken; its times stay."""
        self._care_check_person()
        for alarm in self:
            alarm._care_check_state("taken", self.env._("raise or take it first"))
            if alarm.owner_id == self.env.user:
                continue
            alarm._care_say(
                self.env._(
                    "%(user)s took over the red flag %(flag)s from %(owner)s.",
                    user=self.env.user.name,
                    flag=alarm.flag_id.name,
                    owner=alarm.owner_id.sudo().name,
                )
            )
            alarm._care_sealed().write({"owner_id": self.env.uid})
            alarm._care_hand_activities_to_owner()
        return True

    @from_page()
    def action_raise(self):
        """Confirm what was suggested: raise it now."""
        self._care_check_person()
        for alarm in self:
            alarm._care_check_state("suggested", self.env._("it has been looked at already"))
        self._care_raise_suggested()
        return True

    def _care_raise_suggested(self, note=False):
        values = self._care_raised_values() | ({"note": note} if note else {})
        self._care_activities().unlink()
        for flag, alarms in self.grouped("flag_id").items():
            alarms._care_sealed().write(values | {"target_minutes": flag.target_minutes})
        self._care_alert()

    @from_page(one=True)
    def action_open_done(self):
        """Open the small form that says what was done."""
        return self._care_open_ending("done")

    @from_page(one=True)
    def action_open_dismiss(self):
        """Open the small form that says why it is none."""
        return self._care_open_ending("dismiss")

    def _care_open_ending(self, mode):
        self.ensure_one()
        action = self.env["ir.actions.actions"]._for_xml_id(
            "patient_care_coordination.action_flag_ending"
        )
        return action | {"context": {"default_alarm_id": self.id, "default_mode": mode}}

    def _care_finish(self, note):
        """End a taken flag with what was done; raises UserError without words or an owner."""
        self._care_check_person()
        if not (note or "").strip():
            raise UserError(self.env._("Say what was done about the red flag: it is kept."))
        for alarm in self:
            alarm._care_check_state("taken", self.env._("take it first, so that it has an owner"))
        self._care_sealed().write(
            {
                "state": "done",
                "done_date": fields.Datetime.now(),
                "done_by_id": self.env.uid,
                "done_note": note.strip(),
            }
        )
        self._care_activities().unlink()
        for alarm in self:
            alarm._care_say(self.env._("Red flag done: %s", alarm.flag_id.name))

    def _care_dismiss(self, reason):
        """Say that a flag, suggested or raised, is none; a person and a reason are needed."""
        self._care_check_person()
        if not (reason or "").strip():
            raise UserError(self.env._("Say why it is not a red flag: the reason is kept."))
        for alarm in self:
            if alarm.state not in OPEN:
                alarm._care_check_state("suggested", self.env._("it is closed"))
        self._care_sealed().write(
            {
                "state": "dismissed",
                "dismissed_date": fields.Datetime.now(),
                "dismissed_by_id": self.env.uid,
                "dismissed_reason": reason.strip(),
            }
        )
        self._care_activities().unlink()
        for alarm in self:
            alarm._care_say(self.env._("Looked at, not a red flag: %s", alarm.flag_id.name))

    def _care_check_state(self, wanted, hint):
        if self.state != wanted:
            raise UserError(
                self.env._(
                    "Red flag %(sentence)s: %(hint)s.", sentence=self._care_sentence(), hint=hint
                )
            )

    # ------------------------------------------------------------------
    # Raising
    # ------------------------------------------------------------------

    @api.model
    def _care_raised_values(self):
        return {
            "state": "raised",
            "raised_date": fields.Datetime.now(),
            "raised_by_id": self.env.uid,
        }

    @api.model
    def _care_open_rows(self, rows, raised):
        """Make alarms of ``rows`` (dicts with ticket_id, flag_id, source) and alert if raised."""
        if not rows:
            return self.browse()
        start = self._care_raised_values() if raised else {"state": "suggested"}
        flags = self.env["care.red.flag"].sudo().browse({row["flag_id"] for row in rows})
        targets = {flag.id: flag.target_minutes for flag in flags}
        alarms = self._care_sealed().create(
            [start | {"target_minutes": targets[row["flag_id"]]} | row for row in rows]
        )
        # Without what seals them, so that nothing done on from here carries it.
        alarms = self.browse(alarms.ids)
        if raised:
            alarms._care_alert()
        else:
            alarms._care_tell_suggested()
        return alarms

    def _care_alert(self):
        """Tell those whom these raised flags go to, at once: the number, and when to take it."""
        alarms = self.sudo()
        alarms.ticket_id.filtered(lambda ticket: ticket.priority != "3").write({"priority": "3"})
        told = alarms._care_people()
        activities = []
        for alarm in alarms:
            users = told[alarm.id]
            self.browse(alarm.id)._care_sealed().write({"alerted": ", ".join(users.mapped("name"))})
            activities += [alarm._care_activity_values(user) for user in users]
            alarm._care_notify(
                users,
                self.env._("Red flag on inquiry %s", alarm.ticket_id.number),
                alarm._care_alarm_text(),
            )
        # The message has told them: no second mail for the activity.
        as_server(self.env["mail.activity"]).with_context(mail_activity_quick_update=True).create(
            activities
        )

    def _care_tell_suggested(self):
        """Ask those whom these flags would go to, at once, to look; it raises and clears nothing.

        One message for all that go to the same people, however many arrive together.
        """
        alarms = self.sudo()
        people, groups, activities = alarms._care_people(), {}, []
        for alarm in alarms:
            key = (people[alarm.id], alarm.company_id)
            groups.setdefault(key, []).append(alarm.id)
        for (users, _company), ids in groups.items():
            mine = alarms.browse(ids)
            mine._care_sealed().write({"alerted": ", ".join(users.mapped("name"))})
            tickets = mine.ticket_id
            activities += [alarm._care_activity_values(user) for user in users for alarm in mine]
            mine._care_notify(
                users,
                self.env._(
                    "Red flag suggested on inquiry %s: please look",
                    ", ".join(tickets.mapped("number")),
                ),
                self.env._(
                    "Words of the text suggest a red flag. Nothing was raised: open the inquiry, "
                    "and raise it or say that it is not a flag."
                ),
            )
        as_server(self.env["mail.activity"]).with_context(mail_activity_quick_update=True).create(
            activities
        )

    def _care_alarm_text(self):
        """What to do, and by when. Which flag it is and what it asks for stay on the inquiry."""
        target = (
            self.env._("within %s", self.target_text)
            if self.target_minutes
            else self.env._("immediately")
        )
        return self.env._(
            "Somebody must take it %s: open the inquiry and choose Take it.",
            target,
        )

    def _care_notify(self, users, subject, body):
        self.ticket_id.sudo()._care_alarm_people(users, subject, body)

    def _care_activity_values(self, user):
        number = self.ticket_id.number
        if not user._care_readable(self.ticket_id):
            # An administrator, who may not read the inquiry: what it is about is not for them.
            summary = self.env._(
                "Red flag on inquiry %s: no supervisor of this company can take it. Give somebody "
                "the role.",
                number,
            )
        elif self.state == "suggested":
            summary = self.env._("Suggested red flag, please look: %s", self.flag_id.name)
        else:
            summary = self.env._("Red flag: %s", self.flag_id.name)
        return {
            "activity_type_id": self.env["ir.model.data"]._xmlid_to_res_id(ACTIVITY),
            "res_model_id": self.env["ir.model"]._get_id("helpdesk.ticket"),
            "res_id": self.ticket_id.id,
            "user_id": user.id,
            "care_alarm_id": self.id,
            "summary": summary,
            "date_deadline": fields.Date.context_today(self),
        }

    def _care_people(self):
        """``{alarm id: users}``: whom each flag goes to, of those who can read it; never nobody.

        In place of who cannot, the supervisors of the company are told; where there are none, an
        administrator.
        """
        people = {}
        groups = {}
        for alarm in self:
            ticket, flag = alarm.ticket_id, alarm.flag_id
            key = (flag, ticket.company_id, ticket.team_id, ticket.care_department_id)
            groups.setdefault(key, []).append(alarm)
        for (flag, company, team, department), alarms in groups.items():
            users = flag.alert_user_ids | flag.alert_group_ids.all_user_ids
            if flag.alert_supervisor:
                users |= department._care_supervisor()
            if flag.alert_lead:
                users |= team.user_id
            users = users.filtered(
                lambda user, company=company: (
                    user.active and not user.share and company in user.company_ids
                )
            )
            tickets = self.browse([alarm.id for alarm in alarms]).ticket_id
            readable = {user: set(user._care_readable(tickets).ids) for user in users}
            for alarm in alarms:
                ticket = alarm.ticket_id
                readers = users.filtered(
                    lambda user, seen=readable, ticket=ticket: ticket.id in seen[user]
                )
                if readers != users:
                    readers |= ticket._care_supervisors()
                people[alarm.id] = readers or ticket._care_lead()
        return people

    def _care_activities(self):
        """The open reminders of these alarms."""
        return self.env["mail.activity"].sudo().search([("care_alarm_id", "in", self.ids)])

    def _care_hand_activities_to_owner(self):
        """Once somebody has taken it, the others are relieved and the owner is reminded."""
        self.ensure_one()
        alarm = self.sudo()
        self._care_activities().unlink()
        as_server(self.env["mail.activity"]).with_context(mail_activity_quick_update=True).create(
            [alarm._care_activity_values(alarm.owner_id)]
        )
        self._care_say(self.env._("Red flag taken: %s", alarm.flag_id.name))

    def _care_say(self, text):
        """A note on the inquiry; the words of people stay on the alarm."""
        self.ticket_id.sudo().message_post(
            body=text,
            author_id=self.env.user.partner_id.id,
            subtype_xmlid="mail.mt_note",
        )

    # ------------------------------------------------------------------
    # Escalation
    # ------------------------------------------------------------------

    @api.model
    def _care_overdue_domain(self):
        """Raised, past their target, not escalated yet; the target lies in the row itself."""
        return [("state", "=", "raised"), ("escalated_date", "=", False)]

    def _care_is_overdue(self, now):
        return self.state == "raised" and self._care_minutes(now) > max(self.target_minutes, 1)

    @api.model
    def _cron_care_escalate(self, batch_size=100):
        """Tell the supervisors of flags that nobody took within their target: each once."""
        now = fields.Datetime.now()
        cron = self.env["ir.cron"]
        waiting = self.sudo().search(self._care_overdue_domain(), order="raised_date, id")
        waiting = waiting.filtered(lambda alarm: alarm._care_is_overdue(now))
        cron._commit_progress(remaining=len(waiting))
        for candidate in waiting[:batch_size]:
            alarm = candidate.try_lock_for_update().filtered_domain(self._care_overdue_domain())
            if alarm and alarm._care_is_overdue(now):
                alarm._care_escalate(now)
            if not cron._commit_progress(1):
                break

    def _care_escalate(self, now):
        self._care_sealed().write({"escalated_date": now, "late": True})
        ticket = self.ticket_id
        users = ticket.care_department_id._care_supervisor() | ticket._care_supervisors()
        users = users.filtered(lambda user: user._care_readable(ticket)) or ticket._care_lead()
        known = self._care_activities().user_id
        self.env["mail.activity"].with_context(mail_activity_quick_update=True).create(
            [self._care_activity_values(user) for user in users - known]
        )
        self._care_notify(
            users,
            self.env._("Nobody has taken a red flag on inquiry %s", ticket.number),
            self.env._(
                "It was raised %(minutes)s minutes ago; the target is %(target)s. "
                "Take it, or see that somebody does.",
                minutes=self._care_minutes(now),
                target=self.target_minutes or self.env._("immediately"),
            ),
        )

import contextlib
import logging
from copy import deepcopy

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..common.guard import OURS, as_server, without_client_defaults

_logger = logging.getLogger(__name__)


class HelpdeskTicket(models.Model):
    """The one door: how values become an inquiry without losing any."""

    _inherit = "helpdesk.ticket"

    @api.model
    def default_get(self, fields):
        defaults = super().default_get(fields)
        context = self.env.context
        if context.get("default_care_nature_id") or context.get("default_care_patient_id"):
            if not context.get("default_user_id"):
                # Nobody is given an inquiry because of having opened the form.
                defaults.pop("user_id", None)
            for name, value in self._care_form_defaults().items():
                if name in fields and not defaults.get(name):
                    defaults[name] = value
        return defaults

    @api.model
    def _care_form_defaults(self):
        """What the form of a new inquiry starts with."""
        question = self.env["care.nature"].search([("code", "=", "question")], limit=1)
        return {
            "care_is_inquiry": True,
            "care_nature_id": question.id,
            "care_received_date": fields.Datetime.now(),
        }

    @api.model
    def _care_select_inquiries(self, vals_list):
        """Positions in ``vals_list`` of what becomes an inquiry (decided once, at creation)."""
        team_ids = {vals["team_id"] for vals in vals_list if vals.get("team_id")}
        teams = self.env["helpdesk.ticket.team"].sudo().browse(team_ids)
        desks = {team.id for team in teams if team.care_desk}
        return [
            index
            for index, vals in enumerate(vals_list)
            if vals.get("care_nature_id")
            or vals.get("care_patient_id")
            or vals.get("team_id") in desks
        ]

    @api.model_create_multi
    def create(self, vals_list):
        vals_list = [self._care_incoming(vals) for vals in vals_list]
        positions = self._care_select_inquiries(vals_list)
        if not positions:
            return super().create(vals_list)
        inquiry_vals = [vals_list[index] for index in positions]
        defaults = self._care_client_defaults()
        self._care_check_incoming(inquiry_vals)
        self._care_check_sent_new(inquiry_vals, defaults)
        sent = [set(vals) for vals in inquiry_vals]
        lines = [self._care_take_lines(vals) for vals in inquiry_vals]
        for vals in inquiry_vals:
            vals["care_is_inquiry"] = True
        closing = self._care_take_closing(inquiry_vals)
        self._care_prepare_together(inquiry_vals)
        context_by_ticket = [self._care_take_notes(vals) for vals in inquiry_vals]
        for vals in inquiry_vals:
            vals.update({name: vals.get(name, value) for name, value in defaults.items()})
        creator = self._care_creator()
        creator._care_number(inquiry_vals)
        inquiries = super(HelpdeskTicket, creator).create(inquiry_vals)
        inquiries = without_client_defaults(self).browse(inquiries.ids)
        for inquiry, names, commands in zip(inquiries, sent, lines, strict=True):
            inquiry._care_check_companies({*names, *defaults})
            inquiry._care_add_lines(commands)
        inquiries._care_created_together(context_by_ticket)
        inquiries.browse([inquiries[index].id for index in closing])._care_check_born_closed()
        created = dict(zip(positions, inquiries.ids, strict=True))
        others = [index for index in range(len(vals_list)) if index not in created]
        if others:
            plain = super().create([vals_list[index] for index in others])
            created |= dict(zip(others, plain.ids, strict=True))
        return self.browse([created[index] for index in range(len(vals_list))])

    @api.model
    def _care_incoming(self, vals):
        """A copy of what was handed in, with what decides on an inquiry and without forgeries."""
        kept = {
            name: value
            for name, value in vals.items()
            if name != "care_is_inquiry" and not name.startswith("care:")
        }
        for name in ("care_nature_id", "care_patient_id", "team_id"):
            default = self.env.context.get(f"default_{name}")
            if default and name not in kept:
                kept[name] = default
        if not kept.get("care_category_ids"):
            # The form sends an empty list where nobody chose, which the rules may fill.
            kept.pop("care_category_ids", None)
        return kept | {"care_is_inquiry": False}

    @api.model
    def _care_nobody_waits(self):
        """Whether nobody is there to correct what was handed in: a mail, a page of the portal.

        Then nothing is refused: what cannot be is left out, and the inquiry arrives.
        """
        return self.env.context.get("care_team_hint") is OURS or self.env.user.share

    @api.model
    def _care_take_closing(self, vals_list):
        """Positions of what arrives closed, as in an import of old inquiries.

        Their gates are looked at when the inquiry exists. Who only hands in closes nothing.
        """
        default = self.env.context.get("default_stage_id")
        for vals in vals_list:
            if default:
                vals.setdefault("stage_id", default)
        stage_ids = {vals["stage_id"] for vals in vals_list if vals.get("stage_id")}
        stages = self.env["helpdesk.ticket.stage"].sudo().browse(stage_ids)
        closed = {stage.id for stage in stages if stage.closed}
        positions = []
        for index, vals in enumerate(vals_list):
            if vals.get("stage_id") not in closed:
                continue
            if self._care_nobody_waits():
                del vals["stage_id"]
                continue
            vals["closed_date"] = vals.get("closed_date") or fields.Datetime.now()
            vals["care_waiting"] = False
            positions.append(index)
        return positions

    def _care_check_born_closed(self):
        """Refuse inquiries created as closed that lack what closing asks for."""
        for ticket_id, missing in self._care_missing().items():
            if missing:
                # No number: with the refusal it is gone.
                raise UserError(
                    self.env._(
                        "%(subject)s: cannot be closed yet. Missing: %(missing)s.",
                        subject=self.sudo().browse(ticket_id).name,
                        missing=", ".join(missing),
                    )
                )

    @api.model
    def _care_creator(self):
        """The environment that creates inquiries.

        Who does not read every inquiry may still hand one in, and cannot write all that our
        steps fill. What was sent is checked by then (``_care_check_sent_new``).
        """
        if self._care_knows_callers() and not self.env.su:
            return without_client_defaults(self)
        return as_server(self)

    @api.model
    def _care_check_incoming(self, vals_list):
        """Check what was handed in, and the rights on it, before our steps add to it."""
        for vals in vals_list:
            if not vals.get("care_received_date"):
                continue
            try:
                self._care_check_received(vals)
            except (UserError, ValueError):
                if not self._care_nobody_waits():
                    raise
                del vals["care_received_date"]
        if self._care_knows_callers():
            return
        self.check_access("create")
        for name in {name for vals in vals_list for name in vals if name in self._fields}:
            self._check_field_access(self._fields[name], "write")

    @api.model
    def _care_take_notes(self, vals):
        """Take out of ``vals`` what rooms left for ``_care_created`` and is no field."""
        return {key: vals.pop(key) for key in list(vals) if key.startswith("care:")}

    @api.model
    def _care_prepare_together(self, vals_list):
        """Run the steps before creation in one savepoint; where one fails, each in its own."""
        before = deepcopy(vals_list)
        try:
            with self._care_savepoint():
                self.with_context(care_together=OURS)._care_prepare(vals_list)
        except Exception:
            _logger.warning("A step of the intake failed; each runs by itself now", exc_info=True)
            for vals, kept in zip(vals_list, before, strict=True):
                vals.clear()
                vals.update(kept)
            self._care_prepare(vals_list)

    def _care_created_together(self, notes_list):
        """Run the steps after creation in one savepoint; where one fails, each in its own."""
        before = deepcopy(notes_list)
        try:
            with self._care_savepoint():
                self.with_context(care_together=OURS)._care_created(notes_list)
        except Exception:
            _logger.warning("A step of the intake failed; each runs by itself now", exc_info=True)
            self._care_created(before)

    @api.model
    def _care_prepare(self, vals_list):
        """Complete the values of new inquiries, in place; rooms extend it, calling super first.

        Only inquiries come here. A key that starts with ``care:`` is handed on to
        ``_care_created`` and never written.
        """
        self._care_guard("facts", self._care_complete_facts, vals_list)
        # Apart from the other facts: their failure must not tell the name of a caller.
        if any(vals.get("care_identity") not in (None, "named") for vals in vals_list):
            self._care_guard("identity", self._care_hide_callers, vals_list)

    def _care_created(self, notes_list):
        """Do what a new inquiry starts; ``notes_list`` has one dict of notes for each record."""
        failed = self.browse(
            [
                ticket.id
                for ticket, notes in zip(self, notes_list, strict=True)
                if "care:errors" in notes
            ]
        )
        failed._care_raise_intake_alarm()
        self._care_guard_created("red flags", self._care_flag_intake, notes_list)
        self._care_guard_created("anonymous", self._care_tell_of_anonymous, notes_list)

    def _care_guard_created(self, step, method, notes_list):
        """Run one step after creation so that its failure loses nothing.

        If it fails, the inquiries go to triage with the error on them, and the alarm is raised.
        """
        if self.env.context.get("care_together") is OURS:
            method(notes_list)
            return
        try:
            with self._care_savepoint():
                method(notes_list)
        except Exception as error:
            message = self._care_step_failed(step, error, len(self))
            for company, tickets in self.sudo().grouped("company_id").items():
                values = {"care_intake_error": message, "user_id": False}
                if company.care_triage_team_id:
                    values["team_id"] = company.care_triage_team_id.id
                tickets.with_context(care_intake=OURS).write(values)
            self._care_raise_intake_alarm()

    @contextlib.contextmanager
    def _care_savepoint(self):
        """A savepoint that leaves alone what waits for the commit.

        That of the cursor would run it at each step: tracking and mails of a half-made inquiry,
        one at a time.
        """
        transaction = self.env.transaction
        transaction.flush()
        with self.env.cr.savepoint(flush=False):
            try:
                yield
                transaction.flush()
            except Exception:
                transaction.clear()
                raise

    @api.model
    def _care_guard(self, step, method, vals_list):
        """Run one step of the intake so that its failure loses nothing.

        The step works in a savepoint. If it fails, the values are put back as they were, the
        inquiry goes to the triage team of its company, and the error is kept for the record.
        """
        if self.env.context.get("care_together") is OURS:
            method(vals_list)
            return
        before = deepcopy(vals_list)
        try:
            with self._care_savepoint():
                method(vals_list)
        except Exception as error:
            message = self._care_step_failed(step, error, len(vals_list))
            for vals, kept in zip(vals_list, before, strict=True):
                vals.clear()
                vals.update(kept)
                self._care_send_to_triage(vals, message)

    @api.model
    def _care_step_failed(self, step, error, count):
        """Log that a step of the intake failed for so many inquiries; what to keep on them."""
        _logger.error("Intake step %s failed for %s inquiries", step, count, exc_info=error)
        return f"{step}: {type(error).__name__}: {error}"

    @api.model
    def _care_send_to_triage(self, vals, message):
        """Place values whose intake failed at the triage team, with the error for the record."""
        errors = vals.setdefault("care:errors", [])
        errors.append(message)
        vals["care_intake_error"] = "\n".join(errors)
        company = (
            self.env["res.company"].sudo().browse(vals.get("company_id") or self.env.company.id)
        )
        team = company.care_triage_team_id
        if team:
            vals["team_id"], vals["user_id"] = team.id, False

    def _care_raise_intake_alarm(self):
        """Alarm the supervisors of inquiries whose intake failed, as a red flag would.

        The number alone travels, as with a red flag. What fails here leaves the inquiries where
        they are, with this problem kept on them too.
        """
        if not self:
            return
        try:
            with self._care_savepoint():
                self.sudo()._care_tell_intake_failed()
        except Exception as error:
            message = self._care_step_failed("alarm", error, len(self))
            for ticket in self.sudo():
                problems = "\n".join(filter(None, [ticket.care_intake_error, message]))
                ticket.with_context(care_intake=OURS).write({"care_intake_error": problems})

    def _care_tell_intake_failed(self):
        """One message for those who get the same inquiries, and an activity for each inquiry."""
        people = {ticket: ticket._care_lead() | ticket._care_supervisors() for ticket in self}
        todo = self.env["ir.model.data"]._xmlid_to_res_id("mail.mail_activity_data_todo")
        model_id = self.env["ir.model"]._get_id("helpdesk.ticket")
        # The message has told them: no second mail for the activity.
        self.env["mail.activity"].with_context(mail_activity_quick_update=True).create(
            [
                {
                    "activity_type_id": todo,
                    "res_model_id": model_id,
                    "res_id": ticket.id,
                    "user_id": user.id,
                    "summary": self.env._("Intake failed: check this inquiry"),
                    "note": self.env._(
                        "It was kept and sent to triage. See the intake problem on it."
                    ),
                    "date_deadline": fields.Date.context_today(self),
                }
                for ticket, users in people.items()
                for user in users
            ]
        )
        groups = {}
        for ticket, users in people.items():
            groups.setdefault((users, ticket.company_id), []).append(ticket.id)
        for (users, _company), ids in groups.items():
            tickets = self.browse(ids)
            tickets._care_alarm_people(
                users,
                self.env._("Intake failed for inquiry %s", ", ".join(tickets.mapped("number"))),
                self.env._(
                    "It was kept and sent to triage, but a step of its intake failed: open it, "
                    "read it, and check that team, deadlines and red flags are right."
                ),
            )

    def _care_lead(self):
        """Who leads: the team's leader, else a supervisor; who reads it, else an administrator."""
        self.ensure_one()
        leader = self.team_id.user_id
        return leader if leader._care_readable(self) else self._care_supervisor()

    def _care_supervisor(self):
        """A supervisor of the company of this inquiry, else an administrator."""
        return self._care_supervisors()[:1]

    def _care_supervisors(self):
        """The supervisors of the company of this inquiry, else an administrator; never nobody.

        The administrator may not read it, so is told its number alone.
        """
        self.ensure_one()
        group = self.env.ref("patient_care_coordination.group_supervisor")
        users = group.sudo().all_user_ids.filtered(
            lambda user: user.active and not user.share and self.company_id in user.company_ids
        )
        return users or users._care_administrator(self.company_id)

    # ------------------------------------------------------------------
    # Facts
    # ------------------------------------------------------------------

    @api.model
    def _care_complete_facts(self, vals_list):
        """Company, nature, received date, channel, caller, department and language."""
        now = fields.Datetime.now()
        natures = {nature.code: nature.id for nature in self.env["care.nature"].sudo().search([])}
        teams = self.env["helpdesk.ticket.team"].sudo()
        for vals in vals_list:
            if not vals.get("company_id"):
                team = teams.browse(vals.get("team_id") or [])
                vals["company_id"] = (team.company_id or self.env.company).id
            if not vals.get("care_nature_id"):
                vals["care_nature_id"] = natures.get("question")
                vals["care:nature_default"] = True
            vals["care_received_date"] = vals.get("care_received_date") or now
            if not vals.get("name"):
                vals["name"] = self.env._("No subject")
            if not vals.get("description"):
                vals["description"] = vals["name"]
        if self._care_nobody_waits():
            self._care_fit_channels(vals_list)
        self._care_complete_people(vals_list)

    @api.model
    def _care_fit_channels(self, vals_list):
        """Give what came by itself a channel of its own company.

        The robot works in every company, and may have found the channel of another one.
        """
        channels = self.env["helpdesk.ticket.channel"].sudo()
        for vals in vals_list:
            channel = channels.browse(vals.get("channel_id") or [])
            if channel.company_id and channel.company_id.id != vals["company_id"]:
                company = channel.company_id.browse(vals["company_id"])
                vals["channel_id"] = channels._care_by_code(channel.care_code, company).id

    @api.model
    def _care_complete_people(self, vals_list):
        """Fill the caller's names and the language from the records that the values name."""
        partners = (
            self.env["res.partner"]
            .sudo()
            .browse({vals["partner_id"] for vals in vals_list if vals.get("partner_id")})
        )
        patients = (
            self.env["care.patient"]
            .sudo()
            .browse({vals["care_patient_id"] for vals in vals_list if vals.get("care_patient_id")})
        )
        partners.fetch(["name", "email", "lang"])
        patients.fetch(["lang_id"])
        languages = self.env["res.lang"].sudo()
        codes = {partner.lang for partner in partners if partner.lang}
        by_code = (
            {lang.code: lang.id for lang in languages.search([("code", "in", list(codes))])}
            if codes
            else {}
        )
        for vals in vals_list:
            partner = partners.browse(vals.get("partner_id") or [])
            if partner:
                vals["partner_name"] = vals.get("partner_name") or partner.name
                vals["partner_email"] = vals.get("partner_email") or partner.email
            if not vals.get("care_lang_id"):
                patient = patients.browse(vals.get("care_patient_id") or [])
                vals["care_lang_id"] = patient.lang_id.id or by_code.get(partner.lang, False)

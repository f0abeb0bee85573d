import logging

from dateutil.relativedelta import relativedelta

from odoo import SUPERUSER_ID, api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tools import format_date

from ..common.from_page import from_page
from ..common.guard import OURS, as_server
from .care_report_template import KINDS, LEAST

_logger = logging.getLogger(__name__)
# Longer periods are made in the background.
AT_ONCE_DAYS = 31
# So often the making of a report may end with the server, which it may be the reason for.
MOST_ATTEMPTS = 3


class CareReportRun(models.Model):
    """One made report: its file, its parameters, the version of its template, its maker.

    It counts what its maker may read, and its files are never made again. Written by the methods
    here alone.
    """

    _name = "care.report.run"
    _description = "Report"
    _inherit = ["mail.thread"]
    _order = "id desc"

    name = fields.Char(required=True, readonly=True)
    template_id = fields.Many2one(
        "care.report.template", required=True, readonly=True, index=True, ondelete="restrict"
    )
    template_version = fields.Integer("Version", readonly=True)
    kind = fields.Selection(KINDS, required=True, readonly=True)
    company_id = fields.Many2one("res.company", required=True, readonly=True, index=True)
    user_id = fields.Many2one(
        "res.users",
        string="For",
        required=True,
        readonly=True,
        index=True,
        ondelete="restrict",
        help="It counts what this person may read.",
    )
    start = fields.Date("From", required=True, readonly=True)
    end = fields.Date("Before", required=True, readonly=True, help="The day after its last day.")
    last_day = fields.Date("To", compute="_compute_last_day")
    definition = fields.Json(readonly=True, help="The template as it was, in the maker's language.")
    parameters = fields.Text(
        "Only", compute="_compute_parameters", help="What it is narrowed to; empty: all."
    )
    figures = fields.Json(readonly=True, help="The key figures as printed.")
    scheduled = fields.Boolean(readonly=True)
    state = fields.Selection(
        [
            ("queued", "Waiting"),
            ("running", "Being made"),
            ("ready", "Ready"),
            ("failed", "Not made"),
        ],
        required=True,
        default="queued",
        readonly=True,
        index=True,
    )
    progress = fields.Integer("Done (%)", readonly=True)
    attempts = fields.Integer(readonly=True, help="How often the making was begun.")
    error = fields.Text("Why not", readonly=True)
    cases = fields.Json(
        "Cases in the way",
        readonly=True,
        help="Those that the error names, and others like them.",
    )
    made_date = fields.Datetime("Made on", readonly=True)
    pdf_id = fields.Many2one("ir.attachment", string="PDF", readonly=True, ondelete="restrict")
    xlsx_id = fields.Many2one(
        "ir.attachment", string="Spreadsheet", readonly=True, ondelete="restrict"
    )
    pdf = fields.Binary(related="pdf_id.datas", string="Pages")

    _waiting_idx = models.Index("(id) WHERE state IN ('queued', 'running')")
    _scheduled_once = models.UniqueIndex(
        '(template_id, user_id, start, "end") WHERE scheduled',
        "This report was made for this person and period already.",
    )

    @api.depends("end")
    def _compute_last_day(self):
        for run in self:
            run.last_day = run.end and run.end - relativedelta(days=1)

    @api.depends("name", "start", "end")
    @api.depends_context("lang")
    def _compute_display_name(self):
        for run in self:
            run.display_name = f"{run.name}, {run._care_period_text()}" if run.end else run.name

    @api.depends("definition")
    @api.depends_context("lang")
    def _compute_parameters(self):
        for run in self:
            lines = run.sudo()._care_filter_lines() if run.definition else []
            run.parameters = "\n".join(lines) or False

    def _care_period_text(self):
        """The period in words: a month, a year, or its first and last day."""
        self.ensure_one()
        start, last = self.start, self.end - relativedelta(days=1)
        if start.day == 1 and self.end == start + relativedelta(months=1):
            return format_date(self.env, start, date_format="MMMM yyyy")
        if (start.month, start.day) == (1, 1) and self.end == start + relativedelta(years=1):
            return str(start.year)
        return self.env._(
            "%(start)s to %(end)s",
            start=format_date(self.env, start),
            end=format_date(self.env, last),
        )

    # ------------------------------------------------------------------
    # Kept as made
    # ------------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        self._care_check_ours()
        return super().create(vals_list)

    def write(self, vals):
        if not all(name.startswith("message_") for name in vals):
            self._care_check_ours()
        return super().write(vals)

    def copy_data(self, default=None):
        raise UserError(self.env._("A report is not copied: prepare it again."))

    def unlink(self):
        self._care_refuse_deletion()
        return super().unlink()

    def _care_refuse_deletion(self):
        raise UserError(self.env._("Reports that were made are kept."))

    def _care_check_ours(self):
        if self.env.context.get("care_report") is not OURS:
            raise AccessError(self.env._("Reports are made from their templates, never by hand."))

    # ------------------------------------------------------------------
    # Making
    # ------------------------------------------------------------------

    @api.model
    def _care_start(self, template, user, start, end, chosen=None):
        """A run for this user: made at once if it is short, else in the background.

        :param end: the day after the last one
        :param chosen: ``department_ids`` and ``user_ids`` to count instead of the template's
        """
        problems = template._care_check()
        if problems:
            raise ValidationError(
                self.env._(
                    "The report %(name)s cannot be prepared:\n%(problems)s",
                    name=template.name,
                    problems="\n".join(template._care_problem_lines(problems)),
                )
            )
        run = self._care_queue(template, user, start, end, chosen=chosen)
        if (end - start).days <= AT_ONCE_DAYS:
            run._care_make()
        else:
            self.env.ref("patient_care_coordination.cron_report_runs").sudo()._trigger()
        return run.with_env(self.env)

    @api.model
    def _care_queue(self, template, user, start, end, scheduled=False, chosen=None):
        """A waiting run that keeps the template as it is now."""
        start, end = fields.Date.to_date(start), fields.Date.to_date(end)
        if not start < end:
            raise UserError(
                self.env._("The period of the report is empty: its last day is before its first.")
            )
        if start > template._care_today():
            raise UserError(
                self.env._(
                    "The period begins on %s, in the future: there is nothing to report yet.",
                    format_date(self.env, start),
                )
            )
        template = template.sudo().with_context(lang=user.lang)
        definition = template._care_definition()
        if chosen and any(set(definition[name]) != set(ids) for name, ids in chosen.items()):
            definition |= {**chosen, "chosen": chosen}
        return (
            self.sudo()
            .with_context(care_report=OURS, lang=user.lang)
            .create(
                [
                    {
                        "name": template.name,
                        "template_id": template.id,
                        "template_version": template.version,
                        "kind": template.kind,
                        "company_id": template.company_id.id,
                        "user_id": user.id,
                        "start": start,
                        "end": end,
                        "definition": definition,
                        "scheduled": scheduled,
                    }
                ]
            )
        )

    def _care_narrowed(self):
        """What it counts of all there is, to be compared with another run."""
        self.ensure_one()
        names = ("department_ids", "nature_ids", "user_ids")
        return [sorted(self.definition[name]) for name in names] + [self.definition["filter"]]

    def _care_scope(self):
        """What is counted, for the catalogue and the key figures."""
        self.ensure_one()
        template = self.env["care.report.template"]
        return {
            "start": self.start,
            "end": self.end,
            "company_ids": self.company_id.ids,
            "department_ids": self.definition["department_ids"],
            "nature_ids": self.definition["nature_ids"],
            "user_ids": self.definition["user_ids"],
            "domain": list(template._care_read_filter(self.definition["filter"])),
            "names": self.kind != "board",
            "least": self.definition["least"],
        }

    def _care_as_reader(self):
        """This run in the environment of the person it is for, and of the hospital's days."""
        self.ensure_one()
        run = self.sudo()
        user, company = run.user_id, run.company_id
        if not user.active or company not in user.company_ids:
            raise UserError(
                self.env._(
                    "%(person)s does not work for %(company)s any more.",
                    person=user.name,
                    company=company.name,
                )
            )
        return user._care_as(self).with_context(
            allowed_company_ids=company.ids,
            lang=user.lang,
            tz=company._care_zone(),
        )

    def _care_build(self, progress=None):
        """The sections as plain data, see ``care.report.catalogue``."""
        reader = self._care_as_reader()
        return reader.env["care.report.catalogue"]._care_build(
            self.definition, self._care_scope(), progress
        )

    def _care_make(self, progress=None):
        """Make the files of this run, or keep why it could not be made.

        :param progress: called with the share done, in percent
        """
        self.ensure_one()
        run = self.sudo().with_context(care_report=OURS)
        parts = len(run.definition["sections"]) + 2

        def tell(done):
            if progress:
                progress(100 * done // parts)

        try:
            sections = run._care_build(tell)
            with self.env.cr.savepoint():
                values = {
                    "state": "ready",
                    "progress": 100,
                    "error": False,
                    "made_date": fields.Datetime.now(),
                    "figures": run._care_plain_figures(sections),
                }
                run.write(values | run._care_files(sections))
        except (UserError, AccessError) as error:
            cases = getattr(error.__cause__, "cases", False)
            run.write({"state": "failed", "error": str(error), "cases": cases})
        except Exception:
            # What such an error says may hold what is counted; it stays in the log.
            _logger.exception("Report %s could not be made", run.id)
            error = self.env._(
                "It failed for a reason that nobody foresaw: an administrator finds it in the "
                "server's log, as report %s.",
                run.id,
            )
            run.write({"state": "failed", "error": error})

    @api.model
    def _care_plain_figures(self, sections):
        """The key figures that were printed, to compare this run with another."""
        names = ("code", "name", "unit", "numerator", "denominator", "value", "open")
        return [
            {name: figure.get(name) for name in names} | {"hidden": sorted(figure["hidden"])}
            for section in sections
            for figure in section["figures"]
        ]

    def _care_files(self, sections):
        """Make the files and return them as values of this run."""
        self.ensure_one()
        reader = self._care_as_reader().sudo()
        base = self._care_file_name()
        wanted = [("pdf_id", "pdf", "application/pdf", reader._care_pdf)] * self.definition["pdf"]
        wanted += [
            (
                "xlsx_id",
                "xlsx",
                "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
                reader._care_xlsx,
            )
        ] * self.definition["xlsx"]
        values = {}
        for name, ending, mimetype, render in wanted:
            attachment = as_server(self.env["ir.attachment"]).create(
                [
                    {
                        "name": f"{base}.{ending}",
                        "raw": render(sections),
                        "mimetype": mimetype,
                        "res_model": self._name,
                        "res_id": self.id,
                    }
                ]
            )
            values[name] = attachment.id
        return values

    def _care_file_name(self):
        words = f"{self.name} {self.start} {self.end - relativedelta(days=1)}"
        return words.replace("/", "-").replace("\\", "-")

    @api.model
    def _cron_care_make(self):
        """Make what waits, one report at a time; what a stopped server left is made again."""
        cron = self.env["ir.cron"]
        runs = self.search([("state", "in", ("queued", "running"))], order="id")
        cron._commit_progress(remaining=len(runs))
        for candidate in runs:
            run = candidate.try_lock_for_update()
            run.invalidate_recordset(["state"])
            if not run or run.state not in ("queued", "running"):
                continue
            run = run.with_context(care_report=OURS)
            if run.attempts >= MOST_ATTEMPTS:
                run._care_give_up()
                if not cron._commit_progress(1):
                    break
                continue
            run.write({"state": "running", "progress": 0, "attempts": run.attempts + 1})
            cron._commit_progress()

            def tell(share, run=run):
                run.write({"progress": share})
                cron._commit_progress()

            run._care_make(tell)
            run._care_tell()
            if not cron._commit_progress(1):
                break

    def _care_give_up(self):
        """Say that this run failed, after the server stopped each time while it was made."""
        self.ensure_one()
        run = self.with_context(lang=self.user_id.lang)
        reason = run.env._(
            "The server stopped %s times while it was made. Choose a shorter period, or ask your "
            "administrator.",
            run.attempts,
        )
        run.write({"state": "failed", "error": reason})
        run._care_tell()

    def _care_tell(self):
        """Tell the person by a neutral mail or notice that the report is ready, or why it is not.

        The file goes along only where its template says so and it tells of no patient. Of a
        scheduled report that failed the owners of its template hear too: they chose who gets it.
        """
        self.ensure_one()
        run = self.sudo()
        run._care_notify(run.user_id)
        if run.scheduled and run.state == "failed":
            for owner in run.template_id._care_owners() - run.user_id:
                run._care_notify(owner)

    def _care_notify(self, user):
        """Tell one user what became of this run."""
        self.ensure_one()
        run = self.with_context(lang=user.lang)
        files = run.env["ir.attachment"]
        if run.state == "ready":
            subject = run.env._("Your report is ready")
            body = run.env._("%s is ready.", run.display_name)
            # By what it hides: its template may have changed since.
            hides = run.definition["least"] >= LEAST or run.kind == "supplies"
            if run.scheduled and run.template_id.send_file and hides:
                files = run.pdf_id | run.xlsx_id
        else:
            subject = run.env._("A report was not made")
            body = run.env._("%(report)s: %(reason)s", report=run.display_name, reason=run.error)
        run.message_notify(
            partner_ids=user.partner_id.ids,
            subject=subject,
            body=body,
            author_id=self.env["res.users"].browse(SUPERUSER_ID).partner_id.id,
            attachments=[(file.name, file.raw) for file in files],
        )

    # ------------------------------------------------------------------
    # Actions
    # ------------------------------------------------------------------

    def _care_open(self):
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": self._name,
            "res_id": self.id,
            "view_mode": "form",
            "views": [(False, "form")],
            "target": "current",
        }

    @from_page(one=True)
    def action_open_pdf(self):
        return self._care_file_action("pdf_id", "")

    @from_page(one=True)
    def action_open_xlsx(self):
        return self._care_file_action("xlsx_id", "?download=true")

    def _care_file_action(self, name, options):
        self.ensure_one()
        self.check_access("read")
        file = self.sudo()[name]
        if not file:
            raise UserError(self.env._("This report has no such file."))
        return {
            "type": "ir.actions.act_url",
            "url": f"/web/content/{file.id}{options}",
            "target": "new",
        }

    @from_page(one=True)
    def action_inquiries(self):
        """Open the inquiries received in the period, by theme: what is behind a number."""
        self.ensure_one()
        action = self.env["ir.actions.actions"]._for_xml_id(
            "patient_care_coordination.action_care_inquiry_report"
        )
        catalogue = self.env["care.report.catalogue"]
        return action | {
            "name": self.display_name,
            "domain": list(catalogue._care_received(self.sudo()._care_scope())),
            "context": {"group_by": ["theme_id"]},
            "views": [(False, "list"), (False, "pivot"), (False, "graph")],
            "view_mode": "list,pivot,graph",
        }

    @from_page(one=True)
    def action_cases(self):
        """Open the cases that stand in the way of a return, as far as the user may read them."""
        self.ensure_one()
        action = self.env["ir.actions.actions"]._for_xml_id(
            "patient_care_coordination.action_inquiries"
        )
        return action | {
            "name": self.env._("Cases in the way"),
            "domain": [("id", "in", self.cases or [])],
            "context": {"active_test": False},
        }

    @from_page(one=True)
    def action_again(self):
        """Prepare the same report for the same period, with the template as it is now."""
        self.ensure_one()
        chosen = self.definition.get("chosen")
        return self.template_id._care_prepare(self.start, self.end, chosen)._care_open()

    @from_page()
    def action_compare(self):
        """Open this report and another side by side; the one before it if only one is chosen."""
        runs = self.sorted(lambda run: (run.start, run.id))
        if len(runs) == 1:
            before = self.search(
                [
                    ("template_id", "=", runs.template_id.id),
                    ("state", "=", "ready"),
                    ("end", "<=", runs.start),
                ],
                order="end desc, id desc",
            )
            alike = before.filtered(lambda run: run._care_narrowed() == runs._care_narrowed())
            runs = (alike or before)[:1] | runs
            if len(runs) == 1:
                raise UserError(self.env._("There is no report of an earlier period to compare."))
        if len(runs) != 2:
            raise UserError(self.env._("Choose two reports to compare."))
        wizard = self.env["care.report.compare"].create(
            [{"first_id": runs[0].id, "second_id": runs[1].id}]
        )
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Compare"),
            "res_model": wizard._name,
            "res_id": wizard.id,
            "view_mode": "form",
            "target": "new",
        }

import ast
import logging
from datetime import date

import psycopg2
from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Domain
from odoo.tools import format_date

from ..common.from_page import from_page
from ..inquiry.helpdesk_ticket import OURS
from . import report_text

_logger = logging.getLogger(__name__)
SUPERVISOR = "patient_care_coordination.group_supervisor"
COORDINATOR = "patient_care_coordination.group_coordinator"
KINDS = [
    ("communications", "Communications report"),
    ("board", "Board pack"),
    ("supplies", "Supplies and equipment"),
    ("return", "National complaints return"),
    ("custom", "Own report"),
]
PERIODS = [
    ("month", "Last month"),
    ("quarter", "Last quarter"),
    ("year", "Last year"),
    ("april", "Last year from April to March"),
    ("dates", "These dates"),
]
# What boards see of few people; common practice, and no lower in a board pack.
LEAST = 5
# The fields of the inquiry analysis that an additional filter may name.
FILTER_FIELDS = (
    "category_id",
    "category_main_id",
    "channel_id",
    "complaint",
    "compliment",
    "department_id",
    "equipment_caused",
    "interpreter",
    "is_open",
    "nature_id",
    "outcome",
    "red_flags",
    "reopened",
    "severity",
    "stage_of_care",
    "supply_caused",
    "team_id",
    "theme_id",
    "transfers",
)
# What makes another version of a template.
VERSIONED = {
    "name",
    "kind",
    "intro",
    "section_ids",
    "department_ids",
    "nature_ids",
    "person_ids",
    "filter_domain",
    "period",
    "date_from",
    "date_to",
    "make_pdf",
    "make_xlsx",
    "least",
}


class CareReportTemplate(models.Model):
    """A pack that an administrator owns: sections, filters, texts, recipients, schedule.

    Shipped ones belong to no company and are never changed or run; each company works with its
    copies, and takes the shipped version back from them.
    """

    _name = "care.report.template"
    _description = "Report Template"
    _inherit = ["mail.thread"]
    _order = "sequence, name, id"
    _check_company_auto = True

    name = fields.Char(required=True, translate=True)
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    company_id = fields.Many2one("res.company", index=True, default=lambda self: self.env.company)
    shipped = fields.Boolean(readonly=True, copy=False)
    shipped_id = fields.Many2one(
        "care.report.template", string="Shipped version", readonly=True, ondelete="set null"
    )
    kind = fields.Selection(KINDS, required=True, default="custom")
    summary = fields.Char("For whom", translate=True, help="One sentence on its tile.")
    intro = fields.Text(
        "Introduction", translate=True, help="Printed first; see the placeholders below."
    )
    placeholder_help = fields.Text("Placeholders", compute="_compute_placeholder_help")
    version = fields.Integer(
        default=1, readonly=True, copy=False, help="Grows with each change; runs keep theirs."
    )
    section_ids = fields.One2many(
        "care.report.section", "template_id", string="Sections", copy=True
    )
    department_ids = fields.Many2many(
        "care.department",
        "care_report_template_department_rel",
        "template_id",
        "department_id",
        string="Departments",
        check_company=True,
        help="With the departments below them; none: all.",
    )
    nature_ids = fields.Many2many(
        "care.nature", "care_report_template_nature_rel", "template_id", "nature_id", "Natures"
    )
    person_ids = fields.Many2many(
        "res.users",
        "care_report_template_person_rel",
        "template_id",
        "user_id",
        string="Persons",
        domain="[('share', '=', False)]",
        help="Only inquiries these persons are responsible for.",
    )
    filter_domain = fields.Char(
        "Additional filter", default="[]", help="On the inquiry analysis; some fields only."
    )
    period = fields.Selection(PERIODS, required=True, default="month")
    date_from = fields.Date("From")
    date_to = fields.Date("To", help="The last day that counts.")
    make_pdf = fields.Boolean("PDF", default=True)
    make_xlsx = fields.Boolean("Spreadsheet", default=True)
    least = fields.Integer(
        "Smallest count shown",
        default=0,
        help="Smaller counts are hidden, and others so that nobody can compute them. 0: all are "
        "shown. A board pack hides below 5 at least.",
    )
    open_to_coordinators = fields.Boolean(
        "Open to coordinators", help="Coordinators too may prepare and read it."
    )
    recipient_ids = fields.Many2many(
        "res.users",
        "care_report_template_recipient_rel",
        "template_id",
        "user_id",
        string="Recipients",
        domain="[('share', '=', False)]",
        help="Each gets a report of what he or she may see.",
    )
    send_file = fields.Boolean(
        "Attach the file",
        help="Recipients get the file instead of a link. Only of reports that hide small counts, "
        "or that hold nothing about patients.",
    )
    scheduled = fields.Boolean("Prepare every month")
    schedule_day = fields.Integer("On day", default=3, help="From 1 to 28.")
    schedule_problem = fields.Text("Not prepared because", readonly=True, copy=False)
    problems = fields.Text(compute="_compute_problems", help="Why it cannot be prepared.")
    run_ids = fields.One2many("care.report.run", "template_id", string="Reports made")
    run_count = fields.Integer(compute="_compute_run_count")

    _schedule_day_of_month = models.Constraint(
        "CHECK (schedule_day BETWEEN 1 AND 28)", "The day of the month is from 1 to 28."
    )
    _least_not_negative = models.Constraint(
        "CHECK (least >= 0)", "The smallest count shown cannot be negative."
    )
    _company_or_shipped = models.Constraint(
        "CHECK (shipped = (company_id IS NULL))",
        "A report template belongs to a company.",
    )

    @api.depends_context("lang")
    def _compute_placeholder_help(self):
        codes = report_text.placeholders(self.env)
        text = "\n".join(f"{{{{ {code} }}}}  {label}" for code, label in codes.items())
        self.placeholder_help = text

    @api.depends(*VERSIONED)
    def _compute_problems(self):
        for template in self:
            problems = template._care_check()
            template.problems = "\n".join(template._care_problem_lines(problems)) or False

    @api.depends("run_ids")
    def _compute_run_count(self):
        counts = dict(
            self.env["care.report.run"]._read_group(
                [("template_id", "in", self.ids)], ["template_id"], ["__count"]
            )
        )
        for template in self:
            template.run_count = counts.get(template, 0)

    # ------------------------------------------------------------------
    # Checks
    # ------------------------------------------------------------------

    @api.constrains(
        *VERSIONED - {"section_ids"}, "send_file", "recipient_ids", "open_to_coordinators"
    )
    def _check_template(self):
        self._care_require_right(self.browse())

    def _care_require_right(self, sections):
        """Refuse a wrong template with what is wrong and where; raises ValidationError."""
        for template in self:
            problems = template._care_check()
            if problems:
                lines = template._care_problem_lines(problems)
                raise ValidationError(
                    self.env._(
                        "The report %(name)s cannot be kept like this:\n%(problems)s",
                        name=template.name,
                        problems="\n".join(lines),
                    )
                )

    @api.model
    def _care_problem_lines(self, problems):
        return [
            self.env._("Section %(section)s: %(reason)s", section=section, reason=reason)
            if section
            else reason
            for section, reason in problems
        ]

    def _care_check(self):
        """What is wrong with this template: ``[(name of the section or False, sentence)]``."""
        self.ensure_one()
        found = [(False, reason) for reason in self._care_check_period()]
        if not self.make_pdf and not self.make_xlsx:
            found.append((False, self.env._("Choose a PDF, a spreadsheet, or both.")))
        if self.kind == "board" and self.least < LEAST:
            found.append(
                (
                    False,
                    self.env._("A board pack hides counts below %s; it can hide more.", LEAST),
                )
            )
        if self.send_file and not self._care_may_attach():
            found.append(
                (
                    False,
                    self.env._(
                        "Only reports that hide counts below %s, or that are about supplies alone, "
                        "go out as files. Send a link instead.",
                        LEAST,
                    ),
                )
            )
        found += [(False, reason) for reason in self._care_check_domain()]
        for text in self._care_texts("intro"):
            found += [(False, reason) for reason in report_text.problems(self.env, text)]
        for section in self.section_ids:
            found += [(section._care_title(), reason) for reason in section._care_check()]
        return found

    def _care_texts(self, name):
        """The text of a field in every language."""
        self.ensure_one()
        stored = self._origin.id and self._fields[name]._get_stored_translations(self._origin)
        return {self[name] or "", *(stored or {}).values()}

    def _care_may_attach(self):
        """Whether its file may leave by mail: nothing in it tells of a patient."""
        self.ensure_one()
        return self.least >= LEAST or self.kind == "supplies"

    def _care_check_period(self):
        if self.period != "dates":
            return
        if not self.date_from or not self.date_to:
            yield self.env._("Enter both dates of the period.")
        elif self.date_from > self.date_to:
            yield self.env._(
                "The period is empty: it ends on %(end)s, before it begins on %(start)s.",
                end=format_date(self.env, self.date_to),
                start=format_date(self.env, self.date_from),
            )

    def _care_check_domain(self):
        try:
            domain = self._care_read_filter(self.filter_domain)
        except (ValueError, SyntaxError, TypeError):
            yield self.env._(
                "The additional filter cannot be read. It is a list of conditions with fixed "
                "values, such as [('severity', '=', '3')]."
            )
            return
        report = self.env["care.inquiry.report"]
        for condition in domain.iter_conditions():
            name = condition.field_expr.split(".")[0]
            if name not in FILTER_FIELDS or name not in report._fields:
                yield self.env._(
                    "The additional filter names %s, which is no field it may use.",
                    condition.field_expr,
                )
                return
            if condition.operator in ("any", "not any") or "." in condition.field_expr:
                yield self.env._(
                    "The additional filter looks behind %s: name the field itself.", name
                )
                return
        # What else is wrong with the record is not the filter's fault.
        self.env.flush_all()
        try:
            domain.validate(report)
            with self.env.cr.savepoint():
                report.sudo().search(domain, limit=1)
        except (ValueError, TypeError, OverflowError, UserError, psycopg2.Error) as error:
            yield self.env._(
                "The additional filter cannot be used: %s",
                str(error).strip().splitlines()[0],
            )

    @api.model
    def _care_read_filter(self, written):
        """An additional filter as a domain; raises ValueError or SyntaxError if it is none."""
        return Domain(ast.literal_eval((written or "").strip() or "[]"))

    # ------------------------------------------------------------------
    # Changes
    # ------------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        return super(CareReportTemplate, self.with_context(care_version=OURS)).create(
            [self._care_at_least(vals) for vals in vals_list]
        )

    def write(self, vals):
        self._care_check_shipped()
        if vals.get("kind", "board") != "board" and "board" in self.mapped("kind"):
            raise UserError(
                self.env._("A board pack stays one: make a report of your own beside it.")
            )
        changed = bool(VERSIONED & vals.keys())
        if not changed or self.env.context.get("care_version") is OURS:
            return super().write(vals)
        result = super(CareReportTemplate, self.with_context(care_version=OURS)).write(vals)
        self._care_grow()
        return result

    def unlink(self):
        self._care_check_shipped()
        self._care_check_unused()
        return super().unlink()

    def _care_check_unused(self):
        if self.sudo().run_ids:
            raise UserError(
                self.env._("Reports were made with it, which keep it: archive it instead.")
            )

    def copy_data(self, default=None):
        """A copy belongs to the present company and is not on a schedule."""
        default = dict(default or {})
        rows = super().copy_data(default)
        for template, vals in zip(self, rows, strict=True):
            vals.setdefault("shipped_id", template.id if template.shipped else False)
            if not template.shipped and "name" not in default:
                vals["name"] = self.env._("%s (copy)", template.name)
            if "company_id" not in default:
                vals["company_id"] = self.env.company.id
            if "scheduled" not in default:
                vals["scheduled"] = False
        return rows

    @api.model
    def _care_at_least(self, vals):
        """A new board pack hides small counts also where nobody said so."""
        if vals.get("kind") == "board":
            return {**vals, "least": max(vals.get("least") or 0, LEAST)}
        return vals

    def _care_check_shipped(self):
        if not self.env.su and any(self.mapped("shipped")):
            raise UserError(
                self.env._("The shipped version is not changed: copy it and change the copy.")
            )

    def _care_grow(self):
        """Another version, after a change to the template or its sections."""
        for template in self:
            template.with_context(care_version=OURS).write({"version": template.version + 1})

    @from_page()
    def action_restore(self):
        """Take back the shipped texts, sections and filters; recipients and schedule stay."""
        for template in self:
            template._care_restore()

    def _care_restore(self):
        self.ensure_one()
        self.check_access("write")
        shipped = self.sudo().shipped_id
        if not shipped:
            raise UserError(self.env._("%s has no shipped version: it was made here.", self.name))
        quiet = self.sudo().with_context(care_version=OURS)
        quiet.section_ids.unlink()
        quiet._care_drop_translations()
        [vals] = shipped.copy_data({"company_id": self.company_id.id})
        sections = vals.pop("section_ids", [])
        quiet.write(
            {
                **{name: vals[name] for name in VERSIONED & vals.keys() - {"name"}},
                "summary": vals.get("summary"),
                "section_ids": sections,
            }
        )
        shipped.copy_translations(quiet, excluded=("name",))
        quiet._check_template()
        self.sudo()._care_grow()
        self.message_post(body=self.env._("The shipped version was restored."))

    def _care_drop_translations(self):
        """Forget the texts of languages into which the shipped version may not be translated."""
        installed = {code for code, _name in self.env["res.lang"].get_installed()}
        for name in ("summary", "intro"):
            stored = self._fields[name]._get_stored_translations(self) or {}
            others = (stored.keys() & installed) - {"en_US"}
            self.update_field_translations(name, dict.fromkeys(others, False))

    @api.model
    def _care_give(self, companies):
        """Each company gets a copy of each shipped template it has none of yet."""
        shipped = self.sudo().search([("shipped", "=", True)])
        known = {
            (template.company_id, template.shipped_id)
            for template in self.sudo()
            .with_context(active_test=False)
            .search([("company_id", "in", companies.ids), ("shipped_id", "in", shipped.ids)])
        }
        for company in companies:
            for template in shipped:
                if (company, template) not in known:
                    template.with_company(company).copy(
                        {"company_id": company.id, "shipped_id": template.id}
                    )

    @api.model
    def _care_give_all(self):
        """A newly shipped template reaches the companies that are there already."""
        self._care_give(self.env["res.company"].search([("id", "!=", False)]))

    # ------------------------------------------------------------------
    # Periods and runs
    # ------------------------------------------------------------------

    def _care_dates(self, today=None):
        """First day of the period, and the day after its last.

        :param today: the day it is in the hospital, if not now
        """
        self.ensure_one()
        if self.period == "dates":
            return self.date_from, self.date_to + relativedelta(days=1)
        today = today or self._care_today()
        first = today.replace(day=1)
        if self.period == "month":
            return first - relativedelta(months=1), first
        if self.period == "quarter":
            end = first - relativedelta(months=(first.month - 1) % 3)
            return end - relativedelta(months=3), end
        month = 4 if self.period == "april" else 1
        end = date(today.year if today.month >= month else today.year - 1, month, 1)
        return end - relativedelta(years=1), end

    def _care_today(self):
        """The day it is in the hospital."""
        self.ensure_one()
        company = self.company_id or self.env.company
        zone = company._care_zone()
        return fields.Date.context_today(self.with_context(tz=zone))

    def _care_require_maker(self):
        """Refuse whoever may not prepare this report; raises AccessError."""
        self.check_access("read")
        user = self.env.user
        for template in self:
            if self.env.su or user.has_group(SUPERVISOR) or user in template.recipient_ids:
                continue
            if user.has_group(COORDINATOR) and template.open_to_coordinators:
                continue
            if template.kind == "supplies" and user.has_group(
                "patient_care_coordination.group_supplies_clerk"
            ):
                continue
            raise AccessError(self.env._("Supervisors prepare the report %s.", template.name))

    @from_page(one=True)
    def action_prepare(self):
        """Make the report of its last period for the user, and open it."""
        self.ensure_one()
        return self._care_prepare()._care_open()

    def _care_prepare(self, start=None, end=None, chosen=None):
        """A run of this template for the user; of the last period unless the dates are given.

        :param end: the day after the last one
        :param chosen: ``department_ids`` and ``user_ids`` to count instead of the template's
        """
        self.ensure_one()
        self._care_require_maker()
        if self.shipped:
            raise UserError(
                self.env._("The shipped version is not prepared: prepare your hospital's copy.")
            )
        if not start:
            start, end = self._care_dates()
        return self.env["care.report.run"]._care_start(self, self.env.user, start, end, chosen)

    @from_page(one=True)
    def action_runs(self):
        self.ensure_one()
        action = self.env["ir.actions.actions"]._for_xml_id(
            "patient_care_coordination.action_report_runs"
        )
        return action | {
            "domain": [("template_id", "=", self.id)],
            "context": {"search_default_template_id": self.id},
        }

    def _care_definition(self):
        """All that a run needs of this template, as plain data in the language of the context."""
        self.ensure_one()
        return {
            "name": self.name,
            "kind": self.kind,
            "intro": self.intro or "",
            "least": max(self.least, LEAST) if self.kind == "board" else self.least,
            "pdf": self.make_pdf,
            "xlsx": self.make_xlsx,
            "filter": self.filter_domain or "[]",
            "department_ids": self.department_ids.ids,
            "nature_ids": self.nature_ids.ids,
            "user_ids": self.person_ids.ids,
            "sections": [section._care_definition() for section in self.section_ids],
        }

    @api.model
    def _cron_care_schedule(self):
        """Queue, once a period and recipient, the reports whose day has come.

        A template that cannot be prepared says why on its own page, and holds up no other.
        """
        cron = self.env["ir.cron"]
        templates = self.search([("scheduled", "=", True), ("shipped", "=", False)], order="id")
        cron._commit_progress(remaining=len(templates))
        for template in templates:
            try:
                with self.env.cr.savepoint():
                    template._care_schedule()
            except Exception as error:
                _logger.exception("Report template %s could not be scheduled", template.id)
                template._care_tell_problem(f"{type(error).__name__}: {error}")
            if not cron._commit_progress(1):
                break

    def _care_schedule(self):
        """Queue this template for its recipients, if its day has come and it was not yet."""
        self.ensure_one()
        today = self._care_today()
        if today.day < self.schedule_day:
            return
        problems = self._care_check()
        self._care_tell_problem("\n".join(self._care_problem_lines(problems)))
        if problems:
            return
        start, end = self._care_dates(today)
        runs = self.env["care.report.run"]
        have = runs.search(
            [
                ("template_id", "=", self.id),
                ("scheduled", "=", True),
                ("start", "=", start),
                ("end", "=", end),
            ]
        ).user_id
        for user in self.recipient_ids - have:
            runs._care_queue(self, user, start, end, scheduled=True)

    def _care_owners(self):
        """Who made this template and who changed it last: they hear what goes wrong with it."""
        self.ensure_one()
        return (self.create_uid | self.write_uid).filtered(
            lambda user: user.active and not user.share
        )

    def _care_tell_problem(self, reason):
        """Keep why this report is not made, and tell whoever owns it and gets it, once."""
        self.ensure_one()
        if reason == (self.schedule_problem or ""):
            return
        # Not a change of the cron's: who changed the template last is told now and next time.
        kept = self.write_uid._care_as(self).sudo()
        kept.schedule_problem = reason
        kept.flush_recordset()
        people = self._care_owners() | self.recipient_ids
        if reason and people:
            self.message_notify(
                partner_ids=people.partner_id.ids,
                subject=self.env._("A scheduled report was not prepared"),
                body=self.env._(
                    "%(report)s was not prepared: %(reason)s", report=self.name, reason=reason
                ),
                author_id=self.env.ref("base.partner_root").id,
            )

from odoo import api, fields, models

from ..inquiry.helpdesk_ticket import OURS
from . import report_text

# What the supplies clerk reads and coordinators do not.
STOCK = {"care.supply.report", "care.equipment.report"}


class CareReportSection(models.Model):
    """One section of a report template, from the catalogue, with its own title and words."""

    _name = "care.report.section"
    _description = "Section of a Report Template"
    _order = "template_id, sequence, id"
    _rec_name = "code"

    template_id = fields.Many2one(
        "care.report.template", required=True, index=True, ondelete="cascade"
    )
    sequence = fields.Integer(default=10)
    code = fields.Selection(selection="_selection_code", string="Section", required=True)
    title = fields.Char(translate=True, help="Else the name of the section.")
    intro = fields.Text(
        "Text", translate=True, help="Printed below the title, with placeholders if you like."
    )
    grouping = fields.Selection(
        selection="_selection_grouping", help="By what its table is grouped, if it can be."
    )
    top = fields.Integer("Rows at most", help="The others are summed up in one row; 0: all.")
    chart = fields.Boolean("With chart", default=True)

    _top_not_negative = models.Constraint(
        "CHECK (top >= 0)", "The number of rows cannot be negative."
    )

    @api.model
    def _selection_code(self):
        sections = self.env["care.report.catalogue"]._care_sections()
        return [(code, section["name"]) for code, section in sections.items()]

    @api.model
    def _selection_grouping(self):
        return list(self.env["care.report.catalogue"]._care_groupings().items())

    @api.depends("title", "code")
    @api.depends_context("lang")
    def _compute_display_name(self):
        for section in self:
            section.display_name = section._care_title()

    @api.constrains("code", "grouping", "title", "intro", "template_id")
    def _check_section(self):
        self.template_id._care_require_right(self)

    def update_field_translations(self, field_name, translations, source_lang=""):
        """Translations are checked as the text itself is."""
        result = super().update_field_translations(field_name, translations, source_lang)
        if field_name in ("title", "intro"):
            self._check_section()
            self._care_grow()
        return result

    @api.model_create_multi
    def create(self, vals_list):
        sections = super().create(vals_list)
        sections.template_id._care_check_shipped()
        sections._care_grow()
        return sections

    def write(self, vals):
        templates = self.template_id
        result = super().write(vals)
        (templates | self.template_id)._care_check_shipped()
        self._care_grow()
        return result

    def unlink(self):
        templates = self.template_id
        templates._care_check_shipped()
        result = super().unlink()
        if self.env.context.get("care_version") is not OURS:
            templates.exists()._care_grow()
        return result

    def _care_grow(self):
        if self.env.context.get("care_version") is not OURS:
            self.template_id._care_grow()

    def _care_title(self):
        self.ensure_one()
        names = dict(self._selection_code())
        return self.title or names.get(self.code) or self.code or self.env._("New section")

    def _care_check(self):
        """What is wrong with this section, as sentences."""
        self.ensure_one()
        section = self.env["care.report.catalogue"]._care_sections().get(self.code)
        if not section:
            yield self.env._("there is no section %s in the catalogue.", self.code)
            return
        template = self.template_id
        groupings = section.get("groupings", ())
        if self.grouping and self.grouping not in groupings:
            yield self.env._("it cannot be grouped like that.")
        if template.kind == "board":
            if section.get("persons") or self.grouping == "person":
                yield self.env._("it names persons, which a board pack does not.")
        stock = not STOCK.isdisjoint(section["models"])
        if template.kind == "supplies" and section["models"] and not stock:
            yield self.env._("it tells of inquiries, which a report on supplies does not.")
        if template.open_to_coordinators and stock:
            yield self.env._(
                "coordinators may not read it. Remove the section, or keep the report from them."
            )
        if section.get("unfiltered") and template.filter_domain not in (False, "", "[]"):
            yield self.env._(
                "it cannot be narrowed by the additional filter. Remove the filter or the section."
            )
        for name in ("title", "intro"):
            stored = self._origin.id and self._fields[name]._get_stored_translations(self._origin)
            for text in {self[name] or "", *(stored or {}).values()}:
                yield from report_text.problems(self.env, text)

    def _care_definition(self):
        self.ensure_one()
        return {
            "code": self.code,
            "title": self._care_title(),
            "intro": self.intro or "",
            "grouping": self.grouping or False,
            "top": self.top,
            "chart": self.chart,
        }

from odoo import api, fields, models


class HelpdeskTicketCategory(models.Model):
    _inherit = "helpdesk.ticket.category"

    care_code = fields.Char("Code", copy=False, help="Stable key used by rule files.")
    care_level = fields.Selection(
        [
            ("domain", "Domain"),
            ("category", "Category"),
            ("subcategory", "Sub-category"),
            ("topic", "Enquiry topic"),
        ],
        string="Level",
    )
    care_definition = fields.Text("Definition", translate=True)
    care_hcat_code = fields.Char(
        "Complaints-analysis mapping",
        help="Categories of the Healthcare Complaints Analysis Tool this one counts as, "
        "separated by semicolons.",
    )
    care_ko41a_code = fields.Char(
        "National return mapping",
        help="Subjects of the national complaints return this one counts as, "
        "separated by semicolons.",
    )
    care_survey_theme = fields.Char(
        "Survey theme mapping",
        help="Themes of the patient-survey framework this one counts as, with ; between them.",
    )

    _care_code_uniq = models.UniqueIndex(
        "(care_code) WHERE care_code IS NOT NULL", "Another category has this code."
    )

    @api.depends("name", "care_level", "complete_name")
    @api.depends_context("care_short", "lang")
    def _compute_display_name(self):
        """Our categories by their name alone where the path would hide it (``care_short``)."""
        short = self.browse()
        if self.env.context.get("care_short"):
            short = self.filtered("care_level")
        for category in short:
            category.display_name = category.name
        return super(HelpdeskTicketCategory, self - short)._compute_display_name()

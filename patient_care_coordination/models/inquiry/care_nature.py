from odoo import fields, models


class CareNature(models.Model):
    """What kind of inquiry it is; decides the clocks, the letters and what closing requires."""

    _name = "care.nature"
    _description = "Nature of an Inquiry"
    _order = "sequence, id"

    name = fields.Char(required=True, translate=True)
    code = fields.Char(required=True, copy=False, help="Stable key used by rule files and imports.")
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    rank = fields.Integer(
        help="How formal it is: an inquiry is upgraded from a lower rank to a higher one."
    )
    description = fields.Text(translate=True)
    close_needs_answer = fields.Boolean("Closing needs an answer", default=True)
    close_needs_told = fields.Boolean(
        "Closing needs who was told", default=True, help="Who was told, when and how."
    )
    close_needs_category = fields.Boolean("Closing needs a category", default=True)
    close_needs_department = fields.Boolean("Closing needs a department", default=False)
    close_needs_finding = fields.Boolean(
        "Closing needs findings", help="At least one issue, and a finding for each."
    )
    answer_needs_patient = fields.Boolean(
        "Answering needs the patient",
        help="It is about somebody's care or records: letters and written answers wait until the "
        "patient is named, or it is recorded that no patient is concerned.",
    )
    review_anonymous = fields.Boolean(
        "Review anonymous ones",
        help="What comes without a name goes to the department's supervisor, to review the risk.",
    )
    color = fields.Integer()

    _code_uniq = models.Constraint("unique (code)", "Another nature has this code.")

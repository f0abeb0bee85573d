import base64
import binascii

from odoo import fields, models
from odoo.exceptions import UserError

from ..models.common.from_page import from_page


class CareRulesetImport(models.TransientModel):
    """Make a draft out of a rule file; a file with a mistake changes nothing."""

    _name = "care.ruleset.import"
    _description = "Import Routing Rules"
    _inherit = ["care.checked.links"]

    file = fields.Binary("CSV or XLSX file")
    filename = fields.Char("File name")
    company_id = fields.Many2one(
        "res.company", required=True, default=lambda self: self.env.company
    )
    ruleset_id = fields.Many2one("care.ruleset", string="Draft", readonly=True)
    result = fields.Text(readonly=True)

    @from_page(one=True)
    def action_import(self):
        """Open the draft made from the file.

        Raises UserError with every mistake in the file, by row and column.
        """
        self.ensure_one()
        if not self.file:
            raise UserError(self.env._("Choose a CSV or XLSX file to import from."))
        try:
            content = base64.b64decode(self.file)
        except binascii.Error as error:
            raise UserError(
                self.env._("The file did not arrive whole: choose it again.")
            ) from error
        draft = self.env["care.ruleset"]._care_import(self.company_id, content, self.filename)
        self.ruleset_id = draft
        self.result = self.env._(
            "%(count)s rules imported into %(draft)s.",
            count=len(draft.rule_ids),
            draft=draft.name,
        )
        return {
            "type": "ir.actions.act_window",
            "res_model": draft._name,
            "res_id": draft.id,
            "view_mode": "form",
        }

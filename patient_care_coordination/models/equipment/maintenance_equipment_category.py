from odoo import api, fields, models
from odoo.exceptions import ValidationError


class MaintenanceEquipmentCategory(models.Model):
    _inherit = "maintenance.equipment.category"

    care_medical = fields.Boolean(
        "Medical devices",
        help="Faults are only passed on to biomedical engineering, who own these devices: their "
        "state and their downtime are not kept here.",
    )
    care_biomed_team_id = fields.Many2one(
        "maintenance.team",
        string="Biomedical engineering",
        index="btree_not_null",
        ondelete="restrict",
        help="The team to whom faults of these devices are passed on.",
    )

    @api.constrains("care_medical", "care_biomed_team_id")
    def _check_care_biomed_team_id(self):
        for category in self:
            if category.care_medical and not category.care_biomed_team_id:
                raise ValidationError(
                    self.env._(
                        "%s are medical devices: choose the team of biomedical engineering to "
                        "whom their faults are passed on.",
                        category.name,
                    )
                )

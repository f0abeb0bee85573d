from odoo import api, fields, models
from odoo.exceptions import UserError

from ..models.common.from_page import from_page


class CareFaultReport(models.TransientModel):
    """Report that something does not work: scan or choose it, say what is wrong."""

    _name = "care.fault.report"
    _inherit = ["care.checked.links", "barcodes.barcode_events_mixin"]
    _description = "Care Fault Report"

    tag = fields.Char(help="Scan the label on the equipment, or type what it says.")
    scanned = fields.Boolean()
    equipment_id = fields.Many2one(
        "maintenance.equipment",
        domain="[('care_state', '!=', 'retired')]",
        help="Choose it if its label cannot be scanned.",
    )
    name = fields.Char("Something else", help="What does not work, if it has no label.")
    department_id = fields.Many2one("care.department", string="Where")
    ticket_id = fields.Many2one("helpdesk.ticket", string="Inquiry", readonly=True)
    text = fields.Text(
        "What is wrong",
        help="Technicians read this. Leave out names and anything else about patients.",
    )
    usable = fields.Boolean("It can still be used in part")
    photo = fields.Image(
        max_width=1600, max_height=1600, help="Of the fault, with nobody in the picture."
    )
    medical = fields.Boolean(compute="_compute_known")
    place = fields.Char("Belongs to", compute="_compute_known")
    known = fields.Char(compute="_compute_known")

    @api.depends("equipment_id")
    def _compute_known(self):
        for report in self:
            item = report.equipment_id.sudo()
            report.medical = item.care_medical
            parts = [item.care_department_id.display_name, item.care_place]
            report.place = ", ".join(part for part in parts if part)
            request = item.care_open_request_id
            report.known = (
                self.env._(
                    "Maintenance knows of a fault already (request %s). Report it all the same if "
                    "you want to hear when it works again.",
                    request.id,
                )
                if request
                else False
            )

    @api.onchange("tag")
    def _onchange_tag(self):
        if self.tag:
            return self.on_barcode_scanned(self.tag)

    @api.private
    def on_barcode_scanned(self, barcode):
        try:
            equipment = self.env["maintenance.equipment"]._care_by_tag(barcode)
        except UserError as error:
            self.tag = False
            return {"warning": {"title": self.env._("Unknown tag"), "message": str(error)}}
        self.tag = barcode
        self.equipment_id = equipment
        self.name = False
        self.scanned = True

    @from_page(one=True)
    def action_report(self):
        """Report it, and say what happens next."""
        self.ensure_one()
        known = bool(self.equipment_id.sudo().care_open_request_id)
        fault = self.env["care.fault"]._care_report(
            [
                {
                    "equipment_id": self.equipment_id.id,
                    "name": self.name,
                    "department_id": self.department_id.id,
                    "ticket_id": self.ticket_id.id,
                    "text": self.text,
                    "usable": self.usable,
                    "photo": self.photo,
                    "source": "tag" if self.scanned else "hand",
                }
            ]
        )
        request = fault.sudo().request_id
        if fault.sudo().equipment_id.care_medical:
            message = self.env._(
                "Passed on to %(team)s as request %(request)s. Do not use the device until they "
                "say so; you hear how it ends.",
                team=request.maintenance_team_id.name,
                request=request.id,
            )
        elif known:
            message = self.env._(
                "Added to request %s, which is open already. You hear when it works again.",
                request.id,
            )
        else:
            message = self.env._(
                "Reported as request %s. You hear when it works again.", request.id
            )
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "success",
                "message": message,
                "sticky": False,
                "next": {"type": "ir.actions.act_window_close"},
            },
        }

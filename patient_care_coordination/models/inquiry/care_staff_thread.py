from odoo import models


class CareStaffThread(models.AbstractModel):
    """A thread of messages that stays within patient care: what is noted here may name people."""

    _name = "care.staff.thread"
    _description = "Messages Among Patient Care Staff"
    _inherit = ["mail.thread"]

    def message_subscribe(self, partner_ids=None, subtype_ids=None):
        """Only patient care staff follow."""
        staff = self.env["helpdesk.ticket"]._care_staff_partners(partner_ids or [])
        return super().message_subscribe(staff, subtype_ids) if staff else True

    def _mail_get_operation_for_mail_message_operation(self, message_operation):
        """Who only reads patient care posts nothing in it, though a responder may."""
        if message_operation == "create" and self.env.user._care_only_reads():
            return dict.fromkeys(self, "write")
        return super()._mail_get_operation_for_mail_message_operation(message_operation)

    def _notify_get_recipients(self, message, msg_vals=False, **kwargs):
        """What is noted leaves to nobody outside, and to no colleague without a role."""
        recipients = super()._notify_get_recipients(message, msg_vals=msg_vals, **kwargs)
        staff = set(
            self.env["helpdesk.ticket"]._care_staff_partners(
                [data["id"] for data in recipients if data["id"]]
            )
        )
        return [data for data in recipients if data["id"] in staff]

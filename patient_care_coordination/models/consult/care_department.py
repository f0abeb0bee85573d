from odoo import models


class CareDepartment(models.Model):
    _inherit = "care.department"

    def _care_answering(self):
        """Who answers for a department: ``(team, user)``, one of them or both empty.

        Its team or its supervisor, else those of the nearest department around it.
        """
        department = self
        while department:
            if department.team_id:
                return department.team_id, self.env["res.users"]
            if department.supervisor_id:
                return department.team_id, department.supervisor_id
            department = department.parent_id
        return self.env["helpdesk.ticket.team"], self.env["res.users"]

from odoo import api, fields, models


class ResCompany(models.Model):
    _inherit = "res.company"

    care_triage_team_id = fields.Many2one(
        "helpdesk.ticket.team",
        string="Triage team",
        ondelete="restrict",
        help="Inquiries that no rule places, and those whose intake failed, arrive here.",
    )

    care_reply_rule = fields.Selection(
        [("reopen", "Reopen the inquiry"), ("ask", "Ask whoever had it")],
        string="A reply to a closed inquiry",
        default="reopen",
        required=True,
        help="What a message of the caller does to an inquiry that is closed. It is kept in "
        "either case; automatic mails never reopen.",
    )
    care_reopen_days = fields.Integer(
        "Reopen within",
        default=0,
        help="Days after closing in which a reply reopens; later ones are asked about. "
        "0: without limit.",
    )

    care_mail_relay = fields.Char(
        "Mail relay that checks senders",
        help="The name that your own mail relay writes first in the header Authentication-Results "
        "of each incoming mail, for example mx.hospital.example. Only what it says verifies a "
        "sender. Leave it empty if there is none: each sender then shows as not verified.",
    )

    care_rating_ask = fields.Boolean(
        "Ask for satisfaction",
        default=True,
        help="By mail, some time after the closing; never anonymous callers, those in confidence, "
        "machines or duplicates.",
    )
    care_rating_delay = fields.Integer(
        "Hours after closing", default=24, help="How long after the closing callers are asked."
    )

    _care_rating_delay_not_negative = models.Constraint(
        "CHECK (care_rating_delay >= 0)", "The hours after closing cannot be negative."
    )

    @api.model_create_multi
    def create(self, vals_list):
        companies = super().create(vals_list)
        companies.sudo()._care_set_up()
        return companies

    def _care_set_up(self):
        """Give each company its triage team; rooms add what else a new company needs.

        Run twice, it changes nothing.
        """
        missing = self.filtered(lambda company: not company.care_triage_team_id)
        for company in missing:
            # Of an earlier installation: it has tickets, so it stayed.
            team = self.env.ref(company._care_team_xmlid(), raise_if_not_found=False)
            if team:
                team.write({"active": True, "care_desk": True})
                company.care_triage_team_id = team
        missing = missing.filtered(lambda company: not company.care_triage_team_id)
        teams = self.env["helpdesk.ticket.team"].create(
            [
                {
                    "name": self.env._("Patient relations"),
                    "company_id": company.id,
                    "care_desk": True,
                    # Where the portal asks for a team, a patient must find the right one.
                    "show_in_portal": True,
                }
                for company in missing
            ]
        )
        for company, team in zip(missing, teams, strict=True):
            company.care_triage_team_id = team
        self.env["ir.model.data"]._update_xmlids(
            [
                {"xml_id": company._care_team_xmlid(), "record": team, "noupdate": True}
                for company, team in zip(missing, teams, strict=True)
            ]
        )

    def _care_team_xmlid(self):
        """The external id of the team that we made for a company: an uninstallation removes it."""
        return f"patient_care_coordination.triage_team_{self.id}"

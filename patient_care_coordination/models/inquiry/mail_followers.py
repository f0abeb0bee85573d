from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import SQL

from odoo.addons.mail.tools.parser import parse_res_ids

TICKETS = "helpdesk.ticket"


class MailFollowers(models.Model):
    """Who follows an inquiry is known to those who may read the inquiry."""

    _inherit = "mail.followers"

    care_readable = fields.Boolean(compute="_compute_care_readable", search="_search_care_readable")

    @api.depends("res_model", "res_id")
    @api.depends_context("uid", "allowed_company_ids")
    def _compute_care_readable(self):
        rows = self.sudo().filtered(lambda row: row.res_model == TICKETS)
        tickets = self.env[TICKETS].sudo().browse({row.res_id for row in rows}).exists()
        # A rule is evaluated as superuser: the rights of the user are what counts here.
        inquiries = tickets.filtered("care_is_inquiry").sudo(False)
        hidden = inquiries - inquiries._filtered_access("read")
        for row in self:
            follower = row.sudo()
            row.care_readable = follower.res_model != TICKETS or follower.res_id not in hidden._ids

    @api.model
    def _search_care_readable(self, operator, value):
        if operator != "in" or set(value) != {True}:
            return NotImplemented
        tickets = self.env[TICKETS].sudo(False).with_context(active_test=False)

        def readable(model, alias, query):
            # Joined to the row: a list of all tickets would be read for each look.
            here = SQL(
                "%s = %s", SQL.identifier(tickets._table, "id"), SQL.identifier(alias, "res_id")
            )
            found = [tickets.sudo()._search([("care_is_inquiry", "=", False)])]
            if tickets.has_access("read"):
                found.append(tickets._search([("care_is_inquiry", "=", True)]))
            for some in found:
                some.add_where(here)
            exist = [SQL("EXISTS %s", some.subselect(SQL("1"))) for some in found]
            return SQL("(%s)", SQL(" OR ").join(exist))

        return Domain("res_model", "!=", TICKETS) | Domain.custom(to_sql=readable)


class MailFollowersEdit(models.TransientModel):
    _inherit = "mail.followers.edit"

    def edit_followers(self):
        """Add or remove followers; who may not follow an inquiry is an error, not left out."""
        result = super().edit_followers()
        for wizard in self.filtered(
            lambda wizard: wizard.operation == "add" and wizard.res_model == TICKETS
        ):
            wizard._care_check_added()
        return result

    def _care_check_added(self):
        tickets = self.env[TICKETS].sudo().browse(parse_res_ids(self.res_ids, self.env))
        for ticket in tickets.filtered("care_is_inquiry"):
            missing = self.partner_ids - ticket.message_partner_ids
            if missing:
                raise UserError(
                    self.env._(
                        "%(people)s may not follow inquiry %(number)s: those follow it who work "
                        "on inquiries, or who may be told about its patient.",
                        people=", ".join(missing.mapped("name")),
                        number=ticket.number,
                    )
                )

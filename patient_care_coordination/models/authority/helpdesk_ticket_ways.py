from psycopg2.errors import ReadOnlySqlTransaction

from odoo import api, fields, models

# Fields of an inquiry that tell nothing of what it is about.
SAYS_NOTHING = {"id", "display_name", "number", "create_date", "write_date", "__last_update"}


class HelpdeskTicket(models.Model):
    """The gate on the other ways out: report, portal page, and reading from outside."""

    _inherit = "helpdesk.ticket"

    def _care_disclose_to_me(self, way, what, purpose):
        """Keep that the user took something out of these inquiries; as one batch."""
        user = self.env.user
        self.env["care.disclosure"]._care_record(
            [
                {
                    "ticket_id": ticket.id,
                    "way": way,
                    "partner_id": user.partner_id.id,
                    "recipient": user.name,
                    "address": user.email,
                    "what": what,
                    "purpose": purpose,
                    "basis": "staff",
                }
                for ticket in self
            ]
        )

    # ------------------------------------------------------------------
    # What people outside the hospital read
    # ------------------------------------------------------------------

    def _read_format(self, fnames, load="_classic_read"):
        """Read; what a person outside reads over RPC is a disclosure, as the page is."""
        rows = super()._read_format(fnames, load=load)
        if self._care_reads_outside() and set(fnames) - SAYS_NOTHING:
            self._care_show_on_portal(self.env.user)
        return rows

    @api.model
    def formatted_read_group(
        self, domain, groupby=(), aggregates=(), having=(), offset=0, limit=None, order=None
    ):
        """Group; what a person outside groups by is read as well."""
        self._care_show_found(domain)
        return super().formatted_read_group(
            domain, groupby, aggregates, having=having, offset=offset, limit=limit, order=order
        )

    @api.model
    def formatted_read_grouping_sets(self, domain, grouping_sets, aggregates=(), *, order=None):
        self._care_show_found(domain)
        return super().formatted_read_grouping_sets(domain, grouping_sets, aggregates, order=order)

    @api.model
    def read_group(self, domain, fields, groupby, offset=0, limit=None, orderby=False, lazy=True):
        self._care_show_found(domain)
        return super().read_group(
            domain, fields, groupby, offset=offset, limit=limit, orderby=orderby, lazy=lazy
        )

    def _thread_to_store(self, store, fields, *, request_list=None):
        result = super()._thread_to_store(store, fields, request_list=request_list)
        if self._care_reads_outside():
            self._filtered_access("read")._care_show_on_portal(self.env.user)
        return result

    @api.model
    def _care_show_found(self, domain):
        """Keep that a person outside reads about all inquiries that a domain finds."""
        if self._care_reads_outside():
            self.search(domain)._care_show_on_portal(self.env.user)

    @api.model
    def _care_reads_outside(self):
        """Whether what is read now goes to a person outside the hospital."""
        return not self.env.su and self.env.user.share

    def _care_show_on_portal(self, user):
        """Keep, once a day for each inquiry, that a person outside read it.

        Reading may run on a cursor that cannot write: Odoo then repeats the request with one that
        can, when it sees the error that the database would give.
        """
        inquiries = self.sudo().filtered("care_is_inquiry")
        if not inquiries or not user.share:
            return
        partner = user.sudo().partner_id
        today = fields.Datetime.now().replace(hour=0, minute=0, second=0, microsecond=0)
        seen = (
            self.env["care.disclosure"]
            .sudo()
            .search_fetch(
                [
                    ("ticket_id", "in", inquiries.ids),
                    ("way", "=", "portal"),
                    ("partner_id", "=", partner.id),
                    ("date", ">=", today),
                ],
                ["ticket_id"],
            )
        )
        inquiries -= seen.ticket_id
        if inquiries and self.env.cr.readonly:
            raise ReadOnlySqlTransaction("A disclosure is written")
        verdicts = inquiries._care_authorities(partner)
        self.env["care.disclosure"]._care_record(
            [
                ticket._care_prepare_disclosure(
                    "portal",
                    self.env._("The page of the inquiry, with its messages and files."),
                    self.env._("Reading one's own matter"),
                    verdict=verdicts[ticket.id],
                    partner=partner,
                )
                for ticket in inquiries
            ]
        )

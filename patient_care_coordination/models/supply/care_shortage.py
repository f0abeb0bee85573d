from markupsafe import Markup

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL, format_datetime

from ..common.guard import as_server

STAFF = "patient_care_coordination.group_care_staff"
CLERKS = "patient_care_coordination.group_supplies_clerk"
# More rows than anybody reads in a mail; the list shows all.
MOST_ROWS = 100


class CareShortage(models.Model):
    """One time that one product was short at one place, from its start to its end.

    Low: below the minimum, and nothing on its way that would lift it. Out: nothing on the shelf.
    The row is what makes an alert happen once, and what stock-outs are counted by.
    """

    _name = "care.shortage"
    _description = "Shortage"
    _order = "ended desc, kind desc, since, id"
    _rec_name = "product_id"

    product_id = fields.Many2one(
        "product.product", required=True, readonly=True, index=True, ondelete="restrict"
    )
    product_category_id = fields.Many2one(related="product_id.categ_id", store=True)
    location_id = fields.Many2one(
        "stock.location",
        string="Place",
        required=True,
        readonly=True,
        index=True,
        ondelete="restrict",
    )
    department_id = fields.Many2one(
        related="location_id.care_department_id", string="Ward", store=True, index=True
    )
    company_id = fields.Many2one("res.company", required=True, readonly=True, index=True)
    kind = fields.Selection(
        [("low", "Low"), ("out", "Out of stock")], string="State", required=True, readonly=True
    )
    since = fields.Datetime("Short since", required=True, readonly=True)
    out_since = fields.Datetime("Out since", readonly=True)
    ended = fields.Datetime(readonly=True)
    days = fields.Float(
        "Days short", compute="_compute_days", help="From its start to its end, or until now."
    )
    ticket_ids = fields.Many2many(
        "helpdesk.ticket",
        "care_shortage_ticket_rel",
        "shortage_id",
        "ticket_id",
        string="Inquiries",
        groups=STAFF,
        help="Inquiries that asked for it, or that are about its lack.",
    )
    inquiry_numbers = fields.Char(
        "Numbers of inquiries", compute="_compute_inquiry_numbers", compute_sudo=True
    )
    inquiry_count = fields.Integer(
        "Number of inquiries", compute="_compute_inquiry_numbers", compute_sudo=True
    )
    has_inquiries = fields.Boolean(
        compute="_compute_inquiry_numbers", search="_search_has_inquiries", compute_sudo=True
    )
    told_kind = fields.Selection(
        [("low", "Low"), ("out", "Out of stock")],
        string="Clerks know it as",
        readonly=True,
        help="What the daily mail told of last: it is sent when there is news.",
    )
    told_date = fields.Datetime("Told in a digest", readonly=True)
    asked_date = fields.Datetime("Clerks told at once", readonly=True)

    _open_uniq = models.UniqueIndex(
        "(product_id, location_id) WHERE ended IS NULL", "This shortage is open already."
    )
    _period_idx = models.Index("(company_id, since)")

    @api.depends("product_id", "location_id")
    def _compute_display_name(self):
        for shortage in self:
            shortage.display_name = (
                f"{shortage.product_id.display_name}, {shortage.location_id.sudo().name}"
            )

    @api.depends("since", "ended")
    def _compute_days(self):
        now = fields.Datetime.now()
        for shortage in self:
            span = (shortage.ended or now) - shortage.since
            shortage.days = span.total_seconds() / 86400

    @api.depends("ticket_ids.number")
    def _compute_inquiry_numbers(self):
        for shortage in self:
            shortage.inquiry_numbers = ", ".join(shortage.ticket_ids.mapped("number"))
            shortage.inquiry_count = len(shortage.ticket_ids)
            shortage.has_inquiries = bool(shortage.ticket_ids)

    @api.model
    def _search_has_inquiries(self, operator, value):
        """Clerks may ask whether there are any, not which inquiries they are."""
        if operator != "in":
            return NotImplemented
        ids = SQL("SELECT shortage_id FROM care_shortage_ticket_rel")
        return Domain("id", "in" if True in value else "not in", ids)

    # ------------------------------------------------------------------
    # Beginning and end
    # ------------------------------------------------------------------

    @api.model
    def _cron_care_shortages(self):
        """Note what became short and what is no longer, for all companies."""
        self.sudo()._care_refresh()

    @api.model
    def _care_refresh(self, products=None):
        """Make the open rows agree with the shelves.

        :param products: these alone, by default all
        """
        now = fields.Datetime.now()
        current = self._care_current(products)
        domain = Domain("ended", "=", False)
        if products is not None:
            domain &= Domain("product_id", "in", products.ids)
        rows = self.search(domain)
        known = {(row.product_id.id, row.location_id.id): row for row in rows}
        over = self.browse(row.id for key, row in known.items() if key not in current)
        over.ended = now
        for kind in ("low", "out"):
            self.browse(
                row.id
                for key, row in known.items()
                if key in current and current[key][0] == kind != row.kind
            ).kind = kind
        rows.filtered(lambda row: row.kind == "out" and not row.out_since).out_since = now
        self._care_begin({key: kind for key, kind in current.items() if key not in known})
        self._care_link_inquiries(products)

    @api.model
    def _care_current(self, products=None):
        """What is short now, by the levels of wards and store and by what requests wait for.

        :return: ``{(product id, location id): (kind, company id)}``
        """
        self.env["stock.warehouse.orderpoint"].flush_model()
        self.env["stock.quant"].flush_model()
        self.env["stock.move"].flush_model()
        chosen = SQL() if products is None else SQL("AND o.product_id IN %s", tuple(products.ids))
        if products is not None and not products:
            return {}
        rows = self.env.execute_query(
            SQL(
                """
                WITH place AS (
                    SELECT DISTINCT location_id AS id FROM stock_warehouse_orderpoint WHERE active
                ), shelf AS (
                    SELECT place.id AS location_id, quant.product_id,
                           SUM(quant.quantity) AS quantity
                    FROM place
                    JOIN stock_location top ON top.id = place.id
                    JOIN stock_location below ON below.parent_path LIKE top.parent_path || '%%'
                    JOIN stock_quant quant ON quant.location_id = below.id
                    GROUP BY place.id, quant.product_id
                )
                SELECT o.product_id, o.location_id, o.company_id,
                       COALESCE(shelf.quantity, 0) <= 0 AS out
                FROM stock_warehouse_orderpoint o
                JOIN product_product product ON product.id = o.product_id AND product.active
                JOIN product_template template ON template.id = product.product_tmpl_id
                JOIN product_category category
                    ON category.id = template.categ_id AND category.care_is_supply
                LEFT JOIN shelf
                    ON shelf.location_id = o.location_id AND shelf.product_id = o.product_id
                WHERE o.active AND o.product_max_qty > 0 %s
                  AND (COALESCE(shelf.quantity, 0) <= 0 OR o.qty_to_order_computed > 0)
                """,
                chosen,
            )
        )
        current = {
            (product, place): ("out" if out else "low", company)
            for product, place, company, out in rows
        }
        for product, place, company, out in self._care_waiting(products):
            current.setdefault((product.id, place.id), ("out" if out else "low", company.id))
        return current

    @api.model
    def _care_waiting_domain(self, products=None):
        """Moves of supply requests that the store cannot serve now."""
        domain = Domain("care_supply_line_id", "!=", False) & Domain(
            "state", "in", ("confirmed", "partially_available")
        )
        if products is not None:
            domain &= Domain("product_id", "in", products.ids)
        return domain

    @api.model
    def _care_waiting(self, products=None):
        """What requests wait for: ``[(product, location, company, nothing there), ...]``."""
        groups = self.env["stock.move"]._read_group(
            self._care_waiting_domain(products), ["product_id", "location_id", "company_id"]
        )
        if not groups:
            return []
        quants = self.env["stock.quant"]._read_group(
            [
                ("product_id", "in", [product.id for product, _place, _company in groups]),
                ("location_id", "child_of", [place.id for _product, place, _company in groups]),
            ],
            ["product_id", "location_id"],
            ["quantity:sum"],
        )
        rows = []
        for product, place, company in groups:
            there = sum(
                quantity
                for item, location, quantity in quants
                if item == product and location._child_of(place)
            )
            rows.append((product, place, company, there <= 0))
        return rows

    @api.model
    def _care_begin(self, found):
        """Open rows; what another transaction opened meanwhile stays as it is.

        :param found: ``{(product id, location id): (kind, company id)}``
        """
        if not found:
            return
        now = fields.Datetime.now()
        ids = self.env.execute_query(
            SQL(
                "INSERT INTO care_shortage (product_id, location_id, company_id, kind, since,"
                " out_since, create_date, create_uid, write_date, write_uid) VALUES %s"
                " ON CONFLICT (product_id, location_id) WHERE ended IS NULL DO NOTHING"
                " RETURNING id",
                SQL(", ").join(
                    SQL(
                        "%s",
                        (
                            product,
                            place,
                            company,
                            kind,
                            now,
                            now if kind == "out" else None,
                            now,
                            self.env.uid,
                            now,
                            self.env.uid,
                        ),
                    )
                    for (product, place), (kind, company) in found.items()
                ),
            )
        )
        rows = self.browse(row_id for (row_id,) in ids)
        for name in ("product_category_id", "department_id"):
            self.env.add_to_compute(self._fields[name], rows)

    @api.model
    def _care_link_inquiries(self, products=None):
        """Name on the shortages the inquiries whose requests wait, and tell clerks at once."""
        moves = self.env["stock.move"].search(
            self._care_waiting_domain(products)
            & Domain("care_supply_line_id.request_id.ticket_id", "!=", False)
        )
        if not moves:
            return
        rows = self.search(
            [("ended", "=", False), ("product_id", "in", moves.product_id.ids)]
        ).grouped(lambda row: (row.product_id, row.location_id))
        asked = self.browse()
        for (product, place), group in moves.grouped(
            lambda move: (move.product_id, move.location_id)
        ).items():
            shortage = rows.get((product, place))
            if not shortage:
                continue
            tickets = group.care_supply_line_id.request_id.ticket_id
            if tickets - shortage.ticket_ids:
                shortage.ticket_ids |= tickets
            asked |= shortage
        asked._care_tell_at_once()

    @api.model
    def _care_meet(self, lines):
        """Note at once what lines of requests, just ordered, found neither shelf nor store."""
        short = lines.filtered(lambda line: line.state == "waiting")
        if short:
            self._care_refresh(short.product_id)
            levels = self.env["stock.warehouse.orderpoint"].search(
                [
                    ("product_id", "in", short.product_id.ids),
                    ("location_id", "parent_of", short.move_ids.location_id.ids),
                ]
            )
            levels._care_link_requests()

    # ------------------------------------------------------------------
    # Telling
    # ------------------------------------------------------------------

    @api.model
    def _care_clerks(self, company):
        group = self.env.ref(CLERKS).sudo()
        return group.all_user_ids.filtered(lambda user: user.active and company in user.company_ids)

    def _care_tell_at_once(self):
        """Tell clerks of what is out and asked for by an inquiry: once a shortage."""
        for shortage in self:
            if shortage.kind != "out" or shortage.asked_date:
                continue
            shortage.asked_date = fields.Datetime.now()
            clerks = self._care_clerks(shortage.company_id)
            for lang, users in clerks.grouped("lang").items():
                row = shortage.with_context(lang=lang)
                self.env["mail.thread"].with_context(lang=lang).message_notify(
                    model=self._name,
                    res_id=shortage.id,
                    partner_ids=users.partner_id.ids,
                    subject=row.env._(
                        "Out of stock, asked for by an inquiry: %s", row.product_id.display_name
                    ),
                    body=row.env._(
                        "%(product)s is out in %(place)s. Inquiry %(number)s waits for it.",
                        product=row.product_id.display_name,
                        place=row.location_id.display_name,
                        number=row.inquiry_numbers,
                    ),
                )

    @api.model
    def _cron_care_digest(self):
        """Send clerks one mail a company with all that is short, when there is news."""
        shortages = as_server(self)
        shortages._care_refresh()
        rows = shortages.search([("ended", "=", False)])
        for company, group in rows.grouped("company_id").items():
            news = group.filtered(lambda row: row.told_kind != row.kind and row.told_kind != "out")
            if not news:
                continue
            group._care_send_digest(self._care_clerks(company), news)
            for kind, told in news.grouped("kind").items():
                told.write({"told_kind": kind, "told_date": fields.Datetime.now()})

    def _care_send_digest(self, clerks, news):
        """One mail with all of these, the news first."""
        order = sorted(self, key=lambda row: (row not in news, row.kind == "low", row.since))
        for lang, users in clerks.filtered("email").grouped("lang").items():
            rows = self.browse(row.id for row in order).with_context(lang=lang)
            body = self.env["ir.qweb"]._render(
                "patient_care_coordination.supply_digest",
                {
                    "rows": rows[:MOST_ROWS],
                    "news": news,
                    "more": len(rows) - MOST_ROWS,
                    "url": f"{self.browse().get_base_url()}/odoo/care-shortages",
                    "format_datetime": lambda date, env=rows.env: format_datetime(
                        env, date, dt_format="short"
                    ),
                },
                lang=lang,
            )
            self.env["mail.mail"].create(
                {
                    "subject": rows.env._(
                        "Supplies: %(news)s new shortages, %(all)s open",
                        news=len(news),
                        all=len(rows),
                    ),
                    "body_html": Markup("%s") % body,
                    "email_from": self.company_id[:1].email_formatted
                    or self.env.user.email_formatted,
                    "recipient_ids": [fields.Command.link(user.partner_id.id) for user in users],
                    "auto_delete": True,
                }
            )

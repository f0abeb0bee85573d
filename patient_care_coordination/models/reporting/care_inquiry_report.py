from odoo import fields, models
from odoo.tools import SQL

from ..inquiry.helpdesk_ticket import EMOTIONS

# An answer this soon after the receipt, in minutes, was given at once: in the same call or visit.
AT_ONCE = 60
INTERPRETERS = ("access_need_interpreter", "access_need_sign_language")
FORMAL = ("complaint", "grievance")
# Of ratings from 1 to 5.
SATISFIED = 4
# A clock is decided when it was missed or runs no more, and met when it runs no more in time.
DECIDED = {
    name: (
        SQL(f"{name}.missed OR NOT {name}.running"),
        SQL(f"NOT {name}.missed AND NOT {name}.running"),
    )
    for name in ("ack", "answer")
}
AGE_BANDS = [
    ("0_7", "0 to 7 days"),
    ("8_30", "8 to 30 days"),
    ("31_60", "31 to 60 days"),
    ("over_60", "Over 60 days"),
]


class CareInquiryReport(models.Model):
    """Inquiries, a row each: what they were about, how they went, what was in time.

    Pairs ``..._due`` and ``..._met`` are the denominator and the numerator of a percentage, 0 or 1
    a row; ``..._open`` counts beside what is not decided yet. Duplicates are the same case as the
    inquiry that goes on: they have no pair. What belongs to an inquiry is joined as one row, see
    ``_care_join``.
    """

    _name = "care.inquiry.report"
    _description = "Inquiry Analysis"
    _inherit = ["care.analysis"]
    _auto = False
    _order = "received_date desc, id desc"
    _rec_name = "ticket_id"
    _depends = {
        "helpdesk.ticket": [
            "care_lang_id",
            "care_access_need_ids",
            "care_emotional_state",
            "care_emotional_state_end",
            "care_told_date",
            "care_outcome",
            "care_policy_id",
            "care_round",
            "care_reopened_date",
            "care_consent_asked_date",
            "care_consent_date",
            "care_ombudsman_date",
            "care_ombudsman_decided_date",
            "care_ombudsman_outcome",
            "closed_date",
        ],
        "care.nature": ["code", "rank", "close_needs_answer"],
        "care.issue": ["ticket_id", "severity", "stage_of_care", "sequence"],
        "care.deadline": [
            "ticket_id",
            "kind",
            "due",
            "met_date",
            "void_date",
            "extended",
            "working_days",
        ],
        "care.letter": ["ticket_id", "type_id", "policy_id", "state", "sent_date"],
        "care.letter.requirement": ["nature_id", "type_id", "policy_ids", "active"],
        "care.decision": ["ticket_id", "team_id"],
        "care.contact": ["ticket_id", "direction", "date", "automatic", "result", "with_caller"],
        "care.flag.alarm": ["ticket_id", "state"],
        "care.nature.change": ["ticket_id", "old_nature_id", "new_nature_id"],
        "care.closing.exception": ["ticket_id"],
        "care.fault": ["ticket_id"],
        "rating.rating": ["care_ticket_id", "rating", "consumed"],
        "res.company": ["care_tz"],
    }

    answered_date = fields.Datetime("Answered on", readonly=True)
    closed_date = fields.Datetime("Closed on", readonly=True)
    reopened_date = fields.Datetime("Reopened on", readonly=True)
    lang_id = fields.Many2one("res.lang", string="Language", readonly=True)
    policy_id = fields.Many2one("care.policy", string="Deadline policy", readonly=True)
    severity = fields.Selection(
        [("0", "0 Not present"), ("1", "1 Low"), ("2", "2 Medium"), ("3", "3 High")],
        readonly=True,
        help="Of the most serious issue.",
    )
    stage_of_care = fields.Selection(
        lambda self: self.env["care.issue"]._fields["stage_of_care"].selection,
        string="Stage of care",
        readonly=True,
        help="Of the most serious issue that states one.",
    )
    age_band = fields.Selection(
        AGE_BANDS,
        string="Open for",
        readonly=True,
        help="Days since the day of receipt, in the time zone of the hospital; of open ones alone.",
    )
    outcome = fields.Selection(
        lambda self: self.env["helpdesk.ticket"]._fields["care_outcome"].selection,
        readonly=True,
    )
    ombudsman_date = fields.Date("Referred to the ombudsman on", readonly=True)
    ombudsman_decided_date = fields.Date("Ombudsman decided on", readonly=True)
    ombudsman_outcome = fields.Selection(
        lambda self: self.env["helpdesk.ticket"]._fields["care_ombudsman_outcome"].selection,
        readonly=True,
    )
    emotion_start = fields.Selection(EMOTIONS, string="Emotional state", readonly=True)
    emotion_end = fields.Selection(EMOTIONS, string="Emotional state at the end", readonly=True)

    is_open = fields.Integer("Open ones", readonly=True)
    is_closed = fields.Integer("Closed ones", readonly=True)
    is_duplicate = fields.Integer("Duplicates", readonly=True)
    answered = fields.Integer(readonly=True)
    complaint = fields.Integer("Complaints", readonly=True)
    compliment = fields.Integer("Compliments", readonly=True)
    interpreter = fields.Integer("With an interpreter", readonly=True)
    red_flags = fields.Integer(readonly=True, help="Raised, and not found to be none.")
    transfers = fields.Integer(readonly=True, help="Times it went from one team to another.")
    reopened = fields.Integer("Times reopened", readonly=True)
    escalated = fields.Integer("Became more formal", readonly=True)
    by_exception = fields.Integer("Closed by exception", readonly=True)
    ombudsman = fields.Integer("Referred to the ombudsman", readonly=True)
    supply_caused = fields.Integer("Behind them a shortage", readonly=True)
    equipment_caused = fields.Integer("Behind them a fault", readonly=True)
    consent_days = fields.Float(
        "Days waiting for consent", readonly=True, aggregator="avg", help="Until now, if it waits."
    )

    ack_due = fields.Integer("Acknowledgements due", readonly=True)
    ack_met = fields.Integer("Acknowledged on time", readonly=True)
    ack_open = fields.Integer("Acknowledgements not due yet", readonly=True)
    ack_rate = fields.Float("Acknowledged on time (%)", readonly=True, aggregator="avg")
    ack_2 = fields.Integer("Acknowledged within 2 working days", readonly=True)
    ack_5 = fields.Integer("Acknowledged in 3 to 5 working days", readonly=True)
    ack_10 = fields.Integer("Acknowledged in 6 to 10 working days", readonly=True)
    answer_due = fields.Integer("Answers due", readonly=True)
    answer_met = fields.Integer("Answered on time", readonly=True)
    answer_open = fields.Integer("Answers not due yet", readonly=True)
    answer_rate = fields.Float("Answered on time (%)", readonly=True, aggregator="avg")
    extended = fields.Integer("Given more time", readonly=True)
    first_contact_due = fields.Integer("Answered (first contact)", readonly=True)
    first_contact_met = fields.Integer("Answered in the first contact", readonly=True)
    first_contact_open = fields.Integer("Not answered yet (first contact)", readonly=True)
    first_contact_rate = fields.Float(
        "Answered in the first contact (%)", readonly=True, aggregator="avg"
    )
    next_day_due = fields.Integer("Answered (one working day)", readonly=True)
    next_day_met = fields.Integer("Answered within one working day", readonly=True)
    next_day_open = fields.Integer("Not answered yet (one working day)", readonly=True)
    next_day_rate = fields.Float(
        "Answered within one working day (%)", readonly=True, aggregator="avg"
    )
    letter_due = fields.Integer("Closed that need a letter", readonly=True)
    letter_met = fields.Integer("Required letters sent", readonly=True)
    letter_open = fields.Integer("Open that need a letter", readonly=True)
    letter_rate = fields.Float("Required letters sent (%)", readonly=True, aggregator="avg")
    working_days = fields.Float(
        "Mean working days to the answer",
        readonly=True,
        aggregator="avg",
        help="By the calendar of the policy, of answered ones that have a deadline for it.",
    )
    days_to_answer = fields.Float(
        "Mean days to the answer", readonly=True, aggregator="avg", help="Of answered ones."
    )
    median_days = fields.Float(
        "Median days to the answer", readonly=True, aggregator="avg", help="Of answered ones."
    )
    days_to_close = fields.Float("Mean days to the closing", readonly=True, aggregator="avg")
    rated = fields.Integer("Said how satisfied", readonly=True)
    satisfied = fields.Integer(readonly=True)
    rating = fields.Float(
        readonly=True, aggregator="avg", help="From 1, not satisfied, to 5; the latest of each."
    )

    @property
    def _table_query(self):
        shared, joins = self._care_shared()
        return SQL(
            "SELECT %s FROM helpdesk_ticket ticket %s %s WHERE ticket.care_is_inquiry IS TRUE",
            SQL(", ").join(
                [
                    shared,
                    self._care_columns(),
                    self._care_acknowledged(),
                    self._care_pair("answer", SQL("facts.single"), *DECIDED["answer"]),
                    self._care_next_day(),
                    self._care_first_contact(),
                    self._care_letters(),
                ]
            ),
            joins,
            self._care_joins(),
        )

    def _care_columns(self):
        return SQL(
            """
            ticket.id,
            ticket.company_id,
            CASE WHEN facts.answered THEN ticket.care_told_date END AS answered_date,
            ticket.closed_date,
            ticket.care_reopened_date AS reopened_date,
            ticket.care_lang_id AS lang_id,
            ticket.care_policy_id AS policy_id,
            issue.severity,
            issue.stage_of_care,
            CASE WHEN ticket.closed_date IS NOT NULL THEN NULL
                 WHEN facts.days_open <= 7 THEN '0_7'
                 WHEN facts.days_open <= 30 THEN '8_30'
                 WHEN facts.days_open <= 60 THEN '31_60'
                 ELSE 'over_60' END AS age_band,
            ticket.care_outcome AS outcome,
            ticket.care_ombudsman_date AS ombudsman_date,
            ticket.care_ombudsman_decided_date AS ombudsman_decided_date,
            ticket.care_ombudsman_outcome AS ombudsman_outcome,
            (ticket.care_ombudsman_date IS NOT NULL)::integer AS ombudsman,
            ticket.care_emotional_state AS emotion_start,
            ticket.care_emotional_state_end AS emotion_end,
            (ticket.closed_date IS NULL)::integer AS is_open,
            (ticket.closed_date IS NOT NULL)::integer AS is_closed,
            (NOT facts.single)::integer AS is_duplicate,
            facts.answered::integer AS answered,
            (nature.code IN %(formal)s)::integer AS complaint,
            (nature.code = 'compliment')::integer AS compliment,
            (interpreter.ticket_id IS NOT NULL)::integer AS interpreter,
            COALESCE(alarm.red_flags, 0) AS red_flags,
            COALESCE(move.transfers, 0) AS transfers,
            COALESCE(ticket.care_round, 1) - 1 AS reopened,
            (upgrade.ticket_id IS NOT NULL)::integer AS escalated,
            (exception.ticket_id IS NOT NULL)::integer AS by_exception,
            (shortage.ticket_id IS NOT NULL)::integer AS supply_caused,
            (fault.ticket_id IS NOT NULL)::integer AS equipment_caused,
            CASE WHEN ticket.care_consent_asked_date IS NOT NULL
                 THEN GREATEST(EXTRACT(EPOCH FROM COALESCE(ticket.care_consent_date, %(now)s)
                     - ticket.care_consent_asked_date) / 86400, 0)::float END AS consent_days,
            (facts.single AND answer.extended IS TRUE)::integer AS extended,
            CASE WHEN facts.answered THEN answer.working_days::float END AS working_days,
            CASE WHEN facts.answered THEN facts.days_to_answer END AS days_to_answer,
            CASE WHEN facts.answered THEN facts.days_to_answer END AS median_days,
            CASE WHEN ticket.closed_date IS NOT NULL
                 THEN GREATEST(EXTRACT(EPOCH FROM ticket.closed_date - ticket.care_received_date)
                     / 86400, 0)::float END AS days_to_close,
            (rating.ticket_id IS NOT NULL)::integer AS rated,
            (rating.rating >= %(satisfied)s)::integer AS satisfied,
            rating.rating
            """,
            formal=FORMAL,
            now=fields.Datetime.now(),
            satisfied=SATISFIED,
        )

    def _care_pair(self, name, counts, decided, met):
        """The four columns of a percentage.

        :param name: what the columns begin with
        :param counts: whether the inquiry can be in its denominator
        :param decided: whether it is known; NULL where it does not concern the inquiry
        :param met: whether it is in the numerator
        """
        return SQL(
            """
            (%(counts)s AND %(decided)s IS TRUE)::integer AS %(due)s,
            (%(counts)s AND %(decided)s IS TRUE AND %(met)s)::integer AS %(name)s,
            (%(counts)s AND %(decided)s IS FALSE)::integer AS %(open)s,
            CASE WHEN %(counts)s AND %(decided)s IS TRUE
                 THEN 100.0::float * (%(met)s)::integer END AS %(rate)s
            """,
            counts=counts,
            decided=SQL("(%s)", decided),
            met=met,
            name=SQL.identifier(f"{name}_met"),
            due=SQL.identifier(f"{name}_due"),
            open=SQL.identifier(f"{name}_open"),
            rate=SQL.identifier(f"{name}_rate"),
        )

    def _care_acknowledged(self):
        """In time, and in how many working days; what was answered at once needs none."""
        counts = SQL("facts.single AND NOT facts.at_once")
        decided, _met = DECIDED["ack"]
        return SQL(", ").join(
            [
                self._care_pair("ack", counts, *DECIDED["ack"]),
                *(
                    SQL(
                        "(%s AND (%s) IS TRUE"
                        " AND (ack.working_days BETWEEN %s AND %s) IS TRUE)::integer AS %s",
                        counts,
                        decided,
                        first,
                        last,
                        SQL.identifier(f"ack_{last}"),
                    )
                    for first, last in ((0, 2), (3, 5), (6, 10))
                ),
            ]
        )

    def _care_next_day(self):
        """Answered on the working day after the receipt at the latest."""
        return self._care_pair(
            "next_day",
            SQL("facts.single AND nature.close_needs_answer AND answer.ticket_id IS NOT NULL"),
            SQL("facts.answered"),
            SQL("(answer.working_days <= 1) IS TRUE"),
        )

    def _care_letters(self):
        """Closed with each letter that closing asks for; not those closed before their entry."""
        needed = SQL(
            """care_letter_requirement requirement
             WHERE requirement.active
               AND requirement.nature_id = ticket.care_nature_id
               AND (ticket.care_policy_id IN (
                        SELECT rel.policy_id FROM care_letter_requirement_policy_rel rel
                         WHERE rel.requirement_id = requirement.id)
                    OR NOT EXISTS (
                        SELECT FROM care_letter_requirement_policy_rel rel
                         WHERE rel.requirement_id = requirement.id))"""
        )
        return self._care_pair(
            "letter",
            SQL(
                "facts.single AND (ticket.closed_date < ticket.create_date) IS NOT TRUE"
                " AND EXISTS (SELECT FROM %s)",
                needed,
            ),
            SQL("ticket.closed_date IS NOT NULL"),
            SQL(
                """NOT EXISTS (
                    SELECT FROM %s
                       AND NOT EXISTS (
                           SELECT FROM care_letter letter
                            WHERE letter.ticket_id = ticket.id
                              AND letter.state = 'sent'
                              AND letter.type_id = requirement.type_id
                              AND (letter.policy_id = ticket.care_policy_id
                                   OR NOT EXISTS (
                                       SELECT FROM care_letter_requirement_policy_rel rel
                                        WHERE rel.requirement_id = requirement.id))
                              AND (COALESCE(ticket.care_round, 1) = 1
                                   OR ticket.care_reopened_date IS NULL
                                   OR letter.sent_date >= ticket.care_reopened_date)
                       )
                )""",
                needed,
            ),
        )

    def _care_first_contact(self):
        """Answered at once, or by our first message; without a transfer and for good."""
        return self._care_pair(
            "first_contact",
            SQL("facts.single AND nature.close_needs_answer"),
            SQL("facts.answered"),
            SQL(
                """(
                    move.ticket_id IS NULL AND COALESCE(ticket.care_round, 1) = 1
                    AND (facts.at_once OR channel.care_code NOT IN ('phone', 'in_person')
                        AND NOT EXISTS (
                            SELECT FROM care_contact contact
                             WHERE contact.ticket_id = ticket.id
                               AND contact.direction = 'out'
                               AND contact.with_caller
                               AND contact.automatic IS NOT TRUE
                               AND COALESCE(contact.result, 'reached') = 'reached'
                               AND contact.date < ticket.care_told_date
                                   - make_interval(mins => %(at_once)s)
                               AND NOT EXISTS (
                                   SELECT FROM care_contact newer
                                    WHERE newer.corrects_id = contact.id
                               )
                        ))
                ) IS TRUE""",
                at_once=AT_ONCE,
            ),
        )

    def _care_joins(self):
        interpreters = [
            self.env.ref(f"patient_care_coordination.{name}", raise_if_not_found=False)
            for name in INTERPRETERS
        ]
        return SQL(
            """
            LEFT JOIN res_company company ON company.id = ticket.company_id
            CROSS JOIN LATERAL (
                SELECT ticket.care_outcome IS DISTINCT FROM 'duplicate' AS single,
                       (ticket.care_told_date IS NOT NULL
                        AND (COALESCE(ticket.care_round, 1) = 1
                             OR ticket.care_told_date >= ticket.care_reopened_date)) IS TRUE
                           AS answered,
                       (ticket.care_told_date <= ticket.care_received_date
                           + make_interval(mins => %(at_once)s)) IS TRUE AS at_once,
                       GREATEST(EXTRACT(EPOCH FROM ticket.care_told_date
                           - ticket.care_received_date) / 86400, 0)::float AS days_to_answer,
                       (%(now)s AT TIME ZONE 'UTC' AT TIME ZONE COALESCE(company.care_tz, 'UTC'))
                           ::date
                       - (ticket.care_received_date AT TIME ZONE 'UTC'
                          AT TIME ZONE COALESCE(company.care_tz, 'UTC'))::date AS days_open
            ) facts
            LEFT JOIN care_nature nature ON nature.id = ticket.care_nature_id
            LEFT JOIN helpdesk_ticket_channel channel ON channel.id = ticket.channel_id
            %(issue)s
            %(ack)s
            %(answer)s
            %(alarm)s
            %(move)s
            %(rating)s
            LEFT JOIN (
                SELECT DISTINCT change.ticket_id
                  FROM care_nature_change change
                  JOIN care_nature old ON old.id = change.old_nature_id
                  JOIN care_nature new ON new.id = change.new_nature_id
                 WHERE new.rank > old.rank
            ) upgrade ON upgrade.ticket_id = ticket.id
            LEFT JOIN (
                SELECT DISTINCT ticket_id FROM care_closing_exception
            ) exception ON exception.ticket_id = ticket.id
            LEFT JOIN (
                SELECT DISTINCT helpdesk_ticket_id AS ticket_id
                  FROM care_access_need_helpdesk_ticket_rel
                 WHERE care_access_need_id IN %(interpreters)s
            ) interpreter ON interpreter.ticket_id = ticket.id
            LEFT JOIN (
                SELECT DISTINCT ticket_id FROM care_shortage_ticket_rel
            ) shortage ON shortage.ticket_id = ticket.id
            LEFT JOIN (
                SELECT DISTINCT ticket_id FROM care_fault WHERE ticket_id IS NOT NULL
            ) fault ON fault.ticket_id = ticket.id
            """,
            at_once=AT_ONCE,
            now=fields.Datetime.now(),
            issue=self._care_join(
                "issue",
                SQL("care_issue"),
                SQL(
                    """MAX(severity) AS severity,
                       (array_agg(stage_of_care ORDER BY severity DESC NULLS LAST, sequence, id)
                           FILTER (WHERE stage_of_care IS NOT NULL))[1] AS stage_of_care"""
                ),
            ),
            ack=self._care_clock("acknowledge", "ack"),
            answer=self._care_clock("answer", "answer"),
            alarm=self._care_join(
                "alarm",
                SQL("care_flag_alarm"),
                SQL("COUNT(*) AS red_flags"),
                SQL("state IN ('raised', 'taken', 'done')"),
            ),
            move=self._care_join(
                "move",
                SQL(
                    """(
                        SELECT ticket_id, team_id,
                               LAG(team_id) OVER (PARTITION BY ticket_id ORDER BY id) AS before
                          FROM care_decision
                    )"""
                ),
                SQL("COUNT(*) AS transfers"),
                SQL("team_id <> before"),
            ),
            rating=self._care_join(
                "rating",
                SQL("(SELECT *, care_ticket_id AS ticket_id FROM rating_rating)"),
                SQL("(array_agg(rating ORDER BY write_date DESC, id DESC))[1] AS rating"),
                SQL("ticket_id IS NOT NULL AND consumed AND rating > 0"),
            ),
            interpreters=tuple(need.id for need in interpreters if need) or (0,),
        )

    def _care_clock(self, kind, alias):
        """The deadlines of a kind, in all rounds of an inquiry."""
        return self._care_join(
            alias,
            SQL("care_deadline"),
            SQL(
                """bool_or(COALESCE(met_date, %(now)s) > due) AS missed,
                   bool_or(met_date IS NULL AND due >= %(now)s) AS running,
                   bool_or(extended) AS extended,
                   CASE WHEN bool_and(met_date IS NOT NULL) THEN MAX(working_days) END
                       AS working_days""",
                now=fields.Datetime.now(),
            ),
            SQL("kind = %s AND void_date IS NULL", kind),
        )

    def _care_join(self, alias, rows, columns, where=None):
        """Join one row of aggregates for each inquiry that has any of ``rows``.

        Of few inquiries (``care_few`` in the context) the rows of each are looked up; of many, all
        are grouped once. The result is the same.
        """
        values = {
            "alias": SQL.identifier(alias),
            "rows": rows,
            "columns": columns,
            "where": where or SQL("TRUE"),
        }
        if self.env.context.get("care_few"):
            return SQL(
                """
                LEFT JOIN LATERAL (
                    SELECT MIN(ticket_id) AS ticket_id, %(columns)s
                      FROM %(rows)s AS item
                     WHERE item.ticket_id = ticket.id AND %(where)s
                    HAVING COUNT(*) > 0
                ) %(alias)s ON TRUE
                """,
                **values,
            )
        return SQL(
            """
            LEFT JOIN (
                SELECT ticket_id, %(columns)s
                  FROM %(rows)s AS item
                 WHERE %(where)s
                 GROUP BY ticket_id
            ) %(alias)s ON %(alias)s.ticket_id = ticket.id
            """,
            **values,
        )

    def _read_group_select(self, aggregate_spec, query):
        if aggregate_spec == "median_days:avg":
            return SQL(
                "PERCENTILE_CONT(0.5) WITHIN GROUP (ORDER BY %s)",
                self._field_to_sql(self._table, "median_days", query),
            )
        return super()._read_group_select(aggregate_spec, query)

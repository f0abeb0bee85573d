"""What analyses and packs cost at the size of a hospital group: ``./dev bench reports``.

A hundred thousand inquiries over three years with their issues, contacts and deadlines, written
by SQL alone; then what a supervisor waits for, timed on the server as a supervisor.
"""

import os
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

DAYS = 3 * 365
SIZES = {
    "whole": {"SIZE": "whole", "INQUIRIES": 100_000},
    "small": {"SIZE": "small", "INQUIRIES": 600},
}
SIZE, INQUIRIES = SIZES["whole"].values()
# As the pivot of the analysis of inquiries asks when it opens: all its cells and sums.
PIVOT = (
    [[], ["nature_id"], ["received_date:month"], ["nature_id", "received_date:month"]],
    ["__count", "answer_due:sum", "answer_met:sum", "answer_rate:avg"],
)
TARGETS = [
    ("pivot_ms", 500, "under", "analysis of all inquiries, as it opens"),
    ("dashboard_ms", 500, "under", "dashboard, this month"),
    ("month_pack_s", 10, "under", "communications report of a month"),
    ("year_pack_s", 30, "under", "communications report of a year"),
    ("pattern_scan_s", 60, "under", "search for patterns"),
]

# Each statement is given size, days, company, and the numbers of what the set-up made.
STATEMENTS = [
    "SELECT setseed(0.19)",
    """
    INSERT INTO helpdesk_ticket (
        number, name, description, company_id, team_id, user_id, stage_id, channel_id,
        category_id, care_nature_id, care_department_id, care_policy_id, care_is_inquiry, active,
        priority, kanban_state, care_identity, care_round, care_received_date, care_told_date,
        closed_date, care_outcome, care_waiting, care_emotional_state, care_emotional_state_end,
        create_date, write_date, create_uid, write_uid)
    SELECT 'B' || n, 'Bench ' || n, '<p>' || repeat('The words of an inquiry. ', 12) || '</p>',
           %(company)s, team, person, CASE WHEN closed THEN %(done)s ELSE %(progress)s END,
           channel, category, nature, department, %(policy)s, TRUE, TRUE, '1', 'normal', 'named',
           1, received, CASE WHEN closed THEN received + took END,
           CASE WHEN closed THEN received + took + interval '1 hour' END,
           CASE WHEN closed THEN 'answered' END, CASE WHEN closed THEN NULL ELSE 'us' END,
           (ARRAY['calm', 'anxious', 'angry'])[1 + n %% 3], CASE WHEN closed THEN 'calm' END,
           received, received, 1, 1
      FROM (
          SELECT n, random() > 0.03 OR n < %(size)s * 0.9 AS closed,
                 now() at time zone 'utc' - interval '1 minute'
                     - (%(size)s - n) * (interval '1 day' * %(days)s / %(size)s) AS received,
                 random() * random() * interval '40 days' AS took,
                 (%(teams)s::int[])[1 + floor(random() * %(team_count)s)::int] AS team,
                 (%(people)s::int[])[1 + floor(random() * %(people_count)s)::int] AS person,
                 (%(channels)s::int[])[1 + floor(random() * %(channel_count)s)::int] AS channel,
                 (%(categories)s::int[])[1 + floor(random() * %(category_count)s)::int]
                     AS category,
                 (%(natures)s::int[])[1 + floor(random() * %(nature_count)s)::int] AS nature,
                 (%(departments)s::int[])[1 + floor(random() * %(department_count)s)::int]
                     AS department
            FROM generate_series(1, %(size)s) AS n
      ) AS row
    """,
    """
    INSERT INTO care_issue (ticket_id, company_id, sequence, category_id, severity, stage_of_care,
                            department_id, finding)
    SELECT ticket.id, ticket.company_id, part, ticket.category_id,
           (ARRAY['0', '1', '1', '2', '2', '3'])[1 + floor(random() * 6)::int],
           (ARRAY['admission', 'examination', 'ward', 'procedure', 'discharge', 'other'])
               [1 + floor(random() * 6)::int],
           ticket.care_department_id, 'none'
      FROM helpdesk_ticket ticket
     CROSS JOIN LATERAL generate_series(1, 2 + ticket.id %% 2) AS part
     WHERE ticket.name LIKE 'Bench %%'
    """,
    """
    INSERT INTO care_contact (ticket_id, company_id, with_caller, direction, channel, result, date,
                              duration, summary)
    SELECT ticket.id, ticket.company_id, TRUE,
           CASE WHEN part = 1 THEN 'in' ELSE 'out' END,
           CASE WHEN part < 4 THEN 'call' ELSE 'mail' END,
           CASE WHEN part < 4 THEN 'reached' END,
           ticket.care_received_date + part * random() * interval '2 days', part, 'Said so.'
      FROM helpdesk_ticket ticket
     CROSS JOIN generate_series(1, 5) AS part
     WHERE ticket.name LIKE 'Bench %%'
    """,
    """
    INSERT INTO care_deadline (ticket_id, company_id, policy_id, clock_id, kind, amount, unit,
                               round, start, since, due, first_due, soon_date, lead_date, met_date,
                               met_by, late, working_days)
    SELECT ticket.id, ticket.company_id, %(policy)s, clock.id, clock.kind, 3, 'working_days', 1,
           ticket.care_received_date, ticket.care_received_date, due, due, due - interval '1 day',
           due, LEAST(met, ticket.care_told_date), 'told', LEAST(met, ticket.care_told_date) > due,
           (LEAST(met, ticket.care_told_date)::date - ticket.care_received_date::date) * 5 / 7
      FROM helpdesk_ticket ticket
     CROSS JOIN LATERAL (
         SELECT id, kind, ticket.care_received_date + CASE WHEN kind = 'answer'
                THEN interval '20 days' ELSE interval '3 days' END AS due,
                CASE WHEN kind = 'acknowledge'
                     THEN ticket.care_received_date + random() * interval '4 days' END AS met
           FROM care_policy_clock
          WHERE id IN (%(ack_clock)s, %(answer_clock)s)
     ) AS clock
     WHERE ticket.name LIKE 'Bench %%'
    """,
    """
    INSERT INTO care_decision (ticket_id, company_id, team_id, user_id, source, event, create_date)
    SELECT ticket.id, ticket.company_id,
           CASE WHEN part = 1 THEN ticket.team_id ELSE (%(teams)s::int[])[1] END, ticket.user_id,
           CASE WHEN part = 1 THEN 'rule' ELSE 'human' END,
           CASE WHEN part = 1 THEN 'create' ELSE 'move' END,
           ticket.care_received_date + (part - 1) * interval '3 hours'
      FROM helpdesk_ticket ticket
     CROSS JOIN LATERAL generate_series(1, CASE WHEN ticket.id %% 8 = 0 THEN 2 ELSE 1 END) AS part
     WHERE ticket.name LIKE 'Bench %%'
     ORDER BY ticket.id, part
    """,
    """
    INSERT INTO rating_rating (res_model, res_model_id, res_id, care_ticket_id, rating, consumed,
                               access_token, create_date, write_date)
    SELECT 'helpdesk.ticket', (SELECT id FROM ir_model WHERE model = 'helpdesk.ticket'), id, id,
           (ARRAY[1, 3, 5, 5])[1 + floor(random() * 4)::int], TRUE, 'bench' || id, closed_date,
           closed_date
      FROM helpdesk_ticket
     WHERE name LIKE 'Bench %%' AND closed_date IS NOT NULL AND id %% 4 = 0
    """,
    """
    INSERT INTO care_promise (ticket_id, company_id, what, due, made_by_id, user_id, ended,
                              kept_date, ended_date)
    SELECT id, company_id, 'A call', care_received_date + interval '2 days', user_id, user_id,
           CASE WHEN closed_date IS NOT NULL THEN 'kept' END,
           CASE WHEN closed_date IS NOT NULL
                THEN care_received_date + random() * interval '60 hours' END, NULL
      FROM helpdesk_ticket WHERE name LIKE 'Bench %%' AND id %% 3 = 0
    """,
    """
    INSERT INTO care_consult (ticket_id, company_id, number, question, due, state, asked_by_id,
                              asked_date, ended_date, department_id, answer)
    SELECT id, company_id, 1, 'What happened?', care_received_date + interval '3 days',
           CASE WHEN closed_date IS NULL THEN 'asked' ELSE 'answered' END, user_id,
           care_received_date, CASE WHEN closed_date IS NOT NULL
                THEN care_received_date + random() * interval '4 days' END,
           care_department_id, 'So.'
      FROM helpdesk_ticket WHERE name LIKE 'Bench %%' AND id %% 4 = 1
    """,
    """
    INSERT INTO care_flag_alarm (ticket_id, company_id, flag_id, state, source, raised_date,
                                 taken_date, minutes_to_human, late)
    SELECT id, company_id, %(flag)s, CASE WHEN closed_date IS NULL THEN 'taken' ELSE 'done' END,
           'person', care_received_date, care_received_date + interval '20 minutes', 20, FALSE
      FROM helpdesk_ticket WHERE name LIKE 'Bench %%' AND id %% 50 = 0
    """,
    """
    UPDATE helpdesk_ticket SET care_next_due = row.due
      FROM care_deadline row
     WHERE row.ticket_id = helpdesk_ticket.id AND row.kind = 'answer' AND row.met_date IS NULL
    """,
]


def resize(size):
    """Use the numbers of ``SIZES[size]`` from now on."""
    globals().update(SIZES[size])


def build(env):
    """Write the inquiries of three years past the ORM; returns how many there are."""
    from odoo.tests import new_test_user

    module = "patient_care_coordination"
    people = [
        new_test_user(env, login=f"bench_{number}", groups=f"{module}.group_supervisor")
        for number in range(10)
    ]
    teams = env["helpdesk.ticket.team"].create(
        [{"name": f"Bench team {number}", "care_desk": True} for number in range(12)]
    )
    parents = env["care.department"].create([{"name": f"Bench {number}"} for number in range(4)])
    departments = env["care.department"].create(
        [
            {"name": f"Bench ward {number:02}", "parent_id": parents[number % 4].id}
            for number in range(40)
        ]
    )
    categories = env["helpdesk.ticket.category"].search([("care_level", "=", "subcategory")])
    policy = env.ref(f"{module}.policy_generic")
    clocks = policy.clock_ids
    lists = {
        "team": teams.ids,
        "people": [person.id for person in people],
        "channel": env["helpdesk.ticket.channel"].search([]).ids,
        "category": categories.ids,
        "nature": env["care.nature"].search([]).ids,
        "department": departments.ids,
    }
    plural = {"people": "people", "category": "categories"}
    values = {
        "size": INQUIRIES,
        "days": DAYS,
        "company": env.company.id,
        "policy": policy.id,
        "ack_clock": clocks.filtered(lambda clock: clock.kind == "acknowledge")[:1].id,
        "answer_clock": clocks.filtered(lambda clock: clock.kind == "answer")[:1].id,
        "done": env.ref("helpdesk_mgmt.helpdesk_ticket_stage_done").id,
        "progress": env.ref("helpdesk_mgmt.helpdesk_ticket_stage_in_progress").id,
        "flag": env["care.red.flag"].search([], limit=1).id,
        **{plural.get(name, f"{name}s"): ids for name, ids in lists.items()},
        **{f"{name}_count": len(ids) for name, ids in lists.items()},
    }
    env.flush_all()
    for statement in STATEMENTS:
        env.cr.execute(statement, values)
    env.cr.commit()
    env.invalidate_all()
    return env["helpdesk.ticket"].search_count([("name", "=like", "Bench %")])


def seconds(call):
    """How long a call takes, and what it returns."""
    start = time.perf_counter()
    result = call()
    return time.perf_counter() - start, result


def screens(env):
    """What a supervisor waits for: screens in milliseconds, packs and the nightly scan in seconds.

    A pack is all its sections, the PDF and the spreadsheet.
    """
    from dateutil.relativedelta import relativedelta

    from odoo import fields

    from tests.bench.bench_supply import middle_ms

    supervisor = env["res.users"].search([("login", "=", "bench_0")])
    report = env["care.inquiry.report"].with_user(supervisor)
    dashboard = env["care.dashboard"].with_user(supervisor)
    runs = env["care.report.run"].with_user(supervisor)
    template = env["care.report.template"].search(
        [("kind", "=", "communications"), ("company_id", "=", env.company.id)], limit=1
    )
    month = fields.Date.today().replace(day=1)

    def pivot():
        groups = report.formatted_read_grouping_sets([], *PIVOT)
        assert groups[0][0]["__count"] == INQUIRIES, groups[0]

    def pack(months):
        run = runs._care_queue(template, supervisor, month - relativedelta(months=months), month)
        run._care_make()
        assert run.sudo().state == "ready", run.sudo().error
        return run

    figures = {
        "pivot_ms": middle_ms(env, pivot),
        "dashboard_ms": middle_ms(env, dashboard.care_dashboard),
    }
    figures["month_pack_s"], _run = seconds(lambda: pack(1))
    figures["year_pack_s"], run = seconds(lambda: pack(12))
    sections = run._care_build()
    reader = run._care_as_reader().sudo()
    figures["xlsx_s"], _file = seconds(lambda: reader._care_xlsx(sections))
    figures["pattern_scan_s"], _patterns = seconds(
        lambda: env["care.pattern"].sudo()._care_scan(env.company)
    )
    return figures


def rehearse(env):
    """Both in one go."""
    made = build(env)
    return {"inquiries": made, **screens(env)}


def measure():
    """All figures, in the order of the report."""
    from tests.bench.bench_supply import say
    from tests.databases import Hospital, clone, drop, run_sql

    name = f"pcc_bench_reports_{os.getpid()}"
    inside = (
        f"import sys\nsys.path.insert(0, {str(ROOT)!r})\n"
        f"from tests.bench import bench_reports\nbench_reports.resize({SIZE!r})\n"
        "result = bench_reports.{}(env)\n"
    )
    try:
        clone(os.environ["CARE_TEMPLATE"], name)
        if SIZE == "small":
            return Hospital(name).shell(inside.format("rehearse"))
        say(f"writing {INQUIRIES} inquiries")
        made = Hospital(name).shell(inside.format("build"))
        assert made == INQUIRIES, made
        run_sql("VACUUM ANALYZE", name)
        say("timing what a supervisor waits for")
        figures = Hospital(name).shell(inside.format("screens"))
    finally:
        drop(name)
    return {"inquiries": made, **figures}


if __name__ == "__main__":
    from tests.bench import report

    sys.exit(report.main(__doc__, measure, TARGETS, resize))

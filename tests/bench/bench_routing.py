"""Measure the routing with 1,000 rules: engine, creation, replay, and Odoo's automation rules.

    bench_routing.py [--json]

Run by ``./dev bench routing``, which gives the environment. All in one run on one database, a
copy of the template that is dropped at the end; every figure is a median over repeated runs, and
what is compared is measured in turns. The rules, the messages and the domains below are fixed:
they come from the words in this file by one seed, and from nothing else.

A rule has four conditions, which all must hold, and five keywords: one condition asks the text
for any of the five, three ask for other facts (channel, department, nature, relation ...). In one
rule of ten, a keyword is asked as "none of" instead and takes the place of one of these facts.
Other rules share words with the messages, but one fact keeps each of them from matching. So every
message matches five preparation rules and one routing rule in the middle of the list.

The six rules do the same to the messages; a catch-all ends them like every set. Odoo's automation
rules each look for five words in the description and set the team, on "create and edit" with the
description watched, as the form fills it in; "on create" alone is reported beside it.
"""

import gc
import os
import platform
import random
import statistics
import sys
import time
from datetime import date
from functools import partial
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

from tests.pure import load  # noqa: E402

# Numbers of rules, of inquiries replayed, and of repetitions of what is timed.
SIZES = {
    "whole": {
        "SIZE": "whole",
        "PREPARATION_RULES": 400,
        "ROUTING_RULES": 600,
        "AUTOMATIONS": 200,
        "REPLAYED": 10_000,
        "ENGINE_RUNS": 60,
        "SINGLES": 150,
        "BATCHES": 40,
        "BATCH": 100,
        "STARTS": 3,
        "TURNS": 20,
    },
    "small": {
        "SIZE": "small",
        "PREPARATION_RULES": 20,
        "ROUTING_RULES": 40,
        "AUTOMATIONS": 10,
        "REPLAYED": 60,
        "ENGINE_RUNS": 2,
        "SINGLES": 2,
        "BATCHES": 1,
        "BATCH": 5,
        "STARTS": 1,
        "TURNS": 1,
    },
}
(
    SIZE,
    PREPARATION_RULES,
    ROUTING_RULES,
    AUTOMATIONS,
    REPLAYED,
    ENGINE_RUNS,
    SINGLES,
    BATCHES,
    BATCH,
    STARTS,
    TURNS,
) = SIZES["whole"].values()
WORDS = 120
TEAMS = 40
TOPICS = 20

# What many rules ask for, as real sets do.
COMMON = """
appointment nurse doctor waiting phone letter staff room bed clinic visit medicine results test
pain discharge transport parking toilet noise night family told called weeks hours rude kind dirty
clean cold late lost operation referral consultant reception information surgery scan blood
treatment care help bill form address date reply complaint
""".split()
# What some rules ask for and messages say now and then.
SPOKEN = """
admission allergy ambulance anaesthetic antibiotics bandage blanket breathing cancelled cannula
carer chair charge cleaner corridor crutches curtain dentist diabetes dressing driver emergency
escort fracture glasses handover hearing heating infection injection insulin interpreter invoice
kidney kitchen leaflet lift locker mattress midwife monitor nutrition outpatient oxygen painkiller
pharmacy physio porter prescription privacy receipt refund rehabilitation sample shower stitches
television therapist translator vaccination visitor wheelchair wound
""".split()
# What some rules ask for and no message says.
SILENT = """
abscess acupuncture adenoids amputation anaemia aneurysm angina angiogram antacid aorta appendix
arthritis asthma audiology autopsy balloon barium bariatric biopsy bladder bleach bowel brace
bronchitis burns bursary bypass caesarean calcium cardiology cataract catheter chaplain cholera
cholesterol circumcision cirrhosis cleft colonoscopy coma concussion contraception cornea coroner
cyst dementia dermatology dialysis diarrhoea dietician disability donor dyslexia eczema elbow
embolism endoscopy enema enzyme epidural epilepsy fasting femur fertility fibroid fistula flu
forensic gallstones gastric genetics glaucoma goitre gout graft haemorrhage halal hernia hepatitis
hospice hydrotherapy hypnosis hysterectomy implant incontinence incubator jaundice keyhole kosher
larynx laser leukaemia liver lumbar lymph malaria mammogram measles melanoma meningitis menopause
metabolic migraine miscarriage mortuary mumps neonatal nephrology neurology obesity obstetrics
oedema oncology ophthalmology optician orthopaedic osteoporosis ovary pacemaker paediatric
pancreas paralysis parkinson pathology pelvis peritonitis placenta plasma pleurisy pneumonia
podiatry polio prostate prosthesis psoriasis psychiatry pulmonary rabies radiology respiratory
retina rheumatism rubella sarcoma scarlet sciatica sclerosis scoliosis seizure sepsis shingles
sinus spleen sterile steroid stroke telemetry tendon tetanus thrombosis thyroid tonsils
toxicology tracheotomy traction transfusion transplant trauma tuberculosis tumour ulcer
ultrasound urology uterus vascular vegan ventilator vertigo viral whiplash
""".split()
# What rules never ask for.
FILLER = """
a about after again all also an and any as asked at back be because been before being both but by
came could day did do each even every few first for from get give given go good had has have he her
here him his home how i if in into is it its just keep know last left like little long made make
many may me more morning most much my near never new next no nobody not now of on once one only or
other our out over people place please put really right said same saw seemed she should since so
some someone soon still such take than thank that the their them then there these they thing think
this those though thought through time to too took tried two under until up us very want was we
week well went were what when where which while who why will with without would year yes yet you
your
""".split()
# The five keywords of each preparation rule that the messages match, and what it sets.
PREPARED = (
    ("lunch supper breakfast porridge pudding", {"category": ["food"]}),
    ("queue queued overdue postponed backlog", {"category": ["waiting"]}),
    ("lawyer ombudsman newspaper minister tribunal", {"priority": "2"}),
    ("widow orphan bereaved funeral grieving", {"tags": ["Bereaved"]}),
    ("reminder unanswered repeatedly ignored twice", {"tags": ["Wrote before"]}),
)
# Wards: each has one routing rule in the middle of the list; the first is the one of all figures.
WARDS = """
maple birch cedar rowan willow juniper hazel laurel magnolia poplar linden spruce hawthorn
sycamore chestnut acacia cypress elder aspen mulberry
""".split()
WARD_WORDS = ("ward", "wing", "unit", "bay", "desk")

VALUES = {
    "channel": ["Email", "Phone", "Web", "Letter", "In person", "Form"],
    "nature": "question request concern complaint grievance comment suggestion compliment".split(),
    "language": ["en_US", "de_DE", "fr_FR", "pl_PL", "tr_TR", "es_ES"],
    "relation": "self partner parent child relative friend carer guardian".split(),
    "priority": ["0", "1", "2", "3"],
    "known": ["yes", "no"],
    "weekday": ["0", "1", "2", "3", "4", "5", "6"],
    "department": [f"Department {number}" for number in range(1, 31)],
    "category": "food waiting cleanliness rooms staffing appointments contacting transport "
    "discharge visiting listening manner medicines information".split(),
}
# What the messages are, before and after preparation.
MINE = {
    "channel": ["Email"],
    "nature": ["complaint"],
    "language": ["en_US"],
    "relation": ["child"],
    "priority": ["1"],
    "known": ["no"],
    "department": ["Department 7"],
}
PREPARED_MINE = MINE | {"priority": ["2"], "category": ["food", "waiting"]}

# Figure, what to compare it with, how, and the words for people.
TARGETS = (
    ("engine_us", 300, "under", "engine, 1,000 rules (microseconds)"),
    ("engine_ratio_10_rules", 2, "under", "engine, 1,000 rules over 10"),
    ("create_ratio_single", 1.10, "at most", "create one, 1,000 rules over six"),
    ("create_ratio_batch100", 1.10, "at most", "create 100, 1,000 rules over six"),
    ("replay_10k_s", 20, "under", "replay of 10,000 (seconds)"),
    ("automation_ratio_single", 15, "at least", "create one, 200 automation rules over ours"),
)


def resize(size):
    """Use the numbers of ``SIZES[size]`` from now on."""
    globals().update(SIZES[size])


# ---------------------------------------------------------------------------
# The rules and the messages
# ---------------------------------------------------------------------------


def pick(rng, values):
    """One of ``values``; from ``random()`` alone, which is the same in every Python."""
    return values[int(rng.random() * len(values))]


def pick_some(rng, values, count):
    """``count`` different ones of ``values``, or all of them in another order."""
    left, picked = list(values), []
    while left and len(picked) < count:
        picked.append(left.pop(int(rng.random() * len(left))))
    return picked


def make_keyword(rng):
    """A keyword as rules have: one of ten common, the others words, beginnings and phrases."""
    kind = rng.random()
    if kind < 0.1:
        return pick(rng, COMMON)
    word = pick(rng, SPOKEN + SILENT)
    if kind < 0.4:
        return word
    if kind < 0.55:
        return word + "*"
    return f"{word} {pick(rng, SPOKEN + SILENT)}"


def make_condition(rng, field, mine, fails):
    """A condition on a fact; one that ``fails`` cannot hold for the messages."""
    negative = rng.random() < 0.1
    values = VALUES[field]
    if fails and negative:
        values = pick_some(rng, mine[field], 1)
    elif fails:
        values = [value for value in values if value not in mine[field]]
    return {
        "field": field,
        "match": "none" if negative else "any",
        "values": pick_some(rng, values, 1 + int(rng.random() * 3)),
    }


def make_other_rule(rng, name, kind):
    """A rule that no message matches, though many messages have some of its words."""
    mine = MINE if kind == "preparation" else PREPARED_MINE
    keywords = [make_keyword(rng) for _number in range(5)]
    lines = [{"field": "text", "match": "any", "values": keywords}]
    if rng.random() < 0.1:
        lines.append({"field": "text", "match": "none", "values": [keywords.pop()]})
    fields = pick_some(rng, sorted(mine), 1)
    others = [field for field in [*sorted(mine), "weekday"] if field not in fields]
    fields += pick_some(rng, others, 3 - len(lines))
    lines += [
        make_condition(rng, field, mine, fails=not number) for number, field in enumerate(fields)
    ]
    rule = {"id": name, "kind": kind, "lines": pick_some(rng, lines, 4), "effects": {}}
    if kind == "routing":
        return rule | {"team": f"Team {1 + int(rng.random() * TEAMS)}"}
    effect = rng.random()
    if effect < 0.6:
        rule["effects"] = {"category": pick_some(rng, VALUES["category"], 1)}
    elif effect < 0.8:
        rule["effects"] = {"tags": [f"Tag {1 + int(rng.random() * 20)}"]}
    else:
        rule["effects"] = {"priority": pick(rng, ["2", "3"])}
    return rule


def make_matching_rules():
    """``(preparation, routing)``: what messages match; one routing rule for each ward."""
    facts = [
        {"field": "channel", "match": "any", "values": ["Email", "Letter"]},
        {"field": "relation", "match": "any", "values": ["child", "parent", "partner"]},
        {"field": "nature", "match": "none", "values": ["compliment"]},
    ]
    preparation = [
        {
            "id": f"Preparation of {keywords.split()[0]}",
            "kind": "preparation",
            "lines": [{"field": "text", "match": "any", "values": keywords.split()}, *facts],
            "effects": effects,
        }
        for keywords, effects in PREPARED
    ]
    seen = [
        {"field": "category", "match": "any", "values": ["food", "rooms"]},
        {"field": "priority", "match": "any", "values": ["2", "3"]},
        {"field": "department", "match": "any", "values": ["Department 7", "Department 8"]},
    ]
    routing = []
    for number, ward in enumerate(WARDS):
        keywords = [f"{ward} {word}" for word in WARD_WORDS]
        routing.append(
            {
                "id": f"Routing of {ward}",
                "kind": "routing",
                "lines": [{"field": "text", "match": "any", "values": keywords}, *seen],
                "effects": {},
                "team": f"Team {1 + 2 * number}",
            }
        )
    return preparation, routing


def make_catch_all():
    """The rule that ends every set."""
    return {
        "id": "Everything else",
        "kind": "routing",
        "lines": [],
        "effects": {},
        "team": f"Team {TEAMS}",
        "catch_all": True,
    }


def make_rules():
    """The 1,000 rules in run order: 400 for preparation, 600 for routing with the catch-all."""
    rng = random.Random(19)
    matching, routed = make_matching_rules()
    preparation = [
        make_other_rule(rng, f"Preparation {number}", "preparation")
        for number in range(PREPARATION_RULES - len(matching))
    ]
    for number, rule in enumerate(matching):
        preparation.insert(100 + 50 * number, rule)
    routing = [
        make_other_rule(rng, f"Routing {number}", "routing")
        for number in range(ROUTING_RULES - len(routed) - 1)
    ]
    middle = ROUTING_RULES // 2
    routing[middle:middle] = routed
    return [*preparation, *routing, make_catch_all()]


def make_six_rules():
    """The six rules that do the same to messages of the first ward, and the catch-all."""
    preparation, routing = make_matching_rules()
    return [*preparation, routing[0], make_catch_all()]


def make_ten_rules():
    """The six, the catch-all and three of the 1,000 that messages do not match."""
    six, others = make_six_rules(), [rule for rule in make_rules() if rule["kind"] == "routing"]
    return [*six[:5], *others[:2], six[5], others[2], six[6]]


def make_message(number, ward=WARDS[0]):
    """``(subject, words)`` of a message: 120 words in all, always matching the same six rules."""
    rng = random.Random(number)
    subject = f"{pick(rng, ['The', 'Our'])} stay of my {pick(rng, ['mother', 'father'])}"
    units = [pick(rng, keywords.split()) for keywords, _effects in PREPARED]
    units.append(f"{ward} {pick(rng, WARD_WORDS)}")
    units += pick_some(rng, COMMON, 5) + pick_some(rng, SPOKEN, 6)
    spoken = len(" ".join([subject, *units]).split())
    units += [pick(rng, FILLER) for _number in range(WORDS - spoken)]
    return subject, " ".join(pick_some(rng, units, len(units))).split()


def make_html(words):
    """A message as mail programs send it: paragraphs with styles, and the quoted mail below."""
    paragraphs = [words[start : start + 20] for start in range(0, len(words), 20)]
    body = "".join(
        '<p class="MsoNormal" style="margin:0cm 0cm 8pt;font-family:Calibri,sans-serif">'
        f'<span lang="EN-GB">{" ".join(part[:-1])} <b>{part[-1]}</b>.&nbsp;</span></p>'
        for part in paragraphs
    )
    quoted = "Dear Sir or Madam, thank you for writing to us. We will answer soon. " * 3
    return (
        f'<div dir="ltr"><div>{body}</div><p>With kind regards<br>A. Okafor</p></div><br>'
        f'<div class="gmail_quote"><blockquote style="margin:0 0 0 .8ex"><p>{quoted}</p>'
        "</blockquote></div>"
    )


def make_facts(text, subject):
    """The facts of a message as the engine takes them; names stand for ids."""
    single = {field: values[0] for field, values in MINE.items() if field != "department"}
    return {
        **single,
        "departments": MINE["department"],
        "categories": [],
        "tags": [],
        "partner_tags": [],
        "open": [],
        "product": None,
        "hint": None,
        "weekday": "2",
        "date": "2026-03-04",
        "human": {"nature"},
        "ancestors": {},
        "subject": subject,
        "text": text,
    }


def make_domains():
    """200 keyword domains with five words each; messages of the first ward match one, the 100th."""
    rng = random.Random(20)
    words = [pick_some(rng, SILENT, 5) for _number in range(AUTOMATIONS)]
    words[AUTOMATIONS // 2][-1] = WARDS[0]
    return [["|"] * 4 + [("description", "ilike", word) for word in five] for five in words]


# ---------------------------------------------------------------------------
# The engine alone
# ---------------------------------------------------------------------------


def load_pure(name, room="routing"):
    """A pure module of a room: importing the addon needs Odoo."""
    return load(f"{room}.{name}")


def compile_rules(engine, rules):
    """A rule set as the engine compiles it."""
    lists = {"preparation": [], "routing": []}
    for rule in rules:
        lists[rule["kind"]].append(rule)
    return engine.compile_rules(lists["preparation"], lists["routing"])


def count_touched(engine, rules, facts):
    """How many rules have a keyword in this text, whatever their other conditions say."""
    alone = []
    for rule in rules:
        lines = [line for line in rule["lines"] if line["field"] == "text"]
        if lines:
            alone.append({"id": rule["id"], "lines": [lines[0] | {"match": "any"}]})
    return len(engine.compile_rules([], alone).matching(facts))


def race(repetitions, *runs):
    """The seconds that each of ``runs`` returns, a list for each, measured in turns."""
    seconds = [[] for _run in runs]
    for number in range(repetitions):
        order = list(enumerate(runs))
        for place, run in order if number % 2 else reversed(order):
            seconds[place].append(run())
    return seconds


def medians(repetitions, *runs):
    """The median seconds of each of ``runs``, measured in turns."""
    return [statistics.median(each) for each in race(repetitions, *runs)]


def middle_ratio(many, few):
    """The median of the ratios of neighbours, so that a slow minute of the machine cancels out."""
    return statistics.median(left / right for left, right in zip(many, few, strict=True))


def stopwatch(work, *arguments):
    """The seconds that ``work`` takes."""
    start = time.perf_counter()
    work(*arguments)
    return time.perf_counter() - start


def measure_engine():
    """Microseconds of one decision with 1,000 and with 10 rules, of the HTML, and of compiling."""
    engine, reader = load_pure("engine"), load_pure("mail_text", "common")
    rules = make_rules()
    messages = [make_message(number) for number in range(100)]
    bodies = [make_html(words) for _subject, words in messages]
    facts_list = []
    for (subject, _words), body in zip(messages, bodies, strict=True):
        subject = engine.normalise(subject)
        text = f"{subject} {engine.normalise(reader.own_words(body))}"
        facts_list.append(make_facts(text, subject))
    thousand, ten = compile_rules(engine, rules), compile_rules(engine, make_ten_rules())
    wanted = [rule["id"] for rule in make_matching_rules()[0]]
    for facts in facts_list:
        for decision in (thousand.decide(facts), ten.decide(facts)):
            assert [item["rule"] for item in decision["preparation"]] == wanted, decision
            assert decision["rule"] == f"Routing of {WARDS[0]}", decision

    def decide_all(compiled):
        for facts in facts_list:
            compiled.decide(facts)

    def read_all():
        for body in bodies:
            engine.normalise(reader.own_words(body))

    gc.collect()
    gc.disable()
    try:
        seconds = medians(
            ENGINE_RUNS,
            lambda: stopwatch(decide_all, thousand),
            lambda: stopwatch(decide_all, ten),
            lambda: stopwatch(read_all),
        )
        cold = medians(STARTS * 3, lambda: stopwatch(compile_rules, engine, rules))[0]
    finally:
        gc.enable()
    figures = [each / len(messages) * 1e6 for each in seconds]
    touched = [count_touched(engine, rules, facts) for facts in facts_list]
    return {
        "rules": len(rules),
        "engine_us": figures[0],
        "engine_us_10_rules": figures[1],
        "engine_ratio_10_rules": figures[0] / figures[1],
        "html_us": figures[2],
        "cold_compile_ms": cold * 1000,
        "rules_with_a_word_of_the_message": statistics.median(touched),
    }


# ---------------------------------------------------------------------------
# Inside Odoo: furnishing the hospital
# ---------------------------------------------------------------------------

COLUMNS = {
    "channel": "channel_ids",
    "nature": "nature_ids",
    "language": "lang_ids",
    "category": "category_ids",
    "department": "department_ids",
    "relation": "choice_ids",
    "priority": "choice_ids",
    "known": "choice_ids",
    "weekday": "choice_ids",
}


def in_company(env, company):
    """The environment of somebody who works in one company; each has a live set of its own."""
    return env(context={**env.context, "allowed_company_ids": company.ids})


def furnish(env):
    """Make teams, tags and departments, and a second company; returns both companies.

    The first has the 1,000 rules, the second the six. They share teams, tags, categories and
    channels, so that both sides do the same.
    """
    companies = env.company | env["res.company"].create({"name": "Hospital with six rules"})
    member = env["res.users"].create(
        {
            "name": "Coordinator of all teams",
            "login": "bench",
            "group_ids": [(4, env.ref("patient_care_coordination.group_coordinator").id)],
            "company_ids": [(6, 0, companies.ids)],
        }
    )
    env["helpdesk.ticket.team"].create(
        [
            {"name": f"Team {number}", "company_id": False, "user_ids": [(4, member.id)]}
            for number in range(1, TEAMS + 1)
        ]
    )
    names = {tag for _keywords, effects in PREPARED for tag in effects.get("tags", [])}
    names |= {f"Tag {number}" for number in range(1, 21)}
    env["helpdesk.ticket.tag"].create(
        [{"name": name, "company_id": False} for name in sorted(names)]
    )
    for company in companies:
        env["care.department"].create(
            [{"name": name, "company_id": company.id} for name in VALUES["department"]]
        )
    return companies


def find_records(env, company):
    """``{(field, name): id}`` of all that rules and messages name."""
    every = env(context={"active_test": False, "lang": "en_US"})
    sources = {
        "channel": ("helpdesk.ticket.channel", "name", []),
        "nature": ("care.nature", "code", []),
        "language": ("res.lang", "code", []),
        "category": ("helpdesk.ticket.category", "care_code", []),
        "department": ("care.department", "name", [("company_id", "=", company.id)]),
        "tag": ("helpdesk.ticket.tag", "name", []),
        "team": ("helpdesk.ticket.team", "name", []),
    }
    found = {}
    for field, (model, column, domain) in sources.items():
        for record in every[model].search(domain):
            found[field, record[column]] = record.id
    for choice in every["care.rule.choice"].search([]):
        found[choice.field, choice.code] = choice.id
    return found


def bring_to_life(env, company, rules):
    """Make these rules the live version of a company; they pass the checks like any version."""
    found = find_records(env, company)
    ruleset = env["care.ruleset"].create({"company_id": company.id})
    rows = []
    for place, rule in enumerate(rules):
        lines = []
        for line in rule["lines"]:
            values = {"field": line["field"], "match": line["match"], "sequence": len(lines)}
            if line["field"] == "text":
                values["keywords"] = "\n".join(line["values"])
            else:
                ids = [found[line["field"], value] for value in line["values"]]
                values[COLUMNS[line["field"]]] = [(6, 0, ids)]
            lines.append((0, 0, values))
        effects = rule["effects"]
        rows.append(
            {
                "ruleset_id": ruleset.id,
                "kind": rule["kind"],
                "sequence": place,
                "name": rule["id"],
                "catch_all": rule.get("catch_all", False),
                "team_id": found.get(("team", rule.get("team")), False),
                "line_ids": lines,
                "priority": effects.get("priority", False),
                "category_ids": [
                    (6, 0, [found["category", code] for code in effects.get("category", [])])
                ],
                "tag_ids": [(6, 0, [found["tag", name] for name in effects.get("tags", [])])],
            }
        )
    env["care.rule"].create(rows)
    ruleset._check_activation()
    ruleset._care_activate()
    return ruleset


def inquiry_values(found, number, ward=WARDS[0]):
    """The values of an inquiry as the mail gateway and the forms hand them in."""
    subject, words = make_message(number, ward)
    return {
        "name": subject,
        "description": make_html(words),
        "channel_id": found["channel", MINE["channel"][0]],
        "care_nature_id": found["nature", MINE["nature"][0]],
        "care_lang_id": found["language", MINE["language"][0]],
        "care_department_id": found["department", MINE["department"][0]],
        "care_relation": MINE["relation"][0],
    }


class Desk:
    """Creates tickets in one company, each time new ones, and remembers which."""

    def __init__(self, env, make_values, start=0):
        self.env = env
        self.make_values = make_values
        self.number = start
        self.made = []

    def create(self, count=1):
        """Seconds to create ``count`` tickets at once, with all that must reach the database."""
        numbers = range(self.number, self.number + count)
        values = [self.make_values(number) for number in numbers]
        self.number += count
        start = time.perf_counter()
        tickets = self.env["helpdesk.ticket"].create(values)
        self.env.flush_all()
        seconds = time.perf_counter() - start
        self.made += tickets.ids
        # As between two requests: nothing stays in the cache of records.
        self.env.cr.commit()
        return seconds

    def outcomes(self):
        """What became of each ticket, in words."""
        tickets = self.env["helpdesk.ticket"].with_context(lang="en_US").browse(self.made)
        return [
            {
                "team": ticket.team_id.name,
                "person": ticket.user_id.name,
                "stage": ticket.stage_id.name,
                "category": ticket.category_id.care_code,
                "categories": ticket.care_category_ids.mapped("care_code"),
                "tags": sorted(ticket.tag_ids.mapped("name")),
                "priority": ticket.priority,
                "rule": ticket.care_decision_ids.rule_id.name,
                "prepared": len((ticket.care_decision_ids.evidence or {}).get("preparation", [])),
                "error": ticket.care_intake_error,
            }
            for ticket in tickets
        ]


# ---------------------------------------------------------------------------
# Inside Odoo: measuring
# ---------------------------------------------------------------------------


def measure_ours(env):
    """Creation with 1,000 rules against six, the cold start, and the replay of 10,000."""
    companies = furnish(env)
    bring_to_life(env, companies[0], make_rules())
    bring_to_life(env, companies[1], make_six_rules())
    env.cr.commit()
    desks = []
    for company in companies:
        found = find_records(env, company)
        local = in_company(env, company)
        desks.append(Desk(local, lambda number, found=found: inquiry_values(found, number)))
    many, few = desks
    for desk in desks:
        for _number in range(5):
            desk.create()
    single = race(SINGLES, many.create, few.create)
    batch = race(BATCHES, lambda: many.create(BATCH), lambda: few.create(BATCH))
    check_same(many, few)
    replay = measure_replay(env, companies[0], many)
    env.cr.execute("SHOW server_version")
    version = env.cr.fetchone()[0]
    return {
        "create_ratio_single": middle_ratio(*single),
        "create_ratio_batch100": middle_ratio(*batch),
        **replay,
        "single_ms": [statistics.median(each) * 1000 for each in single],
        "batch100_ms": [statistics.median(each) * 1000 for each in batch],
        "cold_live_ms": measure_cold_start(env, companies[0]) * 1000,
        "postgresql": version,
    }


def check_same(many, few):
    """Both sides made the same of the same messages, and it is what the rules say."""
    left, right = many.outcomes(), few.outcomes()
    assert left == right, "the two rule sets do not do the same"
    for outcome in left:
        assert outcome["rule"] == f"Routing of {WARDS[0]}" and outcome["prepared"] == 5, outcome
        assert outcome["categories"] == ["food", "waiting"] and not outcome["error"], outcome
        assert outcome["tags"] == ["Bereaved", "Wrote before"], outcome
        assert outcome["priority"] == "2" and outcome["team"] == "Team 1", outcome


def measure_cold_start(env, company):
    """Seconds until a worker that knows nothing has the 1,000 live rules ready."""

    def start():
        env.registry.clear_cache()
        env.invalidate_all()
        return stopwatch(env["care.ruleset"]._care_live, company.id)

    return medians(STARTS, start)[0]


def measure_replay(env, company, desk):
    """Seconds to replay 10,000 inquiries with a draft that sends about a tenth elsewhere."""
    found = find_records(env, company)
    missing = REPLAYED - len(desk.made)
    rest = Desk(
        desk.env,
        lambda number: inquiry_values(found, number, WARDS[number % TOPICS]),
        start=desk.number,
    )
    while missing > 0:
        rest.create(min(500, missing))
        missing -= 500
    live = env["care.ruleset"].search([("company_id", "=", company.id), ("state", "=", "live")])
    draft = env["care.ruleset"].browse(live.action_change()["res_id"])
    changed = draft.rule_ids.filtered(
        lambda rule: rule.name in [f"Routing of {ward}" for ward in WARDS[5:9]]
    )
    changed.write({"team_id": found["team", f"Team {TEAMS}"]})
    env.cr.commit()
    runs = []
    for _number in range(STARTS):
        replay = env["care.replay"].create({"ruleset_id": draft.id})
        start = time.perf_counter()
        replay._care_run()
        env.flush_all()
        runs.append(time.perf_counter() - start)
        assert replay.inquiry_count == REPLAYED, replay.inquiry_count
        assert 0.08 < replay.changed_count / REPLAYED < 0.18, replay.changed_count
        changes = replay.changed_count
        env.cr.commit()
    return {"replay_10k_s": statistics.median(runs), "replay_changed": changes}


def measure_automations(env):
    """Plain tickets with 200 automation rules against inquiries with our 1,000 rules.

    Odoo's rules are switched off while ours are measured: they would look at inquiries too.
    """
    company = env.company
    found = find_records(env, company)
    team = env["helpdesk.ticket.team"].create({"name": "Post room", "company_id": company.id})

    def plain_values(number):
        values = inquiry_values(found, number)
        kept = {name: values[name] for name in ("name", "description", "channel_id")}
        return kept | {"team_id": team.id}

    local = in_company(env, company)
    ours = Desk(local, lambda number: inquiry_values(found, number))
    plain = Desk(local, plain_values)
    env.cr.commit()
    for desk in (ours, plain):
        for _number in range(5):
            desk.create()
    figures = {
        "automation_rules": AUTOMATIONS,
        "plain_single_ms": medians(TURNS * 2, plain.create)[0] * 1000,
    }
    for trigger, suffix in (("on_create_or_write", ""), ("on_create", "_on_create")):
        rules = make_automations(env, found, trigger)
        theirs = Desk(local, plain_values)
        seconds = race(
            TURNS,
            partial(switch_and_create, rules, True, theirs),
            partial(switch_and_create, rules, False, ours),
        )
        teams = {outcome["team"] for outcome in theirs.outcomes()}
        assert teams == {"Team 1"}, teams
        figures[f"automation_ratio_single{suffix}"] = middle_ratio(*seconds)
        figures[f"automation_single{suffix}_ms"] = [
            statistics.median(each) * 1000 for each in seconds
        ]
        rules.unlink()
        env.cr.commit()
    for outcome in ours.outcomes():
        assert outcome["rule"] == f"Routing of {WARDS[0]}", outcome
    return figures


def switch_and_create(rules, active, desk):
    """Seconds to create one ticket, the second since Odoo's rules were switched on or off."""
    rules.write({"active": active})
    rules.env.cr.commit()
    desk.create()
    return desk.create()


def make_automations(env, found, trigger):
    """200 automation rules as an administrator makes them: words in the description, a team."""
    model = env["ir.model"]._get_id("helpdesk.ticket")
    watched = env["ir.model.fields"]._get("helpdesk.ticket", "description").ids
    rows = []
    for number, domain in enumerate(make_domains()):
        place = 1 if number == AUTOMATIONS // 2 else 2 + number % (TEAMS - 1)
        action = {
            "name": f"Send {number}",
            "model_id": model,
            "state": "object_write",
            "usage": "base_automation",
            "update_path": "team_id",
            "value": str(found["team", f"Team {place}"]),
        }
        rows.append(
            {
                "name": f"Routing {number}",
                "model_id": model,
                "trigger": trigger,
                "filter_domain": repr(domain),
                # What the form fills in by itself from the domain.
                "trigger_field_ids": [(6, 0, watched if trigger == "on_create_or_write" else [])],
                "action_server_ids": [(0, 0, action)],
            }
        )
    rules = env["base.automation"].create(rows)
    env.cr.commit()
    return rules


def rehearse(env):
    """Both in one go."""
    figures = measure_ours(env)
    env["ir.module.module"].search([("name", "=", "base_automation")]).button_immediate_install()
    return figures | measure_automations(env)


# ---------------------------------------------------------------------------
# The run and its report
# ---------------------------------------------------------------------------


def describe_machine():
    """What the figures were measured on."""
    model = platform.processor() or platform.machine()
    cpus = Path("/proc/cpuinfo")
    if cpus.is_file():
        names = [line for line in cpus.read_text().splitlines() if line.startswith("model name")]
        model = names[0].split(":", 1)[1].strip() if names else model
    return {
        "cpu": model,
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "load": round(os.getloadavg()[0], 2),
        "date": date.today().isoformat(),
    }


def say(text):
    """Tell on standard error what is being done."""
    print(f"  {text} ...", file=sys.stderr, flush=True)


def measure():
    """All figures, in the order of the report."""
    from tests.databases import Hospital, clone, drop, run_sql

    machine = describe_machine()
    say("measuring the engine")
    figures = measure_engine()
    name = f"pcc_bench_{os.getpid()}"
    inside = (
        f"import sys\nsys.path.insert(0, {str(ROOT)!r})\n"
        f"from tests.bench import bench_routing\nbench_routing.resize({SIZE!r})\n"
        "result = bench_routing.{}(env)\n"
    )
    try:
        clone(os.environ["CARE_TEMPLATE"], name)
        hospital = Hospital(name)
        if SIZE == "small":
            return figures | Hospital(name).shell(inside.format("rehearse"))
        say(f"creating inquiries and replaying {REPLAYED:,} (some minutes when whole)")
        figures |= hospital.shell(inside.format("measure_ours"))
        say("installing Odoo's automation rules")
        hospital.run_server("-i", "base_automation", "--log-level=critical")
        # Else the server cleans up after the 10,000 while we measure.
        run_sql("VACUUM ANALYZE", name)
        say("creating tickets with 200 automation rules")
        figures |= hospital.shell(inside.format("measure_automations"))
    finally:
        drop(name)
    machine["postgresql"] = figures.pop("postgresql")
    return figures | {"machine": machine}


if __name__ == "__main__":
    from tests.bench import report

    sys.exit(report.main(__doc__, measure, TARGETS, resize))

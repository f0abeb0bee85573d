"""Give a file of comments to the mail gateway, each as a real message to a desk's alias.

Run inside an Odoo shell, with the arguments as JSON in the environment (``CARE_INBOX``): ``csv``,
``limit``, ``json``. Sender and Message-Id come from ``comment_id`` alone, so a second run adds
nothing. A bad row is reported with its line number; the others arrive.
"""

import contextlib
import csv
import hashlib
import io
import itertools
import json
import logging
import os
import sys
import time
from datetime import datetime, timezone
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

COLUMNS = ("comment_id", "date", "service", "text")
DATE_FORMATS = ("%d/%m/%Y", "%Y-%m-%d", "%d.%m.%Y")


def identity(comment_id):
    """Message-Id and sender of a comment."""
    key = hashlib.sha256(comment_id.encode("utf-8", "surrogateescape")).hexdigest()
    return f"<{key[:40]}@comments.example>", f"writer-{key[:12]}@comments.example"


def read_rows(path):
    """``(line number, row)`` of each row; bytes that are not UTF-8 stay visible as surrogates.

    A row that is no CSV is None. Raises ValueError when the header lacks a needed column.
    """
    with open(path, "rb") as stream:
        content = stream.read().decode("utf-8-sig", "surrogateescape")
    csv.field_size_limit(10_000_000)
    rows = read_cells(list(io.StringIO(content, newline="")))
    header = next(rows, (1, None))[1] or []
    missing = [name for name in COLUMNS if name not in header]
    if missing:
        raise ValueError(f"{path} has no column {', '.join(missing)}.")
    return [
        (line, cells if cells is None else dict(itertools.zip_longest(header, cells)))
        for line, cells in rows
    ]


def read_cells(lines):
    """``(line number, cells)`` of each row, ``cells`` None where a row is no CSV.

    A quote that is opened and not closed would swallow the rows after it: strict reading notices,
    at the next quote or at the end of the file, and starts again one line below.
    """
    first = 0
    while first < len(lines):
        reader = csv.reader(itertools.islice(lines, first, None), strict=True)
        begin = first
        try:
            for cells in reader:
                if cells:
                    yield begin + 1, cells
                begin = first + reader.line_num
            return
        except csv.Error:
            yield begin + 1, read_sloppy(lines[begin])
            first = begin + 1


def read_sloppy(line):
    """The cells of a row with stray quotes that ends where its line ends, else None."""
    reader = csv.reader([line, "the next row"], strict=False)
    with contextlib.suppress(csv.Error):
        cells = next(reader)
        if reader.line_num == 1:
            return cells
    return None


def refusal(row, seen):
    """Why a row cannot become a message, or None."""
    if row is None:
        return "no CSV: look for a quote that is opened and not closed"
    values = [value for value in row.values() if isinstance(value, str)]
    if any("\udc80" <= char <= "\udcff" for value in values for char in value):
        return "broken encoding: the row is not UTF-8"
    if any(row.get(name) is None for name in COLUMNS) or None in row:
        return "wrong number of columns"
    if not row["comment_id"].strip():
        return "no comment_id"
    if row["comment_id"] in seen:
        return f"duplicate message id: comment_id {row['comment_id']} is also on line " + str(
            seen[row["comment_id"]]
        )
    if not row["text"].strip():
        return "no text"
    return None


def sent_date(text):
    """The date of a row at noon; now if it names none."""
    for pattern in DATE_FORMATS:
        with contextlib.suppress(ValueError):
            day = datetime.strptime(text.strip(), pattern)
            return day.replace(hour=12, tzinfo=timezone.utc)
    return datetime.now(timezone.utc)


def make_message(row, recipient):
    """The RFC 822 bytes of one comment."""
    message_id, sender = identity(row["comment_id"])
    message = EmailMessage(policy=SMTP)
    message["Message-Id"] = message_id
    message["From"] = f"Writer <{sender}>"
    message["To"] = recipient
    message["Subject"] = "Comment"
    message["Date"] = format_datetime(sent_date(row["date"]))
    message.set_content(row["text"].replace("\x00", " "))
    return message.as_bytes()


def desk_alias(env):
    """The address of a desk: the triage team's, else another desk's that has an alias."""
    company = env.company
    teams = company.care_triage_team_id | env["helpdesk.ticket.team"].search(
        [("care_desk", "=", True), ("company_id", "=", company.id)]
    )
    for team in teams:
        if team.alias_name and team.alias_domain_id:
            return f"{team.alias_name}@{team.alias_domain_id.name}"
    raise ValueError("No desk has a mail alias with a domain: give the triage team one.")


def deliver(env, rows):
    """Send the rows through the gateway; each is its own transaction, as with a mail server."""
    recipient = desk_alias(env)
    seen, created, known, refused = {}, [], 0, []
    for number, (line, row) in enumerate(rows, start=1):
        reason = refusal(row, seen)
        if reason:
            refused.append({"line": line, "why": reason})
            continue
        seen[row["comment_id"]] = line
        message_id = identity(row["comment_id"])[0]
        if env["mail.message"].search_count([("message_id", "=", message_id)], limit=1):
            known += 1
            continue
        try:
            thread = env["mail.thread"].message_process(None, make_message(row, recipient))
            env.cr.commit()
        except Exception as error:  # one bad mail must not stop the others
            env.cr.rollback()
            refused.append({"line": line, "why": f"{type(error).__name__}: {error}"})
            continue
        if not thread:
            env.cr.rollback()
            refused.append({"line": line, "why": "the mail gateway took it for no team's mail"})
            continue
        created.append(int(thread))
        if number % 500 == 0:
            print(f"{number} of {len(rows)} messages", file=sys.stderr, flush=True)
            env.invalidate_all()
    return created, known, refused


def count_by(tickets, name, key):
    """Number of inquiries for each record of a many2one or many2many, largest first."""
    counts = tickets._read_group([("id", "in", tickets.ids)], [name], ["__count"])
    return dict(sorted(((key(rec), n) for rec, n in counts), key=lambda item: -item[1]))


def report(env, created, known, refused, seconds):
    """Where the messages went."""
    tickets = env["helpdesk.ticket"].browse(created)
    caught = env["care.decision"].search_count(
        [("ticket_id", "in", created), ("rule_id.catch_all", "=", True)]
    )
    routed = env["care.decision"].search(
        [("ticket_id", "in", created), ("source", "in", ("rule", "human"))]
    )
    without = tickets.filtered(lambda ticket: not ticket.team_id) | (tickets - routed.ticket_id)
    return {
        "created": len(created),
        "already_there": known,
        "refused": refused,
        "unrouted": len(without),
        "catch_all": caught,
        "intake_problems": len(tickets.filtered("care_intake_error")),
        "teams": count_by(tickets, "team_id", lambda team: team.name or "no team"),
        "categories": count_by(
            tickets, "care_category_ids", lambda category: category.name or "no category"
        ),
        "seconds": round(seconds, 1),
    }


def main(env):
    options = json.loads(os.environ["CARE_INBOX"])
    logging.disable(logging.ERROR)
    if "care.decision" not in env:
        print("./dev: Patient Care Coordination is not installed there.", file=sys.stderr)
        return 1
    start = time.monotonic()
    try:
        rows = read_rows(options["csv"])[: options["limit"]]
        created, known, refused = deliver(env, rows)
    except (OSError, ValueError) as error:
        print(f"./dev: {error}", file=sys.stderr)
        return 1
    result = report(env, created, known, refused, time.monotonic() - start)
    env.cr.rollback()
    if options["json"]:
        print(json.dumps(result))
        return 0
    print(
        f"{result['created']} inquiries created, {known} were there already,"
        f" {len(refused)} rows refused, {result['seconds']} s"
    )
    print(f"{result['unrouted']} without a decision, {result['catch_all']} by the catch-all rule")
    for title in ("teams", "categories"):
        print(f"\n{title}:")
        for name, number in result[title].items():
            print(f"  {number:6d}  {name}")
    if refused:
        print("\nrefused:")
        for row in refused:
            print(f"  line {row['line']}: {row['why']}")
    return 0


if "env" in globals():
    status = main(globals()["env"])
    sys.stdout.flush()
    os._exit(status)

"""Compare the red flags that the shipped hints suggest with those that people expect.

    eval_flags.py messages.csv [--json]

The file needs the columns ``text`` and ``flags``: codes of red flags apart by ``;``, empty where
none is expected. Standard library only, no database: the hints are those of the module's data, and
the reader of hints is the one that suggests in Odoo.
"""

import argparse
import csv
import json
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

from tests.pure import load  # noqa: E402

DATA = ROOT / "patient_care_coordination" / "data"


def shipped_hints():
    """The hints of the shipped red flags by their codes."""
    with open(DATA / "flag" / "word_lists.csv", encoding="utf-8", newline="") as stream:
        lists = load("common.phrases").read_lists(csv.DictReader(stream))
    by_flag = {}
    for record in ElementTree.parse(DATA / "flag_data.xml").iter("record"):
        fields = {field.get("name"): field.text or "" for field in record.iter("field")}
        if record.get("model") == "care.red.flag":
            by_flag[fields["code"]] = fields["hints"].splitlines()
    return load("inquiry.hints").Hints(by_flag, lists)


def read_messages(path, known):
    """``[(text, {code, ...})]`` of a file; raises ValueError with a sentence when it has none."""
    try:
        with open(path, encoding="utf-8-sig", newline="") as stream:
            reader = csv.DictReader(stream, strict=True)
            if not {"text", "flags"} <= set(reader.fieldnames or ()):
                raise ValueError("it needs the columns text and flags")
            messages = []
            for row in reader:
                codes = {code.strip() for code in (row["flags"] or "").split(";") if code.strip()}
                if row["text"] is None or codes - known:
                    strange = ", ".join(sorted(codes - known)) or "no text"
                    raise ValueError(f"line {reader.line_num} has {strange}")
                messages.append((row["text"], codes))
    except OSError as error:
        raise ValueError(f"it cannot be opened ({error.strerror})") from error
    except UnicodeDecodeError as error:
        raise ValueError("it is not UTF-8 text") from error
    except csv.Error as error:
        raise ValueError(f"it is no CSV ({error})") from error
    if not messages:
        raise ValueError("it has no messages")
    return messages


def evaluate(messages, hints):
    """``recall`` of the expected flags; the shares of messages without one, and of all, flagged."""
    found = [set(hints.find(text)) for text, _codes in messages]
    expected = sum(len(codes) for _text, codes in messages)
    hit = sum(len(codes & got) for (_text, codes), got in zip(messages, found, strict=True))
    quiet = [bool(got) for (_text, codes), got in zip(messages, found, strict=True) if not codes]
    return {
        "recall": round(hit / expected, 4) if expected else None,
        "false_alarms": round(sum(quiet) / len(quiet), 4) if quiet else None,
        "flagged_share": round(sum(map(bool, found)) / len(found), 4),
        "messages": len(messages),
    }


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("csv", metavar="CSV", help="messages with the columns text and flags")
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    options = parser.parse_args(arguments)
    hints = shipped_hints()
    try:
        result = evaluate(read_messages(options.csv, set(hints.codes)), hints)
    except ValueError as error:
        print(f"./dev: {options.csv} cannot be used: {error}.", file=sys.stderr)
        return 1
    if options.json:
        print(json.dumps(result))
        return 0
    for name, value in result.items():
        print(f"{name:14} {'not applicable' if value is None else value}")
    return 0


if __name__ == "__main__":
    sys.exit(main())

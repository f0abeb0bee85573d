"""Compare what the shipped preparation rules find with the labels people gave to comments.

    eval_routing.py comments.csv [--json]

The file needs the columns ``text`` and ``themes`` (separated by ``;``). A category counts as the
themes in its visible mapping field; nothing else is made for the measurement. Standard library
only, no database: the engine is the one that decides in Odoo.
"""

import argparse
import csv
import json
import sys
import time
import xml.etree.ElementTree as ElementTree
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

from tests.pure import load  # noqa: E402

ADDON = Path(__file__).resolve().parents[2] / "patient_care_coordination"
THEMES = (
    "Food & drink provision & facilities",
    "Cleanliness, tidiness & infection control",
    "Transport to/ from services",
    "Appointment arrangements",
    "Contacting services",
    "Timeliness of care",
    "Supplying & understanding medication",
    "Staff manner & personal attributes",
    "Staff listening, understanding & involving patients",
    "Number & deployment of staff",
    "Activities & access to fresh air",
    "Information provision & guidance",
)


def load_pure(name, room="routing"):
    """A pure module of a room: importing the addon needs Odoo."""
    return load(f"{room}.{name}")


def load_themes():
    """``{category code: set of themes}`` from the mapping field of the shipped categories."""
    themes = {}
    for record in ElementTree.parse(ADDON / "data" / "category_data.xml").iter("record"):
        fields = {field.get("name"): field.text or "" for field in record.iter("field")}
        names = fields.get("care_survey_theme", "").split(";")
        themes[fields["care_code"]] = {name.strip() for name in names if name.strip()}
    return themes


def load_rules(engine):
    """The compiled preparation rules of the starter file; other conditions never hold here."""
    rules = []
    with open(ADDON / "data" / "starter_rules.csv", encoding="utf-8", newline="") as stream:
        for row in csv.DictReader(stream):
            if row["rule"]:
                rules.append(
                    {
                        "id": row["rule"],
                        "list": row["list"],
                        "lines": [],
                        "effects": {"category": []},
                    }
                )
            rule = rules[-1]
            if row["condition"]:
                values = [value.strip() for value in row["values"].split(";") if value.strip()]
                rule["lines"].append(
                    {"field": row["condition"], "match": row["match"], "values": values}
                )
            if row["set"] == "category":
                rule["effects"]["category"].append(row["value"])
    return engine.compile_rules([rule for rule in rules if rule["list"] == "preparation"], [])


def read_comments(path):
    """``[(text, themes)]`` of a file; raises ValueError with a sentence when it has none."""
    try:
        with open(path, encoding="utf-8-sig", newline="") as stream:
            return parse_comments(stream)
    except OSError as error:
        raise ValueError(f"it cannot be opened ({error.strerror})") from error
    except UnicodeDecodeError as error:
        raise ValueError("it is not UTF-8 text") from error


def parse_comments(stream):
    """The comments of an open file; raises ValueError with a sentence."""
    reader, line = csv.DictReader(stream, strict=True), 1
    comments = []
    try:
        missing = {"text", "themes"} - set(reader.fieldnames or ())
        if missing:
            raise ValueError(f"it has no column {' and no column '.join(sorted(missing))}")
        line = reader.line_num + 1
        for row in reader:
            if row["text"] is None or row["themes"] is None:
                raise ValueError(f"the row that begins on line {line} has too few columns")
            comments.append((row["text"], {name.strip() for name in row["themes"].split(";")}))
            line = reader.line_num + 1
    except csv.Error as error:
        raise ValueError(f"the row that begins on line {line} is no CSV ({error})") from error
    if not comments:
        raise ValueError("it has no comments")
    return comments


def evaluate(comments):
    """Precision, recall and F1 of each theme, their mean, and the time a comment takes."""
    engine, reader = load_pure("engine"), load_pure("mail_text", "common")
    rules, themes = load_rules(engine), load_themes()
    counts = {theme: [0, 0, 0] for theme in THEMES}
    start = time.perf_counter()
    predictions = []
    for text, _labels in comments:
        facts = {"text": engine.normalise(reader.own_words(text)), "subject": ""}
        found = rules.decide(facts)["values"].get("category") or ()
        predictions.append({theme for code in found for theme in themes[code]})
    elapsed = time.perf_counter() - start
    for predicted, (_text, labels) in zip(predictions, comments, strict=True):
        for theme, count in counts.items():
            if theme in predicted and theme in labels:
                count[0] += 1
            elif theme in predicted:
                count[1] += 1
            elif theme in labels:
                count[2] += 1
    result = {}
    for theme, (hit, wrong, missed) in counts.items():
        precision = hit / (hit + wrong) if hit + wrong else 0.0
        recall = hit / (hit + missed) if hit + missed else 0.0
        both = precision + recall
        result[theme] = {
            "precision": round(precision, 4),
            "recall": round(recall, 4),
            "f1": round(2 * precision * recall / both if both else 0.0, 4),
            "labelled": hit + missed,
        }
    return {
        "macro_f1": round(sum(row["f1"] for row in result.values()) / len(result), 4),
        "themes": result,
        "comments": len(comments),
        "us_per_comment": round(elapsed * 1e6 / max(len(comments), 1), 1),
    }


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("csv", metavar="CSV", help="comments with the columns text and themes")
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    options = parser.parse_args(arguments)
    try:
        comments = read_comments(options.csv)
    except ValueError as error:
        print(f"./dev: {options.csv} cannot be used: {error}.", file=sys.stderr)
        return 1
    result = evaluate(comments)
    if options.json:
        print(json.dumps(result))
        return 0
    print(f"{'theme':52} precision  recall     F1  labelled")
    for theme, row in result["themes"].items():
        print(
            f"{theme:52} {row['precision']:9.2f} {row['recall']:7.2f} {row['f1']:6.2f}"
            f" {row['labelled']:9d}"
        )
    print(
        f"macro F1 {result['macro_f1']:.3f} over {result['comments']} comments,"
        f" {result['us_per_comment']:.0f} microseconds a comment"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""Compare whom the shipped judge takes for unhappy with what people said of the same comments.

    eval_unhappy.py comments.csv [--json]

The file needs the columns ``text`` and ``unhappy`` (0 or 1), or ``text`` and ``sentiment`` (1 to 5,
of which 4 and 5 are unhappy); rows without a label are skipped. Standard library only, no database.
"""

import argparse
import csv
import importlib.util
import json
import sys
import time
from pathlib import Path

ADDON = Path(__file__).resolve().parents[2] / "patient_care_coordination"
WORDS = ADDON / "data" / "flag" / "unhappy_words.csv"
LABELS = {"unhappy": {"0": False, "1": True}}
LABELS["sentiment"] = {str(number): number >= 4 for number in range(1, 6)}


def load_judge():
    """The pure module of the judge, loaded by path: importing the addon needs Odoo."""
    path = ADDON / "models" / "flag" / "unhappy.py"
    spec = importlib.util.spec_from_file_location("care_unhappy", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def shipped_judge():
    """The judge with the words of the shipped file."""
    module = load_judge()
    with open(WORDS, encoding="utf-8", newline="") as stream:
        return module.Judge(*module.read_rows(csv.DictReader(stream)))


def read_comments(path):
    """``[(text, unhappy)]`` of a file; raises ValueError with a sentence when it has none."""
    try:
        with open(path, encoding="utf-8-sig", newline="") as stream:
            return parse_comments(stream)
    except OSError as error:
        raise ValueError(f"{path} cannot be opened ({error.strerror})") from error
    except UnicodeDecodeError as error:
        raise ValueError(f"{path} is not UTF-8 text") from error
    except (ValueError, csv.Error) as error:
        raise ValueError(f"{path} cannot be used: {error}") from error


def parse_comments(stream):
    """The labelled comments of an open file; raises ValueError with a sentence."""
    reader = csv.DictReader(stream, strict=True)
    names = reader.fieldnames or ()
    column = next((name for name in LABELS if name in names), None)
    if "text" not in names or not column:
        raise ValueError("it needs the columns text and unhappy, or text and sentiment")
    comments = []
    for row in reader:
        label = (row[column] or "").strip()
        if row["text"] is None or label not in ("", *LABELS[column]):
            raise ValueError(f"line {reader.line_num} has no text or the {column} {label!r}")
        if label:
            comments.append((row["text"], LABELS[column][label]))
    if not comments:
        raise ValueError("it has no labelled comments")
    return comments


def measure(pairs):
    """Precision, recall and F1 of ``[(judged, labelled)]``."""
    hit = sum(judged and label for judged, label in pairs)
    judged, labelled = sum(pair[0] for pair in pairs), sum(pair[1] for pair in pairs)
    return {
        "precision": round(hit / judged, 4) if judged else 0.0,
        "recall": round(hit / labelled, 4) if labelled else 0.0,
        "f1": round(2 * hit / (judged + labelled), 4) if judged + labelled else 0.0,
    }


def evaluate(comments):
    """The figures of the shipped judge on ``[(text, unhappy)]``, and the time a comment takes."""
    judge = shipped_judge()
    start = time.perf_counter()
    judged = [judge.judge(text).unhappy for text, _label in comments]
    elapsed = time.perf_counter() - start
    figures = measure(list(zip(judged, (label for _text, label in comments), strict=True)))
    return figures | {
        "comments": len(comments),
        "us_per_comment": round(elapsed * 1e6 / len(comments), 1),
    }


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("csv", metavar="CSV", help="comments with text and unhappy or sentiment")
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    options = parser.parse_args(arguments)
    try:
        result = evaluate(read_comments(options.csv))
    except ValueError as error:
        print(f"./dev: {error}.", file=sys.stderr)
        return 1
    if options.json:
        print(json.dumps(result))
    else:
        print(
            f"precision {result['precision']:.2f}, recall {result['recall']:.2f},"
            f" F1 {result['f1']:.2f} over {result['comments']} comments,"
            f" {result['us_per_comment']:.0f} microseconds a comment"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())

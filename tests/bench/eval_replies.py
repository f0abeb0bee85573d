"""Compare the words that the reader of mails keeps with the words that people wrote.

    eval_replies.py FOLDER [--json]

The folder holds pairs: ``NAME.eml`` is a mail and ``NAME.txt`` what its writer said, in UTF-8.
Line breaks and spaces do not count. Standard library only, no database: the reader is the one
that works in Odoo, and of a mail it gets what Odoo's gateway stores: HTML, else plain text.
"""

import argparse
import email
import email.policy
import html
import importlib.util
import json
import sys
import time
from collections import Counter
from pathlib import Path

ADDON = Path(__file__).resolve().parents[2] / "patient_care_coordination"


def load_reader():
    """The reader of mails, loaded by path: importing the addon needs Odoo."""
    path = ADDON / "models" / "common" / "mail_text.py"
    spec = importlib.util.spec_from_file_location("care_mail_text", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def read_pairs(folder):
    """``[(name, subject, body, own words)]`` of a folder; raises ValueError with a sentence."""
    folder = Path(folder)
    if not folder.is_dir():
        raise ValueError("it is no folder")
    pairs = []
    for path in sorted(folder.glob("*.eml")):
        try:
            own = path.with_suffix(".txt").read_text(encoding="utf-8-sig")
            subject, body = read_mail(path.read_bytes())
        except FileNotFoundError as error:
            raise ValueError(f"{path.name} has no {path.stem}.txt beside it") from error
        except UnicodeDecodeError as error:
            raise ValueError(f"{path.stem}.txt is not UTF-8 text") from error
        except OSError as error:
            raise ValueError(f"{error.filename} cannot be opened ({error.strerror})") from error
        except (LookupError, KeyError, ValueError) as error:
            raise ValueError(f"{path.name} is no mail that can be read ({error})") from error
        pairs.append((path.stem, subject, body, own))
    if not pairs:
        raise ValueError("it has no pair of NAME.eml and NAME.txt")
    return pairs


def read_mail(raw):
    """``(subject, body)`` of a mail: the HTML if it has some, else the text as Odoo stores it."""
    message = email.message_from_bytes(raw, policy=email.policy.default)
    part = message.get_body(("html", "plain"))
    if part is None:
        return message["Subject"] or "", ""
    body = part.get_content()
    if part.get_content_subtype() != "html":
        body = f"<pre>{html.escape(body)}</pre>"
    return message["Subject"] or "", body


def evaluate(pairs):
    """How many mails gave exactly the own words, how many lost some, and the time a mail takes."""
    reader = load_reader()
    start = time.perf_counter()
    found = [reader.own_words(body, subject) for _name, subject, body, _own in pairs]
    elapsed = time.perf_counter() - start
    different, lost = [], []
    for (name, _subject, _body, own), text in zip(pairs, found, strict=True):
        if own.split() != text.split():
            different.append(name)
        if Counter(own.split()) - Counter(text.split()):
            lost.append(name)
    return {
        "exact": round(1 - len(different) / len(pairs), 4),
        "lost": len(lost),
        "mails": len(pairs),
        "us_per_mail": round(elapsed * 1e6 / len(pairs), 1),
        "different_in": different,
        "lost_in": lost,
    }


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", metavar="FOLDER", help="pairs of NAME.eml and NAME.txt")
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    options = parser.parse_args(arguments)
    try:
        pairs = read_pairs(options.folder)
    except ValueError as error:
        print(f"./dev: {options.folder} cannot be used: {error}.", file=sys.stderr)
        return 1
    result = evaluate(pairs)
    if options.json:
        print(json.dumps(result))
        return 0
    for name in result["different_in"]:
        print(f"{name}: {'words lost' if name in result['lost_in'] else 'words too many'}")
    print(
        f"{result['exact']:.2f} exact and {result['lost']} with words lost of {result['mails']}"
        f" mails, {result['us_per_mail']:.0f} microseconds a mail"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""The part of a mail that its sender wrote, out of the body that Odoo stored."""

import re

from lxml import html

from odoo.tools import html2plaintext

QUOTED = "//*[@data-o-mail-quote or @data-o-mail-quote-node]"
# Where mail programs that leave no mark in the markup begin what they quote. The line that
# introduces a quote may be broken in two.
HEADS = [
    re.compile(r"^-{2,}\s*(original message|forwarded message)\s*-{2,}", re.IGNORECASE),
    re.compile(r"^_{10,}\s*$"),
    re.compile(r"^on\b.{5,200}\bwrote:\s*$", re.IGNORECASE | re.DOTALL),
    re.compile(r"^(from|sent):\s.+\n(from|sent|to|date|subject):\s", re.IGNORECASE),
]
SIGNATURE = re.compile(r"^--\s?$")


def own_words(body):
    """Plain text of a mail without quotes and signature; empty if the sender wrote nothing."""
    if not (body or "").strip():
        return ""
    tree = html.fragment_fromstring(body, create_parent="div")
    for node in tree.xpath(QUOTED):
        if node.getparent() is not None:
            # What follows a quote within the same node was written by the sender.
            node.drop_tree()
    text = html2plaintext(html.tostring(tree, encoding="unicode"), include_references=False)
    return _before_quote(text).strip()


def _before_quote(text):
    lines = text.replace("\r\n", "\n").split("\n")
    kept = []
    for index, line in enumerate(lines):
        rest = "\n".join(lines[index : index + 2]).strip()
        if SIGNATURE.match(line.strip()) and kept:
            break
        if any(head.match(line.strip()) or head.match(rest) for head in HEADS):
            break
        if not line.lstrip().startswith(">"):
            kept.append(line.rstrip())
    return "\n".join(kept)

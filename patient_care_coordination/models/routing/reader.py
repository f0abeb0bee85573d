"""What a person wrote, out of a mail: HTML to text, without scripts and quoted replies.

Pure, like the engine beside it: it imports nothing of Odoo and no sibling.
"""

import re
from html.parser import HTMLParser

_REPLY_HEAD = re.compile(
    r"^\s*(on .{5,120} wrote:|-{2,}\s*(original message|forwarded message).*|_{10,})\s*$",
    re.IGNORECASE,
)
_HIDDEN_TAGS = {"script", "style", "head", "title", "blockquote", "template", "noscript"}
_VOID_TAGS = {"br", "hr", "img", "input", "meta", "link", "area", "col", "wbr", "source", "base"}
_BLOCK_TAGS = {
    "p",
    "div",
    "br",
    "li",
    "tr",
    "td",
    "th",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "ul",
    "ol",
    "table",
}


class _TextOfHtml(HTMLParser):
    """Collects visible text; quoted replies and scripts stay out."""

    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.parts = []
        self.hidden = []

    def handle_starttag(self, tag, attrs):
        if tag in _VOID_TAGS:
            self.parts.append("\n")
            return
        quoted = any(
            name in ("class", "id")
            and value
            and ("gmail_quote" in value or "yahoo_quoted" in value)
            for name, value in attrs
        )
        if self.hidden or quoted or tag in _HIDDEN_TAGS:
            self.hidden.append(tag)
        elif tag in _BLOCK_TAGS:
            self.parts.append("\n")

    def handle_endtag(self, tag):
        if tag in self.hidden:
            while self.hidden and self.hidden.pop() != tag:
                continue
        elif tag in _BLOCK_TAGS:
            self.parts.append("\n")

    def handle_data(self, data):
        if not self.hidden:
            self.parts.append(data)


def html_to_text(html):
    """Visible text of ``html`` without scripts, styles and quoted replies; plain text passes."""
    if "<" in html:
        parser = _TextOfHtml()
        parser.feed(html)
        parser.close()
        html = "".join(parser.parts)
    kept = []
    for line in html.splitlines():
        if _REPLY_HEAD.match(line):
            break
        if not line.lstrip().startswith(">"):
            kept.append(line)
    return "\n".join(kept)

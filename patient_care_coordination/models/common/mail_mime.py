"""A mail as bytes in, what it says out, whatever is wrong with it.

Pure: it imports nothing of Odoo, so that it is tested without a database. The library of Python
loses mails that are nested deeply, cut off, or wrong about their character set, and needs minutes
for some. This reads in one pass, never recursing and never raising: what cannot be read is named in
``problems``.
"""

import binascii
import codecs
import hashlib
import html
import mimetypes
import re
from email.utils import formataddr, getaddresses

MAX_HEADER = 20_000
MAX_HEADERS = 1_000
MAX_FILES = 1_000
MAX_PARTS = 5_000
MAX_TEXT = 1_000_000
MAX_HTML = 300_000
MAX_DEPTH = 200
MAX_NAME = 200
MAX_SUBJECT = 500

_DELIMITER = re.compile(rb"^--[^\r\n]*", re.MULTILINE)
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff\u2028\u2029]+")
_NOT_TEXT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff]+")
_WORD = re.compile(r"=\?([^?\s]{1,60})\?([bBqQ])\?([^?]*)\?=")
_BETWEEN_WORDS = re.compile(r"(\?=)[ \t\r\n]+(?==\?)")
_BASE64 = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/="
_NOT_BASE64 = bytes(set(range(256)) - set(_BASE64))
_TAG = re.compile(r"<[^<>]*>")
_OPEN_OR_CLOSE = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]*)[^<>]*?(/?)>")
_HIDDEN = re.compile(r"<(style|script|head|title)\b", re.IGNORECASE)
_BREAK = re.compile(r"<(?:br|/p|/div|/tr|/li|/h[1-6]|/blockquote)\b[^<>]*>", re.IGNORECASE)
_ADDRESS = re.compile(r"[^\s<>,;:\"()\[\]@]{1,64}@[^\s<>,;:\"()\[\]@]{1,250}")
_NO_END = {"area", "base", "br", "col", "hr", "img", "input", "link", "meta", "p", "li", "td", "tr"}
# Encodings that are no character sets, or take a time that grows with the square of the text.
_NO_CHARSETS = {"idna", "punycode", "undefined", "unicode_escape", "raw_unicode_escape"}
_WIDER = {
    "ascii": "cp1252",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "iso8859-1": "cp1252",
    "latin-1": "cp1252",
    "shift_jis": "cp932",
    "euc_kr": "cp949",
    "tis-620": "cp874",
}
_NAMES = {
    "application/ms-tnef": "winmail.dat",
    "application/pgp-encrypted": "encryption.txt",
    "application/pgp-signature": "signature.asc",
    "application/pkcs7-mime": "smime.p7m",
    "application/x-pkcs7-mime": "smime.p7m",
    "application/pkcs7-signature": "smime.p7s",
    "message/delivery-status": "delivery-status.txt",
    "message/disposition-notification": "disposition-notification.txt",
    "message/feedback-report": "feedback-report.txt",
    "message/rfc822": "message.eml",
    "text/calendar": "invitation.ics",
    "text/rfc822-headers": "headers.txt",
}
REPORTS = {
    "message/delivery-status",
    "message/global-delivery-status",
    "message/disposition-notification",
    "message/feedback-report",
}
_RETURNED = {
    "message/rfc822",
    "message/global",
    "message/global-headers",
    "text/rfc822-headers",
}
# What a report says at least (RFC 3464, 8098, 5965): what has none of these reports nothing.
_REPORTED = re.compile(rb"^(?:final-recipient|disposition|feedback-type)[ \t]*:", re.I | re.M)


def clean_line(text, limit=MAX_HEADER):
    """``text`` as one line without control characters."""
    return _CONTROL.sub(" ", text[: limit * 2]).strip()[:limit]


def clean_text(text):
    """``text`` without what a database or XML refuses; lines end with a line feed."""
    return _NOT_TEXT.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def _decoded(data, charset):
    """The text of bytes in a charset; None where they are none in it."""
    try:
        return data.decode(charset)
    except (UnicodeError, ValueError):
        return None


def decode_bytes(data, charset=""):
    """The text of ``data`` and whether ``charset`` was right: ``(text, right)``.

    A charset that is wrong, empty or unknown gives way to UTF-8, and that to Windows-1252.
    """
    name = _known_charset(charset)
    if not any(byte > 127 for byte in data[:4096]) and data.isascii() and b"\x1b" not in data:
        if not (name or "").startswith(("utf-16", "utf-32", "utf-7")) or b"\0" not in data:
            if name != "utf-7":
                return data.decode("ascii"), bool(name) or not charset
    wide = (name or "").startswith(("utf-16", "utf-32"))
    single = name is None or name in ("cp1252", "utf-8") or name.startswith(("iso8859", "cp125"))
    if single:
        text = _decoded(data, "utf-8-sig")
        if text is not None:
            return text, name == "utf-8"
    if name and name not in ("utf-8", "cp1252") and not (wide and b"\0" not in data):
        text = _decoded(data, name)
        if text is not None:
            return text, True
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        text = _decoded(data, "utf-16")
        if text is not None:
            return text, False
    if name in ("gb18030", "cp932", "cp949", "big5"):
        return data.decode(name, "replace"), False
    text = data.decode("utf-8", "replace")
    broken = text.count("\ufffd")
    if broken * 2 <= sum(char > "\x7f" for char in text) - broken:
        return text, False
    text = "".join(
        char if char < "\x80" or char > "\x9f" else ""
        for char in data.decode("cp1252", "care_latin")
    )
    return text, name == "cp1252"


def _latin(error):
    """Bytes that Windows-1252 leaves free are controls, which are dropped."""
    return "", error.end


codecs.register_error("care_latin", _latin)


def _known_charset(charset):
    charset = charset.strip().strip("'\"").lower()
    if not charset or "\0" in charset:
        return None
    try:
        info = codecs.lookup(charset)
    except (LookupError, ValueError, UnicodeError):
        return None
    if not info._is_text_encoding or info.name in _NO_CHARSETS:
        return None
    return _WIDER.get(info.name, info.name)


def decode_words(value):
    """A header with its encoded words (RFC 2047) read, as one clean line."""
    if "=?" not in value:
        return clean_line(value)
    value = _BETWEEN_WORDS.sub(r"\1", value)
    # Neighbours of one charset are one text: a character may be split between them.
    kept, position, waiting, charset = [], 0, b"", ""
    for word in _WORD.finditer(value):
        name = word[1].partition("*")[0]
        if waiting and (word.start() > position or name.lower() != charset.lower()):
            kept.append(decode_bytes(waiting, charset)[0])
            waiting = b""
        kept.append(value[position : word.start()])
        waiting += _word_bytes(word[2], word[3])
        charset, position = name, word.end()
    if waiting:
        kept.append(decode_bytes(waiting, charset)[0])
    return clean_line("".join([*kept, value[position:]]))


def _word_bytes(encoding, text):
    data = text.encode("utf-8", "replace")
    if encoding in "bB":
        return _from_base64(data)[0]
    return binascii.a2b_qp(data, header=True)


def _from_base64(data):
    """The bytes, and whether they are cut off: ``(bytes, cut)``."""
    data = data.translate(None, _NOT_BASE64)
    pieces, cut = [], False
    for piece in re.split(rb"=+", data):
        rest = len(piece) % 4
        if rest == 1:
            cut, piece = True, piece[:-1]
            rest = 0
        pieces.append(binascii.a2b_base64(piece + b"=" * (-rest % 4)))
    return b"".join(pieces), cut


def addresses(value):
    """Names and addresses of a header, in its order: ``[(name, address), ...]``."""
    value = clean_line(value)
    if value.count("(") > 50 or value.count("[") > 50:
        pairs = []
    else:
        try:
            pairs = getaddresses([value], strict=False)
        except TypeError:
            pairs = getaddresses([value])
    found = [
        (clean_line(decode_words(name), MAX_NAME), address)
        for name, address in pairs
        if _ADDRESS.fullmatch(address)
    ]
    return found or [("", address) for address in _ADDRESS.findall(decode_words(value))]


def visible_text(source):
    """The text that a reader sees of HTML."""
    lower, kept, position, unclosed = source.lower(), [], 0, set()
    for opening in _HIDDEN.finditer(source):
        tag = opening[1].lower()
        if opening.start() < position or tag in unclosed:
            continue
        end = lower.find(f"</{tag}", opening.end())
        if end < 0:
            unclosed.add(tag)
            continue
        kept.append(source[position : opening.start()])
        position = end
    source = _BREAK.sub("\n", "".join([*kept, source[position:]]))
    text = html.unescape(_TAG.sub("", source)).replace("\xa0", " ")
    return clean_text(re.sub(r"\n[ \t]*(?:\n[ \t]*){2,}", "\n\n", text)).strip()


def depth_of(source):
    """How deeply the tags of HTML are nested, at most."""
    depth = deepest = 0
    for tag in _OPEN_OR_CLOSE.finditer(source):
        if tag[2].lower() in _NO_END or tag[3]:
            continue
        depth = max(depth - 1, 0) if tag[1] else depth + 1
        deepest = max(depth, deepest)
    return deepest


class Part:
    """One part of a mail: its headers and where its content lies."""

    def __init__(self, headers, start, group=None):
        self.headers, self.start, self.end, self.group = headers, start, None, group
        full = self.get("content-type")
        self.type_line = full
        self.kind = clean_line(full.partition(";")[0]).lower()
        if not re.fullmatch(r"[a-z0-9!#$&^_.+-]+/[a-z0-9!#$&^_.+-]+", self.kind):
            self.kind = "text/plain"

    def get(self, name):
        """The first header of this name, as it stands in the mail."""
        return next((value for key, value in self.headers if key == name), "")

    def get_all(self, name):
        return [value for key, value in self.headers if key == name]

    @property
    def charset(self):
        found = re.search(r"charset\*?\s*=\s*(\"[^\"]*\"|'[^']*'|[^;\s]*)", self.type_line, re.I)
        return found[1].strip("'\"") if found else ""

    @property
    def has_charset(self):
        return bool(re.search(r"charset\*?\s*=", self.type_line, re.I))

    def boundaries(self):
        """What may separate the parts, with and without the marks around it."""
        found = re.search(
            r"boundary(?:\*0?\*?)?\s*=\s*(\"[^\"]*\"?|[^;\r\n]*)", self.type_line, re.I
        )
        if not found:
            return set()
        value = found[1].strip()
        named = value.strip('"').rstrip()
        variants = {named, named.split()[0] if named.split() else "", named.strip("'")}
        if "''" in named:
            variants.add(named.partition("''")[2])
        return {variant.encode("utf-8", "surrogateescape") for variant in variants} - {b""}

    def filename(self):
        for line in (self.get("content-disposition"), self.type_line):
            name = _parameter(line, "filename") or _parameter(line, "name")
            if name:
                name = re.sub(r"[/\\]+", "_", name).strip()
                return name[-MAX_NAME:]
        return ""

    def is_attached(self):
        return clean_line(self.get("content-disposition")).lower().startswith("attachment")


def _parameter(line, name):
    """A parameter of a header, continued, with a charset (RFC 2231) or as an encoded word."""
    pieces = re.findall(
        rf"(?:^|[;\s]){name}(\*\d{{1,3}})?(\*)?\s*=\s*(\"(?:[^\"\\]|\\.)*\"?|[^;]*)", line, re.I
    )
    if not pieces:
        return ""
    text, charset, encoded = "", "", False
    for _number, star, value in pieces if pieces[0][0] else pieces[:1]:
        value = value.strip()
        if value.startswith('"'):
            value = re.sub(r"\\(.)", r"\1", value.strip('"'))
        if star:
            encoded = True
            if value.count("'") >= 2 and not text:
                charset, _language, value = value.split("'", 2)
        text += value
    if encoded:
        data = re.sub(
            rb"%([0-9A-Fa-f]{2})",
            lambda found: bytes([int(found[1], 16)]),
            text.encode("utf-8", "replace"),
        )
        text = decode_bytes(data, charset)[0]
    return decode_words(text)


def read_headers(raw, start):
    """Headers from ``start`` on, as ``[(lower name, value), ...]``, and where they end."""
    headers, size = [], len(raw)
    while start < size:
        end = raw.find(b"\n", start)
        end = size if end < 0 else end
        line = raw[start : min(end, start + MAX_HEADER)].rstrip(b"\r\n")
        if not line.strip(b"\0"):
            return headers, min(end + 1, size)
        if line[:1] in (b" ", b"\t") and headers:
            name, value = headers[-1]
            if len(value) < MAX_HEADER:
                headers[-1] = (name, value + " " + decode_bytes(line.strip())[0])
        else:
            name, colon, value = line.partition(b":")
            name = name.replace(b"\0", b"").strip()
            if not colon or not name or b" " in name:
                if not headers and line.startswith((b"From ", b">From ")):
                    start = end + 1
                    continue
                # No header: the content begins without an empty line.
                return headers, start
            if len(headers) < MAX_HEADERS:
                headers.append(
                    (name.decode("ascii", "replace").lower(), decode_bytes(value.strip())[0])
                )
        start = end + 1
    return headers, size


class Mail:
    """What a mail says: ``subject``, ``texts``, ``files``, and what was wrong with it.

    ``texts`` are ``(kind, text)`` with kind ``plain`` or ``html``; ``files`` are ``(name, bytes,
    content id)``. ``problems`` are sentences about what could not be read; ``changed`` tells that
    words had to be guessed, so that the mail itself is worth keeping.
    """

    def __init__(self, raw):
        self.raw = bytes(raw)
        self.problems, self.changed = [], False
        self.texts, self.files, self.reports = [], [], []
        headers, start = read_headers(self.raw, 0)
        self.root = Part(headers, start)
        self.leaves = []
        try:
            self._split()
            self._read()
        except Exception as error:
            # Whatever it is that nobody foresaw: the mail arrives, and says so.
            self.problems.append(f"Reading the mail failed: {type(error).__name__}.")
            text = decode_bytes(self.raw[start : start + MAX_TEXT])[0]
            self.texts, self.files = [("plain", clean_text(text))], []

    # -- headers ----------------------------------------------------------------

    def get(self, name):
        """A header of the mail, read and as one line."""
        return decode_words(self.root.get(name.lower()))

    def get_all(self, *names):
        return [decode_words(value) for name in names for value in self.root.get_all(name.lower())]

    def addresses(self, *names):
        return [
            pair
            for name in names
            for value in self.root.get_all(name.lower())
            for pair in addresses(value)
        ]

    def ids(self, *names):
        """Message ids in these headers, the last first."""
        found = [
            token
            for name in names
            for value in self.root.get_all(name.lower())
            for token in re.findall(r"<[^<>\s]{1,500}>", clean_line(value))
        ]
        return list(dict.fromkeys(reversed(found)))

    @property
    def message_id(self):
        value = "".join(clean_line(self.root.get("message-id"), 500).split())
        return next(iter(re.findall(r"<[^<>]+>", value)), value)

    @property
    def subject(self):
        return self.get("subject")[:MAX_SUBJECT]

    @property
    def sender(self):
        """Name and address of who sent it; one, as who writes for many is still one."""
        found = self.addresses("from") or self.addresses("sender", "return-path")
        return found[0] if found else (self.get("from")[:MAX_NAME], "")

    def head(self, message_id, sender=None, delivered=()):
        """The head of the mail as clean bytes, which any parser reads.

        ``delivered`` are addresses, beyond those named, at which it is known to have arrived.
        """
        lines = [("Message-Id", message_id), ("Subject", _encode(self.subject))]
        name, address = sender or self.sender
        lines.append(("From", _format([(name, address)]) if address else _encode(name)))
        for name in ("To", "Cc", "Resent-To", "Resent-Cc", "Reply-To"):
            lines.append((name, _format(self.addresses(name)[:MAX_HEADERS])))
        arrived = [*self.addresses("delivered-to"), *(("", one) for one in delivered)]
        lines.append(("Delivered-To", _format(arrived[:MAX_HEADERS])))
        lines.append(("In-Reply-To", " ".join(self.ids("in-reply-to")[:1])))
        lines.append(("References", " ".join(reversed(self.ids("references")[:32]))))
        lines.append(("Date", _ascii(self.get("date")[:100])))
        lines.append(("MIME-Version", "1.0"))
        lines.append(("Content-Type", "text/plain; charset=utf-8"))
        text = "".join(f"{name}: {_ascii(value)}\r\n" for name, value in lines if value)
        return text.encode("ascii") + b"\r\n"

    def digest(self):
        """A fingerprint of who says what, whatever way the mail took."""
        parts = [address.lower() for _name, address in self.addresses("from")]
        parts += [self.subject, *(text for _kind, text in self.texts)]
        parts += [hashlib.sha256(content).hexdigest() for _name, content, _cid in self.files]
        text = "\n".join(parts)
        return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()

    def plain(self):
        """All texts as one plain text."""
        return "\n\n".join(
            visible_text(text) if kind == "html" else text for kind, text in self.texts
        ).strip()

    def is_report(self):
        """Whether a machine reports on another mail: delivery, reading, abuse."""
        return self.root.kind == "multipart/report" and any(
            _REPORTED.search(content) for _kind, content in self.reports
        )

    def is_report_alone(self):
        """Whether this mail is a report with nothing beside it that somebody may have written.

        Its parts are words about the report, the report, and the mail that it is about.
        """
        if not self.is_report():
            return False
        reported = False
        for leaf in self.leaves:
            if leaf.kind in REPORTS:
                reported = True
            elif reported and leaf.kind not in _RETURNED:
                return False
            elif not reported and not leaf.kind.startswith(("text/plain", "text/html", "image/")):
                return False
        return not self.problems

    def quoted_ids(self):
        """Ids of mails whose head stands in the text, as servers without reports send it back."""
        return re.findall(r"^[ \t>]*message-id:[ \t]*(<[^<>\s]{1,500}>)", self.plain(), re.I | re.M)

    def failed(self):
        """Addresses that this mail says a mail of ours did not reach."""
        found = []
        for kind, content in self.reports:
            if not kind.endswith("delivery-status"):
                continue
            text = decode_bytes(content)[0].replace("\r\n", "\n")
            for block in re.split(r"\n\s*\n", text)[:MAX_HEADERS]:
                fields, _end = read_headers(block.strip().encode(), 0)
                fields = dict(reversed(fields))
                action = fields.get("action", "").strip().lower()
                status = fields.get("status", "").strip()
                person = fields.get("final-recipient") or fields.get("original-recipient") or ""
                address = person.rpartition(";")[2].strip().strip("<>")
                if action == "failed" or not action and status.startswith("5"):
                    found += [address] if _ADDRESS.fullmatch(address) else []
        return list(dict.fromkeys(found))

    def returned_ids(self):
        """Ids of the mail that this one sends back."""
        found = []
        for leaf in self.leaves:
            if leaf.kind in _RETURNED:
                headers, _end = read_headers(self._content(leaf)[0][: 10 * MAX_HEADER], 0)
                for name, value in headers:
                    if name in ("message-id", "x-microsoft-original-message-id"):
                        found += re.findall(r"<[^<>\s]{1,500}>", value)
        return list(dict.fromkeys(found))

    # -- structure --------------------------------------------------------------

    def _split(self):
        """Find the leaves, in one pass over the lines that may separate parts."""
        raw, root, open_parts = self.raw, self.root, _OpenParts()
        current, position = None, root.start
        if not open_parts.push(root):
            current = root
        while open_parts:
            found = _DELIMITER.search(raw, position)
            if not found:
                break
            position = found.end()
            level, closing = open_parts.level(found[0][2:].rstrip(b" \t\0"))
            if level is None:
                continue
            if current:
                current.end = self._before(found.start())
                self.leaves.append(current)
                current = None
            open_parts.pop(level if closing else level + 1)
            if closing:
                continue
            if len(self.leaves) >= MAX_PARTS:
                self.problems.append(f"The mail has more than {MAX_PARTS} parts.")
                break
            part, position = self._part(open_parts.last, position)
            if not open_parts.push(part):
                current = part
            # The line before may be the empty one that ended the headers.
            position = max(position - 1, 0)
        if current:
            current.end = len(raw)
            self.leaves.append(current)
            if open_parts and current is not root:
                self.problems.append("The mail is cut off: its last part has no end.")
        if not self.leaves and raw[root.start :].strip():
            # Parts were announced and none was found: all of it is text.
            root.kind, root.end = "text/plain", len(raw)
            self.leaves.append(root)
            self.changed = True

    def _part(self, parent, position):
        """The part whose headers begin on the line after ``position``, and where they end."""
        position = self.raw.find(b"\n", position) + 1 or len(self.raw)
        headers, position = read_headers(self.raw, position)
        group = parent.group
        if group is None and parent.kind == "multipart/alternative":
            group = parent
        return Part(headers, position, group), position

    def _before(self, position):
        """Where a part ends: the line break belongs to what follows."""
        if self.raw[position - 1 : position] == b"\n":
            position -= 1
            if self.raw[position - 1 : position] == b"\r":
                position -= 1
        return position

    # -- content ----------------------------------------------------------------

    def _content(self, part):
        """The bytes of a part, and whether they are cut off."""
        data = self.raw[part.start : max(part.end, part.start)]
        encoding = clean_line(part.get("content-transfer-encoding")).lower()
        if encoding == "base64":
            strange = len(data.translate(None, _BASE64 + b" \t\r\n\v\f"))
            if strange * 20 > len(data) or strange and len(data) < 100:
                self.changed = True
                return data, False
            return _from_base64(data)
        if encoding == "quoted-printable":
            return binascii.a2b_qp(data), False
        if encoding in ("x-uuencode", "uuencode", "x-uue"):
            return self._from_uu(data), False
        return data, False

    def _from_uu(self, data):
        lines = []
        for line in data.splitlines():
            if line.startswith((b"begin ", b"end", b"`")) or not line:
                continue
            try:
                lines.append(binascii.a2b_uu(line))
            except binascii.Error:
                self.changed = True
        return b"".join(lines) or data

    def _text(self, part):
        data, _cut = self._content(part)
        text, right = decode_bytes(data, part.charset)
        if not right or part.has_charset and not _known_charset(part.charset):
            self.changed = True
            if part.has_charset and not _known_charset(part.charset):
                self.problems.append(
                    f"The mail names the character set “{clean_line(part.charset, 40)}”, which "
                    "does not exist; its words were guessed."
                )
        return clean_text(text)

    def _read(self):
        """Sort the leaves into texts and files."""
        texts, spare = [], None
        for leaf in self.leaves:
            if leaf.kind in REPORTS:
                self.reports.append((leaf.kind, self._content(leaf)[0]))
            name = leaf.filename()
            inline = leaf.kind in ("text/plain", "text/html")
            if inline and not name and not leaf.is_attached():
                texts.append((leaf, self._text(leaf)))
                continue
            if len(self.files) >= MAX_FILES:
                if len(self.files) == MAX_FILES:
                    self.problems.append(f"The mail has more than {MAX_FILES} files.")
                break
            content, cut = self._content(leaf)
            if cut or _is_cut(content):
                self.problems.append(f"The file {name or leaf.kind} is cut off.")
            cid = clean_line(leaf.get("content-id"), MAX_NAME).strip("<>")
            self.files.append((name or _default_name(leaf.kind), content, cid))
            if spare is None and inline:
                spare = leaf
        chosen = self._choose(texts)
        if not any(text.strip() for _kind, text in chosen) and spare is not None:
            chosen = [(spare.kind.partition("/")[2], self._text(spare))]
        self._limit(chosen)

    def _choose(self, texts):
        """Of what is said twice, in HTML and as text, the one that says more."""
        chosen, groups = [], {}
        for leaf, text in texts:
            groups.setdefault(leaf.group, []).append((leaf, text))
        done = set()
        for leaf, text in texts:
            kind = leaf.kind.partition("/")[2]
            if leaf.group is None:
                chosen.append((kind, text))
                continue
            if leaf.group in done:
                continue
            done.add(leaf.group)
            rich = [t for one, t in groups[leaf.group] if one.kind == "text/html"]
            plain = [t for one, t in groups[leaf.group] if one.kind == "text/plain"]
            seen = "\n".join(map(visible_text, rich)).strip()
            said = "\n".join(plain).strip()
            if not seen and (said or not any("<img" in t.lower() for t in rich)):
                chosen += [("plain", t) for t in plain]
                continue
            chosen += [("html", t) for t in rich]
            if len(seen) < 200 and len(said) > 2 * len(seen) + 100:
                chosen += [("plain", t) for t in plain]
        return [(kind, text) for kind, text in chosen if text.strip()]

    def _limit(self, chosen):
        """Keep the texts to what a page can show; all of it stays as a file."""
        room, kept, whole = MAX_TEXT, [], False
        rich = sum(len(text) for kind, text in chosen if kind == "html")
        many = sum(kind == "html" for kind, text in chosen) > 50
        for kind, text in chosen:
            if kind == "html" and (many or rich > MAX_HTML or depth_of(text) > MAX_DEPTH):
                kind, text = "plain", visible_text(text)
                self.changed = True
            if len(text) > room:
                text, whole = text[:room], True
            room -= len(text)
            if text:
                kept.append((kind, text))
        self.texts = kept
        if whole:
            text = "\n\n".join(text for _kind, text in chosen)
            self.files.append(("whole-text.txt", text.encode("utf-8", "replace"), ""))


class _OpenParts:
    """The parts that have begun and not ended, with what separates what is in them."""

    def __init__(self):
        self.stack, self.known = [], {}

    def __bool__(self):
        return bool(self.stack)

    @property
    def last(self):
        return self.stack[-1][0]

    def push(self, part):
        """Take in a part if it has parts of its own; tell whether it has."""
        names = part.boundaries() if part.kind.startswith("multipart/") else ()
        if not names:
            return False
        for name in names:
            self.known.setdefault(name, []).append(len(self.stack))
        self.stack.append((part, names))
        return True

    def pop(self, level):
        while len(self.stack) > level:
            _part, names = self.stack.pop()
            for name in names:
                self.known[name].pop()
                if not self.known[name]:
                    del self.known[name]

    def level(self, name):
        """Which part a line separates, and whether it ends that one: ``(level, ends)``."""
        if name in self.known:
            return self.known[name][-1], False
        if name.endswith(b"--") and name[:-2] in self.known:
            return self.known[name[:-2]][-1], True
        return None, False


def _default_name(kind):
    return _NAMES.get(kind) or "attachment" + (mimetypes.guess_extension(kind) or ".bin")


def _is_cut(content):
    """Whether a picture ends before its end."""
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return b"IEND" not in content[-64:]
    if content.startswith(b"\xff\xd8\xff"):
        return b"\xff\xd9" not in content[-4096:]
    return False


def _ascii(value):
    return clean_line(value, 10 * MAX_HEADER).encode("ascii", "ignore").decode()


def _encode(text):
    """A text as an encoded word, where it needs one."""
    if text.isascii() and "=?" not in text:
        return text
    data = binascii.b2a_base64(text.encode("utf-8", "replace"), newline=False)
    return f"=?utf-8?b?{data.decode()}?="


def _format(pairs):
    parts = []
    for name, address in pairs:
        if not address.isascii():
            local, _at, domain = address.rpartition("@")
            try:
                domain = domain.encode("idna").decode()
            except UnicodeError:
                continue
            address = f"{local}@{domain}"
            if not address.isascii():
                continue
        name = name.replace('"', "'").replace("\\", "/")
        if name and not name.isascii():
            parts.append(f"{_encode(name)} <{address}>")
        else:
            parts.append(formataddr((name, address)))
    return ", ".join(parts)

"""What a person wrote, out of a mail: HTML to text, own words without quotes and signatures.

Pure: it imports nothing of Odoo and no sibling. All rooms read mails with it. Words are never lost
in doubt: what may be the writer's own is kept. Every step takes time in proportion to the length
of the mail and nothing calls itself, however deep a mail is nested.
"""

import html
import re

# ----------------------------------------------------------------------------------------------
# HTML to lines
# ----------------------------------------------------------------------------------------------

_IS_HTML = re.compile(
    r"<(?:!doctype|!--|/?(?:html|body|head|meta|title|style|script|div|p|br|hr|span|pre|a|b|i|u|font"
    r"|blockquote|table|tbody|tr|td|th|ul|ol|li|h[1-6]|strong|em|img|center|o:p)(?=[\s/>]))[^<>]*>",
    re.IGNORECASE,
)
_TAG = re.compile(r"</?([a-zA-Z][\w:.-]*)")
_QUOTE_OR_END = re.compile("[\"'>]")
_ATTRIBUTE = re.compile(
    r"(?<![\w-])(class|id|type|style|name)\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'>]+))",
    re.IGNORECASE,
)
# Python refuses to read numbers of more than 4,300 digits.
_ENDLESS_NUMBER = re.compile(r"&#[0-9]{8,};?")
_SPACES = re.compile(r"[ \t\r\n\f\v]+")
_NEWLINE = re.compile(r"\r\n?|\n")

# What stands in them is not shown, and is no markup.
_UNSEEN = {"script", "style", "title", "template"}
_UNSEEN_END = {tag: re.compile(f"</{tag}(?=[\\s/>])[^>]*>?", re.IGNORECASE) for tag in _UNSEEN}
_VOID = set("br hr img input meta link area col wbr source base".split())
_BLOCK = set(
    "address article aside body blockquote center dd div dl dt fieldset footer form h1 h2 h3 h4 h5"
    " h6 header html li main nav ol p pre section table tbody tfoot thead tr ul".split()
)
# Elements whose attributes can say what they are.
_TELLING = {"div", "blockquote", "span", "table", "td", "p", "section"}

_QUOTE_BOX = re.compile(
    r"yahoo_quoted|mail-editor-reference-message-container|^quote$|^quoted-content$|\btutanota_quote"
)
_REPLY_BOX = re.compile(r"\b(?:gmail_quote|protonmail_quote|zmail_extra)(?!_)")
_HEAD_BOX = re.compile(r"\b(?:gmail_attr|moz-cite-prefix|OutlookMessageHeader)\b")
_SIGNATURE_BOX = re.compile(
    r"\b(?:gmail_signature|moz-signature|protonmail_signature_block|odoo_signature_wrapper)\b"
    r"|^(?:Signature|ms-outlook-mobile-signature|AppleMailSignature)$"
)
_CITED_STYLE = re.compile(r"border-(?:left|right|inline-start)\s*:(?!\s*(?:none|0))", re.IGNORECASE)
_HIDDEN_STYLE = re.compile(r"display\s*:\s*none", re.IGNORECASE)


class _Line:
    """One line of a mail, and what the markup says about it.

    ``quoted``: quoted for certain; ``marked``: quoted by ``>``; ``indented``: in a blockquote that
    the writer may have made; ``head``: introduces a quote; ``signature``: of a signature.
    """

    __slots__ = ("text", "quoted", "marked", "indented", "head", "signature", "closes")

    def __init__(self, text, quoted=False, indented=False, head=False, signature=False):
        self.text = text
        self.quoted = quoted
        self.marked = False
        self.indented = indented
        self.head = head
        self.signature = signature
        self.closes = None


class _Page:
    """Collects the lines of HTML; ``open`` counts the boxes of each kind around what is read."""

    def __init__(self):
        self.lines = []
        self.parts = []
        self.empty = 0
        self.stack = []
        self.depth = {}
        self.open = dict.fromkeys(
            ("quoted", "indented", "head", "signature", "hidden", "pre", "reply"), 0
        )
        self.blockquotes = 0
        self.reply_start = None

    def text_of(self, source):
        """Read all of ``source``; no tag is looked at twice."""
        position, size = 0, len(source)
        missing, trust_quotes = set(), True
        while position < size:
            start = source.find("<", position)
            if start < 0:
                self.text(source[position:])
                break
            if start > position:
                self.text(source[position:start])
            if source.startswith("<!--", start) and "-->" not in missing:
                end = source.find("-->", start + 2)
                if end >= 0:
                    position = end + 3
                    continue
                missing.add("-->")
            tag = _TAG.match(source, start)
            if not tag and source[start + 1 : start + 2] not in ("!", "?", "/"):
                self.text("<")
                position = start + 1
                continue
            end = self._tag_end(source, tag.end(), missing) if tag and trust_quotes else -1
            if end < 0:
                # Some quote never ends: from here on they mean nothing.
                trust_quotes = trust_quotes and not tag
                end = source.find(">", start) + 1
                if not end:
                    self.text(source[start:])
                    break
            position = end
            if not tag:
                continue
            name = tag[1].lower()
            if source[start + 1] == "/":
                self.end(name)
            elif name in _UNSEEN:
                closing = None if name in missing else _UNSEEN_END[name].search(source, end)
                if closing:
                    position = closing.end()
                else:
                    missing.add(name)
            else:
                self.start(name, source[tag.end() : end - 1] if name in _TELLING else "")
        self.break_line()
        while self.stack:
            self._pop()
        return self.lines

    @staticmethod
    def _tag_end(source, position, missing):
        """The place behind a tag, whose values in quotes may hold ``>``; -1 if there is none."""
        while True:
            found = _QUOTE_OR_END.search(source, position)
            if not found:
                return -1
            position = found.end()
            mark = found[0]
            if mark == ">":
                return position
            if mark in missing or source[found.start() - 1] not in "= \n":
                continue
            closing = source.find(mark, position)
            if closing < 0:
                missing.add(mark)
            else:
                position = closing + 1

    def text(self, data):
        if self.open["hidden"]:
            return
        if "&" in data:
            data = html.unescape(_ENDLESS_NUMBER.sub("\ufffd", data))
        if self.open["pre"]:
            first, *others = _NEWLINE.split(data)
            self.parts.append(first)
            for other in others:
                self.break_line(always=True)
                self.parts.append(other)
        else:
            self.parts.append(data)

    def break_line(self, always=False):
        """End the line, if anything stands on it."""
        if not self.parts and not always:
            return
        text = "".join(self.parts)
        if not self.open["pre"]:
            text = _SPACES.sub(" ", text)
        text = text.replace("\xa0", " ")
        self.parts = []
        stripped = text.strip()
        if stripped:
            self.empty = 0
        elif not always or self.empty > 1:
            # More than two empty lines say no more than two.
            return
        else:
            self.empty += 1
        # The space behind the dashes tells a signature from a line that somebody drew.
        if stripped == "--" and text.rstrip("\r\n").endswith("-- "):
            stripped = "-- "
        opened = self.open
        self.lines.append(
            _Line(
                text.rstrip() if opened["pre"] and stripped != "-- " else stripped,
                opened["quoted"] > 0,
                opened["indented"] > 0,
                opened["head"] > 0,
                opened["signature"] > 0,
            )
        )

    def start(self, name, attributes):
        if name == "br":
            self.break_line(always=True)
            return
        if name == "hr":
            self.break_line()
            self.break_line(always=True)
            return
        if name in _VOID:
            return
        if name in _BLOCK:
            self.break_line()
            if self.stack and self.stack[-1][0] == "p":
                self._pop()
        elif name in ("td", "th"):
            self.parts.append(" ")
        kind = ""
        if name == "pre":
            kind = "pre"
        elif "=" in attributes or name == "blockquote":
            kind = self._kind(name, attributes)
        if kind:
            if name not in _BLOCK and kind != "hidden":
                self.break_line()
            self.open[kind] += 1
            if kind == "reply" and self.open["reply"] == 1:
                self.reply_start = len(self.lines), self.blockquotes
        if name == "blockquote":
            self.blockquotes += 1
        self.stack.append((name, kind))
        self.depth[name] = self.depth.get(name, 0) + 1

    def _kind(self, name, attributes):
        """What an element is by its attributes."""
        values = {"class": "", "id": "", "type": "", "style": "", "name": ""}
        for found in _ATTRIBUTE.finditer(attributes):
            values[found[1].lower()] = found[2] or found[3] or found[4] or ""
        marks = (values["class"], values["id"], values["name"])
        if name == "blockquote":
            cited = (
                values["type"].lower() == "cite"
                or "quote" in values["class"]
                or _CITED_STYLE.search(values["style"])
            )
            return "quoted" if cited else "indented"
        if name in ("div", "span") and _HIDDEN_STYLE.search(values["style"]):
            return "hidden"
        for kind, pattern in (
            ("quoted", _QUOTE_BOX),
            ("reply", _REPLY_BOX),
            ("head", _HEAD_BOX),
            ("signature", _SIGNATURE_BOX),
        ):
            if any(value and pattern.search(value) for value in marks):
                return kind
        return ""

    def end(self, name):
        if name in _BLOCK:
            self.break_line()
        elif name == "br":
            self.break_line(always=True)
        if not self.depth.get(name):
            return
        while self._pop() != name:
            continue

    def _pop(self):
        name, kind = self.stack.pop()
        self.depth[name] -= 1
        if kind:
            if kind != "hidden":
                self.break_line()
            self.open[kind] -= 1
            if kind == "reply" and not self.open["reply"]:
                self._end_reply()
        return name

    def _end_reply(self):
        """Without a blockquote, the whole box of a reply is the quote."""
        first, blockquotes = self.reply_start
        lines = self.lines[first:]
        if blockquotes == self.blockquotes and not any(_forward_words(line) for line in lines):
            for line in lines:
                line.quoted = True


def _lines_of(source):
    if _IS_HTML.search(source):
        return _Page().text_of(source)
    lines, empty = [], 0
    for text in _NEWLINE.split(source.replace("\xa0", " ")):
        empty = 0 if text and not text.isspace() else empty + 1
        # More than two empty lines say no more than two.
        if empty <= 2:
            lines.append(_Line(text))
    return lines


def html_to_text(source):
    """All visible text of HTML or of a plain text, quotes included; one line a paragraph."""
    return _join(line.text for line in _lines_of(source or ""))


def _join(texts):
    """Lines as one text, never two empty ones in a row."""
    kept = []
    for text in texts:
        text = text.rstrip()
        if text or (kept and kept[-1]):
            kept.append(text)
    return "\n".join(kept).strip()


# ----------------------------------------------------------------------------------------------
# How mail programs introduce what they quote
# ----------------------------------------------------------------------------------------------

_UNSEEN_MARKS = re.compile("[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
_LONGEST_HEAD = 400
# No person's mail has more lines that look like the start of a quote; below them all is kept.
_MOST_LEADS = 10_000
# Nor so many lines: all of such a mail is kept, without looking for what is quoted.
_MOST_LINES = 100_000
# A line without any of these introduces no quote: most lines are done with here.
_MAY_LEAD = re.compile(r"[\d@:：_=*\u2013\u2014-]")

# The same in a header of Lotus Notes, where it stands alone on its line.
_NOTES_TO = {"to", "an", "à", "para", "a", "aan"}

_LABELS = {
    "from": "from|von|de|da|van|od|від|от|från|fra|lähettäjä|kimden|gönderen|feladó|de la|από|מאת"
    "|发件人|寄件者|寄件人|差出人|送信者|보낸 사람|보낸사람|من|expéditeur|remitente|mittente"
    "|afzender|absender|nadawca|отправитель|odesílatel|de (from)|from (de)",
    # What no form and no person calls a date: a head is known by it.
    "sent": "sent|gesendet|envoyé|envoyé le|enviado|enviado el|enviado em|enviada em|enviada"
    "|inviato"
    "|verzonden|wysłano|wysłany|отправлено|надіслано|skickat|sendt|lähetetty|odesláno|gönderildi"
    "|gönderilme|elküldve|trimis|στάλθηκε|נשלח|发送时间|發送時間|寄件日期|送信日時|보낸 날짜"
    "|تم الإرسال|تاريخ الإرسال|gesendet am|sent on|date d'envoi",
    "date": "date|datum|fecha|data|дата|dato|päiväys|päivämäärä|tarih|dátum|ημερομηνία|תאריך|日期"
    "|时间|時間|日付|日時|날짜|التاريخ|dt",
    "to": "to|an|à|a|para|aan|do|кому|till|til|vastaanottaja|kime|címzett|către|catre|προς|אל"
    "|收件人|收件者|宛先|받는 사람|받는사람|إلى|komu|destinataire|destinatario|empfänger|pour",
    "cc": "cc|cc (cópia)|kopie|kopia|kopi|copie|copie à|copia|dw|копия|kopio|bilgi|másolatot kap"
    "|κοιν.|עותק|抄送|副本|참조|نسخة|bcc|cci|cco",
    "subject": "subject|betreff|objet|asunto|oggetto|assunto|onderwerp|temat|тема|ämne|emne|aihe"
    "|předmět|predmet|konu|tárgy|subiect|θέμα|נושא|主题|主題|主旨|件名|제목|الموضوع|betr|subj",
    "other": "reply-to|antwort an|répondre à|responder a|rispondi a|importance|wichtigkeit|priority"
    "|priorität|importancia|attachments|anlagen|anhänge|pièces jointes|datos adjuntos|allegati"
    "|anexos|bijlagen|załączniki|вложения|liitteet|bilagor|organization|organisation|sensitivity"
    "|antworten an|附件|添付ファイル",
}
_KIND_OF = {label: kind for kind, labels in _LABELS.items() for label in labels.split("|")}
_HEADER_KINDS = {"from", "date", "to", "cc", "subject"}
_FORM_LABELS = re.compile(
    r"^(?:message|your message|name|first name|last name|phone|telephone|tel|mobile|comments?"
    r"|details"
    r"|nachricht|ihre nachricht|vorname|nachname|telefon|mitteilung|kommentar|nom|prénom|téléphone"
    r"|commentaires?|mensaje|nombre|teléfono|comentarios?|messaggio|nome|telefono|mensagem|bericht"
    r"|naam|telefoon|wiadomość|imię|сообщение|имя|телефон|e-?mail|留言|姓名|电话|الرسالة|الاسم)$"
)
_ANY_LABEL = re.compile(r"^[^\W\d_][\w '/-]{1,24}\s?[:：]")

_ORIGINAL = re.compile(
    r"original message|original email|original mail|(?:ur|or)spr[uü]e?n?gliche ?(?:nachricht|mail)"
    r"|originalnachricht|message d['’ ]?origine|message original|mensaje original"
    r"|messaggio originale"
    r"|mensagem original|oorspronkelijk bericht|oorspronkelijke bericht|wiadomość oryginalna"
    r"|oryginalna wiadomość|исходное сообщение|оригинальное сообщение|ursprungligt meddelande"
    r"|originalmeddelande|oprindelig meddelelse|opprinnelig melding|alkuperäinen viesti"
    r"|původní (?:zpráva|e-?mail)|özgün ileti|orijinal mesaj|eredeti üzenet|mesaj original"
    r"|原始邮件|原始郵件|邮件原件|元のメッセージ|원본 메일|원본 메시지|الرسالة الأصلية"
    r"|הודעה מקורית",
    re.IGNORECASE,
)
_FORWARD = re.compile(
    r"forwarded|weitergeleitet|transféré|transfere|réexpédié|reenviad|inoltrat|encaminhad"
    r"|reencaminhad|doorgestuurd|przekazan|przesłan|пересыла|переслан|переадресован|vidarebefordra"
    r"|vidaresänd|videresend|edelleenlähet|välitetty|přeposlan|iletilen|yönlendirilen|továbbított"
    r"|redirecționat|προωθ|转发|轉寄|转寄|転送|전달|إعادة توجيه|المعاد توجيهها|المُعاد توجيهها"
    r"|הועבר",
    re.IGNORECASE,
)
_DASHES_FIRST = re.compile(r"\W{0,3}[-_=*\u2013\u2014]{2}")
_DASHES_LAST = re.compile(r"\W*[-_=*\u2013\u2014]{2}")
_BETWEEN_DASHES = re.compile(r"[^\W_].*", re.DOTALL)
_RULE = re.compile(r"^[\s\-_=*~\u2013\u2014\u2500]{3,}$")

_WROTE = re.compile(
    r"\b(?:wrote|writes|schrieb(?:en)?|a écrit|escribió|escribio|escreveu|ha scritto|schreef"
    r"|geschreven"
    r"|napisał(?:\(a\)|a)?|skrev|kirjoitti|napsala?(?:\(a\))?|написала?(?:\(а\))?|пишет|yazdı|írta"
    r"|a scris|έγραψε|كتب|كتبت)(?!\w)|写道|寫道|のメール|님이 작성|כתב|تمت كتابة",
    re.IGNORECASE,
)
# One letter on each side tells as much as the whole address.
_ADDRESS = re.compile(r"[^\s<>@(]@[^\s<>@)]")
# One of these is in whatever the pattern finds, and they are found faster.
_WROTE_PARTS = (
    "wrote|writes|schrieb|écrit|escribi|escreveu|scritto|schreef|geschreven|napisa|skrev|kirjoitti"
    "|napsal|написал|пишет|yazd|rta|scris|έγραψε|كتب|写道|寫道|のメール|님이|כתב|كتابة"
).split("|")
_ADDRESS_LAST = re.compile(r"<\s*[^\s<>@]{1,64}@[^\s<>@]{1,200}>\s*[:：]$")
_TIME = re.compile(r"(?<!\d)\d{1,2}\s?[:.hH時点시]\s?\d{2}(?!\d)")
_DAY = re.compile(r"(?<!\d)\d{4}(?!\d)|\d{1,2}[./-]\s?\d{1,2}[./-]\s?\d{2,4}(?!\d)")
_OPENS_HEAD = re.compile(
    r"^(?:on|am|le|el|il|il giorno|em|op|den|dnia|w dniu|dne|på|ons|tis|man|mån|tir|tor|fre|lør|lör"
    r"|søn|sön|pon\.?|wt\.?|śr\.?|czw\.?|pt\.?|sob\.?|niedz\.?|пн|вт|ср|чт|пт|сб|вс|la|în|στις|в|fi"
    r"|في|بتاريخ|ב|在|le lun|mon|tue|wed|thu|fri|sat|sun|monday|tuesday|wednesday|thursday|friday"
    r"|saturday|sunday|понедельник|вторник|среда|четверг|пятница|суббота|воскресенье)(?=[\W\d])",
    re.IGNORECASE,
)
_OPENS_TEXT = re.compile(r"(?:on|am|le|el|il|em|op)\b", re.IGNORECASE)
_WROTE_THEN_TEXT = re.compile(
    r">\s{0,2}(?:wrote|schrieb|a écrit|escribió|ha scritto|escreveu|schreef)\s{0,2}:(?=\s)",
    re.IGNORECASE,
)

_FORWARD_SUBJECT = re.compile(
    r"^\W*(?:fwd?|fw|wg|tr|rv|enc|doorst|vb|vl|pd|ilt|i|fs|továbbítás|пересл\w*|转发|轉寄|転送)"
    r"\s?(?:\[\d+\])?\s?[:：]",
    re.IGNORECASE,
)
_REPLY_SUBJECT = re.compile(
    r"^\W*(?:re|aw|antw|sv|res|rép|réf|r|rif|odp|отв|ответ|ha|vá|atb|vs|bls|ynt|σχετ|回复|回覆|答复|返信"
    r"|رد)\s?(?:\[\d+\])?\s?[:：]",
    re.IGNORECASE,
)
# Own words that hand over what stands below them.
_POINTS_BELOW = re.compile(
    r"\b(?:below|inline|in line|in red|in blue|in green|in bold|in capitals|underneath|fyi|for info"
    r"|for information|unten|nachfolgend|in rot|in blau|zur kenntnis|zur info|ci-dessous|plus bas"
    r"|en rouge|en bleu|pour information|pour info|abajo|más abajo|en rojo|en azul|sotto|di seguito"
    r"|in rosso|abaixo|em vermelho|hieronder|onderstaand|in het rood|poniżej|na czerwono|ниже|nedan"
    r"|nedenfor|níže|aşağıda)(?!\w)|见下|如下|以下|下記|أدناه",
    re.IGNORECASE,
)


def _seen(text):
    """``text`` without marks that are not seen."""
    return text if text.isascii() else _UNSEEN_MARKS.sub("", text)


def _plain(text):
    """``text`` without marks that are not seen and without bold stars."""
    return _seen(text).strip().strip("*_|").strip()


def _wrote(text):
    """The first word for "wrote" in a text, as a match, else None."""
    small = text.lower()
    return _WROTE.search(text) if any(part in small for part in _WROTE_PARTS) else None


def _dashed(text):
    """What stands between two runs of dashes on a line that has nothing else, else ""."""
    text = text.strip()
    if len(text) > 120 or not _DASHES_FIRST.match(text) or not _DASHES_LAST.match(text[::-1]):
        return ""
    inner = _BETWEEN_DASHES.search(text)
    return inner[0] if inner else ""


def _forward_words(line):
    """Whether a line says that a forwarded mail follows."""
    text = line.text.rstrip()
    # It ends with a colon or dashes: most lines are done with here.
    if len(text) > 120 or text[-1:].isalnum() or not _FORWARD.search(text):
        return False
    if _dashed(text):
        return True
    text = _plain(text)
    return text[-1:] in ":：" and len(text) <= 60


def _label(text):
    """``(kind, label)`` of a line that begins as a header does; the kind is None for others."""
    start = _seen(text[:60]).replace("：", ":")
    name, colon, _rest = start.partition(":")
    name = name.strip(" \t*_|>").casefold()
    return (_KIND_OF.get(name) if colon else None), name


class _Reader:
    """Walks over the lines of one mail once and keeps what its writer wrote."""

    def __init__(self, lines, subject, reply):
        self.lines = lines
        self.reply = reply
        self.forwards = bool(subject and _FORWARD_SUBJECT.match(subject))
        self.answers = reply or not subject or bool(_REPLY_SUBJECT.match(subject))
        self.segments = [[]]
        self.forwarded = False
        self.leads = 0
        self._mark_quoted()
        self.following = self._next_lines()

    def _mark_quoted(self):
        """Take the marks ``>`` off the lines, and note them."""
        for line in self.lines:
            text = line.text.lstrip()
            if text.startswith(">"):
                line.text = text.lstrip("> \t\ufeff")
                line.marked = True

    def _next_lines(self):
        """For each line the number of the next one that is not empty."""
        following, last = [len(self.lines)] * len(self.lines), len(self.lines)
        for number in range(len(self.lines) - 1, -1, -1):
            following[number] = last
            if self.lines[number].text.strip():
                last = number
        return following

    def is_quote(self, number):
        if number >= len(self.lines):
            return False
        line = self.lines[number]
        return line.quoted or line.marked or line.indented

    # ------------------------------------------------------------------
    # What is found at a line
    # ------------------------------------------------------------------

    def header(self, number):
        """``(end, kinds)`` of the mail header that begins at a line, else None."""
        kinds, last, at, bound = set(), None, number, min(number + 25, len(self.lines))
        while at < bound:
            text = self.lines[at].text.strip()
            if not text:
                follows = self.following[at]
                if not kinds or follows >= bound:
                    break
                kind = _label(self.lines[follows].text)[0]
                if kind in (None, "other") or kind in kinds or follows > at + 1:
                    break
                at = follows
                continue
            kind, name = _label(text)
            if kind in kinds and kind not in ("cc", "other"):
                break
            if kind:
                kinds.add(kind)
                last = kind
            elif (
                last in ("to", "cc") and ("@" in text or ";" in text) and not _ANY_LABEL.match(text)
            ):
                last = "to"
            elif _FORM_LABELS.match(name) or (_ANY_LABEL.match(text) and "sent" not in kinds):
                # A form that somebody filled in.
                return None
            else:
                break
            at += 1
        if "from" not in kinds:
            return None
        if "sent" in kinds:
            kinds.add("date")
        return at, kinds

    def is_header(self, found):
        return bool(found) and ("sent" in found[1] or len(found[1] & _HEADER_KINDS) >= 3)

    def notes_header(self, number):
        """The end of a header of Lotus Notes: labels without colons, each on its line."""
        if self.lines[number].text.strip().casefold() not in _NOTES_TO:
            return None
        kept = [line for line in self.segments[-1][-6:] if line.text.strip()]
        date = kept[-1].text if kept else ""
        if len(date) >= 80 or not (_TIME.search(date) and _DAY.search(date)):
            return None
        for at in range(number + 1, min(number + 12, len(self.lines))):
            if _KIND_OF.get(self.lines[at].text.strip().casefold()) == "subject":
                return min(self.following[at] + 1, len(self.lines))
        return None

    def _may_close(self, number):
        """Whether an introduction of a quote can end on this line; looked for once."""
        line = self.lines[number]
        if line.closes is None:
            text = line.text[: _LONGEST_HEAD * 2]
            line.closes = ":" in text or "：" in text or bool(_wrote(text))
        return line.closes

    def reply_head(self, number):
        """``(end, certain)`` if a line, or up to three, introduce a quote, else None."""
        text = _plain(self.lines[number].text)
        if not text or len(text) > _LONGEST_HEAD:
            return None
        if not any(self._may_close(at) for at in range(number, min(number + 3, len(self.lines)))):
            return None
        opens = _OPENS_HEAD.match(text) or re.search(r"\d", text[:20]) or _ADDRESS.search(text)
        if self._is_head(text):
            return number + 1, True
        if _OPENS_TEXT.match(text) and _WROTE_THEN_TEXT.search(text) and self._dated(text):
            return number + 1, True
        if self.is_quote(self.following[number]) and self._may_be_head(text):
            return number + 1, False
        if not opens:
            return None
        quoted = self.is_quote(number)
        for end in (number + 2, number + 3):
            if end > len(self.lines) or self.is_quote(end - 1) != quoted:
                return None
            more = _plain(self.lines[end - 1].text)
            if not more or self._is_head(more):
                return None
            if end == number + 3:
                tail = f"{_plain(self.lines[end - 2].text)} {more}"
                if _OPENS_HEAD.match(tail) and self._is_head(tail):
                    return None
            text = f"{text} {more}"
            if len(text) > _LONGEST_HEAD:
                return None
            if self._is_head(text):
                return end, True
            if self.is_quote(self.following[end - 1]) and self._may_be_head(text):
                return end, False
        return None

    @staticmethod
    def _dated(text):
        return bool(_TIME.search(text) and _DAY.search(text))

    @staticmethod
    def _is_head(text):
        """Whether only a mail program writes like this: who, day, time, "wrote:"."""
        text = text.strip("-\u2013\u2014 ")
        if not (text[-1:] in ":：" or _wrote(text[-30:])) or not _Reader._dated(text):
            return False
        wrote = _wrote(text)
        if not (text[-1:] in ":：" or (wrote and wrote.end() >= len(text) - 1)):
            return False
        if _ADDRESS.search(text):
            return bool(wrote or _ADDRESS_LAST.search(text) or _OPENS_HEAD.match(text))
        return bool(wrote and _OPENS_HEAD.match(text))

    @staticmethod
    def _may_be_head(text):
        """Whether a line before a quote introduces it."""
        return bool(
            text[-1:] in ":：" and _OPENS_HEAD.match(text) and ("@" in text or _wrote(text))
        )

    # ------------------------------------------------------------------
    # The walk
    # ------------------------------------------------------------------

    def own_words(self):
        number, size = 0, len(self.lines)
        after_head, headed, in_quote = False, False, False
        marked = []
        while number < size:
            line = self.lines[number]
            if not line.text.strip():
                self.segments[-1].append(line)
                number += 1
                continue
            quoted = line.quoted or line.marked or (line.indented and after_head)
            if self.forwarded:
                number = self._forwarded(number)
                continue
            if not quoted or not (in_quote or after_head):
                end = self._forward(number)
                if end:
                    self._forward_on()
                    number = end
                    continue
            if quoted:
                if not in_quote and self.forwards and not after_head:
                    self._forward_on()
                    continue
                in_quote = True
                if line.marked and not line.quoted:
                    marked.append((len(self.segments), line))
                self._cut()
                number += 1
                continue
            in_quote = False
            head = self._head(number)
            if head is None:
                after_head = False
                self.segments[-1].append(line)
                number += 1
                continue
            end, to_the_end = head
            self._drop_separators()
            headed = after_head = True
            if self.forwards or (to_the_end and self._hands_over()):
                self._forward_on()
            elif to_the_end:
                break
            self._cut()
            number = end
        if marked and not (headed or self.answers or self.forwarded):
            # Nobody is answered: the marks are the writer's own.
            self._give_back(marked)
        return _join(text for segment in self.segments for text in self._segment_texts(segment))

    def _forward(self, number):
        """Where the text of a forwarded mail begins, if a line announces one."""
        if not _forward_words(self.lines[number]):
            return None
        follows = self.following[number]
        if follows >= len(self.lines):
            return None
        if not _dashed(self.lines[number].text) and _label(self.lines[follows].text)[0] is None:
            return None
        return self._after_labels(follows)

    def _after_labels(self, number):
        """The place behind the header of a forwarded mail."""
        last = None
        while number < len(self.lines):
            text = self.lines[number].text.strip()
            kind, _name = _label(text)
            if kind:
                last = kind
            elif not (last in ("to", "cc") and "@" in text):
                break
            number += 1
        return number

    def _head(self, number):
        """``(end, whether all that follows is the quote)`` if a quote is introduced, else None."""
        line = self.lines[number]
        text = line.text.strip()
        if not (line.head or _MAY_LEAD.search(text) or text.casefold() in _NOTES_TO):
            return None
        if self.leads >= _MOST_LEADS:
            return None
        self.leads += 1
        dashed = _dashed(text)
        if dashed and _ORIGINAL.search(dashed):
            end = self.following[number]
            found = self.header(end) if end < len(self.lines) else None
            end = found[0] if found else number + 1
            return end, not self.is_quote(self.following[end - 1])
        colon = ":" in text[:60] or "：" in text[:60]
        if colon and _label(text)[0] in ("from", "sent", "date", "to", "subject"):
            found = self.header(number)
            if self.is_header(found) or (found and self._ruled_off(found)):
                end = found[0]
                return end, not self.is_quote(self.following[end - 1])
        end = self.notes_header(number)
        if end:
            self._drop_notes()
            return end, True
        found = self.reply_head(number)
        if found:
            end, certain = found
            return end, certain and not self.is_quote(self.following[end - 1])
        if line.head and self.is_quote(self.following[number]):
            return number + 1, False
        return None

    def _ruled_off(self, found):
        """Whether a rule stands above a header that is short, and the mail says no more."""
        kept = [line for line in self.segments[-1][-3:] if line.text.strip()]
        if not kept or not _RULE.match(kept[-1].text):
            return False
        end, kinds = found
        return len(kinds) >= 2 or self.following[end - 1] >= len(self.lines)

    def _hands_over(self):
        """Whether the writer has said nothing, or points at what stands below."""
        words = " ".join(
            line.text for segment in self.segments for line in segment if not line.signature
        )
        if not words.strip() or not any(
            text.strip() for segment in self.segments for text in self._segment_texts(segment)
        ):
            return not self.reply
        return len(words) <= 250 and bool(_POINTS_BELOW.search(words))

    def _forward_on(self):
        """From here on all is handed to us, quoted or not."""
        self._drop_separators()
        self.forwarded = True
        self._cut()

    def _forwarded(self, number):
        """Keep a line of a forwarded mail; what introduces a quote in it is nobody's words."""
        line = self.lines[number]
        end = self._forward(number)
        if not end:
            head = self._head(number)
            end = head and head[0]
            if head:
                self._drop_separators()
        if end:
            self._cut()
            return end
        line.signature = line.signature and not line.quoted
        self.segments[-1].append(line)
        return number + 1

    def _cut(self):
        if self.segments[-1]:
            self.segments.append([])

    def _drop_separators(self):
        """Take away what programs draw above a header: rules, and words between dashes."""
        segment = self.segments[-1]
        while segment:
            text = segment[-1].text.strip()
            if text and not _RULE.match(text) and not _dashed(text):
                break
            segment.pop()

    def _drop_notes(self):
        """Take away who and when above a header of Lotus Notes."""
        segment = self.segments[-1]
        self._drop_separators()
        segment.pop()
        self._drop_separators()
        if segment and len(segment[-1].text) < 100 and re.search("[@/]", segment[-1].text):
            segment.pop()

    def _give_back(self, marked):
        segments = [list(segment) for segment in self.segments]
        place = {}
        for index, line in marked:
            place.setdefault(index - 1, []).append(line)
        self.segments = [
            part
            for index in range(len(segments))
            for part in (segments[index], place.get(index, []))
        ]

    # ------------------------------------------------------------------
    # What is nobody's words within them
    # ------------------------------------------------------------------

    def _segment_texts(self, segment):
        """The texts of a run of lines without signatures, disclaimers and banners."""
        texts = [line.text for line in _without_signature_boxes(segment)]
        texts = [text for text in texts if not _is_machine_line(text)]
        texts = _without_banner(texts)
        texts = _without_disclaimers(texts)
        texts = _without_dashed_signature(texts)
        return _without_office_signature(texts)


def own_words(source, subject=None, reply=False):
    """What the writer of a mail says: without quotes, signatures and headers of other mails.

    ``source`` is HTML or plain text. The ``subject`` helps to tell a forward, whose text counts,
    from an answer. ``reply`` says that the mail is known to answer one of ours: then a mail
    without a word of its own says nothing.
    """
    source = source or ""
    if not source.strip():
        return ""
    lines = _lines_of(source)
    if len(lines) > _MOST_LINES:
        return _join(line.text for line in lines)
    return _Reader(lines, subject, reply).own_words()


# ----------------------------------------------------------------------------------------------
# Signatures, disclaimers, banners
# ----------------------------------------------------------------------------------------------

_DEVICE = (
    r"(?:i ?phone|i ?pad|i ?pod|android|samsung|galaxy|outlook|yahoo|gmail|gmx|web\.de|huawei"
    r"|xiaomi"
    r"|redmi|pixel|nokia|blackberry|smartphone|handy|mobil\w*|móvil|celular|cellulare|telefoon"
    r"|téléphone|proton ?mail|aol|t-online|windows|mail\.ru|hotmail|mailbox|freenet|airmail|spark"
    r"|thunderbird|k-9)"
)
_SENT_FROM = re.compile(
    r"^\W{0,3}(?:sent (?:from|via|with|using|by)|get (?:outlook|yahoo)|von mein\w*"
    r"|gesendet (?:von|mit"
    r"|über|aus)|diese (?:nachricht|e-?mail) wurde (?:von|mit)|holen sie sich|envoyé (?:de|depuis|à"
    r"|avec)|télécharge[rz]|obtenez|enviado (?:desde|do|de|a partir|pelo|com|por)|obtener|obter"
    r"|inviato (?:da|dal|con)|scarica|ottieni|verstuurd (?:vanaf|vanuit|met|via)|verzonden (?:vanaf"
    r"|vanuit|met|via)|outlook voor|wysłan\w+ z|pobierz|skickat från|hämta|sendt fra|hent|lähetetty"
    r"|odesláno z|отправлено (?:с|из)|أُ?رسلت من|发自|發自|傳送自)"
    r"\W?.{0,40}?" + _DEVICE + r"[^.!?\n]{0,45}\.?$|^\W{0,3}i ?phoneから送信\W?$",
    re.IGNORECASE,
)
_PICTURE = re.compile(r"^\s*\[(?:cid:|image:|inline image|bild:)[^\]]{0,200}\]\s*$", re.IGNORECASE)
_GREEN = re.compile(
    r"(?:consider|think (?:of|about)) the environment before printing|denken sie an die umwelt"
    r"|pensez à l['’]environnement|think before you print",
    re.IGNORECASE,
)


def _is_machine_line(text):
    """Whether a program added a line: "Sent from my iPhone", the place of a picture."""
    if not 8 <= len(text) <= 200:
        return False
    text = _seen(text)
    if len(text) <= 130 and _SENT_FROM.match(text):
        return True
    return bool(_PICTURE.match(text) or _GREEN.search(text))


_BANNER = re.compile(
    r"originat\w+ (?:from )?(?:an? )?(?:external|outside)|outside (?:of )?(?:the|your"
    r"|our) organi[sz]ation"
    r"|external (?:e-?mail|sender)|von außerhalb|externe(?:r|n|s)? (?:absender|e-?mail)"
    r"|provient de l['’]extérieur|expéditeur externe|remitente externo|afkomstig van buiten",
    re.IGNORECASE,
)
_BANNER_MORE = re.compile(
    r"\b(?:click|links?|attachments?|klicken|anhänge|cliquez|pièces|sender)\b", re.IGNORECASE
)
_BANNER_START = re.compile(
    r"^\W*(?:caution|external|extern\w*|warning|attention|achtung|vorsicht|this (?:e-?mail|message)"
    r"|you don't often|diese e-?mail|ce message|let op|dit bericht)\b",
    re.IGNORECASE,
)


def _without_banner(texts):
    """Without the warning that a mail server writes above what comes from outside."""
    shown = [number for number, text in enumerate(texts) if text.strip()][:2]
    for number in shown:
        text = texts[number]
        if len(text) <= 400 and _BANNER_START.match(text) and _BANNER.search(text):
            end = number + 1
            sentences = 0
            while end < len(texts) and texts[end].strip() and sentences < 2:
                if not re.search(r"do not click|nicht auf links|ne cliquez pas", texts[end], re.I):
                    break
                end, sentences = end + 1, sentences + 1
            return texts[:number] + texts[end:]
    return texts


_DISCLAIMER_START = re.compile(
    r"^\W*(?:(?:this|the|diese|dieses|die|ce|cet|cette|le|este|esta|el|questo|questa|il|deze|dit|de|o|a)"
    r"\b.{0,60}?(?:mail|message|nachricht|courriel|mensaje|correo|messaggio|mensagem|bericht"
    r"|communication|information)|confidential|privileged|important|legal|disclaimer|vertraulich"
    r"|avis|aviso|avviso|if you (?:have received|are not))",
    re.IGNORECASE,
)
# Parts of words in small letters; looking for them one by one is faster than one pattern.
_ADDRESSEE = (
    "intended recipient|intended only|intended solely|intended for|addressee|bestimmungsgemäß"
    "|richtige adressat|richtige empfänger|richtiger adressat|richtiger empfänger"
    "|vorgesehene adressat|vorgesehene empfänger|vorgesehenen adressat|vorgesehenen empfänger"
    "|richtigen adressat|richtigen empfänger|vorgesehener adressat|vorgesehener empfänger"
    "|destinataire|destinatari|geadresseerde"
).split("|")
_SECRECY = [
    words.split("|")
    for words in (
        "confiden|vertraulich|vertrouwelijk|riservat",
        "privileged|rechtlich geschützt|privilégi|legally",
        "notify the |notify us|notify me|inform the |inform us|inform me|contact the |contact us"
        "|contact me|advise the |advise us|advise me|absender|l'expéditeur|l’expéditeur|remitente"
        "|mittente|remetente|afzender",
        "delete|destroy|vernichten|löschen|supprim|détrui|eliminar|borrar|cancell|apagar|verwijder",
        "unauthorised|unauthorized|prohibited|unbefugt|nicht gestattet|interdit|prohibid|vietat"
        "|proibid|verboden",
        "in error|by mistake|irrtümlich|par erreur|por error|per errore|por engano|abusievelijk",
        "virus|disseminat|distribut|copying|weitergabe|diffusion|divulga",
    )
]


def _without_disclaimers(texts):
    """Without paragraphs that tell strangers to delete the mail."""
    kept, number = [], 0
    while number < len(texts):
        text = texts[number]
        begins = not kept or not kept[-1].strip() or len(text) > 150
        if begins and len(text) > 25 and _DISCLAIMER_START.match(text[:120]):
            end = number + 1
            # In HTML a paragraph is one long line, and the next may be the writer's.
            while len(text) <= 150 and end < min(number + 15, len(texts)):
                if not texts[end].strip() or len(texts[end]) > 150:
                    break
                end += 1
            paragraph = " ".join(texts[number:end])[:4000]
            if _is_disclaimer(paragraph):
                number = end
                continue
        kept.append(text)
        number += 1
    return kept


def _is_disclaimer(paragraph):
    paragraph = paragraph.lower()
    if not any(words in paragraph for words in _ADDRESSEE):
        return False
    return sum(any(part in paragraph for part in parts) for parts in _SECRECY) >= 2


def _is_sentence(text, words):
    """Whether a line reads like a sentence and not like a line of a signature."""
    text = text.strip()
    return text[-1:] in ".!?。！？؟," and len(text.split()) >= words


def _without_signature_boxes(segment):
    """Without what the markup calls a signature, if it is as short as one."""
    if not any(line.signature for line in segment):
        return segment
    kept, number = [], 0
    while number < len(segment):
        end = number
        while end < len(segment) and segment[end].signature:
            end += 1
        run = segment[number:end]
        shown = [line.text for line in run if line.text.strip()]
        long = len(shown) > 15 or sum(map(len, shown)) > 1500
        if run and (long or any(_is_sentence(text, 9) for text in shown)):
            kept += run
        number = max(end, number + 1)
        if not run:
            kept.append(segment[number - 1])
    return kept


def _without_dashed_signature(texts):
    """Without what stands below the line ``--``, if it reads like a signature."""
    # No signature is longer, so nothing above is looked at.
    first = max(len(texts) - 40, 0)
    above = any(line.strip() for line in texts[:first])
    for number in range(first, len(texts)):
        text = texts[number]
        if text.rstrip() not in ("--", "\u2014") or text != text.lstrip():
            continue
        below = [line for line in texts[number + 1 :] if line.strip()]
        if len(below) > 12:
            continue
        certain = text == "-- "
        if certain and all(len(line) <= 300 for line in below):
            return texts[:number]
        said = above or any(line.strip() for line in texts[first:number])
        if said and all(len(line) <= 120 and not _is_sentence(line, 6) for line in below):
            return texts[:number]
    return texts


_SIGN_OFF = re.compile(
    r"^\W*(?:(?:with |kind|kindest|best|warm|warmest|many|my )*\s?(?:regards|wishes|thanks)"
    r"|yours\b.*"
    r"|sincerely.*|thank you|thanks.*|cheers|mit (?:freundliche[nm]|besten|lieben) gr(?:ü"
    r"|ue)(?:ß|ss)\w*"
    r"|(?:viele|freundliche|beste|liebe|herzliche) gr(?:ü|ue)(?:ß|ss)e|mfg|lg|hochachtungsvoll"
    r"|(?:bien )?cordialement|bien à vous|(?:sincères |meilleures )?salutations.*"
    r"|(?:un )?saludos?.*"
    r"|atentamente|(?:cordiali |distinti )?saluti|atenciosamente|(?:com os melhores )?cumprimentos"
    r"|met (?:vriendelijke|hartelijke) groet(?:en)?|groeten?|pozdrawiam.*|z poważaniem|с уважением"
    r"|med vänlig[a]? hälsning(?:ar)?|(?:med )?venlig hilsen|mvh|مع (?:التحية|خالص التحية)|此致"
    r"|よろしくお願いします)\W*$",
    re.IGNORECASE,
)
_OFFICE = [
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"(?:^|[\s|/])(?:t|p|m|f|tel|phone|mobile|mob|fax|telefon|tél|direct|office|durchwahl)\.?\s?"
        r":?\s?\(?\+?\(?\d[\d\s()./-]{5,}",
        r"\bwww\.|https?://",
        r"[^\s@<>]@[^\s@<>]",
        r"\b(?:ltd|limited|plc|llp|llc|inc|gmbh|ag|e\.v\.|kg|sarl|s\.a\.|s\.l\.|s\.r\.l\.|b\.v\.|bv|n\.v\."
        r"|sp\. z o\.o\.|trust|council|corporation|foundation|university)(?!\w)",
        r"\b(?:manager|director|head of|officer|supervisor|assistant|consultant|secretary"
        r"|coordinator"
        r"|executive|engineer|administrator|leiter(?:in)?|geschäftsführer(?:in)?|referent(?:in)?"
        r"|sachbearbeiter(?:in)?|responsable|directeur|directrice|jefe|jefa|direttore|gerente|hoofd"
        r"|kierownik|team lead)(?!\w)",
    )
]


def _without_office_signature(texts):
    """Without posts, firms and ways to reach below a sign-off and a name.

    A telephone number or an address alone stays: patients write how to reach them.
    """
    for number in range(len(texts) - 1, max(len(texts) - 25, -1), -1):
        if len(texts[number]) > 60 or not _SIGN_OFF.match(texts[number]):
            continue
        below = [at for at in range(number + 1, len(texts)) if texts[at].strip()]
        block = [texts[at] for at in below[1:]]
        if not 2 <= len(block) <= 12 or any(len(text) > 160 for text in block):
            return texts
        if any(_is_sentence(text, 4) for text in [texts[below[0]], *block]):
            return texts
        cues = sum(any(cue.search(text) for text in block) for cue in _OFFICE)
        return texts[: below[1]] if cues >= 2 else texts
    return texts

"""Rich text as Outlook sends it in `winmail.dat`: unpacked (MS-OXRTFCP), and read (MS-OXRTFEX).

Most of it is a mail's HTML or plain text in disguise. Any other rich text is read as text.
"""

import re
from dataclasses import dataclass

LARGEST = 400_000
"""How many bytes of rich text are read."""

_PACKED, _UNPACKED = b"LZFu", b"MELA"
_WINDOW = 4096
_AT_FIRST = (
    b"{\\rtf1\\ansi\\mac\\deff0\\deftab720{\\fonttbl;}{\\f0\\fnil \\froman \\fswiss \\fmodern "
    b"\\fscript \\fdecor MS Sans SerifSymbolArialTimes New RomanCourier{\\colortbl\\red0\\green0"
    b"\\blue0\r\n\\par \\pard\\plain\\f0\\fs20\\b\\i\\u\\tab\\tx"
)
"""What the window of earlier bytes holds at the start, as the specification says."""

_TOKEN = re.compile(
    r"\\(?:(?P<word>[a-zA-Z]{1,32})(?P<number>-?\d{1,10})? ?|'(?P<hex>[0-9a-fA-F]{2})|(?P<sign>.))"
    r"|(?P<brace>[{}])|(?P<text>[^\\{}\r\n]+)|[\r\n]+|\\",
    re.DOTALL,
)
_WORDS = {
    "par": "\n",
    "line": "\n",
    "sect": "\n",
    "page": "\n",
    "row": "\n",
    "tab": "\t",
    "cell": "\t",
    "lquote": "‘",
    "rquote": "’",
    "ldblquote": "“",
    "rdblquote": "”",
    "bullet": "•",
    "endash": "\N{EN DASH}",
    "emdash": "\N{EM DASH}",
    "emspace": "\N{EM SPACE}",
    "enspace": "\N{EN SPACE}",
}
_SIGNS = {"~": "\N{NO-BREAK SPACE}", "_": "-", "\n": "\n", "\r": "\n"}
_NO_TEXT = frozenset(
    [
        "fonttbl",
        "colortbl",
        "stylesheet",
        "info",
        "pict",
        "object",
        "objdata",
        "header",
        "footer",
        "headerl",
        "headerr",
        "headerf",
        "footerl",
        "footerr",
        "footerf",
        "fldinst",
        "filetbl",
        "listtable",
        "listoverridetable",
        "rsidtbl",
        "generator",
        "themedata",
        "colorschememapping",
        "datastore",
        "latentstyles",
        "xmlnstbl",
        "mmathpr",
        "pntext",
        "bkmkstart",
        "bkmkend",
    ]
)
_DEEPEST = 200


def read(packed: bytes) -> tuple[str, str]:
    """The plain text and the HTML in it. One is empty; both are if it is no rich text."""
    source = unpacked(packed)
    if not source.lstrip().startswith(b"{\\rtf"):
        return "", ""
    said = _Reader(source).read()
    return ("", said) if b"\\fromhtml" in source[:2_000] else (said, "")


def unpacked(packed: bytes) -> bytes:
    """The rich text, 400 kB at most. Of a broken one its beginning; empty if there is none."""
    kind, body = packed[8:12], packed[16:]
    if kind == _UNPACKED:
        return body[:LARGEST]
    if kind != _PACKED:
        return b""
    # The window is the text's own end, which begins with what is known at first.
    said = bytearray(_AT_FIRST)
    at, size = 0, len(body)
    while at < size and len(said) < LARGEST:
        control, at = body[at], at + 1
        for bit in range(8):
            if at >= size:
                break
            if not control >> bit & 1:
                said.append(body[at])
                at += 1
                continue
            token, at = int.from_bytes(body[at : at + 2], "big"), at + 2
            offset, length = token >> 4, (token & 15) + 2
            back = (len(said) - offset) % _WINDOW
            if not back:  # what would be copied is yet to be written: this is the end
                return bytes(said[len(_AT_FIRST) :])
            start = len(said) - back
            if start < 0:
                return bytes(said[len(_AT_FIRST) :])
            for place in range(start, start + length):
                said.append(said[place])
    return bytes(said[len(_AT_FIRST) :][:LARGEST])


@dataclass(slots=True)
class _Group:
    """What holds between two braces."""

    silent: bool = False
    markup: bool = False
    replaced: int = 1  # how many characters stand for one that older programs do not know


class _Reader:
    def __init__(self, source: bytes) -> None:
        self._source = source.decode("latin-1")
        self._html = b"\\fromhtml" in source[:2_000]
        self._page = "cp1252"
        self._said: list[str] = []
        self._bytes = bytearray()
        self._groups = [_Group()]
        self._hidden = False
        self._starred = False
        self._skip = 0

    def read(self) -> str:
        for token in _TOKEN.finditer(self._source):
            kind = token.lastgroup
            if kind == "brace":
                self._brace(token["brace"])
            elif token["word"]:
                self._word(token["word"].lower(), token["number"])
            elif token["hex"]:
                self._byte(int(token["hex"], 16))
            elif token["sign"]:
                self._sign(token["sign"])
            elif token["text"]:
                self._text(token["text"])
        self._flush()
        return "".join(self._said)

    @property
    def _group(self) -> _Group:
        return self._groups[-1]

    def _shown(self) -> bool:
        # Outside of its tags HTML in disguise shows text once; what is only for rich text is
        # bracketed by \htmlrtf.
        return not self._group.silent and (self._group.markup or not self._hidden)

    def _brace(self, brace: str) -> None:
        self._flush()
        self._starred, self._skip = False, 0
        if brace == "}":
            if len(self._groups) > 1:
                self._groups.pop()
        elif len(self._groups) < _DEEPEST:
            group = self._group
            self._groups.append(_Group(group.silent, group.markup, group.replaced))

    def _word(self, word: str, number: str | None) -> None:
        value = int(number) if number else None
        if word == "u" and value is not None:
            self._flush()
            self._say(_letter(value))
            self._skip = self._group.replaced
            return
        self._flush()
        starred, self._starred = self._starred, False
        if word == "ansicpg" and value and self._page == "cp1252":
            self._page = f"cp{value}"
        elif word == "uc" and value is not None:
            self._group.replaced = min(max(value, 0), 10)
        elif word == "htmlrtf":
            self._hidden = value != 0
        elif word == "htmltag":
            self._group.markup = True
        elif word in _NO_TEXT or (starred and word != "htmltag"):
            self._group.silent = True
        elif word in _WORDS:
            self._say(_WORDS[word])

    def _sign(self, sign: str) -> None:
        if sign == "*":
            self._starred = True
        elif sign in "\\{}":
            self._text(sign)
        else:
            self._flush()
            self._say(_SIGNS.get(sign, ""))

    def _byte(self, byte: int) -> None:
        if self._skip:
            self._skip -= 1
        elif self._shown():
            self._bytes.append(byte)

    def _text(self, text: str) -> None:
        if self._skip:
            text, self._skip = text[self._skip :], max(self._skip - len(text), 0)
        if self._shown():
            self._bytes += text.encode("latin-1")

    def _say(self, text: str) -> None:
        if self._shown():
            self._said.append(text)

    def _flush(self) -> None:
        if self._bytes:
            try:
                self._said.append(self._bytes.decode(self._page, "replace"))
            except LookupError:
                self._said.append(self._bytes.decode("cp1252", "replace"))
            self._bytes.clear()


def _letter(value: int) -> str:
    code = value + 0x10000 if value < 0 else value
    return chr(code) if 0 <= code < 0x110000 else "\N{REPLACEMENT CHARACTER}"

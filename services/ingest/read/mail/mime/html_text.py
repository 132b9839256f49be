"""Turns HTML into the text that a reader sees, in one pass."""

import html
import re
from dataclasses import dataclass, field

from services.ingest.read.text import LONGEST_TEXT
from shared.values.html_guard import VOID

_TAG = re.compile(
    r"<(?P<closing>/?)(?P<name>[a-zA-Z][a-zA-Z0-9:-]{0,40})"
    r"(?P<rest>(?:[^<>\"']|\"[^\"<]*+\"|'[^'<]*+')*+)>"
    r"|<[a-zA-Z/][^<>]*+>"
)
UNSEEN = re.compile(
    r"display\s{0,9}:\s{0,9}none|visibility\s{0,9}:\s{0,9}hidden|mso-hide\s{0,9}:\s{0,9}all"
    r"|font-size\s{0,9}:\s{0,9}0(?![.\d]*[1-9])|opacity\s{0,9}:\s{0,9}0(?![.\d]*[1-9])"
    r"|max-height\s{0,9}:\s{0,9}0(?![.\d]*[1-9])",
    re.IGNORECASE,
)
"""Styles that hide an element from the reader."""
_HIDDEN = re.compile(r"(?<![\w=-])hidden(?![\w-])", re.IGNORECASE)
_STYLE = re.compile(r"style\s{0,9}=\s{0,9}(\"[^\"]*+\"|'[^']*+'|[^\s>]*+)", re.IGNORECASE)
_SKIPPED = frozenset({"script", "style", "head", "title", "template", "noscript", "svg"})
_RAW = frozenset({"script", "style", "title"})
_BLOCKS = frozenset(
    {
        "address",
        "article",
        "aside",
        "dd",
        "div",
        "dl",
        "dt",
        "fieldset",
        "figure",
        "footer",
        "form",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "header",
        "hr",
        "li",
        "main",
        "nav",
        "ol",
        "p",
        "pre",
        "section",
        "table",
        "tbody",
        "tfoot",
        "thead",
        "tr",
        "ul",
        "blockquote",
        "body",
    }
)
_PARAGRAPHS = frozenset({"p", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote"})
_LONGEST_INPUT = 1_000_000
_SPACES = re.compile(r"[ \t\r\n\f]+")
_DEEPEST_QUOTE = 20


def to_text(source: str) -> str:
    """The text, a line for each block, quotes behind `> `, without what is hidden from readers.

    If the markup hides everything, or never ends what it hides, the hidden text is shown.
    """
    source = source[:_LONGEST_INPUT]
    page = _Page(source)
    text = page.read()
    if text and not page.skipping:
        return text
    return _Page(source, show_hidden=True).read()


@dataclass
class _Page:
    source: str
    show_hidden: bool = False
    lines: list[str] = field(default_factory=list)
    line: list[str] = field(default_factory=list)
    quotes: list[bool] = field(default_factory=list)
    """For each block quote that is open, whether it quotes: an editor's button only indents."""
    as_it_is: int = 0
    skipping: str = ""
    skipped_depth: int = 0
    length: int = 0

    def read(self) -> str:
        position = 0
        while position < len(self.source) and self.length <= 2 * LONGEST_TEXT:
            opening = self.source.find("<", position)
            if opening < 0:
                opening = len(self.source)
            self._words(self.source[position:opening])
            position = self._markup(opening)
        self._break()
        text = "\n".join(self.lines)
        return re.sub(r"\n{3,}", "\n\n", text).strip("\n")

    def _markup(self, opening: int) -> int:
        """Take in what begins with the `<` at `opening`; returns where it ends."""
        if opening >= len(self.source):
            return opening
        if self.source.startswith("<!--", opening):
            return self._after("-->", opening + 4)
        if self.source.startswith(("<!", "<?"), opening):
            return self._after(">", opening + 2)
        match = _TAG.match(self.source, opening)
        if match is None:
            self._words("<")
            return opening + 1
        name = (match["name"] or "").lower()
        if match["closing"]:
            self._closed(name)
        elif name:
            self._opened(name, match["rest"])
        if name in _RAW and not match["closing"]:
            return self._after(f"</{name}", match.end())
        return match.end()

    def _after(self, mark: str, start: int) -> int:
        """Just before the closing tag `mark`, or behind the mark; the end where there is none."""
        found = re.compile(re.escape(mark), re.IGNORECASE).search(self.source, start)
        if found is None:
            return len(self.source)
        return found.start() if mark.startswith("</") else found.end()

    def _opened(self, name: str, attributes: str) -> None:
        if self.skipping:
            self.skipped_depth += name == self.skipping
            return
        if name not in VOID and (name in _SKIPPED or self._hides(attributes)):
            self._break()
            self.skipping, self.skipped_depth = name, 1
            return
        if name == "br":
            self._break(always=True)
        elif name in _BLOCKS:
            self._break()
            self._gap(name)
        elif name in ("td", "th"):
            self.line.append(" ")
        if name == "blockquote":
            self.quotes.append(not self._indents(attributes))
        self.as_it_is += name == "pre"

    def _closed(self, name: str) -> None:
        if self.skipping:
            self.skipped_depth -= name == self.skipping
            if not self.skipped_depth or name in ("html", "body"):
                self.skipping = ""
            return
        if name in _BLOCKS:
            self._break()
            self._gap(name)
        if name == "blockquote" and self.quotes:
            self.quotes.pop()
        self.as_it_is -= name == "pre" and self.as_it_is > 0

    def _indents(self, attributes: str) -> bool:
        """Whether a block quote is what an editor's button for indenting makes."""
        styles = [style.replace(" ", "").lower() for style in _STYLE.findall(attributes)]
        borderless = any("border:none" in style or "border:0" in style for style in styles)
        return borderless and "cite" not in attributes.lower()

    def _hides(self, attributes: str) -> bool:
        if self.show_hidden or not attributes:
            return False
        styles = _STYLE.findall(attributes)
        without_values = re.sub(r"\"[^\"]*+\"|'[^']*+'", "", attributes)
        return any(map(UNSEEN.search, styles)) or bool(_HIDDEN.search(without_values))

    def _words(self, text: str) -> None:
        if not text or self.skipping:
            return
        said = html.unescape(text)
        self.length += len(said)
        first, *more = said.split("\n") if self.as_it_is else [said]
        self.line.append(_SPACES.sub(" ", first))
        for line in more:
            self._break(always=True)
            self.line.append(_SPACES.sub(" ", line))

    def _break(self, *, always: bool = False) -> None:
        """End the line. An empty one stays only where a `<br>` asks for it."""
        text = re.sub(r"[ \u00a0]+", " ", "".join(self.line)).strip()
        self.line.clear()
        if text or always:
            self.lines.append("> " * min(sum(self.quotes), _DEEPEST_QUOTE) + text)

    def _gap(self, name: str) -> None:
        if name in _PARAGRAPHS and self.lines and self.lines[-1]:
            self.lines.append("")

"""Decoding mail text whose declared charset may be missing, unknown or wrong."""

import codecs
import re

from charset_normalizer import from_bytes

_SAME_OR_WIDER = {
    "iso-8859-1": "cp1252",
    "latin-1": "cp1252",
    "latin1": "cp1252",
    "us-ascii": "utf-8",
    "ascii": "utf-8",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "ks_c_5601-1987": "cp949",
    "euc-kr": "cp949",
    "shift_jis": "cp932",
    "shift-jis": "cp932",
    "iso-2022-jp": "iso2022_jp_ext",
    "iso-8859-8-i": "iso-8859-8",
    "iso-8859-8-e": "iso-8859-8",
    "utf8mb4": "utf-8",
    "cp-850": "cp850",
    "unicode-1-1-utf-7": "utf-7",
}
_SINGLE_BYTE = re.compile(r"(cp|windows-|iso-?8859|latin|koi8|mac|us-ascii|ascii|unknown|x-)")
_TOLD_BY_THEIR_LETTERS = [
    "cp1250",
    "cp1251",
    "cp1253",
    "cp1254",
    "cp1255",
    "cp1256",
    "cp1257",
    "koi8_r",
    "iso8859_2",
    "iso8859_5",
    "iso8859_7",
    "cp1252",
    "big5",
    "gb18030",
    "cp932",
    "euc_jp",
    "cp949",
    "cp874",
    "utf_16_le",
    "utf_16_be",
]
_ENOUGH_TO_TELL, _SAMPLE = 64, 4 * 1024
_META = re.compile(rb"<meta[^>]{0,200}charset=[\"']?([A-Za-z0-9_-]{2,40})", re.IGNORECASE)


def decode(raw: bytes, declared: str | None, *, guess: bool = True) -> str:
    """The text that `raw` most probably is. Never raises.

    Text that is valid UTF-8 and has characters beyond ASCII is taken as UTF-8, even where a
    single-byte charset (or none) was declared: a single-byte charset decodes anything, so it has to
    be tried later. `guess` allows a guess by the letters, which takes some milliseconds.
    """
    if raw.isascii() and b"\x1b" not in raw and not _is_wide(declared):
        return raw.decode("ascii")
    name = (declared or "").strip().strip("\"'").lower()
    tried = [_SAME_OR_WIDER.get(name, name), "utf-8"]
    if not name or _SINGLE_BYTE.match(name):
        tried.reverse()
    if meta := _META.search(raw[:2048]):
        tried.append(meta[1].decode("ascii"))
    for charset in tried:
        if (text := _decoded(raw, charset)) is not None:
            return text
    likely = _told_by_its_letters(raw) if guess else None
    for charset in filter(None, (likely, "cp1252")):
        if (text := _decoded(raw, charset)) is not None:
            return text
    return raw.decode("latin-1")


def _decoded(raw: bytes, charset: str | None) -> str | None:
    try:
        return raw.decode(charset) if charset and _is_text_codec(charset) else None
    except (LookupError, ValueError):
        return None


def _told_by_its_letters(raw: bytes) -> str | None:
    """The charset in which a longer text looks like a language: a guess, so it comes late."""
    start = next((place for place, byte in enumerate(raw) if byte > 0x7F), 0)
    sample = raw[max(start - _SAMPLE // 2, 0) :][:_SAMPLE]
    if len(sample) < _ENOUGH_TO_TELL:
        return None
    guesses = from_bytes(sample, cp_isolation=_TOLD_BY_THEIR_LETTERS, preemptive_behaviour=False)
    best = guesses.best()
    return best.encoding if best is not None else None


def _is_wide(declared: str | None) -> bool:
    name = (declared or "").lower()
    return "utf-16" in name or "utf-32" in name or "utf-7" in name or name.startswith("hz")


def _is_text_codec(charset: str) -> bool:
    # Python's own codecs such as zlib, rot13 or idna are no charsets.
    info = codecs.lookup(charset)
    return getattr(info, "_is_text_encoding", False) and info.name not in (
        "idna",
        "punycode",
        "unicode_escape",
        "raw-unicode-escape",
        "unicode-escape",
        "undefined",
    )

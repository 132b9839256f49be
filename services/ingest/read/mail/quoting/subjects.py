"""A thread's subject without what answering and forwarding puts around it (RFC 5256, 2.1)."""

import re

_LONGEST = 500
_BRACKETS = re.compile(r"\[[^\[\]]{0,200}\]\s*")
_PREFIX = re.compile(
    r"(?:re|fwd?|aw|wg|sv|vs|vb|antw|rif|rv|r|tr|res|enc|odp|pd|ynt|ilt|回复|答复|转发|回覆|轉寄"
    r"|отв|fs|bls|atb|ant)\s{0,3}(?:\[[^\[\]]{0,200}\]|\(\d{1,3}\))?\s{0,3}[:：]\s*",
    re.IGNORECASE,
)
_SUFFIX = re.compile(r"\s*\(fwd\)\s*\Z", re.IGNORECASE)
_WRAPPER = re.compile(r"\[fwd:(.*)\]\Z", re.IGNORECASE)


def base_subject(subject: str) -> str | None:
    """What is left; None where nothing is. Case is kept."""
    text = " ".join(subject[:_LONGEST].split())
    # Every step but the last takes something away, so there are no more of them than letters.
    while True:
        shorter = _SUFFIX.sub("", text)
        shorter = _PREFIX.sub("", shorter, count=1) if _PREFIX.match(shorter) else shorter
        bracket = _BRACKETS.match(shorter)
        if bracket is not None and shorter[bracket.end() :].strip():
            shorter = shorter[bracket.end() :]
        wrapper = _WRAPPER.fullmatch(shorter)
        shorter = (wrapper[1] if wrapper else shorter).strip()
        if shorter == text:
            return text or None
        text = shorter

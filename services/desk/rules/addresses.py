"""Whether a text is a mail address that a reply can go to as well. Pure."""

import re
from typing import Final

_LOCAL: Final = r"[^\s@<>()\[\]\\,;:\"\x00-\x1f\x7f]{1,64}"
_LABEL: Final = r"[^\W_](?:[\w-]{0,61}[^\W_])?"
_ADDRESS: Final = re.compile(rf"{_LOCAL}@(?:{_LABEL}\.){{1,10}}{_LABEL}")
_LONGEST: Final = 254


def is_address(text: str) -> bool:
    """Whether it is one address, and nothing besides: no name, no list, no second line."""
    return len(text) <= _LONGEST and _ADDRESS.fullmatch(text) is not None and text.isprintable()

"""What forwarders and mailing programs make of an envelope's addresses, and what it was before.

For envelopes only: nobody's name is read out of these, since anybody can write them.
"""

import re

_SRS0 = re.compile(r"SRS0[=+-][^=]{1,40}=[^=]{1,8}=([^=]{1,255})=(.{1,64})", re.IGNORECASE)
_SRS1 = re.compile(
    r"SRS1[=+-][^=]{1,40}=[^=]{1,255}=[=+-][^=]{1,40}=[^=]{1,8}=([^=]{1,255})=(.{1,64})",
    re.IGNORECASE,
)
_BATV = re.compile(r"(?:prvs|btv1)=+[^=]{1,40}=+(.{1,128})", re.IGNORECASE)
_GMAIL_FORWARD = re.compile(r".{1,64}\+caf_=(.{1,128})=([^=]{1,255})", re.IGNORECASE)
_VERP = re.compile(r"[^+]{1,64}\+(?:[^=]{0,64}-)?([^=-]{1,64})=([^=]{3,255}\.[^=]{2,63})")


def original(address: str) -> str:
    """The address that a forwarder (SRS), a tag against forged bounces (BATV) or Gmail rewrote."""
    local, _, domain = address.rpartition("@")
    for rewritten in (_SRS0, _SRS1):
        if match := rewritten.fullmatch(local):
            return f"{match[2]}@{match[1]}"
    if match := _BATV.fullmatch(local):
        return f"{match[1]}@{domain}"
    if match := _GMAIL_FORWARD.fullmatch(local):
        return f"{match[1]}@{match[2]}"
    return address


def bounced_for(address: str) -> str | None:
    """Whose bounce comes to such an address, as programs that send to many make them (VERP)."""
    match = _VERP.fullmatch(original(address).rpartition("@")[0])
    return f"{match[1]}@{match[2]}" if match else None

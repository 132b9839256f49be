"""Envelope addresses that forwarders and mailing programs have rewritten, and what they were.

Only for envelopes. Such an address never names the sender of a mail, since anybody can write one.
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
    """The address as it was before a forwarder (SRS), a bounce tag (BATV) or Gmail changed it."""
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
    """The recipient whose bounce comes to this address, as mailing programs make it (VERP)."""
    match = _VERP.fullmatch(original(address).rpartition("@")[0])
    return f"{match[1]}@{match[2]}" if match else None

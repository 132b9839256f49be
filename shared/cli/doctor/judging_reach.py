"""Whether a server was reached, and how far clocks are apart."""

from collections.abc import Sequence
from typing import Literal

from shared.cli.doctor.facts import Address, Skew
from shared.cli.doctor.failures import Failure, Kind
from shared.cli.doctor.findings import Check, Finding, some, unseen

Block = Literal["KAFKA", "MONGO", "REDIS"]

NAMES: dict[Block, str] = {"KAFKA": "Kafka", "MONGO": "MongoDB", "REDIS": "Redis"}
_WHERE: dict[Block, str] = {"KAFKA": "BOOTSTRAP", "MONGO": "URL", "REDIS": "URL"}

NOTICEABLE = 2.0
"""Seconds that clocks may be apart before it shows in what people see."""

FAR = 60.0
"""Seconds from which on timers, tokens and windows are wrong."""


def advice(kind: Kind, block: Block) -> str:
    """What to do where a server cannot be reached."""
    start = f"HELPDESK_{block}__"
    where = start + _WHERE[block]
    how = f"{start}SECURITY_PROTOCOL" if block == "KAFKA" else f"{start}TLS"
    more = f" and {start}SASL_MECHANISM" if block == "KAFKA" else ""
    return {
        "name": f"mend the name in {where}, or the name servers of this machine",
        "refused": f"start it, or mend host and port in {where}",
        "tls": f"{start}CA_FILE has to name who signed its certificate; {start}CERT_FILE and"
        f" {start}KEY_FILE yours, if it asks for one; {how} whether it speaks TLS",
        "authentication": f"mend {start}USERNAME, {start}PASSWORD (or {start}PASSWORD_FILE){more},"
        " or what the server knows of the user",
        "rights": "give this user the right to connect and to describe",
        "time-out": f"a firewall or a network policy swallows it, it hangs, or {where} is wrong",
    }.get(kind, f"see its log; does it speak as {how} says?")


def reach(
    check: Check, block: Block, addresses: Sequence[Address], failure: Failure | None
) -> list[Finding]:
    """Whether a server is reached; `failure` is why it does not answer though somebody is there."""
    name = NAMES[block]
    away = [address for address in addresses if address.failure]
    lost = bool(addresses) and len(away) == len(addresses)
    told = [
        Finding(
            check,
            "wrong" if lost else "warning",
            f"{name} at {address.where}: {address.failure.text}",
            advice(address.failure.kind, block),
        )
        for address in away
        if address.failure
    ]
    if lost:
        return told
    if failure is not None:
        text = f"{name} does not take us: {failure.text}"
        return [*told, Finding(check, "wrong", text, advice(failure.kind, block))]
    here = some([address.where for address in addresses if not address.failure])
    return [*told, Finding(check, "ok", f"{name} answers{f' at {here}' if here else ''}")]


def clock(block: Block, skew: Skew | Failure) -> Finding:
    """Whether a server's clock is this machine's."""
    name = NAMES[block]
    if isinstance(skew, Failure):
        return unseen("clocks", skew, f"the clock of {name}")
    # What the answer's way may explain is no difference.
    apart = max(0.0, abs(skew.seconds) - skew.give_or_take)
    way = "ahead of" if skew.seconds > 0 else "behind"
    if apart < NOTICEABLE:
        text = f"the clock of {name} is this machine's, to within {NOTICEABLE:g} s"
        return Finding("clocks", "ok", text)
    text = f"the clock of {name} is {abs(skew.seconds):.1f} s {way} this machine's"
    return Finding(
        "clocks",
        "wrong" if apart >= FAR else "warning",
        text,
        "let both keep time by NTP: timers, silence and attribution go by clocks",
    )

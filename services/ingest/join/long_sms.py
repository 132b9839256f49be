"""SMS too long for one, put together again from parts that come in any order. Pure.

Each pair of a sender and one of the account's numbers has one `Assembly`. It has a `Group` for
each long message of which parts are missing. The parts of a message share a reference, but phones
use the same 256 references again and again. So a part whose place in its group is taken already
belongs to a later message.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from services.ingest.read.findings import Edited, Happened, Place, Wrote
from services.ingest.read.sms import binary
from services.ingest.read.text import clean
from shared.bus.accounts import address_key
from shared.clock import FAR_FUTURE
from shared.contracts.base import Channel, Contract, UtcTime
from shared.contracts.messages import Origin

KEPT = timedelta(hours=48)
"""How long a message that was given out in part waits for the rest: twice providers' retries."""

_MOST_GROUPS = 50
_GAP = " […] "


class Piece(Contract):
    """One part as it was received. `body` is as in `services.ingest.read.findings.Fragment`."""

    id: str
    number: int
    body: bytes
    binary: bool = False
    sent: UtcTime | None = None
    received: UtcTime
    provider: str
    origin: Origin


class Group(Contract):
    """A long message of which parts are missing.

    `given_out` is how many parts were there when it was given out without the rest, as the message
    with the provider's id `known_as`. It is 0 while the message still waits, until `waits_until`.
    """

    reference: str
    total: int
    waits_until: UtcTime
    pieces: tuple[Piece, ...] = ()
    given_out: int = 0
    known_as: str = ""

    @property
    def first(self) -> Piece:
        """The part with the lowest number that is there."""
        return min(self.pieces, key=lambda piece: piece.number)

    @property
    def complete(self) -> bool:
        """Whether all parts are there."""
        return len(self.pieces) == self.total

    def lacks(self, reference: str, total: int, number: int) -> bool:
        """Whether part `number` of `total` may be one that is missing here."""
        return (self.reference, self.total) == (reference, total) and all(
            piece.number != number for piece in self.pieces
        )


class Assembly(Contract):
    """The unfinished long messages of a sender (`phone`, as the provider has it) to an address."""

    account_id: str
    channel: Channel
    address: str
    phone: str
    contact: str
    groups: tuple[Group, ...] = ()

    @property
    def slot(self) -> str:
        """There is one assembly for each channel, address and sender of an account."""
        channel, address = address_key(self.channel, self.address)
        return f"{channel}:{address}:{self.contact}"

    @property
    def id(self) -> str:
        """Account ids have no colon, so no two assemblies share one."""
        return f"{self.account_id}:{self.slot}"

    @property
    def due_at(self) -> datetime:
        """When the wait of its first message ends."""
        return min(
            (group.waits_until for group in self.groups if not group.given_out),
            default=FAR_FUTURE,
        )


class Arrival(Contract):
    """A part that came in, and the sender and address whose assembly it belongs to."""

    of: Assembly
    reference: str
    total: int
    piece: Piece


def with_part(
    assembly: Assembly, arrival: Arrival, now: datetime, wait: timedelta
) -> tuple[Assembly, Group | None]:
    """The assembly with the part in it, and the message to be given out now, if any.

    A message is given out when it is complete, and again when it was given out without all of its
    parts and one more of them came.
    """
    kept = [group for group in assembly.groups if group.waits_until > now - KEPT]
    numbering = (arrival.reference, arrival.total, arrival.piece.number)
    group = next((each for each in reversed(kept) if each.lacks(*numbering)), None)
    if group is None:
        group = Group(reference=arrival.reference, total=arrival.total, waits_until=now + wait)
    others = [each for each in kept if each is not group]
    grown = group.model_copy(update={"pieces": (*group.pieces, arrival.piece)})
    if grown.complete:
        return _with(assembly, others), grown
    if not grown.given_out:
        return _with(assembly, [*others, grown]), None
    after = grown.model_copy(update={"given_out": len(grown.pieces)})
    return _with(assembly, [*others, after]), grown


def after_wait(assembly: Assembly, now: datetime) -> tuple[Assembly, list[Group]]:
    """The assembly once its waits ended, and the messages that are given out without some parts."""
    over = [group for group in assembly.groups if not group.given_out and group.waits_until <= now]
    told = [
        group.model_copy(update={"given_out": len(group.pieces), "known_as": group.first.id})
        if group in over
        else group
        for group in assembly.groups
    ]
    return _with(assembly, told), over


def without_pieces(assembly: Assembly, received_until: datetime) -> Assembly:
    """The assembly without the messages of which all parts were received until then."""
    left = tuple(
        group
        for group in assembly.groups
        if any(piece.received > received_until for piece in group.pieces)
    )
    return assembly.model_copy(update={"groups": left})


def _with(assembly: Assembly, groups: Iterable[Group]) -> Assembly:
    """The newest of the groups. One that was not given out yet is never dropped."""
    ordered = list(groups)
    spare = max(len(ordered) - _MOST_GROUPS, 0)
    told = [group for group in ordered if group.given_out][:spare]
    left = tuple(group for group in ordered if group not in told)
    return assembly.model_copy(update={"groups": left})


def given_out(assembly: Assembly, group: Group) -> Wrote | Edited | Happened:
    """The finding that a reader would have made of the group, with the parts that are there.

    If the message was given out before, it is an edit of that message. The edit's version is the
    number of parts.
    """
    first = group.first
    place = Place(
        provider=first.provider,
        addresses=((assembly.address,),),
        phone=assembly.phone,
        channel=assembly.channel,
    )
    text = _text(group)
    if text is None:
        return Happened(
            place=place,
            kind="other",
            key=("binary", first.id),
            about=first.id,
            about_inbound=True,
            at=first.sent,
            detail={"what": "binary"},
        )
    if group.given_out:
        count = len(group.pieces)
        return Edited(
            place=place,
            id=group.known_as,
            text=text,
            version=count,
            at=first.sent,
            edit_id=f"{count} of {group.total}",
        )
    return Wrote(
        place=place,
        id=first.id,
        text=text,
        sent=first.sent,
        flags=() if group.complete else ("truncated",),
        structured={"parts": group.total, "parts_received": len(group.pieces)},
    )


def _text(group: Group) -> str | None:
    """The text; None if the bytes are no text. `[…]` stands where parts are missing."""
    pieces = sorted(group.pieces, key=lambda piece: piece.number)
    if any(piece.binary for piece in pieces):
        return binary.text_of(b"".join(piece.body for piece in pieces))
    runs: list[bytes] = []
    before = 0
    for piece in pieces:
        if not runs or piece.number != before + 1:
            runs.append(b"")
        runs[-1] += piece.body
        before = piece.number
    said = _GAP.join(run.decode("utf-16-le", "replace") for run in runs)
    start = "" if pieces[0].number == 1 else _GAP.lstrip()
    return clean(start + said) + ("" if pieces[-1].number == group.total else _GAP.rstrip())

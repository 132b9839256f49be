"""Infobip: incoming SMS and MMS and delivery reports, several to a webhook."""

from services.ingest.read import media
from services.ingest.read.findings import Finding
from services.ingest.read.formats import Format
from services.ingest.read.sms.common import Receipt, Sms, place
from services.ingest.read.text import Fields
from services.ingest.refusals import Refused
from shared.bus.delivery import Record
from shared.contracts.messages import Attachment

_PROVIDER = "infobip"
_LAYOUT = "application/smil"
_DELIVERED_WELL = ("0", "NO_ERROR")


def _is_infobip(payload: object) -> bool:
    results = Fields(payload).raw.get("results")
    return isinstance(results, list) and (
        "messageCount" in Fields(payload) or any("messageId" in Fields(each) for each in results)
    )


def _read(payload: object, _record: Record) -> list[Finding]:
    results = Fields(payload).each("results")
    if not results:
        raise Refused("empty", "a webhook without results")
    return [_finding(result) for result in results]


def _finding(result: Fields) -> Finding:
    try:
        if result.fields("status") and not result.text("receivedAt"):
            return _receipt(result)
        return _message(result)
    except Refused as refused:
        return refused


def _message(result: Fields) -> Finding:
    pieces = result.each("message")
    strange = [piece for piece in pieces if _is_strange(piece)]
    whole = result.fields("message")
    text = result.text("text") or "\n".join(
        piece.text("value")
        for piece in pieces
        if piece.text("contentType").startswith("text/") and piece.text("value")
    )
    return Sms(
        id=result.text("messageId"),
        text=text,
        files=_files(pieces),
        strange=strange[0].text("contentType") if strange else whole.text("type"),
        sent_so=[piece.raw for piece in strange] or whole.raw or None,
        sent=result.time("receivedAt"),
        in_reply_to=result.text("pairedMessageId") or None,
    ).at(place(_PROVIDER, _number(result, "from", "sender"), _number(result, "to", "destination")))


def _is_strange(piece: Fields) -> bool:
    """Whether the piece is neither text, nor a file, nor the layout of the other pieces."""
    kind = piece.text("contentType")
    return bool(kind) and kind != _LAYOUT and not kind.startswith("text/") and not piece.text("url")


def _files(pieces: list[Fields]) -> tuple[Attachment, ...]:
    return tuple(
        media.linked(piece.text("url"), piece.text("contentType"))
        for piece in pieces[: media.MOST_FILES]
        if piece.text("url") and piece.text("contentType") != _LAYOUT
    )


def _number(result: Fields, *names: str) -> str:
    return next(filter(None, map(result.text, names)), "")


def _receipt(result: Fields) -> Finding:
    status, error = result.fields("status"), result.fields("error")
    code = error.text("id")
    failed = code not in ("", *_DELIVERED_WELL)
    return Receipt(
        provider=_PROVIDER,
        id=result.text("messageId"),
        ours=_number(result, "from", "sender"),
        theirs=_number(result, "to", "destination"),
        status=status.text("groupName") or status.text("name"),
        error=error.text("name") or code if failed else "",
        reason=error.text("description") if failed else "",
        at=result.time("seenAt") or result.time("doneAt") or result.time("sentAt"),
    ).signal()


FORMAT = Format(_PROVIDER, _is_infobip, _read)

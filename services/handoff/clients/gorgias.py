"""A ticket in Gorgias, by its REST API. What is relied on is said in docs/handoff.md.

It knows no idempotency keys. So after a ticket was made it is looked for again: of several the
oldest is kept, and the others are closed.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from services.handoff.clients.http import Api, Trouble
from services.handoff.rules.letter import LONGEST_COMMENT, Letter, parts_of
from services.handoff.rules.outside import Kind, Result

NAME: Final = "Gorgias"
_LISTED: Final = "30"
_MOST_MESSAGES: Final = 100


async def hand(
    api: Api,
    letter: Letter,
    from_address: str,
    still_mine: Callable[[], bool],
    *,
    look_only: bool,
) -> Result:
    """Make the ticket unless it is there, and leave one of several. Raises Trouble."""
    there = await _look(api, letter)
    if there:
        return await _one_of(api, there, "found")
    if look_only:
        return Result("absent")
    if not still_mine():
        raise Trouble(Result("unclear", "the attempt took too long here", uncertain=True))
    made = await api.make("/api/tickets", _ticket(letter, from_address))
    if not made.good:
        raise Trouble(api.trouble(made, making=True))
    if not isinstance(made.body.get("id"), int):
        raise api.unclear(making=True)
    there = {int(made.body["id"]): made.body} | await _look(api, letter, made=True)
    return await _one_of(api, there, "made")


async def _look(api: Api, letter: Letter, *, made: bool = False) -> dict[int, Mapping[str, Any]]:
    """The tickets of that external id, by their ids; others are not looked at.

    What fails once ours was `made` may have left two, so the next attempt has to look again.
    """
    try:
        answer = await api.get(
            "/api/tickets", {"external_id": letter.external_id, "limit": _LISTED}
        )
    except Trouble as trouble:
        if not made:
            raise
        raise Trouble(_again(trouble.result)) from None
    listed = answer.body.get("data")
    if not isinstance(listed, list):
        raise api.unclear(making=made)
    return {
        int(each["id"]): each
        for each in listed
        if isinstance(each, dict)
        and each.get("external_id") == letter.external_id
        and isinstance(each.get("id"), int)
    }


async def _one_of(api: Api, tickets: Mapping[int, Mapping[str, Any]], kind: Kind) -> Result:
    """The oldest ticket, once the others are closed. Raises Trouble."""
    oldest = min(tickets)
    for number, ticket in sorted(tickets.items()):
        if number != oldest and ticket.get("status") != "closed":
            try:
                await api.change(f"/api/tickets/{number}", {"status": "closed"})
            except Trouble as trouble:
                raise Trouble(_again(trouble.result)) from None
    return Result(kind, external_id=str(oldest), external_url=f"{api.base}/app/ticket/{oldest}")


def _again(result: Result) -> Result:
    """The result, as one that must not be taken for a refusal: the ticket is there."""
    kind: Kind = "unclear" if result.kind == "invalid" else result.kind
    return Result(kind, result.words, wait=result.wait, uncertain=True)


def _ticket(letter: Letter, from_address: str) -> dict[str, Any]:
    by_phone = letter.channel == "sms" and letter.phone and not letter.reduced
    channel = "sms" if by_phone else "email" if letter.email else "api"
    customer: dict[str, Any] = {"name": letter.name}
    if letter.email:
        customer["email"] = letter.email
    if letter.phone and not letter.reduced:
        customer["channels"] = [{"type": "phone", "address": letter.phone}]
    source: dict[str, Any] = {}
    if by_phone:
        source = _source("sms", letter.phone or "", letter.address, letter.name)
    elif letter.email:
        source = _source("email", letter.email, from_address, letter.name)
    first, *more = _texts(letter)
    return {
        "channel": channel,
        "via": "api",
        "from_agent": False,
        "external_id": letter.external_id,
        "subject": letter.subject,
        "customer": customer,
        "tags": [{"name": tag} for tag in letter.tags],
        "messages": [
            {
                "channel": channel,
                "via": "api",
                "from_agent": False,
                "external_id": f"{letter.external_id}-{number}",
                "subject": letter.subject,
                "sender": {name: customer[name] for name in ("name", "email") if name in customer},
                "body_text": text,
                **({"source": source} if source else {}),
            }
            for number, text in enumerate([first, *more], start=1)
        ],
    }


def _source(kind: str, sender: str, receiver: str, name: str) -> dict[str, Any]:
    return {
        "type": kind,
        "from": {"address": sender, "name": name},
        "to": [{"address": receiver}],
    }


def _texts(letter: Letter) -> list[str]:
    """All of the conversation, in as many messages as it takes; reduced to one where refused."""
    if letter.fits or letter.reduced:
        return [letter.comment]
    parts = list(parts_of(letter.transcript, LONGEST_COMMENT))[-_MOST_MESSAGES:]
    return [letter.about, *parts]

"""A ticket in Zendesk, by its Ticketing API. What is relied on is said in docs/handoff.md."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from services.handoff.clients.http import Answer, Api, Trouble
from services.handoff.rules.letter import Letter
from services.handoff.rules.outside import Kind, Result

NAME: Final = "Zendesk"
_KEY_TAKEN: Final = "IdempotentRequestError"


async def hand(
    api: Api, letter: Letter, still_mine: Callable[[], bool], *, look_only: bool
) -> Result:
    """Make the ticket unless it is there. Raises Trouble."""
    there = await _look(api, letter)
    if there is not None:
        return _known(api, there, "found")
    if look_only:
        return Result("absent")
    ticket = _ticket(letter)
    if not letter.fits and not letter.reduced:
        uploaded = await api.upload(
            "/api/v2/uploads.json", {"filename": "transcript.txt"}, letter.transcript.encode()
        )
        ticket["comment"]["uploads"] = [_upload(api, uploaded)]
    if not still_mine():
        raise Trouble(Result("unclear", "the attempt took too long here", uncertain=True))
    key = {"Idempotency-Key": letter.external_id}
    made = await api.make("/api/v2/tickets.json", {"ticket": ticket}, key)
    if not made.good:
        # The key was used, with another upload say: the ticket is there, or is about to be.
        if made.status == 400 and made.body.get("error") == _KEY_TAKEN:
            raise Trouble(Result("unclear", "it knows of the ticket already", uncertain=True))
        raise Trouble(api.trouble(made, making=True))
    said = made.body.get("ticket")
    if not isinstance(said, dict) or not isinstance(said.get("id"), int):
        raise api.unclear(making=True)
    return _known(api, said, "made")


async def _look(api: Api, letter: Letter) -> Mapping[str, Any] | None:
    """The ticket of that external id, the oldest if there are several."""
    answer = await api.get("/api/v2/tickets.json", {"external_id": letter.external_id})
    listed = answer.body.get("tickets")
    if not isinstance(listed, list):
        raise api.unclear(making=False)
    ours = [
        each
        for each in listed
        if isinstance(each, dict)
        and each.get("external_id") == letter.external_id
        and isinstance(each.get("id"), int)
    ]
    return min(ours, key=lambda each: int(each["id"]), default=None)


def _ticket(letter: Letter) -> dict[str, Any]:
    requester = {"name": letter.name}
    if letter.email:
        requester["email"] = letter.email
    if letter.phone and not letter.reduced:
        requester["phone"] = letter.phone
    return {
        "subject": letter.subject,
        # Not public: what the AI agent and the customer said is no answer to the customer.
        "comment": {"body": letter.comment, "public": False},
        "requester": requester,
        "external_id": letter.external_id,
        "tags": list(letter.tags),
    }


def _upload(api: Api, answer: Answer) -> str:
    said = answer.body.get("upload")
    token = said.get("token") if isinstance(said, dict) else None
    if not isinstance(token, str):
        raise api.unclear(making=False)
    return token


def _known(api: Api, ticket: Mapping[str, Any], kind: Kind) -> Result:
    number = str(ticket["id"])
    return Result(kind, external_id=number, external_url=f"{api.base}/agent/tickets/{number}")

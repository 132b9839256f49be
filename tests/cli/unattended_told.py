"""What the demonstration notes where no agent is, and each fact of it altered."""

from collections.abc import Callable
from copy import deepcopy
from typing import Final

from shared.cli.demo.observed import Json
from shared.cli.demo.unattended import SHOP, SIZES, STUDIO

_TOLD: Final[Json] = {
    "sms": {
        "texts": [
            (
                "Hi! Reply YES to subscribe, then we can answer: "
                "https://go.unattended.example/ggxIe980ti."
            )
        ],
        "to": ["e164:+393330000001"],
        "unread": True,
        "waits": True,
    },
    "chat": ["We are closed and open again at Sunday 00:00."],
    "follow_up": {
        "to": "giulia@unattended-customers.example",
        "subject": "Your chat with Unattended Shop",
        "text": "Hello Giulia,\n"
        "\n"
        "you left our chat before you could read this:\n"
        "\n"
        "Yes, we have it in red.\n"
        "\n"
        "To go on, just answer this mail.",
        "auto_reply": True,
        "from": "help@unattended.example",
    },
    "link": {
        "text": "Sizes: https://go.unattended.example/FTu81xBMvr. Zoe",
        "status": 302,
        "location": "https://unattended.example/sizes_(cm)",
        "unknown": 404,
        "on_the_desk": 404,
        "counted": ["person", "preview"],
    },
    "hand_offs": {
        "outcomes": {
            "robots": ["message", "message_shown"],
            "unattended": ["helpdesk", "handed_over"],
        },
        "tickets": [[None, ["TicketOpened", "TicketHandedOver"]]],
        "told": ["Please write to https://robots.example/contact."],
        "nobody_there": "We are closed and open again at Sunday 00:00.",
    },
}


def unattended_told() -> Json:
    """As a run noted it."""
    return deepcopy(_TOLD)


def _set(value: object, *path: str) -> Callable[[Json], None]:
    def alter(document: Json) -> None:
        place = document["unattended"]
        for step in path[:-1]:
            place = place[step]
        place[path[-1]] = value

    return alter


UNATTENDED_ALTERED: Final[dict[str, Callable[[Json], None]]] = {
    "ARP 1: a newcomer's SMS is answered automatically, once, and nobody else's": _set(
        _TOLD["sms"]["texts"] * 2, "sms", "texts"
    ),
    "ARP 4: the customer goes on waiting, and the ticket stays unread": _set(None, "sms", "waits"),
    "ARP 2: a chat out of hours is told when the account opens, once": _set(
        ["We are closed and open again at {{hours.opens_at}}."], "chat"
    ),
    "ARP 3: who left before the answer gets one mail, from the support address": _set(
        "somebody@example.com", "follow_up", "to"
    ),
    "ARP 4: the mail says that no person wrote it": _set(None, "follow_up", "auto_reply"),
    "OUT 1: a link in an SMS goes out short, its sentence unbroken": _set(
        f"Sizes: {SIZES}. Zoe", "link", "text"
    ),
    "OUT 1: it leads where the agent wrote": _set("https://evil.example/", "link", "location"),
    "OUT 1: people and previews are told apart": _set(["person", "person"], "link", "counted"),
    "OUT 1: a code that was never given out leads nowhere, nor does the desk itself": _set(
        302, "link", "unknown"
    ),
    "HND 3: a conversation that is handed over is a ticket, asked for twice or not": _set(
        _TOLD["hand_offs"]["tickets"] * 2, "hand_offs", "tickets"
    ),
    "HND 3: with nobody there the visitor is told so": _set(
        "One moment, please.", "hand_offs", "nobody_there"
    ),
    "HND 5: by the method message its text is shown, and there is no ticket": _set(
        {SHOP: ["helpdesk", "handed_over"], STUDIO: ["message", "refused"]},
        "hand_offs",
        "outcomes",
    ),
}

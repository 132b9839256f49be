"""What must be true at the desk after the demonstration: one check a fact, named by its rule."""

from collections.abc import Callable
from typing import Any

from shared.cli.demo import samples
from shared.cli.demo.observed import Json

WITHIN = 1.0
"""Seconds."""


def _views(document: Json) -> dict[str, list[Json]]:
    views: dict[str, list[Json]] = document["desk"]["views"]
    return views


def _numbers(document: Json, wanted: Callable[[Json], bool]) -> list[int]:
    """The numbers of the tickets on the stream that are like that."""
    return sorted(ticket["number"] for ticket in document["tickets"] if wanted(ticket))


def _listed(document: Json, view: str) -> list[int]:
    return sorted(row["number"] for row in _views(document)[view])


def _each_order_is_whole(document: Json) -> bool:
    orders = document["desk"]["orders"]
    everything = _listed(document, "all")
    return len(orders) == 8 and all(
        sorted(numbers) == everything and numbers == orders["-" + order.lstrip("-")][::-1]
        for order, numbers in orders.items()
        if not order.startswith("-")
    )


def _refused(document: Json, what: str, status: int, code: str) -> bool:
    answer = document["desk"][what]
    return bool((answer["status"], answer["code"]) == (status, code) and answer["detail"])


DESK_CHECKS: dict[str, Any] = {
    "VWS 1: My Inbox holds the open tickets of whoever looks": lambda d: (
        _listed(d, "inbox")
        == _numbers(d, lambda t: (t["assignee"], t["status"], t["spam"]) == ("ann", "open", False))
        != []
    ),
    "VWS 1: All holds every ticket but spam, closed ones too": lambda d: (
        _listed(d, "all") == _numbers(d, lambda t: not t["spam"])
        and "closed" in {row["status"] for row in _views(d)["all"]}
    ),
    "VWS 1: spam is in its own view": lambda d: (
        [row["address"] for row in _views(d)["spam"]] == [samples.SPAMMER]
    ),
    "VWS 1: spam is in no other view, search or count": lambda d: (
        not any(row["spam"] for v in ("inbox", "unassigned", "all") for row in _views(d)[v])
        and d["desk"]["searched"]["winner"] == []
        and d["desk"]["counts"]["views"]["all"]
        == len([row for row in _views(d)["all"] if row["status"] == "open"])
    ),
    "VWS 2: a ticket is found by its number": lambda d: (
        d["desk"]["searched"][f"#{d['desk']['mail']}"] == [samples.VERA]
    ),
    "VWS 2: a ticket is found by its contact's address or phone number": lambda d: (
        d["desk"]["searched"][samples.VERA] == [samples.VERA]
        and d["desk"]["searched"][samples.MARIO] == [samples.MARIO]
    ),
    "VWS 2: a ticket is found by words of its messages": lambda d: (
        d["desk"]["searched"]["missing"] == [samples.VERA]
    ),
    "VWS 2: page by page each order has every ticket once, the other way round too": (
        _each_order_is_whole
    ),
    "VWS 3: a row says who wrote last and what, and whose the ticket is": lambda d: (
        d["desk"]["row"]["last"]["writer"] == "customer"
        and d["desk"]["row"]["last"]["text"] == "It came, but one item is missing!"
        and d["desk"]["row"]["subject"] == "Where is my order 1042?"
        and (d["desk"]["row"]["assignee"], d["desk"]["row"]["team"]) == ("carla", "vip")
        and d["desk"]["row"]["waiting_since"] is not None
    ),
    "VWS 3: a note is in a colleague's list within a second, with its row": lambda d: (
        d["desk"]["note"]["seconds"] < WITHIN
        and d["desk"]["note"]["has_row"]
        and "all" in d["desk"]["note"]["in"]
    ),
    "VWS 3: counts follow what changes": lambda d: (
        d["desk"]["bulk"]["all_told"]
        == d["desk"]["bulk"]["all_after"]
        == d["desk"]["bulk"]["open_after"]
        == d["desk"]["bulk"]["all_before"] - 1
    ),
    "VWS 4: the badge is how many open tickets are unread": lambda d: (
        d["desk"]["counts"]["badge"]
        == len([r for r in _views(d)["all"] if r["unread"] and r["status"] == "open"])
        > 0
    ),
    "VWS 5: a campaign's and a flow's SMS are among a thread's lines": lambda d: (
        [line["code"] for line in d["desk"]["sms_lines"] if line["kind"] == "send"]
        == ["campaign", "flow"]
    ),
    "VWS 5: beside the thread stands why things are as they are": lambda d: any(
        what == "TicketRouted" and because for what, because in d["desk"]["panel"]["why"]
    ),
    "PRF 1: the panel has the profile's value, orders and segments": lambda d: (
        (
            d["desk"]["panel"]["profile"]["lifetime_value"],
            d["desk"]["panel"]["profile"]["orders"],
            d["desk"]["panel"]["profile"]["segments"],
        )
        == (1240.5, 9, ["VIP"])
    ),
    "VWS 6: a reply that is sent twice is one reply": lambda d: (
        len(d["desk"]["reply"]["lines"]) == 1
    ),
    "VWS 6: a reply is answered by its event, each time alike": lambda d: (
        {answer["event"] for answer in d["desk"]["reply"]["answers"]} == {"AgentReplied"}
        and len({answer["seq"] for answer in d["desk"]["reply"]["answers"]}) == 1
    ),
    "VWS 6: a claim on a colleague's ticket is refused, and names them": lambda d: (
        _refused(d, "claim", 409, "taken") and "bob" in d["desk"]["claim"]["detail"].lower()
    ),
    "VWS 6: of many tickets each is closed or says why not": lambda d: (
        d["desk"]["bulk"]["done"] == d["desk"]["bulk"]["asked"] == 2
        and [code for code, reason in d["desk"]["bulk"]["refused"] if reason] == ["already_closed"]
        and set(d["desk"]["bulk"]["statuses"]) == {"closed"}
    ),
    "VWS 6: a draft is on another device as well, which is told": lambda d: (
        d["desk"]["draft"]["kept"]["text"] == "I shall look"
        and d["desk"]["draft"]["told"] == [True, d["desk"]["draft"]["saved"]]
    ),
    "VWS 8: a cursor that is none is a problem document": lambda d: (
        _refused(d, "broken_cursor", 422, "invalid_cursor")
        and d["desk"]["broken_cursor"]["type"] == "application/problem+json"
    ),
    "MAC 1: a macro comes with the contact's, the agent's and the account's name": lambda d: (
        d["desk"]["macro"]["text"].startswith("Hi Vera,\n")
        and d["desk"]["macro"]["text"].endswith("Ann, Sample Shop")
        and d["desk"]["macro"]["missing"] == []
    ),
    "MAC 1: a placeholder is never sent raw": lambda d: _refused(
        d, "raw_placeholder", 422, "placeholder"
    ),
    "ROL 1: whoever is not signed in sees nothing": lambda d: _refused(
        d, "nobody", 401, "not_signed_in"
    ),
    "ROL 1: support may not change what is the team's, managers may": lambda d: (
        d["desk"]["shared_view"]["support"]["code"] == "forbidden"
        and d["desk"]["shared_view"]["manager"]["status"] == 201
    ),
}

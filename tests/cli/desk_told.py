"""What agents found and did at the desk where all is well; and what may be wrong of it."""

from collections.abc import Callable
from typing import Any

from shared.cli.demo import samples
from shared.cli.demo.observed import Json

ORDERS = ("waiting", "active", "opened", "number")


def _row(ticket: Json) -> Json:
    keep = ("number", "status", "spam", "assignee")
    address = str(ticket["contact"]).partition(":")[2]
    return {**{key: ticket[key] for key in keep}, "unread": True, "address": address}


def _answer(status: int, code: str | None, detail: str | None = None, **more: Any) -> Json:
    said = {"status": status, "code": code, "detail": detail, "event": None, "seq": None}
    return {**said, **more}


def desk_told(document: Json) -> Json:
    """The desk's part of the document that has these tickets."""
    rows = [_row(ticket) for ticket in document["tickets"]]
    everything = [row for row in rows if not row["spam"]]
    opened = [row for row in everything if row["status"] == "open"]
    numbers = [row["number"] for row in everything]
    mail = next(row["number"] for row in everything if row["address"] == samples.VERA)
    return {
        "mail": mail,
        "views": {
            "inbox": [row for row in opened if row["assignee"] == "ann"],
            "unassigned": [],
            "all": everything,
            "spam": [row for row in rows if row["spam"]],
        },
        "searched": {
            f"#{mail}": [samples.VERA],
            samples.VERA: [samples.VERA],
            samples.MARIO: [samples.MARIO],
            "missing": [samples.VERA],
            "winner": [],
        },
        "orders": {
            **dict.fromkeys(ORDERS, numbers),
            **{f"-{order}": numbers[::-1] for order in ORDERS},
        },
        "counts": {"views": {"all": len(opened)}, "badge": len(opened)},
        "row": {
            "channel": "email",
            "subject": "Where is my order 1042?",
            "last": {"writer": "customer", "text": "It came, but one item is missing!"},
            "waiting_since": "2026-03-04T10:00:00Z",
            "assignee": "carla",
            "team": "vip",
            "unread": True,
        },
        "sms_lines": [
            {"kind": "send", "code": "campaign", "text": "spring-campaign"},
            {"kind": "send", "code": "flow", "text": "spring-flow"},
            {"kind": "message", "code": None, "text": "Please cancel my order"},
        ],
        "panel": {
            "tickets": 1,
            "profile": {"lifetime_value": 1240.5, "orders": 9, "segments": ["VIP"]},
            "why": [["TicketRouted", "ASG 5: segment is VIP"]],
        },
        "reply": {
            "answers": [_answer(200, None, event="AgentReplied", seq=11) for _ in range(2)],
            "lines": ["Which one is missing, Vera?"],
        },
        "claim": _answer(409, "taken", "bob has it now"),
        "draft": {
            "saved": 1,
            "kept": {"text": "I shall look", "note": False, "revision": 1},
            "told": [True, 1],
        },
        "macro": {"text": "Hi Vera,\n\nit is on its way.\n\nAnn, Sample Shop", "missing": []},
        "raw_placeholder": _answer(422, "placeholder", "there is a placeholder without a value"),
        "note": {"seconds": 0.2, "has_row": True, "in": ["all"]},
        "shared_view": {
            "support": _answer(403, "forbidden", "the team's views are managers' to change"),
            "manager": _answer(201, None),
        },
        "broken_cursor": {
            **_answer(422, "invalid_cursor", "the cursor is broken"),
            "type": "application/problem+json",
        },
        "nobody": _answer(401, "not_signed_in", "sign in"),
        "bulk": {
            "asked": 2,
            "done": 2,
            "refused": [["already_closed", "it is closed already"]],
            "statuses": ["closed", "closed"],
            "all_before": len(opened),
            "all_told": len(opened) - 1,
            "all_after": len(opened) - 1,
            "open_after": len(opened) - 1,
        },
    }


DESK_ALTERED: dict[str, Callable[[Json], Any]] = {
    "VWS 1: My Inbox holds the open tickets of whoever looks": lambda d: d["desk"]["views"][
        "inbox"
    ].append({"number": 1000, "spam": False}),
    "VWS 1: All holds every ticket but spam, closed ones too": lambda d: d["desk"]["views"][
        "all"
    ].append({"number": 1000, "spam": False, "status": "closed", "unread": False}),
    "VWS 1: spam is in its own view": lambda d: d["desk"]["views"]["spam"].clear(),
    "VWS 1: spam is in no other view, search or count": lambda d: d["desk"]["views"][
        "unassigned"
    ].extend(d["desk"]["views"]["spam"]),
    "VWS 2: a ticket is found by its number": lambda d: d["desk"]["searched"][
        f"#{d['desk']['mail']}"
    ].clear(),
    "VWS 2: a ticket is found by its contact's address or phone number": lambda d: d["desk"][
        "searched"
    ][samples.MARIO].clear(),
    "VWS 2: a ticket is found by words of its messages": lambda d: d["desk"]["searched"][
        "missing"
    ].append(samples.MARIO),
    "VWS 2: page by page each order has every ticket once, the other way round too": (
        lambda d: d["desk"]["orders"].update({"-opened": d["desk"]["orders"]["opened"]})
    ),
    "VWS 3: a row says who wrote last and what, and whose the ticket is": lambda d: d["desk"][
        "row"
    ]["last"].update(writer="agent"),
    "VWS 3: a note is in a colleague's list within a second, with its row": lambda d: d["desk"][
        "note"
    ].update(seconds=1.2),
    "VWS 3: counts follow what changes": lambda d: d["desk"]["bulk"].update(
        all_told=d["desk"]["bulk"]["all_before"]
    ),
    "VWS 4: the badge is how many open tickets are unread": lambda d: d["desk"]["counts"].update(
        badge=d["desk"]["counts"]["badge"] + 1
    ),
    "VWS 5: a campaign's and a flow's SMS are among a thread's lines": lambda d: d["desk"][
        "sms_lines"
    ].pop(0),
    "VWS 5: beside the thread stands why things are as they are": lambda d: d["desk"]["panel"][
        "why"
    ].clear(),
    "PRF 1: the panel has the profile's value, orders and segments": lambda d: d["desk"]["panel"][
        "profile"
    ].update(orders=None),
    "VWS 6: a reply that is sent twice is one reply": lambda d: d["desk"]["reply"]["lines"].append(
        "Which one is missing, Vera?"
    ),
    "VWS 6: a reply is answered by its event, each time alike": lambda d: d["desk"]["reply"][
        "answers"
    ][1].update(seq=12),
    "VWS 6: a claim on a colleague's ticket is refused, and names them": lambda d: d["desk"][
        "claim"
    ].update(detail="somebody has it now"),
    "VWS 6: of many tickets each is closed or says why not": lambda d: d["desk"]["bulk"][
        "refused"
    ].clear(),
    "VWS 6: a draft is on another device as well, which is told": lambda d: d["desk"][
        "draft"
    ].update(told=[True, 0]),
    "VWS 8: a cursor that is none is a problem document": lambda d: d["desk"][
        "broken_cursor"
    ].update(type="application/json"),
    "MAC 1: a macro comes with the contact's, the agent's and the account's name": lambda d: d[
        "desk"
    ]["macro"].update(missing=["contact.first_name"]),
    "MAC 1: a placeholder is never sent raw": lambda d: d["desk"]["raw_placeholder"].update(
        status=200, code=None
    ),
    "ROL 1: whoever is not signed in sees nothing": lambda d: d["desk"]["nobody"].update(
        status=200, code=None
    ),
    "ROL 1: support may not change what is the team's, managers may": lambda d: d["desk"][
        "shared_view"
    ]["support"].update(status=201, code=None),
}

"""What agents find and do at the desk once the story is told, over HTTP; noted for the checks."""

import asyncio
import time
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any

import httpx2

from shared.cli.demo import samples
from shared.cli.demo.browsing import PATIENCE, Browser, Ear, browser
from shared.cli.demo.observed import Json
from shared.contracts.commands import UNASSIGNED
from shared.errors import HelpdeskError

ORDERS = ("waiting", "active", "opened", "number")
TRIES = 3
"""How often it is measured how soon a colleague sees a note; the soonest is noted."""


async def at_the_desk(url: str, sign_ins: Mapping[str, tuple[str, str]]) -> Json:
    """Go through all of it as support and as a manager; raises HelpdeskError where it cannot."""
    seats = {"ann": "support", "bob": "manager", "elsewhere": "support"}
    async with AsyncExitStack() as stack:
        opened = {
            name: await stack.enter_async_context(browser(url, name, *sign_ins[role]))
            for name, role in seats.items()
        }
        visit = Visit(url, opened["ann"], opened["bob"], opened["elsewhere"])
        await visit.look()
        await visit.read()
        await visit.answer()
        await visit.write()
        await visit.may_not()
        await visit.do_many()
        return visit.noted


@dataclass
class Visit:
    """An agent, the same one on another device, and their manager."""

    url: str
    ann: Browser
    bob: Browser
    elsewhere: Browser
    noted: Json = field(default_factory=dict)

    async def look(self) -> None:
        """Views, searches, orders, counts (VWS 1, 2, 4)."""
        views = ("inbox", "unassigned", "all", "spam")
        self.noted["views"] = {
            view: [_row(row) for row in await self.ann.tickets(view=view)] for view in views
        }
        mail = await self._one("email")
        searched = (f"#{mail['number']}", samples.VERA, samples.MARIO, "missing", "winner")
        self.noted["mail"] = mail["number"]
        self.noted["searched"] = {
            words: [
                row["contact"]["address"] for row in await self.ann.tickets(view="all", q=words)
            ]
            for words in searched
        }
        self.noted["orders"] = {
            sign + order: [
                row["number"] for row in await self.ann.tickets(sort=sign + order, limit=3)
            ]
            for order in ORDERS
            for sign in ("", "-")
        }
        self.noted["counts"] = await self.ann.get("/api/v1/counts")

    async def read(self) -> None:
        """A row, a thread with its sends, a panel with the profile and why (VWS 3, VWS 5)."""
        mail = await self._one("email")
        self.noted["row"] = {
            key: mail[key]
            for key in ("channel", "subject", "last", "waiting_since", "assignee", "team", "unread")
        }
        (sms,) = await self.ann.tickets(view="all", channel="sms", q=samples.MARIO)
        thread = await self.ann.get(f"/api/v1/tickets/{sms['id']}/thread")
        self.noted["sms_lines"] = [
            {"kind": line["kind"], "code": line["code"], "text": line["text"]}
            for line in thread["lines"]
        ]
        panel = (await self.ann.get(f"/api/v1/tickets/{mail['id']}"))["panel"]
        self.noted["panel"] = {
            "tickets": panel["tickets"],
            "profile": panel["profile"],
            "why": [[one["what"], one["because"]] for one in panel["why"]],
        }

    async def answer(self) -> None:
        """A reply that is sent twice, and a claim on a colleague's ticket (VWS 6)."""
        mail = await self._one("email")
        text = "Which one is missing, Vera?"
        both = await asyncio.gather(
            *(self.ann.command(mail, "reply", "demo-reply-once", text=text) for _ in range(2))
        )
        thread = await self.ann.get(f"/api/v1/tickets/{mail['id']}/thread")
        self.noted["reply"] = {
            "answers": [_answer(answer) for answer in both],
            "lines": [line["text"] for line in thread["lines"] if line["text"] == text],
        }
        theirs = (await self.ann.tickets(assignee="bob", status="open"))[0]
        claim = await self.ann.command(theirs, "assign", assignee="ann", seen_assignee=UNASSIGNED)
        self.noted["claim"] = _answer(claim)

    async def write(self) -> None:
        """A draft on two devices, macros, and a note that a colleague sees (VWS 3, 6, MAC 1)."""
        mail = await self._one("email")
        draft = f"/api/v1/tickets/{mail['id']}/draft"
        async with self.elsewhere.listening() as ear:
            saved = await self.ann.send("PUT", draft, {"text": "I shall look", "revision": 0})
            told = await ear.until("the draft", lambda e: e.kind == "draft")
        kept = await self.elsewhere.get(draft)
        self.noted["draft"] = {
            "saved": saved["revision"],
            "kept": kept,
            "told": [told.data["ticket_id"] == mail["id"], told.data["revision"]],
        }
        macro = await self.ann.get(f"/api/v1/tickets/{mail['id']}/macros/on-its-way")
        raw = await self.ann.command(mail, "reply", text="Hi {{contact.first_name}}, {{order.no}}")
        self.noted["macro"] = {"text": macro["text"], "missing": macro["missing"]}
        self.noted["raw_placeholder"] = _answer(raw)
        async with self.bob.listening() as ear:
            notes = [await self._note(ear, mail, f"seen by {n}") for n in range(TRIES)]
        self.noted["note"] = min(notes, key=lambda note: note["seconds"])

    async def may_not(self) -> None:
        """What only managers may; a cursor that is none; nobody (ROL 1, VWS 8)."""
        view = {"name": "Waiting long", "filters": {"unread": True}, "shared": True}
        self.noted["shared_view"] = {
            "support": _answer(await self.ann.send("POST", "/api/v1/views", view)),
            "manager": _answer(await self.bob.send("POST", "/api/v1/views", view)),
        }
        broken = await self.ann.http.get("/api/v1/tickets", params={"cursor": "broken"})
        self.noted["broken_cursor"] = {
            "type": broken.headers["content-type"].partition(";")[0],
            **_answer({**broken.json(), "status_code": broken.status_code}),
        }
        async with httpx2.AsyncClient(base_url=self.url, timeout=PATIENCE) as nobody:
            answer = await nobody.get("/api/v1/tickets")
        self.noted["nobody"] = _answer({**answer.json(), "status_code": answer.status_code})

    async def do_many(self) -> None:
        """Several tickets closed at once, one of them closed before; the counts follow (VWS 6)."""
        rows = await self.ann.tickets(view="all", channel="instagram")
        chosen = [row["id"] for row in rows]
        before = await self.ann.get("/api/v1/counts")
        async with self.bob.listening() as ear:
            body = {"command": {"type": "close"}, "ids": chosen}
            begun = await self.ann.send("POST", "/api/v1/bulk", body)
            job = await self._finished(begun["job_id"])
            told = await ear.until(
                "fewer open tickets",
                lambda e: e.kind == "counts" and e.data["views"]["all"] < before["views"]["all"],
            )
        self.noted["bulk"] = {
            "asked": len(chosen),
            "done": job["done"],
            "refused": [[one["code"], one["reason"]] for one in job["refused"]],
            "statuses": [r["status"] for r in await self.ann.tickets(channel="instagram")],
            "all_before": before["views"]["all"],
            "all_told": told.data["views"]["all"],
            "all_after": (await self.ann.get("/api/v1/counts"))["views"]["all"],
            "open_after": len(await self.ann.tickets(view="all", status="open")),
        }

    async def _note(self, ear: Ear, ticket: Json, text: str) -> Json:
        began = time.monotonic()
        answer = await self.ann.command(ticket, "note", text=text)
        seq = answer["event"]["seq"]
        heard = await ear.until(
            "the note's row",
            lambda e: e.kind == "tickets" and any(row["seq"] == seq for row in e.data["rows"]),
        )
        row = next(row for row in heard.data["rows"] if row["seq"] == seq)
        has_row = f'data-id="{ticket["id"]}"' in row["html"]
        return {"seconds": heard.at - began, "has_row": has_row, "in": row["in"]}

    async def _finished(self, job_id: str) -> Json:
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            job: Json = await self.ann.get(f"/api/v1/bulk/{job_id}")
            if job["finished"]:
                return job
            await asyncio.sleep(0.05)
        raise HelpdeskError(f"the tickets were not closed within {PATIENCE} s")

    async def _one(self, channel: str) -> Json:
        found = await self.ann.tickets(view="all", channel=channel)
        return found[0]


def _row(row: Json) -> Json:
    keep = ("number", "status", "spam", "assignee", "unread")
    return {**{key: row[key] for key in keep}, "address": row["contact"]["address"]}


def _answer(answer: Mapping[str, Any]) -> Json:
    """Of an answer what says how it went."""
    event = answer.get("event") or {}
    return {
        "status": answer["status_code"],
        "code": answer.get("code"),
        "detail": answer.get("detail"),
        "event": event.get("type"),
        "seq": event.get("seq"),
    }

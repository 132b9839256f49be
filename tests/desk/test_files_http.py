"""Files over HTTP: downloads of what customers sent, uploads for replies, links for gateways."""

import random
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import httpx2
import pytest

from services.desk.filing import Filing
from services.desk.rules import files
from services.ticketing.rules.ticket import Ticket
from shared.contracts.commands import ReplyToTicket
from shared.contracts.files import LARGEST_PART
from shared.contracts.messages import Attachment
from tests.builders import an_inbound_mail
from tests.desk.http import HOME, LARGEST_UPLOAD, SECRET, Asks, Served, a_key
from tests.desk.test_filing import parts_of

pytestmark = pytest.mark.connected

NAME = "../Ricevuta n\u00b0 1\u202e.pdf\r\nX-Evil: 1"


async def with_file(
    served: Served,
    content: bytes,
    *,
    name: str = "a.bin",
    kind: str = "application/pdf",
    **more: Any,
) -> Ticket:
    """A ticket whose first mail has that file."""
    id_ = more.pop("id", "m1")
    attachment = Attachment(filename=name, media_type=kind, size=len(content), file_id=f"f-{id_}")
    ticket = await served.ticketing.write(
        channel="email", id=id_, attachments=(attachment,), **more
    )
    await filing(served).parts_came(_parts(id_, content, name, kind))
    return ticket


def _parts(id_: str, content: bytes, name: str, kind: str) -> Any:
    return parts_of(content, f"f-{id_}", message_id=id_, name=name, content_type=kind)


def filing(served: Served) -> Filing:
    return served.replica.filing


def path(ticket: Ticket, file: str = "f-m1") -> str:
    return f"/api/v1/tickets/{ticket.id}/files/{file}"


async def upload(asks: Asks, content: bytes, name: str = "r.pdf", **more: Any) -> httpx2.Response:
    kind = {"content-type": more.pop("kind", "application/pdf")}
    address = f"/api/v1/files?name={quote(name, safe='')}"
    return await asks.ask("POST", address, content=content, headers=kind, **more)


def is_a_download(answer: httpx2.Response) -> bool:
    headers = answer.headers
    return (
        headers["content-disposition"].startswith("attachment; ")
        and headers["x-content-type-options"] == "nosniff"
        and headers["content-security-policy"] == "sandbox; default-src 'none'"
    )


async def test_a_file_comes_byte_for_byte_and_to_be_saved(served: Served) -> None:
    content = random.Random(2).randbytes(2 * LARGEST_PART + 5)
    ticket = await with_file(served, content, name=NAME)
    sue = await served.browser("sue")

    answer = await sue.get(path(ticket), headers={"accept-encoding": "gzip"})

    assert answer.status_code == 200
    assert answer.content == content
    assert is_a_download(answer)
    assert "content-encoding" not in answer.headers
    assert answer.headers["content-length"] == str(len(content))
    assert "x-evil" not in answer.headers
    assert "filename*=UTF-8''Ricevuta" in answer.headers["content-disposition"]


@pytest.mark.parametrize(
    ("kind", "content"),
    [("text/html", b"<script>x()</script>"), ("image/svg+xml", b"<svg/>"), ("text/plain", b"")],
)
async def test_whatever_it_is_a_browser_saves_it(served: Served, kind: str, content: bytes) -> None:
    ticket = await with_file(served, content, kind=kind)
    sue = await served.browser("sue")

    answer = await sue.get(path(ticket))

    assert answer.content == content
    assert is_a_download(answer)
    assert answer.headers["content-type"].startswith(("application/octet-stream", "text/plain"))


async def test_a_file_is_for_those_who_may_see_its_ticket(served: Served) -> None:
    ticket = await with_file(served, b"secret")
    other = await served.ticketing.write(by="bea", channel="email", id="m2")
    sue, zoe = await served.browser("sue"), await served.browser("zoe", "zeta")
    reads = await served.integration("tickets:read")
    writes = await served.integration("tickets:write")

    statuses = {
        "sue": (await sue.get(path(ticket))).status_code,
        "reads": (await reads.get(path(ticket))).status_code,
        "writes": (await writes.get(path(ticket))).status_code,
        "nobody": (await served.nobody().get(path(ticket))).status_code,
        "another account": (await zoe.get(path(ticket))).status_code,
        "another ticket": (await sue.get(path(other))).status_code,
        "no file": (await sue.get(path(ticket, "f-x"))).status_code,
    }

    assert statuses == {
        "sue": 200,
        "reads": 200,
        "writes": 403,
        "nobody": 401,
        "another account": 404,
        "another ticket": 404,
        "no file": 404,
    }


async def test_while_parts_are_missing_the_thread_says_so(served: Served) -> None:
    content = bytes(LARGEST_PART) + b"end"
    file = Attachment(filename="a.bin", size=len(content), file_id="f-m1")
    ticket = await served.ticketing.write(channel="email", id="m1", attachments=(file,))
    sue = await served.browser("sue")
    first, second = _parts("m1", content, "a.bin", "application/pdf")
    await filing(served).parts_came([second])

    (shown,) = await _files(sue, ticket)
    page = (await sue.get(f"/desk/tickets/{ticket.id}")).text
    early = await sue.get(path(ticket))
    await filing(served).parts_came([first])
    (then,) = await _files(sue, ticket)

    assert (shown["state"], shown["href"], early.status_code) == ("coming", None, 404)
    assert "still coming" in page
    assert (then["state"], then["href"]) == ("here", path(ticket))


async def _files(asks: Asks, ticket: Ticket) -> Any:
    shown = (await asks.get(f"/api/v1/tickets/{ticket.id}")).json()
    return [file for line in shown["thread"]["lines"] for file in line["files"]]


async def test_a_picture_inside_a_mail_is_shown_in_its_frame(served: Served) -> None:
    png = b"\x89PNG\r\n\x1a\npixels"
    file = Attachment(filename="l.png", size=len(png), content_id="l@x", file_id="f-m1")
    html = '<p>See <img src="cid:l@x"></p>'
    ticket = await served.ticketing.write(channel="email", id="m1", attachments=(file,), html=html)
    sue = await served.browser("sue")
    frame = f"/desk/tickets/{ticket.id}/lines/m1/html"

    before = (await sue.get(frame)).text
    await filing(served).parts_came(_parts("m1", png, "l.png", "image/png"))
    after = await sue.get(frame)

    assert "data:image" not in before
    assert 'src="data:image/png;base64,iVBORw0KGgpwaXhlbHM="' in after.text
    assert "default-src 'none'; img-src data:" in after.headers["content-security-policy"]


async def test_a_reply_goes_out_with_what_was_uploaded(served: Served) -> None:
    ticket = await served.ticketing.write(channel="email")
    sue = await served.browser("sue")
    content = random.Random(3).randbytes(LARGEST_PART + 9)

    kept = await upload(sue, content, NAME)
    body = {"type": "reply", "text": "", "uploads": [kept.json()["id"]], "cc": ["luca@example.com"]}
    answer = await sue.command(ticket.id, body)

    assert (kept.status_code, answer.status_code) == (201, 200)
    assert kept.json()["name"] == "Ricevuta n° 1.pdf X-Evil_ 1"
    command = served.ticketing.given[-1]
    assert isinstance(command, ReplyToTicket)
    (file,) = command.attachments
    assert command.cc == ("luca@example.com",)
    assert (file.size, file.kind, file.file_id) == (len(content), "document", kept.json()["id"])
    assert file.ref
    assert file.ref.startswith("https://desk.example.com/files/")
    fetched = await served.nobody().get(file.ref.removeprefix("https://desk.example.com"))
    assert (fetched.status_code, fetched.content) == (200, content)
    assert is_a_download(fetched)
    (shown,) = await _files(sue, ticket)
    assert (await sue.get(shown["href"])).content == content


async def test_a_link_is_no_use_for_anything_else(served: Served) -> None:
    ticket = await with_file(served, b"inbound")
    sue, nobody = await served.browser("sue"), served.nobody()
    kept = (await upload(sue, b"x")).json()["id"]
    await sue.command(ticket.id, {"type": "reply", "text": "a", "uploads": [kept]})
    ref = served.ticketing.given[-1].attachments[0].ref.removeprefix("https://desk.example.com")

    for wrong in (f"{ref}x", f"{ref[:-9]}", "/files/x", f"/files/{kept}", "/files/f-m1", "/files/"):
        answer = await nobody.get(wrong)
        assert answer.status_code == 404, wrong
    (inbound,) = (await served.replica.parts.own.files.known("acme", ["f-m1"])).values()
    signed = await nobody.get(files.link(SECRET, "", inbound))
    posted = await nobody.ask("POST", ref)
    served.ticketing.later(days=9)
    late = await nobody.get(ref)

    assert signed.status_code == 404  # what customers sent is for agents alone
    assert posted.status_code in (404, 405)
    assert late.status_code == 404


async def test_the_same_upload_again_is_one_and_another_one_is_refused(served: Served) -> None:
    sue, key = await served.browser("sue"), a_key()

    first = await upload(sue, b"one", key=key)
    again = await upload(sue, b"one", key=key)
    other = await upload(sue, b"two", key=key)
    named = await upload(sue, b"one", "other.pdf", key=key)
    hers = await upload(await served.browser("max"), b"one", key=key)

    assert first.json() == again.json()
    assert [other.status_code, other.json()["code"]] == [422, "key_reused"]
    assert named.json()["code"] == "key_reused"
    assert hers.json()["id"] != first.json()["id"]


async def test_what_may_not_be_uploaded_is_refused_in_words(served: Served) -> None:
    sue = await served.browser("sue")
    reads = await served.integration("tickets:read")
    strange = {name: text for name, text in sue.headers.items() if name != "x-desk"}

    large = await upload(sue, bytes(LARGEST_UPLOAD + 1))
    fits = await upload(sue, bytes(LARGEST_UPLOAD))
    empty = await upload(sue, b"")
    forged = await upload(Asks(served, strange), b"x")

    assert (large.status_code, large.json()["most"]) == (413, LARGEST_UPLOAD)
    assert (fits.status_code, fits.json()["size"]) == (201, LARGEST_UPLOAD)
    assert (empty.status_code, empty.json()["size"]) == (201, 0)
    assert (forged.status_code, forged.json()["code"]) == (403, "csrf")
    assert (await upload(reads, b"x")).status_code == 403
    assert (await upload(served.nobody(), b"x")).status_code == 401
    assert (await sue.ask("POST", "/api/v1/files", content=b"x")).status_code == 422


async def test_a_body_whose_length_is_not_said_is_cut_off(served: Served) -> None:
    sue = await served.browser("sue")

    async def endless() -> Any:
        for _ in range(10):
            yield bytes(LARGEST_UPLOAD // 5)

    large = await sue.ask("POST", "/api/v1/files?name=x", content=endless())

    assert large.status_code == 413


async def test_without_a_public_address_links_lead_where_the_agent_came(served: Served) -> None:
    ticket = await served.ticketing.write(channel="email")
    sue = await served.browser("sue")
    object.__setattr__(served.replica.parts, "public_url", "")
    kept = (await upload(sue, b"x")).json()["id"]

    await sue.command(ticket.id, {"type": "reply", "text": "a", "uploads": [kept]})

    assert served.ticketing.given[-1].attachments[0].ref.startswith(f"{HOME}/files/")


async def test_a_reply_with_what_is_not_ones_own_or_gone_is_refused(served: Served) -> None:
    ticket = await served.ticketing.write(channel="email")
    sue, max_ = await served.browser("sue"), await served.browser("max")
    zoe = await served.browser("zoe", "zeta")
    one, two = [(await upload(sue, b"x", key=a_key())).json()["id"] for _ in range(2)]
    theirs = (await upload(zoe, b"x")).json()["id"]

    async def tried(asks: Asks, *ids: str) -> Any:
        body = {"type": "reply", "text": "a", "uploads": ids}
        return (await asks.command(ticket.id, body)).json()

    assert (await tried(max_, one))["missing"] == [one]
    assert (await tried(sue, theirs, "none", one))["missing"] == [theirs, "none"]
    served.ticketing.later(days=1)
    await filing(served).sweep()
    sue = await served.browser("sue")
    gone = await tried(sue, two)
    assert (gone["code"], gone["field"]) == ("unknown_upload", "uploads")
    assert (await tried(sue, one))["event"]["type"] == "AgentReplied"
    bulk = {"command": {"type": "reply", "text": "a", "uploads": [one]}, "ids": [ticket.id]}
    assert (await sue.post("/api/v1/bulk", bulk)).json()["code"] == "no_uploads"


@pytest.mark.parametrize("cc", ["nobody", "a@b.c, d@e.f", "a@b.c\nBcc: x@y.z", "Ann <a@b.c>"])
async def test_whom_a_reply_also_goes_to_is_an_address(served: Served, cc: str) -> None:
    ticket = await served.ticketing.write(channel="email")
    sue = await served.browser("sue")

    answer = await sue.command(ticket.id, {"type": "reply", "text": "a", "cc": [cc]})

    assert (answer.status_code, answer.json()["field"]) == (422, "cc")
    assert served.ticketing.given == []


async def test_a_draft_keeps_its_files_and_says_which_are_gone(served: Served) -> None:
    ticket = await served.ticketing.write(channel="email")
    sue = await served.browser("sue")
    kept = (await upload(sue, b"abc", "r.pdf")).json()
    file = {"id": kept["id"], "name": "r.pdf", "size": 3}
    draft = f"/api/v1/tickets/{ticket.id}/draft"

    saved = await sue.ask("PUT", draft, json={"text": "", "files": [file], "cc": ["l@e.x"]})
    there = (await sue.get(draft)).json()
    served.ticketing.later(days=2)
    await filing(served).sweep()
    again = await served.browser("sue")
    after = (await again.get(f"/api/v1/tickets/{ticket.id}")).json()["draft"]

    assert saved.status_code == 200
    assert (there["files"], there["cc"]) == ([{**file, "gone": False}], ["l@e.x"])
    assert after["files"] == [{**file, "gone": True}]


async def test_those_of_the_thread_are_offered_for_cc(served: Served) -> None:
    mail = an_inbound_mail(cc=("luca@example.com",))
    ticket = await served.ticketing.write(
        channel="email", mail=mail.mail, address=mail.address, contact=mail.contact
    )
    sue = await served.browser("sue")

    shown = (await sue.get(f"/api/v1/tickets/{ticket.id}")).json()

    assert shown["cc"] == ["luca@example.com"]


async def test_erased_files_are_not_given_out(served: Served) -> None:
    ticket = await with_file(served, b"x")
    sue = await served.browser("sue")
    around = served.replica.parts.around
    at = served.ticketing.clock() + timedelta(days=1)

    await around.erase("acme", ["email:anna@example.com"], [], at)

    assert (await sue.get(path(ticket))).status_code == 404


async def test_what_is_taken_off_is_gone(served: Served) -> None:
    sue = await served.browser("sue")
    ids = [(await upload(sue, b"x", key=a_key())).json()["id"] for _ in range(2)]

    gone = await sue.ask("DELETE", f"/api/v1/files/{ids[0]}")

    assert gone.status_code == 204
    assert set(await served.replica.parts.own.files.known("acme", ids)) == {ids[1]}


async def test_so_many_uploads_wait_and_no_more(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "MOST_UNSENT", 1)
    sue = await served.browser("sue")

    first, second = [await upload(sue, b"x", key=a_key()) for _ in range(2)]

    assert first.status_code == 201
    assert (second.status_code, second.json()["code"]) == (409, "too_many")

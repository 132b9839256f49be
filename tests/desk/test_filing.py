"""Files are kept part by part, once, in any order, until their contact is erased (VWS 5)."""

import base64
import random
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from services.desk.filing import Filing, follow
from services.desk.rules.files import File
from services.desk.store.around import MongoAround
from services.desk.store.files import MongoFiles
from services.desk.store.own import MongoOwn
from services.desk.store.read import SIDES
from shared.contracts.base import Author
from shared.contracts.files import LARGEST_PART, FilePart
from shared.contracts.messages import Attachment
from shared.contracts.tickets import AgentReplied, ContentErased
from shared.embedded.servers import Servers
from shared.running.settings import MongoSettings
from shared.stores.mongo import Mongo
from tests.builders import MONDAY
from tests.desk.memory_files import MemoryFiles
from tests.desk.test_views import a_row
from tests.memory import MemoryErasures

BY = "acme:agent:ann"
DAY = timedelta(days=1)


class Erased:
    """Who was erased; `meanwhile` is, once the first question was answered."""

    def __init__(self) -> None:
        self.erasures = MemoryErasures()
        self.meanwhile: tuple[str, datetime] | None = None

    async def erased(self, contacts: Any) -> Any:
        found = await self.erasures.of(contacts)
        if self.meanwhile is not None:
            await self.erasures.note("acme", [self.meanwhile[0]], self.meanwhile[1])
        return found


@pytest.fixture(params=["memory", pytest.param("mongo", marks=pytest.mark.connected)])
async def files(request: pytest.FixtureRequest) -> AsyncIterator[Any]:
    if request.param == "memory":
        yield MemoryFiles()
        return
    servers: Servers = request.getfixturevalue("servers")
    name = request.getfixturevalue("unique")
    mongo = Mongo(MongoSettings.model_validate({"url": servers.mongo, "database": name}))
    found = MongoFiles(mongo.database)
    await found.ensure_indexes()
    yield found
    await mongo.close()


def parts_of(content: bytes, file: str = "f1", **more: Any) -> list[FilePart]:
    count = max(1, -(-len(content) // LARGEST_PART))
    return [
        FilePart.model_validate(
            {
                "account_id": "acme",
                "id": f"{file}-{number}",
                "occurred_at": MONDAY,
                "correlation_id": "m1",
                "file_id": file,
                "message_id": "m1",
                "contact": "email:anna@example.com",
                "name": "a.bin",
                "content_type": "application/pdf",
                "size": len(content),
                "part": number,
                "parts": count,
                "content": base64.b64encode(
                    content[(number - 1) * LARGEST_PART : number * LARGEST_PART]
                ).decode(),
                **more,
            }
        )
        for number in range(1, count + 1)
    ]


def filing(files: Any, erased: Erased | None = None, now: datetime = MONDAY) -> Filing:
    return Filing(files, erased or Erased(), lambda: now)


async def content_of(files: Any, file: str = "f1", account: str = "acme") -> bytes | None:
    found = (await files.known(account, [file])).get(file)
    if found is None or not found.here:
        return None
    return b"".join([piece async for piece in files.content(found)])


async def test_a_file_in_forty_parts_that_come_twice_and_backwards_is_whole(files: Any) -> None:
    content = random.Random(1).randbytes(39 * LARGEST_PART + 17)
    parts = parts_of(content)
    assert len(parts) == 40

    for start in range(40, 0, -7):
        assert await content_of(files) is None
        some = parts[max(0, start - 7) : start][::-1]
        await filing(files).parts_came([*some, *some])
    await filing(files).parts_came(parts[:3])

    assert await content_of(files) == content


async def test_an_empty_file_is_a_file(files: Any) -> None:
    await filing(files).parts_came(parts_of(b""))

    assert await content_of(files) == b""


async def test_a_file_is_its_accounts_alone(files: Any) -> None:
    await filing(files).parts_came(parts_of(b"ours"))
    await filing(files).parts_came(parts_of(b"theirs", account_id="zeta"))

    assert await content_of(files) == b"ours"
    assert await content_of(files, account="zeta") == b"theirs"
    assert await content_of(files, account="other") is None


@pytest.mark.parametrize("meanwhile", [False, True])
async def test_what_came_before_its_contact_was_erased_is_not_kept(
    files: Any, *, meanwhile: bool
) -> None:
    erased = Erased()
    if meanwhile:
        erased.meanwhile = ("email:anna@example.com", MONDAY)
    else:
        await erased.erasures.note("acme", ["email:anna@example.com"], MONDAY)

    await filing(files, erased).parts_came(parts_of(b"x"))
    other = parts_of(b"y", "f2", contact="email:bea@example.com", message_id="m2")
    later = parts_of(b"z", "f3", occurred_at=MONDAY + DAY, message_id="m3")
    await filing(files, erased).parts_came([*other, *later])

    assert await content_of(files) is None
    assert await files.known("acme", ["f1"]) == {}
    assert await content_of(files, "f2") == b"y"
    assert await content_of(files, "f3") == b"z"


async def an_upload(files: Any, id_: str = "u1", at: datetime = MONDAY) -> File:
    file = File("acme", id_, "r.pdf", "application/pdf", 0, 0, at, here=False, by="agent:ann")
    assert await files.begin(file, 100)
    await files.add(file, 1, b"report")
    await files.end(file, 6, 1, "digest")
    return file


async def test_an_upload_that_no_reply_takes_is_gone_in_a_day(files: Any) -> None:
    await an_upload(files)
    await an_upload(files, "u2", MONDAY + DAY / 2)
    await filing(files).parts_came(parts_of(b"x"))

    await filing(files, now=MONDAY + DAY).sweep()

    assert await content_of(files, "u1") is None
    assert await files.known("acme", ["u1"]) == {}
    assert await content_of(files, "u2") == b"report"
    assert await content_of(files) == b"x"


async def test_an_upload_that_went_out_stays(files: Any) -> None:
    await an_upload(files)
    used = await files.use(BY, "acme:t1", "u1", MONDAY + 8 * DAY)
    assert used is not None
    assert (used.ticket_id, used.size) == ("t1", 6)

    await follow(files, [replied("u1")], {})
    await filing(files, now=MONDAY + 100 * DAY).sweep()

    assert await content_of(files, "u1") == b"report"


async def test_an_upload_of_a_reply_that_never_went_out_goes_later(files: Any) -> None:
    await an_upload(files)
    await files.use(BY, "acme:t1", "u1", MONDAY + 8 * DAY)

    await filing(files, now=MONDAY + 7 * DAY).sweep()
    assert await content_of(files, "u1") == b"report"
    await filing(files, now=MONDAY + 8 * DAY).sweep()

    assert await content_of(files, "u1") is None


async def test_an_upload_is_for_whom_it_is_by_and_for_one_ticket(files: Any) -> None:
    await an_upload(files)

    assert await files.use("acme:agent:bob", "acme:t1", "u1", MONDAY) is None
    assert await files.use("acme:integration:ann", "acme:t1", "u1", MONDAY) is None
    assert await files.use("zeta:agent:ann", "zeta:t1", "u1", MONDAY) is None
    assert await files.use(BY, "acme:t1", "u2", MONDAY) is None
    assert await files.use(BY, "acme:t1", "u1", MONDAY) is not None
    assert await files.use(BY, "acme:t1", "u1", MONDAY) is not None
    assert await files.use(BY, "acme:t2", "u1", MONDAY) is None


async def test_an_upload_of_which_half_came_is_for_no_reply(files: Any) -> None:
    file = File("acme", "u1", "r.pdf", None, 0, 0, MONDAY, here=False, by="agent:ann")
    await files.begin(file, 100)
    await files.add(file, 1, b"rep")

    assert await files.use(BY, "acme:t1", "u1", MONDAY) is None
    assert await content_of(files, "u1") is None


async def test_whoever_uploads_much_is_stopped_before_it_is_too_much(files: Any) -> None:
    for number in range(3):
        await an_upload(files, f"u{number}")
    file = File("acme", "u9", "r.pdf", None, 0, 0, MONDAY, here=False, by="agent:ann")

    assert not await files.begin(file, 3)
    await files.forget_upload(BY, "u0")
    assert await files.begin(file, 3)


async def test_what_was_taken_off_again_is_gone_but_nothing_that_a_reply_has(files: Any) -> None:
    await an_upload(files)
    await an_upload(files, "u2")
    await files.use(BY, "acme:t1", "u2", MONDAY)

    await files.forget_upload("acme:agent:bob", "u1")
    assert await content_of(files, "u1") == b"report"
    await files.forget_upload(BY, "u1")
    await files.forget_upload(BY, "u2")

    assert await content_of(files, "u1") is None
    assert await content_of(files, "u2") == b"report"


async def test_with_what_a_ticket_said_its_files_are_erased(files: Any) -> None:
    await an_upload(files)
    await files.use(BY, "acme:t1", "u1", MONDAY)
    await filing(files).parts_came(parts_of(b"x"))
    await filing(files).parts_came(parts_of(b"y", "f2", message_id="m2"))
    await filing(files).parts_came(parts_of(b"z", "f3", message_id="m3"))

    await follow(files, [content_erased("m2")], {"acme:t1": ["m1"]})

    assert await content_of(files, "u1") is None
    assert await content_of(files) is None
    assert await content_of(files, "f2") is None
    assert await content_of(files, "f3") == b"z"


@pytest.mark.connected
async def test_erasing_a_contact_takes_its_files_and_nobody_elses(
    servers: Servers, unique: str
) -> None:
    mongo = Mongo(MongoSettings.model_validate({"url": servers.mongo, "database": unique}))
    around, kept = MongoAround(mongo.database), MongoFiles(mongo.database)
    await kept.keep(parts_of(bytes(LARGEST_PART + 1)))
    await kept.keep(parts_of(b"later", "f2", occurred_at=MONDAY + DAY))
    await kept.keep(parts_of(b"hers", "f3", contact="email:bea@example.com"))
    whose: Any = ("acme", ["email:anna@example.com"], [], MONDAY)

    counted = await around.count(*whose)
    erased = await around.erase(*whose)

    assert (counted["files"], counted["parts of files"]) == (1, 2)
    assert erased == counted
    assert set(await kept.known("acme", ["f1", "f2", "f3"])) == {"f2", "f3"}
    assert await mongo.database["desk_parts"].count_documents({}) == 2
    await mongo.close()


@pytest.mark.connected
async def test_a_rebuild_loses_no_file(servers: Servers, unique: str) -> None:
    mongo = Mongo(MongoSettings.model_validate({"url": servers.mongo, "database": unique}))
    own = MongoOwn(mongo.database)
    await own.files.keep(parts_of(b"x"))
    await an_upload(own.files)

    for side in SIDES:
        await own.model(side).clear()
    await own.serve(SIDES[1])

    assert await content_of(own.files) == b"x"
    assert await content_of(own.files, "u1") == b"report"
    await mongo.close()


def replied(*ids: str) -> AgentReplied:
    files = tuple(Attachment(file_id=id_, ref="https://x.example") for id_ in ids)
    ann = Author(kind="agent", id="ann")
    return AgentReplied(
        **_fact(), because="", message_id="o1", author=ann, text="", attachments=files
    )


def content_erased(*ids: str) -> ContentErased:
    return ContentErased(**_fact(), because="", whole=False, message_ids=ids)


def _fact() -> dict[str, Any]:
    return {
        "account_id": "acme",
        "id": "e1",
        "occurred_at": MONDAY,
        "correlation_id": "e1",
        "ticket_id": "t1",
        "seq": 2,
        "cause_id": "c1",
        "ticket": a_row(1).summary,
    }

"""A mail's file is saved by a browser, and a reply with a file goes out (VWS 5, VWS 6)."""

from __future__ import annotations

import asyncio
import os
import random
import shutil
import socket
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import uvicorn

from shared.contracts.commands import ReplyToTicket
from shared.contracts.files import LARGEST_PART
from shared.contracts.messages import Attachment
from tests.builders import an_inbound_mail
from tests.desk.test_filing import parts_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.desk.http import Served

playwright_api = pytest.importorskip("playwright.async_api")

CHROMIUM = os.environ.get("HELPDESK_TEST_CHROMIUM") or shutil.which("chromium")

pytestmark = [
    pytest.mark.browser,
    pytest.mark.connected,
    pytest.mark.timeout(120),
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium"),
]

PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de"
    "0000000c49444154789c63f8cfc0000003010100c9fe92ef0000000049454e44ae426082"
)


@asynccontextmanager
async def listening(served: Served) -> AsyncIterator[str]:
    """The desk on a port; where it is."""
    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(
        served.replica.app, log_level="error", lifespan="off", timeout_graceful_shutdown=1
    )
    server = uvicorn.Server(config)
    running = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        await running


async def test_a_mails_file_is_saved_and_a_reply_with_a_file_goes_out(
    served: Served, tmp_path: Path
) -> None:
    report = random.Random(7).randbytes(LARGEST_PART + 3)
    files = (
        Attachment(filename="<b>Report</b>.html", size=len(report), file_id="f1"),
        Attachment(filename="l.png", size=len(PNG), file_id="f2", content_id="l@x", inline=True),
    )
    mail = an_inbound_mail(cc=("luca@example.com",))
    ticket = await served.ticketing.write(
        channel="email",
        id="m1",
        attachments=files,
        mail=mail.mail,
        html='<p>See <img src="cid:l@x" width="40" height="40"></p>',
    )
    filing = served.replica.filing
    await filing.parts_came(
        parts_of(report, name="<b>Report</b>.html", content_type="text/html")
        + parts_of(PNG, "f2", name="l.png", content_type="image/png")
    )
    sue = await served.browser("sue")
    name, _, held = sue.headers["cookie"].partition("=")
    answer = tmp_path / "Antwort \u00fc.txt"
    answer.write_bytes(b"all is well")
    complaints: list[str] = []

    async with listening(served) as url, playwright_api.async_playwright() as playwright:
        chromium = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        context = await chromium.new_context(viewport={"width": 1280, "height": 800})
        await context.add_cookies([{"name": name, "value": held, "url": url}])
        page = await context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        await page.goto(f"{url}/desk?view=all&ticket={ticket.id}")

        async with page.expect_download() as coming:
            await page.click("#thread-lines .files a >> nth=0")
        download = await coming.value
        saved = await asyncio.to_thread(Path(await download.path()).read_bytes)
        await page.click('[data-thread="html"]')
        picture = page.frame_locator(".line-html iframe").locator("img")
        await picture.wait_for()
        wide = await picture.evaluate("image => image.naturalWidth")
        await page.set_input_files("#composer-pick", answer)
        await page.wait_for_selector('#composer-files [data-state="ready"]')
        await page.click('[data-cc="luca@example.com"]')
        await page.fill("#composer-text", "See the file")
        await page.keyboard.press("Control+Enter")
        link = page.locator("#thread-lines .line.reply .files a")
        await link.wait_for()
        async with page.expect_download() as coming:
            await link.click()
        sent = await asyncio.to_thread(Path(await (await coming.value).path()).read_bytes)
        await chromium.close()

    assert saved == report
    assert download.suggested_filename == "b_.html"
    assert wide == 1
    command = served.ticketing.given[-1]
    assert isinstance(command, ReplyToTicket)
    assert (command.text, command.cc) == ("See the file", ("luca@example.com",))
    (file,) = command.attachments
    assert (file.filename, file.size) == ("Antwort \u00fc.txt", 11)
    assert sent == b"all is well"
    fetched = await served.nobody().get((file.ref or "").removeprefix("https://desk.example.com"))
    assert fetched.content == b"all is well"
    assert complaints == []

"""Where the desk listens, and whom it believes to say from where a request comes."""

import httpx2 as httpx
import pytest
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

from services.desk.web.listening import Listening
from shared.embedded.probes import free_port
from shared.errors import HelpdeskError


async def whence(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer from which address the request is."""
    await PlainTextResponse(scope["client"][0])(scope, receive, send)


async def told(proxies: str, forwarded: str) -> str:
    port = free_port()
    listening = Listening(whence, "127.0.0.1", port, proxies=proxies)
    await listening.open()
    try:
        async with httpx.AsyncClient() as client:
            answer = await client.get(
                f"http://127.0.0.1:{port}/", headers={"X-Forwarded-For": forwarded}
            )
        return answer.text
    finally:
        await listening.close()


async def test_nobody_is_believed_unless_it_was_said() -> None:
    assert await told("", "203.0.113.7") == "127.0.0.1"


@pytest.mark.parametrize("proxies", ["127.0.0.1", "10.0.0.0/8,127.0.0.0/8"])
async def test_a_trusted_proxy_says_whom_a_request_is_from(proxies: str) -> None:
    assert await told(proxies, "203.0.113.7") == "203.0.113.7"


async def test_what_a_browser_claims_before_the_proxy_is_not_believed() -> None:
    assert await told("127.0.0.1", "198.51.100.1, 203.0.113.7") == "203.0.113.7"


async def test_a_proxy_that_is_not_trusted_is_who_asks() -> None:
    assert await told("10.0.0.0/8", "203.0.113.7") == "127.0.0.1"


async def test_a_port_that_is_taken_is_told_in_words() -> None:
    port = free_port()
    first = Listening(whence, "127.0.0.1", port)
    await first.open()
    try:
        with pytest.raises(HelpdeskError, match=f"port {port} on 127.0.0.1"):
            await Listening(whence, "127.0.0.1", port).open()
    finally:
        await first.close()

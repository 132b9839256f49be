"""Asking another helpdesk over HTTP, and what its answers mean for the attempt."""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

import httpx2

from services.handoff.clients.secrets import Credentials
from services.handoff.rules.letter import plain
from services.handoff.rules.outside import Kind, Result

LONGEST_ANSWER: Final = 1024 * 1024
_PATIENCE: Final = httpx2.Timeout(20.0, connect=10.0, pool=10.0)
_MOST_WORDS: Final = 200
_SHORTEST_SECRET: Final = 3
_LONGEST_WAIT_SAID: Final = 7 * 86_400
_INVALID: Final = frozenset({400, 413, 422})
_FAILS: Final = frozenset({408, 409, 425})


class Trouble(Exception):
    """The attempt ends here, with `result`."""

    def __init__(self, result: Result) -> None:
        super().__init__(result.kind)
        self.result = result


@dataclass(frozen=True, slots=True)
class Answer:
    """A status, the headers and the body as far as it is an object."""

    status: int
    headers: Mapping[str, str]
    body: Mapping[str, Any]

    @property
    def good(self) -> bool:
        """Whether it was done."""
        return 200 <= self.status < 300

    @property
    def wait(self) -> timedelta | None:
        """How long it asks to be left alone."""
        said = self.headers.get("retry-after", "").strip()
        if not said.isascii() or not said.isdigit():
            return None
        return timedelta(seconds=min(int(said[:9]), _LONGEST_WAIT_SAID))


@dataclass(frozen=True, slots=True)
class Api:
    """The API of a helpdesk called `name`, below `base`; `credentials` go with each question.

    Redirects are not followed, certificates are verified, and answers are read up to a length.
    """

    name: str
    base: str
    credentials: Credentials
    transport: httpx2.AsyncBaseTransport | None = None

    async def get(self, path: str, params: Mapping[str, str]) -> Answer:
        """Look something up. Raises Trouble unless that was done."""
        return self._found(await self._ask("GET", path, making=False, params=dict(params)))

    async def make(
        self, path: str, body: object, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """Ask for something to be made, whatever is answered. Raises Trouble without an answer."""
        content = json.dumps(body, ensure_ascii=False).encode(errors="replace")
        said = {"Content-Type": "application/json", **(headers or {})}
        return await self._ask("POST", path, making=True, content=content, headers=said)

    async def change(self, path: str, body: object) -> Answer:
        """Change something, to the same however often. Raises Trouble unless that was done."""
        content = json.dumps(body).encode()
        said = {"Content-Type": "application/json"}
        return self._found(
            await self._ask("PUT", path, making=False, content=content, headers=said)
        )

    async def upload(self, path: str, params: Mapping[str, str], content: bytes) -> Answer:
        """Leave a file there, which is nothing by itself. Raises Trouble unless that was done."""
        said = {"Content-Type": "text/plain; charset=utf-8"}
        sent: dict[str, Any] = {"params": dict(params), "content": content, "headers": said}
        return self.done(await self._ask("POST", path, making=False, **sent))

    def _found(self, answer: Answer) -> Answer:
        """As `done`; what refuses a question has refused no ticket."""
        if answer.status in _INVALID:
            words = f"{self.name} does not let itself be asked ({answer.status})"
            raise Trouble(Result("denied", words))
        return self.done(answer)

    def done(self, answer: Answer) -> Answer:
        """The answer, if it says that it was done. Raises Trouble, which says why not."""
        if answer.good:
            return answer
        raise Trouble(self.trouble(answer))

    def trouble(self, answer: Answer, *, making: bool = False) -> Result:
        """What an answer means that says that it was not done; `making`: something new was."""
        status = answer.status
        kind: Kind = "denied"
        words = f"{self.name} answers {status}, as with wrong credentials or settings"
        if status == 429:
            kind, words = "busy", f"{self.name} has too many requests (429)"
        elif status >= 500 or status in _FAILS:
            kind, words = "away", f"{self.name} fails ({status})"
        elif status in _INVALID:
            kind = "invalid"
            said = self._clean(_reason(answer.body))
            words = f"it refuses the ticket ({status}){said and f': {said}'}"
        uncertain = making and kind == "away"
        return Result(kind, words, wait=answer.wait, uncertain=uncertain)

    def unclear(self, *, making: bool) -> Trouble:
        """An answer that is not what it should be."""
        words = f"{self.name} answers what cannot be understood"
        return Trouble(Result("unclear", words, uncertain=making))

    async def _ask(self, method: str, path: str, *, making: bool, **sent: Any) -> Answer:  # noqa: ANN401  # the library's
        auth = httpx2.BasicAuth(self.credentials.user, self.credentials.token)
        try:
            async with (
                httpx2.AsyncClient(
                    base_url=self.base,
                    auth=auth,
                    timeout=_PATIENCE,
                    transport=self.transport,
                    follow_redirects=False,
                    headers={"Accept": "application/json", "Accept-Encoding": "identity"},
                ) as client,
                client.stream(method, path, **sent) as response,
            ):
                # Packed, a little could become much.
                if response.headers.get("content-encoding", "identity") != "identity":
                    raise self.unclear(making=making)
                raw = b""
                async for part in response.aiter_bytes():
                    raw += part
                    if len(raw) > LONGEST_ANSWER:
                        raise self.unclear(making=making)
                return Answer(response.status_code, response.headers, _object(raw))
        except (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout) as error:
            words = f"{self.name} cannot be reached ({type(error).__name__})"
            raise Trouble(Result("away", words)) from None
        except httpx2.TimeoutException:
            words = f"{self.name} does not answer in time"
            raise Trouble(Result("timeout", words, uncertain=making)) from None
        except (httpx2.HTTPError, httpx2.InvalidURL, ValueError) as error:
            words = f"{self.name} breaks off ({type(error).__name__})"
            raise Trouble(Result("away", words, uncertain=making)) from None

    def _clean(self, text: str) -> str:
        """A reason as it may be shown: short, on one line, and nothing of what lets us in."""
        said = " ".join(plain(text).split())
        user, token = self.credentials.user, self.credentials.token
        sent = base64.b64encode(f"{user}:{token}".encode()).decode()
        for secret in (sent, token, user):
            if len(secret) > _SHORTEST_SECRET:
                said = said.replace(secret, "…")
        return said[:_MOST_WORDS]


def _object(raw: bytes) -> Mapping[str, Any]:
    try:
        said = json.loads(raw) if raw else {}
    except (ValueError, RecursionError):
        return {}
    return said if isinstance(said, dict) else {}


def _reason(body: Mapping[str, Any]) -> str:
    """The reason in the fields that either helpdesk names; nothing where there is none."""
    error = body.get("error")
    inner = error if isinstance(error, dict) else {}
    found = (body.get("description"), inner.get("msg"), inner.get("message"), error)
    words = next((each for each in found if isinstance(each, str) and each), "")
    details = body.get("details")
    named = [str(name)[:40] for name in details] if isinstance(details, dict) else []
    return f"{words} ({', '.join(named[:5])})" if named else words

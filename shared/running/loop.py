"""The event loop of the services: uvloop, with one thing told as drivers expect it."""

import asyncio
from collections.abc import Callable, Coroutine, Iterable
from typing import Any, TypeVar

import uvloop

T = TypeVar("T")
Buffer = bytes | bytearray | memoryview


def run(main: Coroutine[Any, Any, T]) -> T:
    """Run it on a loop of its own; returns what it returns."""
    return uvloop.run(main, loop_factory=Loop)


class Loop(uvloop.Loop):
    """Writing to a connection that has just broken is a ConnectionResetError.

    uvloop itself raises a RuntimeError then, for which drivers are not made: a task that fetches
    or commits would end by it, and with it the replica, where it has only to connect again.
    """

    async def create_connection(  # type: ignore[override]
        self,
        protocol_factory: Callable[[], asyncio.BaseProtocol],
        *args: Any,  # noqa: ANN401  # whatever the loop takes
        **options: Any,  # noqa: ANN401  # as above
    ) -> tuple[asyncio.Transport, asyncio.BaseProtocol]:
        """See asyncio."""
        made: Any = await super().create_connection(protocol_factory, *args, **options)
        transport, protocol = made
        return _Telling(transport), protocol


class _Telling(asyncio.Transport):
    """A transport; all that is not said here is as it was."""

    def __init__(self, transport: asyncio.Transport) -> None:
        super().__init__()
        self._transport = transport

    def write(self, data: Buffer) -> None:
        try:
            self._transport.write(data)
        except RuntimeError as error:
            raise self._told(error) from error

    def writelines(self, list_of_data: Iterable[Buffer]) -> None:
        try:
            self._transport.writelines(list_of_data)
        except RuntimeError as error:
            raise self._told(error) from error

    def _told(self, error: RuntimeError) -> Exception:
        return ConnectionResetError(str(error)) if self._transport.is_closing() else error


def _passed_on(name: str) -> Callable[..., Any]:
    def method(self: _Telling, *args: Any) -> Any:  # noqa: ANN401  # whatever the method takes
        return getattr(self._transport, name)(*args)

    return method


for _name in (
    *("get_extra_info", "is_closing", "close", "abort", "set_protocol", "get_protocol"),
    *("is_reading", "pause_reading", "resume_reading", "can_write_eof", "write_eof"),
    *("set_write_buffer_limits", "get_write_buffer_size", "get_write_buffer_limits"),
):
    setattr(_Telling, _name, _passed_on(_name))

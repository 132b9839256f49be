"""Ports of 127.0.0.1: a free one, and whether a server serves on one."""

from __future__ import annotations

import contextlib
import secrets
import socket

HOST = "127.0.0.1"

# Below the ports a kernel gives to outgoing connections: while a server is down, nobody's
# connection (least of all a client's, retrying) can sit on the port it comes back to.
_PORTS = range(12_000, 32_000)
_TIMEOUT = 1.0

# What a server is asked to see whether it can serve: Kafka's Metadata request (version 1, for no
# topic), MongoDB's `hello`, Redis's PING.
_KAFKA_METADATA = bytes.fromhex("0000000e 0003 0001 00000001 ffff 00000000")
_MONGO_HELLO = bytes.fromhex("34000000 01000000 00000000 dd070000 00000000 00 1f000000") + (
    b"\x10hello\x00\x01\x00\x00\x00\x02$db\x00\x06\x00\x00\x00admin\x00\x00"
)
_REDIS_PING = b"*1\r\n$4\r\nPING\r\n"


def free_port() -> int:
    """Return a port of 127.0.0.1 on which nobody listens and which no client is given by chance."""
    for _ in range(100):
        port = _PORTS.start + secrets.randbelow(len(_PORTS))
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((HOST, port))
            return port
    raise OSError(f"no free port on {HOST} between {_PORTS.start} and {_PORTS.stop}")


def is_taken(port: int) -> bool:
    """Whether somebody listens on `port`."""
    with contextlib.suppress(OSError), socket.create_connection((HOST, port), _TIMEOUT):
        return True
    return False


def kafka_answers(port: int) -> bool:
    """Whether a Kafka broker serves at `port` and is a member of its cluster."""
    brokers = _answer(port, _KAFKA_METADATA)[8:12]
    return int.from_bytes(brokers, "big") > 0


def mongo_answers(port: int) -> bool:
    """Whether a MongoDB server at `port` accepts writes."""
    return b"isWritablePrimary\x00\x01" in _answer(port, _MONGO_HELLO)


def redis_answers(port: int) -> bool:
    """Whether a Redis server at `port` has loaded its data and serves."""
    return _answer(port, _REDIS_PING) == b"+PONG\r\n"


def _answer(port: int, request: bytes) -> bytes:
    """Return what the first read brings, nothing on an error; who needs more asks again."""
    with (
        contextlib.suppress(OSError),
        socket.create_connection((HOST, port), _TIMEOUT) as connection,
    ):
        connection.sendall(request)
        return connection.recv(4096)
    return b""

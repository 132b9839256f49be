"""What may be concluded from what Redis said."""

from collections.abc import Iterator

from shared.cli.doctor.facts import RedisFacts, RedisServer
from shared.cli.doctor.failures import Failure
from shared.cli.doctor.findings import Finding, unseen
from shared.cli.doctor.judging_reach import clock, reach

NEARLY_FULL = 0.9
"""The share of `maxmemory` from which on it is soon full."""


def judge_redis(facts: RedisFacts) -> list[Finding]:
    """All findings about Redis."""
    return [
        *reach("redis", "REDIS", facts.addresses, facts.answers),
        *_memory(facts.server),
        clock("REDIS", facts.skew),
    ]


def _memory(server: RedisServer | Failure) -> Iterator[Finding]:
    if isinstance(server, Failure):
        yield unseen("memory", server, "memory and persistence")
        return
    if server.role not in {"master", ""}:
        yield Finding(
            "memory",
            "wrong",
            f"it is a {server.role} and takes no writes",
            "HELPDESK_REDIS__URL has to name the primary",
        )
    if server.saving_fails:
        yield Finding(
            "memory",
            "wrong",
            "its last save to the disk failed, and by default it takes no writes then",
            "give its disk space; nothing of ours in it must last: saving may be off",
        )
    full = bool(server.maxmemory) and server.used >= NEARLY_FULL * server.maxmemory
    if full and server.policy == "noeviction":
        yield Finding(
            "memory",
            "warning",
            f"{server.used * 100 // server.maxmemory} % of its memory is used; when it is full,"
            " writes fail, and presence and typing wait",
            "raise maxmemory",
        )
    if server.maxmemory and server.policy.startswith("allkeys-"):
        yield Finding(
            "memory",
            "warning",
            f"by {server.policy} it may throw heartbeats and typing away before their time",
            "set maxmemory-policy to noeviction or to a volatile-… one, with memory enough",
        )
    if server.role in {"master", ""} and not server.saving_fails:
        limit = "no limit of memory" if not server.maxmemory else f"policy {server.policy}"
        text = f"it takes writes ({limit}); nothing in it must last, so saving may be off"
        yield Finding("memory", "ok", text)

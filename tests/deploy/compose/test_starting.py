"""The lines by which containers start their servers with secrets do what they say."""

import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest
from pydantic import SecretStr
from redis import AuthenticationError, Redis
from redis.exceptions import ConnectionError as NotThere

from shared.embedded.servers import RedisServer
from shared.embedded.stack import Valkey
from shared.running.settings import RedisSettings
from shared.stores.redis import connect
from tests.deploy.compose.composed import containers, environment

pytestmark = pytest.mark.deploy
SESAME = r'"sesame", open \ #1'


def started_by(name: str, moved: dict[str, str]) -> list[str]:
    """A container's entry point and command, with places moved out of the container."""
    one = containers()[name]
    line = [*one["entrypoint"], *one["command"]]
    for old, new in moved.items():
        assert any(old in part for part in line), old
        line = [part.replace(old, new) for part in line]
    return line


class ComposedValkey(Valkey):
    """Valkey as the Compose file starts it, on a port of its own."""

    def command(self) -> Sequence[str]:
        """Return the container's own line; the secret is in the folder."""
        server = Valkey.command(self)[0]
        (self.folder / "redis_password").write_text(f"{SESAME}\n")
        moved = {
            "/tmp/valkey.conf": str(self.folder / "valkey.conf"),  # noqa: S108  # the container's
            "/data": str(self.folder),
            "/run/secrets": str(self.folder),
            "exec valkey-server": f"exec {server}",
        }
        return (*started_by("valkey", moved), "--port", str(self.port), "--bind", "127.0.0.1")

    def answers(self) -> bool:
        """Whether it serves who has the password."""
        try:
            return bool(Redis(port=self.port, password=SESAME).ping())
        except NotThere:
            return False


@pytest.mark.connected
async def test_valkey_serves_services_by_their_password_and_nobody_without() -> None:
    with ComposedValkey() as server:
        with pytest.raises(AuthenticationError):
            Redis(port=server.port).ping()
        told = environment("assignment")
        url = told["HELPDESK_REDIS__URL"].replace("valkey:6379", f"127.0.0.1:{server.port}")
        secret = server.folder / "redis_password"
        cache = connect(RedisSettings(url=SecretStr(url), password_file=secret))
        assert await cache.set("known", "again")
        await cache.aclose()
        server.kill()
        server.start()

        assert isinstance(server, RedisServer)
        assert Redis(port=server.port, password=SESAME).get("known") == b"again"
        configuration = server.folder / "valkey.conf"
        assert configuration.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("written", ["", "\n"])
def test_valkey_is_not_started_without_a_password(written: str, tmp_path: Path) -> None:
    (tmp_path / "redis_password").write_text(written)
    moved = {
        "/tmp/valkey.conf": str(tmp_path / "valkey.conf"),  # noqa: S108  # the container's
        "/run/secrets": str(tmp_path),
        "exec valkey-server": "exec echo started",
    }

    done = subprocess.run(started_by("valkey", moved), capture_output=True, check=False)

    assert done.returncode == 1
    assert done.stdout == b""


def test_mongod_gets_a_key_that_it_alone_may_read(tmp_path: Path) -> None:
    (tmp_path / "mongo_key").write_text("key")
    (tmp_path / "mongo_key").chmod(0o444)
    (tmp_path / "memory").mkdir()
    program = tmp_path / "docker-entrypoint.sh"
    program.write_text('#!/bin/sh\nprintf "%s|" "$@"\n')
    program.chmod(0o755)
    moved = {
        "/tmp/mongo_key": f"{tmp_path}/memory/mongo_key",  # noqa: S108  # the container's
        "/run/secrets": str(tmp_path),
        "exec docker-entrypoint.sh": f"exec {program}",
    }

    done = subprocess.run(
        started_by("mongo", moved), capture_output=True, text=True, check=True, timeout=30
    )

    key = tmp_path / "memory" / "mongo_key"
    assert done.stdout == f"mongod|--replSet|rs0|--keyFile|{key}|--bind_ip_all|"
    assert key.stat().st_mode & 0o777 == 0o400
    assert key.read_text() == "key"

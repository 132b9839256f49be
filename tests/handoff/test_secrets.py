"""What lets us in elsewhere is read anew each time, and seen nowhere."""

import logging
from pathlib import Path

import pytest
from prometheus_client import REGISTRY, generate_latest

from services.handoff.clients.others import Others
from services.handoff.clients.secrets import Credentials, NoCredentials, Secrets
from services.handoff.counting import Metrics
from services.handoff.settings import Settings
from tests.handoff.world import World, an_account

USER, TOKEN = "desk@shop.example", "s3cr3t-t0k3n"  # of a stand-in


def test_a_secret_is_a_line_with_a_user_and_a_token(tmp_path: Path) -> None:
    (tmp_path / "zendesk").write_text(f"{USER}:{TOKEN}:more\n\n")

    found = Secrets(tmp_path).of("zendesk")

    assert found == Credentials(USER, f"{TOKEN}:more")
    assert TOKEN not in repr(found)


@pytest.mark.parametrize("said", [TOKEN, f"{USER}:", f":{TOKEN}", "", "\xff\xfe"])
def test_what_is_none_is_told_without_what_it_says(tmp_path: Path, said: str) -> None:
    (tmp_path / "zendesk").write_text(said, encoding="latin-1")

    with pytest.raises(NoCredentials, match="the secret zendesk") as raised:
        Secrets(tmp_path).of("zendesk")

    assert TOKEN not in str(raised.value)
    assert raised.value.__cause__ is None


@pytest.mark.parametrize("name", ["../passwd", "/etc/passwd", "a/b", "..", ".hidden", "", "a\n"])
def test_no_name_leads_out_of_the_folder(tmp_path: Path, name: str) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "passwd").write_text("root:secret")

    with pytest.raises(NoCredentials, match="a name that no file can have"):
        Secrets(tmp_path / "in").of(name)


def test_the_folder_is_where_operators_mount_secrets_unless_they_say_otherwise(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert Settings().secrets_dir == Path("/run/secrets/helpdesk")

    monkeypatch.setenv("HELPDESK_SECRETS_DIR", "/elsewhere")

    assert Settings().secrets_dir == Path("/elsewhere")


@pytest.mark.spec("HND 4")
@pytest.mark.parametrize("method", ["zendesk", "gorgias"])
async def test_what_lets_us_in_is_in_no_log_error_topic_metric_or_document(
    method: str, tmp_path: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    world = World()
    file = tmp_path / f"{method}-shop"
    other = world.zendesk if method == "zendesk" else world.gorgias
    other.faults = ["", "echo", "", "echo", "401", "timeout_before", "garbage"]
    counting = Metrics()
    world.counts = counting  # type: ignore[assignment]
    world.log.buses.remove(world.bus)
    world.outside = lambda turn: Others(Secrets(tmp_path).of, world.transport(turn))
    world.bus = world.replica()
    await world.account(an_account(method))

    await world.ask(channel="webchat", confirmed=True, email="anna@example.com")
    await world.forward(minutes=5)
    file.write_text(f"{USER}:{TOKEN}")
    for _ in range(10):
        await world.forward(minutes=20)

    assert world.ended
    records = [record for of in world.log.records.values() for record in of]
    everywhere = "\n".join(
        [
            *((record.value or b"").decode() for record in records),
            str([(record.key, record.headers) for record in records]),
            str(world.parties.documents),
            str(world.parties.ledger),
            caplog.text,
            *capfd.readouterr(),
            generate_latest(REGISTRY).decode(),
        ]
    )
    assert "You said Basic …, …:…" in everywhere
    for secret in (TOKEN, "ZGVza0BzaG9w"):
        assert secret not in everywhere

"""`helpdesk replies preview`: what an operator sees of automatic replies, without a server."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from typer.testing import CliRunner

from services.replies.commands import app
from shared.cli import labelled
from shared.errors import HelpdeskError
from shared.topic import Topic
from tests.builders import an_account

RUN = CliRunner()
TEXTS = {"en": "Hi {{contact.first_name|default('there')}}", "it": "Salve {{contact.first_name}}"}


@pytest.fixture(autouse=True)
def accounts(monkeypatch: pytest.MonkeyPatch) -> None:
    """The accounts' topic has acme alone."""
    acme = an_account(auto_replies={"sms": {"enabled": True, "text": TEXTS}})

    async def applied(_: Topic[Any], apply: Callable[[Any], None]) -> None:
        apply(acme)

    monkeypatch.setattr(labelled, "apply_all", applied)


@pytest.mark.spec("ARP 1")
def test_an_operator_sees_what_would_be_sent_in_a_language() -> None:
    done = RUN.invoke(
        app, ["replies", "preview", "acme", "--language", "it", "--name", "Vera", "--json"]
    )
    told = json.loads(done.stdout)

    assert done.exit_code == 0, done.output
    sms = told["items"][0]
    assert (sms["place"], sms["text"]) == ("auto_replies.sms.text", "Salve Vera")
    assert (sms["language"], sms["sent"]) == ("it", True)
    assert told["open"] is True


@pytest.mark.spec("ARP 1")
def test_it_is_shown_as_a_table() -> None:
    done = RUN.invoke(app, ["replies", "preview", "acme"], env={"COLUMNS": "200"})

    assert "acme is open now" in done.stdout
    assert "Hi there" in done.stdout
    assert "nothing" in done.stdout


def test_there_is_no_other_account() -> None:
    done = RUN.invoke(app, ["replies", "preview", "zeta"])

    assert isinstance(done.exception, HelpdeskError)
    assert "zeta" in str(done.exception)

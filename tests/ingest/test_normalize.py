"""`helpdesk normalize`: what ingest makes of files, without a broker."""

import json
import sys
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from services.ingest.commands import app
from shared import cli
from tests.ingest.builders import PAGE, PHONE_NUMBER_ID, a_chat, a_mail, a_whatsapp_text, an_account
from tests.ingest.test_samples import FILES


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def outcomes(*arguments: object) -> list[dict[str, Any]]:
    result = run(*arguments)
    assert result.exit_code == 0, result.output
    return [json.loads(line) for line in result.stdout.splitlines()]


def a_file(folder: Path, value: bytes | None, name: str = "a file") -> Path:
    path = folder / name
    path.write_bytes(value or b"")
    return path


@pytest.mark.spec("ING 1")
@pytest.mark.parametrize("path", FILES, ids=lambda path: "/".join(path.parts[-3:]))
def test_each_outcome_of_each_file_is_a_line(path: Path) -> None:
    lines = outcomes("--channel", path.parts[-3], path)

    assert lines
    for line in lines:
        assert line["file"] == str(path)
        match line["outcome"]:
            case "message" | "signal" as what:
                assert line[what]["account_id"] == "sample"
                assert line[what]["type"] in (
                    "InboundMessage",
                    "MessageEdited",
                    "MessageDeleted",
                    "Signal",
                )
            case other:
                assert other in ("dead_letter", "unaddressed")
                assert line["reason"] not in ("bug", "unknown_account"), line
                assert line["error"]


@pytest.mark.spec("ING 4")
def test_what_changes_a_message_is_none(tmp_path: Path) -> None:
    kinds = {}
    for kind in ("edit", "delete"):
        (line,) = outcomes("--channel", "webchat", a_file(tmp_path, a_chat(kind).value))
        kinds[kind] = (line["outcome"], line["signal"]["kind"])

    assert kinds == {"edit": ("signal", "edit"), "delete": ("signal", "delete")}


@pytest.mark.spec("ING 6")
def test_a_mail_shows_what_its_thread_needs(tmp_path: Path) -> None:
    mail = a_mail(
        "Yes, please.\n\nOn Thu, 1 Jan 2026 at 00:00 Shop <support@shop.example> wrote:\n> Blue?\n",
        {"In-Reply-To": "<q@shop.example>", "References": "<m0@example.com> <q@shop.example>"},
    )

    (line,) = outcomes("--channel", "email", a_file(tmp_path, mail.value))

    assert line["outcome"] == "message"
    message = line["message"]
    assert message["from"] == "ann@example.com"
    assert message["subject"] == "My order"
    assert message["text"] == "Yes, please."
    assert message["text_full"].endswith("> Blue?")
    assert message["in_reply_to"] == ["q@shop.example"]
    assert message["references"] == ["m0@example.com", "q@shop.example"]
    assert message["attachments"] == []


@pytest.mark.parametrize(
    "headers",
    [
        {"To": "ann@example.com", "Delivered-To": ""},
        {"To": "undisclosed-recipients:;", "Delivered-To": ""},
        {"To": "one@shop.example, two@shop.example, three@shop.example", "Delivered-To": ""},
    ],
    ids=["to oneself", "to nobody", "to three"],
)
def test_a_mail_is_one_message_whoever_it_is_to(tmp_path: Path, headers: dict[str, str]) -> None:
    mail = a_mail(headers=headers)

    (line,) = outcomes("--channel", "email", a_file(tmp_path, mail.value))

    assert line["outcome"] == "message"


@pytest.mark.spec("ING 7")
def test_what_cannot_be_understood_is_a_dead_letter_with_its_reason(tmp_path: Path) -> None:
    lines = outcomes(
        "--channel",
        "sms",
        a_file(tmp_path, b"", "empty"),
        a_file(tmp_path, b"{", "broken"),
    )

    assert [(line["outcome"], line["reason"]) for line in lines] == [
        ("dead_letter", "empty"),
        ("dead_letter", "malformed"),
    ]


def test_the_provider_may_be_named(tmp_path: Path) -> None:
    path = a_file(tmp_path, a_whatsapp_text("hi").value)

    (line,) = outcomes("--channel", "whatsapp", "--provider", "pigeon", path)

    assert line["reason"] == "unknown_provider"


@pytest.mark.parametrize("form", ["one", "list", "lines"])
def test_the_accounts_may_be_given(tmp_path: Path, form: str) -> None:
    settings = [
        an_account("shop", addresses=[("whatsapp", PHONE_NUMBER_ID)]).model_dump_json(),
        an_account("other", addresses=[("instagram", PAGE)]).model_dump_json(by_alias=True),
    ]
    text = {
        "one": settings[0],
        "list": f"[{','.join(settings)}]",
        "lines": "\n".join(settings),
    }[form]
    accounts = a_file(tmp_path, text.encode(), "accounts.json")
    path = a_file(tmp_path, a_whatsapp_text("hi").value)
    elsewhere = a_file(
        tmp_path,
        (a_whatsapp_text("hi").value or b"").replace(PHONE_NUMBER_ID.encode(), b"999"),
        "elsewhere",
    )

    mine, nobodys = outcomes("--channel", "whatsapp", "--accounts", accounts, path, elsewhere)

    assert mine["message"]["account_id"] == "shop"
    assert nobodys["reason"] == "unknown_account"


@pytest.mark.parametrize("text", ["{", '{"account_id": ""}', "[1]", "\xff"])
def test_accounts_that_cannot_be_read_are_said_to_be_so(tmp_path: Path, text: str) -> None:
    accounts = a_file(tmp_path, text.encode("latin-1"), "accounts.json")

    result = run("--channel", "sms", "--accounts", accounts, a_file(tmp_path, b"{}"))

    assert result.exit_code == 2
    assert "--accounts" in result.stderr


def test_a_file_that_cannot_be_read_fails_the_command_and_not_the_others(tmp_path: Path) -> None:
    path = a_file(tmp_path, a_whatsapp_text("hi").value)

    result = run("--channel", "whatsapp", tmp_path / "nowhere", tmp_path, path)

    assert result.exit_code == 1
    assert len(result.stdout.splitlines()) == 1
    assert "nowhere" in result.stderr


def test_the_time_of_receipt_may_be_said(tmp_path: Path) -> None:
    path = a_file(tmp_path, a_whatsapp_text("hi").value)

    (line,) = outcomes("--channel", "whatsapp", "--received-at", "2026-01-01T00:05:00Z", path)

    assert line["message"]["occurred_at"] == "2026-01-01T00:05:00Z"
    assert line["message"]["sent_at"] == "2026-01-01T00:00:00Z"
    assert run("--channel", "sms", "--received-at", "soon", path).exit_code == 2


def test_many_files_show_how_far_it_is_and_not_on_stdout(tmp_path: Path) -> None:
    paths = [a_file(tmp_path, a_whatsapp_text("hi").value, f"{n}.json") for n in range(20)]

    result = run("--channel", "whatsapp", *paths)

    assert len(result.stdout.splitlines()) == 20
    assert "Normalizing" in result.stderr
    assert run("--channel", "whatsapp", *paths[:3]).stderr == ""


def test_it_is_a_command_of_helpdesk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "ingest" in entry_points(group="helpdesk.commands").names
    path = a_file(tmp_path, a_whatsapp_text("hi").value)
    monkeypatch.setattr(sys, "argv", ["helpdesk", "normalize", "--channel", "whatsapp", str(path)])

    with pytest.raises(SystemExit) as exit_:
        cli.main()

    assert exit_.value.code == 0
    assert json.loads(capsys.readouterr().out)["outcome"] == "message"

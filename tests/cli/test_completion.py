"""Shells complete every command, and the names of topics and services."""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from shared.cli import whole
from shared.topic import SERVICES
from shared.topics import TOPICS


def groups(command: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], set[str]]]:
    """Each command that has others below it, and their names."""
    below = getattr(command, "commands", {})
    if below:
        yield path, {name for name, each in below.items() if not each.hidden}
    for name, each in below.items():
        yield from groups(each, (*path, name))


GROUPS = list(groups(get_command(whole())))


def completed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *words: str
) -> list[str]:
    """What bash is told may stand in place of the last word."""
    monkeypatch.setenv("_HELPDESK_COMPLETE", "complete_bash")
    monkeypatch.setenv("COMP_WORDS", " ".join(["helpdesk", *words]))
    monkeypatch.setenv("COMP_CWORD", str(len(words)))
    with pytest.raises(SystemExit):
        whole()(prog_name="helpdesk")
    return capsys.readouterr().out.split()


@pytest.mark.parametrize(("path", "names"), GROUPS, ids=[" ".join(p) or "-" for p, _ in GROUPS])
def test_every_command_is_completed(
    path: tuple[str, ...],
    names: set[str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert set(completed(monkeypatch, capsys, *path, "")) == names


def test_the_commands_are_those_of_the_services_too() -> None:
    paths = {path for path, _ in GROUPS}
    assert {(), ("dead-letters",), ("ticket",), ("spam",), ("tags",)} <= paths


def test_topics_are_completed_in_short_and_whole(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    short = completed(monkeypatch, capsys, "tail", "")
    assert short == [topic.name.removeprefix("helpdesk.") for topic in TOPICS]
    assert completed(monkeypatch, capsys, "tail", "inbound.s") == ["inbound.sms"]
    assert completed(monkeypatch, capsys, "tail", "helpdesk.tick") == ["helpdesk.tickets"]


def test_services_and_whole_topics_are_completed_for_dead_letters(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    listed = ("dead-letters", "list")
    assert completed(monkeypatch, capsys, *listed, "--service", "") == list(SERVICES)
    assert completed(monkeypatch, capsys, *listed, "--topic", "helpdesk.pr") == [
        "helpdesk.profiles",
        "helpdesk.profiles.events",
        "helpdesk.presence",
    ]


def test_options_and_shells_are_completed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "--strict" in completed(monkeypatch, capsys, "doctor", "--s")
    assert completed(monkeypatch, capsys, "completion", "") == ["bash", "zsh", "fish"]


@pytest.mark.slow
def test_bash_completes_with_the_script_that_is_printed(tmp_path: Path) -> None:
    there = tmp_path / "helpdesk"
    run = "from shared.cli import main; main()"
    there.write_text(f'#!/bin/sh\nexec {sys.executable} -c "{run}" "$@"\n')
    there.chmod(0o755)
    script = (
        f"PATH={tmp_path}:$PATH; source <(helpdesk completion bash); "
        "COMP_WORDS=(helpdesk tail attr); COMP_CWORD=2; _helpdesk_completion helpdesk; "
        'printf "%s\\n" "${COMPREPLY[@]}"; complete -p helpdesk'
    )
    done = subprocess.run(
        [shutil.which("bash") or "bash", "-c", script],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )

    completion, how = done.stdout.splitlines()
    assert completion == "attributions"
    assert "_helpdesk_completion" in how


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_the_other_shells_get_a_script_that_asks_us(
    shell: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        whole()(["completion", shell], prog_name="helpdesk")

    out = capsys.readouterr().out
    assert f"_HELPDESK_COMPLETE=complete_{shell}" in out
    assert "helpdesk" in out

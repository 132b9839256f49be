"""docs/command.md is what the parsers say, and whole."""

import subprocess
import sys
from typing import Annotated

import pytest
import typer
from typer.main import get_command

from shared.cli import whole
from shared.cli.reference import markdown
from tests.architecture.tree import ROOT
from tests.cli.test_completion import GROUPS

PAGE = ROOT / "docs" / "command.md"


def sections(page: str) -> dict[str, str]:
    """The page's sections about commands, by the command."""
    parts = page.split("\n## ")
    return {part.partition("\n")[0]: part for part in parts if part.startswith("helpdesk ")}


def test_the_page_is_current() -> None:
    assert PAGE.read_text(encoding="utf-8") == markdown(get_command(whole())), (
        "helpdesk reference > docs/command.md"
    )


def test_every_command_has_its_section_with_an_example_and_its_exit_codes() -> None:
    groups = {path for path, _ in GROUPS}
    commands = {
        " ".join(("helpdesk", *path, name))
        for path, names in GROUPS
        for name in names
        if (*path, name) not in groups
    }
    told = sections(PAGE.read_text(encoding="utf-8"))

    assert set(told) == commands
    for name, section in told.items():
        assert f"Example:\n\n    {name}" in section, name
        assert "\nExit codes: " in section, name


def test_a_command_that_somebody_adds_is_taken_up_with_what_it_says() -> None:
    app, group = typer.Typer(), typer.Typer(help="Things.\n\nExit codes: 3 it was refused.")
    app.add_typer(group, name="things")

    @group.command()
    def make(
        name: Annotated[str, typer.Argument(help="What it is called.")],
        size: Annotated[int, typer.Option(help="How large | small.")] = 3,
        *,
        account: Annotated[str, typer.Option(help="Whose.")],
        quick: Annotated[bool, typer.Option(help="At once.")] = False,
    ) -> None:
        """Make a thing.

        And another paragraph.
        """

    @group.command(epilog="Example: helpdesk things drop it")
    def drop() -> None:
        """Drop it.

        Exit codes: 1 there is none.
        """

    @group.command(hidden=True)
    def secretly() -> None:
        """Nobody is told."""

    told = sections(markdown(get_command(app)))

    assert set(told) == {"helpdesk things make", "helpdesk things drop"}
    made = told["helpdesk things make"]
    assert "Make a thing.\n\nAnd another paragraph." in made
    assert "| `--size VALUE` | `3` | How large \\| small. |" in made
    assert "| `--account VALUE` | required | Whose. |" in made
    assert "| `--quick` |  | At once. |" in made
    assert "Example:\n\n    helpdesk things make NAME --account ACCOUNT" in made
    assert "Exit codes: 3 it was refused." in made
    assert (
        "    helpdesk things drop it\n\nExit codes: 1 there is none."
        in told["helpdesk things drop"]
    )


@pytest.mark.parametrize(
    ("words", "loads"), [(["accounts", "schema"], False), (["reference"], True)]
)
def test_a_command_imports_services_only_where_it_tells_of_theirs(
    words: list[str], *, loads: bool
) -> None:
    said = (
        f"import sys; sys.argv[1:] = {words!r}\n"
        "from shared.cli import main\n"
        "try:\n    main()\n"
        "finally:\n    print(any(m.startswith('services.') for m in sys.modules), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", said], capture_output=True, text=True, check=True)
    assert (done.stderr.strip(), bool(done.stdout)) == (str(loads), True)

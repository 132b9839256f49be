"""What a shell may complete: commands by themselves, and the names that only we know."""

from typing import Annotated, Literal

import typer
from typer.completion import shell_complete

from shared.topic import SERVICES
from shared.topics import TOPICS

NAME = "helpdesk"
_VARIABLE = f"_{NAME.upper()}_COMPLETE"

Shell = Literal["bash", "zsh", "fish"]


def topics(incomplete: str) -> list[str]:
    """The topics' names that begin so, in short unless the whole name was begun."""
    whole = incomplete.startswith("helpdesk")
    names = (topic.name if whole else topic.name.removeprefix("helpdesk.") for topic in TOPICS)
    return [name for name in names if name.startswith(incomplete)]


def whole_topics(incomplete: str) -> list[str]:
    """The topics' whole names that begin so."""
    return [topic.name for topic in TOPICS if topic.name.startswith(incomplete)]


def services(incomplete: str) -> list[str]:
    """The services' names that begin so."""
    return [name for name in SERVICES if name.startswith(incomplete)]


def completion(
    context: typer.Context,
    shell: Annotated[Shell, typer.Argument(help="Which shell.")],
) -> None:
    """Print the script with which a shell completes commands, options, topics and services.

    bash: `source <(helpdesk completion bash)` in ~/.bashrc. zsh: the same in ~/.zshrc, after
    compinit. fish: `helpdesk completion fish > ~/.config/fish/completions/helpdesk.fish`.
    """
    shell_complete(context.find_root().command, {}, NAME, _VARIABLE, f"source_{shell}")

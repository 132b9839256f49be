"""`docs/command.md`: every command, written from the parsers, so that it cannot say anything else.

A command says what is special about its exit codes in a paragraph of its help that begins with
`Exit codes:`, and how it is used in its epilog, which begins with `Example:`. Where a command has
no such paragraph its group's counts, and where it has no example one is made of what it requires.
"""

from collections.abc import Iterator
from inspect import cleandoc
from typing import Any, Final

import typer

_EXITS: Final = "Exit codes:"
_EXAMPLE: Final = "Example:"
_USUAL: Final = "as everywhere."
_UNNAMED: Final = "VALUE"

_HEAD: Final = """\
# The command

<!-- `helpdesk reference > docs/command.md` writes this page; a test sees that it is current. -->

`helpdesk` runs the pipeline on one machine, and looks after one that runs anywhere. It reads the
settings that services read: `HELPDESK_KAFKA__…`, `HELPDESK_MONGO__…`, `HELPDESK_REDIS__…`, and secrets
as values or as files ([security](security.md)). `--help` after any command says what stands here.

- Only data goes to stdout. Progress, counts and errors go to stderr.
- Whatever prints a table prints JSON with `--json`: one document, or a line each where there may be
  many.
- Commands may be repeated. What is published twice is taken once.
- Shells complete commands, options, topics and services: see
  [helpdesk completion](#helpdesk-completion).

## Exit codes

The same everywhere:

| code | what |
|---|---|
| 0 | done; of a command that judges: nothing is wrong |
| 1 | something is wrong, which one line on stderr says; of a command that judges: something it found is |
| 2 | the command line is wrong, or a setting, which is named |
| 3 | what was asked for was refused |
| 4 | there was no answer in time |
| 130 | it was stopped by Ctrl-C (`tail` and `up`, which are meant to be: 0) |
"""  # noqa: E501  # a table's line


def reference(context: typer.Context) -> None:
    """Print docs/command.md."""
    typer.echo(markdown(context.find_root().command), nl=False)


def markdown(command: Any) -> str:  # noqa: ANN401  # typer's own, which it does not name
    """The page about a command and all that are below it, hidden ones left out."""
    context = typer.Context(command, info_name="helpdesk")
    found = sorted(_below(command, context, ""), key=lambda each: each[0].command_path)
    contents = [
        f"| [`{each.command_path}`](#{_anchor(each.command_path)}) | {_first(each.command)} |"
        for each, _ in found
    ]
    sections = [_section(each, exits) for each, exits in found]
    overview = ["## Commands", "", "| command | what |", "|---|---|", *contents]
    return "\n".join([_HEAD, *overview, "", "\n\n".join(sections), ""])


def _below(command: Any, context: typer.Context, exits: str) -> Iterator[tuple[typer.Context, str]]:  # noqa: ANN401  # as above
    """The contexts of the commands that do something, with what their groups say of exit codes."""
    exits = _exits(command) or exits
    below = getattr(command, "commands", None)
    if below is None:
        yield context, exits
        return
    for name, each in below.items():
        if not each.hidden:
            yield from _below(each, typer.Context(each, info_name=name, parent=context), exits)


def _anchor(path: str) -> str:
    return path.replace(" ", "-")


def _section(context: typer.Context, exits: str) -> str:
    command: Any = context.command
    pieces = " ".join(["[OPTIONS]", *map(_place, _arguments(context))])
    parts = [
        f"## {context.command_path}",
        "\n\n".join(p for p in _paragraphs(command) if not p.startswith(_EXITS)),
        f"    {context.command_path} {pieces}".rstrip(),
        _table(context),
        f"{_EXAMPLE}\n\n    {_example(context)}",
        f"{_EXITS} {exits or _USUAL}",
    ]
    return "\n\n".join(filter(None, parts))


def _paragraphs(command: Any) -> list[str]:  # noqa: ANN401  # as above
    return cleandoc(command.help or "").split("\n\n")


def _first(command: Any) -> str:  # noqa: ANN401  # as above
    return " ".join(_paragraphs(command)[0].split())


def _exits(command: Any) -> str:  # noqa: ANN401  # as above
    told = (p for p in _paragraphs(command) if p.startswith(_EXITS))
    return " ".join(next(told, "").removeprefix(_EXITS).split())


def _parameters(context: typer.Context) -> list[Any]:
    every: Any = context.command.params
    return [each for each in every if not getattr(each, "hidden", False)]


def _arguments(context: typer.Context) -> list[Any]:
    return [each for each in _parameters(context) if each.param_type_name == "argument"]


def _named(argument: Any) -> str:  # noqa: ANN401  # as above
    told = _value(argument)
    return str(argument.name).upper() if told == _UNNAMED else told


def _place(argument: Any) -> str:  # noqa: ANN401  # as above
    name = _named(argument)
    return name if argument.required or name.startswith("[") else f"[{name}]"


def _table(context: typer.Context) -> str:
    rows = [_row(each) for each in _parameters(context) if each.name != "help"]
    if not rows:
        return ""
    return "\n".join(["| argument or option | default | what |", "|---|---|---|", *rows])


def _row(parameter: Any) -> str:  # noqa: ANN401  # as above
    if parameter.param_type_name == "argument":
        name = _named(parameter)
    else:
        value = "" if parameter.is_flag else f" {_value(parameter)}"
        # An option that is off unless it is asked for needs no word for off.
        others = parameter.secondary_opts if parameter.default else []
        name = f"{' / '.join([*parameter.opts, *others])}{value}"
    default = "required" if parameter.required else _default(parameter)
    cells = (f"`{name}`", default, " ".join((parameter.help or "").split()))
    return f"| {' | '.join(_escaped(cell) for cell in cells)} |"


def _escaped(cell: str) -> str:
    """A cell of Markdown; within backticks an angle is one anyway."""
    angles = cell if cell.startswith("`") else cell.replace("<", "&lt;")
    return angles.replace("|", r"\|")


def _value(parameter: Any) -> str:  # noqa: ANN401  # as above
    choices = getattr(parameter.type_descriptor, "choices", None)
    return parameter.metavar or ("|".join(map(str, choices)) if choices else _UNNAMED)


def _default(parameter: Any) -> str:  # noqa: ANN401  # as above
    default = parameter.default
    if default is None or default == "" or (default is False and parameter.is_flag):
        return ""
    if default is True:
        return f"`{parameter.opts[0]}`"
    return f"`{default}`"


def _example(context: typer.Context) -> str:
    command: Any = context.command
    epilog = cleandoc(command.epilog or "")
    if epilog.startswith(_EXAMPLE):
        return epilog.removeprefix(_EXAMPLE).strip()
    words = [context.command_path]
    for each in _parameters(context):
        if not each.required:
            continue
        if each.param_type_name == "argument":
            words.append(_named(each).strip("[]."))
        else:
            words += [each.opts[0], each.name.upper()]
    return " ".join(words)

"""`helpdesk`: the operator's command.

A service adds commands of its own through the entry point group `helpdesk.commands`.

Exit codes: 0 done; 1 something is wrong, which one line on stderr says; 2 the command line or a
setting is wrong; 3 what was asked for was refused; 4 there was no answer in time. Only data goes to
stdout. docs/command.md is written from the parsers: `helpdesk reference > docs/command.md`.
"""

import asyncio
import json
import sys
import time
from functools import cache
from importlib.metadata import entry_points, version
from typing import Annotated, Any

import typer
from pydantic import ValidationError
from pydantic_settings import SettingsError
from rich.console import Console
from rich.markup import escape

from shared.cli import (
    account_commands,
    completing,
    dead_letters,
    reference,
    topic_commands,
    topics_command,
)
from shared.cli.doctor.command import doctor
from shared.clock import system_clock
from shared.errors import HelpdeskError, WrongSettings
from shared.running.secret_files import problems
from shared.running.settings import ServiceSettings

app = typer.Typer(
    help="Run and look after the helpdesk pipeline.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
app.add_typer(account_commands.app, name="accounts")
app.add_typer(dead_letters.app, name="dead-letters")
app.command(hidden=True)(reference.reference)
app.command(epilog="Example: helpdesk doctor --json")(doctor)
app.command(epilog="Example: helpdesk completion bash")(completing.completion)
app.command(epilog="Example: helpdesk topics --check")(topics_command.topics)
app.command(epilog="Example: helpdesk tail tickets --account acme --since 2h")(topic_commands.tail)
app.command(epilog="Example: helpdesk send --channel sms payloads/")(topic_commands.send)
_err = Console(stderr=True, highlight=False)


def _say(text: str) -> None:
    _err.print(f"[dim]{text}[/]", soft_wrap=True)


def _version(*, asked: bool) -> None:
    if asked:
        typer.echo(f"helpdesk {version('helpdesk-pipeline')}")
        raise typer.Exit


@app.callback()
def _helpdesk(
    *,
    _: Annotated[
        bool,
        typer.Option(
            "--version",
            callback=lambda asked: _version(asked=asked),
            is_eager=True,
            help="Print the version.",
        ),
    ] = False,
) -> None:
    return


@app.command(epilog="Example: helpdesk demo --json")
def demo(
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Start everything, let customers and agents write, and check what became of it.

    Exit codes: 0 every check holds; 1 one does not, which stderr names.
    """
    started = time.monotonic()
    document = asyncio.run(_demo())
    if as_json:
        typer.echo(json.dumps(document, ensure_ascii=False, indent=2))
    else:
        from shared.cli.demo.report import print_tables

        print_tables(document, Console())
    wrong = [check["name"] for check in document["checks"] if not check["ok"]]
    _say(f"{len(document['checks'])} checks in {time.monotonic() - started:.1f} s")
    for name in wrong:
        _err.print(f"[bold red]wrong:[/] {name}")
    raise typer.Exit(1 if wrong else 0)


async def _demo() -> dict[str, Any]:
    from shared.cli.demo.at_desk import at_the_desk
    from shared.cli.demo.checks import failed_or_passed
    from shared.cli.demo.sign_ins import sign_ins
    from shared.cli.demo.story import Story
    from shared.cli.demo.unattended import Unattended
    from shared.cli.local import local_pipeline

    async with local_pipeline(_say) as pipeline:
        _say("customers write, agents answer")
        await Story(pipeline, system_clock()).tell()
        # What agents do at the desk changes tickets: the story is as it was before.
        document = pipeline.seen.document()
        _say("agents look at the desk")
        seats = await sign_ins(pipeline.environment, ("support", "manager"))
        await pipeline.all_taken("desk")
        document["desk"] = await at_the_desk(pipeline.desk.url, seats)
        _say("customers write where no agent is")
        unattended = Unattended(pipeline, pipeline.desk.url, system_clock())
        document["unattended"] = await unattended.tell()
    checks = failed_or_passed(document)
    return {"ok": all(check["ok"] for check in checks), **document, "checks": checks}


@app.command(epilog="Example: helpdesk up --demo")
def up(
    *,
    with_demo: Annotated[bool, typer.Option("--demo", help="Load the sample data too.")] = False,
    kafka_port: Annotated[int, typer.Option(help="0 takes a free one.")] = 0,
    mongo_port: Annotated[int, typer.Option(help="0 takes a free one.")] = 0,
    redis_port: Annotated[int, typer.Option(help="0 takes a free one.")] = 0,
    desk_port: Annotated[int, typer.Option(help="0 takes a free one.")] = 0,
) -> None:
    """Run the whole pipeline on this machine until Ctrl-C; nothing is left behind."""
    try:
        asyncio.run(_up(with_demo, kafka_port, mongo_port, redis_port, desk_port))
    except KeyboardInterrupt:
        _say("stopped")


async def _up(
    with_demo: bool,  # noqa: FBT001  # private
    kafka_port: int,
    mongo_port: int,
    redis_port: int,
    desk_port: int,
) -> None:
    from shared.cli.demo.more import More
    from shared.cli.demo.sign_ins import sign_ins
    from shared.cli.demo.story import Story
    from shared.cli.local import addresses, environment, local_pipeline

    async with local_pipeline(
        _say,
        kafka_port=kafka_port,
        mongo_port=mongo_port,
        redis_port=redis_port,
        desk_port=desk_port,
    ) as pipeline:
        if with_demo:
            _say("loading the sample data")
            await Story(pipeline, system_clock()).tell()
            await More(pipeline, system_clock()).tell()
            await pipeline.all_taken("desk")
            for role, (address, password) in (await sign_ins(pipeline.environment)).items():
                _say(f"the desk, as {role}: {pipeline.desk.url} {address} {password}")
        typer.echo(addresses(pipeline))
        there = " ".join(f"{name}={told}" for name, told in environment(pipeline.servers).items())
        _say(f"for `helpdesk` in another terminal: export {there}")
        _say("running; Ctrl-C stops everything")
        await asyncio.Event().wait()


def _own() -> set[str]:
    """The names of the commands that no service adds, and that tell of no other command."""
    groups = [group.name for group in app.registered_groups]
    commands = [command.callback for command in app.registered_commands]
    names = {*groups, *(each.__name__ for each in commands if each)}
    return {name for name in names if name} - {"completion", "reference"}


@cache
def whole() -> typer.Typer:
    """The command with what services add to it."""
    for extension in entry_points(group="helpdesk.commands"):
        app.add_typer(extension.load())
    return app


def main() -> None:
    """Run the command; errors that people can do something about are one line, and exit 1."""
    from shared.embedded.servers import ServerError

    # What services add takes longer to import than most commands take.
    command = app if set(sys.argv[1:2]) & _own() else whole()
    try:
        command(prog_name=completing.NAME)
    except ValidationError as error:
        for line in problems(error.errors(include_url=False), ServiceSettings):
            _err.print(line, markup=False)
        sys.exit(2)
    except (SettingsError, WrongSettings) as error:
        _err.print(str(error), markup=False)
        sys.exit(2)
    except (HelpdeskError, ServerError) as error:
        _err.print(f"[bold red]error:[/] {escape(str(error))}", markup=True)
        sys.exit(1)

"""`helpdesk accounts`: settings in files, checked, compared and published (docs/accounts.md)."""

import asyncio
import getpass
import sys
from collections.abc import Coroutine, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn, TypeVar

import typer

from shared.errors import HelpdeskError, WrongSettings
from shared.running.settings import ServiceSettings

if TYPE_CHECKING:
    from shared.bus.account_changes import History
    from shared.bus.account_topic import AccountsTopic
    from shared.cli.account_files import InFile
    from shared.cli.account_plans import Plan
    from shared.cli.places import Problem

app = typer.Typer(
    help="Accounts' settings: check files, compare them with what is in force, publish them.",
    no_args_is_help=True,
)
T = TypeVar("T")

WRONG, REFUSED, NO_ANSWER = 2, 3, 4
"""Exit codes, as all of `helpdesk` has them."""

Files = Annotated[
    list[Path], typer.Argument(metavar="FILE|FOLDER...", help="YAML or JSON, one account or more.")
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]


@app.command(epilog="Example: helpdesk accounts validate accounts/")
def validate(paths: Files, *, as_json: Json = False) -> None:
    """Check files; Kafka is not asked.

    Exit codes: 0 they are right; 2 something is wrong, and stdout says what and where.
    """
    from shared.cli import account_telling as telling
    from shared.cli.account_files import read

    accounts, problems = read(paths)
    if as_json:
        names = sorted({each.settings.account_id for each in accounts})
        wrong = [asdict(each) for each in problems]
        telling.print_json({"ok": not problems, "accounts": names, "problems": wrong})
    else:
        telling.say(map(str, problems))
    if not problems:
        telling.remark(f"nothing is wrong; accounts: {len(accounts)}")
    raise typer.Exit(WRONG if problems else 0)


@app.command(epilog="Example: helpdesk accounts schema > accounts.schema.json")
def schema() -> None:
    """Print the JSON Schema of a file, for editors."""
    from shared.cli import account_files, account_telling

    account_telling.print_json(account_files.schema())


@app.command(epilog="Example: helpdesk accounts show lumen > lumen.yaml")
def show(account: Annotated[str, typer.Argument(help="Its id.")], *, as_json: Json = False) -> None:
    """Print an account's settings as they are in force: a file that `apply` takes.

    Exit codes: 0 printed; 1 there is no such account; 4 Kafka does not answer.
    """
    from shared.cli import account_plans
    from shared.cli import account_telling as telling

    known = _run(_known())
    history = known.get(account)
    now = history.settings if history else None
    if history is None or now is None:
        there = ", ".join(name for name, each in known.items() if each.settings)
        telling.error(f"there is no account {account!r}; there are: {there or 'none'}")
        raise typer.Exit(1)
    if as_json:
        telling.print_json(account_plans.as_json(now))
    else:
        typer.echo(account_plans.shown(history), nl=False)
    telling.unsettled([history])


@app.command(epilog="Example: helpdesk accounts diff accounts/")
def diff(paths: Files, *, as_json: Json = False) -> None:
    """Print what `apply` would change.

    Exit codes: 0 nothing; 1 something; 2 a file is wrong; 4 Kafka does not answer.
    """
    from shared.cli import account_telling as telling

    found = _run(_looked(_right(paths)))
    if as_json:
        telling.document(found, {}, dry_run=True)
    else:
        telling.plans(found)
    telling.warnings(found)
    raise typer.Exit(1 if any(plan.changes for plan in found) else 0)


@app.command(epilog="Example: helpdesk accounts apply accounts/ --dry-run")
def apply(
    paths: Files,
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Publish nothing.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    author: Annotated[
        str, typer.Option("--as", metavar="NAME", help="Who others are told it was.")
    ] = "",
    as_json: Json = False,
) -> None:
    """Show what would change, ask, and publish it, unless somebody else changed it meanwhile.

    A file's `revision`, as `show` writes it, is the one that it rests on: if another is in force,
    nothing is published. Without it, it rests on what is in force when the differences are shown.

    Exit codes: 0 all of it is in force; 1 you said no; 2 a file is wrong; 3 somebody else's change
    came first; 4 Kafka does not answer, and nobody knows what was published: the same again does no
    harm.
    """
    accounts = _right(paths)
    if not (dry_run or yes or sys.stdin.isatty()):
        from shared.cli.account_telling import error

        error("nobody is there to be asked: --yes publishes, --dry-run does not")
        raise typer.Exit(WRONG)
    raise typer.Exit(
        _run(_apply(accounts, author or _user(), dry_run=dry_run, yes=yes, as_json=as_json))
    )


async def _apply(
    accounts: "Sequence[InFile]", author: str, *, dry_run: bool, yes: bool, as_json: bool
) -> int:
    from shared.bus.account_changes import histories
    from shared.bus.account_topic import AccountsTopic
    from shared.cli import account_telling as telling
    from shared.cli.account_applying import mend, publish

    async with AccountsTopic(ServiceSettings().kafka) as log:
        if not dry_run:
            for name in await mend(log):
                telling.remark(f"{name}: mended what a change left that lost and was cut off")
        found = await _plans(accounts, log)
        if not as_json:
            telling.plans(found)
        telling.warnings(found)
        stale, changing = any(p.stale for p in found), [p for p in found if p.changes]
        agreed = not stale and not dry_run and (yes or not changing or _confirmed())
        outcomes = await publish(log, changing, author) if agreed else {}
        after = histories(await log.read())
    if as_json:
        telling.document(found, outcomes, dry_run=dry_run)
    if not agreed:
        telling.remark("nothing was published")
        return REFUSED if stale else 0 if dry_run else 1
    telling.outcomes(found, outcomes, as_json=as_json)
    for problem in _claimed(accounts, after):
        telling.remark(f"published by others meanwhile: {problem}")
    return REFUSED if any(o.fate == "refused" for o in outcomes.values()) else 0


def _confirmed() -> bool:
    return typer.confirm("Publish this?", err=True)


async def _plans(accounts: "Sequence[InFile]", log: "AccountsTopic") -> "list[Plan]":
    """The plans; ends the command when an address is another account's on the topic."""
    from shared.bus.account_changes import histories
    from shared.cli.account_plans import plans

    known = histories(await log.read())
    if problems := _claimed(accounts, known):
        _wrong(problems)
    return plans(accounts, known)


def _claimed(accounts: "Sequence[InFile]", known: "Mapping[str, History]") -> "list[Problem]":
    from shared.cli.account_files import claimed

    return claimed(accounts, [each.settings for each in known.values() if each.settings])


async def _looked(accounts: "Sequence[InFile]") -> "list[Plan]":
    from shared.bus.account_topic import AccountsTopic

    async with AccountsTopic(ServiceSettings().kafka) as log:
        return await _plans(accounts, log)


async def _known() -> "dict[str, History]":
    from shared.bus.account_changes import histories
    from shared.bus.account_topic import AccountsTopic

    async with AccountsTopic(ServiceSettings().kafka) as log:
        return histories(await log.read())


def _right(paths: Sequence[Path]) -> "list[InFile]":
    """The accounts of the files; ends the command where one is wrong."""
    from shared.cli.account_files import read

    accounts, problems = read(paths)
    if problems:
        _wrong(problems)
    return accounts


def _wrong(problems: "Sequence[Problem]") -> NoReturn:
    from shared.cli.account_telling import remark

    for problem in problems:
        remark(str(problem))
    raise typer.Exit(WRONG)


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a container's user may have no name
        return "somebody"


def _run(talk: Coroutine[Any, Any, T]) -> T:
    """What `talk` returns; ends the command with exit code 4 when Kafka does not answer."""
    from aiokafka.errors import KafkaError

    from shared.cli.account_telling import error

    try:
        return asyncio.run(talk)
    except WrongSettings:
        raise
    except HelpdeskError as wrong:
        error(str(wrong))
    except KafkaError as wrong:
        error(f"Kafka does not answer: {wrong!r}")
    raise typer.Exit(NO_ANSWER)

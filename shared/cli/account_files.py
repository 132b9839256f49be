"""Files of accounts' settings: one account a document, checked before anything is published."""

import difflib
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from shared.bus.accounts import AccountsTable
from shared.cli.places import Document, Problem, Unreadable, documents
from shared.contracts.accounts import AccountSettings
from shared.topic import MEBIBYTE
from shared.topics import ACCOUNTS

SUFFIXES: Final = (".yaml", ".yml", ".json")
LARGEST: Final = MEBIBYTE
"""Bytes of a file: some ten thousand agents. Reading YAML takes ten seconds for as many."""


@dataclass(frozen=True, slots=True)
class InFile:
    """An account's settings as a file has them; their `revision` is the one they rest on."""

    document: Document
    settings: AccountSettings

    def problem(self, message: str) -> Problem:
        """A problem with the account as a whole."""
        return self.document.problem(("account_id",), message)


def schema() -> dict[str, Any]:
    """The JSON Schema of one document, for editors: unlike readers, it takes no other field."""
    whole = AccountSettings.model_json_schema()
    for part in (whole, *whole["$defs"].values()):
        if "properties" in part:
            part["additionalProperties"] = False
    whole["description"] = "An account's settings, as `helpdesk accounts apply` takes them."
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **whole}


def files_among(paths: Iterable[Path]) -> list[Path]:
    """The files, and those in folders whose names end in one of `SUFFIXES`, in order, each once.

    Raises Unreadable for a folder without such a file.
    """
    found: dict[Path, None] = {}
    for path in paths:
        inside = [path]
        if path.is_dir():
            inside = sorted(p for p in path.rglob("*") if p.suffix in SUFFIXES and p.is_file())
        if not inside:
            text = f"the folder has no file that ends in {', '.join(SUFFIXES)}"
            raise Unreadable(Problem(str(path), 1, 1, "", text))
        found |= dict.fromkeys(inside)
    return list(found)


def read(paths: Iterable[Path]) -> tuple[list[InFile], list[Problem]]:
    """The accounts of the files, and all that is wrong with them.

    Wrong is, besides what the services would refuse: a field that they do not know (they would
    ignore it), an account that has two documents, and an address of two accounts.
    """
    try:
        files = files_among(paths)
    except Unreadable as error:
        return [], [error.problem]
    accounts: list[InFile] = []
    problems: list[Problem] = []
    for path in files:
        try:
            _read(path, accounts, problems)
        except Unreadable as error:
            problems.append(error.problem)
    problems += _twice(accounts) + claimed(accounts, ())
    return accounts, sorted(problems, key=lambda each: (each.file, each.line, each.column))


def _read(path: Path, accounts: list[InFile], problems: list[Problem]) -> None:
    there = False
    for document in documents(str(path), _text_of(path)):
        there = True
        found, wrong = _checked(document)
        accounts += found
        problems += wrong
    if not there:
        text = "there is no account in it: `account_id: …` begins one"
        problems.append(Problem(str(path), 1, 1, "", text))


def _text_of(path: Path) -> str:
    """What the file says. Raises Unreadable for one that cannot be read."""
    try:
        with path.open("rb") as file:
            said = file.read(LARGEST + 1)
    except OSError as error:
        raise Unreadable(Problem(str(path), 1, 1, "", f"{error.strerror}")) from None
    if len(said) > LARGEST:
        text = f"it is larger than {LARGEST // MEBIBYTE} MiB: give each account a file of its own"
        raise Unreadable(Problem(str(path), 1, 1, "", text))
    try:
        return said.decode()
    except UnicodeDecodeError as error:
        line = said.count(b"\n", 0, error.start) + 1
        column = error.start - said.rfind(b"\n", 0, error.start)
        text = f"this is no UTF-8 (byte {said[error.start]:#04x}): save the file as UTF-8"
        raise Unreadable(Problem(str(path), line, column, "", text)) from None


def _checked(document: Document) -> tuple[list[InFile], list[Problem]]:
    if not isinstance(document.value, dict):
        text = "an account is fields with values, such as `account_id: lumen`"
        return [], [document.problem((), text)]
    try:
        # As JSON: so it is on the topic, and a service reads it alike.
        said = json.dumps(document.value)
        settings = AccountSettings.model_validate_json(said, extra="forbid")
    except ValidationError as error:
        found = error.errors(include_url=False)
        return [], [_problem(document, each) for each in found]
    record = ACCOUNTS.record(settings)
    size, most = len(record.value or b""), ACCOUNTS.max_bytes
    if size > most:
        text = f"the account has {size} bytes, and {ACCOUNTS.name} takes {most}: make it shorter"
        return [], [document.problem(("account_id",), text)]
    return [InFile(document, settings)], []


def _problem(document: Document, error: Any) -> Problem:  # noqa: ANN401  # pydantic's details
    path, text = tuple(error["loc"]), error["msg"].removeprefix("Value error, ")
    if error["type"] == "extra_forbidden":
        near = difflib.get_close_matches(str(path[-1]), _fields(path[:-1]), 1)
        hint = f"is {near[0]!r} meant?" if near else "take it away"
        return document.problem(path, f"there is no such field: {hint}", name=True)
    if error["type"] == "missing":
        return document.problem(path, "this field is missing: it has to be there")
    if error["type"] == "string_type" and isinstance(error.get("input"), int | float):
        text = "this is read as a number or as true or false: put it in quotes"
    if error["type"] == "value_error":
        # What a check of several fields says is wrong stands in its words.
        meant = document.last_of(re.findall(r"'([^']*)'", text), path)
        path = path if meant is None else meant
    return document.problem(path, text)


def _fields(path: Sequence[str | int]) -> list[str]:
    """The names of the fields that are known where `path` leads to."""
    whole = schema()
    part: Mapping[str, Any] = whole
    for step in path:
        below = part.get("properties", {})
        part = part.get("items", {}) if isinstance(step, int) else below.get(step, {})
        if "$ref" in part:
            part = whole["$defs"][part["$ref"].rpartition("/")[2]]
    return list(part.get("properties", ()))


def _twice(accounts: Sequence[InFile]) -> list[Problem]:
    first: dict[str, InFile] = {}
    problems = []
    for each in accounts:
        before = first.setdefault(each.settings.account_id, each)
        if before is not each:
            there = before.problem("")
            text = f"{each.settings.account_id} stands in {there.file}:{there.line} already"
            problems.append(each.problem(f"{text}: take one away"))
    return problems


def claimed(accounts: Sequence[InFile], others: Iterable[AccountSettings]) -> list[Problem]:
    """The addresses of these accounts that another of them has too, or one of `others`.

    Those of `others` count that are not among `accounts`, whose settings are to take their place.
    """
    named = {each.settings.account_id for each in accounts}
    table = AccountsTable()
    for settings in others:
        if settings.account_id not in named:
            table.apply(settings)
    return list(_claimed(accounts, table))


def _claimed(accounts: Sequence[InFile], table: AccountsTable) -> Iterator[Problem]:
    for each in accounts:
        for address, owner in table.claimed_twice(each.settings):
            place = each.settings.addresses.index(address)
            text = f"{address.channel} {address.value} is an address of {owner} too: one has it"
            yield each.document.problem(("addresses", place, "value"), text)
        table.apply(each.settings.model_copy(update={"revision": None}))

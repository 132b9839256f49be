"""YAML with the place of every value, so that whatever is wrong can be told where it stands.

YAML 1.2, of which JSON is a part, without what makes files hard to read or to bound: no anchors,
no tags of one's own, no field twice.
"""

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from io import StringIO
from typing import Any, Final

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import ScalarNode
from ruamel.yaml.scalarstring import DoubleQuotedScalarString, SingleQuotedScalarString

_DEEPEST: Final = 30
"""Levels; settings have six."""

_NULL, _BOOL, _INT, _FLOAT = (
    f"tag:yaml.org,2002:{name}" for name in ("null", "bool", "int", "float")
)

_ELSEWHERE: Final = re.compile(r"(?i)[yn]|yes|no|on|off|[-+]?[0-9][0-9_.:]*")

Path = tuple[str | int, ...]
Place = tuple[int, int]
"""Line and column, counted from 1."""


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong, where, and what to do; `path` is as `agents[0].name`, empty for a file."""

    file: str
    line: int
    column: int
    path: str
    message: str

    def __str__(self) -> str:
        about = f"{self.path}: " if self.path else ""
        return f"{self.file}:{self.line}:{self.column}: {about}{self.message}"


class Unreadable(Exception):
    """A file that cannot be read on, from `problem` on."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(str(problem))
        self.problem = problem


def in_words(path: Sequence[str | int]) -> str:
    """The path for people: `agents[0].name`."""
    said = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
    return said.removeprefix(".")


@dataclass(slots=True)
class Document:
    """A document of a file: its `value` as JSON has it, where each value and each name stands."""

    file: str
    value: Any = None
    places: dict[Path, Place] = field(default_factory=dict)
    names: dict[Path, Place] = field(default_factory=dict)

    def problem(self, path: Sequence[str | int], message: str, *, name: bool = False) -> Problem:
        """A problem with what `path` leads to, at its place or that of as much of it as is there.

        With `name` it is about a field's name, not about its value.
        """
        whole = tuple(path)
        if name and whole in self.names:
            line, column = self.names[whole]
        else:
            there = next(
                whole[:n] for n in range(len(whole), -1, -1) if whole[:n] in self.places or not n
            )
            line, column = self.places.get(there, (1, 1))
        return Problem(self.file, line, column, in_words(whole), message)

    def last_of(self, words: Sequence[str], below: Path = ()) -> Path | None:
        """The path of the last value that is one of the words, in what `below` leads to."""
        found = None
        for path in self.places:
            if path[: len(below)] == below and _at(self.value, path) in words:
                found = path
        return found


def _at(value: Any, path: Path) -> Any:  # noqa: ANN401  # as JSON has it
    for step in path:
        value = value[step]
    return value if isinstance(value, str) else None


def documents(file: str, text: str) -> Iterator[Document]:
    """The file's documents; an empty one is left out.

    Raises Unreadable, at the place, for what is no such YAML.
    """
    try:
        events = YAML(typ="safe", pure=True).parse(StringIO(text))
        reader = _Reader(file, events)
        yield from reader.documents()
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        said = " ".join(part for part in (error.context, error.problem) if part)
        raise Unreadable(Problem(file, line, column, "", f"this is no YAML: {said}")) from None
    except YAMLError as error:
        offset = getattr(error, "position", 0)
        line, column = text.count("\n", 0, offset) + 1, offset - text.rfind("\n", 0, offset)
        said = getattr(error, "reason", "it cannot be read")
        raise Unreadable(Problem(file, line, column, "", f"this is no YAML: {said}")) from None


class _Reader:
    """Builds values from the parser's events, so that nothing is built before it was looked at."""

    def __init__(self, file: str, events: Iterator[Any]) -> None:
        self._file = file
        self._events = events
        self._document = Document(file)
        self._resolver = YAML(typ="safe", pure=True).resolver

    def documents(self) -> Iterator[Document]:
        for event in self._events:
            if _kind(event) != "DocumentStart":
                continue
            if event.version not in (None, (1, 2)):
                raise self._wrong(event, (), "this is not YAML 1.2: leave %YAML out")
            self._document = Document(self._file)
            self._document.value = self._value(next(self._events), ())
            if self._document.value is not None:
                yield self._document

    def _wrong(self, event: Any, path: Path, message: str) -> Unreadable:  # noqa: ANN401  # untyped
        mark = event.start_mark
        where = in_words(path)
        return Unreadable(Problem(self._file, mark.line + 1, mark.column + 1, where, message))

    def _value(self, event: Any, path: Path) -> Any:  # noqa: ANN401  # as JSON has it
        kind = _kind(event)
        if kind == "Alias" or event.anchor is not None:
            text = "anchors and aliases (&, *) are not taken: write it out where it is meant"
            raise self._wrong(event, path, text)
        if event.tag is not None and event.tag != "!":
            raise self._wrong(event, path, f"the tag {event.tag} is not taken: leave it out")
        if len(path) > _DEEPEST:
            raise self._wrong(event, path[:3], f"this is nested more than {_DEEPEST} levels deep")
        self._document.places[path] = (event.start_mark.line + 1, event.start_mark.column + 1)
        if kind == "MappingStart":
            return self._mapping(path)
        if kind == "SequenceStart":
            members: list[Any] = []
            while _kind(event := next(self._events)) != "SequenceEnd":
                members.append(self._value(event, (*path, len(members))))
            return members
        return self._scalar(event, path)

    def _mapping(self, path: Path) -> dict[str, Any]:
        found: dict[str, Any] = {}
        while _kind(event := next(self._events)) != "MappingEnd":
            if _kind(event) != "Scalar" or event.anchor is not None:
                raise self._wrong(event, path, "a field's name is a word")
            name = self._text(event, path)
            below = (*path, name)
            if name in found:
                line, _ = self._document.names[below]
                text = f"this field stands twice, first in line {line}: take one away"
                raise self._wrong(event, below, text)
            self._document.names[below] = (event.start_mark.line + 1, event.start_mark.column + 1)
            found[name] = self._value(next(self._events), below)
        return found

    def _scalar(self, event: Any, path: Path) -> Any:  # noqa: ANN401  # as JSON has it
        said = self._text(event, path)
        tag = self._resolver.resolve(ScalarNode, said, event.implicit)
        try:
            return _meant(tag, said)
        except ValueError:
            raise self._wrong(event, path, "there is no such number") from None

    def _text(self, event: Any, path: Path) -> str:  # noqa: ANN401  # untyped
        """What is written, the halves of a character that JSON writes as two joined."""
        try:
            return str(event.value).encode("utf-16", "surrogatepass").decode("utf-16")
        except UnicodeDecodeError:
            raise self._wrong(event, path, "this is half of a character: no such text") from None


def _kind(event: Any) -> str:  # noqa: ANN401  # untyped
    return type(event).__name__.removesuffix("Event")


def _meant(tag: str, said: str) -> Any:  # noqa: ANN401  # as JSON has it
    """A plain word's meaning; times and whatever else JSON does not have stay text."""
    if tag == _NULL:
        return None
    if tag == _BOOL:
        return said.lower() == "true"
    if tag == _INT:
        return int(said.replace("_", ""), 0 if said.lstrip("+-")[:2] in ("0o", "0x", "0b") else 10)
    if tag == _FLOAT:
        number = float(said.replace("_", "").replace(".inf", "inf").replace(".nan", "nan"))
        if not math.isfinite(number):
            raise ValueError(said)
        return number
    return said


def in_yaml(value: Mapping[str, Any]) -> str:
    """The value, as JSON has it, as a YAML document, its fields in their order."""
    yaml = YAML()
    yaml.width = 100
    yaml.indent(mapping=2, sequence=4, offset=2)
    out = StringIO()
    yaml.dump(_plain(value), out)
    return out.getvalue()


def _plain(value: Any) -> Any:  # noqa: ANN401  # as JSON has it
    """The value with quotes around words that YAML 1.1 takes for something else: `off`, `12:30`.

    And around what is not on one line of plain letters, so that it is escaped.
    """
    if isinstance(value, Mapping):
        return {name: _plain(below) for name, below in value.items()}
    if isinstance(value, list):
        return [_plain(below) for below in value]
    if isinstance(value, str) and _ELSEWHERE.fullmatch(value):
        return SingleQuotedScalarString(value)
    if isinstance(value, str) and not value.isprintable():
        return DoubleQuotedScalarString(value)
    return value

"""What a topic is: its contract, its key, and who is at its ends; and the services' names."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final, Generic, Literal, TypeVar, get_args

from pydantic import ConfigDict, TypeAdapter, ValidationError

from shared.bus.delivery import Outgoing, Record
from shared.dating import Allowance
from shared.errors import Poison

M = TypeVar("M")

Service = Literal[
    "ingest",
    "spam",
    "ticketing",
    "assignment",
    "autoclose",
    "attribution",
    "tagging",
    "replies",
    "handoff",
    "desk",
]
SERVICES: Final[tuple[Service, ...]] = get_args(Service)
MEBIBYTE = 1024 * 1024
FOR_EVER = timedelta.max


@dataclass(frozen=True, slots=True)
class Deleted:
    """What a tombstone on a compacted topic says: `key` is no more."""

    key: str


class UnknownType(Exception):  # no error: a newer producer's type, to be ignored
    """The record is of a type that this version does not know."""


def either_of(contracts: Any) -> TypeAdapter[Any]:  # noqa: ANN401  # no type names a form of one
    """Reads whichever of these contracts, a union, it is; made when it is first used, as they are.

    What is a contract itself needs no more than `TypeAdapter`.
    """
    return TypeAdapter(contracts, config=ConfigDict(defer_build=True))


@dataclass(frozen=True, slots=True)
class Topic(Generic[M]):
    """A Kafka topic.

    `contract` is None where a record may hold anything: handlers then get the `Record` itself.
    `outside_producers` and `outside_consumers` name who produces or consumes besides our services.
    A topic that is `open_ended` may carry types of a newer version, which are ignored. Where there
    is a contract, `key` begins with the account. A compacted topic keeps all its records for as
    long as `uncompacted_for` at least. Where there is an `allowance`, the brokers give the records
    their time, and handlers get no body that is dated further from it.
    """

    name: str
    about: str
    contract: TypeAdapter[M] | None
    key: Callable[[M], str]
    key_form: str
    producers: frozenset[Service] = frozenset()
    consumers: frozenset[Service] = frozenset()
    outside_producers: str = ""
    outside_consumers: str = ""
    partitions: int = 12
    retention: timedelta = timedelta(days=14)
    compacted: bool = False
    uncompacted_for: timedelta = timedelta(0)
    open_ended: bool = False
    allowance: Allowance | None = None
    max_bytes: int = 4 * MEBIBYTE

    def parse(self, record: Record) -> M | Deleted | Record:
        """What the record says.

        Raises Poison, with a readable reason, for a record that can never be understood, and
        UnknownType for a type on an open-ended topic that a newer version may have sent.
        """
        if self.contract is None:
            return record
        if record.value is None:
            if self.compacted and record.key:
                return Deleted(record.key.decode(errors="replace"))
            raise Poison("empty", "a record without a value says nothing on this topic")
        try:
            return self.contract.validate_json(record.value)
        except ValidationError as error:
            if self.open_ended and _is_unknown_type(error):
                raise UnknownType from None
            raise Poison("malformed", _in_words(error)) from None

    def heard(self, record: Record) -> M | Deleted | Record:
        """What the record says, as handlers get it: `occurred_at` is within the `allowance`.

        It is the same each time that the record is read. Raises as `parse` does.
        """
        body = self.parse(record)
        said_at = getattr(body, "occurred_at", None)
        if self.allowance is None or said_at is None:
            return body
        at = self.allowance.bounded(said_at, record.timestamp)
        return body if at == said_at else body.model_copy(update={"occurred_at": at})  # type: ignore[union-attr]

    def record(self, body: M, headers: Sequence[tuple[str, bytes]] = ()) -> Outgoing:
        """The record that says `body` on this topic, its correlation id in a header too."""
        correlation_id = getattr(body, "correlation_id", None)
        if correlation_id is not None:
            headers = (*headers, ("correlation-id", correlation_id.encode()))
        return Outgoing(
            topic=self.name,
            key=self.key(body).encode(),
            value=body.model_dump_json(exclude_none=True, by_alias=True).encode(),  # type: ignore[attr-defined]
            headers=tuple(headers),
        )


def _is_unknown_type(error: ValidationError) -> bool:
    first = error.errors(include_url=False, include_context=False, include_input=True)[0]
    if first["type"] == "union_tag_invalid" and not first["loc"]:
        return isinstance(first["input"].get("type"), str)
    # A topic of a single type has no union: its `type` is a plain literal.
    return (
        first["type"] == "literal_error"
        and first["loc"] == ("type",)
        and isinstance(first["input"], str)
    )


def _in_words(error: ValidationError) -> str:
    problems = error.errors(include_url=False, include_context=False, include_input=False)
    lines = [
        f"{'.'.join(str(step) for step in problem['loc']) or 'value'}: {_wordless(problem)}"
        for problem in problems[:3]
    ]
    more = f" (and {len(problems) - 3} more)" if len(problems) > 3 else ""
    return "; ".join(lines) + more


def _wordless(problem: Any) -> str:  # noqa: ANN401  # pydantic's details
    """What is wrong; its own words would show what a type was said to be, and that is anything."""
    if problem["type"] == "union_tag_invalid":
        return "its type is none that is known here"
    return str(problem["msg"])

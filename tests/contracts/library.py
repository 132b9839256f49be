"""The golden examples: files that are read as if another system had published them."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from pydantic import TypeAdapter

from shared.bus.delivery import Record
from shared.clock import EPOCH
from shared.topic import Topic
from shared.topics import BY_NAME, TOPICS

HERE = Path(__file__).parent
EXAMPLES = HERE / "examples"
Json: TypeAlias = dict[str, Any]

SPOKEN: dict[str, TypeAdapter[Any]] = {
    topic.name: topic.contract for topic in TOPICS if topic.contract is not None
}
"""The contracts by their topics' names; what providers send and dead letters have none."""

_FREE_FORM = {"structured", "detail"}


@dataclass(frozen=True, slots=True)
class Example:
    """One message, in a file `<topic>/<type>[.<what is special>].json`."""

    file: Path

    @property
    def topic(self) -> Topic[Any]:
        return BY_NAME[self.file.parent.name]

    @property
    def contract(self) -> TypeAdapter[Any]:
        return SPOKEN[self.topic.name]

    @property
    def type(self) -> str:
        return self.file.name.partition(".")[0]

    @property
    def json(self) -> Json:
        said: Json = json.loads(self.file.read_text())
        return said

    def body(self) -> Any:
        """What the topic's readers understand."""
        return self.topic.parse(a_record(self.topic, self.json))

    def __str__(self) -> str:
        return f"{self.topic.name}/{self.file.stem}"


def examples() -> list[Example]:
    """All of them, by topic and type."""
    return [Example(file) for file in sorted(EXAMPLES.glob("*/*.json"))]


def types_of(contract: TypeAdapter[Any]) -> set[str]:
    """The names of the types that may travel there."""
    schema = contract.json_schema()
    if "oneOf" in schema:
        return set(schema["discriminator"]["mapping"])
    return {schema["title"]}


def a_record(topic: Topic[Any], said: object, *, key: bytes | None = b"lumen:x") -> Record:
    """Lay a value on a topic: bytes as they are, anything else as JSON."""
    value = said if isinstance(said, bytes | None) else json.dumps(said).encode()
    return Record(topic.name, 0, 0, key, value, (), EPOCH)


def with_more(said: Any) -> Any:
    """Add fields of a later version to every object of a message, however deep."""
    if isinstance(said, list):
        return [with_more(item) for item in said]
    if not isinstance(said, dict):
        return said
    known = {
        name: value if name in _FREE_FORM else with_more(value) for name, value in said.items()
    }
    return known | {"added_later": {"by": ["a newer", "producer"]}, "": None}

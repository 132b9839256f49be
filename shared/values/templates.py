"""Texts with placeholders, such as `{{ contact.name }}`: for macros and automatic replies. Pure.

The notation is Jinja's, read by Jinja's own parser, and of all that it can say one thing is taken:
a placeholder by its name, perhaps with `| default("…")` for when it has no value. Nothing else is
ever evaluated, so no text can loop, grow or reach anything.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

LONGEST: Final = 20_000
"""The most characters of a template."""

MOST_PLACES: Final = 100
LONGEST_VALUE: Final = 10_000
"""The most characters of what a placeholder stands for; the rest is left out."""


class NotATemplate(ValueError):
    """The text says something else than words and placeholders; the message says what and where."""


@dataclass(frozen=True, slots=True)
class Place:
    """A placeholder, and what stands for it where it has no value: None where nothing was said."""

    name: str
    default: str | None = None

    def __str__(self) -> str:
        """As a template would have it."""
        return f"{{{{{self.name}}}}}"


Part = str | Place
_BLOCK = re.compile(r"\{[%#]")


@lru_cache(maxsize=4096)
def parts(text: str) -> tuple[Part, ...]:
    """The text's words and placeholders, in order. Raises NotATemplate."""
    # Here, since most processes never read a template.
    from jinja2 import Environment, TemplateSyntaxError, nodes  # noqa: PLC0415

    if len(text) > LONGEST:
        raise NotATemplate(f"it has {len(text)} characters; {LONGEST} may be")
    try:
        tree = Environment(keep_trailing_newline=True).parse(text)  # noqa: S701  # never rendered
    except (TemplateSyntaxError, RecursionError) as error:
        said = error.message if isinstance(error, TemplateSyntaxError) else "it is nested too deep"
        line = getattr(error, "lineno", 1)
        raise NotATemplate(f"line {line}: {said}") from None
    # Parsed, a comment is nothing and a raw block is text, whose braces would then be sent.
    if block := _BLOCK.search(text):
        line = text.count("\n", 0, block.start()) + 1
        raise NotATemplate(f"line {line}: only placeholders may stand between braces")
    found: list[Part] = []
    for node in tree.body:
        for inner in node.nodes if isinstance(node, nodes.Output) else ():
            if isinstance(inner, nodes.TemplateData):
                found.append(inner.data)
            else:
                found.append(_place(inner))
    if sum(isinstance(part, Place) for part in found) > MOST_PLACES:
        raise NotATemplate(f"it has more than {MOST_PLACES} placeholders")
    return tuple(found)


def _place(node: object) -> Place:
    from jinja2 import nodes  # noqa: PLC0415  # see `parts`

    match node:
        case nodes.Getattr(node=nodes.Name(name=owner), attr=attribute):
            return Place(f"{owner}.{attribute}")
        case nodes.Filter(
            node=inner, name="default", args=[nodes.Const(value=str(value))], kwargs=[]
        ) if isinstance(inner, nodes.Getattr):
            return Place(_place(inner).name, value)
    line = getattr(node, "lineno", 1)
    text = 'between braces stands a name such as contact.name, or that with | default("…")'
    raise NotATemplate(f"line {line}: {text}")


def unknown(text: str, known: Collection[str]) -> tuple[str, ...]:
    """The names in the text that are not among `known`, each once. Raises NotATemplate."""
    named = (part.name for part in parts(text) if isinstance(part, Place))
    return tuple(dict.fromkeys(name for name in named if name not in known))


def filled(text: str, values: Mapping[str, str]) -> tuple[str, tuple[str, ...]]:
    """The text with its placeholders filled in, and those that have no value: they stay.

    A text that is no template has no placeholders: it stays whole.
    """
    try:
        found = parts(text)
    except NotATemplate:
        return text, ()
    missing: dict[str, None] = {}
    said: list[str] = []
    for part in found:
        if isinstance(part, str):
            said.append(part)
        elif (value := values.get(part.name, part.default)) is not None:
            said.append(value[:LONGEST_VALUE])
        else:
            missing[part.name] = None
            said.append(str(part))
    return "".join(said), tuple(missing)

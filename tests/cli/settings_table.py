"""Every setting of an account: its path, what it may be, its default."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from shared.contracts.accounts import AccountSettings

_WORDS = {
    "date": "a day",
    "duration": "a duration",
    "time": "a time of day",
    "boolean": "true, false",
    "integer": "a whole number",
    "number": "a number",
    "string": "text",
}
_BOUNDS = {
    "minimum": "≥",
    "exclusiveMinimum": ">",
    "maximum": "≤",
    "minLength": "length ≥",
    "maxLength": "length ≤",
    "minItems": "members ≥",
    "maxItems": "members ≤",
}


def rows() -> list[tuple[str, str, str]]:
    """The columns path, kind and default, in the contract's order."""
    whole = AccountSettings.model_json_schema()
    return list(_rows(whole, whole["$defs"], ""))


def _rows(
    part: Mapping[str, Any], definitions: Mapping[str, Any], path: str
) -> Iterator[tuple[str, str, str]]:
    for name, field in part["properties"].items():
        below, inner = path + name, field
        if inner.get("type") == "array" and "$ref" in inner["items"]:
            yield f"`{below}`", _bounded("a list", inner), _default(part, name, field)
            below, inner = f"{below}[]", inner["items"]
        if "anyOf" in inner and "$ref" in inner["anyOf"][0]:
            yield f"`{below}`", "settings, or none", _default(part, name, field)
            inner = inner["anyOf"][0]
        if "$ref" in inner:
            definition = definitions[inner["$ref"].rpartition("/")[2]]
            yield from _rows(definition, definitions, f"{below}.")
            continue
        yield f"`{below}`", _kind(inner), _default(part, name, field)


def _default(part: Mapping[str, Any], name: str, field: Mapping[str, Any]) -> str:
    if name in part.get("required", ()):
        return "needed"
    default = field.get("default")
    return "none" if default in (None, [], {}, "") else f"`{json.dumps(default).strip(chr(34))}`"


def _kind(field: Mapping[str, Any]) -> str:
    if "anyOf" in field:
        (field,) = (each for each in field["anyOf"] if each.get("type") != "null")
    if field["type"] == "array":
        return _bounded(f"a list: {_kind(field['items'])}", field)
    if field["type"] == "object":
        assert [*field["patternProperties"]] == ["^[a-z]{2}$"], "no other keys are free"
        return "texts by language"
    if "enum" in field:
        return ", ".join(f"`{each}`" for each in field["enum"])
    return _bounded(_WORDS[field.get("format", field["type"])], field)


def _bounded(said: str, field: Mapping[str, Any]) -> str:
    bounds = [
        f"{sign} {field[name]}"
        for name, sign in _BOUNDS.items()
        if name in field and abs(field[name]) < 2**53
    ]
    return f"{said} ({', '.join(bounds)})" if bounds else said

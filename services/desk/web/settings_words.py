"""What pages and the API say of settings: fields, values, what is wrong with them."""

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

from pydantic import TypeAdapter, ValidationError

from services.desk.rules.settings import PARTS
from services.desk.rules.settings_checks import Wrong
from services.desk.web.words import Words

_MEMBER = re.compile(r"\[([^\]]*)\]")
_LIMIT = re.compile(r"^(\d+) (days|seconds)$")
_DURATION = TypeAdapter(timedelta)
_UNITS: Final = (("day", 86_400), ("hour", 3_600), ("minute", 60), ("second", 1))
_LONGEST: Final = 300


def in_words(wrong: Wrong, t: Words) -> str:
    """What is wrong with a value."""
    values = dict(wrong.values)
    if match := _LIMIT.match(values.get("limit", "")):
        number, unit = int(match[1]), match[2].removesuffix("s")
        values["limit"] = t(f"settings.unit.{unit}", count=number)
    key = f"settings.wrong.{wrong.code}"
    if key not in t.texts:
        key = "settings.wrong.wrong"
    return t(key, **{"limit": "", "value": "", **values})


def label(path: str, t: Words, names: Mapping[str, str] | None = None) -> str:
    """What a field is called: `macros[Hello].text` is "Macros – Hello – Text"."""
    members = [(names or {}).get(member, member) for member in _MEMBER.findall(path)]
    plain = _MEMBER.sub("", path).removesuffix(" (order)")
    page = _page_of(plain)
    said = [t(f"settings.page.{page}")] if page else []
    said += members
    key = f"settings.path.{plain}"
    if key in t.texts and plain != page:
        said.append(t(key))
    elif key not in t.texts:
        said.append(plain)
    return " – ".join(dict.fromkeys(said))


def _page_of(plain: str) -> str | None:
    if plain in {"agents", "teams"} or plain.startswith(("agents.", "teams.")):
        return plain.partition(".")[0]
    for name, part in PARTS.items():
        if any(plain == field or plain.startswith(f"{field}.") for field in part.fields):
            return name
    return None


def duration(value: timedelta, t: Words) -> str:
    """A duration in the largest units that say it."""
    left, found = int(value.total_seconds()), []
    for unit, seconds in _UNITS:
        number, left = divmod(left, seconds)
        if number:
            found.append(t(f"settings.unit.{unit}", count=number))
    return " ".join(found) or t("settings.unit.second", count=0)


def in_short(value: Any, t: Words) -> str:  # noqa: ANN401  # JSON
    """A value for people, in one line or a few."""
    match value:
        case None | "" | [] | {}:
            return t("settings.value.nothing")
        case bool():
            return t("settings.value.on" if value else "settings.value.off")
        case str() if re.match(r"^P(?=\d|T\d)", value):
            try:
                said = duration(_DURATION.validate_python(value), t)
            except ValidationError:
                said = value
        case str() | int() | float():
            said = str(value)
        case list():
            said = ", ".join(_of_member(each, t) for each in value)
        case Mapping():
            said = _of_member(value, t)
        case _:
            said = str(value)
    return said if len(said) <= _LONGEST else f"{said[:_LONGEST]}…"


def _of_member(value: Any, t: Words) -> str:  # noqa: ANN401  # JSON
    if isinstance(value, Mapping):
        said = (in_short(each, t) for each in value.values() if each not in (None, "", [], {}))
        return " · ".join(said)
    return in_short(value, t)

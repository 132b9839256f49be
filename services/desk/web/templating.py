"""Templates to HTML: what every template may use, and nothing that escapes escaping."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from services.desk.rules.people import RIGHTS, Right, Who
from services.desk.rules.shown import ShownDraft
from services.desk.web.notices import because, notice
from services.desk.web.words import LANGUAGES, words

HERE: Final = Path(__file__).parent
STATIC: Final = HERE / "static"
"""The folder of scripts and styles."""

NARROWING: Final = (
    "q", "status", "channel", "assignee", "team", "tag", "tag.all", "tag.none", "segment",
    "unread", "ai", "reply_failed", "assignee_offline", "waiting_longer_than",
    "opened_after", "opened_before", "active_after", "active_before",
)  # fmt: skip
"""The parameters that show less than all of a view, in the order in which they are shown."""

UNSPOKEN: Final = ("settings.", "sign_in.", "mail.", "notice.")
"""Texts under these are for templates alone, and not given to scripts."""


@cache
def static_path() -> str:
    """Return where the page looks for `STATIC`: a path that changes with what is in it.

    So browsers may keep for good what they got there; and modules find each other beside
    themselves.
    """
    digest = hashlib.sha256()
    for path in sorted(STATIC.iterdir()):
        digest.update(path.name.encode() + path.read_bytes())
    return f"/desk/static/{digest.hexdigest()[:12]}"


def render(
    template: str, who: Who | None, *, csrf: str = "", account_name: str = "", **context: object
) -> str:
    """Return a template as HTML, for whoever asks; `who` is None before they have signed in.

    Raises:
        jinja2.UndefinedError: The template uses what the context does not have.
        KeyError: It says what there are no words for.
    """
    language = str(context.pop("language", who.language if who else LANGUAGES[0]))
    return (
        environment()
        .get_template(template)
        .render(
            who=who,
            t=words(language),
            language=language,
            csrf=csrf,
            account_name=account_name,
            **context,
        )
    )


@cache
def environment() -> Environment:
    """Return the templates' environment."""
    made = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {"time": shown_time, "initials": initials, "ms": milliseconds, "utc": rfc3339}
    made.filters["number"] = "{:.10g}".format
    made.globals |= {
        "static": lambda name: f"{static_path()}/{name}",
        "icon": icon,
        "can": can,
        "many": many,
        "languages": LANGUAGES,
        "spoken": spoken,
        "narrowing": narrowing,
        "notice": notice,
        "because": because,
        "drafted": drafted,
    }
    return made


def rfc3339(at: datetime) -> str:
    """Return a time as the API says it."""
    return at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def shown_time(at: datetime) -> Markup:
    """Return a time in full; scripts make it short, and in the reader's zone."""
    full = f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    return Markup('<time datetime="{}">{}</time>').format(rfc3339(at), full)


def milliseconds(at: datetime | None) -> str:
    """Return a time as what lists are ordered by; nothing for None."""
    return "" if at is None else str(round(at.timestamp() * 1000))


def initials(name: str) -> str:
    """Return up to two letters that stand for a name."""
    parts = [part for part in name.split() if part[:1].isalnum()]
    chosen = parts if len(parts) < 2 else [parts[0], parts[-1]]
    return "".join(part[0] for part in chosen).upper() or "?"


def icon(name: str) -> Markup:
    """Return a sign of `icons.svg`, which screen readers pass over."""
    return Markup(
        '<svg class="icon" aria-hidden="true" focusable="false"><use href="{}/icons.svg#{}"/></svg>'
    ).format(static_path(), name)


def drafted(draft: ShownDraft | None) -> str:
    """Return a draft's files as scripts read them."""
    return json.dumps([asdict(file) for file in draft.files] if draft else [])


def can(who: Who, right: Right) -> bool:
    """Whether their role has a right; for what the page offers, while routes decide."""
    return right in RIGHTS[who.role]


def many(filters: Mapping[str, object], name: str) -> list[str]:
    """Return the values of a filter, given once or more, or not at all."""
    value = filters.get(name)
    if value is None:
        return []
    return [str(one) for one in value] if isinstance(value, list | tuple | set) else [str(value)]


def narrowing(filters: Mapping[str, object]) -> list[tuple[str, str]]:
    """Return each filter that is set, with each of its values."""
    return [(name, value) for name in NARROWING for value in many(filters, name) if value]


@cache
def spoken(language: str) -> dict[str, object]:
    """Return the texts that scripts say."""
    return {
        key: said for key, said in words(language).texts.items() if not key.startswith(UNSPOKEN)
    }

"""The settings' pages: one of each subject, shown to whoever may change what is on it (ROL 1)."""

from collections.abc import Awaitable, Callable, Mapping
from functools import cache
from typing import Any, Final, get_args
from zoneinfo import available_timezones

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from services.desk.rules import macros
from services.desk.rules.people import RIGHTS, SCOPES, Who
from services.desk.rules.settings import NOT_IN_INBOX, PAGES, PARTS, document, switched_on
from services.desk.rules.settings_texts import LANGUAGES
from services.desk.web.auth import Passwords, who_asks
from services.desk.web.changing import LONG_AGO, Changing, held
from services.desk.web.parts import Parts
from services.desk.web.templating import render
from services.desk.web.words import Words, words
from shared.contracts.accounts import TAGS, AccountSettings, Role, Weekday
from shared.contracts.base import CHANNELS
from shared.contracts.replying import PLACEHOLDERS

GROUPS: Final[Mapping[str, tuple[str, ...]]] = {
    "answering": ("macros", "auto-replies", "tags"),
    "sharing": ("routing", "round-robin", "hours", "auto-closing", "handoff"),
    "reaching": ("channels", "links", "keywords", "spam", "attribution"),
    "people": ("agents", "teams", "sessions"),
    "account": ("account", "plan", "tokens", "changes"),
}
"""How the pages stand beside each other."""

_PART_OF: Final = {"agents": "people", "teams": "people"}
_SAYS: Final = "settings.says."
_CHANGES: Final = 100


def settings_pages(parts: Parts, passwords: Passwords | None) -> APIRouter:
    """The routes."""
    router = APIRouter(prefix="/desk/settings", include_in_schema=False)
    changing = Changing(parts)

    @router.get("")
    async def first(request: Request) -> Response:
        who = who_asks(request)
        return RedirectResponse(f"/desk/settings/{_open_to(who)[0]}", 303)

    def page(name: str) -> Callable[[Request], Awaitable[Response]]:
        async def shown(request: Request) -> Response:
            who = who_asks(request)
            part = _PART_OF.get(name, name)
            now = await changing.now(who)
            more: dict[str, Any] = {}
            if name == "changes":
                since = parts.clock() - LONG_AGO
                more["changes"] = await changing.changes(who, since, _CHANGES)
            if part in PARTS:
                of_part = held(now.settings, part)
                more |= {"part": part, "tag": of_part.tag, "was": of_part.value}
            context = _context(who, name, now.settings) | more
            context["by_password"] = passwords is not None
            html = render(
                f"settings/{name.replace('-', '_')}.html",
                who,
                csrf=request.state.csrf,
                account_name=now.settings.name or now.settings.account_id,
                **context,
            )
            return HTMLResponse(html, headers={"Cache-Control": "no-store"})

        return shown

    for name in PAGES:
        router.add_api_route(f"/{name}", page(name), methods=["GET"], name=f"settings {name}")
    return router


def _open_to(who: Who) -> list[str]:
    shown = [name for names in GROUPS.values() for name in names]
    return [name for name in shown if PAGES[name] in RIGHTS[who.role]]


def _context(who: Who, name: str, settings: AccountSettings) -> dict[str, Any]:
    t = words(who.language)
    shown = set(_open_to(who))
    on = switched_on(settings)
    may_owners = "plan" in RIGHTS[who.role]
    return {
        "page": name,
        "groups": {
            group: [each for each in names if each in shown] for group, names in GROUPS.items()
        },
        "settings": settings,
        "whole": document(settings),
        # What the plan has not: it can be switched off, where it is on still, and not on.
        "beyond": {path: path not in on for path in NOT_IN_INBOX if settings.plan == "inbox"},
        "missing": settings.plan == "inbox" and name in NOT_IN_INBOX.values(),
        "says": {
            key.removeprefix(_SAYS): said for key, said in t.texts.items() if key.startswith(_SAYS)
        },
        "days": get_args(Weekday),
        "all_tags": TAGS,
        "all_channels": CHANNELS,
        "team_options": [(team.id, team.name) for team in settings.teams],
        "channel_options": [(channel, t(f"channel.{channel}")) for channel in CHANNELS],
        "role_options": [
            (role, t(f"settings.role.{role}"))
            for role in reversed(get_args(Role))
            if may_owners or role != "owner"
        ],
        "agent_names": {agent.id: agent.name for agent in settings.agents},
        "zones": _zones() if name == "hours" else (),
        "scopes": SCOPES,
        "placeholders": macros.PLACEHOLDERS,
        "text_placeholders": PLACEHOLDERS,
        "account_languages": [(each, _language(each, t)) for each in _languages(settings)],
        "samples": _samples(who, settings, t),
        "may_owners": may_owners,
    }


def _languages(settings: AccountSettings) -> tuple[str, ...]:
    """The languages that texts can be in, the account's own first."""
    texts = [*settings.auto_replies.texts(), *settings.handoff.texts()]
    written = [language for _, of, _ in texts for language in of]
    return tuple(dict.fromkeys((settings.language, *LANGUAGES, *written)))


def _language(language: str, t: Words) -> str:
    """What a language is called; its letters where there is no word for it."""
    key = f"settings.language.{language}"
    return t(key) if key in t.texts else language


@cache
def _zones() -> tuple[str, ...]:
    found = available_timezones()
    return tuple(sorted(name for name in found if "/" in name and not name.startswith("Etc/")))


def _samples(who: Who, settings: AccountSettings, t: Callable[..., str]) -> dict[str, str]:
    """What a macro's preview has in the places of its placeholders."""
    own = {address.channel: address.value for address in settings.addresses}
    found = {place: t(f"settings.sample.{place}") for place in macros.PLACEHOLDERS}
    found |= {"agent.name": who.name, "agent.first_name": who.name.split(maxsplit=1)[0]}
    known = {
        "account.name": settings.name,
        "account.address": own.get("email") or own.get("sms"),
        "account.email": own.get("email"),
        "account.phone": own.get("sms") or own.get("whatsapp"),
    }
    return found | {place: value for place, value in known.items() if value}

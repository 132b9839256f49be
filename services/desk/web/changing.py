"""Changes accounts' settings, so that nobody overwrites what they have not seen (ROL 1)."""

import asyncio
import contextlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, NoReturn
from urllib.parse import urlsplit

from services.desk.handlers import News
from services.desk.rules import settings as parts_of
from services.desk.rules import settings_changes as changes_of
from services.desk.rules.people import Who
from services.desk.rules.settings_checks import Wrong, checked
from services.desk.web.parts import Parts
from services.desk.web.problems import Problem
from services.desk.web.settings_words import in_short, in_words, label
from services.desk.web.words import words
from shared.bus.account_changes import History, change, history_of
from shared.contracts.accounts import AccountSettings, Agent, Macro, Team
from shared.errors import Transient
from shared.topics import ACCOUNTS
from shared.values.differences import Difference

_TRIES: Final = 5
_REFRESHED: Final = 2.0
"""In seconds: for so long a page waits for what is newest, then it shows what is known."""

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Held:
    """Settings in force, as a whole or a part, with their entity tag."""

    settings: AccountSettings
    value: dict[str, Any]
    tag: str


def held(settings: AccountSettings, name: str | None) -> Held:
    """The settings as they are shown: the part, or all of them."""
    whole = parts_of.document(settings)
    if name is None:
        return Held(settings, whole, changes_of.tag_of_whole(settings))
    return Held(settings, parts_of.part_of(name, whole), changes_of.tag_of_part(name, settings))


@dataclass(frozen=True, slots=True)
class Changing:
    """Reads and changes the settings of whoever asks; `own` is where browsers find the desk."""

    parts: Parts
    own: str = ""

    async def now(self, who: Who, name: str | None = None) -> Held:
        """What is in force; while the brokers are away, what was last known of it."""
        with contextlib.suppress(Transient, TimeoutError):
            await asyncio.wait_for(self.parts.accounts.refresh(), _REFRESHED)
        return held(self.parts.settings(who), name)

    async def put(self, who: Who, name: str | None, given: Json, tag: str) -> Held:
        """Put what is given in force if what has that tag still is; what is in force then.

        Raises Problem: 403 for what they may not change, 412 where somebody else came first, 422
        for what is wrong, 503 while the brokers are away.
        """
        try:
            return await self._put(who, name, given, tag)
        except Transient as error:
            text = "nobody knows whether it is in force: try again, the same again does no harm"
            raise Problem(503, "away", text, headers={"Retry-After": "5"}) from error

    async def _put(self, who: Who, name: str | None, given: Json, tag: str) -> Held:
        for _ in range(_TRIES):
            history = history_of(await self.parts.log.read(), who.account_id)
            before = history.settings
            if before is None:
                raise Problem(404, "no_account", "the account is gone")
            now = held(before, name)
            wanted = self.checked(who, name, given, before)
            if held(wanted, name).value == now.value:
                return now
            if now.tag != tag:
                await self._conflict(who, history, name, tag, now)
            _allowed(who, before, wanted)
            author = changes_of.author_of(who)
            outcome = await change(self.parts.log, wanted, before, author)
            if outcome.fate == "refused":
                continue
            await self._noted(outcome.history)
            await self.parts.telling.tell([News(who.account_id, "settings", {})])
            return held(wanted.model_copy(update={"revision": outcome.revision}), name)
        raise Transient("others change the account all the time")

    def checked(
        self, who: Who, name: str | None, given: Json, before: AccountSettings
    ) -> AccountSettings:
        """What the settings would be; raises Problem for a value that cannot be."""
        whole = parts_of.document(before)
        if name is None:
            if given.get("account_id", before.account_id) != before.account_id:
                _refuse(who, [Wrong("account_id", "fixed")])
            wanted: dict[str, Any] = {
                **given,
                "account_id": before.account_id,
                "revision": before.revision,
            }
        else:
            if strange := parts_of.strangers(name, given):
                _refuse(who, [Wrong(path, "unknown_field") for path in strange])
            wanted = parts_of.with_part(name, whole, given)
        settings, wrong = checked(wanted)
        # What is wrong elsewhere, and was so before, is nobody's fault who changes this.
        if wrong and settings is None:
            old = {(each.field, each.code) for each in checked(whole)[1]}
            new = [each for each in wrong if (each.field, each.code) not in old]
            if new:
                _refuse(who, new)
            settings = AccountSettings.model_validate(wanted)
        assert settings is not None  # noqa: S101  # nothing is wrong with it
        if claimed := self._claimed(settings):
            _refuse(who, claimed)
        if len(ACCOUNTS.record(settings).value or b"") > ACCOUNTS.max_bytes:
            raise Problem(413, "too_large", "all settings together are too long for the topic")
        return settings

    def _claimed(self, settings: AccountSettings) -> list[Wrong]:
        before = self.parts.accounts.get(settings.account_id)
        known = set(before.addresses) if before else set()
        found = []
        for at, address in enumerate(settings.addresses):
            owner = self.parts.accounts.owner(address.channel, address.value)
            if owner and owner.account_id != settings.account_id and address not in known:
                found.append(Wrong(f"addresses.{at}.value", "not_free"))
        short = settings.links.short_domain
        if short is not None and short == urlsplit(self.own).hostname:
            # Links would go out, and lead to where agents sign in.
            found.append(Wrong("links.short_domain", "own_address"))
        return found

    async def _conflict(
        self, who: Who, history: History, name: str | None, tag: str, now: Held
    ) -> NoReturn:
        seen = changes_of.since(history, name, tag)
        last = next(
            (
                each
                for each in reversed(changes_of.changes(history))
                if name is None or _concerns(name, each)
            ),
            None,
        )
        differ = changes_of.told(held(seen, name).value, now.value) if seen else []
        raise Problem(
            412,
            "changed",
            "somebody else has changed this since it was read",
            headers={"ETag": f'"{now.tag}"'},
            current=now.value,
            by=self.name_of(who, last.kind, last.by) if last else None,
            at=last.at.isoformat().replace("+00:00", "Z") if last else None,
            changes=[shown(each, who.language, now.settings) for each in differ],
        )

    def name_of(self, who: Who, kind: str, by: str) -> str:
        """How whoever changed something is called."""
        if kind != "agent":
            return by
        settings = self.parts.accounts.get(who.account_id)
        agents = settings.agents if settings else ()
        return next((agent.name for agent in agents if agent.id == by), by)

    async def _noted(self, history: History) -> None:
        for each in changes_of.changes(history):
            await self.parts.own.note_change(
                {
                    "_id": each.id,
                    "account_id": history.account,
                    "at": each.at,
                    "kind": each.kind,
                    "by": each.by,
                    "revision": each.revision,
                    "changes": [[d.path, d.before, d.after] for d in each.differences],
                }
            )

    async def changes(self, who: Who, since: datetime, limit: int) -> list[dict[str, Any]]:
        """Who changed what, newest first: at the desk, by an integration, by `helpdesk accounts`.

        What was published otherwise is noted when this is asked, while the topic still has it.
        """
        with contextlib.suppress(Transient):
            await self._noted(history_of(await self.parts.log.read(), who.account_id))
        settings = self.parts.accounts.get(who.account_id)
        return [
            {
                "at": each["at"],
                "kind": each["kind"],
                "by": each["by"],
                "name": self.name_of(who, each["kind"], each["by"]),
                "revision": each["revision"],
                "changes": [
                    shown(Difference(*difference), who.language, settings)
                    for difference in each["changes"]
                ],
            }
            for each in await self.parts.own.changes(who.account_id, since, limit)
        ]


LONG_AGO: Final = timedelta(days=400)
"""For so long back changes are shown, unless it is asked otherwise."""


def shown(each: Difference, language: str, settings: AccountSettings | None) -> dict[str, Any]:
    """A difference as the API tells it, for programs and in words."""
    t = words(language)
    names: dict[str, str] = {}
    if settings is not None:
        named: tuple[Macro | Agent | Team, ...] = (
            *settings.macros,
            *settings.agents,
            *settings.teams,
        )
        names = {member.id: member.name for member in named}
    for value in (each.before, each.after):
        if isinstance(value, Mapping) and "id" in value and value.get("name"):
            names[value["id"]] = value["name"]
    return {
        "path": each.path,
        "label": label(each.path, t, names),
        "before": each.before,
        "after": each.after,
        "said": {"before": in_short(each.before, t), "after": in_short(each.after, t)},
    }


def _concerns(name: str, each: changes_of.Change) -> bool:
    fields = parts_of.PARTS[name].fields
    return any(difference.path.startswith(fields) for difference in each.differences)


def _allowed(who: Who, before: AccountSettings, after: AccountSettings) -> None:
    if refused := parts_of.forbidden(who, parts_of.touched(before, after)):
        t = words(who.language)
        code = "owners" if refused == {parts_of.OWNERS} else "forbidden"
        named = sorted(refused)
        raise Problem(403, code, t(f"settings.refused.{code}"), parts=named)
    if parts_of.unmade(before, after):
        _refuse(who, [Wrong("agents", "last_owner")])
    if beyond := parts_of.beyond_plan(before, after):
        t = words(who.language)
        if before.plan != "inbox":
            on = ", ".join(t(f"settings.page.{parts_of.NOT_IN_INBOX[p]}") for p in sorted(beyond))
            _refuse(who, [Wrong("plan", "switch_off_first", {"value": on})])
        _refuse(who, [Wrong(path, "not_in_plan") for path in sorted(beyond)])


def _refuse(who: Who, wrong: list[Wrong]) -> NoReturn:
    t = words(who.language)
    errors = [
        {"field": each.field, "code": each.code, "detail": in_words(each, t)} for each in wrong
    ]
    raise Problem(422, "invalid", errors[0]["detail"], field=errors[0]["field"], errors=errors)

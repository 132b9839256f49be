"""What handlers need of the stores beside the read model."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from services.desk.links import Links
from services.desk.rules.answers import Answered
from services.desk.rules.visits import Visit
from shared.contracts.marketing import SendOutcome
from shared.contracts.profiles import Profile, ProfileEvent
from shared.stores.erased import Named
from shared.topic import Deleted
from shared.values.attendance import Attendance


class Around(Protocol):
    """What is kept of contacts besides tickets."""

    @property
    def links(self) -> Links:
        """The short links that went out."""

    async def stopped(self, said: Sequence[tuple[str, str, str, datetime, bool]]) -> None:
        """Keep for each account, channel and contact what was said last: STOP (True) or START."""

    async def visited(self, visits: Sequence[Visit]) -> None:
        """Keep the last of each conversation's visits."""

    async def sent(self, sends: Sequence[SendOutcome]) -> None:
        """Keep what became of each send; a failure counts whatever else was said."""

    async def profiles(self, profiles: Sequence[Profile | Deleted]) -> None:
        """Keep each profile as it is now."""

    async def profile_events(self, events: Sequence[ProfileEvent]) -> None:
        """Keep each event, once."""

    async def erased(self, contacts: Collection[Named]) -> Mapping[Named, datetime]:
        """Up to when each of these contacts and profiles was erased, where any was."""

    async def attendances(
        self, agents: Collection[tuple[str, str]]
    ) -> dict[tuple[str, str], Attendance]:
        """What is known of these agents' presence."""

    async def attend(self, attendances: Sequence[Attendance]) -> None:
        """Store each, unless what is stored was later."""


class Answers(Protocol):
    """What agents of the desk gave: commands, and drafts of replies."""

    async def forget_drafts(self, tickets: Collection[str]) -> None:
        """No draft for these tickets, by `account:ticket`, is left."""

    async def keep(self, answers: Sequence[Answered]) -> None:
        """Keep each for the command that it answers; the first answer stays."""

    async def following(self, keys: Sequence[str]) -> list[str]:
        """The commands, as JSON, that are to follow those of `account:id` that were accepted."""

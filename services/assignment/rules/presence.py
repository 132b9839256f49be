"""Who is there (ASG 2): an agent's own choice, and how long their silence is believed."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.clock import FAR_FUTURE
from shared.contracts.accounts import AccountSettings, AssignmentSettings
from shared.contracts.presence import AgentHeartbeat, AgentWentOnline, Presence

_LONGEST = timedelta(days=3650)

_TOLD_AGAIN = timedelta(minutes=1)
"""How long heartbeats may take to be told again, however short an account's limit is.

Replicas join their group anew, and apps send what they could not.
"""


@dataclass(frozen=True, slots=True)
class Beat:
    """An agent's app was connected at `at`."""

    account_id: str
    agent_id: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Choice:
    """An agent's own choice, made at `at`.

    Unless a heartbeat is found by then, an online agent is offline from `due_at` on; FAR_FUTURE
    for an agent who is offline.
    """

    account_id: str
    agent_id: str
    at: datetime
    due_at: datetime

    @property
    def id(self) -> str:
        """The agent, among all accounts'."""
        return f"{self.account_id}:{self.agent_id}"

    @property
    def online(self) -> bool:
        """Whether the agent is there as far as is known."""
        return self.due_at < FAR_FUTURE


def is_theirs(event: Presence) -> bool:
    """Whether an agent speaks of themself: nobody else can change their presence."""
    return event.said_by == event.agent_id


def heartbeat_limit(settings: AccountSettings | None) -> timedelta:
    """How long an agent is taken to be there after their last heartbeat.

    Bounded, so that there is such a date whatever an account sets.
    """
    assignment = settings.assignment if settings else AssignmentSettings()
    return min(assignment.heartbeat_limit, _LONGEST)


def beat_of(event: Presence, now: datetime) -> Beat | None:
    """What the event says about being connected; a time to come counts as `now`."""
    if not isinstance(event, AgentHeartbeat | AgentWentOnline):
        return None
    return Beat(event.account_id, event.agent_id, min(event.occurred_at, now))


def choice_of(event: Presence, limit: timedelta, now: datetime) -> Choice | None:
    """What the event chooses; a heartbeat chooses nothing."""
    if isinstance(event, AgentHeartbeat):
        return None
    online = isinstance(event, AgentWentOnline)
    due_at = min(event.occurred_at, now) + limit if online else FAR_FUTURE
    return Choice(event.account_id, event.agent_id, event.occurred_at, due_at)


def checked(
    choice: Choice, beat: datetime, limit: timedelta, now: datetime, resumed_at: datetime
) -> Choice:
    """The choice after its heartbeat was looked up: believed until the limit, or lapsed.

    Heartbeats from before `resumed_at` may not be told yet: until a limit later, or a minute where
    that is longer, a silent agent is not there, and yet not taken to have gone. The choice keeps
    the time it was made at, so that a later choice of the agent's, however late it arrives, counts,
    and this one delivered again does not.
    """
    until = beat + limit
    if until > now:
        due_at = until
    elif now - resumed_at < max(limit, _TOLD_AGAIN):
        due_at = min(choice.due_at, now)
    else:
        due_at = FAR_FUTURE
    return Choice(choice.account_id, choice.agent_id, choice.at, due_at)

"""Who is online (ASG 2): an agent's own choice, and how long it holds without a heartbeat."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.clock import FAR_FUTURE
from shared.contracts.accounts import AccountSettings, AssignmentSettings
from shared.contracts.presence import AgentHeartbeat, AgentWentOnline, Presence

_LONGEST = timedelta(days=3650)

_TOLD_AGAIN = timedelta(minutes=1)
"""How long after an outage heartbeats may take to come, however short an account's limit is.

Replicas join their consumer group anew, and apps send what they could not send before.
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

    An online agent counts as offline from `due_at` on, unless a heartbeat is found by then. For an
    agent who is offline, `due_at` is FAR_FUTURE.
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
        """Whether the agent chose to be online and is not known to have gone silent."""
        return self.due_at < FAR_FUTURE


def is_theirs(event: Presence) -> bool:
    """Whether an agent speaks of themself: nobody else can change their presence."""
    return event.said_by == event.agent_id


def heartbeat_limit(settings: AccountSettings | None) -> timedelta:
    """How long an agent counts as online after their last heartbeat.

    It is bounded, so that the date on which it ends exists, whatever an account sets.
    """
    assignment = settings.assignment if settings else AssignmentSettings()
    return min(assignment.heartbeat_limit, _LONGEST)


def beat_of(event: Presence, now: datetime) -> Beat | None:
    """The heartbeat that the event is or implies, if any; a time after `now` counts as `now`."""
    if not isinstance(event, AgentHeartbeat | AgentWentOnline):
        return None
    return Beat(event.account_id, event.agent_id, min(event.occurred_at, now))


def choice_of(event: Presence, limit: timedelta, now: datetime) -> Choice | None:
    """The choice that the event tells of; None for a heartbeat."""
    if isinstance(event, AgentHeartbeat):
        return None
    online = isinstance(event, AgentWentOnline)
    due_at = min(event.occurred_at, now) + limit if online else FAR_FUTURE
    return Choice(event.account_id, event.agent_id, event.occurred_at, due_at)


def checked(
    choice: Choice, beat: datetime, limit: timedelta, now: datetime, resumed_at: datetime
) -> Choice:
    """The choice after its agent's heartbeat was looked up: the agent is online, or silent.

    With a heartbeat within the limit, the agent is online until the limit ends. A silent agent is
    made offline. But heartbeats from before `resumed_at` may not have come yet. So until one limit
    after `resumed_at` (or one minute, if that is longer) a silent agent gets no tickets, but is
    looked up again. The choice keeps the time at which it was made. So a later choice counts,
    however late it arrives, and this one does not count again when it is delivered again.
    """
    until = beat + limit
    if until > now:
        due_at = until
    elif now - resumed_at < max(limit, _TOLD_AGAIN):
        due_at = min(choice.due_at, now)
    else:
        due_at = FAR_FUTURE
    return Choice(choice.account_id, choice.agent_id, choice.at, due_at)

"""Presence: which agents are there (ASG 2)."""

from typing import Annotated, Literal

from pydantic import Field

from shared.contracts.base import Envelope, Id


class Presence(Envelope):
    """Something an agent's app says of its own agent; `said_by` is who is signed in there."""

    agent_id: Id
    said_by: Id


class AgentWentOnline(Presence):
    """The agent set themself online."""

    type: Literal["AgentWentOnline"] = "AgentWentOnline"


class AgentWentOffline(Presence):
    """The agent set themself offline or signed out."""

    type: Literal["AgentWentOffline"] = "AgentWentOffline"


class AgentHeartbeat(Presence):
    """The agent's app is still connected. It never makes anybody online."""

    type: Literal["AgentHeartbeat"] = "AgentHeartbeat"


PresenceEvent = Annotated[
    AgentWentOnline | AgentWentOffline | AgentHeartbeat, Field(discriminator="type")
]

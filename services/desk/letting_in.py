"""What `helpdesk desk` does: it asks the database itself, and reads the accounts from Kafka."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime

from services.desk.rules.people import Scope
from services.desk.rules.signing import agent_of, with_address
from services.desk.settings import Settings
from services.desk.store.people import MongoPeople
from services.desk.web.auth.passwords import Passwords, known_of, what_is_wrong
from services.desk.web.auth.tokens import Tokens
from shared.bus.accounts import AccountsTable
from shared.cli import labelled
from shared.clock import system_clock
from shared.contracts.accounts import Agent
from shared.errors import HelpdeskError, Transient, WrongSettings
from shared.stores.mongo import Mongo, is_transient
from shared.topics import ACCOUNTS

BY = "helpdesk desk"
"""Who made a token, where it was no agent."""


async def link(account: str, agent: str) -> str:
    """An address at which the agent may set a password, once, within a day.

    Raises HelpdeskError for whoever is no agent, and WrongSettings without an address of the desk.
    """
    settings = Settings()
    if not settings.public_url:
        raise WrongSettings("HELPDESK_PUBLIC_URL is needed: where browsers find the desk")
    accounts = await _accounts()
    found = _agent(accounts, account, agent)
    async with _people(settings) as people:
        held = await Passwords(people, accounts, system_clock).link(account, found.id)
    return f"{settings.public_url}/set-password?token={held}"


async def set_password(account: str, agent: str, password: str) -> None:
    """Set the agent's password. Raises HelpdeskError for whoever is none, and for a bad one."""
    accounts = await _accounts()
    found = _agent(accounts, account, agent)
    wrong = what_is_wrong(password, known_of(found))
    if wrong is not None:
        raise HelpdeskError(f"the password is {wrong.partition('.')[2].replace('_', ' ')}")
    async with _people(Settings()) as people:
        await Passwords(people, accounts, system_clock).set(account, found.id, password)


async def new_token(
    account: str, name: str, scopes: Sequence[Scope], expires_at: datetime | None = None
) -> str:
    """What an integration is to hold. Raises HelpdeskError where there is no such account."""
    accounts = await _accounts()
    if accounts.get(account) is None:
        raise _no_account(account)
    async with _people(Settings()) as people:
        tokens = Tokens(people, accounts, system_clock)
        made = await tokens.make(account, name, scopes, BY, expires_at=expires_at)
    if made is None:
        raise HelpdeskError("it was made already")
    return made[1]


async def sessions(account: str, agent_id: str | None) -> list[dict[str, str]]:
    """The sessions, the last used ones first."""
    async with _people(Settings()) as people:
        return [
            {
                "agent": each.agent_id,
                "seen_at": each.seen_at.isoformat(),
                "begun_at": each.begun_at.isoformat(),
                "way": each.way,
                "browser": each.browser,
            }
            for each in await people.sessions(account, agent_id)
        ]


async def end_sessions(account: str, agent_id: str | None) -> int:
    """End them; returns how many there were."""
    async with _people(Settings()) as people:
        return await people.end(account, agent_id=agent_id)


def _agent(accounts: AccountsTable, account: str, named: str) -> Agent:
    settings = accounts.get(account)
    if settings is None:
        raise _no_account(account)
    by_address = [agent for _, agent in with_address([settings], named)]
    found = agent_of(settings, named) or next(iter(by_address), None)
    if found is None:
        raise HelpdeskError(f"the account {account} has no agent {named!r}")
    if not found.email:
        raise HelpdeskError(f"the agent {named} has no address to sign in with")
    return found


def _no_account(account: str) -> HelpdeskError:
    return HelpdeskError(f"there is no account {account!r}")


async def _accounts() -> AccountsTable:
    accounts = AccountsTable()
    await labelled.apply_all(ACCOUNTS, accounts.apply)
    return accounts


@asynccontextmanager
async def _people(settings: Settings) -> AsyncIterator[MongoPeople]:
    """Where people are kept. Raises Transient, with a text for people, if MongoDB is away."""
    mongo = Mongo(settings.mongo)
    try:
        people = MongoPeople(mongo.database)
        await people.ensure_indexes()
        yield people
    except Exception as error:
        if is_transient(error):
            raise Transient(f"MongoDB does not answer: {error}") from error
        raise
    finally:
        await mongo.close()

"""The table of accounts' settings that each service holds, kept current from their topic."""

from collections.abc import Awaitable, Callable, Iterator
from typing import Protocol

from shared.contracts.accounts import AccountSettings, Address
from shared.contracts.base import Channel
from shared.topic import Deleted
from shared.values.phones import e164, variants


class Accounts(Protocol):
    """What rules and handlers may ask of the settings."""

    def get(self, account_id: str) -> AccountSettings | None:
        """The account's settings, None where there is no such account."""

    def owner(self, channel: Channel, address: str) -> AccountSettings | None:
        """The account that is written to at that address of a channel (already normalised)."""

    async def refresh(self) -> None:
        """Return once the table holds what the topic held when this was called."""

    def __iter__(self) -> Iterator[AccountSettings]:
        """All accounts, in the order of their ids."""


async def _nothing_newer() -> None:
    return


def address_key(channel: Channel, value: str, region: str | None = None) -> tuple[Channel, str]:
    """How addresses are compared: case and surrounding space do not matter.

    Nor does how a phone number is written: "+1 (415) 555-0100" is "+14155550100", and so is
    "(415) 555-0100" in the `region` US. On WhatsApp, digits alone are no phone number but the id
    that Meta gave it.
    """
    text = value.strip()
    if channel == "whatsapp":
        text = text.removeprefix("whatsapp:")
    if channel == "sms" or (channel == "whatsapp" and not text.isdigit()):
        number = e164(text, region)
        return channel, variants(number)[0] if number else text.casefold()
    return channel, text.casefold()


def counts(held: AccountSettings | None, change: AccountSettings | Deleted) -> bool:
    """Whether what a topic says next takes the place of what is held of that account.

    Settings whose revision is not above the held one lost a race to it. A deletion counts always,
    and so do settings without a revision.
    """
    if held is None or held.revision is None or isinstance(change, Deleted):
        return True
    return change.revision is None or change.revision > held.revision


class AccountsTable:
    """All accounts' settings, in memory.

    An address that two accounts claim belongs to the one whose id comes first.
    """

    def __init__(self, refresh: Callable[[], Awaitable[None]] = _nothing_newer) -> None:
        self._refresh = refresh
        self._accounts: dict[str, AccountSettings] = {}
        self._addresses: dict[tuple[Channel, str], str] | None = None
        self._domains: dict[str, frozenset[str]] | None = None

    def apply(self, change: AccountSettings | Deleted) -> None:
        """Hold `change` in place of what was known of that account, if it `counts`."""
        account_id = change.key if isinstance(change, Deleted) else change.account_id
        if not counts(self._accounts.get(account_id), change):
            return
        # Threads may be reading: an account that changes is there at every moment.
        if isinstance(change, AccountSettings):
            self._accounts[account_id] = change
        else:
            self._accounts.pop(account_id, None)
        self._addresses = self._domains = None

    @property
    def _owners(self) -> dict[tuple[Channel, str], str]:
        if self._addresses is None:
            self._addresses = {
                address_key(address.channel, address.value, account.region): account.account_id
                for account in reversed(list(self))
                for address in account.addresses
            }
        return self._addresses

    def get(self, account_id: str) -> AccountSettings | None:
        """See `Accounts`."""
        return self._accounts.get(account_id)

    def owner(self, channel: Channel, address: str) -> AccountSettings | None:
        """See `Accounts`."""
        return self._accounts.get(self._owners.get(address_key(channel, address), ""))

    def of_short_domain(self, domain: str) -> frozenset[str]:
        """The ids of the accounts whose short links are at that domain (in small letters)."""
        domains = self._domains
        if domains is None:
            domains = {}
            for account in self:
                if name := account.links.short_domain:
                    domains[name] = domains.get(name, frozenset()) | {account.account_id}
            self._domains = domains
        return domains.get(domain, frozenset())

    def claimed_twice(self, settings: AccountSettings) -> list[tuple[Address, str]]:
        """The addresses of `settings` that another account has already, with that account."""
        found = []
        for address in settings.addresses:
            key = address_key(address.channel, address.value, settings.region)
            owner = self._owners.get(key)
            if owner is not None and owner != settings.account_id:
                found.append((address, owner))
        return found

    async def refresh(self) -> None:
        """See `Accounts`."""
        await self._refresh()

    def __iter__(self) -> Iterator[AccountSettings]:
        """See `Accounts`."""
        return iter(sorted(self._accounts.values(), key=lambda account: account.account_id))
